"""A chamber's surface from a file of another program, with the values that came along.

- VTK's .vtp and legacy .vtk (triangles of any data set), .stl, .ply, .obj, .off.
- openCARP: NAME.pts (count, then x y z in micrometres), NAME.elem (count, then "Tr a b c tag", numbers from 0), and,
  where it is there, NAME.lon (directions per element, then three or six numbers each); unverified: no specification
  was found.
- The .xml that EnSite mapping systems export (DIF, DIFBody, Volume; Vertices, and Polygons with numbers from 1): the
  surface only. Its structure is described in the README of steciuk/PS2-cardiac-electrophysiology.

Others' bytes are read in a child process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.chamber_bytes import LARGEST_FILE_BYTES
from anatomy_twin.anatomy.heart.fibres import with_given_fibres
from anatomy_twin.anatomy.heart.surface import MILLIMETRES, chamber_of, turned_axes
from anatomy_twin.anatomy.solid.mesh_census import FORMATS
from anatomy_twin.anatomy.solid.mesh_file import load_surface
from anatomy_twin.core import SILENT, FrozenMapping, Monitor, SurfaceMesh
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.worker import run_limited

VTK_FORMATS: Final = ("vtp", "vtk")
CARP_FORMATS: Final = ("pts", "elem", "lon")
_MEMORY_BYTES: Final = 2 * 1024**3
_SECONDS: Final = 300.0


@dataclass(frozen=True, eq=False)
class ReadChamber:
    """A checked chamber, and values that came with its file: name -> (N, ...) per point or (M, ...) per triangle."""

    chamber: Chamber
    at_points: Mapping[str, NDArray[Any]]
    at_triangles: Mapping[str, NDArray[Any]]


def load_chamber(
    path: str | Path, name: str = "left_atrium", *, unit: str | None = None, axes: str = "LPS",
    monitor: Monitor = SILENT,
) -> ReadChamber:
    """Read and check a chamber's surface; fibres of an openCARP mesh are taken over.

    Parameters
    ----------
    path : see the head of this file; of openCARP's files any one.
    name : of the chamber.
    unit, axes : of the file's points, see ``chamber_of``; by default micrometres for openCARP, else millimetres.
    monitor : warned of what was mended.

    Raises
    ------
    MeshError : no such file, another format, a file that is damaged, or what ``chamber_of`` refuses.
    WorkerError : the child process ran out of memory or time.
    """
    file = Path(path)
    kind = file.suffix.lower().removeprefix(".")
    where = "".join(letter if letter.isprintable() else "?" for letter in file.name[:80])
    if not file.is_file():
        raise MeshError("there is no such surface file", where=where, advice="check the path")
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise MeshError("the surface file is too large", where=where, advice="make it coarser")
    at_points: dict[str, NDArray[Any]] = {}
    at_triangles: dict[str, NDArray[Any]] = {}
    if kind in FORMATS:
        surface = load_surface(file, monitor)
    elif kind in (*VTK_FORMATS, *CARP_FORMATS, "xml"):
        reader = "read_vtk" if kind in VTK_FORMATS else "read_ensite" if kind == "xml" else "read_carp"
        try:
            points, triangles, at_points, at_triangles = run_limited(
                f"anatomy_twin.anatomy.heart.chamber_bytes:{reader}", str(file.absolute()),
                memory_bytes=_MEMORY_BYTES, cpu_s=_SECONDS, wall_s=_SECONDS,
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
            surface = SurfaceMesh(points, triangles)
        except (MeshError, DataError) as error:
            raise MeshError(error.what, where=where, advice=error.advice) from error
    else:
        raise MeshError("the format of the surface file is not read", where=where,
                        advice="give .vtp, .vtk, .stl, .ply, .obj, .off, openCARP's .pts with .elem, or EnSite's .xml")
    unit = unit or ("um" if kind in CARP_FORMATS else "mm")
    found = _matched(surface, chamber_of(surface, name, unit=unit, axes=axes), unit, axes, at_points, at_triangles)
    for note in found.chamber.notes:
        monitor.warn(f"{where}: {note}")
    return found


def _matched(
    surface: SurfaceMesh, chamber: Chamber, unit: str, axes: str, at_points: dict[str, Any],
    at_triangles: dict[str, Any],
) -> ReadChamber:
    """Bring values to the points and triangles that are left after checking."""
    if not at_points and not at_triangles:
        return ReadChamber(chamber, FrozenMapping(), FrozenMapping())
    turn = turned_axes(axes)
    points = surface.points_mm * MILLIMETRES[unit] @ turn
    point = cKDTree(points).query(chamber.surface.points_mm)[1]
    middles = points[surface.triangles].mean(axis=1)
    triangle = cKDTree(middles).query(chamber.surface.points_mm[chamber.surface.triangles].mean(axis=1))[1]
    cells = {name: values[triangle] for name, values in at_triangles.items()}
    if "fibre" in cells:
        chamber = with_given_fibres(chamber, cells["fibre"] @ turn, source="fibres of the file")
    return ReadChamber(chamber, FrozenMapping({name: values[point] for name, values in at_points.items()}),
                       FrozenMapping(cells))
