"""Stages of the chain as a window runs them beside itself: a case in, a case out, in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from anatomy_twin.core import SILENT, AblationPlan, Case, LesionPlan, Monitor, part_of
from anatomy_twin.errors import PlanError
from anatomy_twin.pipeline.anatomy import mesh_case
from anatomy_twin.pipeline.chain import assess_case, propose_case, simulate_case
from anatomy_twin.pipeline.confirmation import confirm_case
from anatomy_twin.pipeline.labels import target_case
from anatomy_twin.pipeline.procedures.naming import free_name
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.pipeline.searching import robustness_case, search_case
from anatomy_twin.pipeline.targets import Target, choose_target, named_target
from anatomy_twin.plan import check_plan
from anatomy_twin.search import AblationSearch
from anatomy_twin.simulation.thermal import ThermalModel


def plan_target(
    case: Case, target: Target | None = None, *, name: str = "", margin_mm: float = 5.0, device: str = "mwa-generic",
    radius_mm: float | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Add the best proposed ablation of a target, which is outlined first where it is only a candidate or a point.

    ``target`` None: the only lesion that the scan shows. ``name`` is that of the plan (default: the next free
    letter). Raises ``UsageError`` where the target has to be named and ``PlanError`` where no path is allowed.
    """
    wanted = choose_target(case, target)
    known, outlined = named_target(case, wanted)
    if not outlined:
        case = target_case(case, wanted, radius_mm=radius_mm, name=known, proposed=target is None, monitor=monitor)
        case = mesh_case(case, monitor)
    return propose_case(case, target=known, name=name or free_name(case), margin_mm=margin_mm, device=device,
                        monitor=monitor)  # fmt: skip


def simulate_plans(
    case: Case, names: Sequence[str], choices: Mapping[str, Any] | None = None, monitor: Monitor = SILENT
) -> Case:
    """Simulate plans of a case and read their numbers off; resections are only measured.

    ``choices`` are fields of ``ThermalModel`` that differ from its own. Raises what ``simulate_case`` and
    ``assess_case`` raise; then no plan has a new result.
    """
    model = ThermalModel(**choices) if choices else None
    for name in names:
        if isinstance(case.plan(name), AblationPlan | LesionPlan):
            named = _Named(monitor, name) if len(names) > 1 else monitor
            case = simulate_case(case, name, model=model, monitor=named)
        case = assess_case(case, name, monitor)
    return case


def check_plans(case: Case, names: Sequence[str], monitor: Monitor = SILENT) -> Case:
    """Check plans by the hard rules and keep what was found; results stay."""
    for number, name in enumerate(names):
        plan = case.plan(name)
        with timed_stage("checking the plan", monitor) as clock:
            with part_of(monitor, number / len(names), (number + 1) / len(names)) as part:
                check = check_plan(case, plan, monitor=part)
            for broken in check.broken:
                monitor.warn(f"plan {name}: {broken.reason}")
        case = recorded(case.with_plan(plan, check), "checking the plan", {"plan": name}, clock)
    return case


def measure_plans(case: Case, names: Sequence[str], monitor: Monitor = SILENT) -> Case:
    """Read numbers off the anatomy and off each of the plans."""
    if not names:
        return assess_case(case, monitor=monitor)
    for name in names:
        try:
            case = assess_case(case, name, monitor)
        except PlanError as error:
            monitor.warn(error.line)
    return case


def sample_treatments(
    case: Case, name: str, samples: int, *, seed: int = 0, placement_mm: float | None = None,
    angle_deg: float | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Tell how robust a plan is, and keep that with its numbers; see ``robustness_case``."""
    return robustness_case(
        case, name, samples, seed=seed, placement_mm=placement_mm, angle_deg=angle_deg, monitor=monitor
    )[0]


def search_plans(
    case: Case, targets: Sequence[str], *, margin_mm: float = 5.0, devices: Sequence[str] = ("mwa-generic",),
    most_applicators: int = 4, together: bool = True, seed: int = 0, monitor: Monitor = SILENT,
) -> tuple[Case, AblationSearch]:
    """Search applicators for targets under the next free name; plans that were confirmed are measured too."""
    name = free_name(case)
    case, found = search_case(
        case, targets, name=name, margin_mm=margin_mm, devices=devices, most_applicators=most_applicators,
        together=together, seed=seed, monitor=monitor,
    )
    for plan in found.plans:
        case = assess_case(case, plan.name, monitor)
    return case, found


def confirm_scan(case: Case, scan: str, called: str, *, monitor: Monitor = SILENT, **options: Any) -> Case:
    """Return the case with the confirmation ``called`` of a scan; ``options`` are those of ``confirm_case``."""
    return confirm_case(case, scan, name=called, monitor=monitor, **options)


class _Named:
    """A monitor whose stages say which plan they are about."""

    def __init__(self, outer: Monitor, name: str) -> None:
        self._outer, self._name = outer, name

    @property
    def cancelled(self) -> bool:
        """True once the user has asked to stop."""
        return self._outer.cancelled

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self._outer.stage(f"plan {self._name}: {name}")

    def progress(self, fraction: float) -> None:
        """Tell how far the stage is, 0 to 1."""
        self._outer.progress(fraction)

    def warn(self, message: str) -> None:
        """Hand a warning on."""
        self._outer.warn(f"plan {self._name}: {message}")
