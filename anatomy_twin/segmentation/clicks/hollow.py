"""Gas and folds of what is hollow: they belong to the stomach or duodenum around them, however different they look."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.scene import Floats
from anatomy_twin.segmentation.clicks.shapes import box_between
from anatomy_twin.segmentation.ground.working_grid import Box, Mask, box_of, box_start_shape

GASSY: Final = ("stomach", "duodenum")
GAS_HU: Final = -300.0
MARGIN_MM: Final = 40.0  # gas that reaches farther from the mask than this is not enclosed by it
NEAR_MM: Final = 4.0  # a wall, and the blur between gas and wall
BESIDE: Final = 0.28  # so much of what surrounds gas is the organ: it lies in it, or floats on what is in it
WALL_MM: Final = 2.5  # of a full stomach or gut
FOLD_MM: Final = 3.0  # what is left out between two parts and thinner than twice that is a fold
FAT_HU: Final = -30.0


def filled(
    array: NDArray[np.generic], geometry: VolumeGeometry, mask: Mask, outside_mm: Floats
) -> tuple[Box, Mask] | None:
    """Return what is missing from a hollow organ: gas that it encloses with the wall around it, folds; None if nothing.

    Parameters
    ----------
    array, geometry : HU on upright axes.
    mask : the organ as far as it is drawn.
    outside_mm : clicks outside of it, (n, 3): gas that holds one of them is no part of it.
    """
    if not mask.any():
        return None
    inner = box_of(mask)
    corners = geometry.to_world(np.array([[s.start for s in inner], [s.stop - 1 for s in inner]]))
    box = box_between(geometry, corners.min(0) - MARGIN_MM, corners.max(0) + MARGIN_MM)
    block = geometry.cropped(*box_start_shape(box))
    part, values, spacing = mask[box], np.asarray(array[box]), geometry.spacing_mm
    gas = _enclosed(values < GAS_HU, part, block, outside_mm)
    whole = part | gas
    if gas.any():
        whole |= (distance_mm(gas, spacing, WALL_MM + 1.0) <= WALL_MM) & (values > FAT_HU)
        whole |= (distance_mm(gas, spacing, NEAR_MM) < NEAR_MM) & (distance_mm(part, spacing, NEAR_MM) < NEAR_MM)
    wide = distance_mm(whole, spacing, FOLD_MM + 1.0) <= FOLD_MM
    closed = distance_mm(~wide, spacing, FOLD_MM + 1.0) > FOLD_MM
    more = (whole | (closed & (values > FAT_HU))) & ~part
    return (box, more) if more.any() else None


def _enclosed(gas: Mask, part: Mask, block: VolumeGeometry, outside_mm: Floats) -> Mask:
    """Return the pieces of gas of which the organ is a good share of the surroundings."""
    labels, count = ndimage.label(gas)
    kept = np.zeros(gas.shape, dtype=bool)
    if not count:
        return kept
    sides = [np.take(labels, at, axis).ravel() for axis in (1, 2) for at in (0, -1)]
    refused = set(np.unique(np.concatenate(sides)).tolist())
    for index in block.voxel_of(outside_mm).reshape(-1, 3):
        if ((index >= 0) & (index < np.asarray(gas.shape))).all():
            refused.add(int(labels[tuple(index)]))
    touched = np.unique(labels[distance_mm(part, block.spacing_mm, NEAR_MM + 1.0) <= NEAR_MM])
    pieces = ndimage.find_objects(labels)
    limit = np.count_nonzero(part)
    for number in touched[touched > 0].tolist():
        margins = [int(np.ceil(NEAR_MM / side)) + 1 for side in block.spacing_mm]
        at = tuple(slice(max(0, s.start - m), s.stop + m) for s, m in zip(pieces[number - 1], margins, strict=True))
        piece = labels[at] == number
        if number in refused or np.count_nonzero(piece & ~part[at]) > limit:
            continue
        shell = (distance_mm(piece, block.spacing_mm, NEAR_MM + 1.0) <= NEAR_MM) & ~piece
        if shell.any() and float(np.mean(part[at][shell])) >= BESIDE:
            kept[at] |= piece
    return kept
