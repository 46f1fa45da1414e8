"""nnU-Net version 2, as the user installed it, with a network that the user has: run in a child process."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.external.files import read_answer, write_nifti
from anatomy_twin.segmentation.external.labels import Target, label_map_of, target_of
from anatomy_twin.segmentation.external.process import find_tool, run_tool, time_limit_s, user_options

PROGRAM: Final = "nnUNetv2_predict"
VARIABLE: Final = "ANATOMY_TWIN_NNUNET"
OPTIONS: Final = "ANATOMY_TWIN_NNUNET_OPTIONS"
ADVICE: Final = (
    "install it in an environment of its own (pip install nnunetv2) and put that on the PATH, "
    f"or name the program nnUNetv2_predict in {VARIABLE}"
)
CONFIGURATION: Final = "3d_fullres"
LARGEST_JSON_BYTES: Final = 2**20
MOST_CLASSES: Final = 1000


def segment_nnunet(
    volume: Volume, seeds: Mapping[str, Any], labels: LabelMap | None, monitor: Monitor = SILENT, argument: str = "",
) -> LabelMap:
    """Run a network of nnU-Net v2 on a volume and return what it finds.

    ``argument`` is DATASET or DATASET,CONFIGURATION (``segment(volume, "nnunet:Dataset003_Liver,3d_lowres")``; default:
    3d_fullres): the network is looked for in the folder that nnU-Net's own variable nnUNet_results names. The program
    is nnUNetv2_predict on the PATH, or what ANATOMY_TWIN_NNUNET names; what ANATOMY_TWIN_NNUNET_OPTIONS holds ("-f all
    -p nnUNetResEncUNetLPlans") is added to its command line. Names of classes come from the dataset.json that
    nnU-Net writes beside its answer. Networks that need several images are refused.

    States, limits and errors as for ``segment_totalsegmentator``.
    """
    if seeds:
        raise UsageError("nnunet takes no seeds", advice="leave them out, or correct its result with grow")
    dataset, configuration = _network(argument)
    program = find_tool(PROGRAM, VARIABLE, ADVICE)
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as name:
        folder = Path(name)
        images, answers = folder / "images", folder / "labels"
        images.mkdir()
        answers.mkdir()
        monitor.stage("nnU-Net")
        write_nifti(volume, images / "scan_0000.nii.gz")
        command = [program, "-i", images, "-o", answers, "-d", dataset, "-c", configuration]
        extra = user_options(OPTIONS)
        run_tool([*command, *extra], folder, monitor, wall_s=time_limit_s())
        monitor.stage("reading its labels")
        classes = read_classes(answers / "dataset.json")
        if not (answers / "scan.nii.gz").is_file():
            raise SegmentationError(f"{PROGRAM} ended without an error but wrote no labels",
                                    advice="run it by itself on the scan to see why")
        numbers, _, placed = read_answer(answers / "scan.nii.gz", volume, PROGRAM)
    targets = class_targets(classes)
    told = f"nnU-Net ({dataset}, {configuration}{', with options of the user' if extra else ''}; version not told)"
    notes = (f"made by {told}, a learned model; {placed}",)
    note = f"made by {told}, a learned model; not reviewed"
    result = label_map_of([numbers], targets, volume, note, notes, list(targets.values()))
    monitor.progress(1.0)
    return result


def class_targets(classes: Mapping[int, str]) -> dict[int, Target]:
    """Return where each class goes; names that two classes would share are kept apart by their numbers."""
    targets: dict[int, Target] = {}
    for number, name in classes.items():
        target = target_of(name)
        if target.name in {other.name for other in targets.values()}:
            target = Target(f"{name} ({number})", 0, known=False)
        targets[number] = target
    return targets


def read_classes(path: Path) -> dict[int, str]:
    """Return number -> name from the dataset.json of nnU-Net v2 ("labels": {name: number}).

    Raises ``SegmentationError`` where the file is missing or is none, and where its labels are regions (lists).
    """
    try:
        if path.stat().st_size > LARGEST_JSON_BYTES:
            raise ValueError("too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        labels = content["labels"]
        channels = content.get("channel_names", {"0": ""})
        pairs = [(str(name), number) for name, number in labels.items()]
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise SegmentationError("nnU-Net left no dataset.json that names its classes",
                                advice="run nnUNetv2_predict by itself to see why") from error
    if len(channels) != 1:
        raise SegmentationError(f"the network needs {len(channels)} images of the patient, there is one scan",
                                advice="choose a network for one image")
    if not all(type(number) is int and 0 <= number <= 65535 for _, number in pairs) or len(pairs) > MOST_CLASSES:
        raise SegmentationError("the network's classes are regions or no numbers", advice="choose another network")
    plain = {n: " ".join("".join(c if c.isprintable() else " " for c in name).split())[:64] for name, n in pairs if n}
    return {number: name or f"label_{number}" for number, name in plain.items()}


def _network(argument: str) -> tuple[str, str]:
    dataset, _, configuration = argument.partition(",")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,80}", dataset):
        raise UsageError("nnunet needs the name or number of a dataset",
                         advice="for instance nnunet:Dataset003_Liver or nnunet:003,3d_lowres")
    if configuration and not re.fullmatch(r"[A-Za-z0-9_]{1,80}", configuration):
        raise UsageError(f"{configuration[:40]!r} is no configuration of nnU-Net", advice="for instance 3d_fullres")
    return dataset, configuration or CONFIGURATION
