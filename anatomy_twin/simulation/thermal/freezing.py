"""Freezing and thawing: the fixed system, the changing state, a run with snapshots (kernel: ``kernels.freezing``)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, FrozenMapping, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import freezing
from anatomy_twin.simulation.thermal.pipeline import threads_for
from anatomy_twin.simulation.thermal.zones import stops_of_run
from anatomy_twin.units import check_positive

STAGES_BETWEEN_CHECKS: Final = 32
MOST_STAGES: Final = 9  # of a step: more would be cheaper still, and less precise
Faces = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Phase:
    """Gas that flows through a needle from ``start_s`` to ``stop_s`` and brings it to ``needle_c``.

    ``share`` of the time it is on (0 to 1). The needle comes near its temperature as exp(-t / ``time_constant_s``),
    from ``start_c`` on. A phase whose end is warmer than its start (helium) only warms, others only cool.
    """

    start_s: float
    stop_s: float
    start_c: float
    needle_c: float
    time_constant_s: float = 0.0
    share: float = 1.0

    def temperature_c(self, time_s: float) -> float:
        """Return the temperature of the needle's wall."""
        if self.time_constant_s <= 0.0:
            return self.needle_c
        away = math.exp(-(time_s - self.start_s) / self.time_constant_s)
        return self.needle_c + (self.start_c - self.needle_c) * away


@dataclass(frozen=True, eq=False)
class Needle:
    """The freezing part of a needle: ``voxels`` (flat) and ``weights`` of piece n are ``starts[n]:starts[n + 1]``.

    ``warm_w_k`` and ``cold_w_k`` (pieces,) are 2 pi k b / ln(r_eq / r_0) of unfrozen and frozen tissue. A gas that is
    on for a share s of the time acts like a resistance of 1 / s - 1 times that of the tissue up to 2.25 radii; ``wall``
    is that of this tissue over that up to r_eq, which is wider on a coarse grid.
    """

    voxels: NDArray[np.int64]
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]
    warm_w_k: NDArray[np.float64]
    cold_w_k: NDArray[np.float64]
    phases: tuple[Phase, ...]
    wall: float = 1.0


