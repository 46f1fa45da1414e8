"""The thermal simulation itself: a first state, steps, a run with snapshots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import bioheat, damage
from anatomy_twin.kernels.compiling import on_threads
from anatomy_twin.simulation.thermal import driven, resolution
from anatomy_twin.simulation.thermal.base import HeatPulse, ThermalState, ThermalSystem
from anatomy_twin.simulation.thermal.zones import stops_of_run

STEPS_BETWEEN_CHECKS = 16
VOXELS_FOR_THREADS = 3_000_000
_together: ContextVar[bool] = ContextVar("small grids on several threads", default=False)


def init(system: ThermalSystem) -> ThermalState:
    """Return the state at time zero: body temperature, no damage."""
    shape, dtype = system.geometry.shape, system.dtype
    return ThermalState(np.full(shape, system.body_c, dtype), np.zeros(shape, dtype), np.zeros(shape, dtype))


def step(
    system: ThermalSystem, state: ThermalState, count: int = 1, time_step_s: float | None = None,
    monitor: Monitor = SILENT,
) -> ThermalState:
    """Return the state after ``count`` steps of ``time_step_s`` (default: the system's); ``state`` stays as it is.

    A pulse heats a step when it is on at its middle. Raises ``Cancelled`` when the monitor says so,
    ``SimulationError`` for a step that is too long to be stable.
    """
    if time_step_s is not None and time_step_s > system.time_step_s:
        resolution.check_step(system, time_step_s)
    work = begin(system, state)
    advance(system, work, count, time_step_s or system.time_step_s, monitor)
    return _state_of(work)


@dataclass(eq=False)
class Work:
    """The memory of a run: fields that change in place, and what depends on the length of a step only."""

    temperature: NDArray[Any]
    new: NDArray[Any]
    omega: NDArray[Any]
    cem43: NDArray[Any]
    hottest: NDArray[Any]
    rows: NDArray[np.uint8]
    wet: NDArray[Any]
    dry: NDArray[Any]
    constants: NDArray[Any]
    time_s: float
    totals_w: Mapping[int, float]  # of each pulse, by its id
    driver: driven.Driver | None = None
    on: tuple[HeatPulse, ...] | None = None
    length_s: float = 0.0
    factors: tuple[NDArray[Any], NDArray[Any]] | None = None
    tables: tuple[NDArray[Any], NDArray[Any]] | None = None


def begin(system: ThermalSystem, state: ThermalState) -> Work:
    """Return the memory of a run that goes on from ``state``."""
    fields = (state.temperature_c, state.omega, state.cem43_min, state.hottest_c)
    old, omega, cem43, hottest = (np.array(a, system.dtype) for a in fields)
    boils = old.max(axis=2) > system.evaporation.from_c
    rows = np.where(boils, bioheat.BOILING, bioheat.COLD).astype(np.uint8)
    totals_w = {id(pulse): float(pulse.power_w.sum(dtype=np.float64)) for pulse in system.pulses}
    driver = None if system.electric is None else driven.begin(system.electric, state.generator)
    return Work(
        old, old.copy(), omega, cem43, hottest, rows, np.zeros_like(old), np.empty_like(old), _constants(system),
        state.time_s, totals_w, driver,
    )


def _constants(system: ThermalSystem) -> NDArray[Any]:
    boil = system.evaporation
    return bioheat.constants_of(
        system.body_c, boil.from_c, boil.to_c, boil.heat_ratio, system.conductivity_slope_1_k,
        system.damage.perfusion_ends_at, system.dtype,
    )


def _state_of(work: Work) -> ThermalState:
    generator = None if work.driver is None else work.driver.generator
    return ThermalState(
        work.temperature.copy(), work.omega.copy(), work.cem43.copy(), work.time_s, generator,
        np.maximum(work.hottest, work.temperature), {} if work.driver is None else driven.traces(work.driver),
    )


def _set_length(system: ThermalSystem, work: Work, length: float) -> None:
    if work.factors is not None and abs(work.length_s - length) <= 1e-9 * length:
        return
    living = np.where(work.omega >= system.damage.perfusion_ends_at, 0.0, np.asarray(system.perfusion_1_s, np.float64))
    work.factors = bioheat.exponential_factors(living + system.wall_1_s, system.capacity_j_k, length, system.dtype)
    work.tables = _damage_tables(system, length)
    work.length_s, work.constants[bioheat.LENGTH] = length, length


def advance(
    system: ThermalSystem, work: Work, count: int, time_step_s: float, monitor: Monitor = SILENT
) -> None:
    """Change ``work`` by ``count`` steps. Raises ``Cancelled`` when the monitor says so."""
    _set_length(system, work, time_step_s)
    assert work.factors is not None and work.tables is not None
    start = work.time_s
    with threads_for(work.temperature.size):
        for n in range(count):
            middle = start + (n + 0.5) * time_step_s
            if work.driver is not None:
                acted = driven.act(work.driver, work.temperature, start + n * time_step_s, time_step_s)
                work.on = None if acted else work.on
            on = tuple(pulse for pulse in system.pulses if pulse.start_s <= middle < pulse.stop_s)
            if on != work.on:
                work.on = on
                work.wet = sum((pulse.power_w for pulse in on), np.zeros_like(work.temperature))
                if work.driver is not None and work.driver.heat_w is not None:
                    work.wet += work.driver.heat_w
            source = source_w(system, work)
            bioheat.advance(
                work.temperature, work.new, system.face_k, system.face_j, system.face_i, source, *work.factors,
                system.capacity_j_k, system.wall_1_s, work.omega, work.cem43, work.hottest, *work.tables,
                work.constants, work.rows,
            )
            work.temperature, work.new = work.new, work.temperature
            if n % STEPS_BETWEEN_CHECKS == 0:
                check_cancelled(monitor)
    work.time_s = start + count * time_step_s


def threads_for(voxels: int) -> AbstractContextManager[None]:
    """Keep small grids on one thread: there a step is so short that threads cost more than they bring.

    On a busy machine two threads that meet after every millisecond were ten times slower than one.
    """
    return on_threads(get_num_threads() if _together.get() or voxels >= VOXELS_FOR_THREADS else 1)


@contextmanager
def small_grids_together(together: bool) -> Iterator[None]:
    """Let small grids have all threads too: for a caller who knows that the machine has nothing else to do."""
    token = _together.set(together)
    try:
        yield
    finally:
        _together.reset(token)


def run(
    system: ThermalSystem, duration_s: float, snapshots: Sequence[float] = (), monitor: Monitor = SILENT,
    state: ThermalState | None = None,
) -> list[ThermalState]:
    """Return the states at the times ``snapshots`` (s, rising; the end is added) of a run of ``duration_s``.

    Steps are shortened so that snapshots and the ends of pulses are met exactly. Raises ``SimulationError`` for times
    outside the run or fields that are not finite, ``Cancelled`` when stopped.
    """
    work = begin(system, init(system) if state is None else state)
    start = work.time_s
    stops, wanted = stops_of_run(start, start + duration_s, snapshots, system.parts)
    kept: list[ThermalState] = []
    for time in stops:
        span = time - work.time_s
        if span > 1e-9:
            count = max(1, math.ceil(span / system.time_step_s - 1e-9))
            advance(system, work, count, span / count, monitor)
        work.time_s = time
        if time in wanted:
            kept.append(_state_of(work))
        monitor.progress(min(1.0, (time - start) / max(duration_s, 1e-9)))
        check_cancelled(monitor)
    if not np.isfinite(work.temperature).all():
        raise SimulationError("the temperature is no longer finite", advice="check the tissue constants and the power")
    return kept


def heat_content_j(system: ThermalSystem, state: ThermalState) -> float:
    """Return the heat above body temperature in the whole box in J, evaporation included."""
    boil = system.evaporation
    celsius = np.asarray(state.temperature_c, np.float64)
    boiling = np.clip(celsius - boil.from_c, 0.0, boil.to_c - boil.from_c) * (boil.heat_ratio - 1.0)
    return float(((celsius - system.body_c + boiling) * system.capacity_j_k).sum())


def log_damage(system: ThermalSystem, state: ThermalState, reach: float = 5.0) -> NDArray[np.float32]:
    """Return a field [k, j, i] that passes 0 where the Arrhenius integral is 1 and is smooth there, for drawing.

    It is ln(Omega), within +-``reach``. Where tissue stayed below the temperature from which Omega is counted, Omega
    is 0 and its logarithm no guide between two voxels: there it is that of an Omega without such a floor, from the
    thermal dose. A dose of d s equivalents in t s of heat is a constant temperature of c - ln(t / d) / ln(1 / R)
    below the breakpoint c of CEM43, and so a rate of Arrhenius.
    """
    damage_of, heated_s = system.damage, max((pulse.stop_s - pulse.start_s for pulse in system.pulses), default=1.0)
    omega = np.asarray(state.omega, np.float64)
    field = np.log(np.maximum(omega, 1e-30))
    none = omega <= 0.0
    if damage_of.frequency_1_s > 0 and none.any():
        dose_s = np.maximum(60.0 * np.asarray(state.cem43_min, np.float64)[none], 1e-12)
        below = np.log(heated_s / dose_s) / -math.log(damage_of.r_below)
        kelvin = np.maximum(damage_of.cem43_breakpoint_c - below + damage.KELVIN_AT_0_C, 1.0)
        rate = math.log(damage_of.frequency_1_s * heated_s)
        field[none] = np.minimum(rate - damage_of.energy_j_mol / (damage.GAS_CONSTANT_J_MOL_K * kelvin), -0.01)
    return np.clip(field, -reach, reach).astype(np.float32)


def source_w(system: ThermalSystem, work: Work) -> NDArray[Any]:
    """Return W per voxel of the pulses that are on, less where tissue has dried, the power of each pulse unchanged.

    That is ``work.wet`` itself while nothing has dried, else ``work.dry``, which is overwritten.
    """
    boil, on = system.evaporation, work.on
    if not on or boil.dry_absorption >= 1.0 or not (work.rows == bioheat.BOILING).any():
        return work.wet
    rows = np.flatnonzero(work.rows.reshape(-1) == bioheat.BOILING)
    shape = (work.rows.size, -1)
    lines = work.temperature.reshape(shape)[rows].astype(np.float64)
    dried = np.clip((lines - boil.from_c) / (boil.to_c - boil.from_c), 0.0, 1.0)
    kept = 1.0 - (1.0 - boil.dry_absorption) * dried
    for n, pulse in enumerate(on):
        total = work.totals_w[id(pulse)]
        passed = float(((1.0 - kept) * pulse.power_w.reshape(shape)[rows]).sum())
        # a pulse whose tissue is nearly all dry is not squeezed into the few voxels that are left
        scale = system.dtype.type(total / max(total - passed, 0.1 * total))
        if n == 0:
            np.multiply(pulse.power_w, scale, out=work.dry)
        else:
            work.dry += pulse.power_w * scale
    work.dry.reshape(shape)[rows] *= kept.astype(system.dtype)
    return work.dry


def _damage_tables(system: ThermalSystem, length: float) -> tuple[NDArray[Any], NDArray[Any]]:
    celsius, model, dtype = damage.table_temperatures_c(), system.damage, system.dtype
    omega = damage.arrhenius_rate_1_s(celsius, model.frequency_1_s, model.energy_j_mol, model.floor_c) * length
    dose = damage.cem43_rate(celsius, model.r_above, model.r_below, model.cem43_breakpoint_c) * length / 60.0
    return omega.astype(dtype), dose.astype(dtype)
