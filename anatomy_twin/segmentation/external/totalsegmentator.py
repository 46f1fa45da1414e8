"""TotalSegmentator, as the user installed it: run in a child process, its classes turned into our segments."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anatomy_twin import catalog
from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.external.files import read_answer, write_nifti
from anatomy_twin.segmentation.external.labels import Target, label_map_of, target_of
from anatomy_twin.segmentation.external.process import find_tool, run_tool, time_limit_s, user_options

PROGRAM: Final = "TotalSegmentator"
VARIABLE: Final = "ANATOMY_TWIN_TOTALSEGMENTATOR"
OPTIONS: Final = "ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS"
ADVICE: Final = (
    "install it in an environment of its own (pip install TotalSegmentator) and put that on the PATH, "
    f"or name the program in {VARIABLE}"
)
SPEEDS: Final = ("fast", "fastest")
VERSION_LIMIT_S: Final = 120.0


def segment_totalsegmentator(
    volume: Volume, seeds: Mapping[str, Any], labels: LabelMap | None, monitor: Monitor = SILENT, argument: str = "",
) -> LabelMap:
    """Run TotalSegmentator on a volume and return what it finds.

    ``argument`` is TASK, TASK,fast or TASK,fastest (``segment(volume, "totalsegmentator:total,fast")``); the task is
    "total" for a CT and "total_mr" for an MR by default. The program is the one on the PATH, or the one that
    ANATOMY_TWIN_TOTALSEGMENTATOR names; it may run for ANATOMY_TWIN_EXTERNAL_LIMIT_S seconds (default: 3600). What
    ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS holds ("--device cpu") is added to its command line.

    Every segment has the state "check" with the rule "external" and names the program's version: a learned model said
    so, no rule of this program looked at it. ``labels`` that stand already are not used.

    Raises ``UsageError`` where the program is not installed, for seeds, and for a task that is not for such a scan;
    ``SegmentationError`` where it fails or its answer does not fit the scan; ``WorkerError`` where it takes too long;
    ``Cancelled``.
    """
    if seeds:
        raise UsageError("totalsegmentator takes no seeds", advice="leave them out, or correct its result with grow")
    task, speed = _task(argument, volume)
    program = find_tool(PROGRAM, VARIABLE, ADVICE)
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as name:
        folder = Path(name)
        monitor.stage("TotalSegmentator")
        version = _version(program, folder, monitor)
        write_nifti(volume, folder / "scan.nii.gz")
        command: list[str | Path] = [
            program, "-i", folder / "scan.nii.gz", "-o", folder / "labels.nii.gz", "--ml", "--task", task
        ]
        if speed:
            command.append(f"--{speed}")
        extra = user_options(OPTIONS)
        run_tool([*command, *extra], folder, monitor, wall_s=time_limit_s())
        monitor.stage("reading its labels")
        numbers, table, placed = read_answer(_answer(folder), volume, PROGRAM)
    targets, listed = class_targets(task, table)
    if not targets:
        raise SegmentationError(f"the answer of {PROGRAM} names no classes and the task {task} is not known here",
                                advice="choose another task")
    more = (f", {speed}" if speed else "") + (", with options of the user" if extra else "")
    told = f"{PROGRAM} {version} (task {task}{more})"
    notes = (f"made by {told}, a learned model; {placed}",)
    note = f"made by {told}, a learned model; not reviewed"
    result = label_map_of([numbers], targets, volume, note, notes, listed)
    monitor.progress(1.0)
    return result


def class_targets(task: str, table: Mapping[int, str]) -> tuple[dict[int, Target], list[Target]]:
    """Return where each number of a task goes, and all segments that the task may name.

    The names in the file (``table``) count before the numbers of catalog/external_classes.json.
    """
    data = catalog.load("external_classes")
    classes = {int(n): name for n, name in data["tasks"].get(task, {"classes": {}})["classes"].items()}
    classes.update(table)
    targets = {number: target_of(name, data["names"], data["part_of"]) for number, name in classes.items()}
    return targets, list({target.name: target for target in targets.values()}.values())


def _task(argument: str, volume: Volume) -> tuple[str, str]:
    task, _, speed = argument.partition(",")
    task = task or ("total_mr" if volume.modality == "MR" else "total")
    if not re.fullmatch(r"[a-z0-9_]{1,40}", task):
        raise UsageError(f"{task[:40]!r} is no task of {PROGRAM}", advice="for instance totalsegmentator:total")
    if speed and speed not in SPEEDS:
        raise UsageError(f"{speed[:40]!r} is no speed of {PROGRAM}", advice=f"choose {' or '.join(SPEEDS)}")
    for_mr = task.endswith("_mr")
    if volume.modality in ("CT", "MR") and for_mr != (volume.modality == "MR"):
        raise UsageError(f"the task {task} of {PROGRAM} is for {'MR' if for_mr else 'CT'}, the scan is "
                         f"{volume.modality}", advice="choose a task for it")  # fmt: skip
    return task, speed


def _version(program: Path, folder: Path, monitor: Monitor) -> str:
    """Return the version that the program states, or that it states none."""
    try:
        text = run_tool([program, "--version"], folder, monitor, wall_s=VERSION_LIMIT_S)
    except SegmentationError:
        return "of unknown version"
    found = re.search(r"\d+(\.\d+)+\S*", text)
    return found[0][:20] if found else "of unknown version"


def _answer(folder: Path) -> Path:
    """Return the label file that was written: its place varies a little between versions."""
    files = [path for path in sorted(folder.rglob("*.nii*")) if path.name != "scan.nii.gz" and path.is_file()]
    named = [path for path in files if path.name.startswith("labels.nii")] or files
    if len(named) != 1:
        raise SegmentationError(f"{PROGRAM} ended without an error but wrote {'no' if not files else 'several'} label "
                                "files", advice="run it by itself on the scan to see why")  # fmt: skip
    return named[0]
