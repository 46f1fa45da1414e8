"""One site of a heart paced: what a process does by itself, and the small file in which it is kept."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.core.heart import Chamber, Myocardium
from anatomy_twin.core.induction import PER_NODE, SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import DataError, SimulationError
from anatomy_twin.simulation.electro import drivers, pipeline
from anatomy_twin.simulation.electro.base import TissueSystem
from anatomy_twin.simulation.electro.bricks import Bricks
from anatomy_twin.simulation.electro.electrograms import node_volumes_mm3
from anatomy_twin.simulation.electro.induction import SiteResult, capture_threshold_mv_ms, pace_site
from anatomy_twin.simulation.electro.isthmus import describe, find_isthmus
from anatomy_twin.simulation.electro.sites import Site
from anatomy_twin.simulation.electro.spread import Rows

ARRAYS: Final = (*PER_NODE, "site_mm")
RULES: Final = "2"  # another one as soon as the same tissue would be paced or judged differently


@dataclass(frozen=True, eq=False)
class SiteTask:
    """All that is needed to pace one site: ``cells`` are V (N,) and the other variables of cells that were paced."""

    site: Site
    chamber: Chamber | Myocardium
    system: TissueSystem
    cells: tuple[NDArray[Any], NDArray[Any]]
    protocol: PacingProtocol


def outcome_of(task: SiteTask, monitor: Monitor = SILENT) -> SiteOutcome:
    """Pace one site and say what came of it; times of its map are after the last stimulus.

    Raises ``SimulationError`` with site, node and step where a voltage is no number.
    """
    state = pipeline.init(task.system, cells=task.cells)
    try:
        found = pace_site(task.system, state, task.site.point_mm, task.protocol, monitor)
        if found.induced:
            return _induced(task, found, monitor)
        evidence: tuple[str, ...] = ()
        if not found.tries:
            evidence = ("the site lies in tissue that does not conduct",)
        elif not found.captured:
            least = capture_threshold_mv_ms(task.system, state, task.site.point_mm, task.protocol, monitor)
            evidence = (_weak(task.protocol, least),)
    except SimulationError as error:
        raise SimulationError(f"{task.site.name}: {error.what}", where=error.where, advice=error.advice) from error
    return SiteOutcome(
        task.site.name, np.array(task.site.point_mm), found.captured, False, (), found.longest_ms, float("nan"),
        found.refractory_ms, found.tries, "none", evidence,
    )


def _weak(protocol: PacingProtocol, least_mv_ms: float) -> str:
    given = f"a stimulus of {protocol.strength_mv_ms:g} mV/ms for {protocol.duration_ms:g} ms does not spread from here"
    if np.isnan(least_mv_ms):
        return f"{given}, and no stronger one does"
    return f"{given}: {least_mv_ms:.3g} mV/ms would"


def _induced(task: SiteTask, found: SiteResult, monitor: Monitor) -> SiteOutcome:
    assert found.state is not None
    record = drivers.recorded(task.system, found.state, monitor)
    if isinstance(task.chamber, Chamber):
        told = drivers.drivers_of(task.chamber, record, found.cycle_ms, found.cycle_spread)
        kind, evidence, tips, hertz = told.arrhythmia, told.evidence, told.singularities_per_s, told.dominant_hz
    else:
        kind, evidence = _in_muscle(task, found, monitor)
        tips = None
        hertz = drivers.frequencies_hz(record, found.cycle_ms)
    return SiteOutcome(
        task.site.name, np.array(task.site.point_mm), True, True, found.intervals_ms, found.longest_ms, found.cycle_ms,
        found.refractory_ms, found.tries, kind, evidence, (record.last_ms - found.paced_ms).astype(np.float32),
        None if tips is None else tips.astype(np.float32), hertz.astype(np.float32),
    )


def _in_muscle(task: SiteTask, found: SiteResult, monitor: Monitor) -> tuple[str, tuple[str, ...]]:
    """Return which arrhythmia of ventricles it is and why: by its isthmus where it has one, else by its cycles."""
    assert found.state is not None
    if np.isfinite(found.cycle_ms):
        volumes = node_volumes_mm3(task.chamber)
        isthmus = find_isthmus(task.system, found.state, volumes, found.cycle_ms, monitor=monitor)
        if isthmus is not None and isthmus.sustained:
            return "macro re-entry", describe(isthmus)
    regular = found.cycle_spread <= drivers.REGULAR
    return "macro re-entry" if regular else "fibrillation", (
        f"cycle {found.cycle_ms:.0f} ms, the middle half of the cycles within {100.0 * found.cycle_spread:.0f} % of "
        "it: by that alone", "no isthmus was passed twice in a row",
    )


def task_key(task: SiteTask) -> str:
    """Return a name for all that decides about the outcome of a task: tissue, cells, protocol, site and rules."""
    system, found = task.system, hashlib.sha256()
    spread = system.spread
    if isinstance(spread, Rows):
        arrays = [spread.rates.data, spread.rates.indices, spread.rates.indptr]
    else:
        assert isinstance(spread, Bricks)  # tissue of a chamber is of one of the two
        arrays = [spread.rates, spread.beside]
    reaction = system.reaction
    arrays += [system.points_mm, reaction.local, reaction.first_rows, reaction.table, reaction.constants, *task.cells]
    names: tuple[str, ...] = ()
    if isinstance(task.chamber, Chamber):  # evidence calls places by these
        names = (*task.chamber.region_names, *(one.name for one in task.chamber.openings))
        arrays += [one.points for one in task.chamber.openings]
        arrays += [] if task.chamber.regions is None else [task.chamber.regions]
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    words = (RULES, system.reaction.model.name, system.dt_ms, system.multirate, system.threshold_mv, task.protocol,
             task.site, names)
    found.update(repr(words).encode())
    return found.hexdigest()[:32]


def kept_outcome(folder: Path, key: str) -> SiteOutcome | None:
    """Return the outcome that a folder keeps under a key, None where there is none or its file is damaged."""
    try:
        with (folder / f"{key}.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            facts = json.loads(str(content["facts"]))
            arrays = {name: content[name] for name in ARRAYS if name in content.files}
        return SiteOutcome(**{**facts, **{name: tuple(facts[name]) for name in ("intervals_ms", "evidence")}, **arrays})
    except (OSError, ValueError, KeyError, TypeError, EOFError, DataError, zipfile.BadZipFile):
        return None


def keep_outcome(folder: Path, key: str, outcome: SiteOutcome) -> None:
    """Write an outcome into a folder, whole or not at all; ``SimulationError`` where it cannot be written."""
    arrays = {name: getattr(outcome, name) for name in ARRAYS if getattr(outcome, name) is not None}
    facts = {one.name: getattr(outcome, one.name) for one in fields(outcome) if one.name not in ARRAYS}
    written = folder / f"{key}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written.open("wb") as stream:
            np.savez_compressed(stream, facts=np.array(json.dumps(facts)), **arrays)
        written.replace(folder / f"{key}.npz")
    except OSError as error:
        raise SimulationError(f"finished sites cannot be kept: {error.strerror or error}", where=folder.name,
                              advice="give a folder that can be written") from error
