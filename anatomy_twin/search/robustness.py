"""How likely a plan covers its target although needles and tissue are never quite as planned, and where it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from anatomy_twin.assess.boundary import (
    FAR,
    Boundary,
    distance_to_triangles,
    isotherm_field,
    mask_boundary,
    verdict_field,
)
from anatomy_twin.assess.margin_field import MarginField, places_along, prepare_margin, sampled, zone_surface
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    Influence,
    LabelMap,
    Monitor,
    Probability,
    Quantity,
    Robustness,
    Spread,
    SurfaceMesh,
    VolumeGeometry,
    check_cancelled,
)
from anatomy_twin.errors import SimulationError, UsageError
from anatomy_twin.search.asked import check_target
from anatomy_twin.search.uncertainty import FACTORS, Draws, causes, draw, misplaced, spreads
from anatomy_twin.simulation.thermal import (
    HeatPulse,
    ThermalModel,
    ThermalSystem,
    assembly,
    cryo,
    freezing,
    pipeline,
    sources,
)

SPACING_MM: Final = 2.5
RIM_MM: Final = 5.0
RANGES_NOTE: Final = "the ranges are assumed"
CHUNK: Final = 8  # samples that one task of an executor takes
Range = tuple[float, float]
ZoneOf = Callable[[AblationPlan, dict[str, float]], Boundary]


@dataclass(frozen=True, eq=False)
class _Bench:
    """What all samples share; handed to the processes of an executor."""

    labels: LabelMap
    extent: assembly.Extent
    region: VolumeGeometry
    model: ThermalModel
    ground: assembly.Ground | None
    field: MarginField
    wanted_mm: float
    zone_of: ZoneOf | None


def robustness(
    case: Case, plan: AblationPlan, samples: int = 100, seed: int = 0, monitor: Monitor = SILENT, *,
    placement_mm: float | None = None, angle_deg: float | None = None, perfusion: Range | None = None,
    conductivity: Range | None = None, power: Range | None = None, wanted_mm: float | None = None,
    spacing_mm: float = SPACING_MM, executor: Executor | None = None, zone_of: ZoneOf | None = None,
    asked: Mapping[str, Any] | None = None,
) -> Robustness:
    """Simulate a plan many times, each time a little different, and tell how often and where it fails.

    Parameters
    ----------
    samples, seed : a Latin hypercube of so many samples; equal seeds give equal answers, whatever the executor.
    placement_mm, angle_deg : standard deviations of the place of each applicator along three axes and of its tilt.
    perfusion, conductivity, power : ranges of factors; needles that freeze have no power. What is None is
        that of ``catalog/uncertainty.json``.
    wanted_mm : the margin that is wanted (default: that of the plan).
    spacing_mm : grid of the simulations. It is coarse: a margin is told within about half a voxel.
    executor : of ``concurrent.futures``; the samples go to it in chunks.
    zone_of : another model of the zone in place of the simulation: from a misplaced plan and its factors to its
        boundary.
    asked : verdict, perfusion and vessels other than the usual, by the names of ``ThermalModel``; the ``asked`` of the
        plan's result, so that both speak of the same treatment.

    Raises ``PlanError`` for a target without a margin, ``UsageError`` for ranges that cannot be, ``SimulationError``
    where the plan itself cannot be simulated, ``Cancelled``.
    """
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    check_target(labels, plan.target)
    if not 2.0 <= spacing_mm <= 4.0:
        raise UsageError(f"a grid of {spacing_mm:g} mm was asked for", advice="give 2 to 4 mm")
    given = {"placement_mm": placement_mm, "angle_deg": angle_deg, "perfusion": perfusion,
             "conductivity": conductivity, "power": power}  # fmt: skip
    found_spreads = spreads(given)
    if cryo.freezes(plan):
        if power is not None:
            raise UsageError("power: needles that freeze have none", advice="leave it out")
        del found_spreads["power"]
    drawn = draw(found_spreads, len(plan.applicators), samples, seed)
    wanted = plan.margin_mm if wanted_mm is None else float(wanted_mm)
    model = ThermalModel(spacing_mm=spacing_mm, room_mm=20.0, snapshots=1, **(asked or {}))
    jobs = [(misplaced(plan, drawn, n), _factors(drawn, n)) for n in range(samples)]
    bench = _bench(labels, plan, [job[0] for job in jobs], model, wanted, zone_of, monitor)
    monitor.progress(0.05)
    factors = dict.fromkeys(FACTORS, 1.0)
    planned = _read(bench, _zone(bench, plan, factors))  # what is wrong with the plan itself is told
    found = _all(bench, jobs, executor, monitor)
    return _gathered(plan, seed, bench, tuple(found_spreads.values()), drawn, planned, found)


def _factors(drawn: tuple[Draws, ...], sample: int) -> dict[str, float]:
    return {part.name: float(part.values[sample]) for part in drawn if part.name in FACTORS}


def _bench(
    labels: LabelMap, plan: AblationPlan, plans: list[AblationPlan], model: ThermalModel, wanted_mm: float,
    zone_of: ZoneOf | None, monitor: Monitor,
) -> _Bench:
    """Lay the ground that holds the boxes of all samples, once."""
    extent = assembly.extent_of(labels, plan)
    for applicator in plan.applicators:
        sources.check_settings(applicator)
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    first, _ = assembly.box_within(labels.geometry, extent, plan, model)
    for one in (plan, *plans):
        try:
            box, _ = assembly.box_within(labels.geometry, extent, one, model)
        except SimulationError:
            continue  # told of as a failed sample
        start = np.round(first.to_index(box.origin_mm)).astype(int)
        low, high = np.minimum(low, start), np.maximum(high, start + box.shape)
    size = (high - low).astype(int)
    region = first.cropped((int(low[0]), int(low[1]), int(low[2])), (int(size[0]), int(size[1]), int(size[2])))
    ground = assembly.lay_ground(labels, region, model, monitor) if zone_of is None else None
    field = prepare_margin(labels, plan.target, assembly.finer_grid(region, 2), RIM_MM)
    return _Bench(labels, extent, region, model, ground, field, wanted_mm, zone_of)


def _all(
    bench: _Bench, jobs: list[Any], executor: Executor | None, monitor: Monitor
) -> list[tuple[Any, ...] | None]:
    """Return what became of every sample, in their order."""
    chunks = [jobs[n: n + CHUNK] for n in range(0, len(jobs), CHUNK)]
    running = (
        (_chunk(bench, chunk) for chunk in chunks) if executor is None
        else (task.result() for task in [executor.submit(_chunk, bench, chunk) for chunk in chunks])
    )
    found: list[tuple[Any, ...] | None] = []
    for number, answers in enumerate(running, start=1):
        found += answers
        monitor.progress(0.05 + 0.95 * number / len(chunks))
        check_cancelled(monitor)
    return found


def _chunk(bench: _Bench, jobs: list[Any]) -> list[tuple[Any, ...] | None]:
    return [_one(bench, plan, factors) for plan, factors in jobs]


def _one(bench: _Bench, plan: AblationPlan, factors: dict[str, float]) -> tuple[Any, ...] | None:
    """Return the least margin, percent of the target, per point whether it is uncovered and short, and the zone:
    the first voxel of the region that it holds and what is coagulated from there on. None where it cannot be had.
    """
    try:
        return _read(bench, _zone(bench, plan, factors))
    except SimulationError:
        return None


def _zone(bench: _Bench, plan: AblationPlan, factors: dict[str, float]) -> Boundary:
    return bench.zone_of(plan, factors) if bench.zone_of else _simulated(bench, plan, factors)


def _read(bench: _Bench, zone: Boundary) -> tuple[Any, ...]:
    """Return what ``_one`` does of a zone."""
    field = bench.field
    count = field.points_mm.shape[0]
    if not (zone.field > 0).any():
        return -np.inf, 0.0, np.ones(count, bool), np.ones(count, bool), (np.zeros(3, int), np.zeros((1, 1, 1), bool))
    vertices, triangles, _, _ = zone_surface(zone)
    gap = distance_to_triangles(vertices, triangles, field.points_mm)
    distance = np.where(zone.sample(field.points_mm) > 0, gap, -gap)
    # below the organ's surface a margin ends there, as ``ablative_margin`` has it
    ends = (field.depth_mm < field.rim_mm) & (distance >= np.maximum(field.depth_mm - field.slack_mm, 0.0))
    least = float(distance[~ends].min() if (~ends).any() else distance.min())
    dead = sampled(zone.field, places_along(zone.geometry, field.geometry))[field.inside] > 0
    short = (distance < bench.wanted_mm) & ~ends
    return least, 100.0 * float(dead.mean()), distance < 0.0, short, _coagulated(bench, zone)


def _coagulated(bench: _Bench, zone: Boundary) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if bench.zone_of is not None:
        return np.zeros(3, np.int64), sampled(zone.field, places_along(zone.geometry, bench.region)) > 0
    return np.round(bench.region.to_index(zone.geometry.origin_mm)).astype(np.int64), zone.field > 0


def _simulated(bench: _Bench, plan: AblationPlan, factors: dict[str, float]) -> Boundary:
    """The zone of the thermal simulation with its properties scaled."""
    assert bench.ground is not None
    box, _ = assembly.box_within(bench.labels.geometry, bench.extent, plan, bench.model)
    ground, model = bench.ground.cropped(box), bench.model
    ground = replace(ground, perfusion_1_s=(ground.perfusion_1_s * factors["perfusion"]).astype(model.dtype))
    if cryo.freezes(plan):
        return Boundary(_frozen(ground, plan, model, factors["conductivity"]), box)
    faces = tuple((face * factors["conductivity"]).astype(model.dtype) for face in ground.faces)
    ground = replace(ground, faces=(faces[0], faces[1], faces[2]))
    system = _powered(assembly.system_on(ground, plan, model), factors["power"])
    state = pipeline.run(system, system.heating_s + model.cooling_s)[-1]
    return Boundary(verdict_field(model.verdict, pipeline.log_damage(system, state, FAR), state), box)


def _frozen(
    ground: assembly.Ground, plan: AblationPlan, model: ThermalModel, conductivity: float
) -> NDArray[np.float32]:
    """Return the field of the ``Boundary`` of what needles kill by cold, in tissue that conducts so much better."""
    system = cryo.system_on(ground, plan, model)
    warm, cold = (
        tuple((face * conductivity).astype(model.dtype) for face in faces) for faces in (system.warm, system.cold)
    )
    system = replace(
        system, warm=(warm[0], warm[1], warm[2]), cold=(cold[0], cold[1], cold[2]),
        time_step_s=system.time_step_s / max(conductivity, 1.0),
    )
    return isotherm_field(freezing.run(system, system.freezing_s + model.cooling_s)[-1].coldest_c, system.lethal_c)


def _powered(system: ThermalSystem, factor: float) -> ThermalSystem:
    """Return the system with so much more power in tissue: of antennas as it is, of electrodes as the generator's most
    (their pulses are what cools the shaft)."""
    if system.electric is not None:
        electrodes = tuple(replace(one, power_w=one.power_w * factor) for one in system.electric.electrodes)
        return replace(system, electric=replace(system.electric, electrodes=electrodes))
    pulses = tuple(
        HeatPulse(pulse.start_s, pulse.stop_s, (pulse.power_w * factor).astype(system.dtype))
        for pulse in system.pulses
    )
    return replace(system, pulses=pulses)


def _gathered(
    plan: AblationPlan, seed: int, bench: _Bench, known: tuple[Spread, ...], drawn: tuple[Draws, ...],
    planned: tuple[Any, ...], found: list[tuple[Any, ...] | None],
) -> Robustness:
    field, count = bench.field, len(found)
    margins, percents = np.full(count, -np.inf), np.zeros(count)
    uncovered, short = np.zeros(len(field.points_mm)), np.zeros(len(field.points_mm))
    share = np.zeros(bench.region.shape, np.float32)
    failed = 0
    for n, answer in enumerate(found):
        if answer is None:
            failed, uncovered, short = failed + 1, uncovered + 1, short + 1
            continue
        margins[n], percents[n] = answer[:2]
        uncovered, short = uncovered + answer[2], short + answer[3]
        first, dead = answer[4]
        share[tuple(slice(a, a + size) for a, size in zip(first, dead.shape, strict=True))] += dead
    k, j, i = bench.region.shape
    inside = field.inside.reshape(k, 2, j, 2, i, 2).mean(axis=(1, 3, 5)) >= 0.5
    points, triangles = mask_boundary(bench.labels.mask(plan.target), bench.labels.geometry).surface()
    notes = [f"simulated on a grid of {bench.model.spacing_mm:g} mm, which tells a margin within about half of that"
             if bench.zone_of is None else "by another model of the zone than the simulation",
             "the intervals are those of independent samples; a Latin hypercube is as a rule nearer"]  # fmt: skip
    notes += bench.model.what_if
    if bench.model.verdict != ThermalModel().verdict:
        notes.append(f"judged by {bench.model.verdict}, as the simulation of the plan")
    assumed = sorted({part.name for part in causes(drawn) if part.source == "assumed"})
    if assumed:
        notes.append(f"{RANGES_NOTE}: {', '.join(assumed)}")
    if failed:
        notes.append(f"{failed} of {count} samples could not be simulated (a tip outside) and count as not covered")
    return Robustness(
        plan.name, plan.target, seed, bench.model.spacing_mm, bench.wanted_mm, planned[0],
        Probability.counted(int(np.count_nonzero(margins >= 0.0)), count),
        Probability.counted(int(np.count_nonzero(margins >= bench.wanted_mm)), count), margins, percents, known,
        _influences(drawn, margins), SurfaceMesh(points, triangles), uncovered / count, short / count, bench.region,
        (share / count).astype(np.float32), inside, failed, tuple(notes),
    )


def _influences(drawn: tuple[Draws, ...], margins: NDArray[np.float64]) -> tuple[Influence, ...]:
    found = []
    for cause in causes(drawn):
        if np.ptp(cause.values) == 0.0 or np.unique(margins).size < 2:
            continue
        answer = stats.spearmanr(stats.rankdata(cause.values), stats.rankdata(margins))
        if np.isfinite(answer.pvalue):  # two samples tell nothing of an influence
            found.append(Influence(cause.name, float(answer.statistic), float(answer.pvalue), cause.source))
    return tuple(sorted(found, key=lambda one: (-abs(one.correlation), one.name)))


def robustness_quantities(found: Robustness) -> tuple[Quantity, ...]:
    """Return a robustness as numbers of an assessment: probabilities with their intervals, margins, what matters."""
    of = f"{found.covered.of} simulated treatments on a {found.spacing_mm:g} mm grid"
    worst = float(found.uncovered.max())
    rows = [
        Quantity("coverage_probability_percent", "Probability of complete coverage", _percent(found.covered.value),
                 "%", source="assumed", place_mm=found.weakest_mm if worst > 0 else None,
                 note=f"{of}; at the weakest point {100 * worst:.0f} % are uncovered",
                 interval=_interval(found.covered)),
        Quantity("margin_probability_percent", f"Probability of {found.wanted_mm:g} mm margin",
                 _percent(found.reached.value), "%", source="assumed", note=of, interval=_interval(found.reached)),
    ]  # fmt: skip
    low, middle = found.margin_mm(5.0), found.margin_mm(50.0)
    for name, label, value in (
        ("margin_p5_mm", "Minimal margin, 1 of 20 is less", low), ("margin_p50_mm", "Minimal margin, median", middle)
    ):
        finite = bool(np.isfinite(value))
        rows.append(Quantity(name, label, round(value, 1) + 0.0 if finite else None, "mm", source="assumed",
                             note=f"planned {found.planned_margin_mm:.1f} mm" if finite else "nothing is coagulated"))
    if found.influences:
        first = found.influences[0]
        rows.append(Quantity("influence", f"Matters most: {first.name}", round(first.correlation, 2), "",
                             source=first.source, note="rank correlation with the minimal margin; then " + ", ".join(
                                 f"{one.name} {one.correlation:+.2f}" for one in found.influences[1:4])))
    return tuple(rows)


def _percent(share: float) -> float:
    return round(100.0 * share, 1)


def _interval(found: Probability) -> tuple[float, float]:
    return _percent(found.low), _percent(found.high)
