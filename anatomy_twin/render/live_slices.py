"""Slices of the scan as pictures that stand in a 3-D view: the three planes at the crossing, or one on a cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyvista
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from anatomy_twin.core import Volume
from anatomy_twin.rehearsal import SlicePlane, plane_through, sample
from anatomy_twin.units import check_point

MOST_PIXELS: Final = 320  # along a side, of pictures that follow the hand
AIR_HU: Final = -400.0
CLEAR_SHADER: Final = """//VTK::TCoord::Impl
  if (fragOutput0.a < 0.5) { discard; }
"""


class StandingSlices:
    """Pictures on planes, by name. A picture is sampled anew only where its plane or its window changed."""

    def __init__(self, renderer: Any, volume: Volume) -> None:
        self._renderer, self._volume = renderer, volume
        self._drawn: dict[str, tuple[Any, Any, Any]] = {}  # actor, mapper, texture
        self._keys: dict[str, object] = {}
        self._air = AIR_HU if volume.modality == "CT" else -1e5

    def show(self, planes: Mapping[str, SlicePlane], window: tuple[float, float]) -> None:
        """Show these planes by name, and no others; ``window`` is (width, level) of the scan's values."""
        for name in set(self._drawn) - set(planes):
            self._renderer.RemoveActor(self._drawn.pop(name)[0])
            self._keys.pop(name, None)
        for name, plane in planes.items():
            key = (plane.origin_mm, plane.right, plane.down, plane.shape, plane.pixel_mm, window)
            if name not in self._drawn:
                self._drawn[name] = self._made()
            if key != self._keys.get(name):
                self._fill(name, plane, window)
                self._keys[name] = key

    @property
    def names(self) -> tuple[str, ...]:
        """What is shown."""
        return tuple(self._drawn)

    def close(self) -> None:
        """Take them off the renderer."""
        self.show({}, (1.0, 0.0))

    def _made(self) -> tuple[Any, Any, Any]:
        actor, mapper, texture = vtkActor(), vtkPolyDataMapper(), vtkTexture()
        texture.InterpolateOn()
        texture.SetColorModeToDirectScalars()
        actor.SetMapper(mapper)
        actor.SetTexture(texture)
        actor.GetProperty().LightingOff()
        actor.PickableOff()
        actor.ForceOpaqueOn()
        actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::TCoord::Impl", False, CLEAR_SHADER, False)
        self._renderer.AddActor(actor)
        return actor, mapper, texture

    def _fill(self, name: str, plane: SlicePlane, window: tuple[float, float]) -> None:
        _, mapper, texture = self._drawn[name]
        values = sample(self._volume.array, self._volume.geometry, plane)
        width, level = window
        grey = np.clip((np.nan_to_num(values, nan=-1e6) - level + width / 2) / width, 0.0, 1.0) * 255.0
        pixels = np.repeat(grey.astype(np.uint8)[:, :, None], 4, axis=2)
        # outside of the scan and in air there is nothing to see: what lies behind shows
        pixels[..., 3] = np.where(np.nan_to_num(values, nan=-1e6) > self._air, 255, 0)
        pixels = pixels[::-1]
        rows, columns = plane.shape
        image = pyvista.ImageData(dimensions=(columns, rows, 1))
        image.point_data["grey"] = pixels.reshape(-1, 4)
        image.GetPointData().SetActiveScalars("grey")
        texture.SetInputData(image)
        low, right = rows - 0.5, columns - 0.5
        corners: Any = plane.to_world([[-0.5, -0.5], [-0.5, right], [low, right], [low, -0.5]])
        quad: Any = pyvista.PolyData(corners.astype(np.float32), faces=[4, 0, 1, 2, 3])
        quad.active_texture_coordinates = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
        mapper.SetInputData(quad)


def crossing_planes(volume: Volume, focus_mm: Any, most: int = MOST_PIXELS) -> dict[str, SlicePlane]:
    """Return the axial, coronal and sagittal plane through a point, with at most ``most`` pixels along a side."""
    found = {}
    for name in ("axial", "coronal", "sagittal"):
        whole = plane_through(volume.geometry, name, focus_mm)
        found[name] = plane_through(volume.geometry, name, focus_mm, pixel_mm=_pixel(whole, most))
    return found


def plane_of(volume: Volume, point_mm: Any, normal: Any, most: int = MOST_PIXELS) -> SlicePlane:
    """Return a plane through a point at right angles to ``normal`` that spans the scan."""
    normal = np.asarray(normal, float) / np.linalg.norm(normal)
    helper = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([0.0, -1.0, 0.0])
    down = -(helper - (helper @ normal) * normal)
    down = down / np.linalg.norm(down)
    right = np.cross(down, normal)
    offsets = volume.geometry.corners_mm() - np.asarray(point_mm)
    across, along = offsets @ right, offsets @ down
    pixel = max(float(np.ptp(across)), float(np.ptp(along))) / most
    shape = (max(int(np.ptp(along) / pixel), 2), max(int(np.ptp(across) / pixel), 2))
    origin = np.asarray(point_mm) + (along.min() + pixel / 2) * down + (across.min() + pixel / 2) * right
    return SlicePlane("cut", check_point("plane", origin), check_point("right", right), check_point("down", down),
                      pixel, shape)  # fmt: skip


def _pixel(plane: SlicePlane, most: int) -> float:
    return max(plane.pixel_mm, max(plane.size_mm) / most)
