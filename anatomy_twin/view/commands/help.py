"""Commands of the help menu: finding commands and keys, what this is, whether all works here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from anatomy_twin.store.state import state_folder
from anatomy_twin.view.commands import Command, always
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("Help")
    return (
        Command("help.palette", tr("Find a command\N{HORIZONTAL ELLIPSIS}"), palette, menu, ("Ctrl+K",),
                tr("Commands, structures and plans by a few letters"), always, bar=True, icon="search",
                short=tr("Find")),
        Command("help.keys", tr("Keys and mouse"), keys, menu, ("F1", "?"),
                tr("All keys on one page, and what the mouse does"), always, bar=True, icon="help",
                short=tr("Keys")),
        Command("help.check", tr("Check this computer"), check, menu, (),
                tr("Whether drawing, windows and simulations work here"), always, divided=True),
        Command("help.messages_folder", tr("Open the folder of error reports"), messages_folder, menu, (),
                tr("Where unexpected errors are written down"), always),
        Command("help.about", tr("About anatomy_twin"), about, menu, (), tr("Versions, licence, intended use"),
                always, divided=True),
    )  # fmt: skip


def palette(window: RehearsalWindow) -> None:
    """Show the palette of commands."""
    from anatomy_twin.view.palette import Palette

    Palette(window).show()


def keys(window: RehearsalWindow) -> None:
    """Show the page of keys."""
    from anatomy_twin.view.cheat_sheet import CheatSheet

    CheatSheet(window).show()


def check(window: RehearsalWindow) -> None:
    """Show whether all works here."""
    from anatomy_twin.view.about import CheckDialog

    dialog = CheckDialog(window)
    dialog.exec()
    dialog.deleteLater()  # its parent would keep it


def messages_folder(window: RehearsalWindow) -> None:
    """Open the folder of error reports in the system's file manager."""
    folder = state_folder() / "errors"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        window.tell(tr("The folder cannot be made: {why}").format(why=error.strerror or error), "error")
        return
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        window.tell(tr("No file manager could be started; the folder is {place}").format(place=folder), "warning")


def about(window: RehearsalWindow) -> None:
    """Show what this is."""
    from anatomy_twin.view.about import AboutDialog

    dialog = AboutDialog(window)
    dialog.exec()
    dialog.deleteLater()  # its parent would keep it
