"""All outlines of a scan on one sheet: axial slices through the body, two sections along it, and what was not found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Case, Segment
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.rehearsal import structure_colour, structure_label, window_of
from anatomy_twin.render.text import font, write_png

COLUMNS: Final = 5
ROWS: Final = 3
TILE_PX: Final = (330, 270)  # width, height
SECTION_PX: Final = 400
LEGEND_PX: Final = 400
GAP_PX: Final = 4
HEAD_PX: Final = 40
FOOT_PX: Final = 32
LINE_PX: Final = 19
FILL: Final = 0.34
DASH_PX: Final = 4
# what fills the room between the organs would hide the picture
UNPAINTED: Final = ("body", "unknown_tissue", "fat", "subcutaneous_fat", "visceral_fat", "muscle", "skin", "diaphragm")
AIR: Final = ("lung", "airways")
LESIONS: Final = ("tumour", "lesion", "kidney_lesion", "nodule")
PAPER: Final = (16, 19, 25)
INK: Final = (235, 238, 242)
QUIET: Final = (154, 166, 182)
DOUBT: Final = (240, 193, 75)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Scan:
    """Grey values and labels upright [k, j, i], the box of the body, and the segments that are painted."""

    image: NDArray[Any]
    labels: NDArray[Any]
    spacing_mm: tuple[float, float, float]
    heights_mm: NDArray[np.float64]
    window: tuple[float, float]
    box: tuple[slice, slice, slice]
    painted: tuple[Segment, ...]
    middle: tuple[int, int, int]


def overview_picture(case: Case, file: str | Path | None = None) -> Picture:
    """Draw outlines over evenly spaced axial slices, a coronal and a sagittal section, with a legend.

    The patient's right is on the left of the picture. Lungs and airways have a window of their own. Outlines that are
    to be checked are dashed and say so in the legend; what was looked for and not found is named below it. Skin, fat,
    muscle and diaphragm are left out.

    Parameters
    ----------
    case : a case with labels.
    file : where a PNG is written as well.

    Returns
    -------
    The picture, uint8 (rows, columns, 3).

    Raises
    ------
    DataError
        The case has no labels.
    RenderError
        The file cannot be written.
    """
    from PIL import Image, ImageDraw

    scan = _scan_of(case)
    width = COLUMNS * (TILE_PX[0] + GAP_PX)
    height = ROWS * (TILE_PX[1] + GAP_PX) - GAP_PX
    paper = Image.new("RGB", (width + SECTION_PX + LEGEND_PX, HEAD_PX + height + FOOT_PX), PAPER)
    draw = ImageDraw.Draw(paper)
    low, high = scan.box[0].start, scan.box[0].stop - 1
    for number, k in enumerate(np.linspace(high, low, COLUMNS * ROWS + 2).round().astype(int)[1:-1]):
        row, column = divmod(number, COLUMNS)
        place = (column * (TILE_PX[0] + GAP_PX), HEAD_PX + row * (TILE_PX[1] + GAP_PX))
        _paste(paper, _section(scan, 0, int(k), TILE_PX), place, TILE_PX)
        draw.text((place[0] + 6, place[1] + 4), f"{scan.heights_mm[k]:.0f} mm", font=font(12), fill=QUIET)
        _sides(draw, place, TILE_PX, ("R", "L"))
    room = (SECTION_PX - GAP_PX, (height - GAP_PX) // 2)
    for number, axis in enumerate((1, 2)):
        place = (width, HEAD_PX + number * (room[1] + GAP_PX))
        _paste(paper, _section(scan, axis, scan.middle[axis], room), place, room)
        draw.text((place[0] + 6, place[1] + 4), ("coronal", "sagittal")[number], font=font(12), fill=QUIET)
        _sides(draw, place, room, (("R", "L"), ("A", "P"))[number])
    _write(draw, case, scan, (width + SECTION_PX, HEAD_PX), (paper.width, paper.height))
    picture = np.asarray(paper).copy()
    if file is not None:
        write_png(picture, file)
    return picture


def _scan_of(case: Case) -> _Scan:
    volume = case.volume.canonical()
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    painted = tuple(segment for segment in labels.segments if not segment.absent and segment.name not in UNPAINTED)
    body = labels.mask("body", with_parts=False) if "body" in labels else labels.array.any(axis=0)
    sides = [np.flatnonzero(body.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3)]
    box = tuple(slice(int(hits[0]), int(hits[-1]) + 1) if hits.size else slice(0, size)
                for hits, size in zip(sides, body.shape, strict=True))  # fmt: skip
    middle = tuple((side.start + side.stop - 1) // 2 for side in box)
    heights = volume.geometry.to_world([(k, *middle[1:]) for k in range(body.shape[0])])[:, 2]
    return _Scan(volume.array, labels.array, volume.geometry.spacing_mm, heights, window_of(case),
                 (box[0], box[1], box[2]), painted, (middle[0], middle[1], middle[2]))  # fmt: skip


def _section(scan: _Scan, axis: int, index: int, room: tuple[int, int]) -> Picture:
    """Return one section of the body's box, painted, as large as fits ``room`` (width, height)."""
    place: list[Any] = list(scan.box)
    place[axis] = index
    rows, columns = (n for n in range(3) if n != axis)
    image = np.asarray(scan.image[tuple(place)], dtype=np.float32)
    labels = scan.labels[(slice(None), *place)]
    extent = (image.shape[0] * scan.spacing_mm[rows], image.shape[1] * scan.spacing_mm[columns])
    scale = min(room[1] / extent[0], room[0] / extent[1])
    shape = (max(1, int(extent[0] * scale)), max(1, int(extent[1] * scale)))
    down, across = (((np.arange(n) + 0.5) * size / n).astype(int) for n, size in zip(shape, image.shape, strict=True))
    labels = labels[:, down[:, None], across]
    picture = _painted(scan, _grey(scan, image, labels, shape), labels)
    return picture if axis == 0 else picture[::-1]  # the head is up


