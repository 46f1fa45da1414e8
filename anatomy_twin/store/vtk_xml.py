"""Data arrays of VTK XML files: one zlib block, base64, 64-bit sizes (docs.vtk.org, "VTK XML formats").

Written and read without VTK, so that opening a case of unknown origin never hands its bytes to native code that trusts
them.
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

from anatomy_twin.errors import StoreError, TwinError

LARGEST_ARRAY_BYTES = 2 * 1024**3
HEAD = (
    '<?xml version="1.0"?>\n'
    "<!-- SPACE=LPS, millimetres. For rehearsal and training only. Not for diagnosis or treatment. -->\n"
)
FILE = (
    '<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
    'compressor="vtkZLibDataCompressor">'
)
UNREADABLE = (
    ElementTree.ParseError, ValueError, TypeError, AttributeError, KeyError, struct.error, binascii.Error, zlib.error,
    TwinError,
)
_TYPES = {"Float64": "<f8", "Float32": "<f4", "Int64": "<i8", "UInt8": "|u1"}


def text_array(name: str, text: str) -> str:
    """Return the element of a field array that holds one line of text (as VTK spells it: the codes of its bytes)."""
    codes = " ".join(str(code) for code in text.encode("utf-8") + b"\0")
    return f'<Array type="String" Name="{name}" NumberOfTuples="1" format="ascii">{codes}</Array>'


def data_array(name: str, array: NDArray[Any], components: int = 0) -> str:
    """Return the element of a data array; its type is one of Float64, Float32, Int64 and UInt8."""
    kind = next(kind for kind, code in _TYPES.items() if np.dtype(code) == array.dtype)
    width = f' NumberOfComponents="{components}"' if components else ""
    return f'<DataArray type="{kind}" Name="{name}"{width} format="binary">{packed(array)}</DataArray>'


def packed(array: NDArray[Any]) -> str:
    """Return the bytes of an array as one compressed block in base64."""
    raw = array.tobytes()
    if not raw:
        return base64.b64encode(struct.pack("<3Q", 0, 0, 0)).decode("ascii")
    block = zlib.compress(raw, 1)
    head = struct.pack("<4Q", 1, len(raw), 0, len(block))  # one block, its size, no shorter last block
    return (base64.b64encode(head) + base64.b64encode(block)).decode("ascii")


def parsed(data: bytes, where: str, what: str) -> ElementTree.Element:
    """Return the root of a file; ``StoreError`` where it defines entities."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise StoreError(f"{what} file defines entities", where=where)
    return ElementTree.fromstring(data)


def unpacked(piece: Any, path: str) -> NDArray[Any]:
    """Return the array at a path below an element; an error of ``UNREADABLE`` where it is not what ``packed`` wrote."""
    node = piece.find(path)
    text = "".join((node.text or "").split())
    (blocks,) = struct.unpack("<Q", base64.b64decode(text[:12], validate=True)[:8])
    if blocks == 0:
        return np.empty(0, dtype=_TYPES[node.get("type")])
    if blocks != 1:
        raise ValueError("more than one block")
    # 32 bytes of sizes are 44 characters of base64
    _, size, last, packed_size = struct.unpack("<4Q", base64.b64decode(text[:44], validate=True))
    block = base64.b64decode(text[44:], validate=True)
    if last != 0 or size > LARGEST_ARRAY_BYTES or len(block) != packed_size:
        raise ValueError("sizes of a block do not fit")
    inflater = zlib.decompressobj()
    raw = inflater.decompress(block, size + 1)
    if len(raw) != size or not (inflater.eof or inflater.decompress(inflater.unconsumed_tail, 1) == b""):
        raise ValueError("a block has another size than it says")
    return np.frombuffer(raw, _TYPES[node.get("type")])
