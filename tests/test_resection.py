"""Resections by planes: volumes that add up, margins and areas that are known, vessels that are cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.assess.resection_field import prepare_resection
from anatomy_twin.core import LabelMap, PlaneCut, ResectionPlan, SegmentCut, VesselTree, VolumeGeometry
from anatomy_twin.errors import PlanError
from anatomy_twin.plan.resection import removed_mask
from tests.support.toy_patient import make_segment, toy_patient

RADIUS_MM, TUMOUR_MM = 60.0, 12.0
TUMOUR_AT = (25.0, 6.0, -4.0)


def ball_liver(direction=None, spacing=(1.6, 1.2, 1.4)):
    """A ball of a liver around the origin with a ball of a tumour, on a grid that may be oblique."""
    shape = tuple(int(np.ceil(2 * (RADIUS_MM + 8) / step)) for step in spacing)
    turned = np.eye(3)[:, ::-1] if direction is None else direction
    origin = turned @ (-np.asarray(spacing) * (np.asarray(shape) - 1) / 2)
    geometry = VolumeGeometry(shape, spacing, turned, tuple(origin))
    points = geometry.to_world(np.moveaxis(np.indices(shape), 0, -1))
    array = np.zeros((3, *shape), np.uint8)
    array[0][np.linalg.norm(points, axis=-1) <= RADIUS_MM] = 1
    array[2][np.linalg.norm(points - TUMOUR_AT, axis=-1) <= TUMOUR_MM] = 1
    segments = (make_segment("liver", 0, 1), replace(make_segment("tumour_1", 2, 1), part_of="liver"))
    return LabelMap(array, geometry, segments)


def plan_of(*cuts, combination="any", targets=("tumour_1",), margin_mm=10.0):
    return ResectionPlan("B", "liver", targets, tuple(PlaneCut(*cut) for cut in cuts), margin_mm, combination)


def cap_ml(height_mm):
    """Volume of a cap of the ball: pi h^2 (3 R - h) / 3."""
    return np.pi * height_mm**2 * (3 * RADIUS_MM - height_mm) / 3000.0


@pytest.mark.parametrize("normal", [(1, 0, 0), (0, -1, 0), (0, 0, 1), (0.6, -0.64, 0.48)])
@pytest.mark.parametrize("offset_mm", [-30.0, 0.0, 20.0])
def test_caps_of_a_ball_have_their_volume_and_area(normal, offset_mm):
    labels = ball_liver()
    point = np.multiply(normal, offset_mm)
    numbers = prepare_resection(labels, plan_of((point, normal))).numbers(plan_of((point, normal)))
    # a plane along the grid takes whole layers of voxels: half a layer more or less
    layer = 0.55 * np.abs(np.array([1.4, 1.2, 1.6]) @ np.abs(normal)) if np.count_nonzero(normal) == 1 else 0.1
    off = np.pi * (RADIUS_MM**2 - offset_mm**2) / 1000 * layer
    assert numbers.resected_ml == pytest.approx(cap_ml(RADIUS_MM - offset_mm), abs=off)
    assert numbers.cut_cm2 == pytest.approx(np.pi * (RADIUS_MM**2 - offset_mm**2) / 100, rel=0.015)
    assert numbers.resected_ml + numbers.remaining_ml == pytest.approx(numbers.organ_ml, rel=1e-12)


@pytest.mark.parametrize("distance_mm", [0.0, 3.0, 8.0, 15.0])
def test_margin_to_a_ball_is_its_distance_from_the_plane(distance_mm):
    labels = ball_liver()
    normal = np.array([0.6, 0.64, -0.48])
    plan = plan_of((TUMOUR_AT - (TUMOUR_MM + distance_mm) * normal, normal))
    (margin,) = prepare_resection(labels, plan).numbers(plan).margins
    assert margin.margin_mm == pytest.approx(distance_mm, abs=0.35) and margin.removed_percent == 100.0
    expected = TUMOUR_AT - TUMOUR_MM * normal
    assert np.linalg.norm(np.subtract(margin.place_mm, expected)) < 4.0


def test_a_cut_through_the_tumour_has_a_negative_margin():
    labels = ball_liver()
    plan = plan_of((np.add(TUMOUR_AT, (-5.0, 0, 0)), (1, 0, 0)))
    (margin,) = prepare_resection(labels, plan).numbers(plan).margins
    assert margin.margin_mm == pytest.approx(5.0 - TUMOUR_MM, abs=0.4)
    share = 1 - (7.0**2 * (3 * TUMOUR_MM - 7.0) / 3) / (4 / 3 * TUMOUR_MM**3)
    assert margin.removed_percent == pytest.approx(100 * share, abs=2.5)  # half a layer of voxels


def test_a_margin_counts_the_cut_and_not_the_plane_beyond_it():
    """A wedge whose edge lies beside the tumour: the nearest point of the cut is on the edge."""
    labels = ball_liver()
    x, y, _ = TUMOUR_AT
    edge = (x - 20.0, y - 20.0)
    plan = plan_of(((edge[0], y, 0), (1, 0, 0)), ((x, edge[1], 0), (0, 1, 0)), combination="all")
    (margin,) = prepare_resection(labels, plan).numbers(plan).margins
    assert margin.margin_mm == pytest.approx(20.0 - TUMOUR_MM, abs=0.4)  # both faces are 20 mm off
    either = replace(plan, combination="any")
    (margin,) = prepare_resection(labels, either).numbers(either).margins
    # the removed part is all but the far quarter: its edge is the nearest cut
    assert margin.margin_mm == pytest.approx(np.hypot(20.0, 20.0) - TUMOUR_MM, abs=0.8)


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_the_voxels_whatever_the_planes(seed):
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    labels = ball_liver(q if seed % 2 else None, spacing=(3.0, 2.2, 2.6))
    field = None
    for _ in range(8):
        cuts = [(rng.normal(size=3) * 25, rng.normal(size=3)) for _ in range(int(rng.integers(1, 5)))]
        for index in range(3):
            if rng.random() < 0.3:  # planes along the axes, through centres of voxels
                axis = labels.geometry.direction[:, index]
                cuts.append((labels.geometry.to_world(rng.integers(20, 30, 3)), axis))
        plan = plan_of(*cuts, combination=("any", "all")[int(rng.integers(2))])
        field = field or prepare_resection(labels, plan)
        numbers, removed = field.numbers(plan), removed_mask(labels, plan)
        unit = labels.geometry.voxel_volume_ml
        upright = labels.reindexed(*labels.geometry.canonical_axes())
        assert numbers.resected_ml == np.count_nonzero(removed_mask(upright, plan)) * unit
        assert abs(np.count_nonzero(removed) - np.count_nonzero(removed_mask(upright, plan))) <= 3
        remain = labels.mask("liver") & ~removed & ~labels.mask("tumour_1")
        assert numbers.remnant_ml == pytest.approx(np.count_nonzero(remain) * unit, abs=3.1 * unit)


def test_vessels_are_cut_once_with_diameter_name_and_place():
    labels = ball_liver()
    line = np.stack([np.linspace(-40, 40, 41), np.zeros(41), np.zeros(41)], axis=1)
    thin = np.stack([np.linspace(-40, 40, 41), np.full(41, 20.0), np.zeros(41)], axis=1)
    parents = np.concatenate([np.arange(-1, 40), [-1], np.arange(41, 81)])
    radius = np.concatenate([np.full(41, 4.0), np.full(41, 0.6)])
    tree = VesselTree("portal", np.concatenate([line, thin]), parents, radius, branch_names={1: "right"})
    plan = plan_of(((3.3, 0, 0), (1, 0, 0)))
    (vessel,) = prepare_resection(labels, plan, {"portal": tree}).numbers(plan).vessels
    assert (vessel.tree, vessel.name, vessel.diameter_mm) == ("portal", "right", 8.0)
    assert np.allclose(vessel.place_mm, (3.3, 0, 0), atol=0.06)
    away = plan_of(((-50.0, 0, 0), (-1, 0, 0)))
    assert prepare_resection(labels, away, {"portal": tree}).numbers(away).vessels == ()


def test_numbers_of_a_case_have_formulas_limits_and_honest_gaps():
    volume, labels = toy_patient()
    plan = plan_of(((-45.0, 0, 0), (-1, 0, 0)))
    case = at.Case.new(volume=volume, labels=labels, patient=at.Patient("p", 170.0, 70.0)).with_plan(plan)
    found = at.assess(case, plan)
    liver = at.assess(case)["liver_ml"].value
    assert found["resected_ml"].value + found["remaining_ml"].value == pytest.approx(liver, abs=0.11)
    expected = 1267.28 * np.sqrt(170 * 70 / 3600) - 794.41
    assert found["remnant_vauthey_percent"].value == pytest.approx(
        100 * found["remnant_ml"].value / expected, abs=0.06)  # fmt: skip
    assert "Vauthey" in found["remnant_vauthey_percent"].label
    assert found["remnant_to_body_weight_percent"].value == pytest.approx(found["remnant_ml"].value / 700, abs=0.006)
    nobody = at.assess(replace(case, patient=at.Patient("p")), plan)
    for name in ("remnant_vauthey_percent", "remnant_urata_percent", "remnant_to_body_weight_percent"):
        assert nobody[name].value is None and nobody[name].verdict == "not checked"


def test_rules_of_a_resection():
    volume, labels = toy_patient()
    case = at.Case.new(volume=volume, labels=labels)
    good = at.check_plan(case, plan_of(((-45.0, 0, 0), (-1, 0, 0))))
    assert good.feasible and {rule.outcome for rule in good.rules} == {"passed"}
    through = at.check_plan(case, plan_of(((-70.0, 0, 0), (-1, 0, 0))))
    (broken,) = through.broken
    assert broken.name == "removes tumour 1" and broken.hit == "tumour_1" and "remain" in broken.reason
    nothing = at.check_plan(case, plan_of(((500.0, 0, 0), (1, 0, 0))))
    assert next(rule.reason for rule in nothing.broken) == "nothing is removed"


@pytest.mark.parametrize(("plan", "words"), [
    (replace(plan_of(((0, 0, 0), (1, 0, 0))), organ="spleeen"), "no structure is called 'spleeen'"),
    (plan_of(((0, 0, 0), (1, 0, 0)), targets=("tumour_9",)), "no structure is called 'tumour_9'"),
    (replace(plan_of(((0, 0, 0), (1, 0, 0))), cuts=()), "no cut"),
    (replace(plan_of(((0, 0, 0), (1, 0, 0))), cuts=(SegmentCut(("V",)),)), "by planes"),
])
def test_what_cannot_be_resected_is_refused(plan, words):
    volume, labels = toy_patient()
    case = at.Case.new(volume=volume, labels=labels)
    for act in (at.check_plan, at.assess):
        with pytest.raises(PlanError) as caught:
            act(case, plan)
        assert words in str(caught.value)


def test_a_resection_from_a_file_is_checked_and_measured_on_the_command_line(tmp_path, capsys):
    from anatomy_twin.cli.main import main

    volume, labels = toy_patient()
    case = at.save_case(at.Case.new(volume=volume, labels=labels), tmp_path / "a.twin")
    file = tmp_path / "b.json"
    cut = '{"kind": "PlaneCut", "point_mm": [-45, 0, 0], "normal": [-1, 0, 0]}'
    file.write_text('{"kind": "ResectionPlan", "name": "B", "organ": "liver", "targets": ["tumour_1"], '
                    f'"cuts": [{cut}]}}')  # fmt: skip
    assert main(["plan", str(case), "--file", str(file)]) == 0
    assert "plan B: no rule is broken" in capsys.readouterr().out
    assert main(["assess", str(case), "--plan", "B"]) == 0
    text = capsys.readouterr().out
    assert "Remaining volume" in text and "Margin to tumour 1" in text and "Vessels cut" in text
    assert main(["simulate", str(case), "--plan", "B"]) == 2
    assert "cannot be simulated" in capsys.readouterr().err
