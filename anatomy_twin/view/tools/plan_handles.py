"""Handles of plans: grabbed, dragged, nudged by keys. Only in edit mode does anything move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Anatomy, LabelMap, Plan
from anatomy_twin.errors import TwinError
from anatomy_twin.pipeline.procedures import Procedure, procedure_of
from anatomy_twin.rehearsal import Pointer, Shape, Tool, format_quantity
from anatomy_twin.rehearsal.comparing import PREVIEW_SIGN
from anatomy_twin.rehearsal.handle_shapes import NEAR_MM, handle_shapes
from anatomy_twin.rehearsal.handles import Handle, PlanContext, along_axis
from anatomy_twin.rehearsal.heart_wall import HEART
from anatomy_twin.rehearsal.shapes import CutTint
from anatomy_twin.rehearsal.slicing import DIRECTIONS
from anatomy_twin.rehearsal.snapping import Snapped, Snapper, snapper_of
from anatomy_twin.view.tools.plan_sight import IN_3D, hidden_by_wall, line_of_sight, seen_at

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk
    from anatomy_twin.view.window import RehearsalWindow

Floats = NDArray[np.float64]
Say = Callable[..., str]

GRAB_PX: Final = 10.0
SNAP_PX: Final = 9.0
STEP_MM, LONG_STEP_MM = 1.0, 5.0
KIT: Final = "plan"  # of the desk
# keys as views may call them: (towards the viewer's right, down the picture, along the handle's axis)
ARROWS: Final = {"left": (-1, 0, 0), "right": (1, 0, 0), "up": (0, -1, 0), "down": (0, 1, 0),
                 "pageup": (0, 0, -1), "pgup": (0, 0, -1), "pagedown": (0, 0, 1), "pgdown": (0, 0, 1)}  # fmt: skip


class PlanHandles(Tool):
    """Grab a handle of the plan shown and drag it; a click chooses it for the keys.

    Shift moves along the axis of the handle, Alt keeps it from being drawn to skin, vessels and targets, Esc gives
    back what is held. Arrow keys move the chosen handle by 1 mm (with Shift by 5 mm), Page Up and Page Down along its
    axis, Tab chooses the next, Delete removes its part.
    """

    name = "plan"

    def __init__(self, desk: Desk, say: Say) -> None:
        self.desk, self.say = desk, say
        self.hint = say("Drag a handle; Shift: along its axis, Alt: no snapping, Esc: give back")
        self.lit = ""  # name of the handle under the mouse
        self.chosen = ""  # name of the handle that keys move
        self.snapped: Snapped | None = None
        self.aside_mm = 0.0  # how far the lit handle lies behind the slice that the mouse is in
        self._held: Handle | None = None
        self._start: Plan | None = None
        self._toward: Floats = np.array([0.0, 1.0, 0.0])
        self._grab: Floats = np.zeros(3)  # from where the mouse took the handle to its middle
        self._view = "axial"
        self._caption_in = ""  # the view that the hand is in, "" where a key chose the handle: then in all
        self._known: tuple[Any, ...] = ()
        self._round: tuple[PlanContext, Snapper] = (PlanContext(), Snapper())

    # what there is to grab

    @property
    def procedure(self) -> Procedure | None:
        """That of the plan shown."""
        return procedure_of(self.desk.plan)

    @property
    def surroundings(self) -> tuple[PlanContext, Snapper]:
        """What handles are held in and drawn to, made anew where the case or the aim of the plan is another."""
        desk, procedure = self.desk, self.procedure
        if procedure is None or desk.plan is None:
            return PlanContext(), Snapper()
        anatomy: Anatomy = desk.case.anatomy
        labels: LabelMap | None = desk.case.labels.get(desk.case.primary)
        aim = (procedure.name, procedure.targets(desk.plan), getattr(desk.plan, "organ", ""),
               desk.case.chambers.get(getattr(desk.plan, "chamber", "")))  # fmt: skip
        if not (self._known and self._known[0] is anatomy and self._known[1] is labels and self._known[2] == aim):
            self._known = (anatomy, labels, aim)
            self._round = procedure.context(desk.case, desk.plan), snapper_of(desk.case, aim[1])
        return self._round

    @property
    def handles(self) -> tuple[Handle, ...]:
        """Those of the plan as it is now; none outside edit mode."""
        procedure, plan = self.procedure, self.desk.plan
        if procedure is None or plan is None or not self.desk.edit_mode:
            return ()
        return procedure.handles(plan, self.surroundings[0])

    @property
    def chosen_handle(self) -> Handle | None:
        """The handle that keys move."""
        return next((handle for handle in self.handles if handle.name == self.chosen), None)

    def under(self, at: Pointer) -> Handle | None:
        """Return the handle under the mouse: the nearest of those in the slice, else of those projected onto it."""
        best: tuple[tuple[bool, float], Handle] | None = None
        for handle in self.handles:
            away_px, behind_mm = seen_at(handle.point_mm, at)
            if hidden_by_wall(handle, at, behind_mm):
                continue
            key = (at.view != IN_3D and abs(behind_mm) > NEAR_MM, away_px)
            if away_px <= GRAB_PX and (best is None or key < best[0]):
                best = key, handle
        return None if best is None else best[1]

    # the mouse

    def press(self, at: Pointer) -> bool:
        """Grab the handle under the mouse."""
        handle = self.under(at) if self._held is None else None
        if handle is None:
            return False
        self._view = self._caption_in = at.view
        self._held, self._start = handle, self.desk.plan
        self._toward = np.asarray(at.toward, float)
        place = self._on_plane(at)
        self._grab = np.zeros(3) if place is None else np.asarray(handle.point_mm) - place
        self.lit = self.chosen = handle.name
        self.aside_mm = 0.0 if at.view == IN_3D else seen_at(handle.point_mm, at)[1]
        self.desk.drawing_changed.emit()
        return True

    def drag(self, at: Pointer) -> None:
        """Move what is held."""
        handle, start, procedure = self._held, self._start, self.procedure
        if handle is None or start is None or procedure is None or not self.desk.edit_mode:
            return
        context, snapper = self.surroundings
        target = self._target(handle, at, snapper)
        if target is None:
            return
        try:
            moved = procedure.moved(start, handle, target, context)
        except TwinError:
            return
        if moved != self.desk.plan:
            self.desk.move(moved)

    def release(self, at: Pointer) -> None:
        """Let go: what was moved becomes one step."""
        handle, self._held = self._held, None
        self.snapped, self._start = None, None
        if handle is None:
            return
        if self.desk.moving is not None:
            self.desk.commit(self.say("Move {handle}", handle=self.words(handle)), own_key(self.desk))
        self.desk.drawing_changed.emit()

    def hover(self, at: Pointer | None) -> None:
        """Light the handle under the mouse."""
        if self._held is not None:
            return
        handle = None if at is None else self.under(at)
        if at is not None:
            self._view = self._caption_in = at.view
        lit = "" if handle is None else handle.name
        aside = 0.0 if handle is None or at is None or at.view == IN_3D else seen_at(handle.point_mm, at)[1]
        if lit != self.lit or round(aside) != round(self.aside_mm):
            self.lit, self.aside_mm = lit, aside
            self.desk.drawing_changed.emit()

    def cancel(self) -> bool:
        """Give back what is held."""
        if self._held is None:
            return False
        self._held = self._start = self.snapped = None
        self.desk.drop()
        self.desk.drawing_changed.emit()
        return True

    def _on_plane(self, at: Pointer) -> Floats | None:
        """Return where the line of sight meets the plane through the held handle that faced the viewer at first."""
        if self._held is None:
            return None
        origin, way = line_of_sight(at)
        slant = float(way @ self._toward)
        if abs(slant) < 0.05:
            return None
        depth = float((np.asarray(self._held.point_mm) - origin) @ self._toward) / slant
        return np.asarray(origin + depth * way)

    def _target(self, handle: Handle, at: Pointer, snapper: Snapper) -> Floats | None:
        place = self._on_plane(at)
        self.snapped = None
        if at.view == IN_3D and handle.snaps[:1] == ("wall",):  # beside the heart it stays where it is
            return np.asarray(at.point_mm) if at.point_mm is not None and at.structure.startswith(HEART) else None
        if place is None:
            return None
        target = place + self._grab
        if handle.sliding or (at.shift and handle.axis is not None):
            origin, way = line_of_sight(at)
            target_on = along_axis(handle, origin + self._grab, way)
            if target_on is None:
                return None
            target = target_on
        if not at.alt:
            self.snapped = self._snap(handle, target, at, snapper)
        return target if self.snapped is None else np.asarray(self.snapped.point_mm)

    def _snap(self, handle: Handle, target: Floats, at: Pointer, snapper: Snapper) -> Snapped | None:
        reach = SNAP_PX * at.pixel_mm
        if at.shift and not handle.sliding:
            return None
        if at.view == IN_3D and handle.snaps[:1] == ("skin",):
            # the skin under the mouse, however deep it lies: what a person means who drags an entry over it
            now = next((h.point_mm for h in self.handles if h.name == handle.name), handle.point_mm)
            origin, way = line_of_sight(at)
            return snapper.skin_on_ray(origin, way, now) or snapper.snap(target, ("skin",), reach)
        return snapper.snap(target, handle.snaps, reach)

    # keys

    def uses(self, name: str) -> bool:
        """True where a key has a meaning now. Tab walks through the handles once, then on to the next field."""
        word = _word(name)
        handles = self.handles if self.desk.edit_mode and self._held is None else ()
        if word in ("tab", "backtab"):
            ends = [handle.name for handle in handles[-1:]] if word == "tab" else [one.name for one in handles[:1]]
            return bool(handles) and self.chosen not in ends
        return (word in ARROWS or word in ("delete", "del")) and any(one.name == self.chosen for one in handles)

    def key(self, name: str) -> bool:
        """Nudge the chosen handle, choose the next, remove its part."""
        word, shift = _word(name), name.lower().startswith("shift+")
        if not self.uses("Backtab" if shift and word == "tab" else name):
            return False
        if word in ("tab", "backtab"):
            self.choose_next(-1 if shift or word == "backtab" else 1)
            return True
        if word in ARROWS:
            self.nudge(ARROWS[word], LONG_STEP_MM if shift else STEP_MM)
            return True
        if word in ("delete", "del"):
            self.remove_part()
            return True
        return False

    def choose(self, name: str) -> None:
        """Choose the handle that keys move, by its name; "" for none."""
        self.chosen = self.lit = name
        self.aside_mm, self._caption_in = 0.0, ""
        self.desk.drawing_changed.emit()

    def choose_next(self, step: int = 1) -> None:
        """Choose the next handle (1) or the last one (-1), and bring the slices to it."""
        names = [handle.name for handle in self.handles]
        if names:
            at = names.index(self.chosen) + step if self.chosen in names else (0 if step > 0 else -1)
            self.choose(names[at % len(names)])
            handle = self.chosen_handle
            if handle is not None:
                self.desk.set_focus(handle.point_mm)

    def nudge(self, way: tuple[int, int, int], step_mm: float) -> None:
        """Move the chosen handle by a step to the viewer's right, down, or along its axis."""
        handle, plan, procedure = self.chosen_handle, self.desk.plan, self.procedure
        if handle is None or plan is None or procedure is None or not self.desk.edit_mode:
            return
        right, down = self._across()
        axis = np.cross(right, down) if handle.axis is None else np.asarray(handle.axis)
        shift = step_mm * (way[0] * right + way[1] * down + way[2] * axis)
        moved = procedure.moved(plan, handle, np.asarray(handle.point_mm) + shift, self.surroundings[0])
        if moved != plan:
            words = self.say("Move {handle}", handle=self.words(handle))
            self.desk.do(words, self.desk.case.with_plan(moved), key=f"nudge:{plan.name}:{handle.name}")

    def remove_part(self) -> None:
        """Remove the part that the chosen handle belongs to."""
        handle, plan, procedure = self.chosen_handle, self.desk.plan, self.procedure
        if handle is None or plan is None or procedure is None or not self.desk.edit_mode:
            return
        self.desk.attempt(lambda: self._without(procedure, plan, handle))

    def _without(self, procedure: Procedure, plan: Plan, handle: Handle) -> None:
        after = procedure.remove_part(plan, handle.part)
        words = self.say(f"{procedure.part} {{number}}", number=handle.part + 1)
        self.chosen = self.lit = ""
        self.desk.do(self.say("Remove {part}", part=words), self.desk.case.with_plan(after), own_key(self.desk))

    def _across(self) -> tuple[Floats, Floats]:
        """Return what is right and down in the view that the mouse was over last."""
        if self._view in self.desk.slice_planes:
            plane = self.desk.slice_planes[self._view]
            return np.asarray(plane.right), np.asarray(plane.down)
        if self._view in DIRECTIONS:
            right, down = DIRECTIONS[self._view]
            return np.asarray(right), np.asarray(down)
        toward, up = self._toward, np.array([0.0, 0.0, 1.0])
        if abs(float(toward @ up)) > 0.95:
            up = np.array([0.0, -1.0, 0.0])
        right3 = np.cross(toward, up)
        right3 = right3 / max(float(np.linalg.norm(right3)), 1e-9)
        return right3, np.cross(toward, right3)

    # what is drawn

    def words(self, handle: Handle) -> str:
        """Return what a handle is called in the person's language."""
        return self.say(handle.words, number=handle.part + 1, index=handle.index + 1)

    def drawn(self) -> tuple[Shape, ...]:
        """Return the plan's own lines, and in edit mode its handles."""
        procedure, plan = self.procedure, self.desk.plan
        if procedure is None or plan is None:
            return ()
        shapes = procedure.shapes(plan, self.surroundings[0], self.desk.edit_mode)
        handles = self.handles
        return (*shapes, *handle_shapes(handles, self.lit, self.chosen, self._caption(handles), self._caption_in))

    def regions(self) -> tuple[CutTint, ...]:
        """Return what the plan removes."""
        procedure, plan = self.procedure, self.desk.plan
        return () if procedure is None or plan is None else procedure.tints(plan)

    def _caption(self, handles: tuple[Handle, ...]) -> str:
        handle = next((one for one in handles if one.name == self.lit), None)
        if handle is None:
            return ""
        words = self.words(handle)
        if self._held is not None:
            snapped, followed = self.snap_words(self.snapped), self._followed()
            # who holds a handle knows which one it is: few words, over little of the picture
            return followed if followed and not snapped else ", ".join(filter(None, [words, snapped, followed]))
        if abs(self.aside_mm) > NEAR_MM:
            side = "behind" if self.aside_mm > 0 else "in front of"
            words += ", " + self.say(f"{{distance}} mm {side} this slice", distance=f"{abs(self.aside_mm):.0f}")
        return words

    def snap_words(self, snapped: Snapped | None) -> str:
        """Return what a point was drawn to in the person's language."""
        return "" if snapped is None else self.say(snapped.words, name=snapped.name)

    def _followed(self) -> str:
        """Return the margin that follows the hand, so that the eyes can stay on the handle."""
        live = self.desk.live if self.desk.live_is_current else None
        margin = None if live is None else next((q for q in live.quantities if "margin" in q.name), None)
        if margin is None:
            return ""
        coarse = self.procedure is not None and self.procedure.simulated
        return self.say("margin {value}", value=f"{PREVIEW_SIGN} " * coarse + format_quantity(margin))


