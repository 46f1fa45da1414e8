"""What a heart chamber's wall is coloured by: its regions, its tissue, how thick it is, when it is activated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.later import later

RGB = tuple[int, int, int]
Stops = tuple[RGB, ...]
MAPS: Final = ("plain", "regions", "fibrosis", "wall", "activation", "drivers", "frequency", "voltage")
PLAIN: Final[RGB] = (203, 108, 81)
UNREACHED: Final[RGB] = (92, 96, 104)
DEAD: Final[RGB] = (58, 48, 52)
# early is red and late is violet, as on maps of the catheter laboratory; lines of equal time are read without colours
EARLY_TO_LATE: Final[Stops] = ((214, 40, 40), (247, 148, 30), (250, 225, 70), (90, 190, 90), (50, 150, 210),
                               (60, 70, 180), (130, 50, 150))  # fmt: skip
FEW_TO_MANY: Final[Stops] = ((64, 68, 92), (60, 110, 150), (80, 175, 150), (190, 215, 90), (252, 231, 37))
THIN_TO_THICK: Final[Stops] = ((180, 55, 50), (235, 160, 95), (240, 230, 200), (140, 190, 215), (40, 95, 165))
REST_TO_PEAK: Final[Stops] = ((38, 44, 84), (50, 90, 160), (80, 180, 190), (245, 215, 90), (230, 80, 40))
TISSUE: Final[Mapping[str, RGB]] = {"healthy": (214, 190, 176), "interstitial": (240, 160, 50), "dense": (150, 25, 60)}
# veins in blue and green, the rest apart from them
_VEINS: Final[Stops] = ((51, 117, 175), (95, 180, 225), (30, 130, 95), (130, 200, 130), (90, 140, 150), (150, 160, 220))
_OTHERS: Final[Stops] = ((221, 190, 120), (214, 120, 90), (190, 90, 140), (235, 205, 195), (170, 140, 110),
                         (225, 160, 60), (150, 100, 80), (200, 200, 110), (180, 150, 190), (160, 170, 120),
                         (240, 230, 170), (120, 90, 120), (250, 190, 160), (110, 120, 90))  # fmt: skip
STEPS_MS: Final = (5.0, 10.0, 20.0, 50.0, 100.0)
MOST_LINES: Final = 15
FEW: Final = 20.0  # a scale that is shorter has a digit behind the point

spatial = later("scipy.spatial")


@dataclass(frozen=True, eq=False)
class Scale:
    """The colours from the low to the high end of a ``range``, its name and unit, and ``levels`` that are marked."""

    label: str
    unit: str
    range: tuple[float, float]
    stops: Stops
    levels: tuple[float, ...] = ()

    def text(self, value: float) -> str:
        """Return a value as people read it."""
        return f"{value:.{0 if self.range[1] - self.range[0] >= FEW else 1}f} {self.unit}"

    def colours(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return RGB (N, 3) of values (N,); beyond the ends the colours of the ends, those of ``UNREACHED`` for nan."""
        low, high = self.range
        known = np.isfinite(values)
        stops = np.asarray(self.stops, float)
        place = np.clip((np.where(known, values, low) - low) / max(high - low, 1e-9), 0.0, 1.0) * (len(stops) - 1)
        rgb = np.stack([np.interp(place, np.arange(len(stops)), stops[:, n]) for n in range(3)], axis=-1)
        rgb[~known] = UNREACHED
        return rgb.round().astype(np.uint8)


@dataclass(frozen=True, eq=False)
class HeartMap:
    """A map of a chamber of N points: ``values`` (N,) on a ``scale``, or numbers of ``classes`` (name, RGB).

    Of a scale, nan is where nothing is known or nothing arrives. ``name`` is one of ``MAPS``.
    """

    name: str
    values: NDArray[np.float64]
    scale: Scale | None = None
    classes: tuple[tuple[str, RGB], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(self.values, "values", ndim=1, dtype=np.float64))

    def colours(self) -> NDArray[np.uint8]:
        """Return RGB (N, 3) of all points."""
        if self.scale is not None:
            return self.scale.colours(self.values)
        return np.array([rgb for _, rgb in self.classes], np.uint8)[self.values.astype(np.int64)]


def plain_map(chamber: Chamber) -> HeartMap:
    """Return the map of a wall in one colour."""
    return HeartMap("plain", np.zeros(len(chamber.surface.points_mm)), classes=((chamber.name, PLAIN),))


