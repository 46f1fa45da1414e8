"""The segmenter "lge-left-atrium": cavity, wall and fibrosis of the left atrium in late-enhancement MR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry, next_stage
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.ground.compose import carry, compose
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    WorkingGrid,
    depth_mm,
    dilate_mm,
    make_working_grid,
    open_mm,
    resample_mask,
    volume_ml,
)
from anatomy_twin.segmentation.heart.atrium import divide_atrium
from anatomy_twin.segmentation.heart.enhancement import (
    BETTER,
    Blood,
    Wall,
    displacement_mm,
    find_wall,
    measure_blood,
)
from anatomy_twin.segmentation.heart.naming import name_pools
from anatomy_twin.segmentation.heart.pools import MUSCLE_HU, divide_blood

GRID_MM: Final = 1.0
POOL_MM: Final = 1.25
LIKE_CT_HU: Final = 350.0  # blood, when the image is scaled to look like a contrast CT
DARK: Final = 0.35  # muscle, as a share of blood
SCAR: Final = 1.17
RIM_MM: Final = 1.9
RING_MM: Final = 3.0  # muscle of the ventricle around the mitral valve
CAVITY_ML: Final = (35.0, 320.0)
MOST_SHIFT_MM: Final = 3.5
COARSE_MM: Final = 4.0


def segment_lge_left_atrium(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT,
    argument: str = "",
) -> LabelMap:
    """Segment the left atrium in late-enhancement MR; see ``anatomy_twin.segmentation.segment``.

    Parameters
    ----------
    labels : labels with ``left_atrium`` that lie on this image (drawn on it, or carried over by a registration). They
        give the cavity; without them it is looked for as the rearmost wide pool of blood.
    argument : the threshold, "iir" or "iir=1.32" (ratio of the wall to blood), "sd=3" (standard deviations of blood
        over its mean). Without one, the ratio 1.2; all defaults come from ``catalog/enhancement.json`` and are
        unverified.

    Returns ``left_atrium`` (with parts where it was found here), ``left_atrium_wall`` (a shell of assumed thickness
    without the openings) and ``left_atrial_fibrosis`` as its part. Notes give the share of the wall at every threshold
    of the catalogue. Raises ``SegmentationError`` for another modality, for an image without a bright pool where the
    atrium lies, and where the labels do not lie on the image, with the mm by which they are off.
    """
    if seeds:
        raise UsageError("lge-left-atrium takes no seeds", advice="give labels with left_atrium, or nothing")
    rule = _rule(argument)
    _check(volume)
    monitor.stage("cavity")
    grid = _sharp(volume, make_working_grid(volume, GRID_MM).geometry)
    if labels is not None:
        found, others = _given(volume, labels, grid)
        notes = ["cavity taken from the labels that were given"]
    else:
        found, others, notes = _looked_for(volume, grid)
    cavity = found["left_atrium"].mask
    assert cavity is not None
    size = volume_ml(cavity, GRID_MM)
    if not CAVITY_ML[0] <= size <= CAVITY_ML[1]:
        found["left_atrium"] = Found(cavity, "check", f"{size:.0f} ml, not an adult's", ("volume",))
    next_stage(monitor, "wall and fibrosis")
    facts = catalog.load("enhancement")
    blood = measure_blood(grid.hu, cavity, GRID_MM)
    wall = find_wall(blood.ratio, cavity, others, facts["wall_mm"], facts["look_mm"], GRID_MM)
    if not wall.mask.any():
        raise SegmentationError("no wall stands out around the left atrium: all around it reads like blood",
                                advice="give a late-enhancement image, in which healthy muscle is dark")
    note = f"shell of {facts['wall_mm']:g} mm around the cavity without its openings (assumed thickness)"
    found["left_atrium_wall"] = Found(wall.mask, "check", note, ("estimated",))
    limit, words = _limit(rule, blood)
    scar = wall.mask & (wall.peak > limit)
    share = _share(wall, limit)
    found["left_atrial_fibrosis"] = (
        Found(scar, "check", f"{100 * share:.1f} % of the wall by {words} (unverified threshold)", ("estimated",))
        if scar.any() else Found.nothing(f"no part of the wall lies above {words}")
    )
    notes += [f"blood reads {blood.mean:.0f} with a standard deviation of {blood.spread:.1f}", *_table(wall, blood)]
    next_stage(monitor, "voxels of the scan")
    upright = volume.canonical().geometry
    native = {name: carry(entry, grid.geometry, upright) for name, entry in found.items()}
    order = ["left_atrium_wall", "left_atrium", *(n for n in native if n.startswith(("left_atrial_app", "pulm"))),
             "left_atrial_fibrosis"]
    sides = [slice(0, count) for count in upright.shape]
    result = compose(volume, upright, (sides[0], sides[1], sides[2]), native, order, notes)
    monitor.progress(1.0)
    return result


def _rule(argument: str) -> tuple[str, float]:
    """Return the kind of threshold ("iir", "sd") and its value."""
    kind, _, text = (argument or "iir").partition("=")
    facts = catalog.load("enhancement")
    defaults = {"iir": facts["intensity_ratio"]["interstitial"]["value"],
                "sd": facts["standard_deviations"]["middle"]["value"]}
    advice = "write lge-left-atrium:iir=1.2 or lge-left-atrium:sd=3"
    if kind not in defaults:
        raise UsageError(f"lge-left-atrium knows no threshold {argument!r}", advice=advice)
    try:
        value = float(text) if text else float(defaults[kind])
    except ValueError as error:
        raise UsageError(f"{text!r} is no number for a threshold", advice=advice) from error
    if not 0.5 <= value <= 10.0:
        raise UsageError(f"a threshold of {value:g} means nothing", advice=advice)
    return kind, value


def _check(volume: Volume) -> None:
    """Refuse what is no MR, holds voxels without a number, or is too coarse for a wall of 2 to 3 mm."""
    if volume.modality != "MR":
        kind = volume.modality or "an image of unknown kind"
        raise SegmentationError(f"the segmenter lge-left-atrium reads late-enhancement MR, this volume is {kind}",
                                advice="give the MR series, or use cta-heart for a contrast CT")
    if not np.isfinite(volume.array).all():
        raise SegmentationError("some voxels of the volume hold no number", advice="read the series from its DICOM"
                                " files")
    if max(volume.geometry.spacing_mm) > COARSE_MM:
        raise SegmentationError(
            f"voxels of {max(volume.geometry.spacing_mm):.1f} mm cannot show a wall of 2 to 3 mm",
            advice="give the three-dimensional late-enhancement series",
        )


def _sharp(volume: Volume, geometry: VolumeGeometry) -> WorkingGrid:
    """Return the image on a grid by cubic splines: linear steps would blur a wall of one or two voxels."""
    upright = volume.canonical()
    start = upright.geometry.to_index(geometry.to_world((0.0, 0.0, 0.0)))
    lines = [first + np.arange(count) * (GRID_MM / step)
             for first, count, step in zip(start, geometry.shape, upright.geometry.spacing_mm, strict=True)]
    places = np.stack(np.meshgrid(*lines, indexing="ij")).astype(np.float32)
    image = ndimage.map_coordinates(np.asarray(upright.array, np.float32), places, order=3, mode="nearest")
    return WorkingGrid(image.astype(np.float32), geometry)


def _given(volume: Volume, labels: LabelMap, grid: WorkingGrid) -> tuple[dict[str, Found], Mask]:
    """Return the cavity of the labels on the working grid, refused where it does not fit the image, and what else lies
    around it: the left ventricle, where the labels hold it.
    """
    if "left_atrium" not in labels:
        raise UsageError("the labels hold no left_atrium", advice="segment the CT by cta-heart and carry it over")
    if not labels.geometry.is_close(volume.geometry):
        raise SegmentationError(
            "the labels lie on another grid than this image",
            advice="register the CT to the MR and carry its labels over, or draw the atrium on the MR",
        )
    order, flips = volume.geometry.canonical_axes()
    upright = labels.reindexed(order, flips)

    def carried(name: str) -> Mask:
        return resample_mask(np.ascontiguousarray(upright.mask(name)), upright.geometry, grid.geometry)

    cavity = carried("left_atrium")
    off, better = displacement_mm(grid.hu, cavity, GRID_MM)
    if off > MOST_SHIFT_MM and better > BETTER:
        raise SegmentationError(
            f"the labels do not lie on the atrium of this image: they fit better about {off:.0f} mm away",
            advice="register the CT to this MR and carry its labels over",
        )
    segment = labels.segment("left_atrium")
    others = np.zeros(cavity.shape, bool)
    for name in ("left_ventricle", "left_ventricle_myocardium"):
        if name in labels:
            others |= carried(name)
    state = "check" if segment.state == "check" else "ok"
    return {"left_atrium": Found(cavity, state, segment.note, segment.rules)}, others


def _looked_for(volume: Volume, grid: WorkingGrid) -> tuple[dict[str, Found], Mask, list[str]]:
    """Return cavity and parts found as the rearmost wide pool of blood, on the working grid; and what is no wall.

    That is blood of the ventricle with the ring of its valve, and the veins beyond their stumps.
    """
    coarse = make_working_grid(volume, POOL_MM)
    image = ndimage.gaussian_filter(coarse.hu, 0.7 / POOL_MM, mode="nearest")
    level = _blood_signal(image)
    like = MUSCLE_HU + (LIKE_CT_HU - MUSCLE_HU) * (image / level - DARK) / (1.0 - DARK)
    # scar is brighter than blood: it is wall
    like[image > SCAR * level] = -50.0
    # and the blurred outer face of a scar reads like blood again: a rim, thinner than any vein
    like[~open_mm(like > 0.5 * (LIKE_CT_HU + MUSCLE_HU), RIM_MM, POOL_MM)] = -50.0
    pools = divide_blood(like.astype(np.float32), POOL_MM, LIKE_CT_HU)
    named = name_pools(pools)
    if not named.left_atrium or not named.left_ventricle:
        raise SegmentationError(
            f"no left atrium was found in this image: {named.why}",
            advice="give labels with left_atrium that lie on it",
        )
    atrium = divide_atrium([pools.mask((number,)) for number in named.left_atrium], POOL_MM)
    found = {}
    for name, mask in {"left_atrium": atrium.whole, **atrium.parts}.items():
        found[name] = Found(resample_mask(mask, coarse.geometry, grid.geometry))
    others = dilate_mm(pools.mask(named.left_ventricle), RING_MM, POOL_MM) | pools.mask(named.left_atrium)
    others = resample_mask(others & ~atrium.whole, coarse.geometry, grid.geometry)
    return found, others, ["cavity found as the rearmost wide pool of blood", *atrium.notes]


def _blood_signal(image: Image) -> float:
    """Return the median of wide bright regions: blood of the chambers, as fat is suppressed."""
    bright = image > 0.45 * float(np.percentile(image, 99.5))
    deep = depth_mm(bright, POOL_MM, 9.0) > 7.5
    if deep.sum() * POOL_MM**3 < 20_000.0:
        raise SegmentationError("no wide bright region of blood shows in this image",
                                advice="give a late-enhancement MR of the heart")
    return float(np.median(image[deep]))


def _limit(rule: tuple[str, float], blood: Blood) -> tuple[float, str]:
    """Return a threshold as a ratio to blood, and in words."""
    kind, value = rule
    if kind == "iir":
        return value, f"intensity ratio {value:g}"
    return 1.0 + value * blood.spread / blood.mean, f"{value:g} standard deviations over blood"


def _share(wall: Wall, limit: float) -> float:
    return float(np.count_nonzero(wall.peak[wall.mask] > limit)) / float(np.count_nonzero(wall.mask))


def _table(wall: Wall, blood: Blood) -> list[str]:
    """Return one line with the share of the wall above each threshold of the catalogue."""
    facts = catalog.load("enhancement")
    rules = [("iir", entry["value"]) for entry in facts["intensity_ratio"].values()]
    rules += [("sd", entry["value"]) for entry in facts["standard_deviations"].values()]
    parts = []
    for rule in rules:
        limit, words = _limit(rule, blood)
        parts.append(f"{words}: {100 * _share(wall, limit):.1f} %")
    return ["share of the wall by unverified thresholds: " + "; ".join(parts)]

