"""Surfaces of a window's 3-D view: kept while unchanged, drawn with as much detail as the frame can afford."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlaneCollection
from vtkmodules.vtkFiltersCore import vtkQuadricClustering, vtkQuadricDecimation
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.rehearsal import SurfaceLayer
from anatomy_twin.render.live_pace import COARSE, CRUDE, FINE, HIDDEN, Part

Painter = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.uint8] | None]
CRUDE_CELLS: Final = 24  # along each side of a surface's box
QUICK_CELLS: Final = 8000  # triangles that can be decimated well between two events
SMALL: Final = 1500  # triangles that are not worth decimating
SOFTER: Final = 8  # rounds of averaging of the normals of translucent surfaces, whose steps would draw lines
# what is translucent is clear where it faces the viewer and dense at its rim: the shell is read, its content is seen
RIM_SHADER: Final = """//VTK::Light::Impl
  float seen = fragOutput0.a;
  if (seen < 0.995) {
    vec3 towardViewer = cameraParallel == 1 ? vec3(0.0, 0.0, 1.0) : normalize(-vertexVC.xyz);
    float rim = 1.0 - abs(dot(normalVCVSOutput, towardViewer));
    float centre = mix(0.42, 1.0, smoothstep(0.35, 0.9, seen));
    fragOutput0.a = clamp(seen * (centre + 0.35 * rim + 2.0 * rim * rim * rim), 0.0, 1.0);
  }
