"""The skeleton on a finer grid: dense shells, the marrow they enclose, and not the spinal canal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    box_of,
    boxed_components,
    close_slices_mm,
    depth_mm,
    distance_mm,
    fill_slices,
    open_mm,
    open_slices_mm,
    touching,
)

SHELL_HU: Final = 110.0
COARSE_HU: Final = 130.0
COARSE_PIXEL_MM: Final = (2.0, 3.0)
BORDER_SHARE: Final = (0.55, 0.43)
LEAST_PEAK_HU: Final = 150.0  # cortex, however thin, not an organ full of contrast
CORE_MM: Final = 3.0
COLUMN_FRONT_MM: Final = 12.0
COLUMN_MM: Final = 42.0
DENSEST_LIMIT_HU: Final = 350.0
REACH_MM: Final = 6.0
MUSCLE_HU: Final = 55.0
LEAST_MARROW_HU: Final = 78.0
BODY_RADIUS_MM: Final = 26.0
RIM_MM: Final = 2.6
MARROW_PERCENTILE: Final = 60.0
WALL_MM: Final = 4.0
WALL_BEHIND_MM: Final = 15.0
BEHIND_MM: Final = -5.0
BEHIND_HU: Final = 160.0
THIN_HU: Final = 115.0
LEAST_RIB_ML: Final = 0.15
RIB_PEAK_HU: Final = 190.0
RIB_HALF_MM: Final = 7.5
CARTILAGE_HU: Final = (85.0, 175.0)
CALCIFYING_HU: Final = 220.0
CARTILAGE_FRONT_MM: Final = 40.0
CARTILAGE_HALF_MM: Final = 4.2
CARTILAGE_DEPTH_MM: Final = 8.0
LEAST_CARTILAGE_ML: Final = 0.4
STERNUM_HALF_MM: Final = 30.0
CALCIFIED_ML: Final = 6.0
PLATE_HU: Final = 60.0
PLATE_REACH_MM: Final = (4.5, 9.0)


@dataclass(frozen=True, eq=False)
class Spine:
    """The spine on a fine grid: mm left and in front of the middle of the canal, the canal, the vertebral bodies.

    ``marrow_hu`` is this patient's level of the marrow, ``bodies`` a mask without the discs where marrow is brighter,
    ``dark`` [k] the slices in whose middle a disc lies.
    """

    left: Image
    front: Image
    canal: Mask
    bodies: Mask
    marrow_hu: float
    dark: NDArray[np.bool_]


def find_skeleton(
    hu: Image, step: float, coarse: Mask, barred: Mask, left: Image, front: Image, pixel_mm: float = 1.0,
    wall: Image | None = None, organs: Mask | None = None,
) -> tuple[Mask, Spine]:
    """Return the bones on a grid of equal spacing ``step`` (1 to 3 mm), and the spine.

    Parameters
    ----------
    hu : the image [k, j, i].
    coarse : the bones as found on the working grid, carried to this one; ``barred`` what is no bone.
    left, front : mm from the spine's reference (see ``SpineFrame``), on this grid.
    pixel_mm : width of the scan's own voxels within a slice.
    wall : mm inside the inner face of the trunk wall (negative in the wall): thin bones in it are followed farther.
    organs : what may lean on bone and be as bright as a thin rib.

    What exceeds half of the contrast of the densest bone within two voxels (at least 110 HU) near the coarse mask is
    shell: 0.55 of the blurred peak, which is lower than that of the cortex itself, and less where voxels are wider
    than cortex is thick. Marrow is what a shell encloses within a slice; in the bodies of the vertebrae, whose shell
    is thin, what is brighter than half way between muscle and this patient's own marrow. Discs, what is darker between
    two end plates, are not filled, and around the spine what closing added beyond the border is taken off again.
    """
    smooth = ndimage.gaussian_filter(hu, 0.7 / step, mode="nearest", truncate=3.0) if step < 2.0 else hu
    rough = coarse | ((hu > 150.0) & (np.abs(left) < 30.0) & (np.abs(front) < 40.0) & ~barred)
    canal, middle = _canal(hu, step, rough, left, front)
    left, front = left - middle[:, 0, None, None], front - middle[:, 1, None, None]
    barred = barred | canal
    seeds = coarse
    if wall is not None:
        none = np.zeros_like(coarse) if organs is None else organs
        gristle = _cartilage(smooth, step, coarse, wall, left, front)
        barred = barred | gristle
        coarse = coarse & ~_calcified(coarse & ~barred, gristle, front, step)
        seeds = coarse | _wall_bones(hu, smooth, step, coarse & ~barred, barred | none, wall, front)
    near = distance_mm(seeds, step, REACH_MM + step) <= REACH_MM
    bodies, marrow_hu, disc, dark = _vertebral_bodies(hu, step, left, front, barred)
    near |= bodies
    dense = ndimage.maximum_filter(np.where(near, smooth, 0.0), size=2 * round(1.5 / step) + 1)
    # where voxels are wider than cortex is thick the brightest of them holds little of it
    share = np.interp(pixel_mm, COARSE_PIXEL_MM, BORDER_SHARE)
    half = MUSCLE_HU + share * (dense - MUSCLE_HU)
    least = np.clip(half, SHELL_HU, DENSEST_LIMIT_HU)
    shell = near & (smooth > least) & (dense > LEAST_PEAK_HU) & ~barred
    if organs is not None:
        shell &= ~organs | coarse
    core = (depth_mm(coarse, step, 2.0 * CORE_MM) > CORE_MM) & (smooth > COARSE_HU)
    shell = touching(shell | (core & ~barred), seeds & ~barred)
    closed = close_slices_mm(shell, 2.0, step) & (smooth > LEAST_MARROW_HU) & ~barred & ~disc
    filled = fill_slices(closed | shell) & near & ~barred & ~disc & (smooth > -60.0)
    filled &= distance_mm(shell, step, 12.0) < 10.0
    # the border of a body lies at half of its contrast, as that of every bone
    outer = bodies & (smooth < np.minimum(half, DENSEST_LIMIT_HU)) & (depth_mm(bodies, step, 2.0 * RIM_MM) < RIM_MM)
    bodies &= ~outer
    result = shell | filled | bodies
    beside_column = ~bodies & (np.hypot(left, front - COLUMN_FRONT_MM) < COLUMN_MM) & (smooth < least)
    box = box_of(beside_column & result, 3)
    for _ in range(2):
        result[box] &= ~(beside_column[box] & (depth_mm(result[box], step, 2.0 * step) < 1.3 * step))
    return result, Spine(left, front, canal, bodies, marrow_hu, dark)


def _cartilage(smooth: Image, step: float, bone: Mask, wall: Image, left: Image, front: Image) -> Mask:
    """Return the cartilage of the ribs: in the front wall, thicker than the marrow of a rib, without its dense rim."""
    place = (wall < CARTILAGE_DEPTH_MM) & (front > CARTILAGE_FRONT_MM)
    place &= (np.abs(left) > STERNUM_HALF_MM) | ~bone
    box = box_of(place)
    soft = (place & (smooth > CARTILAGE_HU[0]) & (smooth < CARTILAGE_HU[1]))[box]
    result = np.zeros_like(bone)
    labels, count = ndimage.label(open_mm(soft, CARTILAGE_HALF_MM, step))
    large = np.bincount(labels.ravel(), minlength=count + 1) * step**3 / 1000.0 > LEAST_CARTILAGE_ML
    large[0] = False
    around = distance_mm(large[labels], step, 6.0) < 4.5
    result[box] = around & place[box] & (smooth[box] < CALCIFYING_HU)
    return result


def _calcified(bone: Mask, gristle: Mask, front: Image, step: float) -> Mask:
    """Return the small bright pieces that lie on cartilage: its calcified rim."""
    result = np.zeros_like(bone)
    if not gristle.any():
        return result
    beside = distance_mm(gristle, step, 6.0) < 4.5
    for box, part in boxed_components(bone & (front > CARTILAGE_FRONT_MM)):
        if np.count_nonzero(part) * step**3 / 1000.0 < CALCIFIED_ML and float(np.mean(beside[box][part])) > 0.5:
            result[box] |= part
    return result


def _wall_bones(
    hu: Image, smooth: Image, step: float, bone: Mask, barred: Mask, wall: Image, front: Image
) -> Mask:
    """Return thin bone in the trunk wall: ribs whose density their surroundings lower, processes of the vertebrae.

    In the wall only bone, calcified cartilage and thin vessels are brighter than muscle by 70 HU. Kept is what hangs
    together with bone that is known, and by itself what is bright in its middle and no thicker than a rib.
    """
    bright = (wall < WALL_MM) & ~barred & (smooth > THIN_HU)
    # behind the spine's reference the inner face is uncertain, and the lowest ribs may lie inside of it
    bright |= (wall < WALL_BEHIND_MM) & (front < BEHIND_MM) & ~barred & (smooth > BEHIND_HU)
    labels, count = ndimage.label(bright, np.ones((3, 3, 3), bool))
    if not count:
        return np.zeros_like(bone)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[bone & bright])] = True
    sizes_ml = np.bincount(labels.ravel(), minlength=count + 1) * step**3 / 1000.0
    dense = np.zeros(count + 1, bool)
    dense[np.unique(labels[bright & (hu > RIB_PEAK_HU)])] = True
    keep |= (sizes_ml > LEAST_RIB_ML) & dense
    keep[0] = False
    found = keep[labels]
    return found & ~open_slices_mm(found & ~bone, RIB_HALF_MM, step)


def _vertebral_bodies(
    hu: Image, step: float, left: Image, front: Image, barred: Mask
) -> tuple[Mask, float, Mask, NDArray[np.bool_]]:
    """Return the bodies before the canal, the marrow's level (median within 9 mm of their middle) and the discs.

    The fourth tells per slice [k] whether its middle is as dark as a disc.
    A disc is what is darker than marrow in the slices whose middle is darker than half way between muscle and marrow.
    """
    smooth = ndimage.gaussian_filter(hu, 1.2 / step, mode="nearest", truncate=3.0)
    zone = np.hypot(left, front - BODY_RADIUS_MM + 2.0) < BODY_RADIUS_MM
    core = np.hypot(left, front - 22.0) < 9.0
    middles = zip(hu, core, strict=True)
    lines = np.array([np.median(part[inside]) if inside.any() else np.nan for part, inside in middles])
    known = ~np.isnan(lines)
    # discs are darker than marrow: they are the lower part of all slices
    level = float(np.percentile(lines[known], MARROW_PERCENTILE)) if known.any() else 150.0
    limit = max(LEAST_MARROW_HU, 0.5 * (MUSCLE_HU + level))
    body = open_slices_mm(zone & (smooth > limit) & ~barred, 4.5, step)
    body = touching(body, core & body)
    body = close_slices_mm(body, 3.0, step) & zone & (smooth > 0.9 * limit) & ~barred
    dark = known & (np.nan_to_num(lines) < limit)
    through = dark[:, None, None]
    # the blur of both end plates brightens a disc towards its rim
    disc = open_slices_mm(through & zone & (smooth < level), 3.0, step)
    disc |= _between_plates(smooth, step, zone, level, limit)
    return fill_slices(body) & zone & ~barred & (smooth > 0.0) & ~disc, level, disc, dark


def _between_plates(smooth: Image, step: float, zone: Mask, level: float, limit: float) -> Mask:
    """Return what is darker by 60 HU than an end plate above and one below it: discs that are thin or lie aslant.

    Within 4.5 mm of both plates it is darker than marrow (``level``), within 9 mm than half way to it (``limit``):
    the middle of a vertebra is as dark as its marrow, and its plates are at least 13 mm apart.
    """
    result = np.zeros_like(zone)
    if not zone.any():
        return result
    box = box_of(zone)
    part = smooth[box]
    for reach_mm, darker_than in zip(PLATE_REACH_MM, (level, limit), strict=True):
        reach = round(reach_mm / step)
        brightest = ndimage.maximum_filter1d(part, reach, axis=0, mode="nearest")
        # a window of ``reach`` slices begins reach // 2 slices before its place
        above, below = np.full_like(part, -np.inf), np.full_like(part, -np.inf)
        above[:-(reach // 2 + 1)] = brightest[reach // 2 + 1:]
        below[reach - reach // 2:] = brightest[:-(reach - reach // 2)]
        result[box] |= (part < darker_than) & (np.minimum(above, below) > part + PLATE_HU)
    return open_slices_mm(result & zone, 1.6, step)


def _canal(hu: Image, step: float, bone: Mask, left: Image, front: Image) -> tuple[Mask, Image]:
    """Return the spinal canal and its middle per slice [k, 2] in mm (left, front of the spine's reference).

    Slice by slice the largest dark region that bone encloses near the reference; where the ring is open (between two
    arches) the middle is that of the slices around.
    """
    zone = (np.abs(left) < 30.0) & (np.abs(front) < 40.0)
    ring = close_slices_mm(bone & zone, 5.0, step)
    holes = open_slices_mm(fill_slices(ring) & ~bone & zone & (hu < 110.0), 3.5, step)
    canal = np.zeros_like(holes)
    middle = np.full((hu.shape[0], 2), np.nan)
    for k in range(hu.shape[0]):
        labels, count = ndimage.label(holes[k])
        if not count:
            continue
        index = np.arange(1, count + 1)
        area_mm2 = ndimage.sum_labels(np.ones_like(labels), labels, index) * step**2
        x = ndimage.mean(np.broadcast_to(left[k], labels.shape), labels, index)
        y = ndimage.mean(np.broadcast_to(front[k], labels.shape), labels, index)
        score = area_mm2 * np.exp(-((x / 12.0) ** 2) - ((y / 25.0) ** 2)) * ((area_mm2 > 60.0) & (area_mm2 < 700.0))
        best = int(np.argmax(score))
        if score[best] > 0.0:
            canal[k] = labels == best + 1
            middle[k] = x[best], y[best]
    return canal, np.stack([_followed(line, step) for line in middle.T], axis=1)


def _followed(line: Image, step: float) -> Image:
    """Fill the slices without a ring from their neighbours and smooth the line over about 20 mm."""
    known = ~np.isnan(line)
    if not known.any():
        return np.zeros(line.shape, np.float32)
    index = np.arange(line.size)
    whole = ndimage.median_filter(np.interp(index, index[known], line[known]), size=max(3, round(30.0 / step)))
    return ndimage.gaussian_filter1d(whole, 10.0 / step, mode="nearest").astype(np.float32)
