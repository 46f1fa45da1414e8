"""The header of an NRRD file, checked.

Format: "Definition of NRRD File Format" of Teem (https://teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.scan.grid_header import (
    PLACE_TOLERANCE_MM,
    GridHeader,
    beside,
    broken,
    check_amount,
    checked_sizes,
    numbers_of,
    placed,
    regular_size,
    whole_numbers,
)

MAX_HEADER_BYTES = 2**22
_MAX_LINES = 50_000
_TYPES = {
    "i1": "signed char,int8,int8_t",
    "u1": "uchar,unsigned char,uint8,uint8_t",
    "i2": "short,short int,signed short,signed short int,int16,int16_t",
    "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
    "i4": "int,signed int,int32,int32_t",
    "u4": "uint,unsigned int,uint32,uint32_t",
    "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
    "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
    "f4": "float",
    "f8": "double",
}
_TYPE_OF = {name: kind for kind, names in _TYPES.items() for name in names.split(",")}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
              "ascii": "ascii", "txt": "ascii", "text": "ascii"}  # fmt: skip
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0), "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0), "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0), "las": (1.0, -1.0, 1.0),
}  # fmt: skip
_OTHER_SPACES = frozenset({"scanner-xyz", "scanner-xyz-time", "3d-right-handed", "3d-left-handed",
                           "3d-right-handed-time", "3d-left-handed-time"})  # fmt: skip
_MM = frozenset({"", "mm", "millimeter", "millimeters", "millimetre", "millimetres"})
_LAYERS = frozenset({"list", "vector", "???", "none"})


def split_nrrd(head: bytes) -> tuple[list[str], int]:
    """Return the header's lines (without the magic) and the number of its bytes; ``ScanError`` if it has no end."""
    end = re.search(rb"\r?\n\r?\n", head)
    if end is None and len(head) > MAX_HEADER_BYTES:
        raise broken("an NRRD header of more than 4 MB makes no sense")
    text = head if end is None else head[:end.start()]
    lines = [line.rstrip("\r") for line in text.decode("utf-8", "replace").split("\n")]
    if len(lines) > _MAX_LINES:
        raise broken("an NRRD header of so many lines makes no sense")
    # without an empty line the whole file is header: its voxels are in another one
    return lines[1:], len(head) if end is None else end.end()


def nrrd_header(path: Path, head: bytes) -> GridHeader:
    """Check the header in ``head``, the first bytes of a file.

    Raises ``ScanError`` where the bytes cannot be believed; what is believed but cannot be read truthfully is listed in
    ``problems``.
    """
    lines, header_bytes = split_nrrd(head)
    fields, keys = _fields(lines)
    notes: list[str] = []
    problems: list[str] = []
    sizes, layer_axis = _sizes(fields, problems)
    spatial = [n for n in range(len(sizes)) if n != layer_axis]
    shape = tuple(sizes[n] for n in reversed(spatial))
    geometry, moved_mm = None, 0.0
    if len(spatial) != 3:
        problems.append(f"an image of {len(sizes)} dimensions is no single volume")
        shape = (*shape, 1, 1, 1)[:3] if len(shape) < 3 else shape
    else:
        geometry, moved_mm = _geometry(fields, spatial, (shape[0], shape[1], shape[2]), notes, problems)
    dtype = _dtype(fields)
    encoding = fields.get("encoding", "").lower()
    if encoding not in _ENCODINGS:
        raise broken("the encoding of the voxels is missing or unknown", advice="write it raw or with gzip")
    source, offset = _source(path, fields, header_bytes, len(head))
    skip = _skip(fields, _ENCODINGS[encoding])
    header = GridHeader(
        format="NRRD", shape=shape if layer_axis is None else (sizes[layer_axis], *shape),
        spacing_mm=geometry.spacing_mm if geometry else (0.0, 0.0, 0.0), geometry=geometry, dtype=dtype,
        encoding=_ENCODINGS[encoding], source=source, offset=offset, notes=tuple(notes), problems=tuple(problems),
        keys=FrozenMapping(keys), place_tolerance_mm=PLACE_TOLERANCE_MM + moved_mm,
    )  # fmt: skip
    if skip < 0:
        offset = regular_size(source) - header.data_bytes
        if offset < header.offset:
            raise broken("the file is cut off: it is shorter than its voxels")
        skip = offset - header.offset
    return check_amount(header.moved(skip))


