"""Couinaud's segments: names on a schematic liver whose segments are known, on its mirror image, with parts missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog, load_volume
from anatomy_twin.anatomy.liver.couinaud import couinaud_segments, divide_liver
from anatomy_twin.anatomy.liver.landmarks import find_landmarks, side_of
from anatomy_twin.anatomy.liver.portal_names import ALL, SEGMENTS, STEMS, marked, names_of_nodes
from anatomy_twin.anatomy.liver.territories import segment_volumes
from anatomy_twin.core import Code, LabelMap, Segment, VesselTree
from anatomy_twin.core.geometry import inverse_axes, reindex
from anatomy_twin.errors import DataError
from tests.support.schematic_liver import hepatic_tree, place, portal_tree, schematic_labels, tip

TREES = {"portal": portal_tree(), "hepatic": hepatic_tree()}
LABELS = schematic_labels()


def names_at_tips(portal, side=1):
    codes = names_of_nodes(portal)
    return {name: ALL[codes[tip(portal, name, side)]] for name in SEGMENTS}


@pytest.mark.parametrize("side", [1, -1])
def test_every_limb_of_a_textbook_liver_gets_its_name_also_mirrored(side):
    labels = schematic_labels(side)
    division = divide_liver(labels, {"portal": portal_tree(side), "hepatic": hepatic_tree(side)})
    assert names_at_tips(division.portal, side) == {name: name for name in SEGMENTS}
    flagged = "laterality" in division.labels.segment("liver_segment_5").rules
    assert flagged == (side < 0), "a mirrored liver is said to be one"


def test_found_segments_are_what_the_named_limbs_supply():
    found = couinaud_segments(LABELS, TREES)
    given = couinaud_segments(LABELS, {**TREES, "portal": portal_tree(names=True)})
    same = np.mean(found.array[1][LABELS.mask("liver")] == given.array[1][LABELS.mask("liver")])
    assert same > 0.99
    assert any("as given" in note for note in given.notes) and not any("as given" in note for note in found.notes)


def test_every_voxel_of_the_liver_has_one_segment_and_the_volumes_add_up():
    found = couinaud_segments(LABELS, TREES)
    liver = LABELS.mask("liver")
    assert np.array_equal(found.array[0] > 0, liver) and np.array_equal(found.array[1] > 0, liver)
    assert sum(segment_volumes(found).values()) == pytest.approx(LABELS.volume_ml("liver"), rel=1e-12)
    for segment in found.segments:
        assert segment.state in ("check", "not found") and "estimated" in segment.rules and segment.note
    assert found.segment("liver_segment_4").code.value == "277958008"


@pytest.mark.parametrize("gone", [("right",), ("anterior",), ("posterior",), ("right", "anterior", "posterior"),
                                  ("umbilical",), ("left", "umbilical")])  # fmt: skip
def test_forks_into_three_and_more_change_no_name(gone):
    division = divide_liver(LABELS, {**TREES, "portal": portal_tree(leave_out=gone)})
    assert names_at_tips(division.portal) == {name: name for name in SEGMENTS}


def test_small_side_branches_of_the_stems_are_named_by_their_place():
    tree = portal_tree()
    rng = np.random.default_rng(5)
    stems = [1, 2, 3, 6, 9, 10]
    hooks = rng.choice(stems, 12)
    twigs = tree.nodes_mm[hooks] + rng.normal(0, 5.0, (12, 3))
    more = VesselTree("portal", np.vstack([tree.nodes_mm, twigs]), np.append(tree.parents, hooks),
                      np.append(tree.radius_mm, np.full(12, 0.8)))  # fmt: skip
    division = divide_liver(LABELS, {**TREES, "portal": more})
    assert names_at_tips(division.portal) == {name: name for name in SEGMENTS}
    codes = names_of_nodes(division.portal)
    halves = {name: set(STEMS["right"]) if name in STEMS["right"] else set(STEMS["left"]) for name in SEGMENTS}
    for twig, hook in zip(range(len(tree.parents), len(more.parents)), hooks, strict=True):
        assert ALL[codes[twig]] in SEGMENTS, "an end is no stem"
        if hook in (2, 3, 6):
            assert ALL[codes[twig]] in halves["V"], "what hangs on the right branch belongs to the right half"


def test_hepatic_veins_are_told_apart_by_where_they_drain():
    frame = find_landmarks(LABELS, TREES["hepatic"], np.array(place(15, 36, 0)))
    assert set(frame.veins) == {"right", "middle", "left"} and not frame.missing and frame.side == 1
    for name, azimuth in (("right", 95.0), ("middle", 38.0), ("left", -48.0)):
        assert frame.azimuth_deg[name][8:22] == pytest.approx(azimuth, abs=4.0), name
    angle, away = frame.polar(np.array([place(70.0, 50.0, 30.0)]))
    assert angle[0] == pytest.approx(70.0, abs=3.0) and away[0] == pytest.approx(50.0, abs=3.0)
    assert frame.beyond_mm("middle", angle, away)[0] > 0 > frame.beyond_mm("right", angle, away)[0]


def test_the_side_of_the_liver_is_read_from_several_organs():
    assert side_of(LABELS) == (1, True) and side_of(schematic_labels(-1)) == (-1, True)
    assert side_of(schematic_labels(without=("inferior_vena_cava", "aorta", "spleen"))) == (1, False)


def test_without_hepatic_veins_the_gallbladder_gives_the_middle_plane_and_it_is_flagged():
    division = divide_liver(LABELS, {"portal": TREES["portal"]})
    assert names_at_tips(division.portal)["IV"] == "IV" and names_at_tips(division.portal)["VI"] == "VI"
    assert "no hepatic veins" in division.labels.segment("liver_segment_8").rules
    assert any("through the gallbladder" in note for note in division.labels.notes)


def test_without_portal_branches_planes_divide_the_liver_and_it_is_flagged():
    found = couinaud_segments(LABELS, {"hepatic": TREES["hepatic"]})
    assert "no portal branches" in found.segment("liver_segment_5").rules
    assert found.segment("liver_segment_1").state == "not found"
    assert np.array_equal(found.array[0] > 0, LABELS.mask("liver"))
    spots = {"4": (12, 75, 0), "5": (62, 80, -40), "8": (66, 70, 40), "6": (116, 70, -36), "7": (118, 64, 34)}
    centre = {name: LABELS.geometry.nearest_voxel(place(*spot)) for name, spot in spots.items()}
    assert {name: str(found.array[0][voxel]) for name, voxel in centre.items()} == {name: name for name in centre}


@pytest.mark.real_data
def test_a_real_liver_is_divided_by_the_gallbladder_and_the_cava_alone(real_data):
    numbers = {name: int(n) for n, name in catalog.load("external_classes")["tasks"]["total"]["classes"].items()}
    scan = load_volume(real_data / "totalsegmentator_refs" / "example_seg.nii.gz", modality="CT").canonical()
    names = ("liver", "inferior_vena_cava", "gallbladder", "aorta", "spleen", "stomach")
    segments = tuple(Segment(n, 0, numbers[n], Code("SCT", "1", n), (1, 2, 3)) for n in names)
    labels = LabelMap(scan.array.astype(np.uint8)[None], scan.geometry, segments)
    found = couinaud_segments(labels, {})
    volumes = segment_volumes(found)
    assert sum(volumes.values()) == pytest.approx(labels.volume_ml("liver"), rel=1e-12)
    assert {"no portal branches", "no hepatic veins"} <= set(found.segment("liver_segment_4").rules)
    middle = {n: labels.geometry.to_world(np.argwhere(found.array[0] == n)).mean(axis=0) for n in range(2, 9)}
    assert middle[2][0] > middle[4][0] > middle[5][0] and middle[3][0] > middle[4][0], "left of each other"
    assert middle[8][2] > middle[5][2] + 10 and middle[7][2] > middle[6][2] + 10, "above each other"
    assert middle[6][1] > middle[5][1] + 10 and middle[7][1] > middle[8][1] + 10, "behind each other"
    right = sum(volumes[f"liver_segment_{n}"] for n in (5, 6, 7, 8)) / sum(volumes.values())
    assert 0.5 < right < 0.8


def test_what_cannot_be_divided_is_refused_by_name():
    with pytest.raises(DataError, match="need the liver"):
        couinaud_segments(schematic_labels(without=("liver",)), TREES)
    with pytest.raises(DataError, match="nothing tells the liver's segments apart"):
        couinaud_segments(schematic_labels(without=("inferior_vena_cava",)), {})
    far = replace(TREES["portal"], nodes_mm=TREES["portal"].nodes_mm + 900.0)
    with pytest.raises(DataError, match="lies in the liver"):
        couinaud_segments(LABELS, {**TREES, "portal": far})


def test_the_vena_cava_missing_is_flagged_and_segment_one_is_not_invented():
    found = couinaud_segments(schematic_labels(without=("inferior_vena_cava",)), TREES)
    assert found.segment("liver_segment_1").state == "not found"
    assert "vena cava" in found.segment("liver_segment_1").note
    assert "landmark" in found.segment("liver_segment_6").rules


def test_segment_one_lies_between_cava_and_portal_fork():
    found = couinaud_segments(LABELS, TREES)
    part = LABELS.geometry.to_world(np.argwhere(found.array[0] == 1))
    share = len(part) / np.count_nonzero(LABELS.mask("liver"))
    assert 0.02 <= share <= 0.10
    fork = place(15, 36, 0)
    assert part[:, 1].mean() > fork[1], "behind the portal fork"
    assert np.hypot(part[:, 0] - -20.0, part[:, 1] - 42.0).max() <= 25.0 + 11.0 + 4.0
    assert part[:, 0].min() > -20.0 - 11.0 - 3.0 - 4.0, "not beyond the right border of the cava"
    assert not ((part[:, 1] > 42.0 + 11.0) & (np.abs(part[:, 0] - -20.0) < 8.0)).any(), "not behind the cava"


def test_marks_of_a_person_stay_and_contradictions_are_refused():
    spot = place(66.0, 78.0, 42.0)  # what is named VIII without a mark
    division = divide_liver(LABELS, {**TREES, "portal": marked(TREES["portal"], {"VII": spot})})
    assert names_at_tips(division.portal)["VIII"] == "VII" and names_at_tips(division.portal)["VI"] == "VI"
    both = replace(TREES["portal"], branch_names={9: "VI", 12: "III"})
    with pytest.raises(DataError, match="contradict"):
        divide_liver(LABELS, {**TREES, "portal": both})
    with pytest.raises(DataError, match="no portal branch is called"):
        marked(TREES["portal"], {"IX": spot})


def test_the_result_does_not_depend_on_how_the_array_is_indexed():
    plain = couinaud_segments(LABELS, TREES)
    order, flips = (2, 0, 1), (True, False, True)
    turned = couinaud_segments(LABELS.reindexed(order, flips), TREES)
    back = reindex(turned.array, *inverse_axes(order, flips))
    assert np.mean(back != plain.array) < 1e-3  # ties at planes only
