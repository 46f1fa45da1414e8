"""A case becomes a folder of open files, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import anatomy_twin
from anatomy_twin.core import (
    SILENT,
    Assessment,
    Case,
    Display,
    Measurement,
    Monitor,
    Patient,
    Plan,
    PlanCheck,
    Step,
    Volume,
    check_cancelled,
)
from anatomy_twin.errors import StoreError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.store.anatomy_file import ANATOMY, anatomy_jobs
from anatomy_twin.store.arrhythmia import activation_jobs, induction_jobs, search_jobs
from anatomy_twin.store.case_zip import ZipWriter, check_zip_target, is_zip_name
from anatomy_twin.store.chambers import chamber_jobs, muscle_jobs
from anatomy_twin.store.codec import encode
from anatomy_twin.store.confirmations import confirmation_bytes, transform_entries
from anatomy_twin.store.folder import safe_names
from anatomy_twin.store.manifest import FORMAT, MANIFEST, SCHEMA_VERSION, TIMINGS
from anatomy_twin.store.nrrd import encode_nrrd
from anatomy_twin.store.results import Jobs, result_jobs
from anatomy_twin.store.robustness import robustness_jobs
from anatomy_twin.store.sealed_json import dump, seal
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from anatomy_twin.store.swap import disk_refusal, replacing, replacing_file, write_file

WRITERS = 2  # compressing and hashing leave the interpreter, so two files at a time are written twice as fast

Files = dict[str, dict[str, Any]]
Item = TypeVar("Item")


def save_case(case: Case, path: str | Path, monitor: Monitor = SILENT) -> Path:
    """Write a case as a folder or as one zip; equal cases give equal files (except ``run/``, which differs by run).

    Parameters
    ----------
    case : the twin.
    path : the folder, by custom NAME.twin; a name that ends in .zip gives one file for transport. A case that is there
        is replaced once the new one is whole on the disk.
    monitor : told of progress; may cancel, which leaves everything as it was.

    Returns
    -------
    Path : the folder or file.

    Raises
    ------
    StoreError : something else is at ``path``, the disk refuses, or a value cannot be stored (NaN, unknown kind).
    Cancelled : the user stopped.
    """
    target = Path(path).absolute()
    jobs: Jobs = {}
    content = _contents(case, jobs)
    try:
        check_place(target)
        if is_zip_name(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing_file(target) as stream, ZipWriter(stream) as archive:
                _write_case(case, content, _written_in_turn(jobs, archive, monitor), archive.add)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as folder:
                files = _written_side_by_side(jobs, folder, monitor)
                _write_case(case, content, files, lambda relative, data: write_file(folder / relative, data))
    except OSError as error:
        raise disk_refusal("the case", error, target.name) from error
    except ValueError as error:  # a name that no system can have
        raise StoreError("the case cannot have this name", advice="choose another name") from error
    monitor.progress(1.0)
    return target


def _write_case(case: Case, content: dict[str, Any], files: Files, write: Callable[[str, bytes], None]) -> None:
    """Write what is not a part of the case: how long it took, and the manifest that lists all parts."""
    write(TIMINGS, seal({"timings_s": encode(Mapping[str, float], case.timings_s)}))
    manifest = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "software_version": anatomy_twin.__version__,
        "coordinates": "LPS, mm",
        "intended_use": INTENDED_USE,
        "case": content,
        "files": files,
    }
    write(MANIFEST, seal(manifest))


def check_place(target: Path) -> None:
    """Raise ``StoreError`` if something else than a case lies where one shall be written."""
    if is_zip_name(target):
        check_zip_target(target)
        return
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise StoreError("a file or link is where the case shall be", where=target.name, advice="choose another name")
    if target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file():
        raise StoreError("folder holds something that is no case", where=target.name, advice="choose another name")


def _written_in_turn(jobs: Jobs, archive: ZipWriter, monitor: Monitor) -> Files:
    files: Files = {}
    for count, (relative, job) in enumerate(jobs.items(), start=1):
        check_cancelled(monitor)
        data = job()
        archive.add(relative, data)
        files[relative] = _entry(data)
        monitor.progress(0.95 * count / len(jobs))
    return files


def _entry(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _written_side_by_side(jobs: Jobs, folder: Path, monitor: Monitor) -> Files:
    files: Files = {}

    def write(relative: str, job: Callable[[], bytes]) -> tuple[str, dict[str, Any]]:
        check_cancelled(monitor)
        data = job()
        write_file(folder / relative, data)
        return relative, _entry(data)

    with ThreadPoolExecutor(WRITERS) as pool:
        pending = [pool.submit(write, relative, job) for relative, job in jobs.items()]
        try:
            for count, future in enumerate(pending, start=1):
                relative, entry = future.result()
                files[relative] = entry
                monitor.progress(0.95 * count / len(pending))
        finally:
            for future in pending:
                future.cancel()
    return files


def _contents(case: Case, jobs: Jobs) -> dict[str, Any]:
    """Collect what has to be written into ``jobs`` and return the table of contents for the manifest."""
    return {
        "primary": case.primary,
        "patient": encode(Patient, case.patient),
        "volumes": _each(case.volumes, "volumes", ".nrrd", _volume_entry, _volume_bytes, jobs),
        "labels": _each(case.labels, "labels", ".seg.nrrd", _nothing, encode_seg_nrrd, jobs),
        "anatomy": _anatomy(case, jobs),
        "transforms": transform_entries(case.transforms, jobs),
        "plans": _each(case.plans, "plans", ".json", _nothing, lambda plan: dump(encode(Plan, plan)), jobs),
        "checks": _each(case.checks, "checks", ".json", _nothing, lambda c: dump(encode(PlanCheck, c)), jobs),
        "results": _folders(case.results, "results", "result.json", result_jobs, jobs),
        "robustness": _folders(case.robustness, "robustness", "robustness.json", robustness_jobs, jobs),
        "assessments": _each(
            case.assessments, "assessments", ".json", _nothing, lambda a: dump(encode(Assessment, a)), jobs
        ),
        "confirmations": _each(case.confirmations, "confirmations", ".json", _nothing, confirmation_bytes, jobs),
        "measurements": _whole(tuple[Measurement, ...], tuple(case.measurements.values()), "measurements.json", jobs),
        "chambers": _folders(case.chambers, "chambers", "chamber.json", chamber_jobs, jobs),
        "muscles": _folders(case.muscles, "muscles", "muscle.json", muscle_jobs, jobs),
        "activations": _folders(case.activations, "activations", "activation.json", activation_jobs, jobs),
        "inductions": _folders(case.inductions, "inductions", "induction.json", induction_jobs, jobs),
        "lesion_searches": _folders(case.lesion_searches, "lesion_searches", "search.json", search_jobs, jobs),
        "display": _whole(Display, case.display, "display.json", jobs),
        "provenance": _whole(tuple[Step, ...], case.provenance, "provenance.json", jobs),
    }


def _each(
    items: Mapping[str, Item], folder: str, suffix: str, describe: Callable[[Item], dict[str, Any]],
    job: Callable[[Item], bytes], jobs: Jobs,
) -> list[dict[str, Any]]:
    names = safe_names(items)
    entries = []
    for name, item in items.items():
        relative = f"{folder}/{names[name]}{suffix}"
        jobs[relative] = lambda item=item: job(item)
        entries.append({"name": name, "file": relative, **describe(item)})
    return entries


def _nothing(item: object) -> dict[str, Any]:
    return {}


def _volume_bytes(volume: Volume) -> bytes:
    return encode_nrrd(volume.array, volume.geometry)


def _volume_entry(volume: Volume) -> dict[str, Any]:
    return {
        "modality": volume.modality,
        "units": volume.units,
        "synthetic": bool(volume.synthetic),
        "warnings": encode(tuple[str, ...], volume.warnings),
        "facts": encode(Mapping[str, str], volume.facts),
        "instances": encode(tuple[str, ...], volume.instances),
    }


def _anatomy(case: Case, jobs: Jobs) -> str:
    jobs.update(anatomy_jobs(case.anatomy))
    return ANATOMY


def _folders(
    items: Mapping[str, Item], folder: str, file: str, jobs_of: Callable[[Item, str], Jobs], jobs: Jobs
) -> list[dict[str, Any]]:
    """Put items that are a folder of files each among the jobs, and return what the manifest says of them."""
    names = safe_names(items)
    entries = []
    for name, item in items.items():
        place = f"{folder}/{names[name]}"
        jobs.update(jobs_of(item, place))
        entries.append({"name": name, "file": f"{place}/{file}"})
    return entries


def _whole(hint: Any, value: Any, relative: str, jobs: Jobs) -> str:
    """Put a value of the hinted type into a file of its own."""
    jobs[relative] = lambda: dump(encode(hint, value))
    return relative
