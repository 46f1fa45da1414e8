"""Memory: what nothing holds any more is looked for in the interface thread, and given back to the system."""

from __future__ import annotations

import gc
import time
from typing import ClassVar, Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from anatomy_twin.view.allocator import give_free_back

BEAT_MS: Final = 200
ALL_EVERY_S: Final = 20.0  # how often all that lives is looked through at most: it takes the time of a few frames


class Collector(QObject):
    """Lets Python look for unreachable cycles in the interface thread alone, as long as a window lives.

    By itself Python does so in whichever thread allocates next, and objects of Qt and VTK that are found there would
    die in a thread that is not theirs. Young objects are looked through every beat, all of them now and then while no
    button of the mouse is held.
    """

    living: ClassVar[int] = 0

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        Collector.living += 1
        gc.disable()
        self._all_at = time.monotonic()
        beat = QTimer(self, interval=BEAT_MS)
        beat.timeout.connect(self.collect)
        beat.start()
        window.destroyed.connect(_window_gone)

    def collect(self) -> None:
        """Look through what is young, and through all where it is time."""
        counts, limits = gc.get_count(), gc.get_threshold()
        held = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if counts[2] > limits[2] and not held and time.monotonic() - self._all_at > ALL_EVERY_S:
            gc.collect()
            self._all_at = time.monotonic()
        elif counts[1] > limits[1]:
            gc.collect(1)
        elif counts[0] > limits[0]:
            gc.collect(0)


def _window_gone() -> None:
    Collector.living -= 1
    if not Collector.living:
        gc.enable()


def set_aside() -> None:
    """Let what lives now be looked through no more until ``give_back``: modules, the window, the first case."""
    gc.freeze()


def give_back() -> bool:
    """Collect what nothing holds any more and give free memory back; True where the C library could (glibc)."""
    aside = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect()
    if aside:
        set_aside()
    return give_free_back()
