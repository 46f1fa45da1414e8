"""Which part of a generated liver each branch of its true portal tree supplies, and Couinaud's segments from that.

Pure geometry of the true trees: a voxel belongs to the nearest straight piece of the portal tree. The generator's
skeleton names one limb for each of the segments II to VIII; what hangs on a limb bears its name. The stems above the
limbs (trunk, right, anterior, posterior, left, umbilical) do not compete. Most of a generated tree hangs on these
stems: such a branch belongs to a segment of the half of the liver that its stem supplies, to the one in whose place it
runs, with as few changes of name along a branch as agree with that (``best_names``). Places are those of Couinaud's
definition, by the true skeletons: the upright surfaces from the vena cava through the right and middle hepatic vein and
through the umbilical portion, the level of the right portal branch, and behind or before the left hepatic vein. Segment
I has no limb in the skeleton, so the truth has none.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Code, LabelMap, Segment, VesselTree
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_names import best_names, order_from_roots
from anatomy_twin.kernels.territory_nearest import nearest_pieces
from anatomy_twin.phantom.abdomen.vessels import PORTAL
from anatomy_twin.phantom.patient import SyntheticPatient

SEGMENTS: Final = ("II", "III", "IV", "V", "VI", "VII", "VIII")
# a side branch changes its name only where more than this share of the liver agrees better then
CHANGE: Final = 0.005
STEM: Final = len(SEGMENTS)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def true_territories(patient: SyntheticPatient) -> LabelMap:
    """Return the liver of a generated patient divided into the segments II to VIII of its true portal tree.

    Layer 0 of the result, on the grid of the truth, holds "liver_segment_2" to "liver_segment_8", state "truth"; every
    voxel of the liver, lesions and vessels too, has one, so their volumes add up to that of the liver.

    Raises
    ------
    DataError : the patient has no liver or no portal tree with names.
    """
    liver, geometry = patient.truth.mask("liver"), patient.truth.geometry
    tree = patient.trees.get("portal_branches")
    if tree is None or not tree.branch_names or not liver.any():
        raise DataError("territories need a generated patient with a liver and a portal tree")
    names = segment_of_nodes(patient)
    child = np.flatnonzero(tree.parents >= 0)
    start, stop, _ = tree.pieces()
    named = names[child] < STEM
    piece, _ = nearest_pieces(liver, geometry.affine, start[named], stop[named])
    values = np.append(names[child][named] + 2, 0).astype(np.uint8)  # piece -1, outside the liver, takes the last
    array = values[piece][None]
    return LabelMap(array, geometry, tuple(_segment(n) for n in range(2, 9) if (array == n).any()),
                    ("segments of the true portal tree; the generator has no branches of segment I",))  # fmt: skip


def limb_places(patient: SyntheticPatient) -> dict[str, tuple[float, float, float]]:
    """Return {segment: place in LPS mm} in the middle of each limb of the true portal tree, for marks like a person's.

    The middle of the way from where the limb leaves its stem to the end that the skeleton drew.
    """
    tree = patient.trees["portal_branches"]
    below = _limbs_below(tree)
    places = {}
    for number, name in enumerate(SEGMENTS):
        way = [int(n) for n in order_from_roots(tree.parents) if below[n] == 1 << number]
        if way:
            place = tree.nodes_mm[way[len(way) // 2]]
            places[name] = (float(place[0]), float(place[1]), float(place[2]))
    return places


def segment_of_nodes(patient: SyntheticPatient) -> Ints:
    """Return for each node of the portal tree the number in ``SEGMENTS`` of what the piece that ends there supplies.

    7 stands for a stem.
    """
    tree, liver, geometry = patient.trees["portal_branches"], patient.truth.mask("liver"), patient.truth.geometry
    below = _limbs_below(tree)
    parents = tree.parents
    child = np.flatnonzero(parents >= 0)
    start, stop, _ = tree.pieces()
    single = np.array([bin(mask).count("1") == 1 for mask in below])
    nearest, _ = nearest_pieces(liver, geometry.affine, start, stop)
    index = np.argwhere(liver)
    votes = np.zeros((len(parents), len(SEGMENTS)))
    np.add.at(votes, (child[nearest[liver]], _places(patient, geometry.to_world(index))), 1.0 / len(index))
    score = np.full((len(parents), STEM + 1), -np.inf)
    score[:, :STEM] = votes
    supplied = below.copy()
    for node in order_from_roots(parents):
        up = parents[node]
        if below[node] == 0 and up >= 0:
            supplied[node] = _half_of(int(below[up])) if below[up] else supplied[up]
    for number in range(STEM):
        score[(supplied >> number) & 1 == 0, number] = -np.inf
    stems = ~single & (below > 0)
    score[stems, :STEM] = -np.inf
    score[stems, STEM] = 0.0
    # a side branch may go on as a stem where it divides between segments, its ends may not
    loose = (below == 0) & np.isin(np.arange(len(parents)), parents)
    score[loose, STEM] = 0.0
    allowed = np.eye(STEM + 1, dtype=bool)
    allowed[STEM] = True
    return best_names(parents, score, allowed, CHANGE)


def _places(patient: SyntheticPatient, points: Floats) -> Ints:
    """Return in which segment's place points (m, 3) in LPS mm lie, as numbers in ``SEGMENTS``."""
    portal, hepatic = (_named_nodes(patient.trees[name]) for name in ("portal_branches", "hepatic_veins"))
    cava = patient.truth.geometry.to_world(np.argwhere(patient.truth.mask("inferior_vena_cava")))
    lost = [name for name in ("fork", "right", "left") if name not in portal]
    if lost or not {"mh1", "rh1", "lh1"} <= set(hepatic) or not len(cava):
        raise DataError("a generated patient without main portal branches, hepatic veins or cava has no true segments")
    low = portal["fork"][2]
    mirrored = -1.0 if np.median(cava[:, 0]) > portal["left"][0] else 1.0
    step = max(4.0, *patient.truth.geometry.spacing_mm)
    levels = np.arange(low, cava[:, 2].max(), step)
    middle = np.array([cava[np.abs(cava[:, 2] - z) <= step, :2].mean(axis=0) for z in levels])

    def around(place: Floats) -> tuple[Floats, Floats]:
        """Angle around the cava, 0 to the front and positive to the right lobe, cut behind it; distance from it."""
        to_right = mirrored * (np.interp(place[:, 2], levels, middle[:, 0]) - place[:, 0])
        to_front = np.interp(place[:, 2], levels, middle[:, 1]) - place[:, 1]
        angle = np.arctan2(to_right, to_front)
        return np.where(angle < -2.6, angle + 2 * np.pi, angle), np.hypot(to_right, to_front)

    def beyond(names: tuple[str, ...], source: dict[str, Floats]) -> NDArray[np.bool_]:
        angle, away = around(np.array([source[name] for name in names if name in source]))
        order = np.argsort(away)
        return np.asarray(at > np.interp(distance, away[order], angle[order]))

    at, distance = around(points)
    right, behind = (beyond(tuple(f"{vein}{n}" for n in (1, 2, 3)), hepatic) for vein in ("mh", "rh"))
    medial = beyond(("umbilical" if "umbilical" in portal else "left",), portal)
    upper = points[:, 2] > portal["right"][2]
    line = np.array([hepatic[name] for name in ("lh1", "lh2", "lh3") if name in hepatic])
    line = line[np.argsort(line[:, 0])]
    behind_it, over_it = (points[:, n] - np.interp(points[:, 0], line[:, 0], line[:, n]) for n in (1, 2))
    posterior = behind_it + over_it > 0
    left = np.where(medial, SEGMENTS.index("IV"), np.where(posterior, SEGMENTS.index("II"), SEGMENTS.index("III")))
    front = np.where(upper, SEGMENTS.index("VIII"), SEGMENTS.index("V"))
    back = np.where(upper, SEGMENTS.index("VII"), SEGMENTS.index("VI"))
    return np.asarray(np.where(right, np.where(behind, back, front), left))