def _fields(lines: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Split into the fields of the format and the free entries that describe segments."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        free = re.match(r"([^:]{1,200}):=(.*)", line, re.DOTALL)
        if free:
            if free[1].startswith(("Segment", "segment")):
                keys[free[1]] = free[2].replace("\\n", "\n").replace("\\\\", "\\")
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower().replace("datafile", "data file")
        if not colon:
            raise broken("the NRRD header has a line that is no field")
        if name in fields:
            raise broken("the NRRD header gives one field twice")
        fields[name] = value.strip()
    return fields, keys


def _sizes(fields: dict[str, str], problems: list[str]) -> tuple[tuple[int, ...], int | None]:
    """Return the sizes, fastest axis first, and which axis counts layers."""
    (count, *more) = whole_numbers(fields, "dimension", "NRRD")
    sizes = whole_numbers(fields, "sizes", "NRRD")
    if more or len(sizes) != count:
        raise broken(f"the NRRD header announces {count} dimensions and {len(sizes)} sizes")
    sizes = checked_sizes(sizes)
    kinds = fields.get("kinds", "").lower().split() or ["domain" if count == 3 else "???"] * count
    if len(kinds) != count:
        raise broken(f"the NRRD header announces {count} dimensions and {len(kinds)} kinds")
    if count == 4:
        directions = _vectors(fields.get("space directions", ""))
        for axis in (0, 3):
            if kinds[axis] in _LAYERS and axis < len(directions) and directions[axis] is None:
                return sizes, axis
    strange = [kind for kind in kinds if kind not in ("domain", "space", "???", "none")]
    if strange:
        problems.append("an axis of the file is none of space (colour, time or vector)")
    return sizes, None


def _vectors(text: str) -> list[list[float] | None]:
    """Read "none (1,0,0) (0,1,0)"; ``ScanError`` where it is anything else."""
    result: list[list[float] | None] = []
    pattern = re.compile(r"\s*(?:(none)|\(\s*([^()]{1,200})\))(?=\s|$|\()", re.IGNORECASE)
    at = 0
    while text[at:].strip():
        found = pattern.match(text, at)
        if found is None or len(result) >= 16:
            raise broken("the NRRD header has vectors that cannot be read")
        at = found.end()
        vector = None if found[1] else numbers_of([part.strip() for part in found[2].split(",")])
        if found[1] is None and vector is None:
            raise broken("the NRRD header has vectors that cannot be read")
        # some writers put (nan,nan,nan) where the format has "none"
        result.append(None if vector is None or all(math.isnan(value) for value in vector) else vector)
    return result


def _geometry(
    fields: dict[str, str], spatial: list[int], shape: tuple[int, int, int], notes: list[str], problems: list[str]
) -> tuple[VolumeGeometry | None, float]:
    space = fields.get("space", "").lower()
    if space not in _TO_LPS:
        told = f"(space {space})" if space in _OTHER_SPACES else "(no patient space)"
        problems.append(f"the file does not say where its voxels lie in the patient {told}")
        return None, 0.0
    units = {unit.strip().lower() for unit in re.findall(r'"([^"]*)"', fields.get("space units", ""))}
    if units - _MM:
        problems.append("the file measures in units other than millimetres")
        return None, 0.0
    directions, origin = _vectors(fields.get("space directions", "")), _vectors(fields.get("space origin", ""))
    steps = [directions[n] for n in spatial if n < len(directions)]
    if len(directions) != len(fields["sizes"].split()) or any(step is None or len(step) != 3 for step in steps):
        problems.append("the file does not say where its voxels lie in the patient (no space directions)")
        return None, 0.0
    if len(origin) != 1 or origin[0] is None or len(origin[0]) != 3:
        problems.append("the file does not say where its voxels lie in the patient (no space origin)")
        return None, 0.0
    flip = np.array(_TO_LPS[space])
    return placed(flip[:, None] * np.array(steps, np.float64).T, flip * np.array(origin[0]), shape, notes, problems)


def _dtype(fields: dict[str, str]) -> np.dtype:
    kind = _TYPE_OF.get(" ".join(fields.get("type", "").lower().split()))
    if kind is None:
        raise broken("the NRRD header has no type of voxel that is known here")
    dtype = np.dtype(kind)
    if dtype.itemsize == 1 or _ENCODINGS.get(fields.get("encoding", "").lower()) == "ascii":
        return dtype
    order = {"little": "<", "big": ">"}.get(fields.get("endian", "").lower())
    if order is None:
        raise broken("the NRRD header does not say the byte order (endian)")
    return dtype.newbyteorder(order)


def _source(path: Path, fields: dict[str, str], header_bytes: int, head_bytes: int) -> tuple[Path, int]:
    name = fields.get("data file")
    if name is not None:
        return beside(path, name), 0
    if header_bytes == head_bytes and head_bytes == regular_size(path):
        raise broken("the file is cut off: it holds no voxels")
    return path, header_bytes


def _skip(fields: dict[str, str], encoding: str) -> int:
    """Return the bytes to skip; -1 means that the voxels end with the file."""
    if "line skip" in fields and whole_numbers(fields, "line skip", "NRRD") != [0]:
        raise broken("voxels after skipped lines are not read here", advice="write header and voxels into one file")
    skip = whole_numbers(fields, "byte skip", "NRRD") if "byte skip" in fields else [0]
    if len(skip) != 1 or skip[0] < -1 or (skip[0] != 0 and encoding != "raw"):
        raise broken("voxels after skipped bytes are not read here", advice="write header and voxels into one file")
    return skip[0]
