"""``anatomy-twin simulate``: the heat of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor


def main(arguments: Sequence[str]) -> int:
    """Simulate a plan of CASE and save the result in it."""
    parser = Options("simulate", "Compute heat and tissue damage of a plan.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", default="A", metavar="NAME")
    parser.add_argument("--refine", action="store_true", help="shorten the plan to the time that reaches the margin")
    options = parser.read(arguments)
    from anatomy_twin.pipeline import simulate_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = simulate_case(case, options.plan, refine=options.refine, monitor=monitor)
    keep_case(case, options.case)
    result = case.results[options.plan]
    document = {
        "plan": result.plan_name, "coagulated_ml": result.coagulated_ml, "verdict_model": result.verdict_model,
        "highest_degC": float(result.temperature_c.max()), "parameters": dict(result.parameters),
        "assumed": list(result.assumed), "warnings": list(result.warnings),
    }
    text = f"plan {result.plan_name}: {result.coagulated_ml:.1f} ml coagulated by {result.verdict_model}"
    return emit(options, document, text, case)
