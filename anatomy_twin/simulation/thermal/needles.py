"""Where a cryoneedle takes its heat: a line thinner than a voxel as pieces with Gaussian weights."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import freezing
from anatomy_twin.simulation.thermal.freezing import Needle, Phase

CUT: Final = 4.0  # standard deviations at which the weights end
LEAST_SPREAD: Final = 1.5  # radii of the needle


def spread_mm(spacing_mm: float, radius_mm: float) -> float:
    """Return the standard deviation of the weights: a voxel, but no less than 1.5 radii of the needle."""
    return max(spacing_mm, LEAST_SPREAD * radius_mm)


def equivalent_radius_mm(std_mm: float, spacing_mm: float, direction: NDArray[Any]) -> float:
    """Return r_eq of ``kernels.freezing``, 1.4986 std, less what the grid's Laplacian takes from it.

    On a grid of spacing h the weighted mean lies nearer to the needle by q / 2 pi times the mean over the plane across
    the needle of h^2 (kx^4 + ky^4 + kz^4) / 24 s^2 k^4, which is h^2 / 64 s^2 times the sum of (1 - d_i^2)^2 over the
    parts d_i of the ``direction``: the next term of the five-point formula's symbol under the weights.
    """
    across = float(((1.0 - np.asarray(direction, np.float64) ** 2) ** 2).sum())
    return freezing.EQUIVALENT_RADIUS * std_mm * math.exp(-across * (spacing_mm / std_mm) ** 2 / 64.0)


def well_w_m_k(conductivity_w_m_k: Any, radius_mm: float, equivalent_mm: float) -> Any:
    """Return 2 pi k / ln(r_eq / r_0) in W/K per metre of needle (see ``kernels.freezing``)."""
    if equivalent_mm <= radius_mm:
        raise SimulationError(f"weights that stand for {equivalent_mm:g} mm are too narrow for a needle of "
                              f"{radius_mm:g} mm radius")  # fmt: skip
    return 2.0 * math.pi * np.asarray(conductivity_w_m_k) / math.log(equivalent_mm / radius_mm)


def stiffness_w_m3_k(frozen_w_m_k: float, radius_mm: float, std_mm: float) -> float:
    """Return the most that a needle adds to the conductances of a voxel, in W/m3/K (for the time step)."""
    well = float(well_w_m_k(frozen_w_m_k, radius_mm, freezing.EQUIVALENT_RADIUS * std_mm * 0.95))
    return well / (4.0 * math.pi * (std_mm * 1e-3) ** 2)


def line_of(
    start: NDArray[Any], stop: NDArray[Any], spacing_mm: float, radius_mm: float, std_mm: float,
    conductivities: tuple[NDArray[Any], NDArray[Any]], usable: NDArray[np.bool_], phases: tuple[Phase, ...],
    film_w_m2_k: float = math.inf,
) -> Needle | None:
    """Return a needle from ``start`` to ``stop`` (voxels [k, j, i]) on an isotropic grid, None if it meets no tissue.

    Pieces are at most a voxel long; their weights sum up to 1 over the voxels that are ``usable`` (bool [k, j, i]) and
    not in the outermost layer. A piece whose middle is not usable is left out. ``conductivities``: unfrozen and frozen
    in W/m/K, both [k, j, i]. ``film_w_m2_k`` passes between gas and wall, in series with the tissue (infinite: the wall
    is as cold as the gas).
    """
    shape = np.asarray(usable.shape)
    length_mm = float(np.linalg.norm(stop - start)) * spacing_mm
    count = max(1, math.ceil(length_mm / spacing_mm))
    std, reach = std_mm / spacing_mm, math.ceil(CUT * std_mm / spacing_mm)
    voxels, weights, starts, values = [], [], [0], []
    for n in range(count):
        middle = start + (n + 0.5) / count * (stop - start)
        nearest = np.round(middle).astype(int)
        if (nearest < 1).any() or (nearest > shape - 2).any() or not usable[tuple(nearest)]:
            continue
        low, high = np.maximum(nearest - reach, 1), np.minimum(nearest + reach, shape - 2) + 1
        part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        away = sum((
            ((np.arange(a, b) - at).reshape([-1 if axis == m else 1 for m in range(3)]) / std) ** 2
            for axis, (a, b, at) in enumerate(zip(low, high, middle, strict=True))
        ), np.zeros((1, 1, 1)))
        share = np.where(usable[part] & (away <= CUT * CUT), np.exp(-0.5 * away), 0.0)
        found = np.nonzero(share)
        voxels.append(np.ravel_multi_index(tuple(f + a for f, a in zip(found, low, strict=True)), usable.shape))
        weights.append(share[found] / share.sum())
        starts.append(starts[-1] + weights[-1].size)
        values.append([float((weights[-1] * k[part][found]).sum()) for k in conductivities])
    if not values:
        return None
    equivalent_mm = equivalent_radius_mm(std_mm, spacing_mm, (stop - start) / np.linalg.norm(stop - start))
    well = well_w_m_k(np.array(values), radius_mm, equivalent_mm)
    passed = 1.0 / (1.0 + well / (2.0 * math.pi * radius_mm * 1e-3 * film_w_m2_k))
    exchange = well * passed * (length_mm * 1e-3 / count)
    wall = math.log(freezing.EQUIVALENT_RADIUS * LEAST_SPREAD) / math.log(equivalent_mm / radius_mm)
    wall *= float(passed[:, 1].mean())
    return Needle(
        np.concatenate(voxels).astype(np.int64), np.concatenate(weights), np.array(starts, np.int64),
        np.ascontiguousarray(exchange[:, 0]), np.ascontiguousarray(exchange[:, 1]), phases, min(wall, 1.0),
    )
