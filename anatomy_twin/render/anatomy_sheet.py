"""Sheets about what was made of a segmentation, and the parts they are made of: panes, words, tables.

``surfaces_picture`` is here; trees, territories and tetrahedra have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Case, Structure
from anatomy_twin.errors import DataError, RenderError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.rehearsal import SurfaceLayer, structure_colour, structure_label
from anatomy_twin.render.overview import DOUBT, INK, PAPER, QUIET
from anatomy_twin.render.probe import can_render, choose_window
from anatomy_twin.render.still import FINER, new_plotter, take_still
from anatomy_twin.render.text import font, write_png
from anatomy_twin.render.views import view_axes, view_letters

HEAD_PX: Final = 44
FOOT_PX: Final = 30
GAP_PX: Final = 4
BAD: Final = (255, 122, 96)
GOOD: Final = (94, 200, 168)
UNPAINTED: Final = ("body", "skin", "unknown_tissue", "fat", "subcutaneous_fat", "visceral_fat", "muscle", "diaphragm")
# what would hide the organs from the front is drawn as a hint of itself
SHEER: Final = {"ribs": 0.18, "sternum": 0.18, "bone": 0.25, "liver": 0.62, "lung": 0.18, "pleural_recess": 0.08}
WITH_LIVER: Final = ("inferior_vena_cava", "portal_vein", "portal_branches", "hepatic_veins", "hepatic_vessels",
                     "hepatic_artery", "gallbladder", "bile_duct")  # fmt: skip
LESIONS: Final = ("tumour", "lesion")
FAIR_PERCENT: Final = 1.0
SLIVER_DEG: Final = 1.0
COLUMNS: Final = {"volume ml": 300, "error %": 360, "off 95 % mm": 450, "most": 494, "least angle": 572, "5 %": 606,
                  "parts": 648, "cut": 682, "closed": 730}  # fmt: skip
FROM: Final = {"anterior": "from the front", "posterior": "from behind", "right": "from the right",
               "left": "from the left", "head": "from above", "foot": "from below"}  # fmt: skip

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
Size = tuple[int, int]
Place = tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Shown:
    """What a stage draws by itself."""

    surfaces: tuple[SurfaceLayer, ...]
    needles: tuple[Any, ...] = ()
    markers: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Pane:
    """A 3-D picture (rows, columns, 3) and where points of the patient are in it."""

    picture: Picture
    middle_mm: NDArray[np.float64]
    half_height_mm: float
    view: str

    def to_pixel(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn LPS mm (..., 3) into [column, row] of the picture."""
        _, up, right = view_axes(self.view)
        rows, columns = self.picture.shape[:2]
        scale = rows / (2.0 * self.half_height_mm)
        offset = np.asarray(points_mm, dtype=np.float64) - self.middle_mm
        return np.stack([columns / 2 + offset @ right * scale, rows / 2 - offset @ up * scale], axis=-1)


