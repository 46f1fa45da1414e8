"""Bad input is refused in one line that names the finding; nothing of the patient's identity gets through."""

from __future__ import annotations

import shutil
import warnings
import zipfile

import numpy as np
import pydicom
import pytest

from anatomy_twin.errors import GeometryError, ScanError
from anatomy_twin.scan import find_series, load_volume
from tests.support.dicom_series import CORONAL, as_capture, as_localizer, as_report, write_series


def refusal(path, **options) -> str:
    with pytest.raises(ScanError) as caught:
        load_volume(path, **options)
    assert "\n" not in caught.value.line
    return caught.value.line


def setting(keyword, value):
    return lambda k, dataset: setattr(dataset, keyword, value)


def only_slice(number, edit):
    return lambda k, dataset: edit(k, dataset) if k == number else None


def removing(*keywords):
    def remove(k, dataset):
        for keyword in keywords:
            del dataset[keyword]

    return remove


def test_a_missing_path_and_an_empty_folder(tmp_path):
    assert "no such file or folder" in refusal(tmp_path / "absent")
    assert refusal(tmp_path).startswith("the folder is empty")


def test_a_folder_without_images(tmp_path):
    (tmp_path / "letter.txt").write_text("dear doctor")
    (tmp_path / "empty").touch()
    assert "no DICOM image, only 2 non-DICOM files" in refusal(tmp_path)


def test_a_text_file_named_dcm(tmp_path):
    (tmp_path / "scan.dcm").write_text("I am no scan")
    assert refusal(tmp_path / "scan.dcm").startswith("the file is not DICOM (scan.dcm)")
    assert "no DICOM image" in refusal(tmp_path)
    (tmp_path / "scan2.dcm").write_text("nor am I")
    assert "no DICOM image, only 2 broken DICOM files" in refusal(tmp_path)


def test_only_localizers_captures_or_reports(tmp_path):
    write_series(tmp_path / "a", shape=(2, 6, 6), edit=as_localizer)
    assert "only localizers here" in refusal(tmp_path / "a")
    write_series(tmp_path / "b", shape=(2, 6, 6), edit=as_capture)
    assert "only secondary captures here" in refusal(tmp_path / "b")
    write_series(tmp_path / "c", shape=(2, 6, 6), edit=as_report)
    assert "no DICOM image, only 2 Enhanced SRs" in refusal(tmp_path / "c")


def test_two_patients_in_one_folder(tmp_path):
    write_series(tmp_path, uid="1")
    write_series(tmp_path, uid="2", patient=("Beispiel^Hans", "ID-4712"), name="other{}".format)
    line = refusal(tmp_path)
    assert "images of two patients in one folder" in line
    assert "Muster" not in line
    uid = find_series(tmp_path)[0].uid
    assert load_volume(tmp_path, series_uid=uid).array.shape == (8, 12, 10)


def test_two_patients_in_one_series(tmp_path):
    write_series(tmp_path)
    write_series(tmp_path, patient=("Beispiel^Hans", "ID-4712"), name="other{}".format)
    assert "two patients share one series" in refusal(tmp_path, series_uid=find_series(tmp_path)[0].uid)


def test_a_gap_names_its_place_and_is_too_wide_to_be_filled(tmp_path):
    write_series(tmp_path, shape=(20, 6, 6), skip=[12, 13])
    with pytest.raises(GeometryError, match=r"gap of 7.5 mm after slice 12 \(usual step 2.5 mm\)"):
        load_volume(tmp_path)
    line = refusal(tmp_path, repair=True)
    assert "gap of 7.5 mm after slice 12" in line
    assert "there is no safe repair" in line


def test_tilt_duplicates_and_changing_steps(tmp_path):
    write_series(tmp_path / "tilt", tilt_deg=18.5)
    assert "tilt of 18.5 degrees" in refusal(tmp_path / "tilt")
    truth = write_series(tmp_path / "twice")
    shutil.copy(truth.files[3], tmp_path / "twice" / "again")
    assert "duplicate slice (slice 5)" in refusal(tmp_path / "twice")
    write_series(tmp_path / "steps", shape=(8, 6, 6), shifts_mm=[0, 0, 0, 0, 1, 2, 3, 4])
    assert "vary from 2.5 to 3.5 mm" in refusal(tmp_path / "steps")


@pytest.mark.parametrize(
    ("modality", "text", "found", "line"),
    [
        ("CT", "", ("CT", "HU"), "the series does not state its modality: taken from its class"),
        ("CT", "ERIKA MUSTER", ("CT", "HU"), "the series does not state its modality: taken from its class"),
        ("CT", "MR", ("MR", ""), "the series says that it is MR, its class that it is CT"),
        ("MR", "CT", ("CT", "HU"), "the series says that it is CT, its class that it is MR"),
    ],
)
def test_a_modality_that_is_none_or_another_than_that_of_the_class_is_told(tmp_path, modality, text, found, line):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom
        write_series(tmp_path, modality=modality, edit=setting("Modality", text))
    volume = load_volume(tmp_path)
    assert (volume.modality, volume.units) == found and line in volume.warnings


