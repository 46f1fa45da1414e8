"""``anatomy-twin simulate``: the heat of a plan, or the heart's activation with lesions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor
from anatomy_twin.cli.heart import activation_json, activation_text

if TYPE_CHECKING:
    from anatomy_twin.core import Case, ThermalResult


def main(arguments: Sequence[str]) -> int:
    """Simulate a plan of CASE and save the result in it."""
    parser = Options("simulate", "Compute heat and tissue damage of a plan; of lesions on the heart its activation "
                     "without and with them, and which veins they isolate.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", default="A", metavar="NAME")
    parser.add_argument("--refine", action="store_true", help="shorten the plan to the time that reaches the margin")
    parser.add_argument("--verdict", metavar="NAME", help="what decides that tissue is dead: arrhenius (default), "
                        "cem43, isotherm_50, isotherm_60; of cold isotherm_-20 (default), isotherm_-40")
    parser.add_argument("--spacing", type=float, metavar="MM", help="edge of the voxels (default: 1)")
    parser.add_argument("--cooling", type=float, metavar="S", help="go on after the power is off (default: 0)")
    parser.add_argument("--perfusion", type=float, metavar="FACTOR", help="scale the perfusion (default: 1)")
    parser.add_argument("--vessel-flow", type=float, metavar="FACTOR",
                        help="scale the flow in large vessels (default: 1; 0: arrested)")
    parser.add_argument("--traces", metavar="FILE.csv", help="write what the generator recorded as a table")
    options = parser.read(arguments)
    from anatomy_twin.core import LesionPlan
    from anatomy_twin.export import traces_ready, write_traces
    from anatomy_twin.pipeline import simulate_case
    from anatomy_twin.rehearsal.courses import generator_summary, summary_document, summary_words
    from anatomy_twin.simulation.thermal import ThermalModel
    from anatomy_twin.simulation.thermal.resolution import COARSE_MM

    named = {
        "verdict": options.verdict, "spacing_mm": options.spacing, "cooling_s": options.cooling,
        "perfusion_factor": options.perfusion, "vessel_flow_factor": options.vessel_flow,
    }
    model = ThermalModel(**{name: value for name, value in named.items() if value is not None})
    if options.traces is not None:
        traces_ready(options.traces)  # what can be refused at once is not refused minutes later
    case = open_case(options.case)
    if isinstance(case.plan(options.plan), LesionPlan):
        _refuse_thermal(parser, options)
        return _of_lesions(options, case)
    if options.traces is not None:
        traces_ready(options.traces, case.plan(options.plan))
    with terminal_monitor() as monitor:
        case = simulate_case(case, options.plan, refine=options.refine, model=model, monitor=monitor)
    wrote = None if options.traces is None else write_traces(case, options.plan, options.traces)
    keep_case(case, options.case)  # last: a refusal leaves it as it was
    result = case.results[options.plan]
    spacing_mm = result.geometry.spacing_mm[0]
    document = {
        "plan": result.plan_name, "coagulated_ml": result.coagulated_ml, "grid_mm": spacing_mm,
        "verdict_model": result.verdict_model, "highest_degC": float(result.temperature_c.max()),
        "parameters": dict(result.parameters), "assumed": list(result.assumed), "warnings": list(result.warnings),
    }
    lines = [f"plan {result.plan_name}: {result.coagulated_ml:.1f} ml {_verb(result)} by {result.verdict_model}, "
             f"on a grid of {spacing_mm:g} mm{' (coarse)' * (spacing_mm > COARSE_MM)}"]
    summary = generator_summary(result, case.plans[options.plan])
    if summary is not None:
        document["generator"] = summary_document(summary)
        lines += [f"  {line}" for line in summary_words(summary)]
    if wrote is not None:
        lines.append(f"wrote {wrote}")
    return emit(options, document, "\n".join(lines), case)


def _refuse_thermal(parser: Options, options: argparse.Namespace) -> None:
    """Refuse what is asked of heat where the plan has none."""
    for name in ("refine", "verdict", "spacing", "cooling", "perfusion", "vessel_flow", "traces"):
        if getattr(options, name) not in (None, False):
            parser.error(f"--{name.replace('_', '-')} is for plans that heat or freeze, {options.plan} has lesions of "
                         "the heart")


def _of_lesions(options: argparse.Namespace, case: Case) -> int:
    from anatomy_twin.core import LesionPlan
    from anatomy_twin.pipeline import simulate_case

    plan = case.plan(options.plan)
    assert isinstance(plan, LesionPlan)
    with terminal_monitor() as monitor:
        case = simulate_case(case, plan.name, monitor=monitor)
    keep_case(case, options.case)
    return emit(options, activation_json(case, plan), activation_text(case, plan), case)


def _verb(result: ThermalResult) -> str:
    return "coagulated" if result.coldest_c is None else "lethally frozen"
