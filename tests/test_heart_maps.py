"""Maps and lines of a heart's wall as plain data, against geometry that is known; what lesions do under a hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import LesionLine, LesionPlan, LesionPoint, SurfaceMesh
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline import live_heart
from anatomy_twin.pipeline.live import NeedsPreparing
from anatomy_twin.pipeline.procedures import LESIONS
from anatomy_twin.plan.lesion_sets import lesion_set
from anatomy_twin.rehearsal import heart_maps as maps
from anatomy_twin.rehearsal.handles import PlanContext, plan_handles
from anatomy_twin.rehearsal.heart_shapes import cut_lines, level_pieces, rim_lines
from anatomy_twin.rehearsal.heart_wall import Wall, length_mm
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.simulation.electro.lesions import ablated
from tests.support.heart_case import heart_case, made_chamber


def ball(radius: float = 20.0) -> SurfaceMesh:
    import pyvista

    mesh = pyvista.Icosphere(radius=radius, nsub=4)
    return SurfaceMesh(np.asarray(mesh.points, float), np.asarray(mesh.regular_faces, np.int64))


def slice_at(height: float) -> SlicePlane:
    return SlicePlane("axial", (-60.0, -60.0, height), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 1.0, (120, 120))


def test_lines_of_equal_value_lie_where_a_linear_value_has_it():
    surface = ball()
    pieces = level_pieces(surface.points_mm, surface.triangles, surface.points_mm[:, 2] + 20.1, 10.0)
    heights = pieces[:, :, 2] + 20.1
    assert np.allclose(heights, np.round(heights / 10.0) * 10.0, atol=1e-9)
    assert set(np.unique(np.round(heights / 10.0))) == {1.0, 2.0, 3.0, 4.0}
    # the line at the equator is a circle of the ball
    equator = np.abs(heights[:, 0] - 20.0) < 1e-6
    length = np.linalg.norm(pieces[equator, 1] - pieces[equator, 0], axis=1).sum()
    assert length == pytest.approx(2 * np.pi * 20.0, rel=0.01)


def test_where_nothing_arrives_there_is_no_line_and_its_own_colour():
    surface = ball()
    values = surface.points_mm[:, 2] + 20.0
    values[surface.points_mm[:, 0] > 0] = np.inf
    pieces = level_pieces(surface.points_mm, surface.triangles, values, 10.0)
    assert len(pieces) and (pieces[:, :, 0] <= 1e-9).all()
    found = maps.activation_map(values)
    assert (found.colours()[surface.points_mm[:, 0] > 0] == maps.UNREACHED).all()
    assert found.scale.levels[0] == 5.0 and found.scale.text(40.0) == "40 ms"


@pytest.mark.parametrize("last, step", [(40.0, 5.0), (150.0, 10.0), (151.0, 20.0), (9000.0, 600.0)])
def test_there_are_never_too_many_lines(last, step):
    assert maps.isochrone_step_ms(last) == step


def test_a_slice_meets_a_ball_in_a_closed_circle():
    (line,) = cut_lines(ball(), slice_at(12.0))
    points = np.array(line)
    assert line[0] == line[-1] and np.allclose(points[:, 2], 12.0)
    assert np.allclose(np.hypot(points[:, 0], points[:, 1]), 16.0, atol=0.15)
    assert cut_lines(ball(), slice_at(25.0)) == ()


def test_a_slice_through_an_opening_is_an_open_line():
    surface = ball()
    keep = (surface.points_mm[surface.triangles][:, :, 0] < 8.0).all(axis=1)
    (line,) = cut_lines(SurfaceMesh(surface.points_mm, surface.triangles[keep]), slice_at(0.3))
    assert line[0] != line[-1] and max(point[0] for point in (line[0], line[-1])) > 6.0


def test_maps_tell_what_the_chamber_knows():
    chamber = made_chamber()
    regions, fibrosis, wall = (make(chamber) for make in (maps.region_map, maps.fibrosis_map, maps.wall_map))
    assert [name for name, _ in regions.classes] == list(chamber.region_names)
    assert len({rgb for _, rgb in regions.classes}) == len(regions.classes)
    dense = chamber.substrate.classes == 2
    assert (fibrosis.colours()[dense] == maps.TISSUE["dense"]).all()
    assert wall.scale.unit == "mm" and 2.0 <= wall.scale.range[0] < wall.scale.range[1] <= 3.0
    bare = Chamber("bare", chamber.surface, chamber.openings)
    assert [make(bare) for make in (maps.region_map, maps.fibrosis_map, maps.wall_map)] == [None, None, None]
    assert sum(len(one.points) for one in chamber.openings) == len(rim_lines(chamber).pieces_mm)


def test_coarser_drawings_of_the_wall_take_the_colour_of_the_nearest_point():
    chamber = made_chamber()
    regions, points = maps.region_map(chamber), chamber.surface.points_mm
    painter, dead = maps.MapPainter(points), np.zeros(len(points), bool)
    dead[:5] = True
    fine = painter.colours(regions, dead, points.astype(np.float32))
    assert (fine[5:, :3] == regions.colours()[5:]).all() and (fine[:5, :3] < regions.colours()[:5]).any()
    some = np.arange(7, len(points), 11)
    assert (painter.colours(regions, None, points[some] + 0.01)[:, :3] == regions.colours()[some]).all()


def test_ways_on_a_ball_are_great_circles():
    surface = ball()
    wall = Wall(Chamber("ball", surface, ()))
    ends = ((20.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 20.0))
    path = wall.path_mm(ends)
    assert length_mm(path) == pytest.approx(2 * np.pi * 20.0 / 2, rel=0.02)  # two quarters
    assert np.allclose(np.linalg.norm(path, axis=1), 20.0, atol=0.1)
    assert wall.nearest((0.0, 0.0, 50.0), 5.0) is None


def test_handles_of_lesions_stay_on_the_wall_and_closed_lines_closed():
    surface = ball()
    wall = Wall(Chamber("ball", surface, ()))
    ring = tuple(wall.nearest(20.0 * np.array([np.cos(a), np.sin(a), 0.3])) for a in (0.0, 2.0, 4.0))
    plan = LesionPlan("A", "ball", (LesionLine((*ring, ring[0])), LesionPoint(ring[1], 30.0, 20.0, 10.0)))
    room = PlanContext(wall=wall)
    handles = plan_handles(plan, room)
    assert [one.kind for one in handles] == ["line point"] * 3 + ["line", "lesion"]
    moved = LESIONS.moved(plan, handles[0], (0.0, 0.0, 90.0), room)
    line = moved.lesions[0]
    assert line.points_mm[0] == line.points_mm[-1] != ring[0]
    assert np.linalg.norm(line.points_mm[0]) == pytest.approx(20.0, abs=0.1)
    whole = LESIONS.moved(plan, handles[3], (0.0, 0.0, 90.0), room)
    assert np.allclose(np.linalg.norm(whole.lesions[0].points_mm, axis=1), 20.0, atol=0.1)


@pytest.fixture(scope="module")
def ground():
    return live_heart.prepare(heart_case(), LesionPlan("A", made_chamber().name, ()))


def test_what_follows_the_hand_kills_what_the_simulation_kills_and_isolates_veins(ground):
    chamber = made_chamber()
    lines = lesion_set(chamber, "wide_area_pvi")
    point = LesionPoint(tuple(chamber.surface.points_mm[40]), 35.0, 30.0, 12.0)
    septum = tuple(chamber.surface.points_mm[np.flatnonzero(chamber.in_regions(["septum"]))[0]])
    seen = live_heart.preview(ground, LesionPlan("A", chamber.name, (*lines, point)), sites_mm=(septum,))
    exact = ablated(chamber, (*lines, point))
    assert np.array_equal(seen.dead, exact.dead)
    assert seen.lengths_mm[: len(lines)] == pytest.approx(exact.lengths_mm[: len(lines)])
    assert dict(seen.isolated) == {one.name: True for one in chamber.openings if "vein" in one.name}
    veins = chamber.in_regions([name for name in chamber.region_names if "pulmonary_vein" in name])
    assert not np.isfinite(seen.times_ms[veins & ~seen.dead]).any()
    one_side = live_heart.preview(ground, LesionPlan("A", chamber.name, lines[:1]), sites_mm=(septum,))
    assert 0 < sum(cut_off for _, cut_off in one_side.isolated) < len(one_side.isolated)
    free = live_heart.preview(ground, LesionPlan("A", chamber.name, ()), sites_mm=(septum,))
    assert not any(cut_off for _, cut_off in free.isolated) and np.isfinite(free.times_ms[~free.dead]).mean() > 0.99
    reached = np.isfinite(seen.times_ms)
    assert (seen.times_ms[reached] >= free.times_ms[reached] - 1e-3).all()  # lesions never make a front earlier


def test_lesions_that_cannot_be_are_told_and_the_others_count(ground):
    chamber = made_chamber()
    far = LesionPoint((900.0, 0.0, 0.0), 30.0, 30.0, 10.0)
    near = LesionPoint(tuple(chamber.surface.points_mm[40]), 35.0, 30.0, 12.0)
    seen = live_heart.preview(ground, LesionPlan("A", chamber.name, (far, near)))
    assert len(seen.told[0]) == 1 and seen.dead.any() and not np.isfinite(seen.times_ms).any()
    with pytest.raises(NeedsPreparing):
        live_heart.preview(ground, LesionPlan("A", "another", ()))
    with pytest.raises(PlanError, match="no surface"):
        live_heart.prepare(replace(heart_case(), chambers={}), LesionPlan("A", chamber.name, ()))
