"""The skeleton and its parts from the working grid to a finer one and onto the voxels of the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, Volume, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.bones.bone_parts import find_bone_parts
from anatomy_twin.segmentation.bones.skeleton import find_skeleton
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, finer_grid, paste, resample, resample_mask

FINE_MM: Final = 1.5
MARGIN_MM: Final = 6.0
COARSER: Final = 1.3
LEAST_SHARE: Final = 0.3


def find_bones(
    volume: Volume, body: Mask, bone: Mask, vessels: Mask, lungs: Mask, frame: SpineFrame, geometry: VolumeGeometry,
    depth: Image | None = None, organs: Mask | None = None, monitor: Monitor = SILENT,
) -> tuple[VolumeGeometry, Mask, Mapping[str, Found]]:
    """Return a grid of 1.5 mm, the skeleton on it, and its named parts (all in one pass over the scan).

    ``body``, ``bone``, ``vessels`` (no bone, however bright), ``lungs``, ``frame``, ``depth`` (mm inside the trunk
    wall) and ``organs`` (what may lean on the wall) are on the working grid ``geometry``.
    """
    fine = finer_grid(volume, body, geometry, FINE_MM, MARGIN_MM)
    coarse, barred, air = (
        resample_mask(mask, geometry, fine.geometry) for mask in (bone & body, vessels | lungs | ~body, lungs)
    )
    monitor.progress(0.1)
    left, front = _frame_on(frame, geometry, fine.geometry)
    pixel_mm = max(volume.canonical().geometry.spacing_mm[1:])
    wall = None if depth is None else resample(depth, geometry, fine.geometry)
    solid = None if organs is None else resample_mask(organs, geometry, fine.geometry)
    skeleton, spine = find_skeleton(fine.hu, FINE_MM, coarse, barred, left, front, pixel_mm, wall, solid)
    monitor.progress(0.6)
    check_cancelled(monitor)
    parts = find_bone_parts(fine.hu, FINE_MM, skeleton, spine, air)
    monitor.progress(0.9)
    return fine.geometry, skeleton, parts


def carry_bones(
    fine: VolumeGeometry, skeleton: Mask, parts: Mapping[str, Found], target: VolumeGeometry
) -> dict[str, Found]:
    """Return ``bone`` and its parts on the voxels of ``target``; a part holds only voxels of the bone."""
    if not skeleton.any():
        return {}
    whole = _carried(skeleton, fine, target)
    numbers = np.zeros(skeleton.shape, np.uint8)
    for number, entry in enumerate(parts.values(), start=1):
        numbers[entry.mask] = number
    # where rounding gives bone a voxel more than on the fine grid it belongs to the part beside it
    numbers = np.where(numbers == 0, ndimage.maximum_filter(numbers, size=3), numbers)
    carried = _nearest(numbers, fine, target)
    carried[~whole] = 0
    result = {"bone": Found(whole)}
    for number, (name, entry) in enumerate(parts.items(), start=1):
        mask = carried == number
        if mask.any():
            result[name] = replace(entry, mask=mask)
    return result


def _carried(skeleton: Mask, fine: VolumeGeometry, target: VolumeGeometry) -> Mask:
    """Return the skeleton on ``target`` with its volume kept.

    Half of a voxel's share as the limit would lose what is thinner than a voxel of a coarse scan: there the limit is
    the share above which as much bone is left as there was, at least ``LEAST_SHARE``.
    """
    if max(target.spacing_mm) <= COARSER * FINE_MM:
        return paste(skeleton, fine, target)
    share = resample(skeleton, fine, target)
    voxels = round(float(np.count_nonzero(skeleton) * np.prod(fine.spacing_mm) / np.prod(target.spacing_mm)))
    some = share[share > LEAST_SHARE]
    if some.size <= voxels:
        return share > LEAST_SHARE
    limit = float(np.partition(some, some.size - voxels)[some.size - voxels])
    return share > min(limit, 0.5)


def _frame_on(frame: SpineFrame, coarse: VolumeGeometry, fine: VolumeGeometry) -> tuple[Image, Image]:
    """Return mm left and in front of the spine's reference on the finer grid, [k, 1, i] and [k, j, 1]."""
    index = np.array([coarse.to_index(fine.to_world((k, 0, 0)))[0] for k in range(fine.shape[0])])
    slices = np.arange(frame.x_mm.size)
    start = coarse.to_index(fine.to_world((0, 0, 0)))
    step = frame.spacing_mm
    x = start[2] * step + np.arange(fine.shape[2]) * fine.spacing_mm[2]
    y = start[1] * step + np.arange(fine.shape[1]) * fine.spacing_mm[1]
    left = x[None, :] - np.interp(index, slices, frame.x_mm)[:, None]
    front = np.interp(index, slices, frame.y_mm)[:, None] - y[None, :]
    return left[:, None, :].astype(np.float32), front[:, :, None].astype(np.float32)


def _nearest(numbers: NDArray[np.uint8], source: VolumeGeometry, target: VolumeGeometry) -> NDArray[np.uint8]:
    picks = []
    start, per_voxel = source.to_index(target.to_world((0, 0, 0))), np.asarray(target.spacing_mm) / source.spacing_mm
    for axis in range(3):
        places = start[axis] + np.arange(target.shape[axis]) * per_voxel[axis]
        picks.append(np.floor(places + 0.5 + 1e-6).astype(int))
    inside = [np.flatnonzero((pick >= 0) & (pick < size)) for pick, size in zip(picks, source.shape, strict=True)]
    result = np.zeros(target.shape, np.uint8)
    kept = [pick[places] for pick, places in zip(picks, inside, strict=True)]
    result[np.ix_(*inside)] = numbers[np.ix_(*kept)]
    return result
