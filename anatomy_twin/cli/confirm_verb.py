"""``anatomy-twin confirm``: a scan after an ablation is held against its target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import (
    Options,
    add_reading_options,
    emit,
    keep_case,
    open_case,
    reading_options,
    terminal_monitor,
)
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Confirmation


def main(arguments: Sequence[str]) -> int:
    """Register POST to the scan of CASE, find the ablation zone, measure the margin; save it in the case."""
    parser = Options("confirm", "Tell from a scan after an ablation whether the target was destroyed with its margin.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("post", metavar="POST", help="the scan after: folder, file or archive; best portal")
    parser.add_argument("--plan", metavar="NAME", help="the plan that was carried out; default: the only ablation")
    parser.add_argument("--target", metavar="NAME", help="what was treated; default: the plan's target")
    parser.add_argument("--zone", metavar="FILE", help="labels on POST with the ablation zone; default: it is found")
    parser.add_argument("--contraction", type=float, default=0.0, metavar="PERCENT",
                        help="how much shorter coagulated tissue is than it was (assumed; default 0)")  # fmt: skip
    parser.add_argument("--name", default="after", help="what the scan is called in the case (default: after)")
    add_reading_options(parser)
    options = parser.read(arguments)
    if not 0.0 <= options.contraction <= 50.0:
        raise UsageError(f"--contraction {options.contraction:g} is out of range", advice="give 0 to 50 percent")
    from anatomy_twin.pipeline import confirm_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = confirm_case(
            case, options.post, plan=options.plan, target=options.target, zone=options.zone, name=options.name,
            contraction_percent=options.contraction, **reading_options(options), monitor=monitor,
        )
    keep_case(case, options.case)
    found = case.confirmations[options.name]
    return emit(options, confirmation_json(found), confirmation_text(found), case)


def confirmation_text(found: Confirmation) -> str:
    """Return a confirmation as lines; how well the scans were registered comes first."""
    from anatomy_twin.units import place_text

    lines = [f"registration: {found.registration}"]
    lines += [f"  note: {line}" for line in found.warnings]
    lines += [f"assumed: contraction {found.contraction_percent:g} %"]
    for quantity in found.quantities:
        value = "-" if quantity.value is None else f"{quantity.value:.1f} {quantity.unit}"
        lines.append(f"  {quantity.label:<42} {value:>10}  {quantity.note}".rstrip())
    lines.append(f"worst point: {place_text(found.place_mm)} before, {place_text(found.place_after_mm)} after")
    return "\n".join([*lines, f"{found.target}: {found.verdict.upper()}; {found.reason}"])


def confirmation_json(found: Confirmation) -> dict[str, Any]:
    """Return a confirmation as JSON types; the registration comes before the verdict."""
    return {
        "scan": found.name, "target": found.target, "plan": found.plan_name,
        "registration": {"text": found.registration, "error_mm": found.error_mm, "error_p95_mm": found.error_p95_mm},
        "warnings": list(found.warnings), "assumed": list(found.assumed),
        "contraction_percent": found.contraction_percent,
        "quantities": {
            q.name: {"label": q.label, "value": q.value, "unit": q.unit, "limit": q.limit, "verdict": q.verdict,
                     "source": q.source, "place_mm": q.place_mm, "note": q.note}
            for q in found.quantities
        },
        "histogram": {"edges_mm": list(found.histogram_edges_mm), "percent": list(found.histogram_percent)},
        "margin_mm": found.margin_mm, "low_mm": found.low_mm, "high_mm": found.high_mm,
        "place_mm": found.place_mm, "place_after_mm": found.place_after_mm,
        "verdict": found.verdict, "reason": found.reason,
    }  # fmt: skip
