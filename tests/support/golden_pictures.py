"""What the golden pictures show: the toy patient in every kind of drawing that the project has, drawn anew.

Each picture is small and stands for what it would cost to lose: surfaces with applicator and zone, a field with its
scale, fills and outlines, a cut, a resection, the scan itself, the window's views in both themes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import Case, PlaneCut, ResectionPlan
from anatomy_twin.rehearsal import Scene, build_scene
from anatomy_twin.rehearsal.picking import Camera
from tests.support.toy_case import TUMOUR_MM, planned_case
from tests.support.toy_patient import HU, toy_patient

Picture = NDArray[np.uint8]
FOLDER: Final = Path(__file__).resolve().parents[1] / "golden"
SIZE: Final = (420, 320)
WINDOW_SIZE: Final = (1280, 760)
VIEWS_SIZE: Final = (660, 460)  # whatever room the panels beside them want
SHOWN_PX: Final = 440  # width in which views of the window are kept
FOCUS_MM: Final = (float(TUMOUR_MM[0]), float(TUMOUR_MM[1]), float(TUMOUR_MM[2]))
RESECTION: Final = ResectionPlan("R", "liver", ("tumour_1",), (PlaneCut((-50.0, -10.0, 20.0), (-1.0, 0.1, 0.0)),))


@cache
def golden_case() -> Case:
    """The planned toy patient on a scan without noise: grains would only make the files large."""
    case = planned_case()
    volume, labels = toy_patient()
    image = np.full(volume.array.shape, -1000, np.int16)
    for layer in (3, 0, 1, 2):  # the body first: what lies in it is painted over it
        for segment in labels.segments:
            if segment.layer == layer and segment.name in HU:
                image[labels.array[layer] == segment.value] = HU[segment.name]
    return replace(case, volumes={case.primary: replace(case.volume, array=image)})


@cache
def golden_scene() -> Scene:
    """What there is to see of it."""
    return build_scene(golden_case())


# off-screen


def scene_light(scene: Scene) -> Picture:
    """Surfaces, applicator, zone, legend, letters and the intended-use line."""
    from anatomy_twin.render import render_scene

    return render_scene(scene, size=SIZE, view="anterior-right", hide=("body",), focus_mm=FOCUS_MM, width_mm=230.0)


def scene_dark_cut(scene: Scene) -> Picture:
    """The same opened by a plane with the scan's slice in it, from below, on a dark ground."""
    from anatomy_twin.render.animation import Sight, snapshot_picture

    sight = Sight(view="foot", background="dark", planes=((FOCUS_MM, (0.0, 0.0, 1.0)),), legend=False)
    return snapshot_picture(scene, None, SIZE, sight)


def slice_field(scene: Scene) -> Picture:
    """An axial slice with the temperature, its scale, outlines, the applicator and letters."""
    from anatomy_twin.render import slice_picture

    return slice_picture(scene, "axial", size=SIZE, width_mm=200.0, field="temperature")


def slice_fills(scene: Scene) -> Picture:
    """A coronal slice with fills and outlines."""
    from anatomy_twin.render import slice_picture

    return slice_picture(scene, "coronal", size=SIZE, width_mm=300.0, fill=0.4)


def resection(scene: Scene) -> Picture:
    """A resection by a plane: what is taken has another colour than what stays."""
    from anatomy_twin.render.animation import Sight, snapshot_picture

    kept = tuple(one for one in scene.surfaces if one.name in ("liver", "tumour_1", "hepatic_veins"))
    bare = replace(scene, surfaces=kept, needles=(), markers=(), fields=())
    return snapshot_picture(bare, None, SIZE, Sight(plan=RESECTION))


