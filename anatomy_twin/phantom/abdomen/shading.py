"""What dense things do to the picture of the rest: the dark band between two arms, computed from projections."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.phantom.shapes import smooth_step

WATER_PER_MM: Final = 0.02  # attenuation of water at the mean energy of a 120 kV tube
COARSE_MM: Final = 6.0
EVERY_MM: Final = 15.0
ANGLES: Final = np.arange(0.0, 180.0, 2.0)


def strength_hu(seed: int) -> float:
    """How deep the band is in this patient: 26 to 46 HU, as arms beside the trunk do at usual doses."""
    return float(np.random.default_rng([seed, *b"shading"]).uniform(26, 46))


def arm_band(
    image: NDArray[np.float32], dense: NDArray[np.bool_], body: NDArray[np.bool_],
    spacing_mm: tuple[float, float, float],
) -> NDArray[np.float32]:
    """Return the shading that arms cast, scaled so that the darkest tenth of the trunk's core is at -1, [k, j, i].

    The beam hardens in an arm, so the trunk behind it (and the other arm) seems to attenuate less: to second order the
    projection loses a share of the product of both path lengths (Joseph and Spital 1978 for bone and tissue). Both are
    projected on a coarse grid in every 15 mm, the loss is back-projected, and slices between are interpolated.
    ``image`` are HU, ``dense`` trunk and arms, ``body`` the trunk.
    """
    from skimage.transform import iradon, radon

    count = image.shape[0]
    number = max(1, int(np.ceil(count * spacing_mm[0] / EVERY_MM)) + 1)
    chosen = np.unique(np.linspace(0, count - 1, number).astype(int))
    zoom = spacing_mm[1] / COARSE_MM
    planes = []
    for k in chosen:
        weight = np.where(dense[k], np.clip(image[k] + 1000, 0, 2500) / 1000 * WATER_PER_MM, 0)
        trunk, limbs = (shrunk(weight * part, zoom) for part in (body[k], dense[k] & ~body[k]))
        through_trunk, through_limbs = (radon(plane, ANGLES, circle=False) * COARSE_MM for plane in (trunk, limbs))
        lost = -(through_limbs * through_trunk + 0.5 * through_limbs**2)
        shade = iradon(lost, ANGLES, output_size=trunk.shape[0], filter_name="hann", circle=False)
        planes.append(ndimage.gaussian_filter(shade, 1.6))
    shades = np.stack(planes)
    middle = ndimage.binary_erosion(np.stack([shrunk(body[k].astype(float), zoom) > 0.5 for k in chosen]),
                                    np.ones((1, 3, 3)), 4)
    chosen_in = middle if middle.any() else np.ones_like(middle)
    # what lies off the band is left as it is: the scanner's own correction sees to the mean
    shades = np.minimum(shades - np.quantile(shades[chosen_in], 0.9), 0)
    shades = shades / max(-float(np.quantile(shades[chosen_in], 0.1)), 1e-9)
    return _spread(np.maximum(shades, -1.5), chosen, image.shape)


def shrunk(plane: NDArray[np.float64], zoom: float) -> NDArray[np.float64]:
    """Return a square plane [j, i] smoothed and sampled with ``zoom`` (< 1) times as many points."""
    smooth = ndimage.gaussian_filter(np.asarray(plane, float), 0.4 / zoom)
    size = max(8, round(plane.shape[0] * zoom))
    at = (np.arange(size) + 0.5) / size * plane.shape[0] - 0.5
    return np.asarray(ndimage.map_coordinates(smooth, np.meshgrid(at, at, indexing="ij"), order=1, mode="nearest"))


def enlarged(plane: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a coarse plane [j, i] interpolated to ``shape``."""
    rows, columns = ((np.arange(n) + 0.5) / n * size - 0.5 for n, size in zip(shape, plane.shape, strict=True))
    grid = np.meshgrid(rows, columns, indexing="ij")
    return np.asarray(ndimage.map_coordinates(plane, grid, order=1, mode="nearest"))


def _spread(
    planes: NDArray[np.float64], slices: NDArray[np.int64], shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Interpolate coarse planes at some slices to the whole grid."""
    fine = [enlarged(plane, shape[1:]) for plane in planes]
    result = np.empty(shape, np.float32)
    for k in range(shape[0]):
        upper = min(int(np.searchsorted(slices, k)), len(slices) - 1)
        lower = max(upper - 1, 0)
        step = max(int(slices[upper] - slices[lower]), 1)
        share = float(smooth_step(np.float32((k - slices[lower]) / step), 0, 1)) if upper > lower else 1.0
        result[k] = fine[lower] * (1 - share) + fine[upper] * share
    return result
