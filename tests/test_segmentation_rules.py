"""Each rule speaks against what it is made for, and against nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.rules import flag, judge, judge_scan
from anatomy_twin.segmentation.ground.working_grid import Found

STEP = 3.0
SHAPE = (60, 70, 100)
PORTAL = Phase("portal venous", 150.0, 105.0)
PLAIN = np.full(SHAPE, 110.0, np.float32)


def frame():
    """A straight spine in the middle, at the back."""
    middle, back = np.full(SHAPE[0], 50 * STEP, np.float32), np.full(SHAPE[0], 50 * STEP, np.float32)
    return SpineFrame(middle, back, STEP, SHAPE)


def ball(k, j, i, radius_mm):
    index = np.indices(SHAPE)
    away = sum(((axis - c) * STEP) ** 2 for axis, c in zip(index, (k, j, i), strict=True))
    return away <= radius_mm**2


def rules_of(name, mask, hu=PLAIN, phase=PORTAL, **others):
    found = {name: Found(mask), **{other: Found(part) for other, part in others.items()}}
    return {rule for rule, _ in judge(found, hu, frame(), phase).get(name, [])}


LIVER = ball(30, 35, 26, 68.0)  # 1300 ml on the right
SPLEEN = ball(32, 42, 80, 36.0)


def test_usual_organs_are_left_alone():
    assert rules_of("liver", LIVER) == set() == rules_of("spleen", SPLEEN)


def test_a_mirrored_liver_is_flagged_by_its_side():
    assert rules_of("liver", LIVER[:, :, ::-1]) == {"laterality"}
    assert rules_of("spleen", SPLEEN[:, :, ::-1]) == {"laterality"}
    assert rules_of("kidney_right", ball(20, 48, 75, 32.0), np.full(SHAPE, 170.0, np.float32)) == {"laterality"}


def test_size_and_cut():
    assert rules_of("spleen", ball(32, 42, 80, 20.0)) == {"volume"}
    assert rules_of("liver", ball(30, 35, 26, 60.0) & (np.indices(SHAPE)[0] < 30)) == {"volume"}
    upper = ball(58, 35, 26, 60.0)  # goes on above the scan: no word about its volume
    assert rules_of("liver", upper) == {"cut"}


@pytest.mark.parametrize(("level", "phase", "expected"), [
    (110.0, PORTAL, set()), (35.0, PORTAL, {"density"}), (110.0, Phase("native", 45.0, 50.0), {"density"}),
    (55.0, Phase("native", 45.0, 50.0), set()), (110.0, Phase("unknown"), set()),
])
def test_density_follows_the_phase(level, phase, expected):
    assert rules_of("liver", LIVER, np.full(SHAPE, level, np.float32), phase) == expected


def test_a_gallbladder_away_from_the_liver_and_one_at_it():
    assert rules_of("gallbladder", ball(10, 25, 50, 15.0), liver=LIVER) == {"adjacency"}
    assert rules_of("gallbladder", ball(30, 35, 50, 15.0), liver=LIVER) == set()
    assert rules_of("gallbladder", ball(10, 25, 50, 15.0)) == set()  # without a liver nothing can be told


def test_gas_bone_and_pieces():
    hu = np.where(ball(30, 35, 26, 25.0), -700.0, 110.0).astype(np.float32)
    assert rules_of("liver", LIVER, hu) == {"air or bone"}
    assert rules_of("liver", LIVER | ball(5, 10, 20, 14.0) | ball(50, 60, 8, 40.0)) >= {"pieces"}


def test_flags_keep_what_was_said_and_absent_organs_stay_absent():
    found = {"liver": Found(LIVER, "check", "estimated", ("estimated",)), "spleen": Found.nothing("not seen")}
    told = {"liver": [("volume", "too large"), ("volume", "really")], "spleen": [("volume", "too small")]}
    flagged = flag(found, told)
    assert flagged["liver"].state == "check" and flagged["liver"].rules == ("estimated", "volume")
    assert flagged["liver"].note == "estimated; too large; really" and flagged["spleen"].absent


def scan(noise_hu=5.0, slice_mm=3.0):
    geometry = VolumeGeometry.upright(SHAPE, (slice_mm, STEP, STEP), (0.0, 0.0, 0.0), "1.2.3")
    values = np.random.default_rng(4).normal(50.0, noise_hu, SHAPE)
    return Volume(values.astype(np.int16), geometry)


def test_noise_and_thick_slices_are_told():
    found = {"liver": Found(LIVER)}
    told, lines = judge_scan(scan(6.0), found, PLAIN, np.ones(SHAPE, bool), frame())
    assert not told and not lines
    told, lines = judge_scan(scan(40.0, 5.0), found, PLAIN, np.ones(SHAPE, bool), frame())
    assert told["gallbladder"][0][0] == "noise" and len(lines) == 2
    assert "40 HU" in lines[0] or "39 HU" in lines[0] or "41 HU" in lines[0]


def test_metal_flags_the_organs_beside_it_only():
    hu = PLAIN.copy()
    hu[10:13, 48:52, 48:52] = 3000.0
    found = {"liver": Found(ball(45, 35, 26, 24.0)), "kidney_left": Found(ball(12, 45, 75, 24.0))}
    told, lines = judge_scan(scan(), found, hu, np.ones(SHAPE, bool), frame())
    assert set(told) == {"kidney_left"} and "metal" in lines[0]


def test_arms_shade_the_solid_organs_only_where_they_are_in_the_field():
    found = {"liver": Found(LIVER), "aorta": Found(ball(30, 40, 55, 12.0))}
    body = np.ones(SHAPE, bool)
    assert judge_scan(scan(), found, PLAIN, body, frame())[0] == {}
    told, _ = judge_scan(scan(), found, PLAIN, body, frame(), arms=True)
    assert told["liver"][0][0] == "shading" and "aorta" not in told


def test_a_small_gallbladder_inside_the_liver_is_a_cyst_rather():
    assert rules_of("gallbladder", ball(30, 35, 30, 13.0), liver=LIVER & ~ball(30, 35, 30, 13.0)) == {"enclosed"}
    at_the_rim = ball(9, 35, 30, 13.0)
    assert rules_of("gallbladder", at_the_rim, liver=LIVER & ~at_the_rim) == set()


def test_a_spleen_that_fills_unevenly_is_flagged_in_the_arterial_phase_only():
    stripes = (110.0 + 35.0 * np.sin(np.indices(SHAPE)[0])).astype(np.float32)
    assert rules_of("spleen", SPLEEN, stripes, Phase("arterial", 300.0, 70.0)) == {"mottled"}
    assert rules_of("spleen", SPLEEN, stripes) == set()


def test_an_aorta_that_begins_below_the_top_of_the_scan_is_incomplete():
    k, j, i = np.indices(SHAPE)
    tube = ((j - 42) ** 2 + (i - 54) ** 2) * STEP**2 < 12.0**2
    arterial = np.full(SHAPE, 300.0, np.float32)
    whole = rules_of("aorta", tube & (k > 5), arterial, Phase("arterial", 300.0, 70.0))
    part = rules_of("aorta", tube & (k > 5) & (k < 45), arterial, Phase("arterial", 300.0, 70.0))
    assert part - whole == {"incomplete"} and "incomplete" not in whole
