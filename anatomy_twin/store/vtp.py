"""Surfaces as VTK XML PolyData (.vtp), which ParaView, PyVista and 3D Slicer open.

Written and read here without VTK, so that opening a case of unknown origin never hands its bytes to native code that
trusts them. Layout: docs.vtk.org, "VTK XML formats": zlib blocks, base64, 64-bit sizes. 3D Slicer reads the
coordinate system from the field array SPACE.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import StoreError, TwinError

LARGEST_ARRAY_BYTES = 2 * 1024**3
_TYPES = {"Float64": "<f8", "Int64": "<i8"}


def encode_vtp(surface: SurfaceMesh) -> bytes:
    """Return the bytes of a file: points as doubles in LPS mm, triangles; equal surfaces give equal bytes."""
    points = np.ascontiguousarray(surface.points_mm, dtype="<f8")
    triangles = np.ascontiguousarray(surface.triangles, dtype="<i8")
    offsets = np.arange(3, 3 * len(triangles) + 1, 3, dtype="<i8")
    space = " ".join(str(code) for code in b"LPS\0")
    units = " ".join(str(code) for code in b"mm\0")
    parts = [
        '<?xml version="1.0"?>',
        "<!-- SPACE=LPS, millimetres. For rehearsal and training only. Not for diagnosis or treatment. -->",
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        'compressor="vtkZLibDataCompressor">',
        "<PolyData>",
        "<FieldData>",
        f'<Array type="String" Name="SPACE" NumberOfTuples="1" format="ascii">{space}</Array>',
        f'<Array type="String" Name="UNITS" NumberOfTuples="1" format="ascii">{units}</Array>',
        "</FieldData>",
        f'<Piece NumberOfPoints="{len(points)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" '
        f'NumberOfPolys="{len(triangles)}">',
        f'<Points><DataArray type="Float64" Name="Points" NumberOfComponents="3" format="binary">{_packed(points)}'
        "</DataArray></Points>",
        f'<Polys><DataArray type="Int64" Name="connectivity" format="binary">{_packed(triangles)}</DataArray>',
        f'<DataArray type="Int64" Name="offsets" format="binary">{_packed(offsets)}</DataArray></Polys>',
        "</Piece>",
        "</PolyData>",
        "</VTKFile>",
        "",
    ]
    return "\n".join(parts).encode("ascii")


def decode_vtp(data: bytes, where: str) -> SurfaceMesh:
    """Return the surface of a file that ``encode_vtp`` wrote; ``StoreError`` naming ``where`` for any other."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise StoreError("surface file defines entities", where=where)
    try:
        piece = ElementTree.fromstring(data).find("PolyData/Piece")
        points = _array(piece, "Points/DataArray[@Name='Points']").reshape(-1, 3)
        triangles = _array(piece, "Polys/DataArray[@Name='connectivity']").reshape(-1, 3)
        offsets = _array(piece, "Polys/DataArray[@Name='offsets']")
        if not np.array_equal(offsets, np.arange(3, triangles.size + 1, 3)):
            raise StoreError("surface holds cells that are not triangles", where=where)
        return SurfaceMesh(points.astype(np.float64), triangles.astype(np.int64))
    except StoreError:
        raise
    except (ElementTree.ParseError, ValueError, TypeError, AttributeError, KeyError, struct.error, binascii.Error,
            zlib.error, TwinError) as error:
        raise StoreError(f"surface file cannot be read: {error}", where=where) from error


def _packed(array: NDArray[Any]) -> str:
    raw = array.tobytes()
    if not raw:
        return base64.b64encode(struct.pack("<3Q", 0, 0, 0)).decode("ascii")
    packed = zlib.compress(raw, 1)
    head = struct.pack("<4Q", 1, len(raw), 0, len(packed))  # one block, its size, no shorter last block
    return (base64.b64encode(head) + base64.b64encode(packed)).decode("ascii")


def _array(piece: Any, path: str) -> NDArray[Any]:
    node = piece.find(path)
    text = "".join((node.text or "").split())
    (blocks,) = struct.unpack("<Q", base64.b64decode(text[:12], validate=True)[:8])
    if blocks == 0:
        return np.empty(0, dtype=_TYPES[node.get("type")])
    if blocks != 1:
        raise ValueError("more than one block")
    # 32 bytes of sizes are 44 characters of base64
    _, size, last, packed_size = struct.unpack("<4Q", base64.b64decode(text[:44], validate=True))
    packed = base64.b64decode(text[44:], validate=True)
    if last != 0 or size > LARGEST_ARRAY_BYTES or len(packed) != packed_size:
        raise ValueError("sizes of a block do not fit")
    inflater = zlib.decompressobj()
    raw = inflater.decompress(packed, size + 1)
    if len(raw) != size or not (inflater.eof or inflater.decompress(inflater.unconsumed_tail, 1) == b""):
        raise ValueError("a block has another size than it says")
    return np.frombuffer(raw, _TYPES[node.get("type")])
