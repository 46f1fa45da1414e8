"""Reaction step of the ten Tusscher-Panfilov 2006 ventricular cell, eight nodes at a time in float32.

Gates by Rush and Larsen from a table over V, which also holds the factors of the currents that depend on V alone;
everything else by explicit Euler. Formulas: ``simulation/electro/models/ten_tusscher.py``, which makes the tables.
What is written differently from there is algebra only:

- the four exponentials of IK1 are powers of t = exp(0.02 (V - EK)): t^3, t^5 and t^25 = exp(0.5 (V - EK)), the last
  scaled by 1e-10 against overflow; V - EK is kept within -60 and 150 mV there; exp(0.0002 x) is a cubic;
- exp(-dt / tau) of the gate fCass, which depends on calcium, is a polynomial: dt / tau is at most dt / 2.
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
    splat,
    store,
    whole,
)

GATES: Final = ("m", "h", "j", "xr1", "xr2", "xs", "r", "s", "d", "f", "f2")  # of V alone, in the order of the table
VARIABLES: Final = (*GATES, "fcass", "ryr", "ca_i", "ca_sr", "ca_ss", "na_i", "k_i")
LOCAL: Final = ("g_na", "g_k1", "g_to", "g_kr", "g_ks", "g_cal", "p_nak", "k_naca")  # may differ from node to node
# columns of the table before the gates' two each (factor of the old value, what is added)
FACTORS: Final = ("cal_of_calcium", "cal_constant", "nak", "naca_of_sodium", "naca_of_calcium", "pk")
CONSTANTS: Final = (
    "v_first", "rows_per_mv", "last_place", "dt", "rt_per_f", "k_level", "na_level", "ca_level", "mix_level", "pk_na",
    "km_na", "g_pca", "k_pca", "g_pk", "g_bna", "g_bca", "v_max_up", "k_up_2", "v_rel", "k1", "k2", "k3", "k4",
    "max_sr", "spread_sr", "ec_2", "v_leak", "v_xfer", "per_volume", "per_volume_2", "per_subspace_2", "vc_per_vss",
    "vsr_per_vss", "vsr_per_vc", "buf_c", "k_buf_c", "buf_sr", "k_buf_sr", "buf_ss", "k_buf_ss",
    "root_k_o", "na_base", "k_base",
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
        v_first, rows_per_mv, last_place, dt, rt_per_f, k_level, na_level, ca_level, mix_level, pk_na,
        km_na, g_pca, k_pca, g_pk, g_bna, g_bca, v_max_up, k_up_2, v_rel, k1, k2, k3, k4,
        max_sr, spread_sr, ec_2, v_leak, v_xfer, per_volume, per_volume_2, per_subspace_2, vc_per_vss,
        vsr_per_vss, vsr_per_vc, buf_c, k_buf_c, buf_sr, k_buf_sr, buf_ss, k_buf_ss,
        root_k_o, na_base, k_base,
    ) = (
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5], constants[6], constants[7],
        constants[8], constants[9], constants[10], constants[11], constants[12], constants[13], constants[14],
        constants[15], constants[16], constants[17], constants[18], constants[19], constants[20], constants[21],
        constants[22], constants[23], constants[24], constants[25], constants[26], constants[27], constants[28],
        constants[29], constants[30], constants[31], constants[32], constants[33], constants[34], constants[35],
        constants[36], constants[37], constants[38], constants[39], constants[40], constants[41], constants[42],
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
            cal_a, cal_b, nak_v, naca_na, naca_ca, pk_v, keep_m, add_m = columns(table, rows, share, 0)
            ca_i, ca_sr = load(state, own + 8 * 13), load(state, own + 8 * 14)
            ca_ss = load(state, own + 8 * 15)
            na_moved, k_moved = load(state, own + 8 * 16), load(state, own + 8 * 17)
            na_i, k_i = na_moved + na_base, k_moved + k_base
            past_k = volt - rt_per_f * (k_level - log(k_i))
            past_na = volt - rt_per_f * (na_level - log(na_i))
            past_ca = volt - (0.5 * rt_per_f) * (ca_level - log(ca_i))
            past_ks = volt - rt_per_f * (mix_level - log(k_i + pk_na * na_i))
            # potassium
            x = lower_of(higher_of(past_k, splat(np.float32(-60.0))), splat(np.float32(150.0)))
            t = exp(0.02 * x)
            t2 = t * t
            t3, t5 = t2 * t, t2 * t2 * t
            tenth = 0.01 * t5
            tenth2 = tenth * tenth
            t25 = tenth2 * tenth2 * tenth
            slow = 0.0002 * x + 0.02
            slow_exp = 3.0 + slow * (3.0 + slow * (1.5 + 0.5 * slow))
            upper = 0.1 * (1e-10 + t25)
            lower = upper + (1.0 + 6.14421235e-6 * t3) * (slow_exp + 0.36787944 * t5) * t25
            i_k1 = load(local, at + 8) * past_k * upper / lower
            xr1, xr2 = load(state, own + 8 * 3), load(state, own + 8 * 4)
            i_kr = (root_k_o * load(local, at + 24)) * xr1 * xr2 * past_k
            xs = load(state, own + 8 * 5)
            i_ks = load(local, at + 32) * xs * xs * past_ks
            r, s = load(state, own + 8 * 6), load(state, own + 8 * 7)
            i_to = load(local, at + 16) * r * s * past_k
            i_pk = g_pk * pk_v * past_k
            # sodium
            m, h, j = load(state, own), load(state, own + 8), load(state, own + 16)
            i_na = load(local, at) * m * m * m * h * j * past_na
            store(state, own, m * keep_m + add_m)
            i_bna = g_bna * past_na
            i_nak = load(local, at + 48) * nak_v * na_i / (na_i + km_na)
            i_naca = load(local, at + 56) * (naca_na * na_i * na_i * na_i - naca_ca * ca_i)
            # calcium
            d, f, f2 = load(state, own + 8 * 8), load(state, own + 8 * 9), load(state, own + 8 * 10)
            fcass = load(state, own + 8 * 11)
            i_cal = load(local, at + 40) * d * f * f2 * fcass * (cal_a * ca_ss - cal_b)
            i_bca = g_bca * past_ca
            i_pca = g_pca * ca_i / (ca_i + k_pca)
            slow_k = i_k1 + i_to + i_kr + i_ks + i_pk
            all_na = i_na + i_bna
            store(v, 8 * block, volt - dt * (slow_k + all_na + i_cal + i_bca + i_nak + i_naca + i_pca))
            store(state, own + 8 * 17, k_moved - (dt * per_volume) * (slow_k - 2.0 * i_nak))
            store(state, own + 8 * 16, na_moved - (dt * per_volume) * (all_na + 3.0 * (i_nak + i_naca)))
            # calcium's stores
            ryr = load(state, own + 8 * 12)
            sr_2 = ca_sr * ca_sr
            k_sr = max_sr - spread_sr * sr_2 / (sr_2 + ec_2)
            store(state, own + 8 * 12, ryr + dt * (k4 - ryr * (k4 + k2 * k_sr * ca_ss)))
            opening = k1 * ca_ss * ca_ss
            released = v_rel * opening * ryr * (ca_sr - ca_ss) / (k3 * k_sr + opening)
            leaked = v_leak * (ca_sr - ca_i)
            ca_2 = ca_i * ca_i
            taken = v_max_up * ca_2 / (ca_2 + k_up_2)
            passed = v_xfer * (ca_ss - ca_i)
            near_sr = (ca_sr + k_buf_sr) * (ca_sr + k_buf_sr)
            into_sr = taken - released - leaked
            store(state, own + 8 * 14, ca_sr + dt * into_sr * near_sr / (near_sr + buf_sr * k_buf_sr))
            near_ss = (ca_ss + k_buf_ss) * (ca_ss + k_buf_ss)
            into_ss = vsr_per_vss * released - vc_per_vss * passed - per_subspace_2 * i_cal
            store(state, own + 8 * 15, ca_ss + dt * into_ss * near_ss / (near_ss + buf_ss * k_buf_ss))
            near_c = (ca_i + k_buf_c) * (ca_i + k_buf_c)
            into_c = passed - per_volume_2 * (i_bca + i_pca - 2.0 * i_naca) - vsr_per_vc * (taken - leaked)
            store(state, own + 8 * 13, ca_i + dt * into_c * near_c / (near_c + buf_c * k_buf_c))
            level = 400.0 * ca_ss * ca_ss
            whole_level = 1.0 / ((1.0 + level) * (82.0 + 2.0 * level))
            steady = 0.4 + 0.6 * (82.0 + 2.0 * level) * whole_level
            y = dt * (1.0 + level) * (1.0 + level) * whole_level
            moved = y * (1.0 - y * (0.5 - y * (1.0 / 6.0 - y * (1.0 / 24.0))))
            store(state, own + 8 * 11, fcass + (steady - fcass) * moved)
            # gates
            keep_h, add_h, keep_j, add_j, keep_a, add_a, keep_b, add_b = columns(table, rows, share, 8)
            store(state, own + 8, h * keep_h + add_h)
            store(state, own + 16, j * keep_j + add_j)
            store(state, own + 24, xr1 * keep_a + add_a)
            store(state, own + 32, xr2 * keep_b + add_b)
            keep_xs, add_xs, keep_r, add_r, keep_s, add_s, keep_d, add_d = columns(table, rows, share, 16)
            store(state, own + 40, xs * keep_xs + add_xs)
            store(state, own + 48, r * keep_r + add_r)
            store(state, own + 56, s * keep_s + add_s)
            store(state, own + 64, d * keep_d + add_d)
            keep_f, add_f, keep_f2, add_f2, _, _, _, _ = columns(table, rows, share, 24)
            store(state, own + 72, f * keep_f + add_f)
            store(state, own + 80, f2 * keep_f2 + add_f2)
