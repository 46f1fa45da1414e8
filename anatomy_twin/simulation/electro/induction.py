"""Pacing of tissue from one site: whether it captures, and whether something goes on by itself afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus, TissueState, TissueSystem, activation_ms, voltage_mv
from anatomy_twin.simulation.electro.spread import joined

LOOK_MS: Final = 20.0  # how often it is looked whether tissue is at rest
CAPTURED: Final = 0.5  # of the nodes are activated by a stimulus that captures
SHORT_WATCH_MS: Final = 300.0  # long enough to see whether a beat spreads
SAMPLED: Final = 200  # nodes whose cycles are measured
LAST_MS: Final = 1000.0  # of an arrhythmia, in which they are
STRONGEST_MV_MS: Final = 400.0  # of stimuli that are tried where one does not capture


@dataclass(frozen=True, eq=False)
class SiteResult:
    """What pacing at one site did.

    ``induced``: whether something lasted ``protocol.sustained_ms`` after the last stimulus; ``intervals_ms`` of the
    extra stimuli (or of the burst) that did it, ``longest_ms`` the longest that anything went on by itself.
    ``cycle_ms`` and ``cycle_spread``: median of its cycles in its last second and their quartiles' distance as a share
    of that, nan where there was none. ``refractory_ms`` the longest interval at which S2 did not capture, nan where all
    did. ``tries`` is how many trains were run, 0 for a site in dead tissue. Of what was induced, else None: ``last_ms``
    (N,) when nodes were activated last, ``state`` the tissue where its last second begins (after the last stimulus
    where it was watched for less), ``paced_ms`` when the last stimulus was given.
    """

    site_mm: NDArray[np.float64]
    captured: bool
    induced: bool
    intervals_ms: tuple[float, ...]
    longest_ms: float
    cycle_ms: float
    cycle_spread: float
    refractory_ms: float
    tries: int
    last_ms: NDArray[np.float64] | None = None
    state: TissueState | None = None
    paced_ms: float = float("nan")


def site_nodes(
    system: TissueSystem, site_mm: ArrayLike, radius_mm: float, part: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the nodes within a radius of a site, at least the nearest one.

    With ``part`` (N,), the parts of the tissue (-1 dead), only those that hang together with the nearest one alive,
    none where all within the radius are dead: a lesion beside the site is not jumped over.

    Raises ``SimulationError`` for a site farther than 10 mm from any tissue.
    """
    away = np.linalg.norm(system.points_mm - np.asarray(site_mm, np.float64), axis=1)
    nearest = int(np.argmin(away))
    if away[nearest] > 10.0:
        place = ", ".join(f"{value:.1f}" for value in np.asarray(site_mm, float))
        raise SimulationError(f"the site is {away[nearest]:.1f} mm from any tissue", where=f"{place} mm LPS")
    found = np.flatnonzero(away <= radius_mm)
    found = found if found.size else np.array([nearest])
    if part is None:
        return found
    alive = found[part[found] >= 0]
    return alive[part[alive] == part[alive[np.argmin(away[alive])]]] if alive.size else alive


def pace_site(
    system: TissueSystem, state: TissueState, site_mm: ArrayLike, protocol: PacingProtocol, monitor: Monitor = SILENT
) -> SiteResult:
    """Pace tissue at one site by a protocol until something is induced or the protocol is over.

    ``system`` is tissue without stimuli of its own, ``state`` at rest (or paced before). A site whose first train does
    not capture is told as such, with nothing induced, and so is one in dead tissue. A stimulus captures where it
    spreads over half of what hangs together with the site: a vein that lesions isolate is captured from within.
    """
    site = np.asarray(site_mm, np.float64)
    bench = _bench(system, site, protocol, monitor)
    if not bench.nodes.size:
        return _nothing(site, 0, captured=False)
    if protocol.kind == "extra_stimuli":
        return _extra_stimuli(bench, state, site)
    trains = [protocol.intervals_ms()]
    if protocol.kind == "burst":
        trains = [(interval,) * (protocol.drive_count - 1) for interval in protocol.intervals_ms()]
    longest = 0.0
    for number, intervals in enumerate(trains, start=1):
        found = _tried(bench, state, intervals)
        longest = max(longest, found.lasted_ms)
        if number == 1 and not found.captured and not found.lasted_ms:
            return _nothing(site, 1, captured=False)
        if found.lasted_ms >= protocol.sustained_ms:
            told = intervals[:1] if protocol.kind == "burst" else intervals
            return _induced(bench, site, found, told, np.nan, number)
    return _nothing(site, len(trains), longest_ms=longest)


