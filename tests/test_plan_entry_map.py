"""The map of entries: all of the skin, the rules that stop them, costs, weights, and the front of the best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

import anatomy_twin as at
from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator
from anatomy_twin.core.lines import nearest_between
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels.class_boxes import class_boxes
from anatomy_twin.kernels.outer import outer_surface
from anatomy_twin.kernels.pareto import pareto_rows
from anatomy_twin.kernels.ray_fields import block_least, least_distance_along
from anatomy_twin.plan import best_entries, check_plan, entry_map, propose, reweighted
from anatomy_twin.plan.ground import depth_in_organ_mm
from anatomy_twin.plan.tissues import canonical_labels
from anatomy_twin.plan.tracks import length_beside
from tests.support.box_patient import ball, base_masks, box, box_case, case_of, geometry, labels_of
from tests.support.reindexing import some_axes, turned_case
from tests.support.toy_patient import toy_patient


@pytest.fixture(scope="module")
def toy_case():
    volume, labels = toy_patient()
    return at.Case.new(volume=volume, labels=labels)


@pytest.fixture(scope="module")
def toy_map(toy_case):
    return at.entry_map(toy_case, "tumour_1")


# kernels


@pytest.mark.parametrize("seed", range(6))
def test_the_front_is_that_of_asking_every_pair(seed):
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, (4, 9, 40)[seed % 3], (400, (2, 6)[seed % 2])).astype(float)
    if seed == 5:
        costs = rng.random((400, 6))
    no_worse = (costs[:, None] <= costs[None]).all(-1)
    better = (costs[:, None] < costs[None]).any(-1)
    expected = np.flatnonzero(~(no_worse & better).any(axis=0))
    np.testing.assert_array_equal(pareto_rows(costs), expected)
    turned = rng.permutation(len(costs))
    np.testing.assert_array_equal(np.sort(turned[pareto_rows(costs[turned])]), expected)


def test_the_front_of_nothing_and_of_equal_rows():
    assert pareto_rows(np.zeros((0, 6))).size == 0
    np.testing.assert_array_equal(pareto_rows(np.ones((5, 3))), np.arange(5))


@pytest.mark.parametrize("seed", range(4))
def test_the_outer_surface_is_that_of_labelled_air(seed):
    rng = np.random.default_rng(seed)
    body = ndimage.binary_closing(ndimage.binary_dilation(rng.random((9, 40, 44)) < 0.04, iterations=1))
    body[:, 12:30, 10:34] = True
    body[3:6, 16:24, 14:20] = False  # a hollow
    if seed % 2:
        body[4, 10:17, 16] = False  # and a way into it
        body[:2, 20, 20] = False  # open to the first slice only
    pieces, _ = ndimage.label(~body)
    sides = np.concatenate([side.ravel() for side in (pieces[:, 0], pieces[:, -1], pieces[..., 0], pieces[..., -1])])
    air = np.isin(pieces, np.unique(sides[sides > 0]))
    near = ndimage.binary_dilation(air)  # faces only
    np.testing.assert_array_equal(outer_surface(body), body & near)


def test_boxes_of_classes_are_those_of_their_voxels():
    classes = np.zeros((8, 9, 10), np.uint8)
    classes[2:4, 5, 1:7] = 3
    classes[7, 8, 9] = 1
    found = class_boxes(classes[:, :, :], 5)
    for kind in (0, 1, 3):
        places = np.argwhere(classes == kind)
        np.testing.assert_array_equal(found[kind], [places.min(axis=0), places.max(axis=0) + 1])
    assert (found[[2, 4], 0] == found[[2, 4], 1]).all()


@pytest.mark.parametrize("seed", range(4))
def test_least_distances_are_those_of_reading_every_sample(seed):
    rng = np.random.default_rng(seed)
    spacing = (2.5, 0.8, 0.7)
    mask = rng.random((23, 40, 37)) < 0.0006
    field = ndimage.distance_transform_edt(~mask, sampling=spacing).astype(np.float32)
    starts, ends = rng.uniform(-8, 45, (80, 3)), rng.uniform(0, 30, (80, 3))
    value, share = least_distance_along(field, block_least(field), starts, ends, spacing, 15.0)
    for n in range(80):
        count = int(np.ceil(2 * np.abs(ends[n] - starts[n]).max())) + 1
        samples = np.linspace(0, 1, count + 1)
        places = starts[n] + samples[:, None] * (ends[n] - starts[n])
        read = ndimage.map_coordinates(field, places.T, order=1, mode="nearest")
        assert value[n] == pytest.approx(min(read.min(), 15.0), abs=2e-5)
        if read.min() < 15.0:
            assert read[np.argmin(np.abs(samples - share[n]))] == pytest.approx(read.min(), abs=2e-5)


# tracks beside each other


def test_the_length_beside_tracks_is_that_of_dense_samples():
    rng = np.random.default_rng(4)
    entries, tips = rng.uniform(-60, 60, (60, 3)), rng.uniform(-60, 60, (60, 3))
    tracks = rng.uniform(-60, 60, (3, 2, 3))
    tracks[2] = [entries[0], tips[0]]  # one path is a track itself
    found = length_beside(entries, tips, tracks, 9.0)
    shares = (np.arange(4000) + 0.5) / 4000
    for n in range(60):
        points = entries[n] + shares[:, None] * (tips[n] - entries[n])
        near = np.zeros(len(points), bool)
        for one, other in tracks:
            at_share = np.clip((points - one) @ (other - one) / ((other - one) @ (other - one)), 0, 1)
            near |= np.linalg.norm(points - (one + at_share[:, None] * (other - one)), axis=1) <= 9.0
        length = np.linalg.norm(tips[n] - entries[n])
        assert found[n] == pytest.approx(near.mean() * length, abs=4e-3 * length)
    assert found[0] == pytest.approx(np.linalg.norm(tips[0] - entries[0]))


def test_a_path_beside_a_parallel_track_and_one_across():
    track = np.array([[[0.0, 0, 0], [100, 0, 0]]])
    beside = length_beside(np.array([[0.0, 3, 0], [50.0, -20, 0], [0.0, 6, 0]]),
                           np.array([[100.0, 3, 0], [50.0, 30, 0], [100.0, 6, 0]]), track, 5.0)
    np.testing.assert_allclose(beside, [100.0, 10.0, 0.0])


@pytest.mark.parametrize("seed", range(5))
def test_the_least_distance_of_two_segments_is_that_of_dense_samples(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(-20, 20, (2, 2, 3))
    if seed == 4:
        other = one + np.array([0.0, 2.0, 0.0])  # parallel
    shares = np.linspace(0, 1, 700)[:, None]
    gaps = cdist(one[0] + shares * (one[1] - one[0]), other[0] + shares * (other[1] - other[0]))
    gap, point = nearest_between(one, other)
    assert gap == pytest.approx(gaps.min(), abs=0.05)
    for ends in (one, other):
        axis = ends[1] - ends[0]
        at_share = np.clip((point - ends[0]) @ axis / (axis @ axis), 0, 1)
        assert np.linalg.norm(ends[0] + at_share * axis - point) == pytest.approx(gap / 2, abs=1e-6)


# the map


def test_every_voxel_of_the_skin_is_tried(toy_case, toy_map):
    body = toy_case.label_map.mask("body")
    grid = toy_case.label_map.geometry
    skin = body & ndimage.binary_dilation(~body)
    reach = 200.0 - 16.0  # of the shaft, less what is beyond the heat's centre
    near = np.linalg.norm(grid.to_world(np.argwhere(skin)) - toy_map.centre_mm, axis=1) <= reach
    assert len(toy_map.entries_mm) == toy_map.skin_count == near.sum()
    assert len({tuple(point) for point in toy_map.entries_mm}) == near.sum()
    assert not toy_map.costs.flags.writeable and not toy_map.entries_mm.flags.writeable


def test_what_the_map_says_of_an_entry_is_what_a_check_of_its_plan_says(toy_case, toy_map):
    rng = np.random.default_rng(1)
    some = [*rng.choice(np.flatnonzero(toy_map.feasible), 3), *rng.choice(np.flatnonzero(~toy_map.feasible), 5)]
    for n in some:
        needle = Applicator(
            "mwa-generic", tuple(toy_map.entries_mm[n]), tuple(toy_map.tips_mm[n]), 60.0, 300.0
        )
        check = check_plan(toy_case, AblationPlan("A", "tumour_1", (needle,)))
        assert [rule.name for rule in check.broken] == list(toy_map.reasons(n))
        assert check.feasible == toy_map.feasible[n]
        known = {cost.name: cost.value for cost in check.costs}
        for name, value in zip(toy_map.cost_names, toy_map.costs[n], strict=True):
            assert (name in known) == np.isfinite(value)
            assert name not in known or known[name] == pytest.approx(value, abs=0.11)
        stops = toy_map.stopped_by[n]
        assert (stops < 0) == toy_map.feasible[n] and (stops < 0 or toy_map.broken[stops, n])
    unchecked = {rule.name for rule in check.rules if rule.outcome == "not checked"}
    assert set(toy_map.unchecked) <= unchecked | set(toy_map.reasons(n))


def test_the_front_of_the_map_is_feasible_and_holds_the_best_of_every_weighting(toy_map):
    assert toy_map.feasible[toy_map.pareto].all() and len(toy_map.pareto) > 3
    assert (np.diff(toy_map.cost[toy_map.pareto]) >= 0).all()
    steps = np.array([catalog.load("limits")["cost_steps"][name] for name in toy_map.cost_names])
    rounded = np.round(np.nan_to_num(toy_map.costs) / steps)
    front = rounded[toy_map.pareto]
    for n in np.flatnonzero(toy_map.feasible)[::97]:
        assert n in toy_map.pareto or ((front <= rounded[n]).all(axis=1) & (front < rounded[n]).any(axis=1)).any()
    rng = np.random.default_rng(3)
    for _ in range(5):
        weight = rng.random(6)
        sums = rounded @ weight
        assert sums[toy_map.pareto].min() <= sums[toy_map.feasible].min() + 1e-9


def test_other_weights_rank_anew_without_measuring(toy_case, toy_map):
    wanted = {"path length": 7.0, "angle to the axial plane": 0.0}
    again = reweighted(toy_map, wanted)
    measured = entry_map(toy_case, "tumour_1", weights=wanted)
    np.testing.assert_array_equal(again.cost, measured.cost)
    np.testing.assert_array_equal(again.pareto, measured.pareto)
    assert again.costs is toy_map.costs and again.weights["path length"] == 7.0
    shortest = reweighted(toy_map, {name: float(name == "path length") for name in toy_map.cost_names})
    best = best_entries(shortest, 1)[0]
    assert toy_map.costs[best, 0] == toy_map.costs[toy_map.feasible, 0].min()
    proposed = propose(toy_case, target="tumour_1", count=2, entries=shortest)
    assert proposed[0].plan.applicators[0].entry_mm == tuple(toy_map.entries_mm[best])
    with pytest.raises(PlanError, match=r"no cost is called 'length'.*path length"):
        reweighted(toy_map, {"length": 1.0})
    with pytest.raises(PlanError, match="not negative"):
        reweighted(toy_map, {"path length": -1.0})


@pytest.mark.parametrize("axes", some_axes(3, 8))
def test_the_map_does_not_depend_on_the_order_of_the_array(toy_case, toy_map, axes):
    turned = entry_map(turned_case(toy_case, axes), "tumour_1")
    for name in ("entries_mm", "tips_mm", "broken", "stopped_by", "costs", "cost", "pareto"):
        np.testing.assert_array_equal(getattr(turned, name), getattr(toy_map, name), err_msg=name)


def test_an_earlier_track_costs_those_that_run_beside_it(toy_case, toy_map):
    best = best_entries(toy_map, 1)[0]
    first = Applicator("mwa-generic", tuple(toy_map.entries_mm[best]), tuple(toy_map.tips_mm[best]), 60.0, 300.0)
    beside = entry_map(toy_case, "tumour_1", beside=(first,))
    column = beside.cost_names.index("overlap with other tracks")
    assert np.isnan(toy_map.costs[:, column]).all()
    assert beside.costs[best, column] == pytest.approx(first.depth_mm, abs=0.05)
    assert beside.cost[best] == pytest.approx(toy_map.cost[best] + first.depth_mm / 50.0, abs=1e-3)
    far = np.linalg.norm(beside.entries_mm - first.entry_mm, axis=1) > 150
    assert beside.costs[far, column].max() < 60.0  # near the target all tracks meet
    assert best_entries(beside, 1)[0] != best


def test_thinned_entries_are_told(toy_case):
    few = entry_map(toy_case, "tumour_1", candidates=900)
    assert len(few.entries_mm) <= 900 < few.skin_count
    assert f"thinned from {few.skin_count}" in propose(toy_case, target="tumour_1", count=1, candidates=900)[0].why


def test_the_nearest_entry_is_found(toy_map):
    n = int(toy_map.pareto[0])
    assert toy_map.nearest(toy_map.entries_mm[n] + 0.2) == n
    assert toy_map.nearest((0.0, 0.0, 9000.0), 50.0) == -1
    assert toy_map.feasible[toy_map.nearest(toy_map.entries_mm[~toy_map.feasible][0], feasible=True)]


# a tumour below the capsule, unknown tissue


def subcapsular_case(gap_mm: float, part_of: str = "liver"):
    """A ball of 8 mm radius whose right side lies so far below the right side of the liver's box."""
    grid = geometry()
    masks = base_masks(grid)
    masks["tumour_1"] = ball(grid, (-50.0 + gap_mm + 8.0, 0, 0), 8.0)
    labels = labels_of(grid, masks)
    segments = tuple(replace(one, part_of=part_of) if one.name == "tumour_1" else one for one in labels.segments)
    return case_of(replace(labels, segments=segments))


