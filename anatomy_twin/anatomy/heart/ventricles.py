"""How muscle runs in the ventricles: the Laplace-Dirichlet rule of Bayer et al., on voxels and in tetrahedra.

J.D. Bayer, R.C. Blake, G. Plank, N.A. Trayanova, Ann Biomed Eng 2012;40:2243. Fields: phi_lv, phi_rv and phi_epi are 1
at one of the three surfaces and 0 at the other two; psi runs from 0 at the apex to 1 at the base. Each field gives axes
(around, along psi, through the wall). Those of both inner surfaces are blended by s = phi_rv / (phi_lv + phi_rv), the
result and those of the outer surface by d = phi_epi, as rotations; then they are turned by

    alpha = alpha_endo (1 - 2 s) (1 - d) + alpha_epi d   about the way through the wall, beta likewise about the fibre

(alpha_epi with the other sign where the inner axes face the other way, as in the right ventricle). The angle is linear
in d. In the rule as published axes are turned before they are blended, which makes it quadratic and lets it jump where
angles differ by more than 90 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from anatomy_twin.anatomy.heart.laplace import Grid, harmonic, in_tetrahedra, on_voxels
from anatomy_twin.core import TetMesh, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.units import check_range


@dataclass(frozen=True, slots=True)
class Angles:
    """Angles of fibres (alpha) and sheets (beta) at the inner and outer surface, degrees.

    alpha is counted from the direction around the ventricle towards the base, seen from outside counter-clockwise.
    """

    alpha_endo_deg: float = 60.0
    alpha_epi_deg: float = -60.0
    beta_endo_deg: float = -65.0
    beta_epi_deg: float = 25.0

    def __post_init__(self) -> None:
        for name in ("alpha_endo_deg", "alpha_epi_deg", "beta_endo_deg", "beta_epi_deg"):
            object.__setattr__(self, name, check_range(name, getattr(self, name), -90.0, 90.0))


@dataclass(frozen=True, eq=False)
class WallFibres:
    """Directions per tetrahedron or voxel: ``fibres``, ``sheets`` and ``normals`` (P, 3), at right angles, one long.

    ``depth`` (P,) is phi_epi, 0 at the inner surfaces and 1 outside.
    """

    fibres: NDArray[np.float64]
    sheets: NDArray[np.float64]
    normals: NDArray[np.float64]
    depth: NDArray[np.float64]


def fibres_in_tetrahedra(
    mesh: TetMesh, base: NDArray[Any], epi: NDArray[Any], left: NDArray[Any], right: NDArray[Any] | None = None,
    angles: Angles | None = None, *, apex: NDArray[Any] | None = None,
) -> WallFibres:
    """Return fibres of each tetrahedron; ``base`` to ``apex`` are numbers of points. See ``ruled``."""
    return ruled(in_tetrahedra(mesh), mesh.points_mm, base, epi, left, right, angles, apex=apex)


def fibres_on_voxels(
    mask: NDArray[np.bool_], geometry: VolumeGeometry, base: NDArray[np.bool_], epi: NDArray[np.bool_],
    left: NDArray[np.bool_], right: NDArray[np.bool_] | None = None, angles: Angles | None = None,
) -> WallFibres:
    """Return fibres of each voxel of a mask of muscle, in the order of ``np.argwhere(mask)``.

    ``base``, ``epi``, ``left`` and ``right`` are masks on the same grid of which the voxels in ``mask`` count.
    """
    number = np.full(mask.shape, -1, np.int64)
    number[mask] = np.arange(int(mask.sum()))
    parts = [None if part is None else number[mask & part] for part in (base, epi, left, right)]
    points = geometry.to_world(np.argwhere(mask))
    base_, epi_, left_ = (np.empty(0, np.int64) if part is None else part for part in parts[:3])
    return ruled(on_voxels(mask, geometry), points, base_, epi_, left_, parts[3], angles)


def ruled(
    grid: Grid, points_mm: NDArray[np.float64], base: NDArray[Any], epi: NDArray[Any], left: NDArray[Any],
    right: NDArray[Any] | None = None, angles: Angles | None = None, *, apex: NDArray[Any] | None = None,
) -> WallFibres:
    """Return fibres by the rule of this file.

    Parameters
    ----------
    grid, points_mm : where fields are solved, and its nodes (N, 3).
    base, epi, left, right : numbers of the nodes at the base, the outer surface and the inner surfaces; without
        ``right`` the left ventricle alone.
    angles : default +60 inside to -60 degrees outside.
    apex : default the node of ``epi`` farthest from the middle of the base.

    Raises ``MeshError`` for a part without nodes, or with all nodes of another.
    """
    turn = angles or Angles()
    for name, part in (("base", base), ("outer surface", epi), ("left inner surface", left)):
        if not len(part):
            raise MeshError(f"the {name} of the ventricles has no points", advice="see how surfaces were told apart")
    if apex is None:
        away = np.linalg.norm(points_mm[epi] - points_mm[base].mean(axis=0), axis=1)
        apex = np.asarray(epi)[[int(np.argmax(away))]]
    both = right is not None and len(right) > 0
    second = np.asarray(right) if both else np.empty(0, np.int64)
    inner = np.concatenate([left, second])
    psi = harmonic(grid, {1.0: base, 0.0: apex})
    outer = harmonic(grid, {0.0: inner, 1.0: epi})
    of_left = harmonic(grid, {0.0: np.concatenate([epi, second]), 1.0: left})
    of_right = harmonic(grid, {0.0: np.concatenate([epi, left]), 1.0: second}) if both else np.zeros(len(points_mm))
    depth = grid.at_places(outer)
    at_left, at_right = grid.at_places(of_left), grid.at_places(of_right)
    share = at_right / np.maximum(at_left + at_right, 1e-9)
    along = grid.gradient(psi)
    axes = _axes(along, -grid.gradient(of_left))
    if both:
        axes, _ = _between(axes, _axes(along, grid.gradient(of_right)), share)
    axes, sign = _between(axes, _axes(along, grid.gradient(outer)), depth)
    inner_part, outer_part = (1.0 - 2.0 * share) * (1.0 - depth), sign * depth
    found = _oriented(axes, turn.alpha_endo_deg * inner_part + turn.alpha_epi_deg * outer_part,
                      turn.beta_endo_deg * inner_part + turn.beta_epi_deg * outer_part)
    return WallFibres(found[:, :, 0], found[:, :, 2], found[:, :, 1], depth)


def _axes(along: NDArray[np.float64], through: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotations (P, 3, 3) whose columns run around, along and through the wall."""
    second = _unit(along, np.array([0.0, 0.0, 1.0]))
    third = through - (through * second).sum(axis=1, keepdims=True) * second
    other = np.eye(3)[np.argmin(np.abs(second), axis=1)]
    third = _unit(third, other - (other * second).sum(axis=1, keepdims=True) * second)
    return np.stack([np.cross(second, third), second, third], axis=2)


