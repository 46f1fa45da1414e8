"""What a surgeon intends, checked and proposed: applicator trajectories, their hard rules and soft costs."""

from anatomy_twin.plan.check import check_plan, require_in_body
from anatomy_twin.plan.device import Zone, choose_zone, load_device
from anatomy_twin.plan.propose import Proposal, propose

__all__ = ["Proposal", "Zone", "check_plan", "choose_zone", "load_device", "propose", "require_in_body", "warm_up"]


def warm_up() -> None:
    """Compile the kernels that planning uses (they are cached on disk)."""
    from anatomy_twin.kernels import distance, rays

    rays.warm_up()
    distance.warm_up()
