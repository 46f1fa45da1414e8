"""The studies below a folder: DICOM wherever its slices lie, volume files, archives of either.

Slices belong to one study by patient and Study Instance UID. Where the same images lie in two folders they are two
studies: data sets exist in which all patients were given the same identifiers.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Final

from anatomy_twin.archive import archive_kind
from anatomy_twin.batch.checksum import files_sha256
from anatomy_twin.batch.study import Files, Study
from anatomy_twin.batch.truth import Truths
from anatomy_twin.core import SILENT, FrozenMapping, Monitor, check_cancelled
from anatomy_twin.errors import ScanError, TwinError, UsageError
from anatomy_twin.scan.find import unpacked
from anatomy_twin.scan.grid_file import describe_grid
from anatomy_twin.scan.headers import NOT_DICOM, VOLUME_FILE, Listing, read_header
from anatomy_twin.scan.prescan import prescan
from anatomy_twin.scan.series import Series, count_of, ranked
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.values import HeaderValues, tags_of

_ARCHIVES: Final = (".zip", ".tar", ".tgz", ".tar.gz", ".txz", ".tar.xz", ".tbz2", ".tar.bz2")
_DICOM_SUFFIXES: Final = (".dcm", ".dicom", ".ima")
_STUDY = tags_of(["StudyInstanceUID", "SpecificCharacterSet"])
OURS: Final = ("case.json", "batch.json")  # folders that this program wrote


@dataclass(frozen=True, slots=True)
class Findings:
    """What lies below a folder: the studies to run, in the order of their folders, and a count of what is none."""

    studies: tuple[Study, ...]
    left_out: Mapping[str, int] = field(default_factory=FrozenMapping)


@dataclass(slots=True)
class _Place:
    """The images of one study, and the files that are broken DICOM in the same folders."""

    study_uid: str
    headers: list[SliceHeader]
    folders: list[Path]
    broken: list[Path] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    images: set[Hashable] = field(default_factory=set)


def find_studies(
    folder: str | PathLike[str], *, all_series: bool = False, truth: str | None = None, leave: tuple[Path, ...] = (),
    monitor: Monitor = SILENT,
) -> Findings:
    """List the studies at or below a path; only headers are read.

    Parameters
    ----------
    folder : a folder of studies in any order of subfolders, or one file. NIfTI, NRRD and MetaImage files are studies of
        their own; archives (zip, tar) are unpacked for the time of the call.
    all_series : every CT series that can be read is a study, not only the best one (``scan.find_series``) of each.
    truth : a folder of label files that are named as the studies, or a pattern such as ``truth*`` or
        ``{stem}_seg.nii.gz`` of files beside each study; these are no studies.
    leave : folders not to look into.
    monitor : told of warnings, asked for cancelling.

    Returns ``Findings``. A study is called by a hash of its Study (and Series) Instance UID, one without by a hash of
    its content; copies are numbered. A study of which it is known already that it cannot be read is among them: it
    will be listed with the reason.

    Raises ``UsageError`` where there is no such folder or nothing in it that could be a study.
    """
    root = Path(folder).absolute()
    if not str(folder) or not root.exists():
        raise UsageError("no such folder", where=str(folder)[:80], advice="give a folder of studies")
    truths = Truths.of(truth, root)
    left_out: Counter[str] = Counter()
    studies = _studies(root, all_series, truths, (*leave, *truths.folders), left_out, monitor)
    if not studies:
        what = ", ".join(count_of(number, name) for name, number in sorted(left_out.items())) or "no image"
        raise UsageError(f"nothing to run below the folder: {what}", where=str(folder)[:80],
                         advice="give a folder of DICOM series, NIfTI, NRRD or MetaImage volumes or archives of them")
    without = sum(study.truth is None for study in studies) if truth else 0
    if without:
        left_out["study without a file of true labels"] = without
    return Findings(_numbered(studies), FrozenMapping(dict(sorted(left_out.items()))))


def _studies(
    root: Path, all_series: bool, truths: Truths, leave: tuple[Path, ...], left_out: Counter[str], monitor: Monitor
) -> list[Study]:
    places: dict[tuple[str, str], list[_Place]] = {}
    studies: list[Study] = []
    for folder, files in _walk(root, {path.absolute() for path in leave}, left_out):
        listing, grids, archives = _sorted_out([file for file in files if not truths.has(file)], left_out, monitor)
        studies += [study for file in grids if (study := _of_grid(file, root, truths, left_out)) is not None]
        for file in archives:
            studies += _of_archive(file, root, all_series, truths, left_out, monitor)
        _put(places, folder, listing)
    for place in (place for group in places.values() for place in group):
        studies += _of_place(place, root, all_series, truths, left_out)
    return sorted(studies, key=lambda study: (study.folder, study.name))


def _walk(root: Path, leave: set[Path], left_out: Counter[str]) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder with its plain files, in sorted order; linked and hidden folders are not looked into."""
    if root.is_file():
        yield root.parent, [root]
        return

    def refused(error: OSError) -> None:
        left_out["folder that cannot be read"] += 1

    for folder, below, names in os.walk(root, onerror=refused):
        here = Path(folder)
        if linked := sum((here / name).is_symlink() for name in below):
            left_out["linked folder"] += linked
        below[:] = sorted(name for name in below if here / name not in leave and not name.startswith("."))
        if any(_is_ours(here / name) for name in OURS if name in names):
            left_out["folder that this program wrote"] += 1
            below.clear()
            continue
        yield here, [here / name for name in sorted(names) if (here / name).is_file()]


