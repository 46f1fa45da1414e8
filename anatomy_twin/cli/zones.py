"""What ``assess --ellipsoid`` says: the zone of the device's table beside the simulated one."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import emit, numbers_json
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.assess.promise import ZoneComparison
    from anatomy_twin.core import Case


def tell_ellipsoid(options: argparse.Namespace, case: Case) -> int:
    """Say the numbers of one simulated plan by its devices' tables and by the simulation, and draw both."""
    from anatomy_twin.assess.promise import compare_zones

    if options.picture and not options.picture.lower().endswith(".png"):
        line = "the picture is no PNG file name"
        raise UsageError(line, where=options.picture[:80], advice="give --picture FILE.png")
    names = [options.plan] if options.plan else [name for name in case.plans if name in case.results]
    if len(names) != 1:
        raise UsageError(f"the case has {len(names)} simulated plans", advice="name one with --plan")
    found = compare_zones(case, names[0])
    if options.picture:
        from anatomy_twin.render import zones_picture

        zones_picture(case, names[0], options.picture, found)
    document = {
        "plan": found.plan_name, "dice": round(found.dice, 4), "only_promised_ml": round(found.only_promised_ml, 3),
        "only_simulated_ml": round(found.only_simulated_ml, 3), "promised": numbers_json(found.promised),
        "simulated": numbers_json(found.simulated), "parameters": dict(found.table.parameters),
        "assumed": list(found.table.assumed), "warnings": list(found.table.warnings),
    }  # fmt: skip
    return emit(options, document, "\n".join(_lines(found)), case)


def _lines(found: ZoneComparison) -> list[str]:
    lines = [f"plan {found.plan_name}", f"  {'':<38} {'table':>12} {'simulated':>12}"]
    for promised, simulated in found.pairs:
        cells = "".join(f" {_cell(one):>12}" for one in (promised, simulated))
        lines.append(f"  {promised.label:<38}{cells}")
    lines.append(f"  {'Dice of both zones':<38} {found.dice:>12.2f}")
    facts = {name: text for name, text in found.table.parameters.items() if name.startswith("applicator")}
    lines += [f"  {name}: {text}{' (assumed)' if found.table.assumed else ''}" for name, text in facts.items()]
    lines += [f"  {line}" for line in found.table.warnings]
    return [*lines, "  the table is no physics: it knows no vessel and no tissue"]


def _cell(quantity: Any) -> str:
    return "-" if quantity.value is None else f"{quantity.value:.1f} {quantity.unit}"
