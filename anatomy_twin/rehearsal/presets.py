"""Grey windows by name: those of the catalog for CT, shares of the values for scans without HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import Volume


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """A grey window: ``width`` and ``level`` in the units of the scan, ``source`` where the numbers are from."""

    name: str
    label: str
    width: float
    level: float
    source: str = ""


def window_presets(volume: Volume) -> tuple[WindowPreset, ...]:
    """Return the presets that suit a volume: those of CT, and for every scan some made of its own values."""
    table = catalog.load("windows")
    found = []
    if volume.modality == "CT":
        for name, entry in table["presets"].items():
            found.append(
                WindowPreset(name, entry["label"], float(entry["width"]), float(entry["level"]), entry["source"])
            )
    entries = table["by_share"]
    wanted = [entry[end] for entry in entries.values() for end in ("low_percent", "high_percent")]
    shares = np.percentile(volume.canonical().array[::4, ::4, ::4], wanted)
    for (name, entry), (low, high) in zip(entries.items(), shares.reshape(-1, 2).tolist(), strict=True):
        found.append(WindowPreset(name, entry["label"], max(high - low, 1.0), (high + low) / 2, entry["source"]))
    return tuple(found)


def preset_of(presets: tuple[WindowPreset, ...], width: float, level: float) -> WindowPreset | None:
    """Return the preset that a grey window is, None where it is none of them."""
    return next((p for p in presets if abs(p.width - width) < 0.5 and abs(p.level - level) < 0.5), None)
