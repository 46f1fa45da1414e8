"""Where a blurred border lies: half-way between the brightness on its two sides."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import Image, Mask, box_of, depth_mm, distance_mm


def grown_to_half(
    image: Image, mask: Mask, allowed: Mask, level_hu: float, spacing_mm: float, rings: int = 2, look_mm: float = 4.0,
    least_hu: float = 0.0,
) -> Mask:
    """Return a mask widened by up to ``rings`` voxels as far as its blurred border reaches.

    A voxel beside the mask joins where it is nearer to ``level_hu``, the brightness inside, than to what lies
    ``look_mm`` farther out along the surface's normal; so the border comes to lie at half of the contrast whatever
    the neighbour there is. Only voxels of ``allowed`` join,
    and none where what lies beyond differs from ``level_hu`` by less than ``least_hu``.
    """
    if not mask.any():
        return mask.copy()
    margin = rings + int(np.ceil(look_mm / spacing_mm)) + 2
    box = box_of(mask, margin)
    part, field, free = mask[box].copy(), image[box], allowed[box]
    cross = ndimage.generate_binary_structure(3, 1)
    for _ in range(rings):
        signed = distance_mm(part, spacing_mm, 8.0) - depth_mm(part, spacing_mm, 8.0)
        normal = np.stack(np.gradient(ndimage.gaussian_filter(signed, 0.8)))
        normal /= np.maximum(np.sqrt((normal**2).sum(0)), 1e-6)
        ring = ndimage.binary_dilation(part, cross) & ~part & free
        places = np.stack(np.nonzero(ring)).astype(np.float64)
        if not places.size:
            break
        ahead = places + normal[:, ring] * (look_mm / spacing_mm)
        beyond = ndimage.map_coordinates(field, ahead, order=1, mode="nearest")
        here = field[ring]
        joins = (np.abs(here - level_hu) < np.abs(here - beyond)) & (np.abs(beyond - level_hu) >= least_hu)
        inner = tuple(places[:, joins].astype(np.intp))
        if not inner[0].size:
            break
        part[inner] = True
    result = mask.copy()
    result[box] |= part
    return result
