"""Made ventricles: labels of a left ventricle of ellipsoids with blood of the right one beside it, and slabs."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Code, LabelMap, Segment, VolumeGeometry
from anatomy_twin.core.heart import Myocardium

INNER, OUTER, BASE_MM = (22.0, 42.0), (32.0, 52.0), 12.0


def ventricle_labels(spacing_mm=1.5, leave_out=()):
    """The left ventricle's long axis is z, its base up, the right ventricle to the patient's right (-x)."""
    count = int(np.ceil(130.0 / spacing_mm))
    grid = VolumeGeometry.upright((count,) * 3, (spacing_mm,) * 3, (-75.0, -65.0, -60.0))
    x, y, z = np.moveaxis(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    inner, outer = ((x / a) ** 2 + (y / a) ** 2 + (z / c) ** 2 <= 1.0 for a, c in (INNER, OUTER))
    below = z < BASE_MM
    right = (((x + 32.0) / 28.0) ** 2 + (y / 28.0) ** 2 + (z / 40.0) ** 2 <= 1.0) & ~outer & below
    above = (z >= BASE_MM) & (z < BASE_MM + 12.0) & (x**2 + y**2 < 35.0**2)
    masks = {"left_ventricle_myocardium": outer & ~inner & below, "left_ventricle": inner & below,
             "right_ventricle": right, "left_atrium": above}
    array, segments = np.zeros((1, *grid.shape), np.uint8), []
    for value, (name, mask) in enumerate(masks.items(), start=1):
        if name not in leave_out:
            array[0][mask] = value
            segments.append(Segment(name, 0, value, Code("99TEST", name, name), (200, 0, 0)))
    return LabelMap(array, grid, tuple(segments))


def slab_of_muscle(shape, spacing_mm=1.0, substrate=None, name="slab", fibre=(1.0, 0.0, 0.0)):
    """A box of muscle [k, j, i] with straight fibres, its first voxel at the origin."""
    mask = np.ones(shape, bool)
    fibres = np.tile(np.asarray(fibre, float) / np.linalg.norm(fibre), (mask.size, 1))
    return Myocardium(name, mask, VolumeGeometry.upright(shape, (spacing_mm,) * 3), fibres, substrate=substrate)
