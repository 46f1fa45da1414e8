"""The structures of a case as rows of a tree: surfaces and segments together, in groups that people know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Case, Display, Segment
from anatomy_twin.rehearsal.build import structure_label
from anatomy_twin.rehearsal.scene import Scene
from anatomy_twin.units import Point, check_point

GROUPS: Final = ("target", "zone", "vessel", "organ", "bone", "body")
BONES: Final = frozenset({"bone", "vertebra", "rib", "ribs", "sternum", "pelvis", "sacrum", "skull", "mandible"})
FEW: Final = 3  # numbered structures of one kind are folded up where there are more


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One structure: how it looks now, how large it is, what speaks against it.

    ``group`` is one of ``GROUPS``; ``fold`` the stem of many of a kind ("vertebra"), which are shown folded up, or "".
    ``opacity`` is None where there is no surface to see through; ``absent`` where there is nothing to show at all.
    """

    name: str
    label: str
    group: str
    colour: tuple[int, int, int]
    visible: bool = True
    opacity: float | None = None
    volume_ml: float | None = None
    state: str = ""
    rules: tuple[str, ...] = ()
    note: str = ""
    fold: str = ""
    absent: bool = False


def tree_rows(scene: Scene, case: Case) -> tuple[TreeRow, ...]:
    """Return a row for every structure of a scene and for the segments that have no surface or were not found."""
    rows: dict[str, TreeRow] = {}
    segments = {s.name: s for s in case.label_map.segments} if case.primary in case.labels else {}
    for layer in scene.surfaces:
        rows[layer.name] = _told(TreeRow(
            layer.name, layer.label, group_of(layer.name, layer.group), layer.colour, layer.visible, layer.opacity,
            layer.volume_ml, layer.state,
        ), segments.get(layer.name))  # fmt: skip
    for look in scene.looks:
        if look.name in rows:
            rows[look.name] = replace(rows[look.name], visible=rows[look.name].visible or look.visible)
        else:
            known = case.anatomy.structures.get(look.name)
            rows[look.name] = _told(TreeRow(
                look.name, look.label, group_of(look.name, look.group), look.colour, look.visible, None,
                known.volume_ml if known is not None else None, look.state,
            ), segments.get(look.name))  # fmt: skip
    for segment in segments.values():
        if segment.absent and segment.name not in rows:
            group = group_of(segment.name, _usual_group(segment.name))
            rows[segment.name] = TreeRow(segment.name, structure_label(segment.name), group, segment.colour, False,
                                         state=segment.state, note=segment.note, absent=True)  # fmt: skip
    return _sorted(_folded(rows.values()), _of_interest(case))


def group_of(name: str, group: str) -> str:
    """Return the group of the tree that a structure stands in; ``group`` is that of its drawing."""
    if catalog.stem(name) in BONES or name.split("_")[0] in BONES:
        return "bone"
    return group if group in GROUPS else "organ"


def shown_only(display: Display, rows: Iterable[TreeRow], names: Iterable[str]) -> Display:
    """Return a display in which of all rows only those called ``names`` are visible."""
    wanted = set(names)
    return shown(display, {row.name: row.name in wanted for row in rows if not row.absent}, rows)


def shown(display: Display, visible: dict[str, bool], rows: Iterable[TreeRow]) -> Display:
    """Return a display with the visibility of several structures changed, those alone that differ."""
    now = {row.name: row.visible for row in rows}
    for name, on in visible.items():
        if now.get(name) != on:
            display = display.with_layer(name, visible=on)
    return display


def centre_of(case: Case, scene: Scene, name: str) -> Point | None:
    """Return a point (LPS mm) in the middle of a structure; for a segment always one inside. None where there is none.

    Of a large segment every second voxel along each axis is looked at.
    """
    look = next((one for one in scene.looks if one.name == name), None)
    if look is not None:
        labels = case.label_map
        step = 1 if look.group == "target" else 2
        index = np.argwhere(labels.array[look.layer, ::step, ::step, ::step] == look.value) * step
        if len(index):
            points = labels.geometry.to_world(index)
            return check_point("centre", points[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))])
    surface = next((one.surface for one in scene.surfaces if one.name == name), None)
    if surface is None or not len(surface.points_mm):
        return None
    return check_point("centre", (surface.points_mm.min(axis=0) + surface.points_mm.max(axis=0)) / 2)


def _told(row: TreeRow, segment: Segment | None) -> TreeRow:
    return row if segment is None else replace(row, state=segment.state, rules=segment.rules, note=segment.note)


def _usual_group(name: str) -> str:
    drawing = catalog.load("palettes")["drawing"]
    entry = drawing.get(name) or drawing.get(catalog.stem(name)) or {}
    return str(entry.get("group", "organ"))


def _kind(name: str) -> str:
    """Return what a structure is one of many of ("vertebra_l3" -> "vertebra"), "" for any other."""
    head = name.split("_")[0]
    return head if head in ("vertebra", "rib") and head != name else ""


def _folded(rows: Iterable[TreeRow]) -> list[TreeRow]:
    rows = list(rows)
    kinds = [_kind(row.name) for row in rows]
    return [replace(row, fold=kind) if kind and kinds.count(kind) > FEW else row
            for row, kind in zip(rows, kinds, strict=True)]  # fmt: skip


def _of_interest(case: Case) -> frozenset[str]:
    """Return the targets of plans, the organs that they are made for, and those that hold a lesion."""
    first = {getattr(plan, "organ", "") for plan in case.plans.values()}
    for plan in case.plans.values():
        first |= {getattr(plan, "target", ""), *getattr(plan, "targets", ())}
    if case.primary in case.labels:
        lesions = ("tumour", "lesion", "tumour_candidate")
        first |= {s.part_of for s in case.label_map.segments if catalog.stem(s.name) in lesions and not s.absent}
    return frozenset(first)


def _number(name: str) -> int:
    """Return the number at the end of a name, 0 where there is none."""
    tail = name.rpartition("_")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else 0


def _sorted(rows: list[TreeRow], first: frozenset[str]) -> tuple[TreeRow, ...]:
    """Sort by groups: in each what is of interest ``first``, lesions by their numbers, what was not found last."""
    return tuple(sorted(rows, key=lambda row: (
        GROUPS.index(row.group), row.absent, row.name not in first, "candidate" in row.name, bool(row.fold),
        _number(row.name) if row.group == "target" else 0)))
