"""Physics of a plan: ``simulate`` finds the simulator by the plan's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anatomy_twin import plugins
from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor, Plan, Result
from anatomy_twin.errors import SimulationError

if TYPE_CHECKING:
    from anatomy_twin.simulation.thermal import ThermalModel

__all__ = ["simulate", "warm_up"]


def simulate(
    case: Case, plan: Plan | str, model: ThermalModel | None = None, monitor: Monitor | None = None
) -> Result:
    """Return what physics says about a plan (or the name of one that the case holds).

    ``model`` holds the choices of the simulator (default: its own). Raises ``SimulationError`` for a kind of plan that
    this version cannot simulate, and what the simulator raises.
    """
    chosen = case.plan(plan) if isinstance(plan, str) else plan
    if not isinstance(chosen, AblationPlan):
        raise SimulationError(
            f"a plan of kind {type(chosen).__name__} cannot be simulated in this version",
            advice="ablation plans can",
        )
    result: Result = plugins.resolve("simulators", "thermal")(case, chosen, model, monitor or SILENT)
    return result


def warm_up() -> None:
    """Compile the kernels that ``simulate`` runs, so that their code is in numba's cache for the next process."""
    from anatomy_twin.simulation.electro import warm as electro
    from anatomy_twin.simulation.thermal import warm as thermal

    thermal.warm_up()
    electro.warm_up()
