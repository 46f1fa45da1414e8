"""The target of a plan: which lesion is meant, and what the user has to choose between."""

from __future__ import annotations

from anatomy_twin.assess import is_lesion
from anatomy_twin.core import (
    Case,
    LabelMap,
)
from anatomy_twin.errors import PlanError, UsageError
from anatomy_twin.units import Point

Target = str | Point


def named_target(case: Case, target: Target) -> tuple[str, bool]:
    """Return the segment that a plan for ``target`` is made for, and whether it is outlined already.

    A tumour that is outlined stays as it is, so that plans made for it stay comparable: a point inside it means it.
    Anything else becomes a new tumour with the next free number.
    """
    labels = case.label_map
    tumours = [name for name in labels.names if name.startswith("tumour_") and "candidate" not in name]
    if isinstance(target, str):
        if target in labels and not is_lesion(target):
            raise PlanError(f"{target} is no lesion", advice=f"choose one of {', '.join(candidates(labels)) or 'none'}")
        if not target.startswith("tumour_candidate"):
            return target, True
    else:
        for name in tumours:
            if labels.geometry.contains(target) and labels.mask(name)[labels.geometry.nearest_voxel(target)]:
                return name, True
    taken = {int(name.rsplit("_", 1)[1]) for name in tumours}
    return f"tumour_{next(n for n in range(1, len(taken) + 2) if n not in taken)}", False


def candidates(labels: LabelMap) -> tuple[str, ...]:
    """Return the segments that may be a target: tumours first, then proposals."""
    stems = ("tumour_", "lesion_", "tumour_candidate_")
    known = [name for name in labels.names if name.startswith(stems)]
    return tuple(sorted(known, key=lambda name: ("candidate" in name, name)))


def choose_target(case: Case, target: Target | None) -> Target:
    """Return the target to plan on; ``UsageError`` when it was not named and the scan does not show just one.

    A tumour that the program found is a proposal: where there are none or several the user decides.
    """
    if target is not None:
        return target
    found = candidates(case.label_map)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            "the program found no tumour, which does not mean that there is none",
            advice="give the target's position with --target x,y,z (LPS mm)",
        )
    listed = "; ".join(_describe(case.label_map, name) for name in found)
    raise UsageError(
        f"{len(found)} tumour candidates were found", where=listed, advice="choose one with --target NAME or x,y,z"
    )


def _describe(labels: LabelMap, name: str) -> str:
    x, y, z = centre_mm(labels, name)
    return f"{name}: {labels.volume_ml(name):.1f} ml at {x:.0f},{y:.0f},{z:.0f}"


def centre_mm(labels: LabelMap, name: str) -> Point:
    """Return the centroid of a segment in LPS mm; ``PlanError`` when it has no voxels."""
    indices = labels.mask(name).nonzero()
    if not indices[0].size:
        raise PlanError(f"{name} has no voxels")
    x, y, z = labels.geometry.to_world([axis.mean() for axis in indices])
    return float(x), float(y), float(z)
