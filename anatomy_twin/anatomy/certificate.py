"""What can be checked about a surface by counting: closed, outward, how much volume it gained or lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Certificate, SurfaceMesh


def is_watertight(triangles: NDArray[Any]) -> bool:
    """Tell whether every edge is shared by exactly two triangles that run along it in opposite directions.

    Parameters
    ----------
    triangles : point numbers (M, 3).

    Returns
    -------
    bool : False too for no triangle at all, or for a triangle that names a point twice.
    """
    if len(triangles) == 0:
        return False
    start = np.asarray(triangles, dtype=np.int64).ravel()
    stop = np.roll(np.asarray(triangles, dtype=np.int64), -1, axis=1).ravel()
    if bool(np.any(start == stop)):
        return False
    size = int(start.max()) + 1
    forward = np.sort(start * size + stop)
    backward = np.sort(stop * size + start)
    # each directed edge occurs once, and its opposite occurs too: then it has exactly two triangles
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def certify(surface: SurfaceMesh, volume_ml: float, *, touches_border: bool = False) -> Certificate:
    """Measure a surface and return what was found, good or bad.

    Parameters
    ----------
    surface : triangles in LPS mm.
    volume_ml : the volume counted from the voxels that the surface stands for.
    touches_border : whether the voxels reach the end of the scan, so that the surface is cut off flat there.
    """
    enclosed_ml = surface.volume_ml
    error = 100.0 * (enclosed_ml - volume_ml) / volume_ml if volume_ml > 0 else 0.0
    return Certificate(
        watertight=is_watertight(surface.triangles),
        outward=enclosed_ml > 0,
        volume_error_percent=float(error),
        triangle_count=len(surface.triangles),
        touches_border=touches_border,
    )
