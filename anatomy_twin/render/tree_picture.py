"""The vessel trees of an organ on one sheet: by system and generation, and the portal branches by segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.anatomy.vessels.branches import branches
from anatomy_twin.core import Case, VesselTree
from anatomy_twin.errors import DataError
from anatomy_twin.rehearsal import SurfaceLayer, structure_colour, structure_label
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
from anatomy_twin.render.text import font
from anatomy_twin.render.tree_tubes import GAP, STEPS, add_tree, named_shades, ramp, shades
from anatomy_twin.render.views import view_letters

SYSTEMS: Final = {
    "portal": ("Portal veins", "portal_vein"), "hepatic": ("Hepatic veins", "hepatic_veins"),
    "arterial": ("Hepatic artery", "hepatic_artery"),
}
LESIONS: Final = ("tumour", "lesion")
CAVA: Final = "inferior_vena_cava"
SEGMENTS: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")
WHITE: Final = (236, 236, 236)
UNNAMED: Final = (140, 148, 160)
MOST_NAMES: Final = 22
LARGE: Final = (960, 880)
SMALL: Final = (500, 438)
SIDE_PX: Final = 420


def trees_picture(case: Case, file: str | Path | None = None, *, organ: str = "liver") -> Picture:
    """Draw the vessel trees of a case from the front and from below, within the translucent organ, with a legend.

    Each system has the colour of its vessel in the palette, in four shades: generations 1, 2, 3, and 4 with all that
    follow; tubes are as wide as the vessels, twigs are translucent. Pieces that bridge a gap in the labels are thin,
    white and dashed. Where portal branches bear the names of segments, a third view shows them in the segments'
    colours.

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
        raise DataError("the case has no vessel trees to draw",
                        advice="run `anatomy-twin mesh CASE`; it needs labels of portal_branches or hepatic_veins")
    size = (LARGE[0] + GAP_PX + SMALL[0] + SIDE_PX, HEAD_PX + LARGE[1] + FOOT_PX)
    sheet = Sheet(size, "Vessel trees", (case.patient.pseudonym, kind_of(case)))
    around = _around(case, organ)
    about = np.concatenate([tree.nodes_mm for tree in trees.values()]
                           + [layer.surface.points_mm for layer in around if layer.name != CAVA])  # fmt: skip
    if around and around[0].name == organ:  # a vena cava that runs on for long would make the organ small
        box = around[0].surface.points_mm
        about = np.clip(about, box.min(axis=0) - 25.0, box.max(axis=0) + 25.0)
    if "hepatic" in trees:
        trees["hepatic"] = _with_vein_names(case, trees["hepatic"])
    by_system = {name: shades(tree, colour_of_tree(name)) for name, tree in trees.items()}
    by_segment = _segment_colours(trees)
    panes: list[tuple[tuple[int, int], str, Place, str, Callable[[Any], None]]] = [
        (LARGE, "anterior", (0, HEAD_PX), "from the front", _tubes_of(trees, by_system)),
        (SMALL, "foot", (LARGE[0] + GAP_PX, HEAD_PX), "from below", _tubes_of(trees, by_system)),
    ]
    if by_segment:
        tint = {"portal": named_shades(trees["portal"], by_segment, UNNAMED)}
        panes.append((SMALL, "anterior", (LARGE[0] + GAP_PX, HEAD_PX + SMALL[1] + GAP_PX), "portal branches by segment",
                      _tubes_of({"portal": trees["portal"]}, tint, gaps=False)))  # fmt: skip
    # lesions are about as yellow as segment IV
    whitened = [replace(one, colour=WHITE) if one.name.startswith(LESIONS) else one for one in around]
    for room, view, place, words, tubes in panes:
        pane = draw_pane(room, view, about, whitened if "segment" in words else around, tubes, sheer=True)
        sheet.paste(pane.picture, place)
        sheet.letters(place, room, view_letters(view), words)
        if room is LARGE:
            _write_names(sheet, pane, _names(trees, around), place, room)
    left = LARGE[0] + GAP_PX + SMALL[0] + 14
    y = _legend(sheet, trees, (left, HEAD_PX + 10), size)
    _legend_of_rest(sheet, around, by_segment, any(np.any(tree.bridged) for tree in trees.values()), (left, y), size)
    return sheet.finished(file)


def colour_of_tree(name: str) -> Colour:
    """Return the colour of a system of vessels."""
    return structure_colour(SYSTEMS[name][1]) if name in SYSTEMS else (150, 160, 175)


