"""The exact labels of a synthetic patient as a DICOM segmentation beside its series."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from anatomy_twin.core import Segment
from anatomy_twin.errors import UsageError
from anatomy_twin.phantom.patient import SyntheticPatient
from anatomy_twin.phantom.series import DAY, IMPLEMENTATION, MANUFACTURER, series_key
from anatomy_twin.phantom.uids import make_uid

# SNOMED CT codes of the property categories, DICOM PS3.16 CID 7150
CATEGORIES = {
    **dict.fromkeys(("tumour", "lesion", "kidney_lesion", "left_atrial_fibrosis"),
                    ("49755003", "Morphologically Abnormal Structure")),
    "": ("123037004", "Anatomical Structure"),
}


def write_truth_seg(patient: SyntheticPatient, target: str | Path, series: str | Path) -> Path:
    """Write all truth segments as one DICOM SEG (BINARY, overlaps allowed) and return its path.

    ``target`` is the file, or a folder that gets ``truth_seg.dcm``; ``series`` is the folder that ``write_series``
    filled, whose images the segmentation refers to (``UsageError`` if their number is not the volume's).
    """
    files = sorted(Path(series).glob("*.dcm"))
    if len(files) != patient.volume.geometry.shape[0]:
        raise UsageError("the folder does not hold the series of this patient", advice="write the series first")
    sources = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    path = Path(target)
    path = path / "truth_seg.dcm" if path.suffix != ".dcm" else path
    path.parent.mkdir(parents=True, exist_ok=True)
    segments = [segment for segment in patient.truth.segments if not segment.absent]
    # files run from the head down, arrays from the feet up
    masks = np.stack([_own(patient, segment)[::-1] for segment in segments], axis=-1).astype(np.uint8)
    key = series_key(patient)
    result = hd.seg.Segmentation(
        source_images=sources, pixel_array=masks, segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(n, segment) for n, segment in enumerate(segments, start=1)],
        series_instance_uid=make_uid("truth series", *key), series_number=900,
        sop_instance_uid=make_uid("truth", *key), instance_number=1, manufacturer=MANUFACTURER,
        manufacturer_model_name="seeded patient generator", software_versions="1",
        device_serial_number=f"seed {patient.facts['seed']}", content_description="Ground truth of a synthetic patient",
        content_label="TRUTH", omit_empty_frames=True,
    )
    result.ContentDate = result.SeriesDate = result.InstanceCreationDate = DAY
    result.ContentTime = result.SeriesTime = result.InstanceCreationTime = "120000"
    _fix_uids(result, key)
    del result.ContributingEquipmentSequence  # the library's own version and the time of day
    result.file_meta.ImplementationClassUID = UID(IMPLEMENTATION)
    result.file_meta.ImplementationVersionName = "ANATOMY_TWIN"
    # bit masks of mostly nothing: deflating makes the file some fifty times smaller
    result.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    result.save_as(path, enforce_file_format=True)
    return path


def _own(patient: SyntheticPatient, segment: Segment) -> np.ndarray:
    return patient.truth.array[segment.layer] == segment.value


def _fix_uids(dataset: pydicom.Dataset, key: tuple[str, ...]) -> None:
    """Replace the identifiers that the library draws at random (dimension organisation) by ones made from ``key``."""
    uid = UID(make_uid("dimensions", *key))
    for item in dataset.DimensionOrganizationSequence:
        item.DimensionOrganizationUID = uid
    for item in dataset.DimensionIndexSequence:
        item.DimensionOrganizationUID = uid


def _description(number: int, segment: Segment) -> hd.seg.SegmentDescription:
    stem, _, side = segment.name.rpartition("_")
    category = CATEGORIES.get(stem if side.isdigit() else segment.name, CATEGORIES[""])
    description = hd.seg.SegmentDescription(
        segment_number=number, segment_label=segment.name,
        segmented_property_category=hd.sr.CodedConcept(category[0], "SCT", category[1]),
        segmented_property_type=hd.sr.CodedConcept(segment.code.value, segment.code.scheme, segment.code.meaning),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name="anatomy_twin phantom", version="1",
            family=hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
        ),
    )
    description.RecommendedDisplayCIELabValue = list(hd.color.CIELabColor.from_rgb(*segment.colour).value)
    return description
