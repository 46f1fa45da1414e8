"""Organs of a CT of the upper abdomen: tools against analytic shapes, segmentation of generated patients."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry, inverse_axes
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.kernels.seg_near import near_distance_mm
from anatomy_twin.phantom.patient import make_patient
from anatomy_twin.segmentation import segment
from anatomy_twin.segmentation.ground import working_grid as wg
from anatomy_twin.segmentation.ground.evenness import uneven_parts
from anatomy_twin.segmentation.ground.lobes import keep_lobes
from anatomy_twin.segmentation.ground.phase import find_phase
from anatomy_twin.segmentation.ground.refine import refine_organ
from tests.support.overlap import dice
from tests.support.toy_patient import ellipsoid_mask, toy_patient

UNTUNED_SEED = 41


def grid(shape, spacing) -> VolumeGeometry:
    return VolumeGeometry.upright(shape, spacing, (-40.0, -60.0, 10.0))


# --- tools on analytic shapes ----------------------------------------------------------------------------------------


def test_working_grid_keeps_a_linear_field_and_covers_the_same_box():
    geometry = grid((40, 60, 50), (2.5, 0.8, 0.8))
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    field = 2.0 * points[..., 0] - points[..., 1] + 0.5 * points[..., 2]
    working = wg.make_working_grid(Volume(field.astype(np.float32), geometry))
    own = working.geometry.to_world(np.moveaxis(np.indices(working.geometry.shape), 0, -1))
    expected = 2.0 * own[..., 0] - own[..., 1] + 0.5 * own[..., 2]
    inner = (slice(2, -2),) * 3
    assert working.spacing_mm == 3.0
    assert np.abs(working.hu - expected)[inner].max() < 0.05
    assert np.allclose(working.geometry.corners_mm().min(0), geometry.corners_mm().min(0), atol=1e-6)


def test_distances_and_openings_agree_with_scipy():
    rng = np.random.default_rng(5)
    mask = ndimage.gaussian_filter(rng.random((24, 30, 28)), 2.0) > 0.5
    truth = ndimage.distance_transform_edt(mask, sampling=3.0)
    assert np.allclose(wg.depth_mm(mask, 3.0), truth, atol=1e-4)
    away = ndimage.distance_transform_edt(~mask, sampling=3.0)
    assert np.allclose(wg.distance_mm(mask, 3.0, 9.0), np.minimum(away, 9.0), atol=1e-4)
    eroded = truth > 4.5
    opened = ndimage.distance_transform_edt(~eroded, sampling=3.0) <= 4.5
    assert np.array_equal(wg.open_mm(mask, 4.5, 3.0), opened & mask)
    assert np.array_equal(wg.fill_slices(mask), np.stack([ndimage.binary_fill_holes(part) for part in mask]))


def test_a_mask_returns_to_the_original_grid_with_its_volume():
    geometry = grid((44, 120, 120), (2.5, 0.9, 0.9))
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    centre = geometry.center_mm
    working = wg.make_working_grid(volume)
    ball = ellipsoid_mask(working.geometry, centre, (30, 25, 35))
    back = wg.to_original(ball, working.geometry, volume)
    exact = ellipsoid_mask(geometry, centre, (30, 25, 35))
    assert dice(back, exact) > 0.975
    assert back.sum() == pytest.approx(exact.sum(), rel=0.03)


def test_a_lobe_on_a_neck_is_cut_off_and_one_on_a_broad_base_stays():
    geometry = grid((50, 50, 80), (3.0, 3.0, 3.0))
    middle = np.asarray(geometry.to_world((25, 25, 25)))
    large = ellipsoid_mask(geometry, middle, (45, 45, 45))
    far = ellipsoid_mask(geometry, middle + np.array([85, 0, 0]), (24, 24, 24))
    neck = ellipsoid_mask(geometry, middle + np.array([55, 0, 0]), (30, 7, 7))
    near = ellipsoid_mask(geometry, middle + np.array([50, 0, 0]), (24, 24, 24))
    kept = keep_lobes(large | far | neck, large, 3.0)
    assert dice(kept & far, far) < 0.2
    assert (kept & large).sum() == large.sum()
    assert (keep_lobes(large | near, large, 3.0) & near).sum() == near.sum()


def test_folds_of_bowel_under_a_liver_are_cut_off_and_its_tongue_and_lesion_stay():
    geometry = grid((60, 60, 60), (3.0, 3.0, 3.0))
    x, y, z = np.moveaxis(geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)) - geometry.center_mm, -1, 0)
    tongue = (np.hypot(x + 40, y) < 15) & (np.abs(z + 25) < 25)
    liver = ((x / 70) ** 2 + (y / 60) ** 2 + ((z - 20) / 45) ** 2 < 1) | tongue
    bowel = ((x - 25) / 25) ** 2 + (y / 20) ** 2 + ((z + 35) / 20) ** 2 < 1
    bowel &= ~liver
    lesion = (x + 10) ** 2 + y**2 + (z - 20) ** 2 < 12**2
    hu = np.where(liver, 100.0, -100.0)
    hu[lesion] = 60.0
    hu[bowel] = (100.0 + 35.0 * np.sin(x / 3.0) * np.sin(z / 3.0))[bowel]
    hu += np.random.default_rng(6).normal(0.0, 3.0, hu.shape)
    core = (np.abs(x - 25) < 20) & (np.abs(y) < 20) & (np.abs(z - 25) < 15) & ~lesion
    cut = uneven_parts(liver | bowel, core, hu.astype(np.float32), 100.0, 3.0, np.zeros_like(liver))
    assert np.mean(cut[bowel]) > 0.8
    assert np.mean(cut[liver]) < 0.02 and not cut[lesion].any()


def test_near_distances_are_those_of_scipy():
    rng = np.random.default_rng(8)
    mask = ndimage.gaussian_filter(rng.random((20, 26, 31)), 1.5) > 0.56
    for spacing in ((3.0, 3.0, 3.0), (2.5, 0.8, 1.1)):
        away = ndimage.distance_transform_edt(~mask, sampling=spacing)
        assert np.allclose(near_distance_mm(mask, spacing, 7.0), np.minimum(away, 7.0), atol=1e-5)


def test_refinement_finds_the_half_contrast_border_of_a_blurred_ball():
    geometry = grid((60, 90, 90), (2.0, 1.2, 1.2))
    centre = geometry.center_mm
    ball = ellipsoid_mask(geometry, centre, (32, 32, 32))
    blurred = ndimage.gaussian_filter(np.where(ball, 110.0, 20.0), [1.0 / s for s in geometry.spacing_mm])
    noisy = blurred + np.random.default_rng(3).normal(0, 8, ball.shape)
    volume = Volume(noisy.astype(np.float32), geometry)
    working = wg.make_working_grid(volume)
    small = ellipsoid_mask(working.geometry, centre, (29, 29, 29))
    fine, where = refine_organ(volume, working.hu, small, np.zeros_like(small), working.geometry)
    exact_ml = 4.0 / 3.0 * np.pi * 32.0**3 / 1000.0
    assert wg.volume_ml(small, 3.0) < 0.8 * exact_ml
    assert wg.volume_ml(fine, where.spacing_mm[0]) == pytest.approx(exact_ml, rel=0.06)


@pytest.mark.parametrize(("aorta", "liver", "name"), [
    (44.0, 50.0, "native"), (310.0, 70.0, "arterial"), (190.0, 100.0, "late arterial"), (134.0, 100.0, "portal venous"),
    (153.0, 91.0, "portal venous"), (90.0, 100.0, "delayed"), (None, 100.0, "unknown"),
])
def test_phase_follows_from_aorta_and_liver(aorta, liver, name):
    assert find_phase(aorta, liver).name == name


# --- refusals --------------------------------------------------------------------------------------------------------


def test_an_mr_volume_is_refused():
    volume, _ = toy_patient()
    with pytest.raises(SegmentationError, match="reads CT in HU"):
        segment(replace(volume, modality="MR", units=""), "ct-abdomen")


def test_a_tiny_volume_is_refused_with_its_size():
    volume = Volume(np.zeros((6, 40, 40), np.int16), grid((6, 40, 40), (2.0, 1.0, 1.0)))
    with pytest.raises(SegmentationError, match="covers only 12 x 40 x 40 mm"):
        segment(volume, "ct-abdomen")


def test_air_and_a_limb_are_refused():
    geometry = grid((30, 80, 80), (5.0, 4.0, 4.0))
    air = np.full(geometry.shape, -1000, np.int16)
    with pytest.raises(SegmentationError, match="shows nothing"):
        segment(Volume(air, geometry), "ct-abdomen")
    limb = air.copy()
    limb[ellipsoid_mask(geometry, geometry.center_mm, (55, 55, 1000))] = 50
    with pytest.raises(SegmentationError, match="no trunk"):
        segment(Volume(limb, geometry), "ct-abdomen")


def test_a_trunk_without_organs_is_refused():
    geometry = grid((40, 70, 90), (5.0, 4.0, 4.0))
    image = np.full(geometry.shape, -1000, np.int16)
    image[ellipsoid_mask(geometry, geometry.center_mm, (150, 105, 1000))] = -100
    x, y, z = geometry.center_mm
    image[ellipsoid_mask(geometry, (x, y + 70, z), (20, 18, 1000))] = 500
    with pytest.raises(SegmentationError, match="shows no liver, spleen or kidney"):
        segment(Volume(image, geometry), "ct-abdomen")


def test_an_unknown_segmenter_and_labels_without_seeds_are_usage_errors():
    volume, labels = toy_patient()
    with pytest.raises(UsageError, match="ct-abdomen"):
        segment(volume, "ct-brain")
    with pytest.raises(UsageError, match="nothing to do"):
        segment(volume, "ct-abdomen", labels=labels)


# --- generated patients ----------------------------------------------------------------------------------------------


@cache
def patient(seed: int, phase: str = "portal"):
    made = make_patient(seed, "liver_tumour", phase, 11.0, 128, 4.0)
    return made, segment(made.volume, "ct-abdomen")


FLOORS = {"body": 0.98, "lung_right": 0.95, "lung_left": 0.95, "liver": 0.93, "spleen": 0.85, "kidney_right": 0.93,
          "kidney_left": 0.93, "aorta": 0.86, "bone": 0.75}


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_organs_of_a_generated_patient_never_tuned_on(name, floor):
    made, labels = patient(UNTUNED_SEED)
    assert dice(labels.mask(name), made.truth.mask(name)) > floor


def test_the_phase_is_read_off_the_picture_and_noted():
    _, labels = patient(UNTUNED_SEED)
    assert labels.notes[0].startswith("contrast phase: portal venous")


def test_layers_and_states_hold_the_contract():
    _, labels = patient(UNTUNED_SEED)
    assert labels.array.dtype == np.uint8 and labels.array.shape[0] == 4
    body = labels.mask("body")
    assert not labels.array[0][~body].any()
    assert labels.array[0][body].all()  # what nothing else claims is unknown tissue
    layers = {segment.name: segment.layer for segment in labels.segments}
    assert layers["liver"] == 0 and layers["hepatic_vessels"] == 1 and layers["body"] == 3
    assert all(entry.note for entry in labels.segments if entry.absent)
    assert all(entry.rules == ("estimated",) for entry in labels.segments if entry.name == "pleural_recess")


@pytest.mark.long
def test_the_result_is_the_same_whichever_way_the_axes_run():
    made, labels = patient(UNTUNED_SEED)
    order, flips = (2, 0, 1), (True, False, True)
    turned = Volume(
        np.ascontiguousarray(np.transpose(made.volume.array, order)[::-1, :, ::-1]),
        made.volume.geometry.reindexed(order, flips), synthetic=True,
    )
    again = segment(turned, "ct-abdomen").reindexed(*inverse_axes(order, flips))
    assert np.array_equal(again.array, labels.array)
    assert [entry.state for entry in again.segments] == [entry.state for entry in labels.segments]
    assert again.notes == labels.notes
