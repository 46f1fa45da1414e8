"""The grid on which segmentation thinks: upright axes, equal spacing; and morphology in millimetres on it.

Contract of the finders of this room
------------------------------------
``find_x(hu, geometry, masks, phase, ...) -> Mapping[str, Found]``: ``hu`` is float32 [k, j, i] on a grid whose k goes
to the head, j to the back and i to the patient's left, ``geometry`` that grid, ``masks`` what is already known on the
same grid (bool arrays by segment name, "body" always among them), ``phase`` the contrast phase. A finder works in
distances from other structures, in mm, never by a position in the array, and returns ``Found("not found")`` with a
reason rather than a wrong mask. ``crop`` and ``resample_mask`` carry masks to a finer grid around an organ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.core.later import later
from anatomy_twin.kernels.distance import distance_mm as exact_distance_mm
from anatomy_twin.kernels.seg_near import near_distance_mm
from anatomy_twin.kernels.seg_sample import line_taps, sample_above

ndimage = later("scipy.ndimage")
sparse = later("scipy.sparse")

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]
Box = tuple[slice, slice, slice]

WORKING_SPACING_MM: Final = 3.0


@dataclass(frozen=True, eq=False)
class Found:
    """What a finder says about one segment: its voxels, its state (see ``core.labels.STATES``) and one line why.

    ``rules`` names what speaks against it where the state is "check"; ``part_of`` the segment it is a part of, where
    the catalog's term does not say it (a nodule of the right lung).
    """

    mask: Mask | None
    state: str = "ok"
    note: str = ""
    rules: tuple[str, ...] = ()
    part_of: str = ""

    @staticmethod
    def nothing(note: str, state: str = "not found") -> Found:
        """Return the answer of a finder that saw nothing it would stand for."""
        return Found(None, state, note)

    @property
    def absent(self) -> bool:
        """True when there are no voxels."""
        return self.mask is None or not self.mask.any()


@dataclass(frozen=True, eq=False)
class WorkingGrid:
    """HU float32 [k, j, i] with equal spacing in all directions, k to the head, j to the back, i to the left."""

    hu: Image
    geometry: VolumeGeometry

    @property
    def spacing_mm(self) -> float:
        """The spacing, the same along all axes."""
        return self.geometry.spacing_mm[0]


def _axis_matrix(size: int, spacing: float, out_start_mm: float, out_size: int, out_spacing: float) -> Any:
    """Return the sparse (out_size, size) matrix that samples a line at other places.

    Places are in mm from the outer edge of the first voxel; beyond the ends the end value holds. Where the output is
    coarser, a Gaussian of 0.45 output spacings against aliasing; where it is finer, linear interpolation.
    """
    centres = (out_start_mm + (np.arange(out_size) + 0.5) * out_spacing) / spacing - 0.5
    if out_spacing > 1.01 * spacing:
        sigma = 0.45 * out_spacing / spacing
        reach = int(np.ceil(3.0 * sigma)) + 1
        taps = np.floor(centres)[:, None] + np.arange(-reach, reach + 2)[None, :]
        weights = np.exp(-0.5 * ((taps - centres[:, None]) / sigma) ** 2)
    else:
        taps = np.floor(centres)[:, None] + np.arange(2)[None, :]
        weights = np.maximum(0.0, 1.0 - np.abs(taps - centres[:, None]))
    weights /= weights.sum(1, keepdims=True)
    columns = np.clip(taps, 0, size - 1).astype(np.int64)
    rows = np.repeat(np.arange(out_size), taps.shape[1])
    matrix = sparse.coo_matrix((weights.ravel(), (rows, columns.ravel())), shape=(out_size, size))
    return sparse.csr_matrix(matrix, dtype=np.float32)


def _apply(matrices: Sequence[Any], array: NDArray[Any]) -> Image:
    """Apply one matrix per axis, the strongest reduction first."""
    used, box = [], []
    for matrix in matrices:
        # only the part of the array that the output samples
        low, high = int(matrix.indices.min()), int(matrix.indices.max()) + 1
        used.append(matrix[:, low:high])
        box.append(slice(low, high))
    result = np.asarray(array[tuple(box)], dtype=np.float32)
    order = sorted(range(3), key=lambda axis: matrices[axis].shape[0] / matrices[axis].shape[1])
    for axis in order:
        moved = np.moveaxis(result, axis, 0)
        flat = np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
        sampled = (used[axis] @ flat).reshape(used[axis].shape[0], *moved.shape[1:])
        result = np.moveaxis(sampled, 0, axis)
    return np.ascontiguousarray(result, dtype=np.float32)


def _offsets_mm(source: VolumeGeometry, target: VolumeGeometry) -> list[float]:
    """Return per axis the distance from the outer edge of ``source`` to that of ``target`` (both upright alike)."""
    start = source.to_index(target.to_world((-0.5, -0.5, -0.5))) + 0.5
    return [float(round(value * step, 6)) for value, step in zip(start, source.spacing_mm, strict=True)]


def resample(array: NDArray[Any], source: VolumeGeometry, target: VolumeGeometry) -> Image:
    """Sample an image on another grid whose axes point the same way; float32 [k, j, i] of ``target``."""
    offsets = _offsets_mm(source, target)
    matrices = [
        _axis_matrix(source.shape[n], source.spacing_mm[n], offsets[n], target.shape[n], target.spacing_mm[n])
        for n in range(3)
    ]
    return _apply(matrices, array)


def resample_mask(mask: Mask, source: VolumeGeometry, target: VolumeGeometry) -> Mask:
    """Carry a mask to another grid whose axes point the same way, with a smooth border (half-way level)."""
    smooth = mask.astype(np.float32)
    if min(target.spacing_mm) < 0.8 * max(source.spacing_mm):
        smooth = ndimage.gaussian_filter(smooth, 0.6, mode="nearest", truncate=3.0)
    if max(b / a for a, b in zip(source.spacing_mm, target.spacing_mm, strict=True)) > 1.3:
        return resample(smooth, source, target) > 0.5
    offsets = _offsets_mm(source, target)
    taps = tuple(
        line_taps(source.shape[n], source.spacing_mm[n], offsets[n], target.shape[n], target.spacing_mm[n])
        for n in range(3)
    )
    return sample_above(smooth, taps, 0.5)


def equal_grid(geometry: VolumeGeometry, spacing_mm: float) -> VolumeGeometry:
    """Return the grid of equal spacing that covers the same box (its far side within half a voxel)."""
    extent = np.asarray(geometry.shape) * np.asarray(geometry.spacing_mm)
    shape = np.maximum(1, np.floor(extent / spacing_mm + 0.5).astype(int))
    corner = (-0.5 + 0.5 * spacing_mm / np.asarray(geometry.spacing_mm)).tolist()
    x, y, z = geometry.to_world(corner).tolist()
    return VolumeGeometry(
        (int(shape[0]), int(shape[1]), int(shape[2])), (spacing_mm,) * 3, geometry.direction, (x, y, z),
        geometry.frame_of_reference_uid,
    )


def make_working_grid(volume: Volume, spacing_mm: float = WORKING_SPACING_MM) -> WorkingGrid:
    """Return the volume on upright axes (see ``Volume.canonical``) with equal spacing, in HU as float32."""
    upright = volume.canonical()
    geometry = equal_grid(upright.geometry, spacing_mm)
    return WorkingGrid(resample(upright.array, upright.geometry, geometry), geometry)


def finer_grid(
    volume: Volume, mask: Mask, geometry: VolumeGeometry, spacing_mm: float, margin_mm: float
) -> WorkingGrid:
    """Return HU on a grid of ``spacing_mm`` in the box of ``mask`` (on ``geometry``, upright) plus a margin."""
    box = box_of(mask, int(np.ceil(margin_mm / geometry.spacing_mm[0])))
    coarse = geometry.cropped(*box_start_shape(box))
    upright = volume.canonical()
    fine = equal_grid(coarse, spacing_mm)
    return WorkingGrid(resample(upright.array, upright.geometry, fine), fine)


def paste(mask: Mask, source: VolumeGeometry, target: VolumeGeometry) -> Mask:
    """Carry a mask of a smaller, finer grid onto a larger one; outside the smaller grid nothing is set."""
    offsets = _offsets_mm(target, source)
    start = [max(0, int(np.floor(o / s))) for o, s in zip(offsets, target.spacing_mm, strict=True)]
    stop = [
        min(size, int(np.ceil((o + n * step) / s)))
        for o, n, step, s, size in zip(
            offsets, source.shape, source.spacing_mm, target.spacing_mm, target.shape, strict=True
        )
    ]
    result = np.zeros(target.shape, dtype=bool)
    if any(b <= a for a, b in zip(start, stop, strict=True)):
        return result
    shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
    block = target.cropped((start[0], start[1], start[2]), shape)
    result[start[0]:stop[0], start[1]:stop[1], start[2]:stop[2]] = resample_mask(mask, source, block)
    return result


def to_original(mask: Mask, geometry: VolumeGeometry, volume: Volume) -> Mask:
    """Carry a mask on an upright grid back onto the voxels of the original volume, in its own index order."""
    order, flips = volume.geometry.canonical_axes()
    upright = paste(mask, geometry, volume.geometry.reindexed(order, flips))
    return np.ascontiguousarray(reindex(upright, *inverse_axes(order, flips)))


# --- boxes -----------------------------------------------------------------------------------------------------------


def box_of(mask: Mask, margin: int = 0) -> Box:
    """Return the slices of the smallest box around a mask plus ``margin`` voxels, within the array."""
    sides = []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        hits = np.flatnonzero(mask.any(axis=others))
        low, high = (int(hits[0]), int(hits[-1]) + 1) if hits.size else (0, 0)
        sides.append(slice(max(0, low - margin), min(mask.shape[axis], high + margin)))
    return sides[0], sides[1], sides[2]


def box_start_shape(box: Box) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return (start, shape) of a box, as ``VolumeGeometry.cropped`` takes them."""
    start = (box[0].start, box[1].start, box[2].start)
    return start, (box[0].stop - start[0], box[1].stop - start[1], box[2].stop - start[2])


