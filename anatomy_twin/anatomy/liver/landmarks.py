"""What divides a liver: the vena cava, the planes of the hepatic veins, the level of the portal vein, the hilum.

Couinaud's planes stand upright and fan out from the vena cava, so a place is told by its azimuth around it: 0 degrees
to the front, positive towards the liver's right lobe (to the left in a mirrored patient).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.liver.fissure import find_fissure
from anatomy_twin.core import LabelMap, VesselTree, VolumeGeometry
from anatomy_twin.kernels.territory_names import summed_below
from anatomy_twin.kernels.territory_nearest import nearest_pieces
from anatomy_twin.kernels.tree_order import order_from_roots

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

VEINS: Final = ("right", "middle", "left")
# where the hepatic veins usually run, degrees: used to tell them apart and in place of one that was not found
USUAL_DEG: Final = {"right": 95.0, "middle": 38.0, "left": -45.0}
FISSURE_DEG: Final = -15.0  # of the umbilical fissure
WIDE_DEG: Final = 35.0
LEAST_VEIN: Final = 0.05  # share of the liver that a main hepatic vein drains at least
COMMON_TRUNK_MM: Final = 40.0  # middle and left vein often join before they reach the cava, within about 2 cm
BACK_DEG: Final = -150.0  # azimuths run from here once around: the cut lies behind the cava
BIN_MM: Final = 4.0
REACH_MM: Final = 240.0
COURSE_FROM_MM: Final = 35.0
STEM_MM: Final = 3.0  # the course of a stem is smoothed over this


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The frame of a liver. ``found`` names what the labels showed, ``missing`` what was assumed, in words.

    ``level_mm`` (n,) and ``cava_mm`` (n, 2) give the middle of the cava (x, y) over height; ``side`` is 1 where the
    right lobe lies on the patient's right, -1 in a mirrored one. ``veins`` are main stems of hepatic veins (n, 3) from
    the cava on; ``azimuth_deg`` their azimuth over distance from the cava, one value per 4 mm; ``left_course_mm``
    (n, 3) is the stem of the left one from side to side. ``shares`` tells what share of the liver each drains,
    ``fissure_deg`` the azimuth of the umbilical fissure where it is seen as a cleft.
    """

    side: int
    level_mm: Floats
    cava_mm: Floats
    veins: dict[str, Floats]
    azimuth_deg: dict[str, Floats]
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    gallbladder_deg: float | None = None
    shares: dict[str, float] = field(default_factory=dict)
    left_course_mm: Floats | None = None
    fissure_deg: float | None = None

    def polar(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return azimuth in degrees and distance in mm from the cava for points (..., 3) in LPS mm."""
        x = np.interp(points_mm[..., 2], self.level_mm, self.cava_mm[:, 0])
        y = np.interp(points_mm[..., 2], self.level_mm, self.cava_mm[:, 1])
        right, front = -self.side * (points_mm[..., 0] - x), -(points_mm[..., 1] - y)
        angle = np.degrees(np.arctan2(right, front))
        return np.where(angle < BACK_DEG, angle + 360.0, angle), np.hypot(right, front)

    def beyond_mm(self, vein: str, angle_deg: Floats, away_mm: Floats) -> Floats:
        """Return how far places (by ``polar``) lie beyond the plane of a vein, mm along the arc, positive to the right.

        At most a quarter turn of arc counts.
        """
        table = self.azimuth_deg[vein]
        plane = np.interp(away_mm, BIN_MM * np.arange(len(table)), table)
        return np.asarray(np.radians(np.clip(angle_deg - plane, -90.0, 90.0)) * away_mm)


def side_of(labels: LabelMap) -> tuple[int, bool]:
    """Return 1 for a liver on the patient's right, -1 for a mirrored one, and whether the signs agree.

    Signs: the cava lies to the right of the aorta, the spleen and the stomach to the left of the liver.
    """
    liver = _middle(labels, "liver")
    signs = []
    pairs = (("inferior_vena_cava", "aorta"), ("liver", "spleen"), ("liver", "stomach"), ("liver", "body"))
    for first, second in pairs:
        a, b = (liver if name == "liver" else _middle(labels, name) for name in (first, second))
        if a is not None and b is not None and abs(a[0] - b[0]) > 5.0:
            signs.append(1 if a[0] < b[0] else -1)
    if not signs:
        return 1, False
    return (1 if sum(signs) >= 0 else -1), len(set(signs)) == 1


def _middle(labels: LabelMap, name: str) -> Floats | None:
    if name not in labels:
        return None
    mask = labels.mask(name)
    total = int(np.count_nonzero(mask))
    if not total:
        return None
    rows = [mask.sum(axis=tuple(other for other in range(3) if other != axis)) for axis in range(3)]
    return np.asarray(labels.geometry.to_world([float(row @ np.arange(len(row))) / total for row in rows]))


def find_landmarks(
    labels: LabelMap, hepatic: VesselTree | None, hilum_mm: Floats | None = None, side: tuple[int, bool] | None = None
) -> Landmarks:
    """Find the frame of the liver in its labels and its hepatic veins.

    Parameters
    ----------
    labels : needs "liver"; uses the vena cava, aorta, spleen, stomach, body and gallbladder.
    hepatic : the tree of the hepatic veins (one root or several), None where there is none.
    hilum_mm : the fork of the portal vein (3,); below it the cava's course does not move the planes any more.
    side : what ``side_of`` said of the whole scan, where the labels are a part of it.
    """
    liver = labels.mask("liver")
    turn, sure = side_of(labels) if side is None else side
    found, missing, rules = [], [], [] if sure else ["laterality"]
    if turn < 0:
        missing.append("the liver is taken to be mirrored: its right lobe lies on the patient's left")
        rules.append("laterality")
    level, cava = _cava(labels, liver, hepatic, turn, hilum_mm)
    if "inferior_vena_cava" in labels:
        found.append("vena cava")
    else:
        missing.append("vena cava not found: its place is assumed")
        rules.append("landmark")
    frame = Landmarks(turn, level, cava, {}, {})
    begins: dict[str, int] = {}
    veins: dict[str, Floats] = {}
    share = np.zeros(0)
    if hepatic is not None:
        begins, share = name_hepatic_veins(hepatic, liver, labels, frame)
        veins = {name: hepatic.nodes_mm[_stem(hepatic, at, share, liver, labels)] for name, at in begins.items()}
    gallbladder = _middle(labels, "gallbladder")
    bed = None if gallbladder is None else float(frame.polar(gallbladder)[0])
    azimuth: dict[str, Floats] = {}
    for name in VEINS:
        if hepatic is not None and name in begins:
            azimuth[name] = _plane(frame, hepatic, begins[name])
            found.append(f"{name} hepatic vein")
            continue
        # Cantlie's line: the middle plane runs from the cava to the bed of the gallbladder
        usual = bed if name == "middle" and bed is not None and 0.0 < bed < 80.0 else USUAL_DEG[name]
        azimuth[name] = np.full(int(REACH_MM / BIN_MM), usual)
        missing.append(f"{name} hepatic vein not found: plane at {usual:.0f} degrees"
                       + (" through the gallbladder" if usual == bed else ""))  # fmt: skip
    if not veins:
        rules.append("no hepatic veins")
    course = _course(veins["left"], frame) if "left" in veins else None
    cleft = None if hilum_mm is None else find_fissure(labels, liver, frame, hilum_mm)
    if cleft is not None:
        found.append("umbilical fissure")
    return Landmarks(turn, level, cava, veins, azimuth, tuple(found), tuple(missing), tuple(dict.fromkeys(rules)), bed,
                     {name: float(share[at]) for name, at in begins.items()}, course, cleft)  # fmt: skip


def _cava(
    labels: LabelMap, liver: Mask, hepatic: VesselTree | None, side: int, hilum_mm: Floats | None
) -> tuple[Floats, Floats]:
    """Return heights (n,) and the middle of the cava there (n, 2), of the levels from the hilum to the liver's top."""
    index = np.argwhere(liver)
    world = labels.geometry.to_world(index)
    top, low = float(np.percentile(world[:, 2], 99.0)), float(world[:, 2].min())
    low = float(hilum_mm[2]) if hilum_mm is not None else 0.5 * (low + top)
    if "inferior_vena_cava" in labels:
        points = labels.geometry.to_world(np.argwhere(labels.mask("inferior_vena_cava")))
        bins = np.arange(low, top + 5.0, 5.0)
        rows = [points[np.abs(points[:, 2] - z) < 5.0] for z in bins]
        kept = [(z, row[:, :2].mean(axis=0)) for z, row in zip(bins, rows, strict=True) if len(row)]
        if kept:
            return np.array([z for z, _ in kept]), np.array([xy for _, xy in kept])
    if hepatic is not None and len(hepatic.parents):
        roots = hepatic.nodes_mm[hepatic.parents < 0]
        return np.array([low]), roots[:, :2].mean(axis=0)[None]
    # the cava lies at the back of the liver, medial of its middle: behind the hilum where that is known
    x, y = hilum_mm[:2] if hilum_mm is not None else (float(np.median(world[:, 0])) + 25.0 * side, 0.0)
    back = float(np.percentile(world[np.abs(world[:, 0] - x) < 15.0, 1], 98.0)) if hilum_mm is None else y + 25.0
    return np.array([low]), np.array([[x, back]])


def name_hepatic_veins(
    tree: VesselTree, liver: Mask, labels: LabelMap, frame: Landmarks
) -> tuple[dict[str, int], Floats]:
    """Return the nodes at which right, middle and left hepatic vein begin, and the share of the liver below each node.

    Candidates are what joins the cava on its own, and the parts of a common trunk of at most 40 mm. Of all orders from
    right to left, the one is taken whose veins drain most, near their usual azimuths.
    """
    inside = nodes_in(tree, liver, labels.geometry)
    child = np.flatnonzero((tree.parents >= 0) & inside)
    if not child.size:
        return {}, np.zeros(len(tree.parents))
    start, stop = tree.nodes_mm[tree.parents[child]], tree.nodes_mm[child]
    piece, _ = nearest_pieces(liver, labels.geometry.affine, start, stop)
    where = np.argwhere(liver)
    node = child[piece[liver]]
    angle, _ = frame.polar(labels.geometry.to_world(where))
    own = np.zeros((len(tree.parents), 3))
    np.add.at(own, node, np.column_stack([np.ones(len(node)), np.cos(np.radians(angle)), np.sin(np.radians(angle))]))
    below = summed_below(tree.parents, own / len(where))
    candidates = [n for n in _candidates(tree, inside, below[:, 0]) if below[n, 0] >= LEAST_VEIN]
    best: dict[str, int] = {}
    most = 0.0
    above = {n: _above(tree, n) for n in candidates}  # a vein and a branch of it are not two veins
    middle = {n: float(np.degrees(np.arctan2(below[n, 2], below[n, 1]))) for n in candidates}
    for chosen in product([None, *candidates], repeat=3):
        taken = [n for n in chosen if n is not None]
        if any(middle[a] <= middle[b] for a, b in pairwise(taken)) or any(
            a in above[b] for a in taken for b in taken
        ):
            continue
        worth = sum(
            below[n, 0] * np.exp(-(((middle[n] - USUAL_DEG[name]) / WIDE_DEG) ** 2))
            for name, n in zip(VEINS, chosen, strict=True) if n is not None
        )
        if worth > most:
            most, best = worth, {name: n for name, n in zip(VEINS, chosen, strict=True) if n is not None}
    return best, below[:, 0]


def _above(tree: VesselTree, node: int) -> set[int]:
    found: set[int] = set()
    while tree.parents[node] >= 0:
        node = int(tree.parents[node])
        found.add(node)
    return found


def nodes_in(tree: VesselTree, organ: Mask, geometry: VolumeGeometry) -> Mask:
    """Tell which nodes (n,) of a tree lie in an organ: a cava or a portal trunk beside it supplies nothing of it."""
    result = np.asarray(geometry.contains(tree.nodes_mm))
    result[result] = organ[tuple(geometry.voxel_of(tree.nodes_mm[result]).T)]
    return result


def _candidates(tree: VesselTree, inside: Mask, share: Floats) -> list[int]:
    """Return the nodes at which main veins begin: where they leave the cava, and both parts of short common trunks."""
    open_ = [(int(n), 0.0) for n in np.flatnonzero(tree.parents < 0)]
    found = []
    while open_:
        node, way = open_.pop()
        if share[node] < LEAST_VEIN:
            continue
        kids = np.flatnonzero(tree.parents == node)
        large = [int(n) for n in kids if share[n] >= LEAST_VEIN]
        root = tree.parents[node] < 0 or not inside[node]
        if way > COMMON_TRUNK_MM or not large:
            found.append(node)
        elif root or len(large) == 1:
            # goes on: along a root of any number of veins, or a stem that gives off a twig
            follow = large if root else large[:1]
            step = [float(np.linalg.norm(tree.nodes_mm[n] - tree.nodes_mm[node])) for n in follow]
            open_ += [(n, way + (0.0 if root else length)) for n, length in zip(follow, step, strict=True)]
        else:
            found.append(node)
            open_ += [(n, way) for n in large]
    return found


def _stem(
    tree: VesselTree, node: int, share: Floats, liver: Mask, labels: LabelMap, least: float = 0.015
) -> NDArray[np.int64]:
    """Return the nodes from the cava along the branch that drains most."""
    inside = nodes_in(tree, liver, labels.geometry)
    up, path = int(node), []
    while up >= 0:
        path.append(up)
        if not inside[up]:
            break
        up = int(tree.parents[up])
    path.reverse()
    while True:
        kids = np.flatnonzero(tree.parents == path[-1])
        if not kids.size or share[kids].max() < least:
            return np.array(path)
        path.append(int(kids[np.argmax(share[kids])]))


def _plane(frame: Landmarks, tree: VesselTree, first: int) -> Floats:
    """Return the azimuth of a vein with all its branches in degrees over distance from the cava, one value per 4 mm."""
    points, heavy = _weighted(tree, first)
    angle, away = frame.polar(points)
    return _smooth(BIN_MM * np.arange(int(REACH_MM / BIN_MM)), away, angle, heavy)


def _course(stem_mm: Floats, frame: Landmarks) -> Floats:
    """Return where the stem of a vein runs from side to side: places (n, 3), one per 4 mm of x.

    The stem alone, as its branches hang down into segment III, and from 35 mm beside the cava on (or its outer part):
    what is nearer runs steeply up to the cava and parts nothing.
    """
    way = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(stem_mm, axis=0), axis=1)))
    even = np.arange(0.0, way[-1] + 1.0)
    points = np.column_stack([np.interp(even, way, stem_mm[:, axis]) for axis in range(3)])
    away = frame.polar(points)[1]
    points = points[away >= min(COURSE_FROM_MM, 0.6 * float(away.max()))]
    x = np.arange(points[:, 0].min(), points[:, 0].max() + BIN_MM, BIN_MM)
    weight = np.exp(-0.5 * ((x[:, None] - points[None, :, 0]) / STEM_MM) ** 2) + 1e-300
    return np.column_stack([x, weight @ points[:, 1:] / weight.sum(axis=1, keepdims=True)])


