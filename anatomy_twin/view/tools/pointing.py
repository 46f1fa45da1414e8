"""Tools of single clicks: a segment grown from three clicks, a piece of it chosen, a range of values sampled."""

from __future__ import annotations

from typing import Any, Final

from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.hand import Click
from anatomy_twin.rehearsal import Pointer, Shape, Tint, Tool
from anatomy_twin.segmentation import editing
from anatomy_twin.segmentation.editing.desk import Change
from anatomy_twin.segmentation.editing.region import regions_of, uncover
from anatomy_twin.segmentation.editing.tracing import level_region, piece_at
from anatomy_twin.view.tools.brush import tint_of
from anatomy_twin.view.tools.hand_kit import Hand, median_hu
from anatomy_twin.view.words import tr

INSIDE: Final = (90, 220, 130)
OUTSIDE: Final = (255, 120, 90)
SAMPLED_SPREADS: Final = 2.5
GROW: Final = "anatomy_twin.pipeline.hand:grown"


class Grow(Tool):
    """Left click inside, Shift and click outside; after each the outline is proposed. Enter takes it, Esc drops it."""

    name = "grow"

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.clicks: list[Click] = []
        self._drafts: dict[int, Change] = {}  # what so many of the clicks gave
        self.proposed: Change | None = None
        self._tints: tuple[Tint, ...] = ()
        self._for: Any = None  # the labels and the segment that the clicks are of
        self._asked = 0  # only the newest answer counts
        self._job: Any = None

    def press(self, at: Pointer) -> bool:
        """Set a click; a new outline is computed beside the window."""
        if at.view == "3d" or at.point_mm is None or at.alt:
            return False
        if not self.hand.ready():
            return True
        now = (self.hand.labels, self.hand.desk.active)
        if self._for is None or self._for[0] is not now[0] or self._for[1] != now[1]:
            self._forget()
            self._for = now
        self.clicks.append((at.point_mm, not (at.shift or at.control)))
        self._ask()
        return True

    def double(self, at: Pointer) -> bool:
        """A second click at the same place says nothing new, and does not turn to another layout."""
        return at.view != "3d"

    def key(self, name: str) -> bool:
        """Enter takes the outline, Backspace takes back the last click."""
        if name in ("Return", "Enter"):
            return self.take()
        if name in ("Backspace", "Delete") and self.clicks:
            self._drafts.pop(len(self.clicks), None)
            self.clicks.pop()
            self._ask()
            return True
        return False

    def take(self) -> bool:
        """Make the proposed outline a step of the case; True where there was one."""
        change = self.proposed
        if change is None or self._for is None:
            if self._job is not None and not self._job.over:
                self.hand.desk.tell(tr("the outline is still being drawn"), "info")
            return False
        current = self._for[0] is self.hand.labels
        self._forget()
        if not current:
            self.hand.desk.tell(tr("the labels changed meanwhile: the outline is out of date and was not taken"),
                                "warning")
            return False
        return self.hand.do(lambda: change)

    def cancel(self) -> bool:
        """Drop clicks and outline."""
        held = bool(self.clicks)
        self._forget()
        return held

    def shapes(self) -> tuple[Shape, ...]:
        """The clicks: a filled knob inside, a ring outside, with words that say so without their colour."""
        found = []
        for point, inside in self.clicks:
            colour, sign = (INSIDE, "+") if inside else (OUTSIDE, "\N{MINUS SIGN}")
            found.append(Shape("knob", (point,), colour, "click", radius_px=5.0, fill=1.0, reach_mm=3.0))
            found.append(Shape("text", (point,), colour, "click", text=sign, reach_mm=3.0))
        return tuple(found)

    def tints(self) -> tuple[Tint, ...]:
        """The outline that is proposed."""
        return self._tints

    def _ask(self) -> None:
        """Have the outline drawn from all clicks so far; the last ones that were asked for do not count any more."""
        self._asked += 1
        number, hand, count = self._asked, self.hand, len(self.clicks)
        self._stop()
        if count in self._drafts or (not any(inside for _, inside in self.clicks) and not self._exists):
            self._show(self._drafts.get(count))
            return
        drafted = max((n for n in self._drafts if n < count), default=0)

        def take(change: Change) -> None:
            if number == self._asked:
                self._job, self._drafts[count] = None, change
                if change.empty:
                    hand.desk.tell(tr("the outline agrees with the clicks already; click where it is wrong"))
                self._show(change)

        def dropped() -> None:
            if number == self._asked:
                self._job = None
                self._show(None)

        arguments = (hand.desk.case.volume, hand.desk.active, tuple(self.clicks), hand.grower,
                     self._drafts.get(drafted), drafted)  # fmt: skip
        title = f"Outline of {hand.called} from {count} {'click' if count == 1 else 'clicks'}"
        self._job = hand.work(title, GROW, *arguments, then=take, dropped=dropped)
        hand.desk.drawing_changed.emit()

    @property
    def _exists(self) -> bool:
        return self.hand.labels is not None and self.hand.desk.active in self.hand.labels

    def _show(self, change: Change | None) -> None:
        self.proposed, self._tints = None if change is None or change.empty else change, ()
        labels, change = self.hand.labels, self.proposed
        if change is not None and labels is not None:
            tints = []
            for region, colour, label in zip(regions_of(labels, change, self.hand.desk.active),
                                             (self.hand.colour, OUTSIDE), ("proposed", "given up"), strict=True):
                if not region.empty:
                    tints.append(tint_of(region, self.hand.upright, label, colour))
            self._tints = tuple(tints)
            self.hand.desk.tell(
                tr("proposed: {what}. Enter takes it, Esc drops it").format(what="; ".join(change.told[:3])))
        self.hand.tell_all()

    def _stop(self) -> None:
        """End what is being drawn: it does not count any more."""
        before, self._job = self._job, None
        if before is not None and not before.over and self.hand.stop is not None:
            self.hand.stop(before)

    def _forget(self) -> None:
        self._asked += 1
        self._stop()
        self.clicks, self._drafts, self._for = [], {}, None
        self._show(None)


