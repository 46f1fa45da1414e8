"""A PostgreSQL server of its own for a test: its data in a folder that is gone afterwards, on a free port."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def binaries() -> Path | None:
    """The folder of the server's programs, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return None if named is None else Path(named).resolve().parent


def account() -> str | None:
    """The user that the server runs as: it refuses to be root. "" for this one, None where there is none."""
    if os.name != "posix":
        return None
    if os.geteuid() != 0:
        return ""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def why_not() -> str:
    """Why no server can be started here, "" where one can."""
    if binaries() is None:
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    return "there is no user postgres, and the server refuses to run as root" if account() is None else ""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server; give the address of its database."""
    folder, user = Path(tempfile.mkdtemp(prefix="twin-postgres-")), account()
    options = {"user": user, "group": user} if user else {}
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = binaries()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    process = None
    try:
        subprocess.run([programs / "initdb", "-D", folder / "data", "-U", "twin", "-A", "trust", "--no-sync"],
                       check=True, timeout=120, **quiet, **options)
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-F", "-p", str(port), "-k", folder,
             "-c", "listen_addresses=127.0.0.1"], **quiet, **options)
        _wait(port, process)
        yield f"postgresql://twin@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start")
