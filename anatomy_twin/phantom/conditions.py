"""What makes a generated scan harder than the usual one: arms, metal, contrast in the gut, missing or turned organs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from anatomy_twin.errors import UsageError

REMOVABLE: Final = ("kidney_right", "kidney_left", "spleen", "gallbladder")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Circumstances of a generated scan.

    ``arms`` : the arms lie beside the trunk and shade it (beam hardening).
    ``oral_contrast`` : bright gut; None leaves it to the seed.
    ``metal`` : an implant with its streaks ("spine" or "hip"; "" for none).
    ``situs_inversus`` : the inner organs are mirrored.
    ``removed`` : organs that surgery took out (of ``REMOVABLE``).
    ``unusual`` : sizes and shapes outside what the spatial prior was built from (a Riedel lobe, a large spleen, low
    kidneys, a slim or heavy trunk), drawn by the seed.
    ``field_of_view`` : shares of the usual height that are scanned, from the feet (0) to the head (1).
    """

    arms: bool = False
    oral_contrast: bool | None = None
    metal: str = ""
    situs_inversus: bool = False
    removed: tuple[str, ...] = ()
    unusual: bool = False
    field_of_view: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "removed", tuple(self.removed))
        strange = [name for name in self.removed if name not in REMOVABLE]
        if strange:
            raise UsageError(f"{strange[0]!r} cannot be removed", advice=f"removable are {', '.join(REMOVABLE)}")
        if self.metal not in ("", "spine", "hip"):
            raise UsageError(f"no metal implant of kind {self.metal!r}", advice="choose spine or hip")
        low, high = self.field_of_view
        if not 0.0 <= low < high <= 1.0:
            raise UsageError("field_of_view is not a part of the usual height", advice="give for instance (0.3, 0.8)")


USUAL: Final = Conditions()