# --- morphology in mm; beyond the border of the array everything goes on as at the border ----------------------------


_FAR_MM: Final = 1e6
_WINDOW: Final = 10  # up to so many voxels trying all neighbours is faster than envelopes


def _distance(mask: Mask, spacing_mm: float, cap_mm: float = _FAR_MM, step_k_mm: float | None = None) -> Image:
    steps = (step_k_mm or spacing_mm, spacing_mm, spacing_mm)
    near = cap_mm <= _WINDOW * spacing_mm
    return near_distance_mm(mask, steps, cap_mm) if near else exact_distance_mm(mask, steps, cap_mm)


def distance_mm(mask: Mask, spacing_mm: float, limit_mm: float | None = None) -> Image:
    """Return the distance in mm from each voxel centre to the nearest voxel of ``mask`` (0 inside), float32.

    With ``limit_mm`` only the box around the mask is computed and distances beyond the limit read as the limit.
    """
    if not mask.any():
        return np.full(mask.shape, _FAR_MM if limit_mm is None else limit_mm, dtype=np.float32)
    if limit_mm is None:
        return _distance(mask, spacing_mm)
    box = box_of(mask, int(np.ceil(limit_mm / spacing_mm)) + 1)
    result = np.full(mask.shape, limit_mm, dtype=np.float32)
    result[box] = _distance(mask[box], spacing_mm, limit_mm)
    return result


