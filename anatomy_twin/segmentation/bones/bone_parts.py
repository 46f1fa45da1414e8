"""Vertebrae, ribs, sternum, sacrum and pelvic bones as parts of the skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from skimage.segmentation import watershed

from anatomy_twin.segmentation.bones.skeleton import Spine
from anatomy_twin.segmentation.bones.vertebrae import Discs, find_discs, name_levels, numbers_at
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    boxed_components,
    depth_mm,
    distance_mm,
    volume_ml,
)

Labels = NDArray[np.int32]

SPINE, RIBS, PELVIS, STERNUM, SACRUM, SHOULDER = 1, 2, 3, 4, 5, 6
MEDIAL_MM: Final = 16.0  # heads of ribs begin beside it
LATERAL_MM: Final = 45.0
BELOW_LUNG_MM: Final = (65.0, 120.0)
RIB_SLOPE_MM: Final = 12.0
STERNUM_FRONT_MM: Final = 75.0
STERNUM_HALF_MM: Final = 22.0
LEAST_MARKER_ML: Final = 0.4
LEAST_PART_ML: Final = 1.0
HIP_ML: Final = 25.0
PROMINENCE_MM: Final = 0.8
RIB_CONTACT_ML: Final = 0.15
CHEST_MM: Final = 150.0
SHOULDER_SHARE: Final = 0.35
FROM_LUNG_MM: Final = 18.0


def find_bone_parts(hu: Image, step: float, bone: Mask, spine: Spine, lungs: Mask) -> Mapping[str, Found]:
    """Return the named parts of the skeleton on a fine grid of equal spacing ``step``.

    Parameters
    ----------
    hu, bone : image and skeleton [k, j, i] (see ``skeleton.find_skeleton``), ``spine`` from there too.
    lungs : both lungs (empty where none is in the field): they tell ribs from hip bones.

    Parts are parted at their necks (watershed of the depth from markers): rib heads, sacroiliac joints. Along the
    spine the discs part the bodies, and the arches behind them at their own necks. Vertebrae are named by level where
    the lowest rib or the sacrum tells it, else numbered from the head down and marked "check".
    """
    if not bone.any():
        return {}
    box = box_of(bone, 1)
    discs = find_discs(hu, spine, step)
    inside = bone[box]
    depth = depth_mm(inside, step, 15.0)
    markers = _markers(bone, spine, discs, lungs, step)[box]
    kinds = np.zeros(bone.shape, np.int32)
    kinds[box] = watershed(-np.round(depth, 3), markers, mask=inside)
    numbers = _vertebrae(kinds == SPINE, spine, discs, step)
    if (kinds == SACRUM).any():  # what was followed below the lowest disc is its upper end
        kinds[numbers == 1] = SACRUM
        numbers = np.maximum(numbers - 1, 0)
    return _named(kinds, numbers, discs, step)


def _markers(bone: Mask, spine: Spine, discs: Discs, lungs: Mask, step: float) -> Labels:
    """Return markers of the kinds: the middle of the spine, and what lies beside or far before it."""
    markers = np.zeros(bone.shape, np.int32)
    middle = bone & (np.abs(spine.left) < MEDIAL_MM) & (spine.front < 60.0)
    ends_inside = discs.start > round(15.0 / step)
    markers[middle] = SPINE
    if ends_inside:  # the followed bodies end above the lower border: what lies below is the sacrum
        lower = markers[:discs.start - round(4.0 / step)]
        lower[lower == SPINE] = SACRUM
    lowest_lung = int(np.flatnonzero(lungs.any(axis=(1, 2)))[0]) if lungs.any() else None
    if lowest_lung is not None:  # far before the spine lies the sternum beside the lungs, the pubis below
        before = bone & (spine.front > STERNUM_FRONT_MM) & (np.abs(spine.left) < STERNUM_HALF_MM)
        before[:max(0, lowest_lung - round(BELOW_LUNG_MM[0] / step))] = False
        markers[before] = STERNUM
    away = np.abs(spine.left) > LATERAL_MM
    for box, part in boxed_components(bone & away, max(2, int(LEAST_MARKER_ML * 1000.0 / step**3))):
        kind = _kind(part, box, spine, lowest_lung, step)
        markers[box][part] = kind
    markers[_shoulders(bone & away, lungs, step)] = SHOULDER
    if not (markers == PELVIS).any():
        markers[markers == SACRUM] = SPINE
    return markers


def _shoulders(bone: Mask, lungs: Mask, step: float) -> Mask:
    """Return what lies too far outside of the upper lungs for a rib: scapulae, clavicles, arms; where lungs are whole.

    The lower angle of a scapula reaches about the middle of the lung; ribs of that height run within 18 mm of it.
    """
    result = np.zeros_like(bone)
    heights = np.flatnonzero(lungs.any(axis=(1, 2)))
    if not heights.size or (heights[-1] - heights[0]) * step < CHEST_MM:
        return result
    start = int(heights[0] + SHOULDER_SHARE * (heights[-1] - heights[0]))
    result[start:] = bone[start:] & (distance_mm(lungs[start:], step, 2.0 * FROM_LUNG_MM) > FROM_LUNG_MM)
    return result


def _kind(part: Mask, box: tuple[slice, slice, slice], spine: Spine, lowest_lung: int | None, step: float) -> int:
    """Tell ribs from hip bones by their height below the lungs, their slope and their size."""
    k, _, i = (places + span.start for places, span in zip(np.nonzero(part), box, strict=True))
    beside = np.abs(spine.left[k, 0, i])
    medial, lateral = beside <= np.percentile(beside, 20.0), beside >= np.percentile(beside, 80.0)
    falls = float(np.mean(k[medial]) - np.mean(k[lateral])) * step > RIB_SLOPE_MM
    size, depth = volume_ml(part, step), float(depth_mm(np.pad(part, 1), step, 12.0).max())
    if lowest_lung is None:
        hip = size > HIP_ML and depth > 5.0
    else:
        below_mm = (lowest_lung - float(np.median(k))) * step
        hip = below_mm > BELOW_LUNG_MM[1] or (below_mm > BELOW_LUNG_MM[0] and not falls)
    if hip:
        return PELVIS
    return RIBS


def _vertebrae(column: Mask, spine: Spine, discs: Discs, step: float) -> Labels:
    """Return the number (1, 2, ... from the feet up) of the vertebra at each voxel of the column.

    Bodies are parted by the discs. Behind them the arches are: they fall into basins at their necks (facet joints),
    and each basin goes to the vertebra that most of it would belong to, arches hanging lower than their bodies.
    """
    result = np.zeros(column.shape, np.int32)
    if not column.any() or discs.stop <= discs.start:
        return result
    box = box_of(column, 1)
    inside = column[box]
    own = numbers_at(discs, spine, box, step)
    depth = depth_mm(inside, step, 15.0)
    relief = SimpleITK.GetImageFromArray(np.where(inside, -depth, 1.0).astype(np.float32))
    basins = SimpleITK.GetArrayFromImage(SimpleITK.MorphologicalWatershed(relief, PROMINENCE_MM, False, False))
    basins = basins.astype(np.int64)
    behind = inside & np.broadcast_to(spine.front[box[0], box[1]] < 6.0, inside.shape)
    top = int(own.max()) + 1
    votes = np.bincount(basins[behind] * top + own[behind], minlength=(int(basins.max()) + 1) * top)
    winner = votes.reshape(-1, top).argmax(axis=1)
    result[box] = np.where(behind, winner[basins], own) * inside
    return result


def _named(kinds: Labels, numbers: Labels, discs: Discs, step: float) -> dict[str, Found]:
    """Name the vertebrae by level and give every part its state."""
    edges = (discs.start, *discs.slices, discs.stop)
    sacrum = kinds == SACRUM
    count = len(edges) - 1 - int(sacrum.any()) if discs.stop > discs.start else 0
    near_rib = distance_mm(kinds == RIBS, step, 12.0) < 6.0
    contact_ml = np.bincount(numbers[near_rib], minlength=count + 1)[1:] * step**3 / 1000.0
    names, told, doubtful = name_levels(
        count, [bool(value > RIB_CONTACT_ML) for value in contact_ml], bool(sacrum.any())
    )
    found: dict[str, Found] = {}
    for number, name in enumerate(names, start=1):
        mask = numbers == number
        if volume_ml(mask, step) < LEAST_PART_ML:
            continue
        rules: tuple[str, ...] = ("level",) if doubtful else ()
        note = told
        if number == count or (number == 1 and not sacrum.any()):
            rules, note = (*rules, "cut"), f"not seen from disc to disc; {told}"
        found[name] = Found(mask, "check" if rules else "ok", note, rules)
    for kind, name in ((RIBS, "ribs"), (PELVIS, "pelvis"), (STERNUM, "sternum"), (SACRUM, "sacrum")):
        mask = kinds == kind
        if volume_ml(mask, step) > LEAST_PART_ML:
            found[name] = Found(mask)
    return found
