"""One cell, or some side by side, paced: action potentials, their duration, restitution curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters
from anatomy_twin.simulation.electro.reaction import (
    LANES,
    advance,
    advance_exactly,
    arrange,
    packed,
    refuse_unfinite,
    unpacked,
)
from anatomy_twin.units import check_positive

LOOK_EVERY_MS: Final = 1.0  # how often voltages are looked at, and a cancelled run is noticed
CAPTURED: Final = 0.5  # an answer is an action potential from this share of the amplitude of the one before
SETTLED_MS: Final = 2.0  # after this much of quiet what is left of a stimulus alone is small


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A current through the membrane: ``strength_mv_ms`` (pA/pF) for ``duration_ms``."""

    strength_mv_ms: float
    duration_ms: float

    def __post_init__(self) -> None:
        check_positive("duration_ms", self.duration_ms)
        if not np.isfinite(self.strength_mv_ms):
            raise SimulationError(f"a stimulus of {self.strength_mv_ms} mV/ms", advice="give a number")


@dataclass(frozen=True, slots=True)
class CellState:
    """Cells at a moment: ``v_mv`` [cell] and the other variables ``y`` [variable, cell], float64."""

    v_mv: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True)
class CellRun:
    """Voltages of cells over time: ``time_ms`` [n + 1] from 0, ``v_mv`` [n + 1, cell], and the cells at the end."""

    time_ms: Numbers
    v_mv: NDArray[Any]
    end: CellState


@dataclass(frozen=True, slots=True)
class ActionPotential:
    """What one action potential measures.

    ``rest_mv`` just before the stimulus, ``peak_mv``, ``upstroke_mv_ms`` the greatest slope and ``activation_ms`` its
    time, ``apd_ms`` from there until V has come back by ``level`` of the amplitude (NaN: not before the trace ends).
    """

    rest_mv: float
    peak_mv: float
    upstroke_mv_ms: float
    activation_ms: float
    apd_ms: float
    level: float


@dataclass(frozen=True, slots=True)
class Restitution:
    """How long an action potential lasts after how long a rest.

    ``interval_ms`` coupling interval (S1S2) or cycle length (dynamic); ``diastolic_ms`` the rest before, ``apd_ms``;
    NaN where a stimulus was not answered. ``before_ms`` the duration of the one before: far from ``apd_ms`` in a
    dynamic curve they alternate.
    """

    protocol: str
    interval_ms: Numbers
    diastolic_ms: Numbers
    apd_ms: Numbers
    before_ms: Numbers
    level: float


def stimulus_of(model: IonicModel) -> Stimulus:
    """Return the stimulus that the catalog names for a model."""
    return Stimulus(**{key: model.facts["stimulus"][key] for key in ("strength_mv_ms", "duration_ms")})


def first_state(model: IonicModel, cells: int = 1, variant: str = "") -> CellState:
    """Return cells in the published initial state."""
    v, y = model.initial(variant)
    return CellState(np.full(cells, v), np.repeat(y[:, None], cells, 1))


def run_cells(
    model: IonicModel, parameters: Parameters, start: CellState, duration_ms: float,
    stimuli_ms: Sequence[Sequence[float]], *, dt_ms: float = 0.02, stimulus: Stimulus | None = None,
    exact: bool = False, monitor: Monitor = SILENT,
) -> CellRun:
    """Return the voltages of at most 8 cells that are stimulated each at times of its own.

    Parameters
    ----------
    model, parameters : the ionic model and the cell's parameters (``model.parameters``).
    start : the cells to begin with, as many as ``stimuli_ms`` has sequences of times.
    duration_ms, dt_ms : how long, and the time step.
    stimulus : default that of the catalog.
    exact : from the published rates in float64 instead of the float32 kernel; some hundred times slower.

    Raises ``SimulationError`` for more than 8 cells and where a voltage is no number, with cell and step.
    """
    count = start.v_mv.size
    if not 1 <= count == len(stimuli_ms) <= LANES:
        raise SimulationError(f"{count} cells and {len(stimuli_ms)} sequences of stimuli", advice="give 1 to 8 of both")
    stimulus, steps = stimulus or stimulus_of(model), round(check_positive("duration_ms", duration_ms) / dt_ms)
    kicks = _kicks(stimuli_ms, stimulus, dt_ms, steps)
    v: NDArray[Any] = start.v_mv.astype(np.float64)
    y = start.y.astype(np.float64)
    state = packed(model, y)
    reaction = arrange(model, dt_ms, [parameters])
    if not exact:
        v = np.pad(v - model.base_mv, (0, LANES - count), mode="edge").astype(np.float32)
    base = 0.0 if exact else model.base_mv
    trace = np.empty((steps + 1, count), dtype=v.dtype)
    trace[0] = v[:count]
    look = max(1, round(LOOK_EVERY_MS / dt_ms))
    for step in range(steps):
        if exact:
            advance_exactly(model, dt_ms, v, y, parameters)
        else:
            advance(reaction, v, state)
        if step in kicks:
            v[:count] += kicks[step]
        trace[step + 1] = v[:count]
        if (step + 1) % look == 0 or step + 1 == steps:
            _look(trace, step + 1, look, dt_ms)
            monitor.progress((step + 1) / steps)
    trace += np.asarray(base, dtype=trace.dtype)
    end = CellState(v[:count].astype(np.float64) + base, y if exact else unpacked(model, state, count))
    return CellRun(read_only(np.arange(steps + 1) * dt_ms, "time_ms"), read_only(trace, "v_mv"), end)


