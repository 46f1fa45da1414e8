"""What ``plan --search`` and ``assess --robustness`` do and say."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options, check_json, emit, keep_case, numbers_json, numbers_text, terminal_monitor
from anatomy_twin.errors import UsageError
from anatomy_twin.units import lps_text

if TYPE_CHECKING:
    from anatomy_twin.core import Case, Robustness


def add_search_options(parser: Options) -> None:
    """Add the options of a search to the verb ``plan``."""
    parser.add_argument("--search", action="store_true", help="search the fewest applicators that the simulation "
                        "confirms; exit code 1 where it confirms none")
    parser.add_argument("--targets", metavar="A,B", help="with --search: the segments to cover, all by one plan")
    parser.add_argument("--applicators", type=int, metavar="N", help="with --search: at most (default: 4)")
    parser.add_argument("--in-turn", action="store_true", help="with --search: heat one target after the other")
    parser.add_argument("--seed", type=int, help="with --search: another one tries other layouts (default: 0)")


def wanted_name(options: argparse.Namespace, case: Case) -> str:
    """Return the name for a plan: as given, else "A" or the next that is free where A was simulated."""
    from anatomy_twin.pipeline.procedures import free_name

    if options.name is not None:
        return str(options.name)
    return free_name(case) if "A" in case.results else "A"


def refuse_without(parser: Options, options: argparse.Namespace, needed: str, *names: str) -> None:
    """Refuse options that mean nothing without another one."""
    for name in names:
        if getattr(options, name.replace("-", "_")) not in (None, False):
            parser.error(f"--{name} goes with --{needed}")


def search(options: argparse.Namespace, case: Case) -> int:
    """Search plans, keep what was confirmed in the case, and say what was found or what falls short."""
    from anatomy_twin.pipeline.searching import search_case, shortfall_line

    targets = [part.strip() for part in (options.targets or options.target or "").split(",") if part.strip()]
    if not targets:
        raise UsageError("no target was named", advice="give --targets NAME,NAME")
    with terminal_monitor() as monitor:
        case, found = search_case(
            case, targets, name=wanted_name(options, case), margin_mm=options.margin, devices=(options.device,),
            most_applicators=4 if options.applicators is None else options.applicators, together=not options.in_turn,
            seed=options.seed or 0, monitor=monitor,
        )
    document: dict[str, Any] = {
        "confirmed": found.confirmed, "targets": list(found.targets),
        "simulations": {"coarse": found.coarse_runs, "full": found.full_runs},
        "margins_mm": {name: round(value, 2) for name, value in found.margins_mm.items()} if found.confirmed else {},
        "plans": [check_json(case.checks[plan.name]) for plan in found.plans],
        "shortfalls": [
            {"name": one.name, "wanted": one.wanted, "reached": one.reached, "unit": one.unit, "reason": one.reason,
             "place_mm": one.place_mm, "elsewhere_mm": one.elsewhere_mm} for one in found.shortfalls
        ],
    }  # fmt: skip
    if not found.confirmed:
        emit(options, document, f"no plan was confirmed: {shortfall_line(found)}", case)
        return 1
    keep_case(case, options.case)
    count = len(found.plans[0].applicators)
    lines = [f"{count} applicator{'s' * (count > 1)}, confirmed by the simulation of all of them"]
    for number, one in enumerate(found.plans[0].applicators, start=1):
        later = f" from minute {one.start_s / 60:.1f}" if one.start_s else ""
        tip = lps_text(one.tip_mm)
        lines.append(f"  {number}: {one.power_w:g} W for {one.duration_s / 60:.1f} min{later}, tip {tip}")
    lines += [f"  plan {plan.name}: margin {found.margins_mm[plan.target]:.1f} mm" for plan in found.plans]
    return emit(options, document, "\n".join(lines), case)


def add_robustness_options(parser: Options) -> None:
    """Add the options of a robustness analysis to the verb ``assess``."""
    parser.add_argument("--robustness", type=int, metavar="N", help="simulate so many treatments that differ a little "
                        "from the plan: how likely is complete coverage")
    parser.add_argument("--placement", type=float, metavar="MM", help="with --robustness: standard deviation of the "
                        "tip along each axis")
    parser.add_argument("--angle", type=float, metavar="DEG", help="with --robustness: standard deviation of the tilt")
    parser.add_argument("--map", metavar="FILE.png", help="with --robustness: draw where the plan fails")
    parser.add_argument("--seed", type=int, help="with --robustness: of the samples (default: 0)")


def tell_robustness(options: argparse.Namespace, case: Case) -> int:
    """Sample treatments of one plan, keep the numbers in the case and say them."""
    from anatomy_twin.pipeline.searching import robustness_case

    if options.map and not options.map.lower().endswith(".png"):
        raise UsageError("the map is no PNG file name", where=options.map[:80], advice="give --map FILE.png")
    names = [options.plan] if options.plan else list(case.plans)
    if len(names) != 1:
        raise UsageError(f"the case has {len(names)} plans", advice="name one with --plan")
    with terminal_monitor() as monitor:
        case, found = robustness_case(
            case, names[0], options.robustness, seed=options.seed or 0, placement_mm=options.placement,
            angle_deg=options.angle, monitor=monitor,
        )
    if options.map:
        from anatomy_twin.render import robustness_picture

        robustness_picture(case, found, options.map)  # before the case is kept: a refusal leaves it as it was
    keep_case(case, options.case)
    numbers = case.assessments[names[0]]
    document = numbers_json(numbers) | {"robustness": robustness_json(found)}
    lines = [f"plan {names[0]}", numbers_text(numbers), *(f"  {note}" for note in found.notes)]
    return emit(options, document, "\n".join(lines), case)


def robustness_json(found: Robustness) -> dict[str, Any]:
    """Return a robustness as JSON types; a margin of nothing coagulated is null."""
    def share(one: Any) -> dict[str, Any]:
        return {"value": one.value, "low": one.low, "high": one.high, "count": one.count, "of": one.of}

    return {
        "covered": share(found.covered), "reached": share(found.reached), "wanted_mm": found.wanted_mm,
        "margins_mm": [round(float(m), 2) if m > -1e6 else None for m in found.margins_mm],
        "influences": [
            {"name": one.name, "correlation": round(one.correlation, 3), "source": one.source}
            for one in found.influences
        ],
        "weakest_mm": found.weakest_mm, "uncovered_there": round(float(found.uncovered.max()), 3),
        "failed": found.failed, "seed": found.seed, "spacing_mm": found.spacing_mm, "notes": list(found.notes),
    }
