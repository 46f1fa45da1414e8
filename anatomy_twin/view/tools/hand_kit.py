"""What the tools for outlines share: the brush, the limits of what may be painted, and how a change becomes a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anatomy_twin.core import LabelMap, Segment, VolumeGeometry, reindex
from anatomy_twin.errors import DataError, TwinError, UsageError
from anatomy_twin.pipeline.hand_counts import VoxelCounts
from anatomy_twin.rehearsal import structure_label
from anatomy_twin.segmentation.editing.desk import EVERYWHERE, UNCLAIMED, Change
from anatomy_twin.segmentation.editing.desk import Desk as EditDesk
from anatomy_twin.segmentation.editing.region import cover, uncover
from anatomy_twin.segmentation.editing.strokes import LARGEST_RADIUS_MM, Region, Stroke
from anatomy_twin.segmentation.ground.losses import NO_ORGAN
from anatomy_twin.view.tools.hand_surfaces import Surfaces
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

SMALLEST_RADIUS_MM: Final = 0.5
STEP: Final = 1.2  # a brush grows by so much at a time
PLACES: Final = (EVERYWHERE, UNCLAIMED)  # besides: the name of a segment


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be painted. ``place`` "everywhere", "unclaimed" or the segment to stay inside of; ``keep_others``:
    no other segment gives way; ``hu`` the range of values that count while ``by_hu``.
    """

    place: str = EVERYWHERE
    keep_others: bool = False
    by_hu: bool = False
    hu: tuple[float, float] = (50.0, 200.0)


