#!/usr/bin/env python3
"""Make surfaces, tetrahedra, vessel trees and wall thickness of random label maps and say what broke a rule.

    python3 scripts/fuzz_meshes.py [--count N] [--seed S] [--once] [--json]

Label maps are those of `tests/fuzz/label_maps.py` (seeds S, S + 1, ...); the rules are in `tests/fuzz/mesh_checks.py`:
surfaces closed, manifold, outward and as their certificates say (trimesh is the judge), tetrahedra positive and well
shaped, trees without rings, walls with a thickness or a refusal by name; all the same where the label map is moved
rigidly, its axes are re-indexed, or another number of threads works (--once leaves this out). Prints counts and every
fault with its seed; the exit code is 1 if there was a fault.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from environment import go_on_inside

if __name__ == "__main__":
    go_on_inside(__file__, __doc__ or "")

from tests.fuzz.label_maps import make
from tests.fuzz.mesh_checks import check


def main(arguments: Sequence[str]) -> int:
    """Run as many label maps as asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Meshes of random label maps, checked by other means.")
    parser.add_argument("--count", type=int, default=500, help="how many label maps (500)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--once", action="store_true", help="do not compare with moved and re-indexed label maps")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    faults: list[dict[str, object]] = []
    start = time.monotonic()
    for done, seed in enumerate(range(options.seed, options.seed + options.count), start=1):
        made = make(seed)
        found = check(made, twice=not options.once)
        outcomes.update(found.outcomes)
        kinds.update(set(made.kinds))
        faults += [{"seed": seed, "kinds": made.kinds, "fault": line} for line in found.faults]
        if done % 50 == 0 or done == options.count:
            print(f"{done} of {options.count}, {len(faults)} faults", file=sys.stderr, flush=True)
    seconds = time.monotonic() - start
    if options.json:
        print(json.dumps({"count": options.count, "seed": options.seed, "seconds": seconds, "kinds": kinds,
                          "outcomes": outcomes, "faults": faults}, indent=1))  # fmt: skip
    else:
        print(f"{options.count} label maps from seed {options.seed} in {seconds:.0f} s, {len(faults)} faults")
        for name, number in (*sorted(kinds.items()), *sorted(outcomes.items())):
            print(f"{number:8d}  {name}")
        for fault in faults:
            print(f"seed {fault['seed']} {fault['kinds']}: {fault['fault']}")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
