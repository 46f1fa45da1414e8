"""The segmenter "ct-thorax": from outline, windpipe and lungs to vessels, lobes and nodule candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry, check_cancelled, next_stage
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.bones.skeleton_grid import carry_bones, find_bones
from anatomy_twin.segmentation.ground.compose import carry, compose, layer_of, mask_of, union_of
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.refine import redrawn
from anatomy_twin.segmentation.ground.rules import flag, flagged, judge_bones, judge_sides
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Mask,
    WorkingGrid,
    box_of,
    box_start_shape,
    dilate_mm,
    finer_grid,
    paste,
    resample,
    resample_mask,
)
from anatomy_twin.segmentation.thorax.airways import LungTexture, find_airways, find_carina, lung_texture
from anatomy_twin.segmentation.thorax.aorta import AortaScene, Tube, find_thoracic_aorta
from anatomy_twin.segmentation.thorax.bones import find_chest_skeleton, organs_full_of_contrast, vertebral_bodies
from anatomy_twin.segmentation.thorax.gates import (
    check_lungs,
    check_scan,
    check_sides,
    chest_phase,
    column_mm,
    lung_heights,
)
from anatomy_twin.segmentation.thorax.ground import ThoraxGround, check_chest_volume, find_thorax_ground
from anatomy_twin.segmentation.thorax.heart import find_heart
from anatomy_twin.segmentation.thorax.lobes import LOBES, find_lobes
from anatomy_twin.segmentation.thorax.lungs import find_lung_masks
from anatomy_twin.segmentation.thorax.nodules import find_nodules
from anatomy_twin.segmentation.thorax.oesophagus import Course, draw_oesophagus, find_course
from anatomy_twin.segmentation.thorax.tissues import TISSUES, find_chest_tissues
from anatomy_twin.segmentation.thorax.vessels import find_pulmonary_vessels

FINE_MM: Final = 1.25
ORGAN_MM: Final = 1.5
MARGIN_MM: Final = 18.0
ROOT_FRONT_MM: Final = 58.0  # what lies farther before the spine is ascending aorta
ORGANS: Final = ("oesophagus", "heart", "bone", "aorta", "lung_right", "lung_left", "airways")


@dataclass(frozen=True, eq=False)
class Placed:
    """Answers and the grid their masks lie on."""

    found: Mapping[str, Found]
    geometry: VolumeGeometry


@dataclass(frozen=True, eq=False)
class Middle:
    """What lies between the lungs, on the working grid."""

    found: dict[str, Found]
    phase: Phase
    down: Tube | None
    gullet: Course | str


def segment_ct_thorax(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Segment a CT of the chest; see ``anatomy_twin.segmentation.segment``.

    Raises ``SegmentationError`` in one line for what is no CT of a chest and ``UsageError`` for seeds or labels, which
    this segmenter does not take (the seeded tools do).
    """
    if seeds or labels is not None:
        raise UsageError("ct-thorax takes neither seeds nor labels", advice="outline a nodule by grow or random-walker")
    check_chest_volume(volume)
    monitor.stage("outline and spine")
    ground = find_thorax_ground(volume)
    coarse = ground.grid.geometry
    fine = finer_grid(volume, ground.lungs | ground.windpipe, coarse, FINE_MM, MARGIN_MM)
    next_stage(monitor, "airways")
    airways = _airways(ground, fine, monitor)
    middle = _between_lungs(ground, fine, airways, monitor)
    next_stage(monitor, "lungs")
    inner, texture = _lungs(ground, fine, airways, middle)
    both = union_of(inner, ("lung_right", "lung_left"), fine.geometry.shape)
    next_stage(monitor, "nodules")
    sides = {name: inner[name].mask for name in ("lung_right", "lung_left") if not inner[name].absent}
    lumen = mask_of(airways, fine.geometry.shape)
    thickness = float(volume.canonical().geometry.spacing_mm[0])
    inner.update(find_nodules(fine.hu, sides, lumen, FINE_MM, middle.phase.aorta_hu, thickness, monitor))
    nodules = union_of(inner, [name for name in inner if name.startswith("nodule")], fine.geometry.shape)
    next_stage(monitor, "pulmonary vessels")
    inner["pulmonary_vessels"] = find_pulmonary_vessels(fine.hu, both, lumen, nodules, texture, FINE_MM, monitor)
    next_stage(monitor, "lobes")
    vessels = mask_of(inner["pulmonary_vessels"], fine.geometry.shape)
    inner.update(find_lobes(fine.hu, sides, vessels | nodules, lumen, texture, FINE_MM, thickness, monitor))
    inner["airways"] = airways
    inner["oesophagus"] = _oesophagus(ground, fine, middle, lumen)
    lines = check_lungs(inner, FINE_MM, lung_heights(ground))
    lines += _check_sides(ground, middle, inner)
    lines += check_scan(volume, middle.found, inner, ground)
    phase = middle.phase
    notes = [f"contrast phase: {phase.name} ({phase.reason}), judged from the image and not from its header", *lines]
    next_stage(monitor, "labels")
    return _assemble(volume, ground, middle, Placed(inner, fine.geometry), notes, monitor)


