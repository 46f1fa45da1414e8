"""Parts of the liver (Couinaud's segments, territories of branches) as structures with surfaces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.core import Case, LabelMap, Structure
from anatomy_twin.errors import DataError

RIM_VOXELS = 3  # around the liver: its surface is smoothed over less than that


def territory_structure(case: Case, name: str) -> Structure:
    """Return a part of the liver with the surface of its voxels.

    The surfaces of all parts of its layer are made at once, in one way each time: those of neighbours fit together
    without gap or overlap, though they are written one by one.

    Raises ``DataError`` where the case has no divided liver or no such part.
    """
    territories = case.anatomy.territories
    if territories is None:
        raise DataError("the liver of this case is not divided", advice="`mesh CASE` divides it")
    wanted = territories.segment(name)
    if wanted.absent:
        return Structure(name, 0.0, wanted.state, wanted.code, wanted.colour, part_of="liver", note=wanted.note)
    layer = territories.array[wanted.layer]
    found = ndimage.find_objects((layer > 0).astype(np.uint8))[0]
    span = [(max(0, s.start - RIM_VOXELS), min(size, s.stop + RIM_VOXELS))
            for s, size in zip(found, layer.shape, strict=True)]  # fmt: skip
    shape = (span[0][1] - span[0][0], span[1][1] - span[1][0], span[2][1] - span[2][0])
    geometry = territories.geometry.cropped((span[0][0], span[1][0], span[2][0]), shape)
    box = tuple(slice(low, high) for low, high in span)
    segments = tuple(replace(s, layer=0, part_of="") for s in territories.segments
                     if s.layer == wanted.layer and not s.absent)  # fmt: skip
    labels = LabelMap(np.ascontiguousarray(layer[box])[None], geometry, segments)
    volume = replace(case.volume, array=np.ascontiguousarray(case.volume.array[box]), geometry=geometry)
    made: Structure = build_anatomy(volume, labels)[name]
    return replace(made, part_of="liver")
