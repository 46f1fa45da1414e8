"""How voltage spreads: rates between neighbours from a mesh and its conductivity, arranged for the kernels.

A rate is how fast a node follows a neighbour, 1/ms: dV_i/dt = sum of rate_ij (V_j - V_i). All of them come with the
mass of a node gathered at it (lumped), so that a step is explicit. Diffusivities are in mm2/ms: what tissue conducts
divided by surface of membrane per volume and by its capacitance, see ``diffusivity_mm2_ms``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import tissue_bricks, tissue_lattice, tissue_rows
from anatomy_twin.simulation.electro.bricks import Bricks
from anatomy_twin.units import check_positive

TILE_NODES: Final = 32
WINDOW_NODES: Final = 256  # within which nodes are put in order of how many neighbours they have
MOST_SUBSTEPS: Final = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Nodes with any neighbours. ``rates`` sparse [node, node], 1/ms, rows sum to 0; ``place`` (N,) where the kernel
    keeps a node, of ``places``; ``columns`` [slot, 8], ``slot_rates`` [slot, 8], ``starts`` [slice + 1] its tables."""

    rates: sparse.csr_array
    place: NDArray[np.int64]
    places: int
    columns: NDArray[np.int32]
    slot_rates: Floats
    starts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lattice:
    """A box of ``shape`` nodes (nz, ny, nx) that are all alike. ``axis_rates`` along k, j, i in 1/ms; ``mirror`` 1
    where the outermost nodes lie on the border, else 0; rows are ``width`` places apart."""

    shape: tuple[int, int, int]
    axis_rates: tuple[float, float, float]
    mirror: int
    width: int
    place: NDArray[np.int64]
    places: int


Spread = Rows | Lattice | Bricks


def diffusivity_mm2_ms(
    conductivity_s_m: ArrayLike, surface_per_mm: float = 140.0, capacitance_uf_mm2: float = 0.01
) -> Floats:
    """Return sigma / (beta Cm); 1 S/m is 1 mS/mm. Defaults: 1400 / cm and 1 uF/cm2 (Niederer et al. 2011)."""
    return np.asarray(conductivity_s_m, np.float64) / (surface_per_mm * capacitance_uf_mm2)


def monodomain_s_m(intracellular_s_m: ArrayLike, extracellular_s_m: ArrayLike) -> Floats:
    """Return the conductivity of the monodomain equation, half the harmonic mean of both spaces along an axis."""
    inside, outside = np.asarray(intracellular_s_m, np.float64), np.asarray(extracellular_s_m, np.float64)
    return inside * outside / (inside + outside)


