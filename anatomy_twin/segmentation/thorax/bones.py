"""Bones of the chest on the working grid, told from contrast medium; ``skeleton_grid`` draws and divides them."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    boxed_components,
    close_mm,
    depth_mm,
    dilate_mm,
    distance_mm,
    fill_slices,
    open_mm,
    touching,
    volume_ml,
)

BONE_HU: Final = 170.0
MARROW_HU: Final = 60.0
RIB_REACH_MM: Final = 18.0  # ribs hug the pleura


def vertebral_bodies(bright: Mask, lumen: Mask, frame: SpineFrame) -> Mask:
    """Return the vertebral bodies roughly: bright shells around the spine's reference, closed; no bright blood."""
    step = frame.spacing_mm
    lumen = dilate_mm(lumen, step, step)
    zone = (np.abs(frame.left_mm) < 30.0) & (frame.front_mm < 32.0)
    shell = bright & ~lumen & zone
    return close_mm(shell, 6.0, step) & ~lumen if shell.any() else shell


def find_chest_skeleton(
    hu: Image, body: Mask, lungs: Mask, lumen: Mask, blood: Mask, frame: SpineFrame
) -> Found:
    """Return all bone in the field of the trunk.

    Parameters
    ----------
    hu, body, lungs, frame : on the working grid; lumen : what is full of contrast medium (``ground.contrast_lumen``).
    blood : aorta and heart, which may be as bright as bone.

    Above 170 HU; what is wide and even is contrast medium. A bright part counts when it holds vertebra, or lies near
    skin or pleura and is dense. Marrow is filled slice by slice.
    """
    step = frame.spacing_mm
    bright = (hu > BONE_HU) & body & ~blood
    # dense blood and its blurred rim; bone that touches it keeps all but the rim
    bright &= ~dilate_mm(_deep(lumen, body, step), 1.5 * step, step)
    left, front = np.broadcast_to(frame.left_mm, hu.shape), np.broadcast_to(frame.front_mm, hu.shape)
    spine_zone = (np.abs(left) < 50.0) & (front < 46.0)
    spine = bright & spine_zone
    column = spine & (np.abs(left) < 18.0) & (front < 22.0)
    result = keep_lobes(spine, column, step, large_lobe_mm=0.0) if column.any() else np.zeros_like(bright)
    result = touching(result | (spine & (front < 12.0)), column) if column.any() else result
    depth = depth_mm(body, step, 90.0)
    from_lung = distance_mm(lungs, step, 30.0)
    for box, part in boxed_components(bright & ~spine_zone, max(2, int(0.1 / (step**3 / 1000.0)))):
        depths = depth[box][part]
        dense = float(np.percentile(hu[box][part], 90)) > 240.0
        close = float(np.mean(from_lung[box][part] < RIB_REACH_MM)) > 0.3
        shallow = float(np.median(depths)) < 45.0
        solid = volume_ml(open_mm(part, 7.0, step), step) > 12.0
        thin = (shallow or (close and float(np.median(depths)) < 60.0)) and not solid
        if dense and (thin or (shallow and float(np.percentile(depths, 25)) < 30.0)):
            result[box] |= part
    filled = close_mm(result, 4.5, step) & (hu > MARROW_HU) & ~blood & ~lumen
    filled = result | filled | (fill_slices(filled | result) & body & (hu > MARROW_HU) & ~blood & ~lumen)
    filled |= close_mm(result & (np.abs(left) < 30.0) & (front < 34.0), 9.0, step) & (hu > MARROW_HU) & ~blood
    filled &= body & ~lungs
    if volume_ml(filled, step) < 20.0:
        return Found.nothing("no skeleton in the field of the scan")
    return Found(filled)


def organs_full_of_contrast(lumen: Mask, body: Mask, step: float) -> Mask:
    """Return what is bright, even, wide and deep: blood and spleen in an early phase, which no bone may grow into."""
    return open_mm(_deep(lumen, body, step), 6.0, step)


def _deep(lumen: Mask, body: Mask, step: float) -> Mask:
    """Return bright even regions that lie deep or are wide: those in the wall are dense bone."""
    return lumen & ((depth_mm(body, step, 30.0) > 28.0) | open_mm(lumen, 6.0, step))
