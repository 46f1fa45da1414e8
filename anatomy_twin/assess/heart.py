"""Numbers of a heart chamber: its size, how much of its wall is fibrosis; of lesions: what they isolate and stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.substrate import DENSE, INTERSTITIAL, share_of, stage_of
from anatomy_twin.anatomy.heart.surface import closed_over
from anatomy_twin.catalog import load
from anatomy_twin.core import (
    Case,
    Chamber,
    ElectroResult,
    Induction,
    LesionPlan,
    LesionSearch,
    Myocardium,
    Quantity,
    SiteOutcome,
)
from anatomy_twin.kernels import surface_parts
from anatomy_twin.simulation.electro.lesions import ablated

CutOff = Callable[[SiteOutcome], bool]

VEIN: Final = "pulmonary_vein"
NO_LIMIT: Final = "counted; that nothing is to be induced is the goal of the procedure, not proved by so few sites"
WITH: Final = ("inducible_sites", "Sites that induce, with lesions", "0")
SIMULATED: Final = "simulation with assumed numbers: see its parameters"


def heart_quantities(case: Case) -> tuple[Quantity, ...]:
    """Return volume, wall and fibrosis of each chamber that is a surface, and what pacing did without lesions."""
    found: list[Quantity] = []
    for name, chamber in case.chambers.items():
        label = _label(name)
        rims = [one.points.tolist() for one in chamber.openings]
        volume = closed_over(chamber.surface.points_mm, chamber.surface.triangles, rims).volume_ml
        found += [
            Quantity(f"{name}_volume_ml", f"{label} volume", round(volume, 1), "ml",
                     note="its surface with appendage and stumps of veins, openings closed flat"),
            Quantity(f"{name}_wall_cm2", f"{label} wall", round(chamber.surface.area_cm2, 1), "cm2"),
            *_fibrosis(chamber, label),
        ]
    if "" in case.inductions:
        found += _inducible(case.inductions[""], case.inductions[""].without, "inducible_sites_without",
                            "Sites that induce, without lesions")
    return tuple(found)


def lesion_quantities(case: Case, plan: LesionPlan) -> tuple[Quantity, ...]:
    """Return how long a plan's lesions are, what they kill and isolate, and what can be induced with them.

    What was not simulated is "not checked".
    """
    chamber = case.chamber(plan.chamber)
    laid = ablated(chamber, plan.lesions)
    found = [Quantity("lesion_length_mm", "Length of all lesion lines", round(laid.length_mm, 0), "mm",
                      note=f"{len(plan.lesions)} lesions")]
    if isinstance(chamber, Chamber):
        areas = surface_parts.point_areas_mm2(chamber.surface.points_mm, chamber.surface.triangles) / 100.0
        rim = chamber.valve_points
        lost = surface_parts.cut_off(chamber.surface.triangles, laid.dead, rim)
        shares = [f"{100.0 * part / areas.sum():.0f} % of the wall" for part in (areas[laid.dead].sum(),
                                                                                areas[lost].sum())]
        found += [
            Quantity("ablated_cm2", "Ablated area", round(float(areas[laid.dead].sum()), 1), "cm2", note=shares[0]),
            Quantity("isolated_cm2", "Isolated area", round(float(areas[lost].sum()), 1), "cm2",
                     note=f"{shares[1]}, living and cut off from the valve"),
        ]
    found += _activation(case.activations.get(plan.name))
    apart = sites_cut_off(chamber, laid.dead)
    induced, search = case.inductions.get(plan.name), case.lesion_searches.get(plan.name)
    if induced is not None:
        found += _inducible(induced, induced.without, "inducible_sites_without", "Sites that induce, without lesions")
        return (*found, *_inducible(induced, induced.with_plan, *WITH, apart))
    if search is not None and search.rounds:
        return (*found, *_inducible(search, search.rounds[-1].outcomes, *WITH, apart))
    name, label, limit = WITH
    return (*found, Quantity(name, label, None, "count", limit, "not checked", NO_LIMIT,
                             note="the plan was not paced yet"))


def sites_cut_off(chamber: Chamber | Myocardium, dead: NDArray[np.bool_]) -> CutOff:
    """Return what tells whether a site lies in what lesions cut off: what is induced there stays there."""
    if not isinstance(chamber, Chamber) or dead.all():
        return lambda site: False
    rim = chamber.valve_points
    lost = surface_parts.cut_off(chamber.surface.triangles, dead, rim)
    alive = np.flatnonzero(~dead)
    tree = cKDTree(chamber.surface.points_mm[alive])
    return lambda site: bool(lost[alive[tree.query(site.site_mm)[1]]])


def _fibrosis(chamber: Chamber, label: str) -> list[Quantity]:
    known = chamber.substrate
    if known is None:
        return [Quantity(f"{chamber.name}_fibrosis_percent", f"{label} fibrosis", None, "%", verdict="not checked",
                         note="no late enhancement was read")]
    share = share_of(chamber, known, INTERSTITIAL)
    stages = load("atrial_substrate")["stages"]["utah"]["source"]
    how = "; ".join((f"by {known.value_name}, {known.source}", *known.notes))
    return [
        Quantity(f"{chamber.name}_fibrosis_percent", f"{label} fibrosis", round(100.0 * share, 1), "%",
                 source=f"stages: {stages}",
                 note=f"Utah {stage_of(share)} (share of the wall without veins and valve ring); {how}"),
        Quantity(f"{chamber.name}_dense_percent", f"{label} dense scar",
                 round(100.0 * share_of(chamber, known, DENSE), 1), "%", note=f"by {known.value_name}"),
    ]


def _activation(result: ElectroResult | None) -> list[Quantity]:
    if result is None:
        return [Quantity("veins_isolated", "Pulmonary veins isolated", None, "count", "all", "not checked",
                         note="the plan was not simulated yet")]
    veins = {name: verdict for name, verdict in result.veins.items() if name.startswith(VEIN)}
    isolated = [name for name, verdict in veins.items() if verdict == "isolated"]
    unknown = any(verdict == "not checked" for verdict in veins.values())
    verdict = "met" if len(isolated) == len(veins) else "not checked" if unknown else "not met"
    left = ", ".join(name.replace("_", " ") for name in veins if name not in isolated)
    found = [Quantity("veins_isolated", "Pulmonary veins isolated", float(len(isolated)), "count", f"{len(veins)}",
                      verdict if veins else "", "goal of an isolation",
                      note=f"not isolated: {left}" if left else "no way, front in or front out is left")]
    for name, label, times in (("activation_without_ms", "Activation, without lesions", result.before_ms),
                               ("activation_ms", "Activation, with lesions", result.activation_ms)):
        reached = times[np.isfinite(times)]
        found.append(Quantity(name, label, round(float(reached.max()), 0) if reached.size else None, "ms",
                              source=SIMULATED, note=f"from the first to the last point; paced at "
                                                     f"{result.parameters.get('site', 'the site')}"))
    return found


def _inducible(
    found: Induction | LesionSearch, sites: Sequence[SiteOutcome], name: str, label: str, limit: str = "",
    apart: CutOff = lambda site: False,
) -> list[Quantity]:
    """Return how many sites induce, without those that are ``apart``."""
    induced = [one for one in sites if one.induced and not apart(one)]
    inside = [one.name for one in sites if one.induced and apart(one)]
    screened = "screened: " if found.protocol.screens else ""
    note = (f"{screened}{len(sites)} sites, sustained means {found.protocol.sustained_ms / 1000.0:g} s; "
            + (", ".join(f"{one.name} ({one.arrhythmia})" for one in induced) or "from none of them"))
    if inside:
        note += f"; what is induced within isolated tissue stays there and is not counted: {', '.join(inside)}"
    verdict = ("met" if not induced else "not met") if limit else ""
    return [Quantity(name, label, float(len(induced)), "count", limit, verdict, f"{SIMULATED}; {NO_LIMIT}", note=note)]


def _label(name: str) -> str:
    return str(load("terms")["segments"].get(name, {}).get("label", name.replace("_", " ")))
