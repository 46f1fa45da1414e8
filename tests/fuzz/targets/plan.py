"""Plan files and the manifest of a case, with everything that the manifest describes by itself."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from anatomy_twin.core import Assessment, Patient, Plan, PlanCheck, Step
from anatomy_twin.errors import TwinError
from anatomy_twin.store import load_case
from anatomy_twin.store.codec import decode
from anatomy_twin.store.manifest import MANIFEST
from anatomy_twin.store.plan_file import plan_from_json
from anatomy_twin.store.sealed_json import parse, seal

HINTS = (Plan, PlanCheck, Assessment, Patient, tuple[Step, ...], Mapping[str, str])
WORDS = tuple(word.encode() for word in (
    '"kind"', '"AblationPlan"', '"ResectionPlan"', '"LesionPlan"', '"PositionPlan"', '"PlaneCut"', '"SurfaceCut"',
    '"SegmentCut"', '"LesionLine"', '"LesionPoint"', '"name"', '"target"', '"targets"', '"margin_mm"', '"applicators"',
    '"device"', '"entry_mm"', '"tip_mm"', '"power_w"', '"duration_s"', '"organ"', '"cuts"', '"point_mm"', '"normal"',
    '"format"', '"schema_version"', '"case"', '"files"', '"volumes"', '"labels"', '"file"', '"bytes"', '"sha256"',
    '"../"', '"plans"', "1e999", "NaN", "-0", "1e308", "null", "true", "[[", "{}", "[]", '"\\ud800"', "\\u0000",
))  # fmt: skip


def one_input(data: bytes) -> None:
    """Read the bytes as a plan, as every kind of stored object, and as the manifest of a case with a right seal."""
    with _refusals():
        plan_from_json(data, "input")
    try:
        content = parse(data, "input")
    except TwinError:
        return
    for hint in HINTS:
        with _refusals():
            decode(hint, content, "input")
    if isinstance(content, dict) and "format" in content:
        with _refusals():
            (_case_folder() / MANIFEST).write_bytes(seal(content))
            load_case(_case_folder())


class _refusals(contextlib.AbstractContextManager[None]):
    """Let refusals pass that a terminal can print; anything else is a finding."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, TwinError):
            return False
        assert error.line.isprintable(), f"not printable: {error.line!r}"
        return True


_kept = contextlib.ExitStack()


@cache
def _case_folder() -> Path:
    """Save a tiny case once; its manifest is what the inputs replace."""
    folder = Path(_kept.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
    _save(folder / "patient.twin")
    return folder / "patient.twin"


def _save(target: Path) -> None:
    import numpy as np

    import anatomy_twin as at
    from anatomy_twin.core import VolumeGeometry

    volume = at.Volume(np.zeros((2, 2, 2), np.int16), VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0)))
    case = at.Case.new(volume=volume, patient=at.Patient(height_cm=170, weight_kg=70))
    applicator = at.Applicator("mwa-generic", (0.0, 0.0, 0.0), (1.0, 1.0, 50.0), 60.0, 300.0)
    at.save_case(case.with_plan(at.AblationPlan("A", "tumour_1", (applicator,), margin_mm=5.0)), target)


def seeds() -> dict[str, bytes]:
    """One plan of each kind, the manifest of a small case, and JSON that is none of them."""
    import anatomy_twin as at
    from anatomy_twin.store.codec import encode
    from anatomy_twin.store.sealed_json import SEAL, dump

    applicator = at.Applicator("mwa-generic", (0.0, 0.0, 0.0), (1.0, 1.0, 50.0), 60.0, 300.0)
    plans = (
        at.AblationPlan("A", "tumour_1", (applicator,), margin_mm=5.0),
        at.ResectionPlan("B", "liver", ("tumour_1",), (at.PlaneCut((0.0, 1.0, 2.0), (0.0, 0.0, 1.0)),
                                                       at.SegmentCut(("V", "VI"))), 5.0),
        at.LesionPlan("C", "left_atrium", (at.LesionPoint((0.0, 1.0, 2.0), 30.0, 20.0, 0.1),)),
        at.PositionPlan("D", "liver", (0.0, 1.0, 0.0), 12.0),
    )  # fmt: skip
    found = {type(plan).__name__: dump(encode(Plan, plan)) for plan in plans}
    manifest = json.loads((_case_folder() / MANIFEST).read_bytes())
    found["manifest"] = dump({key: value for key, value in manifest.items() if key != SEAL})
    odd = {"nothing": b"", "null": b"null", "number": b"1e999", "nested": b"[" * 100 + b"]" * 100,
           "mark": b"\xef\xbb\xbf{}", "doubles": b'{"a":1,"a":2}', "surrogate": b'{"name":"\\ud800"}'}  # fmt: skip
    return {**found, **odd}