def _around(case: Case, organ: str) -> list[SurfaceLayer]:
    """The organ and the vena cava's label, both hardly seen, the lesions, and candidates of such as translucent ones.
    """
    there = {name: one for name, one in case.anatomy.structures.items() if one.surface is not None}
    layers = [layer_of(there[organ], 0.13)] if organ in there else []
    if CAVA in there:
        layers.append(layer_of(there[CAVA], 0.16, colour_of_tree("hepatic")))
    for name, structure in there.items():
        if name.startswith(LESIONS) and structure.part_of in ("", organ):
            layers.append(layer_of(structure, 0.5 if "candidate" in name else 1.0))
    return layers


def _with_vein_names(case: Case, tree: VesselTree) -> VesselTree:
    """Tell right, middle and left hepatic vein apart as the division into segments does, where that was made."""
    if case.anatomy.territories is None or case.primary not in case.labels or "liver" not in case.label_map:
        return tree
    from anatomy_twin.anatomy.liver.landmarks import find_landmarks, name_hepatic_veins

    labels, portal = case.label_map, case.anatomy.trees.get("portal")
    sides = [n for n, name in portal.branch_names.items() if name in ("left", "right")] if portal is not None else []
    fork = portal.nodes_mm[max(int(portal.parents[sides[0]]), 0)] if portal is not None and sides else None
    begins, _ = name_hepatic_veins(tree, labels.mask("liver"), labels, find_landmarks(labels, tree, fork))
    first = {node: branch.nodes[0] for branch in branches(tree) for node in branch.nodes}  # names are of whole branches
    names = {first.get(node, node): f"{name} hepatic vein" for name, node in begins.items()}
    return replace(tree, branch_names={**tree.branch_names, **names})


def _segment_colours(trees: Mapping[str, VesselTree]) -> dict[str, Colour]:
    """The colours of the segments that portal branches are named after."""
    named = set(trees["portal"].branch_names.values()) if "portal" in trees else set()
    found = {}
    for number, name in enumerate(SEGMENTS, 1):
        if name in named:
            red, green, blue = catalog.term(f"liver_segment_{number}")["colour"]
            found[name] = (red, green, blue)
    return found


def _tubes_of(trees: Mapping[str, VesselTree], tint: Mapping[str, Any], gaps: bool = True) -> Callable[[Any], None]:
    def put(plotter: Any) -> None:
        for name, tree in trees.items():
            add_tree(plotter, tree, tint[name], gaps=gaps)

    return put


def _names(trees: Mapping[str, VesselTree], around: list[SurfaceLayer]) -> list[tuple[float, str, Colour, Any]]:
    """What is written on the picture: weight, words, colour and place (3,), the largest first."""
    nodes = np.concatenate([tree.nodes_mm for tree in trees.values()])
    radii = np.concatenate([tree.radius_mm for tree in trees.values()])
    wanted = []
    for name, tree in trees.items():
        size: dict[str, float] = {}
        places: dict[str, list[tuple[bool, float, int]]] = {}
        for branch in branches(tree):
            if branch.name:
                size[branch.name] = size.get(branch.name, 0.0) + branch.volume_ml
                node = branch.nodes[len(branch.nodes) // 2]
                seen = not _hidden(tree.nodes_mm[node], nodes, radii)
                places.setdefault(branch.name, []).append((seen, branch.volume_ml, node))
        for text, volume in size.items():
            wanted.append((volume, text, _pale(colour_of_tree(name)), tree.nodes_mm[max(places[text])[2]]))
    wanted += [(1e6, layer.label, _pale(layer.colour), layer.surface.points_mm.mean(axis=0))
               for layer in around if layer.name.startswith(LESIONS)]  # fmt: skip
    return sorted(wanted, key=lambda one: (-one[0], one[1]))[:MOST_NAMES]


def _hidden(place: Any, nodes: Any, radii: Any) -> bool:
    """Tell whether a wider vessel lies before a place (3,), seen from the front."""
    away = np.hypot(nodes[:, 0] - place[0], nodes[:, 2] - place[2])
    return bool(((away < radii) & (nodes[:, 1] < place[1] - radii) & (radii > 1.5)).any())


def _pale(colour: Colour) -> Colour:
    red, green, blue = (round(0.45 * part + 0.55 * 255) for part in colour)
    return red, green, blue


def _write_names(
    sheet: Sheet, pane: Pane, names: list[tuple[float, str, Colour, Any]], place: Place, room: tuple[int, int]
) -> None:
    """Write each name beside its place, joined to it by a line, where no other name stands."""
    taken: list[tuple[float, float, float, float]] = []
    spots = []
    for _, text, colour, where in names:
        x, y = pane.to_pixel(where) + np.asarray(place)
        taken.append((x - 4, y - 4, x + 4, y + 4))
        spots.append((text, colour, x, y))
    for text, colour, x, y in spots:
        wide = font(14, True).getlength(text)
        for reach in (18, 36, 60, 90):
            for side, rise in ((1, -1), (-1, -1), (1, 1), (-1, 1), (1, 0), (-1, 0)):
                left, below = (x + reach if side > 0 else x - reach - wide), y + rise * reach
                box = (left - 5, below - 11, left + wide + 5, below + 11)
                inside = place[0] + 26 < box[0] and box[2] < place[0] + room[0] - 26
                inside = inside and place[1] + 28 < box[1] and box[3] < place[1] + room[1] - 28
                if inside and all(box[2] < a or c < box[0] or box[3] < b or d < box[1] for a, b, c, d in taken):
                    break
            else:
                continue
            taken.append(box)
            end = (left - 3 if side > 0 else left + wide + 3, below)
            sheet.draw.line((x, y, *end), fill=(10, 12, 16), width=4)
            sheet.draw.line((x, y, *end), fill=colour, width=1)
            sheet.draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour, outline=(10, 12, 16))
            sheet.words((left, below), text, 14, colour, "lm", bold=True, halo=True)
            break


