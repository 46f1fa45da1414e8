"""The heat of an ablation, coarse and quick enough to follow a hand: the simulation itself, on a coarser grid."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.assess import RIM_MM, margin_quantities
from anatomy_twin.assess.boundary import FAR, Boundary, isotherm_field, verdict_field, zone_boundary
from anatomy_twin.assess.margin import resolvable
from anatomy_twin.assess.margin_field import MarginField, prepare_margin, zone_surface
from anatomy_twin.assess.volumes import healthy_ml
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    LabelMap,
    Monitor,
    Plan,
    Quantity,
    SurfaceMesh,
    VolumeGeometry,
)
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.live import NeedsPreparing, Preview
from anatomy_twin.pipeline.pace import Pace, paced
from anatomy_twin.plan import zone_within
from anatomy_twin.simulation.thermal import ThermalModel, assembly, cryo, freezing, pipeline, sources

SPACING_MM: Final = 2.5
FINER_MM: Final = 2.0  # of needles that cool: what they kill ends nearer to them
ROOM_MM: Final = 20.0  # tissue around the expected zone: a quarter of the voxels less than in the simulation
COUNT_MM: Final = 1.25  # coverage is counted on this grid
TABLE_MM: Final = 2.0  # of the zone that tables promise: its depth is smooth
REACH_MM: Final = 20.0  # how far a plan may be moved before the ground is laid anew
CONTROL_S: Final = 10.0  # a generator acts this often
FIELD_TOLERANCE: Final = 1e-2  # of the electric field, and how far conductivities may move before it is solved anew
FIELD_MOVES: Final = 0.12
COARSEST_MM: Final = 4.0
LARGEST_VOXELS: Final = 150_000  # of the box of a plan; a larger one gets a coarser grid
LONGEST_FREEZING_STEP_S: Final = 22.0
CAPTION: Final = "preview on a {spacing:g} mm grid, not the simulation"
FIRST_FREEZE: Final = "preview of the first freeze on a {spacing:g} mm grid, not the simulation"


@dataclass(frozen=True, eq=False)
class Prepared:
    """What stays while a plan is moved: tissues on a coarse grid round the target, its margin field."""

    target: str
    asked_mm: float
    labels: LabelMap
    extent: assembly.Extent
    model: ThermalModel
    ground: assembly.Ground
    field: MarginField | None
    reason: str
    healthy: tuple[float, str] | None
    target_ml: float
    pace: Pace


def prepare(case: Case, plan: Plan, *, spacing_mm: float | None = None, **choices: Any) -> Prepared:
    """Return what previews of a plan and of those near it need; takes a second or two.

    ``spacing_mm`` is that of the grid (None: by the plan's devices), ``choices`` other fields of ``ThermalModel``
    (``verdict``, ``perfusion_factor``, ``cooling_s``). Raises ``PlanError`` for a plan that is no
    ablation or a target that is not there, ``SimulationError`` where an applicator lies outside the scan.
    """
    plan = _ablation(plan)
    asked_mm = spacing_mm or _spacing_mm(plan)
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    extent = assembly.extent_of(labels, plan)
    model = ThermalModel(spacing_mm=asked_mm, room_mm=ROOM_MM, snapshots=1, control_s=CONTROL_S, **choices)
    box, _ = assembly.box_within(labels.geometry, extent, plan, model)
    if int(np.prod(box.shape)) > LARGEST_VOXELS:
        larger = asked_mm * (int(np.prod(box.shape)) / LARGEST_VOXELS) ** (1.0 / 3.0)
        model = replace(model, spacing_mm=min(np.ceil(larger * 4.0) / 4.0, COARSEST_MM))
    region, _ = assembly.box_within(labels.geometry, extent, plan, replace(model, room_mm=model.room_mm + REACH_MM))
    ground = assembly.lay_ground(labels, region, model)
    reason = resolvable(labels, plan.target)
    organ = labels.segment(plan.target).part_of
    return Prepared(
        plan.target, asked_mm, labels, extent, model, ground,
        None if reason else prepare_margin(labels, plan.target, _finer(region), RIM_MM), reason,
        healthy_ml(labels, organ) if organ in labels else None, labels.volume_ml(plan.target), Pace(),
    )


def preview(prepared: Any, plan: Plan, monitor: Monitor = SILENT) -> Preview:
    """Return zone and numbers of a plan on the prepared ground.

    Raises ``NeedsPreparing`` where the plan has another target or reaches beyond the ground, ``SimulationError`` where
    it cannot be simulated, and ``Cancelled``.
    """
    start, plan = time.perf_counter(), _ablation(plan)
    assert isinstance(prepared, Prepared)
    if plan.target != prepared.target:
        raise NeedsPreparing(f"the target is {plan.target} now")
    if prepared.asked_mm > _spacing_mm(plan):
        raise NeedsPreparing("its devices ask for a finer grid")
    for applicator in plan.applicators:
        sources.check_settings(applicator)
    box, warnings = assembly.box_within(prepared.labels.geometry, prepared.extent, plan, prepared.model)
    if not _holds(prepared.ground.box, box):
        raise NeedsPreparing("the plan was moved beyond the prepared ground")
    with paced(prepared.pace) as together, pipeline.small_grids_together(together):
        zone = Boundary(_field(prepared, box, plan, warnings, monitor), box)
    caption = (FIRST_FREEZE if cryo.freezes(plan) else CAPTION).format(spacing=prepared.model.spacing_mm)
    quantities, surface = _read_off(prepared, plan, zone, caption)
    seconds = time.perf_counter() - start
    return Preview(plan, quantities, np.exp(zone.field), box, surface, caption, seconds, tuple(warnings))


def preview_promised(prepared: Any, plan: Plan, monitor: Monitor = SILENT) -> Preview:
    """Return a preview with the numbers that the tables of the plan's devices promise beside it."""
    start, found = time.perf_counter(), preview(prepared, plan, monitor)
    promised = _promised(prepared, _ablation(plan))
    return replace(found, promised=promised, seconds=time.perf_counter() - start)


def _field(
    prepared: Prepared, box: VolumeGeometry, plan: AblationPlan, warnings: list[str], monitor: Monitor
) -> NDArray[np.float32]:
    """Return the field of the ``Boundary`` of the zone, [k, j, i]."""
    ground, model = prepared.ground.cropped(box), prepared.model
    if cryo.freezes(plan):
        cold = replace(cryo.system_on(ground, plan, model, warnings), longest_step_s=LONGEST_FREEZING_STEP_S)
        # the second freeze adds little and takes long
        first_s = max(needle.phases[0].stop_s for needle in cold.needles)
        coldest = freezing.run(cold, first_s, (), monitor)[-1].coldest_c
        return isotherm_field(coldest, cold.lethal_c)
    system = assembly.system_on(ground, plan, model, warnings)
    if system.electric is not None:
        quicker = replace(system.electric, tolerance=FIELD_TOLERANCE, resolve_at=FIELD_MOVES)
        system = replace(system, electric=quicker)
    state = pipeline.run(system, system.heating_s + model.cooling_s, (), monitor)[-1]
    return verdict_field(model.verdict, pipeline.log_damage(system, state, FAR), state)


def _read_off(
    prepared: Prepared, plan: AblationPlan, zone: Boundary, caption: str
) -> tuple[tuple[Quantity, ...], SurfaceMesh | None]:
    found = [Quantity("tumour_ml", "Target volume", round(prepared.target_ml, 3), "ml", note=plan.target)]
    if not (zone.field > 0).any():
        return (*found, _ablated(0.0, caption)), None
    if prepared.field is None:
        points, triangles, _, _ = zone_surface(zone)
        surface = SurfaceMesh(points, triangles).outward()
        return (*found, _ablated(surface.volume_ml, caption)), surface
    margin, points, triangles = prepared.field.margin(zone)
    surface = SurfaceMesh(points, triangles).outward()
    found.append(_ablated(surface.volume_ml, caption))
    numbers = margin_quantities(prepared.labels, plan.target, margin, prepared.healthy)
    found += [replace(one, note=f"{caption}; {one.note}" if one.note else caption) for one in numbers]
    return tuple(found), surface


def _promised(prepared: Prepared, plan: AblationPlan) -> tuple[Quantity, ...]:
    """Return the margin and coverage that the tables of the devices promise; () where they promise nothing."""
    if prepared.field is None:
        return ()
    try:
        table = zone_within(prepared.labels.geometry, plan, TABLE_MM)
    except PlanError:
        return ()
    margin, _, _ = prepared.field.margin(zone_boundary(table))
    return tuple(margin_quantities(prepared.labels, plan.target, margin, prepared.healthy))


def _ablated(volume_ml: float, caption: str) -> Quantity:
    """What the surface holds: on a coarse grid the voxels within it are another number."""
    return Quantity("ablated_ml", "Ablated volume", round(volume_ml, 3), "ml", note=caption)


def _holds(region: VolumeGeometry, box: VolumeGeometry) -> bool:
    first = np.round(region.to_index(box.origin_mm))
    return bool((first >= 0).all() and (first + box.shape <= region.shape).all())


def _finer(region: VolumeGeometry) -> VolumeGeometry:
    """Return the grid on which coverage is counted: that of the ground, halved."""
    return assembly.finer_grid(region, max(1, round(region.spacing_mm[0] / COUNT_MM)))


def _spacing_mm(plan: AblationPlan) -> float:
    """Return the spacing that the devices of a plan ask for."""
    devices = [sources.device(applicator.device) for applicator in plan.applicators]
    cools = any(entry["kind"] == "cryo" or "coolant_c" in entry.get("electrode", {}) for entry in devices)
    return FINER_MM if cools else SPACING_MM


def _ablation(plan: Plan) -> AblationPlan:
    if not isinstance(plan, AblationPlan):
        raise PlanError(f"plan {plan.name!r} is no ablation")
    return plan
