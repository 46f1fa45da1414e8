"""What drives an arrhythmia on a chamber's wall: tips of waves and their tracks, ways round holes, frequencies, type.

Read off the voltages of one second. Rules of ``judged``, in this order, all of them told as evidence:

- rotors: a tip of a wave is followed for two cycles or more;
- macro re-entry: the phase turns once, always the same way, around a hole: an opening, or what does not conduct;
- fibrillation: tips all the time but none for long, or cycles that differ by more than ``REGULAR``;
- focal: none of these; where the earliest nodes are is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import TissueState, TissueSystem, activation_ms, voltage_mv
from anatomy_twin.simulation.electro.measures import (
    Singularities,
    Track,
    density_per_s,
    dominant_hz,
    phase_of,
    singularities,
    tracks,
)
from anatomy_twin.simulation.electro.spread import joined
from anatomy_twin.units import lps_text

RECORD_MS: Final = 1000.0
EVERY_MS: Final = 2.0
DELAY_MS: Final = 20.0  # between the two voltages of a phase: shorter than action potential and rest
FARTHEST_MM: Final = 5.0  # that a tip moves between two moments
GAP_MS: Final = 20.0  # for which a tip may be lost
ROTOR_CYCLES: Final = 2.0
STEADY: Final = 0.9  # of the time a phase turns the same way around a hole
REGULAR: Final = 0.1  # quartiles of the cycles apart, as a share of their median
BUSY: Final = 0.5  # of the time there is a tip somewhere
FASTER: Final = 1.6
LEAST_OF_RIM: Final = 0.3  # of an opening's points lie on a rim that is called by its name

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Record:
    """Voltages (mV) of a wall: ``voltages_mv`` [moment, node], float32, every ``EVERY_MS``; ``alive`` (N,) which nodes
    conduct, ``last_ms`` (N,) when each was activated last, on the clock of the tissue, nan never; ``end_ms`` of it."""

    voltages_mv: NDArray[np.float32]
    alive: NDArray[np.bool_]
    last_ms: Floats
    end_ms: float


@dataclass(frozen=True, eq=False)
class Turning:
    """A hole that a wave goes round: ``nodes`` of its rim, which way (1 counter-clockwise seen from outside), and for
    which share of the time."""

    name: str
    nodes: NDArray[np.int64]
    way: int
    share: float


@dataclass(frozen=True, eq=False)
class Drivers:
    """What drives: the type and the lines that say why, tips as ``rotors`` (longest first) and per s around each node,
    the dominant frequency of each node, holes that are gone round."""

    arrhythmia: str
    evidence: tuple[str, ...]
    rotors: tuple[Track, ...]
    turning: tuple[Turning, ...]
    singularities_per_s: Floats
    dominant_hz: Floats


def recorded(system: TissueSystem, state: TissueState, monitor: Monitor = SILENT) -> Record:
    """Run tissue on for a second and return its voltages."""
    seen: list[NDArray[np.float32]] = []

    def sample(now: TissueState) -> bool:
        seen.append(voltage_mv(system, now))
        return False

    end = pipeline.run(system, state, RECORD_MS, EVERY_MS, monitor, until=sample, keep=1)[-1]
    return Record(np.array(seen), joined(system.spread) >= 0, activation_ms(system, end, last=True),
                  end.steps * system.dt_ms)


def drivers_of(chamber: Chamber, record: Record, cycle_ms: float, cycle_spread: float) -> Drivers:
    """Return what drives an arrhythmia of a cycle length (ms; spread as a share) by its record."""
    surface = chamber.surface
    live = record.alive[surface.triangles].all(axis=1)
    wall = SurfaceMesh(surface.points_mm, surface.triangles[live])
    phases = phases_of(record)
    moments = [singularities(wall, phase, n * EVERY_MS) for n, phase in enumerate(phases)]
    found = joined_tracks(tracks(moments, FARTHEST_MM))
    turning = turning_holes(chamber, wall, phases)
    rotors = tuple(track for track in found if track.lasted_ms >= ROTOR_CYCLES * cycle_ms)
    arrhythmia, evidence = judged(chamber, record, cycle_ms, cycle_spread, moments, found, rotors, turning)
    return Drivers(
        arrhythmia, evidence, rotors, turning, density_per_s(surface, moments), frequencies_hz(record, cycle_ms)
    )


def frequencies_hz(record: Record, cycle_ms: float) -> Floats:
    """Return the dominant frequency of each node (N,), 0 of dead ones, not above ``FASTER`` times that of the cycle:
    where a tip passes, V has two peaks in a cycle, and the harmonic would win."""
    found = dominant_hz(record.voltages_mv, EVERY_MS, (2.0, max(FASTER * 1000.0 / cycle_ms, 4.0)))
    return np.where(record.alive, found, 0.0)


def phases_of(record: Record) -> NDArray[np.float32]:
    """Return the phase [moment, node] of a record: of its voltage and that ``DELAY_MS`` before about their middle."""
    volts = record.voltages_mv
    low, high = np.percentile(volts[::10][:, record.alive], [2.0, 98.0])
    back = round(DELAY_MS / EVERY_MS)
    return phase_of(volts[back:], volts[:-back], 0.5 * (low + high)).astype(np.float32)


def joined_tracks(found: tuple[Track, ...]) -> tuple[Track, ...]:
    """Join tracks of tips that were lost for a moment: of the same turn, going on nearby within ``GAP_MS``."""
    waiting = sorted(found, key=lambda track: (track.times_ms[0], -track.lasted_ms))
    ended: list[Track] = []
    for track in waiting:
        gaps = [
            (float(np.linalg.norm(track.points_mm[0] - one.points_mm[-1])), n) for n, one in enumerate(ended)
            if one.chirality == track.chirality and 0.0 < track.times_ms[0] - one.times_ms[-1] <= GAP_MS
        ]
        near = [gap for gap in gaps if gap[0] <= FARTHEST_MM]
        if not near:
            ended.append(track)
            continue
        before = ended[min(near)[1]]
        ended[min(near)[1]] = Track(
            track.chirality, np.concatenate([before.times_ms, track.times_ms]),
            np.concatenate([before.points_mm, track.points_mm]),
        )
    return tuple(sorted(ended, key=lambda one: (-one.lasted_ms, tuple(one.points_mm[0]))))


def holes_of(chamber: Chamber, wall: SurfaceMesh) -> tuple[tuple[str, NDArray[np.int64]], ...]:
    """Return the holes of what is alive: their names and directed rim edges (n, 2), the wall on the left of each.

    Rims that touch are one hole. One is called after the openings that lie on it, else after the region beside it.
    """
    triangles = wall.triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(np.int64)
    count = len(wall.points_mm)
    key = edges[:, 0] * count + edges[:, 1]
    rim = edges[~np.isin(key, edges[:, 1] * count + edges[:, 0])]
    graph = sparse.coo_array((np.ones(len(rim), np.int8), (rim[:, 0], rim[:, 1])), (count, count))
    _, part = connected_components(graph.tocsr(), directed=False)
    found = []
    for number in np.unique(part[rim[:, 0]]):
        own = rim[part[rim[:, 0]] == number]
        found.append((_hole_name(chamber, own[:, 0]), own))
    return tuple(sorted(found, key=lambda hole: -len(hole[1])))


def turning_holes(chamber: Chamber, wall: SurfaceMesh, phases: NDArray[np.float32]) -> tuple[Turning, ...]:
    """Return the holes around which the phase [moment, node] turns once, the same way for most of the time.

    The turns around a hole are the sum of the changes of phase along its rim over 2 pi; a wave runs to where the phase
    is less.
    """
    found = []
    for name, rim in holes_of(chamber, wall):
        steps = phases[:, rim[:, 1]] - phases[:, rim[:, 0]]  # the rim of a hole runs clockwise around it
        turns = np.rint(((steps + np.pi) % (2.0 * np.pi) - np.pi).sum(axis=1) / (2.0 * np.pi))
        way = int(np.sign(np.median(turns)))
        share = float((np.sign(turns) == way).mean()) if way else 0.0
        if share >= STEADY:
            found.append(Turning(name, np.unique(rim), way, share))
    return tuple(found)


def judged(
    chamber: Chamber, record: Record, cycle_ms: float, cycle_spread: float, moments: list[Singularities],
    found: tuple[Track, ...], rotors: tuple[Track, ...], turning: tuple[Turning, ...],
) -> tuple[str, tuple[str, ...]]:
    """Return the type of an arrhythmia and the lines that say why, by the rules at the head of this file."""
    busy = float(np.mean([len(one.triangles) > 0 for one in moments]))
    mean = float(np.mean([len(one.triangles) for one in moments]))
    reached = np.isfinite(record.last_ms) & (record.last_ms >= record.end_ms - 2.0 * cycle_ms)
    lines = [f"cycle {cycle_ms:.0f} ms, the middle half of the cycles within {100.0 * cycle_spread:.0f} % of it, in "
             f"{100.0 * float(reached[record.alive].mean()):.0f} % of what is alive"]
    lines += [
        f"goes round {one.name}, {'counter-clockwise' if one.way > 0 else 'clockwise'} seen from outside, "
        f"in {100.0 * one.share:.0f} % of the time" for one in turning
    ]
    lines += [
        f"a tip of a wave for {track.lasted_ms:.0f} ms {_around(chamber, track.points_mm)}" for track in rotors[:5]
    ]
    longest = max((track.lasted_ms for track in found), default=0.0)
    lines.append(f"tips of waves in {100.0 * busy:.0f} % of the time, {mean:.1f} on average, the longest for "
                 f"{longest:.0f} ms")
    if turning and (not rotors or (len(turning) > 1 and len(rotors) < len(turning))):
        return "macro re-entry", tuple(lines)
    if rotors:
        return "rotors", tuple(lines)
    if busy >= BUSY or cycle_spread > REGULAR:
        return "fibrillation", tuple(lines)
    return "focal", (*lines, *_earliest(chamber, record, cycle_ms))


def _earliest(chamber: Chamber, record: Record, cycle_ms: float) -> tuple[str, ...]:
    """Say where the last beat that reached everything began: the node before all others in the cycle before the end."""
    times = np.where(np.isfinite(record.last_ms) & record.alive, record.last_ms, np.inf)
    within = times >= record.end_ms - 2.0 * cycle_ms
    if not np.isfinite(times[within]).any():
        return ()
    first = int(np.flatnonzero(within)[np.argmin(times[within])])
    return (f"spreads from {_around(chamber, chamber.surface.points_mm[[first]])}",)


def _around(chamber: Chamber, points_mm: Floats) -> str:
    """Return the region in which most of some points lie, and their middle."""
    middle = np.median(points_mm, axis=0)
    place = lps_text(middle)
    if chamber.regions is None:
        return f"at {place}"
    away = np.linalg.norm(chamber.surface.points_mm - middle, axis=1)
    return f"in {_region(chamber, np.array([int(np.argmin(away))]))} ({place})"


def _hole_name(chamber: Chamber, nodes: NDArray[np.int64]) -> str:
    names = [
        (one.name or "an opening").replace("_", " ") for one in chamber.openings
        if np.isin(one.points, nodes).mean() >= LEAST_OF_RIM
    ]
    if names:
        return " and ".join(names)
    return f"what does not conduct in {_region(chamber, nodes)}" if chamber.regions is not None else (
        "what does not conduct at " + lps_text(chamber.surface.points_mm[nodes].mean(axis=0)))


def _region(chamber: Chamber, nodes: NDArray[np.int64]) -> str:
    assert chamber.regions is not None
    return chamber.region_names[int(np.bincount(chamber.regions[nodes]).argmax())].replace("_", " ")
