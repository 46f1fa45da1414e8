"""What a person likes, on one small page. Every change is seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
)

from anatomy_twin.view.commands.look import palette_labels, prefer, speak
from anatomy_twin.view.style import FONT_PERCENT
from anatomy_twin.view.words import LANGUAGES, tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


class PreferencesDialog(QDialog):
    """Theme, size of type, language, palette, handles, live physics."""

    def __init__(self, window: RehearsalWindow) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Preferences"))
        self._window = window
        wishes = window.preferences
        self.theme = _choice({"dark": tr("Dark"), "light": tr("Light"), "system": tr("As the system")}, wishes["theme"])
        self.theme.currentIndexChanged.connect(lambda: prefer(window, "theme", self.theme.currentData()))
        self.font_box = QSpinBox()
        self.font_box.setRange(*FONT_PERCENT)
        self.font_box.setSingleStep(10)
        self.font_box.setSuffix(" %")
        self.font_box.setKeyboardTracking(False)
        self.font_box.setValue(wishes["font_percent"])
        self.font_box.valueChanged.connect(lambda value: prefer(window, "font_percent", value))
        self.language = _choice({"": tr("As the system"), **LANGUAGES}, wishes["language"])
        palettes = {"" if name == "default" else name: label for name, label in palette_labels().items()}
        self.palette_box = _choice(palettes, wishes["palette"])
        self.palette_box.setToolTip(tr("For cases that have no colours of their own"))
        self.palette_box.currentIndexChanged.connect(lambda: self._set("palette", self.palette_box.currentData()))
        self.edit_box = QCheckBox(tr("Handles of plans act as soon as a case is open"))
        self.edit_box.setChecked(wishes["edit_on_open"])
        self.edit_box.toggled.connect(lambda on: self._set("edit_on_open", on))
        self.live_box = QCheckBox(tr("Zone and numbers follow the hand"))
        self.live_box.setChecked(wishes["live_physics"])
        self.live_box.toggled.connect(lambda on: self._set("live_physics", on))
        self.rest_box = QCheckBox(tr("The full simulation follows when the hand rests"))
        self.rest_box.setChecked(wishes["simulate_at_rest"])
        self.rest_box.toggled.connect(window.live.set_following)
        self.words_box = QCheckBox(tr("Words on the tool bar"))
        self.words_box.setChecked(wishes["toolbar_words"])
        self.words_box.toggled.connect(lambda on: prefer(window, "toolbar_words", on))
        form = QFormLayout()
        for text, field in (
            (tr("Theme"), self.theme), (tr("Size of type"), self.font_box), (tr("Language"), self.language),
            (tr("Colours of structures"), self.palette_box), (tr("Handles"), self.edit_box),
            (tr("Live physics"), self.live_box), ("", self.rest_box), (tr("Tool bar"), self.words_box),
        ):  # fmt: skip
            form.addRow(text, field)
        place = QLabel(tr("Kept in {place}").format(place=wishes.file), objectName="quiet")
        place.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(place)
        layout.addWidget(buttons)
        self.finished.connect(self._speak)

    def _set(self, name: str, value: str | bool) -> None:
        self._window.preferences[name] = value

    def _speak(self) -> None:
        """Change the language last: the window is made anew then."""
        if self.language.currentData() != self._window.preferences["language"]:
            speak(self._window, self.language.currentData())


def _choice(options: dict[str, str], now: str) -> QComboBox:
    box = QComboBox()
    for value, text in options.items():
        box.addItem(text, value)
    box.setCurrentIndex(max(box.findData(now), 0))
    return box
