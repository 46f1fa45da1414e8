"""One call that reads all numbers off a case, or off a plan and its result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.assess.heart import heart_quantities, lesion_quantities
from anatomy_twin.assess.margin import Margin, ablative_margin, nearest, resolvable
from anatomy_twin.assess.resection import resection_quantities
from anatomy_twin.assess.territories import lesions_placed, territory_quantities, where_in_liver
from anatomy_twin.assess.volumes import healthy_ml, volume_quantities
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Assessment,
    Case,
    LabelMap,
    LesionPlan,
    Monitor,
    Quantity,
    ResectionPlan,
    ThermalResult,
    Zoned,
    check_cancelled,
    reindex,
)
from anatomy_twin.core.plans import Plan
from anatomy_twin.errors import DataError, PlanError

RIM_MM = 5.0


def assess(
    case: Case, plan: Plan | None = None, result: Zoned | None = None, monitor: Monitor = SILENT
) -> Assessment:
    """Read numbers off a case.

    Without a plan: volumes of the organs and lesions, of heart chambers volume and fibrosis. With an ablation plan:
    tumour and ablated volume, the minimal ablative margin with its place, coverage of target and 5 mm rim, healthy
    organ lost, and the highest temperature of structures that are not to be heated. With a resection by planes: what is
    removed and what remains, the remnant in percent and by formulas, the margin to each target, the vessels cut. With
    lesions on the heart: how long they are, what they isolate, from how many sites an arrhythmia is induced. ``result``
    is taken from the case when it is not given; without any, what needs it is "not checked". The zone of a device's
    table (``table_zone``) may stand in its place: it gives no temperatures, and its numbers are told as the table's.

    Raises ``PlanError`` for another kind of plan or a target that is not there, ``DataError`` when plan and result do
    not belong together.
    """
    if plan is None and result is not None:
        plan = case.plan(result.plan_name)
    notes = ("these numbers are of a generated patient",) if case.synthetic else ()
    if plan is None:
        return Assessment("", _of_anatomy(case), case.synthetic, notes)
    if isinstance(plan, LesionPlan):
        return Assessment(plan.name, lesion_quantities(case, plan), case.synthetic, notes)
    if isinstance(plan, ResectionPlan):
        return Assessment(plan.name, resection_quantities(case, plan), case.synthetic, notes)
    if not isinstance(plan, AblationPlan):
        kinds = "ablations, resections by planes and lesions on the heart"
        raise PlanError(f"plan {plan.name!r} is a {type(plan).__name__}; this version assesses {kinds} only")
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    if plan.target not in labels:
        raise PlanError(f"no structure is called {plan.target!r}", advice=f"there are {', '.join(labels.names)}")
    result = case.results.get(plan.name) if result is None else result
    if result is not None and result.plan_name != plan.name:
        raise DataError(f"the result is of plan {result.plan_name!r}, not of {plan.name!r}")
    where = where_in_liver(case, plan.target)
    note = f"{plan.target} in segment {where}" if where else plan.target
    found = [Quantity("tumour_ml", "Target volume", round(labels.volume_ml(plan.target), 3), "ml", note=note)]
    if result is None:
        found += _not_checked(labels, plan.target, "the plan was not simulated yet")
        return Assessment(plan.name, tuple(found), case.synthetic, notes)
    check_cancelled(monitor)
    found.append(_ablated(result))
    reason = resolvable(labels, plan.target) or ("" if result.coagulated.any() else "nothing is coagulated")
    if reason:
        found += _not_checked(labels, plan.target, reason)
    else:
        found += margin_quantities(labels, plan.target, ablative_margin(labels, plan.target, result, RIM_MM))
        found += _outside(labels, plan.target, result)
    monitor.progress(0.7)
    check_cancelled(monitor)
    if isinstance(result, ThermalResult):
        found += _temperatures(labels, plan.target, result)
        notes += (result.older_physics,) if result.older_physics else ()
    else:
        found = [_promised(quantity) for quantity in found]
    monitor.progress(1.0)
    return Assessment(plan.name, tuple(found), case.synthetic, (*notes, *result.warnings))


def _of_anatomy(case: Case) -> tuple[Quantity, ...]:
    heart = heart_quantities(case)
    if heart and "liver" not in case.label_map:  # a scan of the heart: organs of the abdomen are not missing
        return heart
    return (*heart, *lesions_placed(case, volume_quantities(case)), *territory_quantities(case))


def _ablated(result: Zoned) -> Quantity:
    note = f"coagulated by {result.verdict_model}"
    if _touches_border(result):
        note += "; the zone reaches the edge of the simulated box, so it is larger than this"
    return Quantity("ablated_ml", "Ablated volume", round(result.coagulated_ml, 3), "ml", note=note)


def _touches_border(result: Zoned) -> bool:
    zone = result.coagulated
    return any(bool(zone.take(side, axis=axis).any()) for axis in range(3) for side in (0, -1))


def margin_quantities(
    labels: LabelMap, target: str, margin: Margin, healthy: tuple[float, str] | None = None
) -> list[Quantity]:
    """Return the numbers of a margin with limits and verdicts.

    ``healthy`` is what ``healthy_ml`` says of the target's organ, where the caller has it already.
    """
    limits = catalog.load("limits")["margins"]
    organ = labels.segment(target).part_of
    minimal = round(margin.minimal_mm, 1) + 0.0
    wanted = float(limits["ablative_margin_mm"]["value"])
    half = 0.5 * max(labels.geometry.spacing_mm)
    note = f"least signed distance of the target's surface to the zone's; the scan resolves about {half:.1f} mm"
    if margin.subcapsular_percent > 0:
        note += (
            f"; {margin.subcapsular_percent:.0f} % of the target's surface lie within {RIM_MM:g} mm of the surface of "
            f"the {organ}: left out where the zone reaches that surface"
        )
    found = [Quantity(
        "minimal_margin_mm", "Minimal ablative margin", minimal, "mm", f"at least {wanted:g} mm, borderline from 0 mm",
        "met" if minimal >= wanted else "borderline" if minimal >= 0 else "not met",
        limits["ablative_margin_mm"]["source"], margin.place_mm, note,
    )]
    found.append(_coverage("target_percent", "Target covered", margin.target_percent,
                           limits["target_coverage_percent"], f"percent of the volume of {target}"))
    within = f"{organ} within {RIM_MM:g} mm of the target" if organ else f"tissue within {RIM_MM:g} mm of the target"
    found.append(_coverage("rim_percent", f"{RIM_MM:g} mm rim covered", margin.rim_percent,
                           limits["rim_coverage_percent"], f"percent of {within}; outside of it nothing is counted"))
    found += _lost(labels, organ, margin.healthy_lost_ml, healthy)
    return [_doubted(quantity, labels, target) for quantity in found]


def _coverage(name: str, label: str, value: float | None, limit: dict[str, Any], note: str) -> Quantity:
    wanted = float(limit["value"])
    low = float(limit.get("borderline", wanted))
    text = f"at least {wanted:g} %" + (f", borderline from {low:g} %" if low < wanted else "")
    if value is None:
        return Quantity(name, label, None, "%", text, "not checked", limit["source"], note="there is no rim to cover")
    # rounded down, so that 100 % is only said of all of it
    shown = float(np.floor(value * 10.0) / 10.0)
    verdict = "met" if shown >= wanted else "borderline" if shown >= low else "not met"
    return Quantity(name, label, shown, "%", text, verdict, limit["source"], note=note)


def _lost(
    labels: LabelMap, organ: str, lost_ml: float, healthy: tuple[float, str] | None = None
) -> list[Quantity]:
    title = f"Healthy {organ} lost" if organ else "Healthy tissue lost"
    found = [Quantity("healthy_lost_ml", title, round(lost_ml, 1), "ml", note="coagulated, not of a lesion")]
    if organ and organ in labels:
        whole, text = healthy or healthy_ml(labels, organ)
        share = round(100.0 * lost_ml / whole, 1) if whole > 0 else None
        found.append(Quantity(
            "healthy_lost_percent", f"{title}, share", share, "%", note=f"of {whole:.0f} ml: {text}",
            verdict="" if share is not None else "not checked",
        ))
    return found


def _outside(labels: LabelMap, target: str, result: Zoned) -> list[Quantity]:
    """Volume coagulated beyond the organ of the target, and in which structures most of it lies."""
    organ = labels.segment(target).part_of
    if organ not in labels:
        return []
    centres = result.geometry.to_world(np.argwhere(result.coagulated))
    kept = nearest(labels.mask(organ) | labels.mask(target), labels.geometry, centres)
    beyond = centres[~kept]
    voxel_ml = result.geometry.voxel_volume_ml
    shares = {}
    for segment in labels.segments:
        if not segment.absent and segment.layer == labels.segment(organ).layer:
            mask = labels.array[segment.layer] == segment.value
            shares[segment.name] = int(np.count_nonzero(nearest(mask, labels.geometry, beyond))) * voxel_ml
    most = sorted((name for name in shares if shares[name] >= 0.05), key=lambda name: -shares[name])[:3]
    place = ", ".join(f"{catalog.term(name)['label'].lower()} {shares[name]:.1f} ml" for name in most)
    value = round(beyond.shape[0] * voxel_ml, 1)
    return [Quantity("outside_ml", f"Ablated outside the {organ}", value, "ml", note=f"in {place}" if place else "")]


def _temperatures(labels: LabelMap, target: str, result: ThermalResult) -> list[Quantity]:
    """Highest (of a freezing: lowest) temperature of each structure of the hard rules that lies in the box."""
    limits, sign, words, bound = catalog.load("limits"), 1.0, "highest", "at most"
    limit, extreme = limits["organ_temperature_c"], result.hottest_c
    if extreme is None:
        extreme = np.asarray(result.temperature_c).max(axis=0)
    if result.coldest_c is not None:
        limit, extreme = limits["organ_coldest_c"], np.asarray(result.coldest_c)
        sign, words, bound = -1.0, "lowest", "at least"
    axes = result.geometry.canonical_axes()
    geometry, peak = result.geometry.reindexed(*axes), reindex(sign * extreme, *axes)
    index = np.indices(geometry.shape).reshape(3, -1).T
    places = labels.geometry.voxel_of(geometry.to_world(index))
    inside = np.all((places >= 0) & (places < np.asarray(labels.geometry.shape)), axis=1)
    index, places = index[inside], places[inside]
    found = []
    names = [n for group in limits["tissue_groups"] if not group.get("by_diameter") for n in group["structures"]]
    for name in names:
        if name not in labels or name in (target, labels.segment(target).part_of):
            continue
        hit = labels.mask(name)[tuple(places.T)]
        if not hit.any():
            continue
        values = peak[tuple(index[hit].T)]
        # the first of the voxels that are the hottest as the number is told: the last digits are noise of float32
        hottest = index[hit][int(np.argmax(np.round(values, 1)))]
        value = sign * round(float(values.max()), 1)
        x, y, z = (round(round(float(part), 6), 1) for part in geometry.to_world(hottest))
        found.append(_doubted(Quantity(
            f"{name}_peak_c", f"{catalog.term(name)['label']}, {words} temperature", value, "degC",
            f"{bound} {limit['value']:g} degC",
            "met" if sign * value <= sign * float(limit["value"]) else "not met", "assumed", (x, y, z),
            "over the snapshots of the simulation" if result.coldest_c is None and result.hottest_c is None else "",
        ), labels, name))
    return found


def _doubted(quantity: Quantity, labels: LabelMap, name: str) -> Quantity:
    """Return a number read off the outline of ``name``: one that is flagged can miss a limit, it cannot meet it.

    What falls short by a little stays "borderline": that the outline is open must not hide that the limit is missed.
    """
    segment = labels.segment(name)
    if segment.state != "check" or quantity.verdict not in ("met", "borderline"):
        return quantity
    note = "; ".join(filter(None, [quantity.note, f"the outline of {_label_of(name)} is to be confirmed"]))
    return replace(quantity, verdict="not checked" if quantity.verdict == "met" else "borderline", note=note)


def _promised(quantity: Quantity) -> Quantity:
    """Return a number of a table's zone: a promise can miss a limit, only a simulation can meet it."""
    if not quantity.verdict:
        return quantity
    note = "; ".join(filter(None, [quantity.note, "promised by the device's table, no physics"]))
    return replace(quantity, verdict="not checked" if quantity.verdict == "met" else quantity.verdict, note=note)


def _label_of(name: str) -> str:
    return str(catalog.term(name)["label"]).lower()


def _not_checked(labels: LabelMap, target: str, reason: str) -> list[Quantity]:
    limits = catalog.load("limits")["margins"]
    entries = (
        ("minimal_margin_mm", "Minimal ablative margin", "mm", "ablative_margin_mm"),
        ("target_percent", "Target covered", "%", "target_coverage_percent"),
        ("rim_percent", f"{RIM_MM:g} mm rim covered", "%", "rim_coverage_percent"),
    )
    found = [
        Quantity(name, label, None, unit, f"at least {limits[key]['value']:g} {unit}", "not checked",
                 limits[key]["source"], note=reason)
        for name, label, unit, key in entries
    ]
    organ = labels.segment(target).part_of or "tissue"
    return [*found, Quantity("healthy_lost_ml", f"Healthy {organ} lost", None, "ml", "", "not checked", note=reason)]
