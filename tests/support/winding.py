"""Inside or outside of a closed surface by solid angles (Van Oosterom and Strackee 1983): an oracle of its own."""

from __future__ import annotations

import numpy as np


def contains(surface, points) -> np.ndarray:
    """Tell for each point whether the surface winds around it once."""
    result = []
    for point in np.atleast_2d(np.asarray(points, dtype=float)):
        a, b, c = (surface.points_mm[surface.triangles[:, n]] - point for n in range(3))
        la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
        triple = np.einsum("ij,ij->i", a, np.cross(b, c))
        dots = [np.einsum("ij,ij->i", *pair) for pair in ((a, b), (b, c), (c, a))]
        below = la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb
        turns = 2 * np.arctan2(triple, below).sum() / (4 * np.pi)
        result.append(abs(turns - 1) < 1e-3)
    return np.array(result)
