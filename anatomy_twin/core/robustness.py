"""What became of a plan in many simulated treatments that differ from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.errors import DataError
from anatomy_twin.units import Point

NORMAL_975: Final = 1.959963984540054  # 97.5 % of a normal distribution lie below


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an input may be off: a standard deviation about zero (``low`` = ``high``) or a range of a factor.

    ``source`` is "given", "assumed" or where the numbers were published.
    """

    name: str
    low: float
    high: float
    unit: str
    distribution: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Probability:
    """A share of the samples, and the interval that holds the probability with 95 % (Wilson)."""

    value: float
    low: float
    high: float
    count: int
    of: int

    @classmethod
    def counted(cls, count: int, of: int) -> Probability:
        """Return a share with its interval of Wilson, J Am Stat Assoc 1927;22:209."""
        share, square = count / of, NORMAL_975**2
        middle = (share + square / (2 * of)) / (1 + square / of)
        half = NORMAL_975 * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
        return cls(share, 0.0 if count == 0 else middle - half, 1.0 if count == of else middle + half, count, of)


@dataclass(frozen=True, slots=True)
class Influence:
    """Spearman's rank correlation of an input with the minimal margin, and the chance of it without any influence."""

    name: str
    correlation: float
    p_value: float
    source: str


@dataclass(frozen=True, eq=False)
class Robustness:
    """What became of a plan in many treatments that differ from it by ``spreads``, drawn with ``seed``.

    ``covered`` the whole target lies in the zone; ``reached`` the margin is ``wanted_mm`` or more.
    ``margins_mm`` (n,) the minimal margin of each sample (-inf where nothing is coagulated), ``target_percents`` (n,)
    of the target's volume; ``planned_margin_mm`` that of the plan as it is, on the same grid of ``spacing_mm``.
    ``influences`` of the inputs on the margin, the strongest first.
    The map of where it fails: ``uncovered`` and ``short`` (p,) the share of samples in which a point of the target's
    ``surface`` (LPS mm) lies outside the zone, or has less than the wanted margin; ``coagulated`` [k, j, i] on
    ``geometry`` the share in which a voxel is coagulated, ``inside`` which voxels are the target.
    ``failed`` samples could not be simulated and count as not covered; ``notes`` say what else is to be known.
    """

    plan_name: str
    target: str
    seed: int
    spacing_mm: float
    wanted_mm: float
    planned_margin_mm: float
    covered: Probability
    reached: Probability
    margins_mm: NDArray[np.float64]
    target_percents: NDArray[np.float64]
    spreads: tuple[Spread, ...]
    influences: tuple[Influence, ...]
    surface: SurfaceMesh
    uncovered: NDArray[np.float64]
    short: NDArray[np.float64]
    geometry: VolumeGeometry
    coagulated: NDArray[np.float32]
    inside: NDArray[np.bool_]
    failed: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        points, grid = (len(self.surface.points_mm),), self.geometry.shape
        samples = (np.size(self.margins_mm),)
        kinds: dict[str, tuple[Any, tuple[int, ...]]] = {
            "margins_mm": (np.float64, samples), "target_percents": (np.float64, samples),
            "uncovered": (np.float64, points), "short": (np.float64, points),
            "coagulated": (np.float32, grid), "inside": (bool, grid),
        }
        for name, (kind, shape) in kinds.items():
            values: NDArray[Any] = read_only(getattr(self, name), name, dtype=kind)
            if values.shape != shape:
                raise DataError(f"{name} of a robustness has shape {values.shape}, {shape} is expected")
            object.__setattr__(self, name, values)
        if not samples[0] or not points[0]:
            raise DataError("a robustness has no sample, or no point of a target")

    @property
    def samples(self) -> int:
        """How many treatments were simulated."""
        return int(self.margins_mm.size)

    def margin_mm(self, percent: float) -> float:
        """Return the minimal margin that ``percent`` of the samples stay below."""
        return float(np.percentile(self.margins_mm, percent, method="lower"))

    def probability_of(self, margin_mm: float) -> Probability:
        """Return how likely the minimal margin is ``margin_mm`` or more; 0 is complete coverage."""
        return Probability.counted(int(np.count_nonzero(self.margins_mm >= margin_mm)), self.samples)

    @property
    def weakest_mm(self) -> Point:
        """The point of the target's surface (LPS mm) that most often is left uncovered, or short of its margin."""
        x, y, z = self.surface.points_mm[int(np.lexsort((self.short, self.uncovered))[-1])]
        return round(float(x), 1), round(float(y), 1), round(float(z), 1)
