"""The fewest applicators, their places, powers and times whose simulated zone covers targets with a margin.

Entries come from planning, bundles about them are ranked by the zones of the device's table, coarse simulations
choose among the best and set the time, and the full simulation of all applicators in one run confirms or corrects.
Only what it confirmed is reported as a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess import ablative_margin, assess
from anatomy_twin.assess.boundary import zone_boundary
from anatomy_twin.assess.margin import Margin
from anatomy_twin.catalog import device_works_s
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Applicator,
    Case,
    LabelMap,
    Monitor,
    ThermalResult,
    VolumeGeometry,
    check_cancelled,
    part_of,
)
from anatomy_twin.core.plans import check_name
from anatomy_twin.errors import PlanError, SimulationError
from anatomy_twin.plan import load_device
from anatomy_twin.search import beside_vessel, layouts
from anatomy_twin.search.asked import check_asked
from anatomy_twin.search.found import AblationSearch, Shortfall
from anatomy_twin.search.trial import Field, Trial, lay_field, points_with_margin, run_trial
from anatomy_twin.simulation import simulate
from anatomy_twin.simulation.thermal import ThermalModel
from anatomy_twin.units import check_range

ENTRIES: Final = 3  # per target and device
SIMULATED: Final = 4  # bundles that a coarse run is given, of those that keep the rules
CHECKED: Final = 9  # bundles that are checked against the rules
GAIN_MM: Final = 0.3  # another applicator that brings less margin than this is not followed by a further one
MOVES: Final = 2  # attempts to move applicators toward the place where the margin is least
ROUNDS: Final = 4  # full simulations before the search gives up
SPARE_MM: Final = 0.2  # asked for beyond what was short
OVER_MM: Final = 1.0  # a margin larger than wanted by this is worth one more run with less heat
APART_MM: Final = 5.0  # between the shafts of two targets


@dataclass(eq=False)
class _Aim:
    """The state of the search for one target."""

    target: str
    paths: tuple[Applicator, ...]
    field: Field
    wanted_mm: float
    hottest_c: float
    generator: np.random.Generator
    blood: beside_vessel.Blood | None = None  # of large vessels that lie within the margin or just beyond
    count: int = 1
    best: Trial | None = None

    @property
    def cut_short(self) -> bool:
        """True where blood lies within the margin: what can be had is the margin apart from that vessel."""
        return self.field.blood is not None


def search_ablation(
    case: Case, targets: Sequence[str], margin_mm: float = 5.0, devices: Sequence[str] = ("mwa-generic",),
    most_applicators: int = 4, executor: Executor | None = None, monitor: Monitor = SILENT, seed: int = 0, *,
    name: str = "A", together: bool = True, model: ThermalModel | None = None,
) -> AblationSearch:
    """Search the fewest applicators whose simulated zone has a margin around all targets, with least healthy loss.

    Fewest among the layouts that are tried: each target has applicators of its own, parallel to each other, about one
    of the best entries of ``propose``; among those that suffice the one that loses the least healthy tissue is taken.
    Structures at risk stay below the limit of ``catalog/limits.json``. Where a large vessel with flow lies within the
    margin nothing can be confirmed, as its blood is not coagulated: then the gentlest treatment with the margin
    everywhere else is looked for, and the shortfall says both numbers.

    Parameters
    ----------
    executor : of ``concurrent.futures``, for the coarse simulations. The answer is the same with any or none.
    seed : turns bundles of applicators about their entry.
    name : of the plan; with several targets their names are added.
    together : all applicators heat at once, or those of each target after those of the one before.

    Raises ``UsageError`` and ``PlanError`` for what cannot be asked, ``Cancelled``. What is asked and cannot be had is
    no error: see ``AblationSearch.shortfalls``.
    """
    targets, devices = tuple(targets), tuple(devices)
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    check_asked(labels, targets, devices, most_applicators, seed)
    check_name(name)
    margin_mm = check_range("margin_mm", margin_mm, 0.0, 30.0)
    if len(targets) > most_applicators:
        reason = "each target is given an applicator of its own"
        return AblationSearch(targets, margin_mm, shortfalls=(
            Shortfall("applicators", len(targets), most_applicators, "count", reason),
        ))
    model = model or ThermalModel(snapshots=5)
    runs = _Runs(case, labels, margin_mm, most_applicators, executor, model, name, together)
    aims: list[_Aim] = []
    for number, target in enumerate(targets):
        with part_of(monitor, 0.1 * number / len(targets), 0.1 * (number + 1) / len(targets)) as part:
            found = _aim(case, labels, target, margin_mm, devices, seed + number, model, part)
        if isinstance(found, Shortfall):
            return AblationSearch(targets, margin_mm, shortfalls=(found,))
        aims.append(found)
    for number, aim in enumerate(aims):
        monitor.progress(0.1 + 0.3 * number / len(aims))
        runs.widen(aim, aims)
    with part_of(monitor, 0.4, 1.0) as part:
        return _confirm(runs, aims, part)


def _aim(
    case: Case, labels: LabelMap, target: str, margin_mm: float, devices: tuple[str, ...], seed: int,
    model: ThermalModel, monitor: Monitor,
) -> _Aim | Shortfall:
    """Return the entries to a target and the ground of its trials, or that there is no way in."""
    paths: list[Applicator] = []
    reason = ""
    for number, device in enumerate(devices):
        with part_of(monitor, number / len(devices), (number + 1) / len(devices)) as part:
            try:
                paths += layouts.entries(case, target, margin_mm, device, ENTRIES, part)
            except PlanError as error:
                reason = error.what
    if not paths:
        return Shortfall(f"entry to {target}", 1.0, 0.0, "count", reason or "no path keeps the hard rules")
    ground = lay_field(labels, target, tuple(paths), model)
    points = ground.margin.points_mm
    blood = beside_vessel.blood_around(labels, points, margin_mm + beside_vessel.BESIDE_MM, model)
    if blood is not None and beside_vessel.nearest_blood_mm(blood, points) < margin_mm - 0.5 * model.spacing_mm:
        ground = replace(ground, blood=blood)
    return _Aim(target, tuple(paths), ground, margin_mm, ground.hottest_c, np.random.default_rng(seed), blood)


@dataclass(eq=False)
class _Runs:
    """What the steps of a search share, and how many simulations were run."""

    case: Case
    labels: LabelMap
    margin_mm: float
    most: int
    executor: Executor | None
    model: ThermalModel
    name: str
    together: bool
    coarse: int = 0
    full: int = 0
    kept: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def keeps_rules(self, target: str, applicators: tuple[Applicator, ...]) -> bool:
        """Tell whether applicators keep the hard rules; each is asked about once, whatever its power."""
        for one in applicators:
            key = (target, one.device, one.entry_mm, one.tip_mm)
            if key not in self.kept:
                self.kept[key] = layouts.keeps_rules(self.case, target, one)
            if not self.kept[key]:
                return False
        return True

    def widen(self, aim: _Aim, aims: list[_Aim]) -> None:
        """Find the best trial of an aim, with more applicators as long as fewer do not suffice and there are any."""
        while True:
            others = [one for other in aims if other is not aim and other.best for one in other.best.applicators]
            found = self.best_of(aim, others)
            before = -np.inf if aim.best is None else aim.best.margin_mm
            if found is not None and (aim.best is None or _order(aim, found) < _order(aim, aim.best)):
                aim.best = found
            if aim.best is not None and aim.best.reaches(aim.wanted_mm, aim.hottest_c):
                return
            spare = self.most - sum(other.count for other in aims if other is not aim)
            gained = -np.inf if found is None else found.margin_mm - before
            if aim.count >= spare or (aim.best is not None and aim.count > 1 and gained < GAIN_MM):
                aim.count = 1 if aim.best is None else len(aim.best.applicators)
                return
            aim.count += 1

    def best_of(self, aim: _Aim, others: list[Applicator]) -> Trial | None:
        """Return the best trial with the aim's number of applicators; None where no layout keeps the rules."""
        body = self.labels.mask("body"), self.labels.geometry
        tried = [bundle for path in aim.paths for bundle in layouts.bundles(path, aim.count, aim.generator, *body)]
        order = layouts.ranked(tried, points_with_margin(aim.field.margin, aim.wanted_mm))
        kept: list[layouts.Layout] = []
        for layout in order[:CHECKED]:
            free = all(layouts.apart_mm(one, other) >= APART_MM for one in layout.applicators for other in others)
            if free and (aim.count == 1 or self.keeps_rules(aim.target, layout.applicators)):
                kept.append(layout)
            if len(kept) == SIMULATED:
                break
        best = self.trials(aim, kept)
        for _ in range(MOVES):
            if best is None or best.reaches(aim.wanted_mm, aim.hottest_c) or not np.isfinite(best.margin_mm):
                break
            moved = _toward(best, aim, *body)
            if not self.keeps_rules(aim.target, moved):
                break
            again = self.trials(aim, [layouts.Layout(moved, 1.0, 0.0)])
            if again is None or _order(aim, again) >= _order(aim, best):
                break
            best = again
        return best

    def trials(self, aim: _Aim, kept: list[layouts.Layout]) -> Trial | None:
        """Run the layouts with several powers on the coarse grid and return the best."""
        jobs = [(layout.applicators, power_w) for layout in kept for power_w in layouts.powers(layout.applicators)]
        self.coarse += len(jobs)
        parts = (repeat(aim.field), [job[0] for job in jobs], [job[1] for job in jobs], repeat(aim.wanted_mm))
        answers = map(run_trial, *parts) if self.executor is None else self.executor.map(run_trial, *parts)
        found = [answer for answer in answers if answer is not None]
        return min(found, key=lambda one: _order(aim, one), default=None)

    def simulated(self, plan: AblationPlan, monitor: Monitor) -> ThermalResult:
        """Run the full simulation."""
        self.full += 1
        result = simulate(self.case, plan, self.model, monitor)
        if not isinstance(result, ThermalResult):
            raise SimulationError(f"the simulation of {plan.name!r} gave no temperatures")
        return result


