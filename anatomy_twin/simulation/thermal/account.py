"""What a thermal simulation says of itself: the numbers that it used, as text, and which of them are assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from anatomy_twin.core import AblationPlan, Applicator, VolumeGeometry
from anatomy_twin.core.results import NO_SINKS, PHYSICS
from anatomy_twin.simulation.thermal import radiofrequency, sources
from anatomy_twin.simulation.thermal.base import ThermalModel


def of_run(
    plan: AblationPlan, model: ThermalModel, used: tuple[Any, ...], box: VolumeGeometry, facts: Mapping[str, Any]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the numbers of the run as text with units, and the names of those without a public source."""
    parameters = common(model, box, facts) | {
        "perfusion": f"ends where the Arrhenius integral reaches {facts['damage']['arrhenius']['perfusion_ends_at']:g}",
    }
    microwaves = sources.device(plan.applicators[0].device)["kind"] == "mwa"
    devices, guessed = (_microwaves if microwaves else radiofrequency.account)(plan.applicators)
    parameters |= devices
    assumed = ["surroundings: no heat passes from skin to air", *guessed]
    for tissue in used:
        parameters[f"tissue {tissue.name}"] = (
            f"density {tissue.density_kg_m3:g} kg/m3, heat capacity {tissue.specific_heat_j_kg_k:g} J/kg/K, "
            f"conductivity {tissue.conductivity_w_m_k:g} W/m/K, perfusion {tissue.perfusion_1_s:g} 1/s"
        )
        assumed += [f"tissue {tissue.name}: {name}" for name in tissue.assumed]
    damage, boil = facts["damage"], facts["evaporation"]
    arrhenius, dose, contraction = damage["arrhenius"], damage["cem43"], damage["contraction"]
    parameters |= {
        "Arrhenius": (
            f"A {arrhenius['frequency_1_s']:.3g} 1/s, Ea {arrhenius['energy_j_mol']:.4g} J/mol, counted from "
            f"{arrhenius['floor_c']:g} degC"
        ),
        "thermal conductivity": f"rises by {model.conductivity_slope_1_k:.2%} per K",
        "CEM43": f"R {dose['r_above']:g} above and {dose['r_below']:g} below {dose['breakpoint_c']:g} degC, "
                 f"{dose['threshold_min']:g} min coagulate",
        "contraction": (
            f"none in the zone; afterwards coagulated tissue is {min(contraction['shares'][1:]):.0%} to "
            f"{max(contraction['shares']):.0%} shorter"
        ),
        "evaporation": f"{boil['water_fraction']:.0%} water by mass boils from {boil['from_c']:g} to "
                       f"{boil['to_c']:g} degC"
                       + (f", then {boil['dry_absorption']:.0%} of the microwaves are taken up" if microwaves else ""),
    }
    for name, block in (
        ("Arrhenius", arrhenius), ("CEM43", dose), ("contraction", contraction), ("evaporation", boil),
        ("vessels", facts["vessels"]),
    ):
        assumed += [f"{name}: {entry}" for entry in block["assumed"]]
    return parameters, tuple(dict.fromkeys(assumed))


def common(model: ThermalModel, box: VolumeGeometry, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run says of its grid and its surroundings, whether it heats or freezes."""
    body = f"{model.outside_c(facts['body_temperature_c']):g} degC, also at the edge of the box"
    return {
        "grid": f"{'x'.join(str(n) for n in reversed(box.shape))} voxels of {model.spacing_mm:g} mm",
        "number type": "float64" if model.double_precision else "float32",
        "body temperature": body if model.surroundings_c is None else f"{body} (set)",
        "skin": facts["surroundings"]["skin"],
        "perfusion factor": f"{model.perfusion_factor:g}",
        "vessel flow factor": f"{model.vessel_flow_factor:g}",
        "verdict name": model.verdict,
        "physics": PHYSICS,
    }


def of_vessels(model: ThermalModel, facts: Mapping[str, Any], transfer_w_m2_k: tuple[float, float] | None) -> str:
    """Return what a run says of large vessels; ``transfer_w_m2_k``: the least and the most of their walls."""
    if not model.vessel_sinks:
        return NO_SINKS
    vessel = facts["vessels"]
    least, most = transfer_w_m2_k or (0.0, 0.0)
    found = f"walls of {least:.0f} to {most:.0f} W/m2/K" if transfer_w_m2_k else "none here"
    return (
        f"over {vessel['sink_from_mm']:g} mm at body temperature, Nusselt number by diameter and flow (times "
        f"{model.vessel_flow_factor:g}): {found}"
    )


def _microwaves(applicators: Sequence[Applicator]) -> tuple[dict[str, str], list[str]]:
    """Return what a result says of its antennas, as text with units, and what is assumed of them."""
    parameters, assumed = {}, []
    for number, applicator in enumerate(applicators, start=1):
        entry = sources.device(applicator.device)
        sar, title = entry["sar"], f"applicator {number}"
        loss = sources.attenuation_1_m(entry["frequency_hz"], sar["relative_permittivity"], sar["conductivity_s_m"])
        parameters |= {
            f"{title} device": f"{entry['label']} ({applicator.device})",
            f"{title} power": f"{applicator.power_w:g} W set, {sources.absorbed_power_w(applicator):.2f} W absorbed",
            f"{title} time": sources.time_in_words(applicator),
            f"{title} heat source": (
                f"line of {entry['active_length_mm']:g} mm, centre {entry['active_offset_mm']:g} mm behind the tip, "
                f"field attenuation {loss:.1f} 1/m"
            ),
        }
        assumed += [f"{applicator.device}: {name}" for name in entry["assumed"]]
    return parameters, assumed
