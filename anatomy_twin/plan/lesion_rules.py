"""Hard rules and soft costs of a plan of lesions on a heart chamber."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.catalog import farthest_lesion_mm, load
from anatomy_twin.core import Case, Cost, PlanCheck, Rule
from anatomy_twin.core.heart import Myocardium
from anatomy_twin.core.plans import LesionLine, LesionPlan, LesionPoint, lesion_name, lesion_places_mm
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.plan.lesion_ground import Laid, lay
from anatomy_twin.plan.lesion_isolation import isolated, isolation_rules
from anatomy_twin.plan.lesion_lines import VALVE
from anatomy_twin.plan.rules import ASSUMED
from anatomy_twin.units import Point, check_point

ANNULUS: Final = "mitral_annulus"
OESOPHAGUS: Final = "oesophagus"
VEIN: Final = "pulmonary_vein"


def lesion_limit(name: str) -> tuple[float, str]:
    """Return a limit of lesions and its source, "assumed" where it has none."""
    entry: dict[str, Any] = load("limits")["lesions"][name]
    return float(entry["value"]), ASSUMED if entry.get("assumed") else str(entry["source"])


def check_lesions(case: Case, plan: LesionPlan) -> PlanCheck:
    """Return rules and costs of a plan of lesions.

    On a chamber's surface: lesions lie on the wall, rows of points and lines have no gaps, points go through the wall,
    nothing lies within a pulmonary vein or near the oesophagus, lines to the valve reach it, veins that lesions go
    round are isolated. On muscle only whether lesions lie on it. What cannot be told is "not checked".

    Raises ``DataError`` for a chamber that the case does not have, ``PlanError`` as ``lay``.
    """
    chamber = case.chamber(plan.chamber)
    if isinstance(chamber, Myocardium):
        away = cKDTree(chamber.points_mm())
        far = [away.query(lesion_places_mm(lesion))[0] for lesion in plan.lesions]
        others = ("transmural", "keeps off the oesophagus")
        told = tuple(Rule(name, "not checked", "not told for muscle of ventricles") for name in others)
        return PlanCheck(plan.name, (_on_wall(plan, far), *told))
    laid = lay(chamber, plan)
    rules = [
        _on_wall(plan, laid.away_mm), *_gaps(plan), *_loose_ends(plan, laid), _through(plan, laid),
        _in_veins(plan, laid), _oesophagus(case, plan, laid), *_valve(plan, laid), *isolation_rules(laid),
    ]
    return PlanCheck(plan.name, tuple(rules), _costs(plan, laid))


def _on_wall(plan: LesionPlan, away_mm: Any) -> Rule:
    name, allowed = "lesions on the wall", farthest_lesion_mm()
    worst = [float(np.max(away)) for away in away_mm]
    if not worst:
        return Rule(name, "not checked", "the plan has no lesions")
    lesion = int(np.argmax(worst))
    place = lesion_places_mm(plan.lesions[lesion])[int(np.argmax(away_mm[lesion]))]
    reason = f"{lesion_name(plan.lesions[lesion], lesion + 1)} lies {worst[lesion]:.1f} mm from the wall"
    return Rule(name, "broken" if worst[lesion] > allowed else "passed", reason, round(worst[lesion], 1), "mm", allowed,
                place_mm=_rounded(place), source=ASSUMED)


def _gaps(plan: LesionPlan) -> list[Rule]:
    """Return a rule for each gap in a row of points; rows are points of the plan that follow each other."""
    name, (allowed, source) = "inter-lesion distance", lesion_limit("inter_lesion_mm")
    found, widest, pairs = [], 0.0, 0
    for row in _rows(plan, lesion_limit("row_break_mm")[0]):
        for a, b in row:
            first, second = (lesion_places_mm(plan.lesions[n])[0] for n in (a, b))
            apart = float(np.linalg.norm(second - first))
            pairs, widest = pairs + 1, max(widest, apart)
            if apart > allowed:
                found.append(Rule(f"{name}, lesions {a + 1} and {b + 1}", "broken", f"a gap: {apart:.1f} mm apart",
                                  round(apart, 1), "mm", allowed, "gap", _rounded(0.5 * (first + second)), source))
    if found:
        return found
    if not pairs:
        return [Rule(name, "not checked", "the plan has no rows of points", unit="mm", limit=allowed, source=source)]
    reason = f"at most {widest:.1f} mm between neighbours of a row"
    return [Rule(name, "passed", reason, round(widest, 1), "mm", allowed, source=source)]


def _rows(plan: LesionPlan, row_break_mm: float) -> list[list[tuple[int, int]]]:
    """Return rows of points as pairs of numbers of neighbours; a row whose ends are near each other is closed."""
    rows: list[list[int]] = []
    for n, lesion in enumerate(plan.lesions):
        if not isinstance(lesion, LesionPoint):
            continue
        if rows and rows[-1][-1] == n - 1 and _apart(plan, n - 1, n) <= row_break_mm:
            rows[-1].append(n)
        else:
            rows.append([n])
    return [
        [*pairwise(row),
         *([(row[-1], row[0])] if len(row) > 3 and _apart(plan, row[-1], row[0]) <= row_break_mm else [])]
        for row in rows
    ]


def _apart(plan: LesionPlan, a: int, b: int) -> float:
    return float(np.linalg.norm(lesion_places_mm(plan.lesions[a])[0] - lesion_places_mm(plan.lesions[b])[0]))


def _open_lines(plan: LesionPlan, laid: Laid) -> list[int]:
    """Return the numbers of the lines on the wall whose ends do not touch each other."""
    points = laid.chamber.surface.points_mm
    return [
        n for n, (lesion, way) in enumerate(zip(plan.lesions, laid.way, strict=True))
        if isinstance(lesion, LesionLine) and len(way)
        and np.linalg.norm(points[way[0]] - points[way[-1]]) > 2.0 * lesion.radius_mm
    ]


def _loose_ends(plan: LesionPlan, laid: Laid) -> list[Rule]:
    """Return a rule for each end of a line that lies neither on another lesion nor at a rim, else one for all lines."""
    name, points = "lines end at a barrier", laid.chamber.surface.points_mm
    rims = np.concatenate([np.zeros(0, np.int64), *(opening.points for opening in laid.chamber.openings)])
    found, lines = [], _open_lines(plan, laid)
    for n in lines:
        way, lesion = laid.way[n], plan.lesions[n]
        barrier = np.concatenate([rims, *(covered for m, covered in enumerate(laid.covers) if m != n)])
        reach = lesion.radius_mm + 1.5 * laid.ways.step_mm  # so near the band touches it
        to_barrier = surface_paths.distance_mm(laid.ways, barrier, until_mm=reach) if barrier.size else None
        for end, word in ((way[0], "beginning"), (way[-1], "end")):
            if to_barrier is None or not np.isfinite(to_barrier[end]):
                found.append(Rule(f"{name}, {word} of lesion {n + 1}", "broken", "a wave can go round it", hit="gap",
                                  place_mm=_rounded(points[end])))
    if not lines:
        return [Rule(name, "not checked", "the plan has no open lines")]
    return found or [Rule(name, "passed", "every open line begins and ends on another lesion or at a rim")]


def _through(plan: LesionPlan, laid: Laid) -> Rule:
    name = "transmural"
    points = [n for n, lesion in enumerate(plan.lesions) if isinstance(lesion, LesionPoint) and len(laid.way[n])]
    if not points:
        return Rule(name, "not checked", "lines are taken to go through the wall")
    missing = [float(laid.wall_mm[laid.stops[n][0]]) - laid.depth_mm[n] for n in points]
    worst = points[int(np.argmax(missing))]
    depth, wall = laid.depth_mm[worst], float(laid.wall_mm[laid.stops[worst][0]])
    broken = depth < wall
    word = f"the wall is {wall:.1f} mm thick" + (" (assumed)" if laid.assumed else "")
    reason = f"lesion {worst + 1} (point) is {depth:.1f} mm deep by table, {word}"
    return Rule(name, "broken" if broken else "passed", reason,
                round(depth, 1), "mm", round(wall, 1), place_mm=_rounded(lesion_places_mm(plan.lesions[worst])[0]),
                source=ASSUMED if laid.assumed else "")


def _in_veins(plan: LesionPlan, laid: Laid) -> Rule:
    name, chamber = "no lesion within a pulmonary vein", laid.chamber
    allowed, source = lesion_limit("vein_mm2")
    veins = [one for one in chamber.region_names if one.startswith(VEIN)]
    if not veins or not laid.dead.any():
        why = "the chamber's veins have no names" if laid.dead.any() else "the lesions kill nothing"
        return Rule(name, "not checked", why, source=source)
    inside = laid.dead & chamber.in_regions(veins)
    area = float(surface_parts.point_areas_mm2(chamber.surface.points_mm, chamber.surface.triangles)[inside].sum())
    if area <= allowed:
        return Rule(name, "passed", "all lie outside of the mouths of the veins", 0.0, "mm2", allowed, source=source)
    deepest = np.flatnonzero(inside)[0]
    for way in laid.way:
        within = way[inside[way]]
        if within.size:
            deepest = within[len(within) // 2]
            break
    assert chamber.regions is not None
    hit = chamber.region_names[chamber.regions[deepest]]
    return Rule(name, "broken", f"{area:.0f} mm2 of lesions lie beyond the mouth, risk of narrowing: "
                f"{hit.replace('_', ' ')}", round(area, 1), "mm2", allowed, hit,
                _rounded(chamber.surface.points_mm[deepest]), source)


def _oesophagus(case: Case, plan: LesionPlan, laid: Laid) -> Rule:
    name, (allowed, source) = "keeps off the oesophagus", lesion_limit("oesophagus_mm")
    there, doubt = _oesophagus_points(case)
    covered = np.flatnonzero(laid.dead)
    if there is None or not covered.size:
        why = "the oesophagus is not outlined" if there is None else "the lesions kill nothing"
        return Rule(name, "not checked", why, unit="mm", limit=allowed, source=source)
    away = cKDTree(there).query(laid.chamber.surface.points_mm[covered])[0]
    nearest = int(np.argmin(away))
    value = float(away[nearest])
    broken = value < allowed
    outcome = "broken" if broken else "not checked" if doubt else "passed"
    which = next(n for n, nodes in enumerate(laid.covers) if covered[nearest] in nodes)
    reason = f"{lesion_name(plan.lesions[which], which + 1)} comes within {value:.1f} mm of it"
    return Rule(name, outcome, reason + (f"; {doubt}" if doubt else ""), round(value, 1), "mm", allowed,
                OESOPHAGUS if broken else "", _rounded(laid.chamber.surface.points_mm[covered[nearest]]), source)


def _oesophagus_points(case: Case) -> tuple[NDArray[np.float64] | None, str]:
    """Return points (n, 3) of the outside of the oesophagus, None where it is not there, and a doubt about it."""
    structure = case.anatomy.structures.get(OESOPHAGUS)
    labels = case.labels.get(case.primary)
    segment = labels.segment(OESOPHAGUS) if labels is not None and OESOPHAGUS in labels else None
    state = structure.state if structure is not None else segment.state if segment is not None else ""
    doubt = "outline to be confirmed" if state == "check" else ""
    if structure is not None and structure.surface is not None:
        return structure.surface.points_mm, doubt
    if segment is None or segment.absent:
        return None, ""
    assert labels is not None
    voxels = np.argwhere(labels.mask(OESOPHAGUS))
    return (labels.geometry.to_world(voxels) if len(voxels) else None), doubt


def _valve(plan: LesionPlan, laid: Laid) -> list[Rule]:
    """Return the rule of each open line that ends on the ring of the valve that it reaches the valve itself."""
    name, chamber = "line reaches the valve", laid.chamber
    if ANNULUS not in chamber.region_names or VALVE not in [one.name for one in chamber.openings]:
        return [Rule(name, "not checked", "the valve's ring has no name")]
    rim = np.zeros(len(laid.dead), bool)
    rim[chamber.opening(VALVE).points] = True
    ring, to_rim = chamber.in_regions([ANNULUS]), surface_paths.distance_mm(laid.ways, np.flatnonzero(rim))
    found = []
    for n in _open_lines(plan, laid):
        way = laid.way[n]
        if not ring[way[[0, -1]]].any():
            continue
        nearest = way[int(np.argmin(to_rim[way]))]
        gap = 0.0 if rim[laid.covers[n]].any() else float(to_rim[laid.covers[n]].min())
        reason = f"{gap:.1f} mm are left between lesion {n + 1} and the valve" if gap else "it ends at the valve"
        found.append(Rule(f"{name}, lesion {n + 1}", "broken" if gap else "passed", reason, round(gap, 1), "mm", 0.0,
                          "gap" if gap else "", _rounded(chamber.surface.points_mm[nearest])))
    return found or [Rule(name, "not checked", "no line leads to the valve")]


def _costs(plan: LesionPlan, laid: Laid) -> tuple[Cost, ...]:
    area = surface_parts.point_areas_mm2(laid.chamber.surface.points_mm, laid.chamber.surface.triangles) / 100.0
    whole = float(area.sum())
    lost, usual = float(area[isolated(laid)].sum()), lesion_limit("share_isolated_percent")[0]
    count = sum(isinstance(lesion, LesionPoint) for lesion in plan.lesions)
    return (
        Cost("length of lines", round(sum(laid.length_mm), 1), "mm", "along the wall"),
        Cost("applications", float(count), "count", "points of the plan"),
        Cost("ablated area", round(float(area[laid.dead].sum()), 2), "cm2", f"of {whole:.0f} cm2"),
        Cost("isolated area", round(lost, 2), "cm2", f"{100.0 * lost / whole:.0f} % of the wall is cut off and alive, "
             f"veins with it; usual sets isolate up to {usual:g} %"),
    )


def _rounded(point: NDArray[np.float64]) -> Point:
    return check_point("place_mm", np.round(point, 1).tolist())
