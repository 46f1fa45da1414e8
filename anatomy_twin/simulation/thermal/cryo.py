"""Cryoablation: from a case and a plan of cryoneedles to ice, its isotherms and the zone that they kill."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, AblationPlan, Applicator, Case, Monitor, ThermalResult, Tissue, part_of
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import freezing as kernel
from anatomy_twin.simulation.thermal import account, assembly, freezing, needles, resolution, sources, tissues
from anatomy_twin.simulation.thermal.base import ThermalModel
from anatomy_twin.simulation.thermal.freezing import Faces, FreezingState, FreezingSystem, Needle, Phase
from anatomy_twin.simulation.thermal.zones import snapshot_times_s, zone_surface
from anatomy_twin.units import lps_text

KIND: Final = "cryo"
LEVEL_PER_K: Final = 20.0  # ``level`` falls by a factor of ten over this many kelvin
TRACE_S: Final = 5.0
DEFAULT_VERDICT: Final = "isotherm_-20"


def freezes(plan: AblationPlan) -> bool:
    """Tell whether the devices of a plan freeze; ``SimulationError`` for an unknown device or one that mixes kinds."""
    return assembly.kind_of(plan) == KIND


def lethal_c(model: ThermalModel) -> float:
    """Return the temperature that decides what is dead, in degC; ``SimulationError`` for a verdict on heat.

    "arrhenius", the default of a model, stands for -20 degC: there is no damage integral for cold.
    """
    known = catalog.load("tissues")["freezing"]["lethal"]
    verdict = DEFAULT_VERDICT if model.verdict == "arrhenius" else model.verdict
    if verdict not in known:
        raise SimulationError(
            f"the verdict {model.verdict!r} judges heat, the plan freezes", advice=f"use one of {', '.join(known)}"
        )
    return float(known[verdict])


def level(coldest_c: NDArray[Any], lethal: float) -> NDArray[np.float64]:
    """Return 10^((lethal - coldest) / 20 K): 1 at the border of the zone, like a damage, its logarithm near linear."""
    return np.asarray(10.0 ** ((lethal - np.asarray(coldest_c, np.float64)) / LEVEL_PER_K))


def assemble(
    case: Case, plan: AblationPlan, model: ThermalModel | None = None, monitor: Monitor = SILENT
) -> FreezingSystem:
    """Return the freezing system of ``plan`` on an isotropic box around its target and needles.

    Raises what ``assembly.assemble`` raises.
    """
    model = model or ThermalModel()
    lethal_c(model)
    for applicator in plan.applicators:
        sources.check_settings(applicator)
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    box, warnings = assembly.box_around(labels, plan, model)
    warnings += resolution.check_plan(labels, plan, model, assembly.extent_of(labels, plan))
    monitor.progress(0.1)
    system = system_on(assembly.lay_ground(labels, box, model, monitor), plan, model, warnings)
    monitor.progress(0.9)
    return system


def system_on(
    ground: assembly.Ground, plan: AblationPlan, model: ThermalModel, warnings: Sequence[str] = ()
) -> FreezingSystem:
    """Return the freezing system of a plan on a ground laid with the same model.

    Raises ``SimulationError`` for a needle outside the body or in a large vessel.
    """
    everything = catalog.load("tissues")
    facts, body_c = everything["freezing"], model.outside_c(everything["body_temperature_c"])
    spacing, ends = model.spacing_mm, (facts["liquidus_c"], facts["solidus_c"])
    # large vessels conduct nothing, as air: blood of body temperature flows in them, see ``wall_1_s``
    number = np.where(ground.sink, tissues.AIR, ground.number).astype(np.uint8)
    rows, warm_k, cold_k = [kernel.material_row(body_c, *ends, 1.2e3, 1.2e3, 0.0)], [0.0], [0.0]
    for tissue in ground.tissues:
        warm, cold = conductivities_w_m_k(tissue, facts)
        rows.append(material_row(tissue, facts, body_c))
        warm_k.append(warm)
        cold_k.append(cold)
    fields = np.array(warm_k)[number], np.array(cold_k)[number]
    volume_m3 = (spacing * 1e-3) ** 3
    warm_faces, cold_faces = (_faces(field, spacing, volume_m3, model.dtype) for field in fields)
    found, stiffest, lines, more = _needles(plan, ground, fields, model, body_c)
    materials = np.array(rows)
    parameters, assumed = _account(plan, model, ground, everything)
    return FreezingSystem(
        ground.box, number, materials, warm_faces, cold_faces, ground.perfusion_1_s, ground.wall_1_s, found,
        freezing.largest_time_step_s(warm_faces, cold_faces, number, materials, stiffest), body_c, *ends,
        lethal_c(model), facts["stasis_c"], parameters | lines, assumed, (*warnings, *ground.warnings, *more),
    )


def simulate(case: Case, plan: AblationPlan, model: ThermalModel, monitor: Monitor = SILENT) -> ThermalResult:
    """Return ice and its zone of a plan of cryoneedles; raises what ``simulate_ablation`` raises."""
    with part_of(monitor, 0.0, 0.1) as part:
        system = assemble(case, plan, model, part)
    for line in (*model.what_if, *system.warnings):
        monitor.warn(line)
    duration = system.freezing_s + model.cooling_s
    ends = {time for needle in system.needles for phase in needle.phases for time in (phase.start_s, phase.stop_s)}
    with part_of(monitor, 0.1, 0.97) as part:
        times = {*snapshot_times_s(system.geometry.shape, duration, max(1, model.snapshots - len(ends))), *ends}
        states = freezing.run(system, duration, sorted(times), part)
    return _result(plan, model, system, states)


def phases_of(applicator: Applicator, body_c: float) -> tuple[Phase, ...]:
    """Return when gas flows through a needle and how cold it becomes: its device's protocol.

    The protocol begins at the start of the applicator; the time of the applicator is that of each freeze, its setting
    the share of the time that the gas is on. The needle comes from ``body_c``.
    """
    entry = sources.device(applicator.device)
    gas, found, now = entry["gas"], [], applicator.start_s
    for part in entry["protocol"]:
        length = applicator.duration_s if part["phase"] == "freeze" else float(part["duration_s"])
        if part["phase"] == "freeze":
            found.append(Phase(
                now, now + length, body_c, gas["needle_c"], gas["time_constant_s"], applicator.power_w / 100.0
            ))
        elif part["phase"] != "thaw":
            raise SimulationError(f"unknown phase {part['phase']!r} of a protocol", where=applicator.device)
        now += length
    return tuple(found)


def conductivities_w_m_k(tissue: Tissue, facts: Mapping[str, Any]) -> tuple[float, float]:
    """Return the conductivity of a tissue unfrozen and frozen, see ``freezing`` of the catalog."""
    watery = _watery(tissue, facts)
    return tissue.conductivity_w_m_k, tissue.conductivity_w_m_k * (
        1.0 + (facts["reference"]["conductivity_ratio"] - 1.0) * watery
    )


def material_row(tissue: Tissue, facts: Mapping[str, Any], body_c: float) -> list[float]:
    """Return the row of ``kernels.freezing`` for a tissue."""
    unfrozen = tissue.density_kg_m3 * tissue.specific_heat_j_kg_k
    frozen = unfrozen * (1.0 - (1.0 - facts["reference"]["heat_capacity_ratio"]) * _watery(tissue, facts))
    latent = tissue.density_kg_m3 * facts["water_fraction"][tissue.name] * facts["latent_heat_j_kg"]
    return kernel.material_row(body_c, facts["liquidus_c"], facts["solidus_c"], unfrozen, frozen, latent)


def _watery(tissue: Tissue, facts: Mapping[str, Any]) -> float:
    if tissue.name not in facts["water_fraction"]:
        raise SimulationError(f"the catalog does not say how much water {tissue.name} holds")
    return float(facts["water_fraction"][tissue.name] / facts["reference"]["water_fraction"])


def _faces(conductivity: NDArray[Any], spacing_mm: float, volume_m3: float, dtype: Any) -> Faces:
    k, j, i = (
        (assembly.face_conductance_w_k(conductivity, axis, spacing_mm) / volume_m3).astype(dtype) for axis in range(3)
    )
    return k, j, i


def _needles(
    plan: AblationPlan, ground: assembly.Ground, fields: tuple[NDArray[Any], NDArray[Any]], model: ThermalModel,
    body_c: float,
) -> tuple[tuple[Needle, ...], float, dict[str, str], list[str]]:
    """Return the needles, the most they add to the stiffness of a voxel, what to tell and to warn of."""
    box, spacing, usable = ground.box, model.spacing_mm, fields[0] > 0
    found, stiffest, lines, warnings = [], 0.0, {}, []
    for n, applicator in enumerate(plan.applicators, start=1):
        assembly.require_tissue(applicator, box, ground.number != tissues.AIR)
        place = lps_text(applicator.tip_mm)
        radius = float(sources.device(applicator.device)["shaft_diameter_mm"]) / 2.0
        std = needles.spread_mm(spacing, radius)
        start, _, stop = sources.active_zone_mm(applicator)
        needle = needles.line_of(
            box.to_index(start), box.to_index(stop), spacing, radius, std, fields, usable,
            phases_of(applicator, body_c), _film_w_m2_k(applicator),
        )
        if needle is None:
            raise SimulationError("the freezing part of an applicator lies outside tissue", where=place)
        stiffest += needles.stiffness_w_m3_k(float(fields[1].max()), radius, std)
        length = float(np.linalg.norm(stop - start))
        share = (needle.starts.size - 1) / max(1, int(np.ceil(length / spacing)))
        if share < 1.0:
            warnings.append(f"{(1.0 - share) * length:.0f} mm of the freezing part of applicator {n} lie in a large "
                            "vessel or outside the box and freeze nothing")  # fmt: skip
        lines[f"applicator {n} exchange"] = (
            f"{float(needle.cold_w_k.sum()) / (share * length * 1e-3):.3g} W/m/K with frozen tissue, Gaussian weights "
            f"of {std:.3g} mm"
        )
        found.append(needle)
    return tuple(found), stiffest, lines, warnings


def _film_w_m2_k(applicator: Applicator) -> float:
    """Return what passes between the gas and the wall of a needle; without a number the wall is as cold as the gas."""
    return float(sources.device(applicator.device)["gas"].get("film_w_m2_k", math.inf))


def _account(
    plan: AblationPlan, model: ThermalModel, ground: assembly.Ground, everything: Mapping[str, Any]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the numbers of the run as text with units, and the names of those without a public source."""
    facts, vessel = everything["freezing"], everything["vessels"]
    parameters = account.common(model, ground.box, everything) | {
        "perfusion": f"falls with the share of ice, ends for good below {facts['stasis_c']:g} degC",
        "freezing": (
            f"from {facts['liquidus_c']:g} to {facts['solidus_c']:g} degC, {facts['latent_heat_j_kg'] / 1e3:g} kJ/kg "
            "of water"
        ),
        "vessels": account.of_vessels(model, everything, ground.transfer_w_m2_k),
        "voxels of large vessels": str(int(ground.sink.sum())),
    }
    assumed = ["surroundings: no heat passes from skin to air", *(f"freezing: {name}" for name in facts["assumed"])]
    for n, applicator in enumerate(plan.applicators, start=1):
        entry, title = sources.device(applicator.device), f"applicator {n}"
        label, unit = catalog.device_setting(entry)
        parameters |= {
            f"{title} device": f"{entry['label']} ({applicator.device})",
            f"{title} {label}": f"{applicator.power_w:g} {unit}",
            f"{title} freeze": sources.time_in_words(applicator),
            f"{title} protocol": ", ".join(
                f"{part['phase']} {applicator.duration_s if part['phase'] == 'freeze' else part['duration_s']:g} s"
                for part in entry["protocol"]
            ),
            f"{title} needle": (
                f"{entry['gas']['needle_c']:g} degC with a time constant of {entry['gas']['time_constant_s']:g} s, "
                f"{entry['shaft_diameter_mm']:g} mm thick, {entry['active_length_mm']:g} mm of it freeze"
                + (f", {film:g} W/m2/K between gas and wall" if math.isfinite(film := _film_w_m2_k(applicator)) else "")
            ),
        }
        assumed += [f"{applicator.device}: {name}" for name in entry["assumed"]]
    for tissue in ground.tissues:
        warm, cold = conductivities_w_m_k(tissue, facts)
        row = material_row(tissue, facts, model.outside_c(everything["body_temperature_c"]))
        per_mass = row[kernel.FROZEN] / tissue.density_kg_m3
        parameters[f"tissue {tissue.name}"] = (
            f"density {tissue.density_kg_m3:g} kg/m3, heat capacity {tissue.specific_heat_j_kg_k:g} J/kg/K (frozen "
            f"{per_mass:.0f}), conductivity {warm:g} W/m/K (frozen {cold:.3g}), "
            f"water {facts['water_fraction'][tissue.name]:.0%}, perfusion {tissue.perfusion_1_s:g} 1/s"
        )
        assumed += [f"tissue {tissue.name}: {name}" for name in tissue.assumed]
    assumed += [f"vessels: {name}" for name in vessel["assumed"]]
    return parameters, tuple(dict.fromkeys(assumed))


