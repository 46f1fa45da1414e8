"""Broken and hostile surface files around one box, whose twelve triangles are known."""

from __future__ import annotations

import gzip
import os
import pickle
import random
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from anatomy_twin.anatomy.solid.mesh_file import load_surface
from tests.fuzz.case import REFUSED, TRUTH, WARNED, Case, Loaded

FAMILY = "meshes"
RUN = "tests.fuzz.meshes:read"
SIZE_MM = (20.0, 30.0, 40.0)
POINTS = [(x, y, z) for z in (1.0, 41.0) for y in (2.0, 32.0) for x in (3.0, 23.0)]
QUADS = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
TRIANGLES = [part for a, b, c, d in QUADS for part in ((a, b, c), (a, c, d))]


class _Ear:
    cancelled = False

    def __init__(self) -> None:
        self.heard: list[str] = []

    def stage(self, name: str) -> None: ...

    def progress(self, fraction: float) -> None: ...

    def warn(self, message: str) -> None:
        self.heard.append(message)


def read(path: Path) -> Loaded:
    """Read a surface as a user would."""
    ear = _Ear()
    surface = load_surface(path, monitor=ear)
    return Loaded(surface, tuple(ear.heard))


def is_the_box(surface: Any) -> bool:
    """Whether a surface is the box: its surface, volume and corners, from school geometry."""
    a, b, c = SIZE_MM
    used = surface.points_mm[surface.triangles.ravel()]
    corners = {tuple(round(float(value), 3) for value in point) for point in used}
    return (
        len(surface.triangles) == 12 and corners == set(POINTS)
        and abs(surface.volume_ml - a * b * c / 1000) < 1e-3
        and abs(surface.area_cm2 - 2 * (a * b + b * c + a * c) / 100) < 1e-3
    )


def stl(triangles=TRIANGLES, points=POINTS, *, header=b"SPACE=LPS", count=None) -> bytes:
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *(v for n in t for v in points[n]), 0) for t in triangles)
    return header.ljust(80) + struct.pack("<I", len(triangles) if count is None else count) + body


def stl_text(triangles=TRIANGLES, points=POINTS, *, name="box SPACE=LPS") -> str:
    lines = [f"solid {name}"]
    for triangle in triangles:
        lines += [" facet normal 0 0 0", "  outer loop"]
        lines += [f"   vertex {' '.join(f'{value:.6e}' for value in points[n])}" for n in triangle]
        lines += ["  endloop", " endfacet"]
    return "\n".join([*lines, "endsolid", ""])


def ply_head(points=8, faces=12, *, form="ascii", space="LPS", corner="uchar", index="int", name="vertex_indices"):
    return (
        f"ply\nformat {form} 1.0\ncomment SPACE={space}\nelement vertex {points}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {faces}\nproperty list {corner} {index} {name}\nend_header\n"
    )


def ply(triangles=TRIANGLES, points=POINTS, head=None) -> str:
    rows = [" ".join(str(value) for value in point) for point in points]
    rows += [" ".join(str(value) for value in (len(face), *face)) for face in triangles]
    return (ply_head() if head is None else head) + "\n".join(rows) + "\n"


def ply_binary(triangles=TRIANGLES, head=None, order="<") -> bytes:
    form = "binary_little_endian" if order == "<" else "binary_big_endian"
    body = b"".join(struct.pack(f"{order}3f", *point) for point in POINTS)
    body += b"".join(struct.pack(f"{order}B{len(face)}i", len(face), *face) for face in triangles)
    return (ply_head(form=form) if head is None else head).encode() + body


def obj(faces=QUADS, points=POINTS, *, lead="# SPACE=LPS\n", first=1) -> str:
    rows = [f"v {x} {y} {z}" for x, y, z in points]
    return lead + "\n".join([*rows, *("f " + " ".join(str(n + first) for n in face) for face in faces)]) + "\n"


def off(faces=TRIANGLES, points=POINTS, *, counts=None) -> str:
    rows = [" ".join(str(v) for v in point) for point in points]
    rows += [" ".join(str(v) for v in (len(face), *face)) for face in faces]
    return f"OFF\n# SPACE=LPS\n{counts or f'{len(points)} {len(faces)} 0'}\n" + "\n".join(rows) + "\n"


def _file(suffix: str, make: Callable[[], bytes | str], folder: Path) -> Path:
    path = folder / f"surface.{suffix}"
    content = make()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _moved(factor: float = 1.0, sign: tuple[float, float, float] = (1, 1, 1)) -> list[tuple[float, ...]]:
    return [tuple(factor * s * v for s, v in zip(sign, point, strict=True)) for point in POINTS]


