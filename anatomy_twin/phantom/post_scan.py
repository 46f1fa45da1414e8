"""The same patient scanned again: moved, breathing otherwise, after a thermal ablation, with noise of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, VolumeGeometry
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.phantom.abdomen.labelling import label_map
from anatomy_twin.phantom.canvas import VALUE, Canvas
from anatomy_twin.phantom.conditions import USUAL, Conditions
from anatomy_twin.phantom.intensity import PHASES, hounsfield
from anatomy_twin.phantom.kinds import KINDS, TABLE
from anatomy_twin.phantom.labels import truth_segment
from anatomy_twin.phantom.patient import Drawn, SyntheticPatient, draw_patient, finish
from anatomy_twin.phantom.shapes import smooth_step
from anatomy_twin.phantom.uids import make_uid

Floats = NDArray[np.float64]
Point3 = tuple[float, float, float]
# what an ablation looks like is this project's choice within what scans show: no enhancement, a middle that is denser
# than plain liver, on some scans a bright rim of reaction around it
ABOVE_NATIVE_HU: Final = 6.0
CORE_ABOVE_HU: Final = 14.0
CORE_SHARE: Final = 0.45
RIM_ABOVE_HU: Final = 22.0
RIM_MM: Final = 2.5


@dataclass(frozen=True, slots=True)
class AblatedZone:
    """An ellipsoid of coagulated liver in LPS mm of the first scan: its half axis along ``direction``, and across it.

    ``rim``: a bright seam of reaction lies around it.
    """

    centre_mm: Point3
    along_mm: float
    across_mm: float
    direction: Point3 = (0.0, 0.0, 1.0)
    rim: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.along_mm <= 80 and 0 < self.across_mm <= 80 and float(np.linalg.norm(self.direction)) > 0):
            raise UsageError("an ablated zone needs half axes of up to 80 mm and a direction")

    def distance_mm(self, points_mm: Floats) -> Floats:
        """Return about how far points (..., 3) lie outside of the zone (negative inside), exact at its surface."""
        axis = np.asarray(self.direction) / np.linalg.norm(self.direction)
        away = points_mm - np.asarray(self.centre_mm)
        along = away @ axis
        across = np.sqrt(np.maximum((away**2).sum(axis=-1) - along**2, 0.0))
        share = np.hypot(along / self.along_mm, across / self.across_mm)
        slope = np.hypot(along / self.along_mm**2, across / self.across_mm**2)
        return np.asarray(np.where(share < 1e-6, -min(self.along_mm, self.across_mm),
                                   share * (share - 1.0) / np.maximum(slope, 1e-9)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bump:
    """A smooth push of ``push_mm`` at ``centre_mm`` that fades like a bell curve of ``reach_mm``."""

    centre_mm: Point3
    reach_mm: float
    push_mm: Point3


@dataclass(frozen=True, slots=True)
class Deformation:
    """Where tissue of the first scan lies in the second: bumps, then a turn about ``centre_mm``, then a shift."""

    shift_mm: Point3 = (0.0, 0.0, 0.0)
    rotation_deg: Point3 = (0.0, 0.0, 0.0)
    centre_mm: Point3 = (0.0, 0.0, 0.0)
    bumps: tuple[Bump, ...] = ()

    def _turn(self) -> Floats:
        a, b, c = np.radians(self.rotation_deg)
        x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
        return np.asarray(z @ y @ x)

    def _pushed(self, points: Floats) -> Floats:
        total = np.zeros_like(points)
        for bump in self.bumps:
            near = ((points - np.asarray(bump.centre_mm)) ** 2).sum(axis=-1) / (2.0 * bump.reach_mm**2)
            total += np.exp(-near)[..., None] * np.asarray(bump.push_mm)
        return total

    def to_second(self, points_mm: Floats) -> Floats:
        """Return where points (..., 3) of the first scan lie in the second one, LPS mm."""
        points = np.asarray(points_mm, float)
        moved = points + self._pushed(points) - self.centre_mm
        return np.asarray(moved @ self._turn().T + self.centre_mm + self.shift_mm)

    def to_first(self, points_mm: Floats) -> Floats:
        """Return where points (..., 3) of the second scan come from; ``DataError`` if the bumps fold over."""
        straight = (np.asarray(points_mm, float) - self.centre_mm - self.shift_mm) @ self._turn() + self.centre_mm
        found = straight
        for _ in range(60):
            last, found = found, straight - self._pushed(found)
            if float(np.abs(found - last).max(initial=0.0)) < 1e-4:
                return np.asarray(found)
        raise DataError("the deformation folds over", advice="push less, or over a wider reach")


STILL: Final = Deformation()


def breathing(patient: SyntheticPatient, depth_mm: float) -> Deformation:
    """Return how the upper abdomen of a patient moves when it is breathed in deeper by ``depth_mm`` at the dome."""
    index = np.argwhere(patient.truth.mask("liver"))
    low, high = patient.volume.geometry.to_world(index.min(axis=0)), patient.volume.geometry.to_world(index.max(axis=0))
    x, y, z = (low + high) / 2.0
    top = float(max(low[2], high[2]))
    return Deformation(bumps=(
        Bump((float(x) - 15.0, float(y), top - 25.0), 75.0, (0.10 * depth_mm, -0.30 * depth_mm, -depth_mm)),
        Bump((float(x) + 40.0, float(y) - 20.0, float(z) - 40.0), 60.0, (0.30 * depth_mm, 0.0, 0.20 * depth_mm)),
    ))


def make_second_scan(
    seed: int, kind: str = "liver_tumour", phase: str = "portal", noise_hu: float = 11.0, matrix: int = 288,
    slice_mm: float = 2.5, table: bool = True, monitor: Monitor = SILENT, conditions: Conditions = USUAL, *,
    zones: tuple[AblatedZone, ...] = (), deformation: Deformation = STILL,
) -> SyntheticPatient:
    """Return the patient of ``make_patient`` (same arguments) in a second scan with a frame of reference of its own.

    ``zones`` are coagulated before the patient is moved by ``deformation``. The truth has them as "ablation_zone"
    (within the liver), and what was there before (tumours, vessels) where it lies now. Noise is drawn anew. Raises
    ``UsageError`` for a kind that is no abdomen and for a mirrored patient.
    """
    if kind not in KINDS or TABLE[kind].make or phase not in PHASES or conditions.situs_inversus:
        raise UsageError("a second scan is made of an abdomen that is not mirrored", advice="choose another kind")
    drawn = draw_patient(seed, kind, phase, matrix, slice_mm, monitor, conditions)
    dead = _coagulate(drawn, zones)
    dead = _deform(drawn.canvas, deformation, dead)
    shift = drawn.shift_mm
    trees = {name: replace(tree, nodes_mm=deformation.to_second(tree.nodes_mm + shift) - shift)
             for name, tree in drawn.inside.trees.items()}  # fmt: skip
    tumours = tuple(
        replace(one, entry_mm=None, centre_mm=_point(deformation.to_second(np.add(one.centre_mm, shift)) - shift))
        for one in drawn.inside.tumours
    )
    moved = replace(drawn, inside=replace(drawn.inside, trees=trees, tumours=tumours))
    patient = finish(moved, noise_hu, table, seed + 7919)
    told = f"{len(zones)} ablated zones, {'moved' if deformation != STILL else 'not moved'}"
    frame = make_uid("frame", "second scan", seed, phase, str(zones), str(deformation))
    geometry = replace(patient.volume.geometry, frame_of_reference_uid=frame)
    facts = {**patient.facts, "second scan": f"{told}, {frame[-8:]}"}
    volume = replace(patient.volume, geometry=geometry, facts=facts)
    return replace(patient, volume=volume, truth=_truth(moved, dead, geometry), facts=facts)


def _point(values: Floats) -> Point3:
    return float(values[0]), float(values[1]), float(values[2])


def _coagulate(drawn: Drawn, zones: tuple[AblatedZone, ...]) -> NDArray[np.bool_]:
    """Draw zones into the image of the canvas, within its liver; return what is dead."""
    canvas = drawn.canvas
    liver = canvas.labels == VALUE["liver"]
    dead = np.zeros(liver.shape, bool)
    for zone in zones:
        reach = max(zone.along_mm, zone.across_mm) + 8.0
        index = canvas.geometry.to_index(np.add(zone.centre_mm, [[-reach] * 3, [reach] * 3]))
        low = np.clip(np.floor(index.min(axis=0)), 0, liver.shape).astype(int)
        high = np.clip(np.ceil(index.max(axis=0)) + 1, 0, liver.shape).astype(int)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        places = canvas.geometry.to_world(np.moveaxis(np.indices(tuple(high - low)), 0, -1) + low)
        away = zone.distance_mm(places).astype(np.float32)
        image, inside = canvas.image[box], liver[box]
        if zone.rim:
            rim = smooth_step(-np.abs(away - 0.5 * RIM_MM), -0.5 * RIM_MM - 0.5, -0.5 * RIM_MM + 0.5) * inside
            image += np.float32(RIM_ABOVE_HU) * rim
        core = CORE_SHARE * min(zone.along_mm, zone.across_mm)
        hu = hounsfield("liver", "native") + ABOVE_NATIVE_HU + CORE_ABOVE_HU * smooth_step(-away, core, core + 4.0)
        cover = smooth_step(-away, -0.6, 0.6) * inside
        image[:] = image * (1 - cover) + hu.astype(np.float32) * cover
        dead[box] |= (away < 0) & inside
    return dead


def _deform(canvas: Canvas, deformation: Deformation, dead: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Move everything that is drawn on a canvas; return the moved ``dead``."""
    if deformation == STILL:
        return dead
    shape = canvas.geometry.shape
    arrays = (canvas.labels, canvas.parts, canvas.lesions, dead.astype(np.uint8), canvas.image, canvas.free)
    moved = [np.empty(shape, array.dtype) for array in arrays]
    plane = np.moveaxis(np.indices((1, *shape[1:])), 0, -1)
    for k in range(shape[0]):
        index = canvas.geometry.to_index(deformation.to_first(canvas.geometry.to_world(plane + np.array([k, 0, 0]))))
        at = np.moveaxis(index, -1, 0)
        for number, (array, result) in enumerate(zip(arrays, moved, strict=True)):
            outside = 1.0 if array is canvas.free else 0.0
            result[k] = ndimage.map_coordinates(array, at, order=int(number > 3), cval=outside)[0]
    canvas.labels, canvas.parts, canvas.lesions, canvas.image, canvas.free = *moved[:3], moved[4], moved[5]
    return np.asarray(moved[3] > 0)


def _truth(drawn: Drawn, dead: NDArray[np.bool_], geometry: VolumeGeometry) -> LabelMap:
    labels = label_map(drawn.canvas, drawn.inside, False)
    stack = np.concatenate([labels.array, dead[None].astype(labels.array.dtype)])
    zone = truth_segment("ablation_zone", stack.shape[0] - 1, 1, stack)
    return LabelMap(stack, geometry, (*labels.segments, *((zone,) if zone else ())))
