"""Which part of an organ each branch of a vessel tree supplies or drains: every voxel belongs to the nearest branch.

Nearest is meant along the shortest way inside the organ to the middle of the vessel. The middle and not the wall: what
lies beside a thick stem is fed by twigs too thin to be seen, not by the stem, and a radius is less certain than a
centreline (so do Selle et al., IEEE Trans Med Imaging 2002, and the tools that followed).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin import catalog
from anatomy_twin.anatomy.vessels.branches import generations
from anatomy_twin.core import Code, LabelMap, Segment, VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_nearest import nearest_within
from anatomy_twin.kernels.tree_order import order_from_roots

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Box = tuple[slice, slice, slice]

# a way may leave the organ for so long: the outline of a vessel or a notch of a voxel is no fissure
GAP_MM: Final = 4.0
COLOURS: Final = 8
MOST: Final = 250


def nearest_branch(
    organ: Mask, geometry: VolumeGeometry, tree: VesselTree, *, owner: ArrayLike | None = None
) -> NDArray[np.int32]:
    """Return for each voxel of an organ who owns the nearest piece of a vessel tree.

    Parameters
    ----------
    organ : bool [k, j, i] on ``geometry``.
    tree : nodes and parents in LPS mm.
    owner : (N,) per node, who owns the piece that ends there; a piece with a negative owner does not compete.
        Without it every node owns its own piece.

    Returns
    -------
    int32 [k, j, i], -1 outside the organ. Of pieces equally near, as those that meet at a fork are to what lies beyond
    it, the one that leads most nearly towards the voxel counts, then that of the lower node. A voxel that does not see
    its nearest piece, as the straight way there leaves the organ for more than 4 mm and comes back, belongs to the
    piece with the shortest way round. The same with any number of threads.

    Raises
    ------
    DataError : shapes do not agree, or no piece competes.
    """
    if np.shape(organ) != geometry.shape:
        raise DataError(f"an organ of {np.shape(organ)} voxels does not lie on a grid of {geometry.shape}")
    owners = np.arange(len(tree.parents)) if owner is None else np.asarray(owner, np.int64)
    if owners.shape != tree.parents.shape:
        raise DataError(f"{owners.size} owners for the {len(tree.parents)} nodes of the tree {tree.name!r}")
    child = np.flatnonzero((tree.parents >= 0) & (owners >= 0))
    if not child.size:
        raise DataError(f"no branch of the tree {tree.name!r} takes part", advice="give a tree with branches")
    start, stop = tree.nodes_mm[tree.parents[child]], tree.nodes_mm[child]
    result = np.full(geometry.shape, -1, np.int32)
    box = box_around(organ)
    part = geometry.cropped((box[0].start, box[1].start, box[2].start), organ[box].shape)
    piece, _, _ = nearest_within(organ[box], part.affine, part.spacing_mm, start, stop, GAP_MM)
    result[box] = np.append(owners[child], -1).astype(np.int32)[piece]
    return result


def box_around(mask: Mask, margin_mm: float = 0.0, spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Box:
    """Return the smallest block [k, j, i] that holds a mask, with a margin; the whole grid where the mask is empty."""
    spans = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if not filled.size:
            return slice(0, mask.shape[0]), slice(0, mask.shape[1]), slice(0, mask.shape[2])
        more = int(np.ceil(margin_mm / spacing_mm[axis]))
        spans.append(slice(max(0, int(filled[0]) - more), min(mask.shape[axis], int(filled[-1]) + 1 + more)))
    return spans[0], spans[1], spans[2]


def subtree_territories(
    labels: LabelMap, tree: VesselTree, at: int | Sequence[int], *, organ: str = "liver"
) -> LabelMap:
    """Return what chosen sub-trees supply, every voxel of the organ in one territory ("territory_1" ...).

    Parameters
    ----------
    labels : holds the organ; its lesions and vessels belong to it.
    tree : the vessels.
    at : a generation: a territory for each branch of it (``branches``) and for what ends before, the stems above do not
        compete. Or nodes: the territory of each is what loses its supply where the vessel is tied at that node; of
        nodes on one way the lower one has its own territory; all the rest is one more, the last.

    The segments' notes tell the node, its name if it has one, and their share of the organ.

    Raises
    ------
    DataError : no such organ in the labels, no such generation or node, or more than 250 territories.
    """
    mask = _organ(labels, organ)
    chosen, rest = (_of_generation(tree, at), False) if isinstance(at, (int, np.integer)) else (list(at), True)
    if not all(0 <= node < len(tree.parents) for node in chosen) or not chosen:
        raise DataError(f"the tree {tree.name!r} has no branch at {at!r}", advice=f"it has {len(tree.parents)} nodes")
    if len(chosen) > MOST:
        raise DataError(f"{len(chosen)} territories are too many to tell apart", advice="choose an earlier generation")
    owner = np.full(len(tree.parents), len(chosen) if rest else -1, np.int64)
    places = {int(node): number for number, node in enumerate(chosen)}
    for node in order_from_roots(tree.parents):
        if int(node) in places:
            owner[node] = places[int(node)]
        elif tree.parents[node] >= 0:
            owner[node] = owner[tree.parents[node]]
    found = nearest_branch(mask, labels.geometry, tree, owner=owner)
    array = (found + 1).astype(np.uint8)[None]
    counts = np.bincount(array.ravel(), minlength=len(chosen) + 2)
    words = [_described(tree, node) for node in chosen] + ["all other branches"] * rest
    segments = [
        territory_segment(f"territory_{n}", 0, n, (n - 1) % COLOURS + 1, "ok", organ,
                          f"{text}; {100.0 * counts[n] / mask.sum():.1f} % of the {organ.replace('_', ' ')}")
        for n, text in enumerate(words, start=1) if counts[n]
    ]  # fmt: skip
    return LabelMap(array, labels.geometry, tuple(segments), (f"territories of the tree {tree.name!r}", *tree.notes))


def segment_volumes(labels: LabelMap, layer: int = 0) -> dict[str, float]:
    """Return {name: ml} of the segments of one layer; they share no voxel, so they add up to the organ they divide.

    The sum over all is the number of their voxels times the volume of one, to the last digit that a sum of floats has.
    """
    counts = np.bincount(labels.array[layer].ravel())
    here = [s for s in labels.segments if s.layer == layer and not s.absent]
    return {s.name: float(counts[s.value]) * labels.geometry.voxel_volume_ml for s in here if s.value < len(counts)}


def territory_segment(
    name: str, layer: int, value: int, colour: int, state: str, part_of: str, note: str, rules: tuple[str, ...] = ()
) -> Segment:
    """Return a segment with the catalog's term of ``name`` and the colour of liver segment number ``colour``."""
    term = catalog.term(name)
    tint = catalog.term(f"liver_segment_{colour}")["colour"]
    code = Code(term["scheme"], term["code"], term["meaning"])
    return Segment(name, layer, value, code, tuple(tint), state, part_of, note, rules)


