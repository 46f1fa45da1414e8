#!/usr/bin/env python3
"""Compute the zone tables of devices: what this program simulates in homogeneous liver, setting by setting.

    python3 scripts/make_zone_tables.py [DEVICE ...] [--spacing MM] [--write]

Prints length, diameter, reach beyond the tip and volume of the coagulated zone (full perfusion, no cooling phase) for
each power and time of the table below; --write puts them into the catalog.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CATALOG = ROOT / "anatomy_twin" / "catalog" / "devices.json"
BLOCK_MM = 170.0
SETTINGS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "mwa-generic": ((30, 40, 50, 60, 80, 100), (180, 300, 600)),
    "rfa-cooled-20": ((50, 100, 200), (360, 720, 1200)),
    "rfa-cooled-30": ((50, 100, 200), (360, 720, 1200)),
    "rfa-tines-35": ((50, 100, 150), (300, 600, 900)),
}


def liver_case() -> tuple[Any, Any]:
    """Return a case that is all liver with a tumour of 10 mm in its middle, and that middle in LPS mm."""
    from anatomy_twin.core import Case, Code, LabelMap, Segment, Volume, VolumeGeometry

    size = round(BLOCK_MM / 2.0)
    grid = VolumeGeometry.upright((size,) * 3, (2.0,) * 3)
    centre = np.asarray(grid.center_mm)
    away = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)) - centre
    array = np.ones((3, *grid.shape), np.uint8)
    array[2] = np.linalg.norm(away, axis=-1) <= 5.0
    segments = tuple(
        Segment(name, layer, 1, Code("0", "SCT", name), (200, 200, 200))
        for layer, name in enumerate(("body", "liver", "tumour_1"))
    )
    volume = Volume(np.full(grid.shape, 100, np.int16), grid, synthetic=True)
    return Case.new(volume=volume, labels=LabelMap(array, grid, segments)), centre


def rows_of(
    device: str, powers: tuple[float, ...], times: tuple[float, ...], spacing_mm: float
) -> list[dict[str, Any]]:
    """Return the rows of a device's table, simulated."""
    from anatomy_twin import catalog
    from anatomy_twin.core import AblationPlan, Applicator
    from anatomy_twin.simulation.thermal import ThermalModel, assembly, pipeline, zone_surface

    case, centre = liver_case()
    entry = catalog.load("devices")["devices"][device]
    tip = centre + np.array([0.0, 0.0, -float(entry["active_offset_mm"])])
    found = []
    for power in powers:
        probe = Applicator(device, tuple(np.add(tip, (0.0, 0.0, 75.0))), tuple(tip), power, max(times))
        model = ThermalModel(spacing_mm=spacing_mm)
        system = assembly.assemble(case, AblationPlan("A", "tumour_1", (probe,)), model)
        for time, state in zip(times, pipeline.run(system, max(times), times), strict=True):
            zone = zone_surface(state.omega, system.geometry)
            row: dict[str, Any] = {"power_w": power, "duration_s": time}
            if zone is None:
                row |= {"length_mm": 0.0, "diameter_mm": 0.0, "beyond_tip_mm": 0.0, "volume_ml": 0.0}
            else:
                across, _, along = np.ptp(zone.points_mm, axis=0)
                beyond = tip[2] - zone.points_mm[:, 2].min()
                row |= {
                    "length_mm": round(float(along), 1), "diameter_mm": round(float(across), 1),
                    "beyond_tip_mm": round(float(beyond), 1), "volume_ml": round(float(zone.volume_ml), 1),
                }
            found.append(row)
            print(device, *(f"{name} {value:g}" for name, value in row.items()), flush=True)
    return found


def main() -> int:
    """Print, and with --write keep, the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devices", nargs="*", default=list(SETTINGS), metavar="DEVICE")
    parser.add_argument("--spacing", type=float, default=1.0, metavar="MM")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    for name in options.devices:
        if name not in SETTINGS:
            parser.error(f"no settings for a device {name!r}; there are {', '.join(SETTINGS)}")
        rows = rows_of(name, *SETTINGS[name], options.spacing)
        if options.write:
            document = json.loads(CATALOG.read_text())
            document["devices"][name]["zone_table"] = rows
            CATALOG.write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
