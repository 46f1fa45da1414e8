"""Arms beside the trunk: upper arm with the humerus, elbow, forearm with radius and ulna."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.phantom.abdomen.build import SKIN_MM, Build
from anatomy_twin.phantom.canvas import Box, Canvas
from anatomy_twin.phantom.shapes import Field, smooth_step

ROOM_MM: Final = 96.0  # what the field of view is wider on each side


def draw_arms(build: Build, canvas: Canvas) -> NDArray[np.bool_]:
    """Draw both arms into the image (they get no label) and return trunk and arms together, bool [k, j, i].

    The elbow lies between the kidneys and the iliac crest. Sizes are those of adults: upper arm 85 to 105 mm thick
    with its fat, shaft of the humerus 22 mm, forearm 70 to 85 mm.
    """
    body = canvas.labels > 0
    together = body.copy()
    widths = _half_widths(canvas, body)
    for side in (-1, 1):
        rng = build.rng(f"arm {side}")
        elbow, gap, lift = 78 + rng.uniform(-26, 26), rng.uniform(-1, 9), rng.uniform(-8, 8)
        size = float(1 + 0.006 * (build.fat_mm - 15) + rng.uniform(-0.05, 0.05))
        edge = widths[0] if side < 0 else widths[1]
        for k, z in enumerate(canvas.z):
            upper = float(smooth_step(np.float32(z), elbow - 25, elbow + 30))
            radius = size * (37 + 11 * upper)
            centre = side * (edge[k] + gap + radius), 14 + lift - 0.16 * (elbow - z) * (1 - upper)
            reach = radius * 1.06 + 8
            around = canvas.box((centre[0] - reach, centre[1] - reach, z), (centre[0] + reach, centre[1] + reach, z))
            box = (slice(k, k + 1), *around[1:])
            x = (canvas.x[box[2]] - centre[0]).astype(np.float32)[None, None, :]
            y = (canvas.y[box[1]] - centre[1]).astype(np.float32)[None, :, None]
            skin = np.hypot(x, y / 1.06) - radius + 1.2 * canvas.noise(build.lumps, box)
            hu = _arm_hu(build, canvas, box, (x, y, skin), (upper, float(z) - elbow, side, size))
            cover = np.clip(np.float32(0.5) - skin / canvas.edge_mm, 0, 1) * canvas.free[box]
            canvas.image[box] += cover * hu
            canvas.free[box] -= cover
            together[box] |= skin < 0
    return together


def _half_widths(canvas: Canvas, body: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far the trunk reaches to the right and to the left in each slice, smoothed over 15 mm."""
    columns = body[:, np.abs(canvas.y - 14) < 60].any(axis=1)
    reach = [np.where(columns, side * canvas.x, 0.0).max(axis=1) for side in (-1, 1)]
    sigma = 15 / canvas.geometry.spacing_mm[0]
    right, left = (ndimage.gaussian_filter1d(values, sigma, mode="nearest") for values in reach)
    return right, left


def _arm_hu(
    build: Build, canvas: Canvas, box: Box, fields: tuple[Field, Field, Field], at: tuple[float, float, int, float]
) -> Field:
    """HU of one slice through an arm: skin, fat, muscle, one bone or two, the artery."""
    x, y, skin = fields
    upper, above_mm, side, size = at
    ripple, grain = canvas.noise(build.ripple, box), canvas.noise(build.grain, box)
    fat_mm = SKIN_MM + 2.5 + 0.32 * build.fat_mm
    inner = smooth_step(-skin - fat_mm + 0.6 * ripple, -1, 1)
    seam = smooth_step(-np.abs(y - 4 + 0.15 * x + 2 * ripple), -1.6, -0.4) * smooth_step(np.abs(x), 16, 20)
    flesh = build.hu("muscle") - 90 * seam - 40 * smooth_step(grain + 0.6 * ripple, 1.3, 2.4)
    hu = build.hu("fat") * (1 - inner) + flesh * inner
    rim = smooth_step(skin, -SKIN_MM - 0.5, -SKIN_MM + 0.5)
    hu = hu * (1 - rim) + build.hu("skin") * rim
    artery = smooth_step(-(np.hypot(x + side * 20, y + 2) - 2.3), -0.7, 0.7)
    hu = hu * (1 - artery) + build.hu("aorta") * artery
    near = float(np.exp(-((above_mm / 16) ** 2)))  # the joint: wide condyles
    bones: list[tuple[Field, float]] = []
    if above_mm > -8:
        humerus = np.hypot(x / (1 + 1.5 * near), y * (1 + 0.25 * near)) - 11.2 * size
        bones.append((np.asarray(humerus), 3.6 - 2 * near))
    if above_mm < 14:
        apart = 12 + 3 * (1 - upper)
        for dx, dy, radius in ((apart * side, -5.0, 7.6), (-apart * side * 0.8, 7.0 + 9 * near, 7.0 + 3 * near)):
            bones.append((np.asarray(np.hypot(x - dx, y - dy) - radius * size), 2.6 - near))
    for bone, shell_mm in bones:
        cover = smooth_step(-bone, -0.7, 0.7)
        core = smooth_step(-bone, shell_mm - 0.7, shell_mm + 0.7)
        marrow = -40 + 210 * near + 30 * grain
        inside = 1.5 * build.hu("cortical") * (1 - core) + marrow * core
        hu = hu * (1 - cover) + inside * cover
    return np.asarray(hu, np.float32)
