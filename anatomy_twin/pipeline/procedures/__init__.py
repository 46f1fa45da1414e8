"""Operations that can be planned by hand: each is data and a few functions, none is a window of its own."""

from __future__ import annotations

from typing import Final

from anatomy_twin.core import Plan
from anatomy_twin.errors import UsageError
from anatomy_twin.pipeline.procedures.ablation import ABLATION
from anatomy_twin.pipeline.procedures.kinds import Parameter, Procedure
from anatomy_twin.pipeline.procedures.naming import free_name, with_copy, with_name
from anatomy_twin.pipeline.procedures.resection import RESECTION

PROCEDURES: Final[dict[str, Procedure]] = {one.name: one for one in (ABLATION, RESECTION)}


def procedure_of(plan: Plan | None) -> Procedure | None:
    """Return the procedure that a plan belongs to; None for no plan and for kinds that are not planned by hand."""
    return next((one for one in PROCEDURES.values() if isinstance(plan, one.plan_kind)), None)


def procedure_named(name: str) -> Procedure:
    """Return the procedure called ``name``; ``UsageError`` listing what there is."""
    if name not in PROCEDURES:
        raise UsageError(f"no procedure is called {name!r}", advice=f"there are {', '.join(PROCEDURES)}")
    return PROCEDURES[name]


__all__ = [
    "ABLATION", "PROCEDURES", "RESECTION", "Parameter", "Procedure", "free_name", "procedure_named", "procedure_of",
    "with_copy", "with_name",
]
