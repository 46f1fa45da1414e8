"""What round a plan its procedure asks of a case: boxes, middles, surfaces, lesions that may be aimed at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, LabelMap
from anatomy_twin.errors import PlanError
from anatomy_twin.rehearsal.build import structure_label
from anatomy_twin.rehearsal.handles import PlanContext
from anatomy_twin.units import check_point

Floats = NDArray[np.float64]

OUTSIDE_MM = 60.0  # handles may be drawn so far out of the scan: entries of applicators lie near its edge
LEAST_REACH_MM, ARROW_SHARE = 30.0, 0.5


def context_around(case: Case, organ: str = "") -> PlanContext:
    """Return what handles need to know of a patient: the box of the scan, and centre and reach of an organ."""
    corners = case.volume.geometry.corners_mm()
    low = check_point("low", corners.min(axis=0) - OUTSIDE_MM)
    high = check_point("high", corners.max(axis=0) + OUTSIDE_MM)
    points = outline_mm(case, organ) if organ else None
    if points is None:
        return PlanContext(low, high)
    centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
    reach = max(float(np.percentile(np.linalg.norm(points - centre, axis=1), 80)), LEAST_REACH_MM)
    return PlanContext(low, high, check_point("centre", centre), reach, max(ARROW_SHARE * reach, 15.0))


def outline_mm(case: Case, name: str) -> Floats | None:
    """Return points of the surface of a structure (n, 3): of its mesh, else voxels; None where it is not there."""
    structure = case.anatomy.structures.get(name)
    if structure is not None and structure.surface is not None and len(structure.surface.points_mm):
        return structure.surface.points_mm
    labels = case.labels.get(case.primary)
    if labels is None or name not in labels:
        return None
    return voxels_mm(labels, name)


def voxels_mm(labels: LabelMap, name: str) -> Floats:
    """Return the centres of the voxels of a segment with its parts, (n, 3) in LPS mm; at most some ten thousand."""
    index = np.argwhere(labels.mask(name))
    step = max(1, len(index) // 20_000)
    return np.asarray(labels.geometry.to_world(index[::step].astype(float)))


def middle_mm(case: Case, name: str) -> Floats:
    """Return the middle of a structure in LPS mm; ``PlanError`` where it is not there."""
    from anatomy_twin.rehearsal.snapping import snapper_of

    centre = snapper_of(case, (name,)).centres_mm.get(name)
    if centre is not None:
        return np.asarray(centre)
    points = outline_mm(case, name)
    if points is None or not len(points):
        raise PlanError(f"no structure is called {name!r}", advice="outline a target first")
    return np.asarray(points.mean(axis=0))


def choices_of(names: Any) -> tuple[tuple[str, str], ...]:
    """Return structures as a person chooses from them: name and words."""
    return tuple((name, structure_label(name)) for name in names)


def with_words(names: tuple[str, ...], *more: str) -> tuple[tuple[str, str], ...]:
    """Return ``choices_of`` some names and of others that must be among them, each once."""
    return choices_of(dict.fromkeys((*names, *(name for name in more if name))))
