"""DICOM SEG objects and RT structure sets for tests, made of masks and outlines that are known exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

FRAME = "1.2.826.0.1.3680043.10.9999.88"  # that of ``dicom_series.write_series``
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
UNCODED = codes.SCT.Tissue


def sources_of(files: Sequence[Path]) -> list[Dataset]:
    """The images of a test series with what highdicom copies and the series leaves out."""
    sources = [pydicom.dcmread(file) for file in files]
    for source in sources:
        for keyword in ("PatientSex", "PatientBirthDate", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            if keyword not in source:
                setattr(source, keyword, "")
    return sources


def make_seg(
    files: Sequence[Path], masks: Mapping[str, np.ndarray], kind: str = "BINARY",
    terms: Mapping[str, Code] | None = None, *, automatic: bool = False, omit_empty: bool = True,
) -> Dataset:
    """A SEG object by highdicom: ``masks`` by label, [k, row, column] in the order of ``files``."""
    how = SegmentAlgorithmTypeValues.AUTOMATIC if automatic else SegmentAlgorithmTypeValues.MANUAL
    more = {}
    if automatic:
        name = highdicom.AlgorithmIdentificationSequence("net", codes.DCM.ArtificialIntelligence, "1")
        more = {"algorithm_identification": name}
    descriptions = [
        SegmentDescription(number, label, codes.SCT.Organ, (terms or {}).get(label, UNCODED), how, **more)
        for number, label in enumerate(masks, start=1)
    ]
    pixels = np.stack(list(masks.values()), axis=-1)
    if kind == "LABELMAP":
        numbers = np.arange(1, pixels.shape[-1] + 1, dtype=np.uint8)
        pixels = (pixels.astype(np.uint8) * numbers).max(axis=-1)
    seg = highdicom.seg.Segmentation(
        sources_of(files), pixels.astype(np.float32 if kind == "FRACTIONAL" else np.uint8), kind, descriptions,
        highdicom.UID(), 1, highdicom.UID(), 1, "maker", "model", "1", "1", omit_empty_frames=omit_empty,
    )
    return pydicom.dcmread(BytesIO(to_bytes(seg)))


def make_structure_set(
    regions: Mapping[str, Sequence[tuple[np.ndarray, str]]], *, frame: str = FRAME, images: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None, colours: Mapping[str, tuple[int, int, int]] | None = None,
    terms: Mapping[str, Code] | None = None,
) -> Dataset:
    """An RT structure set: outlines by region name, each (points [n, 3] in LPS mm, SOP instance UID or "")."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = STRUCTURE_SET
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.10.9999.500.1"
    longest = max((len(points) for found in regions.values() for points, _ in found), default=0)
    # an explicit text value has at most 64 kB
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if longest < 1200 else ImplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = STRUCTURE_SET, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.StructureSetLabel = "RTSTRUCT", "test"
    dataset.PatientName, dataset.PatientID = "Muster^Erika", "ID-4711"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.826.0.1.3680043.10.9999.77", "1.2.3.4.500"
    referenced = _item(FrameOfReferenceUID=frame)
    if images:
        series = _item(SeriesInstanceUID="1.2.826.0.1.3680043.10.9999.1",
                       ContourImageSequence=Items([_image(uid) for uid in images]))
        referenced.RTReferencedStudySequence = Items([_item(RTReferencedSeriesSequence=Items([series]))])
    dataset.ReferencedFrameOfReferenceSequence = Items([referenced])
    dataset.StructureSetROISequence = Items([])
    dataset.ROIContourSequence = Items([])
    dataset.RTROIObservationsSequence = Items([])
    for number, (name, outlines) in enumerate(regions.items(), start=1):
        dataset.StructureSetROISequence.append(
            _item(ROINumber=number, ReferencedFrameOfReferenceUID=frame, ROIName=name, ROIGenerationAlgorithm="MANUAL")
        )
        contours = Items([_contour(points, uid, (kinds or {}).get(name, "CLOSED_PLANAR")) for points, uid in outlines])
        item = _item(ReferencedROINumber=number, ContourSequence=contours)
        if colours and name in colours:
            item.ROIDisplayColor = list(colours[name])
        dataset.ROIContourSequence.append(item)
        seen = _item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN")
        if terms and name in terms:
            term = terms[name]
            seen.RTROIIdentificationCodeSequence = Items([
                _item(CodeValue=term.value, CodingSchemeDesignator=term.scheme_designator, CodeMeaning=term.meaning)
            ])
        dataset.RTROIObservationsSequence.append(seen)
    return dataset


def to_bytes(dataset: Dataset) -> bytes:
    """The bytes of a file."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _contour(points: np.ndarray, uid: str, kind: str) -> Dataset:
    values = np.asarray(points, float).reshape(-1)
    short = len(values) < 10_000  # beyond, the exact and short text of every number takes too long
    text = "\\".join([format_number_as_ds(value) if short else f"{value:.6f}" for value in values.tolist()])
    item = _item(ContourGeometricType=kind, NumberOfContourPoints=len(values) // 3)
    set_contour_text(item, text.encode())
    if uid:
        item.ContourImageSequence = Items([_image(uid)])
    return item


def set_contour_text(item: Dataset, text: bytes) -> None:
    """Put the text of an outline's points into an item as it will stand in the file."""
    if len(text) < 2**16 and not set(text) - set(b"0123456789.-\\"):
        item.ContourData = text.decode().split("\\")
    else:  # too long for a text of an explicit file, or no numbers at all
        item[pydicom.tag.Tag("ContourData")] = DataElement("ContourData", "OB", text + b" " * (len(text) % 2))


def _image(uid: str) -> Dataset:
    return _item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=uid)


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
