"""Saving: on a thread while work goes on, with words and a way out for everything that can refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from anatomy_twin.core import Monitor
from anatomy_twin.errors import Cancelled, TwinError
from anatomy_twin.pipeline.session import Saving, Session
from anatomy_twin.store import recent, save_case
from anatomy_twin.store.recent import case_title
from anatomy_twin.view.dialogs import Choice, ask
from anatomy_twin.view.dialogs_files import choose_new
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening


def _nothing() -> None:
    """Go on with nothing."""


class Saver(QObject):
    """Saves the open case. ``busy`` while one is being written."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening
        self._running: tuple[Session, Saving] | None = None
        self._after: list[Callable[[], object]] = []

    @property
    def busy(self) -> bool:
        """True while a case is being written."""
        return self._running is not None

    def when_idle(self, then: Callable[[], object]) -> None:
        """Call ``then`` now, or when the case that is being written is on the disk."""
        if self.busy:
            self._after.append(then)
        else:
            then()

    def save(self, then: Callable[[], object] = _nothing) -> None:
        """Save the case where it lies; ask where that cannot be. ``then`` follows once it is saved."""
        session = self._opening.session
        if session is None:
            return
        if session.path is None:
            self.save_as(then)
        elif session.read_only:
            self._ask_other_place(tr("This case is read-only here."), session.read_only, then)
        elif session.outside:
            self._ask_overwrite(session, then)
        else:
            self._write(session, session.path, then)

    def save_as(self, then: Callable[[], object] = _nothing) -> None:
        """Ask for a name and save the case there, which is then where it lies."""
        session = self._opening.session
        if session is None:
            return
        choose_target(self._opening.window, session, tr("Save case as"), ".twin",
                      lambda target: self.save_to(target, then), known=(".twin", ".zip"))  # fmt: skip

    def save_to(self, target: Path, then: Callable[[], object] = _nothing) -> None:
        """Save the case under another name."""
        session = self._opening.session
        if session is not None:
            self._write(session, target, then)

    def save_zip(self) -> None:
        """Ask for a name and write a copy as one zip file; the case stays where it lies."""
        session = self._opening.session
        if session is None:
            return
        choose_target(self._opening.window, session, tr("Save a copy as one file"), ".twin.zip", self.copy_to,
                      known=(".zip",))  # fmt: skip

    def copy_to(self, target: Path) -> None:
        """Write a copy of the case; the case stays where it lies."""
        session = self._opening.session
        if session is None:
            return
        case = session.snapshot()
        self._opening.run_errand(
            tr("Writing {name}").format(name=target.name), lambda monitor: save_case(case, target, monitor),
            lambda place: self._opening.window.tell(tr("a copy is at {name}").format(name=place.name)),
            lambda error: self._opening.refuse(tr("Save a copy"), error), beside=True,
        )  # fmt: skip

    def settle(self) -> None:
        """Take over that what was being written is given up: the window closes."""
        if self._running is not None:
            session, saving = self._running
            session.drop_save(saving)
            self._running = None
        self._after = []

    # inside

    def _write(self, session: Session, target: Path, then: Callable[[], object], *, anyway: bool = False) -> None:
        if self.busy:
            self.when_idle(lambda: self._write(session, target, then, anyway=anyway))
            return
        try:
            saving = session.begin_save(target, anyway=anyway)
        except TwinError as error:
            self._failed(session, target, then, error)
            return
        self._running = session, saving

        def work(monitor: Monitor) -> None:
            saving.write(monitor)

        def done(_: None) -> None:
            self._running = None
            session.end_save(saving)
            opening = self._opening
            opening.remember(saving.target)
            opening.window.tell(tr("saved {name}").format(name=saving.target.name))
            opening.window.refresh_actions()
            self._go_on(then)

        def failed(error: TwinError) -> None:
            if self._running is not None:
                self._running = None
                session.drop_save(saving)
                self._after = []
                self._failed(session, target, then, error)

        def dropped(_: None) -> None:  # stopped too late: it is written
            done(None)

        self._opening.run_errand(tr("Saving {name}").format(name=case_title(target)), work, done, failed, dropped,
                                 beside=True)  # fmt: skip

    def _go_on(self, then: Callable[[], object]) -> None:
        after, self._after = self._after, []
        for follow in (then, *after):
            follow()

    def _failed(self, session: Session, target: Path, then: Callable[[], object], error: TwinError) -> None:
        if isinstance(error, Cancelled):
            self._opening.window.tell(tr("not saved: stopped; the case on the disk is as it was"), "warning")
            return
        self._opening.window.tell(str(error), "error")

        def answered(key: str) -> None:
            if key == "other":
                self.save_as(then)
            elif key == "again":
                self._write(session, target, then)

        more = tr("What was on the disk before is as it was, and nothing of your work is lost: it is still open here.")
        ask(self._opening.window, tr("Not saved"), _sentence(error.what, error.where),
            "\n\n".join(part for part in (_sentence(error.advice), more) if part), (
                Choice("other", tr("Save as\N{HORIZONTAL ELLIPSIS}"), default=True), Choice("again", tr("Try again")),
                Choice("cancel", tr("Cancel"), way_out=True),
            ), answered, warning=True)  # fmt: skip

    def _ask_other_place(self, text: str, more: str, then: Callable[[], object]) -> None:
        def answered(key: str) -> None:
            if key == "other":
                self.save_as(then)

        ask(self._opening.window, tr("Save"), text, _sentence(more), (
            Choice("other", tr("Save as\N{HORIZONTAL ELLIPSIS}"), default=True),
            Choice("cancel", tr("Cancel"), way_out=True),
        ), answered, warning=True)  # fmt: skip

    def _ask_overwrite(self, session: Session, then: Callable[[], object]) -> None:
        removed = session.outside == "removed"
        text = tr("Another program removed this case since it was opened here.") if removed else tr(
            "Another program changed this case since it was opened here.")  # fmt: skip
        more = tr("Save it again as you see it here?") if removed else tr(
            "Overwriting it loses what the other program saved.")  # fmt: skip

        def answered(key: str) -> None:
            if key == "other":
                self.save_as(then)
            elif key == "overwrite" and session.path is not None:
                self._write(session, session.path, then, anyway=True)

        ask(self._opening.window, tr("Save"), text, more, (
            Choice("other", tr("Save as\N{HORIZONTAL ELLIPSIS}"), default=True),
            Choice("overwrite", tr("Save it again here") if removed else tr("Overwrite")),
            Choice("cancel", tr("Cancel"), way_out=True),
        ), answered, warning=True)  # fmt: skip


