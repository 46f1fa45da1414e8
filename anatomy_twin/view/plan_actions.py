"""What a person does to plans as a whole, as steps of the case: panel, menu and palette come here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anatomy_twin.core import Case, PlanCheck
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import Procedure, free_name, with_copy, with_name
from anatomy_twin.rehearsal.comparing import VERDICT_OF_RULES, PlanState, outcome_of
from anatomy_twin.view.tools.plan_handles import own_key
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
    return do_and_show(desk, tr("New plan {name}").format(name=name), desk.case.with_plan(plan), name)


def do_and_show(desk: Desk, words: str, after: Case, name: str) -> bool:
    """Do a step after which another plan is shown: it is named first, so that the scene is built once."""
    desk.drop()
    before, desk.plan_name, desk.live = desk.plan_name, name, None
    done = desk.do(words, after, own_key(desk))
    if not done or desk.plan_name != name:
        desk.choose_plan(before)
    return done


def duplicate_plan(desk: Desk) -> None:
    """Make a copy of the plan shown and show it."""
    case, name = with_copy(desk.case, desk.plan_name)
    do_and_show(desk, tr("Duplicate plan {name}").format(name=desk.plan_name), case, name)


def rename_plan(desk: Desk, name: str, new: str) -> bool:
    """Give a plan another name; True where it has it now."""
    new = new.strip()
    if new == name:
        return True
    try:
        after = with_name(desk.case, name, new)
    except TwinError as error:
        desk.tell(str(error), "error")
        return False
    words = tr("Rename plan {name} to {new}").format(name=name, new=new)
    return do_and_show(desk, words, after, new if desk.plan_name == name else desk.plan_name)


def delete_plan(desk: Desk) -> None:
    """Remove the plan shown and show the one beside it."""
    names = list(desk.case.plans)
    at = names.index(desk.plan_name)
    beside = (names[at + 1 :] or names[:at][::-1] or [""])[0]
    after = desk.case.without_plan(desk.plan_name)
    do_and_show(desk, tr("Delete plan {name}").format(name=desk.plan_name), after, beside)


def rules_line(check: PlanCheck | None, *, bare: bool = False) -> tuple[str, str]:
    """Return the outcome of a check as verdict ("met", "not met", "not checked") and in words, the same everywhere.

    ``bare``: without the word for rules, which stands above them.
    """
    left = 0 if check is None else sum(rule.outcome == "not checked" for rule in check.rules)
    broken = None if check is None else len(check.broken)
    return VERDICT_OF_RULES[outcome_of(broken, left)], _outcome_words(broken, left, bare)


def _outcome_words(broken: int | None, left: int | None, bare: bool = False) -> str:
    one = (broken or left) == 1
    words = {
        "unknown": tr("rules not checked"), "kept": tr("all rules kept"),
        "broken": tr("1 rule broken") if one else tr("{count} rules broken"),
        "open": tr("1 rule not checked") if one else tr("{count} rules not checked"),
    }  # fmt: skip
    if bare:
        words = {"unknown": tr("not checked"), "kept": tr("all kept"), "broken": tr("{count} broken"),
                 "open": tr("{count} not checked")}  # fmt: skip
    return words[outcome_of(broken, left)].format(count=broken or left)


def state_line(state: PlanState) -> str:
    """Return how far a plan is, in a line: its rules, and what its numbers were read off."""
    found = [_outcome_words(state.broken, state.open)]
    found += [tr("simulated")] if state.simulated else []
    found.append(tr("preview only") if state.preview else tr("assessed") if state.assessed else tr("not assessed"))
    return ", ".join(found)
