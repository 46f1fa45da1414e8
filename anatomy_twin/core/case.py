"""The twin of one patient: everything that is known, intended and computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anatomy_twin.core.anatomy import Anatomy
from anatomy_twin.core.assessment import Assessment, PlanCheck
from anatomy_twin.core.confirmation import Confirmation
from anatomy_twin.core.display import Display
from anatomy_twin.core.frozen import FrozenMapping, Value
from anatomy_twin.core.heart import Chamber, Myocardium
from anatomy_twin.core.induction import Induction, LesionSearch
from anatomy_twin.core.labels import LabelMap
from anatomy_twin.core.measurements import Measurement
from anatomy_twin.core.plans import Plan
from anatomy_twin.core.results import ElectroResult, Result
from anatomy_twin.core.robustness import Robustness
from anatomy_twin.core.transform import Transform
from anatomy_twin.core.volume import Volume
from anatomy_twin.errors import DataError
from anatomy_twin.units import check_range

_TABLES = (
    "volumes", "labels", "transforms", "plans", "checks", "results", "robustness", "assessments", "confirmations",
    "measurements", "chambers", "muscles", "activations", "inductions", "lesion_searches", "timings_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the case is about, by pseudonym only."""

    pseudonym: str = "patient"
    height_cm: float | None = None
    weight_kg: float | None = None

    def __post_init__(self) -> None:
        name = self.pseudonym
        if not isinstance(name, str) or not name.strip() or len(name) > 80 or not name.isprintable():
            raise DataError("the pseudonym is empty, too long or not printable", advice="give a short name")
        if self.height_cm is not None:
            object.__setattr__(self, "height_cm", check_range("height_cm", self.height_cm, 30, 250))
        if self.weight_kg is not None:
            object.__setattr__(self, "weight_kg", check_range("weight_kg", self.weight_kg, 1, 400))


@dataclass(frozen=True, slots=True)
class Step:
    """One line of provenance: what was done, with which settings (text), reproducible."""

    stage: str
    facts: Mapping[str, str] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", FrozenMapping(self.facts))


