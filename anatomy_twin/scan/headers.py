"""One header of one image file, read without its pixels, as plain checked values."""

from __future__ import annotations

import hashlib
import logging
import math
import re
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan.slice_header import SliceHeader

MAX_FILES = 200_000
NOT_DICOM = "non-DICOM file"
UNKNOWN_CLASS = "DICOM object of unknown class"
PHANTOM_MAKER = "anatomy_twin phantom"
_PREAMBLE = 128
# a file without preamble is taken for DICOM only if it begins with a tag of group 2 or 8, in either byte order
_GROUP_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
# a file that is named so and is no DICOM may have been a slice
_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_DIRECTORY = "1.2.840.10008.1.3.10"

TAGS = [
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality", "Manufacturer",
    "SeriesDescription", "PatientName", "PatientID", "PatientBirthDate", "SliceThickness", "KVP",
    "DiffusionBValue", "EchoNumbers", "EchoTime", "GantryDetectorTilt", "TriggerTime", "ConvolutionKernel",
    "PatientPosition", "SeriesInstanceUID", "SeriesNumber", "AcquisitionNumber", "InstanceNumber",
    "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "TemporalPositionIdentifier",
    "TemporalPositionIndex", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns",
    "PixelSpacing", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue",
    "RescaleIntercept", "RescaleSlope", "RescaleType", "LossyImageCompression", "AcquisitionTime",
]  # fmt: skip

PATIENT_POSITIONS = {
    "HFS": "head first, supine", "HFP": "head first, prone", "HFDR": "head first, on the right side",
    "HFDL": "head first, on the left side", "FFS": "feet first, supine", "FFP": "feet first, prone",
    "FFDR": "feet first, on the right side", "FFDL": "feet first, on the left side",
}  # fmt: skip


@contextmanager
def foreign_data(what: str, *, where: str = "", advice: str = "") -> Iterator[None]:
    """Turn whatever a parser or decoder raises on other people's bytes into one ``ScanError``.

    Warnings and log lines of pydicom are held back meanwhile: they may quote a patient's name.
    """
    logger = logging.getLogger("pydicom")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except TwinError:
        raise
    except Exception as error:
        raise ScanError(f"{what}: {type(error).__name__}", where=where, advice=advice) from error
    finally:
        logger.disabled = was_disabled


def find_files(path: Path) -> list[Path]:
    """Return the regular files at or under ``path`` in sorted order; linked folders are not followed."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ScanError("no such file or folder", where=str(path), advice="give a DICOM file or a folder of them")
    found: list[Path] = []
    folders = [path]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise ScanError("a folder cannot be read", where=str(folder), advice="check its permissions") from error
        for entry in entries:
            if entry.is_dir():
                if not entry.is_symlink():
                    folders.append(entry)
            elif entry.is_file():
                found.append(entry)
        if len(found) > MAX_FILES:
            raise ScanError(f"more than {MAX_FILES} files", where=str(path), advice="give the folder of one study")
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Listing:
    """The outcome of a header pass: the images, what else there was (name -> count), and the broken files."""

    headers: tuple[SliceHeader, ...]
    others: dict[str, int]
    broken: tuple[Path, ...]


def read_headers(files: list[Path], monitor: Monitor = SILENT) -> Listing:
    """Read the headers of ``files``; a file that is not DICOM is counted, one that is broken DICOM is listed."""
    headers: list[SliceHeader] = []
    others: dict[str, int] = {}
    broken: list[Path] = []
    for number, file in enumerate(files):
        check_cancelled(monitor)
        monitor.progress(number / len(files))
        try:
            found = read_header(file)
        except ScanError:
            broken.append(file)
            continue
        if found == NOT_DICOM and len(files) > 1 and file.suffix.lower() in _DICOM_SUFFIXES:
            broken.append(file)
        elif isinstance(found, str):
            others[found] = others.get(found, 0) + 1
        else:
            headers.append(found)
    return Listing(tuple(headers), others, tuple(broken))


def read_header(path: Path) -> SliceHeader | str:
    """Return the header of an image file, or the name of what the file is instead.

    Raises ``ScanError`` where the file says that it is DICOM and cannot be parsed.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(_PREAMBLE + 4)
    except OSError as error:
        raise ScanError("a file cannot be read", advice="check its permissions") from error
    marked = start[_PREAMBLE:] == b"DICM"
    if not marked and start[:2] not in _GROUP_STARTS:
        return NOT_DICOM
    try:
        with foreign_data("broken DICOM header"):
            dataset = pydicom.dcmread(path, force=not marked, stop_before_pixels=True, specific_tags=list(TAGS))
            name = class_name(dataset)
            if name and "Rows" in dataset:
                return _header_of(path, dataset, name)
    except ScanError:
        if marked:
            raise
        return NOT_DICOM
    if not name and not marked:
        return NOT_DICOM
    if not name or name.endswith("Image"):
        raise ScanError("a DICOM file has lost its class or its image", advice="copy the series again")
    return name


