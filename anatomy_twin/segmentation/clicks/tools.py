"""Five ways to draw a region around clicks, all asked the same: what lies here, about as large as this?

Each ``(scene, radius_mm) -> mask`` holds all of ``scene.must`` and nothing of ``scene.never``. The size is not known
from a click: ``size.draw_new`` tries several and keeps the one whose border is most distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from skimage.segmentation import watershed as flood

from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.seg_contour import smallest_surface
from anatomy_twin.kernels.seg_geodesic import travel_time
from anatomy_twin.segmentation.clicks.scene import Expected, Scene
from anatomy_twin.segmentation.ground.working_grid import Image, Mask

Floats = NDArray[np.float64]
Tool = Callable[[Scene, float], Mask]

ROUNDS: Final = 4
SURFACE_ROUNDS: Final = 60
APPEARANCE: Final = 0.8  # what a doubling of the odds weighs against a border of the region's own curvature
NEARNESS: Final = 0.5
TOLD_CORE: Final = 0.95
TOLD_NEARNESS: Final = 3.0  # the same where the user said how large it is
CLICK_SHARE: Final = 0.5  # how much the surroundings of several clicks weigh in the histogram of a region
PRIOR_VOXELS: Final = 12.0  # histograms of fewer voxels than this say little
FAR_MM: Final = 60.0
BLUR_MM: Final = 1.0
STRONG: Final = 6.0  # a step of so many times the noise shows where half of it is


@dataclass(frozen=True, eq=False)
class Drawn:
    """A region of a scene: ``distinct`` is the share of its border beyond which the image differs, ``contrast`` how
    much in units of the spread inside (1 where it is three or more), ``on_edge`` how far it lies on edges of the image,
    ``score`` how good it is among its like."""

    mask: Mask
    scene: Scene
    radius_mm: float
    volume_mm3: float
    distinct: float
    contrast: float
    at_limit: float
    on_edge: float
    score: float = 0.0
    expected: Expected | None = None

    @property
    def ball_mm(self) -> float:
        """The radius of the ball of the same volume."""
        return float((3.0 * self.volume_mm3 / (4.0 * np.pi)) ** (1.0 / 3.0))


def connected(mask: Mask, must: Mask) -> Mask:
    """Return the union of the components of ``mask`` that hold any of ``must``, and ``must`` itself."""
    labels, _ = ndimage.label(mask | must)
    kept = np.unique(labels[must])
    return np.asarray(np.isin(labels, kept[kept > 0]))


# --- what inside and outside look like --------------------------------------------------------------------------------


def odds_against(scene: Scene, inside: Mask, outside: Mask) -> Image:
    """Return the logarithm of how much more likely each voxel's value is outside than inside, within -3 to 3.

    From the histograms of both; the surroundings of each click count as much as many voxels, so that a click in a
    part that looks different (the rim of a tumour) teaches what it looks like.
    """
    image = scene.smooth
    low, high = float(image.min()) - 1.0, float(image.max()) + 1.0
    width = max(0.8 * scene.noise, 0.004 * (high - low))
    bins = int(np.clip((high - low) / (width / 3.0), 16, 512))
    place = np.clip(((image - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
    first = _histogram(place, bins, inside, scene.near_inside if len(scene.near_inside) > 1 else ())
    second = _histogram(place, bins, outside, scene.near_outside)
    pooled = (first + second) / (first + second).sum()
    blur = width / ((high - low) / bins)
    shares = []
    for counts in (first, second):
        share = (counts + PRIOR_VOXELS * pooled) / (counts.sum() + PRIOR_VOXELS)
        shares.append(ndimage.gaussian_filter1d(share, blur, mode="nearest") + 1e-4)
    return np.asarray(np.clip(np.log(shares[1] / shares[0]), -3.0, 3.0)[place], dtype=np.float32)


def _histogram(place: NDArray[np.int64], bins: int, mask: Mask, near: Sequence[Mask]) -> Floats:
    counts = np.bincount(place[mask], minlength=bins).astype(np.float64)
    size = max(counts.sum(), 1.0)
    patches = [np.bincount(place[one], minlength=bins).astype(np.float64) for one in near if one.any()]
    for patch in patches:
        counts += CLICK_SHARE * size / len(patches) * patch / patch.sum()
    return counts


def first_guess(scene: Scene, radius_mm: float) -> tuple[Mask, Mask]:
    """Return what is surely inside and what is surely outside of something of this radius."""
    free = scene.room & ~scene.never
    # where the size is known the rim belongs to the model: it may look unlike the core
    inside = (scene.away_mm <= (TOLD_CORE if scene.told else 0.75) * radius_mm) & free
    if scene.by_click:
        inside &= as_clicked(scene)
    outside = (scene.away_mm > 1.15 * radius_mm + 0.3 * scene.side_mm) & (scene.away_mm <= 1.7 * radius_mm + 2.0)
    return inside | scene.must, outside & scene.room & ~scene.must


def as_clicked(scene: Scene) -> Mask:
    """Return what has about the values of the surroundings of a click."""
    like = np.zeros(scene.smooth.shape, dtype=bool)
    for one in scene.near_inside:
        values = scene.smooth[one]
        if values.size:
            level = float(np.median(values))
            spread = max(1.4826 * float(np.median(np.abs(values - level))), scene.noise)
            like |= np.abs(scene.smooth - level) <= 3.0 * spread
    return like


def around(scene: Scene, mask: Mask) -> tuple[Mask, Mask]:
    """Return a region and the shell around it that it is compared with, without the blurred border between them.

    What is half-way between inside and outside is then no sign of outside: the edge decides where the border lies. A
    patch is thin, and what surrounds it is compared from the next voxel on.
    """
    depth = float(distance_mm(~mask, scene.spacing_mm, FAR_MM).max())
    away = distance_mm(mask, scene.spacing_mm, FAR_MM)
    blur = 0.6 * scene.side_mm if scene.patch else BLUR_MM + 0.5 * min(scene.spacing_mm)
    width = max(3.0, 0.5 * depth, 1.6 * scene.side_mm)
    return mask, (away > blur) & (away <= width + blur) & scene.room


# --- the tools --------------------------------------------------------------------------------------------------------


def _two_regions(scene: Scene, radius_mm: float, nearness: Callable[[Image], Floats]) -> Mask:
    """Fit the models of inside and outside and the smallest surface between them in turn."""
    mask = scene.must
    weight = TOLD_NEARNESS if scene.told else NEARNESS
    for turn in range(ROUNDS):
        # of a known size the whole of it is the model, also the rim that differs from the core
        inside, outside = first_guess(scene, radius_mm) if turn == 0 or scene.told else around(scene, mask)
        if np.count_nonzero(outside) < 15 or not inside.any():
            outside = scene.room & ~inside
        odds = odds_against(scene, inside, outside)
        # a border of curvature 2 / radius is as strong as the odds: what is kept does not depend on the size
        force = 2.0 / radius_mm * (APPEARANCE * odds + weight * nearness(odds))
        level = smallest_surface(
            force.astype(np.float32), scene.edge, scene.must, ~scene.never, scene.room, scene.spacing_mm,
            SURFACE_ROUNDS,
        )
        after = connected(level > 0.5, scene.must)
        changed = np.count_nonzero(after ^ mask)
        mask = after
        if changed <= 0.01 * np.count_nonzero(mask):
            break
    if scene.patch:
        return mask
    # where exactly the border lies is for the image alone to say
    return refined(scene, mask, radius_mm, 1.6 * scene.side_mm)


def levelset(scene: Scene, radius_mm: float) -> Mask:
    """Two regions by their histograms and the smallest surface on edges between them; near is as the crow flies."""
    near = np.clip(scene.away_mm / radius_mm - 1.0, -1.0, 1.0)
    return _two_regions(scene, radius_mm, lambda odds: near)


def grow(scene: Scene, radius_mm: float) -> Mask:
    """As ``levelset``, but near is what a front from the seeds reaches early; it is slow in what looks like outside."""
    start = scene.must | ((scene.away_mm <= 0.3 * radius_mm) & ~scene.never)

    def near(odds: Image) -> Floats:
        slow = 1.0 + 1.5 * np.maximum(odds, 0.0)
        if scene.patch:  # a patch hangs together with what is clicked: it does not cross edges
            slow += (1.0 / scene.edge - 1.0) / 6.0
        slow[~scene.room] = np.inf
        time = travel_time(slow.astype(np.float32), start, scene.spacing_mm, 2.2 * radius_mm)
        return np.clip(np.minimum(time, 2.0 * radius_mm) / radius_mm - 1.0, -1.0, 1.0)

    return _two_regions(scene, radius_mm, near)


def watershed(scene: Scene, radius_mm: float) -> Mask:
    """Flood the edges from the seeds and from what is surely outside; they meet on the strongest edge between."""
    inner = (scene.must | (scene.away_mm <= 0.5 * radius_mm)) & ~scene.never
    outer = (scene.never & scene.room) | ((scene.away_mm > 1.6 * radius_mm) & ~scene.must)
    markers = np.where(inner, 1, np.where(outer & ~inner, 2, 0)).astype(np.int32)
    inside, outside = first_guess(scene, radius_mm)
    odds = odds_against(scene, inside, outside) if outside.any() else np.zeros(scene.smooth.shape, np.float32)
    # the level at which a place is flooded: on edges late, and late where it looks like outside
    height = (1.0 - scene.edge) + 0.15 * (odds + 3.0)
    basins = flood(height, markers, mask=scene.room | scene.must)
    return connected((basins == 1) & ~scene.never, scene.must)


def random_walker(scene: Scene, radius_mm: float) -> Mask:
    """Where a random walker, who crosses edges rarely and may be caught by likeness, more likely ends inside.

    Grady 2006, with the data term of his "Multilabel random walker image segmentation using prior models" (2005).
    """
    inside, outside = first_guess(scene, radius_mm)
    odds = odds_against(scene, inside, outside) if outside.any() else np.zeros(scene.smooth.shape, np.float32)
    share = 1.0 / (1.0 + np.exp(np.asarray(odds, dtype=np.float64)))
    inner = scene.must | ((scene.away_mm <= 0.3 * radius_mm) & ~scene.never)
    outer = scene.never | ((scene.away_mm > 1.9 * radius_mm) & ~scene.must)
    chance = walk(scene, share, 0.08, inner, outer)
    return connected((chance > 0.5) & ~scene.never, scene.must)


def walk(scene: Scene, share: Floats, catch: float, inner: Mask, outer: Mask) -> Floats:
    """Return the chance of ending inside; ``share`` [k, j, i] is what the data term wants, ``catch`` its weight."""
    number = np.arange(share.size).reshape(share.shape)
    room = scene.room | inner
    scale = 2.0 * max(scene.noise, 1e-3)
    rows, columns, weights = [], [], []
    for axis, side in enumerate(scene.spacing_mm):
        near = tuple(slice(None, -1) if n == axis else slice(None) for n in range(3))
        far = tuple(slice(1, None) if n == axis else slice(None) for n in range(3))
        step = (scene.smooth[far] - scene.smooth[near]) / scale
        weight = (np.exp(-(step.astype(np.float64) ** 2)) + 1e-4) * (min(scene.spacing_mm) / side) ** 2
        weight = weight * (room[far] & room[near])
        rows.append(number[near].ravel())
        columns.append(number[far].ravel())
        weights.append(weight.ravel())
    row, column, weight = np.concatenate(rows), np.concatenate(columns), np.concatenate(weights)
    graph = sparse.coo_matrix((weight, (row, column)), shape=(share.size, share.size))
    graph = (graph + graph.T).tocsr()
    fixed = (inner | outer).ravel()
    value = np.where(inner, 1.0, 0.0).ravel()
    diagonal = np.asarray(graph.sum(1)).ravel() + catch
    free = ~fixed
    inner_graph = graph[free][:, free]
    right = catch * share.ravel()[free] + graph[free][:, fixed] @ value[fixed]
    value[free] = _relaxed(inner_graph, diagonal[free], right, share.ravel()[free])
    return value.reshape(share.shape)


def _relaxed(graph: sparse.csr_matrix, diagonal: Floats, right: Floats, start: Floats) -> Floats:
    """Solve (diagonal - graph) x = right by conjugate gradients with the diagonal as preconditioner.

    Sums are taken by numpy's own ``sum``, so the answer does not hang on how many threads a library uses.
    """
    x = start.copy()
    rest = right - (diagonal * x - graph @ x)
    step = rest / diagonal
    size = float((rest * step).sum())
    wanted = 1e-6 * max(size, 1e-30)
    for _ in range(200):
        if size <= wanted:
            break
        image = diagonal * step - graph @ step
        length = size / float((step * image).sum())
        x += length * step
        rest -= length * image
        better = rest / diagonal
        after = float((rest * better).sum())
        step = better + (after / size) * step
        size = after
    return x


def threshold(scene: Scene, radius_mm: float) -> Mask:
    """What lies within the window of values around the seeds and hangs together with them."""
    inside, _ = first_guess(scene, 0.6 * radius_mm)
    for one in scene.near_inside:
        inside = inside | one
    values = scene.smooth[inside & ~scene.never]
    middle = float(np.median(values))
    spread = max(1.4826 * float(np.median(np.abs(values - middle))), scene.noise)
    like = (np.abs(scene.smooth - middle) <= 3.5 * spread) & ~scene.never & (scene.away_mm <= 1.8 * radius_mm)
    opened = ndimage.binary_opening(like, _neighbours(scene.spacing_mm)) | scene.must
    return connected(opened & (like | scene.must), scene.must)


def _neighbours(spacing_mm: tuple[float, float, float]) -> Mask:
    """Return the voxels that share a face, along the axes only whose step is not more than twice the finest one."""
    structure = np.zeros((3, 3, 3), dtype=bool)
    structure[1, 1, 1] = True
    for axis, step in enumerate(spacing_mm):
        if step <= 2.0 * min(spacing_mm):
            line: list[int | slice] = [1, 1, 1]
            line[axis] = slice(None)
            structure[tuple(line)] = True
    return structure


TOOLS: Final[Mapping[str, Tool]] = MappingProxyType({
    "grow": grow, "watershed": watershed, "random-walker": random_walker, "threshold": threshold, "levelset": levelset,
})


def refined(scene: Scene, mask: Mask, radius_mm: float, band_mm: float) -> Mask:
    """Return a region whose border was found on larger voxels, redrawn within ``band_mm`` of it."""
    inside, outside = around(scene, mask)
    odds = odds_against(scene, inside, outside)
    if outside.any():
        level = float(np.median(scene.smooth[inside]))
        gap = float(np.median(scene.smooth[outside])) - level
        if abs(gap) > STRONG * scene.noise:
            # nearer to the level outside than to that inside: never a sign of inside, however the region lies now
            beyond = (scene.smooth - level) / gap - 0.5
            odds = np.where((beyond > 0.0) & (odds < 0.0), np.clip(6.0 * beyond, 0.0, 3.0), odds)
    low = (distance_mm(~mask, scene.spacing_mm, band_mm + scene.side_mm) > band_mm) & ~scene.never
    high = (distance_mm(mask, scene.spacing_mm, band_mm + scene.side_mm) <= band_mm) & ~scene.never
    force = 2.0 / min(radius_mm, 12.0) * APPEARANCE * odds
    drawn = smallest_surface(
        force.astype(np.float32), scene.edge, low | scene.must, high | scene.must, scene.room, scene.spacing_mm,
        SURFACE_ROUNDS,
    )
    return connected(drawn > 0.5, scene.must)


CONTOURED: Final = (grow, levelset)  # their borders are drawn by ``refined`` already


# --- which of several sizes -------------------------------------------------------------------------------------------


def measured(scene: Scene, mask: Mask, radius_mm: float, hollow: bool = True) -> Drawn:
    """Return a region with what its border is worth."""
    if hollow:
        mask = (ndimage.binary_fill_holes(mask) & ~scene.never) | mask
    side = scene.side_mm
    away = distance_mm(mask, scene.spacing_mm, FAR_MM)
    shell = (away > 0.4 * side) & (away <= max(2.5, 1.5 * side) + 0.4 * side) & scene.room
    values = scene.smooth[mask]
    middle = float(np.median(values))
    spread = max(1.4826 * float(np.median(np.abs(values - middle))), scene.noise)
    beyond = scene.smooth[shell]
    distinct = float(np.mean(np.abs(beyond - middle) > 1.5 * spread)) if beyond.size else float(scene.patch)
    gap = abs(float(np.median(beyond)) - middle) if beyond.size else 3.0 * spread * float(scene.patch)
    limit = float(np.mean(scene.far_mm[mask] > scene.reach_mm - 2.5 * side))
    volume = float(np.count_nonzero(mask) * np.prod(scene.spacing_mm))
    border = (away <= 1.05 * side) & (distance_mm(~mask, scene.spacing_mm, 2.0 * side) <= 1.05 * side) & scene.room
    on_edge = float(np.mean(1.0 - scene.edge[border])) if border.any() else 1.0
    return Drawn(mask, scene, radius_mm, volume, distinct, min(1.0, gap / (3.0 * spread)), limit, on_edge)
