"""Inducibility in the heart panel: asked for, followed, listed site by site, played back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QProgressBar,
    QSpinBox,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.pacing import MOST_EXTRA
from anatomy_twin.view.flow import flow
from anatomy_twin.view.heart_induction import LONG_MS, SCREENING_MS, HeartInduction
from anatomy_twin.view.heart_words import arrhythmia_words
from anatomy_twin.view.jobs import progress_words
from anatomy_twin.view.nothing import Nothing
from anatomy_twin.view.panels.heart_lists import RIGHT, fit_rows, small_tree
from anatomy_twin.view.panels.rows import all_rows, rows_of
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.style import VERDICTS
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

TOLD: Final = 3  # lines of evidence


class InductionBox(QWidget):
    """Which stimuli, from where, how long counts; then a row for each site. A row that is chosen shows its drivers."""

    def __init__(self, window: RehearsalWindow, kit: HeartInduction) -> None:
        super().__init__()
        self._window, self.kit = window, kit
        self.extra, self.lasting = QSpinBox(), QComboBox()
        self.extra.setRange(1, MOST_EXTRA)
        self.extra.setAccessibleName(tr("Extra stimuli"))
        self.lasting.setAccessibleName(tr("Counts when it lasts"))
        self.lasting.addItem(tr("1 s (a quick look)"), SCREENING_MS)
        self.lasting.addItem(tr("5 s"), LONG_MS)
        self.begin = self._button("heart.induce", tr("Induce"))
        self.end = QToolButton()
        self.end.setText(tr("Stop"))
        self.end.clicked.connect(lambda _=False: self.kit.stop())
        self.film = self._button("heart.replay", tr("Play"))
        self.bar, self.told = QProgressBar(), QLabel()
        self.bar.setRange(0, 100)
        self.told.setWordWrap(True)
        self.rows = small_tree((tr("Site"), tr("Result"), tr("Cycle")), tr("Outcomes of pacing"), 1)
        Nothing(self.rows, tr("Not paced yet: press Induce."))
        self.rows.currentItemChanged.connect(self._chosen)
        self._lay_out()
        self.extra.valueChanged.connect(self._set)
        self.lasting.activated.connect(self._set)
        kit.changed.connect(self.refresh)

    def _button(self, command: str, text: str) -> QToolButton:
        button, known = QToolButton(), self._window.commands[command]
        button.setText(text)
        button.setToolTip(known.tip or known.text)
        button.clicked.connect(lambda _=False: self._window.run(command))
        return button

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Extra stimuli"), self.extra)
        form.addRow(tr("Counts when it lasts"), self.lasting)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(flow(self.begin, self.end, self.film))
        column.addWidget(self.bar)
        column.addWidget(self.rows)
        column.addWidget(self.told)

    def refresh(self) -> None:
        """Show what is known now."""
        kit, job = self.kit, self.kit.job
        with QSignalBlocker(self.extra):
            self.extra.setValue(kit.extra)
        self.lasting.setCurrentIndex(self.lasting.findData(kit.sustained_ms))
        self.begin.setEnabled(job is None)
        self.end.setVisible(job is not None)
        self.bar.setVisible(job is not None)
        if job is not None:
            self.bar.setValue(round(100 * job.fraction))
            self.bar.setFormat(progress_words(job))
        self.film.setEnabled(kit.outcome is not None and kit.outcome.induced and not kit.filming)
        self._list()
        self.told.setText("\n".join(self._lines()))
        self.told.setVisible(bool(self.told.text()))

    def _list(self) -> None:
        outcomes = self.kit.outcomes
        with QSignalBlocker(self.rows):
            for number, (item, one) in enumerate(zip(rows_of(self.rows, len(outcomes)), outcomes, strict=True)):
                verdict = "not met" if one.induced else "met" if one.captured else "not checked"
                sign, colour = VERDICTS[verdict]
                item.setText(0, spoken(one.name))
                item.setText(1, f"{sign} {result_words(one)}")
                item.setText(2, f"{one.cycle_ms:.0f} ms" if one.induced and one.cycle_ms == one.cycle_ms else "")
                item.setTextAlignment(2, RIGHT)
                item.setForeground(1, QBrush(QColor(colour)))
                for column in range(3):
                    item.setToolTip(column, "\n".join((result_words(one), *one.evidence)))
                if number == self.kit.chosen:
                    self.rows.setCurrentItem(item, 0)
            if self.kit.outcome is None:
                self.rows.clearSelection()
        fit_rows(self.rows, len(outcomes))

    def _lines(self) -> list[str]:
        found, kit = self.kit.found, self.kit
        if found is None:
            return []
        count = sum(one.induced for one in kit.outcomes)
        form = (tr("with the lesions of the plan inducible from {count} of {all} sites") if kit.with_plan else
                tr("without lesions inducible from {count} of {all} sites"))
        lines = [form.format(count=count, all=len(kit.outcomes))]
        if kit.with_plan:
            before = sum(one.induced for one in found.without)
            lines.append(tr("without lesions from {count}").format(count=before))
        if kit.outcome is not None:
            lines += kit.outcome.evidence[:TOLD]
        return [*lines, *map(spoken, found.warnings)]

    def _set(self, *_: object) -> None:
        self.kit.extra, self.kit.sustained_ms = self.extra.value(), float(self.lasting.currentData())

    def _chosen(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        row = next((n for n, one in enumerate(all_rows(self.rows)) if one is item), -1)
        if row >= 0 and row != self.kit.chosen:
            self.kit.choose(row)


def result_words(outcome: SiteOutcome) -> str:
    """Return what pacing from a site did, in a few words."""
    if outcome.induced:
        return arrhythmia_words().get(outcome.arrhythmia, outcome.arrhythmia)
    if not outcome.captured:
        return tr("no capture")
    if outcome.lasted_ms >= 1.0:
        return tr("not induced, went on for {time} ms").format(time=f"{outcome.lasted_ms:.0f}")
    return tr("not induced")
