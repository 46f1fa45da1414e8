"""Bones of the head: vault with diploe, base, face with orbits and sinuses, teeth, mandible, upper neck.

Model frame of the head: LPS mm, z = 0 at the ear canals, y = 0 between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anatomy_twin.phantom.canvas import Box
from anatomy_twin.phantom.chest.form import Form, PartCanvas
from anatomy_twin.phantom.shapes import Field, blend, carve, ellipsoid, smooth_step

CORTICAL_HU: Final = 1250.0
DIPLOE_HU: Final = 520.0
ENAMEL_HU: Final = 2300.0
DENTINE_HU: Final = 1500.0
MARROW_HU: Final = 230.0
# centres of the sinuses and their half axes; air inside, a thin wall of bone around
SINUSES: Final = (
    ((-29, -62, -27), (13, 17, 17)), ((29, -62, -27), (13, 17, 17)), ((-8, -24, 2), (8, 12, 9)),
    ((8, -24, 2), (8, 12, 9)), ((-9, -55, 8), (6, 20, 11)), ((9, -55, 8), (6, 20, 11)),
    ((-11, -83, 34), (10, 3, 11)), ((10, -83, 32), (9, 3, 9)),
)
NOSE: Final = ((0, -68, -24), (14, 36, 22))
ORBIT: Final = ((33, -61, 10), (19, 25, 17))


@dataclass(frozen=True, eq=False)
class Cavities:
    """Distances over the whole grid: to the inside of the skull, of the orbits, of sinuses and nose."""

    brain: Field
    orbits: Field
    air: Field


def make_cavities(form: Form, canvas: PartCanvas, size: float) -> Cavities:
    """Return the hollows of the head; ``size`` scales the room of the brain."""
    x, y, z = canvas.coordinates(canvas.all)
    swell, lumps = canvas.noise(form.swell, canvas.all), canvas.noise(form.lumps, canvas.all)

    def hollow(centre: tuple, semi: tuple, turn: tuple = (0, 0, 0)) -> Field:
        return ellipsoid(np.abs(x), y, z, centre, tuple(value * size for value in semi), turn)

    upper = hollow((0, 2, 50), (66, 84, 61))
    floor = 22 - 48 * smooth_step(y, -20, 14)  # it lies higher in front, over the orbits
    upper = carve(upper, floor - z, 8)
    temporal = hollow((41, -14, 16), (24, 34, 26), (0, 0, -12))
    rear = ellipsoid(x, y, z, (0, 40, 4), tuple(size * value for value in (54, 39, 34)))
    stem = np.maximum(ellipsoid(x, y, z, (0, 20, -12), (17, 16, 34)), -30 - z)
    brain = blend(blend(blend(upper, temporal, 6), rear, 14), stem, 6) + 0.9 * swell + 0.4 * lumps
    ridge = _ridge(x, y, z)
    brain = np.maximum(brain, -ridge)
    orbits = ellipsoid(np.abs(x), y, z, *ORBIT, (0, 0, -22)) + 0.4 * lumps
    air = np.full(canvas.geometry.shape, np.float32(30))
    for centre, semi in SINUSES:
        air = np.minimum(air, ellipsoid(x, y, z, centre, semi) + 0.9 * lumps)
    nose = ellipsoid(x, y, z, *NOSE)
    shells = np.maximum(1.1 - np.abs(x + 1.5 * swell), nose)  # septum apart
    turbinates = np.maximum(nose, 3.6 - np.sqrt((np.abs(x) - 7.5) ** 2 + (np.abs(z + 26) - 7) ** 2))
    air = np.minimum(air, np.maximum(shells, turbinates))
    brain = np.maximum(brain, 2.2 - orbits)
    air = np.maximum(air, np.maximum(1.2 - orbits, 2.2 - brain))  # a table of bone lies between
    return Cavities(brain.astype(np.float32), orbits.astype(np.float32), air.astype(np.float32))


def _ridge(x: Field, y: Field, z: Field) -> Field:
    """The petrous bone: a wedge from the ear to the middle between middle and rear fossa."""
    along = np.clip((np.abs(x) - 14) / 44, 0, 1)
    wedge = np.sqrt((y - (-6 + 20 * along)) ** 2 + (z + 4) ** 2) - (9 + 5 * along)
    return np.asarray(wedge + 30 * smooth_step(14 - np.abs(x), 0, 8), np.float32)


def skull_hu(form: Form, canvas: PartCanvas, box: Box, distance: Field, shell_mm: float) -> Field:
    """Dense tables outside, spongy bone between."""
    core = smooth_step(-distance, shell_mm * 0.7, shell_mm * 1.5)
    spongy = DIPLOE_HU + 90 * canvas.noise(form.grain, box)
    return CORTICAL_HU * (1 - core) + spongy * core


def draw_skull(form: Form, canvas: PartCanvas, hollows: Cavities) -> Field:
    """Vault, base and face; the room of the brain, orbits and air stay free. Returns the distance to the skull."""
    x, y, z = canvas.coordinates(canvas.all)
    swell, lumps = canvas.noise(form.swell, canvas.all), canvas.noise(form.lumps, canvas.all)
    side = smooth_step(np.abs(x), 48, 66) * smooth_step(-np.abs(z - 25), -35, -10)
    thick = 7.2 + 0.9 * swell + 0.4 * lumps - 2.9 * side - 2.2 * smooth_step(-z, -12, 6)
    shell = np.maximum(hollows.brain - thick, -hollows.brain)
    ridge = np.maximum(_ridge(x, y, z), np.abs(x) - 70)
    mastoid = ellipsoid(np.abs(x), y, z, (58, 26, -12), (11, 16, 22))
    skull = blend(shell, np.minimum(ridge, mastoid), 3)
    face = np.minimum(np.abs(hollows.orbits - 1.0) - 1.3, np.abs(hollows.air - 0.8) - 1.0)
    rim = np.sqrt(((np.abs(x) - 34) / 1.05) ** 2 + (z - 11) ** 2) - 21
    rim = np.maximum(np.sqrt(rim**2 + (y + 77 - 0.3 * np.clip(np.abs(x) - 20, 0, 40)) ** 2) - 3.2, -hollows.orbits)
    upper_jaw = _jaw(x, y, z, -40, 7.5, 5.0)
    palate = np.maximum(np.abs(z + 40) - 1.6, ellipsoid(x, y, z, (0, -58, -40), (23, 32, 30)))
    plates = np.maximum(np.abs(np.abs(x) - 13) - 1.1, np.sqrt(((y + 24) / 6) ** 2 + ((z + 22) / 18) ** 2) * 6 - 6)
    face = np.minimum(np.minimum(np.minimum(face, rim), np.minimum(upper_jaw, palate)), plates)
    body_of_sphenoid = ellipsoid(x, y, z, (0, -14, -2), (18, 24, 13))
    clivus = np.maximum(np.abs((y - 6) * 0.8 + (z + 14) * 0.6) - 5.5, np.maximum(np.abs(x) - 13, np.abs(z + 15) - 16))
    face = np.minimum(face, np.maximum(np.minimum(body_of_sphenoid, clivus), -hollows.brain))
    skull = np.minimum(skull, face)
    hole = ellipsoid(x, y, z, (0, 24, -32), (16, 18, 14))  # foramen magnum
    canal = np.sqrt((y - 3) ** 2 + (z + 2) ** 2) - 3.5 + 30 * smooth_step(56 - np.abs(x), 0, 6)
    joint = ellipsoid(np.abs(x), y, z, (50, -8, -9), (13, 9, 9))  # the hollow for the head of the mandible
    grain = canvas.noise(form.grain, canvas.all) + 0.3 * lumps
    cells = np.maximum(mastoid + 3.0, 1.2 * (0.5 - grain))  # air cells of the mastoid
    open_parts = np.minimum(np.minimum(hole, canal), np.minimum(joint, cells))
    hollow = np.minimum(np.minimum(open_parts, hollows.brain), np.minimum(hollows.air, hollows.orbits))
    skull = np.maximum(skull, -hollow)
    canvas.place("unknown_tissue", np.maximum(cells, np.abs(x) - 70), canvas.all, -850.0, clip=False)
    canvas.place("unknown_tissue", np.maximum(canal, np.abs(x) - 84), canvas.all, -980.0, clip=False)
    canvas.place("skull", skull, canvas.all, skull_hu(form, canvas, canvas.all, skull, 1.7), clip=False)
    for where in (-1, 1):  # zygomatic arches
        points = [(where * 46, -68, -14, 6.0), (where * 58, -52, -12, 4.2), (where * 67, -32, -8, 3.2),
                  (where * 68, -14, -5, 3.4), (where * 64, 0, -2, 4.0)]
        place_tube(form, canvas, "skull", points, 1.4)
    for where in (-1, 1):  # condyles of the occiput
        place_tube(form, canvas, "skull", [(where * 20, 14, -30, 6.0), (where * 17, 30, -31, 5.5)], 1.4)
    nasal = [(0, -88, 18, 2.8), (0, -95, 6, 2.6), (0, -101, -3, 2.2)]
    place_tube(form, canvas, "skull", nasal, 1.3)
    return np.asarray(skull, np.float32)


def _jaw(x: Field, y: Field, z: Field, level: float, half_mm: float, thick_mm: float) -> Field:
    """A horseshoe that holds the teeth (parabola open to the back)."""
    curve = np.sqrt((x / 28.0) ** 2 + ((np.minimum(y, -46) + 46) / 44.0) ** 2)
    ring = np.abs((curve - 1) * 30) - thick_mm
    return np.maximum(np.maximum(ring, np.abs(z - level + 4) - half_mm), y + 36)


def place_tube(form: Form, canvas: PartCanvas, name: str, points: object, shell_mm: float, z_scale: float = 1.0,
               part: int = 0) -> None:
    """Draw a bone along control points (x, y, z, radius)."""
    box, distance, _, _ = canvas.tube(form.path(_scaled(form, points), 4.0), 5.0, z_scale)
    if distance.size:
        hu = skull_hu(form, canvas, box, distance, shell_mm)
        canvas.place(name, distance, box, hu, clip=False, part=part)


def _scaled(form: Form, points: object) -> np.ndarray:
    scaled = np.array(points, float)
    scaled[:, 0] *= form.wide
    scaled[:, 1] *= form.deep
    return scaled


def draw_mandible(form: Form, canvas: PartCanvas, gap_mm: float, opened_mm: float) -> Field:
    """The mandible: a horseshoe with lower teeth, two rami, heads that sit ``gap_mm`` under the skull.

    ``opened_mm`` is how far the lower teeth are from the upper ones (0: they touch). Returns the distance to it.
    """
    x, y, z = canvas.coordinates(canvas.all)
    lower = z + np.float32(opened_mm)
    arch = np.sqrt((x / (33.0 + 0.47 * np.clip(y + 50, 0, 32))) ** 2 + ((np.minimum(y, -38) + 38) / 50.0) ** 2)
    body = np.abs((arch - 1) * 34) - (5.4 + 1.2 * smooth_step(-lower, 66, 80))
    body = np.maximum(np.maximum(body, np.abs(lower + 71 - 0.05 * (y + 60)) - 13), y + 16)
    slope = 46 + 0.10 * (y + 24)
    plane = (np.abs(x) - slope - 0.06 * (lower + 60)) / 1.02
    middle, half = -10 - 0.14 * (lower + 40) - 6, 15.5
    notch = np.sqrt((y + 10) ** 2 + (lower + 10) ** 2) - 9
    ramus = np.maximum(np.abs(plane) - 3.6, np.maximum(np.abs(y - middle) - half, np.maximum(lower + 14, -80 - lower)))
    ramus = np.maximum(ramus, -notch)
    corner = (y - 2) + (-70 - lower)  # the angle is rounded off
    ramus = np.maximum(ramus, corner * 0.7 - 4)
    mandible = blend(body, ramus, 5)
    canvas.place("mandible", mandible, canvas.all, _jaw_hu(form, canvas, mandible), clip=False)
    for where in (-1, 1):
        neck = [(where * 48, -3, -28 - 0.5 * opened_mm, 5.5), (where * 50, -6, -16 - gap_mm, 5.0)]
        place_tube(form, canvas, "mandible", neck, 1.5)
        head = [(where * 44, -7, -10.5 - gap_mm, 4.6), (where * 57, -8, -10.5 - gap_mm, 4.6)]
        place_tube(form, canvas, "mandible", head, 1.5)
        tip = [(where * 46, -21, -30, 4.0), (where * 46, -24, -13 - 0.5 * opened_mm, 2.6)]
        place_tube(form, canvas, "mandible", tip, 1.4)
    return np.asarray(mandible, np.float32)


def _jaw_hu(form: Form, canvas: PartCanvas, distance: Field) -> Field:
    core = smooth_step(-distance, 1.8, 3.2)
    return CORTICAL_HU * (1 - core) + (MARROW_HU + 60 * canvas.noise(form.grain, canvas.all)) * core


def draw_teeth(form: Form, canvas: PartCanvas, opened_mm: float, missing: tuple[int, ...] = ()) -> list[np.ndarray]:
    """Fourteen upper teeth (part of the skull) and fourteen lower ones; returns the crowns of the lower ones."""
    crowns = []
    angles = np.deg2rad(np.linspace(-82, 82, 14))
    for n, angle in enumerate(angles):
        front = np.cos(angle)
        wide = 3.3 + 1.5 * (1 - front)
        px, py = 28 * np.sin(angle), -46 - 44 * front + 12 * (1 - front)
        for name, root, neck, tip in (("skull", -40.0, -47.0, -54.0), ("mandible", -72.0, -62.0, -54.3)):
            lift = 0.0 if name == "skull" else -opened_mm
            if n in missing:
                continue
            for a, b, hu, size in ((root, neck, DENTINE_HU, wide * 0.7), (neck, tip, ENAMEL_HU, wide)):
                points = _scaled(form, [(px, py, a + lift, size * (0.6 if hu == DENTINE_HU else 1.0)),
                                        (px, py, b + lift - np.sign(b - a) * size * 0.6, size)])
                box, distance, _, _ = canvas.tube(form.unwarp(points), 4.0)
                if distance.size:
                    limit = canvas.coordinates(box)[2]
                    clipped = np.maximum(distance, (b + lift - limit) * (-1 if b > a else 1))
                    canvas.place(name, clipped, box, hu, clip=False)
            if name == "mandible":
                crowns.append(np.array([px * form.wide, py * form.deep, neck + lift + 4.0]))
    return crowns
