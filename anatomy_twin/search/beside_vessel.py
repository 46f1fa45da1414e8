"""What large vessels with flow leave of a margin: their blood is never coagulated, and it cools what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.boundary import FAR, Boundary
from anatomy_twin.assess.margin import nearest
from anatomy_twin.assess.margin_field import places_along, sampled
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.plan.tissues import vessel_names
from anatomy_twin.simulation.thermal import ThermalModel, assembly
from anatomy_twin.units import check_point

Floats = NDArray[np.float64]
REACH_MM: Final = 60.0  # how far from vessels anything is asked
ROOM_MM: Final = 10.0  # around target and margin, within which vessels are looked for
BESIDE_MM: Final = 3.0  # what lies so near to the wall counts as beside the vessel
FINE_MM: Final = 1.25  # grid on which the distance from a target to a vessel is measured


@dataclass(frozen=True, slots=True)
class Vessel:
    """The large vessel with flow that is nearest to a place: how far its blood is, and its name in words."""

    away_mm: float
    name: str


@dataclass(frozen=True, eq=False)
class Blood:
    """How far the blood of large vessels is, in mm on a grid about a target, [k, j, i]; 0 within it."""

    away_mm: NDArray[np.float32]
    geometry: VolumeGeometry

    def beside(self, geometry: VolumeGeometry) -> NDArray[np.float32]:
        """Return the field of a ``Boundary`` that holds vessels and what lies beside them, on another grid."""
        field = np.clip(BESIDE_MM - self.away_mm, -FAR, FAR)
        return sampled(field, places_along(self.geometry, geometry)).astype(np.float32)


def blood_around(labels: LabelMap, points_mm: Floats, margin_mm: float, model: ThermalModel) -> Blood | None:
    """Return the blood of large vessels with flow around a target, whose surface is ``points_mm`` (n, 3).

    ``labels`` are canonical. None where no such vessel is as near as ``margin_mm``, or the model has no sinks.
    """
    index = labels.geometry.to_index(points_mm) * np.asarray(labels.geometry.spacing_mm)
    low, high = index.min(axis=0) - margin_mm - ROOM_MM, index.max(axis=0) + margin_mm + ROOM_MM
    size = np.ceil((high - low) / FINE_MM).astype(int) + 1
    origin = labels.geometry.to_world(low / np.asarray(labels.geometry.spacing_mm))
    box = VolumeGeometry(
        (int(size[0]), int(size[1]), int(size[2])), (FINE_MM,) * 3, labels.geometry.direction,
        check_point("origin_mm", origin), labels.geometry.frame_of_reference_uid,
    )
    sink = assembly.large_vessels(labels, box, model)
    if not sink.any():
        return None
    away = distance_mm(sink, box.spacing_mm, REACH_MM) - 0.5 * FINE_MM
    blood = Blood(np.maximum(away, 0.0).astype(np.float32), box)
    return blood if nearest_blood_mm(blood, points_mm) < margin_mm else None


def nearest_blood_mm(blood: Blood, points_mm: Floats) -> float:
    """Return how near the blood comes to the nearest of ``points_mm`` (n, 3)."""
    return float(REACH_MM - Boundary(REACH_MM - blood.away_mm, blood.geometry).sample(points_mm).max())


def zone_with_vessels(zone: Boundary, blood: Blood) -> Boundary:
    """Return a zone as if vessels and what lies beside them were coagulated: its margin is that apart from them."""
    return Boundary(np.maximum(zone.field, blood.beside(zone.geometry)), zone.geometry)


def vessel_at(labels: LabelMap, blood: Blood, place_mm: Any) -> Vessel:
    """Return the large vessel whose blood is nearest to a place in LPS mm."""
    centres = blood.geometry.to_world(np.argwhere(blood.away_mm <= 0.0))
    gaps = np.linalg.norm(centres - np.asarray(place_mm, float), axis=1)
    near = centres[gaps <= gaps.min() + FINE_MM]
    counts = {
        name: int(nearest(labels.mask(name), labels.geometry, near).sum()) for name in vessel_names() if name in labels
    }
    name = max(counts, key=lambda one: counts[one], default="")
    away_mm = max(float(gaps.min()) - 0.5 * FINE_MM, 0.0)
    return Vessel(away_mm, name.replace("_", " ") if counts.get(name) else "a large vessel")
