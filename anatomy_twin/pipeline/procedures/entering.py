"""Entries for one applicator of a plan: the map of the skin, and the plan with another entry."""

from __future__ import annotations

from dataclasses import replace

from anatomy_twin.core import AblationPlan
from anatomy_twin.plan import EntryMap, entries_of, heat_centre_mm
from anatomy_twin.units import check_point

__all__ = ["entries_of", "heat_centre_mm", "with_entry"]


def with_entry(plan: AblationPlan, number: int, entries: EntryMap, entry: int) -> AblationPlan:
    """Return the plan with one applicator moved to an entry of the map; power and time stay."""
    ends = {
        "entry_mm": check_point("entry_mm", entries.entries_mm[entry]),
        "tip_mm": check_point("tip_mm", entries.tips_mm[entry]),
    }
    parts = list(plan.applicators)
    parts[number] = replace(parts[number], **ends)
    return replace(plan, applicators=tuple(parts))
