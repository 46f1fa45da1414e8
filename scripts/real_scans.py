"""Labelled real scans for the accuracy tables: where they are labelled, and by whom.

The scans lie in the folder that ANATOMY_TWIN_TEST_DATA names; nothing of them is kept. Labels made by a network are
called "silver": they are good, not true.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from anatomy_twin.batch import Sample
from anatomy_twin.core import LabelMap, Volume
from anatomy_twin.scan import load_volume
from anatomy_twin.segmentation.ground.compose import layer_of, make_segment

FOLDER: Final = "ANATOMY_TWIN_TEST_DATA"
# our name: class numbers of TotalSegmentator 2, task total
CLASSES: Final[dict[str, tuple[int, ...]]] = {
    "liver": (5,), "spleen": (1,), "kidney_right": (2, 24), "kidney_left": (3, 23), "gallbladder": (4,),
    "stomach": (6,), "pancreas": (7,), "duodenum": (19,), "colon": (20,), "bowel": (18,), "aorta": (52,),
    "inferior_vena_cava": (63,), "portal_vein": (64,), "lung_left": (10, 11), "lung_right": (12, 13, 14),
    "heart": (51,), "oesophagus": (15,), "bone": (*range(25, 51), *range(69, 79), *range(91, 117)),
    "vertebra_l2": (30,), "vertebra_l1": (31,), "vertebra_t12": (32,), "vertebra_t11": (33,),
    "ribs": tuple(range(92, 116)),
}


def root() -> Path:
    """Return the folder of the real scans; raises ``KeyError`` where none is named."""
    return Path(os.environ[FOLDER])


def native_abdomen() -> Sample:
    """Native abdomen and pelvis at 3 mm; silver labels on the upper 30 slices only, organs cut there.

    The header of the labels repeats the origin of the whole scan: they belong 82 slices higher.
    """
    folder = root() / "totalsegmentator_refs"
    volume = load_volume(folder / "example_ct.nii.gz", modality="CT")
    labels = _numbers(folder / "example_seg.nii.gz")
    whole = np.zeros(volume.canonical().geometry.shape, np.int16)
    whole[82:112] = labels
    labelled = np.zeros((whole.shape[0], 1, 1), bool)
    labelled[82:112] = True
    return Sample(*_on_scan(volume, whole, labelled))


def portal_slab() -> Sample:
    """Slab of 40 mm in the portal phase, arms beside the trunk; silver labels, every organ cut."""
    folder = root() / "totalsegmentator_refs"
    volume = load_volume(folder / "example_ct_dicom")
    labels = _numbers(folder / "example_seg_dicom.nii.gz")
    # the arms belong to no truth of a trunk
    labels[np.isin(labels, (69, 70))] = 0
    return Sample(*_on_scan(volume, labels, np.ones((labels.shape[0], 1, 1), bool)))


def dissected_aorta() -> Sample:
    """CT angiography of chest and upper abdomen with a dissection; silver labels of the aorta in a box around it."""
    folder = root() / "totalsegmentator_refs" / "aorta_report"
    volume = load_volume(folder / "example_ct.nii.gz", modality="CT")
    aorta = load_volume(folder / "test_result" / "models" / "aorta.nii.gz", modality="CT").canonical()
    upright = volume.canonical()
    start = np.rint(upright.geometry.to_index(aorta.geometry.to_world((0, 0, 0)))).astype(int)
    box = tuple(slice(low, low + size) for low, size in zip(start, aorta.array.shape, strict=True))
    whole, labelled = np.zeros(upright.geometry.shape, np.int16), np.zeros(upright.geometry.shape, bool)
    whole[box] = np.where(aorta.array > 0, 52, 0)
    labelled[box] = True
    return Sample(*_on_scan(volume, whole, labelled))


def lung_tumour() -> Sample:
    """Thorax of 5 mm slices with one labelled tumour, drawn by a person; nothing else is labelled."""
    folder = root() / "pyradiomics_lung2"
    volume = load_volume(folder / "lung2_image.nrrd", modality="CT")
    label = load_volume(folder / "lung2_label.nrrd", modality="CT")
    array = (np.asarray(label.array) > 0).astype(np.uint8)[None]
    return Sample(volume, LabelMap(array, volume.geometry, (make_segment("nodule_1", 0, 1, "truth"),)))


def portal_abdomen() -> Sample:
    """Abdomen in the portal phase, feet first, oral contrast, 2.5 mm; no labels."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(root() / "hcc006_ct.tar.xz") as archive:
            archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        return Sample(load_volume(folder))


# name of the study, segmenter, function, who made the labels
SCANS: Final[tuple[tuple[str, str, Callable[[], Sample], str], ...]] = (
    ("native-abdomen", "ct-abdomen", native_abdomen, "silver, 30 of 112 slices"),
    ("portal-slab", "ct-abdomen", portal_slab, "silver, 20 slices, every organ cut"),
    ("portal-abdomen", "ct-abdomen", portal_abdomen, "no truth"),
    ("dissected-aorta", "ct-thorax", dissected_aorta, "silver, the aorta only"),
    ("lung-tumour", "ct-thorax", lung_tumour, "one tumour, drawn by a person"),
)


def _numbers(path: Path) -> Any:
    """Return the class numbers of a label file, upright [k, j, i]."""
    return np.array(load_volume(path, modality="CT").canonical().array, dtype=np.int16)


def _on_scan(volume: Volume, upright: Any, labelled: Any) -> tuple[Volume, LabelMap, Any]:
    """Return the scan upright, its true labels and where they are known, all on one grid."""
    scan = volume.canonical()
    array = np.zeros((2, *scan.geometry.shape), np.uint8)
    segments = []
    for value, (name, numbers) in enumerate(CLASSES.items(), start=1):
        mask = np.isin(upright, numbers)
        if mask.any():
            layer = layer_of(name)
            array[layer][mask] = value
            segments.append(make_segment(name, layer, value, "truth"))
    return scan, LabelMap(array, scan.geometry, tuple(segments)), labelled
