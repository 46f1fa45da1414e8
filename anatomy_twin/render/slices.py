"""Slice pictures in radiological convention: image, outlines, applicators and simulated fields, by matplotlib (Agg)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import (
    FieldSeries,
    Needle,
    Scene,
    SlicePlane,
    format_number,
    plane_through,
    sample,
    slice_mask_fraction,
)
from anatomy_twin.render.text import write_png

NEAR_MM: Final = 3.0  # what lies nearer to the plane than this is drawn as in it
_DPI: Final = 100
_STROKE: Final = {"linewidth": 2.5, "foreground": "#000000"}


def slice_picture(
    scene: Scene,
    plane: str,
    file: str | Path | None = None,
    *,
    point_mm: ArrayLike | None = None,
    width_mm: float | None = None,
    size: tuple[int, int] = (720, 720),
    field: str = "",
    snapshot: int = -1,
    overlays: bool = True,
    fill: float = 0.13,
    only: tuple[str, ...] = (),
) -> NDArray[np.uint8]:
    """Draw one slice of a scene; return RGB (rows, columns, 3).

    Parameters: ``plane`` "axial", "coronal" or "sagittal"; ``file`` where a PNG is also written; ``point_mm`` (LPS) by
    default the focus; ``width_mm`` of a close-up (default: the whole scan); ``size`` (width, height) in pixels;
    ``field`` the name of a field of the scene to lay over it at time index ``snapshot``; ``overlays`` outlines of the
    visible masks with a light ``fill``, or of those named in ``only``.
    Raises ``UsageError`` for an unknown plane or field.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    series = _field(scene, field) if field else None
    point = scene.focus_mm if point_mm is None else point_mm
    cut = _plane(scene, plane, point, width_mm, size)
    figure = Figure(figsize=(size[0] / _DPI, size[1] / _DPI), dpi=_DPI, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-0.5, cut.shape[1] - 0.5)
    axes.set_ylim(cut.shape[0] - 0.5, -0.5)
    _draw_image(axes, scene, cut)
    if series is not None:
        _draw_field(axes, series, snapshot, cut)
    if overlays:
        _draw_overlays(axes, scene, cut, 0.0 if series is not None else fill, only)
    for needle in scene.needles:
        _draw_needle(axes, needle, cut)
    _draw_markers(axes, scene, cut)
    _draw_words(axes, scene, cut, point, series, snapshot)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    if file is not None:
        write_png(picture, file)
    return picture


def _field(scene: Scene, name: str) -> FieldSeries:
    for series in scene.fields:
        if series.name == name:
            return series
    known = ", ".join(series.name for series in scene.fields) or "none"
    raise UsageError(f"the scene has no field called {name!r}", advice=f"it has {known}")


def _plane(scene: Scene, name: str, point: ArrayLike, width_mm: float | None, size: tuple[int, int]) -> SlicePlane:
    geometry = scene.volume.geometry
    whole = plane_through(geometry, name, point)
    if width_mm is None:  # the whole scan, centred, in the shape of the picture
        width, height = whole.size_mm
        width = max(width, height * size[0] / size[1])
        middle = whole.to_world([(whole.shape[0] - 1) / 2, (whole.shape[1] - 1) / 2])
        return plane_through(
            geometry, name, middle, pixel_mm=width / size[0], size_mm=(width, width * size[1] / size[0])
        )
    return plane_through(
        geometry, name, point, pixel_mm=width_mm / size[0], size_mm=(width_mm, width_mm * size[1] / size[0])
    )


def _draw_image(axes: Any, scene: Scene, cut: SlicePlane) -> None:
    width, level = scene.window
    image = sample(scene.volume.array, scene.volume.geometry, cut)
    grey = np.clip((np.nan_to_num(image, nan=-1e6) - (level - width / 2)) / width, 0.0, 1.0)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")


