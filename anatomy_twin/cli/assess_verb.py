"""``anatomy-twin assess``: the numbers of a case."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, numbers_json, numbers_text, open_case, terminal_monitor
from anatomy_twin.cli.searching import add_robustness_options, refuse_without, tell_robustness
from anatomy_twin.cli.zones import tell_ellipsoid


def main(arguments: Sequence[str]) -> int:
    """Measure CASE, with --plan a plan and its result too, and save the numbers in it."""
    parser = Options("assess", "Volumes of the anatomy; margin and coverage of a simulated plan.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", metavar="NAME", help="default: every plan of the case")
    parser.add_argument("--ellipsoid", action="store_true", help="set what the device's table promises beside the "
                        "simulation; nothing is saved")
    parser.add_argument("--picture", metavar="FILE.png", help="with --ellipsoid: draw both on the same slice")
    add_robustness_options(parser)
    options = parser.read(arguments)
    if options.robustness is not None:
        if options.ellipsoid or options.picture:
            parser.error("--robustness and --ellipsoid exclude each other")
        return tell_robustness(options, open_case(options.case))
    refuse_without(parser, options, "robustness", "placement", "angle", "map", "seed")
    if options.ellipsoid:
        return tell_ellipsoid(options, open_case(options.case))
    refuse_without(parser, options, "ellipsoid", "picture")
    from anatomy_twin.pipeline import assess_case

    case = open_case(options.case)
    names = [options.plan] if options.plan else list(case.plans) or [None]
    with terminal_monitor() as monitor:
        for name in names:
            case = assess_case(case, name, monitor=monitor)
    keep_case(case, options.case)
    shown = {key: value for key, value in case.assessments.items() if not key or key in names}
    text = "\n".join(f"{f'plan {key}' if key else 'anatomy'}\n{numbers_text(value)}" for key, value in shown.items())
    return emit(options, {key or "anatomy": numbers_json(value) for key, value in shown.items()}, text, case)
