"""Hard rules and soft costs, read off the measures of paths: for all paths at once, or one path in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Applicator, Cost, Rule
from anatomy_twin.plan.measure import COST_NAMES, Measures, limit
from anatomy_twin.plan.tissues import OUTSIDE, Group, Tissues

ASSUMED = "assumed"
COST_UNITS = ("mm", "mm", "deg", "mm", "deg")


def broken_by_rule(tissues: Tissues, measures: Measures, shaft_length_mm: float) -> dict[str, NDArray[np.bool_]]:
    """Return for each rule of the path which of the n paths break it."""
    broken = {
        "entry on the skin": np.abs(measures.skin_mm) > limit("entry_to_skin_mm"),
        "inside the body": _outside_mm(measures) > limit("entry_to_skin_mm"),
        "tip inside the body": measures.last[:, OUTSIDE] >= 1.0 - 1e-9,
        "reaches the target": measures.length_mm > shaft_length_mm,
    }
    for number, group in enumerate(tissues.groups):
        near = measures.group_mm[:, number]
        broken[group.rule] = (near <= 0.0) | (near < group.guard_mm)
    broken["only known tissue"] = measures.unknown_mm > limit("unknown_tissue_mm")
    return broken


def _outside_mm(measures: Measures) -> NDArray[np.float64]:
    """How deep behind its entry into the body a path is still outside; a tip outside has a rule of its own."""
    return np.asarray(measures.deep_outside_mm)


def path_rules(tissues: Tissues, measures: Measures, path: int, device: dict[str, Any]) -> tuple[Rule, ...]:
    """Return the rules of one path in words, each with what is hit and where."""
    shaft_mm = float(device["shaft_length_mm"])
    broken = {name: bool(flags[path]) for name, flags in broken_by_rule(tissues, measures, shaft_mm).items()}
    rules = [_skin_rule(measures, path, broken["entry on the skin"])]
    rules.append(_body_rule(measures, path, broken["inside the body"]))
    tip = measures.place(path, 1.0)
    rules.append(Rule(
        "tip inside the body", _outcome(broken["tip inside the body"]),
        "the tip lies outside the body" if broken["tip inside the body"] else "the tip lies in the body",
        place_mm=tip, hit="outside" if broken["tip inside the body"] else "",
    ))
    depth = round(float(measures.length_mm[path]), 1)
    rules.append(Rule(
        "reaches the target", _outcome(broken["reaches the target"]),
        f"{depth:g} mm from entry to tip, the shaft has {shaft_mm:g} mm", depth, "mm", shaft_mm, place_mm=tip,
        source=_device_source(device, "shaft_length_mm"),
    ))
    for number, group in enumerate(tissues.groups):
        rules.append(_group_rule(tissues, measures, path, number, group, broken[group.rule]))
    rules.append(_unknown_rule(tissues, measures, path, broken["only known tissue"]))
    return tuple(rules)


def setting_rules(applicator: Applicator, device: dict[str, Any]) -> tuple[Rule, ...]:
    """Return the rules on power and time of an applicator."""
    rules = []
    setting, set_unit = catalog.device_setting(device)
    for name, value, unit, field in (
        (f"{setting} in the device's range", applicator.power_w, set_unit, "power_w"),
        ("time in the device's range", applicator.duration_s, "s", "duration_s"),
    ):
        low, high = (float(bound) for bound in device[field])
        rules.append(Rule(
            name, _outcome(not low <= value <= high), f"{value:g} {unit}, the device gives {low:g} to {high:g} {unit}",
            value, unit, high if value > low else low, source=_device_source(device, field),
        ))
    return tuple(rules)


def path_costs(measures: Measures, path: int) -> tuple[Cost, ...]:
    """Return the soft costs of one path; a cost without meaning for it is left out."""
    values = measures.costs[path]
    nearest, before = limit("risk_distance_cap_mm"), limit("organ_before_target_mm")
    reasons = (
        "from entry to tip", f"mm short of {nearest:g} mm from the nearest structure at risk",
        "0 deg lies in an axial slice", f"mm short of {before:g} mm of organ before the target",
        "0 deg enters the organ at a right angle to its surface",
    )
    return tuple(
        Cost(name, round(float(value), 1), unit, reason)
        for name, value, unit, reason in zip(COST_NAMES, values, COST_UNITS, reasons, strict=True)
        if np.isfinite(value)
    )


def _outcome(broken: bool, doubt: str | bool = "") -> str:
    """A structure that is missing, or whose outline is flagged, can break a rule; it cannot let it pass."""
    return "broken" if broken else "not checked" if doubt else "passed"


def _device_source(device: dict[str, Any], field: str) -> str:
    return ASSUMED if field in device.get("assumed", ()) else str(device.get("source", ""))


def _skin_rule(measures: Measures, path: int, broken: bool) -> Rule:
    value, allowed = float(measures.skin_mm[path]), limit("entry_to_skin_mm")
    cap = limit("risk_distance_cap_mm")
    least = "at least " if abs(value) >= cap else ""
    side = "inside" if value > 0 else "outside"
    reason = f"the entry lies {least}{abs(value):.1f} mm {side} the surface of the body"
    return Rule(
        "entry on the skin", _outcome(broken), reason, round(abs(value), 1), "mm", allowed,
        hit=(side if broken else ""), place_mm=measures.place(path, 0.0), source=ASSUMED,
    )


def _body_rule(measures: Measures, path: int, broken: bool) -> Rule:
    value = float(_outside_mm(measures)[path])
    enters = np.isfinite(measures.first[path, OUTSIDE + 1:]).any()
    reason = (
        "the path does not meet the body" if not enters else
        f"the path is outside the body again {value:.1f} mm behind its entry" if broken else
        "the path stays in the body"
    )
    share = float(measures.last[path, OUTSIDE]) if broken and enters else 0.0
    return Rule(
        "inside the body", _outcome(broken), reason, round(value, 1), "mm", limit("entry_to_skin_mm"),
        hit="outside" if broken else "", place_mm=measures.place(path, share) if broken else None, source=ASSUMED,
    )


def _group_rule(
    tissues: Tissues, measures: Measures, path: int, number: int, group: Group, broken: bool
) -> Rule:
    value = float(measures.group_mm[path, number])
    cap = limit("risk_distance_cap_mm")
    hit, share = _hit(tissues, measures, path, number, group, value)
    present = ", ".join(sorted(tissues.names[n].replace("_", " ") for n in group.classes))
    label = hit.replace("_", " ")
    if value <= 0.0:
        reason = f"runs through {label}"
    elif broken:
        reason = f"passes {label} at {value:.1f} mm, {group.guard_mm:g} mm are to be kept"
    elif group.missing:
        reason = group.missing + (f"; nothing hit in {present}" if present else "")
    elif value >= cap:
        reason = f"nothing within {cap:g} mm"
    else:
        reason = f"nearest is {label} at {value:.1f} mm"
    if group.flagged and not broken:
        reason += f"; outlines to be confirmed: {', '.join(group.flagged).replace('_', ' ')}"
    return Rule(
        group.rule, _outcome(broken, group.missing or bool(group.flagged)), reason,
        round(value, 1) if group.classes else None, "mm", group.guard_mm,
        hit=hit if broken else "", place_mm=measures.place(path, share) if hit else None, source=ASSUMED,
    )


def _hit(
    tissues: Tissues, measures: Measures, path: int, number: int, group: Group, value: float
) -> tuple[str, float]:
    """Name the structure of a group that a path meets first, or comes nearest to, and the share where."""
    share = float(measures.group_share[path, number])
    if not group.classes or value >= limit("risk_distance_cap_mm"):
        return "", share
    if value <= 0.0:
        met = {n: measures.first[path, n] for n in group.classes if np.isfinite(measures.first[path, n])}
        return tissues.names[min(met, key=lambda n: met[n])], share
    point = measures.entries_mm[path] + share * (measures.tips_mm[path] - measures.entries_mm[path])
    return nearest_structure(tissues, point, group.classes), share


def nearest_structure(tissues: Tissues, point_mm: NDArray[np.float64], classes: tuple[int, ...]) -> str:
    """Name the structure among ``classes`` that has the voxel nearest to a point."""
    index = tissues.to_index(point_mm)
    reach = np.ceil((limit("risk_distance_cap_mm") + 1.0) / np.asarray(tissues.geometry.spacing_mm)).astype(int) + 1
    low = np.clip(np.round(index).astype(int) - reach, 0, None)
    high = np.round(index).astype(int) + reach + 1
    block = tissues.classes[low[0]:high[0], low[1]:high[1], low[2]:high[2]]
    places = np.argwhere(np.isin(block, classes))
    gaps = (((places + low - index) * np.asarray(tissues.geometry.spacing_mm)) ** 2).sum(axis=1)
    where = places[int(np.argmin(np.round(gaps, 6)))]
    return tissues.names[int(block[tuple(where)])]


def _unknown_rule(tissues: Tissues, measures: Measures, path: int, broken: bool) -> Rule:
    value = float(measures.unknown_mm[path])
    met = {
        n: measures.in_class[path, n] for n in tissues.unknown_classes if measures.in_class[path, n] > 0.0
    }
    worst = max(met, key=lambda n: met[n]) if met else -1
    share = float(measures.first[path, worst]) if met else 0.0
    reason = f"{value:.1f} mm of the path run through tissue without a known label" if met else "every label is known"
    return Rule(
        "only known tissue", _outcome(broken), reason, round(value, 1), "mm", limit("unknown_tissue_mm"),
        hit=tissues.names[worst] if broken and met else "", place_mm=measures.place(path, share) if met else None,
        source=ASSUMED,
    )
