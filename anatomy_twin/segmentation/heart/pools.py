"""Blood bright with contrast medium, divided into pools where it narrows: chambers that have no names yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from anatomy_twin.segmentation.ground.working_grid import Image, Mask, depth_mm, open_mm, touching

BRIGHT_HU: Final = 150.0  # blood without contrast medium stays below 70 HU
MUSCLE_HU: Final = 100.0  # muscle of the heart in the arterial phase, about
DEEP_MM: Final = 6.5  # no cortical bone, and no spongy bone as bright as blood, is so thick
LEAST_ML: Final = 35.0
JOINED: Final = 0.88  # a neck wider than this share of the narrower side divides nothing
SEED_MM: Final = 3.0


@dataclass(frozen=True, eq=False)
class Pool:
    """One pool: its voxels' number, volume, half width at its widest, middle and rear in mm of the grid [k, j, i]."""

    number: int
    volume_ml: float
    half_mm: float
    middle: NDArray[np.float64]
    rear_mm: float


@dataclass(frozen=True, eq=False)
class Pools:
    """Pools of one scan: ``labels`` [k, j, i] (0 where there is none), ``contact_mm2`` between pairs of numbers."""

    labels: NDArray[np.int32]
    depth: Image
    table: Mapping[int, Pool]
    contact_mm2: Mapping[tuple[int, int], float]
    level_hu: float
    step: float

    def mask(self, numbers: Iterable[int]) -> Mask:
        """Return the voxels of some pools."""
        return np.isin(self.labels, list(numbers))

    def contact(self, first: int, second: int) -> float:
        """Return the area in mm2 at which two pools meet."""
        return self.contact_mm2.get((min(first, second), max(first, second)), 0.0)

    def neighbours(self, number: int) -> dict[int, float]:
        """Return the pools that one meets, with the area in mm2."""
        return {a if b == number else b: area for (a, b), area in self.contact_mm2.items() if number in (a, b)}


def blood_level(hu: Image, step: float) -> tuple[float, float]:
    """Return the median HU of wide bright regions and their volume in ml (0 HU where there are none).

    Wide means that more than ``DEEP_MM`` of even bright voxels lie around: chambers and great vessels.
    """
    deep = depth_mm(hu > BRIGHT_HU, step, DEEP_MM + step) > DEEP_MM
    count = int(np.count_nonzero(deep))
    return (float(np.median(hu[deep])) if count else 0.0), count * step**3 / 1000.0


def divide_blood(hu: Image, step: float, level: float) -> Pools:
    """Divide what is brighter than half way between muscle and blood.

    Parameters
    ----------
    hu : slightly smoothed, on an equal grid of ``step`` mm; ``level`` of the blood.

    A watershed of the depth inside gives pieces; pieces that meet at a neck as wide as ``JOINED`` of the narrower of
    both are one (F. Meyer 1994, topographic distance and watershed lines).
    """
    blood = hu > 0.5 * (level + MUSCLE_HU)
    blood = touching(blood, open_mm(blood, 2.5, step))
    depth = ndimage.gaussian_filter(depth_mm(blood, step, 40.0), 0.7).astype(np.float32)
    depth[~blood] = 0.0
    peak = (ndimage.maximum_filter(depth, size=2 * round(3.0 / step) + 1) == depth) & (depth > SEED_MM)
    seeds, _ = ndimage.label(peak, np.ones((3, 3, 3)))
    pieces = watershed(-depth, seeds.astype(np.int32), mask=blood)
    saddle, area = _meetings(pieces, depth, step)
    count = int(pieces.max())
    widest = np.zeros(count + 1)
    widest[1:] = ndimage.maximum(depth, pieces, np.arange(1, count + 1))
    owner = _joined(widest, saddle)
    labels = owner[pieces].astype(np.int32)
    contact: dict[tuple[int, int], float] = {}
    for (a, b), value in area.items():
        low, high = sorted((int(owner[a]), int(owner[b])))
        if low != high:
            contact[low, high] = contact.get((low, high), 0.0) + value
    table = {}
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        part = labels[box] == number
        spots = (np.argwhere(part) + [side.start for side in box]) * step
        table[number] = Pool(number, len(spots) * step**3 / 1000.0, float(depth[box][part].max()), spots.mean(axis=0),
                             float(np.percentile(spots[:, 1], 90)))
    return Pools(labels, depth, table, contact, level, step)


def _meetings(
    pieces: NDArray[np.int32], depth: Image, step: float
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Return for each pair of touching pieces the depth of the deepest place of their border, and its area in mm2."""
    firsts, seconds, values = [], [], []
    for axis in range(3):
        a, b = np.moveaxis(pieces, axis, 0)[:-1], np.moveaxis(pieces, axis, 0)[1:]
        da, db = np.moveaxis(depth, axis, 0)[:-1], np.moveaxis(depth, axis, 0)[1:]
        meet = (a != b) & (a > 0) & (b > 0)
        firsts.append(np.minimum(a[meet], b[meet]))
        seconds.append(np.maximum(a[meet], b[meet]))
        values.append(np.minimum(da[meet], db[meet]))
    first, second, value = (np.concatenate(many) for many in (firsts, seconds, values))
    pairs, index, counts = np.unique(np.stack([first, second], 1), axis=0, return_inverse=True, return_counts=True)
    highest = np.zeros(len(pairs))
    np.maximum.at(highest, index.ravel(), value)
    keys = [(int(a), int(b)) for a, b in pairs]
    # a slanted face shows about 1.5 voxel faces per unit of area
    return dict(zip(keys, highest.tolist(), strict=True)), dict(
        zip(keys, (counts * step**2 / 1.5).tolist(), strict=True))


def _joined(widest: NDArray[np.float64], saddle: Mapping[tuple[int, int], float]) -> NDArray[np.int64]:
    """Return for each piece the number of the pool it belongs to; the deepest necks are looked at first."""
    owner = np.arange(len(widest))

    def find(n: int) -> int:
        while owner[n] != n:
            owner[n] = owner[owner[n]]
            n = int(owner[n])
        return n

    for (a, b), height in sorted(saddle.items(), key=lambda item: (-item[1], item[0])):
        one, two = find(a), find(b)
        if one != two and height >= JOINED * min(widest[one], widest[two]):
            low, high = sorted((one, two), key=lambda n: -widest[n])
            owner[high] = low
            widest[low] = max(widest[one], widest[two])
    return np.array([find(n) for n in range(len(widest))])
