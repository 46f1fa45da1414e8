"""``anatomy-twin report``: the report of a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case, terminal_monitor
from anatomy_twin.errors import UsageError


def main(arguments: Sequence[str]) -> int:
    """Write the report of CASE."""
    parser = Options("report", "Write the report of a case: HTML, PDF and JSON.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--out", required=True, metavar="FOLDER")
    parser.add_argument("--plan", metavar="NAME", help="default: the last plan with a result")
    options = parser.read(arguments)
    from anatomy_twin.render import can_render
    from anatomy_twin.report import write_report
    from anatomy_twin.store.manifest import MANIFEST

    if (Path(options.out) / MANIFEST).is_file():
        raise UsageError("the report would lie among the files of a case", where=Path(options.out).name,
                         advice="name another folder")  # fmt: skip
    case = open_case(options.case)
    with terminal_monitor() as monitor:
        works, message = can_render()
        if not works:
            monitor.warn(message)
        monitor.stage("writing the report")
        page = write_report(case, Path(options.out), monitor=monitor, plan_name=options.plan)
    return emit(options, {"report": str(page)}, f"wrote {page}")
