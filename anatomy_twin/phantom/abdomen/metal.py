"""Metal: screws and rods in the spine, a hip joint, clips where a gallbladder was; and the streaks they cast."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.abdomen.pelvis import HEAD_MM, HIP_MM
from anatomy_twin.phantom.abdomen.shading import WATER_PER_MM, enlarged, shrunk
from anatomy_twin.phantom.abdomen.trunk import VERTEBRAE_MM, spine_y
from anatomy_twin.phantom.canvas import Canvas
from anatomy_twin.phantom.conditions import Conditions
from anatomy_twin.phantom.shapes import Field, smooth_step

METAL_HU: Final = 9000.0  # titanium at 120 kV; what the scanner stores is clipped at 3071
METAL_PER_MM: Final = 0.16
HARDENING: Final = 0.08
PHOTONS: Final = 4e4
COARSE_MM: Final = 3.0
ANGLES: Final = np.arange(0.0, 180.0, 1.5)


def draw_metal(build: Build, canvas: Canvas, conditions: Conditions, dense: NDArray[np.bool_]) -> None:
    """Draw what metal the conditions name, and its streaks in the slices that it crosses. Labels stay."""
    share = np.zeros(canvas.geometry.shape, np.float32)
    pieces = _screws(build) if conditions.metal == "spine" else []
    pieces += _hip(build) if conditions.metal == "hip" else []
    pieces += _clips(build) if "gallbladder" in build.removed else []
    for points in pieces:
        box, distance, _, _ = canvas.tube(build.path(np.array(points, float), 3.0), 3.0)
        share[box] = np.maximum(share[box], np.clip(0.5 - distance / canvas.edge_mm, 0, 1))
    touched = np.flatnonzero((share > 0.3).any(axis=(1, 2)))
    for k in touched:
        weight = np.where(dense[k], np.clip(canvas.image[k] + 1000, 0, 2500) / 1000 * WATER_PER_MM, 0)
        canvas.image[k] += streaks(weight, share[k], canvas.geometry.spacing_mm[1], build.seed + int(k))
    canvas.image += share * (np.float32(METAL_HU) - canvas.image)


def streaks(
    weight_per_mm: NDArray[np.float64], share: Field, pixel_mm: float, seed: int
) -> NDArray[np.float32]:
    """Return the artefact in HU [j, i] that metal casts in one slice.

    ``weight_per_mm`` is the attenuation without metal, ``share`` the metal's share of each pixel. Along rays through
    metal the measured projection is short (the beam hardens) and noisy, the more the fewer
    photons come through; both errors are back-projected (Barrett and Keat 2004, artefacts in CT).
    """
    from skimage.transform import iradon, radon

    rng = np.random.default_rng([seed, *b"streaks"])
    factor = max(1, round(COARSE_MM / pixel_mm))
    metal, rest = (shrunk(plane, 1 / factor) for plane in (share * METAL_PER_MM, weight_per_mm))
    step = pixel_mm * share.shape[0] / metal.shape[0]
    through, around = (radon(plane, ANGLES, circle=False) * step for plane in (metal, rest))
    meets = smooth_step(through, 0.02, 0.3)
    photons = PHOTONS * np.exp(-np.clip(through + around, 0, 14))
    noise = rng.standard_normal(through.shape) / np.sqrt(photons + 6) * 0.6
    error = through / (1 + HARDENING * through) - through + meets * np.clip(noise, -0.3, 0.3)
    shown = iradon(error, ANGLES, output_size=metal.shape[0], filter_name="hann", circle=False) / step
    hu = np.clip(shown / WATER_PER_MM * 1000, -900, 1400)
    return enlarged(hu, share.shape).astype(np.float32)


def _screws(build: Build) -> list[list[tuple[float, float, float, float]]]:
    """Two screws each in L2 and L3 through the pedicles, rods that join them behind."""
    pieces = []
    levels = [VERTEBRAE_MM[n] + build.level_mm + 3 for n in (2, 3)]
    for side in (-1, 1):
        for z in levels:
            y = float(spine_y(z))
            screw = [(side * 25, y + 44, z + 2, 4.2), (side * 20, y + 26, z + 1, 3.2), (side * 10, y - 8, z, 3.0)]
            pieces.append(screw)
        rod = [(side * 26, float(spine_y(z)) + 46, z, 3.0) for z in (levels[0] - 12, *levels, levels[1] + 12)]
        pieces.append(rod)
    return pieces


def _hip(build: Build) -> list[list[tuple[float, float, float, float]]]:
    """Ball with its cup, neck and stem of an artificial hip on the side that the seed draws."""
    side = -1 if build.rng("hip").uniform() < 0.5 else 1
    x, y, z = HIP_MM
    ball = [(side * x, y, z - 1, HEAD_MM + 1), (side * x, y, z + 1, HEAD_MM + 1)]
    stem = [(side * x, y, z, 8), (side * 112, 12, -146, 8), (side * 119, 13, -170, 7.5), (side * 117, 10, -260, 6)]
    return [ball, stem]


def _clips(build: Build) -> list[list[tuple[float, float, float, float]]]:
    """Three clips of a few millimetres on the stump of the cystic duct."""
    rng = build.rng("clips")
    starts = np.array((-44.0, -18.0, 130.0)) + rng.normal(0, 3, (3, 3))
    return [[(*start, 1.1), (*(start + rng.normal(0, 3, 3)), 1.1)] for start in starts]
