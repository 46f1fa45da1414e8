"""The map of entries of the applicator at hand: searched beside the window, weighed anew here, taken by a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from anatomy_twin.core import AblationPlan, SurfaceMesh
from anatomy_twin.pipeline.procedures.entering import heat_centre_mm, with_entry
from anatomy_twin.plan import EntryMap, best_entries, reweighted
from anatomy_twin.rehearsal import Pointer, Shape, SurfaceLayer
from anatomy_twin.rehearsal.entry_colours import SkinPainter
from anatomy_twin.units import check_point
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "entries"
SKIN: Final = ("body", "skin")
LISTED: Final = 10
REST_MS: Final = 500
EDGE_MM: Final = 4.0  # of the triangles that are painted
NEAR_MM: Final = 6.0  # a click so near to an entry means it
INK: Final = (255, 255, 255)


class PlanEntries(QObject):
    """What the map of entries knows. ``changed`` tells that it is another, or weighed otherwise.

    It is searched again where target, device or the other applicators are others; moving the applicator that it is for
    changes nothing.
    """

    changed = Signal()

    def __init__(self, window: RehearsalWindow, desk: Desk) -> None:
        super().__init__(desk)
        self._window, self._desk = window, desk
        self.on = False
        self.entries: EntryMap | None = None
        self.listed: tuple[int, ...] = ()
        self.weights: dict[str, float] = {}
        self.error = ""
        self.part = 0
        self._key: tuple[Any, ...] = ()
        self._skin: SkinPainter | None = None
        self._surface: tuple[SurfaceMesh, SurfaceMesh] | None = None  # that of the body, and with smaller triangles
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        desk.kits[KIT] = self
        desk.shape_sources.append(self.shapes)
        desk.dressers.append(self)
        desk.plan_changed.connect(self._follow)
        desk.case_changed.connect(self._follow)
        desk.drawing_changed.connect(self._follow)

    @property
    def busy(self) -> bool:
        """True while the map is searched."""
        return self.on and self.entries is None and not self.error

    @property
    def shown(self) -> EntryMap | None:
        """The map, where it is shown."""
        return self.entries if self.on else None

    def toggle(self) -> None:
        """Show the map, or take it away."""
        self.on = not self.on
        self._key = ()
        if self.on:
            self._ask()
        else:
            self.entries, self._skin, self.listed = None, None, ()
        self._tell()

    def weigh(self, name: str, value: float) -> None:
        """Give a cost another weight; nothing is measured again."""
        self.weights[name] = value
        self._weigh()

    def usual_weights(self) -> None:
        """Give all costs the weights of the limits again."""
        self.weights.clear()
        self._weigh()

    def take(self, entry: int) -> bool:
        """Move the applicator to an entry, as a step that can be undone."""
        plan, entries = self._desk.plan, self.shown
        if not isinstance(plan, AblationPlan) or entries is None or self.part >= len(plan.applicators):
            return False
        words = tr("Entry of applicator {number}").format(number=self.part + 1)
        after = with_entry(plan, self.part, entries, entry)
        return self._desk.do(words, self._desk.case.with_plan(after), f"entry:{plan.name}:{self.part}")

    def click(self, at: Pointer) -> bool:
        """Take the entry under the mouse; True where the map is there, also where nothing may be entered."""
        entry = self._under(at)
        if entry < 0 or self.entries is None:
            return False
        if self.entries.feasible[entry]:
            self.take(entry)
        else:
            self._desk.tell(self.words(at), "warning")
        return True

    def words(self, at: Pointer) -> str:
        """Say what the map says of the skin under the mouse; "" beside the map."""
        entry, entries = self._under(at), self.entries
        if entry < 0 or entries is None:
            return ""
        if entries.feasible[entry]:
            length = entries.costs[entry, 0]
            return tr("may be entered: cost {cost}, {length} mm to the tip; click to take it").format(
                cost=f"{entries.cost[entry]:.2f}", length=f"{length:.0f}")  # fmt: skip
        rules = ", ".join(spoken(name) for name in entries.reasons(entry))
        return tr("not to be entered here, it breaks: {rules}").format(rules=rules)

    def dressed(self, layers: tuple[SurfaceLayer, ...]) -> tuple[SurfaceLayer, ...]:
        """Return the surfaces of a scene with the skin seen, where the map is shown."""
        if self.shown is None:
            return layers
        found = []
        for layer in layers:
            if layer.name == SKIN[0]:
                layer = replace(layer, visible=True, opacity=1.0, surface=self._finer(layer.surface))
            found.append(layer)
        return tuple(found)

    def painters(self) -> dict[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[np.uint8] | None]]:
        """Return how surfaces are painted by the map."""
        entries, skin = self.shown, self._skin
        if entries is None or skin is None:
            return {}

        def paint(points: NDArray[Any], normals: NDArray[Any]) -> NDArray[np.uint8]:
            colours = skin.colours(entries, points)
            return np.column_stack([colours, np.full(len(colours), 255, np.uint8)])

        return {SKIN[0]: paint}

    def shapes(self) -> list[Shape]:
        """The numbers of the listed entries."""
        if self.shown is None:
            return []
        found = []
        for rank, entry in enumerate(self.listed, start=1):
            point = check_point("entry", self.shown.entries_mm[entry])
            found.append(Shape("knob", (point,), INK, f"entry {rank}", radius_px=5.0, fill=1.0, only="3d"))
            found.append(Shape("text", (point,), INK, f"entry {rank}", str(rank), only="3d"))
        return found

    # inside

    def _finer(self, surface: SurfaceMesh) -> SurfaceMesh:
        from anatomy_twin.render.entry_picture import finer

        if self._surface is None or self._surface[0] is not surface:
            self._surface = surface, finer(surface, EDGE_MM)
        return self._surface[1]

    def _under(self, at: Pointer) -> int:
        if self.shown is None or at.point_mm is None or at.structure not in SKIN:
            return -1
        near = max(NEAR_MM, 0.0 if self._skin is None else self._skin.reach_mm)
        return self.shown.nearest(at.point_mm, near)

    def _wanted(self) -> tuple[Any, ...]:
        plan = self._desk.plan
        if not isinstance(plan, AblationPlan):
            return ()
        from anatomy_twin.view.tools.plan_handles import handles_of

        tool = handles_of(self._window)
        chosen = None if tool is None else tool.chosen_handle
        part = chosen.part if chosen is not None else self.part
        part = min(part, len(plan.applicators) - 1)
        others = tuple(other for n, other in enumerate(plan.applicators) if n != part)
        centre = heat_centre_mm(plan, part) if others else ()
        labels = id(self._desk.case.labels.get(self._desk.case.primary))
        return labels, plan.target, plan.applicators[part].device, part, others, centre

    def _follow(self, *_: object) -> None:
        if self.on and self._desk.moving is None and self._wanted() != self._key:
            self._rest.start()

    def _ask(self) -> None:
        wanted = self._wanted()
        if not self.on or wanted == self._key:
            return
        self._key = wanted
        self.entries, self._skin, self.listed, self.error = None, None, (), ""
        plan = self._desk.plan
        if isinstance(plan, AblationPlan):
            self.part = int(wanted[3])

            def done(found: EntryMap) -> None:
                if self.on and wanted == self._key:
                    self.entries, self._skin = found, SkinPainter(found)
                    self._weigh()

            def failed(error: Exception) -> None:
                if wanted == self._key:
                    self.error = str(error)
                    self._tell()

            self._window.jobs.start(
                tr("Trying all entries"), "anatomy_twin.pipeline.procedures.entering:entries_of",
                self._desk.session.snapshot(), plan, self.part, done=done, failed=failed, reads=("labels",),
                short=True, step="plan",
            )
        self._tell()

    def _weigh(self) -> None:
        if self.entries is not None:
            self.entries = reweighted(self.entries, self.weights)
            self.listed = tuple(best_entries(self.entries, LISTED, pareto=True))
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()
        if self._window.views is not None:
            self._window.views.scene_pane.dress()


def entries_of_desk(desk: Desk | None) -> PlanEntries | None:
    """Return what the map of entries of a desk knows; None where no panel has made it."""
    return None if desk is None else desk.kits.get(KIT)
