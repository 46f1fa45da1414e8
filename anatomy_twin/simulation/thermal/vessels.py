"""Large vessels as heat sinks: how wide they are here, and how fast their wall takes heat away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

LEVELS_MM = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0, 17.0, 20.0, 25.0, 30.0)


def local_diameter_mm(mask: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.float32]:
    """Return for each voxel of ``mask`` [k, j, i] the diameter of the widest ball in the mask that covers it, in mm.

    Balls of the diameters in ``LEVELS_MM`` are tried; 0 outside the mask, a voxel's edge where none fits. Twice the
    largest distance between the centre of a voxel and that of the nearest outside is the diameter of a straight vessel
    within about 0.3 voxels, whatever its direction; a tenth of a voxel is allowed for that.
    """
    found = np.zeros(mask.shape, np.float32)
    if not mask.any():
        return found
    corner = [np.flatnonzero(mask.any(axis=tuple(set(range(3)) - {axis}))) for axis in range(3)]
    block = tuple(slice(max(0, part[0] - 1), part[-1] + 2) for part in corner)
    # what touches the side of the box goes on behind it
    inside = np.pad(mask[block], 1, mode="edge")
    distance = ndimage.distance_transform_edt(inside) * spacing_mm
    thickness = np.where(inside, spacing_mm, 0.0).astype(np.float32)
    for level in LEVELS_MM:
        reach = level / 2.0 - spacing_mm / 10.0
        centres = distance >= reach - 1e-6
        if not centres.any():
            break
        covered = ndimage.distance_transform_edt(~centres) * spacing_mm <= reach + spacing_mm / 2.0
        thickness[covered & inside] = level
    found[block] = thickness[1:-1, 1:-1, 1:-1]
    return found


def heat_transfer_w_m2_k(
    diameter_mm: NDArray[np.floating], nusselt: float, conductivity_w_m_k: float
) -> NDArray[np.float64]:
    """Return the heat transfer coefficient of a vessel wall, h = Nu k / d, in W/m2/K."""
    return np.asarray(nusselt * conductivity_w_m_k / (np.asarray(diameter_mm, np.float64) * 1e-3))


def wall_conductance_w_k(
    sink: NDArray[np.bool_], diameter_mm: NDArray[np.floating], conductivity_w_m_k: NDArray[np.float64],
    spacing_mm: float, nusselt: float, blood_conductivity_w_m_k: float,
) -> NDArray[np.float64]:
    """Return W/K from each voxel of tissue to the blood of the sinks beside it, [k, j, i].

    Half a voxel of tissue and the wall's heat transfer coefficient stand in series. The area of a face is multiplied
    by the share of the wall's normal along it, so that a stair of voxels has the area of the smooth wall.
    """
    total = np.zeros(sink.shape)
    if not sink.any():
        return total
    edge = spacing_mm * 1e-3
    smooth = ndimage.gaussian_filter(sink.astype(np.float64), 1.5, mode="nearest")
    slope = np.stack(np.gradient(smooth))
    normal = np.abs(slope) / np.maximum(np.linalg.norm(slope, axis=0), 1e-12)
    for axis in range(3):
        for direction in (-1, 1):
            here, there = [slice(None)] * 3, [slice(None)] * 3
            here[axis], there[axis] = (slice(1, None), slice(None, -1)) if direction < 0 else (
                slice(None, -1), slice(1, None)
            )
            at, to = tuple(here), tuple(there)
            touch = ~sink[at] & sink[to] & (conductivity_w_m_k[at] > 0)
            if not touch.any():
                continue
            h = heat_transfer_w_m2_k(diameter_mm[to][touch], nusselt, blood_conductivity_w_m_k)
            area = edge * edge * 0.5 * (normal[axis][at][touch] + normal[axis][to][touch])
            total[at][touch] += area / (edge / (2.0 * conductivity_w_m_k[at][touch]) + 1.0 / h)
    return total
