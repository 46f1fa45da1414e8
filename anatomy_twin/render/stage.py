"""One scene on a PyVista plotter, off-screen or in a window: the same materials, lights, cube and camera."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import ArrayLike

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal import Marker, Needle, Scene, SurfaceLayer
from anatomy_twin.render.views import BACKGROUNDS, view_axes

NO_SURFACES: Final = "no surfaces yet:\nrun `anatomy-twin mesh CASE`"
OUTSIDE_MM: Final = 45.0  # drawn length of the shaft outside the skin, so that its direction is seen
# lights that go with the camera: key from the viewer's upper left, soft fill from the right, weak one from behind
_LIGHTS: Final = (((-0.6, 0.8, 1.0), 0.72), ((0.9, 0.1, 0.8), 0.34), ((0.0, 0.6, -1.0), 0.22))


class Stage:
    """Fills ``plotter`` with the surfaces, needles and markers of a scene and lets single surfaces change.

    ``background`` is "dark" or "light". ``silhouettes`` draws the outline of translucent organs; it costs time at
    every frame, so windows leave it out. ``finer`` is how much larger it is drawn than it will be shown.
    """

    def __init__(
        self, plotter: Any, scene: Scene, background: str = "dark", *, silhouettes: bool = False, finer: int = 1
    ) -> None:
        if background not in BACKGROUNDS:
            raise UsageError(f"no background is called {background!r}", advice=f"use {' or '.join(BACKGROUNDS)}")
        self.plotter, self._dark, self._silhouettes, self._finer = plotter, background == "dark", silhouettes, finer
        lay_ground(plotter, background)
        add_lights(plotter)
        self._layers: dict[str, SurfaceLayer] = {}
        for layer in sorted(scene.surfaces, key=lambda item: -item.opacity):
            self.update(layer)
        for needle in scene.needles:
            self._add_needle(needle)
        for marker in scene.markers:
            self._add_marker(marker)
        add_cube(plotter)

    def update(self, layer: SurfaceLayer) -> None:
        """Show a surface as its layer says now."""
        actor = self.plotter.actors.get(layer.name)
        if actor is not None:
            actor.SetVisibility(layer.visible)
            actor.prop.opacity = layer.opacity
        elif layer.visible:
            self._add_surface(layer, polydata_of(layer.surface))
        self._layers[layer.name] = layer

    def say(self, text: str) -> None:
        """Write a text in the middle of the picture, for one that has nothing else to show."""
        colour = "white" if self._dark else "black"
        line = self.plotter.add_text(
            text, position=(0.5, 0.5), font_size=10 * self._finer, color=colour, name="line", viewport=True,
            render=False,
        )
        line.prop.justification_horizontal = "center"

    def replace_zone(self, mesh: Any) -> None:
        """Show the coagulated zone of another moment; None while nothing is coagulated."""
        layer = self._layers.get("zone")
        if layer is None:
            return
        self.plotter.remove_actor("zone", render=False)
        if mesh is not None and layer.visible:
            self._add_surface(layer, mesh)

    def _add(self, mesh: Any, colour: tuple[float, float, float], **options: Any) -> None:
        material = {"ambient": 0.22, "diffuse": 0.85, "specular": 0.35, "specular_power": 28, **options}
        self.plotter.add_mesh(
            mesh, color=colour, smooth_shading=True, reset_camera=False, render=False, **material
        )

    def _add_surface(self, layer: SurfaceLayer, mesh: Any) -> None:
        solid = layer.opacity >= 1
        colour = unit_rgb(layer.colour)
        self._add(mesh, colour, name=layer.name, opacity=layer.opacity, specular=0.35 if solid else 0.18)
        if self._silhouettes and 0.06 < layer.opacity < 0.6 and layer.group != "body":
            edge = tuple(min(1.0, part * (1.15 if self._dark else 0.55)) for part in colour)
            strength = (0.75 if layer.opacity >= 0.3 else 0.3) * (0.6 if self._dark else 1.0)
            # smoothed, so that the steps between slices do not draw lines of their own
            smooth = mesh.smooth(n_iter=60, relaxation_factor=0.1)
            self.plotter.add_silhouette(smooth, color=edge, line_width=1.6 * self._finer, opacity=strength)

    def _add_needle(self, needle: Needle) -> None:
        entry, tip = np.asarray(needle.entry_mm), np.asarray(needle.tip_mm)
        length = float(np.linalg.norm(tip - entry))
        along = (tip - entry) / length
        radius = max(needle.radius_mm, 0.9)
        shaft = pyvista.Tube(pointa=entry - OUTSIDE_MM * along, pointb=tip, radius=radius, n_sides=24)
        self._add(shaft, (0.66, 0.68, 0.72), specular=0.8, name=f"needle {needle.label}")
        for number, (start, stop) in enumerate(needle.heating_mm):
            heating = pyvista.Tube(pointa=start, pointb=stop, radius=heating_radius_mm(needle), n_sides=24)
            self._add(heating, unit_rgb(needle.colour), ambient=0.4, name=f"needle heating {needle.label} {number}")
        ball = pyvista.Sphere(radius=2.6, center=entry)
        self._add(ball, unit_rgb(needle.colour), ambient=0.4, name=f"needle entry {needle.label}")

    def _add_marker(self, marker: Marker) -> None:
        ball = pyvista.Sphere(radius=2.2, center=marker.point_mm)
        self._add(ball, unit_rgb(marker.colour), ambient=0.5, name=f"marker {marker.label}")


def heating_radius_mm(needle: Needle) -> float:
    """Return how thick the working part of an applicator is drawn: thin metal stays to be seen."""
    return max(needle.tine_radius_mm, 0.6) if needle.tines else 1.35 * max(needle.radius_mm, 0.9)


def lay_ground(plotter: Any, background: str) -> None:
    """Give a plotter the "dark" or the "light" ground."""
    if background not in BACKGROUNDS:
        raise UsageError(f"no background is called {background!r}", advice=f"use {' or '.join(BACKGROUNDS)}")
    top, bottom = BACKGROUNDS[background]
    plotter.set_background(bottom, top=top)


def add_lights(plotter: Any) -> None:
    """Put the lights of all 3-D pictures on a plotter."""
    plotter.remove_all_lights()
    for place, strength in _LIGHTS:
        light = pyvista.Light(position=place, intensity=strength, light_type="camera light")
        light.positional = False
        plotter.add_light(light)


def add_cube(plotter: Any) -> None:
    """Put the cube with R, L, A, P, H, F into the lower right corner; it turns with the camera."""
    from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor

    cube = vtkAnnotatedCubeActor()
    for axis, (positive, negative) in {"X": "LR", "Y": "PA", "Z": "HF"}.items():
        getattr(cube, f"Set{axis}PlusFaceText")(positive)
        getattr(cube, f"Set{axis}MinusFaceText")(negative)
    cube.SetFaceTextScale(0.62)
    # letters upright for a viewer whose up is the head, and on the head and feet faces for one whose up is anterior
    cube.SetXFaceTextRotation(0)
    cube.SetYFaceTextRotation(0)
    cube.SetZFaceTextRotation(-90)
    cube.GetCubeProperty().SetColor(0.86, 0.89, 0.93)
    cube.GetCubeProperty().SetAmbient(0.4)
    cube.GetTextEdgesProperty().SetColor(0.35, 0.38, 0.45)
    for name in ("XPlus", "XMinus", "YPlus", "YMinus", "ZPlus", "ZMinus"):
        face = getattr(cube, f"Get{name}FaceProperty")()
        face.SetColor(0.12, 0.18, 0.3)
        face.SetInterpolationToFlat()
    plotter.add_orientation_widget(cube, interactive=False, viewport=(0.86, 0.05, 0.99, 0.22))


def place_camera(
    plotter: Any, scene: Scene, view: str, size: tuple[int, int] | None = None, *,
    focus_mm: ArrayLike | None = None, width_mm: float | None = None, left_px: int = 0,
) -> None:
    """Look at the organs of a scene from a named side, in parallel projection.

    ``size`` (width, height) in pixels, by default of the plotter; ``focus_mm`` and ``width_mm`` make a close-up;
    ``left_px`` keeps that much at the left edge free, for a legend.
    """
    toward, up, right = view_axes(view)
    width, height = (max(int(side), 100) for side in (size or plotter.window_size))
    free = max(width - left_px, width // 2)
    shown = [layer for layer in scene.surfaces if layer.visible]
    # scale by what matters: body and bones would make the organs small
    inner = [layer for layer in shown if layer.group != "body"] or shown
    parts = [layer.surface.points_mm for layer in inner] or [scene.volume.geometry.corners_mm()]
    parts += [np.array([needle.entry_mm, needle.tip_mm]) for needle in scene.needles]
    across = np.concatenate([points @ right for points in parts])
    along = np.concatenate([points @ up for points in parts])
    half_height = 1.12 * max(np.ptp(along) / 2, np.ptp(across) / 2 * height / free)
    depth = np.concatenate([points @ toward for points in parts])  # the view is turned about the middle of it all
    middle = sum(
        (float(np.max(part)) + float(np.min(part))) / 2 * axis
        for part, axis in ((across, right), (along, up), (depth, toward))
    )
    if focus_mm is not None:
        middle = np.asarray(focus_mm, dtype=float)
    if width_mm is not None:
        half_height = width_mm / 2 * height / free
    middle = middle - right * (width - free) / height * half_height
    aim(plotter, middle, half_height, toward, up)


def aim(plotter: Any, middle: Any, half_height: float, toward: Any, up: Any) -> None:
    """Look at ``middle`` (LPS mm) from ``toward``, without perspective, ``half_height`` mm to the picture's upper edge.
    """
    camera = plotter.camera
    camera.parallel_projection = True
    camera.parallel_scale = float(half_height)
    camera.focal_point = tuple(middle)
    camera.position = tuple(middle + 2000.0 * toward)
    camera.up = tuple(up)
    plotter.renderer.ResetCameraClippingRange()


def polydata_of(surface: SurfaceMesh) -> Any:
    """Return a surface as PyVista PolyData with smooth normals."""
    mesh = pyvista.PolyData.from_regular_faces(np.asarray(surface.points_mm, np.float32), surface.triangles)
    return mesh.compute_normals(cell_normals=False, split_vertices=False, consistent_normals=False)


def unit_rgb(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return RGB 0..255 as 0..1."""
    return colour[0] / 255, colour[1] / 255, colour[2] / 255