def _legend(sheet: Sheet, trees: Mapping[str, VesselTree], place: Place, size: tuple[int, int]) -> int:
    left, y = place
    wide = SIDE_PX - 28
    for name, tree in trees.items():
        found = branches(tree)
        last = max((branch.generation for branch in found), default=1)
        label = SYSTEMS[name][0] if name in SYSTEMS else name
        sheet.words((left, y + 8), label, 16, INK, bold=True)
        if tree.state == "check":
            sheet.words((left + wide, y + 8), "check", 14, DOUBT, "rm", bold=True)
        for step, shade in enumerate(ramp(colour_of_tree(name), np.arange(STEPS) / (STEPS - 1.0)).tolist()):
            if step >= min(last, STEPS):
                break
            sheet.draw.rectangle((left + 62 * step, y + 24, left + 62 * step + 20, y + 38), fill=tuple(shade))
            words = str(step + 1) if step + 1 < STEPS or last == STEPS else f"{STEPS} to {last}"
            sheet.words((left + 62 * step + 26, y + 31), words, 13)
        sheet.words((left + wide, y + 31), "generation", 13, QUIET, "rm")
        widest = 2.0 * max((branch.radius_mm for branch in found), default=0.0)
        line = f"{len(found)} branches, {tree.length_mm / 1000:.1f} m in all, the widest {widest:.0f} mm across"
        y = sheet.wrapped((left, y + 46), line, wide, 13, INK)
        for note in tree.notes:
            y = sheet.wrapped((left, y + 3), note[:1].upper() + note[1:] + ".", wide, 12, QUIET, most=5)
        y += 14
    for name, (label, _) in SYSTEMS.items():
        if name not in trees and y < size[1] - FOOT_PX - 20:
            sheet.words((left, y + 8), f"{label}: not found", 13, QUIET)
            y += 22
    return y + 6


def _legend_of_rest(
    sheet: Sheet, around: list[SurfaceLayer], by_segment: dict[str, Colour], gaps: bool, place: Place,
    size: tuple[int, int],
) -> None:
    left, y = place
    wide = SIDE_PX - 28
    lines: list[tuple[Colour, bool, str]] = []
    if gaps:
        lines.append((GAP, True, "thin and dashed: a gap in the labels, bridged"))
    for layer in around:
        words = structure_label(layer.name)
        if layer.name == CAVA:
            words = f"{words} as labelled: the tree takes only the part that veins join"
        elif layer.name.startswith(LESIONS):
            words += f", {layer.volume_ml:.1f} ml" + (" (check)" if layer.state == "check" else "")
        lines.append((layer.colour, False, words))
    for colour, dashed, words in lines:
        if y > size[1] - FOOT_PX - 40:
            return
        if dashed:
            for part in range(3):
                sheet.draw.rectangle((left + 7 * part, y + 6, left + 7 * part + 4, y + 9), fill=colour)
        else:
            sheet.draw.rectangle((left, y, left + 18, y + 14), fill=colour)
        y = max(sheet.wrapped((left + 28, y), words, wide - 28, 13, INK, most=3) + 4, y + 22)
    y += 6
    lesions = any(layer.name.startswith(LESIONS) for layer in around)
    if by_segment and y < size[1] - FOOT_PX - 70:
        sheet.words((left, y + 8), "Portal branches by segment (estimated)", 13, INK, bold=True)
        boxes = {**by_segment, "none": UNNAMED, **({"lesion": WHITE} if lesions else {})}
        for number, (name, colour) in enumerate(boxes.items()):
            x, row = left + 74 * (number % 5), y + 24 + 22 * (number // 5)
            sheet.draw.rectangle((x, row, x + 18, row + 14), fill=colour)
            sheet.words((x + 24, row + 7), name, 13)
