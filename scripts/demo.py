#!/usr/bin/env python3
"""Set everything up, then take a sample scan from DICOM to a rehearsed ablation.

    python3 scripts/demo.py [--yes] [options of `anatomy-twin demo`]
"""

from __future__ import annotations

import subprocess
import sys

from environment import SetupError, prepare


def main(arguments: list[str]) -> int:
    """Prepare the environment and run `anatomy-twin demo` in it; return its exit code."""
    yes = "--yes" in arguments
    rest = [argument for argument in arguments if argument != "--yes"]
    if {"-h", "--help"} & set(rest):
        print(__doc__)
        return 0
    try:
        python = prepare(tests=False, yes=yes)
    except SetupError as error:
        print(f"demo.py: {error}", file=sys.stderr)
        return 2
    return subprocess.run([python, "-m", "anatomy_twin.cli.main", "demo", *rest]).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
