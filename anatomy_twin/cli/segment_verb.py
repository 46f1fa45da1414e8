"""``anatomy-twin segment``: the organs of a case, found here or read from a file of another program."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anatomy_twin.cli.common import (
    Options,
    emit,
    keep_case,
    open_case,
    read_names,
    segment_lines,
    segments_of,
    terminal_monitor,
)
from anatomy_twin.errors import UsageError
from anatomy_twin.units import read_place

if TYPE_CHECKING:
    from anatomy_twin.core import LabelMap

LARGEST_FILE: Final = 16 * 2**20  # bytes of a file of seeds

def main(arguments: Sequence[str]) -> int:
    """Segment the primary volume of CASE, take its labels from a file or correct them by clicks; save it in place."""
    parser = Options("segment", "Find the organs of a case, read them from a file, or correct them by clicks.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--segmenter", help="name of the segmenter (default: ct-abdomen, with clicks: grow)")
    parser.add_argument("--labels", metavar="FILE", help="take them from a DICOM SEG or RT structure set, a .seg.nrrd, "
                        "or a NIfTI, NRRD or MetaImage file of label numbers")  # fmt: skip
    parser.add_argument("--names", metavar="N=NAME,...", help="what the numbers in FILE are, as in 1=liver,2=spleen")
    parser.add_argument("--click", metavar="NAME=x,y,z", action="append", help="a point inside a segment, LPS mm "
                        "or as the window shows it (R62,P4,H10); with the labels that the case has, it is corrected "
                        "there (repeatable)")  # fmt: skip
    parser.add_argument("--click-out", metavar="NAME=x,y,z", action="append", help="a point outside of it (repeatable)")
    parser.add_argument("--seeds", metavar="FILE", help="a JSON file of seeds by segment name: inside, outside, box, "
                        "scribbles_inside, scribbles_outside, all in LPS mm")  # fmt: skip
    parser.add_argument("--overwrite", action="store_true",
                        help="replace outlines that a person drew, corrected or confirmed")
    options = parser.read(arguments)
    if options.labels and options.segmenter:
        raise UsageError("--labels and --segmenter exclude each other", advice="give one of them")
    seeds = _seeds(options.seeds, options.click or [], options.click_out or [])
    if options.labels and seeds:
        raise UsageError("--labels takes no clicks", advice="read the labels first, then correct them")
    if options.names and not options.labels:
        raise UsageError("--names names the numbers of a file", advice="give the file with --labels")
    names = read_names(options.names)
    from anatomy_twin.pipeline import labels_case, segment_case

    case = open_case(options.case)
    former = case.labels.get(case.primary)
    if seeds and former is not None:
        _check_names(seeds, former)
    elif former is not None and not options.overwrite:
        _check_handwork(former)
    with terminal_monitor() as monitor:
        if options.labels:
            case = labels_case(case, options.labels, names, monitor=monitor)
        else:
            usual = "grow" if seeds else "ct-abdomen"
            case = segment_case(case, options.segmenter or usual, monitor=monitor, seeds=seeds)
    keep_case(case, options.case)
    labels = case.label_map
    found = segments_of(labels)
    shown = found
    if seeds and former is not None:
        before = segments_of(former)
        shown = {name: entry for name, entry in found.items() if entry != before.get(name)}
    lines = segment_lines(shown)
    lines += [f"  {len(found) - len(shown)} other segments stay as they were"] if len(shown) < len(found) else []
    lines += [f"  note: {note}" for note in labels.notes] if shown is found else []
    return emit(options, {"case": options.case, "segments": found, "notes": list(labels.notes)}, "\n".join(lines), case)


def _check_names(seeds: Mapping[str, Any], labels: LabelMap) -> None:
    """Refuse a name that is only a slip of the pen from one that is there."""
    from anatomy_twin import catalog

    known = {segment.name for segment in labels.segments}
    terms = {*known, *catalog.load("terms")["segments"]}
    for name in seeds:
        near = difflib.get_close_matches(name, sorted(terms), 1, 0.75)
        if name not in known and catalog.stem(name) not in terms and near:
            raise UsageError(f"no segment is called {name!r}", advice=f"did you mean {near[0]}?")


def _check_handwork(labels: LabelMap) -> None:
    """Refuse to replace what a person did without being asked to."""
    from anatomy_twin.segmentation.clicks.seeded import FROM_CLICKS

    hand = [s.name for s in labels.segments
            if s.state in ("corrected", "confirmed") or FROM_CLICKS in s.rules or s.note.startswith("corrected by")]
    if hand:
        named = ", ".join(hand[:4]) + (f" and {len(hand) - 4} more" if len(hand) > 4 else "")
        raise UsageError(f"the case holds outlines that a person made: {named}",
                         advice="--overwrite replaces them; a copy of the case keeps them")


def _seeds(file: str | None, inside: Sequence[str], outside: Sequence[str]) -> dict[str, Any] | None:
    """Return the seeds of the file and of the clicks, by segment name; None where there are none."""
    named = _seed_file(file) if file else {}
    for texts, key in ((inside, "inside"), (outside, "outside")):
        for text in texts:
            name, point = _click(text)
            parts = named.setdefault(name, {})
            if not isinstance(parts, dict):  # the file may give a bare point or a list of them
                parts = named[name] = {"inside": parts if parts and isinstance(parts[0], list) else [parts]}
            parts.setdefault(key, [])
            parts[key] = [*parts[key], point]
    return named or None


def _seed_file(path: str) -> dict[str, Any]:
    from anatomy_twin.core import as_seeds, named_seeds

    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UsageError("the file of seeds is larger than 16 MiB", where=file.name)
        named = named_seeds(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError("the file of seeds cannot be read", where=file.name) from error
    except (ValueError, RecursionError) as error:
        raise UsageError("the file of seeds is not JSON", where=file.name,
                         advice='write it as {"liver": {"inside": [[x, y, z]]}} in LPS mm') from error
    for seeds in named.values():
        as_seeds(seeds)
    return named


def _click(text: str) -> tuple[str, list[float]]:
    """Read ``liver=-62,4,10`` or ``liver=R 62, P 4, H 10``."""
    name, _, place = text.rpartition("=")
    point = read_place(place)
    if not name.strip() or point is None:
        raise UsageError(f"the click {text!r} is not NAME=x,y,z",
                         advice="write it as liver=-62,4,10 in LPS mm, or as the window shows it: liver=R62,P4,H10")
    return name.strip(), list(point)
