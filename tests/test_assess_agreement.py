"""Overlap, surface distance and centrelines against analysis and SimpleITK."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK

from anatomy_twin.assess.agreement import agreement, centreline_share, dice, skeleton_points, skeleton_radius_mm
from anatomy_twin.assess.comparison import compare_labels, compare_lesions, tree_lines
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.errors import DataError
from tests.support.toy_patient import make_segment

SPACING = (2.0, 1.0, 0.5)


def ball(centre_mm, radius_mm, shape=(40, 80, 160)):
    k, j, i = np.indices(shape)
    away = [(axis * step - c) ** 2 for axis, step, c in zip((k, j, i), SPACING, centre_mm, strict=True)]
    return sum(away) <= radius_mm**2


def test_a_mask_agrees_with_itself():
    mask = ball((40, 40, 40), 15)
    result = agreement(mask, mask, SPACING)
    assert result.dice == 1.0 and result.surface_distance_95_mm == 0.0 and result.volume_error_percent == 0.0
    assert not result.cut and result.truth_ml == pytest.approx(4 / 3 * math.pi * 15**3 / 1000, rel=0.01)


def test_concentric_balls_are_their_radii_apart():
    result = agreement(ball((40, 40, 40), 18), ball((40, 40, 40), 14), SPACING)
    assert result.surface_distance_95_mm == pytest.approx(4.0, abs=1.1)  # a voxel is 2 mm long
    assert result.volume_error_percent == pytest.approx(100 * (18**3 / 14**3 - 1), rel=0.02)
    assert result.dice == pytest.approx(2 * 14**3 / (18**3 + 14**3), rel=0.01)


def test_overlap_and_distance_are_those_of_simpleitk():
    first, second = ball((40, 40, 40), 15), ball((44, 38, 45), 13)
    images = []
    for mask in (first, second):
        image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
        image.SetSpacing(SPACING[::-1])
        images.append(image)
    measure = SimpleITK.LabelOverlapMeasuresImageFilter()
    measure.Execute(*images)
    assert dice(first, second) == pytest.approx(measure.GetDiceCoefficient(), abs=1e-9)
    contours = [SimpleITK.LabelContour(image) for image in images]
    distances = []
    for a, b in (contours, contours[::-1]):
        to_other = SimpleITK.SignedMaurerDistanceMap(b, squaredDistance=False, useImageSpacing=True)
        values = SimpleITK.GetArrayFromImage(to_other)[SimpleITK.GetArrayFromImage(a) > 0]
        distances.append(np.percentile(np.abs(values), 95))
    assert agreement(first, second, SPACING).surface_distance_95_mm == pytest.approx(max(distances), abs=1e-4)


def test_a_cut_face_is_no_surface():
    shape = (10, 20, 20)
    truth = np.zeros(shape, bool)
    truth[:, 5:15, 5:15] = True  # goes on above and below the grid
    found = truth.copy()
    found[:, 5:15, 15:17] = True
    result = agreement(found, truth, (5.0, 1.0, 1.0))
    assert result.cut and result.surface_distance_95_mm == pytest.approx(2.0)


def test_nothing_found_is_no_number():
    truth, nothing = ball((40, 40, 40), 10), np.zeros((40, 80, 160), bool)
    result = agreement(nothing, truth, SPACING)
    assert result.dice == 0.0 and math.isnan(result.surface_distance_95_mm) and result.volume_error_percent == -100.0
    assert math.isnan(agreement(nothing, nothing, SPACING).dice)
    with pytest.raises(DataError, match="cannot be compared"):
        agreement(truth, truth[1:], SPACING)


def test_the_centreline_of_a_tube_and_how_much_of_it_is_met():
    shape = (30, 30, 60)
    k, j, _ = np.indices(shape)
    tube = (k - 15) ** 2 + (j - 14) ** 2 <= 16
    line = skeleton_points(tube)
    assert len(line) > 40 and np.abs(line[:, :2] - (15, 14)).max() <= 1
    half = tube.copy()
    half[:, :, 30:] = False
    points = np.array([(15.0, 14.0, i) for i in range(60)])
    assert centreline_share(points, tube, (1.0, 1.0, 1.0)) == 1.0
    assert centreline_share(points, half, (1.0, 1.0, 1.0)) == pytest.approx(32 / 60)  # 2 mm beyond the end count
    assert centreline_share(np.add(points, (0, 40, 0)), tube, (1.0, 1.0, 1.0)) == 0.0
    assert math.isnan(centreline_share(np.zeros((0, 3)), tube, (1.0, 1.0, 1.0)))


def test_how_far_a_skeleton_lies_from_the_border_of_its_tube():
    k, j, _ = np.indices((40, 40, 60))
    wide, thin = (k - 12) ** 2 + (j - 14) ** 2 <= 36, (k - 28) ** 2 + (j - 30) ** 2 <= 4
    points = skeleton_points(wide | thin)
    radius = skeleton_radius_mm(wide | thin, points, (0.5, 0.5, 0.5))
    middle = (points[:, 2] > 12) & (points[:, 2] < 48)
    assert np.median(radius[middle & (points[:, 0] < 20)]) == pytest.approx(3.1, abs=0.3)
    assert np.median(radius[middle & (points[:, 0] > 20)]) == pytest.approx(1.1, abs=0.3)


class Pieces:
    """Two straight tubes of 40 and 20 mm, radius 3 and 1 mm, along k."""

    def pieces(self):
        low = np.array([[20.0, 20.0, 10.0], [60.0, 20.0, 10.0]])
        return low, low + np.array([[0.0, 0.0, 40.0], [0.0, 0.0, 20.0]]), np.array([3.0, 1.0])


def test_a_tree_gives_its_own_centreline_and_wide_stretches_apart():
    shape = (40, 80, 160)
    z, y, x = (np.arange(n).reshape([-1 if a == b else 1 for b in range(3)]) * SPACING[a] for a, n in enumerate(shape))
    stem = (np.hypot(x - 20, y - 20) <= 3) & (z >= 10) & (z <= 50)
    twig = (np.hypot(x - 60, y - 20) <= 1) & (z >= 10) & (z <= 30)
    lines = tree_lines({"hepatic_veins": Pieces()})
    assert len(lines["hepatic_veins"].points_mm) == 120
    truth = labelled(hepatic_veins=stem | twig)
    for found, share, wide in ((stem, 2 / 3, 1.0), (twig, 1 / 3, 0.0), (stem | twig, 1.0, 1.0)):
        (row, whole) = compare_labels(labelled(hepatic_veins=found), truth, lines=lines)
        assert row.centreline_found == whole.centreline_found == pytest.approx(share, abs=0.01)
        assert row.wide_found == pytest.approx(wide) and row.centreline_right == 1.0
    upper = np.zeros(shape, bool)
    upper[20:] = True  # from 40 mm on: only the stem
    row = compare_labels(labelled(hepatic_veins=stem), truth, within=upper, lines=lines)[0]
    assert row.centreline_found == row.wide_found == 1.0


def labelled(**masks):
    shape = next(iter(masks.values())).shape
    array = np.zeros((3, *shape), np.uint8)
    segments = []
    for value, (name, mask) in enumerate(masks.items(), start=1):
        layer = 2 if "tumour" in name else 1 if name in ("hepatic_veins", "portal_branches", "hepatic_vessels") else 0
        array[layer][mask] = value
        segments.append(make_segment(name, layer, value, "check" if "candidate" in name else "ok"))
    geometry = VolumeGeometry.upright(shape, SPACING, (0.0, 0.0, 0.0), "1.2.3")
    return LabelMap(array, geometry, tuple(segments))


def test_structures_are_compared_by_name_and_vessels_as_one_class():
    liver, vein = ball((40, 40, 40), 30), ball((40, 40, 30), 5)
    truth = labelled(liver=liver, hepatic_veins=vein)
    found = labelled(liver=ball((40, 40, 40), 28), hepatic_vessels=vein)
    rows = {row.name: row for row in compare_labels(found, truth)}
    assert set(rows) == {"liver", "hepatic_veins", "intrahepatic_vessels"}
    assert rows["hepatic_veins"].state == "not offered" and rows["hepatic_veins"].agreement.dice == 0.0
    whole = rows["intrahepatic_vessels"]
    assert whole.agreement.dice == 1.0 and whole.centreline_found == whole.centreline_right == 1.0
    assert rows["liver"].centreline_found is None and rows["liver"].agreement.dice > 0.85


def test_a_truth_that_is_known_on_some_slices_is_compared_there():
    liver = ball((40, 40, 40), 30)
    upper = np.zeros_like(liver)
    upper[20:] = True
    found = labelled(liver=np.where(upper, liver, True))
    (row,) = compare_labels(found, labelled(liver=liver & upper), within=upper)
    assert row.agreement.dice == 1.0 and row.agreement.cut


def test_lesions_are_met_by_their_best_candidate_and_the_rest_is_false():
    large, small = ball((40, 40, 40), 10), ball((40, 20, 60), 5)
    truth = labelled(liver=ball((40, 40, 40), 35), tumour_1=large, tumour_2=small)
    found = labelled(
        liver=ball((40, 40, 40), 35), tumour_candidate_1=ball((41, 40, 40), 9), tumour_candidate_2=ball((40, 65, 20), 4)
    )
    rows, false = compare_lesions(found, truth)
    first, second = sorted(rows, key=lambda row: row.name)
    assert first.found and first.candidate == "tumour_candidate_1" and first.diameter_mm == pytest.approx(20, abs=0.3)
    assert not second.found and second.dice == 0.0 and false == ("tumour_candidate_2",)