def class_name(dataset: pydicom.Dataset) -> str:
    """Return the name of the SOP class in plain words, or nothing where it has none."""
    uid = _text(dataset, "SOPClassUID") or str(getattr(dataset, "file_meta", {}).get("MediaStorageSOPClassUID", ""))
    if uid == _DIRECTORY:
        return "DICOMDIR"
    name = uid_name(uid) if uid else ""
    return name.removesuffix(" Storage") if name != uid else (UNKNOWN_CLASS if uid else "")


def quiet_uid(text: str) -> pydicom.uid.UID:
    """Return a UID that is not checked: foreign ones may be malformed, and pydicom would warn."""
    return pydicom.uid.UID(text, pydicom.config.IGNORE)


def uid_name(text: str) -> str:
    """Return the registered name of a UID, or the UID itself."""
    return str(quiet_uid(text).name)


def private_uid(text: str) -> str:
    """Return a UID that stands for another one in what is stored: equal for equal ones, not to be turned back.

    A name-based UUID (RFC 9562, version 5) below the root 2.25, which DICOM PS3.5 B.2 sets aside for UUIDs.
    """
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'anatomy_twin {text}').int}" if text else ""


def read_dataset(data: bytes) -> pydicom.Dataset:
    """Parse the bytes of a whole file that the header pass has accepted; the transfer syntax is always set."""
    dataset = pydicom.dcmread(BytesIO(data), force=True)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax_of(dataset)
    return dataset


