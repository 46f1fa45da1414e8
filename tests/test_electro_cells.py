"""Cells arranged for their kernels, paced, under drugs; what is refused, by name."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.core import Monitor
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import cell, drugs
from anatomy_twin.simulation.electro.cell import CellState, Stimulus
from anatomy_twin.simulation.electro.models import FILES, ionic_model
from anatomy_twin.simulation.electro.reaction import (
    advance,
    advance_exactly,
    arrange,
    initial_state,
    packed,
    refuse_unfinite,
    unpacked,
)

TEN_TUSSCHER = ionic_model("ten_tusscher_2006")
MITCHELL = ionic_model("mitchell_schaeffer_2003")


def test_each_node_has_its_own_kind_and_conductances_in_one_vector():
    """Epicardium, endocardium and M side by side, with fibrosis, against float64 of each node alone."""
    rng = np.random.default_rng(3)
    count, dt_ms = 21, 0.05
    kinds = [TEN_TUSSCHER.parameters(variant) for variant in TEN_TUSSCHER.variants]
    which = np.arange(count) % 3
    scales = {"g_na": rng.uniform(0.6, 1.0, count), "g_cal": rng.uniform(0.5, 1.0, count)}
    reaction = arrange(TEN_TUSSCHER, dt_ms, kinds, count, kind_of_node=which, scales=scales)
    v, state = initial_state(TEN_TUSSCHER, count)
    exact_v, exact_y = np.full(count, TEN_TUSSCHER.initial()[0]), unpacked(TEN_TUSSCHER, state, count)
    for step in range(1200):
        advance(reaction, v, state)
        for kind, parameters in enumerate(kinds):
            mine = which == kind
            own_v, own_y = exact_v[mine], exact_y[:, mine]
            own = {**parameters, **{name: parameters[name] * scale[mine] for name, scale in scales.items()}}
            advance_exactly(TEN_TUSSCHER, dt_ms, own_v, own_y, own)
            exact_v[mine], exact_y[:, mine] = own_v, own_y
        if step < 40:
            v += np.float32(26.0 * dt_ms)
            exact_v += 26.0 * dt_ms
    difference = v[:count] + TEN_TUSSCHER.base_mv - exact_v
    assert np.ptp(exact_v) > 5.0  # they do differ
    assert np.abs(difference).max() < 0.005


def test_nodes_that_are_alike_share_one_vector_of_parameters():
    alike = arrange(TEN_TUSSCHER, 0.02, [TEN_TUSSCHER.parameters()], 100)
    assert alike.local.shape[0] == 1 and alike.first_rows.shape == (1, 8) and alike.blocks == 13
    patchy = arrange(TEN_TUSSCHER, 0.02, [TEN_TUSSCHER.parameters()], 100, scales={"g_na": np.linspace(0.5, 1.0, 100)})
    assert patchy.local.shape[0] == 13 and patchy.first_rows.shape == (1, 8)


@pytest.mark.parametrize("name", FILES)
def test_stretches_of_blocks_advance_alone(name):
    """Tiles that rest are left out: only the named blocks move, and as they do in a step of all."""
    model = ionic_model(name)
    reaction = arrange(model, 0.02, [model.parameters()], 80)
    v, state = initial_state(model, 80)
    v += np.linspace(0.0, 60.0, 80, dtype=np.float32)
    all_v, all_state, some_v, some_state = v.copy(), state.copy(), v.copy(), state.copy()
    advance(reaction, all_v, all_state)
    advance(reaction, some_v, some_state, np.array([2, 6]), 2)
    moved = np.zeros(10, dtype=bool)
    moved[[2, 3, 6, 7]] = True
    np.testing.assert_array_equal(some_state[moved], all_state[moved])
    np.testing.assert_array_equal(some_state[~moved], state[~moved])
    np.testing.assert_array_equal(some_v.reshape(10, 8)[moved], all_v.reshape(10, 8)[moved])
    np.testing.assert_array_equal(some_v.reshape(10, 8)[~moved], v.reshape(10, 8)[~moved])


def test_packing_keeps_what_float32_can():
    y = np.repeat(TEN_TUSSCHER.initial()[1][:, None], 11, 1)
    y[-1] += np.linspace(0.0, 1e-5, 11)  # potassium: lost in a float32 of 137
    np.testing.assert_allclose(unpacked(TEN_TUSSCHER, packed(TEN_TUSSCHER, y), 11)[-1], y[-1], atol=1e-8)


@pytest.mark.parametrize("name", FILES)
def test_a_voltage_that_is_no_number_is_stopped_by_node_and_step(name):
    model = ionic_model(name)
    reaction = arrange(model, 0.02, [model.parameters()], 40)
    v, state = initial_state(model, 40)
    state[2, 0, 5] = np.nan
    v += np.float32(45.0)
    advance(reaction, v, state)
    with pytest.raises(SimulationError, match=r"node 21 is nan mV at step 7 \(0.14 ms\)"):
        refuse_unfinite(v, 0.14, 7, 40)
    assert np.isfinite(v).sum() == 39


@pytest.mark.parametrize("exact", [False, True])
def test_a_cell_that_goes_wrong_is_stopped(exact):
    start = cell.first_state(MITCHELL, 2)
    wrong = CellState(np.array([-80.0, np.nan]), start.y)
    with pytest.raises(SimulationError, match="node 1 is nan mV at step 0"):
        cell.run_cells(MITCHELL, MITCHELL.parameters(), wrong, 10.0, [[], []], exact=exact)
    with pytest.raises(SimulationError, match="shorter time step"):
        cell.pace(MITCHELL, 500.0, 1, dt_ms=5.0, exact=exact, stimulus=Stimulus(40.0, 5.0))


@pytest.mark.parametrize("name", FILES)
def test_restitution_rises_with_the_rest_before(name):
    model = ionic_model(name)
    intervals = [320.0, 340.0, 360.0, 400.0, 450.0, 500.0, 600.0, 800.0]
    curve = cell.restitution_s1s2(model, intervals, cycle_length_ms=500.0, beats=3, dt_ms=0.05)
    answered = np.isfinite(curve.apd_ms) & (curve.diastolic_ms > 0.0)
    assert answered[-4:].all()
    assert (np.diff(curve.apd_ms[answered]) > 0.0).all()
    slopes = np.diff(curve.apd_ms[answered]) / np.diff(curve.diastolic_ms[answered])
    assert slopes[0] > slopes[-1]  # steep first, flat at long rests
    late = (curve.diastolic_ms + curve.before_ms - curve.interval_ms)[answered]
    assert late.min() > -4.0 and late.max() < 20.0  # an early answer rises late
    assert late[-1] < 4.0


def test_a_stimulus_into_the_plateau_is_not_answered():
    curve = cell.restitution_s1s2(TEN_TUSSCHER, [150.0, 200.0, 600.0], cycle_length_ms=600.0, beats=2, dt_ms=0.05)
    assert np.isnan(curve.apd_ms[:2]).all() and np.isfinite(curve.apd_ms[2])


def test_dynamic_restitution_shortens_with_the_cycle():
    curve = cell.restitution_dynamic(TEN_TUSSCHER, [350.0, 500.0, 1000.0], beats=4, dt_ms=0.05)
    assert (np.diff(curve.apd_ms) > 20.0).all()
    np.testing.assert_allclose(curve.diastolic_ms + curve.before_ms, curve.interval_ms, atol=4.0)


def test_a_run_can_be_stopped():
    class Stop(Exception):
        pass

    class Stopping(Monitor):
        def progress(self, fraction: float) -> None:
            if fraction > 0.5:
                raise Stop

    with pytest.raises(Stop):
        cell.pace(MITCHELL, 300.0, 1, dt_ms=0.1, monitor=Stopping())


def test_remodelled_atrium_is_short_and_fibrosis_slows_its_upstroke():
    model = ionic_model("courtemanche_1998")
    healthy, remodelled, fibrotic = (
        cell.pace(model, 500.0, 3, parameters=model.parameters(variant), dt_ms=0.05)[1][-1]
        for variant in ("sinus_rhythm", "fibrillation", "fibrillation_fibrotic")
    )
    assert 0.35 < remodelled.apd_ms / healthy.apd_ms < 0.7
    assert remodelled.rest_mv < healthy.rest_mv - 2.0
    assert fibrotic.upstroke_mv_ms < 0.75 * remodelled.upstroke_mv_ms


def test_half_of_a_current_is_left_at_its_ic50():
    for name, facts in catalog.load("drugs")["drugs"].items():
        for channel, curve in facts["channels"].items():
            assert drugs.remaining(name, curve["ic50_nm"])[channel] == pytest.approx(0.5)
        assert set(drugs.remaining(name, 0.0).values()) == {1.0}
        assert facts["source"] and isinstance(facts["assumed"], list)


def test_drugs_do_to_an_action_potential_what_their_class_says():
    """Dofetilide (IKr) prolongs it, verapamil (ICaL) lowers the plateau, flecainide (INa) slows the upstroke."""
    plain = TEN_TUSSCHER.parameters()

    def beat(parameters):
        run, found = cell.pace(TEN_TUSSCHER, 1000.0, 2, parameters=parameters, dt_ms=0.05)
        return found[-1], run.v_mv[round(1150.0 / 0.05), 0]

    (control, plateau), (longer, _) = beat(plain), beat(drugs.blocked(TEN_TUSSCHER, plain, "dofetilide"))
    assert longer.apd_ms > control.apd_ms + 10.0
    assert beat(drugs.blocked(TEN_TUSSCHER, plain, "verapamil"))[1] < plateau - 1.0
    slower = beat(drugs.blocked(TEN_TUSSCHER, plain, "flecainide", 5000.0))[0]
    assert slower.upstroke_mv_ms < 0.8 * control.upstroke_mv_ms
    assert dict(drugs.blocked(TEN_TUSSCHER, plain, "amiodarone", 0.0)) == dict(plain)


def test_drugs_that_cannot_be_reckoned_are_refused():
    with pytest.raises(SimulationError, match="no drug 'aspirin'"):
        drugs.remaining("aspirin", 1.0)
    with pytest.raises(SimulationError, match="none of the channels"):
        drugs.blocked(MITCHELL, MITCHELL.parameters(), "amiodarone")
    with pytest.raises(SimulationError, match=r"-1\.0 nM"):
        drugs.remaining("sotalol", -1.0)
    assert drugs.ignored(TEN_TUSSCHER, "ranolazine") == ("na_late",)


def test_parameters_that_make_no_sense_are_refused():
    plain, bad = TEN_TUSSCHER.parameters(), np.where(np.arange(9) == 3, -1.0, 1.0)
    one, two = cell.first_state(MITCHELL), cell.first_state(MITCHELL, 2)
    for what, call in {
        "no parameter 'g_kur'": lambda: TEN_TUSSCHER.parameters(g_kur=1.0),
        "no kind of cell 'atrium'": lambda: TEN_TUSSCHER.parameters("atrium"),
        "is nan": lambda: TEN_TUSSCHER.parameters(g_na=float("nan")),
        "unknown ionic model 'luo'": lambda: ionic_model("luo"),
        "a time step of 0": lambda: arrange(TEN_TUSSCHER, 0.0, [plain]),
        "differ in k_o": lambda: arrange(TEN_TUSSCHER, 0.02, [plain, TEN_TUSSCHER.parameters(k_o=8.0)]),
        "0 nodes": lambda: arrange(TEN_TUSSCHER, 0.02, [plain], 0),
        "no kind of cell is given": lambda: arrange(TEN_TUSSCHER, 0.02, []),
        "from 0 to 0": lambda: arrange(TEN_TUSSCHER, 0.02, [plain], 9, kind_of_node=np.ones(9)),
        "'k_up' cannot differ": lambda: arrange(TEN_TUSSCHER, 0.02, [plain], 9, scales={"k_up": np.ones(9)}),
        "there are 9 nodes": lambda: arrange(TEN_TUSSCHER, 0.02, [plain], 9, scales={"g_na": np.ones(8)}),
        "node 3": lambda: arrange(TEN_TUSSCHER, 0.02, [plain], 9, scales={"g_na": bad}),
        "a stimulus at -5.0 ms": lambda: cell.run_cells(MITCHELL, MITCHELL.parameters(), one, 9.0, [[-5.0]]),
        "2 cells and 1 sequences": lambda: cell.run_cells(MITCHELL, MITCHELL.parameters(), two, 9.0, [[]]),
    }.items():
        with pytest.raises(SimulationError, match=what):
            call()


def test_every_model_says_where_its_numbers_are_from():
    for name in FILES:
        model = ionic_model(name)
        facts = model.facts
        assert facts["source"] and facts["initial_source"]
        known = {*facts["parameters"], "stimulus"}
        assert set(facts["assumed"]) <= known
        assert facts["stimulus"].get("source") or "stimulus" in facts["assumed"]
        assert set(model.local) | set(model.of_table) <= set(facts["parameters"])
        for variant, entry in facts["variants"].items():
            assert set(entry.get("parameters", {})) | set(entry.get("scales", {})) <= set(facts["parameters"])
            assert model.parameters(variant)
            assert not entry.get("scales") or entry["source"]
