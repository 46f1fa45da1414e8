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
    for check in [*checks, pytest]:
        print(f"== {' '.join(check)}", flush=True)
        code = subprocess.run([python, "-m", *check], cwd=ROOT).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
