"""What tetrahedra are made of: region numbers cut out of a label map, sizes of cells, the field and its biases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.errors import MeshError, UsageError
from anatomy_twin.kernels import tet_field, tet_lattice
from anatomy_twin.units import Point, check_point, check_positive

MOST_REGIONS = 60  # sets of regions are kept as bits of one whole number
BYTES_PER_TETRAHEDRON = 600  # measured: up to 250 while a mesh is made, 570 while its report is
SHARE_OF_MEMORY = 0.6
SAMPLED_VOXELS = 6000
FITTING_PASSES = 6
LARGEST_OWN_BIAS = 1.0  # shifts an interface by four tenths of a voxel
LARGEST_STEP = 0.3
NEAR_INTERFACE = 1.0  # a quarter of a voxel off it is 0.7: some sample is nearer, however a boundary lies

Floats = NDArray[np.float64]
Near: TypeAlias = str | tuple[Sequence[float], float]
Field: TypeAlias = tuple[NDArray[np.uint8], Floats, Floats, Floats]


@dataclass(frozen=True, eq=False)
class RegionBlock:
    """Region numbers [k, j, i], cropped, axes in canonical order: 0 outside, n + 1 for ``names[n]``; and their grid."""

    names: tuple[str, ...]
    numbers: NDArray[np.uint8]
    geometry: VolumeGeometry
    border: tuple[bool, ...]

    @property
    def voxels(self) -> NDArray[np.int64]:
        """Voxels of each region, outside first."""
        return np.bincount(self.numbers.ravel(), minlength=len(self.names) + 1)

    @property
    def volumes_mm3(self) -> Floats:
        """Volume of each region, outside first, counted from voxels."""
        return np.asarray(self.voxels * self.geometry.voxel_volume_ml * 1000.0, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Cells:
    """An octree of lattice cells (see ``kernels.tet_lattice``): bytes, shape of level 0, levels, corner and size."""

    marks: NDArray[np.uint8]
    shape: NDArray[np.int64]
    levels: int
    corner: Floats
    finest_mm: float


def cut_out(labels: LabelMap, names: Sequence[str]) -> RegionBlock:
    """Return the regions called ``names``, each later one carved out of the earlier ones.

    Raises ``UsageError`` for no name, a name given twice or too many; ``DataError`` for an unknown one; ``MeshError``
    for a structure that is absent, has no voxels, or is covered whole by later ones.
    """
    if isinstance(names, str) or not names:
        raise UsageError("tetrahedra of no structure", advice="name the structures, the enclosing one first")
    if len(set(names)) != len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise UsageError("a structure is named twice", where=twice)
    if len(names) > MOST_REGIONS:
        raise UsageError(f"{len(names)} structures in one mesh", advice=f"{MOST_REGIONS} at most")
    canonical = labels.reindexed(*labels.geometry.canonical_axes())
    numbers: NDArray[np.uint8] = np.zeros(canonical.geometry.shape, np.uint8)
    for number, name in enumerate(names, start=1):
        segment = canonical.segment(name)
        if segment.absent:
            raise MeshError(f"{name} has no tetrahedra: it is {segment.state}", advice=segment.note)
        mask = canonical.mask(name)
        if not mask.any():
            raise MeshError(f"{name} has no tetrahedra: it has no voxels")
        numbers[mask] = number
    found = ndimage.find_objects(numbers)
    for number, name in enumerate(names):
        if number >= len(found) or found[number] is None:
            raise MeshError(
                f"{name} has no tetrahedra: structures named after it cover it", advice="name the enclosing one first"
            )
    spans = [
        slice(min(box[axis].start for box in found), max(box[axis].stop for box in found)) for axis in range(3)
    ]
    shape = numbers.shape
    border = tuple(
        any(part.start == 0 or part.stop == size for part, size in zip(box, shape, strict=True)) for box in found
    )
    block = np.ascontiguousarray(numbers[spans[0], spans[1], spans[2]])
    start = (spans[0].start, spans[1].start, spans[2].start)
    return RegionBlock(tuple(names), block, canonical.geometry.cropped(start, block.shape), border)


def make_field(block: RegionBlock) -> tuple[Field, Floats]:
    """Return the field of a block with gains that keep the volume of every region, and how volumes follow them.

    The blur takes from thin and strongly curved regions: their gains are raised until as much of the space is theirs
    as their voxels say, measured at eight places in every voxel at a boundary (a sample of them where there are many).
    The second is the matrix (regions, regions) of the change of volumes, in mm3, by the logarithms of the gains.
    """
    spacing = np.asarray(block.geometry.spacing_mm)
    count = len(block.names) + 1
    padded = np.pad(block.numbers, tet_field.PADDING)
    field = (padded, -tet_field.PADDING * spacing, spacing, np.ones(count))
    index, stands_for, inner = tet_field.boundary_voxels(padded, SAMPLED_VOXELS, count)
    places = np.stack(np.meshgrid(*[[-0.25, 0.25]] * 3, indexing="ij"), axis=-1).reshape(1, 8, 3)
    points = (index[:, None, :] + places).reshape(-1, 3) * spacing + field[1]
    values = np.log(tet_field.fields_at(field, points)[1] + 1e-12)
    weights = np.repeat(stands_for / 8.0, 8)
    wanted = np.bincount(padded.ravel(), minlength=count).astype(np.float64)
    bias = np.zeros(count)
    response = np.eye(count)
    for turn in range(FITTING_PASSES + 1):
        total = values + bias
        order = np.argpartition(total, count - 2, axis=1)[:, count - 2 :]
        pair = np.take_along_axis(total, order, axis=1)
        first = np.where(pair[:, 1] > pair[:, 0], order[:, 1], order[:, 0])
        second = order.sum(axis=1) - first
        close = np.abs(pair[:, 1] - pair[:, 0]) < NEAR_INTERFACE
        shared = np.zeros((count, count))
        np.add.at(shared, (first[close], second[close]), weights[close] / (2.0 * NEAR_INTERFACE))
        shared += shared.T
        response = np.diag(shared.sum(axis=1)) - shared
        if turn == FITTING_PASSES:
            break
        missing = wanted - inner - np.bincount(first, weights, minlength=count)
        low = np.maximum(-LARGEST_STEP, -LARGEST_OWN_BIAS - bias)
        high = np.minimum(LARGEST_STEP, LARGEST_OWN_BIAS - bias)
        bias = bias + solve_bias(response, missing, low, high)
    mm3 = block.geometry.voxel_volume_ml * 1000.0
    return (*field[:3], np.exp(bias)), response * mm3


def solve_bias(response: Floats, missing: Floats, low: Floats, high: Floats) -> Floats:
    """Return the change of biases (logarithms of gains) that gives every region the volume it misses.

    It is between ``low`` and ``high`` (regions,); ``response`` is the one of ``make_field``.

    What a region cannot get within its bounds (a vessel thinner than tetrahedra) stays with its neighbours, in
    proportion to how much they share: they do not shrink elsewhere for it. Outside keeps its bias.
    """
    missing = missing.copy()
    change = np.zeros(missing.size)
    free = np.arange(missing.size) > 0
    while free.any():
        rest = missing[free] - response[np.ix_(free, ~free)] @ change[~free]
        change[free] = np.linalg.lstsq(response[np.ix_(free, free)], rest, rcond=1e-6)[0]
        bound = free & ((change < low) | (change > high))
        if not bound.any():
            break
        change = np.clip(change, low, high)
        free &= ~bound
        for region in np.flatnonzero(bound):
            left = missing[region] - response[region] @ change
            missing += left * np.where(np.arange(missing.size) == region, 0.0, -response[region]) / max(
                response[region, region], 1e-12
            )
    change[0] = 0.0
    return change


def lay_cells(
    block: RegionBlock, labels: LabelMap, size_mm: float, fine_mm: float | None, near: Near | None
) -> Cells:
    """Return the octree whose cells are ``size_mm``, or ``fine_mm`` near the target and double with every step away.

    Raises ``UsageError`` for sizes that do not fit each other or a target without a size, ``MeshError`` where the
    memory would not suffice or the target is not in the structures.
    """
    check_positive("size_mm", size_mm)
    if (fine_mm is None) != (near is None):
        raise UsageError("a graded mesh needs fine_mm and near together")
    levels = 1
    finest = float(size_mm)
    if fine_mm is not None:
        finest = check_positive("fine_mm", fine_mm)
        if finest > size_mm:
            raise UsageError(f"fine_mm {fine_mm:g} is larger than size_mm {size_mm:g}")
        levels += int(np.floor(np.log2(size_mm / finest) + 1e-9))
    coarsest = finest * 2 ** (levels - 1)
    spacing = np.asarray(block.geometry.spacing_mm)
    extent = (np.asarray(block.numbers.shape)) * spacing
    shape = np.ceil(extent / coarsest).astype(np.int64) + 2
    corner = (np.asarray(block.numbers.shape) - 1) * spacing / 2.0 - shape * coarsest / 2.0
    bytes_needed = 8.0 ** (levels - 1) * float(np.prod(shape, dtype=np.float64)) * 8 / 7
    smallest = finest if levels == 1 else coarsest
    least_count = float(block.volumes_mm3[1:].sum()) * 12.0 / smallest**3
    _check_memory(bytes_needed + BYTES_PER_TETRAHEDRON * least_count, least_count)
    if float(shape.max()) * 2.0**levels >= 2**21:
        raise MeshError("cells are too small for structures of this size", advice="a larger size_mm or fine_mm")
    marks = np.zeros(int(tet_lattice.level_start(shape, levels)), np.uint8)
    cells = Cells(marks, shape, levels, corner, finest)
    if near is not None and levels > 1:
        _split_near(cells, _target(near, block, labels), spacing)
    for level in range(levels):
        size = finest * 2 ** (levels - 1 - level)
        tet_lattice.mark(
            marks, shape, level, size, corner, block.numbers, np.zeros(3), spacing, tet_lattice.FILLED
        )
    return cells


def emit(cells: Cells) -> tuple[Floats, NDArray[np.int32]]:
    """Return the points (N, 3), mm in the block's frame, and tetrahedra (M, 4) of the background lattice.

    Raises ``MeshError`` where the memory would not suffice.
    """
    nothing = np.empty((0, 4), np.int64)
    count = tet_lattice.tetrahedra(cells.marks, cells.shape, cells.levels, nothing)
    _check_memory(BYTES_PER_TETRAHEDRON * count, count)
    keys = np.empty((count, 4), np.int64)
    tet_lattice.tetrahedra(cells.marks, cells.shape, cells.levels, keys)
    distinct, corners = tet_lattice.numbered(keys)
    return tet_lattice.positions(distinct, cells.corner, cells.finest_mm / 2.0), corners


def _check_memory(bytes_needed: float, count: float) -> None:
    check_memory(bytes_needed, f"about {count:.2g} tetrahedra", "a larger size_mm or fine_mm", share=SHARE_OF_MEMORY)


def _target(near: Near, block: RegionBlock, labels: LabelMap) -> NDArray[np.bool_]:
    """The voxels of the block where cells are to be finest."""
    where = ", ".join(block.names)
    mask: NDArray[np.bool_]
    if isinstance(near, str):
        segment = labels.segment(near)
        if segment.absent:
            raise MeshError(f"no tetrahedra near {near}: it is {segment.state}", advice=segment.note)
        canonical = labels.reindexed(*labels.geometry.canonical_axes())
        start = np.round(canonical.geometry.to_index(block.geometry.origin_mm)).astype(int)
        spans = tuple(slice(a, a + size) for a, size in zip(start, block.numbers.shape, strict=True))
        mask = np.ascontiguousarray(canonical.mask(near)[spans])
        if not mask.any():
            raise MeshError(f"no tetrahedra near {near}: it does not reach the structures", where=where)
        return mask
    if not isinstance(near, tuple | list) or len(near) != 2:
        raise UsageError("near is neither the name of a structure nor a point with a radius")
    point: Point = check_point("near", near[0])
    radius = check_positive("radius of near", near[1])
    spacing = np.asarray(block.geometry.spacing_mm)
    axes = np.ogrid[tuple(slice(0, size) for size in block.numbers.shape)]
    away: Any = 0.0
    for axis, place, step in zip(axes, block.geometry.to_index(point), spacing, strict=True):
        away = away + ((axis - place) * step) ** 2
    # a ball smaller than a voxel still has the voxel that holds its centre
    mask = np.asarray(np.asarray(away) <= max(radius, 0.87 * float(spacing.max())) ** 2 + 1e-9)
    if not mask.any():
        raise MeshError("no tetrahedra near a point that does not reach the structures", where=where)
    return mask


def _split_near(cells: Cells, target: NDArray[np.bool_], spacing: Floats) -> None:
    """Split cells that come near the target; a split cell's neighbours at its level exist (two to one, corners too)."""
    last = cells.levels - 2
    tet_lattice.mark(
        cells.marks, cells.shape, last, cells.finest_mm * 2, cells.corner, target.view(np.uint8),
        np.zeros(3), spacing,
        tet_lattice.SPLIT,
    )
    below: NDArray[np.bool_] | None = None
    for level in range(last, -1, -1):
        grid = cells.shape << level
        start, stop = (int(tet_lattice.level_start(cells.shape, level + n)) for n in range(2))
        marks = cells.marks[start:stop].reshape(grid)
        split = (marks & tet_lattice.SPLIT) > 0
        if below is not None:
            split = np.asarray(below.reshape(grid[0], 2, grid[1], 2, grid[2], 2).any(axis=(1, 3, 5)))
        below = ndimage.binary_dilation(split, np.ones((3, 3, 3), bool))
        marks |= below.astype(np.uint8) * np.uint8(tet_lattice.SPLIT)
