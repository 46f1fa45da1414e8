"""``anatomy-twin run``: from a scan to a report in one command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import (
    Options,
    TerminalMonitor,
    add_reading_options,
    check_new,
    emit,
    keep_case,
    numbers_json,
    numbers_text,
    parse_target,
    reading_options,
    terminal_monitor,
)
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

PROCEDURES = ("liver-ablation",)


def main(arguments: Sequence[str]) -> int:
    """Take SCAN to a simulated plan, save the case and write its report."""
    parser = Options("run", "From a scan to a rehearsed plan, a saved case and a report.")
    parser.add_argument("scan", metavar="SCAN", help="DICOM folder or file")
    parser.add_argument("--procedure", required=True, choices=PROCEDURES)
    parser.add_argument("--target", metavar="NAME|x,y,z", help="segment name, or a position in LPS mm")
    parser.add_argument(
        "--target-radius", type=float, metavar="MM", help="where no lesion is seen at the position: a sphere"
    )
    parser.add_argument("--out", required=True, metavar="CASE", help="the case: patient.twin (a folder), or NAME.zip")
    parser.add_argument("--overwrite", action="store_true", help="replace a case that exists")
    parser.add_argument("--report", metavar="FOLDER", help="folder of the report (default: beside the case)")
    add_reading_options(parser)
    parser.add_argument("--device", default="mwa-generic")
    parser.add_argument("--margin", type=float, default=5.0, metavar="MM", help="margin in mm (default: 5)")
    parser.add_argument("--pseudonym", default="patient")
    parser.add_argument("--height-cm", type=float)
    parser.add_argument("--weight-kg", type=float)
    options = parser.read(arguments)
    from anatomy_twin.core import Patient
    from anatomy_twin.pipeline import run_liver_ablation

    out = check_new(options.out, options.overwrite)
    report = Path(options.report) if options.report else report_folder(out)
    if report.exists() and not report.is_dir():
        raise UsageError(f"{report.name} is not a folder", advice="choose another name for --report")
    with terminal_monitor() as monitor:
        case = run_liver_ablation(
            options.scan, target=parse_target(options.target), radius_mm=options.target_radius,
            margin_mm=options.margin, device=options.device, **reading_options(options),
            patient=Patient(options.pseudonym, options.height_cm, options.weight_kg), monitor=monitor,
        )
        page = finish(case, out, report, monitor)
    return emit(options, summary_json(case, out, page), summary_text(case, out, page), case)


def report_folder(out: Path) -> Path:
    """Return the folder of the report beside a case."""
    return out.with_name(f"{out.stem}_report")


def finish(case: Case, out: Path, report: Path, monitor: TerminalMonitor) -> Path:
    """Save the case, write the report and return its page."""
    from anatomy_twin.report import write_report

    monitor.stage("saving the case")
    keep_case(case, out)
    monitor.stage("writing the report")
    return write_report(case, report, monitor=monitor)


def summary_json(case: Case, out: Path, page: Path) -> dict[str, Any]:
    """Return what was made as JSON types."""
    return {
        "case": str(out), "report": str(page), "series": case.volume.facts.get("series", ""),
        "notes": list(case.label_map.notes), "seconds": dict(case.timings_s),
        "plans": {name: numbers_json(value) for name, value in case.assessments.items() if name},
    }


def summary_text(case: Case, out: Path, page: Path) -> str:
    """Return what was made as lines for a person."""
    lines = [case.volume.facts.get("series", ""), *(f"note: {note}" for note in case.label_map.notes)]
    for name, assessment in case.assessments.items():
        if name:
            lines += [f"plan {name}", numbers_text(assessment)]
    return "\n".join([*filter(None, lines), f"case   {out}", f"report {page}"])
