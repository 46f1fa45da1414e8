"""The muscle of ventricles as voxels, from a closed surface with named parts or from labels: fibres, depth, segments.

Fibres follow ``ventricles``, segments ``segments``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt, label, map_coordinates

from anatomy_twin.anatomy.heart.bricks import border_parts, bricks_of
from anatomy_twin.anatomy.heart.segments import heart_axes, wall_segments
from anatomy_twin.anatomy.heart.ventricles import Angles, fibres_on_voxels
from anatomy_twin.anatomy.memory import check_memory
from anatomy_twin.core import FrozenMapping, LabelMap, SurfaceMesh, VolumeGeometry
from anatomy_twin.core.heart import Myocardium
from anatomy_twin.errors import MeshError
from anatomy_twin.units import check_range

PARTS: Final = ("base", "epicardium", "left_endocardium", "right_endocardium")
SURFACE_CLASSES: Final = FrozenMapping({"base": 1, "epicardium": 2, "left_endocardium": 3, "right_endocardium": 4})
BASE_MM: Final = 4.0  # what of the border is nearer to atrium or aorta is the base
_CAVITY_VOXELS: Final = 1.6  # muscle nearer to the blood lies at it


def myocardium_of_surface(
    surface: SurfaceMesh, part_of_point: NDArray[Any], spacing_mm: float = 1.0, *,
    classes: Mapping[str, int] = SURFACE_CLASSES, name: str = "ventricles", angles: Angles | None = None,
) -> Myocardium:
    """Return the muscle within a closed surface.

    Parameters
    ----------
    surface : outer and inner surfaces and the base as one closed surface.
    part_of_point : (N,) whole numbers, which part a point belongs to; ``classes`` say which number is which of
        ``PARTS``. Without "right_endocardium" it is the left ventricle alone.
    spacing_mm : side of a voxel.
    angles : of the fibres, default +60 inside to -60 degrees outside.

    Raises ``MeshError`` for a surface that is open, parts that are missing and what does not fit into memory.
    """
    mask, geometry = bricks_of(surface, spacing_mm)
    mask = _largest(mask)
    borders = border_parts(mask, geometry, surface, np.asarray(part_of_point))
    if unknown := sorted(set(classes) - set(PARTS)):
        raise MeshError(f"there is no part {unknown[0]!r} of ventricles", advice=f"use {', '.join(PARTS)}")
    parts = {part: borders[number] for part, number in classes.items() if number in borders}
    return _with_fibres(mask, geometry, parts, name, angles)


def myocardium_of(
    labels: LabelMap, spacing_mm: float = 1.0, *, muscle: str = "left_ventricle_myocardium",
    left: str = "left_ventricle", right: str = "right_ventricle", above: tuple[str, ...] = ("left_atrium", "aorta"),
    angles: Angles | None = None,
) -> Myocardium:
    """Return the muscle of labels, on an upright grid of cubes.

    Parameters
    ----------
    labels : with segments ``muscle``, ``left`` (blood) and at least one of ``above``, next to which the base is. Where
        ``right`` (blood) is there, the muscle beside it is the right inner surface.
    spacing_mm : side of a voxel.

    Raises ``MeshError`` for segments that are missing or that do not touch the muscle.
    """
    tops = [name for name in above if name in labels]
    for name in (muscle, left):
        if name not in labels:
            raise MeshError(f"the labels hold no {name}", advice="segment the heart first")
    if not tops:
        raise MeshError(f"the labels hold none of {', '.join(above)}", advice="the base of the ventricle is beside it")
    geometry = _grid_around(labels, muscle, check_range("spacing_mm", spacing_mm, 0.2, 5.0))
    mask = _largest(_on_grid(labels.mask(muscle), labels.geometry, geometry))
    border = mask & ~binary_erosion(mask)
    blood = _on_grid(labels.mask(left), labels.geometry, geometry)
    near = {"left_endocardium": border & (_away_mm(blood, geometry) < _CAVITY_VOXELS * spacing_mm)}
    top = np.logical_or.reduce([_on_grid(labels.mask(name), labels.geometry, geometry) for name in tops])
    near["base"] = border & ~near["left_endocardium"] & (_away_mm(top, geometry) < BASE_MM)
    taken = near["left_endocardium"] | near["base"]
    if right in labels:
        other = _on_grid(labels.mask(right), labels.geometry, geometry)
        near["right_endocardium"] = border & ~taken & (_away_mm(other, geometry) < _CAVITY_VOXELS * spacing_mm)
        taken = taken | near["right_endocardium"]
    near["epicardium"] = border & ~taken
    return _with_fibres(mask, geometry, near, left, angles)


def _with_fibres(
    mask: NDArray[np.bool_], geometry: VolumeGeometry, parts: Mapping[str, NDArray[np.bool_]], name: str,
    angles: Angles | None,
) -> Myocardium:
    for part in PARTS[:3]:
        if part not in parts or not parts[part].any():
            raise MeshError(f"the {part.replace('_', ' ')} of {name} is missing",
                            advice="name the outer and inner surface and the base")
    right = parts.get("right_endocardium")
    found = fibres_on_voxels(mask, geometry, parts["base"], parts["epicardium"], parts["left_endocardium"], right,
                             angles)
    voxels = {part: own[mask] for part, own in parts.items() if own.any()}
    notes = ["fibres by rule, not measured"]
    if "right_endocardium" in voxels:
        points = geometry.to_world(np.argwhere(mask))
        voxels |= wall_segments(points, voxels, heart_axes(points, voxels))
    else:
        notes.append("no segments: where the septum is is not known without the right ventricle")
    return Myocardium(name, mask, geometry, found.fibres, found.depth, parts=voxels, notes=tuple(notes))


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest part of a mask that hangs together by faces."""
    parts, count = label(mask)
    if count == 0:
        raise MeshError("there is no muscle", advice="see whether voxels are smaller than the wall")
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))


def _grid_around(labels: LabelMap, muscle: str, spacing_mm: float) -> VolumeGeometry:
    """Return an upright grid of cubes with two empty layers around the muscle."""
    index = np.argwhere(labels.mask(muscle))
    ends = np.stack([index.min(axis=0), index.max(axis=0)], axis=1)
    corners = labels.geometry.to_world(np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T)
    low, high = corners.min(axis=0) - 2.0 * spacing_mm, corners.max(axis=0) + 2.0 * spacing_mm
    size = np.ceil((high - low) / spacing_mm).astype(int) + 1
    check_memory(40 * int(np.prod(size.astype(np.int64))), "the voxels", "take larger ones")
    return VolumeGeometry.upright((int(size[2]), int(size[1]), int(size[0])), (spacing_mm,) * 3,
                                  (float(low[0]), float(low[1]), float(low[2])))


def _on_grid(mask: NDArray[np.bool_], own: VolumeGeometry, grid: VolumeGeometry) -> NDArray[np.bool_]:
    """Return a mask on another grid: where more than half of what lies around a middle belongs to it."""
    places = np.moveaxis(own.to_index(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))), -1, 0)
    return np.asarray(map_coordinates(mask.astype(np.float32), places, order=1, cval=0.0) >= 0.5)


def _away_mm(mask: NDArray[np.bool_], geometry: VolumeGeometry) -> NDArray[np.float64]:
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(distance_transform_edt(~mask, sampling=geometry.spacing_mm))