"""


@dataclass
class _Shown:
    """One surface: its layer, its actor, and a mapper for every detail that was needed so far."""

    layer: SurfaceLayer
    coarse: SurfaceMesh | None
    actor: Any
    mappers: dict[int, Any] = field(default_factory=dict)
    level: int = FINE
    painter: Painter | None = None
    version: int = 0
    painted: dict[int, int] = field(default_factory=dict)


class LiveSurfaces:
    """The surfaces of a scene on a VTK renderer, by name.

    ``sync`` brings them up to a scene, ``set_levels`` chooses their detail, ``paint`` colours their points, ``sort``
    lets all translucent ones be drawn from back to front, triangle by triangle, until ``unsort``.
    """

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer
        self._shown: dict[str, _Shown] = {}
        self._planes = self.planes = vtkPlaneCollection()  # what lies on their negative sides is hidden
        self._merged = _Merged(renderer, self._planes)
        self._sorted = False
        self._dear: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all surfaces, hidden ones too."""
        return tuple(self._shown)

    def layer(self, name: str) -> SurfaceLayer | None:
        """Return the layer of a surface; None where there is none."""
        shown = self._shown.get(name)
        return None if shown is None else shown.layer

    def actor(self, name: str) -> Any:
        """Return the actor of a surface; None where there is none."""
        shown = self._shown.get(name)
        return None if shown is None else shown.actor

    def sync(
        self, layers: Iterable[SurfaceLayer], coarse: Mapping[str, SurfaceMesh], dear: Iterable[str] = ()
    ) -> None:
        """Show these layers: new ones are added, vanished ones removed, those with the same surface kept.

        ``coarse`` holds surfaces with fewer triangles by name; those called in ``dear`` are never left out.
        """
        self._dear = frozenset(dear)
        ordered = sorted(layers, key=lambda layer: -layer.opacity)
        for name in set(self._shown) - {layer.name for layer in ordered}:
            self._remove(name)
        for layer in ordered:
            shown = self._shown.get(layer.name)
            if shown is not None and shown.layer.surface is not layer.surface:
                painter, version = shown.painter, shown.version
                self._remove(layer.name)
                shown = self._add(layer, coarse.get(layer.name))
                shown.painter, shown.version = painter, version + 1
            elif shown is None:
                shown = self._add(layer, coarse.get(layer.name))
            if shown.layer.opacity != layer.opacity or shown.layer.colour != layer.colour:
                shown.version += 1
            shown.layer = layer
            _dress(shown.actor, layer)
            shown.actor.SetVisibility(layer.visible and shown.level != HIDDEN and not self._in_merged(shown))

    def parts(self) -> tuple[Part, ...]:
        """Return the visible surfaces as the choice of detail sees them."""
        found = []
        for name, shown in self._shown.items():
            if shown.layer.visible:
                fine = len(shown.layer.surface.triangles)
                coarse = fine if shown.coarse is None else len(shown.coarse.triangles)
                crude = coarse if coarse < SMALL else min(coarse, self._crude_count(shown))
                group = "body" if name.startswith("vertebra") else shown.layer.group
                found.append(Part(name, (fine, coarse, crude), group, shown.layer.opacity, name in self._dear))
        return tuple(found)

    def set_levels(self, levels: Mapping[str, int]) -> None:
        """Draw each surface at the detail given for it; those that are not named are hidden."""
        for name, shown in self._shown.items():
            shown.level = levels.get(name, HIDDEN)
            drawn = shown.layer.visible and shown.level != HIDDEN
            if drawn and not self._in_merged(shown):
                shown.actor.SetMapper(self._mapper(shown, shown.level))
            shown.actor.SetVisibility(drawn and not self._in_merged(shown))

    def paint(self, name: str, painter: Painter | None) -> None:
        """Colour the points of a surface by ``painter(points_mm, normals)`` -> RGBA, or None for its own colour."""
        shown = self._shown.get(name)
        if shown is None or (painter is None and shown.painter is None):
            return
        shown.painter = painter
        shown.version += 1
        if shown.layer.visible and shown.level != HIDDEN and not self._in_merged(shown):
            shown.actor.SetMapper(self._mapper(shown, shown.level))

    def clip(self, planes: Iterable[Any]) -> None:
        """Hide what lies on the negative side of any of some ``vtkPlane``s."""
        self._planes.RemoveAllItems()
        for plane in planes:
            self._planes.AddItem(plane)
        for shown in self._shown.values():
            for mapper in shown.mappers.values():
                mapper.SetClippingPlanes(self._planes)
        self._merged.clip()

    def sort(self, toward: NDArray[Any]) -> None:
        """Draw all translucent triangles from back to front for a viewer in the direction ``toward``."""
        chosen = [shown for shown in self._shown.values() if self._sheer(shown)]
        self._sorted = True
        self._merged.show([(shown, self._mapper(shown, shown.level)) for shown in chosen], toward)
        for shown in chosen:
            shown.actor.SetVisibility(False)

    def unsort(self) -> None:
        """Draw surface by surface again."""
        if self._sorted:
            self._sorted = False
            self._merged.hide()
            self.set_levels({name: shown.level for name, shown in self._shown.items()})

    def prepare(self) -> bool:
        """Make one detail of one surface that will be needed; return False once all are made."""
        for shown in self._shown.values():
            if shown.layer.visible:
                shell = Part(shown.layer.name, (0, 0, 0), opacity=shown.layer.opacity).shell
                for level in (FINE,) if shell else (CRUDE, FINE):
                    if level not in shown.mappers:
                        self._mapper(shown, level)
                        return True
        return False

    def clear(self) -> None:
        """Take everything off the renderer."""
        self._merged.close()
        for name in tuple(self._shown):
            self._remove(name)

    # inside

    def _sheer(self, shown: _Shown) -> bool:
        return shown.layer.visible and shown.level != HIDDEN and shown.layer.opacity < 1.0

    def _in_merged(self, shown: _Shown) -> bool:
        return self._sorted and self._sheer(shown)

    def _add(self, layer: SurfaceLayer, coarse: SurfaceMesh | None) -> _Shown:
        actor = vtkActor()
        actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Light::Impl", False, RIM_SHADER, False)
        shown = _Shown(layer, coarse, actor)
        self._shown[layer.name] = shown
        _dress(actor, layer)
        if layer.visible:  # the first picture must come soon: fine surfaces follow
            actor.SetMapper(self._mapper(shown, COARSE))
        self._renderer.AddActor(actor)
        return shown

    def _remove(self, name: str) -> None:
        shown = self._shown.pop(name)
        self._renderer.RemoveActor(shown.actor)
        shown.actor.SetMapper(None)

    def _crude_count(self, shown: _Shown) -> int:
        made = shown.mappers.get(CRUDE)
        if made is not None:
            return int(made.GetInput().GetNumberOfCells())
        return 9 * CRUDE_CELLS * CRUDE_CELLS

    def _mapper(self, shown: _Shown, level: int) -> Any:
        mapper = shown.mappers.get(level)
        if mapper is None:
            mapper = vtkPolyDataMapper()
            mapper.SetInputData(self._mesh(shown, level))
            mapper.SetColorModeToDirectScalars()
            mapper.SetScalarVisibility(False)
            mapper.SetClippingPlanes(self._planes)
            shown.mappers[level] = mapper
        if shown.painted.get(level) != shown.version:
            _colour_points(mapper, shown.painter)
            shown.painted[level] = shown.version
        return mapper

    def _mesh(self, shown: _Shown, level: int) -> Any:
        if shown.coarse is None and COARSE + FINE - level in shown.mappers and level != CRUDE:
            return shown.mappers[COARSE + FINE - level].GetInput()
        if level == CRUDE:
            source = self._mapper(shown, COARSE).GetInput()
            return source if source.GetNumberOfCells() < SMALL else _crude(source)
        surface = shown.layer.surface if level == FINE or shown.coarse is None else shown.coarse
        return mesh_of(surface, SOFTER if shown.layer.group in ("organ", "body") else 1)


