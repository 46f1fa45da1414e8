"""Random hands on the window: mouse, wheel, keys, commands, panels, tools, dialogs, long work, other cases."""

from __future__ import annotations

import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QColorDialog,
    QComboBox,
    QFileDialog,
    QMenu,
    QPushButton,
    QWidget,
)
from shiboken6 import isValid

from tests.fuzz.window_memory import settle

# what would leave the window, talk to the world or take minutes; saving, opening and language have hands of their own
LEFT_ALONE = ("file.", "help.messages_folder", "look.language", "simulate.organs", "simulate.surfaces",
              "simulate.vessels", "simulate.run", "simulate.propose", "plan.propose", "segment.surfaces",
              "scene.film", "scene.turntable")  # fmt: skip
KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_Tab, Qt.Key.Key_Up, Qt.Key.Key_Down,
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Space,
        Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight, Qt.Key.Key_E, Qt.Key.Key_R, Qt.Key.Key_V, Qt.Key.Key_Z,
        Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)  # fmt: skip
HELD = Qt.KeyboardModifier
MODIFIERS = (HELD.NoModifier, HELD.NoModifier, HELD.NoModifier, HELD.ShiftModifier, HELD.ControlModifier,
             HELD.AltModifier)  # fmt: skip
LEFT = Qt.MouseButton.LeftButton
BUTTONS = (LEFT, LEFT, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)
SEGMENT_TOOLS = ("paint", "draw", "erase", "trace", "grow", "scissors", "keep_island", "remove_island", "sample")
SEGMENT_VERBS = ("threshold", "fill_between", "grow_margin", "shrink_margin", "hollow", "smooth", "keep_largest",
                 "remove_small", "confirm", "flag", "clear", "delete", "take", "ball", "by_values")  # fmt: skip
# of a thousand actions
OFTEN = {"drag_on_slice": 140, "drag_in_3d": 80, "drag_handle": 110, "drag_handle_in_3d": 60, "outline": 110,
         "segment_verb": 30, "wheel": 60, "key": 60, "command": 130, "panel": 110, "undo_or_redo": 30,
         "double_click": 15, "time": 25, "resize": 8, "save": 3, "speak": 3, "other_case": 3,
         "simulate": 3}  # fmt: skip


