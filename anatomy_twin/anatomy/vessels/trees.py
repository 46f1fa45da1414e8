"""The liver's vessel trees from labels: portal from its trunk, hepatic from the vena cava, arterial from the aorta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.vessels.centreline import BRIDGE_MM, centreline_tree
from anatomy_twin.anatomy.vessels.radii import with_image_radii
from anatomy_twin.core import SILENT, FrozenMapping, LabelMap, Monitor, VesselTree, Volume
from anatomy_twin.core.monitor import check_cancelled, part_of
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.tree_order import order_from_roots

Mask = NDArray[np.bool_]

NAMES: Final = ("portal", "hepatic", "arterial")
USED: Final = {
    "portal": ("portal_vein", "portal_branches"), "hepatic": ("hepatic_veins", "inferior_vena_cava"),
    "arterial": ("hepatic_artery", "aorta"),
}  # fmt: skip
# the vena cava is kept from its top to this far below the lowest hepatic vein, far enough to be seen as the trunk
CAVA_BELOW_MM: Final = 30.0
SAID_MM: Final = 10.0  # less of the cava below that is not worth a word
# splenic and mesenteric vein are about two thirds as wide as the portal trunk; a side branch is thinner or shorter
TRIBUTARY_MM: Final = 15.0
TRIBUTARY_SHARE: Final = 0.4
END_MM: Final = 7.0  # the radius of a portal trunk
# segmental arteries of the liver are 2 to 3 mm wide; a lumen shows from two voxels on
ARTERY_MM: Final = 2.5
ARTERY_VOXELS: Final = 2.0
DOUBTFUL: Final = ("check",)


def vessel_trees(
    labels: LabelMap, monitor: Monitor = SILENT, *, bridge_mm: float = BRIDGE_MM, volume: Volume | None = None
) -> Mapping[str, VesselTree]:
    """Return the vessel trees of the liver that the labels show: "portal", "hepatic", "arterial".

    The portal tree is ``portal_vein`` with ``portal_branches``; its root is the confluence of splenic and superior
    mesenteric vein, or the trunk's end away from the liver where no confluence is seen. The hepatic tree is
    ``hepatic_veins`` with the upper ``inferior_vena_cava``, whose upper end is the root. The arterial tree is
    ``hepatic_artery``; its root is the end nearest to the aorta. ``branch_names`` name trunks and tributaries.

    State "check" where the labels are in doubt (rule "labels"), where gaps were bridged, rings opened or parts left out
    (see ``centreline_tree``), and where the vessel that should carry the root is not there (rule "root"). A tree whose
    labels are missing or too small is left out; the monitor is told why (``missing_trees`` gives the reasons that the
    labels give). Undivided ``hepatic_vessels`` belong to no tree: which system they are of is not known.

    Radii are those of the labels; with ``volume``, the scan that they were drawn on, they are measured in the image
    where it shows the wall (see ``with_image_radii``).
    """
    missing = missing_trees(labels)
    makers = {"portal": _portal, "hepatic": _hepatic, "arterial": _arterial}
    trees: dict[str, VesselTree] = {}
    for n, name in enumerate(NAMES):
        check_cancelled(monitor)
        if name in missing:
            monitor.warn(f"no {name} tree: {missing[name]}")
            continue
        with part_of(monitor, n / len(NAMES), (n + 1) / len(NAMES)) as part:
            try:
                tree = makers[name](_around(labels, USED[name], part), bridge_mm, part)
                check_cancelled(part)
                trees[name] = tree if volume is None else with_image_radii(tree, volume)
            except MeshError as error:
                monitor.warn(f"no {name} tree: {error.line}")
    monitor.progress(1.0)
    return FrozenMapping(trees)


def missing_trees(labels: LabelMap) -> Mapping[str, str]:
    """Return why a tree cannot be made of labels, by its name; empty where all three can be tried."""
    needed = {"portal": "portal_branches", "hepatic": "hepatic_veins", "arterial": "hepatic_artery"}
    known = {segment.name: segment for segment in labels.segments}
    reasons = {}
    for name, segment in needed.items():
        if segment in labels:
            if not labels.mask(segment).any():
                reasons[name] = f"{segment} has no voxels in the labels"
            continue
        note = known[segment].note if segment in known else ""
        if name != "arterial" and "hepatic_vessels" in labels:
            reasons[name] = "portal and hepatic veins are not told apart in the labels"
        else:
            reasons[name] = f"the labels have no {segment}" + (f" ({note})" if note else "")
            side = max(labels.geometry.spacing_mm)
            if name == "arterial" and side > ARTERY_MM / ARTERY_VOXELS:
                reasons[name] += f"; its branches of about {ARTERY_MM:g} mm are not seen in voxels of {side:.2g} mm"
    return FrozenMapping(reasons)


def _around(labels: LabelMap, names: tuple[str, ...], monitor: Monitor = SILENT) -> LabelMap:
    """Return the labels in the box around some segments, two voxels wider where the grid goes on."""
    joint = np.zeros(labels.geometry.shape, bool)
    for name in names:
        joint |= _mask(labels, name)
        check_cancelled(monitor)
    start, stop = [], []
    for axis, size in enumerate(joint.shape):
        check_cancelled(monitor)
        filled = np.flatnonzero(joint.any(axis=tuple(other for other in range(3) if other != axis)))
        start.append(max(0, int(filled[0]) - 2))
        stop.append(min(size, int(filled[-1]) + 3))
    box = tuple(slice(low, high) for low, high in zip(start, stop, strict=True))
    shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
    geometry = labels.geometry.cropped((start[0], start[1], start[2]), shape)
    return replace(labels, array=np.ascontiguousarray(labels.array[(slice(None), *box)]), geometry=geometry)


def _mask(labels: LabelMap, name: str) -> Mask:
    return labels.mask(name) if name in labels else np.zeros(labels.geometry.shape, bool)


def _with_doubts(
    tree: VesselTree, labels: LabelMap, used: tuple[str, ...], rules: tuple[str, ...], notes: tuple[str, ...]
) -> VesselTree:
    """Return a tree with the doubts in its labels and in its root."""
    doubtful = [name for name in used if name in labels and labels.segment(name).state in DOUBTFUL]
    if doubtful:
        rules = ("labels", *rules)
        notes = (f"made from labels to be checked: {', '.join(doubtful)}", *notes)
    rules, notes = (*rules, *tree.rules), (*notes, *tree.notes)
    return replace(tree, rules=rules, notes=notes, state="check" if rules else "ok")


def _portal(labels: LabelMap, bridge_mm: float, monitor: Monitor) -> VesselTree:
    trunk, inside = _mask(labels, "portal_vein"), _mask(labels, "portal_branches")
    used = USED["portal"]
    if not trunk.any():
        tree = centreline_tree(inside, labels.geometry, name="portal", bridge_mm=bridge_mm, monitor=monitor)
        return _with_doubts(tree, labels, used, ("root",), ("no portal trunk: the root is the widest end",))
    far = _farthest(trunk & ~inside, inside, labels, bridge_mm)
    check_cancelled(monitor)
    tree = centreline_tree(trunk | inside, labels.geometry, name="portal", root_mm=far, bridge_mm=bridge_mm,
                           monitor=monitor)  # fmt: skip
    tree = _at_confluence(tree, _in_liver(tree, labels, inside))
    return _with_doubts(tree, labels, used, (), ())


def _farthest(trunk: Mask, inside: Mask, labels: LabelMap, bridge_mm: float) -> NDArray[np.float64]:
    """Return the place (LPS mm) of the trunk's voxel that is farthest from the branches in the liver.

    Only parts of the trunk that hang together with the branches, or lie within reach of them, count.
    """
    parts, count = ndimage.label(trunk, np.ones((3, 3, 3)))
    places = np.argwhere(trunk)
    away, _ = cKDTree(labels.geometry.to_world(np.argwhere(inside))).query(labels.geometry.to_world(places))
    part = parts[tuple(places.T)]
    near = ndimage.minimum(away, part, np.arange(1, count + 1))
    size = np.bincount(part, minlength=count + 1)[1:]
    within = near <= max(bridge_mm, min(near) + 1e-6)
    chosen = 1 + int(np.argmax(np.where(within, size, 0)))
    mine = np.flatnonzero(part == chosen)
    # the very last voxel lies in a corner of the end: the deepest of the last ones, of equal ones the lowest
    mine = mine[away[mine] >= away[mine].max() - END_MM]
    depth = np.round(distance_mm(~trunk, labels.geometry.spacing_mm, 2.0 * END_MM)[tuple(places[mine].T)], 4)
    world = labels.geometry.to_world(places[mine])
    best = np.lexsort((world[:, 0], world[:, 1], np.round(world[:, 2], 4), -depth))[0]
    return np.asarray(world[best])


def _in_liver(tree: VesselTree, labels: LabelMap, inside: Mask) -> Mask:
    """Tell which nodes lie in the liver (or, without one, in the branches)."""
    liver = _mask(labels, "liver") | inside
    known = labels.geometry.contains(tree.nodes_mm)
    result = np.zeros(len(known), bool)
    result[known] = liver[tuple(labels.geometry.voxel_of(tree.nodes_mm[known]).T)]
    return result


def _at_confluence(tree: VesselTree, in_liver: Mask) -> VesselTree:
    """Return the portal tree with its root where the tributaries of the trunk meet, and their names."""
    order = order_from_roots(tree.parents)
    volume, length, liver_volume, tip = _below(tree, order, in_liver)
    kids = _children(tree)
    root = int(order[0])
    path = [root]
    while kids.get(path[-1]):  # the way on which most of the vessels in the liver lie
        best = max(kids[path[-1]], key=lambda node: (liver_volume[node], volume[node], -node))
        if in_liver[best] or liver_volume[best] <= 0:
            break
        path.append(best)
    found, most = -1, 0.0
    for at, node in enumerate(path[:-1]):
        least = np.pi * (TRIBUTARY_SHARE * tree.radius_mm[path[at + 1]]) ** 2
        for side in kids.get(node, []):
            thick = volume[side] >= least * length[side] and length[side] >= TRIBUTARY_MM
            if side != path[at + 1] and thick and liver_volume[side] <= 0 and volume[side] > most:
                found, most = node, volume[side]
    names: dict[int, str] = {}
    if found < 0:
        names = {kids[root][0]: "portal trunk"} if kids.get(root) else {}
        return replace(tree, branch_names=names)
    onward = path[path.index(found) + 1]
    tree = rerooted(tree, found)
    ways = {onward: "portal trunk"}
    _, length, _, tip = _below(tree, order_from_roots(tree.parents), in_liver)
    for child in _children(tree).get(found, []):
        if child == onward or length[child] < TRIBUTARY_MM:
            continue
        way = tree.nodes_mm[tip[child]] - tree.nodes_mm[found]
        # LPS: x grows to the patient's left, z to the head
        if -way[2] > abs(way[0]):
            ways[child] = "superior mesenteric vein"
        elif way[0] > abs(way[2]):
            ways[child] = "splenic vein"
    names.update(ways)
    return replace(tree, branch_names=names)


def _children(tree: VesselTree) -> dict[int, list[int]]:
    kids: dict[int, list[int]] = {}
    for node in np.flatnonzero(tree.parents >= 0):
        kids.setdefault(int(tree.parents[node]), []).append(int(node))
    return kids


def _below(tree: VesselTree, order: NDArray[np.int64], in_liver: Mask) -> tuple[NDArray[Any], ...]:
    """Return per node, with all that hangs below its piece: mm3, mm, mm3 in the liver; and the farthest tip's node."""
    up = np.where(tree.parents < 0, np.arange(len(tree.parents)), tree.parents)
    length = np.linalg.norm(tree.nodes_mm - tree.nodes_mm[up], axis=1)
    volume: NDArray[np.float64] = np.pi * tree.radius_mm**2 * length
    in_volume: NDArray[np.float64] = np.where(in_liver, volume, 0.0)
    reach, tip = length.copy(), np.arange(len(length))
    total = length.copy()
    for node in order[::-1]:
        parent = tree.parents[node]
        if parent < 0:
            continue
        volume[parent] += volume[node]
        in_volume[parent] += in_volume[node]
        total[parent] += total[node]
        step = reach[parent] if tip[parent] == parent else -1.0
        if step >= 0 or reach[node] + length[parent] > reach[parent]:
            reach[parent], tip[parent] = reach[node] + length[parent], tip[node]
    return volume, total, in_volume, tip


