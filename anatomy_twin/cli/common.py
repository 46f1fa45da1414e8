"""What the verbs share: options, progress on the terminal, JSON on stdout, cases in and out."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from anatomy_twin.errors import TwinError, UsageError
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE
from anatomy_twin.units import read_place

if TYPE_CHECKING:
    from anatomy_twin.core import Assessment, Case, LabelMap, PlanCheck, Quantity

DEGREES = "\N{DEGREE SIGN}C"


class Options(argparse.ArgumentParser):
    """argparse that refuses in one line and takes values such as ``--target -62,4,10``."""

    def __init__(self, verb: str, description: str) -> None:
        super().__init__(prog=f"anatomy-twin {verb}", description=description, allow_abbrev=False)
        self.add_argument("--json", action="store_true", help="print one JSON document on stdout, nothing else there")

    def error(self, message: str) -> NoReturn:
        """Refuse with one line."""
        raise UsageError(message, advice=f"see {self.prog} --help")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse; a value that starts with a minus sign and a digit is joined to the option before it."""
        joined: list[str] = []
        for argument in arguments:
            follows_option = joined and joined[-1].startswith("--") and "=" not in joined[-1]
            if follows_option and argument[:1] == "-" and argument[1:2].isdigit():
                joined[-1] += f"={argument}"
            else:
                joined.append(argument)
        return self.parse_args(joined)


def add_reading_options(parser: Options) -> None:
    """Add the options of every verb that reads a scan."""
    parser.add_argument("--series", metavar="UID", help="series instance UID, if not the best one")
    parser.add_argument(
        "--repair", action="store_true",
        help="allow the repairs that `info series` names (gantry tilt, one missing slice, ...); each is recorded",
    )
    parser.add_argument(
        "--modality", choices=("CT", "MR", "PT"), help="for NIfTI, NRRD and MetaImage files, which do not state it"
    )


def reading_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return these options as arguments of the pipeline."""
    return {"series_uid": options.series, "repair": options.repair, "modality": options.modality}


class TerminalMonitor:
    """Draws a bar per stage on stderr; without a terminal, one line per finished stage."""

    cancelled = False

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description:<24}"), BarColumn(40), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), console=self._console, disable=not self._console.is_terminal,
        )
        self._task: Any = None
        self._name = ""
        self._start = 0.0
        self._told: set[str] = set()

    def __enter__(self) -> TerminalMonitor:
        self._bar.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self._finish()
        self._bar.stop()

    def stage(self, name: str) -> None:
        """Begin a stage; the one before is finished."""
        self._finish()
        self._name, self._start = name, time.perf_counter()
        self._task = self._bar.add_task(name, total=1.0)
        if not self._console.is_terminal:
            self._console.print(f"{name} ...", markup=False)

    def progress(self, fraction: float) -> None:
        """Move the bar of the current stage."""
        if self._task is not None:
            self._bar.update(self._task, completed=min(max(fraction, 0.0), 1.0))

    def warn(self, message: str) -> None:
        """Print one line above the bars, once."""
        if message in self._told:
            return
        self._told.add(message)
        self._console.print(f"note: {message}", markup=False, soft_wrap=True)

    def _finish(self) -> None:
        if self._task is None:
            return
        self.progress(1.0)
        self._bar.stop_task(self._task)
        if not self._console.is_terminal:
            self._console.print(f"{self._name:<24} {time.perf_counter() - self._start:6.1f} s", markup=False)
        self._task = None


@contextmanager
def terminal_monitor() -> Iterator[TerminalMonitor]:
    """Give a monitor for the time of a ``with`` block."""
    with TerminalMonitor() as monitor:
        yield monitor


def emit(options: argparse.Namespace, document: dict[str, Any], text: str = "", case: Case | None = None) -> int:
    """Print the JSON document with --json, else the text; return 0.

    Where the numbers are of a ``case``, the intended use and whether the patient is a generated one stand beside them.
    """
    if case is not None:
        document = {"notice": INTENDED_USE, "synthetic": case.synthetic, **document}
        if case.synthetic:
            text += f"\n{SYNTHETIC_NOTE}"
    if options.json:
        json.dump(document, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    elif text:
        print(text)
    return 0


def parse_target(text: str | None) -> str | tuple[float, float, float] | None:
    """Read ``x,y,z`` in LPS mm or ``R 62, A 20, H 33`` as a point, anything else as a segment name."""
    if text is None:
        return None
    place = read_place(text)
    if place is None and "," in text:
        raise UsageError(f"--target {text!r} is not a position",
                         advice="give x,y,z in LPS mm, a place as the window shows it, or a segment name")
    return place or text


def read_names(text: str | None) -> dict[int, str] | None:
    """Read ``1=liver,2=spleen``; None for None, ``UsageError`` for anything else."""
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(number.strip().isascii() and number.strip().isdigit() and name.strip() for number, _, name in pairs):
        raise UsageError("this is no list of numbers and names", advice="write it as 1=liver,2=spleen")
    return {int(number): name.strip() for number, _, name in pairs}


def open_case(path: str) -> Case:
    """Load a case folder."""
    from anatomy_twin.store import load_case

    return load_case(Path(path))


def check_new(path: str, overwrite: bool) -> Path:
    """Return the folder or zip for a new case; refuse one that cannot be made or would replace something else.

    Asked before the long work begins.
    """
    from anatomy_twin.store import check_place

    target = Path(path)
    try:
        there = target.exists()
    except (OSError, ValueError):  # a name that the system cannot have
        line = f"a case of this name cannot be written: {target.name[:40]}..."
        raise UsageError(line, advice="choose another name") from None
    try:
        check_place(target)
        is_case = target.is_file() or (target / "case.json").is_file()
    except TwinError:
        there, is_case = True, False
    if there and not is_case:
        raise UsageError(f"{target.name} exists and is not a case", advice="choose another name for --out")
    if there and not overwrite:
        raise UsageError(f"the case {target.name} exists", advice="choose another name for --out, or add --overwrite")
    above = next(folder for folder in target.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".anatomy-twin-", dir=above):
            return target
    except OSError as error:
        raise UsageError(
            f"{target.name} cannot be written there", where=str(above), advice="choose another folder"
        ) from error


def keep_case(case: Case, path: str | Path) -> Path:
    """Save a case folder, whole or not at all."""
    from anatomy_twin.store import save_case

    save_case(case, Path(path))
    return Path(path)


def segments_of(labels: LabelMap) -> dict[str, dict[str, Any]]:
    """Return what the terminal and --json say of each segment: volume (None where absent), state, rules, note."""
    return {
        s.name: {
            "volume_ml": None if s.absent else round(labels.volume_ml(s.name), 3), "state": s.state,
            "rules": list(s.rules), "note": s.note,
        }
        for s in labels.segments
    }


def segment_lines(segments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line per segment: name, volume, state with the rules behind it, note."""
    lines = []
    for name, entry in segments.items():
        state = f"{entry['state']} ({', '.join(entry['rules'])})" if entry["rules"] else entry["state"]
        lines.append(f"  {name:<22} {volume_text(entry['volume_ml'])}  {state}  {entry['note']}".rstrip())
    return lines


