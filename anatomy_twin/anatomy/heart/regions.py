"""The parts of a left atrium by name: veins, their antra, appendage, ring of the valve, and the walls of the body."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from anatomy_twin.anatomy.heart.landmarks import VALVE, Fit, named_openings
from anatomy_twin.anatomy.heart.ways import Ways, ways_over
from anatomy_twin.catalog import load
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.core.heart import Chamber
from anatomy_twin.kernels.surface_parts import point_areas_mm2

APPENDAGE: Final = "left_atrial_appendage"
ANNULUS: Final = "mitral_annulus"
_STEP_MM: Final = 1.0  # in which the width of a vein is followed
_TIP_STEPS: Final = 8  # from the tip: there every lobe grows
_WIDER: Final = 1.15  # than the narrowest: the neck is passed
_SMALLEST_PIECE: Final = 0.2  # of the largest piece of its region: less is given to what is around it


def with_regions(chamber: Chamber, appendage_tip_mm: NDArray[Any] | None = None) -> Chamber:
    """Return a left atrium with openings and regions named, and what was uncertain in ``notes``.

    Veins end where the way around them widens; an antrum is a ring around that; the appendage is the lobe around the
    point farthest left, in front and up of the body, up to its neck; walls of the body are told apart by which way they
    look in the frame of the landmarks. Numbers are in the catalog (``left_atrium``), and assumed.

    Parameters
    ----------
    chamber : of ``chamber_of``.
    appendage_tip_mm : where the tip of the appendage is, if it is known.

    Raises ``MeshError`` as ``named_openings``.
    """
    named, fit = named_openings(chamber)
    rules = {name: entry["value"] for name, entry in load("left_atrium")["regions"].items() if name != "assumed"}
    ways, areas = ways_over(named.surface), point_areas(named.surface)
    notes = list(named.notes)
    names: list[str] = []
    regions = np.full(len(areas), -1, np.int64)

    def claim(which: NDArray[np.bool_], name: str) -> None:
        regions[which & (regions < 0)] = len(names)
        names.append(name)

    beyond = _beyond_mouths(named, ways, areas, rules, notes)
    to_valve = ways.distance_mm(named.opening(VALVE).points)
    nearest = np.argmin(np.stack(list(beyond.values())), axis=0)
    for number, (name, mm) in enumerate(beyond.items()):
        claim((mm <= 0.0) & (nearest == number), name)
    if appendage_tip_mm is None:
        tip = _tip(named.surface, fit, beyond, to_valve, rules)
    else:
        tip = int(np.argmin(np.linalg.norm(named.surface.points_mm - np.asarray(appendage_tip_mm, float), axis=1)))
    lobe = _lobe(ways, areas, tip, rules, notes)
    claim(to_valve <= rules["mitral_annulus_mm"], ANNULUS)
    claim(lobe, APPENDAGE)
    for number, (name, mm) in enumerate(beyond.items()):
        claim((mm <= rules["antrum_mm"]) & (nearest == number), name.replace("pulmonary_vein", "antrum"))
    facing = smoothed_normals(named.surface, rules["smoothing_mm"]) @ fit.turn
    walls = {name: np.array(way) for name, way in load("left_atrium")["wall_directions"].items()
             if name not in ("assumed", "note", APPENDAGE)}
    likeness = np.stack([facing @ (way / np.linalg.norm(way)) for way in walls.values()])
    for number, name in enumerate(walls):
        claim(np.argmax(likeness, axis=0) == number, name)
    regions = tidied(regions, named.surface)
    return replace(named, regions=regions, region_names=tuple(names), notes=tuple(notes))


def point_areas(surface: SurfaceMesh) -> NDArray[np.float64]:
    """Return (N,) a third of the area of the triangles around each point, mm2."""
    return point_areas_mm2(surface.points_mm, surface.triangles)


def neighbours(surface: SurfaceMesh) -> csr_matrix:
    """Return the matrix (N, N) that is 1 where two points share an edge."""
    ends = np.concatenate([surface.triangles[:, (0, 1)], surface.triangles[:, (1, 2)], surface.triangles[:, (2, 0)]])
    count = len(surface.points_mm)
    joined = coo_matrix((np.ones(len(ends)), tuple(ends.T)), (count, count)).tocsr()
    joined = joined + joined.T
    joined.data[:] = 1.0
    return csr_matrix(joined)


def smoothed_normals(surface: SurfaceMesh, radius_mm: float) -> NDArray[np.float64]:
    """Return unit normals (N, 3) averaged over about ``radius_mm``."""
    a, b, c = (surface.points_mm[surface.triangles[:, n]] for n in range(3))
    normal = np.cross(b - a, c - a)
    sums = np.stack([np.bincount(surface.triangles.ravel(), np.repeat(normal[:, n], 3), len(surface.points_mm))
                     for n in range(3)], axis=1)
    joined = neighbours(surface)
    share = np.asarray(1.0 / np.maximum(joined.sum(axis=1), 1.0)).reshape(-1, 1)
    side_mm = float(np.linalg.norm(b - a, axis=1).mean())
    # n rounds of half the mean of the neighbours spread like a Gauss curve of deviation side * sqrt(n) / 2
    for _ in range(max(int((radius_mm / side_mm) ** 2), 1)):
        sums = 0.5 * (sums + share * (joined @ sums))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def _beyond_mouths(
    chamber: Chamber, ways: Ways, areas: NDArray[np.float64], rules: dict[str, float], notes: list[str]
) -> dict[str, NDArray[np.float64]]:
    """Return for each vein how far each point lies beyond its mouth, mm (negative: within the vein)."""
    found = {}
    for opening in chamber.openings[1:]:
        away = ways.distance_mm(opening.points)
        edges = np.arange(0.0, rules["longest_vein_mm"] + 2 * _STEP_MM, _STEP_MM)
        around = np.histogram(away, edges, weights=areas)[0] / _STEP_MM  # the area of a ring by its width
        narrow = float(np.median(around[1:6]))
        wide = np.flatnonzero((around[:-1] > rules["ostium_widening"] * narrow) & (around[1:] > around[:-1]) &
                              (edges[:-2] >= 2.0))
        mouth_mm = float(edges[wide[0]]) if wide.size else float(rules["longest_vein_mm"])
        if not wide.size:
            notes.append(f"{opening.name}: does not widen within {mouth_mm:g} mm of its end, its mouth is an estimate")
        found[opening.name] = away - mouth_mm
    return found


def _tip(
    surface: SurfaceMesh, fit: Fit, beyond: dict[str, NDArray[np.float64]], to_valve: NDArray[np.float64],
    rules: dict[str, float],
) -> int:
    """Return the point of the body farthest towards where appendages are."""
    towards = fit.turn @ np.array(load("left_atrium")["wall_directions"][APPENDAGE])
    past_veins = np.min(np.stack(list(beyond.values())), axis=0) > rules["antrum_mm"]
    reach = np.where(past_veins & (to_valve > rules["appendage_mm"]), surface.points_mm @ towards, -np.inf)
    return int(np.argmax(reach))


def _lobe(
    ways: Ways, areas: NDArray[np.float64], tip: int, rules: dict[str, float], notes: list[str]
) -> NDArray[np.bool_]:
    """Tell which points belong to the lobe around a tip: up to its neck, where the way around it begins to grow.

    What is wider there than it is long is a bulge and has no neck (half a ball: pi / 4 as long as wide).
    """
    away = ways.distance_mm(np.array([tip]))
    edges = np.arange(0.0, rules["longest_appendage_mm"] + 2 * _STEP_MM, _STEP_MM)
    around = np.convolve(np.histogram(away, edges, weights=areas)[0] / _STEP_MM, np.ones(3) / 3.0, mode="valid")
    middle = edges[1:-2] + 0.5 * _STEP_MM
    least = np.inf
    for n in range(_TIP_STEPS, len(around)):
        least = min(least, around[n])
        if around[n] > rules["ostium_widening"] * least:
            neck = n
            while neck > _TIP_STEPS and around[neck - 1] > _WIDER * least:
                neck -= 1
            if middle[neck] > around[neck] / np.pi:
                return np.asarray(away <= middle[neck])
            break
    notes.append(f"the appendage has no neck: {rules['appendage_mm']:g} mm around its tip are taken for it, check")
    return np.asarray(away <= rules["appendage_mm"])


def tidied(regions: NDArray[np.int64], surface: SurfaceMesh) -> NDArray[np.int64]:
    """Return regions (N,) whose small pieces, apart from the largest, have gone to what surrounds them."""
    joined = neighbours(surface).tocoo()
    inner = regions[joined.row] == regions[joined.col]
    count = len(regions)
    same = coo_matrix((np.ones(int(inner.sum())), (joined.row[inner], joined.col[inner])), (count, count))
    pieces, piece = connected_components(same, directed=False)
    sizes, of_piece = np.bincount(piece), np.zeros(pieces, np.int64)
    of_piece[piece] = regions
    largest = np.zeros(int(regions.max()) + 1)
    np.maximum.at(largest, of_piece, sizes)
    loose = (sizes < _SMALLEST_PIECE * largest[of_piece])[piece]
    out = regions.copy()
    while loose.any():
        border = loose[joined.row] & ~loose[joined.col]
        if not border.any():
            break
        votes = coo_matrix((np.ones(int(border.sum())), (joined.row[border], out[joined.col[border]])),
                           (count, len(largest))).tocsr()
        rows = np.unique(joined.row[border])
        out[rows] = np.asarray(votes[rows].argmax(axis=1)).ravel()
        loose[rows] = False
    return out
