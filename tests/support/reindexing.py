"""The same patient with the axes of its grid in another order, and on grids that lie askew in the patient."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations, product

import numpy as np

from anatomy_twin.core import Case, LabelMap, Volume, VolumeGeometry, reindex
from tests.support.toy_patient import toy_patient

# every order of three axes with every choice of flips: 24 of the 48 are left-handed
ALL_AXES = tuple((order, flips) for order in permutations(range(3)) for flips in product((False, True), repeat=3))


def some_axes(count: int, seed: int) -> list[tuple]:
    """``count`` of the 48, drawn by ``seed``, the one that changes nothing left out."""
    chosen = np.random.default_rng(seed).choice(len(ALL_AXES) - 1, count, replace=False) + 1
    return [ALL_AXES[n] for n in chosen]


def name_of(axes) -> str:
    """For instance "k-ij-": which old axis each new one is, a minus where it runs backwards."""
    return "".join("kji"[axis] + ("-" if flip else "") for axis, flip in zip(*axes, strict=True))


def turned_volume(volume: Volume, axes) -> Volume:
    """The same voxels in the same places, indexed otherwise."""
    return replace(volume, array=reindex(volume.array, *axes), geometry=volume.geometry.reindexed(*axes))


def turned_case(case: Case, axes) -> Case:
    """The case with all its volumes and label maps indexed otherwise; all else as it is."""
    return replace(
        case,
        volumes={name: turned_volume(volume, axes) for name, volume in case.volumes.items()},
        labels={name: labels.reindexed(*axes) for name, labels in case.labels.items()},
    )


def rotation(axis: int, degrees: float) -> np.ndarray:
    """Turn about one axis of LPS space."""
    a = np.deg2rad(degrees)
    matrix = np.eye(3)
    one, two = [n for n in range(3) if n != axis]
    matrix[one, one] = matrix[two, two] = np.cos(a)
    matrix[one, two], matrix[two, one] = -np.sin(a), np.sin(a)
    return matrix


# how the grid lies in the patient, to the digits that a header has: in the last two, two axes are exactly as near to
# one of LPS as each other
TILTS = {
    "upright": np.eye(3),
    "oblique": np.round(rotation(2, 27.0) @ rotation(0, -19.0) @ rotation(1, 8.0), 8),
    "turned by 45 degrees": np.round(rotation(2, 45.0), 8),
    "turned by 45 degrees twice": np.round(rotation(0, 45.0) @ rotation(2, 45.0), 8),
}


@cache
def toy_on_grid(tilt: str, spacing_mm: tuple[float, float, float] = (5.0, 4.0, 4.5)) -> tuple[Volume, LabelMap]:
    """The toy patient (nearest voxel) on a grid of cuboid voxels that is turned about the middle of the patient."""
    volume, labels = toy_patient(4.0)
    old = volume.geometry
    size_mm = np.asarray(old.shape) * np.asarray(old.spacing_mm)
    shape = tuple(int(length // step) for length, step in zip(size_mm, spacing_mm, strict=True))
    direction = TILTS[tilt] @ old.direction
    half = (np.asarray(shape) - 1) / 2 * np.asarray(spacing_mm)
    origin = np.asarray(old.center_mm) + np.array([0.3, -0.7, 0.9]) - direction @ half
    grid = VolumeGeometry(shape, spacing_mm, direction, tuple(origin), old.frame_of_reference_uid)
    index = np.rint(old.to_index(grid.to_world(np.moveaxis(np.indices(shape), 0, -1)))).astype(int)
    inside = np.all((index >= 0) & (index < old.shape), axis=-1)
    image = np.full(shape, -1000, np.int16)
    image[inside] = volume.array[tuple(index[inside].T)]
    array = np.zeros((labels.array.shape[0], *shape), labels.array.dtype)
    array[:, inside] = labels.array[(slice(None), *index[inside].T)]
    return Volume(image, grid, synthetic=True), LabelMap(array, grid, labels.segments)


def toy_case_on_grid(tilt: str, spacing_mm: tuple[float, float, float] = (5.0, 4.0, 4.5)) -> Case:
    """``toy_on_grid`` as a case without surfaces."""
    volume, labels = toy_on_grid(tilt, spacing_mm)
    return Case.new(volume=volume, labels=labels)
