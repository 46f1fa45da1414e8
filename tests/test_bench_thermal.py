"""The figures of the thermal benchmark are those of the simulation, and its peers compute the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bench_thermal.py"


@pytest.mark.slow
@pytest.mark.long
def test_the_quick_run_gives_figures_and_numpy_agrees():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--json"], capture_output=True, text=True, timeout=600, check=True
    )
    found = json.loads(done.stdout)
    kernel, (preview,) = found["kernel"], found["preview"]
    assert kernel["apart"]["temperature"] < 1e-5 and kernel["apart"]["cem43"] < 1e-3
    assert kernel["apart"]["omega"] < 1e-2
    assert kernel["share_of_roof"] > 0 and kernel["warm_rows"] > 0  # how fast it is hangs on what else runs
    assert preview["simulated_ml"] > 5.0 and len(preview["milliseconds"]) == 3
