"""Heat and coagulation of an ablation plan: Pennes bioheat on a voxel grid, Arrhenius and CEM43 damage."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor, ThermalResult, part_of
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import assembly, cryo, pipeline, resolution
from anatomy_twin.simulation.thermal.base import (
    DamageModel,
    Evaporation,
    HeatPulse,
    ThermalModel,
    ThermalState,
    ThermalSystem,
)
from anatomy_twin.simulation.thermal.verdicts import level_by
from anatomy_twin.simulation.thermal.zones import snapshot_times_s, zone_surface

__all__ = [
    "DamageModel", "Evaporation", "HeatPulse", "ThermalModel", "ThermalState", "ThermalSystem", "simulate_ablation",
    "zone_surface",
]

def simulate_ablation(
    case: Case, plan: AblationPlan, model: ThermalModel | None = None, monitor: Monitor = SILENT
) -> ThermalResult:
    """Return heat and damage of an ablation plan; the case is not changed.

    Raises ``PlanError`` for a target that is not there, ``SimulationError`` for what cannot be simulated, and
    ``Cancelled`` when the monitor says so.
    """
    model = model or ThermalModel()
    if cryo.freezes(plan):
        return cryo.simulate(case, plan, model, monitor)
    if model.verdict.startswith("isotherm_-"):
        raise SimulationError(f"the verdict {model.verdict!r} judges cold, plan {plan.name!r} heats")
    with part_of(monitor, 0.0, 0.15) as part:
        system = assembly.assemble(case, plan, model, part)
    for line in (*model.what_if, *system.warnings):
        monitor.warn(line)
    duration = system.heating_s + model.cooling_s
    cost, seconds = resolution.cost_of(int(np.prod(system.geometry.shape)), system.time_step_s, duration)
    if seconds > resolution.LONG_S:
        monitor.warn(f"the run takes {cost}, some {seconds / 60.0:.0f} min: coarser voxels are faster")
    with part_of(monitor, 0.15, 0.97) as part:
        times = snapshot_times_s(system.geometry.shape, duration, model.snapshots)
        states = pipeline.run(system, duration, times, part)
    result = _result(plan, model, system, states, cost)
    monitor.progress(1.0)
    return result


def _result(
    plan: AblationPlan, model: ThermalModel, system: ThermalSystem, states: list[ThermalState], cost: str
) -> ThermalResult:
    last = states[-1]
    level, words = level_by(model.verdict, system.damage, last.omega, last.cem43_min, last.hottest_so_far_c)
    warnings = [*model.what_if, *system.warnings]
    coagulated = np.asarray(level >= 1.0)
    if not coagulated.any():
        warnings.append("nothing is coagulated at the end")
    sides = [np.take(coagulated, place, axis) for axis in range(3) for place in (1, -2)]
    if any(side.any() for side in sides):
        warnings.append("the coagulated zone reaches the edge of the box: it is larger than shown")
    parameters = dict(system.parameters) | {
        "time step": cost,
        "simulated time": f"{last.time_s:g} s, of which {last.time_s - system.heating_s:g} s after the heat went off",
        "verdict": words,
    }
    return ThermalResult(
        plan.name, system.geometry, np.array([state.time_s for state in states]),
        np.stack([state.temperature_c for state in states], dtype=np.float32, casting="same_kind"),
        np.stack([state.omega for state in states], dtype=np.float32, casting="same_kind"),
        last.cem43_min.astype(np.float32), coagulated, words, zone_surface(level, system.geometry), parameters,
        system.assumed, tuple(warnings), hottest_c=last.hottest_so_far_c.astype(np.float32), traces=states[-1].traces,
    )
