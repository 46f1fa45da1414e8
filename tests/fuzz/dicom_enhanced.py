"""Broken multi-frame objects: frames that are not as many, not as placed, not as valued as the object says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.fuzz.case import REFUSED, TRUTH, Case
from tests.fuzz.dicom_bytes import HARMLESS, RLE, RUN, Good
from tests.support.enhanced_series import slab, write_enhanced

_SHAPE, _INTERCEPT = (6, 12, 10), -1024.0


def enhanced() -> list[Case]:
    """One enhanced CT of six frames, broken in one way at a time."""
    refused: dict[str, Callable[[Any], object]] = {
        "frames-7": _setting(NumberOfFrames="7"),
        "frames-5": _setting(NumberOfFrames="5"),
        "frames-1": _setting(NumberOfFrames="1"),
        "frames-0": _setting(NumberOfFrames="0"),
        "frames-1000000": _setting(NumberOfFrames="1000000"),
        "one-description-lost": lambda dataset: dataset.PerFrameFunctionalGroupsSequence.pop(),
        "one-description-more": lambda dataset: dataset.PerFrameFunctionalGroupsSequence.append(Dataset()),
        "no-descriptions": lambda dataset: dataset.__delitem__("PerFrameFunctionalGroupsSequence"),
        "nothing-shared": lambda dataset: dataset.__delitem__("SharedFunctionalGroupsSequence"),
        "shared-twice": lambda dataset: dataset.SharedFunctionalGroupsSequence.append(
            dataset.SharedFunctionalGroupsSequence[0]),
        "frame-without-place": lambda dataset: _frame(dataset).__delitem__("PlanePositionSequence"),
        "frame-with-two-places": lambda dataset: _frame(dataset).PlanePositionSequence.append(
            _frame(dataset, 3).PlanePositionSequence[0]),
        "frame-at-its-neighbour": lambda dataset: _place(dataset, ["-30", "-40", "57.5"]),
        "frame-1-mm-off": lambda dataset: _place(dataset, ["-30", "-40", "56"]),
        "frame-of-two-numbers": lambda dataset: _place(dataset, ["-30", "-40"]),
        "frame-turned": lambda dataset: _group(dataset, "PlaneOrientationSequence",
                                               ImageOrientationPatient=["0", "1", "0", "1", "0", "0"]),
        "frame-of-other-pixels": lambda dataset: _group(dataset, "PixelMeasuresSequence", PixelSpacing=["0.9", "0.7"],
                                                        SliceThickness="2.5"),
        "spacing-0": lambda dataset: setattr(
            dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], "PixelSpacing", ["0", "0"]),
        "slope-0": lambda dataset: _group(dataset, "PixelValueTransformationSequence", RescaleSlope="0",
                                          RescaleIntercept="-1024", RescaleType="HU"),
        "slope-empty": lambda dataset: _group(dataset, "PixelValueTransformationSequence", RescaleSlope=None,
                                              RescaleIntercept="-1024", RescaleType="HU"),
        "unit-other": lambda dataset: _group(dataset, "PixelValueTransformationSequence", RescaleSlope="1",
                                             RescaleIntercept="-1024", RescaleType="US"),
        "pixels-of-5-frames": lambda dataset: setattr(dataset, "PixelData", dataset.PixelData[:-240]),
        "pixels-of-7-frames": lambda dataset: setattr(dataset, "PixelData", dataset.PixelData + bytes(240)),
        "rows-6-frames-12": lambda dataset: (setattr(dataset, "Rows", 6), setattr(dataset, "NumberOfFrames", "12")),
        "rows-65535": _setting(Rows=65535),
        "colour-map": lambda dataset: _frame(dataset).__setitem__("CTImageFrameTypeSequence", _element(
            FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], PixelPresentation="COLOR",
            VolumetricProperties="VOLUME", VolumeBasedCalculationTechnique="NONE")),
    }  # fmt: skip
    harmless: dict[str, Callable[[Any], object]] = {
        "index-nonsense": lambda dataset: setattr(
            _frame(dataset).FrameContentSequence[0], "DimensionIndexValues", [2**31, 0]),
        "no-index": lambda dataset: dataset.__delitem__("DimensionIndexSequence"),
        "stack-number-nonsense": lambda dataset: setattr(
            _frame(dataset).FrameContentSequence[0], "InStackPositionNumber", 4_000_000_000),
        "place-beside": lambda dataset: setattr(dataset, "ImagePositionPatient", ["1", "2", "3"]),
        "spacing-beside": lambda dataset: setattr(dataset, "PixelSpacing", ["9", "9"]),
        "intercept-beside": lambda dataset: setattr(dataset, "RescaleIntercept", "5"),
        "nested-per-frame": lambda dataset: setattr(_frame(dataset), "DerivationImageSequence", _nested(12)),
        "thousand-private-items": lambda dataset: _frame(dataset).add_new(0x00091010, "SQ", Items(
            [Dataset() for _ in range(1000)])),
    }  # fmt: skip
    one = partial(_case, syntax=None)
    return [
        *(one(name, edit, REFUSED) for name, edit in refused.items()),
        *(one(name, edit, HARMLESS) for name, edit in harmless.items()),
        one("good", lambda dataset: None, TRUTH),
        _case("slope-2-in-one-frame", _steeper, HARMLESS, None, change=_doubled),
        _case("rle-good", lambda dataset: None, TRUTH, RLE),
        _case("rle-frames-5", _setting(NumberOfFrames="5"), REFUSED, RLE),
        _case("rle-frames-7", _setting(NumberOfFrames="7"), REFUSED, RLE),
        _case("rle-rows-6", _setting(Rows=6), REFUSED, RLE),
    ]


def _case(
    name: str,
    edit: Callable[[Any], object],
    allowed: frozenset[str],
    syntax: str | None,
    change: Callable[[np.ndarray], None] = lambda array: None,
) -> Case:
    def write(folder: Path) -> Path:
        truth, frames = slab(shape=_SHAPE, intercept=_INTERCEPT)
        path = folder / "series" / "enhanced.dcm"
        write_enhanced(path, truth, frames)
        dataset = pydicom.dcmread(path)
        if syntax:  # the pixels are packed while the object still is whole
            dataset.compress(syntax, generate_instance_uid=False)
        edit(dataset)
        pydicom.dcmwrite(path, dataset)
        return path.parent

    def same(volume: Any) -> bool:
        truth, _ = slab(shape=_SHAPE, intercept=_INTERCEPT)
        array = truth.stored.astype(np.float64) + _INTERCEPT
        change(array)
        affine = np.eye(4)
        affine[:3] = np.column_stack([truth.step, truth.column * truth.spacing_mm[1], truth.row * truth.spacing_mm[2],
                                      truth.positions_mm[0]])  # fmt: skip
        return Good((), array, affine).is_volume(volume)

    return Case(name, "multi-frame", write, RUN, allowed, same, word=None)


def _setting(**values: object) -> Callable[[Any], object]:
    def edit(dataset: Any) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return edit


def _frame(dataset: Any, number: int = 2) -> Any:
    return dataset.PerFrameFunctionalGroupsSequence[number]


def _place(dataset: Any, texts: list[str]) -> None:
    _frame(dataset).PlanePositionSequence[0].ImagePositionPatient = texts


def _element(**values: object) -> pydicom.DataElement:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    holder = Dataset()
    holder.CTImageFrameTypeSequence = Items([item])
    return holder["CTImageFrameTypeSequence"]


def _group(dataset: Any, name: str, **values: object) -> None:
    """Let one frame say for itself what the others share."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    setattr(_frame(dataset), name, Items([item]))


def _steeper(dataset: Any) -> None:
    _group(dataset, "PixelValueTransformationSequence", RescaleSlope="2", RescaleIntercept="-1024", RescaleType="HU")


def _doubled(array: np.ndarray) -> None:
    array[2] = (array[2] + 1024) * 2 - 1024


def _nested(depth: int) -> Items:
    inner = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.DerivationImageSequence = Items([inner])
        inner = outer
    return Items([inner])
