"""The outline of the trunk: no table, no clothes, no arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anatomy_twin.segmentation.ground.working_grid import (
    Image,
    Mask,
    close_slices_mm,
    depth_in_slices_mm,
    distance_in_slices_mm,
    fill_slices,
    largest_component,
    largest_in_slices,
    open_slices_mm,
)

SKIN_HU = -250.0
ARM_AREA_CM2 = 15.0


@dataclass(frozen=True, eq=False)
class Body:
    """The trunk (bool [k, j, i]) and, per slice, how much of arms was taken off in cm2."""

    mask: Mask
    arm_area_cm2: Image

    def arms_in_field(self, levels: Mask | None = None) -> bool:
        """Tell whether arms lie beside the trunk in the given slices (all by default)."""
        areas = self.arm_area_cm2 if levels is None else self.arm_area_cm2[levels]
        return bool(areas.size and np.median(areas) > ARM_AREA_CM2)


def find_body(hu: Image, spacing_mm: float) -> Body:
    """Return the trunk in HU [k, j, i] of equal spacing.

    The lungs are filled in first: a wall of a few millimetres in front of them would not survive the opening that
    removes the table. Arms are what lies more than 46 mm from everything deeper than 40 mm.
    """
    tissue = open_slices_mm(hu > SKIN_HU, 3.0, spacing_mm)
    tissue = fill_slices(close_slices_mm(tissue, 6.0, spacing_mm))
    trunk = largest_component(open_slices_mm(tissue, 15.0, spacing_mm))
    trunk = largest_in_slices(trunk)
    core = largest_in_slices(depth_in_slices_mm(trunk, spacing_mm, 43.0) > 40.0)
    near = trunk & (distance_in_slices_mm(core, spacing_mm, 49.0) <= 46.0)
    near = np.where(core.any(axis=(1, 2), keepdims=True), near, trunk)
    removed = (trunk & ~near).sum(axis=(1, 2)) * spacing_mm**2 / 100.0
    has_arm = removed > ARM_AREA_CM2
    mask = np.where(has_arm[:, None, None], near, trunk)
    return Body(largest_component(mask), (removed * has_arm).astype(np.float32))
