"""The header of a MetaImage file, checked.

Format: MetaIO of ITK (https://docs.itk.org/en/latest/learn/metaio.html). MetaImage names no world axes; those of ITK,
LPS in mm, are meant.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from anatomy_twin.core import VolumeGeometry
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

MAX_HEADER_BYTES = 2**16
_TYPES = {"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
          "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
          "MET_FLOAT": "f4", "MET_DOUBLE": "f8"}  # fmt: skip
_FIRST = re.compile(rb"\s*(ObjectType|ObjectSubType|NDims|Comment|Name|ID|BinaryData|DimSize)\s*=", re.IGNORECASE)
_LINE = re.compile(rb"[^\n]*\n?")


def is_metaimage(head: bytes) -> bool:
    """Tell whether these first bytes of a file are a MetaImage header."""
    return bool(_FIRST.match(head)) and b"NDims" in head


def metaimage_header(path: Path, head: bytes) -> GridHeader:
    """Check the header in ``head``, the first bytes of a file.

    Raises ``ScanError`` where the bytes cannot be believed; what is believed but cannot be read truthfully is listed in
    ``problems``.
    """
    fields, header_bytes = split_metaimage(head)
    notes = ["a MetaImage names no world axes: those of ITK (LPS, mm) assumed"]
    problems: list[str] = []
    if fields.get("objecttype", "image").lower() != "image":
        raise broken("this MetaIO file holds no image")
    count = whole_numbers(fields, "ndims", "MetaImage")[0]
    sizes = checked_sizes(whole_numbers(fields, "dimsize", "MetaImage"))
    if len(sizes) != count:
        raise broken(f"the MetaImage header announces {count} dimensions and {len(sizes)} sizes")
    shape = sizes[::-1]
    geometry, moved_mm = None, 0.0
    if count != 3:
        problems.append(f"an image of {count} dimensions is no single volume")
        shape = (*shape, 1, 1, 1)[:3] if count < 3 else shape
    else:
        geometry, moved_mm = _geometry(fields, (shape[0], shape[1], shape[2]), notes, problems)
    if fields.get("elementnumberofchannels", "1") != "1":
        problems.append("the voxels are colours or vectors, not grey values")
    source, offset, detached = _source(path, fields, header_bytes)
    encoding = _encoding(fields)
    header = GridHeader(
        format="MetaImage", shape=shape, spacing_mm=geometry.spacing_mm if geometry else (0.0, 0.0, 0.0),
        geometry=geometry, dtype=_dtype(fields, encoding), encoding=encoding, source=source, offset=offset,
        scale=_scale(fields, problems), notes=tuple(notes), problems=tuple(problems),
        place_tolerance_mm=PLACE_TOLERANCE_MM + moved_mm,
    )  # fmt: skip
    skip = whole_numbers(fields, "headersize", "MetaImage")[0] if "headersize" in fields else 0
    if skip < -1 or (skip and (encoding != "raw" or not detached)):
        raise broken("voxels after skipped bytes are not read here", advice="write header and voxels into one file")
    if skip:
        header = header.moved(skip if skip >= 0 else max(regular_size(source) - header.data_bytes, 0))
    if problems and "elementnumberofchannels" in fields:
        return header
    return check_amount(header)


def split_metaimage(head: bytes) -> tuple[dict[str, str], int]:
    """Return the header's entries (names in lower case) and the number of its bytes."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(head):
        line = _LINE.match(head, at)[0]  # type: ignore[index]
        at += len(line)
        text = line.decode("utf-8", "replace").strip()
        if not text:
            continue
        name, equals, value = text.partition("=")
        name = name.strip().lower()
        if not equals or not re.fullmatch(r"[a-z0-9_ ]{1,80}", name) or len(fields) > 500:
            raise broken("the MetaImage header has a line that is no entry")
        if name in fields:
            raise broken("the MetaImage header gives one entry twice")
        fields[name] = value.strip()
        if name == "elementdatafile":
            return fields, at
    raise broken("the MetaImage header has no end (ElementDataFile)")


