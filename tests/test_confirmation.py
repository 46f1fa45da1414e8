"""An ablation is held against a later scan: analytic cases, limits, a synthetic patient with truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

import anatomy_twin as at
from anatomy_twin.assess.boundary import mask_boundary, signed_distance_to
from anatomy_twin.assess.confirmation_errors import judge, voxels_mm
from anatomy_twin.core import Code, LabelMap, Segment, Transform, Volume, VolumeGeometry
from anatomy_twin.errors import DataError, PlanError, SegmentationError
from anatomy_twin.registration import Quality, Registration
from tests.support.box_patient import ball_zone
from tests.support.second_scan import after, before, moved, zone

MIDDLE = np.array([3.0, -8.0, 12.0])
SHIFT = np.array([7.3, -4.1, 9.6])
SPACING = (1.5, 1.0, 1.0)


def grid(middle):
    shape = (64, 96, 96)
    start = middle - 0.5 * (np.array(shape[::-1]) - 1) * SPACING[::-1]
    return VolumeGeometry.upright(shape, SPACING, tuple(start))


def labels_of(geometry, **inside):
    """Segments from functions of points (..., 3): the liver in layer 0, every other one in a layer of its own."""
    points = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1))
    stack = np.stack([np.asarray(test(points)) for test in inside.values()]).astype(np.uint8)
    segments = tuple(
        Segment(name, n, 1, Code("SCT", "1", name), (200, 100, 100), "truth", "" if name == "liver" else "liver")
        for n, name in enumerate(inside)
    )
    return LabelMap(stack, geometry, segments)


def ball(centre, radius):
    return lambda points: ((points - centre) ** 2).sum(axis=-1) <= radius**2


def off(shift, radius):
    return ball(np.add(MIDDLE, shift), radius)


def registered(error_mm=0.4, shift=SHIFT):
    matrix = np.eye(4)
    matrix[:3, 3] = shift
    kind = "not checked" if error_mm is None else "landmarks"
    quality = Quality(kind, error_mm, error_mm, error_mm, 3, "stated")
    return Registration(Transform(matrix, error_mm), quality, matrix, "liver", 1.0, 1.0)


def confirmed(zone_test, *, tumour=None, liver=None, error_mm=0.4, contraction=0.0):
    """Confirm an ablation of a ball of 10 mm by a zone that is given in the frame of before."""
    first = labels_of(grid(MIDDLE), liver=liver or ball(MIDDLE, 42.0), tumour_1=tumour or ball(MIDDLE, 10.0))
    second = labels_of(grid(MIDDLE + SHIFT + (1.0, 0.5, 0.3)), ablation_zone=lambda points: zone_test(points - SHIFT))
    volume = Volume(np.zeros(first.geometry.shape, np.int16), first.geometry)
    later = Volume(np.zeros(second.geometry.shape, np.int16), second.geometry)
    case = at.Case.new(volume=volume, labels=first)
    return at.confirm_ablation(case, later, post_labels=second, registration=registered(error_mm),
                               contraction_percent=contraction)  # fmt: skip


def ellipsoid(centre, axes):
    return lambda points: (((points - centre) / np.array(axes)) ** 2).sum(axis=-1) <= 1.0


@pytest.mark.parametrize(
    ("test", "margin", "direction"),
    [
        (ball(MIDDLE, 17.0), 7.0, None),
        (off((0, 5.0, 0), 18.0), 3.0, (0, -1, 0)),
        (off((0, 0, 9.0), 14.0), -5.0, (0, 0, -1)),
        (ellipsoid(MIDDLE, (22.0, 13.0, 16.0)), 3.0, None),
    ],
)
def test_margins_of_analytic_zones_agree_within_half_a_millimetre(test, margin, direction):
    found = confirmed(test)
    assert found.margin_mm == pytest.approx(margin, abs=0.5)
    # the registration's 0.4 mm and 0.75 of half a voxel of both scans, 1 to 1.5 mm long as the surface runs
    assert found.error_mm == 0.4 and np.hypot(0.4, 0.530) - 0.01 <= found.interval_mm <= np.hypot(0.4, 0.796) + 0.01
    assert found.low_mm <= margin <= found.high_mm
    assert found.low_mm == pytest.approx(found.margin_mm - found.interval_mm, abs=1e-3)
    assert dict(found.errors_mm)["outline of the zone"] == 0.0
    assert np.allclose(np.subtract(found.place_after_mm, found.place_mm), SHIFT, atol=0.11)
    if direction is not None:
        way = np.subtract(found.place_mm, MIDDLE)
        assert way @ np.array(direction) > 0.95 * np.linalg.norm(way)
        assert np.linalg.norm(way) == pytest.approx(10.0, abs=1.0)


def test_the_histogram_tells_how_margins_are_spread():
    found = confirmed(off((0, 5.0, 0), 18.0))  # margins from 3 to 13 mm, evenly spread over a ball
    edges, shares = np.array(found.histogram_edges_mm), np.array(found.histogram_percent)
    assert shares.sum() == pytest.approx(100.0, abs=0.1) and edges[0] in (2.0, 3.0) and edges[-1] in (13.0, 14.0)
    # the cap whose margin is below 8 mm: distance to the shifted centre above 10 mm
    points = np.random.default_rng(4).normal(size=(200000, 3))
    points = 10.0 * points / np.linalg.norm(points, axis=1)[:, None]
    true = 18.0 - np.linalg.norm(points - (0, 5.0, 0), axis=1)
    assert shares[edges[:-1] < 8.0].sum() == pytest.approx(100.0 * (true < 8.0).mean(), abs=4.0)


def test_what_is_not_covered_is_told_in_percent_and_ml():
    found = confirmed(off((0, 0, 9.0), 14.0))
    rng = np.random.default_rng(5)
    points = rng.uniform(-16, 16, (400000, 3))
    away = np.linalg.norm(points, axis=1)
    dead = np.linalg.norm(points - (0, 0, 9.0), axis=1) <= 14.0
    rim, inside = (away > 10) & (away <= 15), away <= 10
    assert found["rim_left_percent"].value == pytest.approx(100 * (~dead[rim]).mean(), abs=2.0)
    assert found["rim_left_ml"].value == pytest.approx((~dead & rim).mean() * 32.0**3 / 1000, rel=0.05)
    assert found["target_percent"].value == pytest.approx(100 * dead[inside].mean(), abs=2.0)
    assert found.verdict == "incomplete" and found["minimal_margin_mm"].verdict == "not met"


def test_contraction_is_a_stated_assumption_that_makes_the_zone_larger():
    plain, grown = (confirmed(off((2.0, 0, 0), 15.0), contraction=percent) for percent in (0.0, 12.0))
    assert plain.margin_mm == pytest.approx(3.0, abs=0.5)
    assert grown.margin_mm == pytest.approx(15.0 / 0.88 - 12.0, abs=0.5)
    assert grown.contraction_percent == 12.0 and any("contraction" in line for line in grown.assumed)
    with pytest.raises(DataError, match="contraction_percent is 60"):
        confirmed(ball(MIDDLE, 15.0), contraction=60.0)


def test_a_rim_that_ends_at_the_capsule_is_left_out():
    def half(points):
        return ball(MIDDLE, 42.0)(points) & (points[..., 0] < MIDDLE[0] + 12.0)

    zone_there = ball(MIDDLE, 20.0)
    found = confirmed(lambda points: zone_there(points) & half(points), liver=half)
    assert found.margin_mm > 5.0 and found.verdict == "complete with margin"
    assert "no margin is asked for outside of it" in found["minimal_margin_mm"].note
    short = confirmed(lambda points: ball(MIDDLE, 18.0)(points) & (points[..., 0] < MIDDLE[0] + 10.5), liver=half)
    assert short.low_mm <= 0.5 <= short.high_mm and short.verdict == "uncertain"  # 1.5 mm of liver in voxels of 1 mm

    def deeper(points):
        return ball(MIDDLE, 42.0)(points) & (points[..., 0] < MIDDLE[0] + 15.0)

    left = confirmed(lambda points: ball(MIDDLE, 18.0)(points) & (points[..., 0] < MIDDLE[0] + 10.5), liver=deeper)
    assert left.margin_mm == pytest.approx(0.5, abs=0.8) and left.verdict != "complete with margin"


def at_the_capsule(depth, radius, shift, short=0.0):
    """A tumour of 10 mm ``depth`` mm below a plane capsule, a zone that ends ``short`` mm below it; the true margin.

    The truth is taken between dense points: of the tumour's surface to the part of the zone's surface behind which
    there is liver.
    """
    edge = MIDDLE[0] + depth
    centre = np.add(MIDDLE, shift)

    def liver(points):
        return ball(MIDDLE, 42.0)(points) & (points[..., 0] <= edge)

    n = np.arange(60000) + 0.5
    polar, turn = np.arccos(1 - 2 * n / n.size), np.pi * (1 + 5**0.5) * n
    shell = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)
    disc = np.stack(np.meshgrid([edge], np.linspace(-20, 20, 201), np.linspace(-20, 20, 201)), -1).reshape(-1, 3)
    disc[:, 1:] += MIDDLE[1:]
    tumour = np.concatenate([MIDDLE + 10.0 * shell, disc[ball(MIDDLE, 10.0)(disc)]])
    tumour = tumour[tumour[:, 0] <= edge]
    zone = centre + radius * shell
    zone = zone[zone[:, 0] <= edge - short]
    if short:
        lid = disc - (short, 0, 0)
        zone = np.concatenate([zone, lid[ball(centre, radius)(lid)]])
    gap = cKDTree(zone).query(tumour)[0]
    dead = ball(centre, radius)(tumour) & (tumour[:, 0] <= edge - short + 1e-9)
    found = confirmed(lambda points: ball(centre, radius)(points) & (points[..., 0] <= edge - short), liver=liver,
                      tumour=lambda points: ball(MIDDLE, 10.0)(points) & liver(points))
    return found, float(np.where(dead, gap, -gap).min())


@pytest.mark.parametrize(("depth", "radius", "shift"), [
    (10.0, 17.0, (0, 0, 0)), (4.0, 14.0, (-3.0, 0, 0)),
    *(pytest.param(*case, marks=pytest.mark.long)
      for case in ((12.0, 16.0, (0, 4.0, 0)), (10.0, 16.0, (0, 3.0, 9.0)), (25.0, 17.0, (0, 0, 0)))),
])
def test_margins_at_a_plane_capsule_agree_within_half_a_millimetre(depth, radius, shift):
    found, true = at_the_capsule(depth, radius, shift)
    assert found.margin_mm == pytest.approx(true, abs=0.5)
    assert found.low_mm <= true <= found.high_mm
    note = found["minimal_margin_mm"].note
    assert ("no margin is asked for outside" in note) == (depth < 15.0)


def test_the_margin_of_a_target_cut_by_the_capsule_lies_in_its_interval():
    found, true = at_the_capsule(6.0, 17.5, (0, 0, 0))
    assert found.low_mm <= true <= found.high_mm and found.margin_mm == pytest.approx(true, abs=0.9)
    assert found.verdict == "complete with margin"


def test_a_layer_left_below_the_capsule_is_no_subcapsular_part():
    found, true = at_the_capsule(10.0, 18.0, (0, 0, 0), short=4.0)
    assert true == pytest.approx(-4.0, abs=0.1) and found.margin_mm == pytest.approx(true, abs=0.5)
    assert found.verdict == "incomplete"
    thin, true = at_the_capsule(10.0, 18.0, (0, 0, 0), short=1.0)  # no thicker than what the voxels tell
    assert thin.verdict == "uncertain" and thin.low_mm <= true <= thin.high_mm
    assert "below the capsule may live" in thin.reason


def test_a_ball_that_contracted_with_its_tumour_has_the_margin_that_it_had():
    for percent in (5.0, 12.0, 20.0):
        shrunk = 18.0 * (1.0 - percent / 100.0)
        centre = np.add(MIDDLE, (1.0, -2.0, 0.5))
        true = 18.0 - 10.0 - np.linalg.norm((1.0, -2.0, 0.5))
        found = confirmed(ball(centre, shrunk), contraction=percent)
        assert found.margin_mm == pytest.approx(true, abs=0.5)
        assert found["target_percent"].value == 100.0


@pytest.mark.parametrize("spacing", [(4.0, 1.5, 1.5), (1.5, 1.0, 1.0)])
def test_least_margins_between_balls_in_voxels_are_off_by_no_more_than_is_told(spacing):
    rng = np.random.default_rng(12)

    def in_voxels(middle, radius):
        shape = tuple(int(np.ceil(2.0 * (radius + 4.0) / step)) + 1 for step in spacing)
        geometry = VolumeGeometry.upright(shape, spacing, tuple(middle - radius - 4.0 + rng.uniform(-1, 1, 3)))
        return mask_boundary(ball(middle, radius)(geometry.to_world(np.moveaxis(np.indices(shape), 0, -1))), geometry)

    parts = []
    for away in (0.0, 0.0, 1.0, 2.0, 3.0, 4.0):
        way = rng.normal(size=3)
        middle, radius = away * way / np.linalg.norm(way), rng.uniform(5.0, 8.0)
        zone_radius = radius + rng.uniform(2.0, 6.0)
        target, zone_there = in_voxels(np.zeros(3), radius), in_voxels(middle, zone_radius)
        points = target.surface()[0]
        found = signed_distance_to(zone_there, points)
        worst = points[found.argmin()] / np.linalg.norm(points[found.argmin()])
        told = 0.75 * np.hypot(*2 * [0.5 * np.linalg.norm(worst * spacing[::-1])])
        assert voxels_mm(VolumeGeometry.upright((2, 2, 2), spacing), VolumeGeometry.upright((2, 2, 2), spacing),
                         worst) == pytest.approx(told)  # fmt: skip
        parts.append(abs(found.min() - (zone_radius - radius - away)) / told)
    assert max(parts) < 1.0


@pytest.mark.parametrize(
    ("margin", "error", "verdict"),
    [
        (6.0, 0.9, "complete with margin"), (5.0, 0.0, "complete with margin"), (5.5, 0.6, "uncertain"),
        (3.0, 1.0, "borderline"), (0.0, 0.0, "borderline"), (0.5, 0.6, "uncertain"), (-2.0, 1.5, "incomplete"),
        (-0.1, 0.0, "incomplete"), (9.0, None, "uncertain"), (2.5, 4.0, "uncertain"),
    ],
)
def test_verdicts_follow_the_limits_and_the_interval(margin, error, verdict):
    said, reason = judge(margin, *((None, None) if error is None else (margin - error, margin + error)))
    assert said == verdict
    assert ("not checked" in reason) == (error is None)


def test_no_error_of_the_registration_no_verdict():
    found = confirmed(ball(MIDDLE, 18.0), error_mm=None)
    assert found.verdict == "uncertain" and found.low_mm is None and "not checked" in found.margin_text
    assert found["registration_error_mm"].verdict == "not checked"


def test_a_flagged_outline_cannot_be_complete():
    first = labels_of(grid(MIDDLE), liver=ball(MIDDLE, 42.0), tumour_1=ball(MIDDLE, 10.0))
    first = replace(first, segments=(first.segments[0], replace(first.segments[1], state="check")))
    second = labels_of(grid(MIDDLE + SHIFT), ablation_zone=ball(MIDDLE + SHIFT, 19.0))
    case = at.Case.new(volume=Volume(np.zeros(first.geometry.shape, np.int16), first.geometry), labels=first)
    later = Volume(np.zeros(second.geometry.shape, np.int16), second.geometry)
    found = at.confirm_ablation(case, later, post_labels=second, registration=registered())
    assert found.verdict == "uncertain" and "tumour 1 is to be confirmed" in found.reason


@pytest.fixture(scope="module")
def patient():
    """The case of before and its confirmation on the scan after, whose zone is found."""
    case = at.Case.new(volume=before().volume, labels=before().truth)
    truth = after().truth
    known = replace(truth, segments=tuple(s for s in truth.segments if s.name == "liver"))
    return case, at.confirm_ablation(case, after().volume, target="tumour_1", post_labels=known)


def test_the_zone_of_a_patient_is_found(patient):
    found, truth = patient[1], after().truth.mask("ablation_zone")
    mask = found.labels.mask("ablation_zone")
    assert 2.0 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.9
    # slices of 4 mm: what is rounded off weighs
    assert found["zone_ml"].value == pytest.approx(after().truth.volume_ml("ablation_zone"), rel=0.08)
    assert found.labels.segment("ablation_zone").state == "ok"


def test_the_margin_of_a_patient_is_the_true_one(patient):
    found = patient[1]
    points = before().volume.geometry.to_world(np.argwhere(before().truth.mask("tumour_1")))
    axis = np.array(zone().direction) / np.linalg.norm(zone().direction)
    rng = np.random.default_rng(6)
    shell = rng.normal(size=(4000, 3))
    shell /= np.linalg.norm(shell, axis=1)[:, None]
    along = shell @ axis
    side = shell - along[:, None] * axis
    surface = np.array(zone().centre_mm) + 24.0 * along[:, None] * axis + 19.0 * side
    away = np.linalg.norm(points[:, None] - surface[None, ::4], axis=2).min(axis=1)
    half_voxel = 0.5 * np.mean(before().volume.geometry.spacing_mm)
    true = float(away.min()) - half_voxel  # of the outermost voxel centres, less half a voxel
    assert found.margin_mm == pytest.approx(true, abs=1.5)
    there = moved().to_second(np.array(found.place_mm))
    assert np.linalg.norm(there - found.place_after_mm) < 1.0
    assert found.registration.startswith("distance of the surfaces") and found.synthetic
    assert found.verdict in ("complete with margin", "uncertain") and found.margin_mm > 3.5


def test_where_nothing_was_ablated_nothing_is_confirmed():
    case = at.Case.new(volume=before().volume, labels=before().truth)
    values = before().volume.array.copy()
    liver = before().truth.mask("liver")
    values[liver] = 110
    same = registered(0.5, (0.0, 0.0, 0.0))
    with pytest.raises(SegmentationError, match="no ablation zone can be told"):
        at.confirm_ablation(case, replace(before().volume, array=values), target="tumour_1", registration=same)
    noise = np.random.default_rng(2).normal(110.0, 10.0, values.shape).astype(np.int16)
    with pytest.raises(SegmentationError, match=r"does not match \(.*check that both scans are of the same patient"):
        at.confirm_ablation(case, replace(before().volume, array=noise), target="tumour_1", registration=same)


def test_what_was_treated_must_be_clear():
    case = at.Case.new(volume=before().volume, labels=before().truth)
    same = registered(0.5, (0.0, 0.0, 0.0))
    with pytest.raises(PlanError, match="which target was treated is not said"):
        at.confirm_ablation(case, before().volume, registration=same)
    with pytest.raises(PlanError, match="no structure is called 'tumour_9'"):
        at.confirm_ablation(case, before().volume, target="tumour_9", registration=same)
    with pytest.raises(DataError, match="no plan is called 'B'"):
        at.confirm_ablation(case, before().volume, "B", registration=same)
    with pytest.raises(DataError, match="the scan from before, voxel by voxel"):
        at.confirm_ablation(case, before().volume, target="tumour_1")
    with pytest.raises(DataError, match="scan called 'scan'"):
        at.confirm_ablation(case, before().volume, target="tumour_1", registration=same, name="scan")


def test_the_zone_is_compared_with_the_simulated_one():
    centre = np.zeros(3)
    first = labels_of(grid(centre), liver=ball(centre, 42.0), tumour_1=ball(centre, 8.0))
    second = labels_of(grid(SHIFT), ablation_zone=ball(np.add(SHIFT, (6.0, 0, 0)), 14.0))
    case = at.Case.new(volume=Volume(np.zeros(first.geometry.shape, np.int16), first.geometry), labels=first)
    applicator = at.Applicator("mwa-generic", (60.0, 0.0, 0.0), (0.0, 0.0, 0.0), 60.0, 300.0)
    plan = at.AblationPlan("p", "tumour_1", (applicator,), margin_mm=5.0)
    case = case.with_plan(plan).with_result(ball_zone((0.0, 0.0, 0.0), 16.0))
    later = Volume(np.zeros(second.geometry.shape, np.int16), second.geometry)
    found = at.confirm_ablation(case, later, post_labels=second, registration=registered())
    a, b, d = 16.0, 14.0, 6.0  # two balls: the lens that they share
    lens = np.pi * (a + b - d) ** 2 * (d**2 + 2 * d * (a + b) - 3 * (a - b) ** 2) / (12 * d)
    dice = 2 * lens / (4 / 3 * np.pi * (a**3 + b**3))
    assert found.plan_name == "p" and found["dice_percent"].value == pytest.approx(100 * dice, abs=1.5)
    for name, length in (("simulated", 32.0), ("seen", 28.0)):
        assert found[f"{name}_along_mm"].value == pytest.approx(length, abs=1.5)
        assert found[f"{name}_across_mm"].value == pytest.approx(length, abs=1.5)
