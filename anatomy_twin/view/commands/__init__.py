"""All that can be done in the window, as one table: menus, palette, cheat sheet, tool bars and keys are made of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

# in the order of the menus
MODULES: Final = ("file", "edit", "look", "slices", "scene", "segment", "measure", "plan", "heart", "simulate",
                  "confirm", "help")


def has_case(window: RehearsalWindow) -> bool:
    """True where a case is open."""
    return window.desk is not None


def always(window: RehearsalWindow) -> bool:
    """True."""
    return True


@dataclass(frozen=True)
class Command:
    """One thing that can be done.

    ``name`` ("file.open") is fixed, ``text`` and ``tip`` are in the person's language, ``menu`` where it stands (""
    for the palette only), ``keys`` its shortcuts, ``run`` does it, ``enabled`` and ``checked`` tell whether it can be
    done now and whether it is on; ``bar`` puts it on the tool bar too; ``divided`` draws a line above it in the menu.

    ``icon`` is a name of ``view.icons.DRAWINGS``, ``short`` a word for the tool bar, ``submenu`` the title of a menu
    inside the menu, ``saying`` gives the text where it changes ("Undo Move tip"), ``why`` tells in a few words why it
    cannot be done now.
    """

    name: str
    text: str
    run: Callable[[RehearsalWindow], object]
    menu: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""
    enabled: Callable[[RehearsalWindow], bool] = has_case
    checked: Callable[[RehearsalWindow], bool] | None = None
    bar: bool = False
    divided: bool = False
    icon: str = ""
    short: str = ""
    submenu: str = ""
    saying: Callable[[RehearsalWindow], str] | None = None
    why: Callable[[RehearsalWindow], str] | None = None


def all_commands() -> tuple[Command, ...]:
    """Return every command, in the order of the menus, in the language of the window."""
    found: list[Command] = []
    for name in MODULES:
        found += importlib.import_module(f"anatomy_twin.view.commands.{name}").commands()
    return tuple(found)


def clashes(commands: Iterable[Command]) -> list[tuple[str, str, str]]:
    """Return (key, command, command) for every key that two commands have."""
    from PySide6.QtGui import QKeySequence

    taken: dict[str, str] = {}
    found = []
    for command in commands:
        for key in command.keys:
            plain = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
            if plain in taken:
                found.append((plain, taken[plain], command.name))
            taken.setdefault(plain, command.name)
    return found
