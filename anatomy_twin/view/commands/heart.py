"""Commands of the heart menu: what of a chamber is seen, pacing, lesions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from anatomy_twin.view.commands import Command
from anatomy_twin.view.heart import HeartSight, heart_of_desk
from anatomy_twin.view.heart_words import map_words, set_words
from anatomy_twin.view.words import tr

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def commands() -> tuple[Command, ...]:
    """Return them in the order of the menu."""
    menu = tr("Heart")
    return (
        Command("heart.show", tr("Show the chamber"), _toggle, menu, ("H",),
                tr("Show the heart chamber before the other structures, or only those"), has_chamber, _is_on,
                why=no_chamber),
        *_maps(menu),
        Command("heart.next_map", tr("Next map"), _next_map, menu, ("Ctrl+Alt+M",),
                tr("Colour the chamber by the next map"), has_chamber, why=no_chamber),
        Command("heart.build", tr("Build the left atrium"), _build, menu, (),
                tr("Its wall as a surface with openings, regions, fibres and, where it is known, fibrosis"),
                _has_atrium, divided=True,
                why=lambda _: tr("the left atrium is not outlined: find organs of the heart first")),
        Command("heart.site", tr("Place a pacing site"), lambda window: _take(window, "pacing"), menu,
                ("Ctrl+Alt+P",),
                tr("Click on the wall: activation from there is shown at once"), has_chamber,
                lambda window: _held(window, "pacing"), why=no_chamber),
        Command("heart.remove_site", tr("Remove the pacing site"), _remove_site, menu, (),
                tr("Forget the site that the activation map is of"), _has_site,
                why=lambda window: no_chamber(window) or tr("there is no pacing site")),
        Command("heart.line", tr("Draw a lesion line"), lambda window: _take(window, "lesion line"), menu,
                ("Ctrl+Alt+L",), tr("Click from point to point on the wall; Enter or a double click ends the line"),
                has_chamber, lambda window: _held(window, "lesion line"), divided=True, why=no_chamber),
        Command("heart.point", tr("Place lesion points"), lambda window: _take(window, "lesion point"), menu,
                ("Ctrl+Alt+O",), tr("Click on the wall where the catheter ablates"), has_chamber,
                lambda window: _held(window, "lesion point"), why=no_chamber),
        *_sets(menu),
        Command("heart.remove_lesion", tr("Remove the lesion"), _remove_lesion, menu, (),
                tr("Remove the lesion that is chosen in the list or by its handle"), _has_lesions,
                why=lambda window: no_chamber(window) or tr("the plan shown has no lesion")),
        Command("heart.new_plan", tr("New plan of lesions"), _new_plan, menu, (),
                tr("A plan without lesions; lines and points are added to it"), has_chamber, why=no_chamber),
        Command("heart.induce", tr("Induce"), lambda window: _run_induction(window, "start"), menu, (),
                tr("Pace from the sites that were placed, else from some spread evenly, and see what can be induced"),
                has_chamber, divided=True, why=no_chamber),
        Command("heart.replay", tr("Play what was induced"), lambda window: _run_induction(window, "play"), menu, (),
                tr("Record what was induced from the site chosen, and play it on the wall"), _is_induced,
                why=lambda window: no_chamber(window) or tr("no site is chosen from which anything was induced")),
    )  # fmt: skip


def _sets(menu: str) -> tuple[Command, ...]:
    return tuple(
        Command(f"heart.set_{name}", words, partial(_add_set, name=name), menu, submenu=tr("Standard lesions"),
                tip=tr("Add the lines of a standard set to the plan shown"), enabled=has_chamber, why=no_chamber)
        for name, words in set_words().items()
    )  # fmt: skip


def _maps(menu: str) -> tuple[Command, ...]:
    return tuple(
        Command(f"heart.map_{name}", words, partial(_show_map, name=name), menu, submenu=tr("Colour by"),
                enabled=lambda window, name=name: not _why_not(window, name),
                checked=lambda window, name=name: _map_is(window, name),
                why=lambda window, name=name: _why_not(window, name))
        for name, words in map_words().items()
    )  # fmt: skip


def sight_of(window: RehearsalWindow) -> HeartSight | None:
    """Return what is seen of the heart of the open case; None where it has none."""
    sight = heart_of_desk(window.desk)
    return None if sight is None or sight.chamber is None else sight


def has_chamber(window: RehearsalWindow) -> bool:
    """True where the case has a heart chamber."""
    return sight_of(window) is not None


def no_chamber(window: RehearsalWindow) -> str:
    """Return why nothing can be done with a heart, "" where there is one."""
    return "" if has_chamber(window) else tr("the case has no heart chamber")


def _is_on(window: RehearsalWindow) -> bool:
    sight = sight_of(window)
    return sight is not None and sight.on


def _why_not(window: RehearsalWindow, name: str) -> str:
    sight = sight_of(window)
    return no_chamber(window) if sight is None else sight.why_not(name)


def _map_is(window: RehearsalWindow, name: str) -> bool:
    sight = sight_of(window)
    return sight is not None and sight.on and sight.map_name == name


def _has_site(window: RehearsalWindow) -> bool:
    sight = sight_of(window)
    return sight is not None and sight.site is not None


def _has_atrium(window: RehearsalWindow) -> bool:
    labels = None if window.desk is None else window.desk.case.labels.get(window.desk.case.primary)
    return labels is not None and "left_atrium" in labels


def _has_lesions(window: RehearsalWindow) -> bool:
    sight = sight_of(window)
    return sight is not None and sight.plan is not None and bool(sight.plan.lesions)


def _is_induced(window: RehearsalWindow) -> bool:
    from anatomy_twin.view.heart_induction import induction_of_desk

    kit = induction_of_desk(window.desk)
    return has_chamber(window) and kit is not None and kit.outcome is not None and kit.outcome.induced


def _held(window: RehearsalWindow, tool: str) -> bool:
    return window.desk is not None and window.desk.tool.name == tool


# what is done


def _toggle(window: RehearsalWindow) -> None:
    sight = sight_of(window)
    assert sight is not None
    sight.show(not sight.on)


def _show_map(window: RehearsalWindow, name: str) -> None:
    sight = sight_of(window)
    assert sight is not None
    sight.show_map(name)


def _next_map(window: RehearsalWindow) -> None:
    sight = sight_of(window)
    assert sight is not None
    names = [name for name in map_words() if not sight.why_not(name)]
    at = names.index(sight.map_name) if sight.map_name in names else -1
    sight.show_map(names[(at + 1) % len(names)])


def _take(window: RehearsalWindow, name: str) -> None:
    """Take a tool, or put it away where it is taken."""
    from anatomy_twin.view.tools.heart_drawing import DrawLine, PlacePoint
    from anatomy_twin.view.tools.heart_placing import PlaceSite

    desk, sight = window.desk, sight_of(window)
    assert desk is not None and sight is not None
    if desk.tool.name == name:
        desk.set_tool(None)
        return
    window.show_panel("heart")
    if name == "pacing":
        sight.show_map("activation")
        desk.set_tool(PlaceSite(sight))
    else:
        sight.show(True)
        desk.set_tool(DrawLine(desk, sight) if name == "lesion line" else PlacePoint(desk, sight))
    desk.tell(desk.tool.hint)


def _add_set(window: RehearsalWindow, name: str) -> None:
    from anatomy_twin.view.heart_lesions import add_set

    sight = sight_of(window)
    assert sight is not None
    window.show_panel("heart")
    add_set(window, sight, name)


def _new_plan(window: RehearsalWindow) -> None:
    from anatomy_twin.view.heart_lesions import new_lesion_plan

    desk, sight = window.desk, sight_of(window)
    assert desk is not None and sight is not None
    window.show_panel("heart")
    new_lesion_plan(desk, sight)


def _remove_site(window: RehearsalWindow) -> None:
    sight = sight_of(window)
    assert sight is not None
    sight.remove_site(sight.chosen)


def _remove_lesion(window: RehearsalWindow) -> None:
    from anatomy_twin.view.heart_lesions import remove_lesion
    from anatomy_twin.view.tools.plan_handles import handles_of

    desk, sight, tool = window.desk, sight_of(window), handles_of(window)
    assert desk is not None and sight is not None
    handle = None if tool is None else tool.chosen_handle
    number = handle.part if handle is not None else window.panels["heart"].lesions.chosen  # type: ignore[attr-defined]
    if number < 0:
        desk.tell(tr("choose a lesion in the list first"))
    remove_lesion(desk, sight, number)


def _build(window: RehearsalWindow) -> None:
    """Make the chamber of the outlines, with the fibrosis of a late enhancement that the case has."""
    from anatomy_twin.view.commands.simulate import start_once

    start_once(
        window, "organs", tr("Building the left atrium"), "anatomy_twin.pipeline.heart:heart_of",
        reads=("volumes", "labels"), writes=("chambers", "labels", "transforms"), name=tr("Left atrium built"),
        done=lambda _: window.show_panel("heart"),
    )


def _run_induction(window: RehearsalWindow, what: str) -> None:
    from anatomy_twin.view.heart_induction import induction_of_desk

    kit = induction_of_desk(window.desk)
    assert kit is not None
    window.show_panel("heart")
    (kit.start if what == "start" else kit.play)()
