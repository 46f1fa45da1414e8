"""Colours and type of the window: quiet, high contrast where it matters, dark or light, small or large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from anatomy_twin.view.theme import DARK, THEMES, Theme

PLANE_COLOURS: Final = {"axial": "#f06a6a", "coronal": "#6ac46a", "sagittal": "#e6cf5a"}  # on black
# colours of the dark theme, and a grey that can be read on both; what is drawn anew asks ``current_theme()``
BACKGROUND: Final = DARK.ground
PANEL: Final = DARK.panel
LINE: Final = DARK.line
TEXT: Final = DARK.text
ACCENT: Final = DARK.accent
QUIET: Final = "#808a98"
FONT_PERCENT: Final = (75, 200)
IMAGES: Final = (Path(__file__).parent / "images").as_posix()
_THEME, _PERCENT, _BASE = "twin_theme", "twin_font_percent", "twin_base_points"


class _Look(QObject):
    """Tells that colours or the size of type changed."""

    changed = Signal()


_look = _Look()
theme_changed = _look.changed  # connect to it, then take the colours from ``current_theme()``


def current_theme() -> Theme:
    """Return the colours that the window has now."""
    application = QGuiApplication.instance()
    return THEMES.get(str(application.property(_THEME)) if application else "", DARK)


def font_percent() -> int:
    """Return how large the type is, in % of what the system has."""
    application = QGuiApplication.instance()
    return int((application.property(_PERCENT) if application else None) or 100)


class _Verdicts(Mapping[str, tuple[str, str]]):
    """The verdicts' signs and colours in the theme of now."""

    def __getitem__(self, verdict: str) -> tuple[str, str]:
        return current_theme().verdicts[verdict]

    def __iter__(self) -> Iterator[str]:
        return iter(DARK.verdicts)

    def __len__(self) -> int:
        return len(DARK.verdicts)


VERDICTS: Final[Mapping[str, tuple[str, str]]] = _Verdicts()


def apply_style(application: QApplication, theme: str = "", percent: int = 0) -> None:
    """Give the application a theme ("dark", "light", "system"; "" as it is) and a size of type (0: as it is)."""
    if theme == "system":
        scheme = application.styleHints().colorScheme()
        theme = "light" if scheme == Qt.ColorScheme.Light else "dark"
    colours = THEMES.get(theme, current_theme())
    percent = min(max(percent or font_percent(), FONT_PERCENT[0]), FONT_PERCENT[1])
    application.setProperty(_THEME, colours.name)
    application.setProperty(_PERCENT, percent)
    if application.property(_BASE) is None:
        application.setProperty(_BASE, max(application.font().pointSizeF(), 9.5))
    sheet, points = sheet_of(colours), float(application.property(_BASE)) * percent / 100
    font = application.font()
    if application.styleSheet() != sheet or abs(font.pointSizeF() - points) > 0.01:
        # every widget is dressed anew: bare ones three times as quickly as those that a sheet is taken from
        application.setStyleSheet("")
        if application.style().objectName() != "fusion":
            application.setStyle("Fusion")
        application.setPalette(palette_of(colours))
        font.setPointSizeF(points)
        application.setFont(font)
        application.setStyleSheet(sheet)
    _look.changed.emit()


def palette_of(theme: Theme) -> QPalette:
    """Return the colours that Qt's own widgets are drawn with."""
    palette, role = QPalette(), QPalette.ColorRole
    for part, colour in (
        (role.Window, theme.panel), (role.WindowText, theme.text), (role.Base, theme.field),
        (role.AlternateBase, theme.stripe), (role.Text, theme.text), (role.Button, theme.button),
        (role.ButtonText, theme.text), (role.BrightText, theme.error), (role.ToolTipBase, theme.field),
        (role.ToolTipText, theme.text), (role.PlaceholderText, theme.quiet), (role.Highlight, theme.chosen),
        (role.HighlightedText, theme.text), (role.Link, theme.accent), (role.LinkVisited, theme.accent),
        (role.Mid, theme.line), (role.Dark, theme.line), (role.Midlight, theme.button), (role.Light, theme.stripe),
        (role.Shadow, theme.ground), (role.Accent, theme.accent),
    ):
        palette.setColor(part, QColor(colour))
    faint = QColor(theme.quiet)
    faint.setAlphaF(0.62)
    for part in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, faint)
    return palette


