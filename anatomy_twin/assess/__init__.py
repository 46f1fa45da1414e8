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
    from anatomy_twin.kernels import distance

    distance.warm_up()
