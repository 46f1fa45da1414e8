"""Planes along and across applicators, in cuts and as scanned; what of a scan a view shows; grey windows by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.core import (
    AblationPlan,
    Applicator,
    Case,
    PlaneCut,
    ResectionPlan,
    SegmentCut,
    Volume,
    VolumeGeometry,
)
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import letters_of, plane_through, sample, window_of
from anatomy_twin.rehearsal.oblique import (
    PlaneChoice,
    anatomical_frame,
    body_corners,
    extent,
    frame_along,
    frame_of_scan,
    frame_with_axis,
    nearest_anatomical,
    place_of,
    plane_at,
    voxel_step_mm,
)
from anatomy_twin.rehearsal.presets import preset_of, window_presets
from anatomy_twin.rehearsal.slabs import sample_slab
from tests.test_slice_paint import ORDERS, grid, noise, turned

NEEDLE = Applicator("mwa-generic", (-60.0, -40.0, 5.0), (4.0, 3.0, -9.0), 60.0, 300.0)
DIRECTIONS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (-2, 1, 0.3), (0.1, -0.2, -5), (3, 0.2, -3)]


def orthonormal(frame) -> bool:
    axes = np.stack([frame.right, frame.down, frame.normal])
    return bool(np.allclose(axes @ axes.T, np.eye(3), atol=1e-9))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_plane_across_a_direction_stands_upright(direction):
    for either_side in (True, False):
        frame = frame_along(direction, either_side=either_side)
        assert orthonormal(frame)
        along = float(frame.normal @ np.asarray(direction)) / np.linalg.norm(direction)
        assert abs(along) == pytest.approx(1.0) and (either_side or along > 0)
    upright = frame_along(direction)
    like = nearest_anatomical(direction)
    assert np.dot(upright.down, anatomical_frame(like).down) > 0.7
    assert np.dot(upright.right, anatomical_frame(like).right) > 0.5


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_an_anatomical_direction_gives_the_anatomical_view(name):
    expected = anatomical_frame(name)
    for sign in (1, -1):
        frame = frame_along(sign * expected.normal)
        assert np.allclose(frame.right, expected.right) and np.allclose(frame.down, expected.down)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("angle", [0.0, 35.0, -90.0, 180.0])
def test_a_plane_along_an_applicator_contains_it_and_keeps_its_place(direction, angle):
    frame, straight = frame_with_axis(direction, angle), frame_with_axis(direction)
    axis = np.asarray(direction) / np.linalg.norm(direction)
    assert orthonormal(frame) and abs(float(frame.normal @ axis)) < 1e-9
    for side in ("right", "down"):
        assert np.dot(getattr(frame, side), axis) == pytest.approx(np.dot(getattr(straight, side), axis), abs=1e-9)
    assert np.dot(frame.normal, straight.normal) == pytest.approx(np.cos(np.radians(angle)), abs=1e-9)


def test_planes_of_a_plan_lie_where_its_applicator_is():
    geometry = grid()
    plan = AblationPlan("A", "tumour_1", (NEEDLE,))
    for angle in (0.0, 50.0):
        frame, through = place_of(PlaneChoice("along", 0, angle), geometry, plan, (0, 0, 0))
        plane = plane_at("along", frame, through, (0.0, 0.0, 0.0), 0.5, (60, 80))
        assert np.allclose(plane.distance_mm([NEEDLE.entry_mm, NEEDLE.tip_mm]), 0.0, atol=1e-9)
    frame, through = place_of(PlaneChoice("across", 0, depth_mm=12.0), geometry, plan, (0, 0, 0))
    assert np.allclose(frame.normal, NEEDLE.direction)
    assert np.linalg.norm(np.subtract(NEEDLE.tip_mm, through)) == pytest.approx(12.0)
    assert np.dot(np.subtract(NEEDLE.tip_mm, through), NEEDLE.direction) > 0
    assert place_of(PlaneChoice("along", 1), geometry, plan, (0, 0, 0)) is None
    assert place_of(PlaneChoice("across"), geometry, None, (0, 0, 0)) is None


def test_the_plane_of_a_cut():
    geometry = grid()
    cut = PlaneCut((1.0, 2.0, 3.0), (0.6, 0.0, 0.8))
    plan = ResectionPlan("R", "liver", (), (SegmentCut(("V",)), cut))
    frame, through = place_of(PlaneChoice("cut"), geometry, plan, (0, 0, 0))
    plane = plane_at("cut", frame, through, geometry.center_mm, 0.5, (30, 40))
    assert abs(float(plane.distance_mm(cut.point_mm))) < 1e-9 and abs(float(plane.normal @ cut.normal)) > 1 - 1e-9
    frame, through = place_of(PlaneChoice("cut", depth_mm=3.0), geometry, plan, (0, 0, 0))
    assert float(plane.distance_mm(through)) == pytest.approx(-3.0), "towards the viewer"
    assert place_of(PlaneChoice("cut", 1), geometry, plan, (0, 0, 0)) is None


def test_letters_are_those_of_the_edges():
    plan = AblationPlan("A", "tumour_1", (NEEDLE,))
    for kind in ("along", "across"):
        frame, through = place_of(PlaneChoice(kind), grid(), plan, (0, 0, 0))
        plane = plane_at(kind, frame, through, through, 1.0, (21, 21))
        left, right = plane.to_world([10, 0]), plane.to_world([10, 20])
        assert plane.letters["right"] == letters_of(right - left, count=2)
        assert plane.letters["left"] == letters_of(left - right, count=2)


def test_a_plane_at_shows_the_point_in_its_middle():
    frame = frame_along((1, 2, 3))
    plane = plane_at("cut", frame, (1.0, 1.0, 1.0), (9.0, 8.0, 7.0), 0.5, (31, 41))
    assert np.allclose(plane.to_pixel((9.0, 8.0, 7.0)), (15, 20))
    assert abs(float(plane.distance_mm((1.0, 1.0, 1.0)))) < 1e-9


def test_as_scanned_is_the_plane_of_the_images():
    geometry = grid(oblique=True)
    frame = frame_of_scan(geometry)
    assert abs(float(frame.normal @ geometry.direction[:, 0])) > 1 - 1e-9
    assert np.allclose(frame.right, geometry.direction[:, 2]) and np.allclose(frame.down, geometry.direction[:, 1])
    volume = noise(geometry)
    place = geometry.to_world([4, 6, 8])
    plane = plane_at("scan", frame, place, place, 1.25, (1, 1))
    assert sample_slab(volume.array, geometry, plane)[0, 0] == volume.array[4, 6, 8]
    for order, flips in ORDERS[::7]:
        other = frame_of_scan(geometry.reindexed(order, flips))
        assert np.allclose(other.right, frame.right) and np.allclose(other.down, frame.down)


def test_a_step_is_a_voxel_in_the_direction_of_the_normal():
    geometry = grid()
    assert [voxel_step_mm(geometry, axis) for axis in ((0, 0, 1), (0, -1, 0), (1, 0, 0))] == [3.0, 1.5, 1.25]
    assert voxel_step_mm(grid(oblique=True), geometry.direction[:, 0] @ turned().T) > 0


def test_the_named_plane_and_the_framed_one_are_the_same():
    volume = noise(grid())
    geometry = volume.geometry
    for name in ("axial", "coronal", "sagittal"):
        named = plane_through(geometry, name, geometry.center_mm, pixel_mm=0.5, size_mm=(10.0, 8.0))
        framed = plane_at(name, anatomical_frame(name), geometry.center_mm, geometry.center_mm, 0.5, named.shape)
        assert np.allclose(named.origin_mm, framed.origin_mm) and named.same_plane(framed)
        a, b = sample(volume.array, geometry, named), sample(volume.array, geometry, framed)
        assert np.allclose(a, b, atol=1e-3, equal_nan=True)


def test_a_view_shows_the_body_and_not_the_air_round_it():
    geometry = VolumeGeometry.upright((20, 80, 80), (3.0, 2.0, 2.0), (-80.0, -80.0, 0.0))
    values = np.full(geometry.shape, -1000, np.int16)
    values[:, 30:60, 20:64] = 40
    values[:, 74, 40] = 200  # a rail of the table
    corners = body_corners(Volume(values, geometry))
    low, high = corners.min(axis=0), corners.max(axis=0)
    inside = geometry.to_world([[0, 30, 20], [19, 59, 63]])
    assert (low[:2] < inside[0, :2]).all() and (high[:2] > inside[1, :2]).all()
    assert high[1] < geometry.to_world([0, 73, 0])[1] and low[0] > geometry.to_world([0, 0, 10])[0]
    width, height, middle = extent(corners, anatomical_frame("axial"))
    assert width == pytest.approx(high[0] - low[0]) and height == pytest.approx(high[1] - low[1])
    assert np.allclose(middle, (low + high) / 2)
    empty = body_corners(Volume(np.full(geometry.shape, -1000, np.int16), geometry))
    assert np.allclose(np.sort(empty, axis=0), np.sort(geometry.corners_mm(), axis=0))


def test_unknown_planes_are_refused():
    with pytest.raises(UsageError):
        PlaneChoice("diagonal")
    with pytest.raises(UsageError):
        anatomical_frame("along")
    with pytest.raises(UsageError):
        frame_along((0, 0, 0))
    assert PlaneChoice("along", angle_deg=170.0).turned(20.0).angle_deg == pytest.approx(-170.0)


def test_every_preset_shows_what_it_is_named_after():
    table = catalog.load("windows")
    assert all(entry["source"] for entry in (*table["presets"].values(), *table["by_share"].values()))
    presets = {preset.name: preset for preset in window_presets(noise(grid()))}
    for name in ("liver", "liver-portal", "liver-narrow", "abdomen", "soft-tissue"):
        low, high = presets[name].level - presets[name].width / 2, presets[name].level + presets[name].width / 2
        assert low < 55.0 < high and high - low <= 400.0, "liver has 45 to 65 HU without contrast medium"
    assert preset_of(tuple(presets.values()), 400.0, 50.0).name == "abdomen"
    assert preset_of(tuple(presets.values()), 401.0, 51.0) is None


def test_a_scan_without_hu_has_presets_of_its_own_values():
    volume = replace(noise(grid()), modality="MR", units="")
    presets = window_presets(volume)
    assert [preset.name for preset in presets] == ["whole", "narrow", "bright"]
    low, high = presets[0].level - presets[0].width / 2, presets[0].level + presets[0].width / 2
    assert -210 < low < -150 and 250 < high < 310 and presets[1].width < presets[0].width


def test_the_window_of_a_case_without_hu_is_the_preset_of_the_whole_range():
    volume = replace(noise(grid()), modality="MR", units="")
    width, level = window_of(Case.new(volume=volume))
    preset = preset_of(window_presets(volume), width, level)
    assert preset is not None and preset.name == "whole"
