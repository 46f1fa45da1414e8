"""Generated abdomens under harder conditions: what is drawn, what the truth says of it, and what the scanner makes."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from scipy import ndimage

from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import Conditions, make_patient, write_series, write_truth_seg
from anatomy_twin.phantom.abdomen.metal import streaks
from anatomy_twin.phantom.abdomen.variants import traits_of
from anatomy_twin.phantom.conditions import TRAITS
from tests.support.phantom_levels import centre, levels_in, made

# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_arms_widen_the_field_belong_to_nothing_and_shade_the_trunk():
    usual, arms = made(), made(arms=True)
    assert arms.volume.geometry.spacing_mm[2] > 1.4 * usual.volume.geometry.spacing_mm[2]
    image, truth, geometry = arms.volume.array, arms.truth, arms.volume.geometry
    beside = ~truth.mask("body") & (image > -150)
    beside = ndimage.binary_opening(beside, np.ones((1, 3, 3)))
    x = geometry.to_world(np.argwhere(beside))[:, 0]
    middle = centre(arms, "vertebra_l1")[0]
    assert (x < middle - 120).sum() * geometry.voxel_volume_ml > 500
    assert (x > middle + 120).sum() * geometry.voxel_volume_ml > 500
    assert (image[beside] > 500).sum() * geometry.voxel_volume_ml > 30  # bones in them
    assert not truth.array[0][~truth.mask("body")].any()
    liver = truth.mask("liver", with_parts=False)
    y = geometry.to_world(np.argwhere(liver))[:, 1]
    values = image[liver].astype(float)
    parts = np.quantile(y, [0.1, 0.6, 0.9])
    front, back = np.median(values[y < parts[0]]), np.median(values[(y > parts[1]) & (y < parts[2])])
    assert 12 < front - back < 60  # scans with arms down show some 40 HU
    assert truth.volume_ml("liver") == pytest.approx(usual.truth.volume_ml("liver"), rel=0.04)


@pytest.mark.long
def test_noise_between_the_arms_runs_in_stripes_from_side_to_side():
    noise = made(noise_hu=11.0, arms=True).volume.array.astype(float) - made(arms=True).volume.array
    liver = ndimage.binary_erosion(made(arms=True).truth.mask("liver"), np.ones((1, 3, 3)))
    along = liver[:, :, 1:] & liver[:, :, :-1]
    across = liver[:, 1:] & liver[:, :-1]
    to_side = np.corrcoef(noise[:, :, 1:][along], noise[:, :, :-1][along])[0, 1]
    to_back = np.corrcoef(noise[:, 1:][across], noise[:, :-1][across])[0, 1]
    assert to_side > to_back + 0.1
    assert 11 < noise[liver].std() < 20


@pytest.mark.long
def test_metal_is_clipped_and_streaks_only_where_it_lies():
    usual, screws = made(), made(metal="spine")
    np.testing.assert_array_equal(usual.truth.array, screws.truth.array)
    image = screws.volume.array
    change = image.astype(int) - usual.volume.array
    assert image.max() == 3071
    touched = (image == 3071).any(axis=(1, 2))
    assert 6 <= touched.sum() <= 30
    reach = np.flatnonzero(np.abs(change).max(axis=(1, 2)) > 3)
    metal = np.flatnonzero((image > 1500).any(axis=(1, 2)) & (change.max(axis=(1, 2)) > 500))
    assert reach.min() >= metal.min() - 2 and reach.max() <= metal.max() + 2
    soft = screws.truth.mask("muscle") | screws.truth.mask("fat")
    assert change[soft].min() < -80 and np.quantile(change[soft & touched[:, None, None]], 0.999) > 10
    far = screws.truth.mask("subcutaneous_fat") & touched[:, None, None]
    assert np.median(np.abs(change[far])) < 25


@pytest.mark.long
def test_streaks_join_two_pieces_of_metal_by_a_dark_band():
    # the sign and the place follow from physics: between two dense objects too little attenuation is measured
    y, x = np.mgrid[-60:60, -60:60] * 3.0
    share = ((np.hypot(x - 60, y) < 12) | (np.hypot(x + 60, y) < 12)).astype(np.float32)
    water = np.where(np.hypot(x, y) < 150, 0.02, 0.0)
    artefact = streaks(water, share, 3.0, 1)
    between = artefact[(np.abs(y) < 6) & (np.abs(x) < 30)].mean()
    aside = artefact[(np.abs(x) < 6) & (np.abs(y) > 40) & (np.abs(y) < 100)].mean()
    assert between < -60 and aside > between + 50


def test_situs_inversus_is_the_mirror_image_with_names_by_what_an_organ_is():
    usual, turned = made(), made(situs_inversus=True)
    np.testing.assert_array_equal(turned.volume.array, usual.volume.array[:, :, ::-1])
    spine = centre(turned, "vertebra_l1")[0]
    for name in ("liver", "gallbladder", "inferior_vena_cava", "kidney_left", "lung_left"):
        assert centre(turned, name)[0] > spine, name
    for name in ("spleen", "stomach", "aorta", "kidney_right", "lung_right"):
        assert centre(turned, name)[0] < spine, name
    assert turned.truth.volume_ml("liver") == usual.truth.volume_ml("liver")
    tumours = made("liver_metastases", situs_inversus=True, matrix=64, slice_mm=10.0)
    first = tumours.tumours[0]
    assert tumours.truth.array[2][tumours.volume.geometry.nearest_voxel(first.centre_mm)] == 1
    nodes = tumours.trees["portal_branches"].nodes_mm
    np.testing.assert_allclose(nodes.mean(0)[0], centre(tumours, "liver")[0], atol=15)


def test_removed_organs_are_absent_and_their_bed_is_filled():
    removed = ("kidney_left", "spleen", "gallbladder")
    usual, operated = made(), made(removed=removed)
    assert not set(removed) & set(operated.truth.names)
    filling = sum(operated.truth.mask(name).astype(int) for name in
                  ("fat", "bowel", "colon", "stomach", "pancreas", "diaphragm", "lung_left", "muscle"))
    for name in ("kidney_left", "spleen"):
        bed = usual.truth.mask(name)
        assert filling[bed].mean() > 0.9, name
        assert (operated.truth.mask("bowel") | operated.truth.mask("colon") | operated.truth.mask("stomach"))[bed].any()
    # the other kidney has grown
    assert operated.truth.volume_ml("kidney_right") > 1.12 * usual.truth.volume_ml("kidney_right")
    assert (operated.volume.array > 1200).any()  # clips in the bed of the gallbladder
    other = made(removed=("kidney_left",), situs_inversus=True, matrix=40, slice_mm=16.0)
    assert "kidney_left" not in other.truth and "kidney_right" in other.truth
    assert centre(other, "kidney_right")[0] < centre(other, "vertebra_l1")[0]


@pytest.mark.long
def test_unusual_shapes_lie_outside_the_usual_range():
    usual = made()
    large = made(unusual=("large spleen", "riedel lobe"))
    assert large.truth.volume_ml("spleen") > 350
    lowest = [float(p.volume.geometry.to_world(np.argwhere(p.truth.mask("liver")))[:, 2].min()) for p in (large, usual)]
    assert lowest[0] < lowest[1] - 15
    liver_ml = [p.truth.volume_ml("liver") for p in (made(unusual=("large liver", "wide bile duct")), usual)]
    assert liver_ml[0] > 1600 and liver_ml[0] > 1.15 * liver_ml[1]
    pale = made(phase="native", unusual=("steatosis", "low kidney"))
    assert np.median(levels_in(pale, "liver")) < np.median(levels_in(pale, "spleen")) - 10
    drops = [centre(usual, name)[2] - centre(pale, name)[2] for name in ("kidney_right", "kidney_left")]
    assert max(drops) > 28 and min(drops) < 5
    heavy, slim = made(unusual=("heavy",)), made(unusual=("slim",))
    assert heavy.truth.volume_ml("subcutaneous_fat") > 1.8 * usual.truth.volume_ml("subcutaneous_fat")
    assert slim.truth.volume_ml("subcutaneous_fat") < 0.65 * usual.truth.volume_ml("subcutaneous_fat")
    for patient in (heavy, slim):  # nothing grows out of the skin
        body = patient.truth.mask("body")
        inner = ndimage.binary_erosion(body, np.ones((1, 3, 3)))
        assert not (patient.truth.mask("bone") & ~inner)[1:-1].any()


def test_unusual_without_names_draws_two_that_go_together():
    drawn = {traits_of(seed, Conditions(unusual=True)) for seed in range(60)}
    assert len(drawn) > 10 and all(len(set(pair)) == 2 and set(pair) <= set(TRAITS) for pair in drawn)
    assert ("heavy", "slim") not in drawn and ("large liver", "riedel lobe") not in drawn


@pytest.mark.long
def test_oral_contrast_fills_the_gut_with_bright_fluid_and_gas():
    plain, drunk = made(), made(oral_contrast=True)
    for name in ("stomach", "bowel"):
        before, after = (patient.volume.array[patient.truth.mask(name)] for patient in (plain, drunk))
        assert ((after > 150) & (after < 420)).mean() > 0.2 > (before > 150).mean(), name
    bowel = drunk.volume.array[drunk.truth.mask("bowel")]
    assert (bowel < -300).any() and ((bowel > -20) & (bowel < 90)).mean() > 0.15
    np.testing.assert_array_equal(plain.truth.array, drunk.truth.array)


def test_a_cut_field_shows_a_share_of_the_same_patient():
    part, whole = made(field_of_view=(0.35, 0.7)), made()
    assert part.volume.geometry.shape[0] == round(0.35 * whole.volume.geometry.shape[0])
    assert 0.05 < part.truth.volume_ml("kidney_left") / whole.truth.volume_ml("kidney_left") < 0.85
    low = part.volume.geometry.origin_mm[2] - whole.volume.geometry.origin_mm[2]
    assert low == pytest.approx(0.35 * 7 * whole.volume.geometry.shape[0], abs=8)
    np.testing.assert_allclose(part.trees["hepatic_veins"].nodes_mm, whole.trees["hepatic_veins"].nodes_mm)


def test_a_field_down_to_the_hips_shows_sacrum_pelvis_and_an_artificial_hip():
    low = {"matrix": 64, "slice_mm": 9.0, "field_of_view": (-0.75, 0.1)}
    patient = made(metal="hip", **low)
    truth = patient.truth
    assert 90 < truth.volume_ml("sacrum") < 320 and 250 < truth.volume_ml("pelvis") < 900
    assert "vertebra_l5" in truth and centre(patient, "vertebra_l5")[2] > centre(patient, "sacrum")[2]
    assert centre(patient, "sacrum")[1] > centre(patient, "pelvis")[1] and "colon" in truth
    assert (patient.volume.array == 3071).sum() * patient.volume.geometry.voxel_volume_ml > 25
    change = patient.volume.array.astype(int) - made(**low).volume.array
    touched = (change > 400).any(axis=(1, 2))
    muscle = truth.mask("muscle")
    assert change[muscle & touched[:, None, None]].std() > 10
    assert touched[0] and not change[np.flatnonzero(touched)[-1] + 3 :].any()  # the stem goes on below the field


# --- as before, as a series, refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "phase", "means", "spreads"), [
    ("liver_tumour", "portal", (-615.850, -629.099, -599.274, -560.179, -632.383, -700.081),
     (498.576, 481.359, 495.512, 524.849, 488.481, 450.945)),
    ("healthy_abdomen", "arterial", (-617.286, -631.281, -603.598, -566.024, -636.730, -697.540),
     (496.740, 478.413, 489.702, 517.693, 482.214, 456.364)),
])
def test_the_first_kinds_look_as_in_the_sample_scans(kind, phase, means, spreads):
    image = made(kind, phase, 11.0, 3, 64, 12.0).volume.array.astype(float)[::4]
    np.testing.assert_allclose(image.mean(axis=(1, 2)), means, atol=0.01)
    np.testing.assert_allclose(image.std(axis=(1, 2)), spreads, atol=0.01)


def test_the_same_seed_and_conditions_give_the_same_scan_and_others_other_identifiers(tmp_path):
    wanted = Conditions(arms=True, metal="spine", removed=("gallbladder",), field_of_view=(0.1, 0.5))
    first, again = (make_patient(4, "liver_metastases", matrix=48, slice_mm=12.0, conditions=wanted) for _ in range(2))
    np.testing.assert_array_equal(first.volume.array, again.volume.array)
    np.testing.assert_array_equal(first.truth.array, again.truth.array)
    usual = make_patient(4, "liver_metastases", matrix=48, slice_mm=12.0,
                         conditions=Conditions(field_of_view=(0.1, 0.5)))
    paths = write_series(first, tmp_path / "first")
    other = write_series(usual, tmp_path / "usual")
    assert len(paths) == len(other) == first.volume.geometry.shape[0]
    heads = [pydicom.dcmread(path) for path in (paths[0], other[0])]
    assert heads[0].SeriesInstanceUID != heads[1].SeriesInstanceUID
    assert heads[0].FrameOfReferenceUID != heads[1].FrameOfReferenceUID
    np.testing.assert_array_equal(heads[0].pixel_array, first.volume.array[-1])
    seg = pydicom.dcmread(write_truth_seg(first, tmp_path / "seg.dcm", tmp_path / "first"))
    assert {item.SegmentLabel for item in seg.SegmentSequence} == set(first.truth.names)
    assert first.facts["conditions"] == wanted.described() and "conditions" not in made().facts


@pytest.mark.long
def test_abdomens_are_made_with_thick_slices_and_heavy_noise():
    for kind in ("abdomen", "liver_cysts"):
        patient = make_patient(5, kind, "delayed", noise_hu=35.0, matrix=40, slice_mm=20.0)
        assert "liver" in patient.truth and patient.volume.synthetic and patient.facts["kind"] == kind


@pytest.mark.parametrize("wrong", [
    {"metal": "teeth"}, {"removed": ("liver",)}, {"field_of_view": (0.5, 0.2)}, {"field_of_view": (-2.0, 1.0)},
    {"unusual": ("green",)}, {"metal": "hip"},
])
def test_conditions_that_are_not_offered_are_refused(wrong):
    with pytest.raises(UsageError):
        Conditions(**wrong)
