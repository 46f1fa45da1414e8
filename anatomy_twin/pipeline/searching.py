"""Plans that are searched, and how robust a plan is: with their provenance, in a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from anatomy_twin.assess import assess
from anatomy_twin.core import SILENT, AblationPlan, Assessment, Case, Monitor, Robustness
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.plan import check_plan
from anatomy_twin.search import AblationSearch, robustness, robustness_quantities, search_ablation
from anatomy_twin.units import lps_text


def search_case(
    case: Case, targets: Sequence[str], *, name: str = "A", margin_mm: float = 5.0,
    devices: Sequence[str] = ("mwa-generic",), most_applicators: int = 4, together: bool = True, seed: int = 0,
    monitor: Monitor = SILENT,
) -> tuple[Case, AblationSearch]:
    """Search applicators for targets; where the simulation confirmed them, add plans, checks and results to the case.

    Where it did not, the case comes back as it was, with a line of provenance that says what was short.
    """
    with timed_stage("searching applicators", monitor) as clock:
        found = search_ablation(
            case, targets, margin_mm, devices, most_applicators, monitor=monitor, seed=seed, name=name,
            together=together,
        )
        for plan, result in zip(found.plans, found.results, strict=True):
            case = case.with_plan(plan, check_plan(case, plan)).with_result(result)
    facts = {"targets": ", ".join(found.targets), "margin": f"{margin_mm:g} mm", "seed": str(seed),
             "simulations": f"{found.coarse_runs} coarse, {found.full_runs} full",
             "confirmed": "yes" if found.confirmed else shortfall_line(found)}  # fmt: skip
    return recorded(case, "searching applicators", facts, clock), found


def shortfall_line(found: AblationSearch) -> str:
    """Return one line on all that a search could not confirm."""
    parts = []
    for short in found.shortfalls:
        unit = "" if short.unit == "count" else f" {short.unit}"
        reached = "none" if short.reached is None else f"{short.reached:g}{unit}"
        place = "" if short.place_mm is None else f" at {lps_text(short.place_mm)}"
        parts.append(f"{short.name}: {reached} instead of {short.wanted:g}{unit}{place} ({short.reason})")
    return "; ".join(parts)


def robustness_case(
    case: Case, plan_name: str, samples: int = 100, *, seed: int = 0, placement_mm: float | None = None,
    angle_deg: float | None = None, monitor: Monitor = SILENT,
) -> tuple[Case, Robustness]:
    """Tell how robust a plan is, and keep that in the case and among the plan's numbers."""
    plan = case.plan(plan_name)
    if not isinstance(plan, AblationPlan):
        raise PlanError(f"plan {plan_name!r} is no ablation", advice="its robustness cannot be told")
    with timed_stage("sampling treatments", monitor) as clock:
        result = case.results.get(plan_name)
        found = robustness(
            case, plan, samples, seed, monitor, placement_mm=placement_mm, angle_deg=angle_deg,
            asked=None if result is None else result.asked,
        )
        numbers = case.assessments.get(plan_name) or assess(case, plan, result)
        case = case.with_robustness(found)
        case = case.with_assessment(with_robustness_numbers(case, numbers))
    facts = {"plan": plan_name, "samples": str(samples), "seed": str(seed), "grid": f"{found.spacing_mm:g} mm"}
    return recorded(case, "sampling treatments", facts, clock), found


def with_robustness_numbers(case: Case, numbers: Assessment) -> Assessment:
    """Return the numbers of a plan with what is known of how robust it is."""
    found = case.robustness.get(numbers.plan_name)
    if found is None:
        return numbers
    rows = robustness_quantities(found)
    kept = tuple(row for row in numbers.quantities if row.name not in {one.name for one in rows})
    notes = tuple(dict.fromkeys((*numbers.notes, *found.notes)))
    return replace(numbers, quantities=(*kept, *rows), notes=notes)
