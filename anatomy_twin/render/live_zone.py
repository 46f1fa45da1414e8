"""The coagulated zone of a moment as a surface, and the look of a preview of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyvista

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.rehearsal import FieldSeries, Scene, SurfaceLayer
from anatomy_twin.render.live_captions import BELOW, Caption
from anatomy_twin.render.live_outline import Outline
from anatomy_twin.render.live_surfaces import mesh_of
from anatomy_twin.units import check_point

FOLLOWED: Final = {"zone": ("damage", 1.0), "ice": ("temperature", 0.0)}  # layer: the field whose level it is
SOFT_ROUNDS = 4  # of averaging of normals: the zone comes from a coarse grid


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
    # the contour's normals point to lower values in index space, which may be mirrored in the patient
    return SurfaceMesh(points, triangles).outward()


def layers_at(scene: Scene, snapshot: int, known: dict[tuple[str, int], SurfaceMesh | None] | None = None) -> tuple[
    SurfaceLayer, ...
]:
    """Return the surfaces of a scene with zone and ice of one moment (-1: the zone of the last, the ice at its
    largest); none of them while nothing is dead or frozen.

    ``known`` keeps them between calls, by name and moment.
    """
    known, found = {} if known is None else known, []
    for layer in scene.surfaces:
        surface: SurfaceMesh | None = layer.surface
        field, level = FOLLOWED.get(layer.name, ("", 0.0))
        series = next((one for one in scene.fields if one.name == field), None)
        # the zone at the end is there already; ice comes and goes
        if series is not None and 0 <= snapshot < series.times_s.size - (layer.name == "zone"):
            if (layer.name, snapshot) not in known:
                known[layer.name, snapshot] = surface_at(series, snapshot, level)
            surface = known[layer.name, snapshot]
        if surface is not None:
            found.append(layer if surface is layer.surface else replace(layer, surface=surface))
    return tuple(found)


class PreviewZone:
    """The zone of a preview: its edge with hatching, on top of all organs, so that it is seen at once and nobody takes
    it for the simulated zone, and a word below it.
    """

    def __init__(self, over: Any, finer: int = 1) -> None:
        self._surface: SurfaceMesh | None = None
        self.outline = Outline(over, line_px=3.0, hatch=0.6, fill=0.06, finer=finer)
        self._words, self._colour = "", (1.0, 1.0, 1.0)

    def show(self, surface: SurfaceMesh | None, colour: tuple[int, int, int], words: str) -> None:
        """Show the surface of a preview, or nothing."""
        if surface is None or not len(surface.triangles):
            self._surface = None
            self.outline.show(None)
            return
        bright = tuple(0.12 + 0.88 * part / 255 for part in colour)
        if surface is not self._surface:
            self._surface = surface
            self._mesh = mesh_of(surface, SOFT_ROUNDS)
        self._words, self._colour = words, (bright[0], bright[1], bright[2])
        self.outline.show(self._mesh, self._colour)

    def caption(self, up: Any) -> Caption | None:
        """Return the word below the zone for a viewer whose upper side is ``up``; None where none is shown."""
        if self._surface is None:
            return None
        points = self._surface.points_mm
        low = check_point("caption", points[int(np.argmin(points @ np.asarray(up, float)))])
        return Caption(self._words, low, self._colour, first=BELOW)

    @property
    def shown(self) -> bool:
        """True while a preview is drawn."""
        return self.outline.shown

    def close(self) -> None:
        """Take it off the layer."""
        self.outline.close()