@pytest.mark.parametrize("gap_mm", [0.0, 2.0, 6.0, 16.0])
def test_the_depth_below_the_capsule_is_the_constructed_one(gap_mm):
    labels = canonical_labels(subcapsular_case(gap_mm).label_map)
    assert depth_in_organ_mm(labels, "tumour_1") == pytest.approx(gap_mm, abs=1.0)


@pytest.mark.parametrize(("gap_mm", "entry", "outcome"), [
    (2.0, (-79.0, 0.0, 0.0), "broken"),  # straight through 2 mm of liver
    (2.0, (-40.0, -79.0, 0.0), "passed"),  # from in front, through 40 mm of it
    (16.0, (-79.0, 0.0, 0.0), "passed"),
])  # fmt: skip
def test_a_subcapsular_target_is_reached_through_the_organ(gap_mm, entry, outcome):
    case = subcapsular_case(gap_mm)
    centre = np.array([-42.0 + gap_mm, 0.0, 0.0])
    tip = centre + 5.0 * (centre - entry) / np.linalg.norm(centre - entry)
    needle = Applicator("mwa-generic", entry, tuple(tip), 60.0, 300.0)
    check = check_plan(case, AblationPlan("A", "tumour_1", (needle,)))
    found = next(rule for rule in check.rules if rule.name == "enough organ before a subcapsular target")
    assert found.outcome == outcome, found.reason
    if outcome == "broken":
        assert found.value == pytest.approx(gap_mm, abs=1.0) and found.limit == 5.0
        np.testing.assert_allclose(found.place_mm, (-50.0 + gap_mm, 0, 0), atol=1.1)


