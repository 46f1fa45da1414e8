"""What the positions of slices say about the volume they make: plain numbers and named findings, no files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from anatomy_twin.scan.stack import SILENT_MM, TOLERATED_MM, Floats, Stack, measure

# Image axes must be unit vectors and perpendicular to this; header texts of three decimals still are.
AXES_TOLERANCE = 2e-3
SPACING_RANGE_MM = (1e-3, 100.0)
POSITION_LIMIT_MM = 1e5
# What a repair may do at most: it must never bridge so much that a small structure could be lost unseen.
REPAIR_TILT_DEG = 45.0
REPAIR_STEPS = 2.0
REPAIR_SPAN_MM = 10.0
REPAIR_UNEVEN = 3.0
REPAIR_SHIFT_PART = 0.5
# A header's gantry tilt is nominal and its sign is not fixed by the standard (PS3.3 C.8.2.1): sizes are compared.
HEADER_TILT_DEG = 0.5


@dataclass(frozen=True, slots=True)
class GeometryVerdict:
    """The finding about the slices of one series, in millimetres, degrees and slice numbers counted from 1.

    ``uniform`` is true when the slices make one regular, upright volume. ``gaps`` are (slice, mm): after that slice
    the next one is so far away instead of one step; ``missing`` are (slice, how many slices are missing after it).
    ``duplicates`` are the slices that lie where the one before lies. ``steps_mm`` are the smallest and the largest
    step. ``tilt_deg`` is the angle between the stack and the slice normal (gantry tilt), ``shear`` the same with its
    direction: mm down the columns and along the rows for each mm along the normal; ``header_tilt_deg`` is what the
    header states. ``jitter_mm`` is the largest distance of a slice from the regular grid, ``shift_mm`` the largest
    sideways distance that no tilt explains, ``turn_mm`` how far slices turn against each other at their edge.
    ``overlap_mm`` is by how much slices overlap; negative if there is tissue between them that no slice shows.

    ``remarks`` are harmless properties, ``notes`` are findings to be told as warnings, ``problems`` forbid loading.
    ``repairs`` are what ``repair=True`` would do about the problems; ``beyond_repair`` are the problems that nothing
    mends, each with the reason, and then there are no repairs.
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
    missing: tuple[tuple[int, int], ...] = ()
    steps_mm: tuple[float, float] = (0.0, 0.0)
    shear: tuple[float, float] = (0.0, 0.0)
    header_tilt_deg: float | None = None
    shift_mm: float = 0.0
    turn_mm: float = 0.0
    overlap_mm: float | None = None
    remarks: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    beyond_repair: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.problems:
            return "; ".join(self.problems)
        step = f"regular {self.orientation} slices every {self.step_mm:.4g} mm" if self.step_mm else "a single slice"
        return "; ".join((step, *self.remarks, *self.notes))

    @property
    def repairable(self) -> bool:
        """True if ``repair=True`` mends all that forbids loading (or nothing does)."""
        return not self.problems or (bool(self.repairs) and not self.beyond_repair)

    @property
    def loading(self) -> str:
        """What loading will do, in one line."""
        if not self.problems:
            return f"loads with a warning: {'; '.join(self.notes)}" if self.notes else "loads as it is"
        if not self.repairable:
            return f"refused: {'; '.join(self.beyond_repair or self.problems)}"
        return f"refused; repair would {', '.join(self.repairs)}"