def _order(aim: _Aim, trial: Trial) -> tuple[Any, ...]:
    """What suffices comes first, that with the least loss; then what keeps organs cool, that with the best margin."""
    if trial.reaches(aim.wanted_mm, aim.hottest_c):
        return 0, round(trial.lost_ml, 2), -round(trial.margin_mm, 2)
    return 1, max(0.0, round(trial.organ_c - aim.hottest_c, 1)), -round(trial.margin_mm, 2)


def _toward(
    trial: Trial, aim: _Aim, body: NDArray[np.bool_], geometry: VolumeGeometry
) -> tuple[Applicator, ...]:
    """Move all applicators toward the place of the least margin, by what it is short and no more than 4 mm."""
    way = np.asarray(trial.place_mm) - aim.field.margin.points_mm.mean(axis=0)
    step = min(aim.wanted_mm - trial.margin_mm + SPARE_MM, 4.0) / max(float(np.linalg.norm(way)), 1e-6)
    return tuple(layouts.moved(one, step * way, body, geometry) for one in trial.applicators)


def _combined(runs: _Runs, aims: list[_Aim]) -> AblationPlan | None:
    """Return the plan of all applicators, None where a target has none."""
    applicators: list[Applicator] = []
    start_s = 0.0
    for aim in aims:
        if aim.best is None:
            return None
        applicators += [replace(one, start_s=start_s) for one in aim.best.applicators]
        if not runs.together:
            start_s += max(device_works_s(load_device(one.device), one.duration_s) for one in aim.best.applicators)
    return AblationPlan(runs.name, aims[0].target, tuple(applicators), runs.margin_mm)


