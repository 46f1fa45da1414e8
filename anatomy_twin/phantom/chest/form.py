"""The form of one chest: size, random fields, outline, rib cage and diaphragm; and a canvas with names of its own.

Model frame: LPS mm, x to the left, y to the back, z to the head; z = 0 at the top of the right dome of the diaphragm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.phantom.canvas import Box, Canvas, Point3
from anatomy_twin.phantom.shapes import FAR_MM, Field, carve, curve, smooth_step
from anatomy_twin.phantom.texture import SmoothNoise

SKIN_MM: Final = 2.0
# z, half width, front, back of the inner face of the rib cage: about the size of an adult's on full inspiration
CAGE: Final = np.array([
    (-140, 126, -96, 70), (-60, 134, -92, 80), (0, 138, -84, 86), (60, 131, -78, 86), (100, 114, -64, 82),
    (130, 90, -44, 73), (150, 68, -24, 62), (163, 46, -6, 52), (171, 26, 8, 44), (176, 8, 20, 34), (230, 4, 24, 32),
], float)
# the same of the skin, with arms raised: shoulders above, then the neck
OUTLINE: Final = np.array([
    (-140, 157, -112, 103), (0, 166, -116, 114), (60, 168, -112, 116), (110, 176, -98, 112), (140, 192, -82, 104),
    (160, 198, -68, 99), (174, 198, -60, 94), (188, 190, -54, 88), (200, 150, -50, 82), (212, 80, -50, 77),
    (240, 64, -52, 75),
], float)
SPINE: Final = np.array([(-140, 47), (-60, 52), (20, 58), (80, 55), (120, 46), (165, 29), (200, 14), (240, 6)], float)
APEX_MM: Final = 176.0


@dataclass(frozen=True, eq=False)
class Form:
    """What is drawn once per patient: nothing here depends on the grid it is sampled on."""

    seed: int
    phase: str
    wide: float
    deep: float
    fat_mm: float
    left_dome_mm: float
    warp: tuple[SmoothNoise, ...]
    swell: SmoothNoise
    lumps: SmoothNoise
    ripple: SmoothNoise
    grain: SmoothNoise
    warp_mm: float = 3.5

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for one part, so that parts do not shift each other's random numbers."""
        return np.random.default_rng([self.seed, *name.encode()])

    def unwarp(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn model positions (N, 3 + extra) into where the warped model shows them (fixed-point iteration)."""
        placed = np.array(points, dtype=float)
        for _ in range(5):
            moves = [noise.at(placed[:, :3]) for noise in self.warp]
            placed[:, : len(moves)] = points[:, : len(moves)] - self.warp_mm * np.stack(moves, axis=1)
        return placed

    def path(self, points: object, step_mm: float = 4.0) -> NDArray[np.float64]:
        """A smooth warped curve through control points (N, 4: x, y, z, radius)."""
        return self.unwarp(curve(points, step_mm))


def draw_form(seed: int, phase: str) -> Form:
    """Draw a chest."""
    rng = np.random.default_rng([seed, 11])
    low, high = (-270.0, -230.0, -150.0), (270.0, 260.0, 250.0)

    def noise(spacing_mm: float) -> SmoothNoise:
        return SmoothNoise.draw(rng, spacing_mm, low, high)

    def between(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -2, 2))

    return Form(
        seed=seed, phase=phase, wide=between(1.0, 0.035), deep=between(1.0, 0.04), fat_mm=between(13, 3.5),
        left_dome_mm=between(-12, 4), warp=(noise(75.0), noise(75.0)), swell=noise(48.0), lumps=noise(24.0),
        ripple=noise(11.0), grain=noise(6.0),
    )


class PartCanvas(Canvas):
    """A canvas whose exclusive names are given, warped in x and y only, so that what depends on z stays a line."""

    def __init__(  # the base class knows the abdomen's names and warps along z too, so it is not called
        self, geometry: VolumeGeometry, shift_mm: Point3, warp: Sequence[SmoothNoise], warp_mm: float,
        names: Sequence[str],
    ) -> None:
        low = geometry.to_world((0, 0, 0)) - shift_mm
        k, j, i = geometry.shape
        dz, dy, dx = geometry.spacing_mm
        self.geometry = geometry
        self.value = {name: number for number, name in enumerate(names, start=1)}
        self.x, self.y, self.z = low[0] + dx * np.arange(i), low[1] + dy * np.arange(j), low[2] + dz * np.arange(k)
        lines = [
            (noise.on(self.x, self.y, self.z) * np.float32(warp_mm) + axis).astype(np.float32)
            for noise, axis in zip(warp, (self.x, self.y[:, None]), strict=True)
        ]
        self.warped = (lines[0], lines[1], self.z[:, None, None].astype(np.float32))
        self._noises: dict[int, Field] = {}
        self.labels = np.zeros(geometry.shape, np.uint8)
        self.parts = np.zeros(geometry.shape, np.uint8)
        self.image = np.zeros(geometry.shape, np.float32)
        self.free = np.ones(geometry.shape, np.float32)
        self.occupied = np.full(geometry.shape, np.float32(FAR_MM))
        self.edge_mm = np.float32((dx + dy) / 2)

    def coordinates(self, box: Box) -> tuple[Field, Field, Field]:
        """The warped x and y of a box, each [k, j, i], and its z [k, 1, 1]."""
        return self.warped[0][box], self.warped[1][box], self.warped[2][box[0]]

    def place(
        self, name: str, distance: Field, box: Box, hu: Field | float, gap_mm: float = 1.0, clip: bool = True,
        part: int | Field = 0,
    ) -> Field:
        """Draw a shape with its HU where there is room; ``part`` numbers what it consists of."""
        if distance.size == 0:
            return distance
        shown = carve(distance, np.float32(gap_mm) - self.occupied[box], 3.0) if clip else distance
        inside = (shown < 0) & (self.labels[box] == 0)
        self.labels[box][inside] = self.value[name]
        if np.any(part):
            self.parts[box][inside] = np.broadcast_to(np.asarray(part, np.uint8), inside.shape)[inside]
        cover = np.clip(np.float32(0.5) - shown / self.edge_mm, 0, 1) * self.free[box]
        self.image[box] += cover * np.asarray(hu, np.float32)
        self.free[box] -= cover
        self.occupied[box] = np.minimum(self.occupied[box], shown)
        return shown


@dataclass(frozen=True, eq=False)
class Cage:
    """Fields over a grid: depth under the skin, depth inside the cage, height over the diaphragm, over the recess."""

    depth: Field
    fat_mm: Field
    cavity: Field
    dome: Field
    recess_mm: Field


def profile(table: NDArray[np.float64], column: int, z: object) -> Field:
    """A column of a table (first column z in mm) at heights ``z``, smoothly interpolated without overshoot."""
    places, values = _fine_line(tuple(table[:, 0]), tuple(table[:, column]))
    return np.asarray(np.interp(np.asarray(z, float), places, values), np.float32)


@lru_cache(maxsize=256)
def _fine_line(heights: tuple[float, ...], values: tuple[float, ...]) -> tuple[NDArray[np.float64], ...]:
    places = np.linspace(heights[0], heights[-1], 2 + int(2 * (heights[-1] - heights[0])))
    return places, np.asarray(PchipInterpolator(heights, values)(places))


def spine_y(z: object) -> Field:
    """Where the centres of the vertebral bodies lie: thoracic kyphosis."""
    return profile(SPINE, 1, z)


def _inside(x: Field, y: Field, half: Field, front: Field, back: Field, powers: tuple[float, float]) -> Field:
    """Approximate depth in mm inside a superellipse whose size depends on z (in-plane distance)."""
    middle, deep = (front + back) / 2, (back - front) / 2
    u, v = np.abs(x) / half + np.float32(1e-6), np.abs(y - middle) / deep + np.float32(1e-6)
    power = np.where(y > middle, np.float32(powers[1]), np.float32(powers[0]))
    f = (u**power + v**power) ** (1 / power)
    slope = np.sqrt((u ** (power - 1) / half) ** 2 + (v ** (power - 1) / deep) ** 2) * f ** (1 - power)
    return np.asarray(np.clip((1 - f) / np.maximum(slope, 1e-4), -60, 110), np.float32)


def cage_size(form: Form, z: object, table: NDArray[np.float64] = CAGE) -> tuple[Field, Field, Field]:
    """Half width, front and back of the cage (or the skin, ``OUTLINE``) at heights ``z``."""
    more = form.fat_mm - 13 if table is OUTLINE else 0.0
    return (
        profile(table, 1, z) * np.float32(form.wide) + np.float32(more),
        profile(table, 2, z) * np.float32(form.deep) - np.float32(more),
        profile(table, 3, z) + np.float32(0.4 * more),
    )


def cage_point(form: Form, angle: float, z: float, outside_mm: float) -> tuple[float, float]:
    """A point of the cage at an angle from the back (radians, positive to the left), so far outside its inner face."""
    half, front, back = (float(value) for value in cage_size(form, z))
    middle, deep = (front + back) / 2, (back - front) / 2 + outside_mm
    half += outside_mm
    sx, cy = float(np.sin(angle)), float(np.cos(angle))
    power = 2.5 if cy > 0 else 2.2
    radius = ((abs(sx) / half) ** power + (abs(cy) / deep) ** power) ** (-1 / power)
    return radius * sx, middle + radius * cy


def make_cage(form: Form, canvas: PartCanvas) -> Cage:
    """Compute the layers that place everything else."""
    x, y, z = canvas.coordinates(canvas.all)
    depth = _inside(x, y, *cage_size(form, z, OUTLINE), (2.3, 2.5))
    furrow = np.exp(-((x / 15) ** 2)) * smooth_step(y, 30, 80)
    depth = depth - 4 * furrow
    fat = np.float32(form.fat_mm) * (1 + 0.3 * smooth_step(-y, 20, 90)) * (1 - 0.25 * smooth_step(z, 60, 150))
    fat = fat + 1.2 * canvas.noise(form.lumps, canvas.all)
    half, front, back = cage_size(form, z)
    lean = np.gradient(profile(CAGE, 1, canvas.z), canvas.z) if len(canvas.z) > 1 else np.zeros(len(canvas.z))
    lean = np.sqrt(1 + np.clip(lean, -2.5, 2.5) ** 2).astype(np.float32)[:, None, None]
    cavity = _inside(x, y, half, front, back, (2.2, 2.5)) / lean
    cavity = np.minimum(cavity, np.float32(APEX_MM) - z)
    angle = np.arctan2(x, y)
    forward = (1 - np.cos(angle)) / 2
    right = smooth_step(-x, -28, 40)
    top = form.left_dome_mm * (1 - right) - 6 * np.exp(-(((x - 8) / 30) ** 2)) - 0.0012 * (y + 8) ** 2
    top = top + 1.5 * canvas.noise(form.swell, canvas.all)
    edge = np.minimum(-98 + 20 * forward + 50 * forward**3, top - 18)
    height, reach = top - edge, np.float32(78)
    tz = np.maximum(z - edge, 0) / height + np.float32(1e-4)
    tu = np.clip(reach - cavity, 0, None) / reach + np.float32(1e-4)
    bulge = 2.3  # flat on top and steep at the wall
    k = (tz**bulge + tu**bulge) ** (1 / bulge)
    slope = np.sqrt((tz ** (bulge - 1) / height) ** 2 + (tu ** (bulge - 1) / reach) ** 2) * k ** (1 - bulge)
    dome = (k - 1) / np.maximum(slope, 1e-3)
    return Cage(depth, fat, cavity, dome.astype(np.float32), (z - edge).astype(np.float32))
