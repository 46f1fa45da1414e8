"""Labels that lie on the voxels of a scan, but are indexed or cropped otherwise, brought onto its grid."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.core.labels import LabelMap
from anatomy_twin.errors import DataError


def labels_on_grid(labels: LabelMap, geometry: VolumeGeometry, tolerance: float = 0.05) -> LabelMap:
    """Return ``labels`` on ``geometry`` by reordering, flipping and padding whole voxels; nothing is interpolated.

    ``tolerance`` is how far the voxels of the two grids may lie apart, as part of the smallest side of a voxel.
    Raises ``DataError`` when they are not the same ones, or when a labelled voxel lies outside of ``geometry``.
    """
    order, flips = _axes_onto(labels.geometry, geometry)
    turned = labels.reindexed(order, flips)
    start = tuple(int(value) for value in np.rint(geometry.to_index(turned.geometry.origin_mm)))
    place = geometry.cropped((start[0], start[1], start[2]), turned.geometry.shape)
    if not place.is_close(turned.geometry, tolerance * min(geometry.spacing_mm)):
        raise DataError("segmentation lies on another grid than the scan", advice="resample it onto the scan first")
    full = np.zeros((labels.array.shape[0], *geometry.shape), labels.array.dtype)
    target, source = [], []
    for first, size, length in zip(start, geometry.shape, place.shape, strict=True):
        low, high = max(0, first), min(size, first + length)
        if high <= low:
            raise DataError("segmentation and scan do not overlap", advice="check that they belong together")
        target.append(slice(low, high))
        source.append(slice(low - first, high - first))
    full[(slice(None), *target)] = turned.array[(slice(None), *source)]
    if np.count_nonzero(full) != np.count_nonzero(turned.array):
        raise DataError("segmentation reaches beyond the scan", advice="check that they belong together")
    return LabelMap(full, geometry, labels.segments, labels.notes)


def _axes_onto(
    labels: VolumeGeometry, scan: VolumeGeometry
) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Return (order, flips) that bring the axes of the labels nearest to those of the scan."""
    cosines = scan.direction.T @ labels.direction
    order = [int(np.argmax(np.abs(row))) for row in cosines]
    if len(set(order)) != 3:
        return (0, 1, 2), (False, False, False)
    flips = [bool(cosines[axis, order[axis]] < 0) for axis in range(3)]
    return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])
