"""Two scans of a patient -> a transform with its estimated error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from anatomy_twin.core import SILENT, LabelMap, Monitor, Transform, Volume, VolumeGeometry, next_stage, part_of
from anatomy_twin.core.volume import place_not_finite
from anatomy_twin.errors import DataError, ScanError, UsageError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.field_spline import sample_at
from anatomy_twin.registration.deformable import Channel, Level, deformable
from anatomy_twin.registration.images import Image, coarser_mask, prepared, treatable
from anatomy_twin.registration.quality import Quality, at_landmarks, at_surfaces, read_landmarks
from anatomy_twin.registration.rigid import Rigid, rigid

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
LEAST_MM: Final = 40.0
LEAST_VOXELS: Final = 8
ROUND_MM: Final = 4.0  # how far around the region its border is seen
AROUND_MM: Final = 8.0
CHANGED_MM: Final = 12.0  # around a lesion that may have been treated in between nothing is compared
TONES: Final = 100.0  # values further from the region's own than this say no more
NOISE: Final = 10.0
BODY_LEVELS: Final = (Level(6.0, 64.0, 4.0, 4.0, 8), Level(6.0, 32.0, 1.2, 3.0, 6), Level(4.0, 32.0, 1.2, 2.5, 4))
LIVER_LEVELS: Final = (Level(4.0, 64.0, 4.0, 3.0, 8), Level(4.0, 32.0, 1.2, 2.5, 6), Level(2.5, 32.0, 1.2, 1.5, 4))


@dataclass(frozen=True, eq=False)
class Registration:
    """Where each point of ``fixed`` lies in ``moving``, and how well that is known.

    ``quality`` is to be read before anything that rests on it. ``overlap`` is the part of the fixed body that the
    moving scan shows, ``information`` the mutual information of the rigid fit (nat), ``folded_percent`` the part of
    the region where the deformation turns inside out. Same scans, same answer: no chance, whatever the threads.
    """

    transform: Transform
    quality: Quality
    rigid_matrix: NDArray[Any]
    region: str
    information: float
    overlap: float
    folded_percent: float = 0.0
    warnings: tuple[str, ...] = field(default=())

    @property
    def error_mm(self) -> float | None:
        """The estimated error: the mean of what ``quality`` measured; None where nothing could be."""
        return self.quality.mean_mm

    def to_moving(self, points_mm: ArrayLike) -> Floats:
        """Return where points (..., 3) of the fixed scan lie in the moving one, LPS mm."""
        return self.transform.to_moving(points_mm)

    def to_fixed(self, points_mm: ArrayLike) -> Floats:
        """Return where points (..., 3) of the moving scan lie in the fixed one, LPS mm."""
        return self.transform.to_fixed(points_mm)


def register(
    fixed: Volume, moving: Volume, fixed_labels: LabelMap | None = None, moving_labels: LabelMap | None = None,
    landmarks: Any = None, deformable: bool = True, region: str | Mask | None = None, monitor: Monitor = SILENT,
) -> Registration:
    """Find where each point of a scan lies in another scan of the same patient.

    First a turn and a shift, from several starts, by mutual information (Mattes et al., 2003), then a smooth
    deformation within a region by cubic B-splines (least squares with a bending energy).

    Parameters
    ----------
    fixed, moving : two scans; they may differ in grid, place and noise, for a deformation not in kind and unit: it
        compares values.
    fixed_labels, moving_labels : outlines on their grids. Tumours of ``fixed_labels`` and their surroundings do not
        guide the fit, as they may have been treated in between. An organ that both have gives the error where no
        landmarks do; it does not guide the fit either.
    landmarks : pairs of points that show the same place, as (fixed points, moving points) in LPS mm or as
        {name: (fixed, moving)}: they only measure the error.
    deformable : False stops after the turn and the shift.
    region : what is to be brought together: the name of a segment of ``fixed_labels``, or a mask [k, j, i] on
        ``fixed``. By default the liver where it is outlined, else the body.
    monitor : told of progress; may cancel.

    Returns
    -------
    Registration : the transform, its error and what it rests on.

    Raises
    ------
    ScanError : the scans are of different kinds, too small, empty, or agree nowhere.
    DataError, UsageError : labels of another grid, an unknown region, landmarks that are none.
    """
    _check_pair(fixed, moving, deformable)
    _check_labels(fixed, fixed_labels, "the fixed scan")
    _check_labels(moving, moving_labels, "the moving scan")
    pairs = None if landmarks is None else read_landmarks(landmarks)
    monitor.stage("aligning the scans")
    first, second = prepared(fixed), prepared(moving)
    name, inside = _region(fixed, fixed_labels, region, first.geometry)
    organ = name if fixed_labels is not None and moving_labels is not None and name in moving_labels else ""
    anchors = _anchors(first, second)
    if organ and fixed_labels is not None and moving_labels is not None:
        anchors.append((_middle(fixed_labels, organ), _middle(moving_labels, organ)))
    near = None if inside is None else _within(inside, first.geometry, AROUND_MM)
    turned = rigid(first, second, anchors, near, monitor)
    transform, folded = Transform(turned.matrix, None), 0.0
    if deformable:
        next_stage(monitor, "following the deformation")
        with part_of(monitor, 0.0, 1.0) as part:
            transform, folded = _deformed(first, second, turned, inside, fixed_labels, part)
    quality = at_landmarks(transform, pairs) if pairs else at_surfaces(
        transform, fixed_labels, moving_labels, [name] if organ else _organs(fixed_labels))  # fmt: skip
    monitor.progress(1.0)
    told = replace(transform, error_mm=quality.mean_mm, error_kind=quality.text)
    return Registration(told, quality, turned.matrix, name, turned.information, turned.overlap, folded,
                        _warnings(quality, folded, turned))  # fmt: skip


def _warnings(quality: Quality, folded: float, turned: Rigid) -> tuple[str, ...]:
    found = []
    if quality.kind == "not checked":
        found.append("the error of the registration is not checked: look at both scans side by side")
    elif quality.mean_mm is not None and quality.mean_mm > 5.0:
        found.append(f"the registration is {quality.mean_mm:.1f} mm off: do not rely on what was carried over")
    if folded > 0.1:
        found.append(f"the deformation folds over in {folded:.1f} % of the region")
    if turned.overlap < 0.7:
        found.append(f"the scans share {100.0 * turned.overlap:.0f} % of the body only")
    return tuple(found)


def _check_pair(fixed: Volume, moving: Volume, deformable: bool) -> None:
    if deformable and (fixed.modality, fixed.units) != (moving.modality, moving.units):
        kinds = " and ".join(f"{one.modality or 'unknown'} in {one.units or 'no unit'}" for one in (fixed, moving))
        raise ScanError(f"the scans are of different kinds: {kinds}",
                        advice="give two scans of one kind, or stop after turn and shift")
    for name, volume in (("fixed", fixed), ("moving", moving)):
        size = [count * step for count, step in zip(volume.geometry.shape, volume.geometry.spacing_mm, strict=True)]
        if min(size) < LEAST_MM or min(volume.geometry.shape) < LEAST_VOXELS:
            shown = " x ".join(f"{part:.0f}" for part in size)
            raise ScanError(f"the {name} scan is too small to be registered", where=f"{shown} mm",
                            advice=f"give at least {LEAST_MM:.0f} mm and {LEAST_VOXELS} voxels each way")
        values = np.asarray(volume.array)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ScanError(f"the {name} scan holds values that are not finite",
                            where=place_not_finite(values, volume.geometry),
                            advice="replace them by a value")  # fmt: skip
        if values.min() == values.max():
            raise ScanError(f"the {name} scan is empty: all its voxels are the same", advice="give another scan")


def _check_labels(volume: Volume, labels: LabelMap | None, whose: str) -> None:
    if labels is not None and not labels.geometry.is_close(volume.geometry, 0.01):
        raise DataError(f"the labels are not on the grid of {whose}")


def _region(
    fixed: Volume, labels: LabelMap | None, region: str | Mask | None, grid: VolumeGeometry
) -> tuple[str, Mask | None]:
    """Return the name and the mask (on ``grid``) of what is to be brought together; no mask is the whole body."""
    if region is None and labels is not None and "liver" in labels:
        region = "liver"
    if region is None:
        return "body", None
    if isinstance(region, str):
        if labels is None or region not in labels:
            known = ", ".join(labels.names) if labels is not None else "no labels"
            raise UsageError(f"no segment is called {region!r}", advice=f"there are {known}")
        name, mask = region, labels.mask(region)
    else:
        name, mask = "region", np.asarray(region, bool)
        if mask.shape != fixed.geometry.shape:
            raise DataError(f"the region {mask.shape} is not on the grid of the fixed scan {fixed.geometry.shape}")
    found = coarser_mask(mask, fixed.geometry, grid)
    if np.count_nonzero(found) < 500:
        raise DataError(f"the region {name} is too small to guide a registration", advice="give an organ")
    return name, found


def _within(mask: Mask, geometry: VolumeGeometry, reach_mm: float) -> Mask:
    return np.asarray(distance_mm(mask, geometry.spacing_mm, reach_mm + 2.0) <= reach_mm)


def _anchors(first: Image, second: Image) -> list[tuple[Floats, Floats]]:
    """Pairs of points that may belong together: the same place, the middles of the grids and of the bodies."""
    zero = np.zeros(3)
    centres = np.asarray(first.geometry.center_mm), np.asarray(second.geometry.center_mm)
    bodies = tuple(image.geometry.to_world(np.argwhere(image.array[::2, ::2, ::2] > image.low + 1.0).mean(axis=0) * 2)
                   for image in (first, second))  # fmt: skip
    return [(zero, zero), centres, (bodies[0], bodies[1])]


def _middle(labels: LabelMap, name: str) -> Floats:
    return np.asarray(labels.geometry.to_world(np.argwhere(labels.mask(name)).mean(axis=0)))


def _organs(labels: LabelMap | None) -> list[str]:
    """Segments of the first layer: organs that exclude each other, without what fills the rest."""
    rest = ("unknown_tissue", "skin", "fat", "muscle", "body")
    return [s.name for s in labels.segments if s.layer == 0 and not s.absent and s.name not in rest] if labels else []


def _deformed(
    first: Image, second: Image, turned: Rigid, inside: Mask | None, labels: LabelMap | None, monitor: Monitor
) -> tuple[Transform, float]:
    grid = first.geometry
    whole = inside is None
    seen = ndimage.binary_opening(first.array > first.low + 1.0, iterations=2) if inside is None else (
        _within(inside, grid, ROUND_MM))  # fmt: skip
    weight = seen.astype(np.float32)
    if labels is not None:
        changed = np.zeros(grid.shape, bool)
        for segment in treatable(labels):
            if inside is None or segment.part_of:
                changed |= coarser_mask(labels.mask(segment.name), labels.geometry, grid)
        if changed.any():
            weight[_within(changed, grid, CHANGED_MM)] = 0.0
    if np.count_nonzero(weight) < 500:
        raise ScanError("nothing is left to compare around the lesions", advice="give a larger region")
    tone = float(np.median(first.array[inside if inside is not None else seen]))
    channel = Channel(_toned(first, tone), _toned(second, tone), NOISE * _scale(first), True)
    found = deformable((channel,), weight, grid, turned.matrix, monitor, BODY_LEVELS if whole else LIVER_LEVELS)
    return Transform(turned.matrix, None, found.displacement_mm, found.grid), 100.0 * found.folds


def _toned(image: Image, tone: float) -> Image:
    half = TONES * _scale(image)
    return replace(image, array=np.clip(image.array, tone - half, tone + half))


def _scale(image: Image) -> float:
    """Hounsfield units are taken as they are; other units by the range that the image has."""
    return 1.0 if image.low >= -1100 and image.low <= -100 else max(float(np.ptp(image.array)) / 400.0, 1e-6)


def carried_volume(moving: Volume, transform: Transform, grid: VolumeGeometry, outside: float = -1000.0) -> Volume:
    """Return the moving scan on a grid of the fixed one (linear between its voxels)."""
    array = np.empty(grid.shape, np.float32)
    source = np.ascontiguousarray(np.asarray(moving.array, np.float32))[None]
    plane = np.moveaxis(np.indices(grid.shape[1:]), 0, -1).reshape(-1, 2)
    for k in range(grid.shape[0]):
        places = transform.to_moving(grid.to_world(np.column_stack([np.full(len(plane), k), plane])))
        array[k] = sample_at(source, np.asarray(moving.geometry.inverse_affine), places, outside)[:, 0].reshape(
            grid.shape[1:])  # fmt: skip
    return replace(moving, array=array, geometry=grid, instances=())


def carried_mask(mask: Mask, source: VolumeGeometry, transform: Transform, grid: VolumeGeometry) -> Mask:
    """Return a mask of the moving scan on a grid of the fixed one (more than half of what is between its voxels)."""
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
    values = np.ascontiguousarray(mask.astype(np.float32))[None]
    found = sample_at(values, np.asarray(source.inverse_affine), transform.to_moving(places), 0.0)
    return np.asarray(found[:, 0].reshape(grid.shape) >= 0.5)
