"""What is known of plans beside the case: rules checked when the hand rests, numbers that followed it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from anatomy_twin.core import Assessment, Case, Plan, PlanCheck
from anatomy_twin.pipeline.background import BackgroundTask, Event
from anatomy_twin.pipeline.live import Preview
from anatomy_twin.pipeline.procedures import procedure_of, unmeasured
from anatomy_twin.rehearsal.comparing import Followed

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

REST_MS: Final = 900  # how long the hand rests before rules are checked
KIT: Final = "plan checks"


class PlanChecks(QObject):
    """The checks of the plans of one case, as they are now, and their numbers that followed the hand.

    A check that the case holds counts; else a plan is checked in another process once all were left alone for a
    moment, the one shown first; of a resection, and of a simulated plan that lost them, the numbers are read off too.
    What was found is kept with the step that made the plan, where that is the last one, else beside the steps; it is
    never a step of its own. ``changed`` tells that more or less is known than before.
    """

    changed = Signal()
    _heard = Signal(object, object, object)  # labels and plan that were checked, Event; from the task's thread

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._found: dict[str, tuple[object, Plan, PlanCheck, Assessment | None]] = {}
        self._running: list[BackgroundTask] = []
        self._asked: dict[str, tuple[object, Plan]] = {}
        self._doing: tuple[object, Plan] | None = None
        self._live: dict[str, tuple[object, Preview]] = {}  # with the outlines that it stands on
        self.error = ""
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._begin)
        self._heard.connect(self._take)
        desk.kits[KIT] = self
        desk.plan_changed.connect(self._moved)
        desk.case_changed.connect(self._moved)
        desk.live_changed.connect(self._keep_live)
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
        known = self._read(name, plan)
        return None if known is None else known[0]

    def _read(self, name: str, plan: Plan | None) -> tuple[PlanCheck, Assessment | None] | None:
        """Return what was read off exactly this plan, and these outlines."""
        known = self._found.get(name)
        return known[2:] if known is not None and known[0] is self._labels and known[1] == plan else None

    @property
    def known(self) -> dict[str, PlanCheck]:
        """All checks that hold for the plans of the case now."""
        found = {name: self.of(name) for name in self._desk.case.plans}
        return {name: check for name, check in found.items() if check is not None}

    @property
    def followed(self) -> dict[str, Followed]:
        """Numbers that were read off, or that followed the hand last, of plans that are as they were then."""
        found = {}
        for name, plan in self._desk.case.plans.items():
            read = self._read(name, plan)
            if read is not None and read[1] is not None:
                found[name] = Followed(read[1].quantities, exact=True)
        for name, (labels, live) in self._live.items():
            procedure, same = procedure_of(live.plan), labels is self._labels
            if same and self._desk.case.plans.get(name) == live.plan and procedure is not None and name not in found:
                found[name] = Followed(live.quantities, exact=not procedure.simulated)
        return found

    def stop(self) -> None:
        """End what runs."""
        self._rest.stop()
        _end(self._running)

    @property
    def _labels(self) -> object:
        return self._desk.case.labels.get(self._desk.case.primary)

    def _keep_live(self) -> None:
        live = self._desk.live
        if live is not None and self._desk.live_is_current and live.quantities:
            self._live[live.plan.name] = self._labels, live
            if self._desk.moving is None:
                self.changed.emit()

    def _next(self) -> Plan | None:
        """Return the plan to be checked next: one whose check is neither known nor was tried, the one shown first."""
        plans, labels = self._desk.case.plans, self._labels
        if labels is None or self._desk.moving is not None:
            return None
        for name in sorted(plans, key=lambda name: name != self._desk.plan_name):
            if self._lacks(name) and self._asked.get(name) != (labels, plans[name]):
                return plans[name]
        return None

    def _lacks(self, name: str) -> bool:
        """True where something of a plan is to be read off: its rules, its numbers where they need no simulation."""
        procedure, case = procedure_of(self._desk.case.plans[name]), self._desk.case
        if procedure is None or unmeasured(case.plans[name]):
            return False
        countable = name in case.results or not procedure.simulated
        return self.of(name) is None or (countable and name not in case.assessments
                                         and self._read(name, case.plans[name]) is None)  # fmt: skip

    def _moved(self, *_: object) -> None:
        self.error, labels = "", self._labels
        for table in (self._found, self._asked, self._live):
            for name in [name for name, known in table.items() if known[0] is not labels]:
                del table[name]  # of outlines that are others now
        if self._next() is not None or self._to_keep(self._desk.plan_name):
            self._rest.start()
        else:
            self._rest.stop()
        self.changed.emit()

    def _begin(self) -> None:
        self._keep(self._desk.plan_name)
        plan, labels = self._next(), self._labels
        if plan is None:
            return
        if self._doing is not None:
            if self._doing == (labels, self._desk.case.plans.get(self._doing[1].name)):
                return  # it still counts: the next one begins when it is over
            for old in self._running:
                old.cancel(polite_s=0.0)  # it ends by itself: nobody waits for it here
        self._asked[plan.name] = self._doing = labels, plan

        def heard(event: Event) -> None:
            # the window may be gone by the time the task tells
            with contextlib.suppress(RuntimeError):
                self._heard.emit(labels, plan, event)

        case: Case = self._desk.session.snapshot()
        task = BackgroundTask("anatomy_twin.pipeline.procedures.reading:read_off", (case, plan), listener=heard)
        self._running.append(task)
        task.start()
        self.changed.emit()

    def _take(self, labels: object, plan: Plan, event: Event) -> None:
        if event.kind not in ("result", "error", "cancelled"):
            return
        self._running[:] = [task for task in self._running if not task.over]
        if self._doing == (labels, plan):
            self._doing = None
        if event.kind == "result":
            self._found[plan.name] = labels, plan, *event.value
            self._keep(plan.name)
        elif event.kind == "error" and plan == self._desk.plan:
            self.error = str(event.value)
        if event.kind == "cancelled" and self._asked.get(plan.name) == (labels, plan):
            del self._asked[plan.name]
        if self._next() is not None:
            self._rest.start()
        self.changed.emit()

    def _to_keep(self, name: str) -> bool:
        """True where something was read off the plan as it is that the case does not hold yet.

        What was only opened stays as it was saved.
        """
        case = self._desk.case
        read = self._read(name, case.plans.get(name))
        if read is None or self._desk.moving is not None or not self._desk.session.dirty:
            return False
        return name not in case.checks or (read[1] is not None and name not in case.assessments)

    def _keep(self, name: str) -> None:
        """Put what was read off a plan into the step that made it, where that is the last one: it is undone with it.

        Else it comes beside the steps.
        """
        if not self._to_keep(name):
            return
        session = self._desk.session
        check, assessment = self._read(name, session.case.plans[name]) or (None, None)
        case = session.case.with_plan(session.case.plans[name], check)
        case = case if assessment is None else case.with_assessment(assessment)
        last = session.history.done[-1] if session.history.done and not session.history.undone else None
        if last is not None and last.key and last.after.get("plans", {}).get(name) == session.case.plans[name]:
            self._desk.do(last.name, case, last.key)
        else:
            session.derive(checks=case.checks, assessments=case.assessments)


def _end(running: list[BackgroundTask]) -> None:
    """Kill tasks and wait for their ends."""
    for task in running:
        task.cancel(polite_s=0.0)
    for task in running:
        task.join(5.0)
    running.clear()
