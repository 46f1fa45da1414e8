"""Find the power and the shortest time whose simulated zone gives the margin that a plan asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.assess import ablative_margin
from anatomy_twin.assess.margin import resolvable
from anatomy_twin.core import SILENT, AblationPlan, Case, LabelMap, Monitor, ThermalResult, check_cancelled, part_of
from anatomy_twin.core.monitor import Unwarned
from anatomy_twin.errors import PlanError, SimulationError
from anatomy_twin.plan import load_device
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel, assembly
from anatomy_twin.simulation.thermal.verdicts import dose_so_far_min, level_by

COARSE_MM = 2.0  # grid of the runs that search; the plan that is returned was run on the model's own grid
STEP_S = 15.0
POWERS = 3
NEAR_MM = 0.3  # where a margin is out of reach, heating stops this near to the best that more time would give
NEAR_PERCENT = 3.0  # and this near to the best coverage of the rim
GAIN_MM = 0.5  # more power is only taken for at least this much more margin: it costs healthy liver
PROTOCOL_STEP_S: Final = 60.0  # every time of a device with a protocol is a run of its own
LONGEST_SHARE: Final = 0.4  # of the search's progress goes into the longest times

Doses = NDArray[np.float32]
Found = tuple[float, float]  # the minimal margin in mm, the covered share of the rim in %


def confirm_duration(
    case: Case, plan: AblationPlan, monitor: Monitor = SILENT, *, model: ThermalModel | None = None
) -> tuple[AblationPlan, ThermalResult]:
    """Return the plan with the time (and, if need be, more power) that its margin takes, and its simulation.

    A coarse run of the longest time tells, snapshot by snapshot, when the zone has ``plan.margin_mm`` around the
    target. A device with a protocol (freeze, thaw, freeze) is run coarsely with several times of a freeze instead,
    because its zone is only known at the end of the protocol. A run on the full grid confirms it and corrects the time
    where it has to. When the planned power (of a cryoneedle: its duty cycle) does not reach the margin, higher ones of
    the device are tried. When none does, the gentlest plan whose margin is near the
    best one comes back, and the result's warnings say by how much it falls short. All applicators
    get the same time.

    Raises ``PlanError`` when the target is too small on its grid for a margin, and what ``simulate`` raises.
    """
    labels = case.label_map
    if any(applicator.start_s for applicator in plan.applicators):
        raise PlanError(f"the applicators of plan {plan.name!r} begin one after the other",
                        advice="set power and time by hand, or search the plan as a whole")
    reason = resolvable(labels, plan.target) if plan.target in labels else f"there is no {plan.target!r}"
    if reason:
        raise PlanError(reason, advice="set power and time by hand")
    model = model or ThermalModel()
    chosen: tuple[AblationPlan, list[float], Callable[[int], Found]] | None = None
    best_margin, reached, powers = -np.inf, False, _powers(plan)
    for number, factor in enumerate(powers):
        with part_of(monitor, LONGEST_SHARE * number / len(powers), LONGEST_SHARE * (number + 1) / len(powers)) as part:
            trial = _with_settings(plan, factor, _longest_s(plan))
            times, found_at = _course(case, trial, model, Unwarned(part))
            margin = found_at(len(times) - 1)[0]
        if chosen is None or margin >= plan.margin_mm or margin > best_margin + GAIN_MM:
            chosen, best_margin, reached = (trial, times, found_at), margin, margin >= plan.margin_mm
        if reached:
            break
    assert chosen is not None
    best_time = _first_time(*chosen)
    with part_of(monitor, 0.6, 1.0) as part:
        return _confirm(case, _with_settings(chosen[0], 1.0, best_time), reached, model, part)


def _course(
    case: Case, plan: AblationPlan, model: ThermalModel, monitor: Monitor
) -> tuple[list[float], Callable[[int], Found]]:
    """Return times that a plan may last (s, rising, the longest last), and a function of their number to what is found.

    What heats as long as it is on is run once; a protocol is run for every time that is asked about.
    """
    labels = case.label_map
    if not any("protocol" in load_device(applicator.device) for applicator in plan.applicators):
        result = _coarse_run(case, plan, model, monitor)
        steps = [n for n in range(result.times_s.size) if result.times_s[n] >= _shortest_s(plan)]
        dose = dose_so_far_min(result) if model.verdict == "cem43" else None
        return (
            [float(result.times_s[n]) for n in steps],
            cache(lambda n: _margin_and_rim(labels, plan.target, _until(result, steps[n], model.verdict, dose))),
        )
    coarse = replace(model, spacing_mm=max(model.spacing_mm, COARSE_MM), snapshots=2)
    times = [*np.arange(_shortest_s(plan), _longest_s(plan), PROTOCOL_STEP_S).tolist(), _longest_s(plan)]

    def run(n: int) -> Found:
        with part_of(monitor, 1.0, 1.0) if n < len(times) - 1 else part_of(monitor, 0.0, 1.0) as part:
            result = _run(case, _with_settings(plan, 1.0, times[n]), coarse, part)
        return _margin_and_rim(labels, plan.target, result)

    return times, cache(run)


def _confirm(
    case: Case, plan: AblationPlan, reached: bool, model: ThermalModel, monitor: Monitor
) -> tuple[AblationPlan, ThermalResult]:
    """Run on the full grid; where the margin falls short, give more time, twice at most."""
    for _ in range(3):
        check_cancelled(monitor)
        result = _run(case, plan, model, Unwarned(monitor))  # the caller has the warnings of the last run in its result
        margin, _ = _margin_and_rim(case.label_map, plan.target, result)
        time_s = plan.applicators[0].duration_s
        if margin >= plan.margin_mm:
            return plan, result
        longer = min(_longest_s(plan), time_s + max(2 * STEP_S, 0.2 * time_s))
        if not reached or longer <= time_s:
            break
        plan = _with_settings(plan, 1.0, float(np.ceil(longer / STEP_S) * STEP_S))
    first = plan.applicators[0]
    label, unit = catalog.device_setting(load_device(first.device))
    given = f"{first.power_w:g} {unit}" if unit == "W" else f"a {label} of {first.power_w:g} {unit}"
    freeze = "each freeze of " if result.coldest_c is not None else ""
    text = (
        f"the margin of {plan.margin_mm:g} mm around {plan.target} is not reached: "
        f"{margin:.1f} mm with {given} for {freeze}{first.duration_s:g} s"
        if np.isfinite(margin) else f"no tissue is {'cold enough' if freeze else 'coagulated'} around {plan.target}"
    )
    return plan, replace(result, warnings=(*result.warnings, text))


def _first_time(plan: AblationPlan, times_s: list[float], found_at: Callable[[int], Found]) -> float:
    """Return the first time at which the zone has the margin.

    Where it is never reached (a vessel warms or cools one side): the first time that comes within ``NEAR_MM`` of the
    best margin and ``NEAR_PERCENT`` of the best coverage of the rim, so that the other sides are not left short.
    """
    best, best_rim = found_at(len(times_s) - 1)
    wanted = (plan.margin_mm, 0.0) if best >= plan.margin_mm else (best - NEAR_MM, best_rim - NEAR_PERCENT)
    low, high = 0, len(times_s) - 1
    while low < high:  # the zone only grows, so the margin does too
        middle = (low + high) // 2
        margin, rim = found_at(middle)
        if margin >= wanted[0] and rim >= wanted[1]:
            high = middle
        else:
            low = middle + 1
    time_s = float(np.ceil(times_s[low] / STEP_S - 1e-6) * STEP_S)
    return min(time_s, _longest_s(plan))


def _until(result: ThermalResult, step: int, verdict: str, dose_min: Doses | None) -> ThermalResult:
    """The result as it stood at one snapshot, with the zone by the chosen verdict."""
    hottest, dose = result.temperature_c[: step + 1].max(axis=0), result.cem43_min
    if dose_min is not None:
        dose = dose_min[step]
    if result.coldest_c is None:
        model = assembly.damage_model(catalog.load("tissues"))
        zone = level_by(verdict, model, result.omega[step], dose, hottest)[0] >= 1.0
    else:
        zone = result.coagulated_at(step)
    return replace(
        result, times_s=result.times_s[: step + 1], temperature_c=result.temperature_c[: step + 1],
        omega=result.omega[: step + 1], cem43_min=dose, hottest_c=hottest, coagulated=zone, surface=None,
    )


def _margin_and_rim(labels: LabelMap, target: str, result: ThermalResult) -> tuple[float, float]:
    """Return the minimal margin in mm and the covered percentage of the rim, as the assessment measures them."""
    if not result.coagulated.any():
        return -np.inf, 0.0
    margin = ablative_margin(labels, target, result)
    return margin.minimal_mm, 100.0 if margin.rim_percent is None else margin.rim_percent


def _coarse_run(case: Case, plan: AblationPlan, model: ThermalModel, monitor: Monitor) -> ThermalResult:
    count = int(np.ceil(_longest_s(plan) / STEP_S)) + 1
    coarse = replace(model, spacing_mm=max(model.spacing_mm, COARSE_MM), snapshots=min(200, count))
    return _run(case, plan, coarse, monitor)


def _run(case: Case, plan: AblationPlan, model: ThermalModel, monitor: Monitor) -> ThermalResult:
    result = simulate(case, plan, model, monitor)
    if not isinstance(result, ThermalResult):
        raise SimulationError(f"the simulation of {plan.name!r} gave no temperatures")
    return result


def _powers(plan: AblationPlan) -> list[float]:
    """Factors of the planned power to try: 1, then steps up to what every device can give."""
    most = min(
        float(load_device(applicator.device)["power_w"][1]) / applicator.power_w for applicator in plan.applicators
    )
    return [1.0] if most <= 1.0 else [float(factor) for factor in np.linspace(1.0, most, POWERS)]


def _longest_s(plan: AblationPlan) -> float:
    return min(float(load_device(applicator.device)["duration_s"][1]) for applicator in plan.applicators)


def _shortest_s(plan: AblationPlan) -> float:
    return max(float(load_device(applicator.device)["duration_s"][0]) for applicator in plan.applicators)


def _with_settings(plan: AblationPlan, factor: float, duration_s: float) -> AblationPlan:
    return replace(plan, applicators=tuple(
        replace(applicator, power_w=round(applicator.power_w * factor, 1), duration_s=duration_s)
        for applicator in plan.applicators
    ))
