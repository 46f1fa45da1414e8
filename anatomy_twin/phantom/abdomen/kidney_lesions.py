"""Cysts and solid tumours of the kidneys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anatomy_twin.phantom.abdomen.build import Build
from anatomy_twin.phantom.canvas import Box, Canvas
from anatomy_twin.phantom.shapes import Field


@dataclass(frozen=True, slots=True)
class KidneyLesion:
    """A ball in or at a kidney (model frame): which kidney, what of ("cyst", "renal_cell"), where and how large."""

    name: str
    kidney: str
    tissue: str
    centre_mm: tuple[float, float, float]
    radius_mm: float

    def distance(self, build: Build, canvas: Canvas, box: Box) -> Field:
        """Distance in mm to its surface on a box, negative inside; a solid one is a little uneven."""
        z, y, x = np.meshgrid(canvas.z[box[0]], canvas.y[box[1]], canvas.x[box[2]], indexing="ij")
        away = np.sqrt(sum((axis - c) ** 2 for axis, c in zip((x, y, z), self.centre_mm, strict=True)))
        bumps = (0.25 if self.tissue == "cyst" else 0.6) * canvas.noise(build.mottle, box)
        return np.asarray(away - self.radius_mm + np.clip(bumps, -1.5, 1.5), np.float32)


def place_kidney_lesions(
    build: Build, kidneys: dict[str, tuple[tuple[float, float, float], float]]
) -> tuple[KidneyLesion, ...]:
    """Draw two to four lesions: at least one cyst and one solid tumour, from inside to half out of the kidney.

    ``kidneys`` are centre and scale of those that are there (model frame). None touches another.
    """
    rng = build.rng("kidney lesions")
    found: list[KidneyLesion] = []
    wanted = ["renal_cell", "cyst", *(("cyst",) * int(rng.integers(0, 3)))]
    for tissue in wanted:
        for _ in range(60):
            name = sorted(kidneys)[int(rng.integers(len(kidneys)))]
            (cx, cy, cz), scale = kidneys[name]
            side = 1 if name.endswith("left") else -1
            # on the outer half, away from the vessels; the share tells how far out the middle lies
            turn, height, share = rng.uniform(-1.1, 1.1), rng.uniform(-0.75, 0.75), rng.uniform(0.72, 1.02)
            radius = float(rng.uniform(5, 18) if tissue == "cyst" else rng.uniform(8, 20))
            ring = np.sqrt(1 - height**2) * share * scale
            centre = (cx + side * 31 * ring * np.cos(turn), cy + 27 * ring * np.sin(turn), cz + 57 * height * scale)
            apart = all(
                np.linalg.norm(np.subtract(centre, other.centre_mm)) > radius + other.radius_mm + 4 for other in found
            )
            if apart:
                place = tuple(float(value) for value in build.unwarp(np.array([centre]))[0])
                number = len(found) + 1
                found.append(KidneyLesion(f"kidney_lesion_{number}", name, tissue, place, radius))
                break
    return tuple(found)
