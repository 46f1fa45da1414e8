"""From radiofrequency applicators of a plan to electrodes, cooling and conductivities on the grid of a simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Applicator, Tissue, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import electric, sources, tissues
from anatomy_twin.simulation.thermal.base import Evaporation, HeatPulse, ThermalModel
from anatomy_twin.simulation.thermal.electric import ElectricSystem, Electrode
from anatomy_twin.units import lps_text

Line = tuple[NDArray[np.float64], NDArray[np.float64]]


def electrode_lines_mm(applicator: Applicator) -> list[Line]:
    """Return the bare metal of an applicator as straight pieces (ends in LPS mm): its tip, or its tines.

    Tines are spread evenly around the axis; the first lies in the plane of the axis and the patient's long axis.
    """
    entry = sources.device(applicator.device)
    shape, tip, along = entry["electrode"], np.asarray(applicator.tip_mm), np.asarray(applicator.direction)
    if "tines" not in shape:
        start, _, stop = sources.active_zone_mm(applicator)
        return [(start, stop)]
    up = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    first = np.cross(along, np.cross(up, along))
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    path = np.asarray(shape["tine_path_mm"], float)
    lines: list[Line] = []
    for angle in 2.0 * np.pi * np.arange(int(shape["tines"])) / int(shape["tines"]):
        aside = np.cos(angle) * first + np.sin(angle) * second
        points = tip + path[:, :1] * along + path[:, 1:] * aside
        lines += [(points[n], points[n + 1]) for n in range(len(points) - 1)]
    if "axis_path_mm" in shape:
        low, high = shape["axis_path_mm"]
        lines.append((tip + low * along, tip + high * along))
    return lines


def sensors_mm(applicator: Applicator) -> NDArray[np.float64]:
    """Return where the temperature sensors of an applicator lie, (n, 3) LPS mm: the tips of its tines, or its tip."""
    lines = electrode_lines_mm(applicator)
    shape = sources.device(applicator.device)["electrode"]
    if "tines" not in shape:
        return np.array([lines[0][1]])
    pieces = len(shape["tine_path_mm"]) - 1
    return np.array([lines[n * pieces + pieces - 1][1] for n in range(int(shape["tines"]))])


def electric_system(
    applicators: Sequence[Applicator], box: VolumeGeometry, conductivity_s_m: NDArray[Any], model: ThermalModel,
    body_c: float, boil: Evaporation, sink: NDArray[np.bool_],
) -> ElectricSystem:
    """Return electrodes and conductivities of applicators that one generator drives.

    ``conductivity_s_m`` [k, j, i] at body temperature, ``sink`` where blood carries heat off. Raises
    ``SimulationError`` when the applicators are of devices with different generators, or when several are to work at
    once and the generator cannot switch between them.
    """
    entries = [sources.device(applicator.device) for applicator in applicators]
    protocol = entries[0]["generator"]
    if any(entry["generator"] != protocol for entry in entries):
        raise SimulationError("one plan uses electrodes of different generators", advice="make a plan for each")
    turns = sorted((one.start_s, one.start_s + one.duration_s) for one in applicators)
    met = [second[0] for first, second in pairwise(turns) if second[0] < first[1] - 1e-6]
    if met and "switch_s" not in protocol:
        raise SimulationError(
            f"the generator of {applicators[0].device} drives one electrode at a time, two are on at {met[0]:g} s",
            advice="let each begin when the one before has ended (start_s), or make a plan for each",
        )
    facts = catalog.load("tissues")["radiofrequency"]
    electrodes = tuple(
        _electrode(number, applicator, box, conductivity_s_m, model)
        for number, applicator in enumerate(applicators, start=1)
    )
    centre = np.mean([sources.active_zone_mm(applicator)[1] for applicator in applicators], axis=0)
    return ElectricSystem(
        conductivity_s_m.astype(model.dtype), electrodes, electric.open_sides_m(box, centre).astype(model.dtype),
        box.spacing_mm[0] * 1e-3, protocol, facts["slope_1_k"], facts["dry_ratio"], body_c, boil.from_c, boil.to_c,
        model.control_s, sink,
    )


def _electrode(
    number: int, applicator: Applicator, box: VolumeGeometry, conductivity_s_m: NDArray[Any], model: ThermalModel
) -> Electrode:
    lines, shape = electrode_lines_mm(applicator), sources.device(applicator.device)["electrode"]
    exchange = electric.needle_exchange_m(box, lines, _radius_mm(applicator))
    exchange[conductivity_s_m <= 0] = 0.0
    where = sensors_mm(applicator)
    outside = np.flatnonzero(~box.contains(where))
    if outside.size:
        place = lps_text(where[outside[0]])
        part = "a tine" if "tines" in shape else "the tip"
        raise SimulationError(f"{part} of applicator {number} lies outside the grid", where=place)
    gain = 0.0 if "coolant_c" in shape else electric.surface_gain(
        _radius_mm(applicator), box.spacing_mm[0], tissues.tissue("liver").conductivity_w_m_k
    )
    return Electrode(
        number, exchange.astype(model.dtype), np.array([box.voxel_of(point) for point in where]), applicator.power_w,
        applicator.start_s, applicator.start_s + applicator.duration_s, gain,
    )


def _radius_mm(applicator: Applicator) -> float:
    entry = sources.device(applicator.device)
    return float(entry["electrode"].get("tine_diameter_mm", entry["shaft_diameter_mm"])) / 2.0


def cooling(
    applicators: Sequence[Applicator], box: VolumeGeometry, conductivity_w_m_k: NDArray[Any],
    capacity_j_k: NDArray[Any], body_c: float,
) -> tuple[NDArray[np.float64], list[HeatPulse]]:
    """Return the rate (1/s, [k, j, i]) at which cooled tips exchange heat with tissue, and pulses that coolant takes.

    Coolant runs through the shaft, so ``cooled_shaft_mm`` behind the bare tip are as cold as it. The wall of a tip
    passes ``heat_transfer_w_m2_k`` into water of ``coolant_c``; the rate counts to body temperature, the pulse is the
    rest: C w (coolant - body), negative.
    """
    rate, pulses = np.zeros(box.shape), []
    for applicator in applicators:
        shape = sources.device(applicator.device)["electrode"]
        if "coolant_c" not in shape:
            continue
        radius = _radius_mm(applicator)
        resistance = 0.5 / (float(shape["heat_transfer_w_m2_k"]) * radius * 1e-3)  # k / (h r) for k = 0.5 W/m/K
        start, stop = electrode_lines_mm(applicator)[0]
        back = start - np.asarray(applicator.direction) * float(shape["cooled_shaft_mm"])
        exchange = electric.needle_exchange_m(box, [(back, stop)], radius, resistance)
        here = exchange * conductivity_w_m_k / capacity_j_k
        rate += here
        power = here * capacity_j_k * (float(shape["coolant_c"]) - body_c)
        pulses.append(HeatPulse(applicator.start_s, applicator.start_s + applicator.duration_s, power))
    return rate, pulses


def conductivities_s_m(
    number: NDArray[np.uint8], tissues: Sequence[Tissue], sink: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return S/m per voxel at body temperature: of its tissue, of blood in large vessels, none in air."""
    table: Mapping[str, float] = catalog.load("tissues")["radiofrequency"]["conductivity_s_m"]
    values = np.array([0.0, *(table[tissue.name] for tissue in tissues)])[number]
    return np.where(sink, table["blood"], values)


