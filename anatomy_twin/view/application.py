"""Starts Qt, refuses in one line where it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QApplication

from anatomy_twin.errors import RenderError, WorkerError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.style import apply_style
from anatomy_twin.worker import run_limited

PACKAGES: Final = (
    "apt-get install -y libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0 libdbus-1-3"
)


def run_application(session: Session | None, plan_name: str | None) -> int:
    """Open the window and run Qt's event loop."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RenderError("there is no display for a window", advice="use `anatomy-twin view CASE --screenshot FILE`")
    if QApplication.instance() is None:
        # Qt ends the process when its platform plug-in does not load: try that in a child first
        try:
            run_limited("anatomy_twin.view.application:probe", wall_s=60)
        except WorkerError as error:
            raise RenderError(
                "Qt cannot open a window here", where=error.what, advice=f"as root on Debian or Ubuntu: {PACKAGES}"
            ) from error
    application = QApplication.instance() or QApplication([Path(sys.argv[0]).name])
    apply_style(application)
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow(session, plan_name)
    window.showMaximized()
    code: int = application.exec()
    return code


def probe() -> str:
    """Make and close a Qt application; return the name of its platform."""
    application = QApplication(["probe"])
    name: str = application.platformName()
    return name
