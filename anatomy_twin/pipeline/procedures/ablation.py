"""Thermal ablation by applicators, as a procedure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator, Case, LabelMap, Plan
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.procedures.around import (
    context_around,
    middle_mm,
    outline_mm,
    with_words,
)
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.pipeline.targets import candidates
from anatomy_twin.plan import choose_zone, load_device
from anatomy_twin.rehearsal.handles import Handle, PlanContext, heat_offset_mm, move_handle, plan_handles
from anatomy_twin.rehearsal.shapes import CutTint, Shape
from anatomy_twin.rehearsal.snapping import holds
from anatomy_twin.units import check_point

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DEVICE: Final = "mwa-generic"
WAYS: Final = 400  # directions that are tried from the target outwards
STEP_MM: Final = 2.5
NOWHERE: Final = -1.0  # no slice is so near to what is drawn in 3-D only
SHAFT_RGB: Final = (240, 255, 30)
FORBIDDEN_COST: Final = 12.0  # mm of detour that a mm through bone, lung, bowel or a great vessel is worth


def new_plan(case: Case, name: str, target: str = "") -> AblationPlan:
    """Return one applicator from the skin straight to the target, by a short way round what is not to be crossed.

    Its heat is centred on the target, its power and time are those of the smallest zone of the device's table that
    covers target and margin. It is a start for the hand, not a proposal: ``plan.propose`` searches. Raises
    ``PlanError`` where there is no target, no outline of the body or no skin within the shaft's length.
    """
    labels = case.label_map
    target = target or next(iter(candidates(labels)), "")
    if not target:
        raise PlanError("there is no target to ablate", advice="outline one in step 3, or click one")
    centre = middle_mm(case, target)
    device = load_device(DEVICE)
    reach = float(device["shaft_length_mm"]) - float(device["active_offset_mm"])
    plan = AblationPlan(name, target, (_aimed(DEVICE, nearest_skin(labels, target, centre, reach), centre),))
    return with_zone(case, plan, 0)


def nearest_skin(labels: LabelMap, target: str, centre_mm: Any, reach_mm: float) -> Floats:
    """Return the point of the skin (LPS mm) from which a straight way to a point costs least.

    A millimetre through what is not to be crossed costs as much as several of free way. Raises ``PlanError`` where no
    way of ``reach_mm`` leaves the body.
    """
    if "body" not in labels:
        raise PlanError("the segmentation has no body outline", advice="segment with a method that gives 'body'")
    centre = np.asarray(centre_mm, float)
    steps = np.arange(0.0, reach_mm + 2 * STEP_MM, STEP_MM)
    directions = _directions(WAYS)
    flat = (centre + steps[None, :, None] * directions[:, None, :]).reshape(-1, 3)
    known, inside, crossed = (found.reshape(WAYS, len(steps)) for found in _met(labels, target, flat))
    last = len(steps) - 1 - np.argmax(inside[:, ::-1], axis=1)
    # the way must leave the body within the scan, and stay out of it up to the end of the shaft
    after = np.minimum(last + 1, len(steps) - 1)
    leaves = inside.any(axis=1) & (last < after) & known[np.arange(WAYS), after]
    if not leaves.any():
        raise PlanError(f"no skin within {reach_mm:g} mm of the target", where=target, advice="take another device")
    before = np.arange(len(steps)) <= last[:, None]
    cost = last * STEP_MM + FORBIDDEN_COST * STEP_MM * (crossed & before).sum(axis=1)
    best = int(np.argmin(np.where(leaves, np.round(cost, 6), np.inf)))
    low, high = float(steps[last[best]]), float(steps[last[best] + 1])
    for _ in range(6):
        middle = 0.5 * (low + high)
        if holds(labels, "body", (centre + middle * directions[best])[None])[0]:
            low = middle
        else:
            high = middle
    return np.asarray(np.round(centre + low * directions[best], 2))


def with_zone(case: Case, plan: AblationPlan, number: int) -> AblationPlan:
    """Return the plan with power and time of one applicator from its device's table, for target and margin."""
    part = plan.applicators[number]
    points = outline_mm(case, plan.target)
    if points is None:
        return plan
    device, axis = load_device(part.device), np.asarray(part.direction)
    centre = np.asarray(part.tip_mm) - float(device["active_offset_mm"]) * axis
    zone = choose_zone(device, np.asarray(points - centre), axis, plan.margin_mm)
    return _replaced(plan, number, power_w=zone.power_w, duration_s=zone.duration_s)


def _aimed(device: str, entry_mm: Floats, centre_mm: Floats) -> Applicator:
    way = centre_mm - entry_mm
    tip = np.round(centre_mm + heat_offset_mm(device) * way / np.linalg.norm(way), 2)
    facts = load_device(device)
    power, seconds = (float(facts[field][0]) for field in ("power_w", "duration_s"))
    return Applicator(device, check_point("entry_mm", entry_mm), check_point("tip_mm", tip), power, seconds)


