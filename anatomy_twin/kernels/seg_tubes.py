"""How well an even oval with a visible rim fits at each place of a slice: veins cut across."""

from __future__ import annotations

import math

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.seg_circles import _sample

RAYS = 24


@njit(cache=True, parallel=True)
def oval_scores(
    image: NDArray[np.float32], closed: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64],
    axes: NDArray[np.float64], rim: float, full_step: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Score upright ovals in one slice.

    ``axes`` (n, 2) are the half axes along rows and columns in voxels, ``closed`` is 1 where the tube cannot be. For
    each oval and centre (rows x columns, voxels) over 24 rays:

    - rim: mean of min(1, |v(rim inside) - v(rim outside)| / full), full being three quarters of the difference to
      what lies another rim farther out, at least ``full_step``: so a smaller oval in the blur of a strong border fits
      less. A ray that ends in ``closed`` counts 1: what bounds a vein may be brighter (bone, aorta) or darker (fat);
    - evenness: exp(-(spread / full_step)^2 / 2) of 24 values inside;
    - free: 1 less the share of inner samples in ``closed``.

    Returns rim * evenness * free, the mean inside, and the rim's share alone, all [oval, row, column].
    """
    shape = (axes.shape[0], rows.size, columns.size)
    scores = np.empty(shape, dtype=np.float32)
    means = np.empty(shape, dtype=np.float32)
    rims = np.empty(shape, dtype=np.float32)
    for b in prange(rows.size):
        for a in range(columns.size):
            y, x = float(rows[b]), float(columns[a])
            for n in range(axes.shape[0]):
                high, wide = axes[n, 0], axes[n, 1]
                edge, total, squares, blocked = 0.0, 0.0, 0.0, 0.0
                for ray in range(RAYS):
                    angle = 2.0 * math.pi * ray / RAYS
                    s, c = math.sin(angle), math.cos(angle)
                    reach = 1.0 / math.sqrt((s / high) ** 2 + (c / wide) ** 2)
                    within = max(0.3 * reach, reach - rim)
                    inner = _sample(image, y + within * s, x + within * c)
                    outer = _sample(image, y + (reach + rim) * s, x + (reach + rim) * c)
                    beyond = _sample(image, y + (reach + 2.0 * rim) * s, x + (reach + 2.0 * rim) * c)
                    wall = _sample(closed, y + (reach + rim) * s, x + (reach + rim) * c)
                    full = max(full_step, 0.75 * abs(inner - beyond))
                    edge += max(min(1.0, abs(inner - outer) / full), min(1.0, wall))
                    part = 0.35 if ray % 2 == 0 else 0.7
                    value = _sample(image, y + part * reach * s, x + part * reach * c)
                    blocked += _sample(closed, y + 0.75 * reach * s, x + 0.75 * reach * c)
                    total += value
                    squares += value * value
                mean = total / RAYS
                spread = math.sqrt(max(0.0, squares / RAYS - mean * mean)) / full_step
                free = max(0.0, 1.0 - blocked / RAYS)
                scores[n, b, a] = edge / RAYS * math.exp(-0.5 * spread * spread) * free
                means[n, b, a] = mean
                rims[n, b, a] = edge / RAYS
    return scores, means, rims


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    image, places = np.zeros((3, 3), np.float32), np.zeros(1, np.int64)
    oval_scores(image, image, places, places, np.ones((1, 2)), 0.5, 20.0)