def box_lattice(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float],
    diffusivity_mm2_ms: tuple[float, float, float], border_on_nodes: bool = True,
) -> Lattice:
    """Return a box of nodes [k, j, i] with one diffusivity along each axis; nothing leaves it.

    ``border_on_nodes``: the outermost nodes lie on the border (a slab from 0 to its length), else they are the
    middles of voxels.
    """
    rates = tuple(
        check_positive("diffusivity", value) / check_positive("spacing_mm", step) ** 2
        for value, step in zip(diffusivity_mm2_ms, spacing_mm, strict=True)
    )
    if min(shape) < 1 or shape[2] < 2:
        raise SimulationError(f"a box of {shape} nodes is too small", advice="give at least two along the last axis")
    width = -(-(shape[2] + 2) // 8) * 8
    k, j, i = np.indices(shape)
    place = (tissue_lattice.BEFORE + (k * shape[1] + j) * width + i).reshape(-1)
    places = tissue_lattice.BEFORE + shape[0] * shape[1] * width + tissue_lattice.BEFORE
    return Lattice(
        shape, (rates[0], rates[1], rates[2]), int(border_on_nodes), width, read_only(place, "place"),
        -(-places // TILE_NODES) * TILE_NODES,
    )


def rows_of(rates: sparse.csr_array) -> Rows:
    """Arrange rates [node, node] (1/ms, the diagonal is not read) for the kernel: neighbours stand close together."""
    count = rates.shape[0]
    off = sparse.csr_array(rates, dtype=np.float64, copy=True)
    off.setdiag(0.0)
    off.eliminate_zeros()
    order = _in_order(off)
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    places = -(-count // TILE_NODES) * TILE_NODES
    moved = off[order][:, order].tocsr()
    neighbours = np.zeros(places, np.int64)
    neighbours[:count] = np.diff(moved.indptr)
    slots = neighbours.reshape(-1, 8).max(axis=1)
    starts = np.concatenate([[0], np.cumsum(slots)])
    columns = np.empty((starts[-1], 8), np.int32)
    columns[:] = np.repeat(np.arange(places).reshape(-1, 8), slots, axis=0)
    slot_rates = np.zeros((starts[-1], 8))
    row = np.repeat(np.arange(count), neighbours[:count])
    slot = starts[row // 8] + np.arange(row.size) - moved.indptr[row]
    columns[slot, row % 8], slot_rates[slot, row % 8] = moved.indices, moved.data
    closed = off - sparse.diags_array(off.sum(axis=1))
    return Rows(
        sparse.csr_array(closed), read_only(place, "place"), places, read_only(columns, "columns"),
        read_only(slot_rates, "slot_rates"), read_only(starts, "starts"),
    )


def _in_order(off: sparse.csr_array) -> NDArray[np.int64]:
    """Return the nodes by reverse Cuthill-McKee, within windows by their number of neighbours: less is filled up."""
    order = np.asarray(reverse_cuthill_mckee(off, symmetric_mode=True), np.int64)
    counts = np.diff(off.indptr)[order]
    window = np.arange(order.size) // WINDOW_NODES
    return order[np.lexsort((counts, window))]


def substeps(spread: Spread, dt_ms: float) -> int:
    """Return into how many parts a time step is to be divided for an explicit step to be stable.

    By Gershgorin's circles every node's step is at most one over the sum of the sizes of its rates. Raises
    ``SimulationError`` with the limit and its node where more than ``MOST_SUBSTEPS`` would be needed.
    """
    if isinstance(spread, Lattice):
        total, node = 2.0 * sum(spread.axis_rates), 0
    elif isinstance(spread, Bricks):
        sums = spread.sums()
        node = int(np.argmax(sums))
        total = float(sums[node])
    else:
        sums = (abs(spread.rates).sum(axis=1) + abs(spread.rates.diagonal())) / 2.0
        node = int(np.argmax(sums))
        total = float(sums[node])
    needed = max(1, int(np.ceil(dt_ms * total - 1e-9)))
    if needed > MOST_SUBSTEPS:
        raise SimulationError(
            f"a time step of {dt_ms:g} ms is unstable: node {node} allows {1.0 / total:.3g} ms",
            advice=f"use at most {MOST_SUBSTEPS / total:.3g} ms, a coarser mesh or less conductivity",
        )
    return needed


def stepper(spread: Spread, dt_ms: float) -> Any:
    """Return a function that writes into its second argument what one step of ``dt_ms`` makes of its first."""
    if isinstance(spread, Lattice):
        weights = tuple(np.float32(dt_ms * rate) for rate in spread.axis_rates)
        return lambda v, out: tissue_lattice.spread(v, out, spread.shape, spread.width, weights, spread.mirror)
    if isinstance(spread, Bricks):
        step = np.float32(dt_ms)
        return lambda v, out: tissue_bricks.spread(v, out, spread.beside, spread.rates, step)
    weights = (dt_ms * spread.slot_rates).astype(np.float32)
    keep = np.ones(spread.places)
    np.subtract.at(keep, np.repeat(np.arange(spread.places).reshape(-1, 8), np.diff(spread.starts), axis=0),
                   dt_ms * spread.slot_rates)
    keep = keep.astype(np.float32)
    return lambda v, out: tissue_rows.spread(v, out, keep, spread.columns, weights, spread.starts)


def joined(spread: Spread) -> NDArray[np.int64]:
    """Return (N,) the number of the part that each node hangs together with, -1 for nodes without any neighbour."""
    if isinstance(spread, Lattice):
        return np.zeros(spread.place.size, np.int64)
    rates = spread.rates if isinstance(spread, Rows) else spread.sparse_rates()
    _, part = connected_components(rates, directed=False)
    return np.where(np.bincount(part)[part] > 1, part, -1)


def tile_neighbours(spread: Spread) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tiles beside each tile of ``TILE_NODES`` places: ``neighbours[starts[t]:starts[t + 1]]``."""
    tiles = spread.places // TILE_NODES
    if isinstance(spread, Lattice):
        steps = np.array([1, spread.width, spread.width * spread.shape[1]])
        steps = np.concatenate([steps, -steps])
        ends = np.arange(tiles)[:, None] * TILE_NODES + np.array([0, TILE_NODES - 1])
        beside = ((ends[:, :, None] + steps) // TILE_NODES).reshape(tiles, -1)
        own = np.repeat(np.arange(tiles), beside.shape[1])
        beside = beside.reshape(-1)
    elif isinstance(spread, Bricks):
        own, beside = spread.tile_pairs()
    else:
        own = np.repeat(np.repeat(np.arange(spread.places // 8), np.diff(spread.starts)) // (TILE_NODES // 8), 8)
        beside = spread.columns.reshape(-1).astype(np.int64) // TILE_NODES
    good = (beside >= 0) & (beside < tiles) & (beside != own)
    pairs = np.unique(own[good] * tiles + beside[good])
    return np.searchsorted(pairs // tiles, np.arange(tiles + 1)).astype(np.int64), (pairs % tiles).astype(np.int64)