def _grey(scan: _Scan, image: NDArray[np.float32], labels: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return grey values from 0 to 255 (rows, columns), those of the lungs in a window of their own."""
    from PIL import Image

    enlarged = np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.BILINEAR))
    lung = catalog.load("windows")["presets"]["lung"]
    air = np.zeros(shape, dtype=bool)
    for segment in scan.painted:
        if segment.name.startswith(AIR):
            air |= labels[segment.layer] == segment.value
    width = np.where(air, lung["width"], scan.window[0])
    level = np.where(air, lung["level"], scan.window[1])
    return np.clip((enlarged - level) / width + 0.5, 0.0, 1.0) * 255.0


def _painted(scan: _Scan, grey: NDArray[Any], labels: NDArray[Any]) -> Picture:
    colour = np.repeat(grey[..., None], 3, axis=2)
    dashes = (np.add.outer(*(np.arange(n) for n in grey.shape)) // DASH_PX) % 2 == 0
    here = {(segment.layer, segment.value) for segment in scan.painted} & {
        (layer, int(value)) for layer in range(labels.shape[0]) for value in np.unique(labels[layer])
    }
    for segment in sorted(scan.painted, key=lambda one: one.layer):
        if (segment.layer, segment.value) not in here:
            continue
        mask, shade = labels[segment.layer] == segment.value, structure_colour(segment.name, own=segment.colour)
        if not segment.name.startswith(AIR):
            colour[mask] = (1.0 - FILL) * colour[mask] + FILL * np.asarray(shade)
        edge = mask & ~_shrunk(mask)
        colour[edge & dashes if segment.state == "check" else edge] = shade
    return colour.astype(np.uint8)


def _shrunk(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(mask, 1)
    return padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]


def _sides(draw: Any, place: tuple[int, int], room: tuple[int, int], letters: tuple[str, str]) -> None:
    """Write the side letters at the left and the right edge of a section."""
    middle = place[1] + room[1] // 2
    draw.text((place[0] + 4, middle), letters[0], font=font(13, True), fill=INK, anchor="lm")
    draw.text((place[0] + room[0] - 4, middle), letters[1], font=font(13, True), fill=INK, anchor="rm")


def _paste(paper: Any, picture: Picture, place: tuple[int, int], room: tuple[int, int]) -> None:
    from PIL import Image

    left = place[0] + (room[0] - picture.shape[1]) // 2
    paper.paste(Image.fromarray(np.ascontiguousarray(picture)), (left, place[1] + (room[1] - picture.shape[0]) // 2))


def _write(draw: Any, case: Case, scan: _Scan, place: tuple[int, int], size: tuple[int, int]) -> None:
    """Write the head line, the legend with volumes and doubts, what was not found, and what the sheet is for."""
    labels = case.label_map
    phase = next((line.split(" (")[0] for line in labels.notes if line.startswith("contrast phase")), "")
    kind = "generated patient" if case.volume.synthetic else "segmentation for review"
    words = [kind, phase, "the patient's right is on the left", "dashed: to be checked"]
    draw.text((10, HEAD_PX // 2), "  |  ".join(word for word in words if word), font=font(15, True), fill=INK,
              anchor="lm")  # fmt: skip
    draw.text((size[0] // 2, size[1] - FOOT_PX // 2), INTENDED_USE, font=font(13), fill=INK, anchor="mm")
    absent = [segment for segment in labels.segments if segment.absent]
    tail = _absent_lines(absent)
    left, top = place
    room = (size[1] - FOOT_PX - top) // LINE_PX - len(tail)
    volume_ml = {segment.name: labels.volume_ml(segment.name) for segment in scan.painted}
    # what a plan is about stands first: lesions, then organs, then what these consist of
    shown = sorted(scan.painted, key=lambda one: (not one.name.startswith(LESIONS), one.layer == 1,
                                                  -volume_ml[one.name]))  # fmt: skip
    for row, segment in enumerate(shown[: room - 1]):
        y = top + row * LINE_PX + LINE_PX // 2
        draw.rectangle((left, y - 6, left + 12, y + 6), fill=structure_colour(segment.name, own=segment.colour))
        draw.text((left + 20, y), structure_label(segment.name), font=font(13), fill=INK, anchor="lm")
        draw.text((left + 290, y), f"{volume_ml[segment.name]:.0f} ml", font=font(13), fill=INK, anchor="rm")
        if segment.state == "check":
            draw.text((left + 300, y), "check", font=font(13, True), fill=DOUBT, anchor="lm")
    row = min(len(shown), room - 1)
    if len(shown) > row:
        draw.text((left, top + row * LINE_PX), f"and {len(shown) - row} more", font=font(13), fill=QUIET)
    for number, line in enumerate(tail):
        draw.text((left, top + (row + 1 + number) * LINE_PX), line, font=font(12), fill=QUIET)


def _absent_lines(absent: list[Segment]) -> list[str]:
    lines: list[str] = []
    for state in ("not found", "not visible in this phase"):
        names = [structure_label(segment.name) for segment in absent if segment.state == state]
        line = f"{state}:" if names else ""
        for name in names:
            word = f" {name}{'' if name == names[-1] else ','}"
            if font(12).getlength(line + word) > LEGEND_PX - 20:
                lines.append(line)
                line = "   "
            line += word
        lines += [line] if line else []
    return lines
