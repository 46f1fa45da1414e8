"""The contrast phase of a CT, read off the pictures: series descriptions are wrong too often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PHASES: Final = ("native", "arterial", "late arterial", "portal venous", "delayed", "unknown")


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


def find_phase(aorta_hu: float | None, liver_hu: float | None) -> Phase:
    """Return the phase from the median HU of aorta and liver.

    Rules (measured on six scans against their pictures): aorta < 80 and liver < 85 native; aorta > 200 and more than
    100 above the liver arterial; more than 75 above late arterial; liver > 85 and aorta at least liver - 5 portal
    venous; else delayed.
    """
    if aorta_hu is None or liver_hu is None:
        return Phase("unknown", aorta_hu, liver_hu, "aorta or liver was not measured")
    if aorta_hu < 80 and liver_hu < 85:
        name = "native"
    elif aorta_hu > 200 and aorta_hu > liver_hu + 100:
        name = "arterial"
    elif aorta_hu > liver_hu + 75:
        name = "late arterial"
    elif aorta_hu >= liver_hu - 5 and liver_hu > 85:
        name = "portal venous"
    elif aorta_hu >= 80:
        name = "delayed"
    else:
        name = "unknown"
    return Phase(name, aorta_hu, liver_hu, f"aorta {aorta_hu:.0f} HU, liver {liver_hu:.0f} HU")
