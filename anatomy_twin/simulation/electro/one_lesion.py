"""One lesion: what it kills, its size from the heating of one application, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import farthest_lesion_mm
from anatomy_twin.core.plans import LesionLine, LesionPoint
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal.cardiac import cardiac_lesion
from anatomy_twin.units import lps_text

Lesion = LesionLine | LesionPoint
WALL_STEP_MM: Final = 0.5  # to which the thickness of a heated wall is rounded up
THICK_MM: Final = 14.0  # a wall that no application passes


@dataclass(frozen=True, slots=True)
class Killed:
    """What one lesion kills: numbers of nodes, its depth, whether it goes through, its way (n, 3) and lines to read."""

    nodes: NDArray[np.int64]
    depth_mm: float
    transmural: bool
    path_mm: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def refuse_far(name: str, places: NDArray[np.float64], away_mm: NDArray[np.float64], chamber: str) -> None:
    """Raise ``SimulationError`` where a point of a lesion is farther from the wall than the catalog allows."""
    worst = int(np.argmax(away_mm))
    if away_mm[worst] > farthest_lesion_mm():
        which = f", point {worst + 1}" if len(places) > 1 else ""
        raise SimulationError(f"{name}{which}: the wall of {chamber} is {away_mm[worst]:.1f} mm away",
                              where=lps_text(places[worst]), advice="move it onto the wall")


def point_size_mm(lesion: LesionPoint, name: str, wall_mm: float = THICK_MM) -> tuple[float, float]:
    """Return depth and width at the inner surface, mm, of one application on a wall; 0, 0 where it makes no lesion.

    Heat does not pass the outer surface of a thin wall: the lesion is at least as deep as in a thick one. Raises
    ``SimulationError`` with the lesion's name and place for settings out of the catheter's range.
    """
    wall = min(float(np.ceil(wall_mm / WALL_STEP_MM - 1e-9)) * WALL_STEP_MM, THICK_MM)
    settings = (lesion.power_w, lesion.duration_s, lesion.force_g)
    try:
        thick, through = _size_mm(*settings, THICK_MM), _size_mm(*settings, wall)
    except SimulationError as refused:
        raise SimulationError(f"{name}: {refused.what}", where=lps_text(lesion.point_mm),
                              advice=refused.advice) from refused
    return max(thick[0], through[0]), through[1]


@lru_cache(maxsize=512)
def _size_mm(power_w: float, duration_s: float, force_g: float, wall_mm: float) -> tuple[float, float]:
    found = cardiac_lesion(power_w, duration_s, force_g, wall_mm=wall_mm)
    return wall_mm if found.transmural else found.depth_mm, found.surface_width_mm
