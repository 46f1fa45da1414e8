"""The generated head: parts, sizes and grey values of an adult's, jaws apart, streaks where there is metal."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import Conditions, SyntheticPatient, make_patient


@cache
def head(seed: int = 2, kind: str = "head", matrix: int = 112, slice_mm: float = 2.0, noise_hu: float = 5.0,
         low: float = 0.0, high: float = 1.0) -> SyntheticPatient:
    conditions = Conditions(field_of_view=(low, high))
    return make_patient(seed, kind, "native", noise_hu, matrix, slice_mm, conditions=conditions)


def test_parts_and_sizes_are_an_adults() -> None:
    truth = head().truth
    assert {"skull", "mandible", "brain", "bone", "skin", "fat", "muscle", "body", "vertebra_c1", "vertebra_c2",
            "vertebra_c3"} <= set(truth.names)
    # intracranial volume of adults: 1150 to 1700 ml
    assert 1150 < truth.volume_ml("brain") < 1700
    assert 40 < truth.volume_ml("mandible") < 130
    assert 350 < truth.volume_ml("skull") < 900
    brain, jaw, neck = (np.mean(np.nonzero(truth.mask(name)), axis=1) for name in ("brain", "mandible", "bone"))
    assert brain[0] > jaw[0] + 20 and jaw[1] < neck[1]  # the jaw lies under the brain and in front of the neck


def test_the_brain_lies_in_the_skull() -> None:
    truth = head().truth
    brain, skull = truth.mask("brain"), truth.mask("skull")
    upper = np.flatnonzero(brain.any(axis=(1, 2)))
    upper = upper[len(upper) // 2 : -6]
    for k in upper:  # in the vault the brain of every slice is inside a closed ring of bone
        assert (ndimage.binary_fill_holes(skull[k]) & brain[k]).sum() > 0.99 * brain[k].sum()


def test_grey_values_are_those_of_unenhanced_ct() -> None:
    patient = head(noise_hu=0.0)
    image, truth = patient.volume.array, patient.truth
    brain = image[ndimage.binary_erosion(truth.mask("brain"), iterations=3)]
    assert 22 < np.median(brain) < 42
    assert np.percentile(brain, 0.5) < 16 and np.percentile(brain, 90) < 60  # fluid; no bone inside
    assert np.percentile(image[truth.mask("skull")], 75) > 700
    assert image[truth.mask("mandible")].max() > 1600  # enamel


@pytest.mark.long
def test_jaws_are_two_bones() -> None:
    patient = head()
    skull, jaw = patient.truth.mask("skull"), patient.truth.mask("mandible")
    assert not (skull & jaw).any()
    seen = {head(seed, matrix=64, slice_mm=4.0, high=0.35).facts["teeth"] for seed in (1, 2, 3, 4, 5, 6)}
    assert "closed" in seen and len(seen) > 1  # both occur


@pytest.mark.long
def test_metal_makes_streaks_in_its_slices_only() -> None:
    plain = head(3, matrix=96, slice_mm=3.0, high=0.6)
    filled = head(3, "head_fillings", matrix=96, slice_mm=3.0, high=0.6)
    assert filled.facts["metal"] != "none" and plain.facts["metal"] == "none"
    changed = np.abs(filled.volume.array.astype(int) - plain.volume.array).max(axis=(1, 2))
    touched = np.flatnonzero(changed > 200)
    assert 1 <= len(touched) <= 12 and (changed > 0).sum() <= len(touched) + 6
    assert filled.volume.array.max() == 3071
    muscle = plain.truth.mask("muscle")
    k = touched[len(touched) // 2]
    assert np.std((filled.volume.array[k].astype(int) - plain.volume.array[k])[muscle[k]]) > 25


@pytest.mark.long
def test_thick_slices_are_averages_of_thin_ones() -> None:
    thin = head(matrix=96, slice_mm=2.0, noise_hu=0.0, low=0.5, high=0.62)
    thick = head(matrix=96, slice_mm=6.0, noise_hu=0.0, low=0.5, high=0.62)
    count = thick.volume.array.shape[0]
    mean = thin.volume.array[: 3 * count].reshape(count, 3, 96, 96).mean(axis=1)
    inside = ndimage.binary_erosion(thick.truth.mask("brain"), np.ones((1, 5, 5)), iterations=2)[1:-1]
    assert np.abs(mean[1:-1] - thick.volume.array[1:-1])[inside].mean() < 5


def test_seed_and_refusal() -> None:
    first = make_patient(7, "head", "native", 5.0, 64, 5.0)
    assert np.array_equal(first.volume.array, make_patient(7, "head", "native", 5.0, 64, 5.0).volume.array)
    with pytest.raises(UsageError, match="phases are native"):
        make_patient(7, "head", "portal")
