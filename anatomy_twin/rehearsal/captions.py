"""Where words beside things stand: over nothing that can be grabbed, over no other words, as near as that allows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

GAP_PX: Final = 6.0  # between a thing and words that stand right beside it
SHIFT_PX: Final = 12.0  # by so much the first choice may be moved to stay inside
LEADER_PX: Final = 14.0  # words farther away than this are tied to their thing by a line
DISTANCES_PX: Final = (0.0, 12.0, 26.0, 44.0, 66.0, 96.0)  # beyond the gap, tried in this order
# to the right and up, down: the directions in which words are tried; before those that lie farther away
WAYS: Final = ((1.0, -0.7), (1.0, 0.7), (-1.0, -0.7), (-1.0, 0.7), (1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: Box) -> float:
        """Return the area that two boxes share, in pixels squared."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across * down if across > 0 and down > 0 else 0.0

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the box that is nearest to a place."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def within(self, room: Box) -> Box:
        """Return the box moved into a room; its upper left corner is in it also where it is too large."""
        right = max(min(self.left, room.right - (self.right - self.left)), room.left) - self.left
        down = max(min(self.top, room.bottom - (self.bottom - self.top)), room.top) - self.top
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)


def round_place(x: float, y: float, radius: float) -> Box:
    """Return the box round a dot, which words are to leave free."""
    return Box(x - radius, y - radius, x + radius, y + radius)


def place_words(
    place: tuple[float, float], size: tuple[float, float], taken: Iterable[Box], room: Box, away: float = 0.0,
    before: int = 0,
) -> tuple[Box, int]:
    """Return where words of a ``size`` (width, height) stand beside a place, and the number of that choice.

    Parameters: ``taken`` are boxes that are to be left free, ``away`` the radius of what is at the place itself.
    ``before`` is the number that was chosen last: it is kept while it is free, so that words do not jump about while
    the hand moves. Where nothing is free the choice that covers least is taken.
    """
    held, count = tuple(taken), len(WAYS) * len(DISTANCES_PX)
    order = (before % count, *(number for number in range(count) if number != before % count))
    best: tuple[float, int, Box] | None = None
    for rank, number in enumerate(order):
        box = _beside(place, size, away + GAP_PX + DISTANCES_PX[number // len(WAYS)], WAYS[number % len(WAYS)])
        inside = box.within(room)
        covered = sum(inside.shared(other) for other in held)
        covered += 0.0 if away <= 0.0 else inside.shared(round_place(*place, away))
        shifted = math.dist((box.left, box.top), (inside.left, inside.top))
        if covered <= 0.0 and shifted < (SHIFT_PX if rank == 0 else 1.0):
            return inside, number
        if best is None or covered < best[0]:
            best = covered, number, inside
        if rank > 0 and best[0] <= 0.0 and number // len(WAYS) > 1:
            break  # held inside the room, beside everything: far enough looked
    assert best is not None
    return best[2], best[1]


def leader(place: tuple[float, float], box: Box, away: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Return the ends of the line that ties words to their place; () where they stand right beside it."""
    end = box.nearest(*place)
    length = math.dist(place, end)
    if length <= away + LEADER_PX:
        return ()
    share = away / length
    return (place[0] + share * (end[0] - place[0]), place[1] + share * (end[1] - place[1])), end


def _beside(
    place: tuple[float, float], size: tuple[float, float], far: float, way: tuple[float, float]
) -> Box:
    length = math.hypot(*way)
    x, y = place[0] + far * way[0] / length, place[1] + far * way[1] / length
    left = x if way[0] > 0 else x - size[0] if way[0] < 0 else x - size[0] / 2
    top = y - size[1] if way[1] < 0 else y if way[1] > 0 else y - size[1] / 2
    return Box(left, top, left + size[0], top + size[1])
