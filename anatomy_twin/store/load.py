"""A folder of files becomes a case again; every byte is checked before it is used."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from anatomy_twin.core import (
    SILENT,
    Assessment,
    Case,
    Confirmation,
    Display,
    FrozenMapping,
    Measurement,
    Monitor,
    Patient,
    PlanCheck,
    Step,
    Volume,
    check_cancelled,
)
from anatomy_twin.errors import Cancelled, StoreError, TwinError
from anatomy_twin.store.anatomy_file import read_anatomy
from anatomy_twin.store.arrhythmia import check_nodes, read_activation, read_induction, read_search
from anatomy_twin.store.case_zip import case_folder
from anatomy_twin.store.chambers import read_chamber, read_muscle
from anatomy_twin.store.codec import decode
from anatomy_twin.store.confirmations import read_confirmation, read_transform
from anatomy_twin.store.folder import check_relative, inside, printable
from anatomy_twin.store.manifest import MANIFEST, TIMINGS, check_manifest, read_manifest
from anatomy_twin.store.nrrd import decode_nrrd
from anatomy_twin.store.plan_file import plan_of_case
from anatomy_twin.store.results import read_result
from anatomy_twin.store.robustness import read_robustness
from anatomy_twin.store.sealed_json import parse, unseal
from anatomy_twin.store.seg_nrrd import decode_seg_nrrd
from anatomy_twin.store.swap import mend
from anatomy_twin.store.verify import extra_files

Item = TypeVar("Item")
MOST_RELOADS = 3
LATER_PARTS = ("measurements", "display")  # since version 3
LATER_TABLES = ("confirmations", "robustness",  # since version 4, the others since version 5
                "chambers", "muscles", "activations", "inductions", "lesion_searches")  # fmt: skip
RESTORE = "run `anatomy-twin verify` and restore the file from a copy"


def load_case(path: str | Path, monitor: Monitor = SILENT) -> Case:
    """Read a case that ``save_case`` wrote; what comes back equals what was saved.

    Parameters
    ----------
    path : the folder, or a zip or tar archive of it.
    monitor : told of progress and warned of files in the folder that are not part of the case.

    Raises
    ------
    StoreError : no case there, another schema version, or a file that is missing, changed, a link, or not readable.
    Cancelled : the user stopped.
    """
    place = Path(path).absolute()
    mend(place)
    try:
        with case_folder(place) as folder:
            for _ in range(MOST_RELOADS):
                before = _manifest_bytes(folder)
                try:
                    return _loaded(folder, monitor)
                except StoreError:
                    if _manifest_bytes(folder) == before:
                        raise  # else another program has just saved it, and the files of two cases were met
            return _loaded(folder, monitor)
    except MemoryError as error:
        raise StoreError("the case needs more memory than there is", where=place.name[:80]) from error
    except OSError as error:
        reason = error.strerror or "the disk refuses"
        where = place.name[:80]
        raise StoreError(f"the case cannot be read: {reason}", where=where, advice="check the path") from error


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return read_manifest(folder)
    except StoreError:
        return b""


def _loaded(folder: Path, monitor: Monitor) -> Case:
    try:
        reader = _Reader(folder, monitor)
        case = _case(reader)
    except (StoreError, Cancelled):
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, TwinError) as error:
        raise StoreError(f"contents of the case do not fit together: {_in_words(error)}", where=folder.name) from error
    reader.finish()
    return replace(case, timings_s=_timings(folder, monitor))


def _in_words(error: Exception) -> str:
    if isinstance(error, TwinError):
        return printable(error.what, 200)
    return f"{printable(error, 40)} is missing" if isinstance(error, KeyError) else "a part is of another kind"


class _Reader:
    """Gives the bytes of the files of a case, each checked against the manifest when it is read."""

    def __init__(self, folder: Path, monitor: Monitor) -> None:
        self.folder, self.monitor = folder, monitor
        self._telling = threading.Lock()
        manifest = unseal(read_manifest(folder), MANIFEST)
        check_manifest(manifest, folder.name)
        self.contents: dict[str, Any] = manifest["case"]
        self.files: dict[str, dict[str, Any]] = manifest["files"]
        self.unread = {check_relative(relative, MANIFEST) for relative in self.files}

    def read(self, relative: str) -> bytes:
        check_cancelled(self.monitor)
        entry = self.files.get(check_relative(relative, MANIFEST))
        if entry is None:
            raise StoreError("file is not in the list of checksums", where=relative, advice=RESTORE)
        file = inside(self.folder, relative, self.folder.name)
        if not file.is_file():
            raise StoreError("file of the case is missing", where=relative, advice=RESTORE)
        if file.stat().st_size != entry["bytes"]:
            raise StoreError("file of the case was changed: its size differs", where=relative, advice=RESTORE)
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise StoreError("file of the case was changed: its checksum differs", where=relative, advice=RESTORE)
        with self._telling:
            self.unread.discard(relative)
            self.monitor.progress(1.0 - len(self.unread) / max(1, len(self.files)))
        return data

    def json(self, relative: str) -> Any:
        return parse(self.read(relative), relative)

    def whole(self, hint: Any, name: str) -> Any:
        """Return a part of the case that is a file of its own; None where an older version knew no such part."""
        if name not in self.contents and name in LATER_PARTS:
            return None
        relative = self.contents[name]
        return decode(hint, self.json(relative), relative)

    def finish(self) -> None:
        if self.unread:
            raise StoreError("nothing in the case refers to a file that it lists", where=min(self.unread))
        for relative in extra_files(self.folder, set(self.files)):
            self.monitor.warn(f"file is not part of the case and was not read: {relative}")


def _case(reader: _Reader) -> Case:
    contents = reader.contents

    def each(name: str, load: Callable[[dict[str, Any]], Item]) -> FrozenMapping[str, Item]:
        listed = contents[name] if name not in LATER_TABLES else contents.get(name, [])
        entries = {decode(str, entry["name"], MANIFEST): load(entry) for entry in listed}
        if len(entries) != len(listed):
            raise StoreError(f"two of the {name} have the same name", where=MANIFEST)
        return FrozenMapping(entries)

    def from_files(load: Callable[[str, Callable[[str], bytes]], Any]) -> Callable[[dict[str, Any]], Any]:
        return lambda entry: load(entry["file"], reader.read)

    def from_json(hint: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda entry: decode(hint, reader.json(entry["file"]), entry["file"])

    # unpacking leaves the interpreter: volumes are read beside everything else
    with ThreadPoolExecutor(1) as pool:
        volumes = pool.submit(each, "volumes", lambda entry: _volume(entry, reader))
        others: dict[str, Any] = {
            "labels": each("labels", lambda entry: decode_seg_nrrd(reader.read(entry["file"]), entry["file"])),
            "primary": decode(str, contents["primary"], MANIFEST),
            "anatomy": read_anatomy(contents["anatomy"], reader.read),
            "patient": decode(Patient, contents["patient"], MANIFEST),
            "transforms": FrozenMapping({
                _pair(entry): read_transform(entry, reader.read, MANIFEST) for entry in contents["transforms"]
            }),
            "plans": each("plans", lambda entry: plan_of_case(reader.json(entry["file"]), entry["file"])),
            "checks": each("checks", from_json(PlanCheck)),
            "results": each("results", from_files(read_result)),
            "robustness": each("robustness", from_files(read_robustness)),
            "assessments": each("assessments", from_json(Assessment)),
            "measurements": _measurements(reader),
            "chambers": each("chambers", from_files(read_chamber)),
            "muscles": each("muscles", from_files(read_muscle)),
            "activations": each("activations", from_files(read_activation)),
            "inductions": each("inductions", from_files(read_induction)),
            "lesion_searches": each("lesion_searches", from_files(read_search)),
            "display": reader.whole(Display, "display") or Display(),
            "provenance": reader.whole(tuple[Step, ...], "provenance"),
        }
    scans = volumes.result()
    confirmations: FrozenMapping[str, Confirmation] = each("confirmations", lambda entry: read_confirmation(
        reader.json(entry["file"]), entry["file"], others["primary"], scans, others["labels"], others["transforms"]))
    case = Case(volumes=scans, confirmations=confirmations, **others)
    check_nodes(case)
    return case


def _measurements(reader: _Reader) -> FrozenMapping[str, Measurement]:
    measurements = reader.whole(tuple[Measurement, ...], "measurements") or ()
    named = FrozenMapping({item.name: item for item in measurements})
    if len(named) != len(measurements):
        raise StoreError("two measurements have the same name", where=reader.contents["measurements"])
    return named


def _volume(entry: dict[str, Any], reader: _Reader) -> Volume:
    file = decode_nrrd(reader.read(entry["file"]), entry["file"])
    return Volume(
        file.array, file.geometry,
        modality=decode(str, entry["modality"], MANIFEST),
        units=decode(str, entry["units"], MANIFEST),
        warnings=decode(tuple[str, ...], entry["warnings"], MANIFEST),
        facts=decode(Mapping[str, str], entry["facts"], MANIFEST),
        synthetic=decode(bool, entry["synthetic"], MANIFEST),
        instances=decode(tuple[str, ...], entry.get("instances", []), MANIFEST),
    )


def _pair(entry: dict[str, Any]) -> tuple[str, str]:
    return decode(str, entry["fixed"], MANIFEST), decode(str, entry["moving"], MANIFEST)


def _timings(folder: Path, monitor: Monitor) -> FrozenMapping[str, float]:
    """Timings are no part of what a case proves: where they are damaged, the case is loaded without them."""
    try:
        content = unseal(inside(folder, TIMINGS, folder.name).read_bytes(), TIMINGS)
        timings: FrozenMapping[str, float] = decode(Mapping[str, float], content["timings_s"], TIMINGS)
        return timings
    except (OSError, KeyError, StoreError) as error:
        monitor.warn(f"timings of the case cannot be read: {error}")
        return FrozenMapping()
