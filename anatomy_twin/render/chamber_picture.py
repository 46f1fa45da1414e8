"""A heart chamber on a sheet, from behind and from the front: its regions, fibrosis, activation, drivers, lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.heart_maps import DEAD, RGB, UNREACHED, HeartMap, MapPainter
from anatomy_twin.rehearsal.heart_shapes import LIFT_MM, SurfaceLines, level_pieces, point_normals, rim_lines
from anatomy_twin.render.anatomy_sheet import FOOT_PX, FROM, GAP_PX, HEAD_PX, Pane, Picture, Place, Sheet, draw_pane
from anatomy_twin.render.overview import INK, QUIET
from anatomy_twin.render.still import FINER
from anatomy_twin.render.views import view_axes, view_letters

ROOM: Final = (470, 430)
SIDE_PX: Final = 250
SIDES: Final = ("posterior", "anterior")
LESION: Final[RGB] = (255, 255, 255)
QUIET_SITE: Final[RGB] = (120, 225, 150)
INDUCED_SITE: Final[RGB] = (255, 70, 60)
PACED_SITE: Final[RGB] = (255, 255, 255)
LINE_MM: Final = 0.7
SITE_MM: Final = 2.2
BAR_PX: Final = 170
REMARK_PX: Final = 17  # a line of a remark
SHORT: Final = {"mitral_valve": "MV", "tricuspid_valve": "TV", "left_atrial_appendage": "LAA",
                "superior_vena_cava": "SVC", "inferior_vena_cava": "IVC"}  # fmt: skip
_SIDE: Final = {"left": "L", "right": "R"}
_LEVEL: Final = {"superior": "S", "inferior": "I", "middle": "M", "common": "C"}


@dataclass(frozen=True, eq=False)
class Site:
    """A place that is paced or marked: its colour says what came of it, ``label`` stands beside it."""

    label: str
    point_mm: NDArray[np.float64]
    colour: RGB = PACED_SITE


@dataclass(frozen=True, eq=False)
class ChamberRow:
    """What one row of a sheet shows of a chamber of N points.

    ``shown`` colours the wall; ``dead`` (N,) is drawn dark, ``paths_mm`` are lines (n, 3) of lesions (one point: a
    disc), ``sites`` balls; ``remarks`` are lines beside the legend.
    """

    title: str
    shown: HeartMap
    dead: NDArray[np.bool_] | None = None
    paths_mm: Sequence[NDArray[np.float64]] = ()
    sites: Sequence[Site] = ()
    remarks: Sequence[str] = ()


def chamber_picture(
    chamber: Chamber, rows: Sequence[ChamberRow], title: str, remarks: Sequence[str] = (),
    file: str | Path | None = None,
) -> Picture:
    """Draw a chamber on one sheet, a row for each of ``rows``, from behind and from the front.

    Beside each row stands what its colours mean, with the scale and the lines of equal value where there is one. Veins,
    appendage and valve bear their short names where they face the viewer.

    Parameters
    ----------
    chamber : its surface is drawn; openings and regions give the names.
    rows : from the top down.
    title, remarks : the head line.
    file : where a PNG is written as well.

    Returns the picture, uint8 (rows, columns, 3). Raises ``RenderError`` where the machine cannot draw or write.
    """
    size = (2 * (ROOM[0] + GAP_PX) + SIDE_PX, HEAD_PX + len(rows) * (ROOM[1] + GAP_PX) + FOOT_PX)
    sheet = Sheet(size, title, remarks)
    normals, painter = point_normals(chamber.surface), MapPainter(chamber.surface.points_mm)
    for number, row in enumerate(rows):
        top = HEAD_PX + number * (ROOM[1] + GAP_PX)
        for column, view in enumerate(SIDES):
            place = (column * (ROOM[0] + GAP_PX), top)
            pane = chamber_pane(chamber, row, view, ROOM, normals=normals, painter=painter)
            sheet.paste(pane.picture, place)
            sheet.letters(place, ROOM, view_letters(view), FROM[view])
            _names(sheet, chamber, row, pane, place, normals)
        _legend(sheet, row, (2 * (ROOM[0] + GAP_PX) + 16, top + 12))
    return sheet.finished(file)


def chamber_pane(
    chamber: Chamber, row: ChamberRow, view: str, size: tuple[int, int], *,
    normals: NDArray[np.float64] | None = None, painter: MapPainter | None = None,
) -> Pane:
    """Draw one row from one side: the wall with its map, lines of equal value, rims, lesions and sites."""
    points = chamber.surface.points_mm
    outward = point_normals(chamber.surface) if normals is None else normals
    colours = (painter or MapPainter(points)).colours(row.shown, row.dead, points)[:, :3]

    def more(plotter: Any) -> None:
        import pyvista

        mesh = pyvista.PolyData.from_regular_faces(np.asarray(points, np.float32), chamber.surface.triangles)
        mesh.point_data["colour"] = colours
        mesh.point_data["Normals"] = np.asarray(outward, np.float32)
        plotter.add_mesh(mesh, scalars="colour", rgb=True, smooth_shading=True, ambient=0.38, diffuse=0.68,
                         specular=0.12, reset_camera=False, render=False)
        for lines in _lines(chamber, row, outward):
            _add_lines(plotter, lines)
        for path in row.paths_mm:
            _add_lesion(plotter, _lifted(np.asarray(path, float).reshape(-1, 3), chamber.surface, outward))
        for site in row.sites:
            ball = pyvista.Sphere(radius=SITE_MM, center=site.point_mm)
            plotter.add_mesh(ball, color=[part / 255 for part in site.colour], smooth_shading=True, ambient=0.4,
                             reset_camera=False, render=False)

    return draw_pane(size, view, points, (), more)


def short_name(name: str) -> str:
    """Return what a vein or valve is called for short: "LSPV" for "pulmonary_vein_left_superior"."""
    if name in SHORT:
        return SHORT[name]
    parts = name.removeprefix("pulmonary_vein_").split("_")
    if name.startswith("pulmonary_vein_") and len(parts) == 2 and parts[0] in _SIDE and parts[1] in _LEVEL:
        return f"{_SIDE[parts[0]]}{_LEVEL[parts[1]]}PV"
    return structure_label(name)


def _lines(chamber: Chamber, row: ChamberRow, normals: NDArray[np.float64]) -> list[SurfaceLines]:
    found = [rim_lines(chamber, (210, 214, 222))]
    scale = row.shown.scale
    if scale is not None and scale.levels:
        lifted = chamber.surface.points_mm + LIFT_MM * normals
        values = row.shown.values.copy()
        if row.dead is not None:
            values[row.dead] = np.nan
        pieces = level_pieces(lifted, chamber.surface.triangles, values, scale.levels[0])
        found.append(SurfaceLines("levels", pieces, (24, 24, 28), 1.3))
    return found


def _add_lines(plotter: Any, lines: SurfaceLines) -> None:
    import pyvista

    count = len(lines.pieces_mm)
    if not count:
        return
    cells = np.column_stack([np.full(count, 2), np.arange(2 * count).reshape(-1, 2)]).ravel()
    mesh = pyvista.PolyData(lines.pieces_mm.reshape(-1, 3), lines=cells)
    plotter.add_mesh(mesh, color=[part / 255 for part in lines.colour], line_width=lines.width_px * FINER,
                     lighting=False, reset_camera=False, render=False)


def _add_lesion(plotter: Any, path: NDArray[np.float64]) -> None:
    import pyvista

    colour = [part / 255 for part in LESION]
    if np.ptp(path, axis=0).max() < 1e-6:
        mesh: Any = pyvista.Sphere(radius=2.0 * LINE_MM, center=path[0])
    else:
        mesh = pyvista.lines_from_points(path).tube(radius=LINE_MM, n_sides=12)
    plotter.add_mesh(mesh, color=colour, smooth_shading=True, ambient=0.45, reset_camera=False, render=False)


def _lifted(path: NDArray[np.float64], surface: SurfaceMesh, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a line's points just outside of the wall: a tube that is half within it looks torn."""
    from scipy.spatial import cKDTree

    return np.asarray(path + 0.8 * LINE_MM * normals[cKDTree(surface.points_mm).query(path)[1]])


