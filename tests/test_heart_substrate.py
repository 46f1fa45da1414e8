"""Fibrosis on a wall: read from an image or voltages that are known, and made up with an exact share."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.anatomy.heart.regions import point_areas, with_regions
from anatomy_twin.anatomy.heart.substrate import (
    DENSE,
    INTERSTITIAL,
    around_scar_mm,
    blood_of,
    by_deviations,
    by_intensity_ratio,
    by_voltage,
    share_of,
    spread_over,
    stage_of,
    texture,
    through_wall,
)
from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import DataError, MeshError
from tests.support.made_atrium import CENTRE, made_atrium


@pytest.fixture(scope="module")
def chamber():
    return with_regions(chamber_of(made_atrium().surface))


@pytest.fixture(scope="module")
def scan(chamber):
    """An image with blood of 100 +- 5, a wall of 80, and in it a half with 125 and a corner with 160."""
    grid = VolumeGeometry.upright((110, 110, 140), (1.0, 1.0, 1.0), tuple(CENTRE - (70.0, 55.0, 55.0)))
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)) - CENTRE
    blood = np.linalg.norm(points / (27.0, 19.0, 21.0), axis=-1) < 1.0
    image = np.where(points[..., 1] > 6.0, 125.0, 80.0)
    image[(points[..., 1] > 6.0) & (points[..., 2] > 4.0)] = 160.0
    image[blood] = 100.0 + np.random.default_rng(5).normal(0.0, 5.0, int(blood.sum()))
    return Volume(image.astype(np.float32), grid, modality="MR", units=""), blood, grid


def test_wall_is_read_and_graded_by_both_rules(chamber, scan):
    volume, blood, grid = scan
    mean, deviation = blood_of(volume, blood, grid)
    assert mean == pytest.approx(100.0, abs=0.2) and deviation == pytest.approx(5.0, abs=0.2)
    body = ~chamber.in_regions([name for name in chamber.region_names if "vein" in name])
    place = chamber.surface.points_mm - CENTRE
    clear = body & (np.abs(place[:, 1] - 6.0) > 4.0) & (np.abs(place[:, 2] - 4.0) > 4.0)
    truth = np.where(place[:, 1] < 6.0, 0, np.where(place[:, 2] > 4.0, DENSE, INTERSTITIAL))
    values = through_wall(chamber, volume, 1.5, 4.0)
    for found in (by_intensity_ratio(chamber, values, mean, (1.12, 1.4)),
                  by_deviations(chamber, values, mean, deviation, (3.5, 8.0))):
        assert np.mean(found.classes[clear] == truth[clear]) > 0.99
    named = by_intensity_ratio(chamber, values, mean)
    assert np.allclose(named.values, values / mean) and "unverified" in named.source
    assert share_of(chamber, named) == pytest.approx(
        point_areas(chamber.surface)[body & (named.classes > 0) & ~chamber.in_regions(["mitral_annulus"])].sum()
        / point_areas(chamber.surface)[body & ~chamber.in_regions(["mitral_annulus"])].sum())


def test_image_that_shows_something_else_is_refused(chamber, scan):
    volume, blood, grid = scan
    moved = VolumeGeometry(grid.shape, grid.spacing_mm, grid.direction, (900.0, 0.0, 0.0))
    with pytest.raises(MeshError, match="register the image"):
        through_wall(chamber, Volume(volume.array, moved, modality="MR", units=""))
    with pytest.raises(DataError, match="not on the grid"):
        blood_of(volume, blood, moved)
    with pytest.raises(DataError, match="nothing of the blood"):
        blood_of(volume, np.zeros_like(blood), grid)


def test_voltages_of_mapping_points_become_classes(chamber):
    rng = np.random.default_rng(3)
    seen = rng.permutation(len(chamber.surface.points_mm))[:1500]
    points = chamber.surface.points_mm[seen] + rng.normal(0.0, 0.3, (1500, 3))
    place = points - CENTRE
    voltage = np.where(place[:, 0] > 10.0, 0.05, np.where(place[:, 0] > -10.0, 0.3, 1.8))
    spread = spread_over(chamber, points, voltage)
    found = by_voltage(chamber, spread)
    at = chamber.surface.points_mm[:, 0] - CENTRE[0]
    clear = (np.abs(at - 10.0) > 4.0) & (np.abs(at + 10.0) > 4.0)
    truth = np.where(at > 10.0, DENSE, np.where(at > -10.0, INTERSTITIAL, 0))
    assert np.array_equal(found.classes[clear], truth[clear])
    half = place[:, 0] > 0.0
    partly = by_voltage(chamber, spread_over(chamber, points[half], voltage[half]))
    assert "has no voltage" in partly.notes[0] and np.isnan(partly.values).any()
    assert not partly.classes[np.isnan(partly.values)].any()
    for call, words in (
        (lambda: spread_over(chamber, points + 500.0, voltage), "within 10 mm"),
        (lambda: spread_over(chamber, points, voltage[:7]), "one value each"),
        (lambda: by_voltage(chamber, np.ones(4)), "voltages of shape"),
        (lambda: by_voltage(chamber, spread, (0.1, 0.5)), "wrong order"),
        (lambda: by_voltage(chamber, spread, "ear"), "unknown thresholds"),
    ):
        with pytest.raises(DataError, match=words):
            call()


@pytest.mark.parametrize("share", [0.05, 0.18, 0.35, "I", "II", "III", "IV"])
def test_made_up_fibrosis_has_the_share_that_was_asked_for(chamber, share):
    found = texture(chamber, share, seed=11)
    asked = share if isinstance(share, float) else {"I": 0.03, "II": 0.12, "III": 0.27, "IV": 0.40}[share]
    largest = point_areas(chamber.surface).max() / 1000.0  # of a wall of more than 1000 mm2: one point
    assert share_of(chamber, found) == pytest.approx(asked, abs=largest)
    assert share_of(chamber, found, DENSE) == pytest.approx(0.3 * asked, abs=largest)
    if isinstance(share, str):
        assert stage_of(share_of(chamber, found)) == share
    veins = chamber.in_regions([name for name in chamber.region_names if name.startswith("pulmonary")])
    assert not found.classes[veins].any()
    assert np.array_equal(found.classes, texture(chamber, share, seed=11).classes)
    assert np.mean(found.classes == texture(chamber, share, seed=12).classes) < 0.999
    assert "made up" in found.notes[0]


def test_patches_are_as_large_as_asked(chamber):
    widths = []
    for patch_mm in (4.0, 12.0):
        areas = point_areas(chamber.surface)
        on = texture(chamber, 0.3, seed=2, patch_mm=patch_mm).classes > 0
        border = on[chamber.surface.triangles].any(axis=1) & ~on[chamber.surface.triangles].all(axis=1)
        side = np.sqrt(areas.mean() * 2.0)
        widths.append(4.0 * areas[on].sum() / (border.sum() * side / 2.0))  # 4 area / outline: a disc's diameter
    assert 2.0 * widths[0] < widths[1]


def test_distance_from_scar_and_stages(chamber):
    found = texture(chamber, 0.2, seed=1)
    away = around_scar_mm(chamber, found)
    assert np.array_equal(away == 0.0, found.classes == DENSE)
    assert np.isinf(around_scar_mm(chamber, texture(chamber, 0.0, seed=1))).all()
    assert [stage_of(share) for share in (0.05, 0.051, 0.2, 0.36)] == ["I", "II", "II", "IV"]
    assert [stage_of(share, "decaaf") for share in (0.0999, 0.1, 0.29, 0.3)] == ["1", "2", "3", "4"]
    with pytest.raises(DataError, match="unknown stage"):
        texture(chamber, "V", seed=1)
