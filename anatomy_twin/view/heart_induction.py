"""Whether an arrhythmia can be induced on the chamber shown: asked beside the window, kept in the case, played back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from anatomy_twin.core.induction import Induction, SiteOutcome
from anatomy_twin.pipeline.arrhythmia import FULL, FULL_SITES, SCREENING, SCREENING_SITES
from anatomy_twin.simulation.electro.replay import Replay
from anatomy_twin.view.heart import HeartSight
from anatomy_twin.view.jobs import Job
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "heart induction"
TASKS: Final = "anatomy_twin.pipeline.heart_tasks:"
SCREENING_MS, LONG_MS = 1000.0, 5000.0


class HeartInduction(QObject):
    """What pacing did on the chamber shown, with the lesions of the plan shown where it is of them.

    ``extra`` stimuli and ``sustained_ms`` are what the next work is asked for. ``changed`` tells that anything is
    another.
    """

    changed = Signal()

    def __init__(self, window: RehearsalWindow, desk: Desk, sight: HeartSight) -> None:
        super().__init__(desk)
        self._window, self._desk, self.sight = window, desk, sight
        self.extra, self.sustained_ms = 1, SCREENING_MS
        self.chosen = -1
        self._job: tuple[str, Job] | None = None
        self._film: Job | None = None
        desk.kits[KIT] = self
        for signal in (desk.plan_changed, desk.case_changed, sight.changed):
            signal.connect(self._follow)
        window.jobs.changed.connect(self.changed)
        window.jobs.progressed.connect(self.changed)

    # what is known

    @property
    def found(self) -> Induction | None:
        """What pacing did with the plan shown, else on the chamber as it is; None where neither is known."""
        inductions, plan, chamber = self._desk.case.inductions, self.sight.plan, self.sight.chamber
        if self._desk.moving is not None or chamber is None:
            return None
        found = inductions.get("" if plan is None else plan.name)
        return found if found is not None and found.chamber == chamber.name else None

    @property
    def with_plan(self) -> bool:
        """True where the outcomes are with the lesions of the plan."""
        return self.found is not None and bool(self.found.with_plan)

    @property
    def outcomes(self) -> tuple[SiteOutcome, ...]:
        """What pacing from each site did."""
        found = self.found
        return () if found is None else found.with_plan or found.without

    @property
    def outcome(self) -> SiteOutcome | None:
        """The one that is chosen."""
        return self.outcomes[self.chosen] if 0 <= self.chosen < len(self.outcomes) else None

    @property
    def job(self) -> Job | None:
        """The work on the plan shown that waits or runs; None where there is none."""
        if self._job is None or self._job[1].over or self._job[0] != self._plan_name:
            return None
        return self._job[1]

    @property
    def filming(self) -> bool:
        """True while a record is made to be played."""
        return self._film is not None and not self._film.over

    # what is done

    def start(self) -> Job | None:
        """Pace from the sites that were placed, else from some spread evenly; what runs for the plan is stopped."""
        chamber = self.sight.chamber
        if chamber is None or self._desk.moving is not None:
            return None
        if self.job is not None:
            self._window.jobs.cancel(self.job)
        name = self._plan_name
        usual, count = (SCREENING, SCREENING_SITES) if self.sustained_ms < LONG_MS else (FULL, FULL_SITES)
        protocol = replace(usual, extra=self.extra, sustained_ms=self.sustained_ms)
        sites = {tr("site {number}").format(number=one.number): one.point_mm for one in self.sight.sites} or count
        title = tr("Inducing, plan {name}").format(name=name) if name else tr("Inducing without lesions")
        reads = ("chambers", f"plans:{name}") if name else ("chambers",)
        self._job = (name, self._window.jobs.start_on_case(
            title, TASKS + "induce_case", chamber.name, name, protocol, sites, reads=reads, writes=("inductions",),
            step="simulate", done=lambda _: self._choose_first(),
        ))  # fmt: skip
        self.changed.emit()
        return self._job[1]

    def stop(self) -> None:
        """Stop the work on the plan shown."""
        if self.job is not None:
            self._window.jobs.cancel(self.job)

    def choose(self, index: int) -> None:
        """Show the maps of another site."""
        self.chosen = index
        self.sight.play(None)
        self.sight.show_outcome(self.outcome if self.outcome is not None and self.outcome.induced else None)
        if self.outcome is not None:
            self._desk.set_focus(self.outcome.site_mm)
        self.changed.emit()

    def play(self) -> Job | None:
        """Run what was induced from the site chosen once more, beside the window, and play it on the wall."""
        found, outcome, chamber = self.found, self.outcome, self.sight.chamber
        if found is None or outcome is None or chamber is None or not outcome.induced or self.filming:
            return None

        def done(replay: Replay) -> None:
            if self.outcome is outcome:
                self.sight.play(replay)
                if self._window.time_bar is not None:
                    self._window.time_bar.play_button.setChecked(True)

        title = tr("Recording what {site} induced").format(site=outcome.name)
        self._film = self._window.jobs.start(title, TASKS + "replay_of", chamber, found, outcome, self.with_plan,
                                             done=done, reads=("chambers", "inductions"), step="simulate")  # fmt: skip
        self.changed.emit()
        return self._film

    # inside

    @property
    def _plan_name(self) -> str:
        return "" if self.sight.plan is None else self.sight.plan.name

    def _choose_first(self) -> None:
        first = next((number for number, one in enumerate(self.outcomes) if one.induced), -1)
        self.choose(first if first >= 0 else min(0, len(self.outcomes) - 1))

    def _follow(self, *_: object) -> None:
        outcome = self.outcome
        self.sight.show_outcome(outcome if outcome is not None and outcome.induced else None)
        self.changed.emit()


def induction_of_desk(desk: Desk | None) -> HeartInduction | None:
    """Return what is known of inducing at a desk; None where no panel has made it."""
    return None if desk is None else desk.kits.get(KIT)
