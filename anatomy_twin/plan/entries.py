"""Where an applicator may enter: the outer surface of the body, thinned to evenly spread candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap
from anatomy_twin.core.later import later

ndimage = later("scipy.ndimage")


def skin_entries(labels: LabelMap, around_mm: NDArray[np.float64], reach_mm: float, count: int) -> NDArray[np.float64]:
    """Return at most about ``count`` points (n, 3) of the skin (LPS mm) within ``reach_mm`` of a point.

    ``labels`` are canonical and have a body. Air inside the body is no way in, nor are the faces where the scan ends.
    """
    body = labels.mask("body")
    geometry = labels.geometry
    surface = np.argwhere(_outer_surface(body))
    centre = geometry.to_index(around_mm)
    spacing = np.asarray(geometry.spacing_mm)
    # rounded first, so that what lies half-way does not depend on the last digit, and so on the order of the array
    near = surface[np.round((((surface - centre) * spacing) ** 2).sum(axis=1), 6) <= reach_mm**2]
    return np.round(np.round(geometry.to_world(_thin(near, spacing, count)), 6), 2)


def _outer_surface(body: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Body voxels with a face to the air that is connected to the rim of the scan."""
    pieces, _ = ndimage.label(~body)
    rim = np.unique(np.concatenate([
        pieces[:, 0].ravel(), pieces[:, -1].ravel(), pieces[:, :, 0].ravel(), pieces[:, :, -1].ravel()
    ]))
    air = np.isin(pieces, rim[rim > 0])
    touched = np.zeros_like(body)
    for axis in range(3):
        low = tuple(slice(None, -1) if n == axis else slice(None) for n in range(3))
        high = tuple(slice(1, None) if n == axis else slice(None) for n in range(3))
        touched[low] |= air[high]
        touched[high] |= air[low]
    return body & touched


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
