"""Volumes made ready for registration: coarser, in the window of soft tissue, as images of SimpleITK or as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, Segment, Volume, VolumeGeometry

CT_WINDOW_HU: Final = (-150.0, 250.0)
FINEST_MM: Final = 1.4
LESIONS: Final = ("tumour", "tumour_candidate", "lesion", "ablation_zone")  # they may have been treated in between
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Image:
    """Values float32 [k, j, i] on an upright (canonical) grid; ``low`` is the value of air or of nothing."""

    array: NDArray[np.float32]
    geometry: VolumeGeometry
    low: float

    def as_itk(self) -> Any:
        """Return the same as an image of SimpleITK."""
        return as_itk(self.array, self.geometry)


def as_itk(array: NDArray[Any], geometry: VolumeGeometry) -> Any:
    """Return an array [k, j, i] as an image of SimpleITK in the same place."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing([float(step) for step in geometry.spacing_mm[::-1]])
    image.SetOrigin([float(part) for part in geometry.origin_mm])
    image.SetDirection([float(part) for part in np.asarray(geometry.direction)[:, ::-1].ravel()])
    return image


def prepared(volume: Volume) -> Image:
    """Return a volume with its voxels binned to about ``FINEST_MM``, cut to the window of soft tissue."""
    volume = volume.canonical()
    factors = tuple(max(1, round(FINEST_MM / step))
                    for step in volume.geometry.spacing_mm)  # fmt: skip
    array, geometry = binned(np.asarray(volume.array), volume.geometry, factors)
    low, high = CT_WINDOW_HU
    if volume.units != "HU":
        low, high = (float(part) for part in np.percentile(array[::2, ::2, ::2], (1.0, 99.5)))
    return Image(np.clip(array, low, high), geometry, low)


def binned(
    array: NDArray[Any], geometry: VolumeGeometry, factors: tuple[int, ...]
) -> tuple[NDArray[np.float32], VolumeGeometry]:
    """Return the means of blocks of ``factors`` voxels and their grid; what fills no block is left out."""
    if factors == (1, 1, 1):
        return np.asarray(array, np.float32), geometry
    size = [count // factor for count, factor in zip(array.shape, factors, strict=True)]
    cut = array[tuple(slice(0, count * factor) for count, factor in zip(size, factors, strict=True))]
    blocks = np.zeros(size, np.float32)
    for k in range(factors[0]):
        for j in range(factors[1]):
            for i in range(factors[2]):
                blocks += cut[k :: factors[0], j :: factors[1], i :: factors[2]]
    blocks /= np.float32(np.prod(factors))
    start = geometry.to_world((np.asarray(factors) - 1) / 2.0)
    spacing = [step * factor for step, factor in zip(geometry.spacing_mm, factors, strict=True)]
    grid = VolumeGeometry(
        (size[0], size[1], size[2]), (spacing[0], spacing[1], spacing[2]), geometry.direction,
        (float(start[0]), float(start[1]), float(start[2])), geometry.frame_of_reference_uid,
    )
    return blocks, grid


def coarser(image: Image, step_mm: float) -> Image:
    """Return an image with its voxels binned to nearly ``step_mm``."""
    factors = tuple(max(1, round(step_mm / step)) for step in image.geometry.spacing_mm)
    array, geometry = binned(image.array, image.geometry, factors)
    return Image(array, geometry, image.low)


def treatable(labels: LabelMap) -> list[Segment]:
    """Return the lesions among labels: they, and what is around them, may look otherwise on a later scan."""
    return [one for one in labels.segments if not one.absent and catalog.stem(one.name) in LESIONS]


def coarser_mask(mask: NDArray[np.bool_], geometry: VolumeGeometry, grid: VolumeGeometry) -> NDArray[np.bool_]:
    """Return a mask at the voxel centres of a parallel grid."""
    places = [np.clip(geometry.voxel_of(grid.to_world(np.arange(size)[:, None] * np.eye(3)[axis]))[:, axis], 0,
                      geometry.shape[axis] - 1) for axis, size in enumerate(grid.shape)]  # fmt: skip
    return np.asarray(mask[np.ix_(*places)])
