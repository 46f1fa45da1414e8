"""The map of the skin for one applicator of a plan."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import SILENT, AblationPlan, Case, Monitor
from anatomy_twin.plan.device import load_device
from anatomy_twin.plan.skin_map import EntryMap, entry_map
from anatomy_twin.units import Point, check_point


def entries_of(case: Case, plan: AblationPlan, number: int, monitor: Monitor = SILENT) -> EntryMap:
    """Return the map of entries for applicator ``number`` (from 0) of a plan.

    One applicator alone is aimed at the middle of the target; of several each keeps the place of its heat, and the
    others are tracks to be left alone. Raises what ``entry_map`` raises.
    """
    needle = plan.applicators[number]
    others = tuple(other for n, other in enumerate(plan.applicators) if n != number)
    centre = heat_centre_mm(plan, number) if others else None
    return entry_map(case, plan.target, needle.device, beside=others, centre_mm=centre, monitor=monitor)


def heat_centre_mm(plan: AblationPlan, number: int) -> Point:
    """Return where an applicator puts its heat, LPS mm, to 0.1 mm."""
    needle = plan.applicators[number]
    back = float(load_device(needle.device)["active_offset_mm"]) * np.asarray(needle.direction)
    return check_point("centre_mm", np.round(np.asarray(needle.tip_mm) - back, 1))
