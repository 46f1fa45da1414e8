"""The wall of a heart chamber under a hand: the nearest place on it, the shortest way over it."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.heart import Chamber
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Ways
from anatomy_twin.units import Point, check_point

Floats = NDArray[np.float64]
MOST_KEPT: Final = 4000  # ways between two points
HEART: Final = "heart:"  # what names of layers begin with that are walls of chambers


class Wall:
    """Answers about one chamber's surface; ways that were asked for are kept."""

    def __init__(self, chamber: Chamber) -> None:
        self.chamber = chamber
        self._ways: Ways | None = None
        self._known: dict[tuple[int, int], Floats] = {}

    def node(self, point_mm: Any) -> int:
        """Return the number of the point of the surface nearest to a point."""
        offsets = self.chamber.surface.points_mm - np.asarray(point_mm, float)
        return int(np.argmin(np.einsum("ij,ij->i", offsets, offsets)))

    def nearest(self, point_mm: Any, reach_mm: float = np.inf) -> Point | None:
        """Return the point of the surface nearest to a point; None where it is farther than ``reach_mm``."""
        found = self.chamber.surface.points_mm[self.node(point_mm)]
        near = float(np.linalg.norm(found - np.asarray(point_mm, float))) <= reach_mm
        return check_point("wall", found) if near else None

    def path_mm(self, points_mm: Any) -> Floats:
        """Return the shortest way (n, 3) over the surface through points; straight where they do not hang together."""
        nodes = [self.node(point) for point in points_mm]
        pieces = [self._between(here, there) for here, there in pairwise(nodes)]
        start = self.chamber.surface.points_mm[nodes[:1]]
        return np.concatenate([start, *(piece[1:] for piece in pieces)])

    def _between(self, here: int, there: int) -> Floats:
        if (here, there) not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            surface = self.chamber.surface
            if self._ways is None:
                self._ways = surface_paths.ways_over(surface.points_mm, surface.triangles)
            line = surface_paths.shortest_line(self._ways, np.array([here, there]))
            straight = surface.points_mm[[here, there]]
            self._known[here, there] = straight if line is None else surface_paths.line_mm(surface.points_mm, line)
        return self._known[here, there]


@lru_cache(maxsize=2)
def wall_of(chamber: Chamber) -> Wall:
    """Return the wall of a chamber, the same one for the same chamber."""
    return Wall(chamber)


def length_mm(path_mm: Floats) -> float:
    """Return how long a way through points (n, 3) is."""
    return float(np.linalg.norm(np.diff(path_mm, axis=0), axis=1).sum())
