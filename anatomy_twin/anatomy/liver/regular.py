"""Segments a surgeon can cut: each in one piece, near its side of the planes, none too small to be one.

What the named branches supply says where a segment lies, but twigs interlock and a misnamed one makes an island. So
branches and planes are weighed against each other: a branch carries its name some way beyond a plane, not any way.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.anatomy.liver.pieces import in_one_piece
from anatomy_twin.anatomy.liver.portal_names import ALL, LEAST_OF_PAIR, PAIRS, SEGMENTS, STEMS
from anatomy_twin.anatomy.liver.territories import box_around
from anatomy_twin.core import VolumeGeometry

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

SMOOTH_MM: Final = 8.0  # what is thinner is the seam between twigs, not a part of a segment
# a branch carries its name as far beyond a plane as the plane's odds stay below exp(2): two half widths, 12 mm (more
# agrees better with true vessels and worse with segmented ones, of which some hang on the wrong branch)
TRUST: Final = 2.0
MARKED: Final = 100.0  # more than any plane can say
LEAST_BY_PLANES: Final = 0.25  # of a pair that no branches part: a plane that leaves less is more likely out of place
ACROSS: Final = 0.33  # of a territory beyond the borders of its segment is told: a variant, or a naming error


@dataclass(frozen=True, eq=False)
class Regular:
    """Numbers of segments [k, j, i], 0 outside the liver; what was done in words; rules against single segments."""

    segments: NDArray[np.uint8]
    notes: tuple[str, ...] = ()
    rules: dict[int, tuple[str, ...]] = field(default_factory=dict)


def regular_segments(
    liver: Mask, geometry: VolumeGeometry, planes: Floats, territory: NDArray[np.uint8] | None, caudate: Mask,
    marks: Ints | None = None,
) -> Regular:
    """Return the segments of a liver, every voxel in one and every segment in one piece.

    Parameters
    ----------
    liver : bool [k, j, i]. caudate : what of it is segment I.
    planes : (m, 7) logarithm of how likely each voxel of the liver lies in each of ``SEGMENTS`` by planes alone.
    territory : [k, j, i] number of the segment whose branch supplies a voxel, None where there are no branches.
    marks : (m,) number in ``ALL`` of the name that a person gave to the branch that supplies a voxel, -1 for none. What
        is marked keeps its name, though it may be a second piece.

    A voxel belongs to the segment with the largest sum of ``planes`` and of the share of each territory around it
    (Gauss, 8 mm) times 2. Of II and III, V and VIII, VI and VII neither has less than 15 % of both together: where
    branches would leave less, the planes alone divide them, or half their height where these leave less than 25 %.
    """
    score = planes.copy()
    if territory is not None:
        score += TRUST * _shares_around(liver, geometry, territory)
    for code in np.unique(marks[marks >= 0]) if marks is not None else ():
        others = [n for n, name in enumerate(SEGMENTS) if name not in STEMS.get(ALL[code], (ALL[code],))]
        score[np.ix_(marks == code, others)] -= MARKED
    chosen = score.argmax(axis=1)
    chosen[caudate[liver]] = -1
    height = geometry.to_world(np.argwhere(liver))[:, 2]
    notes, rules = _pairs_divided(chosen, planes, height, marks)
    numbers = np.zeros(liver.shape, np.uint8)
    numbers[liver] = chosen + 2  # segment I is 1
    kept = np.zeros(liver.shape, bool)
    if marks is not None:
        kept[liver] = marks >= 0
    box = box_around(liver)
    numbers[box], said = in_one_piece(numbers[box], geometry.spacing_mm, kept[box])
    notes += said
    if territory is not None:
        notes += _across(numbers, territory, rules)
    return Regular(numbers, tuple(notes), rules)


def _shares_around(liver: Mask, geometry: VolumeGeometry, territory: NDArray[np.uint8]) -> Floats:
    """Return for each voxel of the liver (m, 7) the share of each territory in the liver around it."""
    sigma = [SMOOTH_MM / step for step in geometry.spacing_mm]
    box = box_around(liver)
    inside, supplied = liver[box], np.where(liver[box], territory[box], 0)
    shares = np.zeros((int(np.count_nonzero(inside)), len(SEGMENTS)))
    for number in range(len(SEGMENTS)):
        mine = (supplied == number + 2).astype(np.float32)
        shares[:, number] = ndimage.gaussian_filter(mine, sigma, mode="constant", truncate=2.5)[inside]
    total = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / np.where(total > 0, total, 1.0))


def _pairs_divided(
    chosen: Ints, planes: Floats, height_mm: Floats, marks: Ints | None
) -> tuple[list[str], dict[int, tuple[str, ...]]]:
    """Divide anew, in place, the pairs of segments of which one is too small to be one; return notes and rules."""
    notes: list[str] = []
    rules: dict[int, tuple[str, ...]] = {}
    for names in PAIRS:
        upper, lower = (SEGMENTS.index(name) for name in names)
        both = np.flatnonzero((chosen == upper) | (chosen == lower))
        fewest = min(np.count_nonzero(chosen[both] == n) for n in (upper, lower))
        if not len(both) or fewest >= LEAST_OF_PAIR * len(both):
            continue
        if marks is not None and (marks[both] >= 0).any():  # a person knows better
            continue
        above = planes[both, upper] - planes[both, lower] > 0.0
        how, rule = "the plane between them", "planes alone"
        if min(np.count_nonzero(above), np.count_nonzero(~above)) < LEAST_BY_PLANES * len(both):
            above = height_mm[both] > np.median(height_mm[both])
            how, rule = "half their height, as neither branches nor planes part them", "assumed"
        chosen[both] = np.where(above, upper, lower)
        notes.append(f"branches leave {' or '.join(names)} hardly anything: the two are divided at {how}")
        rules.update({n + 2: (rule,) for n in (upper, lower)})
    return notes, rules


def _across(numbers: NDArray[np.uint8], territory: NDArray[np.uint8], divided: Container[int]) -> list[str]:
    """Say which branches supply much beyond the borders of the segment whose name they bear (not those ``divided``)."""
    notes = []
    for number in (n for n in range(2, 9) if n not in divided):
        where = numbers[(territory == number) & (numbers > 1)]
        counts = np.bincount(where, minlength=9)
        beyond = 1.0 - counts[number] / max(1, len(where))
        counts[number] = 0
        if len(where) and beyond > ACROSS:
            most = SEGMENTS[int(counts.argmax()) - 2]
            notes.append(f"{100 * beyond:.0f} % of what branches of {SEGMENTS[number - 2]} supply lies beyond its "
                         f"planes, most in {most}: a variant, or named wrongly")  # fmt: skip
    return notes
