"""Which surfaces are older than their outlines, and how they are made anew beside the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from anatomy_twin.catalog import SLICES_ONLY
from anatomy_twin.core import LabelMap, Structure, is_foreign
from anatomy_twin.rehearsal import structure_label

if TYPE_CHECKING:
    from anatomy_twin.view.tools.hand_kit import Hand

REMADE: Final = "anatomy_twin.pipeline.hand_surfaces:remade"
QUICK_TRIANGLES: Final = 60_000  # about four seconds on one core; larger ones are made when they are asked for
MOST_AT_ONCE: Final = 8
NEVER: Final = ("skin", *SLICES_ONLY)


class Surfaces:
    """Keeps surfaces with their outlines. A surface is derived, so that making it is no step that could be undone."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.automatic = True
        self.failed: set[str] = set()
        self._made: dict[str, tuple[Any, int]] = {}  # the surface, and the mark of the voxels that it was made of
        self._epoch = hand.counts.epoch
        self._job: Any = None

    def stale(self) -> tuple[str, ...]:
        """Return the segments whose surface is older than their outline, or is missing beside others that are not."""
        labels, structures = self.hand.labels, self.hand.desk.case.anatomy.structures
        if labels is None or not any(s.surface is not None for s in structures.values()):
            return ()
        if self._epoch != self.hand.counts.epoch:
            self._epoch, self._made = self.hand.counts.epoch, {}
        return tuple(s.name for s in labels.segments if not s.absent and self._is_stale(labels, s.name))

    def _is_stale(self, labels: LabelMap, name: str) -> bool:
        structure = self.hand.desk.case.anatomy.structures.get(name)
        if name in NEVER:
            return False
        if structure is None or structure.surface is None:
            return structure is None or structure.volume_ml == 0
        mark = self.hand.counts.mark(labels, name)
        surface, of = self._made.get(name, (None, 0))
        return mark != (of if surface is structure.surface else 0)

    def follow(self) -> None:
        """After a step: drop the surfaces of segments that are gone, and begin to make those anew that changed."""
        labels, case = self.hand.labels, self.hand.desk.case
        if labels is None:
            return
        known = {s.name: s for s in labels.segments}
        structures: dict[str, Structure] = {}
        for name, structure in case.anatomy.structures.items():
            segment = known.get(name)
            if segment is None and not is_foreign(structure):
                continue
            if segment is not None and segment.absent and structure.surface is not None:
                structure = replace(structure, surface=None, certificate=None, coarse=None, volume_ml=0.0)
            if segment is not None and structure.state != segment.state:
                structure = replace(structure, state=segment.state, note=segment.note)
            structures[name] = structure
        if list(structures) != list(case.anatomy.structures) or any(
            s is not case.anatomy.structures[name] for name, s in structures.items()
        ):
            self.hand.desk.session.derive(anatomy=replace(case.anatomy, structures=structures))
        if self.automatic:
            self.make(quick=True)

    def make(self, *, quick: bool = False) -> bool:
        """Make the surfaces anew that are out of date (``quick``: small ones only); True where work began."""
        labels = self.hand.labels
        names = [name for name in self.stale() if not quick or (self._is_quick(name) and name not in self.failed)]
        names = names[:MOST_AT_ONCE] if quick else names
        if labels is None or not names or (self._job is not None and not self._job.over):
            return False
        marks = {name: self.hand.counts.mark(labels, name) for name in names}
        epoch = self.hand.counts.epoch
        called = ", ".join(structure_label(name) for name in names[:3]) + (" ..." if len(names) > 3 else "")

        def done(made: Mapping[str, Structure]) -> None:
            self._job = None
            self._take(made, marks, epoch)

        def failed(error: Any) -> None:
            self._job = None
            self.failed |= set(names)
            self.hand.tell_all()

        self._job = self.hand.start(f"Surface of {called}", REMADE, labels, self.hand.desk.case.volume, tuple(names),
                                    done=done, failed=failed, short=True)  # fmt: skip
        return True

    def _take(self, made: Mapping[str, Structure], marks: Mapping[str, int], epoch: int) -> None:
        """Take over what fits the outlines as they are now; what does not is made again."""
        labels, hand = self.hand.labels, self.hand
        if labels is not None and hand.counts.epoch == epoch:
            fits = {name: s for name, s in made.items() if hand.counts.mark(labels, name) == marks[name]}
            for name, structure in fits.items():
                self._made[name] = (structure.surface, marks[name])
            self.failed -= set(fits)
            if fits:
                from anatomy_twin.pipeline.hand_surfaces import with_structures  # loads what makes surfaces

                hand.desk.session.derive(anatomy=with_structures(hand.desk.case, fits))
        if self.automatic:
            self.make(quick=True)
        hand.tell_all()

    def _is_quick(self, name: str) -> bool:
        structure = self.hand.desk.case.anatomy.structures.get(name)
        surface = None if structure is None else structure.surface
        return surface is None or len(surface.triangles) <= QUICK_TRIANGLES
