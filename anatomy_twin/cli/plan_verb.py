"""``anatomy-twin plan``: propose an ablation, lay lesions on the heart, or add a plan from a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
from anatomy_twin.cli.heart import lesion_sets
from anatomy_twin.cli.searching import add_search_options, refuse_without, search, wanted_name
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import PlanCheck
    from anatomy_twin.plan import EntryMap


def main(arguments: Sequence[str]) -> int:
    """Add a plan to CASE, check it and save the case in place."""
    parser = Options("plan", "Propose an ablation of a target, lay standard sets of lesions on the heart, or add and "
                     "check the plan of a JSON file.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--target", metavar="NAME|x,y,z", help="segment name, or a position in LPS mm")
    parser.add_argument(
        "--target-radius", type=float, metavar="MM", help="where no lesion is seen at the position: a sphere"
    )
    parser.add_argument("--file", metavar="PLAN.json", help="a plan of your own: an ablation, or a resection by planes")
    parser.add_argument("--name", help="name of the plan (default: A, or the next that is free where A was simulated)")
    parser.add_argument("--device", default="mwa-generic")
    parser.add_argument("--margin", type=float, default=5.0, metavar="MM", help="margin in mm (default: 5)")
    add_search_options(parser)
    parser.add_argument(
        "--weights", metavar="NAME=VALUE,...", help="what costs how much, for instance length=2,axial=0"
    )
    parser.add_argument("--map", metavar="FILE.png", help="draw all entries on the skin: where, what stops the others")
    parser.add_argument("--lesions", metavar="SET,SET", help="on the heart: pvi, veins, roof, inferior, box, mitral, "
                        "anterior, appendage, cavotricuspid; joined as in pvi,roof")
    parser.add_argument("--chamber", metavar="NAME", help="with --lesions: which one, where the case has several")
    options = parser.read(arguments)
    if options.lesions is not None:
        for name in ("target", "target_radius", "file", "weights", "map", "search"):
            if getattr(options, name) not in (None, False):
                parser.error(f"--{name.replace('_', '-')} and --lesions exclude each other")
        return _lay_lesions(options)
    refuse_without(parser, options, "lesions", "chamber")
    if options.search:
        if options.file:
            parser.error("--file and --search exclude each other")
        if options.map or options.weights:
            parser.error("--map and --weights are for proposing one applicator, not for --search")
        return search(options, open_case(options.case))
    refuse_without(parser, options, "search", "targets", "applicators", "in-turn", "seed")
    if options.file and options.target:
        parser.error("--file and --target exclude each other")
    if options.file and (options.map or options.weights):
        parser.error("--map and --weights are for proposing, --file is a plan of your own")
    from anatomy_twin import pipeline
    from anatomy_twin.store import load_plan

    weights = read_weights(options.weights or "")
    entries: EntryMap | None = None

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
            name = wanted_name(options, case)
            if name in case.results:
                monitor.warn(f"plan {name} is replaced: its simulation and its numbers go with it")
            from anatomy_twin.plan import entry_map

            monitor.stage("trying all entries")
            entries = entry_map(case, target, options.device, weights=weights, monitor=monitor)
            if options.map:
                from anatomy_twin.render import entries_picture

                entries_picture(case, entries, options.map)
            case = pipeline.propose_case(
                case, target=target, name=name, margin_mm=options.margin, device=options.device, entries=entries,
                monitor=monitor,
            )
    keep_case(case, options.case)
    check, plan = case.checks[name], case.plan(name)
    target = getattr(plan, "target", None) or ", ".join(getattr(plan, "targets", ()))
    document = {**check_json(check), "target": target, "warning": case.provenance[-1].facts.get("warning", "")}
    text = f"plan {name}: {_verdict(check)}\n{check_text(check)}"
    if entries is not None:
        document["entries"] = entries_json(entries)
        text += f"\n{entries_text(entries)}"
    return emit(options, document, text, case)


def _lay_lesions(options: argparse.Namespace) -> int:
    """Lay standard sets of lesions on a chamber, check them and save the case."""
    from anatomy_twin.pipeline import lesions_case

    sets = lesion_sets(options.lesions)
    case, name = open_case(options.case), options.name or "PVI"
    with terminal_monitor() as monitor:
        if name in case.plans:
            monitor.warn(f"plan {name} is replaced: what was computed of it goes with it")
        case = lesions_case(case, sets, name, chamber=options.chamber, monitor=monitor)
    keep_case(case, options.case)
    check, plan = case.checks[name], case.plan(name)
    document = {**check_json(check), "lesions": len(getattr(plan, "lesions", ())), "sets": list(sets)}
    return emit(options, document, f"plan {name}: {_verdict(check)}\n{check_text(check)}", case)


def _verdict(check: PlanCheck) -> str:
    count = len(check.broken)
    verdict = "no rule is broken" if not count else f"saved although it BREAKS {count} rule{'s' * (count > 1)}"
    if open_rules := sum(rule.outcome == "not checked" for rule in check.rules):
        verdict += f", {open_rules} not checked"
    return verdict


def read_weights(text: str) -> dict[str, float]:
    """Return weights by the full names of costs; a name may be given by a part that only one cost has.

    Raises ``UsageError`` for what is no ``NAME=VALUE`` and for a name that fits no cost, or several.
    """
    from anatomy_twin.plan.measure import COST_NAMES

    found: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        fitting = [cost for cost in COST_NAMES if name == cost] or [cost for cost in COST_NAMES if name.lower() in cost]
        if not equals or len(fitting) != 1 or not name:
            known = ", ".join(COST_NAMES)
            raise UsageError(f"--weights {item!r} names no cost", advice=f"give NAME=VALUE with {known}")
        try:
            found[fitting[0]] = float(value)
        except ValueError:
            raise UsageError(f"--weights {item!r} has no number", advice="give for instance length=2") from None
    return found


def entries_json(entries: EntryMap) -> dict[str, Any]:
    """Return how many entries were tried, what stops them, and the Pareto set, as JSON types."""
    return {
        "tried": int(entries.feasible.size), "on_the_skin": entries.skin_count,
        "feasible": int(entries.feasible.sum()), "stopped_percent": entries.stops(),
        "not_checked": dict(entries.unchecked), "weights": dict(entries.weights),
        "pareto": [
            {
                "entry_mm": entries.entries_mm[n].tolist(), "tip_mm": entries.tips_mm[n].tolist(),
                "cost": float(entries.cost[n]),
                "costs": {
                    name: float(value) for name, value in zip(entries.cost_names, entries.costs[n], strict=True)
                    if value == value  # a cost without meaning is left out
                },
            }
            for n in entries.pareto
        ],
    }  # fmt: skip


def entries_text(entries: EntryMap) -> str:
    """Return the same in a few lines."""
    count = entries.feasible.size
    thinned = f", thinned from {entries.skin_count}" if entries.skin_count > count else ""
    stops = ", ".join(f"{name} {share:.3g} %" for name, share in entries.stops().items())
    return (
        f"entries: {int(entries.feasible.sum())} of {count} on the skin{thinned} keep the rules, "
        f"{len(entries.pareto)} of them in the Pareto set\nstopped: {stops or 'none'}"
    )
