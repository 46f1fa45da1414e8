"""What a device of the catalog can do: its limits and the zone its table promises."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.errors import PlanError


@dataclass(frozen=True, slots=True)
class Zone:
    """Power and time, the ellipsoid of the device's table for them, and whether it covers what was asked.

    ``reserve`` is 1 / the factor by which the target with its margin overfills the ellipsoid (1 or more: covered).
    """

    power_w: float
    duration_s: float
    length_mm: float
    diameter_mm: float
    reserve: float

    @property
    def covers(self) -> bool:
        """True when the ellipsoid holds the target and its margin."""
        return self.reserve >= 1.0


def load_device(name: str) -> dict[str, Any]:
    """Return the entry of a device in the catalog; ``PlanError`` listing the devices when there is none."""
    devices = catalog.load("devices")["devices"]
    if name not in devices:
        raise PlanError(f"no device is called {name!r}", advice=f"there are {', '.join(devices)}")
    entry: dict[str, Any] = devices[name]
    return entry


def choose_zone(
    device: dict[str, Any], points_mm: NDArray[np.float64], direction: NDArray[np.float64], margin_mm: float
) -> Zone:
    """Return the smallest zone of the device's table that covers points with a margin, or its largest zone.

    ``points_mm`` (n, 3) are relative to the centre of the zone, ``direction`` (3,) is the axis. Between the entries
    of one power the table is interpolated over time.

    Raises ``PlanError`` for a device without a table.
    """
    if not device["zone_table"]:
        name = device.get("label", "the device")
        raise PlanError(f"{name} has no table of zones", advice="set power and time by hand, or add a zone_table")
    along = points_mm @ direction
    across = np.sqrt(np.maximum((points_mm**2).sum(axis=1) - along**2, 0.0))
    grow = 1.0 + margin_mm / np.maximum(np.hypot(along, across), 1e-6)
    need = np.column_stack([np.abs(along) * grow, across * grow])
    if points_mm.size == 0 or np.hypot(need[:, 0], need[:, 1]).max() < margin_mm:
        need = np.vstack([need, [[margin_mm, 0.0], [0.0, margin_mm]]])
    zones = [_zone(settings, need) for settings in _settings(device)]
    size = [zone.diameter_mm**2 * zone.length_mm for zone in zones]
    covering = [n for n, zone in enumerate(zones) if zone.covers]
    if covering:
        return zones[min(covering, key=lambda n: (size[n], zones[n].duration_s))]
    return zones[max(range(len(zones)), key=lambda n: (zones[n].reserve, size[n]))]


def _settings(device: dict[str, Any], per_gap: int = 12) -> list[tuple[float, float, float, float]]:
    """List (power, time, length, diameter) of the table and, interpolated, of times between its entries."""
    by_power: dict[float, list[dict[str, Any]]] = {}
    for row in device["zone_table"]:
        by_power.setdefault(float(row["power_w"]), []).append(row)
    found = []
    for power_w, rows in sorted(by_power.items()):
        rows = sorted(rows, key=lambda row: float(row["duration_s"]))
        times = np.array([float(row["duration_s"]) for row in rows])
        between = np.concatenate([times, *(np.linspace(a, b, per_gap + 1) for a, b in pairwise(times))])
        wanted = np.unique(np.round(between / 5.0) * 5.0)
        length = np.interp(wanted, times, [float(row["length_mm"]) for row in rows])
        diameter = np.interp(wanted, times, [float(row["diameter_mm"]) for row in rows])
        found += [(power_w, float(t), float(a), float(b)) for t, a, b in zip(wanted, length, diameter, strict=True)]
    return found


def _zone(settings: tuple[float, float, float, float], need: NDArray[np.float64]) -> Zone:
    power_w, duration_s, length_mm, diameter_mm = settings
    fill = np.hypot(need[:, 0] / (0.5 * length_mm), need[:, 1] / (0.5 * diameter_mm)).max()
    return Zone(power_w, duration_s, length_mm, diameter_mm, float(1.0 / max(fill, 1e-9)))
