"""What is no CT of an upper abdomen is refused in one line, and what lies otherwise than usual is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation import segment
from anatomy_twin.segmentation.abdomen.situs import mirrored_volume, turned_back
from anatomy_twin.segmentation.ground.body import find_body
from anatomy_twin.segmentation.ground.compose import make_segment
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.plausibility import (
    check_height,
    check_region,
    check_size,
    check_spine,
    check_values,
    check_volume,
    like_a_kidney,
    same_place,
)
from anatomy_twin.segmentation.ground.rules import judge_bones, judge_orientation, judge_sides
from anatomy_twin.segmentation.ground.working_grid import Found

SHAPE, STEP = (40, 80, 110), 4.0
UP, BACK, LEFT = np.indices(SHAPE)


def volume(values, **more):
    geometry = VolumeGeometry.upright(SHAPE, (STEP,) * 3, (0.0, 0.0, 0.0), "1.2.3")
    return Volume(np.asarray(values), geometry, synthetic=True, **more)


def noisy(values, seed=0):
    return (values + np.random.default_rng(seed).normal(0.0, 10.0, SHAPE)).astype(np.int16)


def trunk():
    """Fat around soft tissue with a spine at the back, air around."""
    wide = np.hypot((BACK - 40) / 30.0, (LEFT - 55) / 45.0)
    hu = np.where(wide < 1.0, -100.0, -1000.0)
    hu[wide < 0.85] = 55.0
    hu[np.hypot(BACK - 58, LEFT - 55) < 5.0] = 350.0
    return hu


FRAME = SpineFrame(np.full(40, 55 * STEP, np.float32), np.full(40, 58 * STEP, np.float32), STEP, SHAPE)
BODY = np.hypot((BACK - 40) / 30.0, (LEFT - 55) / 45.0) < 1.0
SPINE = np.hypot(BACK - 58, LEFT - 55) < 5.0
NONE = np.zeros(SHAPE, dtype=bool)


# --- values ----------------------------------------------------------------------------------------------------------


def no_number():
    hu = noisy(trunk()).astype(np.float32)
    hu[:, :8] = np.nan
    return hu


@pytest.mark.parametrize(("values", "words"), [
    (no_number, "hold no number"),
    (lambda: np.full(SHAPE, 40, np.int16), "shows nothing"),
    (lambda: noisy(trunk()) + np.int16(1024), "no air and no fat"),
    (lambda: np.clip(noisy(trunk()), -160, 240), "cut off at -160 and 240"),
])
def test_values_that_are_no_hounsfield_units_are_refused(values, words):
    with pytest.raises(SegmentationError, match=words) as caught:
        check_volume(volume(values()))
    assert "\n" not in str(caught.value)


def test_values_of_a_scan_pass_cropped_or_not():
    check_values(volume(noisy(trunk())))
    inside = noisy(trunk())[:, 15:65, 20:90]  # no air at all, only fat at its corners
    geometry = VolumeGeometry.upright(inside.shape, (STEP,) * 3, (0.0, 0.0, 0.0))
    check_values(Volume(np.ascontiguousarray(inside), geometry))


# --- regions ---------------------------------------------------------------------------------------------------------


def test_a_trunk_has_a_spine_and_no_ring_of_bone():
    check_spine(SPINE, BODY, FRAME)
    with pytest.raises(SegmentationError, match="no spine"):
        check_spine(NONE, BODY, FRAME)
    with pytest.raises(SegmentationError, match="no spine"):  # a third of the height
        check_spine(SPINE & (UP < 14), BODY, FRAME)
    wide = np.hypot((BACK - 40) / 30.0, (LEFT - 55) / 45.0)
    with pytest.raises(SegmentationError, match="a head"):
        check_spine((wide < 0.9) & (wide > 0.8), BODY, FRAME)


def test_a_pelvis_alone_is_refused_and_one_below_an_abdomen_is_not():
    iliac = (np.abs(LEFT - 55) > 18) & (np.abs(LEFT - 55) < 30) & (np.abs(BACK - 50) < 3) | SPINE
    with pytest.raises(SegmentationError, match="pelvis"):
        check_region(iliac, NONE, BODY, FRAME)
    check_region(iliac & (UP < 20) | SPINE, NONE, BODY, FRAME)
    lung = (UP > 20) & (np.hypot(BACK - 35, LEFT - 30) < 15)
    check_region(iliac, lung, BODY, FRAME)


def test_organs_beside_the_pelvic_bones_or_of_half_the_body_are_none():
    low, high = Found((np.hypot(BACK - 35, LEFT - 30) < 12) & (UP < 20)), Found(BODY & (LEFT < 70))
    assert check_height("liver", low, 18 * STEP, STEP).absent
    assert check_height("liver", low, 8 * STEP, STEP) is low and check_height("liver", low, None, STEP) is low
    huge = check_size("liver", high, BODY, STEP)
    assert huge.absent and "of the body in view" in huge.note
    assert check_size("liver", low, BODY, STEP) is low


@pytest.mark.parametrize(("level", "column", "aorta", "like"), [
    (120.0, 80, 160.0, False), (180.0, 80, 160.0, True), (120.0, 70, 160.0, True), (50.0, 80, 45.0, False),
    (50.0, 80, None, False),
])
def test_a_spleen_is_never_brighter_than_blood_nor_beside_the_spine(level, column, aorta, like):
    spleen = np.hypot(BACK - 50, LEFT - column) < 6
    assert bool(like_a_kidney(spleen, np.full(SHAPE, level, np.float32), FRAME, aorta)) is like


def test_two_finds_of_one_organ_are_known():
    first, second = Found(np.hypot(BACK - 50, LEFT - 80) < 6), Found(np.hypot(BACK - 50, LEFT - 82) < 6)
    assert same_place(first, second) and not same_place(first, Found(LEFT < 20))
    assert not same_place(first, Found.nothing("none"))


# --- the whole segmenter ---------------------------------------------------------------------------------------------


def thigh():
    hu = np.full(SHAPE, -1000.0)
    for column in (30, 78):
        away = np.hypot(BACK - 40, LEFT - column)
        hu[away < 15], hu[away < 12] = -100.0, 55.0
        hu[away < 3.2] = 900.0
    return noisy(hu)


def cylinder():
    """A bottle of water, as for the calibration of a scanner."""
    return noisy(np.where(np.hypot(BACK - 40, LEFT - 55) < 32, 0.0, -1000.0))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: volume(thigh()), "no trunk"), (lambda: volume(cylinder()), "no spine"),
    (lambda: volume(np.full(SHAPE, -1000, np.int16)), "shows nothing"),
    (lambda: volume(noisy(np.full(SHAPE, -1000.0))), "no trunk"),
    (lambda: volume(noisy(trunk()), modality="MR", units="1"), "this volume is MR in 1"),
    (lambda: volume(noisy(trunk()), modality="PT", units="Bq/ml"), "this volume is PT"),
    (lambda: Volume(noisy(trunk())[:1], VolumeGeometry.upright((1, *SHAPE[1:]), (STEP,) * 3, (0.0, 0.0, 0.0))),
     "covers only 4 x 320 x 440 mm"),
])
def test_what_shows_no_upper_abdomen_is_refused_in_one_line(make, words):
    with pytest.raises(SegmentationError, match=words) as caught:
        segment(make(), "ct-abdomen")
    assert "\n" not in str(caught.value) and caught.value.advice


# --- mirrored --------------------------------------------------------------------------------------------------------


def labels_of(given):
    array = np.zeros((4, *given.geometry.shape), np.uint8)
    segments = []
    places = {"liver": (0, slice(0, 30)), "kidney_right": (0, slice(35, 40)), "bone": (0, slice(50, 60)),
              "body": (3, slice(0, 99))}  # fmt: skip
    for value, (name, (layer, columns)) in enumerate(places.items(), start=1):
        array[layer][:, :, columns] = value
        segments.append(make_segment(name, layer, value, "ok", "12 mm left of the spine" if name == "liver" else ""))
    segments.append(make_segment("kidney_left", 0, 0, "not found", "no left kidney"))
    return LabelMap(array, given.geometry, tuple(segments), ("liver: 12 mm left of the spine",))


def test_labels_of_a_mirrored_picture_are_turned_back_and_flagged():
    given = volume(noisy(trunk()))
    assert np.array_equal(mirrored_volume(given).array, given.array[:, :, ::-1])
    labels = labels_of(given)
    back = turned_back(labels)
    liver = back.segment("liver")
    assert np.array_equal(back.mask("liver"), labels.mask("liver")[:, :, ::-1])
    assert liver.state == "check" and liver.rules == ("laterality",) and "12 mm right of the spine" in liver.note
    assert np.array_equal(back.mask("kidney_left"), labels.mask("kidney_right")[:, :, ::-1])
    assert back.segment("kidney_right").absent and back.segment("kidney_right").note == "no right kidney"
    assert back.segment("bone").state == "ok" == back.segment("body").state
    assert back.segment("kidney_left").code == make_segment("kidney_left", 0, 1, "ok").code
    assert back.notes[0] == "liver: 12 mm right of the spine" and "situs inversus" in back.notes[-1]


def test_the_mirror_stands_upright_whichever_way_the_axes_run():
    given = volume(noisy(trunk()))
    order, flips = (2, 0, 1), (True, False, True)
    turned = replace(given, array=np.ascontiguousarray(np.transpose(given.array, order)[::-1, :, ::-1]),
                     geometry=given.geometry.reindexed(order, flips))  # fmt: skip
    assert np.array_equal(mirrored_volume(turned).canonical().array, mirrored_volume(given).array)


# --- orientation and bones -------------------------------------------------------------------------------------------


def test_a_scan_upside_down_or_back_to_front_is_told_of_every_organ():
    lung, liver = Found(UP > 28), Found((UP > 5) & (UP < 20))
    bone = Found(SPINE)
    told, lines = judge_orientation({"lung_right": lung, "liver": liver, "bone": bone}, BODY, STEP)
    assert not told and not lines
    told, lines = judge_orientation({"lung_right": Found(UP < 8), "liver": Found(UP > 20), "bone": bone}, BODY, STEP)
    assert set(told) == {"lung_right", "liver", "bone"} and "upside down" in lines[0]
    front = Found(SPINE[:, ::-1])
    told, lines = judge_orientation({"lung_right": lung, "liver": liver, "bone": front}, BODY, STEP)
    assert told["liver"][0][0] == "orientation" and "front and back" in lines[0]
    assert judge_orientation({"liver": liver, "bone": Found.nothing("none")}, BODY, STEP) == ({}, [])


def vertebrae(heights):
    parts, low = {}, 0
    for name, height in zip(("l3", "l2", "l1", "t12", "t11"), heights, strict=True):
        parts[f"vertebra_{name}"] = Found(SPINE & np.isin(UP, range(low, low + height)))
        low += height
    return parts


def test_vertebrae_unlike_their_neighbours_and_counts_without_an_anchor_are_told():
    step = (STEP,) * 3
    assert judge_bones(vertebrae((8, 8, 7, 7, 7)), step) == {}
    told = judge_bones(vertebrae((7, 14, 6, 6, 6)), step)
    assert told["vertebra_l2"][0][0] == "volume"  # the one below it is counted past it, from the lowest rib
    assert set(told) == {"vertebra_l2", "vertebra_l3"} and told["vertebra_l3"][0][0] == "level"
    low_ribs = {**vertebrae((8, 8, 7, 7, 7)), "ribs": Found((UP < 5) & (BACK > 60) & ~SPINE)}
    told = judge_bones(low_ribs, step)
    assert len(told) == 5 and all(lines[0][0] == "level" for lines in told.values())
    high_ribs = {**vertebrae((8, 8, 7, 7, 7)), "ribs": Found((UP > 20) & (BACK > 60) & ~SPINE)}
    assert judge_bones(high_ribs, step) == {}
    told = judge_bones({"pelvis": Found(UP < 4), "sternum": Found((UP > 10) & (UP < 30))}, step)
    assert told == {"pelvis": [("cut", "cut by the border of the scan")]}


def chest(columns: slice, foam: bool = False):
    """HU [k, j, i] at 3 mm of a chest 360 mm wide: lungs in a thin wall, air around it, of which some columns show."""
    back, left = (part.astype(np.float32) * 3.0 for part in np.indices((80, 140)))
    inside = np.hypot((left - 210) / 180, (back - 115) / 100)
    hu = np.where(inside < 1.0, 40.0, -1000.0)
    hu[(inside < 0.9) & (np.abs(left - 210) > 35)] = -820.0
    if foam:
        hu[back > 222] = -950.0
        hu[np.abs(back - 221) < 2] = -150.0
    noise = np.random.default_rng(4).normal(0.0, 12.0, (12, *hu.shape))
    return (hu + noise).astype(np.float32)[:, :, columns], np.broadcast_to(inside < 1.0, noise.shape)[:, :, columns]


@pytest.mark.parametrize("columns", [slice(30, 110), slice(0, 95)])
def test_where_the_field_ends_inside_the_chest_its_sides_close_the_lungs(columns):
    hu, truth = chest(columns)
    body = find_body(hu, 3.0)
    assert np.mean(body.mask == truth) > 0.97 and body.cut_share == 1.0
    lung = Found(body.mask & (hu < -500.0))
    grid = VolumeGeometry.upright(hu.shape, (3.0,) * 3, (0.0, 0.0, 0.0))
    told = judge_sides({"lung_left": lung, "liver": lung}, grid, (slice(0, 12), slice(0, 80), slice(0, hu.shape[2])))
    assert [rule for rule, _ in told["lung_left"]] == ["cut"] and set(told) == {"lung_left"}


def test_the_blur_between_skin_and_table_at_a_side_is_no_chest():
    hu, truth = chest(slice(0, 140))
    hu, truth = hu[:, :73], truth[:, :73]
    hu[:, -1, 50:90] = -870.0
    assert np.mean(find_body(hu, 3.0).mask == truth) > 0.97
    assert not find_body(hu, 3.0).mask[:, -1].any()


@pytest.mark.parametrize("foam", [False, True])
def test_air_and_a_table_at_the_sides_of_the_field_are_no_chest(foam):
    hu, truth = chest(slice(0, 140), foam)
    body = find_body(hu, 3.0)
    assert np.mean(body.mask == truth) > 0.97 and body.cut_share == 0.0
    grid = VolumeGeometry.upright(hu.shape, (3.0,) * 3, (0.0, 0.0, 0.0))
    assert not judge_sides({"body": Found(body.mask)}, grid, (slice(0, 12), slice(0, 80), slice(0, 140)))
