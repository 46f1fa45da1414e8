"""What the right button offers on a structure in the 3-D view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from anatomy_twin.units import Point
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.scene_pane import ScenePane

OPACITIES: Final = (0.1, 0.25, 0.4, 0.6, 0.8, 1.0)


def open_menu(pane: ScenePane, place: QPoint, structure: str, point_mm: Point | None) -> None:
    """Open the menu at a place of the screen."""
    menu = make_menu(pane, structure, point_mm)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)


def make_menu(pane: ScenePane, structure: str, point_mm: Point | None) -> QMenu:
    """Return the menu of a structure ("" for that of the view)."""
    menu = QMenu(pane)
    layer = next((one for one in pane.desk.scene.surfaces if one.name == structure), None)
    if layer is not None:
        title = menu.addAction(layer.caption)
        title.setEnabled(False)
        menu.addAction(tr("Hide"), lambda: pane.desk.set_look(structure, visible=False))
        menu.addAction(tr("Only this"), lambda: only(pane, structure))
        opacity = menu.addMenu(tr("Opacity"))
        for share in OPACITIES:
            action = opacity.addAction(f"{100 * share:.0f} %")
            action.setCheckable(True)
            action.setChecked(abs(layer.opacity - share) < 0.005)
            action.triggered.connect(lambda _=False, value=share: pane.desk.set_look(structure, opacity=value))
        menu.addSeparator()
    if point_mm is not None:
        menu.addAction(tr("Centre here"), lambda: pane.centre_on(point_mm))
        menu.addAction(tr("Crossing point here"), lambda: pane.desk.set_focus(point_mm))
    menu.addAction(tr("Show all again"), lambda: show_all(pane))
    menu.addAction(tr("Fill the view with the target"), pane.fit_target)
    menu.addAction(tr("Reset the view"), pane.reset)
    return menu


def only(pane: ScenePane, structure: str) -> None:
    """Hide every other surface, as one step."""
    desk = pane.desk
    display = desk.case.display
    for layer in desk.scene.surfaces:
        if layer.visible != (layer.name == structure):
            display = display.with_layer(layer.name, visible=layer.name == structure)
    desk.do(tr("Show only {name}").format(name=structure.replace("_", " ")), replace(desk.case, display=display))


def show_all(pane: ScenePane) -> None:
    """Give every structure its usual visibility back, as one step."""
    desk = pane.desk
    display = desk.case.display
    for name, look in display.layers.items():
        if look.visible is not None:
            display = display.with_layer(name, visible=None)
    if display != desk.case.display:
        desk.do(tr("Show all again"), replace(desk.case, display=display))
