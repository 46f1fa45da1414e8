"""Parts of a vessel that hang on nothing: thin branches fall into dots on a voxel grid, and still show their way."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError

Floats = NDArray[np.float64]

# farther than this from all that hangs together a piece may belong to anything: the parts of a thin branch of a
# generated tree lie 6 mm apart at the median, and less than 11 mm for 99 of 100
REACH_MM: Final = 15.0


def with_loose_parts(
    tree: VesselTree, vessel: NDArray[np.bool_], geometry: VolumeGeometry, *, reach_mm: float = REACH_MM
) -> tuple[VesselTree, int, int]:
    """Return a tree with the parts of its vessel that it does not run through hung on, for territories only.

    Each part becomes a straight piece along its longest extent; the part nearest to the tree (or to one already hung
    on) is hung on first, at most ``reach_mm`` away. The way across and the piece are marked as bridged: such a part
    tells where the branch runs that feeds its surroundings, not how it gets there.

    Parameters
    ----------
    tree : the tree that was found in ``vessel``, bool [k, j, i] on ``geometry``.

    Returns
    -------
    The tree (nodes of the old one first, unchanged), the number of parts hung on and of those left out.

    Raises
    ------
    DataError : the vessel does not lie on the grid.
    """
    if vessel.shape != geometry.shape:
        raise DataError(f"a vessel of {vessel.shape} voxels does not lie on a grid of {geometry.shape}")
    first, second = _ends(tree, vessel, geometry)
    if not len(first) or not len(tree.parents):
        return tree, 0, len(first)
    near = cKDTree(tree.nodes_mm)
    away_first, node_first = near.query(first)
    away_second, node_second = near.query(second)
    turned = away_second < away_first
    away, hook = np.minimum(away_first, away_second), np.where(turned, node_second, node_first)
    nodes, parents = [tree.nodes_mm], [tree.parents]
    open_ = np.ones(len(first), bool)
    count = len(tree.parents)
    while open_.any():
        part = int(np.argmin(np.where(open_, away, np.inf)))
        if away[part] > reach_mm:
            break
        open_[part] = False
        ends = (second[part], first[part]) if turned[part] else (first[part], second[part])
        nodes.append(np.array(ends))
        parents.append(np.array([hook[part], count]))
        for number, end in enumerate(ends):
            for side, others in ((False, first), (True, second)):
                way = np.linalg.norm(others - end, axis=1)
                nearer = open_ & (way < away)
                away[nearer], hook[nearer], turned[nearer] = way[nearer], count + number, side
        count += 2
    added = count - len(tree.parents)
    thin = float(tree.radius_mm.min(initial=1.0))
    bridged = tree.bridged if tree.bridged is not None else np.zeros(len(tree.parents), bool)
    hung = replace(
        tree, nodes_mm=np.vstack(nodes), parents=np.concatenate(parents),
        radius_mm=np.append(tree.radius_mm, np.full(added, thin)), bridged=np.append(bridged, np.ones(added, bool)),
    )  # fmt: skip
    return hung, added // 2, int(np.count_nonzero(open_))


def _ends(tree: VesselTree, vessel: NDArray[np.bool_], geometry: VolumeGeometry) -> tuple[Floats, Floats]:
    """Return both ends (n, 3) in mm of each part of the vessel that no node of the tree lies in."""
    parts, count = ndimage.label(vessel, np.ones((3, 3, 3)))
    inside = geometry.contains(tree.nodes_mm)
    met = np.unique(parts[tuple(geometry.voxel_of(tree.nodes_mm[inside]).T)]) if inside.any() else np.zeros(0, int)
    places = np.argwhere(vessel)
    number = parts[tuple(places.T)]
    order = np.argsort(number, kind="stable")
    world = geometry.to_world(places[order])
    start = np.searchsorted(number[order], np.arange(1, count + 2))
    pairs = []
    for part in np.setdiff1d(np.arange(1, count + 1), met):
        points = world[start[part - 1]:start[part]]
        middle = points.mean(axis=0)
        along = np.zeros(3)
        if len(points) > 1:
            along = np.linalg.svd(points - middle, full_matrices=False)[2][0]
        reach = (points - middle) @ along
        pairs.append((middle + reach.min() * along, middle + reach.max() * along))
    ends = np.array(pairs).reshape(-1, 2, 3)
    return ends[:, 0], ends[:, 1]
