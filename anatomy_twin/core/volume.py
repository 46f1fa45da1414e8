"""One scanned volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.core.geometry import VolumeGeometry, reindex
from anatomy_twin.errors import DataError
from anatomy_twin.units import place_text


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxel values [k, j, i] on a grid, in ``units`` ("HU" for CT).

    ``warnings`` are lines for the reader; ``facts`` are named findings about the series that hold nothing of the
    patient's identity (slice count, geometry verdict, tube voltage, sha256 of the input). ``synthetic`` is true for a
    generated patient: every number read off such a volume says so. ``instances`` are one-way stand-ins of the images
    that the volume was read from, sorted: objects that refer to those images are matched by them.
    """

    array: NDArray[Any]
    geometry: VolumeGeometry
    modality: str = "CT"
    units: str = "HU"
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=FrozenMapping)
    synthetic: bool = False
    instances: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        array = read_only(self.array, "array", ndim=3)
        if array.shape != self.geometry.shape:
            raise DataError(f"array {array.shape} and geometry {self.geometry.shape} differ in shape")
        if array.dtype.kind not in "iuf":
            raise DataError(f"array of {array.dtype} is not an image of numbers")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "warnings", tuple(self.warnings))
        object.__setattr__(self, "facts", FrozenMapping(self.facts))
        object.__setattr__(self, "instances", tuple(sorted(self.instances)))

    def canonical(self) -> Volume:
        """Return the same volume re-indexed so that k goes to the head, j to the back and i to the left."""
        order, flips = self.geometry.canonical_axes()
        return replace(
            self, array=reindex(self.array, order, flips), geometry=self.geometry.reindexed(order, flips)
        )

    def at(self, point_mm: Any) -> float:
        """Return the value of the voxel that holds a point in LPS mm."""
        return float(np.asarray(self.array[self.geometry.nearest_voxel(point_mm)]))


def place_not_finite(values: NDArray[Any], geometry: VolumeGeometry) -> str:
    """Return where the first of the values [k, j, i] that are no finite numbers lies, as people read a place."""
    plane = next(k for k, part in enumerate(values) if not np.isfinite(part).all())
    j, i = np.argwhere(~np.isfinite(values[plane]))[0]
    return f"the first at {place_text(tuple(geometry.to_world((plane, j, i))))}"
