"""The numbers of the plan that is shown, with their verdicts, and whether they are of the plan as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core import Quantity
from anatomy_twin.pipeline.procedures import procedure_of, unmeasured
from anatomy_twin.rehearsal import format_interval
from anatomy_twin.rehearsal.numbers import NumberRow, Numbers, shown_numbers
from anatomy_twin.units import place_text
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.plan_words import speaker
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.status_line import ShortLabel
from anatomy_twin.view.style import VERDICTS, current_theme, theme_changed
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

NAME, VALUE, CHANGE, VERDICT, LIMIT, PLACE = range(6)
FOLDED: Final = ("segments", "organs")  # groups that are folded up at first
KEY = Qt.ItemDataRole.UserRole


class NumbersPanel(QWidget):
    """Number, value, change against the saved plan, verdict by sign and word, limit; details below each."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__()
        assert window.desk is not None
        self._window, self._desk, self._say = window, window.desk, speaker()
        self.setWindowTitle(tr("Numbers"))
        self.shown = Numbers("none", ())
        self.items: dict[str, QTreeWidgetItem] = {}
        self._groups: dict[str, QTreeWidgetItem] = {}
        self._before: dict[str, dict[str, Quantity]] = {}
        self._drawn: dict[str, NumberRow] = {}
        self._caption = self._why = ""
        self.banner, self.verdicts = ShortLabel(), QLabel()  # the counts are never cut
        self.banner.setObjectName("quiet")
        self.verdicts.setObjectName("quiet")
        self.tree = _Table(self)
        top = QHBoxLayout()
        top.setContentsMargins(6, 2, 8, 0)
        top.addWidget(self.banner, 1)
        top.addWidget(self.verdicts)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        Nothing(self.tree, tr("No numbers yet: they come with a plan."))
        self.setFocusProxy(self.tree)
        for signal in (self._desk.scene_changed, self._desk.plan_changed, self._desk.live_changed):
            signal.connect(self.refresh)
        window.live.changed.connect(self._tell)
        theme_changed.connect(self._recolour)
        self.refresh()

    def refresh(self) -> None:
        """Show the numbers as they are now; rows stay, cells that differ are changed."""
        desk = self._desk
        plan, name, procedure = desk.plan, desk.plan_name, procedure_of(desk.plan)
        assessed = desk.case.assessments.get(name) if name else None
        if assessed is not None:
            self._before[name] = {quantity.name: quantity for quantity in assessed.quantities}
        live = desk.live if plan is not None and desk.live is not None and desk.live.plan.name == plan.name else None
        self.shown = shown_numbers(
            desk.case, plan, None if live is None else live.quantities, live_is_current=desk.live_is_current,
            before=self._before.get(name), exact=procedure is not None and not procedure.simulated,
            unmeasured=bool(unmeasured(plan)),
        )
        rows = {_key(row): row for row in self.shown.rows}
        if list(rows) != list(self.items):
            self._arrange(rows)
        for key, row in rows.items():
            if self._drawn.get(key) != row:
                self._show(key, row)
        self._drawn = rows
        self._caption = "" if live is None else spoken(live.caption)
        self._why = "" if live is None or not live.warnings else spoken(live.warnings[0])
        self._tell()

    def texts(self) -> dict[str, tuple[str, str, str]]:
        """Return what stands in the rows: label -> (value, change, verdict)."""
        return {item.text(NAME): (item.text(VALUE), item.text(CHANGE), item.text(VERDICT))
                for item in self.items.values()}  # fmt: skip

    def _tell(self) -> None:
        """Say above the rows how the numbers were got."""
        state, live = self.shown.state, self._window.live
        words = self._state_words(state)
        if state in ("moved", "updating", "none") and live.state in ("starting", "preparing"):
            words += "   \N{MIDDLE DOT}   " + tr("live numbers are being prepared")
        if self._desk.case.synthetic:
            words += "   \N{MIDDLE DOT}   " + tr("generated patient")
        kind = "quiet" if state in ("assessed", "exact", "none") else "warning"
        if self.banner.text() != words:
            self.banner.setText(words)
        tip = "\n".join(filter(None, (words, self._caption)))
        if state in ("exact", "preview") and live.latency_s > 0.0:
            tip += "\n" + tr("shown {ms} ms after the plan was moved").format(ms=round(1000 * live.latency_s))
        self.banner.setToolTip(tip)
        if self.banner.objectName() != kind:
            self.banner.setObjectName(kind)
            self.banner.style().unpolish(self.banner)  # lets the sheet find the new name
            self.banner.style().polish(self.banner)
        counts = self.shown.verdicts()
        line = "    ".join(f"{VERDICTS[verdict][0]} {counts[verdict]} {verdict_word(verdict)}"
                           for verdict in ("not met", "borderline", "not checked", "met") if verdict in counts)
        if self.verdicts.text() != line:
            self.verdicts.setText(line)

    def _state_words(self, state: str) -> str:
        """Return how the numbers were got, in a line."""
        desk, name = self._desk, self._desk.plan_name
        procedure = procedure_of(desk.plan)
        if desk.plan is None:
            return tr("No plan is shown: numbers of the anatomy")
        none = tr("Plan {plan}: its numbers are not read off yet")
        if name in desk.case.results or name in desk.case.activations:
            assessed = tr("Plan {plan}: simulated and assessed")
        elif procedure is not None and not procedure.simulated:
            assessed = tr("Plan {plan}: exact, counted from the outlines; there is nothing to simulate")
        else:
            assessed = tr("Plan {plan} is not simulated yet: only what needs no simulation is known")
            none = tr("Plan {plan} is not simulated yet")
        form = {
            "assessed": assessed,
            "none": none,
            "exact": tr("Plan {plan} as it is held: exact, counted from the outlines"),
            "preview": tr("\N{ALMOST EQUAL TO} PREVIEW of plan {plan}: simulate it for numbers to rely on"),
            "updating": tr("\N{CLOCKWISE OPEN CIRCLE ARROW} UPDATING... grey values are of an earlier position"),
            "moved": tr("\N{CLOCKWISE OPEN CIRCLE ARROW} MOVED: grey values are of the saved plan {plan}"),
            "refused": tr("Plan {plan} has no numbers where it is: {why}"),
            "unmeasured": tr("Plan {plan} has no numbers: {why}"),
        }[state]
        why = self._say(unmeasured(desk.plan)) if state == "unmeasured" else self._why
        return form.format(plan=name, why=why)

    def _arrange(self, rows: dict[str, NumberRow]) -> None:
        """Bring in rows that are new and take out those that are gone; all others stay as they are."""
        wanted: dict[str, list[str]] = {}
        for key, row in rows.items():
            wanted.setdefault(row.group, []).append(key)
        for group in [group for group in self._groups if group not in wanted]:
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(self._groups.pop(group)))
        for place, (group, keys) in enumerate(wanted.items()):
            self._arrange_group(self._heading(group, place), keys)
        self.items = {key: self.items[key] for key in rows}
        self._drawn = {key: row for key, row in self._drawn.items() if key in rows}

    def _arrange_group(self, heading: QTreeWidgetItem, keys: list[str]) -> None:
        for n in reversed(range(heading.childCount())):
            if _key_of(heading.child(n)) not in keys:
                key = _key_of(heading.takeChild(n))
                self._drawn.pop(key, None)
        for n, key in enumerate(keys):
            if _key_of(heading.child(n)) == key:
                continue
            item = self.items.get(key)
            if item is not None and item.parent() is heading:
                heading.takeChild(heading.indexOfChild(item))
            else:
                item = self._row(key)
            heading.insertChild(n, item)

    def _heading(self, group: str, place: int) -> QTreeWidgetItem:
        if group not in self._groups:
            heading = QTreeWidgetItem([group_title(group)])
            self.tree.insertTopLevelItem(place, heading)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            heading.setFirstColumnSpanned(True)
            font = QFont(self.tree.font())
            font.setBold(True)
            heading.setFont(NAME, font)
            heading.setSizeHint(NAME, QSize(20, self.fontMetrics().height() + 5))  # all rows are of one height
            heading.setExpanded(group not in FOLDED)
            self._groups[group] = heading
        return self._groups[group]

    def _row(self, key: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem()
        item.setData(NAME, KEY, key)
        item.setTextAlignment(PLACE, Qt.AlignmentFlag.AlignCenter)
        for column in (VALUE, CHANGE):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.items[key] = item
        self._drawn.pop(key, None)
        return item

    def _show(self, key: str, row: NumberRow) -> None:
        item, quantity, old = self.items[key], row.quantity, self._drawn.get(key)
        sign, colour = VERDICTS[row.verdict]
        place = "\N{CIRCLED PLUS}" if quantity.place_mm is not None and row.current else ""
        texts = (named(quantity.label), row.value_text, row.change_text, f"{sign} {verdict_word(row.verdict)}".strip(),
                 limit_words(quantity), place)  # fmt: skip
        for column, text in enumerate(texts):
            if item.text(column) != text:
                item.setText(column, text)
        if old is None or old.verdict != row.verdict or old.current != row.current:
            self._paint(item, row, colour)
        if old is None or _told(old.quantity) != _told(quantity):
            self._explain(item, row)
        if old is None or old.change_is != row.change_is:
            words = {"better": tr("better than the saved plan"), "worse": tr("worse than the saved plan"), "": ""}
            item.setToolTip(CHANGE, words[row.change_is])

    def _paint(self, item: QTreeWidgetItem, row: NumberRow, colour: str) -> None:
        theme = current_theme()
        for column in range(PLACE + 1):
            item.setForeground(column, QBrush(QColor(theme.text if row.current else theme.quiet)))
        item.setForeground(LIMIT, QBrush(QColor(theme.quiet)))
        item.setForeground(PLACE, QBrush(QColor(theme.accent)))
        font = QFont(self.tree.font())
        font.setItalic(not row.current)
        font.setBold(row.current and row.verdict == "not met")
        item.setFont(VALUE, font)
        item.setFont(VERDICT, font)
        item.setForeground(VERDICT, QBrush(QColor(colour)))

    def _explain(self, item: QTreeWidgetItem, row: NumberRow) -> None:
        """Put what is known about a number below it and into its tool tip."""
        lines = details(row.quantity)
        for column in (NAME, VALUE, VERDICT, LIMIT):
            item.setToolTip(column, "\n".join((named(row.quantity.label), *lines)))
        item.setToolTip(PLACE, tr("Show place: bring the crosshair there") if row.quantity.place_mm else "")
        while item.childCount() > len(lines):
            item.takeChild(item.childCount() - 1)
        for n, line in enumerate(lines):
            child = item.child(n) or QTreeWidgetItem(item)
            child.setText(NAME, line)
            child.setToolTip(NAME, line)
            child.setFirstColumnSpanned(True)
            child.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            child.setForeground(NAME, QBrush(QColor(current_theme().quiet)))

    def _recolour(self) -> None:
        self._drawn = {}
        self.refresh()

    def show_place(self, item: QTreeWidgetItem) -> None:
        """Bring the crosshair to where a number was found."""
        row = self._drawn.get(_key_of(item))
        if row is not None and row.quantity.place_mm is not None and row.current:
            self._desk.set_focus(row.quantity.place_mm)

    def copy(self) -> None:
        """Put the rows into the clipboard, tabs between cells, with how they were got."""
        lines = [self.banner.text()]
        lines += ["\t".join((named(row.quantity.label), row.value_text, row.change_text, verdict_word(row.verdict),
                             row.quantity.limit)) for row in self._drawn.values()]  # fmt: skip
        QApplication.clipboard().setText("\n".join(lines))


class _Table(QTreeWidget):
    """The rows. Return, or a click on the sign of a place, brings the crosshair there; Ctrl+C copies."""

    def __init__(self, panel: NumbersPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setHeaderLabels([tr("Number"), tr("Value"), tr("Change"), tr("Verdict"), tr("Limit"), ""])
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setIndentation(14)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        for column in (VALUE, CHANGE):
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(20)
        self.itemClicked.connect(lambda item, column: panel.show_place(item) if column == PLACE else None)
        self.itemActivated.connect(lambda item, _: panel.show_place(item))
        theme_changed.connect(self.fit)
        self.fit()

    def fit(self) -> None:
        """Take widths from the type."""
        metrics, modes = self.fontMetrics(), QHeaderView.ResizeMode
        for column, longest in ((VALUE, "1534.5 cm2"), (CHANGE, "\N{BLACK UP-POINTING TRIANGLE} 1534 ml"),
                                (VERDICT, "? not checked"), (PLACE, "00")):  # fmt: skip
            self.header().setSectionResizeMode(column, modes.Fixed)
            self.setColumnWidth(column, metrics.horizontalAdvance(longest) + 16)
        self.header().setSectionResizeMode(NAME, modes.Stretch)
        self.header().setSectionResizeMode(LIMIT, modes.Fixed)
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, names come before limits, which are in the details too."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        room = self.viewport().width() - sum(self.columnWidth(n) for n in (VALUE, CHANGE, VERDICT, PLACE))
        letter = self.fontMetrics().averageCharWidth()
        self.setColumnHidden(LIMIT, room < letter * 62)
        self.setColumnWidth(LIMIT, max(room - 44 * letter, letter * 18) if room < letter * 90 else room // 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._panel.copy()
        else:
            super().keyPressEvent(event)


def _told(quantity: Quantity) -> tuple[object, ...]:
    """What stands below a number: only a change of this is written anew."""
    return quantity.note, quantity.source, quantity.limit, quantity.interval, quantity.place_mm


def _key_of(item: QTreeWidgetItem | None) -> str:
    return "" if item is None else str(item.data(NAME, KEY))


def _key(row: NumberRow) -> str:
    return f"{'plan' if row.of_plan else 'anatomy'}:{row.quantity.name}"


def verdict_word(verdict: str) -> str:
    """Return a verdict in the person's language."""
    words = {"met": tr("met"), "borderline": tr("borderline"), "not met": tr("not met"),
             "not checked": tr("not checked"), "": ""}  # fmt: skip
    return words[verdict]


def group_title(group: str) -> str:
    """Return the heading of a group of numbers."""
    return {
        "margins": tr("Margins"), "coverage": tr("Target and zone"), "remnant": tr("Remnant"),
        "vessels": tr("Vessels"), "heat": tr("Heat at other organs"), "lesions": tr("Lesions"),
        "organs": tr("Organs"), "segments": tr("Liver segments"), "other": tr("Other numbers"),
    }[group]  # fmt: skip


def limit_words(quantity: Quantity) -> str:
    """Return the limit of a number in the person's language, with units as people write them.

    A number that was sampled has its interval there.
    """
    return spoken(quantity.limit or format_interval(quantity)).replace("degC", "\N{DEGREE SIGN}C")


def details(quantity: Quantity) -> tuple[str, ...]:
    """Return limit, source, note, interval and place of a number, a line each."""
    source = quantity.source if ";" in quantity.source else spoken(quantity.source)  # papers stay as they are cited
    note = "; ".join(filter(None, (format_interval(quantity), quantity.note)))
    lines = [(tr("Limit: {text}"), limit_words(quantity) if quantity.limit else ""), (tr("Source: {text}"), source),
             (tr("Note: {text}"), spoken(note)),
             (tr("Found at: {text}"), "" if quantity.place_mm is None else place_text(quantity.place_mm))]  # fmt: skip
    return tuple(form.format(text=text) for form, text in lines if text)