def _names(
    sheet: Sheet, chamber: Chamber, row: ChamberRow, pane: Pane, place: Place, normals: NDArray[np.float64]
) -> None:
    """Write the names of openings and the appendage, and the labels of sites that face the viewer."""
    toward, _, _ = view_axes(pane.view)
    points = chamber.surface.points_mm
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    named = [(one.name, chamber.rim_mm(one).mean(axis=0)) for one in chamber.openings if one.name]
    named += [(name, points[chamber.in_regions([name])].mean(axis=0)) for name in ("left_atrial_appendage",)
              if name in chamber.region_names and chamber.in_regions([name]).any()]
    for name, at in named:
        if (at - middle) @ toward > -0.05 * np.ptp(points @ toward):
            column, line = pane.to_pixel(at)
            sheet.words((place[0] + float(column), place[1] + float(line)), short_name(name), 14, INK, "mm", True, True)
    for site in row.sites:
        nearest = int(np.argmin(np.linalg.norm(points - site.point_mm, axis=1)))
        if site.label and normals[nearest] @ toward > 0.1:
            column, line = pane.to_pixel(np.asarray(site.point_mm))
            sheet.words((place[0] + float(column) + 11, place[1] + float(line)), site.label, 13, INK, "lm", True, True)


def _legend(sheet: Sheet, row: ChamberRow, place: Place) -> None:
    left, y = place
    bottom = y + ROOM[1] - 24
    y = sheet.wrapped((left, y), row.title, SIDE_PX - 30, 16, INK) + 12
    scale = row.shown.scale
    patches: list[tuple[str, RGB]] = []
    if scale is None:
        present = set(np.unique(row.shown.values).astype(int).tolist())
        patches = [(_capital(structure_label(name)), rgb) for n, (name, rgb) in enumerate(row.shown.classes)
                   if n in present]
    else:
        y = _bar(sheet, row.shown, (left, y))
        if not np.isfinite(row.shown.values if row.dead is None else row.shown.values[~row.dead]).all():
            patches.append(("not reached", UNREACHED))
    if row.dead is not None and row.dead.any():
        patches.append(("ablated", DEAD))
    if row.paths_mm:
        patches.append(("middle of a lesion", LESION))
    step = 21 if len(patches) <= 14 else 17
    for label, rgb in patches:
        sheet.draw.rectangle((left, y - 7, left + 15, y + 7), fill=rgb, outline=QUIET)
        sheet.words((left + 24, y), label, 13 if step > 17 else 12)
        y += step
    for label, rgb in dict.fromkeys((_site_words(site), site.colour) for site in row.sites):
        sheet.draw.ellipse((left, y - 7, left + 14, y + 7), fill=rgb)
        sheet.words((left + 24, y), label, 13)
        y += step
    for line in row.remarks:
        room = int((bottom - y - 4) // REMARK_PX)
        if line and room > 0:
            y = sheet.wrapped((left, y + 4), line, SIDE_PX - 28, 12, QUIET, min(room, 5)) + 4


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def _site_words(site: Site) -> str:
    words = {INDUCED_SITE: "arrhythmia induced from here", QUIET_SITE: "nothing induced from here"}
    return words.get(site.colour, "paced here")


def _bar(sheet: Sheet, shown: HeartMap, place: Place) -> int:
    """Draw the colours of a scale from its low end at the bottom to its high end; return the row below."""
    assert shown.scale is not None
    scale, (left, top) = shown.scale, place
    sheet.words((left, top + 6), f"{scale.label} ({scale.unit})", 13, QUIET)
    low, high = scale.range
    head = top + 26
    for line, colour in enumerate(scale.colours(np.linspace(high, low, BAR_PX)).tolist()):
        sheet.draw.line((left, head + line, left + 22, head + line), fill=tuple(colour))
    sheet.draw.rectangle((left - 1, head - 1, left + 23, head + BAR_PX), outline=INK)
    marks = scale.levels if scale.levels else tuple(np.linspace(low, high, 5).tolist())
    for value in (low, *marks[:: max(1, len(marks) // 8)]):
        y = head + BAR_PX - (value - low) / (high - low) * BAR_PX
        sheet.draw.line((left + 23, y, left + 29, y), fill=INK)
        sheet.words((left + 34, y), f"{value:.3g}", 13)
    if scale.levels:
        sheet.words((left + 90, head + 10), f"a line every {scale.levels[0]:g} {scale.unit}", 12, QUIET)
    return head + BAR_PX + 22
