"""The chambers of the heart, its great vessels and walls as distances (mm, negative inside) over a box of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.phantom.canvas import Box
from anatomy_twin.phantom.chest.form import PartCanvas
from anatomy_twin.phantom.chest.ways import Ways
from anatomy_twin.phantom.heart.form import (
    APPENDAGES,
    ATRIUM,
    ATRIUM_MM,
    AXIS,
    BASE,
    FRONT,
    SIDE,
    STUMP_MM,
    Floats,
    HeartForm,
    Path,
)
from anatomy_twin.phantom.shapes import Field, blend, carve, curve, ellipsoid

LOW_MM: Final = (-95.0, -105.0, -60.0)
HIGH_MM: Final = (110.0, 50.0, 112.0)
FAR_MM: Final = 16.0
VALVE: Final = (14.0, -34.0, 42.5)  # middle of the aortic valve
ROOT_WAY: Final = np.array((-0.52, -0.16, 0.84))
ROOT: Final[Path] = (
    (26, -31, 26, 11.5), (19, -33, 36, 11.5), (14, -34, 42.5, 11.5), (9, -35.3, 49, 13.2), (5, -36.5, 55, 13.6),
    (1, -37.5, 62, 13.0), (-4, -38, 72, 14.2),
)
SINUS_MM: Final = 8.4
# from the ascending aorta on, in the chest's frame: the arch joins what the chest draws behind
ARCH: Final = ((-8, -37, 84, 14.6), (-3, -26, 104, 14.2), (10, -4, 114, 13.4), (21, 18, 110, 13.0),
               (26, 34, 94, 12.8), (26, 40, 70, 12.5), (24, 40, 30, 12.2), (19, 36, -10, 12.0), (12, 28, -50, 11.6),
               (6, 21, -90, 11.2), (3, 17, -150, 10.8))
OUTFLOW: Final[Path] = ((4, -66, 30, 15.0), (15, -63, 42, 14.0), (23, -60, 53, 12.6), (25.5, -56, 61, 12.2))
TRUNK: Final[tuple[Path, ...]] = (
    ((25.5, -56, 61, 12.2), (28, -47, 70, 13.0), (27, -32, 80, 12.6), (27, -24, 83, 12.0)),
    ((27, -24, 83, 11.5), (12, -12, 82, 10.8), (-6, -6, 82, 10.2), (-26, -1, 82, 9.4), (-42, 7, 78, 8.4)),
    ((27, -26, 83, 11.8), (37, -8, 87, 10.5), (50, 10, 84, 9.0)),
)
VALVE_TO_LUNG: Final = ((25.0, -57.0, 59.5), (0.2, 0.45, 0.87))
UPPER_CAVA: Final[Path] = ((-31, -24, 132, 9.0), (-30, -23, 104, 9.4), (-31, -21, 80, 9.8), (-33, -19, 58, 10.6),
                           (-35, -19, 44, 12.0))
LOWER_CAVA: Final[Path] = ((-36, -14, 22, 13.0), (-32, -12, 8, 12.8), (-30, -9, -6, 12.5), (-30, 0, -30, 12.0))
RIGHT_APPENDAGE: Final[Path] = ((-32, -36, 38, 13.0), (-25, -52, 48, 10.0), (-14, -61, 54, 7.0), (-4, -65, 58, 4.5))
TRICUSPID: Final = (np.array((-13.0, -40.0, 19.0)), np.array((0.80, -0.58, -0.10)))
SINUS_OF_VEINS: Final[Path] = ((34, 2, 24, 3.2), (20, 8, 20, 3.8), (2, 4, 18, 4.6), (-14, -6, 18, 5.2))


@dataclass(frozen=True, eq=False)
class Chambers:
    """Distances by name over ``box``; ``u`` is the height along the axis of the left ventricle from its base.

    ``away`` is the distance from the body of the left atrium, ``part`` which vein or appendage is nearest: its place in
    ``parts``, from 1.
    """

    box: Box
    fields: dict[str, Field]
    u: Field
    away: Field
    part: NDArray[np.uint8]
    parts: tuple[str, ...]

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]


def make_chambers(form: HeartForm, canvas: PartCanvas, ways: Ways | None) -> Chambers:
    """Compute all chambers; ``ways`` are the vessels of the lungs that the veins run to (None: veins end early)."""
    box = canvas.box(LOW_MM, HIGH_MM)
    x, y, z = form.design(canvas, box)
    tube = _Tubes(form, canvas, box)
    fields: dict[str, Field] = {}
    u, ventricle, outer = _left_ventricle(form, canvas, box, (x, y, z))
    root = _root(form, canvas, tube, (x, y, z))
    above = (x - VALVE[0]) * ROOT_WAY[0] + (y - VALVE[1]) * ROOT_WAY[1] + (z - VALVE[2]) * ROOT_WAY[2]
    above *= np.float32(form.size)
    fields["left_ventricle_outer"] = outer
    fields["aorta"] = np.maximum(root, -above)
    fields["root_height"] = above
    lungs = [tube(path) for path in TRUNK]
    artery = blend(blend(lungs[0], lungs[1], 5), lungs[2], 5)
    atrium, body, number, names = _left_atrium(form, canvas, tube, (x, y, z), ways)
    wall = np.float32(form.wall_mm)
    # what lies against the atrium keeps room for both walls
    for other, room in ((root, wall + 1), (artery, wall + 1)):
        atrium, body = carve(atrium, room - other, 3), carve(body, room - other, 3)
    mitral = carve(tube(_vestibule(form)), 1.2 - root, 1)
    whole = blend(carve(atrium, wall - outer, 3), np.maximum(mitral, u - 2), 5)
    # it ends at the plane of the valve, but only there: the appendage reaches beyond that plane
    fields["left_atrium"] = np.maximum(whole, np.minimum(u, 8 - mitral))
    outflow = np.maximum(np.maximum(root, above), -u - 14)
    fields["left_ventricle"] = blend(np.maximum(ventricle, -u), outflow, 3)
    _right_heart(form, canvas, tube, fields, artery, (x, y, z))
    fields["mitral"] = mitral
    fields["papillary"] = np.minimum(*(tube(path) for path in papillary_paths(form)))
    return Chambers(box, fields, u, np.asarray(body, np.float32), number, names)


class _Tubes:
    """Distances to tubes over one box of a canvas, far ones at ``FAR_MM``."""

    def __init__(self, form: HeartForm, canvas: PartCanvas, box: Box):
        self.form, self.canvas, self.box = form, canvas, box
        self.shape = canvas.labels[box].shape

    def __call__(self, points: object) -> Field:
        return self.along(self.form.path(points))[0]

    def along(self, path: Floats) -> tuple[Field, Field]:
        """Return distance and length along a path (N, 4) of the chest's frame at every voxel of the box."""
        at, near, place, _ = self.canvas.tube(path, FAR_MM)
        distance = np.full(self.shape, np.float32(FAR_MM))
        length = np.zeros(self.shape, np.float32)
        into = tuple(slice(max(a.start, b.start) - b.start, min(a.stop, b.stop) - b.start)
                     for a, b in zip(at, self.box, strict=True))
        part = tuple(slice(max(a.start, b.start) - a.start, min(a.stop, b.stop) - a.start)
                     for a, b in zip(at, self.box, strict=True))
        if all(side.stop > side.start for side in into):
            steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path[:, :3], axis=0), axis=1))])
            distance[into] = near[part]
            length[into] = np.interp(place[part], np.arange(len(steps)), steps)
        return distance, length


