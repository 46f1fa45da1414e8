"""``anatomy-twin view``: the window."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.cli.common import Options, emit, open_case
from anatomy_twin.errors import DataError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

TELL_AFTER_S = 1.0
PNG_END = b"IEND\xaeB`\x82"  # the last chunk of a whole file
PICTURES = {
    "surfaces": "all surfaces with their certificates",
    "trees": "the vessel trees by generation",
    "segments": "the liver's segments on slices and in 3-D",
    "tetrahedra": "the tetrahedral meshes, cut open, by region and by angle",
}


def main(arguments: Sequence[str]) -> int:
    """Open CASE (or the start page) in the window, or draw scene or outlines into a file without a screen."""
    parser = Options("view", "Open a case in the rehearsal window; without CASE the start page.")
    parser.add_argument("case", metavar="CASE", nargs="?")
    parser.add_argument("--plan", metavar="NAME", help="plan to show (default: the first simulated one)")
    parser.add_argument("--screenshot", metavar="FILE", help="draw the window into a PNG, no screen needed")
    parser.add_argument("--overview", metavar="FILE", help="draw all outlines on 15 slices into a PNG, for review")
    for name, what in PICTURES.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"draw {what} into a PNG")
    options = parser.read(arguments)
    sheets = {name: getattr(options, name) for name in PICTURES if getattr(options, name)}
    files = [file for file in (options.screenshot, options.overview, *sheets.values()) if file]
    for name in files:
        if not name.lower().endswith(".png"):
            parser.error(f"{Path(name).name} is no PNG file name")
    if options.case is None and (files or options.plan):
        parser.error("name the CASE to draw")
    fresh = [Path(file) for file in files if not Path(file).exists()]
    try:
        return _show(options, sheets)
    except BaseException:
        for file in fresh:  # a full disk leaves an empty or half a picture behind
            if file.is_file() and not file.read_bytes().endswith(PNG_END):
                file.unlink()
        raise


def _show(options: argparse.Namespace, sheets: dict[str, str]) -> int:
    if not (options.screenshot or options.overview or sheets):
        from anatomy_twin.view import open_window

        with _saying_that_it_opens() as opened:
            return int(open_window(options.case, plan_name=options.plan, shown=opened))
    case = open_case(options.case)
    for name in sheets:
        _require(name, case)
    wrote: dict[str, str] = {}
    if options.overview:
        from anatomy_twin.render import overview_picture

        overview_picture(case, options.overview)
        wrote["overview"] = options.overview
    if options.screenshot or sheets:
        from anatomy_twin.render import can_render

        works, message = can_render()
        if not works:
            print(f"note: {message}", file=sys.stderr)
    for name, file in sheets.items():
        _draw(name, case, file)
        wrote[name] = file
    if options.screenshot:
        from anatomy_twin.render.sheet import window_picture

        wrote["screenshot"] = str(window_picture(case, Path(options.screenshot), plan_name=options.plan))
    return emit(options, wrote, "\n".join(f"wrote {file}" for file in wrote.values()))


@contextlib.contextmanager
def _saying_that_it_opens() -> Iterator[Callable[[object], None]]:
    """Tell in the terminal that a window is on its way where it takes a while; give what is called when it is there."""
    words = threading.Timer(TELL_AFTER_S, lambda: print("opening the window ...", file=sys.stderr, flush=True))
    words.daemon = True
    words.start()
    try:
        yield lambda _: words.cancel()
    finally:
        words.cancel()


def _draw(name: str, case: Case, file: str) -> None:
    from anatomy_twin import render

    if name != "tetrahedra":
        {"surfaces": render.surfaces_picture, "trees": render.trees_picture,
         "segments": render.territories_picture}[name](case, file)
        return
    # the newest; others can be exported
    from anatomy_twin.pipeline import tetrahedra_facts

    mesh, remark = list(case.anatomy.tetrahedra)[-1], f"{case.patient.pseudonym}  |  {render.kind_of(case)}"
    render.tetrahedra_picture(case.anatomy.tetrahedra[mesh], file, title=f"Tetrahedra: {mesh}", remark=remark,
                              facts=tetrahedra_facts(case, mesh))


def _require(name: str, case: Case) -> None:
    """Refuse to draw what the case does not have, with the reason that it keeps and the command that makes it."""
    anatomy, make = case.anatomy, "make them with `mesh CASE`"
    if name == "surfaces" and not any(s.surface is not None for s in anatomy.structures.values()):
        bare = case.primary not in case.labels or not case.label_map.names
        advice = "the labels are empty: find organs first, `segment CASE`" if bare else make
        raise DataError("the case has no surfaces", advice=advice)
    if name == "trees" and not anatomy.trees:
        raise DataError("the case has no vessel trees", where=_why(case, "tree:"), advice=_labels_needed(case, make))
    if name == "segments" and anatomy.territories is None:
        raise DataError("the liver of the case is not divided", where=_why(case, "no liver segments:"),
                        advice=_labels_needed(case, make))
    if name == "tetrahedra" and not anatomy.tetrahedra:
        raise DataError("the case has no tetrahedra", advice="make them with `mesh CASE --tetrahedra NAME,NAME`")


def _why(case: Case, word: str) -> str:
    return "; ".join(note.partition(": ")[2] for note in case.anatomy.notes if note.startswith("no ") and word in note)


def _labels_needed(case: Case, make: str) -> str:
    if not any(note.startswith("no ") for note in case.anatomy.notes):
        return make
    return "label portal_branches, hepatic_veins or inferior_vena_cava, then `mesh CASE`"
