"""Surfaces from elsewhere (STL, PLY, OBJ, OFF): read in a child process, checked, and in LPS mm.

VTK ends the process on some broken files, so it never sees one. The bytes are held to their format
(``mesh_census``), made into arrays by trimesh, and both have to agree.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.solid.mesh_census import FORMATS, Census, census
from anatomy_twin.core import SILENT, Monitor, SurfaceMesh, check_cancelled
from anatomy_twin.errors import DataError, MeshError, TwinError
from anatomy_twin.units import FARTHEST
from anatomy_twin.worker import run_limited

LARGEST_FILE_BYTES: Final = 512 * 1024**2
SMALLEST_MM, LARGEST_MM = 1.0, 2500.0  # of a part of a person, in its largest direction
_WORKER_BYTES: Final = 1024**3
_BYTES_PER_BYTE: Final = 16  # arrays of 64 bits, their edges and copies, per byte of a file
_CPU_S: Final = 300.0
# the linear algebra would set memory aside for every core of the machine, and meet the limit
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def load_surface(path: str | Path, monitor: Monitor = SILENT) -> SurfaceMesh:
    """Read a surface that another program wrote.

    Points are taken for millimetres. Where the file says in which axes they are (``SPACE=LPS`` or ``SPACE=RAS``, as 3D
    Slicer and this program write), RAS is turned into LPS; where it says nothing, LPS is assumed and said so.

    Parameters
    ----------
    path : .stl (text or binary), .ply, .obj or .off with triangles and quadrilaterals.
    monitor : warned of all that is assumed or odd: axes, size, holes, edges with more than two triangles, triangles
        without area or given twice, a surface that was inside out and has been turned.

    Returns
    -------
    SurfaceMesh : counter-clockwise seen from outside where the surface is closed.

    Raises
    ------
    MeshError : no such file, another format, a file that departs from its format, is empty, too large, or names points
        that are not there or not finite.
    WorkerError : the child process ran out of memory or time.
    Cancelled : the user stopped.
    """
    file = Path(path)
    where = "".join(letter if letter.isprintable() else "?" for letter in file.name[:80])
    kind = file.suffix.lower().removeprefix(".")
    try:
        if not file.is_file():  # opening a pipe would wait for ever
            raise MeshError("there is no such surface file", where=where, advice="check the path")
        size = file.stat().st_size
    except OSError as error:
        raise MeshError("the surface file cannot be opened", where=where, advice="check the path") from error
    if kind not in FORMATS:
        raise MeshError("the format of the surface file is not read", where=where, advice="give .stl, .ply, .obj, .off")
    if size > LARGEST_FILE_BYTES:
        raise MeshError("the surface file is too large", where=where, advice="make it coarser")
    check_cancelled(monitor)
    try:
        points, triangles, notes = run_limited(
            f"{__name__}:read_here", str(file.absolute()), kind,
            memory_bytes=_WORKER_BYTES + _BYTES_PER_BYTE * size, cpu_s=_CPU_S, wall_s=_CPU_S, env=_ONE_THREAD,
        )
        surface = SurfaceMesh(points, triangles)
    except (MeshError, DataError) as error:
        raise MeshError(error.what, where=where, advice=error.advice) from error
    check_cancelled(monitor)
    for note in notes:
        monitor.warn(f"{where}: {note}")
    monitor.progress(1.0)
    return surface


def read_here(path: str, kind: str) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[str, ...]]:
    """Return points, triangles and notes of a file; for the child process of ``load_surface``."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise MeshError("the surface file cannot be opened", advice="check the path") from error
    told = census(data, kind)
    points, triangles = _arrays(data, kind)
    if len(triangles) != told.triangles:
        raise MeshError(f"the surface file holds {told.triangles} triangles, {len(triangles)} could be read")
    if not np.isfinite(points).all() or np.abs(points).max() > FARTHEST:
        raise MeshError("the surface file has a point that is not finite or far from any patient",
                        advice="see whether it is in millimetres")
    if triangles.min() < 0 or triangles.max() >= len(points):
        raise MeshError("the surface file has a triangle that names a point that is not there")
    points, triangles = _merged(points, triangles)
    points, notes = _in_lps(points, told)
    triangles, more = _inspected(points, triangles)
    return points, triangles, (*notes, *more)


def _arrays(data: bytes, kind: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import trimesh

    try:
        mesh: Any = trimesh.load_mesh(
            io.BytesIO(data), file_type=kind, process=False, skip_materials=True, maintain_order=True
        )
        points = np.array(mesh.vertices, dtype=np.float64).reshape(-1, 3)
        triangles = np.array(mesh.faces, dtype=np.int64).reshape(-1, 3)
    except (TwinError, MemoryError):
        raise
    except Exception as error:
        raise MeshError(f"the surface file cannot be read: {type(error).__name__}") from error
    return points, triangles


def _merged(
    points: NDArray[np.float64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make one of points at exactly the same place: STL repeats every corner, OBJ those at seams of a texture."""
    first, group = _equal_rows(points + 0.0)
    order = np.argsort(first, kind="stable")  # keeps the order of the file
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return points[first[order]], rank[group][triangles]


def _equal_rows(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first row of each group of equal rows, and the group of each row; faster than np.unique."""
    order = np.lexsort(rows.T[::-1])
    arranged = rows[order]
    starts = np.concatenate(([True], (arranged[1:] != arranged[:-1]).any(axis=1)))
    group = np.empty(len(rows), dtype=np.int64)
    group[order] = np.cumsum(starts) - 1
    return order[starts], group


def _in_lps(points: NDArray[np.float64], told: Census) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if told.space == "RAS":
        return points * (-1.0, -1.0, 1.0) + 0.0, ()
    if told.space == "LPS":
        return points, ()
    return points, ("the file does not name its axes: LPS in millimetres is assumed",)


def _inspected(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the triangles, outward where that can be told, and what is odd about them."""
    notes = []
    extent = float(np.ptp(points[np.unique(triangles)], axis=0).max())
    if not SMALLEST_MM <= extent <= LARGEST_MM:
        notes.append(f"the surface is {extent:.3g} mm across: perhaps it is not in millimetres")
    corners = points[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    if flat := int((area <= 1e-12 * max(extent, 1.0) ** 2).sum()):
        notes.append(f"{flat} triangles have no area")
    if again := len(triangles) - len(_equal_rows(np.sort(triangles, axis=1))[0]):
        notes.append(f"{again} triangles are given more than once")
    edges = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    low, high = edges.min(axis=1), edges.max(axis=1)
    _, inverse, uses = np.unique(low * len(points) + high, return_inverse=True, return_counts=True)
    direction = np.bincount(inverse.ravel(), np.where(edges[:, 0] < edges[:, 1], 1.0, -1.0), minlength=len(uses))
    holes, crowded = int((uses == 1).sum()), int((uses > 2).sum())
    turned = int(((uses == 2) & (direction != 0)).sum())
    for count, what in ((holes, "have a triangle on one side only: the surface is not closed"),
                        (crowded, "have more than two triangles"),
                        (turned, "lie between triangles that face opposite ways")):
        if count:
            notes.append(f"{count} edges {what}")
    if not (holes or crowded or turned) and SurfaceMesh(points, triangles).volume_ml < 0:
        notes.append("the surface was inside out and has been turned")
        triangles = triangles[:, ::-1].copy()
    return triangles, tuple(notes)
