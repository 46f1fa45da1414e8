"""Seeded tools: clicks, boxes and scribbles on shapes whose truth is known, on generated lesions and on a real one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin import plugins
from anatomy_twin.core import LabelMap, Seeds, Volume, VolumeGeometry, reindex
from anatomy_twin.errors import DataError, TwinError, UsageError
from anatomy_twin.kernels.seg_contour import smallest_surface
from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.segmentation import segment
from tests.support.overlap import dice
from tests.support.toy_patient import make_segment, toy_patient

TOOLS = ("grow", "watershed", "random-walker", "threshold", "levelset")
# what each reaches on an easy ball: flooding runs a little over its border, a window of values loses the blurred rim
LEAST = {"grow": 0.9, "watershed": 0.8, "random-walker": 0.9, "threshold": 0.7, "levelset": 0.9}
LEAST_IN_BOX = {"grow": 0.8, "watershed": 0.6, "random-walker": 0.7, "threshold": 0.5, "levelset": 0.8}
BALL = (3.0, -4.0, 5.0)
RADIUS_MM = 11.0
every_tool = pytest.mark.parametrize("tool", TOOLS)


def grid(spacing=(1.5, 1.5, 1.5), size_mm=84.0):
    shape = tuple(round(size_mm / side) for side in spacing)
    return VolumeGeometry.upright(shape, spacing, tuple(-0.5 * size_mm + 0.5 * side for side in spacing[::-1]))


def ball(geometry, centre, radius):
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    return np.linalg.norm(points - np.asarray(centre), axis=-1) <= radius


def scan(geometry, *shapes, ground=100.0, level=50.0, noise=12.0, seed=1):
    """Balls of one level in a ground, blurred by half a mm, with noise."""
    values = np.full(geometry.shape, ground)
    for shape in shapes:
        values[shape] = level
    values = ndimage.gaussian_filter(values, [0.5 / side for side in geometry.spacing_mm])
    values += np.random.default_rng(seed).normal(0.0, noise, geometry.shape)
    return Volume(values.astype(np.float32), geometry, "CT", "HU")


def labelled(geometry, name, mask):
    return LabelMap(mask[None].astype(np.uint8), geometry, (make_segment(name, 0, 1, "ok"),))


@cache
def one_ball(spacing=(1.5, 1.5, 1.5)):
    geometry = grid(spacing)
    truth = ball(geometry, BALL, RADIUS_MM)
    return scan(geometry, truth), truth


# --- the kernels against what is known ------------------------------------------------------------------------------


def test_a_front_of_unit_slowness_takes_the_distance_as_its_time():
    geometry = grid((3.0, 1.0, 1.5), 60.0)
    start = np.zeros(geometry.shape, bool)
    start[10, 30, 20] = True
    time = travel_time(np.ones(geometry.shape, np.float32), start, geometry.spacing_mm, 24.0)
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    distance = np.linalg.norm(points - geometry.to_world((10, 30, 20)), axis=-1)
    reached = np.isfinite(time)
    # upwind differences of first order: late by about half a voxel, never early
    assert (time[reached] >= distance[reached] - 1e-6).all() and (time - distance)[reached].max() < 3.0
    assert reached[distance < 20.0].all() and not reached[distance > 24.0].any()


def test_a_front_goes_round_a_wall_and_obeys_the_slowness():
    slow = np.ones((1, 41, 41), np.float32)
    slow[0, 20, :30] = np.inf
    start = np.zeros(slow.shape, bool)
    start[0, 10, 5] = True
    time = travel_time(slow, start, (1.0, 1.0, 1.0), 1e6)
    around = np.hypot(25, 10) + np.hypot(25, 10)
    assert time[0, 30, 5] == pytest.approx(around, rel=0.05)
    twice = travel_time(2.0 * slow, start, (1.0, 1.0, 1.0), 1e6)
    np.testing.assert_allclose(twice, 2.0 * time)


def test_the_smallest_surface_shrinks_what_is_more_curved_than_the_force():
    """A ball of radius r is kept where force > 2 / r and vanishes where force < 2 / r (its mean curvature)."""
    geometry = grid((1.0, 1.0, 1.0), 40.0)
    disc = ball(geometry, (0, 0, 0), 8.0)
    everywhere = np.ones(disc.shape, bool)
    kept = []
    for strength in (0.15, 0.6):
        force = np.where(disc, -strength, strength).astype(np.float32)
        level = smallest_surface(force, np.ones_like(force), ~everywhere, everywhere, everywhere, (1, 1, 1), 600)
        kept.append(np.count_nonzero(level > 0.5) / np.count_nonzero(disc))
    assert kept[0] == 0.0 and kept[1] == pytest.approx(1.0, abs=0.08)


# --- something new ---------------------------------------------------------------------------------------------------


@every_tool
def test_one_click_in_a_noisy_ball_draws_the_ball(tool):
    volume, truth = one_ball()
    found = segment(volume, tool, seeds={"lesion_1": BALL})
    entry = found.segment("lesion_1")
    assert dice(found.mask("lesion_1"), truth) > LEAST[tool]
    assert entry.state == "check" and "from clicks" in entry.rules and f"{tool} from 1 click" in entry.note
    assert entry.layer == 2 and entry.part_of == ""


@pytest.mark.parametrize("tool", ["grow", "levelset"])
def test_five_millimetre_slices(tool):
    volume, truth = one_ball((5.0, 0.8, 0.8))
    assert dice(segment(volume, tool, seeds={"lesion_1": BALL}).mask("lesion_1"), truth) > 0.84


@every_tool
def test_a_box_and_a_scribble_draw_the_ball_too(tool):
    volume, truth = one_ball()
    centre = np.asarray(BALL)
    box = Seeds(box=(tuple(centre - RADIUS_MM - 2), tuple(centre + RADIUS_MM + 2)))
    found = segment(volume, tool, seeds={"lesion_1": box}).mask("lesion_1")
    assert dice(found, truth) > LEAST_IN_BOX[tool]
    assert (np.abs(volume.geometry.to_world(np.argwhere(found)) - centre) <= RADIUS_MM + 2.8).all()
    line = (tuple(np.subtract(centre, (9, 0, 0))), tuple(np.add(centre, (9, 0, 0))))
    found = segment(volume, tool, seeds={"lesion_1": Seeds(scribbles_inside=(line,))}).mask("lesion_1")
    along = volume.geometry.voxel_of(np.linspace(line[0], line[1], 50))
    assert found[tuple(along.T)].all() and dice(found, truth) > LEAST_IN_BOX[tool]


@every_tool
def test_inside_seeds_are_inside_and_outside_seeds_are_outside(tool):
    volume, _ = one_ball()
    x, y, z = BALL
    seeds = {"inside": [BALL, (x, y + 14, z)], "outside": [(x + 7, y, z), (x - 14, y, z)]}
    found = segment(volume, tool, seeds={"segment_1": seeds}).mask("segment_1")
    at = [tuple(volume.geometry.voxel_of(point)) for key in ("inside", "outside") for point in seeds[key]]
    assert [bool(found[place]) for place in at] == [True, True, False, False]


@pytest.mark.parametrize("tool", ["watershed"])
def test_a_click_in_one_of_two_touching_balls_and_one_outside_in_the_other(tool):
    geometry = grid()
    one, two = ball(geometry, (-9, 0, 0), 10.0), ball(geometry, (10, 0, 0), 10.0)
    volume = scan(geometry, one, two, noise=8.0)
    seeds = {"inside": [(-9, 0, 0)], "outside": [(10, 0, 0)]}
    assert dice(segment(volume, tool, seeds={"lesion_1": seeds}).mask("lesion_1"), one & ~two) > 0.85


def test_a_name_that_no_table_has_is_kept_with_the_generic_term():
    volume, truth = one_ball()
    found = segment(volume, "grow", seeds={"odd thing": BALL})
    assert found.segment("odd thing").code.meaning == "Anatomical Structure"
    assert dice(found.mask("odd thing"), truth) > 0.9


# --- corrections -----------------------------------------------------------------------------------------------------


@cache
def wrong_ball():
    """The ball, and labels that lack its left cap and have a bump on its right side."""
    volume, truth = one_ball()
    points = volume.geometry.to_world(np.moveaxis(np.indices(truth.shape), 0, -1))
    mask = (truth & (points[..., 0] < BALL[0] + 4.0)) | ball(volume.geometry, np.subtract(BALL, (13, 0, 0)), 5.0)
    return volume, truth, mask


MISSING = (BALL[0] + 7.5, BALL[1], BALL[2])
TOO_MUCH = (BALL[0] - 14.5, BALL[1], BALL[2])


@every_tool
def test_clicks_mend_a_mask_where_it_is_wrong_and_nowhere_else(tool):
    volume, truth, mask = wrong_ball()
    labels = labelled(volume.geometry, "liver", mask)
    found = segment(volume, tool, seeds={"liver": {"inside": [MISSING], "outside": [TOO_MUCH]}}, labels=labels)
    entry = found.segment("liver")
    assert entry.state == "corrected" and f"corrected by {tool}: 2 clicks" in entry.note
    assert dice(found.mask("liver"), truth) > dice(mask, truth) + 0.03
    reach = float(entry.note.rsplit("farther than ", 1)[1].split(" mm")[0])
    changed = volume.geometry.to_world(np.argwhere(found.mask("liver") != mask))
    nearest = np.min([np.linalg.norm(changed - np.asarray(click), axis=1) for click in (MISSING, TOO_MUCH)], axis=0)
    assert nearest.max() <= reach + 0.5 and reach < 65.0


@every_tool
def test_an_inside_click_only_adds_and_an_outside_click_only_removes(tool):
    volume, _, mask = wrong_ball()
    labels = labelled(volume.geometry, "liver", mask)
    more = segment(volume, tool, seeds={"liver": MISSING}, labels=labels).mask("liver")
    less = segment(volume, tool, seeds={"liver": {"outside": [TOO_MUCH]}}, labels=labels).mask("liver")
    assert (more >= mask).all() and more.sum() > mask.sum()
    assert (less <= mask).all() and less.sum() < mask.sum()


@every_tool
def test_clicks_that_agree_with_the_mask_change_nothing(tool):
    volume, _, mask = wrong_ball()
    labels = labelled(volume.geometry, "liver", mask)
    seeds = {"liver": {"inside": [BALL], "outside": [(30.0, 30.0, 30.0)]}}
    found = segment(volume, tool, seeds=seeds, labels=labels)
    assert np.array_equal(found.array, labels.array) and found.segments == labels.segments
    once = segment(volume, tool, seeds={"liver": {"inside": [MISSING]}}, labels=labels)
    twice = segment(volume, tool, seeds={"liver": {"inside": [MISSING]}}, labels=once)
    assert np.array_equal(once.array, twice.array)


def test_a_box_takes_away_what_lies_beyond_it():
    volume, _, mask = wrong_ball()
    low, high = np.subtract(BALL, 12.0), np.add(BALL, 12.0)
    found = segment(volume, "grow", seeds={"liver": Seeds(box=(tuple(low), tuple(high)))},
                    labels=labelled(volume.geometry, "liver", mask)).mask("liver")
    points = volume.geometry.to_world(np.argwhere(found))
    assert (found <= mask).all() and found.sum() < mask.sum()
    assert (points >= low - 0.8).all() and (points <= high + 0.8).all()


def test_others_give_up_voxels_and_parts_stay_inside():
    volume, truth, mask = wrong_ball()
    other = truth & ~mask
    array = np.stack([mask + 2 * other, np.zeros_like(mask), 3 * ball(volume.geometry, TOO_MUCH, 3.0)]).astype(np.uint8)
    tumour = replace(make_segment("tumour_1", 2, 3, "ok"), part_of="liver")
    labels = LabelMap(array, volume.geometry, (make_segment("liver", 0, 1), make_segment("spleen", 0, 2), tumour))
    seeds = {"liver": {"inside": [MISSING], "outside": [TOO_MUCH]}}
    found = segment(volume, "grow", seeds=seeds, labels=labels)
    assert "spleen" in found.segment("liver").note and found.volume_ml("spleen") < labels.volume_ml("spleen")
    own = found.array[2] == 3
    assert own.sum() < (array[2] == 3).sum() and not (own & ~found.mask("liver")).any()


def test_a_lesion_goes_to_its_layer_as_a_part_of_the_organ_it_lies_in():
    volume, labels = toy_patient(3.0)
    bare = replace(labels, segments=tuple(s for s in labels.segments if not s.name.startswith("tumour")),
                   array=np.where(np.arange(labels.array.shape[0])[:, None, None, None] == 2, 0, labels.array))
    array = np.array(bare.array)
    array[0][labels.mask("tumour_1") | labels.mask("tumour_2")] = labels.segment("liver").value
    bare = replace(bare, array=array)
    found = segment(volume, "grow", seeds={"lesion_3": (-70.0, -15.0, 25.0)}, labels=bare)
    entry = found.segment("lesion_3")
    assert (entry.layer, entry.part_of) == (2, "liver")
    assert dice(found.mask("lesion_3"), labels.mask("tumour_1")) > 0.85
    assert np.array_equal(found.mask("spleen"), bare.mask("spleen"))


@pytest.mark.parametrize("tool", ["grow", "watershed", "random-walker"])
def test_the_order_of_the_voxels_does_not_matter(tool):
    volume, _, mask = wrong_ball()
    labels = labelled(volume.geometry, "liver", mask)
    seeds = {"liver": {"inside": [MISSING], "outside": [TOO_MUCH]}, "lesion_1": BALL}
    here = segment(volume, tool, seeds=seeds, labels=labels)
    for order, flips in (((2, 0, 1), (True, False, True)), ((0, 2, 1), (False, True, False))):
        turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips), "CT", "HU")
        there = segment(turned, tool, seeds=seeds, labels=labels.reindexed(order, flips))
        for name in seeds:
            assert np.array_equal(reindex(here.mask(name), order, flips), there.mask(name)), name
        assert there.segments == here.segments


def test_a_structure_cut_by_the_border_of_the_scan():
    geometry = grid()
    truth = ball(geometry, (40.0, 0, 0), 12.0)
    volume = scan(geometry, truth)
    found = segment(volume, "grow", seeds={"lesion_1": (37.0, 0.0, 0.0)}).mask("lesion_1")
    assert dice(found, truth) > 0.85 and found[:, :, -1].any()


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "kind", "words"), [
    ({}, UsageError, "needs seeds"),
    ({"liver": {"inside": [(500, 0, 0)]}}, DataError, "outside the scan"),
    ({"liver": {"outside": [(0, 500, 0)]}}, DataError, "outside the scan"),
    ({"liver": {"inside": [(-39, -39, 0)]}}, UsageError, "in the air around"),
    ({"liver": {"inside": [BALL], "outside": [BALL]}}, UsageError, "contradict"),
    ({"liver": {"inside": [BALL], "box": [(-30, -30, -30), (-10, -10, -10)]}}, UsageError, "contradict"),
    ({"liver": {"outside": [BALL]}}, UsageError, "no seed inside"),
])
def test_seeds_that_cannot_be_meant_are_refused(seeds, kind, words):
    volume, _ = one_ball()
    values = np.array(volume.array)
    values[:, :6, :] = -1000.0
    with pytest.raises(kind, match=words):
        segment(replace(volume, array=values), "grow", seeds=seeds)


def test_air_inside_the_patient_may_be_clicked():
    geometry = grid()
    hollow = ball(geometry, (0, 0, 0), 14.0)
    values = np.where(hollow, -850.0, 40.0) + np.random.default_rng(2).normal(0, 10, geometry.shape)
    volume = Volume(values.astype(np.int16), geometry, "CT", "HU")
    assert dice(segment(volume, "grow", seeds={"segment_1": (0, 0, 0)}).mask("segment_1"), hollow) > 0.85


def test_all_tools_are_in_the_table():
    assert set(TOOLS) <= set(plugins.names("segmenters"))


# --- generated and real lesions --------------------------------------------------------------------------------------


@cache
def generated():
    from anatomy_twin.phantom import make_patient

    return make_patient(4, matrix=192, slice_mm=2.5)


@pytest.mark.parametrize("name", ["tumour_1", "tumour_2"])
def test_one_click_outlines_a_generated_tumour(name):
    patient = generated()
    truth = patient.truth.mask(name)
    centre = next(t.centre_mm for t in patient.tumours if t.name == name)
    found = segment(patient.volume, "grow", seeds={name: centre})
    assert dice(found.mask(name), truth) >= 0.85


@pytest.mark.real_data
@pytest.mark.parametrize("tool", ["grow", "levelset"])
def test_three_clicks_outline_a_labelled_lung_tumour(real_data, tool):
    import SimpleITK

    folder = real_data / "pyradiomics_lung2"
    image, label = (SimpleITK.ReadImage(str(folder / f"lung2_{kind}.nrrd")) for kind in ("image", "label"))
    array = SimpleITK.GetArrayFromImage(image)
    geometry = VolumeGeometry(array.shape, image.GetSpacing()[::-1],
                              np.array(image.GetDirection()).reshape(3, 3)[:, ::-1], image.GetOrigin())
    volume, truth = Volume(array, geometry, "CT", "HU"), SimpleITK.GetArrayFromImage(label) > 0
    points = geometry.to_world(np.argwhere(truth))
    ends = [points[np.linalg.norm(points - points.mean(0), axis=1).argmax()]]
    ends.append(points[np.linalg.norm(points - ends[0], axis=1).argmax()])
    middle = np.mean(ends, axis=0)
    seeds = [tuple(points.mean(0)), *(tuple(middle + 0.92 * (end - middle)) for end in ends)]
    found = segment(volume, tool, seeds={"lesion_1": seeds})
    assert dice(found.mask("lesion_1"), truth) >= 0.75


def test_every_refusal_is_one_line():
    volume, _ = one_ball()
    with pytest.raises(TwinError) as caught:
        segment(volume, "grow", seeds={"x": {"inside": [(500, 0, 0)]}})
    assert "\n" not in caught.value.line and "mm LPS" in caught.value.line
