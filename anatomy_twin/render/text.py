"""Words over pictures: notice, title, legend and orientation letters, drawn after the scene with a real font."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import RenderError

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]
LINE: Final = 1.6  # height of a line of the legend, in units
UNNAMED: Final = (255, 255, 255)


@cache
def font(size: int, bold: bool = False) -> Any:
    """Return DejaVu Sans (it comes with matplotlib) at a size in pixels."""
    import matplotlib
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def annotate(
    picture: Picture,
    *,
    notice: str,
    title: str = "",
    letters: dict[str, str] | None = None,
    legend: tuple[tuple[str, Colour], ...] = (),
    dark: bool = False,
) -> Picture:
    """Return the picture (rows, columns, 3) with words on it.

    ``notice`` stands at the bottom, ``title`` at the top, ``letters`` (left, right, top, bottom) at the edges, the
    ``legend`` as colour patches in the top left corner.
    """
    from PIL import Image, ImageDraw

    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    draw = ImageDraw.Draw(image, "RGBA")
    width, height = image.size
    unit = _unit(image.size)
    ink, paper = ((235, 238, 242), (16, 19, 25, 170)) if dark else ((28, 33, 42), (255, 255, 255, 190))
    margin = unit
    legend = _fitting(legend, image.size, bool(title))
    if title:
        draw.text((width // 2, margin), title, font=font(round(unit * 1.25), True), fill=ink, anchor="ma")
    top = margin + (round(unit * 1.9) if title else 0)
    middle = (width + legend_width(legend, image.size)) // 2
    _draw_legend(draw, legend, (margin, top), unit, ink, paper)
    for side, letter in (letters or {}).items():
        place, anchor = {
            "left": ((margin + legend_width(legend, image.size), height // 2), "lm"),
            "right": ((width - margin, height // 2), "rm"),
            "top": ((middle, top), "ma"), "bottom": ((middle, height - round(unit * 2.6)), "md"),
        }[side]
        draw.text(
            place, letter, font=font(unit * 2, True), fill=ink, anchor=anchor, stroke_width=2,
            stroke_fill=paper[:3],
        )
    wide, low = draw.textlength(notice, font=font(unit)) / 2 + unit, height - margin // 2
    draw.rectangle((width // 2 - wide, low - unit * 1.4, width // 2 + wide, height), fill=paper)
    draw.text((width // 2, low), notice, font=font(unit), fill=ink, anchor="md",
              stroke_width=1, stroke_fill=paper[:3])
    return np.asarray(image).copy()


def legend_width(legend: tuple[tuple[str, Colour], ...], size: tuple[int, int]) -> int:
    """Return the width in pixels that a legend takes at the left edge of a picture of ``size`` (width, height)."""
    if not legend:
        return 0
    unit = _unit(size)
    width = round(max(font(unit).getlength(label) for label, _ in legend) + unit * 3.9)
    return min(width, size[0] // 2)  # the camera leaves at most half of the picture free


def _fitting(
    legend: tuple[tuple[str, Colour], ...], size: tuple[int, int], titled: bool
) -> tuple[tuple[str, Colour], ...]:
    """Return as much of a legend as a picture of ``size`` has room for above its last line, and how many are left out.
    """
    unit = _unit(size)
    room = int((size[1] - unit * (2.9 + 1.9 * titled) - unit * 0.8) / round(unit * LINE))
    if len(legend) <= room:
        return legend
    kept = max(room - 1, 1)
    return (*legend[:kept], (f"and {len(legend) - kept} more", UNNAMED))


def _unit(size: tuple[int, int]) -> int:
    return max(9, round(min(size) / 50))


def _draw_legend(
    draw: Any, legend: tuple[tuple[str, Colour], ...], place: tuple[int, int], unit: int, ink: Colour, paper: Any
) -> None:
    if not legend:
        return
    line = round(unit * LINE)
    width = max(draw.textlength(label, font=font(unit)) for label, _ in legend) + unit * 2.7
    x, y = place
    draw.rounded_rectangle((x, y, x + width, y + line * len(legend) + unit * 0.8), unit * 0.5, fill=paper)
    for row, (label, colour) in enumerate(legend):
        middle = y + unit * 0.4 + line * (row + 0.5)
        draw.rounded_rectangle(
            (x + unit * 0.6, middle - unit * 0.5, x + unit * 1.6, middle + unit * 0.5), unit * 0.25,
            fill=(*colour, 255), outline=(90, 95, 105, 255),
        )
        draw.text((x + unit * 2.1, middle), label, font=font(unit), fill=ink, anchor="lm")


def write_png(picture: Picture, file: str | Path) -> None:
    """Write a picture (rows, columns, 3) as a PNG file: complete, or not at all.

    Raises ``RenderError`` where it cannot be written; a file of that name is then as it was before.
    """
    import os
    import tempfile

    target = Path(file)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".picture-", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(to_png(picture))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = (error.strerror or "unknown reason").lower()
        raise RenderError(f"the picture cannot be written: {reason}", where=target.name,
                          advice="choose a folder that you may write to, on a disk with room") from error


def to_png(picture: Picture) -> bytes:
    """Return a picture (rows, columns, 3) as the bytes of a PNG file."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