class Hand:
    """The hand of one open case: brush, limits, and the way of a change into the case.

    ``start`` runs a function in another process (``Jobs.start``), ``stop`` ends what it began, ``warm`` has that
    process ready ahead of the first piece of work.
    """

    def __init__(
        self, desk: Desk, start: Callable[..., Any], stop: Callable[[Any], object] | None = None,
        warm: Callable[[], object] = lambda: None,
    ) -> None:
        self.desk, self.start, self.stop, self.warm = desk, start, stop, warm
        self.radius_mm, self.ball = 6.0, False
        self.limits = Limits()
        self.numbers: dict[str, float] = {"margin_mm": 2.0, "sigma_mm": 1.5, "shell_mm": 2.0, "min_ml": 0.1}
        self.grower = "grow"
        self.last_told: tuple[str, ...] = ()
        self._work: tuple[str, Any] = ("", None)  # title of the work that was begun last, and its job
        self.counts = VoxelCounts()
        self.counts.begin(desk.session)
        self.surfaces = Surfaces(self)
        self.changed: list[Callable[[], None]] = []
        self.counted: list[Callable[[], None]] = []  # called once all voxels were counted
        self._copy: Any = None
        desk.case_changed.connect(self._case_changed)

    # what is worked on

    @property
    def labels(self) -> LabelMap | None:
        """The label map that is edited; None for a case without one."""
        case = self.desk.case
        return case.labels.get(case.primary)

    @property
    def segment(self) -> Segment | None:
        """The segment that is worked on."""
        labels = self.labels
        known = {s.name: s for s in labels.segments} if labels is not None else {}
        return known.get(self.desk.active)

    @property
    def upright(self) -> VolumeGeometry:
        """The grid of the labels on upright axes."""
        assert self.labels is not None
        geometry = self.labels.geometry
        return geometry.reindexed(*geometry.canonical_axes())

    @property
    def colour(self) -> tuple[int, int, int]:
        """The colour in which the segment is drawn."""
        looks = {look.name: look.colour for look in self.desk.scene.looks}
        segment = self.segment
        return looks.get(self.desk.active) or (segment.colour if segment is not None else (255, 255, 255))

    def ready(self, *, filled: bool = False) -> bool:
        """Tell whether there is a segment to work on (``filled``: with voxels); say in words what is missing."""
        if self.labels is None:
            self.desk.tell(tr("the scan has no labels yet; find the organs first"), "warning")
        elif self.segment is None:
            self.desk.tell(tr("no segment is chosen; choose one in the list, or make a new one"), "warning")
        elif filled and self.segment.absent:
            self.desk.tell(tr("{name} has no voxels yet; paint it first").format(name=self.called), "warning")
        else:
            return True
        return False

    @property
    def called(self) -> str:
        """What the segment is called for people."""
        return structure_label(self.desk.active) if self.desk.active else ""

    @property
    def session_edited(self) -> bool:
        """True where any outline was edited since the case was opened."""
        return any(entry.step is not None for entry in self.desk.session.history.done)

    def prepare_for(self, seconds: float) -> bool:
        """Copy the voxels for so long, ahead of the first stroke, which needs a copy of its own; True once done."""
        labels, session = self.labels, self.desk.session
        if labels is None or self.session_edited or session.ahead[0] is labels.array:
            self._copy = None
            return True
        if self._copy is None or self._copy[0] is not labels.array:
            self._copy = (labels.array, np.empty_like(labels.array), 0)
        source, copy, done = self._copy
        flat, into, until = source.reshape(-1, *source.shape[2:]), copy.reshape(-1, *source.shape[2:]), 0
        end = time.perf_counter() + seconds
        while done < len(flat) and (not until or time.perf_counter() < end):
            until = min(done + 4, len(flat))
            into[done:until] = flat[done:until]
            done = until
        self._copy = (source, copy, done)
        if done == len(flat):
            session.ahead, self._copy = (source, copy), None
        return self._copy is None

    # brush and limits

    def resize(self, steps: float) -> None:
        """Make the brush larger (or smaller, by negative steps)."""
        self.set_radius(self.radius_mm * STEP**steps)

    def set_radius(self, radius_mm: float) -> None:
        """Give the brush a radius in mm, within what is of use."""
        self.radius_mm = min(max(float(radius_mm), SMALLEST_RADIUS_MM), LARGEST_RADIUS_MM)
        self.tell_all()

    def set_ball(self, ball: bool) -> None:
        """Paint with a ball, or with a disc on the slice."""
        self.ball = ball
        self.tell_all()

    def limit(self, **changes: Any) -> None:
        """Change what may be painted (fields of ``Limits``)."""
        self.limits = replace(self.limits, **changes)
        self.tell_all()

    def set_number(self, name: str, value: float) -> None:
        """Set a number of a verb ("margin_mm", "sigma_mm", "shell_mm", "min_ml")."""
        self.numbers[name] = float(value)
        self.tell_all()

    @property
    def rules(self) -> dict[str, Any]:
        """The limits as the keyword arguments that verbs take."""
        over: Any = self.limits.place
        labels = self.labels
        if over not in PLACES and (labels is None or over not in labels or over == self.desk.active):
            over = EVERYWHERE
        found: dict[str, Any] = {"over": over}
        if self.limits.keep_others and labels is not None:
            found["keep"] = self._others(labels)
        return found

    def _others(self, labels: LabelMap) -> tuple[str, ...]:
        """Return the segments that must not give way: all of the same layer but fat, muscle and what is unknown."""
        own = EditDesk(labels, self.desk.active, create=True).segment
        spared = {*NO_ORGAN, own.name, own.part_of}
        return tuple(s.name for s in labels.segments if not s.absent and s.layer == own.layer and s.name not in spared)

    @property
    def hu(self) -> dict[str, Any]:
        """The range of values as the keyword arguments that verbs take; {} for none."""
        return {"volume": self.desk.case.volume, "hu": self.limits.hu} if self.limits.by_hu else {}

    def tell_all(self) -> None:
        """Let everybody draw what is set now."""
        for listener in tuple(self.changed):
            listener()
        self.desk.drawing_changed.emit()

    # changes

    def put(self, region: Region, *, erase: bool, verb: str) -> bool:
        """Add a region to the segment, or take it away, as one step; True where anything changed."""
        labels, name = self.labels, self.desk.active
        if labels is None:
            return False

        def change() -> Change:
            if erase:
                return uncover.change(labels, name, region, verb=verb, **self.hu)
            return cover.change(labels, name, region, verb=verb, create=True, **self.hu, **self.rules)

        return self.do(change, tr("{verb}: nothing changes here").format(verb=verb))

    def do(self, make: Callable[[], Change], nothing: str = "") -> bool:
        """Make a change and put it into the case as one step; refusals and emptiness are told in words."""
        try:
            change = make()
            if change.empty:
                self.desk.tell(nothing or tr("nothing changes"), "warning")
                return False
            before = self.desk.case
            self.desk.session.do_labels(change)
        except TwinError as error:
            self.desk.tell(str(error), "error")
            return False
        self.last_told = change.told
        self.desk.tell("; ".join((change.name.replace("_", " "), *change.told[:3])))
        gone = ", ".join(name for name in before.results if name not in self.desk.case.results)
        if gone:
            form = tr("the outlines changed where plan {plans} was simulated: simulate it again, or undo the change")
            self.desk.tell(form.format(plans=gone), "warning")
        self.tell_all()
        return True

    def work(self, title: str, function: str, *args: Any, then: Callable[[Change], None] | None = None,
             dropped: Callable[[], None] | None = None) -> Any:  # fmt: skip
        """Compute a change of the labels in another process; ``then`` takes it, by default as a step of the case.

        What comes back after the labels were changed is out of date: it is told so and not taken. ``args`` follow the
        labels. ``dropped`` is called where no answer is taken.
        """
        labels = self.labels
        def take(change: Change) -> None:
            if then is not None:
                then(change)
            else:
                self.do(lambda: change)

        def done(change: Change) -> None:
            self._work = ("", None)
            if self.labels is not labels:
                form = tr("{title}: the labels changed meanwhile: the answer is out of date and was not taken")
                self.desk.tell(form.format(title=title), "warning")
                failed()
                return
            take(change)
            self.tell_all()

        def failed(error: TwinError | None = None) -> None:
            self._work = ("", None)
            if dropped is not None:
                dropped()
            self.tell_all()

        job = self.start(title, function, labels, *args, done=done, failed=failed, short=True)
        self._work = (title, job)
        self.tell_all()
        return job

    @property
    def working(self) -> str:
        """Title of the work that runs; "" for none. A person may have stopped it, of which nobody is told."""
        title, job = self._work
        return title if job is not None and not job.over else ""

    def _case_changed(self, fields: frozenset[str]) -> None:
        if "labels" in fields:
            self.counts.follow(self.desk.session)
            if self.segment is None and self.desk.active:
                self.desk.set_active("")
            for listener in tuple(self.changed):
                listener()


def hand_of(window: RehearsalWindow) -> Hand:
    """Return the hand of the case that a window shows."""
    desk = window.desk
    if desk is None:
        raise UsageError("no case is open", advice="open one first")
    if "hand" not in desk.kits:
        desk.kits["hand"] = Hand(desk, partial(window.jobs.start, kept=True), window.jobs.cancel, window.jobs.warm)
    hand: Hand = desk.kits["hand"]
    return hand


def median_hu(hand: Hand, point_mm: Any, radius_mm: float = 3.0) -> tuple[float, float]:
    """Return the middle and the spread of the values within a few mm of a point; ``DataError`` off the scan."""
    volume = hand.desk.case.volume
    axes = volume.geometry.canonical_axes()
    found = Stroke(volume.geometry.reindexed(*axes), radius_mm).extend(point_mm)
    if found is None:
        raise DataError("the point lies outside the scan", advice="click on the scan")
    values = reindex(volume.array, *axes)[found.box][found.mask].astype(np.float64)
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 5.0)