def capture_threshold_mv_ms(
    system: TissueSystem, state: TissueState, site_mm: ArrayLike, protocol: PacingProtocol, monitor: Monitor = SILENT
) -> float:
    """Return the least strength (mV/ms, to 5 %) with which a stimulus of the protocol at a site spreads.

    Found by halving up to ``STRONGEST_MV_MS``; nan where that does not spread either.
    """
    bench = _bench(system, np.asarray(site_mm, np.float64), protocol, monitor)
    low, high = 0.0, STRONGEST_MV_MS
    if not bench.nodes.size or not _spreads(bench, state, high):
        return float("nan")
    while high > 1.05 * low:
        middle = float(np.sqrt(low * high)) if low > 0.0 else 0.25 * high
        low, high = (low, middle) if _spreads(bench, state, middle) else (middle, high)
        if high < 0.01:
            return high  # it goes off by itself
    return high


def _spreads(bench: _Bench, state: TissueState, strength_mv_ms: float) -> bool:
    protocol = replace(bench.protocol, strength_mv_ms=strength_mv_ms)
    return _tried(replace(bench, protocol=protocol), state, (), SHORT_WATCH_MS).captured


@dataclass(frozen=True, eq=False)
class _Bench:
    """``nodes`` are stimulated, ``reach`` (N,) bool is what hangs together with them."""

    system: TissueSystem
    nodes: NDArray[np.int64]
    reach: NDArray[np.bool_]
    protocol: PacingProtocol
    monitor: Monitor


