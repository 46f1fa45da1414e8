"""What a device's table promises beside what the simulation gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anatomy_twin.assess.assess import assess
from anatomy_twin.core import AblationPlan, Assessment, Case, Plan, Quantity, TableZone, ThermalResult, union_depth_mm
from anatomy_twin.errors import DataError, PlanError
from anatomy_twin.plan import table_zone


@dataclass(frozen=True, eq=False)
class ZoneComparison:
    """One plan by the ellipsoids of its devices' tables and by the simulation.

    ``promised`` and ``simulated`` are the numbers of each by the same definitions; ``dice`` is how the zones agree,
    ``only_promised_ml`` and ``only_simulated_ml`` what one has and the other has not.
    """

    plan_name: str
    table: TableZone
    result: ThermalResult
    promised: Assessment
    simulated: Assessment
    dice: float
    only_promised_ml: float
    only_simulated_ml: float

    @property
    def pairs(self) -> tuple[tuple[Quantity, Quantity], ...]:
        """The numbers that both have, promised and simulated."""
        other = {quantity.name: quantity for quantity in self.simulated.quantities}
        return tuple((one, other[one.name]) for one in self.promised.quantities if one.name in other)


def compare_zones(
    case: Case, plan: Plan | str, result: ThermalResult | None = None, table: TableZone | None = None
) -> ZoneComparison:
    """Return the numbers of a plan by its devices' tables and by the simulation, and how both zones agree.

    ``result`` is taken from the case and ``table`` is made where they are not given. Raises ``PlanError`` for a plan
    that is no ablation or that no table knows (see ``table_zone``), ``DataError`` for one that was not simulated.
    """
    chosen = case.plan(plan) if isinstance(plan, str) else plan
    if not isinstance(chosen, AblationPlan):
        raise PlanError(f"plan {chosen.name!r} is no ablation: no table tells its zone")
    table = table_zone(case, chosen) if table is None else table
    result = case.results.get(chosen.name) if result is None else result
    if result is None:
        raise DataError(f"plan {chosen.name!r} was not simulated", advice="simulate it first")
    dead = np.argwhere(result.coagulated)
    shared = union_depth_mm(table.ellipsoids, result.geometry.to_world(dead)) > 0
    both_ml = int(np.count_nonzero(shared)) * result.geometry.voxel_volume_ml
    total_ml = table.coagulated_ml + result.coagulated_ml
    return ZoneComparison(
        chosen.name, table, result, assess(case, chosen, table), assess(case, chosen, result),
        2.0 * both_ml / total_ml if total_ml > 0 else 0.0, max(table.coagulated_ml - both_ml, 0.0),
        result.coagulated_ml - both_ml,
    )
