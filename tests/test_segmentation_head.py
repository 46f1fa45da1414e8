"""The segmenter ct-head: against generated heads, on what it must refuse, and on a real head in two parts."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError
from anatomy_twin.phantom import Conditions, SyntheticPatient, make_patient
from anatomy_twin.plugins import names
from anatomy_twin.segmentation import segment

DATA = os.environ.get("ANATOMY_TWIN_TEST_DATA", "")


@cache
def head(seed: int = 5, kind: str = "head", slice_mm: float = 2.0, low: float = 0.0, high: float = 1.0,
         matrix: int = 128) -> SyntheticPatient:
    conditions = Conditions(field_of_view=(low, high))
    return make_patient(seed, kind, "native", 6.0, matrix, slice_mm, conditions=conditions)


@cache
def found(seed: int = 5, kind: str = "head", slice_mm: float = 2.0, low: float = 0.0, high: float = 1.0) -> LabelMap:
    return segment(head(seed, kind, slice_mm, low, high).volume, "ct-head")


def dice(labels: LabelMap, patient: SyntheticPatient, name: str) -> float:
    a, b = labels.mask(name), patient.truth.mask(name)
    return 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())


def test_it_is_in_the_table() -> None:
    assert "ct-head" in names("segmenters")


def test_parts_of_a_head_agree_with_the_truth() -> None:
    labels, patient = found(), head()
    assert dice(labels, patient, "brain") > 0.95
    assert dice(labels, patient, "skull") > 0.80
    assert dice(labels, patient, "mandible") > 0.82
    assert dice(labels, patient, "body") > 0.98
    assert labels.segment("brain").state == "ok"
    assert labels.segment("skin").rules == ("estimated",)


def test_thick_slices_are_still_divided_into_skull_and_mandible() -> None:
    labels, patient = found(6, slice_mm=5.0), head(6, slice_mm=5.0)
    assert dice(labels, patient, "brain") > 0.93
    assert dice(labels, patient, "mandible") > 0.75
    jaw, skull = patient.truth.mask("mandible"), patient.truth.mask("skull")
    assert (labels.mask("skull") & jaw).sum() < 0.10 * jaw.sum()
    assert (labels.mask("mandible") & skull).sum() < 0.03 * skull.sum()


def test_a_vault_without_jaw_says_so() -> None:
    labels = found(low=0.55)
    assert labels.segment("mandible").state == "not found"
    assert labels.segment("brain").rules == ("cut by the border",)
    assert labels.segment("skull").rules == ("cut by the border",)
    assert any("base of the skull" in note for note in labels.notes)
    assert dice(labels, head(low=0.55), "brain") > 0.95


def test_metal_in_the_teeth_is_flagged() -> None:
    labels = found(9, "head_fillings", high=0.75)
    assert "metal" in labels.segment("mandible").rules and "metal" in labels.segment("skull").rules
    assert any("metal" in note for note in labels.notes)
    assert dice(labels, head(9, "head_fillings", high=0.75), "mandible") > 0.75


def test_the_axes_of_the_array_do_not_matter() -> None:
    volume = head(6, slice_mm=5.0).volume
    order, flips = (1, 2, 0), (True, False, True)
    turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips))
    other = segment(turned, "ct-head").reindexed(*inverse_axes(order, flips))
    assert np.array_equal(other.array, found(6, slice_mm=5.0).array)


@pytest.mark.parametrize("kind", ["healthy_abdomen", "chest"])
def test_a_trunk_is_refused_in_one_line(kind: str) -> None:
    with pytest.raises(SegmentationError, match=r"shows (no head|a chest)") as caught:
        segment(make_patient(3, kind, "portal", 10.0, 80, 6.0).volume, "ct-head")
    assert "\n" not in caught.value.line


def test_other_modalities_and_scraps_are_refused() -> None:
    volume = head(6, slice_mm=5.0).volume
    with pytest.raises(SegmentationError, match="MR"):
        segment(Volume(volume.array, volume.geometry, "MR", ""), "ct-head")
    scrap = Volume(volume.array[:3], volume.geometry.cropped((0, 0, 0), (3, *volume.array.shape[1:])))
    with pytest.raises(SegmentationError, match="covers only"):
        segment(scrap, "ct-head")
    air = VolumeGeometry.upright((40, 96, 96), (4.0, 2.0, 2.0))
    with pytest.raises(SegmentationError, match="no head"):
        segment(Volume(np.full(air.shape, -1000, np.int16), air), "ct-head")


@pytest.mark.real_data
@pytest.mark.skipif(not DATA, reason="ANATOMY_TWIN_TEST_DATA does not name a folder with real scans")
def test_a_real_tilted_head_in_two_parts() -> None:
    from anatomy_twin.scan import find_series, load_volume

    folder = Path(DATA) / "ge_head_tilt" / "GE"
    base, vault = (load_volume(folder, series_uid=series.uid, repair=True) for series in find_series(folder))
    lower, upper = segment(base, "ct-head"), segment(vault, "ct-head")
    assert lower.segment("mandible").state == "check" and upper.segment("mandible").state == "not found"
    # slices of 4 mm from the first vertebra up, and of 7 mm up to the vertex, which overlap a little
    assert 320 < lower.volume_ml("brain") < 520
    assert 1000 < upper.volume_ml("brain") < 1350
    assert 1.5 < lower.volume_ml("mandible") < 15
    for labels in (lower, upper):
        assert labels.segment("brain").rules == ("cut by the border",)
        brain = (base if labels is lower else vault).array[labels.mask("brain")]
        assert 15 < np.median(brain) < 50
    assert lower.volume_ml("bone") > 5 and upper.segment("bone").absent
