"""When tissue recovers: maps of repolarisation and of the duration of action potentials, and their restitution.

A run is watched from outside, so that a simulation without these maps costs nothing for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus, TissueState, TissueSystem, voltage_mv
from anatomy_twin.units import check_positive, check_range

LOOK_MS: Final = 0.5
LEVEL: Final = 0.9  # APD90
LONGEST_MS: Final = 600.0  # within which an answer has to come and go
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BeatMaps:
    """The first action potential of each node (N,) after a moment; nan where there is none.

    ``activation_ms`` and ``repolarisation_ms`` are times of the run, ``apd_ms`` what lies between; V rises from
    ``rest_mv`` to ``peak_mv`` and is repolarised where it has come back by ``level`` of that.
    """

    activation_ms: Floats
    repolarisation_ms: Floats
    rest_mv: Floats
    peak_mv: Floats
    level: float

    def __post_init__(self) -> None:
        for name in ("activation_ms", "repolarisation_ms", "rest_mv", "peak_mv"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1, dtype=np.float64))

    @property
    def apd_ms(self) -> Floats:
        """How long the action potential of each node lasted (N,), ms."""
        return np.asarray(self.repolarisation_ms - self.activation_ms)


@dataclass(frozen=True, eq=False)
class TissueRestitution:
    """Answers of tissue to early beats: per interval (n,) and node (N,) the rest before, ``diastolic_ms`` (n, N), and
    the duration of the action potential, ``apd_ms`` (n, N); nan where the beat did not come."""

    interval_ms: Floats
    diastolic_ms: Floats
    apd_ms: Floats


def beat_maps(
    system: TissueSystem, state: TissueState, duration_ms: float, *, level: float = LEVEL,
    rest_mv: ArrayLike | None = None, monitor: Monitor = SILENT,
) -> tuple[BeatMaps, TissueState]:
    """Run on and return the first action potential of each node, and the state when all that began have ended.

    Parameters
    ----------
    duration_ms : the longest that is waited.
    level : 0.9 for APD90.
    rest_mv : V from which the amplitude counts, a number or (N,); default V of each node at the beginning.
    """
    watch = _Watch(system, state, check_range("level", level, 0.1, 0.99), rest_mv)
    end = pipeline.run(system, state, duration_ms, LOOK_MS, monitor, until=watch.look, keep=1)[-1]
    return BeatMaps(watch.activated, watch.repolarised, watch.rest, watch.peak, level), end


def restitution_of(
    system: TissueSystem, state: TissueState, site: NDArray[np.int64], intervals_ms: Sequence[float], *,
    drive_ms: float = 600.0, beats: int = 3, strength_mv_ms: float = 50.0, monitor: Monitor = SILENT,
) -> TissueRestitution:
    """Return how long action potentials last after how long a rest, node by node (S1S2).

    ``site`` are the nodes that are stimulated: ``beats`` times every ``drive_ms``, then once after each of
    ``intervals_ms``. ``system`` is tissue without stimuli of its own.
    """
    if beats < 1 or not len(intervals_ms):
        raise SimulationError(f"{beats} beats and {len(intervals_ms)} intervals", advice="give one or more of both")
    drive = check_positive("drive_ms", drive_ms)
    start = state.steps * system.dt_ms

    def paced(*times_ms: float) -> TissueSystem:
        return replace(system, stimuli=tuple(Stimulus(start + time, site, strength_mv_ms) for time in times_ms))

    if beats > 1:
        train = paced(*(number * drive for number in range(beats - 1)))
        state = pipeline.run(train, state, (beats - 1) * drive, monitor=monitor)[-1]
    last_ms = (beats - 1) * drive
    before, _ = beat_maps(paced(last_ms), state, LONGEST_MS, monitor=monitor)
    diastolic, durations = [], []
    for interval in intervals_ms:
        both = paced(last_ms, last_ms + check_positive("interval", interval))
        due = pipeline.run(both, state, float(interval), monitor=monitor)[-1]
        answer, _ = beat_maps(both, due, LONGEST_MS, rest_mv=before.rest_mv, monitor=monitor)
        diastolic.append(answer.activation_ms - before.repolarisation_ms)
        durations.append(answer.apd_ms)
    return TissueRestitution(np.array(intervals_ms, np.float64), np.array(diastolic), np.array(durations))


class _Watch:
    """What is known of each node so far, from looks at V."""

    def __init__(self, system: TissueSystem, state: TissueState, level: float, rest_mv: ArrayLike | None) -> None:
        self.system, self.level = system, level
        self.volts = voltage_mv(system, state).astype(np.float64)
        self.time = state.steps * system.dt_ms
        self.rest = np.array(np.broadcast_to(self.volts if rest_mv is None else rest_mv, self.volts.shape), np.float64)
        self.activated, self.repolarised, self.peak = (np.full(system.count, np.nan) for _ in range(3))

    def look(self, now: TissueState) -> bool:
        """Note what happened since the last look; whether all that began has ended and nothing begins."""
        volts, time = voltage_mv(self.system, now).astype(np.float64), now.steps * self.system.dt_ms
        threshold = self.system.threshold_mv
        begins = np.isnan(self.activated) & (self.volts < threshold) & (volts >= threshold)
        self.activated[begins] = self._crossed(begins, volts, time, np.full(self.system.count, threshold))
        self.peak[begins] = volts[begins]
        open_ = np.isfinite(self.activated) & np.isnan(self.repolarised)
        self.peak[open_] = np.maximum(self.peak[open_], volts[open_])
        back = self.peak - self.level * (self.peak - self.rest)
        ends = open_ & (self.volts > back) & (volts <= back)
        self.repolarised[ends] = self._crossed(ends, volts, time, back)
        self.volts, self.time = volts, time
        pending = any(stimulus.stop_ms > time for stimulus in self.system.stimuli)
        return not pending and not (volts > threshold).any() and not (open_ & ~ends).any()

    def _crossed(self, which: NDArray[np.bool_], volts: Floats, time: float, target: Floats) -> NDArray[Any]:
        share = (target[which] - self.volts[which]) / (volts[which] - self.volts[which])
        return np.asarray(self.time + share * (time - self.time))
