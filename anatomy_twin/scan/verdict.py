"""What the positions of slices say about the volume they make: plain numbers, no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Where slices lie off a regular grid by less than SILENT_MM nothing is said (rounded header texts do that), up to
# TOLERATED_MM a warning names the deviation, and beyond it the series is no regular volume.
SILENT_MM = 0.02
TOLERATED_MM = 0.1
# Slices closer than this (and closer than a tenth of the usual step) show one place twice.
SAME_PLACE_MM = 0.05
# Image axes must be unit vectors and perpendicular to this; header texts of three decimals still are.
AXES_TOLERANCE = 2e-3
SPACING_RANGE_MM = (1e-3, 100.0)
POSITION_LIMIT_MM = 1e5


@dataclass(frozen=True, slots=True)
class GeometryVerdict:
    """The finding about the slices of one series, in millimetres, degrees and slice numbers counted from 1.

    ``uniform`` is true when the slices make one regular, upright volume. ``gaps`` are (slice, mm): after that slice
    the next one is so far away instead of one step. ``duplicates`` are the slices that lie where the one before
    lies. ``tilt_deg`` is the angle between the stack and the slice normal (gantry tilt). ``jitter_mm`` is the largest
    distance of a slice from the regular grid, sideways drift left out. ``notes`` are harmless findings to be told,
    ``problems`` are those that forbid loading.
    """

    uniform: bool
    orientation: str
    patient_position: str = ""
    step_mm: float = 0.0
    gaps: tuple[tuple[int, float], ...] = ()
    duplicates: tuple[int, ...] = ()
    tilt_deg: float = 0.0
    jitter_mm: float = 0.0
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.problems:
            return "; ".join(self.problems)
        step = f"regular {self.orientation} slices every {self.step_mm:.4g} mm" if self.step_mm else "a single slice"
        return "; ".join((step, *self.notes))


@dataclass(frozen=True, slots=True)
class Grid:
    """The regular grid that fits the sorted slices best: columns of ``direction`` are steps along k, j and i."""

    order: tuple[int, ...]
    direction: Floats
    origin_mm: Floats
    step_mm: float


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


def orientation_name(normal: Floats) -> str:
    """Name the plane of slices with this unit normal (LPS): within 1 degree of an axis, else oblique."""
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) < np.cos(np.radians(1.0)):
        return "oblique"
    return ("sagittal", "coronal", "axial")[axis]


def judge(
    positions_mm: Floats,
    orientations: Floats,
    extent_mm: tuple[float, float],
    *,
    patient_position: str = "",
    header_tilt_deg: float | None = None,
) -> tuple[GeometryVerdict, Grid]:
    """Sort slices along their normal and say whether they make one regular volume.

    Parameters
    ----------
    positions_mm : (n, 3), centre of the first pixel of each slice, LPS.
    orientations : (n, 6), the two image axes of each slice.
    extent_mm : height and width of a slice, to turn angles into millimetres at its edge.
    patient_position : the text of the header, only handed on.
    header_tilt_deg : gantry tilt that the header states, compared with the measured one.

    Returns the verdict and the grid; the grid is meaningful for loading only if the verdict is uniform.
    Slices at one place keep their given order.
    """
    axes = orthonormal_axes(orientations[0])
    normal = axes[:, 0]
    along = positions_mm @ normal
    order = np.argsort(along, kind="stable")
    along, sorted_mm = along[order], positions_mm[order]
    problems: list[str] = []
    notes: list[str] = []

    error = max(axes_error(orientation) for orientation in orientations)
    if error > AXES_TOLERANCE:
        problems.append(f"image axes are not perpendicular unit vectors (off by {error:.2g})")
    wobble_mm = float(np.abs(orientations - orientations[0]).max()) * max(extent_mm)
    if wobble_mm > TOLERATED_MM:
        problems.append(f"slices turn against each other by up to {wobble_mm:.2f} mm at their edge")

    steps = np.diff(along)
    usual = _usual_step(steps)
    repeated = steps < min(SAME_PLACE_MM, 0.1 * usual) if usual else np.ones(steps.size, bool)
    duplicates = tuple(int(k) + 2 for k in np.flatnonzero(repeated))
    if duplicates:
        places = _listed([str(k) for k in duplicates])
        problems.append(f"{len(duplicates)} duplicate slices (slice {places}) lie where the one before lies"
                        if len(duplicates) > 1 else f"duplicate slice (slice {places}) lies where the one before lies")

    gaps = _gaps(steps, usual)
    problems += [f"gap of {mm:.4g} mm after slice {k} (usual step {usual:.4g} mm)" for k, mm in gaps[:3]]
    if len(gaps) > 3:
        problems.append(f"{len(gaps)} gaps in all")

    step, jitter = _fit(along)
    if duplicates or gaps:
        step, jitter = usual, _jitter_without(steps, usual)
    tilt_deg, sideways_mm, bend_mm = _tilt(sorted_mm, along, axes)
    if jitter > TOLERATED_MM and not gaps:
        low, high = steps[~repeated].min(initial=usual), steps.max(initial=usual)
        problems.append(f"slice steps vary from {low:.4g} to {high:.4g} mm, off the grid by up to {jitter:.2f} mm")
    elif jitter > SILENT_MM:
        notes.append(f"slices lie off the regular grid by up to {jitter:.2f} mm")
    if sideways_mm > TOLERATED_MM:
        problems.append(f"tilt of {tilt_deg:.1f} degrees between the stack and the slice normal")
    if bend_mm > TOLERATED_MM:
        problems.append(f"slices shift sideways by up to {bend_mm:.2f} mm")
    elif sideways_mm <= TOLERATED_MM and max(sideways_mm, bend_mm) > SILENT_MM:
        notes.append(f"slices drift sideways by up to {max(sideways_mm, bend_mm):.2f} mm")
    if header_tilt_deg and len(along) > 1 and abs(abs(header_tilt_deg) - tilt_deg) > 0.5:
        notes.append(f"the header states a gantry tilt of {abs(header_tilt_deg):.1f} degrees, "
                     f"the positions show {tilt_deg:.1f}")

    verdict = GeometryVerdict(
        uniform=not problems,
        orientation=orientation_name(normal),
        patient_position=patient_position,
        step_mm=float(step),
        gaps=gaps,
        duplicates=duplicates,
        tilt_deg=float(tilt_deg) if sideways_mm > SILENT_MM else 0.0,
        jitter_mm=float(jitter),
        notes=tuple(notes),
        problems=tuple(problems),
    )
    return verdict, Grid(tuple(int(k) for k in order), axes, sorted_mm[0], float(step))


def _usual_step(steps: Floats) -> float:
    """The median of the steps that are steps at all; 0 where every slice lies at one place."""
    real = steps[steps >= SAME_PLACE_MM]
    if not real.size:
        real = steps[steps > 1e-6]
    return float(np.median(real)) if real.size else 0.0


def _gaps(steps: Floats, usual: float) -> tuple[tuple[int, float], ...]:
    """Steps of 1.5 usual ones and more, if few: many of them mean a varying step, not missing slices."""
    if not usual:
        return ()
    wide = np.flatnonzero(steps > 1.5 * usual)
    return tuple((int(k) + 1, float(steps[k])) for k in wide) if wide.size <= max(1, steps.size // 3) else ()


def _fit(along: Floats) -> tuple[float, float]:
    """Step of the grid from the first to the last slice, and the largest distance of a slice from it."""
    if along.size < 2:
        return 0.0, 0.0
    step = (along[-1] - along[0]) / (along.size - 1)
    return float(step), float(np.abs(along - (along[0] + step * np.arange(along.size))).max())


def _jitter_without(steps: Floats, usual: float) -> float:
    """How far ordinary steps are from the usual one, where gaps and duplicates are told by themselves."""
    ordinary = steps[(steps > 0.5 * usual) & (steps <= 1.5 * usual)]
    return float(np.abs(ordinary - usual).max(initial=0.0))


def _tilt(sorted_mm: Floats, along: Floats, axes: Floats) -> tuple[float, float, float]:
    """Return the tilt in degrees, the sideways drift it makes over the stack, and what no straight tilt explains."""
    rise = along - along[0]
    lateral = (sorted_mm - sorted_mm[0]) @ axes[:, 1:]
    if rise[-1] < SAME_PLACE_MM:
        return 0.0, 0.0, float(np.linalg.norm(lateral, axis=1).max(initial=0.0))
    slope = (rise @ lateral) / (rise @ rise)
    bend = _off_line(rise, lateral, slope)
    if bend > TOLERATED_MM:
        # single slices out of line must not look like a tilt of the whole stack
        real = np.diff(rise) >= SAME_PLACE_MM
        slope = np.median(np.diff(lateral, axis=0)[real] / np.diff(rise)[real, None], axis=0)
        bend = _off_line(rise, lateral, slope)
    sideways = float(np.linalg.norm(slope)) * float(rise[-1])
    return float(np.degrees(np.arctan(np.linalg.norm(slope)))), sideways, bend


def _off_line(rise: Floats, lateral: Floats, slope: Floats) -> float:
    return float(np.linalg.norm(lateral - rise[:, None] * slope, axis=1).max())


def _listed(items: list[str], limit: int = 5) -> str:
    return ", ".join(items[:limit]) + (" and more" if len(items) > limit else "")