@dataclass(frozen=True, slots=True)
class Grid:
    """The regular grid that fits the sorted slices best: columns of ``direction`` are steps along k, j and i."""

    order: tuple[int, ...]
    direction: Floats
    origin_mm: Floats
    step_mm: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: a "remark", a "note" or a "problem", with its repair or why there is none."""

    kind: str
    text: str
    repair: str = ""
    why_not: str = ""


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
    thicknesses_mm: Sequence[float | None] = (),
) -> tuple[GeometryVerdict, Grid]:
    """Sort slices along their normal and say whether they make one regular volume.

    Parameters
    ----------
    positions_mm : (n, 3), centre of the first pixel of each slice (or frame), LPS.
    orientations : (n, 6), the two image axes of each slice.
    extent_mm : height and width of a slice, to turn angles into millimetres at its edge.
    patient_position : the text of the header; feet first is told.
    header_tilt_deg : gantry tilt that the header states, compared with the measured one.
    thicknesses_mm : what the headers state, ``None`` where one states none.

    Returns the verdict and the grid; the grid is meaningful for loading only if the verdict is uniform.
    Slices at one place keep their given order.
    """
    stack = measure(positions_mm, orientations, extent_mm)
    findings = [
        *_axes(stack), *_duplicates(stack), *_gaps(stack), *_steps(stack), *_tilt(stack, header_tilt_deg),
        *_shifts(stack, extent_mm), *_thickness(stack, thicknesses_mm), *_position(patient_position),
    ]  # fmt: skip
    thickness = _one_thickness(thicknesses_mm)
    verdict = replace(
        _measured(stack),
        patient_position=patient_position,
        header_tilt_deg=header_tilt_deg,
        overlap_mm=thickness - stack.step_mm if thickness and stack.step_mm else None,
    )
    order = tuple(int(k) for k in stack.order)
    return _told(verdict, findings), Grid(order, stack.axes, stack.origin_mm, stack.step_mm)


def _measured(stack: Stack) -> GeometryVerdict:
    """The numbers of a verdict, slices counted from 1."""
    steps = stack.steps_mm if stack.steps_mm.size else np.zeros(1)
    leans = stack.drift_mm > SILENT_MM
    return GeometryVerdict(
        uniform=True,
        orientation=orientation_name(stack.axes[:, 0]),
        step_mm=stack.step_mm,
        gaps=tuple((k + 1, mm) for k, mm in stack.gaps),
        missing=tuple((k + 1, max(1, round(mm / stack.usual_mm) - 1)) for k, mm in stack.gaps),
        duplicates=_duplicate_numbers(stack),
        steps_mm=(float(steps.min()), float(steps.max())),
        tilt_deg=stack.tilt_deg if leans else 0.0,
        shear=stack.shear if leans else (0.0, 0.0),
        jitter_mm=stack.jitter_mm,
        shift_mm=stack.bend_mm,
        turn_mm=stack.turn_mm,
    )


def _told(verdict: GeometryVerdict, findings: Sequence[Finding]) -> GeometryVerdict:
    """Add the words: findings by kind, and the repairs if all problems have one."""
    problems = [one for one in findings if one.kind == "problem"]
    beyond = tuple(_beyond(one) for one in problems if not one.repair)
    return replace(
        verdict,
        uniform=not problems,
        remarks=tuple(one.text for one in findings if one.kind == "remark"),
        notes=tuple(one.text for one in findings if one.kind == "note"),
        problems=tuple(one.text for one in problems),
        repairs=() if beyond else tuple(dict.fromkeys(one.repair for one in problems)),
        beyond_repair=beyond,
    )


def _beyond(finding: Finding) -> str:
    return f"{finding.text}, beyond repair: {finding.why_not}" if finding.why_not else finding.text


def _axes(stack: Stack) -> Iterator[Finding]:
    if stack.skew > AXES_TOLERANCE:
        yield Finding("problem", f"image axes are not perpendicular unit vectors (off by {stack.skew:.2g})")
    if stack.turn_mm > TOLERATED_MM:
        yield Finding("problem", f"slices turn against each other by up to {stack.turn_mm:.2f} mm at their edge")


def _duplicate_numbers(stack: Stack) -> tuple[int, ...]:
    return tuple(int(k) + 2 for k in np.flatnonzero(stack.repeated))


def _duplicates(stack: Stack) -> Iterator[Finding]:
    numbers = _duplicate_numbers(stack)
    if not numbers:
        return
    apart = np.linalg.norm(np.diff(stack.lateral_mm, axis=0), axis=1)[stack.repeated]
    if apart.max() > TOLERATED_MM:
        k = numbers[int(np.argmax(apart))]
        yield Finding("problem", f"slices {k - 1} and {k} lie side by side, {apart.max():.4g} mm apart")
        return
    text = count_of(len(numbers), "duplicate slice")
    places = listed(numbers)
    tail = "lie where the one before lies" if len(numbers) > 1 else "lies where the one before lies"
    text = f"{text if len(numbers) > 1 else 'duplicate slice'} (slice {places}) {tail}"
    each = np.diff(np.append(stack.kept, stack.along_mm.size))
    if each.size > 1 and each.min() == each.max():
        text += f": {each[0]} images at every place that nothing tells apart"
    if each.size == 1:
        yield Finding("problem", text, why_not="all slices lie at one place")
        return
    yield Finding("problem", text, f"drop {count_of(len(numbers), 'duplicate slice')} (slice {places}) "
                                   "if equal to the one before")


def _gaps(stack: Stack) -> Iterator[Finding]:
    why_not = {k: reason for k, mm in stack.gaps if (reason := _too_wide(stack, k, mm))}
    mended = [k + 1 for k, _ in stack.gaps if k not in why_not]
    repair = f"interpolate 1 missing slice after slice{'s' if len(mended) > 1 else ''} {listed(mended)}"
    if stack.gaps and not stack.regular_steps()[1]:
        repair = _resample(stack)
    told = sorted(stack.gaps, key=lambda gap: gap[0] not in why_not)[:3]
    for k, mm in sorted(told):
        text = f"gap of {mm:.4g} mm after slice {k + 1} (usual step {stack.usual_mm:.4g} mm)"
        yield Finding("problem", text, "" if k in why_not else repair, why_not.get(k, ""))
    if len(stack.gaps) > len(told):
        yield Finding("problem", f"{len(stack.gaps)} gaps in all", repair if mended else "")


def _too_wide(stack: Stack, k: int, mm: float) -> str:
    """Say why a gap of ``mm`` after slice ``k`` cannot be filled truthfully; nothing if it can."""
    if mm > 1.05 * REPAIR_STEPS * stack.usual_mm:
        return f"more than one slice is missing after slice {k + 1}"
    if mm > REPAIR_SPAN_MM + TOLERATED_MM:
        return f"{mm:.4g} mm are too far to interpolate over"
    if mm > REPAIR_UNEVEN * stack.steps_mm.min():
        return f"steps differ by more than a factor of {REPAIR_UNEVEN:g}"
    return ""


def _resample(stack: Stack) -> str:
    count, _ = stack.regular_steps()
    step = float(stack.along_mm[-1]) / count
    if count == stack.kept.size - 1:
        return f"move slices that lie off the grid by up to {stack.jitter_mm:.2f} mm onto steps of {step:.4g} mm"
    return f"resample uneven steps of {stack.steps_mm.min():.4g} to {stack.steps_mm.max():.4g} mm to {step:.4g} mm"


def _steps(stack: Stack) -> Iterator[Finding]:
    if stack.jitter_mm > stack.tolerated_mm and not stack.gaps:
        low, high = float(stack.steps_mm.min()), float(stack.steps_mm.max())
        text = f"slice steps vary from {low:.4g} to {high:.4g} mm, off the grid by up to {stack.jitter_mm:.2f} mm"
        why_not = ""
        if high > REPAIR_UNEVEN * low:
            why_not = f"steps differ by more than a factor of {REPAIR_UNEVEN:g}"
        elif high > REPAIR_SPAN_MM + TOLERATED_MM and stack.kept.size - 1 != stack.regular_steps()[0]:
            why_not = f"{high:.4g} mm are too far to interpolate over"
        yield Finding("problem", text, "" if why_not else _resample(stack), why_not)
    elif stack.jitter_mm > SILENT_MM:
        yield Finding("note", f"slices lie off the regular grid by up to {stack.jitter_mm:.2f} mm")


def _tilt(stack: Stack, header_tilt_deg: float | None) -> Iterator[Finding]:
    tilt = stack.tilt_deg if stack.drift_mm > SILENT_MM else 0.0
    if stack.drift_mm > TOLERATED_MM:
        text = f"tilt of {tilt:.1f} degrees between the stack and the slice normal"
        why_not = f"it is steeper than {REPAIR_TILT_DEG:g} degrees" if tilt > REPAIR_TILT_DEG else ""
        yield Finding("problem", text, "" if why_not else f"shear back a gantry tilt of {tilt:.1f} degrees", why_not)
    if header_tilt_deg is None or stack.kept.size < 2 or not (header_tilt_deg or stack.drift_mm > TOLERATED_MM):
        return
    if abs(header_tilt_deg) > 90:
        yield Finding("note", "the header states a gantry tilt that is none")
    elif abs(abs(header_tilt_deg) - tilt) > HEADER_TILT_DEG:
        shown = f"{tilt:.1f}" if tilt else "none"
        yield Finding("note", f"the header states a gantry tilt of {header_tilt_deg:.1f} degrees, "
                              f"the positions show {shown}")
    else:
        yield Finding("remark", f"the header states the same gantry tilt ({header_tilt_deg:.1f} degrees)")


def _shifts(stack: Stack, extent_mm: tuple[float, float]) -> Iterator[Finding]:
    if stack.bend_mm > TOLERATED_MM:
        text = f"slices shift sideways by up to {stack.bend_mm:.2f} mm"
        far = stack.bend_mm > REPAIR_SHIFT_PART * min(extent_mm)
        repair = "" if far else f"move slices that are shifted sideways by up to {stack.bend_mm:.2f} mm"
        yield Finding("problem", text, repair, "that is more than half of their size" if far else "")
    elif stack.drift_mm <= TOLERATED_MM and max(stack.drift_mm, stack.bend_mm) > SILENT_MM:
        yield Finding("note", f"slices drift sideways by up to {max(stack.drift_mm, stack.bend_mm):.2f} mm")


def _one_thickness(thicknesses_mm: Sequence[float | None]) -> float | None:
    known = [value for value in thicknesses_mm if value is not None and 0 < value <= SPACING_RANGE_MM[1]]
    return float(np.median(known)) if known and len(known) == len(thicknesses_mm) else None


def _thickness(stack: Stack, thicknesses_mm: Sequence[float | None]) -> Iterator[Finding]:
    thickness = _one_thickness(thicknesses_mm)
    if thickness is None or not stack.step_mm:
        return
    low, high = (pick(value for value in thicknesses_mm if value is not None) for pick in (min, max))
    if high > 1.01 * low:
        yield Finding("note", f"slices are {low:.4g} to {high:.4g} mm thick")
        return
    over = thickness - stack.step_mm
    if abs(over) <= SILENT_MM + 0.01 * stack.step_mm:
        return
    slices = f"slices of {thickness:.4g} mm every {stack.step_mm:.4g} mm"
    if over > 0:
        yield Finding("remark", f"{slices} overlap by {over:.4g} mm")
    else:
        yield Finding("note", f"{slices}: {-over:.4g} mm of tissue between two slices are not seen")


def _position(patient_position: str) -> Iterator[Finding]:
    if patient_position.startswith("FF"):
        yield Finding("remark", "feet first")


def count_of(number: int, name: str) -> str:
    """Return "1 slice", "2 slices", "2 objects of unknown class"."""
    head, of, rest = name.partition(" of ")
    return f"{number} {name}" if number == 1 else f"{number} {head}s{of}{rest}"


def listed(numbers: Sequence[int], limit: int = 5) -> str:
    """Return the first few numbers as text."""
    return ", ".join(str(k) for k in numbers[:limit]) + (" and more" if len(numbers) > limit else "")