def _kicks(stimuli_ms: Sequence[Sequence[float]], stimulus: Stimulus, dt_ms: float, steps: int) -> dict[int, Numbers]:
    """Step -> what V of each cell rises by, mV."""
    long = max(1, round(stimulus.duration_ms / dt_ms))
    rise = stimulus.strength_mv_ms * stimulus.duration_ms / long
    found: dict[int, Numbers] = {}
    for cell, times in enumerate(stimuli_ms):
        for time_ms in times:
            if not (np.isfinite(time_ms) and time_ms >= 0.0):
                raise SimulationError(f"a stimulus at {time_ms} ms", advice="give times from 0 on")
            first = round(time_ms / dt_ms)
            for step in range(first, min(first + long, steps)):
                found.setdefault(step, np.zeros(len(stimuli_ms)))[cell] = rise
    return found


def _look(trace: NDArray[Any], now: int, look: int, dt_ms: float) -> None:
    """Refuse voltages that are no numbers, by the first step in which one is."""
    seen = trace[max(0, now - look) : now + 1]
    bad = ~(np.abs(seen) < 1000.0).all(axis=1)
    if bad.any():
        step = max(0, now - look) + int(np.argmax(bad))
        refuse_unfinite(trace[step], step * dt_ms, step)


def measure(
    time_ms: Numbers, v_mv: NDArray[Any], level: float = 0.9, rest_mv: float | None = None
) -> ActionPotential:
    """Return what the action potential of a trace measures that begins just before its stimulus.

    ``level`` 0.9 for APD90: V back by 90 % of peak over rest, the crossing interpolated; ``rest_mv`` default V at the
    beginning of the trace.
    """
    v = np.asarray(v_mv, dtype=np.float64)
    slopes = np.diff(v) / np.diff(time_ms)
    up, top = int(np.argmax(slopes)), int(np.argmax(v))
    rest, peak = float(v[0]) if rest_mv is None else rest_mv, float(v[top])
    target = peak - level * (peak - rest)
    below = np.flatnonzero(v[top:] <= target)
    apd = np.nan
    activation = 0.5 * float(time_ms[up] + time_ms[up + 1])
    if below.size and below[0] > 0:
        index = top + int(below[0])
        share = (v[index - 1] - target) / (v[index - 1] - v[index])
        apd = float(time_ms[index - 1] + share * (time_ms[index] - time_ms[index - 1])) - activation
    return ActionPotential(rest, peak, float(slopes[up]), activation, apd, level)


def pace(
    model: IonicModel, cycle_length_ms: float, beats: int, *, parameters: Parameters | None = None,
    start: CellState | None = None, dt_ms: float = 0.02, stimulus: Stimulus | None = None, level: float = 0.9,
    exact: bool = False, monitor: Monitor = SILENT,
) -> tuple[CellRun, tuple[ActionPotential, ...]]:
    """Return a cell paced at one cycle length, and what each of its action potentials measures."""
    if beats < 1:
        raise SimulationError(f"{beats} beats", advice="ask for one or more")
    cycle = check_positive("cycle_length_ms", cycle_length_ms)
    run = run_cells(
        model, model.parameters() if parameters is None else parameters, start or first_state(model), beats * cycle,
        [[beat * cycle for beat in range(beats)]], dt_ms=dt_ms, stimulus=stimulus, exact=exact, monitor=monitor,
    )
    found = []
    for beat in range(beats):
        part = slice(round(beat * cycle / dt_ms), round((beat + 1) * cycle / dt_ms) + 1)
        found.append(measure(run.time_ms[part], run.v_mv[part, 0], level))
    return run, tuple(found)


