"""How robust the toy plan is, made up: the side of its tumour that lies to the patient's left is often missed."""

from __future__ import annotations

import numpy as np

from anatomy_twin.assess.boundary import mask_boundary
from anatomy_twin.core import AblationPlan, Case, Influence, Probability, Robustness, Spread, SurfaceMesh
from tests.support.toy_case import TUMOUR_MM, planned_case

MARGINS_MM = np.array([-np.inf, -1.5, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 5.5, 1 / 3, 2.5, 3.5, 4.5, 0.2])
WORST = 0.25


def toy_robustness(case: Case | None = None, name: str = "A") -> Robustness:
    """Return a robustness of a plan of the toy case whose numbers are known: 16 treatments, 13 of them cover."""
    case = case or planned_case()
    plan, labels = case.plan(name), case.label_map
    assert isinstance(plan, AblationPlan)
    points, triangles = mask_boundary(labels.mask(plan.target), labels.geometry).surface()
    aside = np.clip((points[:, 0] - TUMOUR_MM[0]) / np.ptp(points[:, 0]) * 2.0, 0.0, 1.0)
    grid = case.results[name].geometry
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    away = np.linalg.norm(places - TUMOUR_MM, axis=-1)
    inside = away < 10.0
    share = np.where(places[..., 0] > TUMOUR_MM[0], 0.75, 1.0) * (away < 16.0)
    spreads = (
        Spread("placement_mm", 2.0, 2.0, "mm", "normal", "assumed", "standard deviation of the place"),
        Spread("perfusion", 0.5, 1.5, "", "uniform", "given", "factor of the perfusion of every tissue"),
    )
    count = MARGINS_MM.size
    return Robustness(
        plan.name, plan.target, 3, 2.5, 5.0, 2.2, Probability.counted(13, count), Probability.counted(2, count),
        MARGINS_MM, np.linspace(0.0, 100.0, count), spreads,
        (Influence("sideways", -0.71, 0.001, "assumed"), Influence("perfusion", -0.2, 0.4, "given")),
        SurfaceMesh(points, triangles), WORST * aside, np.clip(0.5 + 0.5 * aside, 0.0, 1.0), grid,
        share.astype(np.float32), inside, 1,
        ("simulated on a grid of 2.5 mm, which tells a margin within about half of that",),
    )
