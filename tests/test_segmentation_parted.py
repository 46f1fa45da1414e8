"""What parts organs from their neighbours, against analytic shapes: fat lines, fat around the heart, an own level."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from anatomy_twin.segmentation.abdomen.heart import find_heart
from anatomy_twin.segmentation.abdomen.kidneys import _medulla
from anatomy_twin.segmentation.abdomen.liver import Level, Scene, _own_level, denoise
from anatomy_twin.segmentation.abdomen.spleen import dark_lines
from anatomy_twin.segmentation.ground.frame import SpineFrame

STEP_MM = 3.0
SHAPE = (60, 70, 70)


@cache
def places() -> np.ndarray:
    """Place of each voxel from the middle of the grid in mm, [3, k, j, i]."""
    return (np.indices(SHAPE) + 0.5 - np.array(SHAPE).reshape(3, 1, 1, 1) / 2.0) * STEP_MM


def ball(centre_mm: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    return ((places() - np.array(centre_mm).reshape(3, 1, 1, 1)) ** 2).sum(0) < radius_mm**2


def spine(left_voxel: float) -> SpineFrame:
    """Return a spine at the back of the grid."""
    line = np.ones(SHAPE[0], np.float32) * STEP_MM
    return SpineFrame(line * left_voxel, line * (SHAPE[1] - 3), STEP_MM, SHAPE)


def scene_of(hu: np.ndarray, left_voxel: float = 35.0) -> Scene:
    hu = hu.astype(np.float32)
    none, body = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    return Scene(hu, denoise(hu, body), body, none, none, none, none, np.full(SHAPE, 30.0, np.float32),
                 np.full(SHAPE, 1000.0, np.float32), spine(left_voxel))  # fmt: skip


@pytest.mark.parametrize("noise_hu", [0.0, 8.0])
def test_a_line_of_fat_is_seen_and_noise_is_none(noise_hu):
    hu = np.full(SHAPE, 50.0) + noise_hu * np.random.default_rng(3).standard_normal(SHAPE)
    line = np.abs(places()[2]) < 0.6 * STEP_MM  # one voxel across, half of it fat
    lines = dark_lines(scene_of(np.where(line, hu - 75.0, hu)), np.ones(SHAPE, bool))
    assert lines[line].mean() > 0.95
    away = np.abs(places()[2]) > 4.0 * STEP_MM
    assert lines[away].mean() < 0.002


def test_stripes_of_a_spleen_are_no_lines_of_fat():
    hu = 120.0 + 35.0 * np.cos(2.0 * np.pi * places()[1] / 45.0)
    assert not dark_lines(scene_of(hu), np.ones(SHAPE, bool)).any()


def test_a_heart_in_its_fat_is_followed_to_its_lower_end_and_not_into_the_belly():
    k, j, i = places()
    heart = ball((30.0, 0.0, 0.0), 48.0)
    # above, lung lies beside the heart; below, its own fat is thick
    fat = ((j**2 + i**2) < np.where(k > 20.0, 50.0, 66.0) ** 2) & (k > -40.0)
    hu = np.where(fat, -90.0, -850.0)
    hu[k < -40.0] = -90.0
    belly = (k < -24.0) & (j**2 + i**2 < 85.0**2)
    hu[heart] = 120.0
    hu[belly] = 60.0
    lungs = hu < -500.0
    found = find_heart(hu.astype(np.float32), lungs, np.full(SHAPE, 30.0, np.float32), belly, spine(35.0))
    assert found.state == "check"
    truth = heart & ~belly
    assert 2.0 * (found.mask & truth).sum() / (found.mask.sum() + truth.sum()) > 0.94
    assert not (found.mask & belly).any()


def test_a_lobe_at_the_level_of_the_liver_stays_and_bowel_does_not():
    liver, lobe, gut = ball((0, 0, -35.0), 50.0), ball((0, 0, 25.0), 25.0), ball((-60.0, -20.0, -35.0), 22.0)
    hu = np.where(liver | lobe, 110.0, -90.0)
    hu[gut & ~liver] = np.where(np.indices(SHAPE)[1] // 4 % 2, 40.0, 95.0)[gut & ~liver]
    parts = (lobe | gut) & ~liver
    kept = _own_level(parts, liver, scene_of(hu), Level(110.0, 5.0))
    assert np.array_equal(kept, lobe & ~liver)
    assert not _own_level(parts, liver, scene_of(hu), Level(60.0, 5.0)).any()  # without contrast medium it says nothing


def test_a_dark_medulla_open_to_the_hilum_belongs_to_the_kidney_and_its_sinus_does_not():
    kidney, inner = ball((0, 0, 0), 33.0), ball((0, 0, 0), 25.0)
    mouth = (np.abs(places()[1]) < 15.0) & (np.abs(places()[0]) < 15.0) & (places()[2] > 0.0)
    sinus = ball((0, 0, 20.0), 12.0)
    cortex, medulla = kidney & ~inner & ~mouth, inner & ~sinus
    hu = np.full(SHAPE, -90.0)
    hu[kidney], hu[inner], hu[sinus] = 200.0, 60.0, -60.0
    found = _medulla(cortex, hu.astype(np.float32), np.ones(SHAPE, bool), STEP_MM)
    assert (found & medulla).sum() > 0.9 * medulla.sum()
    assert not (found & sinus).any() and not (found & ~kidney).any()
