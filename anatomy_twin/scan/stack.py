"""Where the slices of a stack lie, measured: plain numbers, no words and no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Where slices lie off a regular grid by less than SILENT_MM nothing is said (rounded header texts do that), up to
# TOLERATED_MM (at most a quarter of a step) a warning names the deviation, and beyond it the series is no regular
# volume.
SILENT_MM = 0.02
TOLERATED_MM = 0.1
# Slices closer than this (and closer than a tenth of the usual step) show one place twice.
SAME_PLACE_MM = 0.05
# Slices that lie off a grid by more than this part of a step are no jitter but steps of another length.
JITTER_PART = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Slices sorted along their normal, and what is irregular about them; slices are numbered from 0 here.

    ``order`` sorts the given slices. The columns of ``axes`` are the unit vectors along the normal, down a column and
    along a row. ``along_mm`` (n,) and ``lateral_mm`` (n, 2: down, right) are the places of the slices from the first
    one, ``origin_mm`` is its own. ``repeated`` (n - 1,) is true where a slice lies as high as the one before.
    ``gaps`` are (slice before, mm). ``shear`` is the slope of the stack: mm down and right for each mm along the
    normal; ``drift_mm`` is what it makes from end to end, ``bend_mm`` is what no slope explains. ``turn_mm`` is how
    far the corners of slices turn against each other, ``skew`` how far the image axes are from unit and right angle.
    """

    order: NDArray[np.intp]
    axes: Floats
    origin_mm: Floats
    along_mm: Floats
    lateral_mm: Floats
    repeated: NDArray[np.bool_]
    usual_mm: float
    step_mm: float
    jitter_mm: float
    gaps: tuple[tuple[int, float], ...]
    shear: tuple[float, float]
    drift_mm: float
    bend_mm: float
    turn_mm: float
    skew: float

    @property
    def steps_mm(self) -> Floats:
        """The steps from slice to slice along the normal, repeated slices left out."""
        return np.asarray(np.diff(self.along_mm)[~self.repeated])

    @property
    def kept(self) -> NDArray[np.intp]:
        """The slices (of the sorted ones) that lie higher than the one before."""
        return np.flatnonzero(np.concatenate([[True], ~self.repeated]))

    @property
    def tolerated_mm(self) -> float:
        """How far off the grid along the normal a slice may lie."""
        return tolerated(self.usual_mm)

    @property
    def tilt_deg(self) -> float:
        """The angle between the stack and the slice normal."""
        return float(np.degrees(np.arctan(np.hypot(*self.shear))))

    def regular_steps(self) -> tuple[int, bool]:
        """Return how many equal steps from the first to the last slice a repair takes, and if all slices lie on them.

        As many steps as there are if the slices only jitter about them, the usual step if slices are missing, else
        the smallest step or a little less.
        """
        along = self.along_mm[self.kept]
        if along.size < 2:
            return 0, True
        counts = [max(1, round(along[-1] / self.usual_mm))]
        if not self.gaps:
            counts.insert(0, along.size - 1)
        for limit_mm in (self.tolerated_mm, JITTER_PART * self.usual_mm):
            for count in counts:
                nearest = np.rint(along * (count / along[-1]))
                off = np.abs(along - nearest * (along[-1] / count)).max()
                if off <= limit_mm and np.all(np.diff(nearest) > 0):
                    return count, bool(off <= self.tolerated_mm)
        return max(along.size - 1, int(np.ceil(along[-1] / self.steps_mm.min() - 0.01))), False


def measure(
    positions_mm: Floats,
    orientations: Floats,
    extent_mm: tuple[float, float],
    sorted_along: Floats | None = None,
) -> Stack:
    """Sort slices along their normal and measure the stack.

    ``positions_mm`` (n, 3) are the centres of the first pixels in LPS, ``orientations`` (n, 6) the directions along a
    row and down a column, ``extent_mm`` the height and width of a slice. Slices at one place keep their given order;
    slices that have been sorted already, with ``sorted_along`` for axes, keep all of it.
    """
    axes = orthonormal_axes(orientations[0]) if sorted_along is None else sorted_along
    along = positions_mm @ axes[:, 0]
    order = np.argsort(along, kind="stable") if sorted_along is None else np.arange(along.size)
    origin = positions_mm[order[0]]
    along, lateral = along[order] - along[order[0]], (positions_mm[order] - origin) @ axes[:, 1:]
    steps = np.diff(along)
    usual = usual_step(steps)
    repeated = same_place(steps, usual)
    step, jitter = _fit(along[np.concatenate([[True], ~repeated])])
    # what lies on a regular grid has no gap, however its steps compare with each other
    gaps = _gaps(steps, usual) if jitter > tolerated(usual) else ()
    if gaps:
        step, jitter = usual, _jitter_without(steps, usual)
    shear, drift, bend = _slope(along, lateral)
    return Stack(
        order=order,
        axes=axes,
        origin_mm=origin,
        along_mm=along,
        lateral_mm=lateral,
        repeated=repeated,
        usual_mm=usual,
        step_mm=step,
        jitter_mm=jitter,
        gaps=gaps,
        shear=shear,
        drift_mm=drift,
        bend_mm=bend,
        turn_mm=float(np.abs(orientations - orientations[0]).max()) * max(extent_mm),
        skew=max(axes_error(orientation) for orientation in np.unique(orientations, axis=0)),
    )


