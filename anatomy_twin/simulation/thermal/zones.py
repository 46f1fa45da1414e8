"""What is kept of a run: at which times, and the surface of the zone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from anatomy_twin.core import SurfaceMesh, VolumeGeometry

SNAPSHOT_INTERVALS_S = (5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
SNAPSHOT_BYTES = 192_000_000  # of temperature and damage together


def snapshot_times_s(shape: tuple[int, int, int], duration_s: float, most: int) -> list[float]:
    """Return times from 0 to the end, evenly spaced by the shortest round interval that keeps number and memory low."""
    bytes_each = 8 * int(np.prod(shape))
    count = min(most, max(2, SNAPSHOT_BYTES // bytes_each))
    for interval in SNAPSHOT_INTERVALS_S:
        times = np.arange(0.0, duration_s - 1e-6, interval)
        if times.size + 1 <= count:
            return [*(float(time) for time in times), duration_s]
    return [0.0, duration_s]


def zone_surface(level: NDArray[np.floating], geometry: VolumeGeometry) -> SurfaceMesh | None:
    """Return the closed surface where ``level`` [k, j, i] (a damage, 1 at the border) reaches 1, None for no zone.

    The surface runs through log10(level), in which damage is nearly linear in space, so it does not follow the voxels.
    """
    if not (level >= 1.0).any():
        return None
    logs = np.log10(np.clip(np.asarray(level, np.float64), 1e-2, 1e2))
    points, triangles, _, _ = measure.marching_cubes(np.pad(logs, 1, constant_values=-2.0), 0.0)
    mesh = SurfaceMesh(geometry.to_world(points - 1.0), triangles)
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(mesh.points_mm, triangles[:, ::-1])


def isotherm_level(hottest_c: NDArray[Any], edge_c: float) -> NDArray[np.float64]:
    """Return a level for ``zone_surface`` that is 1 where ``edge_c`` was just reached, and ten times more per 20 K."""
    return np.power(10.0, (np.asarray(hottest_c, np.float64) - edge_c) / 20.0)
