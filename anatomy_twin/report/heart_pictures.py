"""Pictures of a case's heart in a report: chambers, activation without and with lesions, pacing, rounds of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Case, Chamber, ElectroResult, Induction, LesionPlan, LesionSearch, SiteOutcome
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.rehearsal.heart_maps import (
    HeartMap,
    activation_map,
    fibrosis_map,
    outcome_map,
    plain_map,
    region_map,
    wall_map,
)
from anatomy_twin.render import ChamberRow, Site, chamber_picture
from anatomy_twin.render.chamber_picture import INDUCED_SITE, QUIET_SITE, short_name
from anatomy_twin.simulation.electro.lesions import ablated

Task = tuple[str, str, Callable[[], Any]]
MOST_DRIVERS: Final = 2  # induced arrhythmias that are drawn, without and with lesions each
MOST_ROUNDS: Final = 6


def heart_tasks(case: Case, plan_name: str) -> list[Task]:
    """Return (group, caption, function that draws) of the pictures of a case's heart and of a plan of lesions."""
    tasks: list[Task] = []
    whose = ("generated patient" if case.synthetic else "",)
    for name, chamber in case.chambers.items():
        label = structure_label(name)
        tasks.append(("heart", f"{label} from behind and from the front: regions, and fibrosis where it is known",
                      lambda chamber=chamber, label=label: chamber_picture(
                          chamber, _state_rows(chamber), label, whose)))
    result = case.activations.get(plan_name)
    plan = case.plans.get(plan_name)
    if result is not None and isinstance(plan, LesionPlan) and plan.chamber in case.chambers:
        chamber = case.chambers[plan.chamber]
        tasks.append(("heart_activation", "Activation without and with the lesions, on one scale; lines of equal time; "
                      "grey is never reached, dark is ablated", lambda: chamber_picture(
                          chamber, _activation_rows(chamber, plan, result), f"Activation, plan {plan_name}", whose)))
    induced = case.inductions.get(plan_name) or case.inductions.get("")
    if induced is not None and induced.chamber in case.chambers:
        wall = case.chambers[induced.chamber]
        tasks.append(("heart_pacing", "Sites that were paced, and where waves turned in what was induced",
                      lambda: chamber_picture(wall, _pacing_rows(case, wall, induced), "Pacing", whose)))
    search = case.lesion_searches.get(plan_name)
    if search is not None and search.chamber in case.chambers:
        own = case.chambers[search.chamber]
        tasks.append(("heart_rounds", "Round by round: sites, where waves turned, and the lesions that stood",
                      lambda: chamber_picture(own, _round_rows(own, search), f"Search, plan {plan_name}", whose)))
    return tasks


def _state_rows(chamber: Chamber) -> list[ChamberRow]:
    rows = []
    if (regions := region_map(chamber)) is not None:
        rows.append(ChamberRow("Regions", regions))
    if (fibrosis := fibrosis_map(chamber)) is not None and chamber.substrate is not None:
        made_up = any("made up" in note for note in chamber.substrate.notes)
        rows.append(ChamberRow("Fibrosis (made up)" if made_up else "Fibrosis", fibrosis,
                               remarks=(chamber.substrate.source, *chamber.substrate.notes)))
    if (wall := wall_map(chamber)) is not None:
        rows.append(ChamberRow("Thickness of the wall", wall))
    return rows or [ChamberRow("Wall", plain_map(chamber))]


def _ground(chamber: Chamber) -> HeartMap:
    """Return what a wall is coloured by where there is nothing else to show."""
    return fibrosis_map(chamber) or plain_map(chamber)


def _activation_rows(chamber: Chamber, plan: LesionPlan, result: ElectroResult) -> list[ChamberRow]:
    laid = ablated(chamber, plan.lesions)
    last = float(np.nanmax(np.where(np.isfinite(result.activation_ms), result.activation_ms, 0.0)))
    first = activation_map(result.before_ms, last)
    scale = first.scale
    assert scale is not None
    site = [Site("", result.site_mm)]
    veins = [f"{verdict}: {', '.join(short_name(name) for name, one in result.veins.items() if one == verdict)}"
             for verdict in dict.fromkeys(result.veins.values())]
    return [
        ChamberRow("Activation without lesions", first, sites=site, remarks=(result.parameters.get("site", ""),)),
        ChamberRow(f"Activation with {plan.name}", activation_map(result.activation_ms, scale.range[1]), result.dead,
                   laid.paths_mm, site, veins),
    ]  # fmt: skip


def _pacing_rows(case: Case, chamber: Chamber, found: Induction) -> list[ChamberRow]:
    plan = case.plans.get(found.plan_name)
    paths = ablated(chamber, plan.lesions).paths_mm if isinstance(plan, LesionPlan) else ()
    told = f"sustained means {found.protocol.sustained_ms / 1000.0:g} s"
    rows = _rows_of(chamber, found.without, "without lesions", (told,))
    if found.with_plan:
        rows += _rows_of(chamber, found.with_plan, f"with {found.plan_name}", (told,), found.dead, paths)
    return rows


def _rows_of(
    chamber: Chamber, sites: Sequence[SiteOutcome], words: str, remarks: Sequence[str], dead: Any = None,
    paths_mm: Sequence[Any] = (),
) -> list[ChamberRow]:
    """Return a row with all sites, coloured by where waves turned in the first of the arrhythmias, and one for others.
    """
    balls = [Site(one.name.partition(",")[0], one.site_mm, INDUCED_SITE if one.induced else QUIET_SITE)
             for one in sites]  # fmt: skip
    induced = [one for one in sites if one.induced and outcome_map(one, "drivers") is not None]
    if not induced:
        count = sum(one.induced for one in sites)
        return [ChamberRow(f"Pacing {words}: {count} of {len(sites)} sites induce", _ground(chamber), dead, paths_mm,
                           balls, remarks)]  # fmt: skip
    rows = []
    for number, one in enumerate(induced[:MOST_DRIVERS]):
        shown = outcome_map(one, "drivers")
        assert shown is not None
        lines = (f"{one.name}: {one.arrhythmia}, cycle {one.cycle_ms:.0f} ms", *remarks, *one.evidence[1:2])
        rows.append(ChamberRow(f"What was induced {words}", shown, dead, paths_mm, balls if not number else [], lines))
    return rows


def _round_rows(chamber: Chamber, search: LesionSearch) -> list[ChamberRow]:
    rows, lesions = [], list[Any]()
    for one in search.rounds[:MOST_ROUNDS]:
        laid = ablated(chamber, lesions)
        burden = f"{one.length_mm:.0f} mm of lines, {one.isolated_cm2:.1f} cm2 isolated"
        rows += _rows_of(chamber, one.outcomes, f"in round {one.number}", (burden, *dict.fromkeys(one.why)),
                         laid.dead if lesions else None, laid.paths_mm)[:1]
        lesions += one.lesions
    return rows
