"""Lines on a heart chamber as plain data: of equal time, the rims of its openings, where a slice meets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import Chamber
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.units import Point, check_point

RGB = tuple[int, int, int]
Floats = NDArray[np.float64]
LIFT_MM: Final = 0.25  # lines lie so far outside of the surface: they do not sink into it


@dataclass(frozen=True, eq=False)
class SurfaceLines:
    """Straight pieces (n, 2, 3) in LPS mm that lie among surfaces: what stands before them hides them.

    Drawn as lines of ``width_px``, or as tubes where ``radius_mm`` is above 0.
    """

    name: str
    pieces_mm: Floats
    colour: RGB
    width_px: float = 1.5
    radius_mm: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces_mm", read_only(self.pieces_mm, "pieces_mm", ndim=3, dtype=np.float64))


def point_normals(surface: SurfaceMesh) -> Floats:
    """Return the unit normal (N, 3) at each point, of its triangles by their area."""
    points, triangles = surface.points_mm, surface.triangles
    a, b, c = (points[triangles[:, n]] for n in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.stack([
        sum(np.bincount(triangles[:, n], faces[:, axis], len(points)) for n in range(3)) for axis in range(3)
    ], axis=1)  # fmt: skip
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def level_pieces(
    points_mm: NDArray[Any], triangles: NDArray[Any], values: NDArray[Any], step: float
) -> Floats:
    """Return the pieces (n, 2, 3) of all lines on which ``values`` (N,) are a multiple of ``step`` above 0.

    ``values`` are taken as linear in each triangle; triangles with a value that is not finite have no line.
    """
    known = np.isfinite(values[triangles]).all(axis=1)
    corners = triangles[known]
    steps = values[corners] / step
    order = np.argsort(steps, axis=1)
    steps = np.take_along_axis(steps, order, axis=1)
    corners = np.take_along_axis(corners, order, axis=1)
    first, last = np.floor(steps[:, 0]) + 1, np.ceil(steps[:, 2]) - 1
    count = np.maximum(last - np.maximum(first, 1) + 1, 0).astype(np.int64)
    which = np.repeat(np.arange(len(corners)), count)
    number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    level = np.maximum(first, 1)[which] + number
    low, middle, high = (steps[which, n] for n in range(3))
    a, b, c = (points_mm[corners[which, n]] for n in range(3))
    along = a + ((level - low) / (high - low))[:, None] * (c - a)
    below = level < middle
    with np.errstate(all="ignore"):
        share = np.where(below, (level - low) / (middle - low), (level - middle) / (high - middle))
    share = np.nan_to_num(share, nan=0.0)[:, None]
    other = np.where(below[:, None], a + share * (b - a), b + share * (c - b))
    return np.stack([along, other], axis=1)


def rim_lines(chamber: Chamber, colour: RGB = (255, 255, 255)) -> SurfaceLines:
    """Return the rims of all openings."""
    pieces = []
    for opening in chamber.openings:
        rim = chamber.rim_mm(opening)
        pieces.append(np.stack([rim, np.roll(rim, -1, axis=0)], axis=1))
    return SurfaceLines("rims", np.concatenate(pieces) if pieces else np.empty((0, 2, 3)), colour, 2.5)


def path_lines(name: str, path_mm: NDArray[Any], colour: RGB, radius_mm: float) -> SurfaceLines:
    """Return a line through points (n, 3) as a tube."""
    path = np.asarray(path_mm, float).reshape(-1, 3)
    return SurfaceLines(name, np.stack([path[:-1], path[1:]], axis=1), colour, 3.0, radius_mm)


def cut_lines(surface: SurfaceMesh, plane: SlicePlane) -> tuple[tuple[Point, ...], ...]:
    """Return where a slice meets a surface, as lines through points in LPS mm; a closed one ends where it begins."""
    height = np.asarray(plane.distance_mm(surface.points_mm), float)
    height = np.where(height == 0.0, 1e-9, height)  # no point lies in the plane: every side is met between its ends
    triangles = surface.triangles
    side = height[triangles] > 0.0
    met = side.any(axis=1) & ~side.all(axis=1)
    ends: list[list[tuple[int, int]]] = []
    for corners, above in zip(triangles[met].tolist(), side[met].tolist(), strict=True):
        ends.append([
            (min(p, q), max(p, q)) for p, q, up, down in
            ((corners[n], corners[n - 1], above[n], above[n - 1]) for n in range(3)) if up != down
        ])  # fmt: skip
    return tuple(_placed(surface.points_mm, height, chain) for chain in _chained(ends))


def _placed(points: Floats, height: Floats, chain: list[tuple[int, int]]) -> tuple[Point, ...]:
    low, high = np.array(chain).T
    share = (height[low] / (height[low] - height[high]))[:, None]
    return tuple(check_point("cut", point) for point in points[low] + share * (points[high] - points[low]))


def _chained(pieces: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    """Join pieces (two sides of a triangle each) that share a side to chains."""
    at: dict[tuple[int, int], list[int]] = {}
    for number, piece in enumerate(pieces):
        for end in piece:
            at.setdefault(end, []).append(number)
    left = set(range(len(pieces)))
    chains = []
    # open ones begin at their ends, closed ones anywhere
    starts = [end for end, met in at.items() if len(met) == 1]
    for start in (*starts, *at):
        chain = _walk(start, pieces, at, left)
        if len(chain) > 1:
            chains.append(chain)
        if not left:
            break
    return chains


def _walk(
    start: tuple[int, int], pieces: list[list[tuple[int, int]]], at: dict[tuple[int, int], list[int]], left: set[int]
) -> list[tuple[int, int]]:
    chain, here = [start], start
    while (piece := next((number for number in at[here] if number in left), None)) is not None:
        left.discard(piece)
        first, second = pieces[piece]
        here = second if first == here else first
        chain.append(here)
    return chain
