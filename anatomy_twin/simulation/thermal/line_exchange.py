"""A needle that is thinner than a voxel: how strongly the voxels around it exchange current or heat with it.

The needle (a line, radius r0, potential or temperature u0) gives each voxel x near it the flow

    2 pi s g K(x) (u0 - u(x))   per length of needle,

s the conductivity, K a Gaussian of standard deviation ``width`` around the line whose integral over a cross-section is
one. The number g is chosen such that far away the field is that of the real cylinder, u0 - u = q ln(r / r0) / (2 pi s):
it depends on r0 / width only and is found from the radial equation (1 / r) (r u')' = g 2 pi K (u - u0), solved once on
a fine radial grid.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded
from scipy.optimize import brentq

from anatomy_twin.kernels import line_spread

REACH = 3.5  # of the Gaussian, in widths
FAR = 12.0  # where the radial problem ends, in widths


def _equivalent_radius(strength: float, cells: int = 1200) -> float:
    """Return the radius (in widths) of the cylinder that a Gaussian exchange of strength g looks like from afar."""
    edges = np.linspace(0.0, FAR, cells + 1)
    middle = 0.5 * (edges[1:] + edges[:-1])
    step = edges[1]
    face = edges[1:-1] / step  # conductance per 2 pi s between rings
    ring = 0.5 * (edges[1:] ** 2 - edges[:-1] ** 2)
    exchange = strength * np.exp(-0.5 * middle**2) * ring  # 2 pi K = exp(-r2 / 2)
    last = edges[-1] / (0.5 * step)
    bands = np.zeros((3, cells))
    bands[0, 1:], bands[2, :-1] = -face, -face
    bands[1] = exchange
    bands[1, :-1] += face
    bands[1, 1:] += face
    bands[1, -1] += last
    u = solve_banded((1, 1), bands, exchange)  # u0 = 1, u = 0 at FAR
    return float(FAR * np.exp(-1.0 / (u[-1] * last)))


@lru_cache(maxsize=64)
def strength(radius_over_width: float) -> float:
    """Return g for a needle whose radius is this many widths of the Gaussian (0.001 to 2.5)."""
    wanted = float(np.clip(radius_over_width, 1e-3, 2.5))
    return float(np.exp(brentq(lambda g: _equivalent_radius(np.exp(g)) - wanted, np.log(0.02), np.log(1e4))))


def line_weights(
    shape: tuple[int, int, int], start: NDArray[Any], stop: NDArray[Any], width: float
) -> NDArray[np.float64]:
    """Return the length of a line that each voxel stands for, [k, j, i], in voxels; the sum is the length of the line.

    ``start`` and ``stop`` (3,) are fractional indices, ``width`` the standard deviation of the Gaussian in voxels. What
    would lie outside the grid is given to the voxels inside.
    """
    weights = np.zeros(shape)
    line_spread.spread_line(weights, np.asarray(start, float), np.asarray(stop, float), float(width), REACH * width)
    return weights
