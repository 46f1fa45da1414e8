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
GAS_HU: Final = -150.0  # within the liver only gas is that dark
GAS_MM: Final = 3.0  # around gas values are mixed with it
CAPSULE_MM: Final = 1.5  # dark voxels this far below the surface, beyond half a voxel, are mixed with what is outside
EDGE_SHARE: Final = 0.15  # the border is known to this part of the contrast
BEYOND_PLAN_MM: Final = 12.0
PLAN_RATIO: Final = 2.5
LEAST_MET: Final = 0.35  # of the target, where something else is dark beside it
TOUCH: Final = 0.1  # share of the border beside what was dark before, from which on it is doubtful
ALIKE: Final = 0.8


@dataclass(frozen=True, eq=False)
class AblationZone:
    """``mask`` [k, j, i] on the volume's grid; ``rules`` are what speaks against it, ``note`` says how it was found.

    ``edge_mm`` is how far the border moves with the value that it is put at, within what the contrast allows.
    """

    mask: Mask
    zone_hu: float
    liver_hu: float
    rules: tuple[str, ...]
    note: str
    edge_mm: float


def find_ablation_zone(
    volume: Volume, liver: Mask, expected: Mask, planned: Mask | None = None, former: Mask | None = None
) -> AblationZone:
    """Outline the ablation zone on an enhanced scan.

    Parameters
    ----------
    volume : a CT after the ablation in which the liver is enhanced, canonical axes.
    liver : the liver on its grid, with the zone and all lesions.
    expected : the target, where it lies on the volume. What is found touches it.
    planned : the zone that was simulated, where there is one: what is found is where most of it is, and what is far
        from it is flagged.
    former : what was dark before the ablation already, without the target (cysts, former zones, other tumours): it is
        no part of what is found.

    The border lies where the value is half way between the zone's and the liver's own. Gas within the zone belongs to
    it, and so do voxels at the liver's surface that are mixed with the darkness outside.

    Raises ``SegmentationError`` where nothing near ``expected`` is darker than the liver.
    """
    spacing = volume.geometry.spacing_mm
    if not expected.any():
        raise SegmentationError("the place of the ablation lies outside of the scan", advice="give the whole liver")
    box, geometry = _box(expected if planned is None else expected | planned, volume.geometry)
    raw = np.asarray(volume.array[box], np.float32)
    inside, seed = liver[box], expected[box]
    old = np.zeros(inside.shape, bool) if former is None else former[box] & inside
    gas = _gas(raw, inside, spacing)
    smooth = ndimage.gaussian_filter(raw, [BLUR_MM / step for step in spacing])
    away = distance_mm(seed, spacing, ROOM_MM)
    plain = smooth[inside & (away > FAR_MM)]
    plain = smooth[inside] if plain.size < 1000 else plain
    liver_hu = float(np.median(plain))
    noise = 1.4826 * float(np.median(np.abs(plain - liver_hu)))
    step = max(LEAST_CONTRAST_HU, 2.5 * noise)
    dark = inside & ~old & ~gas & (smooth < liver_hu - step) & (smooth > liver_hu - 250.0)
    near = smooth[dark & (away < 5.0)]
    place = place_text(tuple(geometry.to_world(np.argwhere(seed).mean(axis=0))))
    if near.size * geometry.voxel_volume_ml < LEAST_ML:
        raise SegmentationError(
            "no ablation zone can be told from the liver", where=place,
            advice="give an outline called ablation_zone, or a scan in the portal phase",
        )
    zone_hu = float(np.median(near))
    border = 0.5 * (zone_hu + liver_hu)
    below = inside & (((smooth < border) & (smooth > zone_hu - BELOW_HU)) | gas) & ~old
    found = _grown(below, inside & ~old, seed if planned is None else seed | planned[box], seed, spacing)
    found |= _to_capsule(found, inside & ~old & (smooth < border), inside, spacing)
    if np.count_nonzero(found) * geometry.voxel_volume_ml < LEAST_ML:
        raise SegmentationError("no ablation zone of any size was found", where=place,
                                advice="give an outline called ablation_zone")  # fmt: skip
    mask = np.zeros(volume.geometry.shape, bool)
    mask[box] = found
    rules = (*_rules(found, away, float(np.count_nonzero(found) * geometry.voxel_volume_ml)),
             *_doubts(found, seed, old, None if planned is None else planned[box], spacing))  # fmt: skip
    note = f"darker than the liver ({zone_hu:.0f} against {liver_hu:.0f} HU), border at {border:.0f} HU"
    edge = _edge_mm(smooth, found, inside, EDGE_SHARE * (liver_hu - zone_hu), spacing)
    return AblationZone(mask, zone_hu, liver_hu, rules, note, edge)


