"""Keeps what a crash would lose: writes it beside the work, says quietly that a case lies nowhere yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QToolButton

from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.opening_errand import Errand
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening

FIRST_MS: Final = 300  # after a case is shown that lies nowhere yet
CALM_MS: Final = 2000  # after a step, so that steps in a row are written once
LATER_MS: Final = 30_000  # after what can be made again: while a person paints, each stroke gives new surfaces
LONGEST_MS: Final = 20_000  # that steps in a row put it off
AGAIN_MS: Final = 30_000  # after the disk refused


class Keeper(QObject):
    """Writes what the journal of the open case does not hold, on a thread."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening
        self._refused = False
        self._errand: Errand | None = None
        self._calm = QTimer(self, singleShot=True)
        self._calm.timeout.connect(self._keep_now)
        self._limit = QTimer(self, singleShot=True, interval=LONGEST_MS)
        self._limit.timeout.connect(self._keep_now)
        self.button = QToolButton()
        self.button.setObjectName("small")
        self.button.setAutoRaise(True)
        self.button.clicked.connect(lambda: opening.saver.save())
        opening.window.statusBar().addPermanentWidget(self.button)
        self.button.hide()

    @property
    def busy(self) -> bool:
        """True while something is being written or waits for it."""
        return self._errand is not None or self._calm.isActive()

    @property
    def writing(self) -> bool:
        """True while something is being written."""
        return self._errand is not None

    def begin(self) -> None:
        """Take over that another case is shown, or none."""
        self.stop()
        self._refused = False
        self.look()

    def look(self) -> None:
        """Take over that something was done."""
        session = self._opening.session
        nowhere = session is not None and session.path is None
        self.button.setVisible(nowhere)
        if nowhere:
            self.button.setText(tr("Not saved yet"))
            self.button.setToolTip(tr("This case lies in no folder of yours. After a crash the start page offers it; "
                                      "press to save it."))  # fmt: skip
        if session is None or not session.keep_due:
            return
        if self._refused or not session.keep_soon:
            self._calm.start(AGAIN_MS if self._refused else LATER_MS)
            return
        self._calm.start(FIRST_MS if session.place is None else CALM_MS)
        if not self._limit.isActive():
            self._limit.start()

    def stop(self) -> None:
        """Write nothing more; what is being written is given up by its session."""
        self._calm.stop()
        self._limit.stop()
        if self._errand is not None:
            self._errand.cancel()
            self._errand = None

    # inside

    def _keep_now(self) -> None:
        self._calm.stop()
        self._limit.stop()
        session, desk = self._opening.session, self._opening.window.desk
        if session is None or desk is None or not session.keep_due:
            return
        if desk.moving is not None:  # the hand holds something: copies wait
            self._calm.start(CALM_MS)
            return
        try:
            keep = session.begin_keep()
        except TwinError as error:
            self._fail(session, error)
            return
        if keep is None:
            return

        def over() -> None:
            if self._errand is errand:
                self._errand = None
                self.look()  # what was done meanwhile

        def done(written: tuple[str, object]) -> None:
            self._refused = False
            session.end_keep(keep, written)  # type: ignore[arg-type]
            over()

        def failed(error: TwinError) -> None:
            session.drop_keep(keep, error)
            self._refused = True
            over()

        errand = self._opening.run_errand("keep", keep.write, done, failed,
                                          lambda written: session.end_keep(keep, written), quiet=True)  # fmt: skip
        self._errand = errand

    def _fail(self, session: Session, error: TwinError) -> None:
        session.warn_of_loss(error)
        self._refused = True
        self.look()
