"""How robust a plan is, on one sheet: where it fails on slices and on the target's surface, and how often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, Robustness
from anatomy_twin.rehearsal import FieldSeries, build_scene
from anatomy_twin.rehearsal.robust_field import COVERED, LABEL, failing_field
from anatomy_twin.render.anatomy_sheet import FOOT_PX, FROM, GAP_PX, HEAD_PX, Picture, Place, Sheet, draw_pane, kind_of
from anatomy_twin.render.field_surface import value_painter
from anatomy_twin.render.overview import INK, QUIET
from anatomy_twin.render.slices import slice_picture
from anatomy_twin.render.views import view_letters

ROOM: Final = (460, 460)
SIDE_PX: Final = 430
FIELD: Final = "coagulated share"
BAD, GOOD, DULL = (255, 84, 60), (120, 200, 130), (150, 160, 175)
BINS: Final = 14
SCALE_PX, SCALE_WIDE_PX, STRIP_PX = 220, 14, 88


def robustness_picture(case: Case, found: Robustness, file: str | Path | None = None) -> Picture:
    """Draw a robustness: slices through the weakest point with the share of treatments in which tissue is coagulated,
    the target's surface by how often it is left uncovered, the margins of all samples, and what matters.

    Parameters: ``case`` with the plan that ``found`` is of; ``file`` where a PNG is written as well. Returns the
    picture, uint8 (rows, columns, 3). Raises ``RenderError`` where the machine cannot draw.
    """
    size = (2 * (ROOM[0] + GAP_PX) + SIDE_PX, HEAD_PX + 2 * (ROOM[1] + GAP_PX) + FOOT_PX)
    remarks = (case.patient.pseudonym, kind_of(case), f"plan {found.plan_name}, target {found.target}")
    sheet = Sheet(size, "How robust the plan is", remarks)
    places = [(n % 2 * (ROOM[0] + GAP_PX), HEAD_PX + n // 2 * (ROOM[1] + GAP_PX)) for n in range(4)]
    point = found.weakest_mm
    # the result of the plan as it is would be drawn beside what is sampled
    scene = build_scene(case, found.plan_name, focus_mm=point)
    share = FieldSeries(
        FIELD, "treatments that coagulate", "%", 100.0 * found.coagulated[None], np.zeros(1),
        found.geometry, (0.0, 100.0), (5.0, 50.0, 95.0),
    )
    scene = replace(scene, fields=(share,), markers=())
    width = float(np.ptp(found.surface.points_mm, axis=0).max()) + 50.0
    for place, plane in zip(places, ("axial", "coronal", "sagittal"), strict=False):
        sheet.paste(slice_picture(
            scene, plane, point_mm=point, width_mm=width, size=ROOM, field=FIELD, only=(found.target,)
        ), place)  # fmt: skip
    sheet.paste(target_picture(found, ROOM), places[3])
    _tell(sheet, found, (2 * (ROOM[0] + GAP_PX) + 14, HEAD_PX + 14))
    return sheet.finished(file)


def weakest_side(found: Robustness) -> str:
    """Return the view that looks at the target from the side of its weakest point."""
    away = np.asarray(found.weakest_mm) - found.surface.points_mm.mean(axis=0)
    axis = int(np.argmax(np.abs(away)))
    return (("right", "left"), ("anterior", "posterior"), ("foot", "head"))[axis][int(away[axis] > 0)]


def target_picture(found: Robustness, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the target from the side of its weakest point, coloured by how often each part is left uncovered.

    The scale of the colours, the directions and the side that is looked from stand on it. Returns RGB
    (rows, columns, 3). Raises ``RenderError`` where the machine cannot draw.
    """
    points, triangles = found.surface.points_mm, found.surface.triangles
    rgba = value_painter(lambda _: 100.0 * found.uncovered, failing_field(found).range, COVERED, 1.0)(points, points)
    colours = np.tile(np.array(COVERED, np.uint8), (len(points), 1)) if rgba is None else rgba[:, :3]

    def more(plotter: Any) -> None:
        import pyvista as pv

        mesh = pv.PolyData.from_regular_faces(points, triangles)
        mesh.point_data["colour"] = colours
        plotter.add_mesh(mesh, scalars="colour", rgb=True, smooth_shading=True)

    view = weakest_side(found)
    sheet, room = Sheet(size, ""), (size[0] - STRIP_PX, size[1] - FOOT_PX)
    sheet.paste(draw_pane(room, view, points, (), more).picture, (0, 0))
    worst = 100 * found.uncovered.max()
    told = f"uncovered in up to {worst:.0f} %" if worst > 0 else "covered in every treatment"
    sheet.letters((0, 0), room, {**view_letters(view), "top": ""}, f"{FROM[view]}, {told}")
    sheet.words((room[0] / 2, 36), view_letters(view)["top"], 17, INK, "ma", bold=True, halo=True)
    _draw_scale(sheet, failing_field(found).range[1], (size[0] - 40, size[1] - FOOT_PX - 40))
    return sheet.finished(None)


