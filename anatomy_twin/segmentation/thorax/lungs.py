"""The lungs on a fine grid: air between pleura and hilum, vessels and nodules filled in, right and left parted."""

from __future__ import annotations

from typing import Final

import numpy as np
import SimpleITK
from scipy import ndimage
from skimage.morphology import convex_hull_image

from anatomy_twin.segmentation.ground.working_grid import (
    Box,
    Found,
    Image,
    Mask,
    box_of,
    boxed_components,
    close_mm,
    depth_mm,
    dilate_mm,
    erode_mm,
    fill_slices,
    touching,
    volume_ml,
)

EDGE_HU: Final = -420.0  # half way between lung and soft tissue
CLOSE_MM: Final = 6.0
BRIDGE_MM: Final = 12.0
ENCLOSED: Final = 0.7
WEAR_MM: Final = (1.0, 5.5, 8.5, 11.5)
MAX_FILLED_ML: Final = 150.0
LEAST_ML: Final = 40.0


def find_lung_masks(
    hu: Image, coarse: Mask, airways: Mask, windpipe: Mask, left_mm: Image, wall_depth: Image, body: Mask,
    others: Mask, spacing_mm: float,
) -> dict[str, Found]:
    """Return ``lung_right`` and ``lung_left``.

    Parameters
    ----------
    hu : a grid of about 1.25 mm around the lungs.
    coarse : lung as air, found on the working grid; airways, windpipe : lumen, excluded with its wall.
    others : bone, heart, aorta and gas that is no lung: never taken.
    left_mm : mm to the left of the spine; wall_depth : mm inside the inner face of the trunk wall (both on the grid).

    The border is at -420 HU. Vessels and nodules are filled where they are enclosed by lung, or by lung and chest
    wall: a tumour that sits on the ribs belongs to its lung, the heart and the dome of the liver do not.
    """
    step = spacing_mm
    large = dilate_mm(depth_mm(airways, step, 4.0) > 2.6, 2.6 + 2.0, step) | dilate_mm(windpipe, 2.5, step)
    smooth = ndimage.gaussian_filter(hu, 0.5 / step, mode="nearest", truncate=3.0)
    others = others | ((hu > 160.0) & (wall_depth < 12.0))
    air = (smooth < EDGE_HU) & body & ~large & ~others & dilate_mm(coarse, 10.0, step)
    air = touching(air, coarse)
    right, left = part_lungs(smooth, air, left_mm, step)
    found = {}
    for name, side, other in (("lung_right", right, left), ("lung_left", left, right)):
        if volume_ml(side, step) < LEAST_ML:
            found[name] = Found.nothing("no lung on this side in the field of the scan")
            continue
        barred = other | large | others | ~body
        whole = filled_lung(hu, side, barred, wall_depth, step)
        found[name] = Found(whole)
    if not found["lung_right"].absent and not found["lung_left"].absent:
        found["lung_left"] = Found(found["lung_left"].mask & ~found["lung_right"].mask)
    return found


def part_lungs(smooth: Image, air: Mask, left_mm: Image, spacing_mm: float) -> tuple[Mask, Mask]:
    """Divide the air into right and left; where both touch, along the brightest membrane between them.

    Parts of one side go there whole. A part that reaches far into both sides is flooded on its grey values from what
    lies more than 30 mm beside the spine (watershed): the thin line where both pleurae meet is the ridge.
    """
    right, left = np.zeros_like(air), np.zeros_like(air)
    for box, part in boxed_components(air):
        sides = np.broadcast_to(left_mm, air.shape)[box][part]
        share = float(np.mean(sides > 0.0))
        if share > 0.93 or share < 0.07:
            (left if share > 0.5 else right)[box] |= part
            continue
        beside = np.broadcast_to(left_mm, air.shape)[box]
        markers = np.where(part & (beside < -30.0), 1, 0) + np.where(part & (beside > 30.0), 2, 0)
        markers = np.where(erode_mm(part, 2.0 * spacing_mm, spacing_mm), markers, 0).astype(np.uint8)
        if not (markers == 1).any() or not (markers == 2).any():
            (left if share > 0.5 else right)[box] |= part
            continue
        relief = np.where(part, smooth[box], 0.0).astype(np.float32)
        flooded = SimpleITK.GetArrayFromImage(
            SimpleITK.MorphologicalWatershedFromMarkers(
                SimpleITK.GetImageFromArray(relief), SimpleITK.GetImageFromArray(markers), False, False
            )
        )
        right[box] |= part & (flooded == 1)
        left[box] |= part & (flooded == 2)
    return right, left


