"""``anatomy-twin view``: the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anatomy_twin.cli.common import Options, emit, open_case
from anatomy_twin.errors import DataError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

PICTURES = {
    "surfaces": "all surfaces with their certificates",
    "trees": "the vessel trees by generation",
    "segments": "the liver's segments on slices and in 3-D",
    "tetrahedra": "the tetrahedral meshes, cut open, by region and by angle",
}


def main(arguments: Sequence[str]) -> int:
    """Open CASE in the window, or draw the same scene or all outlines into a file without a screen."""
    parser = Options("view", "Open a case in the rehearsal window.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", metavar="NAME", help="plan to show (default: the first simulated one)")
    parser.add_argument("--screenshot", metavar="FILE", help="draw the window into a PNG, no screen needed")
    parser.add_argument("--overview", metavar="FILE", help="draw all outlines on 15 slices into a PNG, for review")
    for name, what in PICTURES.items():
        parser.add_argument(f"--{name}", metavar="FILE", help=f"draw {what} into a PNG")
    options = parser.read(arguments)
    sheets = {name: getattr(options, name) for name in PICTURES if getattr(options, name)}
    for file in (options.screenshot, options.overview, *sheets.values()):
        if file and not file.lower().endswith(".png"):
            parser.error(f"{Path(file).name} is no PNG file name")
    case = open_case(options.case)
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
    if wrote:
        return emit(options, wrote, "\n".join(f"wrote {file}" for file in wrote.values()))
    from anatomy_twin.view import open_window

    return int(open_window(case, plan_name=options.plan))


def _draw(name: str, case: Case, file: str) -> None:
    from anatomy_twin import render

    if name != "tetrahedra":
        {"surfaces": render.surfaces_picture, "trees": render.trees_picture,
         "segments": render.territories_picture}[name](case, file)
        return
    meshes = case.anatomy.tetrahedra
    if not meshes:
        raise DataError("the case has no tetrahedra", advice="make them with `mesh CASE --tetrahedra NAME,NAME`")
    # the newest; others can be exported
    render.tetrahedra_picture(list(meshes.values())[-1], file)
