"""What heat did over time, by what the verdict of a result goes by: 1 is always the limit of what is dead."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import ThermalResult
from anatomy_twin.rehearsal.scene import FieldSeries

LEVELS: Final = (1.0, 4.6)
RANGE: Final = (0.0, 4.6)
EDGES_C: Final = (50.0, 60.0)
PER_K: Final = 20.0  # ten times the damage with every 20 K, so that its logarithm is near linear in space
_KEPT: Final[WeakKeyDictionary[ThermalResult, FieldSeries]] = WeakKeyDictionary()


def damage_series(result: ThermalResult) -> FieldSeries:
    """Return the damage of a result of heat at its moments: at the end it is 1 at the border of the zone.

    The Arrhenius integral as it was stored; of an isotherm ten times more with every 20 K of the highest temperature so
    far; of a thermal dose its share of the limit, between the moments with the temperature straight from one to the
    next (only the last one was stored). Kept as long as the result.
    """
    if result not in _KEPT:
        _KEPT[result] = _made(result)
    return _KEPT[result]


def _made(result: ThermalResult) -> FieldSeries:
    if np.array_equal(result.omega[-1] >= 1.0, result.coagulated):
        return FieldSeries("damage", "Arrhenius damage integral", "", result.omega, result.times_s, result.geometry,
                           RANGE, LEVELS)  # fmt: skip
    edge = _edge_c(result)
    if edge is not None:
        label, values = f"Hottest so far (1 at {edge:g} \N{DEGREE SIGN}C)", _above(result, edge)
    else:
        label, values = "Thermal dose (1 at the limit)", _dose_shares(result)
    return FieldSeries("damage", label, "", values, result.times_s, result.geometry, RANGE, LEVELS[:1], by_limit=True)


def _edge_c(result: ThermalResult) -> float | None:
    """Return the isotherm that a result's zone goes by, None where it does by none."""
    hottest = result.hottest_c
    if hottest is None:
        return None
    return next((edge for edge in EDGES_C if np.array_equal(hottest >= edge, result.coagulated)), None)


def _above(result: ThermalResult, edge_c: float) -> NDArray[np.float32]:
    so_far = np.maximum.accumulate(np.asarray(result.temperature_c), axis=0)
    if result.hottest_c is not None:
        so_far[-1] = np.maximum(so_far[-1], result.hottest_c)
    return np.asarray(np.power(np.float32(10.0), (so_far - np.float32(edge_c)) / np.float32(PER_K)), np.float32)


def _dose_shares(result: ThermalResult) -> NDArray[np.float32]:
    from anatomy_twin.simulation.thermal.verdicts import dose_so_far_min  # loads slowly

    return dose_so_far_min(result) / np.float32(catalog.load("tissues")["damage"]["cem43"]["threshold_min"])
