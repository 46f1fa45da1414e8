"""``anatomy-twin import``: a scan becomes a case."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import (
    Options,
    add_reading_options,
    check_new,
    emit,
    keep_case,
    reading_options,
    terminal_monitor,
)


def main(arguments: Sequence[str]) -> int:
    """Read the best series of SCAN and save it as a case."""
    parser = Options("import", "Read a scan (DICOM folder or file, NIfTI, NRRD, MetaImage) into a new case.")
    parser.add_argument("scan", help="folder, file or archive")
    parser.add_argument("--out", required=True, metavar="CASE", help="the case: patient.twin (a folder), or NAME.zip")
    parser.add_argument("--overwrite", action="store_true", help="replace a case that exists")
    add_reading_options(parser)
    parser.add_argument("--pseudonym", default="patient", help="what the patient is called in the case")
    parser.add_argument("--height-cm", type=float, help="body height, for the expected liver volume")
    parser.add_argument("--weight-kg", type=float, help="body weight, for the expected liver volume")
    options = parser.read(arguments)
    check_new(options.out, options.overwrite)
    from anatomy_twin.core import Patient
    from anatomy_twin.pipeline import import_scan

    patient = Patient(options.pseudonym, options.height_cm, options.weight_kg)
    with terminal_monitor() as monitor:
        case = import_scan(options.scan, **reading_options(options), patient=patient, monitor=monitor)
    keep_case(case, options.out)
    facts = dict(case.volume.facts)
    lines = [f"  {name:<22} {value}" for name, value in facts.items()]
    document = {"case": options.out, "facts": facts, "warnings": list(case.volume.warnings)}
    return emit(options, document, "\n".join([f"saved {options.out}", *lines]), case)
