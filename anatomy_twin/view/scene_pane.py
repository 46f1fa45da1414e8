"""The 3-D view: PyVista in Qt, the same materials, lights and cube as the report's pictures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyvista
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from pyvistaqt import QtInteractor

from anatomy_twin.rehearsal import letters_of
from anatomy_twin.render.stage import NO_SURFACES, Stage, place_camera
from anatomy_twin.view.desk import Desk

BUTTONS: Final = (("A", "anterior"), ("P", "posterior"), ("R", "right"), ("L", "left"), ("H", "head"), ("F", "foot"))


class ScenePane(QWidget):
    """Surfaces, applicators and the coagulated zone at the moment shown. Rotate left, pan middle, zoom right/wheel."""

    maximise = Signal(object)

    def __init__(self, model: Desk) -> None:
        super().__init__()
        self._model = model
        self._zones: dict[int, Any] = {}
        self._placed = False
        self.interactor = QtInteractor(self, auto_update=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._buttons())
        layout.addWidget(self.interactor, 1)
        self._stage = Stage(self.interactor, model.scene, background="dark")
        if not model.scene.surfaces:
            self._stage.say(NO_SURFACES)
        self._add_crossing()
        self.look("anterior")
        model.scene_changed.connect(self._surface_changed)
        model.focus_changed.connect(self._move_crossing)
        model.moment_changed.connect(self._moment_changed)
        # letters follow the camera, so that left and right are never in doubt
        self.interactor.iren.add_observer("EndInteractionEvent", lambda *_: self._tell_letters())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        for letter, view in BUTTONS:
            button = QToolButton()
            button.setText(letter)
            button.setToolTip(f"Look from the {view}")
            button.clicked.connect(lambda _=False, name=view: self.look(name))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def look(self, view: str) -> None:
        """Look from a named side at the organs."""
        place_camera(self.interactor, self._model.scene, view)
        self._placed = self.isVisible()
        self._tell_letters()
        self.draw()

    def resizeEvent(self, event: Any) -> None:
        """Keep the organs in view when the window takes its size."""
        super().resizeEvent(event)
        if not self._placed and self.width() > 100:
            self.look("anterior")

    def draw(self) -> None:
        """Draw the scene once."""
        self.interactor.renderer.ResetCameraClippingRange()
        self.interactor.render()

    def edge_letters(self) -> dict[str, str]:
        """The anatomical letters at the edges of the picture for the camera as it is now."""
        camera = self.interactor.camera
        toward = np.subtract(camera.position, camera.focal_point)
        toward = toward / np.linalg.norm(toward)
        up = np.asarray(camera.up, float)
        up = up - up @ toward * toward
        right = np.cross(up, toward)
        ends = {"left": -right, "right": right, "top": up, "bottom": -up}
        return {side: letters_of(direction) for side, direction in ends.items()}

    def _tell_letters(self) -> None:
        letters = self.edge_letters()
        edges = {"left": "left_edge", "right": "right_edge", "top": "upper_edge", "bottom": "lower_edge"}
        for side, place in edges.items():
            self.interactor.add_text(
                letters[side], position=place, font_size=9, color="white", name=f"letter {side}", render=False
            )

    def _add_crossing(self) -> None:
        self._cross = self.interactor.add_mesh(
            pyvista.Sphere(radius=2.0), color="white", ambient=0.8, name="crossing", reset_camera=False, render=False
        )
        self._cross.SetPosition(*self._model.focus_mm)

    def _move_crossing(self) -> None:
        self._cross.SetPosition(*self._model.focus_mm)
        self.draw()

    def _surface_changed(self) -> None:
        self._zones.clear()
        for layer in self._model.scene.surfaces:
            self._stage.update(layer)
        self.draw()

    def _moment_changed(self) -> None:
        damage = self._model.field("damage")
        if damage is not None:
            self._stage.replace_zone(self._zone_mesh(self._model.snapshot))
            self.draw()

    def _zone_mesh(self, snapshot: int) -> Any:
        """Return the surface where the damage integral is 1 at one moment, None while nothing is coagulated."""
        if snapshot not in self._zones:
            damage = self._model.field("damage")
            assert damage is not None
            grid = pyvista.ImageData(dimensions=damage.geometry.shape[::-1])
            # the logarithm is near linear across the edge, so the surface is smooth; 0 is the integral 1
            grid["omega"] = np.log(np.maximum(damage.values[snapshot], 1e-6)).ravel()
            mesh = grid.contour([0.0], "omega")
            if mesh.n_points:
                mesh.points = damage.geometry.to_world(np.asarray(mesh.points)[:, ::-1])
                mesh = mesh.compute_normals(auto_orient_normals=True, split_vertices=False)
            self._zones[snapshot] = mesh if mesh.n_points else None
        return self._zones[snapshot]

    def shut(self) -> None:
        """Release the render window (before Qt destroys it)."""
        self.interactor.close()
