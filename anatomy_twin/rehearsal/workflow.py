"""The steps of the work and how far each is, read off the case alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from anatomy_twin.core import AblationPlan, Case, FrozenMapping, LabelMap, LesionPlan, PlanCheck
from anatomy_twin.core.confirmation import COMPLETE

NAMES: Final = ("load", "check", "organs", "plan", "simulate", "compare", "report", "confirm")
STATES: Final = ("done", "current", "open", "attention")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step is as it is: ``kind`` names a sentence (``SENTENCES``), ``facts`` fill it."""

    kind: str
    facts: Mapping[str, str] = field(default_factory=FrozenMapping)

    @property
    def line(self) -> str:
        """The sentence in English."""
        return SENTENCES[self.kind].format(**self.facts)


@dataclass(frozen=True, slots=True)
class WorkStep:
    """One step. ``state`` is "done", "current" (what to do next), "open", or "attention": done, but to be looked at."""

    number: int
    name: str
    state: str
    reason: Reason


# every reason there is; a window may have them in other languages
SENTENCES: Final[Mapping[str, str]] = FrozenMapping({
    "no case": "open a case or a scan",
    "loaded": "{modality}, {slices} slices every {step} mm",
    "scan warnings": "{count} warnings about the scan",
    "one scan warning": "1 warning about the scan",
    "scan is sound": "the program found no fault in it",
    "follows": "follows step {number}",
    "no organs": "organs are not outlined yet",
    "structures to check": "{count} structures to check",
    "one structure to check": "1 structure to check",
    "no surfaces": "outlined; surfaces are not made yet",
    "organs are there": "{count} structures outlined",
    "no target": "no target is outlined yet",
    "no plan": "no plan yet",
    "rules broken": "plan {plans}: {count} rules broken",
    "one rule broken": "plan {plans}: 1 rule broken",
    "rules open": "plan {plans}: {count} rules not checked",
    "one rule open": "plan {plans}: 1 rule not checked",
    "rules not checked": "plan {plans}: rules not checked",
    "plans": "plan {plans}",
    "not simulated": "plan {plans} is not simulated",
    "simulated": "plan {plans} simulated",
    "nothing to simulate": "not needed: a resection is not simulated",
    "one plan": "a second plan makes a comparison",
    "comparable": "{count} plans to compare",
    "not assessed": "plan {plans}: numbers are to be read off (Simulate menu)",
    "reading": "plan {plans}: numbers follow by themselves",
    "report ready": "ready to be written",
    "report written": "written",
    "after treatment": "after the treatment, with a second scan",
    "confirmed complete": "{scan}: complete with margin",
    "confirmed borderline": "{scan}: borderline",
    "confirmed incomplete": "{scan}: incomplete",
    "confirmed uncertain": "{scan}: uncertain",
})  # fmt: skip


def workflow(
    case: Case | None, *, reported: bool = False, checks: Mapping[str, PlanCheck] = FrozenMapping(),
    read: Collection[str] = (),
) -> tuple[WorkStep, ...]:
    """Return the steps of a case as they stand; None where no case is open.

    ``reported`` tells that a report of the case as it is was written; ``checks`` are those of plans that are known
    besides the ones the case holds, ``read`` names plans whose numbers are, or of which there are none to wait for.
    The first step that is neither done nor to be looked at is "current"; only the comparison may be left out on the
    way, and the confirmation waits for a treatment.
    """
    if case is None:
        first = WorkStep(1, NAMES[0], "current", Reason("no case"))
        return (first, *(WorkStep(n, name, "open", _follows("load")) for n, name in enumerate(NAMES[1:], start=2)))
    found = [_load(case), _check(case), _organs(case), _plan(case, checks), _simulate(case), _compare(case, read),
             _report(case, reported, read), _confirm(case)]  # fmt: skip
    steps = []
    current = False
    for number, (name, (state, reason)) in enumerate(zip(NAMES, found, strict=True), start=1):
        if state == "open" and not current and name not in ("compare", "confirm") and reason.kind != "follows":
            state, current = "current", True
        steps.append(WorkStep(number, name, state, reason))
    return tuple(steps)


Finding = tuple[str, Reason]


def _counted(kind: str, one: str, count: int, **facts: str) -> Reason:
    """Return the reason for one thing or for many."""
    return Reason(one if count == 1 else kind, FrozenMapping({"count": str(count), **facts}))


def _follows(name: str) -> Reason:
    """Return the reason of a step for which another one has to be done first."""
    return Reason("follows", FrozenMapping({"number": str(NAMES.index(name) + 1)}))


