"""The map of entries in the report: where else the skin may be entered, what stops the rest, the best entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor, part_of
from anatomy_twin.errors import Cancelled, TwinError
from anatomy_twin.plan import EntryMap, best_entries, entries_of
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.entry_colours import FAIR, GOOD, rule_colour
from anatomy_twin.render import entries_picture
from anatomy_twin.render.entry_picture import percent_text
from anatomy_twin.report.generator import device_label
from anatomy_twin.units import check_point, place_text

LISTED: Final = 10
Found = tuple[EntryMap | None, str]


def plan_entries(case: Case, plan_name: str, monitor: Monitor = SILENT) -> list[Found]:
    """Return the map of entries for each applicator of a plan, or None and why there is none; none for other plans."""
    plan, found = case.plans.get(plan_name), list[Found]()
    needles = plan.applicators if isinstance(plan, AblationPlan) else ()
    for number in range(len(needles)):
        try:
            with part_of(monitor, number / len(needles), (number + 1) / len(needles)) as part:
                found.append((entries_of(case, plan, number, part), ""))
        except Cancelled:
            raise
        except TwinError as error:
            found.append((None, f"no map of entries: {error.line}"))
    return found


def entry_rows(case: Case, plan_name: str, found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return what the report says of the map of each applicator: in words, the best entries with their costs, what
    stops the others.

    Only ``text`` where a map could not be made; what is the same for all stands with the first.
    """
    told: set[str] = set()
    parts = []
    for number, (entries, reason) in enumerate(found):
        part = _rows(case, plan_name, number, entries, reason)
        several = len(found) > 1
        title = f"Applicator {number + 1}: {_device(case, plan_name, number)}" if several else ""
        lines = [line for line in part["lines"] if line not in told]
        told.update(lines)
        parts.append({**part, "title": title, "group": entry_group(number), "lines": lines})
    return parts


def entry_group(number: int) -> str:
    """Return the group of the pictures of applicator ``number`` (from 0)."""
    return f"entries {number + 1}"


def _device(case: Case, plan_name: str, number: int) -> str:
    plan = case.plans[plan_name]
    return device_label(plan.applicators[number].device) if isinstance(plan, AblationPlan) else ""


def _rows(case: Case, plan_name: str, number: int, entries: EntryMap | None, reason: str) -> dict[str, Any]:
    if entries is None:
        text = f"{reason[:1].upper()}{reason[1:]}."
        return {"text": text, "rows": [], "lines": [], "heads": [], "legend": [], "not_checked": []}
    kept = [n for n in range(len(entries.cost_names)) if np.isfinite(entries.costs[:, n]).any()]
    places = [(int(entry), check_point("entry", entries.entries_mm[entry]))
              for entry in best_entries(entries, LISTED, pareto=True)]  # fmt: skip
    rows = [
        {"cells": [str(rank), place_text(place), f"{entries.cost[entry]:.2f}",
                   *(_cost(entries, entry, n) for n in kept)], "entry_mm": place}
        for rank, (entry, place) in enumerate(places, start=1)
    ]
    lines = [f"Weights of the costs: {', '.join(f'{name} {value:g}' for name, value in entries.weights.items())}"]
    lines += [f"Not checked, so no entry is known to keep it: {name} ({why})"
              for name, why in entries.unchecked.items()]  # fmt: skip
    return {
        "text": _words(case, plan_name, number, entries), "rows": rows, "lines": lines, "legend": _legend(entries),
        "heads": ["#", "Entry on the skin", "Cost",
                  *(f"{entries.cost_names[n]} ({entries.cost_units[n]})" for n in kept)],
        "not_checked": list(entries.unchecked),
    }  # fmt: skip


def _legend(entries: EntryMap) -> list[dict[str, str]]:
    """Return label and colour (hex) of what is painted on the skin, with the share that each rule stops."""
    marks = [("may be entered, the cheapest", GOOD), ("the dearest", FAIR)]
    marks += [(f"{name} stops {percent_text(share)}", rule_colour(name)) for name, share in entries.stops().items()]
    return [{"label": label, "colour": f"#{r:02x}{g:02x}{b:02x}"} for label, (r, g, b) in marks]


def _words(case: Case, plan_name: str, number: int, entries: EntryMap) -> str:
    plan = case.plans[plan_name]
    several = isinstance(plan, AblationPlan) and len(plan.applicators) > 1
    of = f"applicator {number + 1} (the others stay where they are)" if several else "the applicator"
    share, tried = 100.0 * float(entries.feasible.mean()), entries.feasible.size
    thinned = f", thinned from {entries.skin_count} of the skin," if tried < entries.skin_count else ""
    return (
        f"Every voxel of the skin was tried as an entry for {of} ({_device(case, plan_name, number)}) to "
        f"{structure_label(entries.target)}: {share:.1f} % of {tried} entries{thinned} keep the rules that could be "
        f"checked. {len(entries.pareto)} of them are in the Pareto set: no other one is better in one cost without "
        "being worse in another. The table has the cheapest of these that lie apart."
    )


def _cost(entries: EntryMap, entry: int, column: int) -> str:
    value = float(entries.costs[entry, column])
    return f"{value:.1f}" if np.isfinite(value) else "not known"


def entry_tasks(case: Case, plan_name: str, found: Sequence[Found]) -> list[tuple[str, str, Any]]:
    """Return (group, caption, function that draws) of the map on the skin of each applicator."""
    tasks: list[tuple[str, str, Any]] = []
    plan = case.plans.get(plan_name)
    for number, (entries, _) in enumerate(found):
        if entries is None or not isinstance(plan, AblationPlan):
            continue
        whose = f" for applicator {number + 1}" if len(found) > 1 else ""
        caption = (f"Entries on the skin{whose} from four sides: green to yellow may be entered, from the cheapest; "
                   "numbers are those of the table, the ring is the entry of the plan")  # fmt: skip
        own_mm = plan.applicators[number].entry_mm
        tasks.append((entry_group(number), caption, lambda entries=entries, own_mm=own_mm: entries_picture(
            case, entries, own_mm=own_mm, count=LISTED, side=False)))  # fmt: skip
    return tasks
