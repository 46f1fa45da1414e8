"""A window of its own for a test: its state, cache, data and preferences in a folder that is gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[2] / "sample_scans"
XDG = ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


def own_folders(monkeypatch: Any, folder: Path) -> None:
    """Let everything that belongs to a user lie in a folder."""
    for name in XDG:
        monkeypatch.setenv(name, str(folder / name.lower()))
    monkeypatch.delenv("ANATOMY_TWIN_LIBRARY", raising=False)


def scan_of(folder: Path, count: int = 8) -> Path:
    """A short DICOM series in a folder of a folder."""
    (folder / "ct").mkdir(parents=True)
    for file in sorted((SAMPLES / "liver_tumour").glob("*.dcm"))[:count]:
        shutil.copy(file, folder / "ct")
    return folder


def shown_window(qtbot: Any, session: Any = None, size: tuple[int, int] = (1200, 800)) -> Any:
    """Return a window that is on the screen."""
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(session)
    qtbot.addWidget(window)
    window.resize(*size)
    with qtbot.waitExposed(window):
        window.show()
    return window


def answer(qtbot: Any, window: Any, key: str, *, kind: type | None = None) -> str:
    """Press a button of the question that is over a window; return what the question said."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QMessageBox, QPushButton

    box = wait_for(qtbot, lambda: open_dialog(window, kind or QMessageBox))
    words = f"{box.text()} {box.informativeText()}" if isinstance(box, QMessageBox) else box.windowTitle()
    qtbot.mouseClick(box.findChild(QPushButton, key), Qt.MouseButton.LeftButton)
    return str(words)


def open_dialog(window: Any, kind: type) -> Any:
    """Return the visible dialog of a kind over a window, None where there is none."""
    return next((dialog for dialog in window.findChildren(kind) if dialog.isVisible()), None)


def wait_for(qtbot: Any, look: Callable[[], Any], timeout: int = 60_000) -> Any:
    """Wait until ``look`` returns something, and return it."""
    found: list[Any] = []

    def there() -> bool:
        found[:] = [look()]
        return bool(found[0])

    qtbot.waitUntil(there, timeout=timeout)
    return found[0]


def drop(window: Any, *places: Path, on: Any = None) -> bool:
    """Drag files over a window and let them go, as another program would; return whether the window takes them."""
    from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
    from PySide6.QtGui import QDragEnterEvent, QDropEvent
    from PySide6.QtWidgets import QApplication

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(place)) for place in places])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    try:
        enter = QDragEnterEvent(QPointF(50, 50), copy, data, left, none)
    except TypeError:  # an older Qt
        enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    QApplication.sendEvent(on or window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(on or window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    return bool(enter.isAccepted())
