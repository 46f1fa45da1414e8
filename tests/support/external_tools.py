"""What tests of other programs share: a folder of stand-ins, a monitor that watches, a toy scan and its answer."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import SilentMonitor
from tests.support.reindexing import toy_on_grid

CLASSES = {int(n): name for n, name in catalog.load("external_classes")["tasks"]["total"]["classes"].items()}
NUMBER_OF = {name: number for number, name in CLASSES.items()}


class Watching(SilentMonitor):
    """Notes what it is told; cancels after a while where asked to."""

    def __init__(self, cancel_after_s: float = 1e9):
        self.start, self.cancel_after_s = time.monotonic(), cancel_after_s
        self.stages, self.shares = [], []

    def stage(self, name):
        self.stages.append(name)

    def progress(self, fraction):
        self.shares.append(fraction)

    @property
    def cancelled(self):
        return time.monotonic() - self.start > self.cancel_after_s


def toy():
    return toy_on_grid("oblique")[0]


def save_labels(path: Path, volume, numbers) -> Path:
    """Labels [k, j, i] on the grid of a volume as NIfTI, written by hand and not by the code under test."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.geometry.affine[:, [2, 1, 0, 3]]
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(numbers.transpose(2, 1, 0)), affine), path)
    return path


def toy_classes():
    """The toy patient's organs under TotalSegmentator's numbers, and what they must become."""
    volume, labels = toy_on_grid("oblique")
    numbers = np.zeros(volume.geometry.shape, np.uint8)
    names = {"liver": "liver", "spleen": "spleen", "kidney_right": "kidney_right", "lung_left": "lung_lower_lobe_left",
             "bone": "vertebrae_L1", "aorta": "aorta"}  # fmt: skip
    for ours, theirs in names.items():
        numbers[labels.array[0] == labels.segment(ours).value] = NUMBER_OF[theirs]
    rib = np.zeros_like(numbers, bool)
    rib[0:4, 0:4, 0:6] = True
    numbers[rib] = NUMBER_OF["rib_left_4"]
    numbers[0:2, 6:8, 0:6] = NUMBER_OF["rib_right_5"]
    numbers[0:2, 10:12, 0:6] = NUMBER_OF["femur_left"]
    numbers[0:2, 14:16, 0:6] = NUMBER_OF["thyroid_gland"]
    numbers[0:2, 18:20, 0:6] = NUMBER_OF["kidney_cyst_right"]
    return volume, labels, numbers


@contextmanager
def on_the_path(tmp_path, monkeypatch):
    """A folder at the front of the PATH, and a temporary folder that must be empty at the end."""
    folder, scratch = tmp_path / "bin", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for name in ("ANATOMY_TWIN_TOTALSEGMENTATOR", "ANATOMY_TWIN_NNUNET", "ANATOMY_TWIN_EXTERNAL_LIMIT_S",
                 "ANATOMY_TWIN_TOTALSEGMENTATOR_OPTIONS", "ANATOMY_TWIN_NNUNET_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    assert list(scratch.iterdir()) == []
