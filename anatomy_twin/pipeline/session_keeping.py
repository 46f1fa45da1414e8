"""What of an open case is kept for the next start, should this program end before the case is saved.

Small steps go into a journal at once. What a journal cannot hold (found labels, surfaces, simulated fields) is written
beside it now and then as a case without its scans ("parts"), from which the journal goes on. A case that was never
saved has a place in the user's state folder (a "draft") that it is written to first.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from anatomy_twin.core import SILENT, Case, FrozenMapping, Monitor, Volume, VolumeGeometry
from anatomy_twin.errors import Cancelled, StoreError
from anatomy_twin.store import load_case, save_case
from anatomy_twin.store.drafts import discard
from anatomy_twin.store.journal import Journal, JournalContent, read_journal
from anatomy_twin.store.lock import CaseLock, lock_case
from anatomy_twin.store.manifest import stamp_of
from anatomy_twin.store.state import journal_file, parts_folder, private_folder
from anatomy_twin.store.swap import disk_refusal

MOST_NAMES: Final = 200
_STAND_IN: Final = "(no scan)"  # the primary volume of parts whose scans lie elsewhere


def without_scans(case: Case, known: Mapping[str, Volume]) -> Case:
    """Return a case without the scans that are ``known``, for ``with_scans``; one voxel stands in for them."""
    own = {name: volume for name, volume in case.volumes.items() if volume is not known.get(name)}
    grid = VolumeGeometry((1, 1, 1), (1.0, 1.0, 1.0), np.eye(3), (0.0, 0.0, 0.0))
    own[_STAND_IN] = Volume(np.zeros((1, 1, 1), np.int16), grid, modality="CT", units="HU")
    return replace(case, volumes=FrozenMapping(own), primary=_STAND_IN)


def with_scans(parts: Case, names: tuple[str, ...], base: Case) -> Case:
    """Return a case that ``without_scans`` made, with its scans (``names``, in order) from it or from ``base``."""
    scans = {name: parts.volumes[name] if name in parts.volumes else base.volumes[name] for name in names}
    return replace(parts, volumes=FrozenMapping(scans), primary=base.primary)


@dataclass(eq=False)
class Keep:
    """A case on its way to where it is kept: all of it (a draft) or its parts. ``fresh`` is the journal to come.

    What is ``given_up`` while it is written is removed by whoever writes it.
    """

    case: Case
    target: Path
    fresh: Path
    header: Mapping[str, Any]
    whole: bool
    given_up: bool = False

    def write(self, monitor: Monitor = SILENT) -> tuple[str, Journal]:
        """Write it, in whichever thread; return the stamp of what the journal goes on from, and the journal.

        Raises ``StoreError`` where the disk refuses; nothing is left then.
        """
        try:
            save_case(self.case, self.target, monitor)
            base = stamp_of(self.target) if self.whole else str(self.header["base"])
            with contextlib.suppress(OSError):
                self.fresh.unlink(missing_ok=True)
            journal = Journal(self.fresh, {**self.header, "base": base})
        except MemoryError as error:
            self.remove()
            raise StoreError("there is not enough memory to keep a copy") from error
        except BaseException:
            self.remove()
            raise
        with contextlib.suppress(OSError):
            journal.sync()
        if self.given_up:
            journal.close()
            self.remove()
            raise Cancelled("what was kept is not needed any more")
        return base, journal

    def give_up(self) -> None:
        """Remove what is written, now or when it is."""
        self.given_up = True
        self.remove()

    def remove(self) -> None:
        """Remove what was written."""
        with contextlib.suppress(OSError):
            self.fresh.unlink(missing_ok=True)
        shutil.rmtree(self.target, ignore_errors=True)


class Keeping:
    """The journal of one case, its parts and, where it was never saved, its draft. Not thread-safe.

    ``place`` is where the case lies that the journal goes on from, None while there is none; ``base`` its stamp.
    ``due`` is True where something was done that the journal does not hold, ``later`` where it can be made again.
    """

    def __init__(self, place: Path | None, base: str, state: Path | None, scans: Mapping[str, Volume]) -> None:
        self.place, self.base = place, base
        self.due = self.later = False
        self.steps: tuple[str, ...] = ()  # names of the steps before the parts
        self._state, self._scans = state, scans
        self._parts: dict[str, Any] = {}  # of the header: which parts the journal goes on from
        self._journal: Journal | None = None
        self._draft: CaseLock | None = None
        self._running: Keep | None = None
        self._since: list[dict[str, Any]] = []

    @property
    def drafted(self) -> bool:
        """True where the case lies in the state folder only."""
        return self._draft is not None

    @property
    def begun(self) -> bool:
        """True where there is a journal of this session."""
        return self._journal is not None

    @property
    def running(self) -> bool:
        """True while the case or parts of it are being written."""
        return self._running is not None

    # steps

    def write(self, record: dict[str, Any]) -> None:
        """Put a record into the journal; ``StoreError`` or ``OSError`` where the disk refuses."""
        if self._running is not None:
            self._since.append(record)
        if self.place is None:
            return
        if self._journal is None:
            file = journal_file(self.place, self._state)
            file.unlink(missing_ok=True)
            self._journal = Journal(file, self._header())
        self._journal.append(record)

    def sync(self) -> None:
        """Wait until the journal is on the disk; may be called from another thread."""
        journal = self._journal
        if journal is not None:
            with contextlib.suppress(OSError):
                journal.sync()

    # parts and drafts

    def take_draft(self, place: Path, lock: CaseLock) -> None:
        """Go on with a draft that another program left."""
        self.place, self.base, self._draft = place, stamp_of(place), lock

    def begin(self, case: Case, steps: tuple[str, ...], draft: Path | None = None) -> Keep | None:
        """Begin to write what the journal does not hold; None where there is nothing to do or no place for it.

        ``steps`` are the names of the steps that are in the case. ``draft`` is where a case goes that has no place yet.
        Raises ``StoreError`` where the disk refuses.
        """
        if self._running is not None or (self.place is None and draft is None):
            return None
        whole, home = self.place is None, self.place or draft
        assert home is not None
        if whole and self._draft is None:
            self._draft = lock_case(home)
        header = {"case": home.name, "base": self.base, "steps": [name[:200] for name in steps[-MOST_NAMES:]]}
        target = home
        if not whole:
            try:
                folder = private_folder(parts_folder(home, self._state))
            except OSError as error:
                raise disk_refusal("the copy against a crash", error, home.name) from error
            target = folder / f"{_number(folder):04d}.twin"
            header |= {"parts": target.name, "volumes": list(case.volumes)}
            case = without_scans(case, self._scans)
        self._scans = case.volumes if whole else self._scans
        self._running, self._since, self.due = Keep(
            case, target, journal_file(home, self._state).with_suffix(".new"), header, whole), [], False  # fmt: skip
        self.later = False
        return self._running

    def end(self, keep: Keep, base: str, journal: Journal) -> bool:
        """Take over that it was written: the journal goes on from there. False where it was given up meanwhile."""
        if keep is not self._running:
            journal.close(remove=True)
            keep.remove()
            return False
        since, self._running = self._since, None
        try:
            for record in since:
                journal.append(record)
            journal.move(journal_file(self.place or keep.target, self._state))
        except (StoreError, OSError):
            journal.close(remove=True)
            keep.remove()
            self.due = True
            raise
        if keep.whole:
            self.place = keep.target
        if self._journal is not None:
            self._journal.close()
        self._journal, self.base = journal, base
        self.steps = tuple(keep.header["steps"])
        self._parts = {name: keep.header[name] for name in ("parts", "volumes") if name in keep.header}
        self._sweep(str(self._parts.get("parts", "")))
        return True

    def drop(self, keep: Keep) -> None:
        """Take over that it was not written."""
        if keep is self._running:
            self._running, self.due = None, True

    def abandon(self) -> None:
        """Give up what is being written."""
        if self._running is not None:
            self._running.give_up()
            self._running = None

    # after a crash

    def left_behind(self) -> JournalContent | None:
        """Return the journal that an earlier session left of this state of the case; None for none."""
        if self.place is None or self._journal is not None:
            return None
        try:
            content = read_journal(journal_file(self.place, self._state))
        except StoreError:
            return None
        if content.header.get("base") != self.base or not (
            content.records or content.header.get("parts") or content.header.get("steps")
        ):
            return None
        return content

    def case_of(self, content: JournalContent, case: Case) -> Case:
        """Return the case from which the records of a journal go on; ``StoreError`` where it cannot be read."""
        name, header = content.header.get("parts"), content.header
        if name is None or self.place is None:
            return case
        try:
            parts = load_case(parts_folder(self.place, self._state) / Path(str(name)).name)
            found = with_scans(parts, tuple(str(one) for one in header["volumes"]), case)
        except KeyError as error:
            raise StoreError("a scan of the case is not there") from error
        self._parts = {"parts": str(name), "volumes": list(header["volumes"])}
        return found

    def restart(self, steps: tuple[str, ...]) -> Journal:
        """Return a new journal to be filled and given to ``put``, of a case with the parts of ``case_of``."""
        assert self.place is not None
        self.steps = steps
        file = journal_file(self.place, self._state).with_suffix(".new")
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
        return Journal(file, self._header())

    def put(self, journal: Journal) -> None:
        """Take a journal for that of this session."""
        assert self.place is not None
        journal.move(journal_file(self.place, self._state))
        self._journal = journal

    def forget(self) -> None:
        """Remove what an earlier session left."""
        if self.place is not None:
            with contextlib.suppress(OSError):
                journal_file(self.place, self._state).unlink(missing_ok=True)
            self._sweep("")

    # the end

    def saved(self, place: Path, scans: Mapping[str, Volume]) -> None:
        """Take over that the case lies at a place as it is: nothing of before has to be kept."""
        self.clear()
        self.place, self.base, self._scans = place, stamp_of(place), scans

    def clear(self) -> None:
        """Remove what is kept: it is saved, or given up."""
        self.abandon()
        if self._journal is not None:
            self._journal.close(remove=True)
            self._journal = None
            self._sweep("")
        if self._draft is not None and self.place is not None:
            discard(self.place, self._state)
            self.place = None
        self._end_draft()
        self._parts, self.steps = {}, ()

    def leave(self) -> None:
        """Let go of everything and leave it to the next session."""
        self.abandon()
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._end_draft()

    def _end_draft(self) -> None:
        if self._draft is not None:
            self._draft.release()
            self._draft = None

    def _header(self) -> dict[str, Any]:
        assert self.place is not None
        return {"case": self.place.name, "base": self.base, **self._parts, "steps": list(self.steps)}

    def _sweep(self, keep: str) -> None:
        """Remove parts that no journal goes on from."""
        if self.place is None:
            return
        folder = parts_folder(self.place, self._state)
        with contextlib.suppress(OSError):
            for old in folder.iterdir():
                if old.name != keep:
                    shutil.rmtree(old, ignore_errors=True)
            if not keep:
                folder.rmdir()


def _number(folder: Path) -> int:
    """Return a number that no parts in a folder have."""
    stems = [path.stem for path in folder.iterdir()]
    return 1 + max((int(stem) for stem in stems if stem.isdigit()), default=0)
