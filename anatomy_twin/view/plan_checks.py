"""Rules of plans, checked beside the window when the hand rests: shown, but no steps of the case."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from anatomy_twin.core import Case, Plan, PlanCheck
from anatomy_twin.pipeline.background import BackgroundTask, Event
from anatomy_twin.pipeline.procedures import procedure_of

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

REST_MS: Final = 900  # how long the hand rests before rules are checked
KIT: Final = "plan checks"


class PlanChecks(QObject):
    """The checks of the plans of one case, as they are now.

    A check that the case holds counts; else the plan shown is checked in another process once it was left alone for a
    moment. ``changed`` tells that ``of`` knows more or less than before.
    """

    changed = Signal()
    _heard = Signal(object, object, object)  # labels and plan that were checked, Event; from the task's thread

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._found: dict[str, tuple[object, Plan, PlanCheck]] = {}
        self._running: list[BackgroundTask] = []
        self._asked: tuple[object, Plan] | None = None
        self.error = ""
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._begin)
        self._heard.connect(self._take)
        desk.kits[KIT] = self
        desk.plan_changed.connect(self._moved)
        desk.case_changed.connect(self._moved)
        running = self._running
        self.destroyed.connect(lambda: _end(running))
        self._moved()

    @property
    def busy(self) -> bool:
        """True while a check is to come."""
        return self._rest.isActive() or bool(self._running)

    def of(self, name: str) -> PlanCheck | None:
        """Return the check of a plan as it is shown now; None where it is not known."""
        plan = self._desk.plan if name == self._desk.plan_name else self._desk.case.plans.get(name)
        if plan is None:
            return None
        if plan == self._desk.case.plans.get(name) and name in self._desk.case.checks:
            return self._desk.case.checks[name]
        known = self._found.get(name)
        return known[2] if known is not None and known[0] is self._labels and known[1] == plan else None

    @property
    def known(self) -> dict[str, PlanCheck]:
        """All checks that hold for the plans of the case now."""
        found = {name: self.of(name) for name in self._desk.case.plans}
        return {name: check for name, check in found.items() if check is not None}

    def stop(self) -> None:
        """End what runs."""
        self._rest.stop()
        _end(self._running)

    @property
    def _labels(self) -> object:
        labels = self._desk.case.labels.get(self._desk.case.primary)
        return None if labels is None else labels.segments

    def _moved(self, *_: object) -> None:
        self.error = ""
        plan = self._desk.plan
        wanted = plan is not None and procedure_of(plan) is not None and self._labels is not None
        if not wanted or self._desk.moving is not None or self.of(self._desk.plan_name) is not None:
            self._rest.stop()
        elif self._asked != (self._labels, plan):
            self._rest.start()
        self.changed.emit()

    def _begin(self) -> None:
        plan = self._desk.plan
        if plan is None or self._desk.moving is not None:
            return
        _end(self._running)
        labels = self._labels
        self._asked = (labels, plan)

        def heard(event: Event) -> None:
            # the window may be gone by the time the task tells
            with contextlib.suppress(RuntimeError):
                self._heard.emit(labels, plan, event)

        case: Case = self._desk.session.snapshot()
        task = BackgroundTask("anatomy_twin.plan:check_plan", (case, plan), listener=heard)
        self._running.append(task)
        task.start()
        self.changed.emit()

    def _take(self, labels: object, plan: Plan, event: Event) -> None:
        if event.kind not in ("result", "error", "cancelled"):
            return
        self._running[:] = [task for task in self._running if not task.over]
        if event.kind == "result":
            self._found[plan.name] = labels, plan, event.value
        elif event.kind == "error" and plan == self._desk.plan:
            self.error = str(event.value)
        if event.kind == "cancelled" and self._asked == (labels, plan):
            self._asked = None
        self.changed.emit()


def _end(running: list[BackgroundTask]) -> None:
    """Kill tasks and wait for their ends."""
    for task in running:
        task.cancel(polite_s=0.0)
    for task in running:
        task.join(5.0)
    running.clear()
