"""Where several applicators may lie: entries that keep the hard rules, and bundles about them, by the device's zones.

What planning answers is asked for in ``entries`` and ``keeps_rules`` only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.margin import nearest
from anatomy_twin.catalog.zones import zone_of_row
from anatomy_twin.core import AblationPlan, Applicator, Case, Monitor, VolumeGeometry
from anatomy_twin.core.lines import nearest_between
from anatomy_twin.errors import PlanError
from anatomy_twin.plan import check_plan, load_device, propose

Floats = NDArray[np.float64]
SPACINGS_MM = (10.0, 14.0, 18.0)  # between neighbours of a bundle
TURNS = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Applicators for one target with the settings that the device's table promises to cover it, if any does.

    ``reserve`` is 1 or more where it covers; ``size_mm3`` that of the zones.
    """

    applicators: tuple[Applicator, ...]
    reserve: float
    size_mm3: float


def entries(
    case: Case, target: str, margin_mm: float, device: str, count: int, monitor: Monitor
) -> tuple[Applicator, ...]:
    """Return single applicators for a target that keep the hard rules, best first.

    Raises ``PlanError`` where none does, with the rule that the best of them breaks and where.
    """
    found = propose(case, "ablation", target, margin_mm, device, count, monitor)
    kept = tuple(proposal.plan.applicators[0] for proposal in found if proposal.check.feasible)
    if not kept and found:
        raise PlanError(found[0].check.broken[0].told)
    return kept


def keeps_rules(case: Case, target: str, one: Applicator) -> bool:
    """Tell whether an applicator keeps the hard rules."""
    return check_plan(case, AblationPlan("search", target, (one,))).feasible


def bundles(
    one: Applicator, count: int, generator: np.random.Generator, body: NDArray[np.bool_], geometry: VolumeGeometry
) -> list[tuple[Applicator, ...]]:
    """Return layouts of ``count`` parallel applicators about the path of one, spaced and turned in several ways.

    They enter where they leave ``body`` (bool [k, j, i] on ``geometry``).
    """
    if count == 1:
        return [(one,)]
    along = np.asarray(one.direction)
    across = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
    across /= np.linalg.norm(across)
    third = np.cross(along, across)
    start = float(generator.uniform(0.0, 2.0 * math.pi))
    found = []
    for spacing in SPACINGS_MM:
        radius = spacing / (2.0 * math.sin(math.pi / count))
        for turn in range(TURNS):
            angles = start + math.pi * turn / (TURNS * (2 if count > 2 else 1)) + 2 * math.pi * np.arange(count) / count
            shifts = radius * (np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * third)
            found.append(tuple(moved(one, shift, body, geometry) for shift in shifts))
    return found


def moved(one: Applicator, shift_mm: Floats, body: NDArray[np.bool_], geometry: VolumeGeometry) -> Applicator:
    """Return an applicator moved as a whole, with its entry where its line leaves the body.

    Where that is nowhere the entry is only moved along: the rules will say so.
    """
    tip = np.round(np.add(one.tip_mm, shift_mm), 2)
    steps = np.arange(0.0, float(load_device(one.device)["shaft_length_mm"]), 0.5)
    line = tip - steps[:, None] * np.asarray(one.direction)
    inside = nearest(body, geometry, line)
    left = np.flatnonzero(inside[:-1] & ~inside[1:])
    entry = line[left[0]] if left.size else np.add(one.entry_mm, shift_mm)
    return replace(one, entry_mm=tuple(np.round(entry, 2).tolist()), tip_mm=tuple(tip.tolist()))


def ranked(layouts: list[tuple[Applicator, ...]], points_mm: Floats) -> list[Layout]:
    """Return layouts by what the device's table promises: those that cover ``points_mm`` (n, 3) with the least zones
    first, then those that nearly do.
    """
    found = [_promise(applicators, points_mm) for applicators in layouts]
    return sorted(found, key=lambda one: (one.reserve < 1.0, one.size_mm3 if one.reserve >= 1.0 else -one.reserve))


def _promise(applicators: tuple[Applicator, ...], points_mm: Floats) -> Layout:
    device = load_device(applicators[0].device)
    best = Layout(applicators, -1.0, math.inf)
    away = []
    for one in applicators:
        along = np.asarray(one.direction)
        offset = points_mm - np.asarray(one.tip_mm)
        deep = offset @ along
        away.append((deep, np.sqrt(np.maximum((offset**2).sum(axis=1) - deep**2, 0.0))))
    for row in device["zone_table"]:
        zone = zone_of_row(device, row)
        half, across = 0.5 * zone.length_mm, 0.5 * zone.diameter_mm
        centre = zone.beyond_tip_mm - half
        fill = np.min([np.hypot((deep - centre) / half, aside / across) for deep, aside in away], axis=0).max()
        reserve, size = float(1.0 / max(fill, 1e-9)), half * across**2 * len(applicators)
        better = (reserve >= 1.0) > (best.reserve >= 1.0) or (
            (size < best.size_mm3 if reserve >= 1.0 else reserve > best.reserve)
            and (reserve >= 1.0) == (best.reserve >= 1.0)
        )
        if better:
            power_w, duration_s = float(row["power_w"]), float(row["duration_s"])
            heated = tuple(replace(one, power_w=power_w, duration_s=duration_s) for one in applicators)
            best = Layout(heated, reserve, size)
    return best


def powers(applicators: tuple[Applicator, ...]) -> list[float]:
    """Return the powers to try: that of the first applicator, and steps up to what all devices can give."""
    most = min(float(load_device(one.device)["power_w"][1]) for one in applicators)
    least = applicators[0].power_w
    return sorted({round(float(power), 1) for power in np.linspace(least, most, 3)})


def apart_mm(one: Applicator, other: Applicator) -> float:
    """Return the least distance of the axes of two shafts in mm."""
    return nearest_between(*(np.array([each.entry_mm, each.tip_mm]) for each in (one, other)))[0]
