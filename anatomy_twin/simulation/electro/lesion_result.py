"""What a plan of lesions does to how a chamber is activated, and whether its veins are isolated, with the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import SILENT, Case, LesionPlan, Monitor, check_cancelled
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber, Myocardium
from anatomy_twin.core.results import ElectroResult
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.simulation.electro import eikonal
from anatomy_twin.simulation.electro.block import Block, blocks_by_front, blocks_by_tissue
from anatomy_twin.simulation.electro.chamber_tissue import ElectroModel, dead_nodes, eikonal_of, told, usual_model
from anatomy_twin.simulation.electro.lesions import Ablated, ablated
from anatomy_twin.units import Point, check_point, lps_text

PROOFS: Final = ("eikonal", "monodomain")
APPENDAGE: Final = "left_atrial_appendage"
MEETING: Final = ("roof", "anterior_wall", "septum")  # where Bachmann's bundle comes in


@dataclass(frozen=True, eq=False)
class ActivationModel:
    """How a plan of lesions is simulated: the ``tissue`` (None: the usual one of the chamber), where activation begins
    (``site_mm``, None: see ``usual_site``), and by what block is proved: ``prove`` "eikonal", or "monodomain", by waves
    in tissue besides.
    """

    tissue: ElectroModel | None = None
    site_mm: Point | None = None
    prove: str = "eikonal"

    def __post_init__(self) -> None:
        if self.prove not in PROOFS:
            raise SimulationError(f"block cannot be proved by {self.prove!r}", advice=f"use {' or '.join(PROOFS)}")
        if self.site_mm is not None:
            object.__setattr__(self, "site_mm", check_point("site_mm", self.site_mm))


def simulate_lesions(
    case: Case, plan: LesionPlan, model: ActivationModel | ElectroModel | None = None, monitor: Monitor = SILENT
) -> ElectroResult:
    """Return the activation of a plan's chamber without and with its lesions, and what they isolate.

    Fronts start at one site and follow the eikonal equation. A vein (or the appendage) is isolated where no living wall
    joins it with the valve, no front from the site reaches it, and no front from it reaches the rest; with
    ``prove="monodomain"`` also no wave in tissue does.

    Raises ``DataError`` for a chamber that the case does not have, ``SimulationError`` for a site far from it, lesions
    that ``ablated`` refuses, or that leave nothing alive.
    """
    chosen = ActivationModel(model) if isinstance(model, ElectroModel) else model or ActivationModel()
    if not isinstance(chosen, ActivationModel):
        raise SimulationError(f"lesions cannot be simulated by a {type(chosen).__name__}",
                              advice="give an ActivationModel or an ElectroModel")
    chamber = case.chamber(plan.chamber)
    tissue = chosen.tissue or usual_model(chamber)
    monitor.stage("lesions")
    lesions = ablated(chamber, plan.lesions)
    out = dead_nodes(chamber, tissue, lesions.dead)
    site, word = _site(chamber, chosen, out)
    check_cancelled(monitor)
    monitor.stage("activation")
    system = eikonal_of(chamber, tissue)
    before = eikonal.activation(system, [site]).times_ms
    after = eikonal.activation(system, [site], blocked=lesions.dead).times_ms
    monitor.progress(0.5)
    veins, evidence = dict[str, str](), list[str]()
    if isinstance(chamber, Chamber):
        blocks = blocks_by_front(system, chamber, parts_of(chamber), out, site, after)
        if chosen.prove == "monodomain":
            blocks = blocks_by_tissue(chamber, tissue, lesions.dead, blocks, site, after, monitor)
        for block in blocks:
            veins[block.name] = block.verdict
            evidence.append(_told(chamber, block, out, before))
    monitor.progress(1.0)
    place = system.points_mm[site]
    return ElectroResult(
        plan.name, plan.chamber, place, before, after, lesions.dead, veins, tuple(evidence),
        _parameters(chamber, tissue, chosen.prove, lesions, out, f"{word}, {lps_text(place)}"),
        (*lesions.assumed, *_assumed(tissue)), _warnings(lesions, after, out),
    )


def parts_of(chamber: Chamber) -> dict[str, NDArray[np.int64]]:
    """Return the nodes of what lesions may isolate: the rims of all openings but the valve, the appendage's region."""
    others = [one for one in chamber.openings if one is not chamber.valve]
    found = {one.name or f"opening {n} without a name": one.points for n, one in enumerate(others, start=1)}
    if APPENDAGE in chamber.region_names:
        found[APPENDAGE] = np.flatnonzero(chamber.in_regions([APPENDAGE]))
    return found


def usual_site(chamber: Chamber | Myocardium) -> tuple[int, str]:
    """Return the node where activation of a chamber usually begins, and in a word which that is.

    Of a left atrium: where roof, anterior wall and septum come nearest to each other, at which Bachmann's bundle enters
    (assumed). Of other chambers the node farthest from their openings; of muscle the inner node nearest to its middle.
    """
    if isinstance(chamber, Myocardium):
        inner = [np.flatnonzero(part) for name, part in chamber.parts.items() if name.endswith("_endocardium")]
        nodes = np.concatenate(inner) if inner else np.arange(chamber.count)
        points = chamber.points_mm()[nodes]
        return int(nodes[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))]), "the middle (assumed)"
    ways = surface_paths.ways_over(chamber.surface.points_mm, chamber.surface.triangles)
    if set(MEETING) <= set(chamber.region_names):
        away = [surface_paths.distance_mm(ways, np.flatnonzero(chamber.in_regions([name]))) for name in MEETING]
        return int(np.argmin(np.max(away, axis=0))), "the insertion of Bachmann's bundle (assumed)"
    rims = np.concatenate([np.zeros(0, np.int64), *(one.points for one in chamber.openings)])
    far = surface_paths.distance_mm(ways, rims if rims.size else np.zeros(1, np.int64))
    return int(np.argmax(np.where(np.isfinite(far), far, -1.0))), "the place farthest from all openings (assumed)"


