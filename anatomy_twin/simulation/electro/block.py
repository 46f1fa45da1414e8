"""Whether a part of a chamber is cut off from the rest: by what hangs together, by fronts, by waves in tissue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, part_of
from anatomy_twin.core.heart import Chamber
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.base import Stimulus, activation_ms
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, tissue_of
from anatomy_twin.simulation.electro.eikonal import EikonalSystem, activation

PACED_MM: Final = 3.0  # round the site
LONGER: Final = 1.5  # than the front takes: a wave in tissue is given so much time
SETTLE_MS: Final = 100.0  # and so much more

Nodes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """One part, whether it is "isolated", "connected" or "not checked" (nothing of it lives), and what says so."""

    name: str
    nodes: Nodes
    verdict: str
    evidence: tuple[str, ...]


def blocks_by_front(
    system: EikonalSystem, chamber: Chamber, parts: Mapping[str, Nodes], out: NDArray[np.bool_], site: int,
    times_ms: NDArray[np.float64],
) -> tuple[Block, ...]:
    """Return for each part whether it is isolated, by connectivity and by fronts into it and out of it.

    Parameters
    ----------
    system, chamber : the same nodes (N,); a front does not pass nodes that are ``out`` (N,).
    parts : nodes by name; those of them that live are looked at.
    site, times_ms : where the front from outside starts, and when (N,) it reaches each node past the lesions.
    """
    anchors = chamber.valve_points
    apart = surface_parts.cut_off(chamber.surface.triangles, out, anchors)
    found = []
    for name, nodes in parts.items():
        alive = nodes[~out[nodes]]
        if not alive.size:
            found.append(Block(name, alive, "not checked", ("all of it is dead",)))
            continue
        inside = alive[apart[alive]]
        joined, first = inside.size < alive.size, times_ms[alive].min()
        leaves = bool((np.isfinite(activation(system, alive, blocked=out).times_ms) & ~apart & ~out).any())
        evidence = (
            f"{'living' if joined else 'no living'} wall joins it with the rest",
            f"in: a front from the site {f'comes after {first:.0f} ms' if np.isfinite(first) else 'never comes'}",
            f"out: a front from it {'comes to the rest' if leaves else 'does not leave'}",
        )
        closed = not joined and not np.isfinite(first) and not leaves
        found.append(Block(name, alive, "isolated" if closed else "connected", evidence))
    return tuple(found)


def blocks_by_tissue(
    chamber: Chamber, model: ElectroModel, dead: NDArray[np.bool_], blocks: Sequence[Block], site: int,
    times_ms: NDArray[np.float64], monitor: Monitor = SILENT,
) -> tuple[Block, ...]:
    """Return blocks with what waves in tissue say of them: one from the site, one from each part.

    What is isolated by fronts but passed by a wave counts as connected. Waves are given ``LONGER`` times as long as the
    front from the site takes.
    """
    system, points = tissue_of(chamber, model, dead), chamber.surface.points_mm
    ways, state = surface_paths.ways_over(points, chamber.surface.triangles), pipeline.init(system)
    duration = LONGER * float(times_ms[np.isfinite(times_ms)].max(initial=0.0)) + SETTLE_MS
    inside = np.zeros(len(points), bool)
    for block in blocks:
        inside[block.nodes] = True

    def wave(middle: int, share: float) -> NDArray[np.float64]:
        near = surface_paths.distance_mm(ways, np.array([middle]), closed=dead, until_mm=PACED_MM) <= PACED_MM
        paced = np.flatnonzero(near & ~dead)
        with part_of(monitor, share, share + 1.0 / (len(blocks) + 1)) as inner:
            end = pipeline.run(replace(system, stimuli=(Stimulus(0.0, paced),)), state, duration, monitor=inner)[-1]
        return activation_ms(system, end)

    into = wave(site, 0.0)
    found = []
    for number, block in enumerate(blocks, start=1):
        if not block.nodes.size:
            found.append(block)
            continue
        comes = bool(np.isfinite(into[block.nodes]).any())
        leaves = bool(np.isfinite(wave(int(block.nodes[0]), number / (len(blocks) + 1))[site]))
        evidence = (*block.evidence, f"in tissue: a wave from the site {'comes' if comes else 'never comes'}, "
                    f"one from it {'comes to the site' if leaves else 'does not leave'}")
        verdict = "connected" if comes or leaves else block.verdict
        found.append(Block(block.name, block.nodes, verdict, evidence))
    return tuple(found)
