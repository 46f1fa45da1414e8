"""Straight lines in space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def nearest_between(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the least distance in mm of two segments (2, 3), and the point half way between them where it is."""
    u, v, w = one[1] - one[0], other[1] - other[0], one[0] - other[0]
    a, b, c, d, e = u @ u, u @ v, v @ v, u @ w, v @ w
    pairs = []
    below = a * c - b * b
    if below > 1e-12 * a * c:
        s, t = (b * e - c * d) / below, (a * e - b * d) / below
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            pairs.append((s, t))
    for s in (0.0, 1.0):
        pairs.append((s, float(np.clip((e + s * b) / c, 0.0, 1.0))))
    for t in (0.0, 1.0):
        pairs.append((float(np.clip((t * b - d) / a, 0.0, 1.0)), t))
    points = [(one[0] + s * u, other[0] + t * v) for s, t in pairs]
    gaps = [float(np.linalg.norm(p - q)) for p, q in points]
    best = int(np.argmin(np.round(gaps, 9)))
    return gaps[best], 0.5 * (points[best][0] + points[best][1])
