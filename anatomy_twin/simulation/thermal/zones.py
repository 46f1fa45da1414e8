"""When a run stops and what is kept of it: at which times, and the surface of the zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.errors import SimulationError

SNAPSHOT_INTERVALS_S = (5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
SNAPSHOT_BYTES = 192_000_000  # of temperature and damage together


class Timed(Protocol):
    """What begins and ends in a run: a pulse, an electrode, a phase of a needle."""

    @property
    def start_s(self) -> float:
        """When it begins."""

    @property
    def stop_s(self) -> float:
        """When it ends."""


def snapshot_times_s(shape: tuple[int, int, int], duration_s: float, most: int) -> list[float]:
    """Return times from 0 to the end, evenly spaced by the shortest round interval that keeps number and memory low."""
    bytes_each = 8 * int(np.prod(shape))
    count = min(most, max(2, SNAPSHOT_BYTES // bytes_each))
    for interval in SNAPSHOT_INTERVALS_S:
        times = np.arange(0.0, duration_s - 1e-6, interval)
        if times.size + 1 <= count:
            return [*(float(time) for time in times), duration_s]
    return [0.0, duration_s]


def stops_of_run(
    start_s: float, stop_s: float, snapshots: Iterable[float], parts: Iterable[Timed]
) -> tuple[list[float], set[float]]:
    """Return the times (s, rising) that a run has to meet exactly, and those of them at which a state is kept.

    Kept are ``snapshots`` and the end; met are also ``start_s`` and ``stop_s`` of all ``parts`` within the run. Raises
    ``SimulationError`` for a snapshot outside the run.
    """
    kept = {round(float(time), 9) for time in snapshots} | {round(stop_s, 9)}
    if min(kept) < start_s or max(kept) > stop_s + 1e-6:
        raise SimulationError("a snapshot lies outside the simulated time", where=f"{start_s:g} to {stop_s:g} s")
    edges = {round(time, 9) for part in parts for time in (part.start_s, part.stop_s)}
    return sorted(kept | {edge for edge in edges if start_s < edge < max(kept)}), kept


def zone_surface(level: NDArray[np.floating], geometry: VolumeGeometry) -> SurfaceMesh | None:
    """Return the closed surface where ``level`` [k, j, i] (a damage, 1 at the border) reaches 1, None for no zone.

    The surface runs through log10(level), in which damage is nearly linear in space, so it does not follow the voxels.
    """
    if not (level >= 1.0).any():
        return None
    logs = np.log10(np.clip(np.asarray(level, np.float64), 1e-2, 1e2))
    points, triangles, _, _ = measure.marching_cubes(np.pad(logs, 1, constant_values=-2.0), 0.0)
    return SurfaceMesh(geometry.to_world(points - 1.0), triangles).outward()


def isotherm_level(hottest_c: NDArray[Any], edge_c: float) -> NDArray[np.float64]:
    """Return a level for ``zone_surface`` that is 1 where ``edge_c`` was just reached, and ten times more per 20 K."""
    return np.power(10.0, (np.asarray(hottest_c, np.float64) - edge_c) / 20.0)