def _directions(count: int) -> Floats:
    """Return unit vectors spread evenly over the sphere."""
    n = np.arange(count) + 0.5
    height, turn = 1.0 - 2.0 * n / count, np.pi * (1.0 + 5.0**0.5) * n
    across = np.sqrt(1.0 - height**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=1)


def _met(labels: LabelMap, target: str, points_mm: Floats) -> tuple[Mask, Mask, Mask]:
    """Return which points lie in the scan, which in the body, and which in something that is not to be crossed."""
    groups = catalog.load("limits")["tissue_groups"]
    kept = {target, labels.segment(target).part_of}
    names = {name for group in groups for name in group["structures"]} - kept
    known = np.asarray(labels.geometry.contains(points_mm))
    index = labels.geometry.voxel_of(points_mm[known])
    inside, crossed = np.zeros(len(points_mm), bool), np.zeros(len(points_mm), bool)
    for wanted, found in (({"body"}, inside), (names, crossed)):
        segments = [segment for segment in labels.segments if segment.name in wanted and not segment.absent]
        for layer in {segment.layer for segment in segments}:
            values = [segment.value for segment in segments if segment.layer == layer]
            found[known] |= np.isin(labels.array[(layer, *index.T)], values)
    return known, inside, crossed


# what can be set


def parameters(case: Case, plan: Plan) -> tuple[Parameter, ...]:
    """Return target, margin, and device, power and time of every applicator; of several also when each starts."""
    assert isinstance(plan, AblationPlan)
    labels = case.labels.get(case.primary)
    known = candidates(labels) if labels is not None else ()
    found = [
        Parameter("target", "Target", "choice", _read("target"), _write("target"),
                  choices=with_words(known, plan.target)),
        Parameter("margin", "Margin", "number", _read("margin_mm"), _write("margin_mm"),
                  unit="mm", low=0.0, high=30.0, step=0.5, digits=1, tip="tissue round the target to be coagulated"),
    ]  # fmt: skip
    for n, part in enumerate(plan.applicators):
        found += _of_applicator(n, part, len(plan.applicators) > 1)
    return tuple(found)


def _of_applicator(n: int, part: Applicator, several: bool) -> list[Parameter]:
    devices = catalog.load("devices")["devices"]
    facts = devices.get(part.device, {})
    frozen = "protocol" in facts
    power, time = (facts.get(field, (1.0, top)) for field, top in (("power_w", 500.0), ("duration_s", 7200.0)))
    labels = tuple((name, _device_label(name, entry)) for name, entry in devices.items())
    name, unit = _setting(part.device)
    setting = "Power of applicator {number}" if name == "power" else "Duty cycle of applicator {number}"
    if part.device not in devices:
        labels += ((part.device, part.device),)
    found = [
        Parameter(f"device {n + 1}", "Device of applicator {number}", "choice",
                  partial(_part_value, n, "device"), partial(with_device, n), n, choices=labels, device=part.device),
        Parameter(f"power {n + 1}", setting, "number", partial(_part_value, n, "power_w"),
                  partial(_part_write, n, "power_w"), n, unit, float(power[0]), float(power[1]), 5.0),
        Parameter(f"time {n + 1}", "Each freeze of applicator {number}" if frozen else "Time of applicator {number}",
                  "number", partial(_part_value, n, "duration_s"), partial(_part_write, n, "duration_s"), n, "s",
                  float(time[0]), float(time[1]), 10.0,
                  tip="the protocol of the device freezes so long, thaws, and freezes again" if frozen else ""),
    ]  # fmt: skip
    if several or part.start_s:
        found.append(Parameter(
            f"start {n + 1}", "Start of applicator {number}", "number", partial(_part_value, n, "start_s"),
            partial(_part_write, n, "start_s"), n, "s", 0.0, 14400.0, 30.0, tip="when it begins, after the plan does",
        ))
    return found


def _device_label(name: str, entry: dict[str, Any]) -> str:
    """Return what a device is called; one of the user's own with the file that it comes from."""
    label = str(entry.get("label", name))
    return f"{label} ({entry['file']})" if "file" in entry else label


def _setting(device: str) -> tuple[str, str]:
    """Return name and unit of what a device is set to."""
    return catalog.device_setting(catalog.load("devices")["devices"].get(device, {}))


def _read(field: str) -> Any:
    return lambda plan: getattr(plan, field)


def _write(field: str) -> Any:
    return lambda plan, value: replace(plan, **{field: value})


def _part_value(n: int, field: str, plan: Plan) -> Any:
    assert isinstance(plan, AblationPlan)
    return getattr(plan.applicators[n], field)


def _part_write(n: int, field: str, plan: Plan, value: Any) -> Plan:
    assert isinstance(plan, AblationPlan)
    return _replaced(plan, n, **{field: value})