def restitution_s1s2(
    model: IonicModel, coupling_ms: Sequence[float], *, cycle_length_ms: float = 600.0, beats: int = 8,
    parameters: Parameters | None = None, dt_ms: float = 0.02, stimulus: Stimulus | None = None, level: float = 0.9,
    exact: bool = False, monitor: Monitor = SILENT,
) -> Restitution:
    """Return how long the answer to one early stimulus lasts, by its interval after the last of a regular train."""
    parameters = model.parameters() if parameters is None else parameters
    stimulus = stimulus or stimulus_of(model)
    options: dict[str, Any] = {"dt_ms": dt_ms, "stimulus": stimulus, "exact": exact}
    train, found = pace(model, cycle_length_ms, beats, parameters=parameters, level=level, **options)
    last = replace(found[-1], activation_ms=found[-1].activation_ms - (beats - 1) * cycle_length_ms)
    rows = []
    for first in range(0, len(coupling_ms), LANES):
        chosen = [float(interval) for interval in coupling_ms[first : first + LANES]]
        begin = CellState(train.end.v_mv.repeat(len(chosen)), train.end.y.repeat(len(chosen), 1))
        long = max(chosen) + 1.5 * cycle_length_ms
        run = run_cells(
            model, parameters, begin, long, [[0.0, interval] for interval in chosen], **options, monitor=monitor
        )
        rows += [_answer(run, cell, interval, np.inf, last, stimulus) for cell, interval in enumerate(chosen)]
    return _restitution("S1S2", coupling_ms, rows, level)


def restitution_dynamic(
    model: IonicModel, cycle_lengths_ms: Sequence[float], *, beats: int = 20, parameters: Parameters | None = None,
    dt_ms: float = 0.02, stimulus: Stimulus | None = None, level: float = 0.9, exact: bool = False,
    monitor: Monitor = SILENT,
) -> Restitution:
    """Return how long the last of a train lasts, by its cycle length; every train begins with a fresh cell."""
    parameters, stimulus = model.parameters() if parameters is None else parameters, stimulus or stimulus_of(model)
    rows = []
    for first in range(0, len(cycle_lengths_ms), LANES):
        chosen = [float(cycle) for cycle in cycle_lengths_ms[first : first + LANES]]
        times = [[beat * cycle for beat in range(beats + 1)] for cycle in chosen]
        run = run_cells(
            model, parameters, first_state(model, len(chosen)), (beats + 1) * max(chosen), times, dt_ms=dt_ms,
            stimulus=stimulus, exact=exact, monitor=monitor,
        )
        for cell, cycle in enumerate(chosen):
            part = _between(run, (beats - 1) * cycle, cycle)
            last = measure(run.time_ms[part], run.v_mv[part, cell], level)
            rows.append(_answer(run, cell, beats * cycle, cycle, last, stimulus))
    return _restitution("dynamic", cycle_lengths_ms, rows, level)


def _between(run: CellRun, begin_ms: float, long_ms: float) -> slice:
    first, last = np.searchsorted(run.time_ms, [begin_ms - 1e-6, begin_ms + long_ms - 1e-6])
    return slice(int(first), int(last) + 1)


def _answer(
    run: CellRun, cell: int, stimulus_ms: float, long_ms: float, before: ActionPotential, stimulus: Stimulus
) -> tuple[float, float, float]:
    """Return the rest before a stimulus, the duration of its answer and that of the one before.

    It is answered where V had come back by half and is above half of the amplitude soon after the stimulus has ended.
    The answer has come back where V is at the rest of the one before: an early one begins above it.
    """
    part = _between(run, stimulus_ms, long_ms)
    time, v = run.time_ms[part], run.v_mv[part, cell]
    half = before.rest_mv + CAPTURED * (before.peak_mv - before.rest_mv)
    after = time > stimulus_ms + stimulus.duration_ms + SETTLED_MS
    if v[0] > half or not (v[after] > half).any():
        return np.nan, np.nan, before.apd_ms
    answer = measure(time, v, before.level, before.rest_mv)
    return answer.activation_ms - before.activation_ms - before.apd_ms, answer.apd_ms, before.apd_ms


def _restitution(
    protocol: str, intervals: Sequence[float], rows: Sequence[tuple[float, float, float]], level: float
) -> Restitution:
    diastolic, apd, before = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Restitution(protocol, np.array(intervals, dtype=np.float64), diastolic, apd, before, level)
