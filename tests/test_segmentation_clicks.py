"""What the seeded tools know of the structure that is clicked: tubes, organs, lesions that are clicked again."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import LabelMap, Seeds, Volume, VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation import add_target, segment
from anatomy_twin.segmentation.clicks.hollow import filled
from anatomy_twin.segmentation.clicks.tubes import TUBES_MM, follow_tube
from tests.support.overlap import dice
from tests.support.toy_patient import make_segment

FAT, MUSCLE, NONE = -100.0, 50.0, np.zeros((0, 3))


def grid(shape, spacing):
    extent = [n * side for n, side in zip(shape, spacing, strict=True)]
    origin = tuple(-0.5 * length + 0.5 * side for length, side in zip(extent[::-1], spacing[::-1], strict=True))
    return VolumeGeometry.upright(shape, spacing, origin)


def points_of(geometry):
    return geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))


def scan(geometry, values, noise, seed=3):
    values = ndimage.gaussian_filter(np.asarray(values, float), [0.6 / side for side in geometry.spacing_mm])
    values += np.random.default_rng(seed).normal(0.0, noise, geometry.shape)
    return Volume(values.astype(np.float32), geometry, "CT", "HU")


# --- tubes -----------------------------------------------------------------------------------------------------------


def middle_at(z):
    """The middle (x, y) of a tube that winds through the scan."""
    return 8.0 * np.sin(z / 35.0), 0.1 * z


@cache
def tubes():
    """A winding tube of 9 mm radius, bright in fat, that touches a second one of the same values."""
    geometry = grid((48, 60, 60), (3.0, 1.5, 1.5))
    x, y, z = np.moveaxis(points_of(geometry), -1, 0)
    mx, my = middle_at(z)
    truth = np.hypot(x - mx, y - my) <= 9.0
    other = np.hypot(x - mx - 17.0, y - my) <= 8.0
    return scan(geometry, np.where(truth | other, 60.0, FAT), 12.0), truth, other


def test_a_tube_is_followed_along_its_middle():
    volume, _, _ = tubes()
    click = np.array([[*middle_at(4.0), 4.0]])
    tube = follow_tube(volume.array, volume.geometry, click, NONE, TUBES_MM["aorta"])
    x, y = middle_at(tube.middles_mm[:, 2])
    assert np.hypot(tube.middles_mm[:, 0] - x, tube.middles_mm[:, 1] - y).max() < 3.0
    # discs are guides: where the tube touches its like they stay a little inside
    assert np.abs(tube.radii_mm - 9.0).mean() < 2.5
    # from one end of the scan to the other
    assert np.ptp(tube.middles_mm[:, 2]) > 130.0
    depth = tube.depth_mm(np.array([tube.middles_mm[10], tube.middles_mm[10] + (0.0, 40.0, 0.0)]))
    assert depth[0] == pytest.approx(-tube.radii_mm[10], abs=0.5) and depth[1] > 25.0


@pytest.mark.parametrize("name", ["aorta", "inferior_vena_cava"])
def test_one_click_draws_a_tube_and_leaves_its_neighbour(name):
    volume, truth, other = tubes()
    found = segment(volume, "grow", seeds={name: (*middle_at(4.0), 4.0)}).mask(name)
    assert dice(found, truth) > 0.87
    assert np.count_nonzero(found & other & ~truth) < 0.15 * np.count_nonzero(other)


def test_outside_clicks_keep_the_tube_away():
    volume, truth, _ = tubes()
    x, y = middle_at(20.0)
    seeds = Seeds(inside=((*middle_at(4.0), 4.0),), outside=((x + 17.0, y, 20.0),))
    found = segment(volume, "grow", seeds={"inferior_vena_cava": seeds}).mask("inferior_vena_cava")
    assert not found[tuple(volume.geometry.voxel_of((x + 17.0, y, 20.0)))]
    assert dice(found, truth) > 0.85


@pytest.mark.parametrize(("x", "side", "sign"), [(10.5, "inside", 1), (7.5, "outside", -1)])
def test_a_shallow_click_moves_the_border_of_a_tube_smoothly(x, side, sign):
    """All around is alike: the border moves by twice the depth of the click, by half at about its ASIDE and ALONG."""
    geometry = grid((40, 60, 60), (2.0, 1.0, 1.0))
    volume = scan(geometry, np.full(geometry.shape, 60.0), 5.0)
    points = points_of(geometry)
    mask = np.hypot(points[..., 0], points[..., 1]) <= 9.0
    labels = LabelMap(mask[None].astype(np.uint8), geometry, (make_segment("inferior_vena_cava", 0, 1, "ok"),))
    seeds = {"inferior_vena_cava": {side: [(x, 0.5, 1.0)]}}
    found = segment(volume, "grow", seeds=seeds, labels=labels).mask("inferior_vena_cava")
    reach = [points[k][found[k] & (np.abs(points[k][..., 1]) < 1.0)][:, 0].max() for k in range(40)]
    before = points[20][mask[20] & (np.abs(points[20][..., 1]) < 1.0)][:, 0].max()
    moved = sign * (np.array(reach) - before)
    assert 1.0 <= moved[20] <= 4.0 and moved.min() >= 0.0 and moved[0] == moved[-1] == 0.0
    # largest at the click, falling off to both sides without a step of more than a voxel
    assert moved.argmax() in range(10, 31) and np.abs(np.diff(moved)).max() <= 1.0
    # the other side of the tube stays
    assert np.array_equal(found[points[..., 0] < -5.0], mask[points[..., 0] < -5.0])


def test_lime_in_the_wall_of_a_bright_aorta_belongs_to_it_and_the_vertebra_does_not():
    geometry = grid((30, 80, 80), (3.0, 1.0, 1.0))
    x, y, _ = np.moveaxis(points_of(geometry), -1, 0)
    away = np.hypot(x, y)
    lime = (away > 10.0) & (away <= 12.5) & (np.abs(np.arctan2(x, -y)) < 0.7)
    bone = np.hypot(x, y - 33.0) <= 19.0
    values = np.where(bone, 300.0, np.where(lime, 600.0, np.where(away <= 10.0, 160.0, -60.0)))
    found = segment(scan(geometry, values, 10.0), "grow", seeds={"aorta": (0.0, 0.0, 0.0)}).mask("aorta")
    assert np.count_nonzero(found & lime) > 0.8 * np.count_nonzero(lime)
    assert np.count_nonzero(found & bone) == 0 and dice(found, (away <= 11.8) | lime) > 0.88


# --- organs ----------------------------------------------------------------------------------------------------------


@cache
def abdomen():
    """An ellipsoid of the size of a spleen (283 ml) in fat, on which muscle of nearly its values hangs by a neck."""
    geometry = grid((56, 90, 90), (3.0, 2.0, 2.0))
    x, y, z = np.moveaxis(points_of(geometry), -1, 0)
    truth = (x / 30.0) ** 2 + (y / 45.0) ** 2 + (z / 50.0) ** 2 <= 1.0
    muscle = (y > 60.0) & (np.abs(x) < 60.0)
    neck = (np.hypot(x, z) < 5.0) & (y > 40.0)
    return scan(geometry, np.where(truth, 58.0, np.where(muscle | neck, 55.0, FAT)), 14.0), truth


@pytest.mark.parametrize("click", [(0.0, 0.0, 0.0), (9.0, 14.0, -18.0)])
def test_one_click_draws_an_organ_of_its_usual_volume(click):
    volume, truth = abdomen()
    labels = segment(volume, "grow", seeds={"spleen": click})
    assert dice(labels.mask("spleen"), truth) > 0.93
    assert "no distinct border" not in labels.segment("spleen").rules


def test_gas_in_a_stomach_belongs_to_it_and_gas_beside_it_does_not():
    """A bubble lies in the stomach near its front; a loop of gut full of gas lies behind a wall beside it."""
    geometry = grid((40, 70, 70), (3.0, 2.0, 2.0))
    x, y, z = np.moveaxis(points_of(geometry), -1, 0)
    truth = (x / 30.0) ** 2 + (y / 36.0) ** 2 + (z / 40.0) ** 2 <= 1.0
    bubble = (x / 14.0) ** 2 + ((y + 18.0) / 12.0) ** 2 + (z / 18.0) ** 2 <= 1.0
    loop = np.hypot(x - 50.0, y) <= 13.0
    values = np.where(bubble | loop, -990.0, np.where(truth, 40.0, FAT))
    volume = scan(geometry, values, 10.0)
    # what looks alike reaches neither the gas nor the blur around it
    blurred = ndimage.binary_dilation(bubble, iterations=1)
    box, more = filled(volume.array, geometry, truth & ~blurred, NONE)
    found = truth & ~blurred
    found[box] |= more
    assert found[blurred].mean() > 0.95 and not (found & loop).any()
    assert np.count_nonzero(found & ~truth) < 0.02 * np.count_nonzero(truth)
    # a click outside says that the gas is something else
    refused = filled(volume.array, geometry, truth & ~blurred, np.array([[0.0, -18.0, 0.0]]))
    assert refused is None or not refused[1][bubble[refused[0]]].any()


def test_nothing_to_be_seen_is_said():
    """All of the scan is alike: whatever is drawn has no border."""
    geometry = grid((28, 40, 40), (3.0, 2.0, 2.0))
    volume = scan(geometry, np.full(geometry.shape, 60.0), 10.0)
    entry = segment(volume, "grow", seeds={"liver": (0.0, 0.0, 0.0)}).segment("liver")
    assert entry.state == "check" and "no distinct border" in entry.rules and "no distinct border" in entry.note


@pytest.mark.parametrize("tool", ["grow", "levelset", "watershed", "random-walker", "threshold"])
def test_a_click_between_two_thick_slices_draws_a_ball(tool):
    """No voxel lies within the smallest size that is tried: slices of 10 mm, the click in the plane between two."""
    geometry = grid((12, 60, 60), (10.0, 1.5, 1.5))
    away = np.linalg.norm(points_of(geometry), axis=-1)
    found = segment(scan(geometry, np.where(away < 20.0, 40.0, 100.0), 8.0), tool, seeds={"tumour_1": (0.0, 0.0, 0.0)})
    assert dice(found.mask("tumour_1"), away < 20.0) > 0.9


# --- lesions clicked again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [1, 2])
def test_more_clicks_on_a_large_lesion_at_the_chest_wall_do_not_leak_into_the_wall(ends):
    """A tumour of 62 x 46 x 46 mm in lung leans on a wall of nearly the same values; its ends are clicked at once."""
    geometry = grid((40, 64, 64), (3.0, 2.0, 2.0))
    x, y, z = np.moveaxis(points_of(geometry), -1, 0)
    truth = (x / 23.0) ** 2 + ((y - 2.0) / 23.0) ** 2 + (z / 31.0) ** 2 <= 1.0
    wall = y > 18.0
    volume = scan(geometry, np.where(wall, 50.0, np.where(truth, 42.0, -830.0)), 14.0)
    truth &= ~wall
    clicks = [(0.0, 0.0, 0.0), (0.0, 0.0, 28.0), (0.0, 0.0, -28.0)]
    one = segment(volume, "grow", seeds={"tumour_1": clicks[:1]}).mask("tumour_1")
    more = segment(volume, "grow", seeds={"tumour_1": clicks[:1 + ends]})
    found = more.mask("tumour_1")
    assert dice(found, truth) > max(0.8, dice(one, truth) - 0.02)
    assert all(found[tuple(geometry.voxel_of(click))] for click in clicks[:1 + ends])
    assert f"{1 + ends} clicks" in more.segment("tumour_1").note


def test_a_cavity_in_a_scan_that_ends_in_lung_may_be_clicked_and_the_air_outside_may_not():
    geometry = grid((20, 60, 60), (3.0, 2.0, 2.0))
    y = points_of(geometry)[..., 1]
    away = np.linalg.norm(points_of(geometry), axis=-1)
    values = np.where(away <= 8.0, -995.0, np.where(away <= 16.0, 40.0, -850.0))
    values = np.where(y > 30.0, np.where(y > 44.0, -1000.0, 40.0), values)  # the chest wall and what is outside of it
    volume = scan(geometry, values, 25.0)
    found = segment(volume, "grow", seeds={"tumour_1": [(0.0, 0.0, 0.0), (12.0, 0.0, 0.0), (-12.0, 0.0, 0.0)]})
    assert dice(found.mask("tumour_1"), away <= 16.0) > 0.85
    with pytest.raises(UsageError, match="in the air around the patient"):
        segment(volume, "grow", seeds={"tumour_1": [(0.0, 0.0, 0.0), (0.0, 55.0, 0.0)]})


@cache
def core_and_rim():
    """A lesion of 11 mm radius of which only the core of 7.5 mm differs from the liver around it."""
    geometry = grid((44, 56, 56), (2.0, 1.5, 1.5))
    away = np.linalg.norm(points_of(geometry), axis=-1)
    return scan(geometry, np.where(away <= 7.5, 50.0, 75.0), 10.0), away <= 11.0


def test_a_second_click_beyond_a_core_draws_the_rim_all_around():
    volume, truth = core_and_rim()
    first = segment(volume, "grow", seeds={"tumour_1": (0.0, 0.0, 0.0)})
    seeds = Seeds(inside=((0.0, 0.0, 0.0), (9.4, 0.0, 0.0)))
    second = segment(volume, "grow", seeds={"tumour_1": seeds}, labels=first)
    assert dice(first.mask("tumour_1"), truth) < 0.6
    assert dice(second.mask("tumour_1"), truth) > 0.8
    entry = second.segment("tumour_1")
    assert entry.state == "check" and entry.rules == ("from clicks",) and "corrected by grow: 2 clicks" in entry.note


def test_a_mask_that_is_not_from_clicks_is_only_patched():
    """The same click on a mask that stands: it stays as it was on the other side."""
    volume, _ = core_and_rim()
    drawn = segment(volume, "grow", seeds={"tumour_1": (0.0, 0.0, 0.0)}).mask("tumour_1")
    labels = LabelMap(drawn[None].astype(np.uint8), volume.geometry, (make_segment("tumour_1", 0, 1, "ok"),))
    patched = segment(volume, "grow", seeds={"tumour_1": (9.4, 0.0, 0.0)}, labels=labels)
    x = points_of(volume.geometry)[..., 0]
    assert np.array_equal(patched.mask("tumour_1")[x < -2.0], drawn[x < -2.0])
    assert patched.segment("tumour_1").state == "corrected" and patched.segment("tumour_1").rules == ()


# --- patches ---------------------------------------------------------------------------------------------------------


def test_a_patch_is_not_much_thicker_than_its_click_is_deep():
    """Where no edge is, a click 5 mm beyond the border adds no more than twice that and some, and no more far aside."""
    geometry = grid((40, 60, 60), (2.0, 2.0, 2.0))
    volume = scan(geometry, np.full(geometry.shape, 60.0), 10.0)
    points = points_of(geometry)
    mask = points[..., 0] < 0.0
    labels = LabelMap(mask[None].astype(np.uint8), geometry, (make_segment("liver", 0, 1, "ok"),))
    for seeds, sign in (({"inside": [(5.0, 0.0, 0.0)]}, 1.0), ({"outside": [(-5.0, 0.0, 0.0)]}, -1.0)):
        found = segment(volume, "grow", seeds={"liver": seeds}, labels=labels).mask("liver")
        changed = points[found != mask]
        assert len(changed) and (sign * changed[:, 0]).min() >= -1.0 and (sign * changed[:, 0]).max() < 16.0
        assert np.linalg.norm(changed[:, 1:], axis=1).max() < 40.0


# --- one engine, two doors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [60.0])
def test_the_target_and_the_seeded_tool_draw_the_same_lesion(level):
    geometry = grid((50, 70, 70), (2.0, 1.5, 1.5))
    points = points_of(geometry)
    liver = np.linalg.norm(points, axis=-1) <= 45.0
    truth = np.linalg.norm((points - (8.0, -5.0, 6.0)) / (1.0, 1.3, 1.0), axis=-1) <= 9.0
    volume = scan(geometry, np.where(truth, level, np.where(liver, 105.0, FAT)), 12.0)
    labels = LabelMap(liver[None].astype(np.uint8), geometry, (make_segment("liver", 0, 1, "ok"),))
    one = add_target(volume, labels, (8.0, -5.0, 6.0)).mask("tumour_1")
    two = segment(volume, "grow", seeds={"tumour_1": (8.0, -5.0, 6.0)}, labels=labels).mask("tumour_1")
    assert np.array_equal(one, two) and dice(one, truth) > 0.9


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "words"), [
    ({"inside": [(0, 0, 0)], "outside": [(0.9, 0, 0)]}, "contradict"),
    ({"box": [(-5, -5, 3), (5, 5, 3)]}, "thinner than a voxel"),
    ({"inside": [(0, 0, 40)], "box": [(9, 9, 9), (-9, -9, -9)]}, "beyond the box"),
])
def test_seeds_that_say_nothing_are_refused(seeds, words):
    volume, _ = core_and_rim()
    with pytest.raises(UsageError, match=words) as caught:
        segment(volume, "grow", seeds={"lesion_1": seeds})
    assert "\n" not in caught.value.line


def test_the_corners_of_a_box_may_come_in_any_order():
    volume, _ = core_and_rim()
    ways = (((-9, -9, -9), (9, 9, 9)), ((9, -9, 9), (-9, 9, -9)))
    one, two = (segment(volume, "grow", seeds={"lesion_1": {"box": box}}).mask("lesion_1") for box in ways)
    assert np.array_equal(one, two)


# --- real scans ------------------------------------------------------------------------------------------------------


@cache
def native(folder):
    """A native abdomen and the labels of its thirty topmost slices."""
    from anatomy_twin.scan import load_volume

    volume = load_volume(folder / "example_ct.nii.gz", modality="CT").canonical()
    return volume, load_volume(folder / "example_seg.nii.gz", modality="CT").canonical().array


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "value", "least"), [
    ("liver", 5, 0.90), ("kidney_left", 3, 0.90), ("aorta", 52, 0.88), ("inferior_vena_cava", 63, 0.82),
])
def test_one_click_draws_an_organ_of_a_native_scan(real_data, name, value, least):
    """One click at the deepest point of the organ; compared in the slices that are labelled."""
    volume, classes = native(real_data / "totalsegmentator_refs")
    truth = classes == value
    depth = ndimage.distance_transform_edt(np.pad(truth, 1))[1:-1, 1:-1, 1:-1]
    k, j, i = np.unravel_index(int(depth.argmax()), depth.shape)
    click = tuple(float(v) for v in volume.geometry.to_world((k + 82, j, i)))
    found = segment(volume, "grow", seeds={name: click}).mask(name)
    assert dice(found[82:112], truth) >= least
