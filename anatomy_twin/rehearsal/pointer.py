"""Where the mouse points, in patient space, and what a tool does with it. No interface toolkit here."""

from __future__ import annotations

from dataclasses import dataclass

from anatomy_twin.rehearsal.shapes import Shape, Tint
from anatomy_twin.units import Point


@dataclass(frozen=True, slots=True)
class Pointer:
    """The mouse over a view.

    ``view`` is the name of a slice plane or "3d". ``point_mm`` lies in the plane of a slice, or on the visible surface
    under the mouse in 3-D (None beside all surfaces; ``structure`` names it). ``toward`` is the unit vector from the
    viewer into the picture, ``eye_mm`` where the ray through the mouse starts (3-D: the camera's side), ``pixel_mm``
    the size of a screen pixel at that depth.
    """

    view: str
    point_mm: Point | None
    toward: Point
    eye_mm: Point
    pixel_mm: float
    structure: str = ""
    shift: bool = False
    control: bool = False
    alt: bool = False


class Tool:
    """What the left mouse button does. This one does nothing: the views then navigate.

    ``press`` returns True where the tool takes the button; then it gets every ``drag`` and one ``release`` (also where
    the button comes up outside of the view). ``cancel`` gives back what was grabbed, as if it had not been touched.
    """

    name = "navigate"
    hint = ""

    def press(self, at: Pointer) -> bool:
        """The left button went down; return True to keep the mouse."""
        return False

    def drag(self, at: Pointer) -> None:
        """The mouse moved while held."""

    def release(self, at: Pointer) -> None:
        """The button came up."""

    def hover(self, at: Pointer | None) -> None:
        """The mouse moved with no button down; None when it left the view."""

    def double(self, at: Pointer) -> bool:
        """A double click; return True where it was used."""
        return False

    def key(self, name: str) -> bool:
        """A key such as "Return", "Delete", "[", "]"; return True where it was used."""
        return False

    def wheel(self, steps: float, at: Pointer) -> bool:
        """The wheel turned by so many steps, away from the hand positive; return True where it was used."""
        return False

    def cancel(self) -> bool:
        """Give back what is held (Esc); return True if there was anything."""
        return False

    def shapes(self) -> tuple[Shape, ...]:
        """What to draw now."""
        return ()

    def tints(self) -> tuple[Tint, ...]:
        """Regions to tint on slices now."""
        return ()
