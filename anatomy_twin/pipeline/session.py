"""One open case: what is done to it, undone, journaled, saved. No interface toolkit here; windows and pages draw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Case, FrozenMapping, LabelMap, Monitor, Result, VolumeGeometry
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.pipeline.session_crash import RECOVERED, CrashSafe
from anatomy_twin.pipeline.session_keeping import Keeping
from anatomy_twin.pipeline.session_records import entry_of, lost_of, record_of
from anatomy_twin.rehearsal.history import MAX_BYTES, Entry, History, applied, entry_between
from anatomy_twin.segmentation.editing.desk import Change, with_layers
from anatomy_twin.store import load_case, save_case
from anatomy_twin.store.lock import CaseLock, lock_case
from anatomy_twin.store.manifest import stamp_of
from anatomy_twin.store.swap import mend

Listener = Callable[[frozenset[str]], None]
READ_OFF: Final = ("checks", "results", "robustness", "assessments")  # what is computed from labels and plans


@dataclass(frozen=True, eq=False)
class Saving:
    """A case on its way to the disk: ``mark`` is the last step that is in it."""

    case: Case
    target: Path
    lock: CaseLock | None
    mark: Entry | None

    def write(self, monitor: Monitor = SILENT) -> None:
        """Write it, in whichever thread; ``StoreError`` where the disk refuses, and the old case is as it was."""
        save_case(self.case, self.target, monitor)


class Session(CrashSafe):
    """A case that is being worked on.

    ``case`` is replaced by every step, never changed; only the voxels behind its primary label map are edited in
    place, so long work gets ``snapshot()``. Every step goes through ``do`` (or ``do_labels``), is named, can be
    undone, and is in the journal before listeners hear of it. Not thread-safe: one thread owns a session.
    """

    def __init__(
        self, case: Case, path: str | Path | None = None, *, lock: CaseLock | None = None,
        state: Path | None = None, max_bytes: int = MAX_BYTES,
    ) -> None:
        self.case, self.history = case, History(max_bytes)
        self.path = None if path is None else Path(path).absolute()
        self.lock, self._state = lock, state
        self._kept = Keeping(self.path, "" if self.path is None else stamp_of(self.path), state, case.volumes)
        self._voxels: NDArray[Any] | None = None
        self.ahead: tuple[Any, Any] = (None, ())  # voxels of labels, and a copy made before the first edit needs one
        self._snapshot: Case | None = None
        self._saved: Entry | None = None
        self._before: tuple[str, ...] = ()  # names of steps of an earlier session that are recovered and not saved
        self._in_journal = [0, 0]  # how many steps of the history the journal can undo and redo
        self._meanwhile: list[dict[str, Any]] | None = None  # what is journaled while the case is being written
        self._listeners: list[Listener] = []
        self.messages: list[str] = []

    @classmethod
    def open(
        cls, path: str | Path, monitor: Monitor = SILENT, *, state: Path | None = None, max_bytes: int = MAX_BYTES
    ) -> Session:
        """Open a saved case to work on it: locked for this program where nobody else has it, else read-only.

        Raises ``StoreError`` where no case can be read there.
        """
        place = Path(path).absolute()
        mend(place)
        lock = lock_case(place) if place.is_dir() else None
        try:
            return cls(load_case(place, monitor), place, lock=lock, state=state, max_bytes=max_bytes)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def open_draft(
        cls, place: Path, monitor: Monitor = SILENT, *, state: Path | None = None, max_bytes: int = MAX_BYTES
    ) -> tuple[Session, tuple[str, ...]]:
        """Go on with a case that was never saved; return lines about what could not be done again too.

        Raises ``StoreError`` where it cannot be read, or another program has it open.
        """
        lock = lock_case(place)
        try:
            if not lock.held:
                raise StoreError("this work is open in another window")
            session = cls(load_case(place, monitor), state=state, max_bytes=max_bytes)
            session._kept.take_draft(place, lock)
            return session, session.recover()
        except BaseException:
            lock.release()
            raise

    @property
    def read_only(self) -> str:
        """Why the case cannot be saved where it lies, in one line; "" where it can."""
        if self.path is None or self.lock is None or self.lock.held:
            return ""
        owner = self.lock.owner
        return self.lock.why if owner is None else f"the case is open for {owner.told}: read-only here"

    @property
    def dirty(self) -> bool:
        """True where something was done since the case was saved."""
        return (self.history.done[-1] if self.history.done else None) is not self._saved

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the names of the fields that a step changed, after each; what is returned ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def place(self) -> Path | None:
        """Where the case lies on the disk: saved, or as a draft in the user's state folder; None while nowhere."""
        return self._kept.place

    # steps

    def do(self, name: str, after: Case, key: str = "") -> None:
        """Make ``after`` the case, as a step called ``name``; steps in a row with the same ``key`` become one."""
        entry = entry_between(self.case, after, name, key)
        if entry.fields:
            if "labels" in entry.after:
                self._voxels = None
            self._commit(entry, after)

    def do_labels(self, change: Change) -> None:
        """Edit the primary label map by a difference (``verb.change(labels, ...)``), as a step of its name.

        Plans stay; what was read off the old labels (checks, numbers, and results on whose grid something changed) is
        dropped, as is the surface of what changed: surfaces are made anew by ``mesh_case``.
        """
        if change.empty:
            return
        before = self.case
        read_off: dict[str, Any] = {part: FrozenMapping() for part in READ_OFF if getattr(before, part)}
        if before.results:
            read_off["results"] = _untouched(before.results, before.label_map.geometry, change)
        entry = entry_between(before, replace(before, **read_off), change.name, change=change)
        after = replace(before, **read_off)
        voxels = self._writable(change.layers_after)
        voxels[(slice(None), *change.box)] = change.after
        labels = LabelMap(voxels, before.label_map.geometry, change.segments_after, before.label_map.notes)
        self._commit(entry, replace(after, labels=FrozenMapping({**after.labels, after.primary: labels})))

    def derive(self, **parts: Any) -> None:
        """Take over what was computed from the case as it is now (``anatomy=``), beside the steps: nothing to undo."""
        self.case = replace(self.case, **parts)
        self._kept.later = True
        self._tell(frozenset(parts))

    def undo(self) -> str:
        """Undo the last step and return its name; ``UsageError`` where there is none."""
        return self._step(back=True)

    def redo(self) -> str:
        """Redo the step that was undone last and return its name; ``UsageError`` where there is none."""
        return self._step(back=False)

    def go_to(self, count: int) -> None:
        """Undo or redo until ``count`` steps are done (0: the case as it was opened or remembered)."""
        if not 0 <= count <= len(self.history.done) + len(self.history.undone):
            raise UsageError(f"the history has no state number {count}")
        while len(self.history.done) != count:
            self._step(back=len(self.history.done) > count)

    def snapshot(self) -> Case:
        """Return the case with voxels of its own, for work beside the session; the same one until voxels change."""
        if self._voxels is None:
            return self.case
        if self._snapshot is None or self._snapshot.label_map.segments is not self.case.label_map.segments:
            labels = replace(self.case.label_map, array=self.case.label_map.array.copy(order="K"))
            self._snapshot = replace(self.case, labels=FrozenMapping({**self.case.labels, self.case.primary: labels}))
        own = {**self.case.labels, self.case.primary: self._snapshot.label_map}
        return replace(self.case, labels=FrozenMapping(own))

    # files

    def save(self, path: str | Path | None = None, monitor: Monitor = SILENT, *, anyway: bool = False) -> Path:
        """Save the case where it lies, or under another name, which is then where it lies.

        Raises ``StoreError`` where another program has the case or, unless ``anyway``, changed or removed it since it
        was opened, and where the disk refuses: the case on the disk is then as it was.
        """
        saving = self.begin_save(path, anyway=anyway)
        try:
            saving.write(monitor)
        except BaseException:
            self.drop_save(saving)
            raise
        return self.end_save(saving)

    def begin_save(self, path: str | Path | None = None, *, anyway: bool = False) -> Saving:
        """Begin to save the case as it is now; raises as ``save`` does.

        ``write`` of what comes back may run in another thread while steps go on here; ``end_save`` ends it where it
        worked, ``drop_save`` where it did not.
        """
        target = self.path if path is None else Path(path).absolute()
        if target is None:
            raise UsageError("the case has no place yet", advice="give a name to save it under")
        if self._meanwhile is not None:
            raise UsageError("the case is being saved", advice="wait until that is done")
        elsewhere = target != self.path
        if not elsewhere:
            self._check_place(target, anyway)
        lock = lock_case(target) if elsewhere or self.lock is None else None
        if lock is not None and lock.owner is not None and not lock.held:
            raise StoreError(f"the case is open for {lock.owner.told}", where=target.name[:80],
                             advice="save it under another name")
        self.history = self.history.sealed()
        self._meanwhile, self._in_journal, self._kept.due, self._kept.later = [], [0, 0], False, False
        self._kept.abandon()
        return Saving(self.snapshot(), target, lock, self.history.done[-1] if self.history.done else None)

    def end_save(self, saving: Saving) -> Path:
        """Take over that a case was written: that is where it lies, and what was done since is what is unsaved."""
        since, counts = self._meanwhile or [], self._in_journal
        self._meanwhile = None
        if saving.lock is not None:
            self._release()
            self.lock = saving.lock
        due, later = self._kept.due, self._kept.later
        self._kept.saved(saving.target, saving.case.volumes)
        self.path, self._saved, self._before = saving.target, saving.mark, ()
        self._kept.due, self._kept.later = due, later
        for record in since:
            self._write(record)
        self._in_journal = counts
        self._tell(frozenset({"saved"}))
        return saving.target

    def drop_save(self, saving: Saving) -> None:
        """Take over that a case was not written: everything is as it was."""
        self._meanwhile, self._kept.due = None, True
        if saving.lock is not None:
            saving.lock.release()

    @property
    def outside(self) -> str:
        """What another program did to the case where it lies since it was opened: "changed", "removed" or ""."""
        if self.path is None:
            return ""
        now = stamp_of(self.path)
        return "" if now == self._kept.base else "changed" if now else "removed"

    def close(self, *, keep_journal: bool = False) -> None:
        """End the session: unsaved steps are given up, unless the journal is kept for the next one."""
        if keep_journal:
            self._kept.leave()
        else:
            self._kept.clear()
        self._release()

    # inside

    def _commit(self, entry: Entry, after: Case) -> None:
        self._write(record_of(entry))
        self._note(entry)
        self.case = after
        self._record(entry)
        self._tell(entry.fields)

    def _record(self, entry: Entry) -> None:
        self.history = self.history.recorded(entry)
        joined = self.history.done[-1] is not entry
        self._in_journal = [min(self._in_journal[0] + (not joined), len(self.history.done)), 0]

    def _step(self, *, back: bool) -> str:
        entry = self.history.next(back=back)
        known = self._in_journal[0 if back else 1] > 0
        self._write({"undo" if back else "redo": entry.name} if known else record_of(entry, back=back))
        self._note(entry, back=back)
        self._turn(entry, back=back)
        self.history = self.history.stepped(back=back)
        self._count(back=back, known=known)
        self._tell(entry.fields)
        return entry.name

    def _count(self, *, back: bool, known: bool) -> None:
        """Keep count of the steps that the journal can undo and redo by their names alone."""
        undo, redo = self._in_journal
        if back:
            self._in_journal = [undo - 1, redo + 1] if known else [0, 0]
        else:
            self._in_journal = [undo + 1, redo - 1 if known else 0]

    def _turn(self, entry: Entry, *, back: bool) -> None:
        """Make the case what it was before (``back``) or after a step."""
        step = entry.step
        voxels = None if step is None else self._writable(max(step.shape[0], step.layers_before))
        self.case = applied(self.case, entry, back=back, array=voxels)
        if "labels" in entry.before:
            self._voxels = None
        elif step is not None:
            self._voxels = _base_of(self.case.label_map.array)

    def _writable(self, layers: int) -> NDArray[Any]:
        """Return the session's own memory of the primary label map, with that many layers."""
        labels = self.case.label_map.array
        if self._voxels is None or self._voxels.shape[0] != layers:
            of, ahead = self.ahead
            self._voxels = ahead if of is labels and len(ahead) == layers else with_layers(labels, layers)
        self._snapshot, self.ahead = None, (None, ())
        return self._voxels

    def _replay(self, record: Any) -> None:
        """Do again what a record tells."""
        if "undo" in record or "redo" in record:
            back = "undo" in record
            self._turn(self.history.next(back=back), back=back)
            self.history = self.history.stepped(back=back)
            self._count(back=back, known=True)
            return
        entry, back = entry_of(record, self.case), bool(record.get("back"))
        self._turn(entry, back=back)
        if back:  # a step of before the case was saved: what led to it is not known here
            self.history, self._in_journal = replace(self.history, done=(), undone=()), [0, 0]
            self._saved = RECOVERED
        else:
            self._record(entry)

    def _write(self, record: dict[str, Any]) -> None:
        """Put a record into the journal; a case without a place, or one that is read-only, has none."""
        if self._meanwhile is not None:
            self._meanwhile.append(record)
        if self.read_only:
            return
        try:
            self._kept.write(record)
        except (StoreError, OSError) as error:
            self.warn_of_loss(error)

    def _note(self, entry: Entry, *, back: bool = False) -> None:
        """Note that a step has to be kept beside the journal."""
        if lost_of(entry, back=back):
            self._kept.due = True

    def _check_place(self, target: Path, anyway: bool) -> None:
        if self.read_only:
            raise StoreError(self.read_only, where=target.name[:80], advice="save it under another name")
        if not anyway and (what := self.outside):
            raise StoreError(f"another program {what} the case since it was opened", where=target.name[:80],
                             advice="save it under another name")

    def _release(self) -> None:
        if self.lock is not None:
            self.lock.release()
            self.lock = None

    def _tell(self, what: frozenset[str]) -> None:
        for listener in tuple(self._listeners):
            listener(what)


def _untouched(results: Mapping[str, Result], labels: VolumeGeometry, change: Change) -> Mapping[str, Result]:
    """Return the results whose grid holds no voxel of what was edited: they would come out the same again."""
    if not change.after.size:  # the table alone changed
        return results
    depth, height, width = change.after.shape[1:]
    corners_mm = labels.cropped(change.start, (depth, height, width)).corners_mm()
    kept = {}
    for name, result in results.items():
        inside = result.geometry.to_index(corners_mm)
        apart = (inside.max(axis=0) < -1.0) | (inside.min(axis=0) > result.geometry.shape)
        if apart.any():  # some face of the grid parts the two; boxes that only nearly touch count as touching
            kept[name] = result
    return results if len(kept) == len(results) else FrozenMapping(kept)


def _base_of(array: NDArray[Any]) -> NDArray[Any]:
    """Return the writable array behind a read-only view."""
    return np.asarray(array if array.base is None else array.base)
