"""One measurement of the window in a process of its own: a request as JSON comes in, figures as JSON go out.

A real window, real events; see ``bench_view.py`` for what the figures mean.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

BEGAN = time.time()  # of the process: a screen that has to be started first is no part of it

SIZE = (750, 420)
TURN_PX = 5
START_PAGE_S = 3.0  # nobody finds a case in less


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Measure what is asked for."""
    if "make" in request:
        return make(request["make"], Path(request["into"]))
    if "triangles" in request:
        return measure_balls(int(request["triangles"]), float(request["seconds"]))
    if "start" in request:
        return measure_start(request["start"])
    return measure_case(request["case"], float(request["seconds"]))


def make(what: str, folder: Path) -> dict[str, Any]:
    """Save a case with surfaces: "toy", "real", or of a folder with a scan."""
    import anatomy_twin as at

    if what == "toy":
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        from tests.support.toy_patient import toy_patient

        volume, labels = toy_patient()
    else:
        if what == "real":
            import real_scans

            volume = real_scans.portal_abdomen().volume
        else:
            volume = at.load_volume(what)
        labels = at.segment(volume)
    at.save_case(at.Case.new(volume=volume, labels=labels, anatomy=at.build_anatomy(volume, labels)), folder)
    return {"made": str(folder)}


def measure_balls(count: int, seconds: float) -> dict[str, Any]:
    """Turn balls of ``count`` triangles in a 3-D view, in three ways."""
    import numpy as np
    import pyvista
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.core import Case, SurfaceMesh, Volume, VolumeGeometry
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.rehearsal import SurfaceLayer
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.scene_pane import ScenePane

    application = QApplication([])
    array = np.zeros((8, 8, 8), np.int16)
    geometry = VolumeGeometry.upright(array.shape, (40.0,) * 3, (-140.0,) * 3)
    desk = Desk(Session(Case.new(volume=Volume(array, geometry, modality="CT"))))
    pane = ScenePane(desk)
    pane.resize(SIZE[0], SIZE[1] + pane.bar.sizeHint().height())
    side = max(round((count / 10 / 2) ** 0.5), 6)
    layers = []
    for number in range(10):
        ball = pyvista.Sphere(radius=20.0 + 8.0 * number, center=(6.0 * number, 0.0, 4.0 * number),
                              theta_resolution=side, phi_resolution=side)  # fmt: skip
        surface = SurfaceMesh(np.asarray(ball.points, float), np.asarray(ball.regular_faces, np.int64))
        opacity = 1.0 if number < 3 else 0.4 if number < 8 else 0.08
        layers.append(SurfaceLayer(f"ball {number}", "Ball", surface, (60 + 18 * number, 120, 200), opacity))
    pane.stage.show(layers, {})
    pane.layers = tuple(layers)
    pane.show()
    _spin(application, lambda: pane.frames["best"] > 0, 20.0)
    drawn = sum(len(layer.surface.triangles) for layer in layers)
    pane.stage.pace.resting.triangles = 1e12
    rates = {}
    for kind in ("resting", "best"):
        times = []
        while sum(times) < seconds or len(times) < 4:
            pane.stage.camera = pane.stage.camera.turned(3.0, 1.0)
            began = time.perf_counter()
            pane.stage.frame(kind)
            application.processEvents()
            times.append(time.perf_counter() - began)
        rates[kind] = 1.0 / statistics.median(times[1:])
    adapted, _ = _turning(application, pane, 2.0 * seconds)
    row = {"triangles": drawn, "plain_per_s": rates["resting"], "finest_per_s": rates["best"],
           "adapted_per_s": 1.0 / statistics.median(adapted), "adapted_triangles": pane.stage.drawn,
           "renderer": _renderer(pane)}  # fmt: skip
    pane.shut()
    return row


def measure_start(case: str) -> dict[str, Any]:
    """Start the window with a case, as `anatomy-twin view CASE` does, until 3-D view and a slice are drawn."""
    from anatomy_twin.view import open_window

    row = {}

    def shown(window: Any) -> None:
        from PySide6.QtCore import QTimer

        def look() -> None:
            if _drawn(window):
                row["since_start_s"] = time.time() - BEGAN
                timer.stop()
                window.close()

        timer = QTimer(window, interval=1)
        timer.timeout.connect(look)
        timer.start()

    open_window(case, shown=shown)
    return row


