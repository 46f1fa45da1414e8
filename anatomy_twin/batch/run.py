"""Many studies become one folder of results and tables."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from os import PathLike
from pathlib import Path
from typing import Any, Final

from anatomy_twin import __version__, plugins
from anatomy_twin.batch.find import Findings, find_studies
from anatomy_twin.batch.measure import COLUMNS, TRUTH_COLUMNS
from anatomy_twin.batch.study import Outcome, Settings, Study
from anatomy_twin.batch.tables import (
    MANIFEST,
    STRUCTURES,
    STUDIES,
    STUDY_COLUMNS,
    read_manifest,
    rows_of,
    write_manifest,
    write_tables,
)
from anatomy_twin.batch.task import RESULTS, STOP, read_record
from anatomy_twin.core import SILENT, FrozenMapping, Monitor
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.store.swap import disk_refusal
from anatomy_twin.units import check_range

try:
    import fcntl
except ImportError:  # not a POSIX system: two runs in one folder are not told from each other
    fcntl = None  # type: ignore[assignment]

FORMAT: Final = "anatomy_twin batch 1"
WORK, LOCK = ".work", ".lock"
TIME_LIMIT_S: Final = 3600.0
_TABLES_EVERY_S: Final = 20.0
LIBRARIES: Final = ("numpy", "scipy", "numba", "SimpleITK", "scikit-image", "vtk", "dask", "distributed")
Report = Callable[[Outcome, int, int], None]


@dataclass(frozen=True)
class BatchResult:
    """What became of all studies: ``outcomes`` in their order; the tables lie in ``out``."""

    out: Path
    outcomes: tuple[Outcome, ...]
    seconds: float
    left_out: Mapping[str, int] = field(default_factory=FrozenMapping)
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The studies without a result, each with its reason."""
        return tuple(outcome for outcome in self.outcomes if not outcome.done)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of structures.csv with their values as numbers: study, ``measure.COLUMNS``, truth."""
        return rows_of(self.out, self.outcomes)

    def record(self, name: str) -> Mapping[str, Any] | None:
        """Return what study.json holds of a finished study (facts, notes, warnings, stages_s, rows), None of others."""
        return read_record(self.out / RESULTS / name)


def run_batch(
    studies: str | PathLike[str] | Findings | Sequence[Study], out: str | PathLike[str], *,
    segmenter: str = "ct-abdomen", workers: int | None = None, scheduler: str | None = None,
    modality: str | None = None, repair: bool = False, all_series: bool = False, truth: str | None = None,
    truth_names: Mapping[int, str] | None = None, time_limit_s: float = TIME_LIMIT_S,
    memory_limit_gb: float | None = None, save_cases: bool = False, names: bool = False,
    report: Report | None = None, monitor: Monitor = SILENT,
) -> BatchResult:
    """Run scan -> labels -> meshes -> measurements for many studies, each in a process of its own with one thread.

    Parameters
    ----------
    studies : a folder of studies (see ``find_studies`` for ``all_series`` and ``truth``), what ``find_studies`` found,
        or studies of your own (``Study`` with a path or a ``Call``).
    out : a new or empty folder, or that of an earlier run of the same options: its finished studies, recognised by the
        checksum of their input, options and version, are kept. All others run, those that failed before too.
    segmenter : its name (``plugins.names("segmenters")``).
    workers : how many studies run side by side here; by default as many as cores and memory allow.
    scheduler : address of a Dask scheduler to use instead ("tcp://HOST:8786"); studies and ``out`` lie on a disk that
        its workers see under the same paths.
    modality : for files that do not state it; ``repair`` allows the named repairs of DICOM geometry.
    truth_names : names of the numbers in files of true labels that do not state them.
    time_limit_s, memory_limit_gb : a study that takes more is ended and listed as failed. The time is that of its
        process, start-up included; the memory that of this process and all that it started, by default an equal share
        of 90 % of the machine's.
    save_cases : keep each case as NAME/case.twin.zip.
    names : put the places of the studies below the folder into the tables: they may tell who the patient is.
    report : called with the outcome, the number of studies that have ended and the number of all.
    monitor : told of the search for studies; may cancel it.

    Returns ``BatchResult``. In ``out`` lie ``structures.csv`` (a row per structure and study), ``studies.csv``,
    ``batch.json`` and studies/NAME/ with ``labels.seg.nrrd``, ``overview.png`` (the outlines on slices) and
    ``study.json``; each file and folder is whole or not there, whenever the program is ended.

    Raises ``UsageError`` for wrong arguments, a folder that is in use or of a run with other options, and a scheduler
    that does not answer.
    """
    start, began = time.perf_counter(), datetime.now(UTC)
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers can do nothing", advice="give 1 or more")
    time_limit_s = check_range("the time limit in seconds", time_limit_s, 0.1)
    if memory_limit_gb is not None:
        memory_limit_gb = check_range("the memory limit in GB", memory_limit_gb, 0.05)
    plugins.resolve("segmenters", segmenter)
    target = Path(out).absolute()
    if not isinstance(studies, Findings | str | PathLike):
        studies = Findings(tuple(studies))
    options: dict[str, Any] = {**_segmenter_facts(segmenter), "modality": modality, "repair": repair}
    if truth_names:
        options["truth_names"] = {str(number): name for number, name in sorted(truth_names.items())}
    with _claimed(target, options) as notes:
        found = studies
        if not isinstance(found, Findings):
            monitor.stage("looking for studies")
            found = find_studies(found, all_series=all_series, truth=truth, leave=(target,), monitor=monitor)
        _check_names(found.studies)
        with _work(target) as work:
            from anatomy_twin.batch.cluster import default_workers

            monitor.stage(f"{len(found.studies)} {'study' if len(found.studies) == 1 else 'studies'}")
            count = workers or default_workers()
            memory = None if memory_limit_gb is None else int(memory_limit_gb * 2**30)
            settings = Settings(target, work, segmenter, tuple(sorted(options.items())), __version__, time_limit_s,
                                memory, save_cases)
            outcomes = _run(found.studies, settings, count, scheduler, names, report)
        notes += _strangers(target, found.studies)
        ordered = tuple(outcomes[study.name] for study in found.studies)
        result = BatchResult(target, ordered, time.perf_counter() - start, found.left_out, tuple(notes))
        write_manifest(target, _manifest(result, settings, options, began, count, scheduler, names))
    return result


def _run(
    studies: Sequence[Study], settings: Settings, workers: int, scheduler: str | None, names: bool,
    report: Report | None,
) -> dict[str, Outcome]:
    from anatomy_twin.batch.cluster import check_workers, connected, run_all

    outcomes: dict[str, Outcome] = {}
    due = time.perf_counter() + _TABLES_EVERY_S
    mark = settings.work / "mark"
    mark.touch()
    with connected(min(workers, max(1, len(studies))), scheduler, settings.work) as client:
        share = check_workers(client, mark)
        if settings.memory_limit_bytes is None:
            settings = replace(settings, memory_limit_bytes=share)
        try:
            for outcome in run_all(client, studies, settings):
                outcomes[outcome.name] = outcome
                if report is not None:
                    report(outcome, len(outcomes), len(studies))
                if (now := time.perf_counter()) > due:
                    write_tables(settings.out, studies, outcomes, names)
                    took = time.perf_counter() - now  # longer the more studies there are
                    due = time.perf_counter() + max(_TABLES_EVERY_S, 20.0 * took)
        finally:
            (settings.work / STOP).touch()  # ends what still runs
            write_tables(settings.out, studies, outcomes, names)
    return outcomes


@contextlib.contextmanager
def _claimed(out: Path, options: Mapping[str, Any]) -> Iterator[list[str]]:
    """Make the folder of results, or take one of the same options, for this program alone; give notes to be told."""
    try:
        if out.exists() and not out.is_dir():
            raise UsageError("--out names a file", where=out.name[:80], advice="give a new folder")
        # hidden ones may be what is left of a run that was killed at its very beginning
        content = [path for path in out.iterdir() if path.name[:1] != "."] if out.exists() else []
        before = read_manifest(out)
        if content and (before is None or before.get("format") != FORMAT):
            raise UsageError("the folder of results is not empty and of no batch", where=out.name[:80],
                             advice="give a new folder")
        made = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
        lock = _lock(out)
    except OSError as error:
        raise disk_refusal("the batch", error, out.name) from error
    except ValueError as error:  # a name that no system can have
        raise StoreError("the folder of results cannot have this name", advice="choose another name") from error
    try:
        before = read_manifest(out)
        notes = [] if before is None else _compared(before, options, out.name[:80])
        write_manifest(out, {"format": FORMAT, "state": "running", "version": __version__, "options": options})
        yield notes
    except BaseException:
        if before is None and not (out / RESULTS).exists():  # nothing was done: no trace of it
            _unmake(out, made)
        raise
    finally:
        if lock is not None:
            os.close(lock)


def _unmake(out: Path, made: bool) -> None:
    for name in (MANIFEST, STUDIES, STRUCTURES, LOCK):
        with contextlib.suppress(OSError):
            (out / name).unlink(missing_ok=True)
    if made:
        with contextlib.suppress(OSError):
            out.rmdir()


def _compared(before: Mapping[str, Any], options: Mapping[str, Any], where: str) -> list[str]:
    there = before.get("options")
    if there != options:
        other = {key: value for key, value in (there or {}).items() if options.get(key) != value}
        text = ", ".join(f"{key} {value}" for key, value in other.items()) or "fewer of them"
        raise UsageError(f"the folder holds a batch with other options ({text})"[:200], where=where,
                         advice="give another folder for --out")
    if before.get("version") != __version__:
        return [f"made by version {before.get('version')}: all studies run again"]
    return []


def _lock(out: Path) -> int | None:
    """Hold the folder until the number that is returned is closed or this program ends, however it ends."""
    if fcntl is None:
        return None
    descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError("another batch is at work in this folder", where=out.name[:80],
                         advice="wait for its end, or give another folder for --out") from None
    except OSError:  # a disk without locks
        pass
    return descriptor


@contextlib.contextmanager
def _work(out: Path) -> Iterator[Path]:
    """Give a folder for what is needed meanwhile; what a killed run left of one is removed."""
    base = out / WORK
    shutil.rmtree(base, ignore_errors=True)
    work = base / secrets.token_hex(4)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _check_names(studies: Sequence[Study]) -> None:
    if not studies:
        raise UsageError("no study is given", advice="give at least one")
    names = [study.name.lower() for study in studies]  # some disks do not tell a from A
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise UsageError(f"two studies are called {twice[0]}", advice="give each a name of its own")


def _segmenter_facts(segmenter: str) -> dict[str, str]:
    """Return what makes a segmenter's results what they are: its name, a plugin's release, the content of its file.

    Of a file that stands after the colon ("onnx:card.json") the name is kept without its folders, and the checksum of
    it and of the files beside it that it names.
    """
    stem, colon, argument = segmenter.partition(":")
    facts = {"segmenter": f"{stem}{colon}{Path(argument).name}" if colon else segmenter}
    if stem not in plugins.TABLE["segmenters"]:
        for point in metadata.entry_points(group="anatomy_twin.segmenters", name=segmenter):
            if point.dist is not None:
                facts["plugin"] = f"{point.dist.name} {point.dist.version}"
    if colon and Path(argument).is_file():
        facts["segmenter_sha256"] = _file_checksum(Path(argument))
    return facts


def _file_checksum(card: Path) -> str:
    data = card.read_bytes()
    digest = hashlib.sha256(data)
    for name in sorted(set(re.findall(rb'"([^"]{1,200})"', data))):
        beside = card.parent / os.fsdecode(name)
        if beside != card and beside.is_file():
            digest.update(hashlib.sha256(beside.read_bytes()).digest())
    return digest.hexdigest()


def _strangers(out: Path, studies: Sequence[Study]) -> list[str]:
    known = {study.name for study in studies}
    there = out / RESULTS
    others = sum(path.is_dir() and path.name[:1] != "." and path.name not in known for path in there.iterdir()) if (
        there.is_dir()) else 0  # fmt: skip
    return [f"{others} finished before and not among these: left out of the tables, kept on the disk"] if others else []


def _manifest(
    result: BatchResult, settings: Settings, options: Mapping[str, Any], began: datetime, workers: int,
    scheduler: str | None, names: bool,
) -> dict[str, Any]:
    from anatomy_twin.batch.cluster import CORES, MEMORY_BYTES

    done = [outcome for outcome in result.outcomes if outcome.done]
    return {
        "format": FORMAT, "state": "finished", "version": __version__, "intended_use": INTENDED_USE,
        "options": dict(options),
        "run": {
            "began": began.isoformat(timespec="seconds"), "seconds": round(result.seconds, 1),
            "scheduler": "its own" if scheduler is None else "elsewhere", "workers": workers if not scheduler else None,
            "time_limit_s": settings.time_limit_s, "memory_limit_bytes": settings.memory_limit_bytes,
            "save_cases": settings.save_cases, "names": names,
        },
        "counts": {
            "studies": len(result.outcomes), "done": len(done), "failed": len(result.failed),
            "kept": sum(outcome.kept for outcome in done), "left_out": dict(result.left_out),
        },
        "notes": list(result.notes),
        "machine": {
            "system": platform.system(), "processor": platform.machine(), "cores": CORES,
            "memory_bytes": MEMORY_BYTES, "python": platform.python_version(),
            "libraries": {name: metadata.version(name) for name in LIBRARIES},
        },
        "files": {STRUCTURES: {**COLUMNS, **TRUTH_COLUMNS}, STUDIES: list(STUDY_COLUMNS)},
    }
