"""Drives the real window through its steps and keeps a picture of each, and a drag of an applicator as an animation."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (1600, 1000)
SHOWN_PX = 1200  # width in which pictures are kept
FRAME_MS = 120
SHEET = ("start", "check", "organs", "simulate", "compare", "report")


class Hands:
    """Opens a copy of a case in the window, or none, and does what a person would."""

    def __init__(self, case: Path | None, scratch: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from anatomy_twin.pipeline.session import Session
        from anatomy_twin.view.style import apply_style
        from anatomy_twin.view.window import RehearsalWindow

        self.application = QApplication.instance() or QApplication(["pictures"])
        apply_style(self.application)  # type: ignore[arg-type]
        scratch.mkdir(parents=True, exist_ok=True)
        session = None
        if case is not None:
            session = Session.open(shutil.copytree(case, scratch / case.name))
        self.window: Any = RehearsalWindow(session)
        self.window.resize(*SIZE)
        self.window.move(0, 0)
        self.window.show()
        self.wait(3.0)

    def wait(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """Let the window work for so long, or until something is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (until is not None and until()):
            self.application.processEvents()
            time.sleep(0.01)

    def picture(self) -> np.ndarray:
        """What is on the screen, RGB."""
        from PySide6.QtGui import QGuiApplication, QImage

        self.wait(0.1)
        image = QGuiApplication.primaryScreen().grabWindow(0, 0, 0, *SIZE).toImage()
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return data[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    def run(self, name: str, seconds: float = 0.5) -> None:
        """Run a command and let it settle."""
        self.window.run(name)
        self.wait(seconds)

    def finish_tasks(self, seconds: float = 300.0) -> None:
        """Wait until nothing runs any more."""
        self.wait(0.3)
        self.wait(seconds, lambda: not self.window.jobs.busy)
        self.wait(1.5)

    def close(self) -> None:
        """Close the window."""
        self.window.close()
        self.wait(0.3)


def steps(case: Path, out: Path, scratch: Path) -> list[Path]:
    """Write a picture of every step of the work with a case that holds a plan A; return the files."""
    pictures: dict[str, np.ndarray] = {}
    empty = Hands(None, scratch)
    pictures["start"] = empty.picture()
    empty.close()
    hands = Hands(case, scratch)
    hands.run("look.panel_numbers")

    def keep(name: str) -> None:
        pictures[name] = hands.picture()

    keep("open")
    hands.window.panels["steps"].choose("check")
    hands.wait(0.5)
    keep("check")
    hands.run("look.panel_segment")
    hands.window.desk.set_active("liver")
    hands.run("segment.paint")
    keep("organs")
    hands.run("segment.navigate")
    hands.run("look.panel_tree")
    hands.run("plan.edit", 6.0)
    keep("plan")
    hands.run("plan.duplicate")
    drag_tip(hands, (9.0, -6.0), frames=4)
    hands.run("simulate.run")
    hands.finish_tasks()
    hands.run("simulate.field")
    keep("simulate")
    hands.run("plan.new_resection", 8.0)
    keep("resection")
    hands.run("simulate.measure")
    hands.finish_tasks()
    hands.run("plan.compare", 1.0)
    keep("compare")
    hands.window.panels["steps"].choose("report")
    hands.wait(0.5)
    keep("report")
    hands.run("look.theme_light", 2.0)
    keep("light")
    hands.run("look.theme_dark", 1.0)
    hands.close()
    written = [save(picture, out / f"window_{name}.jpg") for name, picture in pictures.items()]
    shown = [pictures[name] for name in SHEET]
    return [*written, sheet(shown, out / "window_steps.jpg")]


def sheet(pictures: list[np.ndarray], file: Path) -> Path:
    """Write pictures as one, two in a row."""
    rows = [np.concatenate(pictures[n : n + 2], axis=1) for n in range(0, len(pictures), 2)]
    return save(np.concatenate(rows), file)


def drag(case: Path, out: Path, scratch: Path) -> Path:
    """Write an animation of one drag of an applicator's tip, numbers and zone following; return the file."""
    from PySide6.QtCore import QPointF

    hands = Hands(case, scratch)
    hands.run("look.panel_numbers")
    tip_mm = hands.window.desk.plan.applicators[0].tip_mm
    for pane in hands.window.views.slice_panes.values():
        row, column = pane.plane.to_pixel(tip_mm)
        pane.zoom(2.0, QPointF(float(column), float(row)))
    hands.run("plan.edit", 8.0)
    pictures = drag_tip(hands, (16.0, -10.0), frames=18)
    pictures += drag_tip(hands, (-16.0, 10.0), frames=18)
    hands.close()
    return animation(pictures, out / "window_drag.webp")


def drag_tip(hands: Hands, moved_mm: tuple[float, float], frames: int) -> list[np.ndarray]:
    """Drag the tip of the first applicator on the axial slice by so many mm (right, down); return what was seen."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    desk, pane = hands.window.desk, hands.window.views.slice_panes["axial"]
    desk.set_focus(desk.plan.applicators[0].tip_mm)
    hands.wait(1.0)
    row, column = pane.plane.to_pixel(desk.plan.applicators[0].tip_mm)
    start, step = np.array([column, row]), np.array(moved_mm) / pane.plane.pixel_mm
    point = QPoint(*(round(float(value)) for value in start))
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=point)
    pictures = []
    for number in range(1, frames + 1):
        place = start + step * number / frames
        QTest.mouseMove(pane, QPoint(*(round(float(value)) for value in place)))
        hands.wait(0.4, lambda: desk.live_is_current)
        pictures.append(hands.picture())
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=QPoint(*(round(float(value)) for value in place)))
    hands.wait(1.0)
    return pictures


def save(picture: np.ndarray, file: Path) -> Path:
    """Write a picture as JPEG, as wide as it is shown."""
    from PIL import Image

    whole = Image.fromarray(picture)
    small = whole.resize((SHOWN_PX, round(whole.height * SHOWN_PX / whole.width)), Image.Resampling.LANCZOS)
    small.save(file, "JPEG", quality=84, optimize=True, progressive=True)
    return file


def animation(pictures: list[np.ndarray], file: Path) -> Path:
    """Write pictures as an animated WebP, half as large."""
    from PIL import Image

    frames = [Image.fromarray(p).resize((SIZE[0] // 2, SIZE[1] // 2), Image.Resampling.LANCZOS) for p in pictures]
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=60, method=4)
    return file
