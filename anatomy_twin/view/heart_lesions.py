"""What a person does to lesions on a chamber of the heart, as steps of the case: tools, panel and menu come here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from anatomy_twin.core import LesionLine, LesionPlan, LesionPoint
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import LESIONS, free_name
from anatomy_twin.view.heart import HeartSight
from anatomy_twin.view.heart_words import set_words
from anatomy_twin.view.plan_actions import do_and_show
from anatomy_twin.view.tools.plan_handles import own_key
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

SETS = "anatomy_twin.plan.lesion_sets:lesion_set"


def new_lesion_plan(desk: Desk, sight: HeartSight) -> bool:
    """Begin a plan without lesions on the chamber that is shown, and show it."""
    assert sight.chamber is not None
    plan = LESIONS.new(desk.case, free_name(desk.case), sight.chamber.name)
    words = tr("New plan {name}").format(name=plan.name)
    return do_and_show(desk, words, desk.case.with_plan(plan), plan.name)


def add_lesions(desk: Desk, sight: HeartSight, lesions: Sequence[LesionLine | LesionPoint], words: str) -> bool:
    """Add lesions to the plan shown where it is of this chamber, else to a new plan, as a step called ``words``."""
    assert sight.chamber is not None
    plan = sight.plan or LesionPlan(free_name(desk.case), sight.chamber.name, ())
    more = tuple(lesion for lesion in lesions if lesion not in plan.lesions)
    if not more:
        desk.tell(tr("the plan has these lesions already"))
        return False
    after = replace(plan, lesions=(*plan.lesions, *more))
    return do_and_show(desk, words, desk.case.with_plan(after), after.name)


def remove_lesion(desk: Desk, sight: HeartSight, number: int) -> None:
    """Remove lesion ``number`` (from 0) of the plan shown."""
    plan = sight.plan
    if plan is not None and 0 <= number < len(plan.lesions):
        words = tr("Remove lesion {number}").format(number=number + 1)
        desk.do(words, desk.case.with_plan(LESIONS.remove_part(plan, number)), own_key(desk))


def add_set(window: RehearsalWindow, sight: HeartSight, name: str) -> None:
    """Find the lines of a standard set beside the window and add them."""
    desk, chamber = window.desk, sight.chamber
    assert desk is not None and chamber is not None
    words = set_words()[name]

    def done(lesions: Any) -> None:
        if window.desk is desk and sight.chamber is chamber:
            add_lesions(desk, sight, lesions, words)

    def failed(error: TwinError) -> None:
        desk.tell(str(error), "error")

    window.jobs.start(words, SETS, chamber, name, done=done, failed=failed, reads=("chambers",), short=True,
                      step="plan")  # fmt: skip
