"""DICOM SEG objects (binary, fractional, label map) become label maps (PS3.3 A.51 and C.8.20)."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import private_uid, uid_name
from anatomy_twin.scan.label_layers import LARGEST_GRID_VOXELS, Piece, layered
from anatomy_twin.scan.label_match import Target, match_note
from anatomy_twin.scan.label_terms import (
    ForeignSegment,
    code_value,
    coded,
    described,
    empty_note,
    gap_note,
    identity_words,
    name_segments,
    rgb_of_cielab,
    without_identity,
)
from anatomy_twin.scan.seg_frames import Frames, frame_reader, group_item, place_frames

SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
MOST_SEGMENTS = 10_000
_KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_BACKGROUND = "125040"  # DCM code, PS3.16
_AGAIN = "export it again"
_SLIDE = "1.2.840.10008.5.1.4.1.1.77."


def decode_seg(dataset: Dataset, where: str, target: Target | None = None) -> LabelMap:
    """Return the label map of a parsed DICOM SEG object.

    Parameters
    ----------
    dataset : the object; its bytes have passed ``prescan.prescan``.
    where : what errors call the file.
    target : the scan that the labels are for. With it, the map covers the labelled part only, on the voxels of the
        object, and its first note says how the two were matched; without, it covers all frames.

    A fractional segmentation is taken where its value is at least half of the maximum. Segments that overlap lie in
    different layers. A segment without a voxel is "not found".

    Raises ``ScanError`` where the object is no segmentation of a volume, contradicts itself, or belongs to another
    scan.
    """
    kind = str(dataset.get("SegmentationType", "")).upper()
    if kind not in _KINDS:
        raise ScanError("segmentation object is of no known type", where=where, advice=_AGAIN)
    _check_source(dataset, where)
    images = source_images(dataset)
    frame_of_reference = private_uid(str(dataset.get("FrameOfReferenceUID") or ""))
    notes = []
    if target is not None:
        classes = {str(item.get("ReferencedSOPClassUID") or "") for item in _sources(dataset)}
        notes.append(match_note("segmentation", images, frame_of_reference, target, where, classes=classes))
    of_scan = target is not None and not target.images.isdisjoint(images)
    frames = place_frames(dataset, frame_of_reference, target.geometry if target else None, of_scan, where)
    segments = _segments(dataset, kind, where)
    value_of = {one.number: value for value, one in enumerate(segments, start=1)}
    pieces, more = _pieces(dataset, kind, frames, value_of, where)
    notes += [*frames.notes, *more, *gap_note(piece.corner[0] for piece in pieces)]
    scan = None if target is None else target.geometry
    array, geometry, places = layered(pieces, len(segments), frames.geometry, scan, where)
    names = name_segments(segments)
    told = tuple(described(one, names[n], *places.get(n + 1, (0, 0))) for n, one in enumerate(segments))
    labels = LabelMap(array, geometry, told, (*notes, *empty_note(told)))
    return labels if target is not None else labels_on_grid(labels, _affordable(frames.geometry, where))


def source_images(dataset: Dataset) -> frozenset[str]:
    """Return the stand-ins of the images that a SEG object says it was made of."""
    items = _sources(dataset)
    for frame in dataset.get("PerFrameFunctionalGroupsSequence") or []:
        for derivation in frame.get("DerivationImageSequence") or []:
            items += list(derivation.get("SourceImageSequence") or [])
    uids = {str(item.get("ReferencedSOPInstanceUID") or "") for item in items}
    return frozenset(private_uid(uid) for uid in uids if uid)


def _sources(dataset: Dataset) -> list[Dataset]:
    """Return the items that name what the object as a whole was made of."""
    items = [item for series in dataset.get("ReferencedSeriesSequence") or []
             for item in series.get("ReferencedInstanceSequence") or []]  # fmt: skip
    return items + list(dataset.get("SourceImageSequence") or [])


def _check_source(dataset: Dataset, where: str) -> None:
    """Refuse a segmentation of a picture that is no slice of a volume, by the name of that picture."""
    items = _sources(dataset)
    classes = sorted({str(item.get("ReferencedSOPClassUID") or "") for item in items} - {""})
    slide = "TotalPixelMatrixOriginSequence" in dataset or any(name.startswith(_SLIDE) for name in classes)
    first = (dataset.get("PerFrameFunctionalGroupsSequence") or [None])[0]
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    if group_item(first, shared, "PlanePositionSequence") is not None and not slide:
        return
    made_on = uid_name(classes[0]).removesuffix(" Storage") if classes else "a picture without a place in the patient"
    if classes and uid_name(classes[0]) == classes[0]:  # no registered one: any text may stand there
        made_on = "an unknown kind of picture"
    raise ScanError(f"segmentation was made on {made_on}, which is no CT or MR volume", where=where,
                    advice="give a segmentation of a CT or MR volume")


def _segments(dataset: Dataset, kind: str, where: str) -> list[ForeignSegment]:
    """Return what the object says about its segments; the background of a label map is none."""
    items = list(dataset.get("SegmentSequence") or [])
    if not items or len(items) > MOST_SEGMENTS:
        raise ScanError("segmentation object describes no segment" if not items else "too many segments",
                        where=where, advice=_AGAIN)
    words = identity_words(dataset.get("PatientName", ""), dataset.get("PatientID", ""))
    padding = int(dataset.get("PixelPaddingValue") or 0)
    found: list[ForeignSegment] = []
    for item in items:
        number = int(item.SegmentNumber)
        if number in {one.number for one in found}:
            raise ScanError(f"segmentation object describes segment {number} twice", where=where, advice=_AGAIN)
        described_one = _described(item, number, words)
        if kind == "LABELMAP" and (number == padding or described_one.code.value == _BACKGROUND):
            continue
        if number < (0 if kind == "LABELMAP" else 1):
            raise ScanError(f"segmentation object has a segment of number {number}", where=where, advice=_AGAIN)
        found.append(described_one)
    return found


def _described(item: Dataset, number: int, words: frozenset[str]) -> ForeignSegment:
    kind = (item.get("SegmentedPropertyTypeCodeSequence") or [Dataset()])[0]
    side = (kind.get("SegmentedPropertyTypeModifierCodeSequence") or [Dataset()])[0]
    region = (item.get("AnatomicRegionSequence") or [Dataset()])[0]
    code = coded(kind.get("CodingSchemeDesignator", ""), code_value(kind), kind.get("CodeMeaning", ""))
    colour = rgb_of_cielab([int(part) for part in item.get("RecommendedDisplayCIELabValue") or ()])
    return ForeignSegment(
        number, without_identity(str(item.get("SegmentLabel", "")), words, number), code, code_value(side),
        code_value(region), colour, automatic=str(item.get("SegmentAlgorithmType", "")) == "AUTOMATIC",
    )


def _pieces(
    dataset: Dataset, kind: str, frames: Frames, value_of: Mapping[int, int], where: str
) -> tuple[list[Piece], list[str]]:
    """Return the labelled part of each frame that has one; ``value_of`` gives our value of a segment number."""
    read = frame_reader(dataset, where)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    maximum = int(dataset.get("MaximumFractionalValue") or 0)
    if kind == "FRACTIONAL" and not 1 <= maximum <= 255:
        raise ScanError("fractional segmentation states no maximum", where=where, advice=_AGAIN)
    described_values = {int(item.SegmentNumber) for item in dataset.SegmentSequence}
    described_values |= {0, int(dataset.get("PixelPaddingValue") or 0)}
    table = np.zeros(2**16, np.uint16)
    table[list(value_of)] = list(value_of.values())
    pieces, between = [], False
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        stored, value = read(number), 0
        content: NDArray[Any]
        if kind == "LABELMAP":
            unknown = sorted(set(np.unique(stored).tolist()) - described_values)
            if unknown:
                raise ScanError(f"frame {number + 1} of the segmentation holds value {unknown[0]}, which is not "
                                "described", where=where, advice=_AGAIN)
            content = table[stored]
        else:
            value = value_of[_segment_of(groups, shared, value_of, number, where)]
            content = stored != 0
        if kind == "FRACTIONAL":
            if int(stored.max()) > maximum:
                raise ScanError(f"frame {number + 1} of the segmentation exceeds the stated maximum of {maximum}",
                                where=where, advice=_AGAIN)
            between = between or bool(np.any(content & (stored != maximum)))
            content = stored.astype(np.uint16) * 2 >= maximum
        box = _box(content != 0)
        if box is not None:
            k, j, i = (int(part) for part in frames.corner[number])
            pieces.append(Piece((k, j + box[0].start, i + box[1].start), content[box].copy()[None], value))
    return pieces, ["fractional segmentation: voxels of at least half the maximum are taken"] if between else []


def _segment_of(groups: Dataset, shared: Dataset | None, numbers: Container[int], frame: int, where: str) -> int:
    item = group_item(groups, shared, "SegmentIdentificationSequence")
    segment = int(item.ReferencedSegmentNumber) if item is not None else 0
    if segment not in numbers:
        raise ScanError(f"frame {frame + 1} of the segmentation belongs to a segment that is not described",
                        where=where, advice=_AGAIN)
    return segment


def _box(inside: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _affordable(geometry: VolumeGeometry, where: str) -> VolumeGeometry:
    if int(np.prod(geometry.shape, dtype=np.int64)) > LARGEST_GRID_VOXELS:
        raise ScanError("segmentation object covers more voxels than can be", where=where, advice=_AGAIN)
    return geometry
