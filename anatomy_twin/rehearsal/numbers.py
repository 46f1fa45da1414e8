"""Which numbers of a plan are shown, in groups, and how far each can be trusted at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from anatomy_twin.core import Case, Plan, Quantity
from anatomy_twin.rehearsal.build import format_number

GROUPS: Final = ("margins", "coverage", "remnant", "vessels", "heat", "lesions", "organs", "segments", "other")
OF_PLAN: Final = GROUPS[:5]
LISTED: Final = "cut_vessel"  # numbers of what is cut now: other things than before have the same names
STATES: Final = ("assessed", "exact", "preview", "updating", "moved", "refused", "unmeasured", "none")
_WORDS: Final = (  # the first that is in a number's name decides
    ("margins", ("margin",)),
    ("vessels", ("cut_vessel", "vessel_distance", "pedicle")),
    ("coverage", ("target_percent", "rim_percent", "ablated", "healthy_lost", "outside", "tumour_ml")),
    ("remnant", ("remnant", "resected", "remaining", "cut_cm2", "flr")),
    ("heat", ("_peak_c",)),
    ("segments", ("liver_segment",)),
    ("lesions", ("tumour", "lesion", "nodule")),
    ("organs", ("_ml",)),
)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One number as it is shown.

    ``current`` is False where the value belongs to another position of the plan (or is not known at this one: then
    ``value_text`` is "..."). ``before`` is the value of the saved plan where the shown one may differ, else None.
    """

    quantity: Quantity
    group: str
    current: bool = True
    before: float | None = None
    of_plan: bool = True
    waits: bool = False

    @property
    def value_text(self) -> str:
        """Value and unit, "..." while it is not known, "" where it could not be found."""
        if self.waits:
            return "\N{HORIZONTAL ELLIPSIS}"
        quantity = self.quantity
        return "\N{EN DASH}" if quantity.value is None else format_number(quantity.value, quantity.unit)

    @property
    def verdict(self) -> str:
        """The verdict; none of what is not current."""
        return self.quantity.verdict if self.current and not self.waits else ""

    @property
    def change(self) -> float | None:
        """How much the value differs from the saved plan's, None where that is not known."""
        if self.before is None or self.quantity.value is None or self.waits:
            return None
        return self.quantity.value - self.before

    @property
    def change_text(self) -> str:
        """The change with an arrow, "=" where it is less than the last digit, "" where there is none to tell."""
        change = self.change
        if change is None:
            return ""
        number = format_number(abs(change), self.quantity.unit)
        if not any(digit in number.split()[0] for digit in "123456789") or abs(change) < 0.05:
            return "="
        arrow = "\N{BLACK UP-POINTING TRIANGLE}" if change > 0 else "\N{BLACK DOWN-POINTING TRIANGLE}"
        return f"{arrow} {number}"

    @property
    def change_is(self) -> str:
        """ "better" or "worse" by the limit that the number is held against, "" where that does not tell."""
        change = self.change
        if not change or self.change_text == "=":
            return ""
        if self.quantity.limit.startswith("at least"):
            return "better" if change > 0 else "worse"
        if self.quantity.limit.startswith("at most"):
            return "better" if change < 0 else "worse"
        return ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is shown: ``state`` tells how the plan's rows were got.

    "assessed": read off the plan as it is; "exact": followed the hand, no simulation would give better ones;
    "preview": quicker and coarser, of the plan as it is; "updating": of an earlier position, an answer is awaited;
    "moved": of the saved plan; "refused": there are none of the plan as it is; "unmeasured": there are none of such a
    plan; "none": nothing is known yet.
    """

    state: str
    rows: tuple[NumberRow, ...]

    def verdicts(self) -> dict[str, int]:
        """How often each verdict stands in the rows of the plan."""
        counts: dict[str, int] = {}
        for row in self.rows:
            if row.of_plan and row.verdict:
                counts[row.verdict] = counts.get(row.verdict, 0) + 1
        return counts


def group_of(name: str) -> str:
    """Return the group that a number stands in by its name."""
    return next((group for group, words in _WORDS if any(word in name for word in words)), "other")


def shown_numbers(
    case: Case, plan: Plan | None, live: Iterable[Quantity] | None = None, *, live_is_current: bool = False,
    before: Mapping[str, Quantity] | None = None, exact: bool = False, unmeasured: bool = False,
) -> Numbers:
    """Return the numbers to show of a plan and of the anatomy.

    Parameters: ``plan`` as the hand holds it (None: the anatomy alone); ``live`` the newest preview of this plan, None
    for none, ``live_is_current`` where it belongs to the plan as it is held; ``before`` the numbers that the plan had
    when it was last assessed, by name; ``exact`` where a preview is no coarser than what a simulation would give;
    ``unmeasured`` where nothing is computed of such a plan.
    """
    saved = case.assessments.get(plan.name) if plan is not None else None
    moved = plan is not None and case.plans.get(plan.name) != plan
    known = dict(before or {})
    if saved is not None:
        known.update({quantity.name: quantity for quantity in saved.quantities})
    newest = {quantity.name: quantity for quantity in live or ()}
    if saved is not None and not moved:
        state, rows = "assessed", [_row(quantity) for quantity in saved.quantities]
    elif unmeasured:
        state, rows = "unmeasured", []
    elif live_is_current and not newest:
        state, rows = "refused", [_row(quantity, current=False, waits=True) for quantity in known.values()]
    elif live is not None:
        state = ("exact" if exact else "preview") if live_is_current else "updating"
        if any(name.startswith(LISTED) for name in newest):  # a list of its own, not the same items as before
            known = {name: quantity for name, quantity in known.items() if not name.startswith(LISTED)}
        rows = [_row(newest.get(name, quantity), current=live_is_current and name in newest, before=quantity.value,
                     waits=name not in newest) for name, quantity in known.items()]  # fmt: skip
        rows += [_row(quantity, current=live_is_current) for name, quantity in newest.items() if name not in known]
    elif moved:
        state, rows = "moved", [_row(quantity, current=False, waits=False) for quantity in known.values()]
    else:
        state, rows = "none", [_row(quantity, current=False, waits=True) for quantity in known.values()]
    anatomy = case.assessments.get("")
    rows += [_row(quantity, of_plan=False) for quantity in (anatomy.quantities if anatomy is not None else ())]
    rows.sort(key=lambda row: (not row.of_plan, GROUPS.index(row.group)))
    return Numbers(state, tuple(rows))


def _row(quantity: Quantity, *, current: bool = True, before: float | None = None, of_plan: bool = True,
         waits: bool = False) -> NumberRow:  # fmt: skip
    group = group_of(quantity.name)
    if not of_plan and group in OF_PLAN:
        group = "lesions" if group == "coverage" else "other"
    return NumberRow(quantity, group, current, before, of_plan, waits)