def _numbers(fields: dict[str, str], names: tuple[str, ...], count: int) -> np.ndarray | None:
    given = [name for name in names if name in fields]
    if len(given) > 1:
        raise broken(f"the MetaImage header gives both '{given[0]}' and '{given[1]}'")
    if not given:
        return None
    numbers = numbers_of(fields[given[0]].split())
    if numbers is None or len(numbers) != count:
        raise broken(f"the MetaImage header has no usable '{given[0]}'")
    return np.array(numbers)


def _geometry(
    fields: dict[str, str], shape: tuple[int, int, int], notes: list[str], problems: list[str]
) -> tuple[VolumeGeometry | None, float]:
    matrix = _numbers(fields, ("transformmatrix", "rotation", "orientation"), 9)
    origin = _numbers(fields, ("offset", "position", "origin"), 3)
    spacing = _numbers(fields, ("elementspacing",), 3)
    missing = [name for name, value in (("TransformMatrix", matrix), ("Offset", origin), ("ElementSpacing", spacing))
               if value is None]  # fmt: skip
    if missing or matrix is None or origin is None or spacing is None:
        problems.append(f"the file does not say where its voxels lie in the patient (no {' and '.join(missing)})")
        return None, 0.0
    axes = matrix.reshape(3, 3).T  # line n of the text is the direction of axis n
    notes += _other_axes(fields.get("anatomicalorientation", ""), axes)
    center = _numbers(fields, ("centerofrotation",), 3)
    if center is not None and np.any(center != 0):
        notes.append("a centre of rotation is not used, as in ITK")
    if fields.get("distanceunits", "mm").lower() not in ("mm", "?", "millimeter", "millimeters"):
        problems.append("the file measures in units other than millimetres")
        return None, 0.0
    if not np.isfinite(axes).all() or np.abs(np.linalg.norm(axes, axis=0) - 1).max() > 2e-3 or (spacing <= 0).any():
        problems.append("the image axes are no unit vectors or the voxels have no size")
        return None, 0.0
    return placed(axes / np.linalg.norm(axes, axis=0) * spacing, origin, shape, notes, problems)


def _other_axes(letters: str, axes: np.ndarray) -> list[str]:
    """Say where the named orientation is not that of the matrix; each letter is the side an axis comes from."""
    if not re.fullmatch(r"[RLAPIS]{3}", letters) or not np.isfinite(axes).all():
        return []
    named = ""
    for column in axes.T:
        axis = int(np.argmax(np.abs(column)))
        named += ("RL", "AP", "IS")[axis][int(column[axis] < 0)]
    return [] if named == letters else [f"the file names the orientation {letters}: its matrix ({named}) was taken"]


def _dtype(fields: dict[str, str], encoding: str) -> np.dtype:
    kind = _TYPES.get(fields.get("elementtype", "").upper())
    if kind is None:
        raise broken("the MetaImage header has no type of voxel that is known here")
    dtype = np.dtype(kind)
    if dtype.itemsize == 1 or encoding == "ascii":
        return dtype
    big = [_yes(fields, name) for name in ("elementbyteordermsb", "binarydatabyteordermsb") if name in fields]
    if not big:
        raise broken("the MetaImage header does not say the byte order")
    if len(set(big)) > 1:
        raise broken("the MetaImage header gives two byte orders")
    return dtype.newbyteorder(">" if big[0] else "<")


def _yes(fields: dict[str, str], name: str) -> bool:
    word = fields.get(name, "False").lower()
    if word not in ("true", "false", "1", "0"):
        raise broken(f"the MetaImage header has no usable '{name}'")
    return word in ("true", "1")


def _encoding(fields: dict[str, str]) -> str:
    if not _yes(fields, "binarydata"):
        return "ascii"
    return "zlib" if _yes(fields, "compresseddata") else "raw"


def _source(path: Path, fields: dict[str, str], header_bytes: int) -> tuple[Path, int, bool]:
    name = fields["elementdatafile"]
    if name.upper() == "LOCAL":
        return path, header_bytes, False
    return beside(path, name), 0, True


def _scale(fields: dict[str, str], problems: list[str]) -> tuple[float, float]:
    slope = _numbers(fields, ("elementtointensityfunctionslope",), 1)
    intercept = _numbers(fields, ("elementtointensityfunctionoffset",), 1)
    if (slope is not None and slope[0] != 1) or (intercept is not None and intercept[0] != 0):
        problems.append("the file asks for a rescaling of its values that readers do not agree on")
    return 1.0, 0.0
