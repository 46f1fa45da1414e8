"""Measuring with the mouse, the tree of structures, numbers that follow a plan, messages, the line below."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def opened(qapp, toy_case):
    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow

    apply_style(qapp)
    window = RehearsalWindow(Session(toy_case))
    window.resize(1300, 850)
    window.show()
    qapp.processEvents()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def window(opened, qtbot):
    """The window with the case as it was opened."""
    desk = opened.desk
    desk.set_tool(None)
    desk.drop()
    desk.set_live(None)
    desk.session.go_to(0)
    opened.panels["messages"].clear()
    qtbot.waitUntil(lambda: opened.isVisible(), timeout=20000)
    return opened


def place_on(pane, point):
    from PySide6.QtCore import QPoint

    row, column = pane.plane.to_pixel(point)
    return QPoint(round(float(column)), round(float(row)))


def drag(qtbot, pane, start, end):
    from PySide6.QtCore import Qt

    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(pane, left, pos=place_on(pane, start))
    for share in (0.3, 0.8, 1.0):
        qtbot.mouseMove(pane, place_on(pane, np.add(start, np.multiply(share, np.subtract(end, start)))))
    qtbot.mouseRelease(pane, left, pos=place_on(pane, end))


def test_a_distance_is_drawn_on_a_slice_read_in_the_panel_moved_renamed_and_removed(window, qtbot):
    desk, pane, panel = window.desk, window.views.slice_panes["axial"], window.panels["measurements"]
    desk.set_focus((-40.0, -10.0, 20.0))
    z = desk.focus_mm[2]
    assert panel.rows() == [] and panel.empty.isVisibleTo(panel)
    window.run("measure.distance")
    assert window.actions_by_name["measure.distance"].isChecked()
    drag(qtbot, pane, (-80.0, -10.0, z), (-20.0, -10.0, z))
    ((name, kind, value, more),) = panel.rows()
    pixel = pane.plane.pixel_mm
    assert (name, kind, more) == ("Distance 1", "Distance", "")
    assert float(value.removesuffix(" mm")) == pytest.approx(60.0, abs=2 * pixel)
    drag(qtbot, pane, desk.case.measurements["Distance 1"].end_mm, (0.0, -10.0, z))
    assert float(panel.rows()[0][2].removesuffix(" mm")) == pytest.approx(80.0, abs=3 * pixel)
    panel.rename("Distance 1", "duct")
    assert panel.rows()[0][0] == "duct" and desk.marked == "duct"
    desk.set_focus((30.0, 0.0, 0.0))
    panel.jump("duct")
    assert np.allclose(desk.focus_mm, (-40.0, -10.0, z), atol=2 * pixel)
    window.run("measure.remove")
    assert panel.rows() == []
    for _ in range(4):
        desk.undo()
    assert panel.rows() == [] and not desk.session.history.done


def test_tools_are_taken_by_keys_and_put_away_by_escape(window, qtbot):
    from PySide6.QtCore import Qt

    from anatomy_twin.rehearsal import Tool

    pane, desk = window.views.slice_panes["axial"], window.desk
    window.activateWindow()
    pane.setFocus()
    qtbot.waitUntil(lambda: window.isActiveWindow(), timeout=20000)
    for key, mode in ((Qt.Key.Key_O, "area"), (Qt.Key.Key_A, "angle"), (Qt.Key.Key_D, "distance")):
        qtbot.keyClick(pane, Qt.Key.Key_M)
        qtbot.keyClick(pane, key)
        assert desk.tool.name == f"measure {mode}"
    qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert desk.tool.points
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert not desk.tool.points and desk.tool.name == "measure distance"
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert type(desk.tool) is Tool and not desk.case.measurements


def test_diameters_of_all_targets_and_copies_of_the_table(window, qtbot):
    from PySide6.QtWidgets import QApplication

    panel = window.panels["measurements"]
    window.run("measure.targets")
    qtbot.waitUntil(lambda: bool(panel.rows()), timeout=20_000)  # one lesion after the other, between two events
    assert [row[1] for row in panel.rows()] == ["Diameters"] * len(panel.rows()) and panel.rows()
    panel.copy()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[1].split("\t") == list(panel.rows()[0])
    panel.rename(panel.rows()[0][0], "=cmd|1")
    panel.copy_csv()
    first = QApplication.clipboard().text().splitlines()[1]
    assert first.startswith("'=cmd|1,diameters,long_mm,") and first.split(",")[4] == "mm"


def test_an_eye_hides_on_slices_and_in_3d_and_the_step_is_named(window, qtbot):
    from PySide6.QtCore import Qt

    desk, tree = window.desk, window.panels["tree"]
    item = tree.items["liver"]
    window.show_panel("tree")
    tree.tree.scrollToItem(item)
    box = tree.tree.visualRect(tree.tree.indexFromItem(item, 0))
    eye, _, _ = tree.tree.itemDelegate().boxes(box)
    qtbot.mouseClick(tree.tree.viewport(), Qt.MouseButton.LeftButton, pos=eye.center())
    assert not {s.name: s for s in desk.scene.surfaces}["liver"].visible
    assert not {s.name: s for s in desk.scene.looks}["liver"].visible
    assert desk.session.history.names[-1] == "Hide Liver" and tree.share_visible("liver") == 0.0
    assert tree.share_visible("group:organ") == 0.5
    tree.tree.setCurrentItem(item)
    qtbot.keyClick(tree.tree, Qt.Key.Key_Space)
    assert tree.rows["liver"].visible
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert not tree.rows["liver"].visible
    desk.undo()
    assert tree.rows["liver"].visible and item.checkState(0) == Qt.CheckState.Checked
    for percent in (70, 60, 50):
        tree.sliders["liver"].setValue(percent)
    assert desk.case.display.layer("liver").opacity == 0.5
    desk.undo()  # one drag of a slider is one step
    assert desk.case.display.layer("liver").opacity is None and tree.sliders["liver"].value() != 50


def test_groups_solo_search_and_rows_that_stay(window):
    desk, tree = window.desk, window.panels["tree"]
    assert {row.name for row in tree.rows.values()} >= {layer.name for layer in desk.scene.surfaces}
    before = dict(tree.items)
    before_shown = {name for name, row in tree.rows.items() if row.visible}
    tree.solo("tumour_1")
    assert {name for name, row in tree.rows.items() if row.visible} == {"tumour_1"}
    desk.undo()
    assert {name for name, row in tree.rows.items() if row.visible} == before_shown
    tree.toggle("group:vessel")
    vessels = [row for row in tree.rows.values() if row.group == "vessel"]
    assert vessels and not any(row.visible for row in vessels)
    assert tree.items == before, "rows are changed in place"
    tree.search.setText("liv")
    seen = {name for name, item in tree.items.items() if not item.isHidden()}
    assert "liver" in seen and "spleen" not in seen
    tree.search.clear()
    assert not any(item.isHidden() for item in tree.items.values())
    tree.centre("tumour_1")
    assert desk.case.label_map.mask("tumour_1")[desk.case.label_map.geometry.nearest_voxel(desk.focus_mm)]
    desk.set_look("tumour_1", colour=(1, 2, 3))
    assert tree.rows["tumour_1"].colour == (1, 2, 3)
    tree.usual("tumour_1")
    assert tree.rows["tumour_1"].colour != (1, 2, 3)
    words = [action.text() for action in tree.menu_of("liver").actions()]
    assert "Only this" in words and "Colour..." in words


def test_a_flag_tells_its_rules_and_what_has_no_surface_is_there_too(window, toy_case):
    desk, tree = window.desk, window.panels["tree"]
    labels = toy_case.label_map
    segments = tuple(replace(s, state="check", rules=("volume",), note="too small") if s.name == "spleen" else s
                     for s in labels.segments)  # fmt: skip
    bare = replace(toy_case.anatomy, structures={
        name: replace(one, surface=None, coarse=None) if name == "spleen" else one
        for name, one in toy_case.anatomy.structures.items()
    })  # fmt: skip
    desk.session.do("Flag", replace(toy_case, labels={toy_case.primary: replace(labels, segments=segments)},
                                    anatomy=bare))  # fmt: skip
    item = tree.items["spleen"]
    assert item.text(3) == "flagged" and "volume" in item.toolTip(3) and "too small" in item.toolTip(3)
    assert item.text(1) == "no surface" and "spleen" not in tree.sliders and item.text(2)


def test_numbers_of_a_moved_plan_are_never_shown_as_current(window, toy_case):
    from anatomy_twin.pipeline.live import Preview

    desk, panel = window.desk, window.panels["numbers"]
    value, change, verdict = panel.texts()["Minimal ablative margin"]
    assert panel.shown.state == "assessed" and change == "" and verdict.split()[-1] in ("met", "borderline", "checked")
    items = dict(panel.items)
    plan = toy_case.plans["A"]
    moved = replace(plan, margin_mm=7.0)
    desk.move(moved)
    assert panel.shown.state == "moved" and panel.texts()["Minimal ablative margin"] == (value, "", "")
    assert "MOVED" in panel.banner.text()
    margin = toy_case.assessments["A"]["minimal_margin_mm"]
    nearer = replace(margin, value=margin.value - 2.0)
    desk.set_live(Preview(plan=moved, quantities=(nearer,), caption="preview on a grid"))
    assert panel.shown.state == "preview" and "PREVIEW" in panel.banner.text() and "on a grid" in panel.banner.toolTip()
    shown = panel.texts()["Minimal ablative margin"]
    assert shown[0] == f"{nearer.value:.1f} mm" and shown[1] == "\N{BLACK DOWN-POINTING TRIANGLE} 2.0 mm" and shown[2]
    assert panel.texts()["Ablated volume"][0] == "\N{HORIZONTAL ELLIPSIS}"
    desk.move(replace(plan, margin_mm=8.0))
    assert panel.shown.state == "updating" and "UPDATING" in panel.banner.text()
    assert panel.texts()["Minimal ablative margin"][2] == "", "no verdict on what is not current"
    assert panel.items == items, "cells are changed, rows stay"
    desk.drop()
    assert panel.shown.state == "assessed" and panel.texts()["Minimal ablative margin"] == (value, "", verdict)


def test_vessels_that_are_cut_come_and_go_without_a_change_being_told(window, toy_case):
    from anatomy_twin.core import Quantity
    from anatomy_twin.pipeline.live import Preview

    desk, panel = window.desk, window.panels["numbers"]
    moved = replace(toy_case.plans["A"], margin_mm=7.0)
    desk.move(moved)
    still = panel.items["plan:minimal_margin_mm"]
    for count in (3, 1, 2):
        cut = [Quantity(f"cut_vessel_{n}_mm", f"Cut: branch {count}{n}", 4.0 + n, "mm") for n in range(count)]
        desk.set_live(Preview(moved, (Quantity("cut_vessels", "Vessels cut", float(count), "count"), *cut)))
        labels = [label for label in panel.texts() if label.startswith("Cut")]
        assert labels == [f"Cut: branch {count}{n}" for n in range(count)]
        assert not any(panel.texts()[label][1] for label in labels)
        assert panel.tree.topLevelItem(0).text(0) == "Margins" and panel.items["plan:minimal_margin_mm"] is still
    desk.drop()
    assert not [label for label in panel.texts() if label.startswith("Cut")]
    shown = [panel.tree.topLevelItem(n) for n in range(panel.tree.topLevelItemCount())]
    assert sum(heading.childCount() for heading in shown) == len(panel.items)


def test_a_number_shows_its_place_and_its_source(window, toy_case):
    panel, desk = window.panels["numbers"], window.desk
    item = panel.items["plan:minimal_margin_mm"]
    quantity = toy_case.assessments["A"]["minimal_margin_mm"]
    below = [item.child(n).text(0) for n in range(item.childCount())]
    assert any(quantity.source in line for line in below) and any("at least" in line for line in below)
    desk.set_focus((0.0, 0.0, 0.0))
    panel.show_place(item)
    assert np.allclose(desk.focus_mm, quantity.place_mm, atol=1e-6)
    for name in ("met", "borderline", "not met", "not checked"):
        assert all(len(text.split()) >= 2 for _, _, text in panel.texts().values() if text.endswith(name))


def test_messages_keep_the_case_and_what_was_told_apart(window):
    panel, desk = window.panels["messages"], window.desk
    assert panel.case_lines.plain() == list(desk.scene.messages)
    desk.tell("saved")
    desk.tell("no scan in the folder: choose another", "error")
    assert panel.told_lines.plain()[:2] == ["no scan in the folder: choose another", "saved"], "the newest first"
    first = panel.told_lines.item(0).text()
    assert "Problem" in first and "choose another" in first and ":" in first
    assert "2" in panel.tabs.tabText(1)
    panel.clear()
    assert panel.told_lines.count() == 0 and panel.case_lines.count()


def test_the_line_below_tells_what_is_at_the_crossing(window, qtbot):
    desk = window.desk
    qtbot.waitUntil(lambda: desk.reader.complete, timeout=20000)
    desk.set_focus((-61.0, -11.0, 25.0))
    text = window.place_label.text()
    assert "R 61.0" in text and "HU" in text and "Tumour 1" in text and "inside Tumour 1" in text
    desk.set_focus((85.0, 35.0, 20.0))
    assert "Spleen" in window.place_label.text() and "away" in window.place_label.text()


def test_words_of_a_place_in_the_liver_name_its_segment():
    from anatomy_twin.rehearsal.readout import Away, Found, Readout
    from anatomy_twin.view.reading import place_words

    told = Readout(
        (-60.0, 0.0, 9.0), "R 60.0, A 0.0, H 9.0 mm", 48.0, "HU",
        (Found("tumour_1", "Tumour 1 (target)", "check"), Found("liver", "Liver", "ok"), Found("body", "Body")),
        "Liver segment V", (), Away("tumour_1", "Tumour 1 (target)", -3.25), Away("portal", "Portal vein", 12.0, 4.4),
    )
    line = place_words(told)
    assert "48 HU" in line and "Tumour 1 (target, flagged) in Liver, segment V" in line
    assert "3.2 mm inside Tumour 1" in line and "Portal vein (4 mm wide): 12.0 mm away" in line
    assert place_words(Readout((900.0, 0.0, 0.0), "L 900.0, P 0.0, H 0.0 mm")) == "L 900.0, P 0.0, H 0.0 mm"
