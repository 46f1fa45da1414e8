"""The search for trajectories, held against brute force in NumPy and SciPy."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import Case
from anatomy_twin.errors import Cancelled, PlanError
from anatomy_twin.plan import check_plan, choose_zone, load_device, propose
from anatomy_twin.plan.entries import skin_entries
from anatomy_twin.plan.tissues import canonical_labels
from tests.support.box_patient import base_masks, box, box_case, case_of, geometry, labels_of
from tests.support.reindexing import turned_case
from tests.support.toy_patient import toy_patient


@pytest.fixture(scope="module")
def toy_case():
    volume, labels = toy_patient()
    return Case.new(volume=volume, labels=labels)


@pytest.fixture(scope="module")
def toy_proposals(toy_case):
    return propose(toy_case, "ablation", target="tumour_1", count=4)


def test_proposals_are_feasible_by_an_independent_reading_of_the_masks(toy_case, toy_proposals):
    labels = toy_case.label_map
    grid = labels.geometry
    guards = {"bone": 2.0, "lung_right": 5.0, "lung_left": 5.0, "aorta": 5.0, "spleen": 2.0, "kidney_right": 2.0}
    assert {g["name"]: g["guard_mm"] for g in catalog.load("limits")["tissue_groups"]}["lung"] == 5.0
    assert len(toy_proposals) == 4
    for proposal in toy_proposals:
        (applicator,) = proposal.plan.applicators
        shares = np.linspace(0, 1, 2000)[:, None]
        path = np.asarray(applicator.entry_mm) + shares * np.subtract(applicator.tip_mm, applicator.entry_mm)
        cells = tuple(np.floor(grid.to_index(path) + 0.5).astype(int).T)
        assert labels.mask("body")[cells].all()
        unknown = labels.mask("unknown_tissue")[cells].mean() * applicator.depth_mm
        assert unknown <= 2.1
        for name, guard in guards.items():
            away = ndimage.distance_transform_edt(~labels.mask(name), sampling=grid.spacing_mm)
            assert away[cells].min() >= guard
        assert proposal.check.feasible
        assert proposal.check == check_plan(toy_case, proposal.plan)
        to_air = ndimage.distance_transform_edt(labels.mask("body"), sampling=grid.spacing_mm)
        assert to_air[grid.nearest_voxel(applicator.entry_mm)] == grid.spacing_mm[0]


def test_the_heated_centre_lies_on_the_target(toy_proposals):
    offset_mm = load_device("mwa-generic")["active_offset_mm"]
    for proposal in toy_proposals:
        (applicator,) = proposal.plan.applicators
        heated = np.asarray(applicator.tip_mm) - offset_mm * np.asarray(applicator.direction)
        np.testing.assert_allclose(heated, (-70, -15, 25), atol=0.6)  # the centroid of its 4 mm voxels


def test_the_order_is_by_cost_and_entries_keep_apart(toy_proposals):
    costs = [proposal.cost for proposal in toy_proposals]
    assert costs == sorted(costs)
    entries = np.array([proposal.plan.applicators[0].entry_mm for proposal in toy_proposals])
    gaps = np.linalg.norm(entries[:, None] - entries[None], axis=-1) + 1e9 * np.eye(len(entries))
    assert gaps.min() >= 15.0
    assert all("not checked: " in proposal.why and "cost " in proposal.why for proposal in toy_proposals)


@pytest.mark.parametrize(("order", "flips"), [((2, 0, 1), (True, False, True)), ((0, 2, 1), (False, True, True))])
def test_re_indexed_arrays_give_the_same_proposals(toy_case, toy_proposals, order, flips):
    turned = turned_case(toy_case, (order, flips))
    assert propose(turned, "ablation", target="tumour_1", count=4) == toy_proposals


def test_the_number_of_threads_changes_nothing(toy_case, toy_proposals):
    before = numba.get_num_threads()
    try:
        for threads in (1, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(threads)
            assert propose(toy_case, "ablation", target="tumour_1", count=4) == toy_proposals
    finally:
        numba.set_num_threads(before)


def window_case(hole: bool):
    """A target in a cage of bone that is open to the patient's right only, or not at all."""
    grid = geometry()
    cage = box(grid, (-40, -40, -40), (40, 40, 40)) & ~box(grid, (-34, -34, -34), (34, 34, 34))
    if hole:
        cage &= ~box(grid, (-41, -12, -12), (-30, 12, 12))
    return box_case({"bone": cage}, grid)


