"""Whether a grid and its time step can resolve what a plan asks for, and what the run will cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from anatomy_twin.catalog import device_works_s
from anatomy_twin.core import AblationPlan, Applicator, LabelMap
from anatomy_twin.core.lines import approaches
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal import sources
from anatomy_twin.simulation.thermal.base import ThermalModel, ThermalSystem, largest_time_step_s
from anatomy_twin.simulation.thermal.tissues import tissue_of_segment
from anatomy_twin.units import lps_text

LEAST_VOXELS: Final = 3.0  # across what is to be resolved
COARSE_MM: Final = 2.5  # zones on larger voxels come out by more than a few percent too small or too large
LEAST_MOMENTS: Final = 2.0  # of a generator within a pause or a turn
VOXELS_PER_S: Final = 6e7  # of a step with all terms: what two busy cores did at a quarter of a millimetre
LONG_S: Final = 60.0


def check_plan(
    labels: LabelMap, plan: AblationPlan, model: ThermalModel, extent: tuple[Any, Any]
) -> list[str]:
    """Return what to warn of: what the grid hardly resolves, a grid that is coarse as a whole, applicators that
    overlap, a scan without vessels.

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
    if model.spacing_mm > COARSE_MM:
        found.append(f"voxels of {model.spacing_mm:g} mm are coarse: volume and margin are rough, 1 mm is usual")
    if model.vessel_sinks and not any(tissue_of_segment(one.name) == "blood" for one in labels.segments
                                      if not one.absent):
        found.append("no vessel is segmented: what large vessels would cool is not in the zone")
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
    entries = [sources.device(one.device) for one in applicators]
    works_s = [device_works_s(entry, one.duration_s) for entry, one in zip(entries, applicators, strict=True)]
    pairs = approaches(applicators, [float(entry["shaft_diameter_mm"]) for entry in entries], works_s)
    return [
        f"applicators {pair.numbers[0] + 1} and {pair.numbers[1] + 1} overlap: their axes are {pair.gap_mm:.1f} mm "
        f"apart at {lps_text(pair.place_mm)}, the shafts need {pair.needed_mm:.1f} mm"
        for pair in pairs if pair.overlap and pair.at_once
    ]


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
