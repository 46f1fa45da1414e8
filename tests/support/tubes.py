"""Tubes drawn on a grid: the distance to straight pieces and curves is known exactly."""

import numpy as np

from anatomy_twin.core import VolumeGeometry


def centres_mm(geometry):
    index = np.stack(np.meshgrid(*(np.arange(size) for size in geometry.shape), indexing="ij"), axis=-1)
    return geometry.to_world(index)


def piece_distance(points, start, stop):
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    along = np.clip((points - start) @ (stop - start) / ((stop - start) @ (stop - start)), 0, 1)
    return np.linalg.norm(points - (start + along[..., None] * (stop - start)), axis=-1)


def curve_distance(points, curve):
    from scipy.spatial import cKDTree

    away, _ = cKDTree(curve).query(points.reshape(-1, 3))
    return away.reshape(points.shape[:-1])


def drawn(geometry, pieces):
    """The voxels whose centres lie in one of ``pieces`` (start, stop, radius)."""
    points = centres_mm(geometry)
    mask = np.zeros(geometry.shape, bool)
    for start, stop, radius in pieces:
        mask |= piece_distance(points, start, stop) < radius
    return mask


def grid(shape, spacing=(2.5, 1.5, 1.5)):
    return VolumeGeometry.upright(shape, spacing)
