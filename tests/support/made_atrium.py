"""A left atrium made of an ellipsoid, tubes for veins and a lobe, cut open, with the truth of what is what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from skimage.measure import marching_cubes

from anatomy_twin.core import Code, LabelMap, Segment, SurfaceMesh, VolumeGeometry

CENTRE = np.array([12.0, -30.0, 40.0])
# mouth seen from the middle, direction, radius
VEINS = {
    "pulmonary_vein_left_superior": ((24, 4, 12), (0.85, -0.05, 0.5), 6.5),
    "pulmonary_vein_left_inferior": ((24, 12, -8), (0.85, 0.45, -0.25), 5.5),
    "pulmonary_vein_right_superior": ((-24, 2, 12), (-0.9, -0.1, 0.4), 6.5),
    "pulmonary_vein_right_inferior": ((-24, 12, -8), (-0.85, 0.5, -0.15), 5.5),
    "pulmonary_vein_right_middle": ((-27, 8, 2), (-1.0, 0.2, 0.1), 3.6),
    "pulmonary_vein_left_common": ((24, 9, 2), (0.9, 0.3, 0.05), 8.5),
}
FOUR = tuple(VEINS)[:4]
LOBE = ((22, -10, 10), (0.55, -0.6, 0.58), 7.0, 22.0)
VALVE = ((8, -9, -14), (0.35, -0.5, -0.79))
VEIN_MM = 18.0


@dataclass(frozen=True)
class MadeAtrium:
    surface: SurfaceMesh
    part: np.ndarray  # (N,) which primitive a point lies on: 0 body, 1 lobe, 2.. veins
    veins: tuple[str, ...]
    tip_mm: np.ndarray


def _unit(vector):
    return np.array(vector, float) / np.linalg.norm(vector)


def _tube(points, start, way, radius, length):
    along = np.clip((points - start) @ way, 0.0, length)
    return np.linalg.norm(points - start - along[:, None] * way, axis=1) - radius


def _fields(points, veins):
    """How far points are outside of the body, the lobe and each vein."""
    body = (np.linalg.norm(points / (29.0, 21.0, 23.0), axis=1) - 1.0) * 22.0
    mouth, way, radius, length = LOBE
    found = [body, _tube(points, np.array(mouth, float), _unit(way), radius, length)]
    for name in veins:
        mouth, way, radius = VEINS[name]
        start = np.array(mouth, float) - 8.0 * _unit(way)
        found.append(_tube(points, start, _unit(way), radius, VEIN_MM + 14.0))
    return np.stack(found)


def _blended(values, softness=1.5):
    return -softness * np.log(np.exp(-values / softness).sum(axis=0))


def made_labels(veins=FOUR, spacing_mm=1.0) -> LabelMap:
    """Return labels of the same atrium: its blood with lobe and veins as parts, and a ventricle behind the valve."""
    grid = VolumeGeometry.upright((int(95 / spacing_mm), int(95 / spacing_mm), int(130 / spacing_mm)),
                                  (spacing_mm,) * 3, tuple(CENTRE - (65.0, 47.0, 47.0)))
    points = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)).reshape(-1, 3) - CENTRE
    fields = _fields(points, veins)
    inside, part = _blended(fields) < 0, np.argmin(fields, axis=0)
    for number, name in enumerate(veins, start=2):
        mouth, way, _ = VEINS[name]
        inside &= ~((part == number) & ((points - np.array(mouth)) @ _unit(way) > VEIN_MM))
    middle, way = np.array(VALVE[0], float), _unit(VALVE[1])
    behind = (points - middle) @ way > 0.0
    below = behind & (np.linalg.norm(points - middle, axis=1) < 24.0)
    array = np.where(inside & ~behind, part + 1, np.where(below, len(fields) + 1, 0)).astype(np.uint8)
    names = ("left_atrium", "left_atrial_appendage", *veins, "left_ventricle")
    segments = tuple(
        Segment(name, 0, value, Code("99TEST", name, name), (200, 60, 60), "truth",
                part_of="left_atrium" if 1 < value < len(names) else "")
        for value, name in enumerate(names, start=1))
    return LabelMap(array.reshape(1, *grid.shape), grid, segments)


def made_atrium(veins=FOUR, step_mm=1.2) -> MadeAtrium:
    """Return an atrium of about the size of a person's, in LPS."""
    low, high = np.array([-60.0, -45.0, -40.0]), np.array([60.0, 45.0, 45.0])
    axes = [np.arange(a, b, step_mm) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    value = _blended(_fields(grid, veins)).reshape([len(a) for a in axes])
    points, triangles, _, _ = marching_cubes(value, 0.0, spacing=(step_mm,) * 3)
    points = points + low
    mesh = pv.PolyData(points, np.c_[np.full(len(triangles), 3), triangles].ravel())
    beyond = np.full(len(points), -1.0)
    for name in veins:
        mouth, way, radius = VEINS[name]
        near = _tube(points, np.array(mouth, float), _unit(way), radius, 40.0) < 3.0
        beyond = np.maximum(beyond, np.where(near, (points - np.array(mouth)) @ _unit(way) - VEIN_MM, -1.0))
    middle, way = (np.array(part, float) for part in VALVE)
    near = np.linalg.norm(points - middle, axis=1) < 30.0
    beyond = np.maximum(beyond, np.where(near, (points - middle) @ _unit(way), -1.0))
    mesh["beyond"] = np.clip(beyond, -1.0, None)
    mesh = mesh.clip_scalar(scalars="beyond", value=0.0).extract_largest().clean(tolerance=1e-4).triangulate()
    cut = np.asarray(mesh.points, float)
    part = np.argmin(_fields(cut, veins), axis=0)
    tip = np.array(LOBE[0], float) + _unit(LOBE[1]) * (LOBE[2] + LOBE[3])
    corners = mesh.faces.reshape(-1, 4)[:, 1:]
    return MadeAtrium(SurfaceMesh(cut + CENTRE, corners), part, tuple(veins), tip + CENTRE)
