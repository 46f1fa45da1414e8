"""What ReportLab is told before it writes: fonts with the symbols of verdicts, pictures as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REGULAR, BOLD = "TwinSans", "TwinSans-Bold"


@contextmanager
def binary_images() -> Iterator[None]:
    """Let ReportLab store pictures as they are: its text encoding costs seconds, and the switch is a global one."""
    from reportlab import rl_config

    before = rl_config.useA85
    rl_config.useA85 = 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def register_fonts() -> None:
    """Register DejaVu Sans (it comes with matplotlib): it has the symbols of the verdicts."""
    import matplotlib
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, folder / file))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