def sheet_of(theme: Theme) -> str:
    """Return the style sheet: lengths in ``ex`` or points grow with the type."""
    return f"""
QMainWindow, QMainWindow::separator {{ background: {theme.ground}; }}
QMainWindow::separator {{ width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {theme.accent}; }}
QMenuBar {{ background: {theme.panel}; padding: 1px 4px; }}
QMenuBar::item {{ padding: 3px 9px; border-radius: 3px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {theme.chosen}; color: {theme.text}; }}
QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 4px 0; }}
QMenu::item {{ padding: 4px 26px 4px 26px; }}
QMenu::item:disabled {{ color: {theme.quiet}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: 4px 10px; }}
QMenu::indicator {{ width: 12px; height: 12px; left: 8px; }}
QToolBar {{ background: {theme.panel}; border: 0; border-bottom: 1px solid {theme.line}; spacing: 1px; padding: 2px; }}
QToolBar::separator {{ width: 1px; background: {theme.line}; margin: 5px 5px; }}
QToolBar QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 3px 5px; background: transparent; }}
QToolBar QToolButton:hover {{ background: {theme.button}; }}
QToolBar QToolButton:checked {{ background: {theme.chosen}; border-color: {theme.accent}; }}
QToolBar QToolButton:disabled {{ color: {theme.quiet}; }}
QToolBar QToolButton:focus {{ border-color: {theme.accent}; }}
QStatusBar {{ background: {theme.panel}; border-top: 1px solid {theme.line}; }}
QStatusBar::item {{ border: 0; }}
QLabel#notice {{ color: {theme.notice}; font-weight: 600; padding: 2px 8px; }}
QLabel#heading {{ color: {theme.quiet}; font-weight: 600; }}
QLabel#quiet {{ color: {theme.quiet}; }}
QLabel#error {{ color: {theme.error}; }}
QLabel#warning {{ color: {theme.warning}; }}
QDockWidget {{ background: {theme.panel}; titlebar-close-icon: none; }}
QDockWidget::title {{ background: {theme.button}; padding: 4px 8px; }}
QDockWidget > QWidget {{ background: {theme.panel}; }}
QTabBar {{ background: {theme.ground}; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {theme.ground}; color: {theme.quiet}; padding: 5px 14px; border: 0;
    border-top: 2px solid transparent; }}
QTabBar::tab:selected {{ background: {theme.panel}; color: {theme.text}; border-top: 2px solid {theme.accent}; }}
QTabBar::tab:hover {{ color: {theme.text}; }}
QTabBar::tab:focus {{ color: {theme.accent}; }}
QTabWidget::pane {{ border: 0; }}
QTreeView, QTableView, QListView, QPlainTextEdit, QTextEdit, QTextBrowser {{ background: {theme.field};
    border: 1px solid transparent; alternate-background-color: {theme.stripe}; gridline-color: {theme.line};
    selection-background-color: {theme.chosen}; selection-color: {theme.text}; }}
QTreeView:focus, QTableView:focus, QListView:focus, QPlainTextEdit:focus, QTextEdit:focus {{
    border: 1px solid {theme.accent}; }}
QHeaderView {{ background: {theme.panel}; }}
QHeaderView::section {{ background: {theme.panel}; color: {theme.quiet}; border: 0; padding: 3px 6px;
    border-bottom: 1px solid {theme.line}; }}
QTableCornerButton::section {{ background: {theme.panel}; border: 0; }}
QPushButton, QToolButton {{ background: {theme.button}; border: 1px solid {theme.line}; border-radius: 4px;
    padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {theme.accent}; }}
QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {{ background: {theme.chosen};
    border-color: {theme.accent}; }}
QPushButton:default {{ background: {theme.accent}; color: {theme.on_accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {theme.quiet}; background: transparent; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ background: {theme.field}; border: 1px solid {theme.line};
    border-radius: 3px; padding: 2px 5px; selection-background-color: {theme.chosen};
    selection-color: {theme.text}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: 0; padding: 0; background: transparent; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{ border-color: {theme.accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ background: transparent; }}
QComboBox::drop-down {{ background: transparent; border: 0px solid transparent; width: 16px; }}
QComboBox::down-arrow {{ image: url({IMAGES}/down.svg); width: 11px; height: 11px; }}
QComboBox QAbstractItemView {{ background: {theme.field}; border: 1px solid {theme.line}; }}
QAbstractSpinBox {{ padding-right: 16px; }}
QAbstractSpinBox[buttonSymbols="2"] {{ padding-right: 5px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: border; width: 16px;
    background: transparent; border: 0px solid transparent; }}
QAbstractSpinBox::up-button {{ subcontrol-position: top right; }}
QAbstractSpinBox::down-button {{ subcontrol-position: bottom right; }}
QAbstractSpinBox::up-arrow {{ image: url({IMAGES}/up.svg); width: 9px; height: 9px; }}
QAbstractSpinBox::down-arrow {{ image: url({IMAGES}/down.svg); width: 9px; height: 9px; }}
QCheckBox::indicator, QRadioButton::indicator, QGroupBox::indicator {{ width: 13px; height: 13px;
    background: {theme.field}; border: 1px solid {theme.quiet}; border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: 7px; }}
QCheckBox::indicator:hover, QCheckBox::indicator:focus, QRadioButton::indicator:hover, QRadioButton::indicator:focus {{
    border: 1px solid {theme.accent}; }}
QCheckBox::indicator:checked, QGroupBox::indicator:checked {{ background: {theme.accent};
    border-color: {theme.accent}; image: url({IMAGES}/check-{theme.name}.svg); }}
QCheckBox::indicator:indeterminate {{ background: {theme.chosen}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {theme.line}; }}
QRadioButton::indicator:checked {{ background: {theme.accent}; border: 3px solid {theme.field}; }}
QTreeView#found::item {{ padding: 0 3px; }}
QCheckBox:focus, QRadioButton:focus {{ color: {theme.accent}; }}
QSlider::groove:horizontal {{ height: 4px; background: {theme.line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ height: 4px; background: {theme.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {theme.accent}; width: 12px; margin: -5px 0; border-radius: 6px; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {theme.text}; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {theme.line}; }}
QProgressBar {{ background: {theme.field}; border: 1px solid {theme.line}; border-radius: 3px; text-align: center; }}
QProgressBar::chunk {{ background: {theme.chosen}; }}
QScrollBar:vertical {{ background: transparent; width: 11px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 11px; margin: 0; }}
QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; margin: 1px; min-height: 26px; min-width: 26px; }}
QScrollBar::handle:hover {{ background: {theme.quiet}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {theme.field}; color: {theme.text}; border: 1px solid {theme.line}; padding: 3px 5px; }}
QFrame#card {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 6px; }}
QGroupBox {{ border: 1px solid {theme.line}; border-radius: 4px; margin-top: 1.2ex; padding-top: 1.2ex; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; color: {theme.quiet}; }}
"""
