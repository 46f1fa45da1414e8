"""What makes a generated scan harder than the usual one: arms, metal, contrast in the gut, missing or turned organs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from anatomy_twin.errors import UsageError

REMOVABLE: Final = ("kidney_right", "kidney_left", "spleen", "gallbladder")
METAL: Final = ("spine", "hip")
TRAITS: Final = (
    "riedel lobe", "large liver", "large spleen", "low kidney", "slim", "heavy", "steatosis", "wide bile duct",
)
LOWEST: Final = -0.8


@dataclass(frozen=True, slots=True)
class Conditions:
    """Circumstances of a generated scan.

    ``arms`` : the arms lie beside the trunk and shade it (beam hardening), in a wider field of view.
    ``oral_contrast`` : bright gut (150 to 400 HU, mixed with fluid and gas); None leaves it to the seed.
    ``metal`` : an implant with its streaks ("spine" or "hip"; "" for none). A hip needs a field that reaches it.
    ``situs_inversus`` : everything is mirrored. Single organs keep their names (the liver lies on the left), organs
    in pairs are called by the side on which they lie.
    ``removed`` : organs that surgery took out (of ``REMOVABLE``); fat and bowel fill the bed.
    ``unusual`` : sizes and shapes outside what the spatial prior was built from: names of ``TRAITS``, or True for two
    that the seed draws.
    ``field_of_view`` : shares of the usual height that are scanned, from the iliac crests (0) to the lower chest (1);
    down to ``LOWEST`` it reaches into the pelvis (-0.75 shows the hips).
    """

    arms: bool = False
    oral_contrast: bool | None = None
    metal: str = ""
    situs_inversus: bool = False
    removed: tuple[str, ...] = ()
    unusual: bool | tuple[str, ...] = False
    field_of_view: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "removed", tuple(self.removed))
        if not isinstance(self.unusual, bool):
            object.__setattr__(self, "unusual", tuple(self.unusual))
            unknown = [name for name in self.traits if name not in TRAITS]
            if unknown:
                raise UsageError(f"no unusual trait {unknown[0]!r}", advice=f"choose from {', '.join(TRAITS)}")
        strange = [name for name in self.removed if name not in REMOVABLE]
        if strange:
            raise UsageError(f"{strange[0]!r} cannot be removed", advice=f"removable are {', '.join(REMOVABLE)}")
        if self.metal not in ("", *METAL):
            raise UsageError(f"no metal implant of kind {self.metal!r}", advice="choose spine or hip")
        low, high = self.field_of_view
        if not LOWEST <= low < high <= 1.0:
            raise UsageError("field_of_view is not a part of the usual height", advice="give for instance (0.3, 0.8)")
        if self.metal == "hip" and low > -0.6:
            raise UsageError("the field of view does not reach the hips", advice="give for instance (-0.75, 1.0)")

    @property
    def traits(self) -> tuple[str, ...]:
        """The unusual traits that are named."""
        return () if isinstance(self.unusual, bool) else self.unusual

    def described(self) -> str:
        """One line that names all that is not usual; "" where everything is."""
        words = [name for name, on in (("arms", self.arms), ("situs inversus", self.situs_inversus)) if on]
        if self.oral_contrast is not None:
            words.append("oral contrast" if self.oral_contrast else "no oral contrast")
        words += [f"metal {self.metal}"] if self.metal else []
        words += [f"without {name}" for name in self.removed]
        words += list(self.traits) or (["unusual"] if self.unusual else [])
        if self.field_of_view != (0.0, 1.0):
            words.append("field {:g} to {:g}".format(*self.field_of_view))
        return ", ".join(words)


USUAL: Final = Conditions()
