"""The map of entries on one sheet: the skin from four sides, what stops the others, and the Pareto set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, SurfaceMesh
from anatomy_twin.errors import DataError
from anatomy_twin.plan import EntryMap, best_entries
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.entry_colours import FAIR, GOOD, SkinPainter, rule_colour
from anatomy_twin.render.anatomy_sheet import (
    FOOT_PX,
    FROM,
    GAP_PX,
    HEAD_PX,
    Pane,
    Picture,
    Place,
    Sheet,
    draw_pane,
    kind_of,
)
from anatomy_twin.render.overview import DOUBT, INK, QUIET
from anatomy_twin.render.views import view_axes, view_letters
from anatomy_twin.units import Point

ROOM: Final = (500, 430)
SIDE_PX: Final = 560
SIDES: Final = ("anterior", "right", "posterior", "left")
LISTED: Final = 8
EDGE_MM: Final = 2.5
LINE_PX: Final = 24
HEADS: Final = {"path length": "length", "closeness to structures at risk": "risk",
                "angle to the axial plane": "axial", "organ missing before the target": "organ",
                "angle to the normal of the capsule": "capsule", "overlap with other tracks": "tracks"}  # fmt: skip


def entries_picture(
    case: Case, entries: EntryMap, file: str | Path | None = None, *, own_mm: Point | None = None, count: int = LISTED,
    side: bool = True,
) -> Picture:
    """Draw the map of entries on the skin from four sides, with a legend of what stops the others and the Pareto set.

    Parameters
    ----------
    case : the case that the map was made of; its anatomy has the surface of the body.
    entries : the map.
    file : where a PNG is written as well.
    own_mm : an entry that is marked by a ring, for instance that of a plan.
    count : how many entries of the Pareto set are numbered and listed.
    side : legend and list stand beside the panes; without them what is written is larger where a page has them below.

    Returns
    -------
    The picture, uint8 (rows, columns, 3).

    Raises
    ------
    DataError : the case has no surface of the body.
    RenderError : the machine cannot draw, or the file cannot be written.
    """
    skin = finer(skin_of(case), EDGE_MM)
    listed = best_entries(entries, count, pareto=True)
    size = (2 * (ROOM[0] + GAP_PX) + (SIDE_PX if side else 0), HEAD_PX + 2 * (ROOM[1] + GAP_PX) + FOOT_PX)
    share = f"{100.0 * entries.feasible.mean():.1f} % of {entries.feasible.size} entries keep the rules"
    title = f"Entries for {structure_label(entries.target)}"
    sheet = Sheet(size, title, (case.patient.pseudonym, kind_of(case), share))
    colours = SkinPainter(entries).colours(entries, skin.points_mm)
    for number, view in enumerate(SIDES):
        place = (number % 2 * (ROOM[0] + GAP_PX), HEAD_PX + number // 2 * (ROOM[1] + GAP_PX))
        pane = draw_pane(ROOM, view, entries.entries_mm, (), _paint(skin, colours), sheer=False)
        sheet.paste(pane.picture, place)
        sheet.letters(place, ROOM, view_letters(view), FROM[view])
        _number(sheet, pane, place, entries, listed)
        if own_mm is not None:
            _ring(sheet, pane, place, entries, own_mm)
    if side:
        left = 2 * (ROOM[0] + GAP_PX) + 16
        row = _legend(sheet, entries, (left, HEAD_PX + 8))
        _list(sheet, entries, listed, (left, row + 14))
    return sheet.finished(file)


def skin_of(case: Case) -> SurfaceMesh:
    """Return the surface of the body; ``DataError`` where the case has none."""
    for name in ("body", "skin"):
        structure = case.anatomy.structures.get(name)
        if structure is not None and structure.surface is not None and len(structure.surface.triangles):
            return structure.surface
    raise DataError("the case has no surface of the body to draw on", advice="run `anatomy-twin mesh CASE`")


def finer(skin: SurfaceMesh, edge_mm: float) -> SurfaceMesh:
    """Return a surface with triangles divided until most sides are at most so long, so that patches have clean edges.
    """
    from anatomy_twin.render.stage import polydata_of

    sides = skin.points_mm[skin.triangles[:, 0]] - skin.points_mm[skin.triangles[:, 1]]
    times = int(np.clip(np.ceil(np.log2(np.median(np.linalg.norm(sides, axis=1)) / edge_mm)), 0, 3))
    if not times:
        return skin
    mesh = polydata_of(skin).subdivide(times, "linear")
    return SurfaceMesh(np.asarray(mesh.points, float), np.asarray(mesh.regular_faces))


def _paint(skin: SurfaceMesh, colours: NDArray[np.uint8]) -> Any:
    def more(plotter: Any) -> None:
        from anatomy_twin.render.stage import polydata_of

        mesh = polydata_of(skin)
        mesh.point_data["rgb"] = colours
        plotter.add_mesh(
            mesh, scalars="rgb", rgb=True, smooth_shading=True, ambient=0.35, diffuse=0.75, specular=0.05,
            reset_camera=False, render=False,
        )  # fmt: skip

    return more


def _number(sheet: Sheet, pane: Pane, place: Place, entries: EntryMap, listed: list[int]) -> None:
    """Write the numbers of the listed entries where they are seen."""
    toward = view_axes(pane.view)[0]
    for rank, entry in reversed(list(enumerate(listed, start=1))):
        outwards = entries.entries_mm[entry] - entries.tips_mm[entry]
        if outwards @ toward > 0.25 * np.linalg.norm(outwards):
            column, line = pane.to_pixel(entries.entries_mm[entry])
            x, y = place[0] + column, place[1] + line
            disc = (x - 11, y - 11, x + 11, y + 11)
            sheet.draw.ellipse(disc, fill=(18, 22, 28, 235), outline=(255, 255, 255), width=2)
            sheet.words((x, y), str(rank), 14, INK, "mm", bold=True)


def _ring(sheet: Sheet, pane: Pane, place: Place, entries: EntryMap, own_mm: Point) -> None:
    """Draw a ring round an entry where it is seen."""
    outwards = np.subtract(own_mm, entries.centre_mm)
    if outwards @ view_axes(pane.view)[0] > 0.25 * np.linalg.norm(outwards):
        column, line = pane.to_pixel(np.asarray(own_mm))
        x, y = place[0] + column, place[1] + line
        for radius, colour in ((17, (18, 22, 28)), (15, (255, 255, 255))):
            sheet.draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=3)


def _legend(sheet: Sheet, entries: EntryMap, place: Place) -> int:
    left, row = place[0], place[1] + LINE_PX // 2
    sheet.words((left, row), "May be entered, from the cheapest to the dearest", 14, INK, bold=True)
    row += LINE_PX
    for n in range(200):
        colour = tuple(int(a + (b - a) * n / 199) for a, b in zip(GOOD, FAIR, strict=True))
        sheet.draw.rectangle((left + n, row - 8, left + n, row + 8), fill=colour)
    feasible = entries.cost[entries.feasible]
    if feasible.size:
        sheet.words((left + 212, row), f"cost {feasible.min():.2f} to {feasible.max():.2f}", 13, QUIET)
    row += LINE_PX + 6
    sheet.words((left, row), "Stopped by (% of all entries; a point may break several)", 14, INK, bold=True)
    for name, share in list(entries.stops().items())[:9]:
        row += LINE_PX - 2
        sheet.draw.rectangle((left, row - 8, left + 18, row + 8), fill=rule_colour(name))
        sheet.words((left + 28, row), percent_text(share), 13, INK)
        sheet.words((left + 74, row), name, 13, INK)
    if entries.unchecked:
        row += LINE_PX + 4
        sheet.words((left, row), "Not checked, so no entry is known to keep it", 14, DOUBT, bold=True)
        row += LINE_PX // 2 + 2
        names = "; ".join(entries.unchecked)
        row = sheet.wrapped((left, row), names, SIDE_PX - 40, 12, QUIET, 4)
    return row


def percent_text(share: float) -> str:
    """Return a share in percent as a legend tells it."""
    return "< 1 %" if share < 0.5 else f"{share:.0f} %"


def _list(sheet: Sheet, entries: EntryMap, listed: list[int], place: Place) -> None:
    left, row = place
    count = len(entries.pareto)
    title = f"Pareto set: {count} entries, {len(listed)} of them apart, by cost"
    sheet.words((left, row + 8), title, 14, INK, bold=True)
    row += 16 + LINE_PX
    kept = [n for n in range(len(entries.cost_names)) if np.isfinite(entries.costs[:, n]).any()]
    columns = [left + 160 + 74 * n for n in range(len(kept))]
    sheet.words((left + 72, row), "cost", 12, QUIET, "rm")
    for x, n in zip(columns, kept, strict=True):
        sheet.words((x, row - 7), HEADS[entries.cost_names[n]], 12, QUIET, "rm")
        sheet.words((x, row + 7), entries.cost_units[n], 11, QUIET, "rm")
    row += 6
    for rank, entry in enumerate(listed, start=1):
        row += LINE_PX - 2
        sheet.words((left, row), f"{rank}", 13, INK, bold=True)
        sheet.words((left + 72, row), f"{entries.cost[entry]:.2f}", 13, INK, "rm")
        for x, n in zip(columns, kept, strict=True):
            sheet.words((x, row), f"{entries.costs[entry, n]:.1f}", 13, INK, "rm")
    row += LINE_PX
    weights = ", ".join(f"{HEADS[name]} {value:g}" for name, value in entries.weights.items())
    sheet.wrapped((left, row), f"weights: {weights}", SIDE_PX - 40, 12, QUIET, 2)
