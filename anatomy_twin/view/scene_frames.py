"""When the 3-D view draws, and how richly: quickly while it moves, finely when it stands, words alone over that."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from anatomy_twin.render.live_pick import Finder
from anatomy_twin.render.live_stage import LiveStage
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.scene_surface import SceneSurface

REST_MS: Final = 220  # after the last movement, until the fine picture follows
BEST_MS: Final = 160  # from the fine picture to the finest
TOUCH_MS: Final = 25  # for lines and words over the picture that stands
LATER_MS: Final = 140  # for what another view moved: that one comes first


class SceneFrames(QWidget):
    """The frames of a view with a ``stage`` on an ``interactor``; ``frames`` counts them by their kind."""

    desk: Desk
    stage: LiveStage
    interactor: SceneSurface
    finder: Finder

    def __init__(self) -> None:
        super().__init__()
        self.frames: dict[str, int] = {"moving": 0, "resting": 0, "best": 0, "over": 0}
        self.longest_s: dict[str, float] = {}
        self._unfinished = True  # finer surfaces are still to be made
        self._shut, self._stale, self._moving = False, True, False
        self._timers = {name: self._timer(run, wait) for name, run, wait in (
            ("frame", self._frame, 0), ("rest", self._rested, REST_MS), ("best", self._finest, BEST_MS),
            ("later", self._later, LATER_MS), ("prepare", self._prepare, 12), ("touch", self._touch, TOUCH_MS),
        )}  # fmt: skip

    def moved(self) -> None:
        """Draw soon, as richly as can be done at once; the fine picture follows when nothing moves any more."""
        self._moving, self._stale = True, True
        self.stage.forget()
        self._timers["best"].stop()
        self._timers["rest"].start()
        self._timers["frame"].start()

    def draw(self) -> None:
        """Draw the fine picture now."""
        for name in ("frame", "rest", "best"):
            self._timers[name].stop()
        self._rested()

    @property
    def busy(self) -> bool:
        """True while a frame is due or something is still prepared for movements to come."""
        return any(timer.isActive() for timer in self._timers.values())

    def touched(self) -> None:
        """Draw lines and words soon, over the picture as it stands where it does."""
        self._timers["touch"].start()

    def _touch(self) -> None:
        if self._shut or not self.isVisible() or any(self._timers[name].isActive() for name in ("frame", "later")):
            self._stale = True  # or a whole frame is on its way
            return
        self.interactor.holds_frame = True
        if self.stage.touch():
            self.frames["over"] += 1
        else:
            self.moved()

    def _later_moved(self) -> None:
        self._stale = True
        self.stage.forget()
        self._timers["later"].start()

    def _later(self) -> None:
        self.moved()

    def _frame(self) -> None:
        self._draw("moving")
        # from now on, and longer where frames are slow: a fine picture between two movements would stop the hand
        slow_ms = 1500 * self.stage.pace.last_s.get("moving", 0.0)
        self._timers["rest"].start(max(REST_MS, round(slow_ms)))

    def _rested(self) -> None:
        """Draw the fine picture at once where its cost is known and small; else step by step."""
        self._moving = False
        if self.stage.pace.last_s.get("best", 9.0) < 0.35 and self.stage.pace.best_affordable:
            self._draw("best")
        else:
            self._draw("resting")
            if self.stage.pace.best_affordable or self.stage.pace.software:
                self._timers["best"].start()
        self._timers["prepare"].start()

    def _finest(self) -> None:
        if not self._moving and self.stage.pace.best_affordable:
            self._draw("best")

    def _draw(self, kind: str) -> None:
        if self._shut or not self.isVisible():
            return
        if not self.stage.window.GetReadyForRendering():  # Qt will ask for the first frame
            self.interactor.update()
            return
        self._stale = False
        self.interactor.holds_frame = True
        seconds = self.stage.frame(kind)
        self.frames[kind] += 1
        self.longest_s[kind] = max(seconds, self.longest_s.get(kind, 0.0))

    def _repaint(self) -> None:
        """Draw because Qt needs a picture of another size: a quick one, the fine one follows."""
        self._draw("moving")
        self._timers["rest"].start()

    def _prepare(self) -> None:
        """Make one thing that the next movement or pick will need, between two events."""
        if self._shut or self._moving or not self.isVisible():
            return
        if self.stage.surfaces.prepare() or self.finder.prepare(self.desk.scene.surfaces):
            self._timers["prepare"].start()
        elif self._unfinished:
            self._unfinished = False
            self._rested()

    def _timer(self, run: Any, wait_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait_ms)
        timer.timeout.connect(run)
        return timer
