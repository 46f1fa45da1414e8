"""Which series a file or folder holds, what each one is, and which one to take."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

import numpy as np

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.grouping import (
    FEWEST_OF_A_STACK,
    ORIENTATION_TOLERANCE,
    STEP_OF_THICKNESS,
    Part,
    split_into_parts,
)
from anatomy_twin.scan.headers import NOT_DICOM, VOLUME_FILE, Listing, find_files, read_headers
from anatomy_twin.scan.meaning import value_problem
from anatomy_twin.scan.pixels import pixel_problem
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.verdict import (
    POSITION_LIMIT_MM,
    SPACING_RANGE_MM,
    GeometryVerdict,
    Grid,
    count_of,
    judge,
    listed,
)

__all__ = ["ORIENTATION_TOLERANCE", "Series", "count_of", "listing_of", "ranked"]

_MODALITIES = ("CT", "MR", "PT")
# a series of at least half the slices of the largest one of its modality is a whole scan too
_WHOLE = 0.5


@dataclass(frozen=True, eq=False)
class Series:
    """One stack of slices that belong together, and what was found about it.

    ``uid`` is the Series Instance UID; further parts of one that had to be split are named "uid#2", "uid#3", and
    ``part`` tells what each one is ("temporal position 2 of 3"). ``shape`` and ``spacing_mm`` are in [k, j, i] order
    (a spacing of 0 is unknown). ``rank`` counts from 1, best first, and ``reason`` says why in one line. ``loading``
    says what loading will do: "loads as it is", "loads with a warning: ...", "refused; repair would ..." or
    "refused: ...". ``files`` are sorted along the slice normal, ``headers`` too, one for each slice or frame.
    ``set_aside`` says what lay beside the series in the same folder and was not taken. ``description``, ``uid`` and
    ``files`` are for the terminal only; ``patient_key`` only tells whether two series are of one patient.
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
    part: str = ""
    loading: str = ""
    patient_key: str = field(default="", repr=False)
    files: tuple[Path, ...] = field(default=(), repr=False)
    headers: tuple[SliceHeader, ...] = field(default=(), repr=False)
    grid: Grid | None = field(default=None, repr=False)
    place: tuple[int, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.loading:
            object.__setattr__(self, "loading", self.verdict.loading)

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


def listing_of(path: str | PathLike[str], monitor: Monitor = SILENT) -> Listing:
    """Read all headers at or under ``path``; ``ScanError`` in one line where no image is among them."""
    root = Path(path)
    files = find_files(root)
    if not files:
        raise ScanError("the folder is empty", where=root.name, advice="give a folder of DICOM files")
    listing = read_headers(files, monitor)
    if not listing.headers and (root / "case.json").is_file():
        raise ScanError("this is a saved case, not a scan", where=root.name, advice="give the scan that it was made of")
    if not listing.headers:
        raise ScanError(_nothing(listing, single=root.is_file()), where=root.name,
                        advice="name the volume file itself" if VOLUME_FILE in listing.others
                        else "give a CT series as DICOM files")
    return listing


def ranked(listing: Listing) -> tuple[Series, ...]:
    """Split, judge and rank the images of a header pass."""
    parts = split_into_parts(listing.headers)
    parts_of: dict[str, int] = {}
    for part in parts:
        parts_of[part.headers[0].series_uid] = parts_of.get(part.headers[0].series_uid, 0) + 1
    found = [_series_of(part, alone=parts_of[part.headers[0].series_uid] == 1) for part in parts]
    largest = {
        modality: max((one.slice_count for one in found if one.modality == modality and not one.aside), default=0)
        for modality in {one.modality for one in found}
    }
    found.sort(key=lambda one: _preference(one, largest[one.modality]))
    others = tuple(count_of(number, name) for name, number in sorted(listing.others.items()))
    if listing.broken:
        others += (count_of(len(listing.broken), "broken DICOM file"),)
    asides = [one for one in found if one.aside]
    result = []
    numbers: dict[str, int] = {}
    for rank, one in enumerate(found, start=1):
        uid = one.headers[0].series_uid
        numbers[uid] = numbers.get(uid, 0) + 1
        beside = [count_of(other.slice_count, other.aside) for other in asides if other is not one]
        result.append(
            replace(
                one,
                uid=uid if numbers[uid] == 1 else f"{uid}#{numbers[uid]}",
                rank=rank,
                reason=_reason(rank, one, found),
                set_aside=(*beside, *others),
            )
        )
    return tuple(result)


def _preference(one: Series, largest: int) -> tuple[Hashable, ...]:
    """The order of series, best first; ``largest`` is the slice count of the largest one of its modality."""
    modality = _MODALITIES.index(one.modality) if one.modality in _MODALITIES else len(_MODALITIES)
    whole = one.slice_count >= _WHOLE * largest
    return (bool(one.aside), one.slice_count < FEWEST_OF_A_STACK, modality, not whole, not one.loadable,
            not one.verdict.repairable, not one.original, -one.slice_count, one.spacing_mm[0],
            one.headers[0].series_number or 0, one.uid, one.place,
            min(header.instance_number or 0 for header in one.headers))  # fmt: skip


def _series_of(part: Part, alone: bool) -> Series:
    first = part.headers[0]
    problem = f"{first.aside}, not a volume of slices" if first.aside else _header_problem(part.headers)
    # the acquisition order, then the name, decides between slices at one place
    headers = sorted(part.headers, key=lambda h: (h.instance_number or 0, h.path, h.frame))
    grid = None
    if problem:
        verdict = GeometryVerdict(False, "unknown", first.patient_position, problems=(problem,),
                                  beyond_repair=(problem,))
    else:
        height, width = (size * step for size, step in
                         zip((first.rows, first.columns), first.pixel_spacing_mm or (), strict=True))
        verdict, grid = judge(
            np.array([h.position_mm for h in headers]),
            np.array([h.orientation for h in headers]),
            (height, width),
            patient_position=first.patient_position,
            header_tilt_deg=first.tilt_deg,
            thicknesses_mm=[h.thickness_mm for h in headers],
        )
        headers = [headers[k] for k in grid.order]
        verdict = _with_notes(verdict, part, headers, alone)
    in_plane = first.pixel_spacing_mm or (0.0, 0.0)
    step = verdict.step_mm or (first.thickness_mm or 0.0)
    refusal = "" if problem else value_problem(headers, bool(verdict.duplicates)) or pixel_problem(headers)
    return Series(
        uid=first.series_uid,
        modality=first.modality,
        description=first.description,
        slice_count=len(headers),
        shape=(len(headers), first.rows, first.columns),
        spacing_mm=(float(step), float(in_plane[0]), float(in_plane[1])),
        verdict=verdict,
        part=", ".join(part.names),
        loading=f"refused: {refusal}" if refusal else verdict.loading,
        patient_key=first.patient_key,
        files=tuple(dict.fromkeys(h.path for h in headers)),
        headers=tuple(headers),
        grid=grid,
        place=part.place,
    )


def _header_problem(group: Sequence[SliceHeader]) -> str:
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
        if header.orientation != group[0].orientation or number == 1:
            axes = np.asarray(header.orientation)
            if min(np.linalg.norm(axes[:3]), np.linalg.norm(axes[3:])) < 0.5:
                return f"{where} has image axes that are no unit vectors"
            if np.linalg.norm(np.cross(axes[:3], axes[3:])) < 0.5:
                return f"{where} has image axes that are not perpendicular"
    return ""


def _with_notes(
    verdict: GeometryVerdict, part: Part, headers: list[SliceHeader], alone: bool
) -> GeometryVerdict:
    """Add what the geometry alone cannot tell: slices that may be missing at an end, unknown thickness.

    Instance numbers are looked at only where the part is ``alone``, the whole of its series.
    """
    notes, problems = [*verdict.notes, *part.notes], []
    if _run_twice([h.instance_number for h in headers]) and not verdict.problems:
        thickness, runs = headers[0].thickness_mm, "instance numbers run twice along the stack"
        if thickness is None:
            notes.append(f"{runs}: two stacks may lie between each other")
        elif verdict.step_mm < STEP_OF_THICKNESS * thickness:
            problems.append(f"{runs}, and slices of {thickness:.4g} mm every {verdict.step_mm:.4g} mm: "
                            "two stacks lie between each other")
    numbers = sorted(h.instance_number for h in headers if h.instance_number is not None)
    if alone and len(numbers) == len(headers) > 1 and len(set(numbers)) == len(numbers):
        if numbers[0] > 1:
            notes.append(f"instance numbers start at {numbers[0]}: slices may be missing at an end")
        elif numbers[-1] - numbers[0] >= len(numbers):
            notes.append(f"instance numbers are not consecutive ({_absent(numbers)}): slices may be missing")
    if len(headers) == 1:
        thickness = headers[0].thickness_mm
        if thickness is None or not SPACING_RANGE_MM[0] <= thickness <= SPACING_RANGE_MM[1]:
            problems.append("a single slice of unknown thickness is no volume")
        else:
            notes.append(f"its thickness of {thickness:.4g} mm stands for the spacing")
    elif not SPACING_RANGE_MM[0] <= verdict.step_mm <= SPACING_RANGE_MM[1] and not verdict.problems:
        problems.append(f"slices every {verdict.step_mm:.4g} mm are no usable volume")
    return replace(verdict, notes=tuple(notes), problems=(*verdict.problems, *problems),
                   beyond_repair=(*verdict.beyond_repair, *problems), uniform=verdict.uniform and not problems)


def _run_twice(numbers: Sequence[int | None]) -> bool:
    """Tell whether every other slice belongs to one run of instance numbers, and the rest to another run."""
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or len(known) < 2 * FEWEST_OF_A_STACK:
        return False
    runs = [np.diff(known[start::2]) for start in (0, 1)]
    even, odd = known[::2], known[1::2]
    apart = max(even) < min(odd) or max(odd) < min(even)
    return apart and all(bool(np.all(np.abs(run) == 1) and np.all(run == run[0])) for run in runs)


def _absent(numbers: list[int]) -> str:
    """Say which of sorted instance numbers are absent; a list only where they are few."""
    count = numbers[-1] - numbers[0] + 1 - len(numbers)
    if count > len(numbers):
        return f"{count} are missing between {numbers[0]} and {numbers[-1]}"
    absent = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    return f"{listed(absent)} {'is' if count == 1 else 'are'} missing"


def _reason(rank: int, one: Series, found: list[Series]) -> str:
    others = [other.slice_count for other in found if other is not one]
    text = f"{_ordinal(rank)} of {len(found)}: {_what(one)}"
    if one.part:
        text += f" ({one.part})"
    if not one.loadable:
        text += f" that cannot be loaded{' as it is' if one.verdict.repairable else ''}"
    if len(others) == 1:
        text += f"; the other has {count_of(others[0], 'slice')}"
    elif others:
        span = f"{min(others)} to {max(others)}" if min(others) != max(others) else f"{others[0]}"
        text += f"; the others have {span} {'slice' if span == '1' else 'slices'}"
    if one.part and any(other.headers[0].series_uid == one.headers[0].series_uid
                        and other.slice_count == one.slice_count for other in found if other is not one):  # fmt: skip
        text += "; equal parts of one series rank by what tells them apart, lowest first"
    return text


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
            return f"the file is broken DICOM: {listing.reasons[0]}"
        return "the file is not DICOM" if names[0][0] == NOT_DICOM else f"the file holds no image: {names[0][0]}"
    parts = [count_of(number, name) for name, number in names]
    if listing.broken:
        parts.append(f"{count_of(len(listing.broken), 'broken DICOM file')}: {listing.reasons[0]}")
    return f"the folder holds no DICOM image, only {', '.join(parts)}"


def _ordinal(number: int) -> str:
    tens = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tens}"
