"""Ten Tusscher and Panfilov 2006: the human ventricular cell (epicardium, endocardium, M).

Am J Physiol Heart Circ Physiol 2006;291:H1088, doi 10.1152/ajpheart.00109.2006; gates that did not change since the
first model from ten Tusscher et al., ibid. 2004;286:H1573. The time constant of f2 is that of the authors' published
CellML model, on which the community's benchmark (Niederer et al., Phil Trans R Soc A 2011;369:4331) was run. Voltages
in mV, times in ms, concentrations in mM, currents in pA/pF.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.kernels import ionic_ten_tusscher as kernel
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


def gates(v: Numbers, p: Parameters) -> tuple[Numbers, Numbers]:
    """Return steady values and time constants (ms) of the gates that V alone drives, [gate, ...]."""
    low = v < -40.0
    h_rate = np.where(
        low, 0.057 * np.exp(-(v + 80.0) / 6.8) + 2.7 * np.exp(0.079 * v) + 3.1e5 * np.exp(0.3485 * v),
        0.77 / 0.13 * sigmoid(v, -10.66, 11.1),
    )
    j_opening = (-2.5428e4 * np.exp(0.2444 * v) - 6.948e-6 * np.exp(-0.04391 * v)) * (v + 37.78)
    j_opening = j_opening * sigmoid(v, -79.23, -1 / 0.311)
    j_rate = np.where(
        low, j_opening + 0.02424 * np.exp(-0.01052 * v) * sigmoid(v, -40.14, 1 / 0.1378),
        0.6 * np.exp(0.057 * v) * sigmoid(v, -32.0, 10.0),
    )
    h_steady = sigmoid(v, -71.55, -7.43) ** 2
    # the transient outward current of the endocardium recovers slowly
    if p["endocardial"]:
        s_steady, s_tau = sigmoid(v, -28.0, -5.0), 1000.0 * np.exp(-((v + 67.0) ** 2) / 1000.0) + 8.0
    else:
        s_steady = sigmoid(v, -20.0, -5.0)
        s_tau = 85.0 * np.exp(-((v + 45.0) ** 2) / 320.0) + 5.0 * sigmoid(v, 20.0, -5.0) + 3.0
    steady = [
        sigmoid(v, -56.86, 9.03) ** 2, h_steady, h_steady, sigmoid(v, -26.0, 7.0), sigmoid(v, -88.0, -24.0),
        sigmoid(v, -5.0, 14.0), sigmoid(v, 20.0, 6.0), s_steady, sigmoid(v, -8.0, 7.5), sigmoid(v, -20.0, -7.0),
        0.67 * sigmoid(v, -35.0, -7.0) + 0.33,
    ]
    tau = [
        sigmoid(v, -60.0, 5.0) * (0.1 * sigmoid(v, -35.0, -5.0) + 0.1 * sigmoid(v, 50.0, -200.0)),
        1.0 / h_rate,
        1.0 / j_rate,
        450.0 * sigmoid(v, -45.0, 10.0) * 6.0 * sigmoid(v, -30.0, -11.5),
        3.0 * sigmoid(v, -60.0, 20.0) * 1.12 * sigmoid(v, 60.0, -20.0),
        1400.0 * np.sqrt(sigmoid(v, 5.0, 6.0)) * sigmoid(v, 35.0, -15.0) + 80.0,
        9.5 * np.exp(-((v + 40.0) ** 2) / 1800.0) + 0.8,
        s_tau,
        (1.4 * sigmoid(v, -35.0, 13.0) + 0.25) * 1.4 * sigmoid(v, -5.0, -5.0) + sigmoid(v, 50.0, 20.0),
        1102.5 * np.exp(-((v + 27.0) ** 2) / 225.0) + 200.0 * sigmoid(v, 13.0, 10.0)
        + 180.0 * sigmoid(v, -30.0, -10.0) + 20.0,
        562.0 * np.exp(-((v + 27.0) ** 2) / 240.0) + 31.0 * sigmoid(v, 25.0, 10.0) + 80.0 * sigmoid(v, -30.0, -10.0),
    ]
    return np.array(steady), np.array(tau)


def factors(v: Numbers, p: Parameters) -> tuple[Numbers, ...]:
    """Return the factors of the currents that depend on V alone, in the order of the kernel's FACTORS."""
    f_per_rt = p["f"] / (p["r"] * p["temperature_k"])
    x = 2.0 * (v - 15.0) * f_per_rt
    grown = np.where(np.abs(x) < 1e-9, 1.0, x)
    flow = 2.0 * p["f"] * np.where(np.abs(x) < 1e-9, 1.0, grown / np.expm1(grown))
    nak = p["k_o"] / (p["k_o"] + p["km_k"]) / (
        1.0 + 0.1245 * np.exp(-0.1 * v * f_per_rt) + 0.0353 * np.exp(-v * f_per_rt)
    )
    inward = np.exp((p["gamma"] - 1.0) * v * f_per_rt)
    per_all = 1.0 / (
        (p["km_na_i"] ** 3 + p["na_o"] ** 3) * (p["km_ca"] + p["ca_o"]) * (1.0 + p["k_sat"] * inward)
    )
    return (
        flow * 0.25 * np.exp(x), flow * p["ca_o"], nak,
        per_all * np.exp(p["gamma"] * v * f_per_rt) * p["ca_o"], per_all * inward * p["na_o"] ** 3 * p["alpha"],
        sigmoid(v, 25.0, 5.98),
    )


