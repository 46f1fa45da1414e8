"""The pelvis, drawn where the field of view reaches below the iliac crests: bones, muscles, bladder, rectum."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.phantom.abdomen.build import SKIN_MM, Build, Frame
from anatomy_twin.phantom.abdomen.trunk import bone_hu
from anatomy_twin.phantom.canvas import Canvas
from anatomy_twin.phantom.shapes import Field, blend, ellipsoid, smooth_step

HIP_MM: Final = (86.0, 6.0, -122.0)
HEAD_MM: Final = 23.0
SOCKET_MM: Final = 26.0


def draw_bones(build: Build, canvas: Canvas) -> None:
    """Sacrum, lower ilium with the hip sockets, pubis, ischium and upper femora."""
    box = canvas.box((-190, -120, -260), (190, 150, -20))
    if not canvas.labels[box].size:
        return
    x, y, z = canvas.coordinates(box)
    grain = canvas.noise(build.grain, box)
    t = np.clip((-50 - z + build.level_mm) / 92, 0, 1)
    half_x, half_y = 46 * (1 - t) ** 0.7 + 9, 21 * (1 - t) + 6
    middle = 40 + 40 * np.sin(t * 1.9) / np.sin(1.9)
    sacrum = (np.sqrt((x / half_x) ** 2 + ((y - middle - 0.004 * x**2) / half_y) ** 2) - 1) * half_y
    sacrum = np.maximum(np.maximum(sacrum, z - build.level_mm + 50), -142 - z)
    holes = np.sqrt((np.abs(x) - 21 + 8 * t) ** 2 + ((z + 66) % 22 - 11) ** 2) - 4.5
    sacrum = np.maximum(sacrum, -np.maximum(holes, -128 - z))
    canvas.place("bone", sacrum, box, bone_hu(build, sacrum, grain, 1.2), clip=False)
    canvas.mark("sacrum", sacrum < 0, box)
    hx, hy, hz = HIP_MM
    side = np.abs(x)
    away = np.sqrt((side - hx) ** 2 + (y - hy) ** 2 + (z - hz) ** 2)
    block = np.minimum(away - 37, _rod(side, y, z, (98, 28, -62), (hx, hy + 4, hz + 22), 20, 22))
    block = np.maximum(block, 0.75 * (side - hx) - 0.5 * (z - hz) - 17)  # open to the outside and below
    rods = (
        ((80, 30, -138), (60, 46, -184), 15), ((70, -14, -118), (18, -50, -138), 9.5),
        ((11, -52, -136), (10, -50, -162), 9), ((12, -48, -162), (54, 30, -188), 7),
    )
    hip = block
    for start, stop, radius in rods:
        hip = blend(hip, _rod(side, y, z, start, stop, radius, radius), 6)
    hip = np.maximum(np.maximum(hip, SOCKET_MM - away), 2.0 - side)
    canvas.place("bone", hip, box, bone_hu(build, hip, grain, 1.6), clip=False)
    canvas.mark("pelvis", hip < 0, box)
    neck = _rod(side, y, z, HIP_MM, (122, 14, -152), 14, 15)
    shaft = _rod(side, y, z, (120, 14, -156), (116, 8, -300), 16, 14)
    femur = blend(blend(away - HEAD_MM, neck, 5), shaft, 6)
    femur = blend(femur, _rod(side, y, z, (126, 20, -140), (128, 20, -156), 14, 15), 6)
    hollow = smooth_step(-z, 170, 200)  # marrow of the shaft
    core = smooth_step(-femur, 1.5, 3.5) * (1 - hollow) + smooth_step(-femur, 4.5, 6.5) * hollow
    inside = (build.hu("spongy") + 35 * grain) * (1 - hollow) - 30 * hollow
    canvas.place("bone", femur, box, build.hu("cortical") * (1 - core) + inside * core, clip=False)


def _rod(
    x: Field, y: Field, z: Field, start: tuple[float, float, float], stop: tuple[float, float, float],
    radius_start: float, radius_stop: float,
) -> Field:
    """Distance to a round cone between two points."""
    a, b = np.array(start, np.float32), np.array(stop, np.float32)
    way = b - a
    px, py, pz = x - a[0], y - a[1], z - a[2]
    t = np.clip((px * way[0] + py * way[1] + pz * way[2]) / np.float32(way @ way), 0, 1)
    gap = np.sqrt((px - t * way[0]) ** 2 + (py - t * way[1]) ** 2 + (pz - t * way[2]) ** 2)
    return np.asarray(gap - radius_start - t * (radius_stop - radius_start), np.float32)


def draw_organs(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Iliac and femoral vessels, muscles, bladder, rectum with sigmoid, and what lies behind the bladder."""
    for side in (-1, 1):
        for name, tissue, shift, radius in (("aorta", "aorta", 0, 4.6), ("inferior_vena_cava", "cava", 8, 5.6)):
            lower = "cava_lower" if tissue == "cava" and build.detailed else tissue
            points = [(26 + shift, 10 + shift, -58, radius + 1), (56 + shift / 2, shift, -94, radius),
                      (76 - shift, -52 + shift, -134, radius), (82 - shift, -58 + shift, -230, radius)]
            box, distance, _, _ = canvas.tube(build.path(np.array(points, float) * (side, 1, 1, 1)))
            canvas.place(name, distance, box, build.hu(lower), -6)
    box = canvas.box((-230, -160, -260), (230, 160, 30))
    x, y, z = canvas.coordinates(box)
    if not x.size:
        return
    side = np.abs(x)
    lumps = canvas.noise(build.lumps, box)
    streak = smooth_step(canvas.noise(build.grain, box) + 0.6 * canvas.noise(build.ripple, box), 1.3, 2.4)
    under = SKIN_MM + frame.fat_mm[box] * (1 + 0.5 * smooth_step(y, 30, 90)) - frame.depth[box]
    gluteus = ellipsoid(side, y, z, (80, 66, -96), (72, 42, 92), (0, 0, 0)) + 1.5 * lumps
    thigh = ellipsoid(side, y, z, (98, 0, -205), (66, 84, 66), (0, 0, 0)) + 1.5 * lumps
    flexor = np.minimum(_rod(side, y, z, (46, 28, -36), (84, -22, -104), 19, 20),
                        _rod(side, y, z, (84, -22, -104), (108, 2, -170), 18, 12))
    wing = np.maximum(ellipsoid(side, y, z, (92, 14, -42), (36, 44, 50), (0, 0, 30)), -z - 90)
    obturator = ellipsoid(side, y, z, (54, 14, -128), (12, 36, 38), (0, 0, -10))
    floor = ellipsoid(side, y, z, (0, 14, -186), (52, 56, 16), (0, 0, 0)) + 3 * lumps
    inner = np.minimum(obturator, floor)
    outer = np.minimum(ellipsoid(side, y, z, (122, 18, -96), (34, 54, 72), (0, 0, 0)), np.minimum(gluteus, thigh))
    flesh = np.minimum(np.minimum(outer, inner), np.minimum(flexor, wing)) + 0.8 * lumps
    flesh = np.maximum(flesh, under)
    canvas.place("muscle", flesh, box, build.hu("muscle") - 45 * streak, 0.5)
    bladder = ellipsoid(x, y, z, (0, -34, -124), (40, 30, 27), (12, 0, 0)) + 1.5 * lumps
    wall = smooth_step(-bladder, 2.5, 4.0)
    canvas.place("unknown_tissue", bladder, box, build.hu("muscle") * (1 - wall) + build.hu("bladder") * wall, 1.0)
    behind = ellipsoid(x, y, z, (0, 2, -134), (26, 17, 27), (-20, 0, 0)) + 1.2 * lumps
    canvas.place("unknown_tissue", behind, box, build.hu("psoas") + 8, 1.5)
    path = [(96, 30, -22, 13), (84, 16, -50, 14), (46, -4, -66, 14), (4, 8, -72, 14), (-14, 34, -88, 15),
            (0, 50, -112, 17), (0, 48, -150, 15), (0, 60, -190, 12)]
    box, distance, _, rise = canvas.tube(build.path(build.wander("sigmoid", path, 3.0)), 10.0)
    distance = distance + 1.5 * canvas.noise(build.lumps, box)
    gas = smooth_step(-rise, 3, 6) * (build.gut_gas > 0.4)
    inner = build.hu("faeces") + 50 * canvas.noise(build.ripple, box)
    inner = inner * (1 - gas) + build.hu("gas") * gas
    lumen = smooth_step(-distance, 2.5, 4.1)
    canvas.place("colon", distance, box, build.hu("colon_wall") * (1 - lumen) + inner * lumen, 1.0)