def orthonormal_axes(orientation: Floats) -> Floats:
    """Return [normal, down a column, along a row] as the columns of an exactly orthonormal 3 x 3 matrix.

    ``orientation`` (6,) is Image Orientation (Patient): the direction along a row, then down a column.
    """
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    column = orientation[3:] - (orientation[3:] @ row) * row
    column /= np.linalg.norm(column)
    return np.column_stack([np.cross(row, column), column, row])


def axes_error(orientation: Floats) -> float:
    """Return by how much the two image axes (6,) miss unit length or a right angle, as a plain ratio."""
    row, column = orientation[:3], orientation[3:]
    return max(abs(float(np.linalg.norm(row)) - 1), abs(float(np.linalg.norm(column)) - 1), abs(float(row @ column)))


def usual_step(steps_mm: Floats) -> float:
    """Return the (lower) median of the steps that are steps at all; 0 where every slice lies at one place.

    The lower one of two, because slices may be missing but none can have come in between.
    """
    real = steps_mm[steps_mm >= SAME_PLACE_MM]
    if not real.size:
        real = steps_mm[steps_mm > 1e-6]
    return float(np.sort(real)[(real.size - 1) // 2]) if real.size else 0.0


def tolerated(step_mm: float) -> float:
    """Return how far off a grid of this step a slice may lie."""
    return min(TOLERATED_MM, 0.25 * step_mm)


def same_place(steps_mm: Floats, usual_mm: float) -> NDArray[np.bool_]:
    """Tell for each step of sorted slices if it is none, because both slices lie at one place."""
    if not usual_mm:
        return np.ones(steps_mm.size, bool)
    return np.asarray(steps_mm < min(SAME_PLACE_MM, 0.1 * usual_mm))


def _gaps(steps: Floats, usual: float) -> tuple[tuple[int, float], ...]:
    """Steps of 1.5 usual ones and more, if few: many of them mean a varying step, not missing slices."""
    if not usual:
        return ()
    wide = np.flatnonzero(steps > 1.5 * usual)
    return tuple((int(k), float(steps[k])) for k in wide) if wide.size <= max(1, steps.size // 3) else ()


def _fit(along: Floats) -> tuple[float, float]:
    """Step of the grid from the first to the last slice, and the largest distance of a slice from it."""
    if along.size < 2:
        return 0.0, 0.0
    step = along[-1] / (along.size - 1)
    return float(step), float(np.abs(along - step * np.arange(along.size)).max())


def _jitter_without(steps: Floats, usual: float) -> float:
    """How far ordinary steps are from the usual one, where gaps are told by themselves."""
    ordinary = steps[(steps > 0.5 * usual) & (steps <= 1.5 * usual)]
    return float(np.abs(ordinary - usual).max(initial=0.0))


def _slope(along: Floats, lateral: Floats) -> tuple[tuple[float, float], float, float]:
    """Return the slope of the stack (down, right), the drift it makes over the stack, and what it does not explain."""
    if along[-1] < SAME_PLACE_MM:
        return (0.0, 0.0), 0.0, float(np.linalg.norm(lateral, axis=1).max(initial=0.0))
    slope = (along @ lateral) / (along @ along)
    bend = _off_line(along, lateral, slope)
    real = np.diff(along) >= SAME_PLACE_MM
    if bend > TOLERATED_MM and real.any():
        # single slices out of line must not look like a tilt of the whole stack
        slope = np.median(np.diff(lateral, axis=0)[real] / np.diff(along)[real, None], axis=0)
        bend = _off_line(along, lateral, slope)
    drift = float(np.linalg.norm(slope)) * float(along[-1])
    return (float(slope[0]), float(slope[1])), drift, bend


def _off_line(along: Floats, lateral: Floats, slope: Floats) -> float:
    return float(np.linalg.norm(lateral - along[:, None] * slope, axis=1).max())
