"""Parts of a case as files for other programs: surfaces, labels, plans, all into one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from anatomy_twin.core import SILENT, Case, Monitor, check_cancelled
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.export import export
from anatomy_twin.export.write import write_whole
from anatomy_twin.store import save_plan
from anatomy_twin.store.folder import safe_names
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd

SURFACE_FORMATS: Final = (".stl", ".ply", ".obj", ".vtp")


def surface_names(case: Case) -> tuple[str, ...]:
    """Return the structures of a case that have a surface."""
    return tuple(name for name, one in case.anatomy.structures.items() if one.surface is not None)


def write_parts(
    case: Case, folder: str | Path, surfaces: Sequence[str] = (), suffix: str = ".stl", *, trees: bool = False,
    labels: bool = False, plans: Sequence[str] = (), monitor: Monitor = SILENT,
) -> tuple[Path, ...]:
    """Write parts of a case into a folder and return the files; files of the same name are replaced.

    Parameters: ``surfaces`` names of structures, in the format ``suffix``; ``trees`` all vessel trees as .vtp;
    ``labels`` the segmentation as ``labels.seg.nrrd``; ``plans`` names of plans, as JSON. All coordinates are LPS mm.
    Raises ``UsageError`` where nothing is asked for or the format is unknown, ``DataError`` where there is no such
    part, ``StoreError`` where the disk refuses.
    """
    if suffix not in SURFACE_FORMATS:
        raise UsageError(f"there is no way to write {suffix} files", advice=f"use {', '.join(SURFACE_FORMATS)}")
    vessels = tuple(case.anatomy.trees) if trees else ()
    total = len(surfaces) + len(vessels) + labels + len(plans)
    if not total:
        raise UsageError("nothing is chosen", advice="choose what to write")
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("the folder cannot be made", where=target.name, advice="choose another place") from error
    written: list[Path] = []

    def told(file: Path) -> None:
        written.append(file)
        monitor.progress(len(written) / total)
        check_cancelled(monitor)

    monitor.stage("writing files")
    for name, plain in safe_names(surfaces).items():
        told(export(case, target / f"{plain}{suffix}", name))
    for name, plain in safe_names(vessels).items():
        told(export(case, target / f"{plain}_tree.vtp", name))
    if labels:
        told(write_whole(target / "labels.seg.nrrd", encode_seg_nrrd(case.label_map)))
    for name, plain in safe_names(plans).items():
        told(save_plan(case.plan(name), target / f"plan_{plain}.json"))
    return tuple(written)
