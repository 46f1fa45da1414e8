"""Every known error of a margin, their sum in quadrature, and the verdict that the interval allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.core.confirmation import BORDERLINE, COMPLETE, INCOMPLETE, UNCERTAIN

Floats = NDArray[np.float64]
REGISTRATION: Final = "registration"
ZONE: Final = "outline of the zone"
TARGET: Final = "outline of the target"
VOXELS: Final = "voxels and slices"


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of a margin in mm, each meant to hold in about 95 of 100 cases; None is not known.

    They do not depend on each other: ``total_mm`` is the root of the sum of their squares.
    """

    registration_mm: float | None
    zone_mm: float
    target_mm: float
    voxels_mm: float

    @property
    def total_mm(self) -> float | None:
        """All of them together; None where that of the registration is not known."""
        if self.registration_mm is None:
            return None
        return math.hypot(self.registration_mm, self.zone_mm, self.target_mm, self.voxels_mm)

    def capsule_mm(self, moved: bool) -> float:
        """How thick organ between zone and capsule must be to be told from none.

        ``moved``: the capsule was carried over by the registration, the zone was not.
        """
        return math.hypot(self.registration_mm or 0.0 if moved else 0.0, self.zone_mm, self.voxels_mm)

    def around(self, least_mm: float, most_mm: float) -> tuple[float | None, float | None]:
        """Return the bounds of a margin that is measured to lie between two values."""
        total = self.total_mm
        return (None, None) if total is None else (least_mm - total, most_mm + total)

    def parts(self) -> tuple[tuple[str, float | None], ...]:
        """Return each with its name."""
        return ((REGISTRATION, self.registration_mm), (ZONE, self.zone_mm), (TARGET, self.target_mm),
                (VOXELS, self.voxels_mm))  # fmt: skip

    def text(self) -> str:
        """Say them in a line."""
        told = [f"{name} {'not checked' if value is None else f'{value:.1f} mm'}" for name, value in self.parts()]
        return f"{', '.join(told)}; root of the sum of squares"


def outline_mm(labels: LabelMap, name: str, measured_mm: float | None = None) -> float:
    """Return the error of an outline: none for the truth of a generated patient, what was measured, else assumed."""
    if labels.segment(name).state == "truth":
        return 0.0
    return float(catalog.load("limits")["confirmation"]["outline_mm"]["value"]) if measured_mm is None else measured_mm


def voxels_mm(before: VolumeGeometry, after: VolumeGeometry, way: Floats | None = None) -> float:
    """Return the error (95 %) of a margin between outlines in voxels, ``way`` (unit, LPS of before) across them.

    Of half a voxel of both scans it is a part that was measured: the surfaces are smooth between slices. Without
    ``way`` it is all of half the longest edge: so much of a layer between two surfaces, or of a corner, may be lost.
    """
    told = []
    for grid in (before, after):
        edges = np.asarray(grid.spacing_mm)
        along = edges.max() if way is None else np.linalg.norm((way @ np.asarray(grid.direction)) * edges)
        told.append(0.5 * float(along))
    share = 1.0 if way is None else float(catalog.load("limits")["confirmation"]["voxel_share"]["value"])
    return share * math.hypot(*told)


def judge(margin_mm: float, low_mm: float | None, high_mm: float | None) -> tuple[str, str]:
    """Return the verdict on a margin that lies between two bounds, and the reason in one line.

    At least the margin of the catalogue is "complete with margin", from 0 mm "borderline", below "incomplete";
    "uncertain" where the bounds are not known (None) or one of the two limits lies between them.
    """
    wanted = float(catalog.load("limits")["margins"]["ablative_margin_mm"]["value"])

    def of(value: float) -> str:
        return COMPLETE if value >= wanted else BORDERLINE if value >= 0 else INCOMPLETE

    if low_mm is None or high_mm is None:
        return UNCERTAIN, f"margin {margin_mm:.1f} mm, but the error of the registration is not checked"
    low, high = of(low_mm), of(high_mm)
    shown = f"margin {margin_mm:.1f} mm, {low_mm:.1f} to {high_mm:.1f} mm with all known errors"
    return (low, shown) if low == high else (UNCERTAIN, f"{shown}: from {low} to {high}")
