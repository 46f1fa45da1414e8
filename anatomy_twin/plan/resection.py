"""What a resection by planes removes: voxel by voxel, so that the removed and the remaining part are the organ."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import LabelMap, PlaneCut, ResectionPlan, Rule, VolumeGeometry
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels.resection import mark_beyond
from anatomy_twin.units import check_point

TOUCH_MM: Final = 1e-6  # a centre so near to a plane lies in it, whichever way the array runs


def removed_mask(labels: LabelMap, plan: ResectionPlan) -> NDArray[np.bool_]:
    """Return the voxels [k, j, i] of the organ (lesions and vessels in it too) that a plan removes.

    A voxel is where its centre is; a centre in the plane itself is removed. Raises ``PlanError`` where the organ is
    not there or the plan has another cut than planes.
    """
    return _removed_of(organ_mask(labels, plan), labels.geometry, plan)


def _removed_of(organ: NDArray[np.bool_], geometry: VolumeGeometry, plan: ResectionPlan) -> NDArray[np.bool_]:
    return np.asarray(mark_beyond(organ, index_planes(geometry, plan), plan.combination == "all"))


def organ_mask(labels: LabelMap, plan: ResectionPlan) -> NDArray[np.bool_]:
    """Return the voxels of the organ that a plan resects; ``PlanError`` where it is not there or has none."""
    known = [segment.name for segment in labels.segments]
    organ = labels.mask(plan.organ) if plan.organ in known else np.zeros(0, bool)
    if not organ.any():
        raise PlanError(f"no structure is called {plan.organ!r}", advice=f"there are {', '.join(labels.names)}")
    for target in plan.targets:
        if target not in labels:
            raise PlanError(f"no structure is called {target!r}", advice=f"there are {', '.join(labels.names)}")
    return np.ascontiguousarray(organ)


def index_planes(geometry: VolumeGeometry, plan: ResectionPlan) -> NDArray[np.float64]:
    """Return the cuts of a plan as planes in index units (see ``kernels.resection``), of unit length in mm."""
    rows: list[Any] = []
    matrix = geometry.affine[:3, :3]
    for cut in plan.cuts:
        if not isinstance(cut, PlaneCut):
            raise PlanError(f"plan {plan.name!r} has a {type(cut).__name__}", advice="this version resects by planes")
        normal = np.asarray(cut.normal)
        offset = normal @ (geometry.affine[:3, 3] - np.asarray(cut.point_mm))
        rows.append([*(normal @ matrix), offset + TOUCH_MM])
    if not rows:
        raise PlanError(f"plan {plan.name!r} has no cut", advice="add a plane")
    return np.array(rows, np.float64)


def resection_rules(labels: LabelMap, plan: ResectionPlan) -> tuple[Rule, ...]:
    """Return the hard rules of a resection by planes: it divides the organ, and removes its targets whole."""
    organ = organ_mask(labels, plan)
    removed = _removed_of(organ, labels.geometry, plan)
    share = 100.0 * float(np.count_nonzero(removed)) / float(np.count_nonzero(organ))
    words = plan.organ.replace("_", " ")
    whole = "nothing is removed" if share == 0.0 else f"the whole {words} is removed"
    divided = 0.0 < share < 100.0
    rules = [Rule("divides the organ", "passed" if divided else "broken",
                  f"{share:.0f} % of the {words} are removed" if divided else whole, round(share, 1), "%")]  # fmt: skip
    for target in plan.targets:
        mask = labels.mask(target)
        left = np.argwhere(mask & ~removed)
        out = 100.0 * (1.0 - len(left) / max(int(np.count_nonzero(mask)), 1))
        name = target.replace("_", " ")
        if not len(left):
            rules.append(Rule(f"removes {name}", "passed", f"all of {name} is removed", 100.0, "%", 100.0))
            continue
        place = check_point("place_mm", np.round(labels.geometry.to_world(left).mean(axis=0), 1))
        rules.append(Rule(f"removes {name}", "broken", f"{100.0 - out:.0f} % of {name} remain", round(out, 1), "%",
                          100.0, target, place))  # fmt: skip
    return tuple(rules)
