"""A network slid over a volume: patches that overlap, weighted by a Gaussian about their middle."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Monitor, check_cancelled

SIGMA: Final = 1 / 8  # of a patch, as nnU-Net takes it
LEAST_WEIGHT: Final = 1e-3

Floats = NDArray[np.float32]


def slide(
    image: Floats, run: Callable[[Floats], Floats], channels: int, patch: tuple[int, int, int], overlap: float,
    trim: int, outside: float, monitor: Monitor,
) -> Floats:
    """Return the probabilities [channel, a, b, c] of an image [a, b, c].

    Parameters
    ----------
    run : probabilities [channel, *patch] of a patch.
    overlap : share of a patch (without ``trim``) that the next one covers again, at least.
    trim : voxels at all sides of a patch whose answer is not used. Where it is at least as wide as what a voxel of the
        network sees, the result does not depend on the size of the patches.
    outside : the value beyond the image.
    """
    core = tuple(size - 2 * trim for size in patch)
    places = [_places(size, inner, overlap) for size, inner in zip(image.shape, core, strict=True)]
    room = tuple(max(size, inner) for size, inner in zip(image.shape, core, strict=True))
    padded = np.full(tuple(size + 2 * trim for size in room), outside, np.float32)
    padded[tuple(slice(trim, trim + size) for size in image.shape)] = image
    weight = gaussian_weight(core)
    total, weights = np.zeros((channels, *room), np.float32), np.zeros(room, np.float32)
    inner = tuple(slice(trim, trim + size) for size in core)
    count = int(np.prod([len(line) for line in places]))
    for number, start in enumerate(product(*places)):
        check_cancelled(monitor)
        whole = tuple(slice(at, at + size) for at, size in zip(start, patch, strict=True))
        answer = run(np.ascontiguousarray(padded[whole]))[(slice(None), *inner)]
        place = tuple(slice(at, at + size) for at, size in zip(start, core, strict=True))
        total[(slice(None), *place)] += answer * weight
        weights[place] += weight
        monitor.progress((number + 1) / count)
    total /= weights
    return total[(slice(None), *(slice(0, size) for size in image.shape))]


def _places(size: int, core: int, overlap: float) -> list[int]:
    """Return the starts of patches along one axis: evenly spread, the first at the start, the last at the end."""
    if size <= core:
        return [0]
    step = max(1, int(core * (1.0 - overlap)))
    count = int(np.ceil((size - core) / step)) + 1
    return [round(n * (size - core) / (count - 1)) for n in range(count)]


def gaussian_weight(shape: tuple[int, ...]) -> Floats:
    """Return the weight of each voxel of a patch: a Gaussian about its middle, nowhere 0."""
    lines: list[Any] = []
    for axis, size in enumerate(shape):
        away = (np.arange(size) - (size - 1) / 2) / (SIGMA * size)
        lines.append(np.exp(-0.5 * away**2).reshape([-1 if n == axis else 1 for n in range(len(shape))]))
    weight = lines[0] * lines[1] * lines[2]
    return np.maximum(weight / weight.max(), LEAST_WEIGHT).astype(np.float32)
