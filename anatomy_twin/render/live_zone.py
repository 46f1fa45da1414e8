"""The coagulated zone of a moment as a surface, and the look of a preview of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyvista

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.rehearsal import FieldSeries, Scene, SurfaceLayer


def surface_at(series: FieldSeries, snapshot: int, level: float = 1.0) -> SurfaceMesh | None:
    """Return where a field of a result reaches ``level`` at one moment, in LPS mm; None where it does nowhere.

    The damage integral is followed in its logarithm, which is near linear across the edge, so that the surface is
    smooth.
    """
    values = np.asarray(series.values[snapshot])
    if not values.size or float(values.max()) < level:
        return None
    logarithmic = series.name == "damage"
    scaled = np.log(np.maximum(values, 1e-6)) if logarithmic else values
    grid = pyvista.ImageData(dimensions=series.geometry.shape[::-1])
    grid["field"] = np.ascontiguousarray(scaled, np.float32).ravel()
    mesh = grid.contour([np.log(level) if logarithmic else level], "field")
    if not mesh.n_cells:
        return None
    points = series.geometry.to_world(np.asarray(mesh.points, float)[:, ::-1])
    triangles = np.asarray(mesh.regular_faces, np.int64)
    surface = SurfaceMesh(points, triangles)
    # the contour's normals point to lower values in index space, which may be mirrored in the patient
    return surface if surface.volume_ml >= 0 else SurfaceMesh(points, triangles[:, ::-1])


def layers_at(scene: Scene, snapshot: int, known: dict[int, SurfaceMesh | None] | None = None) -> tuple[
    SurfaceLayer, ...
]:
    """Return the surfaces of a scene with the zone of one moment (-1: the last); none while nothing is coagulated.

    ``known`` keeps zones of moments between calls.
    """
    damage = next((series for series in scene.fields if series.name == "damage"), None)
    if damage is None or not 0 <= snapshot < damage.times_s.size - 1:
        return scene.surfaces
    known = {} if known is None else known
    if snapshot not in known:
        known[snapshot] = surface_at(damage, snapshot)
    zone = known[snapshot]
    return tuple(
        replace(layer, surface=zone) if layer.name == "zone" and zone is not None else layer
        for layer in scene.surfaces if layer.name != "zone" or zone is not None
    )


class PreviewZone:
    """The zone of a preview: a thin wire, so that nobody takes it for the simulated zone, and a word beside it."""

    def __init__(self, renderer: Any) -> None:
        from vtkmodules.vtkRenderingCore import vtkActor, vtkBillboardTextActor3D, vtkPolyDataMapper

        self._renderer = renderer
        self._surface: SurfaceMesh | None = None
        self._mapper, self.actor, self.label = vtkPolyDataMapper(), vtkActor(), vtkBillboardTextActor3D()
        self._mapper.ScalarVisibilityOff()
        self.actor.SetMapper(self._mapper)
        look = self.actor.GetProperty()
        look.SetRepresentationToWireframe()
        look.LightingOff()
        look.SetLineWidth(1.0)
        look.SetOpacity(0.55)
        words = self.label.GetTextProperty()
        words.SetFontSize(14)
        words.SetJustificationToCentered()
        words.SetShadow(True)
        for item in (self.actor, self.label):
            item.SetVisibility(False)
            item.PickableOff()
            renderer.AddActor(item)

    def show(self, surface: SurfaceMesh | None, colour: tuple[int, int, int], caption: str) -> None:
        """Show the surface of a preview, or nothing."""
        visible = surface is not None and len(surface.triangles) > 0
        if surface is not None and visible and surface is not self._surface:
            mesh: Any = pyvista.PolyData.from_regular_faces(surface.points_mm, np.asarray(surface.triangles, int))
            if mesh.n_cells > 4000:  # a wire of small triangles is a solid
                mesh = mesh.decimate(1.0 - 4000 / mesh.n_cells)
            self._mapper.SetInputData(mesh)
            top = mesh.points[int(np.argmax(mesh.points[:, 2]))]
            self.label.SetPosition(*(float(value) for value in top + np.array([0.0, 0.0, 3.0])))
        if visible:
            bright = tuple(min(1.0, 0.35 + part / 255) for part in colour)
            self.actor.GetProperty().SetColor(*bright)
            self.label.GetTextProperty().SetColor(*bright)
            self.label.SetInput(caption)
        self._surface = surface
        for item in (self.actor, self.label):
            item.SetVisibility(visible)

    @property
    def shown(self) -> bool:
        """True while a preview is drawn."""
        return bool(self.actor.GetVisibility())

    def close(self) -> None:
        """Take it off the renderer."""
        for item in (self.actor, self.label):
            self._renderer.RemoveActor(item)
