"""``anatomy-twin edit``: correct a segment of a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text
from anatomy_twin.errors import UsageError
from anatomy_twin.units import Point, read_place

RULES = ("over", "keep", "parent", "to", "force")
BRUSH = ("points_mm", "radius_mm", "brush", "plane", "hu")
# verb: what it needs, what it may take besides the rules
TAKES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "paint": (("points_mm", "radius_mm"), (*BRUSH, "create")),
    "erase": (("points_mm", "radius_mm"), BRUSH),
    "smooth": ((), ("sigma_mm", "thin")),
    "fill-between": ((), ("plane", "slices_mm")),
    "islands": ((), ("keep_islands", "point_mm", "min_ml", "connectivity")),
    "margin": (("margin_mm",), ("margin_mm", "barriers")),
    "hollow": (("thickness_mm",), ("thickness_mm", "shell")),
    "logical": (("operation",), ("operation", "other", "create")),
    "confirm": ((), ()),
}
FLAGS = {
    "points_mm": "--at", "radius_mm": "--radius", "hu": "--hu", "sigma_mm": "--sigma", "slices_mm": "--slices",
    "keep_islands": "--islands", "point_mm": "--at", "min_ml": "--min-ml", "margin_mm": "--margin",
    "thickness_mm": "--thickness",
}


def main(arguments: Sequence[str]) -> int:
    """Edit one segment of CASE and save it in place."""
    parser = _parser()
    read = parser.read(arguments)
    given = {key: value for key, value in vars(read).items() if value is not None}
    shown = {key: given.pop(key) for key in ("case", "verb", "segment", "json")}
    verb, options = str(shown["verb"]), _read(given)
    if verb == "islands" and "points_mm" in options:
        options["point_mm"] = options.pop("points_mm")
    needed, allowed = TAKES[verb]
    for key in options:
        if key not in allowed and (key not in RULES or verb == "confirm"):
            parser.error(f"{verb} takes no {_flag(key)}")
    for key in needed:
        if key not in options:
            parser.error(f"{verb} needs {_flag(key)}")
    from anatomy_twin.pipeline import edit_case

    case = open_case(shown["case"])
    before = case.label_map
    with terminal_monitor() as monitor:
        case = edit_case(case, verb, shown["segment"], options, monitor=monitor)
    keep_case(case, shown["case"])
    labels = case.label_map
    changed = {}
    for segment in labels.segments:
        old = before.volume_ml(segment.name) if segment.name in {s.name for s in before.segments} else 0.0
        new = labels.volume_ml(segment.name)
        if segment.name == shown["segment"] or abs(new - old) > 1e-9:
            changed[segment.name] = {
                "before_ml": round(old, 3), "volume_ml": round(new, 3), "state": segment.state, "note": segment.note,
            }
    lines = [
        f"  {name:<22} {volume_text(entry['before_ml'])} -> {volume_text(entry['volume_ml'])}  {entry['state']}"
        for name, entry in changed.items()
    ]
    return emit(read, {"case": shown["case"], "edit": verb, "segments": changed}, "\n".join(lines), case)


def _parser() -> Options:
    parser = Options("edit", "Correct or confirm a segment; saved in place. A correction drops plans and surfaces.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("verb", metavar="VERB", choices=TAKES, help=", ".join(TAKES))
    parser.add_argument("segment", metavar="SEGMENT")
    add = parser.add_argument
    add("--at", dest="points_mm", action="append", metavar="x,y,z", help="paint, erase, islands: a point in LPS mm; "
        "several (repeat it) are a stroke")  # fmt: skip
    add("--radius", dest="radius_mm", type=float, metavar="MM", help="paint, erase: of the brush")
    add("--brush", choices=("sphere", "disc"), help="paint, erase (default: sphere)")
    add("--plane", choices=("axial", "coronal", "sagittal"), help="of the disc, of the slices to fill between")
    add("--hu", metavar="LOW,HIGH", help="paint, erase: touch only voxels of these HU")
    add("--create", action="store_true", default=None, help="paint, logical copy: make the segment if it is missing")
    add("--sigma", dest="sigma_mm", type=float, metavar="MM", help="smooth (default: 2)")
    add("--thin", action="store_true", default=None, help="smooth: thin vessels too")
    add("--slices", dest="slices_mm", metavar="MM,MM,...", help="fill-between: the given slices (default: all that "
        "hold the segment)")  # fmt: skip
    add("--islands", dest="keep_islands", choices=("largest", "at", "larger", "split"), help="which are kept")
    add("--min-ml", dest="min_ml", type=float, metavar="ML", help="islands: smaller ones go")
    add("--connectivity", type=int, choices=(6, 18, 26), help="islands (default: 26)")
    add("--margin", dest="margin_mm", metavar="MM|x,y,z", help="margin: to grow by, or shrink where it is negative")
    add("--barriers", metavar="NAME,...", help="margin: segments that it does not enter or pass")
    add("--thickness", dest="thickness_mm", type=float, metavar="MM", help="hollow: of the shell")
    add("--shell", choices=("inside", "outside", "medial"), help="hollow (default: inside)")
    add("--operation", choices=("union", "intersect", "subtract", "copy", "invert"), help="logical")
    add("--other", metavar="SEGMENT", help="logical: the other segment")
    add("--over", metavar="NAME,...", help="everywhere (default), unclaimed, or segments to stay inside")
    add("--keep", metavar="NAME,...", help="segments that never give way")
    add("--parent", choices=("inside", "grow"), help="a lesion stays inside its organ (default), or the organ grows")
    add("--to", metavar="NAME", help="who gets what is given up: unclaimed, nearest or a segment")
    add("--force", action="store_true", default=None, help="allow that a segment vanishes")
    return parser


def _flag(key: str) -> str:
    return FLAGS.get(key, "--" + key.replace("_", "-"))


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """Turn texts into points, numbers and names."""
    readers: dict[str, Callable[[Any], Any]] = {
        "points_mm": lambda texts: [_point(text) for text in texts],
        "hu": lambda text: tuple(_numbers("--hu", text, 2)),
        "slices_mm": lambda text: _numbers("--slices", text),
        "margin_mm": lambda text: _numbers("--margin", text, 3) if "," in text else _numbers("--margin", text, 1)[0],
        "barriers": lambda text: tuple(text.split(",")),
        "over": lambda text: tuple(text.split(",")),
        "keep": lambda text: tuple(text.split(",")),
    }
    return {key: readers[key](value) if key in readers else value for key, value in given.items()}


def _point(text: str) -> Point:
    place = read_place(text)
    if place is None:
        raise UsageError(f"--at {text!r} is no list of 3 numbers",
                         advice="give x,y,z in LPS mm, or a place as the window shows it: R62,P4,H10")
    return place


def _numbers(flag: str, text: str, count: int = 0) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or (count and len(numbers) != count):
        raise UsageError(f"{flag} {text!r} is no list of {count or 'some'} numbers", advice="part them with commas")
    return numbers
