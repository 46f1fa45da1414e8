"""The freezing solver against closed solutions; the derivations are in README.md beside this file."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scipy import integrate, optimize, special

from anatomy_twin.kernels import freezing as kernel
from anatomy_twin.simulation.thermal import freezing, needles, pipeline
from tests.support.freezing_boxes import COLD_C, COLD_K, LATENT, WARM_C, WARM_K, freezing_box

SHARP_C = (-0.9, -1.1)  # freezing within 0.2 K: nearly the sharp front of the solutions
FRONT_C = -1.0


def neumann_front_mm(time_s: float, wall_c: float, warm_c: float) -> float:
    """Where the front stands that a cold wall sends into warm tissue: Neumann's solution of Stefan's problem."""
    solid, liquid = COLD_K / COLD_C, WARM_K / WARM_C
    down, up = FRONT_C - wall_c, warm_c - FRONT_C

    def balance(x: float) -> float:
        ahead = x * np.sqrt(solid / liquid)
        return float(
            COLD_K * down * np.exp(-x * x) / (special.erf(x) * np.sqrt(np.pi * solid))
            - WARM_K * up * np.exp(-ahead * ahead) / (special.erfc(ahead) * np.sqrt(np.pi * liquid))
            - LATENT * x * np.sqrt(solid)
        )

    return 2e3 * float(optimize.brentq(balance, 1e-3, 2.0)) * np.sqrt(solid * time_s)


def simulated_front_mm(spacing_mm: float, time_s: float, wall_c: float, warm_c: float) -> float:
    """Where the front stands on a grid: by the heat content, which counts partly frozen voxels in part."""
    shape = (round(60.0 / spacing_mm) + 1, 3, 3)
    system = freezing_box(shape, spacing_mm, axes=(0,), ends_c=SHARP_C, body_c=warm_c)
    field = np.full(shape, warm_c)
    field[0] = wall_c
    state = freezing.run(system, time_s, state=freezing.init(system, field))[-1]
    line = np.asarray(state.temperature_c)[:, 1, 1]
    ice = np.clip((SHARP_C[0] - line) / (SHARP_C[0] - SHARP_C[1]), 0.0, 1.0)
    return float(ice[1:].sum() + 0.5) * spacing_mm  # the wall is the middle of voxel 0


def test_a_freezing_front_moves_as_in_neumanns_solution_and_better_on_finer_grids():
    errors = []
    for spacing_mm in (2.0, 1.0, 0.5):
        found = [simulated_front_mm(spacing_mm, time, -100.0, 37.0) for time in (150.0, 300.0, 600.0)]
        exact = [neumann_front_mm(time, -100.0, 37.0) for time in (150.0, 300.0, 600.0)]
        errors.append(float(np.abs(np.subtract(found, exact)).max()))
    assert exact[-1] > 15.0
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.35
    assert errors[2] < 0.15


# needles

RADIUS_MM = 0.735


def across(spacing_mm: float, size_mm: float, off: float = 0.0, **options) -> freezing.FreezingSystem:
    """A box two voxels thick that a needle crosses: heat flows across the needle only. ``off``: voxels off a centre."""
    count = round(size_mm / spacing_mm) + 1
    middle = (count // 2 + off) * spacing_mm
    return freezing_box(
        (4, count, count), spacing_mm, axes=(1, 2), radius_mm=RADIUS_MM,
        line=((0.5 * spacing_mm, middle, middle), (2.5 * spacing_mm, middle, middle)), **options,
    )


def radius_mm(state: freezing.FreezingState, spacing_mm: float, level_c: float) -> float:
    """How far from the needle the temperature is ``level_c``, by the area that is colder."""
    plane = np.asarray(state.temperature_c, np.float64)[1]
    middle = plane.shape[0] // 2
    ray = plane[middle, middle:]
    cold = int(np.flatnonzero(ray <= level_c)[-1])
    return (cold + (level_c - ray[cold]) / (ray[cold + 1] - ray[cold])) * spacing_mm


@pytest.mark.parametrize(("spacing_mm", "off", "tolerance"), [(2.0, 0.0, 0.03), (1.0, 0.0, 0.005), (1.0, 0.5, 0.005)])
def test_a_needle_takes_the_heat_that_a_cylinder_takes_from_perfused_tissue(spacing_mm, off, tolerance):
    rate = 2e-3
    system = across(spacing_mm, 80.0, off, rate_1_s=rate, needle_c=5.0, cold_k=WARM_K, cold_c=WARM_C)
    before, after = freezing.run(system, 1600.0, (1500.0,))
    watts_per_m = (after.taken_j - before.taken_j) / 100.0 / (2.0 * spacing_mm * 1e-3)
    inner = np.sqrt(rate * WARM_C / WARM_K) * RADIUS_MM * 1e-3
    exact = 2.0 * np.pi * WARM_K * (37.0 - 5.0) * inner * special.k1(inner) / special.k0(inner)
    assert watts_per_m == pytest.approx(exact, rel=tolerance)


def test_a_film_between_gas_and_wall_stands_in_series_with_the_tissue():
    rate, film = 2e-3, 500.0
    system = across(1.0, 80.0, rate_1_s=rate, needle_c=5.0, cold_k=WARM_K, cold_c=WARM_C, film_w_m2_k=film)
    before, after = freezing.run(system, 1600.0, (1500.0,))
    watts_per_m = (after.taken_j - before.taken_j) / 100.0 / 2e-3
    inner = np.sqrt(rate * WARM_C / WARM_K) * RADIUS_MM * 1e-3
    tissue = 2.0 * np.pi * WARM_K * inner * special.k1(inner) / special.k0(inner)
    wall = 2.0 * np.pi * RADIUS_MM * 1e-3 * film
    assert watts_per_m == pytest.approx((37.0 - 5.0) / (1.0 / tissue + 1.0 / wall), rel=0.005)


def test_the_grid_takes_from_the_equivalent_radius_what_its_symbol_says():
    # the weighted mean of the five-point Green's function under Gaussian weights, summed over one period in Fourier
    waves = 2.0 * np.pi * np.fft.fftfreq(4096)
    symbol = 2.0 - 2.0 * np.cos(waves)
    for std in (1.0, 1.5, 2.0):
        weights = np.exp(-0.5 * (std * waves[:, None]) ** 2 - 0.5 * (std * waves[None, :]) ** 2) ** 2
        exact = waves[:, None] ** 2 + waves[None, :] ** 2
        grid = symbol[:, None] + symbol[None, :]
        exact[0, 0] = grid[0, 0] = 1.0
        shift = 2.0 * np.pi * float((weights * (1.0 / grid - 1.0 / exact)).mean())
        ratio = needles.equivalent_radius_mm(std, 1.0, np.array([0.0, 0.0, 1.0])) / (kernel.EQUIVALENT_RADIUS * std)
        assert np.log(ratio) == pytest.approx(-shift, abs=0.15 * shift)


def steady_ice_mm(needle_c: float, rate_1_s: float) -> float:
    """Radius at which ice that is not perfused stands still in perfused tissue round a cold cylinder."""
    wave = np.sqrt(rate_1_s * WARM_C / WARM_K) * 1e-3

    def balance(radius: float) -> float:
        x = wave * radius
        inward = COLD_K * (FRONT_C - needle_c) / np.log(radius / RADIUS_MM)
        return float(inward - WARM_K * (37.0 - FRONT_C) * x * special.k1(x) / special.k0(x))

    return float(optimize.brentq(balance, 1.5 * RADIUS_MM, 60.0))


def test_an_ice_ball_in_perfused_tissue_stops_where_conduction_and_blood_are_in_balance():
    rate, needle_c = 0.01, -100.0
    exact, errors = steady_ice_mm(needle_c, rate), []
    for spacing_mm in (2.0, 1.0):
        system = across(spacing_mm, 60.0, rate_1_s=rate, needle_c=needle_c, ends_c=SHARP_C)
        plane = np.asarray(freezing.run(system, 3000.0)[-1].temperature_c)[1]
        ice = np.clip((SHARP_C[0] - plane) / (SHARP_C[0] - SHARP_C[1]), 0.0, 1.0)
        errors.append(abs(np.sqrt(ice.sum() / np.pi) * spacing_mm - exact))
    assert 10.0 < exact < 20.0
    assert errors[1] < 0.3
    assert errors[1] < 0.5 * errors[0]


def cylinder_c(time_s: float, needle_c: float, outer_mm: float = 40.0, step_mm: float = 0.1):
    """Radii (mm) and temperatures round a cold cylinder, by its own finite volumes in rings and LSODA."""
    edges = np.arange(RADIUS_MM, outer_mm + step_mm / 2.0, step_mm) * 1e-3
    centres = 0.5 * (edges[1:] + edges[:-1])
    areas = np.pi * (edges[1:] ** 2 - edges[:-1] ** 2)
    apart = np.concatenate([[centres[0] - edges[0]], np.diff(centres), [edges[-1] - centres[-1]]])
    liquid, solid = -1.0, -8.0
    mushy = 0.5 * (WARM_C + COLD_C) + LATENT / (liquid - solid)
    ends = WARM_C * (liquid - 37.0), WARM_C * (liquid - 37.0) - mushy * (liquid - solid)

    def temperature(heat):
        return np.interp(heat, [ends[1] + COLD_C * -200.0, ends[1], ends[0], 0.0], [solid - 200.0, solid, liquid, 37.0])

    def rate(_, heat):
        celsius = np.concatenate([[needle_c], temperature(heat), [37.0]])
        share = np.clip((liquid - celsius) / (liquid - solid), 0.0, 1.0)
        middle = 0.5 * (share[1:] + share[:-1])
        flow = 2.0 * np.pi * edges * (WARM_K + (COLD_K - WARM_K) * middle) * np.diff(celsius) / apart
        return np.diff(flow) / areas

    found = integrate.solve_ivp(
        rate, (0.0, time_s), np.zeros(centres.size), method="LSODA", lband=1, uband=1, rtol=1e-6, atol=1e2
    )
    return centres * 1e3, temperature(found.y[:, -1])


def test_ice_round_a_needle_grows_as_round_a_resolved_cylinder():
    state = freezing.run(across(1.0, 80.0), 600.0)[-1]
    coarse = freezing.run(across(2.0, 80.0), 600.0)[-1]
    radii, celsius = cylinder_c(600.0, -140.0)
    for level_c in (-1.0, -20.0, -40.0):
        exact = float(np.interp(level_c, celsius, radii))
        assert radius_mm(state, 1.0, level_c) == pytest.approx(exact, abs=0.15)
        assert radius_mm(coarse, 2.0, level_c) == pytest.approx(exact, abs=0.5)


# heat


def test_a_uniform_block_thaws_along_three_exponentials():
    rate, start_c = 0.02, -60.0
    mushy = 0.5 * (WARM_C + COLD_C) + LATENT / 7.0
    solid_s = COLD_C / (rate * WARM_C) * np.log((37.0 - start_c) / (37.0 + 8.0))
    mushy_s = mushy / (rate * WARM_C) * np.log((37.0 + 8.0) / (37.0 + 1.0))
    system = freezing_box((5, 5, 5), 1.0, wall_1_s=rate, axes=(), time_step_s=0.05, longest_step_s=0.05)
    state = freezing.init(system, np.full((5, 5, 5), start_c))
    half_c = 37.0 - (37.0 + 8.0) * np.exp(-0.5 * mushy_s * rate * WARM_C / mushy)
    for time_s, exact in (
        (solid_s, -8.0), (solid_s + 0.5 * mushy_s, half_c), (solid_s + mushy_s, -1.0),
        (solid_s + mushy_s + 50.0, 37.0 - 38.0 * np.exp(-50.0 * rate)),
    ):
        found = freezing.run(system, time_s, state=state)[-1].temperature_c[2, 2, 2]
        assert float(found) == pytest.approx(exact, abs=0.05)  # an error of the first order in the step


@pytest.mark.parametrize("rate", [1.0, 1e3, 1e6])
def test_any_strength_of_blood_is_stable_and_never_warmer_than_the_body(rate):
    for celsius in (-100.0, -8.0, -4.0, 0.0, 30.0):
        system = freezing_box((9, 9, 9), 1.0, rate_1_s=rate, wall_1_s=rate)
        state = freezing.step(system, freezing.init(system, np.full((9, 9, 9), celsius)), 40)
        inner = np.asarray(state.temperature_c)[1:-1, 1:-1, 1:-1]
        assert (inner >= celsius - 1e-9).all()
        assert (inner <= 37.0 + 1e-9).all()


def test_blood_does_not_come_back_where_tissue_was_colder_than_the_limit():
    system = freezing_box((5, 5, 5), 1.0, rate_1_s=0.02, axes=(), stasis_c=-20.0)
    thawed = freezing.init(system, np.full((5, 5, 5), 10.0))
    for coldest_c, warms in ((-19.9, True), (-20.0, False)):
        coldest = np.full((5, 5, 5), coldest_c)
        before = freezing.FreezingState(thawed.heat_j_m3, thawed.temperature_c, coldest, thawed.lethal_s)
        after = freezing.run(system, 60.0, state=before)[-1]
        assert (float(after.temperature_c[2, 2, 2]) > 20.0) == warms
        assert float(after.coldest_c[2, 2, 2]) == coldest_c


def test_frozen_tissue_is_not_perfused():
    system = freezing_box((5, 5, 5), 1.0, rate_1_s=0.02, axes=())
    after = freezing.run(system, 600.0, state=freezing.init(system, np.full((5, 5, 5), -9.0)))[-1]
    assert float(after.temperature_c[2, 2, 2]) == pytest.approx(-9.0)


PROTOCOL = (
    freezing.Phase(0.0, 120.0, 37.0, -140.0, 15.0), freezing.Phase(180.0, 300.0, 0.0, -140.0, 15.0),
    freezing.Phase(300.0, 330.0, -140.0, 20.0, 5.0),
)


def cycle(dtype=np.float64, *, closed=False, rate_1_s=0.0) -> freezing.FreezingSystem:
    """A needle that lies askew in a box of 25 mm: freeze, thaw, freeze, warm by helium."""
    return freezing_box(
        (26, 26, 26), 1.0, closed=closed, rate_1_s=rate_1_s, line=((6.0, 11.0, 9.0), (18.0, 14.5, 16.0)),
        phases=PROTOCOL, stasis_c=-20.0, dtype=dtype,
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_in_a_closed_box_the_heat_that_is_missing_is_the_heat_that_the_needle_took(dtype, tolerance):
    system = cycle(dtype, closed=True)
    states = freezing.run(system, 400.0, (60.0, 120.0, 180.0, 300.0, 330.0))
    for state in states:
        assert freezing.heat_content_j(system, state) == pytest.approx(-state.taken_j, rel=tolerance)
    taken = [state.taken_j for state in states]
    assert taken[0] < taken[1] < taken[3]
    assert taken[2] == pytest.approx(taken[1])
    assert taken[4] < taken[3]  # helium gives heat back
    assert taken[5] == pytest.approx(taken[4])


def test_in_an_open_box_what_the_needle_took_came_from_the_tissue_or_through_the_edge():
    spacing_m, times = 1e-3, np.arange(0.0, 601.0, 4.0)
    system = freezing_box(
        (17, 17, 17), 1.0, line=((6.0, 8.0, 8.0), (10.0, 8.0, 8.0)), phases=(freezing.Phase(0.0, 1e9, 37.0, -140.0),),
        longest_step_s=0.5,
    )
    states = freezing.run(system, 600.0, times)

    def transformed(celsius):
        ice = np.clip((-1.0 - celsius) / 7.0, 0.0, 1.0)
        below = -0.5 * 7.0 * ice**2 + np.minimum(celsius + 8.0, 0.0)
        return WARM_K * (celsius - below) + COLD_K * below

    through = []
    for state in states:
        phi = transformed(np.asarray(state.temperature_c))[1:-1, 1:-1, 1:-1]
        sides = sum(float((transformed(37.0) - np.take(phi, n, axis)).sum()) for axis in range(3) for n in (0, -1))
        through.append(sides * spacing_m)
    inward = float(integrate.simpson(through, x=times))
    assert inward > 0.1 * states[-1].taken_j
    taken = states[-1].taken_j
    assert freezing.heat_content_j(system, states[-1]) == pytest.approx(inward - taken, abs=1e-3 * taken)


def test_float32_and_float64_agree_over_a_cycle_of_freezing_and_thawing():
    single, double = (freezing.run(cycle(dtype, rate_1_s=0.015), 400.0)[-1] for dtype in (np.float32, np.float64))
    assert np.abs(np.asarray(single.coldest_c) - double.coldest_c).max() < 0.02
    assert np.abs(np.asarray(single.temperature_c) - double.temperature_c).max() < 0.02
    assert single.taken_j == pytest.approx(double.taken_j, rel=1e-4)


def test_one_and_two_threads_give_the_same_bits(monkeypatch):
    monkeypatch.setattr(pipeline, "VOXELS_FOR_THREADS", 0)
    before = numba.get_num_threads()
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("numba was started with one thread")
    states = []
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            states.append(freezing.run(cycle(np.float32, rate_1_s=0.015), 200.0)[-1])
    finally:
        numba.set_num_threads(before)
    for name in ("heat_j_m3", "temperature_c", "coldest_c", "lethal_s"):
        assert np.array_equal(getattr(states[0], name), getattr(states[1], name))
    assert states[0].taken_j == states[1].taken_j


def test_time_below_the_lethal_temperature_is_counted():
    system = freezing_box((5, 5, 5), 1.0, wall_1_s=0.02, axes=(), lethal_c=-20.0, time_step_s=0.05, longest_step_s=0.1)
    state = freezing.run(system, 300.0, state=freezing.init(system, np.full((5, 5, 5), -60.0)))[-1]
    exact = COLD_C / (0.02 * WARM_C) * np.log((37.0 + 60.0) / (37.0 + 20.0))
    assert float(state.lethal_s[2, 2, 2]) == pytest.approx(exact, abs=0.2)
