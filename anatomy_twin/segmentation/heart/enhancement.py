"""Late enhancement of the atrial wall: blood as measure, wall as a shell around the cavity, fibrosis along normals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import Image, Mask, depth_mm, distance_mm, erode_mm

EVEN_MM: Final = 16.0  # over so much the brightness of the coils is taken for even
STEP_MM: Final = 0.4
OPEN: Final = (0.80, 1.15)  # a way out on which all reads like blood leads into a chamber or a vein, not a wall
SHIFTS_MM: Final = (-12.0, -9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0, 12.0)
BETTER: Final = 1.3


@dataclass(frozen=True, eq=False)
class Blood:
    """What blood in the atrium reads: ``mean`` and ``spread`` of the image, ``ratio`` of the image to blood near by."""

    mean: float
    spread: float
    ratio: Image


@dataclass(frozen=True, eq=False)
class Wall:
    """The wall on a grid, and per voxel of it the highest ratio to blood on the way out through it."""

    mask: Mask
    peak: Image


def measure_blood(image: Image, cavity: Mask, step: float) -> Blood:
    """Return what blood reads in a cavity, away from its border.

    ``ratio`` divides by the local mean of blood (Gaussian of 16 mm, normalised), so that coils nearer to one side do
    not count as enhancement. ``spread`` is the standard deviation of blood after that, in units of the image.
    """
    inner = erode_mm(cavity, 3.0, step)
    inner = inner if inner.sum() > 200 else cavity
    weight = ndimage.gaussian_filter(inner.astype(np.float32), EVEN_MM / step, mode="constant")
    local = ndimage.gaussian_filter(np.where(inner, image, 0).astype(np.float32), EVEN_MM / step, mode="constant")
    mean = float(image[inner].mean())
    near = np.where(weight > 1e-4, local / np.maximum(weight, 1e-4), np.float32(mean))
    ratio = (image / np.maximum(near, 1e-3)).astype(np.float32)
    return Blood(mean, float(ratio[inner].std()) * mean, ratio)


def _normals(cavity: Mask, step: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the border voxels of a mask (N, 3) and their outward normals."""
    signed = distance_mm(cavity, step, 8.0) - depth_mm(cavity, step, 8.0)
    normal = np.stack(np.gradient(ndimage.gaussian_filter(signed, 1.2 / step)))
    border = cavity & ~ndimage.binary_erosion(cavity)
    places = np.argwhere(border).astype(float)
    ways = normal[:, border].T
    return places, ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-6)


def find_wall(
    ratio: Image, cavity: Mask, others: Mask, thickness_mm: float, look_mm: float, step: float
) -> Wall:
    """Return the wall around a cavity: a shell of ``thickness_mm`` without the openings and without ``others``.

    From each voxel of the border the ratio is read every 0.4 mm outwards as far as ``look_mm``. Where all of it reads
    like blood there is an opening and no wall. A voxel of the shell takes the highest ratio of the border voxel next to
    it: enhancement is taken to go through the whole thickness, since a wall of 2 to 3 mm is one or two voxels thick.
    """
    places, ways = _normals(cavity, step)
    outwards = np.arange(0.0, look_mm + 1e-6, STEP_MM)
    samples = np.stack([
        ndimage.map_coordinates(ratio, (places + ways * (away / step)).T, order=1, mode="nearest") for away in outwards
    ])
    far = samples[outwards > 0.5 * step]
    # a leaflet of a valve is thinner than the wall: it darkens the lesser part of the way
    opening = (np.percentile(far, 40, axis=0) > OPEN[0]) & (far.max(0) < OPEN[1])
    peaks = np.zeros(cavity.shape, np.float32)
    closed = np.zeros(cavity.shape, bool)
    index = tuple(places.astype(np.intp).T)
    peaks[index], closed[index] = samples.max(0), ~opening
    # single voxels of the border decide nothing: the openings are wide
    closed = ndimage.gaussian_filter(closed.astype(np.float32), 2.0 / step)
    share = ndimage.gaussian_filter(_ones(index, cavity.shape), 2.0 / step)
    away, nearest = ndimage.distance_transform_edt(~cavity, sampling=step, return_indices=True)
    shell = ~cavity & ~others & (away <= thickness_mm + 0.5 * step)
    spots = tuple(axis[shell] for axis in nearest)
    mask = np.zeros(cavity.shape, bool)
    mask[shell] = closed[spots] > 0.5 * share[spots]
    peak = np.zeros(cavity.shape, np.float32)
    peak[shell] = peaks[spots]
    return Wall(mask, np.where(mask, peak, 0).astype(np.float32))


def _ones(index: tuple[NDArray[Any], ...], shape: tuple[int, ...]) -> Image:
    result = np.zeros(shape, np.float32)
    result[index] = 1.0
    return result


def displacement_mm(image: Image, cavity: Mask, step: float) -> tuple[float, float]:
    """Return how far in mm a cavity would have to move to fit the image best, and how much better it would fit there.

    The fit is the mean inside (1 to 4 mm deep) less the mean where the wall is (1 to 3 mm outside): blood is bright
    within the cavity, and wall, fat or lung outside is mostly darker.
    """
    places, ways = _normals(cavity, step)
    rng = np.random.default_rng(0)
    few = rng.permutation(len(places))[:2500]
    places, ways = places[few], ways[few]
    inner = np.concatenate([places - ways * (d / step) for d in (1.5, 3.5)])
    outer = np.concatenate([places + ways * (d / step) for d in (1.5, 2.5)])
    smooth = ndimage.gaussian_filter(image, 1.0 / step)
    fits: dict[tuple[float, float, float], float] = {}
    for shift in np.stack(np.meshgrid(SHIFTS_MM, SHIFTS_MM, SHIFTS_MM, indexing="ij"), -1).reshape(-1, 3):
        move = shift / step
        inside = ndimage.map_coordinates(smooth, (inner + move).T, order=1, mode="nearest")
        outside = ndimage.map_coordinates(smooth, (outer + move).T, order=1, mode="nearest")
        # what lies outside of blood counts as less bright, however bright a scar is
        fits[float(shift[0]), float(shift[1]), float(shift[2])] = float(
            inside.mean() - np.minimum(outside, np.median(inside)).mean())
    best = max(fits, key=lambda key: fits[key])
    here = fits[0.0, 0.0, 0.0]
    return float(np.linalg.norm(best)), fits[best] / max(here, 1e-6) if here > 0 else float("inf")
