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
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.pipeline.live import NeedsPreparing
from anatomy_twin.rehearsal.heart_wall import Wall
from anatomy_twin.simulation.electro import eikonal
from anatomy_twin.simulation.electro.chamber_tissue import eikonal_of
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.units import Point

VEIN: Final = "vein"
MOST_KEPT: Final = 200  # lesions that a hand has held: while one is dragged the others are known


@dataclass(frozen=True, eq=False)
class HeartPreview:
    """What is known of a chamber of N points while its lesions are moved.

    ``plan`` and ``sites_mm`` are what it was computed for. ``times_ms`` (N,) when each point is activated from the
    first of the sites that reaches it, inf where none does; ``dead`` (N,) what lesions kill. Per lesion: ``lengths_mm``
    (0 of a point) and ``told``, its warnings. ``isolated`` says of each vein whether nothing leads there any more,
    ``seconds`` how long it took.
    """

    plan: LesionPlan
    sites_mm: tuple[Point, ...]
    times_ms: NDArray[np.float32]
    dead: NDArray[np.bool_]
    lengths_mm: tuple[float, ...]
    told: tuple[tuple[str, ...], ...]
    isolated: tuple[tuple[str, bool], ...]
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Killed:
    """What one lesion kills: numbers of points (n,), how long it is, warnings."""

    nodes: NDArray[np.int64]
    length_mm: float
    told: tuple[str, ...]


@dataclass(eq=False)
class HeartGround:
    """What stays while lesions are moved: the chamber, its conduction, and what lesions were found to kill."""

    chamber: Chamber
    system: eikonal.EikonalSystem
    wall: Wall
    known: dict[LesionLine | LesionPoint, Killed | TwinError] = field(default_factory=dict)


def prepare(case: Case, plan: Plan) -> HeartGround:
    """Return a chamber prepared for any lesions; ``PlanError`` where the plan is of no chamber with a surface."""
    if not isinstance(plan, LesionPlan):
        raise PlanError(f"plan {plan.name!r} is not of heart lesions")
    chamber = case.chambers.get(plan.chamber)
    if chamber is None:
        raise PlanError(f"the case has no surface of {plan.chamber!r}")
    return HeartGround(chamber, eikonal_of(chamber), Wall(chamber))


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
    lengths, told = list[float](), list[tuple[str, ...]]()
    for lesion in plan.lesions:
        check_cancelled(monitor)
        found = _of_one(ground, lesion)
        if isinstance(found, TwinError):
            lengths.append(0.0)
            told.append((found.line,))
        else:
            dead[found.nodes] = True
            lengths.append(found.length_mm)
            told.append(found.told)
    check_cancelled(monitor)
    return HeartPreview(
        plan, sites_mm, _times(ground.system, dead, sites_mm).astype(np.float32), dead, tuple(lengths), tuple(told),
        isolated(chamber, dead), time.perf_counter() - start,
    )


def isolated(chamber: Chamber, dead: NDArray[np.bool_]) -> tuple[tuple[str, bool], ...]:
    """Return of each vein whether no way over living tissue leads from the valve to its rim."""
    apart = surface_parts.cut_off(chamber.surface.triangles, dead, chamber.valve_points) | dead
    return tuple((one.name, bool(apart[one.points].all())) for one in chamber.openings if VEIN in one.name)


def _of_one(ground: HeartGround, lesion: LesionLine | LesionPoint) -> Killed | TwinError:
    if lesion not in ground.known:
        if len(ground.known) >= MOST_KEPT:
            ground.known.clear()
        try:
            ground.known[lesion] = _line(ground, lesion) if isinstance(lesion, LesionLine) else _point(ground, lesion)
        except TwinError as error:
            ground.known[lesion] = error
    return ground.known[lesion]


def _line(ground: HeartGround, lesion: LesionLine) -> Killed:
    """Return what a line kills, as ``ablated`` does; only the pieces of it that moved are searched anew."""
    line = ground.wall.line(lesion.points_mm)
    if line is None:
        ablated(ground.chamber, (lesion,))  # says what is wrong
        raise PlanError("a line that does not hang together")
    nodes, reach = surface_paths.band(ground.wall.ways, line, lesion.radius_mm)
    wide = reach > lesion.radius_mm
    told = (f"the mesh does not resolve {lesion.radius_mm:g} mm: up to {reach:.1f} mm are killed",) if wide else ()
    return Killed(nodes, surface_paths.length_mm(ground.wall.ways.points_mm, line), told)


def _point(ground: HeartGround, lesion: LesionPoint) -> Killed:
    found = ablated(ground.chamber, (lesion,))
    return Killed(found.of[0], 0.0, tuple(note for note in found.notes if note.startswith("lesion")))


def _times(system: eikonal.EikonalSystem, dead: NDArray[np.bool_], sites_mm: tuple[Point, ...]) -> NDArray[np.float64]:
    """Return when the points are reached from sites; inf everywhere without any that lives."""
    nodes = [eikonal.nearest_node(system, site) for site in sites_mm]
    alive = [node for node in nodes if not dead[node]]
    if not alive:
        return np.full(len(dead), np.inf)
    return eikonal.activation(system, alive, blocked=dead).times_ms