def _confirm(runs: _Runs, aims: list[_Aim], monitor: Monitor) -> AblationSearch:
    """Simulate all applicators in full; give more where it falls short, and less where it is too much."""
    answer = AblationSearch(tuple(aim.target for aim in aims), runs.margin_mm)
    for number in range(ROUNDS):
        check_cancelled(monitor)
        plan = _combined(runs, aims)
        if plan is None:
            missing = next(aim for aim in aims if aim.best is None)
            short = Shortfall(f"entry to {missing.target}", 1.0, 0.0, "count", _why_none(missing, aims))
            return replace(answer, shortfalls=(short,), coarse_runs=runs.coarse, full_runs=runs.full)
        with part_of(monitor, number / ROUNDS, (number + 1) / ROUNDS) as part:
            read = _read(runs, aims, plan, runs.simulated(plan, part))
        if read.shortfalls:
            answer = read if not answer.confirmed else answer
            if answer.confirmed or not _corrected(runs, aims, read):
                break
            continue
        better = not answer.confirmed or sum(read.lost_ml.values()) < sum(answer.lost_ml.values())
        done = answer.confirmed
        answer = read if better else answer
        if done or not _eased(runs, aims, read):
            break
    monitor.progress(1.0)
    return replace(answer, coarse_runs=runs.coarse, full_runs=runs.full)


def _why_none(missing: _Aim, aims: list[_Aim]) -> str:
    others = [one for aim in aims if aim.best is not None for one in aim.best.applicators]
    if all(any(layouts.apart_mm(path, other) < APART_MM for other in others) for path in missing.paths):
        return f"every entry that was tried comes within {APART_MM:g} mm of an applicator of another target"
    return "no layout that keeps the hard rules can be simulated"


def _read(runs: _Runs, aims: list[_Aim], plan: AblationPlan, result: ThermalResult) -> AblationSearch:
    """Return what the full simulation says: plans where all is as wanted, else by how much it is not."""
    margins, lost, shortfalls = {}, {}, []
    plans = tuple(
        replace(plan, target=aim.target, name=plan.name if len(aims) == 1 else f"{plan.name} {aim.target}")
        for aim in aims
    )
    results = tuple(replace(result, plan_name=one.name) for one in plans)
    for one, of in zip(plans, results, strict=True):
        if not of.coagulated.any():
            shortfalls.append(Shortfall(f"margin of {one.target}", runs.margin_mm, None, "mm", "nothing is coagulated"))
            continue
        margin = ablative_margin(runs.labels, one.target, of)
        margins[one.target], lost[one.target] = margin.minimal_mm, margin.healthy_lost_ml
        if margin.minimal_mm < runs.margin_mm:
            shortfalls.append(_short(runs, next(aim for aim in aims if aim.target == one.target), one, of, margin))
    hottest = aims[0].field.hottest_c
    for row in assess(runs.case, plans[0], results[0]).quantities:
        organ = row.name.removesuffix("_peak_c")
        if row.name != organ and row.value is not None and row.value > hottest:
            shortfalls.append(Shortfall(f"temperature of {organ}", hottest, row.value, "degC", row.label, row.place_mm))
    found = AblationSearch(tuple(aim.target for aim in aims), runs.margin_mm, (), (), margins, lost, tuple(shortfalls))
    return found if shortfalls else replace(found, plans=plans, results=results)


