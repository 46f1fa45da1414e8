"""The picture of a slice: grey image, structures straight from the label map, simulated fields, tinted regions.

A ``SlicePainter`` keeps what it sampled: another grey window, colour or opacity paints anew without sampling anew, and
a plane that moves samples each thing once. Pictures are uint8 [row, column, 4] as blue, green, red, 255.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, Volume
from anatomy_twin.kernels import slice_paint as kernels
from anatomy_twin.kernels import slice_sample
from anatomy_twin.rehearsal.scene import FieldSeries, SegmentLook
from anatomy_twin.rehearsal.second_scan import SecondScan, laid_over, sample_second
from anatomy_twin.rehearsal.shapes import CutTint, Tint
from anatomy_twin.rehearsal.slabs import Slab, axes_of, canonical_view, plane_index, sample_slab
from anatomy_twin.rehearsal.slicing import SlicePlane

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
Key = tuple[Any, ...]

# red, green, blue from the low to the high end of a field, the same as on surfaces; lightness rises all the way, so
# that the scale is read without colour too
FIELD_STOPS: Final = ((40, 20, 90), (125, 30, 125), (200, 60, 90), (245, 130, 40), (252, 200, 60), (255, 250, 200))
LEVEL_RGB: Final = (255, 255, 255)
FADED: Final = 0.25  # the low end of a field is what is there anyway: it comes in over this part of the range
SOLID: Final = {"target": 1.6, "vessel": 1.4}  # how much stronger than organs these groups are filled
POINTED_FILL: Final = 0.45
MOST_LABELS: Final = 65535
HATCH_PX: Final = 9.0
DASH_PX: Final = 6
GROUND_PX: Final = 1.2  # how much wider than an edge the dark line below it is
BLACK, WHITE = np.zeros(3, np.uint8), np.full(3, 255, np.uint8)
FULL_PX: Final = 450.0  # of a picture's shorter side, from which on outlines have their full width

PLAIN: Final = Slab()


@dataclass(frozen=True, slots=True)
class SliceStyle:
    """How slices are drawn. ``fill`` and ``field`` are opacities 0..1, ``outline_px`` in points of the screen."""

    fills: bool = True
    outlines: bool = True
    fill: float = 0.14
    outline_px: float = 2.0
    field: float = 0.65
    levels: bool = True
    crosshair: bool = True
    slab: Slab = PLAIN


USUAL: Final = SliceStyle()


@dataclass(frozen=True, eq=False)
class SliceContent:
    """All that a picture of a slice is made of. ``sharpness`` is the number of picture points per screen point.

    ``field`` is shown at its snapshot number ``moment``. ``pointed`` names a structure that is to be seen at once.
    ``second`` is another scan of the patient, laid over the first.
    """

    volume: Volume
    plane: SlicePlane
    window: tuple[float, float]
    labels: LabelMap | None = None
    looks: tuple[SegmentLook, ...] = ()
    style: SliceStyle = USUAL
    field: FieldSeries | None = None
    moment: int = 0
    tints: tuple[Tint, ...] = ()
    cuts: tuple[CutTint, ...] = ()
    sharpness: float = 1.0
    pointed: str = ""
    second: SecondScan | None = None


@dataclass(frozen=True, eq=False)
class LabelSlice:
    """Labels in a plane: ``codes`` (layers, rows, columns) of the ``layers`` that were sampled.

    ``lead`` 1..255 is how far a label is ahead of the next one: it tells where between two pixels the border runs.
    """

    layers: tuple[int, ...]
    codes: NDArray[np.uint16]
    lead: NDArray[np.uint8]


def label_slice(labels: LabelMap, plane: SlicePlane, layers: tuple[int, ...] | None = None) -> LabelSlice:
    """Return the labels in a plane: at each pixel the one with the greatest trilinear weight, layer by layer.

    Parameters: ``layers`` by default all. Borders are smooth when they are magnified, and leave no gap between
    structures of one layer. Labels beyond 65534 count as none.
    """
    axes = labels.geometry.canonical_axes()
    chosen = tuple(range(labels.array.shape[0])) if layers is None else layers
    start, per_row, per_column = plane_index(labels.geometry.reindexed(*axes), plane)
    codes = np.zeros((len(chosen), *plane.shape), np.uint16)
    lead = np.full(codes.shape, 255, np.uint8)
    if chosen:
        array, start = _two_slices(canonical_view(labels.array, axes), start, per_row, per_column)
        slice_sample.sample_labels(
            array, np.asarray(chosen, np.int64), start, per_row, per_column, MOST_LABELS, codes, lead
        )
    return LabelSlice(chosen, codes, lead)


def _two_slices(
    array: NDArray[Any], start: Floats, per_row: Floats, per_column: Floats
) -> tuple[NDArray[Any], Floats]:
    """Return the two slices of the grid that a plane lies between, and where it starts in them.

    Voxels that lie far apart in memory are so fetched once and not once for every pixel. Other planes and those across
    the first axis, which lies apart anyway, are given back as they are.
    """
    order = axes_of(per_row, per_column, np.zeros(3))
    if order is None or order[0] == 0 or array.shape[order[0] + 1] < 3:
        return array, start
    axis, size = order[0], array.shape[order[0] + 1]
    low = int(np.clip(np.floor(start[axis]), 0, size - 2))
    cut = [slice(None)] * 4
    cut[axis + 1] = slice(low, low + 2)
    part = np.ascontiguousarray(array[tuple(cut)])
    part.flags.writeable = False
    moved = start.copy()
    moved[axis] -= low
    return part, moved


def field_colours() -> NDArray[np.uint8]:
    """Return the 256 colours of a field from its low to its high end, (256, 3) red, green, blue."""
    stops = np.asarray(FIELD_STOPS, float)
    place = np.linspace(0, len(stops) - 1, 256)
    parts = [np.interp(place, np.arange(len(stops)), stops[:, n]) for n in range(3)]
    return np.stack(parts, axis=1).round().astype(np.uint8)


def look_table(
    looks: tuple[SegmentLook, ...], layers: tuple[int, ...], style: SliceStyle, pointed: str = ""
) -> NDArray[np.float32]:
    """Return for each of ``layers`` and each label blue, green, red, fill, outline and rank (targets: 1).

    The structure called ``pointed`` is lighter, filled and outlined.

    Nothing is filled over a slab: labels are those of its middle, and a tint would say that all in front is the same.
    """
    filled = style.fills and style.slab.thickness_mm <= 0
    greatest = max((look.value for look in looks), default=0)
    table = np.zeros((len(layers), min(greatest + 1, MOST_LABELS), 6), np.float32)
    for look in looks:
        if not look.visible or look.layer not in layers or not 0 < look.value < table.shape[1]:
            continue
        fill = min(style.fill * SOLID.get(look.group, 1.0), 1.0) if filled else 0.0
        row = (*reversed(look.colour), fill, 1.0 if style.outlines else 0.0, float(look.group == "target"))
        if look.name == pointed:
            row = (*(0.5 * part + 127.5 for part in reversed(look.colour)), POINTED_FILL, 1.0, row[5])
        table[layers.index(look.layer), look.value] = row
    return table


@dataclass
class SlicePainter:
    """Paints slices and keeps what was sampled last. ``work`` counts how often each part was done."""

    work: dict[str, int] = field(default_factory=dict)
    _kept: dict[str, tuple[Key, Any]] = field(default_factory=dict)
    _tints: list[tuple[Key, NDArray[np.float32]]] = field(default_factory=list)
    _colours: NDArray[np.uint8] = field(default_factory=lambda: np.ascontiguousarray(field_colours()[:, ::-1]))

    def paint(self, content: SliceContent) -> Picture:
        """Return the picture of a slice; the very same array where nothing has changed since the last one."""
        key = _content_key(content)
        picture: Picture = self._keep("picture", key, lambda: self._paint(content), fresh=_hand_held(content))
        return picture

    def grey(self, content: SliceContent) -> NDArray[np.float32]:
        """Return the values of the image in the slice, NaN beyond it."""
        volume, slab = content.volume, content.style.slab
        key = (volume.array, volume.geometry, _plane_key(content.plane), slab)
        values: NDArray[np.float32] = self._keep(
            "grey", key, lambda: sample_slab(volume.array, volume.geometry, content.plane, slab)
        )
        return values

    def seen(self, content: SliceContent) -> NDArray[np.float32]:
        """Return the values that are painted as grey: those of the image, and of a second scan laid over it."""
        first, second = self.grey(content), content.second
        if second is None:
            return first
        key = (second.volume.array, second.transform, _plane_key(content.plane))
        other: NDArray[np.float32] = self._keep("second", key, lambda: sample_second(second, content.plane))
        return laid_over(first, other, second, content.plane.pixel_mm)

    def labels(self, content: SliceContent) -> LabelSlice | None:
        """Return the labels in the slice of the layers that something is drawn of; None where there are none."""
        if content.labels is None:
            return None
        labels, layers = content.labels, _layers_drawn(content)
        key = (labels, _plane_key(content.plane), layers)
        found: LabelSlice = self._keep("labels", key, lambda: label_slice(labels, content.plane, layers))
        return found

    def field_values(self, content: SliceContent) -> NDArray[np.float32] | None:
        """Return the field in the slice, NaN beyond its grid; None where none is shown."""
        series = content.field
        if series is None:
            return None
        key = (series.values, content.moment, _plane_key(content.plane))
        values = series.values[content.moment]
        found: NDArray[np.float32] = self._keep(
            "field", key, lambda: sample_slab(values, series.geometry, content.plane)
        )
        return found

    def _paint(self, content: SliceContent) -> Picture:
        picture: Picture = np.empty((*content.plane.shape, 4), np.uint8)
        width, level = content.window
        kernels.paint_grey(self.seen(content), level - width / 2, max(width, 1e-6), picture)
        self._paint_field(content, picture)
        labels = self.labels(content)
        # thinner in a small picture, where lines would cover what they go round
        small = min(max(min(content.plane.shape) / content.sharpness / FULL_PX, 0.6), 1.0)
        line_px = content.style.outline_px * content.sharpness * small
        drawn = labels if labels is not None and labels.layers else None
        if drawn is not None:
            table = look_table(content.looks, drawn.layers, content.style, content.pointed)
            kernels.paint_labels(drawn.codes, drawn.lead, table, 0, line_px, picture)
            for cut in content.cuts:
                _paint_cut(content, drawn, cut, line_px, picture)
        kept = []
        for tint in content.tints:
            kept.append(self._tint_values(tint, content.plane))
            dash = round(DASH_PX * content.sharpness) if tint.dashed else 0
            colour, width = np.asarray(tint.colour[::-1], np.uint8), line_px * tint.line
            if tint.striking:  # its dashes are white, on its own colour, on black: seen on any picture
                dark = width + GROUND_PX * content.sharpness
                kernels.paint_level(kept[-1][1], tint.level, BLACK, 0.0, 0.8, dark, 0, picture)
                kernels.paint_level(kept[-1][1], tint.level, colour, tint.fill, 1.0, width, 0, picture)
                colour = WHITE
            fill = 0.0 if tint.striking else tint.fill
            kernels.paint_level(kept[-1][1], tint.level, colour, fill, 1.0, width, dash, picture)
        self._tints = kept
        if drawn is not None and bool(table[..., 5].any()):  # targets lie on top of all that is done to them
            kernels.paint_labels(drawn.codes, drawn.lead, table, 1, line_px, picture)
        return picture

    def _paint_field(self, content: SliceContent, picture: Picture) -> None:
        series, values = content.field, self.field_values(content)
        if series is None or values is None:
            return
        low, high = series.range
        kernels.paint_field(values, self._colours, low, high, content.style.field, FADED, picture)
        for level in series.levels if content.style.levels else ():
            colour = np.asarray(LEVEL_RGB, np.uint8)
            kernels.paint_level(values, level, colour, 0.0, 0.7, content.sharpness, 0, picture)

    def _tint_values(self, tint: Tint, plane: SlicePlane) -> tuple[Key, NDArray[np.float32]]:
        """Return a tint's values in the plane; those that a hand may still be painting are always sampled anew."""
        key = (tint.values, tint.geometry, _plane_key(plane))
        for known, values in self._tints:
            if _same(known, key) and not tint.values.flags.writeable:
                return known, values
        self._count("tint")
        return key, sample_slab(tint.values, tint.geometry, plane, outside=float(np.finfo(np.float32).min) / 4)

    def _keep(self, part: str, key: Key, make: Callable[[], Any], *, fresh: bool = False) -> Any:
        known = self._kept.get(part)
        if known is not None and not fresh and _same(known[0], key):
            return known[1]
        self._count(part)
        made = make()
        self._kept[part] = (key, made)
        return made

    def _count(self, part: str) -> None:
        self.work[part] = self.work.get(part, 0) + 1


