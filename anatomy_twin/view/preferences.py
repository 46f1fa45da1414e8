"""What a person likes: theme, type, language, layout. A file in the user's configuration; nothing about patients."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import platformdirs
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from anatomy_twin import catalog
from anatomy_twin.view.style import FONT_PERCENT

# name: usual value; the type of the usual value is the type of the preference
USUAL: Final[dict[str, bool | int | str]] = {
    "theme": "dark",  # "dark", "light", "system"
    "font_percent": 100,
    "language": "",  # "" the system's, "en", "de"
    "palette": "",  # of structures in cases that name none, "" the usual one
    "edit_on_open": False,  # handles of plans act as soon as a case is open
    "live_physics": True,  # zone and numbers follow the hand
    "simulate_at_rest": True,  # the full simulation follows when the hand rests
    "layout": "four",  # of the views
    "toolbar_words": True,
}
def preferences_file() -> Path:
    """Return where the preferences lie; the file may not be there."""
    return Path(platformdirs.user_config_path("anatomy_twin", appauthor=False)) / "window.ini"


class Preferences(QObject):
    """Typed values by name (see ``USUAL``); ``changed`` tells the name of one that was set.

    A file that cannot be read or written is no error: the usual values are taken, and a change lasts as long as the
    window.
    """

    changed = Signal(str)

    def __init__(self, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.file = file or preferences_file()
        self._settings = QSettings(str(self.file), QSettings.Format.IniFormat)
        self._now: dict[str, bool | int | str] = {}

    def __getitem__(self, name: str) -> Any:
        usual = USUAL[name]
        if name in self._now:
            return self._now[name]
        value = self._settings.value(f"look/{name}", usual)
        try:
            if isinstance(usual, bool):
                return str(value).lower() == "true"
            if isinstance(usual, int):
                return min(max(int(str(value)), FONT_PERCENT[0]), FONT_PERCENT[1])
        except ValueError:
            return usual
        if name == "palette" and value not in catalog.load("palettes")["palettes"]:  # of another version
            return usual
        return str(value)

    def __setitem__(self, name: str, value: bool | int | str) -> None:
        if self[name] == value:
            return
        self._now[name] = value
        self._settings.setValue(f"look/{name}", value)
        self._settings.sync()
        self.changed.emit(name)

    def state(self, name: str) -> QByteArray:
        """Return where things stood ("docks", "frame"); empty where that is not known."""
        value = self._settings.value(f"place/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_state(self, name: str, state: QByteArray | None) -> None:
        """Remember where things stand, or forget it."""
        if state is None:
            self._settings.remove(f"place/{name}")
        else:
            self._settings.setValue(f"place/{name}", state)
        self._settings.sync()

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return numbers that were kept (where views are divided); () where there are none."""
        try:
            return tuple(float(part) for part in str(self._settings.value(f"place/{name}", "")).split())
        except ValueError:
            return ()

    def keep_numbers(self, name: str, numbers: tuple[float, ...]) -> None:
        """Remember a few numbers."""
        self._settings.setValue(f"place/{name}", " ".join(f"{number:.4f}" for number in numbers))
        self._settings.sync()
