"""Lungs with lobes, fissures, bronchi, vessels and nodules; the pass that settles them for every grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.phantom.abdomen.lesions import Tumour
from anatomy_twin.phantom.abdomen.vessels import LiverField
from anatomy_twin.phantom.canvas import Box
from anatomy_twin.phantom.chest.form import Cage, Form, PartCanvas, spine_y
from anatomy_twin.phantom.chest.organs import chest_hu
from anatomy_twin.phantom.chest.ways import LOBE_NAMES, LOBES, Ways, airway_pieces, draw_airways
from anatomy_twin.phantom.shapes import Field, blend, smooth_step

WALL_MM: Final = 1.3
FISSURE_MM: Final = 0.9  # two layers of pleura with a film between
FISSURE_HU: Final = -330.0


@dataclass(frozen=True, eq=False)
class Lungs:
    """Fields over a grid: distance to each lung, to the fissures (> 0 above) and where those are missing."""

    right: Field
    left: Field
    oblique: Field
    horizontal: Field
    missing: Field

    def lobe(self, name: str) -> Field:
        """Distance to a lobe ("rul", "rml", "rll", "lul", "lll"), about in mm."""
        if name == "rll":
            return np.maximum(self.right, self.oblique)
        if name == "rml":
            return np.maximum(np.maximum(self.right, -self.oblique), self.horizontal)
        if name == "rul":
            return np.maximum(np.maximum(self.right, -self.oblique), -self.horizontal)
        return np.maximum(self.left, self.oblique if name == "lll" else -self.oblique)


def mediastinum(form: Form, canvas: PartCanvas, heart: Field, central: Field) -> Field:
    """Distance to what lies between the lungs: heart, great vessels, airways and gullet in their fat."""
    x, y, z = canvas.coordinates(canvas.all)
    yc = spine_y(z)
    spine = np.sqrt((x / 25) ** 2 + ((y - yc - 4) / 30) ** 2) * 25 - 25
    # in front the lungs nearly meet above the heart; behind they come close before the spine
    front = smooth_step(-y, 10, 60)
    half = (15 + 12 * smooth_step(z, 118, 160)) * (1 - 0.62 * front * (1 - smooth_step(z, 108, 128)))
    slab = np.abs(x - 4) - half
    lumps = canvas.noise(form.lumps, canvas.all)
    middle = blend(np.minimum(slab, spine), heart - 4 - 2.5 * smooth_step(lumps, -1, 2), 6)
    tubes = np.full(canvas.geometry.shape, np.float32(30))
    points, parents, radius = draw_airways(form)
    large = [n for n in range(len(points)) if parents[n] >= 0 and radius[n] > 5.5]
    box, distance, _, _ = canvas.tubes(points[parents[large]], points[large], radius[large], radius[large], 8.0)
    tubes[box] = distance - 3.0
    return np.asarray(blend(blend(middle, central - 1.5, 5), tubes, 5), np.float32)


def shape_lungs(form: Form, cage: Cage, canvas: PartCanvas, middle: Field) -> Lungs:
    """Return both lungs and their fissures."""
    x, y, z = canvas.coordinates(canvas.all)
    ripple, swell = canvas.noise(form.ripple, canvas.all), canvas.noise(form.swell, canvas.all)
    lumps = canvas.noise(form.lumps, canvas.all)
    border = 20 + 3 * ripple
    lung = np.maximum(np.maximum(0.5 - cage.dome, 1.0 - cage.cavity), np.maximum(-middle, border - cage.recess_mm))
    rng = form.rng("fissures")
    tilt, rise = 0.72 + rng.normal(0, 0.04), 34 + rng.normal(0, 4)
    level = 53 + rng.normal(0, 3)
    bow = 3.5 * swell + 0.8 * lumps
    right_height = rise + tilt * y + 0.0016 * (np.abs(x) - 70) ** 2 + bow
    left_height = rise + 4 + (tilt + 0.05) * y + 0.0014 * (np.abs(x) - 70) ** 2 + bow
    slant = np.float32(np.sqrt(1 + tilt**2))
    oblique = (z - np.where(x < 4, right_height, left_height)) / slant
    horizontal = z - (level - 0.10 * (-x - 60) - 0.0022 * (y + 30) ** 2 + 2.5 * swell)
    # fissures do not reach the hilum everywhere: the horizontal one is incomplete in most people
    missing = swell + 0.5 * lumps
    return Lungs(np.maximum(lung, x - 4), np.maximum(lung, 4 - x), oblique.astype(np.float32),
                 horizontal.astype(np.float32), missing.astype(np.float32))


def lobe_fields(lungs: Lungs, canvas: PartCanvas, low: NDArray[np.float64], step_mm: float) -> dict[str, LiverField]:
    """Return for every lobe the Euclidean distance to its border on the reference grid (negative inside)."""
    result = {}
    for lobe in LOBES:
        inside = (lungs.lobe(lobe) < 0) & (canvas.labels == 0)
        depth = ndimage.distance_transform_edt(inside, sampling=step_mm)
        outside = ndimage.distance_transform_edt(~inside, sampling=step_mm)
        result[lobe] = LiverField(np.where(inside, step_mm / 2 - depth, outside - step_mm / 2), low, step_mm)
    return result


def side_fields(lungs: Lungs, low: NDArray[np.float64], step_mm: float) -> dict[str, LiverField]:
    """Return the distance to the surface of the "right" and "left" lung on the reference grid (negative inside)."""
    result = {}
    for name, shape in (("right", lungs.right), ("left", lungs.left)):
        depth = ndimage.distance_transform_edt(shape < 0, sampling=step_mm)
        result[name] = LiverField(np.where(shape < 0, step_mm / 2 - depth, shape), low, step_mm)
    return result


def lung_hu(form: Form, canvas: PartCanvas, lungs: Lungs, ways: Ways, nodules: tuple[Tumour, ...],
            layers: NDArray[np.uint8]) -> Field:
    """Return the HU of the lungs with all in them; fills ``layers`` [2, k, j, i]: vessels 1, nodules by number."""
    phase = form.phase
    _, y, _ = canvas.coordinates(canvas.all)
    grain, ripple = canvas.noise(form.grain, canvas.all), canvas.noise(form.ripple, canvas.all)
    lumps = canvas.noise(form.lumps, canvas.all)
    # unresolved small vessels: denser towards the back, where blood collects
    hu = -872 + 40 * smooth_step(y, -40, 85) + 10 * lumps + 9 * ripple
    hu = hu + 90 * smooth_step(grain + 0.5 * ripple, 1.5, 2.6)
    hu = np.asarray(hu + _fissures(canvas, lungs), np.float32)
    box, wall, _, _ = canvas.tubes(ways.start, ways.stop, ways.radius_start + WALL_MM, ways.radius_stop + WALL_MM, 3.0)
    _mix(hu, box, wall, canvas.edge_mm, chest_hu("airway_wall", phase))
    box, lumen, _, _ = canvas.tubes(ways.start, ways.stop, ways.radius_start, ways.radius_stop, 3.0)
    for name, tree in ways.trees.items():
        start, stop, radius = tree.pieces()
        at, distance, _, _ = canvas.tubes(start, stop, radius, radius, 3.0)
        if distance.size:
            _mix(hu, at, distance, canvas.edge_mm, chest_hu(f"lung_{name.partition('_')[0]}", phase))
            layers[0][at][distance < 0] = 1
    _mix(hu, box, lumen, canvas.edge_mm, -975.0)
    for number, nodule in enumerate(nodules, start=1):
        at, distance = nodule_shape(form, canvas, nodule)
        if distance.size:
            solid = chest_hu("nodule", phase) + 6 * canvas.noise(form.ripple, at)
            cover = smooth_step(-distance, -0.8, 0.8)
            hu[at] = hu[at] * (1 - cover) + solid * cover
            layers[1][at][distance < 0] = number
    return hu


def _mix(hu: Field, box: Box, distance: Field, edge_mm: np.float32, value: float) -> None:
    if distance.size:
        # what is thinner than a pixel still counts with its share of it
        cover = np.clip(0.5 - distance / edge_mm, 0, 1)
        hu[box] = hu[box] * (1 - cover) + np.float32(value) * cover


def _fissures(canvas: PartCanvas, lungs: Lungs) -> Field:
    """Excess HU of the fissures: about 1 mm thin, diluted where the voxel is thicker, absent where incomplete."""
    dz, dy, _ = canvas.geometry.spacing_mm

    def sheet(distance: Field, voxel_mm: float) -> Field:
        # a box as thick as the fissure, seen through a voxel: as much in all, thinner and weaker
        thick = max(FISSURE_MM, voxel_mm)
        return np.clip(1.0 - np.abs(distance) / thick, 0, 1) * np.float32((FISSURE_HU + 860) * FISSURE_MM / thick)

    slant = np.hypot(1.0, 0.72)
    oblique = sheet(lungs.oblique, (dz + 0.72 * dy) / slant) * (lungs.missing < 1.35)
    horizontal = sheet(lungs.horizontal, dz) * (lungs.missing > -0.75) * (lungs.oblique > 0) * (lungs.left >= 0)
    return np.asarray(np.maximum(oblique, horizontal), np.float32)


def nodule_shape(form: Form, canvas: PartCanvas, nodule: Tumour) -> tuple[Box, Field]:
    """The box of a nodule and the distance to its lobulated surface there."""
    reach = nodule.radius_mm * 1.3 + 6
    box = canvas.box(tuple(np.subtract(nodule.centre_mm, reach)), tuple(np.add(nodule.centre_mm, reach)))
    z, y, x = np.meshgrid(canvas.z[box[0]], canvas.y[box[1]], canvas.x[box[2]], indexing="ij")
    away = np.sqrt(sum((axis - c) ** 2 for axis, c in zip((x, y, z), nodule.centre_mm, strict=True)))
    if away.size == 0:
        return box, away.astype(np.float32)
    bumps = 0.06 * nodule.radius_mm * canvas.noise(form.ripple, box) + 0.25 * canvas.noise(form.grain, box)
    limit = min(1.5, 0.15 * nodule.radius_mm)
    return box, (away - nodule.radius_mm + np.clip(bumps, -limit, limit)).astype(np.float32)


def reference_canvas(
    form: Form, names: tuple[str, ...], step_mm: float = 4.0
) -> tuple[PartCanvas, NDArray[np.float64]]:
    """Return the coarse canvas, the same for every wanted grid, and its first voxel in the model frame."""
    low = np.array((-170.0, -130.0, -112.0))
    geometry = VolumeGeometry.upright((74, 66, 86), (step_mm,) * 3, tuple(low))
    return PartCanvas(geometry, (0.0, 0.0, 0.0), form.warp, form.warp_mm, names), low


__all__ = [
    "LOBE_NAMES", "Lungs", "airway_pieces", "lobe_fields", "lung_hu", "mediastinum", "nodule_shape",
    "reference_canvas", "shape_lungs", "side_fields",
]
