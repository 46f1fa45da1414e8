"""Colours of the map of entries on the skin: what is feasible by its cost, what is not by the rule that stops it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.later import later
from anatomy_twin.plan import EntryMap

RGB = tuple[int, int, int]
GOOD: Final[RGB] = (38, 222, 129)  # the cheapest
FAIR: Final[RGB] = (255, 214, 64)  # the dearest that is feasible
BEYOND: Final[RGB] = (196, 172, 156)  # skin out of reach, or cut by the end of the scan
OTHER: Final[RGB] = (96, 98, 104)
# dark and dull, so that what is feasible stands out without colour too
STOPPED: Final[dict[str, RGB]] = {
    "crosses no bone": (128, 128, 134), "crosses no lung": (74, 92, 122), "crosses no pleural recess": (96, 112, 138),
    "crosses no great vessel": (124, 66, 66), "crosses no large vessel of the organ": (136, 84, 84),
    "crosses no stomach or bowel": (122, 98, 64), "crosses no gallbladder": (92, 112, 70),
    "crosses no heart": (116, 70, 92), "crosses no kidney, spleen or pancreas": (108, 84, 116),
    "only known tissue": (66, 66, 72), "keeps off unknown tissue": (66, 66, 72),
}  # fmt: skip
COVERED: Final = 1.6  # a point of the skin is of an entry within so many times the distance of neighbouring entries

spatial = later("scipy.spatial")


def rule_colour(rule: str) -> RGB:
    """Return the colour of entries that a rule stops."""
    return STOPPED.get(rule, OTHER)


def entry_colours(entries: EntryMap) -> NDArray[np.uint8]:
    """Return RGB (n, 3) of the entries of a map: from ``GOOD`` to ``FAIR`` by cost, or the colour of a rule."""
    table = np.array([*(rule_colour(name) for name in entries.rules), OTHER], np.uint8)
    colours = table[entries.stopped_by]
    if entries.feasible.any():
        cost = entries.cost[entries.feasible]
        # ranks, so that a few dear entries do not make all the others look alike
        share = np.searchsorted(np.sort(cost), cost) / max(cost.size - 1, 1)
        colours[entries.feasible] = np.round(np.outer(1.0 - share, GOOD) + np.outer(share, FAIR))
    return colours


class SkinPainter:
    """Colours points of the skin as the nearest entry; kept for one set of points, as weights change.

    ``reach_mm`` is how near an entry is to be; points without one have the colour ``beyond``.
    """

    def __init__(self, entries: EntryMap, beyond: RGB = BEYOND) -> None:
        self._tree = spatial.cKDTree(entries.entries_mm)
        gap = 4.0
        if len(entries.entries_mm) > 1:
            gap = float(np.percentile(self._tree.query(entries.entries_mm[::97], k=2)[0][:, 1], 95))
        self.reach_mm = max(COVERED * gap, 4.0)
        self._beyond = beyond
        self._nearest: dict[tuple[int, int], tuple[Any, Any]] = {}

    def colours(self, entries: EntryMap, points_mm: NDArray[Any]) -> NDArray[np.uint8]:
        """Return RGB (N, 3) of points (N, 3) in LPS mm; ``entries`` is the map with whatever weights."""
        key = (id(points_mm), len(points_mm))
        if key not in self._nearest:
            gaps, places = self._tree.query(np.asarray(points_mm, float), distance_upper_bound=self.reach_mm)
            self._nearest[key] = np.isfinite(gaps), np.where(np.isfinite(gaps), places, 0)
        near, places = self._nearest[key]
        found = entry_colours(entries)[places]
        found[~near] = self._beyond
        return np.asarray(found)
