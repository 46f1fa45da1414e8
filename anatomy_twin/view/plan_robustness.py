"""How robust the plan shown is: sampled beside the window, kept in the case, shown as a map on its target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Robustness
from anatomy_twin.rehearsal import FieldSeries, Shape
from anatomy_twin.rehearsal.robust_field import COVERED, FAILING, uncovered_at
from anatomy_twin.view.jobs import Job
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "robustness"
SAMPLES: Final = 100
INK: Final = (255, 255, 255)
Painter = Callable[[NDArray[Any], NDArray[Any]], "NDArray[np.uint8] | None"]


class PlanRobustness(QObject):
    """What is known of the plan shown, and the work that tells it. ``changed`` tells that either is another.

    ``samples``, ``placement_mm`` and ``angle_deg`` are what the next work is asked for.
    """

    changed = Signal()

    def __init__(self, window: RehearsalWindow, desk: Desk) -> None:
        super().__init__(desk)
        self._window, self._desk = window, desk
        usual = catalog.load("uncertainty")["inputs"]
        self.samples = SAMPLES
        self.placement_mm, self.angle_deg = (float(usual[name]["value"]) for name in ("placement_mm", "angle_deg"))
        self.open = False  # the panel shows it
        self._job: tuple[str, Job] | None = None
        self._marked: tuple[Robustness | None, bool] = (None, False)  # what the weakest point was drawn for
        desk.kits[KIT] = self
        desk.shape_sources.append(self.shapes)
        for signal in (desk.plan_changed, desk.case_changed, desk.moment_changed):
            signal.connect(self._tell)
        window.jobs.changed.connect(self._tell)
        window.jobs.progressed.connect(self._tell)

    @property
    def found(self) -> Robustness | None:
        """How robust the plan shown is; None where that is not known."""
        return self._desk.robustness

    @property
    def job(self) -> Job | None:
        """The work on the plan shown that waits or runs; None where there is none."""
        if self._job is None or self._job[1].over or self._job[0] != self._desk.plan_name:
            return None
        return self._job[1]

    @property
    def shown(self) -> bool:
        """True while the map of where the plan fails is shown."""
        return self.found is not None and self._desk.field_shown == FAILING

    def start(self) -> Job | None:
        """Sample treatments of the plan shown; what runs for it is stopped: the newest wish counts."""
        plan = self._desk.plan
        if not isinstance(plan, AblationPlan) or self._desk.moving is not None:
            return None
        name = plan.name
        if self._job is not None and not self._job[1].over and self._job[0] == name:
            self._window.jobs.cancel(self._job[1])

        def done(_: object) -> None:
            self.show_map(True, near=True)

        usual = catalog.load("uncertainty")["inputs"]
        own: dict[str, Any] = {  # what is as in the catalog has the catalog's source
            key: value for key, value in (("placement_mm", self.placement_mm), ("angle_deg", self.angle_deg))
            if value != float(usual[key]["value"])
        }
        self.open = True
        self._job = (name, self._window.jobs.start_on_case(
            tr("Sampling treatments of plan {name}").format(name=name), "anatomy_twin.pipeline.tasks:sample_treatments",
            name, self.samples, reads=("labels", f"plans:{name}"), writes=("robustness", "assessments"),
            step="simulate", name=tr("Robustness of plan {name}").format(name=name), done=done, **own,
        ))  # fmt: skip
        self._tell()
        return self._job[1]

    def stop(self) -> None:
        """Stop the work on the plan shown."""
        if self.job is not None:
            self._window.jobs.cancel(self.job)

    def show_map(self, on: bool, *, near: bool = False) -> None:
        """Show where the plan fails on its target, or take that away; ``near``: and come near to the target."""
        if on and self.found is not None:
            self._desk.show_field(FAILING)
            if near and self._window.views is not None:
                self._window.views.scene_pane.fit_target()
                self.to_weakest()
        elif not on and self._desk.field_shown == FAILING:
            self._desk.show_field("")

    def to_weakest(self) -> None:
        """Bring the crosshair to the point that is left uncovered most often."""
        if self.found is not None:
            self._desk.set_focus(self.found.weakest_mm)

    def shapes(self) -> tuple[Shape, ...]:
        """The weakest point, where the map is shown."""
        found = self.found
        if found is None or not self.shown or found.uncovered.max() <= 0:
            return ()
        words, point = f"{100 * found.uncovered.max():.0f} %", found.weakest_mm
        return (Shape("knob", (point,), INK, "weakest", radius_px=5.0, fill=0.3),
                Shape("text", (point,), INK, "weakest", words))  # fmt: skip

    def _tell(self, *_: object) -> None:
        self.changed.emit()
        before, self._marked = self._marked, (self.found, self.shown)
        if before != self._marked:
            self._desk.drawing_changed.emit()


def robustness_of_desk(desk: Desk | None) -> PlanRobustness | None:
    """Return what is known of how robust the plan of a desk is; None where no panel has made it."""
    return None if desk is None else desk.kits.get(KIT)


def failing_painters(desk: Desk, field: FieldSeries | None) -> dict[str, Painter | None]:
    """Return how surfaces are painted where the map of where the plan fails is shown: the target by its shares.

    None is for a surface's own colour.
    """
    from anatomy_twin.render.field_surface import value_painter

    found = desk.robustness
    if found is None or field is None or field.name != FAILING:
        return {}
    painters: dict[str, Painter | None] = {}
    for layer in desk.scene.surfaces:
        target = layer.name == found.target
        painters[layer.name] = value_painter(
            lambda points: uncovered_at(found, points), field.range, COVERED, 1.0
        ) if target else None
    return painters
