"""The centreline tree of a tube-like structure: from its voxels to a rooted tree in the middle of its branches."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.anatomy.vessels.lines import Nodes, centred, joined, lines_of
from anatomy_twin.anatomy.vessels.voxels import (
    Bridges,
    Voxels,
    box_voxels,
    bridges_of,
    paths_of,
    rings_of,
    voxels_of,
)
from anatomy_twin.core import SILENT, Monitor, VesselTree, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.core.monitor import check_cancelled, part_of
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.kernels.distance import distance_mm

Mask = NDArray[np.bool_]

# The wall of a vessel in a scan is lost over a voxel or two; 5 mm are two slices of 2.5 mm, and less than what lies
# between neighbouring branches of the same order in the liver.
BRIDGE_MM: Final = 5.0
LEAST_VOXELS: Final = 4  # fewer have no length
NEAR_ROOT_MM: Final = 15.0
# measured: what the distances, the numbers and the search for gaps take per voxel of the box around the vessel and,
# beyond that, the neighbours and the paths per voxel of the vessel
BYTES_PER_VOXEL: Final = (60.0, 400.0)
WITHIN: Final = 1e-5  # voxels: what counts as in the grid is rounded to a millionth


def centreline_tree(
    mask: Mask, geometry: VolumeGeometry, *, name: str, root_mm: ArrayLike | None = None, root_mask: Mask | None = None,
    trunk_mask: Mask | None = None, bridge_mm: float = BRIDGE_MM, monitor: Monitor = SILENT,
) -> VesselTree:
    """Return the tree of centrelines of a vessel.

    Parameters
    ----------
    mask : bool [k, j, i], the vessel, on ``geometry``.
    name : the tree's name.
    root_mm : a point (3,) in LPS mm at or in the root; the voxel of the vessel nearest to it is the root.
    root_mask : bool [k, j, i] instead of a point: the root is the voxel deepest in the vessel among those that are
        nearest to the mask. With neither the root is the wider end of the largest part.
    trunk_mask : bool [k, j, i], a part of the vessel that is one tube and holds the root (a vena cava): it gets one
        line from the root to its other end, from which all else branches off.
    bridge_mm : gaps up to this length are bridged where the end of a part faces another, and marked ``bridged``.

    The nodes lie about 0.6 voxels apart, in the middle of cross-sections measured to a fraction of a voxel; radii are
    those of circles of the section's area. State "check" with the rules "bridged" (gaps), "loop" (rings that were cut
    open), "parts" (what hangs on no root and was left out), "border" (the grid cuts the vessel). The order and the
    direction of the array's axes do not change the result. Raises ``MeshError`` for a mask without voxels or with too
    few to have a length, for a root farther than 15 mm away or not in the trunk, and where the memory for it is not
    there; ``DataError`` for a mask that is not on the grid. No node lies beyond the grid.
    """
    geometry, mask, root_mask, trunk_mask = _canonical(geometry, mask, root_mask, trunk_mask)
    count = int(np.count_nonzero(mask))
    if not count:
        raise MeshError("a vessel without voxels has no centreline", where=name, advice="label it first")
    if count < LEAST_VOXELS:
        raise MeshError(f"a vessel of {count} voxel{'s' * (count > 1)} has no centreline", where=name,
                        advice="label more of it or leave it out")  # fmt: skip
    check_memory(BYTES_PER_VOXEL[0] * box_voxels(mask) + BYTES_PER_VOXEL[1] * count, f"the {name} tree",
                 "use a cropped scan or larger voxels")  # fmt: skip
    vessel = voxels_of(mask, geometry.spacing_mm, monitor)
    monitor.progress(0.15)
    check_cancelled(monitor)
    root = _root(vessel, geometry, name, root_mm, root_mask)
    bridges = bridges_of(vessel, root, bridge_mm, monitor)
    monitor.progress(0.4)
    check_cancelled(monitor)
    tube = None if trunk_mask is None else trunk_mask[tuple((vessel.places + vessel.start).T)]
    if tube is not None and not tube[root]:
        raise MeshError("the root does not lie in the trunk", where=name, advice="name a root in it")
    paths = paths_of(vessel, root, bridges, tube)
    monitor.progress(0.5)
    check_cancelled(monitor)
    rings = rings_of(vessel, paths, monitor)
    monitor.progress(0.6)
    check_cancelled(monitor)
    lines = lines_of(vessel, paths, bridges)
    if len(lines[0].points) < 2:
        raise MeshError("a vessel that is no longer than wide has no centreline", where=name)
    with part_of(monitor, 0.6, 0.95) as part:
        lines = centred(vessel, lines, part)
    check_cancelled(monitor)
    nodes = _within(vessel, joined(vessel, lines))
    monitor.progress(1.0)
    rules, notes = _doubts(vessel, geometry, mask, bridges, nodes, rings)
    return VesselTree(
        name, _world(vessel, geometry, nodes.points), nodes.parents, nodes.radius, nodes.bridged,
        "check" if rules else "ok", rules, notes,
    )  # fmt: skip


def _canonical(
    geometry: VolumeGeometry, mask: Mask, *others: Mask | None
) -> tuple[VolumeGeometry, Mask, Mask | None, Mask | None]:
    order, flips = geometry.canonical_axes()
    turned: list[Mask | None] = []
    for one in (mask, *others):
        if one is not None and np.shape(one) != geometry.shape:
            raise DataError(f"a mask of {np.shape(one)} voxels does not lie on a grid of {geometry.shape}")
        turned.append(None if one is None else np.ascontiguousarray(reindex(np.asarray(one, bool), order, flips)))
    first, second, third = turned
    assert first is not None
    return geometry.reindexed(order, flips), first, second, third


def _root(
    vessel: Voxels, geometry: VolumeGeometry, name: str, root_mm: ArrayLike | None, root_mask: Mask | None
) -> int:
    """Return the voxel of the root."""
    if root_mm is not None:
        point = (geometry.to_index(root_mm) - vessel.start) * vessel.sides_mm
        away = np.linalg.norm(vessel.places_mm - point, axis=1)
    elif root_mask is not None and root_mask.any():
        cap = NEAR_ROOT_MM + 2.0 * max(geometry.spacing_mm)
        places = tuple((vessel.places + vessel.start).T)
        away = distance_mm(root_mask, geometry.spacing_mm, cap)[places].astype(np.float64)
        # the mask touches a vessel in more than one voxel: the deepest of them
        near = away <= away.min() + max(geometry.spacing_mm)
        away = np.where(near, away.min() + 1e-3 * (vessel.depth_mm.max() - vessel.depth_mm), np.inf)
    elif root_mask is not None:
        raise MeshError("the structure that a vessel should start from has no voxels", where=name)
    else:
        return _wider_end(vessel)
    if away.min() > NEAR_ROOT_MM:
        raise MeshError(f"the root lies {away.min():.0f} mm away from the vessel", where=name,
                        advice="name a root at the vessel")  # fmt: skip
    return int(np.argmin(away))


def _wider_end(vessel: Voxels) -> int:
    """Return an end of the largest part: of the two farthest from each other the one in wider surroundings."""
    none = np.zeros(0, np.int64)
    alone = np.zeros(int(vessel.component.max()) + 1, bool)
    nothing = Bridges(none, none, np.zeros(0), np.zeros(0), alone)
    largest = np.flatnonzero(vessel.component == np.argmax(np.bincount(vessel.component)))
    start = int(largest[np.argmax(vessel.depth_mm[largest])])
    ends = []
    for _ in range(2):
        way = paths_of(vessel, start, nothing).length_mm
        start = int(np.argmax(np.where(np.isfinite(way), way, -1.0)))
        ends.append(start)
    reach = 2.0 * float(vessel.depth_mm[largest].max()) + 2.0 * max(vessel.spacing_mm)
    width = []
    for end in ends:
        near = np.linalg.norm(vessel.places_mm[largest] - vessel.places_mm[end], axis=1) <= reach
        width.append(float(vessel.depth_mm[largest][near].max()))
    return max(ends) if width[0] == width[1] else ends[int(np.argmax(width))]


def _within(vessel: Voxels, nodes: Nodes) -> Nodes:
    """Return a tree without what runs on beyond the grid, where its border cuts the vessel: it ends at the border."""
    index = nodes.points / vessel.sides_mm + vessel.start
    low, high = np.full(3, -0.5 + WITHIN), np.asarray(vessel.whole) - 0.5 - WITHIN
    ends = np.clip(index, low, high)
    outside = np.any(index != ends, axis=1)
    if not outside.any():
        return nodes
    parents, count = nodes.parents, len(nodes.parents)
    # parents come before their children: one pass tells what has a node in the grid below it
    leads = ~outside
    for node in range(count - 1, -1, -1):
        if leads[node] and parents[node] >= 0:
            leads[parents[node]] = True
    up = np.maximum(parents, 0)
    keep = leads | ((parents >= 0) & ~outside[up])  # the first node beyond an end moves to the border
    first = 0
    while True:  # and so does the last node before the grid at the root
        kids = np.flatnonzero((parents == first) & keep)
        if len(kids) != 1 or not (outside[first] and outside[kids[0]]):
            break
        keep[first] = False
        first = int(kids[0])
    if np.count_nonzero(keep) < 2:
        raise MeshError("a vessel at the border of the scan that is too short has no centreline")
    number = np.cumsum(keep) - 1
    renamed = np.where((parents >= 0) & keep[up], number[up], -1)
    bridged = nodes.bridged & (np.arange(count) != first)
    return Nodes((ends[keep] - vessel.start) * vessel.sides_mm, renamed[keep], nodes.radius[keep], bridged[keep])


def _world(vessel: Voxels, geometry: VolumeGeometry, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return geometry.to_world(points / vessel.sides_mm + vessel.start)


def _doubts(
    vessel: Voxels, geometry: VolumeGeometry, mask: Mask, bridges: Bridges, nodes: Nodes, rings: NDArray[np.int64]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rules that speak against a tree, and what they found in words."""
    rules, notes = [], []
    starts = nodes.bridged & ~nodes.bridged[np.maximum(nodes.parents, 0)]
    if starts.any():
        rules.append("bridged")
        number = int(starts.sum())
        notes.append(
            f"{number} gap{'s' * (number > 1)} in the labels bridged, none longer than {bridges.empty_mm.max():.1f} mm"
        )
    if rings.size:
        rules.append("loop")
        places = "; ".join(
            ", ".join(f"{value:.0f}" for value in place)
            for place in _world(vessel, geometry, vessel.places_mm[rings[:3]])
        )
        notes.append(f"{rings.size} ring{'s' * (rings.size > 1)} in the labels cut open, at {places} mm LPS")
    left = ~bridges.joined[vessel.component]
    if left.any():
        rules.append("parts")
        number = int(np.count_nonzero(~bridges.joined))
        notes.append(
            f"{number} part{'s' * (number > 1)} of {left.sum() * geometry.voxel_volume_ml:.2g} ml in all left out: "
            f"{'they hang' if number > 1 else 'it hangs'} on nothing within reach"
        )
    if any(bool(np.take(mask, end, axis).any()) for axis in range(3) for end in (0, -1)):
        rules.append("border")
        notes.append("cut off by the border of the scan")
    return tuple(rules), tuple(notes)
