"""How well a bright disc with a sharp rim fits at each place of a slice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def _sample(image: NDArray[np.float32], y: float, x: float) -> float:
    rows, columns = image.shape
    y = min(max(y, 0.0), rows - 1.001)
    x = min(max(x, 0.0), columns - 1.001)
    j, i = int(y), int(x)
    b, a = y - j, x - i
    low = image[j, i] * (1.0 - a) + image[j, i + 1] * a
    high = image[j + 1, i] * (1.0 - a) + image[j + 1, i + 1] * a
    return float(low * (1.0 - b) + high * b)


@njit(cache=True)
def disc_scores(
    image: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], radii: NDArray[np.float64],
    rim: float, full_step: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Score discs in one slice.

    For each centre (rows x columns, voxels) and radius r (voxels): over 24 rays the mean of clip((v(r - rim) -
    v(r + rim)) / full_step, -0.5, 1), the sharpness of the rim, less the spread (standard deviation / full_step) of
    12 values inside (0.35 r and 0.7 r). Returns scores and mean values inside, both [radius, row, column].
    """
    scores = np.empty((radii.size, rows.size, columns.size), dtype=np.float32)
    means = np.empty_like(scores)
    for b in range(rows.size):
        for a in range(columns.size):
            y, x = float(rows[b]), float(columns[a])
            for n in range(radii.size):
                r = radii[n]
                edge = 0.0
                total, squares = 0.0, 0.0
                for ray in range(24):
                    angle = 2.0 * math.pi * ray / 24.0
                    s, c = math.sin(angle), math.cos(angle)
                    inner = _sample(image, y + (r - rim) * s, x + (r - rim) * c)
                    outer = _sample(image, y + (r + rim) * s, x + (r + rim) * c)
                    edge += min(1.0, max(-0.5, (inner - outer) / full_step))
                    if ray % 2 == 0:
                        part = 0.35 * r if ray % 4 == 0 else 0.7 * r
                        value = _sample(image, y + part * s, x + part * c)
                        total += value
                        squares += value * value
                mean = total / 12.0
                spread = math.sqrt(max(0.0, squares / 12.0 - mean * mean))
                scores[n, b, a] = edge / 24.0 - spread / full_step
                means[n, b, a] = mean
    return scores, means


@njit(cache=True)
def sample_around(
    image: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], offsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the image at (row, column) + each of ``offsets`` (n, 2) in voxels, bilinear: [row, column, n].

    Beyond the border the border's value holds.
    """
    out = np.empty((rows.size, columns.size, offsets.shape[0]), dtype=np.float64)
    for b in range(rows.size):
        for a in range(columns.size):
            for n in range(offsets.shape[0]):
                out[b, a, n] = _sample(image, rows[b] + offsets[n, 0], columns[a] + offsets[n, 1])
    return out


@njit(cache=True)
def best_path(
    score: NDArray[np.float32], reach: int, cost_move: float, cost_radius: float
) -> NDArray[np.int64]:
    """Return the path [slice, (radius, row, column)] with the highest sum of score less the cost of its steps.

    ``score`` is [slice, radius, row, column]; from slice to slice the radius index changes by at most 1 and row and
    column by at most ``reach``. Cost per step: cost_move * (squared distance) + cost_radius * |change of radius|.
    """
    slices, radii, rows, columns = score.shape
    total = score[0].astype(np.float64)
    choice = np.zeros((slices, radii, rows, columns, 3), dtype=np.int8)
    for k in range(1, slices):
        following = np.empty_like(total)
        for n in range(radii):
            for b in range(rows):
                for a in range(columns):
                    best = -1e18
                    for dn in range(-1, 2):
                        m = n + dn
                        if m < 0 or m >= radii:
                            continue
                        for db in range(-reach, reach + 1):
                            y = b + db
                            if y < 0 or y >= rows:
                                continue
                            for da in range(-reach, reach + 1):
                                x = a + da
                                if x < 0 or x >= columns:
                                    continue
                                value = total[m, y, x] - cost_move * (db * db + da * da) - cost_radius * abs(dn)
                                if value > best:
                                    best = value
                                    choice[k, n, b, a, 0] = dn
                                    choice[k, n, b, a, 1] = db
                                    choice[k, n, b, a, 2] = da
                    following[n, b, a] = best + score[k, n, b, a]
        total = following
    path = np.empty((slices, 3), dtype=np.int64)
    place = int(np.argmax(total))
    n, rest = place // (rows * columns), place % (rows * columns)
    b, a = rest // columns, rest % columns
    for k in range(slices - 1, -1, -1):
        path[k, 0], path[k, 1], path[k, 2] = n, b, a
        if k > 0:
            dn, db, da = choice[k, n, b, a, 0], choice[k, n, b, a, 1], choice[k, n, b, a, 2]
            n, b, a = n + dn, b + db, a + da
    return path


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    image, places = np.zeros((3, 3), np.float32), np.zeros(1, np.int64)
    scores, _ = disc_scores(image, places, places, np.ones(1), 0.5, 60.0)
    best_path(np.stack([scores, scores]), 1, 0.04, 0.05)
    sample_around(image, places, places, np.zeros((1, 2)))
