"""Bones of the chest: vertebrae one by one, twelve pairs of ribs with their cartilage, sternum, clavicles, scapulae."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.phantom.chest.form import Cage, Form, PartCanvas, cage_point, profile, spine_y
from anatomy_twin.phantom.intensity import hounsfield
from anatomy_twin.phantom.shapes import Field, blend, carve, ellipsoid, smooth_step

LEVELS: Final = (
    ("vertebra_l2", -136.0), ("vertebra_l1", -107.0), ("vertebra_t12", -79.0), ("vertebra_t11", -53.0),
    ("vertebra_t10", -28.5), ("vertebra_t9", -5.0), ("vertebra_t8", 17.5), ("vertebra_t7", 39.5),
    ("vertebra_t6", 61.0), ("vertebra_t5", 82.0), ("vertebra_t4", 102.5), ("vertebra_t3", 122.5),
    ("vertebra_t2", 142.0), ("vertebra_t1", 161.0), ("vertebra_c7", 178.5), ("vertebra_c6", 194.5),
    ("vertebra_c5", 210.0),
)
# rib: how far its front end lies below its head in mm, and the angle from the back where its bone ends
RIBS: Final = {
    1: (24, 150), 2: (46, 156), 3: (60, 158), 4: (74, 158), 5: (84, 156), 6: (92, 153), 7: (96, 150), 8: (96, 145),
    9: (92, 139), 10: (84, 130), 11: (60, 96), 12: (42, 58),
}
# where the cartilage of a rib meets the sternum, or that of the rib above
JOINTS: Final = {1: 122, 2: 90, 3: 73, 4: 56, 5: 40, 6: 24, 7: 10}
STERNUM: Final = ((-26, 3.0), (-14, 4.5), (4, 6.0), (40, 6.0), (80, 6.2), (90, 7.0), (112, 7.5), (134, 6.5))


def bone_hu(form: Form, distance: Field, spongy: Field, shell_mm: float = 1.6) -> Field:
    """HU of a bone with a dense shell and spongy inside."""
    core = smooth_step(-distance, shell_mm * 0.7, shell_mm * 1.6)
    cortical, trabecular = hounsfield("cortical", form.phase), hounsfield("spongy", form.phase)
    return cortical * (1 - core) + (trabecular + 28 * spongy) * core


def draw_spine(form: Form, canvas: PartCanvas, first_part: int) -> None:
    """Vertebrae with canal, arch and processes that slope down; discs between. Parts: ``first_part`` + level."""
    box = canvas.box((-60, -30, -170), (60, 135, 260))
    if 0 in canvas.labels[box].shape:
        return
    x, y, z = canvas.coordinates(box)
    levels = np.array([height for _, height in LEVELS], np.float32)
    lumbar, neck = smooth_step(-z, 60, 120), smooth_step(z, 110, 190)
    yc = spine_y(z)
    half_x, half_y = 15.5 + 5.5 * lumbar - 1.5 * neck, 15.5 + 1.5 * lumbar - 5.5 * neck
    canal_y = yc + half_y * 0.86 + 7.5
    # spinous processes of the chest slope down over the next vertebra
    sheared = z + (0.75 - 0.55 * lumbar - 0.35 * neck) * np.clip(y - canal_y - 3, 0, 26)
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, sheared).astype(np.uint8)
    local, gap = sheared - levels[nearest], np.gradient(levels)[nearest]
    waist = 1 - 0.09 * np.cos(np.clip(local / (gap / 2), -1, 1) * np.pi / 2)
    px, py = np.abs(x) / (half_x * waist), np.abs(y - yc) / (half_y * waist)
    around = (np.sqrt(px**2 + py**2) - 1) * half_y
    around = carve(around, y - (yc + half_y * 0.86), 4)
    body = carve(around, np.abs(local) - gap * 0.41, 2.5)
    canal = (np.sqrt((x / 9.5) ** 2 + ((y - canal_y) / 7.5) ** 2) - 1) * 7.5
    arch = carve(canal - 4.8, np.abs(local + 2) - gap * 0.33, 2)
    arch = carve(arch, canal_y - 9 - y, 2)
    reach = 27 + 6 * lumbar - 6 * neck
    spinous = np.maximum(np.maximum(np.abs(x) - 2.6, np.abs(local + 3) - 4.5 - 4 * lumbar),
                         np.maximum(canal_y + 5 - y, y - canal_y - reach))
    wide = 30 - 2 * smooth_step(-z, 20, 90)
    wing = np.sqrt((y - canal_y - 1 - 0.35 * np.abs(x)) ** 2 + ((local - 1) / 1.2) ** 2) - 3.8
    wing = np.maximum(wing, np.maximum(np.abs(x) - wide, 8 - np.abs(x)))
    facet = np.sqrt((np.abs(x) - 13) ** 2 + (y - canal_y - 5) ** 2 + ((np.abs(local) - gap * 0.3) / 1.5) ** 2) - 4.2
    rear = blend(blend(blend(arch, spinous, 3), wing, 3), facet, 3)
    # a joint is a gap of about a millimetre
    bone = np.maximum(np.maximum(blend(body, rear, 2), -canal), np.abs(local) - gap / 2 + 0.6)
    hu = bone_hu(form, bone, canvas.noise(form.grain, box), 1.7)
    canvas.place("bone", bone, box, hu, clip=False, part=nearest + np.uint8(first_part))
    disc = np.maximum(around - 0.4, -bone)
    canvas.place("unknown_tissue", disc, box, hounsfield("disc", form.phase), clip=False)
    cord = hounsfield("canal", form.phase) + 18 * smooth_step(5 - np.sqrt(x**2 + (y - canal_y) ** 2), -1, 1)
    canvas.place("unknown_tissue", canal, box, cord, clip=False)


def draw_ribs(form: Form, canvas: PartCanvas, part: int) -> None:
    """Twelve pairs of ribs that slope down to the front, and the cartilage of the upper ten."""
    rng = form.rng("ribs")
    heights = dict(LEVELS)
    for rib, (drop, end) in RIBS.items():
        head = heights[f"vertebra_t{rib}"] + (8 if 1 < rib < 11 else 0)
        for side in (-1, 1):
            points = _rib_points(form, rib, side, head, drop + rng.normal(0, 2.5), end)
            _tube_bone(form, canvas, points, part, 0.7 if rib > 1 else 1.0)
            if rib <= 10:
                _cartilage(form, canvas, points[-1], rib, side)


def _rib_points(form: Form, rib: int, side: int, head: float, drop: float, end: float) -> np.ndarray:
    yc = float(spine_y(head))
    points = [(side * 19.0, yc + 10, head, 3.6), (side * 30.0, yc + 24, head - 1, 4.0)]
    thick = {1: 4.4, 11: 4.2, 12: 3.8}.get(rib, 4.8)
    for degrees in np.arange(30, end + 1, 8.0):
        share = np.sin(min(degrees / end, 1.0) * np.pi / 2) ** 1.7
        z = head - drop * (0.06 + 0.94 * share)
        px, py = cage_point(form, side * np.deg2rad(degrees), z, 5.2)
        points.append((px, py, z, thick))
    return np.array(points)


def _tube_bone(form: Form, canvas: PartCanvas, points: np.ndarray, part: int, z_scale: float = 1.0) -> None:
    box, distance, _, _ = canvas.tube(form.path(points, 5.0), 5.0, z_scale)
    if distance.size:
        distance = distance + 0.3 * canvas.noise(form.ripple, box)
        hu = bone_hu(form, distance, canvas.noise(form.grain, box), 1.3)
        canvas.place("bone", distance, box, hu, clip=False, part=part)


def _cartilage(form: Form, canvas: PartCanvas, tip: np.ndarray, rib: int, side: int) -> None:
    goal = JOINTS.get(rib, 10 - 9 * (rib - 7))
    steps = []
    start = abs(float(np.arctan2(tip[0], tip[1] - 0.0)))
    stop = np.deg2rad(171 - 7 * max(rib - 7, 0))
    for t in np.linspace(0, 1, 6):
        z = tip[2] + (goal - tip[2]) * t**1.4
        angle = start + (stop - start) * t
        px, py = cage_point(form, side * angle, z, 5.2)
        blend_in = min(1.0, 2.5 * t)
        steps.append((tip[0] + (px - tip[0]) * blend_in, tip[1] + (py - tip[1]) * blend_in, z, 4.4))
    box, distance, _, _ = canvas.tube(form.path(np.array(steps), 5.0), 5.0, 0.8)
    if distance.size:
        hu = hounsfield("cartilage", form.phase) + 25 * canvas.noise(form.grain, box)
        canvas.place("unknown_tissue", distance, box, hu, clip=False)


def draw_sternum(form: Form, canvas: PartCanvas, part: int) -> None:
    """Manubrium, body and xiphoid process in front of the cage."""
    table = np.array(STERNUM)
    box = canvas.box((-40, -150, -40), (40, -20, 150))
    if 0 in canvas.labels[box].shape:
        return
    x, y, z = canvas.coordinates(box)
    front = np.array([cage_point(form, np.pi, float(height), 6.5)[1] for height in table[:, 0]])
    yc = profile(np.column_stack([table[:, 0], front]), 1, z)
    half = profile(np.array([(-30, 3), (-12, 8), (4, 17), (60, 14), (86, 15), (96, 24), (120, 30), (136, 24)]), 1, z)
    thick = profile(table, 1, z)
    shape = (np.sqrt((np.abs(x) / half) ** 2.6 + (np.abs(y - yc) / thick) ** 2.6) - 1) * thick
    shape = np.maximum(shape, np.maximum(table[0, 0] - z, z - table[-1, 0]))
    shape = np.maximum(shape, 1.2 - np.abs(z - 90))  # the joint at the sternal angle
    canvas.place("bone", shape, box, bone_hu(form, shape, canvas.noise(form.grain, box), 1.4), clip=False, part=part)


def draw_shoulders(form: Form, canvas: PartCanvas, cage: Cage) -> None:
    """Clavicles, scapulae and the heads of the humeri (arms raised)."""
    for side in (-1, 1):
        path = [(27, -52, 140, 6.5), (52, -52, 152, 5.2), (90, -36, 166, 5.2), (124, 0, 174, 6.0), (146, 16, 176, 6.5)]
        points = np.array([(side * px * form.wide, py * form.deep, pz, r) for px, py, pz, r in path])
        _tube_bone(form, canvas, points, 0)
        ridge = [(78, 84, 122, 3.0), (104, 76, 142, 4.0), (134, 50, 164, 5.5), (148, 24, 174, 6.5)]
        _tube_bone(form, canvas, np.array([(side * px * form.wide, py, pz, r) for px, py, pz, r in ridge]), 0)
        _blade(form, canvas, side, cage)
        _tube_bone(form, canvas, np.array([(side * 164.0, 10.0, 156.0, 20.0), (side * 172.0, 8.0, 200.0, 14.0)]), 0)


def _blade(form: Form, canvas: PartCanvas, side: int, cage: Cage) -> None:
    """The blade of the scapula: a thin plate some millimetres outside the ribs, with a thick outer rim."""
    low, high = ((-175, 10, 15), (-55, 125, 172)) if side < 0 else ((55, 10, 15), (175, 125, 172))
    box = canvas.box(low, high)
    if 0 in canvas.labels[box].shape:
        return
    x, y, z = canvas.coordinates(box)
    u = side * x / np.float32(form.wide)
    # a sheet along the cage below, along a plane above, where the cage narrows
    upper = (y - 64 + 0.42 * (u - 105)) / 1.085
    share = smooth_step(z, 92, 126)
    sheet = np.asarray((cage.cavity[box] + 17) * (1 - share) + upper * share, np.float32)
    outer = u - (104 + 0.30 * (z - 30))
    inner = 84 - 0.06 * (z - 30) - u
    rim = np.exp(-((outer + 4) / 5) ** 2) * 2.0
    plate = np.maximum(np.abs(sheet) - 1.4 - rim, np.maximum(np.maximum(outer, inner), np.maximum(32 - z, z - 156)))
    neck = ellipsoid(u, y, z, (142, 36, 154), (9, 13, 17))
    shape = np.maximum(blend(plate, neck, 5), 6 - cage.depth[box])  # never near the skin
    canvas.place("bone", shape, box, bone_hu(form, shape, canvas.noise(form.grain, box), 1.2), clip=False)