@dataclass(frozen=True, eq=False)
class FreezingSystem:
    """All that stays fixed in a run. Arrays are [k, j, i] on ``geometry``, an isotropic grid.

    ``number`` (uint8) is the row of ``materials`` (n, 5: ``kernels.freezing.material_row``) of each voxel; ``warm`` and
    ``cold`` the conductances of faces, unfrozen and frozen, over the volume of a voxel (W/m3/K); ``perfusion_1_s`` the
    rate that ends where tissue freezes, ``wall_1_s`` that of large vessels, which does not. The outermost layer of
    voxels keeps its temperature. Water freezes between ``liquidus_c`` and ``solidus_c``; time is counted below
    ``lethal_c``; tissue that was colder than ``stasis_c`` is perfused no more. An explicit step is stable up to
    ``time_step_s``; steps of several stages are no longer than ``longest_step_s``.
    """

    geometry: VolumeGeometry
    number: NDArray[np.uint8]
    materials: NDArray[np.float64]
    warm: Faces
    cold: Faces
    perfusion_1_s: NDArray[Any]
    wall_1_s: NDArray[Any]
    needles: tuple[Needle, ...]
    time_step_s: float
    body_c: float = 37.0
    liquidus_c: float = -1.0
    solidus_c: float = -8.0
    lethal_c: float = -20.0
    stasis_c: float = -20.0
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    longest_step_s: float = 4.0

    def __post_init__(self) -> None:
        dtype = self.warm[0].dtype
        for name in ("perfusion_1_s", "wall_1_s"):
            object.__setattr__(self, name, _checked(getattr(self, name), name, self.geometry, dtype))
        for name in ("warm", "cold"):
            faces = tuple(_checked(face, name, self.geometry, dtype) for face in getattr(self, name))
            object.__setattr__(self, name, faces)
        object.__setattr__(self, "number", _checked(self.number, "number", self.geometry, np.uint8))
        object.__setattr__(self, "materials", read_only(np.asarray(self.materials, np.float64), "materials", ndim=2))
        if not self.solidus_c < self.liquidus_c < self.body_c:
            raise SimulationError(f"tissue cannot freeze from {self.liquidus_c:g} to {self.solidus_c:g} degC")
        check_positive("time_step_s", self.time_step_s)
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the run."""
        return self.warm[0].dtype

    @property
    def freezing_s(self) -> float:
        """When the last gas goes off."""
        return max((phase.stop_s for needle in self.needles for phase in needle.phases), default=0.0)


@dataclass(frozen=True, eq=False)
class FreezingState:
    """What changes, all [k, j, i]: heat content (J/m3, 0 at body temperature), temperature, coldest so far (degC), time
    below the lethal temperature (s); ``taken_j`` is the heat that the needles took.
    """

    heat_j_m3: NDArray[Any]
    temperature_c: NDArray[Any]
    coldest_c: NDArray[Any]
    lethal_s: NDArray[Any]
    time_s: float = 0.0
    taken_j: float = 0.0

    def __post_init__(self) -> None:
        for name in ("heat_j_m3", "temperature_c", "coldest_c", "lethal_s"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=3))


def init(system: FreezingSystem, temperature_c: NDArray[Any] | None = None) -> FreezingState:
    """Return the state at time zero: body temperature, or ``temperature_c`` [k, j, i]."""
    shape, dtype = system.geometry.shape, system.dtype
    celsius = np.full(shape, system.body_c, dtype) if temperature_c is None else np.array(temperature_c, dtype)
    heat = freezing.heat_content_j_m3(celsius, system.number, system.materials, _constants(system))
    return FreezingState(heat.astype(dtype), celsius, celsius.copy(), np.zeros(shape, dtype))


def step(
    system: FreezingSystem, state: FreezingState, count: int = 1, time_step_s: float | None = None,
    monitor: Monitor = SILENT,
) -> FreezingState:
    """Return the state after ``count`` times ``time_step_s`` (default: the system's); ``state`` stays as it is.

    A phase of a needle counts in a step when it is on at its middle. Raises ``Cancelled`` when the monitor says so.
    """
    work = _begin(system, state)
    _advance(system, work, count, time_step_s or system.time_step_s, monitor)
    return _state_of(work)


def run(
    system: FreezingSystem, duration_s: float, snapshots: Sequence[float] = (), monitor: Monitor = SILENT,
    state: FreezingState | None = None,
) -> list[FreezingState]:
    """Return the states at the times ``snapshots`` (s, rising; the end is added) of a run of ``duration_s``.

    Steps are shortened so that snapshots and the ends of phases are met exactly. Raises ``SimulationError`` for times
    outside the run or fields that are not finite, ``Cancelled`` when stopped.
    """
    work = _begin(system, init(system) if state is None else state)
    start = work.time_s
    phases = (phase for needle in system.needles for phase in needle.phases)
    stops, wanted = stops_of_run(start, start + duration_s, snapshots, phases)
    kept: list[FreezingState] = []
    for time in stops:
        span = time - work.time_s
        if span > 1e-9:
            longest = min(system.longest_step_s, system.time_step_s * MOST_STAGES * (MOST_STAGES + 1) / 2)
            count = max(1, math.ceil(span / longest - 1e-9))
            _advance(system, work, count, span / count, monitor, (start, duration_s))
        work.time_s = time
        if time in wanted:
            kept.append(_state_of(work))
        check_cancelled(monitor)
    if not np.isfinite(work.heat).all():
        raise SimulationError("the temperature is no longer finite", advice="check the tissue constants and the needle")
    return kept


def heat_content_j(system: FreezingSystem, state: FreezingState) -> float:
    """Return the heat of the voxels within the outermost layer in J, 0 at body temperature, negative below."""
    inner = np.asarray(state.heat_j_m3, np.float64)[1:-1, 1:-1, 1:-1]
    return float(inner.sum()) * system.geometry.voxel_volume_ml * 1e-6


def largest_time_step_s(
    warm: Faces, cold: Faces, number: NDArray[np.uint8], materials: NDArray[np.float64], needle_w_m3_k: float = 0.0,
    safety: float = 0.9,
) -> float:
    """Return ``safety`` x the least of C / (sum of the conductances of the faces and of a needle), frozen or not."""
    fastest = 0.0
    for faces, column in ((warm, freezing.UNFROZEN), (cold, freezing.FROZEN)):
        total = np.zeros(number.shape)
        for axis, face in enumerate(faces):
            ahead, view = np.moveaxis(np.asarray(face, np.float64), axis, 0), np.moveaxis(total, axis, 0)
            view += ahead
            view[1:] += ahead[:-1]
        total[total > 0] += needle_w_m3_k  # no needle cools air or the blood of a large vessel
        fastest = max(fastest, float((total / materials[number, column]).max()))
    return safety / fastest if fastest > 0 else 1.0


@dataclass(eq=False)
class _Work:
    """The memory of a run, which changes in place."""

    heat: NDArray[Any]
    older: NDArray[Any]
    temperature: NDArray[Any]
    new: NDArray[Any]
    source: NDArray[Any]
    coldest: NDArray[Any]
    lethal_s: NDArray[Any]
    spans: NDArray[np.int32]
    new_spans: NDArray[np.int32]
    slopes: NDArray[Any]
    constants: NDArray[Any]
    pieces: tuple[NDArray[Any], ...]  # voxels, weights, starts, warm, cold of all needles
    time_s: float
    taken_j: float


def _begin(system: FreezingSystem, state: FreezingState) -> _Work:
    fields = (state.heat_j_m3, state.temperature_c, state.coldest_c, state.lethal_s)
    heat, celsius, coldest, lethal_s = (np.array(values, system.dtype) for values in fields)
    pieces = _pieces(system.needles)
    spans = freezing.spans_of(celsius, system.body_c, pieces[0])
    slopes = freezing.slopes_of(system.number, system.materials, system.dtype)
    return _Work(
        heat, heat.copy(), celsius, celsius.copy(), np.zeros_like(heat), coldest, lethal_s, spans, spans.copy(),
        slopes, _constants(system), pieces, state.time_s, state.taken_j,
    )


def _pieces(needles: tuple[Needle, ...]) -> tuple[NDArray[Any], ...]:
    """Put the pieces of all needles one after another."""
    starts, total = [np.zeros(1, np.int64)], 0
    for needle in needles:
        starts.append(needle.starts[1:] + total)
        total += int(needle.starts[-1])
    none, nowhere = np.zeros(0), np.zeros(0, np.int64)
    return (
        np.concatenate([nowhere, *(needle.voxels for needle in needles)]),
        np.concatenate([none, *(needle.weights for needle in needles)]), np.concatenate(starts),
        np.concatenate([none, *(needle.warm_w_k for needle in needles)]),
        np.concatenate([none, *(needle.cold_w_k for needle in needles)]),
    )


def _state_of(work: _Work) -> FreezingState:
    fields = (work.heat.copy(), work.temperature.copy(), work.coldest.copy(), work.lethal_s.copy())
    return FreezingState(*fields, work.time_s, work.taken_j)


def _advance(
    system: FreezingSystem, work: _Work, count: int, time_step_s: float, monitor: Monitor,
    told: tuple[float, float] | None = None,
) -> None:
    """Change ``work`` by ``count`` steps; ``told``: start and length of the run whose progress is told."""
    start, stages = work.time_s, 1
    while system.time_step_s * stages * (stages + 1) / 2 < time_step_s * (1.0 - 1e-9):
        stages += 1
    work.constants[freezing.LIMIT], work.constants[freezing.LENGTH] = min(system.time_step_s, time_step_s), time_step_s
    steps = max(1, STAGES_BETWEEN_CHECKS // stages)
    volume_m3 = system.geometry.voxel_volume_ml * 1e-6
    with threads_for(work.heat.size):
        for first in range(0, count, steps):
            numbers = np.arange(first, min(count, first + steps))
            needle_c, on = _schedule(system.needles, start + (numbers + 0.5) * time_step_s)
            work.taken_j = freezing.advance(
                work.heat, work.older, work.temperature, work.new, work.source, work.slopes, system.warm, system.cold,
                system.perfusion_1_s, system.wall_1_s, work.coldest, work.lethal_s, work.spans, work.new_spans,
                work.constants, *work.pieces, needle_c, on, volume_m3, stages, work.taken_j,
            )
            if numbers.size * stages % 2:
                work.heat, work.older = work.older, work.heat
                work.temperature, work.new = work.new, work.temperature
                work.spans, work.new_spans = work.new_spans, work.spans
            work.time_s = start + (int(numbers[-1]) + 1) * time_step_s
            if told is not None:
                monitor.progress(min(1.0, (work.time_s - told[0]) / max(told[1], 1e-9)))
            check_cancelled(monitor)


def _schedule(needles: tuple[Needle, ...], times_s: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return temperature and share of every piece at the middles of steps, (steps, pieces) each."""
    celsius, share = [], []
    for needle in needles:
        now = np.zeros((times_s.size, 2))
        for n, time in enumerate(times_s):
            for phase in needle.phases:
                if phase.start_s <= time < phase.stop_s:
                    sign = 1.0 if phase.needle_c < phase.start_c else -1.0
                    flows = phase.share / (phase.share + (1.0 - phase.share) * needle.wall)
                    now[n] = phase.temperature_c(float(time)), sign * flows
        count = needle.starts.size - 1
        celsius.append(np.repeat(now[:, :1], count, axis=1))
        share.append(np.repeat(now[:, 1:], count, axis=1))
    empty = np.zeros((times_s.size, 0))
    return np.hstack([empty, *celsius]), np.hstack([empty, *share])


def _constants(system: FreezingSystem) -> NDArray[Any]:
    return freezing.constants_of(
        system.body_c, system.liquidus_c, system.solidus_c, system.lethal_c, system.stasis_c, system.dtype
    )


def _checked(values: NDArray[Any], name: str, geometry: VolumeGeometry, dtype: Any) -> NDArray[Any]:
    found = read_only(np.ascontiguousarray(values, dtype=dtype), name, ndim=3)
    if found.shape != geometry.shape:
        raise SimulationError(f"{name} has shape {found.shape}, the grid is {geometry.shape}")
    return found
