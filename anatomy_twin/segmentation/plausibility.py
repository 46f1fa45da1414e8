"""What an adult's organs measure: alarms where a result is outside; refusals of what cannot be segmented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from anatomy_twin.core import Volume
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation.phase import Phase
from anatomy_twin.segmentation.working_grid import Found, Image, volume_ml

# ml, wide on purpose: outside these the result is kept but said to need review (assumed from common adult ranges)
ADULT_ML: Final = {
    "liver": (900.0, 2600.0),
    "spleen": (60.0, 450.0),
    "kidney_right": (80.0, 330.0),
    "kidney_left": (80.0, 330.0),
}
ADULT_HU: Final = {
    "native": {
        "liver": (20.0, 80.0), "spleen": (25.0, 70.0), "kidney_right": (10.0, 55.0), "kidney_left": (10.0, 55.0)
    },
    "portal venous": {
        "liver": (70.0, 160.0), "spleen": (75.0, 190.0), "kidney_right": (90.0, 280.0), "kidney_left": (90.0, 280.0)
    },
}
MIN_EXTENT_MM: Final = (24.0, 120.0, 120.0)
MIN_SECTION_CM2: Final = 200.0


def check_volume(volume: Volume) -> None:
    """Refuse what is no CT of a trunk: other modalities, tiny volumes, arrays without tissue.

    Raises ``SegmentationError`` in one line with what to do.
    """
    if volume.modality != "CT" or volume.units != "HU":
        raise SegmentationError(
            f"the segmenter ct-abdomen reads CT in HU, this volume is {volume.modality} in {volume.units or 'no unit'}",
            advice="give a CT series",
        )
    upright = volume.canonical()
    extent = np.asarray(upright.geometry.shape) * np.asarray(upright.geometry.spacing_mm)
    if np.any(extent < np.asarray(MIN_EXTENT_MM)) or min(upright.geometry.shape) < 8:
        size = " x ".join(f"{value:.0f}" for value in extent)
        raise SegmentationError(
            f"the volume covers only {size} mm (head to foot, front to back, right to left)",
            advice="give a scan of the upper abdomen",
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


def alarms(found: Mapping[str, Found], hu: Image, spacing_mm: float, phase: Phase) -> tuple[list[str], set[str]]:
    """Return lines for the reader about organs outside what is plausible, and the names of these organs."""
    lines: list[str] = []
    suspicious: set[str] = set()
    for name, (low, high) in ADULT_ML.items():
        entry = found.get(name)
        if entry is None or entry.absent:
            continue
        size = volume_ml(entry.mask, spacing_mm)
        cut = bool(entry.mask[0].any() or entry.mask[-1].any())
        if size > high or (size < low and not cut):
            lines.append(f"{name}: {size:.0f} ml is outside the {low:.0f} to {high:.0f} ml expected of an adult")
            suspicious.add(name)
        if cut:
            lines.append(f"{name}: cut by the border of the scan, its volume is that of the part in view")
        span = ADULT_HU.get(phase.name, {}).get(name)
        level = float(np.median(hu[entry.mask]))
        if span is not None and not span[0] <= level <= span[1]:
            lines.append(f"{name}: {level:.0f} HU is unusual for the phase {phase.name}")
            suspicious.add(name)
    return lines, suspicious
