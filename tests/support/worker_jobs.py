"""Functions that end in every way a child process can end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from anatomy_twin.errors import GeometryError


def add(a, b):
    sys.stdout.write("noise on standard output")
    return a + b


def abort():
    os.abort()


def raise_value_error():
    raise ValueError("two\nlines")


def refuse():
    raise GeometryError("gap of 7.5 mm", where="slice 12", advice="scan again")


def sleep(seconds):
    time.sleep(seconds)


def spin():
    while True:
        pass


def fill_memory():
    return len(bytearray(8 * 2**30))


def leave():
    sys.exit(3)


def leave_at_once():
    os._exit(7)


def environment(name):
    return os.environ.get(name)


def start_grandchild(path):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(path).write_text(str(child.pid))
    time.sleep(60)


def not_picklable():
    return lambda: None


def square_late(number):
    time.sleep(0.05 if number % 3 == 0 else 0.0)
    return number**2


def square_or_fail(item):
    endings = {"abort": os.abort, "refuse": refuse, "raise": raise_value_error, "hang": lambda: time.sleep(60)}
    return item**2 if isinstance(item, int) else endings[item]()


def allocate(count):
    return len(bytearray(count))


def note_late(path):
    time.sleep(1)
    Path(path).write_text("done")


def leave_grandchild(path):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL)
    Path(path).write_text(str(child.pid))
    os.abort()
