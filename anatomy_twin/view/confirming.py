"""The confirmation at hand: which one is seen, how both scans lie over each other, its zone in slices and 3-D."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from anatomy_twin.core import Case, Confirmation
from anatomy_twin.core.confirmation import ZONE
from anatomy_twin.rehearsal import Shape, SurfaceLayer, Tint
from anatomy_twin.rehearsal.confirmed import margin_colours, wanted_margin_mm
from anatomy_twin.rehearsal.second_scan import SecondScan
from anatomy_twin.rehearsal.slice_paint import PLAIN
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.assess.confirmed_zone import ConfirmedZone
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "confirmation"
ZONE_OPACITY: Final = 0.3
ZONE_INK: Final = (60, 214, 255)  # neither a target's nor that of the simulated zone
FAINT: Final = 0.25  # of the opacity that all else has, so that the zone is seen within the organ
NEAR_MM: Final = 45.0  # round the worst point, what the views then show
WORST_INK: Final = (255, 90, 60)
MARGIN_INK: Final = (255, 255, 255)
BEFORE, FADE, CHECKER, AFTER = "before", "fade", "checker", "after"
LOOKS: Final = (BEFORE, FADE, CHECKER, AFTER)


class Confirming(QObject):
    """One of the confirmations of a case is ``chosen``; ``on`` tells that the views show it. ``changed`` tells all."""

    changed = Signal()

    def __init__(self, window: RehearsalWindow, desk: Desk) -> None:
        super().__init__(desk)
        self._window, self._desk = window, desk
        self.chosen = _last(desk.case)
        self.on = False
        self.look, self.share = BEFORE, 0.5
        self.with_plan = False  # what was planned and simulated is seen beside
        self._zone: tuple[Confirmation, ConfirmedZone] | None = None
        self._asked: Confirmation | None = None
        self._tints: tuple[Any, tuple[Tint, ...]] = (None, ())
        desk.kits[KIT] = self
        desk.shape_sources.append(self.shapes)
        desk.tint_sources.append(self.tints)
        desk.dressers.append(self)
        desk.case_changed.connect(self._case_changed)

    @property
    def found(self) -> Confirmation | None:
        """The confirmation that is chosen."""
        return self._desk.case.confirmations.get(self.chosen)

    @property
    def shown(self) -> ConfirmedZone | None:
        """The zone that the views show."""
        found = self.found
        return self._zone[1] if self.on and self._zone is not None and self._zone[0] is found else None

    def choose(self, name: str) -> None:
        """Show a confirmation in the views."""
        if name in self._desk.case.confirmations:
            self.chosen, self.on = name, True
            self._show()

    def set_on(self, on: bool) -> None:
        """Let the views show the confirmation, or the case without it."""
        self.on = on and self.found is not None
        self._show()

    def set_look(self, look: str, share: float | None = None) -> None:
        """Show in slices the scan before, both faded or in a checkerboard, or the scan after."""
        self.look = look
        if share is not None:
            self.share = min(max(share, 0.0), 1.0)
        if look != BEFORE:
            self.on = self.found is not None
            self._desk.set_slice_style(slab=PLAIN)  # a slab of one scan and a slice of the other do not compare
        self._show()

    def set_with_plan(self, on: bool) -> None:
        """Show what was simulated beside what was reached, or not."""
        self.with_plan = on
        self._show()

    def to_worst(self) -> None:
        """Let slices cross in the worst point, and all views come near to it."""
        found = self.found
        if found is None:
            return
        self.on = True
        self._show()
        self._desk.set_focus(found.place_mm)
        if self._window.views is not None:
            pane = self._window.views.scene_pane
            pane.set_camera(pane.stage.camera.centred(found.place_mm, NEAR_MM))
            for slices in self._window.views.slice_panes.values():
                slices.approach(found.place_mm, NEAR_MM)

    def remove(self) -> bool:
        """Take the confirmation that is chosen, with its scan, out of the case, as a step that can be undone."""
        if self.found is None:
            return False
        words = tr("Confirmation {name} removed").format(name=self.chosen)
        return self._desk.do(words, self._desk.case.without_confirmation(self.chosen))

    # what the views take

    def dressed(self, layers: tuple[SurfaceLayer, ...]) -> tuple[SurfaceLayer, ...]:
        """Return the surfaces of a scene with the zone that was reached and the target that margins are of."""
        zone = self.shown
        if zone is None:
            return layers
        found = []
        for layer in layers:
            if layer.name == zone.target:
                layer = replace(layer, visible=True, opacity=1.0, surface=zone.target_surface)
            elif layer.name == "zone":
                layer = replace(layer, visible=layer.visible and not self._desk.plan_aside)
            else:
                layer = replace(layer, opacity=FAINT * layer.opacity)
            found.append(layer)
        label = tr("Ablation zone, scan {name}").format(name=zone.name)
        return (*found, SurfaceLayer(ZONE, label, zone.surface, ZONE_INK, ZONE_OPACITY, group="zone"))

    def painters(self) -> dict[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[np.uint8] | None]]:
        """Return how the target is painted by its margins."""
        zone = self.shown
        if zone is None:
            return {}

        def paint(points: NDArray[Any], normals: NDArray[Any]) -> NDArray[np.uint8]:
            colours = margin_colours(zone.margins_at(points))
            return np.column_stack([colours, np.full(len(colours), 255, np.uint8)])

        return {zone.target: paint}

    def shapes(self) -> tuple[Shape, ...]:
        """The worst point, with its margin."""
        found = self.found
        if found is None or not self.on:
            return ()
        words = tr("least margin {mm} mm").format(mm=f"{found.margin_mm:.1f}")
        place = (found.place_mm,)
        return (Shape("knob", place, WORST_INK, "worst margin", radius_px=6.0, fill=1.0),
                Shape("text", place, MARGIN_INK, "worst margin", words))

    def tints(self) -> tuple[Tint, ...]:
        """The zone that was reached, and the margin that is asked for around the target."""
        zone = self.shown
        if zone is None:
            return ()
        if self._tints[0] is not zone:
            away = -zone.away_mm
            away.flags.writeable = False
            wanted = wanted_margin_mm()
            # the surface of the target runs between voxel centres: somewhat beyond the last of its own
            reach = wanted + 0.4 * min(zone.away_grid.spacing_mm)
            self._tints = zone, (
                Tint(ZONE, tr("Ablation zone"), zone.zone, zone.zone_grid, ZONE_INK, 0.0, 0.10, line=1.3),
                Tint("margin", tr("Target and {mm} mm margin").format(mm=f"{wanted:g}"), away, zone.away_grid,
                     MARGIN_INK, -reach, 0.0, dashed=True),
            )  # fmt: skip
        return self._tints[1]

    # inside

    def _case_changed(self, fields: frozenset[str]) -> None:
        if "confirmations" not in fields:
            return
        if self.found is None:
            self.chosen = _last(self._desk.case)
            self.on = self.on and bool(self.chosen)
        self._show()

    def _show(self) -> None:
        """Bring the views to what is chosen; the zone is brought back beside the window where it is not known."""
        found = self.found
        self.on = self.on and found is not None
        self._desk.plan_aside = self.on and not self.with_plan
        self._desk.set_second(self._second())
        if self.on and found is not None and self.shown is None and self._asked is not found:
            self._ask(found)
        self._tell()

    def _second(self) -> SecondScan | None:
        found = self.found
        if not self.on or found is None or self.look == BEFORE:
            return None
        mode, share = ("checker", 0.5) if self.look == CHECKER else ("fade", 1.0 if self.look == AFTER else self.share)
        return SecondScan(found.name, found.volume, found.transform, mode, share)

    def _ask(self, found: Confirmation) -> None:
        self._asked = found

        def done(zone: ConfirmedZone) -> None:
            self._asked = None
            self._zone = found, zone
            self._tell()

        def failed(_: Exception) -> None:
            self._asked = None

        self._window.jobs.start(
            tr("Bringing the zone of {name} back").format(name=found.name),
            "anatomy_twin.assess.confirmed_zone:confirmed_zone", self._desk.session.snapshot(), found.name,
            done=done, failed=failed, reads=(f"confirmations:{found.name}",), short=True, step="confirm",
        )

    def _tell(self) -> None:
        self.changed.emit()
        self._desk.drawing_changed.emit()
        if self._window.views is not None:
            self._window.views.scene_pane.dress()


def confirming_of(desk: Desk | None) -> Confirming | None:
    """Return what shows the confirmations of a desk; None where no panel has made it."""
    return None if desk is None else desk.kits.get(KIT)


def _last(case: Case) -> str:
    return next(reversed(tuple(case.confirmations)), "")
