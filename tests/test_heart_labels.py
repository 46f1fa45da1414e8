"""A left atrium out of labels that are known: cut open where its veins end and at the valve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.anatomy.heart.from_labels import CUT_MM, left_atrium_of
from anatomy_twin.anatomy.heart.surface import measured
from anatomy_twin.errors import MeshError
from tests.support.made_atrium import CENTRE, FOUR, VALVE, VEIN_MM, VEINS, made_atrium, made_labels


@pytest.mark.parametrize("veins", [FOUR, (*FOUR, "pulmonary_vein_right_middle"),
                                   ("pulmonary_vein_left_common", *FOUR[2:])])
def test_openings_lie_at_the_ends_of_veins_and_at_the_valve(veins):
    labels = made_labels(veins)
    found = left_atrium_of(labels)
    assert found.notes == ()
    assert [one.name for one in found.openings] == ["mitral_valve", *veins]
    for name in veins:
        mouth, way, radius = (np.array(part, float) for part in VEINS[name])
        way /= np.linalg.norm(way)
        rim = measured(found, found.opening(name))
        end = CENTRE + mouth + (VEIN_MM - CUT_MM) * way
        assert np.linalg.norm(rim.centre_mm - end) < 2.0, name
        assert rim.across_mm == pytest.approx(2.0 * radius, abs=1.6)
    valve = measured(found, found.opening("mitral_valve"))
    way = np.array(VALVE[1]) / np.linalg.norm(VALVE[1])
    assert abs((valve.centre_mm - CENTRE - np.array(VALVE[0])) @ way) < 2.0
    truth = made_atrium(veins)
    assert found.surface.area_cm2 == pytest.approx(truth.surface.area_cm2, rel=0.05)


def test_appendage_is_that_of_the_labels():
    labels = made_labels()
    found = left_atrium_of(labels)
    lobe = labels.geometry.to_world(np.argwhere(labels.mask("left_atrial_appendage")))
    inside = found.surface.points_mm[found.in_regions(["left_atrial_appendage"])]
    assert np.linalg.norm(inside.mean(axis=0) - lobe.mean(axis=0)) < 3.0
    without = replace(labels, segments=tuple(
        s if s.name != "left_atrial_appendage" else replace(s, name="rest") for s in labels.segments))
    by_shape = left_atrium_of(without)
    assert np.linalg.norm(by_shape.surface.points_mm[by_shape.in_regions(["left_atrial_appendage"])].mean(axis=0)
                          - lobe.mean(axis=0)) < 5.0


def test_parts_may_lie_within_the_label_of_the_atrium():
    """Segmenters give the whole atrium in one layer and its parts in another."""
    labels = made_labels(spacing_mm=1.5)
    whole = {s.name: s for s in labels.segments}
    first = np.where(labels.mask("left_atrium"), 1, np.where(labels.mask("left_ventricle"), 2, 0)).astype(np.uint8)
    parts = np.where(first[None] == 1, labels.array, 0)
    parts[parts == whole["left_atrium"].value] = 0
    segments = [replace(s, layer=1) if s.part_of else replace(s, value=1 if s.name == "left_atrium" else 2)
                for s in labels.segments]
    layered = replace(labels, array=np.concatenate([first[None], parts]), segments=tuple(segments))
    found, plain = left_atrium_of(layered), left_atrium_of(labels)
    np.testing.assert_array_equal(found.surface.points_mm, plain.surface.points_mm)
    np.testing.assert_array_equal(found.regions, plain.regions)
    assert found.notes == ()


def test_labels_without_veins_or_ventricle_are_refused():
    labels = made_labels(spacing_mm=2.0)
    for gone, words in (("pulmonary", "no pulmonary veins"), ("left_ventricle", "no left_ventricle")):
        left = replace(labels, segments=tuple(s for s in labels.segments if not s.name.startswith(gone)))
        with pytest.raises(MeshError, match=words):
            left_atrium_of(left)
    array = labels.array.copy()
    value = labels.segment("left_ventricle").value
    array[array == value] = 0
    array[0, :2, :2, :2] = value
    with pytest.raises(MeshError, match="does not touch"):
        left_atrium_of(replace(labels, array=array))