@dataclass(frozen=True, eq=False)
class Case:
    """All of a twin as one frozen object; the ``with_`` methods return new ones.

    ``timings_s`` (stage -> seconds) differs from run to run and is kept apart from ``provenance``.
    """

    volumes: Mapping[str, Volume]
    labels: Mapping[str, LabelMap]
    primary: str
    anatomy: Anatomy
    patient: Patient = field(default_factory=Patient)
    transforms: Mapping[tuple[str, str], Transform] = field(default_factory=FrozenMapping)
    plans: Mapping[str, Plan] = field(default_factory=FrozenMapping)
    checks: Mapping[str, PlanCheck] = field(default_factory=FrozenMapping)
    results: Mapping[str, Result] = field(default_factory=FrozenMapping)
    robustness: Mapping[str, Robustness] = field(default_factory=FrozenMapping)
    assessments: Mapping[str, Assessment] = field(default_factory=FrozenMapping)
    confirmations: Mapping[str, Confirmation] = field(default_factory=FrozenMapping)
    measurements: Mapping[str, Measurement] = field(default_factory=FrozenMapping)
    chambers: Mapping[str, Chamber] = field(default_factory=FrozenMapping)
    muscles: Mapping[str, Myocardium] = field(default_factory=FrozenMapping)
    activations: Mapping[str, ElectroResult] = field(default_factory=FrozenMapping)
    inductions: Mapping[str, Induction] = field(default_factory=FrozenMapping)
    lesion_searches: Mapping[str, LesionSearch] = field(default_factory=FrozenMapping)
    display: Display = field(default_factory=Display)
    provenance: tuple[Step, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        for name in _TABLES:
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))
        object.__setattr__(self, "provenance", tuple(self.provenance))
        if self.primary not in self.volumes:
            raise DataError(f"the primary volume {self.primary!r} is not in the case")
        for name, labels in self.labels.items():
            if name in self.volumes and not labels.geometry.is_close(self.volumes[name].geometry, 0.01):
                raise DataError(f"volume and labels {name!r} are not on the same grid")

    @classmethod
    def new(
        cls, *, volume: Volume, labels: LabelMap | None = None, anatomy: Anatomy | None = None,
        patient: Patient | None = None, name: str = "scan", provenance: tuple[Step, ...] = (),
    ) -> Case:
        """Return a case of one volume; labels and anatomy may follow later."""
        return cls(
            volumes={name: volume}, labels={} if labels is None else {name: labels}, primary=name,
            anatomy=anatomy or Anatomy({}), patient=patient or Patient(), provenance=provenance,
        )

    @property
    def volume(self) -> Volume:
        """The primary volume."""
        return self.volumes[self.primary]

    @property
    def label_map(self) -> LabelMap:
        """The label map of the primary volume; ``DataError`` if it was not segmented yet."""
        if self.primary not in self.labels:
            raise DataError("the case has no segmentation yet", advice="segment it first")
        return self.labels[self.primary]

    @property
    def synthetic(self) -> bool:
        """True when any volume of the case is of a generated patient."""
        return any(volume.synthetic for volume in self.volumes.values())

    def plan(self, name: str) -> Plan:
        """Return the plan called ``name``; ``DataError`` if there is none."""
        if name not in self.plans:
            known = ", ".join(self.plans) or "none"
            raise DataError(f"no plan is called {name!r}", advice=f"the case has {known}")
        return self.plans[name]

    def with_labels(self, labels: LabelMap, anatomy: Anatomy) -> Case:
        """Return the case with a segmentation and anatomy of its primary volume.

        Plans stay; where the segmentation is another one, what was read off the old one (checks, results,
        assessments) is dropped, and confirmations with the scans that they brought.
        """
        case = replace(self, labels=FrozenMapping({**self.labels, self.primary: labels}), anatomy=anatomy)
        if labels is self.labels.get(self.primary):
            return case
        for name in self.confirmations:
            case = case.without_confirmation(name)
        none: FrozenMapping[str, Any] = FrozenMapping()
        return replace(
            case, checks=none, results=none, robustness=none, assessments=none, chambers=none, muscles=none,
            activations=none, inductions=none, lesion_searches=none,
        )

    def with_plan(self, plan: Plan, check: PlanCheck | None = None) -> Case:
        """Return the case with ``plan`` added or replaced; what an older plan of that name led to is dropped."""
        gone = "" if self.plans.get(plan.name) == plan else plan.name
        checks = _without(self.checks, gone)
        return replace(
            self,
            plans=FrozenMapping({**self.plans, plan.name: plan}),
            checks=checks if check is None else FrozenMapping({**checks, plan.name: check}),
            results=_without(self.results, gone), robustness=_without(self.robustness, gone),
            inductions=_without(self.inductions, gone) if gone else self.inductions,
            activations=_without(self.activations, gone), lesion_searches=_without(self.lesion_searches, gone),
            assessments=_without(self.assessments, gone) if gone else self.assessments,
        )

    def with_result(self, result: Result | ElectroResult) -> Case:
        """Return the case with the result of one of its plans, and without what was read off an older result.

        What a plan does to the heart's activation is kept in ``activations``. Raises ``DataError`` if the plan is not
        in the case.
        """
        self.plan(result.plan_name)
        if isinstance(result, ElectroResult):
            same = self.activations.get(result.plan_name) is result
            return replace(
                self, activations=FrozenMapping({**self.activations, result.plan_name: result}),
                assessments=self.assessments if same else _without(self.assessments, result.plan_name),
            )
        same = self.results.get(result.plan_name) is result
        return replace(
            self,
            results=FrozenMapping({**self.results, result.plan_name: result}),
            assessments=self.assessments if same else _without(self.assessments, result.plan_name),
        )

    def with_robustness(self, robustness: Robustness) -> Case:
        """Return the case with how robust one of its plans is; ``DataError`` if the plan is not in the case."""
        self.plan(robustness.plan_name)
        return replace(self, robustness=FrozenMapping({**self.robustness, robustness.plan_name: robustness}))

    def with_chamber(self, chamber: Chamber | Myocardium) -> Case:
        """Return the case with a chamber (or the muscle of ventricles) added or replaced.

        Where it is another one than before, what was read off the old one is dropped.
        """
        old = self.chambers.get(chamber.name) or self.muscles.get(chamber.name)
        if isinstance(chamber, Chamber):
            case = replace(self, chambers=FrozenMapping({**self.chambers, chamber.name: chamber}),
                           muscles=_without(self.muscles, chamber.name))
        else:
            case = replace(self, muscles=FrozenMapping({**self.muscles, chamber.name: chamber}),
                           chambers=_without(self.chambers, chamber.name))
        if old is None or old is chamber:
            return case
        gone = {name for name, plan in self.plans.items() if getattr(plan, "chamber", None) == chamber.name}
        return replace(
            case, checks=_without(self.checks, *gone), activations=_without(self.activations, *gone),
            assessments=_without(self.assessments, *gone),
            inductions=_where(self.inductions, lambda one: one.chamber != chamber.name),
            lesion_searches=_where(self.lesion_searches, lambda one: one.chamber != chamber.name),
        )

    def chamber(self, name: str) -> Chamber | Myocardium:
        """Return the chamber or muscle called ``name``; ``DataError`` if there is none."""
        found = self.chambers.get(name) or self.muscles.get(name)
        if found is None:
            known = ", ".join([*self.chambers, *self.muscles]) or "none"
            raise DataError(f"no heart chamber is called {name!r}", advice=f"the case has {known}")
        return found

    def with_induction(self, induction: Induction) -> Case:
        """Return the case with what pacing did (key "" without a plan); ``DataError`` if its plan is not there."""
        if induction.plan_name:
            self.plan(induction.plan_name)
        return replace(self, inductions=FrozenMapping({**self.inductions, induction.plan_name: induction}))

    def with_lesion_search(self, search: LesionSearch) -> Case:
        """Return the case with the rounds that led to one of its plans; ``DataError`` if the plan is not there."""
        self.plan(search.plan_name)
        return replace(self, lesion_searches=FrozenMapping({**self.lesion_searches, search.plan_name: search}))

    def with_assessment(self, assessment: Assessment) -> Case:
        """Return the case with an assessment added or replaced (key "" for the anatomy alone)."""
        return replace(self, assessments=FrozenMapping({**self.assessments, assessment.plan_name: assessment}))

    def with_confirmation(self, confirmation: Confirmation) -> Case:
        """Return the case with a confirmation added or replaced: its scan, labels and transform come along."""
        name = confirmation.name
        if name == self.primary or (name in self.volumes and name not in self.confirmations):
            raise DataError(f"the case has a scan called {name!r}", advice="choose another name for the scan after")
        return replace(
            self, volumes=FrozenMapping({**self.volumes, name: confirmation.volume}),
            labels=FrozenMapping({**self.labels, name: confirmation.labels}),
            transforms=FrozenMapping({**self.transforms, (self.primary, name): confirmation.transform}),
            confirmations=FrozenMapping({**self.confirmations, name: confirmation}),
        )

    def without_confirmation(self, name: str) -> Case:
        """Return the case without a confirmation and its scan; ``DataError`` if there is none of that name."""
        if name not in self.confirmations:
            raise DataError(f"no confirmation is called {name!r}")
        return replace(
            self, volumes=_without(self.volumes, name), labels=_without(self.labels, name),
            transforms=FrozenMapping({ends: one for ends, one in self.transforms.items() if name not in ends}),
            confirmations=_without(self.confirmations, name),
        )

    def without_plan(self, name: str) -> Case:
        """Return the case without a plan and all that it led to; ``DataError`` if there is none of that name."""
        self.plan(name)
        return replace(
            self, plans=_without(self.plans, name), checks=_without(self.checks, name),
            results=_without(self.results, name), robustness=_without(self.robustness, name),
            activations=_without(self.activations, name), inductions=_without(self.inductions, name),
            lesion_searches=_without(self.lesion_searches, name),
            assessments=_without(self.assessments, name),
        )

    def with_measurement(self, measurement: Measurement) -> Case:
        """Return the case with a measurement added or replaced."""
        return replace(self, measurements=FrozenMapping({**self.measurements, measurement.name: measurement}))

    def without_measurement(self, name: str) -> Case:
        """Return the case without a measurement; ``DataError`` if there is none of that name."""
        if name not in self.measurements:
            raise DataError(f"no measurement is called {name!r}")
        return replace(self, measurements=_without(self.measurements, name))

    def with_step(self, stage: str, facts: Mapping[str, str], seconds: float | None = None) -> Case:
        """Return the case with one more line of provenance and, apart from it, the time it took."""
        timings = self.timings_s if seconds is None else {**self.timings_s, stage: seconds}
        return replace(self, provenance=(*self.provenance, Step(stage, facts)), timings_s=FrozenMapping(timings))


def _without(items: Mapping[str, Value], *keys: str) -> FrozenMapping[str, Value]:
    return FrozenMapping({name: value for name, value in items.items() if name not in keys})


def _where(items: Mapping[str, Value], keep: Callable[[Value], bool]) -> FrozenMapping[str, Value]:
    return FrozenMapping({name: value for name, value in items.items() if keep(value)})
