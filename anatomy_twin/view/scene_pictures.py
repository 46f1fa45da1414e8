"""Saves the 3-D view as a picture or an animation; drawing runs beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
)

from anatomy_twin.core import ResectionPlan
from anatomy_twin.render.animation import Sight
from anatomy_twin.view.opening_save import choose_target
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.scene_pane import ScenePane
    from anatomy_twin.view.window import RehearsalWindow

SIZES: Final = ((1280, 720), (1920, 1080), (2560, 1440), (3840, 2160), (1080, 1080))
FILM_SIZES: Final = ((640, 480), (960, 720), (1280, 720), (1920, 1080), (720, 720))


class PictureDialog(QDialog):
    """Asks for size, background and, for an animation, how many seconds it takes and its format."""

    def __init__(self, parent: Any, title: str, *, film: bool) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        form = QFormLayout(self)
        self.size_box, self.ground = QComboBox(), QComboBox()
        for width, height in FILM_SIZES if film else SIZES:
            self.size_box.addItem(f"{width} x {height}", (width, height))
        self.size_box.setCurrentIndex(1)
        self.ground.addItem(tr("White"), "white")
        self.ground.addItem(tr("Dark"), "dark")
        form.addRow(tr("Size in pixels"), self.size_box)
        form.addRow(tr("Background"), self.ground)
        self.seconds, self.format = QSpinBox(), QComboBox()
        if film:
            self.seconds.setRange(1, 60)
            self.seconds.setValue(4)
            self.seconds.setSuffix(tr(" s"))
            self.format.addItem(tr("WebP (small)"), ".webp")
            self.format.addItem(tr("PNG (animated)"), ".png")
            self.format.addItem(tr("MP4 (by your own ffmpeg)"), ".mp4")
            form.addRow(tr("It takes"), self.seconds)
            form.addRow(tr("Format"), self.format)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)


def sight_of(pane: ScenePane, background: str) -> Sight:
    """Return how the 3-D view looks at its scene now."""
    desk, stage = pane.desk, pane.stage
    plan = desk.plan if isinstance(desk.plan, ResectionPlan) else None
    return Sight(
        camera=stage.camera, background=background, planes=stage.planes, capped=stage.capped,
        slices_at_mm=desk.focus_mm if pane.standing else None, volume=stage.volume_look, field=desk.field_shown,
        snapshot=desk.snapshot if desk.snapshot_count else -1, plan=plan, shapes=desk.shapes(),
    )


def save_snapshot(window: RehearsalWindow) -> None:
    """Ask how and where, and save a picture of the 3-D view."""
    def go_on(dialog: PictureDialog) -> None:
        size, ground = dialog.size_box.currentData(), dialog.ground.currentData()
        _choose(window, ".png", lambda file: start_snapshot(window, str(file), size, ground))

    _ask_how(window, tr("Picture of the 3-D view"), go_on, film=False)


def save_turntable(window: RehearsalWindow) -> None:
    """Ask how and where, and save an animation that goes once round."""
    _film(window, tr("Animation: once round"), "anatomy_twin.render.animation:turntable")


def save_field_animation(window: RehearsalWindow) -> None:
    """Ask how and where, and save an animation of the simulated moments."""
    _film(window, tr("Animation of the simulation"), "anatomy_twin.render.animation:over_time")


def start_snapshot(window: RehearsalWindow, file: str, size: tuple[int, int], background: str) -> None:
    """Draw and save a picture of the 3-D view beside the window."""
    _start(window, tr("Saving a picture"), "anatomy_twin.render.animation:snapshot_picture", file, size, background)


def start_film(
    window: RehearsalWindow, function: str, file: str, size: tuple[int, int], background: str, seconds: float
) -> None:
    """Draw and save an animation of the 3-D view beside the window."""
    desk = window.desk
    assert desk is not None
    if function.endswith("turntable"):
        frames = max(round(18 * seconds), 2)
        options: dict[str, Any] = {"frames": frames, "per_second": 18.0}
    else:
        options = {"per_second": float(min(max(desk.snapshot_count / max(seconds, 0.5), 0.5), 30.0))}
    _start(window, tr("Drawing an animation"), function, file, size, background, **options)


def _film(window: RehearsalWindow, title: str, function: str) -> None:
    def go_on(dialog: PictureDialog) -> None:
        size, ground, seconds = dialog.size_box.currentData(), dialog.ground.currentData(), dialog.seconds.value()
        _choose(window, dialog.format.currentData(),
                lambda file: start_film(window, function, str(file), size, ground, seconds))

    _ask_how(window, title, go_on, film=True)


def _ask_how(window: RehearsalWindow, title: str, then: Callable[[PictureDialog], None], *, film: bool) -> None:
    dialog = PictureDialog(window, title, film=film)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: then(dialog))
    dialog.open()


def _choose(window: RehearsalWindow, suffix: str, then: Callable[[Path], object]) -> None:
    """Let the file be chosen."""
    if window.desk is not None:
        choose_target(window, window.desk.session, tr("Save as"), suffix, then)


def _start(
    window: RehearsalWindow, title: str, function: str, file: str, size: tuple[int, int], background: str,
    **options: Any,
) -> None:
    desk, views = window.desk, window.views
    assert desk is not None and views is not None
    sight = sight_of(views.scene_pane, background)
    scene = desk.scene
    if desk.moving is not None:  # what the hand holds is not what was simulated
        scene = replace(scene, surfaces=tuple(one for one in scene.surfaces if one.group != "zone"), fields=())
    scene = replace(scene, needles=views.scene_pane.stage.needles.needles, window=desk.window, overlays=(), looks=())
    told = tr("Saved {file}").format(file=Path(file).name)
    window.jobs.start(title, function, scene, file, tuple(size), sight, done=lambda _: desk.tell(told), **options)
