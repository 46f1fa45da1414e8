"""One radiofrequency application of a catheter on the heart: how deep and how wide the lesion becomes.

A flat wall of muscle under blood; the tip (a rod with a round end) stands upright on it and sinks in by the force. The
field is solved in muscle and blood, heat in muscle only: blood and the irrigated tip take it at their surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, FrozenMapping, Monitor, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import assembly, electric, pipeline, tissues
from anatomy_twin.simulation.thermal.base import HeatPulse, ThermalSystem, largest_time_step_s
from anatomy_twin.simulation.thermal.zones import zone_surface
from anatomy_twin.units import check_range

CATHETER = "rf-irrigated-generic"
HALF_WIDTH_MM = 14.0
BLOOD_MM = 8.0
DEEP_MM = 14.0
COOLING_S = 12.0  # heat that is left goes on to act after the power is off


@dataclass(frozen=True, slots=True)
class CardiacLesion:
    """What one application does: depth below the surface and greatest width (mm), volume (mm3), highest temperature.

    ``transmural`` is None where no thickness of the wall was given. ``surface_width_mm`` is the width at the surface.
    """

    depth_mm: float
    width_mm: float
    surface_width_mm: float
    volume_mm3: float
    highest_c: float
    impedance_ohm: float
    transmural: bool | None = None
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))


def cardiac_lesion(
    power_w: float, duration_s: float, force_g: float, irrigation_ml_min: float = 8.0, *, wall_mm: float | None = None,
    repeats: int = 1, pause_s: float = 10.0, catheter: str = CATHETER, spacing_mm: float = 0.5,
    monitor: Monitor = SILENT,
) -> CardiacLesion:
    """Return the lesion of an application of ``power_w`` for ``duration_s`` with a contact force in grams.

    ``irrigation_ml_min`` cools the tip; ``wall_mm`` is the thickness of the wall (None: thick), behind which no heat
    passes; ``repeats`` applications at one place follow each other after ``pause_s``.

    Raises ``SimulationError`` for an unknown catheter or settings out of its range.
    """
    facts = _checked(catheter, power_w, duration_s, force_g, irrigation_ml_min)
    wall = DEEP_MM if wall_mm is None else check_range("wall_mm", wall_mm, 0.5, DEEP_MM)
    check_range("spacing_mm", spacing_mm, 0.2, 1.0)
    if not 1 <= repeats <= 10:
        raise SimulationError(f"{repeats} applications were asked for", advice="ask for 1 to 10")
    depth = float(np.interp(force_g, *np.transpose(facts["insertion_mm"])))
    system = _system(facts, depth, wall, spacing_mm, irrigation_ml_min, power_w, duration_s, repeats, pause_s)
    total = repeats * (duration_s + pause_s) - pause_s + COOLING_S
    times = np.linspace(0.0, total, 4)[1:]
    work = pipeline.begin(system, pipeline.init(system))
    highest = 0.0
    for time in times:
        count = max(1, int(np.ceil((time - work.time_s) / min(system.time_step_s, 0.25))))
        pipeline.advance(system, work, count, (time - work.time_s) / count, monitor)
        highest = max(highest, float(work.temperature.max()))
        monitor.progress(float(time / total))
    assert work.driver is not None
    impedance = work.driver.rows[0][3]
    return _lesion(system, np.asarray(work.omega), highest, impedance, wall_mm, _account(facts, depth), facts)


def _checked(catheter: str, *settings: float) -> Mapping[str, Any]:
    known = catalog.load("catheters")["catheters"]
    if catheter not in known:
        raise SimulationError(f"no catheter is called {catheter!r}", advice=f"there are {', '.join(known)}")
    facts: Mapping[str, Any] = known[catheter]
    names = (("power_w", "W"), ("duration_s", "s"), ("force_g", "g"), ("irrigation_ml_min", "ml/min"))
    for (name, unit), value in zip(names, settings, strict=True):
        low, high = facts[name]
        if not low <= value <= high:
            label = name.rpartition("_")[0].replace("_ml", "")
            raise SimulationError(
                f"{label} {value:g} {unit} is out of the range of {catheter}", advice=f"give {low:g} to {high:g} {unit}"
            )
    return facts


def _system(
    facts: Mapping[str, Any], insertion_mm: float, wall_mm: float, spacing_mm: float, irrigation_ml_min: float,
    power_w: float, duration_s: float, repeats: int, pause_s: float,
) -> ThermalSystem:
    """Return the system of the wall: x, y along it, z (the first axis) into it; 0 is its surface."""
    across, down = round(2 * HALF_WIDTH_MM / spacing_mm), round((BLOOD_MM + DEEP_MM) / spacing_mm)
    origin = (-HALF_WIDTH_MM + spacing_mm / 2, -HALF_WIDTH_MM + spacing_mm / 2, -BLOOD_MM + spacing_mm / 2)
    grid = VolumeGeometry((down, across, across), (spacing_mm,) * 3, np.eye(3)[::-1].T, origin)
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    depth = points[..., 2]
    tip = _rod_distance_mm(points, insertion_mm, facts["tip_diameter_mm"] / 2.0, facts["tip_length_mm"])
    to_metal, metal = electric.body_exchange_m(grid, tip)
    muscle = (depth > 0.0) & (depth < wall_mm) & ~metal
    tissue, blood = tissues.tissue("heart_muscle"), tissues.tissue("blood")
    volume_m3 = (spacing_mm * 1e-3) ** 3
    conductivity = np.where(muscle, tissue.conductivity_w_m_k, 0.0)
    faces = [assembly.face_conductance_w_k(conductivity, axis, spacing_mm) for axis in range(3)]
    capacity = np.full(grid.shape, tissue.density_kg_m3 * tissue.specific_heat_j_kg_k * volume_m3)
    facts_all = catalog.load("tissues")
    body_c, boil = facts_all["body_temperature_c"], assembly.evaporation(facts_all)
    at_tip = _surface_rate_1_s(
        np.where(muscle, to_metal, 0.0), tissue.conductivity_w_m_k,
        facts["heat_transfer_w_m2_k"] + facts["heat_transfer_per_ml_min"] * irrigation_ml_min, spacing_mm, capacity,
    )
    at_blood = _surface_rate_1_s(
        np.where(muscle & (depth < spacing_mm), 2.0 * spacing_mm * 1e-3, 0.0) * (to_metal == 0),
        tissue.conductivity_w_m_k, facts["blood_heat_transfer_w_m2_k"], spacing_mm, capacity,
    )
    values = facts_all["radiofrequency"]["conductivity_s_m"]
    soft = np.where(depth > 0.0, values["heart_muscle"], values["blood"])
    electrical = np.where(metal | (depth >= wall_mm), 0.0, soft)
    found = electric.ElectricSystem(
        electrical.astype(np.float32), _applications(to_metal, power_w, duration_s, repeats, pause_s),
        electric.open_sides_m(grid, (0.0, 0.0, 0.0)).astype(np.float32), spacing_mm * 1e-3,
        {"kind": "power", "series_ohm": facts["circuit_ohm"]}, facts_all["radiofrequency"]["slope_1_k"],
        facts_all["radiofrequency"]["dry_ratio"], body_c, boil.from_c, boil.to_c, 0.25, ~muscle,
    )
    perfused = tissue.perfusion_1_s * blood.density_kg_m3 * blood.specific_heat_j_kg_k * volume_m3 / capacity
    stop_s = repeats * (duration_s + pause_s) + COOLING_S
    cold = HeatPulse(0.0, stop_s, at_tip * capacity * (facts["coolant_c"] - body_c))
    single = [
        np.asarray(values, np.float32)
        for values in (*faces, capacity, np.where(muscle, perfused, 0.0), at_tip + at_blood)
    ]
    return ThermalSystem(
        grid, *single, (cold,), largest_time_step_s(*faces, capacity), body_c, assembly.damage_model(facts_all),
        replace(boil, dry_absorption=1.0), electric=found,
    )


def _applications(
    to_metal: NDArray[Any], power_w: float, duration_s: float, repeats: int, pause_s: float
) -> tuple[electric.Electrode, ...]:
    none = np.zeros((0, 3), np.int64)
    exchange = to_metal.astype(np.float32)
    starts = [n * (duration_s + pause_s) for n in range(repeats)]
    return tuple(
        electric.Electrode(n, exchange, none, power_w, start, start + duration_s)
        for n, start in enumerate(starts, start=1)
    )


def _rod_distance_mm(
    points_mm: NDArray[Any], insertion_mm: float, radius_mm: float, length_mm: float
) -> NDArray[np.float64]:
    """Return the signed distance to an upright rod with a round end whose end lies ``insertion_mm`` below z = 0."""
    low, high = insertion_mm - length_mm + radius_mm, insertion_mm - radius_mm
    along = np.clip(points_mm[..., 2], low, high)
    aside = np.hypot(points_mm[..., 0], points_mm[..., 1])
    return np.asarray(np.hypot(aside, points_mm[..., 2] - along) - radius_mm)


def _surface_rate_1_s(
    exchange_m: NDArray[Any], conductivity_w_m_k: float, heat_transfer_w_m2_k: float, spacing_mm: float,
    capacity_j_k: NDArray[Any],
) -> NDArray[np.float64]:
    """Return the rate at which voxels give heat through a surface of coefficient h; half a way of tissue in series."""
    through = exchange_m * conductivity_w_m_k
    area = np.where(exchange_m > 0, (spacing_mm * 1e-3) ** 2, 0.0)
    over = area * heat_transfer_w_m2_k
    total = np.divide(through * over, through + over, out=np.zeros_like(through), where=through > 0)
    return np.asarray(total / capacity_j_k)


def _account(facts: Mapping[str, Any], insertion_mm: float) -> dict[str, str]:
    return {
        "catheter": f"{facts['label']}, {insertion_mm:.2f} mm in the wall",
        "circuit": f"{facts['circuit_ohm']:g} ohm outside the simulated tissue",
        "verdict": "Arrhenius integral of at least 1 (63 % of cells dead)",
    }


def _lesion(
    system: ThermalSystem, omega: NDArray[Any], highest_c: float, impedance_ohm: float, wall_mm: float | None,
    parameters: Mapping[str, str], facts: Mapping[str, Any],
) -> CardiacLesion:
    assumed = tuple(f"catheter: {name}" for name in facts["assumed"]) + tuple(
        f"radiofrequency: {name}" for name in catalog.load("tissues")["radiofrequency"]["assumed"]
    )
    zone = zone_surface(omega, system.geometry)
    if zone is None:
        return CardiacLesion(0.0, 0.0, 0.0, 0.0, highest_c, impedance_ohm, None if wall_mm is None else False,
                             parameters, assumed)  # fmt: skip
    across = 2.0 * np.hypot(zone.points_mm[:, 0], zone.points_mm[:, 1])
    shallow = zone.points_mm[:, 2] < system.geometry.spacing_mm[0]
    depth = float(zone.points_mm[:, 2].max())
    full = None if wall_mm is None else bool(depth >= wall_mm - 0.5 * system.geometry.spacing_mm[0])
    return CardiacLesion(
        depth, float(across.max()), float(across[shallow].max(initial=0.0)), 1e3 * zone.volume_ml, highest_c,
        impedance_ohm, full, parameters, assumed,
    )
