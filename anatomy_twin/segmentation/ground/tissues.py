"""Skin, fat, the muscles of the trunk wall and the diaphragm: what a needle may cross on its way to an organ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.ground.frame import SpineFrame, find_cavity_depth, find_spine
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import (
    WORKING_SPACING_MM,
    Found,
    Image,
    Mask,
    Masks,
    depth_mm,
    distance_mm,
    equal_grid,
    open_mm,
    resample,
    resample_mask,
    touching,
)

SKIN_MM: Final = 2.5  # assumed: skin of the trunk is 2 to 3 mm thick
FAT_HU: Final = (-190.0, -25.0)
SOFT_HU: Final = (-25.0, 140.0)
GAS_HU: Final = -400.0
BESIDE_MM: Final = 80.0
BEFORE_MM: Final = 36.0
MUSCLE_HU: Final = 55.0
DENSE_WALL_HU: Final = 110.0  # costal cartilage and the rim of ribs are denser than enhanced muscle
ORGANS: Final = ("liver", "spleen", "kidney_right", "kidney_left", "stomach", "bowel", "colon", "gallbladder", "aorta",
                 "inferior_vena_cava", "portal_vein", "heart", "pancreas", "duodenum", "oesophagus")


@dataclass(frozen=True, eq=False)
class Wall:
    """The trunk wall on a grid of 3 mm: how deep each voxel lies inside its inner face (mm, negative in the wall)."""

    hu: Image
    geometry: VolumeGeometry
    masks: Masks
    frame: SpineFrame
    cavity_depth: Image

    @property
    def spacing_mm(self) -> float:
        """The spacing, the same along all axes."""
        return self.geometry.spacing_mm[0]


def find_wall(hu: Image, geometry: VolumeGeometry, masks: Masks) -> Wall:
    """Measure the trunk wall (see ``frame.find_cavity_depth``); ``masks`` needs "body", uses "bone" and the lungs."""
    if max(geometry.spacing_mm) - min(geometry.spacing_mm) > 1e-6 or geometry.spacing_mm[0] < 2.5:
        coarse = equal_grid(geometry, WORKING_SPACING_MM)
        hu3 = resample(hu, geometry, coarse)
        masks3 = {name: resample_mask(mask, geometry, coarse) for name, mask in masks.items()}
    else:
        coarse, hu3, masks3 = geometry, np.asarray(hu, dtype=np.float32), dict(masks)
    body = masks3["body"]
    none = np.zeros_like(body)
    frame = find_spine(hu3, body, coarse.spacing_mm[0])
    depth = find_cavity_depth(hu3, body, masks3.get("bone", none), lungs_of(masks3), frame)
    return Wall(hu3, coarse, masks3, frame, depth)


def lungs_of(masks: Masks) -> Mask:
    """Return both lungs together (empty where none was found)."""
    result = np.zeros_like(masks["body"])
    for name in ("lung_right", "lung_left"):
        if name in masks:
            result |= masks[name]
    return result


def find_tissues(
    hu: Image, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT, wall: Wall | None = None
) -> dict[str, Found]:
    """Find ``skin``, ``fat``, ``muscle`` (trunk wall) and ``diaphragm``.

    Parameters
    ----------
    hu, geometry : an upright grid, of unequal spacing too (the scan's own voxels give the thinnest skin).
    masks : what is known on that grid; "body" is needed, "bone", lungs and organs make the wall sharper. What lies in
        an organ is never given to a tissue.
    wall : the result of ``find_wall`` on the same patient, where it is at hand.

    What is none of them, nor an organ, stays unknown: soft tissue in the cavity, cartilage, the rim of gas and bone.
    """
    wall = wall or find_wall(hu, geometry, masks)
    monitor.progress(0.5)
    check_cancelled(monitor)
    body = masks["body"]
    taken = _taken(masks)
    depth_in_body = _body_depth(geometry, wall)
    skin = body & (depth_in_body < SKIN_MM) & ~taken
    free = body & ~taken & ~skin
    smooth = ndimage.gaussian_filter(
        np.asarray(hu, np.float32), [0.7 / s if s < 2.0 else 0.0 for s in geometry.spacing_mm], mode="nearest",
        truncate=2.0,
    )
    gas_rim = _gas_rim(wall, geometry)
    fat = free & (smooth > FAT_HU[0]) & (smooth < FAT_HU[1]) & ~gas_rim
    depth = resample(wall.cavity_depth, wall.geometry, geometry)
    solid = organs_on_wall_grid(masks, geometry, wall)
    muscle_zone, strand_zone, membrane, dense = _zones(wall, geometry, depth, solid)
    soft = free & ~fat & (smooth >= SOFT_HU[0] - 35.0) & (smooth < SOFT_HU[1]) & ~gas_rim
    diaphragm = free & membrane & (smooth > -250.0)
    muscle = soft & (muscle_zone | _beside_spine(wall, geometry)) & ~dense & ~diaphragm
    fat = (fat | (soft & strand_zone & ~muscle_zone & ~dense)) & ~diaphragm
    monitor.progress(1.0)
    estimated = "the wall between its outer face and ribs, lung edge or organs; thickness spread where none is near"
    return {
        "skin": _found(skin, f"outer {SKIN_MM:g} mm of the trunk (assumed thickness)", ("estimated",)),
        "fat": _found(fat, f"{FAT_HU[0]:g} to {FAT_HU[1]:g} HU, with thin strands under the skin"),
        "muscle": _found(muscle, estimated),
        "diaphragm": _found(diaphragm, "the layer between lung base and liver or spleen", ("estimated",)),
    }


def _found(mask: Mask, note: str, rules: tuple[str, ...] = ()) -> Found:
    return Found(mask, "check" if rules else "ok", note, rules) if mask.any() else Found.nothing(note)


def _taken(masks: Masks) -> Mask:
    """Return the voxels that belong to an organ, bone or lung."""
    result = np.zeros_like(masks["body"])
    for name in (*ORGANS, "bone", "lung_right", "lung_left"):
        if name in masks:
            result |= masks[name]
    return result


def _beside_spine(wall: Wall, geometry: VolumeGeometry) -> Mask:
    """Return where psoas, quadratus and the crura lie: beside the spine, behind the front of the vertebral bodies.

    Soft tissue there that is no organ or vessel, thicker than 6 mm, within 30 mm of the spine's bone and as bright as
    the muscle of the back (25 HU more or less) is muscle.
    """
    step, shape = wall.spacing_mm, wall.hu.shape
    bone, smooth = wall.masks.get("bone"), ndimage.gaussian_filter(wall.hu, 1.0, truncate=3.0)
    if bone is None:
        return np.zeros(geometry.shape, dtype=bool)
    left, front = wall.frame.left_mm, wall.frame.front_mm
    free = wall.masks["body"] & ~_taken(wall.masks) & (smooth > SOFT_HU[0]) & (smooth < SOFT_HU[1])
    back = free & np.broadcast_to((np.abs(left) < 45.0) & (front < -25.0) & (front > -55.0), shape)
    level = float(np.median(smooth[back])) if back.any() else MUSCLE_HU
    spinal = bone & np.broadcast_to(np.abs(left) < 50.0, shape)
    zone = np.broadcast_to((np.abs(left) < BESIDE_MM) & (front < BEFORE_MM), shape)
    zone = zone & (distance_mm(spinal, step, 33.0) < 30.0)
    thick = open_mm(free & zone & (np.abs(smooth - level) < 25.0), 3.0, step)
    thick = touching(thick, distance_mm(spinal, step, 9.0) < 5.0)
    return resample(thick.astype(np.float32), wall.geometry, geometry) > 0.5


def _body_depth(geometry: VolumeGeometry, wall: Wall) -> Image:
    """Return the depth under the surface of the skin in mm (negative outside), smooth between 3 mm voxels."""
    coarse = wall.masks["body"]
    step = wall.spacing_mm
    signed = depth_mm(coarse, step, 12.0) - distance_mm(coarse, step, 12.0)
    signed = np.where(coarse, signed - 0.5 * step, signed + 0.5 * step).astype(np.float32)
    if wall.geometry is geometry:
        # the outermost voxel is the thinnest skin that this grid can show
        return np.where(coarse, np.maximum(signed - 0.5 * step, 0.0), -1.0)
    return resample(signed, wall.geometry, geometry)


def _gas_rim(wall: Wall, geometry: VolumeGeometry) -> Mask:
    """Return the blurred rim of lung and gas, which reads like fat."""
    step = wall.spacing_mm
    gas = (wall.hu < GAS_HU) & wall.masks["body"]
    gas |= lungs_of(wall.masks)
    return resample(distance_mm(gas, step, 9.0), wall.geometry, geometry) < 3.0


def organs_on_wall_grid(masks: Masks, geometry: VolumeGeometry, wall: Wall) -> Mask:
    """Return liver and spleen on the grid of the wall."""
    result = np.zeros_like(wall.masks["body"])
    for name in ("liver", "spleen"):
        if name in wall.masks:
            result |= wall.masks[name]
        elif name in masks:
            result |= resample_mask(masks[name], geometry, wall.geometry)
    return result


def _zones(wall: Wall, geometry: VolumeGeometry, depth: Image, solid: Mask) -> tuple[Mask, Mask, Mask, Mask]:
    """Return on ``geometry``: trunk wall, layer under the skin, layer between lung and organ, cartilage."""
    step = wall.spacing_mm
    body = wall.masks["body"]
    to_solid = distance_mm(solid, step, 15.0)
    from_solid = resample(to_solid, wall.geometry, geometry)
    from_lung = resample(distance_mm(lungs_of(wall.masks), step, 15.0), wall.geometry, geometry)
    soft = (wall.hu > SOFT_HU[0]) & body
    # a loop of bowel is thick; between the wall and an organ, or along either, what is thin is wall, diaphragm or
    # peritoneum with the blur of their borders
    loose = soft & ~_taken(wall.masks) & ~solid & (wall.cavity_depth > 6.0)
    from_thick = resample(distance_mm(depth_mm(loose, step, 6.0) > 4.3, step, 12.0), wall.geometry, geometry)
    thin = (from_thick > 7.5) & ((depth < 10.0) | (from_solid < 8.0))
    muscle = (depth < 1.0) | ((depth < 14.0) & (from_solid < 7.0)) | thin
    # under the skin lie strands only: what survives an opening of 4.5 mm is muscle or gland
    deep = distance_mm(depth_mm(soft, step, 6.0) > 4.5, step, 12.0) > 6.0
    strand_zone = resample((deep & (wall.cavity_depth < -8.0)).astype(np.float32), wall.geometry, geometry) > 0.5
    membrane = (from_lung < 7.5) & (from_solid < 7.5) & (depth > -3.0)
    bone = wall.masks.get("bone", np.zeros_like(body))
    cartilage = (ndimage.gaussian_filter(wall.hu, 0.5) > DENSE_WALL_HU) & (to_solid > 6.0)
    cartilage &= distance_mm(bone, step, 6.0) > 4.0
    dense = resample(cartilage.astype(np.float32), wall.geometry, geometry) > 0.5
    return muscle, strand_zone & (depth < -8.0), membrane, dense