def own_key(desk: Desk) -> str:
    """Return a key that no other step has: what is read off a plan later can be joined to the step that made it."""
    history = desk.session.history
    return f"plan:{history.dropped + len(history.done)}"


def _word(name: str) -> str:
    return name.lower().replace(" ", "").rpartition("+")[2]


def handles_of(window: RehearsalWindow) -> PlanHandles | None:
    """Return the tool that holds the handles of the window's case; None on the start page."""
    return None if window.desk is None else window.desk.kits.get(KIT)


def attach(window: RehearsalWindow) -> None:
    """Draw plans on the desk of a window; in edit mode the left button has their handles, unless a tool has it."""
    from anatomy_twin.view.plan_keys import PlanKeys
    from anatomy_twin.view.plan_words import speaker

    desk, views = window.desk, window.views
    assert desk is not None and views is not None
    tool = PlanHandles(desk, speaker())
    PlanKeys(tool, [*views.slice_panes.values(), views.scene_pane.interactor], views)
    desk.kits[KIT] = tool
    desk.shape_sources.append(tool.drawn)
    desk.tint_sources.append(tool.regions)  # type: ignore[arg-type]

    def take_turns() -> None:
        if desk.edit_mode and desk.tool.name == Tool.name:
            desk.set_tool(tool)
        elif not desk.edit_mode and desk.tool.name in (tool.name, "place"):
            tool.lit = tool.chosen = ""
            desk.set_tool(None)

    def forget() -> None:
        if tool.chosen and desk.moving is None and tool.chosen_handle is None:
            tool.chosen = ""
        desk.drawing_changed.emit()

    desk.live_changed.connect(lambda: desk.drawing_changed.emit() if desk.moving is not None else None)
    desk.tool_changed.connect(take_turns)
    desk.plan_changed.connect(forget)
    take_turns()
