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


def check_display() -> None:
    """Raise ``RenderError`` in one line where no window can be opened.

    A good answer is remembered in the user's state folder for this display and this installation; then it is only
    asked whether the display still answers, which takes no child process.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RenderError("there is no display for a window", advice="use `anatomy-twin view CASE --screenshot FILE`")
    file = remembered()
    if file is not None and file.is_file() and display_answers():
        return
    try:
        run_limited("anatomy_twin.view.display:probe", wall_s=60)
    except WorkerError as error:
        raise RenderError(
            "Qt cannot open a window here", where=error.what, advice=f"as root on Debian or Ubuntu: {PACKAGES}"
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
    facts += [os.environ.get(name, "") for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_PLUGIN_PATH")]
    # the cache of the loader changes whenever a system library is installed or removed
    with contextlib.suppress(OSError):
        facts.append(str(Path("/etc/ld.so.cache").stat().st_mtime_ns))
    return state_folder() / "probes" / f"qt-{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]}"


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
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True


def probe() -> str:
    """Make and close a Qt application; return the name of its platform."""
    from PySide6.QtWidgets import QApplication

    application = QApplication(["probe"])
    name: str = application.platformName()
    return name
