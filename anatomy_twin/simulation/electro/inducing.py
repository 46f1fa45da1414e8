"""Whether an arrhythmia can be induced on a chamber, site by site, without and with the lesions of a plan.

    induction = induce(case, "PVI", PacingProtocol(extra=2), sites=12, executor=pool, checkpoint="sites")
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Case, LesionPlan, Monitor, check_cancelled
from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber, Myocardium
from anatomy_twin.core.induction import Induction, SiteOutcome
from anatomy_twin.core.monitor import HandingOn
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import cell
from anatomy_twin.simulation.electro.chamber_tissue import (
    ElectroModel,
    classes_of,
    dead_nodes,
    tissue_of,
    told,
    usual_model,
)
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.pacing_site import SiteTask, keep_outcome, kept_outcome, outcome_of, task_key
from anatomy_twin.simulation.electro.sites import Site, SiteChoice, sites_of

PREPACED_BEATS: Final = 10
SAME: Final = "same ground"  # the parameter by which inductions are known to be comparable


@dataclass(frozen=True, eq=False)
class Ground:
    """What all runs on a chamber share: choices, sites, and each class of cells after it was paced alone.

    ``cells``: V (N,) in mV and the other variables [variable, N] of the nodes.
    """

    chamber: Chamber | Myocardium
    model: ElectroModel
    protocol: PacingProtocol
    sites: tuple[Site, ...]
    cells: tuple[NDArray[Any], NDArray[Any]]


def induce(
    case: Case, plan: LesionPlan | str | None = None, protocol: PacingProtocol | None = None, *,
    chamber: str | None = None, model: ElectroModel | None = None, sites: SiteChoice = None,
    executor: Executor | None = None, monitor: Monitor | None = None, checkpoint: Path | str | None = None,
) -> Induction:
    """Pace a chamber from site after site and tell what can be induced, without and with the lesions of a plan.

    Parameters
    ----------
    plan : lesions, or the name of a plan in the case; None for the chamber as it is. What was found without lesions is
        taken from the case where it was done on the same ground.
    chamber : name in the case; default the plan's, else the only one.
    model : how its muscle behaves, default the two-variable set for an atrium or ventricles (``electro_model``).
    sites : see ``sites_of``; the same ones without and with lesions.
    executor : of ``concurrent.futures``; each site is a task of its own. Outcomes do not depend on it.
    checkpoint : a folder that keeps each finished site; a run that was stopped goes on from there.

    Raises
    ------
    SimulationError : a plan of another kind, a chamber or sites that are not there, voltages that are no numbers (with
        site, node and step), a process that died.
    Cancelled : the monitor said so; what is done is in the checkpoint.
    """
    lesions = case.plan(plan) if isinstance(plan, str) else plan
    if lesions is not None and not isinstance(lesions, LesionPlan):
        raise SimulationError(f"the plan {lesions.name!r} has no lesions of the heart", advice="give a lesion plan")
    wall = chamber_of(case, chamber or (lesions.chamber if lesions else None))
    if lesions is not None and lesions.chamber != wall.name:
        raise SimulationError(f"the plan {lesions.name!r} is of {lesions.chamber!r}, not of {wall.name!r}")
    ground = ground_of(wall, protocol, model, sites)
    same = _fingerprint(ground)
    dead = None if lesions is None else ablated(wall, lesions.lesions).dead
    before = next((one.without for one in case.inductions.values() if one.parameters.get(SAME) == same), None)
    wanted = [None] * (before is None) + [dead] * (dead is not None)
    found = outcomes(ground, wanted, executor, monitor or SILENT, checkpoint)
    without = before if before is not None else found[0]
    numbers, assumed = parameters_of(ground)
    return Induction(
        lesions.name if lesions else "", wall.name, ground.protocol, without, found[-1] if dead is not None else (),
        dead, FrozenMapping({**numbers, SAME: same}), assumed,
        warnings_of(ground.protocol, [*without, *(found[-1] if dead is not None else ())]),
    )


def chamber_of(case: Case, name: str | None) -> Chamber | Myocardium:
    """Return a chamber by its name, or the only one; ``SimulationError`` where there is none or more than one."""
    if name is not None:
        return case.chamber(name)
    known: list[Chamber | Myocardium] = [*case.chambers.values(), *case.muscles.values()]
    if len(known) != 1:
        names = ", ".join(one.name for one in known) or "none"
        raise SimulationError(f"which chamber is to be paced is not said, the case has {names}",
                              advice="name one" if known else "build the heart first")
    return known[0]


def ground_of(
    chamber: Chamber | Myocardium, protocol: PacingProtocol | None = None, model: ElectroModel | None = None,
    sites: SiteChoice = None,
) -> Ground:
    """Return a chamber ready to be paced: its sites, and its cells after ``PREPACED_BEATS`` of the drive."""
    chosen, pacing = model or usual_model(chamber), protocol or PacingProtocol()
    out = dead_nodes(chamber, chosen)
    ionic = ionic_model(chosen.ionic_model)
    ends = {}
    for place in np.unique(classes_of(chamber)):
        parameters = chosen.cells(SUBSTRATE_CLASSES[place])
        run, _ = cell.pace(ionic, pacing.drive_ms, PREPACED_BEATS, parameters=parameters, dt_ms=chosen.dt_ms)
        ends[int(place)] = run.end
    of_node = np.searchsorted(sorted(ends), classes_of(chamber))
    v = np.array([ends[place].v_mv[0] for place in sorted(ends)])[of_node]
    y = np.stack([ends[place].y[:, 0] for place in sorted(ends)], axis=1)[:, of_node]
    return Ground(chamber, chosen, pacing, sites_of(chamber, sites, out), (v, y))


def outcomes(
    ground: Ground, dead: Sequence[NDArray[np.bool_] | None], executor: Executor | None = None,
    monitor: Monitor = SILENT, checkpoint: Path | str | None = None,
) -> list[tuple[SiteOutcome, ...]]:
    """Return what pacing from each site did for each of some sets of dead nodes (None: none), in their order."""
    tasks = []
    for lesions in dead:
        system = tissue_of(ground.chamber, ground.model, lesions)
        tasks += [SiteTask(site, ground.chamber, system, ground.cells, ground.protocol) for site in ground.sites]
    found = _run(tasks, executor, monitor, None if checkpoint is None else Path(checkpoint))
    count = len(ground.sites)
    return [tuple(found[n * count : (n + 1) * count]) for n in range(len(dead))]


def _run(
    tasks: list[SiteTask], executor: Executor | None, monitor: Monitor, folder: Path | None
) -> list[SiteOutcome]:
    """Return the outcome of each task: those a folder keeps, the others made and kept as they come."""
    keys = [task_key(task) for task in tasks] if folder else []
    found: dict[int, SiteOutcome] = {}

    def done(number: int, outcome: SiteOutcome) -> None:
        found[number] = outcome
        if folder:
            keep_outcome(folder, keys[number], outcome)
        monitor.progress(len(found) / len(tasks))

    for number, key in enumerate(keys):
        assert folder is not None
        if (kept := kept_outcome(folder, key)) is not None:
            found[number] = kept
    left = [number for number in range(len(tasks)) if number not in found]
    if executor is None:
        for number in left:
            check_cancelled(monitor)
            done(number, outcome_of(tasks[number], _Unheard(monitor)))
        return [found[number] for number in range(len(tasks))]
    running = {executor.submit(outcome_of, tasks[number]): number for number in left}
    try:
        for future in as_completed(running):
            done(running[future], future.result())
            check_cancelled(monitor)
    except BrokenExecutor as error:
        raise SimulationError("a process that paced a site has ended", advice="use fewer processes; a run with a "
                              "checkpoint goes on from where it was") from error
    finally:
        for future in running:
            future.cancel()
    return [found[number] for number in range(len(tasks))]


class _Unheard(HandingOn):
    """A monitor that does not tell how far one run is: it is one of many."""

    def progress(self, fraction: float) -> None:
        """Do nothing."""


def parameters_of(ground: Ground) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the numbers of an induction as text with units, and the names of those without a public source."""
    numbers, assumed = told(ground.chamber, ground.model)
    pacing = ground.protocol
    kinds = {"extra_stimuli": f"{pacing.drive_count} beats every {pacing.drive_ms:g} ms, then up to {pacing.extra} "
                              "extra", "burst": f"bursts of {pacing.drive_count} beats", "ramp": "a ramp"}
    count = len(ground.chamber.surface.points_mm) if isinstance(ground.chamber, Chamber) else ground.chamber.count
    return {
        **numbers, "nodes": str(count), "sites": str(len(ground.sites)),
        "pacing": f"{kinds[pacing.kind]}, intervals {pacing.longest_ms:g} to {pacing.shortest_ms:g} ms by "
                  f"{pacing.step_ms:g} ms",
        "sustained": f"{pacing.sustained_ms / 1000.0:g} s after the last stimulus",
        "stimulus": f"{pacing.strength_mv_ms:g} mV/ms for {pacing.duration_ms:g} ms within {pacing.radius_mm:g} mm",
        "cells before": f"each paced alone for {PREPACED_BEATS} beats every {pacing.drive_ms:g} ms",
    }, assumed


def warnings_of(protocol: PacingProtocol, found: Sequence[SiteOutcome]) -> tuple[str, ...]:
    """Return what is to be known of some outcomes: screening, sites that did not capture."""
    told_of = [f"screened: {protocol.sustained_ms / 1000.0:g} s counted as sustained, 5 s is the usual"
               ] if protocol.screens else []
    silent = sorted({one.name for one in found if not one.captured})
    if silent:
        told_of.append(f"nothing was captured from {'; '.join(silent)}")
    return tuple(told_of)


def _fingerprint(ground: Ground) -> str:
    """Return a name for what outcomes without lesions depend on."""
    system = tissue_of(ground.chamber, ground.model)
    keys = [task_key(SiteTask(site, ground.chamber, system, ground.cells, ground.protocol)) for site in ground.sites]
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:16]
