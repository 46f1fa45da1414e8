"""What lesions cut off from the valve: veins, and the area of the wall, by what hangs together on the mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import Rule
from anatomy_twin.core.heart import Chamber
from anatomy_twin.kernels import surface_parts
from anatomy_twin.plan.lesion_ground import Laid
from anatomy_twin.units import check_point


def valve_nodes(chamber: Chamber) -> NDArray[np.int64]:
    """Return the nodes of the valve's rim, none of a chamber without openings."""
    return chamber.valve_points


def isolated(laid: Laid) -> NDArray[np.bool_]:
    """Tell (N,) which living nodes no way over living wall joins with the valve (the largest part where none is)."""
    return surface_parts.cut_off(laid.chamber.surface.triangles, laid.dead, valve_nodes(laid.chamber))


def isolation_rules(laid: Laid) -> list[Rule]:
    """Return the rule of each vein that no way leads from it to the valve; where one does, its narrowest place.

    A vein with a way wider than the break between two rows of points has no lesions round it: not checked.
    """
    chamber, points = laid.chamber, laid.chamber.surface.points_mm
    wide = float(load("limits")["lesions"]["row_break_mm"]["value"])
    veins = [one for one in chamber.openings if one.name.startswith("pulmonary_vein")]
    if not veins:
        return [Rule("isolates the veins", "not checked", "the chamber's veins have no names")]
    found = []
    for vein in veins:
        name = f"isolates {vein.name.replace('_', ' ')}"
        at = surface_parts.narrowest(chamber.surface.triangles, laid.clear_mm, vein.points, valve_nodes(chamber))
        gap = 2.0 * float(laid.clear_mm[at])
        if at < 0:
            found.append(Rule(name, "passed", "no way leads over living wall from it to the valve"))
        elif gap > wide:
            found.append(Rule(name, "not checked", "no lesions go round it"))
        else:
            place = check_point("place_mm", np.round(points[at], 1).tolist())
            found.append(Rule(name, "broken", f"a gap about {gap:.1f} mm wide leads to the valve", round(gap, 1), "mm",
                              0.0, "gap", place))
    return found