def _left_ventricle(
    form: HeartForm, canvas: PartCanvas, box: Box, at: tuple[Field, Field, Field]
) -> tuple[Field, Field, Field]:
    """Return the height over the base, the cavity and the outer face of the left ventricle."""
    along, front, side = (
        sum((axis - np.float32(start)) * np.float32(part)
            for axis, start, part in zip(at, BASE, way, strict=True))
        for way in (AXIS, FRONT, SIDE)
    )
    lumps, ripple = canvas.noise(form.chest.lumps, box), canvas.noise(form.chest.ripple, box)
    wide, size = form.chamber_mm / form.size, np.float32(form.size)
    cavity = ellipsoid(along, front, side, (16, 0, 0), (61, wide, wide))
    cavity = (cavity + 0.5 * lumps) * size + 0.5 * ripple
    thick = form.muscle_mm / form.size
    outer = ellipsoid(along, front, side, (14, 0, 0), (66 + 0.72 * thick, wide + thick, wide + thick)) * size
    return along * size, cavity, carve(outer + 0.4 * lumps, -(along + 4) * size, 5)


def _root(form: HeartForm, canvas: PartCanvas, tube: _Tubes, at: tuple[Field, Field, Field]) -> Field:
    """Return the outflow tract, the root with its three sinuses and the ascending aorta with the arch."""
    chest = np.array(ARCH, float)
    chest[:, :3] += form.move_mm * np.linspace(1, 0, len(ARCH)).clip(0.4)[:, None]
    joined = np.vstack([form.place(ROOT), chest[:5]])
    distance, _ = tube.along(form.chest.path(joined, 3.0))
    centre = np.array(ROOT[3][:3]) + 2.0 * ROOT_WAY
    across = np.cross(ROOT_WAY, (0.0, 1.0, 0.0))
    across /= np.linalg.norm(across)
    other = np.cross(ROOT_WAY, across)
    for angle in np.deg2rad((30, 150, 270)):
        middle = centre + 6.6 * (np.cos(angle) * across + np.sin(angle) * other)
        away = np.sqrt(sum((axis - np.float32(c)) ** 2 for axis, c in zip(at, middle, strict=True)))
        distance = blend(distance, (away - SINUS_MM) * np.float32(form.size), 2.0)
    return distance


