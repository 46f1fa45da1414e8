"""Ionic models against independent implementations and published values.

Independent are: Finitewave 0.9.3 with its model packages 0.6.0 (MIT), float64, run at steps of 0.01 ms (ten Tusscher,
Courtemanche), 0.005 ms (Aliev) and 0.002 ms, with two places of its ten Tusscher model put as in the paper (the
denominator of IK1's second rate stands under both exponentials; f2 as named in the catalog); TorchCor 1.0.6 (MIT),
float64 with tables of 0.05 mV, as it is.
"""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.simulation.electro import cell
from anatomy_twin.simulation.electro.cell import Stimulus
from anatomy_twin.simulation.electro.models import ionic_model

BENCHMARK = Stimulus(35.714, 2.0)  # Niederer et al. 2011
# what Finitewave gives at 1 Hz: two beats of rest, peak (mV), upstroke (mV/ms), APD90 (ms), and V at AT_MS of the first
AT_MS = (10.0, 50.0, 100.0, 200.0, 300.0, 400.0)
FINITEWAVE = {
    ("mitchell_schaeffer_2003", "published", 0.005, 11.0, 1.0): (
        [(-80.0, 14.458, 37.28, 283.75), (-80.0, 14.444, 37.17, 283.41)],
        (14.4181, 12.5747, 9.2752, -4.3320, -77.7953, -80.0),
    ),
    ("fenton_karma_1998", "modified_luo_rudy", 0.02, 30.0, 1.0): (
        [(-85.0, 14.994, 133.58, 244.12), (-85.0, 14.994, 133.58, 244.12)],
        (14.9873, 14.4170, 10.2140, -39.8572, -84.8766, -85.0),
    ),
    ("aliev_panfilov_1996", "published", 0.005, 30.0, 1.0): (
        [(-80.0, 19.845, 31.98, 339.56), (-80.0, 18.965, 31.91, 250.15)],
        (-8.4681, 19.7211, 19.2237, 15.9322, -4.6837, -79.9976),
    ),
    ("bueno_orovio_2008", "epicardium", 0.005, 56.0, 1.0): (
        [(-84.0, 42.112, 298.13, 272.40), (-83.912, 42.313, 299.32, 268.92)],
        (6.9502, 23.9904, 17.2479, -9.4551, -83.4956, -83.6072),
    ),
    ("bueno_orovio_2008", "endocardium", 0.005, 56.0, 1.0): (
        [(-84.0, 45.587, 329.12, 277.04), (-83.885, 45.702, 329.79, 262.68)],
        (32.6567, 24.9897, 16.8090, -4.4339, -83.4890, -83.5869),
    ),
    ("ten_tusscher_2006", "epicardium", 0.01, 35.714, 2.0): (
        [(-85.23, 55.39, 357.55, 288.48), (-85.480, 56.83, 375.2, 305.92)],
        (15.645, 23.475, 21.319, 7.477, -81.601, -84.692),
    ),
    ("ten_tusscher_2006", "m_cell", 0.01, 35.714, 2.0): (
        [(-85.23, 55.40, 357.55, 377.63), (-85.461, 56.82, 375.2, 402.70)],
        (15.668, 23.922, 22.969, 16.380, -0.294, -84.351),
    ),
    ("courtemanche_1998", "sinus_rhythm", 0.01, 20.0, 2.0): (
        [(-81.18, 25.382, 218.05, 305.97), (-80.851, 25.309, 217.00, 296.68)],
        (-4.3681, -10.2686, -8.2883, -33.6009, -68.9213, -77.4768),
    ),
}
# conductances that Finitewave rounds
ROUNDED = {
    "courtemanche_1998": dict(g_kr=0.0294, g_ks=0.129, g_cal=0.1238, g_bca=0.00113, g_bna=0.000674, p_nak=0.6),
}


@pytest.mark.parametrize("case", FINITEWAVE, ids=lambda case: f"{case[0]}-{case[1]}")
def test_kernels_agree_with_an_independent_code(case):
    name, variant, dt_ms, strength, duration = case
    beats, at = FINITEWAVE[case]
    model = ionic_model(name)
    parameters = model.parameters(variant, **ROUNDED.get(name, {}))
    run, found = cell.pace(
        model, 1000.0, 2, parameters=parameters, start=cell.first_state(model, 1, variant), dt_ms=dt_ms,
        stimulus=Stimulus(strength, duration),
    )
    for own, (rest, peak, upstroke, apd) in zip(found, beats, strict=True):
        assert own.rest_mv == pytest.approx(rest, abs=0.01)
        assert own.peak_mv == pytest.approx(peak, abs=0.05)
        assert own.upstroke_mv_ms == pytest.approx(upstroke, rel=0.005)
        assert own.apd_ms == pytest.approx(apd, abs=0.25)
    voltages = np.interp(AT_MS, run.time_ms, run.v_mv[:, 0])
    np.testing.assert_allclose(voltages, at, atol=0.05)


