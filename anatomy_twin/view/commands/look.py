"""Commands of the view menu: layouts, panels, theme, size of type, colours of structures, language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from anatomy_twin import catalog
from anatomy_twin.view.commands import Command, always, has_case
from anatomy_twin.view.keyboard import go_to_part
from anatomy_twin.view.style import FONT_PERCENT
from anatomy_twin.view.words import LANGUAGES, install_language, tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

STEP_PERCENT: Final = 10
PANEL_KEYS: Final = ("steps", "tree", "segment", "plans", "measurements", "numbers", "compare", "messages", "history",
                     "jobs")  # Alt+1 ... Alt+9, Alt+0


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    return (*_layouts(), *_panels(), *_looks(), *_palettes(), *_languages())


def _layouts() -> tuple[Command, ...]:
    menu = tr("View")

    def layout(name: str, text: str, key: str, icon: str, short: str, bar: bool = False) -> Command:
        return Command(f"look.{name}", text, lambda window: set_layout(window, name), menu, (key,), icon=icon,
                       checked=lambda window: has_layout(window, name), bar=bar, short=short)  # fmt: skip

    return (
        layout("four", tr("Four views"), "Ctrl+1", "four", tr("Four"), True),
        layout("scene", tr("Large 3-D and three slices"), "Ctrl+2", "large", tr("3-D"), True),
        layout("axial", tr("Large axial slice"), "Ctrl+3", "large", tr("Axial")),
        layout("slices", tr("Slices only"), "Ctrl+4", "slices", tr("Slices"), True),
        Command("look.maximise", tr("One view alone"), maximise, menu, ("Ctrl+M",), icon="one", bar=True,
                tip=tr("Show the view with the keyboard alone, and back (double click)"), short=tr("One"),
                checked=lambda window: window.views is not None and window.views.alone is not None),
        Command("look.full_screen", tr("Full screen"), full_screen, menu, ("F11",), enabled=always,
                checked=lambda window: window.isFullScreen()),
    )  # fmt: skip


def _panels() -> tuple[Command, ...]:
    menu, inner = tr("View"), tr("Panels")

    def side(name: str, where: str, text: str, key: str, *, divided: bool = False) -> Command:
        return Command(f"look.{name}", text, lambda window: toggle_side(window, where), menu, (key,),
                       checked=lambda window: shows_side(window, where), divided=divided)  # fmt: skip

    def panel(name: str, text: str, key: str) -> Command:
        return Command(f"look.panel_{name}", text, lambda window: window.go_to_panel(name), menu, (key,),
                       submenu=inner)  # fmt: skip

    texts = {
        "steps": tr("Go to steps"), "tree": tr("Go to structures"), "segment": tr("Go to segment"),
        "plans": tr("Go to plans"), "measurements": tr("Go to measurements"), "numbers": tr("Go to numbers"),
        "compare": tr("Go to comparison"), "messages": tr("Go to messages"), "history": tr("Go to history"),
        "jobs": tr("Go to tasks"),
    }
    return (
        side("steps", "left", tr("Steps on the left"), "Ctrl+Alt+Left", divided=True),
        side("right", "right", tr("Panels on the right"), "Ctrl+Alt+Right"),
        side("below", "bottom", tr("Panels below"), "Ctrl+Alt+Down"),
        Command("look.views_only", tr("Views only"), views_only, menu, ("F9",), checked=shows_views_only,
                tip=tr("Hide all panels, and show them again")),
        *(panel(name, texts[name], f"Alt+{(number + 1) % 10}") for number, name in enumerate(PANEL_KEYS)),
        Command("look.large_panel", tr("One panel large"), enlarge, menu, ("Ctrl+Shift+M",), icon="enlarge",
                tip=tr("Give the panel with the keyboard most of the window, and back (double click on its tab)"),
                checked=lambda window: window.dock_places is not None and bool(window.dock_places.large)),
        Command("look.next_part", tr("Next view or panel"), lambda window: go_to_part(window, 1), menu, ("F6",),
                enabled=always),
        Command("look.last_part", tr("Previous view or panel"), lambda window: go_to_part(window, -1), menu,
                ("Shift+F6",), enabled=always),
        Command("look.unlock", tr("Move panels"), unlock, menu, enabled=has_case,
                tip=tr("Show title bars by which panels can be moved, let loose or closed"),
                checked=lambda window: window.dock_places is not None and window.dock_places.unlocked),
        Command("look.reset", tr("Reset layout"), reset, menu, ("Ctrl+Alt+0",), enabled=has_case,
                tip=tr("Put all views and panels back to where they were at first")),
    )  # fmt: skip


def _looks() -> tuple[Command, ...]:
    menu, inner = tr("View"), tr("Theme")

    def theme(name: str, text: str) -> Command:
        return Command(f"look.theme_{name}", text, lambda window: prefer(window, "theme", name), menu,
                       enabled=always, checked=lambda window: window.preferences["theme"] == name,
                       submenu=inner, divided=name == "dark")  # fmt: skip

    return (
        theme("dark", tr("Dark")), theme("light", tr("Light")), theme("system", tr("As the system")),
        Command("look.larger", tr("Larger type"), lambda window: scale_type(window, STEP_PERCENT), menu,
                ("Ctrl++", "Ctrl+="), enabled=always),
        Command("look.smaller", tr("Smaller type"), lambda window: scale_type(window, -STEP_PERCENT), menu,
                ("Ctrl+-",), enabled=always),
        Command("look.usual_type", tr("Usual size of type"), lambda window: prefer(window, "font_percent", 100), menu,
                ("Ctrl+0",), enabled=always),
        Command("look.toolbar_words", tr("Words on the tool bar"),
                lambda window: prefer(window, "toolbar_words", not window.preferences["toolbar_words"]), menu,
                enabled=always, checked=lambda window: bool(window.preferences["toolbar_words"])),
    )  # fmt: skip


def palette_labels() -> dict[str, str]:
    """Return name -> what people read, for every palette of structures."""
    known = {"default": tr("Anatomical"), "slicer": tr("3D Slicer"), "hpb": tr("Liver surgery (HPB)"),
             "colour-blind": tr("Colour-blind safe")}  # fmt: skip
    return {name: known.get(name, entry["label"]) for name, entry in catalog.load("palettes")["palettes"].items()}


def _palettes() -> tuple[Command, ...]:
    menu, inner = tr("View"), tr("Colours of structures")
    return tuple(
        Command(f"look.palette_{name}", label, lambda window, name=name: set_palette(window, name), menu,  # type: ignore[misc]
                checked=lambda window, name=name: palette_of(window) == name, submenu=inner,  # type: ignore[misc]
                tip=tr("Colours of structures: {name}").format(name=label))
        for name, label in palette_labels().items()
    )  # fmt: skip


def _languages() -> tuple[Command, ...]:
    menu, inner = tr("View"), tr("Language")
    texts = {"": tr("As the system"), **LANGUAGES}
    return tuple(
        Command(f"look.language_{code or 'system'}", text, lambda window, code=code: speak(window, code), menu,  # type: ignore[misc]
                enabled=always, checked=lambda window, code=code: window.preferences["language"] == code,  # type: ignore[misc]
                submenu=inner)
        for code, text in texts.items()
    )  # fmt: skip


# what they do


@contextmanager
def busy() -> Iterator[None]:
    """Show by the cursor that the window works: all widgets are dressed or made anew, which takes a moment."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()


