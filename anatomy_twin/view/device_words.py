"""What the window says of devices: what is assumed of them, and what changed with another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator, Plan
from anatomy_twin.view.names import named
from anatomy_twin.view.words import tr


def device_facts(device: str) -> tuple[str, str]:
    """Return a short line about a device's numbers, and all that is known of them in several lines."""
    entry: Mapping[str, Any] = catalog.load("devices")["devices"].get(device, {})
    if not entry:
        return tr("this device is not in the catalog"), ""
    assumed = [f"{name} {_value(entry, name)}".strip().replace("_", " ") for name in entry.get("assumed", ())]
    short = tr("{count} of its numbers are assumed").format(count=len(assumed)) if assumed else tr("nothing is assumed")
    short = f"{device}: {short}"
    if "file" in entry:
        short = tr("from {file}").format(file=entry["file"]) + ", " + short
    lines = [f"{named(entry.get('label', device))} ({device})"]
    for words, field in ((tr("power"), "power_w"), (tr("time"), "duration_s")):
        name, unit = catalog.device_setting(dict(entry)) if field == "power_w" else ("", "s")
        low, high = entry[field]
        lines.append(f"{words if name in ('', 'power') else tr(name)}: {low:g} \N{EN DASH} {high:g} {unit}")
    if assumed:
        lines.append(tr("assumed") + ": " + ", ".join(assumed))
    if entry.get("source"):
        lines.append(tr("source") + ": " + str(entry["source"]))
    return short, "\n".join(lines)


def _value(entry: Mapping[str, Any], name: str) -> str:
    """Return a number of a device by its name ("gas.needle_c"); nothing for what is a table or a remark."""
    value: Any = entry
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, int | float) for one in value):
        return f"{value[0]:g} \N{EN DASH} {value[1]:g}"
    return f"{value:g}" if isinstance(value, int | float) else ""


def changed_with_device(before: Plan, after: Plan) -> tuple[str, ...]:
    """Return what changed in a plan besides the device that a person chose: settings, tips, devices of others."""
    if not isinstance(before, AblationPlan) or not isinstance(after, AblationPlan):
        return ()
    pairs = zip(before.applicators, after.applicators, strict=False)
    found = [_changes(number, old, new) for number, (old, new) in enumerate(pairs, start=1) if old != new]
    return tuple(line for lines in found for line in lines)


def _changes(number: int, old: Applicator, new: Applicator) -> list[str]:
    lines = []
    units = [catalog.device_setting(catalog.load("devices")["devices"].get(one.device, {}))[1] for one in (old, new)]
    if (old.power_w, units[0]) != (new.power_w, units[1]):
        lines.append(tr("applicator {number}: {before} became {after}").format(
            number=number, before=f"{old.power_w:g} {units[0]}", after=f"{new.power_w:g} {units[1]}"))
    if old.duration_s != new.duration_s:
        lines.append(tr("applicator {number}: {before} became {after}").format(
            number=number, before=f"{old.duration_s:g} s", after=f"{new.duration_s:g} s"))
    moved = float(np.linalg.norm(np.subtract(new.tip_mm, old.tip_mm)))
    if moved > 0.05:
        lines.append(tr("applicator {number}: its tip went {mm} mm along the axis, the place of its heat stays").format(
            number=number, mm=f"{moved:.0f}"))
    return lines
