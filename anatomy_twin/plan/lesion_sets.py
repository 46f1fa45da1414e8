"""Standard sets of lesions on a left atrium, made from its named parts; gaps in them; lines as rows of points.

    lesions = lesion_set(chamber, "wide_area_pvi+box")
    rows = [point for line in lesions for point in as_points(chamber, line, 5.0, 35.0, 20.0, 12.0)]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.heart import Chamber
from anatomy_twin.core.plans import LesionLine, LesionPoint
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.kernels.surface_paths import Line, Ways
from anatomy_twin.plan.lesion_lines import (
    APPENDAGE,
    SIDES,
    VALVE,
    Nodes,
    as_lesion,
    beyond_mouth,
    joined,
    line_of,
    nearer_to,
    nodes_on,
    round_one,
    round_side,
    rule,
    veins_of,
    ways_of,
)
from anatomy_twin.units import Point, check_point, check_positive, check_range

FOCAL: Final = "focal"
Floats = NDArray[np.float64]


def _wide_area(chamber: Chamber, ways: Ways) -> list[Line]:
    return [line for side in SIDES for line in round_side(chamber, side)]


def _single_veins(chamber: Chamber, ways: Ways) -> list[Line]:
    return [line for name in veins_of(chamber) for line in round_one(chamber, ways, name)]


def _roof(chamber: Chamber, ways: Ways) -> list[Line]:
    left, right = (nodes_on(round_side(chamber, side)) for side in SIDES)
    return [joined(chamber, ("roof",), left, right, (APPENDAGE,))]


def _inferior(chamber: Chamber, ways: Ways) -> list[Line]:
    """Between the parts of the lines round the veins that are farthest from the roof line."""
    from_roof = surface_paths.distance_mm(ways, nodes_on(_roof(chamber, ways)))
    ends = []
    for side in SIDES:
        nodes = nodes_on(round_side(chamber, side))
        ends.append(nodes[from_roof[nodes] >= rule("far_share") * from_roof[nodes].max()])
    return [joined(chamber, ("inferior_wall", "posterior_wall"), *ends, (APPENDAGE,))]


def _box(chamber: Chamber, ways: Ways) -> list[Line]:
    return [*_roof(chamber, ways), *_inferior(chamber, ways)]


def _mitral(chamber: Chamber, ways: Ways) -> list[Line]:
    """From the lower part of the line round the left veins over the lateral wall to the valve."""
    start = _by_vein(chamber, ways, "left", "inferior")
    over = ("lateral_wall", "mitral_annulus", "inferior_wall")
    return [joined(chamber, over, start, chamber.opening(VALVE).points, (APPENDAGE,))]


def _anterior(chamber: Chamber, ways: Ways) -> list[Line]:
    """From the upper part of the line round the right veins over the anterior wall to the valve."""
    start = _by_vein(chamber, ways, "right", "superior")
    return [joined(chamber, ("anterior_wall", "mitral_annulus"), start, chamber.opening(VALVE).points, (APPENDAGE,))]


def _appendage(chamber: Chamber, ways: Ways) -> list[Line]:
    if APPENDAGE not in chamber.region_names:
        raise PlanError(f"{chamber.name} has no appendage with a name", advice="name its region")
    return round_one(chamber, ways, APPENDAGE)


def _cavotricuspid(chamber: Chamber, ways: Ways) -> list[Line]:
    """Between the tricuspid valve and the inferior vena cava: the shortest line."""
    named = [one.name for one in chamber.openings if one.name]
    if not {"tricuspid_valve", "inferior_vena_cava"} <= set(named):
        raise PlanError(f"a cavotricuspid line needs a right atrium; the openings of {chamber.name} are "
                        f"{', '.join(named) or 'without names'}",
                        advice="take a chamber with the openings tricuspid_valve and inferior_vena_cava")
    ends = [chamber.opening(name).points for name in ("inferior_vena_cava", "tricuspid_valve")]
    found = surface_paths.cheapest_line(ways, *ends)
    return [] if found is None else [found]


SETS: Final[dict[str, Callable[[Chamber, Ways], list[Line]]]] = {
    "wide_area_pvi": _wide_area,
    "single_vein_pvi": _single_veins,
    "roof_line": _roof,
    "inferior_line": _inferior,
    "box": _box,
    "mitral_line": _mitral,
    "anterior_line": _anterior,
    "appendage": _appendage,
    "cavotricuspid": _cavotricuspid,
}


def lesion_set(
    chamber: Chamber, name: str, radius_mm: float | None = None, *, focal_mm: Sequence[Point] = ()
) -> tuple[LesionLine, ...]:
    """Return the lines of a standard set on a chamber; several sets by "+": "wide_area_pvi+roof_line".

    "wide_area_pvi": round both veins of each side, outside of their mouths. "single_vein_pvi": round each vein.
    "roof_line", "inferior_line": between the lines round the veins of both sides; "box": both of these. "mitral_line":
    from the line round the left veins, near the lower one, to the mitral valve; "anterior_line": from that round the
    right veins, near the upper one, to the valve. "appendage": round the appendage. "focal": discs at ``focal_mm``.
    "cavotricuspid": of a right atrium. Lines that join begin and end on those lines, whether the set has these or not.

    Raises
    ------
    PlanError : an unknown set, a chamber without named parts or without what the set needs, "focal" without points.
    """
    radius = check_positive("radius_mm", rule("radius_mm") if radius_mm is None else radius_mm, 20.0)
    ways, found = ways_of(chamber), list[LesionLine]()
    for one in name.split("+"):
        if one == FOCAL:
            if not focal_mm:
                raise PlanError("a focal set without points", advice="give focal_mm")
            found += [LesionLine((point, point), radius) for point in (check_point("focal_mm", p) for p in focal_mm)]
        elif one in SETS:
            found += [as_lesion(chamber, line, radius) for line in SETS[one](chamber, ways)]
        else:
            raise PlanError(f"no set of lesions is called {one!r}", advice=f"use {', '.join((*SETS, FOCAL))}, or A+B")
    return tuple(dict.fromkeys(found))


def gapped(
    chamber: Chamber, lines: Sequence[LesionLine], gap_mm: float, at: Sequence[float]
) -> tuple[LesionLine, ...]:
    """Return lines with gaps of living wall ``gap_mm`` wide, in the middle at shares ``at`` (0 to 1) of all their
    lengths, one line after the other.

    The wall's mesh has to resolve a gap: it is as exact as its edges are long. What is left of a line between two gaps
    and shorter than its band is wide goes.
    """
    check_positive("gap_mm", gap_mm, 200.0)
    ways = ways_of(chamber)
    ways_mm = [_dense(chamber, line_of(chamber, ways, line)) for line in lines]
    lengths = [float(_along(way)[-1]) for way in ways_mm]
    middles = np.array([check_range("at", share, 0.0, 1.0) for share in at]) * sum(lengths)
    found, before = list[LesionLine](), 0.0
    for line, way, length in zip(lines, ways_mm, lengths, strict=True):
        last = line is lines[-1]
        here = [middle - before for middle in middles if 0.0 <= middle - before < length or (last and middle >= before)]
        found += _cut(line, way, sorted(here), 0.5 * gap_mm + line.radius_mm) if here else [line]
        before += length
    return tuple(found)


def random_gaps(count: int, seed: int) -> tuple[float, ...]:
    """Return shares for ``count`` gaps, at random by ``seed``: one in each of as many equal parts of the whole."""
    rng = np.random.default_rng(seed)
    return tuple(((np.arange(count) + rng.uniform(0.0, 1.0, count)) / max(count, 1)).tolist())


def as_points(
    chamber: Chamber, line: LesionLine, spacing_mm: float, power_w: float, duration_s: float, force_g: float
) -> tuple[LesionPoint, ...]:
    """Return a line as a row of applications, evenly and at most ``spacing_mm`` apart along the wall."""
    check_positive("spacing_mm", spacing_mm, 50.0)
    on_wall = line_of(chamber, ways_of(chamber), line)
    places = surface_paths.spaced(chamber.surface.points_mm, on_wall, spacing_mm)
    if len(places) > 1 and np.allclose(places[0], places[-1]):
        places = places[:-1]
    return tuple(LesionPoint(check_point("point_mm", place), power_w, duration_s, force_g) for place in places)


def _by_vein(chamber: Chamber, ways: Ways, side: str, level: str) -> Nodes:
    """Return the nodes on the line round a side's veins nearest to the upper or lower one; all of a common vein."""
    names = veins_of(chamber, side)
    those = [name for name in names if name.endswith(level)]
    others = [beyond_mouth(chamber, name) for name in names if name not in those]
    nodes = nodes_on(round_side(chamber, side))
    if not those or not others:
        return nodes
    return nearer_to(ways, nodes, beyond_mouth(chamber, those[0]), np.concatenate(others))


