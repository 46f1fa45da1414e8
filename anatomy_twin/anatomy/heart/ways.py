"""Ways over a surface: how far each point is from given ones, along the surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.kernels.eikonal import arrive_on_triangles, prepared, solved


@dataclass(frozen=True, eq=False)
class Ways:
    """What many searches over one surface share; see ``kernels.eikonal``."""

    tables: tuple[NDArray[Any], ...]
    step_mm: float
    place: NDArray[np.int64]

    def distance_mm(
        self, points: NDArray[np.integer[Any]], start_mm: NDArray[np.float64] | None = None,
        closed: NDArray[np.bool_] | None = None, until_mm: float = np.inf,
    ) -> NDArray[np.float64]:
        """Return (N,) how far each point of the surface is from the nearest of ``points``, inf where it is not reached.

        ``start_mm`` is added for each of them, points that are ``closed`` are not crossed.
        """
        starts = np.zeros(len(points)) if start_mm is None else np.asarray(start_mm, dtype=np.float64)
        shut = np.zeros(len(self.place), bool)
        if closed is not None:
            shut[self.place] = closed
        found = solved(arrive_on_triangles, self.tables, self.step_mm, self.place[points], starts, shut, until_mm)
        return found[self.place]


def ways_over(surface: SurfaceMesh) -> Ways:
    """Return the ways over a surface (triangles without area are not crossed)."""
    a, b, c = (surface.points_mm[surface.triangles[:, n]] for n in range(3))
    sound = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 0
    metrics = np.tile([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], (len(surface.triangles), 1))
    return Ways(*prepared(surface.points_mm, surface.triangles, metrics, sound))