def _named_nodes(tree: VesselTree) -> dict[str, Floats]:
    return {name: tree.nodes_mm[node] for node, name in tree.branch_names.items()}


def _limbs_below(tree: VesselTree) -> Ints:
    """Return for each node the limbs of the skeleton that lie on or below it, as bits in the order of ``SEGMENTS``.

    A limb whose end a lesion took is what is left beside its sister at the fork where it began.
    """
    parents = tree.parents
    by_name = {name: node for node, name in tree.branch_names.items()}
    by_name.setdefault("root", int(np.flatnonzero(parents < 0)[0]))
    below = np.zeros(len(parents), np.int64)
    for number, name in enumerate(SEGMENTS):
        if name in by_name:
            _mark(below, parents, by_name[name], number)
    for name, above, _ in PORTAL:
        if name in SEGMENTS and name not in by_name and above in by_name:
            left = [n for n in np.flatnonzero(parents == by_name[above]) if not below[n]]
            if len(left) == 1:
                _mark(below, parents, int(left[0]), SEGMENTS.index(name))
    return below


def _half_of(limbs: int) -> int:
    """Return all segments of the half of the liver that limbs (bits) belong to, all seven where they are of both."""
    left = 0b0000111
    return left if not limbs & ~left else ~left & 0b1111111 if not limbs & left else 0b1111111


def _mark(below: Ints, parents: Ints, node: int, number: int) -> None:
    while node >= 0:
        below[node] |= 1 << number
        node = int(parents[node])


def _segment(number: int) -> Segment:
    name = f"liver_segment_{number}"
    term = catalog.term(name)
    return Segment(name, 0, number, Code(term["scheme"], term["code"], term["meaning"]), tuple(term["colour"]), "truth",
                   "liver")  # fmt: skip