class _Merged:
    """All translucent surfaces as one, whose triangles are put into order for the viewer: one pass, no peeling."""

    def __init__(self, renderer: Any, planes: Any) -> None:
        self._renderer, self._planes = renderer, planes
        self._actor, self._mapper = vtkActor(), vtkPolyDataMapper()
        self._mapper.SetColorModeToDirectScalars()
        self._actor.SetMapper(self._mapper)
        self._actor.ForceTranslucentOn()
        self._actor.SetVisibility(False)
        self._actor.PickableOff()
        self._actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Light::Impl", False, RIM_SHADER, False)
        _material(self._actor.GetProperty(), solid=False)
        self._key: tuple[Any, ...] = ()
        self._mesh: Any = None
        self._middles: Any = None
        self._facing: Any = None
        self._triangles: Any = None
        renderer.AddActor(self._actor)

    def show(self, chosen: list[tuple[_Shown, Any]], toward: NDArray[Any]) -> None:
        """Draw these surfaces, as their mappers hold them, in order."""
        key = tuple((id(mapper.GetInput()), shown.version, shown.layer.opacity, shown.layer.colour)
                    for shown, mapper in chosen)  # fmt: skip
        if key != self._key:
            self._gather(chosen)
            self._key = key
        if self._mesh is None:
            return
        direction = np.asarray(toward, np.float32)
        facing = np.flatnonzero(self._facing @ direction > -0.1)  # the others are culled: they cost time for nothing
        ordered = self._triangles[facing[np.argsort(self._middles[facing] @ direction)]]
        ends = np.arange(0, ordered.size + 1, 3, dtype=np.int32)
        self._mesh.SetPolys(pyvista.CellArray.from_arrays(ends, ordered.ravel()))
        self._mapper.SetInputData(self._mesh)
        self._mapper.SetClippingPlanes(self._planes)
        self._actor.SetVisibility(True)

    def _gather(self, chosen: list[tuple[_Shown, Any]]) -> None:
        points, normals, colours, triangles, count = [], [], [], [], 0
        for shown, mapper in chosen:
            mesh = pyvista.wrap(mapper.GetInput())
            own = np.array([*shown.layer.colour, round(255 * shown.layer.opacity)], np.uint8)
            rgba = mesh.point_data["rgba"] if mapper.GetScalarVisibility() else np.tile(own, (mesh.n_points, 1))
            points.append(np.asarray(mesh.points))
            normals.append(np.asarray(mesh.point_data["Normals"]))
            colours.append(rgba)
            triangles.append(mesh.regular_faces + count)
            count += mesh.n_points
        if not count:
            self._mesh = None
            return
        all_points = np.concatenate(points).astype(np.float32)
        self._triangles = np.concatenate(triangles).astype(np.int32)
        self._mesh = _polydata(all_points, self._triangles, np.concatenate(normals))
        self._mesh.point_data["rgba"] = np.concatenate(colours)
        self._mesh.GetPointData().SetActiveScalars("rgba")
        corners = [all_points[self._triangles[:, n]] for n in range(3)]
        self._middles = (corners[0] + corners[1] + corners[2]) / np.float32(3.0)
        facing = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        self._facing = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)

    def clip(self) -> None:
        self._mapper.SetClippingPlanes(self._planes)

    def hide(self) -> None:
        self._actor.SetVisibility(False)

    def close(self) -> None:
        self._renderer.RemoveActor(self._actor)
        self._mesh, self._key = None, ()


