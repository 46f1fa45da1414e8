"""What a window loads when, and what it has ready for the first case."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHARTS = """
import sys
from anatomy_twin.view.charts_later import charts_later
with charts_later():
    import pyvista
    import pyvista.plotting
assert "matplotlib.pyplot" not in sys.modules and "matplotlib.figure" not in sys.modules
import matplotlib.pyplot as real
assert pyvista.plotting.colors.plt.rcParams is real.rcParams
figure, axes = real.subplots()
axes.plot([0, 1], [0, 1])
chart = pyvista.ChartMPL(figure)
assert chart.visible
"""


def test_charts_are_loaded_when_they_are_used_and_work_then():
    done = subprocess.run([sys.executable, "-W", "error", "-c", CHARTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.gui
def test_the_window_of_the_screen_stays_the_same_when_the_first_case_comes_into_it(toy_case, qtbot):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.window import RehearsalWindow

    window = RehearsalWindow()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    before = int(window.winId())
    window.show_session(Session(toy_case))
    qtbot.waitUntil(lambda: sum(window.views.scene_pane.frames.values()) > 0, timeout=30_000)
    assert int(window.winId()) == before
    window.close()
