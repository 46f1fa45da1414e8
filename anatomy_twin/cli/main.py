"""The table of verbs, and the one place where refusals become a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from anatomy_twin import __version__
from anatomy_twin.errors import TwinError
from anatomy_twin.notice import INTENDED_USE

NO_MEMORY: Final = (
    "the memory does not suffice, nothing was changed; close other programs, or take fewer structures, a coarser mesh "
    "or a cropped scan"
)
VERBS: Final = {
    "demo": "the main job on a sample: scan to report, then the window if there is a display",
    "info": "versions, plugins, devices, self-check; `info series FOLDER`, `info case CASE`: what they hold",
    "run": "the whole chain on one scan",
    "import": "read a scan into a new case",
    "segment": "find the organs of a case",
    "edit": "correct a segment of a case: paint, erase, smooth, margin, islands, ...",
    "mesh": "build surfaces, vessel trees, liver segments and tetrahedra of a case",
    "plan": "propose an ablation or lesions on the heart, or add and check a plan from a file",
    "simulate": "compute the heat and damage of a plan, or the heart's activation with lesions",
    "induce": "pace a heart from site after site: what can be induced without and with lesions",
    "assess": "volumes, margins, coverage",
    "confirm": "hold a scan after an ablation against its target: margin with its error, verdict",
    "report": "write the HTML, PDF and JSON report of a case",
    "export": "write a surface or liver segment (.stl .ply .obj .vtp), tree, heart chamber (.vtp) or mesh (.vtu)",
    "view": "open a case in the window, or draw it: --screenshot, --overview, --surfaces, --trees, --segments, ...",
    "batch": "segment, mesh and measure many studies; goes on where it was stopped",
    "verify": "check every byte of a case against its checksums",
}


def usage() -> str:
    """Return the text of ``anatomy-twin --help``."""
    lines = [f"  {verb:<9} {text}" for verb, text in VERBS.items()]
    return "\n".join(
        [
            f"anatomy-twin {__version__}: from a patient's scan to a rehearsed plan",
            "",
            "usage: anatomy-twin VERB [options]      anatomy-twin VERB --help",
            "",
            *lines,
            "",
            "Each verb takes --json (one JSON document on stdout) and shows progress on stderr.",
            "Exit codes: 0 done, 1 some of many inputs failed, 2 wrong usage or refused input.",
            INTENDED_USE,
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return its exit code."""
    # threads of numerical kernels that wait for work sleep: spinning ones take half of a busy machine for nothing
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(usage())
        return 0 if arguments else 2
    verb, *rest = arguments
    if verb in {"--version", "-V"}:
        print(__version__)
        return 0
    if verb not in VERBS:
        return refuse(f"no verb is called {verb!r}; choose one of {', '.join(VERBS)}")
    try:
        code: int = import_module(f"anatomy_twin.cli.{verb}_verb").main(rest)
        return code
    except (Exception, KeyboardInterrupt) as error:
        if _comes_from(error, KeyboardInterrupt):
            print("anatomy-twin: stopped", file=sys.stderr)
            return 130
        if isinstance(error, TwinError):
            return refuse(error.line)
        if _comes_from(error, MemoryError):
            return refuse(NO_MEMORY)
        raise


def _comes_from(error: BaseException, kind: type[BaseException]) -> bool:
    """Tell whether an error is of a kind or was raised for one: compiled kernels wrap those that interrupt them."""
    seen: set[int] = set()
    while id(error) not in seen:
        if isinstance(error, kind):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__ or error
    return False


def refuse(line: str) -> int:
    """Print one line on stderr and return 2."""
    print(f"anatomy-twin: {line}", file=sys.stderr)
    return 2


def entry_point() -> None:
    """Start from the console script."""
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone (`| head`): nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    raise SystemExit(code)


if __name__ == "__main__":
    entry_point()
