"""Fronts on voxels that come again: arrival by the eikonal equation, with refractory time and restitution.

A fast stand-in for the whole simulation where re-entry is asked about: some thousand times fewer steps. What it takes
from cells are two curves per class of muscle, measured on a strand of the whole simulation with the same cells and the
same voxels (``curves_of``): how long an action potential lasts and how much slower a front is after how short a rest.
A front that meets tissue which has not recovered ends there; nothing waits, and fronts know no curvature and no
drawing of current by what lies beside them. For what that costs see the verification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import Myocardium, VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Substrate
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import reaction_eikonal as kernel
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus, TissueState, TissueSystem
from anatomy_twin.simulation.electro.chamber_tissue import (
    ElectroModel,
    conduction_of,
    dead_nodes,
    eikonal_of,
    mean_edge_mm,
    tissue_of,
)
from anatomy_twin.simulation.electro.eikonal import EikonalSystem
from anatomy_twin.simulation.electro.repolarisation import BeatMaps, beat_maps
from anatomy_twin.units import check_positive

STRAND_VOXELS: Final = 72
SITE_VOXELS, HEALTHY_VOXELS = 4, 16  # a front that begins in tissue that is hardly coupled would die out
BESIDE_SITE, LAST = 2, 0.8  # voxels beside the site, and the end of the strand, that are not measured
DRIVE_MS, DRIVE_BEATS = 600.0, 3
LONGEST_REST_MS: Final = 400.0
SHARES: Final = (0.5, 0.25, 0.125, 0.0625)  # of the longest rest: intervals that are tried first
FINEST_MS: Final = 4.0  # to which the shortest interval that is answered is found
TABLE_MS: Final = 2.0
BIN_MS: Final = 4.0  # of rest: within it what voxels showed is averaged
FRESH_MS: Final = 60.0  # a voxel takes part in its front for so long; shorter than any action potential
MOST_ACTIVATIONS: Final = 50_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curves:
    """What rest does to a class of muscle: after ``rest_ms`` (n,) action potentials of ``duration_ms`` (n,), and fronts
    that take ``delay`` (n,) times as long as after a long rest. Nothing is answered before ``rest_ms[0]``."""

    rest_ms: Floats
    duration_ms: Floats
    delay: Floats

    def __post_init__(self) -> None:
        for name in ("rest_ms", "duration_ms", "delay"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1, dtype=np.float64))
        if self.rest_ms.size < 2 or not (np.diff(self.rest_ms) > 0.0).all():
            raise SimulationError("curves of restitution need two or more rising rests")


@dataclass(frozen=True, eq=False)
class AgainSystem:
    """Voxels on which fronts come again: ``eikonal`` of them, ``closed`` (N,) those that do not conduct, ``classes``
    (N,) and the tables of their curves by class."""

    eikonal: EikonalSystem
    closed: NDArray[np.bool_]
    classes: NDArray[np.int64]
    duration_ms: Floats
    delay: Floats
    least_ms: Floats

    @property
    def count(self) -> int:
        """How many voxels there are."""
        return int(self.classes.size)


@dataclass(frozen=True, eq=False)
class Fronts:
    """Every activation in its order: ``times_ms`` (e,) and ``nodes`` (e,)."""

    times_ms: Floats
    nodes: NDArray[np.int64]

    def cycles_ms(self, node: int) -> Floats:
        """Return the times between activations of a node."""
        return np.asarray(np.diff(self.times_ms[self.nodes == node]))

    @property
    def lasted_ms(self) -> float:
        """When the last voxel was activated."""
        return float(self.times_ms[-1]) if self.times_ms.size else 0.0


def again_of(
    muscle: Myocardium, model: ElectroModel, dead: ArrayLike | None = None
) -> AgainSystem:
    """Return muscle ready to run, with curves of each class that it has, measured for the size of its voxels.

    ``dead`` (N,) and classes that do not conduct let nothing pass.
    """
    out = dead_nodes(muscle, model, dead)
    classes = np.zeros(muscle.count, np.int64) if muscle.substrate is None else np.asarray(muscle.substrate.classes)
    places = np.arange(0.0, LONGEST_REST_MS + TABLE_MS, TABLE_MS)
    durations, delays = np.ones((2, len(SUBSTRATE_CLASSES), places.size))
    least = np.full(len(SUBSTRATE_CLASSES), np.inf)
    for name in conduction_of(muscle, model):
        curves, of = curves_of(model, name, mean_edge_mm(muscle)), SUBSTRATE_CLASSES.index(name)
        durations[of] = np.interp(places, curves.rest_ms, curves.duration_ms)
        delays[of] = np.interp(places, curves.rest_ms, curves.delay)
        least[of] = curves.rest_ms[0]
    return AgainSystem(eikonal_of(muscle, model), out, classes, durations, delays, least)


def run(
    system: AgainSystem, stimuli: Sequence[tuple[float, NDArray[np.int64]]], until_ms: float, *,
    refractory_until_ms: ArrayLike | None = None,
) -> Fronts:
    """Return every activation from the first of ``stimuli`` (time in ms, nodes) until a time.

    All is at rest at the beginning, or recovers only at ``refractory_until_ms`` (N,) where that is above 0. Raises
    ``SimulationError`` without stimuli and for nodes that are not there.
    """
    if not stimuli:
        raise SimulationError("nothing is stimulated")
    for time, nodes in stimuli:
        if not np.isfinite(time) or not len(nodes) or min(nodes) < 0 or max(nodes) >= system.count:
            raise SimulationError(f"a stimulus of nodes that are not there, at {time:g} ms")
    at_ms = np.concatenate([np.full(len(nodes), float(time)) for time, nodes in stimuli])
    at_node = np.concatenate([np.asarray(nodes, np.int64) for _, nodes in stimuli])
    activated, lasts = np.full(system.count, -np.inf), np.zeros(system.count)
    if refractory_until_ms is not None:
        late = np.asarray(refractory_until_ms, np.float64)
        if late.shape != (system.count,) or not np.isfinite(late).all():
            raise SimulationError(f"times of recovery of shape {late.shape} for {system.count} nodes")
        activated[late > 0.0], lasts[late > 0.0] = -FRESH_MS, late[late > 0.0] + FRESH_MS
    most = min(MOST_ACTIVATIONS, system.count * (10 + int(check_positive("until_ms", until_ms) / 50.0)))
    times, nodes = kernel.run(
        *system.eikonal.tables, system.closed, system.classes, system.duration_ms, system.delay, TABLE_MS,
        system.least_ms, FRESH_MS, at_ms, at_node, float(until_ms), most, activated, lasts,
    )
    return Fronts(times, nodes)


def curves_of(model: ElectroModel, name: str, edge_mm: float) -> Curves:
    """Return the curves of a class of muscle from early beats on a strand of voxels with the class's own velocity.

    The interval is shortened until a beat no longer spreads over the strand.
    """
    strand, site = _strand(model, name, edge_mm)
    train = replace(strand, stimuli=tuple(Stimulus(n * DRIVE_MS, site) for n in range(DRIVE_BEATS)))
    last = (DRIVE_BEATS - 1) * DRIVE_MS
    state = pipeline.run(train, pipeline.init(train), last)[-1] if last else pipeline.init(train)
    before, _ = beat_maps(train, state, DRIVE_MS)
    part = slice((SITE_VOXELS if name == SUBSTRATE_CLASSES[0] else HEALTHY_VOXELS) + BESIDE_SITE,
                 round(LAST * STRAND_VOXELS))
    usual = np.gradient(before.activation_ms)[part]
    duration = float(before.apd_ms[part].mean())
    rows = [np.array([[LONGEST_REST_MS], [duration], [1.0]])]
    answered, missed = duration + LONGEST_REST_MS, 0.5 * duration
    coming = [duration + share * LONGEST_REST_MS for share in SHARES]
    while answered - missed > FINEST_MS:
        interval = coming.pop(0) if coming else 0.5 * (answered + missed)
        found = _answer(train, state, site, last + interval, before.rest_mv, part)
        if found is None:
            missed, coming = interval, []
            continue
        # a front slows its way into short rests, so that each voxel has a rest and a velocity of its own
        rest = (found.activation_ms - before.repolarisation_ms)[part]
        shares = found.apd_ms[part] / before.apd_ms[part]
        rows.append(np.array([rest, duration * shares, np.gradient(found.activation_ms)[part] / usual]))
        answered = interval
    values = np.concatenate(rows, axis=1)
    bins = np.rint(values[0] / BIN_MS).astype(np.int64)
    means = [values[:, bins == one].mean(axis=1) for one in np.unique(bins)]
    return Curves(*np.array(means).T)


def _answer(
    train: TissueSystem, state: TissueState, site: NDArray[np.int64], at_ms: float, rest_mv: Floats, part: slice
) -> BeatMaps | None:
    """Return the answer of a strand to an early beat, None if it does not reach the end of the measured part."""
    both = replace(train, stimuli=(*train.stimuli, Stimulus(at_ms, site)))
    due = pipeline.run(both, state, at_ms - state.steps * train.dt_ms)[-1]
    found, _ = beat_maps(both, due, DRIVE_MS, rest_mv=rest_mv)
    return None if np.isnan(found.apd_ms[part]).any() else found


def _strand(model: ElectroModel, name: str, edge_mm: float) -> tuple[TissueSystem, NDArray[np.int64]]:
    """Return a strand of a class of muscle behind a piece of healthy muscle, and the nodes at which it is paced."""
    mask = np.ones((1, 1, STRAND_VOXELS), bool)
    grid = VolumeGeometry.upright((1, 1, STRAND_VOXELS), (edge_mm,) * 3)
    fibres = np.tile((1.0, 0.0, 0.0), (STRAND_VOXELS, 1))
    own = np.arange(STRAND_VOXELS) >= HEALTHY_VOXELS
    classes = np.where(own, SUBSTRATE_CLASSES.index(name), 0)
    strand = Myocardium("strand", mask, grid, fibres, substrate=Substrate(classes, classes.astype(float), "class"))
    return tissue_of(strand, model), np.arange(SITE_VOXELS)
