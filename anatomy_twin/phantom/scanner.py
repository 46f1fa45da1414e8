"""What a scanner does to the anatomy: blur, correlated noise that follows the attenuation, rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from anatomy_twin.kernels.compiling import njit

PSF_SIGMA_MM = 0.62
SLICE_SIGMA_MM = 0.7


def acquire(
    image: NDArray[np.float32], body: NDArray[np.bool_], spacing_mm: tuple[float, float, float], noise_hu: float,
    seed: int, lateral_hu: NDArray[np.float32] | None = None,
) -> NDArray[np.int16]:
    """Return int16 HU: the ideal image blurred, with noise of ``noise_hu`` at the centre of the body.

    In plane the noise spectrum is the ramp filter times a soft-tissue apodisation, as filtered back projection gives
    (Riederer, Pelc and Chesler 1978); neighbouring slices share some of it. It is weaker near the skin and in air.
    ``lateral_hu`` [k, j, i] is the standard deviation of further noise in stripes from side to side, as few photons
    leave where arms lie in the way.
    """
    sigma = (SLICE_SIGMA_MM / spacing_mm[0], PSF_SIGMA_MM / spacing_mm[1], PSF_SIGMA_MM / spacing_mm[2])
    blurred = ndimage.gaussian_filter(image, sigma, mode="nearest")
    rows, columns = image.shape[1:]
    fy, fx = fft.fftfreq(rows, spacing_mm[1])[:, None], fft.rfftfreq(columns, spacing_mm[2])[None, :]
    f = np.hypot(fy, fx)
    # a scanner reconstructs a disc; the corners stay at the lowest value
    outside = np.hypot(*np.ogrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]) > 1
    power = (f + 0.01) * np.exp(-((f / 0.33) ** 2.0))
    shape = np.sqrt(power / _mean_power(power, columns))
    weights = np.array([0.25, 1.0, 0.25]) / np.sqrt(1.125)
    white = [_white(seed, n, rows, columns) for n in (-1, 0)]
    result = np.empty(image.shape, np.int16)
    for k in range(image.shape[0]):
        white.append(_white(seed, k + 1, rows, columns))
        mixed = sum(weight * plane for weight, plane in zip(weights, white[-3:], strict=True))
        white = white[-2:]
        noise = fft.irfft2(fft.rfft2(mixed) * shape, s=(rows, columns))
        level = _noise_level(body[k], spacing_mm[1:])
        total = blurred[k] + noise_hu * level * noise
        if lateral_hu is not None:
            total = total + lateral_hu[k] * _stripes(power, (fy, fx), seed, k, (rows, columns))
        result[k] = np.clip(np.rint(total), -1024, 3071)
        result[k][outside] = -1024
    return result


def _stripes(
    power: NDArray[np.float64], frequency: tuple[NDArray[np.float64], NDArray[np.float64]], seed: int, k: int,
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """Noise of unit variance whose rays run from side to side: what they add lies at frequencies along y."""
    fy, fx = frequency
    sideways = np.arctan2(fx, np.abs(fy) + 1e-9)
    spectrum = power * np.exp(-((sideways / 0.22) ** 2))
    white = np.random.default_rng([seed, 78, k]).standard_normal(size)
    return fft.irfft2(fft.rfft2(white) * np.sqrt(spectrum / _mean_power(spectrum, size[1])), s=size)


def _mean_power(power: NDArray[np.float64], columns: int) -> float:
    weight = np.full(power.shape[1], 2.0)
    weight[0] = 1.0
    if columns % 2 == 0:
        weight[-1] = 1.0
    return float((power * weight).sum() / (power.shape[0] * columns))


def _white(seed: int, k: int, rows: int, columns: int) -> NDArray[np.float64]:
    return np.random.default_rng([seed, 77, k + 1]).standard_normal((rows, columns))


def _noise_level(body: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> NDArray[np.float64]:
    """About 1 in the middle of the trunk, 0.6 under the skin, 0.1 in air far from it."""
    soft = ndimage.gaussian_filter(body.astype(np.float64), (35 / spacing_mm[0], 35 / spacing_mm[1]), mode="constant")
    return np.clip(0.08 + 0.97 * soft**1.1, 0.08, 1.05)


@njit(cache=True)
def table_mask(x, y, centre_x, top_y):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Shell of a curved couch, 2 mm thick with a light core below: 0 outside, 1 shell, 2 core; uint8 [j, i]."""
    result = np.zeros((y.size, x.size), np.uint8)
    for j in range(y.size):
        for i in range(x.size):
            dx = x[i] - centre_x
            if abs(dx) > 205:
                continue
            upper = top_y - 0.0011 * dx * dx
            lower = top_y + 42 - 0.0022 * dx * dx
            d = min(y[j] - upper, lower - y[j])
            if d > 0:
                result[j, i] = 1 if d < 2.0 else 2
    return result
