"""The size of what was clicked: several are tried, the most distinct one is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.catalog import load
from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.scene import TOLD_MM, Expected, Floats, Scene, make_scene, span_of
from anatomy_twin.segmentation.clicks.shapes import (
    SLACK_MM,
    alike_regions,
    expect_patch,
    expect_spheroid,
    expect_tube,
    surface_mm2,
    usual_mm,
)
from anatomy_twin.segmentation.clicks.tools import CONTOURED, Drawn, Tool, connected, measured, refined, threshold
from anatomy_twin.segmentation.clicks.tubes import TUBES_MM, follow_tube
from anatomy_twin.segmentation.ground.compose import IN_PARTS, layer_of
from anatomy_twin.segmentation.ground.working_grid import Mask, resample_mask

LESION_RADII_MM: Final = (4.0, 6.0, 9.0, 13.0, 19.0, 28.0)
ORGAN_RADII_MM: Final = (6.0, 9.0, 13.0, 19.0, 28.0, 40.0, 58.0, 80.0)
PATCH_SIZES: Final = (0.9, 1.5, 2.5)  # of the depth of the click in what it corrects
PATCH_MM: Final = (2.0, 22.0)
TRUSTED: Final = 0.03  # a patch of less worth is none
FAR_MM: Final = 9.0  # what is farther from the mask than that may be small in spite of it
SURE: Final = 0.6  # of its depth around a click belongs to what is wrong, at most so many mm
SURE_MM: Final = 5.0
DEEP: Final = 2.3  # a patch is at most so many times thicker than its click is deep: a user clicks in the middle
FINE_VOXELS: Final = 100_000
ORGAN_VOXELS: Final = 260_000
SPANS: Final = (0.9, 1.1)
THICK: Final = (0.45, 0.7)  # of its length: how thick something long is
LONGER: Final = 1.08  # the ends of something are clicked a little inside of its border
ENDS: Final = 0.7  # two seeds may be the ends of something or its middle and an end
SOFT_HU: Final = 130.0  # what has fewer is no bone and holds none
BONE_HU: Final = 170.0
BONE_SHARE: Final = 0.02
LIME_HU: Final = 70.0
THICK_MM: Final = 2.5  # lime in a wall is thinner than twice that
LEAKED: Final = 12.0
TAIL: Final = 0.45  # of the radius of its ball: what hangs on by a neck thinner than that by two is no part of it
COLLAPSED: Final = 0.5  # of the radius: what is smaller than that fell together
ALIKE: Final = 2  # so many regions that look as at the clicks are drawn
SPIKE: Final = 0.5  # of a tube's radius: what is thinner than that by two is no part of its section
TUBE_SURE_MM: Final = -1.5
BORDER_MM: Final = 10.0  # how stiff the border of an organ is: the radius of what may bulge


def radii_of(name: str) -> tuple[float, ...]:
    """Return the sizes to try for a segment of that name, mm: an organ is about as large as it is in others."""
    usual = usual_mm(name)
    if usual is None:
        known = layer_of(name) == 0 and name in load("terms")["segments"] and not name.startswith(IN_PARTS)
        return ORGAN_RADII_MM if known else LESION_RADII_MM
    return tuple(radius for radius in ORGAN_RADII_MM if usual[0] <= radius <= usual[1])


def draw_new(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, tool: Tool,
    name: str, *, hu: bool,
) -> Drawn | None:
    """Return the region around the inside seeds whose border is most distinct; None where nothing can be drawn.

    Several inside seeds tell the size: the structure is about as large as they lie apart (its middle and both ends).
    What is known of a segment of that name helps: tubes are followed, organs look alike throughout and have a usual
    volume, everything else is about as wide in all directions.
    """
    desk = _Desk(array, geometry, inside_mm, outside_mm, tool, hu)
    limits = TUBES_MM.get(name)
    if limits is not None and hu:
        tube = follow_tube(array, geometry, inside_mm, outside_mm, limits, arterial=name == "aorta")
        if tube is not None:
            return draw_expected(array, geometry, inside_mm, outside_mm, tool, expect_tube(tube, geometry, name))
    alike = alike_regions(array, geometry, inside_mm, outside_mm, name, hu=hu) if hu else []
    shapes = [expect_patch(one, geometry, BORDER_MM, SLACK_MM, False) for one in alike[:ALIKE]]
    best: Drawn | None = None
    for patch, shape in zip(alike, shapes, strict=False):
        drawn = _sized(desk, shape.radius_mm, shape)
        drawn = replace(drawn, score=drawn.score * patch.worth)
        if best is None or drawn.score > best.score:
            best = drawn
    if best is None or best.score <= 0.0:
        best = _plain(desk, name)
    organ = best is not None and best.expected is not None and not best.expected.told
    return None if best is None else _finer(best, desk, ORGAN_VOXELS if organ else FINE_VOXELS)


def _radii(usual_mm: Iterable[float], inside_mm: Floats, outside_mm: Floats) -> list[float]:
    """Return the sizes to try: as the seeds tell, else the usual ones that reach no outside click."""
    centre, span = span_of(inside_mm)
    if span >= TOLD_MM:
        return [part * span for part in SPANS]
    barrier = float(np.linalg.norm(outside_mm - centre, axis=1).min()) if len(outside_mm) else np.inf
    return [radius for radius in usual_mm if radius <= 1.6 * barrier] or [max(barrier, 3.0)]


def _plain(desk: _Desk, name: str) -> Drawn | None:
    """Draw what no shape is known of: of the sizes and shapes that the seeds allow the most distinct one.

    Seeds that lie apart tell the size if they are the ends of it, but a leak that fills that size has borders on all
    kinds of edges. What is drawn from one of them alone is then the better beginning: it may not hold the others.
    """
    sizes = [_sized(desk, radius, None) for radius in _radii(radii_of(name), desk.inside_mm, desk.outside_mm)]
    if span_of(desk.inside_mm)[1] < TOLD_MM:
        return max(sizes, key=lambda one: one.score, default=None)
    sizes += [_sized(desk, shape.radius_mm, shape) for shape in _long(desk.geometry, desk.inside_mm)]
    ends = ENDS if len(desk.inside_mm) == 2 else 1.0
    told = [replace(one, score=ends * one.score * _whole(one)) for one in sizes]
    gaps = np.linalg.norm(desk.inside_mm[:, None] - desk.inside_mm[None], axis=-1).sum(1)
    alone = replace(desk, inside_mm=desk.inside_mm[int(gaps.argmin())][None])
    span = span_of(desk.inside_mm)[1]
    usual = [radius for radius in radii_of(name) if 0.3 * span <= radius <= 2.2 * span] or radii_of(name)[-1:]
    for radius in _radii(usual, alone.inside_mm, desk.outside_mm):
        single = _sized(alone, radius, None)
        told.append(replace(single, score=single.score * _whole(single)))
    return max(told, key=lambda one: one.score, default=None)


def _whole(drawn: Drawn) -> float:
    """Return how little a region looks like a leak, up to 1: little surface for its volume, no bone in soft tissue."""
    scene = drawn.scene
    surface = surface_mm2(drawn.mask, scene.spacing_mm)
    compact = min(1.0, 1.5 * 4.0 * np.pi * drawn.ball_mm**2 / max(surface, 1.0))
    values = scene.smooth[drawn.mask]
    soft = float(np.median(values)) < SOFT_HU
    return float(compact**2 * np.exp(-np.mean(values > BONE_HU) / BONE_SHARE if soft else 0.0))


def _long(geometry: VolumeGeometry, inside_mm: Floats) -> list[Expected]:
    """Return the long shapes to try for seeds that lie apart: not everything is as thick as it is long."""
    half = LONGER * span_of(inside_mm)[1]
    return [expect_spheroid(geometry, inside_mm, half, thick) for thick in THICK]


@dataclass(frozen=True, eq=False)
class _Desk:
    """What every try of one drawing shares."""

    array: NDArray[np.generic]
    geometry: VolumeGeometry
    inside_mm: Floats
    outside_mm: Floats
    tool: Tool
    hu: bool

    def scene(self, radius_mm: float, expected: Expected | None, **more: Any) -> Scene:
        return make_scene(
            self.array, self.geometry, self.inside_mm, self.outside_mm, radius_mm, hu=self.hu, expected=expected, **more
        )


def _sized(desk: _Desk, radius_mm: float, expected: Expected | None) -> Drawn:
    """Draw with one size or shape; where the region falls together, again from what looks as the click does."""
    scene = desk.scene(radius_mm, expected)
    voxel = float(np.prod(scene.spacing_mm))
    # between two thick slices no voxel may lie so near to the click
    held = max(1, int(np.count_nonzero(scene.away_mm <= radius_mm)))
    wanted = float((3.0 * held * voxel / (4.0 * np.pi)) ** (1.0 / 3.0))
    drawn = measured(scene, desk.tool(scene, radius_mm), radius_mm)
    if drawn.ball_mm < COLLAPSED * wanted and not scene.told:
        again = replace(scene, by_click=True)
        other = measured(again, desk.tool(again, radius_mm), radius_mm)
        drawn = other if other.ball_mm > drawn.ball_mm else drawn
    if expected is None and not scene.told:
        drawn = _without_tails(drawn)
    drawn = replace(drawn, expected=expected)
    return replace(drawn, score=_worth(drawn, wanted))


def _without_tails(drawn: Drawn) -> Drawn:
    """Cut off what runs out of a region along vessels and layers of fat."""
    scene, side = drawn.scene, drawn.scene.side_mm
    radius = TAIL * drawn.ball_mm
    if radius < 0.6 * side:
        return drawn
    core = distance_mm(~drawn.mask, scene.spacing_mm, radius + 1.0) > radius
    kept = drawn.mask & (distance_mm(core, scene.spacing_mm, radius + 2.0 * side) <= radius + 0.7 * side)
    kept = connected(kept | scene.must, scene.must)
    if np.count_nonzero(kept) in (np.count_nonzero(drawn.mask), np.count_nonzero(scene.must)):
        return drawn
    return measured(scene, kept, drawn.radius_mm)


def draw_expected(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, tool: Tool,
    expected: Expected,
) -> Drawn:
    """Return the region that has about an expected shape."""
    desk = _Desk(array, geometry, inside_mm, outside_mm, tool, True)
    drawn = _finer(_sized(desk, expected.radius_mm, expected), desk, FINE_VOXELS)
    return _even(drawn, expected) if expected.wider_mm > 0.0 else drawn


def _even(drawn: Drawn, expected: Expected) -> Drawn:
    """A tube's sections have no spikes, and what is deep in them (lime in its wall, a clot) belongs to it."""
    scene = drawn.scene
    spacing = (1e3, scene.spacing_mm[1], scene.spacing_mm[2])
    outside = scene.away_mm - drawn.radius_mm
    mask = (drawn.mask | (outside <= TUBE_SURE_MM)) & (outside <= expected.wider_mm) & ~scene.never
    radius = SPIKE * drawn.radius_mm
    core = distance_mm(~mask, spacing, radius + 1.0) > radius
    opened = distance_mm(core, spacing, radius + 1.0) <= radius
    even = connected((mask & opened) | scene.must, scene.must)
    if expected.lime_mm > 0.0:
        even = even | (_lime(scene, even) & (outside <= expected.lime_mm) & ~scene.never)
    if expected.wall_mm > 0.0:
        even = (distance_mm(even, spacing, expected.wall_mm + 1.0) <= expected.wall_mm) & ~scene.never
    return replace(drawn, mask=even)


