"""What all views and panels of one window share. They know the desk, never each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from anatomy_twin.core import Case, Display, Plan, Robustness
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.live import Preview
from anatomy_twin.pipeline.session import Session
from anatomy_twin.rehearsal import FieldSeries, Scene, Shape, Tint, Tool, build_scene, chosen_plan
from anatomy_twin.rehearsal.heart_maps import Scale
from anatomy_twin.rehearsal.heart_shapes import SurfaceLines
from anatomy_twin.rehearsal.looks import scene_displayed
from anatomy_twin.rehearsal.readout import Reader, Readout, reader_of, readout
from anatomy_twin.rehearsal.robust_field import failing_field
from anatomy_twin.rehearsal.second_scan import SecondScan
from anatomy_twin.rehearsal.slice_paint import SliceStyle
from anatomy_twin.rehearsal.slicing import SlicePlane
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.dresser import Dresser
from anatomy_twin.view.names import named, scene_named
from anatomy_twin.view.slice_layers import SliceLayers
from anatomy_twin.view.words import tr

READING_S = 0.008  # of preparing for readouts at a time, between events
READING_WAIT_MS = 300
# fields of a case that a scene is made of
IN_SCENE = frozenset(
    {"volumes", "labels", "anatomy", "plans", "checks", "results", "robustness", "assessments", "display", "patient"}
)


class Desk(QObject):
    """One open case on the table: its session, what of it is looked at, what the hand holds.

    Everything that a person does to the case goes through ``do`` (a named step that can be undone). A plan that is
    being dragged is held in ``moving`` beside the case until the hand lets go.
    """

    case_changed = Signal(object)  # frozenset of the names of the fields of the case that a step changed
    scene_changed = Signal()  # the scene was built anew
    plan_changed = Signal()  # another plan is shown, or the one shown was moved
    live_changed = Signal()  # numbers or zone that follow the hand
    focus_changed = Signal()
    moment_changed = Signal()  # the simulated moment or the field that is shown
    window_changed = Signal()
    tool_changed = Signal()
    active_changed = Signal()  # the segment that tools work on
    drawing_changed = Signal()  # shapes or tints, nothing else
    slices_changed = Signal()  # how slices are drawn, or where a slice lies
    reading_changed = Signal()  # distances to target and vessels became known
    marked_changed = Signal()  # another measurement is marked
    pointed_changed = Signal()  # the mouse is on another structure, in the list or in a view
    left = Signal()  # the case is closed, or shown at another desk
    told = Signal(str, str)  # "info", "warning" or "error", and a line

    def __init__(self, session: Session, plan_name: str | None = None, palette: str = "") -> None:
        super().__init__()
        self.session = session
        self.usual_palette = palette  # of structures, where the case names none
        self._left = False
        self.plan_name = chosen_plan(session.case) if not plan_name else session.case.plan(plan_name).name
        self.moving: Plan | None = None
        self.live: Preview | None = None
        self.edit_mode = False
        self.tool: Tool = Tool()
        self.active = ""  # name of the segment that tools work on
        self.reel_ms: NDArray[np.float64] | None = None  # moments of what is played on the heart
        self.field_shown = ""  # name of a simulated field laid over slices and surfaces, "" for none
        self.marked = ""  # name of the measurement that is marked
        self.pointed, self.pointed_in = "", ""  # structure under the mouse, and where: "tree" or the name of a view
        self.slice_style = SliceStyle()
        self.slice_layers = SliceLayers()
        self.slice_planes: dict[str, SlicePlane] = {}  # what each slice view shows, by the view's name
        self.active_view = "axial"  # the view that was used last
        self.second: SecondScan | None = None  # another scan of the patient, laid over the slices
        self.plan_aside = False  # margin and simulated zone of the plan are not drawn: what was reached is seen
        self.dressers: list[Dresser] = []
        self.line_sources: list[Callable[[], tuple[SurfaceLines, ...]]] = []  # on surfaces of the 3-D view
        self.scale_sources: list[Callable[[], Scale | None]] = []  # of what dressers paint
        self.shape_sources: list[Callable[[], tuple[Shape, ...]]] = []
        self.tint_sources: list[Callable[[], tuple[Tint, ...]]] = []
        self._failing: tuple[Robustness | None, tuple[FieldSeries, ...]] = (None, ())
        self.kits: dict[str, Any] = {}  # what a group of tools keeps for this case, by the name of the group
        self._plain: Scene = self._make_scene()
        self.scene: Scene = scene_displayed(self._plain, session.case.display)
        self.focus_mm: Point = self.scene.focus_mm
        self.window: tuple[float, float] = self.scene.window
        self._window_asked = _window_of(session.case.display)
        self.snapshot = max(self.snapshot_count - 1, 0)
        self._reading = QTimer(self, interval=0)
        self._reading.timeout.connect(self._prepare_reading)
        self.reader: Reader = self._make_reader()
        self._end_listening = session.listen(self._session_changed)

    def leave(self) -> None:
        """Hear no more of the session, which goes on at another desk or ends."""
        self._left = True
        self.left.emit()
        self._end_listening()
        self._end_listening = lambda: None
        self._reading.stop()

    # the case

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.session.case

    def do(self, name: str, after: Case, key: str = "") -> bool:
        """Do a named step; tell in words where it is refused. Returns True where it was done."""
        return self.attempt(lambda: self.session.do(name, after, key))

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Run something that may be refused; a refusal becomes a line for the person. Returns True where it ran."""
        try:
            action()
        except TwinError as error:
            self.tell(str(error), "error")
            return False
        return True

    def undo(self) -> None:
        """Undo the last step, or give back what the hand holds."""
        if self.tool.cancel() or self.drop():
            return
        if self.session.history.done:
            self.tell(tr("undone: {name}").format(name=self.session.undo()))

    def redo(self) -> None:
        """Redo the step that was undone last."""
        if self.session.history.undone:
            self.tell(tr("done again: {name}").format(name=self.session.redo()))

    def tell(self, line: str, level: str = "info") -> None:
        """Show a line to the person ("info", "warning", "error")."""
        self.told.emit(level, line)

    # plans

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown, as the hand holds it now."""
        return self.moving if self.moving is not None else self.case.plans.get(self.plan_name)

    def choose_plan(self, name: str) -> None:
        """Show another plan ("" for none)."""
        self.drop()
        if name != self.plan_name and (not name or name in self.case.plans):
            self.plan_name = name
            self.live = None
            self._build()
            self.plan_changed.emit()

    def move(self, plan: Plan) -> None:
        """Show a plan as the hand moves it, beside the case; ``commit`` or ``drop`` ends it."""
        self.moving = plan
        self.plan_changed.emit()

    def commit(self, name: str, key: str = "") -> None:
        """Let go: what was moved becomes a step of the case."""
        plan, self.moving = self.moving, None
        if plan is None:
            return
        if plan == self.case.plans.get(plan.name) or not self.do(name, self.case.with_plan(plan), key):
            self.plan_changed.emit()

    def drop(self) -> bool:
        """Give back what was moved; True if anything was."""
        if self.moving is None:
            return False
        self.moving = None
        self.plan_changed.emit()
        return True

    @property
    def live_is_current(self) -> bool:
        """True where the live numbers and zone belong to the plan as it is shown."""
        return self.live is not None and not self.live.stale and self.live.plan == self.plan

    def set_live(self, preview: Preview | None) -> None:
        """Take the newest answer of the live physics."""
        self.live = preview
        self.live_changed.emit()

    # looking

    @property
    def snapshot_count(self) -> int:
        """How many moments were simulated, or are played on the heart."""
        if self.reel_ms is not None:
            return len(self.reel_ms)
        return int(self.scene.fields[0].times_s.size) if self.scene.fields else 0

    def field(self, name: str) -> FieldSeries | None:
        """Return a simulated field of the plan shown by name; None where there is none, or the plan was moved."""
        if self.moving is not None:
            return None
        return next((series for series in self.fields if series.name == name), None)

    @property
    def fields(self) -> tuple[FieldSeries, ...]:
        """What can be laid over slices and surfaces: the simulated fields, and where the plan fails."""
        found = self.case.robustness.get(self.plan_name)
        if found is not self._failing[0]:
            series = None if found is None else failing_field(found)
            self._failing = (found, () if series is None else (replace(series, label=named(series.label)),))
        return (*self.scene.fields, *self._failing[1])

    @property
    def robustness(self) -> Robustness | None:
        """How robust the plan shown is; None where that is not known, or the plan is being moved."""
        return None if self.moving is not None else self.case.robustness.get(self.plan_name)

    def set_focus(self, point_mm: Any) -> None:
        """Move the point where the slices cross, held inside the scan."""
        geometry = self.scene.volume.geometry
        index = np.clip(geometry.to_index(point_mm), 0, np.asarray(geometry.shape) - 1.0)
        point = check_point("focus", geometry.to_world(index))
        if point != self.focus_mm:
            self.focus_mm = point
            self.focus_changed.emit()

    def set_snapshot(self, snapshot: int) -> None:
        """Show another simulated moment."""
        snapshot = min(max(snapshot, 0), max(self.snapshot_count - 1, 0))
        if snapshot != self.snapshot:
            self.snapshot = snapshot
            self.moment_changed.emit()

    def set_reel(self, times_ms: NDArray[np.float64] | None) -> None:
        """Let the time be that of a record on the heart, None: of the simulated result."""
        self.reel_ms, self.snapshot = times_ms, 0 if times_ms is not None else max(self.snapshot_count - 1, 0)
        self.moment_changed.emit()

    def show_field(self, name: str) -> None:
        """Lay a simulated field over slices and surfaces, "" for none."""
        if name != self.field_shown:
            self.field_shown = name
            self.moment_changed.emit()

    def readout(self, point_mm: Any) -> Readout:
        """Return what is at a point in LPS mm, at the moment shown; without simulated values of a plan that moved."""
        return readout(self.reader, point_mm, self.snapshot, simulated=self.moving is None)

    def mark(self, measurement: str) -> None:
        """Mark a measurement by its name, "" for none: its ends can be grabbed."""
        if measurement != self.marked:
            self.marked = measurement
            self.marked_changed.emit()
            self.drawing_changed.emit()

    def point_out(self, structure: str, where: str = "") -> None:
        """Tell which structure is under the mouse, "" for none, and where: in the "tree" or a view by its name."""
        if (structure, where if structure else "") != (self.pointed, self.pointed_in):
            self.pointed, self.pointed_in = structure, where if structure else ""
            self.pointed_changed.emit()

    @property
    def shown_out(self) -> str:
        """The structure that views make stand out: the one that is pointed at in the list."""
        return self.pointed if self.pointed_in == "tree" else ""

    def set_slice_style(self, **changes: Any) -> None:
        """Change how slices are drawn (fields of ``SliceStyle``)."""
        style = replace(self.slice_style, **changes)
        if style != self.slice_style:
            self.slice_style = style
            self.slices_changed.emit()

    def set_slice_plane(self, view: str, plane: SlicePlane | None) -> None:
        """Tell the other views which plane a slice view shows; None where it shows none."""
        before = self.slice_planes.pop(view, None)
        if plane is not None:
            self.slice_planes[view] = plane
        if plane is None or before is None or not plane.same_plane(before):
            self.slices_changed.emit()

    def set_second(self, second: SecondScan | None) -> None:
        """Lay another scan of the patient over the slices, None for none."""
        if second is not self.second:
            self.second = second
            self.slices_changed.emit()

    def set_window(self, width: float, level: float) -> None:
        """Set the grey window in the units of the scan."""
        window = (float(max(width, 1.0)), float(level))
        if window != self.window:
            self.window = window
            self.window_changed.emit()

    def set_look(self, layer: str, name: str = "", **changes: Any) -> None:
        """Change ``visible``, ``opacity`` or ``colour`` of a structure, as a step called ``name``."""
        display = self.case.display.with_layer(layer, **changes)
        words = name or f"Look of {layer.replace('_', ' ')}"
        self.do(words, replace(self.case, display=display), key=f"look:{layer}:{','.join(changes)}")

    # the hand

    def set_tool(self, tool: Tool | None) -> None:
        """Give the left mouse button another meaning; None: the views navigate."""
        self.tool.cancel()
        self.tool = tool or Tool()
        self.tool_changed.emit()
        self.drawing_changed.emit()

    def set_edit_mode(self, on: bool) -> None:
        """Let handles of plans be grabbed, or not."""
        if on != self.edit_mode:
            self.drop()
            self.edit_mode = on
            self.tool_changed.emit()
            self.drawing_changed.emit()

    def set_active(self, segment: str) -> None:
        """Choose the segment that tools work on."""
        if segment != self.active:
            self.active = segment
            self.active_changed.emit()

    def shapes(self) -> tuple[Shape, ...]:
        """All lines, knobs and words that views draw now."""
        found = [shape for source in self.shape_sources for shape in source()]
        return (*found, *self.tool.shapes())

    def tints(self) -> tuple[Tint, ...]:
        """All regions that slices tint now."""
        found = [tint for source in self.tint_sources for tint in source()]
        return (*found, *self.tool.tints())

    # inside

    def _make_reader(self) -> Reader:
        target = getattr(self.case.plans.get(self.plan_name), "target", "")
        reader = reader_of(self.case, self.scene, target, getattr(self, "reader", None))
        if not reader.complete:  # after the case was shown, or after strokes have come to rest
            self._reading.start(READING_WAIT_MS)
        return reader

    def _prepare_reading(self) -> None:
        self._reading.setInterval(0)
        if self.reader.prepare_for(READING_S):
            self._reading.stop()
            self.reading_changed.emit()

    def _make_scene(self) -> Scene:
        plain = replace(self.case, display=Display(palette=self.case.display.palette or self.usual_palette))
        self._palette = self.case.display.palette
        known = getattr(self, "_plain", None)
        focus = None if known is None else known.focus_mm
        return scene_named(build_scene(plain, self.plan_name, masks=False, focus_mm=focus))

    def _build(self, *, looks_only: bool = False) -> None:
        if not looks_only:
            self._plain = self._make_scene()
        self.scene = scene_displayed(self._plain, self.case.display)
        self.reader = self._make_reader()
        self.snapshot = max(self.snapshot_count - 1, 0)
        # a step that tells more of the scan (its phase) would suit another window, but nobody asked for one
        asked, self._window_asked = self._window_asked, _window_of(self.case.display)
        if asked != self._window_asked:
            self.set_window(*self.scene.window)
        self.scene_changed.emit()

    def _session_changed(self, fields: frozenset[str]) -> None:
        if self._left:
            return
        if "plans" in fields:
            self.moving = None
        if self.plan_name not in self.case.plans:
            self.plan_name = chosen_plan(self.case)
        if fields & IN_SCENE:
            # a look alone needs no new scene: sliders stay quick
            self._build(looks_only=not fields & (IN_SCENE - {"display"}) and self.case.display.palette == self._palette)
        if self.marked and self.marked not in self.case.measurements:
            self.mark("")
        self.case_changed.emit(fields)
        if "plans" in fields:
            self.plan_changed.emit()


def _window_of(display: Display) -> tuple[float | None, float | None]:
    return display.window_width, display.window_level
