"""Reaction step of the Courtemanche-Ramirez-Nattel 1998 atrial cell, eight nodes at a time in float32.

Gates by Rush and Larsen from a table over V, which also holds the factors of the currents that depend on V alone;
everything else by explicit Euler. Formulas: ``simulation/electro/models/courtemanche.py``, which makes the table.
What is written differently from there is algebra only: release is counted in widths of its sigmoid, whose exponent is
kept below 40 (the gate u then rests at 4e-18 instead of 1e-109), and exp(-dt / tau) of the gate v, whose tau is at
least 1.91 ms, is a polynomial.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit_of_sources
from anatomy_twin.kernels.vectors import (
    add_ints,
    columns,
    exp,
    higher_of,
    load,
    load_ints,
    log,
    lower_of,
    real,
    root,
    splat,
    store,
    whole,
)

GATES: Final = ("m", "h", "j", "oa", "oi", "ua", "ui", "xr", "xs", "d", "f", "w")  # of V alone, as in the table
VARIABLES: Final = (*GATES, "f_ca", "u", "v", "ca_i", "ca_up", "ca_rel", "na_i", "k_i")
LOCAL: Final = ("g_na", "g_k1", "g_to", "g_kur", "g_kr", "g_ks", "g_cal", "p_nak", "k_naca", "p_pca")
FACTORS: Final = ("k1", "kur", "kr", "nak", "naca_of_sodium", "naca_of_calcium")
CONSTANTS: Final = (
    "v_first", "rows_per_mv", "last_place", "dt", "rt_per_f", "k_level", "na_level", "ca_level", "na_base", "k_base",
    "km_na_i", "g_bna", "g_bca", "k_pca", "k_rel", "per_tau_tr", "v_up_max", "k_up", "leak_rate", "per_volume",
    "up_share", "rel_share", "rel_per_up", "trpn", "km_trpn", "cmdn", "km_cmdn", "csqn", "km_csqn",
    "widths_per_release", "widths_per_current", "open_widths", "close_widths", "keep_f_ca", "keep_u", "km_f_ca",
    "cal_reversal",
)
VARIABLE_COUNT: Final = len(VARIABLES)
LOCAL_COUNT: Final = len(LOCAL)


@njit_of_sources(nogil=True, error_model="numpy")
def react(
    v: NDArray[Any], state: NDArray[Any], local: NDArray[Any], first_rows: NDArray[np.int32], table: NDArray[Any],
    constants: NDArray[Any], starts: NDArray[np.int64], length: int,
) -> None:
    """Advance blocks of 8 cells by one step, see ``React`` in ``simulation/electro/models/model.py``.

    ``state`` holds na_i and k_i less their bases.
    """
    (
        v_first, rows_per_mv, last_place, dt, rt_per_f, k_level, na_level, ca_level, na_base, k_base,
        km_na_i, g_bna, g_bca, k_pca, k_rel, per_tau_tr, v_up_max, k_up, leak_rate, per_volume,
        up_share, rel_share, rel_per_up, trpn, km_trpn, cmdn, km_cmdn, csqn, km_csqn,
        widths_per_release, widths_per_current, open_widths, close_widths, keep_f_ca, keep_u, km_f_ca, cal_reversal,
    ) = (
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5], constants[6], constants[7],
        constants[8], constants[9], constants[10], constants[11], constants[12], constants[13], constants[14],
        constants[15], constants[16], constants[17], constants[18], constants[19], constants[20], constants[21],
        constants[22], constants[23], constants[24], constants[25], constants[26], constants[27], constants[28],
        constants[29], constants[30], constants[31], constants[32], constants[33], constants[34], constants[35],
        constants[36],
    )
    local_step = 0 if local.shape[0] == 1 else 8 * LOCAL_COUNT
    kind_step = 0 if first_rows.shape[0] == 1 else 8
    for stretch in range(starts.size):
        for block in range(starts[stretch], starts[stretch] + length):
            own, at, kind = block * (8 * VARIABLE_COUNT), block * local_step, block * kind_step
            volt = load(v, 8 * block)
            place = lower_of(higher_of((volt - v_first) * rows_per_mv, splat(np.float32(0.0))), splat(last_place))
            row = whole(place)
            share = place - real(row)
            rows = add_ints(row, load_ints(first_rows, kind))
            k1, kur, kr, nak, naca_na, naca_ca, keep_m, add_m = columns(table, rows, share, 0)
            ca_i, ca_up = load(state, own + 8 * 15), load(state, own + 8 * 16)
            ca_rel = load(state, own + 8 * 17)
            na_moved, k_moved = load(state, own + 8 * 18), load(state, own + 8 * 19)
            na_i = na_moved + na_base
            past_k = volt - rt_per_f * (k_level - log(k_moved + k_base))
            past_na = volt - rt_per_f * (na_level - log(na_i))
            past_ca = volt - (0.5 * rt_per_f) * (ca_level - log(ca_i))
            # potassium
            i_k1 = load(local, at + 8) * k1 * past_k
            oa, oi = load(state, own + 8 * 3), load(state, own + 8 * 4)
            i_to = load(local, at + 16) * oa * oa * oa * oi * past_k
            ua, ui = load(state, own + 8 * 5), load(state, own + 8 * 6)
            i_kur = load(local, at + 24) * kur * ua * ua * ua * ui * past_k
            xr, xs = load(state, own + 8 * 7), load(state, own + 8 * 8)
            i_kr = load(local, at + 32) * kr * xr * past_k
            i_ks = load(local, at + 40) * xs * xs * past_k
            # sodium
            m, h, j = load(state, own), load(state, own + 8), load(state, own + 16)
            i_na = load(local, at) * m * m * m * h * j * past_na
            store(state, own, m * keep_m + add_m)
            i_bna = g_bna * past_na
            ratio = km_na_i / na_i
            i_nak = load(local, at + 56) * nak / (1.0 + ratio * root(ratio))
            i_naca = load(local, at + 64) * (naca_na * na_i * na_i * na_i - naca_ca * ca_i)
            # calcium
            d, f, f_ca = load(state, own + 8 * 9), load(state, own + 8 * 10), load(state, own + 8 * 12)
            i_cal = load(local, at + 48) * d * f * f_ca * (volt - cal_reversal)
            i_bca = g_bca * past_ca
            i_pca = load(local, at + 72) * ca_i / (ca_i + k_pca)
            all_k = i_k1 + i_to + i_kur + i_kr + i_ks
            all_na = i_na + i_bna
            store(v, 8 * block, volt - dt * (all_k + all_na + i_nak + i_naca + i_cal + i_bca + i_pca))
            store(state, own + 8 * 19, k_moved - (dt * per_volume) * (all_k - 2.0 * i_nak))
            store(state, own + 8 * 18, na_moved - (dt * per_volume) * (all_na + 3.0 * (i_nak + i_naca)))
            # calcium's stores
            u, gate_v, w = load(state, own + 8 * 13), load(state, own + 8 * 14), load(state, own + 8 * 11)
            released = k_rel * u * u * gate_v * w * (ca_rel - ca_i)
            moved_to_rel = per_tau_tr * (ca_up - ca_rel)
            taken = v_up_max * ca_i / (ca_i + k_up)
            leaked = leak_rate * ca_up
            store(state, own + 8 * 16, ca_up + dt * (taken - leaked - rel_per_up * moved_to_rel))
            near_rel = (ca_rel + km_csqn) * (ca_rel + km_csqn)
            into_rel = moved_to_rel - released
            store(state, own + 8 * 17, ca_rel + dt * into_rel * near_rel / (near_rel + csqn * km_csqn))
            near_t, near_c = (ca_i + km_trpn) * (ca_i + km_trpn), (ca_i + km_cmdn) * (ca_i + km_cmdn)
            both = near_t * near_c
            bound = both + (trpn * km_trpn) * near_c + (cmdn * km_cmdn) * near_t
            into = (
                (0.5 * per_volume) * (2.0 * i_naca - i_pca - i_cal - i_bca) + up_share * (leaked - taken)
                + rel_share * released
            )
            store(state, own + 8 * 15, ca_i + dt * into * both / bound)
            # gates of calcium and of release
            store(state, own + 8 * 12, f_ca * keep_f_ca + (1.0 - keep_f_ca) * km_f_ca / (km_f_ca + ca_i))
            widths = widths_per_release * released - widths_per_current * (0.5 * i_cal - 0.2 * i_naca)
            limit = splat(np.float32(40.0))
            opened = 1.0 / (1.0 + exp(lower_of(open_widths - widths, limit)))
            closed = exp(lower_of(close_widths - widths, limit))
            store(state, own + 8 * 13, u * keep_u + (1.0 - keep_u) * opened)
            y = dt / (1.91 + 2.09 * opened)
            share_v = y * (1.0 - y * (0.5 - y * (1.0 / 6.0 - y * (1.0 / 24.0))))
            store(state, own + 8 * 14, gate_v + (closed / (1.0 + closed) - gate_v) * share_v)
            # gates of V
            keep_h, add_h, keep_j, add_j, keep_a, add_a, keep_b, add_b = columns(table, rows, share, 8)
            store(state, own + 8, h * keep_h + add_h)
            store(state, own + 16, j * keep_j + add_j)
            store(state, own + 24, oa * keep_a + add_a)
            store(state, own + 32, oi * keep_b + add_b)
            keep_ua, add_ua, keep_ui, add_ui, keep_xr, add_xr, keep_xs, add_xs = columns(table, rows, share, 16)
            store(state, own + 40, ua * keep_ua + add_ua)
            store(state, own + 48, ui * keep_ui + add_ui)
            store(state, own + 56, xr * keep_xr + add_xr)
            store(state, own + 64, xs * keep_xs + add_xs)
            keep_d, add_d, keep_f, add_f, keep_w, add_w, _, _ = columns(table, rows, share, 24)
            store(state, own + 72, d * keep_d + add_d)
            store(state, own + 80, f * keep_f + add_f)
            store(state, own + 88, w * keep_w + add_w)
