"""The contrast phase of a CT, read off the pictures: series descriptions are wrong too often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from anatomy_twin.segmentation.ground.working_grid import (
    Found,
    Image,
    Mask,
    box_of,
    close_mm,
    depth_mm,
    erode_mm,
    fill_slices,
    volume_ml,
)

PHASES: Final = ("native", "arterial", "late arterial", "portal venous", "delayed", "unknown")
# a spleen enhances a little more than the liver does in the portal phase: fat in the liver does not mislead it
SPLEEN_ABOVE_LIVER_HU: Final = 12.0
EVEN_KIDNEY_HU: Final = 45.0
EXCRETED_HU: Final = 250.0
EXCRETED_ML: Final = 1.0  # in each kidney that was found: both excrete at one time
KIDNEY_ENHANCED_HU: Final = 80.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A contrast phase (one of ``PHASES``) and the medians it was read off, in HU (None where not measured)."""

    name: str
    aorta_hu: float | None = None
    liver_hu: float | None = None
    reason: str = ""

    @property
    def enhanced(self) -> bool:
        """True where contrast medium was seen in the vessels."""
        return self.name in ("arterial", "late arterial", "portal venous", "delayed")

    @property
    def veins_visible(self) -> bool:
        """True where hepatic and portal veins are brighter than the liver."""
        return self.name in ("portal venous", "delayed")


@dataclass(frozen=True, slots=True)
class KidneyLevels:
    """HU of cortex and medulla (upper and lower fifth inside the kidneys) and whether the pelvis holds contrast."""

    cortex_hu: float
    medulla_hu: float
    excreted: bool


def find_phase(
    aorta_hu: float | None, liver_hu: float | None, spleen_hu: float | None = None, kidneys: KidneyLevels | None = None
) -> Phase:
    """Return the phase from the median HU of aorta and liver, and of spleen and kidneys where they were found.

    Rules (measured on six scans against their pictures): aorta < 80 and liver < 85 native; aorta > 200 and more than
    100 above the liver arterial; more than 75 above late arterial; liver > 85 and aorta at least liver - 5 portal
    venous; else delayed. For "liver" the spleen less 12 HU stands where that is more (a fatty liver stays dark). An
    aorta of less than 200 HU with even kidneys (cortex within 45 HU of the medulla) is past the arterial phases, and
    contrast medium in the renal pelvis makes the portal phase a delayed one. Kidneys above 80 HU beside an aorta that
    looks native contradict it: unknown.
    """
    if aorta_hu is None or liver_hu is None:
        missing = " and ".join(
            name for name, value in (("aorta", aorta_hu), ("liver", liver_hu)) if value is None
        )
        return Phase("unknown", aorta_hu, liver_hu, f"{missing} not measured")
    reference = liver_hu if spleen_hu is None else max(liver_hu, spleen_hu - SPLEEN_ABOVE_LIVER_HU)
    even = kidneys is not None and kidneys.cortex_hu - kidneys.medulla_hu < EVEN_KIDNEY_HU and aorta_hu < 200
    if aorta_hu < 80 and liver_hu < 85:
        name = "unknown" if kidneys is not None and kidneys.medulla_hu > KIDNEY_ENHANCED_HU else "native"
    elif aorta_hu > 200 and aorta_hu > reference + 100:
        name = "arterial"
    elif aorta_hu > reference + 75 and not even:
        name = "late arterial"
    elif aorta_hu >= reference - 5 and (reference > 85 or even):
        name = "delayed" if kidneys is not None and kidneys.excreted else "portal venous"
    elif aorta_hu >= 80:
        name = "delayed"
    else:
        name = "unknown"
    words = [f"aorta {aorta_hu:.0f} HU", f"liver {liver_hu:.0f} HU"]
    if spleen_hu is not None:
        words.append(f"spleen {spleen_hu:.0f} HU")
    if kidneys is not None:
        words.append(f"renal cortex {kidneys.cortex_hu:.0f} and medulla {kidneys.medulla_hu:.0f} HU")
        words += ["contrast medium in the renal pelvis"] if kidneys.excreted and aorta_hu >= 80 else []
    return Phase(name, aorta_hu, liver_hu, ", ".join(words))


def measure_spleen(smooth: Image, found: Mapping[str, Found], spacing_mm: float) -> float | None:
    """Return the median HU of the inside of the spleen; None where it was not found."""
    inner = _inside(found, ("spleen",), spacing_mm)
    return None if inner is None else float(np.median(smooth[inner]))


def measure_kidneys(
    hu: Image, smooth: Image, found: Mapping[str, Found], spacing_mm: float
) -> KidneyLevels | None:
    """Return the levels of both kidneys together; None where neither was found.

    ``hu`` as scanned (for contrast medium in the pelvis), ``smooth`` without noise (for cortex and medulla).
    """
    inner = _inside(found, ("kidney_right", "kidney_left"), spacing_mm)
    if inner is None:
        return None
    medulla, cortex = np.percentile(smooth[inner], (20.0, 80.0))
    shares = []
    for name in ("kidney_right", "kidney_left"):
        entry = found.get(name)
        if entry is not None and entry.mask is not None and entry.mask.any():
            box = box_of(entry.mask, 3)
            # well inside the outline, where no filled bowel reaches
            hull = erode_mm(fill_slices(close_mm(entry.mask[box], 6.0, spacing_mm)), 4.5, spacing_mm)
            shares.append(volume_ml(hull & (hu[box] > EXCRETED_HU), spacing_mm))
    # a cortex as bright as that is the arterial phase, not urine
    return KidneyLevels(float(cortex), float(medulla), min(shares) > EXCRETED_ML and cortex < EXCRETED_HU - 40.0)


def _inside(found: Mapping[str, Found], names: tuple[str, ...], spacing_mm: float) -> Mask | None:
    result: Mask | None = None
    for name in names:
        entry = found.get(name)
        if entry is None or entry.mask is None:
            continue
        inner = depth_mm(entry.mask, spacing_mm, 3.0 * spacing_mm) > 1.5 * spacing_mm
        inner = inner if inner.any() else entry.mask
        result = inner if result is None else result | inner
    return result if result is not None and result.any() else None
