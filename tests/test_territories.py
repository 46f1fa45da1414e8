"""Territories: nearest pieces against brute force, borders against geometry, sums, sub-trees, generated true trees."""

from __future__ import annotations

import itertools

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin import catalog
from anatomy_twin.anatomy.liver.territories import nearest_branch, segment_volumes, subtree_territories
from anatomy_twin.anatomy.vessels.loose import with_loose_parts
from anatomy_twin.assess.territory_agreement import branch_agreement, part_dice
from anatomy_twin.core import Code, LabelMap, Segment, VesselTree, VolumeGeometry
from anatomy_twin.errors import DataError
from anatomy_twin.kernels.territory_names import best_names, summed_below
from anatomy_twin.kernels.territory_nearest import nearest_pieces, nearest_within
from anatomy_twin.kernels.tree_order import order_from_roots
from anatomy_twin.phantom import make_patient
from anatomy_twin.phantom.abdomen.territories import limb_places, segment_of_nodes, true_territories


def oblique(shape, spacing, seed=0):
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return VolumeGeometry(shape, spacing, turn, (12.0, -30.0, 7.0))


def brute(points, start, stop):
    """Distance of every point to every piece, in plain numpy."""
    along = stop - start
    square = np.maximum((along**2).sum(axis=1), 1e-300)
    t = np.clip(((points[:, None] - start) * along).sum(axis=2) / square, 0.0, 1.0)
    return np.linalg.norm(start + t[..., None] * along - points[:, None], axis=2)


def whole(shape, spacing=1.0):
    geometry = VolumeGeometry.upright(shape, (spacing,) * 3)
    return np.ones(shape, bool), geometry


def labelled(mask, geometry):
    liver = Segment("liver", 0, 1, Code("SCT", "1", "Liver"), (1, 2, 3))
    return LabelMap(mask.astype(np.uint8)[None], geometry, (liver,))


def tree_of(nodes, parents, name="portal", **more):
    return VesselTree(name, np.array(nodes, float), np.array(parents), np.full(len(parents), 1.0), **more)


