"""Words beside things in a 3-D view: laid out on the screen for every frame, tied by a line where they stand away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkTextActor

from anatomy_twin.rehearsal.captions import Box, leader, place_words, round_place
from anatomy_twin.rehearsal.picking import Camera
from anatomy_twin.units import Point

GROUND: Final = (0.05, 0.06, 0.08)
EDGE_PX: Final = 30.0  # kept free of words: the letters of the sides stand there
LETTERS_PX: Final = 14
BELOW: Final = 7  # the choice of ``place_words`` straight below


@dataclass(frozen=True, slots=True)
class Caption:
    """Words beside a place (LPS mm).

    ``colour`` has parts 0..1; ``away_px`` is the radius of what is at the place; ``first`` the number of the choice of
    ``place_words`` that is tried first.
    """

    text: str
    point_mm: Point
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    away_px: float = 0.0
    strong: bool = False
    first: int = 0


class Captions:
    """Captions by name on the layer over a view. ``arrange`` puts them in their places for a camera."""

    def __init__(self, over: Any, finer: int = 1) -> None:
        self._over, self._finer, self._letters_px = over, finer, LETTERS_PX
        self._shown: dict[str, tuple[Caption, Any, tuple[float, float]]] = {}
        self._choices: dict[str, int] = {}
        self._lines = tuple(self._line(width, colour) for width, colour in ((3.0, GROUND), (1.2, (1.0, 1.0, 1.0))))
        self.boxes: dict[str, Box] = {}  # in pixels from the upper left corner, of those that are seen

    def show(self, captions: Mapping[str, Caption]) -> None:
        """Show these captions and no others."""
        for name in set(self._shown) - set(captions):
            self._over.RemoveViewProp(self._shown.pop(name)[1])
            self._choices.pop(name, None)
        for name, caption in captions.items():
            known = self._shown.get(name)
            if known is None:
                actor = self._words()
                self._shown[name] = caption, actor, self._dressed(actor, caption)
            elif known[0] != caption:
                same = (known[0].text, known[0].strong, known[0].colour) == (
                    caption.text, caption.strong, caption.colour)  # fmt: skip
                self._shown[name] = caption, known[1], known[2] if same else self._dressed(known[1], caption)

    def set_letters(self, letters_px: int) -> None:
        """Choose the size of the type."""
        self._letters_px = letters_px
        for name, (caption, actor, _) in self._shown.items():
            actor.GetTextProperty().SetFontSize(letters_px * self._finer)
            self._shown[name] = caption, actor, self._dressed(actor, caption)

    @property
    def shown(self) -> dict[str, Caption]:
        """What is shown, by name."""
        return {name: caption for name, (caption, _, _) in self._shown.items()}

    def arrange(
        self, camera: Camera, size: tuple[int, int], dots: Iterable[tuple[Point, float]] = (),
        taken: Iterable[Box] = (),
    ) -> None:
        """Put the captions beside their places.

        Parameters: ``size`` of the view in pixels; ``dots`` are places (LPS mm) and radii in pixels that must stay
        free, ``taken`` boxes that hold something already. A caption whose place is out of sight is not drawn.
        """
        if not self._shown:
            self._tie([], size)
            return
        held = [round_place(*camera.pixel_of(point, size), radius * self._finer + 2.0) for point, radius in dots]
        held += taken
        edge = EDGE_PX * self._finer
        room, ends = Box(edge, edge, max(size[0] - edge, edge), max(size[1] - edge, edge)), []
        self.boxes = {}
        # what is pointed at is written first: it gets the best place
        for name, (caption, actor, words) in sorted(self._shown.items(), key=lambda item: not item[1][0].strong):
            place = camera.pixel_of(caption.point_mm, size)
            seen = 0 <= place[0] <= size[0] and 0 <= place[1] <= size[1]
            actor.SetVisibility(seen)
            if not seen:
                continue
            away = caption.away_px * self._finer
            before = self._choices.get(name, caption.first)
            box, self._choices[name] = place_words(place, words, held, room, away, before)
            held.append(box)
            self.boxes[name] = box
            middle = (box.left + box.right) / 2, size[1] - (box.top + box.bottom) / 2
            actor.SetDisplayPosition(round(middle[0]), round(middle[1]))
            line = leader(place, box, away)
            if line:
                ends.append(line)
        self._tie(ends, size)

    def close(self) -> None:
        """Take all of them off."""
        self.show({})
        for actor in self._lines:
            self._over.RemoveViewProp(actor)

    # inside

    def _tie(self, ends: list[Any], size: tuple[int, int]) -> None:
        for actor in self._lines:
            actor.SetVisibility(bool(ends))
        if ends:
            points = np.array([[x, size[1] - y, 0.0] for line in ends for x, y in line])
            pairs: NDArray[np.int64] = np.arange(len(points)).reshape(-1, 2)
            mesh = pyvista.PolyData(points, lines=np.column_stack([np.full(len(pairs), 2), pairs]).ravel())
            for actor in self._lines:
                actor.GetMapper().SetInputData(mesh)

    def _line(self, width: float, colour: tuple[float, float, float]) -> Any:
        mapper, actor, where = vtkPolyDataMapper2D(), vtkActor2D(), vtkCoordinate()
        where.SetCoordinateSystemToDisplay()
        mapper.SetTransformCoordinate(where)
        actor.SetMapper(mapper)
        actor.GetProperty().SetColor(*colour)
        actor.GetProperty().SetLineWidth(width * self._finer)
        actor.SetVisibility(False)
        actor.PickableOff()
        self._over.AddViewProp(actor)
        return actor

    def _words(self) -> Any:
        actor = vtkTextActor()
        actor.PickableOff()
        look = actor.GetTextProperty()
        look.SetFontFamilyAsString("File")
        look.SetFontSize(self._letters_px * self._finer)
        look.SetJustificationToCentered()
        look.SetVerticalJustificationToCentered()
        look.SetBackgroundColor(*GROUND)
        look.SetBackgroundOpacity(0.72)
        self._over.AddViewProp(actor)
        return actor

    def _dressed(self, actor: Any, caption: Caption) -> tuple[float, float]:
        """Give an actor its words; return their size in pixels."""
        actor.SetInput(f" {caption.text} ")
        actor.GetTextProperty().SetColor(*caption.colour)
        actor.GetTextProperty().SetFontFile(font_file(caption.strong))
        bounds = [0.0, 0.0, 0.0, 0.0]
        actor.GetBoundingBox(self._over, bounds)
        return bounds[1] - bounds[0] + 1.0, bounds[3] - bounds[2] + 1.0


@cache
def font_file(strong: bool = False) -> str:
    """Return a font that has the signs of all languages and of numbers; VTK's own lacks some."""
    found = find_spec("matplotlib")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    name = "DejaVuSans-Bold.ttf" if strong else "DejaVuSans.ttf"
    return str(Path(places[0]) / "mpl-data" / "fonts" / "ttf" / name) if places else ""
