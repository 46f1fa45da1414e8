"""Commands of the plan menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from anatomy_twin.view.commands import Command, has_case
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("Plan")
    return (
        Command("plan.edit", tr("Edit mode"), _edit, menu, ("E",), tr("Let handles of the plan be grabbed, or not"),
                _has_plan_or_edits, lambda window: window.desk is not None and window.desk.edit_mode, bar=True,
                icon="edit", short=tr("Edit plan"), why=lambda window: tr("there is no plan yet")),
        Command("plan.new_ablation", tr("New ablation"), lambda window: _new(window, "ablation"), menu,
                ("Ctrl+Shift+A",), tr("A new plan: one applicator straight from the skin to the target"), _has_labels,
                divided=True, bar=True, icon="applicator", short=tr("Ablation"), why=_no_labels),
        Command("plan.new_resection", tr("New resection"), lambda window: _new(window, "resection"), menu,
                ("Ctrl+Shift+R",), tr("A new plan: one plane between the target and the hilum"), _has_labels,
                bar=True, icon="resection", short=tr("Resection"), why=_no_labels),
        Command("plan.propose", tr("Propose an applicator's way"), lambda window: window.run("simulate.propose"), menu,
                (), tr("Search all ways from the skin to the target for the best"), _can("simulate.propose")),
        Command("plan.entries", tr("Map of entries"), _entries, menu, (),
                tr("Try every place of the skin as entry, and show on the skin which are allowed"), _has_ablation,
                _entries_on, why=lambda window: tr("there is no plan of applicators")),
        Command("plan.search", tr("Search for applicators..."), _search, menu, (),
                tr("The fewest applicators whose simulated zone covers one target or several"),
                _can("simulate.propose"), why=lambda window: tr("no lesion is outlined")),
        Command("plan.robustness", tr("Sample how robust the plan is"), _sample, menu, (),
                tr("Simulate many treatments that differ a little: how surely the target is covered"), _has_ablation,
                why=lambda window: tr("there is no plan of applicators")),
        Command("plan.failing", tr("Show where the plan fails"), _failing, menu, (),
                tr("How often each part of the target is left uncovered, in 3-D and on slices"), _is_sampled,
                _failing_on, why=lambda window: tr("the plan was not sampled: how robust it is, is not known")),
        Command("plan.table", tr("Ellipsoid of the device table"), _table, menu, (),
                tr("Draw the zone that the device's table promises beside what is simulated, with both margins"),
                _has_ablation, _table_on, why=lambda window: tr("there is no plan of applicators")),
        Command("plan.duplicate", tr("Duplicate plan"), _duplicate, menu, ("Ctrl+D",),
                tr("A copy of the plan shown, to vary it"), _has_plan, divided=True),
        Command("plan.rename", tr("Rename plan"), _rename, menu, (),
                tr("Write another name into the list of plans (F2 in it)"), _has_plan),
        Command("plan.delete", tr("Delete plan"), _delete, menu, (),
                tr("Remove the plan shown and what was computed of it; it can be undone"), _has_plan),
        Command("plan.next", tr("Next plan"), lambda window: _step(window, 1), menu, ("Ctrl+PgDown",), "", _has_plan,
                divided=True),
        Command("plan.previous", tr("Previous plan"), lambda window: _step(window, -1), menu, ("Ctrl+PgUp",), "",
                _has_plan),
        Command("plan.add_part", tr("Add applicator or plane"), _add_part, menu, ("Shift+N",),
                tr("Click where the next applicator or plane of the plan is to be"), _has_procedure, divided=True),
        Command("plan.remove_part", tr("Remove applicator or plane"), _remove_part, menu, (),
                tr("Remove the part whose handle is chosen"), _has_chosen),
        Command("plan.next_handle", tr("Next handle"), lambda window: _next_handle(window, 1), menu, ("Ctrl+Shift+H",),
                tr("Choose the next handle; arrow keys move it"), _in_edit_mode),
        Command("plan.check", tr("Check the rules"), lambda window: window.run("simulate.check"), menu, (),
                tr("Keep with the case what the rules say of the plan shown"), _can("simulate.check"), divided=True),
        Command("plan.compare", tr("Compare plans"), _compare, menu, ("Ctrl+Shift+K",),
                tr("The table of all plans side by side"), _has_plan, icon="compare"),
        Command("plan.copy_comparison", tr("Copy the comparison of plans"), _copy_comparison, menu, (),
                tr("Put the table of all plans on the clipboard"), _has_plan),
    )  # fmt: skip


# when what can be done


def _has_ablation(window: RehearsalWindow) -> bool:
    from anatomy_twin.core import AblationPlan

    return window.desk is not None and isinstance(window.desk.plan, AblationPlan)


def _entries_on(window: RehearsalWindow) -> bool:
    from anatomy_twin.view.plan_entries import entries_of_desk

    entries = entries_of_desk(window.desk)
    return entries is not None and entries.on


def _entries(window: RehearsalWindow) -> None:
    from anatomy_twin.view.plan_entries import entries_of_desk

    window.show_panel("plans")
    entries = entries_of_desk(window.desk)
    if entries is not None:
        entries.toggle()


def _search(window: RehearsalWindow) -> None:
    from anatomy_twin.view.dialogs_search import ask_search

    ask_search(window)


def _sample(window: RehearsalWindow) -> None:
    from anatomy_twin.view.plan_robustness import robustness_of_desk

    window.show_panel("plans")
    kit = robustness_of_desk(window.desk)
    if kit is not None:
        kit.start()


def _is_sampled(window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.robustness is not None


def _failing_on(window: RehearsalWindow) -> bool:
    from anatomy_twin.view.plan_robustness import robustness_of_desk

    kit = robustness_of_desk(window.desk)
    return kit is not None and kit.shown


def _failing(window: RehearsalWindow) -> None:
    from anatomy_twin.view.plan_robustness import robustness_of_desk

    kit = robustness_of_desk(window.desk)
    if kit is not None:
        kit.show_map(not kit.shown, near=True)


def _table_on(window: RehearsalWindow) -> bool:
    return window.desk is not None and "table" in window.desk.kits and window.desk.kits["table"].on


def _table(window: RehearsalWindow) -> None:
    from anatomy_twin.view.table_sight import table_sight_of

    sight = table_sight_of(window)
    if sight is not None:
        sight.toggle()


def _has_plan(window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.plan is not None


def _has_plan_or_edits(window: RehearsalWindow) -> bool:
    return _has_plan(window) or (window.desk is not None and window.desk.edit_mode)


def _has_labels(window: RehearsalWindow) -> bool:
    return has_case(window) and window.desk is not None and window.desk.case.primary in window.desk.case.labels


def _has_procedure(window: RehearsalWindow) -> bool:
    from anatomy_twin.pipeline.procedures import procedure_of

    return window.desk is not None and procedure_of(window.desk.plan) is not None


def _in_edit_mode(window: RehearsalWindow) -> bool:
    return _has_procedure(window) and window.desk is not None and window.desk.edit_mode


def _has_chosen(window: RehearsalWindow) -> bool:
    from anatomy_twin.view.tools.plan_handles import handles_of

    tool = handles_of(window)
    return _in_edit_mode(window) and tool is not None and tool.chosen_handle is not None


def _can(name: str) -> Callable[[RehearsalWindow], bool]:
    def can(window: RehearsalWindow) -> bool:
        command = window.commands.get(name)
        return command is not None and command.enabled(window)

    return can


def _no_labels(window: RehearsalWindow) -> str:
    return tr("the scan is not segmented yet")


# what is done


def _edit(window: RehearsalWindow) -> None:
    desk = window.desk
    assert desk is not None
    desk.set_edit_mode(not desk.edit_mode)
    desk.tell(tr("Edit mode: drag the handles of the plan") if desk.edit_mode else tr("Edit mode is off"))


def _new(window: RehearsalWindow, name: str) -> None:
    from anatomy_twin.pipeline.procedures import procedure_named
    from anatomy_twin.view.plan_actions import new_plan

    assert window.desk is not None
    if new_plan(window.desk, procedure_named(name)):
        window.desk.set_edit_mode(True)
        window.show_panel("plans")


def _duplicate(window: RehearsalWindow) -> None:
    from anatomy_twin.view.plan_actions import duplicate_plan

    assert window.desk is not None
    duplicate_plan(window.desk)


def _rename(window: RehearsalWindow) -> None:
    window.show_panel("plans")
    panel = window.panels.get("plans")
    if panel is not None:
        panel.edit_name()  # type: ignore[attr-defined]


def _delete(window: RehearsalWindow) -> None:
    from anatomy_twin.view.plan_actions import delete_plan

    assert window.desk is not None
    delete_plan(window.desk)


def _step(window: RehearsalWindow, step: int) -> None:
    desk = window.desk
    assert desk is not None
    names = list(desk.case.plans)
    at = names.index(desk.plan_name) if desk.plan_name in names else 0
    desk.choose_plan(names[(at + step) % len(names)])


def _add_part(window: RehearsalWindow) -> None:
    from anatomy_twin.view.tools.plan_handles import handles_of
    from anatomy_twin.view.tools.plan_placing import PlacePart

    desk, tool = window.desk, handles_of(window)
    assert desk is not None and tool is not None
    if tool.surroundings[0].wall is not None:  # lesions of a heart whose wall is there
        window.run("heart.point")
        return
    desk.set_edit_mode(True)
    desk.set_tool(PlacePart(desk, tool))


def _remove_part(window: RehearsalWindow) -> None:
    from anatomy_twin.view.tools.plan_handles import handles_of

    tool = handles_of(window)
    assert tool is not None
    tool.remove_part()


def _next_handle(window: RehearsalWindow, step: int) -> None:
    from anatomy_twin.view.tools.plan_handles import handles_of

    tool = handles_of(window)
    assert tool is not None
    tool.choose_next(step)


def _compare(window: RehearsalWindow) -> None:
    from PySide6.QtCore import Qt

    window.show_panel("compare")
    dock, rows = window.docks.get("compare"), 12 * window.fontMetrics().height()
    if dock is not None and dock.height() < rows:
        window.resizeDocks([dock], [rows + 4 * window.fontMetrics().height()], Qt.Orientation.Vertical)


def _copy_comparison(window: RehearsalWindow) -> None:
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.rehearsal.comparing import as_text, compare_plans

    assert window.desk is not None
    QApplication.clipboard().setText(as_text(compare_plans(window.desk.case)))
    window.desk.tell(tr("The comparison of plans is on the clipboard"))
