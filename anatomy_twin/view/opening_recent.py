"""The recent cases as menus show them: looked up when something happens, not each time that a menu is drawn."""

from __future__ import annotations

from pathlib import Path

from anatomy_twin.store.drafts import Draft, drafts
from anatomy_twin.store.recent import Recent, recent_cases
from anatomy_twin.store.state import journal_file


class Recents:
    """``cases`` are those that were opened lately, the last one first, each with whether it is still there.

    ``drafts`` are those that were never saved and that no running program holds.
    """

    def __init__(self) -> None:
        self.cases: tuple[tuple[Recent, bool], ...] = ()
        self.drafts: tuple[Draft, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Look at the list and the disk again."""
        self.cases = tuple((one, not one.missing) for one in recent_cases())
        self.drafts = drafts()

    def left_open(self, number: int) -> bool:
        """Tell whether work on a case was not saved: its journal is there."""
        return journal_file(self.cases[number][0].place).is_file()

    def there(self, number: int) -> bool:
        """Tell whether the case ``number`` (0: the last one) can be opened."""
        return number < len(self.cases) and self.cases[number][1]

    def words(self, number: int) -> str:
        """Return what the case is called, "" where there are not so many."""
        return self.cases[number][0].name if number < len(self.cases) else ""

    def place(self, number: int) -> Path:
        """Return where the case lies; ``IndexError`` where there are not so many."""
        return self.cases[number][0].place
