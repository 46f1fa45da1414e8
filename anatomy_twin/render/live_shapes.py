"""Lines, knobs, balls, planes and words of tools and plans in a 3-D view."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkActor, vtkBillboardTextActor3D, vtkPolyDataMapper, vtkRenderer

from anatomy_twin.rehearsal import Shape
from anatomy_twin.render.stage import unit_rgb

DASH_MM: Final = 3.0
DISC_SHADER: Final = """//VTK::TCoord::Impl
  if (length(gl_PointCoord - vec2(0.5)) > 0.5) { discard; }
"""
LIT: Final = (1.0, 1.0, 1.0)
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

    def show(self, shapes: Iterable[Shape]) -> None:
        """Show these shapes and nothing else."""
        wanted = dict.fromkeys(shape for shape in shapes if shape.only != "slices")
        for shape in [old for old in self._drawn if old not in wanted]:
            for renderer, actor in self._drawn.pop(shape):
                renderer.RemoveActor(actor)
        for shape in wanted:
            if shape not in self._drawn:
                self._drawn[shape] = self._made(shape)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """What is shown."""
        return tuple(self._drawn)

    def close(self) -> None:
        """Take everything off, the layer above too."""
        self.show(())
        self._window.RemoveRenderer(self.over)

    def _made(self, shape: Shape) -> list[tuple[Any, Any]]:
        points = np.asarray(shape.points_mm, float).reshape(-1, 3)
        actors: list[tuple[Any, Any]] = getattr(self, f"_{shape.kind}")(shape, points)
        if shape.text and shape.kind != "text":
            actors.append((self.over, _words(shape, points.mean(axis=0), above_px=12)))
        for renderer, actor in actors:
            actor.PickableOff()
            self._enlarge(actor)
            renderer.AddActor(actor)
        return actors

    def _enlarge(self, actor: Any) -> None:
        """Draw lines, dots and words larger where the picture will be scaled down."""
        if self._finer == 1:
            return
        if isinstance(actor, vtkBillboardTextActor3D):
            actor.GetTextProperty().SetFontSize(actor.GetTextProperty().GetFontSize() * self._finer)
            return
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
        ball = _solid(mesh, shape, opacity=0.25 + 0.5 * min(max(shape.fill, 0.0), 1.0))
        return [(self._renderer, ball)]

    def _knob(self, shape: Shape, points: NDArray[Any]) -> list[tuple[Any, Any]]:
        size = 2.0 * shape.radius_px * (1.3 if shape.lit else 1.0)
        ring = _flat(pyvista.PolyData(points), shape, points=size + 4.0, colour=(0.05, 0.06, 0.08))
        dot = _flat(pyvista.PolyData(points), shape, points=size)
        return [(self.over, ring), (self.over, dot)]

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
        return [(self.over, _words(shape, points[0], above_px=0))]


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


def _words(shape: Shape, place: Any, above_px: int) -> Any:
    words = vtkBillboardTextActor3D()
    words.SetPosition(*(float(value) for value in place))
    words.SetInput(shape.text)
    words.SetDisplayOffset(0, above_px)
    look = words.GetTextProperty()
    look.SetFontSize(15)
    look.SetBold(shape.lit)
    look.SetColor(*_colour(shape))
    look.SetJustificationToCentered()
    look.SetBackgroundColor(0.05, 0.06, 0.08)
    look.SetBackgroundOpacity(0.6)
    return words


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
