"""Solid organs and great vessels of the upper abdomen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.phantom.abdomen.build import Build, Frame
from anatomy_twin.phantom.abdomen.kidney_lesions import KidneyLesion
from anatomy_twin.phantom.abdomen.trunk import spine_y
from anatomy_twin.phantom.canvas import Box, Canvas
from anatomy_twin.phantom.shapes import Field, blend, carve, curve, ellipsoid, smooth_step

LIVER_BOX = ((-190.0, -150.0, 20.0), (130.0, 120.0, 260.0))
SPLEEN_BOX = ((20.0, -60.0, 60.0), (180.0, 120.0, 240.0))
LARGE_SPLEEN_ML = 300.0
HILUM = (-30.0, -14.0, 138.0)
CONFLUENCE = (-10.0, -12.0, 106.0)


def draw_great_vessels(build: Build, canvas: Canvas) -> None:
    """Aorta, inferior vena cava, oesophagus, renal vessels, coeliac trunk and superior mesenteric artery."""

    def in_front(dx: float, dy: float, z: float, radius: float) -> tuple[float, float, float, float]:
        return dx, float(spine_y(z)) + dy, z, radius

    aorta = [in_front(24, -16, 380, 12.5), in_front(22, -20, 260, 12), in_front(15, -28, 190, 11.5),
             in_front(10, -32, 130, 10.5), in_front(9, -30, 80, 9.6), in_front(8, -29, 40, 9), in_front(7, -28, 8, 8.8)]
    _tube(build, canvas, "aorta", build.wander("aorta", aorta, 1.2), "aorta", gap=0.0)
    for side in (-1, 1):
        iliac = [in_front(7, -28, 10, 6.5), in_front(7 + side * 9, -27, -14, 6), in_front(7 + side * 24, -22, -60, 6)]
        _tube(build, canvas, "aorta", np.array(iliac), "aorta", gap=-9)
        vein = [in_front(-18, -21, 0, 7.5), in_front(-14 + side * 15, -20, -25, 7), in_front(side * 36, -16, -60, 7)]
        _tube(build, canvas, "inferior_vena_cava", np.array(vein), "cava", gap=-9)
    top = build.dome_mm
    cava = [in_front(-20, -22, -2, 10), in_front(-21, -23, 60, 10.5), in_front(-23, -27, 110, 11.5),
            in_front(-25, -34, 150, 12), (-27, 2, top - 20, 12.5), (-20, -14, top + 14, 13)]
    _draw_cava(build, canvas, build.wander("cava", cava, 1.2))
    gullet = [(8, 16, 380, 7), (6, 8, 260, 7), (16, 2, 195, 7), (28, -6, 178, 7)]
    _tube(build, canvas, "oesophagus", np.array(gullet, float), "oesophagus", gap=0.5)
    low_right, low_left = build.kidney_drop_mm
    renals = (
        ("kidney_left", "aorta", [in_front(12, -30, 98, 3), in_front(30, -20, 96, 2.8),
                                  in_front(46, -6, 97 - low_left, 2.4)]),
        ("kidney_right", "aorta", [in_front(4, -30, 96, 3), in_front(-20, -12, 93, 2.8),
                                   in_front(-44, -6, 84 - low_right, 2.4)]),
        ("kidney_left", "cava_upper", [in_front(-20, -28, 92, 4.5), in_front(8, -44, 97, 4.2),
                                       in_front(28, -32, 98, 4.4), in_front(48, -10, 98 - low_left, 4)]),
        ("kidney_right", "cava_upper", [in_front(-24, -24, 88, 4.8), in_front(-36, -14, 86, 4.5),
                                        in_front(-46, -8, 84 - low_right, 4)]),
    )
    for kidney, tissue, points in renals:
        if kidney in build.removed:
            continue
        _tube(build, canvas, "unknown_tissue", np.array(points), tissue, gap=-6)
    visceral = ([in_front(10, -38, 116, 3.4), in_front(9, -52, 108, 3.3), (6, -30, 85, 3), (0, -34, 40, 2.4)],
                [in_front(10, -38, 128, 3.6), in_front(9, -56, 131, 3.2)])
    for points in visceral:
        _tube(build, canvas, "unknown_tissue", np.array(points), "aorta", gap=-6)


def _draw_cava(build: Build, canvas: Canvas, points: np.ndarray) -> None:
    """An oval vein; below the renal veins its blood is less enhanced and mixed."""
    box = canvas.box((-80, -70, -80), (60, 90, build.dome_mm + 40))
    x, y, z = canvas.coordinates(box)
    if not z.size:
        return
    path = curve(points)
    order = np.argsort(path[:, 2])
    cx, cy, radius = (np.interp(z, path[order, 2], path[order, n]).astype(np.float32) for n in (0, 1, 3))
    flat = 0.72 + 0.2 * smooth_step(z, build.dome_mm - 40, build.dome_mm)
    oval = np.sqrt(((x - cx) / 1.12) ** 2 + ((y - cy - 0.15 * (x - cx)) / flat) ** 2) - radius
    cava = np.maximum(flat * oval + 0.5 * canvas.noise(build.lumps, box), z - build.dome_mm - 16)
    renal = smooth_step(z, 75, 125)
    swirl = 10 * canvas.noise(build.grain, box) * (1 - renal) * (build.phase != "native")
    lower = build.hu("cava_lower" if build.detailed else "cava")
    hu = lower * (1 - renal) + build.hu("cava_upper") * renal + swirl
    canvas.place("inferior_vena_cava", cava, box, hu, 0.3)


def _tube(build: Build, canvas: Canvas, name: str, points: np.ndarray, tissue: str, gap: float) -> None:
    box, distance, _, _ = canvas.tube(build.path(points))
    canvas.place(name, distance, box, build.hu(tissue), gap)


@dataclass(frozen=True, slots=True)
class Kidney:
    """Where one kidney lies, how it is turned (degrees) and how large it is."""

    name: str
    side: int
    centre_mm: tuple[float, float, float]
    turn_deg: tuple[float, float, float]
    scale: float

    @property
    def hilum_mm(self) -> tuple[float, float, float]:
        """The middle of the sinus, at the inner front."""
        x, y, z = self.centre_mm
        return x - self.side * 25 * self.scale, y - 13 * self.scale, z

    def fields(self, build: Build, canvas: Canvas, box: Box) -> tuple[Field, Field]:
        """Distance fields of the bean and of the hollow that is cut from it."""
        x, y, z = canvas.coordinates(box)
        s = self.scale
        bean = ellipsoid(x, y, z, self.centre_mm, (31 * s, 27 * s, 57 * s), self.turn_deg)
        hollow = ellipsoid(x, y, z, self.hilum_mm, (19 * s, 11 * s, 27 * s), self.turn_deg)
        bean = bean + canvas.noise(build.lumps, box)
        return bean, hollow + 2.0 * canvas.noise(build.ripple, box)


def kidneys(build: Build) -> tuple[Kidney, Kidney]:
    """Draw position and size of both kidneys; the size is fitted, as the warp swells or shrinks what it bends."""
    pair = []
    for name, side, low, drop in zip(("kidney_right", "kidney_left"), (-1, 1), (78.0, 94.0), build.kidney_drop_mm,
                                     strict=True):
        rng = build.rng(name)
        centre = (side * (66 + rng.normal(0, 2)), 41 + rng.normal(0, 2), low + rng.normal(0, 3) - drop)
        kidney = Kidney(name, side, centre, (-10.0, side * -14.0, side * -28.0), 1.0)
        target_ml = build.kidney_ml + float(np.clip(rng.normal(0, 7), -14, 14))
        geometry = VolumeGeometry.upright((45, 35, 35), (4.0, 4.0, 4.0), tuple(np.subtract(centre, (68, 68, 88))))
        canvas = Canvas(geometry, (0.0, 0.0, 0.0), build.warp, build.warp_mm)
        for _ in range(4):
            bean, hollow = kidney.fields(build, canvas, canvas.all)
            volume_ml = np.count_nonzero(carve(bean, -hollow, 4) < 0) * geometry.voxel_volume_ml
            kidney = replace(kidney, scale=kidney.scale * float((target_ml / max(volume_ml, 20)) ** (1 / 3)))
        pair.append(kidney)
    return pair[0], pair[1]


def draw_kidneys(build: Build, canvas: Canvas, lesions: tuple[KidneyLesion, ...] = ()) -> None:
    """Kidneys with cortex, medullary pyramids, sinus fat and pelvis; their fat capsule keeps other organs off."""
    for kidney_ in kidneys(build):
        if kidney_.name in build.removed:
            continue
        name, side, turn = kidney_.name, kidney_.side, kidney_.turn_deg
        (cx, cy, cz), (hx, hy, _) = kidney_.centre_mm, kidney_.hilum_mm
        box = canvas.box((cx - 70, cy - 70, cz - 90), (cx + 70, cy + 70, cz + 90))
        x, y, z = canvas.coordinates(box)
        ripple = canvas.noise(build.ripple, box)
        bean, hollow = kidney_.fields(build, canvas, box)
        kidney = carve(bean, -hollow, 4)
        pelvis = ellipsoid(x, y, z, (hx + side * 5, hy + 2, cz - 3), (12, 5.5, 11), turn) + ripple
        canvas.place("unknown_tissue", pelvis, box, build.hu("pelvis"), 0.0)
        pyramid = canvas.noise(build.mottle, box)
        inner = smooth_step(-bean, 5.0, 7.0) * smooth_step(pyramid, -0.9, -0.2)
        hu = build.hu("cortex") * (1 - inner) + build.hu("medulla") * inner
        for number, lesion in enumerate(lesions, start=1):
            if lesion.kidney == name:
                kidney, hu = _with_kidney_lesion(build, canvas, box, (kidney, hu), lesion, number)
        shown = canvas.place(name, kidney, box, hu, 1.0)
        sinus = np.maximum(hollow, bean - 4)
        canvas.place("fat", sinus, box, build.hu("visceral_fat") + 25, 0.0)
        if shown.size:  # perirenal fat, thicker behind and below
            canvas.occupied[box] = np.minimum(canvas.occupied[box], shown - 4 - 3 * smooth_step(y, cy, cy + 30))


def _with_kidney_lesion(
    build: Build, canvas: Canvas, box: Box, drawn: tuple[Field, Field], lesion: KidneyLesion, number: int
) -> tuple[Field, Field]:
    """A ball that may stand out of the kidney: its outline widens the kidney's, its HU replace the kidney's."""
    kidney, hu = drawn
    away = lesion.distance(build, canvas, box)
    canvas.lesions[box][away < 0] = number
    cover = smooth_step(-away, -0.8, 0.8)
    inside = build.hu(lesion.tissue) + (0 if lesion.tissue == "cyst" else 9) * canvas.noise(build.ripple, box)
    return np.minimum(kidney, away), hu * (1 - cover) + inside * cover


def liver_box(build: Build) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Corners in mm of what the liver may fill."""
    (x, y, z), high = LIVER_BOX
    return (x, y, z - 1.4 * max(build.riedel_mm, build.liver_low_mm)), high


