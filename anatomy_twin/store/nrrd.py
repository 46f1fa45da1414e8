"""NRRD files, the small part of the format that is needed here (teem.sourceforge.net/nrrd/format.html, NRRD0004).

Written: one file with attached data, little-endian, gzip without name and time, LPS in mm. Equal arrays give equal
bytes. Read: the same, and what 3D Slicer, SimpleITK and pynrrd write (raw or gzip, any byte order, LPS, RAS or LAS).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import StoreError, TwinError

LARGEST_HEADER_BYTES = 4 * 1024 * 1024
LARGEST_ARRAY_BYTES = 16 * 1024**3
_VOXELS_AT_ONCE = 1024
FREE_BYTES = 1024**3  # beyond this size, an array that is compressed more than MOST_COMPRESSED-fold is a trap
MOST_COMPRESSED = 300
COMPRESSION_LEVEL = 1
EXACT_GEOMETRY = "anatomy_twin_geometry"
_TYPES = {
    "int8": "int8", "signed char": "int8", "uint8": "uint8", "unsigned char": "uint8", "uchar": "uint8",
    "int16": "int16", "short": "int16", "signed short": "int16", "uint16": "uint16", "unsigned short": "uint16",
    "ushort": "uint16", "int32": "int32", "int": "int32", "signed int": "int32", "uint32": "uint32",
    "unsigned int": "uint32", "uint": "uint32", "int64": "int64", "long long": "int64", "longlong": "int64",
    "uint64": "uint64", "unsigned long long": "uint64", "ulonglong": "uint64", "float": "float32", "double": "float64",
}
_WRITTEN = {"float32": "float", "float64": "double"}
_SPACES = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1), "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}


@dataclass(frozen=True, eq=False)
class NrrdFile:
    """What a file holds: ``array`` [k, j, i] or [n, k, j, i], its grid, and its key := value pairs."""

    array: NDArray[Any]
    geometry: VolumeGeometry
    keys: Mapping[str, str]


def encode_nrrd(
    array: NDArray[Any], geometry: VolumeGeometry, keys: Mapping[str, str] | None = None, *, list_kind: str = "list"
) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    array : [k, j, i], or [n, k, j, i] whose first axis (layers, moments) becomes the fastest one of the file, as
        3D Slicer keeps layers and sequences. Booleans are written as uint8.
    geometry : grid of the last three axes. It stands in the header as every reader expects it, and once more, exact
        to the last bit and with its frame of reference, under a key of our own.
    keys : further pairs of text.
    """
    values = array.view(np.uint8) if array.dtype == bool else array
    name = values.dtype.newbyteorder("=").name
    if name not in _TYPES.values():
        raise StoreError(f"an array of {array.dtype} has no place in an NRRD file")
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    if array.ndim == 4:
        little = np.moveaxis(little, 0, -1)
    directions = [_vector(geometry.affine[:3, axis]) for axis in (2, 1, 0)]
    kinds, sizes = ["domain"] * 3, [str(size) for size in geometry.shape[::-1]]
    if array.ndim == 4:
        directions, kinds, sizes = ["none", *directions], [list_kind, *kinds], [str(array.shape[0]), *sizes]
    header = {
        "type": _WRITTEN.get(name, name), "dimension": str(array.ndim), "space": "left-posterior-superior",
        "sizes": " ".join(sizes), "space directions": " ".join(directions), "kinds": " ".join(kinds),
        "endian": "little", "encoding": "gzip", "space origin": _vector(np.asarray(geometry.origin_mm)),
    }
    lines = ["NRRD0004", *(f"{field}: {text}" for field, text in header.items())]
    for key, text in {**(keys or {}), EXACT_GEOMETRY: _exact(geometry)}.items():
        if ":=" in key or "\n" in key or not key:
            raise StoreError(f"{key!r} cannot be a key of an NRRD file")
        lines.append(f"{key}:={_escaped(text)}")
    data = _gzip(np.ascontiguousarray(little))
    return ("\n".join(lines) + "\n\n").encode("utf-8") + data


def decode_nrrd(data: bytes, where: str) -> NrrdFile:
    """Return what the bytes of a file hold; ``StoreError`` naming ``where`` if they are no NRRD file of a grid."""
    fields, keys, start = _header(data, where)
    try:
        return _decoded(fields, keys, memoryview(data)[start:], where)
    except StoreError:
        raise
    except (TwinError, ValueError, KeyError, IndexError, zlib.error, OverflowError) as error:
        raise StoreError(f"NRRD file cannot be read: {error}", where=where) from error