def _unit(vectors: NDArray[np.float64], instead: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = np.where(length > 1e-9, vectors, np.broadcast_to(instead, vectors.shape))
    return np.asarray(chosen / np.linalg.norm(chosen, axis=1, keepdims=True))


def _oriented(
    axes: NDArray[np.float64], alpha_deg: NDArray[np.float64], beta_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn axes by alpha about the way through the wall, then by beta about the fibre."""
    a, b = np.radians(alpha_deg), np.radians(beta_deg)
    zero, one = np.zeros_like(a), np.ones_like(a)
    by_alpha = np.stack([np.cos(a), -np.sin(a), zero, np.sin(a), np.cos(a), zero, zero, zero, one], axis=1)
    by_beta = np.stack([one, zero, zero, zero, np.cos(b), np.sin(b), zero, -np.sin(b), np.cos(b)], axis=1)
    return np.asarray(axes @ by_alpha.reshape(-1, 3, 3) @ by_beta.reshape(-1, 3, 3))


def _between(
    first: NDArray[np.float64], second: NDArray[np.float64], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return axes a share of the way from ``first`` to ``second``, and -1 where these face the other way.

    There they are turned by half about the way along before: the result always goes on from ``first``.
    """
    sign = np.where((first[:, :, 2] * second[:, :, 2]).sum(axis=1) < 0.0, -1.0, 1.0)
    alike = second * np.stack([sign, np.ones_like(sign), sign], axis=1)[:, None, :]
    start = Rotation.from_matrix(first)
    way = (start.inv() * Rotation.from_matrix(alike)).as_rotvec()
    return np.asarray((start * Rotation.from_rotvec(share[:, None] * way)).as_matrix()), sign