def test_the_only_window_is_found():
    for proposal in propose(window_case(True), target="tumour_1", candidates=6000):
        entry, tip = (np.asarray(getattr(proposal.plan.applicators[0], end)) for end in ("entry_mm", "tip_mm"))
        share = (-37.0 - entry[0]) / (tip[0] - entry[0])
        at_wall = entry + share * (tip - entry)
        assert np.abs(at_wall[1:]).max() <= 12.0 - 2.0 + 0.5  # the hole less the guard of bone


def test_without_a_way_in_the_rules_that_stop_are_named():
    with pytest.raises(PlanError, match=r"none of \d+ paths to tumour_1 .*'crosses no bone' stops 100 %"):
        propose(window_case(False), target="tumour_1", candidates=4000)


def test_air_inside_the_body_and_the_faces_of_the_scan_are_no_entries():
    grid = geometry()
    masks = base_masks(grid)
    masks["body"] = masks["body"] & ~box(grid, (-40, 40, -20), (40, 60, 20))
    labels = canonical_labels(labels_of(grid, masks))
    entries, count = skin_entries(labels, np.zeros(3), 150.0, 5000)
    assert 2000 < entries.shape[0] <= 5000 < count
    assert (np.abs(entries[:, :2]).max(axis=1) > 78.0).all()
    assert np.linalg.norm(entries, axis=1).max() <= 150.1


def test_the_smallest_zone_that_covers_is_chosen():
    device = {"zone_table": [
        {"power_w": 60, "duration_s": 300, "length_mm": 38, "diameter_mm": 28},
        {"power_w": 60, "duration_s": 600, "length_mm": 42, "diameter_mm": 32},
        {"power_w": 100, "duration_s": 300, "length_mm": 60, "diameter_mm": 50},
    ]}
    rng = np.random.default_rng(2)
    sphere = rng.normal(size=(4000, 3))
    sphere /= np.linalg.norm(sphere, axis=1)[:, None]
    axis = np.array([0.0, 0.6, 0.8])
    small = choose_zone(device, 8.0 * sphere, axis, 5.0)
    assert (small.power_w, small.duration_s, small.covers) == (60.0, 300.0, True)
    middle = choose_zone(device, 10.0 * sphere, axis, 5.0)  # needs 30 mm across: half way between the entries
    assert middle.duration_s == pytest.approx(450.0, abs=13.0)
    assert middle.covers
    large = choose_zone(device, 20.0 * sphere, axis, 5.0)
    assert (large.power_w, large.covers) == (100.0, True)
    too_large = choose_zone(device, 30.0 * sphere, axis, 5.0)
    assert (too_large.power_w, too_large.covers) == (100.0, False)
    assert too_large.reserve == pytest.approx(50.0 / 70.0, rel=1e-3)


def test_refusals():
    case = box_case()
    with pytest.raises(PlanError, match="'resection'"):
        propose(case, "resection")
    with pytest.raises(PlanError, match="there are muscle, liver, tumour_1"):
        propose(case, target="tumour_7")
    with pytest.raises(PlanError, match="there are mwa-generic"):
        propose(case, device="none")
    deep = geometry(half_mm=(40.0, 90.0, 300.0))
    masks = base_masks(deep)
    masks["body"] = masks["muscle"] = box(deep, (-290, -1000, -1000), (290, 1000, 1000))
    with pytest.raises(PlanError, match="no skin within"):
        propose(case_of(labels_of(deep, masks)))


def test_a_search_can_be_cancelled():
    class Stopped:
        cancelled = True

        def stage(self, name): ...
        def progress(self, fraction): ...
        def warn(self, message): ...

    with pytest.raises(Cancelled):
        propose(box_case(), monitor=Stopped())
