"""Voltage at electrodes: what a chamber's or ventricles' cells give off, in a medium without end.

The potential of the source div(s grad V) in a medium of conductivity s_b without borders is

    phi(x) = 1 / (4 pi s_b)  integral of div(s grad V) / |x - y| over the tissue

(R. Plonsey, R.C. Barr, Bioelectricity, chapter on volume conductors; the pseudo-ECG of Gima and Rudy, Circ Res
2002;90:889, is the same integral by parts, as nothing flows through the tissue's surface). The source is what the
simulation itself spreads, s = beta Cm D. It is linear in V, so that each electrode is one weight per node.

Taken together: equal ratios of conductivities inside and outside of cells, a medium that is alike everywhere, no torso
surface. Shapes and times can be read, amplitudes are not calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from anatomy_twin.core import SILENT, Chamber, Monitor, Myocardium
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels.surface_parts import point_areas_mm2
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import TissueState, TissueSystem, voltage_mv
from anatomy_twin.simulation.electro.spread import Lattice, Rows, Spread
from anatomy_twin.units import check_point, check_positive

SURROUND_S_M: Final = 0.6  # blood
BETA_CM: Final = 1.4  # mS/mm per mm2/ms: 1400 / cm and 1 uF/cm2, as in ``spread.diffusivity_mm2_ms``
FARTHEST_MM: Final = 40.0  # a catheter within a heart is nowhere farther from its walls
ELECTRODE_MM: Final = 0.5  # radius of an electrode: none comes nearer to its source
WALL_MM: Final = 2.0  # of a chamber whose wall was not measured, assumed
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Electrograms:
    """Potentials ``unipolar_mv`` (T, E) of electrodes at ``times_ms`` (T,); ``names`` (E,)."""

    names: tuple[str, ...]
    times_ms: Floats
    unipolar_mv: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ms", read_only(self.times_ms, "times_ms", ndim=1, dtype=np.float64))
        object.__setattr__(self, "unipolar_mv", read_only(self.unipolar_mv, "unipolar_mv", ndim=2, dtype=np.float64))

    def of(self, name: str) -> Floats:
        """Return the potential (T,) of an electrode."""
        if name not in self.names:
            raise SimulationError(f"there is no electrode {name!r}", advice=f"there are {', '.join(self.names)}")
        return np.asarray(self.unipolar_mv[:, self.names.index(name)])

    def bipolar_mv(self, first: str, second: str) -> Floats:
        """Return the potential (T,) of an electrode less that of another."""
        return np.asarray(self.of(first) - self.of(second))


def node_volumes_mm3(chamber: Chamber | Myocardium) -> Floats:
    """Return the tissue (N,) that each node stands for: a voxel, or a third of the wall of each triangle at it.

    Where a chamber's wall was not measured it is ``WALL_MM`` thick.
    """
    if isinstance(chamber, Myocardium):
        return np.full(chamber.count, 1000.0 * chamber.geometry.voxel_volume_ml)
    shares = point_areas_mm2(chamber.surface.points_mm, chamber.surface.triangles)
    return np.asarray(shares * (WALL_MM if chamber.wall_mm is None else chamber.wall_mm))


def electrode_weights(
    spread: Spread, points_mm: Floats, volumes_mm3: Floats, electrodes: Mapping[str, ArrayLike], *,
    surround_s_m: float = SURROUND_S_M, farthest_mm: float = FARTHEST_MM,
) -> Floats:
    """Return weights (E, N): the potential of an electrode is the sum of them times V (mV) of the nodes.

    Parameters
    ----------
    spread : how voltage spreads between the nodes ``points_mm`` (N, 3), each ``volumes_mm3`` (N,) of tissue.
    electrodes : places in LPS mm by name.
    surround_s_m : conductivity of what surrounds the tissue.
    farthest_mm : how far an electrode may be from tissue.

    Raises ``SimulationError`` that names an electrode which is farther away.
    """
    if isinstance(spread, Lattice):
        raise SimulationError("electrodes beside a box with one stencil are not provided for",
                              advice="give it as voxels: `bricks_of`")
    if not electrodes:
        raise SimulationError("no electrode is given")
    places = np.array([check_point(name, place) for name, place in electrodes.items()])
    away = cKDTree(points_mm).query(places)[0]
    for name, place, distance in zip(electrodes, places, away, strict=True):
        if distance > farthest_mm:
            raise SimulationError(f"electrode {name!r} is {distance:.0f} mm from any tissue",
                                  where="{:.1f}, {:.1f}, {:.1f} mm LPS".format(*place),
                                  advice=f"move it to within {farthest_mm:g} mm")
    rates = spread.rates if isinstance(spread, Rows) else spread.sparse_rates()
    factor = BETA_CM / (4.0 * np.pi * check_positive("surround_s_m", surround_s_m))
    back = rates.T.tocsr()
    rows = []
    for place in places:
        distance = np.linalg.norm(points_mm - place, axis=1)
        rows.append(factor * (back @ (volumes_mm3 / np.maximum(distance, ELECTRODE_MM))))
    return np.array(rows)


def record(
    system: TissueSystem, state: TissueState, weights: Mapping[str, NDArray[Any]], duration_ms: float,
    every_ms: float = 1.0, monitor: Monitor = SILENT,
) -> tuple[Electrograms, TissueState]:
    """Run a simulation on and return what electrodes record, and its end.

    ``weights`` are those of ``electrode_weights`` (N,) by the name of the electrode. Raises what ``pipeline.run`` does.
    """
    table = np.array(list(weights.values()))
    if table.ndim != 2 or table.shape[1] != system.count:
        raise SimulationError(f"weights of shape {table.shape} for {system.count} nodes")
    times, found = [], []

    def looked(now: TissueState) -> bool:
        times.append(now.steps * system.dt_ms)
        found.append(table @ voltage_mv(system, now).astype(np.float64))
        return False

    looked(state)
    end = pipeline.run(system, state, duration_ms, every_ms, monitor, until=looked, keep=1)[-1]
    return Electrograms(tuple(weights), np.array(times), np.array(found)), end
