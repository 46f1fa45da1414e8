"""The bytes of a chamber's surface file, for the child process that reads them: it needs nothing of the rest.

Which formats there are stands in ``chamber_file``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import MeshError

LARGEST_FILE_BYTES: Final = 512 * 1024**2


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
