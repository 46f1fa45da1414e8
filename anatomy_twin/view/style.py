"""Colours and type of the window: dark, quiet, high contrast where it matters."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

BACKGROUND: Final = "#12161d"
PANEL: Final = "#1b212b"
LINE: Final = "#2d3644"
TEXT: Final = "#e6eaf0"
QUIET: Final = "#9aa6b6"
ACCENT: Final = "#4aa3ff"
# verdicts differ in symbol and word too, never by colour alone
VERDICTS: Final = {
    "met": ("\N{CHECK MARK}", "#5ec8a8"),
    "borderline": ("\N{BLACK UP-POINTING SMALL TRIANGLE}", "#f0c14b"),
    "not met": ("\N{BALLOT X}", "#ff8a70"),
    "not checked": ("?", "#9aa6b6"),
    "": ("", TEXT),
}
PLANE_COLOURS: Final = {"axial": "#f06a6a", "coronal": "#6ac46a", "sagittal": "#e6cf5a"}

SHEET: Final = f"""
QWidget {{ background: {PANEL}; color: {TEXT}; font-size: 10pt; }}
QMainWindow, QSplitter {{ background: {BACKGROUND}; }}
QSplitter::handle {{ background: {BACKGROUND}; }}
QLabel#notice {{ color: #ffd37a; padding: 2px 10px; }}
QLabel#heading {{ color: {QUIET}; font-size: 9pt; font-weight: 600; padding: 8px 8px 3px 8px; }}
QTreeWidget, QTableWidget, QPlainTextEdit {{ background: {PANEL}; border: 0;
    alternate-background-color: #202733; selection-background-color: #2f4f73; gridline-color: {LINE}; }}
QHeaderView::section {{ background: {PANEL}; color: {QUIET}; border: 0; padding: 4px;
    border-bottom: 1px solid {LINE}; }}
QPushButton, QToolButton {{ background: #263040; border: 1px solid {LINE}; border-radius: 4px; padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {ACCENT}; }}
QPushButton:checked, QToolButton:checked {{ background: #2f4f73; border-color: {ACCENT}; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {ACCENT}; width: 12px; margin: -5px 0; border-radius: 6px; }}
QStatusBar {{ background: {BACKGROUND}; }}
QStatusBar QLabel {{ background: {BACKGROUND}; }}
"""


def apply_style(application: QApplication) -> None:
    """Give the application the window's colours."""
    application.setStyle("Fusion")
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, PANEL), (QPalette.ColorRole.Base, PANEL), (QPalette.ColorRole.Text, TEXT),
        (QPalette.ColorRole.WindowText, TEXT), (QPalette.ColorRole.Button, "#263040"),
        (QPalette.ColorRole.ButtonText, TEXT), (QPalette.ColorRole.Highlight, ACCENT),
    ):
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(SHEET)
