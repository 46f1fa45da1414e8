"""The heart in the window: maps on its wall, sites and lesions by the mouse, what follows the hand, inducing."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import LesionLine, LesionPlan, LesionPoint
from anatomy_twin.core.induction import Induction, SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.rehearsal import heart_maps as maps
from tests.support.heart_case import heart_case, made_chamber

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    from anatomy_twin.pipeline.session import Session
    from tests.support.windows import shown_window

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shown = shown_window(qtbot, Session(heart_case()), (1300, 850))
    shown.show_panel("heart")
    with qtbot.waitActive(shown):
        shown.activateWindow()
    shown.views.set_layout("scene")
    yield shown
    shown.close()


@pytest.fixture
def sight(window):
    return window.desk.kits["heart"]


@pytest.fixture
def settled(window, sight, qtbot):
    def wait():
        qtbot.waitUntil(lambda: sight.preview is not None and not sight.live.busy and not window.jobs.busy,
                        timeout=90_000)  # fmt: skip

    return wait


def place_of(window, point_mm):
    from PySide6.QtCore import QPoint

    pane = window.views.scene_pane
    size = pane.interactor.width(), pane.interactor.height()
    x, y = pane.stage.camera.pixel_of(point_mm, size)[:2]
    return QPoint(round(x), round(y))


def seen_points(window, count=3):
    """Places of the wall that face the viewer, apart from each other."""
    points, pane = made_chamber().surface.points_mm, window.views.scene_pane
    toward = pane.stage.camera.axes[2]
    front = points[np.argsort(-((points - points.mean(axis=0)) @ toward))[:150]]
    found = [front[0]]
    for point in front:
        if min(np.linalg.norm(point - other) for other in found) > 7.0:
            found.append(point)
    assert len(found) >= count
    return found[:count]


def click(window, qtbot, point_mm):
    from PySide6.QtCore import Qt

    qtbot.mouseClick(window.views.scene_pane.interactor, Qt.MouseButton.LeftButton, pos=place_of(window, point_mm))


def press_key(window, qtbot, key):
    window.views.scene_pane.interactor.setFocus()
    qtbot.keyClick(window.views.scene_pane.interactor, key)


def test_a_case_with_a_heart_shows_its_wall_by_every_map_it_has(window, sight, settled):
    panel, pane = window.panels["heart"], window.views.scene_pane
    name = sight.layer_name
    layers = {layer.name: layer for layer in pane.layers}
    assert layers[name].opacity == 1.0 and layers[name].surface is made_chamber().surface
    assert sight.map.name == "regions" and "Roof" in panel.legend.text()
    points = made_chamber().surface.points_mm
    painted = sight.painters()[name](points, points)
    assert (painted[:, :3] == maps.region_map(made_chamber()).colours()).all()
    assert {line.name for line in pane.stage.lines.shown} == {"rims"}
    words = [shape.text for shape in sight.shapes() if shape.kind == "text"]
    assert {"LSPV", "RIPV", "Mitral valve"} <= set(words)
    for map_name, unit in (("fibrosis", None), ("wall", "mm"), ("activation", "ms")):
        window.run(f"heart.map_{map_name}")
        if map_name == "activation":
            settled()
        assert sight.map.name == map_name and (sight.scale() is None) == (unit is None)
        assert unit is None or (pane.stage.bar.lines == () or unit in pane.stage.bar.lines[-1])
    assert {line.name for line in pane.stage.lines.shown} == {"rims", "isochrones"}
    assert len(sight.sites) == 1 and "Septum" in panel.sites.topLevelItem(0).text(1)
    assert panel.sites.topLevelItem(0).text(2).endswith(" ms")
    for missing in ("drivers", "frequency"):
        assert not window.commands[f"heart.map_{missing}"].enabled(window)
        assert "no arrhythmia" in window.commands[f"heart.map_{missing}"].why(window)
    window.run("heart.show")
    assert not sight.on and sight.layer_name not in {layer.name for layer in pane.layers}
    assert pane.stage.lines.shown == () and sight.shapes() == ()


def test_slices_show_where_they_meet_the_wall(window, sight, qtbot):
    desk = window.desk
    desk.set_focus(made_chamber().surface.points_mm.mean(axis=0))
    qtbot.waitUntil(lambda: "axial" in desk.slice_planes, timeout=5000)
    cuts = [shape for shape in sight.shapes() if shape.name == "heart wall" and shape.only == "axial"]
    heights = np.concatenate([np.array(shape.points_mm)[:, 2] for shape in cuts])
    assert len(heights) > 50 and np.allclose(heights, desk.focus_mm[2], atol=2.0)


def test_sites_are_placed_moved_and_removed_and_the_map_is_of_the_one_chosen(window, sight, settled, qtbot):
    from PySide6.QtCore import Qt

    first, second, _ = seen_points(window)
    window.run("heart.map_plain")
    window.run("heart.site")
    assert window.desk.tool.name == "pacing" and sight.map_name == "activation"
    settled()
    sight.remove_site(0)
    click(window, qtbot, first)
    assert len(sight.sites) == 1 and np.linalg.norm(np.subtract(sight.sites[0].point_mm, first)) < 4.0
    settled()
    qtbot.waitUntil(lambda: sight.last_ms is not None, timeout=20_000)
    source = sight.wall.node(sight.sites[0].point_mm)
    assert sight.preview.times_ms[source] == sight.preview.times_ms.min() == 0.0
    click(window, qtbot, second)
    settled()
    assert sight.chosen == 1 and [site.number for site in sight.sites] == [1, 2]
    panel = window.panels["heart"]
    panel.sites.setCurrentItem(panel.sites.topLevelItem(0))
    assert sight.chosen == 0
    press_key(window, qtbot, Qt.Key.Key_Delete)
    assert [site.number for site in sight.sites] == [2]
    window.run("edit.cancel")
    assert window.desk.tool.name != "pacing"


def test_a_line_is_drawn_by_clicks_undone_and_done_again(window, sight, settled, qtbot):
    from PySide6.QtCore import Qt

    desk, places = window.desk, seen_points(window)
    window.run("heart.line")
    for place in places[:2]:
        click(window, qtbot, place)
    qtbot.mouseMove(window.views.scene_pane.interactor, place_of(window, places[2]))
    qtbot.waitUntil(lambda: len(sight.draft) == 1, timeout=5000)
    assert "drawing" in {line.name for line in window.views.scene_pane.stage.lines.shown}
    window.run("edit.cancel")
    assert sight.draft == () and desk.tool.name == "lesion line" and not desk.case.plans
    for place in places:
        click(window, qtbot, place)
    press_key(window, qtbot, Qt.Key.Key_Return)
    (line,) = desk.plan.lesions
    assert isinstance(desk.plan, LesionPlan) and isinstance(line, LesionLine) and len(line.points_mm) == 3
    settled()
    panel = window.panels["heart"]
    assert panel.lesions.rows.topLevelItem(0).text(2) == f"{sight.preview.lengths_mm[0]:.0f} mm"
    assert sight.preview.dead.any() and "lesion" in {one.name for one in window.views.scene_pane.stage.lines.shown}
    window.run("edit.cancel")
    window.run("edit.undo")
    assert not desk.case.plans
    window.run("edit.redo")
    assert desk.plan.lesions == (line,)
    window.run("heart.point")
    click(window, qtbot, places[2])
    assert isinstance(desk.plan.lesions[1], LesionPoint) and desk.session.history.names[-1] == "Place lesion point"
    window.run("edit.cancel")
    panel.lesions.rows.setCurrentItem(panel.lesions.rows.topLevelItem(1))
    window.run("heart.remove_lesion")
    assert desk.plan.lesions == (line,)


def test_a_standard_set_isolates_the_veins_and_a_dragged_handle_opens_a_gap(window, sight, settled, qtbot):
    from anatomy_twin.rehearsal import Pointer
    from anatomy_twin.view.tools.plan_handles import handles_of

    window.run("heart.map_activation")
    window.run("heart.set_single_vein_pvi")
    settled()
    qtbot.waitUntil(lambda: sight.preview.plan.lesions == sight.plan.lesions != (), timeout=60_000)
    panel = window.panels["heart"]
    veins = [panel.veins.rows.topLevelItem(n).text(1) for n in range(4)]
    assert all("isolated" in words for words in veins)
    assert panel.veins.rows.topLevelItem(0).text(0).startswith(("R", "L"))
    window.run("plan.edit")
    tool = handles_of(window)
    handle = next(one for one in tool.handles if one.kind == "line point")
    away = made_chamber().surface.points_mm
    away = away[np.argmin(np.abs(np.linalg.norm(away - handle.point_mm, axis=1) - 6.0))]

    def at(point):
        return Pointer("3d", tuple(point), (0.0, 1.0, 0.0), tuple(np.subtract(point, (0.0, 400.0, 0.0))), 0.3,
                       sight.layer_name)  # fmt: skip

    assert tool.press(at(handle.point_mm))
    tool.drag(at(away))
    assert window.desk.moving is not None
    moved = window.desk.plan
    qtbot.waitUntil(lambda: sight.preview.plan.lesions == moved.lesions, timeout=20_000)  # while it is held
    tool.drag(Pointer("3d", None, (0.0, 1.0, 0.0), (0.0, -400.0, 0.0), 0.3))
    assert window.desk.plan == moved  # beside the heart it stays where it was
    tool.release(at(away))
    assert window.desk.case.plans[moved.name] == moved
    assert np.allclose(moved.lesions[handle.part].points_mm[handle.index], away)
    window.run("edit.undo")
    settled()
    window.run("edit.undo")
    assert sight.plan is None and panel.veins.isHidden()


def test_what_was_induced_is_listed_shown_and_played(window, sight, qtbot):
    from anatomy_twin.simulation.electro.replay import Replay

    chamber, desk = made_chamber(), window.desk
    points = chamber.surface.points_mm
    count = len(points)
    tips = np.linspace(0.0, 9.0, count).astype(np.float32)
    outcomes = (
        SiteOutcome("site 1", points[5], True, False, lasted_ms=280.0),
        SiteOutcome("site 2", points[50], True, True, (210.0,), 5000.0, 165.0, arrhythmia="rotors",
                    evidence=("a tip turned for 9 cycles",), singularities_per_s=tips, dominant_hz=tips + 1),
        SiteOutcome("site 3", points[90], False, False),
    )  # fmt: skip
    desk.do("Induced", desk.case.with_induction(Induction("", chamber.name, PacingProtocol(), outcomes)))
    panel, kit = window.panels["heart"].induction, desk.kits["heart induction"]
    assert [panel.rows.topLevelItem(n).text(1).split(" ", 1)[1] for n in range(3)] == [
        "not induced, went on for 280 ms", "rotors", "no capture"]
    assert "inducible from 1 of 3 sites" in panel.told.text() and not panel.film.isEnabled()
    panel.rows.setCurrentItem(panel.rows.topLevelItem(1))
    assert kit.outcome is outcomes[1] and panel.film.isEnabled() and "9 cycles" in panel.told.text()
    window.run("heart.map_drivers")
    assert np.array_equal(sight.map.values, tips) and sight.scale().range == (0.0, 9.0)
    volts = np.tile(np.linspace(-80.0, 10.0, 5)[:, None], (1, count)).astype(np.float16)
    alive = np.ones(count, bool)
    alive[:3] = False
    sight.play(Replay(np.arange(5) * 10.0, volts, alive))
    assert desk.snapshot_count == 5 and window.time_bar.isVisible()
    window.run("simulate.later")
    assert desk.snapshot == 1 and "10 / 40 ms" in window.time_bar.time_label.text()
    assert np.isnan(sight.map.values[:3]).all() and sight.map.values[3] == volts[1, 3]
    painted = sight.painters()[sight.layer_name](points, points)
    desk.set_snapshot(4)
    assert (sight.painters()[sight.layer_name](points, points)[3:] != painted[3:]).any()
    sight.show_map("regions")
    assert desk.reel_ms is None and sight.map.name == "regions" and desk.snapshot_count == 0


def test_a_case_without_a_heart_shows_nothing_of_it(shell_window):
    window = shell_window
    sight = window.desk.kits["heart"]
    assert sight.chamber is None and sight.shapes() == () and sight.lines() == () and sight.painters() == {}
    commands = [command for name, command in window.commands.items() if name.startswith("heart.")]
    assert len(commands) > 15
    for command in commands:
        assert not command.enabled(window) and command.why(window)
    tabs = window.dock_places._tabs["plans"]
    shown = {tabs.tabText(n) for n in range(tabs.count()) if tabs.isTabVisible(n)}
    assert "Heart" not in shown and "Plans" in shown