def with_device(n: int, plan: Plan, value: Any) -> Plan:
    """Return the plan with another device for one applicator (from 0).

    Entry and place of the heat stay (the tip goes along its axis), power and time go into the range of the device; a
    setting in another unit becomes the middle one of the device's table. One generator drives all applicators of a
    plan: a device of another kind, or with another generator, is taken by all of them.
    """
    assert isinstance(plan, AblationPlan)
    facts, devices = load_device(str(value)), catalog.load("devices")["devices"]

    def fits(other: str) -> bool:
        known = devices.get(other, {})
        return all(known.get(field) == facts.get(field) for field in ("kind", "generator"))

    return replace(plan, applicators=tuple(
        _refitted(one, str(value)) if m == n or not fits(one.device) else one for m, one in enumerate(plan.applicators)
    ))


def _refitted(part: Applicator, device: str) -> Applicator:
    if part.device == device:
        return part
    facts = load_device(device)
    power, seconds = (
        float(np.clip(old, *facts[field]))
        for old, field in ((part.power_w, "power_w"), (part.duration_s, "duration_s"))
    )
    if _setting(device)[1] != _setting(part.device)[1]:
        rows = sorted({float(row["power_w"]) for row in facts["zone_table"]}) or [float(facts["power_w"][1])]
        power = rows[len(rows) // 2]
    further = heat_offset_mm(device) - heat_offset_mm(part.device)
    depth = max(part.depth_mm + further, 1.0)
    tip = np.round(np.asarray(part.entry_mm) + depth * np.asarray(part.direction), 2)
    return replace(part, device=device, tip_mm=check_point("tip_mm", tip), power_w=power, duration_s=seconds)


def _replaced(plan: AblationPlan, n: int, **changes: Any) -> AblationPlan:
    parts = list(plan.applicators)
    parts[n] = replace(parts[n], **changes)
    return replace(plan, applicators=tuple(parts))


# parts, shapes


def parts(plan: Plan) -> tuple[str, ...]:
    """Return a line of each applicator: how deep it goes and how it lies to the axial plane."""
    assert isinstance(plan, AblationPlan)
    found = []
    for part in plan.applicators:
        tilt = np.degrees(np.arcsin(abs(part.direction[2])))
        found.append(f"{part.depth_mm:.0f} mm deep, {tilt:.0f}\N{DEGREE SIGN} to axial, "
                     f"{part.power_w:g} {_setting(part.device)[1]}, {part.duration_s / 60:.3g} min")  # fmt: skip
    return tuple(found)


def add_part(plan: Plan, entry_mm: Any, tip_mm: Any) -> Plan:
    """Return the plan with one more applicator like its last one, from ``entry_mm`` to ``tip_mm`` (LPS mm)."""
    assert isinstance(plan, AblationPlan)
    entry, tip = check_point("entry_mm", entry_mm), check_point("tip_mm", tip_mm)
    return replace(plan, applicators=(*plan.applicators, replace(plan.applicators[-1], entry_mm=entry, tip_mm=tip)))


def remove_part(plan: Plan, number: int) -> Plan:
    """Return the plan without applicator ``number`` (from 0); ``PlanError`` where it is the only one."""
    assert isinstance(plan, AblationPlan)
    if len(plan.applicators) == 1:
        raise PlanError(f"plan {plan.name} needs an applicator", advice="delete the plan, or add another one first")
    return replace(plan, applicators=(*plan.applicators[:number], *plan.applicators[number + 1 :]))


def shapes(plan: Plan, context: PlanContext, lit: bool) -> tuple[Shape, ...]:
    """Return the numbers of the applicators at their entries in 3-D, where there are several; slices have their own."""
    assert isinstance(plan, AblationPlan)
    if len(plan.applicators) < 2:
        return ()
    return tuple(
        Shape("text", (check_point("text", np.subtract(part.entry_mm, np.multiply(part.direction, 8.0))),), SHAFT_RGB,
              name=f"applicator {n}", text=str(n), reach_mm=NOWHERE)
        for n, part in enumerate(plan.applicators, start=1)
    )  # fmt: skip


def _handles(plan: Plan, context: PlanContext) -> tuple[Handle, ...]:
    return plan_handles(plan, context)


def _context(case: Case, plan: Plan) -> PlanContext:
    return context_around(case)


def _tints(plan: Plan) -> tuple[CutTint, ...]:
    return ()


def _targets(plan: Plan) -> tuple[str, ...]:
    assert isinstance(plan, AblationPlan)
    return (plan.target,)


ABLATION: Final = Procedure(
    "ablation", "Thermal ablation", AblationPlan, "applicator",
    ("Click where the applicator enters the skin", "Click where its tip is to be"),
    new_plan, _context, _handles, move_handle, shapes, _tints, parameters, parts, add_part, remove_part, _targets,
    "anatomy_twin.pipeline.live_thermal:prepare", "anatomy_twin.pipeline.live_thermal:preview", simulated=True,
)  # fmt: skip
