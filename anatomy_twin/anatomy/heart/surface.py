"""A chamber's surface, checked: one part, manifold, facing out, in mm, open at vessels and valve and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.solid.repair import edges_of, facing_alike, filled, merged_points, rings_of
from anatomy_twin.anatomy.solid.solids import part_of, shells_of
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.core.heart import Chamber, Opening
from anatomy_twin.errors import MeshError

SMALLEST_MM, LARGEST_MM = 20.0, 300.0  # of a heart's chamber, in its largest direction
LARGEST_HOLE_MM: Final = 2.0  # closed without asking: a hole of a few triangles
SMALLEST_OPENING_MM: Final = 5.0  # the mouth of a pulmonary vein is 7 to 20 mm wide
SMALLEST_PART: Final = 0.02  # of the area: crumbs that are left out
MILLIMETRES: Final = {"mm": 1.0, "m": 1000.0, "cm": 10.0, "um": 0.001}
_LPS: Final = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


@dataclass(frozen=True, slots=True)
class Rim:
    """How wide an opening is: its middle, the length around it and how far across, mm."""

    centre_mm: NDArray[np.float64]
    around_mm: float
    across_mm: float


def chamber_of(
    surface: SurfaceMesh, name: str = "left_atrium", *, unit: str = "mm", axes: str = "LPS"
) -> Chamber:
    """Return a checked chamber of a surface that is cut open at its vessels and valve.

    Mended and told in ``notes``: points given twice, triangles that face the other way, a surface that is inside out,
    holes of up to 2 mm, crumbs apart from it.

    Parameters
    ----------
    surface : triangles; counter-clockwise from outside or not.
    name : of the chamber.
    unit : of its points: "mm", "cm", "m" or "um".
    axes : the directions in which its x, y and z grow, of L or R, P or A, S or I: "LPS", "RAS", "PIR".

    Raises
    ------
    MeshError : in one line: not of the size of a chamber (in metres, say), edges with three triangles, several parts,
        no opening, an opening too small for a vessel, axes that are none or left-handed.
    """
    if unit not in MILLIMETRES:
        raise MeshError(f"unknown unit {unit!r}", advice=f"use one of {', '.join(MILLIMETRES)}")
    if not len(surface.triangles):
        raise MeshError("the surface has no triangles")
    notes: list[str] = []
    points = surface.points_mm * MILLIMETRES[unit] @ turned_axes(axes)
    _check_size(points[np.unique(surface.triangles)], unit)
    points, triangles = merged_points(points, surface.triangles, notes)
    points, triangles = _one_part(points, _three_corners(triangles, notes), notes)
    _check_edges(points, triangles)
    triangles = facing_alike(triangles, notes)
    _, _, uses, balance = edges_of(triangles)
    if ((uses == 2) & (balance != 0)).any():
        raise MeshError("the surface has only one side, as a Moebius strip", advice="make it again from its labels")
    points, triangles = filled(points, triangles, LARGEST_HOLE_MM, notes)
    triangles = _facing_out(points, triangles, notes)
    openings = _openings(points, triangles)
    return Chamber(name, SurfaceMesh(points, triangles), openings, notes=tuple(notes))


def measured(chamber: Chamber, opening: Opening) -> Rim:
    """Return the middle of an opening's rim, its length and how far it is across (of a circle as long)."""
    rim = chamber.rim_mm(opening)
    around = float(np.linalg.norm(rim - np.roll(rim, 1, axis=0), axis=1).sum())
    return Rim(_middle(rim), around, around / np.pi)


def closed_over(points_mm: NDArray[Any], triangles: NDArray[Any], rims: list[list[int]]) -> SurfaceMesh:
    """Return a surface with a fan over each of its rims."""
    more = [points_mm[rim].mean(axis=0) for rim in rims]
    fans = [(b, a, len(points_mm) + n) for n, rim in enumerate(rims)
            for a, b in zip(rim, rim[1:] + rim[:1], strict=True)]
    if not rims:
        return SurfaceMesh(points_mm, triangles)
    return SurfaceMesh(np.vstack([points_mm, *more]), np.vstack([triangles, np.array(fans, np.int64)]))


def _middle(rim: NDArray[np.float64]) -> NDArray[np.float64]:
    after = np.roll(rim, -1, axis=0)
    length = np.linalg.norm(after - rim, axis=1)
    return np.asarray((length[:, None] * (rim + after) / 2.0).sum(axis=0) / length.sum())


def turned_axes(axes: str) -> NDArray[np.float64]:
    """Return the matrix that rows of coordinates in these axes are multiplied by to be in LPS (see ``chamber_of``)."""
    letters = axes.upper()
    if len(letters) != 3 or any(letter not in _LPS for letter in letters):
        raise MeshError(f"{axes!r} names no axes", advice='give three letters, for instance "LPS" or "RAS"')
    rows = np.array([_LPS[letter] for letter in letters], float)
    determinant = float(np.linalg.det(rows))
    if abs(determinant) < 0.5 or determinant < 0:
        raise MeshError(f"axes {axes!r} {'are not right-handed' if determinant < -0.5 else 'name one twice'}",
                        advice="a mirrored heart would be simulated; look the axes up in the program that wrote it")
    return rows


