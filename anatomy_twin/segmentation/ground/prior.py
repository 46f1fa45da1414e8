"""Where organs usually lie: a table over normalised coordinates, made from generated anatomies and widened on purpose.

The table (``catalog/organ_prior.npz``, made by ``scripts/build_prior.py``) holds, per organ, the share of anatomies
whose voxel at a place belongs to it. Generated anatomies vary less than people: each counts many times, stretched by
12 % (standard deviation), shifted by 10 mm and 16 mm in height, and the result is blurred. It is a hint among others.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.ground.landmarks import Landmarks, coordinates
from anatomy_twin.segmentation.ground.working_grid import Image

ORGANS: Final = (
    "liver", "spleen", "kidney_right", "kidney_left", "gallbladder", "pancreas", "stomach", "duodenum", "aorta",
    "inferior_vena_cava",
)
# ranges and widths of the bins: height (0 top of the diaphragm, -1 iliac crest), before and beside the spine
LOW: Final = (-1.45, -0.8, -1.5)
BIN: Final = (0.05, 0.06, 0.06)
BINS: Final = (38, 36, 50)
SURE_SD: Final = 0.05  # what the table's own blur covers of an uncertain height


def prior_of(name: str, landmarks: Landmarks, geometry: VolumeGeometry) -> Image:
    """Return how often anatomies have the organ at each voxel, float32 [k, j, i], 0 to 1.

    Parameters
    ----------
    name : one of ``ORGANS``. landmarks : those of the scan.
    geometry : an upright grid parallel to theirs, of any spacing and place.

    Where no landmark gives a height, the organ is taken as if each slice were the one where it is largest. Raises
    ``UsageError`` for an organ that the table does not have.
    """
    if name not in ORGANS:
        raise UsageError(f"the spatial prior has no {name!r}", advice=f"it has {', '.join(ORGANS)}")
    table = catalog.load_arrays("organ_prior")[name].astype(np.float32) / 255.0
    beside, before, along = coordinates(landmarks, geometry)
    if along is None:
        table = np.broadcast_to(table.max(axis=0), table.shape)
        along = np.zeros(geometry.shape[0], dtype=np.float32)
    else:
        sd = landmarks.height_sd_mm / landmarks.height_mm
        more = float(np.sqrt(max(0.0, sd**2 - SURE_SD**2))) / BIN[0]
        table = ndimage.gaussian_filter1d(table, more, axis=0, mode="nearest") if more > 0.1 else table
    low, share = _places(along, 0)
    planes = table[low] * (1.0 - share)[:, None, None] + table[low + 1] * share[:, None, None]
    result = np.empty(geometry.shape, dtype=np.float32)
    for k in range(geometry.shape[0]):
        row, share_row = _places(before[k], 1)
        column, share_column = _places(beside[k], 2)
        lines = planes[k][row] + (planes[k][row + 1] - planes[k][row]) * share_row[:, None]
        result[k] = lines[:, column] + (lines[:, column + 1] - lines[:, column]) * share_column
    return result


def soft_weight(probability: Image, floor: float) -> Image:
    """Return a weight from ``floor`` (the table never saw the organ here) to 1 (a third of the anatomies have it)."""
    return (floor + (1.0 - floor) * np.minimum(1.0, 3.0 * probability)).astype(np.float32)


def _places(values: NDArray[Any], axis: int) -> tuple[NDArray[np.int64], Image]:
    """Return the lower bin and the share of the upper one; beyond the table its ends hold."""
    place = np.clip((values - LOW[axis]) / BIN[axis] - 0.5, 0.0, BINS[axis] - 1.001)
    low = np.floor(place).astype(np.int64)
    return low, (place - low).astype(np.float32)
