"""Commands of the slices: grey windows, outlines, slabs, planes along and across applicators, moving through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from anatomy_twin.core import AblationPlan
from anatomy_twin.rehearsal import targets_of
from anatomy_twin.rehearsal.build import focus_of
from anatomy_twin.rehearsal.oblique import PlaneChoice, plane_cuts
from anatomy_twin.rehearsal.presets import preset_of
from anatomy_twin.rehearsal.slabs import Slab
from anatomy_twin.view.commands import Command, has_case
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.slice_pane import SlicePane
    from anatomy_twin.view.window import RehearsalWindow

THICKNESSES_MM: Final = (5.0, 10.0, 20.0, 50.0)
FILLS: Final = (0.0, 0.14, 0.3, 0.5)


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    return (*_windows(), *_looks(), *_slabs(), *_planes(), *_moves(), *_fields())


def pane_of(window: RehearsalWindow) -> SlicePane:
    """Return the slice view that commands work on: that with the keyboard, else the one used last."""
    assert window.views is not None and window.desk is not None
    panes = window.views.slice_panes
    focused = next((pane for pane in panes.values() if pane.hasFocus()), None)
    shown = next((pane for pane in panes.values() if not pane.isHidden()), panes["axial"])
    last = panes.get(window.desk.active_view)
    return focused or (last if last is not None and not last.isHidden() else shown)


# grey windows


def _windows() -> tuple[Command, ...]:
    menu, inside = tr("Slices"), tr("Grey window")
    names = {
        "abdomen": (tr("Abdomen"), ("L, A",)), "liver-portal": (tr("Liver, portal venous"), ("L, P",)),
        "liver": (tr("Liver, unenhanced"), ("L, U",)), "liver-narrow": (tr("Liver, narrow"), ("L, N",)),
        "soft-tissue": (tr("Soft tissue"), ("L, S",)), "vessels": (tr("Vessels"), ("L, V",)),
        "lung": (tr("Lung"), ("L, L",)), "bone": (tr("Bone"), ("L, B",)), "brain": (tr("Brain"), ("L, H",)),
        "whole": (tr("Whole range"), ("L, W",)), "narrow": (tr("Narrow range"), ()),
        "bright": (tr("Bright parts"), ()),
    }
    found = [
        Command(
            f"slices.window.{name}", text, partial(_set_window, name), menu, keys, submenu=inside,
            tip=tr("Show the slices in this grey window"), enabled=partial(_has_preset, name),
            checked=partial(_is_preset, name), why=_no_preset,
        )
        for name, (text, keys) in names.items()
    ]
    found.append(Command("slices.window.reset", tr("As opened"), _reset_window, menu, ("L, O",), submenu=inside,
                         tip=tr("Show the grey window that the case was opened with"), divided=True))  # fmt: skip
    found.append(Command("slices.window.keep", tr("Keep with the case"), _keep_window, menu, submenu=inside,
                         tip=tr("Open the case with this grey window from now on")))  # fmt: skip
    return tuple(found)


def _has_preset(name: str, window: RehearsalWindow) -> bool:
    return has_case(window) and any(preset.name == name for preset in pane_of(window).presets)


def _no_preset(window: RehearsalWindow) -> str:
    return tr("the scan has no HU") if has_case(window) else tr("no case is open")


def _is_preset(name: str, window: RehearsalWindow) -> bool:
    if window.desk is None:
        return False
    preset = preset_of(pane_of(window).presets, *window.desk.window)
    return preset is not None and preset.name == name


def _set_window(name: str, window: RehearsalWindow) -> None:
    assert window.desk is not None
    preset = next(preset for preset in pane_of(window).presets if preset.name == name)
    window.desk.set_window(preset.width, preset.level)


def _reset_window(window: RehearsalWindow) -> None:
    assert window.desk is not None
    window.desk.set_window(*window.desk.scene.window)


def _keep_window(window: RehearsalWindow) -> None:
    assert window.desk is not None
    width, level = window.desk.window
    display = replace(window.desk.case.display, window_width=width, window_level=level)
    window.desk.do(tr("Keep grey window"), replace(window.desk.case, display=display), key="window")


# outlines, fills, crosshair


def _looks() -> tuple[Command, ...]:
    menu = tr("Slices")
    found = [
        Command("slices.outlines", tr("Outlines"), partial(_toggle, "outlines"), menu, ("Shift+O",), divided=True,
                tip=tr("Show or hide the outlines of structures"), checked=partial(_is_on, "outlines")),
        Command("slices.fills", tr("Fills"), partial(_toggle, "fills"), menu, ("Shift+F",),
                tip=tr("Show or hide the tint of structures"), checked=partial(_is_on, "fills")),
        Command("slices.bare", tr("Image alone"), _bare, menu, ("Shift+B",),
                tip=tr("Hide outlines and tints of structures, or show them again"), checked=_is_bare),
        Command("slices.crosshair", tr("Crosshair"), partial(_toggle, "crosshair"), menu, ("Shift+X",),
                tip=tr("Show or hide where the other slices lie"), checked=partial(_is_on, "crosshair")),
    ]  # fmt: skip
    for share in FILLS[1:]:
        text = tr("Fill {percent} %").format(percent=f"{100 * share:.0f}")
        found.append(Command(f"slices.fill.{100 * share:.0f}", text, partial(_fill, share), menu,
                             submenu=tr("Strength of fills"), tip=tr("How strongly structures are tinted"),
                             checked=partial(_fill_is, share)))  # fmt: skip
    return tuple(found)


def _toggle(part: str, window: RehearsalWindow) -> None:
    assert window.desk is not None
    window.desk.set_slice_style(**{part: not getattr(window.desk.slice_style, part)})


def _is_on(part: str, window: RehearsalWindow) -> bool:
    return window.desk is not None and bool(getattr(window.desk.slice_style, part))


def _bare(window: RehearsalWindow) -> None:
    assert window.desk is not None
    shown = _is_bare(window)
    window.desk.set_slice_style(outlines=shown, fills=shown)


def _is_bare(window: RehearsalWindow) -> bool:
    return window.desk is not None and not (window.desk.slice_style.outlines or window.desk.slice_style.fills)


def _fill(share: float, window: RehearsalWindow) -> None:
    assert window.desk is not None
    window.desk.set_slice_style(fill=share, fills=True)


def _fill_is(share: float, window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.slice_style.fills and window.desk.slice_style.fill == share


# slabs


def _slabs() -> tuple[Command, ...]:
    menu, inside = tr("Slices"), tr("Slab")
    modes = {
        "maximum": (tr("Maximum (MIP)"), tr("Show the brightest value through the slab: vessels, bone")),
        "minimum": (tr("Minimum (MinIP)"), tr("Show the darkest value through the slab: airways, bile ducts")),
        "mean": (tr("Mean"), tr("Show the mean through the slab: less noise")),
    }
    found = [
        Command("slices.slab.off", tr("Thin slices"), partial(_thickness, 0.0), menu, ("Shift+T",), submenu=inside,
                tip=tr("Show slices without thickness"), checked=partial(_thickness_is, 0.0)),
        Command("slices.slab.thicker", tr("Thicker slab"), partial(_thicker, 1), menu, ("Shift+Up",), submenu=inside,
                tip=tr("Show a thicker slab")),
        Command("slices.slab.thinner", tr("Thinner slab"), partial(_thicker, -1), menu, ("Shift+Down",),
                submenu=inside, tip=tr("Show a thinner slab")),
    ]  # fmt: skip
    for thickness in THICKNESSES_MM:
        text = tr("{thickness} mm thick").format(thickness=f"{thickness:g}")
        found.append(Command(f"slices.slab.{thickness:g}mm", text, partial(_thickness, thickness), menu,
                             submenu=inside, tip=tr("Show a slab of this thickness"),
                             checked=partial(_thickness_is, thickness)))  # fmt: skip
    for mode, (text, tip) in modes.items():
        found.append(Command(f"slices.slab.{mode}", text, partial(_mode, mode), menu, submenu=inside, tip=tip,
                             checked=partial(_mode_is, mode), divided=mode == "maximum"))  # fmt: skip
    return tuple(found)


def _thickness(thickness_mm: float, window: RehearsalWindow) -> None:
    assert window.desk is not None
    window.desk.set_slice_style(slab=Slab(thickness_mm, window.desk.slice_style.slab.mode))


def _thickness_is(thickness_mm: float, window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.slice_style.slab.thickness_mm == thickness_mm


def _thicker(way: int, window: RehearsalWindow) -> None:
    assert window.desk is not None
    steps = (0.0, *THICKNESSES_MM)
    now = window.desk.slice_style.slab.thickness_mm
    later = [step for step in steps if (step > now if way > 0 else step < now)]
    if later:
        _thickness(min(later) if way > 0 else max(later), window)


def _mode(mode: str, window: RehearsalWindow) -> None:
    assert window.desk is not None
    thickness = window.desk.slice_style.slab.thickness_mm or 10.0
    window.desk.set_slice_style(slab=Slab(thickness, mode))


def _mode_is(mode: str, window: RehearsalWindow) -> bool:
    slab = Slab() if window.desk is None else window.desk.slice_style.slab
    return slab.thickness_mm > 0 and slab.mode == mode


# planes


def _planes() -> tuple[Command, ...]:
    menu, inside = tr("Slices"), tr("Plane of the view")
    texts = {
        "axial": tr("Axial plane"), "coronal": tr("Coronal plane"), "sagittal": tr("Sagittal plane"),
        "scan": tr("Plane as scanned"),
    }
    found = [
        Command(f"slices.plane.{kind}", text, partial(_choose, kind), menu, submenu=inside,
                tip=tr("Show this plane in the slice view that was used last"), checked=partial(_shows, kind))
        for kind, text in texts.items()
    ]  # fmt: skip
    found += [
        Command("slices.plane.along", tr("Along the applicator"), partial(_choose, "along"), menu, ("Shift+A",),
                submenu=inside, enabled=_has_applicator, why=_no_applicator, divided=True,
                tip=tr("Show the plane that contains the applicator; again: the next applicator"),
                checked=partial(_shows, "along")),
        Command("slices.plane.across", tr("Across the applicator"), partial(_choose, "across"), menu, ("Shift+P",),
                submenu=inside, enabled=_has_applicator, why=_no_applicator,
                tip=tr("Look along the applicator, slices across it; again: the next applicator"),
                checked=partial(_shows, "across")),
        Command("slices.plane.cut", tr("In the cut"), partial(_choose, "cut"), menu, ("Shift+C",),
                submenu=inside, enabled=_has_cut, why=_no_cut,
                tip=tr("Show the plane of a cut; again: the next cut"), checked=partial(_shows, "cut")),
        Command("slices.plane.turn", tr("Turn about the applicator"), partial(_turn, 15.0), menu, ("Shift+Right",),
                submenu=inside, enabled=partial(_shows, "along"), tip=tr("Turn the plane by 15 degrees")),
        Command("slices.plane.turn_back", tr("Turn back about the applicator"), partial(_turn, -15.0), menu,
                ("Shift+Left",), submenu=inside, enabled=partial(_shows, "along"),
                tip=tr("Turn the plane back by 15 degrees")),
    ]  # fmt: skip
    return tuple(found)


def _choose(kind: str, window: RehearsalWindow) -> None:
    assert window.desk is not None
    pane, plan = pane_of(window), window.desk.plan
    count = len(plane_cuts(plan)) if kind == "cut" else 0
    if kind in ("along", "across") and isinstance(plan, AblationPlan):
        count = len(plan.applicators)
    again = pane.choice.kind == kind and count > 0
    pane.choose(PlaneChoice(kind, (pane.choice.number + 1) % count if again else 0))


def _shows(kind: str, window: RehearsalWindow) -> bool:
    return has_case(window) and pane_of(window).choice.kind == kind


def _has_applicator(window: RehearsalWindow) -> bool:
    return window.desk is not None and isinstance(window.desk.plan, AblationPlan)


def _no_applicator(window: RehearsalWindow) -> str:
    return tr("the plan has no applicator")


def _has_cut(window: RehearsalWindow) -> bool:
    return window.desk is not None and bool(plane_cuts(window.desk.plan))


def _no_cut(window: RehearsalWindow) -> str:
    return tr("the plan has no plane cut")


def _turn(degrees: float, window: RehearsalWindow) -> None:
    pane_of(window).turn(degrees)


# moving through slices


def _moves() -> tuple[Command, ...]:
    menu = tr("Slices")
    rows: tuple[tuple[str, str, Callable[[SlicePane], object], tuple[str, ...], str], ...] = (
        ("next", tr("Next slice"), lambda pane: pane.step(1), ("PgUp",), tr("One slice towards the viewer")),
        ("previous", tr("Previous slice"), lambda pane: pane.step(-1), ("PgDown",), tr("One slice away")),
        ("larger", tr("Magnify the slice"), lambda pane: pane.zoom(1.25), ("Ctrl+Shift++",), tr("Magnify")),
        ("smaller", tr("Reduce the slice"), lambda pane: pane.zoom(0.8), ("Ctrl+Shift+-",), tr("Reduce")),
        ("reset", tr("Whole slice"), lambda pane: pane.reset(), ("Shift+S",), tr("See all of the slice again")),
    )  # fmt: skip
    found = [
        Command(f"slices.{name}", text, partial(_on_pane, action), menu, keys, tip=tip, divided=name == "next")
        for name, text, action, keys, tip in rows
    ]
    found.append(Command("slices.reset_all", tr("Whole slices in all views"), _reset_all, menu,
                         tip=tr("All slice views at their own planes, seen whole")))  # fmt: skip
    found.append(Command("slices.centre", tr("Go to the target"), _centre, menu, ("Shift+G",),
                         tip=tr("Let all slices cross in the target of the plan")))  # fmt: skip
    return tuple(found)


def _on_pane(action: Callable[[SlicePane], object], window: RehearsalWindow) -> None:
    action(pane_of(window))


def _reset_all(window: RehearsalWindow) -> None:
    assert window.views is not None
    for name, pane in window.views.slice_panes.items():
        pane.choose(PlaneChoice(name))


def _centre(window: RehearsalWindow) -> None:
    assert window.desk is not None
    target = next(iter(targets_of(window.desk.plan)), "")
    window.desk.set_focus(np.asarray(focus_of(window.desk.case, target)))


# simulated fields


def _fields() -> tuple[Command, ...]:
    menu, inside = tr("Slices"), tr("Simulated field")
    texts = {"": tr("No field"), "temperature": tr("Temperature"), "damage": tr("Tissue damage")}
    keys = {"temperature": ("Shift+H",), "damage": ("Shift+D",), "": ()}
    found = [
        Command(f"slices.field.{name or 'none'}", text, partial(_show_field, name), menu, keys[name], submenu=inside,
                tip=tr("Lay a simulated field over slices and surfaces; again: take it away"),
                enabled=partial(_has_field, name), why=_no_field, checked=partial(_field_is, name))
        for name, text in texts.items()
    ]  # fmt: skip
    found.append(Command("slices.field.levels", tr("Lines of equal value"), partial(_toggle, "levels"), menu,
                         submenu=inside, tip=tr("Draw the lines of the field's levels"), divided=True,
                         checked=partial(_is_on, "levels")))  # fmt: skip
    return tuple(found)


def _has_field(name: str, window: RehearsalWindow) -> bool:
    return window.desk is not None and (not name or window.desk.field(name) is not None)


def _no_field(window: RehearsalWindow) -> str:
    return tr("the plan was not simulated")


def _field_is(name: str, window: RehearsalWindow) -> bool:
    return window.desk is not None and window.desk.field_shown == name


def _show_field(name: str, window: RehearsalWindow) -> None:
    assert window.desk is not None
    window.desk.show_field("" if window.desk.field_shown == name else name)