def mesh_of(surface: SurfaceMesh, rounds: int = 1) -> Any:
    """Return a surface as PolyData with normals that are averaged over neighbours, ``rounds`` times."""
    points, triangles = np.asarray(surface.points_mm, np.float32), surface.triangles
    return _polydata(points, triangles, soft_normals(points, triangles, rounds))


def soft_normals(points: NDArray[Any], triangles: NDArray[Any], rounds: int) -> NDArray[np.float32]:
    """Return the unit normal at each point: of its triangles by their area, then averaged over its neighbours."""
    corners = [points[triangles[:, n]].astype(np.float64) for n in range(3)]
    faces = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    for _ in range(max(rounds, 1)):
        normals = np.stack([
            sum(np.bincount(triangles[:, corner], faces[:, axis], len(points)) for corner in range(3))
            for axis in range(3)
        ], axis=1)  # fmt: skip
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        faces = normals[triangles].sum(axis=1)
    return normals.astype(np.float32)


def _polydata(points: NDArray[Any], triangles: NDArray[Any], normals: NDArray[Any]) -> Any:
    mesh = pyvista.PolyData.from_regular_faces(points, triangles)
    mesh.point_data.active_normals = np.asarray(normals, np.float32)
    mesh.point_data.active_normals_name = "Normals"
    return mesh


def _crude(source: Any) -> Any:
    """Return a surface of few triangles: without holes where that takes few milliseconds."""
    cells = source.GetNumberOfCells()
    thinner: Any
    if cells <= QUICK_CELLS:
        thinner = vtkQuadricDecimation()
        thinner.SetTargetReduction(1.0 - max(0.3, SMALL / cells))
    else:
        thinner = vtkQuadricClustering()
        thinner.SetAutoAdjustNumberOfDivisions(False)
        thinner.UseInputPointsOff()
        thinner.SetNumberOfDivisions(*3 * (CRUDE_CELLS,))
    thinner.SetInputData(source)
    thinner.Update()
    mesh = pyvista.wrap(thinner.GetOutput())
    points, triangles = np.asarray(mesh.points, np.float32), np.asarray(mesh.regular_faces)
    return _polydata(points, triangles, soft_normals(points, triangles, 1))


def _colour_points(mapper: Any, painter: Painter | None) -> None:
    mesh = pyvista.wrap(mapper.GetInput())
    rgba = None if painter is None else painter(np.asarray(mesh.points), np.asarray(mesh.point_data["Normals"]))
    mapper.SetScalarVisibility(rgba is not None)
    if rgba is not None:
        mesh.point_data["rgba"] = np.ascontiguousarray(rgba, np.uint8)
        mesh.GetPointData().SetActiveScalars("rgba")
        mapper.SetInputData(mesh)


def _dress(actor: Any, layer: SurfaceLayer) -> None:
    """Give an actor the colour, opacity and material of a layer."""
    look = actor.GetProperty()
    look.SetColor(*(part / 255 for part in layer.colour))
    look.SetOpacity(layer.opacity)
    _material(look, solid=layer.opacity >= 1.0)
    actor.ForceOpaqueOn() if layer.opacity >= 1.0 else actor.ForceOpaqueOff()
    actor.ForceTranslucentOff() if layer.opacity >= 1.0 else actor.ForceTranslucentOn()


def _material(look: Any, *, solid: bool) -> None:
    look.SetAmbient(0.22)
    look.SetDiffuse(0.85)
    look.SetSpecular(0.35 if solid else 0.18)
    look.SetSpecularPower(28)
    look.SetInterpolationToPhong()
    look.SetBackfaceCulling(not solid)
