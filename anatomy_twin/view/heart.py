"""The heart chamber in the window: which is shown, by which map, paced where; what its lesions do follows the hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from anatomy_twin.core import LesionPlan
from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.pipeline.live_heart import HeartPreview
from anatomy_twin.rehearsal import Pointer, Shape, SurfaceLayer, structure_label
from anatomy_twin.rehearsal import heart_maps as maps
from anatomy_twin.rehearsal.heart_maps import HeartMap, MapPainter, Scale
from anatomy_twin.rehearsal.heart_shapes import SurfaceLines
from anatomy_twin.rehearsal.heart_wall import HEART, Wall, wall_of
from anatomy_twin.simulation.electro.replay import Replay
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.heart_ink import HeartInk
from anatomy_twin.view.heart_live import HeartLive
from anatomy_twin.view.heart_words import capital, short_name
from anatomy_twin.view.names import named
from anatomy_twin.view.tools.plan_sight import IN_3D
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "heart"
FADED: Final = 0.25  # of their opacity is left to other surfaces
SHINE_RGB: Final = (96, 96, 100)  # of what gleams on a map
VOLTAGE_MV: Final = (-85.0, 20.0)
SITE_RGB: Final = (250, 245, 120)
INK: Final = (255, 255, 255)
ON_WALL_MM: Final = 5.0  # a click on a slice so near to the wall means it
NO_LESIONS: Final = "without lesions"
Painter = Callable[[NDArray[Any], NDArray[Any]], "NDArray[np.uint8] | None"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the wall where a catheter paces."""

    point_mm: Point
    number: int


