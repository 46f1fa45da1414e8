"""Plans side by side: their numbers in one table, the best of each row marked where it is known what is better."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anatomy_twin.core import AblationPlan, Case, LesionPlan, Plan, PlanCheck, Quantity, ResectionPlan
from anatomy_twin.rehearsal.build import format_quantity, structure_label

HIGHER: Final = "higher"
LOWER: Final = "lower"
BEST_SIGN: Final = "\N{BLACK STAR}"
NOT_ASSESSED: Final = "not assessed"
PREVIEW_SIGN: Final = "\N{ALMOST EQUAL TO}"
KINDS: Final = {"AblationPlan": "ablation", "ResectionPlan": "resection", "LesionPlan": "lesions",
                "PositionPlan": "position"}  # fmt: skip
VERDICT_OF_RULES: Final = {"unknown": "not checked", "broken": "not met", "open": "not checked", "kept": "met"}
# what a check comes to, in words; a window may have them in other languages
RULES: Final[Mapping[str, str]] = {
    "unknown": "rules not checked", "broken": "{count} rules broken", "one broken": "1 rule broken",
    "open": "{count} rules not checked", "one open": "1 rule not checked", "kept": "all rules kept",
}  # fmt: skip
# what is better where no limit says it; a name that ends with "*" stands for all that begin so
BETTER: Final = {
    "minimal_margin_mm": HIGHER, "target_percent": HIGHER, "rim_percent": HIGHER, "healthy_lost_ml": LOWER,
    "healthy_lost_percent": LOWER, "highest_*": LOWER, "outside_ml": LOWER, "margin_*": HIGHER,
    "remnant_*": HIGHER, "remaining_ml": HIGHER, "resected_ml": LOWER, "cut_cm2": LOWER, "cut_vessels": LOWER,
    "rules_broken": LOWER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Followed:
    """Numbers of a plan that followed the hand; ``exact`` where no simulation would give better ones."""

    quantities: tuple[Quantity, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class PlanState:
    """How far a plan is: ``kind`` in a word, ``broken`` rules and rules ``open`` (None: not checked yet).

    ``preview``: its numbers are those that followed the hand, coarser than what a simulation would give.
    """

    name: str
    kind: str
    aim: str
    broken: int | None
    open: int | None
    simulated: bool
    assessed: bool
    preview: bool = False

    @property
    def words(self) -> str:
        """One line: "2 rules broken, simulated, assessed"."""
        found = [rules_words(self.broken, self.open)]
        found += ["simulated"] if self.simulated else []
        found.append("preview only" if self.preview else "assessed" if self.assessed else NOT_ASSESSED)
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one plan: its text, its verdict ("" without), whether it is the best of its row, or a preview."""

    text: str
    verdict: str = ""
    best: bool = False
    quantity: Quantity | None = None
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity over all plans. ``better`` is "higher", "lower" or "" where neither is."""

    name: str
    label: str
    unit: str
    better: str
    cells: tuple[Cell, ...]
    limit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The plans of a case, a column each, and their rows."""

    plans: tuple[PlanState, ...]
    rows: tuple[Row, ...]


def compare_plans(
    case: Case, checks: Mapping[str, PlanCheck] | None = None, followed: Mapping[str, Followed] | None = None,
    first: str = "",
) -> Comparison:
    """Return the table of all plans of a case.

    Parameters: ``checks`` those known besides the ones the case holds; ``followed`` the numbers that followed the
    hand, for plans that the case has no numbers of; ``first`` the plan whose numbers come first. Rows are the numbers
    that any plan has, in the order of the first that has them. The best of a row is marked where two plans or more
    have the number, differ in it as it is shown, and are of one kind and aim; a preview is neither best nor beaten, and
    what does not meet its limit is never marked.
    Of vessels that are cut only their count is a row.
    """
    live = {name: numbers for name, numbers in (followed or {}).items() if name not in case.assessments}
    states = tuple(plan_state(case, name, (checks or {}).get(name), live.get(name)) for name in case.plans)
    columns = [_numbers(case, name, live.get(name)) for name in case.plans]
    rows = [_rules_row(states)] if states else []
    leading = columns[list(case.plans).index(first)] if first in case.plans else {}
    for name in dict.fromkeys((*leading, *(name for column in columns for name in column))):
        quantities = [column.get(name) for column in columns]
        known = next(quantity for quantity in quantities if quantity is not None)
        better = better_of(known)
        settled = [None if state.preview else q for q, state in zip(quantities, states, strict=True)]
        best = _best(settled, states, better)
        cells = tuple(
            _cell(quantity, state, number in best)
            for number, (quantity, state) in enumerate(zip(quantities, states, strict=True))
        )
        rows.append(Row(name, known.label, known.unit, better, cells, known.limit, known.note))
    return Comparison(states, tuple(rows))


def _cell(quantity: Quantity | None, state: PlanState, best: bool) -> Cell:
    if quantity is None:
        return Cell("\N{EM DASH}" if state.assessed else NOT_ASSESSED)
    text = format_quantity(quantity)
    shown = f"{PREVIEW_SIGN} {text}" if state.preview and quantity.value is not None else text
    return Cell(shown, quantity.verdict, best, quantity, state.preview)