def field_surface(scene: Scene) -> Picture:
    """The temperature on surfaces, at a moment before the end."""
    from anatomy_twin.render.animation import Sight, snapshot_picture

    shown = ("tumour_1", "hepatic_veins", "inferior_vena_cava")
    kept = tuple(replace(one, opacity=1.0) for one in scene.surfaces if one.name in shown)
    sight = Sight(field="temperature", snapshot=2, camera=Camera((-50.0, -400.0, 25.0), (-50.0, 0.0, 25.0),
                                                                 (0.0, 0.0, 1.0), 45.0))  # fmt: skip
    return snapshot_picture(replace(scene, surfaces=kept), None, SIZE, sight)


def volume(scene: Scene) -> Picture:
    """The scan itself, without surfaces."""
    from anatomy_twin.render.animation import Sight, snapshot_picture

    bare = replace(scene, surfaces=(), needles=(), markers=(), fields=())
    return snapshot_picture(bare, None, SIZE, Sight(volume="vessels", background="dark", legend=False))


STILLS: Final[Mapping[str, Callable[[Scene], Picture]]] = {
    one.__name__: one
    for one in (scene_light, scene_dark_cut, slice_field, slice_fills, resection, field_surface, volume)
}


# in a window


def window_edit_dark(window: Any) -> None:
    """Four views in edit mode: handles on slices and in 3-D."""
    window.run("plan.edit")


def window_field_light(window: Any) -> None:
    """The light theme, the temperature on all slices, the three slices in 3-D."""
    window.run("look.theme_light")
    window.desk.show_field("temperature")
    window.views.scene_pane.set_standing(True)


WINDOWS: Final[Mapping[str, Callable[[Any], None]]] = {
    one.__name__: one for one in (window_edit_dark, window_field_light)
}


def window_picture(arrange: Callable[[Any], None], case: Case | None = None) -> Picture:
    """Open a window, let ``arrange`` do something with it, and return its views; needs a screen.

    Words are drawn in the font that comes with matplotlib: what fonts a machine has is not what is looked at.
    """
    import matplotlib
    from PySide6.QtGui import QFont, QFontDatabase
    from PySide6.QtWidgets import QApplication

    from anatomy_twin.pipeline.session import Session
    from anatomy_twin.view.style import apply_style
    from anatomy_twin.view.window import RehearsalWindow

    application: Any = QApplication.instance() or QApplication(["golden"])
    font = application.font()
    number = QFontDatabase.addApplicationFont(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf/DejaVuSans.ttf"))
    application.setFont(QFont(QFontDatabase.applicationFontFamilies(number)[0], font.pointSize()))
    apply_style(application, "dark", 100)
    window = RehearsalWindow(Session(case or golden_case()))
    try:
        window.preferences["live_physics"] = False  # a preview comes when it comes
        window.views.setFixedSize(*VIEWS_SIZE)
        window.resize(*WINDOW_SIZE)
        window.show()
        pane = window.views.scene_pane
        _settle(application, lambda: pane.frames["resting"] > 0)
        window.desk.set_focus(FOCUS_MM)
        arrange(window)
        pane.stage.pace.resting.triangles = 1e12  # all of it, however slow this machine is
        _settle(application, lambda: not pane.busy)
        return _views_of(window)
    finally:
        window.close()
        window.deleteLater()
        application.setFont(font)
        application.processEvents()


def _settle(application: Any, done: Callable[[], bool], least_s: float = 0.8, most_s: float = 60.0) -> None:
    """Let a window work until something is so, and a moment longer."""
    began = time.monotonic()
    while time.monotonic() - began < least_s or (not done() and time.monotonic() - began < most_s):
        application.processEvents()
        time.sleep(0.01)


def _views_of(window: Any) -> Picture:
    """The four views, scaled down to ``SHOWN_PX``."""
    from PIL import Image
    from PySide6.QtGui import QImage

    from anatomy_twin.view.pictures import picture_of

    window.views.scene_pane.stage.frame("best")
    image = picture_of(window.views).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    whole = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    size = SHOWN_PX, round(SHOWN_PX * image.height() / image.width())
    return np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS))