def _airways(ground: ThoraxGround, fine: WorkingGrid, monitor: Monitor) -> Found:
    coarse, shape = ground.grid.geometry, fine.geometry
    windpipe, lungs, body = (
        resample_mask(mask, coarse, shape) for mask in (ground.windpipe, ground.lungs, ground.body.mask)
    )
    return find_airways(fine.hu, windpipe, lungs, body, FINE_MM, monitor)


def _between_lungs(ground: ThoraxGround, fine: WorkingGrid, airways: Found, monitor: Monitor) -> Middle:
    """Find aorta, heart, bones and the course of the oesophagus on the working grid."""
    shape, coarse = ground.hu.shape, ground.grid.geometry
    lumen = ground.windpipe if airways.absent else paste(airways.mask, fine.geometry, coarse)
    carina = find_carina(lumen, ground.lungs, ground.spacing_mm)
    vertebrae = vertebral_bodies(ground.bright, ground.lumen, ground.frame)
    next_stage(monitor, "aorta")
    barred = ground.lungs | dilate_mm(lumen, 1.5, ground.spacing_mm) | vertebrae
    aorta, level, down, _ = find_thoracic_aorta(AortaScene(ground.hu, barred, ground.frame, carina))
    found = {"aorta": aorta}
    blood = mask_of(aorta, shape)
    next_stage(monitor, "heart")
    behind = blood & np.broadcast_to(ground.frame.front_mm < ROOT_FRONT_MM, shape)
    taken = behind | vertebrae | dilate_mm(lumen, 2.0, ground.spacing_mm)
    found["heart"] = find_heart(ground.hu, ground.body.mask, ground.lungs, taken, ground.frame, carina)
    next_stage(monitor, "bones")
    heart = mask_of(found["heart"], shape)
    found["bone"] = find_chest_skeleton(
        ground.hu, ground.body.mask, ground.lungs, ground.lumen, blood | heart, ground.frame
    )
    bone = mask_of(found["bone"], shape)
    next_stage(monitor, "oesophagus")
    gullet = find_course(ground.hu, ground.lungs, lumen, blood, bone, ground.frame, carina)
    return Middle(found, chest_phase(level), down, gullet)


def _oesophagus(ground: ThoraxGround, fine: WorkingGrid, middle: Middle, lumen: Mask) -> Found:
    """Draw the oesophagus along its course on the fine grid."""
    coarse = ground.grid.geometry
    if isinstance(middle.gullet, str):
        return Found.nothing(middle.gullet)
    course = middle.gullet.on_grid(coarse, fine.geometry)
    if not course.slices.size:
        return Found.nothing("too little of the space before the spine is in the field")
    box = course.box(fine.geometry.shape, round(15.0 / FINE_MM))
    part = fine.geometry.cropped(*box_start_shape(box))
    others = mask_of(middle.found["bone"], ground.hu.shape) | mask_of(middle.found["aorta"], ground.hu.shape)
    lungs, others = (resample_mask(mask, coarse, part) for mask in (ground.lungs, others))
    drawn = draw_oesophagus(fine.hu[box], course.within(box), lungs, lumen[box], others, FINE_MM)
    if drawn.mask is None:
        return drawn
    mask = np.zeros(fine.geometry.shape, dtype=bool)
    mask[box] = drawn.mask
    return replace(drawn, mask=mask)


def _lungs(
    ground: ThoraxGround, fine: WorkingGrid, airways: Found, middle: Middle
) -> tuple[dict[str, Found], LungTexture]:
    """Find both lungs on the fine grid and measure what they read between vessels."""
    coarse, shape = ground.grid.geometry, fine.geometry
    others = mask_of(middle.found["bone"], ground.hu.shape) | ground.gas
    for name in ("aorta", "heart"):
        others = others | mask_of(middle.found[name], ground.hu.shape)
    lungs, windpipe, body, others = (
        resample_mask(mask, coarse, shape) for mask in (ground.lungs, ground.windpipe, ground.body.mask, others)
    )
    left = resample(np.broadcast_to(ground.frame.left_mm, ground.hu.shape), coarse, shape)
    depth = resample(ground.cavity_depth, coarse, shape)
    lumen = mask_of(airways, shape.shape)
    found = find_lung_masks(fine.hu, lungs, lumen, windpipe, left, depth, body, others, FINE_MM)
    both = union_of(found, ("lung_right", "lung_left"), shape.shape)
    smooth = ndimage.gaussian_filter(fine.hu, 0.5 / FINE_MM, mode="nearest", truncate=3.0)
    return dict(found), lung_texture(smooth, both)