def _with_point(value: float) -> list[tuple[float, ...]]:
    return [(value, 2.0, 1.0), *POINTS[1:]]


def _flipped(seed: int) -> bytes:
    data, chance = bytearray(stl()), random.Random(seed)
    for _ in range(3):
        data[chance.randrange(80, len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _folder(folder: Path) -> Path:
    (folder / "surface.stl").mkdir()
    return folder / "surface.stl"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "surface.ply")
    return folder / "surface.ply"


def _device(folder: Path) -> Path:
    (folder / "surface.obj").symlink_to("/dev/zero")
    return folder / "surface.obj"


def _textured() -> str:
    lead = "# SPACE=LPS\nmtllib ../../../../etc/passwd\nusemtl a\nvt 0 0\nvt 1 1\n"
    faces = "\n".join("f " + " ".join(f"{n + 1}/{1 + k % 2}" for k, n in enumerate(face)) for face in QUADS)
    return obj(faces=(), lead=lead) + faces + "\n"


class _Loud:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made_by_a_pickle",)


VTP_BOMB = (
    '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian"><PolyData><Piece NumberOfPoints="100000000000" '
    'NumberOfPolys="1"><Points><DataArray type="Float32" NumberOfComponents="3" format="ascii">0</DataArray></Points>'
    "</Piece></PolyData></VTKFile>"
)
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefg", "bcdefgh", strict=True)
) + "]><COLLADA>&h;</COLLADA>"
SHIFTED = [*TRIANGLES[:-2], (1, 3), (7, 1, 7, 5)]  # as many bytes as with three corners each

