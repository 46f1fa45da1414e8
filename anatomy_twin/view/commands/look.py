"""Commands of the look menu."""

from __future__ import annotations

from anatomy_twin.view.commands import Command


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    return ()
