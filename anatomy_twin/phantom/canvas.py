"""The grid on which a patient is drawn: structures are placed in order of priority and never overlap."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.phantom.shapes import FAR_MM, Field, carve, tube_field
from anatomy_twin.phantom.texture import SmoothNoise

# Values of the exclusive layer. A structure takes only what those placed before it have left free.
EXCLUSIVE: Final = (
    "unknown_tissue", "skin", "fat", "muscle", "diaphragm", "bone", "lung_right", "lung_left", "pleural_recess",
    "heart", "aorta", "inferior_vena_cava", "liver", "portal_vein", "gallbladder", "spleen", "kidney_right",
    "kidney_left", "pancreas", "stomach", "duodenum", "colon", "bowel", "oesophagus", "bile_duct",
)
VALUE: Final = {name: number for number, name in enumerate(EXCLUSIVE, start=1)}
# Values of the layer of parts: what a structure of the exclusive layer consists of.
PARTS: Final = (
    "portal_branches", "hepatic_veins", "hepatic_artery", "subcutaneous_fat", "visceral_fat", "ribs", "sternum",
    "pelvis", "sacrum", *(f"vertebra_l{n}" for n in range(5, 0, -1)), *(f"vertebra_t{n}" for n in range(12, 3, -1)),
)
PART: Final = {name: number for number, name in enumerate(PARTS, start=1)}
BOX_LOW: Final = (-260.0, -220.0, -80.0)
BOX_HIGH: Final = (260.0, 260.0, 380.0)

Box = tuple[slice, slice, slice]
Point3 = tuple[float, float, float]


class Canvas:
    """Coordinates, labels and image of one patient on one upright grid (model frame: LPS minus ``shift_mm``)."""

    def __init__(self, geometry: VolumeGeometry, shift_mm: Point3, warp: tuple[SmoothNoise, ...], warp_mm: float):
        low = geometry.to_world((0, 0, 0)) - shift_mm
        k, j, i = geometry.shape
        dz, dy, dx = geometry.spacing_mm
        self.geometry = geometry
        self.x, self.y, self.z = low[0] + dx * np.arange(i), low[1] + dy * np.arange(j), low[2] + dz * np.arange(k)
        self.warped = tuple(
            (noise.on(self.x, self.y, self.z) * np.float32(warp_mm) + axis).astype(np.float32)
            for noise, axis in zip(warp, (self.x, self.y[:, None], self.z[:, None, None]), strict=True)
        )
        self._noises: dict[int, Field] = {}
        self.labels = np.zeros(geometry.shape, np.uint8)
        self.parts = np.zeros(geometry.shape, np.uint8)
        self.lesions = np.zeros(geometry.shape, np.uint8)
        self.image = np.zeros(geometry.shape, np.float32)
        self.free = np.ones(geometry.shape, np.float32)
        self.occupied = np.full(geometry.shape, np.float32(FAR_MM))
        self.edge_mm = np.float32((dx + dy) / 2)

    @property
    def all(self) -> Box:
        """The box of the whole grid."""
        return (slice(None), slice(None), slice(None))

    def box(self, low: Point3, high: Point3) -> Box:
        """The part of the grid between two corners in mm (x, y, z); empty where it lies outside."""
        return (
            slice(*np.searchsorted(self.z, (low[2], high[2]))), slice(*np.searchsorted(self.y, (low[1], high[1]))),
            slice(*np.searchsorted(self.x, (low[0], high[0]))),
        )

    def coordinates(self, box: Box) -> tuple[Field, Field, Field]:
        """The warped x, y, z of a box, each [k, j, i]."""
        return self.warped[0][box], self.warped[1][box], self.warped[2][box]

    def noise(self, noise: SmoothNoise, box: Box) -> Field:
        """A smooth random field on a box (computed once for the whole grid: nearly every part uses it)."""
        if id(noise) not in self._noises:
            low = BOX_LOW[2] + 2  # below its box a field goes on as its mirror image
            self._noises[id(noise)] = noise.on(self.x, self.y, np.where(self.z < low, 2 * low - self.z, self.z))
        return self._noises[id(noise)][box]

    def tube(
        self, path: NDArray[np.float64], far_mm: float = 8.0, z_scale: float = 1.0
    ) -> tuple[Box, Field, Field, Field]:
        """A tube along ``path`` (N, 4: x, y, z, radius): its box, distance, place along it, y over its axis."""
        return self.tubes(path[:-1, :3], path[1:, :3], path[:-1, 3], path[1:, 3], far_mm, z_scale)

    def tubes(
        self, start: NDArray[np.float64], stop: NDArray[np.float64], radius_start: NDArray[np.float64],
        radius_stop: NDArray[np.float64], far_mm: float = 8.0, z_scale: float = 1.0,
    ) -> tuple[Box, Field, Field, Field]:
        """The union of many straight pieces (N, 3), as ``tube`` does for one chain."""
        reach = max(radius_start.max(), radius_stop.max()) + far_mm
        low = np.minimum(start.min(0), stop.min(0)) - reach / z_scale
        high = np.maximum(start.max(0), stop.max(0)) + reach / z_scale
        box = self.box(tuple(low), tuple(high))
        return box, *tube_field(
            self.x[box[2]], self.y[box[1]], self.z[box[0]], np.ascontiguousarray(start), np.ascontiguousarray(stop),
            np.ascontiguousarray(radius_start), np.ascontiguousarray(radius_stop), z_scale, far_mm,
        )

    def keep_out(self, distance: Field, box: Box, gap_mm: float) -> Field:
        """Cut from a shape what is placed already, leaving ``gap_mm`` between."""
        return carve(distance, np.float32(gap_mm) - self.occupied[box], 3.0)

    def place(
        self, name: str, distance: Field, box: Box, hu: Field | float, gap_mm: float = 1.0, clip: bool = True
    ) -> Field:
        """Draw a shape with its HU where there is room; returns the distance that was drawn."""
        if distance.size == 0:
            return distance
        shown = self.keep_out(distance, box, gap_mm) if clip else distance
        inside = (shown < 0) & (self.labels[box] == 0)
        self.labels[box][inside] = VALUE[name]
        cover = np.clip(np.float32(0.5) - shown / self.edge_mm, 0, 1) * self.free[box]
        self.image[box] += cover * np.asarray(hu, np.float32)
        self.free[box] -= cover
        self.occupied[box] = np.minimum(self.occupied[box], shown)
        return shown

    def mark(self, part: str, inside: NDArray[np.bool_], box: Box, of: str = "bone") -> None:
        """Name a part (one of ``PARTS``) of what is drawn; a voxel stays with the part that had it first."""
        marked = self.parts[box]
        marked[inside & (marked == 0) & (self.labels[box] == VALUE[of])] = PART[part]
