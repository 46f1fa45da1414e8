"""What a mesh file says it holds, read strictly: STL, PLY, OBJ and OFF.

The library that makes arrays of a file is forgiving: it stops at the first word that is no number, takes index 0 of an
OBJ file for the first point, and reads lists of several lengths as if all were as long as the first. So each file is
held to its format here, and what comes out of the library has to be as many triangles as were counted.

Formats: STL and OBJ as in Marshall Burns, Automated Fabrication, 6.5, and the Wavefront Advanced Visualizer manual,
appendix B; PLY as in Greg Turk, The PLY Polygon File Format; OFF as in Geomview's manual, "OFF Files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anatomy_twin.errors import MeshError

FORMATS: Final = ("stl", "ply", "obj", "off")
LARGEST_TEXT_BYTES: Final = 128 * 1024**2
MOST_TRIANGLES: Final = 5_000_000
_NUMBER: Final = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?"
_IS_NUMBER: Final = re.compile(_NUMBER)
_IS_INDEX: Final = re.compile(rb"\d{1,9}")
_TRIPLE: Final = rb"\s+" + _NUMBER + rb"\s+" + _NUMBER + rb"\s+" + _NUMBER
_FACET: Final = re.compile(
    rb"\s*facet(?:\s+normal" + _TRIPLE + rb")?\s+outer\s+loop"
    rb"(?:\s+vertex" + _TRIPLE + rb"[ \t\r]*(?=\n)){3}\s+endloop\s+endfacet(?=\s)", re.IGNORECASE
)
_SPACE: Final = re.compile(rb"\bSPACE\s*=\s*([A-Za-z-]{1,40})")
_PLY_TYPES: Final = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}
_OBJ_IGNORED: Final = {b"vt", b"vn", b"o", b"g", b"s", b"usemtl", b"mtllib", b"l", b"p"}
_OBJ_CORNER: Final = re.compile(rb"(\d{1,9})(?:/\d{0,9}(?:/\d{0,9})?)?")


@dataclass(frozen=True, slots=True)
class Census:
    """How many triangles a file holds once its quadrilaterals are cut, and the patient axes that it names, if any."""

    triangles: int
    space: str


def census(data: bytes, kind: str) -> Census:
    """Return what a file holds; ``MeshError`` in one clause at the first departure from its format."""
    if kind == "stl" and len(data) >= 84 and len(data) == 84 + 50 * int.from_bytes(data[80:84], "little"):
        return Census(_bounded((len(data) - 84) // 50), _space(data[:80]))
    head, _, body = data.partition(b"end_header") if kind == "ply" else (data, b"", b"")
    if kind == "ply" and b"format binary" in head[:200]:
        return Census(_bounded(_binary_ply(head, body)), _space(head))
    if len(data) > LARGEST_TEXT_BYTES:
        raise MeshError("the surface file is too large for text", advice="save it as binary STL or PLY")
    if kind == "ply":
        return Census(_bounded(_text_ply(head, body)), _space(head))
    count = {"stl": _text_stl, "obj": _obj, "off": _off}[kind](data)
    return Census(_bounded(count), _space(b"\n".join(_remarks(data[:100_000]))))


def _bounded(triangles: int) -> int:
    if not 1 <= triangles <= MOST_TRIANGLES:
        raise MeshError(f"the surface file holds {triangles} triangles", advice=f"give 1 to {MOST_TRIANGLES}")
    return triangles


def _space(text: bytes) -> str:
    """Return "LPS" or "RAS" as 3D Slicer and this program write it into comments, "" where nothing is said."""
    named = {found.upper().decode("ascii") for found in _SPACE.findall(text)}
    named = {{"LEFT-POSTERIOR-SUPERIOR": "LPS", "RIGHT-ANTERIOR-SUPERIOR": "RAS"}.get(name, name) for name in named}
    if len(named) > 1 or named - {"LPS", "RAS"}:
        raise MeshError(f"the surface file names the axes {', '.join(sorted(named))}", advice="save it in LPS or RAS")
    return named.pop() if named else ""


def _remarks(data: bytes) -> Iterator[bytes]:
    for line in data.splitlines():
        if line.lstrip()[:1] == b"#" or line[:5].lower() == b"solid":
            yield line


def _text_stl(data: bytes) -> int:
    if not data.lstrip()[:5].lower() == b"solid":
        raise MeshError("the STL file is cut short, longer than it says, or no STL file")
    count, position = 0, 0
    while True:
        start = re.compile(rb"\s*solid[^\n]*\n", re.IGNORECASE).match(data, position)
        if start is None:
            break
        position = start.end()
        while facet := _FACET.match(data, position):
            position, count = facet.end(), count + 1
        end = re.compile(rb"\s*endsolid[^\n]*(?:\n|$)", re.IGNORECASE).match(data, position)
        if end is None:
            raise MeshError(f"the STL file is damaged after {count} triangles")
        position = end.end()
    if data[position:].strip():
        raise MeshError("the STL file goes on after its end")
    return count


def _ply_elements(head: bytes) -> dict[str, tuple[int, list[tuple[str, ...]]]]:
    """Return {element: (count, [property words])} of a header; only points and faces are known."""
    lines = [line.split() for line in head.decode("latin-1").splitlines()]
    if not lines or lines[0] != ["ply"] or len(lines) > 200:
        raise MeshError("the PLY file does not begin like one")
    elements: dict[str, tuple[int, list[tuple[str, ...]]]] = {}
    for words in lines[1:]:
        if not words or words[0] in ("comment", "obj_info"):
            continue
        if words[0] == "format" and words[1:] in (["ascii", "1.0"], ["binary_little_endian", "1.0"],
                                                  ["binary_big_endian", "1.0"]):
            continue
        if words[0] == "element" and len(words) == 3 and words[2].isdecimal() and len(words[2]) < 10:
            if words[1] not in ("vertex", "face") or words[1] in elements or (words[1] == "face") != bool(elements):
                raise MeshError("the PLY file holds something beside points and faces, or in another order")
            elements[words[1]] = (int(words[2]), [])
        elif words[0] == "property" and elements:
            elements[list(elements)[-1]][1].append(tuple(words[1:]))
        else:
            raise MeshError("the PLY file has a header line that is not known")
    if set(elements) != {"vertex", "face"}:
        raise MeshError("the PLY file has no points or no faces")
    points, faces = elements["vertex"][1], elements["face"][1]
    names = [words[-1] for words in points]
    lists = [words for words in faces if words[0] == "list"]
    plain = [*points, *(words for words in faces if words[0] != "list")]
    known = all(len(words) == 2 and words[0] in _PLY_TYPES for words in plain)
    if not known or [name for name in names if name in "xyz"] != ["x", "y", "z"] or len(set(names)) != len(names):
        raise MeshError("the PLY file has points without x, y and z, or with something that is not known")
    if len(lists) != 1 or len(lists[0]) != 4 or lists[0][3] not in ("vertex_index", "vertex_indices") or any(
        _PLY_TYPES.get(word, "f")[0] == "f" for word in lists[0][1:3]
    ):
        raise MeshError("the PLY file has faces that are not one list of point numbers each")
    return elements


def _binary_ply(head: bytes, body: bytes) -> int:
    elements = _ply_elements(head)
    body = body[2:] if body[:2] == b"\r\n" else body[1:]
    order = ">" if b"big_endian" in head else "<"
    points, point_properties = elements["vertex"]
    faces, face_properties = elements["face"]
    if not points or not faces:
        raise MeshError("the PLY file holds no face")
    stride = sum(int(_PLY_TYPES[words[0]][1]) for words in point_properties)
    before, rows = 0, body[points * stride :]
    for words in face_properties:
        if words[0] == "list":
            break
        before += int(_PLY_TYPES[words[0]][1])
    kind = order + _PLY_TYPES[next(words[1] for words in face_properties if words[0] == "list")]
    size = np.dtype(kind).itemsize
    if len(rows) < before + size:
        raise MeshError("the PLY file is cut short")
    corners = int(np.frombuffer(rows[before : before + size], kind)[0])
    fields: list[Any] = []
    for words in face_properties:
        if words[0] == "list":
            fields += [("corners", kind), ("index", order + _PLY_TYPES[words[2]], (max(0, min(corners, 5)),))]
        else:
            fields.append((f"_{words[-1]}", order + _PLY_TYPES[words[0]]))
    row = np.dtype(fields)
    if corners not in (3, 4) or len(rows) != faces * row.itemsize:
        raise MeshError("the PLY file is cut short, longer than it says, or mixes faces of several kinds",
                        advice="save it with triangles only")
    table = np.frombuffer(rows, row)
    if (table["corners"] != corners).any():
        raise MeshError("the PLY file mixes faces of several kinds", advice="save it with triangles only")
    if table["index"].min() < 0 or table["index"].max() >= points:
        raise MeshError("the PLY file has a face that names a point that is not there")
    return faces * (corners - 2)


def _text_ply(head: bytes, body: bytes) -> int:
    elements = _ply_elements(head)
    rows = [line.split() for line in body.splitlines() if line.strip()]
    (points, point_properties), (faces, face_properties) = elements["vertex"], elements["face"]
    if len(rows) != points + faces:
        raise MeshError("the PLY file is cut short or longer than it says")
    for row in rows[:points]:
        _check_numbers(row, len(point_properties), "PLY")
    place = next(n for n, words in enumerate(face_properties) if words[0] == "list")
    total = 0
    for row in rows[points:]:
        corners = _index(row[place], "PLY") if len(row) > place else 0
        _check_numbers(row, len(face_properties) + corners, "PLY")
        total += _triangles([_index(word, "PLY") for word in row[place + 1 : place + 1 + corners]], points, "PLY")
    return total


def _obj(data: bytes) -> int:
    if re.search(rb"\\\r?\n", data):
        raise MeshError("the OBJ file continues lines by a backslash", advice="save it again without")
    points, widths, total, corners = 0, set(), 0, []
    for line in data.splitlines():
        words = line.partition(b"#")[0].split()
        if not words or words[0] in _OBJ_IGNORED:
            continue
        if words[0] == b"v":
            _check_numbers(words[1:], len(words) - 1, "OBJ")
            if len(words) == 5 and float(words[4]) != 1.0:
                raise MeshError("the OBJ file has points with weights")
            widths.add(len(words) - 1)
            points += 1
        elif words[0] == b"f":
            found = [_OBJ_CORNER.fullmatch(word) for word in words[1:]]
            if None in found:
                raise MeshError("the OBJ file has a face with a point number that is not plain",
                                advice="save it with numbers that count from the first point")
            corners.append([int(match[1]) - 1 for match in found if match])
        else:
            raise MeshError("the OBJ file holds something beside points and faces", advice="save it as a plain mesh")
    if len(widths) != 1 or widths - {3, 4, 6, 7}:
        raise MeshError("the OBJ file has points that are not three numbers each")
    for face in corners:
        total += _triangles(face, points, "OBJ")
    return total


def _off(data: bytes) -> int:
    rows = [words for line in data.splitlines() if (words := line.partition(b"#")[0].split())]
    name = rows[0].pop(0) if rows else b""
    if name not in (b"OFF", b"COFF"):
        raise MeshError("the OFF file does not begin like one")
    rows = rows if rows[0] else rows[1:]
    if not rows or len(rows[0]) != 3:
        raise MeshError("the OFF file does not say how much it holds")
    points, faces, _ = (_index(word, "OFF") for word in rows[0])
    if len(rows) != 1 + points + faces:
        raise MeshError("the OFF file is cut short or longer than it says")
    for row in rows[1 : 1 + points]:
        _check_numbers(row, 3 if name == b"OFF" else len(row), "OFF")
        if len(row) < 3:
            raise MeshError("the OFF file has a point that is not three numbers")
    total = 0
    for row in rows[1 + points :]:
        corners = _index(row[0], "OFF")
        if len(row) < corners + 1:
            raise MeshError("the OFF file has a face with too few points")
        total += _triangles([_index(word, "OFF") for word in row[1 : corners + 1]], points, "OFF")
    return total


def _check_numbers(words: list[bytes], count: int, name: str) -> None:
    if len(words) != count or not all(_IS_NUMBER.fullmatch(word) for word in words):
        raise MeshError(f"the {name} file has a line with a word that is no number, or with too many or few")


def _index(word: bytes, name: str) -> int:
    if not _IS_INDEX.fullmatch(word):
        raise MeshError(f"the {name} file has a number of points that is no plain number")
    return int(word)


def _triangles(corners: list[int], points: int, name: str) -> int:
    if len(corners) not in (3, 4):
        raise MeshError(f"the {name} file has a face with {len(corners)} corners", advice="save it with triangles only")
    if min(corners) < 0 or max(corners) >= points:
        raise MeshError(f"the {name} file has a face that names a point that is not there")
    return len(corners) - 2
