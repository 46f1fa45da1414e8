"""The pixels of a slice: grey, and what is laid over it: labels, fields, regions, cuts.

Pictures are uint8 [row, column, 4] as blue, green, red, 255. The kernels run on one thread and let go of the
interpreter's lock.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.kernels.compiling import njit

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Picture = NDArray[np.uint8]

FAR: Final = 99.0


@njit(cache=True, nogil=True)
def paint_grey(values: Values, lowest: float, width: float, picture: Picture) -> None:
    """Paint values as grey: black up to ``lowest`` and where there is none (NaN), white ``width`` above it."""
    scale = 255.0 / width
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = (values[row, column] - lowest) * scale
            shade = np.uint8(0)
            if value >= 255.0:
                shade = np.uint8(255)
            elif value > 0.0:
                shade = np.uint8(value)
            picture[row, column, 0] = shade
            picture[row, column, 1] = shade
            picture[row, column, 2] = shade
            picture[row, column, 3] = 255


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _lay(picture: Picture, row: int, column: int, blue: int, green: int, red: int, share: float) -> None:
    """Lay a colour over a pixel."""
    rest = 1.0 - share
    picture[row, column, 0] = np.uint8(picture[row, column, 0] * rest + blue * share + 0.5)
    picture[row, column, 1] = np.uint8(picture[row, column, 1] * rest + green * share + 0.5)
    picture[row, column, 2] = np.uint8(picture[row, column, 2] * rest + red * share + 0.5)


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _straight(across: float, along: float) -> float:
    """Return the distance to a straight edge from the distances to it along rows and along columns."""
    if across >= FAR or along >= FAR:
        return min(across, along)
    straight: float = across * along / np.sqrt(across * across + along * along + 1e-12)
    return straight


@njit(cache=True, nogil=True, no_cpython_wrapper=True)
def _to_label_edge(
    codes: NDArray[np.uint16], lead: NDArray[np.uint8], n: int, row: int, column: int, reach: int
) -> float:
    """Return how many pixels a pixel lies inside the edge of its label, or FAR beyond ``reach``."""
    own = codes[n, row, column]
    across, along = FAR, FAR
    for way in range(4):
        down, right = (way == 0) - (way == 1), (way == 2) - (way == 3)
        before = float(lead[n, row, column])
        for step in range(1, reach + 1):
            r, c = row + step * down, column + step * right
            if r < 0 or c < 0 or r >= codes.shape[1] or c >= codes.shape[2]:
                break
            here = float(lead[n, r, c])
            if codes[n, r, c] != own:
                distance = step - 1 + before / (before + here)
                if down != 0:
                    along = min(along, distance)
                else:
                    across = min(across, distance)
                break
            before = here
    return float(_straight(across, along))


@njit(cache=True, nogil=True)
def paint_labels(
    codes: NDArray[np.uint16], lead: NDArray[np.uint8], table: NDArray[np.float32], rank: int, width: float,
    picture: Picture,
) -> None:
    """Paint fills and outlines of the labels of one rank, layer after layer.

    ``table`` (layers, labels, 6) holds blue, green, red, share of the fill, share of the outline, rank; an outline
    of ``width`` pixels lies inside of its label and fades over a pixel.
    """
    reach = int(np.ceil(width))
    for row in range(codes.shape[1]):
        for column in range(codes.shape[2]):
            for n in range(codes.shape[0]):
                code = codes[n, row, column]
                if code == 0 or code >= table.shape[1] or table[n, code, 5] != rank:
                    continue
                share, line = table[n, code, 3], table[n, code, 4]
                if line > 0.0:
                    edge = width - _to_label_edge(codes, lead, n, row, column, reach)
                    share = max(share, line * min(max(edge, 0.0), 1.0))
                if share > 0.0:
                    _lay(picture, row, column, table[n, code, 0], table[n, code, 1], table[n, code, 2], share)


@njit(cache=True, nogil=True)
def paint_field(
    values: Values, colours: NDArray[np.uint8], low: float, high: float, share: float, faded: float, picture: Picture
) -> None:
    """Lay a field over a picture in ``colours`` (256, 3) blue, green, red from ``low`` to ``high``.

    ``share`` 0..1 is how much of it is seen; over the first ``faded`` part of the range it comes in from nothing.
    Where the field has no value (NaN) nothing is laid.
    """
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if not np.isnan(value):
                place = min(max((value - low) / (high - low), 0.0), 1.0)
                seen = share if place >= faded else share * place / faded
                if seen > 0.004:
                    n = int(place * 255.0 + 0.5)
                    _lay(picture, row, column, colours[n, 0], colours[n, 1], colours[n, 2], seen)


@njit(cache=True, nogil=True)
def paint_level(
    values: Values, level: float, colour: NDArray[np.uint8], fill: float, line: float, width: float, dash: int,
    picture: Picture,
) -> None:
    """Paint the region where values reach a level: a fill and an outline inside of it.

    ``fill`` and ``line`` are shares 0..1, ``dash`` the length of dashes in pixels (0: a whole line); NaN lies below.
    """
    reach = int(np.ceil(width))
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            own = values[row, column]
            if not own >= level:
                continue
            across, along = FAR, FAR
            for way in range(4):
                down, right = (way == 0) - (way == 1), (way == 2) - (way == 3)
                before = own
                for step in range(1, reach + 1):
                    r, c = row + step * down, column + step * right
                    if r < 0 or c < 0 or r >= values.shape[0] or c >= values.shape[1]:
                        break
                    here = values[r, c]
                    if not here >= level:
                        part = 0.5 if np.isnan(here) else (before - level) / (before - here)
                        if down != 0:
                            along = min(along, step - 1 + part)
                        else:
                            across = min(across, step - 1 + part)
                        break
                    before = here
            edge = min(max(width - _straight(across, along), 0.0), 1.0) * line
            if dash > 0 and edge > 0.0 and ((row if across <= along else column) // dash) & 1:
                edge = 0.0
            share = max(fill, edge)
            if share > 0.0:
                _lay(picture, row, column, colour[0], colour[1], colour[2], share)


@njit(cache=True, nogil=True)
def paint_cut(
    codes: NDArray[np.uint16], members: NDArray[np.bool_], planes: Floats, every: bool, colour: NDArray[np.uint8],
    fill: float, hatch: float, width: float, picture: Picture,
) -> None:
    """Tint and hatch what some labels have beyond planes, and draw the cut.

    ``members`` (layers, labels) tells which labels belong to it; ``planes`` (P, 3): a pixel lies ``a + b row + c
    column`` pixels beyond a plane. Removed is what lies beyond all (``every``) or beyond any of them. ``hatch`` is
    the distance of its lines in pixels.
    """
    for row in range(codes.shape[1]):
        for column in range(codes.shape[2]):
            inside = False
            for n in range(codes.shape[0]):
                code = codes[n, row, column]
                inside = inside or (code < members.shape[1] and members[n, code])
            if not inside:
                continue
            beyond = 1e9 if every else -1e9
            for n in range(planes.shape[0]):
                depth = planes[n, 0] + planes[n, 1] * row + planes[n, 2] * column
                beyond = min(beyond, depth) if every else max(beyond, depth)
            if beyond < 0.0:
                continue
            share = min(max(width - beyond, 0.0), 1.0)
            away = ((row + column) % hatch) / np.sqrt(2.0)
            stripe = min(max(1.4 * width - away, 0.0), 1.0)
            share = max(max(share, fill), 0.75 * stripe)
            _lay(picture, row, column, colour[0], colour[1], colour[2], share)


def warm_up() -> None:
    """Compile the kernels of this file (they are cached on disk)."""
    values, picture = np.zeros((2, 2), np.float32), np.zeros((2, 2, 4), np.uint8)
    codes, lead = np.zeros((1, 2, 2), np.uint16), np.ones((1, 2, 2), np.uint8)
    paint_grey(values, 0.0, 1.0, picture)
    paint_labels(codes, lead, np.zeros((1, 4, 6), np.float32), 0, 1.0, picture)
    paint_field(values, np.zeros((256, 3), np.uint8), 0.0, 1.0, 0.5, 0.3, picture)
    paint_level(values, 0.5, np.zeros(3, np.uint8), 0.3, 1.0, 1.5, 0, picture)
    paint_cut(codes, np.zeros((1, 4), np.bool_), np.zeros((1, 3)), True, np.zeros(3, np.uint8), 0.3, 9.0, 1.0, picture)
