"""Courtemanche, Ramirez and Nattel 1998: the human atrial cell, with sets of parameters for fibrillation.

Am J Physiol Heart Circ Physiol 1998;275:H301, doi 10.1152/ajpheart.1998.275.1.H301. Voltages in mV, times in ms,
concentrations in mM, currents in pA/pF, volumes in um3.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.kernels import ionic_courtemanche as kernel
from anatomy_twin.simulation.electro.models.model import (
    IonicModel,
    Numbers,
    Parameters,
    Rates,
    gate_columns,
    sigmoid,
    table_constants,
    table_of,
)

RELEASE_WIDTH: Final = 13.67e-16  # of the sigmoids of release, in the paper's units of flux
OPEN_AT, CLOSE_AT = 3.4175e-13, 6.835e-14
U_TAU_MS, F_CA_TAU_MS = 8.0, 2.0


def over_expm1(x: Numbers) -> Numbers:
    """Return x / (exp(x) - 1), 1 at 0."""
    near = np.abs(x) < 1e-7
    safe = np.where(near, 1.0, x)
    result: Numbers = np.where(near, 1.0 - 0.5 * x, safe / np.expm1(safe))
    return result


def gates(v: Numbers, p: Parameters) -> tuple[Numbers, Numbers]:
    """Return steady values and time constants (ms) of the gates that V alone drives, [gate, ...]."""
    low = v < -40.0
    m_on, m_off = 3.2 * over_expm1(-0.1 * (v + 47.13)), 0.08 * np.exp(-v / 11.0)
    h_on = np.where(low, 0.135 * np.exp(-(v + 80.0) / 6.8), 0.0)
    h_off = np.where(low, 3.56 * np.exp(0.079 * v) + 3.1e5 * np.exp(0.35 * v), sigmoid(v, -10.66, 11.1) / 0.13)
    j_on = np.where(
        low, (-127140.0 * np.exp(0.2444 * v) - 3.474e-5 * np.exp(-0.04391 * v)) * (v + 37.78)
        * sigmoid(v, -79.23, -1 / 0.311), 0.0,
    )
    j_off = np.where(
        low, 0.1212 * np.exp(-0.01052 * v) * sigmoid(v, -40.14, 1 / 0.1378),
        0.3 * np.exp(-2.535e-7 * v) * sigmoid(v, -32.0, 10.0),
    )
    a_on = 0.65 / (np.exp(-(v + 10.0) / 8.5) + np.exp(-(v - 30.0) / 59.0))
    a_off = 0.65 / (2.5 + np.exp((v + 82.0) / 17.0))
    a_tau = 1.0 / (a_on + a_off) / p["q10"]
    oi_tau = 1.0 / (
        1.0 / (18.53 + np.exp((v + 113.7) / 10.95)) + 1.0 / (35.56 + np.exp(-(v + 1.26) / 7.44))
    ) / p["q10"]
    ui_tau = 1.0 / (1.0 / (21.0 + np.exp(-(v - 185.0) / 28.0)) + np.exp((v - 158.0) / 16.0)) / p["q10"]
    xr_rate = 0.0015 * over_expm1(-(v + 14.1) / 5.0) + 7.3898e-5 * 5.1237 * over_expm1((v - 3.3328) / 5.1237)
    xs_rate = 4e-5 * 17.0 * over_expm1(-(v - 19.9) / 17.0) + 3.5e-5 * 9.0 * over_expm1((v - 19.9) / 9.0)
    past_d, past_w = (v + 10.0) / 6.24, (v - 7.9) / 5.0
    steady = [
        m_on / (m_on + m_off), h_on / (h_on + h_off), j_on / (j_on + j_off), sigmoid(v, -20.47, 17.54),
        sigmoid(v, -43.1, -5.3), sigmoid(v, -30.3, 9.6), sigmoid(v, 99.45, -27.48), sigmoid(v, -14.1, 6.5),
        np.sqrt(sigmoid(v, 19.9, 12.7)), sigmoid(v, -10.0, 8.0), sigmoid(v, -28.0, -6.9), sigmoid(v, 40.0, -17.0),
    ]
    tau = [
        1.0 / (m_on + m_off), 1.0 / (h_on + h_off), 1.0 / (j_on + j_off), a_tau, oi_tau, a_tau, ui_tau, 1.0 / xr_rate,
        0.5 / xs_rate,
        1.0 / (0.035 * 6.24 * over_expm1(-past_d) * (1.0 + np.exp(-past_d))),
        9.0 / (0.0197 * np.exp(-((0.0337 * (v + 10.0)) ** 2)) + 0.02),
        6.0 / (5.0 * over_expm1(-past_w) * (1.0 + 0.3 * np.exp(-past_w))),
    ]
    return np.array(steady), np.array(tau)


def factors(v: Numbers, p: Parameters) -> tuple[Numbers, ...]:
    """Return the factors of the currents that depend on V alone, in the order of the kernel's FACTORS."""
    f_per_rt = p["f"] / (p["r"] * p["temperature_k"])
    sigma = np.expm1(p["na_o"] / 67.3) / 7.0
    nak = p["k_o"] / (p["k_o"] + p["km_k_o"]) / (
        1.0 + 0.1245 * np.exp(-0.1 * v * f_per_rt) + 0.0365 * sigma * np.exp(-v * f_per_rt)
    )
    inward = np.exp((p["gamma"] - 1.0) * v * f_per_rt)
    per_all = 1.0 / ((p["km_na"] ** 3 + p["na_o"] ** 3) * (p["km_ca"] + p["ca_o"]) * (1.0 + p["k_sat"] * inward))
    return (
        1.0 / (1.0 + np.exp(0.07 * (v + 80.0))), 0.005 + 0.05 * sigmoid(v, 15.0, 13.0), sigmoid(v, -15.0, -22.4), nak,
        per_all * np.exp(p["gamma"] * v * f_per_rt) * p["ca_o"], per_all * inward * p["na_o"] ** 3,
    )


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [variable, ...] in the order of the kernel's VARIABLES."""
    m, h, j, oa, oi, ua, ui, xr, xs, d, f, w, f_ca, u, gate_v, ca_i, ca_up, ca_rel, na_i, k_i = y
    rt_per_f = p["r"] * p["temperature_k"] / p["f"]
    k1, kur, kr, nak, naca_na, naca_ca = factors(v, p)
    past_k, past_na = v - rt_per_f * np.log(p["k_o"] / k_i), v - rt_per_f * np.log(p["na_o"] / na_i)
    past_ca = v - 0.5 * rt_per_f * np.log(p["ca_o"] / ca_i)
    i_k1, i_to = p["g_k1"] * k1 * past_k, p["g_to"] * oa**3 * oi * past_k
    i_kur, i_kr = p["g_kur"] * kur * ua**3 * ui * past_k, p["g_kr"] * kr * xr * past_k
    i_ks = p["g_ks"] * xs**2 * past_k
    i_na, i_bna = p["g_na"] * m**3 * h * j * past_na, p["g_bna"] * past_na
    i_nak = p["p_nak"] * nak / (1.0 + (p["km_na_i"] / na_i) ** 1.5)
    i_naca = p["k_naca"] * (naca_na * na_i**3 - naca_ca * ca_i)
    i_cal, i_bca = p["g_cal"] * d * f * f_ca * (v - p["e_cal"]), p["g_bca"] * past_ca
    i_pca = p["p_pca"] * ca_i / (ca_i + p["k_pca"])
    # calcium's stores
    released = p["k_rel"] * u**2 * gate_v * w * (ca_rel - ca_i)
    moved_to_rel = (ca_up - ca_rel) / p["tau_tr"]
    taken, leaked = p["v_up_max"] / (1.0 + p["k_up"] / ca_i), p["v_up_max"] * ca_up / p["ca_up_max"]
    flux = 1e-12 * p["v_rel"] * released - 5e-13 * p["capacitance"] / p["f"] * (0.5 * i_cal - 0.2 * i_naca)
    opened = 1.0 / (1.0 + np.exp((OPEN_AT - flux) / RELEASE_WIDTH))
    closed = 1.0 - 1.0 / (1.0 + np.exp((CLOSE_AT - flux) / RELEASE_WIDTH))
    per_volume = p["capacitance"] / (p["f"] * p["v_i"])
    into = (
        0.5 * per_volume * (2.0 * i_naca - i_pca - i_cal - i_bca)
        + (p["v_up"] * (leaked - taken) + p["v_rel"] * released) / p["v_i"]
    )
    free = 1.0 + p["trpn"] * p["km_trpn"] / (ca_i + p["km_trpn"]) ** 2
    free = free + p["cmdn"] * p["km_cmdn"] / (ca_i + p["km_cmdn"]) ** 2
    steady, tau = gates(v, p)
    return Rates(
        i_k1 + i_to + i_kur + i_kr + i_ks + i_na + i_bna + i_nak + i_naca + i_cal + i_bca + i_pca,
        np.concatenate((steady, [1.0 / (1.0 + ca_i / p["km_f_ca"]), opened, closed])),
        np.concatenate((tau, [np.full_like(v, F_CA_TAU_MS), np.full_like(v, U_TAU_MS), 1.91 + 2.09 * opened])),
        np.array([
            into / free,
            taken - leaked - moved_to_rel * p["v_rel"] / p["v_up"],
            (moved_to_rel - released) / (1.0 + p["csqn"] * p["km_csqn"] / (ca_rel + p["km_csqn"]) ** 2),
            -per_volume * (i_na + i_bna + 3.0 * (i_nak + i_naca)),
            -per_volume * (i_k1 + i_to + i_kur + i_kr + i_ks - 2.0 * i_nak),
        ]),
    )


