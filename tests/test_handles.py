"""Handles of plans: what moves and what stays, and what they are drawn to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator, PlaneCut, ResectionPlan, SurfaceMesh
from anatomy_twin.core.plans import LesionLine, LesionPlan, LesionPoint, SurfaceCut
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.pipeline.procedures import PROCEDURES, free_name, procedure_of, with_copy, with_name
from anatomy_twin.pipeline.procedures.ablation import nearest_skin
from anatomy_twin.plan import check_plan
from anatomy_twin.rehearsal.handle_shapes import LOOKS, handle_shapes
from anatomy_twin.rehearsal.handles import (
    LEAST_DEPTH_MM,
    PlanContext,
    along_axis,
    move_handle,
    plan_handles,
    surface_points,
)
from anatomy_twin.rehearsal.snapping import Snapper, holds, nearest_on_lines, nearest_on_surface, snapper_of

NEEDLE = Applicator("mwa-generic", (-120.0, -40.0, 20.0), (-60.0, -10.0, 30.0), 60.0, 300.0)
GRID = tuple((x, y, 3.0 * (x > 10)) for x in (0.0, 10.0, 20.0, 30.0) for y in (0.0, 10.0, 20.0, 30.0))
PLANS = {
    "ablation": AblationPlan("A", "tumour_1", (NEEDLE, replace(NEEDLE, entry_mm=(-130.0, 10.0, 0.0)))),
    "resection": ResectionPlan("B", "liver", ("tumour_1",), (
        PlaneCut((-40.0, 5.0, 10.0), (0.6, 0.0, 0.8)), PlaneCut((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)), SurfaceCut(GRID),
    )),
    "lesions": LesionPlan("C", "atrium", (
        LesionPoint((1.0, 2.0, 3.0), 30.0, 20.0, 12.0), LesionLine(((0.0, 0.0, 0.0), (9.0, 2.0, 0.0), (9.0, 9.0, 1.0))),
    )),
}  # fmt: skip


def handle_of(plan, kind, part=0, context=None):
    return next(h for h in plan_handles(plan, context) if h.kind == kind and h.part == part)


@pytest.mark.parametrize("name", PLANS)
def test_every_handle_goes_where_it_is_put_and_back(name):
    plan = PLANS[name]
    handles = plan_handles(plan)
    assert len({handle.name for handle in handles}) == len(handles)
    rng = np.random.default_rng(3)
    for number, handle in enumerate(handles):
        assert handle.kind in LOOKS and "{" not in handle.label
        aim = np.asarray(handle.point_mm) + rng.normal(size=3) * 6.0
        if handle.sliding:
            axis = np.asarray(handle.axis)
            aim = handle.point_mm + axis * ((aim - handle.point_mm) @ axis)
        moved = move_handle(plan, handle, aim)
        there = plan_handles(moved)[number]
        if handle.kind == "normal":  # it stands on its plane at a fixed length: only the direction is free
            centre = np.asarray(plan.cuts[handle.part].point_mm)
            assert np.linalg.norm(there.point_mm - centre) == pytest.approx(PlanContext().arrow_mm)
            assert np.cross(there.point_mm - centre, aim - centre) == pytest.approx(np.zeros(3), abs=1e-6)
        else:
            assert there.point_mm == pytest.approx(tuple(aim), abs=1e-6)
        back = move_handle(moved, there, handle.point_mm)
        after = plan_handles(back)[number].point_mm
        assert after == pytest.approx(handle.point_mm, abs=1e-6)
        others = [h for h in plan_handles(moved) if h.part != handle.part]
        assert others == [h for h in handles if h.part != handle.part]  # other parts stay as they are


def test_the_tip_moves_and_the_entry_stays():
    plan = PLANS["ablation"]
    moved = move_handle(plan, handle_of(plan, "tip"), (-50.0, -20.0, 40.0))
    assert moved.applicators[0] == replace(NEEDLE, tip_mm=(-50.0, -20.0, 40.0))
    assert moved.applicators[1] == plan.applicators[1]


def test_the_shaft_keeps_its_length_and_direction():
    plan = PLANS["ablation"]
    handle = handle_of(plan, "shaft")
    part = move_handle(plan, handle, np.add(handle.point_mm, (7.0, -3.0, 2.0))).applicators[0]
    assert part.depth_mm == pytest.approx(NEEDLE.depth_mm) and part.direction == pytest.approx(NEEDLE.direction)
    assert part.entry_mm == pytest.approx((-113.0, -43.0, 22.0))


def test_depth_slides_along_the_axis_and_is_never_too_small():
    plan = PLANS["ablation"]
    handle = handle_of(plan, "depth")
    assert np.linalg.norm(np.subtract(NEEDLE.tip_mm, handle.point_mm)) == pytest.approx(16.0)  # where it heats most
    aside = np.cross(NEEDLE.direction, (0.0, 0.0, 1.0)) * 30.0
    part = move_handle(plan, handle, np.add(handle.point_mm, 5.0 * np.asarray(NEEDLE.direction)) + aside).applicators[0]
    assert part.depth_mm == pytest.approx(NEEDLE.depth_mm + 5.0) and part.entry_mm == NEEDLE.entry_mm
    assert part.direction == pytest.approx(NEEDLE.direction)
    short = move_handle(plan, handle, np.subtract(handle.point_mm, 500.0 * np.asarray(NEEDLE.direction)))
    assert short.applicators[0].depth_mm == pytest.approx(LEAST_DEPTH_MM)


def test_a_tip_cannot_be_put_on_its_entry():
    plan = PLANS["ablation"]
    assert move_handle(plan, handle_of(plan, "tip"), NEEDLE.entry_mm) == plan
    assert move_handle(plan, handle_of(plan, "entry"), np.add(NEEDLE.tip_mm, 0.5)) == plan


def test_turning_a_plane_keeps_its_point_and_moving_it_its_direction():
    plan = PLANS["resection"]
    turned = move_handle(plan, handle_of(plan, "normal"), (-40.0, 5.0, 90.0)).cuts[0]
    assert turned.point_mm == plan.cuts[0].point_mm and turned.normal == pytest.approx((0.0, 0.0, 1.0))
    along = handle_of(plan, "along")
    shifted = move_handle(plan, along, np.add(along.point_mm, (10.0, 40.0, 0.0))).cuts[0]
    assert shifted.normal == plan.cuts[0].normal
    assert np.subtract(shifted.point_mm, plan.cuts[0].point_mm) == pytest.approx(6.0 * np.array([0.6, 0.0, 0.8]))
    assert move_handle(plan, handle_of(plan, "normal"), plan.cuts[0].point_mm) == plan


def test_handles_are_held_in_their_box():
    room = PlanContext((-100.0, -50.0, 0.0), (100.0, 50.0, 80.0))
    plan = PLANS["ablation"]
    part = move_handle(plan, handle_of(plan, "tip"), (900.0, -900.0, 40.0), room).applicators[0]
    assert part.tip_mm == (100.0, -50.0, 40.0)
    fewer = replace(plan, applicators=plan.applicators[:1])
    with pytest.raises(UsageError, match="no handle"):
        move_handle(fewer, handle_of(plan, "tip", 1), (0.0, 0.0, 0.0))


def test_a_line_of_sight_finds_its_place_on_an_axis():
    handle = handle_of(PLANS["resection"], "plane")
    axis, start = np.asarray(handle.axis), np.asarray(handle.point_mm)
    for shift in (-12.0, 0.0, 25.0):
        eye = start + shift * axis + 300.0 * np.array([0.0, -1.0, 0.0])
        assert along_axis(handle, eye, (0.0, 1.0, 0.0)) == pytest.approx(start + shift * axis)
    assert along_axis(handle, start - 100.0 * axis, axis) is None  # seen end on


def test_a_surface_goes_through_its_corners():
    cut = PLANS["resection"].cuts[2]
    points = surface_points(cut, 10)
    assert points.shape == (11, 11, 3)
    assert tuple(points[0, 0]) == pytest.approx(GRID[0]) and tuple(points[-1, -1]) == pytest.approx(GRID[-1])
    flat = surface_points(SurfaceCut(tuple((x, y, 0.0) for x, y, _ in GRID)))
    assert np.abs(flat[..., 2]).max() < 1e-12


def test_handles_are_drawn_faded_beside_the_slice_and_named_when_lit():
    handles = plan_handles(PLANS["ablation"])
    shapes = handle_shapes(handles, lit=handles[0].name, chosen=handles[1].name, caption="tip of applicator 1")
    assert [s.text for s in shapes if s.kind == "text"] == ["tip of applicator 1"]
    assert {s.name for s in shapes if s.lit} == {handles[0].name}
    near = [s for s in shapes if s.kind == "knob" and np.isfinite(s.reach_mm)]
    assert len(near) == len(handles) and sum(np.isinf(s.reach_mm) for s in shapes) >= len(handles)
    in_3d = [s for s in shapes if s.kind == "knob" and s.only != "slices"]
    assert len(in_3d) == len(handles) + 1, "one knob each, and the ring round the chosen one"
    assert in_3d[2].hollow and in_3d[2].name.endswith("(chosen)") and not near[0].hollow


# what they are drawn to


def bumpy_ball(count=700, seed=1):
    from scipy.spatial import ConvexHull

    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    points = 40.0 * points / np.linalg.norm(points, axis=1)[:, None]
    return SurfaceMesh(points, ConvexHull(points).simplices.astype(np.int64))


def test_the_nearest_point_of_a_surface_is_that_of_brute_force():
    mesh = bumpy_ball()
    corners = mesh.points_mm[mesh.triangles]
    share = np.stack(np.meshgrid(*[np.linspace(0, 1, 25)] * 2), axis=-1).reshape(-1, 2)
    share = share[share.sum(axis=1) <= 1.0 + 1e-12]
    dense = (corners[:, None, 0] + share[None, :, :1] * (corners[:, None, 1] - corners[:, None, 0])
             + share[None, :, 1:] * (corners[:, None, 2] - corners[:, None, 0]))  # fmt: skip
    for point in np.random.default_rng(5).normal(size=(12, 3)) * 26.0:
        near, distance = nearest_on_surface(mesh, point, 200.0)
        brute = float(np.linalg.norm(dense - point, axis=-1).min())
        assert distance == pytest.approx(np.linalg.norm(near - point))
        assert brute - 0.2 <= distance <= brute + 1e-9
        assert nearest_on_surface(mesh, point, 0.9 * distance) is None


def test_the_nearest_point_of_lines_is_that_of_brute_force():
    rng = np.random.default_rng(7)
    starts, stops = rng.normal(size=(50, 3)) * 30, rng.normal(size=(50, 3)) * 30
    dense = starts[:, None] + np.linspace(0, 1, 2001)[None, :, None] * (stops - starts)[:, None]
    for point in rng.normal(size=(20, 3)) * 30:
        near, distance, piece = nearest_on_lines(starts, stops, point)
        gaps = np.linalg.norm(dense - point, axis=-1).min(axis=1)
        assert distance == pytest.approx(gaps.min(), abs=0.01) and piece == int(np.argmin(gaps))
        assert np.linalg.norm(near - point) == pytest.approx(distance)


def test_the_strongest_kind_within_reach_draws():
    snapper = Snapper(surfaces={"liver": bumpy_ball(), "body": SurfaceMesh(bumpy_ball().points_mm * 2.0,
                                                                           bumpy_ball().triangles)},
                      starts_mm=np.array([[0.0, 0.0, -50.0]]), stops_mm=np.array([[0.0, 0.0, 50.0]]),
                      vessels=("portal vessel",), centres_mm={"tumour_1": (5.0, 0.0, 0.0)})  # fmt: skip
    kinds = ("target", "vessel", "surface")
    assert snapper.snap((6.0, 1.0, 0.0), kinds, 8.0).kind == "target"
    vessel = snapper.snap((1.0, 2.0, 30.0), kinds, 8.0)
    assert vessel.kind == "vessel" and vessel.point_mm == pytest.approx((0.0, 0.0, 30.0))
    assert "portal" in vessel.label
    assert snapper.snap((0.0, 37.0, 0.0), kinds, 8.0).label == "on the surface of Liver"
    assert snapper.snap((0.0, 20.0, 0.0), kinds, 8.0) is None
    assert snapper.snap((0.0, 76.0, 0.0), ("skin",), 8.0).label == "on the skin"
    assert snapper.snap((0.0, 0.0, 0.0), ("skin",), 8.0) is None


def test_the_case_offers_skin_target_and_a_line_of_sight(toy_case):
    snapper = snapper_of(toy_case, ("tumour_1",))
    centre = snapper.centres_mm["tumour_1"]
    labels = toy_case.label_map
    voxels = labels.geometry.to_world(np.argwhere(labels.mask("tumour_1")))
    assert centre == pytest.approx(tuple(voxels.mean(axis=0)), abs=0.8)
    eye = np.array([centre[0], -600.0, centre[2]])
    hit = snapper.skin_on_ray(eye, (0.0, 1.0, 0.0), eye)
    assert hit.kind == "skin"
    beside = np.asarray(hit.point_mm) + np.array([[0.0, 4.0, 0.0], [0.0, -4.0, 0.0]])
    inside = holds(labels, "body", beside)
    assert inside.tolist() == [True, False]
    assert snapper.skin_on_ray((0.0, -600.0, 5000.0), (0.0, 1.0, 0.0), eye) is None


# procedures


@pytest.mark.parametrize("name", PROCEDURES)
def test_a_new_plan_is_a_sensible_start(toy_case, name):
    procedure = PROCEDURES[name]
    plan = procedure.new(toy_case, "Z", "")
    assert procedure_of(plan) is procedure and procedure.targets(plan) == ("tumour_1",)
    context = procedure.context(toy_case, plan)
    assert {h.kind for h in procedure.handles(plan, context)} <= set(LOOKS)
    assert len(procedure.parts(plan)) == 1
    check = check_plan(toy_case, plan)
    broken = {rule.name for rule in check.broken}
    assert not broken & {"entry on the skin", "tip inside the body", "reaches the target", "removes tumour 1"}
    with pytest.raises(PlanError, match="needs"):
        procedure.remove_part(plan, 0)


def test_the_nearest_skin_is_about_as_near_as_it_can_be(toy_case):
    labels = toy_case.label_map
    centre = np.array(snapper_of(toy_case, ("tumour_1",)).centres_mm["tumour_1"])
    entry = nearest_skin(labels, "tumour_1", centre, 180.0)
    body = labels.mask("body")
    gaps = np.linalg.norm(labels.geometry.to_world(np.argwhere(~body)) - centre, axis=1)
    assert gaps.min() - 4.0 <= np.linalg.norm(entry - centre) <= 180.0
    with pytest.raises(PlanError, match="no skin within 5 mm"):
        nearest_skin(labels, "tumour_1", centre, 5.0)


@pytest.mark.parametrize("name", PROCEDURES)
def test_parameters_read_what_they_write(toy_case, name):
    procedure = PROCEDURES[name]
    plan = procedure.new(toy_case, "Z", "")
    for parameter in procedure.parameters(toy_case, plan):
        value = parameter.read(plan)
        assert parameter.write(plan, value) == plan
        if parameter.kind == "number":
            assert parameter.low <= value <= parameter.high
            assert parameter.read(parameter.write(plan, parameter.low)) == parameter.low
        elif parameter.kind == "choice":
            assert value in [choice for choice, _ in parameter.choices]
            for choice, _ in parameter.choices:
                assert parameter.read(parameter.write(plan, choice)) == choice


def test_parts_are_added_and_removed():
    ablation, resection = PROCEDURES["ablation"], PROCEDURES["resection"]
    plan = ablation.add_part(PLANS["ablation"], (-100.0, 0.0, 0.0), (-40.0, 0.0, 0.0))
    assert len(plan.applicators) == 3 and plan.applicators[2].power_w == 60.0
    assert ablation.remove_part(plan, 2) == PLANS["ablation"]
    cut = resection.add_part(replace(PLANS["resection"], cuts=PLANS["resection"].cuts[:1]), (1.0, 2.0, 3.0))
    assert abs(np.dot(cut.cuts[0].normal, cut.cuts[1].normal)) < 1e-6  # a corner
    assert resection.tints(cut)[0].planes[1][0] == (1.0, 2.0, 3.0)
    assert resection.tints(PLANS["resection"]) == ()  # a curved surface is not tinted by planes


def test_names_copies_and_new_names(toy_case):
    assert free_name(toy_case) == "B"
    case, copy = with_copy(toy_case, "A")
    assert copy == "B" and case.plans["B"].applicators == case.plans["A"].applicators and "B" not in case.results
    renamed = with_name(case, "A", "Right lobe")
    assert list(renamed.plans) == ["Right lobe", "B"] and renamed.plans["Right lobe"].name == "Right lobe"
    assert renamed.results["Right lobe"].plan_name == renamed.assessments["Right lobe"].plan_name == "Right lobe"
    assert renamed.checks["Right lobe"].plan_name == "Right lobe" and "" in renamed.assessments
    with pytest.raises(PlanError, match="already"):
        with_name(case, "A", "B")
