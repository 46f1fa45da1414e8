"""The heart as one region: what lies between the lungs from the diaphragm to the arteries above it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.frame import SpineFrame
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    close_mm,
    dilate_mm,
    distance_mm,
    erode_mm,
    fill_slices,
    largest_component,
    touching,
    volume_ml,
)
from anatomy_twin.segmentation.thorax.lungs import hull_in_slices

TOP_BELOW_CARINA_MM: Final = 22.0
SOFT_HU: Final = -15.0  # the sac and the muscle; fat outside reads below -60, its blurred rim between
CORE_MM: Final = 10.0
ADULT_ML: Final = (300.0, 1300.0)


def find_heart(
    hu: Image, body: Mask, lungs: Mask, taken: Mask, frame: SpineFrame, carina: int
) -> Found:
    """Return the heart: the soft mass before the spine between the lungs.

    Parameters
    ----------
    hu, body, lungs, frame : on the working grid.
    taken : descending aorta, airways and bone, which it is not; the root of the aorta counts as heart here.
    carina : slice of the carina; the heart ends 22 mm below it, where the great arteries leave the sac.

    Below it ends at the film that the lung bases span (see ``_floor``): heart and liver often read alike. What is
    thinner than 20 mm (veins, vena cava, oesophagus) is worn off and does not come back beyond 5 mm.
    """
    step = frame.spacing_mm
    top = carina - round(TOP_BELOW_CARINA_MM / step)
    if top * step < 20.0:
        return Found.nothing("the heart lies below the field of the scan")
    smooth = ndimage.gaussian_filter(hu, 0.5, mode="nearest")
    k = np.arange(hu.shape[0])[:, None, None]
    floor = _floor(lungs, frame)
    front = np.broadcast_to(frame.front_mm, hu.shape)
    zone = body & ~lungs & ~taken & (front > 22.0) & (k <= top) & (k > floor[None] / step)
    # between the lungs: within the hull of both, a little behind the breastbone
    zone &= hull_in_slices(lungs)
    soft = zone & (smooth > SOFT_HU)
    core = erode_mm(soft, CORE_MM, step)
    core = core & (np.abs(np.broadcast_to(frame.left_mm, hu.shape)) < 110.0)
    if not core.any():
        return Found.nothing("no mass between the lungs that looks like the heart")
    heart = dilate_mm(largest_component(core), CORE_MM + 5.0, step) & soft
    heart = touching(heart, core)
    # grooves with fat belong to the region inside the sac
    heart = fill_slices(close_mm(heart, 8.0, step) & zone & ~lungs)
    heart = largest_component(heart)
    size = volume_ml(heart, step)
    if size < 80.0:
        return Found.nothing(f"the mass between the lungs holds only {size:.0f} ml")
    rules, notes = [], []
    ends = [word for word, part in (("lower", heart[0]), ("upper", heart[-1])) if part.any()]
    if ends:
        rules.append("cut")
        notes.append(f"cut by the {' and '.join(ends)} border of the scan")
    elif not ADULT_ML[0] <= size <= ADULT_ML[1]:
        rules.append("volume")
        notes.append(f"{size:.0f} ml is outside the {ADULT_ML[0]:.0f} to {ADULT_ML[1]:.0f} ml expected of an adult")
    notes.append("region within the sac; its floor is spanned between the lung bases")
    return Found(heart, "check" if rules else "ok", "; ".join(notes), tuple(rules))


def _floor(lungs: Mask, frame: SpineFrame) -> Image:
    """Return the height of the diaphragm in mm above the first slice per column [j, i].

    Where a column holds lung that rests on the diaphragm: its lowest voxel; elsewhere the film spanned between these.
    Lung over the heart ends much higher: only columns count that hang together with those behind by steps of less than
    9 mm and lie at most 25 mm higher than these. At the rim the lungs hang into the recess: it does not count.
    """
    step = frame.spacing_mm
    column = lungs.any(axis=0)
    lowest = np.argmax(lungs, axis=0).astype(np.float32) * step
    outline = fill_slices(close_mm(column[None], 30.0, step))[0]
    inner = distance_mm(~outline[None], step)[0] > 18.0
    front = float(np.median(frame.y_mm)) - np.arange(column.shape[0])[:, None] * step
    left = np.arange(column.shape[1])[None, :] * step - float(np.median(frame.x_mm))
    behind = column & inner & (front < 60.0) & (np.abs(left) > 30.0)
    if not behind.any():
        return np.zeros(column.shape, dtype=np.float32)
    low = column & inner & (lowest <= float(np.percentile(lowest[behind], 95)) + 25.0)
    steep = ndimage.grey_dilation(np.where(low, lowest, -np.inf), size=3) - ndimage.grey_erosion(
        np.where(low, lowest, np.inf), size=3) > 18.0
    base = touching((low & ~steep)[None], behind[None])[0]
    if not base.any():
        return np.zeros(column.shape, dtype=np.float32)
    nearest = ndimage.distance_transform_edt(~base, return_distances=False, return_indices=True)
    film = np.where(base, lowest, 0.0)[tuple(nearest)].astype(np.float32)
    for _ in range(400):
        film = np.where(base, lowest, ndimage.uniform_filter(film, 3, mode="nearest")).astype(np.float32)
    return film
