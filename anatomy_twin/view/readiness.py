"""What a window has ready before a person opens the first case."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from functools import cache
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

SOON_MS: Final = 200  # after the start page stands on the screen
AFTER_CASE_MS: Final = 1000  # after a window was made with a case: its first picture comes first
LIBRARIES: Final = ("scipy.ndimage", "scipy.spatial", "scipy.sparse")  # what the first move of the mouse asks for


def drawn_by_gl(window: QWidget) -> None:
    """Let a window be one that is drawn by OpenGL from its beginning.

    Qt makes the window of the screen anew when the first view of this kind comes into it: it would vanish for a moment
    when the first case is opened.
    """
    reason = QOpenGLWidget(window)
    reason.setObjectName("drawn_by_gl")
    reason.hide()


def prepare_soon(window: QWidget, *, with_case: bool) -> None:
    """Load beside the window what it needs next: for the first slice, and for what a person does then."""
    QTimer.singleShot(AFTER_CASE_MS if with_case else SOON_MS, window, _load_libraries if with_case else _load_all)


@cache
def _load_all() -> None:
    _begin(_kernels, _libraries)


@cache
def _load_libraries() -> None:
    _begin(_libraries)


def _begin(*parts: Callable[[], None]) -> None:
    def load() -> None:
        for part in parts:
            part()

    threading.Thread(target=load, name="what is needed next", daemon=True).start()


def _kernels() -> None:
    from anatomy_twin.rehearsal import slice_paint

    slice_paint.warm_up()


def _libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
