"""From a case to the scene that pictures, windows and pages show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import (
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
from anatomy_twin.rehearsal.cropping import cut_to
from anatomy_twin.rehearsal.damage import damage_series
from anatomy_twin.rehearsal.frozen import frozen_fields, ice_mask, ice_surface
from anatomy_twin.rehearsal.looks import looks_displayed, overlays_displayed, segment_looks, surfaces_displayed
from anatomy_twin.rehearsal.plan_layers import RESECTED_RGB, cropped, needles_of, resected_of, rim_of, targets_of
from anatomy_twin.rehearsal.scene import FieldSeries, Marker, OverlayLayer, Scene, SurfaceLayer
from anatomy_twin.units import Point, check_point

TEMPERATURE_LEVELS_C = (50.0, 60.0, 100.0)
UNITS = {"degC": "\N{DEGREE SIGN}C", "mm2": "mm\N{SUPERSCRIPT TWO}", "cm2": "cm\N{SUPERSCRIPT TWO}"}


def build_scene(
    case: Case, plan_name: str | None = None, palette: str = "", *, masks: bool = True, focus_mm: Point | None = None
) -> Scene:
    """Return everything that is to be shown of a case and one of its plans.

    Parameters: ``plan_name`` by default the only plan, or the last one that has a result, or the last, and "" for
    none; ``palette`` a name of ``catalog/palettes.json``, by default that of the case's display. ``masks=False``
    leaves out the overlays, which cost a pass over the labels each: ``looks`` say how to draw segments straight from
    the label map. ``focus_mm`` where the slices cross, if that is known: finding it takes a pass over the labels too.
    Works for a case without labels, plan or result. Raises ``DataError`` for an unknown plan and
    ``UsageError`` for an unknown palette.
    """
    colours, display = _palette(palette or case.display.palette or "default"), case.display
    name = chosen_plan(case) if plan_name is None else case.plan(plan_name).name if plan_name else ""
    plan = case.plans.get(name)
    result = case.results.get(name)
    target = next(iter(targets_of(plan)), "")
    needles, assumed = needles_of(plan, _colour("needle", colours))
    labels = case.labels.get(case.primary)
    return Scene(
        title=f"{case.patient.pseudonym}: plan {name}" if name else case.patient.pseudonym,
        volume=case.volume,
        surfaces=surfaces_displayed(_surfaces(case, result, target, colours), display),
        overlays=overlays_displayed(
            (
                *rim_of(labels, plan, _colour("rim", colours)),
                *resected_of(labels, plan, _colour("resected", colours, RESECTED_RGB)),
                *_overlays(labels, result, target, colours),
            ), display
        ) if masks else (),
        looks=looks_displayed(segment_looks(
            case, target, structure_label, _drawing, lambda name, own: _colour(name, colours, own)
        ), display),
        needles=needles,
        fields=_fields(result),
        markers=_markers(case.assessments.get(name), colours),
        numbers=_numbers(case, name),
        focus_mm=focus_of(case, target) if focus_mm is None else focus_mm,
        window=(display.window_width, display.window_level)
        if display.window_width is not None and display.window_level is not None else window_of(case),
        messages=(*_messages(case, name, result), *assumed),
    )


def chosen_plan(case: Case) -> str:
    """Return the plan that is shown when none is named: the last with a result, else the last, else ""."""
    with_result = [name for name in case.plans if name in case.results or name in case.activations]
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
                near = cut_to(labels, name)
                return _inner_point(near.mask(name), near.geometry)
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
    # vertebrae that have a level of their own stand behind everything: they are hinted at
    usual = {"group": "body", "opacity": 0.2} if name.startswith("vertebra_") else {"group": "organ", "opacity": 0.6}
    drawing: dict[str, Any] = table.get(name) or table.get(catalog.stem(name)) or usual
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
        layers.append(_zone_layer("zone", result.surface, result.coagulated_ml, result, colours))
    ice, mask = (None, None) if result is None else (ice_surface(result), ice_mask(result))
    if result is not None and ice is not None and mask is not None:
        volume_ml = int(np.count_nonzero(mask)) * result.geometry.voxel_volume_ml
        layers.append(_zone_layer("ice", ice, volume_ml, result, colours))
    return tuple(layers)


def _zone_layer(
    name: str, surface: SurfaceMesh, volume_ml: float, result: ThermalResult, colours: dict[str, Any]
) -> SurfaceLayer:
    return SurfaceLayer(
        name, zone_label(name, result.coldest_c is not None), surface, _colour(name, colours),
        _drawing(name)["opacity"], True, "zone", volume_ml, "simulated",
    )


def zone_label(name: str, cold: bool) -> str:
    """Return what "zone" (what is dead) or "ice" of a simulation is called; ``cold``: of a freezing."""
    what = "Ice" if name == "ice" else "Lethal zone" if cold else "Coagulated zone"
    return f"{what} (simulated)"


def _overlays(
    labels: LabelMap | None, result: ThermalResult | None, target: str, colours: dict[str, Any]
) -> tuple[OverlayLayer, ...]:
    layers = []
    for segment in labels.segments if labels is not None else ():
        drawing = _drawing(segment.name)
        if segment.absent or not drawing.get("overlay", True):
            continue
        part = cropped(labels.mask(segment.name), labels.geometry)  # type: ignore[union-attr]
        if part is not None:
            label = structure_label(segment.name) + (" (target)" if segment.name == target else "")
            colour = _colour(segment.name, colours, segment.colour)
            shown = drawing.get("visible", True)
            layers.append(OverlayLayer(segment.name, label, *part, colour, shown, segment.state))
    layers.sort(key=lambda layer: _drawing(layer.name)["group"] == "target")
    for name, mask in (("ice", ice_mask(result)), ("zone", result.coagulated)) if result is not None else ():
        part = None if mask is None else cropped(mask, result.geometry)
        if part is not None:
            label = zone_label(name, result.coldest_c is not None)
            layers.append(OverlayLayer(name, label, *part, _colour(name, colours)))
    return tuple(layers)


def _fields(result: ThermalResult | None) -> tuple[FieldSeries, ...]:
    if result is None:
        return ()
    if result.coldest_c is not None:
        return frozen_fields(result)
    hottest = float(result.temperature_c.max()) if result.temperature_c.size else 100.0
    return (
        FieldSeries(
            "temperature", "Temperature", "degC", result.temperature_c, result.times_s, result.geometry,
            (37.0, max(60.0, np.ceil(hottest / 10) * 10)), TEMPERATURE_LEVELS_C,
        ),
        damage_series(result),
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


def format_interval(quantity: Quantity) -> str:
    """Return the interval of a number that was sampled as people read it ("95 % interval 60 to 86 %"), "" for none."""
    if quantity.interval is None:
        return ""
    digits = 0 if quantity.unit == "%" else 1
    low, high = quantity.interval
    return f"95 % interval {low:.{digits}f} to {high:.{digits}f} {UNITS.get(quantity.unit, quantity.unit)}".strip()


def format_number(value: float, unit: str) -> str:
    """Return a number with its unit, with as many digits as are worth reading."""
    if unit == "count":
        return f"{value:.0f}"
    digits = 0 if abs(value) >= 100 else 1
    if abs(value) < 0.1 and value != 0:
        digits = 3
    shown = UNITS.get(unit, unit)
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
    target = next(iter(targets_of(case.plans.get(plan_name))), "")
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
