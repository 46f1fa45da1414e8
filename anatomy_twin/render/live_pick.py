"""What a ray through a 3-D view meets, on the triangles of the surfaces themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.vtkCommonCore import mutable
from vtkmodules.vtkCommonDataModel import vtkGenericCell, vtkStaticCellLocator

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.rehearsal import SurfaceLayer
from anatomy_twin.rehearsal.picking import Hit, seen_first
from anatomy_twin.units import Point, check_point

FAR_MM = 6000.0


class Finder:
    """Finds places on surfaces. A tree over the triangles of a surface is made when it is first asked for."""

    def __init__(self) -> None:
        self._trees: dict[int, tuple[SurfaceMesh, Any]] = {}

    def forget(self, kept: Iterable[SurfaceMesh]) -> None:
        """Drop the trees of all other surfaces."""
        numbers = {id(surface) for surface in kept}
        self._trees = {number: tree for number, tree in self._trees.items() if number in numbers}

    def prepare(self, layers: Iterable[SurfaceLayer]) -> bool:
        """Make the tree of one visible surface that has none yet; return False once all are there."""
        for layer in layers:
            if layer.visible and id(layer.surface) not in self._trees:
                self._tree(layer.surface)
                return True
        return False

    def nearest_mm(self, surface: SurfaceMesh, point_mm: ArrayLike) -> float:
        """Return the distance in mm from a point to a surface."""
        place, cell, number, part = [0.0] * 3, vtkGenericCell(), mutable(0), mutable(0)
        squared: Any = mutable(0.0)
        self._tree(surface).FindClosestPoint(list(np.asarray(point_mm, float)), place, cell, number, part, squared)
        return float(np.sqrt(squared.get()))

    def first(
        self, layers: Iterable[SurfaceLayer], start: NDArray[Any], toward: NDArray[Any],
        planes: Iterable[tuple[Point, Point]] = (),
    ) -> tuple[str, Point, float] | None:
        """Return name, point (LPS mm) and depth of what a person points at with a ray; None beside everything.

        ``planes`` (point, normal): what lies on the negative side of any is cut away.
        """
        places = tuple(planes)
        hits = []
        for layer in layers:
            if not layer.visible or layer.opacity <= 0.0:
                continue
            depth = self._depth(layer.surface, start, toward, places)
            if depth is not None:
                hits.append(Hit(depth, layer.name, layer.opacity))
        hit = seen_first(hits)
        return None if hit is None else (hit.name, check_point("place", start + hit.depth_mm * toward), hit.depth_mm)

    def _depth(
        self, surface: SurfaceMesh, start: NDArray[Any], toward: NDArray[Any], planes: tuple[tuple[Point, Point], ...]
    ) -> float | None:
        low, high = 0.0, FAR_MM
        for point, normal in planes:
            height, slope = float(np.subtract(start, point) @ normal), float(toward @ normal)
            if abs(slope) < 1e-12:
                if height < 0:
                    return None
            elif slope > 0:
                low = max(low, -height / slope)
            else:
                high = min(high, -height / slope)
        if high <= low:
            return None
        share: Any = mutable(0.0)
        place, coordinates, part = [0.0] * 3, [0.0] * 3, mutable(0)
        began, ended = start + low * toward, start + high * toward
        if not self._tree(surface).IntersectWithLine(
            list(began), list(ended), 1e-6, share, place, coordinates, part
        ):
            return None
        return low + float(share.get()) * (high - low)

    def _tree(self, surface: SurfaceMesh) -> Any:
        if id(surface) not in self._trees:
            import pyvista

            mesh = pyvista.PolyData.from_regular_faces(surface.points_mm, np.asarray(surface.triangles, int))
            tree = vtkStaticCellLocator()
            tree.SetDataSet(mesh)
            tree.BuildLocator()
            self._trees[id(surface)] = (surface, tree)
        return self._trees[id(surface)][1]
