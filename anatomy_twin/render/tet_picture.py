"""A mesh of tetrahedra cut open: by region, and by the smallest dihedral angle of each tetrahedron."""

from __future__ import annotations

from pathlib import Path
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

ROOM: Final = (720, 720)
SIDE_PX: Final = 400
SHOWN_DEG: Final = (0.0, 60.0)  # 60 is the best that the lattice gives, 70.5 a regular tetrahedron
LIMITS_DEG: Final = (5.0, 10.0)
SPARE: Final[tuple[Colour, ...]] = ((120, 190, 220), (230, 170, 90), (150, 200, 130), (200, 140, 190), (210, 210, 130))
FACES: Final = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


def tetrahedra_picture(
    mesh: TetMesh, file: str | Path | None = None, *, view: str = "anterior", depth: float = 0.5, title: str = "",
    remark: str = "",
) -> Picture:
    """Draw a mesh with its near part taken off, tetrahedra whole: by region on the left, by angle on the right.

    Parameters
    ----------
    mesh : tetrahedra with regions, in LPS mm.
    file : where a PNG is written as well.
    view : from where it is looked at, a name of ``VIEWS``.
    depth : the share (0 to 1) of the mesh's extent towards the viewer that is taken off.
    title, remark : words for the head line.

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
    _numbers(sheet, mesh, angles, colours, (2 * (ROOM[0] + GAP_PX) + 14, HEAD_PX + 10))
    return sheet.finished(file)


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
            edge_opacity=0.7, ambient=0.35, diffuse=0.75, specular=0.0, smooth_shading=False, reset_camera=False,
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
    try:
        return structure_colour(name)
    except UsageError:
        return SPARE[number % len(SPARE)]


def _names(mesh: TetMesh) -> tuple[str, ...]:
    return mesh.region_names or tuple(f"region {number}" for number in range(int(mesh.regions.max()) + 1))


def _numbers(
    sheet: Sheet, mesh: TetMesh, angles: NDArray[np.float64], colours: list[Colour], place: Place
) -> None:
    left, y = place
    corners = mesh.points_mm[mesh.tetrahedra] - mesh.points_mm.mean(axis=0)
    first = corners[:, 0]
    edges = [corners[:, n] - first for n in (1, 2, 3)]
    volumes = np.einsum("ij,ij->i", np.cross(edges[0], edges[1]), edges[2]) / 6000.0
    sheet.words((left, y + 4), f"{len(mesh.tetrahedra):,} tetrahedra".replace(",", " "), 17, INK, bold=True)
    sheet.words((left, y + 28), f"{len(mesh.points_mm):,} points".replace(",", " "), 14, QUIET)
    y += 56
    for number, name in enumerate(_names(mesh)):
        here = mesh.regions == number
        if not here.any():
            continue
        sheet.draw.rectangle((left, y - 7, left + 14, y + 7), fill=colours[number])
        sheet.words((left + 24, y), structure_label(name)[:26], 14)
        sheet.words((left + 290, y), f"{volumes[here].sum():.1f} ml", 14, anchor="rm")
        sheet.words((left + 375, y), f"{int(here.sum()):,}".replace(",", " "), 14, QUIET, "rm")
        y += 24
    y += 16
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