def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    rt_per_f = p["r"] * p["temperature_k"] / p["f"]
    level = BASE_MV / rt_per_f  # reversal potentials from the base on
    found = {
        **p, **table_constants(BASE_MV), "dt": dt_ms,
        "rt_per_f": rt_per_f, "k_level": np.log(p["k_o"]) - level, "na_level": np.log(p["na_o"]) - level,
        "ca_level": np.log(p["ca_o"]) - 2.0 * level, "na_base": NA_BASE, "k_base": K_BASE,
        "per_tau_tr": 1.0 / p["tau_tr"],
        "leak_rate": p["v_up_max"] / p["ca_up_max"], "per_volume": p["capacitance"] / (p["f"] * p["v_i"]),
        "up_share": p["v_up"] / p["v_i"], "rel_share": p["v_rel"] / p["v_i"], "rel_per_up": p["v_rel"] / p["v_up"],
        "widths_per_release": 1e-12 * p["v_rel"] / RELEASE_WIDTH,
        "widths_per_current": 5e-13 * p["capacitance"] / p["f"] / RELEASE_WIDTH,
        "open_widths": OPEN_AT / RELEASE_WIDTH, "close_widths": CLOSE_AT / RELEASE_WIDTH,
        "keep_f_ca": np.exp(-dt_ms / F_CA_TAU_MS), "keep_u": np.exp(-dt_ms / U_TAU_MS),
        "cal_reversal": p["e_cal"] - BASE_MV,
    }
    return np.array([found[name] for name in kernel.CONSTANTS])


def columns(v: Numbers, p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's table at some V: the factors, then two columns for each gate, [V, 32]."""
    return table_of([*factors(v, p), *gate_columns(*gates(v, p), dt_ms)])


NA_BASE, K_BASE = 11.2, 139.0
BASE_MV: Final = -81.0
MODEL: Final = IonicModel(
    name="courtemanche_1998", variables=kernel.VARIABLES, gates=15, local=kernel.LOCAL, base_mv=BASE_MV, rates=rates,
    constants=constants, react=kernel.react, columns=columns,
    bases={"na_i": NA_BASE, "k_i": K_BASE},
)
