"""How handles of plans are drawn: told apart by colour and size, named where they are pointed at."""

from __future__ import annotations

from typing import Final

import numpy as np

from anatomy_twin.rehearsal.handles import Handle
from anatomy_twin.rehearsal.shapes import ALWAYS, Shape
from anatomy_twin.units import Point, check_point

RGB = tuple[int, int, int]

NEAR_MM: Final = 4.0  # a handle so near to a slice is drawn as lying in it
# kind: colour, radius in pixels, how much of it is filled; those that move a whole part are rings
LOOKS: Final[dict[str, tuple[RGB, float, float]]] = {
    "tip": ((240, 255, 30), 6.0, 1.0), "entry": ((110, 215, 255), 6.0, 1.0), "shaft": ((255, 255, 255), 6.0, 0.15),
    "depth": ((240, 255, 30), 5.0, 0.15), "plane": ((255, 150, 70), 7.0, 1.0), "normal": ((255, 205, 150), 6.0, 1.0),
    "along": ((255, 150, 70), 5.0, 0.15), "control": ((255, 150, 70), 5.0, 1.0),
    "surface": ((255, 255, 255), 6.0, 0.15), "lesion": ((255, 110, 160), 6.0, 1.0),
    "line": ((255, 255, 255), 6.0, 0.15), "line point": ((255, 110, 160), 5.0, 1.0),
}  # fmt: skip


def handle_shapes(
    handles: tuple[Handle, ...], lit: str = "", chosen: str = "", caption: str = "", view: str = ""
) -> tuple[Shape, ...]:
    """Return what is drawn of handles.

    ``lit`` and ``chosen`` name the handle that is pointed at or held, and the one that keys move; ``caption`` stands
    beside the lit one, in the ``view`` of that name ("" in all). On slices a handle that lies elsewhere is a small
    faded one where it is projected to, but for handles on a heart's wall.
    """
    found: list[Shape] = []
    for handle in handles:
        colour, radius, fill = LOOKS[handle.kind]
        bright = handle.name == lit
        place, among = (handle.point_mm,), handle.snaps[:1] == ("wall",)
        faded: RGB = (int(0.75 * colour[0]), int(0.75 * colour[1]), int(0.75 * colour[2]))
        if not among or bright:  # those on a wall are many: elsewhere they would only cover the picture
            found.append(Shape("knob", place, faded, handle.name, radius_px=0.75 * radius, reach_mm=ALWAYS, dashed=True,
                               fill=fill, width_px=1.2, lit=bright, only="slices"))  # fmt: skip
        found.append(Shape("knob", place, colour, handle.name, radius_px=radius + 2.0 * bright, reach_mm=NEAR_MM,
                           fill=fill, width_px=2.0, lit=bright, among=among))  # fmt: skip
        if handle.name == chosen:
            found.append(Shape("knob", place, (255, 255, 255), f"{handle.name} (chosen)", radius_px=radius + 5.0,
                               reach_mm=ALWAYS, fill=0.01, width_px=1.5, among=among))  # fmt: skip
        if bright and caption:
            found.append(Shape("text", place, (255, 255, 255), f"{handle.name} (caption)", caption, reach_mm=ALWAYS,
                               only=view))  # fmt: skip
    return tuple(found)


def rubber_band(start_mm: Point, stop_mm: Point, colour: RGB = (240, 255, 30)) -> tuple[Shape, ...]:
    """Return a dashed line from a first point to where the mouse is, with its length."""
    length = float(np.linalg.norm(np.subtract(stop_mm, start_mm)))
    middle = check_point("middle", 0.5 * np.add(start_mm, stop_mm))
    return (
        Shape("line", (start_mm, stop_mm), colour, "placing", width_px=1.6, reach_mm=ALWAYS, dashed=True),
        Shape("text", (middle,), colour, "placing length", f"{length:.0f} mm", reach_mm=ALWAYS),
    )
