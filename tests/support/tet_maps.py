"""Label maps of analytic bodies for tetrahedra, and what tests measure on a mesh without the product's own code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from anatomy_twin.core import Code, LabelMap, Segment, TetMesh, VolumeGeometry

CODE = Code("99TWIN", "none", "none")


def label_map(numbers: np.ndarray, spacing_mm: Sequence[float], names: Sequence[str], part_of: str = "") -> LabelMap:
    """A label map of one layer whose value n + 1 is ``names[n]``, on an upright grid."""
    geometry = VolumeGeometry.upright(numbers.shape, tuple(float(step) for step in spacing_mm), (-40.0, 12.0, 7.0))
    segments = tuple(Segment(name, 0, n + 1, CODE, (90, 90, 90), part_of=part_of) for n, name in enumerate(names))
    return LabelMap(numbers.astype(np.uint8)[None], geometry, segments)


def ellipsoid(shape, spacing_mm: Sequence[float], semi_mm: Sequence[float], centre_mm=None) -> np.ndarray:
    """Voxels whose centres lie in an ellipsoid; places are index times spacing, [k, j, i]."""
    spacing = np.asarray(spacing_mm)
    middle = (np.asarray(shape) - 1) * spacing / 2 if centre_mm is None else np.asarray(centre_mm)
    axes = np.ogrid[tuple(slice(0, size) for size in shape)]
    total = 0.0
    for axis, step, centre, half in zip(axes, spacing, middle, semi_mm, strict=True):
        total = total + ((axis * step - centre) / half) ** 2
    return total <= 1.0


def angles_deg(mesh: TetMesh) -> np.ndarray:
    """All dihedral angles (M, 6), from the heights of opposite edges' planes; negative where inverted."""
    corners = mesh.points_mm[mesh.tetrahedra]
    found = []
    for a, b, c, d in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)):
        axis = corners[:, b] - corners[:, a]
        axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
        one, two = corners[:, c] - corners[:, a], corners[:, d] - corners[:, a]
        one = one - (one * axis).sum(1, keepdims=True) * axis
        two = two - (two * axis).sum(1, keepdims=True) * axis
        cosine = (one * two).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
        found.append(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return np.stack(found, axis=1) * np.sign(volumes_mm3(mesh))[:, None]


def volumes_mm3(mesh: TetMesh) -> np.ndarray:
    """Signed volume of every tetrahedron."""
    corners = mesh.points_mm[mesh.tetrahedra]
    return np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6.0


def faces_of(mesh: TetMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct faces (F, 3) by sorted corners, how many tetrahedra each has, and the face numbers (M, 4)."""
    cells = mesh.tetrahedra
    corners = ([1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2])
    every = np.sort(np.stack([cells[:, triple] for triple in corners], axis=1), axis=2)
    faces, number, count = np.unique(every.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    return faces, count, number.reshape(-1, 4)


def boundary_of(mesh: TetMesh, chosen: np.ndarray) -> np.ndarray:
    """Outward triangles around the chosen tetrahedra."""
    cells = mesh.tetrahedra[chosen]
    every = np.concatenate([cells[:, [1, 2, 3]], cells[:, [0, 3, 2]], cells[:, [0, 1, 3]], cells[:, [0, 2, 1]]])
    _, number, count = np.unique(np.sort(every, axis=1), axis=0, return_inverse=True, return_counts=True)
    return every[count[number.ravel()] == 1]


def stiffness(mesh: TetMesh) -> sparse.csr_matrix:
    """Linear elements' matrix of the Laplace operator with conductivity 1."""
    corners = mesh.points_mm[mesh.tetrahedra]
    inverse = np.linalg.inv(corners[:, 1:] - corners[:, :1])
    slopes = np.concatenate([-inverse.sum(axis=2, keepdims=True), inverse], axis=2)
    local = np.einsum("tai,taj,t->tij", slopes, slopes, np.abs(volumes_mm3(mesh)))
    rows = np.repeat(mesh.tetrahedra, 4, axis=1).ravel()
    columns = np.tile(mesh.tetrahedra, (1, 4)).ravel()
    return sparse.csr_matrix((local.ravel(), (rows, columns)), shape=(len(mesh.points_mm),) * 2)
