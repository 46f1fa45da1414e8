"""``anatomy-twin view``: the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case


def main(arguments: Sequence[str]) -> int:
    """Open CASE in the window, or draw the same scene into a file without a screen."""
    parser = Options("view", "Open a case in the rehearsal window.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--plan", metavar="NAME", help="plan to show (default: the first simulated one)")
    parser.add_argument("--screenshot", metavar="FILE", help="draw the window into a PNG, no screen needed")
    options = parser.read(arguments)
    case = open_case(options.case)
    if options.screenshot:
        if not options.screenshot.lower().endswith(".png"):
            parser.error(f"{Path(options.screenshot).name} is no PNG file name")
        from anatomy_twin.render import can_render
        from anatomy_twin.render.sheet import window_picture

        works, message = can_render()
        if not works:
            print(f"note: {message}", file=sys.stderr)
        file = window_picture(case, Path(options.screenshot), plan_name=options.plan)
        return emit(options, {"screenshot": str(file)}, f"wrote {file}")
    from anatomy_twin.view import open_window

    return int(open_window(case, plan_name=options.plan))
