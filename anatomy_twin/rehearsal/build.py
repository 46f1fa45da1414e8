"""From a case to the scene that pictures, windows and pages show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import (
    AblationPlan,
    Assessment,
    Case,
    LabelMap,
    Quantity,
    SurfaceMesh,
    ThermalResult,
    VolumeGeometry,
    reindex,
)
from anatomy_twin.errors import UsageError
from anatomy_twin.notice import SYNTHETIC_NOTE
from anatomy_twin.rehearsal.looks import looks_displayed, overlays_displayed, segment_looks, surfaces_displayed
from anatomy_twin.rehearsal.scene import FieldSeries, Marker, Needle, OverlayLayer, Scene, SurfaceLayer
from anatomy_twin.units import Point, check_point

TEMPERATURE_LEVELS_C = (50.0, 60.0, 100.0)
DAMAGE_LEVELS = (1.0, 4.6)
NEEDLE_RADIUS_MM = 1.0  # assumed where the catalog does not know the device


def build_scene(case: Case, plan_name: str | None = None, palette: str = "", *, masks: bool = True) -> Scene:
    """Return everything that is to be shown of a case and one of its plans.

    Parameters: ``plan_name`` by default the only plan, or the last one that has a result, or the last, and "" for
    none; ``palette`` a name of ``catalog/palettes.json``, by default that of the case's display. ``masks=False``
    leaves out the overlays, which cost a pass over the labels each: ``looks`` say how to draw segments straight from
    the label map. Works for a case without labels, plan or result. Raises ``DataError`` for an unknown plan and
    ``UsageError`` for an unknown palette.
    """
    colours, display = _palette(palette or case.display.palette or "default"), case.display
    name = chosen_plan(case) if plan_name is None else case.plan(plan_name).name if plan_name else ""
    plan = case.plans.get(name)
    result = case.results.get(name)
    target = plan.target if isinstance(plan, AblationPlan) else ""
    needles, assumed = _needles(plan, colours)
    labels = case.labels.get(case.primary)
    return Scene(
        title=f"{case.patient.pseudonym}: plan {name}" if name else case.patient.pseudonym,
        volume=case.volume,
        surfaces=surfaces_displayed(_surfaces(case, result, target, colours), display),
        overlays=overlays_displayed(
            (*_rim(labels, plan, colours), *_overlays(labels, result, target, colours)), display
        ) if masks else (),
        looks=looks_displayed(segment_looks(
            case, target, structure_label, _drawing, lambda name, own: _colour(name, colours, own)
        ), display),
        needles=needles,
        fields=_fields(result),
        markers=_markers(case.assessments.get(name), colours),
        numbers=_numbers(case, name),
        focus_mm=focus_of(case, target),
        window=(display.window_width, display.window_level)
        if display.window_width is not None and display.window_level is not None else window_of(case),
        messages=(*_messages(case, name, result), *assumed),
    )


def chosen_plan(case: Case) -> str:
    """Return the plan that is shown when none is named: the last with a result, else the last, else ""."""
    with_result = [name for name in case.plans if name in case.results]
    return (with_result or list(case.plans) or [""])[-1]


def window_of(case: Case) -> tuple[float, float]:
    """Return (width, level) in HU for the primary volume by its contrast phase (``catalog/windows.json``)."""
    windows = catalog.load("windows")
    if case.volume.modality != "CT":
        low, high = (float(value) for value in np.percentile(case.volume.canonical().array[::4, ::4, ::4], (1, 99)))
        return max(high - low, 1.0), (high + low) / 2
    preset = windows["presets"][windows["by_phase"][phase_of(case)]]
    return float(preset["width"]), float(preset["level"])


def phase_of(case: Case) -> str:
    """Return the contrast phase as facts or notes of the case tell it, a key of ``by_phase`` in the catalog."""
    labels = case.labels.get(case.primary)
    lines = [case.volume.facts.get("phase", "")]
    lines += [note for note in (labels.notes if labels is not None else ()) if "phase" in note.lower()]
    words = sorted(catalog.load("windows")["by_phase"], key=len, reverse=True)
    for line in lines:
        for word in words:
            if word in line.lower():
                return str(word)
    return "unknown"


def focus_of(case: Case, target: str = "") -> Point:
    """Return where the slice views cross (LPS mm): in the target, else the largest tumour, the liver, the scan."""
    labels = case.labels.get(case.primary)
    if labels is not None:
        tumours = [s.name for s in labels.segments if catalog.stem(s.name) in ("tumour", "lesion", "tumour_candidate")]
        largest = sorted((name for name in tumours if name in labels), key=labels.volume_ml, reverse=True)
        for name in (target, *largest, "liver"):
            if name in labels:
                return _inner_point(labels.mask(name), labels.geometry)
    return case.volume.geometry.center_mm


def structure_colour(
    name: str, palette: str = "default", own: tuple[int, int, int] | None = None
) -> tuple[int, int, int]:
    """Return the RGB colour of a structure, "zone", "needle" or "marker" in a palette.

    ``own`` is the colour of what the catalog does not know; without it such a name raises ``UsageError``.
    """
    try:
        return _colour(name, _palette(palette))
    except UsageError:
        if own is None:
            raise
        return own


def _palette(name: str) -> dict[str, Any]:
    palettes = catalog.load("palettes")["palettes"]
    if name not in palettes:
        raise UsageError(f"no palette is called {name!r}", advice=f"use one of {', '.join(palettes)}")
    colours: dict[str, Any] = palettes[name]["colours"]
    return colours


def _colour(name: str, colours: dict[str, Any], own: tuple[int, int, int] | None = None) -> tuple[int, int, int]:
    chosen = colours.get(name) or colours.get(catalog.stem(name)) or own or catalog.term(name)["colour"]
    return int(chosen[0]), int(chosen[1]), int(chosen[2])


def _drawing(name: str) -> dict[str, Any]:
    table = catalog.load("palettes")["drawing"]
    drawing: dict[str, Any] = table.get(name) or table.get(catalog.stem(name)) or {"group": "organ", "opacity": 0.6}
    return drawing


def structure_label(name: str) -> str:
    """Return what a structure is called for people: the catalog's label, or a name of the user's own in words."""
    try:
        label: str = catalog.term(name)["label"]
    except UsageError:
        return name.replace("_", " ")
    return label


def _surfaces(
    case: Case, result: ThermalResult | None, target: str, colours: dict[str, Any]
) -> tuple[SurfaceLayer, ...]:
    layers = []
    for name, structure in case.anatomy.structures.items():
        if structure.surface is None or not structure.surface.triangles.size:
            continue
        drawing = _drawing(name)
        layers.append(
            SurfaceLayer(
                name, structure_label(name) + (" (target)" if name == target else ""), structure.surface,
                _colour(name, colours, structure.colour), 1.0 if name == target else drawing["opacity"],
                drawing.get("visible", True), "target" if name == target else drawing["group"],
                structure.volume_ml, structure.state,
            )
        )
    if result is not None and result.surface is not None and result.surface.triangles.size:
        layers.append(_zone_layer(result.surface, result, colours))
    return tuple(layers)


def _zone_layer(surface: SurfaceMesh, result: ThermalResult, colours: dict[str, Any]) -> SurfaceLayer:
    return SurfaceLayer(
        "zone", "Coagulated zone (simulated)", surface, _colour("zone", colours), _drawing("zone")["opacity"],
        True, "zone", result.coagulated_ml, "simulated",
    )


def _overlays(
    labels: LabelMap | None, result: ThermalResult | None, target: str, colours: dict[str, Any]
) -> tuple[OverlayLayer, ...]:
    layers = []
    for segment in labels.segments if labels is not None else ():
        drawing = _drawing(segment.name)
        if segment.absent or not drawing.get("overlay", True):
            continue
        cropped = _cropped(labels.mask(segment.name), labels.geometry)  # type: ignore[union-attr]
        if cropped is not None:
            label = structure_label(segment.name) + (" (target)" if segment.name == target else "")
            colour = _colour(segment.name, colours, segment.colour)
            shown = drawing.get("visible", True)
            layers.append(OverlayLayer(segment.name, label, *cropped, colour, shown, segment.state))
    layers.sort(key=lambda layer: _drawing(layer.name)["group"] == "target")
    if result is not None:
        cropped = _cropped(result.coagulated, result.geometry)
        if cropped is not None:
            layers.append(OverlayLayer("zone", "Coagulated zone (simulated)", *cropped, _colour("zone", colours)))
    return tuple(layers)


def _rim(labels: LabelMap | None, plan: object, colours: dict[str, Any]) -> tuple[OverlayLayer, ...]:
    """Return the target with the margin that the plan asks for, within the organ that the target is part of.

    It is drawn for the eye; margins are measured by the assessment, between surfaces.
    """
    if not isinstance(plan, AblationPlan) or labels is None or plan.target not in labels or plan.margin_mm <= 0:
        return ()
    from scipy.ndimage import distance_transform_edt

    geometry, target = labels.geometry, labels.mask(plan.target)
    index = np.argwhere(target)
    reach = np.ceil(plan.margin_mm / np.asarray(geometry.spacing_mm)).astype(int) + 1
    low = np.maximum(index.min(axis=0) - reach, 0)
    high = np.minimum(index.max(axis=0) + reach + 1, geometry.shape)
    box = tuple(slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))
    inside = target[box]
    # the surface of the target runs between voxel centres: somewhat less than half a voxel beyond the last of its own
    reached_mm = plan.margin_mm + 0.4 * min(geometry.spacing_mm)
    mask = np.round(distance_transform_edt(~inside, sampling=geometry.spacing_mm), 6) <= reached_mm
    organ = labels.segment(plan.target).part_of
    if organ in labels:
        mask &= labels.mask(organ)[box] | inside
    grid = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), mask.shape)
    return (OverlayLayer("rim", f"Target and {plan.margin_mm:g} mm margin", mask, grid, _colour("rim", colours)),)


def _cropped(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> tuple[NDArray[np.bool_], VolumeGeometry] | None:
    """Return the mask cut to its box with one empty voxel around it where the grid has one; None if it is empty."""
    slices = []
    for axis in range(3):
        held = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
        if not held.size:
            return None
        slices.append(slice(max(int(held[0]) - 1, 0), min(int(held[-1]) + 2, mask.shape[axis])))
    part = np.ascontiguousarray(mask[tuple(slices)])
    start = (slices[0].start, slices[1].start, slices[2].start)
    return part, geometry.cropped(start, (part.shape[0], part.shape[1], part.shape[2]))


def _needles(plan: object, colours: dict[str, Any]) -> tuple[tuple[Needle, ...], tuple[str, ...]]:
    if not isinstance(plan, AblationPlan):
        return (), ()
    needles, notes = [], []
    for number, applicator in enumerate(plan.applicators, start=1):
        radius, active, assumed = device_size(applicator.device)
        if assumed:
            notes.append(assumed)
        needles.append(
            Needle(
                f"Applicator {number} ({applicator.device})", applicator.entry_mm, applicator.tip_mm, radius, active,
                _colour("needle", colours),
            )
        )
    return tuple(needles), tuple(dict.fromkeys(notes))


def device_size(device: str) -> tuple[float, float, str]:
    """Return shaft radius and active length of a device in mm, and a line that says what is assumed ("" if known)."""
    try:
        devices = catalog.load("devices")
    except UsageError:
        devices = {}
    entry = devices.get("devices", {}).get(device, {})
    diameter, active = _number(entry.get("shaft_diameter_mm")), _number(entry.get("active_length_mm"))
    if diameter is not None and active is not None:
        return diameter / 2, active, ""
    radius = NEEDLE_RADIUS_MM if diameter is None else diameter / 2
    return radius, active or 0.0, f"Size of device {device} is not in the catalog: its picture is assumed."


def _number(entry: Any) -> float | None:
    value = entry.get("value") if isinstance(entry, dict) else entry
    return float(value) if isinstance(value, int | float) else None


def _fields(result: ThermalResult | None) -> tuple[FieldSeries, ...]:
    if result is None:
        return ()
    hottest = float(result.temperature_c.max()) if result.temperature_c.size else 100.0
    return (
        FieldSeries(
            "temperature", "Temperature", "degC", result.temperature_c, result.times_s, result.geometry,
            (37.0, max(60.0, np.ceil(hottest / 10) * 10)), TEMPERATURE_LEVELS_C,
        ),
        FieldSeries(
            "damage", "Arrhenius damage integral", "", result.omega, result.times_s, result.geometry, (0.0, 4.6),
            DAMAGE_LEVELS,
        ),
    )


def _markers(assessment: Assessment | None, colours: dict[str, Any]) -> tuple[Marker, ...]:
    if assessment is None:
        return ()
    worst = margin_of(assessment)
    if worst is None or worst.place_mm is None:
        return ()
    return (Marker(f"Smallest margin {format_quantity(worst)}", worst.place_mm, _colour("marker", colours)),)


def margin_of(assessment: Assessment) -> Quantity | None:
    """Return the quantity that holds the smallest margin, if it was measured."""
    for quantity in assessment.quantities:
        if "margin" in quantity.name and quantity.unit == "mm" and quantity.value is not None:
            return quantity
    return None


def format_quantity(quantity: Quantity) -> str:
    """Return value and unit as people read them ("4.6 mm", "not checked")."""
    return "not checked" if quantity.value is None else format_number(quantity.value, quantity.unit)


def format_number(value: float, unit: str) -> str:
    """Return a number with its unit, with as many digits as are worth reading."""
    if unit == "count":
        return f"{value:.0f}"
    digits = 0 if abs(value) >= 100 else 1
    if abs(value) < 0.1 and value != 0:
        digits = 3
    shown = {"degC": "\N{DEGREE SIGN}C", "mm2": "mm\N{SUPERSCRIPT TWO}", "cm2": "cm\N{SUPERSCRIPT TWO}"}.get(unit, unit)
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return f"{text} {shown}".strip()


def _numbers(case: Case, plan_name: str) -> tuple[tuple[str, str, str], ...]:
    rows = []
    for key in dict.fromkeys((plan_name, "")):
        assessment = case.assessments.get(key)
        for quantity in assessment.quantities if assessment is not None else ():
            rows.append((quantity.label, format_quantity(quantity), quantity.verdict))
    return tuple(rows)


def _messages(case: Case, plan_name: str, result: ThermalResult | None) -> tuple[str, ...]:
    lines = [SYNTHETIC_NOTE] if case.synthetic else []
    lines += case.volume.warnings
    if case.primary in case.labels:
        lines += [*_target_note(case, plan_name), *case.label_map.notes]
    lines += case.anatomy.notes
    if plan_name in case.checks:
        for rule in case.checks[plan_name].rules:
            if rule.outcome != "passed":
                lines.append(f"{rule.outcome.capitalize()}: {rule.name}: {rule.reason}")
    if result is not None:
        lines += result.warnings
        if result.assumed:
            lines.append(f"{len(result.assumed)} constants of the simulation have no public source and are assumed")
    return tuple(dict.fromkeys(lines))


def _target_note(case: Case, plan_name: str) -> list[str]:
    """Say what the target is where nobody has confirmed its outline."""
    target = getattr(case.plans.get(plan_name), "target", "")
    for segment in case.label_map.segments:
        if segment.name == target and segment.state == "check":
            return [f"{structure_label(target)} (target) {segment.state}: {segment.note or 'outlined by the program'}"]
    return []


def _inner_point(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> Point:
    """Return the voxel of the mask that is nearest to its centre of mass, in LPS mm.

    Of several that are, the first on canonical axes, so that the order of the array does not matter.
    """
    axes = geometry.canonical_axes()
    points = geometry.reindexed(*axes).to_world(np.argwhere(reindex(mask, *axes)))
    nearest = points[np.argmin(np.round(((points - points.mean(axis=0)) ** 2).sum(axis=1), 6))]
    return check_point("focus_mm", nearest)
