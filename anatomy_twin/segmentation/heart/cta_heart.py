"""The segmenter "cta-heart": chambers and great vessels of a heart in CT by the contrast medium in their blood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, next_stage
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.ground.borders import grown_to_half
from anatomy_twin.segmentation.ground.compose import carry, compose, layer_of, mask_of, union_of
from anatomy_twin.segmentation.ground.plausibility import check_ct, check_values
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    dilate_mm,
    make_working_grid,
    volume_ml,
)
from anatomy_twin.segmentation.heart.atrium import divide_atrium
from anatomy_twin.segmentation.heart.naming import RIGHT, Named, name_pools, name_right_side
from anatomy_twin.segmentation.heart.pools import MUSCLE_HU, Pools, blood_level, divide_blood
from anatomy_twin.segmentation.heart.walls import cavity_of, find_gullet, find_muscle, find_root

GRID_MM: Final = 1.5
MIN_EXTENT_MM: Final = (60.0, 120.0, 120.0)
LEAST_BLOOD_ML: Final = 40.0
LEAST_LEVEL_HU: Final = 190.0  # muscle of the heart reads about 100 HU then (assumed)
LEAST_RIGHT_ML: Final = 15.0
ATRIUM_ML: Final = (35.0, 320.0)  # wide on purpose (assumed)
VENTRICLE_ML: Final = (30.0, 350.0)
RIGHT_NOTE: Final = "blood of the right heart mixes: its border follows the contrast medium"


def segment_cta_heart(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Segment a contrast CT of the heart; see ``anatomy_twin.segmentation.segment``.

    Finds ``left_atrium`` with appendage and the first stretch of its veins (up to 10 mm beyond the body), cavity and
    muscle of the left ventricle, ``aorta`` with its root, ``oesophagus`` behind the atrium, and of the right heart what
    contrast medium shows. Raises ``SegmentationError`` in one line for another modality, for a CT without contrast
    medium in the heart and for one that shows no left atrium; ``UsageError`` for seeds or labels, which it does not
    take.
    """
    if seeds or labels is not None:
        raise UsageError("cta-heart takes neither seeds nor labels", advice="outline by grow or random-walker")
    check_ct(volume, "cta-heart", MIN_EXTENT_MM, 16, "the heart with contrast medium")
    check_values(volume)
    monitor.stage("blood")
    grid = make_working_grid(volume, GRID_MM)
    hu = ndimage.gaussian_filter(np.clip(grid.hu, -1024.0, 1500.0), 0.9 / GRID_MM, mode="nearest")
    level, size = blood_level(hu, GRID_MM)
    if size < LEAST_BLOOD_ML:
        raise SegmentationError(
            f"no contrast medium shows in the heart: {size:.0f} ml of wide vessels and chambers are bright",
            advice="give a CT angiography whose left atrium is enhanced, or use ct-thorax",
        )
    if level < LEAST_LEVEL_HU:
        raise SegmentationError(
            f"blood reads {level:.0f} HU, which is too near to muscle of the heart to tell chambers apart by it",
            advice="give a CT angiography in the arterial phase",
        )
    pools = divide_blood(hu, GRID_MM, level)
    named = name_pools(pools)
    if not named.left_atrium or not named.left_ventricle:
        raise SegmentationError(f"no left atrium was found: {named.why}", advice="give a CT angiography of the heart")
    next_stage(monitor, "chambers")
    found, notes = _left_side(hu, pools, named, level)
    next_stage(monitor, "right heart")
    found.update(_right_side(hu, found))
    next_stage(monitor, "walls and oesophagus")
    found.update(_around(hu, found, level))
    notes.insert(0, f"contrast medium: blood of the left heart and aorta reads {level:.0f} HU")
    next_stage(monitor, "voxels of the scan")
    upright = volume.canonical().geometry
    order = sorted(found, key=lambda name: (layer_of(name), _ORDER.index(name) if name in _ORDER else -1))
    native = {name: carry(entry, grid.geometry, upright) for name, entry in found.items()}
    box = tuple(slice(0, size) for size in upright.shape)
    result = compose(volume, upright, (box[0], box[1], box[2]), native, order, notes)
    monitor.progress(1.0)
    return result


