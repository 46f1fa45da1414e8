"""What a plan adds to a scene: applicators, the target with its margin, the part that a resection removes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator, LabelMap, Plan, ResectionPlan, VolumeGeometry
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.rehearsal.scene import Needle, OverlayLayer
from anatomy_twin.units import Point, check_point

NEEDLE_RADIUS_MM = 1.0  # assumed where the catalog does not know the device
RESECTED_RGB = (255, 120, 90)  # where the palette has none
TABLE_RGB = (130, 240, 255)  # the ellipsoid of a device's table
MISSING_RGB = (255, 36, 60)  # what a zone leaves uncovered


def targets_of(plan: Plan | None) -> tuple[str, ...]:
    """Return the names of the structures that a plan treats."""
    if isinstance(plan, AblationPlan):
        return (plan.target,)
    return plan.targets if isinstance(plan, ResectionPlan) else ()


def needles_of(
    plan: Plan | None, colour: tuple[int, int, int] = (240, 255, 30)
) -> tuple[tuple[Needle, ...], tuple[str, ...]]:
    """Return the applicators of a plan as they are drawn, and lines about sizes that are assumed."""
    if not isinstance(plan, AblationPlan):
        return (), ()
    needles, notes = [], []
    for number, applicator in enumerate(plan.applicators, start=1):
        radius, active, assumed = device_size(applicator.device)
        if assumed:
            notes.append(assumed)
        label = f"Applicator {number} ({applicator.device})"
        behind, tines, tine_radius = _working_part(applicator)
        needles.append(Needle(
            label, applicator.entry_mm, applicator.tip_mm, radius, active, colour, behind, tines, tine_radius
        ))
    return tuple(needles), tuple(dict.fromkeys(notes))


def _working_part(applicator: Applicator) -> tuple[float, tuple[tuple[Point, Point], ...], float]:
    """Return how far behind the tip a device's working part ends (mm), the pieces of its tines, and their radius."""
    entry = _entry(applicator.device)
    offset, length = _number(entry.get("active_offset_mm")), _number(entry.get("active_length_mm"))
    behind = 0.0 if offset is None or length is None else max(0.0, offset - length / 2)
    shape = entry.get("electrode", {})
    if "tines" not in shape:
        return behind, (), 0.0
    from anatomy_twin.simulation.thermal.radiofrequency import electrode_lines_mm  # loads slowly

    lines = electrode_lines_mm(applicator)
    pieces = tuple((check_point("tine", start), check_point("tine", stop)) for start, stop in lines)
    return behind, pieces, float(shape["tine_diameter_mm"]) / 2


def _entry(device: str) -> dict[str, Any]:
    """Return what the catalog says of a device, nothing for one that it does not know."""
    try:
        devices = catalog.load("devices")["devices"]
    except UsageError:
        return {}
    entry: dict[str, Any] = devices.get(device, {})
    return entry


def device_size(device: str) -> tuple[float, float, str]:
    """Return shaft radius and active length of a device in mm, and a line that says what is assumed ("" if known)."""
    entry = _entry(device)
    diameter, active = _number(entry.get("shaft_diameter_mm")), _number(entry.get("active_length_mm"))
    if diameter is not None and active is not None:
        return diameter / 2, active, ""
    radius = NEEDLE_RADIUS_MM if diameter is None else diameter / 2
    return radius, active or 0.0, f"Size of device {device} is not in the catalog: its picture is assumed."


def _number(entry: Any) -> float | None:
    value = entry.get("value") if isinstance(entry, dict) else entry
    return float(value) if isinstance(value, int | float) else None


def rim_of(
    labels: LabelMap | None, plan: Plan | None, colour: tuple[int, int, int]
) -> tuple[OverlayLayer, ...]:
    """Return the target with the margin that the plan asks for, within the organ that the target is part of.

    It is drawn for the eye; margins are measured by the assessment, between surfaces.
    """
    if not isinstance(plan, AblationPlan) or labels is None or plan.target not in labels or plan.margin_mm <= 0:
        return ()
    from scipy.ndimage import distance_transform_edt

    geometry, target = labels.geometry, labels.mask(plan.target)
    index = np.argwhere(target)
    reach = np.ceil(plan.margin_mm / np.asarray(geometry.spacing_mm)).astype(int) + 1
    low = np.maximum(index.min(axis=0) - reach, 0)
    high = np.minimum(index.max(axis=0) + reach + 1, geometry.shape)
    box = tuple(slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))
    inside = target[box]
    # the surface of the target runs between voxel centres: somewhat less than half a voxel beyond the last of its own
    reached_mm = plan.margin_mm + 0.4 * min(geometry.spacing_mm)
    mask = np.round(distance_transform_edt(~inside, sampling=geometry.spacing_mm), 6) <= reached_mm
    organ = labels.segment(plan.target).part_of
    if organ in labels:
        mask &= labels.mask(organ)[box] | inside
    grid = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), mask.shape)
    return (OverlayLayer("rim", f"Target and {plan.margin_mm:g} mm margin", mask, grid, colour),)


def resected_of(
    labels: LabelMap | None, plan: Plan | None, colour: tuple[int, int, int]
) -> tuple[OverlayLayer, ...]:
    """Return what a resection by planes removes; nothing for other plans, or where it cannot be told."""
    if not isinstance(plan, ResectionPlan) or labels is None:
        return ()
    from anatomy_twin.plan.resection import removed_mask  # what checks plans loads slowly

    try:
        found = cropped(removed_mask(labels, plan), labels.geometry)
    except PlanError:
        return ()
    return () if found is None else (OverlayLayer("resected", "Resected part", *found, colour),)


def cropped(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> tuple[NDArray[np.bool_], VolumeGeometry] | None:
    """Return the mask cut to its box with one empty voxel around it where the grid has one; None if it is empty."""
    slices = []
    for axis in range(3):
        held = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
        if not held.size:
            return None
        slices.append(slice(max(int(held[0]) - 1, 0), min(int(held[-1]) + 2, mask.shape[axis])))
    part = np.ascontiguousarray(mask[tuple(slices)])
    start = (slices[0].start, slices[1].start, slices[2].start)
    return part, geometry.cropped(start, (part.shape[0], part.shape[1], part.shape[2]))
