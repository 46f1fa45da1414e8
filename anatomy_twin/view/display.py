"""Whether a window can be opened here: asked in a child process, because Qt ends its process where it cannot."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import socket
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from anatomy_twin.errors import RenderError, WorkerError
from anatomy_twin.store.state import state_folder
from anatomy_twin.worker import run_limited

PACKAGES: Final = (
    "apt-get install -y libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libxkbcommon-x11-0 libdbus-1-3"
)

NO_OPENGL: Final = (
    "install a driver (as root on Debian or Ubuntu: apt-get install -y libgl1-mesa-dri libglx-mesa0 libegl-mesa0), "
    "or use `anatomy-twin view CASE --screenshot FILE`"
)


def check_display() -> None:
    """Raise ``RenderError`` in one line where no window can be opened.

    A good answer is remembered in the user's state folder for this display and this installation; then it is only
    asked whether the display still answers, which takes no child process.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RenderError("there is no display for a window", advice="use `anatomy-twin view CASE --screenshot FILE`")
    if _refused():  # asked at once: the child needs a second or two to find out
        raise RenderError(
            f"the display {os.environ['DISPLAY']} does not answer",
            advice="start it, or let DISPLAY name one that runs, or use `anatomy-twin view CASE --screenshot FILE`",
        )
    file = remembered()
    if file is not None and file.is_file() and display_answers():
        return
    try:
        run_limited("anatomy_twin.view.display:probe", wall_s=60)
    except WorkerError as error:
        raise RenderError(
            "Qt cannot open a window here: most likely a library of the system is missing",
            advice=f"as root on Debian or Ubuntu: {PACKAGES}",
        ) from error
    if file is not None:
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()


def remembered() -> Path | None:
    """Return the file that stands for a good answer of exactly this installation and display."""
    try:
        facts = [metadata.version("PySide6-Essentials"), sys.prefix]
    except metadata.PackageNotFoundError:
        return None
    facts += [os.environ.get(name, "") for name in (
        "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_PLUGIN_PATH", "QT_XCB_GL_INTEGRATION",
    )]  # fmt: skip
    # the cache of the loader changes whenever a system library is installed or removed
    with contextlib.suppress(OSError):
        facts.append(str(Path("/etc/ld.so.cache").stat().st_mtime_ns))
    return state_folder() / "probes" / f"qt-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}"


def _refused() -> bool:
    """True where there is a display of X only, and it certainly does not answer."""
    linux = sys.platform.startswith("linux")
    named = bool(os.environ.get("DISPLAY")) and not os.environ.get("WAYLAND_DISPLAY")
    return linux and named and "QT_QPA_PLATFORM" not in os.environ and loads_x11() and not display_answers()


def display_answers() -> bool:
    """True where the display can be reached now; anything that is not certain is False (Linux), others True."""
    if not sys.platform.startswith("linux"):
        return True
    wayland, folder = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("XDG_RUNTIME_DIR", "")
    if wayland:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1.0)
            line.connect(str(Path(folder) / wayland))
            return True
    if not loads_x11():
        return False
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True


def loads_x11() -> bool:
    """True where the library is there that asks a display of X."""
    try:
        ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    return True


def probe() -> str:
    """Make and close a Qt application; return the name of its platform.

    Raises ``RenderError`` where it cannot draw by OpenGL: the 3-D view would end the program.
    """
    from PySide6.QtGui import QOpenGLContext
    from PySide6.QtWidgets import QApplication

    application = QApplication(["probe"])
    name: str = application.platformName()
    if not QOpenGLContext().create():
        raise RenderError("this display cannot draw by OpenGL, which the 3-D view needs", advice=NO_OPENGL)
    return name
