"""Something that was drawn from clicks and is clicked again: the whole of it is drawn anew from what is known by then.

A patch mends a mask that is right on the whole. What came from one click may be wrong on the whole: a tumour with a
rim that looks as the liver does was drawn too small all around, a vein went astray.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.scene import Expected, Floats, box_around
from anatomy_twin.segmentation.clicks.shapes import box_between, expect_tube, signed_mm
from anatomy_twin.segmentation.clicks.size import draw_expected
from anatomy_twin.segmentation.clicks.tools import Tool, connected
from anatomy_twin.segmentation.clicks.tubes import TUBES_MM, follow_tube
from anatomy_twin.segmentation.ground.compose import IN_PARTS
from anatomy_twin.segmentation.ground.working_grid import Box, Mask, box_of, box_start_shape

ALL_AROUND: Final = 0.6  # so much of the surroundings looks as at the click: it is the same all around
ROUND_MM: Final = 30.0
SHELL: Final = 1.8  # of the depth of a click in a shell, which is half of its thickness
LEAST_DEPTH: Final = 0.75  # of a voxel's side: less deep lies what is only a step of the border
SMOOTH_MM: Final = 1.5
SLACK_MM: Final = 4.0
CLEAR: Final = 4.7  # steps of so many times the noise are clear
LITTLE: Final = 0.45  # a vague border may change by so much of the volume
MOVED: Final = 0.08
KEPT: Final = 0.75
ASTRAY: Final = 0.8  # of its radius: what is wrong deeper than that was not the tube
ASIDE: Final = 0.8  # a border that is moved goes over into that which stays so many radii of the tube aside
ALONG_MM: Final = 12.0  # and so far up and down: sections of vessels change slowly along their course
SHALLOW_MM: Final = 30.0
UNLIKE: Final = 3.5  # times the spread of the values in a tube: what differs by so much is no part of it
UNLIKE_HU: Final = 30.0


def redrawn(
    array: NDArray[np.generic], geometry: VolumeGeometry, mask: Mask, name: str, inside_mm: Floats, outside_mm: Floats,
    wrong_mm: Floats, depth_mm: float, adds: bool, tool: Tool | None,
) -> tuple[Box, Mask] | None:
    """Return what a segment drawn from clicks becomes by more of them; None where a patch at the click is better.

    Parameters
    ----------
    array, geometry : HU on upright axes.
    mask : the segment; ``name`` tells what is known of it.
    inside_mm, outside_mm : all clicks, (n, 3); ``wrong_mm`` (n, 3) those that contradict the mask, all of one kind
        (``adds``: inside ones), and ``depth_mm`` how far from the border of the mask they lie.
    tool : what draws it anew; None for a mask that did not come from clicks, of which a tube's border may move only.
    """
    if name in TUBES_MM:
        width = _radius_at(mask, geometry, wrong_mm)
        if len(wrong_mm) == 1 and depth_mm < ASTRAY * width:
            return moved_border(array, geometry, mask, wrong_mm[0], depth_mm, width, adds)
        if tool is not None:
            return _tube_again(array, geometry, mask, inside_mm, outside_mm, name, depth_mm, adds, tool)
    if tool is None or not name.startswith(IN_PARTS) or len(wrong_mm) != 1:
        return None
    return _all_around(array, geometry, mask, inside_mm, outside_mm, wrong_mm[0], adds, tool)


# --- tubes ------------------------------------------------------------------------------------------------------------


def _tube_again(
    array: NDArray[np.generic], geometry: VolumeGeometry, mask: Mask, inside_mm: Floats, outside_mm: Floats,
    name: str, depth_mm: float, adds: bool, tool: Tool,
) -> tuple[Box, Mask] | None:
    seeds = np.concatenate([inside_mm, _anchors(mask, geometry, inside_mm, outside_mm)])
    if not len(seeds) or depth_mm < ASTRAY * TUBES_MM[name][0]:
        return None
    tube = follow_tube(array, geometry, seeds, outside_mm, TUBES_MM[name], arterial=name == "aorta")
    if tube is None or (tube.depth_mm(seeds) > 0.0).any() or (tube.depth_mm(outside_mm) < 0.0).any():
        return None
    drawn = draw_expected(array, geometry, seeds, outside_mm, tool, expect_tube(tube, geometry, name))
    box, new = drawn.scene.box, drawn.scene.to_native(drawn.mask)
    both = 2.0 * np.count_nonzero(new & mask[box]) / max(np.count_nonzero(new) + np.count_nonzero(mask), 1)
    if both < KEPT:
        # a click that takes something away leaves most of the tube where it was
        return (box, new) if adds else None
    return box, (new | mask[box]) if adds else (new & mask[box])


def _radius_at(mask: Mask, geometry: VolumeGeometry, points_mm: Floats) -> float:
    """Return the radius in mm of the disc of the area that a tube has in the slice of a point; 0 where it has none."""
    k = int(geometry.voxel_of(points_mm[0])[0])
    area = float(np.count_nonzero(mask[k])) * geometry.spacing_mm[1] * geometry.spacing_mm[2]
    return float(np.sqrt(area / np.pi))


def moved_border(
    array: NDArray[np.generic], geometry: VolumeGeometry, mask: Mask, click_mm: Floats, depth_mm: float,
    radius_mm: float, adds: bool,
) -> tuple[Box, Mask] | None:
    """Return a tube whose border was moved at a click, and less and less around it, so that its sections stay smooth.

    Clicks are made about in the middle of what is wrong: the border moves by twice the depth of the click. A patch
    would leave a notch. What looks unlike the tube is not added, and a border on it stays.
    ``depth_mm`` is the distance of the click to the next voxel beyond the border, ``radius_mm`` that of the tube
    there. None where nothing changes.
    """
    box = box_around(geometry, click_mm, 2.5 * ALONG_MM)
    block = geometry.cropped(*box_start_shape(box))
    part, values = mask[box], np.asarray(array[box], dtype=np.float32)
    side = float(np.mean(geometry.spacing_mm[1:]))
    away = block.to_world(np.moveaxis(np.indices(block.shape), 0, -1)) - click_mm
    across = np.hypot(away[..., 0], away[..., 1]) / (ASIDE * radius_mm)
    weight = np.exp(-0.5 * (across**2 + (away[..., 2] / ALONG_MM) ** 2))
    # distances slice by slice: thick slices say nothing of the border in the plane
    spacing = (1e3, geometry.spacing_mm[1], geometry.spacing_mm[2])
    outside = distance_mm(part, spacing, SHALLOW_MM) - distance_mm(~part, spacing, SHALLOW_MM)
    outside = outside - 0.5 * np.sign(outside) * side
    move = max(2.0 * depth_mm - side, 0.5 * side) * weight
    smooth = ndimage.gaussian_filter(values, [SMOOTH_MM / length for length in block.spacing_mm], mode="nearest")
    core = part & (outside < -1.5 * side) & (np.abs(away[..., 2]) <= ALONG_MM)
    core = core if core.any() else part
    level = float(np.median(smooth[core]))
    spread = max(1.4826 * float(np.median(np.abs(smooth[core] - level))), 5.0)
    unlike = np.abs(smooth - level) > max(UNLIKE * spread, UNLIKE_HU)
    if adds:
        new = part | ((outside <= move) & ~unlike)
    else:
        # where something else begins at the border, there it is: a click in what looks the same says nothing of it
        held = distance_mm(unlike & ~part, spacing, 3.0 * side) <= 1.5 * side
        new = part & ((outside <= -move) | (held & ~unlike))
    return (box, np.asarray(new)) if (new ^ part).any() else None


def _anchors(mask: Mask, geometry: VolumeGeometry, inside_mm: Floats, outside_mm: Floats) -> Floats:
    """Return points in the middle of the mask where no inside click lies in it."""
    index = geometry.voxel_of(inside_mm).reshape(-1, 3)
    rows = np.flatnonzero(mask.any((1, 2)))
    if not len(rows) or (len(index) and mask[index[:, 0], index[:, 1], index[:, 2]].any()):
        return np.zeros((0, 3))
    points = []
    for k in sorted({int(rows[len(rows) // 4]), int(rows[(3 * len(rows)) // 4])}):
        depth = distance_mm(~mask[k][None], geometry.spacing_mm, 30.0)[0]
        at = np.unravel_index(int(depth.argmax()), depth.shape)
        points.append(geometry.to_world((float(k), float(at[0]), float(at[1]))))
    kept = [p for p in points if not len(outside_mm) or np.linalg.norm(outside_mm - p, axis=1).min() > 12.0]
    return np.asarray(kept, dtype=np.float64).reshape(-1, 3)


# --- lesions ----------------------------------------------------------------------------------------------------------


def _all_around(
    array: NDArray[np.generic], geometry: VolumeGeometry, mask: Mask, inside_mm: Floats, outside_mm: Floats,
    click_mm: Floats, adds: bool, tool: Tool,
) -> tuple[Box, Mask] | None:
    """Return the mask grown or shrunk all around as far as one click tells, but over nothing that looks different.

    Only where the border is a clear edge, which the click contradicts, and what lies as far from it as the click looks
    as it does there nearly everywhere. Where the border was vague a patch mends it, or what the image says if that is
    little. The image is asked first, with the grown shape as what is expected; where it clings to the old border,
    which the click says is wrong, the shape alone counts.
    """
    inner = box_of(mask)
    local = geometry.cropped(*box_start_shape(inner))
    volume = float(np.count_nonzero(mask)) * float(np.prod(geometry.spacing_mm))
    radius = (3.0 * volume / (4.0 * np.pi)) ** (1.0 / 3.0)
    if not 1.5 <= radius <= ROUND_MM:
        return None
    middle = local.to_world((np.asarray(local.shape) - 1) / 2.0)
    box = box_around(geometry, middle, 0.5 * float(np.linalg.norm(np.asarray(local.shape) * local.spacing_mm)) + 12.0)
    block = geometry.cropped(*box_start_shape(box))
    if not bool(block.contains(click_mm)):
        return None
    part, values = mask[box], np.asarray(array[box], dtype=np.float32)
    outside = signed_mm(part, block, block, 60.0)
    k, j, i = (int(v) for v in block.voxel_of(click_mm))
    depth = abs(float(outside[k, j, i]))
    smooth = ndimage.gaussian_filter(values, [SMOOTH_MM / side for side in block.spacing_mm], mode="nearest")
    spread = max(1.4826 * float(np.median(np.abs(np.diff(smooth, axis=2)))), 3.0)
    alike = np.abs(smooth - float(smooth[k, j, i])) <= 3.0 * spread
    shell = np.abs(outside - float(outside[k, j, i])) <= 0.5 * float(np.mean(block.spacing_mm))
    shallow = depth < LEAST_DEPTH * float(np.mean(block.spacing_mm))
    if shallow or depth > radius or np.count_nonzero(shell) < 12 or float(np.mean(alike[shell])) < ALL_AROUND:
        return None
    core = part & (outside <= float(np.percentile(outside[part], 30.0)))
    clear = abs(float(np.median(smooth[core])) - float(np.median(smooth[shell]))) >= CLEAR * spread
    move = SHELL * depth if adds else -SHELL * depth
    fitted = _fitted(array, geometry, (block, part), move, radius, inside_mm, outside_mm, tool)
    if fitted is not None and _moved(fitted[1], np.count_nonzero(part), adds):
        change = np.count_nonzero(fitted[1] ^ mask[fitted[0]])
        return fitted if clear or change < LITTLE * np.count_nonzero(part) else None
    if not clear:
        return None
    if not adds:
        kept = part & ((outside <= move) | ~alike)
        return (box, connected(kept, kept & (outside <= move))) if (kept & (outside <= move)).any() else None
    grown = part | ((outside <= move) & alike)
    wide = distance_mm(~grown, block.spacing_mm, 3.0) > SMOOTH_MM
    even = part | (grown & (distance_mm(wide, block.spacing_mm, 3.0) <= SMOOTH_MM))
    return box, np.asarray(ndimage.binary_fill_holes(connected(even, part)))


def _moved(new: Mask, before: int, adds: bool) -> bool:
    now = np.count_nonzero(new)
    return now > (1.0 + MOVED) * before if adds else 0.2 * before < now < (1.0 - MOVED) * before


def _fitted(
    array: NDArray[np.generic], geometry: VolumeGeometry, known: tuple[VolumeGeometry, Mask], move_mm: float,
    radius_mm: float, inside_mm: Floats, outside_mm: Floats, tool: Tool,
) -> tuple[Box, Mask] | None:
    """Return what the image says of a mask that grew by ``move_mm``; None without an inside click to hold on to."""
    block, part = known
    if not len(inside_mm):
        return None

    def away(grid: VolumeGeometry) -> Floats:
        return signed_mm(part, block, grid, 60.0) - move_mm

    inner = box_of(part)
    corners = block.to_world(np.array([[side.start - 0.5 for side in inner], [side.stop - 0.5 for side in inner]]))
    reach = max(move_mm + SLACK_MM, 1.0)
    box = box_between(geometry, corners.min(0) - reach, corners.max(0) + reach)
    expected = Expected(away, box, max(radius_mm + move_mm, 2.0), SLACK_MM, True)
    drawn = draw_expected(array, geometry, inside_mm, outside_mm, tool, expected)
    return drawn.scene.box, drawn.scene.to_native(drawn.mask)