def _bench(system: TissueSystem, site: NDArray[np.float64], protocol: PacingProtocol, monitor: Monitor) -> _Bench:
    part = joined(system.spread)
    nodes = site_nodes(system, site, protocol.radius_mm, part)
    return _Bench(system, nodes, np.isin(part, part[nodes[:1]]), protocol, monitor)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What followed the last stimulus of a train, given at ``paced_ms``: whether it captured, how long tissue was
    activated after it, when nodes were activated last, the state where the last second of the watch begins, and the
    cycles of the sampled nodes in it."""

    captured: bool
    lasted_ms: float
    paced_ms: float
    last_ms: NDArray[np.float64]
    state: TissueState
    cycles_ms: NDArray[np.float64]


def _extra_stimuli(bench: _Bench, state: TissueState, site: NDArray[np.float64]) -> SiteResult:
    protocol = bench.protocol
    if not _tried(bench, state, (), SHORT_WATCH_MS).captured:
        return _nothing(site, 1, captured=False)
    driven = _driven(bench, state, (protocol.drive_ms,) * (protocol.drive_count - 1))
    fixed: tuple[float, ...] = ()
    tries, longest, refractory = 1, 0.0, float("nan")
    for number in range(protocol.extra):
        shortest = None
        for interval in protocol.intervals_ms():
            tries += 1
            found = _tried(bench, driven, (*fixed, interval))
            longest = max(longest, found.lasted_ms)
            if found.lasted_ms >= protocol.sustained_ms:
                return _induced(bench, site, found, (*fixed, interval), refractory, tries)
            if not found.captured:
                refractory = interval if number == 0 else refractory
                break
            shortest = interval
        if shortest is None:
            break  # not even the longest interval captures
        fixed = (*fixed, shortest)
    return _nothing(site, tries, longest_ms=longest, refractory_ms=refractory)


def _driven(bench: _Bench, state: TissueState, intervals_ms: Sequence[float]) -> TissueState:
    """Return the state when the last stimulus of a train is due, but not yet given."""
    if not intervals_ms:
        return state
    system = replace(bench.system, stimuli=_stimuli(bench, state, intervals_ms)[:-1])
    return pipeline.run(system, state, sum(intervals_ms), monitor=bench.monitor)[-1]


def _stimuli(bench: _Bench, state: TissueState, intervals_ms: Sequence[float]) -> tuple[Stimulus, ...]:
    """Return a train that begins now."""
    protocol, now = bench.protocol, state.steps * bench.system.dt_ms
    times = now + np.cumsum((0.0, *intervals_ms))
    return tuple(Stimulus(float(time), bench.nodes, protocol.strength_mv_ms, protocol.duration_ms) for time in times)


def _tried(
    bench: _Bench, state: TissueState, intervals_ms: Sequence[float], watch_ms: float | None = None
) -> _Seen:
    """Give a train from now on and watch what follows its last stimulus, until all is at rest or it has lasted."""
    stimuli = _stimuli(bench, state, intervals_ms)
    system, last_ms = replace(bench.system, stimuli=stimuli), stimuli[-1].start_ms
    if intervals_ms:
        state = pipeline.run(system, state, sum(intervals_ms), monitor=bench.monitor)[-1]
    sampled = np.linspace(0, system.count - 1, min(SAMPLED, system.count)).astype(np.int64)
    seen: list[NDArray[np.float64]] = []

    def at_rest(now: TissueState) -> bool:
        seen.append(activation_ms(system, now, last=True)[sampled])
        quiet = not bool((voltage_mv(system, now) > system.threshold_mv).any())
        return quiet and now.steps * system.dt_ms > last_ms + bench.protocol.duration_ms + LOOK_MS

    duration = (watch_ms or bench.protocol.sustained_ms) + 2.0 * LOOK_MS
    until_last = max(duration - LAST_MS, bench.protocol.duration_ms + LOOK_MS)
    begun = pipeline.run(system, state, until_last, LOOK_MS, bench.monitor, until=at_rest, keep=1)[-1]
    end = begun
    if not at_rest(begun):
        end = pipeline.run(system, begun, duration - until_last, LOOK_MS, bench.monitor, until=at_rest, keep=1)[-1]
    times = activation_ms(system, end, last=True)
    after = times > last_ms
    captured = float(after[bench.reach].mean()) >= CAPTURED
    lasted = float(times[after].max() - last_ms) if after.any() else 0.0
    cycles = _cycles(np.array(seen), end.steps * system.dt_ms - LAST_MS)
    return _Seen(captured, lasted, last_ms, times, begun, cycles)


def _cycles(seen: NDArray[np.float64], from_ms: float) -> NDArray[np.float64]:
    """Return the times between activations of nodes [look, node] after a moment."""
    found = []
    for column in seen.T:
        times = np.unique(column[np.isfinite(column)])
        times = times[times >= from_ms]
        found.append(np.diff(times))
    return np.concatenate(found) if found else np.zeros(0)


def _induced(
    bench: _Bench, site: NDArray[np.float64], found: _Seen, intervals_ms: Sequence[float], refractory_ms: float,
    tries: int,
) -> SiteResult:
    cycles = found.cycles_ms
    middle = float(np.median(cycles)) if cycles.size else float("nan")
    spread = float(np.subtract(*np.percentile(cycles, [75.0, 25.0])) / middle) if cycles.size else float("nan")
    return SiteResult(
        site, True, True, tuple(float(value) for value in intervals_ms), found.lasted_ms, middle, spread,
        refractory_ms, tries, found.last_ms, found.state, found.paced_ms,
    )


def _nothing(
    site: NDArray[np.float64], tries: int, *, captured: bool = True, longest_ms: float = 0.0,
    refractory_ms: float = float("nan"),
) -> SiteResult:
    none = float("nan")
    return SiteResult(site, captured, False, (), longest_ms, none, none, refractory_ms, tries)
