"""Flat sheets of muscle as chambers, and a bar of voxels, for tests of tissue."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.core.heart import Chamber, Fibres, Myocardium, Opening, Substrate


def grid_points(width_mm, height_mm, edge_mm):
    """Points of equal triangles in a rectangle, and their triangles counter-clockwise seen from +z."""
    columns, rows = round(width_mm / edge_mm) + 1, round(height_mm / (edge_mm * np.sqrt(0.75))) + 1
    j, i = np.divmod(np.arange(rows * columns), columns)
    points = np.stack([(i + 0.5 * (j % 2)) * edge_mm, j * edge_mm * np.sqrt(0.75), 0.0 * i], -1)
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    odd = (a // columns) % 2 == 1
    up, right = a + columns, a + 1
    faces = np.concatenate([np.stack([a, right, np.where(odd, up + 1, up)], -1),
                            np.stack([np.where(odd, a, right), up + 1, up], -1)])
    return points, faces


def rim_loops(triangles):
    """The rims of a surface, each as its points in order."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    both = {tuple(edge) for edge in edges.tolist()}
    after = {a: b for a, b in both if (b, a) not in both}
    loops = []
    while after:
        start, here = next(iter(after.items()))
        loop = [start]
        del after[start]
        while here != start:
            loop.append(here)
            here = after.pop(here)
        loops.append(np.array(loop))
    return sorted(loops, key=len, reverse=True)


def sheet(width_mm=40.0, height_mm=40.0, edge_mm=0.8, inside=None, fibres=True, classes=None, name="left_atrium"):
    """A sheet with fibres along x. ``inside`` tells of points (n, 3) which are kept; each rim is an opening."""
    points, faces = grid_points(width_mm, height_mm, edge_mm)
    if inside is not None:
        faces = faces[inside(points)[faces].all(axis=1)]
        used, faces = np.unique(faces, return_inverse=True)
        points, faces = points[used], faces.reshape(-1, 3)
    loops = rim_loops(faces)
    openings = tuple(Opening(loop, "mitral_valve" if n == 0 else f"hole_{n}") for n, loop in enumerate(loops))
    way = np.tile((1.0, 0.0, 0.0), (len(faces), 1))
    return Chamber(
        name, SurfaceMesh(points, faces), openings, fibres=Fibres(way, way, "along x") if fibres else None,
        substrate=None if classes is None else Substrate(classes(points), np.zeros(len(points)), "none"),
    )


def bar(shape=(5, 5, 60), spacing_mm=0.5):
    """A bar of muscle along x with fibres along it."""
    grid = VolumeGeometry.upright(shape, (spacing_mm,) * 3, (0.0, 0.0, 0.0))
    mask = np.ones(shape, bool)
    return Myocardium("ventricles", mask, grid, np.tile((1.0, 0.0, 0.0), (mask.sum(), 1)))
