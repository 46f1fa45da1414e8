"""Lines, knobs, balls and planes of tools and plans in a 3-D view, and the words that belong to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from anatomy_twin.rehearsal import Shape
from anatomy_twin.render.live_captions import Caption
from anatomy_twin.render.live_outline import as_edge
from anatomy_twin.render.stage import unit_rgb
from anatomy_twin.units import Point, check_point

DASH_MM: Final = 3.0
DISC_SHADER: Final = """//VTK::TCoord::Impl
  if (length(gl_PointCoord - vec2(0.5)) > 0.5) { discard; }
"""
RING_SHADER: Final = """//VTK::TCoord::Impl
  float far = length(gl_PointCoord - vec2(0.5));
  if (far > 0.5 || far < innerPart) { discard; }
"""
NEARER: Final = 700.0  # steps of the depth buffer: a millimetre or two where an organ fills the view
RING_PX: Final = 2.6  # how thick the rings of hollow knobs are
LIT: Final = (1.0, 1.0, 1.0)
DARK: Final = (0.05, 0.06, 0.08)
ARROW_SHARE: Final = 0.35  # length of a plane's arrow, as a share of its reach, where its tip is not given


class LiveShapes:
    """Draws shapes: solid bodies among the surfaces, what must be seen always on a layer above them.

    The layer above (``over``) shares the camera of the view; knobs have the same size on the screen at every zoom.
    Shapes that did not change keep their actors.
    """

    def __init__(self, renderer: Any, render_window: Any, finer: int = 1) -> None:
        self._renderer, self._window, self._finer = renderer, render_window, finer
        self.over = vtkRenderer()
        self.over.SetLayer(1)
        self.over.InteractiveOff()
        self.over.SetPreserveDepthBuffer(False)
        self.over.SetUseOIT(False)
        self.over.SetActiveCamera(renderer.GetActiveCamera())
        render_window.SetNumberOfLayers(max(2, render_window.GetNumberOfLayers()))
        render_window.AddRenderer(self.over)
        self._drawn: dict[Shape, list[tuple[Any, Any]]] = {}

    def show(self, shapes: Iterable[Shape]) -> bool:
        """Show these shapes and nothing else; return True where any of what changed stands among the surfaces."""
        wanted, below = dict.fromkeys(shape for shape in shapes if shape.only != "slices"), False
        for shape in [old for old in self._drawn if old not in wanted]:
            for renderer, actor in self._drawn.pop(shape):
                renderer.RemoveActor(actor)
                below = below or renderer is self._renderer
        for shape in wanted:
            if shape not in self._drawn:
                self._drawn[shape] = self._made(shape)
                below = below or any(renderer is self._renderer for renderer, _ in self._drawn[shape])
        return below

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """What is shown."""
        return tuple(self._drawn)

    def captions(self) -> dict[str, Caption]:
        """Return the words of the shapes and where they belong, by a name of each."""
        found = {}
        for number, shape in enumerate(self._drawn):
            if shape.text:
                points = np.asarray(shape.points_mm, float).reshape(-1, 3)
                place = check_point("caption", points[-1] if shape.kind == "plane" else points.mean(axis=0))
                away = max((radius for point, radius in self.dots() if point == place), default=0.0)
                name = shape.name or f"shape {number}"
                found[name if name not in found else f"{name} {number}"] = Caption(
                    shape.text, place, _colour(shape), away, shape.lit or shape.kind == "text")  # fmt: skip
        return found

    def dots(self) -> tuple[tuple[Point, float], ...]:
        """Return where knobs are, with their radii in pixels: no words are to stand there."""
        return tuple((shape.points_mm[0], _knob_px(shape) / 2 + 2.0) for shape in self._drawn if shape.kind == "knob")

    def close(self) -> None:
        """Take everything off, the layer above too."""
        self.show(())
        self._window.RemoveRenderer(self.over)

    def _made(self, shape: Shape) -> list[tuple[Any, Any]]:
        points = np.asarray(shape.points_mm, float).reshape(-1, 3)
        actors: list[tuple[Any, Any]] = getattr(self, f"_{shape.kind}")(shape, points)
        for renderer, actor in actors:
            actor.PickableOff()
            self._enlarge(actor)
            renderer.AddActor(actor)
        return actors

    def _enlarge(self, actor: Any) -> None:
        """Draw lines and dots larger where the picture will be scaled down."""
        look = actor.GetProperty()
        look.SetLineWidth(look.GetLineWidth() * self._finer)
        look.SetPointSize(look.GetPointSize() * self._finer)

    def _line(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        if len(points) < 2:
            return []
        mesh = _dashes(points) if shape.dashed else pyvista.lines_from_points(points)
        return [(self.over, _flat(mesh, shape, width=shape.width_px + 0.5))]

    def _outline(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        return self._line(shape, np.vstack([points, points[:1]]))

    def _circle(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        radius = max(shape.radius_mm, 0.1)
        mesh = pyvista.Sphere(radius=radius, center=points[0], theta_resolution=32, phi_resolution=20)
        ball = _solid(mesh, shape, opacity=1.0)
        as_edge(ball, line_px=shape.width_px + 0.5, fill=0.14 + 0.5 * min(max(shape.fill, 0.0), 1.0),
                hatch=0.5 if shape.dashed else 0.0, finer=self._finer)  # fmt: skip
        return [(self.over, ball)]  # what lies in an organ is seen in it

    def _knob(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        size = _knob_px(shape)
        if shape.hollow:
            made = [_ring(points, shape, size + 3.0, (size / 2 - RING_PX - 1.5) / (size + 3.0), DARK),
                    _ring(points, shape, size, 0.5 - RING_PX / size, None)]  # fmt: skip
        else:
            made = [_flat(pyvista.PolyData(points), shape, points=size + 4.0, colour=DARK),
                    _flat(pyvista.PolyData(points), shape, points=size)]  # fmt: skip
        if not shape.among:
            return [(self.over, actor) for actor in made]
        for number, actor in enumerate(made):  # before the surface that it lies on, its dot before its edge
            mapper = actor.GetMapper()
            mapper.SetResolveCoincidentTopologyToPolygonOffset()
            mapper.SetRelativeCoincidentTopologyPointOffsetParameter(-NEARER * (number + 1))
        return [(self._renderer, actor) for actor in made]

    def _plane(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        middle = points[0]
        normal = points[1] - middle if len(points) > 1 else np.array([0.0, 0.0, 1.0])
        length = float(np.linalg.norm(normal))
        normal = normal / max(length, 1e-9)
        reach = max(shape.radius_mm, 1.0)
        sheet = pyvista.Plane(center=middle, direction=normal, i_size=2 * reach, j_size=2 * reach,
                              i_resolution=1, j_resolution=1)  # fmt: skip
        rim = _flat(sheet.extract_feature_edges(), shape, width=shape.width_px + 0.5)
        size = length if length > 2.0 else ARROW_SHARE * reach
        arrow = pyvista.Arrow(start=middle, direction=normal, scale=size, tip_length=0.35, tip_radius=0.09,
                              shaft_radius=0.03)  # fmt: skip
        fill = _solid(sheet, shape, opacity=0.16 + 0.3 * min(max(shape.fill, 0.0), 1.0) + (0.1 if shape.lit else 0.0))
        fill.GetProperty().LightingOff()
        return [(self._renderer, fill), (self.over, rim), (self.over, _solid(arrow, shape, opacity=1.0))]

    def _text(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        return []  # words are laid out for each frame


def _knob_px(shape: Shape) -> float:
    return 2.0 * shape.radius_px * (1.3 if shape.lit else 1.0)


def _colour(shape: Shape) -> tuple[float, float, float]:
    own = unit_rgb(shape.colour)
    return tuple(0.5 * (part + full) for part, full in zip(own, LIT, strict=True)) if shape.lit else own  # type: ignore[return-value]


def _flat(
    mesh: Any, shape: Shape, *, width: float = 0.0, points: float = 0.0,
    colour: tuple[float, float, float] | None = None,
) -> Any:
    actor = _actor(mesh)
    look = actor.GetProperty()
    look.LightingOff()
    look.SetColor(*(colour or _colour(shape)))
    if points:
        look.SetRepresentationToPoints()
        look.SetPointSize(points)
        make_round(actor)
    else:
        look.SetRepresentationToWireframe()
        look.SetLineWidth(width * (1.6 if shape.lit else 1.0))
    return actor


def _ring(
    points: NDArray[Any], shape: Shape, size: float, inner: float, colour: tuple[float, float, float] | None
) -> Any:
    """Return a ring of ``size`` pixels whose hole reaches to ``inner`` of that."""
    actor = _flat(pyvista.PolyData(points), shape, points=size, colour=colour)
    shader = actor.GetShaderProperty()
    shader.ClearAllFragmentShaderReplacements()
    shader.AddFragmentShaderReplacement("//VTK::TCoord::Impl", False, RING_SHADER, False)
    shader.GetFragmentCustomUniforms().SetUniformf("innerPart", inner)
    return actor


def make_round(actor: Any) -> None:
    """Draw the points of an actor as discs."""
    actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::TCoord::Impl", False, DISC_SHADER, False)


def _solid(mesh: Any, shape: Shape, *, opacity: float) -> Any:
    actor = _actor(mesh)
    look = actor.GetProperty()
    look.SetColor(*_colour(shape))
    look.SetOpacity(opacity)
    look.SetAmbient(0.35)
    look.SetDiffuse(0.75)
    return actor


def _actor(mesh: Any) -> Any:
    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(mesh)
    mapper.ScalarVisibilityOff()
    actor.SetMapper(mapper)
    return actor


def _dashes(points: NDArray[Any]) -> Any:
    """Return a line of dashes through points."""
    pieces = []
    for start, end in itertools.pairwise(points):
        count = max(int(np.linalg.norm(end - start) / DASH_MM), 1) | 1  # an odd number ends with a dash
        places = np.linspace(start, end, count + 1)
        pieces += [places[n : n + 2] for n in range(0, count, 2)]
    ends = np.concatenate(pieces)
    pairs = np.arange(2 * len(pieces)).reshape(-1, 2)
    return pyvista.PolyData(ends, lines=np.column_stack([np.full(len(pieces), 2), pairs]).ravel())