@pytest.mark.parametrize("seed", range(3))
def test_nearest_piece_is_that_of_brute_force_on_oblique_unequal_voxels(seed):
    rng = np.random.default_rng(seed)
    geometry = oblique((21, 34, 40), (2.5, 0.8, 1.1), seed)
    mask = rng.random(geometry.shape) < 0.3
    start = geometry.to_world(rng.uniform(0, geometry.shape, (150, 3)))
    stop = start + rng.normal(0, 6.0, (150, 3))
    stop[::10] = start[::10]  # pieces without length
    piece, distance = nearest_pieces(mask, geometry.affine, start, stop)
    away = brute(geometry.to_world(np.argwhere(mask)), start, stop)
    assert distance[mask] == pytest.approx(away.min(axis=1), abs=1e-4)
    taken = away[np.arange(len(away)), piece[mask]]
    assert taken == pytest.approx(away.min(axis=1), abs=1e-6)
    assert (piece[~mask] == -1).all() and (distance[~mask] == 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_every_voxel_of_any_mask_has_an_owner(seed, pieces):
    rng = np.random.default_rng(seed)
    mask = rng.random((7, 9, 8)) < rng.random()
    start, stop = rng.uniform(-4, 12, (2, pieces, 3))
    owner, distance, hidden = nearest_within(mask, np.eye(4), (1.0, 1.0, 1.0), start, stop, 0.5)
    assert ((owner >= 0) == mask).all() and owner.max(initial=-1) < pieces and 0 <= hidden <= mask.sum()
    straight = brute(np.argwhere(mask).astype(float), start, stop).min(axis=1, initial=np.inf) if mask.any() else []
    assert (distance[mask] >= np.asarray(straight) - 1e-4).all(), "no way is shorter than the straight one"


def test_the_border_of_two_parallel_vessels_is_the_plane_between_them():
    mask, geometry = whole((20, 20, 21))
    low, high = (0.0, 10.0, 0.0), (20.0, 10.0, 0.0)  # LPS: i is x
    tree = tree_of([low, (0, 10, 19), high, (20, 10, 19)], [-1, 0, -1, 2])
    found = nearest_branch(mask, geometry, tree)
    assert (found[..., :10] == 1).all() and (found[..., 11:] == 3).all()
    assert (found[..., 10] == 1).all(), "of two equally near the lower node"
    skipped = nearest_branch(mask, geometry, tree, owner=[-1, -1, -1, 7])
    assert (skipped == 7).all()


def test_any_number_of_threads_gives_the_same():
    rng = np.random.default_rng(3)
    mask, geometry = whole((30, 30, 30))
    start, stop = rng.uniform(0, 30, (2, 60, 3))
    many = nearest_pieces(mask, geometry.affine, start, stop)
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    one = nearest_pieces(mask, geometry.affine, start, stop)
    numba.set_num_threads(before)
    assert all(np.array_equal(a, b) for a, b in zip(many, one, strict=True))


def test_a_branch_does_not_reach_across_a_fissure():
    mask, geometry = whole((30, 40, 41))
    mask[:, :30, 18:23] = False  # a slit of 5 mm, open to the front, bridged behind j = 30
    # one vessel close to the slit on the right, one far from it on the left
    tree = tree_of([(16, 5, 0), (16, 5, 29), (38, 5, 0), (38, 5, 29)], [-1, 0, -1, 2])
    found = nearest_branch(mask, geometry, tree)
    x_of_border = 27  # half-way between 16 and 38
    assert (found[:, :20, 23:x_of_border] == 3).all(), "the way round the slit is longer than that to the far vessel"
    assert (found[:, :, :18] == 1).all()
    straight, _ = nearest_pieces(mask, geometry.affine, *tree.pieces()[:2])
    assert (straight[:, :20, 23:x_of_border] == 0).all(), "a straight line would cross it"
    assert np.array_equal(found >= 0, mask)


def test_a_vessel_that_runs_beside_the_organ_still_supplies_it():
    mask, geometry = whole((10, 10, 30))
    mask[:, :, :8] = False
    tree = tree_of([(3, 5, 0), (3, 5, 9), (28, 5, 0), (28, 5, 9)], [-1, 0, -1, 2])
    found = nearest_branch(mask, geometry, tree)
    assert (found[:, :, 8:15] == 1).all() and (found[:, :, 17:] == 3).all()


def y_tree():
    """A stem along z that forks at z = 20 to both sides; the left side forks again."""
    return tree_of(
        [(30, 30, 0), (30, 30, 20), (10, 30, 40), (50, 30, 40), (55, 15, 55), (55, 45, 55)], [-1, 0, 1, 1, 3, 3],
        branch_names={2: "right"},
    )  # fmt: skip


def test_territories_of_a_generation_add_up_to_the_organ():
    mask, geometry = whole((60, 60, 60))
    labels = labelled(mask, geometry)
    second = subtree_territories(labels, y_tree(), 2)
    assert len(second.names) == 2 and (second.array[0] > 0).all()
    assert sum(segment_volumes(second).values()) == pytest.approx(216.0)
    assert set(segment_volumes(second).values()) != {216.0}
    half = geometry.to_world(np.argwhere(second.array[0] == 1))
    assert half[:, 0].max() <= 30, "the right side belongs to the branch that leads there"
    third = subtree_territories(labels, y_tree(), 3)
    assert len(third.names) == 3, "a branch that ends before the generation keeps a territory"
    assert "right from node 2" in third.segments[0].note


def test_what_a_vessel_feeds_that_is_tied_at_a_node():
    mask, geometry = whole((60, 60, 60))
    tied = subtree_territories(labelled(mask, geometry), y_tree(), [3])
    points = geometry.to_world(np.argwhere(mask))
    start, stop, _ = y_tree().pieces()
    nearest = brute(points, start, stop).argmin(axis=1)
    expected = np.isin(np.array([1, 2, 3, 4, 5])[nearest], [3, 4, 5])
    assert np.mean((tied.array[0][mask] == 1) == expected) > 0.995  # but for ties at forks
    assert tied.segments[-1].note.startswith("all other branches")
    nested = subtree_territories(labelled(mask, geometry), y_tree(), [3, 4])
    assert len(nested.names) == 3 and segment_volumes(nested)["territory_1"] < segment_volumes(tied)["territory_1"]


def test_what_cannot_be_divided_is_refused_by_name():
    mask, geometry = whole((8, 8, 8))
    labels = labelled(mask, geometry)
    for at, words in ((9, "no branches of generation 9"), ([77], "no branch at"), ([], "no branch at")):
        with pytest.raises(DataError, match=words):
            subtree_territories(labels, y_tree(), at)
    with pytest.raises(DataError, match="need the spleen"):
        subtree_territories(labels, y_tree(), 1, organ="spleen")
    with pytest.raises(DataError, match="takes part"):
        nearest_branch(mask, geometry, tree_of([(1, 1, 1)], [-1]))
    with pytest.raises(DataError, match="does not lie on a grid"):
        nearest_branch(mask[:4], geometry, y_tree())
    with pytest.raises(DataError, match="3 owners"):
        nearest_branch(mask, geometry, y_tree(), owner=[1, 2, 3])


def test_dots_of_a_thin_branch_hang_on_one_after_the_other():
    mask, geometry = whole((40, 20, 60))
    vessel = np.zeros_like(mask)
    vessel[20, 10, 5:21] = True  # found as a tree
    for begin in (26, 34, 42):
        vessel[20, 10, begin:begin + 3] = True
    vessel[2, 10, 5] = True  # 18 mm away from all else
    tree = tree_of([(5, 10, 20), (20, 10, 20)], [-1, 0])
    hung, parts, left_out = with_loose_parts(tree, vessel, geometry, reach_mm=10.0)
    assert (parts, left_out) == (3, 1) and hung.bridged[2:].all() and not hung.bridged[:2].any()
    assert hung.parents.tolist() == [-1, 0, 1, 2, 3, 4, 5, 6]
    assert hung.nodes_mm[2:, 0] == pytest.approx([26, 28, 34, 36, 42, 44])
    same, none, _ = with_loose_parts(tree, np.zeros_like(vessel), geometry)
    assert none == 0 and same is tree


def test_best_names_are_the_best_of_all_namings():
    rng = np.random.default_rng(8)
    for _ in range(20):
        count, kinds = 6, 3
        parents = np.array([-1, *(rng.integers(0, n) for n in range(1, count))])
        score, change = rng.normal(size=(count, kinds)), float(rng.uniform(0, 0.5))
        allowed = (rng.random((kinds, kinds)) < 0.7) | np.eye(kinds, dtype=bool)

        def worth(names, parents=parents, score=score, allowed=allowed, change=change):
            total = 0.0
            for node, name in enumerate(names):
                up = parents[node]
                if up >= 0 and not allowed[names[up], name]:
                    return -np.inf
                total += score[node, name] - (change if up >= 0 and names[up] != name else 0.0)
            return total

        best = max(itertools.product(range(kinds), repeat=count), key=worth)
        assert worth(best_names(parents, score, allowed, change)) == pytest.approx(worth(best))


def test_sums_below_and_order():
    parents = np.array([2, 0, -1, 0, -1, 4])
    order = order_from_roots(parents).tolist()
    assert sorted(order) == list(range(6))
    assert all(parents[n] < 0 or order.index(parents[n]) < order.index(n) for n in order)
    assert summed_below(parents, np.ones(6)).tolist() == [3, 1, 4, 1, 2, 1]


def test_segments_have_the_codes_of_snomed():
    codes = pytest.importorskip("pydicom.sr.codedict").codes.SCT
    for number, roman in enumerate(("I", "II", "III", "IV", "V", "VI", "VII", "VIII"), start=1):
        term = catalog.term(f"liver_segment_{number}")
        assert term["code"] == getattr(codes, f"CouinaudHepaticSegment{roman}").value
        assert term["label"].endswith(f" {roman}") and term["part_of"] == "liver"
    assert len({tuple(catalog.term(f"liver_segment_{n}")["colour"]) for n in range(1, 9)}) == 8


@pytest.fixture(scope="module")
def patient():
    return make_patient(2, "liver_tumour", "portal", matrix=112, slice_mm=4.5)


def test_true_territories_divide_the_whole_liver_and_follow_the_tree(patient):
    truth, liver = true_territories(patient), patient.truth.mask("liver")
    assert np.array_equal(truth.array[0] > 0, liver)
    assert sum(segment_volumes(truth).values()) == pytest.approx(patient.truth.volume_ml("liver"))
    assert {segment.state for segment in truth.segments} == {"truth"}
    tree, names = patient.trees["portal_branches"], segment_of_nodes(patient)
    for node, name in tree.branch_names.items():
        if name in ("II", "III", "IV", "V", "VI", "VII", "VIII"):
            assert names[node] == ("II", "III", "IV", "V", "VI", "VII", "VIII").index(name)
    right = next(node for node, name in tree.branch_names.items() if name == "right")
    below = order_from_roots(tree.parents)
    mine = {right}
    for node in below:
        if tree.parents[node] in mine:
            mine.add(int(node))
    assert {int(names[node]) for node in mine} <= {3, 4, 5, 6, 7}, "the right branch feeds V to VIII only"
    assert set(limb_places(patient)) <= {"II", "III", "IV", "V", "VI", "VII", "VIII"}


def test_halves_of_a_generated_liver_are_found_again_from_its_labels(patient):
    from anatomy_twin.anatomy.liver.couinaud import divide_liver
    from anatomy_twin.anatomy.vessels.trees import vessel_trees

    labels, truth = patient.truth, true_territories(patient)
    trees = vessel_trees(labels)
    division = divide_liver(labels, trees)
    agreed = part_dice(division.labels, truth)
    assert agreed["right half"] > 0.9 and agreed["left half"] > 0.85
    assert np.array_equal(division.labels.array[0] > 0, labels.mask("liver"))
    found, parts, _ = with_loose_parts(trees["portal"], labels.mask("portal_branches"), labels.geometry)
    matches = branch_agreement(patient.trees["portal_branches"], found, labels.mask("liver"), labels.geometry)
    assert parts > 50 and np.median([match.dice for match in matches]) > 0.75  # 3.5 x 4.5 mm
    same = branch_agreement(patient.trees["portal_branches"], patient.trees["portal_branches"], labels.mask("liver"),
                            labels.geometry)  # fmt: skip
    assert {match.dice for match in same} == {1.0} and all(match.true_node == match.found_node for match in same)
    assert part_dice(truth, truth, found_layer=0)["right anterior"] == 1.0