def volume_text(volume_ml: float | None) -> str:
    """Return a volume as a column of a table; a dash for a structure that was not found."""
    if volume_ml is None:
        return f"{'-':>9}   "
    digits = 1 if volume_ml >= 0.1 or not volume_ml else 3  # a lesion of one voxel is more than 0.0
    return f"{volume_ml:>9.{digits}f} ml"


def interval_words(quantity: Quantity) -> str:
    """Return the interval of a number that was sampled, and over what, "" for any other."""
    from anatomy_twin.rehearsal import format_interval

    words, over = format_interval(quantity), quantity.note.partition("; ")[0]
    return f"  {words}{f' ({over})' if over else ''}" if words else ""


def numbers_text(assessment: Assessment) -> str:
    """Return the numbers of an assessment as aligned lines."""
    lines = []
    for quantity in assessment.quantities:
        unit = quantity.unit.replace("degC", DEGREES)
        value = "-" if quantity.value is None else f"{quantity.value:.1f} {unit}".rstrip()
        if unit == "count" and quantity.value is not None:
            value = f"{quantity.value:.0f}"
        limit = f"  limit {quantity.limit}{_assumed(quantity.source)}" if quantity.limit else interval_words(quantity)
        verdict = f"  {quantity.verdict}" if quantity.verdict else ""
        lines.append(f"  {quantity.label:<38} {value:>12}{limit.replace('degC', DEGREES)}{verdict}")
    return "\n".join(lines)


def _assumed(source: str) -> str:
    return " (assumed)" if "assumed" in source else ""


def numbers_json(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as JSON types."""
    return {
        "plan": assessment.plan_name,
        "synthetic": assessment.synthetic,
        "quantities": {
            q.name: {
                "label": q.label, "value": q.value, "unit": q.unit, "limit": q.limit, "verdict": q.verdict,
                "source": q.source, "assumed": "assumed" in q.source, "place_mm": q.place_mm, "note": q.note,
                "interval": q.interval,
            }
            for q in assessment.quantities
        },
    }


def check_text(check: PlanCheck) -> str:
    """Return the rules of a plan as lines."""
    return "\n".join(f"  {rule.outcome:<12} {rule.told}{_assumed(rule.source)}" for rule in check.rules)


def check_json(check: PlanCheck) -> dict[str, Any]:
    """Return the rules and costs of a plan as JSON types."""
    return {
        "plan": check.plan_name,
        "feasible": check.feasible,
        "rules": [
            {
                "name": r.name, "outcome": r.outcome, "reason": r.reason, "hit": r.hit, "value": r.value,
                "limit": r.limit, "unit": r.unit, "place_mm": r.place_mm, "source": r.source,
            }
            for r in check.rules
        ],
        "costs": {
            cost.name: {"value": cost.value, "unit": cost.unit, "reason": cost.reason} for cost in check.costs
        },
    }
