"""How cases come into the window and leave it: opening, importing, dropping, recovering, asking before work is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from anatomy_twin.core import Monitor
from anatomy_twin.errors import Cancelled, StoreError, TwinError
from anatomy_twin.pipeline.library import is_case
from anatomy_twin.pipeline.session import Session
from anatomy_twin.rehearsal.history import Entry
from anatomy_twin.render.thumbnail import case_thumbnail
from anatomy_twin.store import recent
from anatomy_twin.store.manifest import MANIFEST
from anatomy_twin.store.recent import case_title
from anatomy_twin.store.thumbnails import keep_thumbnail
from anatomy_twin.view.dialogs import Choice, ask, refuse
from anatomy_twin.view.opening_banner import Banner
from anatomy_twin.view.opening_drop import DropCatcher
from anatomy_twin.view.opening_errand import Errand
from anatomy_twin.view.opening_import import Importer
from anatomy_twin.view.opening_keep import Keeper
from anatomy_twin.view.opening_read import Reader
from anatomy_twin.view.opening_recent import Recents
from anatomy_twin.view.opening_save import Saver
from anatomy_twin.view.opening_wait import WaitCard
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.jobs import Job
    from anatomy_twin.view.window import RehearsalWindow

SYNC_MS: Final = 800  # after a step, until the journal is made safe against a power cut
PICTURE_MS: Final = 1500  # after a case is shown, until its small picture is made


class Opening(QObject):
    """What one window opens, saves and closes. ``Opening.of(window)`` makes or returns it."""

    drafts_changed = Signal()  # work that was never saved is there no more

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self.setObjectName("opening")
        self.window = window
        self.wait = WaitCard(window)
        self.banner = Banner(self)
        self.saver = Saver(self)
        self.importer = Importer(self)
        self.reader = Reader(self)
        self.keeper = Keeper(self)
        self.recents = Recents()
        self._reported: object = None  # the case as it was when its report was written
        self._errands: list[Errand] = []
        self._jobs: list[Job] = []
        self._known: Session | None = None
        self.asks_on_close = False  # also where the program, not a person, closes the window
        self._given_up: tuple[Session, Entry | None] | None = None  # up to this step a person said "discard"
        self._sync = QTimer(self, singleShot=True, interval=SYNC_MS)
        self._sync.timeout.connect(self._sync_now)
        self._picture = QTimer(self, singleShot=True, interval=PICTURE_MS)
        self._picture.timeout.connect(self._picture_now)
        self._drops = DropCatcher(self)
        window.installEventFilter(self)
        window.desk_changed.connect(self._desk_changed)
        window.jobs.progressed.connect(lambda job: self.wait.tell(job, None, job.fraction))
        window.jobs.changed.connect(self._jobs_changed)

    @classmethod
    def of(cls, window: RehearsalWindow) -> Opening:
        """Return the one that belongs to a window."""
        found = window.findChild(cls, "opening")
        return found if found is not None else cls(window)

    @property
    def session(self) -> Session | None:
        """The session of the open case."""
        desk = self.window.desk
        return None if desk is None else desk.session

    @property
    def unsaved(self) -> bool:
        """True where closing would lose work: steps that are not saved, or a scan that was never saved."""
        session = self.session
        if session is None or self._given_up == (session, _last(session)):
            return False
        return session.dirty or session.path is None

    @property
    def reading(self) -> bool:
        """True while a case is being read."""
        return bool(self.reader.places)

    @property
    def reported(self) -> bool:
        """True where a report of the case as it is now was written."""
        session = self.session
        return session is not None and self._reported is session.case

    def note_report(self) -> None:
        """Note that a report of the case as it is now was written."""
        session = self.session
        self._reported = None if session is None else session.case
        if self.window.desk is not None:
            self.window.desk.case_changed.emit(frozenset({"reported"}))

    # in

    def open_path(self, path: str | Path) -> None:
        """Open whatever lies at a path: a saved case, or else a scan to choose a series from."""
        place = Path(path).absolute()
        if place.name == MANIFEST and place.is_file():
            place = place.parent
        if not place.exists():
            gone = StoreError("nothing lies there any more", where=place.name, advice="look elsewhere")
            self.refuse(tr("Open"), gone)
        elif is_case(place):
            self.open_case(place)
        else:
            self.importer.open_scan(place)

    def open_case(self, path: str | Path) -> None:
        """Open a saved case, after asking about unsaved work; what another session left is asked about too."""
        place = Path(path).absolute()
        session = self.session
        if session is not None and session.path == place:
            self.window.tell(tr("{name} is open already").format(name=case_title(place)))
            return
        if place not in self.reader.places:
            self.leave(lambda: self.reader.read(place))

    def open_draft(self, place: Path) -> None:
        """Go on with a case that an earlier program left unsaved, after asking about unsaved work of this one."""
        if place not in self.reader.places:
            self.leave(lambda: self.reader.read_draft(place))

    def reopen(self) -> None:
        """Take the case down and open it again from the disk, without asking."""
        session = self.session
        if session is not None and session.path is not None:
            place = session.path
            session.close(keep_journal=True)
            self.window.leave_case()
            self.reader.read(place)

    # out

    def leave(self, then: Callable[[], object], otherwise: Callable[[], object] | None = None) -> None:
        """Go on with ``then`` after the person has decided what becomes of unsaved work, or not (``otherwise``)."""
        if not self.unsaved:
            self.saver.when_idle(then)
            return
        session = self.session
        assert session is not None
        last = _last(session)
        more = tr("The last step was: {name}.").format(name=last.name) if last is not None and session.dirty else tr(
            "It was never saved as a case.")  # fmt: skip

        def answered(key: str) -> None:
            if key == "save":
                self.saver.save(then)
            elif key == "discard":
                self._given_up = session, _last(session)
                then()
            elif otherwise is not None:
                otherwise()

        ask(self.window, tr("Unsaved work"), tr("Save what was done to {name}?").format(name=self.name_of()), more, (
            Choice("save", tr("Save"), default=True), Choice("discard", tr("Discard")),
            Choice("cancel", tr("Cancel"), way_out=True),
        ), answered)  # fmt: skip

    def close_case(self) -> None:
        """Close the case and show the start page."""
        self.leave(self.window.leave_case)

    def revert(self) -> None:
        """Give up what was done since the case was saved, after asking."""
        session = self.session
        if session is None or session.path is None:
            return

        def answered(key: str) -> None:
            if key == "revert" and self.session is session:
                place = session.path
                assert place is not None
                self.window.leave_case()
                self.reader.read(place)

        ask(self.window, tr("Revert"), tr("Give up everything since the case was saved?"),
            tr("{name} is read again from the disk. This cannot be undone.").format(name=self.name_of()),
            (Choice("revert", tr("Revert")), Choice("cancel", tr("Cancel"), default=True, way_out=True)), answered,
            warning=True)  # fmt: skip

    def quit(self) -> None:
        """Close the window, after asking about unsaved work."""
        self.leave(self.window.close)

    # work beside the window

    def refuse(self, title: str, error: TwinError) -> None:
        """Show what could not be done; a cancelled thing is only told."""
        self._given_up = None
        if isinstance(error, Cancelled):
            self.window.tell(tr("stopped"))
            return
        self.window.tell(str(error), "error")
        refuse(self.window, title, error)

    def run_errand(
        self, title: str, action: Callable[[Monitor], Any], done: Callable[[Any], object],
        failed: Callable[[TwinError], object], dropped: Callable[[Any], object] | None = None, *, quiet: bool = False,
        beside: bool = False,
    ) -> Errand:
        """Run something short on a thread, with a card that shows it; ``quiet`` without one.

        ``beside``: the case stays to be worked on, so it is shown in the status line and not over the views.
        """
        errand = Errand(title, action, done=done, failed=failed, dropped=dropped, parent=self)
        errand.ended.connect(self._errand_over)
        self._errands.append(errand)
        if not quiet:
            shown = self.window.status_line.work if beside and self.window.desk is not None else self.wait
            shown.add(errand, title, errand.cancel)
            errand.staged.connect(lambda name: shown.tell(errand, name))
            errand.progressed.connect(lambda fraction: shown.tell(errand, None, fraction))
            errand.ended.connect(shown.take)
            errand.warned.connect(lambda line: self.window.tell(line, "warning"))
        errand.start()
        return errand

    def run_job(
        self, title: str, function: str, *args: Any, done: Callable[[Any], object], short: bool = True, step: str = "",
        **kwargs: Any,
    ) -> Job:
        """Run a function in a child process, with a card that shows it; a refusal is shown in words.

        ``short`` work does not wait for the heavy work that runs. ``step`` is the step of the work that shows how far
        it is; then there is no card over the views.
        """
        job = self.window.jobs.start(title, function, *args, done=done, short=short, step=step,
                                     failed=lambda error: refuse(self.window, title, error), **kwargs)  # fmt: skip
        if not job.over and not step:
            self._jobs.append(job)
            self.wait.add(job, title, lambda: self.window.jobs.cancel(job))
        return job

    def show_session(self, session: Session) -> None:
        """Show a case; work that was done in the old one while this one was read is asked about again."""
        if self.unsaved:
            self.leave(lambda: self.show_session(session), session.close)
            return
        self._known, self._given_up = session, None
        self.window.show_session(session)
        if session.path is not None:
            self.remember(session.path)
        if session.read_only:
            self.window.tell(session.read_only, "warning")

    def remember(self, place: Path) -> None:
        """Put a case at the head of the recent ones; a disk that refuses is told, no more."""
        try:
            recent.remember(place)
        except StoreError as error:
            self.window.tell(str(error), "warning")
        self.recents.refresh()

    def _jobs_changed(self) -> None:
        for job in tuple(self._jobs):
            if job.over:
                self._jobs.remove(job)
                self.wait.take(job)
            else:
                self.wait.tell(job, job.stage)

    # inside: the window

    def _desk_changed(self) -> None:
        self._sync.stop()
        self._picture.stop()
        session, desk = self.session, self.window.desk
        if not self.reported:  # what is closed is not to be held
            self._reported = None
        if session is None:
            self._known = self._given_up = None
        self.banner.refresh()
        self.recents.refresh()
        self.keeper.begin()
        if session is None or desk is None:
            return
        desk.case_changed.connect(self._case_changed)
        if session.path is not None:
            self._picture.start()
        if session is not self._known:  # came in by another way: what a crash left was not asked about
            self._known = session
            if session.path is not None:
                self.remember(session.path)
                if not session.read_only and session.recoverable():
                    QTimer.singleShot(0, self, self.reopen)

    def _case_changed(self, fields: frozenset[str]) -> None:
        self.banner.refresh()
        self.keeper.look()
        if "saved" in fields:
            self._picture.start()
        elif fields != {"reported"} and not self._sync.isActive():
            self._sync.start()

    def _sync_now(self) -> None:
        session = self.session
        if session is not None and session.place is not None:
            self.run_errand("sync", lambda _: session.sync(), lambda _: None, lambda _: None, quiet=True)

    def _picture_now(self) -> None:
        session = self.session
        if session is None or session.path is None:
            return
        place, case = session.path, session.snapshot()
        self.run_errand("picture", lambda _: keep_thumbnail(place, case_thumbnail(case)), lambda _: None,
                        lambda _: None, quiet=True)  # fmt: skip

    def _errand_over(self, errand: Errand) -> None:
        if errand in self._errands:
            self._errands.remove(errand)
        self.wait.take(errand)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask before a person closes the window over unsaved work; end what runs when it closes."""
        if watched is not self.window:
            return False
        if event.type() == QEvent.Type.WindowActivate:
            self.banner.look_outside()
            self.recents.refresh()
        elif event.type() == QEvent.Type.Close:
            if (event.spontaneous() or self.asks_on_close) and (self.unsaved or self.saver.busy):
                event.ignore()
                self.leave(self.window.close)
                return True
            self._stop()
        return False

    def _stop(self) -> None:
        self._sync.stop()
        self._picture.stop()
        self.keeper.stop()
        for errand in tuple(self._errands):
            errand.stop()
            self._errand_over(errand)
        self.saver.settle()

    def name_of(self, session: Session | None = None) -> str:
        """Return what a case is called, the open one where none is given."""
        session = session or self.session
        if session is None or session.path is None:
            return tr("this case") if session is None else session.case.patient.pseudonym
        return case_title(session.path)


def _last(session: Session) -> Entry | None:
    """Return the last step that was done."""
    return session.history.done[-1] if session.history.done else None

