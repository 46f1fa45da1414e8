"""The colour scale of a field in a 3-D view: its name, its unit, its ends and its lines of equal value."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyvista
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkTextActor

from anatomy_twin.rehearsal import FieldSeries, format_number
from anatomy_twin.rehearsal.heart_maps import Scale
from anatomy_twin.render.field_surface import scale_colours
from anatomy_twin.render.live_captions import font_file

Colour = tuple[float, float, float]
LEFT_PX, FOOT_PX, WIDTH_PX, TICK_PX = 14.0, 30.0, 13.0, 4.0
SHARE: Final = 0.34  # of the view's height
HEIGHT_PX: Final = (40.0, 240.0)
STEPS: Final = 64


class ScaleBar:
    """A scale at the lower left of a view; ``arrange`` fits it into the view's size."""

    def __init__(self, renderer: Any, finer: int = 1) -> None:
        self._renderer, self._finer, self._letters_px = renderer, finer, 13
        self._series: FieldSeries | Scale | None = None
        self._ink: Colour = (1.0, 1.0, 1.0)
        self._size: tuple[int, int] = (0, 0)
        self._bar, self._ticks = self._flat(), self._flat()
        self._words: list[Any] = []
        self.lines: tuple[str, ...] = ()  # what is written: the name, then the values from the foot upwards

    def set_letters(self, letters_px: int) -> None:
        """Choose the size of the type."""
        self._letters_px, self._size = letters_px, (0, 0)

    def show(self, series: FieldSeries | Scale | None, ink: Colour = (1.0, 1.0, 1.0)) -> None:
        """Show the scale of a field, or none."""
        if series is not self._series or ink != self._ink:
            self._series, self._ink, self._size = series, ink, (0, 0)

    def arrange(self, size: tuple[int, int]) -> None:
        """Draw it into a view of so many pixels."""
        if size == self._size:
            return
        self._size = size
        for actor in self._words:
            self._renderer.RemoveViewProp(actor)
        self._words, self.lines = [], ()
        for actor in (self._bar, self._ticks):
            actor.SetVisibility(self._series is not None)
        if self._series is not None:
            self._draw(self._series, size[1])

    def close(self) -> None:
        """Take it off the renderer."""
        for actor in (self._bar, self._ticks, *self._words):
            self._renderer.RemoveViewProp(actor)

    # inside

    def _draw(self, series: FieldSeries | Scale, height_px: int) -> None:
        fine, (low, high) = self._finer, series.range
        left, foot, width = LEFT_PX * fine, FOOT_PX * fine, WIDTH_PX * fine
        free = height_px / 2 - foot - 3.2 * self._letters_px * fine  # the letter of the side stands in the middle
        height = min(max(min(SHARE * height_px, free), HEIGHT_PX[0] * fine), HEIGHT_PX[1] * fine)
        step, values = 1.5 * self._letters_px * fine, [low, high]
        for level in sorted(series.levels):
            places = [(value - low) / (high - low) * height for value in (*values, level)]
            if low < level < high and all(abs(places[-1] - place) >= step for place in places[:-1]):
                values.append(level)
        shares = np.linspace(0.0, 1.0, STEPS)
        scaled = isinstance(series, Scale)
        rgb = series.colours(low + shares * (high - low)) if scaled else scale_colours(shares, 0, 1)
        self._fill(left, foot, width, height, rgb)
        ends = []
        for value in sorted(values):
            y = foot + (value - low) / (high - low) * height
            ends += [[left, y, 0.0], [left + width + TICK_PX * fine, y, 0.0]]
            words = series.text(value) if isinstance(series, Scale) else format_number(series.shown(value), series.unit)
            self._write(words, left + width + 2 * TICK_PX * fine, y)
        pairs = np.arange(len(ends)).reshape(-1, 2)
        lines = np.column_stack([np.full(len(pairs), 2), pairs]).ravel()
        self._ticks.GetMapper().SetInputData(pyvista.PolyData(np.array(ends), lines=lines))
        self._ticks.GetProperty().SetColor(*self._ink)
        self._ticks.GetProperty().SetLineWidth(1.2 * fine)
        self._write(series.label, left, foot + height + 1.2 * self._letters_px * fine)
        self.lines = (self.lines[-1], *self.lines[:-1])

    def _fill(self, left: float, foot: float, width: float, height: float, rgb: Any) -> None:
        rows = np.linspace(foot, foot + height, STEPS + 1)
        points = np.array([[x, y, 0.0] for y in rows for x in (left, left + width)])
        corner = 2 * np.arange(STEPS)[:, None]
        quads = np.column_stack([np.full(STEPS, 4), corner + np.array([0, 1, 3, 2])])
        mesh = pyvista.PolyData(points, faces=quads.ravel())
        mesh.cell_data["rgb"] = rgb
        mesh.GetCellData().SetActiveScalars("rgb")
        self._bar.GetMapper().SetInputData(mesh)

    def _write(self, text: str, x: float, y: float) -> None:
        actor = vtkTextActor()
        actor.SetInput(text)
        actor.SetDisplayPosition(round(x), round(y))
        actor.PickableOff()
        look = actor.GetTextProperty()
        look.SetFontFamilyAsString("File")
        look.SetFontFile(font_file())
        look.SetFontSize(self._letters_px * self._finer)
        look.SetVerticalJustificationToCentered()
        look.SetColor(*self._ink)
        ground = (0.05, 0.06, 0.08) if sum(self._ink) > 1.5 else (1.0, 1.0, 1.0)
        look.SetBackgroundColor(*ground)
        look.SetBackgroundOpacity(0.55)  # it is read over anything
        self._words.append(actor)
        self.lines = (*self.lines, text)
        self._renderer.AddViewProp(actor)

    def _flat(self) -> Any:
        mapper, actor, where = vtkPolyDataMapper2D(), vtkActor2D(), vtkCoordinate()
        where.SetCoordinateSystemToDisplay()
        mapper.SetTransformCoordinate(where)
        mapper.SetInputData(pyvista.PolyData())
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.SetVisibility(False)
        self._renderer.AddViewProp(actor)
        return actor
