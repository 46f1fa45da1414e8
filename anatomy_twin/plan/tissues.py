"""The tissue that straight paths to a target run through, as one class volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels.class_boxes import class_boxes
from anatomy_twin.kernels.distance import distance_mm, signed_distance_mm

OUTSIDE, UNKNOWN = 0, 1
VESSELS = ("great vessels", "organ vessels")  # groups of the limits
Box = tuple[tuple[int, int, int], tuple[int, int, int]]  # first voxel [k, j, i], and one behind the last
DIGITS = 6  # indices are rounded to this, so that a re-indexed scan gives the same numbers to the last bit


@dataclass(frozen=True, slots=True)
class Group:
    """Structures that one hard rule is about; ``missing`` says why the rule can not pass ("" when it can).

    ``flagged`` names those whose outline a rule of the segmentation spoke against: a pass is no surer than they are.
    """

    name: str
    rule: str
    guard_mm: float
    classes: tuple[int, ...]
    missing: str
    flagged: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tissues:
    """A block of the scan, canonical axes: ``classes`` (uint8 [k, j, i]) index ``names``.

    Classes are ordered by precedence: where segments overlap, the later class counts, so what is forbidden hides what
    is allowed. ``organ_classes`` are the tissue around the target (empty when the target is an organ itself),
    ``vessel_classes`` all vessels.
    """

    geometry: VolumeGeometry
    classes: NDArray[np.uint8]
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    organ_classes: tuple[int, ...]
    target_class: int
    unknown_classes: tuple[int, ...]
    vessel_classes: tuple[int, ...] = ()

    def to_index(self, points_mm: Any) -> NDArray[np.float64]:
        """Turn LPS mm (..., 3) into indices of the block."""
        return np.round(self.geometry.to_index(points_mm), DIGITS)

    def is_any(self, classes: tuple[int, ...], box: Box | None = None) -> NDArray[np.bool_]:
        """Return the voxels (of a box) that are of one of the given classes."""
        return _is_any(self.classes, classes, box)

    def boxes(self) -> NDArray[np.int64]:
        """Return for each class the box of its voxels, for ``box_of``."""
        return class_boxes(self.classes, len(self.names))


def _is_any(classes: NDArray[np.uint8], wanted: tuple[int, ...], box: Box | None) -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(wanted)] = True
    part = classes if box is None else classes[tuple(slice(a, b) for a, b in zip(*box, strict=True))]
    return np.take(table, part)


def box_of(boxes: NDArray[np.int64], classes: tuple[int, ...]) -> Box | None:
    """Return the box that holds all voxels of some classes, None where there are none. ``boxes`` is (c, 2, 3)."""
    kept = boxes[list(classes)]
    kept = kept[kept[:, 0, 0] < kept[:, 1, 0]]
    if not kept.size:
        return None
    low, high = kept[:, 0].min(axis=0), kept[:, 1].max(axis=0)
    return (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))


def padded(box: Box | None, reach_mm: float, geometry: VolumeGeometry) -> Box | None:
    """Return a box that reaches so many mm, and two voxels, farther on every side, within the grid."""
    if box is None:
        return None
    pad = np.ceil(reach_mm / np.asarray(geometry.spacing_mm)).astype(int) + 2
    low = np.maximum(np.asarray(box[0]) - pad, 0)
    high = np.minimum(np.asarray(box[1]) + pad, geometry.shape)
    return (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))


def canonical_labels(labels: LabelMap) -> LabelMap:
    """Return the labels re-indexed so that k goes to the head, j to the back and i to the left."""
    return labels.reindexed(*labels.geometry.canonical_axes())


def require_target(labels: LabelMap, target: str) -> None:
    """Raise ``PlanError`` that lists what there is when ``target`` is not a structure with voxels."""
    if target not in labels:
        known = ", ".join(name for name in labels.names if name not in ("body", "unknown_tissue"))
        raise PlanError(f"no structure is called {target!r}", advice=f"there are {known or 'none'}")


def require_body(labels: LabelMap) -> None:
    """Raise ``PlanError`` when nothing tells where the body ends."""
    if "body" not in labels:
        raise PlanError("the segmentation has no body outline", advice="segment with a method that gives 'body'")


def build_tissues(labels: LabelMap, target: str, points_mm: NDArray[np.float64], pad_mm: float) -> Tissues:
    """Build the class volume of the block around ``points_mm`` (n, 3), padded by ``pad_mm``.

    ``labels`` are canonical. Raises ``PlanError`` for an unknown target or a map without a body.
    """
    require_target(labels, target)
    require_body(labels)
    start, geometry = _block(labels.geometry, points_mm, pad_mm)
    names, table = _name_classes(labels, target)
    stop = np.add(start, geometry.shape)
    block = labels.array[:, start[0]:stop[0], start[1]:stop[1], start[2]:stop[2]]
    classes = np.zeros(geometry.shape, np.uint8)
    for layer in range(block.shape[0]):
        np.maximum(classes, np.take(table[layer], block[layer]), out=classes)
    groups = tuple(_group(entry, names, labels) for entry in catalog.load("limits")["tissue_groups"])
    organ = labels.segment(target).part_of
    _split_vessels(classes, geometry, names)
    unknown = [UNKNOWN, *(n for n, name in enumerate(names) if name.startswith("?"))]
    inside = [n for n, name in enumerate(names) if name in (organ, "small vessels", "other parts")]
    vessels = {*vessel_names(), "small vessels"}
    return Tissues(
        geometry, classes, tuple(name.lstrip("?") for name in names), groups,
        tuple(inside) if organ else (), names.index(target), tuple(unknown),
        tuple(n for n, name in enumerate(names) if name in vessels and name != target),
    )


def vessel_names() -> tuple[str, ...]:
    """Name all structures of the groups of the limits that are vessels."""
    groups = [group for group in catalog.load("limits")["tissue_groups"] if group["name"] in VESSELS]
    return tuple(name for group in groups for name in group["structures"])


def _block(
    geometry: VolumeGeometry, points_mm: NDArray[np.float64], pad_mm: float
) -> tuple[tuple[int, int, int], VolumeGeometry]:
    index = np.round(geometry.to_index(points_mm), DIGITS)
    pad = np.ceil(pad_mm / np.asarray(geometry.spacing_mm)).astype(int) + 1
    upper = np.asarray(geometry.shape)
    low = np.clip(np.floor(index.min(axis=0)).astype(int) - pad, 0, upper - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + pad + 1, low + 1, upper)
    start = (int(low[0]), int(low[1]), int(low[2]))
    size = high - low
    return start, geometry.cropped(start, (int(size[0]), int(size[1]), int(size[2])))


def _name_classes(labels: LabelMap, target: str) -> tuple[list[str], list[NDArray[np.uint8]]]:
    """Give every segment a class, in order of precedence, and a table value -> class for each layer.

    A name that begins with "?" is a segment that no list of the catalog knows: it is unknown tissue.
    """
    limits = catalog.load("limits")
    organ = labels.segment(target).part_of
    forbidden = {name for group in limits["tissue_groups"] for name in group["structures"]} - {target, organ}
    vessels = [n for group in limits["tissue_groups"] if group.get("by_diameter") for n in group["structures"]]
    inside = {part.name for part in labels.parts(organ or target)}
    names = ["outside", "unknown_tissue", *limits["allowed_structures"]]
    strange = [n for n in labels.names if n not in {*names, *forbidden, *inside, target, organ, "body"}]
    strange = [n for n in strange if labels.segment(n).part_of not in labels]  # a part counts as what it is part of
    names += [f"?{name}" for name in strange]
    names += [organ or "no organ", "other parts", "small vessels", target, *sorted(forbidden - set(vessels)), *vessels]
    values = max(int(labels.array.max()), *(segment.value for segment in labels.segments)) + 1
    tables = [np.zeros(values, np.uint8) for _ in range(labels.array.shape[0])]
    for segment in labels.segments:
        if segment.absent:
            continue
        name = segment.name
        if name == "body":
            number = UNKNOWN
        elif f"?{name}" in names:
            number = names.index(f"?{name}")
        elif name in names:
            number = names.index(name)
        elif name in inside:
            number = names.index("other parts")
        else:
            continue
        tables[segment.layer][segment.value] = number
    return names, tables


def _group(entry: dict[str, Any], names: list[str], labels: LabelMap) -> Group:
    classes = tuple(names.index(name) for name in entry["structures"] if name in names and name in labels)
    absent = min(([name for name in choice if name not in labels] for choice in entry["enough"]), key=len)
    missing = _why_absent(labels, absent)
    flagged = tuple(n for n in entry["structures"] if n in labels and labels.segment(n).state == "check")
    return Group(entry["name"], entry["rule"], float(entry["guard_mm"]), classes, missing, flagged)


def _why_absent(labels: LabelMap, names: list[str]) -> str:
    states = {segment.name: segment.state for segment in labels.segments}
    reasons: dict[str, list[str]] = {}
    for name in names:
        reasons.setdefault(states.get(name, "not segmented"), []).append(name.replace("_", " "))
    return "; ".join(f"{', '.join(group)} {state}" for state, group in reasons.items())


def _split_vessels(classes: NDArray[np.uint8], geometry: VolumeGeometry, names: list[str]) -> None:
    """Turn the voxels of organ vessels that are thinner than the limit into the class "small vessels"."""
    limits = catalog.load("limits")
    diameter_mm = float(limits["planning"]["vessel_diameter_mm"]["value"])
    listed = [name for group in limits["tissue_groups"] if group.get("by_diameter") for name in group["structures"]]
    numbers = [names.index(name) for name in listed if name in names]
    box = padded(box_of(class_boxes(classes, len(names)), tuple(numbers)), diameter_mm, geometry)
    if box is not None:
        part = classes[tuple(slice(a, b) for a, b in zip(*box, strict=True))]
        vessel = _is_any(part, tuple(numbers), None)
        thin = vessel & ~thick_part(vessel, geometry.spacing_mm, diameter_mm)
        part[thin] = names.index("small vessels")


def thick_part(
    mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float], diameter_mm: float
) -> NDArray[np.bool_]:
    """Return the voxels of ``mask`` that lie in a ball of ``diameter_mm`` that fits inside it (local thickness)."""
    radius = 0.5 * diameter_mm
    core = mask & (signed_distance_mm(mask, spacing_mm, radius + 2 * max(spacing_mm)) >= radius - 1e-6)
    if not core.any():
        return core
    return mask & (distance_mm(core, spacing_mm, radius + 2 * max(spacing_mm)) <= radius + min(spacing_mm))
