"""The vessel trees of an organ on one sheet: each system in a colour, generations by shade, bridged gaps dashed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.vessels.branches import branches, generations
from anatomy_twin.core import Case, VesselTree
from anatomy_twin.errors import DataError
from anatomy_twin.rehearsal import structure_colour
from anatomy_twin.render.anatomy_sheet import (
    FOOT_PX,
    GAP_PX,
    HEAD_PX,
    Colour,
    Pane,
    Picture,
    Place,
    Sheet,
    draw_pane,
    kind_of,
    layer_of,
)
from anatomy_twin.render.overview import DOUBT, INK, QUIET
from anatomy_twin.render.views import view_letters

SYSTEMS: Final = {
    "portal": ("Portal veins", "portal_vein"), "hepatic": ("Hepatic veins", "hepatic_veins"),
    "arterial": ("Hepatic artery", "hepatic_artery"),
}
BRIGHTER: Final = 0.22  # how far the trunk's colour is from the palette's on its way to white
FAINTEST: Final = 0.62  # and the last generation's on its way to the ground: what is far from the trunk steps back
GROUND: Final = (30, 38, 50)
THINNEST_MM: Final = 0.35  # drawn radius: thinner tubes break up into pixels
TWIG_MM: Final = 1.25  # radius; thinner vessels are translucent, so that the wide ones are seen between them
TWIG_OPACITY: Final = 0.35
DASH_MM: Final = 1.6
LESIONS: Final = ("tumour", "lesion")
SEGMENTS: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
MOST_NAMES: Final = 14

Floats = NDArray[np.float64]
Line = tuple[Floats, Floats, NDArray[np.uint8]]  # points (N, 3), radii (N,) and colours (N, 3) along a vessel


def trees_picture(case: Case, file: str | Path | None = None, *, organ: str = "liver") -> Picture:
    """Draw the vessel trees of a case from the front and from below, within the translucent organ, with a legend.

    Each system has the colour of its vessel in the palette; the trunk is bright and each generation fainter; tubes
    are as wide as the vessels. Twigs are translucent. Pieces that bridge a gap in the labels are
    dashed in the colour of doubt.

    Parameters
    ----------
    case : a case whose anatomy has ``trees``.
    file : where a PNG is written as well.
    organ : the structure that is drawn around them, where it has a surface.

    Returns
    -------
    The picture, uint8 (rows, columns, 3).

    Raises
    ------
    DataError : the anatomy has no trees.
    RenderError : the machine cannot draw, or the file cannot be written.
    """
    trees = {name: tree for name, tree in case.anatomy.trees.items() if len(tree.parents) > 1}
    if not trees:
        raise DataError("the case has no vessel trees to draw", advice="find them first")
    large, small, side = (960, 880), (500, 440), 500
    size = (large[0] + GAP_PX + side, HEAD_PX + large[1] + FOOT_PX)
    sheet = Sheet(size, "Vessel trees", (case.patient.pseudonym, kind_of(case), "dashed: a gap in the labels, bridged"))
    structures = case.anatomy.structures
    around = [layer_of(structures[organ], 0.13)] if organ in structures and structures[organ].surface else []
    around += [
        layer_of(structure) for name, structure in structures.items()
        if name.startswith(LESIONS) and structure.surface is not None and structure.part_of in ("", organ)
    ]  # fmt: skip
    about = np.concatenate([tree.nodes_mm for tree in trees.values()] + [layer.surface.points_mm for layer in around])
    if around and around[0].name == organ:  # a vena cava that runs on for long would make the organ small
        box = around[0].surface.points_mm
        about = np.clip(about, box.min(axis=0) - 25.0, box.max(axis=0) + 25.0)

    def tubes(plotter: Any) -> None:
        for name, tree in trees.items():
            _add_tree(plotter, tree, colour_of_tree(name))

    for room, view, place in ((large, "anterior", (0, HEAD_PX)), (small, "foot", (large[0] + GAP_PX, HEAD_PX))):
        pane = draw_pane(room, view, about, around, tubes, sheer=True)
        sheet.paste(pane.picture, place)
        sheet.letters(place, room, view_letters(view), "from the front" if view == "anterior" else "from below")
        if room is large:
            _write_names(sheet, pane, trees, place, room)
    _legend(sheet, trees, (large[0] + GAP_PX + 14, HEAD_PX + small[1] + 16), size)
    return sheet.finished(file)


def colour_of_tree(name: str) -> Colour:
    """Return the colour of a system of vessels."""
    return structure_colour(SYSTEMS[name][1]) if name in SYSTEMS else (150, 160, 175)


def shades(tree: VesselTree, colour: Colour) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of the nodes: bright at the trunk, fainter with each generation.

    The steps are larger near the trunk: a long vein that gives off a twig every few millimetres counts many.
    """
    number = generations(tree).astype(np.float64)
    last = max(float(number.max(initial=1)), 2.0)
    return ramp(colour, np.log(np.maximum(number, 1.0)) / np.log(last))