def _layers_drawn(content: SliceContent) -> tuple[int, ...]:
    """Return the layers of the label map that anything is drawn of."""
    style, found = content.style, set()
    if style.fills or style.outlines:
        found |= {look.layer for look in content.looks if look.visible}
    names = {name for cut in content.cuts for name in cut.segments}
    if content.labels is not None:
        found |= {s.layer for s in content.labels.segments if not s.absent and {s.name, s.part_of} & names}
    return tuple(sorted(found))


def _paint_cut(content: SliceContent, labels: LabelSlice, cut: CutTint, line_px: float, picture: Picture) -> None:
    """Tint what some segments, their parts included, have beyond planes."""
    if content.labels is None or not cut.planes:
        return
    greatest = max((segment.value for segment in content.labels.segments), default=0)
    members = np.zeros((len(labels.layers), min(greatest + 1, MOST_LABELS)), np.bool_)
    for segment in content.labels.segments:
        meant = {segment.name, segment.part_of} & set(cut.segments)
        if meant and segment.layer in labels.layers and segment.value < members.shape[1]:
            members[labels.layers.index(segment.layer), segment.value] = not segment.absent
    members[:, 0] = False
    plane = content.plane
    rows = []
    for point, normal in cut.planes:
        away = np.asarray(normal) / plane.pixel_mm
        start = float((np.asarray(plane.origin_mm) - np.asarray(point)) @ away)
        steps = float(np.dot(plane.down, away)) * plane.pixel_mm, float(np.dot(plane.right, away)) * plane.pixel_mm
        slope = float(np.hypot(*steps))
        if slope < 0.02:  # the picture lies along the cut: all of it or nothing is beyond, and there is no line
            rows.append((1e6 if start > 0.5 else -1e6, 0.0, 0.0))
        else:  # one unit is a pixel of the picture
            rows.append((start / slope, steps[0] / slope, steps[1] / slope))
    kernels.paint_cut(
        labels.codes, members, np.asarray(rows), cut.every, np.asarray(cut.colour[::-1], np.uint8), cut.fill,
        HATCH_PX * content.sharpness, line_px, picture,
    )


