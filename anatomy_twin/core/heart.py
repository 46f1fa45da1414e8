"""A heart chamber as an open surface, or its muscle as voxels: openings, regions, fibres, diseased tissue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.errors import DataError


@dataclass(frozen=True, eq=False)
class Opening:
    """A rim of a chamber's surface: where a vein or a valve was cut.

    ``points`` (n,) are the numbers of its points in order around it, ``name`` is "" where it is not known yet.
    """

    points: NDArray[np.int64]
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", read_only(self.points, "points", ndim=1, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Fibres:
    """Directions of muscle on a surface: ``endo`` and ``epi`` (M, 3), unit vectors in the planes of the triangles.

    ``source`` says in one line where they come from.
    """

    endo: NDArray[np.float64]
    epi: NDArray[np.float64]
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("endo", "epi"):
            values = read_only(getattr(self, name), name, ndim=2, dtype=np.float64)
            if values.shape[1] != 3 or not np.allclose(np.linalg.norm(values, axis=1), 1.0, atol=1e-3):
                raise DataError(f"fibres {name} are not unit vectors (M, 3)")
            object.__setattr__(self, name, values)
        if self.endo.shape != self.epi.shape:
            raise DataError("inner and outer fibres differ in number")


SUBSTRATE_CLASSES: Final = ("healthy", "interstitial", "dense")


@dataclass(frozen=True, eq=False)
class Substrate:
    """The state of a wall's muscle: ``classes`` (N,) per point by their place in ``SUBSTRATE_CLASSES``.

    ``values`` (N,) are what they were read from (``value_name``, ``unit``), ``source`` names thresholds or the seed.
    """

    classes: NDArray[np.int64]
    values: NDArray[np.float64]
    value_name: str
    unit: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        classes = read_only(self.classes, "classes", ndim=1, dtype=np.int64)
        values = read_only(self.values, "values", ndim=1, dtype=np.float64)
        if len(classes) != len(values):
            raise DataError(f"{len(classes)} classes and {len(values)} values of a substrate")
        if classes.size and not 0 <= classes.min() <= classes.max() < len(SUBSTRATE_CLASSES):
            raise DataError("a class of the substrate has no name")
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "notes", tuple(self.notes))


@dataclass(frozen=True, eq=False)
class Chamber:
    """A chamber's wall as triangles, counter-clockwise seen from outside, with rims where vessels and valves open.

    ``regions`` (N,) number a region per point by its place in ``region_names``; both are empty until they are found.
    ``wall_mm`` (N,) is how thick the wall is, None where that is not known. ``notes`` are lines for the reader.
    """

    name: str
    surface: SurfaceMesh
    openings: tuple[Opening, ...]
    region_names: tuple[str, ...] = ()
    regions: NDArray[np.int64] | None = None
    fibres: Fibres | None = None
    notes: tuple[str, ...] = ()
    substrate: Substrate | None = None
    wall_mm: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in ("openings", "region_names", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        count = len(self.surface.points_mm)
        if any(len(one.points) < 3 or one.points.min() < 0 or one.points.max() >= count for one in self.openings):
            raise DataError(f"an opening of {self.name!r} names points that are not there")
        named = [one.name for one in self.openings if one.name]
        if len(set(named)) != len(named) or len(set(self.region_names)) != len(self.region_names):
            raise DataError(f"two openings or regions of {self.name!r} have the same name")
        if self.regions is not None:
            regions = read_only(self.regions, "regions", ndim=1, dtype=np.int64)
            if len(regions) != count or regions.min() < 0 or regions.max() >= len(self.region_names):
                raise DataError(f"regions of {self.name!r} do not fit its points or their names")
            object.__setattr__(self, "regions", regions)
        if self.fibres is not None and len(self.fibres.endo) != len(self.surface.triangles):
            raise DataError(f"{len(self.fibres.endo)} fibres for {len(self.surface.triangles)} triangles")
        if self.substrate is not None and len(self.substrate.classes) != count:
            raise DataError(f"a substrate of {len(self.substrate.classes)} points for {count} of {self.name!r}")
        if self.wall_mm is not None:
            wall = read_only(self.wall_mm, "wall_mm", ndim=1, dtype=np.float64)
            if len(wall) != count or not (wall > 0.0).all():
                raise DataError(f"the wall of {self.name!r} has no thickness above zero at every point")
            object.__setattr__(self, "wall_mm", wall)

    def opening(self, name: str) -> Opening:
        """Return the opening called ``name``; ``DataError`` if there is none."""
        for one in self.openings:
            if one.name == name:
                return one
        known = ", ".join(one.name or "one without a name" for one in self.openings)
        raise DataError(f"{self.name!r} has no opening {name!r}", advice=f"it has {known}")

    @property
    def valve(self) -> Opening | None:
        """The opening called a valve, the first (largest) one where none is; None without openings."""
        named = [one for one in self.openings if one.name.endswith("_valve")]
        return next(iter((*named, *self.openings)), None)

    @property
    def valve_points(self) -> NDArray[np.int64]:
        """The numbers of the valve's points in order around it, none where there is no valve."""
        return np.zeros(0, np.int64) if self.valve is None else self.valve.points

    def rim_mm(self, opening: Opening) -> NDArray[np.float64]:
        """Return the points (n, 3) of an opening's rim in mm."""
        return self.surface.points_mm[opening.points]

    def in_regions(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Tell (N,) which points lie in the named regions; ``DataError`` for a name that is not there."""
        wanted = list(names)
        if self.regions is None:
            raise DataError(f"{self.name!r} has no regions yet", advice="find them first")
        if unknown := [name for name in wanted if name not in self.region_names]:
            raise DataError(f"{self.name!r} has no region {unknown[0]!r}",
                            advice=f"it has {', '.join(self.region_names)}")
        return np.isin(self.regions, [self.region_names.index(name) for name in wanted])

    def with_region(self, points: NDArray[Any], name: str) -> Chamber:
        """Return the chamber with points (numbers or bool (N,)) in the region ``name``, a new one if need be."""
        if self.regions is None:
            raise DataError(f"{self.name!r} has no regions yet", advice="find them first")
        names = self.region_names if name in self.region_names else (*self.region_names, name)
        regions = self.regions.copy()
        regions[points] = names.index(name)
        return replace(self, regions=regions, region_names=names)


@dataclass(frozen=True, eq=False)
class Myocardium:
    """The muscle of ventricles as voxels: ``mask`` [k, j, i] on ``geometry``, its N voxels in the order of
    ``np.argwhere``.

    ``fibres`` (N, 3) unit vectors; ``depth`` (N,) from 0 at the inner to 1 at the outer surface; ``parts`` name voxels,
    bool (N,): "left_endocardium", "right_endocardium", "epicardium", "base" where they are known, and regions.
    """

    name: str
    mask: NDArray[np.bool_]
    geometry: VolumeGeometry
    fibres: NDArray[np.float64]
    depth: NDArray[np.float64] | None = None
    substrate: Substrate | None = None
    parts: Mapping[str, NDArray[np.bool_]] = field(default_factory=FrozenMapping)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", read_only(self.mask, "mask", ndim=3, dtype=bool))
        if self.mask.shape != self.geometry.shape or not self.mask.any():
            raise DataError(f"the mask of {self.name!r} does not fit its grid or is empty")
        count = self.count
        object.__setattr__(self, "fibres", read_only(self.fibres, "fibres", ndim=2, dtype=np.float64))
        if self.fibres.shape != (count, 3) or not np.allclose(np.linalg.norm(self.fibres, axis=1), 1.0, atol=1e-3):
            raise DataError(f"fibres of {self.name!r} are not {count} unit vectors")
        if self.depth is not None:
            object.__setattr__(self, "depth", read_only(self.depth, "depth", ndim=1, dtype=np.float64))
        parts = {name: read_only(part, name, ndim=1, dtype=bool) for name, part in self.parts.items()}
        per_voxel = [*parts.values(), *([] if self.depth is None else [self.depth]),
                     *([] if self.substrate is None else [self.substrate.classes])]
        if any(len(values) != count for values in per_voxel):
            raise DataError(f"what is known of {self.name!r} does not fit its {count} voxels")
        object.__setattr__(self, "parts", FrozenMapping(parts))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def count(self) -> int:
        """How many voxels there are."""
        return int(np.count_nonzero(self.mask))

    def points_mm(self) -> NDArray[np.float64]:
        """Return the middles (N, 3) of the voxels."""
        return self.geometry.to_world(np.argwhere(self.mask))
