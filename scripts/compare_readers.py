#!/usr/bin/env python3
"""Show what readers of DICOM series do with defective variants of one good series.

    python3 scripts/compare_readers.py [--json] [--only TEXT] [--no-peers] [--jobs 2] [--yes]

The series (`tests/support/defective_series.py`) shows a smooth function of the place in the patient, so each answer is
judged at the places that its own geometry claims: array order and direction do not matter. Each reading runs in a
process of its own with a time limit. The cells:

right            every voxel holds what belongs to its place (to 0.12 mm), and nothing is left out or invented
warns and right  the same, or only a part of the series or interpolated slices, and a word of warning says so
refuses          no answer but an error
WRONG            a wrong answer without a word
WRONG, warns     a wrong answer; a line on the terminal (nothing in the answer itself) has the word "warning"

"2 of 3" counts the volumes of an answer that are right. What a reader also says about the good series is no word of
warning about a defect.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import peers
from peer_readers import FROM_PEERS

COLUMNS = ("anatomy_twin", "anatomy_twin, repair", "SimpleITK, own discovery", "highdicom", "dicom2nifti", "dcm2niix")
REFUSES = "refuses"
_LIMIT_S = 60.0


def main(arguments: list[str]) -> int:
    """Write the variants, let every reader read them, print the table; 1 if this project's reader is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")
    parser.add_argument("--only", default="", help="only the variants whose name holds this text")
    parser.add_argument("--readers", help="only these, by name, separated by semicolons")
    parser.add_argument("--no-peers", action="store_true", help="without the readers that have to be installed")
    parser.add_argument("--jobs", type=int, default=2, help="readings at a time")
    parser.add_argument("--yes", action="store_true", help="ask nothing during the set-up")
    options = parser.parse_args(arguments)
    python = peers.product_python("compare_readers.py", __doc__ or "", ["--yes"] if options.yes else [])
    if python != Path(sys.executable):
        return peers.again(python, __file__, arguments)
    installed = None if options.no_peers else peers.peer_python(_say)
    readers = tuple(options.readers.split(";")) if options.readers else COLUMNS
    report = {"machine": peers.machine_facts(python, installed),
              "variants": compare(options.only, readers, python, installed, options.jobs)}
    print(json.dumps(report) if options.json else as_text(report, readers))
    ours = [cell["outcome"] for row in report["variants"].values() for reader, cell in row["readers"].items()
            if reader.startswith("anatomy_twin")]
    return 1 if any("WRONG" in outcome for outcome in ours) else 0


def compare(only: str, readers: tuple[str, ...], python: Path, installed: Path | None, jobs: int) -> dict[str, Any]:
    """Return for each variant what it is and each reader's outcome with its words."""
    sys.path.insert(0, str(peers.ROOT))
    from tests.support.defective_series import ENHANCED_VARIANTS, VARIANTS, Truth, good_series

    table: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-variants-") as scratch, ThreadPoolExecutor(jobs) as pool:

        def cells(name: str, write: Callable[[Path], Any], usual: dict[str, set[str]]) -> dict[str, dict[str, Any]]:
            folder = Path(scratch) / name / "series"
            truth = write(folder)
            reading = {reader: pool.submit(_cell, reader, folder, truth, installed if reader in FROM_PEERS
                                           else python, usual.get(reader, set())) for reader in readers}
            return {reader: one.result() for reader, one in reading.items()}

        good = cells("good", lambda folder: Truth((good_series(folder),)), {})
        usual = {reader: set(cell["words"]) for reader, cell in good.items()}
        for number, variant in enumerate((*VARIANTS, *ENHANCED_VARIANTS)):
            if only in variant.name:
                table[variant.name] = {"what": variant.what, "readers": cells(f"{number}", variant.write, usual)}
                _say(variant.name)
    return {"good series": {"what": "no defect", "readers": good}, **table}


def _cell(reader: str, folder: Path, truth: Any, python: Path | None, usual: set[str]) -> dict[str, Any]:
    """Let one reader read one folder and judge its answer."""
    if python is None:
        return {"outcome": peers.NOT_AVAILABLE, "words": []}
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as saved:
        files = sorted(str(file) for file in folder.iterdir())
        request = {"reader": reader, "folder": str(folder), "files": files, "save": saved}
        answer = peers.run_reader(request, python, _LIMIT_S)
        if answer.reply is None:
            return {"outcome": REFUSES, "words": [answer.failure.replace(str(folder), "FOLDER")]}
        arrays = []
        for number in range(answer.reply["count"]):
            with np.load(Path(saved) / f"{number}.npz") as one:
                arrays.append((one["array"], one["affine"]))
    words = answer.reply["words"] + _warnings(answer.output)
    words = [line for line in (word.replace(str(folder), "FOLDER") for word in words) if line not in usual]
    outcome = truth.verdict(arrays, bool(words))
    right = sum(truth.is_right(*one) for one in arrays)
    return {"outcome": outcome if right in (0, len(arrays)) else f"{outcome} ({right} of {len(arrays)} right)",
            "words": words[:8]}


def _warnings(output: str) -> list[str]:
    """Return the lines of a terminal that warn, each with the one after it where the text begins there."""
    lines = [re.sub(r"0x[0-9a-f]+", "", line.strip())[:200] for line in output.splitlines()]
    return [f"{line} {after}" if line.startswith("WARNING: In") else line
            for line, after in zip(lines, [*lines[1:], ""], strict=False) if "warn" in line.lower()]


def as_text(report: dict[str, Any], readers: tuple[str, ...]) -> str:
    """Return the report as a markdown table with the counts of each outcome below."""
    lines = [f"{name}: {value}" for name, value in report["machine"].items()]
    lines += ["", f"| variant | {' | '.join(readers)} |", f"|---|{'---|' * len(readers)}"]
    for name, row in report["variants"].items():
        lines.append(f"| {name} | {' | '.join(row['readers'][reader]['outcome'] for reader in readers)} |")
    lines.append("")
    for reader in readers:
        outcomes = [row["readers"][reader]["outcome"].split(" (")[0] for name, row in report["variants"].items()
                    if name != "good series"]
        counts = ", ".join(f"{outcomes.count(one)} {one}" for one in sorted(set(outcomes)))
        lines.append(f"{reader}: {counts}")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(f"compare: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
