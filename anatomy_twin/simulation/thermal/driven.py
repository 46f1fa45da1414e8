"""Radiofrequency in a run: the generator measures, acts, and the field of the electrode that is on heats the tissue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.simulation.thermal import electric, generator
from anatomy_twin.simulation.thermal.electric import ElectricSystem, Electrode, Field
from anatomy_twin.simulation.thermal.generator import Generator, Reading

TRACES = ("time_s", "applicator", "power_w", "impedance_ohm", "sensor_c")
KEPT_FIELDS: Final = 6  # of an electrode: a generator that goes off and on comes back to tissue as it was before


@dataclass(eq=False)
class Driver:
    """The memory of a generator in a run. ``heat_w`` [k, j, i] is what it gives now, None for nothing.

    ``fields`` are the last ones of each electrode, the one in use at the end. ``rows`` are the values of ``TRACES``,
    one row per measurement; ``energy_j`` what was given in all, ``volts2`` the square of the voltage at the electrode.
    """

    system: ElectricSystem
    generator: Generator
    fields: dict[int, list[Field]] = field(default_factory=dict)
    heat_w: NDArray[np.floating] | None = None
    rows: list[tuple[float, ...]] = field(default_factory=list)
    energy_j: float = 0.0
    next_s: float = -1.0
    solved: int = 0
    volts2: float = 0.0


def begin(system: ElectricSystem, state: Generator | None) -> Driver:
    """Return a driver that goes on from a generator's state (None: before it is switched on)."""
    powers = tuple(electrode.power_w for electrode in system.electrodes)
    return Driver(system, generator.start(system.protocol, powers) if state is None else state)


def act(driver: Driver, temperature_c: NDArray[np.floating], time_s: float, step_s: float) -> bool:
    """Let the generator measure and act if its interval is over; return whether the heat has changed."""
    driver.energy_j += step_s * driver.generator.power_w
    if time_s < driver.next_s - 1e-6:
        return False
    interval = driver.system.control_s
    driver.next_s = time_s + interval
    ready = tuple(one.start_s - 1e-6 <= time_s < one.stop_s - 1e-6 for one in driver.system.electrodes)
    if not any(ready):
        was = driver.heat_w is not None
        driver.heat_w, driver.volts2, driver.generator = None, 0.0, generator.off(driver.generator)
        return was
    state = generator.switch(driver.generator, driver.system.protocol, ready, time_s)
    electrode = driver.system.electrodes[state.active]
    found = _field(driver, state.active, temperature_c)
    beyond = float(driver.system.protocol.get("series_ohm", 0.0))
    sensed = _sensed(driver.system, electrode, found, temperature_c, driver.volts2)
    reading = Reading(1.0 / found.conductance_s + beyond, sensed)
    state = generator.drive(state, driver.system.protocol, reading, electrode.power_w, time_s, interval)
    driver.generator = state
    # heat per volt squared times V^2 = P / conductance
    scale = state.power_w / found.conductance_s / (1.0 + beyond * found.conductance_s)
    driver.volts2 = scale
    driver.heat_w = found.heat_w * found.heat_w.dtype.type(scale) if state.power_w > 0 else None
    driver.rows.append((time_s, float(electrode.applicator), state.power_w, reading.impedance_ohm, reading.sensor_c))
    return True


def traces(driver: Driver) -> dict[str, NDArray[np.float64]]:
    """Return what the generator recorded, by the names of ``TRACES``."""
    table = np.array(driver.rows, np.float64).reshape(-1, len(TRACES))
    return {name: table[:, n].copy() for n, name in enumerate(TRACES)}


def _field(driver: Driver, number: int, temperature_c: NDArray[np.floating]) -> Field:
    """Return the field of an electrode: that in use, the nearest of those before, or one that is solved anew."""
    known = driver.fields.setdefault(number, [])
    nearest, least = None, np.inf
    for one in reversed(known):
        change = electric.change_since(driver.system, one, temperature_c)
        if change < least:
            nearest, least = one, change
        if least <= driver.system.resolve_at:
            break
    if nearest is None or least > driver.system.resolve_at:
        driver.solved += 1
        nearest = electric.solve_field(driver.system, driver.system.electrodes[number], temperature_c, nearest)
    others = [one for one in known if one is not nearest]
    known[:] = [*others[1 - KEPT_FIELDS :], nearest]
    return nearest


def _sensed(
    system: ElectricSystem, electrode: Electrode, found: Field, temperature_c: NDArray[np.floating], volts2: float
) -> float:
    """Return the mean temperature of an electrode's sensors, which lie at its surface, at the square of its voltage."""
    if not len(electrode.sensors):
        return float("nan")
    at = tuple(electrode.sensors.T)
    voxel = temperature_c[at].astype(np.float64)
    missing = 1.0 - found.potential[at].astype(np.float64)
    rise = electrode.sensor_gain * found.conductivity_s_m[at] * missing**2 * volts2
    # water that boils keeps the surface there
    return float(np.mean(np.maximum(voxel, np.minimum(voxel + rise, system.boil_from_c))))