def transfer_syntax_of(dataset: pydicom.Dataset) -> pydicom.uid.UID:
    """Return the transfer syntax, from the encoding that was found where the file names none."""
    named = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if named:
        return quiet_uid(named)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _header_of(path: Path, dataset: pydicom.Dataset, name: str) -> SliceHeader:
    image_type = tuple(part.upper() for part in _texts(dataset, "ImageType"))
    phase = ("TemporalPositionIdentifier", "TemporalPositionIndex", "EchoNumbers", "EchoTime", "DiffusionBValue",
             "TriggerTime", "AcquisitionNumber", "AcquisitionTime")  # fmt: skip
    words, key = _patient(dataset)
    return SliceHeader(
        path=path,
        patient_key=key,
        patient_words=words,
        description=_text(dataset, "SeriesDescription"),
        sop_uid=_text(dataset, "SOPInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        series_number=_integer(dataset, "SeriesNumber"),
        modality=_text(dataset, "Modality").upper(),
        aside=_aside(dataset, name, image_type),
        image_type=image_type,
        rows=_integer(dataset, "Rows") or 0,
        columns=_integer(dataset, "Columns") or 0,
        position_mm=_numbers(dataset, "ImagePositionPatient", 3),
        orientation=_numbers(dataset, "ImageOrientationPatient", 6),
        pixel_spacing_mm=_numbers(dataset, "PixelSpacing", 2),
        thickness_mm=_number(dataset, "SliceThickness"),
        frame_of_reference_uid=private_uid(_text(dataset, "FrameOfReferenceUID")),
        instance_number=_integer(dataset, "InstanceNumber"),
        phase=tuple((keyword, "\\".join(_texts(dataset, keyword))) for keyword in phase),
        slope=_number(dataset, "RescaleSlope"),
        intercept=_number(dataset, "RescaleIntercept"),
        rescale_type=_text(dataset, "RescaleType").upper(),
        photometric=_text(dataset, "PhotometricInterpretation").upper(),
        tilt_deg=_number(dataset, "GantryDetectorTilt"),
        patient_position=_text(dataset, "PatientPosition").upper(),
        kvp=_number(dataset, "KVP"),
        kernel=_text(dataset, "ConvolutionKernel"),
        transfer_syntax=str(transfer_syntax_of(dataset)),
        lossy=_text(dataset, "LossyImageCompression") == "01",
        synthetic=PHANTOM_MAKER in _text(dataset, "Manufacturer"),
    )


def _aside(dataset: pydicom.Dataset, name: str, image_type: tuple[str, ...]) -> str:
    """Say why an image is no slice of a volume; nothing if it may be one."""
    if "LOCALIZER" in image_type or "SCOUT" in image_type:
        return "localizer"
    if _text(dataset, "SOPClassUID").startswith(_SECONDARY_CAPTURE):
        return "secondary capture"
    if (_integer(dataset, "SamplesPerPixel") or 1) != 1 or not _is_grey(dataset):
        return "colour image"
    if name.startswith("Enhanced") or (_integer(dataset, "NumberOfFrames") or 1) > 1:
        return "multi-frame image"
    if _text(dataset, "Modality").upper() in {"SEG", "RTDOSE", "RWV", "PR", "KO"}:
        return name
    return ""


def _is_grey(dataset: pydicom.Dataset) -> bool:
    return _text(dataset, "PhotometricInterpretation").upper() in {"MONOCHROME1", "MONOCHROME2", ""}


def _patient(dataset: pydicom.Dataset) -> tuple[frozenset[str], str]:
    """Return the words that name the patient, and a hash that only tells one patient from another."""
    name = " ".join(part for part in re.split(r"[\^=\s]+", _text(dataset, "PatientName")) if part).upper()
    identity = (_text(dataset, "PatientID").upper(), name, _text(dataset, "PatientBirthDate"))
    words = {word for text in identity for word in re.split(r"\W+", text) if len(word) > 2}
    key = hashlib.sha256("\x1f".join(("anatomy_twin patient", *identity)).encode()).hexdigest()[:16]
    return frozenset(words), key


def _value(dataset: pydicom.Dataset, keyword: str) -> Any:
    """Return the value of an element, or ``None`` where it is absent or breaks its own type."""
    try:
        return dataset.get(keyword)
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, NotImplementedError):
        return None


def _texts(dataset: pydicom.Dataset, keyword: str) -> tuple[str, ...]:
    value = _value(dataset, keyword)
    if value is None:
        return ()
    parts = value if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
    return tuple(" ".join("".join(c if c.isprintable() else " " for c in str(part)).split()) for part in parts)


def _text(dataset: pydicom.Dataset, keyword: str) -> str:
    return "\\".join(_texts(dataset, keyword))


def _numbers(dataset: pydicom.Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    texts = _texts(dataset, keyword)
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        return None
    return numbers if len(numbers) == count and all(math.isfinite(number) for number in numbers) else None


def _number(dataset: pydicom.Dataset, keyword: str) -> float | None:
    numbers = _numbers(dataset, keyword, 1)
    return numbers[0] if numbers else None


def _integer(dataset: pydicom.Dataset, keyword: str) -> int | None:
    number = _number(dataset, keyword)
    return int(number) if number is not None and number == int(number) else None
