"""Mirrored organs (situs inversus): the same finders on the mirrored scene; nothing is relabelled, rules flag it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.segmentation.abdomen.aorta import find_aorta
from anatomy_twin.segmentation.abdomen.liver import Level, Scene, find_core, find_liver
from anatomy_twin.segmentation.abdomen.spleen import find_spleen
from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.landmarks import Landmarks
from anatomy_twin.segmentation.ground.working_grid import Found, Mask, volume_ml

# an even region as large as a liver on the left, and nothing near that on the right, where a spleen would then lie
LEAST_ML: Final = 450.0
TIMES: Final = 2.0


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


def turned_back(found: Found) -> Found:
    """Return what was found in the mirrored scene at its real place."""
    return found if found.mask is None else replace(found, mask=np.ascontiguousarray(found.mask[:, :, ::-1]))


def find_mirrored_aorta(scene: Scene) -> tuple[Found, float | None]:
    """Return the aorta of mirrored organs and its median HU; see ``aorta.find_aorta``."""
    other = mirrored(scene)
    found, median = find_aorta(np.ascontiguousarray(other.hu), other.body, other.bone, other.lungs, other.frame)
    return turned_back(found), median


def find_mirrored_liver(scene: Scene) -> tuple[Found, Level | None]:
    """Return the liver of mirrored organs; see ``liver.find_liver``."""
    found, level = find_liver(mirrored(scene))
    return turned_back(found), level


def find_mirrored_spleen(scene: Scene, liver: Mask, level: Level | None, aorta_hu: float | None) -> Found:
    """Return the spleen of mirrored organs; see ``spleen.find_spleen``."""
    return turned_back(find_spleen(mirrored(scene), liver[:, :, ::-1], level, aorta_hu))
