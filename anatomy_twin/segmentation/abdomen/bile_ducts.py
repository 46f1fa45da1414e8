"""Central bile ducts: a tube with the density of bile beside the portal vein, where it is wide enough to be seen."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    boxed_components,
    depth_mm,
    dilate_mm,
    distance_mm,
    finer_grid,
    paste,
    resample_mask,
    volume_ml,
)

FINE_MM: Final = 1.25
REACH_MM: Final = 14.0  # the common duct runs before and right of the portal trunk
BILE_HU: Final = (-14.0, 30.0)
BORDER_HU: Final = (-55.0, 60.0)
LEAST_RADIUS_MM: Final = 1.9  # what is thinner is the blurred border of fat and vessel
DUCT_ML: Final = (0.3, 20.0)
LEAST_LENGTH_MM: Final = 18.0
LEAST_SLENDER: Final = 2.5
MOST_SPREAD_HU: Final = 14.0
UNSEEN: Final = "no tube of bile beside the portal vein: ducts that are not dilated are thinner than the scan shows"


def find_bile_duct(
    volume: Volume, portal: tuple[VolumeGeometry, Found], geometry: VolumeGeometry, barred: Mask, phase: Phase
) -> tuple[VolumeGeometry, Found]:
    """Return the grid of the answer, and ``bile_duct``.

    Parameters
    ----------
    volume : the scan. portal : the portal vein and its grid. geometry : the working grid, with ``barred`` on it:
        gallbladder, duodenum, stomach and bowel, whose fluid has the density of bile.
    phase : without enhanced veins bile is not told from what lies around.

    A slender piece (at least 18 mm long and 2.5 times as long as wide) of even bile within 14 mm of the portal trunk:
    state "check", rule "estimated".
    """
    grid, vein = portal
    if not phase.veins_visible:
        return geometry, Found.nothing(
            "bile has the density of its surroundings before the veins enhance", "not visible in this phase"
        )
    if vein.mask is None or not vein.mask.any():
        return geometry, Found.nothing("needs the portal vein")
    fine = finer_grid(volume, vein.mask, grid, FINE_MM, REACH_MM + 3.0)
    trunk = paste(vein.mask, grid, fine.geometry)
    other = resample_mask(dilate_mm(barred, geometry.spacing_mm[0], geometry.spacing_mm[0]), geometry, fine.geometry)
    smooth = ndimage.gaussian_filter(fine.hu, 0.6 / FINE_MM, mode="nearest")
    near = (distance_mm(trunk, FINE_MM, REACH_MM + FINE_MM) <= REACH_MM) & ~trunk & ~other
    bile = (smooth > BILE_HU[0]) & (smooth < BILE_HU[1]) & near
    core = depth_mm(bile, FINE_MM, 6.0) > LEAST_RADIUS_MM
    wide = dilate_mm(core, LEAST_RADIUS_MM, FINE_MM) & bile
    best, note = np.zeros_like(bile), ""
    for box, part in boxed_components(wide, round(DUCT_ML[0] * 1000.0 / FINE_MM**3))[:12]:
        size = volume_ml(part, FINE_MM)
        length, width = _length_width(part)
        inner = part & (depth_mm(part, FINE_MM, 4.0) > FINE_MM)
        even = float(np.std(smooth[box][inner if inner.any() else part]))
        if size > DUCT_ML[1] or length < LEAST_LENGTH_MM or length < LEAST_SLENDER * width or even > MOST_SPREAD_HU:
            continue
        if size > volume_ml(best, FINE_MM):
            best[:] = False
            best[box] = part
            note = f"{size:.1f} ml, {length:.0f} mm long, {_level(smooth[box], part):.0f} HU beside the portal vein"
    if not best.any():
        return geometry, Found.nothing(UNSEEN)
    # the blurred border reads like neither bile nor fat
    rim = dilate_mm(best, FINE_MM, FINE_MM) & near & (smooth > BORDER_HU[0]) & (smooth < BORDER_HU[1])
    return fine.geometry, Found(best | rim, "check", note, ("estimated",))


def _level(image: Image, part: Mask) -> float:
    return float(np.median(image[part]))


def _length_width(part: Mask) -> tuple[float, float]:
    """Return length and mean width in mm: the spread along the longest axis, and the width of a tube of that volume."""
    points = np.argwhere(part) * FINE_MM
    away = points - points.mean(axis=0)
    axis = np.linalg.eigh(away.T @ away)[1][:, -1]
    along = away @ axis
    length = float(np.percentile(along, 98) - np.percentile(along, 2))
    section = points.shape[0] * FINE_MM**3 / max(length, FINE_MM)
    return length, 2.0 * float(np.sqrt(section / np.pi))
