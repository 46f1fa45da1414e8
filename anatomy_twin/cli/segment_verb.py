"""``anatomy-twin segment``: the organs of a case."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text


def main(arguments: Sequence[str]) -> int:
    """Segment the primary volume of CASE and save it in place."""
    parser = Options("segment", "Find the organs of a case.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--segmenter", default="ct-abdomen", help="name of the segmenter (default: ct-abdomen)")
    options = parser.read(arguments)
    from anatomy_twin.pipeline import segment_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = segment_case(case, options.segmenter, monitor=monitor)
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