def _check_sides(ground: ThoraxGround, middle: Middle, inner: dict[str, Found]) -> list[str]:
    """Look for a mirrored chest; flags lungs, heart and aorta where they stand."""
    place = None if middle.down is None else column_mm(ground.frame, middle.down.points)
    everything = {**middle.found, **inner}
    lines = check_sides(everything, ground, mask_of(middle.found["heart"], ground.hu.shape), place)
    middle.found.update({name: everything[name] for name in middle.found})
    inner.update({name: everything[name] for name in inner})
    return lines


def _assemble(
    volume: Volume, ground: ThoraxGround, middle: Middle, inner: Placed, notes: list[str], monitor: Monitor
) -> LabelMap:
    """Carry everything onto the scan's own voxels, divide the rest of the body into tissues and build the labels."""
    upright = volume.canonical()
    coarse = ground.grid.geometry
    whole = paste(ground.body.mask, coarse, upright.geometry)
    box = box_of(whole)
    block = upright.geometry.cropped(*box_start_shape(box))
    native: dict[str, Found] = {"body": Found(np.ascontiguousarray(whole[box]))}
    del whole
    for name, entry in inner.found.items():
        native[name] = carry(entry, inner.geometry, block)
    next_stage(monitor, "skeleton")
    native.update(_bones(volume, ground, middle, block, monitor))
    check_cancelled(monitor)
    next_stage(monitor, "skin, fat, muscle")
    for name in ("aorta", "heart"):
        native[name] = _refined(upright, ground, middle.found, name, block)
    monitor.progress(0.6)
    check_cancelled(monitor)
    masks = {name: paste(entry.mask, inner.geometry, coarse) for name, entry in inner.found.items()
             if name in ("lung_right", "lung_left", "airways") and not entry.absent}
    masks.update({name: entry.mask for name, entry in middle.found.items()
                  if name in ("aorta", "heart", "bone") and not entry.absent})
    tissues, tissue_grid = find_chest_tissues(upright, ground, masks, middle.phase)
    if lung_heights(ground)[1]:
        tissues["muscle"] = flagged(tissues["muscle"], "estimated", "estimated where shoulders hang on the trunk")
    for name, entry in tissues.items():
        native[name] = carry(entry, tissue_grid, block)
    body = native["body"].mask
    for name, entry in native.items():
        if not entry.absent and name != "body":
            entry.mask[~body] = False  # type: ignore[index]
    native["unknown_tissue"] = Found(body, "ok", "no other structure was recognised here")
    native.update(flag(native, judge_sides(native, upright.geometry, box)))
    candidates = sorted((n for n in native if n.startswith("nodule")), key=lambda n: int(n.rsplit("_", 1)[1]))
    order = ["unknown_tissue", *(n for n in TISSUES if n in native), *ORGANS, *LOBES]
    order += [name for name in native if layer_of(name) == 1 and name not in order]
    order += ["pulmonary_vessels", *candidates[::-1], "body"]
    result = compose(volume, upright.geometry, box, native, [n for n in order if n in native], notes)
    monitor.progress(1.0)
    return result


def _bones(
    volume: Volume, ground: ThoraxGround, middle: Middle, block: VolumeGeometry, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Return the bones and their parts on the voxels of ``block``."""
    entry = middle.found["bone"]
    if entry.absent:
        return {"bone": entry}
    shape = ground.hu.shape
    blood = mask_of(middle.found["aorta"], shape) | mask_of(middle.found["heart"], shape)
    blood |= organs_full_of_contrast(ground.lumen, ground.body.mask, ground.spacing_mm)
    fine, skeleton, parts = find_bones(
        volume, ground.body.mask, entry.mask, blood, ground.lungs, ground.frame, ground.grid.geometry,
        ground.cavity_depth, None, monitor,
    )
    bones = carry_bones(fine, skeleton, parts, block) or {"bone": entry}
    return flag(bones, judge_bones(bones, block.spacing_mm))


def _refined(
    upright: Volume, ground: ThoraxGround, found: Mapping[str, Found], name: str, block: VolumeGeometry
) -> Found:
    """Return an organ with its border drawn anew on a finer grid, on the voxels of ``block``."""
    entry, coarse = found[name], ground.grid.geometry
    if entry.absent:
        return replace(entry, mask=None)
    barred = ground.lungs | mask_of(found["bone"], ground.hu.shape)
    # the root of the aorta lies in the heart and is drawn over it
    drawn = redrawn(upright, ground.hu, entry.mask, barred, coarse, ORGAN_MM)
    if drawn is None:
        return carry(entry, coarse, block)
    fine, geometry = drawn
    near = dilate_mm(entry.mask, 3.0, ground.spacing_mm)
    return carry(replace(entry, mask=fine & resample_mask(near, coarse, geometry)), geometry, block)
