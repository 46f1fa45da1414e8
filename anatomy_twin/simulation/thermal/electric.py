"""Radiofrequency: the electric field of electrodes in tissue whose conductivity changes as it heats and dries.

div(s(T) grad V) = 0 with the electrode at V; the box is open to a far ground (V falls as 1 / distance beyond it). All
needs the potential at one volt only: current, power and heat scale with the voltage that the generator gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import FrozenMapping, VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import electrostatic
from anatomy_twin.simulation.thermal import line_exchange

WIDTH = 0.8  # of the Gaussian around a needle, in voxels
WIDEST = 2.5  # radius of a needle, in widths of its Gaussian: one that is thicker for the grid has a wider one
TOLERANCE = 1e-4  # of the current that is not accounted for
RESOLVE_AT = 0.06  # mean share, by heat, by which conductivities may change before the field is solved anew
INSIDE = (slice(1, -1),) * 3
NEAR = 0.02  # "near": where the heat is at least this share of the highest


@dataclass(frozen=True, eq=False)
class Electrode:
    """One needle (or one bundle of tines at one potential): ``exchange_m`` [k, j, i], S per S/m, with each voxel.

    ``sensors`` (n, 3) are the voxels of its temperature sensors; ``start_s`` and ``stop_s`` when it may be on.
    ``sensor_gain`` is what its surface is hotter than the voxel around it, see ``surface_gain``.
    """

    applicator: int
    exchange_m: NDArray[Any]
    sensors: NDArray[np.int64]
    power_w: float
    start_s: float
    stop_s: float
    sensor_gain: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "exchange_m", read_only(np.ascontiguousarray(self.exchange_m), "exchange_m", ndim=3))
        if not float(self.exchange_m.sum()) > 0:
            raise SimulationError(f"the electrode of applicator {self.applicator} lies outside tissue")


@dataclass(frozen=True, eq=False)
class ElectricSystem:
    """What stays fixed: conductivities (S/m at body temperature, [k, j, i]), electrodes, the open sides of the box.

    They rise by ``slope_1_k`` of their value at body temperature per kelvin up to where water boils; what has dried
    (the end of evaporation) conducts ``dry_ratio`` of what it did just before, in between by the water that is left.
    ``open_m`` [k, j, i], S per S/m: what leads from the outermost voxels to the far ground. ``protocol`` is the
    generator's, which measures and acts every ``control_s``, see ``generator``. In ``flowing`` blood it
    heats nothing, as that is carried off. The field is solved to ``tolerance``, and anew when conductivities have
    changed by ``resolve_at``.
    """

    conductivity_s_m: NDArray[Any]
    electrodes: tuple[Electrode, ...]
    open_m: NDArray[Any]
    edge_m: float
    protocol: Mapping[str, Any]
    slope_1_k: float = 0.015
    dry_ratio: float = 1e-2
    body_c: float = 37.0
    boil_from_c: float = 99.0
    boil_to_c: float = 101.0
    control_s: float = 1.0
    flowing: NDArray[np.bool_] | None = None
    tolerance: float = TOLERANCE
    resolve_at: float = RESOLVE_AT

    def __post_init__(self) -> None:
        for name in ("conductivity_s_m", "open_m"):
            object.__setattr__(self, name, read_only(np.ascontiguousarray(getattr(self, name)), name, ndim=3))
        object.__setattr__(self, "protocol", FrozenMapping(self.protocol))


@dataclass(frozen=True, eq=False)
class Field:
    """The field of one electrode at one volt: heat (W per voxel), conductance of the whole (S), and how it was found.

    ``padded`` is the potential (V) with a layer of zeros around it, ``near`` the block where most of the heat is.
    """

    padded: NDArray[Any]
    heat_w: NDArray[Any]
    conductance_s: float
    conductivity_s_m: NDArray[Any]
    near: tuple[slice, ...] = field(default=())
    iterations: int = 0

    @property
    def potential(self) -> NDArray[Any]:
        """The potential in V, [k, j, i]."""
        return np.asarray(self.padded[INSIDE])


def conductivity_at(system: ElectricSystem, temperature_c: NDArray[Any]) -> NDArray[Any]:
    """Return the conductivity (S/m) of each voxel at a temperature (degC), both [k, j, i]."""
    found = np.empty_like(system.conductivity_s_m)
    electrostatic.conductivities(temperature_c, system.conductivity_s_m, _constants(system), found)
    return found


def _constants(system: ElectricSystem) -> NDArray[Any]:
    """Return the constants of ``electrostatic.conductivity_of``."""
    values = (system.body_c, system.slope_1_k, system.boil_from_c, system.boil_to_c, system.dry_ratio)
    return np.array(values, system.conductivity_s_m.dtype)


def solve_field(
    system: ElectricSystem, electrode: Electrode, temperature_c: NDArray[Any], before: Field | None = None
) -> Field:
    """Return the field of ``electrode`` at one volt in tissue at ``temperature_c``, started from the field before.

    Other electrodes are not connected. Raises ``SimulationError`` when the solution does not converge.
    """
    kind = system.conductivity_s_m.dtype
    padded, to_electrode, exchange, heat, *faces = _padded_zeros(system.conductivity_s_m, 7)
    padded[INSIDE] = conductivity_at(system, temperature_c)
    electrostatic.faces_of(padded, kind.type(system.edge_m), *faces)
    electrostatic.exchanges(padded, electrode.exchange_m, system.open_m, to_electrode, exchange)
    grids = electrostatic.hierarchy(*faces, exchange)
    guess = np.zeros_like(padded) if before is None else before.padded
    potential, count, rest = electrostatic.solve(grids, to_electrode, guess, system.tolerance)
    if not rest <= 10.0 * system.tolerance:
        raise SimulationError(
            f"the electric field did not converge (rest {rest:.1e})", advice="use a finer spacing or another place"
        )
    electrostatic.joule_heat(potential, electrostatic.finest(grids), kind.type(1.0), to_electrode, heat)
    current = float((to_electrode.astype(np.float64) * (1.0 - potential.astype(np.float64))).sum())
    heat = np.ascontiguousarray(heat[INSIDE])
    if system.flowing is not None:
        heat[system.flowing] = 0.0
    block = electrostatic.block_above(heat, NEAR * heat.max())
    near = tuple(slice(int(first), int(stop)) for first, stop in block)
    return Field(potential, heat, current, padded[INSIDE], near, count)


def change_since(system: ElectricSystem, found: Field, temperature_c: NDArray[Any]) -> float:
    """Return by which share conductivities have moved, where a field heats, since it was solved."""
    here = found.near
    return float(electrostatic.moved(
        temperature_c[here], system.conductivity_s_m[here], _constants(system), found.conductivity_s_m[here],
        found.heat_w[here],
    ))


def _padded_zeros(like: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """Return arrays of zeros with a layer more on every side than ``like``."""
    return [np.zeros([n + 2 for n in like.shape], like.dtype) for _ in range(count)]


def needle_exchange_m(
    geometry: VolumeGeometry, lines_mm: list[tuple[Any, Any]], radius_mm: float, surface_resistance: float = 0.0
) -> NDArray[np.float64]:
    """Return what thin cylinders exchange with each voxel per unit of conductivity, in m, [k, j, i].

    ``lines_mm`` are pairs of ends (LPS mm), ``radius_mm`` the radius of each. ``surface_resistance`` is k / (h r) of a
    surface that passes h (W/m2/K) into a medium that conducts k: such a cylinder acts like one of radius
    r exp(-k / (h r)). See ``line_exchange``.
    """
    spacing = geometry.spacing_mm[0]
    radius = radius_mm * float(np.exp(-surface_resistance))
    total, width = np.zeros(geometry.shape), _width(radius, spacing)
    for start, stop in lines_mm:
        total += line_exchange.line_weights(geometry.shape, geometry.to_index(start), geometry.to_index(stop), width)
    return total * (2.0 * np.pi * line_exchange.strength(radius / (width * spacing)) * spacing * 1e-3)


def _width(radius_mm: float, spacing_mm: float) -> float:
    """Return the width of the Gaussian around a needle, in voxels."""
    return max(WIDTH, radius_mm / (WIDEST * spacing_mm))


def surface_gain(radius_mm: float, spacing_mm: float, conductivity_w_m_k: float) -> float:
    """Return by how much the surface of a needle is hotter than its voxel, in K per (S/m V^2) of (1 - V)^2 s U^2.

    A line of current I' per length heats by I'^2 / (4 pi^2 s r^2); where no heat passes the metal the steady rise from
    r to its surface is I'^2 / (8 pi^2 s k) ln(r / r0)^2. A voxel in the middle of the Gaussian is as warm as
    tissue at 1.06 widths (the mean logarithm of its radii). I' = 2 pi s g (U - V).
    """
    width_mm = _width(radius_mm, spacing_mm) * spacing_mm
    strength = line_exchange.strength(radius_mm / width_mm)
    across = max(0.0, float(np.log(1.06 * width_mm / radius_mm)))
    return strength**2 * across**2 / (2.0 * conductivity_w_m_k)


def open_sides_m(geometry: VolumeGeometry, centre_mm: Any) -> NDArray[np.float64]:
    """Return what leads from the outermost voxels to a ground at infinity, per unit of conductivity, in m, [k, j, i].

    Beyond the box the potential falls as 1 / r, r from ``centre_mm``; a face of area A whose outward normal is n passes
    s A (n . r) / r^2 per volt.
    """
    edge_m = geometry.spacing_mm[0] * 1e-3
    centre = geometry.to_index(centre_mm)
    found = np.zeros(geometry.shape)
    away = [np.arange(n) - c for n, c in zip(geometry.shape, centre, strict=True)]
    axes = np.meshgrid(*away, indexing="ij", sparse=True)
    for axis in range(3):
        for side, sign in ((0, -1.0), (-1, 1.0)):
            where = tuple(slice(None) if n != axis else slice(side, None if side else 1) for n in range(3))
            parts = [np.asarray(a)[tuple(w if a.shape[n] > 1 else slice(None) for n, w in enumerate(where))]
                     for a in axes]  # fmt: skip
            outward = sign * parts[axis] + 0.5
            square = sum(part**2 for n, part in enumerate(parts) if n != axis) + outward**2
            found[where] += edge_m * np.maximum(outward, 0.0) / np.maximum(square, 1e-9)
    return found


def body_exchange_m(
    geometry: VolumeGeometry, distance_mm: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what voxels exchange with a metal body that is wider than a voxel, per unit of conductivity, and the body.

    ``distance_mm`` [k, j, i] is the signed distance to its surface, negative inside; the exchange is in m, the body a
    bool array whose voxels are to be given no conductivity of their own. Between a voxel centre in tissue and one in
    metal the surface lies where the distance crosses zero; the face conducts over that part of the way only (the ghost
    fluid method for a fixed value, Gibou et al. 2002, J Comput Phys 176:205).
    """
    edge_m = geometry.spacing_mm[0] * 1e-3
    metal = np.asarray(distance_mm) < 0.0
    found = np.zeros(geometry.shape)
    for axis in range(3):
        distance, inside = np.moveaxis(np.asarray(distance_mm, float), axis, 0), np.moveaxis(metal, axis, 0)
        view = np.moveaxis(found, axis, 0)
        for here, there in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
            touch = ~inside[here] & inside[there]
            share = distance[here][touch] / (distance[here][touch] - distance[there][touch])
            view[here][touch] += edge_m / np.maximum(share, 0.05)
    return found, metal
