"""Where an applicator may enter: every voxel of the outer surface of the body, evenly thinned if there are too many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap
from anatomy_twin.kernels.outer import outer_surface


def skin_entries(
    labels: LabelMap, around_mm: NDArray[np.float64], reach_mm: float, count: int
) -> tuple[NDArray[np.float64], int]:
    """Return at most about ``count`` points (n, 3) of the skin (LPS mm) within ``reach_mm`` of a point.

    The second value is how many there are, which is more than n where they were thinned.
    ``labels`` are canonical and have a body. Air inside the body is no way in, nor are the faces where the scan ends.
    """
    body = labels.mask("body")
    geometry = labels.geometry
    surface = np.column_stack(np.unravel_index(np.flatnonzero(outer_surface(body)), body.shape))
    centre = geometry.to_index(around_mm)
    spacing = np.asarray(geometry.spacing_mm)
    # rounded first, so that what lies half-way does not depend on the last digit, and so on the order of the array
    near = surface[np.round((((surface - centre) * spacing) ** 2).sum(axis=1), 6) <= reach_mm**2]
    return np.round(np.round(geometry.to_world(_thin(near, spacing, count)), 6), 2), near.shape[0]


def _thin(index: NDArray[np.int64], spacing_mm: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Keep the first voxel in each cube of a grid that is coarse enough to leave at most ``count``."""
    edge_mm = float(spacing_mm.min())
    kept = index
    while kept.shape[0] > count:
        edge_mm *= 1.15
        cubes = np.floor(index * spacing_mm / edge_mm).astype(np.int64)
        code = (cubes[:, 0] * 100_000 + cubes[:, 1]) * 100_000 + cubes[:, 2]
        kept = index[np.sort(np.unique(code, return_index=True)[1])]
    return kept
