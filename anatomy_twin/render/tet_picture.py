"""A mesh of tetrahedra cut open: by region, and by the smallest dihedral angle of each tetrahedron."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import TetMesh
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.kernels.tet_quality import dihedral_degrees
from anatomy_twin.rehearsal import structure_colour, structure_label
from anatomy_twin.render.anatomy_sheet import (
    BAD,
    FOOT_PX,
    FROM,
    GAP_PX,
    HEAD_PX,
    Colour,
    Picture,
    Place,
    Sheet,
    draw_pane,
)
from anatomy_twin.render.overview import INK, QUIET
from anatomy_twin.render.views import view_axes, view_letters

NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})
ROOM: Final = (720, 720)
SIDE_PX: Final = 400
SHOWN_DEG: Final = (0.0, 60.0)  # 60 is the best that the lattice gives, 70.5 a regular tetrahedron
LIMITS_DEG: Final = (5.0, 10.0)
SPARE: Final[tuple[Colour, ...]] = ((120, 190, 220), (230, 170, 90), (150, 200, 130), (200, 140, 190), (210, 210, 130))
EDGES: Final = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
FACES: Final = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


def tetrahedra_picture(
    mesh: TetMesh, file: str | Path | None = None, *, view: str = "anterior", depth: float | None = None,
    title: str = "", remark: str = "", facts: Mapping[str, str] = NO_FACTS,
) -> Picture:
    """Draw a mesh with its near part taken off, tetrahedra whole: by region on the left, by angle on the right.

    Parameters
    ----------
    mesh : tetrahedra with regions, in LPS mm.
    file : where a PNG is written as well.
    view : from where it is looked at, a name of ``VIEWS``.
    depth : the share (0 to 1) of the mesh's extent towards the viewer that is taken off; by default what lies before
        the middle of the structure it was made finer near to (``facts``: "near"), or of the smallest region (half of
        the mesh, where there is one region only).
    title, remark : words for the head line.
    facts : what was recorded when the mesh was made: "size_mm", "fine_mm", "near", "conforming", "boundary_p95_mm",
        "boundary_max_mm", "largest_volume_error_percent"; what is missing is said to be not checked.

    Returns
    -------
    The picture, uint8 (rows, columns, 3), with counts, volumes and the shares of small angles.

    Raises
    ------
    DataError : the mesh has no tetrahedra.
    UsageError : an unknown view, or a depth that leaves nothing.
    RenderError : the machine cannot draw, or the file cannot be written.
    """
    if not len(mesh.tetrahedra):
        raise DataError("a mesh without tetrahedra cannot be drawn")
    toward, _, _ = view_axes(view)
    along = mesh.points_mm[mesh.tetrahedra].mean(axis=1) @ toward
    depth = _depth_of(mesh, along, facts.get("near", "")) if depth is None else depth
    level = along.max() - depth * np.ptp(along)
    kept = along <= level
    if not 0.0 <= depth <= 1.0 or not kept.any():
        raise UsageError(f"a depth of {depth:g} leaves nothing to draw", advice="give a share from 0 to 1")
    # six angles per tetrahedron, in the order of the tetrahedra
    angles = np.asarray(dihedral_degrees(mesh.points_mm, mesh.tetrahedra)).reshape(len(mesh.tetrahedra), -1)
    smallest = angles.min(axis=1)
    size = (2 * (ROOM[0] + GAP_PX) + SIDE_PX, HEAD_PX + ROOM[1] + GAP_PX + FOOT_PX)
    sheet = Sheet(size, title or "Tetrahedra", (remark, f"cut open {FROM.get(view, view)}"))
    triangles, owner = outer_faces(mesh.tetrahedra, kept)
    colours = [region_colour(name, number) for number, name in enumerate(_names(mesh))]
    by_region = np.array(colours, dtype=np.uint8)[mesh.regions]
    by_angle = angle_colours(smallest)
    for number, (tint, words) in enumerate(((by_region, "by region"), (by_angle, "by smallest dihedral angle"))):
        place = (number * (ROOM[0] + GAP_PX), HEAD_PX)
        pane = draw_pane(ROOM, view, mesh.points_mm, (), _Cells(mesh.points_mm, triangles, tint[owner]), sheer=False)
        sheet.paste(pane.picture, place)
        sheet.letters(place, ROOM, view_letters(view), words)
    place = (2 * (ROOM[0] + GAP_PX) + 14, HEAD_PX + 10)
    y = _numbers(sheet, mesh, angles, colours, place)
    _recorded(sheet, facts, (place[0], y + 10))
    return sheet.finished(file)


def _depth_of(mesh: TetMesh, along: NDArray[np.float64], near: str) -> float:
    """Return the depth at which a cut shows the inside of the region ``near``, or of the smallest one.

    ``along`` is how far towards the viewer each tetrahedron lies.
    """
    counts = np.bincount(mesh.regions)
    if np.count_nonzero(counts) < 2:
        return 0.5
    volume = np.bincount(mesh.regions, weights=np.abs(_volumes_ml(mesh)))
    shown = min(np.flatnonzero(counts).tolist(), key=lambda region: (_names(mesh)[region] != near, volume[region]))
    middle = float(np.median(along[mesh.regions == shown]))
    return float((along.max() - middle) / max(np.ptp(along), 1e-9))


class _Cells:
    """Puts flat triangles with their edges on a plotter, each in a colour."""

    def __init__(self, points: NDArray[np.float64], triangles: NDArray[np.int64], tint: NDArray[np.uint8]) -> None:
        self.points, self.triangles, self.tint = points, triangles, tint

    def __call__(self, plotter: Any) -> None:
        import pyvista

        used, renamed = np.unique(self.triangles, return_inverse=True)
        faces: Any = renamed.reshape(-1, 3)
        data = pyvista.PolyData.from_regular_faces(self.points[used], faces)
        data.cell_data["tint"] = self.tint
        # lines between so many cells that each is a pixel wide would be all that is seen
        fine = len(self.triangles) > 40_000
        plotter.add_mesh(
            data, scalars="tint", rgb=True, show_edges=not fine, edge_color=(0.1, 0.12, 0.16), line_width=1,
            edge_opacity=0.6, ambient=0.35, diffuse=0.75, specular=0.0, smooth_shading=False, reset_camera=False,
            render=False,
        )


def outer_faces(
    tetrahedra: NDArray[np.int64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the faces (N, 3) that only one of the kept tetrahedra has, and the number of that tetrahedron (N,)."""
    which = np.flatnonzero(kept)
    faces = tetrahedra[which][:, FACES].reshape(-1, 3)
    arranged = np.sort(faces, axis=1)
    order = np.lexsort(arranged.T[::-1])
    same = (arranged[order][1:] == arranged[order][:-1]).all(axis=1)
    single = np.ones(len(faces), dtype=bool)
    single[order[1:][same]] = False
    single[order[:-1][same]] = False
    return faces[single], np.repeat(which, 4)[single]


