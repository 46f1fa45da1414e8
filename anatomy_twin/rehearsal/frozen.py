"""What a freezing shows over time: how cold it is, and what has been colder than the lethal temperature."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import ThermalResult
from anatomy_twin.rehearsal.scene import FieldSeries

LEVEL_PER_K: Final = 20.0  # ten times the damage with every 20 K, so that its logarithm is near linear in space


def frozen_fields(result: ThermalResult) -> tuple[FieldSeries, ...]:
    """Return the fields of a freezing under the names that those of heat have.

    "temperature" counts degrees below zero, so that its range begins where ice begins (in K: nobody shall read 20 degC
    where it is -20); "damage" is 1 where the tissue
    has once had the lethal temperature: the same limit of what is dead as with heat.
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
            "temperature", "Degrees below 0", "K", below, result.times_s, result.geometry,
            (0.0, max(60.0, np.ceil(most / 10.0) * 10.0)), tuple(lethal),
        ),
        FieldSeries(
            "damage", "Coldest so far (1 at the lethal temperature)", "", damage.astype(np.float32), result.times_s,
            result.geometry, (0.0, 4.6), (1.0,),
        ),
    )


def lethal_of(result: ThermalResult) -> float:
    """Return the lethal temperature that the zone of a freezing goes by, in degC."""
    known = [float(celsius) for celsius in catalog.load("tissues")["freezing"]["lethal"].values()]
    for celsius in known:
        if result.coldest_c is not None and np.array_equal(result.coldest_c <= celsius, result.coagulated):
            return celsius
    return known[0]
