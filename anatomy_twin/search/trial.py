"""Coarse simulations of candidate layouts for one target: how long they must heat, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.assess.boundary import FAR, Boundary, verdict_field
from anatomy_twin.assess.margin import nearest
from anatomy_twin.assess.margin_field import MarginField, prepare_margin
from anatomy_twin.core import AblationPlan, Applicator, LabelMap
from anatomy_twin.errors import SimulationError
from anatomy_twin.plan import load_device
from anatomy_twin.search.beside_vessel import Blood, zone_with_vessels
from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline

SPACING_MM: Final = 2.5
STEP_S: Final = 15.0
ROOM_MM: Final = 20.0
SPARE_MM: Final = 25.0  # how far beyond the first plan's box others may reach
COOL: Final = 0.5  # degC that a coarse run is to stay below an organ's limit


@dataclass(frozen=True, eq=False)
class Field:
    """What the trials of one target share: tissues on a coarse grid, the target's margin field, organs at risk.

    With ``blood``, that of large vessels within the margin, margins are those apart from these vessels.
    """

    labels: LabelMap
    target: str
    model: ThermalModel
    ground: assembly.Ground
    margin: MarginField
    organs: dict[str, NDArray[np.bool_]]
    hottest_c: float
    blood: Blood | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a coarse run says of applicators: the margin reached, tissue lost, the hottest organ at risk, where the
    margin is least. ``applicators`` have the time that is needed, or the longest where none suffices.
    """

    applicators: tuple[Applicator, ...]
    margin_mm: float
    lost_ml: float
    organ: str
    organ_c: float
    place_mm: tuple[float, float, float]

    def reaches(self, margin_mm: float, hottest_c: float) -> bool:
        """Tell whether margin and organs are as wanted."""
        return self.margin_mm >= margin_mm and self.organ_c <= hottest_c


def organs_at_risk(labels: LabelMap, target: str) -> tuple[str, ...]:
    """Return the structures of the hard rules that are there and not to be heated, as ``assess`` counts them."""
    groups = catalog.load("limits")["tissue_groups"]
    names = [name for group in groups if not group.get("by_diameter") for name in group["structures"]]
    return tuple(n for n in names if n in labels and n not in (target, labels.segment(target).part_of))


def lay_field(
    labels: LabelMap, target: str, applicators: tuple[Applicator, ...], wanted: ThermalModel | None = None
) -> Field:
    """Return the shared part of the trials of a target, wide enough for layouts near ``applicators``.

    ``wanted`` is the model of the full simulation: trials follow its choices on a coarse grid.
    """
    model = replace(wanted or ThermalModel(), spacing_mm=SPACING_MM, room_mm=ROOM_MM, snapshots=2, cooling_s=0.0)
    longest = tuple(_at_most(one) for one in applicators)
    wide = replace(model, room_mm=ROOM_MM + SPARE_MM)
    region, _ = assembly.box_around(labels, AblationPlan("trial", target, longest), wide)
    centres = region.to_world(np.moveaxis(np.indices(region.shape), 0, -1))
    organs = {name: nearest(labels.mask(name), labels.geometry, centres) for name in organs_at_risk(labels, target)}
    return Field(
        labels, target, model, assembly.lay_ground(labels, region, model),
        prepare_margin(labels, target, assembly.finer_grid(region, 2), 5.0),
        {name: mask for name, mask in organs.items() if mask.any()},
        float(catalog.load("limits")["organ_temperature_c"]["value"]),
    )


def _at_most(one: Applicator) -> Applicator:
    device = load_device(one.device)
    return replace(one, power_w=float(device["power_w"][1]), duration_s=float(device["duration_s"][1]))


def run_trial(field: Field, applicators: tuple[Applicator, ...], power_w: float, margin_mm: float) -> Trial | None:
    """Return the shortest time of a power that gives a margin, by one run of the longest time; None if it cannot be.

    Where the margin is not reached, the time of the largest one comes back. The time is that of all applicators.
    """
    device = load_device(applicators[0].device)
    shortest, longest = (float(value) for value in device["duration_s"])
    plan = AblationPlan("trial", field.target, tuple(
        replace(one, power_w=power_w, duration_s=longest) for one in applicators
    ))
    try:
        box, _ = assembly.box_within(
            field.labels.geometry, assembly.extent_of(field.labels, plan), plan, field.model
        )
        ground = field.ground.cropped(box)
        system = assembly.system_on(ground, plan, field.model)
    except SimulationError:
        return None
    times = np.unique(np.r_[np.arange(shortest, longest, STEP_S), longest])
    states = pipeline.run(system, longest, times.tolist())
    first = np.round(field.ground.box.to_index(box.origin_mm)).astype(int)
    part = tuple(slice(a, a + n) for a, n in zip(first, box.shape, strict=True))
    found: dict[int, Trial] = {}

    def at(step: int) -> Trial:
        if step not in found:
            heated = tuple(replace(one, duration_s=float(times[step])) for one in plan.applicators)
            log_damage, state = pipeline.log_damage(system, states[step], FAR), states[step]
            zone = Boundary(verdict_field(field.model.verdict, log_damage, state), box)
            found[step] = _read(field, heated, zone, np.asarray(states[step].temperature_c), part)
        return found[step]

    low, high = 0, times.size - 1
    while low < high:  # the zone only grows, so the margin does too
        middle = (low + high) // 2
        if at(middle).margin_mm >= margin_mm:
            high = middle
        else:
            low = middle + 1
    return at(low)


def _read(
    field: Field, applicators: tuple[Applicator, ...], zone: Boundary, celsius: NDArray[np.float32],
    part: tuple[slice, ...],
) -> Trial:
    peaks = {name: float(celsius[mask[part]].max(initial=37.0)) for name, mask in field.organs.items()}
    organ = max(peaks, key=lambda name: peaks[name], default="")
    hottest = peaks.get(organ, 37.0) + COOL
    if not (zone.field > 0).any():
        return Trial(applicators, -np.inf, 0.0, organ, hottest, tuple(field.margin.points_mm[0].tolist()))
    margin, _, _ = field.margin.margin(zone)
    apart = margin if field.blood is None else field.margin.margin(zone_with_vessels(zone, field.blood))[0]
    return Trial(applicators, apart.minimal_mm, margin.healthy_lost_ml, organ, hottest, apart.place_mm)


def points_with_margin(field: MarginField, margin_mm: float) -> NDArray[np.float64]:
    """Return points of the target's surface, moved away from its middle by the margin, (n, 3) in LPS mm."""
    points = field.points_mm[:: max(1, field.points_mm.shape[0] // 400)]
    away = points - points.mean(axis=0)
    return np.asarray(points + margin_mm * away / np.maximum(np.linalg.norm(away, axis=1), 1e-9)[:, None])
