"""Names of plans: the next free one, copies, new names. Each returns a new case."""

from __future__ import annotations

from dataclasses import replace
from string import ascii_uppercase
from typing import Any

from anatomy_twin.core import Case, FrozenMapping
from anatomy_twin.core.plans import check_name
from anatomy_twin.errors import PlanError


def free_name(case: Case) -> str:
    """Return the first of A, B, C ... AA, AB ... that no plan of the case has."""
    letters = (*ascii_uppercase, *(first + second for first in ascii_uppercase for second in ascii_uppercase))
    # "A tumour_1" is of a search called A
    taken = {part for name in case.plans for part in (name.upper(), name.upper().partition(" ")[0])}
    return next((name for name in letters if name not in taken), f"plan {len(case.plans) + 1}")


def with_copy(case: Case, name: str) -> tuple[Case, str]:
    """Return the case with a copy of a plan under the next free name, which is returned too.

    The copy is as well checked as the plan; it was not simulated.
    """
    copy = replace(case.plan(name), name=free_name(case))
    check = case.checks.get(name)
    return case.with_plan(copy, None if check is None else replace(check, plan_name=copy.name)), copy.name


def with_name(case: Case, name: str, new: str) -> Case:
    """Return the case with a plan, and what it led to, under a new name in its old place.

    Raises ``PlanError`` where another plan has that name, ``DataError`` where it cannot be a name.
    """
    new = check_name(new).strip()
    plan = case.plan(name)
    if new == name:
        return case
    if new in case.plans:
        raise PlanError(f"there is a plan {new!r} already", advice="give another name")

    def moved(table: Any) -> FrozenMapping[str, Any]:
        return FrozenMapping({
            new if key == name else key: replace(value, plan_name=new) if key == name else value
            for key, value in table.items()
        })  # fmt: skip

    plans = {new if key == name else key: replace(plan, name=new) if key == name else value
             for key, value in case.plans.items()}  # fmt: skip
    tables = ("checks", "results", "robustness", "assessments", "activations", "inductions", "lesion_searches")
    changes: dict[str, Any] = {table: moved(getattr(case, table)) for table in tables}
    return replace(case, plans=FrozenMapping(plans), **changes)
