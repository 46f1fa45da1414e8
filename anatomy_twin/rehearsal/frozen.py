"""What a freezing shows over time: how cold it is, and what has been colder than the lethal temperature."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import SurfaceMesh, ThermalResult
from anatomy_twin.rehearsal.scene import FieldSeries

_SURFACES: Final[WeakKeyDictionary[ThermalResult, SurfaceMesh | None]] = WeakKeyDictionary()
LEVEL_PER_K: Final = 20.0  # ten times the damage with every 20 K, so that its logarithm is near linear in space


def frozen_fields(result: ThermalResult) -> tuple[FieldSeries, ...]:
    """Return the fields of a freezing under the names that those of heat have.

    "temperature" counts degrees below zero, so that its range begins where ice begins (``FieldSeries.cold``);
    "damage" is 1 where the tissue has once had the lethal temperature: the same limit of what is dead as with heat.
    """
    below = -np.asarray(result.temperature_c)
    lethal = sorted(-float(celsius) for celsius in catalog.load("tissues")["freezing"]["lethal"].values())
    coldest = np.minimum.accumulate(np.asarray(result.temperature_c), axis=0)
    if coldest.size and result.coldest_c is not None:
        coldest[-1] = np.minimum(coldest[-1], result.coldest_c)
    edge = lethal_of(result)
    damage = np.power(np.float32(10.0), (np.float32(edge) - coldest) / np.float32(LEVEL_PER_K))
    most = float(below.max()) if below.size else 100.0
    return (
        FieldSeries(
            "temperature", "Temperature", "degC", below, result.times_s, result.geometry,
            (0.0, max(60.0, np.ceil(most / 10.0) * 10.0)), tuple(lethal), True,
        ),
        FieldSeries(
            "damage", "Coldest so far (1 at the lethal temperature)", "", damage.astype(np.float32), result.times_s,
            result.geometry, (0.0, 4.6), (1.0,), True, True,
        ),
    )


def ice_mask(result: ThermalResult) -> NDArray[np.bool_] | None:
    """Return where water was once frozen, [k, j, i]: the ice ball at its largest; None for what heats."""
    if result.coldest_c is None:
        return None
    return np.asarray(result.coldest_c <= _ice_edge_c())


def ice_surface(result: ThermalResult) -> SurfaceMesh | None:
    """Return the surface of the ice ball at its largest, None where nothing froze; kept as long as the result."""
    if result.coldest_c is None:
        return None
    if result not in _SURFACES:
        from anatomy_twin.simulation.thermal.cryo import level  # loads slowly
        from anatomy_twin.simulation.thermal.zones import zone_surface

        _SURFACES[result] = zone_surface(level(result.coldest_c, _ice_edge_c()), result.geometry)
    return _SURFACES[result]


def _ice_edge_c() -> float:
    return float(catalog.load("tissues")["freezing"]["ice_edge_c"])


def lethal_of(result: ThermalResult) -> float:
    """Return the lethal temperature that the zone of a freezing goes by, in degC."""
    known = [float(celsius) for celsius in catalog.load("tissues")["freezing"]["lethal"].values()]
    for celsius in known:
        if result.coldest_c is not None and np.array_equal(result.coldest_c <= celsius, result.coagulated):
            return celsius
    return known[0]
