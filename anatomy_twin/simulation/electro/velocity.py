"""How fast a front moves on a mesh, and the diffusivity with which it moves as fast as is wanted.

A front of 0.2 to 1 mm is coarsely resolved by meshes for planning: with the diffusivity of fine meshes it is too slow,
across fibres by two thirds at 0.4 mm. So what is given is a velocity, and the diffusivity is tuned for each direction
on the mesh in use, see ``tuned``; both are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import element_rates
from anatomy_twin.simulation.electro.base import Stimulus, TissueState, TissueSystem, activation_ms
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.models.model import Parameters
from anatomy_twin.simulation.electro.spread import Spread, box_lattice, rows_of
from anatomy_twin.units import check_range

EDGES: Final = 60  # length of the strip on which velocities are measured, at least
FINE_EDGES: Final = 280
FINE_MM_PER_M_S: Final = 0.08  # edges that resolve a front of 1 m/s; its width goes with the velocity
FIRST, LAST = 0.5, 0.85  # between which shares of it
PRECISION: Final = 0.003
NEAR: Final = 0.01  # where no diffusivity comes nearer
ROUNDS: Final = 14
LOOK_EDGES: Final = 3  # a front that takes so many edges at the least velocity is looked at again
PACED_MM: Final = 3.0
SHEET_ROWS: Final = 14
SHEET_SEED: Final = 11
SHEET_ROUNDS: Final = 40
SHEET_STEP: Final = 0.1


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tuning:
    """A diffusivity (mm2/ms) and the velocity (m/s) that it gives on a mesh of ``edge_mm``; which was ``wanted_m_s``,
    and how fast a front is there with the diffusivity that fine meshes would take (``untuned_m_s``)."""

    wanted_m_s: float
    reached_m_s: float
    diffusivity_mm2_ms: float
    edge_mm: float
    dt_ms: float
    untuned_m_s: float


def tuned(
    model: str, kind: Parameters, velocity_m_s: float, edge_mm: float, dt_ms: float = 0.02, *, triangles: bool = True
) -> Tuning:
    """Return the diffusivity at which a plane front moves at a velocity, on triangles or voxels of an edge length.

    Measured on a sheet of irregular triangles that conducts alike in all directions (or a cable of voxels). Raises
    ``SimulationError`` where no diffusivity does.
    """
    wanted = check_range("velocity_m_s", velocity_m_s, 0.02, 5.0)
    return _tuned(model, tuple(sorted(kind.items())), wanted, round(float(edge_mm), 3), float(dt_ms), triangles)


def velocity_m_s(
    model: str, kind: Parameters, diffusivity_mm2_ms: float, edge_mm: float, dt_ms: float = 0.02, *,
    triangles: bool = True, edges: int = EDGES, least_m_s: float = 0.02,
) -> float:
    """Return how fast a plane front moves over a strip of so many edges, m/s; 0 where slower than ``least_m_s``."""
    points, spread = (_sheet if triangles else _cable)(edge_mm, edges, diffusivity_mm2_ms)
    system = _paced(points, spread, edge_mm, edges, model, kind, dt_ms)
    length, reached = edges * edge_mm, [0]

    def ended(state: TissueState) -> bool:
        """Whether the front has gone far enough, or no further since the last look."""
        reached.append(int(np.isfinite(activation_ms(system, state)).sum()))
        return reached[-1] > (LAST + 0.05) * system.count or reached[-1] == reached[-2]

    state = pipeline.run(
        system, pipeline.init(system), length / least_m_s, max(4.0, LOOK_EDGES * edge_mm / least_m_s), until=ended
    )[-1]
    x, time = system.points_mm[:, 0], activation_ms(system, state)
    inside = np.isfinite(time) & (x >= FIRST * length) & (x <= LAST * length)
    if np.count_nonzero(inside) < 3 or x[inside].max() < (LAST - 0.05) * length:
        return 0.0
    return float(1.0 / np.polyfit(x[inside], time[inside], 1)[0])


@lru_cache(maxsize=256)
def _tuned(
    model: str, values: tuple[tuple[str, float], ...], wanted: float, edge_mm: float, dt_ms: float, triangles: bool
) -> Tuning:
    kind = dict(values)

    def measured(diffusivity: float) -> float:
        return velocity_m_s(model, kind, diffusivity, edge_mm, dt_ms, triangles=triangles, least_m_s=0.2 * wanted)

    guess = 0.1 * (wanted / 0.6) ** 2
    fine = velocity_m_s(
        model, kind, guess, FINE_MM_PER_M_S * wanted, min(dt_ms, 0.01), triangles=False, edges=FINE_EDGES,
        least_m_s=0.2 * wanted,
    )
    of_fine_meshes = guess * (wanted / fine) ** 2 if fine > 0.0 else guess
    untuned = measured(of_fine_meshes)
    low, high = None, None
    at, reached = of_fine_meshes, untuned
    for _ in range(ROUNDS):
        if abs(reached / wanted - 1.0) < PRECISION:
            return Tuning(wanted, reached, at, edge_mm, dt_ms, untuned)
        low, high = (at, high) if reached < wanted else (low, at)
        if low is not None and high is not None and high < 1.01 * low:
            break  # it stands still here and is too fast there
        if low is None or high is None:
            at *= 2.0 if reached <= 0.0 else float(np.clip((wanted / reached) ** 2, 0.3, 3.0))
        else:
            at = float(np.sqrt(low * high)) if reached <= 0.0 else float(
                np.clip(at * (wanted / reached) ** 1.6, low * 1.0001, high * 0.9999)
            )
        reached = measured(at)
    if abs(reached / wanted - 1.0) < NEAR:  # barely coupled voxels: a hair less and the front stands still
        return Tuning(wanted, reached, at, edge_mm, dt_ms, untuned)
    raise SimulationError(
        f"no diffusivity gives {wanted:g} m/s with {model} on edges of {edge_mm:g} mm: {at:.3g} mm2/ms gives "
        f"{reached:.3g} m/s", advice="use a finer mesh or a shorter time step",
    )


def _cable(edge_mm: float, edges: int, diffusivity_mm2_ms: float) -> tuple[Floats, Spread]:
    """Return a cable of voxels along x."""
    points = np.zeros((edges + 1, 3))
    points[:, 0] = np.arange(edges + 1) * edge_mm
    tiny = 1e-6 * diffusivity_mm2_ms
    return points, box_lattice((1, 1, edges + 1), (edge_mm,) * 3, (tiny, tiny, diffusivity_mm2_ms))


def _sheet(edge_mm: float, edges: int, diffusivity_mm2_ms: float) -> tuple[Floats, Spread]:
    """Return a sheet of triangles along x, even but irregular as remeshing leaves them."""
    flat, faces = _irregular(edges)
    points = np.pad(flat * edge_mm, ((0, 0), (0, 1)))
    return points, rows_of(element_rates(points, faces, diffusivity_mm2_ms))


@lru_cache(maxsize=2)
def _irregular(edges: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return points (n, 2) and triangles of a sheet of ``edges`` by ``SHEET_ROWS`` mean edges that lie in all ways."""
    width, height = edges + 1.0, float(SHEET_ROWS)
    x, y = np.arange(width + 0.5), np.arange(1.0, height)
    rim = np.concatenate([np.stack([x, 0.0 * x], -1), np.stack([x, 0.0 * x + height], -1),
                          np.stack([0.0 * y, y], -1), np.stack([0.0 * y + width, y], -1)])
    count = round(width * height / np.sqrt(0.75)) - len(rim) // 2
    inner = np.random.default_rng(SHEET_SEED).uniform((0.4, 0.4), (width - 0.4, height - 0.4), (count, 2))
    points = np.concatenate([rim, inner])
    ground = np.stack(np.meshgrid(np.arange(0.0, width, SHEET_STEP), np.arange(0.0, height, SHEET_STEP)), -1)
    ground = ground.reshape(-1, 2) + 0.5 * SHEET_STEP
    for _ in range(SHEET_ROUNDS):  # to the middle of what lies nearest (Lloyd)
        owner = cKDTree(points).query(ground)[1]
        area = np.maximum(np.bincount(owner, minlength=len(points)), 1)
        middle = np.stack([np.bincount(owner, ground[:, axis], len(points)) for axis in range(2)], -1) / area[:, None]
        points[len(rim):] = middle[len(rim):]
    faces = Delaunay(points).simplices.astype(np.int64)
    corners = points[faces]
    return points / np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean(), faces


def _paced(
    points: Floats, spread: Spread, edge_mm: float, edges: int, model: str, kind: Parameters, dt_ms: float
) -> TissueSystem:
    """Return a strip of tissue along x that is paced at its beginning."""
    paced = np.flatnonzero(points[:, 0] <= min(max(PACED_MM, 5.0 * edge_mm), 0.2 * edges * edge_mm))
    found = ionic_model(model)
    middle = 0.5 * (found.initial()[0] + 20.0)
    return pipeline.tissue(
        points, spread, found, (kind,), dt_ms, stimuli=(Stimulus(0.0, paced, 60.0, 2.0),), threshold_mv=middle,
        watch_ms=dt_ms,
    )
