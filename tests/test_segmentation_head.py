"""The segmenter ct-head: against generated heads, on what it must refuse, and on a real head in two parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from anatomy_twin.core import LabelMap, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError
from anatomy_twin.phantom import Conditions, SyntheticPatient, make_patient
from anatomy_twin.plugins import names
from anatomy_twin.segmentation import segment
from tests.support.real_scans import DATA


@cache
def head(kind: str = "head", high: float = 1.0) -> SyntheticPatient:
    conditions = Conditions(field_of_view=(0.0, high))
    return make_patient(5 if kind == "head" else 9, kind, "native", 6.0, 112, 2.5, conditions=conditions)


Case = tuple[Volume, LabelMap]


@cache
def whole() -> Case:
    return head().volume, head().truth


@cache
def thick() -> Case:
    """Pairs of slices averaged to 5 mm; the truth is that of the lower one of each pair."""
    volume, truth = whole()
    count = volume.array.shape[0] // 2
    start, step = volume.geometry.to_world((0.5, 0.0, 0.0)), volume.geometry.spacing_mm
    shape = (count, *volume.array.shape[1:])
    geometry = VolumeGeometry.upright(shape, (2.0 * step[0], *step[1:]), tuple(start.tolist()))
    array = volume.array[: 2 * count].astype(np.float32).reshape(count, 2, *shape[1:]).mean(axis=1)
    labels = replace(truth, array=np.ascontiguousarray(truth.array[:, : 2 * count : 2]), geometry=geometry)
    return Volume(np.rint(array).astype(np.int16), geometry), labels


@cache
def vault() -> Case:
    """The upper 45 % of the head."""
    volume, truth = whole()
    first = round(0.55 * volume.array.shape[0])
    shape = (volume.array.shape[0] - first, *volume.array.shape[1:])
    geometry = volume.geometry.cropped((first, 0, 0), shape)
    labels = replace(truth, array=np.ascontiguousarray(truth.array[:, first:]), geometry=geometry)
    return Volume(np.ascontiguousarray(volume.array[first:]), geometry), labels


@cache
def filled() -> Case:
    patient = head("head_fillings", 0.75)
    return patient.volume, patient.truth


@cache
def found(case: Callable[[], Case]) -> LabelMap:
    return segment(case()[0], "ct-head")


def dice(case: Callable[[], Case], name: str) -> float:
    a, b = found(case).mask(name), case()[1].mask(name)
    return 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())


def test_it_is_in_the_table() -> None:
    assert "ct-head" in names("segmenters")


def test_parts_of_a_head_agree_with_the_truth() -> None:
    assert dice(whole, "brain") > 0.95
    assert dice(whole, "skull") > 0.80
    assert dice(whole, "mandible") > 0.82
    assert dice(whole, "body") > 0.98
    assert found(whole).segment("brain").state == "ok"
    assert found(whole).segment("skin").rules == ("estimated",)


def test_thick_slices_are_still_divided_into_skull_and_mandible() -> None:
    assert dice(thick, "brain") > 0.93
    assert dice(thick, "mandible") > 0.75
    jaw, skull = thick()[1].mask("mandible"), thick()[1].mask("skull")
    assert (found(thick).mask("skull") & jaw).sum() < 0.10 * jaw.sum()
    assert (found(thick).mask("mandible") & skull).sum() < 0.03 * skull.sum()


def test_a_vault_without_jaw_says_so() -> None:
    labels = found(vault)
    assert labels.segment("mandible").state == "not found"
    assert labels.segment("brain").rules == ("cut by the border",)
    assert labels.segment("skull").rules == ("cut by the border",)
    assert any("base of the skull" in note for note in labels.notes)
    assert dice(vault, "brain") > 0.95


@pytest.mark.long
def test_metal_in_the_teeth_is_flagged() -> None:
    labels = found(filled)
    assert "metal" in labels.segment("mandible").rules and "metal" in labels.segment("skull").rules
    assert any("metal" in note for note in labels.notes)
    assert dice(filled, "mandible") > 0.75


def test_the_axes_of_the_array_do_not_matter() -> None:
    volume = vault()[0]
    order, flips = (1, 2, 0), (True, False, True)
    turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips))
    other = segment(turned, "ct-head").reindexed(*inverse_axes(order, flips))
    assert np.array_equal(other.array, found(vault).array)


def trunk(half_mm: tuple[float, float], lung_mm: float = 0.0, ring_mm: float = 0.0) -> Volume:
    """A trunk or a limb: soft tissue under fat around bone, with two lungs or with a tube of bone in the middle."""
    k, j, i = np.ogrid[:40, :80, :100]
    y, x = (j - 40.0) * 5.0 + 0.0 * k, (i - 50.0) * 5.0
    inside = np.hypot(x / half_mm[1], y / half_mm[0])
    hu = np.where(inside < 1.0, -100.0, -1000.0)
    hu = np.where(inside < 0.9, 50.0, hu)
    hu = np.where(np.hypot(np.abs(x) - 80.0, y) < lung_mm, -850.0, hu)
    bone = np.hypot(x, y) if ring_mm else np.hypot(x, y - 70.0)
    hu = np.where((bone < (ring_mm or 20.0)) & (bone > 0.6 * ring_mm), 700.0, hu)
    hu = hu + np.random.default_rng(1).normal(0.0, 8.0, hu.shape)
    return Volume(hu.astype(np.int16), VolumeGeometry.upright((40, 80, 100), (6.0, 5.0, 5.0)))


@pytest.mark.parametrize(("volume", "words"), [
    (trunk((120.0, 170.0)), "shows no head"), (trunk((95.0, 135.0), 50.0), "shows a chest"),
    (trunk((80.0, 80.0), ring_mm=18.0), "shows no head"),
], ids=["abdomen", "chest", "thigh"])
def test_what_is_no_head_is_refused_in_one_line(volume: Volume, words: str) -> None:
    with pytest.raises(SegmentationError, match=words) as caught:
        segment(volume, "ct-head")
    assert "\n" not in caught.value.line


def test_other_modalities_and_scraps_are_refused() -> None:
    volume = vault()[0]
    with pytest.raises(SegmentationError, match="MR"):
        segment(Volume(volume.array, volume.geometry, "MR", ""), "ct-head")
    scrap = Volume(volume.array[:3], volume.geometry.cropped((0, 0, 0), (3, *volume.array.shape[1:])))
    with pytest.raises(SegmentationError, match="covers only"):
        segment(scrap, "ct-head")
    air = VolumeGeometry.upright((40, 96, 96), (4.0, 2.0, 2.0))
    with pytest.raises(SegmentationError, match="no head"):
        segment(Volume(np.full(air.shape, -1000, np.int16), air), "ct-head")


@pytest.mark.real_data
def test_a_real_tilted_head_in_two_parts() -> None:
    from anatomy_twin.scan import find_series, load_volume

    folder = DATA / "ge_head_tilt" / "GE"
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
