"""The zone that an ablation left in the liver: tissue that takes up no contrast medium any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import SegmentationError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.units import place_text

Mask = NDArray[np.bool_]
ROOM_MM: Final = 45.0  # a zone reaches no further than this from where it was to be
BLUR_MM: Final = 1.2
FAR_MM: Final = 20.0  # liver this far from there shows how bright liver is
LEAST_CONTRAST_HU: Final = 15.0
LEAST_ML: Final = 0.3
LEAK_MM: Final = 2.0
BELOW_HU: Final = 45.0  # darker than the zone by more than this is fat or air beside the liver
LARGE_ML: Final = 120.0


@dataclass(frozen=True, eq=False)
class AblationZone:
    """``mask`` [k, j, i] on the volume's grid; ``rules`` are what speaks against it, ``note`` says how it was found."""

    mask: Mask
    zone_hu: float
    liver_hu: float
    rules: tuple[str, ...]
    note: str


def find_ablation_zone(volume: Volume, liver: Mask, expected: Mask) -> AblationZone:
    """Outline the ablation zone on an enhanced scan.

    Parameters
    ----------
    volume : a CT after the ablation in which the liver is enhanced, canonical axes.
    liver : the liver on its grid, with the zone and all lesions.
    expected : where the zone should be: the target or the planned zone. What is found touches it.

    The border lies where the value is half way between the zone's and the liver's own.

    Raises ``SegmentationError`` where nothing near ``expected`` is darker than the liver.
    """
    spacing = volume.geometry.spacing_mm
    if not expected.any():
        raise SegmentationError("the place of the ablation lies outside of the scan", advice="give the whole liver")
    box, geometry = _box(expected, volume.geometry)
    smooth = ndimage.gaussian_filter(np.asarray(volume.array[box], np.float32), [BLUR_MM / step for step in spacing])
    inside, seed = liver[box], expected[box]
    away = distance_mm(seed, spacing, ROOM_MM)
    plain = smooth[inside & (away > FAR_MM)]
    plain = smooth[inside] if plain.size < 1000 else plain
    liver_hu = float(np.median(plain))
    noise = 1.4826 * float(np.median(np.abs(plain - liver_hu)))
    step = max(LEAST_CONTRAST_HU, 2.5 * noise)
    dark = inside & (smooth < liver_hu - step) & (smooth > liver_hu - 250.0)
    near = smooth[dark & (away < 5.0)]
    place = place_text(tuple(geometry.to_world(np.argwhere(seed).mean(axis=0))))
    if near.size * geometry.voxel_volume_ml < LEAST_ML:
        raise SegmentationError(
            "no ablation zone can be told from the liver", where=place,
            advice="give an outline called ablation_zone, or a scan in the portal phase",
        )
    zone_hu = float(np.median(near))
    border = 0.5 * (zone_hu + liver_hu)
    found = _grown(inside & (smooth < border) & (smooth > zone_hu - BELOW_HU), inside, seed, spacing)
    if np.count_nonzero(found) * geometry.voxel_volume_ml < LEAST_ML:
        raise SegmentationError("no ablation zone of any size was found", where=place,
                                advice="give an outline called ablation_zone")  # fmt: skip
    mask = np.zeros(volume.geometry.shape, bool)
    mask[box] = found
    rules = _rules(found, away, float(np.count_nonzero(found) * geometry.voxel_volume_ml))
    note = f"darker than the liver ({zone_hu:.0f} against {liver_hu:.0f} HU), border at {border:.0f} HU"
    return AblationZone(mask, zone_hu, liver_hu, rules, note)


def _box(expected: Mask, geometry: VolumeGeometry) -> tuple[tuple[slice, ...], VolumeGeometry]:
    index = np.argwhere(expected)
    room = np.ceil(ROOM_MM / np.asarray(geometry.spacing_mm)).astype(int)
    low = np.maximum(index.min(axis=0) - room, 0)
    high = np.minimum(index.max(axis=0) + room + 1, geometry.shape)
    size = high - low
    place = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), place


def _grown(dark: Mask, inside: Mask, seed: Mask, spacing: tuple[float, float, float]) -> Mask:
    """The dark piece that covers most of ``seed``, without what hangs on it by a thin bridge, its holes filled."""
    deep = LEAK_MM + 0.5 * max(spacing)  # from voxel centre to voxel centre: one layer of thick slices is no depth
    core = distance_mm(~dark, spacing, deep + 1.0) > deep
    pieces, count = ndimage.label(core)
    if not count:
        return np.zeros(dark.shape, bool)
    near = distance_mm(seed, spacing, 6.0) < 5.0
    shares = np.bincount(pieces[near], minlength=count + 1)
    shares[0] = 0
    if not shares.any():
        return np.zeros(dark.shape, bool)
    piece = pieces == int(np.argmax(shares))
    reach = deep + 0.5 * max(spacing)  # what the opening has rounded off comes back
    around = distance_mm(piece, spacing, reach + 1.0) <= reach
    whole = around & dark
    filled: Mask = ndimage.binary_fill_holes(whole) & inside
    return filled


def _rules(found: Mask, away: NDArray[np.float32], volume_ml: float) -> tuple[str, ...]:
    rules = []
    if volume_ml > LARGE_ML:
        rules.append("volume")
    if bool((away[found] > ROOM_MM - 8.0).any()):
        rules.append("reaches far from the target")
    if any(found.take(side, axis=axis).any() for axis in range(3) for side in (0, -1)):
        rules.append("cut by the border")
    return tuple(rules)