def _decoded(fields: dict[str, str], keys: dict[str, str], data: memoryview, where: str) -> NrrdFile:
    sizes = [int(text) for text in fields["sizes"].split()]
    if len(sizes) != int(fields["dimension"]) or len(sizes) not in (3, 4) or min(sizes) < 1:
        raise StoreError(f"sizes {fields['sizes']!r} are not those of a volume", where=where)
    dtype = np.dtype(_TYPES[fields["type"].lower()])
    dtype = dtype.newbyteorder(">" if fields.get("endian", "little").lower() == "big" else "<")
    count = 1
    for size in sizes:
        count *= size
    size = count * dtype.itemsize
    if size > LARGEST_ARRAY_BYTES or size > max(FREE_BYTES, MOST_COMPRESSED * len(data)):
        raise StoreError("NRRD file claims more voxels than can be", where=where)
    raw = _payload(fields, data, size, where)
    array = np.frombuffer(raw, dtype).reshape(sizes[::-1]).astype(dtype.newbyteorder("="), copy=False)
    directions = re.findall(r"none|\([^)]*\)", fields["space directions"])
    listed = [n for n, text in enumerate(directions) if text == "none"]
    if len(directions) != len(sizes):
        raise StoreError("number of axes and of their directions differ", where=where)
    if len(sizes) == 4:
        if listed not in ([0], [3]):
            raise StoreError("the fourth axis is neither the first nor the last", where=where)
        if listed == [0]:
            array = _last_axis_first(array)
    columns = [_numbers(text) for text in directions if text != "none"]
    return NrrdFile(np.ascontiguousarray(array), _geometry(fields, keys, columns, array.shape[-3:], where), keys)


def _last_axis_first(array: NDArray[Any]) -> NDArray[Any]:
    """Return [k, j, i, n] copied to [n, k, j, i], a few voxels at a time: what is read stays near until it is used."""
    rows = array.reshape(-1, array.shape[-1])
    moved = np.empty(rows.shape[::-1], array.dtype)
    for start in range(0, len(rows), _VOXELS_AT_ONCE):
        moved[:, start : start + _VOXELS_AT_ONCE] = rows[start : start + _VOXELS_AT_ONCE].T
    return moved.reshape(array.shape[-1], *array.shape[:-1])


def _header(data: bytes, where: str) -> tuple[dict[str, str], dict[str, str], int]:
    if not data.startswith(b"NRRD000"):
        raise StoreError("file is no NRRD file", where=where)
    limited = data[:LARGEST_HEADER_BYTES]
    found = re.search(rb"\r?\n\r?\n", limited)
    if found is None:
        raise StoreError("header of an NRRD file has no end", where=where)
    try:
        lines = limited[: found.start()].decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise StoreError("header of an NRRD file is not text", where=where) from error
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in lines[1:]:
        key, mark, text = line.partition(":=")
        if mark:
            keys[key] = _unescaped(text)
        elif not line.startswith("#"):
            field, _, text = line.partition(": ")
            fields[field.strip().lower()] = text.strip()
    for field in ("data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"):
        if fields.get(field, "0") != "0":
            raise StoreError(f"NRRD field {field!r} is not supported", where=where, advice="save it as one file")
    return fields, keys, found.end()


def _payload(fields: dict[str, str], data: memoryview, size: int, where: str) -> bytes | memoryview:
    encoding = fields.get("encoding", "raw").lower()
    if encoding == "raw":
        raw: bytes | memoryview = data
    elif encoding in ("gzip", "gz"):
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        raw = inflater.decompress(data, size + 1)  # never more than the header announces
        if len(raw) == size and not inflater.eof:
            raw += inflater.decompress(inflater.unconsumed_tail, 1)  # reads the checksum at the end
        if not inflater.eof or inflater.unused_data:
            raise StoreError("compressed data is cut short or followed by something else", where=where)
    else:
        raise StoreError(f"NRRD encoding {encoding!r} is not supported", where=where, advice="use gzip or raw")
    if len(raw) != size:
        raise StoreError(f"{size} bytes of voxels announced, others found", where=where)
    return raw


def _geometry(
    fields: dict[str, str], keys: Mapping[str, str], columns: list[list[float]], shape: tuple[int, ...], where: str
) -> VolumeGeometry:
    signs = _SPACES.get(fields.get("space", "").lower())
    if signs is None or len(columns) != 3:
        raise StoreError("NRRD file does not say where its voxels lie in the patient", where=where)
    steps = np.array(columns)[::-1].T * np.array(signs)[:, None]
    spacing = np.linalg.norm(steps, axis=0)
    origin = np.array(_numbers(fields["space origin"])) * signs
    k, j, i = shape
    told = VolumeGeometry(
        (k, j, i), tuple(float(v) for v in spacing), steps / spacing, tuple(float(v) for v in origin)
    )
    if EXACT_GEOMETRY not in keys:
        return told
    content = json.loads(keys[EXACT_GEOMETRY])
    exact = VolumeGeometry(
        (k, j, i), tuple(content["spacing_mm"]), np.array(content["direction"], dtype=float),
        tuple(content["origin_mm"]), str(content["frame_of_reference_uid"]),
    )
    # another program may have changed the grid and kept our key: then the header is right
    return exact if exact.is_close(told, 1e-6 * max(1.0, float(np.abs(told.corners_mm()).max()))) else told


def _exact(geometry: VolumeGeometry) -> str:
    content = {
        "spacing_mm": list(geometry.spacing_mm), "direction": geometry.direction.tolist(),
        "origin_mm": list(geometry.origin_mm), "frame_of_reference_uid": geometry.frame_of_reference_uid,
    }
    return json.dumps(content, sort_keys=True)


def _gzip(array: NDArray[Any]) -> bytes:
    deflater = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)  # header: no name, time 0
    return deflater.compress(array.data) + deflater.flush()


def _vector(values: NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(value) + 0.0) for value in values) + ")"


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.strip().strip("()").split(",")]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", " ")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
