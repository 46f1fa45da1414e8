"""Airways and vessels of the lungs: drawn trunks and named branches, then space-filling growth in every lobe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.abdomen.growth import grow
from anatomy_twin.phantom.abdomen.vessels import LiverField, VesselTree, count_leaves
from anatomy_twin.phantom.chest.form import Form

Floats = NDArray[np.float64]
Node = tuple[str, str, tuple[float, float, float], float]

# name, parent, position, lumen radius in mm: adult calibres (trachea 17 to 18 mm, segmental bronchi 4 to 6 mm across)
AIRWAYS: Final[tuple[Node, ...]] = (
    ("top", "", (0, -8, 215), 8.6), ("neck", "top", (0, -2, 185), 8.5), ("inlet", "neck", (0, 5, 152), 8.4),
    ("arch", "inlet", (1, 14, 116), 8.5), ("carina", "arch", (2, 18, 94), 8.4),
    ("right", "carina", (-22, 22, 80), 7.0), ("rul", "right", (-42, 22, 84), 5.0),
    ("rul_apical", "rul", (-52, 18, 122), 2.8), ("rul_posterior", "rul", (-72, 44, 102), 2.6),
    ("rul_anterior", "rul", (-68, -20, 88), 2.7), ("intermedius", "right", (-31, 24, 58), 5.2),
    ("rml", "intermedius", (-53, 4, 44), 3.7), ("rml_lateral", "rml", (-88, -26, 34), 2.4),
    ("rml_medial", "rml", (-72, -48, 26), 2.4), ("rll", "intermedius", (-40, 31, 42), 4.6),
    ("rll_superior", "rll", (-56, 62, 50), 2.7), ("rll_basal", "rll", (-50, 34, 22), 4.0),
    ("rll_medial", "rll_basal", (-46, 14, 6), 2.4), ("rll_anterior", "rll_basal", (-74, 4, 6), 2.5),
    ("rll_lateral", "rll_basal", (-88, 30, 0), 2.5), ("rll_posterior", "rll_basal", (-62, 60, -12), 2.7),
    ("left", "carina", (44, 25, 71), 6.1), ("lul", "left", (57, 14, 75), 5.0), ("lul_upper", "lul", (63, 6, 90), 4.2),
    ("lul_apical", "lul_upper", (62, 26, 124), 2.7), ("lul_anterior", "lul_upper", (76, -26, 98), 2.6),
    ("lingula", "lul", (72, -10, 64), 3.5), ("lingula_high", "lingula", (100, -34, 60), 2.4),
    ("lingula_low", "lingula", (102, -46, 34), 2.3), ("lll", "left", (52, 34, 54), 4.8),
    ("lll_superior", "lll", (62, 62, 60), 2.7), ("lll_basal", "lll", (60, 34, 32), 4.1),
    ("lll_anterior", "lll_basal", (76, 6, 12), 2.6), ("lll_lateral", "lll_basal", (94, 30, 2), 2.5),
    ("lll_posterior", "lll_basal", (66, 60, -10), 2.7),
)
LOBES: Final = ("rul", "rml", "rll", "lul", "lll")
LOBE_NAMES: Final = {
    "rul": "lung_upper_lobe_right", "rml": "lung_middle_lobe_right", "rll": "lung_lower_lobe_right",
    "lul": "lung_upper_lobe_left", "lll": "lung_lower_lobe_left",
}
# the airways that an artery of the lobe runs along, where its tree begins, and where the vein of the lobe ends
ARTERY_ROOTS: Final = {"rul": (-42, 8, 80), "rml": (-45, 12, 56), "rll": (-46, 22, 54), "lul": (52, 10, 84),
                       "lll": (59, 26, 60)}
VEIN_ROOTS: Final = {"rul": (-34, -2, 62), "rml": (-34, -4, 54), "rll": (-30, 16, 38), "lul": (38, -2, 64),
                     "lll": (36, 18, 42)}
LEAVES: Final = {"rul": 60, "rml": 32, "rll": 72, "lul": 66, "lll": 62}
TIP_MM: Final = 1.35


@dataclass(frozen=True, eq=False)
class Ways:
    """Airways as pieces (start, stop, radius at both ends) and the vessel trees of all lobes, in the model frame."""

    start: Floats
    stop: Floats
    radius_start: Floats
    radius_stop: Floats
    trees: dict[str, VesselTree]


def draw_airways(form: Form) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return positions (N, 3), parents and radii of the bronchial tree of this patient."""
    rng = form.rng("airways")
    names = [node[0] for node in AIRWAYS]
    points = np.array([node[2] for node in AIRWAYS], float)
    parents = np.array([names.index(node[1]) if node[1] else -1 for node in AIRWAYS])
    radius = np.array([node[3] for node in AIRWAYS], float)
    fine = np.array([node[3] < 3 for node in AIRWAYS])[:, None]
    spread = np.where(fine, 4.0, 1.2)
    points[4:] += np.clip(rng.normal(0, 1, points[4:].shape), -1.8, 1.8) * spread[4:]
    radius = radius * np.clip(rng.normal(1.0, 0.06), 0.9, 1.12)
    points[:, 0] *= form.wide
    return form.unwarp(points), parents, radius


