"""Wall of the trunk: bones, muscles, lungs, diaphragm, skin and fat."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.phantom.abdomen.build import SKIN_MM, Build, Frame
from anatomy_twin.phantom.canvas import Canvas
from anatomy_twin.phantom.shapes import Field, blend, carve, ellipsoid, smooth_step

VERTEBRAE: Final = (
    *(f"vertebra_l{n}" for n in range(5, 0, -1)), *(f"vertebra_t{n}" for n in range(12, 3, -1)),
)
VERTEBRAE_MM = (-30, 5, 41, 77, 112, 144, 174, 203, 231, 258, 284, 309, 333, 356, 378)  # L5 L4 L3 L2 L1 T12 ... T4


def spine_y(z: Field | float) -> Field:
    """Where the centre of the vertebral bodies is: lumbar lordosis, thoracic kyphosis."""
    return np.asarray(41 + 11 * np.sin((np.asarray(z) - 60) / 95), np.float32)


def bone_hu(build: Build, distance: Field, spongy: Field, shell_mm: float = 2.0) -> Field:
    """HU of a bone with a dense shell and spongy inside."""
    core = smooth_step(-distance, shell_mm * 0.7, shell_mm * 1.6)
    cortical, trabecular = build.hu("cortical"), build.hu("spongy")
    return cortical * (1 - core) + (trabecular + (45 if build.detailed else 28) * spongy) * core


def draw_spine(build: Build, canvas: Canvas) -> None:
    """Vertebrae with canal, arch and processes; discs between."""
    box = canvas.box((-75, -30, -80), (75, 130, 400))
    x, y, z = canvas.coordinates(box)
    levels = np.asarray(VERTEBRAE_MM, np.float32) + np.float32(build.level_mm)
    nearest = _nearest(z, levels)
    local = z - levels[nearest]
    gap = np.gradient(levels)[nearest]
    lumbar = smooth_step(-z, -190, -60)
    yc = spine_y(z)
    waist = 1 - 0.09 * np.cos(np.clip(local / (gap / 2), -1, 1) * np.pi / 2)
    half_x, half_y = (17.5 + 6 * lumbar) * waist, (15 + 2.5 * lumbar) * waist
    grain = canvas.noise(build.grain, box)
    px, py = np.abs(x) / half_x, np.abs(y - yc) / half_y
    around = (np.sqrt(px**2 + py**2) - 1) * half_y
    around = carve(around, (yc + half_y * 0.86) * -1 + y, 5)
    body = carve(around, np.abs(local) - gap * 0.40, 3)
    canal_y = yc + half_y * 0.86 + 7.5
    canal = (np.sqrt((x / 10.5) ** 2 + ((y - canal_y) / 8) ** 2) - 1) * 8
    arch = carve(canal - 5.5, np.abs(local + 3) - gap * 0.34, 3)
    arch = carve(arch, canal_y - 9 - y, 2)
    tip = 20 + 6 * lumbar if build.detailed else 30 + 4 * lumbar
    spinous = np.maximum(np.maximum(np.abs(x) - 2.8 - 0.6 * lumbar, np.abs(local + 7) - (6 + 4 * lumbar)),
                         np.maximum(canal_y + 6 - y, y - canal_y - tip))
    reach = 30 + 12 * lumbar
    wing = np.sqrt(((y - canal_y - 1 - 0.12 * np.abs(x)) / 1.0) ** 2 + (local / 1.3) ** 2) - 3.8
    wing = np.maximum(wing, np.maximum(np.abs(x) - reach, 8 - np.abs(x)))
    aside, above = np.abs(x) - 16 - 3 * lumbar, (np.abs(local) - gap * 0.4) / 1.6
    facet = np.sqrt(aside**2 + (y - canal_y - 6) ** 2 + above**2) - 6.5
    rear = blend(blend(blend(arch, spinous, 3), wing, 3), facet, 3)
    bone = np.maximum(blend(body, rear, 2), -canal)
    canvas.place("bone", bone, box, bone_hu(build, bone, grain, 1.2 if build.detailed else 1.9), clip=False)
    for number, name in enumerate(VERTEBRAE):
        canvas.mark(name, (bone < 0) & (nearest == number), box)
    disc = np.maximum(around - 0.6, -bone)
    canvas.place("unknown_tissue", disc, box, build.hu("disc"), clip=False)
    cord = build.hu("canal") + 18 * smooth_step(-(np.sqrt(x**2 + (y - canal_y) ** 2) - 5), -1, 1)
    canvas.place("unknown_tissue", canal, box, cord, clip=False)


def _nearest(values: Field, levels: np.ndarray) -> np.ndarray:
    middles = (levels[1:] + levels[:-1]) / 2
    return np.searchsorted(middles, values)


def chest_point(build: Build, angle: float, z: float, depth_mm: float) -> tuple[float, float]:
    """A point of the chest wall at an angle from the back (radians, positive to the left), so deep under the skin."""
    chest = float(smooth_step(np.float32(z), 60, 190))
    a = build.half_width_mm * (0.965 + 0.02 * chest) - depth_mm
    b = build.half_depth_mm * (0.98 + 0.03 * chest) - depth_mm
    sx, cy = np.sin(angle), np.cos(angle)
    power = 2.6 if cy > 0 else 2.25
    radius = ((abs(sx) / a) ** power + (abs(cy) / b) ** power) ** (-1 / power)
    return radius * sx, radius * cy


def draw_ribs(build: Build, canvas: Canvas) -> None:
    """Ribs 4 to 12 as curved tubes that slope down to the front, costal cartilage, sternum, iliac crests."""
    rng = build.rng("ribs")
    heads = {12 - n: VERTEBRAE_MM[5 + n] + build.level_mm + 10 for n in range(9)}
    ends = {12: 62, 11: 98, 10: 132, 9: 142, 8: 147, 7: 151, 6: 154, 5: 156, 4: 157}
    drops = {12: 44, 11: 62, 10: 88, 9: 96, 8: 98, 7: 98, 6: 94, 5: 88, 4: 82}
    for side in (-1, 1):
        for rib, head in heads.items():
            drop = drops[rib] + rng.normal(0, 3)
            points = [(side * 20, float(spine_y(head)) + 16, head, 4.6)]
            for degrees in np.arange(22, ends[rib] + 1, 8.0):
                angle = np.deg2rad(degrees)
                z = head - drop * (0.10 + 0.9 * np.sin(min(angle / np.deg2rad(ends[rib]), 1) * np.pi / 2) ** 1.6)
                front = 0.5 * (1 - np.cos(angle))
                depth = build.fat_mm * (0.55 + 0.25 * front) + 13 + 11 * np.exp(-((degrees - 15) / 14) ** 2)
                depth += 8 * np.exp(-((degrees - 20) / 14) ** 2) if build.detailed else 0
                px, py = chest_point(build, side * angle, z, depth)
                points.append((px, py, z, 4.9 if rib < 11 else 4.0))
            _tube_bone(build, canvas, np.array(points), "ribs")
            if 6 <= rib <= 10:
                _cartilage(build, canvas, np.array(points[-1]), rib, side)
    front = -build.half_depth_mm + build.fat_mm * 0.85 + 10
    sternum = np.array([(0, front, z, 6.0) for z in (196, 206, 225, 260, 330)])
    sternum[0, 3] = 3.5
    for dx in (-7, 0, 7):
        _tube_bone(build, canvas, np.add(sternum, (dx, 0, abs(dx), 0)), "sternum")
    for side in (-1, 1):
        for low in range(0, 80, 8):
            crest = [(52, 74, 2), (88, 62, 14), (120, 34, 18), (133, 2, 12), (126, -28, -4)]
            flare = 1 - 0.0035 * low
            points = [(side * px * flare, py, pz - low + build.level_mm, 6.0) for px, py, pz in crest]
            _tube_bone(build, canvas, np.array(points), "pelvis")


def _tube_bone(build: Build, canvas: Canvas, points: np.ndarray, part: str) -> None:
    box, distance, _, _ = canvas.tube(build.path(points, 6.0), 5.0, 0.72)
    if distance.size:
        distance = distance + 0.35 * canvas.noise(build.ripple, box)
        canvas.place("bone", distance, box, bone_hu(build, distance, canvas.noise(build.grain, box), 1.3), clip=False)
        canvas.mark(part, distance < 0, box)


def _cartilage(build: Build, canvas: Canvas, tip: np.ndarray, rib: int, side: int) -> None:
    goal_z = 205 + 9 * (7 - rib) if rib <= 7 else 205 - 8 * (rib - 7)
    depth = build.fat_mm * 0.85 + 12
    steps = []
    for t in np.linspace(0, 1, 6):
        z = tip[2] + (goal_z - tip[2]) * t**1.5
        start = np.arctan2(abs(tip[0]), tip[1])
        angle = start + (np.deg2rad(173 - 6 * max(rib - 7, 0)) - start) * t
        px, py = chest_point(build, side * angle, z, depth)
        steps.append((px, py, z, 4.6))
    box, distance, _, _ = canvas.tube(build.path(np.array(steps), 6.0), 5.0, 0.8)
    hu = build.hu("cartilage") + 25 * canvas.noise(build.grain, box)
    # cartilage is no bone to whoever measures bone; the first kinds counted it in, and stay as they are
    canvas.place("unknown_tissue" if build.detailed else "bone", distance, box, hu, clip=False)


def draw_chest(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Heart, lungs with vessels, pleural recess, diaphragm."""
    x, y, z = canvas.coordinates(canvas.all)
    lumps, ripple = canvas.noise(build.lumps, canvas.all), canvas.noise(build.ripple, canvas.all)
    top = build.dome_mm
    heart = ellipsoid(x, y, z, (22, -38, top + 26), (60, 47, 40), (0, 14, 26)) + 1.5 * lumps
    heart = np.maximum(heart, 4 - frame.dome)
    left = ellipsoid(x, y, z, (44, -34, top + 24), (34, 27, 26), (0, 14, 26)) + lumps
    right = ellipsoid(x, y, z, (-4, -40, top + 30), (32, 31, 27), (0, 0, 20)) + 1.5 * lumps
    blood = smooth_step(-np.minimum(left, right), -1, 1)
    hu = build.hu("heart_wall") * (1 - blood) + build.hu("heart_blood") * blood
    canvas.place("heart", np.maximum(heart, 2 - frame.cavity), canvas.all, hu, clip=False)
    spine = np.sqrt((x / 30) ** 2 + ((y - spine_y(z) + 2) / 34) ** 2) * 30 - 30
    middle = np.minimum(np.minimum(heart - 5 - 4 * smooth_step(lumps, -1, 2), spine), np.abs(x - 6) - 9)
    border = 40 + 4 * ripple
    lung = np.maximum(np.maximum(-frame.dome + 0.5, 1.2 - frame.cavity), np.maximum(-middle, border - frame.recess_mm))
    vessel = canvas.noise(build.grain, canvas.all) * 0.6 + ripple * 0.6
    dependent = smooth_step(y, 10, 80)
    lung_hu = build.hu("lung") + 45 * dependent + 12 * lumps + 380 * smooth_step(vessel, 1.5, 2.6)
    for name, across in (("lung_right", x), ("lung_left", -x)):
        canvas.place(name, np.maximum(lung, across), canvas.all, lung_hu, clip=False)
    recess = np.maximum(np.maximum(np.abs(frame.cavity - 1.2) - 1.4, -frame.recess_mm), frame.recess_mm - border - 6)
    recess = np.maximum(recess, -middle)
    soft = build.hu("diaphragm")
    canvas.place("pleural_recess", recess, canvas.all, 0.6 * soft - 30, clip=False)
    muscle = np.maximum(np.abs(frame.dome + 1.6) - 1.5, 0.8 - frame.cavity)
    muscle = np.maximum(muscle, -frame.recess_mm - 4)
    muscle = np.maximum(muscle, -spine - 3)
    canvas.place("diaphragm", muscle, canvas.all, soft, clip=False)
    for side in (-1, 1):
        path = [(side * 13, spine_y(50) - 20, 55, 3), (side * 15, spine_y(100) - 17, 105, 5),
                (side * 14, spine_y(150) - 24, 150, 5), (side * 9, spine_y(180) - 34, 178, 4)]
        box, crus, _, _ = canvas.tube(build.path(np.array(path, float)))
        canvas.place("diaphragm", crus, box, soft)


