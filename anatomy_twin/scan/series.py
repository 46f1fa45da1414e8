"""Which series a file or folder holds, what each one is, and which one to take."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import NOT_DICOM, Listing, SliceHeader, find_files, read_headers
from anatomy_twin.scan.verdict import (
    POSITION_LIMIT_MM,
    SPACING_RANGE_MM,
    GeometryVerdict,
    Grid,
    judge,
)

_MODALITIES = ("CT", "MR", "PT")
# a series of at least half the slices of the largest one of its modality is a whole scan too
_WHOLE = 0.5
# slices whose axes differ by less belong to one stack: header texts are rounded
ORIENTATION_TOLERANCE = 1e-3
_FEWEST_OF_A_STACK = 3


@dataclass(frozen=True, eq=False)
class Series:
    """One stack of slices that belong together, and what was found about it.

    ``uid`` is the Series Instance UID; further parts of one that had to be split are named "uid#2", "uid#3".
    ``shape`` and ``spacing_mm`` are in [k, j, i] order (a spacing of 0 is unknown). ``rank`` counts from 1, best
    first, and ``reason`` says why in one line. ``files`` are sorted along the slice normal. ``set_aside`` says what
    lay beside the series in the same folder and was not taken. ``description``, ``uid`` and ``files`` are for the
    terminal only; ``patient_key`` only tells whether two series are of one patient.
    """

    uid: str
    modality: str
    description: str
    slice_count: int
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    verdict: GeometryVerdict
    rank: int = 0
    reason: str = ""
    set_aside: tuple[str, ...] = ()
    patient_key: str = field(default="", repr=False)
    files: tuple[Path, ...] = field(default=(), repr=False)
    headers: tuple[SliceHeader, ...] = field(default=(), repr=False)
    grid: Grid | None = field(default=None, repr=False)

    @property
    def original(self) -> bool:
        """True for images that come from the scanner, not from other images."""
        return not self.headers or self.headers[0].image_type[:1] != ("DERIVED",)

    @property
    def aside(self) -> str:
        """Why these images are no slices of a volume, for instance "localizer"; empty if they may be."""
        return self.headers[0].aside if self.headers else ""

    @property
    def loadable(self) -> bool:
        """True if ``load_volume`` would not refuse the geometry."""
        return self.verdict.uniform


def find_series(path: str | PathLike[str], monitor: Monitor = SILENT) -> tuple[Series, ...]:
    """List the image series in a DICOM file or folder (recursive, any file name), best first.

    Only headers are read. Images are split by patient, series, orientation, matrix size, pixel spacing and image
    type, and by temporal position, echo, b-value or acquisition where slices of one series share their places.
    Localizers, secondary captures, colour and multi-frame images are listed last, with a verdict that refuses them.

    Raises ``ScanError`` where there is no image at all.
    """
    return ranked(listing_of(path, monitor))


def listing_of(path: str | PathLike[str], monitor: Monitor = SILENT) -> Listing:
    """Read all headers at or under ``path``; ``ScanError`` in one line where no image is among them."""
    if not str(path):
        raise ScanError("no folder is named", advice="give a DICOM file or a folder of them")
    root = Path(path)
    files = find_files(root)
    if not files:
        raise ScanError("the folder is empty", where=root.name, advice="give a folder of DICOM files")
    listing = read_headers(files, monitor)
    if not listing.headers:
        raise ScanError(_nothing(listing, single=root.is_file()), where=root.name,
                        advice="give a CT series as DICOM files")
    return listing


def ranked(listing: Listing) -> tuple[Series, ...]:
    """Split, judge and rank the images of a header pass."""
    groups = split_into_groups(listing.headers)
    parts_of: dict[str, int] = {}
    for group in groups:
        parts_of[group[0].series_uid] = parts_of.get(group[0].series_uid, 0) + 1
    found = [_series_of(group, alone=parts_of[group[0].series_uid] == 1) for group in groups]
    largest = {
        modality: max((one.slice_count for one in found if one.modality == modality and not one.aside), default=0)
        for modality in {one.modality for one in found}
    }

    def preference(one: Series) -> tuple[Hashable, ...]:
        modality = _MODALITIES.index(one.modality) if one.modality in _MODALITIES else len(_MODALITIES)
        whole = one.slice_count >= _WHOLE * largest[one.modality]
        return (bool(one.aside), one.slice_count < _FEWEST_OF_A_STACK, modality, not whole, not one.loadable,
                not one.original, -one.slice_count, one.spacing_mm[0], one.headers[0].series_number or 0, one.uid,
                min(h.instance_number or 0 for h in one.headers), one.headers[0].phase, one.headers[0].image_type)

    found.sort(key=preference)
    others = tuple(count_of(number, name) for name, number in sorted(listing.others.items()))
    if listing.broken:
        others += (count_of(len(listing.broken), "broken DICOM file"),)
    result = []
    parts: dict[str, int] = {}
    for rank, one in enumerate(found, start=1):
        uid = one.headers[0].series_uid
        parts[uid] = parts.get(uid, 0) + 1
        beside = [count_of(other.slice_count, other.aside) for other in found if other is not one and other.aside]
        result.append(
            replace(
                one,
                uid=uid if parts[uid] == 1 else f"{uid}#{parts[uid]}",
                rank=rank,
                reason=_reason(rank, one, found),
                set_aside=(*beside, *others),
            )
        )
    return tuple(result)


def split_into_groups(headers: Iterable[SliceHeader]) -> list[list[SliceHeader]]:
    """Split images into groups that may each be one volume, in the order in which they come."""
    groups = _split(
        list(headers),
        lambda h: (h.patient_key, h.series_uid, h.modality, h.aside, h.rows, h.columns, h.image_type,
                   h.frame_of_reference_uid),
    )
    groups = _refined(groups, lambda group: _split_near(group, lambda h: h.orientation, ORIENTATION_TOLERANCE, 0.0))
    groups = _refined(groups, lambda group: _split_near(group, lambda h: h.pixel_spacing_mm, 0.0, 1e-4))
    keywords = [keyword for keyword, _ in groups[0][0].phase] if groups else []
    for keyword in keywords:
        groups = _refined(groups, partial(_split_by_phase, keyword=keyword))
    return groups


def _refined(
    groups: list[list[SliceHeader]], split: Callable[[list[SliceHeader]], list[list[SliceHeader]]]
) -> list[list[SliceHeader]]:
    return [part for group in groups for part in split(group)]


def _split_by_phase(group: list[SliceHeader], keyword: str) -> list[list[SliceHeader]]:
    """Split by one attribute only if slices share places and the parts share fewer of them."""
    shared = _shared_places(group)
    if not shared:
        return [group]
    parts = _split(group, lambda h: dict(h.phase)[keyword])
    # parts of a few slices each are single shots with running numbers, not phases
    smallest = min(len(part) for part in parts)
    fewer = sum(_shared_places(part) for part in parts) < shared
    return parts if len(parts) > 1 and fewer and smallest >= _FEWEST_OF_A_STACK else [group]


def _shared_places(group: list[SliceHeader]) -> int:
    """Count the slices that lie at the place of another one (to 0.01 mm)."""
    places = {tuple(round(value, 2) for value in h.position_mm) for h in group if h.position_mm is not None}
    return sum(h.position_mm is not None for h in group) - len(places)


def _split(group: Sequence[SliceHeader], key: Callable[[SliceHeader], Hashable]) -> list[list[SliceHeader]]:
    parts: dict[Hashable, list[SliceHeader]] = {}
    for header in group:
        parts.setdefault(key(header), []).append(header)
    return list(parts.values())


def _split_near(
    group: Sequence[SliceHeader],
    key: Callable[[SliceHeader], tuple[float, ...] | None],
    absolute: float,
    relative: float,
) -> list[list[SliceHeader]]:
    """Split by numbers that may differ a little from slice to slice."""
    parts: list[tuple[tuple[float, ...] | None, list[SliceHeader]]] = []
    for header in group:
        value = key(header)
        for known, part in parts:
            if (value is None) == (known is None) and (
                value is None or known is None or bool(np.allclose(value, known, rtol=relative, atol=absolute))
            ):
                part.append(header)
                break
        else:
            parts.append((value, [header]))
    return [part for _, part in parts]


def _series_of(group: list[SliceHeader], alone: bool) -> Series:
    first = group[0]
    problem = f"{first.aside}, not a volume of slices" if first.aside else _header_problem(group)
    # the acquisition order, then the name, decides between slices at one place
    group = sorted(group, key=lambda h: (h.instance_number or 0, h.path))
    grid = None
    if problem:
        verdict = GeometryVerdict(False, "unknown", first.patient_position, problems=(problem,))
    else:
        height, width = (size * step for size, step in
                         zip((first.rows, first.columns), first.pixel_spacing_mm or (), strict=True))
        verdict, grid = judge(
            np.array([h.position_mm for h in group]),
            np.array([h.orientation for h in group]),
            (height, width),
            patient_position=first.patient_position,
            header_tilt_deg=first.tilt_deg,
        )
        group = [group[k] for k in grid.order]
        verdict = _with_notes(verdict, group, alone)
    in_plane = first.pixel_spacing_mm or (0.0, 0.0)
    step = verdict.step_mm or (first.thickness_mm or 0.0)
    return Series(
        uid=first.series_uid,
        modality=first.modality,
        description=first.description,
        slice_count=len(group),
        shape=(len(group), first.rows, first.columns),
        spacing_mm=(float(step), float(in_plane[0]), float(in_plane[1])),
        verdict=verdict,
        patient_key=first.patient_key,
        files=tuple(h.path for h in group),
        headers=tuple(group),
        grid=grid,
    )


def _header_problem(group: list[SliceHeader]) -> str:
    """Name what forbids even to place the slices; nothing if they can be placed."""
    for number, header in enumerate(group, start=1):
        where = f"image {header.instance_number if header.instance_number is not None else number}"
        if header.rows < 1 or header.columns < 1:
            return f"{where} has a matrix of {header.rows} x {header.columns}"
        if header.position_mm is None or header.orientation is None:
            return f"{where} has no usable position or orientation in the patient"
        if max(abs(value) for value in header.position_mm) > POSITION_LIMIT_MM:
            return f"{where} lies {max(map(abs, header.position_mm)):.3g} mm away from the patient"
        if header.pixel_spacing_mm is None:
            return f"{where} has no usable pixel spacing"
        if not all(SPACING_RANGE_MM[0] <= value <= SPACING_RANGE_MM[1] for value in header.pixel_spacing_mm):
            return f"{where} has a pixel spacing of {header.pixel_spacing_mm[0]:g} x {header.pixel_spacing_mm[1]:g} mm"
        axes = np.asarray(header.orientation)
        if min(np.linalg.norm(axes[:3]), np.linalg.norm(axes[3:])) < 0.5:
            return f"{where} has image axes that are no unit vectors"
        if np.linalg.norm(np.cross(axes[:3], axes[3:])) < 0.5:
            return f"{where} has image axes that are not perpendicular"
    return ""


def _with_notes(verdict: GeometryVerdict, group: list[SliceHeader], alone: bool) -> GeometryVerdict:
    """Add what the geometry alone cannot tell: slices that may be missing at an end, unknown thickness.

    Instance numbers are looked at only where the group is ``alone``, the whole of its series.
    """
    notes, problems = list(verdict.notes), list(verdict.problems)
    numbers = sorted(h.instance_number for h in group if h.instance_number is not None)
    if alone and len(numbers) == len(group) > 1 and len(set(numbers)) == len(numbers):
        if numbers[0] > 1:
            notes.append(f"instance numbers start at {numbers[0]}: slices may be missing at an end")
        elif numbers[-1] - numbers[0] >= len(numbers):
            notes.append("instance numbers are not consecutive: slices may be missing")
    if len(group) == 1:
        thickness = group[0].thickness_mm
        if thickness is None or not SPACING_RANGE_MM[0] <= thickness <= SPACING_RANGE_MM[1]:
            problems.append("a single slice of unknown thickness is no volume")
        else:
            notes.append(f"its thickness of {thickness:.4g} mm stands for the spacing")
    elif not SPACING_RANGE_MM[0] <= verdict.step_mm <= SPACING_RANGE_MM[1] and not problems:
        problems.append(f"slices every {verdict.step_mm:.4g} mm are no usable volume")
    return replace(verdict, notes=tuple(notes), problems=tuple(problems), uniform=not problems)


def _reason(rank: int, one: Series, found: list[Series]) -> str:
    others = [other.slice_count for other in found if other is not one]
    text = f"{_ordinal(rank)} of {len(found)}: {_what(one)}"
    if not one.loadable:
        text += f" that cannot be loaded ({one.verdict.line})"
    if not others:
        return text
    if len(others) == 1:
        return f"{text}; the other has {count_of(others[0], 'slice')}"
    span = f"{min(others)} to {max(others)}" if min(others) != max(others) else f"{others[0]}"
    return f"{text}; the others have {span} {'slice' if span == '1' else 'slices'}"


def _what(one: Series) -> str:
    modality = one.modality if one.modality in _MODALITIES else "image"
    if one.aside:
        return count_of(one.slice_count, one.aside)
    plane = "" if one.verdict.orientation == "unknown" else f"{one.verdict.orientation} "
    kind = "an original" if one.original else "a derived"
    return f"{one.slice_count} {plane}{'slice' if one.slice_count == 1 else 'slices'} of {kind} {modality}"


def _nothing(listing: Listing, single: bool) -> str:
    """Say in one clause what was found where no image was."""
    names = sorted(listing.others.items())
    if single:
        if listing.broken:
            return "the file is broken DICOM"
        return "the file is not DICOM" if names[0][0] == NOT_DICOM else f"the file holds no image but a {names[0][0]}"
    parts = [count_of(number, name) for name, number in names]
    if listing.broken:
        parts.append(count_of(len(listing.broken), "broken DICOM file"))
    return f"the folder holds no DICOM image, only {', '.join(parts)}"


def count_of(number: int, name: str) -> str:
    """Return "1 slice", "2 slices"."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _ordinal(number: int) -> str:
    tens = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tens}"