def spleen_box(build: Build) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Corners in mm of what the spleen may fill."""
    (x, y, z), high = SPLEEN_BOX
    return (x, y - 40, z - 70) if build.spleen_ml > LARGE_SPLEEN_ML else (x, y, z), high


def liver_shape(build: Build, frame: Frame, canvas: Canvas, box: Box) -> Callable[[float], Field]:
    """Return a function from inflation in mm to the liver's distance field: lobes and fissures under the diaphragm."""
    x, y, z = canvas.coordinates(box)
    rng = build.rng("liver")
    lumps = canvas.noise(build.lumps, box)
    tip, left = rng.normal(0, 5), rng.normal(0, 9)
    top = build.dome_mm
    right_lobe = ellipsoid(x, y, z, (-82, 4, top - 50), (88, 98, 66), (0, 10, 0))
    tongue = max(build.riedel_mm, build.liver_low_mm)
    wide = 0.3 * build.liver_low_mm
    semi = (46 + wide, 72 + wide, 60 + 0.5 * tongue)
    lower = ellipsoid(x, y, z, (-106, 6, 96 + tip - 0.5 * tongue), semi, (0, 12, 8))
    middle = ellipsoid(x, y, z, (-28, -44, top - 48), (62, 50, 42), (8, 6, 0))
    left_lobe = ellipsoid(x, y, z, (32 + left * 0.5, -56, top - 34), (58 + left, 40, 25), (10, -16, -6))
    caudate = ellipsoid(x, y, z, (-10, 4, top - 52), (14, 17, 26), (0, 0, -20))
    # visceral surface: a concave sheet that rises to the left and towards the porta
    sheet = 56 + tip + 42 * smooth_step(x, -125, -30) + 34 * smooth_step(x, -10, 70) - 10 * smooth_step(-y, 10, 75)
    if build.riedel_mm:  # a tongue of the right lobe
        sheet = sheet - 1.25 * build.riedel_mm * (1 - smooth_step(x, -110, -62))
    if build.liver_low_mm:
        sheet = sheet - build.liver_low_mm * (1 - smooth_step(x, -84, -56))
    sheet = sheet + 22 * smooth_step(y, -10, 50) * smooth_step(x, -130, -50) + 6 * canvas.noise(build.swell, box)
    hollow = ellipsoid(x, y, z, (HILUM[0], HILUM[1] + 2, HILUM[2] - 14), (22, 10, 15), (0, 0, 20))
    teres = np.maximum(np.maximum(np.abs(x - 8 + 0.25 * (y + 60) + 2 * lumps) - 1.6, y + 30), z - (top - 58))
    venosum = np.abs(y + 15 + 0.2 * (x - 5) + 2.5 * lumps) - 1.3
    venosum = np.maximum(venosum, np.maximum(np.maximum(x - 34, -16 - x), z - (top - 30)))
    cleft = np.minimum(np.minimum(teres, venosum), hollow)
    inside = np.maximum(np.maximum(frame.dome[box] + 3.2, 1.5 - frame.cavity[box]), -300)

    def shape(inflate_mm: float) -> Field:
        grow = np.float32(inflate_mm)
        lobes = blend(blend(right_lobe, lower, 26), blend(middle, left_lobe, 22), 24) - grow
        lobes = carve(lobes, sheet - grow - z, 16)
        whole = blend(lobes, caudate - 0.3 * grow, 8) + 1.6 * lumps
        return carve(carve(whole, -cleft, 5), inside, 3)

    return shape


