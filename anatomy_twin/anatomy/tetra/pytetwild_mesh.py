"""Tetrahedra of one structure by pytetwild (fTetWild, MPL-2.0), for those who have it installed.

An envelope-based mesher: slower than ``tetrahedra`` by far and for one structure only, but it keeps sharp shapes and
takes any surface. Y. Hu, T. Schneider, B. Wang, D. Zorin, D. Panozzo, "Fast tetrahedral meshing in the wild",
SIGGRAPH 2020. The package is imported only when asked for; it is no dependency.
"""

from __future__ import annotations

from contextlib import chdir
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import numpy as np

from anatomy_twin.anatomy.surface.surfaces import surface_of
from anatomy_twin.core import LabelMap, TetMesh
from anatomy_twin.errors import MeshError, UsageError
from anatomy_twin.units import check_positive


def available() -> bool:
    """Tell whether pytetwild is installed."""
    return find_spec("pytetwild") is not None


def build_with_pytetwild(labels: LabelMap, name: str, *, edge_share: float = 0.05) -> TetMesh:
    """Return tetrahedra of one structure (its parts included) that fill its smooth surface.

    Parameters
    ----------
    labels, name : the label map and the structure.
    edge_share : wanted edge length as a share of the diagonal of the structure's bounding box.

    Raises
    ------
    UsageError : pytetwild is not installed. DataError : an unknown name, an ``edge_share`` that is not positive.
    MeshError : the structure has no voxels, or pytetwild returned no valid tetrahedra.
    """
    check_positive("edge_share", edge_share)
    segment = labels.segment(name)
    if segment.absent:
        raise MeshError(f"{name} has no tetrahedra: it is {segment.state}", advice=segment.note)
    if not available():
        raise UsageError("pytetwild is not installed", advice="pip install pytetwild, or use build_tetrahedra")
    surface = surface_of(labels.mask(name), labels.geometry)
    mesher = import_module("pytetwild")
    with TemporaryDirectory() as place, chdir(place):  # it leaves a file where it is run
        points, cells = mesher.tetrahedralize(
            np.array(surface.points_mm), np.array(surface.triangles, dtype=np.int32), edge_length_fac=edge_share
        )
    points, cells = np.asarray(points, dtype=np.float64), np.asarray(cells, dtype=np.int64)
    if not len(cells):
        raise MeshError(f"pytetwild made no tetrahedra of {name}")
    corners = points[cells]
    turned = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
    cells[turned] = cells[turned][:, [0, 1, 3, 2]]
    return TetMesh(points, cells, np.zeros(len(cells), dtype=np.int64), (name,))
