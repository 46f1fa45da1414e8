"""The generated chest: all parts are there, measure like an adult's, and do not depend on the grid."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.phantom import Conditions, SyntheticPatient, make_patient
from anatomy_twin.phantom.chest.ways import LOBE_NAMES, TIP_MM


@cache
def chest(seed: int = 4, phase: str = "arterial", matrix: int = 96, slice_mm: float = 4.0, noise_hu: float = 10.0,
          low: float = 0.0, high: float = 1.0) -> SyntheticPatient:
    conditions = Conditions(field_of_view=(low, high))
    return make_patient(seed, "chest", phase, noise_hu, matrix, slice_mm, conditions=conditions)


def inner(mask: np.ndarray) -> np.ndarray:
    return ndimage.binary_erosion(mask)


def test_all_parts_of_a_chest_have_a_truth() -> None:
    truth = chest().truth
    wanted = {f"vertebra_t{n}" for n in range(1, 13)} | {"vertebra_l1", "ribs", "sternum", "bone", "skin", "muscle"}
    wanted |= {"lung_right", "lung_left", "airways", "pulmonary_vessels", "heart", "aorta", "oesophagus", "diaphragm"}
    wanted |= {"pleural_recess", "liver", "spleen", "stomach", "subcutaneous_fat", "visceral_fat", "body"}
    wanted |= set(LOBE_NAMES.values())
    assert wanted <= set(truth.names)
    assert {segment.state for segment in truth.segments} == {"truth"}
    assert {truth.segment(f"vertebra_t{n}").part_of for n in range(1, 13)} == {"bone"}


def test_sizes_are_an_adults() -> None:
    truth = chest().truth
    # total lung capacity of an adult is 4 to 8 l of gas and tissue, on CT at full inspiration 3.5 to 7.5 l
    lungs = truth.volume_ml("lung_right") + truth.volume_ml("lung_left")
    assert 3300 < lungs < 7500
    assert 350 < truth.volume_ml("heart") < 950
    middle = truth.volume_ml("lung_middle_lobe_right") / truth.volume_ml("lung_right")
    assert 0.05 < middle < 0.22  # the middle lobe is the smallest, about a tenth to a sixth
    heights = [np.nonzero(truth.mask(f"vertebra_t{n}"))[0].mean() for n in range(1, 13)]
    assert (np.diff(heights) < 0).all()
    left, right = (np.nonzero(truth.mask(f"lung_{side}"))[2].mean() for side in ("left", "right"))
    assert left > right  # LPS: i runs to the patient's left


def test_everything_lies_under_the_skin() -> None:
    truth = chest().truth
    body = ndimage.binary_fill_holes(truth.mask("body"))
    deep = ndimage.binary_erosion(body, np.ones((1, 3, 3)), border_value=1)
    bone = truth.mask("bone")
    assert (bone & ~deep).sum() < 0.005 * bone.sum()


def test_lobes_fill_the_lungs_and_do_not_overlap() -> None:
    truth = chest().truth
    for side in ("right", "left"):
        lobes = [truth.mask(name) for name in LOBE_NAMES.values() if name.endswith(side)]
        total = np.sum([lobe.astype(int) for lobe in lobes], axis=0)
        assert np.array_equal(total, truth.mask(f"lung_{side}").astype(int))
    upper, lower = truth.mask("lung_upper_lobe_left"), truth.mask("lung_lower_lobe_left")
    assert np.nonzero(upper)[0].mean() > np.nonzero(lower)[0].mean()
    assert np.nonzero(upper)[1].mean() < np.nonzero(lower)[1].mean()  # the upper lobe lies in front


def test_grey_values_follow_the_phase() -> None:
    arterial, native = chest(), chest(phase="native")
    assert np.array_equal(arterial.truth.array, native.truth.array)  # the anatomy is the same

    def mean(patient: SyntheticPatient, name: str) -> float:
        return float(patient.volume.array[inner(patient.truth.mask(name))].mean())

    assert mean(arterial, "aorta") > 260 and 30 < mean(native, "aorta") < 60
    assert mean(arterial, "heart") > mean(native, "heart") + 60
    for patient in (arterial, native):
        assert -900 < np.median(patient.volume.array[inner(patient.truth.mask("lung_left"))]) < -800
        assert mean(patient, "airways") < -880
        assert abs(mean(patient, "subcutaneous_fat") + 100) < 20


@pytest.mark.long
def test_fissures_are_denser_than_the_lung_beside_them() -> None:
    patient = chest(matrix=224, slice_mm=1.5, noise_hu=0.0, low=0.40, high=0.50)
    truth, image = patient.truth, patient.volume.array
    upper, lower = truth.mask("lung_upper_lobe_left"), truth.mask("lung_lower_lobe_left")
    free = ~ndimage.binary_dilation(truth.mask("pulmonary_vessels") | truth.mask("airways"), iterations=3)
    border = ndimage.binary_dilation(upper) & ndimage.binary_dilation(lower) & free
    beside = ndimage.binary_dilation(border, iterations=5) & (upper | lower) & free
    beside &= ~ndimage.binary_dilation(border, iterations=3)
    assert border.sum() > 500
    assert np.mean(image[border]) > np.mean(image[beside]) + 25


def test_airways_hang_together_and_reach_both_lungs() -> None:
    patient = chest(matrix=144, slice_mm=2.5, noise_hu=0.0, low=0.4, high=0.95)
    airways = patient.truth.mask("airways")
    labels, _ = ndimage.label(airways, np.ones((3, 3, 3)))
    main = labels == np.argmax(np.bincount(labels[airways]))
    assert main.sum() > 0.9 * airways.sum()
    for side in ("right", "left"):
        assert (ndimage.binary_dilation(main, iterations=2) & patient.truth.mask(f"lung_{side}")).sum() > 200


def test_vessels_obey_murray_and_thin_out() -> None:
    for name, tree in chest().trees.items():
        children = np.zeros(len(tree.parents))
        has = tree.parents >= 0
        np.add.at(children, tree.parents[has], tree.radius_mm[has] ** 3)
        forks = children > 0
        assert np.allclose(tree.radius_mm[forks] ** 3, children[forks])
        assert tree.radius_mm.min() == pytest.approx(TIP_MM), name
        assert 3.0 < tree.radius_mm.max() < 8.0
    assert {name.partition("_")[0] for name in chest().trees} == {"artery", "vein"}


def test_nodules_have_their_size_and_lobe() -> None:
    patient = chest(matrix=128, slice_mm=3.0, noise_hu=0.0)
    assert 3 <= len(patient.tumours) <= 6
    for nodule in patient.tumours:
        diameter, lobe, site = patient.facts[nodule.name].split(", ")
        assert 5.0 <= 2 * nodule.radius_mm <= 30.0
        assert float(diameter.split()[0]) == pytest.approx(2 * nodule.radius_mm, abs=0.06)
        mask = patient.truth.mask(nodule.name)
        sphere = 4 / 3 * np.pi * nodule.radius_mm**3 / 1000
        share = patient.truth.volume_ml(nodule.name) / sphere
        if nodule.radius_mm > 3.5:  # on voxels of 3 mm smaller ones say little
            assert (0.4 if site == "pleura" else 0.7) < share < 1.3
        side = patient.truth.segment(nodule.name).part_of
        assert side == f"lung_{lobe.rpartition(' ')[2]}"
        assert (mask & patient.truth.mask(side)).sum() == mask.sum()
        if nodule.radius_mm > 5:
            assert np.mean(patient.volume.array[inner(mask)]) > 0


@pytest.mark.long
def test_the_anatomy_does_not_depend_on_the_grid() -> None:
    coarse, fine = chest(), chest(matrix=128, slice_mm=3.0, noise_hu=0.0)
    assert [n.centre_mm for n in coarse.tumours] == [n.centre_mm for n in fine.tumours]
    for name in ("lung_right", "aorta", "heart"):
        assert coarse.truth.volume_ml(name) == pytest.approx(fine.truth.volume_ml(name), rel=0.05)


@pytest.mark.long
def test_a_seed_is_a_patient() -> None:
    again = make_patient(4, "chest", "arterial", 10.0, 96, 4.0)
    assert np.array_equal(again.volume.array, chest().volume.array)
    assert make_patient(5, "chest", "arterial", 10.0, 64, 8.0).facts != chest().facts
