"""What needs a finer look than the working grid: veins of the liver, the portal trunk, lesions of liver and kidneys."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.core import SILENT, Monitor, Volume, VolumeGeometry, check_cancelled
from anatomy_twin.segmentation.abdomen.kidney_lesions import find_kidney_lesions
from anatomy_twin.segmentation.abdomen.lesions import find_tumour_candidates
from anatomy_twin.segmentation.abdomen.portal import GRID_MM, find_portal_vein, portal_region
from anatomy_twin.segmentation.abdomen.vessels import find_hepatic_vessels
from anatomy_twin.segmentation.ground.phase import Phase
from anatomy_twin.segmentation.ground.working_grid import Found, Mask, Masks, finer_grid, paste, resample_mask

FINE_MM: Final = 1.5
IN_LIVER: Final = ("hepatic_vessels", "hepatic_veins", "portal_branches")

Closer = tuple[VolumeGeometry, dict[str, Found]]


def look_closer(
    volume: Volume, geometry: VolumeGeometry, masks: Masks, phase: Phase, monitor: Monitor = SILENT
) -> list[Closer]:
    """Find the portal vein, the vessels in the liver and candidates of lesions in liver and kidneys on finer grids.

    Parameters
    ----------
    geometry, masks : the working grid and what is known on it, "body" among it.

    Returns pairs of a grid and what was found on it.
    """
    if "liver" not in masks or not masks["liver"].any():
        nothing = Found.nothing("needs the liver")
        names = ("portal_vein", *IN_LIVER, "tumour_candidate_1")
        return [(geometry, dict.fromkeys(names, nothing)), _in_kidneys(volume, geometry, masks, phase)]
    trunk = _portal(volume, geometry, masks, phase)
    monitor.progress(0.3)
    check_cancelled(monitor)
    liver = _in_liver(volume, geometry, masks, trunk, phase, monitor)
    check_cancelled(monitor)
    return [trunk, liver, _in_kidneys(volume, geometry, masks, phase)]


def _portal(volume: Volume, geometry: VolumeGeometry, masks: Masks, phase: Phase) -> Closer:
    region = portal_region(masks, geometry.spacing_mm[0])
    if not region.any():
        return geometry, {"portal_vein": Found.nothing("needs the aorta as a landmark")}
    if not phase.veins_visible:
        return geometry, find_portal_vein(volume.array, geometry, masks, phase)
    grid = finer_grid(volume, region, geometry, GRID_MM, 0.0)
    near = _carried(masks, geometry, grid.geometry)
    return grid.geometry, find_portal_vein(grid.hu, grid.geometry, near, phase)


def _in_liver(
    volume: Volume, geometry: VolumeGeometry, masks: Masks, trunk: Closer, phase: Phase, monitor: Monitor
) -> Closer:
    grid = finer_grid(volume, masks["liver"], geometry, FINE_MM, 27.0)
    near = _carried(masks, geometry, grid.geometry)
    portal = trunk[1]["portal_vein"]
    if not portal.absent:
        near["portal_vein"] = paste(portal.mask, trunk[0], grid.geometry)
    inside = dict(find_hepatic_vessels(grid.hu, grid.geometry, near, phase))
    monitor.progress(0.7)
    near.update({name: entry.mask for name, entry in inside.items() if not entry.absent})
    inside.update(find_tumour_candidates(grid.hu, grid.geometry, near, phase))
    return grid.geometry, inside


def _in_kidneys(volume: Volume, geometry: VolumeGeometry, masks: Masks, phase: Phase) -> Closer:
    kidneys = [masks[name] for name in ("kidney_right", "kidney_left") if name in masks and masks[name].any()]
    if not kidneys:
        return geometry, {"kidney_lesion_candidate_1": Found.nothing("needs a kidney")}
    grid = finer_grid(volume, np.logical_or.reduce(kidneys), geometry, FINE_MM, 30.0)
    return grid.geometry, dict(
        find_kidney_lesions(grid.hu, grid.geometry, _carried(masks, geometry, grid.geometry), phase)
    )


def _carried(masks: Masks, source: VolumeGeometry, target: VolumeGeometry) -> dict[str, Mask]:
    return {name: resample_mask(mask, source, target) for name, mask in masks.items()}
