"""Wavefront OBJ as text, with comments that name frame, units and use."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from anatomy_twin.core import Case, SurfaceMesh
from anatomy_twin.export.write import comments, exportable, write_whole


def write(case: Case, path: Path, structure: str) -> Path:
    """Write a structure as OBJ in LPS mm, to the millionth of a millimetre (see ``export``)."""
    found, surface = exportable(case, structure)
    return write_whole(path, encode(surface, found.name, comments(case, found)))


def encode(surface: SurfaceMesh, name: str, lines: tuple[str, ...]) -> bytes:
    """Return the bytes of an OBJ file with one object and the given comment lines."""
    text = io.StringIO()
    text.writelines(f"# {' '.join(line.split())}\n" for line in lines)
    text.write(f"o {'_'.join(name.split())}\n")
    np.savetxt(text, surface.points_mm, "v %.6f %.6f %.6f")
    np.savetxt(text, surface.triangles + 1, "f %d %d %d")
    return text.getvalue().encode("utf-8")
