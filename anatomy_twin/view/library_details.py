"""What the library knows of one case, with tags and a note that can be written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QScrollArea, QWidget

from anatomy_twin.rehearsal.build import structure_label
from anatomy_twin.store.library_card import CaseCard
from anatomy_twin.view.words import tr

MOST_NAMES: Final = 12
FIRST: Final = ("liver", "portal_vein", "hepatic_veins", "portal_branches", "inferior_vena_cava", "aorta",
                "gallbladder", "spleen", "pancreas", "kidney_right", "kidney_left", "heart", "stomach")
TISSUES: Final = frozenset({"unknown_tissue", "fat", "muscle", "skin", "body", "subcutaneous_fat", "visceral_fat"})


class Details(QScrollArea):
    """A picture and lines of facts; ``written`` is called with the card, its tags and its note."""

    def __init__(self, written: Callable[[CaseCard, list[str], str], object]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._written = written
        self.card: CaseCard | None = None
        self.setMinimumWidth(44 * self.fontMetrics().horizontalAdvance("0"))
        self.show_card(None)

    def show_card(self, card: CaseCard | None) -> None:
        """Show another case."""
        self.card = card
        inside = QWidget()
        form = QFormLayout(inside)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        if card is None:
            form.addRow(_quiet(tr("Choose a case to see what is in it.")))
            self.setWidget(inside)
            return
        pixmap = QPixmap()
        if pixmap.loadFromData(card.thumbnail):
            picture = QLabel()
            width = self.minimumWidth() - 30
            picture.setPixmap(pixmap.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation))
            form.addRow(picture)
        title = QLabel(card.title)
        bold = title.font()
        bold.setBold(True)
        bold.setPointSizeF(bold.pointSizeF() * 1.2)
        title.setFont(bold)
        title.setWordWrap(True)
        form.addRow(title)
        if card.missing:
            gone = QLabel("\N{BLACK UP-POINTING SMALL TRIANGLE} " + tr("It is not where it was."))
            gone.setObjectName("warning")
            form.addRow(gone)
        for name, value in _facts(card):
            if value:
                words = QLabel(value)
                words.setWordWrap(True)
                words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                form.addRow(_quiet(name), words)
        self._add_words(form, card)
        self.setWidget(inside)

    def _add_words(self, form: QFormLayout, card: CaseCard) -> None:
        self.tags, self.note = QLineEdit(", ".join(card.tags)), QPlainTextEdit(card.note)
        self.tags.setPlaceholderText(tr("words, with commas between"))
        self.note.setFixedHeight(4 * self.fontMetrics().lineSpacing())
        self.note.setTabChangesFocus(True)
        self.keep = QPushButton(tr("Keep tags and note"))
        self.keep.setEnabled(False)
        self.keep.setAutoDefault(False)
        self.tags.textChanged.connect(lambda _: self.keep.setEnabled(True))
        self.note.textChanged.connect(lambda: self.keep.setEnabled(True))
        self.keep.clicked.connect(self._keep)
        form.addRow(_quiet(tr("Tags")), self.tags)
        form.addRow(_quiet(tr("Note")), self.note)
        form.addRow(self.keep)

    def _keep(self) -> None:
        if self.card is not None:
            self.keep.setEnabled(False)
            self._written(self.card, self.tags.text().split(","), self.note.toPlainText())


def _facts(card: CaseCard) -> list[tuple[str, str]]:
    facts = card.facts
    plans = [f"{name} ({kind})" for name, kind in card.plans.items()]
    to_check = card.states.get("check", 0)
    patient = tr("{name} (generated)").format(name=card.pseudonym) if card.synthetic else card.pseudonym
    return [
        (tr("Patient"), patient),
        (tr("Scan"), ", ".join(part for part in (
            card.modality, facts.get("geometry", ""), facts.get("phase", ""), facts.get("tube voltage", "")) if part)),
        (tr("Lesions"), _names(card.targets)),
        (tr("Structures"), _names(card.organs)),
        (tr("To check"), str(to_check) if to_check else ""),
        (tr("Plans"), ", ".join(plans)),
        (tr("Least margin"), "" if card.margin_mm is None else f"{card.margin_mm:.1f} mm"),
        (tr("Least remnant"), "" if card.remnant_percent is None else f"{card.remnant_percent:.1f} %"),
        (tr("Changed"), _local(card.changed)),
        (tr("Added"), _local(card.added)),
        (tr("Place"), str(card.place)),
    ]  # fmt: skip


def _names(names: tuple[str, ...]) -> str:
    """Return the labels of structures, what a surgeon asks for first."""
    names = tuple(sorted((name for name in names if name not in TISSUES), key=lambda name: (
        FIRST.index(name) if name in FIRST else len(FIRST), name.startswith("vertebra"))))  # fmt: skip
    if not names:
        return ""
    shown = ", ".join(structure_label(name) for name in names[:MOST_NAMES])
    return shown + (tr(" and {count} more").format(count=len(names) - MOST_NAMES) if len(names) > MOST_NAMES else "")


def _local(time: str) -> str:
    try:
        local = datetime.fromisoformat(time).astimezone()
    except ValueError:
        return ""
    return f"{QLocale().toString(local.date(), 'd MMM yyyy')}, {local:%H:%M}"


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("quiet")
    return label
