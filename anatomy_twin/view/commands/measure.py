"""Commands of the measure menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from anatomy_twin.core import Diameters
from anatomy_twin.errors import TwinError
from anatomy_twin.rehearsal.measure import lesion_diameters
from anatomy_twin.rehearsal.measure_edit import lesions_of
from anatomy_twin.view.commands import Command, has_case
from anatomy_twin.view.tools.measuring import MeasuringTool, measure_targets, mode_of, remove
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("Measure")

    def draw(
        mode: str, text: str, key: str, tip: str, icon: str, *, bar: bool = False, divided: bool = False
    ) -> Command:
        return Command(f"measure.{mode}", text, _take(mode), menu, (f"M, {key}",), tip, has_case, _holds(mode), bar,
                       divided, icon=icon, short=text)  # fmt: skip

    return (
        draw("distance", tr("Distance"), "D", tr("Click two points, or drag a line"), "distance", bar=True),
        draw("angle", tr("Angle"), "A", tr("Click one arm, the vertex, the other arm"), "angle"),
        draw("area", tr("Area"), "O",
             tr("Click the corners of an outline, or draw it freely; double click or Enter closes it"), "area"),
        draw("ball", tr("Ball"), "B", tr("Drag from the centre to the edge: volume and image values in it"), "ball"),
        draw("diameters", tr("Diameters by hand"), "H",
             tr("Draw the longest diameter of a lesion, then the one across it (RECIST 1.1)"), "recist", divided=True),
        draw("lesion", tr("Diameters of a lesion"), "L", tr("Click a lesion that is outlined (RECIST 1.1)"), "recist"),
        Command("measure.targets", tr("Diameters of all targets"), _targets, menu, ("M, T",),
                tr("Longest diameter and the longest across it of every outlined lesion"), _has_lesions,
                icon="recist", why=lambda _: tr("no lesion is outlined")),
        draw("edit", tr("Change measurements"), "E", tr("Drag the ends of measurements; nothing new is drawn"), "edit",
             divided=True),
        Command("measure.remove", tr("Remove measurement"), _remove, menu, ("Del",),
                tr("Remove the measurement that is marked"), _has_marked,
                why=lambda _: tr("no measurement is marked")),
        Command("measure.list", tr("List of measurements"), lambda window: window.show_panel("measurements"), menu,
                ("M, M",), tr("All measurements with their values: rename, copy, remove"), divided=True),
    )  # fmt: skip


def _take(mode: str) -> Callable[[RehearsalWindow], object]:
    def take(window: RehearsalWindow) -> None:
        desk = window.desk
        if desk is None:
            return
        if mode_of(desk) == mode:
            desk.set_tool(None)
        else:
            tool = MeasuringTool(desk, mode)
            desk.set_tool(tool)
            desk.tell(tool.hint)

    return take


def _holds(mode: str) -> Callable[[RehearsalWindow], bool]:
    return lambda window: mode_of(window.desk) == mode


def _has_lesions(window: RehearsalWindow) -> bool:
    return window.desk is not None and bool(lesions_of(window.desk.scene))


def _targets(window: RehearsalWindow) -> None:
    desk = window.desk
    if desk is None:
        return
    window.show_panel("measurements")
    labels, targets = desk.case.label_map, lesions_of(desk.scene)
    known: dict[str, Diameters] = {}

    def go_on() -> None:
        """Measure one lesion between two events: many of them must not stop the hand."""
        if window.desk is not desk or desk.case.labels.get(desk.case.primary) is not labels:
            return
        left = [target for target in targets if target not in known]
        try:
            known.update({target: lesion_diameters(labels, target, target) for target in left[:1]})
        except TwinError as error:
            desk.tell(str(error), "error")
            return
        if len(left) > 1:
            QTimer.singleShot(0, desk, go_on)
        else:
            measure_targets(desk, targets, known)

    go_on()


def _has_marked(window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.marked in window.desk.case.measurements


def _remove(window: RehearsalWindow) -> None:
    if window.desk is not None and not (mode_of(window.desk) and window.desk.tool.key("Delete")):
        remove(window.desk, window.desk.marked)
