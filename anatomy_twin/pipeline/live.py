"""What follows the hand while a plan is dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from anatomy_twin.core import Plan, Quantity, SurfaceMesh, VolumeGeometry


@dataclass(frozen=True, eq=False)
class Preview:
    """Numbers and zone of a plan, quicker and coarser than its simulation.

    ``plan`` is what it was computed for; ``level`` [k, j, i] on ``geometry`` reaches 1 where tissue is coagulated
    (None where the plan has no such field), ``surface`` is where it does; ``caption`` says how it was got ("preview on
    a 2.5 mm grid"), ``seconds`` how long it took. ``stale`` where outlines or patient are others by now.
    ``promised`` are the same numbers by the tables of the devices, () where these were not asked or tell nothing.
    """

    plan: Plan
    quantities: tuple[Quantity, ...] = ()
    level: NDArray[Any] | None = None
    geometry: VolumeGeometry | None = None
    surface: SurfaceMesh | None = None
    caption: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    stale: bool = False
    promised: tuple[Quantity, ...] = ()


class NeedsPreparing(Exception):
    """What was prepared does not hold a plan: it is to be prepared anew, with that plan."""
