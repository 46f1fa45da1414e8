"""Unexpected errors: told in words, written down, and the case stays open."""

from __future__ import annotations

import faulthandler
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO

from PySide6.QtCore import QObject, Signal

from anatomy_twin import __version__
from anatomy_twin.errors import TwinError
from anatomy_twin.store.state import state_folder
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

MOST_REPORTS: Final = 40  # older ones are removed
QUIET_S: Final = 10.0  # the same error is told again only after so long: a view may fail at every frame


class Failures(QObject):
    """Takes every error that nobody caught, from any thread, while it is installed."""

    _came = Signal(str, str)

    def __init__(self, window: RehearsalWindow, folder: Path | None = None) -> None:
        super().__init__(window)
        self._window = window
        self.folder = folder or state_folder() / "errors"
        self._last: dict[str, float] = {}
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None
        self._crash: TextIO | None = None
        self._came.connect(lambda line, level: self._window.tell(line, level))

    def install(self) -> None:
        """Take errors from now on; a crash of the whole process leaves its trace in ``crash.log``."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self.take
        threading.excepthook = lambda args: self.take(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._crash = (self.folder / "crash.log").open("w", encoding="utf-8")
            faulthandler.enable(self._crash)
        except (OSError, ValueError):
            self._crash = None

    def remove(self) -> None:
        """Take errors no more."""
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
        if self._crash is not None:
            faulthandler.disable()
            self._crash.close()
            self._crash = None

    def take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tell an error and write it down; a refusal in words is told as it is."""
        if issubclass(kind, TwinError):
            self._came.emit(str(error), "error")
            return
        frames = traceback.extract_tb(trace)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        key, now = f"{kind.__name__} {place}", time.monotonic()
        if now - self._last.get(key, -QUIET_S) < QUIET_S:
            return
        self._last[key] = now
        file = self._write(kind, error, trace)
        words = tr("Something unexpected happened ({error}). The case is still open; save it, best under another name. "
                   "What happened is written in {file}")  # fmt: skip
        self._came.emit(words.format(error=key, file=file or tr("no file: the folder cannot be written")), "error")

    def _write(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        file = self.folder / f"error-{stamp}-{len(self._last)}.log"
        lines = [f"anatomy_twin {__version__}, Python {platform.python_version()}, {platform.platform()}\n"]
        lines += traceback.format_exception(kind, error, trace)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(lines), encoding="utf-8", errors="replace")
            for old in sorted(self.folder.glob("error-*.log"))[:-MOST_REPORTS]:
                old.unlink()
        except OSError:
            return ""
        return str(file)