def depth_mm(mask: Mask, spacing_mm: float, limit_mm: float = _FAR_MM) -> Image:
    """Return the distance in mm from each voxel of ``mask`` to the nearest voxel outside it (0 outside)."""
    if mask.all():
        return np.full(mask.shape, limit_mm, dtype=np.float32)
    box = box_of(mask, 1)
    result = np.zeros(mask.shape, dtype=np.float32)
    inside = mask[box]
    if inside.size:
        result[box] = np.float32(limit_mm) if inside.all() else _distance(~inside, spacing_mm, limit_mm)
    return result


def dilate_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Return the voxels within ``radius_mm`` of the mask."""
    return distance_mm(mask, spacing_mm, radius_mm + spacing_mm) <= radius_mm


def erode_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Return the voxels of the mask farther than ``radius_mm`` from everything outside it."""
    return depth_mm(mask, spacing_mm, radius_mm + spacing_mm) > radius_mm


def open_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Remove what is thinner than twice the radius."""
    return dilate_mm(erode_mm(mask, radius_mm, spacing_mm), radius_mm, spacing_mm) & mask


def close_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Fill gaps narrower than twice the radius."""
    box = box_of(mask, int(np.ceil(radius_mm / spacing_mm)) + 2)
    result = mask.copy()
    grown = dilate_mm(mask[box], radius_mm, spacing_mm)
    result[box] |= erode_mm(grown, radius_mm, spacing_mm)
    return result