class Monkey:
    """Acts on one window; ``faults`` holds every exception with the actions that led to it.

    ``cases`` are places of cases that are opened in between; ``simulations`` is how many may be started.
    """

    def __init__(self, window: Any, seed: int, cases: tuple[Path, ...] = (), simulations: int = 0) -> None:
        self.window, self.random = window, np.random.default_rng(seed)
        self.cases, self.simulations = cases, simulations
        self.counts: Counter[str] = Counter()
        self.changing: Counter[str] = Counter()  # how many of them changed the case
        self.faults: list[str] = []
        self.trail: list[str] = []
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = self._caught
        threading.excepthook = lambda told: self._caught(told.exc_type, told.exc_value or told.exc_type(),
                                                         told.exc_traceback)  # fmt: skip
        self._closer = QTimer()
        self._closer.setInterval(50)
        self._closer.timeout.connect(self._answer)
        self._closer.start()

    def stop(self) -> None:
        """Take the hands off."""
        self._closer.stop()
        sys.excepthook, threading.excepthook = self._hooks

    def act(self, count: int) -> None:
        """Do ``count`` random things."""
        weights = np.array(list(OFTEN.values()), float)
        for _ in range(count):
            kind = list(OFTEN)[int(self.random.choice(len(weights), p=weights / weights.sum()))]
            if self.window.desk is None:  # the start page: what a person does there is to open a case
                kind = "other_case"
            self.counts[kind] += 1
            before = self._last_step()
            try:
                getattr(self, kind)()
                settle(0.0)
            except Exception:  # noqa: BLE001  any at all is a finding
                self.faults.append(f"{traceback.format_exc()}\nafter {self.trail[-6:]}")
            self.changing[kind] += self._last_step() is not before

    # the mouse on views

    def drag_on_slice(self) -> None:
        """Press on a slice, move, release there or outside of the window."""
        pane = self._slice()
        if pane is not None:
            self._drag(pane, self._one(BUTTONS), self._one(MODIFIERS))

    def drag_in_3d(self) -> None:
        """Turn, pan or pull something in 3-D."""
        pane = self.window.views.scene_pane
        if pane.isVisible():
            self._drag(pane.interactor, self._one(BUTTONS), self._one(MODIFIERS))

    def drag_handle(self) -> None:
        """Pull a handle of the plan on a slice."""
        pane, handle = self._slice(), self._handle()
        if pane is not None and handle is not None:
            row, column = pane.plane.to_pixel(handle.point_mm)
            self._pull(pane, column + 0.5, row + 0.5, handle.name)

    def drag_handle_in_3d(self) -> None:
        """Pull a handle of the plan in 3-D."""
        pane, handle = self.window.views.scene_pane, self._handle()
        if pane.isVisible() and handle is not None:
            size = pane.interactor.width(), max(pane.interactor.height(), 1)
            self._pull(pane.interactor, *pane.stage.camera.pixel_of(handle.point_mm, size), handle.name)

    def outline(self) -> None:
        """Take up a tool for outlines and use it once or twice."""
        desk, pane = self.window.desk, self._slice()
        labels = desk.case.labels.get(desk.case.primary)
        if labels is None or pane is None:
            return
        if not desk.active or self.random.random() < 0.2:
            desk.set_active(self._one([segment.name for segment in labels.segments]) or "")
        tool = self._one(SEGMENT_TOOLS)
        if desk.tool.name != tool.replace("_", " "):
            self._run(f"segment.{tool}")
        for _ in range(int(self.random.integers(1, 3))):
            if pane.isVisible():
                self._drag(pane, LEFT, self._one(MODIFIERS[:5]))
        if self.random.random() < 0.5:
            self._press_key(pane, self._one(KEYS[:3]))

    def double_click(self) -> None:
        """Double click a slice."""
        pane = self._slice()
        if pane is not None:
            self._note(f"double click {pane.plane_name}")
            QTest.mouseDClick(pane, LEFT, pos=self._place(pane))

    def wheel(self) -> None:
        """Turn the wheel over a view."""
        pane = self._slice() if self.random.random() < 0.7 else self.window.views.scene_pane.interactor
        if pane is None or not pane.isVisible():
            return
        place, modifier = self._place(pane), self._one(MODIFIERS)
        self._note(f"wheel {modifier}")
        event = QWheelEvent(
            QPointF(place), QPointF(pane.mapToGlobal(place)), QPoint(0, 0),
            QPoint(0, 120 * int(self.random.integers(-3, 4))), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane, event)

    # keys, commands, panels

    def key(self) -> None:
        """Press a key where the focus is."""
        self._press_key(QApplication.focusWidget() or self.window, self._one(KEYS), self._one(MODIFIERS[:4]))

    def command(self) -> None:
        """Run a command."""
        self._run(self._one([name for name in self.window.commands if not name.startswith(LEFT_ALONE)]))

    def segment_verb(self) -> None:
        """Change the segment that is worked on in one go."""
        self._run(f"segment.{self._one(SEGMENT_VERBS)}")

    def undo_or_redo(self) -> None:
        """Undo or redo."""
        self._note("undo or redo")
        for _ in range(int(self.random.integers(1, 4))):
            (self.window.desk.undo if self.random.random() < 0.5 else self.window.desk.redo)()

    def panel(self) -> None:
        """Touch something in a panel."""
        panel = self._one([*self.window.panels.values(), self.window.time_bar])
        kinds = QAbstractButton | QAbstractSlider | QAbstractItemView | QComboBox | QAbstractSpinBox
        child = self._one([c for c in panel.findChildren(QWidget)
                           if isinstance(c, kinds) and c.isVisible() and c.isEnabled()])  # fmt: skip
        if child is None:
            return
        self._note(f"panel {type(panel).__name__}: {type(child).__name__} {child.objectName()}")
        if isinstance(child, QAbstractSpinBox):
            child.stepBy(int(self.random.integers(-3, 4)))
        elif isinstance(child, QAbstractItemView):
            QTest.mouseClick(child.viewport(), LEFT, pos=self._place(child.viewport()))
            self._press_key(child, self._one(KEYS[4:8]))
        elif isinstance(child, QAbstractSlider):
            self._drag(child, LEFT, MODIFIERS[0])
        else:
            QTest.mouseClick(child, LEFT, pos=self._place(child))

    def time(self) -> None:
        """Play, and pull the slider of the simulated time meanwhile."""
        self._run("simulate.play")
        settle(0.1)
        if self.window.time_bar.slider.isVisible():
            self._drag(self.window.time_bar.slider, LEFT, MODIFIERS[0])
        self._run(self._one(("simulate.field", "simulate.later", "simulate.play")))

    # the window, files, long work

    def resize(self) -> None:
        """Give the window another size, or hide it and show it again."""
        self._note("resize")
        if self.random.random() < 0.3:
            self.window.hide()
            settle(0.02)
            self.window.show()
        else:
            self.window.resize(*(int(self.random.integers(*span)) for span in ((900, 1400), (600, 900))))

    def save(self) -> None:
        """Save while the hands go on."""
        self._note("save")
        self.window.commands["file.save"].run(self.window)

    def speak(self) -> None:
        """Change the language: everything is made anew."""
        self._run(f"look.language_{self._one(('en', 'de'))}")

    def other_case(self) -> None:
        """Open another case; what becomes of unsaved work is answered at random."""
        place = self._one(self.cases)
        if place is not None:
            from anatomy_twin.view.opening import Opening

            self._note(f"open {place.name}")
            Opening.of(self.window).open_case(place)
            settle(0.3)

    def simulate(self) -> None:
        """Start a simulation, go on, undo under it, and stop it now and then."""
        if self.simulations > 0 and self.window.commands["simulate.run"].enabled(self.window):
            self.simulations -= 1
            self._run("simulate.run")
            settle(0.3)
            self.undo_or_redo()
            if self.random.random() < 0.4:
                self._run("simulate.stop")

    # inside

    def _last_step(self) -> Any:
        desk = self.window.desk
        return None if desk is None or not desk.session.history.done else desk.session.history.done[-1]

    def _slice(self) -> Any:
        return self._one([pane for pane in self.window.views.slice_panes.values() if pane.isVisible()])

    def _handle(self) -> Any:
        from anatomy_twin.view.tools.plan_handles import handles_of

        desk = self.window.desk
        if desk.plan is None:
            return None
        desk.set_edit_mode(True)
        if desk.tool.name != "plan":
            desk.set_tool(None)
        tool = handles_of(self.window)
        return None if tool is None else self._one(tool.handles)

    def _run(self, name: str) -> None:
        self._note(f"command {name}")
        self.window.run(name)

    def _press_key(self, widget: QWidget, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self._note(f"key {key} {modifier}")
        QTest.keyClick(widget, key, modifier)

    def _pull(self, widget: QWidget, x: float, y: float, name: str) -> None:
        """Pull what is at a place of a widget, by some way."""
        if 0 <= x < widget.width() and 0 <= y < widget.height():
            self._note(f"pull {name}")
            self._drag(widget, LEFT, self._one(MODIFIERS[:4]), QPoint(int(x), int(y)))

    def _drag(self, widget: QWidget, button: Any, modifier: Any, start: QPoint | None = None) -> None:
        self._note(f"drag on {type(widget).__name__} with {button} {modifier}")
        QTest.mousePress(widget, button, modifier, self._place(widget) if start is None else start)
        for _ in range(int(self.random.integers(1, 6))):
            QTest.mouseMove(widget, self._place(widget))
            QApplication.processEvents()
        outside = self.random.random() < 0.1
        held = self.random.random()
        if held < 0.12:
            QTest.keyClick(self.window, Qt.Key.Key_Escape)
        elif held < 0.15 and self.window.desk is not None:
            self.window.desk.undo()
        elif held < 0.17:  # another command in the middle of it
            self.command()
        if not _alive(widget):
            return
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

    def _soon(self, press: Callable[[], object], thing: QObject) -> None:
        """Press something once the timer is back: a dialog that opens then waits for it."""
        QTimer.singleShot(0, self._closer, lambda: press() if _alive(thing) else None)

    def _answer(self) -> None:
        """Close what has popped up, or choose something in it; dialogs that write elsewhere are closed."""
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            if isinstance(popup, QMenu) and self.random.random() < 0.5:
                known = set(self.window.actions_by_name.values())
                action = self._one([one for one in popup.actions()
                                    if one.isEnabled() and one.menu() is None and one not in known])  # fmt: skip
                popup.close()
                if action is not None:
                    self._note(f"menu {action.text()}")
                    self._soon(action.trigger, action)
            else:
                popup.close()
        if modal is not None and _alive(modal):
            button = self._one([one for one in modal.findChildren(QPushButton) if one.isVisible() and one.isEnabled()])
            writes = isinstance(modal, QFileDialog | QColorDialog)
            if button is not None and not writes and self.random.random() < 0.6:
                self._note(f"button {button.text()} of {type(modal).__name__}")
                self._soon(lambda: QTest.mouseClick(button, LEFT), button)
                return
            QTest.keyClick(modal, Qt.Key.Key_Escape)
            if _alive(modal) and modal.isVisible():
                modal.close()


def _alive(thing: QObject) -> bool:
    """True while Qt has not deleted it."""
    return bool(isValid(thing))