def _gas(raw: NDArray[np.float32], inside: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Gas within the liver and what is mixed with it."""
    deep = inside & (distance_mm(~inside, spacing, 6.0) > 5.0)
    gas = deep & (raw < GAS_HU)
    return np.asarray(distance_mm(gas, spacing, GAS_MM + 1.0) <= GAS_MM) & inside if gas.any() else gas


def _to_capsule(found: Mask, dark: Mask, inside: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Dark voxels between the zone and the surface of the liver: they are mixed with what lies outside."""
    reach = CAPSULE_MM + max(spacing)
    rim = dark & (distance_mm(~inside, spacing, reach + 1.0) <= reach)
    return np.asarray(rim & (distance_mm(found, spacing, reach + 1.0) <= reach))


def _edge_mm(
    smooth: NDArray[np.float32], found: Mask, inside: Mask, range_hu: float, spacing: tuple[float, float, float]
) -> float:
    """How far the border lies apart from where the value is ``range_hu`` more or less, off the liver's surface."""
    shell = found & ~ndimage.binary_erosion(found) & (distance_mm(~inside, spacing, 5.0) > 4.0)
    if not shell.any():
        shell = found & ~ndimage.binary_erosion(found)
    slopes = np.gradient(smooth, *spacing)
    steep = np.sqrt(sum(slope[shell].astype(np.float64) ** 2 for slope in slopes))
    return float(range_hu / max(float(np.median(steep)), 1e-3))


def _doubts(
    found: Mask, seed: Mask, old: Mask, planned: Mask | None, spacing: tuple[float, float, float]
) -> tuple[str, ...]:
    """What speaks against a zone beside its place in the scan: the target itself, another darkness, not as planned."""
    rules = []
    both = np.count_nonzero(found & seed)
    if 2.0 * both > ALIKE * (np.count_nonzero(found) + np.count_nonzero(seed)):
        rules.append("no larger than the target: perhaps the target itself, not treated")
    if both < LEAST_MET * np.count_nonzero(seed):
        rules.append("lies beside the target")
    border = found & ~ndimage.binary_erosion(found)
    if old.any() and bool((distance_mm(old, spacing, 2.0 * max(spacing))[border] <= 1.1 * max(spacing)).mean() > TOUCH):
        rules.append("touches what was dark before")
    if planned is not None and planned.any():
        beyond = found & (distance_mm(planned | seed, spacing, BEYOND_PLAN_MM + 2.0) > BEYOND_PLAN_MM)
        ratio = np.count_nonzero(found) / np.count_nonzero(planned)
        if beyond.any() or not 1.0 / PLAN_RATIO < ratio < PLAN_RATIO:
            rules.append("differs from the simulated zone")
    return tuple(rules)


def _box(expected: Mask, geometry: VolumeGeometry) -> tuple[tuple[slice, ...], VolumeGeometry]:
    index = np.argwhere(expected)
    room = np.ceil(ROOM_MM / np.asarray(geometry.spacing_mm)).astype(int)
    low = np.maximum(index.min(axis=0) - room, 0)
    high = np.minimum(index.max(axis=0) + room + 1, geometry.shape)
    size = high - low
    place = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), place


def _grown(dark: Mask, inside: Mask, wanted: Mask, seed: Mask, spacing: tuple[float, float, float]) -> Mask:
    """The dark piece with most of ``wanted`` near ``seed``, without what hangs on it by a thin bridge, holes filled."""
    deep = LEAK_MM + 0.5 * max(spacing)  # from voxel centre to voxel centre: one layer of thick slices is no depth
    core = distance_mm(~dark, spacing, deep + 1.0) > deep
    pieces, count = ndimage.label(core)
    if not count:
        return np.zeros(dark.shape, bool)
    near = (distance_mm(seed, spacing, 6.0) < 5.0) & (distance_mm(wanted, spacing, 6.0) < 5.0)
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
