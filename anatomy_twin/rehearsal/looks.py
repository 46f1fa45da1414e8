"""How segments look on slices, and what a person changed about the look of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anatomy_twin.core import Case, Display
from anatomy_twin.rehearsal.scene import OverlayLayer, Scene, SegmentLook, SurfaceLayer


def scene_displayed(scene: Scene, display: Display) -> Scene:
    """Return a scene of a case without a display of its own as a person wants it to look (its palette aside)."""
    width, level = display.window_width, display.window_level
    return replace(
        scene, surfaces=surfaces_displayed(scene.surfaces, display),
        overlays=overlays_displayed(scene.overlays, display), looks=looks_displayed(scene.looks, display),
        window=scene.window if width is None or level is None else (width, level),
    )


def surfaces_displayed(layers: tuple[SurfaceLayer, ...], display: Display) -> tuple[SurfaceLayer, ...]:
    """Return surfaces with the changes that a person made to their look."""
    return tuple(replace(layer, **_changes(display, layer.name, "visible", "opacity", "colour")) for layer in layers)


def overlays_displayed(layers: tuple[OverlayLayer, ...], display: Display) -> tuple[OverlayLayer, ...]:
    """Return overlays with the changes that a person made to their look."""
    return tuple(replace(layer, **_changes(display, layer.name, "visible", "colour")) for layer in layers)


def looks_displayed(looks: tuple[SegmentLook, ...], display: Display) -> tuple[SegmentLook, ...]:
    """Return segments with the changes that a person made to their look."""
    return tuple(replace(look, **_changes(display, look.name, "visible", "colour")) for look in looks)


def segment_looks(
    case: Case, target: str, label_of: Any, drawing_of: Any, colour_of: Any
) -> tuple[SegmentLook, ...]:
    """Return the looks of all segments with voxels, as the catalog has them; targets last (they are drawn on top)."""
    looks = []
    for segment in case.label_map.segments if case.primary in case.labels else ():
        if segment.absent:
            continue
        drawing: Mapping[str, Any] = drawing_of(segment.name)
        aimed = segment.name == target
        shown = bool(drawing.get("overlay", True) and drawing.get("visible", True))
        looks.append(SegmentLook(
            segment.name, label_of(segment.name) + (" (target)" if aimed else ""), segment.layer, segment.value,
            colour_of(segment.name, segment.colour), shown, "target" if aimed else drawing["group"], segment.state,
            segment.part_of,
        ))  # fmt: skip
    return tuple(sorted(looks, key=lambda look: (look.layer, look.group == "target")))


def _changes(display: Display, name: str, *parts: str) -> dict[str, Any]:
    layer = display.layer(name)
    return {part: getattr(layer, part) for part in parts if getattr(layer, part) is not None}
