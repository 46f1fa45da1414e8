"""What a plan of lesions covers on a chamber, as far as planning can tell: bands of lines, discs of points by table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interpn

from anatomy_twin.catalog import farthest_lesion_mm, load, usual_wall_mm
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.plans import LesionLine, LesionPlan, LesionPoint, lesion_name, lesion_places_mm
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Ways
from anatomy_twin.plan.lesion_lines import line_of, ways_of
from anatomy_twin.units import lps_text

Nodes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Laid:
    """Lesions laid on a chamber of N nodes.

    Per lesion: ``stops`` the nodes nearest to its points and how far these are (``away_mm``), ``way`` the nodes along
    it, ``covers`` the nodes that it kills, ``length_mm``, ``depth_mm`` (nan of a line). ``dead`` (N,) all of them,
    ``clear_mm`` (N,) how far nodes are from dead ones, ``wall_mm`` (N,) and whether that is ``assumed``.
    """

    chamber: Chamber
    ways: Ways
    stops: tuple[Nodes, ...]
    away_mm: tuple[NDArray[np.float64], ...]
    way: tuple[Nodes, ...]
    covers: tuple[Nodes, ...]
    length_mm: tuple[float, ...]
    depth_mm: tuple[float, ...]
    dead: NDArray[np.bool_]
    clear_mm: NDArray[np.float64]
    wall_mm: NDArray[np.float64]
    assumed: bool


def lay(chamber: Chamber, plan: LesionPlan) -> Laid:
    """Lay the lesions of a plan on a chamber; those far from its wall cover nothing.

    Raises ``PlanError`` for points of a line on parts that do not hang together, and as ``size_by_table``.
    """
    ways, wall = ways_of(chamber), chamber.wall_mm
    if wall is None:
        wall = np.full(len(chamber.surface.points_mm), usual_wall_mm(chamber.name))
    rows = []
    for number, lesion in enumerate(plan.lesions, start=1):
        stops, away = surface_paths.nearest_points(chamber.surface.points_mm, lesion_places_mm(lesion))
        if away.max() > farthest_lesion_mm():
            rows.append((stops, away, stops[:0], stops[:0], 0.0, float("nan")))
        elif isinstance(lesion, LesionLine):
            rows.append((stops, away, *_line(chamber, ways, lesion, number), float("nan")))
        else:
            depth, width = size_by_table(lesion, number)
            disc = np.flatnonzero(surface_paths.distance_mm(ways, stops, until_mm=width / 2.0) <= width / 2.0)
            rows.append((stops, away, stops, disc[depth >= wall[disc]], 0.0, depth))
    dead = np.zeros(len(wall), bool)
    for row in rows:
        dead[row[3]] = True
    clear = surface_paths.distance_mm(ways, np.flatnonzero(dead)) if dead.any() else np.full(len(wall), np.inf)
    columns = tuple(zip(*rows, strict=True)) or ((),) * 6
    return Laid(chamber, ways, *columns, dead, clear, wall, chamber.wall_mm is None)


def size_by_table(lesion: LesionPoint, number: int) -> tuple[float, float]:
    """Return depth and width, mm, of one application in a thick wall, by the table that the thermal model made.

    Raises ``PlanError`` for settings beyond the table: it spans what the catheter can do.
    """
    table = load("lesion_sizes")
    asked = {"power_w": lesion.power_w, "duration_s": lesion.duration_s, "force_g": lesion.force_g}
    for name, value in asked.items():
        low, high = table[name][0], table[name][-1]
        if not low <= value <= high:
            quantity, _, unit = name.partition("_")
            raise PlanError(f"lesion {number} (point): {quantity} {value:g} {unit.upper() if unit == 'w' else unit} is "
                            f"out of the range of {table['catheter']}", where=lps_text(lesion.point_mm),
                            advice=f"give {low:g} to {high:g}")
    axes = (np.array(table["power_w"]), np.log(table["duration_s"]), np.array(table["force_g"]))
    at = np.array([[lesion.power_w, np.log(lesion.duration_s), lesion.force_g]])
    shape = tuple(len(axis) for axis in axes)
    depth, width = (float(interpn(axes, np.reshape(table[name], shape), at)[0]) for name in ("depth_mm", "width_mm"))
    return depth, width


def _line(chamber: Chamber, ways: Ways, lesion: LesionLine, number: int) -> tuple[Nodes, Nodes, float]:
    line = line_of(chamber, ways, lesion, lesion_name(lesion, number))
    covers, _ = surface_paths.band(ways, line, lesion.radius_mm)
    return surface_paths.nodes_along(line), covers, surface_paths.length_mm(ways.points_mm, line)
