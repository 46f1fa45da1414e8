"""Questions about segments: what a new one is, another name, which one to combine with."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from anatomy_twin import catalog
from anatomy_twin.errors import TwinError, UsageError
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.segmentation.editing.table import free_name, known_terms, next_name
from anatomy_twin.view.tools import hand_actions as actions
from anatomy_twin.view.tools.hand_kit import Hand
from anatomy_twin.view.words import tr

OWN_COLOURS: Final = (
    (144, 238, 144), (244, 162, 97), (131, 197, 190), (233, 196, 106), (181, 131, 214), (96, 165, 250),
)  # fmt: skip


class NewSegment(QDialog):
    """Name (the catalog's terms are offered) and colour of a new segment."""

    def __init__(self, parent: QWidget, hand: Hand) -> None:
        super().__init__(parent)
        assert hand.labels is not None
        self._hand, self._labels = hand, hand.labels
        self._terms = {label: name for name, label in known_terms().items()}
        self.setWindowTitle(tr("New segment"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Tumour, Liver, or a name of your own"))
        completer = QCompleter(sorted(self._terms), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.colour = OWN_COLOURS[len(self._labels.segments) % len(OWN_COLOURS)]
        self._chosen = False
        self.swatch = QPushButton()
        self.swatch.clicked.connect(self._ask_colour)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setObjectName("quiet")
        form = QFormLayout()
        form.addRow(tr("Name"), self.field)
        form.addRow(tr("Colour"), self.swatch)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.told)
        column.addWidget(self.buttons)
        self.field.textChanged.connect(self._follow)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 46)
        self._follow()

    @property
    def name(self) -> str:
        """The name that the segment would have, by the catalog where it knows the words."""
        words = " ".join(self.field.text().split())
        if not words:
            return ""
        if words in self._terms:
            return next_name(self._labels, self._terms[words])
        found = catalog.segment_name(words, "")
        known = found if found != words or found in known_terms() else ""
        return next_name(self._labels, catalog.stem(known)) if known else words

    def _follow(self) -> None:
        """Say what the name means, and offer its colour."""
        name, line, good = self.name, "", False
        try:
            if name:
                free_name(self._labels, name)
                good = True
                term = catalog.term(name)
                line = tr("{label}: known to the program").format(label=term["label"])
                if not self._chosen:
                    self.colour = tuple(term["colour"])
        except UsageError as error:
            line = tr("A name of your own: it lies over the organs and is no part of one") if good else str(error)
        except TwinError as error:
            line = str(error)
        self.told.setText(line)
        self.swatch.setIcon(_swatch(self.colour))
        self.swatch.setText(QColor(*self.colour).name())
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(good)

    def _ask_colour(self) -> None:
        chosen = QColorDialog.getColor(QColor(*self.colour), self, tr("Colour of the segment"))
        if chosen.isValid():
            self.colour, self._chosen = (chosen.red(), chosen.green(), chosen.blue()), True
            self._follow()

    @property
    def own_colour(self) -> tuple[int, int, int] | None:
        """The colour where it is a person's choice or the name is one's own; None: the catalog's."""
        try:
            catalog.term(self.name)
        except UsageError:
            return self.colour
        return self.colour if self._chosen else None


def ask_new(window: Any, hand: Hand) -> None:
    """Ask for a new segment and make it the active one."""
    dialog = NewSegment(window, hand)
    try:
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.name:
            actions.begin(hand, dialog.name, dialog.own_colour)
    finally:
        dialog.deleteLater()


def ask_rename(window: Any, hand: Hand) -> None:
    """Ask for another name of the active segment."""
    if not hand.ready():
        return
    dialog = NewSegment(window, hand)
    dialog.setWindowTitle(tr("Rename {name}").format(name=hand.called))
    dialog.swatch.hide()
    label = dialog.findChild(QFormLayout)
    if label is not None:
        label.setRowVisible(1, False)
    dialog.field.setText(hand.desk.active.replace("_", " "))
    dialog.field.selectAll()
    try:
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.name:
            actions.rename(hand, dialog.name)
    finally:
        dialog.deleteLater()


class Combine(QDialog):
    """How the active segment is combined, and with which one."""

    def __init__(self, parent: QWidget, hand: Hand) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Combine {name} with").format(name=hand.called))
        self.how, self.other = QComboBox(), QComboBox()
        for words, operation in ((tr("Unite: add the other one"), "union"),
                                 (tr("Take away the other one"), "subtract"),
                                 (tr("Intersect: keep what both have"), "intersect")):
            self.how.addItem(words, operation)
        for segment in actions.listed(hand):
            if not segment.absent and segment.name != hand.desk.active:
                self.other.addItem(structure_label(segment.name), segment.name)
        form = QFormLayout(self)
        form.addRow(tr("How"), self.how)
        form.addRow(tr("Other segment"), self.other)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)


def ask_combine(window: Any, hand: Hand) -> None:
    """Ask how to combine the active segment, and begin."""
    if not hand.ready(filled=True):
        return
    dialog = Combine(window, hand)
    try:
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.other.currentData():
            actions.combine(hand, str(dialog.how.currentData()), str(dialog.other.currentData()))
    finally:
        dialog.deleteLater()


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(QColor(*colour))
    return QIcon(pixmap)
