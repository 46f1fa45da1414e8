"""The outline of the trunk: no table, no clothes, no arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

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
CORE_OPENING_MM = 15.0
CUT_SPAN_MM = 60.0
EMPTY_HU = -920.0  # air and foam beside the patient are emptier, lung is denser


@dataclass(frozen=True, eq=False)
class Body:
    """The trunk (bool [k, j, i]) and, per slice, how much of arms was taken off in cm2.

    ``cut_share`` is the share of its slices in which the sides of the field of view cut it.
    """

    mask: Mask
    arm_area_cm2: Image
    cut_share: float = 0.0

    def arms_in_field(self, levels: Mask | None = None) -> bool:
        """Tell whether arms lie beside the trunk in the given slices (all by default)."""
        areas = self.arm_area_cm2 if levels is None else self.arm_area_cm2[levels]
        return bool(areas.size and np.median(areas) > ARM_AREA_CM2)


def find_body(hu: Image, spacing_mm: float) -> Body:
    """Return the trunk in HU [k, j, i] of equal spacing.

    The lungs are filled in first: a wall of a few millimetres in front of them would not survive the opening that
    removes the table. Arms are what lies beside the trunk without touching it and, where they touch, what lies more
    than 46 mm from everything deeper than 40 mm. Where the field of view ends inside the chest, its border
    closes the lungs.
    """
    tissue = open_slices_mm(hu > SKIN_HU, 3.0, spacing_mm)
    apart = _beside_trunk(tissue, spacing_mm)
    tissue = _filled((tissue & ~apart) | _lung_at_border(hu, spacing_mm), spacing_mm) & ~apart
    trunk = largest_component(open_slices_mm(tissue, 15.0, spacing_mm))
    trunk = largest_in_slices(trunk)
    core = largest_in_slices(depth_in_slices_mm(trunk, spacing_mm, 43.0) > 40.0)
    # where an arm leans on the trunk the core has a spike towards it
    blunt = open_slices_mm(core, CORE_OPENING_MM, spacing_mm)
    core = largest_in_slices(np.where(blunt.any(axis=(1, 2), keepdims=True), blunt, core))
    near = trunk & (distance_in_slices_mm(core, spacing_mm, 49.0) <= 46.0)
    near = np.where(core.any(axis=(1, 2), keepdims=True), near, trunk)
    removed = (trunk & ~near).sum(axis=(1, 2)) * spacing_mm**2 / 100.0
    has_arm = removed > ARM_AREA_CM2
    mask = np.where(has_arm[:, None, None], near, trunk)
    removed = removed * has_arm + apart.sum(axis=(1, 2)) * spacing_mm**2 / 100.0
    mask = largest_component(mask)
    return Body(mask, removed.astype(np.float32), _cut_share(mask, spacing_mm))


def _borders(array: Image | Mask) -> tuple[Image | Mask, ...]:
    """Return views [k, along] of the four sides of the slices."""
    return array[:, 0, :], array[:, -1, :], array[:, :, 0], array[:, :, -1]


def _lung_at_border(hu: Image, spacing_mm: float) -> Mask:
    """Return what lies on the sides of the field for 60 mm and more and is denser than air, as lung is."""
    result = np.zeros(hu.shape, dtype=bool)
    reach = max(3, round(9.0 / spacing_mm))
    for line, closed in zip(_borders(hu), _borders(result), strict=True):
        dense = ndimage.uniform_filter1d(line, reach, axis=1, mode="nearest") > EMPTY_HU
        for k in np.flatnonzero(dense.any(axis=1)):
            for start, stop in np.flatnonzero(np.diff(np.pad(dense[k], 1).astype(np.int8))).reshape(-1, 2):
                # an end within the side is skin: what lies before it is air that the blur made denser
                tissue = start + np.flatnonzero(line[k, start:stop] > SKIN_HU)
                first = start if start == 0 else tissue.min(initial=stop)
                last = stop if stop == line.shape[1] else tissue.max(initial=start - 1) + 1
                if (last - first) * spacing_mm >= CUT_SPAN_MM:
                    closed[k, first:last] = True
    return result


def _filled(tissue: Mask, spacing_mm: float) -> Mask:
    """Close gaps of 6 mm and fill what each slice's tissue encloses, the sides of the field being its wall there."""
    reach = round(12.0 / spacing_mm)
    padded = np.pad(tissue, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    return fill_slices(close_slices_mm(padded, 6.0, spacing_mm))[:, reach:-reach, reach:-reach]


def _cut_share(mask: Mask, spacing_mm: float) -> float:
    """Return the share of the slices with trunk whose sides it meets on 60 mm and more."""
    slices = mask.any(axis=(1, 2))
    meets = [line.sum(axis=1) * spacing_mm >= CUT_SPAN_MM for line in _borders(mask)]
    return float(np.any(meets, axis=0)[slices].mean()) if slices.any() else 0.0


def _beside_trunk(tissue: Mask, spacing_mm: float) -> Mask:
    """Return the pieces of more than 15 cm2 per slice whose middle lies beside the largest piece: arms and hands.

    A wall parted by the lungs lies before or behind the largest piece, not beside it.
    """
    result = np.zeros_like(tissue)
    for k, part in enumerate(tissue):
        labels, count = ndimage.label(part)
        if count < 2:
            continue
        area_cm2 = np.bincount(labels.ravel())[1:] * spacing_mm**2 / 100.0
        boxes = ndimage.find_objects(labels)
        largest = int(np.argmax(area_cm2))
        side = boxes[largest][1]
        for number, (area, box) in enumerate(zip(area_cm2, boxes, strict=True), start=1):
            middle = 0.5 * (box[1].start + box[1].stop)
            if number != largest + 1 and area > ARM_AREA_CM2 and not side.start <= middle <= side.stop:
                result[k] |= labels == number
    return result
