"""Physics of a plan: ``simulate`` finds the simulator by the plan's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from anatomy_twin import plugins
from anatomy_twin.core import SILENT, AblationPlan, Case, LesionPlan, Monitor, Plan, Result
from anatomy_twin.errors import SimulationError

if TYPE_CHECKING:
    from anatomy_twin.core.results import ElectroResult
    from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel
    from anatomy_twin.simulation.electro.lesion_result import ActivationModel
    from anatomy_twin.simulation.thermal import ThermalModel

__all__ = ["simulate", "warm_up"]


@overload
def simulate(
    case: Case, plan: AblationPlan, model: ThermalModel | None = None, monitor: Monitor | None = None
) -> Result: ...


@overload
def simulate(
    case: Case, plan: LesionPlan, model: ActivationModel | ElectroModel | None = None, monitor: Monitor | None = None
) -> ElectroResult: ...


@overload
def simulate(
    case: Case, plan: Plan | str, model: Any = None, monitor: Monitor | None = None
) -> Result | ElectroResult: ...


def simulate(
    case: Case, plan: Plan | str, model: Any = None, monitor: Monitor | None = None
) -> Result | ElectroResult:
    """Return what physics says about a plan (or the name of one that the case holds).

    An ablation gives a ``ThermalResult``, lesions on a heart chamber an ``ElectroResult``. ``model`` holds the choices
    of the simulator (default: its own). Raises ``SimulationError`` for a kind of plan that this version cannot
    simulate, and what the simulator raises.
    """
    chosen = case.plan(plan) if isinstance(plan, str) else plan
    kinds = {AblationPlan: "thermal", LesionPlan: "electro"}
    if type(chosen) not in kinds:
        raise SimulationError(
            f"a plan of kind {type(chosen).__name__} cannot be simulated in this version",
            advice="plans of ablation and of lesions on the heart can",
        )
    result: Result | ElectroResult = plugins.resolve("simulators", kinds[type(chosen)])(
        case, chosen, model, monitor or SILENT
    )
    return result


def warm_up() -> None:
    """Compile the kernels that ``simulate`` runs, so that their code is in numba's cache for the next process."""
    from anatomy_twin.simulation.electro import warm as electro
    from anatomy_twin.simulation.thermal import warm as thermal

    thermal.warm_up()
    electro.warm_up()
