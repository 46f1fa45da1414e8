"""A beat of ventricles as it comes from the conduction system: activation from root sites, repolarisation, potentials.

Activation is an eikonal map on the voxels: fronts start at root sites on the inner surfaces, whose layer of voxels is
faster by a factor (the net of Purkinje fibres). Each voxel then goes through the action potential of a cell model,
stretched to a duration that depends on its depth and its height. All defaults are assumed (``catalog/torso.json``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import Myocardium
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import cell, eikonal
from anatomy_twin.simulation.electro.assembly import fibre_tensors
from anatomy_twin.simulation.electro.base import Stimulus
from anatomy_twin.simulation.electro.bricks import Bricks, bricks_of
from anatomy_twin.simulation.electro.ecg import Ecg, EcgMeasures, TorsoOrientation, ecg_of, lead_weights, measures_of
from anatomy_twin.simulation.electro.electrograms import Electrograms, node_volumes_mm3
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import diffusivity_mm2_ms
from anatomy_twin.units import Point, check_point, check_positive, check_range

INNER: Final = ("left_endocardium", "right_endocardium")
UPSTROKE_MS: Final = 5.0  # of the action potential that is not stretched
TEMPLATE_MS: Final = 0.25
CELL: Final = "ten_tusscher_2006"
Floats = NDArray[np.float64]


def _torso(part: str, key: str) -> Any:
    return load("torso")[part][key]


@dataclass(frozen=True, slots=True)
class Root:
    """Where a front starts: the voxel nearest to ``point_mm`` at ``start_ms``."""

    point_mm: Point
    start_ms: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "point_mm", check_point("point_mm", self.point_mm))
        check_range("start_ms", self.start_ms, 0.0, 1000.0)


@dataclass(frozen=True, slots=True)
class SinusBeat:
    """How ventricles are activated and recover; the defaults are those of the catalog, assumed.

    ``along_m_s`` and ``across_m_s`` conduction along and across fibres, faster by ``endocardial_factor`` (1: not) in
    the inner layer, alike in all directions. ``endocardium_ms`` and ``epicardium_ms`` the duration of action potentials
    (APD90) inside and outside, in the middle between apex and base; ``apex_to_base_ms`` by how much it is longer at the
    base.
    """

    along_m_s: float = field(default_factory=lambda: float(_torso("activation", "along_m_s")))
    across_m_s: float = field(default_factory=lambda: float(_torso("activation", "across_m_s")))
    endocardial_factor: float = field(default_factory=lambda: float(_torso("activation", "endocardial_factor")))
    endocardium_ms: float = field(default_factory=lambda: float(_torso("repolarisation", "endocardium_ms")))
    epicardium_ms: float = field(default_factory=lambda: float(_torso("repolarisation", "epicardium_ms")))
    apex_to_base_ms: float = field(default_factory=lambda: float(_torso("repolarisation", "apex_to_base_ms")))

    def __post_init__(self) -> None:
        for name in ("along_m_s", "across_m_s"):
            check_range(name, getattr(self, name), 0.05, 5.0)
        check_range("endocardial_factor", self.endocardial_factor, 1.0, 10.0)
        for name in ("endocardium_ms", "epicardium_ms"):
            check_range(name, getattr(self, name), 100.0, 600.0)
        check_range("apex_to_base_ms", self.apex_to_base_ms, -100.0, 100.0)


def usual_roots(muscle: Myocardium) -> tuple[Root, ...]:
    """Return the root sites of the catalog: in the middle of inner surfaces of named segments.

    Raises ``SimulationError`` for a muscle whose segments are not known; sites of a ventricle that is not there are
    left out.
    """
    points, found = muscle.points_mm(), []
    for entry in _torso("activation", "roots"):
        part, surface = entry["part"], entry["surface"]
        if part not in muscle.parts:
            raise SimulationError(f"{muscle.name!r} has no part {part!r}", advice="give root sites by place")
        own = points[muscle.parts[part] & muscle.parts[surface]] if surface in muscle.parts else points[:0]
        if len(own):
            nearest = own[int(np.argmin(((own - own.mean(axis=0)) ** 2).sum(axis=1)))]
            found.append(Root(check_point("root", nearest), float(entry["start_ms"])))
    return tuple(found)


def activation_of(
    muscle: Myocardium, roots: Sequence[Root], beat: SinusBeat | None = None, dead: NDArray[np.bool_] | None = None
) -> Floats:
    """Return when each voxel is activated, (N,) in ms, inf where it never is (``dead`` (N,) among them)."""
    chosen = beat or SinusBeat()
    if not roots:
        raise SimulationError("no root site is given")
    inner = _inner(muscle)
    fast = min(chosen.along_m_s * chosen.endocardial_factor, eikonal.FASTEST_M_S)
    along = np.where(inner, fast, chosen.along_m_s)
    across = np.where(inner, max(fast, chosen.across_m_s), chosen.across_m_s)
    if chosen.endocardial_factor == 1.0:
        across[:] = chosen.across_m_s
    system = eikonal.on_bricks(
        muscle.mask, muscle.geometry, eikonal.velocity_squared(along, across, muscle.fibres)
    )
    sources = [eikonal.nearest_node(system, root.point_mm) for root in roots]
    return eikonal.activation(system, sources, [root.start_ms for root in roots], blocked=dead).times_ms


def durations_of(muscle: Myocardium, up: ArrayLike, beat: SinusBeat | None = None) -> Floats:
    """Return the duration of the action potential (APD90) of each voxel, (N,) in ms: by its depth and its height.

    ``up`` points from apex to base.
    """
    if muscle.depth is None:
        raise SimulationError(f"the depth of voxels of {muscle.name!r} is not known")
    chosen = beat or SinusBeat()
    height = muscle.points_mm() @ np.asarray(up, np.float64)
    share = (height - height.min()) / max(float(np.ptp(height)), 1e-9)
    through = chosen.endocardium_ms + (chosen.epicardium_ms - chosen.endocardium_ms) * muscle.depth
    return np.asarray(through + chosen.apex_to_base_ms * (share - 0.5))


def heart_conduction(muscle: Myocardium, dead: NDArray[np.bool_] | None = None) -> Bricks:
    """Return how current flows inside the muscle, by the conductivities of the catalog: the source of potentials."""
    inside = load("torso")["conductivity_s_m"]
    along, across = diffusivity_mm2_ms([inside["along"], inside["across"]])
    tensors = fibre_tensors(muscle.fibres, along, across)
    return bricks_of(muscle.mask, muscle.geometry, tensors, None if dead is None else ~dead)


def beat_ecg(
    muscle: Myocardium, orientation: TorsoOrientation, up: ArrayLike, *, roots: Sequence[Root] | None = None,
    beat: SinusBeat | None = None, dead: NDArray[np.bool_] | None = None,
) -> tuple[Ecg, EcgMeasures, Floats]:
    """Return the electrocardiogram of a beat, what it measures, and when each voxel is activated (N,) in ms.

    Parameters
    ----------
    orientation : how the heart lies, ``ecg.as_scanned`` or ``ecg.laid_in_torso``; up : from apex to base.
    roots : where fronts start, default ``usual_roots``; dead : (N,), voxels that do not conduct.
    """
    times = activation_of(muscle, usual_roots(muscle) if roots is None else roots, beat, dead)
    weights = lead_weights(
        heart_conduction(muscle, dead), muscle.points_mm(), node_volumes_mm3(muscle), orientation
    )
    found = ecg_of(potentials_of_beat(weights, times, durations_of(muscle, up, beat)), orientation)
    return found, measures_of(found, float(times[np.isfinite(times)].max())), times


def inner_stimuli(muscle: Myocardium, activation_ms: Floats, strength_mv_ms: float = 50.0) -> tuple[Stimulus, ...]:
    """Return stimuli that activate the inner surfaces when an eikonal map says so, one a millisecond.

    With them the whole simulation goes through the same beat.
    """
    moments = np.where(_inner(muscle) & np.isfinite(activation_ms), np.rint(activation_ms), -1.0)
    if (moments < 0.0).all():
        raise SimulationError(f"no inner surface of {muscle.name!r} is activated")
    return tuple(Stimulus(float(moment), np.flatnonzero(moments == moment), strength_mv_ms)
                 for moment in np.unique(moments[moments >= 0.0]))


def potentials_of_beat(
    weights: Mapping[str, NDArray[Any]], activation_ms: Floats, duration_ms: Floats, until_ms: float = 500.0, *,
    every_ms: float = 1.0, smooth_ms: float = 3.0,
) -> Electrograms:
    """Return the potentials of electrodes while each voxel goes through one action potential.

    Parameters
    ----------
    weights : (N,) by name of the electrode, see ``electrograms.electrode_weights``.
    activation_ms, duration_ms : (N,), when voxels are activated (inf: never) and how long their APD90 is.
    smooth_ms : over which the upstroke is spread: a front takes about that long through a voxel. Without it every voxel
        would be seen as a step.
    """
    table = np.array(list(weights.values()))
    active = np.isfinite(activation_ms)
    if table.shape[1:] != activation_ms.shape or not active.any():
        raise SimulationError(f"weights of shape {table.shape} for {int(active.sum())} activated voxels")
    volts, usual_ms = _template(round(check_positive("smooth_ms", smooth_ms) / TEMPLATE_MS))
    start, table = activation_ms[active], table[:, active]
    stretch = (usual_ms - UPSTROKE_MS) / (duration_ms[active] - UPSTROKE_MS)
    # voxels that never are activated stay at rest, as all do before: only what differs from rest counts
    times = np.arange(0.0, until_ms + 0.5 * every_ms, every_ms)
    found = np.empty((times.size, len(table)))
    before = smooth_ms / TEMPLATE_MS
    for number, time in enumerate(times):
        age = time - start
        age = np.where(age > UPSTROKE_MS, UPSTROKE_MS + (age - UPSTROKE_MS) * stretch, age)
        place = np.clip(np.rint(age / TEMPLATE_MS + before), 0, volts.size - 1).astype(np.int64)
        found[number] = table @ volts[place]
    return Electrograms(tuple(weights), times, found)


def _inner(muscle: Myocardium) -> NDArray[np.bool_]:
    """Tell which voxels lie at an inner surface."""
    nowhere = np.zeros(muscle.count, bool)
    return np.logical_or.reduce([muscle.parts.get(name, nowhere) for name in INNER])


@lru_cache(maxsize=4)
def _template(smooth: int) -> tuple[Floats, float]:
    """Return V over rest of a cell every ``TEMPLATE_MS`` from ``smooth`` samples before it is activated, and its APD90.

    Each sample is the mean of ``smooth`` around it.
    """
    model = ionic_model(CELL)
    run, beats = cell.pace(model, 600.0, 1)
    first = beats[0]
    times = np.arange(-2.0 * smooth * TEMPLATE_MS, 590.0, TEMPLATE_MS)
    volts = np.interp(times + first.activation_ms, run.time_ms, run.v_mv[:, 0]) - first.rest_mv
    volts[times + first.activation_ms < 0.0] = 0.0
    kernel = np.ones(max(smooth, 1)) / max(smooth, 1)
    return read_only(np.convolve(volts, kernel, mode="same")[smooth:], "template"), first.apd_ms
