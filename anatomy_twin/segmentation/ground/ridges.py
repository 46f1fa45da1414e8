"""Ridges and local means: the filters behind vessels and lesions.

Ridge strength after Sato et al., Med Image Anal 1998;2(2):143-168 (tubes from the eigenvalues of the Hessian over
several scales), here scaled so that it reads in HU of contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.ground.working_grid import Image, Mask, box_of, resample

SCALES_MM: Final = (1.2, 1.8, 2.7, 4.0)


def hessian_eigenvalues(smooth: Image, places: tuple[NDArray[np.intp], ...], spacing_mm: float) -> NDArray[np.float64]:
    """Return the eigenvalues (n, 3), ascending, of the second derivatives (HU/mm2) of an image at ``places`` (k, j, i).

    Central differences; at the border of the array the image goes on as at the border. Closed form for symmetric
    3 x 3 matrices: Smith, Commun ACM 1961;4(4):168.
    """
    padded = np.pad(smooth, 1, mode="edge")
    k, j, i = (axis + 1 for axis in places)
    centre = padded[k, j, i].astype(np.float64)
    square = spacing_mm**2
    kk = (padded[k + 1, j, i] + padded[k - 1, j, i] - 2 * centre) / square
    jj = (padded[k, j + 1, i] + padded[k, j - 1, i] - 2 * centre) / square
    ii = (padded[k, j, i + 1] + padded[k, j, i - 1] - 2 * centre) / square
    kj = (padded[k + 1, j + 1, i] + padded[k - 1, j - 1, i] - padded[k + 1, j - 1, i] - padded[k - 1, j + 1, i]) / 4
    ki = (padded[k + 1, j, i + 1] + padded[k - 1, j, i - 1] - padded[k + 1, j, i - 1] - padded[k - 1, j, i + 1]) / 4
    ji = (padded[k, j + 1, i + 1] + padded[k, j - 1, i - 1] - padded[k, j + 1, i - 1] - padded[k, j - 1, i + 1]) / 4
    kj, ki, ji = kj / square, ki / square, ji / square
    mean = (kk + jj + ii) / 3
    spread = np.sqrt(
        np.maximum(((kk - mean) ** 2 + (jj - mean) ** 2 + (ii - mean) ** 2 + 2 * (kj**2 + ki**2 + ji**2)) / 6, 1e-20)
    )
    a, b, c = (kk - mean) / spread, (jj - mean) / spread, (ii - mean) / spread
    d, e, f = kj / spread, ki / spread, ji / spread
    half_determinant = (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)) / 2
    angle = np.arccos(np.clip(half_determinant, -1.0, 1.0)) / 3
    largest = mean + 2 * spread * np.cos(angle)
    smallest = mean + 2 * spread * np.cos(angle + 2 * np.pi / 3)
    return np.stack([smallest, 3 * mean - largest - smallest, largest], axis=1)


def ridge_strength(hu: Image, where: Mask, spacing_mm: float, scales_mm: Sequence[float] = SCALES_MM) -> Image:
    """Return how tube-like and bright the surroundings of each voxel of ``where`` are, in HU of contrast.

    A straight tube with a Gaussian profile reads about its own contrast at the scale that fits it; a plate, a step
    and a dark tube read zero, a ball about half. Zero outside ``where``.
    """
    result = np.zeros(hu.shape, dtype=np.float32)
    if not where.any():
        return result
    box = box_of(where, int(np.ceil(3 * max(scales_mm) / spacing_mm)) + 1)
    part = hu[box]
    places = np.nonzero(where[box])
    best = np.zeros(places[0].size)
    for scale in scales_mm:
        smooth = ndimage.gaussian_filter(part, scale / spacing_mm, mode="nearest", truncate=3.0)
        low, middle, high = hessian_eigenvalues(smooth, places, spacing_mm).T
        across = np.sqrt(np.maximum(-low, 0) * np.maximum(-middle, 0))
        along = np.where(high < 0, 0.5 * -high, high)
        best = np.maximum(best, 4.0 * scale**2 * np.maximum(across - along, 0.0))
    inner = np.zeros(part.shape, dtype=np.float32)
    inner[places] = best
    result[box] = inner
    return result


def masked_mean(values: Image, weight: Mask | Image, sigma_mm: float, spacing_mm: float) -> Image:
    """Return the Gaussian local mean of the voxels of a mask; far from them their overall mean."""
    weights = weight.astype(np.float32)
    step = max(1, int(sigma_mm / (3.0 * spacing_mm)))
    overall = float(np.average(values, weights=weights)) if weights.any() else 0.0
    coarse = [_blocks(field, step) for field in ((values - overall) * weights, weights)]
    above, below = (ndimage.gaussian_filter(field, sigma_mm / (spacing_mm * step), mode="nearest") for field in coarse)
    small = np.asarray(above / (below + 1e-3), dtype=np.float32)
    if step > 1:
        small = resample(small, *_block_grids(small.shape, values.shape, step))
    return small + np.float32(overall)


def _block_grids(
    small: tuple[int, ...], full: tuple[int, ...], step: int
) -> tuple[VolumeGeometry, VolumeGeometry]:
    """Return the grids of block means and of the voxels they were made of, in voxels."""
    shift = (step - 1) / 2.0
    blocks = VolumeGeometry.upright((small[0], small[1], small[2]), (float(step),) * 3, (shift,) * 3)
    return blocks, VolumeGeometry.upright((full[0], full[1], full[2]), (1.0, 1.0, 1.0))


def _blocks(field: Image, step: int) -> Image:
    """Return block means of ``step`` voxels (the border goes on as at the border)."""
    if step == 1:
        return field
    pad = [(0, -size % step) for size in field.shape]
    full = np.pad(field, pad, mode="edge")
    k, j, i = (size // step for size in full.shape)
    return np.asarray(full.reshape(k, step, j, step, i, step).mean(axis=(1, 3, 5)), dtype=np.float32)
