"""How thick a wall is, in mm, at every one of its voxels.

Between the two surfaces of the wall Laplace's equation is solved; the length of its field line through a point is the
thickness there (Jones, Buchbinder, Aharon, Hum Brain Mapp 2000;11:12). The lengths are solved for without following
lines one by one (Yezzi and Prince, IEEE Trans Med Imaging 2003;22:1332). Lines never cross and every point has exactly
one, so the thickness is the same seen from either side and grows smoothly where the wall does.

The wall of a left atrium is two or three voxels thick. Surfaces that run along voxel faces would make it wrong by half
a voxel here and there, so both surfaces are first placed between the voxel centres. A mask blurred by a Gaussian
crosses a half at the border of a flat object exactly, and inside that of a round one by sigma^2 times its mean
curvature; twice the blurred mask less the mask blurred with twice the sigma has no such shift (the two cancel to first
order in the curvature). Labels keep the last word: a surface never passes the centre of a voxel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr

from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.core import SILENT, Monitor, SurfaceMesh, VolumeGeometry, check_cancelled
from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.geometry import inverse_axes, reindex
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.laplace import AT_INSIDE, AT_OUTSIDE, CLOSED, INSIDE, LAYER, NEAREST, OUTSIDE, links, solve
from anatomy_twin.kernels.thickness import lengths

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]
BLUR_REACH: Final = 3.5  # of sigma; what lies beyond weighs under 1 in 2000
THIN_VOXELS: Final = 1.5  # a wall thinner than this has no voxel that touches neither side
THIN_SHARE_TOLD: Final = 0.05
NOT_REACHED_TOLD: Final = 0.001
BYTES_PER_WALL_VOXEL: Final = 260  # neighbours, distances, weights, directions and lengths
BYTES_PER_VOXEL: Final = 40  # of the block around the wall: masks, blurred masks, levels, numbers
BYTES_PER_VOXEL_OF_SCAN: Final = 7  # the map in both orders of axes, masks


@dataclass(frozen=True, eq=False)
class ThicknessMap:
    """The thickness of a wall in mm, float32 [k, j, i] on ``geometry``, NaN outside the wall and where not reached.

    ``mean_mm``, ``median_mm``, ``p5_mm`` and ``p95_mm`` are over voxels of the wall. ``not_reached`` is the share of
    the wall (0 to 1) through which no line runs from the cavity to the outside. ``thin`` is the share that is thinner
    than one and a half voxels: there the labels alone do not say how thick it is. ``warnings`` say it in words.
    """

    thickness_mm: NDArray[np.float32]
    geometry: VolumeGeometry
    mean_mm: float
    median_mm: float
    p5_mm: float
    p95_mm: float
    not_reached: float
    thin: float
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        array = read_only(self.thickness_mm, "thickness_mm", ndim=3, dtype=np.float32)
        if array.shape != self.geometry.shape:
            raise DataError(f"a thickness map of {array.shape} on a grid of {self.geometry.shape}")
        object.__setattr__(self, "thickness_mm", array)
        object.__setattr__(self, "warnings", tuple(self.warnings))


def wall_thickness(
    wall: NDArray[Any], inner: NDArray[Any], geometry: VolumeGeometry, *, closed_off: NDArray[Any] | None = None,
    monitor: Monitor = SILENT, memory_limit_bytes: int | None = None,
) -> ThicknessMap:
    """Return how thick a wall around a cavity is.

    Parameters
    ----------
    wall : bool [k, j, i], the tissue.
    inner : bool [k, j, i], the cavity that it surrounds, wholly or in part. All that is neither is outside.
    geometry : the grid of both; any orientation. The same voxels give the same map however they are indexed.
    closed_off : bool [k, j, i], places that no field line may end at, for instance the blood in the mouth of a vein
        beyond the end of its wall. None: there the rim of the wall counts as outside and is thinner over a length of
        about its own thickness. The end of the scan is closed off in any case, and the wall has no thickness there
        within its own length.
    monitor : told of progress and of what the map's warnings say; may cancel between stages.
    memory_limit_bytes : what may be used; by default four fifths of what is free.

    Returns
    -------
    ThicknessMap : lines from the cavity to the outside, their lengths in mm.

    Raises
    ------
    DataError : the masks are not on the grid, or wall and cavity overlap.
    MeshError : no wall, no cavity, a wall that does not touch the cavity, or one with no outside; more memory would be
        needed than there is.
    """
    order, flips = geometry.canonical_axes()
    grid = geometry.reindexed(order, flips)
    given = [_mask(mask, geometry, name) for mask, name in ((wall, "wall"), (inner, "cavity"))]
    given.append(np.zeros(geometry.shape, bool) if closed_off is None else _mask(closed_off, geometry, "closed part"))
    masks = [reindex(mask, order, flips) for mask in given]
    _check_masks(masks[0], masks[1])
    sigma_mm = _sigma_mm(grid.spacing_mm)
    spans = _around(masks[0], sigma_mm, grid.spacing_mm)
    in_block = float(np.prod([len(range(*span.indices(size))) for span, size in zip(spans, grid.shape, strict=True)]))
    needed_bytes = (
        BYTES_PER_WALL_VOXEL * int(np.count_nonzero(masks[0])) + BYTES_PER_VOXEL * in_block
        + BYTES_PER_VOXEL_OF_SCAN * masks[0].size
    )
    check_memory(needed_bytes, "the wall's thickness", "crop the masks to the wall, or use larger voxels",
                 memory_limit_bytes)
    is_wall, is_inner, closed = (mask[spans] for mask in masks)
    kind = np.full(is_wall.shape, OUTSIDE, np.uint8)
    kind[closed], kind[is_inner], kind[is_wall] = CLOSED, INSIDE, LAYER
    check_cancelled(monitor)
    inner_level = _level(is_inner, kind != CLOSED, grid.spacing_mm, sigma_mm)
    monitor.progress(0.1)
    check_cancelled(monitor)
    outer_level = _level(is_inner | is_wall, kind != CLOSED, grid.spacing_mm, sigma_mm)
    check_cancelled(monitor)
    nodes, next_to, gap_mm, red = links(kind, inner_level, outer_level, grid.spacing_mm)
    _check_sides(next_to)
    monitor.progress(0.2)
    depth = distance_mm(kind != LAYER, grid.spacing_mm).max() / min(grid.spacing_mm)
    value, _, last = solve(next_to, gap_mm, red, 2.0 * float(depth))
    check_cancelled(monitor)
    monitor.progress(0.8)
    from_inner, from_outer, tangent = lengths(value, next_to, gap_mm)
    length = np.where(_between(is_wall, nodes, next_to), from_inner + from_outer, np.nan)
    if (at_end := _at_end(masks[0])).any():
        # so near the end of the scan the line may be one that was cut off
        length = np.where(distance_mm(at_end[spans], grid.spacing_mm)[tuple(nodes.T)] < length, np.nan, length)
    block = np.full(is_wall.shape, np.nan, np.float32)
    block[tuple(nodes.T)] = length
    whole = np.full(grid.shape, np.nan, np.float32)
    whole[spans] = block
    voxel_mm = np.linalg.norm(tangent * np.asarray(grid.spacing_mm), axis=1)
    found = _summary(np.ascontiguousarray(reindex(whole, *inverse_axes(order, flips))), geometry, length, voxel_mm)
    return _told(found, monitor, kind, masks[0], settled=last < 1e-4)


def thickness_on_surface(found: ThicknessMap, surface: SurfaceMesh, reach_mm: float | None = None) -> Floats:
    """Return the thickness in mm at every point of a surface of the wall (or of its cavity), shape (N,).

    Parameters
    ----------
    found : a thickness map.
    surface : points in LPS mm; those on either side of the wall are equally good, as lines have one length.
    reach_mm : points further than this from the centre of any voxel with a thickness get NaN; None: one and a half
        diagonals of a voxel.
    """
    from scipy.spatial import cKDTree

    spacing = np.asarray(found.geometry.spacing_mm)
    reach = 1.5 * float(np.linalg.norm(spacing)) if reach_mm is None else float(reach_mm)
    if reach <= 0:
        raise DataError(f"a reach of {reach:g} mm", advice="give a length above 0")
    places = np.argwhere(np.isfinite(found.thickness_mm))
    out = np.full(len(surface.points_mm), np.nan)
    if not len(places):
        return out
    values = found.thickness_mm[tuple(places.T)].astype(np.float64)
    # the four nearest with weights that vanish at the reach: a nearest neighbour alone shows voxels as steps
    away, which = cKDTree(found.geometry.to_world(places)).query(
        surface.points_mm, k=min(4, len(places)), distance_upper_bound=reach
    )
    away, which = away.reshape(len(out), -1), which.reshape(len(out), -1)
    held = np.isfinite(away)
    weight = np.where(held, (1.0 - np.where(held, away, 0.0) / reach) ** 2 + 1e-9, 0.0)
    total = weight.sum(axis=1)
    mean = (weight * np.append(values, 0.0)[which]).sum(axis=1)
    np.divide(mean, total, out=out, where=total > 0)
    return out


def _mask(mask: NDArray[Any], geometry: VolumeGeometry, name: str) -> Masks:
    array = np.asarray(mask)
    if array.shape != geometry.shape:
        raise DataError(f"the {name} has shape {array.shape} and its grid {geometry.shape}")
    return array.astype(bool, copy=False)


def _check_masks(wall: Masks, inner: Masks) -> None:
    for mask, name in ((wall, "wall"), (inner, "cavity")):
        if not mask.any():
            raise MeshError(f"the {name} has no voxels", advice="give a label of the wall and one of its cavity")
    if both := int(np.count_nonzero(wall & inner)):
        raise DataError(f"{both} voxels are both wall and cavity", advice="take one from the other")


def _sigma_mm(spacing_mm: tuple[float, float, float]) -> float:
    """One voxel; where slices are thicker than pixels, half way from the mean side to the longest (steps between)."""
    return float(0.5 * (np.prod(sorted(spacing_mm)) ** (1.0 / 3.0) + max(spacing_mm)))


def _around(mask: Masks, sigma_mm: float, spacing_mm: tuple[float, float, float]) -> tuple[slice, slice, slice]:
    """The block that holds the mask and all that the blur of its border sees."""
    found = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = int(np.ceil(2.0 * BLUR_REACH * sigma_mm / spacing_mm[axis])) + 1
        found.append(slice(max(0, int(filled[0]) - margin), int(filled[-1]) + margin + 1))
    return found[0], found[1], found[2]


def _level(
    mask: Masks, known: Masks, spacing_mm: tuple[float, float, float], sigma_mm: float
) -> NDArray[np.float32]:
    """Return how many sigma a voxel centre lies inside the border of a mask (negative: outside), near the border.

    What is not ``known`` says nothing about the border; it goes on there as it comes.
    """

    def blurred(factor: float) -> Floats:
        sides = [factor * sigma_mm / step for step in spacing_mm]
        share, weight = (
            np.asarray(ndimage.gaussian_filter(part.astype(np.float32), sides, mode="nearest", truncate=BLUR_REACH))
            for part in (mask & known, known)
        )
        return np.asarray(share / np.maximum(weight, 1e-6))

    narrow, wide = blurred(1.0), blurred(2.0)
    distance = np.linspace(-2.0, 2.0, 4001)
    profile = 2.0 * ndtr(distance) - ndtr(distance / 2.0)
    rising = slice(int(profile.argmin()), int(profile.argmax()) + 1)
    level = np.interp(2.0 * narrow - wide, profile[rising], distance[rising])
    # a label that the blur would overrule keeps its side by the smallest step that the equations take
    least = NEAREST * min(spacing_mm) / sigma_mm
    return np.where(mask, np.maximum(level, least), np.minimum(level, -least)).astype(np.float32)


def _check_sides(next_to: NDArray[np.int32]) -> None:
    if not (next_to == AT_INSIDE).any():
        raise MeshError("the wall does not touch its cavity", advice="give the cavity that this wall surrounds")
    if not (next_to == AT_OUTSIDE).any():
        raise MeshError("the wall has no outside", advice="the labels fill the scan: use a larger scan or check them")


def _between(wall: Masks, nodes: NDArray[np.int32], next_to: NDArray[np.int32]) -> Masks:
    """Tell which of the wall's voxels hang together with both the cavity and the outside."""
    pieces, count = ndimage.label(wall)
    piece = pieces[tuple(nodes.T)]
    sides = [np.bincount(piece, (next_to == side).any(axis=1), minlength=count + 1) for side in (AT_INSIDE, AT_OUTSIDE)]
    return np.asarray(((sides[0] > 0) & (sides[1] > 0))[piece])


