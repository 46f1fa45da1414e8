"""Planes that no axis of the patient gives: along and across an applicator, in a cut, as the scan was taken.

A picture stands the way that is nearest to the anatomical view it resembles, so that head, front and right are where a
reader looks for them; the letters at its edges say what is really there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy_twin.core import AblationPlan, Plan, PlaneCut, ResectionPlan, Volume, VolumeGeometry
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal.slicing import DIRECTIONS, SlicePlane, cross
from anatomy_twin.units import Point, check_point, check_positive

Floats = NDArray[np.float64]

KINDS: Final = (*DIRECTIONS, "scan", "along", "across", "cut")


@dataclass(frozen=True, slots=True)
class Frame:
    """How a picture stands: unit vectors (LPS) towards its right and down; the viewer looks along ``normal``."""

    right: Point
    down: Point

    @property
    def normal(self) -> Floats:
        """Unit vector (LPS) that points away from the viewer."""
        return cross(self.right, self.down)


@dataclass(frozen=True, slots=True)
class PlaneChoice:
    """Which plane a view shows.

    ``kind``: an anatomical one, "scan" (as the images were taken), "along" or "across" the applicator ``number`` of
    the plan, "cut" for the plane cut ``number``. ``angle_deg`` turns the plane along an applicator about it,
    ``depth_mm`` is how far before the tip the plane across it lies (negative: beyond the tip), or how far a plane is
    shifted from its cut towards the viewer.
    """

    kind: str
    number: int = 0
    angle_deg: float = 0.0
    depth_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"no plane is called {self.kind!r}", advice=f"use one of {', '.join(KINDS)}")

    def turned(self, degrees: float) -> PlaneChoice:
        """Return the plane turned further about the applicator, held in -180 .. 180."""
        return replace(self, angle_deg=(self.angle_deg + degrees + 180.0) % 360.0 - 180.0)


def anatomical_frame(name: str) -> Frame:
    """Return the frame of "axial", "coronal" or "sagittal"."""
    if name not in DIRECTIONS:
        raise UsageError(f"no plane is called {name!r}", advice=f"use one of {', '.join(DIRECTIONS)}")
    return Frame(*DIRECTIONS[name])


def nearest_anatomical(normal: ArrayLike) -> str:
    """Return the anatomical plane whose normal is nearest to a direction or its opposite."""
    direction = _unit(normal)
    return max(DIRECTIONS, key=lambda name: round(abs(float(anatomical_frame(name).normal @ direction)), 6))


def frame_along(normal: ArrayLike, *, either_side: bool = True) -> Frame:
    """Return the frame in which one looks along ``normal`` (LPS), upright as the nearest anatomical view.

    With ``either_side`` the viewer stands on the side from which that anatomical view is looked at, else on the side
    that ``normal`` comes from.
    """
    away = _unit(normal)
    like = anatomical_frame(nearest_anatomical(away))
    if either_side and float(like.normal @ away) < 0:
        away = -away
    down = _unit(np.asarray(like.down) - float(np.dot(like.down, away)) * away)
    return _frame(cross(down, away), down)


def frame_with_axis(axis: ArrayLike, angle_deg: float = 0.0) -> Frame:
    """Return the frame of a plane that contains ``axis`` (LPS), turned about it by ``angle_deg``.

    At 0 degrees it is the plane through the axis that is nearest to an axial one (or, where the axis runs head to
    foot, to a coronal one). The picture turns with the plane: the axis keeps its place in it.
    """
    along = _unit(axis)
    reference = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    frame = frame_along(reference - float(reference @ along) * along)
    return _frame(_turned(frame.right, along, angle_deg), _turned(frame.down, along, angle_deg))


def frame_of_scan(geometry: VolumeGeometry) -> Frame:
    """Return the frame in which the images of a scan were taken: across the axis of its thickest steps, rows and
    columns along those of the images, turned and mirrored as one reads them.

    Where all steps are alike it is the axis that runs most nearly head to foot.
    """
    order, flips = geometry.canonical_axes()
    grid = geometry.reindexed(order, flips)
    steps = np.round(grid.spacing_mm, 4)
    axis = int(np.argmax(steps)) if steps.max() > 1.05 * np.median(steps) else 0
    to_head, to_back, to_left = grid.direction.T
    return _frame(*((to_left, to_back), (to_left, -to_head), (to_back, -to_head))[axis])


def place_of(
    choice: PlaneChoice, geometry: VolumeGeometry, plan: Plan | None, focus_mm: ArrayLike
) -> tuple[Frame, Point] | None:
    """Return the frame of a chosen plane and a point (LPS mm) that it goes through.

    None where the plan has no such applicator or cut. Anatomical planes and that of the scan go through ``focus_mm``.
    """
    focus = check_point("focus_mm", focus_mm)
    if choice.kind in DIRECTIONS:
        return anatomical_frame(choice.kind), focus
    if choice.kind == "scan":
        return frame_of_scan(geometry), focus
    if choice.kind == "cut":
        cuts = plane_cuts(plan)
        if not 0 <= choice.number < len(cuts):
            return None
        frame = frame_along(cuts[choice.number].normal)
        shifted = np.asarray(cuts[choice.number].point_mm) - choice.depth_mm * frame.normal
        return frame, check_point("point_mm", shifted)
    if not isinstance(plan, AblationPlan) or not 0 <= choice.number < len(plan.applicators):
        return None
    applicator = plan.applicators[choice.number]
    tip, direction = np.asarray(applicator.tip_mm), np.asarray(applicator.direction)
    if choice.kind == "along":
        return frame_with_axis(direction, choice.angle_deg), applicator.tip_mm
    point = check_point("point_mm", tip - choice.depth_mm * direction)
    return frame_along(direction, either_side=False), point


def plane_cuts(plan: Plan | None) -> tuple[PlaneCut, ...]:
    """Return the plane cuts of a plan, () where it has none."""
    return tuple(c for c in plan.cuts if isinstance(c, PlaneCut)) if isinstance(plan, ResectionPlan) else ()


def plane_at(
    name: str, frame: Frame, through_mm: ArrayLike, centre_mm: ArrayLike, pixel_mm: float, shape: tuple[int, int]
) -> SlicePlane:
    """Return the picture plane of ``shape`` (rows, columns) in a frame.

    It goes through ``through_mm``; the middle of the picture is where ``centre_mm`` lies when it is projected on it.
    """
    step = check_positive("pixel_mm", pixel_mm)
    right, down, normal = np.asarray(frame.right), np.asarray(frame.down), frame.normal
    centre = np.asarray(check_point("centre_mm", centre_mm))
    centre = centre + float((np.asarray(check_point("through_mm", through_mm)) - centre) @ normal) * normal
    rows, columns = max(int(shape[0]), 1), max(int(shape[1]), 1)
    origin = centre - (columns - 1) / 2 * step * right - (rows - 1) / 2 * step * down
    return SlicePlane(name, check_point("origin_mm", origin), frame.right, frame.down, step, (rows, columns))


def extent(corners_mm: ArrayLike, frame: Frame) -> tuple[float, float, Point]:
    """Return width and height in mm of a picture that shows a box in a frame, and its middle (LPS mm).

    ``corners_mm`` (8, 3) are those of a grid or of the body in it (``body_corners``).
    """
    corners = np.asarray(corners_mm, dtype=np.float64)
    across, along = corners @ np.asarray(frame.right), corners @ np.asarray(frame.down)
    return float(np.ptp(across)), float(np.ptp(along)), check_point("middle", corners.mean(axis=0))


def body_corners(volume: Volume) -> Floats:
    """Return the corners (8, 3) in LPS mm of the part of a scan that is not air, with a narrow rim.

    It is found on every fourth voxel: above -400 HU, or where there are no HU above a tenth of the bright values;
    lines of a table or of noise, under 2 % of the fullest slice, do not count. All of the scan where nothing is found.
    """
    canonical = volume.canonical()
    shape = canonical.geometry.shape
    values = canonical.array[::4, ::4, ::4]
    if volume.modality == "CT":
        solid = values > -400
    else:
        low, high = (float(part) for part in np.percentile(values, (1, 99)))
        solid = values > low + 0.1 * (high - low)
    low_index, high_index = [], []
    for axis in range(3):
        counts = solid.sum(axis=tuple(n for n in range(3) if n != axis))
        held = np.flatnonzero(counts > 0.02 * max(int(counts.max()), 1))
        rim = 0.02 * shape[axis] + 2.0
        first, last = (4.0 * held[0], 4.0 * held[-1]) if held.size else (0.0, float(shape[axis]))
        low_index.append(max(first - rim, -0.5))
        high_index.append(min(last + 2 + rim, shape[axis] - 0.5))
    sides = list(zip(low_index, high_index, strict=True))
    return canonical.geometry.to_world(np.array(np.meshgrid(*sides, indexing="ij")).reshape(3, -1).T)


def voxel_step_mm(geometry: VolumeGeometry, direction: ArrayLike) -> float:
    """Return how far it is from slice to slice along a direction: the spacing of the grid axis nearest to it."""
    parts = np.abs(geometry.direction.T @ _unit(direction))
    near = np.flatnonzero(parts > parts.max() - 1e-6)
    return min(float(geometry.spacing_mm[axis]) for axis in near)


def _unit(vector: ArrayLike) -> Floats:
    values = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(values))
    if values.shape != (3,) or not np.isfinite(length) or length < 1e-9:
        raise UsageError("a direction is three numbers that are not all zero")
    return np.asarray(values / length)


def _frame(right: ArrayLike, down: ArrayLike) -> Frame:
    return Frame(check_point("right", _unit(right)), check_point("down", _unit(down)))


def _turned(vector: ArrayLike, axis: Floats, degrees: float) -> Floats:
    """Return a vector turned about a unit axis (Rodrigues)."""
    values, angle = np.asarray(vector, dtype=np.float64), np.radians(degrees)
    part = float(axis @ values) * axis
    return np.asarray(part + np.cos(angle) * (values - part) + np.sin(angle) * cross(axis, values))
