"""The seeded segmenters: what a user points at is drawn, or a mask that stands is corrected there and nowhere else.

Each is ``(volume, seeds, labels, monitor) -> LabelMap``. Where ``labels`` hold the named segment, an inside click that
lies outside of it adds a local patch, an outside click that lies inside removes one, and a click that agrees with the
mask changes nothing. Where they do not, the segment is drawn anew from all its seeds at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, LabelMap, Monitor, Seeds, Segment, Volume, VolumeGeometry, as_seeds
from anatomy_twin.core.monitor import check_cancelled
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.segmentation.clicks.again import redrawn
from anatomy_twin.segmentation.clicks.check import check_seeds, points_of
from anatomy_twin.segmentation.clicks.draft import Draft
from anatomy_twin.segmentation.clicks.hollow import GASSY, filled
from anatomy_twin.segmentation.clicks.outline import NEIGHBOURS, REACH_MM, outline_in_liver
from anatomy_twin.segmentation.clicks.room import DEEPEST_MM, Room, deepest, within_reach
from anatomy_twin.segmentation.clicks.scene import Floats, box_around, span_of
from anatomy_twin.segmentation.clicks.size import draw_in_box, draw_new, draw_patch
from anatomy_twin.segmentation.clicks.tools import TOOLS, Drawn, Tool
from anatomy_twin.segmentation.clicks.tubes import TUBES_MM
from anatomy_twin.segmentation.ground.losses import NO_ORGAN
from anatomy_twin.segmentation.ground.working_grid import Box, Mask, box_start_shape

SURE: Final = 0.35  # share of the border times contrast under which nothing distinct was seen
NEAR_LIVER_MM: Final = 5.0  # a lesion at the surface may have been left out of the liver
WIDEST_MM: Final = 64.0  # no patch reaches farther
AGAIN_MM: Final = 60.0  # what came from clicks may change so far from a further one
END_MM: Final = 2.0  # the end of something is clicked about so far inside of its border, and so much of its half length
END: Final = 0.1
FROM_CLICKS: Final = "from clicks"
LEAST_ML: Final = 0.03  # a ball of 4 mm


def segment_by_growing(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Grow from the seeds: the smallest surface on edges around what a front from the seeds reaches early."""
    return _segment(volume, seeds, labels, monitor, "grow")


