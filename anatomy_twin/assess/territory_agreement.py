"""How well territories agree with a truth: segments, sectors and halves of a liver, and what single branches supply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.agreement import dice
from anatomy_twin.core import LabelMap, VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_names import order_from_roots, summed_below
from anatomy_twin.kernels.territory_nearest import nearest_pieces

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

PARTS: Final = {  # names of Brisbane 2000 for what segments make together
    "right half": (5, 6, 7, 8), "left half": (2, 3, 4), "right anterior": (5, 8), "right posterior": (6, 7),
    "left medial": (4,), "left lateral": (2, 3),
    "II": (2,), "III": (3,), "IV": (4,), "V": (5,), "VI": (6,), "VII": (7,), "VIII": (8,),
}  # fmt: skip
LEAST_SHARE: Final = 0.04  # of the organ: about the smallest segment of a liver
LEAST_SISTER: Final = 0.02  # what leaves a branch counts as a fork if it supplies so much


@dataclass(frozen=True, slots=True)
class BranchMatch:
    """What a true branch supplies, and the found branch that supplies most nearly the same.

    ``share`` of the organ, ``dice`` of the two territories, ``true_node`` and ``found_node`` where the branches begin.
    """

    share: float
    dice: float
    true_node: int
    found_node: int


def part_dice(found: LabelMap, truth: LabelMap, *, found_layer: int = 1, truth_layer: int = 0) -> dict[str, float]:
    """Return the Dice of halves, sectors and segments (``PARTS``) of two divisions of a liver; NaN where both lack it.

    Values of both layers are numbers of segments; the found layer 1 of ``couinaud_segments`` has no segment I, as a
    truth without it has none. Raises ``DataError`` where the grids differ.
    """
    if found.geometry.shape != truth.geometry.shape or not found.geometry.is_close(truth.geometry, 0.01):
        raise DataError("two divisions of a liver are not on the same grid")
    a, b = found.array[found_layer], truth.array[truth_layer]
    return {name: dice(np.isin(a, members), np.isin(b, members)) for name, members in PARTS.items()}


def branch_agreement(
    true_tree: VesselTree, found_tree: VesselTree, organ: Mask, geometry: VolumeGeometry
) -> tuple[BranchMatch, ...]:
    """Return for each larger branch of a true tree, with all that hangs on it, the found branch that matches it best.

    Larger branches are those that begin at a fork whose sides supply at least 2 % of the organ, and supply at least 4 %
    themselves. A voxel belongs to the nearest piece. The best of all found branches counts: names play no part.

    Raises
    ------
    DataError : a tree has no piece in the organ.
    """
    true_node, found_node = (_owners(tree, organ, geometry) for tree in (true_tree, found_tree))
    total = len(true_node)
    own = np.bincount(true_node, minlength=len(true_tree.parents)) / total
    below = summed_below(true_tree.parents, own)
    begins = _large_branches(true_tree.parents, own, below)
    size = len(found_tree.parents)
    inside = _below_each(true_tree.parents, begins)[true_node]
    shared = np.zeros((size, len(begins)))
    for column in range(len(begins)):
        shared[:, column] = np.bincount(found_node[inside[:, column]], minlength=size)
    shared = summed_below(found_tree.parents, shared)
    found_size = summed_below(found_tree.parents, np.bincount(found_node, minlength=size).astype(np.float64))
    overlap = 2.0 * shared / np.maximum(found_size[:, None] + inside.sum(axis=0)[None], 1.0)
    best = overlap.argmax(axis=0)
    return tuple(
        BranchMatch(float(below[node]), float(overlap[best[n], n]), int(node), int(best[n]))
        for n, node in enumerate(begins)
    )


def _owners(tree: VesselTree, organ: Mask, geometry: VolumeGeometry) -> NDArray[np.int64]:
    """Return for each voxel of the organ the node at which the nearest piece ends; only pieces ending in it compete."""
    inside = np.asarray(geometry.contains(tree.nodes_mm))
    inside[inside] = organ[tuple(geometry.voxel_of(tree.nodes_mm[inside]).T)]
    child = np.flatnonzero((tree.parents >= 0) & inside)
    if not child.size:
        raise DataError(f"no branch of the tree {tree.name!r} lies in the organ")
    piece, _ = nearest_pieces(organ, geometry.affine, tree.nodes_mm[tree.parents[child]], tree.nodes_mm[child])
    return np.asarray(child[piece[organ]])


def _large_branches(parents: NDArray[np.int64], own: Floats, below: Floats) -> NDArray[np.int64]:
    up = np.maximum(parents, 0)
    sisters = below[up] - own[up] - below
    return np.flatnonzero((parents >= 0) & (below >= LEAST_SHARE) & (sisters >= LEAST_SISTER))


def _below_each(parents: NDArray[np.int64], begins: NDArray[np.int64]) -> Mask:
    """Tell for each node (n,) on which of the branches (m,) it hangs, bool (n, m)."""
    table = np.zeros((len(parents), len(begins)), bool)
    table[begins, np.arange(len(begins))] = True
    for node in order_from_roots(parents):
        if parents[node] >= 0:
            table[node] |= table[parents[node]]
    return table
