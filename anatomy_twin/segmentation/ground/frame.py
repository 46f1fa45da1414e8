"""Where things lie in the trunk: beside and before the spine, inside the muscular wall, below the diaphragm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy_twin.segmentation.ground.working_grid import Image, Mask, box_of, dilate_mm, distance_mm, open_mm


@dataclass(frozen=True, eq=False)
class SpineFrame:
    """The spine as reference: per slice its place (near the canal) in mm from the first voxel along i and j."""

    x_mm: Image
    y_mm: Image
    spacing_mm: float
    shape: tuple[int, int, int]

    @property
    def left_mm(self) -> Image:
        """Mm to the patient's left of the spine, [k, 1, i]."""
        i = np.arange(self.shape[2], dtype=np.float32) * self.spacing_mm
        return (i[None, :] - self.x_mm[:, None])[:, None, :]

    @property
    def front_mm(self) -> Image:
        """Mm in front of the spine, [k, j, 1]."""
        j = np.arange(self.shape[1], dtype=np.float32) * self.spacing_mm
        return (self.y_mm[:, None] - j[None, :])[:, :, None]


HIDDEN_MM = 55.0  # so much fully bright tissue lies behind the middle of a vertebra at most


def find_spine(hu: Image, body: Mask, spacing_mm: float) -> SpineFrame:
    """Return the path of the spine: brightest column near the middle of the back, smooth from slice to slice.

    Bone brightness blurred by 12 mm in plane times a wide expectation (the body's middle +- 32 mm, 85 +- 45 mm from
    the back skin) and less where much that is bright lies behind, then dynamic programming along k.
    """
    bright = np.clip((hu - 60.0) / 200.0, 0.0, 1.0) * (body & ~_bright_blood(hu, body, spacing_mm))
    bright = ndimage.gaussian_filter(bright, (6.0 / spacing_mm, 12.0 / spacing_mm, 12.0 / spacing_mm))
    coarse = max(1, round(6.0 / spacing_mm))
    bright, small = bright[:, ::coarse, ::coarse], body[:, ::coarse, ::coarse]
    step = spacing_mm * coarse
    x = np.arange(small.shape[2]) * step
    y = np.arange(small.shape[1]) * step
    filled = small.any(axis=(1, 2))
    middle = np.array([np.median(np.nonzero(part)[1]) * step if part.any() else np.nan for part in small])
    back = np.array([np.nonzero(part.any(1))[0][-1] * step if part.any() else np.nan for part in small])
    middle, back = _filled_line(middle, filled), _filled_line(back, filled)
    expected = np.exp(-0.5 * ((x[None, None, :] - middle[:, None, None]) / 32.0) ** 2)
    expected = expected * np.exp(-0.5 * ((back[:, None, None] - y[None, :, None] - 85.0) / 45.0) ** 2)
    # what is as bright before the spine (heart and aorta full of contrast) has the spine behind it
    behind = np.cumsum(bright[:, ::-1], axis=1)[:, ::-1] * step
    expected = expected / (1.0 + (behind / HIDDEN_MM) ** 4)
    rows, columns = _best_path(bright * expected, 0.12, 0.3)
    smooth = max(1.0, 12.0 / spacing_mm)
    x_mm = ndimage.gaussian_filter1d(columns * step, smooth, mode="nearest")
    y_mm = ndimage.gaussian_filter1d(rows * step, smooth, mode="nearest")
    return SpineFrame(x_mm.astype(np.float32), y_mm.astype(np.float32), spacing_mm, hu.shape)  # type: ignore[arg-type]


def _bright_blood(hu: Image, body: Mask, spacing_mm: float) -> Mask:
    """Return what is thick, even and brighter than 200 HU, with its rim: blood full of contrast, never a vertebra."""
    result = np.zeros(hu.shape, dtype=bool)
    thick = open_mm((hu > 200.0) & body, 6.0, spacing_mm)
    if not thick.any():
        return result
    box = box_of(thick, 3)
    clipped = np.clip(hu[box], -100.0, 500.0)
    size = max(3, 2 * round(6.0 / spacing_mm) + 1)
    mean = ndimage.uniform_filter(clipped, size)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(clipped * clipped, size) - mean * mean, 0.0))
    even = thick[box] & (spread < 60.0)
    result[box] = dilate_mm(even, 9.0, spacing_mm) & (hu[box] > 120.0)
    return result


def _filled_line(values: Image, known: Mask) -> Image:
    """Fill unknown entries of a line from their neighbours."""
    if not known.any():
        return np.zeros_like(values)
    places = np.arange(values.size)
    return np.interp(places, places[known], values[known])


