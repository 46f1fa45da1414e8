"""Vessels: filters against formulas, trees and diameters against drawn tubes, the portal vein of a real scan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.abdomen.ivc import find_inferior_vena_cava
from anatomy_twin.segmentation.abdomen.liver_veins import hilar_root, part_trees, split_by_roots
from anatomy_twin.segmentation.abdomen.portal import find_portal_vein, portal_region
from anatomy_twin.segmentation.abdomen.portal_tube import with_parts_apart
from anatomy_twin.segmentation.abdomen.vessels import find_hepatic_vessels, vessel_diameter_mm
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.ridges import hessian_eigenvalues, ridge_strength
from anatomy_twin.segmentation.ground.working_grid import dilate_mm, equal_grid, resample, resample_mask
from tests.support.real_scans import DATA

PORTAL = Phase("portal venous", 150.0, 100.0)


def grid(shape, spacing=1.5):
    geometry = VolumeGeometry.upright(shape, (spacing,) * 3)
    points = geometry.to_world(np.moveaxis(np.indices(shape), 0, -1))
    return geometry, points[..., 0], points[..., 1], points[..., 2]


def test_eigenvalues_are_those_of_a_quadratic_form():
    rng = np.random.default_rng(3)
    for _ in range(5):
        half = rng.normal(size=(3, 3))
        matrix = half + half.T
        index = np.moveaxis(np.indices((7, 7, 7)), 0, -1) * 1.5 - 4.5
        image = 0.5 * np.einsum("...a,ab,...b->...", index, matrix, index)
        found = hessian_eigenvalues(image, (np.array([3]), np.array([3]), np.array([3])), 1.5)[0]
        assert found == pytest.approx(np.linalg.eigvalsh(matrix), abs=1e-6)


@pytest.mark.parametrize("width", [1.2, 1.8, 2.7])
def test_ridge_strength_of_a_gaussian_tube_is_its_contrast(width):
    # at the scale of the tube 4 s^2 times the second derivative of the blurred profile is the tube's own contrast
    geometry, x, y, _ = grid((21, 41, 41), 0.6)
    middle = geometry.center_mm
    tube = 40.0 * np.exp(-0.5 * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / width**2)
    strength = ridge_strength(tube.astype(np.float32), np.ones(tube.shape, bool), 0.6, (width,))
    assert strength[10, 20, 20] == pytest.approx(40.0, rel=0.08)


def test_plates_and_balls_are_no_ridges():
    geometry, x, y, z = grid((41, 41, 41), 0.6)
    a, b, c = geometry.center_mm
    everywhere = np.ones(x.shape, bool)
    plate = (40.0 * np.exp(-0.5 * (x - a) ** 2 / 1.8**2)).astype(np.float32)
    assert ridge_strength(plate, everywhere, 0.6, (1.8,))[20, 20, 20] < 1.0
    ball = (40.0 * np.exp(-0.5 * ((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / 1.8**2)).astype(np.float32)
    assert ridge_strength(ball, everywhere, 0.6, (1.8,))[20, 20, 20] < 20.0
    assert ridge_strength(-plate, everywhere, 0.6, (1.8,)).max() < 2.0


@pytest.mark.parametrize("diameter", [4.0, 8.0, 13.0])
def test_diameter_of_a_cylinder(diameter):
    geometry, x, y, _ = grid((30, 41, 41), 0.75)
    middle = geometry.center_mm
    tube = np.hypot(x - middle[0], y - middle[1]) <= diameter / 2
    found = vessel_diameter_mm(tube, geometry)
    assert np.median(found[tube]) == pytest.approx(diameter, abs=0.8)
    assert not found[~tube].any()


def test_two_trees_that_touch_are_parted_at_the_thin_contact():
    _, x, y, z = grid((40, 40, 60), 1.5)
    upper = np.hypot(y - 30, z - 40) < 4.0
    lower = np.hypot(y - 30, z - 18) < 4.0
    contact = (np.hypot(x - 45, y - 30) < 1.6) & (z > 18) & (z < 40)
    roots = [(np.hypot(y - 30, z - 40) < 6.0) & (x > 82), (np.hypot(y - 30, z - 18) < 6.0) & (x > 82)]
    vessels = (upper | lower | contact) & (x < 82)
    for brightness in (None, np.where(contact, 0.6, 1.0).astype(np.float32)):
        trees = split_by_roots(vessels, roots[0], roots[1], 1.5, brightness)
        assert np.mean(trees.first[upper & (x < 82)]) > 0.97
        assert np.mean(trees.second[lower & (x < 82)]) > 0.97
        assert not (trees.first & trees.second).any() and trees.doubtful < 0.1
    found = part_trees(vessels, roots[0], roots[1], 1.5, "vessels")
    assert found["hepatic_veins"].state == "check" and found["hepatic_veins"].rules == ("estimated",)
    assert "doubtful" in found["portal_branches"].note
    for cava, trunk, missing in ((None, roots[1], "vena cava"), (roots[0], None, "portal trunk")):
        alone = part_trees(vessels, cava, trunk, 1.5, "vessels")
        assert alone["hepatic_vessels"].state == "ok" and missing in alone["hepatic_vessels"].note
        assert alone["hepatic_veins"].absent and alone["portal_branches"].absent


def test_portal_branches_that_lean_on_the_cava_below_the_hilum_are_no_hepatic_veins():
    _, x, y, z = grid((60, 40, 60), 1.5)
    cava = (np.hypot(x - 70, y - 30) < 9) & (z > 3)
    trunk = (np.hypot(y - 30, z - 40) < 6) & (x > 40) & (x < 60)
    portal = (np.hypot(y - 30, z - 40) < 4) & (x <= 40) & (x > 8)
    portal |= (np.hypot(y - 30, x - 30) < 2.5) & (z < 40) & (z > 15)
    portal |= (np.hypot(y - 30, z - 15) < 2.5) & (x > 30) & (x < 61)  # reaches the cava 25 mm below the hilum
    hepatic = (np.hypot(y - 30, z - 75) < 4) & (x > 8) & (x < 61)
    found = part_trees(portal | hepatic, cava, trunk, 1.5, "vessels")
    assert np.mean(found["portal_branches"].mask[portal]) > 0.98
    assert np.mean(found["hepatic_veins"].mask[hepatic]) > 0.98


def test_without_a_trunk_the_widest_vessel_of_the_hilum_is_the_portal_root():
    _, x, y, z = grid((70, 70, 80), 1.5)
    liver = np.sqrt(((x - 60) / 52) ** 2 + ((y - 52) / 45) ** 2 + ((z - 52) / 48) ** 2) < 1
    liver &= ~((np.hypot(x - 70, z - 35) < 13) & (y < 40))  # the bay of the hilum, open to the front
    cava = np.hypot(x - 75, y - 85) < 9
    hepatic = (np.hypot(y - 75, z - 80) < 4.5) & (x > 25) & (x < 74)
    portal = (np.hypot(x - 70, z - 35) < 5) & (y > 38) & (y < 50)
    portal |= (np.hypot(y - 48, z - 35) < 3.2) & (x > 20) & (x < 70)
    root = hilar_root(portal | hepatic, liver, cava, 1.5)
    assert root.any() and portal[root].all() and np.abs(x[root] - 70).max() < 9
    found = part_trees(portal | hepatic, cava, None, 1.5, "vessels", liver=liver)
    assert np.mean(found["portal_branches"].mask[portal]) > 0.98
    assert np.mean(found["hepatic_veins"].mask[hepatic]) > 0.98
    assert found["portal_branches"].state == "check" and "no trunk found" in found["portal_branches"].note
    assert not hilar_root(hepatic, liver, cava, 1.5).any()


@pytest.mark.parametrize("diameter", [6.0, 9.0, 12.0])
def test_the_wall_of_a_vessel_lies_at_half_of_its_own_height(diameter):
    # beside a brighter and wider vessel, which sets what is typical of this liver
    geometry, x, y, z = grid((60, 60, 70))
    a, b, c = geometry.center_mm
    liver = ((x - a) / 50) ** 2 + ((y - b) / 42) ** 2 + ((z - c) / 42) ** 2 < 1
    tube = np.hypot(y - b - 15, z - c - 12) < 0.5 * diameter
    other = np.hypot(y - b + 12, z - c + 10) < 6.0
    hu = np.where(liver, 100.0, -80.0)
    hu[tube & liver], hu[other & liver] = 150.0, 165.0
    hu = ndimage.gaussian_filter(hu, 0.7) + np.random.default_rng(2).normal(0.0, 8.0, hu.shape)
    found = find_hepatic_vessels(hu.astype(np.float32), geometry, {"liver": liver}, PORTAL)["hepatic_vessels"].mask
    middle = (np.abs(x - a) < 30) & (np.hypot(y - b - 15, z - c - 12) < diameter)
    area = np.count_nonzero(found & middle) / np.count_nonzero(tube & middle)
    assert np.sqrt(area) == pytest.approx(1.0, abs=0.12)


def liver_scene(contrast=50.0, noise=10.0, seed=0):
    geometry, x, y, z = grid((70, 90, 100))
    a, b, c = geometry.center_mm
    liver = ((x - a) / 62) ** 2 + ((y - b) / 55) ** 2 + ((z - c) / 45) ** 2 < 1
    tubes = {
        10.0: np.hypot(y - b, z - c) < 5.0, 5.0: np.hypot(x - a - 20, z - c - 15) < 2.5,
        4.0: np.hypot(x - a + 22, y - b - 12) < 2.0, 3.2: np.hypot(y - b + 22, z - c + 14) < 1.6,
    }
    hu = np.where(liver, 100.0, -80.0)
    vessels = np.zeros(liver.shape, bool)
    for tube in tubes.values():
        vessels |= tube & liver
    hu = ndimage.gaussian_filter(np.where(vessels, 100.0 + contrast, hu), 0.5)
    hu = hu + np.random.default_rng(seed).normal(0, noise, hu.shape)
    return geometry, hu.astype(np.float32), liver, {width: tube & liver for width, tube in tubes.items()}, vessels


def test_vessels_of_three_mm_and_more_are_found_in_the_portal_phase():
    geometry, hu, liver, tubes, truth = liver_scene()
    found = find_hepatic_vessels(hu, geometry, {"liver": liver}, PORTAL)
    mask = found["hepatic_vessels"].mask
    for width, tube in tubes.items():
        assert np.mean(dilate_mm(mask, 1.6, 1.5)[tube]) > 0.85, f"{width} mm"
    assert np.mean(dilate_mm(truth, 1.6, 1.5)[mask]) > 0.95
    assert found["hepatic_veins"].absent and found["portal_branches"].absent
    assert "not told apart" in found["hepatic_veins"].note


@pytest.mark.parametrize("name", ["native", "arterial", "late arterial"])
def test_no_vessels_are_invented_where_the_phase_shows_none(name):
    geometry, hu, liver, _, _ = liver_scene(contrast=0.0)
    found = find_hepatic_vessels(hu, geometry, {"liver": liver}, Phase(name))
    assert {entry.state for entry in found.values()} == {"not visible in this phase"}


def test_noise_alone_gives_no_vessels_even_in_a_portal_scan():
    geometry, hu, liver, _, _ = liver_scene(contrast=0.0)
    found = find_hepatic_vessels(hu, geometry, {"liver": liver}, PORTAL)
    assert all(entry.absent for entry in found.values())


def cava_scene():
    geometry, x, y, z = grid((60, 60, 60), 3.0)
    aorta = np.hypot(x - 95, y - 110) < 10
    cava = ((x - 60 - 0.05 * z) / 12) ** 2 + ((y - 100) / 9) ** 2 < 1
    hu = np.full(x.shape, -95.0)
    liver = (x < 70) & (y < 120) & (z > 70) & (z < 165)
    hu[liver], hu[aorta], hu[cava] = 100.0, 150.0, 135.0
    bone = np.hypot(x - 85, y - 145) < 20
    hu[bone] = 400.0
    hu = hu + np.random.default_rng(1).normal(0, 6, hu.shape)
    return geometry, hu.astype(np.float32), {"aorta": aorta, "liver": liver & ~cava, "bone": bone}, cava


def test_vena_cava_is_followed_beside_the_aorta():
    geometry, hu, masks, cava = cava_scene()
    found = find_inferior_vena_cava(hu, geometry, masks, PORTAL)["inferior_vena_cava"]
    assert not found.absent, found.note
    both = np.count_nonzero(found.mask & cava)
    assert both / np.count_nonzero(found.mask) > 0.95
    rows = found.mask.any(axis=(1, 2))
    # the wall lies at half contrast: within an eighth of the true volume of the slices that hold it
    assert np.count_nonzero(found.mask) == pytest.approx(np.count_nonzero(cava[rows]), rel=0.12)
    assert rows.sum() * 3.0 > 120.0
    assert both / np.count_nonzero(cava[rows]) > 0.75


def test_vena_cava_is_not_found_rather_than_wrong():
    geometry, hu, masks, cava = cava_scene()
    # blood of 135 HU is neither native blood beside an aorta of 45 HU nor that of a vein beside an aorta of 130 HU
    for phase in (Phase("native", 45.0, 55.0), Phase("arterial", 130.0, 60.0), Phase("unknown")):
        assert find_inferior_vena_cava(hu, geometry, masks, phase)["inferior_vena_cava"].absent
    assert find_inferior_vena_cava(hu, geometry, {"liver": cava}, PORTAL)["inferior_vena_cava"].absent
    empty = np.where(cava, -95.0, hu).astype(np.float32)
    masks = {**masks, "liver": np.zeros_like(cava)}
    empty[(hu > 60) & (hu < 125)] = -95.0
    assert find_inferior_vena_cava(empty, geometry, masks, PORTAL)["inferior_vena_cava"].absent


def test_vena_cava_is_followed_in_a_native_scan_and_below_the_end_of_the_aorta():
    geometry, hu, masks, cava = cava_scene()
    rng = np.random.default_rng(2)
    plain = np.where(hu > 250, 400.0, np.where(masks["liver"], 57.0, np.where(cava | masks["aorta"], 43.0, -95.0)))
    native = (ndimage.gaussian_filter(plain, 0.5) + rng.normal(0, 8, hu.shape)).astype(np.float32)
    short = masks["aorta"].copy()
    short[:6] = False
    found = find_inferior_vena_cava(native, geometry, {**masks, "aorta": short}, Phase("native", 43.0, 57.0))
    mask = found["inferior_vena_cava"].mask
    both = np.count_nonzero(mask & cava)
    assert mask.any(axis=(1, 2)).sum() * 3.0 > 150.0
    assert both / np.count_nonzero(mask) > 0.75
    assert 2.0 * both / (np.count_nonzero(mask) + np.count_nonzero(cava)) > 0.75


def test_a_blurred_border_is_found_at_half_height_whatever_lies_beside():
    geometry, x, _, _ = grid((24, 40, 40), 1.0)
    middle = geometry.center_mm[0]
    for outside in (-100.0, 60.0):
        sharp = np.where(np.abs(x - middle) <= 6.0, 160.0, outside)
        image = ndimage.gaussian_filter(sharp, (0, 0, 1.5)).astype(np.float32)
        core = np.abs(x - middle) <= 4.0
        found = grown_to_half(image, core, np.ones_like(core), 160.0, 1.0, rings=3)
        width = found[12, 20].sum()
        assert width == pytest.approx(12, abs=1.0), outside
    assert not grown_to_half(image, core, core, 160.0, 1.0)[~core].any()


def portal_scene(vein_hu=165.0, seed=0):
    """A liver whose two branches join to a trunk that leaves it and divides again; an aorta and a cava beside it."""
    geometry, x, y, z = grid((75, 60, 90), 2.0)
    liver = ((x - 45) / 42) ** 2 + ((y - 55) / 45) ** 2 + ((z - 105) / 40) ** 2 < 1
    branches = [np.hypot(y - 55 - side * 0.9 * (62 - x), z - 105) < 4.5 for side in (-1, 1)]
    trunk = (np.hypot(y - 55, z - 105 + 0.7 * (x - 60)) < 6.0) & (x > 60) & (x < 105)
    splenic = (np.hypot(y - 55, z - 74) < 4.0) & (x > 103) & (x < 170)
    mesenteric = (np.hypot(y - 55, x - 105) < 4.5) & (z < 76) & (z > 46)
    inside = (branches[0] | branches[1]) & (x > 25) & (x < 62)
    aorta, cava = np.hypot(x - 110, y - 95) < 9, np.hypot(x - 72, y - 92) < 9
    hu = np.where(liver, 105.0, -95.0)
    vein = trunk | splenic | mesenteric
    hu[cava], hu[aorta] = 130.0, 150.0
    hu[inside | vein] = vein_hu
    hu = ndimage.gaussian_filter(hu, 0.6) + np.random.default_rng(seed).normal(0, 8, hu.shape)
    masks = {"liver": liver, "aorta": aorta, "inferior_vena_cava": cava, "body": np.ones_like(liver)}
    return geometry, hu.astype(np.float32), masks, vein


def test_the_portal_trunk_is_followed_to_both_its_veins():
    geometry, hu, masks, vein = portal_scene()
    found = find_portal_vein(hu, geometry, masks, PORTAL)["portal_vein"]
    assert found.state == "ok", found.note
    assert np.mean(dilate_mm(found.mask, 2.0, 2.0)[vein]) > 0.9
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(hu.shape), 0, -1)), -1, 0)
    stem = (x > 54) & (x <= 60) & (np.hypot(y - 55, z - 105) < 8)  # the branches have not parted there
    assert np.mean(dilate_mm(vein | stem, 2.0, 2.0)[found.mask]) > 0.97
    both = np.count_nonzero(found.mask & vein)
    assert 2.0 * both / (np.count_nonzero(found.mask) + np.count_nonzero(vein)) > 0.8
    assert np.mean(portal_region(masks, 2.0)[vein]) > 0.95


def test_no_portal_trunk_is_invented():
    geometry, hu, masks, vein = portal_scene()
    for name, state in (("native", "not visible in this phase"), ("arterial", "not visible in this phase"),
                        ("unknown", "not found")):
        assert find_portal_vein(hu, geometry, masks, Phase(name))["portal_vein"].state == state
    without = np.where(vein, -95.0, hu).astype(np.float32)
    assert find_portal_vein(without, geometry, masks, PORTAL)["portal_vein"].absent
    assert find_portal_vein(hu, geometry, {"body": masks["body"]}, PORTAL)["portal_vein"].absent


def test_a_gap_in_the_vein_is_bridged_and_a_short_piece_is_flagged():
    geometry, hu, masks, vein = portal_scene()
    x = geometry.to_world(np.moveaxis(np.indices(hu.shape), 0, -1))[..., 0]
    rng = np.random.default_rng(4)
    # thick slices wash the vein out where it bends: 8 mm of it read 112 HU
    faint = np.where(vein & (x > 93) & (x < 101), 112.0 + rng.normal(0, 4, hu.shape), hu).astype(np.float32)
    found = find_portal_vein(faint, geometry, masks, PORTAL)["portal_vein"]
    assert np.mean(dilate_mm(found.mask, 2.0, 2.0)[vein & (x > 105)]) > 0.9
    short = np.where(vein & (x > 92), -95.0, hu).astype(np.float32)
    stump = find_portal_vein(short, geometry, masks, PORTAL)["portal_vein"]
    assert stump.absent or (stump.state == "check" and stump.rules == ("volume",)), stump.note


def test_vessels_of_a_liver_whose_outline_is_poor_are_no_portal_trunk():
    geometry, hu, masks, vein = portal_scene()
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(hu.shape), 0, -1)), -1, 0)
    # a liver of which only the part to the left of x = 40 was drawn; its wide veins run on to the right
    whole = masks["liver"] | (((x - 20) / 50) ** 2 + ((y - 50) / 48) ** 2 + ((z - 105) / 42) ** 2 < 1)
    rng = np.random.default_rng(5)
    hu = np.where(whole & (hu < 60), 105.0 + rng.normal(0, 8, hu.shape), hu).astype(np.float32)
    right = whole & (x < 40) & (np.hypot(y - 50, z - 108) < 6.0)
    hu[right] = 165.0 + rng.normal(0, 8, int(right.sum()))
    found = find_portal_vein(hu, geometry, {**masks, "liver": whole & (x > 40)}, PORTAL)["portal_vein"]
    assert found.absent or np.mean(found.mask[right]) < 0.1, found.note
    assert found.absent or found.state == "check" or np.mean(dilate_mm(vein, 4.0, 2.0)[found.mask]) > 0.8


def test_stretches_of_a_vein_apart_are_joined_only_where_a_portal_vein_can_run():
    shape, step = (60, 60, 60), 2.0
    _, x, y, z = grid(shape, step)
    masks = {"aorta": np.hypot(x - 80, y - 90) < 9, "inferior_vena_cava": np.hypot(x - 44, y - 88) < 9}
    trunk = (np.hypot(x - 50, y - 50) < 6) & (z > 80) & (z < 110)
    mesenteric = (np.hypot(x - 62, y - 40) < 5) & (z > 10) & (z < 60)
    left = (np.hypot(x - 112, y - 40) < 5) & (z > 10) & (z < 60)       # too far to the left
    thin = (np.hypot(x - 60, y - 55) < 2) & (z > 10) & (z < 60)        # an artery's calibre
    joined, apart = with_parts_apart(trunk, trunk | mesenteric | left | thin, masks, step)
    assert apart
    assert np.array_equal(joined, trunk | mesenteric)
    assert with_parts_apart(trunk, trunk | left | thin, masks, step)[1] is False
    assert with_parts_apart(trunk, trunk | mesenteric, {"aorta": masks["aorta"]}, step)[1] is False


def test_a_border_that_noise_hides_is_not_moved():
    geometry, x, _, _ = grid((24, 40, 40), 1.0)
    core = np.abs(x - geometry.center_mm[0]) <= 4.0
    image = np.where(core, 130.0, 124.0) + np.random.default_rng(3).normal(0, 6, core.shape)
    image = image.astype(np.float32)
    assert grown_to_half(image, core, np.ones_like(core), 130.0, 1.0, rings=1)[~core].any()
    assert grown_to_half(image, core, np.ones_like(core), 130.0, 1.0, rings=1, least_hu=30.0)[~core].sum() == 0


@pytest.mark.real_data
def test_portal_vein_of_a_real_slab_lies_in_the_vessels():
    import SimpleITK

    root = DATA / "totalsegmentator_refs"
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(root / "example_ct_dicom"))
    image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(names), "LPS")
    labels = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(root / "example_seg_dicom.nii.gz")), "LPS")
    array = SimpleITK.GetArrayFromImage(image).astype(np.float32)
    truth = SimpleITK.GetArrayFromImage(labels)
    geometry = VolumeGeometry.upright(array.shape, image.GetSpacing()[::-1], image.GetOrigin())
    _, j, i = np.nonzero(truth == 5)
    start = (0, int(j.min()) - 10, int(i.min()) - 10)
    shape = (array.shape[0], int(np.ptp(j)) + 20, int(np.ptp(i)) + 20)
    box = tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))
    block = geometry.cropped(start, shape)
    fine = equal_grid(block, 1.5)
    # class numbers of the silver labels: 5 liver, 52 aorta, 63 inferior vena cava, 64 portal vein
    masks = {
        name: resample_mask(truth[box] == value, block, fine)
        for name, value in (("liver", 5), ("aorta", 52), ("inferior_vena_cava", 63), ("portal", 64))
    }
    portal = masks.pop("portal")
    hu, phase = resample(array[box], block, fine), Phase("portal venous", 151, 93)
    trunk = find_portal_vein(hu, fine, masks, phase)["portal_vein"]
    assert not trunk.absent
    near = np.mean(dilate_mm(portal, 3.0, 1.5)[trunk.mask])
    assert near > 0.6, (near, trunk.note)
    together = trunk.mask.copy()
    found = find_hepatic_vessels(hu, fine, {**masks, "portal_vein": together}, phase)
    for entry in found.values():
        if not entry.absent:
            together |= entry.mask
    # the reference's own prototype reached 0.76 with a silver mask that is wider than the vein
    assert np.mean(together[portal]) > 0.7
    assert np.count_nonzero(together) * 1.5**3 / 1000 < 40.0
