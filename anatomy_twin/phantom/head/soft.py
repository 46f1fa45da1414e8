"""Soft parts of the head: brain with cortex and ventricles, eyes, throat, muscles, fat, skin; vertebrae of the neck."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.phantom.chest.form import Form, PartCanvas
from anatomy_twin.phantom.head.bones import Cavities, place_tube
from anatomy_twin.phantom.shapes import Field, blend, ellipsoid, smooth_step

# HU of unenhanced CT: white matter 25 to 32, grey 35 to 42, cerebrospinal fluid 0 to 12 (teaching tables)
WHITE_HU: Final = 28.0
GREY_HU: Final = 38.0
FLUID_HU: Final = 6.0
BLOOD_HU: Final = 52.0
MUSCLE_HU: Final = 55.0
FAT_HU: Final = -98.0
NECK_LEVELS: Final = (("vertebra_c4", -112.0), ("vertebra_c3", -93.0), ("vertebra_c2", -73.0), ("vertebra_c1", -46.0))


def draw_brain(form: Form, canvas: PartCanvas, hollows: Cavities) -> None:
    """All that lies inside the dura: cortex, white matter, deep nuclei, ventricles, fluid in sulci and cisterns."""
    x, y, z = canvas.coordinates(canvas.all)
    lumps, ripple = canvas.noise(form.lumps, canvas.all), canvas.noise(form.ripple, canvas.all)
    swell = canvas.noise(form.swell, canvas.all)
    depth = -hollows.brain
    fold = np.abs(ripple + 0.4 * lumps)
    # sulci: walls of the folds near the surface; cortex follows them
    sulcus = (1 - smooth_step(fold, 0.04, 0.22)) * (1 - smooth_step(depth, 6, 15)) * smooth_step(z, -8, 16)
    cortex = (1 - smooth_step(depth - 6 * (1 - smooth_step(fold, 0.2, 0.7)), 4.0, 6.5))
    hu = WHITE_HU + (GREY_HU - WHITE_HU) * np.clip(cortex, 0, 1)
    nuclei = np.minimum(ellipsoid(np.abs(x), y, z, (20, -12, 42), (9, 18, 13)),
                        ellipsoid(np.abs(x), y, z, (11, 10, 44), (8, 13, 10)))
    hu = hu + (GREY_HU + 1 - hu) * smooth_step(-nuclei, -1, 1)
    below = smooth_step(-z, -12, -2)
    hu = hu + below * 4 * (lumps > 0)
    edge = 1 - smooth_step(depth, 1.2, 2.6 + 0.8 * np.clip(swell, -1, 1))
    large = float(np.clip(form.rng("ventricles").normal(1.0, 0.18), 0.7, 1.4))
    ventricle = _ventricles(np.abs(x), y, z, large) + 0.4 * lumps
    cistern = ellipsoid(x, y, z, (0, -4, 16), (13, 9, 7))
    fluid = np.maximum(np.maximum(smooth_step(-ventricle, -0.8, 0.8), smooth_step(-cistern, -1, 1)),
                       np.maximum(edge, sulcus * 0.9))
    split = (1 - smooth_step(np.abs(x + 0.8 * swell), 0.3, 1.6)) * smooth_step(z, 20, 34)
    split = split * (1 - smooth_step(depth, 26, 34) * 0.9)
    hu = hu + (FLUID_HU - hu) * np.clip(fluid, 0, 1)
    hu = hu + (BLOOD_HU - 6 - hu) * split * 0.7  # falx
    plexus = ellipsoid(np.abs(x), y, z, (19, 28, 40), (2.2, 3.5, 2.2))
    hu = hu + (180 - hu) * smooth_step(-plexus, -0.8, 0.8) * (form.rng("plexus").uniform() < 0.6)
    canvas.place("brain", hollows.brain, canvas.all, hu, clip=False)


def _ventricles(ax: Field, y: Field, z: Field, large: float) -> Field:
    body = ellipsoid(ax, y, z, (11, -2, 55), (6.5 * large, 34, 7.5 * large), (8, 0, 4))
    front = ellipsoid(ax, y, z, (10, -32, 48), (6 * large, 13, 9 * large), (0, 0, -14))
    rear = ellipsoid(ax, y, z, (22, 36, 42), (6.5 * large, 22, 8 * large), (-10, 0, -16))
    lower = ellipsoid(ax, y, z, (35, 4, 18), (3.5 * large, 20, 4 * large))
    third = ellipsoid(ax, y, z, (0, -2, 34), (2.6 * large, 14, 10))
    fourth = ellipsoid(ax, y, z, (0, 30, -2), (7 * large, 6, 10))
    return np.minimum(blend(blend(body, front, 4), rear, 5), np.minimum(lower, np.minimum(third, fourth)))


def draw_neck_bones(form: Form, canvas: PartCanvas, first_part: int) -> None:
    """C1 as a ring, C2 with its dens, C3 and what is in the field of C4: bodies, arches, spinous processes."""
    x, y, z = canvas.coordinates(canvas.all)
    best = np.full(canvas.geometry.shape, np.float32(30))
    number = np.zeros(canvas.geometry.shape, np.uint8)
    for n, (name, level) in enumerate(NECK_LEVELS):
        local = z - level
        canal = (np.sqrt((x / 11.5) ** 2 + ((y - 28) / 9.5) ** 2) - 1) * 9.5
        if name == "vertebra_c1":
            ring = np.abs((np.sqrt((x / 17) ** 2 + ((y - 25) / 19) ** 2) - 1) * 18) - 3.2
            bone = np.maximum(ring, np.abs(local) - 4.5)
            mass = ellipsoid(np.abs(x), y, local, (20, 20, 0), (9, 10, 7.5))
            wing = ellipsoid(np.abs(x), y, local, (32, 22, 0), (10, 5, 4))
            wing = np.maximum(wing, 3.2 - np.hypot(np.abs(x) - 32, y - 20))
            bone = np.minimum(np.minimum(bone, mass), wing)
            bone = np.maximum(bone, np.minimum(11 - np.hypot(x, y - 13), 5) * 0.6)
        else:
            body = np.maximum((np.sqrt((x / 11) ** 2 + ((y - 11) / 8.5) ** 2) - 1) * 8.5, np.abs(local) - 7.6)
            arch = np.maximum(np.maximum(canal - 3.4, np.abs(local + 2) - 6.5), 16 - y)
            pillar = ellipsoid(np.abs(x), y, local, (21, 21, 0), (6.5, 7, 8.6))
            spine = np.maximum(np.maximum(np.abs(x) - 3.2, np.abs(local + 4 + 0.2 * (y - 40)) - 5), np.abs(y - 48) - 12)
            bone = np.minimum(np.minimum(body, pillar), np.minimum(arch, spine))
            if name == "vertebra_c2":
                dens = np.maximum(np.hypot(x, y - 10.5) - 5.2, np.abs(local - 18) - 18)
                bone = np.minimum(bone, dens)
        bone = np.maximum(bone, -canal).astype(np.float32)
        nearer = bone < best
        best, number = np.where(nearer, bone, best), np.where(nearer, np.uint8(first_part + n), number)
    core = smooth_step(-best, 1.2, 2.2)
    hu = 900.0 * (1 - core) + (300.0 + 60 * canvas.noise(form.grain, canvas.all)) * core
    canvas.place("bone", best, canvas.all, hu, clip=False, part=number)
    cord = np.maximum((np.sqrt((x / 11.5) ** 2 + ((y - 28) / 9.5) ** 2) - 1) * 9.5, np.maximum(z + 28, -130 - z))
    hu = FLUID_HU + 28 * smooth_step(5.5 - np.hypot(x, (y - 27) * 1.2), -1, 1)
    canvas.place("unknown_tissue", cord, canvas.all, hu, clip=False)
    place_tube(form, canvas, "bone", [(-20, -34, -98, 2.6), (-12, -50, -100, 3.4), (0, -54, -100, 3.6),
                                      (12, -50, -100, 3.4), (20, -34, -98, 2.6)], 1.2)


def draw_hollow_parts(form: Form, canvas: PartCanvas, hollows: Cavities) -> None:
    """Eyes and their fat, air of sinuses and nose with its lining, throat."""
    x, y, z = canvas.coordinates(canvas.all)
    lumps = canvas.noise(form.lumps, canvas.all)
    eye = ellipsoid(np.abs(x), y, z, (33, -70, 10), (12, 12.3, 12))
    lens = ellipsoid(np.abs(x), y, z, (33, -78, 10), (4.6, 2.2, 4.6))
    hu = 12 + 28 * smooth_step(eye, -2.2, -1.0) + 75 * smooth_step(-lens, -0.8, 0.8)
    canvas.place("unknown_tissue", eye, canvas.all, hu, clip=False)
    straps = np.abs(np.hypot(np.abs(x) - 30 + 0.25 * (y + 60), z - 9) - 11 + 0.12 * (y + 60)) - 1.6
    nerve = np.hypot(np.abs(x) - 30 + 0.36 * (y + 60), z - 9) - 2.2
    inner = FAT_HU + 140 * smooth_step(-np.minimum(straps, nerve), -0.6, 0.6)
    canvas.place("fat", hollows.orbits, canvas.all, inner, clip=False)
    lining = 1.2 + 0.8 * np.clip(lumps, 0, 2)
    hu = -960 + 1000 * smooth_step(hollows.air, -lining, -lining * 0.4)
    canvas.place("unknown_tissue", hollows.air, canvas.all, hu, clip=False)
    throat = np.maximum(np.hypot(x / 1.5, y + 14 + 0.10 * (z + 60)) - 6.5, np.maximum(z + 8, -140 - z))
    hu = -970 + 1010 * smooth_step(throat, -1.4, -0.4)
    canvas.place("unknown_tissue", throat, canvas.all, hu, 0.6)


def draw_cover(form: Form, canvas: PartCanvas, hollows: Cavities, bone: Field, first_part: int) -> None:
    """Outline of scalp, face and neck, wide enough for what ``bone`` is the distance to; skin, fat, muscles in it."""
    x, y, z = canvas.coordinates(canvas.all)
    lumps, ripple = canvas.noise(form.lumps, canvas.all), canvas.noise(form.ripple, canvas.all)
    swell = canvas.noise(form.swell, canvas.all)
    scalp = hollows.brain - 13.5 - np.float32(0.25 * (form.fat_mm - 6))
    scalp = np.where(z > -20, scalp, scalp + 0.5 * (-20 - z))
    face = ellipsoid(x, y, z, (0, -42, -26), (67, 58, 82))
    chin = ellipsoid(x, y, z, (0, -70, -76), (36, 34, 26))
    nose = ellipsoid(x, y, z, (0, -96, -12), (14, 20, 28), (-18, 0, 0))
    neck = (np.sqrt((x / 60) ** 2 + ((y - 14 + 0.10 * (z + 80)) / 64) ** 2) - 1) * 60
    neck = np.maximum(neck, z + 4)
    ears = ellipsoid(np.abs(x), y, z, (76, 16, -2), (6, 16, 28), (0, 0, -25))
    ears = np.maximum(ears, 1.6 - np.hypot(y - 12, z + 3) / 3)
    outline = blend(blend(blend(scalp, face, 10), blend(chin, nose, 6), 8), neck, 14)
    outline = blend(outline, bone - 5.0, 6)
    outline = (blend(outline, ears, 3) + 0.6 * swell).astype(np.float32)
    skin = np.maximum(outline, -2.0 - outline)
    fat_mm = np.float32(form.fat_mm) * (0.5 + 0.5 * smooth_step(-z, -10, 40)) + 0.8 * lumps
    soft = np.maximum(outline + 2 + fat_mm, 0.8 - hollows.air)
    seam = np.abs(swell + 0.5 * lumps) * 8 + 0.5 * ripple
    pads = 5 * (1 - smooth_step(seam, 1.0, 2.4)) * smooth_step(-z, -5, 20) - 2.5
    canvas.place("skin", skin, canvas.all, 20.0, clip=False)
    canvas.place("muscle", np.maximum(soft, pads), canvas.all, MUSCLE_HU - 25 * smooth_step(ripple, 1.4, 2.4),
                 clip=False)
    part = np.where(outline + 2 + fat_mm > 0, np.uint8(first_part), np.uint8(0))
    canvas.place("fat", outline, canvas.all, FAT_HU + 5 * lumps + 40 * smooth_step(ripple, 2.0, 3.2), clip=False,
                 part=part)
