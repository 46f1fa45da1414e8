"""The pleural recess: where lung may come on deep breathing, so no needle should pass there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall, find_wall, lungs_of, organs_on_wall_grid
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    Masks,
    distance_mm,
    paste,
    touching,
)

# How far the pleura reaches below the lung's lower edge. At rest about two ribs (lung at the 6th, 8th and 10th rib,
# pleura at the 8th, 10th and 12th, in the midclavicular, midaxillary and paravertebral lines), about 50 mm in the
# midaxillary line; a CT is taken in inspiration, when the lung fills part of it. The values are assumed, in mm.
EXTENT_FRONT_MM: Final = 25.0
EXTENT_SIDE_MM: Final = 40.0
EXTENT_BACK_MM: Final = 30.0
SHEET_DEPTH_MM: Final = (-1.5, 6.5)  # about the measured inner face of the wall, which is uncertain by some mm
AT_WALL_MM: Final = 14.0
RAYS: Final = 120


def find_pleural_recess(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT, wall: Wall | None = None
) -> dict[str, Found]:
    """Estimate ``pleural_recess``: a thin sheet on the inner face of the rib cage below the lung's lower edge.

    Parameters as ``tissues.find_tissues``; needs "body" and a lung. The sheet begins at the lowest lung voxel that
    leans on the wall, ray by ray, and goes down by an assumed extent (25 mm in front, 40 mm at the side, 30 mm at the
    back). Its state is "check" by the rule "estimated": a potential space is not seen in a CT.
    """
    if not lungs_of(masks).any():
        return {"pleural_recess": Found.nothing("needs the lower edge of a lung, and none is in the field of the scan")}
    wall = wall or find_wall(hu, geometry, masks)
    step = wall.spacing_mm
    left, front = _planar(wall.frame.left_mm, wall.frame.front_mm, wall.hu.shape)
    # around a point 60 mm before the spine: 0 degrees to the front, 90 to the patient's left, -90 to the right
    angle = np.degrees(np.arctan2(left, front - 60.0))
    lungs = whole_lungs(wall)
    below = _below_edge(lungs, wall.cavity_depth, angle, step)
    monitor.progress(0.6)
    extent = np.interp(np.abs(angle), [0, 45, 90, 120, 180], [EXTENT_FRONT_MM, EXTENT_FRONT_MM, EXTENT_SIDE_MM,
                                                              EXTENT_SIDE_MM, EXTENT_BACK_MM])
    none = np.zeros_like(wall.masks["body"])
    solid = organs_on_wall_grid(masks, geometry, wall)
    from_solid = distance_mm(solid, step, 12.0)
    sheet = (wall.cavity_depth >= SHEET_DEPTH_MM[0]) & (wall.cavity_depth <= SHEET_DEPTH_MM[1])
    # where an organ leans on the wall the sheet lies on the organ's surface
    sheet = (sheet & ~solid) | ((from_solid > 0) & (from_solid <= 1.3 * step) & (np.abs(wall.cavity_depth) < 12.0))
    inside = (below > -2.0 * step) & (below <= extent) & wall.masks["body"]
    recess = sheet & inside & ~lungs & ~wall.masks.get("bone", none)
    note = (
        f"estimated: {EXTENT_FRONT_MM:g} mm (front), {EXTENT_SIDE_MM:g} mm (side), {EXTENT_BACK_MM:g} mm (back) below "
        "the lung's edge in this breath, assumed from the pleural reflection about two ribs below the lung at rest"
    )
    if not recess.any():
        return {"pleural_recess": Found.nothing("no lung edge leans on the rib cage in the field of the scan")}
    mask = recess if wall.geometry is geometry else paste(recess, wall.geometry, geometry)
    monitor.progress(1.0)
    return {"pleural_recess": Found(mask, "check", note, ("estimated",))}


def whole_lungs(wall: Wall) -> Mask:
    """Return both lungs with their thin lower edge, which blurs to less than half of lung: where the recess begins."""
    lungs = lungs_of(wall.masks)
    thin = (wall.hu < -280.0) & wall.masks["body"] & (wall.cavity_depth < 20.0)
    thin &= distance_mm(lungs, wall.spacing_mm, 32.0) < 30.0
    return lungs | touching(thin | lungs, lungs)


def _planar(left: Image, front: Image, shape: tuple[int, ...]) -> tuple[Image, Image]:
    return np.broadcast_to(left, shape), np.broadcast_to(front, shape)


def _below_edge(lungs: Mask, depth: Image, angle: Image, step: float) -> Image:
    """Return how far each voxel lies below the lung's lowest voxel at the wall on its ray, in mm (-1000: no edge)."""
    at_wall = lungs & (depth < AT_WALL_MM)
    sector = np.floor((angle + 180.0) / 360.0 * RAYS).astype(np.int64) % RAYS
    k = np.broadcast_to(np.arange(lungs.shape[0])[:, None, None], lungs.shape)
    lowest = np.full(RAYS, np.nan)
    for number in range(RAYS):
        hits = k[at_wall & (sector == number)]
        if hits.size >= 2:
            lowest[number] = float(hits.min())
    edge = _smooth_circle(lowest)
    # an edge on the lowest slice is the border of the scan, and below it nothing is known
    drop = (edge[sector] - k) * step
    return np.where(np.isnan(drop), -1000.0, drop).astype(np.float32)


def _smooth_circle(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running median over 5 rays of a circle, unknown rays kept unknown but for single gaps."""
    padded = np.concatenate([values[-2:], values, values[:2]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 5)
    known = (~np.isnan(windows)).sum(1) >= 3
    result = np.full(values.size, np.nan)
    result[known] = np.nanmedian(windows[known], axis=1)
    return result