_LEFT: Final = ("left_atrium", "left_ventricle")
_ORDER: Final = ("oesophagus", "left_ventricle_myocardium", "superior_vena_cava", "pulmonary_artery", "right_ventricle",
                 "right_atrium", "aorta", "left_ventricle", "left_atrium")


def _left_side(hu: Image, pools: Pools, named: Named, level: float) -> tuple[dict[str, Found], list[str]]:
    """Return left atrium with its parts, cavity of the left ventricle, aorta."""
    atrium = divide_atrium([pools.mask((number,)) for number in named.left_atrium], GRID_MM)
    aorta = pools.mask(named.aorta)
    others = atrium.whole | aorta
    cavity = cavity_of(pools.mask(named.left_ventricle), others, GRID_MM)
    found: dict[str, Found] = {}
    for name, mask in atrium.parts.items():
        found[name] = Found(mask)
    found["left_atrium"] = _sized(Found(atrium.whole), ATRIUM_ML)
    # fat around it is darker than the muscle that the pools were divided by
    free = ~(cavity | atrium.whole | ((pools.labels > 0) & ~aorta))
    found["aorta"] = Found(grown_to_half(hu, aorta, free, level, GRID_MM, rings=1, look_mm=3.0))
    found["left_ventricle"] = _sized(Found(cavity), VENTRICLE_ML)
    if len(named.aorta) == 1:
        found["aorta"] = replace(found["aorta"], state="check", rules=("bridged",),
                                 note="the way from the left ventricle to the descending aorta was not found")
    return found, list(atrium.notes)


def _sized(entry: Found, limits_ml: tuple[float, float]) -> Found:
    """Return an entry with its volume as note, flagged where that is not an adult's."""
    size = volume_ml(entry.mask, GRID_MM) if entry.mask is not None else 0.0
    if limits_ml[0] <= size <= limits_ml[1]:
        return replace(entry, note=f"{size:.0f} ml")
    return replace(entry, state="check", rules=("volume",),
                   note=f"{size:.0f} ml, usual are {limits_ml[0]:.0f} to {limits_ml[1]:.0f} ml")


def _right_side(hu: Image, found: Mapping[str, Found]) -> dict[str, Found]:
    """Return the right heart from what is bright outside the left heart and the aorta, by a level of its own."""
    left = union_of(found, ("left_atrium", "left_ventricle", "aorta"), hu.shape)
    rest = np.where(dilate_mm(left, 1.6, GRID_MM), np.float32(-50.0), hu)
    level, size = blood_level(rest, GRID_MM)
    hidden = "the right heart holds no contrast medium in this phase"
    if size < LEAST_RIGHT_ML:
        return {name: Found.nothing(hidden, "not visible in this phase") for name in RIGHT}
    pools = divide_blood(rest, GRID_MM, level)
    numbers = name_right_side(pools, *(_middle(mask_of(found[name], hu.shape)) for name in _LEFT))
    result = {}
    for name in RIGHT:
        if name not in numbers:
            result[name] = Found.nothing(f"no pool of its own stands out at {level:.0f} HU")
            continue
        result[name] = Found(pools.mask((numbers[name],)) & ~left, "check", RIGHT_NOTE, ("estimated",))
    return result


def _middle(mask: Mask) -> np.ndarray:
    return np.array([axis.mean() for axis in np.nonzero(mask)]) * GRID_MM


def _around(hu: Image, found: Mapping[str, Found], level: float) -> dict[str, Found]:
    """Return muscle of the left ventricle, root of the aorta and oesophagus."""
    blood = union_of(found, [name for name in found if name in _ORDER], hu.shape)
    atrium, aorta, cavity = (mask_of(found[name], hu.shape) for name in ("left_atrium", "aorta", "left_ventricle"))
    limit = 0.5 * (level + MUSCLE_HU)
    return {
        "left_ventricle_myocardium": find_muscle(hu, cavity, blood & ~cavity, atrium | aorta, limit, GRID_MM),
        "aortic_root": find_root(aorta, cavity, GRID_MM),
        "oesophagus": find_gullet(hu, atrium, aorta, blood, GRID_MM),
    }
