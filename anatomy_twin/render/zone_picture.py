"""The ellipsoid of a device's table beside the simulated zone: one slice, what each leaves uncovered in red."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from anatomy_twin.assess.boundary import zone_boundary
from anatomy_twin.assess.margin_field import prepare_margin
from anatomy_twin.assess.promise import ZoneComparison, compare_zones
from anatomy_twin.core import AblationPlan, Assessment, Case, LabelMap, VolumeGeometry, Zoned
from anatomy_twin.errors import PlanError
from anatomy_twin.rehearsal import (
    PLANES,
    OverlayLayer,
    Scene,
    build_scene,
    format_quantity,
    structure_colour,
    structure_label,
)
from anatomy_twin.rehearsal.plan_layers import MISSING_RGB, TABLE_RGB, cropped, rim_of
from anatomy_twin.render.anatomy_sheet import FOOT_PX, GAP_PX, HEAD_PX, Picture, Sheet, kind_of
from anatomy_twin.render.overview import INK, QUIET
from anatomy_twin.render.slices import slice_picture
from anatomy_twin.render.text import font
from anatomy_twin.units import Point

ROOM: Final = (600, 600)
BELOW_PX: Final = 132
ROUND_MM: Final = 42.0  # shown beside the target
FINE_MM: Final = 0.8  # of the grid on which uncovered tissue is found
NORMALS: Final = {"axial": 2, "coronal": 1, "sagittal": 0}
VESSELS: Final = ("hepatic_veins", "portal_branches", "portal_vein", "hepatic_vessels", "inferior_vena_cava",
                  "hepatic_artery", "aorta")  # fmt: skip
TITLES: Final = ("Ellipsoid of the device's table, no physics", "Simulated")


@dataclass(frozen=True, eq=False)
class ZonePane:
    """One of the two pictures: RGB (rows, columns, 3), its title and its numbers in a line."""

    picture: Picture
    title: str
    numbers: str


def zone_panes(
    case: Case, found: ZoneComparison, *, size: tuple[int, int] = ROOM, scene: Scene | None = None, plane: str = ""
) -> tuple[ZonePane, ZonePane]:
    """Draw the promised and the simulated zone on the same slice, through the worst point of the simulated one.

    Parameters: ``found`` of a plan of the case, ``size`` (width, height) in pixels, ``scene`` of that plan with its
    masks where it is at hand, ``plane`` by default the one that shows the worst point and most of the target. Tissue of
    target and margin that a zone does not cover is red. Raises ``PlanError`` for a plan that is no ablation.
    """
    plan = case.plan(found.plan_name)
    if not isinstance(plan, AblationPlan):
        raise PlanError(f"plan {plan.name!r} is no ablation")
    scene = build_scene(case, plan.name) if scene is None else scene
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    margin = found.simulated["minimal_margin_mm"]
    ends = labels.geometry.to_world(np.argwhere(labels.mask(plan.target)))
    middle = ends.mean(axis=0)
    worst = middle if margin.place_mm is None else np.asarray(margin.place_mm)
    if plane not in PLANES:
        plane = min(NORMALS, key=lambda one: (round(abs(float((worst - middle)[NORMALS[one]])), 3), one))
    point = 0.5 * (middle + worst)  # between both: the target stays in the picture
    point[NORMALS[plane]] = worst[NORMALS[plane]]
    width = float(np.ptp(ends, axis=0).max()) + 2.0 * ROUND_MM
    panes = []
    palette = case.display.palette or "default"
    colours = (structure_colour("table_zone", palette, TABLE_RGB), structure_colour("zone", palette))
    zones: tuple[tuple[Zoned, Assessment], ...] = ((found.table, found.promised), (found.result, found.simulated))
    for (zone, numbers), title, colour in zip(zones, TITLES, colours, strict=True):
        shown = replace(scene, overlays=_layers(scene, labels, plan, zone, colour), fields=(), markers=())
        names = tuple(layer.name for layer in shown.overlays)
        picture = slice_picture(shown, plane, point_mm=point, width_mm=width, size=size, only=names)
        panes.append(ZonePane(picture, title, _line(numbers)))
    return panes[0], panes[1]


def zones_picture(
    case: Case, plan_name: str, file: str | Path | None = None, found: ZoneComparison | None = None, *, plane: str = ""
) -> Picture:
    """Draw ``zone_panes`` as a sheet with the numbers of both below; a PNG is written where a file is named.

    Raises what ``compare_zones`` raises where ``found`` is not given.
    """
    found = compare_zones(case, plan_name) if found is None else found
    panes = zone_panes(case, found, plane=plane)
    size = (2 * ROOM[0] + GAP_PX, HEAD_PX + ROOM[1] + BELOW_PX + FOOT_PX)
    plan = case.plan(found.plan_name)
    target = structure_label(getattr(plan, "target", ""))
    remarks = (case.patient.pseudonym, kind_of(case), f"plan {found.plan_name}, target {target}")
    sheet = Sheet(size, "Table and simulation", remarks)
    palette = case.display.palette or "default"
    colours = (structure_colour("table_zone", palette, TABLE_RGB), structure_colour("zone", palette))
    below = HEAD_PX + ROOM[1]
    for number, (pane, colour) in enumerate(zip(panes, colours, strict=True)):
        left = number * (ROOM[0] + GAP_PX)
        sheet.paste(pane.picture, (left, HEAD_PX))
        sheet.draw.rectangle((left + 12, below + 12, left + 26, below + 26), fill=colour)
        sheet.words((left + 36, below + 19), pane.title, 18, INK, bold=True)
        sheet.words((left + 12, below + 48), pane.numbers, 15, INK)
    x = 12.0
    for text, colour in (
        (f"{target}", structure_colour(getattr(plan, "target", ""), palette, INK)),
        ("margin asked for (dashed)", structure_colour("rim", palette, INK)),
        ("hepatic veins", structure_colour("hepatic_veins", palette)),
        ("portal branches", structure_colour("portal_branches", palette)),
        ("target and margin that are not covered", MISSING_RGB),
    ):
        sheet.draw.rectangle((x, below + 74, x + 12, below + 86), fill=colour)
        sheet.words((x + 20, below + 80), text, 14, QUIET)
        x += 20 + sheet.draw.textlength(text, font=font(14)) + 26
    agree = (f"the zones agree by a Dice of {found.dice:.2f}; only promised {found.only_promised_ml:.1f} ml, only "
             f"simulated {found.only_simulated_ml:.1f} ml")  # fmt: skip
    sheet.words((12, below + 110), agree, 14, QUIET)
    return sheet.finished(file)


def _line(numbers: Assessment) -> str:
    """Return the numbers below a picture."""
    known = {quantity.name: quantity for quantity in numbers.quantities}
    words = {"minimal_margin_mm": "minimal margin", "target_percent": "target", "rim_percent": "5 mm rim",
             "ablated_ml": "zone"}  # fmt: skip
    return "   ".join(f"{word} {format_quantity(known[name])}" for name, word in words.items() if name in known)


def _layers(
    scene: Scene, labels: LabelMap, plan: AblationPlan, zone: Zoned, colour: tuple[int, int, int]
) -> tuple[OverlayLayer, ...]:
    """Return what is drawn: vessels, the zone, what it leaves uncovered, the target, the margin."""
    found = [layer for layer in scene.overlays if layer.name in VESSELS]
    part = cropped(zone.coagulated, zone.geometry)
    if part is not None:
        found.append(OverlayLayer("zone", "Zone", *part, colour))
    missing = _uncovered(labels, plan, zone)
    if missing is not None:
        found.append(missing)
    found += [layer for layer in scene.overlays if layer.name == plan.target]
    return (*found, *rim_of(labels, plan, structure_colour("rim")))


def _uncovered(labels: LabelMap, plan: AblationPlan, zone: Zoned) -> OverlayLayer | None:
    """Return the part of target and margin (within its organ) that a zone does not cover."""
    ends = labels.geometry.to_world(np.argwhere(labels.mask(plan.target)))
    grid = _grid(labels.geometry, ends, plan.margin_mm + 4.0)
    field = prepare_margin(labels, plan.target, grid, plan.margin_mm)
    wanted = field.inside | field.rim
    index = np.argwhere(wanted)
    wanted[tuple(index.T)] = zone_boundary(zone).sample(grid.to_world(index)) <= 0
    part = cropped(wanted, grid)
    return None if part is None else OverlayLayer("missing", "Not covered (target)", *part, MISSING_RGB)


def _grid(scan: VolumeGeometry, points: np.ndarray, pad_mm: float) -> VolumeGeometry:
    """Return a fine grid with the axes of a scan around points (n, 3)."""
    steps = np.asarray(scan.spacing_mm)
    edges = scan.to_index(points) * steps
    low, high = edges.min(axis=0) - pad_mm, edges.max(axis=0) + pad_mm
    k, j, i = (int(size) for size in np.ceil((high - low) / FINE_MM))
    x, y, z = (float(value) for value in scan.to_world(low / steps))
    origin: Point = (x, y, z)
    return VolumeGeometry((k, j, i), (FINE_MM,) * 3, scan.direction, origin, scan.frame_of_reference_uid)
