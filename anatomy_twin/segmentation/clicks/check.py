"""What a user may point at: seeds as points on the voxels of the scan, and what of them is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import Seeds, Volume, VolumeGeometry
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.segmentation.clicks.scene import Floats
from anatomy_twin.units import lps_text

AIR_HU: Final = -400.0
ROOM_AIR_HU: Final = -935.0  # lung has more, even one full of emphysema where 6 mm of it are taken together
COARSE_MM: Final = 6.0
APART_MM: Final = 1.2  # a click means so much around it


def points_of(geometry: VolumeGeometry, seeds: Seeds, inside: bool) -> Floats:
    """Return the clicks and the voxel by voxel points of the scribbles of one kind, (n, 3) in LPS mm.

    A scribble is followed in steps of half the shortest side of a voxel: no voxel on it is left out.
    """
    clicks = seeds.inside if inside else seeds.outside
    lines = seeds.scribbles_inside if inside else seeds.scribbles_outside
    points = [np.asarray(clicks, dtype=np.float64).reshape(-1, 3)]
    for line in lines:
        corners = np.asarray(line, dtype=np.float64).reshape(-1, 3)
        for one, two in pairwise(corners):
            steps = int(np.ceil(np.linalg.norm(two - one) / (0.5 * min(geometry.spacing_mm)))) + 1
            points.append(one + np.linspace(0.0, 1.0, steps, endpoint=False)[:, None] * (two - one))
        points.append(corners[-1:])
    every = np.concatenate(points)
    if len(every) <= len(clicks):
        return every
    index = geometry.voxel_of(every)
    _, first = np.unique(index, axis=0, return_index=True)
    return every[np.sort(first)]


def check_seeds(upright: Volume, name: str, seeds: Seeds) -> None:
    """Refuse seeds that cannot be meant.

    Raises ``DataError`` for one outside the scan and ``UsageError`` for inside seeds in the air around the patient,
    inside and outside seeds in one place, a box without extent, and inside seeds beyond the box.
    """
    geometry = upright.geometry
    inside, outside = points_of(geometry, seeds, True), points_of(geometry, seeds, False)
    for point in (*inside, *outside):
        if not bool(geometry.contains(point)):
            raise DataError(f"a seed of {name} lies outside the scan", where=lps_text(point),
                            advice="give LPS millimetres inside the scan")
    taken = {tuple(index) for index in geometry.voxel_of(outside).reshape(-1, 3).tolist()}
    for point in inside:
        near = len(outside) and float(np.linalg.norm(outside - point, axis=1).min()) < APART_MM
        if near or tuple(geometry.voxel_of(point).tolist()) in taken:
            where = "in one voxel" if not near else f"less than {APART_MM:g} mm apart"
            raise UsageError(f"seeds of {name} contradict each other: inside and outside {where}",
                             where=lps_text(point), advice="leave one of them out")
    if seeds.box is not None:
        _check_box(geometry, name, np.asarray(seeds.box), inside)
    if upright.units == "HU" and len(inside):
        _check_air(upright, name, inside)


def _check_box(geometry: VolumeGeometry, name: str, box_mm: Floats, inside: Floats) -> None:
    if float(np.ptp(box_mm, axis=0).min()) < min(geometry.spacing_mm):
        raise UsageError(f"the box of {name} is thinner than a voxel", where=lps_text(box_mm.mean(0)),
                         advice="give two opposite corners of a box that holds it")
    beyond = (inside < box_mm[0] - 1e-6) | (inside > box_mm[1] + 1e-6)
    if beyond.any():
        point = inside[int(np.flatnonzero(beyond.any(1))[0])]
        raise UsageError(f"seeds of {name} contradict each other: an inside seed lies beyond the box",
                         where=lps_text(point), advice="make the box larger or leave the seed out")
    if not bool(geometry.contains(box_mm.mean(0))):
        raise DataError(f"the box of {name} lies outside the scan", where=lps_text(box_mm.mean(0)),
                        advice="give LPS millimetres inside the scan")


def _check_air(upright: Volume, name: str, inside: Floats) -> None:
    index = upright.geometry.voxel_of(inside)
    values = np.asarray(upright.array[index[:, 0], index[:, 1], index[:, 2]])
    if not (values < AIR_HU).any():
        return
    around, steps = _air_around(upright)
    for point, (k, j, i), value in zip(inside, index, values, strict=True):
        at = tuple(min(v // s, n - 1) for v, s, n in zip((k, j, i), steps, around.shape, strict=True))
        if value < AIR_HU and around[at]:
            raise UsageError(f"an inside seed of {name} lies in the air around the patient", where=lps_text(point),
                             advice="give a point inside the patient")


def _air_around(upright: Volume) -> tuple[NDArray[np.bool_], tuple[int, int, int]]:
    """Return the air around the patient in blocks of the scan, and how many voxels a block has along each axis.

    Room air is thinner than any lung: the means of blocks tell them apart in spite of noise, so that lung or a cavity
    that a cut-out ends in is no room air. It comes in from the sides of its axial slice; what lies between its blocks
    and the skin belongs to it.
    """
    sides = upright.geometry.spacing_mm
    k, j, i = (max(1, round(COARSE_MM / side)) for side in sides)
    values = upright.array[::k]
    rows, columns = max(1, values.shape[1] // j), max(1, values.shape[2] // i)
    j, i = min(j, values.shape[1]), min(i, values.shape[2])
    whole = values[:, : rows * j, : columns * i].reshape(values.shape[0], rows, j, columns, i)
    means = whole.mean((2, 4), dtype=np.float32)
    # values may be cut off below some level: then all that is cut off counts as room air
    room = min(max(ROOM_AIR_HU, float(values.min()) + 5.0), AIR_HU)
    around = np.zeros(means.shape, dtype=bool)
    for n in range(means.shape[0]):
        labels, _ = ndimage.label(means[n] < room)
        rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        outer = np.isin(labels, rim[rim > 0])
        around[n] = ndimage.binary_dilation(outer, iterations=2, mask=means[n] < AIR_HU) if outer.any() else False
    return around, (k, j, i)
