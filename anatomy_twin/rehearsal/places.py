"""Where a structure is: a point inside of it to look at."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Case
from anatomy_twin.units import Point, check_point


def middle_of(case: Case, name: str) -> Point | None:
    """Return a point (LPS mm) inside a structure, near its middle; None where the case does not have it.

    The slice with most of it is taken, and in it the voxel next to the middle, so that the point is inside also of
    bent structures. A surface without voxels gives its point next to the middle.
    """
    if case.primary in case.labels and name in case.label_map.names:
        labels = case.label_map
        segment = labels.segment(name)
        mask = labels.array[segment.layer] == segment.value
        counts = mask.sum(axis=(1, 2))
        if counts.any():
            k = int(counts.argmax())
            rows = np.argwhere(mask[k])
            nearest = rows[np.argmin(((rows - rows.mean(axis=0)) ** 2).sum(axis=1))]
            return check_point("middle", labels.geometry.to_world([k, *nearest]))
    structure = case.anatomy.structures.get(name)
    if structure is None or structure.surface is None:
        return None
    points = structure.surface.points_mm
    distance = ((points - points.mean(axis=0)) ** 2).sum(axis=1)
    return check_point("middle", points[int(distance.argmin())])
