"""From a case and an ablation plan to the thermal system on a refined box around the target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Applicator,
    Case,
    LabelMap,
    Monitor,
    Tissue,
    VolumeGeometry,
    check_cancelled,
)
from anatomy_twin.errors import PlanError, SimulationError
from anatomy_twin.simulation.thermal import account, radiofrequency, resolution, sources, tissues, vessels
from anatomy_twin.simulation.thermal.base import (
    DamageModel,
    Evaporation,
    HeatPulse,
    ThermalModel,
    ThermalSystem,
    largest_time_step_s,
)
from anatomy_twin.units import lps_text

MAX_VOXELS = 12_000_000
VESSELS_MM = 1.25
HOTTEST_RISE_K = 100.0  # above body temperature, for the time step

Extent = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Ground:
    """What no plan changes in a thermal system, [k, j, i] on ``box``: tissues, vessels, how heat passes.

    ``number`` is that of ``TissueMap`` with vessels filled; ``sink`` are large vessels with flow, ``transfer_w_m2_k``
    the least and the most that their walls pass (None without them); the other fields are those of ``ThermalSystem``.
    """

    box: VolumeGeometry
    number: NDArray[np.uint8]
    tissues: tuple[Tissue, ...]
    sink: NDArray[np.bool_]
    faces: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
    capacity_j_k: NDArray[Any]
    perfusion_1_s: NDArray[Any]
    wall_1_s: NDArray[Any]
    warnings: tuple[str, ...] = ()
    transfer_w_m2_k: tuple[float, float] | None = None

    def cropped(self, box: VolumeGeometry) -> Ground:
        """Return the part on ``box``, whose voxels are some of these; ``SimulationError`` where they are not."""
        start = self.box.to_index(box.origin_mm)
        first = np.round(start).astype(int)
        stop = first + np.asarray(box.shape)
        if np.abs(start - first).max() > 1e-3 or (first < 0).any() or (stop > self.box.shape).any():
            raise SimulationError("a part of the ground was asked for that does not lie in it")
        part = tuple(slice(int(low), int(high)) for low, high in zip(first, stop, strict=True))
        faces = []
        for axis, face in enumerate(self.faces):
            cut = face[part].copy()
            np.moveaxis(cut, axis, 0)[-1] = 0.0  # no heat leaves the box
            faces.append(cut)
        return Ground(
            box, self.number[part], self.tissues, self.sink[part], (faces[0], faces[1], faces[2]),
            self.capacity_j_k[part], self.perfusion_1_s[part], self.wall_1_s[part], self.warnings,
            self.transfer_w_m2_k,
        )


def assemble(
    case: Case, plan: AblationPlan, model: ThermalModel | None = None, monitor: Monitor = SILENT
) -> ThermalSystem:
    """Return the thermal system of ``plan`` on an isotropic box around its target and applicators.

    Raises ``PlanError`` for a target that is not there, ``SimulationError`` for settings out of a device's range, a
    heating part outside the body or a box that is too large.
    """
    model = model or ThermalModel()
    for applicator in plan.applicators:
        sources.check_settings(applicator)
    order, flips = case.label_map.geometry.canonical_axes()
    labels = case.label_map.reindexed(order, flips)
    box, warnings = box_around(labels, plan, model)
    warnings += resolution.check_plan(labels, plan, model, extent_of(labels, plan))
    monitor.progress(0.1)
    ground = lay_ground(labels, box, model, monitor)
    system = system_on(ground, plan, model, warnings)
    monitor.progress(0.9)
    return system


def lay_ground(
    labels: LabelMap, box: VolumeGeometry, model: ThermalModel, monitor: Monitor = SILENT
) -> Ground:
    """Return what no plan changes on a grid (``box``, isotropic, parallel to ``labels``, which are canonical)."""
    kinds = tissues.map_tissues(labels, box)
    spacing = model.spacing_mm
    facts = catalog.load("tissues")
    transfer, lost = _transfer_w_m2_k(labels, box, facts["vessels"], model)
    sink = transfer > 0
    number = _fill_vessels(kinds.number, kinds.vessel)
    kinds = tissues.TissueMap(number, kinds.vessel, kinds.tissues, kinds.warnings)
    check_cancelled(monitor)
    monitor.progress(0.5)

    volume_m3 = (spacing * 1e-3) ** 3
    conductivity = np.where(sink, 0.0, kinds.values("conductivity_w_m_k"))
    capacity = kinds.values("density_kg_m3", 1.2) * kinds.values("specific_heat_j_kg_k", 1005.0) * volume_m3
    blood = tissues.tissue("blood")
    wall = vessels.wall_conductance_w_k(sink, transfer, conductivity, spacing)
    of_walls = (float(transfer[sink].min()), float(transfer[sink].max())) if sink.any() else None
    # Pennes: heat taken away per volume is rho_b c_b w (T - T_b); as a rate it is divided by the tissue's rho c
    blood_heat = blood.density_kg_m3 * blood.specific_heat_j_kg_k * volume_m3
    perfusion = kinds.values("perfusion_1_s") * model.perfusion_factor * blood_heat / capacity
    perfusion[sink] = 0.0
    faces = tuple(face_conductance_w_k(conductivity, axis, spacing).astype(model.dtype) for axis in range(3))
    return Ground(
        box, number, kinds.tissues, sink, (faces[0], faces[1], faces[2]), capacity,
        perfusion.astype(model.dtype), (wall / capacity).astype(model.dtype),
        (*kinds.warnings, *lost), of_walls,
    )


def large_vessels(labels: LabelMap, box: VolumeGeometry, model: ThermalModel) -> NDArray[np.bool_]:
    """Return where the blood of large vessels carries heat off, bool [k, j, i] on ``box`` as in ``lay_ground``."""
    return _transfer_w_m2_k(labels, box, catalog.load("tissues")["vessels"], model)[0] > 0


def finer_grid(box: VolumeGeometry, times: int) -> VolumeGeometry:
    """Return the grid that has each voxel of ``box`` (isotropic) parted into ``times`` along each axis."""
    step = box.spacing_mm[0] / times
    x, y, z = (float(value) for value in box.to_world(np.full(3, 0.5 / times - 0.5)))
    k, j, i = (size * times for size in box.shape)
    return VolumeGeometry((k, j, i), (step,) * 3, box.direction, (x, y, z), box.frame_of_reference_uid)


def _transfer_w_m2_k(
    labels: LabelMap, box: VolumeGeometry, facts: Mapping[str, Any], model: ThermalModel
) -> tuple[NDArray[np.float64], list[str]]:
    """Return the heat transfer coefficient of the walls of large vessels at their voxels, [k, j, i], 0 elsewhere.

    A coarse grid cannot tell a vessel of 2 mm from one of 4: they are measured on one of ``VESSELS_MM`` or finer, and
    a voxel is one of a sink where half of it is. The second is what to warn of: large vessels that the grid loses.
    """
    if not model.vessel_sinks:
        return np.zeros(box.shape), []
    spacing, least, warnings = box.spacing_mm[0], facts["sink_from_mm"], list[str]()
    times = math.ceil(spacing / VESSELS_MM - 1e-6)
    fine = finer_grid(box, times) if times > 1 else box
    flow = tissues.map_flow(labels, fine)
    diameter = vessels.local_diameter_mm(flow > 0, fine.spacing_mm[0])
    if times > 1:
        k, j, i = box.shape
        blocks, axes = (k, times, j, times, i, times), (1, 3, 5)
        share = (diameter.reshape(blocks) > least).mean(axis=axes)
        half = share >= 0.5
        lost = np.argwhere((share > 0) & ~ndimage.binary_dilation(half, np.ones((3, 3, 3), bool)))
        diameter = np.where(half, diameter.reshape(blocks).max(axis=axes), np.float32(0.0))
        flow = flow.reshape(blocks).max(axis=axes)
        warnings += _lost_words(lost, box, least)
    found = np.zeros(box.shape)
    wide = diameter > least
    found[wide] = vessels.heat_transfer_w_m2_k(
        diameter[wide], flow[wide] * model.vessel_flow_factor, tissues.tissue("blood"), facts
    )
    return found, warnings


def _lost_words(lost: NDArray[np.intp], box: VolumeGeometry, least_mm: float) -> list[str]:
    """Return the warning that the voxels ``lost`` (n, 3) of large vessels are too few to be sinks, none for none."""
    if not len(lost):
        return []
    middle = (np.asarray(box.shape) - 1) / 2.0
    nearest = lost[np.argmin(((lost - middle) ** 2).sum(axis=1))]
    place = lps_text(box.to_world(nearest.astype(float)))
    return [f"voxels of {box.spacing_mm[0]:g} mm lose vessels of over {least_mm:g} mm, the most central at {place}"]


def system_on(
    ground: Ground, plan: AblationPlan, model: ThermalModel, warnings: Sequence[str] = ()
) -> ThermalSystem:
    """Return the thermal system of a plan on a ground laid with the same model.

    Raises ``SimulationError`` for a heating part outside the body.
    """
    facts = catalog.load("tissues")
    kind = kind_of(plan)
    parameters, assumed = account.of_run(plan, model, ground.tissues, ground.box, facts)
    parameters["vessels"] = account.of_vessels(model, facts, ground.transfer_w_m2_k)
    parameters["voxels of large vessels"] = str(int(ground.sink.sum()))
    body_c = model.outside_c(facts["body_temperature_c"])
    absorbing, wall, boil, electrodes = ground.number != tissues.AIR, ground.wall_1_s, evaporation(facts), None
    for applicator in plan.applicators:
        require_tissue(applicator, ground.box, absorbing)
    if kind == "rfa":
        boil = replace(boil, dry_absorption=1.0)  # dried tissue conducts less: that is in the field
        values = radiofrequency.conductivities_s_m(ground.number, ground.tissues, ground.sink)
        electrodes = radiofrequency.electric_system(
            plan.applicators, ground.box, values, model, body_c, boil, ground.sink
        )
        rate, cold = radiofrequency.cooling(plan.applicators, ground.box, _thermal(ground), ground.capacity_j_k, body_c)
        wall, pulses = (wall + rate).astype(model.dtype), tuple(cold)
    else:
        pulses, spent = _pulses(plan, ground.box, absorbing, ground.sink, model)
        parameters["power taken up by blood of large vessels"] = f"{spent:.2f} W"
    longest = largest_time_step_s(*ground.faces, ground.capacity_j_k)
    longest /= 1.0 + model.conductivity_slope_1_k * HOTTEST_RISE_K
    if electrodes is not None:
        longest = min(longest, model.control_s)  # near an electrode a second is long
    return ThermalSystem(
        ground.box, *ground.faces, ground.capacity_j_k, ground.perfusion_1_s, wall, pulses, longest, body_c,
        damage_model(facts), boil, parameters, assumed, (*warnings, *ground.warnings),
        model.conductivity_slope_1_k, electrodes,
    )


def kind_of(plan: AblationPlan) -> str:
    """Return the kind of the devices of a plan ("mwa", "rfa"); ``SimulationError`` when they differ."""
    kinds = sorted({str(sources.device(applicator.device)["kind"]) for applicator in plan.applicators})
    if len(kinds) > 1:
        raise SimulationError(
            f"plan {plan.name!r} mixes devices of kind {' and '.join(kinds)}",
            advice="they are simulated apart: make a plan of each kind",
        )
    return kinds[0]


def _thermal(ground: Ground) -> NDArray[np.float64]:
    table = np.array([0.0, *(tissue.conductivity_w_m_k for tissue in ground.tissues)])
    return np.where(ground.sink, 0.0, table[ground.number])


def box_around(labels: LabelMap, plan: AblationPlan, model: ThermalModel) -> tuple[VolumeGeometry, list[str]]:
    """Return the isotropic grid of the simulation and what is to be warned of.

    It holds the target and the expected zone of each applicator (by its device's table) with
    ``model.room_mm`` around them, has the axes of ``labels`` (canonical), and is cut where the scan ends.
    """
    return box_within(labels.geometry, extent_of(labels, plan), plan, model)


def extent_of(labels: LabelMap, plan: AblationPlan) -> Extent:
    """Return the least and the largest corner of the target's voxels, in mm along the axes from voxel [0, 0, 0]."""
    if plan.target not in labels:
        raise PlanError(
            f"plan {plan.name!r} names the target {plan.target!r}, which is not segmented",
            advice=f"there are {', '.join(labels.names)}",
        )
    steps = np.asarray(labels.geometry.spacing_mm)
    found = np.argwhere(labels.mask(plan.target))
    if not len(found):
        raise PlanError(f"the target {plan.target!r} of plan {plan.name!r} has no voxels")
    return (found.min(axis=0) - 0.5) * steps, (found.max(axis=0) + 0.5) * steps


def box_within(
    grid: VolumeGeometry, extent: Extent, plan: AblationPlan, model: ThermalModel
) -> tuple[VolumeGeometry, list[str]]:
    """Return what ``box_around`` does, for a target of a known extent on the canonical grid of a scan."""
    steps = np.asarray(grid.spacing_mm)
    low, high = extent
    for applicator in plan.applicators:
        tip = grid.to_index(applicator.tip_mm)
        if not bool(grid.contains(applicator.tip_mm)):
            place = lps_text(applicator.tip_mm)
            raise SimulationError("the tip of an applicator lies outside the scan", where=place)
        reach = sources.expected_reach_mm(applicator)
        centre = grid.to_index(sources.active_zone_mm(applicator)[1]) * steps
        ends = np.stack([centre - reach, centre + reach, tip * steps])
        low, high = np.minimum(low, ends.min(axis=0)), np.maximum(high, ends.max(axis=0))
    low, high = low - model.room_mm, high + model.room_mm
    edge_low, edge_high = -0.5 * steps, (np.asarray(grid.shape) - 0.5) * steps
    warnings = []
    if (low < edge_low).any() or (high > edge_high).any():
        missing = float(np.maximum(edge_low - low, high - edge_high).max())
        warnings.append(
            f"the scan ends {missing:.0f} mm short of the wanted box: body temperature is assumed at its edge"
        )
    low, high = np.maximum(low, edge_low), np.minimum(high, edge_high)
    spacing = model.spacing_mm
    # first centres on a lattice that starts at the scan's corner, so that nearby plans share their voxels
    first = np.ceil(np.round((low - edge_low) / spacing - 0.5, 6))
    last = np.floor(np.round((high - edge_low) / spacing - 0.5, 6))
    shape = (last - first + 1).astype(int)
    if shape.min() < 8:
        raise SimulationError("the scan leaves no room around the target", where=f"{shape.tolist()} voxels")
    if int(np.prod(shape)) > MAX_VOXELS:
        raise SimulationError(
            f"the box of {shape.tolist()} voxels is too large", advice="use a larger spacing or fewer applicators"
        )
    origin = grid.to_world((edge_low + (first + 0.5) * spacing) / steps)
    x, y, z = (float(value) for value in origin)
    return VolumeGeometry(
        (int(shape[0]), int(shape[1]), int(shape[2])), (spacing,) * 3, grid.direction, (x, y, z),
        grid.frame_of_reference_uid,
    ), warnings


def face_conductance_w_k(conductivity_w_m_k: NDArray[Any], axis: int, spacing_mm: float) -> NDArray[np.float64]:
    """Return W/K through the faces to the next voxel along ``axis`` (the last layer 0): the harmonic mean of both."""
    k = np.moveaxis(np.asarray(conductivity_w_m_k, np.float64), axis, 0)
    face = np.zeros_like(k)
    total = k[:-1] + k[1:]
    np.divide(2.0 * k[:-1] * k[1:], total, out=face[:-1], where=total > 0)
    return np.ascontiguousarray(np.moveaxis(face, 0, axis)) * (spacing_mm * 1e-3)


def damage_model(facts: Mapping[str, Any]) -> DamageModel:
    """Return the damage constants of the catalog."""
    arrhenius, dose = facts["damage"]["arrhenius"], facts["damage"]["cem43"]
    return DamageModel(
        arrhenius["frequency_1_s"], arrhenius["energy_j_mol"], arrhenius["floor_c"], dose["r_above"], dose["r_below"],
        dose["breakpoint_c"], dose["threshold_min"], arrhenius["perfusion_ends_at"],
    )


def evaporation(facts: Mapping[str, Any]) -> Evaporation:
    """Return the evaporation of the catalog as an apparent heat capacity, relative to that of liver."""
    row, liver = facts["evaporation"], tissues.tissue("liver")
    width = row["to_c"] - row["from_c"]
    latent_k = row["water_fraction"] * row["latent_heat_j_kg"] / liver.specific_heat_j_kg_k
    return Evaporation(row["from_c"], row["to_c"], 1.0 + latent_k / width, row["dry_absorption"])


def _fill_vessels(number: NDArray[np.uint8], vessel: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Give the voxels of vessels the tissue beside them: a thin vessel counts through its perfusion."""
    free = ~vessel & (number != tissues.AIR)
    if not vessel.any() or not free.any():
        return number
    nearest = ndimage.distance_transform_edt(~free, return_distances=False, return_indices=True)
    return np.where(vessel, number[tuple(nearest)], number)


def require_tissue(applicator: Applicator, box: VolumeGeometry, tissue: NDArray[np.bool_]) -> None:
    """Raise ``SimulationError`` with the place when the tip of an applicator lies in no tissue (bool [k, j, i])."""
    nearest = tuple(np.clip(box.voxel_of(applicator.tip_mm), 0, np.asarray(box.shape) - 1))
    if not tissue[nearest]:
        place = lps_text(applicator.tip_mm)
        raise SimulationError("the tip of an applicator lies outside the body", where=place)


def _pulses(
    plan: AblationPlan, box: VolumeGeometry, absorbing: NDArray[np.bool_], sink: NDArray[np.bool_],
    model: ThermalModel,
) -> tuple[tuple[HeatPulse, ...], float]:
    """Return the pulses and the power in W that lands in large vessels, where blood carries it off."""
    pulses, spent = [], 0.0
    for applicator in plan.applicators:
        power = sources.power_per_voxel_w(applicator, box, absorbing)
        spent += float(power[sink].sum())
        power[sink] = 0.0
        start_s = applicator.start_s
        pulses.append(HeatPulse(start_s, start_s + applicator.duration_s, power.astype(model.dtype)))
    return tuple(pulses), spent
