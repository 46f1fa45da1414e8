"""What is laid out once for a block of tissue, so that many paths through it are measured fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap
from anatomy_twin.kernels.distance import distance_mm, distance_to_kinds_mm, signed_distance_mm
from anatomy_twin.kernels.ray_fields import block_least
from anatomy_twin.plan.tissues import OUTSIDE, Box, Tissues, box_of, padded

NORMAL_REACH_MM = 3.0  # the normal of a capsule is taken over this much to either side


def limit(name: str) -> float:
    """Return a number of the planning section of the limits."""
    return float(catalog.load("limits")["planning"][name]["value"])


@dataclass(frozen=True, eq=False)
class Ground:
    """Distances in mm on the grid of the tissues.

    ``skin`` is the signed distance to the surface of the body, None where all entries are known to lie on it;
    ``capsule`` that to the organ's surface, positive inside, in a box with the corner ``capsule_corner`` [k, j, i].
    ``target_depth_mm`` is how much of the organ is left between the target and the organ's surface, None where what
    organ the target is in is not known. ``boxes`` are those of the classes.
    """

    boxes: NDArray[np.int64]
    skin: NDArray[np.float32] | None
    capsule: NDArray[np.float32] | None
    capsule_corner: tuple[int, int, int]
    target_depth_mm: float | None


@dataclass(frozen=True, eq=False)
class Field:
    """Distance in mm to one thing, in a box of the grid with the corner [k, j, i]; empty where there is none of it."""

    values: NDArray[np.float32]
    blocks: NDArray[np.float32]
    corner: tuple[int, int, int]


NOTHING = Field(np.zeros((0, 0, 0), np.float32), np.zeros((0, 0, 0), np.float32), (0, 0, 0))


def lay_ground(tissues: Tissues, target_depth_mm: float | None, *, skin: bool = True) -> Ground:
    """Compute what paths through ``tissues`` are measured against, but for ``fields_of``."""
    cap, spacing = limit("risk_distance_cap_mm"), tissues.geometry.spacing_mm
    boxes = tissues.boxes()
    body = signed_distance_mm(tissues.classes != OUTSIDE, spacing, cap + min(spacing)) if skin else None
    return Ground(boxes, body, *_capsule(tissues, boxes), target_depth_mm)


def fields_of(tissues: Tissues, ground: Ground) -> Iterator[Field]:
    """Give the distance to each group of the tissues, and at last to unknown tissue too thick to be a blur.

    Each field is good until the next is asked for: one block of memory serves all of them.
    """
    store = np.empty(tissues.classes.size, np.float32)
    for group in tissues.groups:
        yield _group_field(tissues, ground.boxes, group.classes, store)
    yield _thick_unknown(tissues, ground.boxes, store)


def _distance(
    tissues: Tissues, box: Box, classes: tuple[int, ...], reach_mm: float, store: NDArray[np.float32]
) -> NDArray[np.float32]:
    part = tissues.classes[tuple(slice(a, b) for a, b in zip(*box, strict=True))]
    wanted = np.zeros(256, np.bool_)
    wanted[list(classes)] = True
    out = store[:part.size].reshape(part.shape)
    return distance_to_kinds_mm(part, wanted, tissues.geometry.spacing_mm, reach_mm, out)


def _group_field(
    tissues: Tissues, boxes: NDArray[np.int64], classes: tuple[int, ...], store: NDArray[np.float32]
) -> Field:
    """Return the distance to the edge of a group's voxels, in a box that reaches as far as it matters."""
    spacing = tissues.geometry.spacing_mm
    reach = limit("risk_distance_cap_mm") + min(spacing)
    box = padded(box_of(boxes, classes), reach, tissues.geometry)
    if box is None:
        return NOTHING
    field = _distance(tissues, box, classes, reach, store)
    field -= np.float32(0.5 * min(spacing))
    np.maximum(field, 0.0, out=field)
    return Field(field, block_least(field), box[0])


def _thick_unknown(tissues: Tissues, boxes: NDArray[np.int64], store: NDArray[np.float32]) -> Field:
    """Return the distance to unknown tissue that holds a ball, so that it is no blur between two known tissues."""
    spacing = tissues.geometry.spacing_mm
    radius, guard = 0.5 * limit("unknown_ball_mm"), limit("unknown_guard_mm")
    box = padded(box_of(boxes, tissues.unknown_classes), radius + guard, tissues.geometry)
    if box is None:
        return NOTHING
    known = tuple(n for n in range(len(tissues.names)) if n not in tissues.unknown_classes)
    to_known = _distance(tissues, box, known, radius + 2 * max(spacing), store)
    core = to_known >= np.float32(radius + 0.5 * min(spacing))
    if not core.any():
        return NOTHING
    field = distance_mm(core, spacing, radius + guard + 2 * max(spacing))
    field -= np.float32(radius)
    np.maximum(field, 0.0, out=field)
    return Field(field, block_least(field), box[0])


def _capsule(tissues: Tissues, boxes: NDArray[np.int64]) -> tuple[NDArray[np.float32] | None, tuple[int, int, int]]:
    wanted = (*tissues.organ_classes, tissues.target_class) if tissues.organ_classes else ()
    box = padded(box_of(boxes, wanted), 2.0 * NORMAL_REACH_MM, tissues.geometry)
    if box is None:
        return None, (0, 0, 0)
    return signed_distance_mm(tissues.is_any(wanted, box), tissues.geometry.spacing_mm, 4.0 * NORMAL_REACH_MM), box[0]


def depth_in_organ_mm(labels: LabelMap, target: str) -> float | None:
    """Return the least distance in mm from a target to the surface of the organ that it is part of.

    It is 0 where the target touches the surface, at most twice the limit for "subcapsular", and None where the
    target is part of no organ of the map. ``labels`` are canonical. The faces of the scan are no surface.
    """
    organ = labels.segment(target).part_of
    if organ not in labels:
        return None
    spacing = labels.geometry.spacing_mm
    reach = 2.0 * limit("subcapsular_mm")
    part = labels.segment(target)
    index = np.argwhere(labels.array[part.layer] == part.value)
    steps = np.ceil(reach / np.asarray(spacing)).astype(int) + 1
    low = np.maximum(index.min(axis=0) - steps, 0)
    high = np.minimum(index.max(axis=0) + steps + 1, labels.geometry.shape)
    size = high - low
    crop = (slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))
    geometry = labels.geometry.cropped(
        (int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2]))
    )
    near = replace(labels, array=labels.array[crop], geometry=geometry)
    inside = signed_distance_mm(near.mask(organ), spacing, reach)
    edge = float(inside[tuple((index - low).T)].min()) - 0.5 * min(spacing)
    return round(max(edge, 0.0), 2)
