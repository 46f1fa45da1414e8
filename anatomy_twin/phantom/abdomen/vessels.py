"""Vessel trees of the liver: a drawn skeleton of the named branches, then space-filling growth, tapered by Murray."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VesselTree
from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.abdomen.growth import field_at, grow

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LiverField:
    """Distance to the liver's surface (negative inside) on the reference grid [k, j, i], in the model frame."""

    distance: Floats
    low_mm: Floats
    step_mm: float

    def at(self, point: Floats) -> float:
        """Distance at one point in mm."""
        return float(field_at(self.distance, self.low_mm, self.step_mm, np.asarray(point, float)))

    def points(self, rng: np.random.Generator, count: int, deeper_mm: float = 2.5) -> Floats:
        """Random points that lie deeper than ``deeper_mm`` in the liver, uniformly spread, shape (count, 3)."""
        inside = np.argwhere(self.distance < -deeper_mm)
        chosen = inside[rng.integers(0, len(inside), count)] + rng.uniform(-0.5, 0.5, (count, 3))
        return self.low_mm + self.step_mm * chosen[:, ::-1]


# Skeletons: (name, parent, position). Positions are model mm; "top" is added to z where z is negative.
PORTAL = (
    ("root", "", (-32, -12, 140)), ("fork", "root", (-36, -10, 147)), ("right", "fork", (-54, -2, 151)),
    ("anterior", "right", (-74, -14, 157)), ("VIII", "anterior", (-88, -26, -28)), ("V", "anterior", (-92, -34, 124)),
    ("posterior", "right", (-78, 24, 144)), ("VII", "posterior", (-102, 42, -36)), ("VI", "posterior", (-108, 38, 112)),
    ("left", "fork", (-14, -24, 157)), ("bend", "left", (6, -32, -46)), ("umbilical", "bend", (10, -50, -48)),
    ("II", "bend", (46, -44, -30)), ("III", "umbilical", (40, -62, -40)), ("IV", "umbilical", (-14, -66, -46)),
)
HEPATIC = (
    ("rh", "", (-36, 6, -20)), ("rh1", "rh", (-58, 14, -26)), ("rh2", "rh1", (-86, 14, -44)),
    ("rh3", "rh2", (-112, 2, 120)),
    ("mh", "", (-31, -6, -17)), ("mh1", "mh", (-36, -22, -26)), ("mh2", "mh1", (-52, -36, -46)),
    ("mh3", "mh2", (-66, -48, 130)),
    ("lh", "", (-24, -8, -16)), ("lh1", "lh", (-6, -24, -20)), ("lh2", "lh1", (18, -40, -28)),
    ("lh3", "lh2", (48, -56, -34)),
)
SIZES = {"portal_branches": (700, 6.6), "hepatic_veins": (640, 7.0), "hepatic_artery": (200, 2.3)}


def grow_tree(
    build: Build, name: str, skeleton: tuple, liver: LiverField, others: list[VesselTree], offset: tuple = (0, 0, 0),
) -> VesselTree:
    """Grow one tree from its skeleton; ``others`` are not touched. The result is in the model frame."""
    rng = build.rng(name)
    goal, root_mm = SIZES[name]
    names = [entry[0] for entry in skeleton]
    points = np.array([entry[2] for entry in skeleton], float) + offset
    points[points[:, 2] < offset[2], 2] += build.dome_mm
    jitter = np.clip(rng.normal(0, 3.0, points.shape), -6, 6)
    parents = np.array([names.index(entry[1]) if entry[1] else -1 for entry in skeleton])
    roots = parents < 0
    points = build.unwarp(points + np.where(roots[:, None], 0, jitter))
    for n in np.flatnonzero(~roots):
        points[n] = _pulled_inside(points[n], points[parents[n]], liver)
    capacity = 2 * goal + len(points) + 8
    nodes, up, leaves = np.zeros((capacity, 3)), np.full(capacity, -1), np.zeros(capacity)
    nodes[: len(points)], up[: len(points)] = points, parents
    leaves[: len(points)] = count_leaves(parents)
    tip = root_mm / goal ** (1 / 3)
    taken = [np.column_stack(tree.pieces()) for tree in others]
    other = np.vstack(taken) if taken else np.zeros((0, 7))
    count = grow(nodes, up, leaves, len(points), liver.points(rng, 60 * goal), goal, liver.distance, liver.low_mm,
                 liver.step_mm, other, tip)
    # Murray's law at every fork: the cube of a radius is the sum of its children's cubes
    return VesselTree(name, nodes[:count].copy(), up[:count].copy(), tip * leaves[:count] ** (1 / 3), state="truth",
                      branch_names={n: branch for n, branch in enumerate(names) if not roots[n]})


def _pulled_inside(point: Floats, anchor: Floats, liver: LiverField, deep_mm: float = 5.0) -> Floats:
    for share in np.linspace(1, 0.25, 16):
        tried = anchor + (point - anchor) * share
        if liver.at(tried) < -deep_mm:
            return tried
    return anchor + (point - anchor) * 0.25


def count_leaves(parents: NDArray[np.int64]) -> Floats:
    """Number of leaves below each node (a leaf counts itself)."""
    leaves = np.zeros(len(parents))
    for n in np.setdiff1d(np.arange(len(parents)), parents):
        while n >= 0:
            leaves[n] += 1
            n = parents[n]
    return leaves


def pruned(tree: VesselTree, centre: Floats, radius_mm: float) -> VesselTree:
    """Return the tree without the branches that enter a ball; radii follow Murray's law again."""
    start, stop, _ = tree.pieces()
    child = np.flatnonzero(tree.parents >= 0)
    along = np.clip(((centre - start) * (stop - start)).sum(1) / ((stop - start) ** 2).sum(1).clip(1e-9), 0, 1)
    near = np.linalg.norm(start + along[:, None] * (stop - start) - centre, axis=1) < radius_mm
    gone = np.zeros(len(tree.parents), bool)
    gone[child[near]] = True
    depth_order = np.argsort([_depth(tree.parents, n) for n in range(len(gone))], kind="stable")
    for n in depth_order:
        if tree.parents[n] >= 0 and gone[tree.parents[n]]:
            gone[n] = True
    if not gone.any():
        return tree
    tip = float((tree.radius_mm / count_leaves(tree.parents) ** (1 / 3)).mean())
    renumber = np.cumsum(~gone) - 1
    parents = np.array([renumber[p] if p >= 0 else -1 for p in tree.parents[~gone]])
    names = {int(renumber[n]): branch for n, branch in tree.branch_names.items() if not gone[n]}
    return replace(tree, nodes_mm=tree.nodes_mm[~gone], parents=parents, bridged=None, branch_names=names,
                   radius_mm=tip * count_leaves(parents) ** (1 / 3))


def _depth(parents: NDArray[np.int64], n: int) -> int:
    depth = 0
    while parents[n] >= 0:
        n, depth = int(parents[n]), depth + 1
    return depth


def moved(tree: VesselTree, shift_mm: Floats) -> VesselTree:
    """Return the tree shifted."""
    return replace(tree, nodes_mm=tree.nodes_mm + shift_mm)
