"""Where a patch of a correction may lie, and how deep in what is wrong a click lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.scene import Floats, box_around
from anatomy_twin.segmentation.ground.working_grid import Box, Mask, box_start_shape

DEEPEST_MM: Final = 64.0


@dataclass(frozen=True, eq=False)
class Room:
    """Where a patch may lie: in the mask to take from it, outside to add."""

    mask: Mask
    inverted: bool

    def within(self, box: Box) -> Mask:
        """Return the room in a box."""
        return self.mask[box] if self.inverted else ~self.mask[box]


def deepest(geometry: VolumeGeometry, room: Room, points: Floats) -> float:
    """Return how deep in the room the deepest of about eight of the points lies, in mm."""
    return max(_depth(geometry, room, point) for point in points[:: max(1, len(points) // 8)])


def _depth(geometry: VolumeGeometry, room: Room, point_mm: Floats) -> float:
    """Return how far a point in the room is from what is not room, in mm, at most ``DEEPEST_MM``."""
    reach = 8.0
    while True:
        box = box_around(geometry, point_mm, reach)
        inside = room.within(box)
        if not inside.all():
            at = tuple(int(v) - side.start for v, side in zip(geometry.voxel_of(point_mm), box, strict=True))
            depth = float(distance_mm(~inside, geometry.spacing_mm, reach)[at])
            if depth < reach or reach >= DEEPEST_MM:
                return depth
        if reach >= DEEPEST_MM:
            return DEEPEST_MM
        reach *= 2.0


def within_reach(geometry: VolumeGeometry, box: Box, middle: Floats, reach_mm: float) -> Mask:
    """Return the voxels of a box no farther from a point in LPS mm than ``reach_mm``."""
    block = geometry.cropped(*box_start_shape(box))
    points = block.to_world(np.moveaxis(np.indices(block.shape), 0, -1))
    return np.asarray(np.linalg.norm(points - middle, axis=-1) <= reach_mm)
