"""The figures of the electrophysiology benchmark are there, and tiles at rest move no activation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_ep.py"


@pytest.mark.slow
@pytest.mark.long
def test_the_quick_run_gives_figures():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json"], capture_output=True, text=True, timeout=600, check=True
    )
    found = json.loads(done.stdout)
    assert {row["model"] for row in found["cells"]} >= {"ten_tusscher_2006", "mitchell_schaeffer_2003"}
    plain, *multirate = found["slab"]
    assert len(plain["times_ms"]) == 9 and len(multirate) == 2
    assert all(row["moved_ms"] <= 0.021 for row in multirate)
    assert all(row["m_per_s"] > 0.0 for part in ("cells", "slab", "triangles", "box", "bricks") for row in found[part])
    alike = found["eikonal"][0]
    assert alike["solve_ms"] > 0.0 and alike["mean_error_percent"] < 0.8
