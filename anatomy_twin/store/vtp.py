"""Surfaces as VTK XML PolyData (.vtp), which ParaView, PyVista and 3D Slicer open.

Written and read here without VTK (see ``vtk_xml``). 3D Slicer reads the coordinate system from the field array SPACE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import StoreError
from anatomy_twin.store.vtk_xml import FILE, HEAD, UNREADABLE, data_array, parsed, text_array, unpacked


def encode_vtp(
    surface: SurfaceMesh, values: Mapping[str, NDArray[Any]] | None = None,
    at_triangles: Mapping[str, NDArray[Any]] | None = None,
) -> bytes:
    """Return the bytes of a file: points as doubles in LPS mm, triangles, and by name ``values`` (N,) at the points and
    vectors ``at_triangles`` (M, 3).

    Equal surfaces give equal bytes.
    """
    points = np.ascontiguousarray(surface.points_mm, dtype="<f8")
    triangles = np.ascontiguousarray(surface.triangles, dtype="<i8")
    offsets = np.arange(3, 3 * len(triangles) + 1, 3, dtype="<i8")
    told = "".join(data_array(name, np.ascontiguousarray(row, "<f8")) for name, row in (values or {}).items())
    cells = "".join(data_array(name, np.ascontiguousarray(row, "<f8"), 3) for name, row in (at_triangles or {}).items())
    parts = [
        HEAD + FILE.format(kind="PolyData"),
        "<PolyData>",
        "<FieldData>",
        text_array("SPACE", "LPS"),
        text_array("UNITS", "mm"),
        "</FieldData>",
        f'<Piece NumberOfPoints="{len(points)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" '
        f'NumberOfPolys="{len(triangles)}">',
        *([f"<PointData>{told}</PointData>"] if told else []),
        *([f"<CellData>{cells}</CellData>"] if cells else []),
        f"<Points>{data_array('Points', points, 3)}</Points>",
        f"<Polys>{data_array('connectivity', triangles)}",
        f"{data_array('offsets', offsets)}</Polys>",
        "</Piece>",
        "</PolyData>",
        "</VTKFile>",
        "",
    ]
    return "\n".join(parts).encode("ascii")


def decode_vtp(data: bytes, where: str) -> SurfaceMesh:
    """Return the surface of a file that ``encode_vtp`` wrote; ``StoreError`` naming ``where`` for any other."""
    try:
        piece = parsed(data, where, "surface").find("PolyData/Piece")
        points = unpacked(piece, "Points/DataArray[@Name='Points']").reshape(-1, 3)
        triangles = unpacked(piece, "Polys/DataArray[@Name='connectivity']").reshape(-1, 3)
        offsets = unpacked(piece, "Polys/DataArray[@Name='offsets']")
        if not np.array_equal(offsets, np.arange(3, triangles.size + 1, 3)):
            raise StoreError("surface holds cells that are not triangles", where=where)
        return SurfaceMesh(points.astype(np.float64), triangles.astype(np.int64))
    except StoreError:
        raise
    except UNREADABLE as error:
        raise StoreError(f"surface file cannot be read: {error}", where=where) from error


def triangle_vectors(data: bytes, where: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the vectors (M, 3) at the triangles of a file by name; ``StoreError`` as ``point_values``."""
    try:
        piece = parsed(data, where, "surface").find("PolyData/Piece")
        return {name: unpacked(piece, f"CellData/DataArray[@Name='{name}']").astype(np.float64).reshape(-1, 3)
                for name in names}
    except UNREADABLE as error:
        raise StoreError(f"surface file cannot be read: {error}", where=where) from error


def point_values(data: bytes, where: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the values (N,) at the points of a file by name; ``StoreError`` naming ``where`` where one is missing."""
    try:
        piece = parsed(data, where, "surface").find("PolyData/Piece")
        return {name: unpacked(piece, f"PointData/DataArray[@Name='{name}']").astype(np.float64) for name in names}
    except UNREADABLE as error:
        raise StoreError(f"surface file cannot be read: {error}", where=where) from error