def _at_end(wall: Masks) -> Masks:
    """The voxels of the wall that are the last of the scan."""
    found = np.zeros_like(wall)
    for axis in range(3):
        for side in (slice(0, 1), slice(-1, None)):
            part = (slice(None),) * axis + (side,)
            found[part] |= wall[part]
    return found


def _summary(array: NDArray[np.float32], geometry: VolumeGeometry, length: Floats, voxel_mm: Floats) -> ThicknessMap:
    reached = np.isfinite(length)
    if not reached.any():
        raise MeshError("no line runs through the wall from the cavity to the outside", advice="check both labels")
    values = np.sort(length[reached])  # in order: sums do not depend on how the array is indexed
    p5, median, p95 = (float(np.percentile(values, share)) for share in (5, 50, 95))
    thin = float(np.mean(length[reached] < THIN_VOXELS * voxel_mm[reached]))
    return ThicknessMap(
        array, geometry, float(values.mean()), median, p5, p95, float(1.0 - reached.mean()), thin
    )


def _told(
    found: ThicknessMap, monitor: Monitor, kind: NDArray[np.uint8], wall: Masks, *, settled: bool
) -> ThicknessMap:
    """Return the map with its warnings, which the monitor hears too."""
    lines = []
    if found.not_reached > NOT_REACHED_TOLD:
        lines.append(
            f"{100 * found.not_reached:.1f} % of the wall is not between cavity and outside: no thickness there"
        )
    if found.thin > THIN_SHARE_TOLD:
        lines.append(
            f"{100 * found.thin:.0f} % of the wall is thinner than {THIN_VOXELS:g} voxels: check, the voxels are too "
            "coarse to say how thick it is there"
        )
    if _at_end(wall).any():
        lines.append("the wall reaches the end of the scan: no thickness within its own length of it")
    bare = sum(
        int(np.count_nonzero((a == INSIDE) & (b == OUTSIDE)) + np.count_nonzero((a == OUTSIDE) & (b == INSIDE)))
        for a, b in ((kind[1:], kind[:-1]), (kind[:, 1:], kind[:, :-1]), (kind[:, :, 1:], kind[:, :, :-1]))
    )
    if bare:
        lines.append(f"the cavity meets the outside without a wall between at {bare} voxel faces (openings, or gaps)")
    if not settled:
        lines.append("the field had not settled when the solver stopped: check")
    for line in lines:
        monitor.warn(line)
    monitor.progress(1.0)
    return ThicknessMap(
        found.thickness_mm, found.geometry, found.mean_mm, found.median_mm, found.p5_mm, found.p95_mm,
        found.not_reached, found.thin, tuple(lines),
    )
