"""Columns of numbers as VTK XML tables (.vtt), which ParaView opens; written and read without VTK (``vtk_xml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import StoreError
from anatomy_twin.store.vtk_xml import FILE, HEAD, UNREADABLE, data_array, parsed, unpacked

_KINDS = {"b": "|u1", "i": "<i8", "f4": "<f4", "f": "<f8"}


def encode_vtt(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a file of columns (N,) by name: booleans as 0 and 1, whole numbers, floats of 32 or 64 bits.

    Equal columns give equal bytes. Raises ``StoreError`` where they are not equally long.
    """
    rows = {len(column) for column in columns.values()}
    if len(rows) > 1:
        raise StoreError("the columns of a table are not equally long")
    told = "".join(data_array(name, np.ascontiguousarray(column, _stored(column))) for name, column in columns.items())
    parts = [
        HEAD + FILE.format(kind="Table"), "<Table>",
        f'<Piece NumberOfRows="{max(rows, default=0)}" NumberOfCols="{len(columns)}">', f"<RowData>{told}</RowData>",
        "</Piece>", "</Table>", "</VTKFile>", "",
    ]
    return "\n".join(parts).encode("utf-8")


def decode_vtt(data: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a file that ``encode_vtt`` wrote, by name; ``StoreError`` naming ``where`` for others."""
    try:
        piece = parsed(data, where, "table").find("Table/Piece")
        assert piece is not None
        names = [str(node.get("Name")) for node in piece.findall("RowData/DataArray")]
        columns = {name: unpacked(piece, f"RowData/DataArray[@Name='{name}']") for name in names}
    except (*UNREADABLE, AssertionError, SyntaxError) as error:
        raise StoreError(f"table cannot be read: {error}", where=where) from error
    if len(columns) != len(names) or len({len(column) for column in columns.values()}) > 1:
        raise StoreError("the columns of a table have one name or are not equally long", where=where)
    return columns


def _stored(column: NDArray[Any]) -> str:
    return _KINDS["f4"] if column.dtype == np.float32 else _KINDS[column.dtype.kind]
