"""What the library keeps of a case: enough to find it again, nothing that names a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anatomy_twin.core import AblationPlan, Case, FrozenMapping, ResectionPlan
from anatomy_twin.store.manifest import stamp_of
from anatomy_twin.store.recent import case_title

# facts of a scan that the library keeps: how it was taken, never when, where or of whom
FACTS: Final = ("slices", "slice thickness", "geometry", "phase", "tube voltage", "kernel", "patient position")
TARGETS: Final = ("tumour", "lesion")
MARGINS: Final = ("minimal_margin_mm",)
REMNANT: Final = "remnant_percent"


@dataclass(frozen=True, slots=True)
class CaseCard:
    """One case as the library knows it.

    ``place`` is its folder or zip, ``stamp`` tells whether it changed since it was read, ``organs`` and ``targets``
    are segment names, ``states`` counts segments by their state, ``plans`` maps the name of each plan to what it is
    ("ablation, simulated"). ``remnant_percent`` and ``margin_mm`` are the least over all plans, None where no plan
    has one. ``added`` and ``changed`` are UTC times (ISO 8601): when it was put into the library, and when the case
    itself was written last. ``thumbnail`` is a PNG, or b"".
    """

    place: Path
    stamp: str
    pseudonym: str
    modality: str
    facts: Mapping[str, str] = field(default_factory=FrozenMapping)
    organs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    states: Mapping[str, int] = field(default_factory=FrozenMapping)
    plans: Mapping[str, str] = field(default_factory=FrozenMapping)
    remnant_percent: float | None = None
    margin_mm: float | None = None
    synthetic: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    added: str = ""
    changed: str = ""
    missing: bool = False
    thumbnail: bytes = field(default=b"", repr=False)

    @property
    def title(self) -> str:
        """The name of the folder or file without its suffixes."""
        return case_title(self.place)

    @property
    def words(self) -> str:
        """All that a search looks in, in small letters."""
        parts = (
            self.title, self.pseudonym, self.modality, *self.facts.values(), *self.organs, *self.targets,
            *self.plans, *self.plans.values(), *self.tags, self.note, "synthetic" if self.synthetic else "",
        )
        return " ".join(part.replace("_", " ") for part in parts if part).casefold()


def card_of(case: Case, place: str | Path, *, thumbnail: bytes = b"") -> CaseCard:
    """Return the card of a case that lies at ``place``."""
    labels = case.labels.get(case.primary)
    segments = () if labels is None else tuple(one for one in labels.segments if not one.absent)
    states: dict[str, int] = {}
    for segment in segments:
        states[segment.state] = states.get(segment.state, 0) + 1
    targets = tuple(one.name for one in segments if one.name.startswith(TARGETS) and "candidate" not in one.name)
    numbers = [(one.name, one.value) for text in case.assessments.values() if text.plan_name
               for one in text.quantities if one.value is not None]  # fmt: skip
    remnants = [value for name, value in numbers if name == REMNANT]
    margins = [value for name, value in numbers
               if name in MARGINS or (name.startswith("margin_") and name.endswith("_mm"))]  # fmt: skip
    where = Path(place).absolute()
    return CaseCard(
        where, stamp_of(where), case.patient.pseudonym, case.volume.modality,
        FrozenMapping({key: value for key, value in case.volume.facts.items() if key in FACTS}),
        tuple(one.name for one in segments if one.name not in targets), targets, FrozenMapping(states),
        FrozenMapping({name: _plan_words(case, name) for name in case.plans}),
        min(remnants, default=None), min(margins, default=None), case.synthetic, thumbnail=thumbnail,
        changed=changed_of(where),
    )


def changed_of(place: Path) -> str:
    """Return when the case at a place was written last (UTC, ISO 8601); "" where it is not there."""
    try:
        return datetime.fromtimestamp(place.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except OSError:
        return ""


def _plan_words(case: Case, name: str) -> str:
    plan = case.plans[name]
    kind = "ablation" if isinstance(plan, AblationPlan) else "resection" if isinstance(plan, ResectionPlan) else "plan"
    return f"{kind}, simulated" if name in case.results else kind
