"""The branches of a vessel tree: what lies between forks, with parent, generation, size and name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VesselTree
from anatomy_twin.kernels.tree_order import order_from_roots

Integers = NDArray[np.int64]

TWIG_SHARE: Final = 0.5  # of the widest branch of a fork: less than an eighth of its flow, by Murray's law
APART_MM: Final = 1.0  # about a voxel of a fine scan: forks nearer to each other are one


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch from a fork (or a root) to the next fork or a tip.

    ``nodes`` are the nodes at which its pieces end, in the order from the root; ``generation`` is 1 for a branch that
    starts at a root and one more after each fork, but a vessel that only gives off twigs goes on in its generation: its
    widest branch, where all others there are less than half as wide. ``strahler`` is 1 at a tip; where branches of one
    order meet their parent has one order more (Strahler 1957). ``radius_mm`` is the mean by length; the radii at start
    and end are those of the first and last piece. ``ends`` is "tip" or "fork". ``name`` is inherited from the parent
    where none is given.
    """

    number: int
    parent: int
    generation: int
    strahler: int
    nodes: tuple[int, ...]
    length_mm: float
    radius_mm: float
    start_radius_mm: float
    end_radius_mm: float
    volume_ml: float
    ends: str
    name: str


def branches(tree: VesselTree, *, apart_mm: float = APART_MM) -> tuple[Branch, ...]:
    """Return the branches of a tree, parents before their children.

    What ends freely and is shorter than the vessel it comes from is wide (its radius) is a spur and no branch. Forks
    nearer to each other than ``apart_mm`` are one fork: the branch between them belongs to their parent.
    """
    return _divided(tree, apart_mm)[0]


def branch_numbers(tree: VesselTree, *, apart_mm: float = APART_MM) -> Integers:
    """Return the number of the branch that each node of a tree belongs to (N,).

    A root belongs to the first branch that starts at it (-1 if none does), a spur to the branch that it sticks out of.
    """
    return _divided(tree, apart_mm)[1]


def generations(tree: VesselTree, *, apart_mm: float = APART_MM) -> Integers:
    """Return the generation of the branch that each node of a tree belongs to (N,); 1 for a root."""
    found, number = _divided(tree, apart_mm)
    of_branch = np.array([1, *(branch.generation for branch in found)], np.int64)
    return of_branch[number + 1]


def without_spurs(tree: VesselTree) -> NDArray[np.bool_]:
    """Return which nodes (N,) are no part of a spur: a free end shorter than the radius of what it comes from."""
    parents, keep = tree.parents, np.ones(len(tree.parents), bool)
    length = _piece_lengths(tree)
    order = order_from_roots(parents)
    while True:
        kids = np.bincount(parents[keep & (parents >= 0)], minlength=len(parents))
        spurs = []
        for tip in order[(keep & (kids == 0) & (parents >= 0))[order]]:
            way, chain, node = 0.0, [], int(tip)
            while parents[node] >= 0 and kids[node] < 2:
                way += length[node]
                chain.append(node)
                node = int(parents[node])
            if kids[node] >= 2 and parents[node] >= 0 and way < tree.radius_mm[node]:
                spurs.append((way, node, chain))
        if not spurs:
            return keep
        # the shortest first; a fork keeps at least one of its branches
        for _, fork, chain in sorted(spurs, key=lambda spur: (spur[0], spur[2][0])):
            if kids[fork] >= 2:
                keep[chain] = False
                kids[fork] -= 1


def _piece_lengths(tree: VesselTree) -> NDArray[np.float64]:
    up = np.where(tree.parents < 0, np.arange(len(tree.parents)), tree.parents)
    return np.asarray(np.linalg.norm(tree.nodes_mm - tree.nodes_mm[up], axis=1))


def _divided(tree: VesselTree, apart_mm: float) -> tuple[tuple[Branch, ...], Integers]:
    parents, length, keep = tree.parents, _piece_lengths(tree), without_spurs(tree)
    kids: dict[int, list[int]] = {}
    order = order_from_roots(parents)
    for node in order:
        if parents[node] >= 0 and keep[node]:
            kids.setdefault(int(parents[node]), []).append(int(node))
    waiting = [(child, -1) for root in order[parents[order] < 0] for child in kids.get(int(root), [])]
    main: list[list[int]] = []
    above: list[int] = []
    number = np.full(len(parents), -1, np.int64)
    at = 0
    while at < len(waiting):
        first, parent = waiting[at]
        at += 1
        chain = _chain(first, kids)
        fork = len(kids.get(chain[-1], [])) > 1
        if parent >= 0 and fork and length[chain].sum() < apart_mm:
            number[chain] = parent  # both forks are one
            waiting[at:at] = [(child, parent) for child in kids[chain[-1]]]
            continue
        number[chain] = len(main)
        waiting += [(child, len(main)) for child in kids.get(chain[-1], [])]
        main.append(chain)
        above.append(parent)
    for node in order:
        if number[node] < 0 and parents[node] >= 0:
            number[node] = number[parents[node]]
        elif parents[node] < 0 and kids.get(int(node)):
            number[node] = number[kids[int(node)][0]]
    strahler = _strahler(above)
    beside: dict[int, list[int]] = {}
    for n, parent in enumerate(above):
        beside.setdefault(parent, []).append(n)
    widths = [_width(tree, length, chain) for chain in main]
    result: list[Branch] = []
    for n, chain in enumerate(main):
        mother = result[above[n]] if above[n] >= 0 else None
        others = [widths[m] for m in beside.get(above[n], []) if m != n]
        goes_on = bool(others) and max(others) < TWIG_SHARE * widths[n]
        own = next((tree.branch_names[node] for node in chain if node in tree.branch_names), None)
        name = own if own is not None else mother.name if mother else ""
        result.append(_branch(tree, length, n, chain, mother, goes_on, strahler[n], name,
                              forks=n in above))
    return tuple(result), number


def _chain(first: int, kids: dict[int, list[int]]) -> list[int]:
    chain = [first]
    while len(kids.get(chain[-1], [])) == 1:
        chain.append(kids[chain[-1]][0])
    return chain


def _width(tree: VesselTree, length: NDArray[np.float64], chain: list[int]) -> float:
    """Return the mean radius of a branch, by length."""
    pieces, radius = length[chain], tree.radius_mm[chain]
    total = float(pieces.sum())
    return float((pieces * radius).sum() / total) if total > 0 else float(radius.mean())


def _branch(
    tree: VesselTree, length: NDArray[np.float64], number: int, chain: list[int], mother: Branch | None, goes_on: bool,
    strahler: int, name: str, *, forks: bool,
) -> Branch:
    pieces, radius = length[chain], tree.radius_mm[chain]
    generation = 1 if mother is None else mother.generation + (not goes_on)
    return Branch(
        number, mother.number if mother else -1, generation, strahler, tuple(chain), float(pieces.sum()),
        _width(tree, length, chain), float(radius[0]), float(radius[-1]),
        float((np.pi * radius**2 * pieces).sum()) / 1000.0, "fork" if forks else "tip", name,
    )  # fmt: skip


def _strahler(above: list[int]) -> list[int]:
    """Return the order of each branch; children come after their parents."""
    order = [0] * len(above)
    met: list[list[int]] = [[] for _ in above]
    for n in range(len(above) - 1, -1, -1):
        highest = max(met[n], default=0)
        order[n] = highest + 1 if met[n].count(highest) > 1 or not met[n] else highest
        if above[n] >= 0:
            met[above[n]].append(order[n])
    return order
