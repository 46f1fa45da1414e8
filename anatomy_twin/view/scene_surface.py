"""The drawing surface of the 3-D view: Qt shows the last frame, and frames are drawn only when the view wants one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from anatomy_twin.view.charts_later import charts_later

with charts_later():
    from pyvistaqt import QtInteractor


class SceneSurface(QtInteractor):
    """Calls ``redraw`` where there is no frame of its size yet, and otherwise shows the one that was drawn last.

    The class it is made of draws the scene anew whenever Qt paints: each frame would be drawn twice.
    """

    def __init__(self, parent: QWidget, redraw: Callable[[], object]) -> None:
        self.holds_frame = False
        self._redraw: Callable[[], object] | None = redraw
        super().__init__(parent, auto_update=False)

    def resizeGL(self, w: int, h: int) -> None:
        """Take another size; the next paint needs a frame of it."""
        super().resizeGL(w, h)  # type: ignore[no-untyped-call]
        self.holds_frame = False

    def paintGL(self) -> None:
        """Show the last frame, after drawing one where there is none."""
        window = self.render_window
        if not self.holds_frame and self._redraw is not None and window is not None and window.GetReadyForRendering():
            self._redraw()
        before, self._in_paint = self._in_paint, self.holds_frame or self._in_paint
        try:
            super().paintGL()  # type: ignore[no-untyped-call]
        finally:
            self._in_paint = before

    def close(self) -> None:  # type: ignore[override]
        """Release what is held."""
        self._redraw = None
        super().close()
