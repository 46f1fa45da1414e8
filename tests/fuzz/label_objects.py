"""Broken SEG objects, RT structure sets and reports: mutations of good objects whose voxels are known."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry
from anatomy_twin.errors import TwinError
from anatomy_twin.scan.headers import private_uid
from anatomy_twin.scan.label_object import read_label_object
from tests.fuzz.case import REFUSED, TRUTH, WARNED, Case, Loaded
from tests.fuzz.dicom_run import check_text
from tests.support.dicom_series import write_series
from tests.support.label_makers import FRAME, make_seg, make_structure_set, set_contour_text, to_bytes

FAMILY = "label object"
RUN = "tests.fuzz.label_objects:load"
SHAPE = (6, 20, 24)
SPACING_MM = (2.5, 0.8, 0.7)
ORIGIN_MM = (-30.0, -40.0, 50.0)
_REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
_MATCHED = re.compile(r"matched by (the images that it names \(\d+ of \d+\)|frame of reference and position)")
Edit = Callable[[Dataset], object]
Rewrite = Callable[[bytes], bytes]


def scan() -> Volume:
    """The scan that all objects are for: that of ``write_series`` with the sizes above."""
    images = tuple(private_uid(_uid(k)) for k in range(SHAPE[0]))
    geometry = VolumeGeometry.upright(SHAPE, SPACING_MM, ORIGIN_MM, private_uid(FRAME))
    return Volume(np.zeros(SHAPE, np.int16), geometry, instances=images)


def true_masks() -> dict[str, np.ndarray]:
    """Two boxes that do not touch."""
    found = {name: np.zeros(SHAPE, bool) for name in ("liver", "spleen")}
    found["liver"][1:5, 3:12, 4:15] = True
    found["spleen"][2:4, 14:18, 5:20] = True
    return found


def load(path: Path) -> Loaded:
    """Read an object onto the scan; all text that comes with it must be fit for a terminal."""
    try:
        labels = read_label_object(path, like=scan())
    except TwinError as error:
        check_text(error.line)
        raise
    for line in (*labels.notes, *(part for s in labels.segments for part in (s.name, s.note, s.code.meaning))):
        check_text(line)
    return Loaded(labels, tuple(line for line in labels.notes if not _MATCHED.fullmatch(line)))


def cases() -> tuple[Case, ...]:
    """Every mutation once; good objects among them show that the good ones are read."""
    return (*_segmentations(), *_structure_sets(), *_others())


def _segmentations() -> list[Case]:
    fine, named = TRUTH, TRUTH | WARNED
    plain: list[tuple[str, Edit, frozenset[str]]] = [
        ("seg-good", _nothing, fine),
        ("seg-script-as-label", lambda d: _set(d.SegmentSequence[0], SegmentLabel="<script>../../evil\r\n"), named),
        ("seg-colour-of-two", lambda d: _set(d.SegmentSequence[0], RecommendedDisplayCIELabValue=[1, 2]), named),
        ("seg-frame-of-reference-of-another", lambda d: _set(d, FrameOfReferenceUID="1.2.3"), WARNED),
        ("seg-pixels-cut", lambda d: _set(d, PixelData=d.PixelData[:-40]), REFUSED),
        ("seg-a-million-frames", lambda d: _set(d, NumberOfFrames=1_000_000), REFUSED),
        ("seg-one-frame-more", lambda d: _set(d, NumberOfFrames=int(d.NumberOfFrames) + 1), REFUSED),
        ("seg-rows-65535", lambda d: _set(d, Rows=65535, Columns=65535), REFUSED),
        ("seg-bits-lie", lambda d: _set(d, BitsAllocated=8, BitsStored=8), REFUSED),
        ("seg-bits-absurd", lambda d: _set(d, BitsAllocated=65535), REFUSED),
        ("seg-no-segments", lambda d: _without(d, "SegmentSequence"), REFUSED),
        ("seg-no-frames", lambda d: _without(d, "PerFrameFunctionalGroupsSequence"), REFUSED),
        ("seg-no-positions", lambda d: [_without(f, "PlanePositionSequence") for f in _frames(d)], REFUSED),
        ("seg-position-nan", lambda d: _text(_frames(d)[2].PlanePositionSequence[0], "ImagePositionPatient",
                                             rb"nan\0\0"), REFUSED),
        ("seg-positions-scattered", partial(_moved, by=(0.0, 0.0, 0.9), only=2), REFUSED),
        ("seg-half-a-voxel-beside", partial(_moved, by=(0.35, 0.0, 0.0)), REFUSED),
        ("seg-beyond-the-scan", partial(_moved, by=(0.0, 0.0, 7.5)), REFUSED),
        ("seg-planes-far-apart", partial(_moved, by=(0.0, 0.0, 90_000.0), only=2), REFUSED),
        ("seg-orientation-zero", lambda d: _set(d.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0],
                                                ImageOrientationPatient=[0, 0, 0, 0, 0, 0]), REFUSED),
        ("seg-frame-of-no-segment", lambda d: _set(_frames(d)[1].SegmentIdentificationSequence[0],
                                                   ReferencedSegmentNumber=7), REFUSED),
        ("seg-number-twice", lambda d: _set(d.SegmentSequence[1], SegmentNumber=1), REFUSED),
        ("seg-number-zero", lambda d: _set(d.SegmentSequence[1], SegmentNumber=0), REFUSED),
        ("seg-type-unknown", lambda d: _set(d, SegmentationType="GUESS"), REFUSED),
        ("seg-of-other-images", _elsewhere, REFUSED),
        ("seg-calls-itself-a-report", lambda d: _set(d, SOPClassUID=_REPORT), REFUSED),
    ]  # fmt: skip
    made = [Case(name, FAMILY, partial(_write_seg, "BINARY", edit), RUN, right, same) for name, edit, right in plain]
    beyond = lambda d: _set(d, MaximumFractionalValue=100)  # noqa: E731
    undescribed = lambda d: _set(d.SegmentSequence[1], SegmentNumber=9)  # noqa: E731
    return [
        *made,
        Case("seg-fraction-good", FAMILY, partial(_write_seg, "FRACTIONAL", _nothing), RUN, TRUTH, same),
        Case("seg-label-map-good", FAMILY, partial(_write_seg, "LABELMAP", _nothing), RUN, TRUTH, same),
        Case("seg-fraction-beyond-maximum", FAMILY, partial(_write_seg, "FRACTIONAL", beyond), RUN, REFUSED),
        Case("seg-label-map-value-undescribed", FAMILY, partial(_write_seg, "LABELMAP", undescribed), RUN, REFUSED),
        Case("seg-cut-file", FAMILY, partial(_write_bytes, lambda data: data[: len(data) * 2 // 3]), RUN, REFUSED),
        Case("seg-nested-5000-deep", FAMILY, partial(_write_bytes, _nested), RUN, REFUSED),
        Case("seg-deflate-bomb", FAMILY, partial(_write_bytes, _bomb), RUN, REFUSED),
        Case("seg-length-lies", FAMILY, partial(_write_bytes, _long), RUN, TRUTH | REFUSED, same),
    ]


def _structure_sets() -> list[Case]:
    def contour(dataset: Dataset, region: int = 0) -> Dataset:
        return dataset.ROIContourSequence[region].ContourSequence[0]

    nothing = TRUTH | WARNED
    listed: list[tuple[str, Edit, frozenset[str]]] = [
        ("rt-good", _nothing, TRUTH),
        ("rt-points-besides", partial(_besides, kind="POINT"), WARNED),
        ("rt-without-observations", lambda d: _without(d, "RTROIObservationsSequence"), nothing),
        ("rt-colour-beyond", lambda d: _set(d.ROIContourSequence[0], ROIDisplayColor=[300, 0, 0]), nothing),
        ("rt-nan", lambda d: set_contour_text(contour(d), b"1\\2\\nan"), REFUSED),
        ("rt-words", lambda d: set_contour_text(contour(d), b"here\\and\\there"), REFUSED),
        ("rt-blank-number", lambda d: set_contour_text(contour(d), b"1\\ \\3"), REFUSED),
        ("rt-two-coordinates", lambda d: set_contour_text(contour(d), b"1\\2\\3\\4"), REFUSED),
        ("rt-a-million-points", lambda d: set_contour_text(contour(d), b"1\\2\\3\\" * 999_999 + b"1\\2\\3"), REFUSED),
        ("rt-count-lies", lambda d: _set(contour(d), NumberOfContourPoints=99), REFUSED),
        ("rt-across-the-slices", lambda d: [_tilted(one) for one in _contours(d)], REFUSED),
        ("rt-far-away", lambda d: [_replaced(one, 9_000.0) for one in _contours(d)], REFUSED),
        ("rt-region-undescribed", lambda d: _set(d.ROIContourSequence[0], ReferencedROINumber=9), REFUSED),
        ("rt-region-outlined-twice", lambda d: _set(d.ROIContourSequence[0], ReferencedROINumber=2), REFUSED),
        ("rt-number-twice", lambda d: _set(d.StructureSetROISequence[0], ROINumber=2), REFUSED),
        ("rt-of-other-images", lambda d: _set(contour(d).ContourImageSequence[0], ReferencedSOPInstanceUID="1.9"),
         REFUSED),
        ("rt-no-regions", lambda d: _without(d, "StructureSetROISequence"), REFUSED),
        ("rt-of-another-frame", _other_frame, REFUSED),
    ]  # fmt: skip
    made = [Case(name, FAMILY, partial(_write_set, edit), RUN, allowed, same) for name, edit, allowed in listed]
    flat = Case("rt-outline-without-area", FAMILY, partial(_write_set, _flat), RUN, WARNED, same, word="no centre")
    empty = Case("rt-region-without-outlines", FAMILY, partial(_write_set, _emptied), RUN, WARNED,
                 same_without_spleen, word="without a voxel")
    wound = Case("rt-winds-without-end", FAMILY, partial(_write_set, _winding), RUN, WARNED, same, word="left out")
    return [*made, flat, empty, wound]


def _others() -> list[Case]:
    def report(items: int) -> Dataset:
        dataset = make_structure_set({})
        for keyword in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"):
            del dataset[keyword]
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = _REPORT
        dataset.ContentSequence = Items([_item(ValueType="TEXT", TextValue="liver") for _ in range(items)])
        return dataset

    return [
        Case("sr-report", FAMILY, lambda folder: _written(folder, to_bytes(report(3))), RUN, REFUSED),
        Case("sr-of-2000-items", FAMILY, lambda folder: _written(folder, to_bytes(report(2000))), RUN, REFUSED),
        Case("sr-nested-5000-deep", FAMILY, lambda folder: _written(folder, _nested(to_bytes(report(1)))), RUN,
             REFUSED),
        Case("sr-empty-file", FAMILY, lambda folder: _written(folder, b""), RUN, REFUSED),
    ]


def same(labels: LabelMap) -> bool:
    """Tell whether every voxel is labelled as it was drawn, whatever the segments are called."""
    masks = [labels.array[s.layer] == s.value for s in labels.segments if not s.absent]
    truth = list(true_masks().values())
    return len(masks) == len(truth) and all(map(np.array_equal, masks, truth))


def same_without_spleen(labels: LabelMap) -> bool:
    """The same for an object whose second segment has nothing."""
    return labels.names == ("liver",) and np.array_equal(labels.mask("liver"), true_masks()["liver"]) and (
        labels.segment("spleen").state == "not found")


def _write_seg(kind: str, edit: Edit, folder: Path) -> Path:
    dataset = _good_seg(folder, kind)
    edit(dataset)
    return _written(folder, to_bytes(dataset))


def _write_bytes(rewrite: Rewrite, folder: Path) -> Path:
    return _written(folder, rewrite(to_bytes(_good_seg(folder, "BINARY"))))


def _write_set(edit: Edit, folder: Path) -> Path:
    dataset = pydicom.dcmread(BytesIO(to_bytes(_good_set())))
    edit(dataset)
    return _written(folder, to_bytes(dataset))


def _good_seg(folder: Path, kind: str) -> Dataset:
    truth = write_series(folder / "series", shape=SHAPE, spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM)
    return make_seg(truth.files, {name.title(): mask for name, mask in true_masks().items()}, kind)


def _good_set() -> Dataset:
    """Outlines half a pixel around the boxes."""
    regions: dict[str, list[tuple[np.ndarray, str]]] = {}
    for name, mask in true_masks().items():
        regions[name.title()] = []
        for k in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
            rows, columns = np.nonzero(mask[k])
            top, bottom, left, right = rows.min() - 0.5, rows.max() + 0.5, columns.min() - 0.5, columns.max() + 0.5
            corners = [(top, left), (top, right), (bottom, right), (bottom, left)]
            regions[name.title()].append((_points(k, corners), _uid(k)))
    return make_structure_set(regions, images=[_uid(k) for k in range(SHAPE[0])])


def _points(k: int, corners: list[tuple[float, float]]) -> np.ndarray:
    depth, down, right = SPACING_MM
    x, y, z = ORIGIN_MM
    return np.array([(x + column * right, y + row * down, z + k * depth) for row, column in corners])


def _uid(k: int) -> str:
    return f"1.2.826.0.1.3680043.10.9999.1.{k + 1}"


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "object.dcm"
    path.write_bytes(data)
    return path


def _nothing(_dataset: Dataset) -> None:
    """Leave an object as it is."""


def _item(**values: object) -> Dataset:
    return _set(Dataset(), **values)


def _set(item: Dataset, **values: object) -> Dataset:
    with pydicom.config.disable_value_validation():
        for keyword, value in values.items():
            setattr(item, keyword, value)
    return item


def _without(item: Dataset, keyword: str) -> None:
    if keyword in item:
        del item[keyword]


def _text(item: Dataset, keyword: str, text: bytes) -> None:
    """Put bytes into an element that the library would not take."""
    item[pydicom.tag.Tag(keyword)] = pydicom.DataElement(keyword, "OB", text + b" " * (len(text) % 2))


def _frames(dataset: Dataset) -> list[Dataset]:
    return list(dataset.PerFrameFunctionalGroupsSequence)


def _contours(dataset: Dataset) -> list[Dataset]:
    return [contour for region in dataset.ROIContourSequence for contour in region.ContourSequence]


def _moved(dataset: Dataset, by: tuple[float, float, float], only: int | None = None) -> None:
    for number, frame in enumerate(_frames(dataset)):
        if only in (None, number):
            place = frame.PlanePositionSequence[0]
            moved = [float(v) + step for v, step in zip(place.ImagePositionPatient, by, strict=True)]
            place.ImagePositionPatient = [f"{value:.6g}" for value in moved]


def _elsewhere(dataset: Dataset) -> None:
    dataset.FrameOfReferenceUID = "1.2.3"
    images = [item for series in dataset.ReferencedSeriesSequence for item in series.ReferencedInstanceSequence]
    images += list(dataset.get("SourceImageSequence") or [])
    for frame in _frames(dataset):
        images += [item for one in frame.DerivationImageSequence for item in one.SourceImageSequence]
    for image in images:
        image.ReferencedSOPInstanceUID += ".7"


def _other_frame(dataset: Dataset) -> None:
    for region in dataset.StructureSetROISequence:
        region.ReferencedFrameOfReferenceUID = "1.2.3"
    for contour in _contours(dataset):
        del contour.ContourImageSequence
    del dataset.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence


def _besides(dataset: Dataset, kind: str) -> None:
    extra = _item(ContourGeometricType=kind, NumberOfContourPoints=1, ContourData=["1", "2", "3"])
    dataset.ROIContourSequence[0].ContourSequence.append(extra)


def _winding(dataset: Dataset) -> None:
    """To and fro, far beyond the scan on both sides: millions of crossings."""
    contour = _contours(dataset)[0]
    x, y, z = ORIGIN_MM
    pair = f"{x:g}\\{y - 2e4:g}\\{z + 2.5:g}\\{x + 9:g}\\{y + 9e4:g}\\{z + 2.5:g}".encode()
    set_contour_text(contour, b"\\".join([pair] * 60_000))
    contour.NumberOfContourPoints = 120_000


def _replaced(contour: Dataset, up_mm: float) -> None:
    numbers = [float(v) for v in contour.ContourData]
    numbers[2::3] = [z + up_mm for z in numbers[2::3]]
    contour.ContourData = [f"{v:.6g}" for v in numbers]


def _tilted(contour: Dataset) -> None:
    numbers = [float(v) for v in contour.ContourData]
    numbers[2] += 4.0
    contour.ContourData = [f"{v:.6g}" for v in numbers]


def _flat(dataset: Dataset) -> None:
    """One more region: three points on a line between the rows."""
    described, outlined = _item(ROINumber=3, ROIName="line"), _item(ReferencedROINumber=3)
    described.ReferencedFrameOfReferenceUID = FRAME
    points = _points(2, [(4.5, 3.25), (4.5, 9.25), (4.5, 6.25)])
    contour = _item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=3)
    contour.ContourData = [f"{v:.6g}" for v in points.reshape(-1)]
    outlined.ContourSequence = Items([contour])
    dataset.StructureSetROISequence.append(described)
    dataset.ROIContourSequence.append(outlined)


def _emptied(dataset: Dataset) -> None:
    del dataset.ROIContourSequence[1].ContourSequence


def _nested(data: bytes) -> bytes:
    """Add a private sequence whose items hold each other, 5000 deep (explicit little endian, lengths not stated)."""
    start = struct.pack("<HH2sHIHHI", 0x7FE1, 0x1001, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return data + start * 5000 + end * 5000


def _bomb(data: bytes) -> bytes:
    """Say that the file is deflated and let it inflate to 640 MB of zeros."""
    meta = pydicom.dcmread(BytesIO(data)).file_meta
    meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    head = BytesIO()
    pydicom.filewriter.write_file_meta_info(head, meta)
    deflater = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    element = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 40 * 2**24)
    zeros = bytes(2**24)
    body = deflater.compress(element) + b"".join(deflater.compress(zeros) for _ in range(40)) + deflater.flush()
    return b"\0" * 128 + b"DICM" + head.getvalue() + body


def _long(data: bytes) -> bytes:
    """Let the pixel data claim 4 GB."""
    at = data.rindex(b"\xe0\x7f\x10\x00OB")
    return data[: at + 8] + struct.pack("<I", 0xFFFFFFF0) + data[at + 12 :]