def _best_path(score: Image, cost_row: float, cost_column: float) -> tuple[Image, Image]:
    """Return (row, column) per slice of the path with the highest sum of score less the cost of its steps."""
    steps = [(a, b) for a in (0, -1, 1) for b in (0, -1, 1)]
    total = score[0].copy()
    choices = []
    for part in score[1:]:
        moved = []
        for a, b in steps:
            shifted = np.full_like(total, -np.inf)
            source = total[max(0, -a):total.shape[0] - max(0, a), max(0, -b):total.shape[1] - max(0, b)]
            shifted[max(0, a):total.shape[0] - max(0, -a), max(0, b):total.shape[1] - max(0, -b)] = source
            moved.append(shifted - cost_row * abs(a) - cost_column * abs(b))
        stack = np.stack(moved)
        choice = np.argmax(stack, axis=0)
        choices.append(choice)
        total = np.take_along_axis(stack, choice[None], 0)[0] + part
    row, column = np.unravel_index(int(np.argmax(total)), total.shape)
    path = [(int(row), int(column))]
    for choice in reversed(choices):
        a, b = steps[int(choice[path[-1]])]
        path.append((path[-1][0] - a, path[-1][1] - b))
    rows, columns = np.array(path[::-1], dtype=float).T
    return rows, columns


# --- the wall --------------------------------------------------------------------------------------------------------

RAYS = 180
WALL_MM = 13.0  # of the muscles of the trunk where nothing shows it (assumed)


def find_cavity_depth(hu: Image, body: Mask, bone: Mask, lungs: Mask, frame: SpineFrame) -> Image:
    """Return how deep each voxel lies inside the inner face of the trunk wall in mm (negative in the wall).

    Along rays from the middle of each slice: the outer face of the muscle is the outermost run above -20 HU at least
    5 mm below the skin; the wall is as thick as from there to the inner face of the nearest rib or to the lung edge,
    spread over the rays that meet neither, 13 mm by default.
    """
    step = frame.spacing_mm
    count = int(np.ceil(np.hypot(*hu.shape[1:]) / 2.0)) + 1
    angle = np.arange(RAYS) * 2.0 * np.pi / RAYS
    radius = np.arange(count, dtype=np.float32)
    centres = _slice_centres(body)
    outer = np.full((hu.shape[0], RAYS), np.nan)
    inner = np.full_like(outer, np.nan)
    for k in range(hu.shape[0]):
        if not body[k].any():
            continue
        places = np.stack([
            centres[k, 0] + radius[None] * np.sin(angle)[:, None], centres[k, 1] + radius[None] * np.cos(angle)[:, None]
        ])
        values = ndimage.map_coordinates(hu[k], places, order=1, mode="constant", cval=-1000.0)
        near = np.rint(places).astype(int)
        clipped = np.clip(near[0], 0, hu.shape[1] - 1), np.clip(near[1], 0, hu.shape[2] - 1)
        in_field = (clipped[0] == near[0]) & (clipped[1] == near[1])
        outer[k], inner[k] = _wall_on_rays(
            values, in_field & body[k][clipped], in_field & bone[k][clipped], in_field & lungs[k][clipped], in_field,
            step,
        )
    edge = _inner_face(outer, inner, step)
    return _depth_from_rays(hu.shape, centres, edge, step) - _paraspinal(frame, hu.shape)


def _slice_centres(body: Mask) -> Image:
    filled = body.any(axis=(1, 2))
    centres = np.array([np.mean(np.nonzero(part), axis=1) if part.any() else (np.nan, np.nan) for part in body])
    lines = [ndimage.gaussian_filter1d(_filled_line(centres[:, n], filled), 3.0, mode="nearest") for n in range(2)]
    return np.stack(lines, axis=1)


def _wall_on_rays(
    values: Image, body: Mask, bone: Mask, lung: Mask, in_field: Mask, step: float
) -> tuple[Image, Image]:
    """Return per ray the radius (mm) of the outer face of the muscle and of the inner face of rib or lung (nan).

    On a ray that leaves the field inside the trunk without fat before it, the wall lies beyond the border of the scan.
    """
    index = np.arange(values.shape[1])
    skin = np.where(body, index, -1).max(1)
    field_end = np.where(in_field, index, -1).max(1)
    # gas right behind a thin front wall counts as filled
    filled = (values > -20.0) | (values < -250.0)
    soft = filled & (index[None] < skin[:, None] - 5.0 / step)
    run = soft & np.roll(soft, 1, axis=1)
    run[:, :1] = False
    outer = np.where(run, index, -1).max(1).astype(float)
    outer[outer < 3] = np.nan
    rim = (index[None] <= skin[:, None]) & (index[None] >= skin[:, None] - 5.0 / step)
    beyond = (skin >= 3) & (skin == field_end) & (np.sum(filled & rim, axis=1) > 0.5 * rim.sum(axis=1))
    outer[beyond] = field_end[beyond] + WALL_MM / step
    gap = outer[:, None] - index[None]
    rib = bone & (gap * step <= 30.0) & (gap >= -1)
    # the rib's inner face: the innermost voxel of the outermost run of bone on the ray
    last = np.where(rib, index, -1).max(1)
    inner_rib = last.astype(float)
    for _ in range(6):
        behind = np.clip(inner_rib.astype(int) - 1, 0, None)
        go_on = (last >= 0) & rib[np.arange(RAYS), behind]
        inner_rib = np.where(go_on, inner_rib - 1, inner_rib)
    inner_rib = np.where(last >= 0, inner_rib - 0.5, np.nan)
    edge_lung = np.where(lung, index, -1).max(1).astype(float)
    edge_lung = np.where(edge_lung >= 0, edge_lung + 3.0 / step, np.nan)
    inner = np.where(np.isnan(inner_rib), edge_lung, inner_rib)
    return outer * step, inner * step


