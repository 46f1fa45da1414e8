"""Space-filling growth of a vessel tree: constrained constructive optimisation on arrays."""

from __future__ import annotations

import numpy as np

from anatomy_twin.kernels.compiling import njit


@njit(cache=True)
def field_at(field, low, step, point):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Trilinear value of ``field`` [k, j, i] (grid from ``low`` in x, y, z by ``step`` mm) at ``point`` (3,)."""
    u = (point[0] - low[0]) / step
    v = (point[1] - low[1]) / step
    w = (point[2] - low[2]) / step
    i, j, k = int(np.floor(u)), int(np.floor(v)), int(np.floor(w))
    if i < 0 or j < 0 or k < 0 or i + 1 >= field.shape[2] or j + 1 >= field.shape[1] or k + 1 >= field.shape[0]:
        return 40.0
    u, v, w = u - i, v - j, w - k
    total = 0.0
    for c in range(2):
        for b in range(2):
            for a in range(2):
                weight = (u if a else 1 - u) * (v if b else 1 - v) * (w if c else 1 - w)
                total += weight * field[k + c, j + b, i + a]
    return total


@njit(cache=True, no_cpython_wrapper=True)
def piece_inside(field, low, step, start, stop, limit):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Tell whether the straight piece from ``start`` to ``stop`` stays where ``field`` < ``limit``."""
    length = np.sqrt(((stop - start) ** 2).sum())
    count = int(length / 2.5) + 1
    for n in range(1, count + 1):  # noqa: SIM110 (numba knows no generators)
        if field_at(field, low, step, start + (stop - start) * (n / count)) > limit:
            return False
    return True


@njit(cache=True, no_cpython_wrapper=True)
def point_distance(p, a, b):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Distance from a point to a straight piece, all (3,)."""
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    ex, ey, ez = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    t = (dx * ex + dy * ey + dz * ez) / (dx * dx + dy * dy + dz * dz + 1e-12)
    t = min(max(t, 0.0), 1.0)
    ex, ey, ez = ex - t * dx, ey - t * dy, ez - t * dz
    return np.sqrt(ex * ex + ey * ey + ez * ez)


@njit(cache=True)
def piece_distance(p0, p1, q0, q1):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Shortest distance between two straight pieces (Ericson, Real-Time Collision Detection, 5.1.9)."""
    a = e = f = c = b = 0.0
    for n in range(3):
        d1, d2, r = p1[n] - p0[n], q1[n] - q0[n], p0[n] - q0[n]
        a, e, f, c, b = a + d1 * d1, e + d2 * d2, f + d2 * r, c + d1 * r, b + d1 * d2
    a, e = a + 1e-12, e + 1e-12
    denominator = a * e - b * b
    s = min(max((b * f - c * e) / denominator, 0.0), 1.0) if denominator > 1e-9 else 0.0
    t = (b * s + f) / e
    if t < 0.0:
        t, s = 0.0, min(max(-c / a, 0.0), 1.0)
    elif t > 1.0:
        t, s = 1.0, min(max((b - c) / a, 0.0), 1.0)
    total = 0.0
    for n in range(3):
        gap = p0[n] + (p1[n] - p0[n]) * s - q0[n] - (q1[n] - q0[n]) * t
        total += gap * gap
    return np.sqrt(total)


@njit(cache=True, no_cpython_wrapper=True)
def touches(start, stop, other, tip_mm):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Tell whether a piece comes nearer than 0.6 mm to the surface of any of ``other`` (S, 7)."""
    for o in range(other.shape[0]):
        keep = other[o, 6] + tip_mm + 0.6
        apart = False
        for n in range(3):  # boxes first, they settle nearly all
            if max(other[o, n], other[o, n + 3]) + keep < min(start[n], stop[n]) or (
                min(other[o, n], other[o, n + 3]) - keep > max(start[n], stop[n])
            ):
                apart = True
                break
        if not apart and piece_distance(start, stop, other[o, 0:3], other[o, 3:6]) < keep:
            return True
    return False


@njit(cache=True)
def grow(nodes, parents, leaves, count, targets, goal, field, low, step, other, tip_mm):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
    """Add terminals to a tree until it has ``goal`` leaves or the targets are used up; returns the node count.

    ``nodes`` (N, 3), ``parents`` (N,), ``leaves`` (N,) are filled in place from ``count`` on; ``targets`` (M, 3) are
    proposed terminal points in mm, ``field`` < 0 the organ, ``other`` (S, 7: start, stop, radius) vessels that may not
    be touched. Each terminal joins where the added blood volume, sum of length times radius squared with radius =
    ``tip_mm`` * leaves^(1/3), is least (Schreiner and Buxbaum 1993, with Murray's exponent 3 and equal terminal flow).
    """
    have = 0
    for n in range(count):
        if leaves[n] == 1:
            have += 1
    spread = 34.0
    missed = 0
    for m in range(targets.shape[0]):
        if have >= goal or count + 2 > nodes.shape[0]:
            break
        point = targets[m]
        near = np.full(count, 1e9)
        crowded = False
        for n in range(count - 1, -1, -1):
            if parents[n] >= 0:
                near[n] = point_distance(point, nodes[parents[n]], nodes[n])
                if near[n] < spread:
                    crowded = True
                    break
        if crowded:
            missed += 1
            if missed > 12:
                spread, missed = spread * 0.93, 0
            continue
        order = np.argsort(near)
        best, best_n = 1e18, -1
        best_fork = point.copy()
        for rank in range(min(14, count)):
            n = order[rank]
            if near[n] > 1e8:
                break
            a, j = nodes[parents[n]], nodes[n]
            weight = leaves[n] ** (2.0 / 3.0)
            grown = (leaves[n] + 1.0) ** (2.0 / 3.0)
            old = weight * np.sqrt(((j - a) ** 2).sum())
            upstream = 0.0
            up = parents[n]
            while parents[up] >= 0:
                more = (leaves[up] + 1.0) ** (2.0 / 3.0) - leaves[up] ** (2.0 / 3.0)
                upstream += more * np.sqrt(((nodes[up] - nodes[parents[up]]) ** 2).sum())
                up = parents[up]
            for along in (0.15, 0.35, 0.55, 0.75, 0.92):
                for pull in (0.0, 0.12, 0.25):
                    fork = (a + (j - a) * along) * (1 - pull) + point * pull
                    cost = upstream - old + grown * np.sqrt(((fork - a) ** 2).sum())
                    cost += weight * np.sqrt(((j - fork) ** 2).sum()) + np.sqrt(((point - fork) ** 2).sum())
                    if cost >= best or not piece_inside(field, low, step, fork, point, -1.5):
                        continue
                    if pull > 0 and not (
                        piece_inside(field, low, step, a, fork, -1.5) and piece_inside(field, low, step, fork, j, -1.5)
                    ):
                        continue
                    if not touches(fork, point, other, tip_mm):
                        best, best_n = cost, n
                        best_fork = fork
        if best_n < 0:
            continue
        fork_node, tip = count, count + 1
        nodes[fork_node], nodes[tip] = best_fork, point
        parents[fork_node], parents[tip] = parents[best_n], fork_node
        leaves[fork_node], leaves[tip] = leaves[best_n], 1
        parents[best_n] = fork_node
        up = fork_node
        while up >= 0:
            leaves[up] += 1
            up = parents[up]
        count += 2
        have += 1
        missed = 0
    return count
