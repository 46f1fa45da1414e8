"""RT structure sets: outlines drawn on slices become label maps (PS3.3 A.19, C.8.8.5, C.8.8.6, C.8.8.8)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import private_uid
from anatomy_twin.scan.label_layers import Piece, layered
from anatomy_twin.scan.label_match import Target, match_note
from anatomy_twin.scan.label_terms import (
    DEFAULT_COLOUR,
    ForeignSegment,
    code_value,
    coded,
    described,
    empty_note,
    gap_note,
    identity_words,
    name_segments,
    without_identity,
)
from anatomy_twin.scan.outlines import fill_outlines

MOST_POINTS = 5_000_000
MOST_OUTLINE_POINTS = 200_000
MOST_REGIONS = 10_000
OFF_PLANE_NOTED = 0.05
FLAT = 0.1
_AGAIN = "export it again"
_CLOSED = ("CLOSED_PLANAR", "CLOSED_PLANAR_XOR", "CLOSEDPLANAR_XOR")
_OPEN = {"POINT": "point", "OPEN_PLANAR": "open line", "OPEN_NONPLANAR": "open line"}
_BLANK = re.compile(rb"(^|\\)[ \0]*(\\|$)")
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Region:
    """One region of interest: what is said of it, its closed outlines (points [n, 3] in LPS mm) and what was left."""

    about: ForeignSegment
    frame_of_reference: str
    outlines: tuple[Floats, ...]
    images: frozenset[str]
    skipped: tuple[str, ...]


def decode_structure_set(dataset: Dataset, where: str, target: Target) -> LabelMap:
    """Return the label map of a parsed RT structure set on the grid of a scan.

    Parameters
    ----------
    dataset : the object; its bytes have passed ``prescan.prescan``.
    where : what errors call the file.
    target : the scan that the outlines were drawn on.

    All outlines of a region on one slice are filled together by the even-odd rule, so that outlines within others and
    keyholes cut holes. A voxel belongs when its centre lies inside or on an outline (``fill_outlines``). An outline
    lies in the slice that is nearest, at most half a step away; from a twentieth of a step on that is noted. Regions
    that cannot be filled truthfully (outlines across the slices, between them or closer than they are) are left out
    whole and named in the notes, as are points and open lines.

    Raises ``ScanError`` where the outlines were drawn on images that the scan does not hold, or where no region is
    left.
    """
    regions = _regions(dataset, where)
    if not regions:
        raise ScanError("structure set holds no region", where=where, advice=_AGAIN)
    drawn_on = frozenset().union(*(region.images for region in regions))
    told = _told_images(dataset)
    frames = {region.frame_of_reference for region in regions}
    own = target.geometry.frame_of_reference_uid
    frame = own if own in frames else next(iter(sorted(frames)))
    if drawn_on:
        match_note("structure set", drawn_on, frame, target, where, every=True)
    notes = [match_note("structure set", told | drawn_on, frame, target, where, classes=_classes_named(dataset))]
    axis = _slice_axis(regions, target.geometry)
    kept: list[ForeignSegment] = []
    pieces: list[Piece] = []
    for region in regions:
        if region.frame_of_reference != frame:
            notes.append(f"{_named(region)} left out: it lies in another frame of reference")
            continue
        value = len(kept) + 1
        try:
            filled, more = _fill(region, target.geometry, axis, value)
        except _LeftOut as reason:
            notes.append(f"{_named(region)} left out: {reason}")
            continue
        notes += [f"{_named(region)}: {line}" for line in (*more, *region.skipped)]
        if not filled and not region.outlines and region.skipped:
            continue
        kept.append(region.about)
        pieces += filled
    if not kept:
        raise ScanError("no region of the structure set can be put on this scan", where=where,
                        advice="; ".join(notes[1:3]) or _AGAIN)
    names = name_segments(kept)
    array, geometry, places = layered(pieces, len(kept), target.geometry, target.geometry, where)
    segments = tuple(described(one, names[n], *places.get(n + 1, (0, 0))) for n, one in enumerate(kept))
    return LabelMap(array, geometry, segments, (*notes, *empty_note(segments)))


class _LeftOut(Exception):
    """Why a region cannot be filled truthfully."""


def _named(region: Region) -> str:
    return f"region '{region.about.label}'"


def _told_images(dataset: Dataset) -> frozenset[str]:
    """Return stand-ins of the images that the set as a whole refers to."""
    uids = set()
    for frame in dataset.get("ReferencedFrameOfReferenceSequence") or []:
        for study in frame.get("RTReferencedStudySequence") or []:
            for series in study.get("RTReferencedSeriesSequence") or []:
                uids |= _image_uids(series)
    return frozenset(private_uid(uid) for uid in uids)


def _classes_named(dataset: Dataset) -> frozenset[str]:
    """Return the SOP classes of the images that outlines were drawn on or that the set as a whole refers to."""
    items = [outline for region in dataset.get("ROIContourSequence") or []
             for outline in region.get("ContourSequence") or []]  # fmt: skip
    items += [series for frame in dataset.get("ReferencedFrameOfReferenceSequence") or []
              for study in frame.get("RTReferencedStudySequence") or []
              for series in study.get("RTReferencedSeriesSequence") or []]  # fmt: skip
    return frozenset(str(image.get("ReferencedSOPClassUID") or "")
                     for item in items for image in item.get("ContourImageSequence") or [])  # fmt: skip


def _image_uids(item: Dataset) -> set[str]:
    found = {str(image.get("ReferencedSOPInstanceUID") or "") for image in item.get("ContourImageSequence") or []}
    return found - {""}


def _regions(dataset: Dataset, where: str) -> list[Region]:
    words = identity_words(dataset.get("PatientName", ""), dataset.get("PatientID", ""))
    items = list(dataset.get("StructureSetROISequence") or [])
    if len(items) > MOST_REGIONS:
        raise ScanError("structure set holds too many regions", where=where)
    contours: dict[int, Dataset] = {}
    for item in dataset.get("ROIContourSequence") or []:
        number = int(item.ReferencedROINumber)
        if number in contours:
            raise ScanError(f"structure set outlines region {number} twice", where=where, advice=_AGAIN)
        contours[number] = item
    numbers = [int(item.ROINumber) for item in items]
    if len(set(numbers)) < len(numbers):
        raise ScanError("two regions of the structure set have one number", where=where, advice=_AGAIN)
    unknown = sorted(set(contours) - set(numbers))
    if unknown:
        raise ScanError(f"structure set outlines region {unknown[0]}, which it does not describe", where=where,
                        advice=_AGAIN)
    observed = {int(item.ReferencedROINumber): item for item in dataset.get("RTROIObservationsSequence") or []}
    default = dataset.get("FrameOfReferenceUID") or ""
    regions, points = [], 0
    for item, number in zip(items, numbers, strict=True):
        about = _about(item, contours.get(number), observed.get(number), words)
        outlines, images, skipped = _outlines(contours.get(number), about.label, where)
        points += sum(len(one) for one in outlines)
        if points > MOST_POINTS:
            raise ScanError("structure set holds too many points", where=where)
        frame = private_uid(str(item.get("ReferencedFrameOfReferenceUID") or default))
        regions.append(Region(about, frame, outlines, images, skipped))
    return regions


def _about(item: Dataset, contour: Dataset | None, seen: Dataset | None, words: frozenset[str]) -> ForeignSegment:
    number = int(item.ROINumber)
    kind = ((seen.get("RTROIIdentificationCodeSequence") if seen is not None else None) or [Dataset()])[0]
    side = (kind.get("SegmentedPropertyTypeModifierCodeSequence") or kind.get("ModifierCodeSequence") or [Dataset()])[0]
    parts = [int(part) for part in (contour.get("ROIDisplayColor") if contour is not None else None) or []]
    colour = (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(0 <= p <= 255 for p in parts) else DEFAULT_COLOUR
    return ForeignSegment(
        number, without_identity(str(item.get("ROIName", "")), words, number),
        coded(kind.get("CodingSchemeDesignator", ""), code_value(kind), kind.get("CodeMeaning", "")), code_value(side),
        colour=colour, automatic=str(item.get("ROIGenerationAlgorithm", "")) == "AUTOMATIC",
    )


def _outlines(
    contour: Dataset | None, label: str, where: str
) -> tuple[tuple[Floats, ...], frozenset[str], tuple[str, ...]]:
    """Return the closed outlines of a region, stand-ins of the images that they were drawn on, and what was skipped."""
    closed: list[Floats] = []
    uids: set[str] = set()
    others: dict[str, int] = {}
    for item in (contour.get("ContourSequence") if contour is not None else None) or []:
        kind = str(item.get("ContourGeometricType") or "")
        if kind not in _CLOSED:
            name = _OPEN.get(kind, "other shape")
            others[name] = others.get(name, 0) + 1
            continue
        points = _points(item, label, where)
        if len(points):
            closed.append(points)
            uids |= _image_uids(item)
    skipped = tuple(f"{count} {name}{'s' if count > 1 else ''} skipped" for name, count in sorted(others.items()))
    return tuple(closed), frozenset(private_uid(uid) for uid in uids), skipped


def _points(item: Dataset, label: str, where: str) -> Floats:
    """Return the points of one outline, [n, 3] in mm.

    The text is parsed as it stands in the file: a library object per number would be tens of times slower.
    """
    raw = item.get_item("ContourData").value if "ContourData" in item else b""
    place = f"{where}, region '{label}'"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # text that is no number is a warning to numpy
            parsed = b"" if isinstance(raw, bytes) else b"\\".join(str(part).encode() for part in raw or [])
            text = raw.strip(b" \0") if isinstance(raw, bytes) else parsed
            count = text.count(b"\\") + 1 if text else 0
            if count > 3 * MOST_OUTLINE_POINTS:
                raise ScanError(f"an outline of {count // 3} points is none of a slice", where=place, advice=_AGAIN)
            values = np.fromstring(text, dtype=np.float64, sep="\\")
            if values.size != count or (text and _BLANK.search(text)):  # numpy reads a blank as -1
                raise ValueError
    except (TypeError, ValueError, DeprecationWarning):
        raise ScanError("an outline holds what is no number", where=place, advice=_AGAIN) from None
    if values.size % 3 or not np.isfinite(values).all() or np.abs(values).max(initial=0.0) > 1e5:
        raise ScanError("the points of an outline are none", where=place, advice=_AGAIN)
    told = item.get("NumberOfContourPoints")
    if told is not None and str(told) and int(told) != values.size // 3:
        raise ScanError(f"an outline announces {int(told)} points and holds {values.size // 3}", where=place,
                        advice=_AGAIN)
    return values.reshape(-1, 3)


def _slice_axis(regions: Sequence[Region], geometry: VolumeGeometry) -> int:
    """Return the array axis that the outlines lie across: the one along which they vary least."""
    spread = np.zeros(3)
    for region in regions:
        for points in region.outlines:
            spread = np.maximum(spread, np.ptp(geometry.to_index(points), axis=0))
    return int(np.argmin(spread))


def _fill(region: Region, geometry: VolumeGeometry, axis: int, value: int) -> tuple[list[Piece], list[str]]:
    """Return the filled slices of a region and what there is to say; ``_LeftOut`` where that cannot be true."""
    step_mm = geometry.spacing_mm[axis]
    on_slice: dict[int, list[tuple[float, Floats]]] = {}
    for points in region.outlines:
        index = geometry.to_index(points)
        depth = float(np.median(index[:, axis]))
        if np.abs(index[:, axis] - depth).max() > FLAT:
            raise _LeftOut("outlines lie across the slices of the scan")
        number = int(np.floor(depth + 0.5))
        if not 0 <= number < geometry.shape[axis]:
            raise _LeftOut("outlines lie outside of the scan")
        on_slice.setdefault(number, []).append((depth, np.delete(index, axis, axis=1)))
    off = max((abs(depth - k) for k, found in on_slice.items() for depth, _ in found), default=0.0)
    notes = []
    if off > OFF_PLANE_NOTED:
        notes.append(f"outlines lie up to {off * step_mm:.2f} mm beside the slices; the nearest slice is taken")
    if any(np.ptp([depth for depth, _ in found]) > OFF_PLANE_NOTED for found in on_slice.values()):
        raise _LeftOut("outlines lie closer together than the slices of the scan")
    notes += gap_note(on_slice)
    shape = tuple(int(size) for size in np.delete(geometry.shape, axis))
    pieces = []
    for number, found in sorted(on_slice.items()):
        outlines = [points for _, points in found]
        low = np.min([points.min(axis=0) for points in outlines], axis=0)
        high = np.max([points.max(axis=0) for points in outlines], axis=0)
        if np.any(low < -0.5 - 1e-3) or np.any(high > np.array(shape) - 0.5 + 1e-3):
            raise _LeftOut("outlines reach beyond the scan")
        inside, first = fill_outlines(outlines, (shape[0], shape[1]))
        if inside.any():
            corner = np.insert(np.array(first), axis, number)
            pieces.append(Piece((int(corner[0]), int(corner[1]), int(corner[2])), np.expand_dims(inside, axis), value))
    if region.outlines and not pieces:
        notes.append("its outlines hold no centre of a voxel")
    return pieces, notes