class Island(Tool):
    """Click on a piece of the active segment: it alone is kept, or with Ctrl (or as the other tool) removed."""

    def __init__(self, hand: Hand, name: str = "keep island") -> None:
        self.hand, self.name = hand, name

    def press(self, at: Pointer) -> bool:
        """Keep or remove the piece at the click."""
        if at.view == "3d" or at.point_mm is None or at.shift or at.alt:
            return False
        hand, labels, point = self.hand, self.hand.labels, at.point_mm
        if not hand.ready(filled=True) or labels is None:
            return True
        removes = (self.name != "keep island") != at.control

        def change() -> Change:
            if not removes:
                return editing.islands.change(labels, hand.desk.active, "at", point_mm=point)
            piece = piece_at(labels, hand.desk.active, point)
            return uncover.change(labels, hand.desk.active, piece, verb="remove island")

        hand.do(change, f"{hand.called} has one piece only")
        return True

    def double(self, at: Pointer) -> bool:
        """The second click of two says nothing new."""
        return at.view != "3d"


class Sample(Tool):
    """Click on tissue: only voxels with values like there are painted from then on."""

    name = "sample"

    def __init__(self, hand: Hand, before: Tool | None = None) -> None:
        self.hand, self._before = hand, before

    def press(self, at: Pointer) -> bool:
        """Take the range of values at the click, and give the mouse back to the tool before."""
        if at.view == "3d" or at.point_mm is None:
            return False
        try:
            middle, spread = median_hu(self.hand, at.point_mm)
        except TwinError as error:
            self.hand.desk.tell(str(error), "error")
            return True
        low, high = middle - SAMPLED_SPREADS * spread, middle + SAMPLED_SPREADS * spread
        self.hand.limit(by_hu=True, hu=(round(low), round(high)))
        self.hand.desk.tell(tr("only values from {low} to {high} are painted from now on").format(
            low=round(low), high=round(high)))
        if self._before is not None:
            self.hand.desk.set_tool(self._before)
        return True


class Trace(Tool):
    """Point at an edge: the region that the line of equal values there encloses on the slice; a click takes it."""

    name = "trace"

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self._tint: Tint | None = None
        self._region: Any = None

    def hover(self, at: Pointer | None) -> None:
        """Show the region at the mouse."""
        self._find(at)
        self.hand.desk.drawing_changed.emit()

    def press(self, at: Pointer) -> bool:
        """Take the region at the mouse into the segment (with Ctrl: out of it)."""
        if at.view == "3d" or at.point_mm is None or at.shift or at.alt:
            return False
        if not self.hand.ready(filled=at.control):
            return True
        self._find(at)
        if self._region is None:
            self.hand.desk.tell(tr("no line of equal values closes here; point at an edge"), "warning")
        else:
            self.hand.put(self._region, erase=at.control, verb="erase" if at.control else "trace")
        return True

    def double(self, at: Pointer) -> bool:
        """The second click of two says nothing new."""
        return at.view != "3d"

    def cancel(self) -> bool:
        """Nothing is held."""
        self._tint = self._region = None
        return False

    def tints(self) -> tuple[Tint, ...]:
        """The region at the mouse."""
        return () if self._tint is None else (self._tint,)

    def _find(self, at: Pointer | None) -> None:
        self._tint = self._region = None
        if at is None or at.point_mm is None or at.view == "3d" or self.hand.labels is None:
            return
        region = level_region(self.hand.desk.case.volume, at.point_mm, at.toward)
        if region is not None:
            self._region = region
            self._tint = tint_of(region, self.hand.upright, "trace", self.hand.colour, fill=0.3)
