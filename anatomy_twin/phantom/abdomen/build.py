"""What is drawn once per patient: size, shape, positions. All in the model frame (LPS mm, z = 0 at the iliac crest)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.canvas import BOX_HIGH, BOX_LOW, Canvas
from anatomy_twin.phantom.intensity import hounsfield
from anatomy_twin.phantom.shapes import Field, curve, smooth_step
from anatomy_twin.phantom.texture import SmoothNoise

SKIN_MM = 2.0


@dataclass(frozen=True, eq=False)
class Build:
    """The body of one patient: everything that does not depend on the grid it is sampled on."""

    seed: int
    phase: str
    half_width_mm: float
    half_depth_mm: float
    fat_mm: float
    muscle: float
    dome_mm: float
    level_mm: float
    kidney_ml: float
    liver_ml: float
    spleen_ml: float
    gut_gas: float
    oral_contrast: bool
    warp: tuple[SmoothNoise, ...]
    swell: SmoothNoise
    lumps: SmoothNoise
    ripple: SmoothNoise
    grain: SmoothNoise
    mottle: SmoothNoise
    warp_mm: float = 4.5
    # what conditions and later kinds add; the first kinds are drawn with these values
    detailed: bool = False
    iodine: float = 1.0
    oral: bool = False
    liver_hu: float = 0.0
    removed: tuple[str, ...] = ()
    riedel_mm: float = 0.0
    liver_low_mm: float = 0.0
    kidney_drop_mm: tuple[float, float] = (0.0, 0.0)
    duct_mm: float = 2.9
    pelvis: bool = False

    def hu(self, name: str) -> float:
        """Mean HU of a tissue in this patient and phase: enhancement follows the iodine per weight that was given."""
        native, shown = hounsfield(name, "native"), hounsfield(name, self.phase)
        if self.iodine == 1.0:
            return shown
        return native + (shown - native) * self.iodine

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for one part, so that parts do not shift each other's random numbers."""
        return np.random.default_rng([self.seed, *name.encode()])

    def wander(self, name: str, points: object, spread_mm: float = 4.0) -> NDArray[np.float64]:
        """Move control points (N, 3 + extra) by a normal amount of their own."""
        moved = np.array(points, dtype=float)
        moved[:, :3] += np.clip(self.rng(name).normal(0, spread_mm, (len(moved), 3)), -2 * spread_mm, 2 * spread_mm)
        return moved

    def unwarp(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn model positions (N, 3 + extra) into where the warped model shows them (fixed-point iteration)."""
        placed = np.array(points, dtype=float)
        for _ in range(5):
            placed[:, :3] = points[:, :3] - self.warp_mm * np.stack([n.at(placed[:, :3]) for n in self.warp], axis=1)
        return placed

    def path(self, points: object, step_mm: float = 4.0) -> NDArray[np.float64]:
        """A smooth warped curve through control points (N, 4: x, y, z, radius)."""
        return self.unwarp(curve(points, step_mm))


def draw_build(seed: int, phase: str) -> Build:
    """Draw a body."""
    rng = np.random.default_rng([seed, 1])

    def noise(spacing_mm: float) -> SmoothNoise:
        return SmoothNoise.draw(rng, spacing_mm, BOX_LOW, BOX_HIGH)

    def between(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -2, 2))

    return Build(
        seed=seed, phase=phase, half_width_mm=between(166, 6), half_depth_mm=between(112, 5), fat_mm=between(15, 3.5),
        muscle=between(1.0, 0.1), dome_mm=between(206, 4), level_mm=between(0, 4), kidney_ml=between(160, 16),
        liver_ml=between(1500, 120), spleen_ml=between(205, 35), gut_gas=float(rng.uniform(0.3, 0.7)),
        oral_contrast=bool(rng.uniform() < 0.12),
        warp=(noise(75.0), noise(75.0), noise(75.0)), swell=noise(48.0), lumps=noise(24.0), ripple=noise(11.0),
        grain=noise(6.0), mottle=noise(15.0),
    )


@dataclass(frozen=True, eq=False)
class Frame:
    """Fields over the whole grid that place everything else: distances to skin, cavity wall and diaphragm."""

    depth: Field
    fat_mm: Field
    cavity: Field
    dome: Field
    recess_mm: Field
    angle: Field


def make_frame(build: Build, canvas: Canvas) -> Frame:
    """Compute the trunk's layers: ``depth`` under the skin, ``cavity`` > 0 inside the wall, ``dome`` < 0 below it."""
    x, y, z = canvas.coordinates(canvas.all)
    chest = smooth_step(z, 60, 190)
    hips = smooth_step(-z, -40, 20)
    a = build.half_width_mm * (0.965 + 0.02 * chest + 0.05 * hips)
    b = build.half_depth_mm * (0.98 + 0.03 * chest - 0.01 * hips)
    power = np.where(y > 0, np.float32(2.6), np.float32(2.25))
    u, v = np.abs(x) / a + 1e-6, np.abs(y) / b + 1e-6
    f = (u**power + v**power) ** (1 / power)
    slope = np.sqrt((u ** (power - 1) / a) ** 2 + (v ** (power - 1) / b) ** 2) * f ** (1 - power)
    depth = (1 - f) / np.maximum(slope, 1e-4)
    furrow = np.exp(-((x / 16) ** 2)) * (y > 0) * smooth_step(y, 20, 80)
    depth = np.minimum(depth, 100) - 5 * furrow - 2.5 * np.exp(-((x / 11) ** 2)) * smooth_step(-y, 40, 90) * (1 - chest)
    front, side = smooth_step(-y / b, 0.2, 0.9), smooth_step(np.abs(x) / a, 0.55, 0.95)
    fat = build.fat_mm * (0.75 + 0.55 * front + 0.25 * side) * (1.1 - 0.5 * chest + 0.25 * hips)
    fat = fat + 1.2 * canvas.noise(build.lumps, canvas.all)
    straps = np.maximum(np.exp(-((x / 5) ** 2)), np.exp(-(((np.abs(x) - 78) / 9) ** 2)))
    flank = 18 - 7 * front * (1 - side) - 6 * straps * front
    wall = build.muscle * ((1 - chest) * flank + chest * (21 - 3 * front))
    if build.detailed:  # the erector of the spine is thick behind the ribs too
        erector = np.exp(-((np.maximum(np.abs(x) - 42, 0) / 16) ** 2)) * smooth_step(y, 20, 75)
        wall = wall + 13 * build.muscle * erector * (0.2 + 0.8 * chest)
    cavity = depth - SKIN_MM - fat - wall
    angle = np.arctan2(x, y)  # 0 at the back, +-pi at the front
    forward = (1 - np.cos(angle)) / 2
    edge = np.float32(92) + 20 * np.exp(-((np.abs(angle) / 0.55) ** 2)) + 100 * forward**3
    right = smooth_step(-x, -30, 45)
    top = build.dome_mm - 13 * (1 - right) - 7 * np.exp(-(((x - 8) / 30) ** 2)) - 0.0012 * (y + 12) ** 2
    edge = np.minimum(edge, top - 16)
    height = top - edge
    tz = np.maximum(z - edge, 0) / height
    reach = np.float32(78)
    tu = np.clip(reach - cavity, 0, None) / reach
    bulge = 2.3  # squarer than an ellipse: the dome is flat on top and steep at the wall
    tz, tu = tz + 1e-4, tu + 1e-4
    k = (tz**bulge + tu**bulge) ** (1 / bulge)
    slope = np.sqrt((tz ** (bulge - 1) / height) ** 2 + (tu ** (bulge - 1) / reach) ** 2) * k ** (1 - bulge)
    dome = (k - 1) / np.maximum(slope, 1e-3)
    return Frame(depth, fat, cavity, dome.astype(np.float32), z - edge, angle)
