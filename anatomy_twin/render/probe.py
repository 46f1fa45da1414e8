"""Whether this machine can draw: asked in a child process, because VTK ends its process without EGL or X."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGES = "apt-get install -y libegl1 libgl1 libgl1-mesa-dri libglx-mesa0 libegl-mesa0 libx11-6 libxrender1"
_WINDOW_VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
_PROBE = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
plotter.set_background("white")
plotter.add_mesh(pyvista.Sphere(), color="black", lighting=False)
picture = plotter.screenshot(return_img=True)
raise SystemExit(0 if picture[32, 32].max() < 128 < picture[0, 0].min() else 3)
"""


def choose_window() -> None:
    """Let VTK draw by EGL in this process where there is no display (Linux); a choice made outside is kept.

    It must happen before the first render window. Where a display exists nothing is set, because windows of the
    desktop need X.
    """
    for name, value in _window_environment().items():
        os.environ.setdefault(name, value)


def _window_environment() -> dict[str, str]:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        return {_WINDOW_VARIABLE: "vtkEGLRenderWindow"}
    return {}


@cache
def can_render() -> tuple[bool, str]:
    """Tell whether pictures can be drawn here, and in one line what to do if not.

    A child process draws one small picture. A positive answer is remembered in the user's cache folder as long as
    neither VTK nor the installed system libraries change. Never raises and never ends the process.
    """
    remembered = _remembered()
    if remembered is not None and remembered.is_file() and _library_loads():
        return True, "pictures can be drawn"
    environment = {**_window_environment(), **os.environ}
    try:
        child = subprocess.run(
            [sys.executable, "-c", _PROBE], env=environment, capture_output=True, timeout=120, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False, f"pictures cannot be drawn: the drawing test did not start or hung; try: {PACKAGES}"
    if child.returncode == 0:
        if remembered is not None:
            _remember(remembered)
        return True, "pictures can be drawn"
    if b"ModuleNotFoundError" in child.stderr:
        return False, "pictures cannot be drawn: PyVista is not installed; install the package with its dependencies"
    if child.returncode == 3:
        return False, "pictures cannot be drawn: the graphics driver returns an empty picture; try a software driver"
    return False, f"pictures cannot be drawn: no working EGL or X graphics library; as root: {PACKAGES}"


def _library_loads() -> bool:
    """Tell whether the dynamic loader still finds what off-screen drawing needs (a cheap test, Linux only)."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return True
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        return False
    return True


def _remembered() -> Path | None:
    """Return the file that stands for a positive answer of exactly this installation."""
    try:
        version = metadata.version("vtk")
    except metadata.PackageNotFoundError:
        return None
    facts = [version, sys.prefix, os.environ.get("DISPLAY", ""), os.environ.get(_WINDOW_VARIABLE, "")]
    # the cache of the loader changes whenever a system library is installed or removed
    with contextlib.suppress(OSError):
        facts.append(str(Path("/etc/ld.so.cache").stat().st_mtime_ns))
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:
        return None
    return folder / "anatomy_twin" / f"can-render-{key}"


def _remember(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent)
        os.close(handle)
        Path(temporary).replace(file)
