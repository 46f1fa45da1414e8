"""What the tables of a plan's devices promise, as ellipsoids: to be compared with what a simulation gives."""

from __future__ import annotations

import numpy as np

from anatomy_twin.catalog.zones import promised_zone
from anatomy_twin.core import AblationPlan, Applicator, Case, Ellipsoid, Plan, TableZone, VolumeGeometry, union_depth_mm
from anatomy_twin.errors import PlanError
from anatomy_twin.plan.device import load_device
from anatomy_twin.units import check_point, check_range, place_text

PAD_VOXELS = 3
OTHER_VOLUME = 0.25  # a table whose volumes differ by more than this share from its ellipsoids is told of


def table_zone(case: Case, plan: Plan | str, spacing_mm: float = 1.0) -> TableZone:
    """Return the zone that the tables of a plan's devices promise, on a grid of ``spacing_mm`` around it.

    It is the union of the ellipsoids of all applicators, wherever vessels, other tissues and other applicators lie: no
    physics. Between the rows of a table it is interpolated, beyond them nothing is promised. ``assess`` and
    ``compare_zones`` read numbers off it; it is quick to make and no result of a case.

    Raises ``PlanError`` for a plan that is no ablation, a device without a table or a setting outside of it, and a tip
    outside the scan, with its place.
    """
    return zone_within(case.volume.geometry, case.plan(plan) if isinstance(plan, str) else plan, spacing_mm)


def zone_within(scan: VolumeGeometry, chosen: Plan, spacing_mm: float = 1.0) -> TableZone:
    """Return what ``table_zone`` does, of a plan within a scan."""
    if not isinstance(chosen, AblationPlan):
        raise PlanError(f"plan {chosen.name!r} is no ablation: no table tells its zone")
    step = check_range("spacing_mm", spacing_mm, 0.25, 4.0)
    for one in chosen.applicators:
        if not bool(scan.contains(one.tip_mm)):
            raise PlanError("the tip of an applicator lies outside the scan", where=place_text(one.tip_mm))
    ellipsoids = ellipsoids_of(chosen)
    grid = _grid_around(scan.reindexed(*scan.canonical_axes()), ellipsoids, step)
    centres = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    depth = union_depth_mm(ellipsoids, centres).astype(np.float32)
    parameters = {"zone": "union of the ellipsoids of the devices' tables; no vessel, tissue or temperature counts"}
    assumed, warnings = [], []
    for number, (one, shape) in enumerate(zip(chosen.applicators, ellipsoids, strict=True), start=1):
        device = load_device(one.device)
        told = promised_zone(one.device, device, one.power_w, one.duration_s)
        size = f"{told.length_mm:.1f} x {told.diameter_mm:.1f} mm, {told.beyond_tip_mm:+.1f} mm beyond the tip"
        parameters[f"applicator {number}"] = f"{one.device}: {size}"
        parameters[f"table of {one.device}"] = str(device.get("zone_table_source", device.get("source", "")))
        if "zone_table" in device.get("assumed", ()):
            assumed.append(f"{one.device}: zone_table")
        if told.volume_ml and abs(shape.volume_ml / told.volume_ml - 1.0) > OTHER_VOLUME:
            warnings.append(
                f"the ellipsoid of {one.device} holds {shape.volume_ml:.1f} ml, its table says {told.volume_ml:.1f} ml"
            )
    return TableZone(
        chosen.name, ellipsoids, grid, depth, parameters, tuple(dict.fromkeys(assumed)), tuple(dict.fromkeys(warnings))
    )


def ellipsoids_of(plan: AblationPlan) -> tuple[Ellipsoid, ...]:
    """Return the ellipsoid that its device's table promises for each applicator of a plan; ``PlanError`` as above."""
    return tuple(_ellipsoid(one) for one in plan.applicators)


def _ellipsoid(one: Applicator) -> Ellipsoid:
    try:
        told = promised_zone(one.device, load_device(one.device), one.power_w, one.duration_s)
    except PlanError as error:
        raise PlanError(error.what, where=place_text(one.tip_mm), advice=error.advice) from error
    centre = np.asarray(one.tip_mm) + (told.beyond_tip_mm - 0.5 * told.length_mm) * np.asarray(one.direction)
    return Ellipsoid(check_point("centre_mm", centre), one.direction, told.length_mm, told.diameter_mm)


def _grid_around(scan: VolumeGeometry, ellipsoids: tuple[Ellipsoid, ...], step: float) -> VolumeGeometry:
    """Return a grid of cubes with the axes of a scan that holds the ellipsoids; its lattice starts at the scan's corner
    as that of a simulation does, so that both share their voxels.
    """
    ends = np.concatenate([np.concatenate(shape.rings_mm()) for shape in ellipsoids])
    edges = scan.to_index(ends) * np.asarray(scan.spacing_mm) + 0.5 * np.asarray(scan.spacing_mm)
    first = np.floor(edges.min(axis=0) / step).astype(int) - PAD_VOXELS
    last = np.ceil(edges.max(axis=0) / step).astype(int) + PAD_VOXELS
    k, j, i = (int(size) for size in last - first)
    origin = scan.to_world((first + 0.5) * step / np.asarray(scan.spacing_mm) - 0.5)
    return VolumeGeometry(
        (k, j, i), (step,) * 3, scan.direction, check_point("origin", origin), scan.frame_of_reference_uid
    )
