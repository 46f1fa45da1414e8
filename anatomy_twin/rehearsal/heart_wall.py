"""The wall of a heart chamber under a hand: the nearest place on it, the shortest way over it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.later import later
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Line, Ways
from anatomy_twin.units import Point, check_point

Floats = NDArray[np.float64]
MOST_KEPT: Final = 4000  # ways between two points
MOST_PATHS: Final = 200  # whole lines
HEART: Final = "heart:"  # what names of layers begin with that are walls of chambers

spatial = later("scipy.spatial")


class Wall:
    """Answers about one chamber's surface; ways that were asked for are kept."""

    def __init__(self, chamber: Chamber) -> None:
        self.chamber = chamber
        self._tree: Any = None
        self._ways: Ways | None = None
        self._known: dict[tuple[int, int], Line | None] = {}
        self._paths: dict[tuple[Point, ...], Floats] = {}
        self._ways_drawn: dict[tuple[Point, ...], tuple[Point, ...]] = {}

    @property
    def ways(self) -> Ways:
        """What searches for ways over the surface share."""
        if self._ways is None:
            surface = self.chamber.surface
            self._ways = surface_paths.ways_over(surface.points_mm, surface.triangles)
        return self._ways

    def node(self, point_mm: Any) -> int:
        """Return the number of the point of the surface nearest to a point."""
        if self._tree is None:
            self._tree = spatial.cKDTree(self.chamber.surface.points_mm)
        return int(self._tree.query(np.asarray(point_mm, float))[1])

    def nearest(self, point_mm: Any, reach_mm: float = np.inf) -> Point | None:
        """Return the point of the surface nearest to a point; None where it is farther than ``reach_mm``."""
        found = self.chamber.surface.points_mm[self.node(point_mm)]
        near = float(np.linalg.norm(found - np.asarray(point_mm, float))) <= reach_mm
        return check_point("wall", found) if near else None

    def line(self, points_mm: Sequence[Point]) -> Line | None:
        """Return the shortest line over the surface through points; None where they do not hang together."""
        nodes = [self.node(point) for point in points_mm]
        pieces = [self._between(here, there) for here, there in pairwise(nodes)]
        found = [piece for piece in pieces if piece is not None]
        if len(found) < len(pieces):
            return None
        ends = np.concatenate([found[0].ends[:1], *(piece.ends[1:] for piece in found)])
        return Line(ends, np.concatenate([found[0].share[:1], *(piece.share[1:] for piece in found)]))

    def path_mm(self, points_mm: Sequence[Point]) -> Floats:
        """Return the shortest way (n, 3) over the surface through points; straight where they do not hang together."""
        key = tuple(points_mm)
        if key not in self._paths:
            if len(self._paths) >= MOST_PATHS:
                self._paths.clear()
            line = self.line(key)
            way = np.asarray(key) if line is None else surface_paths.line_mm(self.chamber.surface.points_mm, line)
            self._paths[key] = read_only(way, "way", ndim=2)
        return self._paths[key]

    def way(self, points_mm: Sequence[Point]) -> tuple[Point, ...]:
        """Return ``path_mm`` as points, as shapes hold them."""
        key = tuple(points_mm)
        if key not in self._ways_drawn:
            if len(self._ways_drawn) >= MOST_PATHS:
                self._ways_drawn.clear()
            self._ways_drawn[key] = tuple(check_point("way", point) for point in self.path_mm(key).tolist())
        return self._ways_drawn[key]

    def _between(self, here: int, there: int) -> Line | None:
        if (here, there) not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[here, there] = surface_paths.shortest_line(self.ways, np.array([here, there]))
        return self._known[here, there]


@lru_cache(maxsize=2)
def wall_of(chamber: Chamber) -> Wall:
    """Return the wall of a chamber, the same one for the same chamber."""
    return Wall(chamber)


def length_mm(path_mm: Floats) -> float:
    """Return how long a way through points (n, 3) is."""
    return float(np.linalg.norm(np.diff(path_mm, axis=0), axis=1).sum())
