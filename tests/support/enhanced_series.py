"""Enhanced (multi-frame) CT, MR and PET objects for tests, written with pydicom from a geometry known exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

from tests.support.dicom_series import AXIAL, Truth, save

ENHANCED = {
    "CT": "1.2.840.10008.5.1.4.1.1.2.1",
    "MR": "1.2.840.10008.5.1.4.1.1.4.1",
    "PT": "1.2.840.10008.5.1.4.1.1.130",
}
LEGACY = {
    "CT": highdicom.legacy.LegacyConvertedEnhancedCTImage,
    "MR": highdicom.legacy.LegacyConvertedEnhancedMRImage,
    "PT": highdicom.legacy.LegacyConvertedEnhancedPETImage,
}
FRAME_TYPE = {"CT": "CTImageFrameTypeSequence", "MR": "MRImageFrameTypeSequence", "PT": "PETFrameTypeSequence"}
_ROOT = "1.2.826.0.1.3680043.10.9999"

Edit = Callable[[FileDataset], None]


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame to be written: stored values [row, column], its place in LPS mm, and what it says of itself."""

    stored: np.ndarray
    position_mm: np.ndarray
    in_stack: int
    stack: str = "1"
    temporal: int = 1
    slope: float = 1.0
    intercept: float = 0.0
    echo_ms: float | None = None
    b_value: float | None = None
    direction: tuple[float, float, float] | None = None
    frame_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")


def slab(
    *,
    shape: tuple[int, int, int] = (6, 12, 10),
    spacing_mm: tuple[float, float, float] = (2.5, 0.8, 0.7),
    axes: tuple[Sequence[float], Sequence[float]] = AXIAL,
    origin_mm: Sequence[float] = (-30.0, -40.0, 50.0),
    tilt_deg: float = 0.0,
    seed: int = 0,
    signed: bool = True,
    **says: object,
) -> tuple[Truth, list[Frame]]:
    """Return what is true about a stack and its frames in the order of the stack; ``says`` goes into each frame."""
    row, column = (np.asarray(axis, float) for axis in axes)
    step = np.cross(row, column) * spacing_mm[0] + column * spacing_mm[0] * np.tan(np.radians(tilt_deg))
    positions = np.asarray(origin_mm, float) + np.outer(np.arange(shape[0]), step)
    stored = np.random.default_rng(seed).integers(0, 2000, shape).astype(np.int16 if signed else np.uint16)
    frames = [Frame(stored[k], positions[k], in_stack=k + 1, **says) for k in range(shape[0])]
    return Truth(stored, positions, row, column, step, spacing_mm, ()), frames


def shuffled(frames: Sequence[Frame], seed: int = 1) -> list[Frame]:
    """Return the frames in another order."""
    return [frames[k] for k in np.random.default_rng(seed).permutation(len(frames))]


