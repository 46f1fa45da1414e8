"""Implicit shapes: functions of coordinates that are negative inside and approximately in mm near the surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Field = NDArray[np.float32]
FAR_MM = 40.0


def ellipsoid(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], semi_mm: tuple[float, float, float],
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Field:
    """Return the approximate signed distance in mm to an ellipsoid turned about x, then y, then z (degrees).

    Uses k0 (k0 - 1) / k1 with k0 = |p / r| and k1 = |p / r^2|, a first-order bound (I. Quilez, "ellipsoid SDF").
    """
    px, py, pz = x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])
    if any(turn_deg):
        matrix = rotation(turn_deg).T.astype(np.float32)
        px, py, pz = (row[0] * px + row[1] * py + row[2] * pz for row in matrix)
    a, b, c = (np.float32(value) for value in semi_mm)
    k0 = np.sqrt((px / a) ** 2 + (py / b) ** 2 + (pz / c) ** 2)
    k1 = np.sqrt((px / a**2) ** 2 + (py / b**2) ** 2 + (pz / c**2) ** 2) + np.float32(1e-6)
    return k0 * (k0 - 1) / k1


def rotation(turn_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the 3 x 3 matrix that turns about x, then y, then z by the given degrees."""
    a, b, c = np.deg2rad(turn_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def blend(a: Field, b: Field, width_mm: float) -> Field:
    """Union of two shapes with a fillet of ``width_mm`` (polynomial smooth minimum)."""
    h = np.clip(0.5 + 0.5 * (b - a) / np.float32(width_mm), 0, 1)
    return b + (a - b) * h - np.float32(width_mm) * h * (1 - h)


def carve(a: Field, b: Field, width_mm: float = 4.0) -> Field:
    """Intersection of two shapes with a rounded edge of ``width_mm``; give ``-b`` to cut ``b`` out of ``a``."""
    return -blend(-a, -b, width_mm)


def smooth_step(value: Field, start: float, stop: float) -> Field:
    """Rise from 0 at ``start`` to 1 at ``stop`` with zero slope at both ends."""
    t = np.clip((value - np.float32(start)) / np.float32(stop - start), 0, 1)
    return t * t * (3 - 2 * t)


def curve(points: object, step_mm: float = 4.0) -> NDArray[np.float64]:
    """Return a Catmull-Rom curve through ``points`` (N, 3 + extra columns), sampled about every ``step_mm``."""
    given = np.asarray(points, dtype=float)
    padded = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    pieces = []
    for p0, p1, p2, p3 in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        count = max(2, int(np.ceil(np.linalg.norm((p2 - p1)[:3]) / step_mm)))
        t = np.arange(count)[:, None] / count
        pieces.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3)
        )
    return np.vstack([*pieces, given[-1:]])


@njit(cache=True)
def tube_field(x, y, z, start, stop, radius_start, radius_stop, z_scale, far):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Distance in mm to the union of round cones, with the place along the chain and the height over its axis.

    ``x`` (I,), ``y`` (J,), ``z`` (K,) are upright axes in mm; ``start``, ``stop`` (N, 3) the ends of the pieces and
    ``radius_*`` (N,) their radii; ``z_scale`` < 1 makes the section taller than wide. Returns float32 [k, j, i]:
    distance (negative inside, ``far`` where nothing is near), piece number plus fraction, and y minus the axis's y.
    """
    shape = (z.size, y.size, x.size)
    distance = np.full(shape, np.float32(far))
    place = np.zeros(shape, np.float32)
    rise = np.zeros(shape, np.float32)
    for n in range(start.shape[0]):
        reach = max(radius_start[n], radius_stop[n]) + far
        low = np.minimum(start[n], stop[n]) - reach
        high = np.maximum(start[n], stop[n]) + reach
        low[2] = min(start[n, 2], stop[n, 2]) - reach / z_scale
        high[2] = max(start[n, 2], stop[n, 2]) + reach / z_scale
        i0, i1 = np.searchsorted(x, low[0]), np.searchsorted(x, high[0])
        j0, j1 = np.searchsorted(y, low[1]), np.searchsorted(y, high[1])
        k0, k1 = np.searchsorted(z, low[2]), np.searchsorted(z, high[2])
        ax, ay, az = start[n, 0], start[n, 1], start[n, 2]
        bx, by, bz = stop[n, 0] - ax, stop[n, 1] - ay, (stop[n, 2] - az) * z_scale
        length2 = bx * bx + by * by + bz * bz + 1e-9
        for k in range(k0, k1):
            pz = (z[k] - az) * z_scale
            for j in range(j0, j1):
                py = y[j] - ay
                for i in range(i0, i1):
                    px = x[i] - ax
                    t = (px * bx + py * by + pz * bz) / length2
                    t = 0.0 if t < 0.0 else (1.0 if t > 1.0 else t)
                    dx, dy, dz = px - t * bx, py - t * by, pz - t * bz
                    d = np.sqrt(dx * dx + dy * dy + dz * dz) - radius_start[n] - t * (radius_stop[n] - radius_start[n])
                    if d < distance[k, j, i]:
                        distance[k, j, i] = d
                        place[k, j, i] = n + t
                        rise[k, j, i] = dy
    return distance, place, rise