def _dense(chamber: Chamber, line: Line) -> Floats:
    return surface_paths.line_mm(chamber.surface.points_mm, line)


def _along(way: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])


def _cut(line: LesionLine, way: Floats, middles: list[float], half_mm: float) -> list[LesionLine]:
    """Cut gaps out of a line; a closed one begins and ends at its first gap then."""
    along = _along(way)
    length, closed = float(along[-1]), bool(np.allclose(way[0], way[-1]))
    if closed:
        ends = [*middles[1:], length + middles[0]]
        keep = [(low + half_mm, high - half_mm) for low, high in zip(middles, ends, strict=True)]
    else:
        keep = [(low, high) for low, high in zip([0.0, *(m + half_mm for m in middles)],
                                                 [*(m - half_mm for m in middles), length], strict=True)]
    twice = np.concatenate([along, along[1:] + length])
    doubled = np.concatenate([way, way[1:]])
    found = []
    for low, high in keep:
        if high - low <= 0.0:
            continue
        at = np.linspace(low, high, max(int(np.ceil((high - low) / rule("bend_mm"))), 1) + 1)
        points = np.stack([np.interp(at, twice, doubled[:, n]) for n in range(3)], axis=1)
        found.append(LesionLine(tuple(map(tuple, points.tolist())), line.radius_mm))
    return found
