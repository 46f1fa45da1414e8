"""The two looks of the window, as data: every colour that is not a structure's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

CHECK, TRIANGLE, CROSS = "\N{CHECK MARK}", "\N{BLACK UP-POINTING SMALL TRIANGLE}", "\N{BALLOT X}"


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``.

    ``ground`` lies behind everything, ``panel`` under panels, ``field`` under lists and what is typed into,
    ``stripe`` under every second row, ``line`` between things, ``text`` and ``quiet`` are written on them, ``accent``
    marks focus and what is on, ``on_accent`` is written on it, ``chosen`` lies under what is selected, ``button``
    under what can be pressed, ``pointed`` under the row of what the mouse is on in a view, ``notice`` is the
    intended-use line, ``warning`` and ``error`` are lines to be read.
    ``stage`` names the ground of the 3-D view ("dark" or "light"); slices are black in every theme. ``verdicts``:
    verdict -> (sign, colour); verdicts differ in sign and word too, never by colour alone.
    """

    name: str
    ground: str
    panel: str
    field: str
    stripe: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    chosen: str
    button: str
    pointed: str
    notice: str
    warning: str
    error: str
    stage: str
    verdicts: Mapping[str, tuple[str, str]]

    @property
    def dark(self) -> bool:
        """True where text is lighter than what it is written on."""
        return self.stage == "dark"


def _verdicts(met: str, borderline: str, not_met: str, quiet: str, text: str) -> Mapping[str, tuple[str, str]]:
    return MappingProxyType({
        "met": (CHECK, met), "borderline": (TRIANGLE, borderline), "not met": (CROSS, not_met),
        "not checked": ("?", quiet), "": ("", text),
    })  # fmt: skip


# blue-green against orange: told apart with the usual colour vision deficiencies, and by lightness on paper
DARK: Final = Theme(
    "dark", ground="#10141a", panel="#1a2029", field="#151a22", stripe="#1d242e", line="#323c4a", text="#e8ecf2",
    quiet="#a3aebd", accent="#58a9ff", on_accent="#08111c", chosen="#2b4a6e", button="#263040", pointed="#3d4a2f",
    notice="#ffd37a", warning="#f0c14b", error="#ff9a82", stage="dark",
    verdicts=_verdicts("#5ec8a8", "#f0c14b", "#ff8a70", "#a3aebd", "#e8ecf2"),
)
LIGHT: Final = Theme(
    "light", ground="#dde2e8", panel="#f3f5f8", field="#ffffff", stripe="#f3f6fa", line="#bcc5d0", text="#16202c",
    quiet="#515d6c", accent="#0a5fc0", on_accent="#ffffff", chosen="#cbe0f8", button="#e5eaf0", pointed="#fff0b8",
    notice="#6b4300", warning="#7a5200", error="#a83210", stage="light",
    verdicts=_verdicts("#00676b", "#7a5200", "#a83210", "#515d6c", "#16202c"),
)
THEMES: Final[Mapping[str, Theme]] = MappingProxyType({"dark": DARK, "light": LIGHT})