@pytest.mark.parametrize(
    ("variant", "apd_ms"), [("epicardium", (288.354, 305.772)), ("endocardium", (287.473, 302.773))]
)
def test_ten_tusscher_agrees_with_a_second_code(variant, apd_ms):
    """TorchCor, dt 0.02 ms. Its endocardium has the epicardial steady state of s, which costs 0.15 ms."""
    model = ionic_model("ten_tusscher_2006")
    found = cell.pace(model, 1000.0, 2, parameters=model.parameters(variant), stimulus=BENCHMARK)[1]
    assert [beat.apd_ms for beat in found] == pytest.approx(apd_ms, abs=0.02 if variant == "epicardium" else 0.2)


@pytest.mark.parametrize(
    ("name", "apd_ms", "rest_mv"),
    [
        ("ten_tusscher_2006", (288.363, 304.828, 303.957), -85.497),
        ("courtemanche_1998", (305.231, 296.130, 296.260), -80.882),
    ],
)
def test_float32_stays_with_float64_over_ten_beats(name, apd_ms, rest_mv):
    """Finitewave at dt 0.02 ms, beats 1, 5 and 10 at 1 Hz: what is slow (potassium) must not be rounded away."""
    model = ionic_model(name)
    parameters, stimulus = model.parameters(**ROUNDED.get(name, {})), {"ten_tusscher_2006": BENCHMARK}.get(name)
    found = cell.pace(model, 1000.0, 10, parameters=parameters, stimulus=stimulus)[1]
    assert [found[beat].apd_ms for beat in (0, 4, 9)] == pytest.approx(apd_ms, abs=0.1)
    assert found[-1].rest_mv == pytest.approx(rest_mv, abs=0.01)


@pytest.mark.parametrize(("variant", "apd_ms"), [("epicardium", 269.0), ("endocardium", 260.0), ("m_cell", 410.0)])
def test_minimal_model_has_its_published_durations(variant, apd_ms):
    """Table 2 of the paper, at 1 Hz, measured there in tissue."""
    model = ionic_model("bueno_orovio_2008")
    found = cell.pace(model, 1000.0, 6, parameters=model.parameters(variant))[1]
    assert found[-1].apd_ms == pytest.approx(apd_ms, abs=5.0)


def test_mitchell_schaeffer_lasts_as_its_asymptotic_formula_says():
    """A rested cell: tau_close ln(1 / h_min), h_min = 4 tau_in / tau_out, for fast currents (paper).

    The formula counts from the upstroke until the fall begins; the smaller both time constants, the sharper both are.
    """
    model = ionic_model("mitchell_schaeffer_2003")
    errors = []
    for scale in (0.3, 0.1, 0.03):
        p = model.parameters(tau_in=0.3 * scale, tau_out=6.0 * scale)
        run, (beat,) = cell.pace(model, 600.0, 1, parameters=p, dt_ms=0.005)
        until_fall = run.time_ms[np.flatnonzero(run.v_mv[:, 0] > p["rest_mv"] + 0.4 * p["range_mv"])[-1]]
        expected = p["tau_close"] * np.log(p["tau_out"] / (4.0 * p["tau_in"]))
        errors.append(abs(until_fall - beat.activation_ms - expected) / expected)
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.03


def test_mitchell_schaeffer_restitution_is_the_published_curve():
    """tau_close ln(h / h_min) with h = 1 - (1 - h_min) exp(-rest / tau_open), beside that of a long rest (paper)."""
    model = ionic_model("mitchell_schaeffer_2003")
    p = model.parameters(tau_in=0.03, tau_out=0.6)
    curve = cell.restitution_s1s2(
        model, [390.0, 420.0, 450.0, 500.0, 600.0, 1500.0], cycle_length_ms=1500.0, beats=1, parameters=p, dt_ms=0.01
    )
    lowest = 4.0 * p["tau_in"] / p["tau_out"]
    recovered = 1.0 - (1.0 - lowest) * np.exp(-curve.diastolic_ms / p["tau_open"])
    shorter = p["tau_close"] * np.log(recovered[:-1] / recovered[-1])
    np.testing.assert_allclose(curve.apd_ms[:-1] - curve.apd_ms[-1], shorter, atol=4.0)
