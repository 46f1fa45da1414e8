"""Binary PLY, little-endian: points as doubles, triangles, comments that name frame, units and use."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anatomy_twin.core import Case, SurfaceMesh
from anatomy_twin.export.write import comments, exportable, write_whole

_FACE = np.dtype([("count", "u1"), ("points", "<i4", 3)])


def write(case: Case, path: Path, structure: str) -> Path:
    """Write a structure as binary PLY in LPS mm (see ``export``)."""
    found, surface = exportable(case, structure)
    return write_whole(path, encode(surface, comments(case, found)))


def encode(surface: SurfaceMesh, lines: tuple[str, ...]) -> bytes:
    """Return the bytes of a PLY file with the given comment lines (written as ASCII)."""
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {' '.join(line.split())}" for line in lines),
        f"element vertex {len(surface.points_mm)}",
        *(f"property double {axis}" for axis in "xyz"),
        f"element face {len(surface.triangles)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    faces = np.empty(len(surface.triangles), _FACE)
    faces["count"] = 3
    faces["points"] = surface.triangles
    head = "\n".join(header).encode("ascii", "backslashreplace")
    return head + surface.points_mm.astype("<f8").tobytes() + faces.tobytes()
