"""Kernels against the published equations in float64; convergence, rest, and places where a formula divides by zero."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.simulation.electro import cell
from anatomy_twin.simulation.electro.cell import Stimulus
from anatomy_twin.simulation.electro.models import FILES, ionic_model
from anatomy_twin.simulation.electro.reaction import advance_exactly

SMALL = ("mitchell_schaeffer_2003", "aliev_panfilov_1996", "fenton_karma_1998", "bueno_orovio_2008")


@pytest.mark.parametrize("name", FILES)
def test_kernels_are_the_published_equations(name):
    """Float32 with tables against the rates in float64, the same steps, over one action potential."""
    model = ionic_model(name)
    dt_ms = 0.05
    options = {"dt_ms": dt_ms, "stimulus": Stimulus(25.0, 2.0)}
    for variant in model.variants[-1:]:
        parameters, start = model.parameters(variant), cell.first_state(model, 1, variant)
        kernel = cell.run_cells(model, parameters, start, 330.0, [[1.0]], **options)
        exact = cell.run_cells(model, parameters, start, 330.0, [[1.0]], exact=True, **options)
        assert np.ptp(exact.v_mv) > 80.0
        difference = np.abs(kernel.v_mv - exact.v_mv)[:, 0]
        assert difference[exact.time_ms > 6.0].max() < 0.02
        assert difference.max() < 0.2  # in the upstroke a microsecond is this much
        np.testing.assert_allclose(kernel.end.y, exact.end.y, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize(("name", "error_ms"), [("ten_tusscher_2006", 0.3), ("courtemanche_1998", 2.0)])
def test_durations_converge_with_the_time_step(name, error_ms):
    """Of first order: half the step, half the error."""
    model = ionic_model(name)
    apd = {
        dt: cell.pace(model, 500.0, 1, dt_ms=dt, stimulus=Stimulus(30.0, 2.0))[1][0].apd_ms
        for dt in (0.08, 0.04, 0.02, 0.005)
    }
    limit = apd[0.005] + (apd[0.005] - apd[0.02]) / 3.0
    errors = [abs(apd[dt] - limit) for dt in (0.08, 0.04, 0.02)]
    assert errors[2] < error_ms
    assert errors[0] > 1.4 * errors[1] > 1.4 * 1.4 * errors[2]


@pytest.mark.parametrize("name", [*SMALL, "courtemanche_1998"])
def test_published_states_of_rest_are_steady(name):
    model = ionic_model(name)
    run = cell.run_cells(model, model.parameters(), cell.first_state(model), 1000.0, [[]], dt_ms=0.05)
    assert np.abs(run.v_mv - run.v_mv[0]).max() < (0.4 if name == "courtemanche_1998" else 1e-3)


def test_equations_are_continuous_where_they_divide_zero_by_zero():
    for name, places in (
        ("ten_tusscher_2006", (15.0,)), ("courtemanche_1998", (-47.13, -14.1, 3.3328, 19.9, -10.0, 7.9)),
    ):
        model = ionic_model(name)
        parameters, (_, y) = model.parameters(), model.initial()
        for place in places:
            v = place + np.array([-1e-3, -1e-9, 0.0, 1e-9, 1e-3])
            rates = model.rates(v, np.repeat(y[:, None], v.size, 1), parameters)
            for values in (rates.current[None], rates.steady, rates.time_constant_ms):
                assert np.isfinite(values).all()
                middle = np.repeat(0.5 * (values[:, :1] + values[:, 4:]), 3, axis=1)
                np.testing.assert_allclose(values[:, 1:4], middle, rtol=1e-5)


def test_one_exact_step_moves_gates_by_their_exact_solution():
    model = ionic_model("ten_tusscher_2006")
    v0, y0 = model.initial()
    parameters, v, y = model.parameters(), np.full(1, v0), y0[:, None].copy()
    rates = model.rates(v, y, parameters)
    advance_exactly(model, 0.5, v, y, parameters)
    assert v[0] == pytest.approx(v0 - 0.5 * rates.current[0])
    expected = rates.steady + (y0[: model.gates, None] - rates.steady) * np.exp(-0.5 / rates.time_constant_ms)
    np.testing.assert_allclose(y[: model.gates], expected)
