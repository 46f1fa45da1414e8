"""Commands that tell from a scan after an ablation whether it covers the target; they stand in the simulate menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anatomy_twin.view.commands import Command
from anatomy_twin.view.commands.simulate import has_target, no_labels
from anatomy_twin.view.confirming import AFTER, BEFORE, LOOKS, confirming_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu, seen = tr("Simulate"), tr("Confirmation")
    return (
        Command("confirm.scan", tr("Confirm with a second scan\N{HORIZONTAL ELLIPSIS}"), _ask, menu,
                tip=tr("Tell from a scan after the ablation whether it covers the target with its margin"),
                enabled=has_target, divided=True, why=lambda w: no_labels(w) or tr("no lesion is outlined")),
        Command("confirm.show", tr("Show the confirmation in the views"), _toggle, menu, submenu=seen, enabled=_has,
                checked=_on, why=_none, tip=tr("Zone and margins that the scan after the ablation tells")),
        Command("confirm.next", tr("Next confirmation"), _next, menu, submenu=seen, enabled=_has, why=_none),
        Command("confirm.worst", tr("Go to the worst point of the margin"), _worst, menu, submenu=seen, enabled=_has,
                why=_none, tip=tr("Bring the crosshair and the 3-D view there")),
        Command("confirm.look", tr("Slices: before, fade, checkerboard, after"), _next_look, menu, ("Shift+K",),
                submenu=seen, enabled=_has, why=_none, tip=tr("Go through the ways to compare both scans")),
        Command("confirm.switch", tr("Switch between the scans before and after"), _switch, menu, ("K",),
                submenu=seen, enabled=_has, why=_none),
        Command("confirm.delete", tr("Delete the confirmation"), _delete, menu, submenu=seen, enabled=_has, why=_none,
                tip=tr("Take this confirmation and its scan out of the case; it can be undone")),
    )  # fmt: skip


def _has(window: RehearsalWindow) -> bool:
    kit = confirming_of(window.desk)
    return kit is not None and kit.found is not None


def _none(window: RehearsalWindow) -> str:
    return tr("there is no confirmation yet")


def _on(window: RehearsalWindow) -> bool:
    kit = confirming_of(window.desk)
    return kit is not None and kit.on


def _ask(window: RehearsalWindow) -> None:
    from anatomy_twin.view.opening_confirm import ask_confirmation

    ask_confirmation(window)


def _toggle(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None:
        kit.set_on(not kit.on)


def _next(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None and window.desk is not None:
        names = list(window.desk.case.confirmations)
        kit.choose(names[(names.index(kit.chosen) + 1) % len(names)])


def _worst(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None:
        kit.to_worst()


def _next_look(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None:
        kit.set_look(LOOKS[(LOOKS.index(kit.look) + 1) % len(LOOKS)])


def _switch(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None:
        kit.set_look(BEFORE if kit.look == AFTER else AFTER)


def _delete(window: RehearsalWindow) -> None:
    kit = confirming_of(window.desk)
    if kit is not None:
        kit.remove()
