"""What tetrahedra are made of: region numbers cut out of a label map, sizes of cells, the field and its biases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.core import SILENT, LabelMap, Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.errors import MeshError, UsageError
from anatomy_twin.kernels import tet_field, tet_lattice
from anatomy_twin.units import Point, check_point, check_positive

MOST_REGIONS = 60  # sets of regions are kept as bits of one whole number
BYTES_PER_TETRAHEDRON = 150  # of the lattice, measured
BYTES_PER_VOXEL = 3
SHARE_OF_MEMORY = 0.6
SAMPLED_VOXELS = 6000
FITTING_PASSES = 6
AROUND_VOXELS = 1.5  # a voxel beyond its own half: interfaces may move so far
WITHIN_VOXELS = 0.5
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


def cut_out(labels: LabelMap, names: Sequence[str], monitor: Monitor = SILENT) -> RegionBlock:
    """Return the regions called ``names``, each later one carved out of the earlier ones.

    Raises ``UsageError`` for no name, a name given twice or too many; ``DataError`` for an unknown one; ``MeshError``
    for a structure that is absent, has no voxels, or is covered whole by later ones, or where memory would not suffice.
    """
    if isinstance(names, str) or not names:
        raise UsageError("tetrahedra of no structure", advice="name the structures, the enclosing one first")
    if len(set(names)) != len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise UsageError("a structure is named twice", where=twice)
    if len(names) > MOST_REGIONS:
        raise UsageError(f"{len(names)} structures in one mesh", advice=f"{MOST_REGIONS} at most")
    voxels = float(np.prod(labels.geometry.shape, dtype=np.float64))
    check_memory(BYTES_PER_VOXEL * voxels, "reading the labels", "a cropped scan", share=SHARE_OF_MEMORY)
    canonical = labels.reindexed(*labels.geometry.canonical_axes())
    numbers: NDArray[np.uint8] = np.zeros(canonical.geometry.shape, np.uint8)
    for number, name in enumerate(names, start=1):
        check_cancelled(monitor)
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


def level_sizes(size_mm: float, fine_mm: float | None, near: Near | None) -> tuple[float, int]:
    """Return the size of the coarsest cells, which is ``size_mm``, and how many sizes there are.

    Each is half of the one before; the smallest is the largest of them that is not above ``fine_mm``. Raises
    ``UsageError`` for sizes that do not fit each other or a target without a size.
    """
    check_positive("size_mm", size_mm)
    if (fine_mm is None) != (near is None):
        raise UsageError("a graded mesh needs fine_mm and near together")
    if fine_mm is None:
        return float(size_mm), 1
    finest = check_positive("fine_mm", fine_mm)
    if finest > size_mm:
        raise UsageError(f"fine_mm {fine_mm:g} is larger than size_mm {size_mm:g}")
    return float(size_mm), int(np.ceil(np.log2(size_mm / finest) - 1e-9)) + 1


def lay_cells(
    block: RegionBlock, labels: LabelMap, coarsest_mm: float, levels: int, near: Near | None,
    thin: Sequence[NDArray[np.bool_]] = (),
) -> Cells:
    """Return the octree whose cells are ``coarsest_mm``, and halved ``levels - 1`` times near the target.

    ``thin`` [k, j, i] are voxels where cells of the first, second, ... size are too large: these are halved too, which
    may give more levels. Raises ``MeshError`` where the memory would not suffice or the target is not in the
    structures.
    """
    cells = _cut_cells(block, labels, coarsest_mm, levels, near, thin)
    for level in range(cells.levels):
        _mark(cells, level, block.numbers, np.asarray(block.geometry.spacing_mm), tet_lattice.FILLED)
    return cells


def splits(
    block: RegionBlock, labels: LabelMap, coarsest_mm: float, levels: int, near: Near | None,
    thin: Sequence[NDArray[np.bool_]], plain: Cells,
) -> int:
    """Return how many cells more than in ``plain`` are cut into eight for what is thin."""
    finer = _cut_cells(block, labels, coarsest_mm, levels, near, thin)
    return int(np.count_nonzero(finer.marks & tet_lattice.SPLIT) - np.count_nonzero(plain.marks & tet_lattice.SPLIT))


def _cut_cells(
    block: RegionBlock, labels: LabelMap, coarsest_mm: float, levels: int, near: Near | None,
    thin: Sequence[NDArray[np.bool_]],
) -> Cells:
    spacing = np.asarray(block.geometry.spacing_mm)
    extent = np.asarray(block.numbers.shape) * spacing
    every = max(levels, len(thin) + 1)
    finest = coarsest_mm / 2 ** (every - 1)
    shape = np.ceil(extent / coarsest_mm).astype(np.int64) + 2
    corner = (np.asarray(block.numbers.shape) - 1) * spacing / 2.0 - shape * coarsest_mm / 2.0
    least_count = float(block.volumes_mm3[1:].sum()) * 12.0 / coarsest_mm**3
    check_tetrahedra(least_count, octree_bytes(block, coarsest_mm, every))
    if float(shape.max()) * 2.0**every >= 2**21:
        raise MeshError("cells are too small for structures of this size", advice="a larger size_mm or fine_mm")
    marks = np.zeros(int(tet_lattice.level_start(shape, every)), np.uint8)
    cells = Cells(marks, shape, every, corner, finest)
    if every > 1:
        _split(cells, None if near is None or levels == 1 else _target(near, block, labels), levels - 2, thin, spacing)
    return cells


def octree_bytes(block: RegionBlock, coarsest_mm: float, levels: int) -> float:
    """Return what an octree over the block takes: a byte for every cell of every level."""
    shape = np.ceil(np.asarray(block.numbers.shape) * block.geometry.spacing_mm / coarsest_mm) + 2
    return 8.0 ** (levels - 1) * float(np.prod(shape)) * 8 / 7


def count_of(cells: Cells) -> int:
    """Return how many tetrahedra the background lattice has."""
    return int(tet_lattice.tetrahedra(cells.marks, cells.shape, cells.levels, np.empty((0, 4), np.int64)))


def emit(cells: Cells, monitor: Monitor = SILENT) -> tuple[Floats, NDArray[np.int32]]:
    """Return the points (N, 3), mm in the block's frame, and tetrahedra (M, 4) of the background lattice.

    Raises ``MeshError`` where the memory would not suffice.
    """
    count = count_of(cells)
    check_tetrahedra(count)
    keys = np.empty((count, 4), np.int64)
    tet_lattice.tetrahedra(cells.marks, cells.shape, cells.levels, keys)
    check_cancelled(monitor)
    distinct, corners = tet_lattice.numbered(keys)
    return tet_lattice.positions(distinct, cells.corner, cells.finest_mm / 2.0), corners


def check_tetrahedra(count: float, other_bytes: float = 0.0, each_bytes: float = BYTES_PER_TETRAHEDRON) -> None:
    """Raise ``MeshError`` where so many tetrahedra, and what else there is, need more memory than there is."""
    check_memory(
        each_bytes * count + other_bytes, f"about {count:.2g} tetrahedra", "a larger size_mm or fine_mm",
        share=SHARE_OF_MEMORY,
    )


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


def _mark(
    cells: Cells, level: int, inside: NDArray[Any], spacing: Floats, bit: int, reach: float = AROUND_VOXELS
) -> None:
    """Set a bit in the cells of a level that come near to the centre of a voxel ``inside``."""
    size = cells.finest_mm * 2 ** (cells.levels - 1 - level)
    tet_lattice.mark(
        cells.marks, cells.shape, level, size, cells.corner, inside.view(np.uint8), np.zeros(3), spacing, bit, reach
    )


def _split(
    cells: Cells, target: NDArray[np.bool_] | None, target_level: int, thin: Sequence[NDArray[np.bool_]],
    spacing: Floats,
) -> None:
    """Split cells of a level and all above near the target, and those where something thin is.

    A split cell's neighbours at its level exist (two to one, corners too).
    """
    if target is not None:
        _mark(cells, target_level, target, spacing, tet_lattice.SPLIT)
    near: NDArray[np.bool_] | None = None  # around the target there is a cell to spare
    below: NDArray[np.bool_] | None = None
    for level in range(cells.levels - 2, -1, -1):
        grid = tuple(int(size) for size in cells.shape << level)
        start, stop = (int(tet_lattice.level_start(cells.shape, level + n)) for n in range(2))
        marks = cells.marks[start:stop].reshape(grid)
        if target is not None and level <= target_level:
            near = _widened((marks & tet_lattice.SPLIT) > 0 if near is None else _pooled(near))
            marks |= near.view(np.uint8) * np.uint8(tet_lattice.SPLIT)
        if level < len(thin):
            _mark(cells, level, thin[level], spacing, tet_lattice.SPLIT, WITHIN_VOXELS)
        if below is not None:
            marks |= _pooled(_widened(below)).view(np.uint8) * np.uint8(tet_lattice.SPLIT)
        below = (marks & tet_lattice.SPLIT) > 0


def _widened(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells and their neighbours, those at corners too."""
    for axis in range(3):
        wide = cells.copy()
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        wide[tuple(ahead)] |= cells[tuple(behind)]
        wide[tuple(behind)] |= cells[tuple(ahead)]
        cells = wide
    return cells


def _pooled(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which blocks of eight cells hold one of the cells."""
    pairs = cells[::2] | cells[1::2]
    pairs = pairs[:, ::2] | pairs[:, 1::2]
    return np.asarray(pairs[:, :, ::2] | pairs[:, :, 1::2])
