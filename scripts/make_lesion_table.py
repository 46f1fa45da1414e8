"""Write the table of sizes of single lesions (catalog/lesion_sizes.json) from the simulated heating of a thick wall.

    python scripts/make_lesion_table.py
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from anatomy_twin.catalog import load
from anatomy_twin.simulation.thermal.cardiac import CATHETER, cardiac_lesion

POWER_W = (5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 90.0)
DURATION_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
FORCE_G = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
FILE = Path(__file__).resolve().parent.parent / "anatomy_twin" / "catalog" / "lesion_sizes.json"


def main() -> None:
    """Simulate every setting and write depth and width at the surface, to 0.01 mm."""
    found = [cardiac_lesion(*setting) for setting in product(POWER_W, DURATION_S, FORCE_G)]
    table = {
        "source": "scripts/make_lesion_table.py: simulation.thermal.cardiac.cardiac_lesion on a thick wall",
        "catheter": CATHETER,
        "assumed": load("catheters")["catheters"][CATHETER]["assumed"],
        "power_w": POWER_W, "duration_s": DURATION_S, "force_g": FORCE_G,
        "note": "values in the order power, duration, force, the last changing fastest",
        "depth_mm": [round(one.depth_mm, 2) for one in found],
        "width_mm": [round(one.surface_width_mm, 2) for one in found],
    }
    FILE.write_text(json.dumps(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
