"""How voltage spreads over a box of voxels that are all alike: one explicit step with one stencil of 7 points."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit, njit_of_sources
from anatomy_twin.kernels.vectors import load, store

BEFORE = 8  # places before the first row: its left neighbour stands in the last


@njit(inline="always", no_cpython_wrapper=True)
def _before(index: int, size: int, mirror: int) -> int:
    return index - 1 if index > 0 else min(mirror, size - 1)


@njit(inline="always", no_cpython_wrapper=True)
def _after(index: int, size: int, mirror: int) -> int:
    return index + 1 if index < size - 1 else max(size - 1 - mirror, 0)


@njit_of_sources(nogil=True, error_model="numpy")
def spread(
    v: NDArray[Any], out: NDArray[Any], shape: tuple[int, int, int], width: int, weights: tuple[float, float, float],
    mirror: int,
) -> None:
    """Write what one step makes of V into ``out``.

    Parameters
    ----------
    v, out : float32; row (k, j) begins at 8 + (k ny + j) width and has nx nodes, then two or more places without any
        (of ``v`` those beside the ends of rows are changed).
    shape : nz, ny, nx; weights : along k, j, i, rates times the length of the step.
    mirror : 1 where the outermost nodes lie on the border (what is beyond mirrors what is within), 0 where the border
        lies half an edge beyond them.
    """
    depth, height, length = shape
    wk, wj, wi = weights
    keep = type(wi)(1.0) - type(wi)(2.0) * (wk + wj + wi)
    for k in range(depth):
        low_k, high_k = _before(k, depth, mirror), _after(k, depth, mirror)
        for j in range(height):
            low_j, high_j = _before(j, height, mirror), _after(j, height, mirror)
            row = 8 + (k * height + j) * width
            v[row - 1], v[row + length] = v[row + mirror], v[row + length - 1 - mirror]
            below, above = 8 + (low_k * height + j) * width, 8 + (high_k * height + j) * width
            front, behind = 8 + (k * height + low_j) * width, 8 + (k * height + high_j) * width
            for i in range(0, width, 8):  # what stands between rows takes part, so that it stays like tissue
                total = load(v, row + i) * keep
                total = total + (load(v, row + i - 1) + load(v, row + i + 1)) * wi
                total = total + (load(v, front + i) + load(v, behind + i)) * wj
                total = total + (load(v, below + i) + load(v, above + i)) * wk
                store(out, row + i, total)
