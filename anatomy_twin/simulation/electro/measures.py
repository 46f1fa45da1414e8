"""What is read off voltage and activation over a surface: velocity, phase singularities, tracks, parts, frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from anatomy_twin.core import SurfaceMesh
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels.elements import sizes_and_gradients
from anatomy_twin.kernels.surface_parts import parts
from anatomy_twin.units import check_positive

FASTEST_M_S: Final = 5.0  # beyond, two fronts met or a beat broke through: no velocity

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Singularities:
    """Where the phase of a surface has none at one moment: ``triangles`` (n,), their middles ``points_mm`` (n, 3) and
    which way the phase rises around them, ``chirality`` (n,), 1 counter-clockwise seen from outside, -1 clockwise: with
    ``phase_of`` the wave runs the other way."""

    time_ms: float
    triangles: NDArray[np.int64]
    points_mm: Floats
    chirality: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Track:
    """One singularity over time: ``times_ms`` (n,), ``points_mm`` (n, 3), and which way the phase rises around it."""

    chirality: int
    times_ms: Floats
    points_mm: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ms", read_only(self.times_ms, "times_ms", ndim=1, dtype=np.float64))
        object.__setattr__(self, "points_mm", read_only(self.points_mm, "points_mm", ndim=2, dtype=np.float64))

    @property
    def lasted_ms(self) -> float:
        """How long it was followed."""
        return float(self.times_ms[-1] - self.times_ms[0])


def conduction_m_s(surface: SurfaceMesh, activation_ms: ArrayLike) -> Floats:
    """Return the conduction velocity (T, 3) of each triangle, m/s, from when its corners (N,) were activated.

    The direction in which activation rises over the square of how steeply; nan where a corner was not activated, and
    where that is faster than 5 m/s, as where two fronts meet.
    """
    times = np.asarray(activation_ms, np.float64)
    _, gradients = sizes_and_gradients(surface.points_mm, surface.triangles)
    slope = np.einsum("tc,tca->ta", times[surface.triangles], gradients)
    square = (slope**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = slope / square[:, None]
    wrong = ~(square > 1.0 / FASTEST_M_S**2)
    found[wrong] = np.nan
    return np.asarray(found)


def phase_of(now: ArrayLike, before: ArrayLike, middle: float) -> Floats:
    """Return the phase (N,), -pi to pi, of a voltage and the same some milliseconds before, about a middle value.

    It turns once in a cycle: at rest both lie below, in the front only the present one above, on the plateau both.
    (R. A. Gray, A. M. Pertsov, J. Jalife, Nature 1998;392:75: a delay spans the plane of phase.)
    """
    return np.arctan2(np.asarray(before, np.float64) - middle, np.asarray(now, np.float64) - middle)


def singularities(surface: SurfaceMesh, phase: ArrayLike, time_ms: float = 0.0) -> Singularities:
    """Return the triangles around which the phase (N,) turns once: the tips of waves."""
    corners = np.asarray(phase, np.float64)[surface.triangles]
    if not np.isfinite(corners).all():
        raise SimulationError("a phase that is no number", where=f"{time_ms:g} ms")
    steps = np.roll(corners, -1, axis=1) - corners
    turns = np.rint(((steps + np.pi) % (2.0 * np.pi) - np.pi).sum(axis=1) / (2.0 * np.pi)).astype(np.int64)
    found = np.flatnonzero(turns)
    middles = surface.points_mm[surface.triangles[found]].mean(axis=1)
    return Singularities(float(time_ms), found, middles, turns[found])


def tracks(moments: list[Singularities], farthest_mm: float = 5.0, least_ms: float = 0.0) -> tuple[Track, ...]:
    """Join singularities of one moment with those of the next: of the same chirality, nearest first.

    ``farthest_mm`` is how far one may move between moments; tracks shorter than ``least_ms`` are left out.
    """
    check_positive("farthest_mm", farthest_mm)
    running: list[tuple[int, list[float], list[Floats]]] = []
    ended: list[tuple[int, list[float], list[Floats]]] = []
    for moment in moments:
        free = list(range(len(moment.triangles)))
        pairs = sorted(
            (float(np.linalg.norm(moment.points_mm[one] - track[2][-1])), number, one)
            for number, track in enumerate(running) for one in free if moment.chirality[one] == track[0]
        )
        joined: set[int] = set()
        for away, number, one in pairs:
            if away <= farthest_mm and number not in joined and one in free:
                joined.add(number)
                free.remove(one)
                running[number][1].append(moment.time_ms)
                running[number][2].append(moment.points_mm[one])
        ended += [track for number, track in enumerate(running) if number not in joined]
        running = [track for number, track in enumerate(running) if number in joined]
        running += [(int(moment.chirality[one]), [moment.time_ms], [moment.points_mm[one]]) for one in free]
    found = [Track(way, np.array(times), np.array(points)) for way, times, points in (*ended, *running)]
    return tuple(sorted(
        (one for one in found if one.lasted_ms >= least_ms), key=lambda one: (-one.lasted_ms, tuple(one.points_mm[0]))
    ))


def density_per_s(surface: SurfaceMesh, found: list[Singularities], radius_mm: float = 3.0) -> Floats:
    """Return how many singularities per second were within a radius of each point (N,) of a surface."""
    points = [one.points_mm for one in found if len(one.points_mm)]
    span_s = (found[-1].time_ms - found[0].time_ms) / 1000.0 if len(found) > 1 else 0.0
    if not points or span_s <= 0.0:
        return np.zeros(len(surface.points_mm))
    near = cKDTree(surface.points_mm).query_ball_point(np.concatenate(points), check_positive("radius_mm", radius_mm))
    counts = np.bincount(np.concatenate([np.asarray(one, np.int64) for one in near]), minlength=len(surface.points_mm))
    return counts / span_s


def parts_without(surface: SurfaceMesh, blocked: ArrayLike) -> NDArray[np.int64]:
    """Return which part of a surface each point (N,) belongs to once blocked points are out, -1 for those.

    The largest part by number of points is 0: a vein in another part is isolated.
    """
    return parts(surface.triangles, ~np.asarray(blocked, bool)).astype(np.int64)


def dominant_hz(voltages_mv: NDArray[Any], every_ms: float, band_hz: tuple[float, float] = (2.0, 20.0)) -> Floats:
    """Return the frequency (N,) with the most power in the spectrum of each node's voltage [moment, node], Hz.

    By one Hann window over all moments, between bins by a parabola; 0 where nothing moves. Raises ``SimulationError``
    for a record that is too short for the band.
    """
    record = np.asarray(voltages_mv, np.float64)
    length_s = record.shape[0] * check_positive("every_ms", every_ms) / 1000.0
    if length_s * band_hz[0] < 2.0:
        raise SimulationError(f"{length_s:.2f} s are too short for {band_hz[0]:g} Hz", advice="record two cycles")
    moving = record - record.mean(axis=0)
    power = np.abs(np.fft.rfft(moving * np.hanning(len(moving))[:, None], axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(moving), every_ms / 1000.0)
    inside = np.flatnonzero((hertz >= band_hz[0]) & (hertz <= band_hz[1]))
    at = inside[np.argmax(power[inside], axis=0)]
    node = np.arange(power.shape[1])
    low, mid, high = (np.log(power[np.clip(at + n, 0, len(power) - 1), node] + 1e-30) for n in (-1, 0, 1))
    curve = low - 2.0 * mid + high
    shift = np.where(np.abs(curve) > 1e-12, 0.5 * (low - high) / np.where(curve == 0.0, 1.0, curve), 0.0)
    found = (at + np.clip(shift, -0.5, 0.5)) * (hertz[1] - hertz[0])
    return np.where(moving.std(axis=0) > 0.1, found, 0.0)
