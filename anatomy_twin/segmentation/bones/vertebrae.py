"""Where one vertebra ends and the next begins, and which is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.segmentation.bones.skeleton import Spine
from anatomy_twin.segmentation.ground.working_grid import Image

CORE_FRONT_MM: Final = 24.0
CORE_MM: Final = 14.0
DISC_MM: Final = (2.0, 8.0)  # half of the distance between two end plates
END_MM: Final = 7.0
GAP_MM: Final = (17.0, 48.0)  # from disc to disc, thoracic to lumbar
BEND_COST: Final = 0.012
LEAST_AREA_MM2: Final = 120.0
ARCH_SHIFT: Final = 0.2
TIP_SHIFT: Final = 0.15
LEVELS: Final = (*(f"c{n}" for n in range(1, 8)), *(f"t{n}" for n in range(1, 13)), *(f"l{n}" for n in range(1, 6)))


@dataclass(frozen=True, slots=True)
class Discs:
    """Slices (fine grid, from the feet up) of the discs, and the run of slices in which vertebral bodies are seen."""

    slices: tuple[int, ...]
    start: int
    stop: int


def find_discs(hu: Image, spine: Spine, step: float) -> Discs:
    """Return the discs between the vertebrae in the field.

    A disc lies between two dense end plates: along the bodies the 80th percentile of the HU within 14 mm rises twice.
    The sequence of discs with the highest sum of that signal is taken whose gaps (17 to 48 mm) change little from one
    vertebra to the next, by dynamic programming.
    """
    start, stop = _run(spine, step)
    if stop - start < 2 * GAP_MM[0] / step:
        return _discs_of_slab(spine, step)
    core = np.hypot(spine.left, spine.front - CORE_FRONT_MM) < CORE_MM
    line = np.array([np.percentile(hu[k][core[k]], 80.0) for k in range(start, stop)])
    score = _disc_score(line, step)
    return Discs(tuple(start + place for place in _best_sequence(score, step)), start, stop)


def _discs_of_slab(spine: Spine, step: float) -> Discs:
    """Return the discs of a slab too low for a sequence: where its slices run through dark middles of the spine."""
    shown = spine.bodies.any(axis=(1, 2)) | spine.dark
    if not spine.bodies.any():
        return Discs((), 0, 0)
    places = np.flatnonzero(shown)
    labels, count = ndimage.label(spine.dark)
    middles = [int(np.median(np.flatnonzero(labels == n))) for n in range(1, count + 1)
               if np.count_nonzero(labels == n) * step > DISC_MM[0]]
    kept: list[int] = []
    for place in middles:
        if not kept or (place - kept[-1]) * step > GAP_MM[0]:
            kept.append(place)
    return Discs(tuple(kept), int(places[0]), int(places[-1]) + 1)


def _run(spine: Spine, step: float) -> tuple[int, int]:
    """Return the longest run of slices that show a vertebral body."""
    core = np.hypot(spine.left, spine.front - CORE_FRONT_MM) < CORE_MM
    seen = (spine.bodies & core).sum(axis=(1, 2)) * step**2 > LEAST_AREA_MM2
    seen = ndimage.binary_closing(seen, iterations=max(1, round(10.0 / step)), border_value=0) | seen
    labels, count = ndimage.label(seen)
    if not count:
        return 0, 0
    longest = int(np.argmax(np.bincount(labels)[1:])) + 1
    places = np.flatnonzero(labels == longest)
    return int(places[0]), int(places[-1]) + 1


def _disc_score(line: Image, step: float) -> Image:
    """Return how much each place looks like the middle between two end plates, in units of the usual variation."""
    smooth = ndimage.gaussian_filter1d(line, 1.5 / step, mode="nearest")
    padded = np.pad(smooth, 20, mode="edge")
    place = np.arange(smooth.size) + 20
    reach = range(max(1, round(DISC_MM[0] / step)), round(DISC_MM[1] / step) + 1)
    plates = np.max([np.minimum(padded[place - h], padded[place + h]) for h in reach], axis=0)
    # two plates and a darker disc; where thick slices merge them, one bright line
    score = np.maximum(plates, smooth) - 0.3 * smooth
    # an end plate at the end of the run is not one of two
    end = max(1, round(END_MM / step))
    score[:end] = score[-end:] = np.median(score)
    away = score - ndimage.gaussian_filter1d(score, 25.0 / step, mode="nearest")
    usual = np.sqrt(ndimage.gaussian_filter1d(away**2, 40.0 / step, mode="nearest"))
    result = ndimage.gaussian_filter1d(away / np.maximum(usual, 1e-3), 2.0 / step, mode="nearest")
    result[:end] = result[-end:] = -10.0
    return result


def _best_sequence(score: Image, step: float) -> list[int]:
    """Return the places with the highest sum of score, gaps within ``GAP_MM`` and changing little."""
    low, high = round(GAP_MM[0] / step), round(GAP_MM[1] / step)
    gaps = np.arange(low, high + 1)
    change = BEND_COST * ((gaps[:, None] - gaps[None, :]) * step) ** 2
    size = score.size
    best = np.full((size, gaps.size), -np.inf)
    before = np.full((size, gaps.size), -1)
    for place in range(size):
        for n, gap in enumerate(gaps):
            source = place - gap
            if source < 0:
                # the first disc lies at most one vertebra above the lower end
                best[place, n] = score[place] if place <= high else -np.inf
                continue
            options = best[source] - change[:, n]
            options = np.where(np.isfinite(best[source]), options, -np.inf)
            pick = int(np.argmax(options))
            if options[pick] > -np.inf:
                best[place, n] = score[place] + options[pick]
                before[place, n] = pick
    ends = best[max(0, size - high):]
    if not np.isfinite(ends).any():
        return []
    flat = int(np.argmax(ends))
    place, n = max(0, size - high) + flat // gaps.size, flat % gaps.size
    path = [place]
    while before[place, n] >= 0:
        place, n = place - int(gaps[n]), int(before[place, n])
        path.append(place)
    return [place for place in path[::-1] if score[place] > 0.0]


def numbers_at(discs: Discs, spine: Spine, box: tuple[slice, slice, slice], step: float) -> NDArray[np.int32]:
    """Return for each voxel of ``box`` the number of the vertebra (1, 2, ... from the feet up) by its height.

    Behind the bodies the height counts as up to ``ARCH_SHIFT`` of a vertebra more, at the tips of the spinous processes
    ``TIP_SHIFT`` more than that: arches hang lower than their bodies.
    """
    edges = np.array([discs.start, *discs.slices, discs.stop], dtype=float)
    usual = float(np.median(np.diff(edges[1:-1]))) if len(edges) > 3 else 30.0 / step
    back = np.clip((6.0 - spine.front[box[0], box[1]]) / 12.0, 0.0, 1.0)
    tip = np.clip((-10.0 - spine.front[box[0], box[1]]) / 25.0, 0.0, 1.0)
    lower = (back * ARCH_SHIFT + tip * TIP_SHIFT) * usual
    height = np.arange(box[0].start, box[0].stop, dtype=float)[:, None, None] + lower
    size = box[2].stop - box[2].start
    shape = (*height.shape[:2], size)
    number = np.clip(np.searchsorted(edges[1:-1], height, side="right") + 1, 1, len(edges) - 1)
    return np.broadcast_to(number, shape).astype(np.int32)


def name_levels(count: int, has_rib: list[bool], sacrum_below: bool) -> tuple[list[str], str, bool]:
    """Return a name for each vertebra from the feet up, how they were counted, and whether that is doubtful.

    From the lowest vertebra with a rib (taken for T12) where one without lies below it, else from the sacrum (the
    lowest vertebra is L5). Where both are seen and disagree, ribs count and the result is doubtful: a spine with four
    or six lumbar vertebrae is not rare. Without either they are numbered from the head down.
    """
    by_rib = next((n for n, rib in enumerate(has_rib) if rib), None)
    lowest = None
    if by_rib is not None and by_rib > 0:
        lowest = LEVELS.index("t12") + by_rib
    if lowest is not None and lowest < len(LEVELS) and lowest - count + 1 >= 0:
        doubt = sacrum_below and LEVELS[lowest] != "l5"
        told = f"; the sacrum is seen below and makes the lowest L5, not {LEVELS[lowest].upper()}" if doubt else ""
        return [f"vertebra_{LEVELS[lowest - n]}" for n in range(count)], f"counted from the lowest rib{told}", doubt
    if sacrum_below and count <= len(LEVELS):
        return [f"vertebra_{LEVELS[-1 - n]}" for n in range(count)], "counted from the sacrum", False
    names = [f"vertebra_{count - n}" for n in range(count)]
    return names, "the level is not known: neither the lowest rib nor the sacrum is in the field", True


def counted_past(name: str, spine: Sequence[str], from_sacrum: bool) -> list[str]:
    """Return the vertebrae that are misnumbered where ``name`` is two in one: those counted past it.

    The count begins at the sacrum and goes up, or at the lowest rib, which is that of T12, and goes both ways.
    """
    def height(one: str) -> int:
        return LEVELS.index(one.removeprefix("vertebra_"))

    if name.removeprefix("vertebra_") not in LEVELS:
        return []
    here, start = height(name), len(LEVELS) if from_sacrum else LEVELS.index("t12")
    others = [one for one in spine if one != name and one.removeprefix("vertebra_") in LEVELS]
    if here == start:
        return others
    return [one for one in others if (height(one) < here if here < start else height(one) > here)]
