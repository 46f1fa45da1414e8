"""The size of what was clicked: several are tried, the most distinct one is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import VolumeGeometry
from anatomy_twin.segmentation.clicks.scene import TOLD_MM, Floats, Scene, make_scene, span_of
from anatomy_twin.segmentation.clicks.tools import CONTOURED, Drawn, Tool, measured, refined, threshold
from anatomy_twin.segmentation.ground.compose import IN_PARTS, layer_of
from anatomy_twin.segmentation.ground.working_grid import Mask, resample_mask

LESION_RADII_MM: Final = (4.0, 6.0, 9.0, 13.0, 19.0, 28.0)
ORGAN_RADII_MM: Final = (6.0, 9.0, 13.0, 19.0, 28.0, 40.0, 58.0, 80.0)
# the radius in mm of the ball of the same volume: from what adults have, rounded outwards (liver 0.8 to 2.5 l, spleen
# 60 to 600 ml, kidney 70 to 330 ml, gallbladder 8 to 80 ml, pancreas 30 to 150 ml); tubes by their half width
USUAL_MM: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({
    "liver": (40.0, 85.0), "spleen": (24.0, 53.0), "kidney": (25.0, 44.0), "gallbladder": (12.0, 27.0),
    "pancreas": (9.0, 33.0), "stomach": (19.0, 60.0), "aorta": (7.0, 29.0), "inferior_vena_cava": (7.0, 29.0),
    "portal_vein": (5.0, 20.0), "duodenum": (9.0, 28.0), "lung": (40.0, 90.0), "heart": (40.0, 70.0),
})
PATCH_SIZES: Final = (0.9, 1.5, 2.5)  # of the depth of the click in what it corrects
PATCH_MM: Final = (2.0, 14.0)
FINE_VOXELS: Final = 100_000
SPANS: Final = (0.85, 1.0, 1.15)


def radii_of(name: str) -> tuple[float, ...]:
    """Return the sizes to try for a segment of that name, mm: an organ is about as large as it is in others."""
    usual = next((span for stem, span in USUAL_MM.items() if name.startswith(stem)), None)
    if usual is None or name.startswith(IN_PARTS):
        known = layer_of(name) == 0 and name in load("terms")["segments"]
        return ORGAN_RADII_MM if known else LESION_RADII_MM
    return tuple(radius for radius in ORGAN_RADII_MM if usual[0] <= radius <= usual[1])


def draw_new(
    array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats, tool: Tool,
    radii_mm: Iterable[float], *, hu: bool,
) -> Drawn | None:
    """Return the region around the inside seeds whose border is most distinct; None where nothing can be drawn.

    Several inside seeds tell the size: the structure is about as large as they lie apart (its middle and both ends).
    """
    centre, span = span_of(inside_mm)
    barrier = float(np.linalg.norm(outside_mm - centre, axis=1).min()) if len(outside_mm) else np.inf
    sizes = [radius for radius in radii_mm if radius <= 1.6 * barrier] or [max(barrier, 3.0)]
    if span >= TOLD_MM:
        sizes = [part * span for part in SPANS]
    best: Drawn | None = None
    for radius in sizes:
        scene = make_scene(array, geometry, inside_mm, outside_mm, radius, hu=hu)
        drawn = measured(scene, tool(scene, radius), radius)
        drawn = replace(drawn, score=_worth(drawn))
        if best is None or drawn.score > best.score:
            best = drawn
    return None if best is None else _finer(best, array, geometry, inside_mm, outside_mm, tool, hu=hu)


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


def _finer(
    drawn: Drawn, array: NDArray[np.generic], geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats,
    tool: Tool, *, hu: bool,
) -> Drawn:
    """Draw the border again, on voxels nearer to those of the scan where those of the scene are larger."""
    coarse = drawn.scene
    if coarse.geometry.shape == coarse.native.shape and (tool is threshold or tool in CONTOURED):
        return drawn
    reach = min(float(coarse.away_mm[drawn.mask].max()) + 2.0 * coarse.side_mm + 3.0, coarse.reach_mm)
    scene = make_scene(
        array, geometry, inside_mm, outside_mm, drawn.radius_mm, hu=hu, reach_mm=reach, voxels=FINE_VOXELS
    )
    start = resample_mask(pasted(drawn.mask, coarse, scene), scene.native, scene.geometry)
    mask = refined(scene, start | scene.must, drawn.radius_mm, 1.2 * coarse.side_mm)
    return replace(measured(scene, mask, drawn.radius_mm), score=drawn.score)


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


def _worth(drawn: Drawn) -> float:
    """A border that is distinct all around, a size near the one that was asked for, nothing cut off by the limit."""
    off = np.log(drawn.ball_mm / drawn.radius_mm) / 0.45
    whole = max(0.0, 1.0 - 8.0 * drawn.at_limit)
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
    sizes = sorted({round(float(np.clip(part * depth_mm, least, PATCH_MM[1])), 3) for part in PATCH_SIZES})
    best: Drawn | None = None
    for radius in sizes:
        scene = make_scene(array, geometry, click_mm, against_mm, radius, hu=hu, room=room)
        drawn = measured(scene, tool(scene, radius), radius, hollow=False)
        drawn = replace(drawn, score=_patch_worth(drawn, depth_mm))
        if best is None or drawn.score > best.score:
            best = drawn
    return best


def _patch_worth(drawn: Drawn, depth_mm: float) -> float:
    # where no edge says more, the size that the click's depth suggests
    off = np.log(max(drawn.ball_mm, 0.5) / (1.4 * max(depth_mm, 1.0))) / 0.7
    whole = max(0.0, 1.0 - 8.0 * drawn.at_limit)
    return float((0.15 + drawn.distinct * drawn.contrast) * np.exp(-0.5 * off * off) * whole)
