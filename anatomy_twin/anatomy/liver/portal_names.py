"""Which branch of a portal tree supplies which of Couinaud's segments II to VIII.

The planes of the hepatic veins and the levels of the portal branches say how likely a place belongs to each segment;
of all ways to name a tree from its trunk down, the one is taken that agrees best with the places that its branches
supply and changes names least. So a fork into three, or a small branch that leaves the trunk early, needs no rule of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.anatomy.liver.landmarks import FISSURE_DEG, Landmarks, nodes_in, thick_path
from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_names import best_names, summed_below
from anatomy_twin.kernels.territory_nearest import nearest_pieces
from anatomy_twin.kernels.tree_order import order_from_roots

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
PAIRS: Final = (("II", "III"), ("VIII", "V"), ("VII", "VI"))  # the upper and the lower one of each sector
LEAST_OF_PAIR: Final = 0.15  # of both together: what is smaller is a failure of naming, not a small segment
SHIFTS_MM: Final = (8.0, 16.0, 24.0)
# half width in mm of the zone in which a plane leaves open to which side a place belongs: portal branches and hepatic
# veins interlock, and a straight plane follows the true border by about a centimetre
PLANE_MM: Final = 6.0
LEVEL_MM: Final = 8.0
ASSUMED_MM: Final = 15.0  # the same for a plane in its usual place: veins leave that by about so much
FLOOR: Final = 0.03
CHANGE: Final = 0.004  # price of a change of name, in shares of the liver: what 6 ml of it would say decides none
# what supplies so much of the liver on either side of the middle plane is the trunk, as is what supplies nearly all of
# it; right and left branches reach across that plane by less
MIXED: Final = 0.12
WHOLE: Final = 0.85
SIDE: Final = 0.03
MOSTLY: Final = 0.65
STEM_SHARE: Final = 0.5


@dataclass(frozen=True, eq=False)
class Levels:
    """What the portal tree itself adds to the planes: heights in mm and the azimuth of the umbilical fissure.

    ``raised_mm`` tells by how much the border between the two of each of ``PAIRS`` is moved up.
    """

    fork: int
    trunk: Mask
    sides: dict[int, str]
    right_mm: float
    left_mm: float
    fissure_deg: float
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    raised_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Supply:
    """The voxels of a liver (m, 3) in mm, the node whose piece is nearest to each (m,), and shares per node (n,)."""

    world_mm: Floats
    node: Ints
    own: Floats
    below: Floats


def supply_of(tree: VesselTree, liver: Mask, geometry: VolumeGeometry) -> Supply:
    """Return which part of the liver lies nearest to each piece of a tree (which has at least one)."""
    child = np.flatnonzero((tree.parents >= 0) & nodes_in(tree, liver, geometry))
    if not child.size:
        raise DataError(f"no branch of the tree {tree.name!r} lies in the liver", advice="are both of one scan?")
    start, stop = tree.nodes_mm[tree.parents[child]], tree.nodes_mm[child]
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
    trunk, sides = _trunk_and_sides(tree.parents, split)
    mixed = np.where(trunk, supply.below, np.inf)
    node = int(np.argmin(mixed))
    notes, rules, heights = [], [], {}
    fissure = FISSURE_DEG
    for name in ("right", "left"):
        mine = [n for n, side in sides.items() if side == name]
        if not mine:
            heights[name] = float(tree.nodes_mm[node, 2])
            notes.append(f"no {name} portal branch leaves the main fork: its level is that of the fork")
            rules.append("landmark")
            continue
        first = max(mine, key=lambda n: (supply.below[n], -n))
        if supply.below[tree.parents[first]] < mixed[node] + supply.below[first]:
            node = int(tree.parents[first])
        path = thick_path(tree, first, supply.below, 0.4 * supply.below[first])
        # where several branches leave the fork for one side there is no stem, and the fork's own height is the level
        stem = supply.below[first] >= STEM_SHARE * sum(float(supply.below[n]) for n in mine)
        heights[name] = float(tree.nodes_mm[path, 2].mean()) if stem else float(tree.nodes_mm[tree.parents[first], 2])
        if name == "left":
            fissure = float(frame.polar(tree.nodes_mm[path[-1:]])[0][0])
    if frame.fissure_deg is not None:  # where the cleft itself is seen the bend of the left branch need not tell
        fissure = frame.fissure_deg
    elif not -60.0 <= fissure <= 10.0:
        notes.append(f"the left branch ends at {fissure:.0f} degrees: umbilical fissure taken at {FISSURE_DEG:.0f}")
        rules.append("landmark")
        fissure = FISSURE_DEG
    return Levels(node, trunk, sides, heights["right"], heights["left"], fissure, tuple(notes), tuple(rules))


def _trunk_and_sides(parents: Ints, split: Floats) -> tuple[Mask, dict[int, str]]:
    """Return the nodes of the trunk, and those at which right and left branches leave it.

    ``split`` (n, 2) is the share of the liver to the left and right of the middle plane that lies below each node. A
    node with much on either side is trunk: where right and left branch leave it one by one, it goes on to the last.
    """
    trunk = np.zeros(len(parents), bool)
    sides = {}
    for node in order_from_roots(parents):
        up = parents[node]
        if up >= 0 and not trunk[up]:
            continue
        total = float(split[node].sum())
        pure = float(split[node].max()) / max(total, 1e-9)
        if up < 0 or total >= WHOLE or split[node].min() >= MIXED:
            trunk[node] = True
        elif total >= SIDE and pure >= MOSTLY:
            sides[int(node)] = ("left", "right")[int(np.argmax(split[node]))]
    return trunk, sides


def likely(world_mm: Floats, frame: Landmarks, levels: Levels, floor: float = FLOOR) -> Floats:
    """Return how likely places (m, 3) in mm belong to each of ``SEGMENTS``, (m, 7), each row's sum 1.

    None is less likely than ``floor``: what planes say is never certain.
    """
    angle, away = frame.polar(world_mm)
    wide = {vein: PLANE_MM if vein in frame.veins else ASSUMED_MM for vein in ("right", "middle")}
    right = _step(frame.beyond_mm("middle", angle, away) / wide["middle"])
    behind = _step(frame.beyond_mm("right", angle, away) / wide["right"])
    fissure_mm = np.radians(np.clip(levels.fissure_deg - angle, -90.0, 90.0)) * away
    lateral = _step(fissure_mm / PLANE_MM)
    over = (_over_left_vein_mm(world_mm, frame, levels), *2 * (world_mm[:, 2] - levels.right_mm,))
    above, up, up_behind = (_step((way - more) / LEVEL_MM) for way, more in zip(over, levels.raised_mm, strict=True))
    left = 1.0 - right
    rows = np.stack([
        left * lateral * above, left * lateral * (1 - above), left * (1 - lateral), right * (1 - behind) * (1 - up),
        right * behind * (1 - up_behind), right * behind * up_behind, right * (1 - behind) * up,
    ], axis=1)  # fmt: skip
    return np.asarray((1.0 - floor * len(SEGMENTS)) * rows / rows.sum(axis=1, keepdims=True) + floor)


def _step(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0))))


def _over_left_vein_mm(world_mm: Floats, frame: Landmarks, levels: Levels) -> Floats:
    """How far places lie behind and above the left hepatic vein, which runs between segments II and III."""
    line = frame.left_course_mm
    if line is None:
        return np.asarray(world_mm[:, 2] - levels.left_mm)
    behind, over = (world_mm[:, axis] - np.interp(world_mm[:, 0], line[:, 0], line[:, axis]) for axis in (1, 2))
    return np.asarray((behind + over) / np.sqrt(2.0))


def name_portal_branches(
    tree: VesselTree, liver: Mask, geometry: VolumeGeometry, frame: Landmarks, *, supply: Supply | None = None,
    levels: Levels | None = None,
) -> VesselTree:  # fmt: skip
    """Return a portal tree with names at the nodes where its branches begin: "right", "anterior", "VI" ...

    Parameters
    ----------
    tree : a portal tree with its root in the trunk. liver : bool [k, j, i] on the grid of ``geometry``.
    frame : landmarks (``find_landmarks``). supply, levels : what was computed from these before, to save time.

    Names of segments and stems that the tree bears already stay (``marked``): all others are found around them.
    What hangs below a node bears its name until another is given; stems ("trunk", "right", "anterior", "posterior",
    "left", "left lateral") may give off branches of any segment that they supply.

    Raises ``DataError`` for a tree that does not lie in the liver, or given names that contradict each other.
    """
    supply = supply_of(tree, liver, geometry) if supply is None else supply
    levels = both_of_each_pair(tree, supply, frame, find_levels(tree, supply, frame)) if levels is None else levels
    given = _given(tree)
    codes = _best(tree, supply, frame, levels)
    if any(codes[node] != code for node, code in given.items()):
        names = ", ".join(sorted(tree.branch_names[node] for node in given))
        raise DataError(f"the names given to portal branches ({names}) contradict each other",
                        advice="no branch of one segment hangs on that of another: mark them again")  # fmt: skip
    others = {node: name for node, name in tree.branch_names.items() if name not in ALL}
    return replace(tree, branch_names={**others, **names_where_they_change(tree, codes)})


def both_of_each_pair(tree: VesselTree, supply: Supply, frame: Landmarks, levels: Levels) -> Levels:
    """Return the levels with borders moved as little as lets branches bear both names of each of ``PAIRS``.

    Every liver has all of these segments, but the height of their border is known to a centimetre or two only. Where
    the branches of one would supply less than 15 % of what both do, the border moves by 8 to 24 mm; where that does not
    help, it stays. Where names are given, nothing moves.
    """
    if _given(tree):
        return levels
    poor = _poor_pairs(_best(tree, supply, frame, levels), supply)
    for pair, sign in poor.items():
        for shift in SHIFTS_MM:
            raised = list(levels.raised_mm)
            raised[pair] = sign * shift
            tried = replace(levels, raised_mm=(raised[0], raised[1], raised[2]))
            if pair not in _poor_pairs(_best(tree, supply, frame, tried), supply):
                way = "up" if sign > 0 else "down"
                note = f"border of {' and '.join(PAIRS[pair])} {shift:g} mm further {way}, so that both have branches"
                levels = replace(tried, notes=(*levels.notes, note))
                break
    return levels


def _poor_pairs(codes: Ints, supply: Supply) -> dict[int, int]:
    """Return the pairs of which one gets too little, with 1 where it is the lower one (whose border must rise), or -1.
    """
    share = np.bincount(codes, supply.own, len(ALL))
    found = {}
    for number, names in enumerate(PAIRS):
        upper, lower = (float(share[SEGMENTS.index(name)]) for name in names)
        if min(upper, lower) < LEAST_OF_PAIR * (upper + lower):
            found[number] = 1 if lower < upper else -1
    return found


def _given(tree: VesselTree) -> dict[int, int]:
    return {node: ALL.index(name) for node, name in tree.branch_names.items() if name in ALL}


def _best(tree: VesselTree, supply: Supply, frame: Landmarks, levels: Levels) -> Ints:
    """Return the best name of each node as a number in ``ALL``."""
    chance = np.log(likely(supply.world_mm, frame, levels))
    worth = np.zeros((len(tree.parents), len(SEGMENTS)))
    for number in range(len(SEGMENTS)):
        worth[:, number] = np.bincount(supply.node, chance[:, number], len(tree.parents)) / len(supply.node)
    return best_names(tree.parents, _scores(tree, worth, supply.below, levels, _given(tree)), ALLOWED, CHANGE)


def marked(tree: VesselTree, places_mm: Mapping[str, ArrayLike]) -> VesselTree:
    """Return a portal tree with names where a person says which branch is which.

    ``places_mm`` gives a place (3,) in LPS mm on the branch for each name ("VI", "anterior" ...): the node nearest to
    it bears the name. Raises ``DataError`` for a name that is none.
    """
    wrong = [name for name in places_mm if name not in ALL]
    if wrong:
        raise DataError(f"no portal branch is called {wrong[0]!r}", advice=f"names are {', '.join(ALL)}")
    names = dict(tree.branch_names)
    for name, place in places_mm.items():
        away = np.linalg.norm(tree.nodes_mm - np.asarray(place, np.float64), axis=1)
        names[int(np.argmin(np.where(tree.parents >= 0, away, np.inf)))] = name
    return replace(tree, branch_names=names)


def _scores(tree: VesselTree, worth: Floats, below: Floats, levels: Levels, given: Mapping[int, int]) -> Floats:
    parents = tree.parents
    ends = ~np.isin(np.arange(len(parents)), parents)
    score = np.full((len(parents), len(ALL)), -np.inf)
    score[:, : len(SEGMENTS)] = worth
    for number, name in enumerate(STEMS, start=len(SEGMENTS)):
        members = [SEGMENTS.index(segment) for segment in STEMS[name]]
        score[~ends, number] = worth[:, members].max(axis=1)[~ends]
    trunk, sides = _around_given(tree, levels, given)
    for node in order_from_roots(parents):  # what leaves the trunk and supplies nothing are its tributaries
        trunk[node] |= parents[node] >= 0 and below[node] <= 0.0 and trunk[parents[node]]
    score[trunk] = -np.inf
    score[trunk, ALL.index("trunk")] = 0.0
    # right and left branch of the main fork are what they are, even where they reach across the middle plane
    for node, name in sides.items():
        score[node, ~ALLOWED[ALL.index(name)]] = -np.inf
    for node, code in given.items():
        score[node] = -np.inf
        score[node, code] = 0.0
    return score


def _around_given(tree: VesselTree, levels: Levels, given: Mapping[int, int]) -> tuple[Mask, dict[int, str]]:
    """Return trunk and right and left branches without what speaks against given names."""
    trunk, sides = levels.trunk.copy(), dict(levels.sides)
    below_given = np.zeros(len(trunk), bool)
    for node in order_from_roots(tree.parents):
        up = tree.parents[node]
        below_given[node] = int(node) in given or (up >= 0 and below_given[up])
    trunk &= ~below_given
    sides = {node: name for node, name in sides.items() if not below_given[node]}
    for node, code in given.items():
        wanted = set(STEMS.get(ALL[code], (ALL[code],)))
        up = int(tree.parents[node])
        while up >= 0:
            if up in sides and not wanted <= set(STEMS[sides[up]]):
                del sides[up]
            up = int(tree.parents[up])
    return trunk, sides


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
