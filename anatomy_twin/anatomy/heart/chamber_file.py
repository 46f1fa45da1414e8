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

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.fibres import with_given_fibres
from anatomy_twin.anatomy.heart.surface import MILLIMETRES, chamber_of, turned_axes
from anatomy_twin.anatomy.solid.mesh_census import FORMATS
from anatomy_twin.anatomy.solid.mesh_file import load_surface
from anatomy_twin.core import SILENT, FrozenMapping, Monitor, SurfaceMesh
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.worker import run_limited

LARGEST_FILE_BYTES: Final = 512 * 1024**2
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
                f"{__name__}:{reader}", str(file.absolute()), memory_bytes=_MEMORY_BYTES, cpu_s=_SECONDS,
                wall_s=_SECONDS, env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
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


def read_vtk(path: str) -> tuple[Any, ...]:
    """Return points, triangles, values at points and triangles of a VTK file; for the child process."""
    import pyvista

    try:
        data: Any = pyvista.read(path)
        if not isinstance(data, pyvista.PolyData):
            data = data.extract_surface(pass_pointid=False, pass_cellid=False)
        data = data.triangulate()
        triangles = np.asarray(data.faces, np.int64).reshape(-1, 4)[:, 1:]
    except (AttributeError, ValueError, OSError, RuntimeError) as error:
        raise MeshError("the VTK file cannot be read as a surface", advice="save it as .vtp with triangles") from error
    if not len(triangles):
        raise MeshError("the VTK file holds no triangles", advice="save the surface of the chamber")
    cells = {name: np.asarray(values) for name, values in data.cell_data.items() if len(values) == len(triangles)}
    return (np.asarray(data.points, np.float64), triangles,
            {name: np.asarray(values) for name, values in data.point_data.items()}, cells)


def read_carp(path: str) -> tuple[Any, ...]:
    """Return points, triangles and what openCARP's files say of them; for the child process."""
    base = Path(path)
    rows = {}
    for kind in ("pts", "elem", "lon"):
        file = base.with_suffix(f".{kind}")
        if file.is_file():
            if file.stat().st_size > LARGEST_FILE_BYTES:
                raise MeshError(f"the .{kind} file is too large", advice="make it coarser")
            rows[kind] = file.read_text(encoding="ascii", errors="replace").split("\n")
        elif kind != "lon":
            raise MeshError(f"there is no .{kind} file beside it", advice="openCARP's meshes are several files")
    points = _numbers(_announced(rows["pts"], "pts"), 3, "pts")
    elements = [row.split() for row in _announced(rows["elem"], "elem")]
    chosen = [n for n, row in enumerate(elements) if row and row[0] == "Tr"]
    if not chosen:
        raise MeshError("the .elem file holds no triangles (Tr)", advice="give a surface mesh")
    try:
        corners = np.array([[int(word) for word in elements[n][1:4]] for n in chosen], np.int64)
        tags = np.array([int(elements[n][4]) if len(elements[n]) > 4 else 0 for n in chosen], np.int64)
    except ValueError as error:
        raise MeshError("the .elem file has a triangle that is not three whole numbers") from error
    if corners.shape != (len(chosen), 3) or corners.min() < 0 or corners.max() >= len(points):
        raise MeshError("the .elem file names a point that is not there")
    values: dict[str, NDArray[Any]] = {"tag": tags}
    if "lon" in rows:
        width = 3 * _count(rows["lon"], "lon")
        if width not in (3, 6):
            raise MeshError("the .lon file does not say one or two directions")
        directions = _numbers(rows["lon"][1 : 1 + len(elements)], width, "lon")
        if len(directions) != len(elements):
            raise MeshError(f"the .lon file has {len(directions)} directions for {len(elements)} elements")
        values["fibre"] = directions[chosen, :3]
    return points, corners, {}, values


def read_ensite(path: str) -> tuple[Any, ...]:
    """Return points and triangles of an EnSite export; for the child process."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise MeshError("the .xml file cannot be read", advice="export the model again") from error
    volumes = [one for one in root.iter("Volume")
               if one.find("Vertices") is not None and one.find("Polygons") is not None]
    if root.tag != "DIF" or not volumes:
        raise MeshError("the .xml file is no EnSite model", advice="export the contact mapping model")
    if len(volumes) > 1:
        raise MeshError(f"the .xml file holds {len(volumes)} surfaces", advice="export one chamber")
    texts = [volumes[0].findtext(name) or "" for name in ("Vertices", "Polygons")]
    points = _numbers([row for row in texts[0].split("\n") if row.strip()], 3, "xml")
    corners = _numbers([row for row in texts[1].split("\n") if row.strip()], 3, "xml").astype(np.int64) - 1
    if not len(corners) or corners.min() < 0 or corners.max() >= len(points):
        raise MeshError("the .xml file names a point that is not there")
    return points, corners, {}, {}


def _count(rows: list[str], kind: str) -> int:
    try:
        return int(rows[0].split()[0])
    except (ValueError, IndexError) as error:
        raise MeshError(f"the .{kind} file does not begin with a count") from error


def _announced(rows: list[str], kind: str) -> list[str]:
    """Return the rows after the count; ``MeshError`` where there are fewer than it says."""
    count = _count(rows, kind)
    found = [row for row in rows[1:] if row.strip()][:count]
    if len(found) < count:
        raise MeshError(f"the .{kind} file is cut short: {len(found)} rows of {count}")
    return found


def _numbers(rows: list[str], width: int, kind: str) -> NDArray[np.float64]:
    try:
        values = np.array([row.split() for row in rows if row.strip()], dtype=np.float64)
    except ValueError as error:
        raise MeshError(f"the .{kind} file has a row that is not {width} numbers") from error
    if values.ndim != 2 or values.shape[1] != width or len(values) != len(rows) or not np.isfinite(values).all():
        raise MeshError(f"the .{kind} file is cut short or has a row that is not {width} finite numbers")
    return values


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
