"""Lines on a heart's wall as the window draws them: each is kept while what it is made of stays."""

from __future__ import annotations

from typing import Any, Final

from anatomy_twin.core import LesionLine, LesionPlan
from anatomy_twin.core.heart import Chamber
from anatomy_twin.rehearsal import Shape
from anatomy_twin.rehearsal.heart_maps import HeartMap
from anatomy_twin.rehearsal.heart_shapes import (
    LIFT_MM,
    SurfaceLines,
    cut_lines,
    level_pieces,
    path_lines,
    point_normals,
    rim_lines,
)
from anatomy_twin.rehearsal.heart_wall import wall_of
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.view.style import current_theme

ISOCHRONE_RGB: Final = (24, 22, 26)
LESION_RGB: Final = (255, 110, 160)
OUTLINE_RGB: Final = (235, 120, 100)
RIM_RGB: Final = {"dark": (255, 255, 255), "light": (40, 46, 58)}
TUBE_MM: Final = 0.9


class HeartInk:
    """The lines of one chamber: rims, lines of equal value, lesions as tubes, where slices meet the wall."""

    def __init__(self, chamber: Chamber) -> None:
        self._chamber = chamber
        self._rims: tuple[str, SurfaceLines | None] = ("", None)  # by the ground that they are read on
        self._lifted = chamber.surface.points_mm + LIFT_MM * point_normals(chamber.surface)
        self._levels: tuple[HeartMap | None, tuple[SurfaceLines, ...]] = (None, ())
        self._tubes: dict[LesionLine, SurfaceLines] = {}
        self._cuts: dict[str, tuple[SlicePlane, tuple[Shape, ...]]] = {}

    def lines(self, shown: HeartMap | None, plan: LesionPlan | None) -> tuple[SurfaceLines, ...]:
        """Return what is drawn on the wall in 3-D: rims, the lines of a map, the lesions of a plan."""
        ground = current_theme().stage
        if self._rims[0] != ground:
            self._rims = ground, rim_lines(self._chamber, RIM_RGB[ground])
        rims = () if self._rims[1] is None else (self._rims[1],)
        return (*rims, *self._level_lines(shown), *self._lesion_lines(plan))

    def cut(self, view: str, plane: SlicePlane) -> tuple[Shape, ...]:
        """Return where the slice of a view meets the wall."""
        known = self._cuts.get(view)
        if known is None or not known[0].same_plane(plane):
            lines = cut_lines(self._chamber.surface, plane)
            known = self._cuts[view] = plane, tuple(
                Shape("line", line, OUTLINE_RGB, "heart wall", width_px=1.6, reach_mm=1.0, only=view) for line in lines
            )  # fmt: skip
        return known[1]

    def _level_lines(self, shown: HeartMap | None) -> tuple[SurfaceLines, ...]:
        if shown is not self._levels[0]:
            found: tuple[SurfaceLines, ...] = ()
            if shown is not None and shown.scale is not None and shown.scale.levels:
                triangles, step = self._chamber.surface.triangles, shown.scale.levels[0]
                pieces = level_pieces(self._lifted, triangles, shown.values, step)
                found = (SurfaceLines("isochrones", pieces, ISOCHRONE_RGB, 1.4),)
            self._levels = shown, found
        return self._levels[1]

    def _lesion_lines(self, plan: LesionPlan | None) -> tuple[SurfaceLines, ...]:
        wall, found = wall_of(self._chamber), dict[Any, SurfaceLines]()
        for lesion in () if plan is None else plan.lesions:
            if isinstance(lesion, LesionLine):
                tube = self._tubes.get(lesion)
                found[lesion] = tube or path_lines("lesion", wall.path_mm(lesion.points_mm), LESION_RGB, TUBE_MM)
        self._tubes = found
        return tuple(found.values())
