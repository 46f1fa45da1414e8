#!/usr/bin/env python3
"""Set everything up, then run every check: ruff, mypy and the tests.

    python3 scripts/test.py [--yes] [--long] [arguments for pytest]

With --long the tests that the usual check leaves out run too.
Tests on real scans run where ANATOMY_TWIN_TEST_DATA names the folder that holds them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from environment import ROOT, start


def main(arguments: list[str]) -> int:
    """Prepare the environment and run the checks in it; return the first exit code that is not 0."""
    python, rest = start("test.py", __doc__ or "", arguments, tests=True)
    if not os.environ.get("ANATOMY_TWIN_TEST_DATA"):
        print("tests on real scans are skipped: ANATOMY_TWIN_TEST_DATA is not set", file=sys.stderr)
    everything = "--long" in rest
    rest = [argument for argument in rest if argument != "--long"]
    checks = [] if rest else [["ruff", "check", "."], ["mypy"]]
    # whole files side by side on all cores, in the order of tests/conftest.py: what a file's tests share is made once
    usual = ["-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    usual += [] if everything else ["-m", "not long"]
    pytest = ["pytest", *(rest or usual)]
    # hundreds of child processes load this package: compiled once is enough, whatever the machine's usual way
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ahead = compiled_ahead(python, environment) if checks else None
    for check in [*checks, pytest]:
        if check is pytest and ahead is not None:
            ahead.wait()
        print(f"== {' '.join(check)}", flush=True)
        code = subprocess.run([python, "-m", *check], cwd=ROOT, env=environment).returncode
        if code:
            if ahead is not None:
                ahead.kill()
            return code
    return 0


def compiled_ahead(python: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Let pytest compile all tests beside the checks that keep one core busy; each of its processes would else."""
    collect = [python, "-m", "pytest", "--collect-only", "--quiet"]
    return subprocess.Popen(collect, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
