"""Commands of the edit menu: back and forth, letting go, pictures, preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QApplication

from anatomy_twin.rehearsal import Tool
from anatomy_twin.view.commands import Command, always, has_case
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


RESTING: Final = (Tool.name, "plan")  # what the hand has while no tool was taken: nothing, or handles in edit mode


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("Edit")
    return (
        Command("edit.undo", tr("Undo"), undo, menu, ("Ctrl+Z", "Z"), tr("Undo the last step"), can_undo,
                bar=True, icon="undo", saying=undo_text, why=lambda _: tr("there is nothing to undo")),
        Command("edit.redo", tr("Redo"), redo, menu, ("Ctrl+Shift+Z", "Y", "Ctrl+Y"),
                tr("Do again what was undone last"), can_redo, bar=True, icon="redo", saying=redo_text,
                why=lambda _: tr("nothing was undone")),
        Command("edit.history", tr("History of steps"), lambda window: window.go_to_panel("history"), menu,
                ("Ctrl+H",), tr("All steps by name; click one to go back or forth to it")),
        Command("edit.cancel", tr("Let go"), cancel, menu, ("Esc",),
                tr("Give back what is held; put the tool away; then leave edit mode"), has_case, divided=True),
        Command("edit.copy_picture", tr("Copy picture of the views"), copy_picture, menu, ("Ctrl+Shift+C",),
                tr("Put what the views show on the clipboard, with the intended-use line below"), has_case,
                divided=True, icon="copy"),
        Command("edit.preferences", tr("Preferences\N{HORIZONTAL ELLIPSIS}"), preferences, menu, ("Ctrl+,",),
                tr("Theme, size of type, language, palette, handles, live physics"), always, divided=True,
                icon="settings"),
    )  # fmt: skip


def can_undo(window: RehearsalWindow) -> bool:
    """True where a step was done, or the hand holds something."""
    desk = window.desk
    return desk is not None and (bool(desk.session.history.done) or desk.moving is not None)


def can_redo(window: RehearsalWindow) -> bool:
    """True where a step was undone."""
    return window.desk is not None and bool(window.desk.session.history.undone)


def undo(window: RehearsalWindow) -> None:
    """Undo the last step."""
    if window.desk is not None:
        window.desk.undo()


def redo(window: RehearsalWindow) -> None:
    """Redo the next step."""
    if window.desk is not None:
        window.desk.redo()


def undo_text(window: RehearsalWindow) -> str:
    """Return "Undo" and what would be undone."""
    names = () if window.desk is None else window.desk.session.history.names
    return tr("Undo: {name}").format(name=names[-1]) if names else tr("Undo")


def redo_text(window: RehearsalWindow) -> str:
    """Return "Redo" and what would be done again."""
    names = () if window.desk is None else window.desk.session.history.redo_names
    return tr("Redo: {name}").format(name=names[0]) if names else tr("Redo")


def cancel(window: RehearsalWindow) -> None:
    """Give back what is held; where nothing is, put the tool away; where none is taken, leave edit mode."""
    desk = window.desk
    if desk is None or desk.tool.cancel() or desk.drop():
        return
    if desk.tool.name not in RESTING:
        desk.set_tool(None)
    elif desk.edit_mode:
        desk.set_edit_mode(False)


def copy_picture(window: RehearsalWindow) -> None:
    """Put what the views show on the clipboard."""
    if window.views is not None:
        from anatomy_twin.view.pictures import picture_of

        QApplication.clipboard().setImage(picture_of(window.views))
        window.tell(tr("The picture is on the clipboard"))


def preferences(window: RehearsalWindow) -> None:
    """Show the preferences."""
    from anatomy_twin.view.preferences_dialog import PreferencesDialog

    dialog = PreferencesDialog(window)
    dialog.exec()
    dialog.deleteLater()  # its parent would keep it
