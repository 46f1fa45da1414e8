"""Rates between the nodes of triangles, tetrahedra and voxels from how well they conduct in each direction."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels.elements import sizes_and_gradients

Floats = NDArray[np.float64]


def fibre_tensors(fibres: ArrayLike, along: ArrayLike, across: ArrayLike) -> Floats:
    """Return across I + (along - across) f f^T, (N, 3, 3), of unit vectors f (N, 3); values are numbers or (N,)."""
    way = np.asarray(fibres, np.float64)
    more, less = np.asarray(along, np.float64), np.asarray(across, np.float64)
    length = np.linalg.norm(way, axis=1)
    if not np.allclose(length, 1.0, atol=1e-3):
        worst = int(np.argmax(np.abs(length - 1.0)))
        raise SimulationError(f"fibre {worst} has the length {length[worst]:.3g}", advice="give unit vectors")
    dyads = way[:, :, None] * way[:, None, :]
    flat = np.broadcast_to(less, length.shape)[:, None, None] * np.eye(3)
    return flat + np.broadcast_to(more - less, length.shape)[:, None, None] * dyads


def element_rates(
    points_mm: NDArray[Any], elements: NDArray[Any], diffusivity_mm2_ms: ArrayLike,
    dead: NDArray[np.bool_] | None = None,
) -> sparse.csr_array:
    """Return the rates [node, node], 1/ms, of triangles (E, 3) or tetrahedra (E, 4), linear elements with lumped mass.

    ``diffusivity_mm2_ms`` is a number, (E,) or tensors (E, 3, 3), of which triangles take the part in their plane.
    Nothing flows to or from nodes that are ``dead`` (N,); elements with one conduct between their other nodes.
    Raises ``SimulationError`` for elements without a size and nodes that belong to none.
    """
    size, gradients = sizes_and_gradients(points_mm, elements)
    if not (size > 0.0).all():
        flat = int(np.argmin(size))
        raise SimulationError(f"element {flat} has no size", where=_place(points_mm, elements[flat]), advice="remesh")
    tensors = tensors_of(diffusivity_mm2_ms, elements.shape[0])
    local = (gradients @ tensors @ gradients.transpose(0, 2, 1)) * size[:, None, None]
    if dead is not None:
        _let_float(local, dead[elements])
    corners, count = elements.shape[1], len(points_mm)
    rows, columns = np.repeat(elements, corners, axis=1).ravel(), np.tile(elements, (1, corners)).ravel()
    stiffness = sparse.coo_array((local.ravel(), (rows, columns)), (count, count)).tocsr()
    mass = np.bincount(elements.ravel(), np.repeat(size / corners, corners), count)
    if not (mass > 0.0).all():
        raise SimulationError(f"node {int(np.argmin(mass))} belongs to no element", advice="leave it out")
    rates = sparse.csr_array(sparse.diags_array(-1.0 / mass) @ stiffness)
    rates.setdiag(0.0)
    rates.eliminate_zeros()
    return rates


def _let_float(local: Floats, dead: NDArray[np.bool_]) -> None:
    """Take dead corners (E, n) out of the matrices of elements (E, n, n), in place: each is where nothing flows to it.

    Gauss elimination keeps a matrix symmetric and without negative eigenvalues, which setting entries to zero does not.
    """
    local[dead.all(axis=1)] = 0.0
    for corner in range(dead.shape[1]):
        gone = np.flatnonzero(dead[:, corner] & (local[:, corner, corner] > 0.0))
        row = local[gone, corner]
        local[gone] -= row[:, :, None] * row[:, None, :] / row[:, corner, None, None]
        local[gone, corner] = local[gone, :, corner] = 0.0


def voxel_rates(
    mask: NDArray[np.bool_], geometry: VolumeGeometry, diffusivity_mm2_ms: ArrayLike
) -> sparse.csr_array:
    """Return the rates [node, node], 1/ms, between the voxels of a mask, in the order of ``np.argwhere``.

    ``diffusivity_mm2_ms`` is a number, (N,) or tensors (N, 3, 3) in world axes. What flows through a face is reckoned
    once for both voxels: its own axis by the harmonic mean, the others by the mean of the slopes on both sides, none
    where a neighbour is missing. Nothing leaves the mask.
    """
    voxels = np.argwhere(mask)
    count = len(voxels)
    axes = np.asarray(geometry.direction, np.float64)
    tensors = axes.T @ tensors_of(diffusivity_mm2_ms, count) @ axes  # along k, j, i
    number = np.full(np.add(mask.shape, 2), -1, np.int64)
    number[1:-1, 1:-1, 1:-1][mask] = np.arange(count)
    beside = {
        (axis, side): number[tuple((voxels + 1 + side * np.eye(3, dtype=int)[axis]).T)]
        for axis, side in itertools.product(range(3), (-1, 1))
    }
    entries: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    for axis in range(3):
        joined = np.flatnonzero(beside[axis, 1] >= 0)
        a, b = joined, beside[axis, 1][joined]
        step = geometry.spacing_mm[axis]
        own_a, own_b = tensors[a, axis, axis], tensors[b, axis, axis]
        total = own_a + own_b
        flow = np.divide(2.0 * own_a * own_b, total, out=np.zeros(len(a)), where=total > 0.0) / step**2
        entries += [(a, b, flow), (b, a, flow)]
        for other in (n for n in range(3) if n != axis):
            cross = 0.5 * (tensors[a, axis, other] + tensors[b, axis, other]) / step
            for node in (a, b):
                ahead, behind = beside[other, 1][node], beside[other, -1][node]
                span = ((ahead >= 0).astype(float) + (behind >= 0)) * geometry.spacing_mm[other]
                slope = 0.5 * np.divide(cross, span, out=np.zeros(len(a)), where=span > 0.0)
                ahead, behind = np.where(ahead >= 0, ahead, node), np.where(behind >= 0, behind, node)
                entries += [(a, ahead, slope), (b, ahead, -slope), (a, behind, -slope), (b, behind, slope)]
    rows, columns, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    rates = sparse.coo_array((values, (rows, columns)), (count, count)).tocsr()
    rates.setdiag(0.0)
    rates.eliminate_zeros()
    return sparse.csr_array(rates)


def tensors_of(values: ArrayLike, count: int) -> Floats:
    """Return diffusivities (a number, (n,) or tensors (n, 3, 3)) as tensors; ``SimulationError`` if not positive."""
    given = np.asarray(values, np.float64)
    found = np.broadcast_to(given, (count, 3, 3)) if given.ndim == 3 else (
        np.broadcast_to(given, (count,))[:, None, None] * np.eye(3)
    )
    if not np.isfinite(found).all() or (np.linalg.eigvalsh(found) < -1e-12).any():
        wrong = ~np.isfinite(found).all(axis=(1, 2))
        worst = int(np.argmax(wrong)) if wrong.any() else int(np.argmin(np.linalg.eigvalsh(found)[:, 0]))
        raise SimulationError(f"the diffusivity of element {worst} is no positive tensor")
    return found


def _place(points_mm: NDArray[Any], nodes: NDArray[Any]) -> str:
    return "{:.1f}, {:.1f}, {:.1f} mm".format(*np.asarray(points_mm)[nodes].mean(axis=0))
