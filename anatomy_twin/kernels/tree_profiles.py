"""How bright an image is around the lines of a vessel tree, by distance from the line."""

from __future__ import annotations

import math

import numpy as np
from numba import prange
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.tree_sections import RAYS, _filled, frame_around


@njit(cache=True, parallel=True)
def radial_profiles(
    image: NDArray[np.float32], spacing: NDArray[np.float64], points: NDArray[np.float64],
    tangents: NDArray[np.float64], reach: NDArray[np.float64], samples: int,
) -> NDArray[np.float64]:
    """Return the median brightness (n, samples) of circles around points, perpendicular to unit vectors ``tangents``.

    ``image`` [k, j, i], ``spacing`` (3,) in mm; ``points`` and ``tangents`` (n, 3) in mm along k, j, i from voxel
    (0, 0, 0). Circle m of point n has the radius m / (samples - 1) * ``reach[n]`` mm and 32 places (trilinear). The
    median leaves aside what another vessel covers of a circle, up to half of it.
    """
    result = np.zeros((points.shape[0], samples))
    for n in prange(points.shape[0]):
        across, up = frame_around(tangents[n])
        values = np.empty(RAYS)
        for m in range(samples):
            far = reach[n] * m / (samples - 1)
            for ray in range(RAYS):
                angle = 2.0 * math.pi * (ray + 0.5) / RAYS
                x, y = far * math.cos(angle), far * math.sin(angle)
                k = (points[n, 0] + x * across[0] + y * up[0]) / spacing[0]
                j = (points[n, 1] + x * across[1] + y * up[1]) / spacing[1]
                i = (points[n, 2] + x * across[2] + y * up[2]) / spacing[2]
                values[ray] = _filled(image, k, j, i)
            result[n, m] = np.median(values)
    return result


@njit(cache=True, parallel=True)
def averaged_profiles(
    profiles: NDArray[np.float64], reach: NDArray[np.float64], along: NDArray[np.float64],
    window: NDArray[np.float64], first: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return profiles (n, samples) averaged over their neighbours within ``window`` (n,) mm on a line.

    ``profiles`` and ``reach`` as for ``radial_profiles``, ``along`` (n,) the length in mm along each line; line l is
    first[l]:first[l + 1]. A neighbour is read at the same distances in mm, its last value holding beyond its reach.
    """
    result = np.zeros_like(profiles)
    samples = profiles.shape[1]
    for line in prange(first.size - 1):
        low, high = first[line], first[line + 1]
        for n in range(low, high):
            start, stop = n, n + 1
            while start > low and along[n] - along[start - 1] <= window[n]:
                start -= 1
            while stop < high and along[stop] - along[n] <= window[n]:
                stop += 1
            for other in range(start, stop):
                scale = reach[n] / reach[other]
                for m in range(samples):
                    at = min(m * scale, samples - 1.0)
                    below = min(int(at), samples - 2)
                    share = at - below
                    value = profiles[other, below] * (1.0 - share) + profiles[other, below + 1] * share
                    result[n, m] += value / (stop - start)
    return result
