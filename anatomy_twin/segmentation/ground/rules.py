"""Rules that a found organ has to obey: size, density, side, neighbours. They flag, they do not hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.bones.vertebrae import counted_past
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import Box, Found, Image, Mask, box_of, distance_mm, volume_ml

# ml, wide on purpose: common adult ranges with room (assumed)
VOLUME_ML: Final[Mapping[str, tuple[float, float]]] = {
    "liver": (900.0, 2600.0), "spleen": (60.0, 450.0), "kidney_right": (80.0, 330.0), "kidney_left": (80.0, 330.0),
    "gallbladder": (3.0, 150.0), "pancreas": (25.0, 180.0), "stomach": (40.0, 1800.0), "heart": (0.0, 1400.0),
    "aorta": (0.0, 350.0), "inferior_vena_cava": (0.0, 220.0), "lung_right": (0.0, 5000.0), "lung_left": (0.0, 5000.0),
}
# HU of the median by contrast phase (assumed, wide: fat in the liver, dose and delay move them)
DENSITY_HU: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "native": {
        "liver": (20.0, 80.0), "spleen": (25.0, 70.0), "kidney_right": (10.0, 55.0), "kidney_left": (10.0, 55.0),
        "aorta": (15.0, 85.0), "inferior_vena_cava": (15.0, 75.0),
    },
    "arterial": {
        "liver": (35.0, 120.0), "spleen": (50.0, 250.0), "kidney_right": (50.0, 330.0), "kidney_left": (50.0, 330.0),
    },
    "portal venous": {
        "liver": (70.0, 160.0), "spleen": (75.0, 190.0), "kidney_right": (90.0, 280.0), "kidney_left": (90.0, 280.0),
        "inferior_vena_cava": (60.0, 220.0),
    },
}
# side of the middle of the organ: mm left of the spine, least and most
SIDE_MM: Final[Mapping[str, tuple[float, float]]] = {
    "liver": (-130.0, -8.0), "gallbladder": (-130.0, 20.0), "spleen": (25.0, 170.0), "kidney_right": (-130.0, -20.0),
    "kidney_left": (20.0, 130.0), "inferior_vena_cava": (-60.0, 8.0), "aorta": (-20.0, 60.0), "stomach": (-30.0, 150.0),
    "heart": (-35.0, 90.0),
}
METAL_HU: Final = 2000.0  # stones and cortical bone stay below 1900 HU, steel and titanium reach the end of the scale
METAL_ML: Final = 0.3
METAL_REACH_MM: Final = 6.0
METAL_NEAR_MM: Final = 50.0
STREAKY: Final = (1.5, 5.0)
NOISY_HU: Final = 30.0
THICK_MM: Final = 4.5
COARSE_MM: Final = 3.5  # pixels of a CT are below 1 mm, those of one made for a PET up to 5 mm
# organ -> structures it lies against, and how near
BESIDE_MM: Final[Mapping[str, tuple[tuple[str, ...], float]]] = {
    "gallbladder": (("liver",), 6.0), "inferior_vena_cava": (("liver",), 12.0), "portal_vein": (("liver",), 10.0),
    "pancreas": (("portal_vein", "aorta", "inferior_vena_cava", "duodenum", "spleen"), 40.0),
}
WHOLE: Final = ("liver", "spleen", "kidney_right", "kidney_left", "gallbladder", "pancreas", "stomach")
SMALL: Final = ("gallbladder", "pancreas", "portal_vein", "duodenum", "inferior_vena_cava", "bile_duct", "airways",
                "pulmonary_vessels", "oesophagus")
SOLID: Final = ("liver", "spleen", "kidney_right", "kidney_left", "heart", "pancreas", "aorta", "inferior_vena_cava")
AIR_HU, BONE_HU = -200.0, 600.0
STRANGE_SHARE: Final = 0.03
PIECE_SHARE: Final = 0.08
# a gallbladder lies at the liver's underside: fat or bowel touches a part of it, of a small one a larger part
ENCLOSED_SHARE: Final = 0.88
SMALL_ENCLOSED_SHARE: Final = 0.7
SMALL_ML: Final = 14.0
MOTTLED_HU: Final = 20.0
SHADED: Final = ("liver", "spleen", "kidney_right", "kidney_left", "gallbladder", "stomach", "inferior_vena_cava")
SIDE_CUT: Final = ("body", "skin", "fat", "subcutaneous_fat", "visceral_fat", "muscle", "bone", "ribs", "lung_right",
                   "lung_left")  # fmt: skip
SIDE_CUT_CM2: Final = 10.0
CUT_BONES: Final = ("pelvis", "sacrum", "sternum")
UNLIKE_NEIGHBOURS: Final = (0.6, 1.4)  # a vertebra is within a few per cent of its neighbours
RIB_END_MM: Final = 9.0
ABOVE_MM: Final = 30.0
FRONT_SHARE: Final = 0.45


def judge(found: Mapping[str, Found], hu: Image, frame: SpineFrame, phase: Phase) -> dict[str, list[tuple[str, str]]]:
    """Return for each organ the rules that speak against it, as (rule, words).

    Parameters
    ----------
    found : organs on the working grid; ``hu`` the image [k, j, i] and ``frame`` the spine on it.

    Rules: "volume" (outside what adults have, where the organ is whole), "cut" (reaches the border of the scan, so
    its volume is that of the part in view), "density" (median HU unusual for the phase), "laterality" (middle on the
    wrong side of the spine), "adjacency" (away from the structure it lies against), "air or bone" (more than 3 % of it
    is gas or dense bone), "pieces" (a second piece of more than 8 %), "enclosed" (a gallbladder inside the liver),
    "mottled" (a spleen that the contrast medium has not filled evenly yet), "incomplete" (an aorta that begins more
    than 30 mm below the top of the scan: it runs through every level above its division).
    """
    step = frame.spacing_mm
    present = {name: entry.mask for name, entry in found.items() if entry.mask is not None and entry.mask.any()}
    result: dict[str, list[tuple[str, str]]] = {}
    for name, mask in present.items():
        told = [*_size(name, mask, step), *_density(name, mask, hu, phase), *_side(name, mask, frame)]
        told += [*_neighbours(name, mask, present, step), *_content(name, mask, hu), *_pieces(name, mask)]
        told += [*_enclosed(name, mask, present, step), *_mottled(name, mask, hu, phase), *_course(name, mask, step)]
        if told:
            result[name] = told
    return result


def judge_scan(
    volume: Volume, found: Mapping[str, Found], hu: Image, body: Mask, frame: SpineFrame, arms: bool = False
) -> tuple[dict[str, list[tuple[str, str]]], list[str]]:
    """Return what speaks against organs because of the scan itself, and lines for the reader.

    "metal": organs in the slices of more than 0.3 ml above 2000 HU inside the body (6 mm more or less), where they lie
    within 50 mm of it or streaks reach them: there they are rougher than in other slices. "noise": small structures
    where the noise (median absolute difference of neighbouring voxels in the body, scaled to a standard deviation)
    exceeds 30 HU. "coarse": vessels and small structures where pixels exceed 3.5 mm; slices above 4.5 mm are told in
    a line only. "shading": organs whose grey values arms beside the trunk (``arms``) darken.
    """
    step = frame.spacing_mm
    lines: list[str] = []
    told: dict[str, list[tuple[str, str]]] = {}
    upright = volume.canonical()
    noise = _noise_hu(upright)
    if noise > NOISY_HU:
        lines.append(f"heavy noise: standard deviation of about {noise:.0f} HU between neighbouring voxels")
        for name in SMALL:
            told[name] = [("noise", f"the scan is noisy ({noise:.0f} HU)")]
    if upright.geometry.spacing_mm[0] > THICK_MM:
        lines.append(f"thick slices: {upright.geometry.spacing_mm[0]:.1f} mm, small structures are lost")
    pixel_mm = max(upright.geometry.spacing_mm[1:])
    if pixel_mm > COARSE_MM:
        lines.append(f"coarse pixels: {pixel_mm:.1f} mm, vessels and small structures are lost")
        for name in (*SMALL, "aorta"):
            told.setdefault(name, []).append(("coarse", f"drawn on pixels of {pixel_mm:.1f} mm"))
    if arms:
        for name in SHADED:
            words = "arms beside the trunk shade the picture: its border is less sure"
            told.setdefault(name, []).append(("shading", words))
    metal = (hu > METAL_HU) & body
    if volume_ml(metal, step) > METAL_ML:
        lines.append(f"metal in the field: {volume_ml(metal, step):.1f} ml above {METAL_HU:.0f} HU, streaks around it")
        for name in _reached_by_metal(metal, found, hu, step):
            told.setdefault(name, []).append(("metal", "streaks of metal run through it"))
    return told, lines


def _reached_by_metal(metal: Mask, found: Mapping[str, Found], hu: Image, step: float) -> list[str]:
    """Return the structures that lie near metal or are rougher in its slices than in the others."""
    slices = ndimage.binary_dilation(metal.any(axis=(1, 2)), iterations=max(1, round(METAL_REACH_MM / step)))
    near = distance_mm(metal, step, METAL_NEAR_MM + step) <= METAL_NEAR_MM
    rough = np.abs(hu - ndimage.uniform_filter(hu, (0, 3, 3)))
    reached = []
    for name, entry in found.items():
        if entry.mask is None or not entry.mask[slices].any():
            continue
        inner = ndimage.binary_erosion(entry.mask)
        there, elsewhere = rough[slices][inner[slices]], rough[~slices][inner[~slices]]
        streaky = (
            min(there.size, elsewhere.size) >= 50
            and float(np.mean(there)) > STREAKY[0] * float(np.mean(elsewhere)) + STREAKY[1]
        )
        if streaky or (entry.mask & near)[slices].any():
            reached.append(name)
    return reached


def judge_orientation(found: Mapping[str, Found], body: Mask, step: float) -> tuple[dict[str, list[tuple[str, str]]],
                                                                                    list[str]]:  # fmt: skip
    """Return what speaks against every organ, as ``judge_scan`` does, where the scan lies otherwise than it says.

    Upside down: lungs lie more than 30 mm lower than liver or kidneys. Back to front: the middle of the bones lies in
    the front 45 % of the body (the spine makes it lie behind the middle).
    """
    words = []
    lungs = [found[name].mask for name in ("lung_right", "lung_left") if name in found and not found[name].absent]
    organs = [found[name].mask for name in ("liver", "kidney_right", "kidney_left")
              if name in found and not found[name].absent]  # fmt: skip
    if lungs and organs:
        above = min(_height(mask) for mask in lungs) - max(_height(mask) for mask in organs)
        if above * step < -ABOVE_MM:
            words.append("the lungs lie below liver or kidneys: the scan is upside down or its header is wrong")
    bone = found["bone"].mask if "bone" in found else None
    if bone is not None and bone.any():
        rows = np.flatnonzero(body.any(axis=(0, 2)))
        place = (float(np.mean(np.nonzero(bone)[1])) - rows[0]) / max(1, rows[-1] - rows[0])
        if place < FRONT_SHARE:
            words.append("most bone lies in front: front and back are exchanged or the header is wrong")
    told = {name: [("orientation", line) for line in words] for name, entry in found.items() if not entry.absent}
    return (told if words else {}), words


def _height(mask: Mask | None) -> float:
    return 0.0 if mask is None else float(np.mean(np.flatnonzero(mask.any(axis=(1, 2)))))


def judge_bones(parts: Mapping[str, Found], spacing_mm: tuple[float, float, float]) -> dict[str, list[tuple[str, str]]]:
    """Return what speaks against parts of the skeleton, as ``judge`` does for organs.

    Parameters
    ----------
    parts : bones on one grid [k, j, i] (k to the head) of ``spacing_mm``, whose first and last slice are the scan's.

    "cut": pelvis, sacrum or sternum reach the border of the scan. "level": ribs reach the lower border, so the lowest
    rib, from which vertebrae are counted, may lie below the scan. "volume": a whole vertebra that is far larger or
    smaller than those beside it; where it is larger, those counted past it are told "level".
    """
    told: dict[str, list[tuple[str, str]]] = {}
    masks = {name: entry.mask for name, entry in parts.items() if entry.mask is not None and entry.mask.any()}
    for name in CUT_BONES:
        if name in masks and (masks[name][0].any() or masks[name][-1].any()):
            told[name] = [("cut", "cut by the border of the scan")]
    spine = [name for name in masks if name.startswith("vertebra_")]
    low = max(1, round(RIB_END_MM / spacing_mm[0]))
    if "ribs" in masks and masks["ribs"][:low].any():
        for name in spine:
            told.setdefault(name, []).append(
                ("level", "ribs reach the lower border of the scan: the lowest may lie below, its number is a guess")
            )
    whole = [name for name in spine if "cut" not in parts[name].rules]
    whole.sort(key=lambda name: float(np.mean(np.flatnonzero(masks[name].any(axis=(1, 2))))))
    sizes = [int(np.count_nonzero(masks[name])) * float(np.prod(spacing_mm)) / 1000.0 for name in whole]
    for n, name in enumerate(whole):
        beside = sorted(sizes[max(0, n - 2):n] + sizes[n + 1:n + 3])
        usual = beside[(len(beside) - 1) // 2] if beside else sizes[n]
        if not UNLIKE_NEIGHBOURS[0] * usual <= sizes[n] <= UNLIKE_NEIGHBOURS[1] * usual:
            words = f"{sizes[n]:.0f} ml beside vertebrae of {usual:.0f} ml: not parted well"
            told.setdefault(name, []).append(("volume", words))
            if sizes[n] > usual:
                for other in counted_past(name, spine, "sacrum" in parts[name].note):
                    told.setdefault(other, []).append(("level", f"counted past {name[9:].upper()}, which may be two"))
    return told


def judge_sides(
    found: Mapping[str, Found], geometry: VolumeGeometry, box: Box
) -> dict[str, list[tuple[str, str]]]:
    """Return what the sides of the field of view cut on more than 10 cm2, under the rule "cut".

    Parameters
    ----------
    found : structures on the block ``box`` of the scan's upright grid ``geometry``. Ends of the scan do not count:
        the trunk runs on beyond them in every scan.
    """
    step = geometry.spacing_mm
    sides = [(axis, end) for axis in (1, 2) for end, at in ((0, box[axis].start == 0),
                                                            (-1, box[axis].stop == geometry.shape[axis])) if at]
    told: dict[str, list[tuple[str, str]]] = {}
    for name in SIDE_CUT:
        if name not in found or found[name].absent:
            continue
        faces = sum(np.count_nonzero(np.take(found[name].mask, end, axis)) * step[3 - axis] for axis, end in sides)
        if faces * step[0] / 100.0 > SIDE_CUT_CM2:
            told[name] = [("cut", "cut by the side of the field of view: only the part in view is outlined")]
    return told


def _noise_hu(upright: Volume) -> float:
    """Return the noise of soft tissue, from differences of neighbouring rows (sigma = MAD * 1.4826 / sqrt(2))."""
    middle = np.asarray(upright.array[:: max(1, upright.array.shape[0] // 24)], dtype=np.float32)
    first, second = middle[:, :-1], middle[:, 1:]
    soft = (np.abs(first - 40.0) < 150.0) & (np.abs(second - 40.0) < 150.0)
    if not soft.any():
        return 0.0
    return 1.4826 * float(np.median(np.abs(second - first)[soft])) / float(np.sqrt(2.0))


def flagged(entry: Found, rule: str, words: str) -> Found:
    """Return the answer with the state "check", one more rule against it and the reason in its note."""
    if entry.absent or entry.state not in ("ok", "check"):
        return entry
    note = entry.note if words in entry.note else "; ".join(filter(None, [entry.note, words]))
    return replace(entry, state="check", rules=tuple(dict.fromkeys((*entry.rules, rule))), note=note)


def flag(found: Mapping[str, Found], told: Mapping[str, list[tuple[str, str]]]) -> dict[str, Found]:
    """Return the organs with the state "check", the rules and their words where something was told against them."""
    result = dict(found)
    for name, lines in told.items():
        for rule, words in lines:
            if name in result:
                result[name] = flagged(result[name], rule, words)
    return result


def _size(name: str, mask: Mask, step: float) -> list[tuple[str, str]]:
    cut = bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any() or mask[:, :, 0].any()
               or mask[:, :, -1].any())  # fmt: skip
    told = []
    if cut and name in WHOLE:
        told.append(("cut", "cut by the border of the scan: its volume is that of the part in view"))
    low, high = VOLUME_ML.get(name, (0.0, np.inf))
    size = volume_ml(mask, step)
    if size > high or (size < low and not cut):
        told.append(("volume", f"{size:.0f} ml is outside the {low:.0f} to {high:.0f} ml expected of an adult"))
    return told


def _density(name: str, mask: Mask, hu: Image, phase: Phase) -> list[tuple[str, str]]:
    kind = "arterial" if phase.name == "late arterial" else phase.name
    span = DENSITY_HU.get(kind, {}).get(name)
    if span is None:
        return []
    level = float(np.median(hu[mask]))
    if span[0] <= level <= span[1]:
        return []
    return [("density", f"{level:.0f} HU is unusual for the phase {phase.name}")]


def _side(name: str, mask: Mask, frame: SpineFrame) -> list[tuple[str, str]]:
    if name not in SIDE_MM:
        return []
    middle = float(np.mean(np.broadcast_to(frame.left_mm, mask.shape)[mask]))
    low, high = SIDE_MM[name]
    if low <= middle <= high:
        return []
    side = "left" if middle > 0.0 else "right"
    words = f"its middle lies {abs(middle):.0f} mm {side} of the spine: mirrored organs, a shifted one or a wrong find"
    return [("laterality", words)]


def _neighbours(name: str, mask: Mask, present: Mapping[str, Mask], step: float) -> list[tuple[str, str]]:
    if name not in BESIDE_MM:
        return []
    others, within_mm = BESIDE_MM[name]
    known = [other for other in others if other in present]
    if not known:
        return []
    box = box_of(mask, int(np.ceil(within_mm / step)) + 1)
    for other in known:
        if float(distance_mm(present[other][box], step, within_mm + step)[mask[box]].min()) <= within_mm:
            return []
    return [("adjacency", f"lies more than {within_mm:.0f} mm from {' and '.join(known).replace('_', ' ')}")]


def _content(name: str, mask: Mask, hu: Image) -> list[tuple[str, str]]:
    if name not in SOLID:
        return []
    values = hu[mask]
    share = float(np.mean((values < AIR_HU) | (values > BONE_HU)))
    return [("air or bone", f"{100.0 * share:.0f} % of it is gas or bone")] if share > STRANGE_SHARE else []


def _pieces(name: str, mask: Mask) -> list[tuple[str, str]]:
    if name not in WHOLE:
        return []
    labels, count = ndimage.label(mask[box_of(mask, 1)])
    if count < 2:
        return []
    sizes = np.sort(np.bincount(labels.ravel())[1:])[::-1]
    share = float(sizes[1] / sizes.sum())
    return [("pieces", f"a second piece holds {100.0 * share:.0f} % of it")] if share > PIECE_SHARE else []


def _course(name: str, mask: Mask, step: float) -> list[tuple[str, str]]:
    if name != "aorta":
        return []
    missing_mm = (mask.shape[0] - 1 - int(np.flatnonzero(mask.any(axis=(1, 2)))[-1])) * step
    return [("incomplete", f"it begins {missing_mm:.0f} mm below the top of the scan")] if missing_mm > ABOVE_MM else []


def _enclosed(name: str, mask: Mask, present: Mapping[str, Mask], step: float) -> list[tuple[str, str]]:
    if name != "gallbladder" or "liver" not in present:
        return []
    if not inside_liver(mask, present["liver"], step):
        return []
    share = enclosed_share(mask, present["liver"], step)
    return [("enclosed", f"{100.0 * share:.0f} % of its surroundings are liver: a cyst of the liver?")]


def _mottled(name: str, mask: Mask, hu: Image, phase: Phase) -> list[tuple[str, str]]:
    if name != "spleen" or phase.name not in ("arterial", "late arterial"):
        return []
    spread = float(np.std(hu[mask]))
    if spread <= MOTTLED_HU:
        return []
    words = f"uneven (standard deviation {spread:.0f} HU) in the phase {phase.name}: its border is less sure"
    return [("mottled", words)]


def inside_liver(mask: Mask, liver: Mask, step: float) -> bool:
    """Tell whether what was taken for the gallbladder lies so far inside the liver that it is a cyst rather."""
    limit = SMALL_ENCLOSED_SHARE if volume_ml(mask, step) < SMALL_ML else ENCLOSED_SHARE
    return enclosed_share(mask, liver, step) > limit


def enclosed_share(mask: Mask, organ: Mask, step: float) -> float:
    """Return the share of a shell of two voxels' width around ``mask`` that lies in ``organ``, 0 to 1."""
    box = box_of(mask, 4)
    near = distance_mm(mask[box], step, 4.0 * step)
    shell = (near > 1.1 * step) & (near <= 3.1 * step)
    return float(np.count_nonzero(shell & organ[box])) / max(1, int(np.count_nonzero(shell)))
