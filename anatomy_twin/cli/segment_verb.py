"""``anatomy-twin segment``: the organs of a case, found here or read from a file of another program."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text
from anatomy_twin.errors import UsageError


def main(arguments: Sequence[str]) -> int:
    """Segment the primary volume of CASE, or take its labels from a file, and save it in place."""
    parser = Options("segment", "Find the organs of a case, or read them from a file.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--segmenter", help="name of the segmenter (default: ct-abdomen)")
    parser.add_argument("--labels", metavar="FILE", help="take them from a DICOM SEG or RT structure set, a .seg.nrrd, "
                        "or a NIfTI, NRRD or MetaImage file of label numbers")  # fmt: skip
    parser.add_argument("--names", metavar="N=NAME,...", help="what the numbers in FILE are, as in 1=liver,2=spleen")
    options = parser.read(arguments)
    if options.labels and options.segmenter:
        raise UsageError("--labels and --segmenter exclude each other", advice="give one of them")
    if options.names and not options.labels:
        raise UsageError("--names names the numbers of a file", advice="give the file with --labels")
    names = _names(options.names)
    from anatomy_twin.pipeline import labels_case, segment_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        if options.labels:
            case = labels_case(case, options.labels, names, monitor=monitor)
        else:
            case = segment_case(case, options.segmenter or "ct-abdomen", monitor=monitor)
    keep_case(case, options.case)
    labels = case.label_map
    found = {
        s.name: {
            "volume_ml": None if s.absent else round(labels.volume_ml(s.name), 3), "state": s.state, "note": s.note,
        }
        for s in labels.segments
    }
    lines = [
        f"  {name:<22} {volume_text(entry['volume_ml'])}  {entry['state']} {entry['note']}".rstrip()
        for name, entry in found.items()
    ]
    lines += [f"  note: {note}" for note in labels.notes]
    return emit(options, {"case": options.case, "segments": found, "notes": list(labels.notes)}, "\n".join(lines), case)


def _names(text: str | None) -> dict[int, str] | None:
    """Read ``1=liver,2=spleen``."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(number.strip().isascii() and number.strip().isdigit() and name.strip() for number, _, name in pairs):
        raise UsageError("--names is no list of numbers and names", advice="write it as 1=liver,2=spleen")
    return {int(number): name.strip() for number, _, name in pairs}
