"""Tumour candidates and the user's target, on drawn livers whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry, reindex
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.abdomen.kidney_lesions import find_kidney_lesions
from anatomy_twin.segmentation.abdomen.lesions import find_tumour_candidates
from anatomy_twin.segmentation.clicks.target import add_target, grow_target
from anatomy_twin.segmentation.ground.phase import Phase
from tests.support.overlap import dice
from tests.support.toy_patient import make_segment, toy_patient

PORTAL = Phase("portal venous", 150.0, 100.0)


def liver_scene(lesions, noise=14.0, seed=5):
    """A liver in fat with a fissure and spheres (x, y, z from the middle in mm, radius, HU difference)."""
    shape = (80, 90, 100)
    geometry = VolumeGeometry.upright(shape, (1.5,) * 3, (-75.0, -67.5, -60.0))
    points = geometry.to_world(np.moveaxis(np.indices(shape), 0, -1))
    x, y, z = np.moveaxis(points, -1, 0)
    liver = (x / 65) ** 2 + (y / 55) ** 2 + (z / 48) ** 2 < 1
    fissure = (np.abs(x - 30) < 2.0) & (y < -10)
    hu = np.where(liver & ~fissure, 105.0, -95.0)
    truth = []
    for a, b, c, radius, difference in lesions:
        ball = ((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 < radius**2) & liver & ~fissure
        hu[ball] += difference
        truth.append(ball)
    hu = ndimage.gaussian_filter(hu, 0.6) + np.random.default_rng(seed).normal(0, noise, shape)
    return geometry, hu.astype(np.float32), liver & ~fissure, truth


def test_two_dark_tumours_are_the_best_candidates():
    geometry, hu, liver, truth = liver_scene([(-25, 5, 10, 13, -40), (10, 20, -12, 8, -35)])
    found = find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)
    assert list(found) == ["tumour_candidate_1", "tumour_candidate_2"]
    for ball in truth:
        assert max(dice(entry.mask, ball) for entry in found.values()) > 0.85
    assert {entry.state for entry in found.values()} == {"check"}
    assert all("score" in entry.note for entry in found.values())


def test_a_tumour_that_the_liver_mask_left_out_is_still_found():
    geometry, hu, liver, truth = liver_scene([(-48, 0, 0, 13, -45)])
    found = find_tumour_candidates(hu, geometry, {"liver": liver & ~truth[0]}, PORTAL)
    assert dice(found["tumour_candidate_1"].mask, truth[0]) > 0.8


def test_a_healthy_liver_has_no_candidates():
    geometry, hu, liver, _ = liver_scene([])
    found = find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)
    assert list(found) == ["tumour_candidate_1"] and found["tumour_candidate_1"].absent


def test_a_vessel_that_is_known_is_no_candidate():
    geometry, hu, liver, truth = liver_scene([(-20, 0, 0, 7, 60)])
    bright = find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)
    assert dice(bright["tumour_candidate_1"].mask, truth[0]) > 0.7 and "brighter" in bright["tumour_candidate_1"].note
    known = find_tumour_candidates(hu, geometry, {"liver": liver, "hepatic_vessels": truth[0]}, PORTAL)
    assert known["tumour_candidate_1"].absent


def test_a_large_lesion_of_few_hu_is_found_and_a_small_one_is_not_guessed():
    geometry, hu, liver, truth = liver_scene([(-25, 5, 0, 14, -9)], noise=11.0)
    found = find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)
    assert list(found) == ["tumour_candidate_1"]
    assert dice(found["tumour_candidate_1"].mask, truth[0]) > 0.75
    assert found["tumour_candidate_1"].rules == ("candidate",)
    geometry, hu, liver, truth = liver_scene([(-25, 5, 0, 5, -9)], noise=11.0)
    assert find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)["tumour_candidate_1"].absent


def kidney_scene(balls, noise=10.0, seed=1):
    """Two kidneys in fat; balls (x, y, z, radius, HU). The spine lies between them; each has a pelvis of 8 HU."""
    shape = (80, 60, 130)
    geometry = VolumeGeometry.upright(shape, (1.5,) * 3, (-97.5, -45.0, -60.0))
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(shape), 0, -1)), -1, 0)
    sides = {}
    hu = np.full(shape, -95.0)
    for name, side in (("kidney_right", -1), ("kidney_left", 1)):
        bean = ((x - 60 * side) / 26) ** 2 + (y / 22) ** 2 + (z / 50) ** 2 < 1
        sinus = ((x - 42 * side) / 15) ** 2 + (y / 10) ** 2 + (z / 20) ** 2 < 1
        pelvis = ((x - 46 * side) / 8) ** 2 + (y / 6) ** 2 + (z / 10) ** 2 < 1
        sides[name] = bean & ~sinus
        hu[sides[name]], hu[pelvis] = 165.0, 8.0
    truth = []
    for a, b, c, radius, level in balls:
        ball = (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 < radius**2
        hu[ball] = level
        truth.append(ball)
        sides = {name: mask & ~ball for name, mask in sides.items()}
    hu = ndimage.gaussian_filter(hu, 0.6) + np.random.default_rng(seed).normal(0, noise, shape)
    return geometry, hu.astype(np.float32), sides, truth


def test_cysts_of_the_kidney_are_candidates_and_its_pelvis_is_none():
    geometry, hu, sides, truth = kidney_scene([(-78, 0, 10, 9, 8), (62, -22, -5, 12, 6)])
    found = find_kidney_lesions(hu, geometry, sides, PORTAL)
    assert sorted(found) == ["kidney_lesion_candidate_1", "kidney_lesion_candidate_2"]
    for ball, side in zip(truth, ("kidney_right", "kidney_left"), strict=True):
        best = max(found.values(), key=lambda entry: dice(entry.mask, ball))
        assert dice(best.mask, ball) > 0.8
        assert best.part_of == side and best.state == "check" and "cyst" in best.note
    geometry, hu, sides, _ = kidney_scene([])
    healthy = find_kidney_lesions(hu, geometry, sides, PORTAL)
    assert list(healthy) == ["kidney_lesion_candidate_1"] and healthy["kidney_lesion_candidate_1"].absent
    nothing = find_kidney_lesions(hu, geometry, {}, PORTAL)["kidney_lesion_candidate_1"]
    assert nothing.absent and "needs a kidney" in nothing.note


# --- the target ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def untold():
    """The toy patient with its truth, and labels in which the liver holds the tumours but nobody has named them."""
    volume, truth = toy_patient(3.0)
    array = np.array(truth.array)
    array[2] = 0
    array[0][truth.mask("tumour_1") | truth.mask("tumour_2")] = truth.segment("liver").value
    segments = tuple(s for s in truth.segments if not s.name.startswith("tumour"))
    return volume, replace(truth, array=array, segments=segments), truth


@pytest.mark.parametrize(("name", "point"), [("tumour_1", (-65, -11, 30)), ("tumour_2", (-30, -30, 5))])
def test_a_point_in_a_lesion_draws_the_lesion(untold, name, point):
    volume, labels, truth = untold
    found = add_target(volume, labels, point)
    segment = found.segment("tumour_1")
    assert dice(found.mask("tumour_1"), truth.mask(name)) > 0.9
    assert segment.part_of == "liver" and segment.state == "check" and "darker than the liver" in segment.note
    assert np.array_equal(found.mask("liver"), labels.mask("liver") | found.mask("tumour_1"))
    assert "tumour_1" not in labels


def test_no_lesion_no_target_unless_a_radius_is_given(untold):
    volume, labels, _ = untold
    plain = (-95.0, 10.0, 30.0)
    with pytest.raises(SegmentationError, match="no distinct lesion"):
        add_target(volume, labels, plain)
    found = add_target(volume, labels, plain, radius_mm=12.0)
    assert found.volume_ml("tumour_1") == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.05)
    assert "sphere of 12 mm radius" in found.segment("tumour_1").note
    assert "sees no lesion border" in found.segment("tumour_1").note


@pytest.mark.parametrize(("point", "words"), [((90, 0, 0), "outside the liver"), ((900, 0, 0), "outside the scan")])
def test_a_target_elsewhere_is_refused(untold, point, words):
    volume, labels, _ = untold
    with pytest.raises(SegmentationError, match=words):
        add_target(volume, labels, point, radius_mm=10.0)


def test_the_target_does_not_depend_on_the_order_of_the_voxels(untold):
    volume, labels, _ = untold
    order, flips = (2, 0, 1), (True, False, True)
    turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips), synthetic=True)
    here = add_target(volume, labels, (-70, -15, 25)).mask("tumour_1")
    there = add_target(turned, labels.reindexed(order, flips), (-70, -15, 25)).mask("tumour_1")
    assert np.array_equal(reindex(here, order, flips), there)


def test_a_candidate_becomes_the_target_by_name_and_by_point(untold):
    volume, labels, truth = untold
    array = np.array(labels.array)
    array[2][truth.mask("tumour_2")] = 200
    candidate = make_segment("tumour_candidate_1", 2, 200, "check")
    with_candidate: LabelMap = replace(labels, array=array, segments=(*labels.segments, candidate))
    for target in ("tumour_candidate_1", (-30.0, -30.0, 5.0)):
        found = add_target(volume, with_candidate, target)
        assert np.array_equal(found.mask("tumour_1"), truth.mask("tumour_2"))
        assert "tumour_candidate_1" not in found and "tumour_candidate_1" in found.segment("tumour_1").note
    with pytest.raises(UsageError, match="tumour_candidate_1"):
        add_target(volume, with_candidate, "tumour_candidate_9")


def test_a_region_that_runs_away_is_not_a_lesion():
    geometry, hu, liver, _ = liver_scene([(0, 0, 0, 44, -40)])
    with pytest.raises(SegmentationError):
        grow_target(hu, geometry, liver, (0.0, 0.0, 0.0))


# --- lesions at the rim, strands, fluid ------------------------------------------------------------------------------


def test_a_tumour_on_the_tip_that_the_outline_left_out_is_a_candidate_and_bowel_beside_it_is_none():
    geometry, hu, liver, _ = liver_scene([])
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(hu.shape), 0, -1)), -1, 0)
    ball = (x + 60) ** 2 + y**2 + z**2 < 13.0**2  # more than half of it stands out
    loop = (np.hypot(x - 10, z + 54) < 8) & (np.abs(y) < 60)  # runs along the liver's underside
    for part in (ball, loop & ~liver):
        hu[part] = np.random.default_rng(2).normal(60.0, 14.0, int(part.sum()))
    found = find_tumour_candidates(hu, geometry, {"liver": liver & ~ball, "body": np.ones_like(liver)}, PORTAL)
    present = [entry for entry in found.values() if not entry.absent]
    assert max(dice(entry.mask, ball) for entry in present) > 0.7
    assert not any((entry.mask & loop).sum() > 0.3 * entry.mask.sum() for entry in present)


def test_without_contrast_medium_a_ball_is_a_candidate_and_a_vein_of_the_same_contrast_is_none():
    native = Phase("native", 45.0, 57.0)
    geometry, hu, liver, truth = liver_scene([(-30, 5, 5, 8.5, -13)], noise=8.0)
    found = find_tumour_candidates(hu, geometry, {"liver": liver}, native)
    assert dice(found["tumour_candidate_1"].mask, truth[0]) > 0.6
    geometry, hu, liver, _ = liver_scene([], noise=8.0)
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(hu.shape), 0, -1)), -1, 0)
    vein = (np.hypot(y - 5, z - 5) < 5.0) & (np.abs(x + 15) < 40) & liver
    found = find_tumour_candidates(hu - 13.0 * vein, geometry, {"liver": liver}, native)
    assert all(entry.absent for entry in found.values())


def test_the_note_says_from_which_size_on_lesions_show():
    sizes = []
    for noise in (6.0, 60.0):
        geometry, hu, liver, _ = liver_scene([], noise=noise)
        note = find_tumour_candidates(hu, geometry, {"liver": liver}, PORTAL)["tumour_candidate_1"].note
        assert "would be seen (noise" in note
        words = note.split("12 HU ")[1].split(" and ")[0]
        sizes.append(99.0 if words == "not at all" else float(words.split()[2]))
    assert sizes[0] < sizes[1]


def test_fluid_inside_the_liver_that_was_called_gallbladder_is_offered_as_a_cyst():
    geometry, hu, liver, truth = liver_scene([(-30, 5, 5, 10, -98)])
    found = find_tumour_candidates(hu, geometry, {"liver": liver & ~truth[0], "gallbladder": truth[0]}, PORTAL)
    assert dice(found["tumour_candidate_1"].mask, truth[0]) > 0.75 and "cyst" in found["tumour_candidate_1"].note


def test_a_solid_tumour_in_the_outline_of_the_kidney_is_a_candidate_and_a_calyx_is_none():
    geometry, hu, sides, truth = kidney_scene([(-74, 0, 12, 11, 92)])
    sides["kidney_right"] = sides["kidney_right"] | truth[0]
    found = find_kidney_lesions(hu, geometry, sides, PORTAL)
    assert list(found) == ["kidney_lesion_candidate_1"]
    assert dice(found["kidney_lesion_candidate_1"].mask, truth[0]) > 0.75
    assert "solid" in found["kidney_lesion_candidate_1"].note
    geometry, hu, sides, truth = kidney_scene([(52, 2, -18, 6, 10)])
    calyx = find_kidney_lesions(hu, geometry, {**sides, "kidney_left": sides["kidney_left"] | truth[0]}, PORTAL)
    assert calyx["kidney_lesion_candidate_1"].absent
