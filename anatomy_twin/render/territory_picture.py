"""The territories of an organ on one sheet: over slices of the scan, in 3-D, and with their volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import Case, LabelMap, Segment
from anatomy_twin.errors import DataError
from anatomy_twin.rehearsal import plane_through, sample, slice_mask_fraction, structure_label, window_of
from anatomy_twin.render.anatomy_sheet import (
    FOOT_PX,
    FROM,
    GAP_PX,
    HEAD_PX,
    Colour,
    Picture,
    Place,
    Sheet,
    draw_pane,
    kind_of,
    layer_of,
)
from anatomy_twin.render.overview import DOUBT, INK, QUIET
from anatomy_twin.render.views import view_letters

FILL: Final = 0.5
LESIONS: Final = ("tumour", "lesion")
ROOM: Final = (420, 420)
SIDE_PX: Final = 400


@dataclass(frozen=True, eq=False)
class _Shown:
    """The territories of one layer, the scan behind them, and the lesions outlined over them."""

    case: Case
    labels: LabelMap
    segments: tuple[Segment, ...]
    colours: dict[str, Colour]
    lesions: tuple[NDArray[np.bool_], ...]
    low_mm: NDArray[np.float64]
    high_mm: NDArray[np.float64]


def territories_picture(case: Case, file: str | Path | None = None, *, layer: int = 0) -> Picture:
    """Draw the territories of a case on two axial, a coronal and a sagittal slice and in 3-D, with volumes and shares.

    Numbers stand in the territories themselves, so that nobody has to match colours. What is to be checked says so;
    what was not found is named.

    Parameters
    ----------
    case : a case whose anatomy has ``territories``, on the grid of its scan.
    file : where a PNG is written as well.
    layer : 0 Couinaud's segments, 1 what each branch supplies.

    Returns
    -------
    The picture, uint8 (rows, columns, 3).

    Raises
    ------
    DataError : the anatomy has no territories in that layer.
    RenderError : the machine cannot draw, or the file cannot be written.
    """
    shown = _shown(case, layer)
    size = (3 * (ROOM[0] + GAP_PX) + SIDE_PX, HEAD_PX + 2 * (ROOM[1] + GAP_PX) + FOOT_PX)
    what = "Liver segments (Couinaud)" if layer == 0 else "Portal territories"
    remarks = (case.patient.pseudonym, kind_of(case), "the patient's right is on the left")
    sheet = Sheet(size, what, remarks)
    places = [(n % 3 * (ROOM[0] + GAP_PX), HEAD_PX + n // 3 * (ROOM[1] + GAP_PX)) for n in range(6)]
    extent = shown.high_mm - shown.low_mm
    points = _slice_points(shown)
    for place, (plane, point) in zip((places[0], places[3], places[1], places[4]), points, strict=True):
        _draw_slice(sheet, shown, plane, point, float(extent.max()) * 1.12, place)
    from anatomy_twin.anatomy import build_anatomy  # compiled kernels: only where they are needed

    own = build_anatomy(case.volume, _layer_alone(shown.labels, shown.segments))
    layers = [layer_of(structure, 1.0, shown.colours[structure.name]) for structure in own.structures.values()
              if structure.surface is not None]  # fmt: skip
    about = np.concatenate([surface.surface.points_mm for surface in layers])
    for place, view in ((places[2], "anterior"), (places[5], "foot")):
        pane = draw_pane(ROOM, view, about, layers)
        sheet.paste(pane.picture, place)
        sheet.letters(place, ROOM, view_letters(view), FROM[view])
        for surface in layers:
            spot = _visible_spot(pane.picture, shown.colours[surface.name])
            if spot is not None:
                at = (place[0] + spot[0], place[1] + spot[1])
                sheet.words(at, short_name(surface.name), 18, INK, "mm", bold=True, halo=True)
    _table(sheet, shown, (3 * (ROOM[0] + GAP_PX) + 14, HEAD_PX + 10), size)
    return sheet.finished(file)


def short_name(name: str) -> str:
    """Return "IV" for "liver_segment_4" and "territory_4"; other names without their underscores."""
    tail = name.rsplit("_", 1)[-1]
    if name in (f"liver_segment_{tail}", f"territory_{tail}") and tail.isdecimal() and 1 <= int(tail) <= 8:
        return str(catalog.term(f"liver_segment_{int(tail)}")["label"]).rpartition(" ")[2]
    return name.replace("_", " ")


def _shown(case: Case, layer: int) -> _Shown:
    labels = case.anatomy.territories
    if labels is None:
        raise DataError("the case has no territories to draw", advice="divide the liver first")
    segments = tuple(one for one in labels.segments if not one.absent and one.layer == layer)
    if not segments:
        raise DataError(f"the case has no territories in layer {layer}", advice="use 0 or 1")
    colours = {one.name: one.colour for one in segments}
    filled = np.argwhere(np.isin(labels.array[layer], [one.value for one in segments]))
    box = np.array(np.meshgrid(*zip(filled.min(axis=0), filled.max(axis=0), strict=True))).reshape(3, -1).T
    corners = labels.geometry.to_world(box)
    lesions: list[NDArray[np.bool_]] = []
    if case.primary in case.labels:
        given = case.label_map
        lesions = [given.mask(name) for name in given.names if name.startswith(LESIONS)]
        if not given.geometry.is_close(labels.geometry, 0.01):
            lesions = []
    return _Shown(case, labels, segments, colours, tuple(lesions), corners.min(axis=0), corners.max(axis=0))


def _slice_points(shown: _Shown) -> list[tuple[str, NDArray[np.float64]]]:
    """Where to cut: two axial slices through the upper and the lower third, and where most territories are seen."""
    low, high = shown.low_mm, shown.high_mm
    middle = (low + high) / 2.0
    found: list[tuple[str, NDArray[np.float64]]] = []
    for part in (0.64, 0.36):
        found.append(("axial", np.array([*middle[:2], low[2] + part * (high[2] - low[2])])))
    for plane, axis in (("coronal", 1), ("sagittal", 0)):
        best, most = middle, -1.0
        for part in np.linspace(0.25, 0.75, 11):
            point = middle.copy()
            point[axis] = low[axis] + part * (high[axis] - low[axis])
            cut = plane_through(shown.labels.geometry, plane, point, pixel_mm=4.0)
            array = shown.labels.array[shown.segments[0].layer]
            values = sample(array, shown.labels.geometry, cut, nearest=True, outside=0)
            counts = np.bincount(values.astype(np.int64).ravel(), minlength=2)[1:]
            score = float((counts > 30).sum()) + counts.sum() / 1e6
            if score > most:
                best, most = point, score
        found.append((plane, best))
    return found


def _draw_slice(
    sheet: Sheet, shown: _Shown, plane: str, point: NDArray[np.float64], width_mm: float, place: Place
) -> None:
    geometry = shown.labels.geometry
    middle = (shown.low_mm + shown.high_mm) / 2.0
    axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    middle[axis] = point[axis]
    height_mm = width_mm * ROOM[1] / ROOM[0]
    cut = plane_through(geometry, plane, middle, pixel_mm=width_mm / ROOM[0], size_mm=(width_mm, height_mm))
    width, level = window_of(shown.case)
    image = sample(shown.case.volume.array, shown.case.volume.geometry, cut)
    grey = np.clip((np.nan_to_num(image, nan=-1e6) - (level - width / 2)) / width, 0.0, 1.0) * 255.0
    colour = np.repeat(grey[: ROOM[1], : ROOM[0], None], 3, axis=2)
    smooth = 0.5 * max(geometry.spacing_mm) / cut.pixel_mm
    parts = [
        ndimage.gaussian_filter(slice_mask_fraction(shown.labels.array[one.layer] == one.value, geometry, cut), smooth)
        for one in shown.segments
    ]
    stack = np.stack(parts)[:, : ROOM[1], : ROOM[0]]
    owner = np.where(stack.sum(axis=0) >= 0.5, stack.argmax(axis=0), -1)
    edge = np.zeros(owner.shape, dtype=bool)
    edge[:, 1:] |= owner[:, 1:] != owner[:, :-1]
    edge[1:] |= owner[1:] != owner[:-1]
    for number, one in enumerate(shown.segments):
        mask = owner == number
        colour[mask] = (1.0 - FILL) * colour[mask] + FILL * np.asarray(shown.colours[one.name])
    colour[ndimage.binary_dilation(edge)] = (12, 14, 18)
    for lesion in shown.lesions:
        part = slice_mask_fraction(lesion, geometry, cut)[: ROOM[1], : ROOM[0]] >= 0.5
        colour[ndimage.binary_dilation(part, iterations=2) & ~part] = (255, 255, 255)
    sheet.paste(colour.astype(np.uint8), place)
    end = ("LPH" if point[axis] >= 0 else "RAF")[axis]
    sheet.letters(place, ROOM, cut.letters, f"{plane}  {end} {abs(point[axis]):.0f} mm")
    for number, one in enumerate(shown.segments):
        inside = ndimage.distance_transform_edt(owner == number)
        if inside.max() >= 9.0:
            row, column = np.unravel_index(int(inside.argmax()), inside.shape)
            at = (place[0] + int(column), place[1] + int(row))
            sheet.words(at, short_name(one.name), 18, INK, "mm", bold=True, halo=True)


def _layer_alone(labels: LabelMap, segments: Sequence[Segment]) -> LabelMap:
    layer = labels.array[segments[0].layer]
    return LabelMap(layer[None], labels.geometry, tuple(replace(one, layer=0, part_of="") for one in segments))


def _visible_spot(picture: Picture, colour: Colour) -> tuple[int, int] | None:
    """Where a colour is seen with most room around, as (column, row), or None: lit surfaces keep their hue."""
    pixels = picture.astype(np.float64) + 1.0
    pixels /= np.linalg.norm(pixels, axis=2, keepdims=True)
    wanted: Any = np.asarray(colour, dtype=np.float64) + 1.0
    alike = (pixels @ (wanted / np.linalg.norm(wanted)) > 0.9965) & (picture.max(axis=2) > 70)
    inside = ndimage.distance_transform_edt(ndimage.binary_opening(alike, iterations=2))
    if inside.max() < 9.0:
        return None
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(column), int(row)


def _table(sheet: Sheet, shown: _Shown, place: Place, size: tuple[int, int]) -> None:
    left, y = place
    voxel_ml = shown.labels.geometry.voxel_volume_ml
    counts = np.bincount(shown.labels.array[shown.segments[0].layer].ravel(), minlength=256)
    volumes = {one.name: float(counts[one.value] * voxel_ml) for one in shown.segments}
    total = sum(volumes.values())
    for one in shown.segments:
        sheet.draw.rectangle((left, y - 8, left + 16, y + 8), fill=shown.colours[one.name])
        sheet.words((left + 26, y), short_name(one.name), 17, INK, bold=True)
        sheet.words((left + 190, y), f"{volumes[one.name]:.0f} ml", 16, INK, "rm")
        sheet.words((left + 275, y), f"{100 * volumes[one.name] / total:.1f} %", 16, INK, "rm")
        if one.state == "check":
            sheet.words((left + 290, y), "(check)", 14, DOUBT, bold=True)
        y += 30
    sheet.draw.line((left, y - 10, left + 275, y - 10), fill=QUIET)
    sheet.words((left + 26, y + 6), "together", 15, INK)
    sheet.words((left + 190, y + 6), f"{total:.0f} ml", 16, INK, "rm")
    y += 34
    absent = [one for one in shown.labels.segments if one.absent and one.layer == shown.segments[0].layer]
    for one in absent:
        line = f"{structure_label(one.name)} {one.state}{': ' if one.note else ''}{one.note}"
        y = sheet.wrapped((left, y), line, SIDE_PX - 30, 13, DOUBT) + 6
    if shown.lesions:
        sheet.words((left, y + 10), "white outline: lesion", 13, QUIET)
        y += 28
    rules = sorted({rule for one in shown.segments for rule in one.rules})
    lines = ([f"to be checked: {', '.join(rules)}"] if rules else []) + list(shown.labels.notes)
    for line in lines:
        if y > size[1] - FOOT_PX - 60:
            break
        y = sheet.wrapped((left, y + 6), line, SIDE_PX - 30, 13, QUIET, most=3)
