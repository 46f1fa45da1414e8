"""A strip above the views about what a person must know of the place of the case: read-only, changed by others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolBar, QWidget

from anatomy_twin.pipeline.session import Session
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.opening import Opening


def read_only_words(session: Session) -> str:
    """Return whose the case is, or why it cannot be saved, in one line; "" where it can be saved where it lies."""
    why = session.read_only
    owner = None if session.lock is None else session.lock.owner
    if not why or owner is None:
        return why
    return tr("open for {user} on {host} since {since} (process {process})").format(
        user=owner.user, host=owner.host, since=owner.since, process=owner.pid
    )


class Banner(QObject):
    """``words`` is the line that is shown, "" while there is none."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self._opening = opening
        self._outside = ""
        self.bar = QToolBar(opening.window)
        self.bar.setObjectName("banner")
        self.bar.setMovable(False)
        self.bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        strip = QWidget()
        row = QHBoxLayout(strip)
        row.setContentsMargins(8, 2, 8, 2)
        self._label = QLabel()
        self._label.setObjectName("warning")
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.save_as = QPushButton()
        self.save_as.clicked.connect(lambda: opening.saver.save_as())
        row.addWidget(self._label, 1)
        row.addWidget(self.save_as)
        self.bar.addWidget(strip)
        opening.window.addToolBarBreak()
        opening.window.addToolBar(self.bar)
        self.bar.hide()

    @property
    def words(self) -> str:
        """The line that is shown."""
        return self._label.text() if not self.bar.isHidden() else ""

    def refresh(self) -> None:
        """Show what is to be known now, or nothing."""
        session = self._opening.session
        line = ""
        if session is not None:
            if session.read_only:
                line = tr("Read-only: {why}").format(why=read_only_words(session))
            elif self._outside and session.outside:
                line = tr("Another program changed this case since it was opened here.") if (
                    session.outside == "changed") else tr("Another program removed this case since it was opened here.")
            elif session.messages:
                line = session.messages[-1]
        self._label.setText(f"\N{BLACK UP-POINTING SMALL TRIANGLE} {line}" if line else "")
        self.save_as.setText(tr("Save as\N{HORIZONTAL ELLIPSIS}"))
        self.bar.setVisible(bool(line))

    def look_outside(self) -> None:
        """See whether another program changed or removed the case; called when the window comes to the front."""
        session = self._opening.session
        self._outside = "" if session is None or self._opening.saver.busy else session.outside
        self.refresh()
