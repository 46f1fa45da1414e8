"""The monodomain simulation: a first state, steps, a run with snapshots.

Voltage spreads by one explicit step, then every cell reacts for the same time (Godunov's splitting); both in float32.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import tissue_rows
from anatomy_twin.simulation.electro.base import (
    NEVER,
    Multirate,
    Stimulus,
    TissueState,
    TissueSystem,
)
from anatomy_twin.simulation.electro.models.model import IonicModel, Parameters
from anatomy_twin.simulation.electro.reaction import (
    BEYOND_MV,
    advance,
    arrange,
    initial_state,
    refuse_unfinite,
    tissue_state,
)
from anatomy_twin.simulation.electro.spread import TILE_NODES, Spread, stepper, substeps, tile_neighbours
from anatomy_twin.units import check_positive

STEPS_BETWEEN_LOOKS: Final = 200  # at cancelling and at numbers that are none
TILE_BLOCKS: Final = TILE_NODES // 8


def tissue(
    points_mm: ArrayLike, spread: Spread, model: IonicModel, kinds: Sequence[Parameters] = (), dt_ms: float = 0.02, *,
    kind_of_node: ArrayLike | None = None, scales: Mapping[str, ArrayLike] | None = None,
    stimuli: Sequence[Stimulus] = (), multirate: Multirate | None = None, threshold_mv: float = -20.0,
    watch_ms: float = 0.1,
) -> TissueSystem:
    """Return tissue of cells of one model, ready to run.

    Parameters
    ----------
    points_mm : (N, 3) nodes, of which ``spread`` tells the rates between neighbours.
    kinds, kind_of_node, scales : parameters of the kinds of cells, which of them a node has, what named conductances
        are multiplied by at it; see ``reaction.arrange``.
    multirate : None lets every node react in every step.
    watch_ms : how often activation is looked for; in between V is taken as a straight line.

    Raises ``SimulationError`` for what does not belong together and a time step that cannot be stable.
    """
    points = np.asarray(points_mm, np.float64)
    if points.shape != (spread.place.size, 3):
        raise SimulationError(f"points of shape {points.shape} for {spread.place.size} nodes")
    check_positive("dt_ms", dt_ms)
    for stimulus in stimuli:
        if stimulus.nodes.min() < 0 or stimulus.nodes.max() >= points.shape[0]:
            raise SimulationError("a stimulus of nodes that are not there", where=f"{stimulus.start_ms:g} ms")
    kinds = tuple(kinds) or (model.parameters(),)
    node = _node_of_place(spread)
    which = None if kind_of_node is None else np.asarray(kind_of_node)[node]
    scaled = {name: np.asarray(values)[node] for name, values in (scales or {}).items()}

    def cells(step_ms: float) -> Any:
        return arrange(model, step_ms, kinds, spread.places, kind_of_node=which, scales=scaled)

    return TissueSystem(
        points, spread, cells(dt_ms), float(dt_ms), tuple(stimuli), multirate,
        None if multirate is None else cells(multirate.every * dt_ms), float(threshold_mv),
        max(1, round(watch_ms / dt_ms)), substeps(spread, dt_ms),
    )


def _node_of_place(spread: Spread) -> NDArray[np.int64]:
    """Return the node at each place; where there is none the one before it, so that its cell is an ordinary one."""
    found = np.full(spread.places, -1, np.int64)
    found[spread.place] = np.arange(spread.place.size)
    filled = np.maximum.accumulate(np.where(found >= 0, np.arange(found.size), -1))
    filled = np.where(filled < 0, np.flatnonzero(found >= 0)[0], filled)
    return found[filled]


def init(
    system: TissueSystem, variant: str = "", cells: tuple[NDArray[Any], NDArray[Any]] | None = None
) -> TissueState:
    """Return the state at time zero: cells at rest as published for a kind of cell, or given ones.

    ``cells``: V (N,) in mV and the other variables [variable, N].
    """
    model, places = system.reaction.model, system.spread.places
    if cells is None:
        v, state = initial_state(model, places, variant)
    else:
        node = _node_of_place(system.spread)
        v, state = tissue_state(model, np.asarray(cells[0], np.float64)[node], np.asarray(cells[1])[:, node])
    never = np.full(places, NEVER, np.float32)
    return TissueState(v, state, never, never.copy())


@dataclass(eq=False)
class _Work:
    """What a run changes in place."""

    v: NDArray[np.float32]
    other: NDArray[np.float32]
    cells: NDArray[np.float32]
    first_ms: NDArray[np.float32]
    last_ms: NDArray[np.float32]
    watched: NDArray[np.float32]
    steps: int
    begun: int
    spread: Callable[[Any, Any], None]
    tiles: tuple[NDArray[np.int64], NDArray[np.int64]] | None
    settled: NDArray[np.float32]  # V when tiles were last looked at
    awake: NDArray[np.int64]


def step(system: TissueSystem, state: TissueState, count: int = 1) -> TissueState:
    """Return the state after ``count`` time steps (with multirate: whole windows of them); ``state`` stays as it is."""
    work = _begin(system, state)
    _advance(system, work, _whole_windows(system, count))
    return _state_of(work)


def run(
    system: TissueSystem, state: TissueState, duration_ms: float, every_ms: float | None = None,
    monitor: Monitor = SILENT, until: Callable[[TissueState], bool] | None = None, keep: int | None = None,
) -> list[TissueState]:
    """Return the states at the end of a run of ``duration_ms``, and before it every ``every_ms``.

    Of these only the last ``keep``, where that is given. ``until`` is asked at each of these moments whether the run
    may end; with multirate times are rounded up to whole windows. Raises ``SimulationError`` with node and time
    where V is no number, ``Cancelled`` when the monitor says so.
    """
    work = _begin(system, state)
    last = state.steps + _whole_windows(system, round(check_positive("duration_ms", duration_ms) / system.dt_ms))
    stride = last - state.steps if every_ms is None else _whole_windows(system, max(1, round(every_ms / system.dt_ms)))
    kept: deque[TissueState] = deque(maxlen=keep)
    first = state.steps
    while work.steps < last:
        stop = min(last, work.steps + stride)
        while work.steps < stop:
            before, count = _state_of(work), min(STEPS_BETWEEN_LOOKS, stop - work.steps)
            _advance(system, work, count)
            if not (np.abs(work.v[system.spread.place]) < BEYOND_MV).all():
                _tell_where(system, before, count)
                refuse_unfinite(work.v[system.spread.place], work.steps * system.dt_ms, work.steps)
            monitor.progress((work.steps - first) / (last - first))
            check_cancelled(monitor)
        kept.append(_state_of(work))
        if until is not None and until(kept[-1]):
            break
    return list(kept)


def _whole_windows(system: TissueSystem, steps: int) -> int:
    """Return so many steps, with multirate up to the end of a window: tiles at rest have reacted for all of it."""
    every = 1 if system.multirate is None else system.multirate.every
    return -(-steps // every) * every


def _tell_where(system: TissueSystem, before: TissueState, count: int) -> None:
    """Go the same steps one by one and raise at the first with a V that is no number, or beyond any cell's."""
    refuse_unfinite(before.v[system.spread.place], before.steps * system.dt_ms, before.steps)
    work = _begin(system, before)
    for _ in range(count):
        _advance(system, work, 1)
        refuse_unfinite(work.v[system.spread.place], work.steps * system.dt_ms, work.steps)


