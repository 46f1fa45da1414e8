"""What was induced, run once more and recorded: voltages of the wall from the last stimulus on, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.frozen import read_only
from anatomy_twin.core.heart import Chamber, Myocardium
from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus, TissueState, voltage_mv
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, dead_nodes, tissue_of
from anatomy_twin.simulation.electro.inducing import ground_of
from anatomy_twin.simulation.electro.induction import site_nodes
from anatomy_twin.simulation.electro.spread import joined

EVERY_MS: Final = 10.0
BEFORE_MS: Final = 100.0  # of pacing that is shown: where the wave comes from
WATCH_MS: Final = 1500.0


@dataclass(frozen=True, eq=False)
class Replay:
    """Voltages of a chamber of N nodes: ``voltages_mv`` [moment, N] (float16) at ``times_ms`` (T,) after the last
    stimulus, before it below 0. ``alive`` (N,) which nodes conduct; what does not keeps its voltage."""

    times_ms: NDArray[np.float64]
    voltages_mv: NDArray[np.float16]
    alive: NDArray[np.bool_]

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ms", read_only(self.times_ms, "times_ms", ndim=1, dtype=np.float64))
        object.__setattr__(self, "voltages_mv", read_only(self.voltages_mv, "voltages_mv", ndim=2, dtype=np.float16))
        object.__setattr__(self, "alive", read_only(self.alive, "alive", ndim=1, dtype=bool))


def train_ms(outcome: SiteOutcome, protocol: PacingProtocol) -> tuple[float, ...]:
    """Return the intervals of the train that induced what an outcome tells of; ``SimulationError`` where nothing was.
    """
    if not outcome.induced:
        raise SimulationError(f"nothing was induced from {outcome.name}", advice="choose a site that is inducible")
    if protocol.kind == "extra_stimuli":
        return (*(protocol.drive_ms,) * (protocol.drive_count - 1), *outcome.intervals_ms)
    if protocol.kind == "burst":
        return outcome.intervals_ms * (protocol.drive_count - 1)
    return outcome.intervals_ms


def replayed(
    chamber: Chamber | Myocardium, outcome: SiteOutcome, protocol: PacingProtocol,
    dead: NDArray[np.bool_] | None = None, model: ElectroModel | None = None, monitor: Monitor = SILENT,
) -> Replay:
    """Give the train that induced something once more and record what follows for ``WATCH_MS``.

    ``dead`` (N,) are the nodes that lesions kill, ``model`` and ``protocol`` those of the induction. Raises
    ``SimulationError`` for an outcome of which nothing was induced, and ``Cancelled``.
    """
    intervals = train_ms(outcome, protocol)
    ground = ground_of(chamber, protocol, model, {outcome.name: tuple(outcome.site_mm.tolist())})
    system = tissue_of(chamber, ground.model, dead)
    nodes = site_nodes(system, outcome.site_mm, protocol.radius_mm, joined(system.spread))
    times = np.cumsum((0.0, *intervals))
    system = replace(system, stimuli=tuple(
        Stimulus(float(time), nodes, protocol.strength_mv_ms, protocol.duration_ms) for time in times
    ))  # fmt: skip
    state, last = pipeline.init(system, cells=ground.cells), float(times[-1])
    monitor.stage("pacing")
    if last > BEFORE_MS:
        state = pipeline.run(system, state, last - BEFORE_MS, monitor=monitor)[-1]
    seen: list[NDArray[np.float16]] = [voltage_mv(system, state).astype(np.float16)]
    moments = [state.steps * system.dt_ms - last]

    def look(now: TissueState) -> bool:
        seen.append(voltage_mv(system, now).astype(np.float16))
        moments.append(now.steps * system.dt_ms - last)
        return False

    monitor.stage("recording")
    pipeline.run(system, state, min(last, BEFORE_MS) + WATCH_MS, EVERY_MS, monitor, until=look, keep=1)
    return Replay(np.array(moments), np.array(seen), ~dead_nodes(chamber, ground.model, dead))
