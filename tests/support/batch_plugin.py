"""A segmenter for tests of batches: what it does is told by the brightest voxel of the volume."""

from __future__ import annotations

import itertools
import os
import time

import numba
import numpy as np
import SimpleITK as sitk

from anatomy_twin.core import LabelMap
from anatomy_twin.errors import SegmentationError
from tests.support.toy_patient import make_segment

NAME = "test-organs"
# HU of one voxel -> what happens
SLOW, HANGS, EATS, DIES, RAISES, REFUSES = 3001, 3002, 3003, 3004, 3005, 3006
BONE_HU, TISSUE_HU = 300, -500


def segment(volume, seeds, labels, monitor):
    """Bone and body by two thresholds; the spleen is never found."""
    order = int(volume.array.max())
    if order == SLOW:
        time.sleep(2.0)
    elif order == HANGS:
        sum(itertools.repeat(1, 10**13))  # holds the interpreter: no thread and no signal handler gets a turn
    elif order == EATS:
        eaten = []
        while True:
            eaten.append(np.ones(2**23))
    elif order == DIES:
        os.abort()
    elif order == RAISES:
        raise ValueError("CANARYTEXT of a library that quotes its input")
    elif order == REFUSES:
        raise SegmentationError("the scan shows no trunk", advice="give another one")
    array = np.zeros((2, *volume.geometry.shape), np.uint8)
    array[0][volume.array > BONE_HU] = 1
    array[1][volume.array > TISSUE_HU] = 1
    segments = (make_segment("bone", 0, 1), make_segment("spleen", 0, 0, "not found"), make_segment("body", 1, 1))
    threads = f"threads: {numba.get_num_threads()} and {sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()}"
    return LabelMap(array, volume.geometry, segments, ("judged by two thresholds", threads))


def install(folder):
    """Write what makes the segmenter known to every Python whose path begins with ``folder``."""
    info = folder / "batch_test_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: batch-test-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[anatomy_twin.segmenters]\n{NAME} = {__name__}:segment\n")
    return folder
