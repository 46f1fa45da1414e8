"""Heart and great vessels, oesophagus, what lies under the diaphragm, and the wall of the chest."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.phantom.chest.form import SKIN_MM, Cage, Form, PartCanvas, spine_y
from anatomy_twin.phantom.intensity import hounsfield
from anatomy_twin.phantom.shapes import Field, blend, carve, ellipsoid, smooth_step

# HU in native, arterial (CT angiography) and portal phase; enhanced values are this project's choice within what
# scans show (superior cava and right heart brightest while contrast flows in)
CHEST_HU: Final = {
    "lung_artery": (44, 335, 160), "lung_vein": (44, 325, 162), "right_heart": (44, 345, 158),
    "left_heart": (44, 318, 160), "cava_upper": (44, 430, 158), "nodule": (32, 58, 64), "airway_wall": (30, 45, 50),
}
PHASES: Final = ("native", "arterial", "portal")
# x, y, z, radius; z of the descending part follows the spine
AORTA: Final = (
    (10, -34, 46, 15.0), (2, -40, 62, 15.5), (-8, -38, 82, 15.0), (-3, -26, 104, 14.5), (10, -4, 114, 13.5),
    (21, 18, 110, 13.0), (26, 34, 94, 12.8), (26, 40, 70, 12.5), (24, 40, 30, 12.2), (19, 36, -10, 12.0),
    (12, 28, -50, 11.6), (6, 21, -90, 11.2), (3, 17, -150, 10.8),
)
BRANCHES: Final = (
    ((-3, -24, 112, 6.5), (-12, -20, 128, 6.0), (-24, -18, 146, 5.8), (-40, -12, 158, 5.0)),
    ((-22, -18, 144, 4.0), (-24, -12, 170, 3.6), (-26, -8, 215, 3.4)),
    ((8, -8, 114, 4.0), (14, -10, 138, 3.8), (22, -8, 170, 3.6), (26, -8, 215, 3.4)),
    ((18, 10, 112, 4.6), (26, 10, 134, 4.4), (36, 4, 152, 4.4), (54, -4, 160, 4.4)),
)
LUNG_ARTERIES: Final = (
    ((15, -50, 56, 13.0), (20, -40, 70, 13.5), (20, -24, 80, 13.5)), ((20, -22, 79, 12.0), (0, -6, 78, 11.0),
     (-24, 2, 78, 10.5), (-42, 8, 76, 9.0)), ((-40, 8, 76, 8.5), (-45, 18, 62, 7.8), (-46, 22, 52, 6.8)),
    ((20, -22, 82, 12.0), (36, -4, 86, 10.5), (50, 10, 84, 9.0)), ((48, 10, 85, 8.6), (58, 24, 72, 7.8),
     (59, 27, 58, 6.8)),
)
LUNG_VEINS: Final = (
    ((-12, 2, 50, 8.0), (-26, -1, 57, 7.4), (-38, -3, 62, 5.8)), ((-10, 10, 42, 7.6), (-24, 15, 39, 7.0),
     (-36, 18, 36, 5.8)), ((18, 2, 56, 8.0), (32, -2, 62, 7.2), (42, -3, 66, 5.8)),
    ((18, 10, 46, 7.6), (32, 18, 43, 7.0), (42, 20, 40, 5.8)),
)
UPPER_CAVA: Final = (
    ((-30, -24, 132, 8.5), (-29, -24, 110, 9.2), (-30, -22, 80, 9.8), (-32, -22, 56, 10.0)),
    ((36, -30, 150, 6.0), (12, -36, 138, 6.5), (-14, -34, 130, 7.0), (-28, -26, 126, 7.5)),
    ((-52, -24, 158, 6.0), (-38, -26, 146, 6.6), (-30, -25, 130, 7.6)),
)
LOWER_CAVA: Final = ((-30, -14, 6, 12.5), (-30, -8, -8, 12.5), (-30, 0, -30, 12.0), (-26, 8, -80, 11.5),
                     (-24, 12, -150, 11.0))


def chest_hu(name: str, phase: str) -> float:
    """Return the HU of a tissue of ``CHEST_HU``."""
    return float(CHEST_HU[name][PHASES.index(phase)])


def tube_of(form: Form, canvas: PartCanvas, points: object) -> tuple:
    """A tube in the model frame: its box and distance."""
    box, distance, _, _ = canvas.tube(form.path(np.array(points, float), 4.0), 8.0)
    return box, distance


def draw_great_vessels(form: Form, canvas: PartCanvas, aorta: tuple[tuple[float, ...], ...] = AORTA) -> None:
    """Aorta, its branches, lower cava; oesophagus with a little air."""
    phase = form.phase
    box, distance = tube_of(form, canvas, aorta)
    canvas.place("aorta", distance, box, hounsfield("aorta", phase), clip=False)
    for points in BRANCHES:
        box, distance = tube_of(form, canvas, points)
        canvas.place("unknown_tissue", distance, box, hounsfield("aorta", phase), clip=False)
    box, distance = tube_of(form, canvas, LOWER_CAVA)
    canvas.place("inferior_vena_cava", distance, box, hounsfield("cava", phase), clip=False)
    # above the carina between windpipe and vertebrae, below it behind the left atrium, at last to the left and front
    high = [(7, 5, 215, 5.5), (7, 12, 185, 5.5), (6, 19.5, 150, 6.0), (6, 28, 116, 6.0), (6, 32, 94, 6.5)]
    low = [(dx, float(spine_y(z)) - 23, z, 7.0) for dx, z in ((6, 70), (5, 30), (8, 0), (14, -25))]
    low[-1] = (20, low[-1][1] - 14, -25, 7.0)
    box, distance = tube_of(form, canvas, high + low)
    if distance.size:
        air = smooth_step(canvas.noise(form.lumps, box), 0.4, 1.2)
        inside = smooth_step(-distance, 3.4, 4.6) * air
        hu = hounsfield("oesophagus", phase) * (1 - inside) + hounsfield("gas", phase) * inside
        canvas.place("oesophagus", distance, box, hu, 0.4)


def draw_heart(form: Form, cage: Cage, canvas: PartCanvas) -> Field:
    """Four chambers with their blood in a pericardium; returns the distance to the heart over the whole grid."""
    phase = form.phase
    x, y, z = canvas.coordinates(canvas.all)
    lumps = canvas.noise(form.lumps, canvas.all)
    size = float(np.clip(form.rng("heart").normal(1.0, 0.05), 0.9, 1.12))

    def part(centre: tuple, semi: tuple, turn: tuple = (0, 0, 0)) -> Field:
        return ellipsoid(x, y, z, centre, tuple(size * value for value in semi), turn)

    left = part((36, -33, 20), (54, 31, 34), (0, 18, -35))
    right = part((10, -54, 22), (52, 26, 35), (0, 14, -22))
    outflow = part((14, -52, 48), (19, 17, 21))
    atrium_left = part((4, 3, 48), (36, 20, 24))
    atrium_right = part((-30, -23, 30), (23, 29, 33))
    heart = blend(blend(blend(left, right, 8), outflow, 6), blend(atrium_left, atrium_right, 6), 8)
    heart = heart - 1 + 0.8 * lumps
    heart = np.maximum(heart, 3.5 - cage.dome)
    heart = np.maximum(heart, 6 - cage.cavity)
    blood_left = np.minimum(left + 11 - 0.6 * lumps, atrium_left + 3.0)
    septum = np.maximum(right + 4.5, 3.0 - left)
    blood_right = np.minimum(np.minimum(septum, outflow + 4), np.maximum(atrium_right + 3.0, 3 - atrium_left))
    wall = hounsfield("heart_wall", phase)
    hu = wall + (chest_hu("left_heart", phase) - wall) * smooth_step(-blood_left, -1, 1)
    hu = hu + (chest_hu("right_heart", phase) - hu) * smooth_step(-blood_right, -1, 1)
    groove = smooth_step(heart, -5.5, -1.5) * smooth_step(lumps, 0.2, 1.4)  # fat under the pericardium
    hu = hu + (hounsfield("visceral_fat", phase) - hu) * groove * 0.9
    canvas.place("heart", heart, canvas.all, hu, clip=False)
    return heart


def draw_central_vessels(form: Form, canvas: PartCanvas) -> Field:
    """Pulmonary trunk and main arteries, mouths of the veins, upper cava; returns the distance to any of them."""
    nearest = np.full(canvas.geometry.shape, np.float32(30))
    groups = ((LUNG_ARTERIES, "lung_artery"), (LUNG_VEINS, "lung_vein"), (UPPER_CAVA, "cava_upper"))
    for paths, name in groups:
        for points in paths:
            box, distance = tube_of(form, canvas, points)
            if distance.size:
                canvas.place("unknown_tissue", distance, box, chest_hu(name, form.phase), clip=False)
                nearest[box] = np.minimum(nearest[box], distance)
    return nearest


def draw_diaphragm(form: Form, cage: Cage, canvas: PartCanvas) -> None:
    """A sheet of 3 mm under the lungs and the heart, and its crura before the spine."""
    x, y, z = canvas.coordinates(canvas.all)
    soft = hounsfield("diaphragm", form.phase)
    sheet = np.maximum(np.maximum(np.abs(cage.dome + 1.6) - 1.5, 0.8 - cage.cavity), -cage.recess_mm - 4)
    behind = np.sqrt((x / 24) ** 2 + ((y - spine_y(z) - 4) / 28) ** 2) * 24 - 24
    canvas.place("diaphragm", np.maximum(sheet, -behind), canvas.all, soft, clip=False)
    for side in (-1, 1):
        path = [(side * 14, float(spine_y(h)) - dy, h, r)
                for h, dy, r in ((-150, 18, 4), (-100, 19, 5), (-60, 24, 5), (-30, 32, 4.5))]
        box, distance = tube_of(form, canvas, path)
        canvas.place("diaphragm", distance, box, soft, 0.3)


def draw_upper_abdomen(form: Form, cage: Cage, canvas: PartCanvas) -> None:
    """Liver, stomach with gas, spleen and upper poles of the kidneys: simple shapes, so that the bases are right."""
    phase = form.phase
    box = canvas.box((-200, -160, -170), (200, 140, 10))
    if 0 in canvas.labels[box].shape:
        return
    x, y, z = canvas.coordinates(box)
    lumps, ripple = canvas.noise(form.lumps, box), canvas.noise(form.ripple, box)
    dome, cavity = cage.dome[box], cage.cavity[box]
    within = np.maximum(dome + 2.6, 2.5 - cavity)
    for side, lift in ((-1, 0), (1, 8)):
        kidney = ellipsoid(x, y, z, (side * 60, 52, -138 + lift), (25, 24, 52), (0, side * -10, 0)) + 0.8 * lumps
        canvas.place("kidney_right" if side < 0 else "kidney_left", np.maximum(kidney, within), box,
                     hounsfield("cortex", phase), 2.0)
    hollow = ellipsoid(x, y, z, (58, -34, -62), (42, 34, 46), (0, 10, 0)) + 1.5 * lumps
    stomach = np.maximum(hollow, within)
    fill = smooth_step(y, -34, -31)
    content = hounsfield("gas", phase) * (1 - fill) + hounsfield("fluid", phase) * fill
    inner = smooth_step(-stomach, 3.2, 4.6)
    canvas.place("stomach", stomach, box, hounsfield("stomach_wall", phase) * (1 - inner) + content * inner, 1.0)
    spleen = np.maximum(ellipsoid(x, y, z, (98, 40, -72), (34, 44, 52), (0, 0, 28)) + lumps, within)
    canvas.place("spleen", spleen, box, hounsfield("spleen", phase) + 2 * ripple, -0.5)
    liver = np.maximum(within, ellipsoid(x, y, z, (-70, -16, -50), (142, 112, 128), (0, 24, 0)) + 2 * lumps)
    # the left lobe thins out over the stomach; behind it the liver ends right of the spine
    liver = carve(liver, 0.55 * (x - 62) - 0.6 * (z + 40) + 0.45 * (y + 40) + 5 * lumps, 10)
    canvas.place("liver", liver, box, hounsfield("liver", phase) + 1.5 * ripple, -1.2)


def draw_wall(form: Form, cage: Cage, canvas: PartCanvas, first_part: int) -> None:
    """Muscles of the wall and shoulders with seams of fat, skin and fat: whatever room is left in the body."""
    phase = form.phase
    x, y, z = canvas.coordinates(canvas.all)
    lumps, ripple = canvas.noise(form.lumps, canvas.all), canvas.noise(form.ripple, canvas.all)
    swell = canvas.noise(form.swell, canvas.all)
    fat, muscle = hounsfield("fat", phase), hounsfield("muscle", phase)
    below = SKIN_MM + cage.fat_mm - cage.depth
    high = smooth_step(z, 70, 150)
    # between the muscles of the shoulder lies fat: sheets where a smooth field changes sign, and the armpit
    seam = np.abs(swell + 0.35 * lumps) * 9 + 0.5 * ripple
    sheet = (1 - smooth_step(seam, 1.2, 2.6)) * np.clip(high * 1.4, 0, 1) * smooth_step(-cage.cavity, 6, 14)
    pit = ellipsoid(np.abs(x), y, z, (142, -2, 118), (22, 26, 46), (0, 12, 0)) + 3 * lumps
    back = (np.sqrt((x / 46) ** 2 + ((y - spine_y(z) - 36) / 34) ** 2) - 1) * 34
    wall = np.maximum(below, np.minimum(cage.cavity, back))
    neck = np.maximum(below, 168 - z)
    wall = np.minimum(wall, neck)
    soft = np.maximum(np.maximum(wall, -pit - 2), 5 * sheet - 2.5)
    streak = smooth_step(canvas.noise(form.grain, canvas.all) + 0.6 * ripple, 1.3, 2.4)
    canvas.place("muscle", soft, canvas.all, muscle - 45 * streak, 0.0, clip=False)
    skin = np.maximum(cage.depth - SKIN_MM, -cage.depth)
    canvas.place("skin", skin, canvas.all, hounsfield("skin", phase), clip=False)
    strand = smooth_step(ripple, 2.0, 3.2)
    inner = cage.cavity > 0
    rest = np.where(inner, hounsfield("visceral_fat", phase), fat) + 4 * lumps + 40 * strand
    under = np.where(below < 0, np.uint8(0), np.uint8(first_part))
    canvas.place("fat", -cage.depth, canvas.all, rest, clip=False,
                 part=np.where(inner, np.uint8(first_part + 1), under))
