#!/usr/bin/env python3
"""Set everything up, then take a sample scan from DICOM to a rehearsed ablation.

    python3 scripts/demo.py [--yes] [options of `anatomy-twin demo`]
"""

from __future__ import annotations

import subprocess
import sys

from environment import start


def main(arguments: list[str]) -> int:
    """Prepare the environment and run `anatomy-twin demo` in it; return its exit code."""
    python, rest = start("demo.py", __doc__ or "", arguments, tests=False)
    return subprocess.run([python, "-m", "anatomy_twin", "demo", *rest]).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
