"""One picture of a whole case, as the window lays it out: 3-D, three slices, numbers. Needs no screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Case
from anatomy_twin.rehearsal import Scene, build_scene
from anatomy_twin.render.picture3d import render_scene
from anatomy_twin.render.probe import can_render
from anatomy_twin.render.slices import slice_picture
from anatomy_twin.render.text import font, write_png

SIZE: Final = (1600, 1000)
SIDE_PX: Final = 430
GAP_PX: Final = 4
PAPER: Final = (24, 29, 38)
INK: Final = (230, 234, 240)
QUIET: Final = (154, 166, 182)
VERDICTS: Final = {
    "met": ("\N{CHECK MARK}", (94, 200, 168)), "borderline": ("\N{BLACK UP-POINTING TRIANGLE}", (240, 193, 75)),
    "not met": ("\N{MULTIPLICATION X}", (255, 138, 112)), "not checked": ("?", QUIET), "": ("", INK),
}


def window_picture(case: Case, file: str | Path, plan_name: str | None = None) -> Path:
    """Draw a case as the window shows it and write a PNG; return its path.

    The 3-D view is replaced by one line where this machine cannot render it. Raises ``RenderError`` when the file
    cannot be written.
    """
    from PIL import Image

    scene = build_scene(case, plan_name)
    width = (SIZE[0] - SIDE_PX - GAP_PX * 2) // 2
    height = (SIZE[1] - GAP_PX) // 2
    sheet = Image.new("RGB", SIZE, (10, 13, 18))
    panes = [_three_d(scene, (width, height))]
    panes += [slice_picture(scene, plane, size=(width, height)) for plane in ("axial", "coronal", "sagittal")]
    for number, pane in enumerate(panes):
        row, column = divmod(number, 2)
        sheet.paste(Image.fromarray(pane), (column * (width + GAP_PX), row * (height + GAP_PX)))
    _draw_side(sheet, scene, 2 * (width + GAP_PX))
    target = Path(file)
    write_png(np.asarray(sheet), target)
    return target


def _three_d(scene: Scene, size: tuple[int, int]) -> Any:
    works, message = can_render()
    if works:
        return render_scene(scene, size=size, background="dark", legend=False)
    from PIL import Image, ImageDraw

    blank = Image.new("RGB", size, PAPER)
    ImageDraw.Draw(blank).multiline_text((20, 20), _wrapped(message, 60), font=font(15), fill=INK)
    return np.asarray(blank)


def _draw_side(sheet: Any, scene: Scene, left: int) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, 0, *SIZE), fill=PAPER)
    x, y, right = left + 14, 14, SIZE[0] - 14
    draw.text((x, y), scene.title, font=font(17, True), fill=INK)
    y += 34
    shown = [layer for layer in scene.surfaces if layer.visible]
    room = int((SIZE[1] * 0.46 - y) // 21)
    for layer in shown[:room]:
        draw.rectangle((x, y + 3, x + 11, y + 14), fill=layer.colour)
        draw.text((x + 20, y), layer.caption, font=font(14), fill=INK)
        if layer.volume_ml is not None:
            draw.text((right, y), f"{layer.volume_ml:.1f} ml", font=font(14), fill=QUIET, anchor="ra")
        y += 21
    if shown[room:]:
        draw.text((x + 20, y), f"and {len(shown) - room} more", font=font(14), fill=QUIET)
        y += 21
    y += 12
    for label, value, verdict in scene.numbers:
        if y > SIZE[1] - 150:
            break
        symbol, colour = VERDICTS[verdict]
        draw.text((x, y), _shortened(draw, label, right - 190 - x), font=font(13), fill=INK)
        draw.text((right - 108, y), value, font=font(13), fill=INK, anchor="ra")
        draw.text((right - 100, y), f"{symbol} {verdict}".strip(), font=font(13), fill=colour)
        y += 20
    y += 8
    for message in scene.messages:
        text = _wrapped(message, 56)
        if y + 17 * (text.count("\n") + 1) > SIZE[1] - 40:
            break
        draw.multiline_text((x, y), text, font=font(12), fill=QUIET, spacing=3)
        y += 17 * (text.count("\n") + 1)
    draw.text((right, SIZE[1] - 12), scene.notice, font=font(12), fill=(255, 211, 122), anchor="rd")


def _shortened(draw: Any, text: str, width: float) -> str:
    while draw.textlength(text, font=font(13)) > width:
        text = text.rstrip("\N{HORIZONTAL ELLIPSIS}")[:-1] + "\N{HORIZONTAL ELLIPSIS}"
    return text


def _wrapped(text: str, width: int) -> str:
    from textwrap import fill

    return fill(text, width)
