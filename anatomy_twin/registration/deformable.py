"""The smooth displacement that a turn and a shift leave over: B-splines fitted by Gauss-Newton, coarse to fine.

Least squares over the voxels of a region, each weighted by how well it fits (Cauchy), plus a penalty on the bending
energy of the field (Rueckert et al., IEEE Trans Med Imaging 1999;18:712, with second differences of the knots). The
normal equations are solved by conjugate gradients without being assembled. All sums have a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import Monitor, VolumeGeometry, check_cancelled
from anatomy_twin.kernels.field_spline import add_normal, apply_tensor, collect, expand, sample_at, spline_taps
from anatomy_twin.registration.images import Image

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
PAD_MM: Final = 12.0
FAR: Final = -30000.0
CAUCHY: Final = 2.5
CG_STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class Level:
    """``step_mm`` of the voxels, ``knots_mm`` apart are the knots, ``bend_mm`` is how much they may bend freely."""

    step_mm: float
    knots_mm: float
    bend_mm: float
    blur_mm: float
    rounds: int


INDEPENDENT: Final = 0.4  # blurred voxels repeat each other: about this part of them says something of its own


@dataclass(frozen=True, eq=False)
class Channel:
    """One picture of both scans that shall agree. ``free``: its values may differ by a factor and an offset."""

    fixed: Image
    moving: Image
    spread: float
    free: bool


@dataclass(frozen=True, eq=False)
class Field:
    """A displacement [3, k, j, i] in mm on ``grid``; ``folds``: part of the region where it turns inside out."""

    displacement_mm: Values
    grid: VolumeGeometry
    folds: float


def deformable(
    channels: tuple[Channel, ...], weight: NDArray[np.float32], grid: VolumeGeometry, matrix: Floats, monitor: Monitor,
    levels: tuple[Level, ...],
) -> Field:
    """Return the displacement that is left after ``matrix`` where ``weight`` [k, j, i] on ``grid`` is above zero.

    Voxels of weight zero within say nothing (a tumour that was ablated in between): the field goes on smoothly there.
    """
    box = _box(weight, grid)
    knots: Values | None = None
    former = levels[0].knots_mm
    for number, level in enumerate(levels):
        check_cancelled(monitor)
        if knots is not None and level.knots_mm < former:
            knots = _refined(knots)
        former = level.knots_mm
        fit = _fit_of(channels, weight, grid, box, matrix, level)
        knots = _fitted(fit, knots, level, monitor, number / len(levels), 1.0 / len(levels))
    out = _grid_of(box, grid, 4.0)
    taps = _taps(out, levels[-1].knots_mm)
    values = _spread(_sized(np.asarray(knots), tuple(tap[2] for tap in taps)), taps)
    field = np.ascontiguousarray(np.moveaxis(values, -1, 0))
    return Field(field, out, _folds(field, out, matrix, weight, grid))


def _box(weight: NDArray[np.float32], grid: VolumeGeometry) -> tuple[Floats, Floats]:
    """First corner (index) and size in mm of the region with some room around it."""
    spans = [np.flatnonzero(weight.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    spacing = np.asarray(grid.spacing_mm)
    low = np.array([span[0] for span in spans]) - PAD_MM / spacing
    high = np.array([span[-1] for span in spans]) + PAD_MM / spacing
    return low, (high - low) * spacing


def _grid_of(box: tuple[Floats, Floats], grid: VolumeGeometry, step_mm: float) -> VolumeGeometry:
    size = np.ceil(box[1] / step_mm).astype(int) + 1
    start = grid.to_world(box[0])
    return VolumeGeometry((int(size[0]), int(size[1]), int(size[2])), (step_mm,) * 3, grid.direction,
                          (float(start[0]), float(start[1]), float(start[2])), grid.frame_of_reference_uid)  # fmt: skip


def _taps(grid: VolumeGeometry, knots_mm: float) -> list[tuple[NDArray[np.int64], Values, int]]:
    return [spline_taps(size, step / knots_mm) for size, step in zip(grid.shape, grid.spacing_mm, strict=True)]


def _spread(knots: Values, taps: list[Any]) -> Values:
    """Return the field of knots [K, J, I, 3] at all voxels [k, j, i, 3]."""
    k, j, i = knots.shape[:3]
    values = expand(knots.reshape(1, k, j * i * 3), *taps[0][:2])
    size = taps[0][0].size
    values = expand(values.reshape(size, j, i * 3), *taps[1][:2])
    size *= taps[1][0].size
    values = expand(values.reshape(size, i, 3), *taps[2][:2])
    return np.asarray(values.reshape(*(tap[0].size for tap in taps), 3))


def _gathered(values: Values, taps: list[Any], power: int = 1) -> Values:
    """The adjoint of ``_spread``: voxels [k, j, i, c] to knots [K, J, I, c] (with weights to a ``power``)."""
    k, j, i, parts = values.shape
    weights = [tap[1] ** power for tap in taps]
    inner = collect(values.reshape(k * j, i, parts), taps[2][0], weights[2], taps[2][2])
    inner = collect(inner.reshape(k, j, taps[2][2] * parts), taps[1][0], weights[1], taps[1][2])
    inner = collect(inner.reshape(1, k, taps[1][2] * taps[2][2] * parts), taps[0][0], weights[0], taps[0][2])
    return np.asarray(inner.reshape(taps[0][2], taps[1][2], taps[2][2], parts))


def _sized(knots: Values, shape: tuple[int, ...]) -> Values:
    """Return knots for a grid that reaches a little less or more far: what is missing goes on as the last ones."""
    held = knots[tuple(slice(0, size) for size in shape)]
    return np.pad(held, [(0, size - there) for size, there in zip((*shape, 3), held.shape, strict=True)], mode="edge")


@dataclass(frozen=True, eq=False)
class _Fit:
    """What stays as it is while one level is fitted; only voxels ``at`` (flat numbers) count."""

    taps: list[Any]
    shape: tuple[int, int, int]
    at: NDArray[np.int64]
    straight_mm: Floats
    weight: Values
    fixed: list[Values]
    stacks: list[NDArray[np.float32]]
    to_index: list[Floats]
    channels: tuple[Channel, ...]


def _fit_of(
    channels: tuple[Channel, ...], weight: NDArray[np.float32], grid: VolumeGeometry, box: tuple[Floats, Floats],
    matrix: Floats, level: Level,
) -> _Fit:
    voxels = _grid_of(box, grid, level.step_mm)
    index = np.moveaxis(np.indices(voxels.shape), 0, -1).reshape(-1, 3)
    places = voxels.to_world(index)
    counted = sample_at(np.ascontiguousarray(weight[None]), grid.inverse_affine, places, 0.0)[:, 0]
    at = np.flatnonzero(counted > 0.5)
    places = places[at]
    straight = places @ matrix[:3, :3].T + matrix[:3, 3]
    fixed, stacks, to_index = [], [], []
    for channel in channels:
        blur = level.blur_mm if channel.free else 0.5 * level.blur_mm
        still = blurred(channel.fixed, places, blur)
        fixed.append(sample_at(still.array[None], still.geometry.inverse_affine, places, FAR)[:, 0])
        moved = blurred(channel.moving, straight, blur, 30.0)
        stacks.append(with_slopes(moved))
        to_index.append(np.asarray(moved.geometry.inverse_affine))
    return _Fit(_taps(voxels, level.knots_mm), voxels.shape, at, straight, counted[at], fixed, stacks, to_index,
                channels)  # fmt: skip


def blurred(image: Image, places: Floats, blur_mm: float, room_mm: float = 8.0) -> Image:
    """Return the part of an image around places, smoothed."""
    spacing = np.asarray(image.geometry.spacing_mm)
    index = image.geometry.to_index(places)
    low = np.clip(np.floor(index.min(axis=0) - room_mm / spacing), 0, np.array(image.array.shape) - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + room_mm / spacing) + 1, low + 1, image.array.shape).astype(int)
    cut = image.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    size = high - low
    place = image.geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    return replace(image, array=ndimage.gaussian_filter(cut, blur_mm / spacing, mode="nearest"), geometry=place)


def with_slopes(image: Image) -> NDArray[np.float32]:
    """Return value and slope in x, y, z per mm, [4, k, j, i]."""
    steps = [np.gradient(image.array, step, axis=axis) if image.array.shape[axis] > 1 else np.zeros_like(image.array)
             for axis, step in enumerate(image.geometry.spacing_mm)]  # fmt: skip
    slopes = np.tensordot(np.asarray(image.geometry.direction, np.float32), np.stack(steps), axes=(1, 0))
    return np.ascontiguousarray(np.concatenate([image.array[None], slopes]).astype(np.float32))


def _fitted(
    fit: _Fit, knots: Values | None, level: Level, monitor: Monitor, start: float, span: float
) -> Values:
    """Return the knots that fit best, by Gauss-Newton with a halved step where it would not help."""
    shape = tuple(tap[2] for tap in fit.taps)
    p = np.zeros((*shape, 3)) if knots is None else _sized(knots, shape).astype(np.float64)
    stiff = 1.0 / level.bend_mm**2
    cost, normal = _normal(fit, p, None)
    for turn in range(level.rounds):
        check_cancelled(monitor)
        step = _solved(fit, normal, p, stiff)
        scale, better = 1.0, False
        for _ in range(3):
            tried = p + scale * step
            value, following = _normal(fit, tried, normal.spreads)
            if value + stiff * _bent_energy(tried) < cost + stiff * _bent_energy(p):
                better = True
                break
            scale *= 0.5
        if not better:
            break
        p = tried
        cost, normal = _normal(fit, p, None) if turn % 2 else (value, following)
        monitor.progress(start + span * (turn + 1) / level.rounds)
        if float(np.abs(scale * step).max()) < 0.02:
            break
    return p.astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Normal:
    tensor: Values
    pull: Values
    spreads: tuple[tuple[float, float, float], ...]


def _normal(
    fit: _Fit, p: Floats, spreads: tuple[tuple[float, float, float], ...] | None
) -> tuple[float, _Normal]:
    """Return cost and normal equations per voxel at knots ``p``; factor, offset and spread are found unless given."""
    field = _spread(p.astype(np.float32), fit.taps).reshape(-1, 3)[fit.at]
    places = fit.straight_mm + field
    tensor, pull = np.zeros((fit.at.size, 6), np.float32), np.zeros((fit.at.size, 3), np.float32)
    total, used = 0.0, []
    for number, channel in enumerate(fit.channels):
        values = sample_at(fit.stacks[number], fit.to_index[number], places, FAR)
        seen = (values[:, 0] > FAR / 2) & (fit.fixed[number] > FAR / 2)
        still, moved = fit.fixed[number], values[:, 0]
        factor, offset, spread = spreads[number] if spreads else _matched(still[seen], moved[seen], channel)
        used.append((factor, offset, spread))
        miss = (still - (factor * moved + offset)) / np.float32(spread)
        weight = np.where(seen, fit.weight * INDEPENDENT / (1.0 + (miss / CAUCHY) ** 2), 0.0).astype(np.float32)
        total += float((np.log1p((miss[seen] / CAUCHY) ** 2) * fit.weight[seen]).sum()) * INDEPENDENT * CAUCHY**2
        # what leaves the other scan costs as much as what does not fit at all
        total += float(fit.weight[~seen].sum()) * INDEPENDENT * CAUCHY**2
        add_normal(tensor, pull, values[:, 1:] * np.float32(factor / spread), miss.astype(np.float32), weight)
    return total, _Normal(tensor, pull, tuple(used))


def _matched(still: Values, moved: Values, channel: Channel) -> tuple[float, float, float]:
    """Return factor and offset that bring the moving values onto the fixed ones, and the spread of what is left."""
    if not channel.free or still.size < 100:
        return 1.0, 0.0, channel.spread
    factor, offset = 1.0, float(np.median(still - moved))
    kept = np.ones(still.size, bool)
    for _ in range(3):
        a, b = still[kept].astype(np.float64), moved[kept].astype(np.float64)
        mean_a, mean_b = a.mean(), b.mean()
        spread = ((b - mean_b) ** 2).mean()
        shared = ((a - mean_a) * (b - mean_b)).mean()
        # the slope of the main axis: noise lies on both
        ratio = np.sqrt(((a - mean_a) ** 2).mean() / max(spread, 1e-6))
        factor = float(np.clip(ratio if shared > 0 else 1.0, 0.5, 2.0))
        offset = float(mean_a - factor * mean_b)
        left = np.abs(still - factor * moved - offset)
        kept = left < 3.0 * max(1.4826 * float(np.median(left)), 0.5 * channel.spread)
    spread = max(1.4826 * float(np.median(np.abs(still - factor * moved - offset))), 0.3 * channel.spread)
    return factor, offset, spread


def _solved(fit: _Fit, normal: _Normal, p: Floats, stiff: float) -> Floats:
    """Solve (B^T T B + stiff R) step = B^T pull - stiff R p by conjugate gradients."""
    full = np.zeros((int(np.prod(fit.shape)), 3), np.float32)

    def product(x: Floats) -> Floats:
        field = _spread(x.astype(np.float32), fit.taps).reshape(-1, 3)[fit.at]
        full[fit.at] = apply_tensor(normal.tensor, field)
        return np.asarray(_gathered(full.reshape(*fit.shape, 3), fit.taps) + stiff * _bent(x))

    full[fit.at] = normal.pull
    right = _gathered(full.reshape(*fit.shape, 3), fit.taps) - stiff * _bent(p)
    full[fit.at] = normal.tensor[:, :3]
    diagonal = _gathered(full.reshape(*fit.shape, 3), fit.taps, 2) + stiff * 40.0
    x = np.zeros(p.shape)
    left = right.astype(np.float64)
    z = left / diagonal
    way = z.copy()
    rate = float((left * z).sum())
    first = rate
    for _ in range(CG_STEPS if first > 0.0 else 0):
        image = product(way)
        length = rate / float((way * image).sum())
        x += length * way
        left -= length * image
        z = left / diagonal
        following = float((left * z).sum())
        if following < 1e-4 * first:
            break
        way = z + (following / rate) * way
        rate = following
    return x


_PAIRS: Final = ((0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (0, 1, 2.0), (0, 2, 2.0), (1, 2, 2.0))


def _bent(p: Floats) -> Floats:
    """Return R p of the bending energy: second differences along the axes, and mixed ones twice."""
    total = np.zeros(p.shape)
    for a, b, weight in _PAIRS:
        if min(p.shape[a], p.shape[b]) < (3 if a == b else 2):
            continue
        total += weight * _back(_back(np.diff(np.diff(p, axis=a), axis=b), b), a)
    return total


def _back(values: Floats, axis: int) -> Floats:
    """The adjoint of ``np.diff``."""
    edge = np.zeros([1 if n == axis else size for n, size in enumerate(values.shape)])
    return -np.diff(np.concatenate([edge, values, edge], axis=axis), axis=axis)


def _bent_energy(p: Floats) -> float:
    return float((p * _bent(p)).sum())


def _refined(knots: Values) -> Values:
    """Return the knots of the same field at half the distance (two-scale relation of the cubic B-spline)."""
    values = knots
    for axis in range(3):
        v = np.moveaxis(values, axis, 0)
        count = v.shape[0]
        fine = np.empty((2 * count - 3, *v.shape[1:]), v.dtype)
        fine[1::2] = (v[:-2] + 6 * v[1:-1] + v[2:]) / 8 if count > 2 else v[:0]
        fine[0::2] = (v[:-1] + v[1:]) / 2
        values = np.moveaxis(fine, 0, axis)
    return np.ascontiguousarray(values)


def _folds(
    field: Values, grid: VolumeGeometry, matrix: Floats, weight: NDArray[np.float32], at: VolumeGeometry
) -> float:
    """Part of the region where the determinant of the map is not above zero."""
    slopes = np.stack([np.stack([np.gradient(field[part], step, axis=axis) for axis, step in
                                 enumerate(grid.spacing_mm)], axis=-1) for part in range(3)], axis=-2)  # fmt: skip
    jacobian = slopes @ np.asarray(grid.direction).T + matrix[:3, :3]
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
    inside = sample_at(np.ascontiguousarray(weight[None]), at.inverse_affine, places, 0.0)[:, 0] > 0.5
    return float((np.linalg.det(jacobian).reshape(-1)[inside] <= 0).mean()) if inside.any() else 0.0