def rates(v: Numbers, y: Numbers, p: Parameters) -> Rates:
    """Return the rates of the cell: V in mV, y [variable, ...] in the order of the kernel's VARIABLES."""
    m, h, j, xr1, xr2, xs, r, s, d, f, f2, fcass, ryr, ca_i, ca_sr, ca_ss, na_i, k_i = y
    rt_per_f = p["r"] * p["temperature_k"] / p["f"]
    cal_a, cal_b, nak, naca_na, naca_ca, pk = factors(v, p)
    e_k, e_na = rt_per_f * np.log(p["k_o"] / k_i), rt_per_f * np.log(p["na_o"] / na_i)
    e_ks = rt_per_f * np.log((p["k_o"] + p["pk_na"] * p["na_o"]) / (k_i + p["pk_na"] * na_i))
    e_ca = 0.5 * rt_per_f * np.log(p["ca_o"] / ca_i)
    a_k1 = 0.1 / (1.0 + np.exp(0.06 * (v - e_k - 200.0)))
    b_k1 = (3.0 * np.exp(0.0002 * (v - e_k + 100.0)) + np.exp(0.1 * (v - e_k - 10.0))) / (
        1.0 + np.exp(-0.5 * (v - e_k))
    )
    i_k1 = p["g_k1"] * a_k1 / (a_k1 + b_k1) * (v - e_k)
    i_kr = p["g_kr"] * np.sqrt(p["k_o"] / 5.4) * xr1 * xr2 * (v - e_k)
    i_ks = p["g_ks"] * xs**2 * (v - e_ks)
    i_to = p["g_to"] * r * s * (v - e_k)
    i_pk = p["g_pk"] * pk * (v - e_k)
    i_na = p["g_na"] * m**3 * h * j * (v - e_na)
    i_bna = p["g_bna"] * (v - e_na)
    i_nak = p["p_nak"] * nak * na_i / (na_i + p["km_na"])
    i_naca = p["k_naca"] * (naca_na * na_i**3 - naca_ca * ca_i)
    i_cal = p["g_cal"] * d * f * f2 * fcass * (cal_a * ca_ss - cal_b)
    i_bca = p["g_bca"] * (v - e_ca)
    i_pca = p["g_pca"] * ca_i / (ca_i + p["k_pca"])
    # calcium's stores
    k_sr = p["max_sr"] - (p["max_sr"] - p["min_sr"]) / (1.0 + (p["ec"] / ca_sr) ** 2)
    opening = p["k1"] / k_sr * ca_ss**2
    released = p["v_rel"] * opening * ryr / (p["k3"] + opening) * (ca_sr - ca_ss)
    leaked = p["v_leak"] * (ca_sr - ca_i)
    taken = p["v_max_up"] / (1.0 + (p["k_up"] / ca_i) ** 2)
    passed = p["v_xfer"] * (ca_ss - ca_i)
    per_volume = p["capacitance"] / (p["v_c"] * p["f"])
    free_c = 1.0 / (1.0 + p["buf_c"] * p["k_buf_c"] / (ca_i + p["k_buf_c"]) ** 2)
    free_sr = 1.0 / (1.0 + p["buf_sr"] * p["k_buf_sr"] / (ca_sr + p["k_buf_sr"]) ** 2)
    free_ss = 1.0 / (1.0 + p["buf_ss"] * p["k_buf_ss"] / (ca_ss + p["k_buf_ss"]) ** 2)
    level = (ca_ss / 0.05) ** 2
    steady, tau = gates(v, p)
    return Rates(
        i_k1 + i_to + i_kr + i_ks + i_pk + i_na + i_bna + i_nak + i_naca + i_cal + i_bca + i_pca,
        np.concatenate((steady, [0.6 / (1.0 + level) + 0.4])),
        np.concatenate((tau, [80.0 / (1.0 + level) + 2.0])),
        np.array([
            p["k4"] * (1.0 - ryr) - p["k2"] * k_sr * ca_ss * ryr,
            free_c * (
                passed - 0.5 * per_volume * (i_bca + i_pca - 2.0 * i_naca) - p["v_sr"] / p["v_c"] * (taken - leaked)
            ),
            free_sr * (taken - released - leaked),
            free_ss * (
                p["v_sr"] / p["v_ss"] * released - p["v_c"] / p["v_ss"] * passed
                - p["capacitance"] / (2.0 * p["v_ss"] * p["f"]) * i_cal
            ),
            -per_volume * (i_na + i_bna + 3.0 * (i_nak + i_naca)),
            -per_volume * (i_k1 + i_to + i_kr + i_ks + i_pk - 2.0 * i_nak),
        ]),
    )


