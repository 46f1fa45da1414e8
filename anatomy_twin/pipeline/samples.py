"""The sample patient as a finished case: organs, vessels, a plan and its simulation, made once for each user."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs

from anatomy_twin.core import SILENT, Monitor, Patient
from anatomy_twin.store import save_case
from anatomy_twin.store.state import NAME
from anatomy_twin.units import Point

# where the tumour of each sample is, as a user would read it off the slices (LPS mm)
TARGETS_MM: Final[dict[str, Point]] = {"liver_tumour": (-83.0, -166.0, -556.0)}


def prepared_sample(name: str) -> Path:
    """Return where a user's own finished case of a sample lies; it may not be there yet."""
    return Path(platformdirs.user_data_path(NAME, appauthor=False)) / "samples" / f"{name}.twin"


def prepare_sample(name: str, folder: str | Path, place: str | Path, monitor: Monitor = SILENT) -> Path:
    """Make the finished case of a sample out of its folder of DICOM files and save it at ``place``.

    Takes a minute or two. Raises what reading, segmenting, planning or saving raise, ``Cancelled`` when stopped.
    """
    from anatomy_twin.pipeline.chain import run_liver_ablation  # the whole chain: not before it is needed

    case = run_liver_ablation(folder, target=TARGETS_MM[name], patient=Patient("sample"), monitor=monitor)
    return save_case(case, place)
