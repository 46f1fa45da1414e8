"""Operations that can be planned by hand: each is data and a few functions, none is a window of its own."""

from __future__ import annotations

from typing import Final

from anatomy_twin.core import Plan
from anatomy_twin.errors import UsageError
from anatomy_twin.pipeline.procedures.ablation import ABLATION
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.pipeline.procedures.lesions import LESIONS
from anatomy_twin.pipeline.procedures.naming import free_name, with_copy, with_name
from anatomy_twin.pipeline.procedures.resection import RESECTION

OTHER_KIND: Final = "plans of this kind are kept; nothing of them is shown or computed yet"
PROCEDURES: Final[dict[str, Procedure]] = {one.name: one for one in (ABLATION, RESECTION)}


def procedure_of(plan: Plan | None) -> Procedure | None:
    """Return the procedure that a plan belongs to; None for no plan and for kinds of which nothing is computed."""
    return next((one for one in (*PROCEDURES.values(), LESIONS) if isinstance(plan, one.plan_kind)), None)


def unmeasured(plan: Plan | None) -> str:
    """Return in a sentence why nothing is computed of a plan, "" where it is, and for no plan."""
    procedure = procedure_of(plan)
    if plan is None:
        return ""
    return OTHER_KIND if procedure is None else procedure.unmeasured(plan)


def procedure_named(name: str) -> Procedure:
    """Return the procedure called ``name``; ``UsageError`` listing what there is."""
    if name not in PROCEDURES:
        raise UsageError(f"no procedure is called {name!r}", advice=f"there are {', '.join(PROCEDURES)}")
    return PROCEDURES[name]


__all__ = [
    "ABLATION", "LESIONS", "PROCEDURES", "RESECTION", "Parameter", "Procedure", "free_name", "procedure_named",
    "procedure_of", "unmeasured", "with_copy", "with_name",
]
