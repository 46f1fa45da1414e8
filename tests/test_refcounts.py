"""The guard against a binding of Qt that uses up the references to None."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from PySide6.QtCore import QPointF
from anatomy_twin.view.refcounts import hold_singletons
before = sys.getrefcount(None)
done = hold_singletons()
assert done == (sys.version_info < (3, 12)), done
assert hold_singletons() is False, "once is enough"
point = QPointF()
for _ in range(200_000):
    point.setX(1.0)
assert sys.getrefcount(None) >= before
"""


def test_hundreds_of_thousands_of_calls_do_not_end_the_program():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
