"""Simulated ice against published ice in gel, to which nothing was fitted."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin import catalog
from anatomy_twin.simulation.thermal import freezing
from tests.support.freezing_boxes import FOREVER, freezing_box

# gel and agar are nearly water (assumed: the papers do not say)
GEL = {"warm_k": 0.6, "warm_c": 4.1e6, "cold_k": 2.2, "cold_c": 1.9e6, "latent": 3.1e8, "ends_c": (0.0, -2.0)}


def ice_widths_mm(times_s, levels_c, *, radius_mm: float, length_mm: float, gel_c: float, **options) -> np.ndarray:
    """Width of the ice across a needle at each time and level, (times, levels), by the area of the middle plane."""
    spacing, count = 1.5, 61
    middle, half = count // 2 * spacing, length_mm / 2.0
    gas = catalog.load("devices")["devices"]["cryo-generic"]["gas"]
    system = freezing_box(
        (count,) * 3, spacing, line=((middle - half, middle, middle), (middle + half, middle, middle)),
        radius_mm=radius_mm, body_c=gel_c, dtype=np.float32,
        phases=(freezing.Phase(0.0, FOREVER, gel_c, gas["needle_c"], gas["time_constant_s"]),), **GEL, **options,
    )
    states = freezing.run(system, times_s[-1], times_s[:-1])
    planes = [np.asarray(state.temperature_c)[count // 2] for state in states]
    return np.array([[2.0 * np.sqrt((plane <= c).sum() / np.pi) * spacing for c in levels_c] for plane in planes])


def test_the_lethal_core_of_a_17_gauge_needle_lies_a_centimetre_within_its_ice():
    # -40 degC about 1 cm within the leading edge of the ice, 17 G needles, gel at body temperature: PMC4850244
    entry = catalog.load("devices")["devices"]["cryo-generic"]
    widths = ice_widths_mm(
        (600.0, 900.0), (0.0, -40.0), radius_mm=entry["shaft_diameter_mm"] / 2.0, length_mm=entry["active_length_mm"],
        gel_c=37.0,
    )
    within = (widths[:, 0] - widths[:, 1]) / 2.0
    assert within == pytest.approx([10.0, 10.0], abs=1.5)
    assert within == pytest.approx(entry["comparison"]["rows"][0]["simulated"], abs=0.3)


def test_the_catalog_states_that_simulated_lethal_ice_is_wider_than_that_of_littrup():
    # agar at 39 degC, 15 min, one needle: -30 degC is 12 mm wide for 2.4 mm, 84 % of that for 1.7 mm: PMC2762356
    row = catalog.load("devices")["devices"]["cryo-generic"]["comparison"]["rows"][1]
    widths = [
        float(ice_widths_mm((900.0,), (-30.0,), radius_mm=radius, length_mm=length, gel_c=39.0)[0, 0])
        for radius, length in ((0.85, 30.0), (1.2, 40.0))
    ]
    assert widths == pytest.approx(row["simulated"], abs=0.3)
    assert row["published"] == [10.1, 12]
    assert min(simulated - published for simulated, published in zip(widths, row["published"], strict=True)) > 5.0


def test_one_film_between_gas_and_wall_explains_the_narrow_ice_of_littrup():
    # chosen for these two rows, as one number
    published = catalog.load("devices")["devices"]["cryo-generic"]["comparison"]["rows"][1]["published"]
    for (radius, length), width in zip(((0.85, 30.0), (1.2, 40.0)), published, strict=True):
        found = ice_widths_mm(
            (900.0,), (0.0, -30.0), radius_mm=radius, length_mm=length, gel_c=39.0, film_w_m2_k=1500.0
        )[0]
        assert found[1] == pytest.approx(width, abs=1.5)
        assert (found[1] / found[0]) ** 2 == pytest.approx(0.13, abs=0.07)  # published for the wider needle
