"""The lines of words in the corners of a slice view: where it lies, how it is shown, what is under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetricsF

from anatomy_twin.pipeline.procedures import procedure_of
from anatomy_twin.rehearsal import FieldSeries, format_number
from anatomy_twin.rehearsal.captions import Box
from anatomy_twin.rehearsal.presets import WindowPreset, preset_of
from anatomy_twin.rehearsal.readout import field_at
from anatomy_twin.rehearsal.slice_paint import SliceContent
from anatomy_twin.units import check_point, place_text
from anatomy_twin.view.slice_ink import FAINT_INK, INK, Canvas, draw_words
from anatomy_twin.view.slice_notes import (
    EDGE_PX,
    draw_field_scale,
    draw_lines,
    draw_scale,
    field_scale_box,
    scale_right,
)
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.slice_sight import Sight

AXES: Final = {"sagittal": 0, "coronal": 1, "axial": 2}
NOTE: Final = QColor(255, 211, 122)


def draw_corners(
    canvas: Canvas, desk: Desk, sight: Sight, presets: tuple[WindowPreset, ...], title: QRect, content: SliceContent
) -> None:
    """Write position and slab below the title, grey window and simulated moment at the right, scales below."""
    metrics = QFontMetricsF(canvas.painter.font())
    room = canvas.width / 2 - 3 * EDGE_PX  # the letter in the middle stays free
    slab = slab_lines(desk) or second_lines(desk)
    left = [(fitting(lines, metrics, room), FAINT_INK) for lines in (place_lines(desk, sight),)]
    left += [(fitting(slab, metrics, room), NOTE)] if slab else []
    draw_lines(canvas, left, QPointF(EDGE_PX, title.bottom() + metrics.ascent() + 1), Qt.AlignmentFlag.AlignLeft)
    right = [(fitting(window_lines(desk, presets), metrics, room), FAINT_INK)]
    moment = moment_lines(desk)
    right += [(fitting(moment, metrics, room), NOTE)] if moment else []
    sight = desk.kits.get("table")
    table = sight.lines() if sight is not None else ()
    if table:
        words = fitting(table, metrics, room)
        parts = (words,) if metrics.horizontalAdvance(words) <= room else _two(words)  # no number without its word
        right += [(part, QColor(*sight.colour)) for part in parts]
    draw_lines(canvas, right, QPointF(canvas.width - EDGE_PX, 3 + metrics.ascent()), Qt.AlignmentFlag.AlignRight)
    foot = canvas.height - metrics.height() - 12
    draw_scale(canvas, foot)
    if content.field is not None:
        draw_field_scale(canvas, content.field, foot)


def corners_taken(canvas: Canvas, title: QRect, field: FieldSeries | None) -> tuple[Box, ...]:
    """Return where words and scales stand at the edges: words beside things leave that free."""
    line, middle, half = QFontMetricsF(canvas.painter.font()).height(), canvas.width / 2, canvas.height / 2
    wide, high = float(canvas.width), float(canvas.height)
    return (
        Box(0.0, 0.0, max(float(title.right()), 0.8 * middle), title.bottom() + line + 2.0),
        Box(1.1 * middle, 0.0, wide, 2 * line + 6.0),
        *(Box(left, half - line, left + 2 * line, half + line) for left in (0.0, wide - 2 * line)),  # letters
        *(Box(middle - line, top, middle + line, top + 1.7 * line) for top in (0.0, high - 2.7 * line)),
        Box(0.0, high - 2.2 * line, max(scale_right(canvas), 0.0), high),  # scale and what is under the mouse
        *(() if field is None else (field_scale_box(canvas, field, high - line - 12),)),
    )


def fitting(lines: tuple[str, ...], metrics: QFontMetricsF, room: float) -> str:
    """Return the first of some ways to say the same that is not too wide, else the last, which is the shortest."""
    return next((line for line in lines if metrics.horizontalAdvance(line) <= room), lines[-1])


def _two(words: str) -> tuple[str, ...]:
    head, comma, tail = words.partition(", ")
    return (head + ",", tail) if comma else (words,)


def place_lines(desk: Desk, sight: Sight) -> tuple[str, ...]:
    """Return where the plane lies, and shorter: "H 33.0 mm   45 / 109", or how it lies to the applicator."""
    choice, frame = sight.choice, sight.place(desk)[0]
    if choice.kind == "along":
        turned = tr("turned by {degrees}\N{DEGREE SIGN}").format(degrees=f"{choice.angle_deg:.0f}")
        return (turned if round(choice.angle_deg) else "",)
    if choice.kind == "across":
        if choice.depth_mm < 0:
            return (tr("{depth} mm beyond the tip").format(depth=f"{-choice.depth_mm:.0f}"),)
        return (tr("{depth} mm before the tip").format(depth=f"{choice.depth_mm:.0f}"),)
    if choice.kind == "cut":
        return (tr("{depth} mm from the cut").format(depth=f"{choice.depth_mm:.0f}") if choice.depth_mm else "",)
    geometry = desk.scene.volume.geometry
    geometry = geometry.reindexed(*geometry.canonical_axes())
    parts = np.abs(geometry.direction.T @ frame.normal)
    axis = int(np.argmax(parts))
    words = place_text(desk.focus_mm).removesuffix(" mm").split(", ")
    line = f"{words[AXES[choice.kind]]} mm" if choice.kind in AXES else ""
    if parts[axis] > 0.9999:
        number = int(np.clip(np.round(geometry.to_index(desk.focus_mm)[axis]), 0, geometry.shape[axis] - 1)) + 1
        count = f"{number} / {geometry.shape[axis]}"
        return (f"{line}   {count}", line) if line else (count,)
    return (line,)


def slab_lines(desk: Desk) -> tuple[str, ...]:
    """Return what a slab shows, and shorter; () for a plain slice."""
    slab = desk.slice_style.slab
    if slab.thickness_mm <= 0:
        return ()
    thickness = f"{slab.thickness_mm:g}"
    name = {"maximum": tr("Maximum (MIP)"), "minimum": tr("Minimum (MinIP)"), "mean": tr("Mean")}[slab.mode]
    short = {"maximum": tr("MIP"), "minimum": tr("MinIP"), "mean": tr("Mean")}[slab.mode]
    return tr("{mode} over {thickness} mm").format(mode=name, thickness=thickness), f"{short} {thickness} mm"


def second_lines(desk: Desk) -> tuple[str, ...]:
    """Return which scan is seen where another one lies over the first, and shorter; () for the first alone."""
    second = desk.second
    if second is None:
        return ()
    if second.mode == "checker":
        return (tr("Squares: before, {name}").format(name=second.name), second.name)
    if second.share in (0.0, 1.0):
        return (tr("Scan: {name}").format(name=second.name) if second.share else tr("Scan: before"), second.name)
    share = f"{100 * second.share:.0f}"
    return tr("{name} over before: {share} %").format(name=second.name, share=share), f"{second.name} {share} %"


def window_lines(desk: Desk, presets: tuple[WindowPreset, ...]) -> tuple[str, ...]:
    """Return the name of the grey window where it has one with its numbers, and shorter."""
    width, level = desk.window
    preset = preset_of(presets, width, level)
    digits = 0 if width >= 20 else 2
    numbers = f"W {width:.{digits}f}  L {level:.{digits}f}"
    return (f"{tr(preset.label)}   {numbers}", numbers) if preset is not None else (numbers,)


def moment_lines(desk: Desk) -> tuple[str, ...]:
    """Return which simulated moment is seen, or that what is seen is a preview, and shorter."""
    if desk.slice_layers.following(desk):
        return tr("Zone: preview"), tr("preview")
    if desk.slice_layers.damage(desk) is not None:
        seconds = float(desk.scene.fields[0].times_s[desk.snapshot])
        time = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
        return tr("Simulated, at {time} min").format(time=time), tr("{time} min").format(time=time)
    procedure = procedure_of(desk.plan)
    if desk.moving is not None and procedure is not None and procedure.simulated:
        return tr("Plan moved: not simulated"), tr("not simulated")
    return ()


def hover_text(desk: Desk, point_mm: Any) -> str:
    """Return what is at a point: value, structures, simulated values, position."""
    found = desk.readout(check_point("point_mm", point_mm))
    if not found.value_text:
        return ""
    value = found.value_text
    if desk.second is not None:
        there = desk.second.value_at(point_mm)
        unit = desk.second.volume.units
        told = tr("nothing") if there is None else f"{there:.0f} {unit}"
        value = tr("before {first}, {name} {second}").format(first=value, name=desk.second.name, second=told)
    said = [entry.label for entry in found.structures if entry.name != "body" or len(found.structures) == 1]
    names = "  \N{MIDDLE DOT}  ".join(said[:3])
    values = [field.text for field in found.fields if field.name == desk.field_shown]
    if not values and (shown := desk.field(desk.field_shown)) is not None:
        sampled = field_at(shown, point_mm)
        values = [] if sampled is None else [f"{shown.label} {format_number(sampled, shown.unit)}"]
    return "    ".join(part for part in (value, *values, names, found.place) if part)


def draw_hover(canvas: Canvas, desk: Desk, point_mm: Any) -> None:
    """Write what is under the mouse at the lower edge."""
    metrics = QFontMetricsF(canvas.painter.font())
    line = metrics.elidedText(hover_text(desk, point_mm), Qt.TextElideMode.ElideRight, canvas.width - 2 * EDGE_PX)
    if line:
        draw_words(canvas.painter, QPointF(EDGE_PX, canvas.height - metrics.descent() - 3), line, INK)
