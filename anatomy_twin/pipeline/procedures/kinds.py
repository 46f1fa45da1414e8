"""A procedure as data: what the window needs to know to plan it, and the functions that do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anatomy_twin.core import Case, Plan
from anatomy_twin.rehearsal.handles import Handle, PlanContext
from anatomy_twin.rehearsal.shapes import CutTint, Shape


@dataclass(frozen=True)
class Parameter:
    """One setting of a plan that a person can change.

    ``name`` is its own among those of a plan; ``words`` say what it is, with ``{number}`` for the part (``part``, -1
    for the plan as a whole). ``kind`` is "number" (from ``low`` to ``high`` in ``unit``, by ``step``, with ``digits``
    behind the point), "choice" (one of ``choices``: value and words) or "several" (any of them, a tuple of values).
    ``read`` returns the value a plan has, ``write`` the plan with another one; ``device`` is the device that is
    chosen by it, "" for what is no device.
    """

    name: str
    words: str
    kind: str
    read: Callable[[Plan], Any]
    write: Callable[[Plan, Any], Plan]
    part: int = -1
    unit: str = ""
    low: float = 0.0
    high: float = 100.0
    step: float = 1.0
    digits: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    tip: str = ""
    device: str = ""

    @property
    def label(self) -> str:
        """What it is, in words: "Power of applicator 1"."""
        return self.words.format(number=self.part + 1)


def measured_whole(plan: Plan) -> str:
    """Return "": everything of such a plan is measured."""
    return ""


@dataclass(frozen=True)
class Procedure:
    """A kind of operation that can be planned by hand.

    ``plan_kind`` is the class of its plans. The functions: ``new(case, name, target)`` a sensible start;
    ``context(case, plan)`` what the handles need to know of the patient; ``handles(plan, context)``;
    ``moved(plan, handle, point_mm, context)`` the plan with a handle elsewhere; ``shapes(plan, context, lit)`` what is
    drawn of it besides handles (``lit``: while it can be edited); ``tints(plan)``; ``parameters(case, plan)``;
    ``parts(plan)`` one line of each part; ``add_part(plan, *points_mm)``; ``remove_part(plan, number)``;
    ``targets(plan)`` the structures it aims at. ``part`` is what its parts are called, ``clicks`` say what a person
    points at to place one. ``live_prepare`` ``(case, plan) -> prepared`` and ``live_preview``
    ``(prepared, plan, monitor) -> Preview``, as "module:function", give what follows the hand; ``simulated`` is True
    where there is physics to run. ``unmeasured(plan)`` says in a sentence why nothing is computed of a plan, "" where
    it is.
    """

    name: str
    title: str
    plan_kind: type
    part: str
    clicks: tuple[str, ...]
    new: Callable[[Case, str, str], Plan]
    context: Callable[[Case, Plan], PlanContext]
    handles: Callable[[Plan, PlanContext], tuple[Handle, ...]]
    moved: Callable[[Plan, Handle, Any, PlanContext], Plan]
    shapes: Callable[[Plan, PlanContext, bool], tuple[Shape, ...]]
    tints: Callable[[Plan], tuple[CutTint, ...]]
    parameters: Callable[[Case, Plan], tuple[Parameter, ...]]
    parts: Callable[[Plan], tuple[str, ...]]
    add_part: Callable[..., Plan]
    remove_part: Callable[[Plan, int], Plan]
    targets: Callable[[Plan], tuple[str, ...]]
    live_prepare: str
    live_preview: str
    simulated: bool = False
    unmeasured: Callable[[Plan], str] = measured_whole