def segment_by_flooding(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Flood the edges of the image from the seeds and from outside (watershed)."""
    return _segment(volume, seeds, labels, monitor, "watershed")


def segment_by_walking(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Random walker between the seeds and what is outside, in a local box, with a data term."""
    return _segment(volume, seeds, labels, monitor, "random-walker")


def segment_by_threshold(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """What has values as around the seeds and hangs together with them."""
    return _segment(volume, seeds, labels, monitor, "threshold")


def segment_by_levelset(
    volume: Volume, seeds: Mapping[str, Any] | None = None, labels: LabelMap | None = None, monitor: Monitor = SILENT
) -> LabelMap:
    """Two regions told apart by their histograms, with the smallest surface on edges between them."""
    return _segment(volume, seeds, labels, monitor, "levelset")


@dataclass(frozen=True, eq=False)
class Desk:
    """What all steps of one call share: the scan on upright axes, the labels being changed, the tool."""

    array: NDArray[Any]
    geometry: VolumeGeometry
    hu: bool
    draft: Draft
    tool: Tool
    tool_name: str


def _segment(
    volume: Volume, seeds: Mapping[str, Any] | None, labels: LabelMap | None, monitor: Monitor, tool: str
) -> LabelMap:
    """Raises ``UsageError`` for seeds that are missing, contradict each other or lie outside the scan or in air."""
    given = {name: as_seeds(value) for name, value in (seeds or {}).items()}
    if not given or all(one.empty for one in given.values()):
        raise UsageError(f"{tool} needs seeds", advice="give clicks inside and outside, a box or scribbles")
    upright = volume.canonical()
    for name, one in given.items():
        check_seeds(upright, name, one)
    draft = Draft.of(labels, volume)
    desk = Desk(upright.array, upright.geometry, volume.units == "HU", draft, TOOLS[tool], tool)
    for name, one in given.items():
        monitor.stage(name)
        check_cancelled(monitor)
        segment = draft.find(name)
        if segment is None or segment.absent:
            _draw(desk, name, one)
        else:
            _correct(desk, segment, one, monitor)
        monitor.progress(1.0)
    return draft.finish(f"{', '.join(given)} ({tool})")


# --- something new ----------------------------------------------------------------------------------------------------


def _draw(desk: Desk, name: str, seeds: Seeds) -> None:
    inside, outside = points_of(desk.geometry, seeds, True), points_of(desk.geometry, seeds, False)
    known = _in_liver(desk, name, seeds)
    if known is not None:
        _enter(desk, name, known[0], known[1], seeds, False)
        return
    if seeds.box is not None:
        drawn: Drawn | None = draw_in_box(
            desk.array, desk.geometry, np.asarray(seeds.box), inside, outside, desk.tool, hu=desk.hu
        )
    elif len(inside):
        drawn = draw_new(desk.array, desk.geometry, inside, outside, desk.tool, name, hu=desk.hu)
    else:
        raise UsageError(f"{name} is not in the labels and has no seed inside it",
                         advice="give a click inside it, a scribble or a box")
    if drawn is None:
        raise SegmentationError(f"nothing can be drawn for {name}", advice="give more clicks, or a box")
    box = drawn.scene.box
    mask = drawn.scene.to_native(drawn.mask)
    unsure = drawn.distinct * drawn.contrast < SURE
    whole = seeds.box is not None or not _left_out(desk.geometry, box, mask, inside)
    _obey(desk.geometry, box, mask, inside if whole else np.zeros((0, 3)), outside)
    segment = _enter(desk, name, box, mask, seeds, unsure)
    if not whole:
        _reach_ends(desk, segment, inside, outside)
    if _fill(desk, segment, desk.draft.mask(segment), outside) or not whole:
        _said(desk, name, seeds, unsure)


def _fill(desk: Desk, segment: Segment, mask: Mask, outside: Floats) -> bool:
    """Give the gas and the folds in it to something hollow, but nothing of another organ; returns whether it did."""
    missing = filled(desk.array, desk.geometry, mask, outside) if desk.hu and segment.name.startswith(GASSY) else None
    if missing is None:
        return False
    box, more = missing
    free = [0, *(s.value for s in desk.draft.segments if s.layer == segment.layer and s.name in NO_ORGAN)]
    more &= np.isin(desk.draft.view[segment.layer][box], free)
    _obey(desk.geometry, box, more, np.zeros((0, 3)), outside)
    desk.draft.add(segment, box, more)
    mask[box] |= more
    return bool(more.any())


def _reach_ends(desk: Desk, segment: Segment, inside: Floats, outside: Floats) -> None:
    """Add a patch at each seed that what was drawn from one of them left out: an end of it, a little inside of it."""
    mask = desk.draft.mask(segment)
    near = END_MM + END * span_of(inside)[1]
    for point in inside:
        k, j, i = desk.geometry.voxel_of(point)
        if not mask[k, j, i]:
            _patch(desk, segment, mask, point[None], outside, True, near)


def _left_out(geometry: VolumeGeometry, box: Box, mask: Mask, inside: Floats) -> bool:
    """Return whether seeds other than the one that a mask was drawn from lie clearly outside of it."""
    if len(inside) < 2:
        return False
    part = geometry.cropped(*box_start_shape(box))
    away = distance_mm(mask, part.spacing_mm, 1.5 * max(part.spacing_mm))
    index = part.voxel_of(inside)
    beyond = ((index < 0) | (index >= np.asarray(mask.shape))).any(1)
    k, j, i = np.clip(index, 0, np.asarray(mask.shape) - 1).T
    return bool((beyond | (away[k, j, i] > 1.05 * max(part.spacing_mm))).any())


def _enter(desk: Desk, name: str, box: Box, mask: Mask, seeds: Seeds, unsure: bool) -> Segment:
    """Write what was drawn into the labels."""
    if np.count_nonzero(mask) * desk.geometry.voxel_volume_ml < LEAST_ML:
        raise SegmentationError(f"nothing can be drawn for {name} there: {desk.tool_name} finds no region of its own",
                                advice="click nearer to its middle, give more clicks or a box, or try another tool")
    desk.draft.add(desk.draft.begin(name, mask, box), box, mask)
    return _said(desk, name, seeds, unsure)


def _said(desk: Desk, name: str, seeds: Seeds, unsure: bool) -> Segment:
    """Say of a segment what it was drawn from; returns it."""
    note = f"drawn by {desk.tool_name} from {_counted(seeds)}"
    if unsure:
        note += "; no distinct border was seen there"
    rules = (FROM_CLICKS, "no distinct border") if unsure else (FROM_CLICKS,)
    desk.draft.settle(name, "check", note + _given_up(desk.draft, name), rules)
    segment = desk.draft.find(name)
    assert segment is not None
    return segment


def _in_liver(desk: Desk, name: str, seeds: Seeds) -> tuple[Box, Mask] | None:
    """Return the lesion at a single click in a liver that is known, as ``add_target`` draws it; None for all else."""
    liver = desk.draft.find("liver")
    single = len(seeds.inside) == 1 and seeds == Seeds(inside=seeds.inside)
    if not single or not desk.hu or liver is None or liver.absent or not name.startswith(("tumour", "lesion")):
        return None
    point = np.asarray(seeds.inside[0], dtype=np.float64)
    box = box_around(desk.geometry, point, REACH_MM)
    part = desk.geometry.cropped(*box_start_shape(box))
    inside = desk.draft.within(liver, box)
    k, j, i = (int(v) for v in part.voxel_of(point))
    if float(distance_mm(inside, part.spacing_mm, NEAR_LIVER_MM + 1.0)[k, j, i]) > NEAR_LIVER_MM:
        return None
    barred = np.zeros(inside.shape, dtype=bool)
    for other in NEIGHBOURS:
        segment = desk.draft.find(other)
        if segment is not None and not segment.absent:
            barred |= desk.draft.within(segment, box)
    mask, _ = outline_in_liver(desk.array[box], part, inside, barred, point, desk.tool)
    if mask is None:
        return None
    mask[k, j, i] = True
    return box, mask


def _obey(geometry: VolumeGeometry, box: Box, mask: Mask, inside: Floats, outside: Floats) -> None:
    """Set the voxels of the seeds themselves."""
    start = np.array([side.start for side in box])
    for points, value in ((inside, True), (outside, False)):
        for k, j, i in geometry.voxel_of(points).reshape(-1, 3) - start:
            if 0 <= k < mask.shape[0] and 0 <= j < mask.shape[1] and 0 <= i < mask.shape[2]:
                mask[k, j, i] = value


def _counted(seeds: Seeds) -> str:
    clicks = len(seeds.inside) + len(seeds.outside)
    lines = len(seeds.scribbles_inside) + len(seeds.scribbles_outside)
    parts = [f"{n} {word}{'s' * (n > 1)}" for n, word in ((clicks, "click"), (lines, "scribble")) if n]
    return " and ".join(parts + ["a box"] * (seeds.box is not None))


def _given_up(draft: Draft, name: str) -> str:
    losers = sorted(draft.losers - {name})
    return f"; voxels were taken from {', '.join(losers)}" if losers else ""


# --- a correction -----------------------------------------------------------------------------------------------------


def _correct(desk: Desk, segment: Segment, seeds: Seeds, monitor: Monitor) -> None:
    mask = desk.draft.mask(segment)
    before = set(desk.draft.losers)
    inside, outside = points_of(desk.geometry, seeds, True), points_of(desk.geometry, seeds, False)
    added = removed = 0
    reach = 0.0
    if seeds.box is not None:
        removed += _cut_to_box(desk, segment, mask, np.asarray(seeds.box))
    for points, value in _strokes(desk.geometry, seeds):
        check_cancelled(monitor)
        index = desk.geometry.voxel_of(points)
        wrong = mask[index[:, 0], index[:, 1], index[:, 2]] != value
        if not wrong.any():
            continue
        far = _again(desk, segment, mask, inside, outside, points[wrong], value) if desk.hu else 0.0
        far = far or _patch(desk, segment, mask, points[wrong], outside if value else inside, value)
        reach = max(reach, far)
        added, removed = added + int(value), removed + int(not value)
    if not added + removed:
        return
    note = f"corrected by {desk.tool_name}: {_counted(seeds)}, {added} added to it, {removed} took from it"
    if reach:
        note += f", nothing changed farther than {reach:.0f} mm from a click"
    told = desk.draft.losers
    note += f"; voxels were taken from {', '.join(sorted(told - before))}" if told - before else ""
    # a click mends one place: what spoke against the rest of it still does, until a person confirms the whole
    if segment.state == "check":
        earlier = "" if segment.note.startswith(("corrected by", "drawn by")) or not segment.note else segment.note
        desk.draft.settle(segment.name, "check", "; before: ".join(filter(None, (note, earlier))), segment.rules)
    else:
        desk.draft.settle(segment.name, "corrected", note)


def _again(
    desk: Desk, segment: Segment, mask: Mask, inside: Floats, outside: Floats, points: Floats, value: bool
) -> float:
    """Draw something that came from clicks anew where that is better than a patch; returns how far it changed, mm."""
    if FROM_CLICKS not in segment.rules and segment.name not in TUBES_MM:
        return 0.0
    depth = deepest(desk.geometry, Room(mask, not value), points)
    drawn = redrawn(
        desk.array, desk.geometry, mask, segment.name, inside, outside, points, depth, value,
        desk.tool if FROM_CLICKS in segment.rules else None,
    )
    if drawn is None:
        return 0.0
    box, new = drawn
    _obey(desk.geometry, box, new, inside, outside)
    near = within_reach(desk.geometry, box, points.mean(0), AGAIN_MM)
    more, less = new & ~mask[box] & near, mask[box] & ~new & near
    desk.draft.add(segment, box, more)
    desk.draft.remove(segment, box, less)
    mask[box] = (mask[box] | more) & ~less
    return AGAIN_MM


def _strokes(geometry: VolumeGeometry, seeds: Seeds) -> list[tuple[Floats, bool]]:
    """Return clicks and scribbles in turn, as points (n, 3) and whether they are inside."""
    strokes: list[tuple[Floats, bool]] = []
    for clicks, lines, value in (
        (seeds.inside, seeds.scribbles_inside, True), (seeds.outside, seeds.scribbles_outside, False)
    ):
        strokes += [(np.asarray([click], dtype=np.float64), value) for click in clicks]
        strokes += [(points_of(geometry, Seeds(scribbles_inside=(line,)), True), value) for line in lines if line]
    return strokes


def _patch(
    desk: Desk, segment: Segment, mask: Mask, points: Floats, against: Floats, value: bool, near_mm: float = DEEPEST_MM
) -> float:
    """Add a patch around the points to the segment or take one from it; returns how far it may have reached, mm.

    The depth of the points in what is wrong tells the size of the patch, or ``near_mm`` where that is less.
    """
    room = Room(mask, not value)
    depth = min(deepest(desk.geometry, room, points), near_mm)
    middle = (points.min(0) + points.max(0)) / 2.0
    wide = box_around(desk.geometry, middle, WIDEST_MM + float(np.linalg.norm(points.max(0) - points.min(0))))
    local = desk.geometry.cropped(*box_start_shape(wide))
    drawn = draw_patch(
        desk.array[wide], local, points, against, desk.tool, room.within(wide), depth, hu=desk.hu
    )
    if drawn is None:
        return 0.0
    start = [side.start for side in wide]
    box = tuple(slice(s.start + a, s.stop + a) for s, a in zip(drawn.scene.box, start, strict=True))
    whole: Box = (box[0], box[1], box[2])
    patch = drawn.scene.to_native(drawn.mask) & room.within(whole)
    patch &= within_reach(desk.geometry, whole, middle, drawn.scene.reach_mm)
    _obey(desk.geometry, whole, patch, points, against)
    if value:
        desk.draft.add(segment, whole, patch)
        mask[whole][patch] = True
        _fill(desk, segment, mask, against)
    else:
        desk.draft.remove(segment, whole, patch)
    mask[whole][patch] = value
    return drawn.scene.reach_mm


def _cut_to_box(desk: Desk, segment: Segment, mask: Mask, box_mm: Floats) -> int:
    """A box holds the whole structure: what lies outside of it is taken away."""
    corners = desk.geometry.voxel_of(box_mm)
    low, high = np.maximum(corners.min(0), 0), corners.max(0) + 1
    beyond = mask.copy()
    beyond[low[0]:high[0], low[1]:high[1], low[2]:high[2]] = False
    if not beyond.any():
        return 0
    everything: Box = (slice(0, mask.shape[0]), slice(0, mask.shape[1]), slice(0, mask.shape[2]))
    desk.draft.remove(segment, everything, beyond)
    mask[beyond] = False
    return 1