def draw_back(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Muscles beside the spine: erector, psoas, quadratus lumborum."""
    x, y, z = canvas.coordinates(canvas.all)
    lumps, ripple = canvas.noise(build.lumps, canvas.all), canvas.noise(build.ripple, canvas.all)
    streak = smooth_step(canvas.noise(build.grain, canvas.all) + 0.6 * ripple, 1.3, 2.4)
    muscle = build.hu("muscle")
    yc = spine_y(z)
    back = ellipsoid(np.abs(x), y - yc, z, (33, 43, 60), (27, 20, 420)) + 1.0 * lumps
    back = np.maximum(back, SKIN_MM + 0.6 * frame.fat_mm - frame.depth)
    canvas.place("muscle", back, canvas.all, muscle - 60 * streak, 0.5)
    grow = smooth_step(-z, -140, 0)
    psoas = (np.sqrt(((np.abs(x) - 33 - 9 * grow) / (8 + 13 * grow)) ** 2 + ((y - yc - 5) / (8 + 14 * grow)) ** 2) - 1)
    psoas = psoas * (8 + 13 * grow) + 0.8 * lumps + 25 * smooth_step(z, 110, 150)
    if build.pelvis:  # it goes on as the flexor of the hip
        psoas = psoas + 40 * smooth_step(-z, 40, 75)
    canvas.place("muscle", psoas, canvas.all, build.hu("psoas") - 25 * streak, 0.8)
    square = ellipsoid(np.abs(x), y - yc, z, (70, 26, 40), (21, 8.5, 95), (0, 0, 22)) + 0.8 * lumps
    canvas.place("muscle", square, canvas.all, muscle - 40 * streak, 1.0)


def draw_wall(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Layers of the trunk wall, fat and skin: whatever room is left in the body."""
    x = canvas.coordinates(canvas.all)[0]
    lumps, ripple = canvas.noise(build.lumps, canvas.all), canvas.noise(build.ripple, canvas.all)
    streak = smooth_step(canvas.noise(build.grain, canvas.all) + 0.6 * ripple, 1.3, 2.4)
    fat = build.hu("fat")
    muscle = build.hu("muscle")
    below = SKIN_MM + frame.fat_mm - frame.depth
    wall = np.maximum(below, frame.cavity)
    share = (frame.depth - SKIN_MM - frame.fat_mm) / np.maximum(frame.depth - SKIN_MM - frame.fat_mm - frame.cavity, 4)
    seam = np.minimum(np.abs(share - 0.40), np.abs(share - 0.72)) * 18 + 0.6 * ripple
    plane = (1 - smooth_step(seam, 0.5, 1.6)) * smooth_step(np.abs(x), 66, 84)
    canvas.place("muscle", wall, canvas.all, muscle - 85 * plane - 45 * streak, 0.0, clip=False)
    skin = np.maximum(frame.depth - SKIN_MM, -frame.depth)
    canvas.place("skin", skin, canvas.all, build.hu("skin"), clip=False)
    strand = smooth_step(ripple, 2.0, 3.2)
    inner = frame.cavity > 0
    rest = np.where(inner, build.hu("visceral_fat"), fat) + 4 * lumps + 40 * strand
    canvas.place("fat", -frame.depth, canvas.all, rest, clip=False)



def mark_fat(frame: Frame, canvas: Canvas) -> None:
    """Tell fat under the skin from that inside the wall; fat of the chest (above the diaphragm) is neither."""
    outer = frame.depth < SKIN_MM + frame.fat_mm
    canvas.mark("subcutaneous_fat", outer, canvas.all, "fat")
    canvas.mark("visceral_fat", ~outer & (frame.dome < 0), canvas.all, "fat")
