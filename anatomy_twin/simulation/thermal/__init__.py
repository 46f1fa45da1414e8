"""Heat and coagulation of an ablation plan: Pennes bioheat on a voxel grid, Arrhenius and CEM43 damage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor, SurfaceMesh, ThermalResult, VolumeGeometry, part_of
from anatomy_twin.simulation.thermal import assembly, pipeline
from anatomy_twin.simulation.thermal.base import (
    DamageModel,
    Evaporation,
    HeatPulse,
    ThermalModel,
    ThermalState,
    ThermalSystem,
)

__all__ = [
    "DamageModel", "Evaporation", "HeatPulse", "ThermalModel", "ThermalState", "ThermalSystem", "simulate_ablation",
    "zone_surface",
]

SNAPSHOT_INTERVALS_S = (5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
SNAPSHOT_BYTES = 192_000_000  # of temperature and damage together


def simulate_ablation(
    case: Case, plan: AblationPlan, model: ThermalModel | None = None, monitor: Monitor = SILENT
) -> ThermalResult:
    """Return heat and damage of an ablation plan; the case is not changed.

    Raises ``PlanError`` for a target that is not there, ``SimulationError`` for what cannot be simulated, and
    ``Cancelled`` when the monitor says so.
    """
    model = model or ThermalModel()
    with part_of(monitor, 0.0, 0.15) as part:
        system = assembly.assemble(case, plan, model, part)
    for line in system.warnings:
        monitor.warn(line)
    duration = system.heating_s + model.cooling_s
    with part_of(monitor, 0.15, 0.97) as part:
        states = pipeline.run(system, duration, snapshot_times_s(system, duration, model.snapshots), part)
    result = _result(plan, model, system, states)
    monitor.progress(1.0)
    return result


def snapshot_times_s(system: ThermalSystem, duration_s: float, most: int) -> list[float]:
    """Return times from 0 to the end, evenly spaced by the shortest round interval that keeps number and memory low."""
    bytes_each = 8 * int(np.prod(system.geometry.shape))
    count = min(most, max(2, SNAPSHOT_BYTES // bytes_each))
    for interval in SNAPSHOT_INTERVALS_S:
        times = np.arange(0.0, duration_s - 1e-6, interval)
        if times.size + 1 <= count:
            return [*(float(time) for time in times), duration_s]
    return [0.0, duration_s]


def zone_surface(level: NDArray[np.floating], geometry: VolumeGeometry) -> SurfaceMesh | None:
    """Return the closed surface where ``level`` [k, j, i] (a damage, 1 at the border) reaches 1, None for no zone.

    The surface runs through log10(level), in which damage is nearly linear in space, so it does not follow the voxels.
    """
    if not (level >= 1.0).any():
        return None
    logs = np.log10(np.clip(np.asarray(level, np.float64), 1e-2, 1e2))
    points, triangles, _, _ = measure.marching_cubes(np.pad(logs, 1, constant_values=-2.0), 0.0)
    mesh = SurfaceMesh(geometry.to_world(points - 1.0), triangles)
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(mesh.points_mm, triangles[:, ::-1])


def _result(
    plan: AblationPlan, model: ThermalModel, system: ThermalSystem, states: list[ThermalState]
) -> ThermalResult:
    last = states[-1]
    if model.verdict == "arrhenius":
        level, words = last.omega, "Arrhenius integral of at least 1 (63 % of cells dead)"
    else:
        level = last.cem43_min / system.damage.cem43_threshold_min
        words = f"thermal dose of at least {system.damage.cem43_threshold_min:g} equivalent minutes at 43 degC"
    warnings = list(system.warnings)
    coagulated = np.asarray(level >= 1.0)
    if not coagulated.any():
        warnings.append("nothing is coagulated at the end")
    sides = [np.take(coagulated, place, axis) for axis in range(3) for place in (1, -2)]
    if any(side.any() for side in sides):
        warnings.append("the coagulated zone reaches the edge of the box: it is larger than shown")
    parameters = dict(system.parameters) | {
        "time step": f"at most {system.time_step_s:.3f} s",
        "simulated time": f"{last.time_s:g} s, of which {last.time_s - system.heating_s:g} s after the heat went off",
        "verdict": words,
    }
    return ThermalResult(
        plan.name, system.geometry, np.array([state.time_s for state in states]),
        np.stack([state.temperature_c for state in states], dtype=np.float32, casting="same_kind"),
        np.stack([state.omega for state in states], dtype=np.float32, casting="same_kind"),
        last.cem43_min.astype(np.float32), coagulated, words, zone_surface(level, system.geometry), parameters,
        system.assumed, tuple(warnings),
    )
