"""Pancreas, duodenum, stomach, colon and small bowel on drawn trunks whose organs are known by construction."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.abdomen import duodenum, pancreas
from anatomy_twin.segmentation.abdomen.bile_ducts import find_bile_duct
from anatomy_twin.segmentation.abdomen.gut_frame import find_gut_frame, window_of
from anatomy_twin.segmentation.abdomen.gut_room import cut_at_necks, make_room, spread
from anatomy_twin.segmentation.abdomen.hollow import find_hollow
from anatomy_twin.segmentation.abdomen.oesophagus import find_lower_oesophagus
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall
from anatomy_twin.segmentation.ground.working_grid import Found, paste
from tests.support.overlap import dice

STEP = 3.0
SHAPE = (84, 84, 112)
PORTAL = Phase("portal venous", 150.0, 105.0)
NATIVE = Phase("native", 44.0, 55.0)
MIDDLE = (110.0, 130.0, 168.0)  # where the aorta's front face is, in mm from the first voxel: up, back, left
# HU of gland, wall of the gut, its fluid, blood and liver
LEVELS = {"portal venous": (92.0, 80.0, 15.0, 150.0, 105.0), "native": (30.0, 36.0, 12.0, 44.0, 55.0)}


WORKING = VolumeGeometry.upright((32, 27, 27), (3.0,) * 3, (1.0, 1.0, 1.0))


def places():
    up, back, left = (n * STEP for n in np.indices(SHAPE, dtype=np.float32))
    return left - MIDDLE[2], up - MIDDLE[0], MIDDLE[1] - back


def tube(points, radius_mm, shift=(0.0, 0.0, 0.0)):
    """A tube along points (left, up, front mm)."""
    points = np.asarray(points, float) + shift
    ends = np.linspace(0, len(points) - 1, 8 * len(points))
    line = np.stack([np.interp(ends, np.arange(len(points)), points[:, n]) for n in range(3)], axis=1)
    left, up, front = places()
    away = np.full(SHAPE, np.inf)
    for a, b, c in line:
        away = np.minimum(away, (left - a) ** 2 + (up - b) ** 2 + (front - c) ** 2)
    return away < radius_mm**2


def ball(middle, radii):
    return sum(((side - m) / r) ** 2 for side, m, r in zip(places(), middle, radii, strict=True)) < 1


@cache
def patient(phase="portal venous", shift=(0.0, 0.0, 0.0), fat=True):
    """Organs in fat (or in tissue of one density) on the 3 mm grid: image, wall with its masks, truth."""
    gland, wall_hu, fluid, blood, liver = LEVELS[phase]
    left, _, front = places()
    hu = np.full(SHAPE, -100.0 if fat else 40.0)
    masks = {
        "body": (left / 155) ** 2 + ((front - 12) / 118) ** 2 < 1,
        "liver": ball((-85.0, 55.0, 20.0), (60.0, 50.0, 62.0)),
        "aorta": np.hypot(left, front + 10) < 10,
        "spleen": ball((100.0, 47.0, -22.0), (25.0, 40.0, 38.0)),
        "kidney_right": ball((-70.0, -3.0, -40.0), (25.0, 48.0, 22.0)),
        "kidney_left": ball((64.0, 3.0, -40.0), (25.0, 48.0, 22.0)),
        "bone": np.hypot(left, front + 42) < 20,
    }
    truth = {
        "duodenum": tube([*duodenum.CROSSING[4::-1], *duodenum.DESCENT[:4]], 11.0, shift),
        "pancreas": tube(pancreas.COURSE, 10.0, shift),
    }
    truth["duodenum"] &= ~truth["pancreas"]
    truth["stomach"] = tube([(60, 90, 10), (70, 70, 45), (45, 52, 68)], 24.0) & ~truth["pancreas"] & ~masks["spleen"]
    truth["colon"] = tube([(118, -95, 0), (118, -30, 0)], 18.0)
    truth["bowel"] = tube([(20, -60, 45), (52, -70, 60), (30, -88, 50), (-14, -84, 56)], 11.0)
    others = np.logical_or.reduce(list(masks.values())[1:])
    for name, mask in truth.items():
        truth[name] = mask & ~others
        inner = ndimage.binary_erosion(truth[name])
        hu[truth[name]] = gland if name == "pancreas" else wall_hu
        if name != "pancreas":
            hu[inner] = fluid + (12.0 if name == "stomach" else 0.0)
    gas = ndimage.binary_erosion(truth["colon"]) & (front > -6)
    gas |= ndimage.binary_erosion(truth["stomach"]) & (front > 66)
    gas |= ndimage.binary_erosion(truth["bowel"]) & (front > 56)
    hu[gas] = -950.0
    for name, value in (("liver", liver), ("aorta", blood), ("spleen", liver + 15), ("kidney_right", liver + 40),
                        ("kidney_left", liver + 40), ("bone", 400.0)):
        hu[masks[name]] = value
    hu[~masks["body"]] = -1000.0
    hu = ndimage.gaussian_filter(hu, 0.4) + np.random.default_rng(5).normal(0, 7, SHAPE)
    hu[~masks["body"]] = -1000.0
    frame = SpineFrame(np.full(SHAPE[0], MIDDLE[2], np.float32), np.full(SHAPE[0], MIDDLE[1] + 42, np.float32), STEP,
                       SHAPE)
    depth = ndimage.distance_transform_edt(masks["body"], sampling=STEP).astype(np.float32) - 24.0
    geometry = VolumeGeometry.upright(SHAPE, (STEP,) * 3, (0.0, 0.0, 0.0))
    return Wall(hu.astype(np.float32), geometry, masks, frame, depth), truth


def found_in(phase, wall):
    return find_hollow(wall.hu, wall.geometry, wall.masks, phase, wall=wall)


@cache
def usual():
    """The answer for the portal patient as drawn."""
    return found_in(PORTAL, patient()[0])


def test_the_frame_counts_from_aorta_kidneys_and_spleen():
    wall, _ = patient()
    frame = find_gut_frame(wall.masks, STEP)
    left, up, front = places()
    assert np.abs(frame.left_mm - left).max() < 1.6
    assert np.abs(frame.up_mm - up[:, 0, 0]).max() < 4.0
    assert np.abs(frame.front_mm - front).max() < 3.1
    window = window_of(frame, (-30.0, 30.0), (0.0, 30.0), (-30.0, 30.0))
    # what the window takes it puts back where it was
    drawn = ball((5.0, 5.0, 15.0), (9.0, 9.0, 9.0))
    assert (window.put(window.take(drawn, 0.0) > 0, SHAPE) == drawn).all()


@pytest.mark.parametrize("change", ["no aorta", "no kidneys and spleen", "cut", "mirrored"])
def test_without_landmarks_there_is_no_frame_and_no_pancreas(change):
    wall, _ = patient()
    masks = dict(wall.masks)
    organs = ("kidney_right", "kidney_left", "spleen")
    if change == "no aorta":
        masks["aorta"] = np.zeros(SHAPE, bool)
    elif change == "mirrored":
        masks["liver"] = masks["liver"][:, :, ::-1].copy()
    else:
        for name in organs:
            kept = masks.pop(name).copy()
            if change == "cut":
                kept[0] |= kept.any(axis=0)
                masks[name] = kept
    assert find_gut_frame(masks, STEP) is None
    if change != "cut":
        return
    found = found_in(PORTAL, replace(wall, masks=masks))
    for name in ("pancreas", "duodenum"):
        assert found[name].state == "not found" and "needs" in found[name].note


@pytest.mark.parametrize(("phase", "shift"), [
    (PORTAL, (0.0, 0.0, 0.0)), (PORTAL, (6.0, -10.0, 6.0)), (NATIVE, (-6.0, 8.0, -5.0)),
])
def test_pancreas_and_duodenum_are_followed_off_their_usual_place(phase, shift):
    wall, truth = patient(phase.name, shift)
    found = usual() if phase is PORTAL and not any(shift) else found_in(phase, wall)
    for name, least in (("pancreas", 0.6), ("duodenum", 0.6)):
        entry = found[name]
        assert entry.state == "check" and "estimated" in entry.rules, entry.note
        assert dice(entry.mask, truth[name]) > least, name
    names = [name for name in found if not found[name].absent]
    together = sum(found[name].mask.astype(int) for name in names)
    assert together.max() == 1


def test_without_fat_between_organs_there_is_no_pancreas():
    wall, _ = patient("native", fat=False)
    found = found_in(NATIVE, wall)
    for name in ("pancreas", "duodenum"):
        assert found[name].absent and found[name].state == "not found", name
    assert "fat" in found["pancreas"].note or "ml" in found["pancreas"].note


def test_where_no_gland_is_none_is_made_up():
    wall, truth = patient()
    empty = np.where(ndimage.binary_dilation(truth["pancreas"], iterations=2), -100.0, wall.hu).astype(np.float32)
    entry = found_in(PORTAL, replace(wall, hu=empty))["pancreas"]
    assert entry.absent or not (entry.mask & truth["pancreas"]).any()


def test_stomach_takes_the_gas_that_swims_on_it_and_leaves_that_of_the_colon():
    wall, truth = patient()
    found = usual()
    gas = wall.hu < -500
    assert dice(found["stomach"].mask, truth["stomach"]) > 0.75
    assert np.mean(found["stomach"].mask[gas & truth["stomach"]]) > 0.6
    assert not (found["stomach"].mask & truth["colon"]).any()


def test_wide_lumen_at_the_wall_is_colon_and_narrow_lumen_inside_is_small_bowel():
    _, truth = patient()
    found = usual()
    assert dice(found["colon"].mask, truth["colon"]) > 0.7
    assert dice(found["bowel"].mask, truth["bowel"]) > 0.6
    assert np.mean(found["colon"].mask[truth["bowel"]]) < 0.1
    assert np.mean(found["bowel"].mask[truth["colon"]]) < 0.1


def test_a_heart_between_the_lungs_is_no_stomach():
    wall, truth = patient()
    left, up, front = places()
    hu, masks = wall.hu.copy(), dict(wall.masks)
    hu[truth["stomach"]] = -100.0
    chest = masks["body"] & (up > 88)
    heart = chest & (np.hypot(left - 45, front - 55) < 38)
    masks["lung_left"], masks["lung_right"] = chest & ~heart & (left > 5), chest & ~heart & (left <= 5)
    for name in ("liver", "spleen"):
        masks[name] = masks[name] & ~chest
    hu[chest] = -850.0
    hu[heart] = 45.0
    found = found_in(PORTAL, replace(wall, hu=hu, masks=masks))["stomach"]
    assert found.absent or np.mean(heart[found.mask]) < 0.1, found.note


def test_pieces_go_on_through_wide_joins_and_stop_at_narrow_ones():
    one = ball((-40.0, 0.0, 20.0), (24.0, 15.0, 15.0))
    two = ball((-5.0, 0.0, 20.0), (24.0, 15.0, 15.0))  # overlaps widely
    three = ball((40.0, 0.0, 20.0), (23.5, 15.0, 15.0))  # touches at a point
    inside = (one | two | three)
    pieces, count, depth = cut_at_necks(inside & ~one, STEP)
    assert count >= 2
    radius = np.asarray(ndimage.maximum(depth, pieces, np.arange(count + 1)), dtype=np.float32)
    free = np.ones(count + 1, dtype=bool)
    free[0] = False
    reached = spread(pieces, radius, free, one, 0.6, STEP)
    assert np.mean(reached[two & ~one]) > 0.8
    assert np.mean(reached[three & ~two]) < 0.2


def test_blood_and_muscle_are_no_gut():
    wall, _ = patient()
    left, _, front = places()
    psoas = (np.abs(np.abs(left) - 38) < 16) & (np.abs(front + 20) < 16)
    hu = np.where(psoas & ~wall.masks["kidney_right"] & ~wall.masks["kidney_left"], 60.0, wall.hu).astype(np.float32)
    none = np.zeros(SHAPE, bool)
    taken = np.logical_or.reduce([m for n, m in wall.masks.items() if n != "body"])
    room = make_room(replace(wall, hu=hu), PORTAL, taken, none)
    assert np.mean(room.tissue[psoas & ~taken]) < 0.15
    assert room.blood_hu < PORTAL.aorta_hu
    assert not room.tissue[room.smooth > room.blood_hu].any()


def test_oesophagus_needs_the_chest_and_the_aorta():
    wall, _ = patient()
    none = np.zeros(SHAPE, bool)
    hard = (wall.masks["aorta"], wall.masks["bone"])
    _, found = find_lower_oesophagus(None, wall.hu, wall.geometry, none, hard, None)
    assert found.state == "not found" and "chest" in found.note


@pytest.mark.parametrize(("radius_mm", "phase", "state"), [
    (5.0, PORTAL, "check"), (1.0, PORTAL, "not found"), (5.0, NATIVE, "not visible in this phase"),
])
def test_bile_ducts_are_found_where_they_are_dilated(radius_mm, phase, state):
    geometry = VolumeGeometry.upright((48, 80, 80), (2.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    z, y, x = np.indices(geometry.shape) * np.array([2.0, 1.0, 1.0])[:, None, None, None]
    hu = np.full(geometry.shape, -100.0)
    vein = (np.hypot(x - 40 - 0.2 * (z - 48), y - 45) < 6) & (z > 12) & (z < 84)
    duct = (np.hypot(x - 28 - 0.2 * (z - 48), y - 40) < radius_mm) & (z > 18) & (z < 80)
    hu[vein], hu[duct] = 170.0, 8.0
    hu = ndimage.gaussian_filter(hu, (0.3, 0.7, 0.7)) + np.random.default_rng(3).normal(0, 8, geometry.shape)
    volume = Volume(hu.astype(np.int16), geometry, "CT", "HU")
    grid, found = find_bile_duct(volume, (geometry, Found(vein)), WORKING, np.zeros(WORKING.shape, bool), phase)
    assert found.state == state, found.note
    if state == "check":
        assert found.rules == ("estimated",)
        assert dice(paste(found.mask, grid, geometry), duct) > 0.75
