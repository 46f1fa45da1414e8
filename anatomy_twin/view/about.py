"""What this program is and what it runs on; whether all works here."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, qVersion
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from anatomy_twin import __version__
from anatomy_twin.errors import TwinError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.store.state import state_folder
from anatomy_twin.view.style import VERDICTS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

LIBRARIES: Final = ("PySide6-Essentials", "PySide6", "vtk", "pyvista", "pyvistaqt", "numpy", "numba", "SimpleITK",
                    "pydicom")  # fmt: skip


def versions() -> list[tuple[str, str]]:
    """Return (what, version) of the program and of what it is made with here."""
    lines = [("anatomy_twin", __version__), ("Python", platform.python_version()), ("Qt", qVersion())]
    for name in LIBRARIES:
        try:
            lines.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    lines.append((tr("System"), f"{platform.system()} {platform.release()} {platform.machine()}"))
    return lines


class AboutDialog(QDialog):
    """Versions, licence, intended use; can be copied."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("About anatomy_twin"))
        title = QLabel(f"<h2>anatomy_twin {__version__}</h2>")
        notice = QLabel(tr(INTENDED_USE), objectName="notice")
        what = QLabel(tr("From a patient's scan to a rehearsed operation. Free software under the Apache 2.0 licence."))
        rows = "".join(f"<tr><td>{what}&nbsp;&nbsp;&nbsp;</td><td>{number}</td></tr>" for what, number in versions())
        table = QLabel(f"<table>{rows}</table>")
        table.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setAutoDefault(False)
        copy.clicked.connect(self.copy)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for label in (title, what, notice, table):
            label.setWordWrap(label is not table)
            layout.addWidget(label)
        layout.addWidget(buttons)

    def copy(self) -> None:
        """Put the versions on the clipboard, for a report of an error."""
        QApplication.clipboard().setText("\n".join(f"{what} {number}" for what, number in versions()))


def checks(window: RehearsalWindow) -> list[tuple[str, Callable[[], str]]]:
    """Return what the check does: a name and a function that returns a line or raises ``TwinError``."""
    return [
        (tr("Drawing off-screen"), _draws), (tr("Graphics of the 3-D view"), lambda: _graphics(window)),
        (tr("Work in the background"), _works), (tr("Folder for journals and reports"), _writes),
    ]  # fmt: skip


def _draws() -> str:
    from anatomy_twin.errors import RenderError
    from anatomy_twin.render import can_render

    works, line = can_render()
    if not works:
        raise RenderError(line)
    return tr("works")


def _graphics(window: RehearsalWindow) -> str:
    if window.views is None:
        return tr("open a case to see")
    lines = str(window.views.scene_pane.interactor.render_window.ReportCapabilities()).splitlines()
    found = [line.partition(":")[2].strip() for line in lines if "renderer string" in line]
    return found[0] if found else tr("not known")


def _works() -> str:
    from anatomy_twin.worker import run_limited

    start = time.monotonic()
    run_limited("platform:machine", wall_s=30)
    return tr("works, answer after {seconds} s").format(seconds=f"{time.monotonic() - start:.1f}")


def _writes() -> str:
    from anatomy_twin.errors import StoreError

    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / "probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StoreError(tr("cannot be written"), where=error.strerror or "") from error
    return str(folder)


class CheckDialog(QDialog):
    """Runs the checks one after the other and shows each answer with a sign and words."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Check this computer"))
        self.list = QTreeWidget()
        self.list.setHeaderLabels([tr("What"), tr("Answer")])
        self.list.setRootIsDecorated(False)
        self._todo = checks(window)
        self.failed = 0
        for name, _ in self._todo:
            self.list.addTopLevelItem(QTreeWidgetItem([name, "\N{HORIZONTAL ELLIPSIS}"]))
        self.list.addTopLevelItem(QTreeWidgetItem(["Python", sys.version.split()[0]]))
        self.list.resizeColumnToContents(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list)
        layout.addWidget(buttons)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(78 * letter, 16 * self.fontMetrics().height())
        self._next = QTimer(self, interval=0)  # the window draws between two checks
        self._next.timeout.connect(self._step)
        self._next.start()

    def _step(self) -> None:
        number = self.list.topLevelItemCount() - 1 - len(self._todo)
        if not self._todo:
            self._next.stop()
            return
        _, check = self._todo.pop(0)
        try:
            sign, words = VERDICTS["met"][0], check()
        except TwinError as error:
            sign, words = VERDICTS["not met"][0], str(error)
            self.failed += 1
        item = self.list.topLevelItem(number)
        if item is not None:
            item.setText(1, f"{sign} {words}")
            item.setToolTip(1, words)
