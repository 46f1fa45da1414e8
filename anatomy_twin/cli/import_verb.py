"""``anatomy-twin import``: a scan, or a heart chamber of another program, becomes a case."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from anatomy_twin.cli.common import (
    Options,
    TerminalMonitor,
    add_reading_options,
    check_new,
    emit,
    keep_case,
    reading_options,
    terminal_monitor,
)

if TYPE_CHECKING:
    from anatomy_twin.core import Case, Patient


def main(arguments: Sequence[str]) -> int:
    """Read the best series of SCAN, or a heart chamber, and save it as a case."""
    parser = Options("import", "Read a scan (DICOM folder or file, NIfTI, NRRD, MetaImage) into a new case; a heart "
                     "chamber of another program too, with a scan or alone.")
    parser.add_argument("scan", nargs="?", help="folder, file or archive; may be left out with --chamber")
    parser.add_argument("--chamber", metavar="FILE", help="the surface of a left atrium, cut open at veins and valve: "
                        ".vtp .vtk .stl .ply .obj .off, openCARP's .pts, EnSite's .xml")
    parser.add_argument("--unit", choices=("mm", "cm", "m", "um"), help="with --chamber: of its points (default: mm, "
                        "of openCARP um)")
    parser.add_argument("--axes", metavar="LPS", help="with --chamber: where its x, y, z grow (default: LPS)")
    parser.add_argument("--edge-mm", type=float, metavar="MM", help="with --chamber: edge of its triangles (default: "
                        "0.8)")
    parser.add_argument("--fibrosis", metavar="STAGE", help="with --chamber: made-up fibrosis of a stage, I to IV")
    parser.add_argument("--seed", type=int, metavar="N", help="with --fibrosis: of its pattern (default: 0)")
    parser.add_argument("--late", nargs="?", const="", metavar="PATH", help="read a late-enhancement MR too: beside "
                        "the CT, or at PATH")
    parser.add_argument("--out", required=True, metavar="CASE", help="the case: patient.twin (a folder), or NAME.zip")
    parser.add_argument("--overwrite", action="store_true", help="replace a case that exists")
    add_reading_options(parser)
    parser.add_argument("--pseudonym", default="patient", help="what the patient is called in the case")
    parser.add_argument("--height-cm", type=float, help="body height, for the expected liver volume")
    parser.add_argument("--weight-kg", type=float, help="body weight, for the expected liver volume")
    options = parser.read(arguments)
    check_new(options.out, options.overwrite)
    if options.scan is None and options.chamber is None:
        parser.error("give a scan, or --chamber FILE")
    for name in ("unit", "axes", "edge-mm", "fibrosis"):
        if getattr(options, name.replace("-", "_")) is not None and options.chamber is None:
            parser.error(f"--{name} goes with --chamber")
    if options.seed is not None and options.fibrosis is None:
        parser.error("--seed goes with --fibrosis")
    from anatomy_twin.core import Patient

    patient = Patient(options.pseudonym, options.height_cm, options.weight_kg)
    with terminal_monitor() as monitor:
        case = _read(options, patient, monitor)
    keep_case(case, options.out)
    facts = dict(case.volume.facts)
    lines = [f"  {name:<22} {value}" for name, value in facts.items()]
    document = {"case": options.out, "facts": facts, "warnings": list(case.volume.warnings)}
    return emit(options, document, "\n".join([f"saved {options.out}", *lines]), case)


def _read(options: argparse.Namespace, patient: Patient, monitor: TerminalMonitor) -> Case:
    from anatomy_twin.pipeline import chamber_case, import_heart, import_scan, made_up_fibrosis

    case = None
    if options.scan is not None and options.late is not None:
        case = import_heart(options.scan, late=options.late or None, **reading_options(options), patient=patient,
                            monitor=monitor)
    elif options.scan is not None:
        case = import_scan(options.scan, **reading_options(options), patient=patient, monitor=monitor)
    if options.chamber is not None:
        edge = {} if options.edge_mm is None else {"edge_mm": options.edge_mm}
        case = chamber_case(options.chamber, case, unit=options.unit, axes=options.axes or "LPS", patient=patient,
                            monitor=monitor, **edge)
        if options.fibrosis is not None:
            case = made_up_fibrosis(case, options.fibrosis, options.seed or 0, monitor)
    assert case is not None
    return case
