"""Folders of small studies for tests of batches, and the processes that run them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from anatomy_twin.batch import Sample
from anatomy_twin.core import LabelMap, Volume, VolumeGeometry
from tests.support.batch_plugin import NAME, install
from tests.support.dicom_series import write_series
from tests.support.toy_patient import make_segment

ROOT = Path(__file__).resolve().parent.parent.parent
SHAPE, SPACING = (8, 24, 20), (5.0, 2.0, 2.0)
BONE_VOXELS = 4 * 6 * 5


def image(order: int = 0) -> np.ndarray:
    """A block of bone in a block of tissue in air, HU [k, j, i]; ``order`` is the value of its brightest voxel."""
    hu = np.full(SHAPE, -1000, np.int16)
    hu[:, 2:-2, 2:-2] = 40
    hu[2:6, 6:12, 6:11] = 700
    if order:
        hu[3, 7, 7] = order
    return hu


def write_study(folder: Path, number: int, order: int = 0, **more) -> None:
    """One series of a patient, study and series of its own."""

    def edit(k, dataset):
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.10.9999.500.{number}"

    more = {"uid": f"7{number}", "edit": edit, **more}
    write_series(folder, shape=SHAPE, spacing_mm=SPACING, stored=(image(order) + 1024).astype(np.int16),
                 patient=(f"CANARYLAST^CANARYFIRST{number}", f"CANARYID{number}"), **more)


def make_sample(order: int = 0, slices: int = 8) -> Sample:
    """A study that a function makes: all bone is true bone, and the truth is complete in the first ``slices`` only."""
    geometry = VolumeGeometry.upright(SHAPE, SPACING, (0.0, 0.0, 0.0))
    array = (image() > 300).astype(np.uint8)[None]
    array[0, slices:] = 0  # nobody looked there
    labelled = (np.arange(SHAPE[0]) < slices)[:, None, None]
    truth = LabelMap(array, geometry, (make_segment("bone", 0, 1, "truth"),))
    return Sample(Volume(image(order), geometry, synthetic=True), truth, labelled)


def environment(plugins: Path) -> dict[str, str]:
    """What a process of its own needs to find this package, the tests and the segmenter of the tests."""
    if not plugins.exists():
        install(plugins)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(plugins), str(ROOT)])}


def start_batch(studies: Path, out: Path, plugins: Path, *more: str, cwd: Path) -> subprocess.Popen:
    """Start the verb in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "anatomy_twin.cli.main", "batch", str(studies), "--out", str(out), "--segmenter", NAME,
         "--json", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(plugins), cwd=cwd,
        start_new_session=True,
    )  # fmt: skip


def ended(process: subprocess.Popen, wait_s: float = 240.0) -> tuple[int, dict, str]:
    """Wait for the verb; return its exit code, the document on stdout and what it said on stderr."""
    out, err = process.communicate(timeout=wait_s)
    assert "Traceback" not in err, err
    return process.returncode, json.loads(out) if out else {}, err


def wait_for(condition, wait_s: float = 120.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def volume_file(path: Path, hu: np.ndarray, kind=np.int16) -> None:
    made = sitk.GetImageFromArray(hu.astype(kind))
    made.SetSpacing(SPACING[::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(made, str(path))
