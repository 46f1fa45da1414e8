"""Numbers read off a case, a plan and its result, each with its unit, limit, verdict and source."""

from anatomy_twin.assess.assess import assess
from anatomy_twin.assess.boundary import Boundary, mask_boundary, signed_distance_to, zone_boundary
from anatomy_twin.assess.margin import Margin, ablative_margin, is_lesion

__all__ = [
    "Boundary", "Margin", "ablative_margin", "assess", "is_lesion", "mask_boundary", "signed_distance_to", "warm_up",
    "zone_boundary",
]


def warm_up() -> None:
    """Compile the kernels that assessment uses (they are cached on disk)."""
    import numpy as np

    from anatomy_twin.assess.resection_field import prepare_resection
    from anatomy_twin.core import Code, LabelMap, PlaneCut, ResectionPlan, Segment, VolumeGeometry
    from anatomy_twin.kernels import distance, triangles

    distance.warm_up()
    triangles.warm_up()
    grid = VolumeGeometry.upright((12, 12, 12), (4.0, 4.0, 4.0))
    array = np.zeros((1, *grid.shape), np.uint8)
    array[0, 2:10, 2:10, 2:10] = 1
    labels = LabelMap(array, grid, (Segment("liver", 0, 1, Code("", "", "Liver"), (200, 100, 100)),))
    centre = grid.center_mm
    for cuts in ((PlaneCut(centre, (1, 0, 0)),), (PlaneCut(centre, (1, 0, 0)), PlaneCut(centre, (0, 1, 0)))):
        plan = ResectionPlan("A", "liver", (), cuts)
        prepare_resection(labels, plan, {}).numbers(plan)
