"""Stomach, duodenum, colon and small bowel: tubes with a wall and gas over fluid or faeces."""

from __future__ import annotations

import numpy as np

from anatomy_twin.phantom.abdomen.build import Build, Frame
from anatomy_twin.phantom.canvas import Box, Canvas
from anatomy_twin.phantom.shapes import Field, curve, smooth_step


def draw_stomach(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Fundus under the left dome to the pylorus; gas in front, fluid behind (the patient lies on the back)."""
    size = float(np.clip(1 + build.rng("stomach").normal(0, 0.1), 0.8, 1.2))
    points = [(60, 10, 180, 26 * size), (64, -6, 160, 33 * size), (62, -34, 132, 29 * size), (44, -60, 104, 23 * size),
              (12, -68, 92, 18), (-14, -56, 96, 13), (-28, -42, 104, 9)]
    box, distance, _, rise = canvas.tube(build.path(build.wander("stomach", points, 3.0)))
    if not distance.size:
        return
    distance = distance + 1.6 * canvas.noise(build.lumps, box)
    distance = np.maximum(distance, np.maximum(frame.dome[box] + 4, 3 - frame.cavity[box]))
    distance = canvas.keep_out(distance, box, 1.5)
    folds = 4.2 + 1.6 * np.clip(canvas.noise(build.ripple, box), -1, 2)
    level = -13 + 3 * np.sign(build.gut_gas - 0.5) * np.ones_like(rise)
    food = build.hu("fluid") + (140 if build.oral_contrast else 14)
    if build.oral:
        food = _opaque(build, canvas, box, "stomach")
    food = food + 16 * canvas.noise(build.ripple, box)
    gas = smooth_step(level - rise, -0.6, 0.6)
    inside = food * (1 - gas) + build.hu("gas") * gas
    hu = _walled(distance, folds, build.hu("stomach_wall"), inside)
    canvas.place("stomach", distance, box, hu)


def _walled(distance: Field, thickness: Field | float, wall: float, content: Field) -> Field:
    lumen = smooth_step(-distance - thickness, -0.8, 0.8)
    return wall * (1 - lumen) + content * lumen


def draw_duodenum(build: Build, canvas: Canvas) -> None:
    """The C round the head of the pancreas, mostly collapsed."""
    points = [(-30, -40, 104, 9), (-46, -22, 102, 12), (-54, 0, 88, 12.5), (-52, 6, 62, 12), (-34, -2, 48, 11.5),
              (0, -12, 48, 10.5), (24, -16, 62, 11), (36, -26, 74, 11)]
    path = build.path(build.wander("duodenum", points, 2.0))
    box, distance, _, rise = canvas.tube(path)
    content = build.hu("fluid") + 12 * canvas.noise(build.ripple, box)
    if build.oral:
        content = _opaque(build, canvas, box, "duodenum")
    bubble = smooth_step(-rise, 5, 6) * smooth_step(canvas.noise(build.lumps, box), 0.4, 0.7)
    content = content * (1 - bubble) + build.hu("gas") * bubble
    hu = _walled(distance + 0.8 * canvas.noise(build.ripple, box), 3.4, build.hu("gut_wall"), content)
    canvas.place("duodenum", distance, box, hu, 1.0)


def draw_colon(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Ascending, transverse and descending colon with haustra, gas and mottled faeces."""
    w = build.half_width_mm - 50
    points = [(-w + 8, 12, -20, 25), (-w + 6, 14, 20, 25), (-w + 8, 20, 52, 23), (-w + 26, 4, 70, 22),
              (-70, -36, 62, 21), (-36, -66, 50, 21), (4, -72, 44, 21), (40, -66, 54, 20), (76, -50, 84, 19),
              (w - 18, -16, 118, 19), (w - 12, 14, 126, 18), (w - 8, 36, 104, 16), (w - 6, 40, 60, 15),
              (w - 6, 34, 20, 15), (w - 10, 24, -20, 15)]
    path = build.path(build.wander("colon", points, 4.0))
    box, distance, place, rise = canvas.tube(path, 14.0)
    if not distance.size:
        return
    haustra = np.abs(np.sin(place * np.float32(4.0 * np.pi / 34.0) + canvas.noise(build.lumps, box)))
    distance = distance + 5.0 * (1 - haustra) ** 1.5 + 1.2 * canvas.noise(build.lumps, box)
    distance = np.maximum(distance, 2 - frame.cavity[box])
    distance = canvas.keep_out(distance, box, 1.2)
    canvas.place("colon", distance, box, _walled(distance, 2.0, build.hu("colon_wall"),
                                                 _faeces(build, canvas, box, place, rise)))


def _faeces(build: Build, canvas: Canvas, box: Box, place: Field, rise: Field) -> Field:
    speck = canvas.noise(build.grain, box)
    mass = build.hu("faeces") + 55 * canvas.noise(build.ripple, box) - 420 * smooth_step(speck, 0.9, 2.2)
    level = np.interp(place, *_gas_levels(build)).astype(np.float32) + 3 * canvas.noise(build.lumps, box)
    if build.oral and build.rng("opaque colon").uniform() < 0.5:  # taken the evening before: the right half is full
        mass = mass + 260 * (1 - smooth_step(place, 60, 110))
    gas = smooth_step(level - rise, -1, 1)
    return mass * (1 - gas) + build.hu("gas") * gas


def _gas_levels(build: Build) -> tuple[np.ndarray, np.ndarray]:
    levels = build.rng("gas").uniform(-16, 16 * build.gut_gas, 14)
    return np.linspace(0, 190, 14), levels


def draw_small_bowel(build: Build, frame: Frame, canvas: Canvas) -> None:
    """Loops that wander through what room is left: a walk that avoids itself and stays in the middle abdomen."""
    rng = build.rng("bowel")
    for loop, centre in enumerate(loops(build)):
        path = _loop(rng, centre)
        path = build.path(path, 4.0)
        box, distance, _, rise = canvas.tube(path, 8.0)
        if not distance.size:
            continue
        ripple = canvas.noise(build.ripple, box)
        distance = np.maximum(distance + 0.8 * canvas.noise(build.lumps, box), 2.5 - frame.cavity[box])
        distance = canvas.keep_out(distance, box, 1.0)
        kind = rng.uniform()
        content = build.hu("fluid") + 10 * ripple
        content = content + (165 if build.oral_contrast else 22 * rng.uniform())
        if build.oral:
            content = _opaque(build, canvas, box, f"loop {loop}")
        level = np.float32(-3 + rng.normal(0, 3)) if kind < build.gut_gas * 0.45 else np.float32(-20)
        gas = smooth_step(level - rise + 2 * ripple, -0.8, 0.8)
        content = content * (1 - gas) + build.hu("gas") * gas
        folds = 1.9 + 1.2 * np.clip(canvas.noise(build.grain, box), -0.8, 1.5)
        canvas.place("bowel", distance, box, _walled(distance, folds, build.hu("gut_wall"), content))


PELVIC_MM = (
    (-30, -40, -46), (20, -50, -50), (48, -36, -40), (-4, -20, -62), (-40, -24, -78), (30, -30, -84), (4, -52, -90),
    (-60, -30, -48), (66, -40, -66),
)
# centres of the loops in model mm: jejunum in the left upper part, ileum in the lower right
LOOPS_MM = (
    (52, -30, 84), (70, -10, 62), (40, -44, 62), (62, -40, 38), (30, -16, 40), (72, -8, 30), (8, -52, 30),
    (-12, -22, 34), (44, -50, 10), (-36, -50, 22), (14, -30, 8), (-44, -20, 10), (62, -22, 4), (-20, -56, 0),
    (28, -54, -12), (-48, -36, -14), (2, -34, -20),
)


# more of them in the kinds drawn in detail, and in the bed of a removed organ
FILLING_MM = ((86, -28, 44), (84, -38, 8), (-74, -26, 12), (18, -62, 26), (-6, -12, 12), (58, -64, 18), (-56, -58, -2))
BED_MM = {
    "kidney_left": ((64, 34, 92), (70, 24, 62)), "kidney_right": ((-62, 32, 70), (-56, 24, 44)),
    "spleen": ((92, 34, 138), (88, 14, 118)),
}


def loops(build: Build) -> tuple[tuple[int, int, int], ...]:
    """Centres of all loops of this patient in model mm."""
    more = FILLING_MM if build.detailed else ()
    low = PELVIC_MM if build.pelvis else ()
    return (*LOOPS_MM, *more, *low, *(centre for organ in build.removed for centre in BED_MM.get(organ, ())))


def _opaque(build: Build, canvas: Canvas, box: Box, name: str) -> Field:
    """Content after drinking contrast medium: 150 to 400 HU, thinner at the top; some loops have had none yet."""
    rng = build.rng(f"opaque {name}")
    level = float(rng.uniform(170, 390)) if rng.uniform() < 0.8 else build.hu("fluid") + 12
    return level * (0.9 + 0.08 * canvas.noise(build.lumps, box)) + 8 * canvas.noise(build.ripple, box)


def _loop(rng: np.random.Generator, centre_mm: tuple[int, int, int]) -> np.ndarray:
    """Control points (N, 4) of one loop: a bent ring that does not close."""
    count = 7
    angles = np.linspace(0, 1.6 * np.pi, count) + rng.uniform(0, 6)
    reach = np.array([24, 17, 11]) * rng.uniform(0.8, 1.25, 3)
    turns = np.stack([np.cos(angles), np.sin(angles), np.sin(2 * angles)], axis=1)
    radius = rng.uniform(8.0, 12.5) * rng.uniform(0.9, 1.1, (count, 1))
    centre = np.array(centre_mm) + rng.normal(0, 4, 3)
    return np.hstack([centre + reach * turns + rng.normal(0, 3.5, (count, 3)), radius])


def draw_mesentery(build: Build, canvas: Canvas) -> None:
    """Small vessels and a few lymph nodes in the fat, fanning out from the root of the mesentery."""
    rng = build.rng("mesentery")
    start, stop, radius = [], [], []
    for centre in LOOPS_MM:
        for _ in range(3):
            root = np.array([2, -26, rng.uniform(20, 90)])
            goal = np.array(centre) + rng.normal(0, 12, 3)
            middle = (root + goal) / 2 + rng.normal(0, 7, 3)
            path = build.unwarp(curve(np.array([[*root, 2.0], [*middle, 1.5], [*goal, 0.9]]), 5.0))
            start.append(path[:-1, :3])
            stop.append(path[1:, :3])
            radius.append(path[1:, 3])
    box, distance, _, _ = canvas.tubes(np.vstack(start), np.vstack(stop), np.hstack(radius), np.hstack(radius), 3.0)
    blood = 0.85 * build.hu("portal_vein")
    canvas.place("unknown_tissue", distance, box, blood, 0.0)
