"""Keys of the window: none clashes, none fires while typing, all parts are reached; palette and page of keys."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui


@pytest.fixture
def window(shell_window):
    return shell_window


def test_no_two_commands_share_a_key_or_a_name(qapp):
    from anatomy_twin.view.commands import all_commands, clashes

    commands = all_commands()
    assert len({command.name for command in commands}) == len(commands)
    assert clashes(commands) == []


def test_no_key_begins_the_keys_of_another(qapp):
    from PySide6.QtGui import QKeySequence

    from anatomy_twin.view.commands import all_commands

    plain = QKeySequence.SequenceFormat.PortableText
    keys = {QKeySequence(key).toString(plain): command.name for command in all_commands() for key in command.keys}
    begun = {key.partition(", ")[0] for key in keys if ", " in key}
    assert not [key for key in keys if key in begun], "a single key would wait for a second one for ever"


def test_every_command_stands_in_a_menu_with_words(qapp):
    from anatomy_twin.view.commands import all_commands
    from anatomy_twin.view.icons import DRAWINGS

    for command in all_commands():
        assert command.text.strip() and command.menu, command.name
        assert not command.icon or command.icon in DRAWINGS, command.name
        assert not command.bar or command.icon in DRAWINGS, f"{command.name} has no icon on the tool bar"


def test_single_letters_are_typed_not_run(window, qtbot):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QLineEdit, QSpinBox

    ran = []
    done = window.run
    window.run = lambda name: ran.append(name) or done(name)
    line, box = QLineEdit(window.centralWidget()), QSpinBox(window.centralWidget())
    line.setGeometry(10, 10, 120, 30)
    box.setGeometry(10, 50, 120, 30)
    for field in (line, box):
        field.show()
    try:
        line.setFocus()
        qtbot.waitUntil(line.hasFocus, timeout=3000)
        for key in (Qt.Key.Key_E, Qt.Key.Key_Z, Qt.Key.Key_V, Qt.Key.Key_4):
            qtbot.keyClick(line, key)
        assert line.text() == "ezv4" and ran == []
        box.setFocus()
        qtbot.waitUntil(box.hasFocus, timeout=3000)
        box.selectAll()
        for key in (Qt.Key.Key_4, Qt.Key.Key_2):
            qtbot.keyClick(box, key)
        assert box.value() == 42 and ran == []
    finally:
        window.run = done
        line.deleteLater()
        box.deleteLater()


def test_letters_are_commands_in_a_view(window, qtbot):
    from PySide6.QtCore import Qt

    pane = window.views.slice_panes["axial"]
    window.run("look.palette_hpb")
    qtbot.keyClick(pane, Qt.Key.Key_Z)
    assert window.desk.case.display.palette == ""
    qtbot.keyClick(pane, Qt.Key.Key_Y)
    assert window.desk.case.display.palette == "hpb"
    qtbot.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.case.display.palette == ""


def test_escape_gives_back_then_puts_away_then_leaves_edit_mode(window, qtbot):
    from dataclasses import replace

    from PySide6.QtCore import Qt

    desk, pane = window.desk, window.views.slice_panes["axial"]
    desk.set_edit_mode(True)
    desk.move(replace(desk.plan, margin_mm=9.0))
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert desk.moving is None and desk.edit_mode and desk.plan.margin_mm == 5.0
    window.run("measure.distance")
    assert desk.tool.name not in ("navigate", "plan")
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert desk.tool.name in ("navigate", "plan") and desk.edit_mode
    qtbot.keyClick(pane, Qt.Key.Key_Escape)
    assert not desk.edit_mode


def test_f6_goes_through_all_views_and_panels(window, qtbot):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.view.keyboard import parts_of

    reached = []
    parts = parts_of(window)
    for _ in range(len(parts) + 1):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6)
        holder = QApplication.focusWidget()
        reached.append(next((p for p in parts if p is holder or p.isAncestorOf(holder)), None))
    assert None not in reached and set(window.views.panes) <= set(reached)
    assert {window.panels["tree"], window.panels["plans"], window.panels["steps"]} <= set(reached)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    holder = QApplication.focusWidget()
    assert reached[-2] is holder or reached[-2].isAncestorOf(holder)


def test_a_panel_is_gone_to_by_key_and_shows_that_it_has_the_keyboard(window, qtbot):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    qtbot.keyClick(window.views.slice_panes["axial"], Qt.Key.Key_9, Qt.KeyboardModifier.AltModifier)
    panel = window.panels["history"]
    qtbot.waitUntil(lambda: panel.isVisible() and panel.isAncestorOf(QApplication.focusWidget()), timeout=3000)
    with_keyboard = panel.grab().toImage()
    window.views.slice_panes["axial"].setFocus()
    assert panel.grab().toImage() != with_keyboard
    window.show_panel("messages")


def test_palette_finds_by_a_few_letters_and_runs(window, qtbot):
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    qtbot.keyClick(window.views.slice_panes["axial"], Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = QApplication.activePopupWidget()
    assert palette is not None and palette.line.hasFocus()
    qtbot.keyClicks(palette.line, "slic onl")
    assert palette.list.topLevelItem(0).text(0) == "Slices only" and "Ctrl+4" in palette.list.topLevelItem(0).text(2)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.views.layout_name == "slices" and QApplication.activePopupWidget() is None


def test_palette_says_why_not_and_jumps_to_structures(window, qtbot):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.palette import Palette

    palette = Palette(window)
    palette.show()
    undo = next(entry for entry in palette.entries if entry.key == "edit.redo")
    assert bool(undo.why) != bool(window.desk.session.history.undone)
    qtbot.keyClicks(palette.line, "spleen")
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentItem().text(0) == "Spleen"
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert "Spleen" in window.place_label.text() and window.desk.active == "spleen"


def test_found_ranks_starts_of_words_first():
    from anatomy_twin.view.finding import Entry, found

    entries = [Entry("command", n, text, also) for n, (text, also) in enumerate([
        ("Paint", "Segment"), ("New segment", "Segment"), ("Segment panel", "View"), ("Größe der Schrift", "Ansicht"),
        ("Resegment", ""),
    ])]  # fmt: skip
    assert [entry.key for entry in found("segment", entries)] == [2, 1, 4, 0]
    assert [entry.text for entry in found("grosse", entries)] == ["Größe der Schrift"]
    assert [entry.text for entry in found("pnt", entries)] == ["Paint"]
    assert [entry.key for entry in found("", entries)] == [0, 1, 2, 3, 4] and found("zzz", entries) == []


@pytest.mark.parametrize(("query", "name"), [
    ("render", "scene.volume_bone"), ("volume rendering", "scene.volume_bone"), ("clip", "scene.cut_axial"),
    ("heat", "simulate.field"), ("ruler", "measure.distance"), ("screenshot", "edit.copy_picture"),
    ("MIP 3-D", "scene.volume_mip"), ("3d mip", "scene.volume_mip"), ("hide", "slices.outlines"),
    ("STL", "file.export"), ("RECIST", "measure.diameters"), ("color-blind", "look.palette_colour-blind"),
    ("needle", "plan.new_ablation"), ("F5", "simulate.run"),
])  # fmt: skip
def test_the_palette_knows_what_others_call_it(window, query, name):
    from anatomy_twin.view.finding import found
    from anatomy_twin.view.palette import entries_of

    assert name in [entry.key for entry in found(query, entries_of(window))[:8]]


def test_the_palette_says_that_nothing_is_called_so(window, qtbot):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.palette import Palette

    palette = Palette(window)
    palette.show()
    qtbot.keyClicks(palette.line, "qqq")
    assert palette.list.topLevelItemCount() == 1 and "qqq" in palette.list.topLevelItem(0).text(0)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible(), "there is nothing to be done"
    palette.line.setText("abaltion")
    assert "ablation" in palette.list.topLevelItem(0).text(0) and palette.list.currentItem() is not None
    assert palette.list.currentItem().data(0, Qt.ItemDataRole.UserRole).key == "plan.new_ablation"
    palette.close()


def test_other_words_are_those_of_commands(qapp):
    from fnmatch import fnmatch

    from anatomy_twin.view.command_words import tables
    from anatomy_twin.view.commands import all_commands

    names = [command.name for command in all_commands()]
    assert [key for key in tables(str) if not any(fnmatch(name, key) for name in names)] == []


def test_page_of_keys_has_every_key(window, qtbot):
    from PySide6.QtCore import Qt

    from anatomy_twin.view.cheat_sheet import CheatSheet
    from anatomy_twin.view.menus import keys_text

    sheet = CheatSheet(window)
    sheet.show()
    text = sheet.page.toPlainText()
    missing = [c.name for c in window.commands.values() if c.keys and keys_text(c.keys) not in text]
    assert missing == [] and "next slice" in text
    qtbot.keyClick(sheet.page, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def test_about_names_versions_and_the_intended_use(window):
    from PySide6.QtWidgets import QLabel

    from anatomy_twin import __version__
    from anatomy_twin.notice import INTENDED_USE
    from anatomy_twin.view.about import AboutDialog, versions

    dialog = AboutDialog(window)
    text = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert INTENDED_USE in text and __version__ in text and {"Python", "Qt", "vtk"} <= {name for name, _ in versions()}
    dialog.deleteLater()


def test_the_check_of_this_computer_passes_here(window, qtbot):
    from anatomy_twin.view.about import CheckDialog

    dialog = CheckDialog(window)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog._todo, timeout=60000)
    texts = [dialog.list.topLevelItem(row).text(1) for row in range(dialog.list.topLevelItemCount())]
    assert dialog.failed == 0 and "\N{HORIZONTAL ELLIPSIS}" not in texts, texts
    dialog.close()
    dialog.deleteLater()
