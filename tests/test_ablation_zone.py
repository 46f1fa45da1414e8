"""An ablation zone is found beside what looks like one, and where there is none that is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.abdomen.ablation_zone import find_ablation_zone

SPACING = (2.5, 1.2, 1.2)
GRID = VolumeGeometry.upright((44, 90, 90), SPACING)
POINTS = GRID.to_world(np.moveaxis(np.indices(GRID.shape), 0, -1))
MIDDLE = np.asarray(GRID.center_mm)
LIVER_HU, ZONE_HU = 112.0, 70.0


def ball(shift, radius):
    return ((POINTS - (MIDDLE + shift)) ** 2).sum(axis=-1) <= radius**2


LIVER = ball((0, 0, 0), 46.0)
ZONE = ball((4.0, 0, 0), 16.0)
TARGET = ball((2.0, 0, 0), 9.0)


def scan(*drawn, zone_hu=ZONE_HU):
    """A liver with its zone, then what is drawn over it: (mask, HU)."""
    values = np.where(LIVER, LIVER_HU, -95.0)
    for mask, hu in ((ZONE, zone_hu), *drawn):
        values = np.where(mask & LIVER, hu, values)
    blurred = ndimage.gaussian_filter(values, [0.7 / step for step in SPACING])
    noise = ndimage.gaussian_filter(np.random.default_rng(8).normal(size=GRID.shape), (0, 0.8, 0.8))
    return Volume((blurred + 11.0 * noise / noise.std()).astype(np.int16), GRID)


def dice(a, b):
    return 2.0 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_a_zone_is_found_with_the_error_of_its_border():
    found = find_ablation_zone(scan(), LIVER, TARGET)
    assert dice(found.mask, ZONE) > 0.94 and found.rules == ()
    assert 0.3 < found.edge_mm < 1.5
    # the border lies within its stated error: that of balls of the same volume
    radius = (0.75 / np.pi * np.count_nonzero(found.mask) * np.prod(SPACING)) ** (1 / 3)
    assert abs(radius - 16.0) < found.edge_mm


def test_gas_within_the_zone_and_a_bright_seam_around_it_belong_to_no_liver():
    gas = ball((4.0, -8.0, 2.0), 4.0) | ball((8.0, -10.0, -2.0), 3.0) | ball((2.0, -14.0, 0), 2.5)
    seam = ball((4.0, 0, 0), 18.5) & ~ZONE
    found = find_ablation_zone(scan((seam, LIVER_HU + 25.0), (gas, -700.0)), LIVER, TARGET)
    assert dice(found.mask, ZONE) > 0.92
    assert found.mask[gas & ZONE].mean() > 0.95


@pytest.mark.parametrize(("shift", "radius", "hu"), [
    ((-21.0, 0, 0), 10.0, 7.0),  # a cyst that touches the zone
    ((4.0, 24.0, 0), 10.0, 66.0),  # another tumour
    ((4.0, 0, -25.0), 12.0, 72.0),  # a former zone
])
def test_what_was_dark_before_is_no_part_of_the_zone(shift, radius, hu):
    other = ball(shift, radius) & ~ZONE
    found = find_ablation_zone(scan((other, hu)), LIVER, TARGET, former=other)
    assert dice(found.mask, ZONE) > 0.9 and not (found.mask & other).any()
    apart = find_ablation_zone(scan((ball((-25.0, 20.0, 0), 9.0), 7.0)), LIVER, TARGET)
    assert dice(apart.mask, ZONE) > 0.94


def test_the_simulated_zone_tells_what_differs_from_it():
    planned = ball((4.0, 0, 0), 15.0)
    assert find_ablation_zone(scan(), LIVER, TARGET, planned).rules == ()
    large = ball((16.0, 0, 0), 26.0)
    assert "differs from the simulated zone" in find_ablation_zone(scan((large, ZONE_HU)), LIVER, TARGET, planned).rules


def test_a_target_that_was_not_treated_is_not_taken_for_a_zone_in_silence():
    untouched = scan((ZONE, LIVER_HU), (TARGET, 66.0))
    found = find_ablation_zone(untouched, LIVER, TARGET)
    assert any("perhaps the target itself" in rule for rule in found.rules)


def test_a_zone_beside_the_target_is_flagged_and_none_is_refused():
    aside = scan((ZONE, LIVER_HU), (ball((16.0, 0, 0), 9.0), ZONE_HU))
    found = find_ablation_zone(aside, LIVER, TARGET)
    assert "lies beside the target" in found.rules
    with pytest.raises(SegmentationError, match="no ablation zone can be told"):
        find_ablation_zone(scan((ZONE, LIVER_HU)), LIVER, TARGET)
    with pytest.raises(SegmentationError, match="outside of the scan"):
        find_ablation_zone(scan(), LIVER, np.zeros_like(TARGET))
