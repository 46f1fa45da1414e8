"""What tissue is made of, and what changes in it: the types of the monodomain simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import reaction
from anatomy_twin.simulation.electro.reaction import Reaction
from anatomy_twin.simulation.electro.spread import Spread
from anatomy_twin.units import check_positive, check_range

NEVER: Final = -1.0


@dataclass(frozen=True, eq=False)
class Stimulus:
    """A current into some nodes: ``strength_mv_ms`` (mV per ms) for ``duration_ms`` from ``start_ms`` on."""

    start_ms: float
    nodes: NDArray[np.int64]
    strength_mv_ms: float = 50.0
    duration_ms: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", read_only(np.asarray(self.nodes, np.int64), "nodes", ndim=1))
        if not self.nodes.size:
            raise SimulationError("a stimulus of no nodes", where=f"{self.start_ms:g} ms")
        if not (np.isfinite(self.start_ms) and self.start_ms >= 0.0 and np.isfinite(self.strength_mv_ms)):
            raise SimulationError(f"a stimulus at {self.start_ms} ms of {self.strength_mv_ms} mV/ms")
        check_positive("duration_ms", self.duration_ms)

    @property
    def stop_ms(self) -> float:
        """When it is over."""
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class Multirate:
    """Tiles of tissue where little happens react once in ``every`` steps.

    A tile reacts in every step while one of its nodes, or of its neighbours', moves faster than ``fastest_mv_ms``.
    """

    every: int = 5
    fastest_mv_ms: float = 0.5

    def __post_init__(self) -> None:
        if not 2 <= self.every <= 50:
            raise SimulationError(f"tissue at rest is to react every {self.every} steps", advice="use 2 to 50")
        check_range("fastest_mv_ms", self.fastest_mv_ms, 1e-3, 50.0)


@dataclass(frozen=True, eq=False)
class TissueSystem:
    """All that stays fixed: how voltage spreads, cells, the time step and how it is watched.

    ``points_mm`` (N, 3) the nodes; ``reaction`` the cells arranged for a step of ``dt_ms``, ``slow`` those for
    ``multirate.every`` steps (None without multirate); a node is activated when V rises through ``threshold_mv``,
    looked for every ``watch_steps`` steps. ``substeps`` of the spread in one step.
    """

    points_mm: NDArray[np.float64]
    spread: Spread
    reaction: Reaction
    dt_ms: float
    stimuli: tuple[Stimulus, ...] = ()
    multirate: Multirate | None = None
    slow: Reaction | None = None
    threshold_mv: float = -20.0
    watch_steps: int = 1
    substeps: int = 1

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.points_mm.shape[0])


@dataclass(frozen=True, eq=False)
class TissueState:
    """What changes: V over the model's ``base_mv`` (mV) by place, the other variables of the cells as their kernel
    keeps them, when each place was activated first and last (ms, -1 for never), and the number of steps done."""

    v: NDArray[np.float32]
    cells: NDArray[np.float32]
    first_ms: NDArray[np.float32]
    last_ms: NDArray[np.float32]
    steps: int = 0

    def __post_init__(self) -> None:
        for name in ("v", "cells", "first_ms", "last_ms"):
            object.__setattr__(self, name, read_only(getattr(self, name), name))


def voltage_mv(system: TissueSystem, state: TissueState) -> NDArray[np.float32]:
    """Return V in mV, (N,) in the order of the nodes."""
    return reaction.voltage_mv(system.reaction.model, state.v[system.spread.place])


def activation_ms(system: TissueSystem, state: TissueState, *, last: bool = False) -> NDArray[Any]:
    """Return when each node was activated first (or last), (N,) in ms, nan for never."""
    found = (state.last_ms if last else state.first_ms)[system.spread.place].astype(np.float64)
    return np.where(found < 0.0, np.nan, found)