def papillary_paths(form: HeartForm) -> tuple[Floats, Floats]:
    """Return the two papillary muscles of the left ventricle in the design frame: points and radii."""
    reach = form.chamber_mm / form.size
    paths = []
    for way, thick in ((0.9 * SIDE + 0.3 * FRONT, 3.6), (-0.75 * FRONT - 0.65 * SIDE, 4.0)):
        spots = [(*(BASE + u * AXIS + share * reach * way / np.linalg.norm(way)), thick * thin)
                 for u, share, thin in ((58, 0.70, 1.1), (46, 0.74, 1.1), (34, 0.64, 0.9), (27, 0.55, 0.5))]
        paths.append(np.array(spots))
    return paths[0], paths[1]


def aorta_path(form: HeartForm) -> tuple[tuple[float, ...], ...]:
    """Return arch and descending aorta (x, y, z, radius) as the chest draws them."""
    chest = np.array(ARCH, float)
    chest[:, :3] += form.move_mm * np.linspace(1, 0, len(ARCH)).clip(0.4)[:, None]
    return tuple(tuple(row) for row in chest.tolist())


def _vestibule(form: HeartForm) -> Path:
    mitral = BASE - 10.0 * FRONT + 1.5 * SIDE
    start = ATRIUM + 0.35 * (mitral - ATRIUM)
    wide = 14.5 * (0.5 + 0.5 * form.atrium)
    end = mitral + 6 * AXIS
    return ((*start, wide + 2), (*mitral, wide), (*end, wide - 1))


def _left_atrium(
    form: HeartForm, canvas: PartCanvas, tube: _Tubes, at: tuple[Field, Field, Field], ways: Ways | None
) -> tuple[Field, Field, NDArray[np.uint8], tuple[str, ...]]:
    """Return the atrium with appendage and stumps, its body alone, and the number of the nearest part, from 1."""
    semi = ATRIUM_MM * form.atrium
    x, y, z = ((axis - np.float32(c)) / np.float32(s) for axis, c, s in zip(at, ATRIUM, semi, strict=True))
    # flat at the roof and behind, as it lies between the artery and the gullet
    power = np.float32(2.35)
    reach = (np.abs(x) ** power + np.abs(y) ** power + np.abs(z) ** power + np.float32(1e-9)) ** (1 / power)
    slope = np.sqrt(sum((np.abs(axis) ** (power - 1) / np.float32(s)) ** 2
                        for axis, s in zip((x, y, z), semi, strict=True))) * reach ** (1 - power)
    lumps = canvas.noise(form.chest.lumps, tube.box)
    body = ((reach - 1) / np.maximum(slope, 1e-3) * np.float32(form.size) + 0.7 * lumps).astype(np.float32)
    whole, names = body, []
    number = np.zeros(tube.shape, np.uint8)
    least = np.full(tube.shape, np.float32(FAR_MM))
    for name, path, start in vein_paths(form, ways):
        distance, length = tube.along(path)
        stump = np.maximum(distance, length - np.float32(start + STUMP_MM))
        whole = blend(whole, stump, 7)
        names.append(name)
        near = stump < least
        number[near], least[near] = len(names), stump[near]
    grain = canvas.noise(form.chest.grain, tube.box)
    appendage, _ = tube.along(form.path(appendage_points(form)))
    ripple = canvas.noise(form.chest.ripple, tube.box)
    names.append("appendage")
    near = appendage < least
    number[near], least[near] = len(names), appendage[near]
    whole = blend(whole, appendage + 0.8 * ripple + 0.5 * grain, 3)
    return whole, body, number, tuple(names)