def airway_pieces(form: Form) -> tuple[Floats, Floats, Floats, Floats]:
    """Return start, stop (M, 3) and the radii there of gently bent airways; segmental ones taper and end."""
    points, parents, radius = draw_airways(form)
    rng = form.rng("bends")
    pieces: list[tuple[Floats, Floats, float, float]] = []
    for n in np.flatnonzero(parents >= 0):
        a, b = points[parents[n]], points[n]
        # a branch has its own calibre soon after the fork, and a segmental one thins towards its end
        near = radius[n] if n > 4 else radius[parents[n]]
        far = radius[n] * (0.75 if radius[n] < 3 else 1.0)
        bend = rng.normal(0, 0.05 * np.linalg.norm(b - a), 3) if n > 4 else np.zeros(3)
        line = [a + (b - a) * t + bend * 4 * t * (1 - t) for t in np.linspace(0, 1, 5)]
        sizes = np.linspace(near, far, 5)
        pieces += [(line[m], line[m + 1], sizes[m], sizes[m + 1]) for m in range(4)]
    return (np.array([p[0] for p in pieces]), np.array([p[1] for p in pieces]), np.array([p[2] for p in pieces]),
            np.array([p[3] for p in pieces]))


def grow_ways(form: Form, lobes: dict[str, LiverField]) -> Ways:
    """Grow an artery (along the bronchi) and a vein (between them) in every lobe."""
    start, stop, near, far = airway_pieces(form)
    points, _, _ = draw_airways(form)
    at = {node[0]: points[n] for n, node in enumerate(AIRWAYS)}
    bronchi = np.column_stack([start, stop, np.maximum(near, far) + 1.2])
    trees: dict[str, VesselTree] = {}
    for lobe in LOBES:
        ends = [name for name, parent, _, radius in AIRWAYS if radius < 3 and _lobe_of(name) == lobe]
        side = -1.0 if lobe[0] == "r" else 1.0
        aside = np.array([side * 4.0, -3.5, 3.5])
        root = form.unwarp(np.array([ARTERY_ROOTS[lobe]], float))[0]
        hub = at[lobe] + aside * 1.4
        artery = [("", root), ("root", hub)] + [("hub", at[name] + aside) for name in ends]
        trees[f"artery_{lobe}"] = _tree(form, f"artery_{lobe}", artery, lobes[lobe], bronchi, trees)
        root = form.unwarp(np.array([VEIN_ROOTS[lobe]], float))[0]
        middles = [at[a] + 0.45 * (at[b] - at[a]) for a, b in zip(ends, ends[1:] + ends[:1], strict=True)]
        inner = 0.55 * root + 0.45 * np.mean([at[name] for name in ends], axis=0)
        vein = [("", root), ("root", inner)] + [("hub", point - 0.6 * aside) for point in middles]
        trees[f"vein_{lobe}"] = _tree(form, f"vein_{lobe}", vein, lobes[lobe], bronchi, trees)
    return Ways(start, stop, near, far, trees)


def _lobe_of(name: str) -> str:
    return "lul" if name.startswith("lingula") else name[:3]


def _tree(
    form: Form, name: str, skeleton: list[tuple[str, Floats]], lobe: LiverField, bronchi: Floats,
    others: dict[str, VesselTree],
) -> VesselTree:
    rng = form.rng(name)
    goal = LEAVES[name.rpartition("_")[2]]
    index = {"": -1, "root": 0, "hub": 1}
    points = np.array([point for _, point in skeleton])
    parents = np.array([index[parent] for parent, _ in skeleton])
    for n in range(2, len(points)):
        points[n] = _inside(points[n], lobe)
    capacity = 2 * goal + len(points) + 8
    nodes, up, leaves = np.zeros((capacity, 3)), np.full(capacity, -1), np.zeros(capacity)
    nodes[: len(points)], up[: len(points)], leaves[: len(points)] = points, parents, count_leaves(parents)
    taken = [bronchi, *(np.column_stack(tree.pieces()) for tree in others.values() if tree.name[-3:] == name[-3:])]
    targets = lobe.points(rng, 40 * goal, 3.0)
    for others_kept in (np.vstack(taken), np.zeros((0, 7))):  # hemmed in on all sides, it may touch its neighbours
        count = grow(nodes, up, leaves, len(points), targets, goal, lobe.distance, lobe.low_mm, lobe.step_mm,
                     others_kept, TIP_MM)
        if count > len(points) + 4:
            break
    return VesselTree(name, nodes[:count].copy(), up[:count].copy(), TIP_MM * leaves[:count] ** (1 / 3),
                      state="truth")


def _inside(point: Floats, lobe: LiverField, deep_mm: float = 6.0) -> Floats:
    """Return the point, or the nearest one that lies so deep in the lobe."""
    if lobe.at(point) < -deep_mm:
        return point
    deep = lobe.low_mm + lobe.step_mm * np.argwhere(lobe.distance < -deep_mm)[:, ::-1]
    if not len(deep):
        return point
    return np.asarray(deep[int(np.argmin(((deep - point) ** 2).sum(1)))])