def _inner_face(outer: Image, inner: Image, step: float) -> Image:
    """Spread the thickness of the wall over all rays and take it off the outer face; mm per (slice, ray)."""
    known = ~np.isnan(outer)
    if not known.any():
        return np.zeros_like(outer)
    face = np.where(known, outer, np.nanmedian(outer))
    face = np.pad(face, ((0, 0), (30, 30)), mode="wrap")
    face = ndimage.median_filter(face, (5, 7), mode="nearest")
    face = ndimage.grey_closing(face, (1, 19), mode="nearest")[:, 30:-30]
    seen = ~np.isnan(inner) & known
    thickness = np.clip(np.where(seen, face - np.where(seen, inner, 0.0), 0.0), 2.0, 45.0)
    sigma = (9.0 / step, 3.5)
    mode = ("nearest", "wrap")
    weight = ndimage.gaussian_filter(seen.astype(float), sigma, mode=mode)
    total = ndimage.gaussian_filter(seen * thickness, sigma, mode=mode)
    return face - (total + 0.03 * WALL_MM) / (weight + 0.03)


def _depth_from_rays(shape: tuple[int, ...], centres: Image, edge: Image, step: float) -> Image:
    j, i = np.indices(shape[1:], dtype=np.float32)
    depth = np.empty(shape, dtype=np.float32)
    for k in range(shape[0]):
        dy, dx = j - centres[k, 0], i - centres[k, 1]
        place = np.mod(np.arctan2(dy, dx), 2.0 * np.pi) * RAYS / (2.0 * np.pi)
        low = np.floor(place).astype(int)
        share = place - low
        line = edge[k]
        depth[k] = line[low % RAYS] * (1.0 - share) + line[(low + 1) % RAYS] * share - np.hypot(dy, dx) * step
    return depth


def _paraspinal(frame: SpineFrame, shape: tuple[int, ...]) -> Image:
    """Return 40 mm in the box of the back muscles beside the spine, else 0."""
    box = (np.abs(frame.left_mm) < 45.0) & (frame.front_mm < -12.0)
    return np.broadcast_to(box, shape) * np.float32(40.0)


# --- the diaphragm ---------------------------------------------------------------------------------------------------


def find_dome(lungs: Mask, body: Mask, spacing_mm: float) -> Image | None:
    """Return the height of the lung base in mm above the first slice, per column [j, i]; None where lungs say nothing.

    Lowest lung voxel of each column, spread as a soap film over the columns of the body that hold no lung. Only used
    when the largest section of lung fills more than a quarter of the body's: from the costophrenic recess alone the
    film would be wrong.
    """
    areas = lungs.sum(axis=(1, 2))
    largest = int(np.argmax(areas))
    if areas[largest] < 0.25 * max(1, int(body[largest].sum())):
        return None
    column = lungs.any(axis=0)
    lowest = np.argmax(lungs, axis=0).astype(np.float32) * spacing_mm
    # the recess at the rim hangs far below the dome: what counts is the lung's base near the column's neighbours
    height = np.where(column, lowest, np.nan)
    nearest = ndimage.distance_transform_edt(~column, return_distances=False, return_indices=True)
    film = height[tuple(nearest)].astype(np.float32)
    for _ in range(300):
        film = np.where(column, film, ndimage.uniform_filter(film, 3, mode="nearest"))
    return film


def below_dome(shape: tuple[int, int, int], dome: Image | None, lungs: Mask, spacing_mm: float) -> Image:
    """Return how far each voxel lies below the dome in mm; only columns without lung are limited (else 1000)."""
    if dome is None:
        return np.full(shape, 1000.0, dtype=np.float32)
    k = np.arange(shape[0], dtype=np.float32)[:, None, None] * spacing_mm
    free = ~lungs.any(axis=0)
    return np.where(free[None], dome[None] - k, 1000.0).astype(np.float32)


def wall_weight(depth: Image) -> Image:
    """Return the soft weight of lying inside the wall: half at 1 mm inside its inner face."""
    return (1.0 / (1.0 + np.exp(-(np.clip(depth, -40.0, 40.0) + 1.0) / 1.5))).astype(np.float32)


def near(mask: Mask, within_mm: float, spacing_mm: float) -> Mask:
    """Return the voxels within a distance of a mask."""
    return distance_mm(mask, spacing_mm, within_mm + spacing_mm) <= within_mm
