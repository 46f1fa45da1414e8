"""The library of cases: search, pictures, details; open, add, remove."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QIcon, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSplitter,
    QVBoxLayout,
)

from anatomy_twin.core import Monitor
from anatomy_twin.pipeline.library import Found, add_by_address, library_url, open_library, refresh_by_address
from anatomy_twin.store.library_card import CaseCard
from anatomy_twin.view.dialogs import Choice, ask
from anatomy_twin.view.dialogs_files import CaseDialog, choose_folder
from anatomy_twin.view.jobs import CANCELLED, FAILED
from anatomy_twin.view.library_details import Details
from anatomy_twin.view.opening import Opening
from anatomy_twin.view.opening_drop import places_of
from anatomy_twin.view.opening_save import usual_folder
from anatomy_twin.view.style import theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.jobs import Job
    from anatomy_twin.view.window import RehearsalWindow

PICTURE_DIGITS: Final = 21  # width of a picture in digits of the window's type
TYPED_MS: Final = 180


def show_library(window: RehearsalWindow) -> LibraryWindow:
    """Show the library of a window, or bring it to the front."""
    found = window.findChild(LibraryWindow)
    library = found if found is not None else LibraryWindow(window)
    library.show()
    library.raise_()
    library.activateWindow()
    return library


def add_open_case(window: RehearsalWindow) -> None:
    """Put the case that is open, as it was saved last, into the library."""
    opening = Opening.of(window)
    session = opening.session
    if session is not None and session.path is not None:
        _add(opening, session.path, lambda found: window.tell(tr("library: {line}").format(line=found.told)))


def _add(opening: Opening, place: Path, done: Callable[[Found], object]) -> Job:
    return opening.run_job(tr("Reading cases"), f"{add_by_address.__module__}:{add_by_address.__name__}", library_url(),
                           str(place), done=done)  # fmt: skip


class LibraryWindow(QDialog):
    """A grid of cases with a line to search in, filters above and details beside."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Case library"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._window, self._opening = window, Opening.of(window)
        self.cards: tuple[CaseCard, ...] = ()
        self._asked = 0
        self._alive = alive = [True]
        self.destroyed.connect(lambda: alive.clear())
        self._job: Job | None = None
        window.jobs.changed.connect(self._jobs_changed)
        self._typed = QTimer(self, singleShot=True, interval=TYPED_MS)
        self._typed.timeout.connect(self.search)
        column = QVBoxLayout(self)
        column.addLayout(self._make_head())
        split = QSplitter()
        self.list = self._make_list()
        self.details = Details(self._label)
        split.addWidget(self.list)
        split.addWidget(self.details)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        column.addWidget(split, 1)
        column.addLayout(self._make_foot())
        digit = self.fontMetrics().horizontalAdvance("0")
        self.resize(min(150 * digit, max(window.width() - 80, 80 * digit)), min(86 * digit, window.height()))
        QShortcut(QKeySequence.StandardKey.Find, self, self.words.setFocus)
        theme_changed.connect(self._show_cards)
        self.search()
        self.words.setFocus()
        self.setAcceptDrops(True)

    @property
    def card(self) -> CaseCard | None:
        """The case that is chosen."""
        row = self.list.currentRow()
        return self.cards[row] if 0 <= row < len(self.cards) and self.list.selectedItems() else None

    # finding

    def search(self) -> None:
        """Ask the database, on a thread; the newest question wins."""
        self._asked += 1
        number = self._asked
        modality = str(self.modality.currentData() or "")
        plan = {"with": True, "without": False}.get(str(self.plan.currentData() or ""))
        since = str(self.since.currentData() or "")
        words = self.words.text()

        def look(_: Monitor) -> tuple[tuple[CaseCard, ...], tuple[str, ...]]:
            with open_library() as library:
                return (library.search(words, modality=modality, has_plan=plan, since=_since(since)),
                        library.modalities())

        def done(answer: tuple[tuple[CaseCard, ...], tuple[str, ...]]) -> None:
            if number == self._asked:
                self.cards = answer[0]
                self._modalities(answer[1])
                self._show_cards()

        self._opening.run_errand("library", look, self._mine(done), self._mine(self._failed), quiet=True)

    def add_folder(self, place: Path) -> None:
        """Put all cases at and below a folder into the library."""
        self._told(tr("reading cases\N{HORIZONTAL ELLIPSIS}"))
        self._job = _add(self._opening, place, self._mine(self._added))

    def refresh(self) -> None:
        """Look at every case of the library again."""
        self._told(tr("looking at all cases\N{HORIZONTAL ELLIPSIS}"))
        self._job = self._opening.run_job(
            tr("Refreshing the library"), f"{refresh_by_address.__module__}:{refresh_by_address.__name__}",
            library_url(), done=self._mine(self._added),
        )

    def open_case(self) -> None:
        """Open the case that is chosen."""
        card = self.card
        if card is not None and not card.missing:
            self._opening.open_case(card.place)
            self.close()

    def remove(self) -> None:
        """Take the case that is chosen off the library, after asking; its files stay."""
        card = self.card
        if card is None:
            return

        def answered(key: str) -> None:
            if key == "remove":
                self._change(lambda library: library.remove(card.place))

        ask(self, tr("Library"), tr("Take {name} off the library?").format(name=card.title),
            tr("The case itself stays where it is."),
            (Choice("remove", tr("Remove"), default=True), Choice("cancel", tr("Cancel"), way_out=True)), answered)

    # inside

    def _mine(self, function: Callable[[Any], object]) -> Callable[[Any], object]:
        """Return a function that does nothing once this window is gone."""
        alive = self._alive
        return lambda value: function(value) if alive else None

    def _change(self, action: Callable[[Any], object]) -> None:
        def work(_: Monitor) -> None:
            with open_library() as library:
                action(library)

        self._opening.run_errand("library", work, self._mine(lambda _: self.search()), self._mine(self._failed),
                                 quiet=True)  # fmt: skip

    def _label(self, card: CaseCard, tags: list[str], note: str) -> None:
        self._change(lambda library: library.label(card.place, tags=tags, note=note))

    def _added(self, found: Found) -> None:
        self._told(found.told)
        self.search()

    def _jobs_changed(self) -> None:
        if self._job is not None and self._job.over:
            if self._job.state in (CANCELLED, FAILED):
                self._told(tr("stopped: what was read until then is here"))
                self.search()
            self._job = None

    def _failed(self, error: Exception) -> None:
        self._told(str(error))

    def _told(self, line: str) -> None:
        self.told.setText(line)
        self.told.setToolTip(line)

    def _show_cards(self) -> None:
        chosen = self.card.place if self.card is not None else None
        self.list.clear()
        for number, card in enumerate(self.cards):
            item = QListWidgetItem(_picture(card, self.list.iconSize()), _caption(card))
            item.setToolTip(str(card.place))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.list.addItem(item)
            if card.place == chosen or (number == 0 and chosen is None):
                self.list.setCurrentItem(item)
        self.empty.setVisible(not self.cards)
        searching = bool(self.words.text() or self.modality.currentData() or self.plan.currentData()
                         or self.since.currentData())  # fmt: skip
        self.empty.setText(tr("No case fits.") if searching else tr(
            "The library is empty. Add a folder: all cases in it can then be searched."))  # fmt: skip
        self.count.setText(tr("1 case") if len(self.cards) == 1 else tr("{count} cases").format(count=len(self.cards)))
        self._chosen()

    def _chosen(self) -> None:
        card = self.card
        self.details.show_card(card)
        self.open_button.setEnabled(card is not None and not card.missing)
        self.remove_button.setEnabled(card is not None)

    def _modalities(self, names: tuple[str, ...]) -> None:
        known = [str(self.modality.itemData(row)) for row in range(1, self.modality.count())]
        for name in names:
            if name not in known:
                self.modality.addItem(name, name)

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.words = QLineEdit()
        self.words.setPlaceholderText(tr("Search: name, organ, lesion, plan, tag, note\N{HORIZONTAL ELLIPSIS}"))
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(lambda _: self._typed.start())
        self.words.returnPressed.connect(self.search)
        self.modality, self.plan, self.since = QComboBox(), QComboBox(), QComboBox()
        self.modality.addItem(tr("All modalities"), "")
        for text, value in ((tr("With or without plan"), ""), (tr("With a plan"), "with"),
                            (tr("Without a plan"), "without")):  # fmt: skip
            self.plan.addItem(text, value)
        for text, value in ((tr("Any date"), ""), (tr("Today"), "0"), (tr("Last 7 days"), "7"),
                            (tr("Last 30 days"), "30"), (tr("Last year"), "365")):  # fmt: skip
            self.since.addItem(text, value)
        row.addWidget(self.words, 1)
        for box in (self.modality, self.plan, self.since):
            box.currentIndexChanged.connect(lambda _: self.search())
            row.addWidget(box)
        self.count = QLabel()
        self.count.setObjectName("quiet")
        row.addWidget(self.count)
        return row

    def _make_list(self) -> QListWidget:
        cases = QListWidget()
        digit = self.fontMetrics().horizontalAdvance("0")
        cases.setViewMode(QListView.ViewMode.IconMode)
        cases.setResizeMode(QListView.ResizeMode.Adjust)
        cases.setMovement(QListView.Movement.Static)
        cases.setUniformItemSizes(True)
        cases.setWordWrap(True)
        cases.setSpacing(6)
        cases.setIconSize(QSize(PICTURE_DIGITS * digit, PICTURE_DIGITS * digit * 3 // 4))
        line = self.fontMetrics().lineSpacing()
        cases.setGridSize(QSize((PICTURE_DIGITS + 3) * digit, PICTURE_DIGITS * digit * 3 // 4 + 4 * line))
        cases.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        cases.itemSelectionChanged.connect(self._chosen)
        cases.itemActivated.connect(lambda _: self.open_case())
        self.empty = QLabel(cases)
        self.empty.setObjectName("quiet")
        self.empty.setMargin(20)
        self.empty.setMinimumWidth(60 * digit)
        return cases

    def _make_foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.told = QLabel()
        self.told.setObjectName("quiet")
        add = QPushButton(tr("Add"))
        menu = QMenu(add)
        menu.addAction(tr("A folder with cases\N{HORIZONTAL ELLIPSIS}"), self._ask_folder)
        menu.addAction(tr("One case\N{HORIZONTAL ELLIPSIS}"), self._ask_case)
        opened = menu.addAction(tr("The case that is open"), lambda: add_open(self))
        menu.aboutToShow.connect(lambda: opened.setEnabled(_has_place(self._opening)))
        add.setMenu(menu)
        refresh = QPushButton(tr("Refresh"))
        refresh.setToolTip(tr("Read cases that changed, and mark those that are gone"))
        refresh.clicked.connect(self.refresh)
        self.remove_button, self.open_button = QPushButton(tr("Remove")), QPushButton(tr("Open"))
        self.remove_button.clicked.connect(self.remove)
        self.open_button.clicked.connect(self.open_case)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.close)
        for button in (add, refresh, self.remove_button, self.open_button, close):
            button.setAutoDefault(False)
        row.addWidget(add)
        row.addWidget(refresh)
        row.addWidget(self.told, 1)
        for button in (self.remove_button, close, self.open_button):
            row.addWidget(button)
        return row

    def _ask_folder(self) -> None:
        choose_folder(self, tr("Folder with cases"), usual_folder(self._opening.session), self.add_folder)

    def _ask_case(self) -> None:
        CaseDialog(self, usual_folder(self._opening.session), self.add_folder).open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Folders and cases can be dropped here, to be added."""
        if places_of(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        places = places_of(event)
        if places:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: self.add_folder(places[0]))

    def closeEvent(self, event: Any) -> None:
        """Ask nothing any more."""
        self._typed.stop()
        super().closeEvent(event)


def add_open(library: LibraryWindow) -> None:
    """Put the case that is open into the library."""
    session = library._opening.session
    if session is not None and session.path is not None:
        library.add_folder(session.path)


def _has_place(opening: Opening) -> bool:
    return opening.session is not None and opening.session.path is not None


def _since(days: str) -> str:
    from datetime import UTC, datetime, timedelta

    if not days:
        return ""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=int(days))).astimezone(UTC).isoformat(timespec="seconds")


def _caption(card: CaseCard) -> str:
    if card.missing:
        return f"{card.title}\n" + tr("missing")
    plans = tr("plan {names}").format(names=", ".join(card.plans)) if card.plans else ""
    return f"{card.title}\n" + " \N{MIDDLE DOT} ".join(part for part in (card.modality, plans) if part)


def _picture(card: CaseCard, size: QSize) -> QIcon:
    pixmap = QPixmap()
    pixmap.loadFromData(card.thumbnail)
    shown = QPixmap(size)
    shown.fill(QColor(Qt.GlobalColor.black))
    painter = QPainter(shown)
    if not pixmap.isNull():
        painter.setOpacity(0.3 if card.missing else 1.0)
        scaled = pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        painter.drawPixmap((size.width() - scaled.width()) // 2, (size.height() - scaled.height()) // 2, scaled)
    painter.end()
    icon = QIcon(shown)
    icon.addPixmap(shown, QIcon.Mode.Selected)  # not tinted
    return icon


