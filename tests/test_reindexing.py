"""One patient, one grid, 48 orders of its axes: every verb gives the same answer in the patient's millimetres.

24 of the 48 are left-handed. Where a test takes a few of them they are drawn by a seed. The grids lie upright,
obliquely and at 45 degrees, where two axes are equally near to one of the patient's.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import trimesh

from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.assess import assess
from anatomy_twin.core import AblationPlan, Applicator, Case, Volume, VolumeGeometry, reindex
from anatomy_twin.errors import PlanError, SegmentationError
from anatomy_twin.export import export
from anatomy_twin.pipeline import centre_mm, load_labels, named_target
from anatomy_twin.plan import check_plan, propose
from anatomy_twin.rehearsal import build_scene, plane_through, sample, slice_image
from anatomy_twin.render import can_render, render_scene, slice_picture
from anatomy_twin.report import content as report_content
from anatomy_twin.search import confirm_duration
from anatomy_twin.segmentation import add_target
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel
from anatomy_twin.store import load_case, save_case
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from tests.support.full_case import oblique_direction
from tests.support.reindexing import (
    ALL_AXES,
    TILTS,
    name_of,
    some_axes,
    toy_case_on_grid,
    toy_on_grid,
    turned_case,
    turned_volume,
)

COARSE = ThermalModel(spacing_mm=2.0)
PLAN = AblationPlan(
    "A", "tumour_1", (Applicator("mwa-generic", (-142.0, -15.0, 25.0), (-56.0, -15.0, 25.0), 60, 120.0),)
)
LEFT_HANDED = ((0, 1, 2), (True, False, False))


def few(count: int, seed: int):
    return pytest.mark.parametrize("axes", some_axes(count, seed), ids=name_of)


def wholly_turned():
    """The orders in which everything is worked out anew: the usual check takes one of the two."""
    first, second = some_axes(2, seed=2)
    return pytest.mark.parametrize("axes", [first, pytest.param(second, marks=pytest.mark.long)], ids=name_of)


every_tilt = pytest.mark.parametrize("tilt", list(TILTS))
every_hard_tilt = pytest.mark.parametrize("tilt", ["oblique", "turned by 45 degrees twice"])
every_order = pytest.mark.parametrize("axes", ALL_AXES[1:], ids=name_of)


@cache
def straight(tilt: str) -> Case:
    """Surfaces, plan, heat and numbers of the toy patient on the grid as it is."""
    return whole(toy_case_on_grid(tilt))


def whole(case: Case) -> Case:
    case = case.with_labels(case.label_map, build_anatomy(case.volume, case.label_map))
    case = case.with_plan(PLAN, check_plan(case, PLAN)).with_result(simulate(case, PLAN, COARSE))
    return case.with_assessment(assess(case)).with_assessment(assess(case, PLAN))


@cache
def turned(tilt: str, axes) -> Case:
    """The same, computed on the same voxels in another order."""
    return whole(turned_case(toy_case_on_grid(tilt), axes))


# --- the grid itself --------------------------------------------------------------------------------------------------


@every_order
def test_the_canonical_grid_is_one_grid(axes):
    shape, spacing = (5, 7, 6), (2.0, 0.7, 1.1)
    directions = [*(tilt @ VolumeGeometry.upright(shape, spacing).direction for tilt in TILTS.values())]
    directions += [oblique_direction(seed, left_handed=seed % 2 == 0) for seed in range(4)]
    for direction in directions:
        grid = VolumeGeometry(shape, spacing, direction, (-31.5, 12.25, 400.0))
        other = grid.reindexed(*axes)
        expected = grid.reindexed(*grid.canonical_axes())
        found = other.reindexed(*other.canonical_axes())
        assert found.is_close(expected, 1e-9)
        assert other.voxel_volume_ml == grid.voxel_volume_ml
        np.testing.assert_array_equal(found.direction, expected.direction)
        # k to the head, j to the back, i to the left, as far as the grid allows
        assert (np.diag(found.direction[::-1]) > 0).all()


@every_order
@every_tilt
def test_a_point_of_the_patient_lies_in_the_same_voxel(tilt, axes):
    """Also the points on faces, edges and corners of voxels, and those on the outer faces of the grid."""
    shape = (4, 5, 3)
    direction = TILTS[tilt] @ VolumeGeometry.upright(shape, (1.0, 1.0, 1.0)).direction
    grid = VolumeGeometry(shape, (2.5, 1.0, 0.75), direction, (10.1, -20.3, 33.7))
    volume = Volume(np.arange(60, dtype=np.int16).reshape(shape), grid)
    other = turned_volume(volume, axes)
    half_steps = np.moveaxis(np.indices([2 * size + 3 for size in shape]), 0, -1).reshape(-1, 3) / 2.0 - 1.0
    points = grid.to_world(half_steps)
    inside = grid.contains(points)
    np.testing.assert_array_equal(other.geometry.contains(points), inside)
    assert inside.sum() == np.prod([2 * size for size in shape]), "each face belongs to one side, the outer ones too"
    for point in points[inside][:: 7 if axes[1][0] else 5]:
        assert other.at(point) == volume.at(point)


# --- segmentation -----------------------------------------------------------------------------------------------------


# segmenting organs takes long: tests/test_segmentation_organs.py does it once for an order


def test_a_target_is_outlined_alike():
    """Asked for at a point on the corner of a voxel, and by a sphere where there is nothing to see."""
    axes = some_axes(1, seed=11)[0]
    volume, labels = toy_on_grid("turned by 45 degrees twice", (4.0, 4.0, 4.0))
    geometry = labels.geometry
    corner = geometry.to_world(np.add(geometry.nearest_voxel((-70.0, -15.0, 25.0)), (0.5, -0.5, 0.5)))
    bare = replace(labels, segments=tuple(s for s in labels.segments if s.name != "tumour_1"))
    for point, radius in ((tuple(corner), None), ((-95.0, 10.0, 30.0), 11.0)):
        expected = add_target(volume, bare, point, radius)
        found = add_target(turned_volume(volume, axes), bare.reindexed(*axes), point, radius)
        assert found.segment("tumour_1") == expected.segment("tumour_1")
        assert expected.volume_ml("tumour_1") > 3.0
        np.testing.assert_array_equal(found.mask("tumour_1"), reindex(expected.mask("tumour_1"), *axes))
    with pytest.raises(SegmentationError, match="outside the liver"):
        add_target(turned_volume(volume, axes), bare.reindexed(*axes), (90.0, 0.0, 0.0))


# --- surfaces ---------------------------------------------------------------------------------------------------------


@every_hard_tilt
@wholly_turned()
def test_surfaces_volumes_and_certificates_are_the_same(tilt, axes):
    expected, found = straight(tilt).anatomy, turned(tilt, axes).anatomy
    assert list(found.structures) == list(expected.structures) and found.notes == expected.notes
    for name, structure in expected.structures.items():
        other = found[name]
        assert (other.volume_ml, other.state, other.note) == (structure.volume_ml, structure.state, structure.note)
        if structure.surface is None:
            assert other.surface is None
            continue
        np.testing.assert_array_equal(other.surface.triangles, structure.surface.triangles)
        np.testing.assert_allclose(other.surface.points_mm, structure.surface.points_mm, atol=1e-6)
        one, two = other.certificate, structure.certificate
        assert (one.watertight, one.outward, one.touches_border) == (two.watertight, True, two.touches_border)
        assert one.volume_error_percent == pytest.approx(two.volume_error_percent, abs=1e-6)
        if one.watertight:
            assert trimesh.Trimesh(other.surface.points_mm, other.surface.triangles).volume > 0, "outward"


@wholly_turned()
@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_exported_files_hold_the_same_points(tmp_path, suffix, axes):
    meshes = []
    for name, case in (("here", straight("oblique")), ("there", turned("oblique", axes))):
        path = export(case, tmp_path / f"{name}.{suffix}", "liver")
        meshes.append(trimesh.load_mesh(path, process=False))
    here, there = meshes
    np.testing.assert_allclose(there.triangles, here.triangles, atol=2e-5)
    assert there.volume == pytest.approx(here.volume, rel=1e-6) and here.volume > 0
    # the liver is where the patient's is: to the right (negative x)
    assert np.linalg.norm(there.center_mass - (-55, -10, 20)) < 4.0


# --- plans, heat and numbers ------------------------------------------------------------------------------------------


@every_hard_tilt
@few(2, seed=4)
def test_the_same_paths_are_proposed(tilt, axes):
    expected = propose(straight(tilt), "ablation", "tumour_1", candidates=1500, count=3)
    found = propose(turned_case(toy_case_on_grid(tilt), axes), "ablation", "tumour_1", candidates=1500, count=3)
    assert [item.plan for item in found] == [item.plan for item in expected]
    assert [item.check for item in found] == [item.check for item in expected]
    assert [(item.why, item.cost) for item in found] == [(item.why, item.cost) for item in expected]


@every_hard_tilt
@wholly_turned()
def test_checks_heat_and_numbers_are_the_same(tilt, axes):
    expected, found = straight(tilt), turned(tilt, axes)
    assert found.checks == expected.checks
    here, there = expected.results["A"], found.results["A"]
    assert there.geometry.is_close(here.geometry, 1e-6)
    assert there.parameters == here.parameters and there.warnings == here.warnings
    np.testing.assert_array_equal(there.coagulated, here.coagulated)
    assert here.coagulated.sum() > 500
    np.testing.assert_allclose(there.temperature_c, here.temperature_c, atol=2e-3)
    assert found.assessments == expected.assessments
    assert any(q.name.endswith("_peak_c") and q.place_mm for q in found.assessments["A"].quantities)


@few(8, seed=7)
def test_numbers_and_their_places_are_the_same(axes):
    case = straight("upright")
    other = turned_case(case, axes)
    assert assess(other, PLAN) == case.assessments["A"]
    assert assess(other) == case.assessments[""]
    assert check_plan(other, PLAN) == case.checks["A"]


@few(3, seed=5)
def test_a_result_on_re_indexed_voxels_gives_the_same_numbers(axes):
    case = straight("oblique")
    result = case.results["A"]
    other = replace(
        result, geometry=result.geometry.reindexed(*axes), temperature_c=reindex(result.temperature_c, *axes),
        omega=reindex(result.omega, *axes), cem43_min=reindex(result.cem43_min, *axes),
        coagulated=reindex(result.coagulated, *axes),
    )
    expected = case.assessments["A"]
    found = assess(case, PLAN, other)
    assert [(q.name, q.value, q.verdict) for q in found.quantities] == [
        (q.name, q.value, q.verdict) for q in expected.quantities]
    places = [(q.place_mm, e.place_mm) for q, e in zip(found.quantities, expected.quantities, strict=True)]
    for place, wanted in places:
        assert place == wanted


def test_the_same_time_is_found_for_a_margin():
    axes = some_axes(1, seed=6)[0]
    plan = replace(PLAN, margin_mm=1.0, applicators=(replace(PLAN.applicators[0], tip_mm=(-58.0, -15.0, 25.0)),))
    model = ThermalModel(spacing_mm=2.0, room_mm=12.0)
    expected_plan, expected = confirm_duration(toy_case_on_grid("oblique"), plan, model=model)
    found_plan, found = confirm_duration(turned_case(toy_case_on_grid("oblique"), axes), plan, model=model)
    assert found_plan == expected_plan and found.warnings == expected.warnings
    np.testing.assert_array_equal(found.coagulated, expected.coagulated)


@every_order
def test_points_and_names_of_targets_mean_the_same(axes):
    case = toy_case_on_grid("oblique")
    other = turned_case(case, axes)
    np.testing.assert_allclose(centre_mm(other.label_map, "tumour_1"), centre_mm(case.label_map, "tumour_1"), atol=1e-9)
    geometry = case.volume.geometry
    for offset in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (2.5, -1.5, 0.5), (3.0, 3.5, 2.5)):
        point = tuple(geometry.to_world(np.asarray(geometry.nearest_voxel((-70.0, -15.0, 25.0))) + offset))
        assert named_target(other, point) == named_target(case, point)
    with pytest.raises(PlanError):
        named_target(other, "liver")


# --- pictures and reports ---------------------------------------------------------------------------------------------


@few(10, seed=9)
@every_tilt
def test_slices_show_the_same(tilt, axes):
    volume, labels = toy_on_grid(tilt)
    other, mask = turned_volume(volume, axes), reindex(labels.mask("spleen"), *axes)
    for name in ("axial", "coronal", "sagittal"):
        plane = plane_through(volume.geometry, name, (80.0, 35.0, 30.0), pixel_mm=9.0)
        found = plane_through(other.geometry, name, (80.0, 35.0, 30.0), pixel_mm=9.0)
        assert found.shape == plane.shape
        np.testing.assert_allclose(found.origin_mm, plane.origin_mm, atol=1e-9)
        image = slice_image(other, found)
        np.testing.assert_allclose(image.array, slice_image(volume, plane).array, atol=2e-3)
        here = sample(labels.mask("spleen"), volume.geometry, plane, nearest=True, outside=0.0)
        there = sample(mask, other.geometry, found, nearest=True, outside=0.0)
        np.testing.assert_array_equal(there, here)
        columns = np.nonzero(there)[1]
        if name != "sagittal":
            assert image.letters["left"] == "R"
            assert columns.mean() > found.to_pixel((0.0, 0.0, 0.0))[1] + 4, "the spleen is on the viewer's right"


def test_a_slice_half_way_between_voxels_takes_the_same_side():
    """The nearest voxel of a point on a face is the one further to the head, the back and the left."""
    grid = VolumeGeometry.upright((4, 4, 4), (2.0, 2.0, 2.0), (0.1, 0.2, 0.3))
    array = np.arange(64, dtype=np.float32).reshape(4, 4, 4)
    for axes in ALL_AXES:
        turned_grid = grid.reindexed(*axes)
        plane = plane_through(turned_grid, "axial", (3.1, 3.2, 3.3), pixel_mm=2.0)
        found = sample(reindex(array, *axes), turned_grid, plane, nearest=True)
        np.testing.assert_array_equal(found, array[2])


@every_hard_tilt
@wholly_turned()
def test_scenes_and_slice_pictures_are_the_same(tilt, axes):
    expected, found = build_scene(straight(tilt)), build_scene(turned(tilt, axes))
    assert found.focus_mm == pytest.approx(expected.focus_mm, abs=1e-6)
    assert (found.window, found.numbers, found.messages) == (expected.window, expected.numbers, expected.messages)
    assert [(m.label, m.point_mm) for m in found.markers] == [(m.label, m.point_mm) for m in expected.markers]
    assert [layer.name for layer in found.overlays] == [layer.name for layer in expected.overlays]
    for one, two in zip(found.overlays, expected.overlays, strict=True):
        assert one.mask.sum() == two.mask.sum(), one.name
    for plane, field in (("axial", "temperature"), ("sagittal", "")):
        here = slice_picture(expected, plane, size=(200, 200), field=field).astype(int)
        there = slice_picture(found, plane, size=(200, 200), field=field).astype(int)
        assert np.abs(there - here).max() <= 3, plane


@pytest.mark.skipif(not can_render()[0], reason=can_render()[1])
def test_three_dimensional_pictures_are_the_same():
    axes = some_axes(2, seed=2)[0]
    expected, found = build_scene(straight("oblique")), build_scene(turned("oblique", axes))
    looks = [[(s.name, s.colour, s.opacity, s.visible) for s in scene.surfaces] for scene in (expected, found)]
    assert looks[0] == looks[1]
    here = render_scene(expected, size=(240, 180)).astype(int)
    there = render_scene(found, size=(240, 180)).astype(int)
    again = render_scene(expected, size=(240, 180)).astype(int)
    assert not (again - here).any(), told_apart(here, again)
    # a few pixels at outlines may round to the other side
    assert (np.abs(there - here).max(axis=-1) > 8).mean() < 0.002, told_apart(here, there)


def told_apart(here, there) -> str:
    """Where two pictures differ and what stands there in each, in words."""
    rows, columns = np.nonzero(np.abs(there - here).max(axis=-1) > 8)
    place = f"rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()}"
    means = [picture[rows, columns].mean(axis=0).round(1).tolist() for picture in (here, there)]
    return f"{rows.size} pixels differ ({place}); their mean colours are {means[0]} and {means[1]}"


@every_order
def test_the_grey_window_of_an_mr_does_not_hang_on_the_order(axes):
    volume, labels = toy_on_grid("upright")
    # brighter to the left, so that every fourth voxel from another corner is another sample
    places = volume.geometry.to_world(np.moveaxis(np.indices(volume.geometry.shape), 0, -1))
    bright = (600 + volume.array / 4 + places[..., 0] * 1.7 + places[..., 2] * 0.9).astype(np.int16)
    scan = replace(volume, array=bright, modality="MR", units="")
    expected = build_scene(Case.new(volume=scan, labels=labels)).window
    found = build_scene(Case.new(volume=turned_volume(scan, axes), labels=labels.reindexed(*axes))).window
    assert found == expected


def test_the_report_says_the_same_numbers():
    tilt, axes = "oblique", some_axes(2, seed=2)[0]
    pages = []
    for case in (straight(tilt), turned(tilt, axes)):
        content = report_content.build_content(case, build_scene(case), "A")
        # how slices, rows and columns of the input run is what a report may say differently
        told = [row for row in content["series"] if not row["name"].startswith(("Slice", "Order of"))]
        assert len(told) == len(content["series"]) - 3
        content = {**content, "series": told, "timings_s": {}}
        pages.append(json.dumps(content, sort_keys=True, default=float))
    assert pages[0] == pages[1]


# --- on disk ----------------------------------------------------------------------------------------------------------


@every_hard_tilt
def test_a_saved_case_gives_the_same_numbers_whatever_its_order(tmp_path, tilt):
    case = straight(tilt)
    for axes in (LEFT_HANDED, some_axes(1, seed=8)[0]):
        other = turned_case(case, axes)
        save_case(other, tmp_path / f"{name_of(axes)}.twin")
        again = load_case(tmp_path / f"{name_of(axes)}.twin")
        assert again.volume.geometry.is_close(other.volume.geometry, 1e-9)
        assert assess(again, PLAN) == case.assessments["A"]
        assert check_plan(again, PLAN) == case.checks["A"]
        assert again.volume.at((-70.0, -15.0, 25.0)) == case.volume.at((-70.0, -15.0, 25.0))
        for name in ("liver", "tumour_1"):
            np.testing.assert_allclose(
                again.anatomy[name].surface.points_mm, case.anatomy[name].surface.points_mm, atol=1e-6
            )


@every_order
def test_labels_of_another_order_are_put_on_the_scan(tmp_path, axes):
    volume, labels = toy_on_grid("oblique")
    small = replace(labels, array=labels.array[:1], segments=tuple(s for s in labels.segments if s.layer == 0))
    path = tmp_path / "labels.seg.nrrd"
    path.write_bytes(encode_seg_nrrd(small.reindexed(*axes)))
    found = load_labels(path, like=volume)
    assert found.geometry.is_close(volume.geometry, 1e-6)
    np.testing.assert_array_equal(found.array, small.array)
    alone = load_labels(path)
    assert alone.volume_ml("liver") == pytest.approx(small.volume_ml("liver"))
    np.testing.assert_allclose(centre_mm(alone, "spleen"), centre_mm(small, "spleen"), atol=1e-6)
