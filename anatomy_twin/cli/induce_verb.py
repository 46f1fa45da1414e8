"""``anatomy-twin induce``: can an arrhythmia be induced on the heart of a case, without and with a plan's lesions?"""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor
from anatomy_twin.cli.heart import add_pacing_options, induction_json, induction_text, pacing_of, processes


def main(arguments: Sequence[str]) -> int:
    """Pace the heart of CASE from site after site and save what came of it."""
    parser = Options("induce", "Pace the heart of a case from site after site, without and with lesions, and say what "
                     "is induced. By default a short screening, which is told.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", default="", metavar="NAME", help="a plan of lesions: paced without and with them")
    parser.add_argument("--chamber", metavar="NAME", help="which one, where the case has several")
    add_pacing_options(parser)
    parser.add_argument("--checkpoint", metavar="FOLDER", help="keep each finished site there, and go on from there")
    options = parser.read(arguments)
    protocol, sites = pacing_of(options)
    from anatomy_twin.pipeline import induction_case

    case = open_case(options.case)
    with terminal_monitor() as monitor, processes(options) as executor:
        case, found = induction_case(case, options.plan, protocol, sites, chamber=options.chamber, executor=executor,
                                     checkpoint=options.checkpoint, monitor=monitor)
    keep_case(case, options.case)
    return emit(options, {"case": options.case, **induction_json(found)}, induction_text(found), case)
