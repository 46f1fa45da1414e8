"""Commands of the 3-D menu: sides, fit, slices in the view, the scan itself, cuts, fields, pictures, animations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan
from anatomy_twin.view.commands import Command
from anatomy_twin.view.commands.look import busy
from anatomy_twin.view.scene_bar import side_words
from anatomy_twin.view.scene_menu import show_all
from anatomy_twin.view.scene_pictures import save_field_animation, save_snapshot, save_turntable
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.scene_pane import ScenePane
    from anatomy_twin.view.window import RehearsalWindow

# Slicer's: on the number block 1 front, 3 left, 7 above, with Ctrl the opposite side
SIDE_KEYS: Final = {"anterior": "Num+1", "posterior": "Ctrl+Num+1", "left": "Num+3", "right": "Ctrl+Num+3",
                    "head": "Num+7", "foot": "Ctrl+Num+7"}  # fmt: skip


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    return (*_sides(), *_things(), *_cuts(), *_volumes(), *_fields(), *_pictures())


def pane_of(window: RehearsalWindow) -> ScenePane:
    """Return the 3-D view of a window that has a case."""
    assert window.views is not None
    return window.views.scene_pane


def _run(do: Callable[[ScenePane], object]) -> Callable[[RehearsalWindow], object]:
    return lambda window: do(pane_of(window))


def _is(test: Callable[[ScenePane], bool]) -> Callable[[RehearsalWindow], bool]:
    return lambda window: window.views is not None and test(pane_of(window))


def _looking(side: str) -> Callable[[RehearsalWindow], object]:
    return _run(lambda pane: pane.look(side))


def _cutting(name: str) -> Callable[[RehearsalWindow], object]:
    return _run(lambda pane: pane.set_cut(name))


def _is_cut(name: str) -> Callable[[RehearsalWindow], bool]:
    return _is(lambda pane: pane.cut_name == name)


def _drawing(look: str) -> Callable[[RehearsalWindow], object]:
    def draw(pane: ScenePane) -> None:
        with busy():  # the first time the scan is thinned out and handed to the graphics card
            pane.set_volume(look)

    return _run(draw)


def _is_drawn(look: str) -> Callable[[RehearsalWindow], bool]:
    return _is(lambda pane: pane.stage.volume_look == look)


def _showing(field: str) -> Callable[[RehearsalWindow], object]:
    return _run(lambda pane: pane.desk.show_field(field))


def _is_shown(field: str) -> Callable[[RehearsalWindow], bool]:
    return _is(lambda pane: pane.desk.field_shown == field)


def _sides() -> tuple[Command, ...]:
    menu, inner = tr("3-D"), tr("Look from")
    words = side_words()
    found = [
        Command(f"scene.{side}", words[side][1], _looking(side), menu, (key,),
                submenu=inner)
        for side, key in SIDE_KEYS.items()
    ]  # fmt: skip
    return (
        *found,
        Command("scene.reset", tr("Reset the 3-D view"), _run(lambda pane: pane.reset()), menu,
                ("Num+5", "Shift+R"), icon="reset",
                tip=tr("From the front, everything in view, nothing cut (R in the view)")),
        Command("scene.fit", tr("Fill the view with the target"), _run(lambda pane: pane.fit_target()), menu,
                ("Num+.", "F8")),
        Command("scene.centre", tr("Turn about the crossing point"),
                _run(lambda pane: pane.centre_on(pane.desk.focus_mm)), menu, ("Num+0",)),
        Command("scene.perspective", tr("Perspective"),
                _run(lambda pane: pane.set_perspective(pane.stage.camera.parallel)), menu, ("Num+/",),
                checked=_is(lambda pane: not pane.stage.camera.parallel)),
    )  # fmt: skip


def _things() -> tuple[Command, ...]:
    menu = tr("3-D")
    return (
        Command("scene.slices", tr("Slices in the 3-D view"), _run(lambda pane: pane.set_standing(not pane.standing)),
                menu, ("V",), checked=_is(lambda pane: pane.standing), divided=True),
        Command("scene.show_all", tr("Show all structures again"), _run(show_all), menu),
    )  # fmt: skip


def _cuts() -> tuple[Command, ...]:
    menu, inner = tr("3-D"), tr("Cut")
    texts = {
        "": tr("No cut"), "axial": tr("Cut axially at the crossing point"),
        "coronal": tr("Cut coronally at the crossing point"), "sagittal": tr("Cut sagittally at the crossing point"),
        "view": tr("Cut across the line of sight"), "applicator": tr("Cut along the applicator"),
        "box": tr("Only a box round the target"),
    }
    keys = {"": "Ctrl+Shift+0", "axial": "Ctrl+Shift+1", "coronal": "Ctrl+Shift+2", "sagittal": "Ctrl+Shift+3",
            "view": "Ctrl+Shift+4", "applicator": "Ctrl+Shift+5", "box": "Ctrl+Shift+6"}  # fmt: skip

    def enabled(name: str) -> Callable[[RehearsalWindow], bool]:
        if name != "applicator":
            return lambda window: window.desk is not None
        return lambda window: window.desk is not None and isinstance(window.desk.plan, AblationPlan)

    found = [
        Command(f"scene.cut_{name or 'none'}", text, _cutting(name), menu,
                (keys[name],), submenu=inner, icon="clip" if name == "view" else "", enabled=enabled(name),
                checked=_is_cut(name))
        for name, text in texts.items()
    ]  # fmt: skip
    return (
        *found,
        Command("scene.cut_flip", tr("Show the other side of the cut"),
                _run(lambda pane: pane.set_cut(pane.cut_name, flip=not pane.flipped)), menu, ("Ctrl+Shift+7",),
                submenu=inner, enabled=_is(lambda pane: pane.cut_name not in ("", "box"))),
        Command("scene.cut_cap", tr("Slice of the scan on the cut"),
                _run(lambda pane: pane.set_capped(not pane.stage.capped)), menu, submenu=inner,
                checked=_is(lambda pane: pane.stage.capped)),
    )  # fmt: skip


def _volumes() -> tuple[Command, ...]:
    menu, inner = tr("3-D"), tr("The scan itself")
    texts = {"": tr("Not drawn"), "bone": tr("Bone"), "vessels": tr("Vessels"), "soft-tissue": tr("Soft tissue"),
             "lung": tr("Lung"), "mip": tr("Brightest values (MIP)")}  # fmt: skip
    names = ("", *catalog.load("volume_looks")["looks"])
    return tuple(
        Command(f"scene.volume_{name or 'none'}", texts.get(name, name), _drawing(name),
                menu, (f"Ctrl+Alt+{number}",) if name else (), submenu=inner, icon="volume" if name == "bone" else "",
                checked=_is_drawn(name))
        for number, name in enumerate(names)
    )  # fmt: skip


def _fields() -> tuple[Command, ...]:
    menu, inner = tr("3-D"), tr("Field on surfaces and slices")
    texts = {"": tr("No field"), "temperature": tr("Temperature"), "damage": tr("Damage of tissue")}

    def has(name: str) -> Callable[[RehearsalWindow], bool]:
        return lambda window: window.desk is not None and (not name or window.desk.field(name) is not None)

    return tuple(
        Command(f"scene.field_{name or 'none'}", text, _showing(name), menu,
                submenu=inner, enabled=has(name), checked=_is_shown(name))
        for name, text in texts.items()
    )  # fmt: skip


def _pictures() -> tuple[Command, ...]:
    menu = tr("3-D")
    return (
        Command("scene.snapshot", tr("Picture of the 3-D view..."), save_snapshot, menu, ("Ctrl+Shift+E",),
                icon="camera", divided=True),
        Command("scene.turntable", tr("Animation: once round..."), save_turntable, menu, icon="turn"),
        Command("scene.film", tr("Animation of the simulation..."), save_field_animation, menu, icon="film",
                enabled=lambda window: window.desk is not None and window.desk.snapshot_count > 1),
    )  # fmt: skip