def rerooted(tree: VesselTree, root: int) -> VesselTree:
    """Return the same tree hanging on another of its nodes; pieces keep radius and mark, branch names are dropped."""
    parents, radius = tree.parents.copy(), tree.radius_mm.copy()
    marks = np.asarray(tree.bridged)
    bridged = marks.copy()
    node, above = root, -1
    while node >= 0:
        parent = int(tree.parents[node])
        parents[node] = above
        if parent >= 0:
            radius[parent], bridged[parent] = tree.radius_mm[node], marks[node]
        node, above = parent, node
    radius[root], bridged[root] = tree.radius_mm[root], False
    return replace(tree, parents=parents, radius_mm=radius, bridged=bridged, branch_names={})


def _hepatic(labels: LabelMap, bridge_mm: float, monitor: Monitor) -> VesselTree:
    veins, cava = _mask(labels, "hepatic_veins"), _mask(labels, "inferior_vena_cava")
    used, geometry = USED["hepatic"], labels.geometry
    notes: tuple[str, ...] = ()
    if cava.any():
        places, height = _upper_cava(cava, veins, labels, bridge_mm)
        check_cancelled(monitor)
        lowest = float(geometry.to_world(np.argwhere(cava))[:, 2].min())
        if height.size and height.min() - lowest > SAID_MM:
            notes = (f"the vena cava is followed from {CAVA_BELOW_MM:g} mm below the hepatic veins; "
                     f"its label goes on {height.min() - lowest:.0f} mm further down",)  # fmt: skip
        cava = np.zeros_like(cava)
        cava[tuple(places.T)] = True
    if not cava.any():
        tree = centreline_tree(veins, geometry, name="hepatic", bridge_mm=bridge_mm, monitor=monitor)
        return _with_doubts(tree, labels, used, ("root",), ("no vena cava at the veins: the root is their widest end",))
    top = np.zeros_like(cava)
    top[tuple(places[height >= height.max() - 1.01 * max(geometry.spacing_mm)].T)] = True
    tree = centreline_tree(veins | cava, geometry, name="hepatic", root_mask=top, trunk_mask=cava,
                           bridge_mm=bridge_mm, monitor=monitor)  # fmt: skip
    tree = _with_doubts(_named_veins(tree), labels, used, (), ())
    return replace(tree, notes=(*tree.notes, *notes))