def draw_gallbladder(build: Build, frame: Frame, canvas: Canvas) -> None:
    """A pear in its fossa under the liver, bile with a thin wall."""
    if "gallbladder" in build.removed:
        return
    rng = build.rng("gallbladder")
    size = float(np.clip(1 + rng.normal(0, 0.12), 0.75, 1.25))
    pear = [(-46, -18, 128, 4), (-52, -32, 118, 9 * size), (-58, -48, 106, 14 * size), (-63, -62, 97, 15 * size)]
    box, distance, _, _ = canvas.tube(build.path(build.wander("gallbladder", pear, 1.5), 2.5))
    distance = np.maximum(distance, 2.5 - frame.cavity[box])
    wall = smooth_step(distance, -2.2, -0.6)
    hu = build.hu("gallbladder") * (1 - wall) + build.hu("gallbladder_wall") * wall
    canvas.place("gallbladder", distance, box, hu, 2.0)


def spleen_shape(build: Build, frame: Frame, canvas: Canvas, box: Box) -> Callable[[float], Field]:
    """Return a function from inflation in mm to the spleen's distance field: a curved wedge under the diaphragm."""
    x, y, z = canvas.coordinates(box)
    lumps = canvas.noise(build.lumps, box)
    s = max(1.0, build.spleen_ml / LARGE_SPLEEN_ML) ** (1 / 3)
    outer = ellipsoid(x, y, z, (104, 34 - 60 * (s - 1), 152 - 90 * (s - 1)), (36, 56 * s, 52 * s), (-24, 10, 24))
    visceral = ellipsoid(x, y, z, (58, 0, 148), (44, 56, 62), (0, 0, 20))
    inside = np.maximum(frame.dome[box] + 3.2, 1.5 - frame.cavity[box])

    def shape(inflate_mm: float) -> Field:
        grow = np.float32(inflate_mm)
        return carve(carve(outer - grow, -(visceral + 0.5 * grow), 10) + 1.3 * lumps, inside, 3)

    return shape


