"""The map of entries in the report: where else the skin may be entered, what stops the rest, the best entries."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor
from anatomy_twin.errors import Cancelled, TwinError
from anatomy_twin.plan import EntryMap, best_entries, entries_of
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.render import entries_picture
from anatomy_twin.units import check_point, place_text

LISTED: Final = 10


def plan_entries(case: Case, plan_name: str, monitor: Monitor = SILENT) -> tuple[EntryMap | None, str]:
    """Return the map of entries for the first applicator of a plan, or None and why there is none ("" for other plans).
    """
    plan = case.plans.get(plan_name)
    if not isinstance(plan, AblationPlan):
        return None, ""
    try:
        return entries_of(case, plan, 0, monitor), ""
    except Cancelled:
        raise
    except TwinError as error:
        return None, f"no map of entries: {error.line}"


def entry_rows(case: Case, plan_name: str, entries: EntryMap | None, reason: str) -> dict[str, Any]:
    """Return what the report says of the map: in words, the best entries with their costs, what stops the others.

    Nothing for a plan that has no entries, only ``text`` where the map could not be made.
    """
    if entries is None:
        return {"text": f"{reason[:1].upper()}{reason[1:]}.", "rows": [], "lines": []} if reason else {}
    kept = [n for n in range(len(entries.cost_names)) if np.isfinite(entries.costs[:, n]).any()]
    places = [(int(entry), check_point("entry", entries.entries_mm[entry]))
              for entry in best_entries(entries, LISTED, pareto=True)]  # fmt: skip
    rows = [
        {"cells": [str(rank), place_text(place), f"{entries.cost[entry]:.2f}",
                   *(_cost(entries, entry, n) for n in kept)], "entry_mm": place}
        for rank, (entry, place) in enumerate(places, start=1)
    ]
    stops = ", ".join(f"{name} {share:.0f} %" for name, share in entries.stops().items())
    lines = [f"Weights of the costs: {', '.join(f'{name} {value:g}' for name, value in entries.weights.items())}"]
    lines += [f"Stopped by (% of all entries; one may break several): {stops}"] if stops else []
    lines += [f"Not checked, so no entry is known to keep it: {name} ({why})"
              for name, why in entries.unchecked.items()]  # fmt: skip
    return {
        "text": _words(case, plan_name, entries), "rows": rows, "lines": lines,
        "heads": ["#", "Entry on the skin", "Cost",
                  *(f"{entries.cost_names[n]} ({entries.cost_units[n]})" for n in kept)],
        "not_checked": list(entries.unchecked),
    }  # fmt: skip


def _words(case: Case, plan_name: str, entries: EntryMap) -> str:
    plan = case.plans[plan_name]
    several = isinstance(plan, AblationPlan) and len(plan.applicators) > 1
    of = "applicator 1 (the others stay where they are)" if several else "the applicator"
    share, tried = 100.0 * float(entries.feasible.mean()), entries.feasible.size
    thinned = f", thinned from {entries.skin_count} of the skin," if tried < entries.skin_count else ""
    return (
        f"Every voxel of the skin was tried as an entry for {of} ({entries.device}) to "
        f"{structure_label(entries.target)}: {share:.1f} % of {tried} entries{thinned} keep the rules that could be "
        f"checked. {len(entries.pareto)} of them are in the Pareto set: no other one is better in one cost without "
        "being worse in another. The table has the cheapest of these that lie apart."
    )


def _cost(entries: EntryMap, entry: int, column: int) -> str:
    value = float(entries.costs[entry, column])
    return f"{value:.1f}" if np.isfinite(value) else "not known"


def entry_tasks(case: Case, plan_name: str, entries: EntryMap | None) -> list[tuple[str, str, Any]]:
    """Return (group, caption, function that draws) of the map on the skin."""
    plan = case.plans.get(plan_name)
    if entries is None or not isinstance(plan, AblationPlan):
        return []
    caption = ("Entries on the skin from four sides: green to yellow may be entered, from the cheapest; numbers are "
               "those of the table, the ring is the entry of the plan")  # fmt: skip
    entry = plan.applicators[0].entry_mm
    return [("entries", caption, lambda: entries_picture(case, entries, own_mm=entry, count=LISTED))]