def measure_case(case: str, seconds: float) -> dict[str, Any]:
    """Open a case from the start page; measure first picture, turning, slices, how long the interface stands still."""
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.opening import Opening
    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow

    application = QApplication([])
    apply_style(application)
    window = RehearsalWindow()
    window.resize(1600, 1000)
    window.show()
    _spin(application, lambda: False, START_PAGE_S)
    opened = time.time()
    Opening.of(window).open_path(case)
    _spin(application, lambda: _drawn(window), 60.0)
    first = time.time()
    assert window.views is not None
    pane, axial = window.views.scene_pane, window.views.slice_panes["axial"]
    # what is prepared between events is prepared before a person has moved the hand
    _spin(application, lambda: not pane.busy and pane.frames["resting"] > 0, 30.0)
    resting = pane.stage.drawn
    times, cpu = _turning(application, pane, seconds)
    moving = pane.stage.drawn
    block, frame = _dragging(application, pane, seconds / 2)
    _spin(application, lambda: not pane.busy, 10.0)
    fine = pane.stage.pace.last_s.get("best", pane.stage.pace.last_s.get("resting"))
    slices = _scrolling(application, axial, seconds / 2)
    row = {
        "since_open_s": first - opened, "frames_per_s": 1.0 / statistics.median(times),
        "frame_cpu_ms": 1000 * cpu / len(times), "moving_triangles": moving, "resting_triangles": resting,
        "fine_s": fine, "slice_ms": 1000 * statistics.median(slices), "slice_longest_ms": 1000 * max(slices),
        "longest_block_ms": 1000 * block, "longest_frame_ms": 1000 * frame, "view": list(_size(pane)),
        "slice": [axial.width(), axial.height()], "renderer": _renderer(pane),
    }  # fmt: skip
    window.close()
    return row


def _drawn(window: Any) -> bool:
    """Tell whether the 3-D view and the axial slice of the open case have been drawn."""
    if window.views is None:
        return False
    return sum(window.views.scene_pane.frames.values()) > 0 and window.views.slice_panes["axial"].paint_count > 0


def _turning(application: Any, pane: Any, seconds: float) -> tuple[list[float], float]:
    """Turn as fast as frames come; return the seconds between frames once the detail has settled, and cpu seconds."""
    times: list[float] = []
    settled, ends = time.perf_counter() + 0.6 * seconds, time.perf_counter() + 1.6 * seconds
    cpu = 0.0
    while time.perf_counter() < ends or len(times) < 3:
        drawn, began, used = pane.frames["moving"], time.perf_counter(), time.process_time()
        pane.set_camera(pane.stage.camera.turned(3.0, 1.0))
        while pane.frames["moving"] == drawn:
            application.processEvents()
        application.processEvents()  # until Qt has shown it
        if time.perf_counter() > settled:
            times.append(time.perf_counter() - began)
            cpu += time.process_time() - used
    return times, cpu


def _dragging(application: Any, pane: Any, seconds: float) -> tuple[float, float]:
    """Drag with the mouse at 60 events/s; return the longest time without an answer and the longest frame, in s."""
    from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
    from PySide6.QtGui import QMouseEvent

    class Pulse(QObject):
        longest, last = 0.0, time.perf_counter()

        def beat(self) -> None:
            now = time.perf_counter()
            self.longest, self.last = max(self.longest, now - self.last), now

    def send(kind: Any, place: QPoint, button: Any, held: Any) -> None:
        where = QPointF(place)
        application.postEvent(pane.interactor, QMouseEvent(
            kind, where, QPointF(pane.interactor.mapToGlobal(place)), button, held, Qt.KeyboardModifier.NoModifier))

    none, left, kinds = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QEvent.Type
    place = QPoint(*(side // 2 for side in _size(pane)))
    send(kinds.MouseButtonPress, place, left, left)
    application.processEvents()
    pane.longest_s.clear()
    pulse, timer, number = Pulse(), QTimer(), 0
    timer.timeout.connect(pulse.beat)
    timer.start(2)
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        number += 1
        send(kinds.MouseMove, place + QPoint(TURN_PX * (number % 60), number % 30), none, left)
        until = time.perf_counter() + 1 / 60
        while time.perf_counter() < until:
            application.processEvents()
    longest = pulse.longest
    frame = pane.longest_s.get("moving", 0.0)
    timer.stop()
    send(kinds.MouseButtonRelease, place, left, none)
    application.processEvents()
    return longest, frame


def _scrolling(application: Any, pane: Any, seconds: float) -> list[float]:
    """Go from slice to slice; return the seconds until each is painted."""
    times: list[float] = []
    ends, step = time.perf_counter() + seconds, 1
    while time.perf_counter() < ends or len(times) < 6:
        painted, began = pane.paint_count, time.perf_counter()
        pane.step(step)
        if len(times) % 20 == 19:
            step = -step
        while pane.paint_count == painted and time.perf_counter() - began < 5.0:
            application.processEvents()
        times.append(time.perf_counter() - began)
    return times[1:]


def _spin(application: Any, done: Any, most_s: float) -> None:
    ends = time.perf_counter() + most_s
    while not done() and time.perf_counter() < ends:
        application.processEvents()
        time.sleep(0.001)


def _size(pane: Any) -> tuple[int, int]:
    return pane.interactor.width(), pane.interactor.height()


def _renderer(pane: Any) -> str:
    for line in pane.stage.window.ReportCapabilities().splitlines():
        if "renderer string" in line.lower():
            return line.split(":", 1)[1].strip()
    return "unknown"


if __name__ == "__main__":
    print(json.dumps(serve(json.loads(sys.stdin.read()))))
