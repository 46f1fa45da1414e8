"""A scene as a 3-D picture, off-screen, by PyVista."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import RenderError, UsageError
from anatomy_twin.rehearsal import Scene
from anatomy_twin.render.probe import can_render, choose_window
from anatomy_twin.render.still import FINER, new_plotter, take_still
from anatomy_twin.render.text import annotate, legend_width, write_png
from anatomy_twin.render.views import BACKGROUNDS, view_axes, view_letters
from anatomy_twin.units import Point


def render_scene(
    scene: Scene,
    file: str | Path | None = None,
    size: tuple[int, int] = (1280, 960),
    view: str = "anterior",
    *,
    background: str = "light",
    focus_mm: Point | None = None,
    width_mm: float | None = None,
    hide: tuple[str, ...] = (),
    legend: bool = True,
    title: str | None = None,
) -> NDArray[np.uint8]:
    """Draw the visible surfaces, needles and markers of a scene; return RGB (rows, columns, 3).

    Parameters: ``file`` where a PNG is also written; ``size`` (width, height) in pixels; ``view`` a name of ``VIEWS``;
    ``background`` "light" or "dark"; ``focus_mm`` and ``width_mm`` make a close-up of that width around a point (LPS);
    ``hide`` names surfaces that are left out; ``title`` replaces the scene's. Letters at the edges and the
    cube tell the patient's directions; the intended-use line is always there.

    Raises ``RenderError`` where this machine cannot draw and ``UsageError`` for an unknown view or background.
    """
    view_axes(view)
    if background not in BACKGROUNDS:
        raise UsageError(f"no background is called {background!r}", advice="use light or dark")
    works, message = can_render()
    if not works:
        raise RenderError(message)
    kept = tuple(
        layer for layer in scene.surfaces if layer.visible and layer.name not in hide
    )
    blank = not scene.surfaces
    scene = replace(scene, surfaces=kept)
    lines = legend_of(scene) if legend else ()
    picture = annotate(
        _draw(scene, size, view, background, focus_mm, width_mm, legend_width(lines, size), blank),
        notice=scene.notice,
        title=scene.title if title is None else title,
        letters=view_letters(view),
        legend=lines,
        dark=background == "dark",
    )
    if file is not None:
        write_png(picture, file)
    return picture


def legend_of(scene: Scene) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    """Return label and colour of what is shown: what is intended and simulated first, then the anatomy."""
    rank = {"target": 0, "zone": 1, "vessel": 3, "organ": 4, "body": 5}
    lines = [
        (rank.get(layer.group, 4), layer.caption, layer.colour)
        for layer in scene.surfaces if layer.visible and layer.name != "body"
    ]
    lines += [(2, needle.label, needle.colour) for needle in scene.needles]
    lines += [(2, marker.label, marker.colour) for marker in scene.markers]
    lines.sort(key=lambda line: line[0])
    merged: dict[str, tuple[int, int, int]] = {}
    for _, label, colour in lines:
        merged.setdefault(label, colour)
    return tuple(_vertebrae_in_one(merged).items())


def _vertebrae_in_one(lines: dict[str, tuple[int, int, int]]) -> dict[str, tuple[int, int, int]]:
    """Put neighbouring lines of vertebrae, which all look alike, into one: "Vertebrae T8 to L4"."""
    spine = [label for label in lines if label.startswith("Vertebra ")]
    if len(spine) < 2:
        return lines
    ends = [label.split()[1] for label in (spine[0], spine[-1])]
    name = f"Vertebrae {ends[0]} to {ends[1]}" + (" (some: check)" if any("check" in label for label in spine) else "")
    return {name if label == spine[0] else label: colour for label, colour in lines.items() if label not in spine[1:]}


def _draw(
    scene: Scene, size: tuple[int, int], view: str, background: str, focus_mm: Point | None,
    width_mm: float | None, left_px: int, blank: bool,
) -> NDArray[np.uint8]:
    choose_window()
    from anatomy_twin.render.stage import NO_SURFACES, Stage, place_camera

    plotter = new_plotter(size)
    try:
        stage = Stage(plotter, scene, background, silhouettes=True, finer=FINER)
        if blank:
            stage.say(NO_SURFACES)
        place_camera(plotter, scene, view, size, focus_mm=focus_mm, width_mm=width_mm, left_px=left_px)
        return take_still(plotter, any(layer.opacity < 1 for layer in scene.surfaces))
    finally:
        plotter.close()
