"""What a chest should look like: alarms about volume, sides and borders, and the contrast phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from anatomy_twin.core import Volume
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.rules import flag, flagged, judge_scan
from anatomy_twin.segmentation.ground.working_grid import Found, Image, Mask, dilate_mm, volume_ml
from anatomy_twin.segmentation.thorax.ground import ThoraxGround

FLUID_MM: Final = 80.0  # healthy lungs leave 30 to 57 mm at the back, at the apex and below the dome
LUNG_ML: Final = (700.0, 4500.0)  # one lung of an adult, from full expiration to full inspiration
BETWEEN: Final = ("heart", "aorta", "oesophagus")
LATERAL: Final = ("lung_right", "lung_left", "heart", "aorta")


def chest_phase(aorta_hu: float | None) -> Phase:
    """Return the contrast phase of a chest from the median HU of the aorta.

    Below 90 HU native; above 220 arterial; between them the medium has mixed ("portal venous", as abdominal scans of
    that time are called).
    """
    if aorta_hu is None:
        return Phase("unknown", None, None, "the aorta was not measured")
    name = "native" if aorta_hu < 90.0 else "arterial" if aorta_hu > 220.0 else "portal venous"
    return Phase(name, aorta_hu, None, f"aorta {aorta_hu:.0f} HU")


def check_lungs(found: dict[str, Found], spacing_mm: float, whole_height: tuple[bool, bool]) -> list[str]:
    """Flag lungs that are cut, too small, too large or very unlike each other; return lines for the reader.

    ``whole_height`` tells whether the scan goes on below and above the lungs.
    """
    lines = []
    sizes = {}
    for name in ("lung_right", "lung_left"):
        entry = found[name]
        if entry.absent:
            lines.append(f"{name}: {entry.note}; removed, collapsed, filled with fluid or outside the field")
            continue
        size = volume_ml(entry.mask, spacing_mm)
        sizes[name] = size
        cut = _cut(entry.mask) or not all(whole_height)
        if cut:
            words = "cut by the border of the scan: the volume is that of the part in view"
            found[name] = flagged(found[name], "cut", words)
            for other in ("pulmonary_vessels", "oesophagus"):
                if other in found:
                    found[other] = flagged(found[other], "cut", "only a part of the chest is in view")
        if size > LUNG_ML[1] or (size < LUNG_ML[0] and not cut):
            words = f"{size:.0f} ml is outside the {LUNG_ML[0]:.0f} to {LUNG_ML[1]:.0f} ml of an adult's lung"
            found[name] = flagged(found[name], "volume", words)
    if sizes and not whole_height[1]:
        lines.append("the scan ends below the tops of the lungs: give a scan of the whole chest for whole lungs")
    if len(sizes) == 2:
        share = sizes["lung_left"] / (sizes["lung_left"] + sizes["lung_right"])
        if not 0.33 <= share <= 0.62:
            words = f"the left lung holds {100 * share:.0f} % of both, 40 to 52 % are usual"
            for name in sizes:
                found[name] = flagged(found[name], "volume", words)
    return lines


def check_scan(volume: Volume, found: dict[str, Found], inner: dict[str, Found], ground: ThoraxGround) -> list[str]:
    """Flag what noise, metal, the field or fluid behind a lung make doubtful; return lines for the reader.

    ``found`` lies on the working grid, ``inner`` on a finer one.
    """
    lungs = {name: Found(ground.lungs) for name in ("lung_right", "lung_left")}
    told, lines = judge_scan(volume, {**found, **lungs}, ground.grid.hu, ground.body.mask, ground.frame)
    for entries in (found, inner):
        entries.update(flag(entries, told))
    if not ground.windpipe.any():
        lines.append("no windpipe: the scan shows the lower chest or the abdomen; ct-abdomen reads abdomens")
    missing = [name for name in lungs if name in inner and inner[name].absent]
    for name in missing:
        words = f"{name.replace('_', ' ')} is missing: what lies between the lungs may be shifted"
        for entries in (found, inner):
            entries.update({n: flagged(entries[n], "lung missing", words) for n in BETWEEN if n in entries})
    for name, height_mm in behind_lungs(ground).items():
        if height_mm >= FLUID_MM and name in inner:
            words = f"over {height_mm:.0f} mm of height no lung lies along the back: fluid, collapse or a tumour there"
            inner[name] = flagged(inner[name], "fluid", words)
            if not inner[name].absent:
                lines.append(f"{name}: {words}")
    return lines


def behind_lungs(ground: ThoraxGround) -> Mapping[str, float]:
    """Return for each lung over how many mm of height the back of the chest beside it holds no lung.

    Fluid gathers at the back of a patient who lies on it, and collapsed lung with it. Of slices in which a lung
    measures 15 cm2 or more those count in which less than 30 % of the band 3 to 12 mm inside the back wall, 45 to
    100 mm beside the spine, is lung; of a healthy lung only the apex and the lowest slices do.
    """
    step, frame, depth = ground.spacing_mm, ground.frame, ground.cavity_depth
    lungs = dilate_mm(ground.lungs, step, step)
    result = {}
    for name, side in (("lung_right", -1.0), ("lung_left", 1.0)):
        aside = frame.left_mm * side
        back = (depth > 3.0) & (depth < 12.0) & (aside > 45.0) & (aside < 100.0) & (frame.front_mm < 15.0)
        own = (ground.lungs & (aside > 0.0)).sum(axis=(1, 2)) * step**2
        share = (back & lungs).sum(axis=(1, 2)) / np.maximum(back.sum(axis=(1, 2)), 1)
        counted = (own > 1500.0) & (share < 0.3) & (back.sum(axis=(1, 2)) * step**2 > 200.0)
        result[name] = float(np.count_nonzero(counted)) * step
    return result


def _cut(mask: Mask) -> bool:
    """Tell whether more than a few voxels lie on a side of the array."""
    rims = (mask[:, 0], mask[:, -1], mask[:, :, 0], mask[:, :, -1])
    return any(int(rim.sum()) > 30 for rim in rims)


def check_sides(found: dict[str, Found], ground: ThoraxGround, heart: Mask, down_left_mm: float | None) -> list[str]:
    """Flag a mirrored chest and never relabel it: apex and aorta on the right, liver under the left dome.

    ``heart`` is on the working grid, ``down_left_mm`` the place of the descending aorta left of the spine. One cue
    flags the organ it speaks about; two flag all organs that have a side.
    """
    cues: dict[str, str] = {}
    cut = cut_side(ground)
    if cut:
        words = f"the trunk is cut at its {cut} side: which lung is the right one is assumed"
        for name in ("lung_right", "lung_left"):
            found[name] = flagged(flagged(found[name], "cut", words), "laterality", "sides assumed")
        return [f"{words}; organs in the middle may be missing"]
    middle = _middle_mm(ground)
    if heart.any():
        place = float(np.mean(np.broadcast_to(ground.frame.left_mm, heart.shape)[heart])) - middle
        if place < -8.0:
            cues["heart"] = f"the heart lies {-place:.0f} mm to the right of the middle"
    if down_left_mm is not None and down_left_mm < -12.0:
        cues["aorta"] = f"the descending aorta lies {-down_left_mm:.0f} mm to the right of the spine"
    shares = _under_domes(ground)
    if shares is not None and shares[1] > shares[0] + 0.2:
        cues["liver"] = "the solid organ lies under the left dome of the diaphragm, gas and fat under the right one"
    if not cues:
        return []
    names = LATERAL if len(cues) > 1 else tuple(cues)
    words = " and ".join(cues.values())
    for name in names:
        if name in found:
            found[name] = flagged(found[name], "laterality", words)
    meaning = "situs inversus or a scan with its sides exchanged" if len(cues) > 1 else "unusual, or sides exchanged"
    return [f"laterality: {words}: {meaning}; nothing was relabelled"]


def cut_side(ground: ThoraxGround) -> str:
    """Return "right" or "left" where the field cuts the trunk on that side only, else nothing.

    Arms out of the field touch both sides, or little; half a chest touches one with most of its depth.
    """
    levels = ground.lungs.any(axis=(1, 2))
    body = ground.body.mask[levels]
    if not body.any():
        return ""
    filled = np.flatnonzero(body.any(axis=(0, 1)))
    depth = max(1.0, float(np.mean(body.any(axis=2).sum(axis=1))))
    first, last = (float(np.mean(body[:, :, n].sum(axis=1))) / depth for n in (filled[0], filled[-1]))
    if max(first, last) > 0.5 and min(first, last) < 0.35:
        return "right" if first > last else "left"
    return ""


def _middle_mm(ground: ThoraxGround) -> float:
    """Return the middle of the trunk in mm left of the spine, at the levels of the lungs."""
    levels = ground.lungs.any(axis=(1, 2))
    left = np.broadcast_to(ground.frame.left_mm, ground.hu.shape)
    inside = ground.body.mask & levels[:, None, None]
    return float(np.mean(left[inside])) if inside.any() else 0.0


def _under_domes(ground: ThoraxGround) -> tuple[float, float] | None:
    """Return the share of solid tissue (15 to 200 HU) 8 to 45 mm below right and left dome; None if unseen."""
    step = ground.spacing_mm
    lungs, hu = ground.lungs, ground.hu
    column = lungs.any(axis=0)
    lowest = np.argmax(lungs, axis=0)
    left = np.broadcast_to(ground.frame.left_mm, hu.shape)[int(np.median(np.flatnonzero(lungs.any(axis=(1, 2)))))]
    front = np.broadcast_to(ground.frame.front_mm, hu.shape)[:, :, 0]
    frontal = (front[int(np.median(np.flatnonzero(lungs.any(axis=(1, 2)))))] > 30.0)[:, None]
    shares = []
    for side in (left < -45.0, left > 45.0):
        values = []
        for j, i in np.argwhere(column & side & frontal)[::3]:
            high = lowest[j, i] - round(8.0 / step)
            low = max(0, lowest[j, i] - round(45.0 / step))
            if high - low >= round(20.0 / step):
                values.append(hu[low:high, j, i])
        if len(values) < 25:
            return None
        line = np.concatenate(values)
        shares.append(float(np.mean((line > 15.0) & (line < 200.0))))
    return shares[0], shares[1]


def lung_heights(ground: ThoraxGround) -> tuple[bool, bool]:
    """Tell whether the scan goes on below and above the lungs."""
    areas = ground.lungs.sum(axis=(1, 2)) * ground.spacing_mm**2
    return bool(areas[0] < 300.0), bool(areas[-1] < 300.0)


def column_mm(frame: SpineFrame, points: Image) -> float:
    """Return the median place of points (n, 3 in voxels) in mm left of the spine."""
    k = np.clip(np.rint(points[:, 0]).astype(int), 0, frame.x_mm.size - 1)
    return float(np.median(points[:, 2] * frame.spacing_mm - frame.x_mm[k]))
