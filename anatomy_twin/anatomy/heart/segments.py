"""The 17 segments of the left ventricle and the right ventricle's wall, told by place.

M.D. Cerqueira et al. for the American Heart Association, Circulation 2002;105:539: three rings from base to apex, of 6,
6 and 4 segments, and the apex. The two septal segments of a ring meet in the middle of the septum; counted from there
towards the front: 2, 1, 6, 5, 4, 3. Which way is the front follows from the heart: (base - apex) x (right - left).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from anatomy_twin.errors import MeshError

RIGHT_VENTRICLE: Final = "right_ventricle"
SEPTUM: Final = 1.25  # times its median thickness: no part of the septum is so far from the left cavity
TIP: Final = 0.08  # of the height of a cavity
ROUNDS: Final = 8
RING_OF_SIX: Final = (2, 1, 6, 5, 4, 3)  # from the middle of the septum by the front
RING_OF_FOUR: Final = (14, 13, 16, 15)
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeartAxes:
    """A left ventricle's own directions, unit vectors at right angles: ``up`` from apex to base, ``septal`` towards the
    right ventricle, ``front`` towards its front wall; ``apex_mm`` and ``base_mm`` the ends of its cavity."""

    apex_mm: Floats
    base_mm: Floats
    up: Floats
    septal: Floats
    front: Floats


def segment_name(number: int) -> str:
    """Return the name of the part of one of the 17 segments."""
    return f"aha_{number}"


def heart_axes(points_mm: Floats, parts: Mapping[str, NDArray[np.bool_]]) -> HeartAxes:
    """Return the directions of the left ventricle from the middles of voxels (N, 3) and its named parts.

    Raises ``MeshError`` where a surface that is needed has no voxels.
    """
    for name in ("left_endocardium", "right_endocardium", "epicardium", "base"):
        if name not in parts or not parts[name].any():
            raise MeshError(f"the {name.replace('_', ' ')} of the ventricles is not known",
                            advice="segments are counted from it")
    inner, other, base = (points_mm[parts[name]] for name in ("left_endocardium", "right_endocardium", "base"))
    top = base[cKDTree(inner).query(base)[0] <= cKDTree(other).query(base)[0]]
    if not len(top):
        raise MeshError("no part of the base is beside the left ventricle", advice="see how surfaces were told apart")
    base_mm, apex_mm = _ends(inner, top.mean(axis=0))
    up = (base_mm - apex_mm) / np.linalg.norm(base_mm - apex_mm)
    outer = points_mm[parts["epicardium"]]
    septum = other[cKDTree(inner).query(other)[0] < cKDTree(outer).query(other)[0]]
    if not len(septum):
        raise MeshError("the ventricles have no septum", advice="see whether the right ventricle is beside the left")
    septal = septum.mean(axis=0) - apex_mm
    septal -= (septal @ up) * up
    septal /= np.linalg.norm(septal)
    return HeartAxes(apex_mm, base_mm, up, septal, np.cross(up, septal))


def _ends(inner: Floats, near_base: Floats) -> tuple[Floats, Floats]:
    """Return the upper and the lower end of the axis of a cavity's surface (n, 3), from a point near its base.

    The axis goes from the tip through the middle of the surface; the tip is what lies lowest along it.
    """
    middle, tip = inner.mean(axis=0), inner[int(np.argmax(np.linalg.norm(inner - near_base, axis=1)))]
    for _ in range(ROUNDS):
        up = (middle - tip) / np.linalg.norm(middle - tip)
        height = (inner - middle) @ up
        tip = inner[height < height.min() + TIP * np.ptp(height)].mean(axis=0)
    return middle + height.max() * up, middle + height.min() * up


def wall_segments(
    points_mm: Floats, parts: Mapping[str, NDArray[np.bool_]], axes: HeartAxes
) -> dict[str, NDArray[np.bool_]]:
    """Return the parts "aha_1" to "aha_17" and "right_ventricle", bool (N,): every voxel is in one of them.

    The right ventricle's wall is what lies nearer to its inner surface and to the outer one than to the left cavity,
    and farther from that than the septum is thick.
    """
    near = {name: cKDTree(points_mm[parts[name]]).query(points_mm)[0]
            for name in ("left_endocardium", "right_endocardium", "epicardium")}
    left = near["left_endocardium"]
    septum = parts["right_endocardium"] & (left < near["epicardium"])
    thick = SEPTUM * float(np.median(left[septum])) if septum.any() else 0.0
    right = (near["right_endocardium"] < left) & (near["epicardium"] < left) & (left > thick)
    away = points_mm - axes.apex_mm
    height = (away @ axes.up) / np.linalg.norm(axes.base_mm - axes.apex_mm)
    turn = np.degrees(np.arctan2(away @ axes.front, away @ axes.septal)) % 360.0
    sixth, fourth = (turn // 60.0).astype(int) % 6, ((turn + 45.0) // 90.0).astype(int) % 4
    ring = np.array(RING_OF_SIX)[sixth]
    number = np.where(height > 2.0 / 3.0, ring, ring + 6)
    number = np.where(height > 1.0 / 3.0, number, np.array(RING_OF_FOUR)[fourth])
    number = np.where(height > 0.0, number, 17)
    found = {segment_name(n): (number == n) & ~right for n in range(1, 18)}
    return {**found, RIGHT_VENTRICLE: right}
