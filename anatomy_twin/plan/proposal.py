"""A plan that was found, with why it stands where it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from anatomy_twin.core import AblationPlan, PlanCheck
from anatomy_twin.core.plans import LesionPlan

Kind = TypeVar("Kind", AblationPlan, LesionPlan)


@dataclass(frozen=True, slots=True)
class Proposal(Generic[Kind]):
    """A plan that was found, its check, one line why it stands where it does, and its weighted cost.

    ``warning`` says what the plan cannot keep although no rule speaks of it: a zone that is too small.
    """

    plan: Kind
    check: PlanCheck
    why: str
    cost: float
    warning: str = ""
