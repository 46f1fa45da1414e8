"""Mirrored organs (situs inversus): the mirrored picture is segmented, the result turned back, every organ flagged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.core import LabelMap, Segment, Volume
from anatomy_twin.segmentation.abdomen.liver import Scene, find_core
from anatomy_twin.segmentation.ground.compose import make_segment
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.landmarks import Landmarks
from anatomy_twin.segmentation.ground.working_grid import volume_ml

# an even region as large as a liver on the left, and nothing near that on the right, where a spleen would then lie
LEAST_ML: Final = 450.0
TIMES: Final = 2.0
# what is the same on both sides
SIDELESS: Final = (
    "body", "skin", "fat", "subcutaneous_fat", "visceral_fat", "muscle", "diaphragm", "bone", "vertebra", "ribs",
    "sternum", "pelvis", "sacrum", "pleural_recess", "unknown_tissue",
)
WORDS: Final = "lies as in a mirror: mirrored organs (situs inversus) or a scan with its sides exchanged"


def looks_mirrored(scene: Scene) -> bool:
    """Tell whether the largest even organ below the lungs lies on the left, far larger than that on the right."""
    right = find_core(scene)
    right_ml = 0.0 if right is None else volume_ml(right, scene.spacing_mm)
    if right_ml > LEAST_ML:
        return False
    left = find_core(mirrored(scene))
    return left is not None and volume_ml(left, scene.spacing_mm) > max(LEAST_ML, TIMES * right_ml)


def mirrored(scene: Scene) -> Scene:
    """Return the scene with left and right exchanged; its arrays are views of the other's."""
    frame = _mirrored_frame(scene.frame)
    marks = None if scene.marks is None else _mirrored_marks(scene.marks, frame)
    return Scene(
        scene.hu[:, :, ::-1], scene.smooth[:, :, ::-1], scene.body[:, :, ::-1], scene.bone[:, :, ::-1],
        scene.lungs[:, :, ::-1], scene.gas[:, :, ::-1], scene.aorta[:, :, ::-1], scene.depth[:, :, ::-1],
        scene.under_dome[:, :, ::-1], frame, scene.arms_in_field, marks, scene.use_prior,
    )


def _mirrored_frame(frame: SpineFrame) -> SpineFrame:
    width = (frame.shape[2] - 1) * frame.spacing_mm
    return replace(frame, x_mm=(width - frame.x_mm).astype(np.float32))


def _mirrored_marks(marks: Landmarks, frame: SpineFrame) -> Landmarks:
    return replace(marks, frame=frame, dome_right=marks.dome_left, dome_left=marks.dome_right)


def mirrored_volume(volume: Volume) -> Volume:
    """Return the volume with its picture mirrored from left to right on the same grid."""
    axis = volume.geometry.canonical_axes()[0][2]
    return replace(volume, array=np.ascontiguousarray(np.flip(volume.array, axis)))


def turned_back(labels: LabelMap) -> LabelMap:
    """Return the labels of a mirrored volume at their real places.

    Nothing is relabelled by where it lies: the liver stays the liver, on the left. Organs in pairs are called by the
    side on which they lie. Every organ gets the state "check" and the rule "laterality".
    """
    axis = labels.geometry.canonical_axes()[0][2]
    segments = tuple(_turned(segment) for segment in labels.segments)
    lines = [_swapped(line) for line in labels.notes]
    lines.append(f"the liver lies left of the spine: everything {WORDS}; nothing was relabelled, check every side")
    return replace(labels, array=np.ascontiguousarray(np.flip(labels.array, axis + 1)), segments=segments,
                   notes=tuple(lines))  # fmt: skip


def _turned(segment: Segment) -> Segment:
    name, state, rules, note = _other(segment.name), segment.state, segment.rules, _swapped(segment.note)
    if state in ("ok", "check") and not segment.name.startswith(SIDELESS):
        state, rules = "check", tuple(dict.fromkeys((*rules, "laterality")))
        note = "; ".join(filter(None, [note, WORDS]))
    return make_segment(name, segment.layer, segment.value, state, note, rules, _other(segment.part_of))


def _other(name: str) -> str:
    """Return the name of the other side's organ of a pair, other names as they are."""
    sides = {"right": "left", "left": "right"}
    stem, _, side = name.rpartition("_")
    return f"{stem}_{sides[side]}" if side in sides else name


def _swapped(words: str) -> str:
    """Exchange left and right where words say on which side of something a thing lies."""
    pattern = r"\b(left|right)\b(?= (?:of|side|kidney|lung)\b)"
    return re.sub(pattern, lambda hit: "left" if hit.group() == "right" else "right", words)
