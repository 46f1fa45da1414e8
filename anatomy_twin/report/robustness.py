"""What a report says of how robust a plan is: how likely it covers, what that was sampled over, where it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from anatomy_twin.core import Case, Probability, Robustness
from anatomy_twin.rehearsal import Scene, format_number, structure_label
from anatomy_twin.rehearsal.robust_field import FAILING, failing_field, limits_mm, range_text
from anatomy_twin.render import slice_picture, target_picture, weakest_side
from anatomy_twin.render.anatomy_sheet import FROM
from anatomy_twin.search import RANGES_NOTE, robustness_quantities
from anatomy_twin.units import place_text

INPUTS: Final = {
    "placement_mm": "place of each applicator along three axes", "angle_deg": "tilt of each applicator in two planes",
    "perfusion": "perfusion of every tissue", "conductivity": "thermal conductivity of every tissue",
    "power": "power that tissue takes up",
}  # fmt: skip
PIXELS: Final = (560, 560)
ROUND_MM: Final = 50.0  # shown round the target


def robustness_content(found: Robustness | None) -> dict[str, Any]:
    """Return the section on how robust a plan is, {} where that was not sampled."""
    if found is None:
        return {}
    low, middle = found.margin_mm(5.0), found.margin_mm(50.0)
    return {
        "target": structure_label(found.target), "samples": found.samples, "seed": found.seed, "failed": found.failed,
        "shares": [
            _share("The whole target" if limit == 0 else f"Margin of {limit:g} mm or more"
                   + (", as the plan asks" if limit == found.wanted_mm else ""), found.probability_of(limit))
            for limit in limits_mm(found)
        ],
        "margins": f"minimal margin {_mm(found.planned_margin_mm)} as planned (on the same grid), "
                   f"median {_mm(middle)}, in 1 of 20 treatments {'less than ' if low > -1e6 else ''}{_mm(low)}",
        "sampled_over": [
            {"name": INPUTS.get(one.name, one.name), "range": range_text(one), "kind": _kind(one.distribution),
             "source": one.source, "assumed": one.source == "assumed"} for one in found.spreads
        ],
        "influences": ", ".join(f"{one.name} {one.correlation:+.2f}" for one in found.influences[:5]),
        "weakest": place_text(found.weakest_mm), "weakest_mm": found.weakest_mm,
        "uncovered_there": f"{100 * found.uncovered.max():.0f} %",
        "notes": [note for note in found.notes if not note.startswith(RANGES_NOTE)],
    }  # fmt: skip


def robustness_names(found: Robustness | None) -> set[str]:
    """Return the names of the numbers that the section tells, which need not stand elsewhere."""
    return set() if found is None else {row.name for row in robustness_quantities(found)}


def robustness_tasks(case: Case, scene: Scene, plan_name: str) -> list[tuple[str, str, Callable[[], Any]]]:
    """Return (group, caption, function that draws) of the map of where a plan fails."""
    found = case.robustness.get(plan_name)
    if found is None:
        return []
    field = failing_field(found)
    shown = replace(scene, fields=(field,), markers=())
    width = float((found.surface.points_mm.max(axis=0) - found.surface.points_mm.min(axis=0)).max()) + ROUND_MM
    over = f"left uncovered, 0 to {field.range[1]:.0f} % of {found.samples} sampled treatments"
    tasks: list[tuple[str, str, Callable[[], Any]]] = [
        ("robust_target", f"{structure_label(found.target)} {FROM[weakest_side(found)]}: {over}; grey-green "
                          "parts were always covered", lambda: target_picture(found, PIXELS)),
    ]  # fmt: skip
    for plane in ("axial", "coronal"):
        tasks.append(("robustness", f"{plane.capitalize()} slice through the weakest point: {over}",
                      lambda plane=plane: slice_picture(
                          shown, plane, point_mm=found.weakest_mm, width_mm=width, size=PIXELS, field=FAILING,
                          only=(found.target,))))  # fmt: skip
    return tasks


def _share(what: str, one: Probability) -> dict[str, Any]:
    return {
        "what": what, "shown": f"{100 * one.value:.0f} %", "value": one.value, "low": one.low, "high": one.high,
        "interval": f"{100 * one.low:.0f} to {100 * one.high:.0f} %", "count": f"{one.count} of {one.of}",
    }


def _kind(distribution: str) -> str:
    return "standard deviation" if distribution == "normal" else "of the usual value, all alike likely"


def _mm(value: float) -> str:
    return format_number(value, "mm") if value > -1e6 else "none (nothing is coagulated)"
