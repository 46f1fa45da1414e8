"""How far off a registration is: at landmarks, else at the surfaces of organs outlined in both scans, else unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, Transform, VolumeGeometry
from anatomy_twin.errors import DataError, TwinError
from anatomy_twin.kernels.distance import signed_distance_mm
from anatomy_twin.kernels.field_spline import sample_at

Floats = NDArray[np.float64]
CAP_MM: Final = 30.0
MOST_POINTS: Final = 20000
LEAST_POINTS: Final = 50
NOT_CHECKED: Final = "not checked: neither landmarks nor an organ outlined in both scans"


@dataclass(frozen=True, slots=True)
class Quality:
    """The error of a registration in mm; ``kind`` is "landmarks", "surfaces" or "not checked" (then all are None).

    ``text`` says it in one line. Landmarks take no part in the fit: theirs is the plain target registration error.
    """

    kind: str
    mean_mm: float | None
    p95_mm: float | None
    most_mm: float | None
    count: int
    text: str


def read_landmarks(landmarks: Any) -> tuple[Floats, Floats]:
    """Return fixed and moving points (n, 3) of a pair of lists or of {name: (fixed, moving)}; ``DataError`` if bad."""
    pairs = list(landmarks.values()) if isinstance(landmarks, Mapping) else None
    try:
        if pairs is not None:
            fixed, moving = ([pair[side] for pair in pairs] for side in (0, 1))
        else:
            fixed, moving = landmarks
        first, second = np.asarray(fixed, float), np.asarray(moving, float)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise DataError("landmarks are no pairs of points", advice="give two lists of points in LPS mm") from error
    if first.ndim != 2 or first.shape != second.shape or first.shape[1] != 3 or not len(first):
        raise DataError("landmarks are no pairs of points", advice="give as many points of one scan as of the other")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise DataError("a landmark is not finite")
    return first, second


def at_landmarks(transform: Transform, landmarks: tuple[Floats, Floats]) -> Quality:
    """Return the target registration error at pairs of points."""
    gaps = np.linalg.norm(transform.to_moving(landmarks[0]) - landmarks[1], axis=1)
    text = f"target registration error {gaps.mean():.1f} mm (largest {gaps.max():.1f} mm) at {len(gaps)} landmarks"
    return Quality("landmarks", float(gaps.mean()), float(np.percentile(gaps, 95)), float(gaps.max()), len(gaps),
                   f"{text}, which took no part in the fit")  # fmt: skip


def at_surfaces(
    transform: Transform, fixed: LabelMap | None, moving: LabelMap | None, names: Sequence[str]
) -> Quality:
    """Return the distance of the surfaces of organs that both scans have, both ways."""
    if fixed is None or moving is None:
        return Quality("not checked", None, None, None, 0, NOT_CHECKED)
    gaps, told = [], []
    for name in names:
        if name not in fixed or name not in moving:
            continue
        there = _both_ways(transform, fixed, moving, name)
        if there.size >= LEAST_POINTS:
            gaps.append(there)
            told.append(name.replace("_", " "))
    if not gaps:
        return Quality("not checked", None, None, None, 0, NOT_CHECKED)
    every = np.concatenate(gaps)
    mean, p95 = float(every.mean()), float(np.percentile(every, 95))
    text = f"distance of the surfaces of {', '.join(told)}: mean {mean:.1f} mm, 95 % within {p95:.1f} mm"
    return Quality("surfaces", mean, p95, float(every.max()), int(every.size), text)


def _both_ways(transform: Transform, fixed: LabelMap, moving: LabelMap, name: str) -> Floats:
    first, second = _Organ.of(fixed, name), _Organ.of(moving, name)
    gaps = [second.away(transform.to_moving(first.points_mm))]
    with suppress(TwinError):  # a field that folds over has no way back: one way must do
        gaps.append(first.away(transform.to_fixed(second.points_mm)))
    return np.concatenate(gaps)


@dataclass(frozen=True, eq=False)
class _Organ:
    depth_mm: NDArray[np.float32]
    geometry: VolumeGeometry
    points_mm: Floats

    @staticmethod
    def of(labels: LabelMap, name: str) -> _Organ:
        """Take an organ's signed distance and points of its surface, without what the scan's border cuts."""
        from skimage.measure import marching_cubes

        mask = labels.mask(name)
        geometry = labels.geometry
        index = np.argwhere(mask)
        room = np.ceil(CAP_MM / np.asarray(geometry.spacing_mm)).astype(int)
        low = np.maximum(index.min(axis=0) - room, 0)
        high = np.minimum(index.max(axis=0) + room + 1, mask.shape)
        cut = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        size = high - low
        place = geometry.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
        depth = signed_distance_mm(cut, geometry.spacing_mm, CAP_MM).astype(np.float32)
        if cut.all() or min(cut.shape) < 2:
            return _Organ(depth, place, np.zeros((0, 3)))
        vertices = np.asarray(marching_cubes(depth, 0.0)[0], float)
        whole = vertices + low
        held = np.all((whole > 1.5) & (whole < np.asarray(mask.shape) - 2.5), axis=1)
        points = place.to_world(vertices[held])
        return _Organ(depth, place, points[:: max(1, len(points) // MOST_POINTS)])

    def away(self, points_mm: Floats) -> Floats:
        """Return how far points lie from the surface; points beyond the grid around the organ are left out."""
        if not len(points_mm):
            return np.zeros(0)
        found = sample_at(self.depth_mm[None], np.asarray(self.geometry.inverse_affine), points_mm, np.nan)[:, 0]
        return np.abs(found[np.isfinite(found)]).astype(float)
