"""Organs of real scans: overlap with labels of an independent network, volumes against what an adult has."""

from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from anatomy_twin.core import Volume, VolumeGeometry, reindex
from anatomy_twin.errors import SegmentationError
from anatomy_twin.segmentation import segment
from tests.support.real_scans import DATA

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
# classes of the reference labels (TotalSegmentator "total", version 2)
CLASSES = {
    "spleen": (1,), "kidney_right": (2,), "kidney_left": (3,), "liver": (5,), "lung_left": (10, 11),
    "lung_right": (12, 13, 14), "aorta": (52,), "stomach": (6,), "duodenum": (19,), "bowel": (18,), "colon": (20,),
    "pancreas": (7,),
}


def to_volume(image: SimpleITK.Image, modality: str = "CT") -> Volume:
    array = SimpleITK.GetArrayFromImage(image)
    direction = np.array(image.GetDirection()).reshape(3, 3)[:, ::-1]
    geometry = VolumeGeometry(array.shape, image.GetSpacing()[::-1], direction, image.GetOrigin())
    return Volume(array.astype(np.int16), geometry, modality, "HU" if modality == "CT" else "")


def read_series(folder: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    names = [reader.GetGDCMSeriesFileNames(str(folder), uid) for uid in reader.GetGDCMSeriesIDs(str(folder))]
    reader.SetFileNames(max(names, key=len))
    return reader.Execute()


def overlap(labels, volume: Volume, truth: Volume, name: str, slices: slice = slice(None)) -> float:
    """Dice within ``slices`` of the upright volume; ``truth`` is already on the same upright voxels."""
    found = reindex(labels.mask(name), *volume.geometry.canonical_axes())[slices]
    expected = np.isin(truth.array, CLASSES[name])[slices]
    return 2.0 * float((found & expected).sum()) / float(found.sum() + expected.sum())


@cache
def native():
    root = DATA / "totalsegmentator_refs"
    volume = to_volume(SimpleITK.ReadImage(str(root / "example_ct.nii.gz")))
    truth = to_volume(SimpleITK.ReadImage(str(root / "example_seg.nii.gz"))).canonical()
    # the labels cover the top 30 slices only, and their header repeats the origin of the whole scan
    full = np.zeros(volume.canonical().array.shape, np.uint8)
    full[82:112] = truth.array
    upright = volume.canonical().geometry
    return volume, Volume(full, upright), segment(volume, "ct-abdomen")


@cache
def slab():
    root = DATA / "totalsegmentator_refs"
    volume = to_volume(read_series(root / "example_ct_dicom"))
    truth = to_volume(SimpleITK.ReadImage(str(root / "example_seg_dicom.nii.gz"))).canonical()
    return volume, Volume(truth.array, volume.canonical().geometry), segment(volume, "ct-abdomen")


@pytest.mark.long
@pytest.mark.parametrize(("name", "floor"), [
    ("liver", 0.90), ("spleen", 0.90), ("kidney_left", 0.89), ("kidney_right", 0.79), ("aorta", 0.89),
    ("lung_right", 0.93), ("lung_left", 0.91),
])
def test_native_abdomen_against_network_labels(name, floor):
    volume, truth, labels = native()
    assert overlap(labels, volume, truth, name, slice(82, 112)) > floor


@pytest.mark.long
@pytest.mark.parametrize(("name", "floor"), [
    ("stomach", 0.7), ("duodenum", 0.4), ("bowel", 0.4), ("colon", 0.7), ("pancreas", 0.35),
])
def test_gut_of_the_native_abdomen_is_an_estimate_that_meets_network_labels(name, floor):
    volume, truth, labels = native()
    segment = labels.segment(name)
    assert segment.state == "check" and "estimated" in segment.rules
    assert overlap(labels, volume, truth, name, slice(82, 112)) > floor


@pytest.mark.parametrize(("name", "floor"), [("liver", 0.94), ("spleen", 0.83), ("aorta", 0.90)])
def test_portal_slab_against_network_labels(name, floor):
    volume, truth, labels = slab()
    assert overlap(labels, volume, truth, name) > floor


@pytest.mark.long
def test_a_scan_without_contrast_is_called_so():
    assert "phase: native" in native()[2].notes[0]


def test_phase_and_what_is_not_in_the_field():
    labels = slab()[2]
    assert "phase: portal venous" in labels.notes[0]
    assert any("arms in field" in line for line in labels.notes)
    for name in ("lung_right", "lung_left", "kidney_right", "kidney_left"):
        assert labels.segment(name).state == "not found" and labels.segment(name).note


def test_an_mr_scan_is_refused():
    image = SimpleITK.ReadImage(str(DATA / "totalsegmentator_refs" / "example_mr_sm.nii.gz"))
    with pytest.raises(SegmentationError, match="CT"):
        segment(to_volume(image, "MR"), "ct-abdomen")


# ml; wide of what is normal, narrow against a leak or a lost half
PLAUSIBLE_ML = {
    "liver": (1380, 1600), "spleen": (90, 220), "kidney_right": (150, 340), "kidney_left": (150, 340),
    "aorta": (60, 150), "bone": (450, 1200),
}


@pytest.fixture(scope="module")
def portal_patient(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scan")
    with tarfile.open(DATA / "hcc006_ct.tar.xz") as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    images = [part for part in folder.rglob("*") if part.is_dir() and len(list(part.glob("*.dcm"))) > 50]
    volume = to_volume(read_series(images[0]))
    return volume, segment(volume, "ct-abdomen")


@pytest.mark.long
def test_real_patient_has_the_organs_of_an_adult(portal_patient):
    _, labels = portal_patient
    for name, (low, high) in PLAUSIBLE_ML.items():
        assert low < labels.volume_ml(name) < high, name
    assert "phase: portal venous" in labels.notes[0]


@pytest.mark.long
def test_the_tumour_in_the_back_of_the_right_lobe_is_a_candidate(portal_patient):
    """A round region of about 3 cm, 7 HU darker than the liver, behind a thin dark rim."""
    volume, labels = portal_patient
    found = [name for name in labels.names if name.startswith("tumour_candidate")]
    assert 1 <= len(found) <= 2
    place = volume.geometry.nearest_voxel((-93.0, 56.0, -125.0))
    met = [name for name in found if labels.mask(name)[place]]
    assert len(met) == 1 and 8.0 < labels.volume_ml(met[0]) < 22.0
    assert labels.segment(met[0]).state == "check"


@pytest.mark.long
def test_real_patient_organs_have_their_grey_levels_and_sides(portal_patient):
    volume, labels = portal_patient
    level = {name: float(np.median(volume.array[labels.mask(name)])) for name in PLAUSIBLE_ML}
    assert level["liver"] == pytest.approx(102, abs=8)
    assert level["aorta"] == pytest.approx(130, abs=12)
    assert level["kidney_right"] > level["liver"] and level["kidney_left"] > level["liver"]
    centre = {
        name: volume.geometry.to_world(np.argwhere(labels.mask(name)).mean(0)) for name in (*PLAUSIBLE_ML, "body")
    }
    assert centre["liver"][0] < centre["body"][0] < centre["spleen"][0]
    assert centre["kidney_right"][0] < centre["aorta"][0] < centre["kidney_left"][0]
    assert centre["spleen"][1] > centre["aorta"][1]
