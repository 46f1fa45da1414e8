"""The segmenter "ct-abdomen": from what is robust (outline, lungs, spine) to what is hard, without a learned model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry, next_stage
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.abdomen.aorta import find_aorta, refine_aorta, share_of, slices_of
from anatomy_twin.segmentation.abdomen.bile_ducts import find_bile_duct
from anatomy_twin.segmentation.abdomen.closer import IN_LIVER, Closer, look_closer
from anatomy_twin.segmentation.abdomen.fat import split_fat
from anatomy_twin.segmentation.abdomen.heart import find_heart
from anatomy_twin.segmentation.abdomen.hollow import find_hollow
from anatomy_twin.segmentation.abdomen.ivc import find_inferior_vena_cava
from anatomy_twin.segmentation.abdomen.kidneys import find_kidneys
from anatomy_twin.segmentation.abdomen.liver import Level, Scene, denoise, find_liver, without_vein
from anatomy_twin.segmentation.abdomen.lungs import find_lungs
from anatomy_twin.segmentation.abdomen.oesophagus import find_lower_oesophagus
from anatomy_twin.segmentation.abdomen.recess import find_pleural_recess
from anatomy_twin.segmentation.abdomen.situs import looks_mirrored, mirrored_volume, turned_back
from anatomy_twin.segmentation.abdomen.spleen import find_spleen
from anatomy_twin.segmentation.bones.bone import bright_voxels, find_bone, may_hold_bright_aorta
from anatomy_twin.segmentation.bones.skeleton_grid import carry_bones, find_bones
from anatomy_twin.segmentation.clicks.target import add_target, target_of
from anatomy_twin.segmentation.ground.body import Body, find_body
from anatomy_twin.segmentation.ground.compose import carry, compose, layer_of, mask_of, union_of
from anatomy_twin.segmentation.ground.frame import SpineFrame, below_dome, find_cavity_depth, find_dome, find_spine
from anatomy_twin.segmentation.ground.landmarks import find_landmarks
from anatomy_twin.segmentation.ground.phase import Phase, find_phase, measure_kidneys, measure_spleen
from anatomy_twin.segmentation.ground.plausibility import (
    check_body,
    check_height,
    check_organs,
    check_region,
    check_size,
    check_spine,
    check_volume,
    like_a_kidney,
    same_place,
)
from anatomy_twin.segmentation.ground.refine import redrawn
from anatomy_twin.segmentation.ground.rules import flag, judge, judge_bones, judge_orientation, judge_scan, judge_sides
from anatomy_twin.segmentation.ground.tissues import Wall, find_tissues
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    WorkingGrid,
    box_of,
    box_start_shape,
    make_working_grid,
    paste,
)

FINE_SPACING_MM: Final = 1.5
NO_PRIOR: Final = "no-prior"
TISSUES: Final = ("unknown_tissue", "fat", "muscle", "diaphragm", "skin", "pleural_recess")
ORGANS: Final = (
    "bone", "heart", "oesophagus", "pancreas", "bowel", "colon", "duodenum", "stomach", "liver", "bile_duct",
    "gallbladder", "spleen", "kidney_right", "kidney_left", "portal_vein", "inferior_vena_cava", "aorta",
    "lung_right", "lung_left",
)
SOLID: Final = ("liver", "spleen", "kidney_right", "kidney_left", "heart")
REFINED: Final = ("liver", "spleen", "kidney_right", "kidney_left", "aorta")


@dataclass(frozen=True, eq=False)
class Ground:
    """The robust structures on the working grid, and what follows from them."""

    grid: WorkingGrid
    body: Body
    frame: SpineFrame
    found: Mapping[str, Found]
    scene: Scene
    aorta_hu: float | None
    mirrored: bool = False


def segment_ct_abdomen(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT,
    argument: str = "",
) -> LabelMap:
    """Segment a CT of the upper abdomen and outline the seeds; see ``anatomy_twin.segmentation.segment``.

    With the argument "no-prior" ("ct-abdomen:no-prior") the table of where organs usually lie (``prior``) is left
    aside, for measuring what it adds. Raises ``UsageError`` for another argument.
    """
    if argument not in ("", NO_PRIOR):
        raise UsageError(f"ct-abdomen has no variant {argument!r}", advice=f"write ct-abdomen or ct-abdomen:{NO_PRIOR}")
    if labels is not None and not seeds:
        raise UsageError("labels were given and no seeds, so there is nothing to do", advice="give seeds as well")
    points = {name: target_of(name, seed) for name, seed in (seeds or {}).items()}
    result = labels if labels is not None else _segment_all(volume, monitor, argument != NO_PRIOR)
    for name, point in points.items():
        result = add_target(volume, result, point, name=name)
    return result


def _segment_all(volume: Volume, monitor: Monitor, use_prior: bool = True, turned: bool = False) -> LabelMap:
    check_volume(volume)
    next_stage(monitor, "body, lungs, bones, aorta")
    ground = find_ground(volume, use_prior, monitor)
    if ground.mirrored and not turned:
        return turned_back(_segment_all(mirrored_volume(volume), monitor, use_prior, turned=True))
    found, phase, level = find_organs(ground, monitor)
    told = judge(found, ground.scene.hu, ground.frame, phase)
    scan_told, lines = judge_scan(volume, found, ground.grid.hu, ground.body.mask, ground.frame,
                                   ground.scene.arms_in_field)  # fmt: skip
    turned_told, turned_lines = judge_orientation(found, ground.body.mask, ground.grid.spacing_mm)
    found = flag(flag(flag(found, told), scan_told), turned_told)
    lines += turned_lines
    lines += [f"{name}: {words}" for name, many in told.items() for _, words in many]
    next_stage(monitor, "vessels and lesions")
    known = {**_known(ground, found), "trunk_wall": ground.scene.body & (ground.scene.depth < 1.0)}
    finer = look_closer(volume, ground.grid.geometry, known, phase, monitor)
    finer += [_gullet(volume, ground, found), _bile_duct(volume, ground, found, finer, phase)]
    notes = [f"contrast phase: {phase.name} ({phase.reason}), judged from the image and not from its header", *lines]
    if ground.scene.arms_in_field:
        notes.append("arms in field: the grey values are shaded, the liver was fitted with a local level")
    if level is not None:
        notes.append(f"liver parenchyma {level.mean_hu:.0f} HU, standard deviation {level.sd_hu:.0f} HU")
    result = _assemble(volume, ground, found, finer, phase, notes, monitor)
    monitor.progress(1.0)
    return result


def find_ground(volume: Volume, use_prior: bool = True, monitor: Monitor = SILENT) -> Ground:
    """Find body, lungs, spine, bone, trunk wall, aorta and landmarks on the 3 mm grid."""
    grid = make_working_grid(volume)
    step = grid.spacing_mm
    hu = np.clip(grid.hu, -1024.0, 1500.0)
    monitor.progress(0.1)
    body = find_body(hu, step)
    check_body(body.mask, step)
    monitor.progress(0.2)
    frame = find_spine(hu, body.mask, step)
    found, gas = find_lungs(hu, body.mask, frame)
    monitor.progress(0.3)
    lungs = union_of(found, ("lung_right", "lung_left"), hu.shape)
    found["bone"] = find_bone(hu, body.mask, frame)
    bone = mask_of(found["bone"], hu.shape)
    check_spine(bone, body.mask, frame)
    check_region(bone, lungs, body.mask, frame)
    monitor.progress(0.4)
    found["aorta"], aorta_hu = find_aorta(hu, body.mask, bone, lungs, frame)
    if may_hold_bright_aorta(hu, body.mask, frame):
        other_bone = find_bone(hu, body.mask, frame, bright_aorta=True)
        other, other_hu = find_aorta(hu, body.mask, mask_of(other_bone, hu.shape), lungs, frame)
        longer = slices_of(other) > 1.1 * slices_of(found["aorta"])
        freed = share_of(other, bone & ~mask_of(other_bone, hu.shape)) > 0.2
        darker = aorta_hu is None or (other_hu is not None and aorta_hu < other_hu - 60.0)
        if other_hu is not None and other_hu > 150.0 and (darker or longer or freed):
            found["bone"], found["aorta"], aorta_hu = other_bone, other, other_hu
            bone = mask_of(other_bone, hu.shape)
    if not found["bone"].absent and not found["aorta"].absent:
        # plaque in the wall of the aorta is no bone
        bone = bone & ~found["aorta"].mask
        found["bone"] = replace(found["bone"], mask=bone)
    monitor.progress(0.7)
    depth = find_cavity_depth(hu, body.mask, bone, lungs, frame)
    monitor.progress(0.8)
    dome = find_dome(lungs, body.mask, step)
    marks = find_landmarks(grid.geometry, frame, bright_voxels(hu, body.mask), lungs, depth)
    scene = Scene(
        hu, denoise(hu, body.mask), body.mask, bone, lungs, gas, mask_of(found["aorta"], hu.shape), depth,
        below_dome(grid.geometry.shape, dome, lungs, step), frame, body.arms_in_field(), marks,
        use_prior,
    )
    return Ground(grid, body, frame, found, scene, aorta_hu, looks_mirrored(scene))


def find_organs(ground: Ground, monitor: Monitor = SILENT) -> tuple[dict[str, Found], Phase, Level | None]:
    """Find the organs on the working grid, and the contrast phase."""
    scene, shape = ground.scene, ground.scene.hu.shape
    found = dict(ground.found)
    next_stage(monitor, "liver")
    found["liver"], level = find_liver(scene)
    found["liver"] = check_size("liver", found["liver"], scene.body, scene.spacing_mm)
    level = None if found["liver"].absent else level
    liver = mask_of(found["liver"], shape)
    next_stage(monitor, "spleen")
    found["spleen"] = find_spleen(scene, liver, level, ground.aorta_hu)
    taken = liver | mask_of(found["spleen"], shape)
    next_stage(monitor, "kidneys")
    found.update(find_kidneys(scene, taken, ground.aorta_hu, monitor))
    found.update(_kidney_for_spleen(found, scene, liver, ground.aorta_hu))
    if not found["bone"].absent:
        # a cortex full of contrast is no bone
        kidneys = union_of(found, ("kidney_right", "kidney_left"), shape)
        found["bone"] = replace(found["bone"], mask=found["bone"].mask & ~kidneys)
    crest = None if scene.marks is None or scene.marks.crest is None else scene.marks.crest.value_mm
    for name in ("liver", "spleen"):
        found[name] = check_height(name, found[name], crest, scene.spacing_mm)
    liver = mask_of(found["liver"], shape)
    level = None if found["liver"].absent else level
    check_organs(found)
    spleen_hu = measure_spleen(scene.smooth, found, ground.grid.spacing_mm)
    renal = measure_kidneys(ground.grid.hu, scene.smooth, found, ground.grid.spacing_mm)
    phase = find_phase(ground.aorta_hu, None if level is None else level.mean_hu, spleen_hu, renal)
    masks = {"body": scene.body, **{name: entry.mask for name, entry in found.items() if not entry.absent}}
    next_stage(monitor, "inferior vena cava")
    found.update(find_inferior_vena_cava(scene.hu, ground.grid.geometry, masks, phase, frame=ground.frame))
    vein = mask_of(found["inferior_vena_cava"], shape)
    if level is not None:
        found["liver"] = replace(found["liver"], mask=without_vein(liver, vein, scene, level))
    masks.update({name: entry.mask for name, entry in found.items() if not entry.absent})
    wall = Wall(scene.hu, ground.grid.geometry, masks, ground.frame, scene.depth)
    next_stage(monitor, "stomach, bowel, gallbladder")
    found.update(find_hollow(scene.hu, ground.grid.geometry, masks, phase, wall=wall))
    next_stage(monitor, "heart")
    found["heart"] = find_heart(scene.smooth, scene.lungs, scene.depth, _taken_by(found, scene), ground.frame)
    return found, phase, level


def _kidney_for_spleen(
    found: Mapping[str, Found], scene: Scene, liver: Mask, aorta_hu: float | None
) -> dict[str, Found]:
    """Return what changes where the left kidney was taken for a spleen that is not there."""
    spleen = found["spleen"]
    if spleen.mask is None or not found["kidney_left"].absent:
        return {}
    words = like_a_kidney(spleen.mask, scene.smooth, scene.frame, aorta_hu)
    if not words:
        return {}
    again = find_kidneys(scene, liver, aorta_hu)
    return {**again, "spleen": Found.nothing(words)} if same_place(again["kidney_left"], spleen) else {}


def _gullet(volume: Volume, ground: Ground, found: Mapping[str, Found]) -> Closer:
    """Find the lower oesophagus, which needs more than the working grid shows."""
    scene = ground.scene
    hard = (mask_of(found["aorta"], scene.hu.shape), mask_of(found["bone"], scene.hu.shape))
    grid, gullet = find_lower_oesophagus(volume, scene.hu, ground.grid.geometry, scene.lungs, hard, scene.marks)
    return grid, {"oesophagus": gullet}


def _bile_duct(
    volume: Volume, ground: Ground, found: Mapping[str, Found], finer: Sequence[Closer], phase: Phase
) -> Closer:
    """Find the central bile ducts beside the portal vein, away from fluid that is known to be something else."""
    shape, coarse = ground.scene.hu.shape, ground.grid.geometry
    fluid = union_of(found, ("gallbladder", "duodenum", "stomach", "bowel", "colon"), shape)
    portal = next(((grid, inside["portal_vein"]) for grid, inside in finer if "portal_vein" in inside),
                  (coarse, Found.nothing("needs the liver")))  # fmt: skip
    grid, duct = find_bile_duct(volume, portal, coarse, fluid, phase)
    return grid, {"bile_duct": duct}


def _taken_by(found: Mapping[str, Found], scene: Scene) -> Mask:
    """Return what the heart cannot hold."""
    taken = scene.bone | scene.gas
    for name in ("liver", "spleen", "stomach", "aorta", "inferior_vena_cava", "kidney_left"):
        taken = taken | mask_of(found[name], taken.shape)
    return taken


def _known(ground: Ground, found: Mapping[str, Found]) -> dict[str, Mask]:
    return {"body": ground.body.mask, **{name: entry.mask for name, entry in found.items() if not entry.absent}}


def _assemble(
    volume: Volume, ground: Ground, found: Mapping[str, Found], finer: Sequence[Closer],
    phase: Phase, notes: list[str], monitor: Monitor,
) -> LabelMap:
    """Carry everything onto the scan's own voxels, divide the rest of the body into tissues and build the labels."""
    upright = volume.canonical()
    coarse = ground.grid.geometry
    body = paste(ground.body.mask, coarse, upright.geometry)
    box = box_of(body)
    block = upright.geometry.cropped(*box_start_shape(box))
    native: dict[str, Found] = {"body": Found(body[box])}
    for name, entry in found.items():
        if name == "bone":
            continue
        if name in REFINED and not entry.absent:
            next_stage(monitor, f"border of {name.replace('_', ' ')}")
            native[name] = _refined(upright, ground, found, name, block)
        else:
            native[name] = carry(entry, coarse, block)
    for geometry, inside in finer:
        native.update({name: carry(entry, geometry, block) for name, entry in inside.items()})
    next_stage(monitor, "skeleton")
    bones = _skeleton(volume, ground, found, block, monitor)
    native.update(flag(bones, judge_bones(bones, block.spacing_mm)))
    _keep_in_body(native)
    next_stage(monitor, "skin, fat, muscle")
    masks = {name: entry.mask for name, entry in native.items() if not entry.absent}
    native.update(_tissues(upright.array[box], block, masks, ground, found, phase))
    native["unknown_tissue"] = Found(masks["body"], "ok", "no other structure was recognised here")
    native.update(flag(native, judge_sides(native, upright.geometry, box)))
    lesions = sorted((name for name in native if layer_of(name) == 2), key=lambda n: int(n.rsplit("_", 1)[1]))
    parts = [name for name in native if layer_of(name) == 1 and name not in IN_LIVER]
    names = [name for name in (*TISSUES, *ORGANS, *parts, *IN_LIVER) if name in native] + lesions[::-1] + ["body"]
    return compose(volume, upright.geometry, box, native, names, notes)