def _check_size(points: NDArray[np.float64], unit: str) -> None:
    if not len(points) or not np.isfinite(points).all():
        raise MeshError("the surface has points that are not finite")
    extent = float(np.ptp(points, axis=0).max())
    if SMALLEST_MM <= extent <= LARGEST_MM:
        return
    fits = [name for name, factor in MILLIMETRES.items()
            if SMALLEST_MM <= extent / MILLIMETRES[unit] * factor <= LARGEST_MM]
    hint = {"m": "metres", "cm": "centimetres", "um": "micrometres", "mm": "millimetres"}
    advice = f'it looks as if it is in {hint[fits[0]]}: say unit="{fits[0]}"' if fits else "give one chamber in mm"
    raise MeshError(f"the surface is {extent:.3g} mm across, a chamber is {SMALLEST_MM:g} to {LARGEST_MM:g}",
                    advice=advice)


def _three_corners(triangles: NDArray[np.int64], notes: list[str]) -> NDArray[np.int64]:
    flat = (triangles == np.roll(triangles, 1, axis=1)).any(axis=1)
    again = np.ones(len(triangles), bool)
    again[np.unique(np.sort(triangles, axis=1), axis=0, return_index=True)[1]] = False
    bad = flat | again
    if bad.any():
        notes.append(f"{int(bad.sum())} triangles without three different points or given again left out")
    return np.asarray(triangles[~bad])


def _one_part(
    points: NDArray[np.float64], triangles: NDArray[np.int64], notes: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    surface = SurfaceMesh(points, triangles)
    parts = [part_of(surface, which) for which in shells_of(triangles, len(points))]
    areas = np.array([part.area_cm2 for part in parts])
    large = areas > SMALLEST_PART * areas.sum()
    if large.sum() > 1:
        told = ", ".join(f"{area:.1f}" for area in sorted(areas[large], reverse=True)[:4])
        raise MeshError(f"the surface is in {int(large.sum())} parts of {told} cm2",
                        advice="give the wall of one chamber")
    if len(parts) > 1:
        notes.append(f"{len(parts) - 1} crumbs of {areas[~large].sum() * 100.0:.1f} mm2 in all left out")
    whole = parts[int(np.argmax(areas))]
    return whole.points_mm.copy(), whole.triangles.copy()


def _check_edges(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> None:
    edges, number, uses, _ = edges_of(triangles)
    if (uses > 2).any():
        where = points[edges[int(np.argmax(uses[number] > 2))]].mean(axis=0)
        raise MeshError(f"{int((uses > 2).sum())} edges have more than two triangles", where=place(where),
                        advice="the surface is not manifold: clean or remesh it in the program that wrote it")
    rim = np.bincount(edges[uses[number] == 1].ravel(), minlength=len(points))
    if (rim > 2).any():
        where = points[int(np.argmax(rim > 2))]
        raise MeshError(f"at {int((rim > 2).sum())} points two rims touch", where=place(where),
                        advice="the surface is not manifold: clean or remesh it in the program that wrote it")


def _facing_out(points: NDArray[np.float64], triangles: NDArray[np.int64], notes: list[str]) -> NDArray[np.int64]:
    if closed_over(points, triangles, _rims(triangles)).volume_ml >= 0:
        return triangles
    notes.append("the surface was inside out and has been turned")
    return np.ascontiguousarray(triangles[:, ::-1])


def _rims(triangles: NDArray[np.int64]) -> list[list[int]]:
    edges, number, uses, _ = edges_of(triangles)
    return rings_of(edges[uses[number] == 1])


def _openings(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> tuple[Opening, ...]:
    found = [Opening(np.array(rim)) for rim in _rims(triangles)]
    if not found:
        raise MeshError("the surface is closed", advice="cut it open at its veins and its valve")
    chamber = Chamber("", SurfaceMesh(points, triangles), tuple(found))
    rims = [measured(chamber, one) for one in found]
    small = [rim for rim in rims if rim.across_mm < SMALLEST_OPENING_MM]
    if small:
        places = "; ".join(f"{rim.across_mm:.1f} mm wide {place(rim.centre_mm)}" for rim in small[:3])
        raise MeshError(f"the surface has {len(small)} holes that are no vein or valve", where=places,
                        advice="close them in the program that wrote it")
    order = np.argsort([-rim.around_mm for rim in rims], kind="stable")
    return tuple(found[n] for n in order)


def place(point: NDArray[np.float64]) -> str:
    """Return a point in mm as it is written in refusals."""
    return "at {:.1f}, {:.1f}, {:.1f} mm".format(*point)
