"""Couinaud's segments I to VIII of a liver, from its portal and hepatic trees and landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.liver.caudate import Caudate, find_caudate
from anatomy_twin.anatomy.liver.landmarks import FISSURE_DEG, Landmarks, find_landmarks, side_of, thick_path
from anatomy_twin.anatomy.liver.portal_names import (
    ALL,
    SEGMENTS,
    Levels,
    Supply,
    both_of_each_pair,
    find_levels,
    likely,
    name_portal_branches,
    names_of_nodes,
    supply_of,
)
from anatomy_twin.anatomy.liver.regular import Regular, regular_segments
from anatomy_twin.anatomy.liver.territories import Box, box_around, nearest_branch, territory_segment
from anatomy_twin.anatomy.liver.vein_names import with_vein_names
from anatomy_twin.anatomy.vessels.loose import with_loose_parts
from anatomy_twin.core import SILENT, LabelMap, Monitor, Segment, VesselTree, check_cancelled
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_names import summed_below
from anatomy_twin.kernels.tree_order import order_from_roots

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SMALL_SHARE: Final = 0.015  # segments of healthy livers have 3 % and more
LARGE_SHARE: Final = 0.45  # the largest segment of 107 normal livers had 38 % (Mise et al., HPB 2014, PubMed 24033584)
MARGIN_MM: Final = 40.0  # the cava, the gallbladder and the portal trunk lie nearer to the liver than this
LEAST_ODDS: Final = 1e-9  # far from a plane it is as good as certain on which side of it a place lies
LEAST_PIECES: Final = 8  # a portal tree of fewer pieces has no branches to name


@dataclass(frozen=True, eq=False)
class Division:
    """Segments of a liver as label map; portal and hepatic tree with the names that were found (None without one)."""

    labels: LabelMap
    portal: VesselTree | None
    hepatic: VesselTree | None = None


def couinaud_segments(labels: LabelMap, trees: Mapping[str, VesselTree], monitor: Monitor = SILENT) -> LabelMap:
    """Return the liver divided into Couinaud's segments, each voxel of it (lesions and vessels too) in one.

    Parameters
    ----------
    labels : needs "liver"; uses vena cava, portal branches, aorta, spleen, stomach, body and gallbladder.
    trees : "portal" and "hepatic" (``vessel_trees``); names that the portal tree bears already (``marked``) are kept.
    monitor : told of progress; may cancel.

    Returns
    -------
    LabelMap on the grid of the labels. Layer 0: "liver_segment_1" to "liver_segment_8", whose volumes add up to the
    liver exactly, each in one piece (``regular_segments``; more only where the liver itself is in several, or where
    marked branches lie apart). Layer 1: "territory_2" to "territory_8", what the portal branches of II to VIII supply,
    before segment I is taken out. All are "check" with the rule "estimated"; more rules and the notes say what was
    missing: "no portal branches" (planes and levels alone), "no hepatic veins", "landmark", "laterality", "volume",
    "planes alone" and "assumed" (two segments that no branches part: divided by their plane, at half their height).

    Raises
    ------
    DataError : no liver, or neither portal branches nor hepatic veins nor vena cava: nothing tells its segments apart.
    Cancelled : the user stopped.
    """
    return divide_liver(labels, trees, monitor).labels


def divide_liver(labels: LabelMap, trees: Mapping[str, VesselTree], monitor: Monitor = SILENT) -> Division:
    """Return the segments (``couinaud_segments``) together with the portal and hepatic trees that bear names."""
    known = [segment.name for segment in labels.segments]
    liver = labels.mask("liver") if "liver" in known else np.zeros(0, bool)
    if not liver.any():
        raise DataError("the segments of a liver need the liver, which the labels do not have",
                        advice="segment it first")  # fmt: skip
    portal, hepatic = (_branched(trees.get(name)) for name in ("portal", "hepatic"))
    side = side_of(labels)
    whole, labels, box = labels, *_around(labels, liver)
    liver = liver[box]
    if portal is None and hepatic is None and "inferior_vena_cava" not in labels:
        raise DataError("without portal branches, hepatic veins and vena cava nothing tells the liver's segments apart",
                        advice="segment a scan in the portal venous phase")  # fmt: skip
    if portal is None:
        return _pasted(_by_planes(labels, liver, hepatic, side), whole, box)
    return _pasted(_by_branches(labels, liver, portal, hepatic, side, monitor), whole, box)


def _by_branches(
    labels: LabelMap, liver: Mask, portal: VesselTree, hepatic: VesselTree | None, side: tuple[int, bool],
    monitor: Monitor,
) -> Division:
    """Divide by what the named portal branches supply, within the planes."""
    notes: list[str] = []
    vessel = labels.mask("portal_branches") if "portal_branches" in labels else np.zeros(liver.shape, bool)
    hung, parts, left_out = with_loose_parts(portal, vessel & liver, labels.geometry)
    if parts:
        notes.append(f"{parts} parts of portal branches that hang on nothing belong to the nearest branch"
                     + (f", {left_out} too far from any are left out" if left_out else ""))  # fmt: skip
    _went_on(monitor, 0.1)
    supply = supply_of(hung, liver, labels.geometry)
    _went_on(monitor, 0.2)
    frame = find_landmarks(labels, hepatic, _hilum(hung, liver, labels), side)
    _went_on(monitor, 0.3)
    levels = both_of_each_pair(hung, supply, frame, find_levels(hung, supply, frame))
    given = {node: ALL.index(name) for node, name in portal.branch_names.items() if name in ALL}
    hung = name_portal_branches(hung, liver, labels.geometry, frame, supply=supply, levels=levels)
    _went_on(monitor, 0.4)
    territory, marks = _supplied(hung, given, liver, labels)
    _went_on(monitor, 0.6)
    fork, left = hung.nodes_mm[levels.fork], _left_end(hung, supply, levels)
    caudate = find_caudate(labels, liver, frame, fork, left)
    _went_on(monitor, 0.7)
    planes = np.log(likely(supply.world_mm, frame, levels, LEAST_ODDS))
    regular = regular_segments(liver, labels.geometry, planes, territory, caudate.mask, marks)
    said = f"; {', '.join(sorted({ALL[code] for code in given.values()}))} as given" if given else ""
    notes += [f"portal branches named by place and by what hangs on what{said}", *levels.notes, *regular.notes]
    named = replace(portal, branch_names={n: name for n, name in hung.branch_names.items() if n < len(portal.parents)})
    rules = ("estimated", *frame.rules, *levels.rules)
    veins = None if hepatic is None else with_vein_names(hepatic, frame.veins)
    return Division(_label_map(labels, territory, regular, caudate, frame, rules, notes), named, veins)


def _went_on(monitor: Monitor, share: float) -> None:
    monitor.progress(share)
    check_cancelled(monitor)


def _supplied(
    tree: VesselTree, given: Mapping[int, int], liver: Mask, labels: LabelMap
) -> tuple[NDArray[np.uint8], Ints | None]:
    """Return the segment whose branch supplies each voxel [k, j, i], and the name a person gave to that branch (m,).

    ``given`` holds {node: number in ``ALL``}; no names (None) where it is empty, -1 for what no given name says.
    """
    codes = names_of_nodes(tree)
    mark = np.full(len(codes), -1, np.int64)
    for node in order_from_roots(tree.parents):
        up = int(tree.parents[node])
        mark[node] = given.get(int(node), mark[up] if up >= 0 else -1)
    base = len(SEGMENTS) + 2
    owner = np.where(codes < len(SEGMENTS), (mark + 1) * base + codes + 2, -1)
    found = nearest_branch(liver, labels.geometry, tree, owner=owner)
    territory = np.where(found >= 0, found % base, 0).astype(np.uint8)
    return territory, (found[liver] // base - 1).astype(np.int64) if given else None


def _around(labels: LabelMap, liver: Mask) -> tuple[LabelMap, Box]:
    """Return the labels around the liver: much of a scan has no part in its division."""
    geometry = labels.geometry
    box = box_around(liver, MARGIN_MM, geometry.spacing_mm)
    array = labels.array[(slice(None), *box)]
    part = geometry.cropped((box[0].start, box[1].start, box[2].start), array.shape[1:])
    return replace(labels, array=array, geometry=part), box


def _pasted(division: Division, whole: LabelMap, box: Box) -> Division:
    """Return a division of a part of a scan on the grid of the whole scan."""
    array = np.zeros((len(division.labels.array), *whole.geometry.shape), np.uint8)
    array[(slice(None), *box)] = division.labels.array
    return replace(division, labels=replace(division.labels, array=array, geometry=whole.geometry))


def _branched(tree: VesselTree | None) -> VesselTree | None:
    return tree if tree is not None and np.count_nonzero(tree.parents >= 0) >= LEAST_PIECES else None


def _hilum(tree: VesselTree, liver: Mask, labels: LabelMap) -> Floats:
    """Return the first node in the liver on the way from the root along the branch with most nodes."""
    count = np.ones((len(tree.parents), 1))
    below = summed_below(tree.parents, count)[:, 0]
    roots = np.flatnonzero(tree.parents < 0)
    path = thick_path(tree, int(roots[np.argmax(below[roots])]), below, 0.3 * float(below.max()))
    way = tree.nodes_mm[path]
    seen = labels.geometry.contains(way)
    seen[seen] = liver[tuple(labels.geometry.voxel_of(way[seen]).T)]
    return np.asarray(way[np.argmax(seen)] if seen.any() else way[-1])


def _left_end(tree: VesselTree, supply: Supply, levels: Levels) -> Floats | None:
    left = [node for node, side in levels.sides.items() if side == "left"]
    if not left:
        return None
    first = max(left, key=lambda node: (supply.below[node], -node))
    path = thick_path(tree, first, supply.below, 0.6 * float(supply.below[first]))
    return np.asarray(tree.nodes_mm[path[-1]])


def _by_planes(
    labels: LabelMap, liver: Mask, hepatic: VesselTree | None, side: tuple[int, bool]
) -> Division:
    """Divide by the planes of the hepatic veins (or usual ones) and the level of the hilum, without portal branches."""
    places = labels.geometry.to_world(np.argwhere(liver))
    fork = None
    if "portal_vein" in labels:
        trunk = labels.geometry.to_world(np.argwhere(labels.mask("portal_vein")))
        fork = trunk[np.argmin(np.linalg.norm(trunk - places.mean(axis=0), axis=1))]
    frame = find_landmarks(labels, hepatic, fork, side)
    height = float(np.median(places[:, 2])) if fork is None else float(fork[2])
    said = "middle of the liver" if fork is None else "end of the portal trunk"
    fissure = FISSURE_DEG if frame.fissure_deg is None else frame.fissure_deg
    levels = Levels(0, np.zeros(0, bool), {}, height, height, fissure)
    chance = likely(places, frame, levels, LEAST_ODDS)
    territory = np.zeros(liver.shape, np.uint8)
    territory[liver] = chance.argmax(axis=1) + 2
    caudate = Caudate(np.zeros_like(liver), "segment I lies behind the portal fork, which was not found", ("landmark",))
    regular = regular_segments(liver, labels.geometry, np.log(chance), None, caudate.mask)
    notes = [f"no portal branches: divided by planes alone, upper from lower segments at the height of the {said}",
             *regular.notes]  # fmt: skip
    rules = ("estimated", "no portal branches", "landmark", *frame.rules)
    veins = None if hepatic is None else with_vein_names(hepatic, frame.veins)
    return Division(_label_map(labels, territory, regular, caudate, frame, rules, notes), None, veins)


def _label_map(
    labels: LabelMap, territory: NDArray[np.uint8], regular: Regular, caudate: Caudate, frame: Landmarks,
    rules: tuple[str, ...], notes: list[str],
) -> LabelMap:
    array = np.stack([regular.segments, territory]).astype(np.uint8)
    rules = tuple(dict.fromkeys(rules))
    counts = np.bincount(array[0].ravel(), minlength=9)
    shares = counts / max(1, int(counts[1:].sum()))
    segments = [_segment(number, float(shares[number]), (*rules, *regular.rules.get(number, ())), caudate)
                for number in range(1, 9)]  # fmt: skip
    for number in np.unique(territory[territory > 0]):
        note = f"what portal branches of segment {SEGMENTS[number - 2]} supply, segment I not taken out"
        part = (f"territory_{number}", 1, int(number), int(number), "check", "liver", note, rules)
        segments.append(territory_segment(*part))
    found = f"planes through {', '.join(frame.found)}" if frame.found else "usual planes"
    return LabelMap(array, labels.geometry, tuple(segments), (*notes, found, *frame.missing, caudate.note))


def _segment(number: int, share: float, rules: tuple[str, ...], caudate: Caudate) -> Segment:
    """Return one of the eight segments, whose share of the liver is given; without any it was not found."""
    name = f"liver_segment_{number}"
    if number == 1:
        rules, note = tuple(dict.fromkeys((*rules, *caudate.rules))), caudate.note
    elif not share:
        note = f"no branch runs where segment {SEGMENTS[number - 2]} is expected"
    else:
        note = f"{100.0 * share:.1f} % of the liver"
        if share < SMALL_SHARE:
            rules, note = (*rules, "volume"), f"{note}: hardly a segment, its branches were not told apart"
        elif share > LARGE_SHARE:
            rules, note = (*rules, "volume"), f"{note}: more than one segment, not told apart"
    if not share:
        return territory_segment(name, 0, 0, number, "not found", "liver", note, rules)
    return territory_segment(name, 0, number, number, "check", "liver", note, rules)