def _lime(scene: Scene, tube: Mask) -> Mask:
    """Return what is much brighter than a tube and thin in the plane: lime in its wall, not the bone beside it."""
    bright = scene.smooth > max(float(np.median(scene.smooth[tube])) + LIME_HU, BONE_HU)
    spacing = (1e3, scene.spacing_mm[1], scene.spacing_mm[2])
    plane = np.zeros((3, 3, 3), dtype=bool)
    plane[1] = True
    labels, _ = ndimage.label(bright, plane)
    thick = distance_mm(~bright, spacing, THICK_MM + 1.0) > THICK_MM
    rim = np.concatenate([labels[:, [0, -1]].ravel(), labels[:, :, [0, -1]].ravel()])
    return bright & ~np.isin(labels, np.union1d(labels[thick], rim))


def draw_in_box(
    array: NDArray[np.generic], geometry: VolumeGeometry, box_mm: Floats, inside_mm: Floats, outside_mm: Floats,
    tool: Tool, *, hu: bool,
) -> Drawn:
    """Return the region that a box (2, 3) holds; without inside seeds its middle is one."""
    seeds = inside_mm if len(inside_mm) else box_mm.mean(0)[None]
    sides = np.maximum((box_mm.max(0) - box_mm.min(0)) / 2.0, 0.5)
    radius = float(np.prod(sides) ** (1.0 / 3.0))
    scene = make_scene(array, geometry, seeds, outside_mm, radius, hu=hu, box_mm=box_mm, voxels=FINE_VOXELS // 2)
    return measured(scene, tool(scene, radius), radius)


def _finer(drawn: Drawn, desk: _Desk, voxels: int) -> Drawn:
    """Draw the border again, on voxels nearer to those of the scan where those of the scene are larger."""
    coarse = drawn.scene
    if coarse.geometry.shape == coarse.native.shape and (desk.tool is threshold or desk.tool in CONTOURED):
        return drawn
    reach = min(float(coarse.away_mm[drawn.mask].max()) + 2.0 * coarse.side_mm + 3.0, coarse.reach_mm)
    scene = desk.scene(drawn.radius_mm, drawn.expected, reach_mm=reach, voxels=voxels)
    start = resample_mask(pasted(drawn.mask, coarse, scene), scene.native, scene.geometry)
    mask = refined(scene, start | scene.must, drawn.radius_mm, 1.2 * coarse.side_mm)
    return replace(measured(scene, mask, drawn.radius_mm), score=drawn.score, expected=drawn.expected)


def pasted(mask: Mask, source: Scene, target: Scene) -> Mask:
    """Return a mask of one scene on the voxels of the scan in the box of another."""
    full = np.zeros(target.native.shape, dtype=bool)
    native = source.to_native(mask)
    inner, outer = [], []
    for mine, theirs in zip(target.box, source.box, strict=True):
        low, high = max(mine.start, theirs.start), min(mine.stop, theirs.stop)
        inner.append(slice(low - mine.start, high - mine.start))
        outer.append(slice(low - theirs.start, high - theirs.start))
    full[tuple(inner)] = native[tuple(outer)]
    return full


def _worth(drawn: Drawn, wanted_mm: float) -> float:
    """A border that is distinct all around, a size near the one that was asked for, nothing cut off by the limit."""
    off = np.log(drawn.ball_mm / wanted_mm) / 0.45
    whole = np.exp(-LEAKED * drawn.at_limit) if drawn.expected is None else 1.0
    # something tiny in the middle looks distinct by chance
    sure = min(1.0, drawn.ball_mm / 6.0) ** 0.5
    return float(drawn.distinct**2 * drawn.contrast * drawn.on_edge * np.exp(-0.5 * off * off) * whole * sure)


def draw_patch(
    array: NDArray[np.generic], geometry: VolumeGeometry, click_mm: Floats, against_mm: Floats, tool: Tool,
    room: Mask, depth_mm: float, *, hu: bool,
) -> Drawn | None:
    """Return what a correcting click adds or removes.

    Parameters
    ----------
    click_mm : the click, (1, 3), or the points of a scribble (n, 3).
    against_mm : clicks of the other kind, (n, 3): they are never touched.
    room : where the patch may lie: outside the mask to add, inside it to remove.
    depth_mm : how deep in ``room`` the click lies. A user clicks about in the middle of what is wrong, so that is the
        size to begin with.
    """
    least = max(PATCH_MM[0], 1.3 * float(np.sqrt(min(geometry.spacing_mm) * max(geometry.spacing_mm))))
    near_mm = min(depth_mm, FAR_MM + 0.25 * max(depth_mm - FAR_MM, 0.0))
    sizes = sorted({round(float(np.clip(part * near_mm, least, PATCH_MM[1])), 3) for part in PATCH_SIZES})
    best: Drawn | None = None
    span = span_of(click_mm)[1]
    for radius in sizes:
        scene = make_scene(
            array, geometry, click_mm, against_mm, radius, hu=hu, room=room,
            reach_mm=min(4.0 * radius + 4.0, 3.0 * depth_mm + 20.0) + span, deepest_mm=DEEP * depth_mm + 0.5 * least,
            sure_mm=min(SURE * depth_mm, SURE_MM),
        )
        drawn = measured(scene, tool(scene, radius), radius, hollow=False)
        drawn = replace(drawn, score=_patch_worth(drawn, near_mm))
        if best is None or drawn.score > best.score:
            best = drawn
    if best is not None and best.score < TRUSTED:
        # everything that was tried has run away: only what is surely wrong around the click
        return replace(best, mask=best.scene.must)
    return best


def _patch_worth(drawn: Drawn, depth_mm: float) -> float:
    # where no edge says more, the size that the click's depth suggests
    off = np.log(max(drawn.ball_mm, 0.5) / (1.4 * max(depth_mm, 1.0))) / 0.7
    whole = np.exp(-LEAKED * drawn.at_limit)
    return float((0.15 + drawn.distinct * drawn.contrast) * np.exp(-0.5 * off * off) * whole)