def spleen_hu(build: Build, canvas: Canvas, box: Box) -> Field:
    """HU of the spleen: striped in the arterial phase, most in the early one."""
    stripes = {"arterial": 28.0, "early arterial": 36.0}.get(build.phase, 1.5)
    return build.hu("spleen") + stripes * canvas.noise(build.mottle, box)


def draw_portal_trunk(build: Build, canvas: Canvas, hilum: np.ndarray) -> None:
    """Portal, splenic and superior mesenteric vein up to where the portal tree enters the liver."""
    trunk = [(*CONFLUENCE, 7.0), (-20, -14, 122, 6.8), (*hilum, 6.6)]
    splenic = [(74, 20, 146, 3.6), (52, 8, 138, 4.0), (24, -12, 124, 4.4), (*CONFLUENCE, 5.0)]
    mesenteric = [(-6, -36, 20, 4.0), (-8, -32, 60, 4.8), (-9, -20, 88, 5.2), (*CONFLUENCE, 5.4)]
    if "spleen" in build.removed:  # the tied vein ends behind the pancreas
        splenic = splenic[2:]
    for points, placed in ((trunk, hilum), (splenic, None), (mesenteric, None)):
        path = build.path(np.array(points, float), 3.0)
        if placed is not None:
            path[:, :3] += np.linspace(0, 1, len(path))[:, None] * (placed - path[-1, :3])
        box, distance, _, _ = canvas.tube(path)
        canvas.place("portal_vein", distance, box, build.hu("portal_vein"), clip=False)