def _rgb(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    return colour[0] / 255, colour[1] / 255, colour[2] / 255


def _draw_overlays(axes: Any, scene: Scene, cut: SlicePlane, fill: float, only: tuple[str, ...]) -> None:
    paint = np.zeros((*cut.shape, 4))
    outlines = []
    for layer in scene.overlays:
        if (layer.name not in only) if only else not layer.visible:
            continue
        part = slice_mask_fraction(layer.mask, layer.geometry, cut)
        if part.max() < 0.5:
            continue
        part = _outline(part, layer.geometry.spacing_mm, cut.pixel_mm)
        strong = layer.name == "zone" or "(target)" in layer.label
        if layer.name != "rim":
            _lay_over(paint, part >= 0.5, _rgb(layer.colour), min(1.0, fill * (2 if strong else 1)))
        outlines.append((part, _rgb(layer.colour), 2.2 if strong else 1.2, "--" if layer.name == "rim" else "-"))
    if fill > 0 and outlines:
        axes.imshow(paint, interpolation="nearest", aspect="auto")
    for part, colour, width, line in outlines:
        rows, columns = (np.flatnonzero((part > 0).any(axis=axis)) for axis in (1, 0))
        top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
        box = part[top : rows[-1] + 2, left : columns[-1] + 2]
        if min(box.shape) >= 2:
            across, down = np.arange(box.shape[1]) + left, np.arange(box.shape[0]) + top
            axes.contour(across, down, box, levels=[0.5], colors=[colour], linewidths=width, linestyles=line)


def _lay_over(paint: NDArray[Any], where: NDArray[Any], colour: tuple[float, float, float], alpha: float) -> None:
    """Paint a colour over an RGBA picture in place ("over" operator)."""
    below = paint[where, 3:]
    total = alpha + below * (1 - alpha)
    paint[where, :3] = (alpha * np.asarray(colour) + below * (1 - alpha) * paint[where, :3]) / np.maximum(total, 1e-9)
    paint[where, 3:] = total


def _outline(part: NDArray[np.float32], spacing_mm: tuple[float, ...], pixel_mm: float) -> NDArray[np.float32]:
    """Take the steps of voxels out of an outline: a blur of less than half a voxel, for the eye only."""
    from scipy.ndimage import gaussian_filter

    sigma = 0.45 * min(spacing_mm) / pixel_mm
    return np.asarray(gaussian_filter(part, sigma), np.float32) if sigma > 0.5 and part.max() > 0 else part


def field_values(series: FieldSeries, snapshot: int) -> tuple[NDArray[np.float32], str, tuple[float, float]]:
    """Return what is drawn of a field at one time: values [k, j, i], label with unit, and range.

    The damage integral is drawn as the coagulated part of the tissue, 1 - exp(-omega), in percent.
    """
    values = series.values[snapshot]
    if series.name == "damage" and not series.by_limit:
        return (100.0 * (1.0 - np.exp(-values))).astype(np.float32), "coagulated part of the tissue (%)", (0.0, 100.0)
    unit = "\N{DEGREE SIGN}C" if series.unit == "degC" else series.unit
    return values, f"{series.label} ({unit})" if unit else series.label, series.range


def _draw_field(axes: Any, series: FieldSeries, snapshot: int, cut: SlicePlane) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    values, label, (low, high) = field_values(series, snapshot)
    picture = sample(values, series.geometry, cut, outside=low)
    shade = np.clip((picture - low) / (high - low), 0.0, 1.0)
    damage = series.name == "damage" and not series.by_limit
    mappable = ScalarMappable(Normalize(low, high), "RdPu" if damage else "inferno")
    layer = mappable.to_rgba(picture)
    layer[..., 3] = np.clip(shade * 3.0, 0.0, 0.72)
    axes.imshow(layer, interpolation="bilinear", aspect="auto")
    shown = [100.0 * (1.0 - np.exp(-level)) if damage else level for level in series.levels]
    held = [level for level in shown if picture.min() < level < picture.max()]
    if held:
        lines = axes.contour(picture, levels=held, colors="white", linewidths=1.1, linestyles="solid")
        kelvin = series.unit == "degC" or not series.unit
        unit = "%" if damage else "\N{DEGREE SIGN}C" if kelvin else series.unit
        axes.clabel(lines, fmt=lambda value: f"{series.shown(value):.0f} {unit}", fontsize=9)
    inset = axes.inset_axes((0.9, 0.1, 0.022, 0.34))
    bar = axes.figure.colorbar(mappable, cax=inset)
    bar.ax.tick_params(colors="white", labelsize=9)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{series.shown(value) + 0.0:g}")
    bar.outline.set_edgecolor("white")
    bar.set_label(label, color="white", fontsize=10)
    bar.ax.yaxis.set_label_position("left")


def _draw_needle(axes: Any, needle: Needle, cut: SlicePlane) -> None:
    """Draw the projection of shaft and tines: dotted out of the plane, thin in it, thick where they heat."""
    colour, shaft = _rgb(needle.colour), (needle.entry_mm, needle.tip_mm)
    along = np.linspace(0.0, 1.0, 200)[:, None]
    heats, dots = 2.0 if needle.tines else 3.2, (shaft, *needle.tines)
    for ends, width in ((shaft, 1.3), *((piece, heats) for piece in needle.heating_mm)):
        points = np.asarray(ends[0]) + along * np.subtract(ends[1], ends[0])
        pixels = cut.to_pixel(points)
        if ends in dots:
            axes.plot(pixels[:, 1], pixels[:, 0], ":", color=colour, linewidth=1.3, alpha=0.9)
        near = np.abs(cut.distance_mm(points)) <= NEAR_MM
        inside = np.where(near[:, None], pixels, np.nan)
        axes.plot(inside[:, 1], inside[:, 0], "-", color=colour, linewidth=width, solid_capstyle="round")
    tip = cut.to_pixel(needle.tip_mm)
    axes.plot(tip[1], tip[0], "o", markersize=5, color=colour, markeredgecolor="black")


def _draw_markers(axes: Any, scene: Scene, cut: SlicePlane) -> None:
    from matplotlib.patheffects import withStroke

    for marker in scene.markers:
        if abs(float(cut.distance_mm(marker.point_mm))) > NEAR_MM:
            continue
        row, column = cut.to_pixel(marker.point_mm)
        effects = [withStroke(**_STROKE)]
        axes.plot(column, row, "o", markersize=13, markerfacecolor="none", markeredgecolor=_rgb(marker.colour),
                  markeredgewidth=2, path_effects=effects)
        outward = 14 if column < 0.55 * cut.shape[1] else -14
        axes.annotate(
            marker.label, (column, row), xytext=(outward, 14), textcoords="offset points", color=_rgb(marker.colour),
            fontsize=11, fontweight="bold", path_effects=effects, ha="left" if outward > 0 else "right",
        )


def _draw_words(
    axes: Any, scene: Scene, cut: SlicePlane, point: ArrayLike, series: FieldSeries | None, snapshot: int
) -> None:
    from matplotlib.patheffects import withStroke

    style = {"transform": axes.transAxes, "color": "white", "path_effects": [withStroke(**_STROKE)]}
    places = {
        "left": (0.015, 0.5, "left", "center"), "right": (0.985, 0.5, "right", "center"),
        "top": (0.5, 0.985, "center", "top"), "bottom": (0.5, 0.045, "center", "bottom"),
    }
    for side, (x, y, across, along) in places.items():
        axes.text(x, y, cut.letters[side], ha=across, va=along, fontsize=17, fontweight="bold", **style)
    axis = int(np.argmax(np.abs(cut.normal)))
    place = float(np.asarray(point, dtype=float)[axis])
    end = "LPH"[axis] if place >= 0 else "RAF"[axis]
    head = f"{cut.name.capitalize()}  {end} {abs(place):.0f} mm"
    axes.text(0.015, 0.985, head, ha="left", va="top", fontsize=12, fontweight="bold", **style)
    width, level = scene.window
    axes.text(0.985, 0.985, f"W {width:.0f}  L {level:.0f}", ha="right", va="top", fontsize=10, **style)
    if series is not None:
        when = f", {format_number(float(series.times_s[snapshot]), 's')}" if len(series.times_s) > 1 else ""
        axes.text(0.015, 0.94, f"{series.label}{when}", ha="left", va="top", fontsize=11, **style)
    _draw_scale(axes, cut, style)
    axes.text(0.5, 0.008, scene.notice, ha="center", va="bottom", fontsize=8, **style)


def _draw_scale(axes: Any, cut: SlicePlane, style: dict[str, Any]) -> None:
    length = max(step for step in (5, 10, 20, 50, 100) if step <= max(5.0, cut.size_mm[0] / 4))
    part = length / cut.size_mm[0]
    axes.plot([0.02, 0.02 + part], [0.05, 0.05], "-", linewidth=3, solid_capstyle="butt", **style)
    axes.text(0.02, 0.06, f"{length} mm", ha="left", va="bottom", fontsize=10, **style)