def _short(runs: _Runs, aim: _Aim, plan: AblationPlan, result: ThermalResult, margin: Margin) -> Shortfall:
    """Return by how much the margin of a target is short; beside a large vessel also what it is everywhere else."""
    count, power_w = len(plan.applicators), max(one.power_w for one in plan.applicators)
    minutes = max(one.duration_s for one in plan.applicators) / 60.0
    words = [f"{count} applicator{'s' * (count > 1)} in all", f"up to {power_w:g} W and {minutes:.1f} min"]
    elsewhere = None
    vessel = None if aim.blood is None else beside_vessel.vessel_at(runs.labels, aim.blood, margin.place_mm)
    if aim.blood is not None and vessel is not None and vessel.away_mm < margin.minimal_mm + beside_vessel.BESIDE_MM:
        apart, _, _ = aim.field.margin.margin(beside_vessel.zone_with_vessels(zone_boundary(result), aim.blood))
        elsewhere = round(apart.minimal_mm, 2)
        never = ["no treatment coagulates it"] if aim.cut_short else []
        blood = f"the blood of {vessel.name} flows {vessel.away_mm:.1f} mm from there"
        words = [blood, *never, f"{elsewhere:.1f} mm elsewhere", *words]
    reason = "; ".join([*words, "in the full simulation"])
    reached = round(margin.minimal_mm, 2)
    return Shortfall(f"margin of {aim.target}", runs.margin_mm, reached, "mm", reason, margin.place_mm, elsewhere)


def _corrected(runs: _Runs, aims: list[_Aim], read: AblationSearch) -> bool:
    """Ask more of the trials by what the full simulation was short; tell whether any applicator changed."""
    changed = False
    for short in read.shortfalls:
        kind, _, name = short.name.partition(" of ")
        for aim in _concerned(aims, kind, name):
            before = aim.best
            reached = short.elsewhere_mm if aim.cut_short and short.elsewhere_mm is not None else short.reached
            if kind == "margin" and before is not None:
                if reached is not None and reached >= runs.margin_mm:
                    continue  # all that the vessel leaves is reached
                shown = before.margin_mm if np.isfinite(before.margin_mm) else 0.0
                aim.wanted_mm = min(shown, aim.wanted_mm) + runs.margin_mm - (reached or 0.0) + SPARE_MM
            elif kind == "temperature" and short.reached is not None:
                aim.hottest_c -= short.reached - short.wanted + SPARE_MM
            aim.best = _again(runs, aim)
            if aim.best is None or not aim.best.reaches(aim.wanted_mm, aim.hottest_c):
                runs.widen(aim, aims)
            aim.best = aim.best or before
            changed |= aim.best != before
    return changed


def _concerned(aims: list[_Aim], kind: str, name: str) -> Iterator[_Aim]:
    """The target that is short, or that whose trial had the organ the hottest."""
    if kind == "margin":
        yield next(aim for aim in aims if aim.target == name)
        return
    near = [aim for aim in aims if name in aim.field.organs and aim.best is not None]
    if near:
        yield max(near, key=lambda aim: aim.best.organ_c if aim.best and aim.best.organ == name else 0.0)


def _again(runs: _Runs, aim: _Aim) -> Trial | None:
    """The applicators as they are, for as long as it now takes."""
    if aim.best is None:
        return None
    runs.coarse += 1
    return run_trial(aim.field, aim.best.applicators, aim.best.applicators[0].power_w, aim.wanted_mm)


def _eased(runs: _Runs, aims: list[_Aim], read: AblationSearch) -> bool:
    """Ask less where the margin is larger than wanted; tell whether any time became shorter."""
    changed = False
    for aim in aims:
        over = read.margins_mm[aim.target] - runs.margin_mm
        if over < OVER_MM or aim.best is None:
            continue
        aim.wanted_mm = aim.best.margin_mm - over + SPARE_MM
        found = _again(runs, aim)
        if found is not None and found.applicators[0].duration_s < aim.best.applicators[0].duration_s:
            aim.best, changed = found, True
    return changed
