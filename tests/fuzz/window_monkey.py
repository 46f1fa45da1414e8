"""Random hands on the window: mouse, wheel, keys, commands, panels; and what must hold after them."""

from __future__ import annotations

import gc
import os
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QApplication, QWidget

# what would leave the window, talk to the world or take minutes
LEFT_ALONE = ("file.", "help.messages_folder", "look.language", "simulate.organs", "simulate.surfaces",
              "simulate.vessels", "simulate.run_all")  # fmt: skip
KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Down,
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Space,
        Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight, Qt.Key.Key_E, Qt.Key.Key_R, Qt.Key.Key_V, Qt.Key.Key_Z,
        Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)  # fmt: skip
MODIFIERS = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier,
             Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier)
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton,
           Qt.MouseButton.MiddleButton)  # fmt: skip
EDITED = ("plans", "measurements", "display", "patient")


class Monkey:
    """Acts on one window; ``faults`` holds every exception with the actions that led to it."""

    def __init__(self, window: Any, seed: int) -> None:
        self.window, self.random = window, np.random.default_rng(seed)
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.trail: list[str] = []
        self._hook = sys.excepthook
        sys.excepthook = self._caught
        self._closer = QTimer()
        self._closer.setInterval(50)
        self._closer.timeout.connect(_close_dialogs)
        self._closer.start()

    def stop(self) -> None:
        """Take the hands off."""
        self._closer.stop()
        sys.excepthook = self._hook

    def act(self, count: int) -> None:
        """Do ``count`` random things."""
        kinds = (self.drag_on_slice, self.drag_on_slice, self.drag_in_3d, self.wheel, self.key, self.command,
                 self.command, self.panel, self.panel, self.undo_or_redo, self.double_click)  # fmt: skip
        for _ in range(count):
            kind = kinds[int(self.random.integers(len(kinds)))]
            self.counts[kind.__name__] += 1
            try:
                kind()
                QApplication.processEvents()
            except Exception:  # noqa: BLE001  any at all is a finding
                self.faults.append(f"{traceback.format_exc()}\nafter {self.trail[-6:]}")

    # hands

    def drag_on_slice(self) -> None:
        """Press on a slice, move, release there or outside of the window."""
        pane = self._one([pane for pane in self.window.views.slice_panes.values() if pane.isVisible()])
        if pane is not None:
            self._drag(pane, self._one(BUTTONS), self._one(MODIFIERS))

    def drag_in_3d(self) -> None:
        """Turn, pan or pull something in 3-D."""
        pane = self.window.views.scene_pane
        if pane.isVisible():
            self._drag(pane.interactor, self._one(BUTTONS), self._one(MODIFIERS))

    def double_click(self) -> None:
        """Double click a slice."""
        pane = self._one([pane for pane in self.window.views.slice_panes.values() if pane.isVisible()])
        if pane is not None:
            self._note(f"double click {pane.plane_name}")
            QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=self._place(pane))

    def wheel(self) -> None:
        """Turn the wheel over a view."""
        pane = self._one([pane for pane in self.window.views.slice_panes.values() if pane.isVisible()])
        if pane is None:
            return
        place, modifier = self._place(pane), self._one(MODIFIERS)
        self._note(f"wheel {modifier}")
        event = QWheelEvent(
            QPointF(place), QPointF(pane.mapToGlobal(place)), QPoint(0, 0),
            QPoint(0, 120 * int(self.random.integers(-3, 4))), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane, event)

    def key(self) -> None:
        """Press a key where the focus is."""
        key, modifier = self._one(KEYS), self._one(MODIFIERS[:4])
        self._note(f"key {key} {modifier}")
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def command(self) -> None:
        """Run a command."""
        names = [name for name in self.window.commands if not name.startswith(LEFT_ALONE)]
        name = self._one(names)
        self._note(f"command {name}")
        self.window.run(name)

    def undo_or_redo(self) -> None:
        """Undo or redo."""
        self._note("undo or redo")
        if self.random.random() < 0.5:
            self.window.desk.undo()
        else:
            self.window.desk.redo()

    def panel(self) -> None:
        """Touch something in a panel."""
        panel = self._one(list(self.window.panels.values()))
        inside = [child for child in (panel, *panel.findChildren(QWidget)) if child.isVisible() and child.isEnabled()]
        child = self._one([c for c in inside if isinstance(c, QAbstractButton | QAbstractSlider | QAbstractItemView)])
        if child is None:
            return
        self._note(f"panel {type(panel).__name__}: {type(child).__name__} {child.objectName()}")
        if isinstance(child, QAbstractItemView):
            child = child.viewport()
        QTest.mouseClick(child, Qt.MouseButton.LeftButton, pos=self._place(child))

    # inside

    def _drag(self, widget: QWidget, button: Any, modifier: Any) -> None:
        start = self._place(widget)
        self._note(f"drag on {type(widget).__name__} with {button} {modifier}")
        QTest.mousePress(widget, button, modifier, start)
        for _ in range(int(self.random.integers(1, 6))):
            QTest.mouseMove(widget, self._place(widget))
            QApplication.processEvents()
        outside = self.random.random() < 0.1
        if self.random.random() < 0.1:
            QTest.keyClick(self.window, Qt.Key.Key_Escape)
        end = QPoint(widget.width() + 300, -200) if outside else self._place(widget)
        QTest.mouseRelease(widget, button, modifier, end)

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(*(int(self.random.integers(max(side, 1))) for side in (widget.width(), widget.height())))

    def _one(self, items: Any) -> Any:
        return items[int(self.random.integers(len(items)))] if len(items) else None

    def _note(self, what: str) -> None:
        self.trail = [*self.trail[-30:], what]

    def _caught(self, kind: Any, error: BaseException, where: Any) -> None:
        self.faults.append("".join(traceback.format_exception(kind, error, where)) + f"\nafter {self.trail[-6:]}")