GOOD = {
    "stl-binary": ("stl", stl), "stl-text": ("stl", stl_text), "ply-text": ("ply", ply),
    "ply-binary": ("ply", ply_binary), "ply-big-endian": ("ply", partial(ply_binary, order=">")),
    "ply-quads": ("ply", lambda: ply(QUADS, head=ply_head(faces=6))),
    "ply-ras": ("ply", lambda: ply(points=_moved(sign=(-1, -1, 1)), head=ply_head(space="RAS"))),
    "obj-quads": ("obj", obj), "obj-library-elsewhere": ("obj", _textured), "off-text": ("off", off),
    "stl-binary-called-solid": ("stl", lambda: stl(header=b"solid SPACE=LPS")),
}
ODD = {
    "no-axes": ("stl", lambda: stl(header=b""), "lps", True),
    "inside-out": ("stl", lambda: stl([t[::-1] for t in TRIANGLES]), "inside out", True),
    "triangle-missing": ("stl", lambda: stl(TRIANGLES[1:]), "not closed", False),
    "fin": ("ply", lambda: ply([*TRIANGLES, (0, 1, 7)], head=ply_head(faces=13)), "more than two", False),
    "triangle-twice": ("stl", lambda: stl([*TRIANGLES, TRIANGLES[0]]), "more than once", False),
    "no-area": ("ply", lambda: ply([*TRIANGLES, (0, 0, 1)], head=ply_head(faces=13)), "no area", False),
    "one-triangle-turned": ("off", lambda: off([TRIANGLES[0][::-1], *TRIANGLES[1:]]), "opposite", False),
    "in-metres": ("obj", lambda: obj(points=_moved(1e-3)), "millimetres", False),
    "in-micrometres": ("obj", lambda: obj(points=_moved(1e3)), "millimetres", False),
}
BROKEN: dict[str, tuple[str, Callable[[], bytes | str]]] = {
    "stl-cut": ("stl", lambda: stl()[:400]),
    "stl-count-huge": ("stl", lambda: stl(count=0xFFFFFFFF)),
    "stl-count-small": ("stl", lambda: stl(count=3)),
    "stl-nan": ("stl", lambda: stl(points=_with_point(float("nan")))),
    "stl-infinite": ("stl", lambda: stl(points=_with_point(float("inf")))),
    "stl-far": ("stl", lambda: stl(points=_with_point(1e30))),
    "stl-nothing": ("stl", lambda: b""),
    "stl-no-triangle": ("stl", lambda: stl([])),
    "stl-axes-unknown": ("stl", lambda: stl(header=b"SPACE=scanner")),
    "stl-axes-two": ("ply", lambda: ply(head=ply_head().replace("comment", "comment SPACE=RAS\ncomment"))),
    "stl-text-word": ("stl", lambda: stl_text().replace("3.200000e+01", "thirty", 1)),
    "stl-text-hexadecimal": ("stl", lambda: stl_text().replace("3.200000e+01", "0x20", 1)),
    "stl-text-cut": ("stl", lambda: stl_text()[:900]),
    "stl-text-two-corners": ("stl", lambda: stl_text().replace(f"   vertex{' %.6e' * 3}\n" % POINTS[0], "", 1)),
    "stl-text-no-end": ("stl", lambda: stl_text().replace("endsolid", "")),
    "stl-text-of-nothing": ("stl", lambda: "solid x\nendsolid\n"),
    "ply-point-not-there": ("ply", lambda: ply([*TRIANGLES[1:], (0, 1, 999999)])),
    "ply-point-negative": ("ply", lambda: ply([*TRIANGLES[1:], (0, 1, -1)])),
    "ply-binary-point-not-there": ("ply", lambda: ply_binary([*TRIANGLES[1:], (0, 1, 999999)])),
    "ply-claims-points": ("ply", lambda: ply(head=ply_head(points=100000000000))),
    "ply-claims-faces": ("ply", lambda: ply_binary(head=ply_head(faces=2**31, form="binary_little_endian"))),
    "ply-lists-of-several-lengths": ("ply", lambda: ply_binary(SHIFTED)),
    "ply-binary-cut": ("ply", lambda: ply_binary()[:-7]),
    "ply-no-end-of-header": ("ply", lambda: ply_head().replace("end_header", "") * 50),
    "ply-many-elements": ("ply", lambda: ply_head().replace("end_", "element vertex 1\n" * 100_000 + "end_")),
    "ply-face-list-of-floats": ("ply", lambda: ply(head=ply_head(index="float"))),
    "ply-more-faces-than-rows": ("ply", lambda: ply(head=ply_head(faces=13))),
    "ply-word": ("ply", lambda: ply().replace("32.0", "1,5", 1)),
    "obj-point-zero": ("obj", lambda: obj(first=0)),
    "obj-counts-backwards": ("obj", lambda: obj(first=-8)),
    "obj-point-not-there": ("obj", lambda: obj([*QUADS, (0, 1, 99)])),
    "obj-nan": ("obj", lambda: obj(points=_with_point(float("nan")))),
    "obj-backslashes": ("obj", lambda: "\\\n" * 1_000_000 + obj()),
    "obj-curve": ("obj", lambda: obj() + "cstype bezier\ndeg 3\ncurv 0 1 1 2 3 4\nend\n"),
    "obj-weights": ("obj", lambda: obj().replace("v 3.0 2.0 1.0", "v 3.0 2.0 1.0 0.5")),
    "obj-noise": ("obj", lambda: np.random.default_rng(1).bytes(100_000)),
    "off-counts-lie": ("off", lambda: off(counts="8 99999999 0")),
    "off-many-corners": ("off", lambda: off([tuple(range(8)) * 100])),
    "off-point-not-there": ("off", lambda: off([*TRIANGLES[1:], (0, 1, 8)])),
    "off-four-dimensions": ("off", lambda: off().replace("OFF", "4OFF", 1)),
    "stl-called-ply": ("ply", stl),
    "pickle-called-ply": ("ply", lambda: pickle.dumps(_Loud())),
    "gzip-called-stl": ("stl", lambda: gzip.compress(stl(), mtime=0)),
    "program-called-obj": ("obj", lambda: b"\x7fELF\x02\x01\x01" + bytes(4000)),
    "vtp-claims-points": ("vtp", lambda: VTP_BOMB),
    "collada-laughs": ("dae", lambda: LAUGHS),
    "pickle": ("pkl", lambda: pickle.dumps(_Loud())),
}
PLACES = {"folder-called-stl": _folder, "pipe-called-ply": _pipe, "device-called-obj": _device}


def cases() -> tuple[Case, ...]:
    """Every broken file once; the good ones prove that the reader can read."""
    made = [Case(n, FAMILY, partial(_file, *what), RUN, TRUTH, is_the_box) for n, what in GOOD.items()]
    for name, (suffix, make, word, same) in ODD.items():
        made.append(
            Case(name, FAMILY, partial(_file, suffix, make), RUN, WARNED, is_the_box if same else None, word)
        )
    made += [Case(n, FAMILY, partial(_file, *what), RUN, REFUSED) for n, what in BROKEN.items()]
    made += [Case(n, FAMILY, write, RUN, REFUSED) for n, write in PLACES.items()]
    for seed in range(8):
        write = partial(_file, "stl", partial(_flipped, seed))
        made.append(Case(f"stl-flipped-{seed}", FAMILY, write, RUN, TRUTH | WARNED | REFUSED, is_the_box))
    return tuple(made)
