"""What hangs together on a surface of triangles once points are taken out, and where a way is narrowest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit
from anatomy_twin.kernels.mesh_boundary import corners_of_points


def parts(triangles: NDArray[np.integer[Any]], there: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return (N,) which part of a surface each point is in, -1 for points that are not ``there`` (N,).

    Parts hang together by sides between points that are there. The largest by number of points is 0.
    """
    part = _parts(np.ascontiguousarray(triangles, dtype=np.int32), np.ascontiguousarray(there))
    order = np.argsort(-np.bincount(part[part >= 0]), kind="stable")
    rank = np.full(len(order) + 1, -1, np.int32)  # the last is that of -1
    rank[order] = np.arange(len(order))
    return np.asarray(rank[part])


def cut_off(
    triangles: NDArray[np.integer[Any]], dead: NDArray[np.bool_], anchors: NDArray[np.integer[Any]]
) -> NDArray[np.bool_]:
    """Tell (N,) which living points no way over living ones joins with the part that most of the ``anchors`` are in.

    Where no anchor lives (or there is none) the largest part takes their place.
    """
    part = parts(triangles, ~dead)
    living = part[anchors][part[anchors] >= 0]
    main = int(np.bincount(living).argmax()) if living.size else 0
    return np.asarray((part >= 0) & (part != main))


def narrowest(
    triangles: NDArray[np.integer[Any]], clearance: NDArray[np.float64], some: NDArray[np.integer[Any]],
    others: NDArray[np.integer[Any]],
) -> int:
    """Return the point at which the widest way from ``some`` points to ``others`` is narrowest, -1 where there is none.

    ``clearance`` (N,) is how far each point is from what bars the way; no way leads over points where it is not above
    0. Of all ways the one is meant whose least clearance is greatest (points are let in by falling clearance until both
    hang together).
    """
    order = np.argsort(-clearance, kind="stable").astype(np.int32)
    order = order[clearance[order] > 0.0]
    start, corner = corners_of_points(np.ascontiguousarray(triangles, dtype=np.int32), len(clearance))
    kind = np.zeros(len(clearance), np.uint8)
    kind[some] |= 1
    kind[others] |= 2
    return int(_let_in(np.ascontiguousarray(triangles, dtype=np.int32), start, corner, order, kind))


def point_areas_mm2(points_mm: NDArray[np.float64], triangles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return (N,) a third of the area of the triangles round each point, mm2."""
    a, b, c = (points_mm[triangles[:, n]] for n in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6.0
    return np.asarray(np.bincount(triangles.ravel(), np.repeat(area, 3), len(points_mm)))


@njit(cache=True)
def _root(root: Any, v: int) -> int:
    """Return the least point that hangs together with one; the way there gets shorter."""
    while root[v] != v:
        root[v] = root[root[v]]
        v = root[v]
    return v


@njit(cache=True)
def _parts(triangles: Any, there: Any) -> Any:
    root = np.arange(there.shape[0], dtype=np.int32)
    for t in range(triangles.shape[0]):
        for c in range(3):
            a, b = triangles[t, c], triangles[t, (c + 1) % 3]
            if there[a] and there[b]:
                a, b = _root(root, a), _root(root, b)
                root[max(a, b)] = min(a, b)
    number = np.full(there.shape[0], -1, np.int32)
    count = 0
    for v in range(there.shape[0]):
        if there[v]:
            a = _root(root, v)
            if a == v:
                number[v] = count
                count += 1
            else:
                number[v] = number[a]
    return number


@njit(cache=True)
def _let_in(triangles: Any, start: Any, corner: Any, order: Any, kind: Any) -> int:
    """Let points in one by one; ``kind`` of a part has bits 1 and 2 where it holds one of each; returns the last."""
    root = np.full(kind.shape[0], -1, np.int32)
    for v in order:
        root[v] = v
        for n in range(start[v], start[v + 1]):
            for c in range(3):
                a, b = triangles[corner[n] // 3, c], v
                if root[a] < 0:
                    continue
                a, b = _root(root, a), _root(root, b)
                root[max(a, b)] = min(a, b)
                kind[min(a, b)] |= kind[max(a, b)]
                if kind[min(a, b)] == 3:
                    return int(v)
        if kind[v] == 3:
            return int(v)
    return -1


def warm_up() -> None:
    """Compile everything (it is cached on disk)."""
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    parts(triangles, np.ones(4, bool))
    narrowest(triangles, np.ones(4), np.array([0]), np.array([3]))