def _load(case: Case) -> Finding:
    geometry = case.volume.geometry
    slices, step = str(geometry.shape[0]), f"{geometry.spacing_mm[0]:.3g}"
    return "done", Reason("loaded", FrozenMapping({"modality": case.volume.modality, "slices": slices, "step": step}))


def _check(case: Case) -> Finding:
    warnings = len(case.volume.warnings)
    if warnings:
        return "attention", _counted("scan warnings", "one scan warning", warnings)
    return "done", Reason("scan is sound")


def _organs(case: Case) -> Finding:
    labels = case.labels.get(case.primary)
    present = [] if labels is None else [segment for segment in labels.segments if not segment.absent]
    if not present:
        return "open", Reason("no organs")
    if not any(structure.surface is not None for structure in case.anatomy.structures.values()):
        return "open", Reason("no surfaces")
    to_check = sum(segment.state == "check" for segment in present)
    if to_check:
        return "attention", _counted("structures to check", "one structure to check", to_check)
    return "done", Reason("organs are there", FrozenMapping({"count": str(len(present))}))


def _plan(case: Case, known: Mapping[str, PlanCheck]) -> Finding:
    labels = case.labels.get(case.primary)
    if not case.plans:
        if labels is None and not case.chambers:
            return "open", _follows("organs")
        return "open", Reason("no plan" if case.chambers or _has_target(labels) else "no target")
    checks = {name: check for name, check in {**known, **case.checks}.items() if name in case.plans}
    broken = {name: len(check.broken) for name, check in checks.items() if check.broken}
    if broken:
        return "attention", _counted("rules broken", "one rule broken", sum(broken.values()), plans=_listed(broken))
    heated = [name for name, plan in case.plans.items() if isinstance(plan, AblationPlan)]
    unchecked = [name for name in heated if name not in checks]
    if unchecked:
        return "attention", Reason("rules not checked", FrozenMapping({"plans": _listed(unchecked)}))
    left = {name: sum(rule.outcome == "not checked" for rule in check.rules) for name, check in checks.items()}
    left = {name: count for name, count in left.items() if count}
    if left:
        return "attention", _counted("rules open", "one rule open", sum(left.values()), plans=_listed(left))
    return "done", Reason("plans", FrozenMapping({"plans": _listed(case.plans)}))


def _simulate(case: Case) -> Finding:
    if not case.plans:
        return "open", _follows("plan")
    heated = [name for name, plan in case.plans.items() if isinstance(plan, AblationPlan | LesionPlan)]
    if not heated:
        return "done", Reason("nothing to simulate")
    left = [name for name in heated if name not in case.results and name not in case.activations]
    if left:
        return "open", Reason("not simulated", FrozenMapping({"plans": _listed(left)}))
    return "done", Reason("simulated", FrozenMapping({"plans": _listed(heated)}))


def _compare(case: Case, read: Collection[str]) -> Finding:
    if not case.plans:
        return "open", _follows("plan")
    if len(case.plans) == 1:
        return "open", Reason("one plan")
    left = [name for name in case.plans if name not in case.assessments and name not in read]
    heated = [name for name in left if isinstance(case.plans[name], AblationPlan)]
    cold = [name for name in heated if name not in case.results]
    if left:  # numbers of resections come by themselves
        kind, named = ("not simulated", cold) if cold else ("not assessed", heated) if heated else ("reading", left)
        return "open", Reason(kind, FrozenMapping({"plans": _listed(named)}))
    return "done", Reason("comparable", FrozenMapping({"count": str(len(case.plans))}))


def _report(case: Case, reported: bool, read: Collection[str]) -> Finding:
    if reported:
        return "done", Reason("report written")
    ready = any(name in case.assessments or name in read for name in case.plans)
    return "open", Reason("report ready") if ready else _follows("simulate" if case.plans else "plan")


def _confirm(case: Case) -> Finding:
    labels = case.labels.get(case.primary)
    if labels is None or not _has_target(labels):
        return "open", _follows("organs")
    if not case.confirmations:
        return "open", Reason("after treatment")
    last = tuple(case.confirmations.values())[-1]
    state = "done" if last.verdict == COMPLETE else "attention"
    return state, Reason(f"confirmed {last.verdict.split()[0]}", FrozenMapping({"scan": last.name}))


def _has_target(labels: LabelMap | None) -> bool:
    segments = () if labels is None else labels.segments
    return any(segment.name.startswith(("tumour", "lesion")) and not segment.absent for segment in segments)


def _listed(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(names)