def _organ(labels: LabelMap, organ: str) -> Mask:
    known = [segment.name for segment in labels.segments]
    mask = labels.mask(organ) if organ in known else np.zeros(0, bool)
    if not mask.any():
        raise DataError(f"territories need the {organ.replace('_', ' ')}, which the labels do not have",
                        advice="segment it first")  # fmt: skip
    return mask


def _of_generation(tree: VesselTree, generation: int) -> list[int]:
    """Return where the branches of a generation begin, and those that end before it without a fork."""
    number = generations(tree)
    if generation < 1 or generation > number.max(initial=0):
        raise DataError(f"the tree {tree.name!r} has no branches of generation {generation}",
                        advice=f"it has generations 1 to {number.max(initial=0)}")  # fmt: skip
    parents = tree.parents
    deepest = number.copy()
    for node in order_from_roots(parents)[::-1]:
        if parents[node] >= 0:
            deepest[parents[node]] = max(deepest[parents[node]], deepest[node])
    above = np.where(parents >= 0, number[np.maximum(parents, 0)], 0)
    begins = (number == generation) & (above < generation)
    # a branch that no branch of the generation hangs on has a territory of its own
    up = np.where(parents >= 0, deepest[np.maximum(parents, 0)], generation)
    early = (deepest < generation) & (up >= generation)
    return [int(node) for node in np.flatnonzero((begins | early) & (parents >= 0))]


def _described(tree: VesselTree, node: int) -> str:
    up, name = node, ""
    while up >= 0 and not name:
        name, up = tree.branch_names.get(up, ""), int(tree.parents[up])
    x, y, z = tree.nodes_mm[node]
    return f"{name or 'branch'} from node {node} ({x:.0f}, {y:.0f}, {z:.0f} mm LPS)"
