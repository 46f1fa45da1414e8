"""One header of one image file, read without its pixels, as plain checked values."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pydicom

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan.grid_file import is_grid_file
from anatomy_twin.scan.prescan import FileMap, NoDicomError, media_class, prescan
from anatomy_twin.scan.slice_header import PixelSource, SliceHeader
from anatomy_twin.scan.values import HeaderValues, tags_of

MAX_FILES = 200_000
NOT_DICOM = "non-DICOM file"
VOLUME_FILE = "NIfTI, NRRD or MetaImage file"
UNKNOWN_CLASS = "DICOM object of unknown class"
UNAPPLIED_MAPPING = "a real world value mapping is given and not applied"
PHANTOM_MAKER = "anatomy_twin phantom"
# a file that is named so and is no DICOM may have been a slice
_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_DIRECTORY = "1.2.840.10008.1.3.10"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"  # younger than the dictionary of pydicom
# multi-frame images that place each frame in the patient: Enhanced and Legacy Converted Enhanced CT, MR, PET
ENHANCED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.{ending}" for ending in ("2.1", "2.2", "4.1", "4.4", "130", "128.1")
)

# what may tell two images at one place apart
_PHASE = (
    "TemporalPositionIdentifier", "TemporalPositionIndex", "EchoNumbers", "EchoTime", "DiffusionBValue",
    "DiffusionGradientOrientation", "InversionTime", "FlipAngle", "TriggerTime", "NominalCardiacTriggerDelayTime",
    "FrameReferenceTime", "StackID", "AcquisitionNumber", "AcquisitionTime", "ContentTime",
)  # fmt: skip
TAGS = tags_of([
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality", "Manufacturer",
    "SeriesDescription", "PatientName", "PatientID", "PatientBirthDate", "SliceThickness", "KVP",
    "GantryDetectorTilt", "ConvolutionKernel", "PatientPosition", "SeriesInstanceUID", "SeriesNumber",
    "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "SamplesPerPixel",
    "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelPaddingValue", "RescaleIntercept", "RescaleSlope", "RescaleType",
    "LossyImageCompression", "Units", "ModalityLUTSequence", "MediaStorageSOPClassUID",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "RealWorldValueMappingSequence", *_PHASE,
])  # fmt: skip
_WANTED = frozenset(TAGS.values())

# for series that do not state it
_MODALITY_OF = {
    f"1.2.840.10008.5.1.4.1.1.{ending}": modality
    for modality, endings in (("CT", "2 2.1 2.2"), ("MR", "4 4.1 4.4"), ("PT", "128 130 128.1"))
    for ending in endings.split()
}
# PS3.3 C.7.3.1.1.1, as far as they are of images
_MODALITIES = frozenset({
    "AR", "BI", "BMD", "CR", "CT", "DMS", "DX", "ECG", "ES", "FID", "GM", "IO", "IVOCT", "IVUS", "KER", "KO", "LEN",
    "LS", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "OT", "PA", "PR", "PT",
    "PX", "RF", "RG", "RTDOSE", "RTIMAGE", "RWV", "SEG", "SM", "SR", "SRF", "TG", "US", "VA", "XA", "XC",
})  # fmt: skip
_GREY = {"MONOCHROME1", "MONOCHROME2"}
_COLOUR = {
    "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT",
    "XYB", "HSV", "ARGB", "CMYK",
}  # fmt: skip

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
    found: list[str] = []
    folders = [str(path)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir():
                        if not entry.is_symlink():
                            folders.append(entry.path)
                    elif entry.is_file():
                        found.append(entry.path)
        except OSError as error:
            raise ScanError("a folder cannot be read", where=folder, advice="check its permissions") from error
        if len(found) > MAX_FILES:
            raise ScanError(f"more than {MAX_FILES} files", where=str(path), advice="give the folder of one study")
    return sorted(Path(name) for name in found)


@dataclass(frozen=True, slots=True)
class Listing:
    """The outcome of a header pass: the images, what else there was (name -> count), and the broken files.

    ``reasons`` say what is broken, one for each of ``broken``.
    """

    headers: tuple[SliceHeader, ...]
    others: dict[str, int]
    broken: tuple[Path, ...]
    reasons: tuple[str, ...] = ()


def read_headers(files: list[Path], monitor: Monitor = SILENT) -> Listing:
    """Read the headers of ``files``; a file that is not DICOM is counted, one that is broken DICOM is listed."""
    headers: list[SliceHeader] = []
    others: dict[str, int] = {}
    broken: dict[Path, str] = {}
    for number, file in enumerate(files):
        check_cancelled(monitor)
        monitor.progress(number / len(files))
        try:
            found = read_header(file)
        except ScanError as error:
            broken[file] = error.what
            continue
        if found == NOT_DICOM and len(files) > 1 and file.suffix.lower() in _DICOM_SUFFIXES:
            broken[file] = "it is named as DICOM and is none"
        elif isinstance(found, str):
            others[found] = others.get(found, 0) + 1
        else:
            headers += found
    return Listing(tuple(headers), others, tuple(broken), tuple(broken.values()))


def read_header(path: Path) -> tuple[SliceHeader, ...] | str:
    """Return the headers of the frames of an image file, or the name of what the file is instead.

    Raises ``ScanError`` where the file says that it is DICOM and breaks its rules.
    """
    try:
        found = prescan(path, wanted=_WANTED)
        marked = found.marked
        values = HeaderValues(TAGS, found.values, found.little)
        name = class_name(values)
        if name and "Rows" in values:
            return _headers_of(path, found, values, name)
    except NoDicomError:
        return VOLUME_FILE if is_grid_file(path) else NOT_DICOM
    except ScanError:
        name = _class_name(media_class(path))
        if not _may_be_image(name):  # what is broken there is no slice
            return name
        raise
    if not name and not marked:
        return NOT_DICOM
    if _may_be_image(name):
        raise ScanError("a DICOM file has lost its class or its image", advice="copy the series again")
    return name


def class_name(values: HeaderValues) -> str:
    """Return the name of the SOP class in plain words, or nothing where it has none."""
    return _class_name(values.text("SOPClassUID") or values.text("MediaStorageSOPClassUID"))


def _may_be_image(name: str) -> bool:
    """Tell whether objects of a class may be slices: those called an image, and those of unknown class."""
    return not name or name == UNKNOWN_CLASS or "Image" in name


@lru_cache(maxsize=64)
def _class_name(uid: str) -> str:
    if uid == _DIRECTORY:
        return "DICOMDIR"
    if uid == _LABEL_MAP:
        return "Label Map Segmentation"
    name = uid_name(uid)
    return name.removesuffix(" Storage") if name != uid else (UNKNOWN_CLASS if uid else "")


def quiet_uid(text: str) -> pydicom.uid.UID:
    """Return a UID that is not checked: foreign ones may be malformed, and pydicom would warn."""
    return pydicom.uid.UID(text, pydicom.config.IGNORE)


def uid_name(text: str) -> str:
    """Return the registered name of a UID, or the UID itself."""
    known = quiet_uid(text)
    return str(known.name) if known.type else text


@lru_cache(maxsize=8192)
def private_uid(text: str) -> str:
    """Return a UID that stands for another one in what is stored: equal for equal ones, not to be turned back.

    A name-based UUID (RFC 9562, version 5) below the root 2.25, which DICOM PS3.5 B.2 sets aside for UUIDs.
    """
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'anatomy_twin {text}').int}" if text else ""


def _headers_of(path: Path, found: FileMap, values: HeaderValues, name: str) -> tuple[SliceHeader, ...]:
    base = _header_of(path, found, values, name)
    if base.aside or values.text("SOPClassUID") not in ENHANCED:
        return (base,)
    from anatomy_twin.scan.frames import frame_headers, frame_notes  # it builds on this module

    with foreign_data("the frames of an image cannot be placed", advice="export the series again"):
        data = path.read_bytes() if found.inflated is not None or found.pixels is None else _head(path, found)
        dataset = pydicom.dcmread(BytesIO(data), force=True, stop_before_pixels=True)
        notes = frame_notes(dataset)
        return tuple(replace(header, notes=(*base.notes, *notes)) for header in frame_headers(base, dataset))


def _head(path: Path, found: FileMap) -> bytes:
    """Return what stands before the pixels."""
    assert found.pixels is not None
    with path.open("rb") as stream:
        return stream.read(found.pixels.start)


def _header_of(path: Path, found: FileMap, values: HeaderValues, name: str) -> SliceHeader:
    image_type = tuple(part.upper() for part in values.texts("ImageType"))
    words, key = _patient(values)
    return SliceHeader(
        path=path,
        patient_key=key,
        patient_words=words,
        description=values.text("SeriesDescription"),
        sop_uid=values.text("SOPInstanceUID"),
        series_uid=values.text("SeriesInstanceUID"),
        series_number=values.integer("SeriesNumber"),
        modality=_modality(values) or _MODALITY_OF.get(values.text("SOPClassUID"), ""),
        aside=_aside(values, name, image_type),
        image_type=image_type,
        rows=values.integer("Rows") or 0,
        columns=values.integer("Columns") or 0,
        position_mm=values.numbers("ImagePositionPatient", 3),
        orientation=values.numbers("ImageOrientationPatient", 6),
        pixel_spacing_mm=values.numbers("PixelSpacing", 2),
        thickness_mm=values.number("SliceThickness"),
        frame_of_reference_uid=private_uid(values.text("FrameOfReferenceUID")),
        instance_number=values.integer("InstanceNumber"),
        phase=tuple((keyword, values.text(keyword)) for keyword in _PHASE),
        slope=_rescale(values, "RescaleSlope"),
        intercept=_rescale(values, "RescaleIntercept"),
        rescale_type=values.text("RescaleType").upper(),
        photometric=values.text("PhotometricInterpretation").upper(),
        tilt_deg=values.number("GantryDetectorTilt"),
        patient_position=values.text("PatientPosition").upper(),
        kvp=values.number("KVP"),
        kernel=values.text("ConvolutionKernel"),
        transfer_syntax=found.transfer_syntax,
        lossy=values.text("LossyImageCompression") == "01",
        synthetic=PHANTOM_MAKER in values.text("Manufacturer"),
        frame_count=values.integer("NumberOfFrames") or 1,
        units=values.text("Units").upper(),
        notes=_notes(values),
        pixels=_pixel_source(found, values),
    )


def _rescale(values: HeaderValues, keyword: str) -> float | None:
    """Return a number of the value transformation; one that is there and unusable must not be taken for absent."""
    number = values.number(keyword)
    if number is None and values.data(keyword).strip(b" \0"):
        raise ScanError("an image has no usable rescale slope and intercept", advice="copy the series again")
    return number


def _modality(values: HeaderValues) -> str:
    """Return the modality that the header states if it is a known one: any other text could name the patient."""
    text = values.text("Modality").upper()
    return text if text in _MODALITIES else ""


def _notes(values: HeaderValues) -> tuple[str, ...]:
    stated, of_class = _modality(values), _MODALITY_OF.get(values.text("SOPClassUID"), "")
    notes = [UNAPPLIED_MAPPING] if "RealWorldValueMappingSequence" in values else []
    if of_class and not stated:
        notes.append("the series does not state its modality: taken from its class")
    elif of_class and stated != of_class:
        notes.append(f"the series says that it is {stated}, its class that it is {of_class}")
    return tuple(notes)


def _pixel_source(found: FileMap, values: HeaderValues) -> PixelSource:
    bits, stored, high, signed = (
        values.integer(word) for word in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
    )
    return PixelSource(
        found.pixels, found.little, bits, stored, high, signed, values.data("PixelPaddingValue"),
        "ModalityLUTSequence" in values, found.inflated is not None, found.stamp,
    )


def _aside(values: HeaderValues, name: str, image_type: tuple[str, ...]) -> str:
    """Say why an image is no slice of a volume; nothing if it may be one."""
    if "LOCALIZER" in image_type or "SCOUT" in image_type:
        return "localizer"
    if not _may_be_image(name) or "Spectroscopy" in name:
        return name
    photometric = values.text("PhotometricInterpretation").upper()
    if photometric and photometric not in _GREY and photometric not in _COLOUR:
        raise ScanError("an image has an unknown photometric interpretation", advice="copy the series again")
    if (values.integer("SamplesPerPixel") or 1) != 1 or photometric in _COLOUR:
        return "colour image"
    sop_class = values.text("SOPClassUID")
    if sop_class == _SECONDARY_CAPTURE or sop_class.startswith(_SECONDARY_CAPTURE + "."):
        return "secondary capture"
    if "MOSAIC" in image_type:
        return "slice mosaic"
    if values.text("Modality").upper() in {"SEG", "RTDOSE", "RWV", "PR", "KO"}:
        return name
    if sop_class not in ENHANCED and (name.startswith("Enhanced") or (values.integer("NumberOfFrames") or 1) > 1):
        return "multi-frame image"
    return ""


def _patient(values: HeaderValues) -> tuple[frozenset[str], str]:
    """Return the words that name the patient, and a hash that only tells one patient from another."""
    return _identity(values.text("PatientID"), values.text("PatientName"), values.text("PatientBirthDate"))


@lru_cache(maxsize=64)
def _identity(number: str, full_name: str, birth_date: str) -> tuple[frozenset[str], str]:
    name = " ".join(part for part in re.split(r"[\^=\s]+", full_name) if part).upper()
    identity = (number.upper(), name, birth_date)
    words = {word for text in identity for word in re.split(r"\W+", text) if len(word) > 2}
    key = hashlib.sha256("\x1f".join(("anatomy_twin patient", *identity)).encode()).hexdigest()[:16]
    return frozenset(words), key
