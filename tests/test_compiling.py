"""Cached kernels are made again when a file changes that they are built of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import anatomy_twin
from anatomy_twin.kernels.compiling import sources_digest

PACKAGE = Path(anatomy_twin.__file__).parent
KERNEL = """
from anatomy_twin.kernels.compiling import njit_of_sources
from anatomy_twin.kernels.test_part import part

@njit_of_sources()
def whole(x):
    return part(x) + 1.0
"""
PART = """
from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.test_constants import SCALE

@njit
def part(x):
    return SCALE * x
"""
CALL = """
from anatomy_twin.kernels.test_kernel import whole
print(whole(1.0), sum(whole.stats.cache_hits.values()))
"""


def _room(folder: Path) -> Path:
    room = folder / "anatomy_twin" / "kernels"
    room.mkdir(parents=True)
    for name in ("__init__.py", "kernels/__init__.py", "kernels/compiling.py"):
        shutil.copy(PACKAGE / name, folder / "anatomy_twin" / name)
    shutil.copy(PACKAGE / "__init__.pyi", folder / "anatomy_twin" / "__init__.pyi")
    (room / "test_kernel.py").write_text(KERNEL)
    (room / "test_part.py").write_text(PART)
    (room / "test_constants.py").write_text("SCALE = 2.0\n")
    return room


def _called(folder: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", CALL], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_kernel_notices_a_change_two_files_away(tmp_path):
    room = _room(tmp_path)
    assert _called(tmp_path) == ["3.0", "0"]
    assert _called(tmp_path) == ["3.0", "1"]  # from the cache
    (room / "test_constants.py").write_text("SCALE = 5.0\n")
    assert _called(tmp_path) == ["6.0", "0"]


def test_what_a_kernel_does_not_import_does_not_count(tmp_path):
    room = _room(tmp_path)
    before = sources_digest(str(room / "test_kernel.py"))
    (room / "test_other.py").write_text("SCALE = 3.0\n")
    assert sources_digest(str(room / "test_kernel.py")) == before
    (room / "test_part.py").write_text(PART + "# another word\n")
    assert sources_digest(str(room / "test_kernel.py")) != before