def _smooth(bins: NDArray[np.floating[Any]], at: Floats, value: Floats, heavy: Floats) -> Floats:
    """Mean of values over 15 mm around each bin. The stem counts most; it lies between its branches where it ends."""
    weight = np.exp(-0.5 * ((bins[:, None] - at[None]) / 15.0) ** 2) * heavy + 1e-300
    known = weight.sum(axis=1) > 1e-4 * weight.sum(axis=1).max()
    table = (weight * value).sum(axis=1) / weight.sum(axis=1)
    return np.asarray(np.interp(bins, bins[known], table[known]))


def _weighted(tree: VesselTree, first: int) -> tuple[Floats, Floats]:
    """Return places (n, 3) along all that hangs on a node, and their weights: length times the radius' fourth power."""
    below = np.zeros(len(tree.parents), bool)
    below[first] = True
    for node in order_from_roots(tree.parents):
        if tree.parents[node] >= 0:
            below[node] |= below[tree.parents[node]]
    nodes = np.flatnonzero(below & (tree.parents >= 0))
    start, stop = tree.nodes_mm[tree.parents[nodes]], tree.nodes_mm[nodes]
    share = np.linspace(0.125, 0.875, 4)
    points = (start[:, None] + (stop - start)[:, None] * share[None, :, None]).reshape(-1, 3)
    length = np.linalg.norm(stop - start, axis=1)
    return points, np.repeat(length * np.maximum(tree.radius_mm[nodes], 0.3) ** 4, 4)


def thick_path(tree: VesselTree, node: int, share: Floats, until: float) -> NDArray[np.int64]:
    """Return the nodes from ``node`` along the child with most below it, while that is at least ``until``."""
    path = [int(node)]
    while True:
        kids = np.flatnonzero(tree.parents == path[-1])
        if not kids.size or share[kids].max() < until:
            return np.array(path)
        path.append(int(kids[np.argmax(share[kids])]))
