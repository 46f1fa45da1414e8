"""What a surgeon intends, checked and proposed: applicator trajectories, their hard rules and soft costs."""

from anatomy_twin.plan.check import check_plan, require_in_body
from anatomy_twin.plan.device import Zone, choose_zone, load_device
from anatomy_twin.plan.of_plan import entries_of, heat_centre_mm
from anatomy_twin.plan.promise import ellipsoids_of, table_zone, zone_within
from anatomy_twin.plan.proposal import Proposal
from anatomy_twin.plan.propose import propose
from anatomy_twin.plan.skin_map import EntryMap, best_entries, entry_map, reweighted

__all__ = [
    "EntryMap", "Proposal", "Zone", "best_entries", "check_plan", "choose_zone", "ellipsoids_of", "entries_of",
    "entry_map", "heat_centre_mm", "load_device", "propose", "require_in_body", "reweighted", "table_zone", "warm_up",
    "zone_within",
]  # fmt: skip


def warm_up() -> None:
    """Compile the kernels that planning uses (they are cached on disk)."""
    import numpy as np

    from anatomy_twin.kernels import (
        class_boxes,
        distance,
        outer,
        pareto,
        ray_fields,
        rays,
        resection,
        surface_parts,
        surface_paths,
    )

    for kernels in (rays, ray_fields, distance, class_boxes, outer, pareto, surface_parts, surface_paths):
        kernels.warm_up()
    resection.mark_beyond(np.zeros((2, 2, 2), np.bool_), np.zeros((1, 4)), False)
