"""Small DICOM series for tests, written with pydicom from a geometry that is known exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import format_number_as_ds

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
LITTLE = ExplicitVRLittleEndian
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))

Edit = Callable[[int, Dataset], None]


@dataclass(frozen=True, eq=False)
class Truth:
    """What was written: stored values [k, row, column] by slice along the stacking direction, positions, files."""

    stored: np.ndarray
    positions_mm: np.ndarray
    row: np.ndarray
    column: np.ndarray
    step: np.ndarray
    spacing_mm: tuple[float, float, float]
    files: tuple[Path, ...]

    def world(self, k: float, row: float, column: float) -> np.ndarray:
        """Centre of a pixel in LPS mm, from the definition in PS3.3 C.7.6.2.1.1 plus the stacking step."""
        return (
            self.positions_mm[0]
            + self.step * k
            + self.column * self.spacing_mm[1] * row
            + self.row * self.spacing_mm[2] * column
        )


def random_axes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two perpendicular unit vectors in a random direction."""
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return rotation[:, 0], rotation[:, 1]


def write_series(
    folder: Path,
    *,
    shape: tuple[int, int, int] = (8, 12, 10),
    spacing_mm: tuple[float, float, float] = (2.5, 0.8, 0.7),
    axes: tuple[Sequence[float], Sequence[float]] = AXIAL,
    origin_mm: Sequence[float] = (-30.0, -40.0, 50.0),
    descending: bool = False,
    tilt_deg: float = 0.0,
    shifts_mm: Sequence[float] | None = None,
    skip: Sequence[int] = (),
    modality: str = "CT",
    uid: str = "1",
    series_number: int = 3,
    patient: tuple[str, str] = ("Muster^Erika", "ID-4711"),
    slope: float = 1.0,
    intercept: float = -1024.0,
    signed: bool = True,
    stored: np.ndarray | None = None,
    syntax: str = ExplicitVRLittleEndian,
    name: Callable[[int], str] = "slice{:03d}.dcm".format,
    seed: int = 0,
    edit: Edit | None = None,
) -> Truth:
    """Write one series and return what is true about it.

    ``tilt_deg`` shears the stack: each next slice is moved along the column axis as well. ``shifts_mm`` moves slices
    along the normal. ``skip`` leaves slices out. ``edit(k, dataset)`` changes a finished dataset before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    row, column = (np.asarray(axis, float) for axis in axes)
    normal = np.cross(row, column) * (-1.0 if descending else 1.0)
    step = normal * spacing_mm[0] + column * spacing_mm[0] * np.tan(np.radians(tilt_deg))
    positions = np.asarray(origin_mm, float) + np.outer(np.arange(shape[0]), step)
    if shifts_mm is not None:
        positions += np.outer(shifts_mm, normal)
    if stored is None:
        stored = np.random.default_rng(seed).integers(0, 2000, shape).astype(np.int16 if signed else np.uint16)
    files = []
    for k in range(shape[0]):
        if k in skip:
            continue
        dataset = _slice(k, stored[k], positions[k], row, column, spacing_mm, modality, uid, patient, signed)
        dataset.SeriesNumber = series_number
        dataset.RescaleSlope, dataset.RescaleIntercept = _ds(slope), _ds(intercept)
        if edit is not None:
            edit(k, dataset)
        path = folder / name(k)
        save(dataset, path, syntax)
        files.append(path)
    return Truth(stored, positions, row, column, step, spacing_mm, tuple(files))


def save(dataset: FileDataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> None:
    """Write a dataset in a transfer syntax; pydicom encodes what is compressed."""
    uid = pydicom.uid.UID(syntax)
    if uid.is_compressed and not uid.is_deflated:
        dataset.compress(uid, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = uid
    if uid == pydicom.uid.ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    pydicom.dcmwrite(path, dataset, implicit_vr=uid.is_implicit_VR, little_endian=uid.is_little_endian,
                     enforce_file_format=True, force_encoding=False)


def _slice(k, pixels, position, row, column, spacing_mm, modality, uid, patient, signed) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT if modality == "CT" else MR
    meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.10.9999.{uid}.{k + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.10.9999.77"
    dataset.SeriesInstanceUID = f"1.2.826.0.1.3680043.10.9999.{uid}"
    dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.10.9999.88"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Modality = modality
    dataset.Manufacturer = "test bench"
    dataset.SeriesDescription = "abdomen of Erika"
    dataset.PatientName, dataset.PatientID = patient
    dataset.PatientBirthDate = "19601224"
    dataset.StudyDate = "20200229"
    dataset.PatientPosition = "HFS"
    dataset.KVP, dataset.SliceThickness, dataset.ConvolutionKernel = "120", _ds(spacing_mm[0]), "B30f"
    dataset.AcquisitionNumber, dataset.InstanceNumber = 1, k + 1
    dataset.ImagePositionPatient = [_ds(value) for value in position]
    dataset.ImageOrientationPatient = [_ds(value) for value in (*row, *column)]
    dataset.PixelSpacing = [_ds(spacing_mm[1]), _ds(spacing_mm[2])]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = pixels.astype("<i2" if signed else "<u2").tobytes()
    return dataset


def _ds(value: float) -> str:
    return format_number_as_ds(float(value))


def as_localizer(k, dataset):
    """Edit: a scout."""
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]


def as_capture(k, dataset):
    """Edit: a picture of a screen."""
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"


def as_report(k, dataset):
    """Edit: an object without pixels."""
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.22"
    for keyword in ("Rows", "Columns", "PixelData"):
        del dataset[keyword]