def appendage_points(form: HeartForm) -> Floats:
    """Return the appendage of this heart in the design frame: points and radii."""
    points = np.array(APPENDAGES[form.appendage], float)
    grow = ATRIUM + (points[:1, :3] - ATRIUM) * form.atrium - points[:1, :3]
    points[:, 3] *= 0.92
    points[:, :3] += grow * np.linspace(1, 0.35, len(points))[:, None]
    return points


def vein_paths(form: HeartForm, ways: Ways | None) -> list[tuple[str, Floats, float]]:
    """Return per vein its name, its path (N, 4) in the chest's frame, and the length at its mouth."""
    result = []
    for name, (mouth, heading, radius, lobes) in form.veins().items():
        root = 0.55 * ATRIUM + 0.45 * (mouth - 4 * heading)
        points = [(*root, radius * 1.15), (*(mouth - 4 * heading), radius * 1.12), (*mouth, radius),
                  (*(mouth + 8 * heading), radius * 0.95), (*(mouth + (STUMP_MM + 5) * heading), radius * 0.86)]
        start = form.size * float(np.linalg.norm(mouth - 4 * heading - root) + 4)
        placed = form.chest.unwarp(form.place(points))
        if ways is None:
            result.append((name, curve(placed, 3.0), start))
            continue
        for lobe in lobes.split():  # a common trunk divides
            tree = ways.trees[f"vein_{lobe}"]
            hub = np.array([[*tree.nodes_mm[1], min(float(tree.radius_mm[1]), 0.7 * radius)]])
            result.append((name, curve(np.vstack([placed, hub]), 3.0), start))
    return result


def _right_heart(
    form: HeartForm, canvas: PartCanvas, tube: _Tubes, fields: dict[str, Field], artery: Field,
    at: tuple[Field, Field, Field],
) -> None:
    """Add right atrium, right ventricle with its outflow, pulmonary artery and both caval veins."""
    x, y, z = at
    size = np.float32(form.size)
    lumps = canvas.noise(form.chest.lumps, tube.box)
    wall = np.float32(form.wall_mm)
    left = np.minimum(fields["left_atrium"], fields["aorta"])
    outer = fields["left_ventricle_outer"]
    upper, lower = tube(UPPER_CAVA), tube(LOWER_CAVA)
    atrium = ellipsoid(x, y, z, (-35, -22, 30), (21, 26, 29)) * size + 0.8 * lumps
    atrium = blend(blend(atrium, tube(RIGHT_APPENDAGE), 5), tube(((-34, -30, 24, 17), (-10, -42, 18, 16))), 6)
    middle, way = TRICUSPID
    beyond = sum((axis - np.float32(c)) * np.float32(w) for axis, c, w in zip(at, middle, way, strict=True)) * size
    ventricle = ellipsoid(x, y, z, (5, -51.5, 14), (53, 30, 37), (0, 14, -22)) * size + 1.0 * lumps
    ventricle = blend(ventricle, tube(((-16, -38, 20, 16), (0, -50, 18, 17))), 6)
    start, way = VALVE_TO_LUNG
    past = sum((axis - np.float32(c)) * np.float32(w) for axis, c, w in zip(at, start, way, strict=True)) * size
    ventricle = blend(np.maximum(ventricle, -beyond), np.maximum(tube(OUTFLOW), past), 6)
    fields["tricuspid"], fields["behind"] = beyond, (y + 14) * size
    room = np.maximum(wall + 0.5 - left, 1.0 - outer)
    fields["pulmonary_artery"] = np.maximum(carve(artery, 2.5 - fields["aorta"], 2), -past)
    fields["right_ventricle"] = np.maximum(ventricle, room)
    middle_part = np.maximum(np.minimum(upper, lower), np.maximum(z - 56, 6 - z) * size)
    fields["right_atrium"] = np.maximum(blend(np.maximum(atrium, beyond), middle_part, 4), room)
    fields["superior_vena_cava"] = np.maximum(np.maximum(upper, room), (56 - z) * size)
    fields["inferior_vena_cava"] = np.maximum(np.maximum(lower, room), (z - 6) * size)
    fields["coronary_sinus"] = np.maximum(tube(SINUS_OF_VEINS), np.maximum(1.0 - outer, wall - fields["left_atrium"]))
