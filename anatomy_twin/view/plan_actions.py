"""What a person does to plans as a whole, as steps of the case: panel, menu and palette come here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anatomy_twin.core import PlanCheck
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import Procedure, free_name, with_copy, with_name
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk


def new_plan(desk: Desk, procedure: Procedure, target: str = "") -> bool:
    """Make a plan of a procedure under the next free name and show it; True where it was made."""
    name = free_name(desk.case)
    aim = target or getattr(desk.plan, "target", "")
    try:
        plan = procedure.new(desk.case, name, aim)
    except TwinError as error:
        desk.tell(str(error), "error")
        return False
    if not desk.do(tr("New plan {name}").format(name=name), desk.case.with_plan(plan)):
        return False
    desk.choose_plan(name)
    return True


def duplicate_plan(desk: Desk) -> None:
    """Make a copy of the plan shown and show it."""
    case, name = with_copy(desk.case, desk.plan_name)
    if desk.do(tr("Duplicate plan {name}").format(name=desk.plan_name), case):
        desk.choose_plan(name)


def rename_plan(desk: Desk, name: str, new: str) -> bool:
    """Give a plan another name; True where it has it now."""
    shown = desk.plan_name == name
    new = new.strip()
    if new == name:
        return True

    def rename() -> None:
        after = with_name(desk.case, name, new)
        desk.session.do(tr("Rename plan {name} to {new}").format(name=name, new=new), after)

    if not desk.attempt(rename):
        return False
    if shown:
        desk.choose_plan(new)
    return True


def delete_plan(desk: Desk) -> None:
    """Remove the plan shown and show the one beside it."""
    names = list(desk.case.plans)
    at = names.index(desk.plan_name)
    beside = (names[at + 1 :] or names[:at][::-1] or [""])[0]
    if desk.do(tr("Delete plan {name}").format(name=desk.plan_name), desk.case.without_plan(desk.plan_name)):
        desk.choose_plan(beside)


def rules_line(check: PlanCheck | None) -> tuple[str, str]:
    """Return the outcome of a check as verdict ("met", "not met", "not checked") and words."""
    if check is None:
        return "not checked", tr("rules not checked")
    if check.broken:
        return "not met", tr("{count} rules broken").format(count=len(check.broken))
    left = sum(rule.outcome == "not checked" for rule in check.rules)
    if left:
        return "not checked", tr("no rule broken, {count} not checked").format(count=left)
    return "met", tr("all rules kept")
