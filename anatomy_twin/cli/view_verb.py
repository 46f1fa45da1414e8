"""``anatomy-twin view``: the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case


def main(arguments: Sequence[str]) -> int:
    """Open CASE in the window, or draw the same scene or all outlines into a file without a screen."""
    parser = Options("view", "Open a case in the rehearsal window.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", metavar="NAME", help="plan to show (default: the first simulated one)")
    parser.add_argument("--screenshot", metavar="FILE", help="draw the window into a PNG, no screen needed")
    parser.add_argument("--overview", metavar="FILE", help="draw all outlines on 15 slices into a PNG, for review")
    options = parser.read(arguments)
    for file in (options.screenshot, options.overview):
        if file and not file.lower().endswith(".png"):
            parser.error(f"{Path(file).name} is no PNG file name")
    case = open_case(options.case)
    wrote: dict[str, str] = {}
    if options.overview:
        from anatomy_twin.render import overview_picture

        overview_picture(case, options.overview)
        wrote["overview"] = options.overview
    if options.screenshot:
        from anatomy_twin.render import can_render
        from anatomy_twin.render.sheet import window_picture

        works, message = can_render()
        if not works:
            print(f"note: {message}", file=sys.stderr)
        wrote["screenshot"] = str(window_picture(case, Path(options.screenshot), plan_name=options.plan))
    if wrote:
        return emit(options, wrote, "\n".join(f"wrote {file}" for file in wrote.values()))
    from anatomy_twin.view import open_window

    return int(open_window(case, plan_name=options.plan))
