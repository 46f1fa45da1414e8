"""Reads cases from the disk, and asks what becomes of work that an earlier program did not save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from anatomy_twin.core import Monitor
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.store import drafts
from anatomy_twin.store.recent import case_title
from anatomy_twin.view.dialogs import Choice, StepsDialog, ask
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening


class Reader(QObject):
    """``places`` are the cases that are being read: who asks twice would find the lock of the first."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening
        self.places: set[Path] = set()

    def read(self, place: Path) -> None:
        """Read a saved case and show it."""
        def work(monitor: Monitor) -> tuple[Session, tuple[str, ...]]:
            session = Session.open(place, monitor)
            return session, () if session.read_only else session.recoverable()

        self.places.add(place)
        errand = self._opening.run_errand(
            tr("Opening {name}").format(name=case_title(place)), work,
            lambda found: self._opened(*found), lambda error: self._opening.refuse(tr("Open"), error),
            lambda found: found[0].close(),
        )  # fmt: skip
        errand.ended.connect(lambda _: self.places.discard(place))

    def read_draft(self, place: Path) -> None:
        """Go on with a case that was never saved."""
        def work(monitor: Monitor) -> tuple[Session, tuple[str, ...]]:
            return Session.open_draft(place, monitor)

        def done(found: tuple[Session, tuple[str, ...]]) -> None:
            self._recovered(*found)
            if not found[1]:
                self._opening.window.tell(tr("the work is as it was; it is not saved yet"))

        self.places.add(place)
        errand = self._opening.run_errand(
            tr("Opening unsaved work"), work, done, lambda error: self._opening.refuse(tr("Recover work"), error),
            lambda found: found[0].close(keep_journal=True),
        )  # fmt: skip
        errand.ended.connect(lambda _: self.places.discard(place))

    def discard_draft(self, draft: drafts.Draft) -> None:
        """Remove a case that was never saved, after asking."""
        def answered(key: str) -> None:
            if key == "discard" and draft.place not in self.places:
                drafts.discard(draft.place)
                self._opening.recents.refresh()
                self._opening.drafts_changed.emit()

        ask(self._opening.window, tr("Discard unsaved work"), tr("Discard the unsaved work on {name}?").format(
            name=draft.name), tr("It is removed from the disk. This cannot be undone."), (
            Choice("discard", tr("Discard")), Choice("cancel", tr("Cancel"), default=True, way_out=True),
        ), answered, warning=True)  # fmt: skip

    # inside

    def _opened(self, session: Session, steps: tuple[str, ...]) -> None:
        opening = self._opening
        if not steps:
            opening.show_session(session)
            return

        def answered(key: str) -> None:
            if key == "recover":
                opening.run_errand(
                    tr("Doing {count} steps again").format(count=len(steps)), lambda _: session.recover(),
                    lambda lost: self._recovered(session, lost), lambda error: self._not_recovered(session, error),
                    lambda _: session.close(keep_journal=True),
                )  # fmt: skip
            elif key == "saved":
                session.forget()
                opening.show_session(session)
            else:
                session.close(keep_journal=True)
                opening.window.tell(tr("not opened; the steps are kept for the next time"))

        name = opening.name_of(session)
        text = tr("{name} was not closed properly: one step was done and not saved. Do it again?").format(name=name)
        if len(steps) > 1:
            text = tr("{name} was not closed properly: {count} steps were done and not saved. Do them again?").format(
                name=name, count=len(steps))  # fmt: skip
        StepsDialog(opening.window, tr("Recover work"), text, steps, (
            Choice("later", tr("Decide later"), way_out=True), Choice("saved", tr("Open as saved")),
            Choice("recover", tr("Recover"), default=True),
        ), answered).open()  # fmt: skip

    def _recovered(self, session: Session, lost: tuple[str, ...]) -> None:
        opening = self._opening
        opening.show_session(session)
        if lost:
            told = tr("one step could not be done again") if len(lost) == 1 else tr(
                "{count} steps could not be done again").format(count=len(lost))  # fmt: skip
            opening.window.tell(told, "warning")
            StepsDialog(opening.window, tr("Recover work"), tr("This could not be done again as it was:"), lost,
                        (Choice("close", tr("Close"), default=True, way_out=True),), lambda _: None).open()  # fmt: skip
        else:
            opening.window.tell(tr("all steps were done again"))

    def _not_recovered(self, session: Session, error: TwinError) -> None:
        session.close(keep_journal=True)
        self._opening.refuse(tr("Recover work"), error)