_APART_MM: Final = 1e4  # slices this far apart do not see each other: distances within axial slices


def depth_in_slices_mm(mask: Mask, spacing_mm: float, limit_mm: float = _APART_MM) -> Image:
    """Return, slice by slice, the distance from each voxel of ``mask`` to the nearest one outside it in its slice."""
    return _distance(~mask, spacing_mm, limit_mm, _APART_MM)


def distance_in_slices_mm(mask: Mask, spacing_mm: float, limit_mm: float = _APART_MM) -> Image:
    """Return, slice by slice, the distance to the nearest voxel of ``mask`` in the same slice (the limit if none)."""
    return _distance(mask, spacing_mm, limit_mm, _APART_MM)


def open_slices_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Open every axial slice by itself."""
    limit = radius_mm + spacing_mm
    core = depth_in_slices_mm(mask, spacing_mm, limit) > radius_mm
    return mask & (distance_in_slices_mm(core, spacing_mm, limit) <= radius_mm)


def close_slices_mm(mask: Mask, radius_mm: float, spacing_mm: float) -> Mask:
    """Close every axial slice by itself."""
    limit = radius_mm + spacing_mm
    grown = distance_in_slices_mm(mask, spacing_mm, limit) <= radius_mm
    return mask | (depth_in_slices_mm(grown, spacing_mm, limit) > radius_mm)


def largest_in_slices(mask: Mask) -> Mask:
    """Return the largest component of every axial slice."""
    structure = np.zeros((3, 3, 3), dtype=bool)
    structure[1] = ndimage.generate_binary_structure(2, 1)
    labels, count = ndimage.label(mask, structure)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    peak = sizes[labels].reshape(labels.shape[0], -1).max(1)
    score = sizes[labels]
    keep = mask & (score == peak[:, None, None])
    # of equals in a slice only the first is kept
    first = np.where(keep, labels, count + 1).reshape(labels.shape[0], -1).min(1)
    return np.asarray(keep & (labels == first[:, None, None]))


def largest_component(mask: Mask) -> Mask:
    """Return the largest 6-connected component (the first of equals; empty stays empty)."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask.copy()
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(np.argmax(sizes)))


def components(mask: Mask, min_voxels: int = 1) -> list[Mask]:
    """Return the 6-connected components of at least ``min_voxels``, largest first."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    order = [int(n) for n in np.argsort(-sizes, kind="stable") if sizes[n] >= min_voxels]
    return [np.asarray(labels == n + 1) for n in order]


def boxed_components(mask: Mask, min_voxels: int = 1) -> list[tuple[Box, Mask]]:
    """Return the components as ``components`` does, each as its box (one voxel of margin) and its mask in there."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    places = ndimage.find_objects(labels)
    result = []
    for n in np.argsort(-sizes, kind="stable"):
        if sizes[n] >= min_voxels:
            sides = [slice(max(0, s.start - 1), s.stop + 1) for s in places[n]]
            box = (sides[0], sides[1], sides[2])
            result.append((box, np.asarray(labels[box] == n + 1)))
    return result


def touching(mask: Mask, seeds: Mask) -> Mask:
    """Return the components of ``mask`` that hold at least one voxel of ``seeds``."""
    labels, count = ndimage.label(mask)
    keep = np.zeros(count + 1, dtype=bool)
    keep[np.unique(labels[seeds & mask])] = True
    keep[0] = False
    return keep[labels]


def fill_slices(mask: Mask) -> Mask:
    """Fill the holes of every axial slice."""
    if not mask.any():
        return mask.copy()
    in_slice = np.zeros((3, 3, 3), dtype=bool)
    in_slice[1] = ndimage.generate_binary_structure(2, 1)
    labels, count = ndimage.label(~mask, in_slice)
    open_air = np.zeros(count + 1, dtype=bool)
    for rim in (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]):
        open_air[rim.ravel()] = True
    open_air[0] = False
    return np.asarray(~open_air[labels])


def volume_ml(mask: Mask, spacing_mm: float) -> float:
    """Return the volume of a mask on an equal grid in ml."""
    return int(np.count_nonzero(mask)) * spacing_mm**3 / 1000.0


def mean_hu(hu: Image, mask: Mask) -> float:
    """Return the mean HU in a mask; nan where it is empty."""
    return float(np.mean(hu[mask], dtype=np.float64)) if mask.any() else float("nan")


Masks = Mapping[str, Mask]
