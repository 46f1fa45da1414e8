"""Linear elements: triangles in space and tetrahedra, their sizes and the gradients of their corners' functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
