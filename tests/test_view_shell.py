"""The shell of the window: layouts, panels, themes, type, language, keys, palette, history, unexpected errors."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def window(shell_window):
    return shell_window


def boxes(views):
    return [pane.geometry() for pane in views.shown]


@pytest.mark.parametrize(("layout", "count"), [("four", 4), ("scene", 4), ("axial", 4), ("slices", 3)])
def test_views_of_a_layout_fill_the_room_and_do_not_overlap(window, layout, count):
    window.run(f"look.{layout}")
    places = boxes(window.views)
    assert len(places) == count
    assert all(not a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    assert all(window.views.rect().contains(box) and box.width() >= 120 and box.height() >= 90 for box in places)
    covered = sum(box.width() * box.height() for box in places)
    assert covered > 0.97 * window.views.width() * window.views.height()
    assert window.preferences["layout"] == layout


def test_one_view_alone_by_key_and_back(window, qtbot):
    from PySide6.QtCore import Qt

    pane = window.views.slice_panes["axial"]
    qtbot.keyClick(pane, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.views.shown == (pane,) and pane.size() == window.views.size()
    qtbot.keyClick(pane, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert len(window.views.shown) == 4


def test_a_panel_becomes_large_and_is_as_it_was_afterwards(window, qtbot):
    places = window.dock_places
    window.run("look.reset")
    qtbot.wait(50)
    dock, beside = window.docks["compare"], window.docks["messages"]
    before, width = dock.height(), dock.width()
    window.show_panel("compare")
    tabs = places._tabs["numbers"]
    tabs.tabBarDoubleClicked.emit(tabs.currentIndex())
    qtbot.waitUntil(lambda: dock.height() > 1.5 * before, timeout=5000)
    assert dock.width() > 1.3 * width and beside.isHidden() and window.commands["look.large_panel"].checked(window)
    window.run("look.large_panel")
    qtbot.waitUntil(lambda: abs(dock.height() - before) <= 3, timeout=5000)
    assert not beside.isHidden() and abs(dock.width() - width) <= 3 and not places.large
    window.run("look.large_panel")
    window.show_panel("history")
    assert not places.large and window.panels["history"].isVisible(), "what is asked for is not kept hidden"


def test_the_line_below_leaves_out_whole_parts_that_do_not_fit(window):
    from PySide6.QtGui import QFontMetrics

    label = window.place_label
    two = "R 1.0 mm   \N{MIDDLE DOT}   Tumour 1 in Liver"
    label.setText(f"{two}   \N{MIDDLE DOT}   40.1 mm away")
    width = QFontMetrics(label.font()).horizontalAdvance
    assert label._fitting(1000) == label.text()
    assert label._fitting(width(label.text()) - 1) == f"{two}  \N{HORIZONTAL ELLIPSIS}"
    assert label._fitting(width("R 1.0 mm") + 1) == "R 1.0 mm"


def test_a_divider_is_dragged_and_reset_puts_it_back(window, qtbot):
    from PySide6.QtCore import QPoint, Qt

    views = window.views
    before = views.scene_pane.width()
    grip = QPoint(views.width() // 2, views.height() // 4)
    qtbot.mousePress(views, Qt.MouseButton.LeftButton, pos=grip)
    qtbot.mouseMove(views, grip - QPoint(80, 0))
    qtbot.mouseRelease(views, Qt.MouseButton.LeftButton, pos=grip - QPoint(80, 0))
    assert abs(views.scene_pane.width() - (before - 80)) <= 4
    window.run("look.reset")
    assert abs(views.scene_pane.width() - before) <= 2


@pytest.mark.parametrize("percent", [75, 100, 150, 200])
def test_the_intended_use_line_is_never_cut(window, qtbot, percent):
    from anatomy_twin.notice import INTENDED_USE
    from anatomy_twin.view.commands.look import prefer

    size = window.size()
    prefer(window, "font_percent", percent)
    window.resize(300, 300)  # held at the least that the window allows
    qtbot.wait(50)
    label = window.notice_label
    assert label.text() == INTENDED_USE and label.isVisible()
    assert label.width() >= label.fontMetrics().horizontalAdvance(INTENDED_USE)
    right = label.mapTo(window, label.rect().topRight()).x()
    bottom = label.mapTo(window, label.rect().bottomRight()).y()
    assert right <= window.width() and bottom <= window.height()
    prefer(window, "font_percent", 100)
    window.resize(size)


def test_nothing_lies_on_anything_else_at_1280_by_720(window, qtbot):
    from PySide6.QtCore import QRect

    window.resize(1280, 720)
    window.run("look.reset")
    qtbot.wait(100)
    parts = [*window.dock_places.places.values(), window.centralWidget(), window.menus.bar, window.statusBar(),
             window.menuBar()]  # fmt: skip
    places = [QRect(part.mapTo(window, part.rect().topLeft()), part.size()) for part in parts]
    assert all(not a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    assert all(window.rect().contains(place) for place in places)
    assert window.size().width() == 1280 and window.views.width() > 560 and window.views.height() > 330
    assert window.docks["numbers"].height() <= 0.3 * window.height()


def test_theme_changes_while_the_window_is_open(window):
    from anatomy_twin.view.style import VERDICTS, current_theme

    def grey(widget):
        return widget.palette().color(widget.backgroundRole()).lightness()

    dark, verdict = grey(window), VERDICTS["met"]
    window.run("look.theme_light")
    assert current_theme().name == "light" and grey(window) > dark + 120
    assert VERDICTS["met"][0] == verdict[0] and VERDICTS["met"][1] != verdict[1]
    pane = window.views.slice_panes["axial"]
    corner = pane.grab().toImage().pixelColor(3, pane.height() // 3)
    assert corner.lightness() < 30, "slices stay black"
    window.run("look.theme_dark")
    assert grey(window) == dark and window.preferences["theme"] == "dark"


def test_type_grows_and_shrinks_within_bounds(window):
    size = window.font().pointSizeF()
    window.run("look.larger")
    assert window.font().pointSizeF() == pytest.approx(1.1 * size)
    window.preferences["font_percent"] = 80
    for _ in range(2):
        window.run("look.smaller")
    assert window.font().pointSizeF() == pytest.approx(0.75 * size)
    window.run("look.usual_type")
    assert window.font().pointSizeF() == pytest.approx(size)


def test_readable_contrast_of_both_themes():
    from PySide6.QtGui import QColor

    from anatomy_twin.view.theme import THEMES

    def luminance(name):
        parts = [QColor(name).redF(), QColor(name).greenF(), QColor(name).blueF()]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme in THEMES.values():
        for ground in (theme.panel, theme.field, theme.stripe, theme.ground):
            for ink in (theme.text, theme.quiet, theme.notice, theme.warning, theme.error,
                        *(colour for _, colour in theme.verdicts.values())):  # fmt: skip
                high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
                assert (high + 0.05) / (low + 0.05) >= 4.5, (theme.name, ink, ground)


def test_palette_of_structures_is_a_step_that_can_be_undone(window):
    scene = window.desk.scene
    window.run("look.palette_hpb")
    layer = {one.name: one for one in window.desk.scene.surfaces}
    assert window.desk.case.display.palette == "hpb"
    assert any(layer[one.name].colour != one.colour for one in scene.surfaces)
    window.run("edit.undo")
    assert window.desk.case.display.palette == ""


def test_german_and_back_keeps_the_case_and_its_history(window, qtbot):
    from PySide6.QtWidgets import QDockWidget

    window.run("look.palette_hpb")
    case = window.desk.case
    window.run("look.language_de")
    assert window.desk.case is case and len(window.desk.session.history.done) == 1
    assert window.menuBar().actions()[1].text() == "Bearbeiten"
    assert window.notice_label.text().startswith("Nur für")
    assert len(window.findChildren(QDockWidget)) == len(window.dock_places.places), "panels of before are left"
    window.run("look.language_en")
    assert window.menuBar().actions()[1].text() == "Edit" and window.desk.case is case
    window.run("edit.undo")
    assert window.desk.case.display.palette == "" and window.desk.session.case is window.desk.case
    qtbot.waitUntil(window.views.isVisible, timeout=5000)


def test_history_goes_where_a_name_is_clicked(window, qtbot):
    from PySide6.QtCore import Qt

    panel = window.panels["history"]
    done = len(window.desk.session.history.done)
    for name in ("hpb", "slicer", "colour-blind"):
        window.run(f"look.palette_{name}")
    window.run("edit.history")
    qtbot.waitUntil(panel.list.isVisible, timeout=3000)
    assert len(panel.steps.names) == done + 4 and panel.list.currentIndex().row() == done + 3
    place = panel.list.visualRect(panel.steps.index(done + 1)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: window.desk.case.display.palette == "hpb", timeout=5000)
    assert panel.list.currentIndex().row() == done + 1
    fonts = [panel.steps.data(panel.steps.index(row), Qt.ItemDataRole.FontRole) for row in (done + 1, done + 3)]
    assert len(panel.steps.names) == done + 4 and fonts[0] is None and fonts[1].italic()
    panel.list.setCurrentIndex(panel.steps.index(done))
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.desk.case.display.palette == "", timeout=5000)


def test_an_unexpected_error_becomes_a_line_and_a_file(window, tmp_path):
    from anatomy_twin.view.failures import Failures

    told = []
    window.desk.told.connect(lambda level, line: told.append((level, line)))
    failures = Failures(window, tmp_path)
    before = sys.excepthook
    failures.install()
    try:
        for _ in range(3):
            try:
                raise ValueError("a paint that fails")
            except ValueError as error:
                sys.excepthook(ValueError, error, error.__traceback__)
    finally:
        failures.remove()
    assert sys.excepthook is before
    assert len(told) == 1 and told[0][0] == "error" and "still open" in told[0][1]
    files = list(tmp_path.glob("error-*.log"))
    assert len(files) == 1 and "a paint that fails" in files[0].read_text() and files[0].name in told[0][1]
    assert window.desk is not None and window.views.isVisible()


def test_preferences_last_and_broken_files_do_no_harm(tmp_path):
    from anatomy_twin.view.preferences import USUAL, Preferences

    file = tmp_path / "window.ini"
    first = Preferences(file)
    assert {name: first[name] for name in USUAL} == USUAL
    first["theme"], first["font_percent"], first["live_physics"] = "light", 150, False
    again = Preferences(file)
    assert (again["theme"], again["font_percent"], again["live_physics"]) == ("light", 150, False)
    file.write_bytes(b"[look]\nfont_percent=huge\nlive_physics=\x00\xff\n\xfe\xfe[[[")
    broken = Preferences(file)
    assert broken["font_percent"] == 100 and broken["theme"] == "dark" and broken.state("docks").isEmpty()
    file.write_text("[look]\npalette=of another version\n")
    assert Preferences(file)["palette"] == ""


def test_places_are_remembered_for_the_next_window(toy_case, tmp_path, qtbot):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.preferences import Preferences
    from anatomy_twin.view.window import RehearsalWindow

    file = tmp_path / "window.ini"
    for turn in range(2):
        window = RehearsalWindow(Session(toy_case), None, Preferences(file))
        qtbot.addWidget(window)
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        if not turn:
            window.run("look.slices")
            window.run("look.steps")
            window.show_panel("history")
        else:
            assert window.views.layout_name == "slices" and not window.docks["steps"].isVisible()
            assert window.panels["history"].isVisible()
        window.close()
