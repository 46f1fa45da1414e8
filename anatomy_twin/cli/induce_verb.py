"""``anatomy-twin induce``: can an arrhythmia be induced on the heart of a case, without and with a plan's lesions?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor
from anatomy_twin.cli.heart import (
    add_pacing_options,
    induction_json,
    induction_text,
    lesion_sets,
    pacing_of,
    processes,
    search_json,
    search_text,
)

if TYPE_CHECKING:
    from anatomy_twin.core import Case


def main(arguments: Sequence[str]) -> int:
    """Pace the heart of CASE from site after site and save what came of it."""
    parser = Options("induce", "Pace the heart of a case from site after site, without and with lesions, and say what "
                     "is induced. By default a short screening, which is told.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", default="", metavar="NAME", help="a plan of lesions: paced without and with them")
    parser.add_argument("--chamber", metavar="NAME", help="which one, where the case has several")
    add_pacing_options(parser)
    parser.add_argument("--sets", metavar="SET,SET", help="compare sets of lesions on the same sites, a plan of "
                        "each: pvi,pvi+roof,pvi+box (see plan --lesions)")
    parser.add_argument("--ablate", metavar="NAME", help="go on: ablate what drives, pace again, until nothing is "
                        "induced; all lesions become the plan NAME")
    parser.add_argument("--start", metavar="SET|PLAN", help="with --ablate: lesions of the first round, as in pvi")
    parser.add_argument("--rounds", type=int, metavar="N", help="with --ablate: at most (default: 8)")
    parser.add_argument("--checkpoint", metavar="FOLDER", help="keep each finished site there, and go on from there")
    options = parser.read(arguments)
    if sum(bool(one) for one in (options.plan, options.sets, options.ablate)) > 1:
        parser.error("--plan, --sets and --ablate exclude each other")
    if options.ablate is None and (options.start is not None or options.rounds is not None):
        parser.error("--start and --rounds go with --ablate")
    protocol, sites = pacing_of(options)
    case = open_case(options.case)
    with terminal_monitor() as monitor, processes(options) as executor:
        common: dict[str, Any] = {
            "protocol": protocol, "sites": sites, "chamber": options.chamber, "executor": executor,
            "checkpoint": options.checkpoint, "monitor": monitor,
        }
        case, document, text = _done(options, case, common)
    keep_case(case, options.case)
    return emit(options, {"case": options.case, **document}, text, case)


def _done(options: argparse.Namespace, case: Case, common: dict[str, Any]) -> tuple[Case, dict[str, Any], str]:
    """Return the case after pacing, and what is said of it as JSON types and as text."""
    from anatomy_twin.pipeline import compared_case, induction_case, searched_case

    if options.sets:
        names = lesion_sets(options.sets)
        case = compared_case(case, names, **common)
        found = [case.inductions[name] for name in names]
        return case, {"sets": [induction_json(one) for one in found]}, "\n".join(map(induction_text, found))
    if options.ablate:
        from anatomy_twin.search import LesionBudget

        budget = None if options.rounds is None else LesionBudget(most_rounds=options.rounds)
        case, search = searched_case(case, name=options.ablate, start=options.start, budget=budget, **common)
        return case, search_json(search), search_text(search)
    case, induced = induction_case(case, options.plan, **common)
    return case, induction_json(induced), induction_text(induced)
