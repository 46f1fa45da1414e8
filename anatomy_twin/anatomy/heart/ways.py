"""Ways over a surface: how far each point is from given ones, along the surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.kernels import surface_paths


@dataclass(frozen=True, eq=False)
class Ways:
    """What many searches over one surface share; see ``kernels.surface_paths``."""

    flat: surface_paths.Ways

    def distance_mm(
        self, points: NDArray[np.integer[Any]], start_mm: NDArray[np.float64] | None = None,
        closed: NDArray[np.bool_] | None = None, until_mm: float = np.inf,
    ) -> NDArray[np.float64]:
        """Return (N,) how far each point of the surface is from the nearest of ``points``, inf where it is not reached.

        ``start_mm`` is added for each of them, points that are ``closed`` are not crossed.
        """
        return surface_paths.distance_mm(self.flat, points, start_mm, closed, until_mm)


def ways_over(surface: SurfaceMesh) -> Ways:
    """Return the ways over a surface (triangles without area are not crossed)."""
    return Ways(surface_paths.ways_over(surface.points_mm, surface.triangles))