def _result(
    plan: AblationPlan, model: ThermalModel, system: FreezingSystem, states: list[FreezingState]
) -> ThermalResult:
    last, facts = states[-1], catalog.load("tissues")["freezing"]
    coldest = np.asarray(last.coldest_c)
    dead = coldest <= system.lethal_c
    words = f"coldest temperature of at most {system.lethal_c:g} degC (lethal isotherm)"
    warnings = [*model.what_if, *system.warnings]
    if not dead.any():
        warnings.append(f"nothing is colder than {system.lethal_c:g} degC at any time")
    ice = coldest <= facts["ice_edge_c"]
    if any(np.take(ice, place, axis).any() for axis in range(3) for place in (1, -2)):
        warnings.append("the ice reaches the edge of the box: it is larger than shown")
    millilitres = system.geometry.voxel_volume_ml
    levels = sorted({facts["ice_edge_c"], *facts["lethal"].values()}, reverse=True)
    parameters = dict(system.parameters) | {
        "time step": f"at most {system.time_step_s:.3f} s",
        "simulated time": f"{last.time_s:g} s, of which {last.time_s - system.freezing_s:g} s after the last freeze",
        "verdict": words,
        "heat taken by the needles": f"{last.taken_j / 1e3:.2f} kJ",
        "longest time below the lethal temperature": f"{float(np.max(last.lethal_s)):.0f} s",
    } | {f"volume once at or below {celsius:g} degC": f"{np.count_nonzero(coldest <= celsius) * millilitres:.2f} ml"
         for celsius in levels}  # fmt: skip
    shape = (len(states), *system.geometry.shape)
    return ThermalResult(
        plan.name, system.geometry, np.array([state.time_s for state in states]),
        np.stack([state.temperature_c for state in states], dtype=np.float32, casting="same_kind"),
        np.zeros(shape, np.float32), np.zeros(shape[1:], np.float32), dead, words,
        zone_surface(level(coldest, system.lethal_c), system.geometry), parameters, system.assumed, tuple(warnings),
        coldest.astype(np.float32), traces=needle_traces(system.needles),
    )


def needle_traces(needles: Sequence[Needle]) -> dict[str, NDArray[np.float64]]:
    """Return what the wall of each needle is held at while gas flows (degC, every ``TRACE_S``), by names of traces."""
    rows: list[tuple[float, float, float]] = []
    for number, needle in enumerate(needles, start=1):
        for phase in needle.phases:
            times = np.append(np.arange(phase.start_s, phase.stop_s, TRACE_S), phase.stop_s)
            rows += [(float(time), float(number), phase.temperature_c(float(time))) for time in times]
    table = np.array(sorted(rows), np.float64).reshape(-1, 3)
    return {name: table[:, n].copy() for n, name in enumerate(("time_s", "applicator", "needle_c"))}