def test_without_an_organ_enough_of_it_is_not_checked():
    case = subcapsular_case(2.0, part_of="")
    needle = Applicator("mwa-generic", (-79, 0, 0), (-30, 0, 0), 60, 300)
    check = check_plan(case, AblationPlan("A", "tumour_1", (needle,)))
    found = next(rule for rule in check.rules if rule.name == "enough organ before a subcapsular target")
    assert found.outcome == "not checked" and "not known" in found.reason
    assert "enough organ before a subcapsular target" in entry_map(case, "tumour_1", candidates=500).unchecked


@pytest.mark.parametrize(("low", "outcome"), [(0.0, "passed"), (-4.0, "broken")])
def test_thick_unknown_tissue_is_kept_off_and_a_blur_is_not(low, outcome):
    """A slab of unlabelled body from z = 5 mm on beside the path along x; a guard distance of 2 mm is to be kept."""
    grid = geometry()
    masks = base_masks(grid)
    masks["muscle"] = masks["muscle"] & ~box(grid, (-76, -40, 5 + low), (-54, 40, 40))
    thin = dict(masks, muscle=masks["muscle"] | box(grid, (-76, -40, 9 + low), (-54, 40, 40)))
    for name, chosen, wanted in (("slab", masks, outcome), ("sheet", thin, "passed")):
        check = check_plan(case_of(labels_of(grid, chosen)), AblationPlan(
            "A", "tumour_1", (Applicator("mwa-generic", (-79.0, 0.0, 0.0), (16.0, 0.0, 0.0), 60.0, 300.0),)
        ))
        found = next(rule for rule in check.rules if rule.name == "keeps off unknown tissue")
        assert found.outcome == wanted, (name, found)
        if found.outcome == "broken":
            assert found.value == pytest.approx(5 + low, abs=1.0) and -76.0 <= found.place_mm[0] <= -54.0


def test_a_map_refuses_what_is_not_there():
    with pytest.raises(PlanError, match="no structure is called"):
        entry_map(box_case(), "tumour_9")
    with pytest.raises(PlanError, match="no device is called"):
        entry_map(box_case(), device="none")