def account(applicators: Sequence[Applicator]) -> tuple[dict[str, str], list[str]]:
    """Return what a result says of its electrodes, as text with units, and what is assumed of them."""
    facts = catalog.load("tissues")["radiofrequency"]
    parameters, assumed = {}, [f"radiofrequency: {name}" for name in facts["assumed"]]
    for number, applicator in enumerate(applicators, start=1):
        entry = sources.device(applicator.device)
        shape, protocol, title = entry["electrode"], dict(entry["generator"]), f"applicator {number}"
        if "tines" in shape:
            metal = f"{shape['tines']} tines of {shape['tine_diameter_mm']:g} mm"
        else:
            metal = f"{entry['active_length_mm']:g} mm bare, {entry['shaft_diameter_mm']:g} mm thick"
        if "coolant_c" in shape:
            metal += f", cooled by water of {shape['coolant_c']:g} degC ({shape['heat_transfer_w_m2_k']:g} W/m2/K)"
        kind = protocol.pop("kind")
        parameters |= {
            f"{title} device": f"{entry['label']} ({applicator.device})",
            f"{title} power": f"at most {applicator.power_w:g} W, controlled by {kind}",
            f"{title} time": sources.time_in_words(applicator),
            f"{title} electrode": metal,
            f"{title} generator": ", ".join(f"{name} {value:g}" for name, value in protocol.items()),
        }
        assumed += [f"{applicator.device}: {name}" for name in entry["assumed"]]
    parameters["electrical conductivity"] = (
        f"liver {facts['conductivity_s_m']['liver']:g}, tumour {facts['conductivity_s_m']['tumour']:g}, blood "
        f"{facts['conductivity_s_m']['blood']:g} S/m at body temperature, {facts['slope_1_k']:.1%} per K, dried tissue "
        f"{facts['dry_ratio']:.0%} of that"
    )
    return parameters, assumed