def _tissues(
    hu: Image, block: VolumeGeometry, masks: Mapping[str, Mask], ground: Ground, found: Mapping[str, Found],
    phase: Phase,
) -> dict[str, Found]:
    """Divide what no organ took into skin, fat, muscle, diaphragm and the estimated pleural recess."""
    wall = _wall(ground, found)
    image = np.asarray(hu, dtype=np.float32)
    result = dict(find_tissues(image, block, masks, phase, wall=wall))
    result.update(find_pleural_recess(image, block, masks, phase, wall=wall))
    if not result["fat"].absent:
        result.update(split_fat(result["fat"].mask, block, wall))
    return result


def _skeleton(
    volume: Volume, ground: Ground, found: Mapping[str, Found], block: VolumeGeometry, monitor: Monitor = SILENT
) -> dict[str, Found]:
    """Return the bones and their parts on the voxels of ``block``."""
    coarse = found["bone"]
    if coarse.absent:
        return {"bone": coarse}
    shape = coarse.mask.shape
    vessels = mask_of(found["aorta"], shape) | mask_of(found["inferior_vena_cava"], shape)
    solid = union_of(found, SOLID, shape)
    fine, skeleton, parts = find_bones(
        volume, ground.body.mask, coarse.mask, vessels, ground.scene.lungs, ground.frame, ground.grid.geometry,
        ground.scene.depth, solid, monitor,
    )
    return carry_bones(fine, skeleton, parts, block) or {"bone": coarse}