def _begin(system: TissueSystem, state: TissueState) -> _Work:
    if state.v.size != system.spread.places:
        raise SimulationError(f"a state of {state.v.size} places for tissue of {system.spread.places}")
    return _Work(
        state.v.copy(), state.v.copy(), state.cells.copy(), state.first_ms.copy(), state.last_ms.copy(),
        state.v.copy(), state.steps, state.steps, stepper(system.spread, system.dt_ms / system.substeps),
        None if system.multirate is None else tile_neighbours(system.spread), state.v.copy(),
        np.arange(system.spread.places // TILE_NODES, dtype=np.int64) * TILE_BLOCKS,
    )


def _state_of(work: _Work) -> TissueState:
    return TissueState(work.v.copy(), work.cells.copy(), work.first_ms.copy(), work.last_ms.copy(), work.steps)


def _advance(system: TissueSystem, work: _Work, count: int) -> None:
    threshold = system.threshold_mv - system.reaction.model.base_mv
    for _ in range(count):
        for _ in range(system.substeps):
            work.spread(work.v, work.other)
            work.v, work.other = work.other, work.v
        time_ms = work.steps * system.dt_ms
        for stimulus in system.stimuli:
            if stimulus.start_ms - 1e-9 <= time_ms < stimulus.stop_ms - 1e-9:
                work.v[system.spread.place[stimulus.nodes]] += np.float32(system.dt_ms * stimulus.strength_mv_ms)
        if system.multirate is None:
            advance(system.reaction, work.v, work.cells)
        else:
            if (work.steps - work.begun) % system.multirate.every == 0:
                _sort_tiles(system, work)
            advance(system.reaction, work.v, work.cells, work.awake, TILE_BLOCKS)
        work.steps += 1
        if work.steps % system.watch_steps == 0:
            span = system.watch_steps * system.dt_ms
            tissue_rows.watch(work.watched, work.v, work.last_ms, work.first_ms, threshold,
                              work.steps * system.dt_ms - span, span)


def _sort_tiles(system: TissueSystem, work: _Work) -> None:
    """Find the tiles where something happens; the others react now for all the steps until tiles are sorted again."""
    assert system.multirate is not None and system.slow is not None and work.tiles is not None
    window_ms = system.multirate.every * system.dt_ms
    moved = np.zeros(system.spread.places // TILE_NODES, bool)
    tissue_rows.moved_tiles(work.settled, work.v, TILE_BLOCKS, system.multirate.fastest_mv_ms * window_ms, moved)
    now = work.steps * system.dt_ms
    for stimulus in system.stimuli:
        if stimulus.start_ms < now + window_ms and now < stimulus.stop_ms:
            moved[system.spread.place[stimulus.nodes] // TILE_NODES] = True
    if work.steps == work.begun:  # how fast they move is not known yet
        moved[:] = True
    awake = tissue_rows.woken(moved, *work.tiles)
    work.settled[:] = work.v
    asleep = np.flatnonzero(~awake) * TILE_BLOCKS
    advance(system.slow, work.v, work.cells, asleep, TILE_BLOCKS)
    work.awake = np.flatnonzero(awake) * TILE_BLOCKS