def filled_lung(hu: Image, side: Mask, barred: Mask, wall_depth: Image, spacing_mm: float) -> Mask:
    """Return one lung with what it encloses: vessels, nodules, tumours on the chest wall."""
    step = spacing_mm
    closed = close_mm(side, CLOSE_MM, step) & ~barred
    filled = closed | (_small_holes(closed, step) & ~barred)
    # a wider closing fills heart and liver edges as well: only what lung and chest wall surround is taken from it
    half = (slice(None, None, 2),) * 3
    free = ~barred[half] & (hu[half] > -700.0) & (wall_depth[half] > 1.0)
    enclosed = enclosed_parts(filled[half], free, wall_depth[half] < 5.5, 2.0 * step)
    if enclosed.any():
        grown = enclosed.repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(slice(0, n) for n in filled.shape)]
        # decimated voxels leave gaps of one voxel to the lung
        filled |= close_mm(filled | grown, 2.0 * step, step) & dilate_mm(grown, 3.0 * step, step) & ~barred
    return np.asarray(filled | (_small_holes(filled, step) & ~barred))


def enclosed_parts(lung: Mask, free: Mask, costal: Mask, spacing_mm: float) -> Mask:
    """Return the parts of ``free`` within the lung's hull that lung, or lung and chest wall, surround.

    Tried from thin to thick: a tumour that hangs on the diaphragm by a bridge is reached once the bridge is worn
    away. A part counts when 70 % of its surroundings are lung or wall and 35 % lung, or when it is a ball (longest
    axis at most 1.6 times the shortest) of less than 60 ml with more than half of its surface in lung.
    """
    result = np.zeros_like(lung)
    box = box_of(lung, int(np.ceil(BRIDGE_MM / spacing_mm)) + 3)
    lung, free, costal = lung[box], free[box], costal[box]
    wider = close_mm(lung, BRIDGE_MM, spacing_mm) | hull_in_slices(lung)
    for radius in WEAR_MM:
        rest = wider & ~lung & free
        worn = erode_mm(rest, radius, spacing_mm)
        margin = int(np.ceil(radius / spacing_mm)) + 3
        for place, _ in boxed_components(worn, max(1, int(0.1 / (spacing_mm**3 / 1000.0)))):
            room = _padded(place, margin, lung.shape)
            part = touching(worn[room], _at(worn, place, room))
            whole = dilate_mm(part, radius + spacing_mm, spacing_mm) & rest[room]
            if not 0.1 < volume_ml(whole, spacing_mm) < MAX_FILLED_ML:
                continue
            ring = dilate_mm(whole, spacing_mm, spacing_mm) & ~whole
            in_lung = float(np.mean(lung[room][ring]))
            walled = in_lung > 0.35 and float(np.mean((lung[room] | costal[room])[ring])) > ENCLOSED
            # a ball that bulges from the mediastinum
            ball = radius > 2.0 and in_lung > 0.5 and volume_ml(whole, spacing_mm) < 60.0 and elongation(whole) < 1.6
            if walled or ball:
                lung = lung.copy()
                lung[room] |= whole
                result[box][room] |= whole
    return result


def elongation(mask: Mask) -> float:
    """Return the ratio of the longest to the shortest axis of the ellipsoid of equal moments."""
    points = np.argwhere(mask).astype(np.float64)
    if len(points) < 4:
        return 99.0
    values = np.linalg.eigvalsh(np.cov(points.T) + np.eye(3) / 12.0)
    return float(np.sqrt(values[-1] / values[0]))


def _at(mask: Mask, place: Box, room: Box) -> Mask:
    """Return ``mask`` in ``room`` with only what lies in ``place`` set."""
    only = np.zeros_like(mask[room])
    inner = tuple(slice(p.start - r.start, p.stop - r.start) for p, r in zip(place, room, strict=True))
    only[inner] = mask[place]
    return only


def _padded(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    sides = [slice(max(0, s.start - margin), min(n, s.stop + margin)) for s, n in zip(box, shape, strict=True)]
    return sides[0], sides[1], sides[2]


def _small_holes(mask: Mask, step: float, largest_mm2: float = 200.0) -> Mask:
    """Return the holes of each slice no larger than a vessel in the hilum: the dome of the liver is a hole as well."""
    holes = fill_slices(mask) & ~mask
    structure = np.zeros((3, 3, 3), dtype=bool)
    structure[1] = True
    labels, count = ndimage.label(holes, structure)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(((sizes > 0) & (sizes * step**2 < largest_mm2))[labels])


def hull_in_slices(mask: Mask) -> Mask:
    """Return the convex hull of the mask slice by slice."""
    result = mask.copy()
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        if np.ptp(np.nonzero(mask[k])[0]) > 1 and np.ptp(np.nonzero(mask[k])[1]) > 1:
            result[k] |= convex_hull_image(mask[k], offset_coordinates=False, include_borders=False)
    return result