def _is_ours(file: Path) -> bool:
    """Tell whether a file of such a name is our manifest: other programs may call theirs so too."""
    try:
        return b'"anatomy_twin ' in file.read_bytes()
    except OSError:
        return False


def _sorted_out(
    files: list[Path], left_out: Counter[str], monitor: Monitor
) -> tuple[Listing, list[Path], list[Path]]:
    """Return the DICOM images of a folder, its volume files and its archives."""
    headers: list[SliceHeader] = []
    broken: dict[Path, str] = {}
    grids, archives = [], []
    for file in files:
        check_cancelled(monitor)
        try:
            found = read_header(file)
        except ScanError as error:
            broken[file] = error.what
            continue
        if not isinstance(found, str):
            headers += found
        elif found == VOLUME_FILE:
            grids.append(file)
        elif found != NOT_DICOM:
            left_out[found] += 1
        elif file.name.lower().endswith(_ARCHIVES):
            archives.append(file)
        elif file.suffix.lower() in _DICOM_SUFFIXES:
            broken[file] = "it is named as DICOM and is none"
    return Listing(tuple(headers), {}, tuple(broken), tuple(broken.values())), grids, archives


def _put(places: dict[tuple[str, str], list[_Place]], folder: Path, listing: Listing) -> None:
    """Add the images of a folder to the places of their studies; images that are there already open a new place."""
    by_series: dict[tuple[str, str], list[SliceHeader]] = {}
    for header in listing.headers:
        by_series.setdefault((header.patient_key, header.series_uid), []).append(header)
    here: dict[tuple[str, str], list[SliceHeader]] = {}
    uids: dict[tuple[str, str], str] = {}
    for (patient, series), headers in by_series.items():
        uid = _study_uid(headers[0].path)
        key = (patient, uid or f"{folder}\n{series}")
        here.setdefault(key, []).extend(headers)
        uids[key] = uid
    touched = []
    for key, headers in here.items():
        images = {image for header in headers for image in _marks(header)}
        group = places.setdefault(key, [])
        place = next((one for one in group if not images & one.images), None)
        if place is None:
            place = _Place(uids[key], [], [])
            group.append(place)
        place.headers += headers
        place.folders.append(folder)
        place.images |= images
        touched.append(place)
    if listing.broken and not touched:
        touched.append(_Place("", [], [folder]))
        places[("", f"broken in {folder}")] = touched
    for place in touched:
        place.broken += listing.broken
        place.reasons += listing.reasons


def _marks(header: SliceHeader) -> Iterator[Hashable]:
    """Yield by what an image is known again in a copy, be it one whose instances were given other identifiers."""
    if header.sop_uid:
        yield header.sop_uid, header.frame
    if header.position_mm is not None and not header.aside:
        yield header.series_uid, header.instance_number, header.frame, header.position_mm


