"""When a heart chamber is activated with the lesions of a plan, quick enough to follow a hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Case, LesionLine, LesionPlan, LesionPoint, Monitor, Plan, check_cancelled
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import PlanError, TwinError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.pipeline.live import NeedsPreparing
from anatomy_twin.simulation.electro import eikonal
from anatomy_twin.simulation.electro.chamber_tissue import eikonal_of
from anatomy_twin.simulation.electro.lesions import Ablated, ablated
from anatomy_twin.units import Point

VEIN: Final = "vein"
MOST_KEPT: Final = 200  # lesions that a hand has held: while one is dragged the others are known


@dataclass(frozen=True, eq=False)
class HeartPreview:
    """What is known of a chamber of N points while its lesions are moved.

    ``plan`` and ``sites_mm`` are what it was computed for. ``times_ms`` (N,) when each point is activated from the
    first of the sites that reaches it, inf where none does; ``dead`` (N,) what lesions kill. Per lesion: ``paths_mm``
    where it runs on the wall, ``lengths_mm`` and ``told``, its warnings. ``isolated`` says of each vein whether nothing
    leads there any more. ``notes`` are lines for the reader, ``seconds`` how long it took.
    """

    plan: LesionPlan
    sites_mm: tuple[Point, ...]
    times_ms: NDArray[np.float32]
    dead: NDArray[np.bool_]
    paths_mm: tuple[NDArray[np.float64], ...]
    lengths_mm: tuple[float, ...]
    told: tuple[tuple[str, ...], ...]
    isolated: tuple[tuple[str, bool], ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(eq=False)
class HeartGround:
    """What stays while lesions are moved: the chamber, its conduction, and what lesions were found to kill."""

    chamber: Chamber
    system: eikonal.EikonalSystem
    known: dict[LesionLine | LesionPoint, Ablated | TwinError] = field(default_factory=dict)


def prepare(case: Case, plan: Plan) -> HeartGround:
    """Return a chamber prepared for any lesions; ``PlanError`` where the plan is of no chamber with a surface."""
    if not isinstance(plan, LesionPlan):
        raise PlanError(f"plan {plan.name!r} is not of heart lesions")
    chamber = case.chambers.get(plan.chamber)
    if chamber is None:
        raise PlanError(f"the case has no surface of {plan.chamber!r}")
    return HeartGround(chamber, eikonal_of(chamber))


def preview(ground: Any, plan: Plan, monitor: Monitor = SILENT, sites_mm: tuple[Point, ...] = ()) -> HeartPreview:
    """Return what the lesions of a plan kill, isolate, and leave of the activation from some sites.

    Raises ``NeedsPreparing`` for a plan of another chamber, ``TwinError`` where all sites lie in dead tissue or far
    from the wall, and ``Cancelled``. A lesion that cannot be is told of, the others count.
    """
    start = time.perf_counter()
    assert isinstance(ground, HeartGround) and isinstance(plan, LesionPlan)
    chamber = ground.chamber
    if plan.chamber != chamber.name:
        raise NeedsPreparing("the plan is of another chamber now")
    dead = np.zeros(len(chamber.surface.points_mm), bool)
    paths, lengths, told, notes = [], [], [], list[str]()
    for lesion in plan.lesions:
        check_cancelled(monitor)
        found = _of_one(ground, lesion)
        if isinstance(found, TwinError):
            paths.append(np.empty((0, 3)))
            lengths.append(0.0)
            told.append((found.line,))
            continue
        dead |= found.dead
        paths.append(found.paths_mm[0])
        lengths.append(found.length_mm)
        own = tuple(note for note in found.notes if "lesion" in note and not note.startswith("lines are"))
        told.append(own)
        notes += [note for note in found.notes if note not in own]
    check_cancelled(monitor)
    return HeartPreview(
        plan, sites_mm, _times(ground.system, dead, sites_mm).astype(np.float32), dead, tuple(paths), tuple(lengths),
        tuple(told), isolated(chamber, dead), tuple(dict.fromkeys(notes)), time.perf_counter() - start,
    )


def isolated(chamber: Chamber, dead: NDArray[np.bool_]) -> tuple[tuple[str, bool], ...]:
    """Return of each vein whether no way over living tissue leads from the largest part of the chamber to its rim."""
    part = surface_paths.parts(chamber.surface.triangles, ~dead)
    return tuple(
        (one.name, not bool((part[one.points] == 0).any())) for one in chamber.openings if VEIN in one.name
    )


def _of_one(ground: HeartGround, lesion: LesionLine | LesionPoint) -> Ablated | TwinError:
    if lesion not in ground.known:
        if len(ground.known) >= MOST_KEPT:
            ground.known.clear()
        try:
            ground.known[lesion] = ablated(ground.chamber, (lesion,))
        except TwinError as error:
            ground.known[lesion] = error
    return ground.known[lesion]


def _times(system: eikonal.EikonalSystem, dead: NDArray[np.bool_], sites_mm: tuple[Point, ...]) -> NDArray[np.float64]:
    """Return when the points are reached from sites; inf everywhere without any that lives."""
    nodes = [eikonal.nearest_node(system, site) for site in sites_mm]
    alive = [node for node in nodes if not dead[node]]
    if not alive:
        return np.full(len(dead), np.inf)
    return eikonal.activation(system, alive, blocked=dead).times_ms
