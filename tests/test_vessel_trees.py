"""Centrelines of drawn tubes, whose middle and radius are known, and the trees of a generated liver."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.anatomy.vessels.centreline import centreline_tree
from anatomy_twin.anatomy.vessels.trees import missing_trees, rerooted, vessel_trees
from anatomy_twin.assess.tree_agreement import tree_agreement
from anatomy_twin.core import SilentMonitor, VesselTree
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.phantom import make_patient
from tests.support.tubes import centres_mm, curve_distance, drawn, grid, piece_distance


class Listener(SilentMonitor):
    def __init__(self):
        self.said = []

    def warn(self, message):
        self.said.append(message)


@pytest.fixture(scope="module")
def patient():
    return make_patient(3, matrix=192, slice_mm=3.0)


@pytest.fixture(scope="module")
def trees(patient):
    listener = Listener()
    return vessel_trees(patient.truth, listener), listener.said


def forks(tree):
    return np.flatnonzero(np.bincount(tree.parents[tree.parents >= 0], minlength=len(tree.parents)) > 1)


@pytest.mark.parametrize("radius", [1.2, 2.5, 4.0, 7.0])
def test_an_oblique_tube_is_followed_in_its_middle(radius):
    geometry = grid((40, 60, 60))
    start, stop = (20.0, 22.0, 18.0), (66.0, 61.0, 78.0)
    tree = centreline_tree(drawn(geometry, [(start, stop, radius)]), geometry, name="tube", root_mm=start)
    away = piece_distance(tree.nodes_mm, start, stop)
    ends = np.minimum(*(np.linalg.norm(tree.nodes_mm - end, axis=1) for end in (start, stop)))
    inner = ends > radius + 2.5
    assert away[inner].max() < 0.7  # a quarter of the slice distance, whatever the radius
    assert np.abs(np.median(tree.radius_mm[inner]) / radius - 1) < 0.05
    assert len(forks(tree)) == 0 and (tree.parents < 0).sum() == 1
    assert np.linalg.norm(tree.nodes_mm[0] - start) < radius + 3
    steps = np.linalg.norm(tree.nodes_mm[1:] - tree.nodes_mm[tree.parents[1:]], axis=1)
    assert steps.max() < 2.5 and np.median(steps) < 1.6


def test_a_helix_is_not_flattened():
    geometry = grid((36, 50, 50), (1.5, 1.0, 1.0))
    turn = np.linspace(0, 4 * np.pi, 4000)
    curve = np.column_stack([25 + 12 * np.cos(turn), 25 + 12 * np.sin(turn), 8 + 38 * turn / turn[-1]])
    mask = curve_distance(centres_mm(geometry), curve) < 2.5
    tree = centreline_tree(mask, geometry, name="helix", root_mm=curve[0])
    away = curve_distance(tree.nodes_mm, curve)
    assert np.percentile(away, 95) < 0.5
    assert 0.95 < np.median(tree.radius_mm) / 2.5 < 1.05
    arc = np.linalg.norm(np.diff(curve, axis=0), axis=1).sum()
    assert abs(tree.length_mm / arc - 1) < 0.05
    from_axis = np.linalg.norm(tree.nodes_mm[:, :2] - 25, axis=1)
    assert abs(np.median(from_axis) - 12) < 0.15  # a running mean would pull it inward


@pytest.mark.parametrize(("trunk", "first", "second"), [(6.0, 4.5, 4.5), (6.0, 5.5, 2.0), (3.0, 2.4, 2.4)])
def test_the_fork_of_three_tubes_is_where_their_axes_meet(trunk, first, second):
    geometry = grid((40, 60, 60))
    meet = (45.4, 44.6, 45.0)  # between voxels: a narrow tube right along a row of them is drawn too thin
    pieces = [((45.4, 44.6, 12), meet, trunk), (meet, (22, 40, 83), first), (meet, (70, 58, 76), second)]
    tree = centreline_tree(drawn(geometry, pieces), geometry, name="fork", root_mm=(45.4, 44.6, 12))
    assert len(forks(tree)) == 1
    assert np.linalg.norm(tree.nodes_mm[forks(tree)[0]] - meet) < 2.0
    away = np.min([piece_distance(tree.nodes_mm, start, stop) for start, stop, _ in pieces], axis=0)
    assert np.percentile(away, 90) < 1.0
    for start, stop, radius in pieces:
        middle = np.linalg.norm(tree.nodes_mm - (np.add(start, stop) / 2), axis=1) < 4
        assert np.abs(np.median(tree.radius_mm[middle]) / radius - 1) < 0.08


def test_a_ring_is_cut_open_and_said():
    geometry = grid((20, 60, 60), (1.5, 1.0, 1.0))
    turn = np.linspace(0, 2 * np.pi, 2000)
    ring = np.column_stack([30 + 18 * np.cos(turn), 30 + 18 * np.sin(turn), np.full(2000, 14.0)])
    mask = curve_distance(centres_mm(geometry), ring) < 3
    tree = centreline_tree(mask, geometry, name="ring", root_mm=(48, 30, 14))
    assert tree.state == "check" and "loop" in tree.rules
    assert "1 ring" in tree.notes[tree.rules.index("loop")] and "at 12," in tree.notes[tree.rules.index("loop")]
    assert np.percentile(curve_distance(tree.nodes_mm, ring), 95) < 0.6
    assert tree.length_mm > 0.9 * 2 * np.pi * 18


def test_a_gap_is_bridged_up_to_the_stated_length_only():
    geometry = grid((40, 40, 40), (1.5, 1.5, 1.5))
    near = drawn(geometry, [((30, 30, 6), (30, 30, 24), 3.0), ((30, 30, 34), (30, 30, 52), 3.0)])
    tree = centreline_tree(near, geometry, name="gap", root_mm=(30, 30, 6))
    assert tree.state == "check" and tree.rules == ("bridged",)
    assert tree.nodes_mm[:, 2].max() > 50 and len(forks(tree)) == 0
    over = tree.nodes_mm[tree.bridged]
    assert 24.9 < over[:, 2].min() < over[:, 2].max() < 33
    assert np.abs(over[:, :2] - 30).max() < 0.8
    left = centreline_tree(near, geometry, name="gap", root_mm=(30, 30, 6), bridge_mm=3.0)
    assert left.rules == ("parts",) and left.nodes_mm[:, 2].max() < 29
    assert "1 part of" in left.notes[0] and not left.bridged.any()


def test_parts_side_by_side_are_not_joined_by_their_flanks():
    geometry = grid((40, 40, 40), (1.5, 1.5, 1.5))
    mask = drawn(geometry, [((20, 30, 6), (20, 30, 52), 3.0), ((30, 30, 6), (30, 30, 52), 3.0)])
    tree = centreline_tree(mask, geometry, name="pair", root_mm=(20, 30, 6))
    assert tree.rules == ("parts",) and tree.nodes_mm[:, 0].max() < 24


def test_a_rough_wall_grows_no_branches():
    geometry = grid((40, 50, 50), (1.5, 1.5, 1.5))
    mask = drawn(geometry, [((36, 36, 8), (36, 36, 50), 6.0)])
    shell = (piece_distance(centres_mm(geometry), (36, 36, 8), (36, 36, 50)) < 7.5) & ~mask
    mask |= shell & (np.random.default_rng(1).random(mask.shape) < 0.3)
    tree = centreline_tree(mask, geometry, name="rough", root_mm=(36, 36, 8))
    assert len(forks(tree)) == 0
    inner = (tree.nodes_mm[:, 2] > 12) & (tree.nodes_mm[:, 2] < 46)  # within a radius the ends are rough
    assert piece_distance(tree.nodes_mm, (36, 36, 0), (36, 36, 60))[inner].max() < 0.6


def test_what_the_scan_cuts_is_said():
    geometry = grid((20, 40, 40), (1.5, 1.5, 1.5))
    mask = drawn(geometry, [((30, 30, -20), (30, 30, 80), 4.0)])
    tree = centreline_tree(mask, geometry, name="cut")
    assert tree.rules == ("border",)
    assert geometry.contains(tree.nodes_mm).all()
    assert np.abs(tree.radius_mm / 4.0 - 1).max() < 0.06  # the cut is no end that narrows


@pytest.mark.parametrize(("fill", "words"), [((), "without voxels"), (((5, 5, 5),), "1 voxel "),
                                             (((5, 5, 5), (5, 5, 6)), "2 voxels")])
def test_what_has_no_length_is_refused(fill, words):
    geometry = grid((12, 12, 12))
    mask = np.zeros(geometry.shape, bool)
    for place in fill:
        mask[place] = True
    with pytest.raises(MeshError, match=words):
        centreline_tree(mask, geometry, name="speck")


def test_masks_and_roots_elsewhere_are_refused():
    geometry = grid((20, 20, 20))
    mask = drawn(geometry, [((15, 15, 10), (15, 15, 40), 3.0)])
    with pytest.raises(DataError, match="does not lie"):
        centreline_tree(mask[1:], geometry, name="tube")
    with pytest.raises(MeshError, match="the root lies"):
        centreline_tree(mask, geometry, name="tube", root_mm=(15, 15, 120))
    with pytest.raises(MeshError, match="start from"):
        centreline_tree(mask, geometry, name="tube", root_mask=np.zeros_like(mask))
    upper = np.zeros_like(mask)
    upper[10:] = True
    with pytest.raises(MeshError, match="not lie in the trunk"):
        centreline_tree(mask, geometry, name="tube", root_mm=(15, 15, 10), trunk_mask=upper & mask)


def test_a_trunk_is_one_line_however_rough_it_is():
    geometry = grid((40, 60, 60), (1.5, 1.5, 1.5))
    trunk = drawn(geometry, [((30, 45, 8), (30, 45, 50), 9.0), ((30, 45, 20), (30, 60, 20), 6.0)])
    mask = trunk | drawn(geometry, [((30, 45, 35), (75, 45, 35), 3.0)])
    tree = centreline_tree(mask, geometry, name="cava", root_mm=(30, 45, 50), trunk_mask=trunk)
    assert len(forks(tree)) == 1 and np.linalg.norm(tree.nodes_mm[forks(tree)[0]] - (30, 45, 35)) < 2.0
    assert tree.nodes_mm[:, 0].max() > 72 and tree.nodes_mm[:, 2].min() < 12


def test_touching_walls_are_no_way():
    geometry = grid((40, 60, 60), (1.5, 1.5, 1.5))
    # a branch leaves the trunk at the top and touches it again below: it belongs to its fork, not to the contact
    pieces = [((30, 45, 8), (30, 45, 52), 6.0), ((30, 45, 48), (52, 45, 38), 3.5), ((52, 45, 38), (39, 45, 22), 3.5),
              ((39, 45, 22), (60, 45, 10), 3.5)]  # fmt: skip
    tree = centreline_tree(drawn(geometry, pieces), geometry, name="ring", root_mm=(30, 45, 8))
    assert "loop" in tree.rules
    start, stop, _ = pieces[2]
    line = np.array(start) + np.linspace(0.1, 0.7, 20)[:, None] * (np.array(stop) - np.array(start))
    away = np.linalg.norm(line[:, None] - tree.nodes_mm[None], axis=2).min(axis=1)
    assert away.max() < 1.5


def test_the_way_the_array_runs_changes_nothing():
    geometry = grid((30, 40, 40))
    pieces = [((30, 30, 8), (30, 30, 36), 4.0), ((30, 30, 36), (12, 25, 66), 3.0), ((30, 30, 36), (50, 38, 60), 2.2)]
    mask = drawn(geometry, pieces)
    plain = centreline_tree(mask, geometry, name="tree", root_mm=(30, 30, 8))
    order, flips = (2, 0, 1), (True, False, True)
    turned = centreline_tree(reindex(mask, order, flips), geometry.reindexed(order, flips), name="tree",
                             root_mm=(30, 30, 8))  # fmt: skip
    np.testing.assert_allclose(plain.nodes_mm, turned.nodes_mm, atol=1e-6)
    np.testing.assert_array_equal(plain.parents, turned.parents)


def test_the_systems_of_a_generated_liver_are_apart(patient, trees):
    found, said = trees
    assert set(found) == {"portal", "hepatic", "arterial"} and said == []
    worst = max(patient.truth.geometry.spacing_mm)
    for name, truth in (("portal", "portal_branches"), ("hepatic", "hepatic_veins")):
        agreement = tree_agreement(found[name], patient.trees[truth], worst, mask=patient.truth.mask(truth),
                                   geometry=patient.truth.geometry)  # fmt: skip
        assert agreement.found[1.0] > 0.95 and agreement.right > 0.93
        assert agreement.forks_to_third.share >= 0.9
        assert abs(agreement.radius_bias_percent) < 8
        other = patient.trees["hepatic_veins" if name == "portal" else "portal_branches"]
        assert tree_agreement(found[name], other, worst).found[1.0] < 0.3
    assert found["portal"].state == "check" and "bridged" in found["portal"].rules


def test_trunks_and_roots_are_found_and_named(patient, trees):
    found, _ = trees
    portal, hepatic = found["portal"], found["hepatic"]
    assert set(portal.branch_names.values()) == {"portal trunk", "splenic vein", "superior mesenteric vein"}
    assert list(hepatic.branch_names.values()).count("inferior vena cava") == 1
    assert list(hepatic.branch_names.values()).count("hepatic vein") >= 3
    geometry = patient.truth.geometry
    trunk, cava = patient.truth.mask("portal_vein"), patient.truth.mask("inferior_vena_cava")
    assert trunk[geometry.nearest_voxel(portal.nodes_mm[portal.parents < 0][0])]
    root = hepatic.nodes_mm[hepatic.parents < 0][0]
    top = geometry.to_world(np.argwhere(cava))[:, 2].max()
    assert abs(root[2] - top) < 2 * max(geometry.spacing_mm)
    assert "root" in found["arterial"].rules  # the label of the artery ends short of the aorta


def test_what_is_not_told_apart_gives_no_tree(patient):
    labels = patient.truth
    merged = tuple(
        replace(segment, name="hepatic_vessels") if segment.name == "hepatic_veins" else segment
        for segment in labels.segments if segment.name != "portal_branches"
    )  # fmt: skip
    reasons = missing_trees(replace(labels, segments=merged))
    assert "not told apart" in reasons["portal"] and "not told apart" in reasons["hepatic"]
    listener = Listener()
    few = tuple(s for s in labels.segments if s.name not in ("portal_branches", "hepatic_artery", "hepatic_veins"))
    assert vessel_trees(replace(labels, segments=few), listener) == {}
    assert len(listener.said) == 3 and "no hepatic_artery" in listener.said[2]


def test_doubt_in_labels_stays_with_the_tree(patient):
    doubt = tuple(
        replace(s, state="check", rules=("estimated",)) if s.name == "hepatic_artery" else s
        for s in patient.truth.segments if s.name not in ("portal_branches", "hepatic_veins")
    )  # fmt: skip
    found = vessel_trees(replace(patient.truth, segments=doubt))
    assert found["arterial"].state == "check" and found["arterial"].rules[0] == "labels"


def test_a_tree_hung_on_another_node_is_the_same_tree():
    nodes = np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 1, 0), (3, 0, 0)], float)
    tree = VesselTree("t", nodes, np.array([-1, 0, 1, 2, 2]), np.array([5.0, 5.0, 4.0, 1.0, 3.0]))
    turned = rerooted(tree, 4)

    def as_pieces(one):
        return {(frozenset(map(tuple, (a, b))), r) for a, b, r in zip(*one.pieces(), strict=True)}

    assert as_pieces(tree) == as_pieces(turned)
    assert turned.parents.tolist() == [1, 2, 4, 2, -1] and turned.radius_mm[4] == 3.0