class HeartSight(QObject):
    """What is seen of a heart chamber. ``changed`` tells that any of it is another.

    ``chamber`` is the one that is shown (None where the case has none), ``map_name`` one of ``heart_maps.MAPS``,
    ``sites`` the places where it is paced, ``chosen`` the one that the activation map is of. ``preview`` is what is
    known of the lesions of the plan shown.
    """

    changed = Signal()

    def __init__(self, window: RehearsalWindow, desk: Desk) -> None:
        super().__init__(desk)
        self._window, self._desk = window, desk
        self.on = True
        self.map_name = "regions"
        self.chamber: Chamber | None = None
        self.sites: list[Site] = []
        self.chosen = -1
        self.preview: HeartPreview | None = None
        self._map: HeartMap | None = None
        self.outcome: SiteOutcome | None = None  # of the induction, whose maps can be shown
        self.replay: Replay | None = None
        self._frame: tuple[int, HeartMap | None] = (-1, None)
        self.live = HeartLive(desk)
        self.draft: tuple[SurfaceLines, ...] = ()  # a lesion that is being drawn
        self._wanted: tuple[Any, ...] = ()
        self._played_of: object = desk.plan
        self._version = 0
        desk.kits[KIT] = self
        desk.dressers.append(self)
        desk.shape_sources.append(self.shapes)
        desk.line_sources.append(self.lines)
        desk.scale_sources.append(self.scale)
        desk.case_changed.connect(self._follow_case)
        desk.plan_changed.connect(self._follow_plan)
        self.live.answered.connect(self._take)
        self.live.changed.connect(self.changed)
        desk.left.connect(self.live.stop)
        self._follow_case(frozenset({"chambers"}))

    @property
    def map(self) -> HeartMap | None:
        """What the chamber is coloured by now: while something is played, the voltage of the moment."""
        if self.replay is None or self._desk.reel_ms is None:
            return self._map
        moment = min(self._desk.snapshot, len(self.replay.times_ms) - 1)
        if self._frame[0] != moment:
            values = np.where(self.replay.alive, self.replay.voltages_mv[moment].astype(float), np.nan)
            self._frame = moment, maps.voltage_map(values, VOLTAGE_MV)
        return self._frame[1]

    def play(self, replay: Replay | None) -> None:
        """Play a record on the wall by the time bar; None ends that."""
        if replay is None and self.replay is None:
            return
        self.replay, self._frame = replay, (-1, None)
        self._desk.set_reel(None if replay is None else replay.times_ms)
        self._renew()

    def show_outcome(self, outcome: SiteOutcome | None) -> None:
        """Take maps of drivers and frequency from what was induced from a site."""
        if outcome is self.outcome:
            return
        self.outcome = outcome
        for name in ("drivers", "frequency"):
            self._made_maps.pop(name, None)
        if self.why_not(self.map_name):
            self.map_name = "plain" if self.chamber is None or self.chamber.regions is None else "regions"
        self._renew()

    # what is chosen

    @property
    def plan(self) -> LesionPlan | None:
        """The plan shown, as the hand holds it, where it is of lesions on this chamber."""
        plan = self._desk.plan
        fits = isinstance(plan, LesionPlan) and self.chamber is not None and plan.chamber == self.chamber.name
        return plan if fits and isinstance(plan, LesionPlan) else None

    @property
    def site(self) -> Site | None:
        """The site that the activation map is of."""
        return self.sites[self.chosen] if 0 <= self.chosen < len(self.sites) else None

    def show_chamber(self, name: str) -> None:
        """Show another chamber of the case."""
        self._show(self._desk.case.chambers.get(name))

    def show(self, on: bool) -> None:
        """Show the chamber, or only the other structures."""
        self.on = on
        self._renew()

    def show_map(self, name: str) -> None:
        """Colour the chamber by another map; the activation map needs a site and places one where there is none."""
        self.play(None)
        self.map_name, self.on = name, True
        if name == "activation" and self.chamber is not None and not self.sites:
            self.add_site(self._first_site())
        self._renew()

    def why_not(self, name: str) -> str:
        """Return why a map cannot be shown, "" where it can."""
        if self.chamber is None:
            return tr("the case has no heart chamber")
        if name in ("plain", "activation") or self._made(name) is not None:
            return ""
        return {
            "regions": tr("its regions were not found"), "fibrosis": tr("its tissue is not known"),
            "wall": tr("the thickness of its wall is not known"),
        }.get(name, tr("no arrhythmia was induced"))  # fmt: skip

    def add_site(self, point_mm: Point) -> None:
        """Pace at one more place and show the activation from there."""
        number = max((site.number for site in self.sites), default=0) + 1
        self.sites.append(Site(check_point("site", point_mm), number))
        self.choose_site(len(self.sites) - 1)

    def remove_site(self, index: int) -> None:
        """Forget a site."""
        del self.sites[index]
        self.choose_site(min(self.chosen, len(self.sites) - 1))

    def move_site(self, index: int, point_mm: Point) -> None:
        """Pace elsewhere."""
        self.sites[index] = replace(self.sites[index], point_mm=check_point("site", point_mm))
        self.choose_site(index)

    def choose_site(self, index: int) -> None:
        """Show the activation from another site."""
        self.chosen = index
        self._ask()
        self._renew()

    @property
    def wall(self) -> Wall | None:
        """The wall of the chamber that is shown, for what is drawn on it."""
        return None if self.chamber is None else wall_of(self.chamber)

    def on_wall(self, at: Pointer) -> Point | None:
        """Return the place on the wall under the mouse, one of its points; None beside it."""
        if self.wall is None or at.point_mm is None or (at.view == IN_3D and at.structure != self.layer_name):
            return None
        return self.wall.nearest(at.point_mm, np.inf if at.view == IN_3D else ON_WALL_MM)

    def region_at(self, point_mm: Point) -> str:
        """Return the region of the wall that a point lies in, in words; "" where regions are not known."""
        chamber = self.chamber
        if chamber is None or chamber.regions is None:
            return ""
        region = chamber.region_names[chamber.regions[wall_of(chamber).node(point_mm)]]
        return capital(named(structure_label(region)))

    @property
    def last_ms(self) -> float | None:
        """When the last point that is reached is activated from the site chosen; None where that is not known."""
        site, preview = self.site, self.preview
        if site is None or preview is None or preview.sites_mm != (site.point_mm,):
            return None
        reached = preview.times_ms[np.isfinite(preview.times_ms)]
        return float(reached.max()) if reached.size else None

    def redraw(self, draft: tuple[SurfaceLines, ...] = ()) -> None:
        """Draw what lies over the views anew, with a lesion that is being drawn."""
        if draft != self.draft:
            self.draft = draft
            if self._window.views is not None:
                self._window.views.scene_pane.draw_lines()
        self._desk.drawing_changed.emit()

    # what is drawn

    @property
    def layer_name(self) -> str:
        """The name of its surface in the 3-D view."""
        return "" if self.chamber is None else f"{HEART}{self.chamber.name}"

    @property
    def shown(self) -> object:
        """What it paints; another one after every change."""
        shown = self.map
        return (shown, self._version) if self.on and shown is not None else None

    def dressed(self, layers: tuple[SurfaceLayer, ...]) -> tuple[SurfaceLayer, ...]:
        """Return the surfaces of a scene with the chamber before them: others fade, what it is made of is hidden."""
        chamber = self.chamber
        if chamber is None or not self.on:
            return layers
        own = {chamber.name, f"{chamber.name}_wall", *(one.name for one in chamber.openings), *chamber.region_names}
        found = []
        for layer in layers:
            hidden = layer.name in own or layer.name == "heart"
            found.append(replace(layer, opacity=FADED * layer.opacity, visible=layer.visible and not hidden))
        label = named(structure_label(chamber.name))
        colour = maps.PLAIN if self.map is None or self.map.name == "plain" else SHINE_RGB
        return (*found, SurfaceLayer(self.layer_name, label, chamber.surface, colour, 1.0, group="target"))

    def painters(self) -> dict[str, Painter]:
        """Return how the chamber is painted by its map."""
        shown, painter = self.map, self._painter
        if self.chamber is None or not self.on or shown is None or painter is None:
            return {}
        dead = None if self.replay is not None else self.dead

        def paint(points: NDArray[Any], normals: NDArray[Any]) -> NDArray[np.uint8]:
            return painter.colours(shown, dead, points)

        return {self.layer_name: paint}

    @property
    def dead(self) -> NDArray[np.bool_] | None:
        """What the lesions of the plan shown kill; None without a plan."""
        return None if self.preview is None or self.plan is None else self.preview.dead

    def scale(self) -> Scale | None:
        """Return the scale of the map, in the language of the window."""
        if not self.on or self.map is None or self.map.scale is None:
            return None
        if self._scale[0] is not self.map.scale:
            self._scale = (self.map.scale, replace(self.map.scale, label=named(self.map.scale.label)))
        return self._scale[1]

    def lines(self) -> tuple[SurfaceLines, ...]:
        """Return lines of equal time, rims and lesions."""
        if self._ink is None or not self.on:
            return ()
        return (*self._ink.lines(self.map, self.plan), *self.draft)

    def shapes(self) -> tuple[Shape, ...]:
        """Return names of openings, sites, and where slices meet the wall."""
        if self.chamber is None or self._ink is None or not self.on:
            return ()
        found = [shape for view, plane in self._desk.slice_planes.items() for shape in self._ink.cut(view, plane)]
        for opening in self.chamber.openings:
            if opening.name:
                middle = check_point("opening", self.chamber.rim_mm(opening).mean(axis=0))
                found.append(Shape("text", (middle,), INK, opening.name, short_name(opening.name), only="3d"))
        for index, site in enumerate(self.sites):
            lit = index == self.chosen
            found.append(Shape("knob", (site.point_mm,), SITE_RGB, f"site {site.number}", radius_px=6.0,
                               fill=1.0 if lit else 0.3, lit=lit, reach_mm=4.0, among=True))  # fmt: skip
            found.append(Shape("text", (site.point_mm,), SITE_RGB, f"site {site.number}", str(site.number),
                               reach_mm=4.0))  # fmt: skip
        return tuple(found)

    # inside

    def _show(self, chamber: Chamber | None) -> None:
        if chamber is self.chamber and chamber is not None:
            return
        self.play(None)
        self.chamber, self.preview, self._wanted, self.outcome = chamber, None, (), None
        self._made_maps: dict[str, HeartMap | None] = {}
        self._painter = None if chamber is None else MapPainter(chamber.surface.points_mm)
        self._ink = None if chamber is None else HeartInk(chamber)
        self._scale: tuple[Scale | None, Scale | None] = (None, None)
        self.sites, self.chosen = [], -1
        if self.why_not(self.map_name):
            self.map_name = "plain"
        self._ask()
        self._renew()

    def _follow_case(self, fields: frozenset[str]) -> None:
        if "chambers" in fields:
            held = self._desk.case.chambers
            name = "" if self.chamber is None else self.chamber.name
            self._show(held.get(name) or next(iter(held.values()), None))

    def _follow_plan(self) -> None:
        plan = self._desk.plan
        if plan is not self._played_of:
            self._played_of = plan
            self.play(None)  # what was induced is of another plan
        if isinstance(plan, LesionPlan) and (self.chamber is None or plan.chamber != self.chamber.name):
            self._show(self._desk.case.chambers.get(plan.chamber) or self.chamber)
        self._ask()
        if self.plan is None and self.preview is not None:
            self._renew()

    def _ask(self) -> None:
        """Ask what is to be known, where that is another than before."""
        chamber, site, plan = self.chamber, self.site, self.plan
        if chamber is None or (site is None and plan is None):
            return
        sites = () if site is None else (site.point_mm,)
        wanted = (chamber, None if plan is None else plan.lesions, sites)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self.live.ask(chamber, plan or LesionPlan(NO_LESIONS, chamber.name, ()), sites)

    def _take(self, preview: HeartPreview) -> None:
        if self.chamber is not None and preview.plan.chamber == self.chamber.name:
            self.preview = preview
            self._renew(over=False)

    def _made(self, name: str) -> HeartMap | None:
        """Return a map that stays while lesions move; made once."""
        chamber = self.chamber
        if chamber is None:
            return None
        if name not in self._made_maps:
            makers = {"regions": maps.region_map, "fibrosis": maps.fibrosis_map, "wall": maps.wall_map}
            made = makers[name](chamber) if name in makers else None
            if name in ("drivers", "frequency") and self.outcome is not None:
                made = maps.outcome_map(self.outcome, name)
            self._made_maps[name] = made
        return self._made_maps[name]

    def _map_now(self) -> HeartMap | None:
        if self.chamber is None:
            return None
        if self.map_name == "activation" and self.preview is not None and self.preview.sites_mm:
            times = self.preview.times_ms
            return maps.activation_map(np.where(self.preview.dead, np.inf, times))
        return self._made(self.map_name) or maps.plain_map(self.chamber)

    def _renew(self, *, over: bool = True) -> None:
        """Draw what is known now; ``over``: also what lies over all views."""
        self._map = self._map_now()
        self._version += 1
        self.changed.emit()
        if over:
            self._desk.drawing_changed.emit()
        if self._window.views is not None and self._window.desk is self._desk:
            self._window.views.scene_pane.dress()

    def _first_site(self) -> Point:
        """Return a place to begin with: the middle of the septum where that is known, else the first point."""
        assert self.chamber is not None
        points = self.chamber.surface.points_mm
        if "septum" in self.chamber.region_names:
            points = points[self.chamber.in_regions(["septum"])]
        return check_point("site", points[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))])


def heart_of_desk(desk: Desk | None) -> HeartSight | None:
    """Return what is seen of the heart at a desk; None where no panel has made it."""
    return None if desk is None else desk.kits.get(KIT)

