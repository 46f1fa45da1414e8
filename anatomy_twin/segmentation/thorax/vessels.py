"""The vessels inside the lungs, arteries and veins together."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.segmentation.abdomen.vessels import drop_specks
from anatomy_twin.segmentation.ground.ridges import ridge_strength
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    depth_mm,
    dilate_mm,
    open_mm,
    touching,
    volume_ml,
)
from anatomy_twin.segmentation.thorax.airways import LungTexture

SURE_HU = -400.0
THIN_HU = -650.0
SCALES_MM = (0.9, 1.4, 2.2)


def find_pulmonary_vessels(
    hu: Image, lungs: Mask, airways: Mask, nodules: Mask, texture: LungTexture, spacing_mm: float,
    monitor: Monitor = SILENT,
) -> Found:
    """Return the vessels inside ``lungs`` (both, with vessels filled in).

    Parameters
    ----------
    hu : a grid of about 1.25 mm. airways : lumen, whose walls are no vessels. nodules : candidates, left out.
    texture : level and noise of the lung between vessels.

    Bright tubes: ridges (see ``ridges``) of at least 120 HU or four times the noise, grown to half of the contrast
    between lung and vessel; thick ones are what is solid and survives no erosion from the pleura.
    """
    step = spacing_mm
    smooth = ndimage.gaussian_filter(hu, 0.5 / step, mode="nearest", truncate=3.0)
    depth = depth_mm(lungs, step, 6.0)
    zone = lungs & (depth > 1.2 * step) & ~dilate_mm(airways, 1.2 * step, step)
    faint = max(90.0, 3.0 * texture.noise_hu)
    where = zone & (smooth > texture.level_hu + faint)
    monitor.progress(0.2)
    # more than 100 HU adds nothing: contrast medium would make all rims look like tubes
    ridge = ridge_strength(np.clip(hu, -1000.0, 100.0), where, step, SCALES_MM)
    monitor.progress(0.7)
    check_cancelled(monitor)
    wall = dilate_mm(airways, 3.0 * step, step)
    thick = open_mm(zone & (smooth > SURE_HU), 1.5 * step, step)
    tube = where & (ridge > max(120.0, 4.0 * texture.noise_hu)) & (smooth > THIN_HU)
    tube &= ~wall | (smooth > -350.0)
    # half way between the lung and the brightest within 2.5 mm: the border of a blurred tube
    peak = ndimage.maximum_filter(smooth, footprint=_ball(2.5 / step), mode="nearest")
    inner = smooth > texture.level_hu + 0.5 * (np.minimum(peak, 400.0) - texture.level_hu)
    tube, thick = tube & inner, thick & inner
    seeds = (tube & (smooth > SURE_HU - 100.0)) | thick
    grown = touching((tube | thick | (zone & inner & (smooth > SURE_HU) & (ridge > 60.0))) & ~nodules, seeds & ~nodules)
    vessels = drop_specks(grown, step, 0.03, 9.0)
    monitor.progress(1.0)
    size = volume_ml(vessels, step)
    if size < 1.0:
        return Found.nothing("no vessels could be told from the lung")
    return Found(vessels, "ok", f"{size:.0f} ml inside the lungs, arteries and veins together")


def _ball(radius: float) -> Mask:
    """Return a ball of a radius in voxels as a structure."""
    reach = int(np.ceil(radius))
    line = np.arange(-reach, reach + 1)
    return np.asarray(line[:, None, None] ** 2 + line[None, :, None] ** 2 + line[None, None, :] ** 2 <= radius**2)
