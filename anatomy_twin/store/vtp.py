"""Surfaces as VTK XML PolyData (.vtp), which ParaView, PyVista and 3D Slicer open.

Written and read here without VTK (see ``vtk_xml``). 3D Slicer reads the coordinate system from the field array SPACE.
"""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import StoreError
from anatomy_twin.store.vtk_xml import FILE, HEAD, UNREADABLE, data_array, parsed, text_array, unpacked


def encode_vtp(surface: SurfaceMesh) -> bytes:
    """Return the bytes of a file: points as doubles in LPS mm, triangles; equal surfaces give equal bytes."""
    points = np.ascontiguousarray(surface.points_mm, dtype="<f8")
    triangles = np.ascontiguousarray(surface.triangles, dtype="<i8")
    offsets = np.arange(3, 3 * len(triangles) + 1, 3, dtype="<i8")
    parts = [
        HEAD + FILE.format(kind="PolyData"),
        "<PolyData>",
        "<FieldData>",
        text_array("SPACE", "LPS"),
        text_array("UNITS", "mm"),
        "</FieldData>",
        f'<Piece NumberOfPoints="{len(points)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" '
        f'NumberOfPolys="{len(triangles)}">',
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