def write_enhanced(
    path: Path,
    truth: Truth,
    frames: Sequence[Frame],
    *,
    modality: str = "CT",
    syntax: str = ExplicitVRLittleEndian,
    undefined_length: bool = False,
    edit: Edit | None = None,
) -> Path:
    """Write one object; what all frames say alike goes into the shared groups, the rest is said by each frame.

    ``edit(dataset)`` changes the finished dataset before its pixels are encoded.
    """
    dataset = _file(modality, frames, truth)
    says = [_groups_of(frame, truth, modality) for frame in frames]
    shared, items = Dataset(), [Dataset() for _ in frames]
    for name in says[0]:
        if name != "FrameContentSequence" and all(one.get(name) == says[0][name] for one in says):
            setattr(shared, name, Items([says[0][name]]))
        else:
            for item, one in zip(items, says, strict=True):
                setattr(item, name, Items([one[name]]))
    _index(dataset, frames, items)
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    dataset.PerFrameFunctionalGroupsSequence = Items(items)
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        dataset[keyword].is_undefined_length = undefined_length
    if edit is not None:
        edit(dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(dataset, path, syntax)
    return path


def with_values(frames: Iterable[Frame], **says: object) -> list[Frame]:
    """Return the frames with other words about themselves."""
    return [replace(frame, **says) for frame in frames]


def convert(files: Iterable[Path], path: Path, modality: str) -> Path:
    """Let highdicom make one legacy converted object of single slices."""
    image = LEGACY[modality](
        legacy_datasets=[pydicom.dcmread(file) for file in files], series_instance_uid=highdicom.UID(),
        series_number=9, sop_instance_uid=highdicom.UID(), instance_number=1,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(path)
    return path


def volume_of_highdicom(path: Path) -> highdicom.Volume:
    """Return the volume that highdicom makes of an object, in rescaled values."""
    dataset = pydicom.dcmread(path)
    if "FrameOfReferenceUID" not in dataset:  # it places no frame without one
        dataset.FrameOfReferenceUID = "1.2.3"
    image = highdicom.Image.from_dataset(dataset)
    return image.get_volume(dtype=np.float64, apply_real_world_transform=False)


def nifti_truth(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the affine of a NIfTI file, turned from its RAS to LPS, and its voxels [i, j, k]."""
    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine, voxels.reshape(voxels.shape[:3])


def _groups_of(frame: Frame, truth: Truth, modality: str) -> dict[str, Dataset]:
    """Return the functional groups of one frame (PS3.3 C.7.6.16.2, C.8.13.5, C.8.15.3), one item each."""
    content = _item(StackID=frame.stack, InStackPositionNumber=frame.in_stack, TemporalPositionIndex=frame.temporal,
                    FrameAcquisitionNumber=1)  # fmt: skip
    kind = _item(FrameType=list(frame.frame_type), PixelPresentation="MONOCHROME", VolumetricProperties="VOLUME",
                 VolumeBasedCalculationTechnique="NONE")  # fmt: skip
    groups = {
        "FrameContentSequence": content,
        "PlanePositionSequence": _item(ImagePositionPatient=_ds(*frame.position_mm)),
        "PlaneOrientationSequence": _item(ImageOrientationPatient=_ds(*truth.row, *truth.column)),
        "PixelMeasuresSequence": _item(PixelSpacing=_ds(*truth.spacing_mm[1:]),
                                       SliceThickness=_ds(truth.spacing_mm[0])[0]),
        "PixelValueTransformationSequence": _item(
            RescaleIntercept=_ds(frame.intercept)[0], RescaleSlope=_ds(frame.slope)[0],
            RescaleType="HU" if modality == "CT" else "US"),
        FRAME_TYPE[modality]: kind,
    }  # fmt: skip
    if modality == "MR":
        kind.ComplexImageComponent, kind.AcquisitionContrast = "MAGNITUDE", "T1"
        groups["MREchoSequence"] = _item(EffectiveEchoTime=3.0 if frame.echo_ms is None else frame.echo_ms)
        if frame.b_value is not None:
            groups["MRDiffusionSequence"] = _diffusion(frame)
    if modality == "CT":
        groups["CTReconstructionSequence"] = _item(ConvolutionKernel="B30f")
        groups["CTXRayDetailsSequence"] = _item(KVP="120")
    return groups


def _diffusion(frame: Frame) -> Dataset:
    item = _item(DiffusionBValue=float(frame.b_value), DiffusionDirectionality="NONE")
    if frame.direction is not None:
        item.DiffusionDirectionality = "DIRECTIONAL"
        item.DiffusionGradientDirectionSequence = Items([_item(DiffusionGradientOrientation=list(frame.direction))])
    return item


def _index(dataset: FileDataset, frames: Sequence[Frame], items: Sequence[Dataset]) -> None:
    """Write the dimension index (PS3.3 C.7.6.17): stack, number in it, then what tells frames of one place apart."""
    uid = f"{_ROOT}.6"
    dataset.DimensionOrganizationSequence = Items([_item(DimensionOrganizationUID=uid)])
    pointers = [("StackID", "FrameContentSequence", "stack"),
                ("InStackPositionNumber", "FrameContentSequence", "in_stack"),
                ("TemporalPositionIndex", "FrameContentSequence", "temporal"),
                ("EffectiveEchoTime", "MREchoSequence", "echo_ms"),
                ("DiffusionBValue", "MRDiffusionSequence", "b_value"),
                ("DiffusionGradientOrientation", "MRDiffusionSequence", "direction")]  # fmt: skip
    pointers = pointers[:2] + [one for one in pointers[2:] if len({getattr(frame, one[2]) for frame in frames}) > 1]
    dataset.DimensionIndexSequence = Items(
        [_item(DimensionOrganizationUID=uid, DimensionIndexPointer=leaf, FunctionalGroupPointer=group)
         for leaf, group, _ in pointers]
    )  # fmt: skip
    ranks = []
    for _, _, name in pointers:
        values = sorted({getattr(frame, name) for frame in frames}, key=lambda value: (value is not None, value))
        ranks.append([values.index(getattr(frame, name)) + 1 for frame in frames])
    for number, item in enumerate(items):
        item.FrameContentSequence[0].DimensionIndexValues = [rank[number] for rank in ranks]


def _file(modality: str, frames: Sequence[Frame], truth: Truth) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ENHANCED[modality]
    meta.MediaStorageSOPInstanceUID = f"{_ROOT}.5.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    signed = frames[0].stored.dtype.kind == "i"
    values = {
        "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": ENHANCED[modality],
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID, "StudyInstanceUID": f"{_ROOT}.77",
        "SeriesInstanceUID": f"{_ROOT}.5", "FrameOfReferenceUID": f"{_ROOT}.88", "Modality": modality,
        "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME", "VolumeBasedCalculationTechnique": "NONE", "Manufacturer": "test bench",
        "PatientName": "Muster^Erika", "PatientID": "ID-4711", "PatientBirthDate": "19601224",
        "StudyDate": "20200229", "PatientPosition": "HFS", "SeriesNumber": 5, "InstanceNumber": 1,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PresentationLUTShape": "IDENTITY",
        "LossyImageCompression": "00", "BurnedInAnnotation": "NO", "NumberOfFrames": len(frames),
        "Rows": truth.stored.shape[1], "Columns": truth.stored.shape[2], "BitsAllocated": 16, "BitsStored": 16,
        "HighBit": 15, "PixelRepresentation": int(signed),
    }  # fmt: skip
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    if modality == "MR":
        dataset.ComplexImageComponent, dataset.AcquisitionContrast = "MAGNITUDE", "T1"
    dataset.PixelData = np.stack([frame.stored for frame in frames]).astype("<i2" if signed else "<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _ds(*values: float) -> list[str]:
    return [format_number_as_ds(float(value)) for value in values]
