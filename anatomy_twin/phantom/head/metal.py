"""Streaks of metal in teeth: the error that dense metal makes in the projections, back-projected slice by slice."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.transform import iradon, radon

PIXEL_MM: Final = 1.6
ANGLES: Final = 240
HARDENING: Final = 1400.0  # HU mm of error per squared mm of metal on a ray
STARVED_MM: Final = 5.0  # rays through more metal than this carry hardly any photons
STARVED_NOISE: Final = 30000.0  # HU mm


def streaks(metal: NDArray[np.float32], spacing_mm: tuple[float, float], seed: int) -> NDArray[np.float32]:
    """Return the HU that metal adds to and takes from one slice [j, i]; ``metal`` is the share of metal per pixel.

    A ray through L mm of metal reads too low by an amount that grows with L squared (beam hardening), and beyond some
    millimetres it is mostly noise (photon starvation). Filtered back projection turns that error into dark bands
    between pieces of metal and bright and dark rays around them.
    """
    zoom = (spacing_mm[0] / PIXEL_MM, spacing_mm[1] / PIXEL_MM)
    small = ndimage.zoom(metal.astype(np.float64), zoom, order=1, mode="nearest", grid_mode=True)
    size = max(small.shape)
    padded = np.zeros((size, size))
    padded[: small.shape[0], : small.shape[1]] = small
    theta = np.arange(ANGLES) * 180.0 / ANGLES
    length = radon(padded, theta, circle=False) * PIXEL_MM
    noise = np.random.default_rng([seed, 5]).standard_normal(length.shape)
    error = -HARDENING * length**2 + STARVED_NOISE * noise * np.clip(length / STARVED_MM, 0, 3) ** 2
    image = iradon(error / PIXEL_MM, theta, filter_name="hann", circle=False, output_size=size)
    image = image[: small.shape[0], : small.shape[1]]
    back = (metal.shape[0] / small.shape[0], metal.shape[1] / small.shape[1])
    full = ndimage.zoom(image, back, order=1, mode="nearest", grid_mode=True)
    result = np.zeros(metal.shape, np.float32)
    rows, columns = min(full.shape[0], metal.shape[0]), min(full.shape[1], metal.shape[1])
    result[:rows, :columns] = full[:rows, :columns]
    return result
