"""Editing outlines by hand: which tools there are, and how one is taken up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from anatomy_twin.rehearsal import Tool
from anatomy_twin.view.tools.brush import Brush
from anatomy_twin.view.tools.hand_kit import Hand, hand_of
from anatomy_twin.view.tools.outlining import Outline
from anatomy_twin.view.tools.pointing import Grow, Island, Sample, Trace

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

MAKERS: Final[dict[str, Callable[[Hand], Tool]]] = {
    "paint": lambda hand: Brush(hand, "paint"),
    "erase": lambda hand: Brush(hand, "erase"),
    "draw": lambda hand: Outline(hand, "draw"),
    "scissors": lambda hand: Outline(hand, "scissors", through=True),
    "trace": Trace,
    "grow": Grow,
    "keep island": lambda hand: Island(hand, "keep island"),
    "remove island": lambda hand: Island(hand, "remove island"),
    "sample": lambda hand: Sample(hand, hand.desk.tool if hand.desk.tool.name in MAKERS else None),
}


def attach(window: RehearsalWindow) -> None:
    """Let the case of a window have a hand; tools draw themselves while they are in use."""
    hand_of(window)


def take_up(hand: Hand, name: str) -> None:
    """Give the left mouse button to a tool; the one that has it already gives it back to the views."""
    desk = hand.desk
    if desk.tool.name == name:
        desk.set_tool(None)
    elif hand.ready():
        if name == "grow":
            hand.warm()  # the first click must not wait for a process to start
        desk.set_tool(MAKERS[name](hand))


def put_down(hand: Hand) -> None:
    """Let the views have the left mouse button."""
    if hand.desk.tool.name in MAKERS:
        hand.desk.set_tool(None)
