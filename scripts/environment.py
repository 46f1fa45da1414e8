"""Makes the environment that the other scripts run in, with nothing but Python's standard library.

A `.venv` beside the project is filled from the committed lock files (hashes checked, no index address in them), the
system libraries that rendering and windows need are looked for and, where allowed, installed, and the compiled
kernels are cached. A stamp makes every later start skip all that.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"
OLDEST = (3, 11)

# library -> Debian package: off-screen rendering (EGL, GL), then what Qt's xcb platform loads
RENDER_LIBRARIES = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libX11.so.6": "libx11-6", "libXrender.so.1": "libxrender1",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0", "libxcb-icccm.so.4": "libxcb-icccm4", "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1", "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0", "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1", "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0", "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0", "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1", "libglib-2.0.so.0": "libglib2.0-0",
}
# a driver that EGL can load is a plug-in, not a library to link: looked for by file
EGL_DRIVERS = ("/usr/share/glvnd/egl_vendor.d", "/etc/glvnd/egl_vendor.d")
# program -> Debian package, for the tests only
TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth", "dciodvfy": "dicom3tools", "pg_ctlcluster": "postgresql"}

PICTURES_LEFT_OUT = "pictures or windows may be left out until you run"


class SetupError(Exception):
    """The environment cannot be made; the text says what to do."""


def say(text: str) -> None:
    """Write one line about the set-up to the terminal."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def start(script: str, help_text: str, arguments: list[str], *, tests: bool) -> tuple[Path, list[str]]:
    """Prepare the environment for a script and return its Python and the arguments that are not for the set-up.

    Ends the script for --help, and with exit code 2 and one line where there can be no environment.
    """
    if {"-h", "--help"} & set(arguments):
        print(help_text.strip())
        raise SystemExit(0)
    try:
        python = prepare(tests=tests, yes="--yes" in arguments)
    except SetupError as error:
        print(f"{script}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    return python, [argument for argument in arguments if argument != "--yes"]


def go_on_inside(script: str, help_text: str) -> None:
    """Run a script again in the environment of the tests, and end with its exit code, unless it runs there already."""
    if all(importlib.util.find_spec(name) for name in ("numpy", "pydicom", "anatomy_twin")):
        return
    python, rest = start(Path(script).name, help_text, sys.argv[1:], tests=True)
    raise SystemExit(subprocess.run([python, script, *rest]).returncode)


def prepare(*, tests: bool, yes: bool) -> Path:
    """Make or reuse the environment and return its Python.

    Raises ``SetupError`` with one line for the user when that is not possible.
    """
    if sys.version_info < OLDEST:
        raise SetupError(f"Python {sys.version.split()[0]} is too old; start this script with Python 3.11 or newer")
    wanted = fingerprint(tests)
    stamp = VENV / ".setup-stamp"
    if PYTHON.exists() and stamp.exists() and wanted in stamp.read_text().split():
        missing = missing_packages(tests)
        if missing:
            say(f"missing system libraries; {PICTURES_LEFT_OUT}: {install_line(missing)}")
        return PYTHON
    make_venv()
    install_packages(tests)
    check_system(tests, yes)
    warm_kernels()
    done = {wanted, fingerprint(False)}
    stamp.write_text("\n".join(sorted(done)) + "\n")
    say("ready")
    return PYTHON


def fingerprint(tests: bool) -> str:
    """Return a hash of everything the environment depends on."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}{ROOT}{tests}".encode())
    for file in [LOCK, ROOT / "pyproject.toml", *([TEST_LOCK] if tests else [])]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Create `.venv` unless it is there and works."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    try:
        import ensurepip  # noqa: F401  (Debian ships venv without it unless python3-venv is installed)
        import venv
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SetupError(
            f"Python's venv module is incomplete; install it with: apt-get install python{version}-venv"
        ) from None
    say(f"making {VENV.name}")
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True)


def install_packages(tests: bool) -> None:
    """Install the locked packages, then this project itself, without looking for newer ones."""
    files = [LOCK, TEST_LOCK] if tests else [LOCK]
    say(f"installing {sum(file.read_text().count('==') for file in files)} locked packages")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    for file in files:
        run_or_explain([*pip, "--require-hashes", "--no-deps", "-r", file], f"pip could not install {file.name}")
    run_or_explain([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], "pip could not install the project")


def run_or_explain(command: list[object], problem: str) -> None:
    """Run a command; ``SetupError`` with its last words if it fails."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        lines = done.stdout.splitlines() or ["no output"]
        errors = [line for line in lines if "Error" in line or "ERROR" in line] or lines
        raise SetupError(f"{problem}: {errors[-1].strip()[:300]}")


def check_system(tests: bool, yes: bool) -> None:
    """Look for system libraries; install the missing ones where allowed, else print the line that would."""
    packages = missing_packages(tests)
    if not packages:
        return
    line = install_line(packages)
    if not (is_debian() and hasattr(os, "geteuid") and os.geteuid() == 0 and allowed(line, yes)):
        say(f"missing system libraries; {PICTURES_LEFT_OUT}: {line}")
        return
    say(f"installing system libraries: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-q"], check=False, **apt)
    subprocess.run(line.split(), check=False, **apt)
    still = missing_packages(tests)
    if still:
        say(f"not installed: {' '.join(still)}; {PICTURES_LEFT_OUT}: {line}")


def install_line(packages: list[str]) -> str:
    """Return the command that installs Debian packages."""
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}"


def allowed(line: str, yes: bool) -> bool:
    """Ask at a terminal whether ``line`` may run; without one, or with --yes, it may."""
    if yes or not (sys.stdin is not None and sys.stdin.isatty()):
        return True
    answer = input(f"Run `{line}` now? [Y/n] ")
    return answer.strip().lower() in {"", "y", "yes"}


def missing_packages(tests: bool) -> list[str]:
    """Return the Debian packages of the libraries and programs that are not there."""
    if not sys.platform.startswith("linux"):
        return []
    libraries = {**RENDER_LIBRARIES, **WINDOW_LIBRARIES}
    missing = [package for library, package in libraries.items() if not loads(library)]
    if not any(Path(folder).is_dir() and any(Path(folder).iterdir()) for folder in EGL_DRIVERS):
        missing.append("libegl-mesa0")
    if tests:
        missing += [package for program, package in TEST_PROGRAMS.items() if shutil.which(program) is None]
    return sorted(set(missing))


def loads(library: str) -> bool:
    """Tell whether the dynamic loader finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_debian() -> bool:
    """Tell whether this is Debian, Ubuntu or a relative with apt-get."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.is_file() else ""
    return shutil.which("apt-get") is not None and ("debian" in text or "ubuntu" in text)


def warm_kernels() -> None:
    """Compile and cache the numba kernels so that the first case does not wait for it."""
    say("compiling kernels (once; some minutes, more where the machine is busy)")
    # not captured: it says which part it is at
    done = subprocess.run([str(PYTHON), "-m", "anatomy_twin", "info", "--warm-up"], stdout=subprocess.DEVNULL)
    if done.returncode:
        raise SetupError("the kernels could not be compiled: the reason stands above")
