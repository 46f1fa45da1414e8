"""``anatomy-twin run``: from a scan to a report in one command."""

from __future__ import annotations

import argparse
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
from anatomy_twin.cli.heart import add_pacing_options, lesion_sets, pacing_of, processes
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

PROCEDURES = ("liver-ablation", "af-ablation")
LIVER_ONLY = ("target", "target_radius", "device", "margin")
HEART_ONLY = ("late", "late_series", "lesions", "sites", "full", "workers")


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
    parser.add_argument("--device", help="liver-ablation: default mwa-generic")
    parser.add_argument("--margin", type=float, metavar="MM", help="liver-ablation: margin in mm (default: 5)")
    parser.add_argument("--late", metavar="PATH", help="af-ablation: the late-enhancement MR, if it is not beside the "
                        "CT in SCAN")
    parser.add_argument("--late-series", metavar="UID", help="af-ablation: its series, if not the best MR")
    parser.add_argument("--lesions", metavar="SET,SET", help="af-ablation: standard sets (default: pvi)")
    add_pacing_options(parser)
    parser.add_argument("--pseudonym", default="patient")
    parser.add_argument("--height-cm", type=float)
    parser.add_argument("--weight-kg", type=float)
    options = parser.read(arguments)
    heart = options.procedure == "af-ablation"
    for name in LIVER_ONLY if heart else HEART_ONLY:
        if getattr(options, name) not in (None, False):
            other = "liver-ablation" if heart else "af-ablation"
            parser.error(f"--{name.replace('_', '-')} is for --procedure {other}")
    out = check_new(options.out, options.overwrite)
    report = Path(options.report) if options.report else report_folder(out)
    if report.exists() and not report.is_dir():
        raise UsageError(f"{report.name} is not a folder", advice="choose another name for --report")
    with terminal_monitor() as monitor:
        case = (_heart if heart else _liver)(options, monitor)
        page = finish(case, out, report, monitor)
    return emit(options, summary_json(case, out, page), summary_text(case, out, page), case)


def _liver(options: argparse.Namespace, monitor: TerminalMonitor) -> Case:
    from anatomy_twin.pipeline import run_liver_ablation

    asked = {"margin_mm": options.margin, "device": options.device}
    return run_liver_ablation(
        options.scan, target=parse_target(options.target), radius_mm=options.target_radius, monitor=monitor,
        **{name: value for name, value in asked.items() if value is not None}, **_common(options),
    )


def _heart(options: argparse.Namespace, monitor: TerminalMonitor) -> Case:
    from anatomy_twin.pipeline import run_af_ablation

    protocol, sites = pacing_of(options)
    sets = lesion_sets("pvi" if options.lesions is None else options.lesions)
    with processes(options) as executor:
        return run_af_ablation(
            options.scan, late=options.late, late_uid=options.late_series, lesions=sets, protocol=protocol,
            sites=sites, executor=executor, monitor=monitor, **_common(options),
        )


def _common(options: argparse.Namespace) -> dict[str, Any]:
    from anatomy_twin.core import Patient

    patient = Patient(options.pseudonym, options.height_cm, options.weight_kg)
    return {**reading_options(options), "patient": patient}


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
