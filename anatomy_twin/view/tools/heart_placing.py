"""Placing pacing sites on the wall of a heart chamber by clicks."""

from __future__ import annotations

from typing import Final

from anatomy_twin.rehearsal import Pointer, Shape, Tool
from anatomy_twin.units import Point
from anatomy_twin.view.heart import SITE_RGB, HeartSight
from anatomy_twin.view.tools.plan_sight import seen_at
from anatomy_twin.view.words import tr

GRAB_PX: Final = 10.0


class PlaceSite(Tool):
    """Click on the wall to pace there, drag a site to move it; Delete removes the one that is shown, Esc ends."""

    name = "pacing"

    def __init__(self, sight: HeartSight) -> None:
        self.sight = sight
        self.hint = tr("Click on the wall where to pace; drag a site to move it, Delete removes it, Esc ends")
        self._held = -1
        self._at: Point | None = None

    def press(self, at: Pointer) -> bool:
        """Take the site under the mouse, or place one."""
        place = self.sight.on_wall(at)
        if place is None:
            return False
        self._held = self._under(at)
        if self._held < 0:
            self.sight.add_site(place)
            self._held = len(self.sight.sites) - 1
        else:
            self.sight.choose_site(self._held)
        self._at = None
        return True

    def drag(self, at: Pointer) -> None:
        """Move the site along the wall."""
        place = self.sight.on_wall(at)
        if self._held >= 0 and place is not None:
            self.sight.move_site(self._held, place)

    def release(self, at: Pointer) -> None:
        """Let go."""
        self._held = -1

    def hover(self, at: Pointer | None) -> None:
        """Show where a click would pace."""
        self._at = None if at is None else self.sight.on_wall(at)
        self.sight.redraw()

    def double(self, at: Pointer) -> bool:
        """The second click of two says nothing new."""
        return self.sight.on_wall(at) is not None

    def key(self, name: str) -> bool:
        """Remove the site that is shown; end."""
        if name in ("Delete", "Backspace") and self.sight.site is not None:
            self.sight.remove_site(self.sight.chosen)
            return True
        return False

    def shapes(self) -> tuple[Shape, ...]:
        """A ring where a click would pace."""
        if self._at is None:
            return ()
        return (Shape("knob", (self._at,), SITE_RGB, "pacing", radius_px=6.0, fill=0.3),)

    def _under(self, at: Pointer) -> int:
        near = [(seen_at(site.point_mm, at)[0], index) for index, site in enumerate(self.sight.sites)]
        return min((one for one in near if one[0] <= GRAB_PX), default=(0.0, -1))[1]
