"""The full simulation that follows by itself when the hand rests, where the person wants that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from anatomy_twin.pipeline.procedures import procedure_of
from anatomy_twin.view.commands.simulate import simulate

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.jobs import Job
    from anatomy_twin.view.window import RehearsalWindow

REST_MS: Final = 1500


class Following(QObject):
    """Starts the simulation of the plan shown a moment after it was changed; a newer change stops it."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self._window = window
        self._desk: Desk | None = None
        self._job: Job | None = None
        self._name = ""
        self.on = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._begin)

    def set(self, on: bool) -> None:
        """Switch it on or off; what runs goes on."""
        self.on = on
        if on:
            self._rest.start()
        else:
            self._rest.stop()

    def attach(self, desk: Desk) -> None:
        """Follow a desk."""
        self._desk, self._job = desk, None
        desk.plan_changed.connect(self._changed)

    def stop(self) -> None:
        """Follow nothing any more."""
        self._rest.stop()
        self._desk = self._job = None

    def _changed(self) -> None:
        if not self.on or self._desk is None:
            return
        desk, job = self._desk, self._job
        moved = self._name == desk.plan_name and desk.moving is None and self._name not in desk.case.results
        if job is not None and not job.over and moved:
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
