"""What a Dask worker does with one study: keep it if it is finished, else run it in a child and place its result.

Nothing but the study's description goes in and an ``Outcome`` comes out; all data stay on the disk that the machines
share. A task raises nothing: whatever happens to a study is a part of its outcome.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anatomy_twin import __version__
from anatomy_twin.batch.checksum import fingerprint
from anatomy_twin.batch.child import run_child
from anatomy_twin.batch.study import CASE, RECORD, Files, Outcome, Settings, Study, without_names
from anatomy_twin.errors import TwinError
from anatomy_twin.store.swap import mend, replacing, write_file

RESULTS: Final = "studies"
STOP: Final = "stop"
FORMAT: Final = 1


def run_study(study: Study, settings: Settings) -> Outcome:
    """Return what became of a study; its results lie in ``out``/studies/NAME once it is done, whole or not at all."""
    start = time.perf_counter()
    try:
        return _run(study, settings)
    except TwinError as error:
        return Outcome(study.name, "failed", without_names(error.line, study), time.perf_counter() - start)
    except OSError as error:
        reason = f"its result cannot be written: {error.strerror or type(error).__name__}"
        return Outcome(study.name, "failed", reason, time.perf_counter() - start)


def _run(study: Study, settings: Settings) -> Outcome:
    target = settings.out / RESULTS / study.name
    if settings.version != __version__:
        return Outcome(study.name, "failed", f"a worker has version {__version__}, not {settings.version}")
    if isinstance(study.source, Files) and study.source.refusal:
        return Outcome(study.name, "failed", study.source.refusal)
    mark = fingerprint(study, settings)
    mend(target)
    before = read_record(target)
    if before is not None and _is_finished(before, mark, settings):
        return Outcome(study.name, "done", "", before["seconds"], before["peak_memory_mb"], kept=True)
    work = settings.work / study.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        ending = run_child(study, settings, work, settings.work / STOP)
        peak_mb = round(ending.peak_bytes / 2**20, 1)
        if ending.answer is None:
            return Outcome(study.name, "failed", ending.reason, ending.seconds, peak_mb)
        record = {
            "format": FORMAT, "study": study.name, "fingerprint": mark, "version": settings.version,
            "options": dict(settings.options), "seconds": round(ending.seconds, 2), "peak_memory_mb": peak_mb,
            **{key: value for key, value in ending.answer.items() if key != "peak_bytes"},
        }
        _put_in_place(work / "result", target, record)
        return Outcome(study.name, "done", "", record["seconds"], peak_mb)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_finished(record: Mapping[str, Any], mark: Mapping[str, str], settings: Settings) -> bool:
    return record.get("fingerprint") == mark and (not settings.save_cases or CASE in record["files"])


def _put_in_place(result: Path, target: Path, record: dict[str, Any]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in result.rglob("*") if path.is_file())
    record["files"] = {path.relative_to(result).as_posix(): path.stat().st_size for path in files}
    with replacing(target) as fresh:
        for path in sorted(result.iterdir()):
            os.rename(path, fresh / path.name)  # noqa: PTH104 - pathlib has no way to move across folders without it
        write_file(fresh / RECORD, json.dumps(record, indent=1, sort_keys=True, allow_nan=False).encode())


def read_record(folder: Path) -> Mapping[str, Any] | None:
    """Return the record of a finished study; None where it is missing, damaged, or lacks a file that it lists."""
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_bytes())
        whole = record["format"] == FORMAT and all(
            (folder / name).stat().st_size == size for name, size in record["files"].items()
        )
        numbers = all(isinstance(record[key], int | float) for key in ("seconds", "peak_memory_mb"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record if whole and numbers and isinstance(record.get("rows"), list) else None
