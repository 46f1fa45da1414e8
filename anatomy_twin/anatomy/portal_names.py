"""Which branch of a portal tree supplies which of Couinaud's segments II to VIII.

The planes of the hepatic veins and the levels of the portal branches say how likely a place belongs to each segment;
of all ways to name a tree from its trunk down, the one is taken that agrees best with the places that its branches
supply and changes names least. So a fork into three, or a small branch that leaves the trunk early, needs no rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.liver_landmarks import FISSURE_DEG, Landmarks, thick_path
from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.kernels.territory_names import best_names, order_from_roots, summed_below
from anatomy_twin.kernels.territory_nearest import nearest_pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SEGMENTS: Final = ("II", "III", "IV", "V", "VI", "VII", "VIII")
# what a stem may divide into; the names of stems follow those of segments
STEMS: Final = {
    "trunk": ("II", "III", "IV", "V", "VI", "VII", "VIII"), "right": ("V", "VI", "VII", "VIII"),
    "anterior": ("V", "VIII"), "posterior": ("VI", "VII"), "left": ("II", "III", "IV"), "left lateral": ("II", "III"),
}  # fmt: skip
ALL: Final = SEGMENTS + tuple(STEMS)
# half width in mm of the zone in which a plane leaves open to which side a place belongs: portal branches and hepatic
# veins interlock, and a straight plane follows the true border by about a centimetre
PLANE_MM: Final = 6.0
LEVEL_MM: Final = 8.0
FLOOR: Final = 0.02
CHANGE: Final = 0.002  # price of a change of name, in shares of the liver: a quarter of a percent (4 ml) decides none
MIXED: Final = 0.12  # a branch is the trunk as long as this share of the liver lies on either side of the middle plane


CLEAR: Final = 0.65  # a branch of the main fork is the right or left one if so much of what it supplies lies there


@dataclass(frozen=True, eq=False)
class Levels:
    """What the portal tree itself adds to the planes: heights in mm and the azimuth of the umbilical fissure."""

    fork: int
    sides: dict[int, str]
    right_mm: float
    left_mm: float
    fissure_deg: float
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Supply:
    """The voxels of a liver (m, 3) in mm, the node whose piece is nearest to each (m,), and shares per node (n,)."""

    world_mm: Floats
    node: Ints
    own: Floats
    below: Floats


def supply_of(tree: VesselTree, liver: Mask, geometry: VolumeGeometry) -> Supply:
    """Return which part of the liver lies nearest to each piece of a tree (which has at least one)."""
    child = np.flatnonzero(tree.parents >= 0)
    start, stop, _ = tree.pieces()
    piece, _ = nearest_pieces(liver, geometry.affine, start, stop)
    node = child[piece[liver]]
    own = np.bincount(node, minlength=len(tree.parents)) / len(node)
    return Supply(geometry.to_world(np.argwhere(liver)), node, own, summed_below(tree.parents, own))


def find_levels(tree: VesselTree, supply: Supply, frame: Landmarks) -> Levels:
    """Find the main fork, the level of the right and left branch and the umbilical fissure in a portal tree."""
    angle, away = frame.polar(supply.world_mm)
    right = frame.beyond_mm("middle", angle, away) > 0
    split = np.zeros((len(tree.parents), 2))
    np.add.at(split, (supply.node, right.astype(int)), 1.0 / len(right))
    split = summed_below(tree.parents, split)
    node = int(np.flatnonzero(tree.parents < 0)[np.argmax(supply.below[tree.parents < 0])])
    while True:
        kids = np.flatnonzero(tree.parents == node)
        if not kids.size:
            break
        largest = int(kids[np.argmax(supply.below[kids])])
        if supply.below[largest] < 0.5 or split[largest].min() < MIXED:
            break
        node = largest
    kids = np.flatnonzero(tree.parents == node)
    notes, rules = [], []
    heights = {}
    sides = {}
    fissure = FISSURE_DEG
    for side, name in ((1, "right"), (0, "left")):
        mine = kids[split[kids, side] >= 0.05] if kids.size else kids
        if not mine.size:
            heights[name] = float(tree.nodes_mm[node, 2])
            notes.append(f"no {name} portal branch leaves the main fork: its level is that of the fork")
            rules.append("landmark")
            continue
        first = int(mine[np.argmax(split[mine, side])])
        if split[first, side] >= CLEAR * supply.below[first]:
            sides[first] = name
        path = thick_path(tree, first, supply.below, 0.4 * supply.below[first])
        heights[name] = float(tree.nodes_mm[path, 2].mean())
        if name == "left":
            fissure = float(np.median(frame.polar(tree.nodes_mm[path[-1:]])[0]))
    if not -60.0 <= fissure <= 10.0:
        notes.append(f"the left branch ends at {fissure:.0f} degrees: umbilical fissure taken at {FISSURE_DEG:.0f}")
        rules.append("landmark")
        fissure = FISSURE_DEG
    return Levels(node, sides, heights["right"], heights["left"], fissure, tuple(notes), tuple(rules))


def likely(world_mm: Floats, frame: Landmarks, levels: Levels) -> Floats:
    """Return how likely places (m, 3) in mm belong to each of ``SEGMENTS``, (m, 7), each row's sum 1."""
    angle, away = frame.polar(world_mm)
    right = _step(frame.beyond_mm("middle", angle, away) / PLANE_MM)
    behind = _step(frame.beyond_mm("right", angle, away) / PLANE_MM)
    fissure_mm = np.radians(np.clip(levels.fissure_deg - angle, -90.0, 90.0)) * away
    lateral = _step(fissure_mm / PLANE_MM)
    up = _step((world_mm[:, 2] - levels.right_mm) / LEVEL_MM)
    above = _step(_over_left_vein_mm(world_mm, frame, levels) / LEVEL_MM)
    left = 1.0 - right
    rows = np.stack([
        left * lateral * above, left * lateral * (1 - above), left * (1 - lateral), right * (1 - behind) * (1 - up),
        right * behind * (1 - up), right * behind * up, right * (1 - behind) * up,
    ], axis=1)  # fmt: skip
    rows = (1.0 - FLOOR * len(SEGMENTS)) * rows / rows.sum(axis=1, keepdims=True) + FLOOR
    return np.asarray(rows)


