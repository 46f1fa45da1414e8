"""What may differ from a plan: the inputs of a robustness analysis, sampled as a Latin hypercube."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator, Spread
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import UsageError
from anatomy_twin.search.asked import check_seed

Floats = NDArray[np.float64]
MOST_SAMPLES = 2_000
FACTORS = ("perfusion", "conductivity", "power")
LIMITS = {"placement_mm": 30.0, "angle_deg": 30.0}


@dataclass(frozen=True, eq=False)
class Draws:
    """The samples of one input: ``values`` (n,) in ``unit``."""

    name: str
    unit: str
    source: str
    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(self.values, "values", ndim=1, dtype=np.float64))


def spreads(given: Mapping[str, float | tuple[float, float] | None]) -> dict[str, Spread]:
    """Return the spread of every input: that which is given, else that of the catalog.

    Raises ``UsageError`` for a standard deviation or range that cannot be.
    """
    found = {}
    for name, row in catalog.load("uncertainty")["inputs"].items():
        wanted = given.get(name)
        value = row["value"] if wanted is None else wanted
        if name in FACTORS:
            pair = np.asarray(value, float)
            if pair.shape != (2,) or not np.isfinite(pair).all() or not 0.0 <= pair[0] <= pair[1] <= 10.0:
                raise UsageError(f"{name}: {value} is no range of a factor", advice="give two numbers from 0 to 10")
            low, high = float(pair[0]), float(pair[1])
        else:
            low = high = float(np.asarray(value, float))
            if not 0.0 <= low <= LIMITS[name]:
                raise UsageError(f"{name}: {low:g} is no standard deviation", advice=f"give 0 to {LIMITS[name]:g}")
        source = "given" if wanted is not None else "assumed" if row.get("assumed") else str(row["source"])
        found[name] = Spread(name, low, high, row["unit"], row["distribution"], source, row["note"])
    return found


def latin_hypercube(count: int, dimensions: int, seed: int) -> Floats:
    """Return (count, dimensions) shares of probability, one in each of ``count`` equal strata along every axis."""
    if not 2 <= count <= MOST_SAMPLES:
        raise UsageError(f"{count} samples were asked for", advice=f"ask for 2 to {MOST_SAMPLES}")
    return np.asarray(stats.qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(count))


def draw(found: Mapping[str, Spread], applicators: int, count: int, seed: int) -> tuple[Draws, ...]:
    """Return the samples of every input: five for each applicator (along its shaft, twice across, two tilts), then
    the factors. Inputs with no spread stay what they are.
    """
    parts = []
    for number in range(1, applicators + 1):
        lead = f"applicator {number}: " if applicators > 1 else ""
        parts += [(f"{lead}{axis}", found["placement_mm"]) for axis in ("depth", "sideways 1", "sideways 2")]
        parts += [(f"{lead}{axis}", found["angle_deg"]) for axis in ("tilt 1", "tilt 2")]
    parts += [(name, found[name]) for name in FACTORS if name in found]
    check_seed(seed)
    shares = latin_hypercube(count, len(parts), seed)
    drawn = []
    for column, (name, spread) in enumerate(parts):
        if spread.distribution == "normal":
            values = spread.low * stats.norm.ppf(np.clip(shares[:, column], 1e-7, 1.0 - 1e-7))
        else:
            values = spread.low + shares[:, column] * (spread.high - spread.low)
        drawn.append(Draws(name, spread.unit, spread.source, values))
    return tuple(drawn)


def misplaced(plan: AblationPlan, drawn: tuple[Draws, ...], sample: int) -> AblationPlan:
    """Return the plan as one sample has it: each applicator moved as a whole, then tilted about its tip."""
    moved = []
    for number, applicator in enumerate(plan.applicators):
        depth, first, second, tilt, other = (
            float(part.values[sample]) for part in drawn[5 * number: 5 * number + 5]
        )
        moved.append(_moved(applicator, (depth, first, second), (tilt, other)))
    return replace(plan, applicators=tuple(moved))


def _moved(
    applicator: Applicator, offset_mm: tuple[float, float, float], tilt_deg: tuple[float, float]
) -> Applicator:
    along = np.asarray(applicator.direction)
    across = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
    across /= np.linalg.norm(across)
    third = np.cross(along, across)
    tip = np.asarray(applicator.tip_mm) + offset_mm[0] * along + offset_mm[1] * across + offset_mm[2] * third
    leaned = along + math.tan(math.radians(tilt_deg[0])) * across + math.tan(math.radians(tilt_deg[1])) * third
    entry = tip - applicator.depth_mm * leaned / np.linalg.norm(leaned)
    return replace(applicator, entry_mm=tuple(entry.tolist()), tip_mm=tuple(tip.tolist()))


def causes(drawn: tuple[Draws, ...]) -> tuple[Draws, ...]:
    """Return what the samples differ in, as one would speak of it: how far aside and how much tilted, whichever way."""
    found = []
    by_name = {part.name: part for part in drawn}
    for part in drawn:
        lead, _, axis = part.name.rpartition(": ")
        lead = f"{lead}: " if lead else ""
        if axis in ("sideways 1", "tilt 1"):
            other = by_name[f"{lead}{axis[:-1]}2"]
            size = np.hypot(part.values, other.values)
            found.append(Draws(f"{lead}{axis[:-2]}", part.unit, part.source, size))
        elif axis == "depth":
            found.append(part)
            found.append(Draws(f"{lead}depth either way", part.unit, part.source, np.abs(part.values)))
        elif axis not in ("sideways 2", "tilt 2"):
            found.append(part)
    return tuple(found)
