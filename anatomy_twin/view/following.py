"""The full simulation that follows by itself when the hand rests, where the person wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from anatomy_twin.pipeline.procedures import procedure_of
from anatomy_twin.view.commands.simulate import simulate

if TYPE_CHECKING:
    from anatomy_twin.core import Plan
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.jobs import Job
    from anatomy_twin.view.window import RehearsalWindow

REST_MS: Final = 1500


class Following(QObject):
    """Starts the simulation of the plan shown a moment after it was changed; a newer change stops it.

    A plan that is only chosen is not simulated. Whether it is ``on`` is a preference.
    """

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desk: Desk | None = None
        self._job: Job | None = None
        self._name = ""
        self._seen: Plan | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._begin)

    @property
    def on(self) -> bool:
        """True where the full simulation follows by itself."""
        return bool(self._window.preferences["simulate_at_rest"])

    def set(self, on: bool) -> None:
        """Switch it on or off; what runs goes on."""
        self._window.preferences["simulate_at_rest"] = on
        if on:
            self._rest.start()
        else:
            self._rest.stop()

    def attach(self, desk: Desk) -> None:
        """Follow a desk."""
        self._desk, self._job, self._seen = desk, None, desk.plan
        desk.plan_changed.connect(self._changed)

    def stop(self) -> None:
        """Follow nothing any more."""
        self._rest.stop()
        self._desk = self._job = self._seen = None

    def _changed(self) -> None:
        if self._desk is None:
            return
        desk, job, before = self._desk, self._job, self._seen
        self._seen = desk.plan
        if not self.on or before is None or self._seen is None or before.name != self._seen.name:
            return  # another plan was chosen: nothing was changed
        # while the hand moves on the machine is for previews
        stale = self._name == desk.plan_name and self._name not in desk.case.results and before != self._seen
        if job is not None and not job.over and stale:
            self._window.jobs.cancel(job)
        self._rest.start()

    def _begin(self) -> None:
        desk = self._desk
        if desk is None or self._window.desk is not desk:
            return
        if desk.moving is not None:
            self._rest.start()
            return
        name = desk.plan_name
        procedure = procedure_of(desk.case.plans.get(name))
        if procedure is None or not procedure.simulated or name in desk.case.results:
            return
        if self._job is not None and not self._job.over:
            self._rest.start()
            return
        self._name, self._job = name, simulate(self._window, name)
