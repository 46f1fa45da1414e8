"""The 3-D view: what its stage shows follows the desk; frames are as rich as this machine can draw while it moves."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from anatomy_twin.core import PlaneCut, ResectionPlan, SurfaceMesh
from anatomy_twin.rehearsal import SurfaceLayer, needles_of, structure_colour
from anatomy_twin.rehearsal.heart_wall import HEART
from anatomy_twin.rehearsal.near_plan import plan_extent
from anatomy_twin.rehearsal.picking import Camera
from anatomy_twin.rehearsal.robust_field import FAILING
from anatomy_twin.render.live_captions import font_file
from anatomy_twin.render.live_pick import Finder
from anatomy_twin.render.live_stage import LiveStage, clip_normal
from anatomy_twin.render.live_zone import layers_at
from anatomy_twin.render.stage import place_camera
from anatomy_twin.units import Point, check_point
from anatomy_twin.view.desk import Desk
from anatomy_twin.view.plan_robustness import failing_painters
from anatomy_twin.view.scene_aim import CUTS, aimed_at, cut_planes, dear_names
from anatomy_twin.view.scene_bar import SceneBar
from anatomy_twin.view.scene_frames import SceneFrames
from anatomy_twin.view.scene_mouse import SceneMouse
from anatomy_twin.view.scene_surface import SceneSurface
from anatomy_twin.view.style import current_theme, theme_changed
from anatomy_twin.view.tools.plan_sight import IN_3D
from anatomy_twin.view.words import tr

BOX_SHOWN_MM: Final = 62.0  # half of what is seen round a box that is cut out
NEAR: Final = 1.25  # of what a plan is about, seen round it; what is seen already so near is left as it is
EDGE_ON: Final = 0.25  # a plane whose normal is turned to the viewer by less is hardly seen
ASIDE_DEG: Final = 30.0


class ScenePane(SceneFrames):
    """Surfaces, applicators, zones, shapes, slices and the scan itself. ``stage`` holds what is drawn.

    ``frames`` counts the frames of each kind. The left button is the tool's or turns, the middle one pans, the right
    one zooms or opens the menu of a structure, the wheel zooms; Shift and moving sets the crossing point.
    """

    maximise = Signal(object)
    view_changed = Signal()  # the way of looking: cut, slices, volume, perspective

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.standing, self.cut_name, self.flipped = False, "", False
        self._cut_normal: Point | None = None
        self._home: Camera | None = None  # where it stands while nobody has moved it
        self._editing = ""  # name of the plan that is edited
        self.finder = Finder()
        self._zones: dict[tuple[str, int], SurfaceMesh | None] = {}
        self._result: object = None
        self._placed = False
        self.interactor = SceneSurface(self, self._repaint)
        self.interactor.iren.interactor.SetInteractorStyle(None)
        self.stage = LiveStage(self.interactor, desk.scene, current_theme().stage,
                               letters_pt=self._letters_pt)  # fmt: skip
        self.bar = SceneBar(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.interactor, 1)
        self.mouse = SceneMouse(self)
        self.interactor.setMouseTracking(True)
        self.interactor.installEventFilter(self.mouse)
        place_camera(self.interactor, desk.scene, "anterior", (640, 420))
        self._follow_scene()
        for signal, follow in (
            (desk.scene_changed, self._follow_scene), (desk.plan_changed, self._follow_plan),
            (desk.live_changed, self._follow_live), (desk.focus_changed, self._follow_focus),
            (desk.moment_changed, self._follow_moment), (desk.window_changed, self._follow_window),
            (desk.drawing_changed, self._follow_shapes), (desk.tool_changed, self._follow_tool),
            (desk.pointed_changed, self._follow_pointed),
        ):  # fmt: skip
            signal.connect(follow)
        theme_changed.connect(self._follow_theme)

    # looking

    def look(self, view: str) -> None:
        """Look from a named side at the organs."""
        parallel = self.stage.camera.parallel
        place_camera(self.interactor, self.desk.scene, view, (self.interactor.width(), self.interactor.height()))
        self.stage.camera = self.stage.camera.with_perspective(not parallel)
        self._placed = self.isVisible()
        self._home = self.stage.camera
        self.moved()

    def approach(self) -> None:
        """Come near to what the plan shown is about, unless a person has chosen from where to look."""
        plan, camera = self.desk.plan, self.stage.camera
        extent = plan_extent(plan, self.desk.scene.surfaces)
        if extent is None or camera != self._home:
            return
        reach = NEAR * extent[1]
        if not 0.75 < camera.shown_mm / reach < 1.3:
            camera = camera.centred(extent[0], reach)
        plane = next((cut for cut in getattr(plan, "cuts", ()) if isinstance(cut, PlaneCut)), None)
        if plane is not None and abs(float(np.dot(plane.normal, camera.axes[2]))) < EDGE_ON:
            camera = camera.turned(-ASIDE_DEG if plane.normal[0] < 0 else ASIDE_DEG, 0.4 * ASIDE_DEG)
        self.set_camera(camera)
        self._home = self.stage.camera

    def reset(self) -> None:
        """Look from the front at everything, without cuts."""
        self.set_cut("")
        self.look("anterior")

    def fit_target(self) -> None:
        """Fill the view with the target, or with the organ that is operated on, or with what is at the crossing."""
        layer = self._heart or aimed_at(self.desk)
        if layer is None:
            self.set_camera(self.stage.camera.centred(self.desk.focus_mm, 60.0))
            return
        points = layer.surface.points_mm
        middle = (points.max(axis=0) + points.min(axis=0)) / 2
        reach = float(np.linalg.norm(points - middle, axis=1).max())
        room = 1.7 if layer is self._heart else 2.2
        self.set_camera(self.stage.camera.centred(middle, max(room * reach, 25.0)))

    @property
    def _heart(self) -> SurfaceLayer | None:
        """The chamber of a heart that is shown before the other structures."""
        return next((layer for layer in self.layers if layer.name.startswith(HEART)), None)

    def centre_on(self, point_mm: Any) -> None:
        """Turn about a point from now on."""
        self.set_camera(self.stage.camera.centred(point_mm))

    def set_camera(self, camera: Camera) -> None:
        """Look from there, as a movement."""
        self.stage.camera = camera
        self._placed = True
        self.moved()

    def set_perspective(self, on: bool) -> None:
        """Look with perspective, or without."""
        self.set_camera(self.stage.camera.with_perspective(on))
        self.view_changed.emit()

    def set_standing(self, on: bool) -> None:
        """Stand the three slices in the view, or take them away."""
        self.standing = on
        self._follow_slices()
        self.view_changed.emit()

    def set_volume(self, look: str) -> None:
        """Draw the scan itself by a look of the catalog, "" for not."""
        self.stage.show_volume(look)
        self.moved()
        self.view_changed.emit()

    def set_cut(self, name: str, *, flip: bool = False) -> None:
        """Cut away what is before a plane ("axial" ... "view", "applicator") or outside a "box"; "" cuts nothing."""
        self.flipped = flip
        self.cut_name = name
        self._cut_normal = None if name not in CUTS[:4] else clip_normal(name, self.stage.camera)
        self._follow_cut()
        self._follow_slices()
        if name == "box":
            middle = check_point("middle", np.mean([point for point, _ in self.stage.planes], axis=0))
            self.set_camera(self.stage.camera.centred(middle, BOX_SHOWN_MM))
        self.view_changed.emit()

    def set_capped(self, on: bool) -> None:
        """Show the slice of the scan on a cut, or leave it open."""
        self.stage.capped = on
        self._follow_slices()
        self.view_changed.emit()

    def edge_letters(self) -> dict[str, str]:
        """The anatomical letters at the edges of the picture for the camera as it is now."""
        return {side: letters[:1] for side, letters in self.stage.edge_letters().items()}

    # following the desk

    def _follow_scene(self) -> None:
        scene, result = self.desk.scene, self.desk.case.results.get(self.desk.plan_name)
        if result is not self._result:
            self._zones.clear()
            self._result = result
        self._unfinished = True
        self.finder.forget(layer.surface for layer in scene.surfaces)
        self._say("" if scene.surfaces else tr("No surfaces yet: step 3 makes them"))
        self._follow_plan(always=True)
        self._follow_live()
        self._follow_focus()
        self._follow_slices()

    def _follow_plan(self, always: bool = False) -> None:
        self._show_surfaces()
        colour = structure_colour("needle", self.desk.case.display.palette or "default")
        self.stage.needles.show(needles_of(self.desk.plan, colour)[0])
        self._paint()
        self._follow_shapes(always=True)
        self.draw_lines()
        if self.cut_name == "applicator":
            self._follow_cut()
        self._follow_live()
        self._follow_editing()
        self.moved()

    def _show_surfaces(self) -> None:
        """Bring surfaces up to the scene, with the zone of the moment shown, where it belongs to what is seen."""
        scene = self.desk.scene
        layers = layers_at(scene, self.desk.snapshot, self._zones)
        if self.desk.moving is not None or self.desk.field_shown == FAILING:  # the zone would hide the target
            layers = tuple(layer for layer in layers if layer.group != "zone")
        for dresser in self.desk.dressers:
            layers = dresser.dressed(layers)
        key = (self.desk.plan_aside, *(
            (id(layer.surface), layer.name, layer.colour, layer.opacity, layer.visible) for layer in layers))
        if key == getattr(self, "_shown_key", None):
            return
        self._shown_key = key
        structures = self.desk.case.anatomy.structures
        coarse = {name: one.coarse for name, one in structures.items() if one.coarse is not None}
        self.stage.show(layers, coarse, dear_names(self.desk), () if self.desk.plan_aside else scene.markers)
        self.layers: tuple[SurfaceLayer, ...] = layers

    def _paint(self) -> None:
        field = self.desk.field(self.desk.field_shown) if self.desk.field_shown else None
        plan = self.desk.plan
        dressers = self.desk.dressers
        moment = 0 if field is None else field.moment(self.desk.snapshot)
        key = (plan if isinstance(plan, ResectionPlan) else None, id(field), moment, self._shown_key,
               *(dresser.shown for dresser in dressers))  # fmt: skip
        if key != getattr(self, "_paint_key", None):
            self._paint_key = key
            painters = {name: paint for dresser in dressers for name, paint in dresser.painters().items()}
            scale = next((one for source in self.desk.scale_sources if (one := source()) is not None), None)
            self.stage.paint(plan, field, moment, {**failing_painters(self.desk, field), **painters}, scale)

    def dress(self) -> None:
        """Show surfaces as what dresses them wants them now."""
        self._show_surfaces()
        self._paint()
        self._follow_shapes(always=True)
        self.draw_lines()
        self.moved()

    def draw_lines(self) -> None:
        """Draw the lines on surfaces that are there now."""
        if self.stage.lines.show(line for source in self.desk.line_sources for line in source()):
            self.moved()

    def _follow_live(self) -> None:
        live = self.desk.live
        surface = live.surface if live is not None and self.desk.live_is_current else None
        before = self.stage.preview.shown
        colour = structure_colour("zone", self.desk.case.display.palette or "default")
        self.stage.preview.show(surface, colour, tr("Zone: preview"))
        if surface is not None or before:
            self.touched()

    def _follow_focus(self) -> None:
        self.stage.cross_at(self.desk.focus_mm)
        if self.standing:
            self._follow_slices(soon=False)
        if self.cut_name in CUTS[:3]:
            self._follow_cut()
        self.moved() if self.mouse.setting_focus else self._later_moved()

    def _follow_moment(self) -> None:
        self._show_surfaces()
        self._paint()
        self.moved()

    def _follow_window(self) -> None:
        if self.stage.slices.names:
            self._follow_slices(soon=False)

    def _follow_slices(self, soon: bool = True) -> None:
        self.stage.stand_slices(self.desk.focus_mm if self.standing else None, self.desk.window)
        self.moved() if soon else self._later_moved()

    def _follow_shapes(self, always: bool = False) -> None:
        shapes = tuple(shape for shape in self.desk.shapes() if shape.only in ("", IN_3D))
        if shapes != self.stage.shapes.shapes:
            self.moved() if self.stage.shapes.show(shapes) else self.touched()

    def _follow_tool(self) -> None:
        self._follow_shapes()
        self._follow_editing()

    def _follow_editing(self) -> None:
        editing = self.desk.plan_name if self.desk.edit_mode else ""
        if editing and editing != self._editing:
            self.approach()
        self._editing = editing

    def _follow_pointed(self) -> None:
        self.stage.point_out(self.desk.shown_out)
        self.touched()

    def _follow_theme(self) -> None:
        if not self._shut:
            self.stage.set_background(current_theme().stage)
            self.stage.set_letters(self._letters_pt)
            self.draw_lines()
            self.draw()

    @property
    def _letters_pt(self) -> int:
        return max(self.font().pointSize(), 9) + 2

    def _follow_cut(self) -> None:
        self.stage.cut(cut_planes(self.desk, self.stage.camera, self.cut_name, self._cut_normal, self.flipped))
        self.stage.stand_slices(self.desk.focus_mm if self.standing else None, self.desk.window)
        self.moved()

    def _say(self, text: str) -> None:
        """Write a line at the foot of the view, "" for none."""
        view: Any = self.interactor
        view.remove_actor("line", render=False)
        if text:
            line = view.add_text(
                text, position=(0.5, 0.09), font_size=10, color=self.stage.ink, name="line", viewport=True,
                render=False, font_file=font_file(),
            )  # fmt: skip
            line.prop.justification_horizontal = "center"

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what changed while nobody saw it."""
        super().showEvent(event)
        if self._stale:
            self.moved()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of what is held: the button will come up elsewhere."""
        self.mouse.let_go()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the organs in view when the window takes its size."""
        super().resizeEvent(event)
        if not self._placed and self.width() > 100:
            self.look("anterior")
            if self._placed and self._heart is not None:
                self.fit_target()
        self.moved()

    def menu_at(self, place: QPoint, structure: str, point_mm: Point | None) -> None:
        """Open the menu of a structure, or of the view."""
        from anatomy_twin.view.scene_menu import open_menu

        open_menu(self, place, structure, point_mm)

    def shut(self) -> None:
        """Release the render window (before Qt destroys it)."""
        if self._shut:
            return
        self._shut = True
        for timer in self._timers.values():
            timer.stop()
        self.mouse.shut()
        self.interactor.removeEventFilter(self.mouse)
        theme_changed.disconnect(self._follow_theme)
        self.stage.close()
        self.interactor.close()
