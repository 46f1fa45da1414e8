"""Is a case on disk still what was saved?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import StoreError
from anatomy_twin.store.case_zip import case_folder
from anatomy_twin.store.folder import check_relative, inside, printable
from anatomy_twin.store.manifest import MANIFEST, TIMINGS, check_manifest, read_manifest
from anatomy_twin.store.sealed_json import parse, unseal
from anatomy_twin.store.swap import mend


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """``problems`` are lines "FILE: what is wrong"; ``extra`` are files that are not part of the case."""

    files_checked: int
    problems: tuple[str, ...]
    extra: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when every file of the case is there and unchanged (there may be extra files beside them)."""
        return not self.problems


def verify_case(path: str | Path, monitor: Monitor = SILENT) -> VerifyReport:
    """Compare every file of a case with its checksum, the manifest with its own seal, and look for extra files.

    ``path`` is the folder, or a zip or tar archive of it.

    Raises ``StoreError`` where there is no case to verify or its archive is damaged, ``Cancelled`` when the user stops.
    """
    place = Path(path).absolute()
    mend(place)
    try:
        with case_folder(place) as folder:
            return _verified(folder, monitor)
    except OSError as error:
        reason = error.strerror or "the disk refuses"
        where = place.name[:80]
        raise StoreError(f"the case cannot be read: {reason}", where=where, advice="check the path") from error


def _verified(folder: Path, monitor: Monitor) -> VerifyReport:
    data = read_manifest(folder)
    problems: list[str] = []
    try:
        manifest = unseal(data, MANIFEST)
    except StoreError as error:
        problems.append(f"{MANIFEST}: {error.what}")
        manifest = _damaged(data)
    if not problems:
        check_manifest(manifest, folder.name)
    files = manifest.get("files", {})
    if not isinstance(files, dict):
        files = {}
    for count, (relative, entry) in enumerate(files.items(), start=1):
        check_cancelled(monitor)
        problem = _problem(folder, relative, entry)
        if problem:
            problems.append(f"{printable(relative)}: {problem}")
        monitor.progress(count / len(files))
    problems.extend(_timings_problem(folder))
    extra = extra_files(folder, {str(relative) for relative in files}) if files else ()
    return VerifyReport(len(files) + 1, tuple(problems), extra)


def extra_files(folder: Path, listed: set[str]) -> tuple[str, ...]:
    """Return what lies in the folder of a case and is neither listed nor written by ``save_case``."""
    known = listed | {MANIFEST, TIMINGS}
    plain = (file for file in folder.rglob("*") if file.is_symlink() or not file.is_dir())
    found = (file.relative_to(folder).as_posix() for file in plain)
    return tuple(sorted(printable(relative, 400) for relative in found if relative not in known))


def _damaged(data: bytes) -> dict[str, object]:
    """Return what can still be read of a manifest whose seal is broken, to check the files all the same."""
    try:
        content = parse(data, MANIFEST)
    except StoreError:
        return {}
    return content if isinstance(content, dict) else {}


def _problem(folder: Path, relative: object, entry: object) -> str:
    try:
        file = inside(folder, check_relative(relative, MANIFEST), folder.name)
        if not isinstance(entry, dict):
            return "has no checksum"
        if not file.is_file():
            return "missing"
        if file.stat().st_size != entry.get("bytes"):
            return f"changed (size {file.stat().st_size} bytes, {entry.get('bytes')} saved)"
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except StoreError as error:
        return error.what
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if found == entry.get("sha256") else "changed (checksum differs)"


def _timings_problem(folder: Path) -> list[str]:
    try:
        unseal(inside(folder, TIMINGS, folder.name).read_bytes(), TIMINGS)
    except StoreError as error:
        return [f"{TIMINGS}: {error.what}"]
    except OSError:
        return [f"{TIMINGS}: missing"]
    return []
