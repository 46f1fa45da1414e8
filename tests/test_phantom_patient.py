"""Synthetic patients: plausible bodies, trees that obey Murray, truth that matches the picture, determinism."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import KINDS, make_patient
from anatomy_twin.phantom.abdomen.growth import piece_distance
from anatomy_twin.phantom.abdomen.lesions import distance_to_pieces
from anatomy_twin.phantom.texture import SmoothNoise
from anatomy_twin.phantom.uids import make_uid

SEEDS = (7, 21, 1234)
# adult ranges in ml; liver, spleen and kidneys as in radiology volumetry, the others wide
PLAUSIBLE_ML = {
    "liver": (1150, 1850), "spleen": (110, 310), "kidney_right": (100, 215), "kidney_left": (100, 215),
    "gallbladder": (8, 70), "pancreas": (25, 130), "stomach": (60, 700), "heart": (150, 900), "bone": (500, 1500),
    "aorta": (55, 160), "inferior_vena_cava": (40, 160), "lung_right": (500, 2200), "lung_left": (400, 2200),
    "portal_branches": (15, 80), "hepatic_veins": (15, 90), "tumour_1": (3.5, 13), "tumour_2": (0.6, 6),
}


@cache
def small(seed=7, kind="liver_tumour", phase="portal", noise_hu=11.0):
    return make_patient(seed, kind, phase, noise_hu, matrix=112, slice_mm=5.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_volumes_are_those_of_an_adult(seed):
    truth = small(seed).truth
    wrong = {
        name: round(truth.volume_ml(name), 1) for name, (low, high) in PLAUSIBLE_ML.items()
        if not low <= truth.volume_ml(name) <= high
    }
    assert not wrong


def test_other_seeds_give_other_patients():
    livers = {round(small(seed).truth.volume_ml("liver")) for seed in SEEDS}
    widths = {small(seed).volume.geometry.spacing_mm[2] for seed in SEEDS}
    assert len(livers) == len(widths) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_sides_are_the_patients(seed):
    patient = small(seed)
    truth, geometry = patient.truth, patient.volume.geometry

    def centre(name):
        return geometry.to_world(np.argwhere(truth.mask(name)).mean(0))

    middle = centre("bone")[0]
    for name in ("liver", "kidney_right", "lung_right", "gallbladder", "inferior_vena_cava"):
        assert centre(name)[0] < middle, name
    for name in ("spleen", "kidney_left", "lung_left", "aorta", "stomach"):
        assert centre(name)[0] > middle, name
    assert centre("kidney_right")[2] < centre("kidney_left")[2]  # the liver pushes it down
    assert centre("bone")[1] > centre("liver")[1]
    assert centre("lung_right")[2] > centre("liver")[2]


@pytest.mark.parametrize("name", ["portal_branches", "hepatic_veins", "hepatic_artery"])
def test_murrays_law_holds_at_every_fork(name):
    tree = small().trees[name]
    inner = np.unique(tree.parents[tree.parents >= 0])
    children = np.zeros(len(tree.parents))
    np.add.at(children, tree.parents[tree.parents >= 0], tree.radius_mm[tree.parents >= 0] ** 3)
    np.testing.assert_allclose(children[inner], tree.radius_mm[inner] ** 3, rtol=1e-9)
    assert len(tree.parents) > 200
    leaf = np.setdiff1d(np.arange(len(tree.parents)), inner)
    assert np.ptp(tree.radius_mm[leaf]) < 1e-9 and tree.radius_mm.max() > 3 * tree.radius_mm[leaf[0]]


def test_trees_lie_in_the_liver_and_fill_it():
    patient = small()
    liver = patient.truth.mask("liver")
    geometry = patient.volume.geometry
    outside_mm = ndimage.distance_transform_edt(~liver, sampling=geometry.spacing_mm)
    for name, tree in patient.trees.items():
        start, stop, _ = tree.pieces()
        middles = np.rint(geometry.to_index((start + stop) / 2)).astype(int)
        away = outside_mm[tuple(middles.T)]
        assert np.mean(away < 4) > 0.97, name
    start, stop, _ = patient.trees["portal_branches"].pieces()
    near = np.ones(geometry.shape, bool)
    near[tuple(np.rint(geometry.to_index(stop)).astype(int).T)] = False
    reach = ndimage.distance_transform_edt(near, sampling=geometry.spacing_mm)[liver]
    assert np.quantile(reach, 0.95) < 22  # no part of the liver is far from a portal branch


def test_trees_do_not_cross_each_other():
    trees = small().trees
    vein, portal = trees["hepatic_veins"], trees["portal_branches"]
    grown = [np.column_stack(tree.pieces()) for tree in (vein, portal)]
    thin = grown[0][grown[0][:, 6] < 1.0][:150]
    worst = min(
        piece_distance(a[:3], a[3:6], b[:3], b[3:6]) - a[6] - b[6] for a in thin for b in grown[1][::3]
    )
    assert worst > -1.5


@pytest.mark.parametrize("seed", SEEDS)
def test_first_tumour_lies_beside_a_large_hepatic_vein(seed):
    patient = small(seed)
    first = patient.tumours[0]
    start, stop, radius = patient.trees["hepatic_veins"].pieces()
    large = radius > 1.5
    gap = distance_to_pieces(np.array(first.centre_mm), (start[large], stop[large], radius[large])).min()
    assert 6 <= gap - first.radius_mm <= 10
    assert 10 <= first.radius_mm <= 14
    assert patient.truth.array[2][patient.volume.geometry.nearest_voxel(first.centre_mm)] == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_first_tumour_can_be_reached(seed):
    patient = small(seed)
    first, geometry = patient.tumours[0], patient.volume.geometry
    way = np.linspace(first.centre_mm, first.entry_mm, 120)
    names = {segment.value: segment.name for segment in patient.truth.segments if segment.layer == 0}
    values = patient.truth.array[0][tuple(np.rint(geometry.to_index(way)).astype(int).T)]
    crossed = {names[value] for value in values if value}
    assert crossed <= {"liver", "fat", "muscle", "skin", "diaphragm"}
    assert "skin" in crossed or 0 in values
    assert np.linalg.norm(way[0] - way[-1]) < 150


def test_parts_of_the_liver_lie_in_it_and_structures_do_not_overlap():
    truth = small().truth
    liver = truth.mask("liver", with_parts=False) | truth.mask("liver")
    for name in ("tumour_1", "tumour_2", "portal_branches", "hepatic_veins"):
        assert not (truth.mask(name) & ~(truth.array[0] == truth.segment("liver").value)).any(), name
    assert not (truth.mask("tumour_1") & truth.mask("hepatic_veins")).any()
    assert (truth.mask("body") == (truth.array[0] > 0)).all()
    assert liver.sum() == truth.mask("liver").sum()
    assert {segment.state for segment in truth.segments} == {"truth"}


def test_pictures_show_what_the_truth_says():
    # mean HU in the core of each structure, portal phase, against published ranges (wide)
    patient = small(noise_hu=0.0)
    ranges = {
        "liver": (100, 125), "spleen": (115, 135), "aorta": (150, 175), "kidney_left": (155, 205),
        "lung_right": (-900, -750), "muscle": (30, 70), "gallbladder": (0, 30), "tumour_1": (50, 85),
        "bone": (180, 700),
    }
    for name, (low, high) in ranges.items():
        core = ndimage.binary_erosion(patient.truth.mask(name, with_parts=name == "bone"))
        assert low < np.median(patient.volume.array[core]) < high, name
    fat = ndimage.binary_erosion(patient.truth.mask("fat"))
    assert -120 < np.median(patient.volume.array[fat]) < -85


def test_contrast_follows_the_phase():
    def level(phase, name):
        patient = small(phase=phase, noise_hu=0.0)
        core = ndimage.binary_erosion(patient.truth.mask(name, with_parts=False))
        return np.median(patient.volume.array[core])

    assert level("arterial", "aorta") > level("portal", "aorta") + 100 > level("native", "aorta") + 180
    assert level("portal", "liver") > level("arterial", "liver") + 25
    assert level("native", "spleen") < 60
    native, portal = small(phase="native", noise_hu=0.0), small(phase="portal", noise_hu=0.0)
    np.testing.assert_array_equal(native.truth.array, portal.truth.array)


def test_noise_has_the_asked_strength_and_the_spectrum_of_filtered_back_projection():
    with_noise, without = small(), small(noise_hu=0.0)
    noise = with_noise.volume.array.astype(float) - without.volume.array
    core = ndimage.binary_erosion(with_noise.truth.mask("liver"), iterations=3)
    assert 7 < noise[core].std() < 13
    air = with_noise.truth.array[0][:, :4] == 0
    assert noise[:, :4][air].std() < 3
    plane = noise[30]
    power = np.abs(np.fft.fft2(plane)) ** 2
    f = np.hypot(*np.meshgrid(*2 * (np.fft.fftfreq(plane.shape[0], with_noise.volume.geometry.spacing_mm[1]),)))
    low, peak = power[(f > 0) & (f < 0.02)].mean(), power[(f > 0.07) & (f < 0.14)].mean()
    assert peak > 1.5 * low  # the ramp filter takes the low frequencies away
    assert 0.1 < np.corrcoef(noise[20][core[20]], noise[21][core[20]])[0, 1] < 0.7


def test_the_same_seed_gives_the_same_patient():
    again = make_patient(7, matrix=112, slice_mm=5.0)
    np.testing.assert_array_equal(again.volume.array, small().volume.array)
    np.testing.assert_array_equal(again.truth.array, small().truth.array)
    assert again.volume.geometry.is_close(small().volume.geometry)


def test_the_anatomy_does_not_depend_on_the_grid():
    coarse, fine = small(), make_patient(7, matrix=144, slice_mm=4.0)
    np.testing.assert_allclose(coarse.trees["hepatic_veins"].nodes_mm, fine.trees["hepatic_veins"].nodes_mm)
    for name in ("liver", "spleen", "kidney_left", "aorta"):
        assert coarse.truth.volume_ml(name) == pytest.approx(fine.truth.volume_ml(name), rel=0.03)
    for truth, geometry in ((coarse.truth, coarse.volume.geometry), (fine.truth, fine.volume.geometry)):
        centre = geometry.to_world(np.argwhere(truth.mask("tumour_1")).mean(0))
        np.testing.assert_allclose(centre, coarse.tumours[0].centre_mm, atol=1.5)


def test_healthy_abdomen_has_no_tumour():
    patient = small(kind="healthy_abdomen")
    assert not patient.tumours and "tumour_1" not in patient.truth
    assert patient.volume.synthetic and "liver" in patient.truth


@pytest.mark.parametrize("wrong", [
    {"kind": "brain"}, {"phase": "late"}, {"matrix": 4}, {"slice_mm": 0.0}, {"noise_hu": -1.0}, {"seed": -1},
])
def test_what_is_not_offered_is_refused(wrong):
    with pytest.raises(UsageError):
        make_patient(**{"seed": 1, **wrong})


def test_smooth_noise_is_the_same_on_any_grid_and_has_unit_variance():
    noise = SmoothNoise.draw(np.random.default_rng(3), 10.0, (0, 0, 0), (400, 400, 400))
    x = np.linspace(5, 380, 60)
    field = noise.on(x, x, x)
    assert field.std() == pytest.approx(1.0, rel=0.1)
    points = np.array([[x[3], x[40], x[22]], [x[50], x[7], x[31]]])
    np.testing.assert_allclose(noise.at(points), [field[22, 40, 3], field[31, 7, 50]], rtol=1e-5)


def test_uids_are_valid_and_depend_on_every_part():
    uids = {make_uid("a", "b"), make_uid("a", "c"), make_uid("ab")}
    assert len(uids) == 3 and all(len(uid) <= 64 and uid.startswith("2.25.") for uid in uids)
    assert {"liver_tumour", "healthy_abdomen", "abdomen"} < set(KINDS)
