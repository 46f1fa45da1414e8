"""Where the mouse looks, in a slice and in 3-D alike: as a line through the patient."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.rehearsal import Pointer
from anatomy_twin.rehearsal.handle_shapes import NEAR_MM
from anatomy_twin.rehearsal.handles import Handle
from anatomy_twin.rehearsal.heart_wall import HEART
from anatomy_twin.units import Point

Floats = NDArray[np.float64]

IN_3D: Final = "3d"
BEHIND_MM: Final = 6.0  # so far behind the wall under the mouse is another wall


def line_of_sight(at: Pointer) -> tuple[Floats, Floats]:
    """Return where the line of sight through the mouse starts and its unit direction."""
    way = np.asarray(at.toward, float)
    origin = at.eye_mm if at.view == IN_3D or at.point_mm is None else at.point_mm
    return np.asarray(origin, float), way / max(float(np.linalg.norm(way)), 1e-12)


def seen_at(point_mm: Point, at: Pointer) -> tuple[float, float]:
    """Return how many pixels beside the mouse a point is seen, and how far behind what the mouse points at (mm)."""
    origin, way = line_of_sight(at)
    offset = np.asarray(point_mm) - origin
    behind = float(offset @ way)
    return float(np.linalg.norm(offset - behind * way)) / max(at.pixel_mm, 1e-9), behind


def hidden_by_wall(handle: Handle, at: Pointer, depth_mm: float) -> bool:
    """True for a handle on the wall of a heart that is not seen: on the far wall in 3-D, away from the slice."""
    if handle.snaps[:1] != ("wall",):
        return False
    if at.view != IN_3D:
        return abs(depth_mm) > NEAR_MM
    if at.point_mm is None or not at.structure.startswith(HEART):
        return False
    return depth_mm > seen_at(at.point_mm, at)[1] + BEHIND_MM
