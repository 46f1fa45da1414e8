"""Own line icons, drawn in the colour of the theme. Each is the inside of a 24 x 24 SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from anatomy_twin.view.style import current_theme

# "@" stands for the accent colour; all else is drawn as a line in the colour of text
DRAWINGS: Final[Mapping[str, str]] = {
    "open": '<path d="M3 19V6h6l2 2h8v3M3 19l3-8h16l-3 8z"/>',
    "scan": '<circle cx="12" cy="12" r="9"/><circle cx="12" cy="12" r="4"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3"/>',
    "save": '<path d="M4 4h13l3 3v13H4zM8 4v5h8V4M7 20v-7h10v7"/>',
    "home": '<path d="M3 12l9-8 9 8M6 10v10h12V10M10 20v-6h4v6"/>',
    "library": '<path d="M4 4h4v16H4zM10 4h4v16h-4zM16.5 5l3.5-.8 3 15.2-3.6.8z"/>',
    "report": '<path d="M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5"/>',
    "undo": '<path d="M8 5L3 10l5 5M3 10h11a6 5.5 0 0 1 0 11h-4"/>',
    "redo": '<path d="M16 5l5 5-5 5M21 10H10a6 5.5 0 0 0 0 11h4"/>',
    "copy": '<path d="M8 8h12v12H8zM16 8V4H4v12h4"/>',
    "edit": '<circle cx="6" cy="18" r="2.4"/><circle cx="18" cy="6" r="2.4" fill="@"/><path d="M8 16L16 8"/>',
    "cross": '<path d="M12 2v7M12 15v7M2 12h7M15 12h7"/><circle cx="12" cy="12" r="1"/>',
    "window": '<circle cx="12" cy="12" r="9"/><path d="M12 3a9 9 0 0 1 0 18z" fill="@"/>',
    "distance": '<path d="M3 17L17 3l4 4L7 21zM8 12l2 2M11 9l2 2M14 6l2 2"/>',
    "angle": '<path d="M20 20H4L17 5M11 20a8 8 0 0 0-2.6-5.4"/>',
    "area": '<path d="M5 8l7-4 7 5-2 9-9 2z"/><path d="M9 11l6 3" stroke-dasharray="2 2"/>',
    "ball": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12c0 4 17 4 17 0"/>',
    "recist": '<ellipse cx="12" cy="12" rx="9.5" ry="6.5"/><path d="M3 12h18M12 6v12"/>',
    "brush": '<path d="M14 11l6-8 1 1-6 9M13 11l3 2c-1 5-5 8-12 7 3-1 2-3 3-5s3-4 6-4z"/>',
    "eraser": '<path d="M4 16L14 5l6 6-8 9H7zM9 11l6 6M12 20h9"/>',
    "wand": '<path d="M4 20L14 10M17 3v4M15 5h4M20 11v3M18.5 12.5h3M10 3v3M8.500 4.500h3"/>',
    "pick": '<path d="M4 20l1-4 9-9 3 3-9 9zM13 6l5 5M15 8l3-4a2 2 0 0 1 3 3l-4 3"/>',
    "refine": '<circle cx="12" cy="12" r="8" stroke-dasharray="3 2.500"/><path d="M12 9v6M9 12h6"/>',
    "applicator": '<path d="M3 3l3-1 1 3zM5 4l11 11"/><ellipse cx="17" cy="17" rx="5" ry="3.2"'
                  ' transform="rotate(45 17 17)" fill="@"/>',
    "resection": '<path d="M3 10c2-6 9-7 14-4s4 9 0 11-6-1-9 1-7-2-5-8z"/><path d="M13 2L9 22" stroke="@"/>',
    "play": '<path d="M7 4l13 8-13 8z" fill="@"/>',
    "simulate": '<path d="M12 3c1 4 6 6 6 11a6 6 0 0 1-12 0c0-3 2-4 2-6 2 1 2 2 2 4 2-2 2-5 2-9z"/>',
    "stop": '<path d="M6 6h12v12H6z"/>',
    "compare": '<path d="M4 4h7v16H4zM13 4h7v16h-7zM6 9h3M15 9h3M6 13h3M15 13h3"/>',
    "volume": '<path d="M12 2l9 5v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10"/>',
    "clip": '<path d="M12 3l8 4.500v9L12 21l-8-4.500v-9z"/><path d="M2 14L22 9" stroke="@"/>',
    "camera": '<path d="M3 8h4l2-3h6l2 3h4v11H3z"/><circle cx="12" cy="13" r="3.500"/>',
    "turn": '<path d="M20 8A9 5 0 1 0 21 13M21 4v5h-5"/>',
    "four": '<path d="M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3zM13 13h8v8h-8z"/>',
    "large": '<path d="M3 3h12v18H3zM17 3h4v5h-4zM17 10h4v4h-4zM17 16h4v5h-4z"/>',
    "slices": '<path d="M3 3h11v18H3zM16 3h5v8h-5zM16 13h5v8h-5z"/>',
    "enlarge": '<path d="M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7"/>',
    "one": '<path d="M3 3h18v18H3z"/>',
    "reset": '<path d="M4 4v6h6M4.500 10a8 8 0 1 1-.5 4"/>',
    "search": '<circle cx="10" cy="10" r="6.500"/><path d="M15 15l6 6"/>',
    "help": '<circle cx="12" cy="12" r="9.500"/><path d="M9 9.500a3 3 0 1 1 4 2.900c-1 .5-1 1-1 2M12 17.500v.6"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "eye": '<path d="M2 12c5-8 15-8 20 0-5 8-15 8-20 0z"/><circle cx="12" cy="12" r="3"/>',
    "film": '<path d="M3 5h18v14H3zM7 5v14M17 5v14M3 9.500h4M3 14.500h4M17 9.500h4M17 14.500h4"/>',
    "back": '<path d="M15 4l-8 8 8 8"/>',
    "forward": '<path d="M9 4l8 8-8 8"/>',
    "up": '<path d="M12 20V5M5 12l7-7 7 7"/>',
    "new_folder": '<path d="M3 19V6h6l2 2h10v11z"/><path d="M12 10.500v6M9 13.500h6" stroke="@"/>',
    "list": '<path d="M4 5h4v4H4zM4 15h4v4H4zM11 7h9M11 17h9"/>',
    "details": '<path d="M4 6h16M4 12h16M4 18h16"/>',
    "oblique": '<path d="M3 8l18-4v12L3 20z"/><path d="M3 14l18-4" stroke="@"/>',
}  # fmt: skip


def icon(name: str, side: int = 24) -> QIcon:
    """Return an icon of ``DRAWINGS`` in the colours of the theme, a faint one for what cannot be done now."""
    theme = current_theme()
    finest = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    made = QIcon()
    for mode, colour, accent, opacity in (
        (QIcon.Mode.Normal, theme.text, theme.accent, 1.0), (QIcon.Mode.Disabled, theme.quiet, theme.quiet, 0.5),
    ):
        drawing = _drawing(name, colour, accent, opacity)
        for scale in range(1, max(math.ceil(finest), 2) + 1):  # for screens with more points
            made.addPixmap(_pixmap(drawing, side * scale), mode)
    return made


def _drawing(name: str, colour: str, accent: str, opacity: float) -> QSvgRenderer:
    inside = DRAWINGS[name].replace('"@"', f'"{accent}"')
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour}" '
        f'stroke-width="1.7" stroke-linejoin="round" stroke-linecap="round" opacity="{opacity}">{inside}</svg>'
    )
    return QSvgRenderer(QByteArray(text.encode()))


def _pixmap(drawing: QSvgRenderer, side: int) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap
