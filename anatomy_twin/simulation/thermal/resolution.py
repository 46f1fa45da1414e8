"""Whether a grid and its time step can resolve what a plan asks for, and what the run will cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np

from anatomy_twin.core import AblationPlan, Applicator, LabelMap
from anatomy_twin.core.lines import nearest_between
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import sources
from anatomy_twin.simulation.thermal.base import ThermalModel, ThermalSystem, largest_time_step_s
from anatomy_twin.units import lps_text

LEAST_VOXELS: Final = 3.0  # across what is to be resolved
LEAST_MOMENTS: Final = 2.0  # of a generator within a pause or a turn
VOXELS_PER_S: Final = 6e7  # of a step with all terms: what two busy cores did at a quarter of a millimetre
LONG_S: Final = 60.0


def check_plan(
    labels: LabelMap, plan: AblationPlan, model: ThermalModel, extent: tuple[Any, Any]
) -> list[str]:
    """Return what to warn of: a target or applicators that the grid hardly resolves, applicators that overlap.

    ``labels`` are canonical, ``extent`` is that of ``assembly.extent_of``. Raises ``SimulationError`` for a target or
    a heating part that is smaller than a voxel, with its place, and for a generator that acts too seldom.
    """
    steps, (low, high) = np.asarray(labels.geometry.spacing_mm), extent
    middle = labels.geometry.to_world(0.5 * (low + high) / steps)
    found = _across(f"the target {plan.target}", float((high - low).min()), middle, model)
    for number, applicator in enumerate(plan.applicators, start=1):
        entry, place = sources.device(applicator.device), sources.active_zone_mm(applicator)[1]
        found += _across(f"the active part of applicator {number}", float(entry["active_length_mm"]), place, model)
        _check_control(entry.get("generator", {}), model, applicator.device)
    return found + overlaps(plan.applicators)


def _across(what: str, size_mm: float, place_mm: Any, model: ThermalModel) -> list[str]:
    spacing, place = model.spacing_mm, lps_text(place_mm)
    if size_mm < spacing:
        raise SimulationError(
            f"{what} is {size_mm:.1f} mm across, less than a voxel of {spacing:g} mm", where=place,
            advice=f"use a spacing of at most {size_mm / LEAST_VOXELS:.2g} mm",
        )
    if size_mm >= LEAST_VOXELS * spacing:
        return []
    return [
        f"{what} is {size_mm:.1f} mm across, fewer than {LEAST_VOXELS:g} voxels of {spacing:g} mm, at {place}: "
        f"a spacing of {size_mm / LEAST_VOXELS:.2g} mm resolves it"
    ]


def overlaps(applicators: Sequence[Applicator]) -> list[str]:
    """Return a line for each pair of applicators whose shafts meet while both work, with the place."""
    found = []
    for (one, first), (other, second) in combinations(enumerate(applicators, start=1), 2):
        if first.start_s + first.duration_s <= second.start_s or second.start_s + second.duration_s <= first.start_s:
            continue
        gap, point = nearest_between(*(np.array([each.entry_mm, each.tip_mm]) for each in (first, second)))
        needed = sum(float(sources.device(each.device)["shaft_diameter_mm"]) for each in (first, second)) / 2.0
        if gap < needed - 1e-6:
            found.append(
                f"applicators {one} and {other} overlap: their axes are {gap:.1f} mm apart at {lps_text(point)}"
                f", the shafts need {needed:.1f} mm"
            )
    return found


def _check_control(protocol: Mapping[str, Any], model: ThermalModel, where: str) -> None:
    for name, words in (("pause_s", "pauses"), ("switch_s", "turns")):
        length = float(protocol.get(name, math.inf))
        if model.control_s > length / LEAST_MOMENTS:
            raise SimulationError(
                f"a generator that acts every {model.control_s:g} s cannot keep {words} of {length:g} s", where=where,
                advice=f"use a control_s of at most {length / LEAST_MOMENTS:g}",
            )


def check_step(system: ThermalSystem, time_step_s: float) -> None:
    """Raise ``SimulationError`` for a time step that an explicit solution does not stand, with the place in mm."""
    faces = (system.face_k, system.face_j, system.face_i)
    longest = largest_time_step_s(*faces, system.capacity_j_k, safety=1.0)
    if time_step_s <= longest * (1.0 + 1e-6) or not any(face.any() for face in faces):
        return
    total = sum(np.asarray(face, np.float64) for face in faces) / system.capacity_j_k
    stiffest = system.geometry.to_world(np.array(np.unravel_index(int(np.argmax(total)), total.shape), float))
    raise SimulationError(
        f"a time step of {time_step_s:g} s is too long for voxels of {system.geometry.spacing_mm[0]:g} mm",
        where=lps_text(stiffest), advice=f"use at most {longest:.3g} s",
    )


def cost_of(voxels: int, time_step_s: float, duration_s: float) -> tuple[str, float]:
    """Return in words what a run takes, and the seconds that it may need on two cores, electric fields left out."""
    steps = math.ceil(duration_s / time_step_s)
    return f"{steps} steps of at most {time_step_s:.3g} s on {voxels / 1e6:.2g} million voxels", (
        steps * voxels / VOXELS_PER_S
    )
