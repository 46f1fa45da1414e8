"""Where the voxels of a segmentation object lie."""

from __future__ import annotations

import numpy as np

from anatomy_twin.scan import label_object
from anatomy_twin.scan.label_object import decode_label_object


def own_mask(labels, name: str) -> np.ndarray:
    segment = labels.segment(name)
    return labels.array[segment.layer] == segment.value


def world_points(labels, name: str) -> np.ndarray:
    """Centres of a segment's voxels in hundredths of a millimetre, sorted."""
    return sorted_points(labels.geometry.to_world(np.argwhere(own_mask(labels, name))))


def sorted_points(points) -> np.ndarray:
    return np.unique(np.rint(np.asarray(points) * 100).astype(int), axis=0)


def decode_in_process(monkeypatch):
    """The child process is seen to work in one test; its start is not needed in all."""
    monkeypatch.setattr(label_object, "run_limited",
                        lambda _, data, name, target, **limits: decode_label_object(data, name, target))