def _wall(ground: Ground, found: Mapping[str, Found]) -> Wall:
    return Wall(ground.scene.hu, ground.grid.geometry, _known(ground, found), ground.frame, ground.scene.depth)


def _refined(
    upright: Volume, ground: Ground, found: Mapping[str, Found], name: str, block: VolumeGeometry
) -> Found:
    """Return an organ with its border drawn anew on a finer grid, on the voxels of ``block``."""
    entry, coarse, scene = found[name], ground.grid.geometry, ground.scene
    if name == "aorta" and ground.aorta_hu is not None:
        drawn, grid = refine_aorta(upright, entry.mask, coarse, ground.aorta_hu, FINE_SPACING_MM)
        return replace(entry, mask=paste(drawn, grid, block)) if drawn.any() else carry(entry, coarse, block)
    barred = scene.lungs | scene.gas | mask_of(found["bone"], scene.hu.shape)
    for other in (*REFINED, "inferior_vena_cava"):
        if other != name and other in found and not found[other].absent:
            barred = barred | found[other].mask
    # the liver's own border lies well already, and its level is not the same throughout
    fine = redrawn(upright, scene.hu, entry.mask, barred, coarse, FINE_SPACING_MM, up_to_fat=name != "liver")
    return carry(entry, coarse, block) if fine is None else replace(entry, mask=paste(*fine, block))


def _keep_in_body(native: dict[str, Found]) -> None:
    body = native["body"].mask
    for name, entry in native.items():
        if not entry.absent:
            native[name] = replace(entry, mask=entry.mask & body)