def test_a_real_world_value_mapping_that_is_not_applied_is_told(tmp_path):
    mapping = pydicom.Dataset()
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 3.0, 0.0
    edit = setting("RealWorldValueMappingSequence", [mapping])
    truth = write_series(tmp_path, modality="MR", intercept=0.0, edit=edit)
    volume = load_volume(tmp_path)
    assert volume.warnings == ("a real world value mapping is given and not applied",)
    np.testing.assert_array_equal(volume.array, truth.stored)


@pytest.mark.parametrize("keyword", ["PixelData", "RescaleSlope"])
def test_what_is_absent_is_named(tmp_path, keyword):
    write_series(tmp_path, edit=only_slice(2, removing(keyword)))
    words = {"PixelData": "no pixels in an image (slice 3 of 8)", "RescaleSlope": "has no HU"}
    assert words[keyword] in refusal(tmp_path)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (removing("ImagePositionPatient"), "no usable position or orientation"),
        (removing("ImageOrientationPatient"), "no usable position or orientation"),
        (removing("PixelSpacing"), "no usable pixel spacing"),
        (setting("PixelSpacing", ["0", "0"]), "pixel spacing of 0 x 0 mm"),
        (setting("PixelSpacing", ["-0.7", "0.7"]), "pixel spacing of -0.7"),
        (setting("PixelSpacing", ["1e300", "1"]), "pixel spacing of 1e+300"),
        (setting("ImageOrientationPatient", ["0"] * 6), "image axes that are no unit vectors"),
        (setting("ImageOrientationPatient", list("100100")), "image axes that are not perpendicular"),
        (setting("ImageOrientationPatient", ["1", "0", "0", "0.1", "1", "0"]), "not perpendicular unit vectors"),
        (setting("ImagePositionPatient", ["0", "0", "1e30"]), "away from the patient"),
        (setting("Rows", 0), "matrix of 0 x 10"),
        (setting("RescaleSlope", "0"), "rescale slope of 0"),
        (setting("NumberOfFrames", "4"), "only multi-frame images here"),
        (setting("PhotometricInterpretation", "RGB"), "only colour images here"),
        (setting("SamplesPerPixel", 3), "only colour images here"),
        (setting("BitsAllocated", 12), "make no sense"),
        (setting("HighBit", 3), "make no sense"),
    ],
)
def test_nonsense_in_every_header_is_named(tmp_path, edit, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of the nonsense that is written here on purpose
        write_series(tmp_path, edit=edit)
    assert words in refusal(tmp_path)


def test_numbers_that_are_none(tmp_path):
    truth = write_series(tmp_path)
    data = truth.files[2].read_bytes()
    assert data.count(b"2.5 ") or data.count(b"2.5")
    text = pydicom.dcmread(truth.files[2]).get_item("PixelSpacing").value
    for wrong in (b"nan\\0.7 ", b"0.8\\inf ", b"a.b\\0.7 "):
        raw = text if isinstance(text, bytes) else b"0.8\\0.7 "
        assert data.count(raw) == 1
        truth.files[2].write_bytes(data.replace(raw, wrong))
        assert "no usable pixel spacing" in refusal(tmp_path, series_uid=find_series(tmp_path)[-1].uid)
        with pytest.raises(GeometryError, match="gap of 5 mm after slice 2"):
            load_volume(tmp_path)


def test_a_truncated_slice_is_named_by_its_number(tmp_path):
    truth = write_series(tmp_path, descending=True)
    data = truth.files[2].read_bytes()
    truth.files[2].write_bytes(data[:-50])
    line = refusal(tmp_path)
    assert "pixels are cut short: 190 of 240 bytes (slice 6 of 8)" in line
    truth.files[2].write_bytes(data[:400])
    assert "broken" in refusal(tmp_path) or "gap" in refusal(tmp_path) or "no pixels" in refusal(tmp_path)


def test_a_truncated_compressed_slice_is_named(tmp_path):
    truth = write_series(tmp_path, shape=(4, 32, 32), syntax="1.2.840.10008.1.2.4.90")
    data = truth.files[1].read_bytes()
    truth.files[1].write_bytes(data[: len(data) - 700])
    assert "slice 2 of 4" in refusal(tmp_path)


def test_what_the_list_of_series_says_of_cut_pixels(tmp_path):
    truth = write_series(tmp_path, shape=(4, 32, 32), syntax="1.2.840.10008.1.2.4.90")
    assert find_series(tmp_path)[0].loading == "loads as it is"
    data = truth.files[1].read_bytes()
    truth.files[1].write_bytes(data[: len(data) - 700])
    assert find_series(tmp_path)[0].loading == "refused: compressed pixels are cut short (slice 2 of 4)"


def test_an_archive_is_named_in_its_refusal(tmp_path):
    (tmp_path / "letter.txt").write_text("dear doctor")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.write(tmp_path / "letter.txt", "letter.txt")
    assert "(study.zip)" in refusal(tmp_path / "study.zip")


def test_too_many_pixels_are_refused(tmp_path):
    write_series(tmp_path, edit=only_slice(1, lambda k, ds: setattr(ds, "PixelData", ds.PixelData + b"\0" * 40)))
    assert "more pixels than the header tells: 280 instead of 240 bytes (slice 2 of 8)" in refusal(tmp_path)


def test_a_stream_of_another_size_than_its_header_is_refused(tmp_path):
    write_series(tmp_path, shape=(3, 16, 16), syntax="1.2.840.10008.1.2.4.80")
    for file in tmp_path.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.Rows = 64
        dataset.save_as(file)
    assert "slice 1 of 3" in refusal(tmp_path)


def test_a_broken_file_that_may_be_a_missing_slice_stops_the_choice(tmp_path):
    write_series(tmp_path)
    (tmp_path / "last.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00\xff")
    assert "1 broken DICOM file here that may be missing slices" in refusal(tmp_path)
    volume = load_volume(tmp_path, series_uid=find_series(tmp_path)[0].uid)
    assert any("broken" in line for line in volume.warnings)


def test_a_file_named_as_a_slice_that_is_none_stops_the_choice_too(tmp_path):
    truth = write_series(tmp_path)
    truth.files[-1].write_bytes(b"\0" * 128 + b"DCIM" + truth.files[-1].read_bytes()[132:])
    assert "1 broken DICOM file here that may be missing slices" in refusal(tmp_path)


def test_a_slice_that_lost_its_matrix_is_broken_not_set_aside(tmp_path):
    truth = write_series(tmp_path)
    dataset = pydicom.dcmread(truth.files[-1])
    del dataset.Rows
    dataset.save_as(truth.files[-1])
    assert "1 broken DICOM file here that may be missing slices" in refusal(tmp_path)


def test_log_lines_do_not_quote_the_patient(tmp_path, caplog):
    truth = write_series(tmp_path, patient=("Muster^Erika", "ID-4711"))
    for file in truth.files:
        data = file.read_bytes().replace(b"Muster^Erika", b"Mu\\ter^=^==E").replace(b"19601224", b"Erika-60")
        file.write_bytes(data)
    load_volume(tmp_path)
    assert caplog.records == []


def test_unknown_coding_is_named(tmp_path):
    truth = write_series(tmp_path, shape=(3, 6, 6))
    for file in truth.files:
        data = file.read_bytes()
        assert data.count(b"1.2.840.10008.1.2.1\0") == 1
        file.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"))
    assert "pixels in unknown transfer syntax cannot be read" in refusal(tmp_path)
    for file in truth.files:
        file.write_bytes(file.read_bytes().replace(b"1.2.840.10008.1.2.9\0", b"1.2.840.1\xff\x80<b>.4.9\0\0"))
    assert "cannot be read" in refusal(tmp_path)


def test_a_series_of_two_planes_is_refused_until_one_is_named(tmp_path):
    write_series(tmp_path, shape=(6, 6, 6))
    write_series(tmp_path, shape=(4, 6, 6), axes=CORONAL, name="cor{}".format)
    assert "6 and 4 slices of one series lie in different planes" in refusal(tmp_path)
    assert load_volume(tmp_path, series_uid=find_series(tmp_path)[0].uid).array.shape == (6, 6, 6)


def test_a_colour_series_does_not_hide_behind_grey_headers(tmp_path):
    def swap(k, dataset):
        dataset.PixelData = np.zeros(12 * 10 * 3, "<u2").tobytes()

    write_series(tmp_path, edit=swap)
    assert "more pixels than the header tells" in refusal(tmp_path)


def test_nothing_of_the_patient_is_kept(tmp_path):
    secrets = ["Muster", "Erika", "4711", "19601224", "20200229", "Praxis", "43.10.9999.1", "43.10.9999.77"]

    def with_secrets(k, dataset):
        dataset.ConvolutionKernel = "Muster 1"
        dataset.InstitutionName = "Praxis Dr. Muster"
        dataset.PatientPosition = "ERIKA"

    truth = write_series(tmp_path / "Muster_Erika", edit=with_secrets)
    volume = load_volume(tmp_path)
    kept = repr((dict(volume.facts), volume.warnings, volume.modality, volume.units))
    for secret in [*secrets, str(tmp_path), truth.files[0].name]:
        assert secret.lower() not in kept.lower(), secret
    assert load_volume(truth.files[0]).facts.get("kernel") is None
    shutil.rmtree(tmp_path / "Muster_Erika")
    write_series(tmp_path)
    assert load_volume(tmp_path).facts["kernel"] == "B30f"
