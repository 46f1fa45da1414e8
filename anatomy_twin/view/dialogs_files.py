"""Choosing a saved case, which may be a folder or one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from anatomy_twin.pipeline.library import is_case
from anatomy_twin.view.words import tr


class CaseDialog(QFileDialog):
    """Takes the folder of a case as one thing, as soon as it is entered; other folders are walked through."""

    def __init__(self, window: QWidget, folder: Path, then: Callable[[Path], object]) -> None:
        super().__init__(window, tr("Open case"), str(folder))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
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
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
    return dialog
