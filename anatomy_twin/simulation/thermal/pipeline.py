"""The thermal simulation itself: a first state, steps, a run with snapshots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads, set_num_threads
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import bioheat, damage
from anatomy_twin.simulation.thermal.base import HeatPulse, ThermalState, ThermalSystem

STEPS_BETWEEN_CHECKS = 16
VOXELS_FOR_THREADS = 3_000_000


def init(system: ThermalSystem) -> ThermalState:
    """Return the state at time zero: body temperature, no damage."""
    shape, dtype = system.geometry.shape, system.dtype
    return ThermalState(np.full(shape, system.body_c, dtype), np.zeros(shape, dtype), np.zeros(shape, dtype))


def step(
    system: ThermalSystem, state: ThermalState, count: int = 1, time_step_s: float | None = None,
    monitor: Monitor = SILENT,
) -> ThermalState:
    """Return the state after ``count`` steps of ``time_step_s`` (default: the system's); ``state`` stays as it is.

    A pulse heats a step when it is on at its middle. Raises ``Cancelled`` when the monitor says so.
    """
    return _advance(system, state, count, _prepare(system, time_step_s or system.time_step_s), monitor)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What depends on the system and the length of a step only."""

    length_s: float
    gain: NDArray[Any]
    loss: NDArray[Any]
    gain_dead: NDArray[Any]
    loss_dead: NDArray[Any]
    omega_table: NDArray[Any]
    cem43_table: NDArray[Any]
    scale: NDArray[Any]
    constants: NDArray[Any]


def _prepare(system: ThermalSystem, length: float) -> _Prepared:
    dtype, boil = system.dtype, system.evaporation
    wall = np.asarray(system.wall_1_s, np.float64)
    living = bioheat.exponential_factors(wall + system.perfusion_1_s, system.capacity_j_k, length, dtype)
    dead = bioheat.exponential_factors(wall, system.capacity_j_k, length, dtype)
    constants = np.array([system.body_c, boil.from_c, boil.to_c, boil.heat_ratio], dtype)
    return _Prepared(length, *living, *dead, *_damage_tables(system, length), constants)


def _advance(
    system: ThermalSystem, state: ThermalState, count: int, ready: _Prepared, monitor: Monitor
) -> ThermalState:
    dtype, length = system.dtype, ready.length_s
    old, omega, cem43 = (np.array(a, dtype) for a in (state.temperature_c, state.omega, state.cem43_min))
    new = old.copy()
    row_max = np.full(old.shape[:2], system.body_c, dtype)
    gain, loss = (np.where(omega >= 1, dead, living) for dead, living in (
        (ready.gain_dead, ready.gain), (ready.loss_dead, ready.loss)
    ))
    totals_w = {id(pulse): float(pulse.power_w.sum(dtype=np.float64)) for pulse in system.pulses}
    active: tuple[HeatPulse, ...] | None = None
    wet, dry = np.zeros(old.shape, dtype), np.empty(old.shape, dtype)
    with _threads_for(old.size):
        for n in range(count):
            middle = state.time_s + (n + 0.5) * length
            on = tuple(pulse for pulse in system.pulses if pulse.start_s <= middle < pulse.stop_s)
            if on != active:
                active, wet = on, sum((pulse.power_w for pulse in on), np.zeros(old.shape, dtype))
            source = _source(system, on, totals_w, old, wet, dry)
            bioheat.advance(
                old, new, system.face_k, system.face_j, system.face_i, source, gain, loss, ready.constants, row_max
            )
            damage.accumulate(
                old, new, row_max, omega, cem43, ready.omega_table, ready.cem43_table, gain, loss, ready.gain_dead,
                ready.loss_dead, ready.scale,
            )
            old, new = new, old
            if n % STEPS_BETWEEN_CHECKS == 0:
                check_cancelled(monitor)
    return ThermalState(old, omega, cem43, state.time_s + count * length)


@contextmanager
def _threads_for(voxels: int) -> Iterator[None]:
    """Keep small grids on one thread: there a step is so short that threads cost more than they bring.

    On a busy machine two threads that meet after every millisecond were ten times slower than one.
    """
    before = get_num_threads()
    set_num_threads(1 if voxels < VOXELS_FOR_THREADS else before)
    try:
        yield
    finally:
        set_num_threads(before)


def run(
    system: ThermalSystem, duration_s: float, snapshots: Sequence[float] = (), monitor: Monitor = SILENT,
    state: ThermalState | None = None,
) -> list[ThermalState]:
    """Return the states at the times ``snapshots`` (s, rising; the end is added) of a run of ``duration_s``.

    Steps are shortened so that snapshots and the ends of pulses are met exactly. Raises ``SimulationError`` for times
    outside the run or fields that are not finite, ``Cancelled`` when stopped.
    """
    current = init(system) if state is None else state
    start, stop = current.time_s, current.time_s + duration_s
    wanted = sorted({round(float(time), 9) for time in snapshots} | {round(stop, 9)})
    if wanted[0] < start or wanted[-1] > stop + 1e-6:
        raise SimulationError("a snapshot lies outside the simulated time", where=f"{start:g} to {stop:g} s")
    edges = {round(time, 9) for pulse in system.pulses for time in (pulse.start_s, pulse.stop_s)}
    kept: list[ThermalState] = []
    ready: _Prepared | None = None
    for time in sorted(set(wanted) | {edge for edge in edges if start < edge < stop}):
        span = time - current.time_s
        if span > 1e-9:
            count = max(1, math.ceil(span / system.time_step_s - 1e-9))
            length = span / count
            if ready is None or abs(ready.length_s - length) > 1e-9 * length:
                ready = _prepare(system, length)
            current = _advance(system, current, count, ready, monitor)
        current = ThermalState(current.temperature_c, current.omega, current.cem43_min, time)
        if time in wanted:
            kept.append(current)
        monitor.progress(min(1.0, (time - start) / max(duration_s, 1e-9)))
        check_cancelled(monitor)
    if not np.isfinite(current.temperature_c).all():
        raise SimulationError("the temperature is no longer finite", advice="check the tissue constants and the power")
    return kept


def heat_content_j(system: ThermalSystem, state: ThermalState) -> float:
    """Return the heat above body temperature in the whole box in J, evaporation included."""
    boil = system.evaporation
    celsius = np.asarray(state.temperature_c, np.float64)
    boiling = np.clip(celsius - boil.from_c, 0.0, boil.to_c - boil.from_c) * (boil.heat_ratio - 1.0)
    return float(((celsius - system.body_c + boiling) * system.capacity_j_k).sum())


def _source(
    system: ThermalSystem, on: tuple[HeatPulse, ...], totals_w: dict[int, float], temperature: NDArray[Any],
    wet: NDArray[Any], dry: NDArray[Any],
) -> NDArray[Any]:
    """Return W per voxel of the pulses that are on, less where tissue has dried, the power of each pulse unchanged.

    That is ``wet`` itself while nothing has dried, else ``dry``, which is overwritten.
    """
    boil = system.evaporation
    flat = temperature.reshape(-1)
    hot = np.flatnonzero(flat > boil.from_c) if boil.dry_absorption < 1.0 else np.zeros(0, np.int64)
    if not on or not hot.size:
        return wet
    dried = np.clip((flat[hot].astype(np.float64) - boil.from_c) / (boil.to_c - boil.from_c), 0.0, 1.0)
    kept = 1.0 - (1.0 - boil.dry_absorption) * dried
    for n, pulse in enumerate(on):
        total = totals_w[id(pulse)]
        passed = float(((1.0 - kept) * pulse.power_w.reshape(-1)[hot]).sum())
        # a pulse whose tissue is nearly all dry is not squeezed into the few voxels that are left
        scale = system.dtype.type(total / max(total - passed, 0.1 * total))
        if n == 0:
            np.multiply(pulse.power_w, scale, out=dry)
        else:
            dry += pulse.power_w * scale
    dry.reshape(-1)[hot] *= kept.astype(system.dtype)
    return dry


def _damage_tables(system: ThermalSystem, length: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    celsius, model, dtype = damage.table_temperatures_c(), system.damage, system.dtype
    omega = damage.arrhenius_rate_1_s(celsius, model.frequency_1_s, model.energy_j_mol, model.floor_c) * length
    dose = damage.cem43_rate(celsius, model.r_above, model.r_below, model.cem43_breakpoint_c) * length / 60.0
    scale = np.array([damage.TABLE_FROM_C, damage.TABLE_PER_KELVIN, 0.5], dtype)
    return omega.astype(dtype), dose.astype(dtype), scale
