"""Work of a second or two on a thread beside the window: reading and writing cases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal

from anatomy_twin.errors import Cancelled, TwinError

TOLD_EVERY_S: Final = 0.1


class Errand(QObject):
    """One function on a thread, called with a monitor (this object); ``done`` or ``failed`` is called in Qt's thread.

    What the function returns after it was cancelled goes to ``dropped``, so that nothing stays open.
    """

    staged = Signal(str)
    progressed = Signal(float)
    warned = Signal(str)
    ended = Signal(object)  # Errand
    _over = Signal(object, object)

    def __init__(
        self, title: str, action: Callable[[Any], Any], *, done: Callable[[Any], object],
        failed: Callable[[TwinError], object], dropped: Callable[[Any], object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.cancelled = False
        self.over = False
        self._told_s = time.monotonic()
        self._action, self._done, self._failed, self._dropped = action, done, failed, dropped
        self._over.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name=f"errand {title}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to stop; the function may need a moment until it looks."""
        self.cancelled = True

    def stop(self, wait_s: float = 30.0) -> None:
        """Stop it and wait: nothing is called any more but ``dropped``."""
        self.cancel()
        self._done = self._failed = _nothing
        self._thread.join(wait_s)

    # the monitor, called on the thread

    def stage(self, name: str) -> None:
        """A stage begins."""
        self.staged.emit(name)

    def progress(self, fraction: float) -> None:
        """So much of it is done; told not more often than a person sees."""
        now = time.monotonic()
        if now - self._told_s > TOLD_EVERY_S:
            self._told_s = now
            self.progressed.emit(float(fraction))

    def warn(self, message: str) -> None:
        """One line that the person should read."""
        self.warned.emit(message)

    def _work(self) -> None:
        try:
            answer: tuple[Any, BaseException | None] = (self._action(self), None)
        except BaseException as error:  # noqa: BLE001  (raised again in Qt's thread)
            answer = (None, error)
        try:
            self._over.emit(*answer)
        except RuntimeError:  # the window is gone
            if self._dropped is not None and answer[1] is None:
                self._dropped(answer[0])

    def _finish(self, value: Any, error: BaseException | None) -> None:
        self.over = True
        self.ended.emit(self)
        self.deleteLater()
        if error is None and self.cancelled:
            if self._dropped is not None:
                self._dropped(value)
            error = Cancelled("stopped on request")
        if error is None:
            self._done(value)
        elif isinstance(error, TwinError):
            self._failed(error)
        else:
            raise error


def _nothing(_: Any) -> None:
    """Do nothing."""
