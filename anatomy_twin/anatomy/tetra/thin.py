"""Where structures are thinner than the tetrahedra there, so that these are made smaller and what is thin survives.

A structure is thin where no ball of half its cells' size fits into it (an opening: T. Hildebrand and P. Rueegsegger,
"A new method for the model-independent assessment of thickness in three-dimensional images", J Microsc 1997). What only
rounds off the edges of something thick is no thin structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.anatomy.tetra.size import (
    Cells,
    Floats,
    Near,
    RegionBlock,
    count_of,
    lay_cells,
    level_sizes,
    octree_bytes,
    splits,
)
from anatomy_twin.core import SILENT, LabelMap, Monitor, check_cancelled
from anatomy_twin.kernels.distance import distance_mm

CELLS_ACROSS = 1.25  # make a tube that hangs together; halved ones, twice as many, are seldom needed in full
STANDS_OUT = 0.75  # of the ball's radius: what stands out less (the corner of a box, 0.73) is no thin part
LEAST_VOXELS = 0.7  # of the finest spacing: labels say nothing about what is smaller
HELD_SHARE = 0.05  # a structure is held where no more of it than this is thin
MOST_TETRAHEDRA = 400_000  # of a mesh that physics on a notebook takes in seconds to minutes
MOST_HALVINGS = 4
LARGEST_OCTREE_BYTES = 1.5e8
TETRAHEDRA_PER_SPLIT = 84  # twelve for each of the seven cells more

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Thin:
    """What is thin for cells of some sizes, each half of the one before.

    ``masks`` [k, j, i] of the block, one per size, each within the one before; ``shares`` (sizes, regions) of each
    region's voxels that are in the mask, outside not counted.
    """

    sizes_mm: tuple[float, ...]
    masks: tuple[Mask, ...]
    shares: Floats

    def size_that_holds(self, region: int) -> float | None:
        """The largest of the sizes at which next to nothing of a region is thin; None where even the last is not."""
        good = np.flatnonzero(self.shares[:, region] <= HELD_SHARE)
        return self.sizes_mm[int(good[0])] if len(good) else None


def thin_parts(block: RegionBlock, largest_mm: float, most: int, monitor: Monitor = SILENT) -> Thin:
    """Return where the regions of a block are thinner than cells of ``largest_mm``, of half of it, and so on.

    Stops after ``most`` halvings, where nothing is thin any more, or where cells get smaller than voxels.
    """
    spacing = block.geometry.spacing_mm
    sizes = [largest_mm]
    while len(sizes) <= most and sizes[-1] / 2.0 >= LEAST_VOXELS * min(spacing):
        sizes.append(sizes[-1] / 2.0)
    masks = [np.zeros(block.numbers.shape, bool) for _ in sizes]
    shares = np.zeros((len(sizes), len(block.names)))
    for region, (box, voxels) in enumerate(
        zip(ndimage.find_objects(block.numbers, len(block.names)), block.voxels[1:], strict=True)
    ):
        check_cancelled(monitor)
        numbers = np.pad(block.numbers[box], 1)
        whole = numbers > region  # what is carved out of it makes a structure no thinner
        depth = distance_mm(~whole, spacing, 0.5 * CELLS_ACROSS * largest_mm + max(spacing))
        for n, size in enumerate(sizes):
            check_cancelled(monitor)
            thin = _too_thin(whole, depth, 0.5 * CELLS_ACROSS * size, spacing)[1:-1, 1:-1, 1:-1]
            thin &= block.numbers[box] == region + 1
            if not thin.any():
                break
            masks[n][box] |= thin
            shares[n, region] = np.count_nonzero(thin) / voxels
    return Thin(tuple(sizes), tuple(masks), shares)


def _too_thin(
    own: Mask, depth: NDArray[np.float32], radius_mm: float, spacing: tuple[float, float, float]
) -> Mask:
    """Return the voxels of a region that no ball of the radius within it holds, the edges of thick parts left out."""
    half = 0.5 * float(np.prod(spacing) ** (1.0 / 3.0))  # from a voxel's centre to its side
    core = own & (depth - half >= radius_mm - 0.25 * half)
    if not core.any():
        return own
    away = distance_mm(core, spacing, radius_mm * (1.0 + STANDS_OUT) + 2.0 * max(spacing))
    out = own & (away > radius_mm * (1.0 + STANDS_OUT) + half)
    if not out.any():
        return out
    # what stands out, down to the thick part that it stands on
    near = distance_mm(out, spacing, radius_mm * STANDS_OUT + max(spacing)) <= radius_mm * STANDS_OUT + half
    return np.asarray(own & (away > radius_mm) & near)


@dataclass(frozen=True, eq=False)
class Plan:
    """The octree of a mesh, and why it is not finer.

    ``held_mm`` is the size down to which cells were halved where that holds what is thin; ``counts`` (sizes,) are
    about how many tetrahedra the mesh would have if that were each of the sizes of ``thin``.
    """

    cells: Cells
    thin: Thin | None
    held_mm: float
    counts: Floats
    most: int

    def advice(self, region: int) -> str:
        """Words for what would hold a region that is lost, or none."""
        if self.thin is None:
            return ""
        size = self.thin.size_that_holds(region)
        at = self.thin.sizes_mm.index(size) if size else len(self.thin.sizes_mm) - 1
        what = "it" if size else "all but what is hardly thicker than a voxel"
        if self.thin.sizes_mm[at] >= self.held_mm * 0.999:
            return "" if size else "; parts of it are hardly thicker than a voxel"
        count = float(f"{self.counts[at]:.2g}")
        return (
            f"; edges of {self.thin.sizes_mm[at]:.2g} mm there would hold {what}, about {count:.0f} in all "
            f"(limit: {self.most})"
        )


def plan_cells(
    block: RegionBlock, labels: LabelMap, size_mm: float, fine_mm: float | None, near: Near | None, most: int,
    monitor: Monitor,
) -> Plan:
    """Return the octree: cells halved near the target, and at what is thin as far as ``most`` tetrahedra allow.

    Where not everything that is thin can be held, what is thinnest is left out (and no cell halved in vain for it).
    Raises what ``level_sizes`` and ``lay_cells`` raise.
    """
    coarsest_mm, levels = level_sizes(size_mm, fine_mm, near)
    plain = lay_cells(block, labels, coarsest_mm, levels, near)
    if most <= 0:
        return Plan(plain, None, 0.0, np.zeros(0), most)
    halvings = 0
    while halvings < MOST_HALVINGS and octree_bytes(block, coarsest_mm, halvings + 2) <= LARGEST_OCTREE_BYTES:
        halvings += 1
    check_cancelled(monitor)
    thin = thin_parts(block, coarsest_mm, halvings, monitor)
    monitor.progress(0.06)
    check_cancelled(monitor)
    base = count_of(plain)
    counts = np.full(len(thin.sizes_mm), float(base))
    last = len(thin.sizes_mm) - 1
    found = plain, coarsest_mm
    # first all that is thin, then only what cells of the smallest size hold, of the next larger one, ...
    for wanted in (last, *range(last, 0, -1)) if thin.masks[0].any() else ():
        first = wanted == last and counts[last] == base
        masks = [mask if first else mask & ~thin.masks[wanted] for mask in thin.masks[:wanted]]
        masks = [mask for mask in masks if mask.any()]
        count = base + TETRAHEDRA_PER_SPLIT * splits(block, labels, coarsest_mm, levels, near, masks, plain)
        counts[wanted] = max(counts[wanted], count)
        if count <= most and found[0] is plain and masks:
            found = lay_cells(block, labels, coarsest_mm, levels, near, masks), thin.sizes_mm[wanted]
        check_cancelled(monitor)
        if found[0] is not plain:
            break
    return Plan(found[0], thin, found[1], counts, most)
