"""``anatomy-twin plan``: propose an ablation, or add one from a file."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import (
    Options,
    check_json,
    check_text,
    emit,
    keep_case,
    open_case,
    parse_target,
    terminal_monitor,
)
from anatomy_twin.cli.searching import add_search_options, search


def main(arguments: Sequence[str]) -> int:
    """Add a plan to CASE, check it and save the case in place."""
    parser = Options("plan", "Propose an ablation of a target, or add and check the plan of a JSON file.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--target", metavar="NAME|x,y,z", help="segment name, or a position in LPS mm")
    parser.add_argument(
        "--target-radius", type=float, metavar="MM", help="where no lesion is seen at the position: a sphere"
    )
    parser.add_argument("--file", metavar="PLAN.json", help="a plan of your own: an ablation, or a resection by planes")
    parser.add_argument("--name", default="A", help="name of the plan (default: A)")
    parser.add_argument("--device", default="mwa-generic")
    parser.add_argument("--margin", type=float, default=5.0, metavar="MM", help="margin in mm (default: 5)")
    add_search_options(parser)
    options = parser.read(arguments)
    if options.search:
        if options.file:
            parser.error("--file and --search exclude each other")
        return search(options, open_case(options.case))
    if options.targets:
        parser.error("--targets goes with --search")
    if options.file and options.target:
        parser.error("--file and --target exclude each other")
    from anatomy_twin import pipeline
    from anatomy_twin.store import load_plan

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        if options.file:
            plan = load_plan(options.file)
            case = pipeline.add_plan(case, plan, monitor=monitor)
            name = plan.name
        else:
            wanted = pipeline.choose_target(case, parse_target(options.target))
            target, outlined = pipeline.named_target(case, wanted)
            if not outlined:
                case = pipeline.target_case(
                    case, wanted, radius_mm=options.target_radius, name=target, proposed=options.target is None,
                    monitor=monitor,
                )
                case = pipeline.mesh_case(case, monitor=monitor)
            name = options.name
            case = pipeline.propose_case(
                case, target=target, name=name, margin_mm=options.margin, device=options.device, monitor=monitor
            )
    keep_case(case, options.case)
    check, plan = case.checks[name], case.plan(name)
    count = len(check.broken)
    verdict = "no rule is broken" if not count else f"saved although it BREAKS {count} rule{'s' * (count > 1)}"
    target = getattr(plan, "target", None) or ", ".join(getattr(plan, "targets", ()))
    document = {**check_json(check), "target": target, "warning": case.provenance[-1].facts.get("warning", "")}
    return emit(options, document, f"plan {name}: {verdict}\n{check_text(check)}", case)
