"""Bones by threshold, without bright kidneys, vessels and contrast in the bowel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    boxed_components,
    close_mm,
    components,
    depth_mm,
    dilate_mm,
    fill_slices,
    open_mm,
    touching,
    volume_ml,
)

BONE_HU = 180.0
MARROW_HU = 70.0
TUBE_HU = 230.0
TUBE_SPREAD_HU = 60.0
TUBE_RIM_MM = 4.5
TALL_MM = 60.0  # more than one vertebra is high
SHORT_MM = 42.0  # in a scan of few slices; no marrow of one vertebra is so high
STRAND_HU = tuple(range(140, 420, 25))
STRAND_SPREAD_HU = 35.0
STRAND_BRIGHT_SHARE = 0.25


def bright_voxels(hu: Image, body: Mask) -> Mask:
    """Return everything in the body above 180 HU: bone, contrast medium, metal."""
    return (hu > BONE_HU) & body


def find_bone(hu: Image, body: Mask, frame: SpineFrame, bright_aorta: bool = False) -> Found:
    """Return the skeleton: bright regions that belong to the spine, lie in the trunk wall or in the pelvis.

    A bright region inside the cavity (kidney, aorta, oral contrast) is no bone: a component counts when it holds
    voxels of the spine (within 30 mm of the reference, behind 32 mm in front of it) or lies near the skin. With
    ``bright_aorta`` what hangs on the spine by a neck is cut off. Marrow is filled slice by slice; discs count as
    bone where their rim is bright: no needle passes there either.
    """
    step = frame.spacing_mm
    bright = bright_voxels(hu, body)
    left, front = np.broadcast_to(frame.left_mm, hu.shape), np.broadcast_to(frame.front_mm, hu.shape)
    vertebral = (np.abs(left) < 30.0) & (front < 32.0)
    inside = depth_mm(body, step, 80.0)
    # the column of the spine is taken apart from what touches it (aorta with calcification, kidney, bowel)
    spine_zone = (np.abs(left) < 55.0) & (front < 38.0)
    spine = bright & spine_zone
    if bright_aorta:
        tubes = bright_tubes(hu, body, frame) | even_strands(hu, body, bright, frame)
        spine &= ~dilate_mm(tubes, TUBE_RIM_MM, step)
    column = spine & (np.abs(left) < 18.0) & (front < 24.0)
    if bright_aorta:
        # it hangs on the vertebra by a neck
        result = keep_lobes(spine, column, step, large_lobe_mm=0.0)
        result = touching(result | (spine & (front < 14.0) & (np.abs(left) < 40.0)), column)
    else:
        result = np.zeros(hu.shape, dtype=bool)
        for part in components(spine, 8):
            if (part & vertebral).sum() > 0.2 * part.sum():
                result |= part
    least = max(2, int(0.15 / (step**3 / 1000.0)))
    for box, part in boxed_components(bright & ~spine_zone, least):
        depths = inside[box][part]
        behind = float(np.mean(front[box][part] < 0.0))
        shallow = float(np.percentile(depths, 50)) < 40.0
        brightest = float(np.percentile(hu[box][part], 90))
        # a thin rib loses its density to the voxels around it
        thin = float(np.percentile(depths, 90)) < 30.0 and not open_mm(part, 4.5, step).any()
        dense = brightest > (200.0 if thin else 260.0)
        solid = open_mm(part, 6.0, step)
        # a kidney bright with contrast: solid, nowhere near the skin, and without the dense shell of a pelvic bone
        organ = volume_ml(solid, step) > 15.0 and float(np.percentile(depths, 10)) > 24.0 and brightest < 350.0
        near_skin = shallow and (float(np.max(depths)) < 75.0 or behind > 0.6)
        if dense and not organ and (near_skin or _has_shell(hu[box], part, step)):
            result[box] |= part
    filled = close_mm(result, 4.5, step) & (hu > MARROW_HU)
    filled = result | (fill_slices(filled | result) & body & (hu > MARROW_HU))
    filled |= spine_marrow(hu, filled, vertebral, step)
    if volume_ml(filled, step) < 10.0:
        return Found.nothing("no skeleton in the field of the scan")
    return Found(filled, "ok")


def bright_tubes(hu: Image, body: Mask, frame: SpineFrame) -> Mask:
    """Return tall, thick, even strands before the spine that are brighter than marrow: the aorta full of contrast.

    Marrow of an adult lies below about 230 HU and the shell of a vertebra is thinner than 6 mm.
    """
    step = frame.spacing_mm
    left, front = np.broadcast_to(frame.left_mm, hu.shape), np.broadcast_to(frame.front_mm, hu.shape)
    zone = body & (np.abs(left) < 60.0) & (front > 5.0) & (front < 80.0)
    result = np.zeros(hu.shape, dtype=bool)
    for box, part in boxed_components(open_mm(zone & (hu > TUBE_HU), 6.0, step), 8):
        tall_mm = (box[0].stop - box[0].start) * step
        values = hu[box][part]
        if tall_mm >= TALL_MM and volume_ml(part, step) < 400.0 and float(np.std(values)) < TUBE_SPREAD_HU:
            result[box] |= part
    return result


def even_strands(hu: Image, body: Mask, bright: Mask, frame: SpineFrame) -> Mask:
    """Return tall strands of one brightness beside the spine that are partly ``bright``: an aorta at 150 to 400 HU.

    Around 180 HU noise makes half of its voxels bright. Marrow of the same brightness is no taller than a vertebra,
    whose end plates are denser; what is not bright at all cannot be taken for bone.
    """
    step = frame.spacing_mm
    left, front = np.broadcast_to(frame.left_mm, hu.shape), np.broadcast_to(frame.front_mm, hu.shape)
    zone = body & (np.abs(left) < 60.0) & (front > -20.0) & (front < 80.0) & ~((np.abs(left) < 14.0) & (front < 20.0))
    result = np.zeros(hu.shape, dtype=bool)
    if not zone.any():
        return result
    box = box_of(zone)
    tall_enough_mm = min(TALL_MM, max(SHORT_MM, 0.8 * hu.shape[0] * step))
    smooth = ndimage.gaussian_filter(hu[box], 3.0 / step, truncate=3.0)
    for level in STRAND_HU:
        alike = open_mm(zone[box] & (np.abs(smooth - level) < STRAND_SPREAD_HU), TUBE_RIM_MM, step)
        for where, part in boxed_components(alike, 8):
            tall_mm = (where[0].stop - where[0].start) * step
            if tall_mm >= tall_enough_mm and float(np.mean(bright[box][where][part])) > STRAND_BRIGHT_SHARE:
                result[box][where] |= part
    return result


def _has_shell(hu: Image, part: Mask, spacing_mm: float) -> bool:
    """Tell whether a large region is denser at its rim than inside, as pelvic bones are and filled bowel is not."""
    whole = fill_slices(close_mm(part, 4.5, spacing_mm))
    deep = depth_mm(whole, spacing_mm, 12.0)
    inner, rim = hu[whole & (deep > 1.6 * spacing_mm)], hu[whole & (deep <= 1.1 * spacing_mm) & part]
    if volume_ml(whole, spacing_mm) < 5.0 or inner.size < 20:
        return False
    return float(np.median(rim)) > float(np.median(inner)) + 40.0


def spine_marrow(hu: Image, bone: Mask, vertebral: Mask, spacing_mm: float) -> Mask:
    """Return the marrow of the vertebral bodies: soft bone between cortical shells, not the canal."""
    shell = bone & vertebral
    closed = close_mm(shell, 9.0, spacing_mm) & vertebral
    return closed & (hu > MARROW_HU)


def may_hold_bright_aorta(hu: Image, body: Mask, frame: SpineFrame) -> bool:
    """Tell whether something thick and brighter than 170 HU lies before the spine."""
    left, front = np.broadcast_to(frame.left_mm, hu.shape), np.broadcast_to(frame.front_mm, hu.shape)
    zone = body & (np.abs(left) < 45.0) & (front > 25.0) & (front < 70.0)
    return volume_ml(open_mm(zone & (hu > 170.0), 4.5, frame.spacing_mm), frame.spacing_mm) > 3.0
