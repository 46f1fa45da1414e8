"""Hard rules and soft costs, read off the measures of paths: for all paths at once, or one path in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Applicator, Cost, Rule
from anatomy_twin.plan.ground import Ground, limit
from anatomy_twin.plan.measure import COST_NAMES, COST_UNITS, Measures
from anatomy_twin.plan.tissues import OUTSIDE, VESSELS, Group, Tissues

ASSUMED = "assumed"


def broken_by_rule(
    tissues: Tissues, ground: Ground, measures: Measures, shaft_length_mm: float
) -> dict[str, NDArray[np.bool_]]:
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
    broken["keeps off unknown tissue"] = measures.thick_unknown_mm < limit("unknown_guard_mm")
    broken["tip in no vessel"] = np.isin(measures.tip_class, tissues.vessel_classes)
    short = measures.before_mm < limit("organ_before_subcapsular_mm")
    broken["enough organ before a subcapsular target"] = short & _is_subcapsular(ground)
    return broken


def unchecked_rules(tissues: Tissues, ground: Ground) -> dict[str, str]:
    """Return the rules that no path can pass, as a structure is missing or its outline flagged, and why."""
    found = {}
    for group in tissues.groups:
        if group.missing or group.flagged:
            flagged = f"outlines to be confirmed: {', '.join(group.flagged).replace('_', ' ')}" if group.flagged else ""
            found[group.rule] = "; ".join(filter(None, (group.missing, flagged)))
    vessels = [found[group.rule] for group in tissues.groups if group.name in VESSELS and group.rule in found]
    if vessels:
        found["tip in no vessel"] = "; ".join(vessels)
    if ground.target_depth_mm is None:
        found["enough organ before a subcapsular target"] = "what organ the target is in is not known"
    return found


def _is_subcapsular(ground: Ground) -> bool:
    return ground.target_depth_mm is not None and ground.target_depth_mm < limit("subcapsular_mm")


def _outside_mm(measures: Measures) -> NDArray[np.float64]:
    """How deep behind its entry into the body a path is still outside; a tip outside has a rule of its own."""
    return np.asarray(measures.deep_outside_mm)


def path_rules(
    tissues: Tissues, ground: Ground, measures: Measures, path: int, device: dict[str, Any]
) -> tuple[Rule, ...]:
    """Return the rules of one path in words, each with what is hit and where."""
    shaft_mm = float(device["shaft_length_mm"])
    flags = broken_by_rule(tissues, ground, measures, shaft_mm)
    broken = {name: bool(of_path[path]) for name, of_path in flags.items()}
    unchecked = unchecked_rules(tissues, ground)
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
    rules.append(_thick_unknown_rule(measures, path, broken["keeps off unknown tissue"]))
    rules.append(_vessel_rule(tissues, measures, path, broken["tip in no vessel"], unchecked))
    rules.append(_subcapsular_rule(ground, measures, path, unchecked))
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
        f"mm of the path within {limit('track_distance_mm'):g} mm of another applicator",
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


def _thick_unknown_rule(measures: Measures, path: int, broken: bool) -> Rule:
    value, guard = float(measures.thick_unknown_mm[path]), limit("unknown_guard_mm")
    share = float(measures.thick_unknown_share[path])
    reason = (
        f"nothing within {guard:g} mm" if not broken else
        f"passes unknown tissue at {value:.1f} mm, {guard:g} mm are to be kept" if value > 0.0 else
        "runs through unknown tissue"
    )
    return Rule(
        "keeps off unknown tissue", _outcome(broken), reason, round(value, 1) if broken else None, "mm", guard,
        hit="unknown_tissue" if broken else "", place_mm=measures.place(path, share) if broken else None,
        source=ASSUMED,
    )


def _vessel_rule(
    tissues: Tissues, measures: Measures, path: int, broken: bool, unchecked: dict[str, str]
) -> Rule:
    name = "tip in no vessel"
    kind = tissues.names[int(measures.tip_class[path])]
    reason = f"the tip lies in {kind.replace('_', ' ')}" if broken else unchecked.get(name, "the tip lies in no vessel")
    return Rule(
        name, _outcome(broken, unchecked.get(name, "")), reason, hit=kind if broken else "",
        place_mm=measures.place(path, 1.0),
    )


def _subcapsular_rule(ground: Ground, measures: Measures, path: int, unchecked: dict[str, str]) -> Rule:
    name, wanted = "enough organ before a subcapsular target", limit("organ_before_subcapsular_mm")
    if ground.target_depth_mm is None:
        return Rule(name, "not checked", unchecked[name], source=ASSUMED)
    below, value = limit("subcapsular_mm"), float(measures.before_mm[path])
    if not _is_subcapsular(ground):
        reason = f"the target lies at least {below:g} mm below the capsule"
        return Rule(name, "passed", reason, round(value, 1), "mm", wanted, source=ASSUMED)
    reason = f"{value:.1f} mm of the organ before a target {ground.target_depth_mm:.1f} mm below the capsule"
    share = float(np.nan_to_num(measures.target_share[path], nan=1.0))
    return Rule(
        name, _outcome(value < wanted), reason, round(value, 1), "mm", wanted,
        hit="capsule" if value < wanted else "", place_mm=measures.place(path, share), source=ASSUMED,
    )
