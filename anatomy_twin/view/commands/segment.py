"""Commands of the segment menu: tools and verbs for outlines, and the state of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anatomy_twin.view.commands import Command
from anatomy_twin.view.tools import hand_actions as actions
from anatomy_twin.view.tools.hand_kit import Hand, hand_of
from anatomy_twin.view.tools.segmenting import put_down, take_up
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu. Keys are those of 3D Slicer's segment editor where it has them."""
    return (*_tools(), *_verbs(), *_states(), *_brush(), *_table())


def _tools() -> tuple[Command, ...]:
    return (
        _do("segment.threshold", tr("Threshold"), actions.threshold, ("1",),
            tr("Give the segment all voxels in the range of values, within the limits"), active=True),
        _tool("paint", tr("Paint"), ("2",), tr("Drag on a slice; Ctrl erases, [ and ] or Shift and wheel: size")),
        _tool("draw", tr("Draw outline"), ("3",), tr("Drag round a region, or click corners and press Enter")),
        _tool("erase", tr("Erase"), ("4",), tr("Drag on a slice; Ctrl paints")),
        _tool("trace", tr("Level tracing"), ("5",), tr("Point at an edge and click: what it encloses is taken")),
        _tool("grow", tr("Grow from clicks"), ("6",),
              tr("Click inside, Shift and click outside; Enter takes the proposed outline, Esc drops it")),
        _tool("scissors", tr("Scissors"), ("Shift+4",), tr("Draw round what is to be cut away in all slices")),
        _tool("keep island", tr("Keep piece"), ("Shift+5",), tr("Click on the piece that is to stay")),
        _tool("remove island", tr("Remove piece"), ("Shift+6",), tr("Click on the piece that is to go")),
        _tool("sample", tr("Sample values"), ("Shift+1",), tr("Click on tissue: only values like it are painted")),
        _do("segment.navigate", tr("Put the tool down"), put_down, ("Shift+Esc",),
            tr("The mouse moves the views again")),
    )  # fmt: skip


def _verbs() -> tuple[Command, ...]:
    return (
        _do("segment.fill_between", tr("Fill between slices"), actions.fill_between, ("7",),
            tr("Slices between those that were drawn get the shape between"), divided=True, active=True),
        _do("segment.grow_margin", tr("Grow by margin"), actions.margin, ("8",), active=True),
        _do("segment.shrink_margin", tr("Shrink by margin"), lambda hand: actions.margin(hand, -1), ("Shift+8",),
            active=True),
        _do("segment.hollow", tr("Hollow"), actions.hollow, ("9",), tr("Leave a shell"), active=True),
        _do("segment.smooth", tr("Smooth"), actions.smooth, ("0",), tr("Smooth the outline; the volume stays"),
            active=True),
        _do("segment.keep_largest", tr("Keep largest piece"), actions.keep_largest, active=True),
        _do("segment.remove_small", tr("Remove small pieces"), actions.remove_small, active=True),
        _do("segment.split", tr("Split into pieces"), actions.split, active=True),
        Command("segment.combine", tr("Combine with another segment..."), _ask_combine, menu=tr("Segment"),
                tip=tr("Unite with, take away, or intersect with another segment"), enabled=_has_active),
    )  # fmt: skip


def _states() -> tuple[Command, ...]:
    return (
        _do("segment.confirm", tr("Mark as checked"), actions.confirm, ("Ctrl+Return",),
            tr("You looked at the outline and stand for it"), divided=True, active=True),
        _do("segment.flag", tr("Flag for review"), actions.flag, ("Ctrl+Shift+F",), active=True),
        _do("segment.previous", tr("Previous segment"), lambda hand: actions.step_segment(hand, -1), ("Q",)),
        _do("segment.next", tr("Next segment"), lambda hand: actions.step_segment(hand, 1), ("W",)),
        _do("segment.next_flagged", tr("Next flagged segment"),
            lambda hand: actions.step_segment(hand, 1, only_flagged=True), ("Shift+W",)),
        _do("segment.surfaces", tr("Update surfaces"), lambda hand: hand.surfaces.make(), (),
            tr("Make the surfaces anew that are older than their outlines")),
    )  # fmt: skip


def _brush() -> tuple[Command, ...]:
    return (
        _do("segment.smaller", tr("Smaller brush"), lambda hand: hand.resize(-1), ("[",), divided=True),
        _do("segment.larger", tr("Larger brush"), lambda hand: hand.resize(1), ("]",)),
        _do("segment.ball", tr("Ball brush"), lambda hand: hand.set_ball(not hand.ball), ("Shift+2",),
            tr("Paint with a ball, not with a disc on the slice"), checked=lambda hand: hand.ball),
        _do("segment.by_values", tr("Paint only a range of values"),
            lambda hand: hand.limit(by_hu=not hand.limits.by_hu), ("Shift+3",), checked=lambda hand: hand.limits.by_hu),
        _do("segment.take", tr("Take the proposed outline"), lambda hand: hand.desk.tool.key("Return"), (),
            tr("Enter in a slice does the same")),
    )  # fmt: skip


def _table() -> tuple[Command, ...]:
    menu = tr("Segment")
    return (
        Command("segment.new", tr("New segment..."), _ask_new, menu=menu, keys=("Ctrl+Shift+N",), divided=True,
                tip=tr("From the catalog's terms, or with a name and colour of your own"), enabled=_has_labels),
        Command("segment.rename", tr("Rename segment..."), _ask_rename, menu=menu, enabled=_has_active),
        _do("segment.clear", tr("Clear segment"), actions.clear, (), tr("Take all its voxels away"), active=True),
        _do("segment.delete", tr("Delete segment"), actions.delete, (), active=True),
    )  # fmt: skip


def _tool(name: str, text: str, keys: tuple[str, ...], tip: str) -> Command:
    def run(window: RehearsalWindow) -> None:
        window.show_panel("segment")
        take_up(hand_of(window), name)

    return Command(
        f"segment.{name.replace(' ', '_')}", text, run, menu=tr("Segment"), keys=keys, tip=tip, enabled=_has_labels,
        checked=lambda window: window.desk is not None and window.desk.tool.name == name,
    )  # fmt: skip


def _do(
    name: str, text: str, run: Callable[[Hand], object], keys: tuple[str, ...] = (), tip: str = "", *,
    divided: bool = False, active: bool = False, checked: Callable[[Hand], bool] | None = None,
) -> Command:
    """Return a command that works on the hand of the open case."""
    return Command(
        name, text, lambda window: run(hand_of(window)), menu=tr("Segment"), keys=keys, tip=tip,
        enabled=_has_active if active else _has_labels, divided=divided,
        checked=None if checked is None else (lambda window: window.desk is not None and checked(hand_of(window))),
    )  # fmt: skip


def _has_labels(window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.case.primary in window.desk.case.labels


def _has_active(window: RehearsalWindow) -> bool:
    return _has_labels(window) and window.desk is not None and bool(window.desk.active)


def _ask_new(window: RehearsalWindow) -> None:
    from anatomy_twin.view.panels.segment_dialogs import ask_new

    ask_new(window, hand_of(window))


def _ask_rename(window: RehearsalWindow) -> None:
    from anatomy_twin.view.panels.segment_dialogs import ask_rename

    ask_rename(window, hand_of(window))


def _ask_combine(window: RehearsalWindow) -> None:
    from anatomy_twin.view.panels.segment_dialogs import ask_combine

    ask_combine(window, hand_of(window))