def ramp(colour: Colour, part: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of a system from its trunk (part 0) to its last generation (1)."""
    tint = np.asarray(colour, dtype=np.float64)
    start = tint + BRIGHTER * (255.0 - tint)
    end = tint + FAINTEST * (np.asarray(GROUND) - tint)
    return np.asarray(start + part[:, None] * (end - start), dtype=np.uint8)


def runs(tree: VesselTree) -> list[tuple[NDArray[np.int64], bool]]:
    """Cut a tree into polylines: node numbers from a fork (or root) on, and whether the pieces bridge a gap."""
    parents, gap = tree.parents, np.asarray(tree.bridged)
    children = np.bincount(parents[parents >= 0], minlength=len(parents))
    only: dict[int, int] = {}
    starts = []
    for node in np.flatnonzero(parents >= 0).tolist():
        parent = int(parents[node])
        through = children[parent] == 1 and parents[parent] >= 0 and gap[parent] == gap[node]
        if through:
            only[parent] = node
        else:
            starts.append(node)
    found = []
    for node in starts:
        line = [int(parents[node]), node]
        while line[-1] in only:
            line.append(only[line[-1]])
        found.append((np.array(line, dtype=np.int64), bool(gap[node])))
    return found


def _add_tree(plotter: Any, tree: VesselTree, colour: Colour) -> None:
    tint = shades(tree, colour)
    wide: list[Line] = []
    twigs: list[Line] = []
    dashed: list[tuple[Floats, Floats]] = []
    for line, bridged in runs(tree):
        points = tree.nodes_mm[line]
        radius = np.maximum(tree.radius_mm[line], THINNEST_MM)
        radius[0] = radius[1]  # the first node is the parent's, and as wide as the vessel that comes there
        shade = tint[line]
        shade[0] = shade[1]
        if bridged:
            dashed += _dashes(points, float(radius[1:].mean()))
        else:
            (wide if radius[1:].mean() >= TWIG_MM else twigs).append((points, radius, shade))
    material = {"smooth_shading": True, "ambient": 0.25, "diffuse": 0.85, "specular": 0.35, "specular_power": 28,
                "reset_camera": False, "render": False}  # fmt: skip
    if wide:
        plotter.add_mesh(_tubes(wide), scalars="shade", rgb=True, **material)
    if twigs:
        plotter.add_mesh(_tubes(twigs), scalars="shade", rgb=True, opacity=TWIG_OPACITY, **material)
    if dashed:
        parts = [(points, radius, np.tile(np.array(DOUBT, np.uint8), (2, 1))) for points, radius in dashed]
        plotter.add_mesh(_tubes(parts), scalars="shade", rgb=True, **material)


def _dashes(points: Floats, radius_mm: float) -> list[tuple[Floats, Floats]]:
    """Short pieces along a line with gaps as long between them; at least two."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if along[-1] <= 0:
        return []
    count = max(2, round(along[-1] / (2 * DASH_MM)))
    ends = np.linspace(0.0, along[-1], 2 * count)
    where = np.stack([np.interp(ends, along, points[:, axis]) for axis in range(3)], axis=1)
    thick = np.full(2, max(radius_mm, 0.7))
    return [(where[2 * n : 2 * n + 2], thick) for n in range(count)]


def _tubes(lines: list[Line]) -> Any:
    """Return polylines as tubes whose radius follows the vessel."""
    import pyvista

    points = np.concatenate([line[0] for line in lines])
    sizes = np.array([len(line[0]) for line in lines])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    cells = np.concatenate([
        np.concatenate([[size], np.arange(start, start + size)]) for start, size in zip(starts, sizes, strict=True)
    ])  # fmt: skip
    mesh = pyvista.PolyData(points, lines=cells)
    mesh["radius"] = np.concatenate([line[1] for line in lines])
    mesh["shade"] = np.concatenate([line[2] for line in lines])
    return mesh.tube(scalars="radius", absolute=True, n_sides=14, capping=True)


def _write_names(
    sheet: Sheet, pane: Pane, trees: Mapping[str, VesselTree], place: Place, room: tuple[int, int]
) -> None:
    """Write the names of the widest named branches where there is room for them; each name once per system."""
    from anatomy_twin.render.text import font

    wanted: list[tuple[float, str, str, int]] = []
    for name, tree in trees.items():
        nodes: dict[str, list[int]] = {}
        size: dict[str, float] = {}
        widest: dict[str, tuple[float, int]] = {}
        for branch in branches(tree):
            if branch.name:
                nodes.setdefault(branch.name, []).extend(branch.nodes)
                size[branch.name] = size.get(branch.name, 0.0) + branch.volume_ml
                middle = (branch.volume_ml, branch.nodes[len(branch.nodes) // 2])
                widest[branch.name] = max(widest.get(branch.name, middle), middle)
        for text, own in nodes.items():
            node = widest[text][1]
            if text in SEGMENTS:  # in the middle of all that bears the name, on a vessel as wide as any there
                away = np.linalg.norm(tree.nodes_mm[own] - tree.nodes_mm[own].mean(axis=0), axis=1)
                node = own[int(np.argmin(away - 4.0 * tree.radius_mm[own]))]
            wanted.append((size[text], text, name, node))
    taken: list[tuple[float, float, float, float]] = []
    for _, text, name, node in sorted(wanted, reverse=True)[:MOST_NAMES]:
        x, y = pane.to_pixel(trees[name].nodes_mm[node])
        x, y = x + place[0], y + place[1]
        wide = font(14, True).getlength(text)
        for left, below in ((x + 12, y - 12), (x - 12 - wide, y - 12), (x + 12, y + 14), (x - 12 - wide, y + 14)):
            box = (left - 4, below - 10, left + wide + 4, below + 10)
            inside = place[0] + 30 < box[0] and box[2] < place[0] + room[0] - 30
            free = all(box[2] < a or c < box[0] or box[3] < b or d < box[1] for a, b, c, d in taken)
            if inside and free and place[1] + 30 < box[1] and box[3] < place[1] + room[1] - 30:
                taken.append(box)
                light = tuple(round(0.45 * part + 0.55 * 255) for part in colour_of_tree(name))
                sheet.words((left, below), text, 14, (light[0], light[1], light[2]), "lm", bold=True, halo=True)
                break


def _legend(sheet: Sheet, trees: Mapping[str, VesselTree], place: Place, size: tuple[int, int]) -> None:
    left, y = place
    for name, tree in trees.items():
        found = branches(tree)
        last = max((branch.generation for branch in found), default=1)
        label = SYSTEMS[name][0] if name in SYSTEMS else name
        sheet.words((left, y + 8), label, 16, INK, bold=True)
        if tree.state == "check":
            sheet.words((left + 470, y + 8), "check", 14, DOUBT, "rm", bold=True)
        for step, shade in enumerate(ramp(colour_of_tree(name), np.linspace(0.0, 1.0, 60)).tolist()):
            sheet.draw.rectangle((left + 3 * step, y + 24, left + 3 * step + 3, y + 36), fill=tuple(shade))
        sheet.words((left + 192, y + 30), f"generation 1 to {last}", 13)
        widest = 2.0 * max((branch.radius_mm for branch in found), default=0.0)
        line = f"{len(found)} branches, {tree.length_mm / 1000:.1f} m in all, the widest {widest:.0f} mm across"
        y = sheet.wrapped((left, y + 44), line, 470, 13, INK)
        if tree.notes:
            y = sheet.wrapped((left, y + 3), "; ".join(tree.notes), 470, 12, QUIET, most=3)
        y += 14
        if y > size[1] - FOOT_PX - 60:
            break
    for name, (label, _) in SYSTEMS.items():
        if name not in trees and y < size[1] - FOOT_PX - 20:
            sheet.words((left, y + 8), f"{label}: not found", 13, QUIET)
            y += 20
