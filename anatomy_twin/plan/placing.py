"""Rules on where a plan is laid: the target within the scan, tips in no air, applicators clear of each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import device_works_s
from anatomy_twin.core import AblationPlan, Applicator, Case, LabelMap, Rule, is_lesion, reindex
from anatomy_twin.core.lines import approaches
from anatomy_twin.plan.device import load_device
from anatomy_twin.plan.ground import limit
from anatomy_twin.plan.tissues import vessel_names
from anatomy_twin.units import Point, check_point

SIDES = (("feet", "head"), ("front", "back"), ("right", "left"))  # first and last voxel of the canonical axes


def target_in_scan(labels: LabelMap, target: str) -> Rule:
    """Return the rule that a target does not touch the border of the scan, where a part of it may be missing.

    ``labels`` are canonical and hold the target.
    """
    name = "target inside the scan"
    part = labels.segment(target)
    index = np.argwhere(labels.array[part.layer] == part.value)
    for axis, sides in enumerate(SIDES):
        for place, side in zip((0, labels.geometry.shape[axis] - 1), sides, strict=True):
            touching = index[index[:, axis] == place]
            if touching.size:
                point = _rounded(labels.geometry.to_world(touching.mean(axis=0)))
                reason = f"{target.replace('_', ' ')} touches the end of the scan towards the {side}"
                return Rule(name, "broken", reason, hit=target, place_mm=point)
    return Rule(name, "passed", f"all of {target.replace('_', ' ')} lies in the scan")


def tip_in_air(case: Case, applicator: Applicator) -> Rule:
    """Return the rule that the tip of an applicator lies in no air or gas, by the CT where there is one."""
    name, place = "tip not in air", _rounded(np.asarray(applicator.tip_mm))
    volume = case.volumes.get(case.primary)
    if volume is None or volume.modality != "CT" or not volume.geometry.contains(applicator.tip_mm):
        return Rule(name, "not checked", "there is no CT at the tip", place_mm=place)
    # canonical axes: a tip half way between two voxels has the value of the same one, however the scan is indexed
    axes = volume.geometry.canonical_axes()
    grid = volume.geometry.reindexed(*axes)
    index = np.floor(np.round(grid.to_index(np.asarray(applicator.tip_mm)), 6) + 0.5).astype(int)
    cell = tuple(np.clip(index, 0, np.asarray(grid.shape) - 1))
    value, below = float(reindex(volume.array, *axes)[cell]), limit("air_below_hu")
    broken = value < below
    reason = f"the CT has {value:.0f} HU at the tip" + (f", air is below {below:g} HU" if broken else "")
    return Rule(
        name, "broken" if broken else "passed", reason, value, "HU", below, hit="air" if broken else "",
        place_mm=place, source="assumed",
    )


def vessel_named(rule: Rule, labels: LabelMap) -> Rule:
    """Return a broken rule on the tip and vessels with the vessel's own name; any other rule as it is.

    ``labels`` are canonical. On paths the thin vessels of an organ are one tissue.
    """
    if rule.name != "tip in no vessel" or rule.outcome != "broken" or rule.hit in labels or rule.place_mm is None:
        return rule
    index = np.floor(np.round(labels.geometry.to_index(np.asarray(rule.place_mm)), 6) + 0.5).astype(int)
    cell = tuple(np.clip(index, 0, np.asarray(labels.geometry.shape) - 1))
    for name in vessel_names():
        if name in labels and labels.array[labels.segment(name).layer][cell] == labels.segment(name).value:
            return replace(rule, hit=name, reason=f"the tip lies in {name.replace('_', ' ')}")
    return rule


def apart_rules(plan: AblationPlan, number: int) -> tuple[Rule, ...]:
    """Return the rule that an applicator touches none of the others; none for a plan with one applicator.

    Of two that work one after the other the rule does not know whether the first is drawn before the second goes in.
    """
    if len(plan.applicators) < 2:
        return ()
    devices = [load_device(one.device) for one in plan.applicators]
    works_s = [device_works_s(of, one.duration_s) for of, one in zip(devices, plan.applicators, strict=True)]
    diameters = [float(of["shaft_diameter_mm"]) for of in devices]
    pairs = [pair for pair in approaches(plan.applicators, diameters, works_s) if number in pair.numbers]
    near = min(pairs, key=lambda pair: (not (pair.overlap and pair.at_once), round(pair.gap_mm - pair.needed_mm, 3)))
    other = near.numbers[near.numbers[0] == number]
    outcome = "passed" if not near.overlap else "broken" if near.at_once else "not checked"
    reason = f"the axis of applicator {other + 1} is {near.gap_mm:.1f} mm away"
    if near.overlap:
        reason += f", the shafts need {near.needed_mm:.1f} mm"
        reason += "" if near.at_once else "; they work one after the other, so draw the first before the second goes in"
    return (Rule(
        "clear of other applicators", outcome, reason, round(near.gap_mm, 1), "mm", near.needed_mm,
        hit=f"applicator {other + 1}" if outcome == "broken" else "", place_mm=near.place_mm,
    ),)


def target_is_lesion(labels: LabelMap, target: str) -> tuple[Rule, ...]:
    """Return the broken rule that a target is a lesion where it is none, such as a whole organ; nothing else."""
    if is_lesion(target):
        return ()
    middle = labels.geometry.to_world(np.argwhere(labels.mask(target)).mean(axis=0))
    reason = f"{target.replace('_', ' ')} is no tumour or lesion"
    return (Rule("target is a lesion", "broken", reason, hit=target, place_mm=_rounded(middle)),)


def _rounded(point_mm: NDArray[np.float64]) -> Point:
    return check_point("place_mm", np.round(np.asarray(point_mm, float), 1))
