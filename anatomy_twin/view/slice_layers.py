"""What a plan tints on slices: its margin, its simulated zone, the zone that follows the hand; kept meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import AblationPlan, LabelMap
from anatomy_twin.kernels.slice_sample import box_of
from anatomy_twin.rehearsal import FieldSeries, Tint, structure_colour
from anatomy_twin.rehearsal.build import zone_label
from anatomy_twin.rehearsal.oblique import body_corners
from anatomy_twin.rehearsal.plan_layers import rim_of
from anatomy_twin.rehearsal.presets import WindowPreset, window_presets
from anatomy_twin.rehearsal.robust_field import FAILING

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

ZONE_FILL = 0.22
ICE_FILL = 0.12
PREVIEW_FILL = 0.08  # the tumour in it is to be seen
DEAD = 1.0  # the damage integral from which on tissue counts as coagulated


class SliceLayers:
    """The tints of a desk's plan; what costs time is made anew only where labels, target or margin changed."""

    def __init__(self) -> None:
        self._body: tuple[Any, Any] = (None, None)
        self._presets: tuple[Any, tuple[WindowPreset, ...]] = (None, ())
        self._rim: tuple[tuple[Any, ...], tuple[Tint, ...]] = ((), ())

    def tints(self, desk: Desk) -> tuple[Tint, ...]:
        """Return what is to be tinted now, the lowest first."""
        margin = () if self._aside(desk) else self._margin(desk)
        return (*self._zone(desk), *self._following(desk), *margin)

    def body(self, desk: Desk) -> NDArray[np.float64]:
        """Return the corners (8, 3) of the part of the scan that a view shows at first."""
        volume = desk.scene.volume
        if self._body[0] is not volume.array:
            self._body = (volume.array, body_corners(volume))
        return np.asarray(self._body[1])

    def damage(self, desk: Desk) -> FieldSeries | None:
        """Return the simulated damage of the plan as it is shown; None where it was not simulated or was moved."""
        return None if self._aside(desk) else desk.field("damage")

    def following(self, desk: Desk) -> bool:
        """True where the zone of the live preview is shown."""
        return desk.live_is_current and desk.live is not None and desk.live.level is not None

    def presets(self, desk: Desk) -> tuple[WindowPreset, ...]:
        """Return the grey windows that suit the scan."""
        volume = desk.scene.volume
        if self._presets[0] is not volume.array:
            self._presets = (volume.array, window_presets(volume))
        return self._presets[1]

    def _aside(self, desk: Desk) -> bool:
        """True where nothing of the plan is drawn; what the hand moves always is."""
        return desk.plan_aside and desk.moving is None

    def _zone(self, desk: Desk) -> tuple[Tint, ...]:
        damage = self.damage(desk)
        if damage is None or self.following(desk):
            return ()
        below = desk.field("temperature")
        wanted = [("ice", below, 0.0, ICE_FILL)] if below is not None and below.cold else []
        fill = 0.0 if desk.field_shown == FAILING else ZONE_FILL
        return tuple(
            Tint(name, zone_label(name, series.cold), series.values[desk.snapshot], series.geometry,
                 _colour(desk, name), level, strength)
            for name, series, level, strength in (*wanted, ("zone", damage, DEAD, fill)) if _shown(desk, name)
        )  # fmt: skip

    def _following(self, desk: Desk) -> tuple[Tint, ...]:
        live = desk.live
        if live is None or live.level is None or live.geometry is None or not desk.live_is_current:
            return ()
        level = live.level.view()
        level.flags.writeable = False
        return (Tint("preview", "Zone (preview)", level, live.geometry, _colour(desk, "zone"), 1.0, PREVIEW_FILL,
                     dashed=True, line=1.7, striking=True),)  # fmt: skip

    def _margin(self, desk: Desk) -> tuple[Tint, ...]:
        plan, labels = desk.plan, desk.case.labels.get(desk.case.primary)
        if not isinstance(plan, AblationPlan) or labels is None or not _shown(desk, "rim"):
            return ()
        colour = _colour(desk, "rim")
        key = (labels, plan.target, plan.margin_mm, colour)
        if len(self._rim[0]) != 4 or self._rim[0][0] is not labels or self._rim[0][1:] != key[1:]:
            rims = rim_of(_part_round(labels, plan.target, plan.margin_mm), plan, colour)
            self._rim = (key, tuple(
                Tint("rim", rim.label, rim.mask, rim.geometry, rim.colour, fill=0.0, dashed=True) for rim in rims
            ))  # fmt: skip
        return self._rim[1]


def _shown(desk: Desk, name: str) -> bool:
    return desk.case.display.layer(name).visible is not False


def _colour(desk: Desk, name: str) -> tuple[int, int, int]:
    own = desk.case.display.layer(name).colour
    return own or structure_colour(name, desk.case.display.palette or "default", (240, 240, 240))


def _part_round(labels: LabelMap, name: str, margin_mm: float) -> LabelMap | None:
    """Return the labels round a segment, so that its margin costs what the segment is large, not the scan."""
    if name not in labels:
        return None
    segment = labels.segment(name)
    boxes = [box_of(labels.array[part.layer], part.value) for part in (segment, *labels.parts(name))]
    found = np.array([box for box in boxes if box.any()])
    if not found.size:
        return None
    reach = np.ceil(margin_mm / np.asarray(labels.geometry.spacing_mm)).astype(int) + 2
    low = np.maximum(found[:, :, 0].min(axis=0) - reach, 0)
    high = np.minimum(found[:, :, 1].max(axis=0) + reach, labels.geometry.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    part = np.ascontiguousarray(labels.array[(slice(None), *box)])
    start, shape = (int(low[0]), int(low[1]), int(low[2])), (part.shape[1], part.shape[2], part.shape[3])
    return LabelMap(part, labels.geometry.cropped(start, shape), labels.segments)
