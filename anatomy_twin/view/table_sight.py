"""The ellipsoid of a device's table in the window: it follows the plan, beside what is simulated; its numbers too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer

from anatomy_twin.core import AblationPlan, Assessment, Quantity, TableZone
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import ABLATION, Procedure
from anatomy_twin.plan import table_zone
from anatomy_twin.rehearsal import Shape, Tint, format_number, structure_colour
from anatomy_twin.rehearsal.plan_layers import TABLE_RGB
from anatomy_twin.units import check_point
from anatomy_twin.view.spoken import spoken
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

KIT: Final = "table"
REST_MS: Final = 300
SPACING_MM: Final = 2.0
MARGIN: Final = "minimal_margin_mm"
PREVIEW: Final = "anatomy_twin.pipeline.live_thermal:preview_promised"


class TableSight(QObject):
    """What is drawn and told of the tables of the plan's devices while it is ``on``.

    Outline and wires are made of the plan as the hand holds it. The margin comes with the preview while there is one,
    else it is measured beside the window.
    """

    def __init__(self, window: RehearsalWindow, desk: Desk) -> None:
        super().__init__(desk)
        self._window, self._desk = window, desk
        self.on = False
        self.error = ""
        self.measured: Assessment | None = None
        self._zone: tuple[Any, TableZone | None] = (None, None)
        self._key: tuple[Any, ...] = ()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        desk.kits[KIT] = self
        desk.shape_sources.append(self.shapes)
        desk.tint_sources.append(self.tints)
        desk.plan_changed.connect(self._follow)
        desk.case_changed.connect(self._follow)
        desk.live_changed.connect(self._desk.drawing_changed)

    def toggle(self) -> None:
        """Show it, or take it away."""
        self.on = not self.on
        self._key = ()
        self._follow()
        self._desk.drawing_changed.emit()

    @property
    def colour(self) -> tuple[int, int, int]:
        """The colour of what is promised."""
        return structure_colour("table_zone", self._desk.case.display.palette or "default", TABLE_RGB)

    @property
    def seen(self) -> bool:
        """True while it is on, and what the plan wants is drawn, not what was reached."""
        return self.on and not (self._desk.plan_aside and self._desk.moving is None)

    @property
    def zone(self) -> TableZone | None:
        """The zone of the plan as the hand holds it; None where it is off or the tables promise nothing."""
        plan = self._desk.plan
        if not self.seen or not isinstance(plan, AblationPlan):
            return None
        if self._zone[0] is not plan:
            try:
                self._zone, self.error = (plan, table_zone(self._desk.case, plan, SPACING_MM)), ""
            except TwinError as error:
                self._zone, self.error = (plan, None), error.line
        return self._zone[1]

    def tints(self) -> tuple[Tint, ...]:
        """Its outline on slices."""
        zone = self.zone
        if zone is None:
            return ()
        label = tr("Ellipsoid of the device table")
        return (Tint("table", label, zone.depth_mm, zone.geometry, self.colour, 0.0, 0.0, line=1.7),)

    def shapes(self) -> tuple[Shape, ...]:
        """Its wires in 3-D, and words beside them."""
        zone = self.zone
        if zone is None:
            return ()
        found = [
            Shape("outline", tuple(check_point("ring", point) for point in ring), self.colour, f"table {number}.{n}",
                  width_px=1.2, only="3d")
            for number, shape in enumerate(zone.ellipsoids) for n, ring in enumerate(shape.rings_mm())
        ]  # fmt: skip
        words = self.lines()
        top = max((point for shape in found for point in shape.points_mm), key=lambda point: point[2])
        return (*found, Shape("text", (top,), self.colour, "table", words[0], only="3d")) if words else tuple(found)

    def lines(self) -> tuple[str, ...]:
        """Return the margin by table and by simulation in a line, and shorter; () where nothing is shown."""
        if not self.seen or not isinstance(self._desk.plan, AblationPlan):
            return ()
        if self.zone is None:
            return tr("Table: {why}").format(why=spoken(self.error)), tr("Table: no zone")
        promised, given, preview = self.margins()
        table = _shown(promised)
        how = tr("preview {margin}") if preview else tr("simulated {margin}")
        return (
            tr("Margin: table {table}, {other}").format(table=table, other=how.format(margin=_shown(given))),
            tr("Table {table}, {other}").format(table=table, other=how.format(margin=_shown(given))),
        )

    def margins(self) -> tuple[Quantity | None, Quantity | None, bool]:
        """Return the minimal margin by the tables and by the physics, None where it is not known (yet), and whether the
        latter is a preview.
        """
        desk = self._desk
        live = desk.live if desk.live_is_current else None
        known = self.measured if self._key == self._wanted() else None
        promised = known.quantities if known is not None else ()
        if live is not None:
            return _named(live.promised or promised), _named(live.quantities), True
        assessed = desk.case.assessments.get(desk.plan_name) if desk.moving is None else None
        return _named(promised), _named(assessed.quantities if assessed is not None else ()), False

    def preview_of(self, procedure: Procedure) -> str:
        """Return what gives previews of a procedure's plans, with numbers of the tables where these are shown."""
        return PREVIEW if self.on and procedure is ABLATION else procedure.live_preview

    def _wanted(self) -> tuple[Any, ...]:
        return id(self._desk.case.labels.get(self._desk.case.primary)), self._desk.plan

    def _follow(self, *_: object) -> None:
        if self.on and self._desk.moving is None and self._wanted() != self._key:
            self._rest.start()

    def _ask(self) -> None:
        """Have the margin measured beside the window."""
        plan, wanted = self._desk.plan, self._wanted()
        if not self.on or wanted == self._key or not isinstance(plan, AblationPlan) or self.zone is None:
            return
        self._key, self.measured = wanted, None

        def done(found: Assessment) -> None:
            if wanted == self._key:
                self.measured = found
                self._desk.drawing_changed.emit()

        self._window.jobs.start(
            tr("Measuring the table's ellipsoid"), "anatomy_twin.pipeline.procedures.reading:promised_numbers",
            self._desk.session.snapshot(), plan, done=done, failed=lambda _: None, reads=("labels",), short=True,
            step="simulate",
        )


def table_sight_of(window: RehearsalWindow) -> TableSight | None:
    """Return what the window shows of device tables; None on the start page."""
    desk = window.desk
    if desk is None:
        return None
    return desk.kits.get(KIT) or TableSight(window, desk)


def _named(quantities: tuple[Quantity, ...]) -> Quantity | None:
    return next((quantity for quantity in quantities if quantity.name == MARGIN), None)


def _shown(quantity: Quantity | None) -> str:
    if quantity is None or quantity.value is None:
        return "\N{HORIZONTAL ELLIPSIS}"
    return format_number(quantity.value, quantity.unit)
