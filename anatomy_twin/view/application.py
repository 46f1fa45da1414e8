"""Starts Qt and the window; refuses in one line where it cannot."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel

from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.failures import Failures
from anatomy_twin.view.memory import set_aside
from anatomy_twin.view.preferences import Preferences
from anatomy_twin.view.style import apply_style
from anatomy_twin.view.words import install_language, tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def _made(
    application: QApplication, session: Callable[[], Session | None], plan_name: str | None, preferences: Preferences
) -> RehearsalWindow:
    """Make the window; a small one says meanwhile that it comes."""
    words = QLabel(tr("anatomy_twin opens\N{HORIZONTAL ELLIPSIS}"), None, Qt.WindowType.SplashScreen)
    words.setObjectName("heading")
    words.setMargin(28)
    words.show()
    application.processEvents()
    try:
        from anatomy_twin.view.window import RehearsalWindow

        return RehearsalWindow(session(), plan_name, preferences)
    finally:
        words.deleteLater()


def run_application(
    session: Callable[[], Session | None], plan_name: str | None,
    shown: Callable[[RehearsalWindow], object] | None = None,
) -> int:
    """Open the window and run Qt's event loop. ``session`` gives the case, which may still be read meanwhile."""
    application = QApplication.instance() or QApplication([Path(sys.argv[0]).name])
    assert isinstance(application, QApplication)
    application.setApplicationName("anatomy_twin")
    preferences = Preferences()
    apply_style(application, str(preferences["theme"]), int(preferences["font_percent"]))
    install_language(str(preferences["language"]))
    window = _made(application, session, plan_name, preferences)
    from anatomy_twin.view.opening import Opening

    Opening.of(window).asks_on_close = True
    failures = Failures(window)
    failures.install()
    # Ctrl+C in the terminal asks about unsaved work as the menu does; Python hears of it only when some of it runs
    before = signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, window, lambda: window.run("file.quit")))
    beat = QTimer(window, interval=500)
    beat.timeout.connect(lambda: None)
    beat.start()
    try:
        window.appear()
        set_aside()
        if shown is not None:
            shown(window)
        code: int = application.exec()
    finally:
        failures.remove()
        signal.signal(signal.SIGINT, before)
    return code
