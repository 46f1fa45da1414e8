"""The generated late-enhancement MR: signals, fibrosis, its own place, and the DICOM series."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy import ndimage

from anatomy_twin.errors import UsageError
from anatomy_twin.phantom import SyntheticPatient, make_patient, write_series, write_truth_seg
from anatomy_twin.phantom.heart.lge import mr_from_ct
from anatomy_twin.scan import load_volume

SEED = 2


@cache
def magnet() -> SyntheticPatient:
    return make_patient(SEED, "heart_lge", "delayed", 10.0, 120, 2.0)


def mean(name: str) -> float:
    mask = magnet().truth.mask(name)
    return float(magnet().volume.array[ndimage.binary_erosion(mask)].mean())


def test_it_is_an_mr_with_bright_blood_and_dark_muscle() -> None:
    volume = magnet().volume
    assert volume.modality == "MR" and volume.units == "" and volume.synthetic
    assert mean("left_ventricle_myocardium") < 0.45 * mean("left_atrium")
    assert mean("lung_left") < 0.2 * mean("left_atrium")
    # blood of all chambers reads alike once contrast medium has mixed; the coils make it a little uneven
    assert mean("right_atrium") == pytest.approx(mean("left_atrium"), rel=0.12)
    assert mean("aorta") == pytest.approx(mean("left_atrium"), rel=0.12)


def test_fibrosis_is_a_bright_part_of_the_wall() -> None:
    patient = magnet()
    truth, image = patient.truth, patient.volume.array
    fibrosis, wall = truth.mask("left_atrial_fibrosis"), truth.mask("left_atrium_wall")
    assert truth.segment("left_atrial_fibrosis").part_of == "left_atrium_wall"
    assert fibrosis.any() and not (fibrosis & ~wall).any()
    share = 100 * fibrosis.sum() / wall.sum()
    assert float(patient.facts["fibrosis"].split()[0]) == pytest.approx(share, abs=0.06)
    # what was drawn on the reference grid comes out on this one
    assert float(patient.facts["fibrosis drawn"].split()[0]) == pytest.approx(share, abs=4.0)
    assert image[fibrosis].mean() > 1.8 * image[wall & ~fibrosis].mean()
    assert image[fibrosis].mean() > mean("left_atrium")


def test_it_is_the_heart_of_the_ct_elsewhere() -> None:
    ct, mr = make_patient(SEED, "heart", "arterial", 10.0, 96, 2.5), magnet()
    assert ct.volume.geometry.frame_of_reference_uid != mr.volume.geometry.frame_of_reference_uid
    matrix = mr_from_ct(SEED)
    for name in ("left_atrium", "left_ventricle", "left_atrial_appendage", "aortic_root"):
        places = []
        for patient in (ct, mr):
            index = np.argwhere(patient.truth.mask(name)).mean(0)
            places.append(patient.truth.geometry.to_world(index))
        moved = matrix[:3, :3] @ places[0] + matrix[:3, 3]
        assert np.linalg.norm(moved - places[1]) < 1.2, name
        assert np.linalg.norm(places[0] - places[1]) > 10.0
    assert np.linalg.norm(matrix[:3, :3] - np.eye(3)) > 0.01  # turned as well
    assert ct.truth.volume_ml("left_atrium") == pytest.approx(mr.truth.volume_ml("left_atrium"), rel=0.04)


def test_its_series_is_mr_image_storage_and_holds_the_same_voxels(tmp_path: Path) -> None:
    patient = make_patient(5, "heart_lge", "delayed", 10.0, 64, 6.0)
    again = make_patient(5, "heart_lge", "delayed", 10.0, 64, 6.0)
    for one, name in ((patient, "a"), (again, "b")):
        write_series(one, tmp_path / name)
    files = sorted((tmp_path / "a").glob("*.dcm"))
    assert all(path.read_bytes() == (tmp_path / "b" / path.name).read_bytes() for path in files)
    header = pydicom.dcmread(files[0])
    assert header.SOPClassUID.name == "MR Image Storage" and header.Modality == "MR"
    assert "RescaleSlope" not in header and "KVP" not in header and header.ScanningSequence == ["GR", "IR"]
    volume = load_volume(tmp_path / "a")
    assert volume.modality == "MR" and volume.geometry.is_close(patient.volume.geometry, 0.02)
    assert np.array_equal(volume.array, patient.volume.array)
    truth = pydicom.dcmread(write_truth_seg(patient, tmp_path, tmp_path / "a"))
    assert "left_atrial_fibrosis" in {item.SegmentLabel for item in truth.SegmentSequence}


def test_no_other_phase_is_offered() -> None:
    with pytest.raises(UsageError, match="phase"):
        make_patient(1, "heart_lge", "arterial")
