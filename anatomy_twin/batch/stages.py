"""One study from its source to its folder of results. Runs in a child process (``anatomy_twin.batch.child``)."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anatomy_twin.batch.measure import measure_case
from anatomy_twin.batch.study import CASE, LABELS, OVERVIEW, Call, Files, Sample, Settings, Study
from anatomy_twin.core import Case, LabelMap
from anatomy_twin.errors import ScanError, UsageError
from anatomy_twin.pipeline import import_scan, load_labels, mesh_case, segment_case
from anatomy_twin.render import overview_picture
from anatomy_twin.scan.find import unpacked
from anatomy_twin.scan.grid_file import describe_grid, is_grid_file
from anatomy_twin.store import save_case
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from anatomy_twin.store.swap import write_file

_SUFFIXES = {".dcm", ".dicom", ".ima"}


class Notes:
    """A monitor that keeps the warnings."""

    cancelled = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, name: str) -> None:
        """Do nothing."""

    def progress(self, fraction: float) -> None:
        """Do nothing."""

    def warn(self, message: str) -> None:
        """Keep a line."""
        self.lines.append(message)


def run_stages(study: Study, settings: Settings, work: Path) -> dict[str, Any]:
    """Run scan -> labels -> meshes -> measurements and write the results into ``work``/result.

    Returns the record of the study: facts, notes, seconds of each stage and the rows of the table, all plain data that
    holds nothing of the patient's identity.

    Raises a ``TwinError`` where a stage refuses.
    """
    notes, result = Notes(), work / "result"
    result.mkdir()
    start = time.perf_counter()
    case, truth, labelled, trees = _opened(study, settings, work, notes)
    opening_s = time.perf_counter() - start
    case = segment_case(case, settings.segmenter, notes)
    case = mesh_case(case, notes)
    start = time.perf_counter()
    rows = measure_case(case, truth, labelled, trees)
    seconds = {"opening the study": opening_s, **case.timings_s, "measuring": time.perf_counter() - start}
    write_file(result / LABELS, encode_seg_nrrd(case.label_map))
    overview_picture(case, result / OVERVIEW)
    if settings.save_cases:
        save_case(case, result / CASE)
    volume = case.volume
    return {
        "modality": volume.modality, "units": volume.units, "synthetic": volume.synthetic,
        "shape": list(volume.geometry.shape), "spacing_mm": list(volume.geometry.spacing_mm),
        "facts": dict(volume.facts), "warnings": list(dict.fromkeys([*volume.warnings, *notes.lines])),
        "notes": list(case.label_map.notes), "stages_s": seconds, "rows": rows,
    }


def _opened(study: Study, settings: Settings, work: Path, notes: Notes) -> tuple[Case, LabelMap | None, Any, Any]:
    if isinstance(study.source, Call):
        return _called(study.source)
    with _place(study.source, work) as (place, series_uid):
        case = import_scan(
            place, series_uid=series_uid or None, repair=bool(settings.option("repair")),
            modality=settings.option("modality"), monitor=notes,
        )
    truth = None
    if study.truth is not None:
        with _neutral(study.truth, work / "truth") as file:
            truth = load_labels(file, case.volume, _numbered(settings))
    return case, truth, None, {}


def _numbered(settings: Settings) -> dict[int, str] | None:
    names = dict(settings.options).get("truth_names")
    return {int(number): name for number, name in names.items()} if names else None


def _called(call: Call) -> tuple[Case, LabelMap | None, Any, Any]:
    module, name = call.function.split(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the study {call.function!r} cannot be loaded: {type(error).__name__}") from error
    made = function(**dict(call.arguments))
    sample = Sample(made.volume, getattr(made, "truth", None), getattr(made, "labelled", None))
    trees = getattr(made, "trees", {})  # of a generated patient
    return Case.new(volume=sample.volume), sample.truth, sample.labelled, trees


@contextlib.contextmanager
def _place(source: Path | Files, work: Path) -> Iterator[tuple[Path, str]]:
    """Give a path that holds the study and nothing else, under names that say nothing, and the series to take."""
    if isinstance(source, Path):
        yield source, ""
        return
    with contextlib.ExitStack() as stack:
        paths = source.paths
        if source.archive is not None:
            folder = stack.enter_context(unpacked(source.archive))
            paths = tuple(folder / path for path in source.paths)
        if len(paths) == 1 and is_grid_file(paths[0]):
            yield stack.enter_context(_neutral(paths[0], work / "scan")), source.series_uid
            return
        place = work / "scan"
        place.mkdir()
        for number, path in enumerate(paths, start=1):
            suffix = path.suffix.lower()
            link(path, place / f"{number:06d}{suffix if suffix in _SUFFIXES else ''}")
        yield place, source.series_uid


@contextlib.contextmanager
def _neutral(path: Path, folder: Path) -> Iterator[Path]:
    """Give one file, with the voxels that it may have in a second one, under a name that says nothing."""
    name = path.name.lower()
    ending = next((end for end in (".seg.nrrd", ".nii.gz") if name.endswith(end)), path.suffix.lower())
    folder.mkdir()
    target = folder / f"file{ending}"
    link(path, target)
    if ending in (".nhdr", ".mhd"):
        with contextlib.suppress(ScanError):  # told when it is read
            data = describe_grid(path).source
            if data != path:
                link(data, folder / data.name)
    yield target


def link(path: Path, target: Path) -> None:
    """Let ``target`` show the file ``path``, by a copy where the disk knows no links."""
    try:
        target.symlink_to(path.absolute())
    except OSError:
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
