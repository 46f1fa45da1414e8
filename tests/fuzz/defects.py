"""The defective series of `tests/support/defective_series.py` as cases: as they come, and with repairs allowed."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from tests.fuzz.case import Case
from tests.fuzz.dicom_bytes import HARMLESS, RUN
from tests.support.defective_series import ENHANCED_VARIANTS, RIGHT, VARIANTS, WARNED, Variant

REPAIR = "tests.fuzz.dicom_run:load_repaired"


def cases() -> tuple[Case, ...]:
    """Every variant twice."""
    return tuple(
        Case(_name(variant), family, partial(_write, variant), run, HARMLESS, partial(_same, variant), word=None)
        for family, run in (("defect", RUN), ("defect, repaired", REPAIR))
        for variant in (*VARIANTS, *ENHANCED_VARIANTS)
    )


def _name(variant: Variant) -> str:
    return re.sub(r"[^a-z0-9]+", "-", variant.name.lower()).strip("-")


def _write(variant: Variant, folder: Path) -> Path:
    target = folder / "series"
    variant.write(target)
    return target


def _same(variant: Variant, volume: Any) -> bool:
    """Judge by the analytic truth, which writing the variant once more gives."""
    with tempfile.TemporaryDirectory() as folder:
        truth = variant.write(Path(folder) / "series")
    answer = [(volume.array, volume.geometry.affine)]
    return truth.verdict(answer, bool(volume.warnings)) in (RIGHT, WARNED)
