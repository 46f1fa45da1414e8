"""Binary STL: 80 bytes of header, then for each triangle its normal and three corners as 32-bit floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anatomy_twin.core import Case, SurfaceMesh
from anatomy_twin.export.write import exportable, write_whole
from anatomy_twin.notice import INTENDED_USE

# the format has no comments: what must be said has to fit into the 80 bytes (and may not begin with "solid")
HEADER = f"SPACE=LPS mm; {INTENDED_USE}".encode("ascii").ljust(80)
SYNTHETIC_HEADER = b"SPACE=LPS mm; SYNTHETIC; for training only. Not for diagnosis or treatment.".ljust(80)
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write(case: Case, path: Path, structure: str) -> Path:
    """Write a structure as binary STL in LPS mm (see ``export``)."""
    return write_whole(path, encode(exportable(case, structure)[1], SYNTHETIC_HEADER if case.synthetic else HEADER))


def encode(surface: SurfaceMesh, header: bytes = HEADER) -> bytes:
    """Return the bytes of a binary STL file with a header of 80 bytes."""
    corners = surface.points_mm[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(corners), _RECORD)
    records["normal"] = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    records["corners"] = corners
    return header + np.uint32(len(records)).astype("<u4").tobytes() + records.tobytes()
