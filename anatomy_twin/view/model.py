"""What the views of one window share: the scene, the point they cross in, the moment shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from anatomy_twin.core import Case
from anatomy_twin.rehearsal import FieldSeries, Scene, build_scene
from anatomy_twin.units import Point, check_point, place_text


class RehearsalModel(QObject):
    """Holds plain data and tells when it changes; views never talk to each other."""

    scene_changed = Signal(str)  # name of the surface that changed
    focus_changed = Signal()
    moment_changed = Signal()
    window_changed = Signal()

    def __init__(self, case: Case, plan_name: str | None = None) -> None:
        super().__init__()
        self.case = case
        self.scene: Scene = build_scene(case, plan_name)
        self.focus_mm: Point = self.scene.focus_mm
        self.window: tuple[float, float] = self.scene.window
        self.snapshot = max(self.snapshot_count - 1, 0)
        self.show_temperature = False

    @property
    def snapshot_count(self) -> int:
        """How many moments were simulated."""
        return int(self.scene.fields[0].times_s.size) if self.scene.fields else 0

    def field(self, name: str) -> FieldSeries | None:
        """Return a simulated field by name, None if there is none."""
        return next((series for series in self.scene.fields if series.name == name), None)

    def set_focus(self, point_mm: Any) -> None:
        """Move the point where the slices cross, held inside the scan."""
        geometry = self.scene.volume.geometry
        index = np.clip(geometry.to_index(point_mm), 0, np.asarray(geometry.shape) - 1.0)
        point = check_point("focus", geometry.to_world(index))
        if point != self.focus_mm:
            self.focus_mm = point
            self.focus_changed.emit()

    def set_snapshot(self, snapshot: int) -> None:
        """Show another simulated moment."""
        snapshot = min(max(snapshot, 0), max(self.snapshot_count - 1, 0))
        if snapshot != self.snapshot:
            self.snapshot = snapshot
            self.moment_changed.emit()

    def set_window(self, width: float, level: float) -> None:
        """Set the grey window in HU."""
        self.window = (max(width, 1.0), level)
        self.window_changed.emit()

    def set_temperature_shown(self, shown: bool) -> None:
        """Lay the temperature over the slices, or not."""
        self.show_temperature = shown
        self.moment_changed.emit()

    def change_surface(self, name: str, **changes: Any) -> None:
        """Change visibility or opacity of a surface; its outline on the slices follows its visibility."""
        self.scene = self.scene.with_surface(name, **changes)
        self.scene_changed.emit(name)

    def overlay_visible(self, name: str) -> bool:
        """Tell whether the outline of a structure is drawn: as its surface is, or as the scene says."""
        for layer in self.scene.surfaces:
            if layer.name == name:
                return layer.visible
        return next((layer.visible for layer in self.scene.overlays if layer.name == name), False)

    def readout(self) -> str:
        """Describe the crossing point: position, value, structures."""
        volume = self.scene.volume
        text = f"{place_text(self.focus_mm)}    {volume.at(self.focus_mm):.0f} {volume.units}"
        names = [
            layer.label for layer in self.scene.overlays
            if layer.geometry.contains(self.focus_mm)
            and layer.mask[layer.geometry.nearest_voxel(self.focus_mm)] and layer.name != "body"
        ]
        temperature = self.field("temperature")
        if temperature is not None and temperature.geometry.contains(self.focus_mm):
            value = temperature.values[self.snapshot][temperature.geometry.nearest_voxel(self.focus_mm)]
            names.append(f"{value:.0f} \N{DEGREE SIGN}C")
        return "    ".join([text, *names])
