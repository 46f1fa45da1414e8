"""The figures of the benchmark of paths are those of the search, and its peers find the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_paths.py"


@pytest.mark.slow
@pytest.mark.long
def test_the_quick_run_gives_figures_and_the_peers_agree():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json"], capture_output=True, text=True, timeout=600, check=True
    )
    found = json.loads(done.stdout)
    assert found["paths"] == 20_000 and found["map"]["entries"] == found["skin_voxels"]
    assert found["peers"]["numpy"]["apart_mm"] < 1e-4
    for name in ("vtk cells", "vtk boxes"):
        # a surface is smooth and runs between voxel centres: a path that grazes bone meets the one and not the other
        assert found["peers"][name]["same_percent"] > 90.0
    assert found["peers"]["vtk cells"]["same_percent"] == found["peers"]["vtk boxes"]["same_percent"]
    assert all(part["cpu_s"] > 0 for part in found["prepare"].values())