def set_layout(window: RehearsalWindow, name: str) -> None:
    """Show the views in a layout, and remember it."""
    if window.views is not None:
        window.views.set_layout(name)
        window.preferences["layout"] = name


def has_layout(window: RehearsalWindow, name: str) -> bool:
    """True where the views stand in a layout."""
    return window.views is not None and window.views.alone is None and window.views.layout_name == name


def maximise(window: RehearsalWindow) -> None:
    """Show the view with the keyboard alone, or all again."""
    views = window.views
    if views is not None:
        views.toggle_alone(views.alone or views.focused or views.scene_pane)


def full_screen(window: RehearsalWindow) -> None:
    """Take the whole screen, or give it back."""
    if window.isFullScreen():
        window.showMaximized()
    else:
        window.showFullScreen()


def shows_side(window: RehearsalWindow, side: str) -> bool:
    """True where panels of a side are shown."""
    return window.dock_places is not None and window.dock_places.side_shown(side)


def toggle_side(window: RehearsalWindow, side: str) -> None:
    """Show or hide the panels of a side."""
    if window.dock_places is not None:
        window.dock_places.show_side(side, not window.dock_places.side_shown(side))


def shows_views_only(window: RehearsalWindow) -> bool:
    """True where no panel is shown."""
    return not any(shows_side(window, side) for side in ("left", "right", "bottom"))


def views_only(window: RehearsalWindow) -> None:
    """Hide all panels, or show them again."""
    places = window.dock_places
    if places is not None:
        on = shows_views_only(window)
        for side in ("left", "right", "bottom"):
            places.show_side(side, on)


def enlarge(window: RehearsalWindow) -> None:
    """Make the panel with the keyboard large, else the numbers; the one that is large as it was."""
    places, holder = window.dock_places, QApplication.focusWidget()
    if places is not None:
        having = (name for name, panel in window.panels.items()
                  if holder is not None and (panel is holder or panel.isAncestorOf(holder)))  # fmt: skip
        places.toggle_large(places.large or next(having, "numbers"))


def unlock(window: RehearsalWindow) -> None:
    """Let panels be moved, or hold them fast."""
    if window.dock_places is not None:
        window.dock_places.unlock(not window.dock_places.unlocked)


def reset(window: RehearsalWindow) -> None:
    """Put views and panels back to where they were at first."""
    if window.dock_places is not None and window.views is not None:
        window.dock_places.reset()
        window.views.reset()
        window.preferences["layout"] = "four"


def prefer(window: RehearsalWindow, name: str, value: Any) -> None:
    """Set a preference of the look and draw by it."""
    window.preferences[name] = value
    with busy():
        window.restyle()


def scale_type(window: RehearsalWindow, step_percent: int) -> None:
    """Make the type larger or smaller."""
    percent = int(window.preferences["font_percent"]) + step_percent
    prefer(window, "font_percent", min(max(percent, FONT_PERCENT[0]), FONT_PERCENT[1]))
    window.tell(tr("Type: {percent} %").format(percent=window.preferences["font_percent"]))


def palette_of(window: RehearsalWindow) -> str:
    """Return the name of the palette that structures have now."""
    desk = window.desk
    return "" if desk is None else desk.case.display.palette or desk.usual_palette or "default"


def set_palette(window: RehearsalWindow, name: str) -> None:
    """Give the structures of the case other colours, as a step."""
    desk = window.desk
    if desk is not None and name != palette_of(window):
        words = tr("Colours: {name}").format(name=palette_labels()[name])
        desk.do(words, replace(desk.case, display=replace(desk.case.display, palette=name)))


def speak(window: RehearsalWindow, language: str) -> None:
    """Put the window into another language, now."""
    window.preferences["language"] = language
    install_language(language)
    with busy():
        window.speak()
