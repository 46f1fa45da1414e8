"""The frames of an enhanced (multi-frame) CT, MR or PET object, each as the header of one slice.

An enhanced object says once what all frames share and frame by frame what differs (PS3.3 C.7.6.16, functional
groups). Where both say it, the frame's own word counts. Frames may stand in any order in the file: their numbers order
nothing, their positions do. Private elements, such as the scale slopes of Philips, are left alone: the pixel value
transformation of the standard gives the values. A real world value mapping is not applied, ``frame_notes`` tells of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.headers import ENHANCED, UNAPPLIED_MAPPING, foreign_data
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.scan.values import DECIMAL

MR_SPECTROSCOPY: Final = "1.2.840.10008.5.1.4.1.1.4.2"
MULTI_FRAME: Final = "multi-frame image"
UNPLACED: Final = "unplaced multi-frame image"

_COPY_AGAIN = "export the series again"
_LONGEST = 4096  # bytes of any value that is read here
_MOST_ITEMS = 64  # of one functional group: several X-ray sources, contrast agents
# one and only one item of these may stand in a functional group (PS3.3 C.7.6.16.2)
_PLACING = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
}
_TYPE = ("FrameType", "PixelPresentation", "VolumetricProperties", "VolumeBasedCalculationTechnique",
         "ComplexImageComponent")  # fmt: skip
# what a converter found no better place for: the old attributes of single slices
_CONVERTED = (
    "KVP", "GantryDetectorTilt", "ConvolutionKernel", "TemporalPositionIdentifier", "TemporalPositionIndex",
    "EchoNumbers", "EchoTime", "DiffusionBValue", "TriggerTime", "AcquisitionNumber", "AcquisitionTime", "Units",
)  # fmt: skip
_LEFT_OVER = {
    "UnassignedSharedConvertedAttributesSequence": _CONVERTED,
    "UnassignedPerFrameConvertedAttributesSequence": _CONVERTED,
}
_SAYING = {
    "CTImageFrameTypeSequence": _TYPE,
    "MRImageFrameTypeSequence": _TYPE,
    "PETFrameTypeSequence": _TYPE,
    "FrameContentSequence": ("StackID", "TemporalPositionIndex", "FrameAcquisitionNumber",
                             "FrameAcquisitionDateTime"),
    "TemporalPositionSequence": ("TemporalPositionTimeOffset",),
    "CardiacSynchronizationSequence": ("NominalCardiacTriggerDelayTime", "NominalPercentageOfCardiacPhase"),
    "RespiratorySynchronizationSequence": ("NominalRespiratoryTriggerDelayTime", "NominalPercentageOfRespiratoryPhase"),
    "ContrastBolusUsageSequence": ("ContrastBolusAgentPhase",),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRDiffusionSequence": ("DiffusionBValue", "DiffusionGradientDirectionSequence"),
    "MRModifierSequence": ("InversionTimes",),
    "MRTimingAndRelatedParametersSequence": ("FlipAngle",),
    "MRVelocityEncodingSequence": ("VelocityEncodingDirection",),
    "MRArterialSpinLabelingSequence": ("ASLContext",),
    "MRMetaboliteMapSequence": ("MetaboliteMapDescription",),
    "CTAcquisitionDetailsSequence": ("GantryDetectorTilt",),
    "CTReconstructionSequence": ("ConvolutionKernel",),
    "CTXRayDetailsSequence": ("KVP",),
    "MultienergyCTCharacteristicsSequence": ("MonoenergeticEnergyEquivalent",),
}
# what may tell two frames at one place apart; the number within a stack never does
_PHASE = (
    "StackID", "TemporalPositionIndex", "TemporalPositionIdentifier", "TemporalPositionTimeOffset",
    "NominalCardiacTriggerDelayTime", "NominalPercentageOfCardiacPhase", "NominalRespiratoryTriggerDelayTime",
    "NominalPercentageOfRespiratoryPhase", "ContrastBolusAgentPhase", "EchoNumbers", "EffectiveEchoTime", "EchoTime",
    "DiffusionBValue", "DiffusionGradientOrientation", "InversionTimes", "FlipAngle", "VelocityEncodingDirection",
    "ASLContext", "MetaboliteMapDescription", "ComplexImageComponent", "MonoenergeticEnergyEquivalent", "TriggerTime",
    "AcquisitionNumber", "AcquisitionTime", "FrameAcquisitionDateTime",
)  # fmt: skip
# other names for what single slices call so
_SAME = {"FrameAcquisitionNumber": "AcquisitionNumber",
         "DiffusionGradientDirectionSequence": "DiffusionGradientOrientation"}  # fmt: skip
_NESTED = frozenset({"DiffusionGradientDirectionSequence"})
_PLAIN = frozenset({"CS", "DS", "DT", "IS", "SH", "TM"})

Words = dict[str, tuple[str, ...]]


def frame_headers(base: SliceHeader, dataset: Dataset) -> tuple[SliceHeader, ...]:
    """Return one header for each frame of a multi-frame object.

    Parameters
    ----------
    base : what the file says as a whole.
    dataset : the object, parsed without its pixels; its bytes must have passed the armour before.

    Returns the headers in file order: ``frame`` from 0, ``instance_number`` from 1. Positions are of the centre of the
    first pixel, LPS mm. Frames that can be no slices of a volume (localizers, projections, colour maps) say so in
    ``aside``; an object of another class, or one that does not tell where its frames lie, gives one header with
    ``aside`` for all of it.

    Raises ``ScanError`` where the object contradicts itself or a frame has no usable place.
    """
    with foreign_data("the frame descriptions are broken", advice=_COPY_AGAIN):
        whole = _whole_object(base, dataset)
        if whole is not None:
            return (whole,)
        count = _frame_count(dataset)
        per_frame = dataset.PerFrameFunctionalGroupsSequence
        if len(per_frame) != count:
            raise ScanError(f"{count} frames are stated and {len(per_frame)} described", advice=_COPY_AGAIN)
        shared: Any = dataset.get("SharedFunctionalGroupsSequence") or ()
        if len(shared) > 1:
            raise ScanError(f"{len(shared)} descriptions are shared by all frames instead of one", advice=_COPY_AGAIN)
        reader = _Reader()
        common = {**_of_the_file(dataset), **(reader.words(shared[0], "all frames") if len(shared) else {})}
        headers = tuple(
            _header_of_frame(base, number, count, {**common, **reader.words(item, f"frame {number}")})
            for number, item in enumerate(per_frame, start=1)
        )
    without = [header.frame + 1 for header in headers if header.slope is None and not header.aside]
    if without and any(header.slope is not None for header in headers):
        raise ScanError(f"frame {without[0]} has no rescale slope and intercept, others have", advice=_COPY_AGAIN)
    return headers


def frame_notes(dataset: Dataset) -> tuple[str, ...]:
    """Return what a multi-frame object says and this reader leaves alone, as lines for a person."""
    groups = (*(dataset.get("SharedFunctionalGroupsSequence") or ()),
              *(dataset.get("PerFrameFunctionalGroupsSequence") or ()))  # fmt: skip
    if any("RealWorldValueMappingSequence" in group for group in groups):
        return (UNAPPLIED_MAPPING,)
    return ()


def _whole_object(base: SliceHeader, dataset: Dataset) -> SliceHeader | None:
    """Return one header for the whole of an object that is no set of slices; nothing if it may be one."""
    aside = "" if base.aside == MULTI_FRAME else base.aside
    if not aside:
        uid = str(dataset.get("SOPClassUID", ""))
        if uid == MR_SPECTROSCOPY:
            aside = "MR spectroscopy image"
        elif uid not in ENHANCED:
            aside = MULTI_FRAME
        elif not dataset.get("PerFrameFunctionalGroupsSequence"):
            aside = UNPLACED
    return replace(base, aside=aside, frame=0, frame_count=1) if aside else None


def _frame_count(dataset: Dataset) -> int:
    texts = _texts(dataset.get("NumberOfFrames"))
    if len(texts) != 1 or not texts[0].isdecimal() or int(texts[0]) < 1:
        raise ScanError("no usable number of frames", advice=_COPY_AGAIN)
    return int(texts[0])


def _of_the_file(dataset: Dataset) -> Words:
    """What some writers say only for the whole object."""
    keywords = (*_TYPE[1:], *_PLACING["PixelValueTransformationSequence"])
    return {keyword: _texts(dataset[keyword].value) for keyword in keywords if keyword in dataset}


class _Reader:
    """Reads functional groups; equal bytes are parsed once, since most frames repeat most of what they say."""

    def __init__(self) -> None:
        groups = {**_LEFT_OVER, **_SAYING, **_PLACING}
        self._wanted = {Tag(name): (name, {Tag(leaf): leaf for leaf in leaves}) for name, leaves in groups.items()}
        self._known: dict[tuple[int, bytes], Words] = {}

    def words(self, item: Dataset, where: str) -> Words:
        """Return the wanted values of all groups of one frame."""
        found: Words = {}
        converted: Words = {}
        for tag in self._wanted.keys() & item.keys():
            raw = item.get_item(tag).value
            known = self._known.get((tag, raw)) if isinstance(raw, bytes) else None
            if known is None:
                known = _words_of_group(item[tag].value, *self._wanted[tag], where)
                if isinstance(raw, bytes):
                    self._known[tag, raw] = known
            (converted if self._wanted[tag][0] in _LEFT_OVER else found).update(known)
        return {**converted, **found}


def _words_of_group(items: Any, name: str, leaves: Mapping[BaseTag, str], where: str) -> Words:
    """Return the wanted values of one functional group as texts; those of several items stand one after another."""
    most = 1 if name in _PLACING else _MOST_ITEMS
    if len(items) > most:
        raise ScanError(f"{where}: {len(items)} descriptions of one kind ({name.removesuffix('Sequence')}) instead of "
                        + ("one" if most == 1 else f"at most {most}"), advice=_COPY_AGAIN)
    found: Words = {}
    for item in items:
        for tag in leaves.keys() & item.keys():
            leaf = leaves[tag]
            texts = _directions(item[tag].value) if leaf in _NESTED else _texts_of(item, tag, where)
            keyword = _SAME.get(leaf, leaf)
            found[keyword] = found.get(keyword, ()) + texts
    return found


def _directions(items: Any) -> tuple[str, ...]:
    return tuple(text for item in items for text in _texts(item.get("DiffusionGradientOrientation")))


def _texts_of(item: Dataset, tag: BaseTag, where: str) -> tuple[str, ...]:
    """Return the parts of a short value; plain text is not sent through the general, slow conversion."""
    raw = item.get_item(tag)
    if isinstance(raw.value, bytes):
        if len(raw.value) > _LONGEST:
            raise ScanError(f"{where}: {len(raw.value)} bytes in {keyword_for_tag(tag)}, where a short value belongs",
                            advice=_COPY_AGAIN)
        if raw.VR in _PLAIN and raw.value.isascii():
            text = raw.value.decode("ascii").rstrip(" \0")
            return _texts(text.split("\\")) if text else ()
    return _texts(item[tag].value)


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value if isinstance(value, (list, tuple, MultiValue)) else [value]
    return tuple(_clean(str(part)) for part in parts)


def _clean(text: str) -> str:
    return " ".join((text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)).split())


def _header_of_frame(base: SliceHeader, number: int, count: int, words: Words) -> SliceHeader:
    where = f"frame {number}"
    image_type = tuple(text.upper() for text in words.get("FrameType", ())) or base.image_type
    aside = _aside(image_type, words)
    position = _numbers(words, "ImagePositionPatient", 3)
    orientation = _numbers(words, "ImageOrientationPatient", 6)
    spacing = _numbers(words, "PixelSpacing", 2)
    for name, value in (("position", position), ("orientation", orientation), ("pixel spacing", spacing)):
        if value is None and not aside:
            raise ScanError(f"{where} has no usable {name}", advice=_COPY_AGAIN)
    return replace(
        base,
        aside=aside,
        image_type=image_type,
        position_mm=position,
        orientation=orientation,
        pixel_spacing_mm=spacing,
        thickness_mm=_number(words, "SliceThickness"),
        instance_number=number,
        phase=tuple({**dict(base.phase), **{key: "\\".join(words[key]) for key in _PHASE if key in words}}.items()),
        slope=_rescale(words, "RescaleSlope", where),
        intercept=_rescale(words, "RescaleIntercept", where),
        rescale_type="\\".join(words.get("RescaleType", ())).upper(),
        tilt_deg=_number(words, "GantryDetectorTilt"),
        kvp=_number(words, "KVP"),
        kernel="\\".join(words.get("ConvolutionKernel", ())),
        units="\\".join(words.get("Units", ())).upper() or base.units,
        frame=number - 1,
        frame_count=count,
    )


def _aside(image_type: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> str:
    """Say why a frame is no slice of a volume (PS3.3 C.8.16.2); nothing if it may be one.

    A plane cut through a volume (MPR) is a slice; what is summed up, rendered, curved or coloured is none, and
    neither is what does not tell.
    """
    if "LOCALIZER" in image_type or "SCOUT" in image_type:
        return "localizer"
    presentation, properties, technique = (
        "\\".join(words.get(key, ())).upper()
        for key in ("PixelPresentation", "VolumetricProperties", "VolumeBasedCalculationTechnique")
    )
    if presentation not in ("", "MONOCHROME"):
        return "colour map"
    if technique == "CURVED_MPR" or properties == "DISTORTED":
        return "curved image"
    if technique not in ("", "NONE", "MPR") or (properties not in ("", "VOLUME") and technique != "MPR"):
        return "projection image"
    return ""


def _rescale(words: Mapping[str, tuple[str, ...]], keyword: str, where: str) -> float | None:
    """Return a number of the value transformation; one that is there and unusable must not be taken for absent."""
    number = _number(words, keyword)
    if number is None and any(key in words for key in ("RescaleSlope", "RescaleIntercept")):
        raise ScanError(f"{where} has no usable rescale slope and intercept", advice=_COPY_AGAIN)
    return number


def _numbers(words: Mapping[str, tuple[str, ...]], keyword: str, count: int) -> tuple[float, ...] | None:
    texts = words.get(keyword, ())
    if len(texts) != count or not all(map(DECIMAL.fullmatch, texts)):
        return None
    numbers = tuple(map(float, texts))
    return numbers if all(map(math.isfinite, numbers)) else None


def _number(words: Mapping[str, tuple[str, ...]], keyword: str) -> float | None:
    """Return one number; several equal ones (two X-ray sources of one voltage) are one."""
    texts = words.get(keyword, ())
    numbers = _numbers(words, keyword, len(texts))
    return numbers[0] if numbers and len(set(numbers)) == 1 else None