def _draw_scale(sheet: Sheet, top_percent: float, foot: Place) -> None:
    """Draw the scale of the colours with its lower right corner at ``foot``, and what has no colour of it."""
    x, y = foot
    colours = value_painter(lambda points: points, (0.0, top_percent), COVERED, 1.0)(
        np.linspace(0.0, top_percent, SCALE_PX), np.zeros(0))
    for row, colour in enumerate(colours[:, :3].tolist()):
        sheet.draw.line((x - SCALE_WIDE_PX, y - row, x, y - row), fill=tuple(colour))
    sheet.draw.rectangle((x - SCALE_WIDE_PX - 1, y - SCALE_PX, x + 1, y + 1), outline=INK)
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        sheet.draw.line((x + 1, y - part * SCALE_PX, x + 5, y - part * SCALE_PX), fill=INK)
        sheet.words((x + 8, y - part * SCALE_PX), f"{part * top_percent:g}", 13, INK)
    for line, words in enumerate((*LABEL.lower().split(), "(%)")):
        sheet.words((x + 34, y - SCALE_PX - 48 + 17 * line), words, 13, INK, "rm")


def _tell(sheet: Sheet, found: Robustness, place: Place) -> None:
    x, y = place
    for title, one in (("complete coverage", found.covered), (f"margin of {found.wanted_mm:g} mm", found.reached)):
        sheet.words((x, y + 16), f"{100 * one.value:.0f} %", 34, INK, bold=True)
        sheet.words((x + 118, y + 6), title, 17, INK)
        text = f"95 % interval {100 * one.low:.0f} to {100 * one.high:.0f} %, {one.count} of {one.of}"
        sheet.words((x + 118, y + 30), text, 13, QUIET)
        y += 66
    y = _histogram(sheet, found, (x, y + 4))
    sheet.words((x, y + 12), "what matters most for the margin (rank correlation)", 15, INK)
    y += 36
    for cause in found.influences[:5]:
        length = int(120 * abs(cause.correlation))
        sheet.draw.rectangle((x, y - 7, x + max(length, 1), y + 7), fill=BAD if cause.correlation < 0 else GOOD)
        sheet.words((x + 128, y), f"{cause.correlation:+.2f}  {cause.name}", 14, INK)
        y += 24
    y += 8
    for note in found.notes:
        y = sheet.wrapped((x, y), note, SIDE_PX - 30, 12, QUIET, 6) + 5


def _histogram(sheet: Sheet, found: Robustness, place: Place) -> int:
    """Draw how many treatments have which minimal margin; return the row below."""
    x, y = place
    sheet.words((x, y + 10), "minimal margin of each treatment, mm", 15, INK)
    values = found.margins_mm[np.isfinite(found.margins_mm)]
    if values.size == 0:
        return y + 40
    low, high = np.floor(min(values.min(), 0.0)), np.ceil(max(values.max(), found.wanted_mm))
    counts, edges = np.histogram(values, BINS, (low, high))
    wide, tall, base = (SIDE_PX - 50) / BINS, 110, y + 150
    for n, count in enumerate(counts):
        middle = 0.5 * (edges[n] + edges[n + 1])
        colour = BAD if middle < 0 else DULL if middle < found.wanted_mm else GOOD
        top = base - int(tall * count / counts.max())
        sheet.draw.rectangle((x + n * wide, top, x + (n + 1) * wide - 2, base), fill=colour)
    for value in sorted({low, 0.0, found.wanted_mm, high}):
        at = x + (value - low) / (high - low) * wide * BINS
        sheet.words((at, base + 14), f"{value:g}", 13, QUIET, "mm")
    return base + 34