def angle_colours(degrees: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return RGB (N, 3) of angles: red below 5, orange below 10, then from dark to light on one hue's way."""
    from matplotlib import colormaps

    low, high = SHOWN_DEG
    share = np.clip((degrees - low) / (high - low), 0.0, 1.0)
    colour = np.asarray(colormaps["viridis"](share))[..., :3] * 255.0
    colour[degrees < LIMITS_DEG[1]] = (255, 160, 50)
    colour[degrees < LIMITS_DEG[0]] = (255, 40, 40)
    return colour.astype(np.uint8)


def region_colour(name: str, number: int) -> Colour:
    """Return the palette's colour of a structure, or one of a few for names of the user's own."""
    return structure_colour(name, own=SPARE[number % len(SPARE)])


def _names(mesh: TetMesh) -> tuple[str, ...]:
    return mesh.region_names or tuple(f"region {number}" for number in range(int(mesh.regions.max()) + 1))


def _volumes_ml(mesh: TetMesh) -> NDArray[np.float64]:
    """Return the signed volume of each tetrahedron."""
    corners = mesh.points_mm[mesh.tetrahedra] - mesh.points_mm.mean(axis=0)
    first = corners[:, 0]
    edges = [corners[:, n] - first for n in (1, 2, 3)]
    return np.asarray(np.einsum("ij,ij->i", np.cross(edges[0], edges[1]), edges[2]) / 6000.0)


def _numbers(
    sheet: Sheet, mesh: TetMesh, angles: NDArray[np.float64], colours: list[Colour], place: Place
) -> int:
    left, y = place
    volumes = _volumes_ml(mesh)
    sheet.words((left, y + 4), f"{len(mesh.tetrahedra):,} tetrahedra".replace(",", " "), 17, INK, bold=True)
    sheet.words((left, y + 28), f"{len(mesh.points_mm):,} points".replace(",", " "), 14, QUIET)
    y += 52
    lengths = _edge_lengths_mm(mesh)
    for words, right in (("ml", 236), ("tetrahedra", 312), ("edge mm", 382)):
        sheet.words((left + right, y), words, 12, QUIET, "rm")
    y += 22
    for number, name in enumerate(_names(mesh)):
        here = mesh.regions == number
        if not here.any():
            continue
        sheet.draw.rectangle((left, y - 7, left + 14, y + 7), fill=colours[number])
        bottom = sheet.wrapped((left + 22, y - 9), structure_label(name), 160, 13, INK, most=2)
        sheet.words((left + 236, y), f"{volumes[here].sum():.1f}", 14, anchor="rm")
        sheet.words((left + 312, y), f"{int(here.sum()):,}".replace(",", " "), 14, anchor="rm")
        sheet.words((left + 382, y), f"{np.median(lengths[here]):.1f}", 14, anchor="rm")
        y = max(bottom + 6, y + 24)
    line = f"edges {lengths.min():.2f} to {lengths.max():.2f} mm; edge mm: the median of each region"
    sheet.words((left, y + 2), line, 12, QUIET)
    y += 28
    for low, high in zip(np.linspace(0, 59, 60), np.linspace(1, 60, 60), strict=True):
        tint = angle_colours(np.array([(low + high) / 2.0]))[0].tolist()
        sheet.draw.rectangle((left + 5 * low, y, left + 5 * high, y + 18), fill=tuple(tint))
    for mark in (0, 5, 10, 20, 30, 40, 50, 60):
        sheet.words((left + 5 * mark, y + 30), f"{mark}\N{DEGREE SIGN}", 12, QUIET, "mm")
    y += 56
    inverted = int((volumes <= 0).sum())
    below = [100.0 * float((angles < limit).mean()) for limit in LIMITS_DEG]
    for words, bad in (
        (f"smallest dihedral angle {angles.min():.1f}\N{DEGREE SIGN}, largest {angles.max():.1f}\N{DEGREE SIGN}",
         angles.min() < LIMITS_DEG[0]),
        (f"below 10\N{DEGREE SIGN}: {below[1]:.3f} % of all angles", below[1] > 0.1),
        (f"below 5\N{DEGREE SIGN}: {below[0]:.3f} %", below[0] > 0),
        (f"inverted: {inverted}", inverted > 0),
    ):
        sheet.words((left, y), words, 14, BAD if bad else INK)
        y += 24
    return y


def _recorded(sheet: Sheet, facts: Mapping[str, str], place: Place) -> None:
    """Write what was asked for and what was checked when the mesh was made."""
    left, y = place
    asked = [f"size asked for {facts['size_mm']} mm"] if "size_mm" in facts else []
    if "fine_mm" in facts:
        asked.append(f"{facts['fine_mm']} mm near {structure_label(facts.get('near', ''))}")
    error, away = facts.get("largest_volume_error_percent"), facts.get("boundary_p95_mm")
    most = facts.get("boundary_max_mm")
    conforming = facts.get("conforming", "not checked")
    for words, bad in (
        (", ".join(asked), False),
        (f"conforming: {conforming}", conforming == "no"),
        (f"largest volume error {error} % of voxels" if error else "volume against voxels: not checked", False),
        (f"95 % of the boundary within {away} mm{f', all within {most} mm' if most else ''}" if away
         else "distance to the labels' boundary: not checked", False),
    ):
        if words:
            y = sheet.wrapped((left, y - 6), words, SIDE_PX - 30, 14, BAD if bad else INK) + 10


def _edge_lengths_mm(mesh: TetMesh) -> NDArray[np.float64]:
    """Return the lengths (M, 6) of the edges of each tetrahedron."""
    corners = mesh.points_mm[mesh.tetrahedra]
    return np.stack([np.linalg.norm(corners[:, a] - corners[:, b], axis=1) for a, b in EDGES], axis=1)
