"""The zones that a device's table promises, between its rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anatomy_twin.catalog import device_setting
from anatomy_twin.errors import PlanError


@dataclass(frozen=True, slots=True)
class PromisedZone:
    """An ellipsoid of revolution about the shaft: its size, how far it reaches beyond the tip, and the volume that the
    table gives for it (None where it gives none: the ellipsoid's own need not be the same).
    """

    length_mm: float
    diameter_mm: float
    beyond_tip_mm: float
    volume_ml: float | None = None


def promised_zone(name: str, device: Mapping[str, Any], power_w: float, duration_s: float) -> PromisedZone:
    """Return what the table of a device promises for a setting and a time, linear between its rows.

    ``device`` is the entry of the catalog, ``name`` its name. Between two powers each is interpolated over time first.
    Raises ``PlanError`` for a device without a table, and outside of the table: it is not extended.
    """
    by_power: dict[float, list[Mapping[str, Any]]] = {}
    for row in sorted(device["zone_table"], key=lambda row: (float(row["power_w"]), float(row["duration_s"]))):
        by_power.setdefault(float(row["power_w"]), []).append(row)
    if not by_power:
        raise PlanError(f"device {name} has no table of zones", advice="simulate the plan")
    powers = list(by_power)
    if powers[0] <= power_w <= powers[-1]:
        upper = min(max(bisect_left(powers, power_w), 1), len(powers) - 1) if len(powers) > 1 else 0
        lower = max(upper - 1, 0)
        ends = [_over_time(device, by_power[powers[n]], duration_s) for n in (lower, upper)]
        if ends[0] is not None and ends[1] is not None:
            return _between(ends[0], ends[1], powers[lower], powers[upper], power_w)
    setting, unit = device_setting(dict(device))
    times = [float(row["duration_s"]) for row in device["zone_table"]]
    raise PlanError(
        f"the table of {name} promises nothing for {setting} {power_w:g} {unit} and {duration_s:g} s",
        advice=f"it reaches from {powers[0]:g} to {powers[-1]:g} {unit} and from {min(times):g} to {max(times):g} s",
    )


def zone_of_row(device: Mapping[str, Any], row: Mapping[str, Any]) -> PromisedZone:
    """Return the zone of a row of a table; one that does not say how far it reaches is centred on the heating part."""
    length = float(row["length_mm"])
    beyond = row.get("beyond_tip_mm")
    beyond_mm = 0.5 * length - float(device["active_offset_mm"]) if beyond is None else float(beyond)
    volume = row.get("volume_ml")
    return PromisedZone(length, float(row["diameter_mm"]), beyond_mm, None if volume is None else float(volume))


def _over_time(
    device: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], duration_s: float
) -> PromisedZone | None:
    times = [float(row["duration_s"]) for row in rows]
    if not times[0] <= duration_s <= times[-1]:
        return None
    upper = bisect_left(times, duration_s)
    lower = max(upper - 1, 0)
    first, last = zone_of_row(device, rows[lower]), zone_of_row(device, rows[upper])
    return _between(first, last, times[lower], times[upper], duration_s)


def _between(first: PromisedZone, last: PromisedZone, low: float, high: float, at: float) -> PromisedZone:
    share = (at - low) / (high - low) if high > low else 1.0

    def mixed(a: float, b: float) -> float:
        return a + share * (b - a)

    known = first.volume_ml is not None and last.volume_ml is not None
    return PromisedZone(
        mixed(first.length_mm, last.length_mm), mixed(first.diameter_mm, last.diameter_mm),
        mixed(first.beyond_tip_mm, last.beyond_tip_mm),
        mixed(first.volume_ml or 0.0, last.volume_ml or 0.0) if known else None,
    )
