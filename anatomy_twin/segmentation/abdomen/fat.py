"""Fat under the skin, fat inside the trunk wall, and what lies between the muscles (plain "fat")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.ground.tissues import Wall
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Mask,
    close_slices_mm,
    fill_slices,
    largest_in_slices,
    open_slices_mm,
    paste,
)

HULL_CLOSING_MM: Final = 12.0
STRAND_MM: Final = 3.0
INSIDE_MM: Final = 0.0
MUSCLE_HU: Final = (-20.0, 200.0)


def split_fat(fat: Mask, geometry: VolumeGeometry, wall: Wall) -> Mapping[str, Found]:
    """Divide ``fat`` (on ``geometry``) into ``subcutaneous_fat`` and ``visceral_fat``, both parts of "fat".

    Slice by slice on the grid of the wall the hull of muscle, bone and cavity is filled; fat outside of it lies under
    the skin, fat deeper than the wall's inner face is visceral. The wall is estimated, and so is the border.
    """
    step = wall.spacing_mm
    firm = (wall.hu > MUSCLE_HU[0]) & (wall.hu < MUSCLE_HU[1]) & (wall.cavity_depth > -45.0) & wall.masks["body"]
    # vessels and septa under the skin are thin
    firm = open_slices_mm(firm, STRAND_MM, step)
    if "bone" in wall.masks:
        firm |= wall.masks["bone"] & (wall.cavity_depth > -60.0)
    firm |= wall.cavity_depth > INSIDE_MM
    hull = largest_in_slices(fill_slices(close_slices_mm(firm, HULL_CLOSING_MM, step))) & wall.masks["body"]
    under_skin = fat & ~paste(hull, wall.geometry, geometry)
    visceral = fat & paste((wall.cavity_depth > INSIDE_MM) & hull, wall.geometry, geometry)
    note = "divided by the trunk wall, which is estimated where neither rib nor lung marks it"
    nothing = Found.nothing("no fat of this kind in the field")
    return {
        "subcutaneous_fat": Found(under_skin, "ok", note) if under_skin.any() else nothing,
        # a wall drawn a little too far in or out moves much of it
        "visceral_fat": Found(visceral, "check", note, ("estimated",)) if visceral.any() else nothing,
    }
