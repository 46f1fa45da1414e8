"""How much is drawn in a frame: less while something moves, by what frames were measured to take. No VTK here."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

FINE, COARSE, CRUDE, HIDDEN = range(4)
MOVING_S: Final = 0.065  # aimed at while moving: 10 frames/s with room for what Qt needs to show a frame
RESTING_S: Final = 0.8  # longest frame that is worth its look when the hand rests
SLOW_START: Final = 80_000  # triangles of the first moving frames where the processor draws
SLOW_REST: Final = 900_000
ENOUGH: Final = 3  # frames before a budget is judged
# weight: what is given up first. A shell is seen through anyway, a target never goes
WEIGHTS: Final = {"target": 6, "zone": 6, "vessel": 5, "organ": 4, "body": 1}
SHELL: Final = 0.13  # opacity below which a surface is a shell


@dataclass(frozen=True, slots=True)
class Part:
    """A surface as the choice of detail sees it: its triangles when FINE, COARSE and CRUDE, and what it is."""

    name: str
    triangles: tuple[int, int, int]
    group: str = "organ"
    opacity: float = 1.0
    dear: bool = False

    @property
    def weight(self) -> float:
        """How dear it is to the eye; what is hardly seen comes last."""
        if self.dear:
            return float(WEIGHTS["vessel"])
        return WEIGHTS.get(self.group, 4) - (3.0 if self.opacity < SHELL else 0.0) + 0.9 * min(self.opacity, 1.0)

    @property
    def shell(self) -> bool:
        """True for what is seen through: simplified much it only disturbs."""
        return self.opacity < 0.3 and not self.dear


def choose_levels(parts: Iterable[Part], budget: float) -> dict[str, int]:
    """Return the level of detail of each part (FINE, COARSE, CRUDE, HIDDEN) so that all stay within ``budget``.

    ``budget`` counts triangles. Shells and the body are hidden before anything else is simplified; targets, zones,
    vessels and what is ``dear`` are never hidden. With room for all of it everything is FINE.
    """
    ordered = sorted(parts, key=lambda part: (-part.weight, part.name))
    if sum(part.triangles[FINE] for part in ordered) <= budget:
        return {part.name: FINE for part in ordered}
    dear = [part for part in ordered if part.weight >= WEIGHTS["vessel"]]
    levels = {part.name: CRUDE if part in dear else HIDDEN for part in ordered}
    left = budget - sum(part.triangles[CRUDE] for part in dear)
    for level in (CRUDE, COARSE, FINE):  # all a little before any much
        for part in ordered:
            now = levels[part.name]
            cost = part.triangles[level] - (part.triangles[now] if now != HIDDEN else 0)
            if part.shell and level == CRUDE:
                continue
            if (now == level + 1 or (now == HIDDEN and part.shell and level == COARSE)) and cost <= left:
                levels[part.name] = level
                left -= cost
    return levels


def count(parts: Iterable[Part], levels: Mapping[str, int]) -> int:
    """Return how many triangles are drawn at these levels."""
    return sum(part.triangles[levels[part.name]] for part in parts if levels.get(part.name, HIDDEN) != HIDDEN)


@dataclass
class Budget:
    """How many triangles a frame may have so that it takes ``aim_s``; learns from frames.

    Frames of one setting are judged together: the first after a change also pays for it and is not counted.
    """

    aim_s: float
    triangles: float
    least: float = 9_000.0
    most: float = 1e9
    _times: list[float] = field(default_factory=list)
    _setting: object = None

    def tell(self, seconds: float, drawn: int, all_fine: bool) -> bool:
        """Take the time of a frame with ``drawn`` triangles; return True where the budget changed by it."""
        if drawn != self._setting:
            self._setting, self._times = drawn, []
            return False
        self._times.append(seconds)
        if len(self._times) < ENOUGH:
            return False
        median = statistics.median(self._times)
        self._times = self._times[-ENOUGH + 1 :]
        if median > 1.15 * self.aim_s:
            # what was drawn may be far below what was allowed
            wanted = min(self.triangles, float(drawn)) * max((self.aim_s / median) ** 0.8, 0.4)
        elif median < 0.55 * self.aim_s and not all_fine:
            wanted = max(self.triangles, float(drawn)) * min((0.8 * self.aim_s / median), 2.0)
        else:
            return False
        before, self.triangles = self.triangles, min(max(wanted, self.least), self.most)
        self._times = []
        return self.triangles != before


class Pace:
    """What a view can afford while it moves and when it rests.

    ``software``: the processor draws (llvmpipe). Elsewhere the first frames are drawn in full, and less is drawn only
    where they were measured to be slow.
    """

    def __init__(self, software: bool) -> None:
        self.software = software
        self.moving = Budget(MOVING_S, SLOW_START if software else 1e9)
        self.resting = Budget(RESTING_S, SLOW_REST if software else 1e9)
        self.last_s: dict[str, float] = {}  # seconds of the last frame of each kind

    def tell(self, kind: str, seconds: float, drawn: int, all_fine: bool) -> bool:
        """Take the time of a frame ("moving", "resting", "best"); True where the detail should be chosen anew."""
        self.last_s[kind] = seconds
        if kind == "moving":
            return self.moving.tell(seconds, drawn, all_fine)
        if kind == "resting" and seconds > 1.5 * RESTING_S:
            before = self.resting.triangles
            self.resting.triangles = max(drawn * RESTING_S / seconds, self.resting.least)
            return self.resting.triangles != before
        return False

    @property
    def best_affordable(self) -> bool:
        """True where a resting frame with every finish is expected to take no longer than is worth it.

        Peeling draws everything several times: the first one is tried where a plain frame is quick. Where the processor
        draws there is no peeling, only sorting.
        """
        if "best" in self.last_s:
            return self.last_s["best"] <= RESTING_S
        return self.last_s.get("resting", 1.0) <= RESTING_S / (1.5 if self.software else 6.0)

    @property
    def always_best(self) -> bool:
        """True where even the moving frame can have every finish: drawing costs next to nothing here."""
        return not self.software and self.last_s.get("best", 1.0) < MOVING_S / 2.0