def _plane_key(plane: SlicePlane) -> Key:
    return plane.origin_mm, plane.right, plane.down, plane.pixel_mm, plane.shape


def _content_key(content: SliceContent) -> Key:
    tints = tuple(
        part for t in content.tints for part in (
            t.values, t.geometry, t.colour, t.level, t.fill, t.dashed, t.line, t.striking
        )
    )
    series = () if content.field is None else (content.field.values, content.field.range, content.moment)
    return (
        content.volume.array, content.volume.geometry, _plane_key(content.plane), content.window, content.labels,
        content.looks, content.style, content.cuts, content.sharpness, content.pointed, content.second,
        len(content.tints), *tints,
        *series,
    )


def _hand_held(content: SliceContent) -> bool:
    """True where a tint lies in memory that may be painted in place."""
    return any(tint.values.flags.writeable for tint in content.tints)


def _same(first: Key, second: Key) -> bool:
    """Tell whether two keys are the same: arrays, grids and volumes by identity, plain values by equality."""
    return len(first) == len(second) and all(_alike(a, b) for a, b in zip(first, second, strict=True))


def _alike(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):  # views of the same memory, which the key keeps alive
        same = a.ctypes.data == b.ctypes.data and a.shape == b.shape and a.strides == b.strides
        return same and a.dtype == b.dtype
    return isinstance(a, tuple | str | float | int | SliceStyle | Slab) and type(a) is type(b) and bool(a == b)


def warm_up() -> None:
    """Compile what pictures of slices need, so that the first one comes quickly."""
    slice_sample.warm_up()
    kernels.warm_up()
