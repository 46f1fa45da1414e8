"""What a window has ready before a person opens the first case."""

from __future__ import annotations

import threading
from functools import cache
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

SOON_MS: Final = 200  # after the start page stands on the screen


def drawn_by_gl(window: QWidget) -> None:
    """Let a window be one that is drawn by OpenGL from its beginning.

    Qt makes the window of the screen anew when the first view of this kind comes into it: it would vanish for a moment
    when the first case is opened.
    """
    reason = QOpenGLWidget(window)
    reason.setObjectName("drawn_by_gl")
    reason.hide()


def prepare_soon(window: QWidget) -> None:
    """While the start page is looked at, load beside it what the first slice needs."""
    QTimer.singleShot(SOON_MS, window, _prepare)


@cache
def _prepare() -> None:
    threading.Thread(target=_load_kernels, name="kernels of slices", daemon=True).start()


def _load_kernels() -> None:
    from anatomy_twin.rehearsal import slice_paint

    slice_paint.warm_up()
