"""Skin, fat and muscle of the chest, on a grid of 2 mm, estimated where neither rib nor lung marks the wall."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.abdomen.fat import split_fat
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.tissues import Wall, find_tissues
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Mask,
    box_of,
    box_start_shape,
    equal_grid,
    resample,
    resample_mask,
)
from anatomy_twin.segmentation.thorax.ground import ThoraxGround

GRID_MM: Final = 2.0
TISSUES: Final = ("fat", "muscle", "skin", "subcutaneous_fat", "visceral_fat")


def find_chest_tissues(
    volume: Volume, ground: ThoraxGround, masks: dict[str, Mask], phase: Phase
) -> tuple[dict[str, Found], VolumeGeometry]:
    """Return ``TISSUES`` and their grid.

    Parameters
    ----------
    volume : on upright axes.
    masks : what is known, on the working grid ("lung_right", "bone", "heart" ...): never given to a tissue.
    """
    coarse = ground.grid.geometry
    known = {"body": ground.body.mask, **masks}
    box = box_of(ground.body.mask, 2)
    geometry = equal_grid(coarse.cropped(*box_start_shape(box)), GRID_MM)
    wall = Wall(ground.hu, coarse, known, ground.frame, ground.cavity_depth)
    carried = {name: resample_mask(mask, coarse, geometry) for name, mask in known.items()}
    hu = resample(volume.array, volume.geometry, geometry)
    found = dict(find_tissues(hu, geometry, carried, phase, wall=wall))
    found.pop("diaphragm", None)
    if "airways" in carried:
        for name, entry in found.items():
            if not entry.absent:
                found[name] = Found(entry.mask & ~carried["airways"], entry.state, entry.note, entry.rules)
    fat = found["fat"].mask if not found["fat"].absent else np.zeros(geometry.shape, dtype=bool)
    found.update(split_fat(fat, geometry, wall))
    return found, geometry