def _site(chamber: Chamber | Myocardium, model: ActivationModel, out: NDArray[np.bool_]) -> tuple[int, str]:
    """Return the living node at the site; where lesions lie on the usual one, the nearest that is not cut off."""
    points = chamber.surface.points_mm if isinstance(chamber, Chamber) else chamber.points_mm()
    if model.site_mm is None:
        usual, word = usual_site(chamber)
        wanted, able = points[usual], ~out
        if isinstance(chamber, Chamber) and chamber.valve is not None:
            able &= ~surface_parts.cut_off(chamber.surface.triangles, out, chamber.valve.points)
    else:
        wanted, word, able = np.asarray(model.site_mm), "as asked for", ~out
    nearest = int(np.flatnonzero(able)[np.argmin(((points[able] - wanted) ** 2).sum(axis=1))])
    away = float(np.linalg.norm(points[nearest] - wanted))
    if model.site_mm is not None and away > eikonal.FARTHEST_SITE_MM:
        raise SimulationError(f"the nearest living tissue is {away:.1f} mm away", where=lps_text(wanted),
                              advice="move the site to the wall")
    return nearest, word + (f", moved {away:.1f} mm off dead tissue" if model.site_mm is None and away > 0.0 else "")


def _told(chamber: Chamber, block: Block, out: NDArray[np.bool_], before: NDArray[np.float64]) -> str:
    """Return what speaks for the verdict on one vein in a line; of a connected one the narrowest place of its way."""
    name = block.name.replace("_", " ")
    nodes = parts_of(chamber)[block.name]
    line = f"{name}: {block.verdict}; {'; '.join(block.evidence)}"
    if not np.isfinite(before[nodes]).any():
        line += "; it is cut off without the lesions too"
    if block.verdict != "connected" or not out.any() or chamber.valve is None:
        return line
    ways = surface_paths.ways_over(chamber.surface.points_mm, chamber.surface.triangles)
    clear = surface_paths.distance_mm(ways, np.flatnonzero(out))
    at = surface_parts.narrowest(chamber.surface.triangles, clear, nodes, chamber.valve.points)
    wide = float(load("limits")["lesions"]["row_break_mm"]["value"])
    if at < 0 or 2.0 * clear[at] > wide:
        return line
    return f"{line}; the gap is {2.0 * clear[at]:.1f} mm wide at {lps_text(chamber.surface.points_mm[at])}"


def _parameters(
    chamber: Chamber | Myocardium, tissue: ElectroModel, prove: str, lesions: Ablated, out: NDArray[np.bool_],
    site: str,
) -> dict[str, str]:
    entry, spread = load("electro_models")["models"].get(tissue.name, {}), dict[str, str]()
    if prove == "monodomain":
        spread = {f"tissue, {key}": value for key, value in told(chamber, tissue)[0].items()}
    present = range(1) if chamber.substrate is None else np.unique(chamber.substrate.classes)
    found = {"site": site, "velocities": str(entry.get("label", tissue.name)), "proved by": (
        "connectivity, fronts in and out" + (", waves in tissue" if prove == "monodomain" else ""))}
    for kind in (SUBSTRATE_CLASSES[n] for n in present):
        muscle = tissue.classes[kind]
        found[f"conduction {kind}"] = (f"{muscle.along_m_s:g} m/s along, {muscle.across_m_s:g} m/s across fibres"
                                       if muscle.conducts else "none")
    found["lesions"] = f"{len(lesions.of)}, lines of {lesions.length_mm:.0f} mm together"
    if isinstance(chamber, Chamber):
        area = surface_parts.point_areas_mm2(chamber.surface.points_mm, chamber.surface.triangles) / 100.0
        anchors = chamber.valve_points
        lost = surface_parts.cut_off(chamber.surface.triangles, out, anchors)
        found["ablated"] = f"{area[lesions.dead].sum():.2f} of {area.sum():.1f} cm2"
        found["isolated"] = f"{area[lost].sum():.2f} cm2"
        found["fibres"] = chamber.fibres.source if chamber.fibres else "none: it conducts alike in all directions"
    return found | spread


def _assumed(model: ElectroModel) -> tuple[str, ...]:
    entry = load("electro_models")["models"].get(model.name)
    return ("site of activation", *(("velocities",) if entry is None else tuple(entry["assumed"])))


def _warnings(lesions: Ablated, after: NDArray[np.float64], out: NDArray[np.bool_]) -> tuple[str, ...]:
    missed = int(np.count_nonzero(~np.isfinite(after) & ~out))
    return (*lesions.notes, *((f"{missed} living nodes are not reached with the lesions",) if missed else ()))
