"""A case with a heart chamber and little else: a made atrium with regions, fibres and tissue in an empty scan."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from anatomy_twin.anatomy.heart.fibres import with_fibres
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.core import Case, Patient, Volume, VolumeGeometry
from anatomy_twin.core.heart import Chamber, Substrate
from tests.support.made_atrium import made_atrium

STEP_MM = 2.0


@cache
def made_chamber() -> Chamber:
    """The atrium with all that maps show: the part right of its middle is diseased, its wall 2 to 3 mm."""
    chamber = remeshed(chamber_of(made_atrium(step_mm=STEP_MM).surface), STEP_MM)
    chamber = with_fibres(with_regions(chamber))
    side = chamber.surface.points_mm[:, 0] - chamber.surface.points_mm[:, 0].mean()
    classes = np.where(side < -10.0, 2, np.where(side < 0.0, 1, 0))
    return replace(
        chamber, substrate=Substrate(classes, side, "side", "mm", "made"),
        wall_mm=2.0 + (side - side.min()) / np.ptp(side),
    )


@cache
def heart_case() -> Case:
    """A case of that chamber; the scan is empty but for some noise."""
    chamber = made_chamber()
    low, high = (edge(chamber.surface.points_mm, axis=0) for edge in (np.min, np.max))
    shape = tuple(int(n) for n in np.ceil((high - low + 40.0) / 3.0))[::-1]
    grid = VolumeGeometry.upright(shape, (3.0, 3.0, 3.0), tuple(low - 20.0))
    image = np.random.default_rng(0).normal(40.0, 10.0, shape).astype(np.int16)
    return Case.new(volume=Volume(image, grid), patient=Patient("HEART")).with_chamber(chamber)