def region_map(chamber: Chamber) -> HeartMap | None:
    """Return the regions of a chamber, a colour each; None where they were not found."""
    if chamber.regions is None:
        return None
    taken = {"vein": 0, "other": 0}
    classes = []
    for name in chamber.region_names:
        kind, table = ("vein", _VEINS) if "vein" in name else ("other", _OTHERS)
        classes.append((name, table[taken[kind] % len(table)]))
        taken[kind] += 1
    return HeartMap("regions", chamber.regions, classes=tuple(classes))


def fibrosis_map(chamber: Chamber) -> HeartMap | None:
    """Return the classes of a chamber's tissue; None where nothing is known of it."""
    if chamber.substrate is None:
        return None
    return HeartMap("fibrosis", chamber.substrate.classes, classes=tuple((n, TISSUE[n]) for n in SUBSTRATE_CLASSES))


def wall_map(chamber: Chamber) -> HeartMap | None:
    """Return how thick the wall is; None where that is not known."""
    if chamber.wall_mm is None:
        return None
    low, high = (float(value) for value in np.percentile(chamber.wall_mm, (1, 99)))
    return HeartMap("wall", chamber.wall_mm, Scale("Thickness of the wall", "mm", (low, max(high, low + 0.1)),
                                                   THIN_TO_THICK))  # fmt: skip


def activation_map(times_ms: NDArray[Any], until_ms: float = 0.0) -> HeartMap:
    """Return when each point is activated; what never is (inf or nan) is nan.

    ``until_ms`` is the least end of the scale: with that of the map before, colours stay while a lesion moves.
    """
    times = np.where(np.isfinite(times_ms), times_ms, np.nan).astype(np.float64)
    last = float(np.nanmax(times)) if np.isfinite(times).any() else 1.0
    last = max(last, until_ms)
    step = isochrone_step_ms(last)
    levels = tuple(float(level) for level in np.arange(step, last, step))
    return HeartMap("activation", times, Scale("Activation", "ms", (0.0, max(last, 1.0)), EARLY_TO_LATE, levels))


def outcome_map(outcome: SiteOutcome, name: str) -> HeartMap | None:
    """Return what an induced arrhythmia tells by point: "drivers" or "frequency"; None where it tells nothing."""
    values, label, unit = {
        "drivers": (outcome.singularities_per_s, "Tips of waves", "1/s"),
        "frequency": (outcome.dominant_hz, "Dominant frequency", "Hz"),
    }[name]
    if values is None:
        return None
    known = np.asarray(values, float)
    finite = known[np.isfinite(known)]
    if not finite.size:
        return None
    low = 0.0 if name == "drivers" else float(finite.min())
    return HeartMap(name, known, Scale(label, unit, (low, max(float(finite.max()), low + 0.1)), FEW_TO_MANY))


def voltage_map(values_mv: NDArray[Any], scale_mv: tuple[float, float]) -> HeartMap:
    """Return the voltage of a moment; nan where tissue is dead."""
    return HeartMap("voltage", np.asarray(values_mv, float), Scale("Voltage", "mV", scale_mv, REST_TO_PEAK))


def isochrone_step_ms(last_ms: float) -> float:
    """Return after how many ms a line of equal time is drawn, so that there are at most ``MOST_LINES``."""
    return next((step for step in STEPS_MS if last_ms / step <= MOST_LINES), last_ms / MOST_LINES)


class MapPainter:
    """Colours points of drawn surfaces as the nearest point of a chamber; kept for each set of points."""

    def __init__(self, points_mm: NDArray[Any]) -> None:
        self._points = np.asarray(points_mm, float)
        self._tree: Any = None
        self._nearest: dict[int, NDArray[np.int64] | None] = {}

    def colours(self, shown: HeartMap, dead: NDArray[np.bool_] | None, points_mm: NDArray[Any]) -> NDArray[np.uint8]:
        """Return RGBA (n, 4) of points (n, 3) of any detail of the chamber's surface; ``dead`` (N,) is drawn dark."""
        rgb = shown.colours()
        if dead is not None:
            rgb[dead] = np.round(0.35 * rgb[dead] + 0.65 * np.asarray(DEAD)).astype(np.uint8)
        places = self._places(np.asarray(points_mm))
        rgb = rgb if places is None else rgb[places]
        return np.column_stack([rgb, np.full(len(rgb), 255, np.uint8)])

    def _places(self, points: NDArray[Any]) -> NDArray[np.int64] | None:
        """Return which point of the chamber each is; None where they are all of them in their order."""
        count = len(points)
        if count not in self._nearest:  # each detail has its own number of points
            if count == len(self._points) and np.allclose(points, self._points, atol=1e-2):
                self._nearest[count] = None
            else:
                self._tree = self._tree or spatial.cKDTree(self._points)
                self._nearest[count] = self._tree.query(np.asarray(points, float))[1]
        return self._nearest[count]
