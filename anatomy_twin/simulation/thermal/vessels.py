"""Large vessels as heat sinks: how wide they are here, and how fast their wall takes heat away.

Blood enters the heated length L of a vessel at body temperature with the mean velocity v and takes heat from a wall of
one temperature. Re = density v d / viscosity, Pr = viscosity c / k, Gz = Re Pr d / L. The mean Nusselt number, on the
logarithmic difference of temperature, is

    laminar, Re < 2300      (3.66^3 + 0.7^3 + (1.615 Gz^(1/3) - 0.7)^3)^(1/3): developed flow whose temperature develops
                            (Gnielinski in the VDI Heat Atlas; within 1 % of Graetz' series)
    turbulent, Re > 4000    (f/8) (Re - 1000) Pr / (1 + 12.7 (f/8)^(1/2) (Pr^(2/3) - 1)), f = (0.79 ln Re - 1.64)^-2
                            (Gnielinski, Int Chem Eng 1976;16:359)

and linear in Re between the two (Gnielinski, Int J Heat Mass Transfer 2013;63:134). Blood warms on its way: by the
difference to the blood that enters, which is what the solver knows, the wall passes h = Nu_e k / d with
Nu_e = Gz / 4 (1 - exp(-4 Nu / Gz)), which falls to 0 with the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import Tissue

LAMINAR_TO: Final = 2300.0
TURBULENT_FROM: Final = 4000.0
LEAST_NUSSELT: Final = 1.0
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


def nusselt(reynolds: Any, prandtl: float, diameter_over_length: Any) -> NDArray[np.float64]:
    """Return the mean Nusselt number of a pipe whose wall has one temperature, see the module's text.

    ``reynolds`` and ``diameter_over_length`` are arrays of one shape, or numbers.
    """
    reynolds = np.asarray(reynolds, np.float64)
    laminar = _laminar(np.minimum(reynolds, LAMINAR_TO) * prandtl * np.asarray(diameter_over_length, np.float64))
    turbulent = _turbulent(np.maximum(reynolds, TURBULENT_FROM), prandtl)
    share = np.clip((reynolds - LAMINAR_TO) / (TURBULENT_FROM - LAMINAR_TO), 0.0, 1.0)
    return np.asarray((1.0 - share) * laminar + share * turbulent)


def _laminar(graetz: NDArray[np.float64]) -> NDArray[np.float64]:
    entry = 1.615 * np.cbrt(graetz) - 0.7
    return np.cbrt(3.66**3 + 0.7**3 + entry**3)


def _turbulent(reynolds: NDArray[np.float64], prandtl: float) -> NDArray[np.float64]:
    eighth = (0.79 * np.log(reynolds) - 1.64) ** -2 / 8.0
    return np.asarray(
        eighth * (reynolds - 1000.0) * prandtl / (1.0 + 12.7 * np.sqrt(eighth) * (prandtl ** (2.0 / 3.0) - 1.0))
    )


def effective_nusselt(diameter_mm: Any, velocity_m_s: Any, blood: Tissue, facts: Mapping[str, Any]) -> Any:
    """Return the Nusselt number on the difference between wall and entering blood, Nu_e of the module's text.

    ``diameter_mm`` and ``velocity_m_s`` are arrays of one shape, or numbers; ``facts`` the catalog's on vessels
    (``viscosity_pa_s``, ``heated_length_mm``). 0 without flow.
    """
    metres = np.asarray(diameter_mm, np.float64) * 1e-3
    reynolds = blood.density_kg_m3 * np.asarray(velocity_m_s, np.float64) * metres / facts["viscosity_pa_s"]
    prandtl = facts["viscosity_pa_s"] * blood.specific_heat_j_kg_k / blood.conductivity_w_m_k
    over_length = metres / (facts["heated_length_mm"] * 1e-3)
    graetz = reynolds * prandtl * over_length
    units = 4.0 * nusselt(reynolds, prandtl, over_length) / np.maximum(graetz, 1e-12)
    return -graetz / 4.0 * np.expm1(-units)


def heat_transfer_w_m2_k(
    diameter_mm: Any, velocity_m_s: Any, blood: Tissue, facts: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return the heat transfer coefficient of vessel walls in W/m2/K, 0 where there is no flow to speak of.

    That is where heat crosses resting blood as easily (a Nusselt number below ``LEAST_NUSSELT``): such a vessel is
    tissue. The parameters are those of ``effective_nusselt``.
    """
    found = np.asarray(effective_nusselt(diameter_mm, velocity_m_s, blood, facts))
    metres = np.maximum(np.asarray(diameter_mm, np.float64) * 1e-3, 1e-6)
    return np.where(found >= LEAST_NUSSELT, found * blood.conductivity_w_m_k / metres, 0.0)


def wall_conductance_w_k(
    sink: NDArray[np.bool_], transfer_w_m2_k: NDArray[np.floating], conductivity_w_m_k: NDArray[np.float64],
    spacing_mm: float,
) -> NDArray[np.float64]:
    """Return W/K from each voxel of tissue to the blood of the sinks beside it, [k, j, i].

    ``transfer_w_m2_k`` is that of the wall, given at the voxels of the ``sink``.

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
            h = transfer_w_m2_k[to][touch]
            area = edge * edge * 0.5 * (normal[axis][at][touch] + normal[axis][to][touch])
            total[at][touch] += area / (edge / (2.0 * conductivity_w_m_k[at][touch]) + 1.0 / h)
    return total
