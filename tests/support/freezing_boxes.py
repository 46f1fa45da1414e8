"""Uniform boxes and needles for the checks of the freezing solver."""

from __future__ import annotations

import math

import numpy as np

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels import freezing as kernel
from anatomy_twin.simulation.thermal import needles
from anatomy_twin.simulation.thermal.freezing import FreezingSystem, Phase, largest_time_step_s

# water-rich tissue: k W/m/K, C J/m3/K unfrozen and frozen, latent heat J/m3
WARM_K, COLD_K, WARM_C, COLD_C, LATENT = 0.52, 2.08, 3.82e6, 1.91e6, 2.5e8
FOREVER = 1e9


def freezing_box(
    shape, spacing_mm, *, rate_1_s=0.0, wall_1_s=0.0, axes=(0, 1, 2), closed=False, line=None, needle_c=-140.0,
    radius_mm=0.735, std_mm=None, phases=None, ends_c=(-1.0, -8.0), latent=LATENT, cold_k=COLD_K, cold_c=COLD_C,
    warm_k=WARM_K, warm_c=WARM_C, dtype=np.float64, body_c=37.0, stasis_c=-1e6, lethal_c=-20.0,
    time_step_s=None, longest_step_s=4.0, film_w_m2_k=math.inf,
) -> FreezingSystem:
    """A system of one material. Heat flows along ``axes`` only; ``closed``: none passes to the outermost layer.

    ``line`` is (start, stop) of a needle in mm along k, j, i from the centre of voxel [0, 0, 0].
    """
    geometry = VolumeGeometry.upright(shape, (spacing_mm,) * 3)
    step_m = spacing_mm * 1e-3
    faces = []
    for k in (warm_k, cold_k):
        part = []
        for axis in range(3):
            face = np.full(shape, k / step_m**2 if axis in axes else 0.0, dtype)
            if closed:
                view = np.moveaxis(face, axis, 0)
                view[0] = view[-2:] = 0.0
            part.append(face)
        faces.append(tuple(part))
    row = kernel.material_row(body_c, *ends_c, warm_c, cold_c, latent)
    number, materials = np.zeros(shape, np.uint8), np.array([row])
    found, extra = (), 0.0
    if line is not None:
        std = std_mm or needles.spread_mm(spacing_mm, radius_mm)
        conductivities = np.full(shape, warm_k), np.full(shape, cold_k)
        phases = phases or (Phase(0.0, FOREVER, body_c, needle_c),)
        found = (needles.line_of(
            np.asarray(line[0], float) / spacing_mm, np.asarray(line[1], float) / spacing_mm, spacing_mm, radius_mm,
            std, conductivities, np.ones(shape, bool), phases, film_w_m2_k,
        ),)
        extra = needles.stiffness_w_m3_k(cold_k, radius_mm, std)
    return FreezingSystem(
        geometry, number, materials, *faces, np.full(shape, rate_1_s, dtype), np.full(shape, wall_1_s, dtype), found,
        time_step_s or largest_time_step_s(*faces, number, materials, extra), body_c, *ends_c, lethal_c, stasis_c,
        longest_step_s=longest_step_s,
    )
