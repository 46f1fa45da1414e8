"""All that a window's 3-D view shows, on one plotter: surfaces, applicators, shapes, slices, volume, cuts, letters.

No interface toolkit here: the same stage is drawn off-screen for snapshots and animations.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkRenderingCore import vtkTextActor, vtkWindowToImageFilter

from anatomy_twin.core import Plan, SurfaceMesh
from anatomy_twin.core.plans import PlaneCut, ResectionPlan
from anatomy_twin.rehearsal import FieldSeries, Scene, SurfaceLayer, letters_of
from anatomy_twin.rehearsal.heart_maps import Scale
from anatomy_twin.rehearsal.picking import Camera
from anatomy_twin.render.field_surface import cut_painter, field_painter
from anatomy_twin.render.live_captions import Captions
from anatomy_twin.render.live_lines import LiveLines
from anatomy_twin.render.live_needles import LiveNeedles
from anatomy_twin.render.live_outline import Outline
from anatomy_twin.render.live_pace import MOVING_S, RESTING_S, Pace, choose_levels, count
from anatomy_twin.render.live_scale import ScaleBar
from anatomy_twin.render.live_shapes import LiveShapes
from anatomy_twin.render.live_slices import StandingSlices, crossing_planes, plane_of
from anatomy_twin.render.live_surfaces import LiveSurfaces
from anatomy_twin.render.live_zone import PreviewZone
from anatomy_twin.render.stage import add_cube, add_lights, lay_ground
from anatomy_twin.render.volume import LiveVolume
from anatomy_twin.units import Point, check_point

PEELS: Final = 6
SOFTWARE: Final = ("llvmpipe", "softpipe", "swrast", "software", "swiftshader")
EDGES: Final = {"left": (0.008, 0.5), "right": (0.992, 0.5), "top": (0.5, 0.985), "bottom": (0.5, 0.015)}
Planes = tuple[tuple[Point, Point], ...]


class LiveStage:
    """Draws a scene on ``plotter`` and changes only what changed.

    ``pace`` decides how much a frame may hold. ``planes`` are the cuts: (point, normal) each, what lies against the
    normal is hidden. ``finer`` is how much larger it is drawn than it will be shown.
    """

    def __init__(
        self, plotter: Any, scene: Scene, background: str = "dark", *, letters_pt: int = 13, finer: int = 1
    ) -> None:
        self.plotter, self.renderer, self.window = plotter, plotter.renderer, plotter.render_window
        self.window.SetMultiSamples(0)
        self.renderer.SetUseOIT(False)
        add_lights(plotter)
        self.surfaces = LiveSurfaces(self.renderer)
        self.slices = StandingSlices(self.renderer, scene.volume)
        self.lines = LiveLines(self.renderer, finer)
        self.shapes = LiveShapes(self.renderer, self.window, finer)
        self.preview = PreviewZone(self.shapes.over, finer)
        self.pointed = Outline(self.shapes.over, line_px=1.5, fill=0.26, finer=finer)
        self.needles = LiveNeedles(self.renderer, self.shapes.over, finer)
        self.captions = Captions(self.shapes.over, finer)
        self.bar = ScaleBar(self.shapes.over, finer)
        add_cube(plotter)
        self.volume: LiveVolume | None = None
        self.pace = Pace(software=True)
        self._known = False
        self.planes: Planes = ()
        self.capped = True
        self._scan = scene.volume
        self._levels: dict[str, int] = {}
        self.drawn = 0  # triangles of the last frame
        self._painted: set[str] = set()
        self._kept = False  # the picture below the layer of lines and words, as the last frame drew it
        self._corners = np.asarray(scene.volume.geometry.corners_mm())
        self._letters = {side: self._letter(place, letters_pt) for side, place in EDGES.items()}
        self._cross = self._ball(1.8, (1.0, 1.0, 1.0))
        self._balls: list[Any] = []
        self.set_background(background)
        self.set_letters(letters_pt)

    # what is shown

    def set_background(self, name: str) -> None:
        """Choose the "dark" or "light" ground; words take the colour that is read on it."""
        lay_ground(self.plotter, name)
        self.ink = (1.0, 1.0, 1.0) if name == "dark" else (0.08, 0.1, 0.14)
        for actor in self._letters.values():
            actor.GetTextProperty().SetColor(*self.ink)

    def show(
        self, layers: Iterable[SurfaceLayer], coarse: Mapping[str, SurfaceMesh], dear: Iterable[str] = (),
        markers: Iterable[Any] = (),
    ) -> None:
        """Show these surfaces and named points, reusing what is drawn already."""
        self.surfaces.sync(layers, coarse, dear)
        for actor in self._balls:
            self.renderer.RemoveActor(actor)
        self._balls = [self._ball(2.2, tuple(part / 255 for part in marker.colour)) for marker in markers]
        for actor, marker in zip(self._balls, markers, strict=True):
            actor.SetPosition(*marker.point_mm)

    def paint(
        self, plan: Plan | None, field: FieldSeries | None, snapshot: int, more: Mapping[str, Any] | None = None,
        scale: Scale | None = None,
    ) -> None:
        """Colour surfaces: by a field of a result at a moment, the organ that a plan cuts, ``more`` by painters, whose
        ``scale`` stands in place of the field's."""
        self.bar.show(scale or field, self.ink)
        cut = plan.organ if isinstance(plan, ResectionPlan) and any(isinstance(c, PlaneCut) for c in plan.cuts) else ""
        wanted: dict[str, Any] = {}
        for name in self.surfaces.names:
            layer = self.surfaces.layer(name)
            if layer is None or not layer.visible:
                continue
            if name == cut and isinstance(plan, ResectionPlan):
                wanted[name] = cut_painter(plan, layer.colour, layer.opacity)
            elif field is not None and layer.group not in ("zone", "body"):
                wanted[name] = field_painter(field, snapshot, layer.colour, layer.opacity)
        wanted |= {name: painter for name, painter in (more or {}).items() if name in self.surfaces.names}
        for name in self._painted - set(wanted):
            self.surfaces.paint(name, None)
        for name, painter in wanted.items():
            self.surfaces.paint(name, painter)
        self._painted = set(wanted)

    def cross_at(self, point_mm: Point | None) -> None:
        """Mark where the slices cross; None for no mark."""
        self._cross.SetVisibility(point_mm is not None)
        if point_mm is not None:
            self._cross.SetPosition(*point_mm)

    def stand_slices(self, focus_mm: Point | None, window: tuple[float, float]) -> None:
        """Stand the three slices through a point in the view, None for none; a cut shows its own slice."""
        planes = {} if focus_mm is None else crossing_planes(self._scan, focus_mm)
        if self.capped and len(self.planes) == 1:
            point, normal = self.planes[0]
            planes["cut"] = plane_of(self._scan, point, normal)
        self.slices.show(planes, window)

    def show_volume(self, look: str) -> None:
        """Draw the scan itself by a look of the catalog, "" for not."""
        if self.volume is None and look:
            self.volume = LiveVolume(self.renderer, self._scan, self.pace.software)
            self.volume.clip(self._vtk_planes())
        if self.volume is not None:
            self.volume.show(look)

    @property
    def volume_look(self) -> str:
        """How the scan itself is drawn, "" for not."""
        return "" if self.volume is None else self.volume.name

    def cut(self, planes: Planes) -> None:
        """Hide what lies against the normal of any of these planes (point, normal)."""
        self.planes = tuple(planes)
        held = self._vtk_planes()
        self.surfaces.clip(held)
        self.lines.clip(self.surfaces.planes)
        if self.volume is not None:
            self.volume.clip(held)

    # the camera

    @property
    def camera(self) -> Camera:
        """From where it is seen."""
        seen = self.renderer.GetActiveCamera()
        return Camera(
            check_point("position", seen.GetPosition()), check_point("focal", seen.GetFocalPoint()),
            check_point("up", seen.GetViewUp()), seen.GetParallelScale(), bool(seen.GetParallelProjection()),
            seen.GetViewAngle(),
        )

    @camera.setter
    def camera(self, camera: Camera) -> None:
        seen = self.renderer.GetActiveCamera()
        seen.SetPosition(*camera.position_mm)
        seen.SetFocalPoint(*camera.focal_mm)
        seen.SetViewUp(*camera.up)
        seen.SetParallelScale(camera.half_height_mm)
        seen.SetParallelProjection(camera.parallel)
        seen.SetViewAngle(camera.angle_deg)

    def edge_letters(self) -> dict[str, str]:
        """The anatomical letters at the edges of the picture for the camera as it is now."""
        right, up, _ = self.camera.axes
        ends = {"left": -right, "right": right, "top": up, "bottom": -up}
        return {side: letters_of(direction, count=2) for side, direction in ends.items()}

    def set_letters(self, letters_pt: int) -> None:
        """Choose the size of letters and words."""
        for actor in self._letters.values():
            actor.GetTextProperty().SetFontSize(letters_pt + 4)
        self.captions.set_letters(letters_pt + 1)
        self.bar.set_letters(letters_pt)

    def hide_letters(self) -> None:
        """Draw no letters: whoever writes words on the picture writes them too."""
        for actor in self._letters.values():
            actor.SetVisibility(False)

    # frames

    def frame(self, kind: str) -> float:
        """Draw once and return the seconds it took: "moving" as much as is quick, "resting" all of it, "best" finely.
        """
        moving = kind == "moving" and not self.pace.always_best
        best = kind == "best" or (kind == "moving" and self.pace.always_best)
        self._detail(moving)
        self._finish(best)
        for side, text in self.edge_letters().items():
            self._letters[side].SetInput(text)
        if self.volume is not None:
            self.volume.set_moving(moving)
        self._take_in_all()
        self._write()
        # a picture that stands is kept, so that lines and words over it can change without drawing it again
        self.renderer.SetBackingStore(kind != "moving")
        self.renderer.GetLights().GetItemAsObject(0).Modified()
        self._kept = kind != "moving"
        began = time.perf_counter()
        self.window.Render()
        self.window.WaitForCompletion()
        seconds = time.perf_counter() - began
        self._learn(kind, seconds)
        return seconds

    def forget(self) -> None:
        """What lies below lines and words has changed: the next frame is a whole one."""
        self._kept = False

    def touch(self) -> bool:
        """Draw lines, knobs and words anew over the picture that stands; False where it does not stand any more."""
        if not self._kept:
            return False
        self._write()
        self.window.Render()
        self.window.WaitForCompletion()
        return True

    def point_out(self, name: str) -> None:
        """Draw the edge of a surface by its name over everything, "" for none."""
        actor, layer = self.surfaces.actor(name), self.surfaces.layer(name)
        mapper = None if actor is None else actor.GetMapper()
        if layer is None or mapper is None or not layer.visible:
            self.pointed.show(None)
        else:
            red, green, blue = (0.45 + 0.55 * part / 255 for part in layer.colour)
            self.pointed.show(mapper.GetInput(), (red, green, blue))

    def picture(self) -> NDArray[np.uint8]:
        """Return the last frame, RGB (rows, columns, 3), without drawing again."""
        reader = vtkWindowToImageFilter()
        reader.SetInput(self.window)
        reader.SetInputBufferTypeToRGB()
        reader.ReadFrontBufferOff()
        reader.ShouldRerenderOff()
        reader.Update()
        image = pyvista.wrap(reader.GetOutput())
        width, height, _ = image.dimensions
        return np.ascontiguousarray(np.asarray(image.active_scalars).reshape(height, width, 3)[::-1])

    def close(self) -> None:
        """Release what is held."""
        for part in (self.preview, self.pointed, self.captions, self.bar, self.needles, self.shapes, self.slices,
                     self.lines):  # fmt: skip
            part.close()
        if self.volume is not None:
            self.volume.close()
            self.volume = None
        self.surfaces.clear()
        for renderer in (self.renderer, self.shapes.over):
            renderer.RemoveAllViewProps()

    # inside

    def _detail(self, moving: bool) -> None:
        parts = self.surfaces.parts()
        budget = self.pace.moving if moving else self.pace.resting
        levels = choose_levels(parts, budget.triangles)
        self.drawn = count(parts, levels)
        self._all_fine = all(level == 0 for level in levels.values())
        if levels != self._levels:
            self.surfaces.unsort()
            self.surfaces.set_levels(levels)
            self._levels = levels

    def _finish(self, best: bool) -> None:
        """Translucent surfaces in their order, and smooth edges, only for a picture that stands."""
        peeling = best and not self.pace.software
        if best and self.pace.software:
            self.surfaces.sort(self.camera.axes[2])
        else:
            self.surfaces.unsort()
        self.renderer.SetUseDepthPeeling(peeling)
        if peeling:
            self.renderer.SetMaximumNumberOfPeels(PEELS)
            self.renderer.SetOcclusionRatio(0.0)
        self.renderer.SetUseFXAA(best)

    def _take_in_all(self) -> None:
        """Let the camera's range hold what is drawn, what lies over it, and the scan, where a tool may be next: all
        are seen by one camera.
        """
        bounds = np.array([
            layer.ComputeVisiblePropBounds() for layer in (self.renderer, self.shapes.over)
        ])  # fmt: skip
        bounds = bounds[bounds[:, 0] <= bounds[:, 1]]
        points = np.vstack([bounds[:, ::2], bounds[:, 1::2], self._corners])
        extent = np.stack([points.min(axis=0), points.max(axis=0)], axis=1)
        self.renderer.ResetCameraClippingRange(*extent.ravel().tolist())

    def _write(self) -> None:
        """Put words in their places for the camera as it is now."""
        captions, camera = self.shapes.captions(), self.camera
        preview = self.preview.caption(camera.axes[1])
        if preview is not None:
            captions["preview"] = preview
        self.captions.show(captions)
        size = self.window.GetSize()
        self.bar.arrange(size)
        self.captions.arrange(camera, size, self.shapes.dots())

    def _learn(self, kind: str, seconds: float) -> None:
        if not self._known:  # the driver tells its name once something was drawn
            self._known = True
            told = self.window.ReportCapabilities().lower()
            software = any(word in told for word in SOFTWARE)
            if not software:
                self.pace = Pace(software=False)
            return
        self.pace.tell(kind, seconds, self.drawn, self._all_fine)
        if self.volume is not None:
            self.volume.learn(kind == "moving", seconds, MOVING_S if kind == "moving" else RESTING_S)

    def _vtk_planes(self) -> list[Any]:
        found = []
        for point, normal in self.planes:
            plane = vtkPlane()
            plane.SetOrigin(*point)
            plane.SetNormal(*normal)
            found.append(plane)
        return found

    def _letter(self, place: tuple[float, float], size: int) -> Any:
        actor = vtkTextActor()
        look = actor.GetTextProperty()
        look.SetFontSize(size + 4)
        look.SetBold(True)
        look.SetShadow(False)
        {0.008: look.SetJustificationToLeft, 0.992: look.SetJustificationToRight}.get(
            place[0], look.SetJustificationToCentered)()  # fmt: skip
        {0.985: look.SetVerticalJustificationToTop, 0.015: look.SetVerticalJustificationToBottom}.get(
            place[1], look.SetVerticalJustificationToCentered)()  # fmt: skip
        where = actor.GetPositionCoordinate()
        where.SetCoordinateSystemToNormalizedViewport()
        where.SetValue(*place)
        self.shapes.over.AddViewProp(actor)
        return actor

    def _ball(self, radius_mm: float, colour: tuple[float, ...]) -> Any:
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

        mapper, actor = vtkPolyDataMapper(), vtkActor()
        mapper.SetInputData(pyvista.Sphere(radius=radius_mm, theta_resolution=18, phi_resolution=12))
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.GetProperty().SetColor(*colour)
        actor.GetProperty().SetAmbient(0.6)
        self.renderer.AddActor(actor)
        return actor


def clip_normal(name: str, camera: Camera) -> Point:
    """Return the normal of an anatomical cut ("axial", "coronal", "sagittal", "view"): what the viewer is before stays.
    """
    _, _, toward = camera.axes
    if name == "view":
        return check_point("normal", -toward)
    axis = {"sagittal": 0, "coronal": 1, "axial": 2}[name]
    normal = np.zeros(3)
    # from exactly the side nothing is between viewer and plane: the usual side of the picture stays
    side = toward[axis] if abs(toward[axis]) > 0.05 else {0: 1.0, 1: -1.0, 2: 1.0}[axis]
    normal[axis] = -np.sign(side)
    return check_point("normal", normal)


def box_planes(low_mm: Any, high_mm: Any) -> Planes:
    """Return the six planes of a box along the patient's axes, whose inside stays."""
    found = []
    for axis in range(3):
        for corner, sign in ((low_mm, 1.0), (high_mm, -1.0)):
            normal = np.zeros(3)
            normal[axis] = sign
            found.append((check_point("corner", corner), check_point("normal", normal)))
    return tuple(found)
