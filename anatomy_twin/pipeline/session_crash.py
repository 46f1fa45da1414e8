"""What an open case does against a crash: it keeps what was done, and does it again at the next start."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from anatomy_twin.core import Case
from anatomy_twin.errors import Cancelled, StoreError, TwinError
from anatomy_twin.pipeline.session_keeping import Keep, Keeping
from anatomy_twin.rehearsal.history import FIELDS, Entry, History
from anatomy_twin.store.drafts import new_place
from anatomy_twin.store.journal import Journal

LOST: Final = "what is done now would be lost in a crash"
RECOVERED: Final = Entry("")  # stands for the saved case where work was recovered that no step of this session tells


class CrashSafe:
    """The part of a ``Session`` that outlives its program: journal, parts beside it, drafts (``session_keeping``)."""

    case: Case
    history: History
    messages: list[str]
    _kept: Keeping
    _state: Path | None
    _saved: Entry | None
    _before: tuple[str, ...]
    _in_journal: list[int]
    _meanwhile: list[dict[str, Any]] | None

    @property
    def read_only(self) -> str:
        """Why the case cannot be saved where it lies; "" where it can."""
        raise NotImplementedError

    def snapshot(self) -> Case:
        """Return the case with voxels of its own."""
        raise NotImplementedError

    def _replay(self, record: Any) -> None:
        raise NotImplementedError

    def _tell(self, what: frozenset[str]) -> None:
        raise NotImplementedError

    @property
    def keep_due(self) -> bool:
        """True where something was done that would be lost in a crash, and nothing of it is being written."""
        idle = self._meanwhile is None and not self._kept.running and not self.read_only
        return idle and (self._kept.due or self._kept.later or self._kept.place is None)

    @property
    def keep_soon(self) -> bool:
        """True where ``keep_due`` is more than what follows from voxels in a moment, as surfaces do."""
        return self.keep_due and (self._kept.due or self._kept.place is None)

    def begin_keep(self) -> Keep | None:
        """Begin to write what the journal does not hold; None where there is nothing to do.

        ``write`` of what comes back may run in another thread while steps go on here; what it returns goes to
        ``end_keep``, an error to ``drop_keep``. Raises ``StoreError`` where there is no place for it.
        """
        if not self.keep_due:
            return None
        draft = new_place(self._state) if self._kept.place is None else None
        keep = self._kept.begin(self.snapshot(), self._unsaved_names(), draft)
        if keep is not None:
            self._in_journal = [0, 0]
        return keep

    def end_keep(self, keep: Keep, written: tuple[str, Journal]) -> bool:
        """Take over that what is kept was written; False where the case was saved or closed meanwhile."""
        try:
            taken = self._kept.end(keep, *written)
        except (StoreError, OSError) as error:
            self.warn_of_loss(error)
            return False
        if taken and any(line.startswith(LOST) for line in self.messages):  # the disk has room again
            self.messages[:] = [line for line in self.messages if not line.startswith(LOST)]
            self._tell(frozenset({"messages"}))
        return taken

    def drop_keep(self, keep: Keep, error: TwinError) -> None:
        """Take over that what is kept was not written, and tell why."""
        self._kept.drop(keep)
        if not isinstance(error, Cancelled):
            self.warn_of_loss(error)

    def recoverable(self) -> tuple[str, ...]:
        """Return the names of the steps that an earlier session of this case did and did not save; () for none."""
        content = self._kept.left_behind()
        if content is None:
            return ()
        since = (str(record["do"]) for record in content.records if "do" in record)
        return (*(str(name) for name in content.header.get("steps", ())), *since)

    def recover(self) -> tuple[str, ...]:
        """Do again what an earlier session did and did not save; return lines about what could not be done again."""
        content = self._kept.left_behind()
        if content is None:
            return ()
        lost: list[str] = []
        before = self.case
        try:
            self.case = self._kept.case_of(content, before)
            self._before = tuple(str(name) for name in content.header.get("steps", ()))
        except StoreError as error:
            lost.append(f"what was computed cannot be read: {error}")
        if self.case is not before:
            self._saved = RECOVERED
        journal = self._kept.restart(self._before)
        for number, record in enumerate(content.records, start=1):
            try:
                self._replay(record)
                journal.append(record)
                if record.get("lost"):
                    lost.append(f"{record['do']}: to be made again ({', '.join(record['lost'])})")
            except (TwinError, KeyError, TypeError) as error:
                lost.append(f"step {number} and what followed it could not be done again: {error}")
                break
        self._kept.put(journal)
        self._tell(frozenset(FIELDS))
        return tuple(dict.fromkeys(lost))

    def forget(self) -> None:
        """Give up what an earlier session did and did not save."""
        self._kept.forget()

    def sync(self) -> None:
        """Wait until the journal is on the disk; may be called from another thread."""
        self._kept.sync()

    def warn_of_loss(self, error: Exception) -> None:
        """Tell that what is done now is not kept, and why."""
        line = f"{LOST}: {error.what if isinstance(error, TwinError) else error}"
        if line not in self.messages:
            self.messages.append(line)
            self._tell(frozenset({"messages"}))

    # inside

    def _unsaved_names(self) -> tuple[str, ...]:
        """Return the names of the steps since the case was saved, those that were recovered too."""
        done = self.history.done
        first = done.index(self._saved) + 1 if self._saved in done else 0
        return (*self._before, *(entry.name for entry in done[first:]))