def constants(p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's constants in the order of its CONSTANTS."""
    per_volume, rt_per_f = p["capacitance"] / (p["v_c"] * p["f"]), p["r"] * p["temperature_k"] / p["f"]
    level = BASE_MV / rt_per_f  # reversal potentials from the base on
    found = {
        **p, **table_constants(BASE_MV), "dt": dt_ms,
        "rt_per_f": rt_per_f, "k_level": np.log(p["k_o"]) - level, "na_level": np.log(p["na_o"]) - level,
        "ca_level": np.log(p["ca_o"]) - 2.0 * level, "k_up_2": p["k_up"] ** 2,
        "mix_level": np.log(p["k_o"] + p["pk_na"] * p["na_o"]) - level,
        "spread_sr": p["max_sr"] - p["min_sr"], "ec_2": p["ec"] ** 2, "per_volume": per_volume,
        "per_volume_2": 0.5 * per_volume, "per_subspace_2": p["capacitance"] / (2.0 * p["v_ss"] * p["f"]),
        "vc_per_vss": p["v_c"] / p["v_ss"], "vsr_per_vss": p["v_sr"] / p["v_ss"], "vsr_per_vc": p["v_sr"] / p["v_c"],
        "root_k_o": np.sqrt(p["k_o"] / 5.4), "na_base": NA_BASE, "k_base": K_BASE,
    }
    return np.array([found[name] for name in kernel.CONSTANTS])


def columns(v: Numbers, p: Parameters, dt_ms: float) -> Numbers:
    """Return the kernel's table at some V: the factors, then two columns for each gate, [V, 32]."""
    return table_of([*factors(v, p), *gate_columns(*gates(v, p), dt_ms)])


NA_BASE, K_BASE = 8.6, 137.0
BASE_MV: Final = -85.0
MODEL: Final = IonicModel(
    name="ten_tusscher_2006", variables=kernel.VARIABLES, gates=12, local=kernel.LOCAL, base_mv=BASE_MV, rates=rates,
    constants=constants, react=kernel.react, columns=columns, of_table=("endocardial",),
    bases={"na_i": NA_BASE, "k_i": K_BASE},
)
