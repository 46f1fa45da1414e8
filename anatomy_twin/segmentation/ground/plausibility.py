"""Refusals of scans that cannot be segmented as an abdomen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from anatomy_twin.core import Volume
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.ground.working_grid import Found

MIN_EXTENT_MM: Final = (24.0, 120.0, 120.0)
MIN_SECTION_CM2: Final = 200.0


def check_volume(volume: Volume) -> None:
    """Refuse what is no CT of a trunk: other modalities, tiny volumes (see ``check_ct``)."""
    check_ct(volume, "ct-abdomen", MIN_EXTENT_MM, 8, "the upper abdomen")


def check_ct(
    volume: Volume, segmenter: str, least_mm: tuple[float, float, float], least_voxels: int, region: str
) -> None:
    """Refuse what is no CT, or smaller than ``least_mm`` (head to foot, front to back, right to left) or too coarse.

    Raises ``SegmentationError`` in one line with what to do; ``region`` is what a scan should show.
    """
    if volume.modality != "CT" or volume.units != "HU":
        kind = f"{volume.modality or 'an image of unknown kind'} in {volume.units or 'no unit'}"
        raise SegmentationError(
            f"the segmenter {segmenter} reads CT in HU, this volume is {kind}", advice="give a CT series"
        )
    upright = volume.canonical().geometry
    extent = np.asarray(upright.shape) * np.asarray(upright.spacing_mm)
    if np.any(extent < np.asarray(least_mm)) or min(upright.shape) < least_voxels:
        size = " x ".join(f"{value:.0f}" for value in extent)
        raise SegmentationError(
            f"the volume covers only {size} mm (head to foot, front to back, right to left)",
            advice=f"give a scan of {region}",
        )


def check_body(body: np.ndarray, spacing_mm: float) -> None:
    """Refuse a scan whose trunk is missing or as thin as a head or a limb."""
    sections = body.sum(axis=(1, 2)) * spacing_mm**2 / 100.0
    if not body.any() or float(np.median(sections[sections > 0])) < MIN_SECTION_CM2:
        raise SegmentationError("the scan shows no trunk", advice="give a CT of the upper abdomen")


def check_organs(found: Mapping[str, Found]) -> None:
    """Refuse a scan in which not one organ of the upper abdomen was found."""
    if all(found[name].absent for name in ("liver", "spleen", "kidney_right", "kidney_left")):
        raise SegmentationError(
            "the scan shows no liver, spleen or kidney", advice="give a CT of the upper abdomen"
        )
