"""The map of where a plan fails: a field for slices, and the shares on the surface of its target."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Robustness, Spread
from anatomy_twin.core.later import later
from anatomy_twin.rehearsal.scene import FieldSeries

FAILING: Final = "uncovered"
LABEL: Final = "Left uncovered"
TOPS: Final = (10.0, 20.0, 30.0, 50.0, 100.0)  # percent: the upper end of the scale is one of these
LEVELS: Final = (5.0, 20.0, 50.0)
COVERED: Final = (104, 168, 152)  # of the target where it was always covered: no colour of the scale
USUAL_MM: Final = (2.0, 5.0, 10.0)
SHELL: Final = 1.8  # voxels about the target that have the share of its surface, so that its edge is not washed out

spatial = later("scipy.spatial")


def failing_field(found: Robustness) -> FieldSeries:
    """Return the percentage of treatments in which the target is left uncovered, [1, k, j, i]; 0 beside the target.

    Its scale ends at 10, 20, 30, 50 or 100 %, whichever holds the largest share.
    """
    values = np.where(found.inside, 1.0 - found.coagulated, 0.0)
    outside = np.argwhere(~found.inside)
    gaps, nearest = spatial.cKDTree(found.surface.points_mm).query(
        found.geometry.to_world(outside), distance_upper_bound=SHELL * max(found.geometry.spacing_mm)
    )
    near = np.isfinite(gaps)
    values[tuple(outside[near].T)] = found.uncovered[nearest[near]]
    percent = 100.0 * values
    top = next(top for top in TOPS if percent.max() <= top + 1e-6)
    levels = tuple(level for level in LEVELS if level < top)
    return FieldSeries(FAILING, LABEL, "%", percent[None].astype(np.float32), np.zeros(1), found.geometry,
                       (0.0, top), levels)  # fmt: skip


def uncovered_at(found: Robustness, points_mm: NDArray[Any]) -> NDArray[np.float64]:
    """Return the percentage of treatments that leave points (N, 3) of the target's surface uncovered."""
    _, nearest = spatial.cKDTree(found.surface.points_mm).query(np.asarray(points_mm, float))
    return np.asarray(100.0 * found.uncovered[nearest])


def limits_mm(found: Robustness) -> tuple[float, ...]:
    """Return the margins whose probability is worth telling: 0 (complete coverage), the one wanted, usual ones."""
    wanted = found.wanted_mm
    return tuple(sorted({0.0, wanted, *(limit for limit in USUAL_MM if limit - wanted <= USUAL_MM[1])}))


def range_text(spread: Spread) -> str:
    """Return how far an input was let vary: a standard deviation, or a range in percent of the usual value."""
    if spread.distribution == "normal":
        unit = "\N{DEGREE SIGN}" if spread.unit == "deg" else f" {spread.unit}"
        return f"\N{PLUS-MINUS SIGN}{spread.low:g}{unit}"
    return f"{100 * spread.low:.0f}\N{EN DASH}{100 * spread.high:.0f} %"
