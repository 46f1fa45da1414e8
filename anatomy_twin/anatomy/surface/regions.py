"""Structures overlap (a tumour is in the liver, the liver in the body); regions are what they cut each other into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import MeshError
from anatomy_twin.kernels.mesh_regions import MOST_KEYS, compose, survey

MOST_REGIONS = 65_535


@dataclass(frozen=True, eq=False)
class RegionMap:
    """Which structures a voxel is in, as one number per voxel.

    ``array`` uint16 [k, j, i] holds the region of every voxel of the block around all structures, with one voxel of
    region 0 (in no structure) around it, also beyond the end of the scan. ``geometry`` is the grid of the block, its
    axes in canonical order. ``member`` [structure, region] tells which structures (``names``) a region belongs to,
    ``voxels`` [region] how large it is, ``at_border`` [region] whether it reaches the end of the scan; ``cut`` [axis,
    low or high side] tells where the block reaches it.
    """

    array: NDArray[np.uint16]
    geometry: VolumeGeometry
    names: tuple[str, ...]
    member: NDArray[np.bool_]
    voxels: NDArray[np.int64]
    at_border: NDArray[np.bool_]
    cut: NDArray[np.bool_]

    @property
    def structure_voxels(self) -> NDArray[np.int64]:
        """How many voxels each structure has."""
        return np.asarray(self.member @ self.voxels)

    @property
    def structure_at_border(self) -> NDArray[np.bool_]:
        """Which structures reach the end of the scan."""
        return np.asarray((self.member & self.at_border).any(axis=1))


def regions_of(labels: LabelMap, names: Sequence[str]) -> RegionMap:
    """Return the regions that the named segments, with their parts, cut the scan into.

    Parameters
    ----------
    labels : the label map, in any order of axes: the same voxels give the same regions.
    names : segments, as for ``LabelMap.mask(name)``: a segment has the voxels of its parts too.

    Raises
    ------
    MeshError : the structures cut each other into more than 65 535 regions.
    """
    order, flips = labels.geometry.canonical_axes()
    values: dict[tuple[int, int], set[int]] = {}
    for number, name in enumerate(names):
        segment = labels.segment(name)
        for one in ([] if segment.absent else [segment]) + list(labels.parts(name)):
            values.setdefault((one.layer, one.value), set()).add(number)
    used = sorted({layer for layer, _ in values}) or [0]
    array = labels.array if len(used) == labels.array.shape[0] else labels.array[used]
    array = np.ascontiguousarray(reindex(array, order, flips))
    if array.dtype not in (np.uint8, np.uint16):
        array = array.astype(np.uint16)
    by_layer = [{value: frozenset(found) for (at, value), found in values.items() if at == layer} for layer in used]
    return _region_map(array, labels.geometry.reindexed(order, flips), tuple(names), by_layer)


def regions_of_mask(mask: NDArray[Any], geometry: VolumeGeometry) -> RegionMap:
    """Return the map of one structure, bool [k, j, i]: region 1 is in, region 0 out."""
    order, flips = geometry.canonical_axes()
    array = np.ascontiguousarray(reindex(np.asarray(mask, dtype=bool), order, flips)).view(np.uint8)[None]
    return _region_map(array, geometry.reindexed(order, flips), ("mask",), [{1: frozenset({0})}])


def _region_map(
    array: NDArray[Any], geometry: VolumeGeometry, names: tuple[str, ...], by_layer: list[dict[int, frozenset[int]]]
) -> RegionMap:
    """Give every combination of structures that occurs a number: 0 for none, the others in order of the layers."""
    lookup = np.zeros((len(by_layer), np.iinfo(array.dtype).max + 1), np.int32)
    classes: list[list[frozenset[int]]] = []
    key_count = 1
    for layer, values in enumerate(by_layer):
        sets = [frozenset[int](), *sorted(set(values.values()), key=sorted)]
        for value, found in values.items():
            lookup[layer, value] = key_count * sets.index(found)
        classes.append(sets)
        key_count *= len(sets)
    if key_count > MOST_KEYS:
        raise MeshError("the layers of labels overlap in too many ways", advice="mesh fewer structures at once")
    counts, block = survey(array, lookup, key_count)
    present = np.flatnonzero(counts[1:]) + 1
    in_structures = [_structures_of(int(key), classes) for key in present]
    sets = [frozenset[int](), *dict.fromkeys(in_structures)]
    if len(sets) > MOST_REGIONS:
        raise MeshError("the structures overlap in too many ways", advice="mesh fewer structures at once")
    number = np.zeros(key_count, np.uint16)
    number[present] = [sets.index(found) for found in in_structures]
    member = np.zeros((len(names), len(sets)), bool)
    for region, found in enumerate(sets):
        member[sorted(found), region] = True
    regions = compose(array, lookup, number, block)
    start = tuple(span.start - 1 for span in block)
    cut = np.array([(span.start == 0, span.stop == size) for span, size in zip(block, geometry.shape, strict=True)])
    voxels = np.bincount(number, weights=counts, minlength=len(sets)).astype(np.int64)
    return RegionMap(
        regions, geometry.cropped((start[0], start[1], start[2]), regions.shape), names, member, voxels,
        _at_border(regions, cut, len(sets)), cut,
    )


def _structures_of(key: int, classes: list[list[frozenset[int]]]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for sets in classes:
        key, place = divmod(key, len(sets))
        found |= sets[place]
    return found


def _at_border(regions: NDArray[np.uint16], cut: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    found = np.zeros(count, bool)
    for axis, side in np.argwhere(cut).tolist():
        found[np.unique(regions.take((1, -2)[side], axis=axis))] = True
    found[0] = False
    return found
