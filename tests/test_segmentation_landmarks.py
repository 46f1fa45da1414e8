"""Landmarks, the spatial prior, the drawn aorta and mirrored organs: against shapes whose measures are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import Conditions
from anatomy_twin.phantom.patient import make_patient
from anatomy_twin.segmentation import segment
from anatomy_twin.segmentation.bones.bone import find_bone
from anatomy_twin.segmentation.ground.frame import SpineFrame, find_spine
from anatomy_twin.segmentation.ground.landmarks import find_landmarks
from anatomy_twin.segmentation.ground.phase import KidneyLevels, find_phase, measure_kidneys
from anatomy_twin.segmentation.ground.prior import ORGANS, prior_of
from anatomy_twin.segmentation.ground.tube import Course, draw_tube
from anatomy_twin.segmentation.ground.working_grid import Found

STEP = 3.0
SHAPE = (100, 80, 110)
GEOMETRY = VolumeGeometry.upright(SHAPE, (STEP,) * 3, (-165.0, -130.0, 40.0))
UP, BACK, LEFT = (part.astype(np.float32) * STEP for part in np.indices(SHAPE))
MIDDLE_X, SPINE_Y = 162.0, 180.0
DOME_MM, CREST_MM = 210.0, 36.0


@cache
def trunk():
    """Cavity of 240 x 160 mm, lungs that fill it from the dome upwards with a rim below, two iliac bones."""
    frame = SpineFrame(
        np.full(SHAPE[0], MIDDLE_X, np.float32), np.full(SHAPE[0], SPINE_Y, np.float32), STEP, SHAPE
    )
    depth = (1.0 - np.hypot((LEFT - MIDDLE_X) / 120.0, (BACK - 125.0) / 80.0)) * 80.0
    lungs = (depth > 0) & (np.abs(LEFT - MIDDLE_X) > 18) & ((UP > DOME_MM) | ((depth < 8) & (UP > DOME_MM - 45)))
    bones = (np.abs(np.abs(LEFT - MIDDLE_X) - 95) < 12) & (np.abs(BACK - 165) < 22) & (UP < CREST_MM)
    return frame, bones, lungs, depth.astype(np.float32)


def test_landmarks_of_a_drawn_trunk_are_where_they_were_drawn():
    marks = find_landmarks(GEOMETRY, *trunk())
    assert marks.dome.value_mm == pytest.approx(DOME_MM, abs=7.0)
    assert marks.dome_left.value_mm == pytest.approx(DOME_MM, abs=7.0)
    assert marks.crest.value_mm == pytest.approx(CREST_MM, abs=7.0)
    assert marks.width_mm == pytest.approx(120.0, abs=6.0)
    assert marks.front_mm == pytest.approx(SPINE_Y - 45.0, abs=6.0)
    assert len(marks.lines()) == 5


def test_a_slab_without_lung_and_pelvis_has_no_height_but_a_section():
    frame, bones, lungs, depth = trunk()
    marks = find_landmarks(GEOMETRY, frame, np.zeros_like(bones), np.zeros_like(lungs), depth)
    assert marks.dome is None and marks.crest is None and marks.top_mm is None
    assert marks.height_sd_mm >= 1000.0
    assert marks.width_mm == pytest.approx(120.0, abs=6.0)
    liver = prior_of("liver", marks, GEOMETRY)
    assert np.allclose(liver, liver[:1]) and liver.max() > 0.5


def test_ribs_at_the_lower_end_are_no_iliac_crest():
    frame, bones, lungs, depth = trunk()
    thin = bones & (np.abs(BACK - 165) < 7)
    assert find_landmarks(GEOMETRY, frame, thin, lungs, depth).crest is None


def test_a_missing_lung_leaves_the_other_side_to_give_the_dome():
    frame, bones, lungs, depth = trunk()
    marks = find_landmarks(GEOMETRY, frame, bones, lungs & (LEFT > MIDDLE_X), depth)
    assert marks.dome_right is None
    assert marks.dome.value_mm == pytest.approx(DOME_MM + 10.0, abs=8.0)
    assert marks.dome.sd_mm > marks.dome_left.sd_mm


def test_organs_of_the_prior_lie_on_their_sides_and_below_the_dome():
    marks = find_landmarks(GEOMETRY, *trunk())
    middle = {}
    total = np.zeros(SHAPE, np.float32)
    for name in ORGANS:
        usual = prior_of(name, marks, GEOMETRY)
        assert usual.dtype == np.float32 and usual.min() >= 0.0 and usual.max() <= 1.0
        total += usual
        middle[name] = [float((usual * axis).sum() / usual.sum()) for axis in (UP, BACK, LEFT)]
    assert total.max() < 1.05  # organs exclude each other
    for name in ("liver", "gallbladder", "kidney_right", "inferior_vena_cava"):
        assert middle[name][2] < MIDDLE_X - 10.0, name
    for name in ("spleen", "kidney_left", "stomach"):
        assert middle[name][2] > MIDDLE_X + 30.0, name
    assert middle["spleen"][1] > middle["stomach"][1]
    assert middle["kidney_right"][0] < middle["liver"][0] < DOME_MM


def test_the_prior_is_the_same_on_a_part_of_the_grid_and_turns_with_the_patient():
    marks = find_landmarks(GEOMETRY, *trunk())
    whole = prior_of("spleen", marks, GEOMETRY)
    part = prior_of("spleen", marks, GEOMETRY.cropped((20, 10, 40), (50, 60, 60)))
    assert np.allclose(part, whole[20:70, 10:70, 40:100], atol=1e-5)
    shifted = replace(marks, frame=replace(marks.frame, x_mm=marks.frame.x_mm + 30.0))
    assert np.allclose(prior_of("spleen", shifted, GEOMETRY)[:, :, 10:], whole[:, :, :-10], atol=1e-4)


def test_an_organ_that_the_prior_lacks_is_refused():
    with pytest.raises(UsageError, match="no 'heart'"):
        prior_of("heart", find_landmarks(GEOMETRY, *trunk()), GEOMETRY)


def test_a_heart_full_of_contrast_does_not_pull_the_spine_forward():
    hu = np.where(np.hypot((LEFT - MIDDLE_X) / 150, (BACK - 125) / 105) < 1, 40.0, -1000.0)
    vertebra = np.hypot(LEFT - MIDDLE_X, BACK - 180) < 18
    hu[vertebra] = 190.0
    hu[vertebra & (np.hypot(LEFT - MIDDLE_X, BACK - 180) > 14)] = 500.0
    hu[(np.abs(LEFT - MIDDLE_X) < 6) & (BACK > 195) & (BACK < 225)] = 450.0
    hu[(np.hypot(LEFT - MIDDLE_X - 15, BACK - 100) < 45) & (UP > 150)] = 420.0
    frame = find_spine(hu.astype(np.float32), hu > -250.0, STEP)
    assert np.abs(frame.x_mm - MIDDLE_X).max() < 10.0
    assert frame.y_mm.min() > 168.0 and frame.y_mm.max() < 215.0


def test_a_vessel_with_plaque_beside_bright_bone_is_drawn_with_its_true_section():
    hu = np.full(SHAPE, -90.0, np.float32)
    apart = np.hypot((LEFT - 150.0) / 1.15, BACK - 120.0)
    hu[np.hypot(LEFT - 150.0, BACK - 152.0) < 22.0] = 300.0
    hu[apart < 10.0] = 150.0
    hu[(apart > 8.0) & (apart < 10.0) & (BACK < 118.0)] = 900.0
    noisy = hu + np.random.default_rng(1).normal(0.0, 12.0, SHAPE).astype(np.float32)
    count = SHAPE[0]
    course = Course(np.full(count, 41.0), np.full(count, 49.5), np.full(count, 8.5), np.full(count, 150.0))
    drawn = draw_tube(np.minimum(noisy, 165.0), course, np.ones(count, bool), STEP)
    area = drawn.sum(axis=(1, 2)) * STEP**2
    assert area.mean() == pytest.approx(np.pi * 11.5 * 10.0, rel=0.12)
    assert area.std() < 0.12 * area.mean()


@pytest.mark.parametrize("level", [160.0, 185.0, 215.0, 320.0])
def test_an_aorta_as_bright_as_bone_that_leans_on_the_spine_is_no_bone(level):
    hu = np.where(np.hypot((LEFT - MIDDLE_X) / 150, (BACK - 125) / 105) < 1, 40.0, -1000.0)
    column = np.hypot(LEFT - MIDDLE_X, BACK - SPINE_Y)
    hu[column < 20] = 210.0  # marrow of a young patient
    hu[(column < 20) & (UP % 33 < 6)] = 90.0  # discs
    hu[((column < 20) & (column > 16)) | ((column < 20) & (np.abs(UP % 33 - 7.5) < 2))] = 320.0
    aorta = np.hypot(LEFT - MIDDLE_X - 22, BACK - 157) < 11
    hu[aorta & (column >= 20)] = level
    noisy = (hu + np.random.default_rng(2).normal(0.0, 25.0, SHAPE)).astype(np.float32)
    body = hu > -250.0
    frame = SpineFrame(np.full(SHAPE[0], MIDDLE_X, np.float32), np.full(SHAPE[0], SPINE_Y, np.float32), STEP, SHAPE)
    bone = find_bone(noisy, body, frame, bright_aorta=True).mask
    inside = np.hypot(LEFT - MIDDLE_X - 22, BACK - 157) < 8
    assert np.mean(bone[inside & (column > 23)]) < 0.1
    assert np.mean(bone[column < 20]) > 0.85


@pytest.mark.parametrize(("aorta", "liver", "spleen", "kidneys", "name"), [
    (150.0, 62.0, 118.0, KidneyLevels(190.0, 170.0, False), "portal venous"),  # fatty liver
    (190.0, 80.0, 110.0, KidneyLevels(190.0, 90.0, False), "late arterial"),
    (310.0, 70.0, 118.0, KidneyLevels(175.0, 62.0, False), "arterial"),
    (110.0, 100.0, 105.0, KidneyLevels(160.0, 150.0, True), "delayed"),
    (45.0, 50.0, 48.0, KidneyLevels(36.0, 30.0, True), "native"),  # a stone is no contrast medium
    (45.0, 50.0, 48.0, KidneyLevels(150.0, 130.0, False), "unknown"),
    (130.0, None, None, None, "unknown"),
])
def test_spleen_and_kidneys_tell_phases_that_aorta_and_liver_leave_open(aorta, liver, spleen, kidneys, name):
    assert find_phase(aorta, liver, spleen, kidneys).name == name


def test_contrast_medium_counts_as_excreted_inside_both_kidneys_and_not_in_bowel_beside_them():
    kidneys = {
        name: Found(np.sqrt(((LEFT - x) / 28) ** 2 + ((BACK - 120) / 26) ** 2 + ((UP - 120) / 52) ** 2) < 1)
        for name, x in (("kidney_right", 90.0), ("kidney_left", 230.0))
    }
    hu = np.full(SHAPE, 160.0, np.float32)
    bowel = hu.copy()
    bowel[(np.abs(BACK - 88) < 8) & (np.abs(UP - 120) < 40)] = 400.0
    assert not measure_kidneys(bowel, hu, kidneys, STEP).excreted
    pelvis = hu.copy()
    for x in (90.0, 230.0):
        pelvis[(np.abs(LEFT - x) < 8) & (np.abs(BACK - 120) < 8) & (np.abs(UP - 120) < 12)] = 400.0
    levels = measure_kidneys(pelvis, hu, kidneys, STEP)
    assert levels.excreted and levels.cortex_hu == pytest.approx(160.0)
    assert measure_kidneys(hu, hu, {}, STEP) is None


@pytest.mark.long
def test_mirrored_organs_are_found_where_they_lie_and_flagged():
    made = make_patient(5, "healthy_abdomen", "portal", 11.0, 112, 4.0, conditions=Conditions(situs_inversus=True))
    labels = segment(made.volume, "ct-abdomen")
    for name, floor in (("liver", 0.88), ("spleen", 0.70)):
        found, truth = labels.mask(name), made.truth.mask(name)
        assert 2.0 * (found & truth).sum() / (found.sum() + truth.sum()) > floor
        entry = labels.segment(name)
        assert entry.state == "check" and "laterality" in entry.rules
    assert any("situs inversus" in line for line in labels.notes)


@pytest.mark.long
def test_organs_that_surgery_took_out_are_not_found():
    conditions = Conditions(removed=("spleen", "kidney_left"))
    made = make_patient(6, "healthy_abdomen", "portal", 11.0, 112, 4.0, conditions=conditions)
    labels = segment(made.volume, "ct-abdomen")
    for name in ("spleen", "kidney_left"):
        entry = labels.segment(name)
        assert entry.state == "not found" and entry.note
    assert "kidney_right" in labels and "liver" in labels
