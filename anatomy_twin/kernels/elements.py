"""Linear elements: triangles in space and tetrahedra, their sizes and the gradients of their corners' functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def normals_and_areas(points_mm: NDArray[Any], triangles: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the unit normals (T, 3) of triangles, to where they are counter-clockwise, and their areas (T,) in mm2.

    Those without an area have no normal (nan).
    """
    a, b, c = (points_mm[triangles[:, n]] for n in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return normal / length[:, None], length / 2.0


def sizes_and_gradients(points_mm: NDArray[Any], elements: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the size (E,) of elements in mm2 or mm3, and the gradient (E, corner, 3) of each corner's function, 1/mm.

    ``elements`` (E, 3) are triangles, whose gradients lie in their planes, (E, 4) tetrahedra. Those without a size have
    no gradients (nan).
    """
    corners = np.asarray(points_mm, np.float64)[elements]
    edges = corners[:, 1:] - corners[:, :1]
    metric = edges @ edges.transpose(0, 2, 1)
    size = np.sqrt(np.maximum(np.linalg.det(metric), 0.0)) / (2.0 if elements.shape[1] == 3 else 6.0)
    inner = np.full_like(edges, np.nan)
    good = size > 0.0
    inner[good] = np.linalg.solve(metric[good], edges[good])
    return size, np.concatenate([-inner.sum(axis=1, keepdims=True), inner], axis=1)
