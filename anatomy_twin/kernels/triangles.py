"""How far points are from a surface of triangles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True, inline="always")
def _to_segment(px: Any, py: Any, pz: Any, ax: Any, ay: Any, az: Any, bx: Any, by: Any, bz: Any) -> Any:
    """Return the squared distance of p to the segment from a to b."""
    ex, ey, ez = bx - ax, by - ay, bz - az
    length = max(ex * ex + ey * ey + ez * ez, 1e-12)
    share = min(max(((px - ax) * ex + (py - ay) * ey + (pz - az) * ez) / length, 0.0), 1.0)
    dx, dy, dz = px - ax - share * ex, py - ay - share * ey, pz - az - share * ez
    return dx * dx + dy * dy + dz * dz


@njit(cache=True)
def least_distance_mm(points: NDArray[Any], corners: NDArray[Any], near: NDArray[Any]) -> NDArray[Any]:
    """Return the distance of each point to the nearest of its triangles, (n,).

    ``points`` (n, 3) and ``corners`` (m, 3, 3) in mm, float64; ``near`` (n, c) int64, the triangles tried for a point.
    The face counts where the foot of the perpendicular lies inside the triangle, else (and for a triangle without
    area) the nearest edge.
    """
    found = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        px, py, pz = points[n, 0], points[n, 1], points[n, 2]
        least = np.inf
        for column in range(near.shape[1]):
            tri = corners[near[n, column]]
            ux, uy, uz = tri[1, 0] - tri[0, 0], tri[1, 1] - tri[0, 1], tri[1, 2] - tri[0, 2]
            vx, vy, vz = tri[2, 0] - tri[0, 0], tri[2, 1] - tri[0, 1], tri[2, 2] - tri[0, 2]
            wx, wy, wz = px - tri[0, 0], py - tri[0, 1], pz - tri[0, 2]
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            flat = nx * nx + ny * ny + nz * nz
            size = max(flat, 1e-24)
            # shares of the corners in the foot of the perpendicular
            second = ((wy * vz - wz * vy) * nx + (wz * vx - wx * vz) * ny + (wx * vy - wy * vx) * nz) / size
            third = ((uy * wz - uz * wy) * nx + (uz * wx - ux * wz) * ny + (ux * wy - uy * wx) * nz) / size
            if flat > 1e-14 and second >= 0.0 and third >= 0.0 and second + third <= 1.0:
                height = wx * nx + wy * ny + wz * nz
                least = min(least, height * height / size)
                continue
            for a in range(3):
                b = (a + 1) % 3
                least = min(least, _to_segment(
                    px, py, pz, tri[a, 0], tri[a, 1], tri[a, 2], tri[b, 0], tri[b, 1], tri[b, 2]
                ))  # fmt: skip
        found[n] = math.sqrt(least)
    return found


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    least_distance_mm(np.zeros((1, 3)), np.eye(3)[None], np.zeros((1, 1), np.int64))