def _upper_cava(
    cava: Mask, veins: Mask, labels: LabelMap, bridge_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the voxels (n, 3) of the cava around the mouths of the veins and above, and their height in mm (n,).

    None where the veins do not reach the cava.
    """
    geometry = labels.geometry
    parts, _ = ndimage.label(cava, np.ones((3, 3, 3)))
    places = np.argwhere(cava)
    world = geometry.to_world(places)
    away, _ = cKDTree(geometry.to_world(np.argwhere(veins))).query(world)
    touching = away <= max(bridge_mm, max(geometry.spacing_mm))
    if not touching.any():
        return places[:0], world[:0, 2]
    part = parts[tuple(places.T)]
    main = int(np.argmax(np.bincount(part[touching])))
    # other parts of the label are no trunk; what the veins touch far below the others is a chance contact
    low = float(np.percentile(world[touching & (part == main), 2], 5.0)) - CAVA_BELOW_MM
    chosen = (part == main) & (world[:, 2] >= low)
    return places[chosen], world[chosen, 2]


def _named_veins(tree: VesselTree) -> VesselTree:
    """Name the cava (the first line of the tree), and what leaves it a hepatic vein."""
    # a line's nodes follow each other; the trunk's come first
    trunk = int(np.argmax(tree.parents != np.arange(-1, len(tree.parents) - 1))) or len(tree.parents)
    names = {int(node): "hepatic vein" for node in np.flatnonzero(tree.parents[trunk:] < trunk) + trunk}
    return replace(tree, branch_names={1: "inferior vena cava", **names})


def _arterial(labels: LabelMap, bridge_mm: float, monitor: Monitor) -> VesselTree:
    artery, aorta = _mask(labels, "hepatic_artery"), _mask(labels, "aorta")
    used = ("hepatic_artery",)
    geometry = labels.geometry
    if not aorta.any():
        tree = centreline_tree(artery, geometry, name="arterial", bridge_mm=bridge_mm, monitor=monitor)
        return _with_doubts(tree, labels, used, ("root",), ("no aorta: the root is the widest end",))
    parts, _ = ndimage.label(artery, np.ones((3, 3, 3)))
    places = np.argwhere(artery)
    part = parts[tuple(places.T)]
    main = places[part == int(np.argmax(np.bincount(part)))]
    world = geometry.to_world(main)
    away, _ = cKDTree(geometry.to_world(np.argwhere(aorta))).query(world)
    best = int(np.lexsort((world[:, 0], world[:, 1], world[:, 2], np.round(away, 6)))[0])
    tree = centreline_tree(artery, geometry, name="arterial", root_mm=world[best], bridge_mm=bridge_mm, monitor=monitor)
    if away[best] <= bridge_mm:
        return _with_doubts(tree, labels, (*used, "aorta"), (), ())
    note = f"the label ends {away[best]:.0f} mm from the aorta: the root is its end nearest to it"
    return _with_doubts(tree, labels, used, ("root",), (note,))
