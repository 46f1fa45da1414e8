"""Two label maps of one scan, a found one and a truth, structure by structure and lesion by lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.assess.agreement import Agreement, agreement, centreline_share, skeleton_points
from anatomy_twin.core import LabelMap
from anatomy_twin.errors import DataError

Mask = NDArray[np.bool_]

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
LEAST_OVERLAP: Final = 0.1


@dataclass(frozen=True, slots=True)
class StructureAgreement:
    """One structure: its state, how it agrees, and for tubes the shares of the centrelines within 2 mm of the other.

    ``centreline_found`` is the share of the truth's centreline near what was found, ``centreline_right`` the share of
    the found one's near the truth; None for what is no tube.
    """

    name: str
    state: str
    rules: tuple[str, ...]
    agreement: Agreement
    centreline_found: float | None = None
    centreline_right: float | None = None


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
    found: LabelMap, truth: LabelMap, names: Sequence[str] = (), within: Mask | None = None
) -> tuple[StructureAgreement, ...]:
    """Return how each structure of ``truth`` was found.

    Parameters
    ----------
    found, truth : label maps on the same grid.
    names : structures (or ``GROUPS``) to compare; all of the truth but its lesions when empty.
    within : bool [k, j, i]; only there is the truth known (whole slices: what is cut there counts as cut).

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
        lines: tuple[float | None, float | None] = (None, None)
        if name in TUBES:
            lines = (
                centreline_share(skeleton_points(theirs), ours, spacing, WITHIN_MM),
                centreline_share(skeleton_points(ours), theirs, spacing, WITHIN_MM),
            )
        rows.append(StructureAgreement(name, state, rules, agreement(ours, theirs, spacing), *lines))
    return tuple(rows)


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
