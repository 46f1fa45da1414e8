"""Vessels that run up and down the body: a chain of discs through the clicks, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.seg_circles import best_path, disc_scores
from anatomy_twin.segmentation.clicks.scene import Floats, box_around, noise_of
from anatomy_twin.segmentation.ground.working_grid import box_start_shape, resample

# radii in mm of what adults have, from a slender one to a widened one
TUBES_MM: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({
    "aorta": (6.0, 19.0), "inferior_vena_cava": (5.0, 16.0), "oesophagus": (4.0, 11.0),
})
# how much wider than its disc a section may be: veins are flat, arteries round
WIDER_MM: Final[Mapping[str, float]] = MappingProxyType({"aorta": 1.5, "inferior_vena_cava": 6.0, "oesophagus": 3.0})
# a wall of 1.5 to 2 mm belongs to the aorta; where its blood is bright the wall is dark and is not seen
WALL_MM: Final = 1.8
LIME_MM: Final = 4.0
BRIGHT_HU: Final = 100.0
SOFT_HU: Final = 50.0  # of tissue around vessels
HALF_WAY: Final = 0.42  # a likeness of one half is 1.18 widths from the level
REACH_MM: Final = 150.0  # so far up and down from the clicks a tube is followed
ASIDE_MM: Final = 33.0
STEP_MM: Final = 3.0
SIDE_MM: Final = 1.5
RIM_MM: Final = 1.5
LEAST: Final = 0.12  # a disc that looks less like a section of the tube ends it
FINER: Final = 2.0  # discs are found on every other voxel and then moved by parts of one
NEAR: Final = 4
SECTIONS: Final = 2.0  # sections over which middles and radii are smoothed
SHORT: Final = 4  # sections of a running mean, to both sides


@dataclass(frozen=True, eq=False)
class Tube:
    """Middles of sections in LPS mm (n, 3) and their radii in mm (n,)."""

    middles_mm: Floats
    radii_mm: Floats
    level: float

    def depth_mm(self, points_mm: Floats) -> Floats:
        """Return how far points [..., 3] lie outside of the tube; negative inside."""
        flat = points_mm.reshape(-1, 3)
        best = np.full(len(flat), np.inf)
        for middle, radius in zip(self.middles_mm, self.radii_mm, strict=True):
            np.minimum(best, np.linalg.norm(flat - middle, axis=1) - radius, out=best)
        return best.reshape(points_mm.shape[:-1])


def follow_tube(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats,
    radii_mm: tuple[float, float], *, arterial: bool = False,
) -> Tube | None:
    """Return the tube through the clicks, or None where no round section is seen at them.

    ``array``, ``geometry``: HU on upright axes; ``inside_mm``, ``outside_mm`` (n, 3) in LPS mm; ``arterial``
    where no tube around is brighter. In every slice discs of
    several radii are scored by how like the clicks they look inside and how unlike just outside; the chain of discs
    with the best sum passes all inside clicks and no outside click.
    """
    middle = inside_mm.mean(0)
    box = list(box_around(geometry, middle, REACH_MM))
    apart = float(np.linalg.norm(inside_mm[:, :2] - middle[:2], axis=1).max())
    near = box_around(geometry, middle, ASIDE_MM + apart)
    native = geometry.cropped(*box_start_shape((box[0], near[1], near[2])))
    extent = np.asarray(native.spacing_mm) * native.shape
    count = np.maximum(1, np.round(extent / (STEP_MM, SIDE_MM, SIDE_MM))).astype(int)
    count[0] = max(1, min(count[0], native.shape[0]))
    spacing = extent / count
    x, y, z = native.to_world(-0.5 + 0.5 * spacing / native.spacing_mm).tolist()
    grid = VolumeGeometry(
        (int(count[0]), int(count[1]), int(count[2])), (float(spacing[0]), float(spacing[1]), float(spacing[2])),
        native.direction, (x, y, z), native.frame_of_reference_uid,
    )
    values = np.clip(resample(array[box[0], near[1], near[2]], native, grid), -150.0, 600.0)
    smooth = ndimage.gaussian_filter(values, [0.3, 0.8, 0.8], mode="nearest")
    return _chain(smooth, grid, inside_mm, outside_mm, radii_mm, arterial)


def _likeness(smooth: Floats, grid: VolumeGeometry, inside_mm: Floats, arterial: bool) -> NDArray[np.float32]:
    """Return how like the surroundings of the clicks each voxel looks, 0 to 1."""
    total = np.zeros(smooth.shape, dtype=np.float32)
    noise = noise_of(np.asarray(smooth, np.float32), -150.0, 600.0)
    for index in grid.voxel_of(inside_mm).reshape(-1, 3):
        k, j, i = (int(v) for v in np.clip(index, 0, np.asarray(grid.shape) - 1))
        part = smooth[max(0, k - 1):k + 2, max(0, j - 2):j + 3, max(0, i - 2):i + 3]
        level = float(np.median(part))
        width = max(2.0 * noise, 1.5 * 1.4826 * float(np.median(np.abs(part - level))), 6.0, 0.1 * abs(level))
        if arterial and level > BRIGHT_HU:
            # the border of bright blood shows half-way to the soft tissue around it
            width = max(width, HALF_WAY * (level - SOFT_HU))
        np.maximum(total, np.exp(-0.5 * ((smooth - level) / width) ** 2), out=total)
    return total


def _chain(
    smooth: Floats, grid: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, radii_mm: tuple[float, float],
    arterial: bool,
) -> Tube | None:
    like = _likeness(smooth, grid, inside_mm, arterial)
    side = 0.5 * (grid.spacing_mm[1] + grid.spacing_mm[2])
    every = max(1, round(2.5 / side))
    rows, columns = np.arange(0, grid.shape[1], every), np.arange(0, grid.shape[2], every)
    radii = np.geomspace(radii_mm[0], radii_mm[1], 7)
    score = np.empty((grid.shape[0], radii.size, rows.size, columns.size), dtype=np.float32)
    for k in range(grid.shape[0]):
        score[k], means = disc_scores(like[k], rows, columns, radii / side, RIM_MM / side, 0.6)
        score[k] -= np.clip(0.6 - means, 0.0, 0.6)
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1)
    clicked = [_bind(score, grid, one, places, radii, True) for one in inside_mm]
    for one in outside_mm:
        _bind(score, grid, one, places, radii, False)
    path = best_path(score, 2, 0.04, 0.06)
    worth = np.array([score[k, n, b, a] for k, (n, b, a) in enumerate(path)])
    first, last = _ends(worth, clicked)
    if last < first:
        return None
    found = [(k, rows[path[k, 1]], columns[path[k, 2]], radii[path[k, 0]] / side) for k in range(first, last + 1)]
    exact = np.array([_exact(like[k], row, column, radius) for k, row, column, radius in found], dtype=float)
    if len(exact) > 4:
        exact = ndimage.gaussian_filter1d(exact, SECTIONS, axis=0, mode="nearest")
    index = np.column_stack([np.arange(first, last + 1), exact[:, :2]])
    wide = side * exact[:, 2]
    inner = grid.voxel_of(inside_mm).reshape(-1, 3).clip(0, np.asarray(grid.shape) - 1)
    level = float(np.median(smooth[inner[:, 0], inner[:, 1], inner[:, 2]]))
    return Tube(grid.to_world(index), wide, level)


def _exact(like: NDArray[np.float32], row: int, column: int, radius: float) -> tuple[float, float, float]:
    """Return the disc near one (in voxels) that fits best in a slice, in parts of a voxel."""
    reach = int(1.3 * radius) + 5
    low = max(0, row - reach), max(0, column - reach)
    part = like[low[0]:row + reach + 1, low[1]:column + reach + 1]
    fine = ndimage.zoom(part, FINER, order=1, mode="nearest", grid_mode=False)
    scale = (np.array(fine.shape) - 1) / np.maximum(np.array(part.shape) - 1, 1)
    middle = np.round((np.array([row, column]) - low) * scale).astype(np.int64)
    shifts = np.arange(-NEAR, NEAR + 1)
    radii = radius * np.geomspace(0.8, 1.25, 9)
    step = float(scale.mean())
    score, means = disc_scores(fine, middle[0] + shifts, middle[1] + shifts, radii * step, RIM_MM / SIDE_MM * step, 0.6)
    score = score - np.clip(0.6 - means, 0.0, 0.6) - 0.002 * (shifts[:, None] ** 2 + shifts**2)
    n, b, a = np.unravel_index(int(score.argmax()), score.shape)
    at = (middle + shifts[[b, a]]) / scale + low
    return float(at[0]), float(at[1]), float(radii[n])


def _bind(
    score: NDArray[np.float32], grid: VolumeGeometry, point_mm: Floats, places: NDArray[np.int64], radii: Floats,
    inside: bool,
) -> int:
    """Forbid the discs of the slice of a click that leave it out (or hold it, if it is outside); returns the slice."""
    at = grid.to_index(point_mm)
    k = int(np.clip(round(float(at[0])), 0, grid.shape[0] - 1))
    if not inside and abs(float(at[0]) - k) > 1.0:
        return k
    away = np.hypot((places[..., 0] - at[1]) * grid.spacing_mm[1], (places[..., 1] - at[2]) * grid.spacing_mm[2])
    for n, radius in enumerate(radii):
        wrong = away > 0.85 * radius if inside else away < radius
        score[k, n][wrong] = -9.0
    return k


def _ends(worth: Floats, clicked: list[int]) -> tuple[int, int]:
    """Return the first and the last section: beyond the clicks the tube goes on while its sections look like one."""
    low, high = min(clicked), max(clicked)
    running = ndimage.uniform_filter1d(worth, SHORT + 1, mode="nearest")
    first, last = low, high
    while first > 0 and running[first - 1] >= LEAST:
        first -= 1
    while last + 1 < len(worth) and running[last + 1] >= LEAST:
        last += 1
    return first, last
