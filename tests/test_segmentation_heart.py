"""The segmenter cta-heart: against generated hearts of seeds never tuned on, a real scan, and what it must refuse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from anatomy_twin.core import LabelMap, Volume, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.phantom import Conditions, SyntheticPatient, make_patient
from anatomy_twin.plugins import names
from anatomy_twin.scan import load_volume
from anatomy_twin.segmentation import segment
from tests.support.real_scans import DATA

# tuned on seeds 0 to 11 and 201 to 212; the segmenter was settled before these were looked at
SEED = 301
MORE = (302, 303, 304, 305, 306, 307, 308)


@cache
def heart(seed: int, phase: str = "arterial", high: float = 1.0) -> SyntheticPatient:
    # those of the longer test on a finer grid, nearer to that of a real scan of the heart (1.45 x 1.45 x 1.4 mm)
    matrix, slice_mm = (160, 1.4) if seed in MORE else (120, 2.0)
    conditions = Conditions(field_of_view=(0.0, high))
    return make_patient(seed, "heart", phase, 16.0, matrix, slice_mm, conditions=conditions)


@cache
def found(seed: int, high: float = 1.0) -> LabelMap:
    return segment(heart(seed, high=high).volume, "cta-heart")


def dice(seed: int, name: str, high: float = 1.0) -> float:
    a, b = found(seed, high).mask(name), heart(seed, high=high).truth.mask(name)
    return 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())


def test_it_is_in_the_table() -> None:
    assert "cta-heart" in names("segmenters")


def check(seed: int, high: float = 1.0) -> None:
    labels = found(seed, high)
    assert dice(seed, "left_atrium", high) > 0.93
    assert dice(seed, "left_ventricle", high) > 0.82
    assert dice(seed, "left_ventricle_myocardium", high) > 0.80
    assert dice(seed, "aorta", high) > 0.85
    assert dice(seed, "left_atrial_appendage", high) > 0.75
    assert labels.segment("left_atrium").state == "ok"
    # what rests on a usual place or on mixed contrast medium says so
    for name in ("oesophagus", "aortic_root", "right_ventricle"):
        assert labels.segment(name).state == "check" or labels.segment(name).absent, name
    for part in labels.parts("left_atrium"):
        assert not (labels.mask(part.name) & ~labels.mask("left_atrium")).any()


def test_a_generated_heart_agrees_with_its_truth() -> None:
    check(SEED)


@pytest.mark.long
@pytest.mark.parametrize("seed", MORE)
def test_more_generated_hearts_agree_with_their_truth(seed: int) -> None:
    check(seed)


@pytest.mark.long
def test_a_field_that_ends_below_the_arch_still_shows_the_atrium() -> None:
    check(SEED, 0.83)


def test_veins_have_names_and_lie_on_their_side() -> None:
    labels, truth = found(SEED), heart(SEED).truth
    veins = [name for name in truth.names if name.startswith("pulmonary_vein")]
    assert len(veins) == 4
    for name in veins:
        middles = [np.argwhere(one.mask(name)).mean(0) * truth.geometry.spacing_mm for one in (labels, truth)]
        assert np.linalg.norm(middles[0] - middles[1]) < 12.0, name


def test_the_axes_of_the_array_do_not_matter() -> None:
    volume = heart(SEED).volume
    order, flips = (1, 2, 0), (True, False, True)
    turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips))
    other = segment(turned, "cta-heart").reindexed(*inverse_axes(order, flips))
    assert np.array_equal(other.array, found(SEED).array)


def test_what_shows_no_enhanced_heart_is_refused_in_one_line() -> None:
    native = heart(SEED, "native").volume
    with pytest.raises(SegmentationError, match="no contrast medium shows in the heart") as caught:
        segment(native, "cta-heart")
    assert "\n" not in caught.value.line
    with pytest.raises(SegmentationError, match="reads CT in HU"):
        segment(replace(native, modality="MR", units=""), "cta-heart")
    with pytest.raises(SegmentationError, match="covers only"):
        segment(Volume(native.array[:20], native.geometry.cropped((0, 0, 0), (20, *native.array.shape[1:]))),
                "cta-heart")
    with pytest.raises(UsageError, match="neither seeds nor labels"):
        segment(heart(SEED).volume, "cta-heart", seeds={"left_atrium": (0.0, 0.0, 0.0)})


@pytest.mark.long
def test_an_abdomen_with_contrast_medium_is_no_heart() -> None:
    patient = make_patient(3, "liver_tumour", "portal", matrix=96, slice_mm=4.0)
    with pytest.raises(SegmentationError, match=r"atrium|contrast"):
        segment(patient.volume, "cta-heart")


@pytest.mark.long
@pytest.mark.real_data
def test_a_real_scan_shows_plausible_chambers() -> None:
    labels = segment(load_volume(DATA / "totalsegmentator_refs" / "aorta_report" / "example_ct.nii.gz"), "cta-heart")
    # no truth of the heart is at hand: sizes of an adult's (see test_phantom_heart) and neighbours only
    assert 60 < labels.volume_ml("left_atrium") < 200
    assert 60 < labels.volume_ml("left_ventricle") < 200
    assert 80 < labels.volume_ml("left_ventricle_myocardium") < 250
    assert sum(name.startswith("pulmonary_vein") for name in labels.names) >= 4
    assert "left_atrial_appendage" in labels.names
