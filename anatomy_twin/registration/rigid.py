"""The turn and shift that bring one scan onto another: several starts, Mattes mutual information (SimpleITK)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from anatomy_twin.core import Monitor, check_cancelled
from anatomy_twin.errors import ScanError
from anatomy_twin.registration.images import Image, as_itk, coarser, coarser_mask

Floats = NDArray[np.float64]
STEPS_MM: Final = (9.0, 4.5)
FINE_MM: Final = 3.0
TRIED: Final = 4
SHIFTS_ALONG_MM: Final = (0.0, -40.0, 40.0, -80.0, 80.0)
LEAST_OVERLAP: Final = 0.3
BINS: Final = 40


@dataclass(frozen=True, eq=False)
class Rigid:
    """``matrix`` 4 x 4 from fixed to moving LPS mm; ``overlap`` is the part of the fixed scan's body that is met."""

    matrix: Floats
    information: float
    overlap: float


def rigid(
    fixed: Image, moving: Image, anchors: Sequence[tuple[Floats, Floats]], mask: NDArray[np.bool_] | None,
    monitor: Monitor,
) -> Rigid:
    """Return the best turn and shift.

    Parameters
    ----------
    anchors : pairs of points (fixed, moving) in LPS mm that may belong together: each is a start, as are shifts of it
        along the body.
    mask : voxels of ``fixed`` that count in the last, finest pass; None for all of the body.

    Raises ``ScanError`` where no start lets the bodies overlap, or where nothing in them agrees.
    """
    with _in_one_part():
        return _rigid(fixed, moving, anchors, mask, monitor)


@contextmanager
def _in_one_part() -> Iterator[None]:
    """Let SimpleITK work on one thread: its sums depend on how the work is cut, and one part gives one answer."""
    threads = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _rigid(
    fixed: Image, moving: Image, anchors: Sequence[tuple[Floats, Floats]], mask: NDArray[np.bool_] | None,
    monitor: Monitor,
) -> Rigid:
    pairs = [(coarser(fixed, step), coarser(moving, step)) for step in STEPS_MM]
    bodies = [_body(first) for first, _ in pairs]
    starts = [shift for a, b in anchors for shift in _along(np.asarray(b) - np.asarray(a))]
    first, second = pairs[0]
    rated = sorted(
        ((_information(first, second, bodies[0], _shifted(shift, fixed)), number) for number, shift in
         enumerate(starts) if _overlap(first, second, bodies[0], _shift_matrix(shift)) >= LEAST_OVERLAP)
    )  # fmt: skip
    if not rated:
        raise ScanError("the two scans show no part of the body in common", advice="check that they belong together")
    found: list[tuple[float, int, Any]] = []
    for place, (_, number) in enumerate(rated[:TRIED]):
        check_cancelled(monitor)
        found.append(_optimised(first, second, bodies[0], _shifted(starts[number], fixed), place))
        monitor.progress(0.4 * (place + 1) / TRIED)
    turn = min(found, key=lambda one: one[:2])[2]
    value, _, turn = _optimised(pairs[1][0], pairs[1][1], bodies[1], turn, 0)
    monitor.progress(0.7)
    check_cancelled(monitor)
    met = _overlap(*pairs[1], bodies[1], _matrix(turn))
    if met < LEAST_OVERLAP or -value < 0.02:
        raise ScanError("the two scans do not agree anywhere", advice="check that they are of the same patient")
    if mask is not None and np.count_nonzero(mask):
        value, _, turn = _optimised(*_fine(fixed, moving, mask), turn, 0)
    monitor.progress(1.0)
    return Rigid(_matrix(turn), -value, met)


def _fine(fixed: Image, moving: Image, mask: NDArray[np.bool_]) -> tuple[Image, Image, NDArray[np.bool_]]:
    first = coarser(fixed, FINE_MM)
    return first, coarser(moving, FINE_MM), coarser_mask(mask, fixed.geometry, first.geometry)


def _body(image: Image) -> NDArray[np.bool_]:
    """What is not air, filled a little: the couch and the air around say nothing about the patient."""
    inside = image.array > image.low + 1.0
    return np.asarray(SimpleITK.GetArrayFromImage(SimpleITK.BinaryMorphologicalClosing(
        as_itk(inside.astype(np.uint8), image.geometry), (1, 1, 1))) > 0)  # fmt: skip


def _along(shift: Floats) -> list[Floats]:
    return [shift + np.array([0.0, 0.0, step]) for step in SHIFTS_ALONG_MM]


def _shifted(shift: Floats, fixed: Image) -> Any:
    start = SimpleITK.Euler3DTransform()
    start.SetCenter([float(part) for part in fixed.geometry.center_mm])
    start.SetTranslation([float(part) for part in shift])
    return start


def _shift_matrix(shift: Floats) -> Floats:
    matrix = np.eye(4)
    matrix[:3, 3] = shift
    return matrix


def _overlap(fixed: Image, moving: Image, body: NDArray[np.bool_], matrix: Floats) -> float:
    """The part of the fixed body that falls on the moving body."""
    index = np.argwhere(body)[::3]
    places = fixed.geometry.to_world(index) @ matrix[:3, :3].T + matrix[:3, 3]
    voxels = moving.geometry.voxel_of(places)
    inside = np.all((voxels >= 0) & (voxels < moving.geometry.shape), axis=1)
    met = np.zeros(len(index), bool)
    met[inside] = moving.array[tuple(voxels[inside].T)] > moving.low + 1.0
    return float(met.mean()) if len(index) else 0.0


def _method(body: NDArray[np.bool_], fixed: Image) -> Any:
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(as_itk(body.astype(np.uint8), fixed.geometry))
    share = min(1.0, 30000.0 / max(np.count_nonzero(body), 1))
    method.SetMetricSamplingStrategy(method.REGULAR if share < 1.0 else method.NONE)
    if share < 1.0:
        method.SetMetricSamplingPercentage(share, 20261)
    method.SetInterpolator(SimpleITK.sitkLinear)
    return method


def _information(fixed: Image, moving: Image, body: NDArray[np.bool_], start: Any) -> float:
    """Minus the mutual information of a start; infinite where too little overlaps."""
    method = _method(body, fixed)
    method.SetInitialTransform(start, False)
    try:
        return float(method.MetricEvaluate(fixed.as_itk(), moving.as_itk()))
    except RuntimeError:  # SimpleITK's word for too few samples within both
        return math.inf


def _optimised(
    fixed: Image, moving: Image, body: NDArray[np.bool_], start: Any, place: int
) -> tuple[float, int, Any]:
    """Return minus the information, the place among the starts, and the transform after a descent from ``start``."""
    method = _method(body, fixed)
    step = float(max(fixed.geometry.spacing_mm))
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=step, minStep=0.002 * step, numberOfIterations=200, relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )
    # a step of one degree counts as much as the shift that it makes 100 mm away
    method.SetOptimizerScales([1e4, 1e4, 1e4, 1.0, 1.0, 1.0])
    turn = SimpleITK.Euler3DTransform(start)
    method.SetInitialTransform(turn, True)
    try:
        method.Execute(fixed.as_itk(), moving.as_itk())
    except RuntimeError:
        return math.inf, place, turn
    return float(method.GetMetricValue()), place, turn


def _matrix(turn: Any) -> Floats:
    matrix = np.eye(4)
    rotation = np.array(turn.GetMatrix()).reshape(3, 3)
    centre = np.array(turn.GetCenter())
    matrix[:3, :3] = rotation
    matrix[:3, 3] = np.array(turn.GetTranslation()) + centre - rotation @ centre
    return matrix
