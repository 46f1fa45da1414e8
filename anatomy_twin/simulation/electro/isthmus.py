"""The isthmus of a re-entrant tachycardia: where its way is narrow, between barriers, and active while the rest is not.

A tachycardia of ventricles is sustained here when the same isthmus is passed at least twice in a row. It is found from
when nodes are activated over some cycles: in diastole little tissue is activated at a time, and what is belongs to the
isthmus if it hangs together and lasts through that time (W.G. Stevenson et al., Circulation 1993;88:1647: diastolic
activation in a protected channel). Of that path the narrowest section is where least tissue is activated per way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import label, median_filter, uniform_filter1d
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from anatomy_twin.core import SILENT, LesionLine, Monitor
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import TissueState, TissueSystem, activation_ms
from anatomy_twin.simulation.electro.spread import Lattice, Rows, Spread
from anatomy_twin.units import check_point, check_positive

LEAST_CYCLES: Final = 2  # on the same isthmus: a sustained tachycardia
LOOK_MS: Final = 10.0  # no node is activated twice in so short a time
BIN_MS: Final = 4.0
QUIET_SHARE: Final = 0.35  # of the mean rate of activation: less is diastole
SHORTEST_SHARE: Final = 0.1  # of the cycle
THROUGH_SHARE: Final = 0.6  # of a diastole that the path through the isthmus lasts
SAME: Final = 0.5  # of the nodes (Dice) are those of the same isthmus
SECTIONS: Final = 24  # moments at which the width of the path is measured
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Isthmus:
    """An isthmus: ``nodes`` (n,) of its path and ``times_ms`` (n,) when the front passes them, the nodes ``section``
    (m,) of its narrowest part, ``area_mm2`` of that, its middle and the ``way`` (unit vector) of the front there.

    ``ends_mm`` (2, 3) are the sides of the narrowest part, ``barrier_mm`` (2,) how far each is from tissue that does
    not conduct (inf: there is none). ``cycles`` is how often in a row it was passed, every ``cycle_ms``.
    """

    nodes: NDArray[np.int64]
    times_ms: Floats
    section: NDArray[np.int64]
    area_mm2: float
    centre_mm: Floats
    way: Floats
    ends_mm: Floats
    barrier_mm: Floats
    cycles: int
    cycle_ms: float

    def __post_init__(self) -> None:
        for name, kind in (("nodes", np.int64), ("section", np.int64), ("times_ms", np.float64),
                           ("centre_mm", np.float64), ("way", np.float64), ("ends_mm", np.float64),
                           ("barrier_mm", np.float64)):
            object.__setattr__(self, name, read_only(getattr(self, name), name, dtype=kind))

    @property
    def sustained(self) -> bool:
        """Whether it was passed often enough in a row."""
        return self.cycles >= LEAST_CYCLES


def activations(
    system: TissueSystem, state: TissueState, duration_ms: float, monitor: Monitor = SILENT
) -> tuple[NDArray[np.int64], Floats]:
    """Run on and return every activation: nodes (e,) and times (e,) in ms, the earliest first."""
    before = activation_ms(system, state, last=True)
    nodes, times = [], []

    def looked(now: TissueState) -> bool:
        nonlocal before
        last = activation_ms(system, now, last=True)
        new = np.flatnonzero(np.isfinite(last) & ~(last == before))
        nodes.append(new)
        times.append(last[new])
        before = last
        return False

    pipeline.run(system, state, duration_ms, LOOK_MS, monitor, until=looked, keep=1)
    found, when = np.concatenate(nodes), np.concatenate(times)
    order = np.argsort(when, kind="stable")
    return found[order], when[order]


def find_isthmus(
    system: TissueSystem, state: TissueState, volumes_mm3: Floats, cycle_ms: float, cycles: int = 3,
    monitor: Monitor = SILENT,
) -> Isthmus | None:
    """Return the isthmus of a tachycardia that goes on in ``state``, None where no path is activated in diastole.

    Parameters
    ----------
    system : tissue without stimuli; ``volumes_mm3`` (N,) of its nodes (``electrograms.node_volumes_mm3``).
    cycle_ms : its cycle, as pacing found it; ``cycles`` how many are watched.
    """
    if volumes_mm3.shape != (system.count,):
        raise SimulationError(f"volumes of shape {volumes_mm3.shape} for {system.count} nodes")
    long = (cycles + 1.5) * check_positive("cycle_ms", cycle_ms)
    nodes, times = activations(system, state, long, monitor)
    if not nodes.size:
        return None
    joined = _joined(system.spread)
    paths = _diastolic_paths(nodes, times, volumes_mm3, cycle_ms, joined)
    if not paths:
        return None
    first = max(range(len(paths)), key=lambda n: (float(np.ptp(paths[n][1])), -n))
    path, when = paths[first]
    passes = [float(moment.mean()) for own, moment in paths if _alike(own, path) >= SAME]
    alive = np.asarray(abs(joined).sum(axis=1)).ravel() > 0.0
    return _measured(system.points_mm, volumes_mm3, path, when, alive, passes, cycle_ms)


def lesion_across(isthmus: Isthmus, radius_mm: float = 4.0) -> LesionLine:
    """Return a line across the narrowest part of an isthmus, from barrier to barrier."""
    ends = [check_point("end", end) for end in isthmus.ends_mm]
    return LesionLine((ends[0], check_point("middle", isthmus.centre_mm), ends[1]), radius_mm)


def killed_across(points_mm: Floats, isthmus: Isthmus, radius_mm: float = 4.0) -> NDArray[np.bool_]:
    """Return the nodes (N,) that a lesion through the whole wall kills: within a radius of the narrowest part."""
    near = cKDTree(points_mm[isthmus.section]).query(points_mm)[0]
    plane = np.abs((points_mm - isthmus.centre_mm) @ isthmus.way)
    return np.asarray((near <= check_positive("radius_mm", radius_mm)) & (plane <= radius_mm))


def _joined(spread: Spread) -> sparse.csr_array:
    if isinstance(spread, Lattice):
        raise SimulationError("an isthmus is not looked for in a box with one stencil")
    rates = spread.rates.copy() if isinstance(spread, Rows) else spread.sparse_rates()
    rates.setdiag(0.0)
    rates.eliminate_zeros()
    return rates


def _diastolic_paths(
    nodes: NDArray[np.int64], times: Floats, volumes: Floats, cycle_ms: float, joined: sparse.csr_array
) -> list[tuple[NDArray[np.int64], Floats]]:
    """Return of each diastole the nodes that hang together and are activated through it, and when."""
    start = times[0]
    amount = np.bincount(((times - start) / BIN_MS).astype(np.int64), volumes[nodes])
    rate = uniform_filter1d(amount, 3, mode="nearest")
    parts, count = label(rate < QUIET_SHARE * rate.mean())
    found = []
    for part in range(1, count + 1):
        bins = np.flatnonzero(parts == part)
        long = bins.size * BIN_MS
        if bins[0] == 0 or bins[-1] == rate.size - 1 or long < SHORTEST_SHARE * cycle_ms:
            continue
        low, high = start + bins[0] * BIN_MS, start + (bins[-1] + 1) * BIN_MS
        inside = slice(*np.searchsorted(times, [low, high]))
        own, first = np.unique(nodes[inside], return_index=True)
        when = times[inside][first]
        groups, group = connected_components(joined[own][:, own], directed=False)
        spans = [float(np.ptp(when[group == n])) for n in range(groups)]
        if spans and max(spans) >= THROUGH_SHARE * long:
            best = group == int(np.argmax(spans))
            found.append((own[best], when[best]))
    return found


def _alike(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    return 2.0 * np.intersect1d(one, other).size / (one.size + other.size)


def _in_a_row(passes: list[float], cycle_ms: float) -> tuple[int, float]:
    """Return the longest run of moments about a cycle apart, and their mean distance."""
    best, mean = 1, cycle_ms
    run = [passes[0]]
    for moment in passes[1:]:
        run = [*run, moment] if 0.75 * cycle_ms < moment - run[-1] < 1.25 * cycle_ms else [moment]
        if len(run) > best:
            best, mean = len(run), float(np.diff(run).mean())
    return best, mean


def _measured(
    points: Floats, volumes: Floats, path: NDArray[np.int64], when: Floats, alive: NDArray[np.bool_],
    passes: list[float], cycle_ms: float,
) -> Isthmus | None:
    """Return the isthmus of a path with its narrowest section; None for a path without a length."""
    half = 1.5 * float(np.ptp(when)) / SECTIONS
    measured = []
    for moment in np.linspace(when.min() + 2.0 * half, when.max() - 2.0 * half, SECTIONS):
        ahead, behind = (np.abs(when - moment - shift) <= half for shift in (half, -half))
        here = np.abs(when - moment) <= half
        if not (ahead.any() and behind.any() and here.any()):
            continue
        way = points[path[ahead]].mean(axis=0) - points[path[behind]].mean(axis=0)
        length = float(np.linalg.norm(way))
        if length > 0.0:
            measured.append((float(volumes[path[here]].sum()) / length, here, way / length))
    if not measured:
        return None
    areas = median_filter([one[0] for one in measured], 5, mode="nearest")  # voxels come in by whole layers
    narrowest = int(np.argmin(areas))
    (_, here, way), area = measured[narrowest], float(areas[narrowest])
    section = path[here]
    centre = points[section].mean(axis=0)
    off = points[section] - centre
    off = off - (off @ way)[:, None] * way
    across = np.linalg.svd(off, full_matrices=False)[2][0]
    along = off @ across
    ends = centre + np.array([along.min(), along.max()])[:, None] * across
    barrier = np.full(2, np.inf)
    if not alive.all():
        barrier = cKDTree(points[~alive]).query(ends)[0]
    cycles, mean = _in_a_row(passes, cycle_ms)
    return Isthmus(path, when, section, area, centre, way, ends, barrier, cycles, mean)


def describe(isthmus: Isthmus) -> tuple[str, ...]:
    """Return lines for the reader: why this is the isthmus."""
    place = "{:.0f}, {:.0f}, {:.0f} mm".format(*isthmus.centre_mm)
    lines = [
        f"passed {isthmus.cycles} times in a row, every {isthmus.cycle_ms:.0f} ms",
        f"activated for {np.ptp(isthmus.times_ms):.0f} ms while the rest is quiet",
        f"narrowest at {place}: {isthmus.area_mm2:.0f} mm2",
    ]
    if np.isfinite(isthmus.barrier_mm).all():
        lines.append("its sides are {:.0f} and {:.0f} mm from tissue that does not conduct".format(*isthmus.barrier_mm))
    return tuple(lines)
