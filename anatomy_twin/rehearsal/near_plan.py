"""What a plan is about: what it aims at, and how much of the patient is to be seen to work on it."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import AblationPlan, Plan, ResectionPlan
from anatomy_twin.rehearsal.scene import SurfaceLayer
from anatomy_twin.units import Point, check_point


def aim_of(plan: Plan | None, surfaces: tuple[SurfaceLayer, ...]) -> SurfaceLayer | None:
    """Return the target of a plan, else its organ, the largest lesion, the liver; None where there is none."""
    found = {layer.name: layer for layer in surfaces}
    names = [plan.target] if isinstance(plan, AblationPlan) else []
    if isinstance(plan, ResectionPlan):
        names += [*plan.targets, plan.organ]
    lesions = sorted((layer for layer in surfaces if layer.group == "target"),
                     key=lambda layer: -(layer.volume_ml or 0.0))  # fmt: skip
    names += [*(layer.name for layer in lesions), "liver"]
    return next((found[name] for name in names if name in found), None)


def plan_extent(plan: Plan | None, surfaces: tuple[SurfaceLayer, ...]) -> tuple[Point, float] | None:
    """Return the middle (LPS mm) and the reach in mm of what a plan is about, so that views can come near to it.

    Of an ablation that is the target with its applicators, of a resection the organ. None for other plans, and where
    nothing is known of the organ.
    """
    organ = next((one for one in surfaces if isinstance(plan, ResectionPlan) and one.name == plan.organ), None)
    if isinstance(plan, AblationPlan):
        target = next((one for one in surfaces if one.name == plan.target), None)
        ends = [end for part in plan.applicators for end in (part.entry_mm, part.tip_mm)]
        points = np.asarray(ends if target is None else [*ends, *target.surface.points_mm], float)
    elif organ is not None:
        points = np.asarray(organ.surface.points_mm, float)
    else:
        return None
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return check_point("middle", middle), float(np.linalg.norm(points - middle, axis=1).max())
