"""Choosing cases, files and folders, to be read or to be made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLineEdit, QPushButton, QToolButton, QTreeView, QWidget

from anatomy_twin.pipeline.library import is_case
from anatomy_twin.store.recent import recent_cases
from anatomy_twin.view.icons import icon
from anatomy_twin.view.words import tr

# Qt's own names of the buttons of its dialog, and our icons for them: its own are black on black in a dark theme
BUTTONS: Final = {
    "backButton": "back", "forwardButton": "forward", "toParentButton": "up", "newFolderButton": "new_folder",
    "listModeButton": "list", "detailModeButton": "details",
}
SIDE_PX: Final = 18
FOLDERS_SHOWN: Final = 5  # of recent cases, beside the list


def dress(dialog: QFileDialog) -> QFileDialog:
    """Give a dialog of Qt's own icons that are seen in every theme, room for its columns, and places to go to."""
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    for name, symbol in BUTTONS.items():
        button = dialog.findChild(QToolButton, name)
        if button is not None:
            button.setIcon(icon(symbol, SIDE_PX))
            button.setIconSize(QSize(SIDE_PX, SIDE_PX))
            button.setStyleSheet("QToolButton { padding: 2px; }")
            button.setFixedSize(SIDE_PX + 10, SIDE_PX + 10)
    for push in dialog.findChildren(QPushButton):
        push.setIcon(QIcon())
    letter = dialog.fontMetrics().averageCharWidth()
    dialog.resize(118 * letter, 64 * letter)
    tree = dialog.findChild(QTreeView)
    if tree is not None:
        for column, letters in enumerate((44, 11, 11, 22)):
            tree.setColumnWidth(column, letters * letter)
        tree.header().setStretchLastSection(True)
    kinds = QStandardPaths.StandardLocation
    homes = (kinds.HomeLocation, kinds.DesktopLocation, kinds.DocumentsLocation, kinds.DownloadLocation)
    places = [place for home in homes for place in QStandardPaths.standardLocations(home)[:1]]
    places += [str(one.place.parent) for one in recent_cases()]
    there = [place for place in dict.fromkeys(places) if Path(place).is_dir()]
    dialog.setSidebarUrls([QUrl("file:"), *map(QUrl.fromLocalFile, there[: FOLDERS_SHOWN + len(homes)])])
    return dialog


class CaseDialog(QFileDialog):
    """Takes the folder of a case as one thing, as soon as it is entered; other folders are walked through."""

    def __init__(self, window: QWidget, folder: Path, then: Callable[[Path], object]) -> None:
        super().__init__(window, tr("Open case"), str(folder))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dress(self)
        self.setFileMode(QFileDialog.FileMode.ExistingFile)
        self.setNameFilters([tr("Cases (*.twin *.twin.zip *.zip case.json)"), tr("All files (*)")])
        self.setLabelText(QFileDialog.DialogLabel.Accept, tr("Open"))
        self._then = then
        self.directoryEntered.connect(self._entered)

    def _entered(self, folder: str) -> None:
        if is_case(Path(folder)):
            self._take(Path(folder))

    def accept(self) -> None:
        """Take what is chosen where it is a case; walk into other folders."""
        chosen = [Path(name) for name in self.selectedFiles()]
        if len(chosen) == 1 and (is_case(chosen[0]) or chosen[0].is_file()):
            self._take(chosen[0])
        else:
            super().accept()

    def _take(self, place: Path) -> None:
        self.done(QFileDialog.DialogCode.Accepted)
        self._then(place)


def choose_folder(window: QWidget, title: str, folder: Path, then: Callable[[Path], object]) -> QFileDialog:
    """Let a folder be chosen, without waiting."""
    dialog = QFileDialog(window, title, str(folder))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dress(dialog)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
    return dialog


def choose_file(
    window: QWidget, title: str, folder: Path, filters: list[str], then: Callable[[Path], object]
) -> QFileDialog:
    """Let a file be chosen, without waiting."""
    dialog = QFileDialog(window, title, str(folder))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dress(dialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
    return dialog


class NewDialog(QFileDialog):
    """Asks for the name of a file or folder that is to be written; a folder that is there counts as a name too."""

    def __init__(self, window: QWidget, title: str, place: Path, accept: str, what: str) -> None:
        super().__init__(window, title, str(place.parent))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)  # others take a case, which is a folder, for no file
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setFileMode(QFileDialog.FileMode.AnyFile)
        if what:
            self.setLabelText(QFileDialog.DialogLabel.FileName, what)
        dress(self)
        self._accept_words = accept
        name, box = self.findChild(QLineEdit, "fileNameEdit"), self.findChild(QDialogButtonBox)
        assert name is not None and box is not None
        self._name, self._button = name, box.button(QDialogButtonBox.StandardButton.Save)
        self._name.textChanged.connect(self._say)  # Qt offers to walk into a folder that is there
        self.selectFile(place.name)
        self._say()

    def accept(self) -> None:
        """Take the name; walk into a folder that is written with a slash at its end."""
        text = self._name.text().strip()
        place = Path(self.directory().absolutePath()) / text
        if not text or (text.endswith(("/", os.sep)) and place.is_dir()):
            super().accept()
            return
        self.done(QFileDialog.DialogCode.Accepted)
        self.fileSelected.emit(str(place))

    def _say(self) -> None:
        self._button.setText(self._accept_words)
        self._button.setIcon(QIcon())


def choose_new(
    window: QWidget, title: str, place: Path, then: Callable[[Path], object], *, accept: str, what: str = ""
) -> NewDialog:
    """Let the name of something be chosen that is to be written, without waiting; ``place`` is what is proposed.

    ``accept`` stands on the button, ``what`` before the name. What lies there already is asked about by the caller.
    """
    dialog = NewDialog(window, title, place, accept, what)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
    return dialog