def draw_pancreas(build: Build, canvas: Canvas) -> None:
    """A lobulated gland from the duodenum to the hilum of the spleen."""
    gland = [(-34, -6, 66, 14), (-30, -14, 86, 18), (-10, -27, 100, 14), (16, -33, 112, 14), (44, -14, 124, 14),
             (70, 6, 136, 12)]
    box, distance, _, _ = canvas.tube(build.path(build.wander("pancreas", gland, 2.0)), 10.0)
    if distance.size:
        grain = canvas.noise(build.grain, box)
        distance = distance + 1.4 * grain + 1.2 * canvas.noise(build.ripple, box)
        hu = build.hu("pancreas") - 55 * smooth_step(grain, 0.7, 1.9)
        canvas.place("pancreas", distance, box, hu, 0.8)


def draw_bile_duct(build: Build, canvas: Canvas, hilum: np.ndarray) -> None:
    """Common hepatic and bile duct: right in front of the portal vein, then behind the duodenum into it."""
    x, y, z = hilum
    duct = [(x - 6, y - 9, z + 3, 0.85), (x - 9, y - 9, z - 8, 0.95), (-36, -17, 118, 1.0), (-37, -6, 102, 1.0),
            (-38, 3, 86, 0.95), (-44, 4, 72, 0.8)]
    points = np.array(duct, float)
    points[:, 3] *= build.duct_mm
    path = build.path(points, 3.0)
    path[:, :3] += np.linspace(1, 0, len(path))[:, None] * (np.array(duct[0][:3]) - path[0, :3])
    box, distance, _, _ = canvas.tube(path)
    canvas.place("bile_duct", distance, box, build.hu("bile"), 0.4)
