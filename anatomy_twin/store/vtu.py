"""Tetrahedra as VTK XML UnstructuredGrid (.vtu), which ParaView, PyVista, 3D Slicer and meshio open.

Written and read here without VTK (see ``vtk_xml``). The cell array "region" holds region numbers, the field array
REGION_NAMES their names in order.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from anatomy_twin.core import TetMesh
from anatomy_twin.errors import StoreError
from anatomy_twin.store.vtk_xml import FILE, HEAD, UNREADABLE, data_array, parsed, text_array, unpacked

TETRAHEDRON = 10  # VTK_TETRA


def encode_vtu(mesh: TetMesh) -> bytes:
    """Return the bytes of a file: points as doubles in LPS mm, tetrahedra with regions; equal meshes, equal bytes.

    Raises ``StoreError`` where a region's name holds a zero byte.
    """
    points = np.ascontiguousarray(mesh.points_mm, dtype="<f8")
    cells = np.ascontiguousarray(mesh.tetrahedra, dtype="<i8")
    offsets = np.arange(4, 4 * len(cells) + 1, 4, dtype="<i8")
    kinds = np.full(len(cells), TETRAHEDRON, dtype="|u1")
    if any("\0" in name for name in mesh.region_names):
        raise StoreError("a region has a name that cannot be written")
    parts = [
        HEAD + FILE.format(kind="UnstructuredGrid"),
        "<UnstructuredGrid>",
        "<FieldData>",
        text_array("SPACE", "LPS"),
        text_array("UNITS", "mm"),
        *([_names_array(mesh.region_names)] if mesh.region_names else []),
        "</FieldData>",
        f'<Piece NumberOfPoints="{len(points)}" NumberOfCells="{len(cells)}">',
        f"<Points>{data_array('Points', points, 3)}</Points>",
        f"<Cells>{data_array('connectivity', cells)}",
        f"{data_array('offsets', offsets)}",
        f"{data_array('types', kinds)}</Cells>",
        f"<CellData>{data_array('region', np.ascontiguousarray(mesh.regions, dtype='<i8'))}</CellData>",
        "</Piece>",
        "</UnstructuredGrid>",
        "</VTKFile>",
        "",
    ]
    return "\n".join(parts).encode("ascii")


def decode_vtu(data: bytes, where: str) -> TetMesh:
    """Return the tetrahedra of a file that ``encode_vtu`` wrote; ``StoreError`` naming ``where`` for any other."""
    try:
        grid = parsed(data, where, "tetrahedra").find("UnstructuredGrid")
        piece: Any = None if grid is None else grid.find("Piece")
        points = unpacked(piece, "Points/DataArray[@Name='Points']").reshape(-1, 3)
        cells = unpacked(piece, "Cells/DataArray[@Name='connectivity']").reshape(-1, 4)
        offsets = unpacked(piece, "Cells/DataArray[@Name='offsets']")
        kinds = unpacked(piece, "Cells/DataArray[@Name='types']")
        regions = unpacked(piece, "CellData/DataArray[@Name='region']")
        if not np.array_equal(offsets, np.arange(4, cells.size + 1, 4)) or (kinds != TETRAHEDRON).any() or (
            kinds.size != len(cells)
        ):
            raise StoreError("mesh holds cells that are not tetrahedra", where=where)
        return TetMesh(points.astype(np.float64), cells.astype(np.int64), regions.astype(np.int64), _names(grid))
    except StoreError:
        raise
    except UNREADABLE as error:
        raise StoreError(f"file of tetrahedra cannot be read: {error}", where=where) from error


def _names_array(names: tuple[str, ...]) -> str:
    """The element of the names: VTK's string array, one zero byte after each."""
    return text_array("REGION_NAMES", "\0".join(names)).replace('"1"', f'"{len(names)}"', 1)


def _names(grid: Any) -> tuple[str, ...]:
    node = grid.find("FieldData/Array[@Name='REGION_NAMES']")
    if node is None:
        return ()
    text = node.text or ""
    if not re.fullmatch(r"[0-9\s]*", text):
        raise ValueError("names of regions are not codes of bytes")
    names = bytes(int(code) for code in text.split()).decode("utf-8").split("\0")
    if names[-1] or len(names) != int(node.get("NumberOfTuples")) + 1:
        raise ValueError("names of regions do not fit")
    return tuple(names[:-1])
