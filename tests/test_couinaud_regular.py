"""Segments hang together and keep to their side: on drawn parts, on the schematic liver and on a generated patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq
from scipy.special import erf
from skimage.measure import label

from anatomy_twin.anatomy.liver.couinaud import divide_liver
from anatomy_twin.anatomy.liver.fissure import find_fissure
from anatomy_twin.anatomy.liver.landmarks import find_landmarks
from anatomy_twin.anatomy.liver.pieces import in_one_piece
from anatomy_twin.anatomy.liver.portal_names import ALL, SEGMENTS, marked
from anatomy_twin.anatomy.liver.regular import regular_segments
from anatomy_twin.anatomy.liver.territories import segment_volumes
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.assess.territory_agreement import part_dice
from anatomy_twin.core import VesselTree, VolumeGeometry
from anatomy_twin.phantom import make_patient
from anatomy_twin.phantom.abdomen.territories import true_territories
from tests.support.schematic_liver import hepatic_tree, place, portal_tree, schematic_labels

LABELS = schematic_labels()
TREES = {"portal": portal_tree(), "hepatic": hepatic_tree()}
SHARP = 5.0


def pieces(mask):
    return int(label(mask, connectivity=1).max())


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 4)))
def test_every_part_of_any_array_ends_in_one_piece_where_the_organ_is_one(numbers):
    result, notes = in_one_piece(numbers, (2.0, 1.0, 1.0))
    assert np.array_equal(result > 0, numbers > 0) and set(np.unique(result)) <= set(np.unique(numbers))
    organ = label(numbers > 0, connectivity=1)
    for part in np.unique(result[result > 0]):
        inside = [pieces((result == part) & (organ == n)) for n in range(1, organ.max() + 1)]
        assert max(inside) == 1, "in each piece of the organ a part is in one piece"
        assert np.count_nonzero((result == part) & (numbers == part)) > 0, "no part vanishes"
    whole = len(np.unique(numbers[numbers > 0])) >= organ.max()
    assert notes or organ.max() <= 1 or whole


def test_an_island_goes_to_the_part_that_it_shares_most_surface_with():
    numbers = np.full((5, 5, 8), 3, np.uint8)
    numbers[:, :, 5:] = 7
    numbers[1:3, 1:3, 4] = 5  # touches 7 with one face of four voxels, 3 with all others
    numbers[4, 4, 0] = 7
    numbers[0, 0, 7] = 5
    result, notes = in_one_piece(numbers, (1.0, 1.0, 1.0))
    assert result[4, 4, 0] == 3 and result[0, 0, 7] == 7 and (result[1:3, 1:3, 4] == 5).all() and not notes
    kept, notes = in_one_piece(numbers, (1.0, 1.0, 1.0), numbers == 7)
    assert kept[4, 4, 0] == 7 and any("by hand" in note for note in notes)


def block(mm=(60, 40, 80)):
    """A block of liver: IV to the left of a plane at x = 40 mm, V to its right, and VIII there above z = 30 mm."""
    geometry = VolumeGeometry.upright(mm, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    world = geometry.to_world(np.argwhere(np.ones(mm, bool)))
    planes = np.full((len(world), len(SEGMENTS)), -60.0)
    left = (world[:, 0] - 40.0) / SHARP
    for name, way in (("IV", left), ("V", -left), ("VIII", -left)):
        up = (world[:, 2] - 30.0) / SHARP
        odds = way + {"IV": 0.0, "V": -np.maximum(up, 0.0), "VIII": np.minimum(up, 0.0)}[name]
        planes[:, SEGMENTS.index(name)] = np.minimum(odds, 0.0)
    return np.ones(mm, bool), geometry, planes, world


def test_branches_move_a_border_by_some_way_and_make_no_islands():
    liver, geometry, planes, world = block()
    x, z = (world[:, axis].reshape(liver.shape) for axis in (0, 2))
    territory = np.where(x > 50.0, 4, np.where(z > 30.0, 8, 5)).astype(np.uint8)
    territory[20:24, 10:14, 10:14] = 4  # a twig of IV far on the other side
    regular = regular_segments(liver, geometry, planes, territory, np.zeros_like(liver))
    four = regular.segments == 4
    assert {pieces(regular.segments == n) for n in (4, 5, 8)} == {1} and (regular.segments > 0).all()
    # where the plane's odds (x - 40) / 5 are as large as twice what the smoothed step at 50 mm has left
    expected = brentq(lambda at: (at - 40.0) / SHARP + 2.0 * erf((at - 50.0) / (8.0 * np.sqrt(2.0))), 40.0, 60.0)
    border = np.where(four, x, np.inf).min(axis=2)
    assert np.median(border) == pytest.approx(expected, abs=1.0), "10 mm beyond a plane a branch counts"
    far = np.where(x > 75.0, 4, np.where(z > 30.0, 8, 5)).astype(np.uint8)
    border = np.where(regular_segments(liver, geometry, planes, far, np.zeros_like(liver)).segments == 4, x, np.inf)
    assert np.median(border.min(axis=2)) == pytest.approx(50.0, abs=1.0), "35 mm beyond it does not: twice 5 mm"
    told = regular_segments(liver, geometry, planes, far[:, :, ::-1].copy(), np.zeros_like(liver)).notes
    assert any("beyond its planes" in note for note in told)


def test_a_pair_of_which_branches_leave_one_nothing_is_divided_by_its_plane_or_in_half():
    liver, geometry, planes, world = block()
    z = world[:, 2].reshape(liver.shape)
    territory = np.where(world[:, 0].reshape(liver.shape) > 40.0, 4, 8).astype(np.uint8)
    planes[:, SEGMENTS.index("V")] -= 4.0  # the odds against V are such that branches of VIII take it all
    planes[:, SEGMENTS.index("V")] += np.where(world[:, 2] < 30.0, 4.5, 0.0)
    planes[:, SEGMENTS.index("VIII")] -= np.where(world[:, 2] < 30.0, 0.5, 0.0)
    regular = regular_segments(liver, geometry, np.minimum(planes, 0.0), territory, np.zeros_like(liver))
    five = regular.segments == 5
    assert z[five].max() == pytest.approx(30.0, abs=2.0) and five.sum() > 0.4 * np.count_nonzero(territory == 8)
    assert regular.rules == {5: ("planes alone",), 8: ("planes alone",)} and any("V" in note for note in regular.notes)
    planes[:, SEGMENTS.index("V")] = -70.0
    regular = regular_segments(liver, geometry, planes, territory, np.zeros_like(liver))
    both = np.isin(regular.segments, (5, 8))
    assert z[regular.segments == 5].max() == pytest.approx(np.median(z[both]), abs=1.5)
    assert regular.rules[5] == ("assumed",)


def test_what_a_person_marked_keeps_its_name_whatever_the_planes_say():
    liver, geometry, planes, world = block()
    marks = np.where((world[:, 0] < 20.0) & (world[:, 2] > 40.0), ALL.index("II"), -1)
    marks[world[:, 0] > 70.0] = ALL.index("right")
    regular = regular_segments(liver, geometry, planes, None, np.zeros_like(liver), marks)
    got = regular.segments[liver]
    assert (got[marks == ALL.index("II")] == 2).all()
    assert np.isin(got[marks == ALL.index("right")], (5, 8)).all(), "a branch of the right half is not in IV"


def with_cleft(side, azimuth_deg):
    """The schematic liver with a cleft of 5 mm at its front, from 50 mm before the cava on, and its azimuth."""
    labels = schematic_labels(side, spacing=2.5)
    points = labels.geometry.to_world(np.moveaxis(np.indices(labels.geometry.shape), 0, -1))
    x, y = side * points[..., 0] + 20.0, 42.0 - points[..., 1]
    angle, away = np.degrees(np.arctan2(-x, y)), np.hypot(x, y)
    cut = (np.abs(np.radians(angle - azimuth_deg)) * away < 2.5) & (away > 50.0) & (points[..., 2] < 10.0)
    array = labels.array.copy()
    array[0][cut & labels.mask("liver")] = 0
    return replace(labels, array=array)


@pytest.mark.parametrize(("side", "azimuth"), [(1, -20.0), (1, -34.0), (-1, -8.0)])
def test_the_umbilical_fissure_is_found_where_the_liver_has_a_cleft(side, azimuth):
    labels = with_cleft(side, azimuth)
    hilum = np.array(place(15.0, 36.0, 0.0, side))
    frame = find_landmarks(labels, hepatic_tree(side), hilum)
    assert frame.fissure_deg == pytest.approx(azimuth, abs=2.0) and "umbilical fissure" in frame.found
    plain = schematic_labels(side)
    assert find_fissure(plain, plain.mask("liver"), frame, hilum) is None


@pytest.mark.parametrize("turn_deg", [0.0, 6.0])
def test_a_liver_that_is_moved_is_divided_the_same(turn_deg):
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    shift = np.array([130.0, -40.0, 77.0])
    grid = LABELS.geometry
    labels = replace(LABELS, geometry=replace(grid, direction=turn @ np.asarray(grid.direction),
                                              origin_mm=tuple(turn @ grid.origin_mm + shift)))  # fmt: skip
    trees = {name: replace(tree, nodes_mm=tree.nodes_mm @ turn.T + shift) for name, tree in TREES.items()}
    there, here = divide_liver(labels, trees).labels.array[0], divide_liver(LABELS, TREES).labels.array[0]
    liver = LABELS.mask("liver")
    assert np.mean(there[liver] == here[liver]) > (0.999 if not turn_deg else 0.93)


def test_a_border_is_moved_by_no_more_than_both_of_a_pair_need_to_have_branches():
    vein = TREES["hepatic"]  # runs just above the end of limb II
    low = replace(vein, nodes_mm=vein.nodes_mm - np.where(np.arange(27) >= 18, 15.0, 0.0)[:, None] * [0, 0, 1])
    for hepatic, moved in ((vein, True), (low, False)):
        division = divide_liver(LABELS, {**TREES, "hepatic": hepatic})
        assert {"II", "III"} <= set(division.portal.branch_names.values())
        assert any("II and III 8 mm further down" in note for note in division.labels.notes) == moved
        assert sum("further" in note for note in division.labels.notes) == moved


@pytest.fixture(scope="module")
def patient():
    return make_patient(seed=2, kind="liver_tumour", phase="portal", matrix=128, slice_mm=4.0)


def test_segments_of_a_generated_patient_are_whole_and_lie_where_they_belong(patient):
    labels, trees = patient.truth, vessel_trees(patient.truth)
    found = divide_liver(labels, trees).labels
    numbers, liver = found.array[0], labels.mask("liver")
    largest = label(liver, connectivity=1)
    largest = largest == np.argmax(np.bincount(largest[liver]))
    assert {n: pieces((numbers == n) & largest) for n in range(1, 9)} == dict.fromkeys(range(1, 9), 1)
    assert np.array_equal(numbers > 0, liver)
    assert sum(segment_volumes(found).values()) == pytest.approx(labels.volume_ml("liver"), rel=1e-12)
    assert min(np.bincount(numbers[liver])[1:]) > 0.015 * liver.sum(), "none is a crumb"
    true_tree: VesselTree = patient.trees["portal_branches"]
    spots = {name: true_tree.nodes_mm[node] for node, name in true_tree.branch_names.items()}
    lateral = labels.geometry.to_world(np.argwhere(np.isin(numbers, (2, 3))))
    assert np.mean(lateral[:, 0] > spots["fork"][0]) > 0.99, "II and III lie left of the hilum"
    frame = find_landmarks(labels, trees["hepatic"], spots["fork"])
    assert frame.fissure_deg == pytest.approx(float(frame.polar(spots["umbilical"][None])[0][0]), abs=8.0)
    agreed = part_dice(found, replace(truth := true_territories(patient), array=np.where(numbers == 1, 0, truth.array)),
                       found_layer=0)  # fmt: skip
    assert min(agreed["right half"], agreed["left half"]) > 0.9
    assert np.mean([agreed[name] for name in SEGMENTS]) > 0.65


def test_a_marked_branch_of_a_generated_patient_keeps_what_it_supplies(patient):
    labels, trees = patient.truth, vessel_trees(patient.truth)
    tree = patient.trees["portal_branches"]
    spot = next(tree.nodes_mm[node] for node, name in tree.branch_names.items() if name == "VIII")
    division = divide_liver(labels, {**trees, "portal": marked(trees["portal"], {"VII": spot})})
    own, plain = division.labels.array[0], divide_liver(labels, trees).labels.array[0]
    voxel = labels.geometry.nearest_voxel(spot)
    assert plain[voxel] != 7 and own[voxel] == 7