def _step(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0))))


def _over_left_vein_mm(world_mm: Floats, frame: Landmarks, levels: Levels) -> Floats:
    """How far places lie behind and above the left hepatic vein, which runs between segments II and III."""
    if "left" not in frame.veins:
        return np.asarray(world_mm[:, 2] - levels.left_mm)
    stem = frame.veins["left"]
    steps = [a + (b - a) * s for a, b in zip(stem[:-1], stem[1:], strict=True) for s in np.linspace(0, 1, 6)]
    line = np.array(steps)
    out = np.abs(world_mm[:, None, 0] - line[None, :, 0]).argmin(axis=1) if len(line) < 400 else None
    nearest = line[out] if out is not None else line[np.zeros(len(world_mm), int)]
    offset = world_mm - nearest
    return np.asarray((offset[:, 1] + offset[:, 2]) / np.sqrt(2.0))


def name_portal_branches(
    tree: VesselTree, liver: Mask, geometry: VolumeGeometry, frame: Landmarks, *, supply: Supply | None = None,
    levels: Levels | None = None,
) -> VesselTree:  # fmt: skip
    """Return a portal tree with names at the nodes where its branches begin: "right", "anterior", "VI" ...

    Parameters
    ----------
    tree : a portal tree with its root in the trunk. liver : bool [k, j, i] on the grid of ``geometry``.
    frame : landmarks (``find_landmarks``). supply, levels : what was computed from these before, to save time.

    What hangs below a node bears its name until another is given; stems ("trunk", "right", "anterior", "posterior",
    "left", "left lateral") may give off branches of any segment that they supply.
    """
    supply = supply_of(tree, liver, geometry) if supply is None else supply
    levels = find_levels(tree, supply, frame) if levels is None else levels
    chance = np.log(likely(supply.world_mm, frame, levels))
    worth = np.zeros((len(tree.parents), len(SEGMENTS)))
    for number in range(len(SEGMENTS)):
        worth[:, number] = np.bincount(supply.node, chance[:, number], len(tree.parents)) / len(supply.node)
    codes = best_names(tree.parents, _scores(tree, worth, levels), ALLOWED, CHANGE)
    return replace(tree, branch_names=names_where_they_change(tree, codes))


def _scores(tree: VesselTree, worth: Floats, levels: Levels) -> Floats:
    parents = tree.parents
    ends = ~np.isin(np.arange(len(parents)), parents)
    score = np.full((len(parents), len(ALL)), -np.inf)
    score[:, : len(SEGMENTS)] = worth
    for number, name in enumerate(STEMS, start=len(SEGMENTS)):
        members = [SEGMENTS.index(segment) for segment in STEMS[name]]
        score[~ends, number] = worth[:, members].max(axis=1)[~ends]
    trunk = np.zeros(len(parents), bool)
    node = levels.fork
    while node >= 0:
        trunk[node] = True
        node = int(parents[node])
    trunk |= parents < 0
    score[trunk] = -np.inf
    score[trunk, ALL.index("trunk")] = 0.0
    # right and left branch of the main fork are what they are, even where they reach across the middle plane
    for node, name in levels.sides.items():
        score[node] = -np.inf
        score[node, ALL.index(name)] = 0.0
    return score


def _allowed() -> Mask:
    table = np.eye(len(ALL), dtype=bool)
    for name, segments in STEMS.items():
        for segment in segments:
            table[ALL.index(name), SEGMENTS.index(segment)] = True
        for other, narrower in STEMS.items():
            if set(narrower) < set(segments):
                table[ALL.index(name), ALL.index(other)] = True
    return table


ALLOWED: Final = _allowed()


def names_where_they_change(tree: VesselTree, codes: Ints) -> dict[int, str]:
    """Return {node: name} for the nodes whose name (a number in ``ALL``) is not that of their parent."""
    roots = tree.parents < 0
    above = np.where(roots, -1, codes[np.maximum(tree.parents, 0)])
    return {int(n): ALL[codes[n]] for n in np.flatnonzero((codes != above) & ~roots)}


def names_of_nodes(tree: VesselTree) -> Ints:
    """Return for each node the number in ``ALL`` of the name it bears, that of "trunk" where none is given above it."""
    codes = np.full(len(tree.parents), ALL.index("trunk"), np.int64)
    for node in order_from_roots(tree.parents):
        name = tree.branch_names.get(int(node))
        if name in ALL:
            codes[node] = ALL.index(name)
        elif tree.parents[node] >= 0:
            codes[node] = codes[tree.parents[node]]
    return codes
