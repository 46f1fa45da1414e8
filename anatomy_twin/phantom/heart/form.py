"""The form of one heart: how it lies in its chest, size of its chambers, veins of the left atrium, contrast.

Design frame: the chest's model frame (LPS mm, see ``chest.form``) before the heart is turned, moved and scaled by the
seed. All numbers of shape are this project's own drawing (assumed), chosen so that volumes and calibres lie in
published ranges (the tests name them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.canvas import Box
from anatomy_twin.phantom.chest.form import Form, PartCanvas, draw_form
from anatomy_twin.phantom.shapes import Field, rotation

Floats = NDArray[np.float64]
Path = tuple[tuple[float, float, float, float], ...]

CENTRE: Final = np.array((8.0, -24.0, 36.0))  # about which the heart is turned and scaled
ATRIUM: Final = np.array((1.0, 3.0, 47.0))
ATRIUM_MM: Final = np.array((32.0, 18.0, 21.5))  # half axes at atrial size 1
BASE: Final = np.array((17.0, -22.0, 31.0))  # middle of the base of the left ventricle
AXIS: Final = np.array((0.68, -0.53, -0.50)) / np.linalg.norm((0.68, -0.53, -0.50))  # to the apex
FRONT: Final = np.array((-0.253, -0.813, 0.525))  # across the axis, from the mitral to the aortic valve
SIDE: Final = np.array((0.685, 0.230, 0.687))  # across both: to the left and up

# vein: mouth seen from the middle of the atrium at size 1, direction, radius at the mouth, lobes that it drains
VEINS: Final = {
    "right_superior": ((-28.0, -2.0, 12.0), (-0.91, -0.34, 0.20), 9.0, "rul"),
    "right_inferior": ((-27.0, 9.0, -8.5), (-0.86, 0.42, -0.22), 8.3, "rll"),
    "left_superior": ((27.0, 5.0, 13.0), (0.86, -0.04, 0.50), 8.8, "lul"),
    "left_inferior": ((28.0, 8.0, -5.5), (0.88, 0.40, -0.24), 8.0, "lll"),
}
MIDDLE: Final = ((-29.0, 1.0, 2.0), (-0.93, -0.32, -0.10), 4.6, "rml")
COMMON: Final = ((28.0, 6.0, 4.0), (0.96, 0.16, 0.18), 11.0, "lul lll")
VARIANTS: Final = ("usual", "common left trunk", "right middle vein")
VARIANT_SHARES: Final = (0.62, 0.16, 0.22)  # assumed, of the order that series of scans report
STUMP_MM: Final = 12.0  # so much of a vein beyond its mouth belongs to the atrium's label
# shapes of appendages by their common names: points from the mouth on, and radii
APPENDAGES: Final[dict[str, Path]] = {
    "windsock": (
        (26, -11, 56, 7.4), (38, -17, 66, 7.2), (50, -24, 68, 9.0), (58, -35, 62, 8.6), (60, -47, 53, 5.4),
    ),
    "chicken wing": (
        (26, -11, 56, 7.4), (39, -17, 66, 7.2), (52, -21, 67, 9.0), (60, -31, 62, 8.6), (52, -44, 62, 6.0),
    ),
    "cauliflower": (
        (26, -11, 56, 7.8), (38, -17, 66, 8.4), (48, -24, 68, 10.6), (54, -32, 66, 9.2), (57, -40, 60, 6.4),
    ),
}


@dataclass(frozen=True, eq=False)
class HeartForm:
    """What is drawn once per heart: nothing here depends on the grid it is sampled on.

    ``chest`` is the chest around it, ``turn`` and ``move_mm`` how the heart lies, ``size`` of the whole, ``atrium``
    that of the left atrium beside it; ``contrast`` scales the enhancement of blood.
    """

    chest: Form
    turn: Floats
    move_mm: Floats
    size: float
    atrium: float
    chamber_mm: float
    muscle_mm: float
    wall_mm: float
    variant: str
    appendage: str
    jitter: dict[str, tuple[Floats, Floats, float]]
    contrast: float
    right_share: float

    def design(self, canvas: PartCanvas, box: Box) -> tuple[Field, Field, Field]:
        """Return the coordinates of a box of the canvas in the design frame, each [k, j, i]."""
        axes = canvas.coordinates(box)
        rows = (self.turn.T / self.size).astype(np.float32)
        origin = (CENTRE + self.move_mm).astype(np.float32)
        x, y, z = (axis - start for axis, start in zip(axes, origin, strict=True))
        first, second, third = (
            row[0] * x + row[1] * y + row[2] * z + np.float32(start) for row, start in zip(rows, CENTRE, strict=True)
        )
        return first, second, third

    def place(self, points: object) -> Floats:
        """Return design points (N, 3 + radius) in the chest's frame, before its warp."""
        given = np.array(points, float)
        given[:, :3] = CENTRE + self.move_mm + self.size * (given[:, :3] - CENTRE) @ self.turn.T
        given[:, 3:] *= self.size
        return given

    def path(self, points: object, step_mm: float = 3.0) -> Floats:
        """Return a smooth curve through design points (N, 4) where the warped model shows it."""
        return self.chest.path(self.place(points), step_mm)

    def veins(self) -> dict[str, tuple[Floats, Floats, float, str]]:
        """Return per vein of the atrium its mouth and direction in the design frame, radius and lobes it drains."""
        table = dict(VEINS)
        if self.variant == "common left trunk":
            table = {name: vein for name, vein in VEINS.items() if name.startswith("right")}
            table["left_common"] = COMMON
        if self.variant == "right middle vein":
            table["right_middle"] = MIDDLE
        result = {}
        for name, (offset, direction, radius, lobes) in table.items():
            away, lean, wide = self.jitter[name]
            mouth = ATRIUM + self.atrium * (np.array(offset) + away)
            heading = np.array(direction) + lean
            result[name] = (mouth, heading / np.linalg.norm(heading), radius * wide, lobes)
        return result


def draw_heart_form(seed: int, phase: str) -> HeartForm:
    """Draw a heart and the chest around it. The anatomy is the same in every phase."""
    rng = np.random.default_rng([seed, 23])

    def between(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -1.8, 1.8))

    turn = rotation((between(0, 3), between(0, 3.5), between(0, 4)))
    variant = VARIANTS[int(rng.choice(len(VARIANTS), p=VARIANT_SHARES))]
    jitter = {
        name: (rng.uniform(-1.6, 1.6, 3), rng.uniform(-0.10, 0.10, 3), float(rng.uniform(0.9, 1.12)))
        for name in (*VEINS, "right_middle", "left_common")
    }
    return HeartForm(
        chest=draw_form(seed, phase), turn=turn, move_mm=rng.uniform((-3, -2, -3), (3, 2, 3)), size=between(1.0, 0.03),
        atrium=between(1.05, 0.07), chamber_mm=between(24.0, 1.2), muscle_mm=between(9.5, 1.0),
        wall_mm=float(rng.uniform(2.1, 2.9)), variant=variant, appendage=str(rng.choice(sorted(APPENDAGES))),
        jitter=jitter, contrast=float(rng.uniform(0.85, 1.25)), right_share=float(rng.uniform(0.45, 0.95)),
    )
