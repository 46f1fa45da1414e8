"""Two label maps of one scan, a found one and a truth, structure by structure and lesion by lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.assess.agreement import (
    Agreement,
    agreement,
    centreline_share,
    points_met,
    skeleton_points,
    skeleton_radius_mm,
)
from anatomy_twin.core import LabelMap
from anatomy_twin.errors import DataError

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

# what is compared as one class, as segmenters and truths divide it differently
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "intrahepatic_vessels": ("hepatic_vessels", "hepatic_veins", "portal_branches"),
    "intestine": ("duodenum", "colon", "bowel"),
}
TUBES: Final = (
    "inferior_vena_cava", "portal_vein", "hepatic_veins", "portal_branches", "intrahepatic_vessels", "bile_duct",
    "airways", "pulmonary_vessels", "oesophagus",
)
WITHIN_MM: Final = 2.0
# tubes of at least 3 mm: what a mesh of a liver shows and what cools a heated lesion beside it; the finest branches of
# a generated tree are thinner than a voxel and count only in the share of all
WIDE_RADIUS_MM: Final = 1.5
POINT_EVERY_MM: Final = 0.5
# how the trees of a generated patient are called (before the first "_" of a name, or whole), by the structure they make
TREES: Final[Mapping[str, tuple[str, ...]]] = {
    "hepatic_veins": ("hepatic_veins",), "portal_branches": ("portal_branches",),
    "intrahepatic_vessels": ("hepatic_veins", "portal_branches"), "pulmonary_vessels": ("artery", "vein"),
}
LEAST_OVERLAP: Final = 0.1


class Tree(Protocol):
    """A tree of vessels in straight pieces, such as those of a generated patient."""

    def pieces(self) -> tuple[Points, Points, Points]:
        """Start (M, 3) and stop (M, 3) of each piece in LPS mm, and its radius (M,) in mm."""
        ...


@dataclass(frozen=True, eq=False)
class Centreline:
    """Places evenly spaced along the middle of tubes, (n, 3) in LPS mm, and the radius (n,) in mm at each."""

    points_mm: Points
    radius_mm: Points


@dataclass(frozen=True, slots=True)
class StructureAgreement:
    """One structure: its state, how it agrees, and for tubes the shares of the centrelines within 2 mm of the other.

    ``centreline_found`` is the share of the truth's centreline near what was found, ``wide_found`` the same of its
    stretches with a radius of at least 1.5 mm, ``centreline_right`` the share of the found one's near the truth; None
    for what is no tube. Lengths are counted, so many thin branches weigh more than the few stems they come from. The
    truth's centreline is that of the tree it was made of, where one is known, and else the skeleton of its mask, whose
    radius is the distance to the border: no finer than the voxels are.
    """

    name: str
    state: str
    rules: tuple[str, ...]
    agreement: Agreement
    centreline_found: float | None = None
    centreline_right: float | None = None
    wide_found: float | None = None


@dataclass(frozen=True, slots=True)
class LesionAgreement:
    """One lesion of the truth: its diameter (of the ball of equal volume), and the candidate that meets it best."""

    name: str
    part_of: str
    diameter_mm: float
    candidate: str
    dice: float

    @property
    def found(self) -> bool:
        """True where a candidate overlaps it by a Dice of at least 0.1."""
        return self.dice >= LEAST_OVERLAP


def compare_labels(
    found: LabelMap, truth: LabelMap, names: Sequence[str] = (), within: Mask | None = None,
    lines: Mapping[str, Centreline] = MappingProxyType({}),
) -> tuple[StructureAgreement, ...]:
    """Return how each structure of ``truth`` was found.

    Parameters
    ----------
    found, truth : label maps on the same grid.
    names : structures (or ``GROUPS``) to compare; all of the truth but its lesions when empty.
    within : bool [k, j, i]; only there is the truth known (whole slices: what is cut there counts as cut).
    lines : the true centrelines of tubes, by structure (see ``tree_lines``); those that are missing are made from the
        masks. Points outside the grid or ``within`` do not count.

    Raises ``DataError`` when the grids differ.
    """
    if not found.geometry.is_close(truth.geometry):
        raise DataError("the two label maps are not on the same grid")
    box = _box(within, found.geometry.shape)
    spacing = found.geometry.spacing_mm
    rows = []
    for name in names or _names(truth):
        ours, theirs = merged(found, name)[box], merged(truth, name)[box]
        if within is not None:
            ours, theirs = ours & within[box], theirs & within[box]
        state, rules = _state(found, name)
        shares: tuple[float | None, float | None, float | None] = (None, None, None)
        if name in TUBES:
            if name in lines:
                points, radius_mm = _points_in(lines[name], truth, within, box)
            else:
                points = skeleton_points(theirs)
                radius_mm = skeleton_radius_mm(theirs, points, spacing)
            met = points_met(points, ours, spacing, WITHIN_MM)
            shares = (
                _share(met), centreline_share(skeleton_points(ours), theirs, spacing, WITHIN_MM),
                _share(met[radius_mm >= WIDE_RADIUS_MM]),
            )
        rows.append(StructureAgreement(name, state, rules, agreement(ours, theirs, spacing), *shares))
    return tuple(rows)


def tree_lines(trees: Mapping[str, Tree]) -> dict[str, Centreline]:
    """Return the centrelines of the structures that the trees of a generated patient make up (``TREES``).

    A point every half millimetre of each piece, with the radius of the piece.
    """
    result = {}
    for structure, stems in TREES.items():
        pieces = [tree.pieces() for name, tree in trees.items() if name in stems or name.partition("_")[0] in stems]
        if pieces:
            start, stop, radius = (np.concatenate(many) for many in zip(*pieces, strict=True))
            counts = np.maximum(1, np.rint(np.linalg.norm(stop - start, axis=1) / POINT_EVERY_MM).astype(int))
            piece = np.repeat(np.arange(counts.size), counts)
            first = np.repeat(np.cumsum(counts) - counts, counts)
            along = ((np.arange(piece.size) - first + 0.5) / counts[piece])[:, None]
            result[structure] = Centreline(start[piece] * (1.0 - along) + stop[piece] * along, radius[piece])
    return result


def _points_in(
    line: Centreline, truth: LabelMap, within: Mask | None, box: tuple[slice, slice, slice]
) -> tuple[Points, Points]:
    """Return the points of a line in the indices of ``box``, those outside the known part of the grid left out."""
    places = np.asarray(truth.geometry.to_index(line.points_mm), dtype=np.float64)
    index = np.rint(places).astype(int)
    known = np.all((index >= 0) & (index < np.asarray(truth.geometry.shape)), axis=1)
    if within is not None:
        known[known] = within[tuple(index[known].T)]
    return places[known] - [part.start for part in box], line.radius_mm[known]


def _share(met: NDArray[np.bool_]) -> float:
    return float(met.mean()) if met.size else float("nan")


def compare_lesions(
    found: LabelMap, truth: LabelMap, lesions: Sequence[str] = ("tumour", "lesion", "kidney_lesion", "nodule")
) -> tuple[tuple[LesionAgreement, ...], tuple[str, ...]]:
    """Return each lesion of ``truth`` with the candidate that meets it best, and the names of false candidates.

    ``lesions`` are stems of names ("tumour" covers tumour_1 in the truth; in ``found`` its candidates too). False is
    what overlaps no lesion of the truth at all.
    """
    spots = {name: truth.mask(name) for name in truth.names if catalog.stem(name) in lesions}
    offered = {n: found.mask(n) for n in found.names if catalog.stem(n).removesuffix("_candidate") in lesions}
    rows = []
    for name, spot in spots.items():
        size = int(np.count_nonzero(spot))
        diameter_mm = 2.0 * (0.75 / np.pi * size * truth.geometry.voxel_volume_ml * 1000.0) ** (1.0 / 3.0)
        scores = {
            other: 2.0 * int(np.count_nonzero(mask & spot)) / (int(np.count_nonzero(mask)) + size)
            for other, mask in offered.items()
        }
        best = max(scores, key=lambda other: scores[other], default="")
        rows.append(LesionAgreement(
            name, truth.segment(name).part_of, float(diameter_mm), best, float(scores.get(best, 0.0))
        ))
    false = tuple(other for other, mask in offered.items() if not any((mask & spot).any() for spot in spots.values()))
    return tuple(rows), false


def merged(labels: LabelMap, name: str) -> Mask:
    """Return the mask of a structure or of a group of ``GROUPS``; empty where the labels do not know it."""
    known = {segment.name for segment in labels.segments}
    result = np.zeros(labels.geometry.shape, dtype=bool)
    for one in GROUPS.get(name, (name,)):
        if one in known:
            result |= labels.mask(one)
    return result


def _names(truth: LabelMap) -> tuple[str, ...]:
    plain = tuple(n for n in truth.names if catalog.stem(n) not in ("tumour", "lesion", "kidney_lesion", "nodule"))
    return (*plain, *(group for group, parts in GROUPS.items() if any(part in plain for part in parts)))


def _state(found: LabelMap, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the state of a structure, of a group that of its first part that was found."""
    mine = [segment for segment in found.segments if segment.name in GROUPS.get(name, (name,))]
    if not mine:
        return "not offered", ()
    first = next((segment for segment in mine if not segment.absent), mine[0])
    return first.state, first.rules


def _box(within: Mask | None, shape: tuple[int, int, int]) -> tuple[slice, slice, slice]:
    if within is None:
        return slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])
    spans = ndimage.find_objects(within.astype(np.int8))
    if not spans:
        raise DataError("the truth is known nowhere")
    k, j, i = spans[0]
    return k, j, i
