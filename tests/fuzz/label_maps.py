"""Random label maps for meshes, trees and wall thickness: a seed gives one, with a word for what is odd about it.

Grids are small, anisotropic, in any order and direction of axes (left-handed ones too), upright or oblique.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from anatomy_twin.core import Code, LabelMap, Segment, VolumeGeometry

Array = NDArray[np.uint8]
Random = np.random.Generator
CODE = Code("99TWIN", "none", "none")
ORGANS = ("liver", "spleen", "kidney_right", "stomach", "portal_vein", "inferior_vena_cava")
PARTS = ("portal_branches", "hepatic_veins", "hepatic_vessels")
LESIONS = ("tumour_1", "tumour_2", "lesion_1")


@dataclass(frozen=True, eq=False)
class Made:
    """One random label map, the kinds of its layers, and a wall around a cavity on the same grid."""

    seed: int
    kinds: tuple[str, ...]
    labels: LabelMap
    wall: NDArray[np.bool_]
    cavity: NDArray[np.bool_]


def make(seed: int) -> Made:
    """Return the label map of a seed."""
    random = np.random.default_rng([seed, 20260])
    # every tenth is larger: small ones are quick, and rare constellations come up in many of them
    shape = tuple(int(size) for size in random.integers(3, 17 if seed % 10 == 0 else 9, 3))
    geometry = _grid(random, (shape[0], shape[1], shape[2]))
    kinds = [list(MAKERS)[seed % len(MAKERS)]]  # every kind is met in turn
    kinds += [str(kind) for kind in random.choice(list(MAKERS), int(random.integers(0, 3)))]
    layers = [MAKERS[kind](random, shape) for kind in kinds]
    if random.random() < 0.3:
        layers.append(np.pad(np.ones([max(1, size - 2) for size in shape], np.uint8), 1)[
            : shape[0], : shape[1], : shape[2]])  # fmt: skip
    segments = []
    for layer, array in enumerate(layers):
        names = (ORGANS, PARTS, LESIONS, ("body",))[3 if layer == len(kinds) else layer]
        np.minimum(array, len(names), out=array)
        last = int(array.max()) + (int(random.random() < 0.2) if array.max() < len(names) else 0)  # one has no voxels
        for value in range(1, last + 1):
            inside = names in (PARTS, LESIONS) and any(segment.name == "liver" for segment in segments)
            part_of = "liver" if inside else ""
            segments.append(Segment(names[value - 1], layer, value, CODE, (90, 90, 90), part_of=part_of))
    if random.random() < 0.1:
        segments.append(Segment("gallbladder", 0, 0, CODE, (9, 9, 9), state="not found", note="nothing there"))
    wall, cavity = _wall(random, shape)
    return Made(seed, tuple(kinds), LabelMap(np.stack(layers), geometry, tuple(segments)), wall, cavity)


def _grid(random: Random, shape: tuple[int, int, int]) -> VolumeGeometry:
    spacing = np.exp(random.uniform(np.log(0.4), np.log(4.0), 3)) if random.random() < 0.7 else np.full(3, 1.0)
    turn = random.integers(0, 3)
    direction = np.eye(3)[:, random.permutation(3)] * random.choice((-1.0, 1.0), 3)
    if turn:
        direction = Rotation.random(rng=random).as_matrix() @ direction if turn == 2 else (
            Rotation.from_rotvec(random.normal(0.0, 0.2, 3)).as_matrix() @ direction
        )
    origin = random.uniform(-400.0, 400.0, 3)
    return VolumeGeometry(
        shape, (float(spacing[0]), float(spacing[1]), float(spacing[2])), direction, tuple(float(x) for x in origin)
    )


def _blobs(random: Random, shape: tuple[int, ...]) -> Array:
    kinds = int(random.integers(2, 5))
    blur = random.uniform(0.8, 3.0)
    fields = [ndimage.gaussian_filter(random.standard_normal(shape), blur) for _ in range(kinds)]
    return np.argmax(fields, axis=0).astype(np.uint8)


def _blob_inside(random: Random, shape: tuple[int, ...]) -> Array:
    array = _blobs(random, shape)
    for axis in range(3):
        np.moveaxis(array, axis, 0)[[0, -1]] = 0
    return array


def _sheets(random: Random, shape: tuple[int, ...]) -> Array:
    places = np.stack(np.indices(shape), axis=-1) - (np.asarray(shape) - 1) / 2
    normal = random.normal(size=3) if random.random() < 0.5 else np.eye(3)[random.integers(3)]
    normal /= np.linalg.norm(normal)
    height = places @ normal + random.uniform(0.0, 0.05) * (places**2).sum(axis=-1)
    array = np.zeros(shape, np.uint8)
    level = -float(random.uniform(0, 3))
    for value in range(1, int(random.integers(2, 4))):
        thick = float(random.choice((0.6, 1.0, 1.5, 2.2)))
        array[(height >= level) & (height < level + thick)] = value
        level += thick + float(random.choice((0.0, 1.0, 2.0)))
    return array


def _single_voxels(random: Random, shape: tuple[int, ...]) -> Array:
    array = np.zeros(shape, np.uint8)
    for value in range(1, int(random.integers(2, 5))):
        for _ in range(int(random.integers(1, 6))):
            array[tuple(random.integers(0, shape))] = value
    return array


def _checkerboard(random: Random, shape: tuple[int, ...]) -> Array:
    step = int(random.integers(1, 4))
    total = (np.indices(shape) // step).sum(axis=0)
    array = (total % int(random.integers(2, 4))).astype(np.uint8)
    if random.random() < 0.5:
        box = tuple(slice(int(size * 0.2), max(1, int(size * 0.8))) for size in shape)
        kept = np.zeros(shape, bool)
        kept[box] = True
        array[~kept] = 0
    return array


def _noise(random: Random, shape: tuple[int, ...]) -> Array:
    filled = random.random(shape) < random.uniform(0.05, 0.9)
    return np.where(filled, random.integers(1, int(random.integers(2, 6)), shape), 0).astype(np.uint8)


def _nested(random: Random, shape: tuple[int, ...]) -> Array:
    centre = (np.asarray(shape) - 1) / 2 + random.uniform(-2, 2, 3)
    away = np.linalg.norm((np.stack(np.indices(shape), axis=-1) - centre) / random.uniform(0.6, 1.6, 3), axis=-1)
    array = np.zeros(shape, np.uint8)
    radius = min(shape) * random.uniform(0.35, 0.7)
    for value in range(1, int(random.integers(2, 5))):
        array[away <= radius] = value
        radius -= float(random.choice((0.5, 1.0, 2.0)))
    if random.random() < 0.3:
        array[away <= max(radius, 0.5)] = 0
    return array


def _vessel(random: Random, shape: tuple[int, ...]) -> Array:
    """Tubes of a random walk that forks, with loops and gaps."""
    array = np.zeros(shape, np.uint8)
    size = np.asarray(shape)
    for value in range(1, int(random.integers(2, 4))):
        mask = np.zeros(shape, bool)
        at = random.uniform(0.2, 0.8, 3) * (size - 1)
        way = random.normal(size=3)
        starts = [at]
        for _ in range(int(random.integers(1, 4))):
            at = starts[int(random.integers(len(starts)))]
            way = random.normal(size=3)
            for step in range(int(random.integers(8, 50))):
                way = way / np.linalg.norm(way) + random.normal(0, 0.35, 3)
                at = np.clip(at + 0.7 * way / np.linalg.norm(way), 0, size - 1)
                if step % 5 == 0:
                    starts.append(at)
                mask[tuple(np.rint(at).astype(int))] = True
        wide = int(random.integers(0, 3))
        if wide:
            mask = ndimage.binary_dilation(mask, ndimage.generate_binary_structure(3, wide))
        if random.random() < 0.5:  # gaps
            across = np.indices(shape)[int(random.integers(3))]
            mask &= across % int(random.integers(4, 9)) >= int(random.integers(1, 3))
        array[mask] = value
    return array


def _corners(random: Random, shape: tuple[int, ...]) -> Array:
    """Boxes that meet in an edge or a point only."""
    array = np.zeros(shape, np.uint8)
    cut = [int(random.integers(1, size)) for size in shape]
    for octant in range(8):
        if random.random() < 0.5:
            box = tuple(slice(0, at) if octant >> n & 1 else slice(at, None) for n, at in enumerate(cut))
            array[box] = int(random.integers(1, 4))
    return array


def _parts_far_apart(random: Random, shape: tuple[int, ...]) -> Array:
    array = np.zeros(shape, np.uint8)
    for _ in range(int(random.integers(2, 7))):
        start = random.integers(0, shape)
        stop = start + random.integers(1, 5, 3)
        array[tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))] = int(random.integers(1, 3))
    return array


def _hollow(random: Random, shape: tuple[int, ...]) -> Array:
    array = _nested(random, shape)
    inner = ndimage.binary_erosion(array > 0, iterations=int(random.integers(1, 3)))
    array[inner] = 0
    if random.random() < 0.4:
        array[tuple(random.integers(0, shape))] = 0  # perhaps a hole in the shell
    return array


def _full(random: Random, shape: tuple[int, ...]) -> Array:
    array = np.ones(shape, np.uint8)
    if random.random() < 0.5:
        array[tuple(random.integers(0, shape))] = int(random.integers(0, 3))
    return array


def _nothing(random: Random, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape, np.uint8)


MAKERS: dict[str, Callable[[Random, tuple[int, ...]], Array]] = {
    "blobs at the border": _blobs, "blobs": _blob_inside, "thin sheets": _sheets, "single voxels": _single_voxels,
    "checkerboard": _checkerboard, "noise": _noise, "nested": _nested, "vessel with loops and gaps": _vessel,
    "edges and corners": _corners, "disconnected": _parts_far_apart, "hollow": _hollow, "full": _full,
    "empty": _nothing,
}  # fmt: skip


def _wall(random: Random, shape: tuple[int, ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """A wall around a cavity: shells, open ones, ragged ones, at times no wall or no cavity at all."""
    array = _nested(random, shape) if random.random() < 0.8 else _blobs(random, shape)
    cavity = array >= 2
    wall = (array == 1) if random.random() < 0.6 else ndimage.binary_dilation(cavity, iterations=2) & ~cavity
    if random.random() < 0.2:
        wall &= random.random(shape) < 0.9
    if random.random() < 0.3:
        wall[: shape[0] // 2] = False
    return wall, cavity
