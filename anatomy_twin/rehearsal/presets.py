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
    values = volume.canonical().array[::4, ::4, ::4]
    for name, entry in table["by_share"].items():
        low, high = (float(v) for v in np.percentile(values, (entry["low_percent"], entry["high_percent"])))
        found.append(WindowPreset(name, entry["label"], max(high - low, 1.0), (high + low) / 2, entry["source"]))
    return tuple(found)


def preset_of(presets: tuple[WindowPreset, ...], width: float, level: float) -> WindowPreset | None:
    """Return the preset that a grey window is, None where it is none of them."""
    return next((p for p in presets if abs(p.width - width) < 0.5 and abs(p.level - level) < 0.5), None)
