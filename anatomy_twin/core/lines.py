"""Straight lines in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.plans import Applicator
from anatomy_twin.units import Point, check_point


@dataclass(frozen=True, slots=True)
class Approach:
    """Where two applicators of a plan (numbers from 0) come nearest to each other: the gap of their axes and what their
    shafts need, in mm, the place half way (LPS mm), and whether both work at the same time.
    """

    numbers: tuple[int, int]
    gap_mm: float
    needed_mm: float
    place_mm: Point
    at_once: bool

    @property
    def overlap(self) -> bool:
        """True where the shafts would lie in each other."""
        return self.gap_mm < self.needed_mm - 5e-4


def approaches(
    applicators: Sequence[Applicator], diameters_mm: Sequence[float], works_s: Sequence[float]
) -> tuple[Approach, ...]:
    """Return how near each pair of applicators comes, with shafts of ``diameters_mm``, which work for ``works_s``."""
    found = []
    for (n, one), (m, other) in combinations(enumerate(applicators), 2):
        gap, place = nearest_between(*(np.array([each.entry_mm, each.tip_mm]) for each in (one, other)))
        apart = one.start_s + works_s[n] <= other.start_s or other.start_s + works_s[m] <= one.start_s
        needed = 0.5 * (diameters_mm[n] + diameters_mm[m])
        found.append(Approach((n, m), gap, needed, check_point("place_mm", np.round(place, 1)), not apart))
    return tuple(found)


def nearest_between(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the least distance in mm of two segments (2, 3), and the point half way between them where it is."""
    u, v, w = one[1] - one[0], other[1] - other[0], one[0] - other[0]
    a, b, c, d, e = u @ u, u @ v, v @ v, u @ w, v @ w
    pairs = []
    below = a * c - b * b
    if below > 1e-12 * a * c:
        s, t = (b * e - c * d) / below, (a * e - b * d) / below
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            pairs.append((s, t))
    for s in (0.0, 1.0):
        pairs.append((s, float(np.clip((e + s * b) / c, 0.0, 1.0))))
    for t in (0.0, 1.0):
        pairs.append((float(np.clip((t * b - d) / a, 0.0, 1.0)), t))
    points = [(one[0] + s * u, other[0] + t * v) for s, t in pairs]
    gaps = [float(np.linalg.norm(p - q)) for p, q in points]
    best = int(np.argmin(np.round(gaps, 9)))
    return gaps[best], 0.5 * (points[best][0] + points[best][1])
