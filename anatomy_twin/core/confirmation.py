"""What a scan after an ablation says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from anatomy_twin.core.assessment import Quantity
from anatomy_twin.core.labels import LabelMap
from anatomy_twin.core.transform import Transform
from anatomy_twin.core.volume import Volume
from anatomy_twin.errors import DataError
from anatomy_twin.units import Point, check_range

COMPLETE: Final = "complete with margin"
BORDERLINE: Final = "borderline"
INCOMPLETE: Final = "incomplete"
UNCERTAIN: Final = "uncertain"
ZONE: Final = "ablation_zone"  # how the zone is called among the labels of the scan after
CONFIRMATION_VERDICTS: Final = (COMPLETE, BORDERLINE, INCOMPLETE, UNCERTAIN)


@dataclass(frozen=True, eq=False)
class Confirmation:
    """The ablation zone of a scan ``name`` after an ablation, held against the target of the scan before.

    Read ``registration`` (a line; with its error ``error_mm`` and ``error_p95_mm``, None where not checked) before
    ``verdict``. ``margin_mm`` is the least signed distance of the target's surface to the zone's, between ``low_mm``
    and ``high_mm`` with all known errors (``interval_mm`` is their sum in quadrature, ``errors_mm`` each by its name),
    at ``place_mm`` of the scan before and ``place_after_mm`` of the scan after (both LPS). ``histogram_edges_mm``
    (n + 1) and ``histogram_percent`` (n) tell how margins are spread over the target's surface. Organ between zone and
    capsule that is thinner than ``capsule_mm`` counts as none. ``contraction_percent`` is how much shorter the
    coagulated tissue has become, an assumption.
    ``volume``, ``labels`` (with "ablation_zone") and ``transform`` (before to after) are what all of it rests on.
    """

    name: str
    target: str
    plan_name: str
    registration: str
    error_mm: float | None
    error_p95_mm: float | None
    verdict: str
    reason: str
    margin_mm: float
    low_mm: float | None
    high_mm: float | None
    place_mm: Point
    place_after_mm: Point
    histogram_edges_mm: tuple[float, ...]
    histogram_percent: tuple[float, ...]
    contraction_percent: float
    quantities: tuple[Quantity, ...]
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]
    synthetic: bool
    volume: Volume = field(repr=False)
    labels: LabelMap = field(repr=False)
    transform: Transform = field(repr=False)
    interval_mm: float | None = None
    errors_mm: tuple[tuple[str, float | None], ...] = ()
    capsule_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.verdict not in CONFIRMATION_VERDICTS:
            raise DataError(f"unknown verdict {self.verdict!r} of a confirmation")
        if not self.name.strip() or not self.name.isprintable():
            raise DataError("a confirmation has no name")
        check_range("margin_mm", self.margin_mm)
        check_range("contraction_percent", self.contraction_percent, 0.0, 50.0)
        if len(self.histogram_edges_mm) != len(self.histogram_percent) + 1:
            raise DataError("a histogram has one edge more than bars")
        if not self.labels.geometry.is_close(self.volume.geometry, 0.01):
            raise DataError("the labels of a confirmation are not on the grid of its scan")

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        known = ", ".join(quantity.name for quantity in self.quantities)
        raise DataError(f"no number is called {name!r}", advice=f"there are {known}")

    @property
    def margin_text(self) -> str:
        """The margin with its error, as it is read: "4.2 mm (3.1 to 5.3 mm)"."""
        if self.low_mm is None or self.high_mm is None:
            return f"{self.margin_mm:.1f} mm (error of the registration not checked)"
        return f"{self.margin_mm:.1f} mm ({self.low_mm:.1f} to {self.high_mm:.1f} mm)"
