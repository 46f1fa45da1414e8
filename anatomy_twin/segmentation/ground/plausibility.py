"""Refusals of scans that cannot be segmented as an abdomen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from anatomy_twin.core import Volume
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, fill_slices, largest_in_slices, volume_ml

MIN_EXTENT_MM: Final = (24.0, 120.0, 120.0)
MIN_SECTION_CM2: Final = 120.0  # a child of three years has about 150, a thigh 60 to 200, an adult 400 to 1000
NO_AIR_HU: Final = -30.0  # the lowest values of a CT are air or fat
CLIPPED_SHARE: Final = (0.02, 0.0005)  # of the voxels at the lowest and at the highest value of a window
WINDOW_HU: Final = (-400.0, 600.0)
SPINE_MM: Final = 45.0
MIN_SPINE_SHARE: Final = 0.5
SKULL_SHARE: Final = 0.4
MAX_SKULL_SLICES: Final = 0.2
MAX_LIVER_SHARE: Final = 0.45
# a spleen is never brighter than the blood that fills it, and lies farther out than a kidney
ABOVE_BLOOD_HU: Final = 8.0
ENHANCED_HU: Final = 100.0
RENAL_PLACE_MM: Final = 75.0
SAME_SHARE: Final = 0.5
# iliac bones and hips: so much bone on either side of the spine in nearly every slice
PELVIC_CM2: Final = 4.0
PELVIC_MM: Final = (40.0, 170.0)
PELVIC_SHARE: Final = 0.8
LUNG_SHARE: Final = 0.02


def check_volume(volume: Volume) -> None:
    """Refuse what is no CT of a trunk: other modalities, tiny volumes (``check_ct``), values that are no HU."""
    check_ct(volume, "ct-abdomen", MIN_EXTENT_MM, 8, "the upper abdomen")
    check_values(volume)


def check_values(volume: Volume) -> None:
    """Refuse values that are no HU of a scan: one value only, an offset left out, a window's grey values.

    A CT of a trunk holds air or fat (its lowest values lie below -30 HU), and neither end of its values is a wall at
    which many voxels stand. Reads 96 to 191 voxels along each axis of more than 96. Raises ``SegmentationError``.
    """
    few = tuple(slice(None, None, max(1, size // 96)) for size in volume.array.shape)
    values = np.asarray(volume.array[few], dtype=np.float32).ravel()
    advice = "read the series from its DICOM files, with rescale slope and intercept"
    low, high = float(values.min()), float(values.max())
    if high - low < 50.0:
        raise SegmentationError(
            f"the volume shows nothing: all values lie between {low:.0f} and {high:.0f} HU", advice=advice
        )
    if float(np.percentile(values, 0.5)) > NO_AIR_HU:
        raise SegmentationError(
            f"the values ({low:.0f} to {high:.0f}) hold no air and no fat, so they are no HU", advice=advice
        )
    walls = float(np.mean(values == low)), float(np.mean(values == high))
    if low > WINDOW_HU[0] and high < WINDOW_HU[1] and walls[0] > CLIPPED_SHARE[0] and walls[1] > CLIPPED_SHARE[1]:
        raise SegmentationError(
            f"the values are cut off at {low:.0f} and {high:.0f}: a window for viewing, not the scan", advice=advice
        )


def check_ct(
    volume: Volume, segmenter: str, least_mm: tuple[float, float, float], least_voxels: int, region: str
) -> None:
    """Refuse what is no CT, what holds voxels without a number, what is too coarse or smaller than ``least_mm``.

    ``least_mm`` is the extent from head to foot, front to back, right to left, ``least_voxels`` the fewest of a side.
    Raises ``SegmentationError`` in one line with what to do; ``region`` is what a scan should show.
    """
    if volume.modality != "CT" or volume.units != "HU":
        kind = f"{volume.modality or 'an image of unknown kind'} in {volume.units or 'no unit'}"
        raise SegmentationError(
            f"the segmenter {segmenter} reads CT in HU, this volume is {kind}", advice="give a CT series"
        )
    if not np.isfinite(volume.array).all():
        raise SegmentationError(
            "some voxels of the volume hold no number",
            advice="read the series from its DICOM files, with rescale slope and intercept",
        )
    upright = volume.canonical().geometry
    extent = np.asarray(upright.shape) * np.asarray(upright.spacing_mm)
    if np.any(extent < np.asarray(least_mm)) or min(upright.shape) < least_voxels:
        size = " x ".join(f"{value:.0f}" for value in extent)
        raise SegmentationError(
            f"the volume covers only {size} mm (head to foot, front to back, right to left)",
            advice=f"give a scan of {region}",
        )


def check_body(body: Mask, spacing_mm: float) -> None:
    """Refuse a scan whose trunk is missing or as thin as a limb."""
    sections = body.sum(axis=(1, 2)) * spacing_mm**2 / 100.0
    if not body.any() or float(np.median(sections[sections > 0])) < MIN_SECTION_CM2:
        raise SegmentationError("the scan shows no trunk", advice="give a CT of the upper abdomen")


def check_spine(bone: Mask, body: Mask, frame: SpineFrame) -> None:
    """Refuse a scan without a spine and one of a head: a ring of bone around most of the section.

    Parameters
    ----------
    bone, body : bool [k, j, i] on the working grid; ``frame`` the path of the spine on it.

    In a trunk at least half of the slices hold bone within 45 mm of that path; a skull encloses more than 40 % of the
    section in a fifth of the slices or more. Raises ``SegmentationError``.
    """
    levels = body.any(axis=(1, 2))
    near = np.hypot(frame.left_mm, frame.front_mm) < SPINE_MM
    held = (bone & near).any(axis=(1, 2))
    advice = "give a CT of the upper abdomen"
    if float(np.mean(held[levels])) < MIN_SPINE_SHARE:
        raise SegmentationError("the scan shows no spine", advice=advice)
    enclosed = (fill_slices(bone) & ~bone).sum(axis=(1, 2)) / np.maximum(body.sum(axis=(1, 2)), 1)
    if float(np.mean(enclosed[levels] > SKULL_SHARE)) > MAX_SKULL_SLICES:
        raise SegmentationError("the scan shows a head", advice=advice)


def check_region(bone: Mask, lungs: Mask, body: Mask, frame: SpineFrame) -> None:
    """Refuse a scan that shows the pelvis alone: muscle there passes for liver and spleen.

    All masks bool [k, j, i] on the working grid. Raises ``SegmentationError`` where no lung is in view and four fifths
    of the slices hold one bone of more than 4 cm2, 40 to 170 mm beside the spine, on either side (ribs are many and
    smaller).
    """
    if np.count_nonzero(lungs) > LUNG_SHARE * np.count_nonzero(body):
        return
    solid = fill_slices(bone)
    sides = [
        largest_in_slices(
            solid & (frame.left_mm * side > PELVIC_MM[0]) & (frame.left_mm * side < PELVIC_MM[1])
        ).sum(axis=(1, 2))
        for side in (-1.0, 1.0)
    ]
    area = np.minimum(*sides) * frame.spacing_mm**2 / 100.0
    if float(np.mean(area[body.any(axis=(1, 2))] > PELVIC_CM2)) > PELVIC_SHARE:
        raise SegmentationError("the scan shows a pelvis and no upper abdomen", advice="give a CT of the upper abdomen")


def check_height(name: str, entry: Found, crest_mm: float | None, spacing_mm: float) -> Found:
    """Return an organ as it was found, or "not found" where most of it lies below the top of the iliac bones.

    ``crest_mm`` is that height above the lower edge of the first slice, None where it is not in view.
    """
    if crest_mm is None or entry.mask is None or not entry.mask.any():
        return entry
    below = entry.mask[: max(0, round(crest_mm / spacing_mm))]
    if np.count_nonzero(below) <= 0.5 * np.count_nonzero(entry.mask):
        return entry
    return Found.nothing(f"the best region lies beside the pelvic bones, where no {name} is")


def check_size(name: str, entry: Found, body: Mask, spacing_mm: float) -> Found:
    """Return an organ as it was found, or "not found" where it fills nearly half of the body in view."""
    if entry.mask is None or not entry.mask.any():
        return entry
    share = float(np.count_nonzero(entry.mask)) / max(1, int(np.count_nonzero(body)))
    if share <= MAX_LIVER_SHARE:
        return entry
    size = volume_ml(entry.mask, spacing_mm)
    return Found.nothing(f"the best region has {size:.0f} ml, {100.0 * share:.0f} % of the body in view: no {name}")


def like_a_kidney(spleen: Mask, smooth: Image, frame: SpineFrame, aorta_hu: float | None) -> str:
    """Return in words why what was taken for the spleen looks like the left kidney, "" where it does not.

    ``spleen`` [k, j, i] and ``smooth`` (HU without noise) on the working grid; ``aorta_hu`` None where not known.
    """
    level = float(np.median(smooth[spleen]))
    if aorta_hu is not None and aorta_hu > ENHANCED_HU and level > aorta_hu + ABOVE_BLOOD_HU:
        return f"the even organ on the left has {level:.0f} HU, more than the aorta: a kidney, no spleen"
    beside = float(np.mean(np.broadcast_to(frame.left_mm, spleen.shape)[spleen]))
    if beside < RENAL_PLACE_MM:
        return f"the even organ on the left lies {beside:.0f} mm beside the spine, where the kidney lies: no spleen"
    return ""


def same_place(first: Found, second: Found) -> bool:
    """Tell whether more than half of the smaller of two organs is the other."""
    if first.mask is None or second.mask is None:
        return False
    smaller = min(int(np.count_nonzero(first.mask)), int(np.count_nonzero(second.mask)))
    return smaller > 0 and int(np.count_nonzero(first.mask & second.mask)) > SAME_SHARE * smaller


def check_organs(found: Mapping[str, Found]) -> None:
    """Refuse a scan in which not one organ of the upper abdomen was found."""
    if all(found[name].absent for name in ("liver", "spleen", "kidney_right", "kidney_left")):
        raise SegmentationError(
            "the scan shows no liver, spleen or kidney", advice="give a CT of the upper abdomen"
        )
