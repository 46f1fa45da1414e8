"""Lists of the heart panel: lesions with lengths and warnings, veins with whether anything leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from anatomy_twin.core import LesionLine
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.view.heart import HeartSight
from anatomy_twin.view.heart_words import capital, lesion_words, short_name
from anatomy_twin.view.names import named
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS
from anatomy_twin.view.tools.plan_handles import handles_of
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

MOST_ROWS: Final = 7
RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def small_tree(heads: tuple[str, ...], name: str, wide: int) -> QTreeWidget:
    """Return a list with these heads; column ``wide`` takes the room that is left."""
    tree = QTreeWidget()
    tree.setHeaderLabels(list(heads))
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setAllColumnsShowFocus(True)
    tree.setAccessibleName(name)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tree.header().setStretchLastSection(False)
    for number in range(len(heads)):
        tree.header().setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch if number == wide else
                                           QHeaderView.ResizeMode.ResizeToContents)  # fmt: skip
    return tree


def fit_rows(tree: QTreeWidget, count: int) -> None:
    """Give a list the height of so many rows, within reason."""
    row = max(tree.sizeHintForRow(0), tree.fontMetrics().height() + 4)
    tree.setFixedHeight(min(max(count, 2), MOST_ROWS) * row + tree.header().sizeHint().height() + 6)


class LesionList(QWidget):
    """The lesions of the plan shown; choosing one chooses its first handle in edit mode."""

    def __init__(self, window: RehearsalWindow, sight: HeartSight) -> None:
        super().__init__()
        self._window, self.sight = window, sight
        self.rows = small_tree((tr("No."), tr("Lesion"), tr("Length"), ""), tr("Lesions of the plan"), 1)
        self.sum = QLabel()
        self.sum.setWordWrap(True)
        Nothing(self.rows, tr("No lesion yet: draw a line, or add a standard set."))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows)
        column.addWidget(self.sum)
        self.rows.itemClicked.connect(self._chosen)
        self.rows.itemActivated.connect(self._chosen)

    @property
    def chosen(self) -> int:
        """The number of the row that is chosen, -1 for none."""
        return next((n for n, item in enumerate(all_rows(self.rows)) if item is self.rows.currentItem()), -1)

    def refresh(self) -> None:
        """Show the lesions as they are now; lengths and warnings follow."""
        plan, preview = self.sight.plan, self.sight.preview
        lesions = () if plan is None else plan.lesions
        current = preview is not None and preview.plan.lesions == lesions
        warned = 0
        with QSignalBlocker(self.rows):
            for number, (item, lesion) in enumerate(zip(rows_of(self.rows, len(lesions)), lesions, strict=True)):
                told = preview.told[number] if current and preview is not None else ()
                length = preview.lengths_mm[number] if current and preview is not None else None
                warned += bool(told)
                item.setText(0, str(number + 1))
                item.setText(1, lesion_words(lesion))
                item.setText(2, f"{length:.0f} mm" if length is not None and isinstance(lesion, LesionLine) else "")
                item.setText(3, "!" if told else "")
                item.setTextAlignment(2, RIGHT)
                item.setForeground(3, QBrush(QColor(VERDICTS["borderline"][1])))
                for column in range(4):
                    item.setToolTip(column, "\n".join(spoken(line) for line in told) or lesion_words(lesion))
        fit_rows(self.rows, len(lesions))
        total = sum(preview.lengths_mm) if current and preview is not None else 0.0
        words = tr("{length} mm of lines").format(length=f"{total:.0f}") if current and lesions else ""
        if warned:
            words += ", " + tr("{count} with a warning").format(count=warned)
        self.sum.setText(words)
        self.sum.setVisible(bool(words))

    def _chosen(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        tool, row = handles_of(self._window), self.chosen
        handle = None if tool is None else next((one for one in tool.handles if one.part == row), None)
        if tool is not None and handle is not None:
            tool.choose(handle.name)
            tool.desk.set_focus(handle.point_mm)


class VeinList(QWidget):
    """Whether lesions isolate each vein."""

    def __init__(self, sight: HeartSight) -> None:
        super().__init__()
        self.sight = sight
        self.rows = small_tree((tr("Vein"), ""), tr("Veins"), 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows)

    def refresh(self) -> None:
        """Show what is known now."""
        preview = self.sight.preview if self.sight.plan is not None else None
        veins = () if preview is None else preview.isolated
        self.setVisible(bool(veins))
        for item, (name, cut_off) in zip(rows_of(self.rows, len(veins)), veins, strict=True):
            whole = capital(named(structure_label(name)))
            short = short_name(name)
            item.setText(0, whole if short == whole else f"{short}  {whole}")
            sign, colour = VERDICTS["met" if cut_off else "not met"]
            item.setText(1, f"{sign} {tr('isolated') if cut_off else tr('connected')}")
            item.setForeground(1, QBrush(QColor(colour)))
        fit_rows(self.rows, len(veins))