class Sheet:
    """A dark page with a head line and the line that says what it is for."""

    def __init__(self, size: Size, title: str, remarks: Sequence[str] = ()) -> None:
        from PIL import Image, ImageDraw

        self.image = Image.new("RGB", size, PAPER)
        self.draw = ImageDraw.Draw(self.image, "RGBA")
        self.draw.text((12, HEAD_PX // 2), title, font=font(18, True), fill=INK, anchor="lm")
        start = 12 + self.draw.textlength(title, font=font(18, True)) + 24
        line = "  |  ".join(remark for remark in remarks if remark)
        self.draw.text((start, HEAD_PX // 2 + 1), line, font=font(14), fill=QUIET, anchor="lm")
        self.draw.text((size[0] // 2, size[1] - FOOT_PX // 2), INTENDED_USE, font=font(13), fill=INK, anchor="mm")

    def paste(self, picture: Picture, place: Place) -> None:
        """Put a picture with its top left corner at ``place`` (column, row)."""
        from PIL import Image

        self.image.paste(Image.fromarray(np.ascontiguousarray(picture)), place)

    def words(
        self, place: tuple[float, float], text: str, size: int = 13, fill: Colour = INK, anchor: str = "lm",
        bold: bool = False, halo: bool = False,
    ) -> None:
        """Write a line; a halo keeps it readable over a picture."""
        self.draw.text(place, text, font=font(size, bold), fill=fill, anchor=anchor,
                       stroke_width=3 if halo else 0, stroke_fill=PAPER)  # fmt: skip

    def wrapped(self, place: Place, text: str, width: int, size: int = 12, fill: Colour = QUIET, most: int = 4) -> int:
        """Write a text in lines of at most ``width`` pixels; return the row below it."""
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if font(size).getlength(longer) > width and line:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
        if len(lines) > most:
            lines = [*lines[: most - 1], lines[most - 1] + " \N{HORIZONTAL ELLIPSIS}"]
        for number, part in enumerate(lines):
            self.words((place[0], place[1] + number * round(size * 1.4)), part, size, fill, "la")
        return place[1] + len(lines) * round(size * 1.4)

    def letters(self, place: Place, room: Size, letters: dict[str, str], name: str = "") -> None:
        """Write a pane's name into its corner and the patient's directions at its edges."""
        x, y = place
        if name:
            wide = self.draw.textlength(name, font=font(14))
            self.draw.rectangle((x, y, x + wide + 16, y + 28), fill=(*PAPER, 225))
            self.words((x + 8, y + 14), name, 14, QUIET)
        for side, at, anchor in (
            ("left", (x + 6, y + room[1] / 2), "lm"), ("right", (x + room[0] - 6, y + room[1] / 2), "rm"),
            ("top", (x + room[0] / 2, y + 6), "ma"), ("bottom", (x + room[0] / 2, y + room[1] - 6), "md"),
        ):
            self.words(at, letters.get(side, ""), 17, INK, anchor, bold=True, halo=True)

    def finished(self, file: str | Path | None) -> Picture:
        """Return the page, uint8 (rows, columns, 3), and write it as PNG where a file is named."""
        picture = np.asarray(self.image).copy()
        if file is not None:
            write_png(picture, file)
        return picture


def draw_pane(
    size: Size, view: str, about_mm: NDArray[np.float64], surfaces: Sequence[SurfaceLayer] = (),
    more: Callable[[Any], None] | None = None, *, sheer: bool | None = None,
) -> Pane:
    """Draw surfaces and whatever ``more`` puts on the plotter, so that the points ``about_mm`` (N, 3) fill the pane.

    ``sheer`` tells whether anything is translucent (by default: whether a surface is).

    Raises ``RenderError`` where this machine cannot draw.
    """
    works, message = can_render()
    if not works:
        raise RenderError(message)
    choose_window()
    from anatomy_twin.render.stage import Stage, aim

    toward, up, right = view_axes(view)
    across, along = about_mm @ right, about_mm @ up
    half_height = 1.08 * max(np.ptp(along) / 2, np.ptp(across) / 2 * size[1] / size[0], 1.0)
    middle = (across.max() + across.min()) / 2 * right + (along.max() + along.min()) / 2 * up
    plotter = new_plotter(size)
    try:
        shown: Any = _Shown(tuple(surfaces))
        Stage(plotter, shown, "dark", silhouettes=True, finer=FINER)
        if more is not None:
            more(plotter)
        plotter.hide_axes()  # letters at the edges say where it is seen from
        aim(plotter, middle, half_height, toward, up)
        picture = take_still(plotter, any(layer.opacity < 1 for layer in surfaces) if sheer is None else sheer)
    finally:
        plotter.close()
    return Pane(picture, middle, float(half_height), view)


def layer_of(structure: Structure, opacity: float = 1.0, colour: Colour | None = None) -> SurfaceLayer:
    """Return a structure as a layer to draw; its coarse surface where it has one."""
    surface = structure.coarse if structure.coarse is not None else structure.surface
    if surface is None:
        raise DataError(f"{structure_label(structure.name)} has no surface to draw")
    return SurfaceLayer(structure.name, structure_label(structure.name), surface, colour or colour_of(structure),
                        opacity, True, "organ", structure.volume_ml, structure.state)  # fmt: skip


def colour_of(structure: Structure) -> Colour:
    """Return the palette's colour of a structure, or its own where the name is a user's."""
    return structure_colour(structure.name, own=structure.colour)


def kind_of(case: Case) -> str:
    """Say whose anatomy is shown."""
    return "generated patient" if case.synthetic else "segmentation for review"


def surfaces_picture(case: Case, file: str | Path | None = None) -> Picture:
    """Draw all surfaces from the front and from behind, the liver with its vessels and lesions alone, certificates.

    Ribs, lungs and other structures that would hide the rest are translucent; the body, fat, muscle and diaphragm are
    left out of the picture and of the table. Bones that are there one by one are not drawn as a whole too. Without a
    liver all is shown from the right and from below instead.

    Parameters
    ----------
    case : a case whose anatomy has surfaces.
    file : where a PNG is written as well.

    Returns
    -------
    The picture, uint8 (rows, columns, 3).

    Raises
    ------
    DataError : the anatomy has no surfaces.
    RenderError : the machine cannot draw, or the file cannot be written.
    """
    shown = [
        structure for structure in case.anatomy.structures.values()
        if structure.surface is not None and len(structure.surface.triangles) and structure.name not in UNPAINTED
    ]  # fmt: skip
    if not shown:
        raise DataError("the case has no surfaces to draw", advice="run `anatomy-twin mesh CASE`")
    room, table = (520, 452), 800
    size = (2 * (room[0] + GAP_PX) + table, HEAD_PX + 2 * (room[1] + GAP_PX) + FOOT_PX)
    sheet = Sheet(size, "Surfaces", (case.patient.pseudonym, kind_of(case)))
    single = any(structure.name == "ribs" or structure.name.startswith("vertebra_") for structure in shown)
    layers = [layer_of(structure, SHEER.get(catalog.stem(structure.name), SHEER.get(structure.name.split("_")[0], 1.0)))
              for structure in shown if not (single and structure.name == "bone")]  # fmt: skip
    # the bones of the trunk reach further than what the picture is about
    inner = [layer for layer in layers if layer.opacity >= 0.5] or layers
    about = np.concatenate([layer.surface.points_mm for layer in inner])
    panes = [(view, about, layers, FROM[view]) for view in ("anterior", "posterior", "right", "foot")]
    liver = _liver_alone(shown)
    if liver:
        middle = liver[0].surface.points_mm
        panes[2:] = [(view, middle, liver, f"liver alone, {FROM[view]}") for view in ("anterior", "foot")]
    for number, (view, points, drawn, words) in enumerate(panes):
        place = ((number % 2) * (room[0] + GAP_PX), HEAD_PX + (number // 2) * (room[1] + GAP_PX))
        sheet.paste(draw_pane(room, view, points, drawn).picture, place)
        sheet.letters(place, room, view_letters(view), words)
    _certificates(sheet, shown, (2 * (room[0] + GAP_PX) + 12, HEAD_PX), size)
    return sheet.finished(file)


def _liver_alone(shown: Sequence[Structure]) -> list[SurfaceLayer]:
    """Return the liver, translucent, and what lies in it or leads there; nothing where there is no liver."""
    liver = [layer_of(one, 0.22) for one in shown if one.name == "liver"]
    inside = [
        layer_of(one, 0.6 if one.name == "gallbladder" else 1.0) for one in shown  # lesions are seen through it
        if one.name in WITH_LIVER or (one.name.startswith(LESIONS) and one.part_of in ("", "liver"))
    ]  # fmt: skip
    return liver + inside if liver else []


def _certificates(sheet: Sheet, shown: Sequence[Structure], place: Place, size: Size) -> None:
    left, top = place
    for title, right in COLUMNS.items():
        sheet.words((left + right, top + 10), title, 12, QUIET, "rm")
    bottom = size[1] - FOOT_PX - 76
    row_px = max(min(20.0, (bottom - top - 24) / max(len(shown), 1)), 13.5)
    fit = int((bottom - top - 24) / row_px)
    for number, structure in enumerate(sorted(shown, key=lambda one: -one.volume_ml)[:fit]):
        _certificate(sheet, structure, (left, round(top + 32 + number * row_px)), 13 if row_px >= 17 else 11)
    if len(shown) > fit:
        sheet.words((left, bottom + 6), f"and {len(shown) - fit} more", 12, QUIET)
    meaning = (
        "error: volume of the surface against voxels. off: 95 % of the surface, and all of it, lies nearer than this to"
        " the faces of voxels. angle: the smallest inside a triangle, and the one that 5 % are smaller than. parts:"
        " closed surfaces that do not hang together. cut: flat at the border of the scan. closed: watertight, outward,"
        f" manifold, not through itself. red: error from {FAIR_PERCENT:g} %,"
        f" angle below {SLIVER_DEG:g}\N{DEGREE SIGN}, not closed."
    )
    sheet.wrapped((left, bottom + 18), meaning, size[0] - left - 16, 11)


def _certificate(sheet: Sheet, structure: Structure, place: Place, text: int) -> None:
    left, y = place
    found = structure.certificate
    sheet.draw.rectangle((left, y - 6, left + 11, y + 5), fill=colour_of(structure))
    sheet.words((left + 18, y), structure_label(structure.name)[:32], text)
    cells: dict[str, tuple[str, Colour]] = {"volume ml": (_millilitres(structure.volume_ml), INK)}
    if structure.state == "check":
        sheet.words((left + COLUMNS["closed"] + 12, y), "check", text, DOUBT, bold=True)
    if found is None:
        cells["closed"] = ("not checked", QUIET)
    else:
        error, sharp = found.volume_error_percent, found.smallest_angle_deg
        fair = error is None or abs(error) < FAIR_PERCENT
        cells["error %"] = ("-" if error is None else f"{round(error, 2) + 0.0:.2f}", INK if fair else BAD)
        cells["off 95 % mm"] = (_shown(found.boundary_p95_mm, 2), INK)
        cells["most"] = (_shown(found.boundary_max_mm, 2), INK)
        degree = "" if sharp is None else "\N{DEGREE SIGN}"
        cells["least angle"] = (_shown(sharp, 1) + degree, BAD if sharp is not None and sharp < SLIVER_DEG else INK)
        cells["5 %"] = (_shown(found.angle_p5_deg, 0), INK)
        cells["parts"] = (_shown(found.pieces, 0), INK)
        cells["cut"] = ("cut" if found.touches_border else "", DOUBT)
        sound = found.watertight and found.outward and found.manifold is not False and not found.crossing_triangles
        cells["closed"] = ("yes" if sound else "no", GOOD if sound else BAD)
    for name, (words, ink) in cells.items():
        sheet.words((left + COLUMNS[name], y), words, text, ink, "rm", bold=words == "no")


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _millilitres(volume_ml: float) -> str:
    """Return a volume with as many digits as tell it from nothing."""
    return f"{volume_ml:.1f}" if volume_ml >= 0.1 or volume_ml <= 0 else f"{volume_ml:.2g}"