def plan_state(
    case: Case, name: str, check: PlanCheck | None = None, followed: Followed | None = None
) -> PlanState:
    """Return how far a plan of a case is; ``check`` and ``followed`` where such are known that the case has not."""
    plan, check = case.plan(name), case.checks.get(name, check)
    broken = None if check is None else len(check.broken)
    return PlanState(name, KINDS.get(type(plan).__name__, "plan"), aim_of(plan), broken, _open(check),
                     name in case.results, name in case.assessments or followed is not None,
                     followed is not None and not followed.exact)  # fmt: skip


def aim_of(plan: Plan) -> str:
    """Return what a plan is for, in words: target or organ."""
    if isinstance(plan, AblationPlan):
        return structure_label(plan.target)
    if isinstance(plan, ResectionPlan):
        return ", ".join(structure_label(name) for name in (plan.targets or (plan.organ,)))
    return structure_label(plan.chamber) if isinstance(plan, LesionPlan) else ""


def rules_words(broken: int | None, left: int | None) -> str:
    """Return the outcome of a check in words."""
    kind = outcome_of(broken, left)
    count = (broken if kind == "broken" else left) or 0
    return RULES[f"one {kind}" if count == 1 and kind in ("broken", "open") else kind].format(count=count)


def outcome_of(broken: int | None, left: int | None) -> str:
    """Return what a check comes to: a key of ``RULES``, by the number of broken rules and of those not checked."""
    return "unknown" if broken is None else "broken" if broken else "open" if left else "kept"


def better_of(quantity: Quantity) -> str:
    """Return whether "higher" or "lower" is better, by the limit of a number or by its name; "" where neither is."""
    limit = quantity.limit.lower()
    if limit.startswith("at least"):
        return HIGHER
    if limit.startswith(("at most", "below", "no more")):
        return LOWER
    for name, better in BETTER.items():
        if quantity.name == name or (name.endswith("*") and quantity.name.startswith(name[:-1])):
            return better
    return ""


def as_text(comparison: Comparison) -> str:
    """Return the table as tab-separated lines, to be pasted into a letter or a sheet."""
    return "\n".join("\t".join(line) for line in _lines(comparison))


def as_csv(comparison: Comparison) -> str:
    """Return the table as CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(_lines(comparison))
    return out.getvalue()


def _lines(comparison: Comparison) -> list[list[str]]:
    lines = [["", *(f"Plan {state.name}" for state in comparison.plans)]]
    lines.append(["Kind", *(state.kind for state in comparison.plans)])
    lines.append(["Aim", *(state.aim for state in comparison.plans)])
    lines.append(["State", *(state.words for state in comparison.plans)])
    for row in comparison.rows:
        lines.append([row.label, *(_cell_text(cell) for cell in row.cells)])
    return lines


def _cell_text(cell: Cell) -> str:
    text = f"{BEST_SIGN} {cell.text}" if cell.best else cell.text
    return f"{text} ({cell.verdict})" if cell.verdict and cell.verdict != cell.text else text


def _numbers(case: Case, name: str, followed: Followed | None) -> dict[str, Quantity]:
    assessment = case.assessments.get(name)
    found = assessment.quantities if assessment is not None else followed.quantities if followed is not None else ()
    return {quantity.name: quantity for quantity in found if not _is_single_vessel(quantity.name)}


def _is_single_vessel(name: str) -> bool:
    """True for "cut_vessel_1_mm": the first vessel that one plan cuts is another one than that of another plan."""
    return name.startswith("cut_vessel_")


def _rules_row(states: tuple[PlanState, ...]) -> Row:
    counts: list[Quantity | None] = [
        None if state.broken is None else Quantity("rules_broken", "Rules", float(state.broken), "count")
        for state in states
    ]
    # a rule that was not checked may be broken: a plan is best only where that would not make it worse than another
    fewest = min((state.broken for state in states if state.broken is not None), default=0)
    best = {n for n in _best(counts, states, LOWER) if states[n].broken + (states[n].open or 0) <= fewest}
    cells = []
    for number, state in enumerate(states):
        verdict = VERDICT_OF_RULES[outcome_of(state.broken, state.open)]
        cells.append(Cell(rules_words(state.broken, state.open), verdict, number in best, counts[number]))
    return Row("rules_broken", "Rules", "count", LOWER, tuple(cells))


def _best(quantities: list[Quantity | None], states: tuple[PlanState, ...], better: str) -> frozenset[int]:
    """Return which plans are best; several where they are shown as the same, none where all are or where unknown."""
    values: dict[int, Any] = {
        number: (quantity.value, format_quantity(quantity))
        for number, quantity in enumerate(quantities)
        if quantity is not None and quantity.value is not None
    }
    if not better or len(values) < 2 or len({(states[n].kind, states[n].aim) for n in values}) > 1:
        return frozenset()
    pick = max if better == HIGHER else min
    top = pick(values.values(), key=lambda pair: pair[0])[1]
    found = frozenset(number for number, (_, text) in values.items() if text == top)
    missed = {number for number in found if getattr(quantities[number], "verdict", "") == "not met"}
    return frozenset() if len(found) == len(values) else found - missed


def _open(check: PlanCheck | None) -> int | None:
    return None if check is None else sum(rule.outcome == "not checked" for rule in check.rules)