def same_case(one: Any, other: Any) -> list[str]:
    """Return what of two cases that a person can edit is not equal."""
    differ = [part for part in EDITED if getattr(one, part) != getattr(other, part)]
    for name in dict.fromkeys((*one.labels, *other.labels)):
        if name not in one.labels or name not in other.labels:
            differ.append(f"labels {name}")
        elif not np.array_equal(one.labels[name].array, other.labels[name].array):
            differ.append(f"voxels of {name}")
        elif one.labels[name].segments != other.labels[name].segments:
            differ.append(f"segments of {name}")
    return differ


def undo_and_redo_everything(session: Any) -> list[str]:
    """Undo all steps, redo all, and return what of the case is not as it was."""
    before = session.snapshot()
    done = len(session.history.done)
    session.go_to(0)
    session.go_to(done)
    return same_case(before, session.snapshot())


def memory_mb() -> float:
    """Return the resident memory of this process in MB, rubbish collected."""
    gc.collect()
    return psutil.Process(os.getpid()).memory_info().rss / 2**20


def leftovers() -> dict[str, int]:
    """Return how many widgets, threads and child processes there are, once what is to be deleted is gone."""
    end = time.monotonic() + 3.0
    while time.monotonic() < end:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QApplication.processEvents()
        time.sleep(0.02)
    process = psutil.Process(os.getpid())
    return {"widgets": len(QApplication.allWidgets()), "threads": process.num_threads(),
            "children": len(process.children(recursive=True)), "files": process.num_fds()}  # fmt: skip


def copied(case: Path, folder: Path) -> Path:
    """Return a copy of a case folder."""
    import shutil

    target = folder / case.name
    shutil.copytree(case, target)
    return target


def _close_dialogs() -> None:
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
    modal = QApplication.activeModalWidget()
    if modal is not None:
        QTest.keyClick(modal, Qt.Key.Key_Escape)
        if modal.isVisible():
            modal.close()


def settle(seconds: float = 0.05) -> None:
    """Let the window do what it has put off."""
    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        if time.monotonic() >= end:
            return
        time.sleep(0.005)


def let_go(window: Any) -> None:
    """Give back what the hands hold."""
    window.desk.tool.cancel()
    window.desk.drop()
    settle()


def saved_and_recovered(window: Any, case: Path) -> list[str]:
    """Recover the case from its journal as after a crash, then save and load it; return what differs."""
    import shutil

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.store import load_case

    faults = []
    session = window.desk.session
    held = session.snapshot()
    session.sync()
    state = Path(os.environ["XDG_STATE_HOME"])
    aside = state.with_name(f"{state.name}-aside")
    shutil.copytree(state, aside)
    os.environ["XDG_STATE_HOME"] = str(aside)
    try:
        again = Session.open(case)  # read-only: the window has it; its journal lies beside
        lost = again.recover()
        differ = same_case(held, again.case)
        if differ and not lost:
            faults.append(f"the journal gave another case back: {', '.join(differ)}")
        again.close(keep_journal=True)
    finally:
        os.environ["XDG_STATE_HOME"] = str(state)
        shutil.rmtree(aside, ignore_errors=True)
    session.save(anyway=True)
    differ = same_case(held, load_case(case))
    if differ:
        faults.append(f"the saved case is another one: {', '.join(differ)}")
    return faults