def choose_target(
    window: QWidget, session: Session, title: str, suffix: str, then: Callable[[Path], object], *,
    known: tuple[str, ...] = (), name: str = "",
) -> None:
    """Let the name of something be chosen that is made of a case, without waiting; a free one is proposed.

    A name without one of the endings ``known`` (``suffix`` alone where there are none) gets ``suffix``. What lies there
    already, other than the case itself, is replaced only where the person says so.
    """
    known = known or (suffix,)

    def chosen(place: Path) -> None:
        target = place if place.name.lower().endswith(known) else place.with_name(place.name + suffix)
        if not target.exists() or target == session.path:
            then(target)
            return
        ask(window, tr("Save"), tr("{name} is there already.").format(name=target.name),
            tr("Replacing it loses what is in it now."), (
                Choice("replace", tr("Replace")), Choice("cancel", tr("Cancel"), default=True, way_out=True),
            ), lambda key: then(target) if key == "replace" else None, warning=True)  # fmt: skip

    place = _free(usual_folder(session), name or plain_name(session), suffix)
    choose_new(window, title, place, chosen, accept=tr("Save"))


def plain_name(session: Session) -> str:
    """Return a name for what is made of a case, that every disk takes."""
    name = case_title(session.path) if session.path is not None else session.case.patient.pseudonym
    return "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name).strip() or "case"


def usual_folder(session: Session | None = None) -> Path:
    """Return the folder that a dialog begins in: that of the case, of the last one, or the person's own."""
    if session is not None and session.path is not None and session.path.parent.is_dir():
        return session.path.parent
    for one in recent.recent_cases():
        if one.place.parent.is_dir():
            return one.place.parent
    return Path.home()


def _free(folder: Path, name: str, suffix: str) -> Path:
    """Return a name in a folder that nothing has: "a.twin", or else "a_2.twin"."""
    place, number = folder / f"{name}{suffix}", 2
    while place.exists():
        place, number = folder / f"{name}_{number}{suffix}", number + 1
    return place


def _sentence(text: str, where: str = "") -> str:
    if not text:
        return ""
    place = f" ({where})" if where else ""
    return f"{text[:1].upper()}{text[1:]}{place}."