def _study_uid(path: Path) -> str:
    try:
        found = prescan(path, wanted=frozenset(_STUDY.values()))
    except ScanError:
        return ""
    return HeaderValues(_STUDY, found.values, found.little).text("StudyInstanceUID")


def _of_place(
    place: _Place, root: Path, all_series: bool, truths: Truths, left_out: Counter[str]
) -> list[Study]:
    folder = Path(os.path.commonpath(place.folders))
    relative = _relative(folder, root)
    if not place.headers:
        text = f"{count_of(len(place.broken), 'broken DICOM file')} and no image: {place.reasons[0]}"
        return [Study(_name("content", files_sha256(place.broken)), Files(tuple(place.broken), refusal=text),
                      folder=relative)]
    found = ranked(Listing(tuple(place.headers), {}, tuple(place.broken), tuple(place.reasons)))
    if all(one.aside for one in found):
        for one in found:
            left_out[one.aside] += 1
        return []
    paths = tuple(sorted({*(header.path for header in place.headers), *place.broken}))
    truth = truths.of_folder(place.folders, root)
    wanted = [one for one in found if _readable_ct(one)] if all_series else []
    if not wanted:
        key = (place.study_uid, "") if place.study_uid else ("", found[0].uid or files_sha256(paths))
        return [Study(_name(*key), Files(paths), truth, relative)]
    for one in found:
        if one not in wanted:
            left_out[one.aside or ("CT series that cannot be read" if one.modality == "CT" else "series of no CT")] += 1
    return [Study(_name(place.study_uid, one.uid), Files(paths, one.uid), truth, relative) for one in wanted]


def _readable_ct(series: Series) -> bool:
    return series.modality == "CT" and not series.aside and not series.loading.startswith("refused")


def _of_grid(file: Path, root: Path, truths: Truths, left_out: Counter[str]) -> Study | None:
    try:
        header = describe_grid(file)
        labels = bool(header.keys)
        data = [file] if header.source == file else [file, header.source]
    except TwinError:  # the line is said when it is read
        labels, data = False, [file]
    if labels or file.name.lower().endswith(".seg.nrrd"):
        left_out["label file"] += 1
        return None
    name = _name("content", files_sha256(data))
    return Study(name, Files((file,)), truths.of_file(file, root), _relative(file, root))


def _of_archive(
    file: Path, root: Path, all_series: bool, truths: Truths, left_out: Counter[str], monitor: Monitor
) -> list[Study]:
    relative = _relative(file, root)
    try:
        if archive_kind(file) is None:
            left_out["file that is named as an archive and is none"] += 1
            return []
        with unpacked(file) as inside:
            found = _studies(inside, all_series, Truths.of(None, inside), (), left_out, monitor)
            return [_in_archive(study, file, inside, relative, truths.of_file(file, root)) for study in found]
    except TwinError as error:
        return [Study(_name("content", files_sha256([file])), Files((), archive=file, refusal=error.what),
                      folder=relative)]


def _in_archive(study: Study, file: Path, inside: Path, relative: str, truth: Path | None) -> Study:
    source = study.source
    assert isinstance(source, Files)
    paths = tuple(path.relative_to(inside) for path in source.paths)
    place = "/".join(filter(None, [relative, study.folder]))
    return replace(study, source=replace(source, paths=paths, archive=file), folder=place, truth=truth)


def _relative(path: Path, root: Path) -> str:
    if path == root:
        text = root.name if root.is_file() else ""
    else:
        text = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return text.encode("utf-8", "backslashreplace").decode()  # a name of a disk need not be text


def _name(first: str, second: str) -> str:
    """Return a stand-in that cannot be turned back into an identifier."""
    return f"study-{hashlib.sha256(f'anatomy_twin study {first} {second}'.encode()).hexdigest()[:12]}"


def _numbered(studies: list[Study]) -> tuple[Study, ...]:
    """Number studies of one name: the first keeps it, the next ones get -2, -3."""
    seen: Counter[str] = Counter()
    result = []
    for study in studies:
        seen[study.name] += 1
        result.append(study if seen[study.name] == 1 else replace(study, name=f"{study.name}-{seen[study.name]}"))
    return tuple(result)
